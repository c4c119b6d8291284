//! The janitor: what must never hold up a commit. It keeps spare files ready that become segments, and makes spares
//! of the segments that are given up, or removes them.
//!
//! Overwriting blocks that the file already has is about 1.6 times faster than appending, because nothing but the data
//! changes. So a spare is filled with zeros once, and after its life as a segment it is a spare again as it is: the
//! old batches in it cannot pass as new ones (`batch.rs`). When none is ready, the log takes an empty file and is
//! slower for a while; it never waits. What fails here is mostly no harm to any job: it is logged, and the spare is not
//! there, or the file is removed at the next start. Only a failed flush of the directory ends the store, as everywhere
//! (`G14`).

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;

use super::bug::{Bug, planted};
use super::disk::{Disk, DiskFile, ZEROS_MAX};
use super::segment::spare_name;
use super::space::is_no_room;
use crate::engine::Fatal;

/// Spares that are kept in any case: the reserve (`G13`), made at the start and taken only when there is no other, and one that will
/// be the next segment.
pub(super) const SPARES_MIN: usize = 2;

/// Chores that may wait for the thread; more wait here.
const WAITING_MAX: usize = 16;

/// A file on its way to become a segment.
#[derive(Debug)]
pub(super) struct Spare<F> {
    pub(super) name: String,
    pub(super) file: F,
    /// What it takes; 0: it is empty.
    pub(super) len: u64,
}

/// What a chore brought: a spare, or none.
type Brought<F> = Result<Option<Spare<F>>, Fatal>;

/// Keeps spares ready and takes what is given up.
#[derive(Debug)]
pub(super) struct Janitor<D: Disk> {
    disk: D,
    segment_bytes: u64,
    /// Names of spares count on and are never given twice, so that nobody overwrites somebody else's file.
    next_name: u64,
    spares: VecDeque<Spare<D::File>>,
    spares_max: usize,
    /// Chores under way that bring a spare.
    coming: usize,
    /// Chores that the thread has no room for yet.
    todo: VecDeque<Chore>,
    hands: Option<Thread<D>>,
}

#[derive(Debug)]
struct Thread<D: Disk> {
    chores: Option<SyncSender<Chore>>,
    /// What became of each chore that was to bring a spare.
    done: Receiver<Brought<D::File>>,
    stop: Arc<AtomicBool>,
    handle: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Chore {
    /// Make a spare of that size.
    Prepare { name: String, len: u64 },
    /// Make a spare of a segment, if it has that size.
    Recycle { segment: String, name: String, len: u64 },
    /// Remove a file.
    Remove(String),
}

impl<D: Disk> Janitor<D> {
    /// Begins its service. `left_over`: spares of the process before. `next_name`: see [`spare_name`].
    pub(super) fn start(
        disk: D,
        segment_bytes: u64,
        left_over: &[String],
        next_name: u64,
    ) -> io::Result<Self> {
        let hands = D::THREADS.then(|| Thread::start(disk.clone())).transpose()?;
        let (coming, todo, mut spares) = (0, VecDeque::new(), VecDeque::new());
        for name in left_over {
            spares.push_back(Spare { name: name.clone(), file: disk.open(name)?, len: segment_bytes });
        }
        Ok(Self { disk, segment_bytes, next_name, spares, spares_max: SPARES_MIN, coming, todo, hands })
    }

    /// Sees to it that there will be the reserve, and beside it a spare if the next segment is near.
    pub(super) fn order(&mut self, is_near: bool) -> Result<(), Fatal> {
        if self.supply()? > usize::from(is_near) {
            return Ok(());
        }
        let chore = Chore::Prepare { name: self.name(), len: self.segment_bytes };
        self.give(chore)
    }

    /// A spare if one is ready, also the reserve; else an empty file. `None`: there is no room for a file.
    pub(super) fn spare(&mut self) -> Result<Option<Spare<D::File>>, Fatal> {
        self.collect()?;
        if let Some(spare) = self.spares.pop_front() {
            return Ok(Some(spare));
        }
        let name = self.name();
        match self.disk.create(&name) {
            Ok(file) => Ok(Some(Spare { name, file, len: 0 })),
            Err(error) if is_no_room(&error) => Ok(None),
            Err(source) => Err(Fatal { action: "create", path: self.disk.path(&name), offset: 0, source }),
        }
    }

