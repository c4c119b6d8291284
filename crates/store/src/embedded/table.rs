//! The table of segments: which part of the log is where, and what still lives in it.

use std::collections::VecDeque;
use std::time::Duration;

use bessemer_core::{Span, Wall};

use super::batch::TERMINATOR;
use super::bug::{Bug, planted};
use super::cold::Place;
use super::disk::Disk;
use super::segment::HEADER_LEN;
use super::shelf::Shelf;

/// One segment that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// The log position of its first batch.
    pub(super) first: u64,
    /// The log position behind its last batch.
    pub(super) end: u64,
    /// What its file takes.
    file_bytes: u64,
    /// Texts in it that are still needed.
    pub(super) live: u64,
    /// When its last batch was written.
    pub(super) youngest: Wall,
}

impl Segment {
    /// Where a log position in it is on the disk.
    pub(super) fn place(&self, at: u64) -> Place {
        Place::new(at, self.number, self.first)
    }

    /// One from the future is old too: a clock that ran ahead for a while must not keep the log for ever.
    pub(super) fn is_old(&self, now: Wall, young: Duration) -> bool {
        now.since(self.youngest).max(self.youngest.since(now)) > young
    }
}

/// About what a record takes beside its text; for estimating what cleaning would have to write.
const RECORD_BYTES: u64 = 96;

/// The log may be this many times as long as what lives in it. More saves writing, less saves space: cleaning writes
/// at most half a byte for each byte that comes in (one part in k - 1).
const LENGTH_PER_LIVE: u64 = 3;

/// All of them, oldest first, without gaps. The last one is being written.
#[derive(Debug, Default)]
pub(super) struct Table {
    segments: VecDeque<Segment>,
    /// Readers know of the segments up to this number, from this one on.
    told: Option<(u64, u64)>,
    /// Texts that are still needed, and their bytes.
    live: Live,
    /// What the files of all take.
    file_bytes: u64,
}

/// Texts, and how long they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Live {
    pub(super) texts: u64,
    pub(super) bytes: u64,
}

impl Live {
    pub(super) fn add(&mut self, text: u32) {
        self.texts += 1;
        self.bytes += u64::from(text);
    }

    pub(super) fn remove(&mut self, text: u32) {
        self.texts = self.texts.checked_sub(1).expect("a text is released once");
        self.bytes -= u64::from(text);
    }
}

impl Table {
    /// Adds an empty segment behind the last, in a file that takes `file_bytes` as yet.
    pub(super) fn add(&mut self, number: u64, first: u64, file_bytes: u64) {
        debug_assert!(self.segments.back().is_none_or(|last| (last.number + 1, last.end) == (number, first)));
        let (end, live, youngest) = (first, 0, Wall(i64::MIN));
        self.segments.push_back(Segment { number, first, end, file_bytes, live, youngest });
        self.file_bytes += file_bytes;
    }

    /// The last segment grew by a batch.
    pub(super) fn grow(&mut self, len: u64, wall: Wall) {
        let last = self.segments.back_mut().expect("a batch is written into a segment");
        last.end += len;
        // A file that was not prepared grows, with what marks the end.
        let around = (HEADER_LEN + TERMINATOR.len()) as u64;
        let grown = (around + last.end - last.first).saturating_sub(last.file_bytes);
        last.file_bytes += grown;
        self.file_bytes += grown;
        last.youngest = last.youngest.max(wall);
    }

    /// The segment that holds a log position.
    pub(super) fn find(&self, at: u64) -> Option<&Segment> {
        let behind = self.segments.partition_point(|segment| segment.first <= at);
        self.segments.get(behind.checked_sub(1)?).filter(|segment| at < segment.end)
    }

    fn find_mut(&mut self, at: u64) -> Option<&mut Segment> {
        let behind = self.segments.partition_point(|segment| segment.first <= at);
        self.segments.get_mut(behind.checked_sub(1)?).filter(|segment| at < segment.end)
    }

    /// There are texts in the segment that holds a log position.
    pub(super) fn keep(&mut self, at: u64, live: Live) {
        self.find_mut(at).expect("a live text lies in a segment").live += live.texts;
        self.live.texts += live.texts;
        self.live.bytes += live.bytes;
    }

    /// The text at `span` is no longer needed.
    pub(super) fn release(&mut self, span: Span) {
        let segment = self.find_mut(span.at).expect("a live text lies in a segment");
        segment.live = segment.live.checked_sub(1).expect("a text is released once");
        self.live.remove(span.len);
    }

    /// Takes the oldest segment out if it `may` go, nothing lives in it, and nobody reads from `pinned` on. Before its
    /// file goes, a batch that names [`Table::oldest`] has to be durable.
    pub(super) fn give_up(&mut self, pinned: Option<u64>, may: impl Fn(&Segment) -> bool) -> Option<u64> {
        let first = self.segments.front().filter(|_| self.segments.len() > 1)?;
        let empty = first.live == 0 || planted(Bug::FreeTheLiving);
        if !(empty && may(first) && pinned.is_none_or(|pinned| first.end <= pinned)) {
            return None;
        }
        let Segment { number, file_bytes, .. } = *first;
        self.segments.pop_front();
        self.file_bytes -= file_bytes;
        Some(number)
    }

