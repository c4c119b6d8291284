//! What the server has yet to hear of jobs: each slot's job in hand, its outcome, and the delivery of that outcome
//! across broken connections until the lease is over.

use std::sync::{Mutex, PoisonError};

use tokio::time::{Instant, sleep};

use crate::client::command::Command;
use crate::client::link::Link;
use crate::error::Error;
use crate::job::failure::Failure;
use crate::job::outcome::{JobResult, Outcome};

/// An error that the server gives this often is its last word.
const REFUSALS_MAX: u32 = 5;

/// A job that was fetched and not yet reported.
#[derive(Clone, Debug)]
pub(crate) struct InHand {
    pub(crate) jid: String,
    /// After this the job belongs to somebody else, and what we say of it counts no more.
    pub(crate) lease_ends: Instant,
    /// `None` while it runs.
    pub(crate) outcome: Option<JobResult>,
}

/// The jobs in hand, by slot. It outlives the slots, so that a job is reported even when its slot died.
pub(crate) struct Outbox {
    /// Whoever locks it only copies an entry.
    slots: Mutex<Vec<Option<InHand>>>,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// The server has it.
    Done,
    /// The server had taken the job back before.
    Late,
    /// The server could not be reached until the lease was over, or would not hear of it.
    GivenUp,
}

impl Outbox {
    pub(crate) fn new(slots: usize) -> Self {
        Self { slots: Mutex::new(vec![None; slots]) }
    }

    /// Sets what `slot` has in hand.
    pub(crate) fn put(&self, slot: usize, job: InHand) {
        self.lock()[slot] = Some(job);
    }

    /// Takes what `slot` has in hand.
    pub(crate) fn take(&self, slot: usize) -> Option<InHand> {
        self.lock()[slot].take()
    }

    /// Takes everything.
    pub(crate) fn take_all(&self) -> Vec<InHand> {
        self.lock().iter_mut().filter_map(Option::take).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Option<InHand>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InHand {
    /// Tells the server. A job without an outcome was cut off, for the reason that `cut` gives.
    pub(crate) async fn deliver(&self, link: &mut Link, cut: &str) -> Delivery {
        let command = match &self.outcome {
            Some(Err(failure) | Ok(Outcome::Bury(failure))) => Command::fail(&self.jid, failure),
            Some(Ok(_)) => Command::ack(&self.jid),
            None => Command::fail(&self.jid, &Failure::internal("Shutdown", cut)),
        };
        let mut refusals = 0;
        loop {
            let error = match link.ask(&command).await.and_then(|answer| command.expect_ok(answer)) {
                Ok(()) => return Delivery::Done,
                Err(Error::Server { answer, .. }) if answer.text.starts_with("Job not found") => {
                    tracing::warn!(
                        jid = self.jid,
                        "the job's outcome came too late: the server had taken it back"
                    );
                    return Delivery::Late;
                }
                Err(error) => error,
            };
            refusals += u32::from(!error.is_transient());
            let left = self.lease_ends.saturating_duration_since(Instant::now());
            let pause = link.pause().min(left);
            if refusals >= REFUSALS_MAX || left.is_zero() {
                tracing::error!(
                    jid = self.jid,
                    error = error.chain(),
                    "the job's outcome could not be reported"
                );
                return Delivery::GivenUp;
            }
            tracing::warn!(jid = self.jid, error = error.chain(), retry_in = ?pause, "{} did not get through", command.verb);
            sleep(pause).await;
        }
    }
}
