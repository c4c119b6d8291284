//! Copying a store, also while it is served.
//!
//! Segments are copied oldest first, each batch after its checksum was found right, the last one up to its last whole
//! batch. What the copies hold then is the store as it was at some moment after the copying began: with everything that
//! was acknowledged before. A segment that an earlier run copied whole is not copied again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use bessemer_core::Wall;
use crc32c::crc32c_append;

use super::manifest::{self, Copy, Manifest, copy_name};
use super::source::Source;
use super::survey::{Damage, End, Sink, Survey, steady};
use super::{Progress, ToolError, Watch, failed};
use crate::embedded::OpenError;
use crate::embedded::batch;
use crate::embedded::disk::{Disk, DiskFile};
use crate::embedded::scan::Window;
use crate::embedded::segment::{self, Header, Seed};

/// Copies are written in pieces of about this size.
const PIECE: usize = 1 << 20;

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    pub segments: usize,
    /// Of the whole backup.
    pub bytes: u64,
    /// Those copied by this run.
    pub copied_segments: usize,
    pub copied_bytes: u64,
    /// The log position up to which everything is there.
    pub position: u64,
    /// When the last batch in it was written.
    pub last_written: Option<Wall>,
}

/// Brings the backup in `target` up to date, or makes the first one there. `now` is noted as the time of the backup.
/// When this fails, the backup that was there before is whole and counts.
pub fn backup<S: Disk, T: Disk>(
    source: &Source<S>,
    target: &T,
    now: Wall,
    watch: &mut Watch<'_>,
) -> Result<BackedUp, ToolError> {
    let before = Manifest::load(target)?;
    clear(target, before.as_ref())?;
    let mut run = Run {
        target,
        number: before.as_ref().map_or(0, |manifest| manifest.run) + 1,
        copies: BTreeMap::new(),
        copied: BTreeSet::new(),
        end: End::default(),
    };
    let copies = before.iter().flat_map(|manifest| manifest.copies.iter().cloned());
    run.copies = copies.map(|copy| (copy.number, copy)).collect();
    let manifest = steady(source, |survey| {
        if before.as_ref().is_some_and(|before| before.store != survey.store) {
            return Err(ToolError::OtherStore { path: target.path("") });
        }
        run.copy_all(survey, watch)?;
        let manifest = Manifest {
            store: survey.store,
            run: run.number,
            at: now,
            position: run.end.position,
            copies: run.copies.values().cloned().collect(),
        };
        Ok((manifest, true))
    })?;
    target.sync_dir().map_err(|error| failed(target, "flush", "", error))?;
    manifest.store(target)?;
    clear(target, Some(&manifest))?;
    let copied = manifest.copies.iter().filter(|copy| run.copied.contains(&copy.number));
    Ok(BackedUp {
        segments: manifest.copies.len(),
        bytes: manifest.copies.iter().map(|copy| copy.bytes).sum(),
        copied_segments: copied.clone().count(),
        copied_bytes: copied.map(|copy| copy.bytes).sum(),
        position: manifest.position,
        last_written: run.end.last_written,
    })
}

/// Removes what no manifest names: left by a run that was interrupted, or given up by this one. A directory with
/// anything else in it is not for backups.
fn clear<D: Disk>(disk: &D, manifest: Option<&Manifest>) -> Result<(), ToolError> {
    let names = disk.list().map_err(|error| failed(disk, "list", "", error))?;
    if manifest.is_none()
        && let Some(name) = names.iter().find(|name| !manifest::is_ours(name) && *name != "LOCK")
    {
        return Err(ToolError::NotEmpty { path: disk.path(""), name: name.clone() });
    }
    let is_named = |name: &String| {
        name == manifest::NAME
            || manifest.is_some_and(|manifest| manifest.copies.iter().any(|copy| copy.name == *name))
    };
    for name in names.iter().filter(|name| manifest::is_ours(name) && !is_named(name)) {
        disk.remove(name).map_err(|error| failed(disk, "remove", name, error))?;
    }
    Ok(())
}

/// One run of [`backup`].
struct Run<'t, T> {
    target: &'t T,
    number: u64,
    /// What the backup will be made of, by number.
    copies: BTreeMap<u64, Copy>,
    /// The numbers of those that this run made.
    copied: BTreeSet<u64>,
    end: End,
}

