//! How long things take, counted from any thread without a lock: a count costs an addition or two, so every turn and
//! every flush may be counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bessemer_web::pulse::Timings;

/// Durations, counted by how long they were.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    counts: [AtomicU64; Timings::BUCKETS],
    sum_us: AtomicU64,
}

impl Stopwatch {
    pub(crate) fn count(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts[Timings::bucket(took)].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was counted so far; what is counted meanwhile may be in it by half.
    pub(crate) fn timings(&self) -> Timings {
        Timings {
            counts: std::array::from_fn(|bucket| self.counts[bucket].load(Ordering::Relaxed)),
            sum: Duration::from_micros(self.sum_us.load(Ordering::Relaxed)),
        }
    }
}
