//! A disk that is watched: how long its flushes take, and how much room it says there is.
//!
//! It stands between the store, which knows no clock, and the disk, and changes nothing of what they say to each other.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bessemer_store::embedded::disk::{Disk, DiskFile};

use crate::clock;
use crate::desk::Gauges;

/// A disk whose flushes are timed.
#[derive(Clone, Debug)]
pub(crate) struct TimedDisk<D> {
    disk: D,
    gauges: Arc<Gauges>,
}

/// One of its files.
#[derive(Debug)]
pub(crate) struct TimedFile<F> {
    file: F,
    gauges: Arc<Gauges>,
    /// Nothing of it was ever flushed. The first flush is that of the zeros with which a segment is prepared; no reply
    /// waits for it, and it takes as long as a whole segment does.
    is_new: AtomicBool,
}

impl<D: Disk> TimedDisk<D> {
    pub(crate) fn new(disk: D, gauges: Arc<Gauges>) -> Self {
        Self { disk, gauges }
    }

    fn file(&self, file: D::File, is_new: bool) -> TimedFile<D::File> {
        TimedFile { file, gauges: self.gauges.clone(), is_new: AtomicBool::new(is_new) }
    }
}

impl<D: Disk> Disk for TimedDisk<D> {
    type File = TimedFile<D::File>;

    const THREADS: bool = D::THREADS;

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn open(&self, name: &str) -> io::Result<Self::File> {
        self.disk.open(name).map(|file| self.file(file, false))
    }

    fn create(&self, name: &str) -> io::Result<Self::File> {
        self.disk.create(name).map(|file| self.file(file, true))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.disk.sync_dir()
    }

    fn free(&self) -> io::Result<u64> {
        self.disk.free().inspect(|free| self.gauges.disk_free(*free))
    }

    fn path(&self, name: &str) -> String {
        self.disk.path(name)
    }
}

impl<F: DiskFile> DiskFile for TimedFile<F> {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read_at(buf, at)
    }

    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<()> {
        self.file.write_at(buf, at)
    }

    fn write_zeros(&self, len: usize, at: u64) -> io::Result<()> {
        self.file.write_zeros(len, at)
    }

    fn sync_data(&self) -> io::Result<()> {
        let begun = clock::boot();
        self.file.sync_data()?;
        if !self.is_new.swap(false, Ordering::Relaxed) {
            self.gauges.flush_times.count(clock::boot().since(begun));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bessemer_core::Wall;
    use bessemer_store::embedded::disk::SimDisk;

    use super::*;

    #[test]
    fn flushes_are_counted_but_for_the_one_that_prepares_a_file() {
        let gauges = Arc::new(Gauges::new(Wall(0)));
        let disk = TimedDisk::new(SimDisk::new(1), gauges.clone());
        let flushes = || gauges.pulse().flushes.count();
        let file = disk.create("a").unwrap();
        file.write_zeros(100, 0).unwrap();
        file.sync_data().unwrap();
        assert_eq!(flushes(), 0);
        file.write_at(b"x", 0).unwrap();
        file.sync_data().unwrap();
        assert_eq!(flushes(), 1);
        disk.open("a").unwrap().sync_data().unwrap();
        assert_eq!(flushes(), 2);
    }

    #[test]
    fn what_the_disk_says_of_its_room_is_kept() {
        let gauges = Arc::new(Gauges::new(Wall(0)));
        let disk = TimedDisk::new(SimDisk::new(1), gauges.clone());
        assert_eq!(gauges.pulse().disk_free, None);
        let free = disk.free().unwrap();
        assert_eq!(gauges.pulse().disk_free, Some(free.min(u64::MAX - 1)));
    }
}
