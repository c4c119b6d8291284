//! A disk that is watched, and can be used with a mistake: a flush is forgotten, or a failed one is tried again.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bessemer_store::embedded::disk::{Disk, DiskFile, SimDisk, SimFile};

use crate::seen::Phase;

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
    watch: Arc<Mutex<Watch>>,
}

#[derive(Debug, Default)]
struct Watch {
    /// Files that are to get another name.
    unnamed: BTreeMap<String, Arc<Stage>>,
    /// What names were changed for last.
    renamed_for: Option<Phase>,
    /// Segments that became spares.
    recycled: u64,
    /// Where the machine is to stop.
    aim: Option<Aim>,
    /// In the midst of what it stopped.
    interrupted: Option<Phase>,
}

/// A call that changes something, counted from now on: of one phase, or of any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Aim {
    pub(crate) phase: Option<Phase>,
    pub(crate) calls: u64,
}

/// How far a file is on its way to be a segment.
#[derive(Debug, Default)]
struct Stage {
    /// More than zeros stand in it.
    begun: AtomicBool,
    /// It has its final name.
    named: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct CarelessFile {
    file: SimFile,
    disk: Careless,
    stage: Arc<Stage>,
}

impl Careless {
    pub(crate) fn new(disk: SimDisk, lapse: Option<Lapse>) -> Self {
        Self { disk, lapse, opening: Arc::default(), watch: Arc::default() }
    }

    /// What the store was about when the machine stopped, if it stopped within a call that changes anything.
    pub(crate) fn interrupted(&self) -> Option<Phase> {
        self.watch.lock().unwrap().interrupted
    }

    /// Segments that became spares.
    pub(crate) fn recycled(&self) -> u64 {
        self.watch.lock().unwrap().recycled
    }

    /// The machine stops within that call. (To stop within a call that only reads is to stop before the next one that
    /// does not.)
    pub(crate) fn stop_at(&self, aim: Aim) {
        self.watch.lock().unwrap().aim = Some(aim);
    }

    fn has(&self, lapse: Lapse) -> bool {
        self.lapse == Some(lapse)
    }

    fn believes(&self) -> bool {
        self.has(Lapse::BelieveTheCache) && self.opening.load(Ordering::Relaxed)
    }

    /// Makes a call that changes something, or stops the machine in the midst of it.
    fn change<T>(&self, phase: Phase, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let phase = if self.opening.load(Ordering::Relaxed) { Phase::Recovery } else { phase };
        let mut watch = self.watch.lock().unwrap();
        if let Some(aim) = &mut watch.aim
            && aim.phase.is_none_or(|aimed| aimed == phase)
        {
            if aim.calls == 0 {
                self.disk.stop_after(0);
                (watch.aim, watch.interrupted) = (None, Some(phase));
            } else {
                aim.calls -= 1;
            }
        }
        drop(watch);
        call()
    }

    fn file(&self, name: &str, file: SimFile) -> CarelessFile {
        let stage = Arc::new(Stage::default());
        if is_segment(name) {
            stage.named.store(true, Ordering::Relaxed);
        } else {
            self.watch.lock().unwrap().unnamed.insert(name.into(), Arc::clone(&stage));
        }
        CarelessFile { file, disk: self.clone(), stage }
    }
}

fn is_segment(name: &str) -> bool {
    name.ends_with(".seg")
}

impl Disk for Careless {
    type File = CarelessFile;

    const THREADS: bool = SimDisk::THREADS;

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn open(&self, name: &str) -> io::Result<CarelessFile> {
        Ok(self.file(name, self.disk.open(name)?))
    }

    fn create(&self, name: &str) -> io::Result<CarelessFile> {
        Ok(self.file(name, self.change(Phase::Prepare, || self.disk.create(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        if let Some(stage) = self.watch.lock().unwrap().unnamed.remove(from) {
            stage.named.store(true, Ordering::Relaxed);
        }
        let phase = if is_segment(to) { Phase::Roll } else { Phase::Recycle };
        let mut watch = self.watch.lock().unwrap();
        watch.renamed_for = Some(phase);
        watch.recycled += u64::from(phase == Phase::Recycle);
        drop(watch);
        self.change(phase, || self.disk.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change(Phase::Remove, || self.disk.remove(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        if self.has(Lapse::SkipDirectoryFlush) || self.believes() {
            return Ok(());
        }
        let phase = self.watch.lock().unwrap().renamed_for.unwrap_or(Phase::Prepare);
        self.change(phase, || self.disk.sync_dir())
    }

    fn free(&self) -> io::Result<u64> {
        self.disk.free()
    }

    fn path(&self, name: &str) -> String {
        self.disk.path(name)
    }
}

impl Stage {
    fn is_named(&self) -> bool {
        self.named.load(Ordering::Relaxed)
    }

    fn phase(&self) -> Phase {
        match (self.is_named(), self.begun.load(Ordering::Relaxed)) {
            (true, _) => Phase::Commit,
            (false, true) => Phase::Roll,
            (false, false) => Phase::Prepare,
        }
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
        if self.disk.believes() && self.stage.is_named() {
            return Ok(());
        }
        if buf.iter().any(|byte| *byte != 0) {
            self.stage.begun.store(true, Ordering::Relaxed);
        }
        self.disk.change(self.stage.phase(), || self.file.write_at(buf, at))
    }

    fn sync_data(&self) -> io::Result<()> {
        let named = self.stage.is_named();
        let flush = || self.disk.change(self.stage.phase(), || self.file.sync_data());
        match self.disk.lapse {
            Some(Lapse::ReplyBeforeFlush) if named => Ok(()),
            Some(Lapse::NameBeforeFlush) if !named => Ok(()),
            Some(Lapse::BelieveTheCache) if named && self.disk.believes() => Ok(()),
            Some(Lapse::RetryTheFlush) => flush().or_else(|_| flush()),
            _ => flush(),
        }
    }
}
