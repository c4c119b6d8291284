//! A disk in memory that forgets like a real one, from a seed.
//!
//! - What is written can be read at once, and outlives a [`SimDisk::crash`] of the process.
//! - What is not flushed outlives a [`SimDisk::power_loss`] sector by sector, as chance has it: any subset, torn at
//!   512 bytes, in any order. A new, renamed or removed name does likewise until the directory is flushed.
//! - A failed flush is not made up for by the next one: the kernel counts what it could not write as clean. Until a
//!   power loss it can still be read.
//! - Space that a file gains without having been written may show bytes of files that are gone.
//!
//! One thread at a time decides everything: equal seeds and equal calls give equal traces.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::inode::{Chance, Inode, mix};
use super::{Disk, DiskFile};

/// A simulated directory. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
    /// Handles opened before a crash are dead after it.
    life: u64,
}

/// An open file of it.
#[derive(Debug)]
pub struct SimFile {
    disk: SimDisk,
    inode: usize,
}

#[derive(Debug)]
struct State {
    chance: Chance,
    life: u64,
    inodes: Vec<Inode>,
    /// As the process sees them.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    unflushed_names: Vec<Rename>,
    calls: u64,
    trace: u64,
    stop_at: Option<u64>,
    stopped: bool,
    fail_at: Option<u64>,
    space: Option<u64>,
    /// What a removed file held.
    litter: Vec<u8>,
}

/// A change to names that stands or falls as one.
#[derive(Debug)]
struct Rename {
    gone: Option<String>,
    new: Option<(String, usize)>,
}

/// What befalls a call.
enum Fate {
    Succeeds,
    /// The machine stops in the middle of it.
    Stops,
    /// It fails, and the process lives on.
    Fails,
}

impl SimDisk {
    /// An empty directory without faults.
    pub fn new(seed: u64) -> Self {
        let state = State {
            chance: Chance(seed),
            life: 0,
            inodes: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            unflushed_names: Vec::new(),
            calls: 0,
            trace: 0,
            stop_at: None,
            stopped: false,
            fail_at: None,
            space: None,
            litter: Vec::new(),
        };
        Self { state: Arc::new(Mutex::new(state)), life: 0 }
    }

    /// The process dies; all that it wrote is still there. The answer is the disk of the next process.
    #[must_use]
    pub fn crash(&self) -> Self {
        let mut state = self.lock();
        state.restart();
        Self { state: Arc::clone(&self.state), life: state.life }
    }

    /// The machine dies; chance decides about what was not flushed. The answer is the disk of the next process.
    #[must_use]
    pub fn power_loss(&self) -> Self {
        let mut state = self.lock();
        state.forget();
        state.restart();
        Self { state: Arc::clone(&self.state), life: state.life }
    }

    /// The machine stops within the call after the next `calls`: it is half done, and every later one fails until
    /// [`SimDisk::crash`] or [`SimDisk::power_loss`].
    pub fn stop_after(&self, calls: u64) {
        let mut state = self.lock();
        state.stop_at = Some(state.calls + calls);
    }

    /// The call after the next `calls` fails, and only that one.
    pub fn fail_after(&self, calls: u64) {
        let mut state = self.lock();
        state.fail_at = Some(state.calls + calls);
    }

    /// Files may hold this many bytes in all; `None`: any.
    pub fn set_space(&self, bytes: Option<u64>) {
        self.lock().space = bytes;
    }

    /// Bytes that all files hold.
    pub fn used(&self) -> u64 {
        self.lock().used()
    }

    /// Calls so far.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// A digest of all calls so far, their data and their outcome.
    pub fn trace(&self) -> u64 {
        self.lock().trace
    }

    /// The content of a file, as a process would read it.
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.lock();
        state.names.get(name).map(|inode| state.inodes[*inode].cached.clone())
    }

    /// Puts a durable file there, or takes one away, past all faults: for tests that do damage.
    pub fn set_content(&self, name: &str, content: Option<Vec<u8>>) {
        let mut state = self.lock();
        let Some(content) = content else {
            state.names.remove(name);
            state.durable_names.remove(name);
            return;
        };
        let inode = state.add(Inode::durable(content));
        state.names.insert(name.into(), inode);
        state.durable_names.insert(name.into(), inode);
    }

    fn file(&self, inode: usize) -> SimFile {
        self.lock().inodes[inode].open += 1;
        SimFile { disk: self.clone(), inode }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panicking test may still look at the disk.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and says what becomes of it.
    fn call(&self, what: u64, name: &str) -> io::Result<(MutexGuard<'_, State>, Fate)> {
        let mut state = self.lock();
        if state.stopped || self.life != state.life {
            return Err(io::Error::other("the machine has stopped"));
        }
        state.calls += 1;
        state.note(what);
        name.bytes().for_each(|byte| state.note(u64::from(byte)));
        let due = |at: Option<u64>| at.is_some_and(|at| at < state.calls);
        let fate = if due(state.stop_at) {
            Fate::Stops
        } else if due(state.fail_at) {
            Fate::Fails
        } else {
            Fate::Succeeds
        };
        match fate {
            Fate::Stops => (state.stop_at, state.stopped) = (None, true),
            Fate::Fails => state.fail_at = None,
            Fate::Succeeds => {}
        }
        Ok((state, fate))
    }

    /// A call that changes names: it is done, or not, or nobody knows.
    fn rename_call(&self, what: u64, change: Rename) -> io::Result<()> {
        let name =
            change.gone.as_ref().or(change.new.as_ref().map(|(name, _)| name)).cloned().unwrap_or_default();
        let (mut state, fate) = self.call(what, &name)?;
        let happens = match fate {
            Fate::Succeeds => true,
            Fate::Stops => state.chance.one_in(2),
            Fate::Fails => false,
        };
        if happens {
            let state = &mut *state;
            change.apply(&mut state.names);
            state.unflushed_names.push(change);
            state.bury();
        }
        fate.result()
    }
}