    /// Whether a spare is ready.
    pub(super) fn has_spare(&mut self) -> Result<bool, Fatal> {
        self.collect()?;
        Ok(!self.spares.is_empty())
    }

    /// Spares that are ready, as far as it has looked. Each has the size of a segment.
    pub(super) fn ready(&self) -> u64 {
        self.spares.len() as u64
    }

    /// Keeps so many spares from now on; the others go.
    pub(super) fn keep(&mut self, spares: usize) -> Result<(), Fatal> {
        self.spares_max = spares;
        while self.supply()? > self.spares_max
            && let Some(spare) = self.spares.pop_back()
        {
            self.give(Chore::Remove(spare.name))?;
        }
        Ok(())
    }

    /// Takes files that are not needed any more. A durable batch must say so of segments.
    pub(super) fn discard(&mut self, names: impl IntoIterator<Item = String>) -> Result<(), Fatal> {
        for file in names {
            let chore = if self.supply()? < self.spares_max {
                Chore::Recycle { segment: file, name: self.name(), len: self.segment_bytes }
            } else {
                Chore::Remove(file)
            };
            self.give(chore)?;
        }
        Ok(())
    }

    /// Spares that are there or on their way.
    fn supply(&mut self) -> Result<usize, Fatal> {
        self.collect()?;
        Ok(self.spares.len() + self.coming)
    }

    /// Takes in what the thread has finished, and hands it what had to wait.
    fn collect(&mut self) -> Result<(), Fatal> {
        let Some(thread) = &self.hands else { return Ok(()) };
        for brought in thread.done.try_iter() {
            self.coming -= 1;
            self.spares.extend(brought?);
        }
        while let Some(chore) = self.todo.pop_front() {
            if let Err(chore) = thread.give(chore) {
                self.todo.push_front(chore);
                break;
            }
        }
        Ok(())
    }

    fn give(&mut self, chore: Chore) -> Result<(), Fatal> {
        if self.hands.is_none() {
            let brought = work(&self.disk, chore, || false).transpose()?;
            self.spares.extend(brought.flatten());
            return Ok(());
        }
        self.coming += usize::from(chore.brings_a_spare());
        self.todo.push_back(chore);
        self.collect()
    }

    fn name(&mut self) -> String {
        self.next_name += 1;
        spare_name(self.next_name)
    }
}

impl Chore {
    fn brings_a_spare(&self) -> bool {
        !matches!(self, Self::Remove(_))
    }
}

impl<D: Disk> Thread<D> {
    fn start(disk: D) -> io::Result<Self> {
        let (chores, todo) = sync_channel(WAITING_MAX);
        let (ready, done) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let body = move || work_all(&disk, &todo, &ready, &stopped);
        let handle = std::thread::Builder::new().name("janitor".into()).spawn(body)?;
        Ok(Self { chores: Some(chores), done, stop, handle: Some(handle) })
    }

    /// Gives the chore back when the thread is behind with its work, or gone.
    fn give(&self, chore: Chore) -> Result<(), Chore> {
        let Some(chores) = &self.chores else { return Err(chore) };
        chores.try_send(chore).map_err(|e| match e {
            TrySendError::Full(chore) | TrySendError::Disconnected(chore) => chore,
        })
    }
}

impl<D: Disk> Drop for Thread<D> {
    /// Waits, so that nothing touches the directory after its store has ended.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.chores = None;
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }
}

/// Works until there is nothing more to do and nobody left to ask.
fn work_all<D: Disk>(disk: &D, todo: &Receiver<Chore>, ready: &Sender<Brought<D::File>>, stop: &AtomicBool) {
    while let Ok(chore) = todo.recv() {
        if let Some(brought) = work(disk, chore, || stop.load(Ordering::Relaxed)) {
            // Who has stopped takes no spare any more.
            _ = ready.send(brought);
        }
    }
}

