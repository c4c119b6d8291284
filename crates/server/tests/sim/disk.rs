//! The simulated disk, and on demand one that lies about its flushes.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bessemer_store::embedded::disk::{Disk, DiskFile, SimDisk, SimFile};

use super::bug::Bug;

/// A [`SimDisk`] that may lie.
#[derive(Clone, Debug)]
pub(crate) struct SomeDisk {
    pub(crate) honest: SimDisk,
    lie: Option<Bug>,
    flushes: Arc<AtomicU64>,
}

#[derive(Debug)]
pub(crate) struct SomeFile {
    file: SimFile,
    disk: SomeDisk,
}

impl SomeDisk {
    pub(crate) fn new(seed: u64, lie: Option<Bug>) -> Self {
        Self { honest: SimDisk::new(seed), lie, flushes: Arc::default() }
    }

    /// The disk of the next process; `power`: of the next boot.
    #[must_use]
    pub(crate) fn restart(&self, power: bool) -> Self {
        let honest = if power { self.honest.power_loss() } else { self.honest.crash() };
        Self { honest, ..self.clone() }
    }
}

impl Disk for SomeDisk {
    type File = SomeFile;
    const THREADS: bool = SimDisk::THREADS;

    fn list(&self) -> io::Result<Vec<String>> {
        self.honest.list()
    }

    fn open(&self, name: &str) -> io::Result<SomeFile> {
        Ok(SomeFile { file: self.honest.open(name)?, disk: self.clone() })
    }

    fn create(&self, name: &str) -> io::Result<SomeFile> {
        Ok(SomeFile { file: self.honest.create(name)?, disk: self.clone() })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.honest.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.honest.remove(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        if self.lie == Some(Bug::DiskIgnoresNames) { Ok(()) } else { self.honest.sync_dir() }
    }

    fn free(&self) -> io::Result<u64> {
        self.honest.free()
    }

    fn path(&self, name: &str) -> String {
        self.honest.path(name)
    }
}

impl DiskFile for SomeFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read_at(buf, at)
    }

    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<()> {
        self.file.write_at(buf, at)
    }

    fn sync_data(&self) -> io::Result<()> {
        let flushes = self.disk.flushes.fetch_add(1, Ordering::Relaxed);
        match self.disk.lie {
            Some(Bug::DiskIgnoresFlush) => Ok(()),
            Some(Bug::DiskForgetsSomeFlushes) if flushes % 8 == 7 => Ok(()),
            _ => self.file.sync_data(),
        }
    }
}
