//! The log's writing end: one batch, one write, one flush.
//!
//! What makes a reply true is that [`Log::commit`] returned. A failed flush is never tried again: nobody knows then what
//! the disk has, and the kernel may have dropped what it could not write (`G14`). A write that found no room is: nothing
//! was answered (`G13`).

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bessemer_core::fact::Fact;
use bessemer_core::query::LogFigures;
use bessemer_core::{Boot, Facts, Now, Span, Wall};
use bytes::Bytes;

use super::batch::{Batch, Seal, Sealed, TERMINATOR};
use super::bug::{Bug, planted};
use super::clean::Cleaner;
use super::cold::Cold;
use super::disk::{Disk, DiskFile};
use super::flusher::Flusher;
use super::janitor::{Janitor, SPARES_MIN, Spare, fill};
use super::segment::{self, Header, StoreId, VERSION, file_name};
use super::space::is_no_room;
use super::table::{Live, Segment, Table};
use super::texts::Texts;
use crate::engine::Fatal;

/// A log of so many segments is never cleaned.
const SEGMENTS_MIN: u64 = 4;

/// How a log is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogOptions {
    pub(super) segment_bytes: u64,
    pub(super) tail_bytes: usize,
    /// A segment that was written to within this time is given up only when all that it says has been told again.
    pub(super) young: Duration,
}

/// The log, being written.
#[derive(Debug)]
pub(super) struct Log<D: Disk> {
    disk: D,
    pub(super) store: StoreId,
    options: LogOptions,
    batch: Batch,
    /// Texts in `batch` that are still needed.
    batch_live: Live,
    active: Active<D::File>,
    pub(super) table: Table,
    /// Segments out of the table; the next batch will say so.
    given_up: Vec<u64>,
    /// Segments whose files may go when the log is durable up to a position.
    leaving: VecDeque<(u64, Vec<u64>)>,
    /// See [`Log::be_frugal`].
    is_frugal: bool,
    /// Flushes in relaxed mode; in strict mode we do, before a reply leaves.
    flusher: Option<Flusher<D::File>>,
    pub(super) texts: Texts<D>,
    pub(super) cleaner: Cleaner,
    janitor: Janitor<D>,
}

/// Those who work for the log.
#[derive(Debug)]
pub(super) struct Helpers<D: Disk> {
    pub(super) janitor: Janitor<D>,
    pub(super) cold: Cold<D>,
    /// Only in relaxed mode.
    pub(super) flusher: Option<Flusher<D::File>>,
}

