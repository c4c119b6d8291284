//! The log's writing end: one batch, one write, one flush.
//!
//! What makes a reply true is that [`Log::commit`] returned. It never retries: after a failed flush nobody knows what
//! the disk has, and the kernel may have dropped what it could not write (`G14`).

use std::io;
use std::time::Duration;

use bessemer_core::fact::Fact;
use bessemer_core::{Facts, Span, Wall};
use bytes::Bytes;

use super::batch::{Batch, Seal};
use super::bug::{Bug, planted};
use super::disk::{Disk, DiskFile};
use super::janitor::{Janitor, Spare, fill};
use super::segment::{self, Header, StoreId, file_name};
use super::table::Table;
use super::texts::Texts;
use crate::engine::Fatal;

/// How a log is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogOptions {
    pub(super) segment_bytes: u64,
    pub(super) tail_bytes: usize,
    /// A segment that was written to within this time is kept even when nothing lives in it.
    pub(super) young: Duration,
}

/// The log, being written.
#[derive(Debug)]
pub(super) struct Log<D: Disk> {
    disk: D,
    store: StoreId,
    options: LogOptions,
    batch: Batch,
    /// Bodies in `batch` that are still needed.
    batch_live: u64,
    active: Active<D::File>,
    table: Table,
    /// Segments out of the table whose files are to go when the next batch, which says so, is durable.
    given_up: Vec<u64>,
    texts: Texts<D>,
    janitor: Janitor<D>,
}

/// The segment that is being written.
#[derive(Debug)]
pub(super) struct Active<F> {
    pub(super) number: u64,
    pub(super) file: F,
    /// Where the next batch goes in the file.
    pub(super) end: u64,
}

impl<D: Disk> Log<D> {
    /// Goes on where recovery ended.
    pub(super) fn resume(
        disk: D,
        store: StoreId,
        options: LogOptions,
        active: Active<D::File>,
        table: Table,
        janitor: Janitor<D>,
    ) -> Self {
        let position = table.last().map_or(0, |segment| segment.end);
        Self {
            store,
            options,
            batch: Batch::new(position),
            batch_live: 0,
            active,
            table,
            given_up: Vec::new(),
            texts: Texts::new(disk.clone(), options.tail_bytes),
            janitor,
            disk,
        }
    }

    /// Begins the log of a new store: its first segment, with an empty batch in it.
    pub(super) fn create(
        disk: D,
        store: StoreId,
        options: LogOptions,
        now: Wall,
        janitor: Janitor<D>,
        spare: String,
    ) -> Result<Self, Fatal> {
        let failed = |source| Fatal { action: "prepare", path: disk.path(&spare), offset: 0, source };
        let file = fill(&disk, &spare, options.segment_bytes, || false).map_err(failed)?;
        let file = file.expect("nobody stops this one");
        let header = Header { store, number: 1, first: 0 };
        let seal = Seal { seed: store.seed(1), wall: now, oldest: 1 };
        let bytes = Batch::new(0).seal(seal);
        let active = begin(&disk, Spare { name: spare, file }, header, &bytes)?;
        let mut table = Table::default();
        table.add(1, 0);
        table.grow(bytes.len() as u64, now);
        Ok(Self::resume(disk, store, options, active, table, janitor))
    }

    /// Bytes taken down and not yet committed; 0 when there is nothing to commit.
    pub(super) fn pending(&self) -> usize {
        if self.batch.is_empty() { 0 } else { self.batch.len() }
    }

