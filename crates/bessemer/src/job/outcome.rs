//! What a job may answer besides "done": the words, and what counts as one of them.
//!
//! What each word costs on the wire is the worker's affair; all of them are made from verbs that every server knows.

use std::time::Duration;

use serde_json::Value;

use crate::job::failure::Failure;

/// What a job answers: how it ended, or why it failed. Any error becomes a [`Failure`] by `?`.
pub type JobResult = Result<Outcome, Failure>;

/// How a job ended that did not fail.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The work is done: ACK.
    Done,
    /// The work is done, and this came out. Servers keep no results: tests and events see the value, then it is gone.
    Return(Value),
    /// Not now: a copy that is due after this time is pushed, and the job is acknowledged. No attempt is spent, and the
    /// copy has an id of its own.
    Snooze(Duration),
    /// The work is not worth doing, for this reason: ACK, with an event that says so.
    Discard(String),
    /// It will never succeed: FAIL, then straight to the dead, whatever `retry` says.
    Bury(Failure),
}

/// What the body of a job may answer in the place of `Ok`: an [`Outcome`], or `()` for [`Outcome::Done`].
pub trait IntoOutcome {
    /// The outcome it stands for.
    fn into_outcome(self) -> Outcome;
}

impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Outcome {
        self
    }
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Outcome::Done
    }
}
