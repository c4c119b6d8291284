//! What our rules refuse of another store: listed, counted, and written to a file where the rest is imported.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bessemer_core::machine::Life;
use bessemer_protocol::text::quote;
use bessemer_store::Fatal;
use serde_json::{Value, json};

use super::super::figures::grouped;
use super::content::Visitor;
use super::digest::Position;
use crate::exit::Failure;

/// The file, in the directory of the store.
pub(super) const NAME: &str = "refused.jsonl";

/// So many are kept for showing; the file has them all.
const KEPT_MAX: usize = 1_000;

/// So many are shown to people.
const SHOWN_MAX: usize = 20;

/// An element that was refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused<'a> {
    pub(super) key: &'a [u8],
    /// Its place in the order of reading.
    pub(super) index: u64,
    pub(super) why: &'a str,
    pub(super) text: &'a [u8],
}

/// The first of them, for showing.
#[derive(Debug, Default)]
pub(super) struct List {
    first: Vec<(String, u64, String)>,
    count: u64,
}

impl List {
    /// One line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let shown = self.first.iter().take(SHOWN_MAX);
        let mut lines: Vec<String> =
            shown.map(|(key, index, why)| format!("refused: {key}, element {index}: {why}")).collect();
        let more = self.count - lines.len() as u64;
        if more > 0 {
            lines.push(format!("refused: {} more", grouped(more)));
        }
        lines
    }

    /// The same for scripts.
    pub(super) fn json(&self) -> Vec<Value> {
        let one =
            |(key, index, why): &(String, u64, String)| json!({ "key": key, "element": index, "why": why });
        self.first.iter().map(one).collect()
    }
}

impl Visitor for List {
    fn job(&mut self, _: Option<Position>, _: Life<'_>) -> Result<(), Failure> {
        Ok(())
    }

    fn refused(&mut self, refused: &Refused<'_>) -> Result<(), Failure> {
        self.count += 1;
        if self.first.len() < KEPT_MAX {
            let key = quote(&String::from_utf8_lossy(refused.key));
            self.first.push((key, refused.index, refused.why.to_owned()));
        }
        Ok(())
    }
}

/// The file; it is there as soon as there is something to write.
#[derive(Debug)]
pub(super) struct Book {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Book {
    pub(super) fn of(directory: &Path) -> Self {
        Self { path: directory.join(NAME), file: None }
    }

    pub(super) fn write(&mut self, refused: &Refused<'_>) -> Result<(), Failure> {
        let line = |out: &mut BufWriter<File>| {
            let key = String::from_utf8_lossy(refused.key);
            let (index, why) = (refused.index, refused.why);
            let mut said = json!({ "key": key, "element": index, "why": why });
            // Nothing of it is lost, whatever it is.
            match std::str::from_utf8(refused.text) {
                Ok(text) => said["text"] = text.into(),
                Err(_) => said["hex"] = hex(refused.text).into(),
            }
            serde_json::to_writer(&mut *out, &json!({ "refused": said }))?;
            out.write_all(b"\n")
        };
        let path = &self.path;
        let failed = |action| move |source| failed(path, action, source);
        if self.file.is_none() {
            // Arguments of jobs are nobody else's business.
            let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path);
            self.file = Some(BufWriter::new(file.map_err(failed("create"))?));
        }
        line(self.file.as_mut().expect("it is there")).map_err(failed("write"))
    }

    /// Makes it durable.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let ended = file.flush().and_then(|()| file.get_ref().sync_all());
        ended.map_err(|source| failed(&self.path, "flush", source))
    }
}

fn failed(path: &Path, action: &'static str, source: io::Error) -> Failure {
    Fatal { action, path: path.display().to_string(), offset: 0, source }.into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