    /// Whether old segments are to be cleaned: the log is longer than `min`, and than what lives in it allows.
    pub(super) fn is_too_long(&self, min: u64) -> bool {
        self.bytes() > self.bytes_allowed(min)
    }

    /// How long the log may be: `min`, or more if more lives in it.
    fn bytes_allowed(&self, min: u64) -> u64 {
        min.max(LENGTH_PER_LIVE * self.live_bytes())
    }

    /// About what telling all that lives would take.
    pub(super) fn live_bytes(&self) -> u64 {
        self.live.bytes + self.live.texts * RECORD_BYTES
    }

    /// What the files of its segments take.
    pub(super) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// How much longer the log is going to be before it is cleaned as much as it is now. Jobs that stand together are
    /// told again at twice the pace of what comes in, and until the last of them is, nothing goes: so it grows by half
    /// of what lives beyond what is allowed.
    pub(super) fn room_to_grow(&self, min: u64) -> u64 {
        let allowed = self.bytes_allowed(min);
        (allowed + allowed / (2 * LENGTH_PER_LIVE)).saturating_sub(self.bytes())
    }

    /// The length of the log, in bytes of batches.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.back().map_or(0, |last| last.end) - self.segments.front().map_or(0, |first| first.first)
    }

    /// The oldest segment, unless it is being written.
    pub(super) fn first(&self) -> Option<&Segment> {
        self.segments.front().filter(|_| self.segments.len() > 1)
    }

    /// The number of the oldest segment that is needed.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.segments.front().map(|segment| segment.number)
    }

    /// Tells readers which segments there are, where that has changed.
    pub(super) fn tell<D: Disk>(&mut self, shelf: &Shelf<D>) {
        let there = self.oldest().zip(self.segments.back().map(|last| last.number));
        if self.told != there && shelf.tell(self) {
            self.told = there;
        }
    }

    /// All, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter()
    }

    /// The segment that is being written.
    pub(super) fn last(&self) -> Option<&Segment> {
        self.segments.back()
    }

    pub(super) fn len(&self) -> usize {
        self.segments.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YOUNG: Duration = Duration::from_micros(10);

    fn three() -> Table {
        let mut table = Table::default();
        for number in 1..=3 {
            table.add(number, (number - 1) * 100, 500);
            table.grow(60, Wall(number as i64));
            table.grow(40, Wall(number as i64));
        }
        table
    }

    fn live(table: &mut Table, at: u64, len: u32) -> Span {
        table.keep(at, Live { texts: 1, bytes: len.into() });
        Span { at, len }
    }

    fn give_up(table: &mut Table, now: i64) -> Vec<u64> {
        std::iter::from_fn(|| table.give_up(None, |s| s.is_old(Wall(now), YOUNG))).collect()
    }

    #[test]
    fn a_position_is_found_where_it_was_written() {
        let table = three();
        for (at, number) in [(0, 1), (99, 1), (100, 2), (199, 2), (200, 3), (299, 3)] {
            assert_eq!(table.find(at).map(|segment| segment.number), Some(number), "{at}");
        }
        assert_eq!(table.find(300), None);
    }

    #[test]
    fn a_segment_from_the_future_is_no_burden_for_ever() {
        let mut table = three();
        table.grow(10, Wall(1_000_000));
        table.add(4, 310, 0);
        table.grow(10, Wall(20));
        assert_eq!(give_up(&mut table, 20), [1, 2, 3]);
    }

    #[test]
    fn only_the_oldest_go_and_only_when_empty_and_old() {
        let mut table = three();
        let span = live(&mut table, 150, 1);
        assert_eq!(give_up(&mut table, 11), [0; 0]);
        assert_eq!(give_up(&mut table, 12), [1]);
        assert_eq!(give_up(&mut table, 100), [0; 0]);
        table.release(span);
        assert_eq!(give_up(&mut table, 100), [2]);
        assert_eq!((table.oldest(), table.len()), (Some(3), 1));
        assert_eq!(table.find(150), None);
    }

    #[test]
    fn how_long_the_log_may_be_depends_on_what_lives_in_it() {
        let mut table = three();
        live(&mut table, 150, 3);
        live(&mut table, 250, 0);
        assert!(!table.is_too_long(0), "two texts of 99 bytes in all and their records: 195 by 3");
        assert_eq!((table.room_to_grow(0), table.room_to_grow(1_200)), (3 * 195 + 97 - 300, 1_400 - 300));
        table.grow(3 * 195 - 300, Wall(3));
        assert!(!table.is_too_long(0));
        table.grow(1, Wall(3));
        assert!(table.is_too_long(0) && !table.is_too_long(1000));
    }

    #[test]
    fn what_somebody_still_reads_is_kept() {
        let mut table = three();
        assert_eq!(table.give_up(Some(99), |_| true), None);
        assert_eq!(table.give_up(Some(100), |_| true), Some(1));
    }
}