/// The segment that is being written.
#[derive(Debug)]
pub(super) struct Active<F> {
    /// See [`Header::version`].
    pub(super) version: u32,
    pub(super) number: u64,
    pub(super) file: Arc<F>,
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
        helpers: Helpers<D>,
    ) -> Self {
        let position = table.last().map_or(0, |segment| segment.end);
        let mut flusher = helpers.flusher;
        if let Some(flusher) = &mut flusher {
            flusher.begin_at(position);
        }
        Self {
            store,
            options,
            batch: Batch::new(position),
            batch_live: Live::default(),
            active,
            table,
            given_up: Vec::new(),
            leaving: VecDeque::new(),
            is_frugal: false,
            flusher,
            texts: Texts::new(disk.clone(), store, options.tail_bytes, helpers.cold),
            cleaner: Cleaner::default(),
            janitor: helpers.janitor,
            disk,
        }
    }

    /// Begins the log of a new store: its first segment, with an empty batch in it.
    pub(super) fn create(
        disk: D,
        store: StoreId,
        options: LogOptions,
        now: Wall,
        helpers: Helpers<D>,
        spare: String,
    ) -> Result<Self, Fatal> {
        let failed = |source| Fatal { action: "prepare", path: disk.path(&spare), offset: 0, source };
        let file = fill(&disk, &spare, options.segment_bytes, || false).map_err(failed)?;
        let file = file.expect("nobody stops this one");
        let header = Header::new(store, 1, 0);
        let seal = Seal { seed: store.seed(1), wall: now, oldest: 1, durable: 0 };
        let sealed = Batch::new(0).seal(seal);
        let full = failed(io::ErrorKind::StorageFull.into());
        let spare = Spare { name: spare, file, len: options.segment_bytes };
        let active = begin(&disk, spare, header, &sealed)?.ok_or(full)?;
        let mut table = Table::default();
        table.add(1, 0, options.segment_bytes);
        table.grow(sealed.len(), now);
        Ok(Self::resume(disk, store, options, active, table, helpers))
    }

    /// While the disk is full, what is freed is given back and not kept for later (`G13`): else it might never be
    /// roomy again.
    pub(super) fn be_frugal(&mut self, frugal: bool) -> Result<(), Fatal> {
        if std::mem::replace(&mut self.is_frugal, frugal) == frugal || !frugal {
            return Ok(());
        }
        self.janitor.keep(SPARES_MIN)
    }

    /// Up to where it is written.
    pub(super) fn end(&self) -> u64 {
        self.batch.position()
    }

    /// Bytes taken down and not yet committed; 0 when there is nothing to commit.
    pub(super) fn pending(&self) -> usize {
        if self.batch.is_empty() { 0 } else { self.batch.len() }
    }

    /// Makes all that was taken down durable, or in relaxed mode writes it; also that segments are given up, which on a full
    /// disk is all that happens when its last job is done (`G13`). `restate` is called when a new segment
    /// begins, and tells again what must not be lost with the segments before; then they may go, but for what somebody
    /// still waits to have read, from the log position `pinned` on: a job that was handed out may have ended by now.
    ///
    /// False: there is no room on the disk. All is as it was, but for those who may go, and has to be tried again.
    pub(super) fn commit(
        &mut self,
        now: Now,
        pinned: Option<u64>,
        restate: impl FnOnce(&mut Self),
    ) -> Result<bool, Fatal> {
        if self.batch.is_empty() && self.given_up.is_empty() {
            return Ok(true);
        }
        let (fits, says_nothing) = (self.fits(), self.batch.is_empty());
        let mut sealed = if fits { self.append(now.wall)? } else { None };
        // A segment that was not prepared may find no room to grow where one that was is ready.
        if sealed.is_none() && (!fits || self.janitor.has_spare()?) {
            let mark = self.batch.mark();
            if !planted(Bug::ForgetToRestate) {
                restate(self);
            }
            self.give_up(pinned, |_| true);
            sealed = self.roll(now.wall)?;
            if sealed.is_none() {
                self.batch.rewind(mark);
            }
        }
        // What has nothing to say can wait.
        let Some(sealed) = sealed else { return Ok(says_nothing) };
        self.wrote(now.boot)?;
        self.table.grow(sealed.len(), now.wall);
        self.table.keep(sealed.position, std::mem::take(&mut self.batch_live));
        self.texts.written(sealed.position, sealed.batch());
        if !self.given_up.is_empty() {
            self.leaving.push_back((self.end(), std::mem::take(&mut self.given_up)));
        }
        self.let_go()?;
        self.janitor.order(self.active.end > self.options.segment_bytes / 2)?;
        Ok(true)
    }

    /// Whether the batch fits into the segment that is being written.
    fn fits(&self) -> bool {
        let len = (self.batch.len() + TERMINATOR.len()) as u64;
        self.active.end + len <= self.options.segment_bytes && self.active.version == VERSION
    }

    /// The last thing that is written on purpose: an empty batch behind all others. Damage to a batch that has none behind it
    /// passes for a torn tail, so what was acknowledged gets one (`G15`). Without room the log ends without.
    pub(super) fn conclude(&mut self) -> Result<(), Fatal> {
        self.flush()?;
        let wall = self.table.last().map_or(Wall(0), |last| last.youngest);
        if !self.batch.is_empty() || !self.fits() {
            return Ok(());
        }
        let Some(sealed) = self.append(wall)? else { return Ok(()) };
        self.table.grow(sealed.len(), wall);
        if self.flusher.is_some() {
            self.active.file.sync_data().map_err(|error| self.unflushed(error))?;
        }
        Ok(())
    }

    /// Writes the batch behind the last one. `None`: there is no room. What was written of it stands behind the end of
    /// the log, like a torn tail, and is written over.
    fn append(&mut self, now: Wall) -> Result<Option<Sealed>, Fatal> {
        let number = self.active.number;
        let sealed = self.seal(number, now);
        let failed = |action| {
            let (path, offset) = (self.disk.path(&file_name(number)), self.active.end);
            move |source: io::Error| Fatal { action, path, offset, source }
        };
        match self.active.file.write_at(sealed.to_write(), self.active.end) {
            Ok(()) => {}
            Err(error) if is_no_room(&error) => {
                self.batch.reopen(&sealed);
                return Ok(None);
            }
            Err(error) => return Err(failed("write")(error)),
        }
        if self.flusher.is_none() {
            self.active.file.sync_data().map_err(failed("flush"))?;
        }
        self.active.end += sealed.len();
        Ok(Some(sealed))
    }

    /// Begins the next segment with the batch. `None`: there is no room for it.
    fn roll(&mut self, now: Wall) -> Result<Option<Sealed>, Fatal> {
        let number = self.active.number + 1;
        let header = Header::new(self.store, number, self.batch.position());
        // Only the last segment may lack anything.
        self.flush()?;
        let Some(spare) = self.janitor.spare()? else { return Ok(None) };
        let sealed = self.seal(number, now);
        let (name, len) = (spare.name.clone(), spare.len);
        let Some(active) = begin(&self.disk, spare, header, &sealed)? else {
            self.batch.reopen(&sealed);
            // One that has its size is a spare again; what the others took is given back.
            self.janitor.discard([name])?;
            return Ok(None);
        };
        self.active = active;
        self.table.add(number, header.first, len);
        if let Some(flusher) = &mut self.flusher {
            flusher.begin_at(self.batch.position());
        }
        Ok(Some(sealed))
    }

    fn seal(&mut self, segment: u64, now: Wall) -> Sealed {
        let oldest = self.table.oldest().expect("there is a segment");
        let durable = if planted(Bug::ClaimDurable) { self.end() } else { self.durable() };
        self.batch.seal(Seal { seed: self.store.seed(segment), wall: now, oldest, durable })
    }

    /// Up to where the log is durable.
    fn durable(&self) -> u64 {
        self.flusher.as_ref().map_or(self.end(), Flusher::durable)
    }

    /// A batch was written; in relaxed mode it is flushed soon.
    fn wrote(&mut self, now: Boot) -> Result<(), Fatal> {
        let end = self.end();
        match &mut self.flusher {
            Some(flusher) if flusher.durable() < end => {
                flusher.wrote(now, &self.active.file, end).map_err(|error| self.unflushed(error))
            }
            _ => Ok(()),
        }
    }

    /// To be called in every turn: what is due in relaxed mode is done, and what failed is told.
    pub(super) fn keep_up(&mut self, now: Boot) -> Result<(), Fatal> {
        let Some(flusher) = &mut self.flusher else { return Ok(()) };
        flusher.keep_up(now).map_err(|error| self.unflushed(error))?;
        self.let_go()
    }

    /// Makes all that was written durable.
    pub(super) fn flush(&mut self) -> Result<(), Fatal> {
        let Some(flusher) = &mut self.flusher else { return Ok(()) };
        flusher.flush().map_err(|error| self.unflushed(error))
    }

    fn unflushed(&self, source: io::Error) -> Fatal {
        let first = self.table.last().map_or(0, |segment| segment.first);
        let offset = segment::HEADER_LEN as u64 + self.durable().saturating_sub(first);
        Fatal { action: "flush", path: self.disk.path(&file_name(self.active.number)), offset, source }
    }

    /// When [`Log::keep_up`] is due, in relaxed mode.
    pub(super) fn next_due(&self) -> Option<Boot> {
        self.flusher.as_ref().and_then(Flusher::next_due)
    }

    /// Gives the files of segments away whose end is durable.
    fn let_go(&mut self) -> Result<(), Fatal> {
        let durable = if planted(Bug::DiscardUnflushed) { u64::MAX } else { self.durable() };
        while self.leaving.front().is_some_and(|(end, _)| *end <= durable) {
            let (_, segments) = self.leaving.pop_front().expect("it is there");
            let room = self.table.room_to_grow(self.min_bytes());
            if !self.is_frugal {
                self.janitor.keep(SPARES_MIN + (room / self.options.segment_bytes) as usize)?;
            }
            self.janitor.discard(segments.into_iter().map(file_name))?;
            self.texts.forget(&self.table);
        }
        Ok(())
    }

    /// The text at `span`, which is committed, if it is in memory.
    pub(super) fn text(&self, span: Span) -> Result<Option<Bytes>, Fatal> {
        self.texts.text(&self.table, span)
    }

    /// Sees to it that a text which is not in memory will be.
    pub(super) fn ask(&mut self, span: Span) {
        self.texts.ask(&self.table, span);
    }

    /// Whether the log still has what is at `span`; of a text that lives it has.
    pub(super) fn is_kept(&self, span: Span) -> bool {
        self.table.find(span.at).is_some()
    }

    /// Whether a text is in the batch that is not committed yet: after the commit it is in memory.
    pub(super) fn is_under_way(&self, span: Span) -> bool {
        span.at >= self.batch.position()
    }

    /// The turn is over. Gives up old segments in which nothing lives; `pinned`: see [`Log::commit`].
    pub(super) fn end_turn(&mut self, now: Wall, pinned: Option<u64>) {
        let young = self.options.young;
        self.give_up(pinned, |segment| segment.is_old(now, young));
        self.texts.end_turn();
    }

    fn give_up(&mut self, pinned: Option<u64>, may: impl Fn(&Segment) -> bool) {
        let pinned = [pinned, self.texts.first_asked()].into_iter().flatten().min();
        while let Some(number) = self.table.give_up(pinned, &may) {
            self.cleaner.gave_up(number);
            self.given_up.push(number);
        }
        if planted(Bug::DiscardAtOnce) {
            self.janitor.discard(self.given_up.drain(..).map(file_name)).expect("a bug, planted");
        }
    }

    /// What an operator sees of it.
    pub(super) fn figures(&self) -> LogFigures {
        let (Self { table, cleaner, .. }, spares) = (self, self.janitor.ready());
        LogFigures {
            segments: table.len() as u64,
            spares,
            bytes: table.bytes(),
            live_bytes: table.live_bytes(),
            disk_bytes: table.file_bytes() + spares * self.options.segment_bytes,
            given_up: cleaner.given_up,
            cleaned: cleaner.cleaned,
            cleaned_bytes: cleaner.bytes,
            cleaned_at: cleaner.last,
        }
    }

    /// How long the log may be in any case.
    pub(super) fn min_bytes(&self) -> u64 {
        SEGMENTS_MIN * self.options.segment_bytes
    }

    /// After recovery: a text at `span` lives.
    pub(super) fn keep(&mut self, span: Span) {
        let mut live = Live::default();
        live.add(span.len);
        self.table.keep(span.at, live);
    }

    /// Sees to the reserve (`G13`).
    pub(super) fn reserve(&mut self) -> Result<(), Fatal> {
        self.janitor.order(false)
    }

    /// Takes files that recovery found to be left over.
    pub(super) fn discard(&mut self, names: impl IntoIterator<Item = String>) -> Result<(), Fatal> {
        self.janitor.discard(names)
    }
}

