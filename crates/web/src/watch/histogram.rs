//! How long things take, in little room: counts in buckets that grow by halves of an octave.
//!
//! A bucket ends at 1, 1½, 2, 3, 4, 6, 8 … times 64 µs, and the last but one at a day and a half. What a percentile is
//! said to be lies in the bucket of the true one: it is off by a half of it at most, and hardly ever by a quarter.

use std::time::Duration;

/// The buckets: one for what is shorter than [`SHORTEST`], two for each octave up to a day, one for what takes longer.
pub const BUCKETS: usize = 2 * OCTAVES as usize + 2;

/// Microseconds below which nothing is told apart, as a power of 2: 64 µs.
const FIRST_OCTAVE: u32 = 6;

/// Up to 2³⁷ µs, a day and a half.
const OCTAVES: u32 = 31;

/// Counts by duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: [u64; BUCKETS],
    /// Of all that was counted, in microseconds.
    sum: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [0; BUCKETS], sum: 0 }
    }
}

impl Histogram {
    /// Counts one.
    pub fn add(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(micros)] += 1;
        self.sum = self.sum.saturating_add(micros);
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(more);
        }
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// How long all of them took together.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum)
    }

    /// The duration below which this part of them, 0 to 1, lies; `None`: nothing was counted.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let total = self.count();
        if total == 0 {
            return None;
        }
        // The rank of the one that is looked for, from 1.
        let rank = ((total as f64 * part).ceil() as u64).clamp(1, total);
        let mut before = 0;
        for (i, count) in self.counts.iter().enumerate() {
            if before + count >= rank {
                let (from, to) = (lower(i), lower(i + 1));
                let within = (rank - before) as f64 - 0.5;
                let micros = from as f64 + (to - from) as f64 * within / *count as f64;
                return Some(Duration::from_micros(micros as u64));
            }
            before += count;
        }
        None
    }

    /// The upper end of each bucket but the last, which has none, and how many lie below it: as Prometheus wants it.
    pub fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let mut sum = 0_u64;
        self.counts[..BUCKETS - 1].iter().enumerate().map(move |(i, count)| {
            sum = sum.saturating_add(*count);
            (Duration::from_micros(lower(i + 1)), sum)
        })
    }

    /// Appends it: the sum, and for each bucket that holds something how many empty ones stand before it, and its count.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.sum);
        let full = self.counts.iter().filter(|count| **count > 0).count();
        put(out, full as u64);
        let mut empty = 0;
        for count in self.counts {
            if count == 0 {
                empty += 1;
            } else {
                put(out, empty);
                put(out, count);
                empty = 0;
            }
        }
    }

    /// Takes one off the front of `bytes` and counts what it has counted; `None`: it is none, and some of it may be
    /// counted already.
    pub(super) fn absorb(&mut self, bytes: &mut &[u8]) -> Option<()> {
        self.sum = self.sum.saturating_add(take(bytes)?);
        let mut next = 0;
        for _ in 0..take(bytes)? {
            let place = usize::try_from(take(bytes)?).ok()?.checked_add(next)?;
            let count = self.counts.get_mut(place)?;
            *count = count.saturating_add(take(bytes)?);
            next = place + 1;
        }
        Some(())
    }
}

/// The bucket of a duration.
fn bucket(micros: u64) -> usize {
    let Some(octave) = micros.checked_ilog2().and_then(|log| log.checked_sub(FIRST_OCTAVE)) else { return 0 };
    let half = micros >> (octave + FIRST_OCTAVE - 1) & 1;
    if octave >= OCTAVES { BUCKETS - 1 } else { 1 + 2 * octave as usize + half as usize }
}

/// Where a bucket begins.
fn lower(bucket: usize) -> u64 {
    let Some(place) = bucket.checked_sub(1) else { return 0 };
    let octave = 1_u64 << (place as u32 / 2 + FIRST_OCTAVE);
    if place % 2 == 0 { octave } else { octave + octave / 2 }
}