impl Fate {
    fn result(self) -> io::Result<()> {
        match self {
            Self::Succeeds => Ok(()),
            Self::Stops => Err(io::Error::other("the machine has stopped")),
            Self::Fails => Err(io::Error::other("the disk failed (simulated)")),
        }
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        self.disk.lock().inodes[self.inode].open -= 1;
    }
}

impl Rename {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        if let Some((name, inode)) = &self.new {
            names.insert(name.clone(), *inode);
        }
    }
}

impl State {
    fn note(&mut self, value: u64) {
        self.trace = mix(self.trace ^ value).wrapping_add(1);
    }

    fn used(&self) -> u64 {
        self.names.values().map(|inode| self.inodes[*inode].cached.len() as u64).sum()
    }

    fn add(&mut self, inode: Inode) -> usize {
        self.inodes.push(inode);
        self.inodes.len() - 1
    }

    fn restart(&mut self) {
        self.life += 1;
        self.stopped = false;
        self.stop_at = None;
        self.fail_at = None;
    }

    /// Files without a name give their space back, but for those that somebody still has open.
    fn bury(&mut self) {
        let named = |names: &BTreeMap<String, usize>, inode| names.values().any(|named| *named == inode);
        for at in 0..self.inodes.len() {
            let pending = self
                .unflushed_names
                .iter()
                .any(|change| change.new.as_ref().is_some_and(|(_, new)| *new == at));
            if self.inodes[at].open == 0
                && !pending
                && !named(&self.names, at)
                && !named(&self.durable_names, at)
            {
                let gone = std::mem::take(&mut self.inodes[at]);
                if !gone.durable.is_empty() {
                    self.litter = gone.durable;
                }
            }
        }
    }

    /// What a power loss does.
    fn forget(&mut self) {
        let Self { chance, inodes, litter, .. } = self;
        for inode in inodes {
            inode.forget(chance, litter);
        }
        for change in std::mem::take(&mut self.unflushed_names) {
            if self.chance.one_in(2) {
                change.apply(&mut self.durable_names);
            }
        }
        self.names.clone_from(&self.durable_names);
        self.bury();
    }
}

impl Disk for SimDisk {
    type File = SimFile;

    const THREADS: bool = false;

