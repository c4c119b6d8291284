//! The last ten minutes, second by second: what moves on the home page.

use std::collections::VecDeque;
use std::time::Duration;

use bessemer_core::Wall;
use bessemer_core::event::Attempt;

use super::cell::Cell;
use super::histogram::Histogram;

/// Seconds that are kept.
pub const SAMPLES_MAX: usize = 600;

const SECOND: i64 = 1_000_000;

/// What happened in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// When it began.
    pub at: Wall,
    /// Jobs that were pushed.
    pub pushed: u64,
    /// See [`Cell`].
    pub done: u64,
    /// See [`Cell`].
    pub failed: u64,
    /// See [`Cell`].
    pub lost: u64,
    /// Run times, if anything ended: the median and the 95th percentile.
    pub run: Option<(Duration, Duration)>,
    /// Times waited.
    pub wait: Option<(Duration, Duration)>,
}

/// Samples, and the second that goes on.
#[derive(Debug, Default)]
pub(super) struct Live {
    samples: VecDeque<Sample>,
    second: i64,
    cell: Cell,
    /// Jobs that were ever pushed, by the last look and by the one that the last sample was made of.
    pushed: u64,
    pushed_before: u64,
}

impl Live {
    pub(super) fn add(&mut self, attempt: &Attempt) {
        self.cell.add(attempt);
    }

    /// So many jobs were pushed since the start.
    pub(super) fn pushed(&mut self, total: u64) {
        self.pushed = total;
    }

    /// It is later: a second that is over becomes a sample, and those in which nobody looked become empty ones.
    pub(super) fn advance(&mut self, now: Wall) {
        let second = now.0.div_euclid(SECOND);
        if self.second == second {
            return;
        }
        let ahead = second - self.second;
        if ahead < 0 || ahead > SAMPLES_MAX as i64 {
            // The clock was set, or this is the beginning.
            self.samples.clear();
            self.second = second;
            return;
        }
        let cell = std::mem::take(&mut self.cell);
        self.push(Sample {
            at: Wall(self.second * SECOND),
            pushed: self.pushed.saturating_sub(self.pushed_before),
            done: cell.done,
            failed: cell.failed,
            lost: cell.lost,
            run: middle_and_high(&cell.run),
            wait: middle_and_high(&cell.wait),
        });
        self.pushed_before = self.pushed;
        for missed in self.second + 1..second {
            self.push(Sample { at: Wall(missed * SECOND), ..Sample::default() });
        }
        self.second = second;
    }

    fn push(&mut self, sample: Sample) {
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// Earliest first.
    pub(super) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter()
    }
}

fn middle_and_high(histogram: &Histogram) -> Option<(Duration, Duration)> {
    histogram.quantile(0.5).zip(histogram.quantile(0.95))
}

#[cfg(test)]
mod tests {
    use bessemer_core::Outcome;

    use super::super::tests::{START, attempt};
    use super::*;

    fn after(seconds: i64) -> Wall {
        Wall(START.0 + seconds * SECOND)
    }

    #[test]
    fn a_second_that_is_over_is_a_sample_and_one_that_was_missed_is_empty() {
        let mut live = Live::default();
        live.advance(after(0));
        live.pushed(7);
        live.add(&attempt("Mail", "a", after(0), Outcome::Done));
        live.add(&attempt("Mail", "b", after(0), Outcome::Died));
        live.advance(Wall(after(1).0 - 1));
        assert_eq!(live.samples().count(), 0);
        live.advance(after(3));
        live.pushed(9);
        live.advance(after(4));
        let samples: Vec<_> =
            live.samples().map(|sample| (sample.at, sample.pushed, sample.done, sample.failed)).collect();
        assert_eq!(
            samples,
            [(after(0), 7, 1, 1), (after(1), 0, 0, 0), (after(2), 0, 0, 0), (after(3), 2, 0, 0)]
        );
        assert!(live.samples().next().unwrap().run.unwrap().0 > Duration::from_secs(1));
    }

    #[test]
    fn ten_minutes_are_kept_and_a_clock_that_was_set_begins_anew() {
        let mut live = Live::default();
        (0..=SAMPLES_MAX as i64 + 5).for_each(|second| live.advance(after(second)));
        assert_eq!(live.samples().count(), SAMPLES_MAX);
        assert_eq!(live.samples().next().map(|sample| sample.at), Some(after(5)));
        live.advance(after(3));
        assert_eq!(live.samples().count(), 0);
    }
}
