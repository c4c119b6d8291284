//! The checksum of an import: over the jobs as they were read, and over those that the store holds.
//!
//! The hash of a kind is the sum of the hashes of its jobs, so it does not matter in which order they are met. That of a
//! job which waits in a queue includes its place there, so the order of each queue does matter. What the import itself
//! has filled in, since the source did not say, is left out: two imports of the same jobs have the same checksum.

use std::hash::Hasher as _;

use bessemer_core::Wall;
use bessemer_core::fact::{OnLost, Standing};
use bessemer_core::machine::Life;
use bessemer_core::query::Day;
use memchr::memmem;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::super::lines::State;

/// The moment that stands for every moment which the source does not name.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) wall: Wall,
    pub(super) text: String,
    /// Finds the text.
    finder: memmem::Finder<'static>,
}

/// The two layouts of Faktory's queues (rules `S-05`, `S-06`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layout {
    /// A list named as its queue, up to 1.9: an update to 1.10 leaves its jobs there.
    Bare,
    /// `q:` and the name.
    Prefixed,
}

/// Where a job waits: how many came into its list after it.
pub(super) type Position = (Layout, u64);

/// How many, and the sum of their hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) count: u64,
    hash: u128,
}

/// Counts and hashes.
#[derive(Clone, Debug)]
pub(super) struct Digest {
    made: Made,
    jobs: [Sum; STATES.len()],
    queues: Sum,
    /// Of days, and of the totals.
    counters: Sum,
}

/// The states of jobs, and what the sets of them are called.
pub(super) const STATES: [(State, &str); 5] = [
    (State::Queued, "enqueued"),
    (State::Scheduled, "scheduled"),
    (State::Retrying, "retries"),
    (State::Dead, "dead"),
    (State::Working, "working"),
];

impl Made {
    pub(super) fn at(wall: Wall) -> Self {
        let text = wall.rfc3339();
        let finder = memmem::Finder::new(&text).into_owned();
        Self { wall, text, finder }
    }
}

impl Sum {
    fn add(&mut self, hash: u128) {
        self.count += 1;
        self.hash = self.hash.wrapping_add(hash);
    }

    /// The hash as people see it.
    pub(super) fn text(&self) -> String {
        format!("{:032x}", self.hash)
    }
}

impl Digest {
    pub(super) fn new(made: Made) -> Self {
        Self { made, jobs: Default::default(), queues: Sum::default(), counters: Sum::default() }
    }

    /// Adds a job; the answer is its own hash.
    pub(super) fn job(&mut self, position: Option<Position>, life: &Life<'_>) -> u128 {
        let state = state_of(life) as usize;
        let hash = self.hash(state, position, life);
        self.jobs[state].add(hash);
        hash
    }

    pub(super) fn queue(&mut self, name: &str, paused: bool) {
        self.queues.add(Hash::new().text(name.as_bytes()).number(u64::from(paused)).end());
    }

    pub(super) fn day(&mut self, day: Day) {
        let hash = Hash::new().number(day.day as u64).number(day.processed).number(day.failed).end();
        self.counters.add(hash);
    }

    pub(super) fn totals(&mut self, processed: u64, failures: u64) {
        let hash = Hash::new().number(processed).number(failures).end();
        self.counters.hash = self.counters.hash.wrapping_add(hash);
    }