    fn list(&self) -> io::Result<Vec<String>> {
        let (state, fate) = self.call(1, "")?;
        fate.result().map(|()| state.names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<SimFile> {
        let (state, fate) = self.call(2, name)?;
        fate.result()?;
        let inode = *state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        drop(state);
        Ok(self.file(inode))
    }

    fn create(&self, name: &str) -> io::Result<SimFile> {
        let inode = {
            let mut state = self.lock();
            if state.names.contains_key(name) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.add(Inode::default())
        };
        self.rename_call(3, Rename { gone: None, new: Some((name.into(), inode)) })?;
        Ok(self.file(inode))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let inode = *self.lock().names.get(from).ok_or(io::ErrorKind::NotFound)?;
        self.rename_call(4, Rename { gone: Some(from.into()), new: Some((to.into(), inode)) })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        if !self.lock().names.contains_key(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.rename_call(5, Rename { gone: Some(name.into()), new: None })
    }

    fn sync_dir(&self) -> io::Result<()> {
        let (mut state, fate) = self.call(6, "")?;
        if matches!(fate, Fate::Succeeds) {
            let state = &mut *state;
            for change in state.unflushed_names.drain(..) {
                change.apply(&mut state.durable_names);
            }
            state.bury();
        }
        fate.result()
    }

    /// No call like the others: it does nothing to the disk, and so has no place in what befalls it.
    fn free(&self) -> io::Result<u64> {
        let state = self.lock();
        if state.stopped || self.life != state.life {
            return Err(io::Error::other("the machine has stopped"));
        }
        Ok(state.space.map_or(u64::MAX, |space| space.saturating_sub(state.used())))
    }

    fn path(&self, name: &str) -> String {
        name.into()
    }
}

impl DiskFile for SimFile {
    fn size(&self) -> io::Result<u64> {
        let (state, fate) = self.disk.call(7, "")?;
        fate.result().map(|()| state.inodes[self.inode].cached.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        let (mut state, fate) = self.disk.call(8, "")?;
        state.note(at);
        fate.result()?;
        let at = usize::try_from(at).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let bytes =
            state.inodes[self.inode].cached.get(at..at + buf.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }

    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<()> {
        let (mut state, fate) = self.disk.call(9, "")?;
        state.note(at);
        state.note(u64::from(crc32c::crc32c(buf)));
        let end = at + buf.len() as u64;
        let grows = end.saturating_sub(state.inodes[self.inode].cached.len() as u64);
        let free = state.space.map_or(u64::MAX, |space| space.saturating_sub(state.used()));
        let written = match fate {
            Fate::Succeeds => buf.len() - grows.saturating_sub(free).min(buf.len() as u64) as usize,
            Fate::Stops | Fate::Fails => state.chance.below(buf.len() + 1),
        };
        state.inodes[self.inode].write(&buf[..written], at as usize);
        fate.result()?;
        if written < buf.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync_data(&self) -> io::Result<()> {
        let (mut state, fate) = self.disk.call(10, "")?;
        let State { chance, inodes, .. } = &mut *state;
        let inode = &mut inodes[self.inode];
        match fate {
            Fate::Succeeds => inode.flush(|| true),
            Fate::Stops | Fate::Fails => inode.flush(|| chance.one_in(2)),
        }
        // Also after a failure: what did not reach the disk counts as clean from now on.
        if !matches!(fate, Fate::Stops) {
            inode.dirty.fill(false);
        }
        fate.result()
    }
}

#[cfg(test)]
mod tests {
    use super::super::inode::SECTOR;
    use super::*;

    fn survivors(seed: u64, flush: bool) -> (bool, usize) {
        let disk = SimDisk::new(seed);
        let file = disk.create("a").unwrap();
        file.write_at(&[1; 16 * SECTOR], 0).unwrap();
        if flush {
            file.sync_data().unwrap();
            disk.sync_dir().unwrap();
        }
        let content = disk.power_loss().content("a");
        let sectors =
            content.iter().flat_map(|bytes| bytes.chunks(SECTOR)).filter(|sector| **sector == [1; SECTOR]);
        (content.is_some(), sectors.count())
    }

    #[test]
    fn what_was_flushed_outlives_a_power_loss_and_nothing_else_is_sure_to() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..200 {
            assert_eq!(survivors(seed, true), (true, 16));
            seen.insert(survivors(seed, false));
        }
        assert!(seen.contains(&(false, 0)), "no name was lost");
        assert!(seen.iter().any(|(_, sectors)| (1..16).contains(sectors)), "nothing was torn");
        assert!(seen.contains(&(true, 16)), "nothing survived by luck");
    }

    #[test]
    fn a_killed_process_leaves_everything_that_it_wrote() {
        let disk = SimDisk::new(1);
        disk.create("a").unwrap().write_at(b"written", 0).unwrap();
        let next = disk.crash();
        assert_eq!(next.content("a").as_deref(), Some(&b"written"[..]));
        assert!(disk.list().is_err(), "the dead process still reads");
        assert_eq!(next.list().unwrap(), ["a"]);
    }

    #[test]
    fn a_failed_flush_is_not_made_up_for_by_the_next() {
        let lost = (0..50).filter(|seed| {
            let disk = SimDisk::new(*seed);
            let file = disk.create("a").unwrap();
            disk.sync_dir().unwrap();
            file.write_at(&[1; 8 * SECTOR], 0).unwrap();
            disk.fail_after(0);
            file.sync_data().unwrap_err();
            file.sync_data().unwrap();
            assert_eq!(disk.content("a").unwrap(), [1; 8 * SECTOR]);
            disk.power_loss().content("a").unwrap() != [1; 8 * SECTOR]
        });
        assert!(lost.count() > 40);
    }

    #[test]
    fn space_ends_in_the_middle_of_a_write() {
        let disk = SimDisk::new(1);
        disk.set_space(Some(700));
        let file = disk.create("a").unwrap();
        let error = file.write_at(&[1; 1000], 0).unwrap_err();
        assert_eq!((error.kind(), disk.used()), (io::ErrorKind::StorageFull, 700));
        file.write_at(&[2; 700], 0).unwrap();
    }

    #[test]
    fn the_machine_stops_within_a_call_and_stays_so() {
        let disk = SimDisk::new(1);
        disk.stop_after(2);
        let file = disk.create("a").unwrap();
        file.write_at(&[1; 10], 0).unwrap();
        assert!(file.write_at(&[2; 10], 0).is_err());
        assert!(disk.list().is_err());
        assert!(disk.power_loss().list().is_ok());
    }
}
