//! Reading one segment from front to back, and telling a torn tail from damage.

use std::io;

use super::OpenError;
use super::batch::{self, TERMINATOR};
use super::bug::{Bug, planted};
use super::disk::{Disk, DiskFile};
use super::recover::Tail;
use super::segment::{self, Header, Seed, file_name};
use crate::engine::Fatal;

/// Segments are read in pieces of this size; a longer batch gets a longer piece.
const PIECE: usize = 1 << 20;

/// Bytes of a damaged batch that are looked at for names: more than the largest batch has.
const DOUBTFUL_MAX: u64 = 128 << 20;

/// Where the first batch of a segment stands in its file.
const FIRST: u64 = segment::HEADER_LEN as u64;

/// One segment that is read.
pub(super) struct Reading<'a, D: Disk> {
    pub(super) disk: &'a D,
    pub(super) header: &'a Header,
    pub(super) file: &'a D::File,
    /// The log position at which the next segment begins; `None`: this is the last.
    pub(super) next: Option<u64>,
}

/// Bytes that are cut.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Torn {
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// The part of a file that is in memory.
#[derive(Debug, Default)]
pub(super) struct Window {
    bytes: Vec<u8>,
    from: u64,
}

/// Takes a batch: its position, header and records. The error says what is wrong with the records.
pub(super) type Take<'t> = dyn FnMut(u64, &batch::Header, &[u8]) -> Result<(), &'static str> + 't;