    /// Makes all that was taken down durable. `restate` is called when a new segment begins, and tells again what
    /// must not be lost with the segments before.
    pub(super) fn commit(&mut self, now: Wall, restate: impl FnOnce(&mut Self)) -> Result<(), Fatal> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let position = self.batch.position();
        let bytes = if self.active.end + self.batch.len() as u64 <= self.options.segment_bytes {
            self.append(now)?
        } else {
            if !planted(Bug::ForgetToRestate) {
                restate(self);
            }
            self.roll(now)?
        };
        self.table.grow(bytes.len() as u64, now);
        self.table.keep(position, std::mem::take(&mut self.batch_live));
        self.texts.written(position, bytes);
        self.janitor.remove(self.given_up.drain(..).map(file_name));
        if self.active.end > self.options.segment_bytes / 2 {
            self.janitor.order();
        }
        Ok(())
    }

    /// Writes the batch behind the last one.
    fn append(&mut self, now: Wall) -> Result<Bytes, Fatal> {
        let number = self.active.number;
        let bytes = self.seal(number, now);
        let failed = |action| {
            let (path, offset) = (self.disk.path(&file_name(number)), self.active.end);
            move |source: io::Error| Fatal { action, path, offset, source }
        };
        self.active.file.write_at(&bytes, self.active.end).map_err(failed("write"))?;
        self.active.file.sync_data().map_err(failed("flush"))?;
        self.active.end += bytes.len() as u64;
        Ok(bytes)
    }

    /// Begins the next segment with the batch.
    fn roll(&mut self, now: Wall) -> Result<Bytes, Fatal> {
        let number = self.active.number + 1;
        let header = Header { store: self.store, number, first: self.batch.position() };
        let failed =
            |source| Fatal { action: "create", path: self.disk.path(&file_name(number)), offset: 0, source };
        let spare = self.janitor.spare().map_err(failed)?;
        let bytes = self.seal(number, now);
        self.active = begin(&self.disk, spare, header, &bytes)?;
        self.table.add(number, header.first);
        Ok(bytes)
    }

    fn seal(&mut self, segment: u64, now: Wall) -> Bytes {
        let oldest = self.table.oldest().expect("there is a segment");
        self.batch.seal(Seal { seed: self.store.seed(segment), wall: now, oldest })
    }

    /// The text at `span`, which must be committed.
    pub(super) fn read(&mut self, span: Span) -> Result<Bytes, Fatal> {
        self.texts.read(&self.table, span)
    }

    /// Gives up the oldest segments if nothing in them is needed. To be called when all texts that were handed out
    /// are read: a job may be fetched and end in one turn, and its body is still on its way then.
    pub(super) fn give_up(&mut self, now: Wall) {
        let given_up = self.table.give_up(now, self.options.young);
        self.texts.forget(&given_up);
        self.given_up.extend(given_up);
    }

    /// After recovery: there is a live body at `span`.
    pub(super) fn keep(&mut self, span: Span) {
        self.table.keep(span.at, 1);
    }

    /// Removes files that recovery found to be left over.
    pub(super) fn remove(&mut self, names: impl IntoIterator<Item = String>) {
        self.janitor.remove(names);
    }
}

impl<D: Disk> Facts for Log<D> {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        self.batch_live += u64::from(matches!(fact, Fact::Put { .. }));
        self.batch.push(fact)
    }

    fn release(&mut self, span: Span) {
        if span.at >= self.batch.position() {
            self.batch_live -= 1;
        } else {
            self.table.release(span.at);
        }
    }
}

/// Turns a spare into a segment with its first batch. Its final name comes last and only from here: under it there
/// is always a whole segment, and nobody prepares a file that is already one.
fn begin<D: Disk>(
    disk: &D,
    spare: Spare<D::File>,
    header: Header,
    batch: &[u8],
) -> Result<Active<D::File>, Fatal> {
    let failed = |action, name: &str, offset| {
        let path = disk.path(name);
        move |source: io::Error| Fatal { action, path, offset, source }
    };
    let (name, at) = (file_name(header.number), segment::HEADER_LEN as u64);
    let Spare { name: spare, file } = spare;
    file.write_at(&header.encode(), 0).map_err(failed("write", &spare, 0))?;
    file.write_at(batch, at).map_err(failed("write", &spare, at))?;
    file.sync_data().map_err(failed("flush", &spare, 0))?;
    disk.rename(&spare, &name).map_err(failed("name", &name, 0))?;
    disk.sync_dir().map_err(failed("flush the directory of", &name, 0))?;
    Ok(Active { number: header.number, file, end: at + batch.len() as u64 })
}
