//! A disk that is used with a mistake: a flush is forgotten, or a failed one is tried again.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bessemer_store::embedded::disk::{Disk, DiskFile, SimDisk, SimFile};

/// What is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lapse {
    /// Replies do not wait for the flush.
    ReplyBeforeFlush,
    /// A failed flush is tried again, and believed.
    RetryTheFlush,
    /// A segment gets its name before its first batch is durable.
    NameBeforeFlush,
    /// The name of a new segment is not made durable.
    SkipDirectoryFlush,
    /// A start believes what the page cache says.
    BelieveTheCache,
}

/// A simulated disk in careless hands; without a lapse it is the disk itself.
#[derive(Clone, Debug)]
pub(crate) struct Careless {
    pub(crate) disk: SimDisk,
    pub(crate) lapse: Option<Lapse>,
    /// The store is being opened.
    pub(crate) opening: Arc<AtomicBool>,
    /// Whether each file has its final name by now.
    named: Arc<Mutex<BTreeMap<String, Arc<AtomicBool>>>>,
}

#[derive(Debug)]
pub(crate) struct CarelessFile {
    file: SimFile,
    disk: Careless,
    named: Arc<AtomicBool>,
}

impl Careless {
    pub(crate) fn new(disk: SimDisk, lapse: Option<Lapse>) -> Self {
        Self { disk, lapse, opening: Arc::default(), named: Arc::default() }
    }

    fn has(&self, lapse: Lapse) -> bool {
        self.lapse == Some(lapse)
    }

    fn believes(&self) -> bool {
        self.has(Lapse::BelieveTheCache) && self.opening.load(Ordering::Relaxed)
    }
}

impl Disk for Careless {
    type File = CarelessFile;

    const THREADS: bool = SimDisk::THREADS;

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn open(&self, name: &str) -> io::Result<CarelessFile> {
        let named = Arc::new(AtomicBool::new(true));
        Ok(CarelessFile { file: self.disk.open(name)?, disk: self.clone(), named })
    }

    fn create(&self, name: &str) -> io::Result<CarelessFile> {
        let named = Arc::new(AtomicBool::new(false));
        self.named.lock().unwrap().insert(name.into(), Arc::clone(&named));
        Ok(CarelessFile { file: self.disk.create(name)?, disk: self.clone(), named })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        if let Some(named) = self.named.lock().unwrap().remove(from) {
            named.store(true, Ordering::Relaxed);
        }
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        if self.has(Lapse::SkipDirectoryFlush) || self.believes() { Ok(()) } else { self.disk.sync_dir() }
    }

    fn path(&self, name: &str) -> String {
        self.disk.path(name)
    }
}

impl DiskFile for CarelessFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read_at(buf, at)
    }

    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<()> {
        if self.disk.believes() && self.named.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.file.write_at(buf, at)
    }

    fn sync_data(&self) -> io::Result<()> {
        let named = self.named.load(Ordering::Relaxed);
        match self.disk.lapse {
            Some(Lapse::ReplyBeforeFlush) if named => Ok(()),
            Some(Lapse::NameBeforeFlush) if !named => Ok(()),
            Some(Lapse::BelieveTheCache) if named && self.disk.believes() => Ok(()),
            Some(Lapse::RetryTheFlush) => self.file.sync_data().or_else(|_| self.file.sync_data()),
            _ => self.file.sync_data(),
        }
    }
}