impl<D: Disk> Reading<'_, D> {
    /// Hands every batch to `take`.
    pub(super) fn scan(&self, window: &mut Window, take: &mut Take<'_>) -> Result<Tail, OpenError> {
        self.scan_from(window, FIRST, take)
    }

    /// Hands every batch to `take`, from the one that begins at an offset of the file.
    pub(super) fn scan_from(
        &self,
        window: &mut Window,
        from: u64,
        take: &mut Take<'_>,
    ) -> Result<Tail, OpenError> {
        let seed = self.header.store.seed(self.header.number);
        let size = self.file.size().map_err(|e| self.failed(0, e))?;
        let mut tail = Tail { doubtful: from, end: from, torn: None, oldest: 0 };
        window.clear();
        while Some(self.position(tail.end)) != self.next {
            let Some((header, records)) = self.batch(window, seed, size, tail.end)? else {
                return self.bad(window, seed, size, tail);
            };
            let position = self.position(tail.end);
            if self.next.is_some_and(|next| position + u64::from(header.len) > next) {
                return Err(
                    self.damaged(tail.end, "a batch reaches beyond the beginning of the next segment")
                );
            }
            take(position, &header, records).map_err(|what| self.damaged(tail.end, what))?;
            tail.oldest = header.oldest;
            tail.doubtful = FIRST + header.durable.saturating_sub(self.header.first);
            tail.end += u64::from(header.len);
        }
        Ok(tail)
    }

    /// The batch at an offset; `None`: there is no whole one.
    fn batch<'w>(
        &self,
        window: &'w mut Window,
        seed: Seed,
        size: u64,
        offset: u64,
    ) -> Result<Option<(batch::Header, &'w [u8])>, OpenError> {
        let bytes = self.read(window, size, offset, batch::HEADER_LEN)?;
        let Some(header) = batch::Header::decode(seed, bytes) else { return Ok(None) };
        if header.position != self.position(offset) || u64::from(header.len) > size - offset {
            return Ok(None);
        }
        let bytes = &self.read(window, size, offset, header.len as usize)?[..header.len as usize];
        let records = &bytes[batch::HEADER_LEN..];
        let covers = header.covers(seed, records) || planted(Bug::TrustTheBatch);
        Ok(covers.then_some((header, records)))
    }

    /// What to make of bytes at `tail.end` that are no batch. If they are cut, so is everything behind them.
    fn bad(&self, window: &mut Window, seed: Seed, size: u64, mut tail: Tail) -> Result<Tail, OpenError> {
        let at = tail.end;
        if self.next.is_some() {
            return Err(self.damaged(at, "a batch is damaged or missing, and a later segment follows"));
        }
        if at == FIRST {
            return Err(self.damaged(at, "the first batch of the segment is damaged"));
        }
        let (mut last_used, mut forgotten) = (at, false);
        let mut offset = at;
        while offset < size {
            let bytes = self.read(window, size, offset, PIECE)?;
            // Headers that begin before `whole` are whole in this piece; the rest is looked at in the next one.
            let reaches_end = offset + bytes.len() as u64 == size;
            let whole = if reaches_end { bytes.len() } else { bytes.len() - batch::HEADER_LEN };
            if let Some(used) = last_nonzero(bytes) {
                last_used = offset + used as u64 + 1;
                // What stands at `at` itself is the bad batch, whose own header proves nothing.
                let skip = usize::from(offset == at);
                for found in magics(&bytes[..(whole + 3).min(bytes.len())], skip) {
                    let later = offset + found as u64;
                    let Some(header) = batch::Header::decode(seed, &bytes[found..]) else { continue };
                    if header.position != self.position(later) {
                        continue;
                    }
                    if header.durable > self.position(at) && !planted(Bug::CutDamage) {
                        let what = format!("a batch is damaged, and a later one follows at offset {later}");
                        return Err(self.damaged(at, &what));
                    }
                    forgotten |= !planted(Bug::LeaveForgotten);
                }
            }
            offset += whole as u64;
        }
        // A later batch without proof: both were not flushed, and the disk kept the wrong one. It must not be met again
        // behind what is written next.
        if forgotten || !self.is_end(window, size, at)? {
            tail.torn = Some(Torn { offset: at, bytes: last_used - at });
        }
        Ok(tail)
    }

    /// Whether what stands at an offset is what a writer leaves behind the last batch, or nothing at all: the file may
    /// have been another segment before, and be full of its bytes further on.
    fn is_end(&self, window: &mut Window, size: u64, offset: u64) -> Result<bool, OpenError> {
        let behind = self.read(window, size, offset, TERMINATOR.len())?;
        Ok(behind.iter().take(TERMINATOR.len()).all(|byte| *byte == 0))
    }

    /// The log position and the bytes of what would be the records of a batch at an offset, whatever has become of them,
    /// up to another offset.
    pub(super) fn doubtful(
        &self,
        window: &mut Window,
        offset: u64,
        until: Option<u64>,
    ) -> Result<(u64, Vec<u8>), OpenError> {
        let size = self.file.size().map_err(|e| self.failed(0, e))?;
        let until = until.unwrap_or(size).min(offset + DOUBTFUL_MAX);
        window.clear();
        let bytes = self.read(window, size, offset, until.saturating_sub(offset) as usize)?;
        let bytes = &bytes[..bytes.len().min(until.saturating_sub(offset) as usize)];
        Ok((self.position(offset), bytes.get(batch::HEADER_LEN..).unwrap_or_default().to_vec()))
    }

    /// Where the next batch of this segment begins behind an offset, whatever lies between.
    pub(super) fn later(&self, window: &mut Window, offset: u64) -> Result<Option<u64>, OpenError> {
        let found = self.find(window, offset + 1, &|at, header| header.position == self.position(at))?;
        Ok(found.map(|(at, _)| at))
    }

    /// The log position of the segment's beginning, as its first readable batch has it; not as its header has it.
    pub(super) fn first_position(&self, window: &mut Window) -> Result<Option<u64>, OpenError> {
        let begin = segment::HEADER_LEN as u64;
        let found = self.find(window, 0, &|at, header| at >= begin && header.position >= at - begin)?;
        Ok(found.map(|(at, header)| header.position - (at - begin)))
    }

    /// The first whole batch header from an offset on that fits.
    fn find(
        &self,
        window: &mut Window,
        mut from: u64,
        fits: &dyn Fn(u64, &batch::Header) -> bool,
    ) -> Result<Option<(u64, batch::Header)>, OpenError> {
        let seed = self.header.store.seed(self.header.number);
        let size = self.file.size().map_err(|e| self.failed(0, e))?;
        window.clear();
        while from < size {
            let bytes = self.read(window, size, from, PIECE)?;
            let reaches_end = from + bytes.len() as u64 == size;
            // A header that is cut by the end of this piece is whole in the next.
            let whole = if reaches_end { bytes.len() } else { bytes.len() - batch::HEADER_LEN };
            for found in magics(&bytes[..(whole + 3).min(bytes.len())], 0) {
                let at = from + found as u64;
                let header = batch::Header::decode(seed, &bytes[found..]).filter(|header| fits(at, header));
                if let Some(header) = header {
                    return Ok(Some((at, header)));
                }
            }
            from += whole as u64;
        }
        Ok(None)
    }

    /// At least `need` bytes from `offset` on, as far as the file has them.
    fn read<'w>(
        &self,
        window: &'w mut Window,
        size: u64,
        offset: u64,
        need: usize,
    ) -> Result<&'w [u8], OpenError> {
        let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let have =
            offset.checked_sub(window.from).and_then(|skip| window.bytes.get(usize::try_from(skip).ok()?..));
        if have.is_none_or(|have| have.len() < need.min(left)) {
            window.from = offset;
            window.bytes.resize(need.max(PIECE).min(left), 0);
            self.file.read_at(&mut window.bytes, offset).map_err(|e| self.failed(offset, e))?;
        }
        Ok(&window.bytes[(offset - window.from) as usize..])
    }

    fn position(&self, offset: u64) -> u64 {
        self.header.first + (offset - FIRST)
    }

    fn damaged(&self, offset: u64, what: &str) -> OpenError {
        OpenError::damaged(self.disk, &file_name(self.header.number), offset, what)
    }

    fn failed(&self, offset: u64, source: io::Error) -> OpenError {
        let path = self.disk.path(&file_name(self.header.number));
        OpenError::Failed(Fatal { action: "read", path, offset, source })
    }
}

impl Window {
    fn clear(&mut self) {
        self.bytes.clear();
        self.from = 0;
    }
}

/// The last byte that is not zero. Nearly all of a prepared segment is zeros at every start, so they are compared by the
/// block.
fn last_nonzero(bytes: &[u8]) -> Option<usize> {
    const ZEROS: &[u8] = &[0; 4096];
    let mut end = bytes.len();
    for block in bytes.rchunks(ZEROS.len()) {
        if block != &ZEROS[..block.len()] {
            return bytes[..end].iter().rposition(|byte| *byte != 0);
        }
        end -= block.len();
    }
    None
}

/// Where a batch might begin, from `skip` on.
fn magics(bytes: &[u8], skip: usize) -> impl Iterator<Item = usize> + '_ {
    let [first, ..] = batch::MAGIC;
    (skip..bytes.len()).filter(move |at| bytes[*at] == first && bytes[*at..].starts_with(&batch::MAGIC))
}
