//! Texts read in bulk, on the thread of whoever asks: what searches stand on. The engine's thread has no part in it but
//! to say which segments there are.
//!
//! Nothing is held back for such a reader: while it reads, a job may end, its text may be told again elsewhere, and the
//! file may become another segment's. The checksum of a text depends on its place in the log, so what is no longer there
//! is found missing and never taken for something else. Who needs it all the same asks the engine for the job.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bessemer_core::Span;

use super::disk::{Disk, DiskFile};
use super::record::{TEXT_CRC_LEN, text_crc};
use super::segment::{HEADER_LEN, file_name};
use super::table::Table;
use crate::engine::Tell;

/// Bytes that are read at once; a longer text is read alone. Few: a kernel may let nobody else come before they are copied.
const READ_MAX: u64 = 64 << 10;

/// What lies between two texts is read with them up to this length: a second read would cost more.
const GAP_MAX: u64 = 8 << 10;

/// A segment: its number, and the log position of its first batch.
type Segment = (u64, u64);

/// The way of readers to the log.
#[derive(Debug)]
pub(super) struct Shelf<D> {
    /// Held for as long as a clone takes, on both sides.
    place: Mutex<(D, Arc<[Segment]>)>,
}

/// A [`Shelf`] on any disk.
pub(super) trait Texts: std::fmt::Debug + Send + Sync {
    /// Tells each text by its number in `spans`, in the order of the log; `None`: it is not there.
    fn read(&self, spans: &[Span], tell: Tell<'_>);
}

impl<D: Disk> Shelf<D> {
    pub(super) fn new(disk: D, table: &Table) -> Self {
        Self { place: Mutex::new((disk, segments(table))) }
    }

    /// The table has changed; `false`: somebody looks at it just now, and it is to be told again.
    pub(super) fn tell(&self, table: &Table) -> bool {
        self.place.try_lock().is_ok_and(|mut place| {
            place.1 = segments(table);
            true
        })
    }
}

fn segments(table: &Table) -> Arc<[Segment]> {
    table.iter().map(|segment| (segment.number, segment.first)).collect()
}

impl<D: Disk> Texts for Shelf<D> {
    fn read(&self, spans: &[Span], tell: Tell<'_>) {
        let (disk, segments) = self.place.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_unstable_by_key(|at| spans[*at].at);
        let mut rest = &order[..];
        let (mut open, mut part) = (None, Vec::new());
        while let Some(first) = rest.first() {
            let behind = segments.partition_point(|(_, first_at)| *first_at <= spans[*first].at);
            let segment = behind.checked_sub(1).map(|at| segments[at]);
            let limit = segments.get(behind).map_or(u64::MAX, |(_, next)| *next);
            let (from, (run, to)) = (spans[*first].at, run(spans, rest, limit));
            let is_there =
                segment.is_some_and(|segment| read(&disk, &mut open, segment, from..to, &mut part));
            for at in &rest[..run] {
                tell(*at, if is_there { text(&part, from, spans[*at]) } else { None });
            }
            rest = &rest[run..];
            // On a machine with few processors the engine's thread may wait for this one.
            std::thread::yield_now();
        }
    }
}

/// Behind a text with its checksum.
fn end(span: Span) -> u64 {
    span.at.saturating_add(u64::from(span.len) + TEXT_CRC_LEN as u64)
}

/// How many of the texts, which are in the order of the log, are read at once, and up to where; `limit`: where the next
/// segment begins.
fn run(spans: &[Span], order: &[usize], limit: u64) -> (usize, u64) {
    let from = spans[order[0]].at;
    let mut to = end(spans[order[0]]);
    let mut count = 1;
    for at in &order[1..] {
        let span = spans[*at];
        if span.at >= limit || span.at > to + GAP_MAX || end(span) > from + READ_MAX {
            break;
        }
        to = to.max(end(span));
        count += 1;
    }
    (count, to)
}

/// Whether a part of the log is there, and then it is in `part`.
fn read<D: Disk>(
    disk: &D,
    open: &mut Option<(u64, D::File)>,
    (number, first): Segment,
    place: Range<u64>,
    part: &mut Vec<u8>,
) -> bool {
    let Ok(len) = usize::try_from(place.end - place.start) else { return false };
    part.resize(len, 0);
    let mut read = || {
        if open.as_ref().is_none_or(|(opened, _)| *opened != number) {
            *open = Some((number, disk.open(&file_name(number))?));
        }
        let (_, file) = open.as_ref().expect("it has just been opened");
        file.read_at(part, HEADER_LEN as u64 + place.start - first)
    };
    match read() {
        Ok(()) => true,
        Err(error) => {
            if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) {
                tracing::warn!(%error, path = disk.path(&file_name(number)), "failed to read the log for a search");
            }
            false
        }
    }
}

/// A text out of a part that begins at the log position `from`, if it is what was written there.
fn text(part: &[u8], from: u64, span: Span) -> Option<&[u8]> {
    let at = usize::try_from(span.at - from).ok()?;
    let text_end = at.checked_add(span.len as usize)?;
    let crc = part.get(text_end..text_end + TEXT_CRC_LEN)?;
    let text = &part[at..text_end];
    (crc == text_crc(span.at, text).to_le_bytes()).then_some(text)
}
