//! A disk that counts what is written to it, and whose flushes can be made slower.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bessemer_store::embedded::disk::{Disk, DiskFile, RealDisk};

thread_local! {
    /// Bytes of each flush of this thread since [`take_flushes`]; the last number is still growing.
    static FLUSHES: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The bytes of each flush that this thread asked for since the last call.
pub(crate) fn take_flushes() -> Vec<u64> {
    let mut flushes = FLUSHES.take();
    flushes.pop();
    flushes
}

/// A directory of the file system, metered.
#[derive(Clone, Debug)]
pub(crate) struct Metered {
    real: RealDisk,
    meter: Meter,
}

/// What all threads did to a disk.
#[derive(Clone, Debug)]
struct Meter {
    written: Arc<AtomicU64>,
    flush_delay: Duration,
}

impl Metered {
    pub(crate) fn new(real: RealDisk, flush_delay: Duration) -> Self {
        Self { real, meter: Meter { written: Arc::default(), flush_delay } }
    }

    /// Bytes written so far, by whichever thread.
    pub(crate) fn written(&self) -> u64 {
        self.meter.written.load(Ordering::Relaxed)
    }

    fn metered(&self, file: File) -> MeteredFile {
        MeteredFile { file, meter: self.meter.clone() }
    }
}

impl Disk for Metered {
    type File = MeteredFile;

    const THREADS: bool = true;

    fn list(&self) -> io::Result<Vec<String>> {
        self.real.list()
    }

    fn open(&self, name: &str) -> io::Result<MeteredFile> {
        self.real.open(name).map(|file| self.metered(file))
    }

    fn create(&self, name: &str) -> io::Result<MeteredFile> {
        self.real.create(name).map(|file| self.metered(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.real.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.real.remove(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.real.sync_dir()
    }

    fn free(&self) -> io::Result<u64> {
        self.real.free()
    }

    fn path(&self, name: &str) -> String {
        self.real.path(name)
    }
}

/// A file of a [`Metered`] disk.
#[derive(Debug)]
pub(crate) struct MeteredFile {
    file: File,
    meter: Meter,
}

impl DiskFile for MeteredFile {
    fn size(&self) -> io::Result<u64> {
        DiskFile::size(&self.file)
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        DiskFile::read_at(&self.file, buf, at)
    }

    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<()> {
        self.meter.written.fetch_add(buf.len() as u64, Ordering::Relaxed);
        FLUSHES.with_borrow_mut(|flushes| match flushes.last_mut() {
            Some(bytes) => *bytes += buf.len() as u64,
            None => flushes.push(buf.len() as u64),
        });
        DiskFile::write_at(&self.file, buf, at)
    }

    fn sync_data(&self) -> io::Result<()> {
        FLUSHES.with_borrow_mut(|flushes| flushes.push(0));
        DiskFile::sync_data(&self.file)?;
        slow_down(self.meter.flush_delay);
        Ok(())
    }
}

/// What a slower disk would have taken longer.
pub(crate) fn slow_down(flush_delay: Duration) {
    if !flush_delay.is_zero() {
        std::thread::sleep(flush_delay);
    }
}