impl<T: Disk> Run<'_, T> {
    /// Copies what is not copied yet. Afterwards `copies` is the store of some moment between beginning and end.
    fn copy_all<S: Disk>(&mut self, survey: &Survey<S>, watch: &mut Watch<'_>) -> Result<(), ToolError> {
        survey.refuse_damage()?;
        self.end = End::default();
        let (of, mut done, mut oldest) = (survey.size()?, 0, 0);
        for (at, header) in survey.segments.iter().enumerate() {
            if !self.has(survey, header, survey.next(at))? {
                oldest = self.copy(survey, at, &mut |bytes| {
                    let done = done + bytes;
                    watch(Progress { done, of: of.max(done) });
                })?;
            }
            done += self.copies[&header.number].bytes;
        }
        let newest = survey.segments.last().map_or(0, |header| header.number);
        self.copies.retain(|number, _| (oldest..=newest).contains(number));
        // A server that was started meanwhile may need more than the one before.
        let is_whole = (oldest..=newest).all(|number| self.copies.contains_key(&number));
        if is_whole { Ok(()) } else { Err(survey.restless()) }
    }

    /// Whether a whole copy of this very segment is there. One of the same number may come from another history: of a
    /// store that was restored, or that lost an unacknowledged batch when the power went. Then its last batch is
    /// another, if only by the time at which it was written.
    fn has<S: Disk>(
        &self,
        survey: &Survey<S>,
        header: &Header,
        next: Option<u64>,
    ) -> Result<bool, ToolError> {
        let (Some(copy), Some(next)) = (self.copies.get(&header.number), next) else { return Ok(false) };
        if copy.first != header.first || copy.bytes != segment::HEADER_LEN as u64 + next - header.first {
            return Ok(false);
        }
        let unread = |error| failed(self.target, "read", &copy.name, error);
        let file = match self.target.open(&copy.name) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(unread(error)),
        };
        if file.size().map_err(unread)? != copy.bytes {
            return Ok(false);
        }
        let (mut ours, mut theirs) = ([0; batch::HEADER_LEN], [0; batch::HEADER_LEN]);
        file.read_at(&mut ours, copy.last).map_err(unread)?;
        survey.read_at(header, &mut theirs, copy.last)?;
        Ok(ours == theirs)
    }

    /// Copies a segment, and says which is the oldest that its last batch needs.
    fn copy<S: Disk>(
        &mut self,
        survey: &Survey<S>,
        at: usize,
        tell: &mut dyn FnMut(u64),
    ) -> Result<u64, ToolError> {
        let header = &survey.segments[at];
        let name = copy_name(header.number, self.number);
        if self.copied.remove(&header.number) {
            // It was the last one in an earlier attempt of this run, and has grown.
            self.target.remove(&name).map_err(|error| failed(self.target, "remove", &name, error))?;
        }
        let file = self.target.create(&name).map_err(|error| failed(self.target, "create", &name, error))?;
        self.copied.insert(header.number);
        let mut writer = Writer::new(file, header);
        survey.segment(at, &mut Window::default(), &mut writer, &mut self.end, tell)?;
        writer.flush();
        if let Some(error) = writer.failed {
            return Err(failed(self.target, "write", &name, error));
        }
        if let Some(Damage { path, offset, what, .. }) = self.end.damages.pop() {
            return Err(OpenError::Damaged { path, offset, what }.into());
        }
        writer.file.sync_data().map_err(|error| failed(self.target, "flush", &name, error))?;
        let Writer { written: bytes, crc, last, oldest, .. } = writer;
        self.copies.insert(
            header.number,
            Copy { number: header.number, name, first: header.first, last, bytes, crc },
        );
        Ok(oldest)
    }
}

/// Writes one copy. What it writes passed its checksum in memory just before.
struct Writer<F> {
    file: F,
    seed: Seed,
    buffer: Vec<u8>,
    written: u64,
    crc: u32,
    /// Where the last batch begins.
    last: u64,
    oldest: u64,
    failed: Option<io::Error>,
}

impl<F: DiskFile> Writer<F> {
    fn new(file: F, header: &Header) -> Self {
        let seed = header.store.seed(header.number);
        let buffer = header.encode().to_vec();
        Self { file, seed, buffer, written: 0, crc: 0, last: 0, oldest: 0, failed: None }
    }

    /// Writes what is gathered; after a failure nothing more.
    fn flush(&mut self) {
        if self.failed.is_none() {
            self.failed = self.file.write_at(&self.buffer, self.written).err();
        }
        self.crc = crc32c_append(self.crc, &self.buffer);
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
    }
}

impl<F: DiskFile> Sink for Writer<F> {
    fn batch(&mut self, _: u64, header: &batch::Header, records: &[u8]) -> Result<(), &'static str> {
        self.last = self.written + self.buffer.len() as u64;
        self.oldest = header.oldest;
        let mut bytes = [0; batch::HEADER_LEN];
        header.encode(self.seed, &mut bytes);
        self.buffer.extend_from_slice(&bytes);
        self.buffer.extend_from_slice(records);
        if self.buffer.len() >= PIECE {
            self.flush();
        }
        Ok(())
    }
}