impl<D: Disk> Facts for Log<D> {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        if planted(Bug::ForgetTheRemoval) && matches!(fact, Fact::Keep { value: None, .. }) {
            return Span::default();
        }
        let span = self.batch.push(fact);
        if planted(Bug::FreeTheRecords) && matches!(fact, Fact::Keep { .. }) {
            return Span::default();
        }
        if fact.has_place() {
            self.batch_live.add(span.len);
        }
        span
    }

    fn release(&mut self, span: Span) {
        if planted(Bug::FreeTheRecords) && span == Span::default() {
            return;
        }
        if self.is_under_way(span) {
            self.batch_live.remove(span.len);
        } else {
            self.table.release(span);
        }
    }
}

/// Turns a spare into a segment with its first batch. Its final name comes last and only from here: under it there
/// is always a whole segment, and nobody prepares a file that is already one. `None`: there is no room for it.
fn begin<D: Disk>(
    disk: &D,
    spare: Spare<D::File>,
    header: Header,
    batch: &Sealed,
) -> Result<Option<Active<D::File>>, Fatal> {
    let failed = |action, name: &str, offset| {
        let path = disk.path(name);
        move |source: io::Error| Fatal { action, path, offset, source }
    };
    let (name, at) = (file_name(header.number), segment::HEADER_LEN as u64);
    let Spare { name: spare, file, .. } = spare;
    for (bytes, at) in [(&header.encode()[..], 0), (batch.to_write(), at)] {
        match file.write_at(bytes, at) {
            Ok(()) => {}
            Err(error) if is_no_room(&error) => return Ok(None),
            Err(error) => return Err(failed("write", &spare, at)(error)),
        }
    }
    file.sync_data().map_err(failed("flush", &spare, 0))?;
    match disk.rename(&spare, &name) {
        Ok(()) => {}
        Err(error) if is_no_room(&error) => return Ok(None),
        Err(error) => return Err(failed("name", &name, 0)(error)),
    }
    disk.sync_dir().map_err(failed("flush the directory of", &name, 0))?;
    let end = at + batch.len();
    Ok(Some(Active { version: header.version, number: header.number, file: Arc::new(file), end }))
}
