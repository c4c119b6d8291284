//! A slot: does one job and puts its outcome into the outbox. Each job is a task of its own, so a slot whose task dies is a
//! slot that is free again.

use std::sync::Arc;

use tokio::time::Instant;

use crate::job::failure::Failure;
use crate::payload::FetchedJob;
use crate::worker::panic::Catch;
use crate::worker::{Crew, perform};

/// Does the job in slot `number`, which has been given it by the outbox.
pub(crate) fn start(crew: Arc<Crew>, number: usize, job: FetchedJob, lease_ends: Instant) {
    tokio::spawn(async move {
        let done = Catch::new(perform::run(&crew.performer, job, lease_ends)).await;
        let result = done.unwrap_or_else(|panicked| {
            // Panics of the job itself have been caught inside: this is a bug of this library, or of a layer.
            crew.health.died();
            tracing::error!(slot = number, panic = panicked.message, trace = ?panicked.trace, "a slot died with its job");
            Err(Failure::from(panicked))
        });
        crew.outbox.ended(number, result);
    });
}
