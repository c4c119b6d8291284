//! Bugs, planted on purpose: a test that has never caught one proves little.
//!
//! Tests plant one in their own thread and must then fail. Mistakes towards the disk (a forgotten flush, say) need no
//! place in here: tests make them with a careless disk of their own. Without the feature `sim` there is nothing to
//! plant, and the compiler removes the questions.

/// A mistake that somebody has made in some store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Damage is cut like a torn tail.
    CutDamage,
    /// The first batch of a segment lacks what the segments before it say.
    ForgetToRestate,
    /// A segment is given up though a job lives in it.
    FreeTheLiving,
    /// A segment that is given up goes before a durable batch says so.
    DiscardAtOnce,
    /// A segment becomes a spare, and may be overwritten, before its new name is durable.
    RecycleBeforeFlush,
    /// The cleaning of a segment forgets the texts of the failures of the jobs that it moves.
    MoveWithoutFailure,
    /// A segment that is cleaned is left before all who live in it have been told again.
    LeaveBehind,
    /// The cleaning of a segment moves jobs that have ended, too.
    MoveTheEnded,
    /// The cleaning of a segment puts jobs at the end of their queues.
    MoveToTheTail,
    /// The cleaning of a segment moves kept records to nowhere.
    LoseTheRecord,
    /// The cleaning of a segment moves kept records that were replaced or removed, too.
    MoveTheRemoved,
    /// A kept record holds no segment: it may be given up with the record in it.
    FreeTheRecords,
    /// The removal of a kept record is not written down.
    ForgetTheRemoval,
    /// Nothing stands behind a batch but what the file held before.
    ForgetTheTerminator,
    /// A batch is believed without a look at the checksum of its records.
    TrustTheBatch,
    /// Every batch says that all before it was durable, also in relaxed mode.
    ClaimDurable,
    /// A segment is given away before the batch that gives it up is durable.
    DiscardUnflushed,
    /// A batch that outlived the one before it stays in the file.
    LeaveForgotten,
    /// A text is served without a look at its checksum.
    TrustTheText,
}

#[cfg(feature = "sim")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants a bug in what this thread does from now on, or none.
#[cfg(feature = "sim")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

#[cfg(feature = "sim")]
pub(super) fn planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

#[cfg(not(feature = "sim"))]
pub(super) const fn planted(_: Bug) -> bool {
    false
}
