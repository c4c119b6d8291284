//! What happened in histories: one in which nothing happens proves nothing.

use std::collections::BTreeMap;

/// What the store was about when the machine stopped in the middle of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A batch at the end of a segment.
    Commit,
    /// A new segment: its header, its first batch, its name.
    Roll,
    /// The zeros of a segment to come.
    Prepare,
    /// A segment that was given up becomes a spare.
    Recycle,
    /// The end of a segment that was given up, or of a file that was left over.
    Remove,
    /// A start: only what it writes. What it reads changes nothing.
    Recovery,
}

impl Phase {
    pub(crate) const ALL: [Self; 6] =
        [Self::Commit, Self::Roll, Self::Prepare, Self::Recycle, Self::Remove, Self::Recovery];

    /// How a power loss in the midst of it is counted.
    pub(crate) fn power_loss(self) -> &'static str {
        match self {
            Self::Commit => "a power loss in a commit",
            Self::Roll => "a power loss in a roll",
            Self::Prepare => "a power loss in the preparation of a segment",
            Self::Recycle => "a power loss in a recycling",
            Self::Remove => "a power loss in a removal",
            Self::Recovery => "a power loss in a recovery",
        }
    }
}

/// How often something happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    counts: BTreeMap<&'static str, u64>,
    /// A digest of all calls to the disk.
    pub(crate) trace: u64,
}

/// What has to happen at least once in so many histories, on average.
const EXPECTED: [(&str, u64); 31] = [
    ("a start", 1),
    ("a failed start", 1),
    ("a torn tail", 5),
    ("an answered turn", 1),
    ("a failed turn", 1),
    ("a turn without room", 2),
    ("a segment given up", 5),
    ("a segment recycled", 5),
    ("a turn of cleaning", 1),
    ("a change of the size of segments", 2),
    ("a job handed out", 1),
    ("an answer lost in relaxed mode", 10),
    ("a failure shown", 1),
    ("a record put", 1),
    ("a record replaced or removed", 1),
    ("a record told again", 4),
    ("everything cleared", 4),
    ("a page that had to be read first", 2),
    ("a store drained to its last job", 10),
    ("a backup", 2),
    ("a power loss in a backup", 4),
    ("a power loss in a commit", 4),
    ("a power loss in a roll", 5),
    ("a power loss in the preparation of a segment", 10),
    ("a power loss in a cleaning", 25),
    ("a power loss in a recycling", 25),
    ("a power loss in a removal", 50),
    ("a power loss in a recovery", 2),
    ("a power loss in the recovery of a recovery", 4),
    ("five starts in a row that failed", 10),
    ("a power loss at rest", 1),
];

impl Seen {
    pub(crate) fn note(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    pub(crate) fn add(&mut self, what: &'static str, times: u64) {
        debug_assert!(EXPECTED.iter().any(|(expected, _)| *expected == what), "{what}: nobody asks for it");
        *self.counts.entry(what).or_default() += times;
    }

    /// Both together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        for (what, times) in other.counts {
            *self.counts.entry(what).or_default() += times;
        }
        self.trace = 0;
        self
    }

    /// What happened too rarely in so many histories.
    pub(crate) fn missing(&self, histories: u64) -> Vec<String> {
        let times = |what| self.counts.get(what).copied().unwrap_or(0);
        let rare = EXPECTED.iter().filter(|(what, once_in)| times(what) < histories / once_in);
        rare.map(|(what, _)| format!("{what}: only {} times", times(what))).collect()
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.counts.iter().try_for_each(|(what, times)| write!(f, "\n{times:>12} × {what}"))
    }
}
