//! What becomes of a job that failed (rules `R-02` to `R-05`).

use std::time::Duration;

use crate::limits::RETRY_DELAY_MAX;

/// What the core keeps of a job's failures so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempts {
    pub(crate) retry_count: u32,
    pub(crate) remaining: i32,
}

/// Where the job goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Gone: it had `retry: 0`.
    Discard,
    /// Tried again after this long.
    Retry(Duration),
    /// Given up.
    Die,
}

/// Counts one more failure of a job that may be retried `retry` times, and says what becomes of it.
pub(crate) fn failed(retry: i16, before: Option<Attempts>, chance: u64) -> (Attempts, Verdict) {
    let now = match before {
        None => Attempts { retry_count: 0, remaining: i32::from(retry) },
        Some(a) => {
            // A producer may send any numbers along (rule `P-15`).
            let remaining = a.remaining.saturating_sub(1).max(0);
            Attempts { retry_count: a.retry_count.saturating_add(1), remaining }
        }
    };
    let verdict = match u32::try_from(retry) {
        Ok(0) => Verdict::Discard,
        Ok(retry) if now.retry_count < retry => Verdict::Retry(delay(now.retry_count, chance)),
        _ => Verdict::Die,
    };
    (now, verdict)
}

/// count⁴ + 15 + r · (count + 1) seconds, r from 0 to 29 (rule `R-04`), at most [`RETRY_DELAY_MAX`].
fn delay(count: u32, chance: u64) -> Duration {
    let count = u64::from(count);
    let seconds = count.saturating_pow(4).saturating_add(15 + (chance % 30) * (count + 1));
    Duration::from_secs(seconds).min(RETRY_DELAY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_lies_where_the_reference_puts_it_r04() {
        for (count, low, high) in [(0, 15, 44), (1, 16, 74), (10, 10_015, 10_334), (24, 331_791, 332_516)] {
            let all: Vec<u64> = (0..30).map(|chance| delay(count, chance).as_secs()).collect();
            assert_eq!((all.iter().min(), all.iter().max()), (Some(&low), Some(&high)));
        }
        assert_eq!(delay(10_000, 29), RETRY_DELAY_MAX);
    }

    #[test]
    fn a_job_runs_retry_plus_one_times_r03() {
        for (retry, runs, end) in
            [(0, 1, Verdict::Discard), (1, 2, Verdict::Die), (3, 4, Verdict::Die), (-1, 1, Verdict::Die)]
        {
            let mut attempts = None;
            let mut ran = 0;
            let last = loop {
                let (now, verdict) = failed(retry, attempts, 7);
                attempts = Some(now);
                ran += 1;
                if !matches!(verdict, Verdict::Retry(_)) {
                    break verdict;
                }
            };
            assert_eq!((ran, last), (runs, end), "retry {retry}");
        }
    }

    #[test]
    fn remaining_counts_down_from_retry_r02() {
        let (first, _) = failed(3, None, 0);
        assert_eq!(first, Attempts { retry_count: 0, remaining: 3 });
        let (second, _) = failed(3, Some(first), 0);
        assert_eq!(second, Attempts { retry_count: 1, remaining: 2 });
        assert_eq!(failed(-1, None, 0).0, Attempts { retry_count: 0, remaining: -1 });
        let odd = Attempts { retry_count: u32::MAX, remaining: i32::MIN };
        assert_eq!(failed(3, Some(odd), 0).0, Attempts { retry_count: u32::MAX, remaining: 0 });
    }
}
