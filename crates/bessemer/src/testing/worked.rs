//! What came of jobs that ran in a sandbox.

use serde_json::Value;

use crate::job::failure::Failure;
use crate::job::outcome::{JobResult, Outcome};

/// One job that ran, once.
#[derive(Clone, Debug)]
pub struct Worked {
    pub jid: String,
    pub jobtype: String,
    pub queue: String,
    /// Which attempt it was, counted from 1.
    pub attempt: u32,
    /// How it ended; a panic is a failure of type `panic`, with message and place.
    pub result: JobResult,
    /// What it told of itself, by [`Context::progress`](crate::Context::progress).
    pub progress: Vec<Progress>,
}

/// How far a job said that it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub percent: Option<u8>,
    pub text: Option<String>,
}

/// What a number of jobs came to.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    /// They were done.
    pub ok: usize,
    /// They failed, and are tried again if they may be.
    pub failed: usize,
    /// They are to run again later.
    pub snoozed: usize,
    /// They were not worth doing.
    pub discarded: usize,
    /// They are dead since they said so.
    pub buried: usize,
    /// They are due and were not run: no worker fetches from their queue.
    pub left: usize,
    /// Each run in its order; a job that was tried twice is there twice.
    pub jobs: Vec<Worked>,
}

impl Worked {
    /// Whether it was done.
    pub fn is_ok(&self) -> bool {
        matches!(self.result, Ok(Outcome::Done | Outcome::Return(_)))
    }

    /// Why it failed, or was buried.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.result {
            Err(failure) | Ok(Outcome::Bury(failure)) => Some(failure),
            Ok(_) => None,
        }
    }

    /// Whether it panicked.
    pub fn panicked(&self) -> bool {
        self.failure().is_some_and(|failure| failure.errtype() == "panic")
    }

    /// What it returned.
    pub fn returned(&self) -> Option<&Value> {
        match &self.result {
            Ok(Outcome::Return(value)) => Some(value),
            _ => None,
        }
    }

    /// Asserts that it was done.
    ///
    /// # Panics
    /// When it was not; the message has its failure and the trace.
    #[track_caller]
    pub fn expect_ok(self) -> Self {
        assert!(self.is_ok(), "{}", self.told());
        self
    }

    /// Its end in words.
    fn told(&self) -> String {
        let Self { jobtype, jid, attempt, .. } = self;
        let job = format!("{jobtype} {jid}, attempt {attempt},");
        match &self.result {
            Ok(Outcome::Done | Outcome::Return(_)) => format!("{job} was done"),
            Ok(Outcome::Snooze(delay)) => format!("{job} is to run again in {delay:?}"),
            Ok(Outcome::Discard(reason)) => format!("{job} was discarded: {reason}"),
            Ok(Outcome::Bury(failure)) => format!("{job} was buried: {}", trace(failure)),
            Err(failure) => format!("{job} failed: {}", trace(failure)),
        }
    }
}

fn trace(failure: &Failure) -> String {
    let mut text = format!("{}: {}", failure.errtype(), failure.message());
    for line in failure.backtrace() {
        text.push_str("\n    ");
        text.push_str(line);
    }
    text
}

impl Ran {
    /// How many times a job ran.
    pub fn total(&self) -> usize {
        self.jobs.len()
    }

    /// Asserts that every job was done.
    ///
    /// # Panics
    /// When one was not, or when none ran; the message has the failures and their traces.
    #[track_caller]
    pub fn expect_ok(self) -> Self {
        assert!(
            !self.jobs.is_empty(),
            "no job ran; {} are due on queues that no worker fetches from",
            self.left
        );
        let others: Vec<String> = self.jobs.iter().filter(|job| !job.is_ok()).map(Worked::told).collect();
        assert!(
            others.is_empty(),
            "{} of {} runs were not done:\n{}",
            others.len(),
            self.total(),
            others.join("\n")
        );
        self
    }

    pub(super) fn count(&mut self, job: Worked) {
        match &job.result {
            Ok(Outcome::Done | Outcome::Return(_)) => self.ok += 1,
            Ok(Outcome::Snooze(_)) => self.snoozed += 1,
            Ok(Outcome::Discard(_)) => self.discarded += 1,
            Ok(Outcome::Bury(_)) => self.buried += 1,
            Err(_) => self.failed += 1,
        }
        self.jobs.push(job);
    }
}
