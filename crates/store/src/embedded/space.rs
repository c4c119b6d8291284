//! Room on the disk: whether producers are still let in (`G13`).
//!
//! ```text
//!            free < low water, or the log found no room
//!  accepting ──────────────────────────────────────────► full
//!            ◄──────────────────────────────────────────
//!                       free >= high water
//! ```
//!
//! Two marks, because one would let a producer in and out with every byte. What is above the low one is for the
//! workers: their ACKs and FAILs are written too, and only they make room. Behind it there is the reserve, a segment
//! that is prepared from the start on (`janitor.rs`). When that is used up too, a batch may find no room. Nothing of it
//! was answered, so nothing is lost: it is written again until there is room, and the store stands still meanwhile.
//!
//! This file judges; who asks the disk, and what is refused, stands in `embedded/mod.rs`.

use std::io;
use std::time::Duration;

use bessemer_core::Boot;

/// While there is room, the disk is asked this often, or sooner when so much was written.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOK_EACH: u64 = 8 << 20;

/// While it is full, so often: the first PUSH after there is room again is to be taken.
const LOOK_EVERY_WHEN_FULL: Duration = Duration::from_millis(100);

/// A batch that found no room is written again after this time.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// Whether a failure says that there is no room, and nothing worse. Of a write, that is: a flush that fails is final,
/// whatever it says (`G14`).
pub(super) fn is_no_room(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Free bytes of the disk between which a store becomes full and is so no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaterMarks {
    /// With less than this producers are refused. Default 256 MiB.
    pub low: u64,
    /// From here on they are let in again. Above `low`. Default 384 MiB.
    pub high: u64,
}

impl Default for WaterMarks {
    fn default() -> Self {
        Self { low: 256 << 20, high: 384 << 20 }
    }
}

/// What is known of the room on the disk.
#[derive(Debug)]
pub(super) struct Space {
    marks: WaterMarks,
    full: bool,
    /// When the disk was asked last, and the log's end then.
    looked: Option<(Boot, u64)>,
    /// A batch found no room; when it is written again.
    retry_at: Option<Boot>,
}

/// News for an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Full,
    Roomy,
}

impl Space {
    /// Nothing is known yet, and nobody refused.
    pub(super) fn new(marks: WaterMarks) -> Self {
        Self { marks, full: false, looked: None, retry_at: None }
    }

    /// When it is full, and when no longer.
    pub(super) fn marks(&self) -> WaterMarks {
        self.marks
    }

    /// Whether producers are refused.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Whether the disk is to be asked. `end` is the position up to which the log is written.
    pub(super) fn is_due(&self, now: Boot, end: u64) -> bool {
        let Some((at, end_then)) = self.looked else { return true };
        let due = self.next_look().unwrap_or(at.after(LOOK_EVERY));
        now >= due || end.saturating_sub(end_then) >= LOOK_EACH
    }

    /// While it is full, somebody has to ask the disk also if nothing else happens.
    pub(super) fn next_look(&self) -> Option<Boot> {
        self.looked.filter(|_| self.full).map(|(at, _)| at.after(LOOK_EVERY_WHEN_FULL))
    }

    /// A batch found no room. The disk is full, whatever it says is free.
    pub(super) fn ran_out(&mut self, now: Boot) -> Option<Change> {
        self.retry_at = Some(now.after(RETRY_AFTER));
        (!std::mem::replace(&mut self.full, true)).then_some(Change::Full)
    }

    /// It was written.
    pub(super) fn found_room(&mut self) {
        self.retry_at = None;
    }

    /// While a batch waits for room: when it is written again.
    pub(super) fn retry_at(&self) -> Option<Boot> {
        self.retry_at
    }

    /// The disk's answer: this many bytes are free. `None`: it does not say, and all stays as it is.
    pub(super) fn look(&mut self, now: Boot, end: u64, free: Option<u64>) -> Option<Change> {
        self.looked = Some((now, end));
        let free = free?;
        if !self.full && free < self.marks.low {
            self.full = true;
            Some(Change::Full)
        } else if self.full && free >= self.marks.high {
            self.full = false;
            Some(Change::Roomy)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: WaterMarks = WaterMarks { low: 100, high: 200 };

    fn at(millis: u64) -> Boot {
        Boot(millis * 1_000)
    }

    #[test]
    fn the_marks_count_to_the_byte_and_between_them_nothing_changes_g13() {
        let mut space = Space::new(MARKS);
        let mut look = |free| (space.look(at(0), 0, Some(free)), space.is_full());
        assert_eq!(look(100), (None, false), "at the low mark");
        assert_eq!(look(99), (Some(Change::Full), true), "one below");
        assert_eq!(look(0), (None, true), "said once");
        assert_eq!(look(100), (None, true));
        assert_eq!(look(199), (None, true), "one below the high mark");
        assert_eq!(look(200), (Some(Change::Roomy), false), "at it");
        assert_eq!(look(199), (None, false));
        assert_eq!((space.look(at(0), 0, None), space.is_full()), (None, false), "no answer, no news");
    }

    #[test]
    fn a_batch_that_finds_no_room_makes_the_disk_full_and_is_written_again() {
        let mut space = Space::new(MARKS);
        assert_eq!((space.ran_out(at(0)), space.retry_at()), (Some(Change::Full), Some(at(250))));
        assert_eq!((space.ran_out(at(250)), space.retry_at()), (None, Some(at(500))));
        space.found_room();
        assert_eq!((space.is_full(), space.retry_at()), (true, None));
        assert_eq!(space.look(at(600), 0, Some(200)), Some(Change::Roomy));
        assert!(
            is_no_room(&io::Error::from_raw_os_error(28)) && !is_no_room(&io::Error::from_raw_os_error(5))
        );
    }

    #[test]
    fn the_disk_is_asked_once_a_second_or_every_8_mib_and_more_often_when_full() {
        let mut space = Space::new(MARKS);
        assert!(space.is_due(at(0), 0), "at the start");
        space.look(at(0), 0, Some(1_000));
        assert_eq!(space.next_look(), None);
        assert!(!space.is_due(at(999), LOOK_EACH - 1));
        assert!(space.is_due(at(1_000), 0));
        assert!(space.is_due(at(0), LOOK_EACH));
        space.look(at(0), 0, Some(0));
        assert_eq!(space.next_look(), Some(at(100)));
        assert!(!space.is_due(at(99), 0));
        assert!(space.is_due(at(100), 0));
    }
}