/// Does a chore. `None`: it was not to bring a spare.
fn work<D: Disk>(disk: &D, chore: Chore, stopped: impl Fn() -> bool) -> Option<Brought<D::File>> {
    match chore {
        Chore::Prepare { name, len } => Some(Ok(prepare(disk, name, len, stopped))),
        Chore::Recycle { segment, name, len } => Some(recycle(disk, &segment, name, len)),
        Chore::Remove(name) => {
            remove(disk, &name);
            None
        }
    }
}

/// A spare full of zeros that the disk has; `None` when it could not be made, or is not needed any more.
fn prepare<D: Disk>(disk: &D, name: String, len: u64, stopped: impl Fn() -> bool) -> Option<Spare<D::File>> {
    // What is left is for the log itself. A disk that does not say is tried.
    if disk.free().is_ok_and(|free| free < len) {
        return None;
    }
    match fill(disk, &name, len, stopped) {
        Ok(file) => file.map(|file| Spare { name, file, len }),
        Err(error) => {
            let path = disk.path(&name);
            tracing::warn!(%error, path, "no spare segment could be prepared; commits are slower until one is");
            remove(disk, &name);
            None
        }
    }
}

/// Makes a spare of a segment; `None` when that has another size, and is removed, or cannot be had.
fn recycle<D: Disk>(disk: &D, segment: &str, name: String, len: u64) -> Brought<D::File> {
    let renamed = || {
        let file = disk.open(segment)?;
        if file.size()? != len {
            disk.remove(segment)?;
            return Ok(None);
        }
        disk.rename(segment, &name)?;
        Ok::<_, io::Error>(Some(file))
    };
    let file = renamed().unwrap_or_else(|error| {
        let path = disk.path(segment);
        tracing::warn!(%error, path, "a segment that is not needed any more could not be made a spare");
        None
    });
    // Before anything is written to it: a power loss must not bring back the old name with new bytes.
    if file.is_some() && !planted(Bug::RecycleBeforeFlush) {
        let action = "flush the directory of";
        disk.sync_dir().map_err(|source| Fatal { action, path: disk.path(&name), offset: 0, source })?;
    }
    Ok(file.map(|file| Spare { name, file, len }))
}

/// Creates a file of zeros and makes it durable; `None` when stopped.
pub(super) fn fill<D: Disk>(
    disk: &D,
    name: &str,
    len: u64,
    stopped: impl Fn() -> bool,
) -> io::Result<Option<D::File>> {
    let file = disk.create(name)?;
    let mut at = 0;
    while at < len {
        if stopped() {
            return Ok(None);
        }
        // In pieces, so that an end of the process is not held up.
        let piece = (len - at).min(ZEROS_MAX as u64);
        file.write_zeros(piece as usize, at)?;
        at += piece;
    }
    file.sync_data()?;
    Ok(Some(file))
}

fn remove<D: Disk>(disk: &D, name: &str) {
    if let Err(error) = disk.remove(name) {
        tracing::warn!(%error, path = disk.path(name), "a file that is not needed any more could not be removed");
    }
}

#[cfg(all(test, feature = "sim"))]
mod tests {
    use super::super::disk::SimDisk;
    use super::*;

    #[test]
    fn so_many_spares_are_kept_as_there_is_use_for() {
        let disk = SimDisk::new(1);
        let mut janitor = Janitor::start(disk.clone(), 100, &[], 1).unwrap();
        let give = |janitor: &mut Janitor<SimDisk>| {
            for number in 0..6 {
                let name = format!("{number}.seg");
                disk.create(&name).unwrap().write_at(&[7; 100], 0).unwrap();
                janitor.discard([name]).unwrap();
            }
            disk.list().unwrap().len()
        };
        assert_eq!(give(&mut janitor), SPARES_MIN);
        janitor.keep(5).unwrap();
        assert_eq!(give(&mut janitor), 5);
        janitor.keep(3).unwrap();
        let names = disk.list().unwrap();
        let spares: Vec<_> = janitor.spares.iter().map(|spare| spare.name.clone()).collect();
        assert_eq!((names.len(), names), (3, spares), "the others are removed");
    }
}
