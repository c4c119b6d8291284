//! What workers write down of their jobs, and what can be read from it.

use std::collections::BTreeSet;

use serde_json::Value;
use tempfile::TempDir;

/// The file that all workers of a test write to.
pub(crate) struct Records {
    folder: TempDir,
}

/// One line of it: a job was begun or done.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) jid: String,
    pub(crate) pid: u32,
    pub(crate) done: bool,
    /// In seconds since 1970.
    pub(crate) at: f64,
}

impl Records {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self) -> String {
        self.folder.path().join("records").display().to_string()
    }

    /// Everything that is written down so far.
    pub(crate) fn read(&self) -> Vec<Record> {
        let text = std::fs::read_to_string(self.path()).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(Record::parse).collect()
    }

    /// The jobs that were done, each once.
    pub(crate) fn done(&self) -> BTreeSet<String> {
        self.read().into_iter().filter(|record| record.done).map(|record| record.jid).collect()
    }

    /// The jobs that this process has begun and not done.
    pub(crate) fn in_hand(&self, pid: u32) -> BTreeSet<String> {
        let mut open = BTreeSet::new();
        for record in self.read().into_iter().filter(|record| record.pid == pid) {
            if record.done {
                open.remove(&record.jid)
            } else {
                open.insert(record.jid)
            };
        }
        open
    }
}

impl Record {
    fn parse(line: &str) -> Self {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        Self {
            jid: line["jid"].as_str().expect("a jid").to_owned(),
            pid: line["pid"].as_u64().and_then(|pid| pid.try_into().ok()).expect("a pid"),
            done: line["what"] == "done",
            at: line["at"].as_f64().expect("a time"),
        }
    }
}