    /// The sums by name.
    pub(super) fn sums(&self) -> impl Iterator<Item = (&'static str, Sum)> + '_ {
        let jobs = STATES.iter().map(|(_, name)| *name).zip(self.jobs);
        jobs.chain([("queues", self.queues), ("counters", self.counters)])
    }

    pub(super) fn of(&self, state: State) -> Sum {
        self.jobs[state as usize]
    }

    /// How many jobs there are.
    pub(super) fn count(&self) -> u64 {
        self.jobs.iter().map(|sum| sum.count).sum()
    }

    /// All of it in one.
    pub(super) fn text(&self) -> String {
        let mut hash = Hash::new();
        for (name, sum) in self.sums() {
            hash = hash.text(name.as_bytes()).number(sum.count).text(&sum.hash.to_le_bytes());
        }
        format!("{:032x}", hash.end())
    }

    fn hash(&self, state: usize, position: Option<Position>, life: &Life<'_>) -> u128 {
        let head = &life.head;
        let (layout, place) = position.map_or((u64::MAX, u64::MAX), |(layout, place)| (layout as u64, place));
        let mut hash = Hash::new().number(state as u64).number(layout).number(place);
        for text in [head.queue, head.jid, head.jobtype] {
            hash = hash.text(text.as_bytes());
        }
        let on_lost = match head.on_lost {
            None => 0,
            Some(OnLost::Requeue) => 1,
            Some(OnLost::Wait) => 2,
            Some(OnLost::Dead) => 3,
        };
        hash = hash.number(head.retry as u64).number(u64::from(head.reserve_for)).number(on_lost);
        hash = match self.made.finder.find(life.body) {
            Some(at) => hash.text(&life.body[..at]).number(0).text(&life.body[at + self.made.text.len()..]),
            None => hash.text(life.body),
        };
        let (wid, moments) = match life.standing {
            Standing::Queued { since: at }
            | Standing::Scheduled { at }
            | Standing::Retrying { at }
            | Standing::Dead { until: at }
            | Standing::Discarded { until: at, .. } => ("", [Some(at), None]),
            Standing::Working { wid, since, until } => (wid, [Some(since), Some(until)]),
        };
        hash = hash.text(wid.as_bytes());
        for moment in moments.into_iter().chain([life.enqueued_at]) {
            hash = hash.moment(&self.made, moment);
        }
        if let Some(failure) = life.failure {
            hash = hash.number(u64::from(failure.retry_count)).number(failure.remaining as u64);
            hash = hash.moment(&self.made, Some(failure.failed_at)).moment(&self.made, failure.next_at);
            hash = hash.text(failure.text);
        }
        hash.end()
    }
}

/// The state that a job stands in.
pub(super) fn state_of(life: &Life<'_>) -> State {
    match life.standing {
        Standing::Queued { .. } => State::Queued,
        Standing::Scheduled { .. } => State::Scheduled,
        Standing::Retrying { .. } => State::Retrying,
        // Nobody is told of what was discarded.
        Standing::Dead { .. } | Standing::Discarded { .. } => State::Dead,
        Standing::Working { .. } => State::Working,
    }
}

/// A hash that grows. Each text goes in with its length, so that no two lists of texts are the same bytes.
struct Hash(SipHasher13);

impl Hash {
    /// The keys are none: this is no secret, and has to be the same everywhere.
    fn new() -> Self {
        Self(SipHasher13::new_with_keys(0, 0))
    }

    fn number(mut self, number: u64) -> Self {
        self.0.write(&number.to_le_bytes());
        self
    }

    fn text(self, text: &[u8]) -> Self {
        let mut hash = self.number(text.len() as u64);
        hash.0.write(text);
        hash
    }

    fn moment(self, made: &Made, moment: Option<Wall>) -> Self {
        match moment {
            None => self.number(0),
            Some(at) if at == made.wall => self.number(1),
            Some(at) => self.number(2).number(at.0 as u64),
        }
    }

    fn end(&self) -> u128 {
        self.0.finish128().as_u128()
    }
}

#[cfg(test)]
mod tests {
    use bessemer_core::fact::{Failure, Head, Order, Terms};

    use super::*;

    fn life<'a>(standing: Standing<'a>, body: &'a [u8]) -> Life<'a> {
        let head = Head {
            jid: "job-00001",
            queue: "a",
            jobtype: "T",
            retry: 25,
            reserve_for: 1800,
            on_lost: None,
            terms: Terms::default(),
            body_hash: 0,
        };
        let failure =
            Failure { retry_count: 1, remaining: 2, failed_at: Wall(3), next_at: Some(Wall(4)), text: b"{}" };
        Life {
            order: Order(0),
            head,
            standing,
            enqueued_at: None,
            failure: Some(failure),
            losses: Vec::new(),
            body,
        }
    }

