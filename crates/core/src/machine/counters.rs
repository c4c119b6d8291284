//! What is counted for ever: attempts in all and per day (rules `R-01`, `I-02`, `I-03`; the day is UTC).

use std::collections::BTreeMap;

use crate::fact::Ending;
use crate::limits::HISTORY_DAYS;
use crate::query::Day;
use crate::time::Wall;

/// Processed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) processed: u64,
    pub(super) failed: u64,
}

/// The durable counters.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) total: Count,
    days: BTreeMap<i32, Count>,
}

impl Counters {
    /// Counts one attempt.
    pub(super) fn attempt(&mut self, at: Wall, failed: bool) {
        let today = self.days.entry(at.day()).or_default();
        for count in [today, &mut self.total] {
            count.processed += 1;
            count.failed += u64::from(failed);
        }
        while self.days.len() > HISTORY_DAYS {
            self.days.pop_first();
        }
    }

    /// Counts the end of a job.
    pub(super) fn ended(&mut self, at: Wall, why: Ending) {
        match why {
            Ending::Acked => self.attempt(at, false),
            Ending::Failed => self.attempt(at, true),
            Ending::Lost | Ending::Deleted | Ending::DeadAge | Ending::DeadLimit | Ending::Expired => {}
        }
    }

    /// The last `days` days up to today, oldest first, without gaps.
    pub(super) fn history(&self, today: i32, days: usize) -> Vec<Day> {
        let days = days.clamp(1, HISTORY_DAYS) as i32;
        (today - days + 1..=today)
            .map(|day| {
                let count = self.days.get(&day).copied().unwrap_or_default();
                Day { day, processed: count.processed, failed: count.failed }
            })
            .collect()
    }

    pub(super) fn days(&self) -> impl Iterator<Item = (i32, Count)> + '_ {
        self.days.iter().map(|(day, count)| (*day, *count))
    }

    /// The per-day record of the log.
    pub(super) fn keep_day(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Some(day) = std::str::from_utf8(key).ok().and_then(|text| text.parse().ok()) else { return };
        match value.map(Reader) {
            Some(mut reader) => _ = self.days.insert(day, reader.count()),
            None => _ = self.days.remove(&day),
        }
    }
}

/// Reads the little-endian numbers of a [`crate::fact::Family`] record; what is missing reads as 0, so that records may grow.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn number(&mut self) -> u64 {
        match self.0.split_first_chunk() {
            Some((number, rest)) => {
                self.0 = rest;
                u64::from_le_bytes(*number)
            }
            None => {
                self.0 = &[];
                0
            }
        }
    }

    pub(super) fn count(&mut self) -> Count {
        Count { processed: self.number(), failed: self.number() }
    }
}

/// Writes the numbers of a [`crate::fact::Family`] record.
pub(super) fn numbers(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}
