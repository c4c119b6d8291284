//! What a job tells the server while it runs: how far it is, and that it needs longer. Both are the command TRACK, which
//! servers may not have.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bessemer_protocol::response::ServerError;
use serde::Serialize;
use tokio::time::Instant;

use crate::client::command::Command;
use crate::error::Error;
use crate::payload;
use crate::worker::context::Context;

/// Whether the server was found not to have TRACK.
#[derive(Default)]
pub(crate) struct Missing(AtomicBool);

#[derive(Serialize)]
struct Track<'a> {
    jid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desc: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reserve_until: Option<String>,
}

impl Context {
    /// Tells the server how far the job is, of a hundred, and what it does. `Ok(false)` says that the server keeps no
    /// such thing: it is not supported, and nothing is lost but the figure.
    ///
    /// # Errors
    /// As [`Bessemer::push`](crate::Bessemer::push).
    pub async fn progress(&self, percent: u8, text: &str) -> Result<bool, Error> {
        let track = Track { percent: Some(percent.min(100)), desc: Some(text), ..self.about() };
        match self.track(&track).await {
            Err(Error::NotSupported { .. }) => Ok(false),
            other => other.map(|()| true),
        }
    }

    /// Asks the server to leave the job with this worker for `time` from now on, if that is longer than it has anyway. The
    /// worker then cancels it that much later.
    ///
    /// # Errors
    /// [`Error::NotSupported`] when the server cannot: the job keeps the time it has. Otherwise as
    /// [`Bessemer::push`](crate::Bessemer::push).
    pub async fn extend(&self, time: Duration) -> Result<(), Error> {
        // Taken before the server counts, so that the job never takes itself for longer than the server does.
        let until = Instant::now().checked_add(time).ok_or(Error::Time)?;
        let track = Track { reserve_until: Some(payload::time_in(time)?), ..self.about() };
        self.track(&track).await?;
        self.extended(until);
        Ok(())
    }

    fn about(&self) -> Track<'_> {
        Track { jid: self.jid(), percent: None, desc: None, reserve_until: None }
    }

    async fn track(&self, track: &Track<'_>) -> Result<(), Error> {
        let missing = &self.performer().track_missing.0;
        let not_supported = Error::NotSupported { command: "TRACK" };
        if missing.load(Ordering::Relaxed) {
            return Err(not_supported);
        }
        let command = Command::track(track);
        match self.app().ask(&command).await.and_then(|answer| command.expect_ok(answer)) {
            Err(Error::Server { answer, .. }) if is_missing(&answer) => {
                tracing::info!(
                    "the server has no TRACK: progress of jobs is not kept, and reservations stay as they are"
                );
                missing.store(true, Ordering::Relaxed);
                Err(not_supported)
            }
            other => other,
        }
    }
}

/// how servers without TRACK say so.
fn is_missing(answer: &ServerError) -> bool {
    answer.text.starts_with("tracking subsystem is only available")
        || answer.text.starts_with("Unknown command")
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::{Value, json};

    use super::*;
    use crate::client::fake::{Fake, Say};
    use crate::prelude::{Done, Job, JobResult};
    use crate::worker::perform::tests::{fetched, performer, run_one};

    /// Says how far it is, asks for an hour, and waits until it is cancelled.
    struct Long;

    impl Job for Long {
        const JOBTYPE: &'static str = "Long";
        type Args = ();

        async fn perform(&self, ctx: &Context, (): ()) -> JobResult {
            let kept = ctx.progress(120, "half").await?;
            let extended = ctx.extend(Duration::from_secs(3_600)).await;
            let begun = Instant::now();
            ctx.cancelled().await;
            assert_eq!(ctx.check().unwrap_err().errtype(), "Timeout");
            let text = extended.err().map(|error| error.to_string());
            Ok(crate::Outcome::Return(json!([kept, text, begun.elapsed().as_secs()])))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_is_given_more_time_is_cancelled_later() {
        let fake = Fake::new();
        let performer = performer(fake.app().worker().job(Long));
        let outcome = run_one(&performer, fetched("Long", "[]")).await;
        assert_eq!(outcome, Ok(crate::Outcome::Return(json!([true, null, 3_580]))));
        let tracks = fake.seen("TRACK SET", 2).await;
        let track = |n: usize| serde_json::from_str::<Value>(&tracks[n]).unwrap();
        assert_eq!(track(0), json!({"jid": "job-0001", "percent": 100, "desc": "half"}));
        let until: jiff::Timestamp = track(1)["reserve_until"].as_str().unwrap().parse().unwrap();
        let hour = until.duration_since(jiff::Timestamp::try_from(SystemTime::UNIX_EPOCH).unwrap());
        assert!(hour.as_secs() > 3_600, "{until}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_without_track_is_asked_once_and_the_job_goes_on() {
        let fake = Fake::new();
        fake.answer("TRACK", Say::Error("tracking subsystem is only available in Faktory Enterprise"));
        let performer = performer(fake.app().worker().job(Long));
        let outcome = run_one(&performer, fetched("Long", "[]")).await;
        let text = "TRACK is not supported by this server";
        assert_eq!(outcome, Ok(crate::Outcome::Return(json!([false, text, 580]))));
        assert_eq!(fake.count("TRACK"), 1);
        assert!(matches!(run_one(&performer, fetched("Long", "[]")).await, Ok(outcome) if outcome != Done));
        assert_eq!(fake.count("TRACK"), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn progress_that_did_not_get_through_is_an_error() {
        let fake = Fake::new();
        fake.answer("TRACK", Say::Error("Invalid TRACK"));
        let performer = performer(fake.app().worker().job(Long));
        let failure = run_one(&performer, fetched("Long", "[]")).await.unwrap_err();
        assert_eq!(failure.message(), "server refused TRACK: Invalid TRACK");
    }
}