    fn text(made: i64, position: Option<Position>, life: &Life<'_>) -> String {
        let mut digest = Digest::new(Made::at(Wall(made)));
        digest.job(position, life);
        digest.text()
    }

    #[test]
    fn whatever_is_known_of_a_job_counts() {
        let working = Standing::Working { wid: "w1", since: Wall(8), until: Wall(9) };
        let base = Life { enqueued_at: Some(Wall(5)), ..life(working, b"{}") };
        let failure = base.failure.expect("one");
        let failed = |failure| Life { failure: Some(failure), ..base.clone() };
        let headed = |head| Life { head, ..base.clone() };
        let others = [
            base.clone(),
            headed(Head { jid: "job-00002", ..base.head }),
            headed(Head { queue: "b", ..base.head }),
            headed(Head { jobtype: "U", ..base.head }),
            headed(Head { retry: 24, ..base.head }),
            headed(Head { reserve_for: 60, ..base.head }),
            headed(Head { on_lost: Some(OnLost::Dead), ..base.head }),
            Life { body: b"{ }", ..base.clone() },
            Life { enqueued_at: Some(Wall(6)), ..base.clone() },
            Life {
                standing: Standing::Working { wid: "w2", since: Wall(8), until: Wall(9) },
                ..base.clone()
            },
            Life {
                standing: Standing::Working { wid: "w1", since: Wall(7), until: Wall(9) },
                ..base.clone()
            },
            Life {
                standing: Standing::Working { wid: "w1", since: Wall(8), until: Wall(8) },
                ..base.clone()
            },
            Life { standing: Standing::Dead { until: Wall(8) }, ..base.clone() },
            Life { failure: None, ..base.clone() },
            failed(Failure { retry_count: 2, ..failure }),
            failed(Failure { remaining: 3, ..failure }),
            failed(Failure { failed_at: Wall(4), ..failure }),
            failed(Failure { next_at: None, ..failure }),
            failed(Failure { text: b"{ }", ..failure }),
        ];
        let mut all: Vec<String> = others.iter().map(|life| text(7, None, life)).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_place_in_a_queue_counts_and_what_the_import_filled_in_does_not() {
        let queued = |made: i64| Standing::Queued { since: Wall(made) };
        let body = |made: i64| format!(r#"{{"created_at":"{}","args":[]}}"#, Wall(made).rfc3339());
        let at = |made: i64, layout, later| {
            text(made, Some((layout, later)), &life(queued(made), body(made).as_bytes()))
        };
        assert_eq!(at(1_000, Layout::Prefixed, 1), at(2_000, Layout::Prefixed, 1));
        assert_ne!(at(1_000, Layout::Prefixed, 1), at(1_000, Layout::Prefixed, 2));
        assert_ne!(at(1_000, Layout::Prefixed, 1), at(1_000, Layout::Bare, 1));
        let named = text(1_000, None, &life(queued(2_000), body(2_000).as_bytes()));
        assert_ne!(named, text(1_000, None, &life(queued(3_000), body(3_000).as_bytes())));
    }

    #[test]
    fn queues_days_and_totals_count() {
        let digest = |of: &dyn Fn(&mut Digest)| {
            let mut digest = Digest::new(Made::at(Wall(7)));
            of(&mut digest);
            digest.text()
        };
        let day = Day { day: 1, processed: 2, failed: 3 };
        let all = [
            digest(&|_| {}),
            digest(&|digest| digest.queue("a", false)),
            digest(&|digest| digest.queue("a", true)),
            digest(&|digest| digest.totals(1, 2)),
            digest(&|digest| digest.totals(2, 1)),
            digest(&|digest| digest.day(day)),
            digest(&|digest| digest.day(Day { failed: 4, ..day })),
        ];
        assert!((1..all.len()).all(|at| !all[..at].contains(&all[at])));
    }
}
