//! The bucket of tokens behind a rate (rule `E-60`): it holds `burst` of them, `jobs` run into it in each span, and each
//! job that is begun takes one. So in any time `t` no more than `burst + t · jobs / per` are begun.
//!
//! All in whole numbers: a token is as many drops as a span has microseconds, and in a microsecond `jobs` drops run in.

use crate::throttle::Rate;
use crate::time::Boot;

/// What is in the bucket, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    drops: u64,
    at: Boot,
}

/// Drops of a token.
fn token(rate: Rate) -> u64 {
    u64::try_from(rate.per().as_micros()).unwrap_or(u64::MAX)
}

fn full(rate: Rate) -> u64 {
    // 1,000,000 tokens of 31 days each are 2.7e18.
    token(rate).saturating_mul(rate.burst.into())
}

impl Bucket {
    /// A full one, at any time.
    pub(crate) fn full(rate: Rate) -> Self {
        Self { drops: full(rate), at: Boot::default() }
    }

    /// An empty one.
    pub(crate) fn empty(at: Boot) -> Self {
        Self { drops: 0, at }
    }

    fn drops(self, rate: Rate, now: Boot) -> u64 {
        let micros = now.0.saturating_sub(self.at.0);
        self.drops.saturating_add(micros.saturating_mul(rate.jobs.into())).min(full(rate))
    }

    /// Whole tokens in it.
    pub(crate) fn tokens(self, rate: Rate, now: Boot) -> u32 {
        u32::try_from(self.drops(rate, now) / token(rate)).unwrap_or(u32::MAX)
    }

    /// Whole tokens that were in it when somebody took or gave one last.
    pub(crate) fn tokens_then(self, rate: Rate) -> u32 {
        self.tokens(rate, self.at)
    }

    /// When the next token is there; `None`: one is there.
    pub(crate) fn next(self, rate: Rate, now: Boot) -> Option<Boot> {
        let missing = token(rate).saturating_sub(self.drops(rate, now));
        let micros = missing.div_ceil(rate.jobs.into());
        (micros > 0).then(|| Boot(now.0.max(self.at.0).saturating_add(micros)))
    }

    /// Takes a token, which is there.
    pub(crate) fn take(&mut self, rate: Rate, now: Boot) {
        let left = self.drops(rate, now).checked_sub(token(rate));
        debug_assert!(left.is_some(), "a job is begun without a token");
        *self = Self { drops: left.unwrap_or(0), at: now.max(self.at) };
    }

    /// What it was taken for has not been.
    pub(crate) fn give_back(&mut self, rate: Rate, now: Boot) {
        let drops = self.drops(rate, now).saturating_add(token(rate)).min(full(rate));
        *self = Self { drops, at: now.max(self.at) };
    }

    /// The rate is another one from now on: the tokens that are there stay, as far as they find room.
    pub(crate) fn change(&mut self, from: Rate, to: Rate, now: Boot) {
        let drops = u128::from(self.drops(from, now));
        let share = drops * u128::from(token(to)) / u128::from(token(from).max(1));
        let drops = u64::try_from(share).unwrap_or(u64::MAX).min(full(to));
        *self = Self { drops, at: now.max(self.at) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{THROTTLE_MAX, THROTTLE_SPAN_MAX_S};

    fn rate(jobs: u32, per_s: u32, burst: u32) -> Rate {
        Rate { jobs, per_s, burst }
    }

    /// Takes whatever is there, again and again until then; says how many were taken, and when the last.
    fn drain(bucket: &mut Bucket, rate: Rate, from: Boot, until: Boot) -> (u64, Boot) {
        let (mut now, mut taken, mut last) = (from, 0, from);
        while now <= until {
            match bucket.next(rate, now) {
                Some(next) => {
                    assert!(next > now, "time goes on");
                    assert_eq!(bucket.tokens(rate, Boot(next.0 - 1)), 0, "not a moment before");
                    now = next;
                }
                None => {
                    bucket.take(rate, now);
                    (taken, last) = (taken + 1, now);
                }
            }
        }
        (taken, last)
    }

    #[test]
    fn no_more_than_the_burst_and_what_ran_in_are_taken_and_no_less_e60() {
        for rate in [rate(1, 1, 1), rate(3, 1, 3), rate(7, 60, 20), rate(1_000, 1, 1), rate(1, 3_600, 2)] {
            let mut bucket = Bucket::full(rate);
            let seconds = u64::from(rate.per_s) * 3;
            let (taken, _) = drain(&mut bucket, rate, Boot(5_000_000), Boot(5_000_000 + seconds * 1_000_000));
            assert_eq!(taken, u64::from(rate.burst) + 3 * u64::from(rate.jobs), "{rate:?}");
        }
    }

    #[test]
    fn a_third_of_a_second_is_not_lost_in_rounding() {
        let third = rate(3, 1, 2);
        let mut bucket = Bucket::empty(Boot(0));
        let (taken, _) = drain(&mut bucket, third, Boot(0), Boot(1_000_000_000));
        assert_eq!(taken, 3_000);
    }

    #[test]
    fn what_is_not_taken_is_kept_up_to_the_burst_and_no_further() {
        let rate = rate(2, 1, 5);
        let mut bucket = Bucket::empty(Boot(0));
        assert_eq!(bucket.tokens(rate, Boot(499_999)), 0);
        assert_eq!(bucket.tokens(rate, Boot(500_000)), 1);
        assert_eq!(bucket.tokens(rate, Boot(u64::MAX)), 5);
        bucket.take(rate, Boot(u64::MAX - 1));
        assert_eq!(bucket.tokens_then(rate), 4);
        bucket.give_back(rate, Boot(u64::MAX - 1));
        bucket.give_back(rate, Boot(u64::MAX));
        assert_eq!(bucket.tokens(rate, Boot(u64::MAX)), 5);
    }

    #[test]
    fn the_largest_numbers_overflow_nothing() {
        let rate = rate(THROTTLE_MAX, THROTTLE_SPAN_MAX_S, THROTTLE_MAX);
        let mut bucket = Bucket::full(rate);
        bucket.take(rate, Boot(u64::MAX));
        assert_eq!(bucket.tokens_then(rate), THROTTLE_MAX - 1);
        bucket.change(rate, Rate { per_s: 1, ..rate }, Boot(u64::MAX));
        assert_eq!(bucket.tokens_then(Rate { per_s: 1, ..rate }), THROTTLE_MAX - 1);
    }

    #[test]
    fn tokens_outlive_a_change_of_the_rate_as_far_as_there_is_room() {
        let (from, to) = (rate(10, 60, 10), rate(5, 1, 4));
        let mut bucket = Bucket::full(from);
        for _ in 0..8 {
            bucket.take(from, Boot(7));
        }
        bucket.change(from, to, Boot(7));
        assert_eq!(bucket.tokens(to, Boot(7)), 2);
        bucket.change(to, from, Boot(7));
        assert_eq!(bucket.tokens(from, Boot(7)), 2);
        bucket = Bucket::full(from);
        bucket.change(from, to, Boot(7));
        assert_eq!(bucket.tokens(to, Boot(7)), 4);
    }
}
