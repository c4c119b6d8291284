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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) wall: Wall,
    pub(super) text: String,
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
        Self { wall, text: wall.rfc3339() }
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
        hash = match memmem::find(life.body, self.made.text.as_bytes()) {
            Some(at) => hash.text(&life.body[..at]).number(0).text(&life.body[at + self.made.text.len()..]),
            None => hash.text(life.body),
        };
        let (wid, moments) = match life.standing {
            Standing::Queued { since: at }
            | Standing::Scheduled { at }
            | Standing::Retrying { at }
            | Standing::Dead { until: at } => ("", [Some(at), None]),
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
        Standing::Dead { .. } => State::Dead,
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
