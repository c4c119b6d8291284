//! The table of segments: which part of the log is where, and what still lives in it.

use std::collections::VecDeque;
use std::time::Duration;

use bessemer_core::Wall;

use super::bug::{Bug, planted};

/// One segment that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// The log position of its first batch.
    pub(super) first: u64,
    /// The log position behind its last batch.
    pub(super) end: u64,
    /// Bodies in it that are still needed.
    pub(super) live: u64,
    /// When its last batch was written.
    pub(super) youngest: Wall,
}

impl Segment {
    /// One from the future is old too: a clock that ran ahead for a while must not keep the log for ever.
    fn is_old(&self, now: Wall, young: Duration) -> bool {
        now.since(self.youngest).max(self.youngest.since(now)) > young
    }
}

/// All of them, oldest first, without gaps. The last one is being written.
#[derive(Debug, Default)]
pub(super) struct Table {
    segments: VecDeque<Segment>,
}

impl Table {
    /// Adds an empty segment behind the last.
    pub(super) fn add(&mut self, number: u64, first: u64) {
        debug_assert!(self.segments.back().is_none_or(|last| (last.number + 1, last.end) == (number, first)));
        self.segments.push_back(Segment { number, first, end: first, live: 0, youngest: Wall(i64::MIN) });
    }

    /// The last segment grew by a batch.
    pub(super) fn grow(&mut self, len: u64, wall: Wall) {
        let last = self.segments.back_mut().expect("a batch is written into a segment");
        last.end += len;
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

    /// There are bodies in the segment that holds a log position.
    pub(super) fn keep(&mut self, at: u64, bodies: u64) {
        self.find_mut(at).expect("a live body lies in a segment").live += bodies;
    }

    /// The body at a log position is no longer needed.
    pub(super) fn release(&mut self, at: u64) {
        let segment = self.find_mut(at).expect("a live body lies in a segment");
        segment.live = segment.live.checked_sub(1).expect("a body is released once");
    }

    /// Takes the oldest segments out in which nothing lives and nothing was written for `young`; a batch that
    /// names [`Table::oldest`] has to be durable before their files go.
    pub(super) fn give_up(&mut self, now: Wall, young: Duration) -> Vec<u64> {
        let mut given_up = Vec::new();
        while let Some(first) = self.segments.front()
            && self.segments.len() > 1
            && (first.live == 0 || planted(Bug::FreeTheLiving))
            && first.is_old(now, young)
        {
            given_up.push(first.number);
            self.segments.pop_front();
        }
        given_up
    }

    /// The number of the oldest segment that is needed.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.segments.front().map(|segment| segment.number)
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

    fn three() -> Table {
        let mut table = Table::default();
        for number in 1..=3 {
            table.add(number, (number - 1) * 100);
            table.grow(60, Wall(number as i64));
            table.grow(40, Wall(number as i64));
        }
        table
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
        table.add(4, 310);
        table.grow(10, Wall(20));
        assert_eq!(table.give_up(Wall(20), Duration::from_micros(10)), [1, 2, 3]);
    }

    #[test]
    fn only_the_oldest_go_and_only_when_empty_and_old() {
        let mut table = three();
        let young = Duration::from_micros(10);
        table.keep(150, 1);
        assert_eq!(table.give_up(Wall(11), young), [0; 0]);
        assert_eq!(table.give_up(Wall(12), young), [1]);
        assert_eq!(table.give_up(Wall(100), young), [0; 0]);
        table.release(150);
        assert_eq!(table.give_up(Wall(100), young), [2]);
        assert_eq!((table.oldest(), table.len()), (Some(3), 1));
        assert_eq!(table.find(150), None);
    }
}
