//! The connections that jobs come by and outcomes leave by.
//!
//! A **fetcher** goes round: it takes the outcomes that wait and the slots that are free, sends ACKs, FAILs and FETCHes in
//! one write, and reads their answers in that order. A server keeps a FETCH that finds nothing for 2 s, and what is sent
//! behind it waits as long. So while a fetcher waits for an answer it is given nothing more to send: outcomes leave by
//! another fetcher that has nothing to do, or else by the **reporter**, which never fetches.
//!
//! How many FETCHes leave at once is learnt: one more after each that brought a job, one after one that did not.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::backoff::Backoff;
use crate::client::command::Answer;
use crate::client::link::Link;
use crate::error::Error;
use crate::events::{Event, emit};
use crate::job::failure::Failure;
use crate::payload::FetchedJob;
use crate::worker::outbox::{Presence, Round};
use crate::worker::panic::Catch;
use crate::worker::queues::Place;
use crate::worker::report::InHand;
use crate::worker::shutdown::Stage;
use crate::worker::{Crew, slot};

/// Who uses a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Fetcher,
    Reporter,
}

/// Runs a carrier until the worker stops. One that dies, which is a bug of this library, comes back: what it carried has
/// gone back to the outbox, and jobs do not notice.
pub(crate) async fn supervise(crew: Arc<Crew>, carrier: Carrier) {
    let mut backoff = Backoff::new();
    while let Err(panicked) = Catch::new(carrier.run(&crew)).await {
        crew.health.died();
        tracing::error!(?carrier, panic = panicked.message, trace = ?panicked.trace, "a connection's task died and comes back");
        sleep(backoff.next()).await;
    }
}

impl Carrier {
    async fn run(self, crew: &Arc<Crew>) {
        let mut link = crew.link();
        let mut presence = match self {
            Self::Fetcher => Presence::fetcher(&crew.outbox),
            Self::Reporter => Presence::reporter(),
        };
        loop {
            presence.set(true);
            let Some(round) = self.next_round(crew).await else { break };
            if let Err(error) = carry(crew, &mut link, round, &mut presence).await {
                presence.set(false);
                let pause = link.pause();
                tracing::warn!(error = error.chain(), retry_in = ?pause, "the server does not answer");
                self.rest(crew, pause).await;
            }
        }
        drop(presence);
        link.end().await;
    }

    async fn next_round(self, crew: &Crew) -> Option<Round<'_>> {
        match self {
            Self::Fetcher => crew.outbox.fetcher_round().await,
            Self::Reporter => crew.outbox.reporter_round().await,
        }
    }

    /// Waits; a fetcher only as long as there is something to fetch.
    async fn rest(self, crew: &Crew, pause: Duration) {
        match self {
            Self::Reporter => sleep(pause).await,
            Self::Fetcher => tokio::select! {
                () = sleep(pause) => {}
                () = crew.stop.reached(Stage::Quiet) => {}
            },
        }
    }
}

/// Sends a round and takes its answers. An error is the end of the connection, or the server's refusal to hand out jobs;
/// what was not answered then goes back with the round.
pub(crate) async fn carry(
    crew: &Arc<Crew>,
    link: &mut Link,
    mut round: Round<'_>,
    presence: &mut Presence<'_>,
) -> Result<(), Error> {
    presence.set(false);
    let mut client = link.take().await?;
    let lines = std::mem::take(&mut round.lines);
    let mut pipeline = client.pipeline(&lines, round.len(), &crew.fetch).await?;
    while let Some(report) = round.report() {
        let command = &report.command;
        let told = match pipeline.answer(command).await {
            Ok(answer) => command.expect_ok(answer),
            Err(error @ Error::Server { .. }) => Err(error),
            Err(broken) => return Err(broken),
        };
        round.told(told);
    }

    let (mut refused, mut leaving) = (None, false);
    let mut stopped = pin!(crew.stop.reached(Stage::Quiet));
    while round.is_fetching() {
        // What has arrived already is taken without a wait, and soon comes the next round.
        presence.set(pipeline.has_more());
        let answer = tokio::select! {
            biased;
            answer = pipeline.answer(&crew.fetch) => answer,
            () = &mut stopped, if !leaving => {
                leaving = true;
                pipeline.no_more().await;
                continue;
            }
        };
        presence.set(true);
        match answer {
            Ok(Answer::Bulk(job)) => hand_out(crew, &mut round, job).await,
            Ok(Answer::Null) => round.nothing(),
            Ok(other) => {
                refused = crew.fetch.expect_ok(other).err();
                round.nothing();
            }
            Err(error @ Error::Server { .. }) => {
                refused = Some(error);
                round.nothing();
            }
            // The server has understood that nobody waits.
            Err(_) if leaving => return Ok(()),
            Err(broken) => return Err(broken),
        }
    }
    if !leaving {
        link.put(client);
    }
    match refused {
        Some(error) => Err(error),
        None => {
            link.works();
            Ok(())
        }
    }
}

/// Gives a job that the server sent to a slot. One that cannot be read is failed rather than left to its lease.
async fn hand_out(crew: &Arc<Crew>, round: &mut Round<'_>, text: Vec<u8>) {
    let received = Instant::now();
    let in_hand = |jid: &str, lease| InHand {
        jid: jid.to_owned(),
        token: None,
        lease_ends: received + lease,
        text: Vec::new(),
        place: Place::default(),
    };
    match serde_json::from_slice::<FetchedJob>(&text) {
        Ok(job) => {
            let hand = InHand { text, token: job.lease.clone(), ..in_hand(&job.jid, job.lease()) };
            let lease_ends = hand.lease_ends;
            emit(&crew.app, || Event::Fetched { job: (&job).into() });
            let number = round.fetched(hand, &job.queue);
            slot::start(crew, number, job, lease_ends).await;
        }
        Err(error) => {
            let Ok(Named { jid }) = serde_json::from_slice(&text) else {
                tracing::error!(%error, "the server sent a job that cannot be read, not even its id");
                return round.nothing();
            };
            tracing::error!(jid, %error, "the server sent a job that cannot be read");
            let hand = in_hand(&jid, FetchedJob::LEASE_MIN);
            let lease_ends = hand.lease_ends;
            let number = round.fetched(hand, "");
            let failure =
                Failure::internal("UnreadableJob", format!("the worker cannot read the job: {error}"));
            crew.outbox.ended(number, Err(failure), lease_ends);
        }
    }
}

/// As much as has to be known of a job to fail it.
#[derive(Deserialize)]
struct Named {
    jid: String,
}