/// Appends a number, seven bits a byte.
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number off the front.
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like chance, the same every time.
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.0 >> 20
        }

        /// From 100 µs to a day, as many in each octave.
        fn duration(&mut self) -> Duration {
            let octave = self.next() % 29;
            let micros = (100 << octave) + self.next() % (100 << octave);
            Duration::from_micros(micros.min(86_400_000_000))
        }
    }

    fn of(durations: &[Duration]) -> Histogram {
        let mut histogram = Histogram::default();
        durations.iter().for_each(|duration| histogram.add(*duration));
        histogram
    }

    #[test]
    fn buckets_meet_and_grow_by_halves_of_an_octave() {
        assert_eq!((bucket(0), bucket(63), bucket(64), bucket(95), bucket(96)), (0, 0, 1, 1, 2));
        assert_eq!((bucket(u64::MAX), lower(BUCKETS - 1)), (BUCKETS - 1, 1 << 37));
        for i in 1..BUCKETS {
            assert_eq!((bucket(lower(i)), bucket(lower(i) - 1)), (i, i - 1));
            assert!(i == 1 || lower(i) * 2 <= lower(i - 1) * 3);
        }
    }

    #[test]
    fn a_percentile_is_off_by_a_half_at_most_and_by_a_quarter_where_many_were_counted() {
        for seed in 0..200 {
            let mut numbers = Numbers(seed);
            let mut durations: Vec<Duration> = (0..1 + seed * 5).map(|_| numbers.duration()).collect();
            let histogram = of(&durations);
            durations.sort_unstable();
            for part in [0.5, 0.95, 0.99, 1.0] {
                let rank = ((durations.len() as f64 * part).ceil() as usize).max(1);
                let (true_one, said) =
                    (durations[rank - 1].as_secs_f64(), histogram.quantile(part).unwrap().as_secs_f64());
                let off = (said / true_one).max(true_one / said);
                // The middle of a bucket of its own; among others it lies where its rank says.
                assert!(off < 1.5, "seed {seed}, {part}: {said} for {true_one}");
            }
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
        for micros in [100, 1_000, 1_700, 5_000_000, 86_400_000_000_u64] {
            let said = of(&[Duration::from_micros(micros)]).quantile(0.99).unwrap().as_secs_f64();
            let off = said / (micros as f64 / 1e6);
            assert!((0.8..=1.25).contains(&off), "{micros} µs: off by {off}");
        }
    }

    #[test]
    fn merged_is_what_counting_both_would_have_been() {
        for seed in 0..100 {
            let mut numbers = Numbers(seed);
            let (left, right): (Vec<_>, Vec<_>) =
                (0..seed * 3).map(|_| (numbers.duration(), numbers.duration())).unzip();
            let mut merged = of(&left);
            merged.merge(&of(&right));
            assert_eq!(merged, of(&[left, right].concat()));
        }
    }

    #[test]
    fn what_is_encoded_is_read_again_and_garbage_is_not() {
        for seed in 0..100 {
            let mut numbers = Numbers(seed);
            let durations: Vec<_> = (0..seed).map(|_| numbers.duration()).collect();
            let histogram = of(&durations);
            let mut bytes = Vec::new();
            histogram.encode(&mut bytes);
            let (mut rest, mut read) = (&*bytes, Histogram::default());
            assert_eq!((read.absorb(&mut rest), rest.len(), read), (Some(()), 0, histogram));
            for length in 0..bytes.len() {
                assert_eq!(Histogram::default().absorb(&mut &bytes[..length]), None);
            }
        }
        for garbage in [
            &[0xff; 40][..],
            &[0, 1, 200, 1, 1],
            &[0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1],
        ] {
            assert_eq!(Histogram::default().absorb(&mut &*garbage), None);
        }
        assert!(of(&[Duration::from_secs(1); 9]).quantile(0.5).is_some());
    }

    #[test]
    fn prometheus_sees_what_lies_below_each_end() {
        let histogram =
            of(&[Duration::from_micros(10), Duration::from_micros(100), Duration::from_secs(1 << 20)]);
        let ends: Vec<(Duration, u64)> = histogram.cumulative().collect();
        assert_eq!(
            (ends.len(), ends[0], ends[2]),
            (BUCKETS - 1, (Duration::from_micros(64), 1), (Duration::from_micros(128), 2))
        );
        assert_eq!((ends[BUCKETS - 2].1, histogram.count()), (2, 3));
        assert_eq!(histogram.sum(), Duration::from_micros(110) + Duration::from_secs(1 << 20));
    }
}
