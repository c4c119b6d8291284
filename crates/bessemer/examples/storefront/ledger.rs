//! What the shop has done: a file of lines, each the id of a job and its effect. A line is the effect: it is on the disk
//! whole, with its id, or not at all.
//!
//! A database does this with a table that has the jid as its primary key, in the transaction of the effect. What lies
//! outside of it, a payment or a mail, is done once only if the other side can be given a key, too; where it cannot,
//! there is a moment between the effect and the line in which a crash makes it happen twice.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;

/// The file, and the ids in it.
pub(crate) struct Ledger {
    /// Held while a line is written: of two runs of one job the second sees the line of the first.
    open: Mutex<Open>,
}

struct Open {
    file: File,
    /// Where the next line begins.
    end: u64,
    jids: HashSet<String>,
}

impl Ledger {
    /// Opens the ledger or begins one. It belongs to one process at a time.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let said = || format!("ledger {}", path.display());
        let mut file = File::options().read(true).append(true).create(true).open(path).with_context(said)?;
        file.try_lock().with_context(|| format!("{} is in use", said()))?;
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(said)?;
        // A crash may have left half a line: its effect has not happened.
        let end = text.rfind('\n').map_or(0, |last| last + 1);
        file.set_len(end as u64).with_context(said)?;
        // The name of a new file has to outlive a power loss, too.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).with_context(said)?;
        let jids =
            text[..end].lines().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect();
        Ok(Self { open: Mutex::new(Open { file, end: end as u64, jids }) })
    }

    /// Does this for the job, unless it has been done; whether it was done now.
    pub(crate) fn once(&self, jid: &str, effect: &str) -> std::io::Result<bool> {
        let mut open = self.lock();
        if open.jids.contains(jid) {
            return Ok(false);
        }
        let line = format!("{jid}\t{}\n", effect.replace(['\n', '\t'], " "));
        if let Err(error) = open.append(&line) {
            // It counts as not done, and nobody may read the rest of it as a line.
            open.file.set_len(open.end)?;
            return Err(error);
        }
        open.end += line.len() as u64;
        open.jids.insert(jid.to_owned());
        Ok(true)
    }

    /// Whether the job has had its effect.
    pub(crate) fn has(&self, jid: &str) -> bool {
        self.lock().jids.contains(jid)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn append(&mut self, line: &str) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()
    }
}
