//! How the server's loop and its disk do: figures that cost the engine's thread next to nothing to keep.

use std::time::Duration;

use bessemer_core::Wall;

/// What the server around the core measures itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// When it began to serve.
    pub started: Wall,
    /// Turns of the engine's loop, flush included (where replies wait for it).
    pub turns: Timings,
    /// Flushes of the log.
    pub flushes: Timings,
    /// Bytes of the disk that may still be filled, as far as somebody has looked.
    pub disk_free: Option<u64>,
    /// Lines for statsd that were dropped, since nobody took them fast enough.
    pub statsd_dropped: u64,
}

/// Durations, counted by how long they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// How many fell into each bucket: up to the bound of [`Timings::BOUNDS`] with the same place, and above the one
    /// before. The last holds what is longer than all bounds.
    pub counts: [u64; Self::BUCKETS],
    /// All together.
    pub sum: Duration,
}

impl Timings {
    /// Upper bounds in microseconds: from a flush of a good disk to a stall.
    pub const BOUNDS: [u64; 16] = [
        50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
        2_500_000, 5_000_000,
    ];

    /// One more than there are bounds.
    pub const BUCKETS: usize = Self::BOUNDS.len() + 1;

    /// The bucket of a duration.
    pub fn bucket(took: Duration) -> usize {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        Self::BOUNDS.partition_point(|bound| *bound < micros)
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// A duration that this share of them did not exceed: the bound of its bucket. `None`: there were none, or it is
    /// longer than all bounds.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let rank = (self.count() as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Self::BOUNDS.get(bucket).map(|bound| Duration::from_micros(*bound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket_and_one_more_to_the_next() {
        for (bucket, bound) in Timings::BOUNDS.into_iter().enumerate() {
            assert_eq!(Timings::bucket(Duration::from_micros(bound)), bucket);
            assert_eq!(Timings::bucket(Duration::from_micros(bound + 1)), bucket + 1);
        }
        assert_eq!((Timings::bucket(Duration::ZERO), Timings::bucket(Duration::MAX)), (0, 16));
    }

    #[test]
    fn a_quantile_is_the_bound_below_which_the_share_lies() {
        let mut timings = Timings::default();
        assert_eq!(timings.quantile(0.5), None);
        (timings.counts[1], timings.counts[4], timings.counts[16]) = (90, 9, 1);
        let micros = |share| timings.quantile(share).map(|bound| bound.as_micros());
        assert_eq!(
            (micros(0.5), micros(0.9), micros(0.91), micros(0.99)),
            (Some(100), Some(100), Some(1_000), Some(1_000))
        );
        assert_eq!((micros(0.0), micros(1.0)), (Some(100), None));
    }
}
