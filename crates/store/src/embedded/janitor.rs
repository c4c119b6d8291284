//! The janitor: what must never hold up a commit. It prepares the next segment and removes the files of old ones.
//!
//! Overwriting zeros that are already on the disk is about 1.6 times faster than appending, because nothing but the
//! data changes. So segments are filled with zeros ahead of time. When none is ready, the log takes an empty file
//! and is slower for a while; it never waits. What fails here is no harm to any job: it is logged, and the spare is
//! not there, or the file is removed at the next start.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;

use super::disk::{Disk, DiskFile};
use super::segment::spare_name;

/// Zeros are written in pieces of this size, so that an end of the process is not held up.
const PIECE: usize = 1 << 20;

/// Chores that may wait for the thread.
const WAITING_MAX: usize = 16;

/// A file on its way to become a segment.
#[derive(Debug)]
pub(super) struct Spare<F> {
    pub(super) name: String,
    pub(super) file: F,
}

/// Keeps a spare ready and removes what is given up.
#[derive(Debug)]
pub(super) struct Janitor<D: Disk> {
    disk: D,
    segment_bytes: u64,
    /// Names of spares count on and are never given twice, so that nobody overwrites somebody else's file.
    next_name: u64,
    /// A spare was ordered and not yet taken.
    ordered: bool,
    /// Files that are to go once there is room for the chore.
    to_remove: Vec<String>,
    hands: Hands<D>,
}

/// Who does the work.
#[derive(Debug)]
enum Hands<D: Disk> {
    /// We, at once.
    Own(Option<Spare<D::File>>),
    /// A thread.
    Thread(Thread<D>),
}

#[derive(Debug)]
struct Thread<D: Disk> {
    chores: Option<SyncSender<Chore>>,
    /// What became of the one spare that is ordered.
    ready: Receiver<Option<Spare<D::File>>>,
    stop: Arc<AtomicBool>,
    handle: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Chore {
    Prepare { name: String, len: u64 },
    Remove(Vec<String>),
}

impl<D: Disk> Janitor<D> {
    /// Begins its service. `next_name`: see [`spare_name`].
    pub(super) fn start(disk: D, segment_bytes: u64, next_name: u64) -> io::Result<Self> {
        let hands = if D::THREADS { Hands::Thread(Thread::start(disk.clone())?) } else { Hands::Own(None) };
        Ok(Self { disk, segment_bytes, next_name, ordered: false, to_remove: Vec::new(), hands })
    }

    /// Asks for a spare, unless one is on its way.
    pub(super) fn order(&mut self) {
        if self.ordered {
            return;
        }
        let (name, len) = (self.name(), self.segment_bytes);
        self.ordered = match &mut self.hands {
            Hands::Own(spare) => {
                *spare = prepare(&self.disk, name, len, || false);
                true
            }
            Hands::Thread(thread) => thread.give(Chore::Prepare { name, len }).is_ok(),
        };
    }

    /// The spare, if it is ready; else an empty file.
    pub(super) fn spare(&mut self) -> io::Result<Spare<D::File>> {
        let ready = match &mut self.hands {
            Hands::Own(spare) => Some(spare.take()),
            Hands::Thread(thread) => thread.ready.try_recv().ok(),
        };
        self.ordered &= ready.is_none();
        match ready.flatten() {
            Some(spare) => Ok(spare),
            None => {
                let name = self.name();
                Ok(Spare { file: self.disk.create(&name)?, name })
            }
        }
    }

    /// Removes files, soon.
    pub(super) fn remove(&mut self, names: impl IntoIterator<Item = String>) {
        self.to_remove.extend(names);
        if self.to_remove.is_empty() {
            return;
        }
        let names = std::mem::take(&mut self.to_remove);
        match &mut self.hands {
            Hands::Own(_) => remove(&self.disk, names),
            Hands::Thread(thread) => {
                if let Err(Chore::Remove(names)) = thread.give(Chore::Remove(names)) {
                    self.to_remove = names;
                }
            }
        }
    }

    fn name(&mut self) -> String {
        self.next_name += 1;
        spare_name(self.next_name)
    }
}

impl<D: Disk> Thread<D> {
    fn start(disk: D) -> io::Result<Self> {
        let (chores, todo) = sync_channel(WAITING_MAX);
        let (done, ready) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let body = move || work(&disk, &todo, &done, &stopped);
        let handle = std::thread::Builder::new().name("janitor".into()).spawn(body)?;
        Ok(Self { chores: Some(chores), ready, stop, handle: Some(handle) })
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
fn work<D: Disk>(disk: &D, todo: &Receiver<Chore>, done: &Sender<Option<Spare<D::File>>>, stop: &AtomicBool) {
    while let Ok(chore) = todo.recv() {
        match chore {
            // Who has stopped takes no spare any more.
            Chore::Prepare { name, len } => {
                _ = done.send(prepare(disk, name, len, || stop.load(Ordering::Relaxed)));
            }
            Chore::Remove(names) => remove(disk, names),
        }
    }
}

/// A spare full of zeros that the disk has; `None` when it could not be made, or is not needed any more.
fn prepare<D: Disk>(disk: &D, name: String, len: u64, stopped: impl Fn() -> bool) -> Option<Spare<D::File>> {
    match fill(disk, &name, len, stopped) {
        Ok(Some(file)) => Some(Spare { name, file }),
        Ok(None) => None,
        Err(error) => {
            let path = disk.path(&name);
            tracing::warn!(%error, path, "no spare segment could be prepared; commits are slower until one is");
            remove(disk, vec![name]);
            None
        }
    }
}

/// Creates a file of zeros and makes it durable; `None` when stopped.
pub(super) fn fill<D: Disk>(
    disk: &D,
    name: &str,
    len: u64,
    stopped: impl Fn() -> bool,
) -> io::Result<Option<D::File>> {
    let file = disk.create(name)?;
    let zeros = vec![0; PIECE.min(usize::try_from(len).unwrap_or(PIECE))];
    let mut at = 0;
    while at < len {
        if stopped() {
            return Ok(None);
        }
        let piece = (len - at).min(zeros.len() as u64);
        file.write_at(&zeros[..piece as usize], at)?;
        at += piece;
    }
    file.sync_data()?;
    Ok(Some(file))
}

fn remove<D: Disk>(disk: &D, names: Vec<String>) {
    for name in names {
        if let Err(error) = disk.remove(&name) {
            tracing::warn!(%error, path = disk.path(&name), "a file that is not needed any more could not be removed");
        }
    }
}
