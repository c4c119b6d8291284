//! What was counted since the start, for each pair of a queue and a job type: what metrics are made of.
//!
//! Names come from clients, so the pairs are bounded: those that come first have a place of their own, and the rest is
//! counted under [`OTHER`] for both names. A pair keeps its place, or counters would go down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bessemer_core::Outcome;
use bessemer_core::event::Attempt;

use crate::limits::METRICS_PAIRS_MAX;

/// The name of all that has no place of its own.
pub const OTHER: &str = "other";

/// Counts by queue and job type.
#[derive(Clone, Debug)]
pub struct Totals {
    most: usize,
    /// By queue, then by type. One of [`OTHER`] is not counted in `places`.
    pairs: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Total>>,
    places: usize,
    /// Attempts of pairs without a place.
    beyond: u64,
}

/// The counts of one pair.
#[derive(Clone, Debug, Default)]
pub struct Total {
    /// In the order of [`Outcome::ALL`].
    pub outcomes: [u64; Outcome::ALL.len()],
    /// How long workers had the jobs. Without those that were taken from them: such times say nothing about the job.
    pub run: Spread,
    /// How long the jobs stood in their queue.
    pub wait: Spread,
}

/// Durations of jobs, counted by how long they were.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread {
    /// One for each of [`Spread::BOUNDS`], and what is longer than all of them.
    pub counts: [u64; Self::BOUNDS.len() + 1],
    /// All together.
    pub sum: Duration,
}

impl Spread {
    /// Upper bounds in milliseconds, from a quick job to one as long as a reservation.
    pub const BOUNDS: [u64; 15] =
        [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000];

    fn count(&mut self, took: Duration) {
        let bucket = Self::BOUNDS.partition_point(|bound| Duration::from_millis(*bound) < took);
        self.counts[bucket] += 1;
        self.sum = self.sum.saturating_add(took);
    }
}

impl Default for Totals {
    fn default() -> Self {
        Self { most: METRICS_PAIRS_MAX, pairs: BTreeMap::new(), places: 0, beyond: 0 }
    }
}

impl Totals {
    /// From now on there are so many places. Who has one keeps it.
    pub(super) fn limit(&mut self, most: usize) {
        self.most = most;
    }

    /// Counts an attempt; says under which queue and type.
    pub(super) fn count(&mut self, attempt: &Attempt) -> (Arc<str>, Arc<str>) {
        let (queue, jobtype) = self.place(&attempt.queue, &attempt.jobtype);
        let pairs = self.pairs.entry(queue.clone()).or_default();
        pairs.entry(jobtype.clone()).or_default().count(attempt);
        (queue, jobtype)
    }

    /// The names under which something else is counted of a pair. It has its place from then on.
    pub(super) fn names(&mut self, queue: &Arc<str>, jobtype: &Arc<str>) -> (Arc<str>, Arc<str>) {
        let (queue, jobtype) = self.place(queue, jobtype);
        self.pairs.entry(queue.clone()).or_default().entry(jobtype.clone()).or_default();
        (queue, jobtype)
    }

    /// The names under which a pair is counted.
    fn place(&mut self, queue: &Arc<str>, jobtype: &Arc<str>) -> (Arc<str>, Arc<str>) {
        let known = self.pairs.get(queue).is_some_and(|pairs| pairs.contains_key(jobtype));
        let own = (queue.clone(), jobtype.clone());
        if known || (&**queue, &**jobtype) == (OTHER, OTHER) {
            return own;
        }
        if self.places < self.most {
            self.places += 1;
            return own;
        }
        self.beyond += 1;
        (OTHER.into(), OTHER.into())
    }

    /// Queue, type and counts of each pair, by name.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &str, &Total)> {
        self.pairs.iter().flat_map(|(queue, pairs)| {
            pairs.iter().map(move |(jobtype, total)| (&**queue, &**jobtype, total))
        })
    }

    /// Attempts that are counted under [`OTHER`] because there was no place for them.
    pub fn beyond(&self) -> u64 {
        self.beyond
    }
}

impl Total {
    fn count(&mut self, attempt: &Attempt) {
        self.outcomes[attempt.outcome as usize] += 1;
        self.wait.count(attempt.wait());
        if !matches!(attempt.outcome, Outcome::Lost | Outcome::Released) {
            self.run.count(attempt.run());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{START, attempt};
    use super::*;

    fn named(queue: &str, jobtype: &str) -> Attempt {
        Attempt { queue: queue.into(), ..attempt(jobtype, "a", START, Outcome::Done) }
    }

    fn counted(totals: &Totals) -> Vec<String> {
        totals.rows().map(|(q, t, total)| format!("{q} {t} {}", total.outcomes[0])).collect()
    }

    #[test]
    fn outcomes_stand_in_their_order() {
        for (place, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, place);
        }
    }

    #[test]
    fn the_first_pairs_have_places_and_keep_them() {
        let mut totals = Totals::default();
        totals.limit(2);
        for (queue, jobtype) in
            [("a", "X"), ("b", "X"), ("a", "Y"), ("c", "Z"), ("a", "X"), ("other", "other")]
        {
            totals.count(&named(queue, jobtype));
        }
        assert_eq!(counted(&totals), ["a X 2", "b X 1", "other other 3"]);
        assert_eq!(totals.beyond(), 2, "one was named so");
        totals.limit(3);
        totals.count(&named("a", "Y"));
        totals.limit(0);
        totals.count(&named("a", "Y"));
        assert_eq!(counted(&totals), ["a X 2", "a Y 2", "b X 1", "other other 3"]);
    }

    #[test]
    fn times_fall_into_their_buckets_and_those_of_lost_workers_do_not() {
        let mut totals = Totals::default();
        for outcome in [Outcome::Done, Outcome::Failed, Outcome::Lost, Outcome::Released] {
            totals.count(&attempt("Mail", "a", START, outcome));
        }
        let (_, _, total) = totals.rows().next().unwrap();
        assert_eq!((total.run.counts.iter().sum::<u64>(), total.run.sum), (2, Duration::from_secs(4)));
        assert_eq!((total.wait.counts[7], total.wait.sum), (4, Duration::from_secs(4)), "a second each");
        let mut spread = Spread::default();
        for millis in [0, 5, 6, 1_800_000, 1_800_001] {
            spread.count(Duration::from_millis(millis));
        }
        assert_eq!((spread.counts[0], spread.counts[1], spread.counts[14], spread.counts[15]), (2, 1, 1, 1));
    }
}
