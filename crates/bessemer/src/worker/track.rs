//! What a job tells the server while it runs: how far it is, and that it needs longer. Both are the command TRACK, which
//! servers may not have.

use std::sync::OnceLock;
use std::time::Duration;

use bessemer_protocol::response::ServerError;
use tokio::time::Instant;

use crate::client::track::TrackUpdate;
use crate::error::Error;
use crate::worker::context::Context;

/// What a server without TRACK said, so that it is asked once only.
#[derive(Default)]
pub(crate) struct Missing(OnceLock<(&'static str, ServerError)>);

impl Context {
    /// Tells the server how far the job is, of a hundred, and what it does. `Ok(false)` says that the server keeps no
    /// such thing: it is not supported, and nothing is lost but the figure.
    ///
    /// # Errors
    /// As [`Bessemer::push`](crate::Bessemer::push).
    pub async fn progress(&self, percent: u8, text: &str) -> Result<bool, Error> {
        let update = TrackUpdate::new(self.jid()).percent(percent.min(100)).desc(text);
        match self.track(&update).await {
            Err(Error::Unsupported { .. }) => Ok(false),
            other => other.map(|()| true),
        }
    }

    /// Asks the server to leave the job with this worker for `time` from now on, if that is longer than it has anyway: a
    /// day at most. The worker then cancels it that much later.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the server cannot: the job keeps the time it has. Otherwise as
    /// [`Bessemer::push`](crate::Bessemer::push).
    pub async fn extend(&self, time: Duration) -> Result<(), Error> {
        // Taken before the server counts, so that the job never takes itself for longer than the server does.
        let until = Instant::now().checked_add(time).ok_or(Error::Time)?;
        self.track(&TrackUpdate::new(self.jid()).extend(time)).await?;
        self.extended(until);
        Ok(())
    }

    async fn track(&self, update: &TrackUpdate) -> Result<(), Error> {
        let missing = &self.performer().track_missing.0;
        if let Some((what, answer)) = missing.get().cloned() {
            return Err(Error::Unsupported { what, answer });
        }
        let told = self.app().track_set(update).await;
        if let Err(Error::Unsupported { what, answer }) = &told
            && missing.set((what, answer.clone())).is_ok()
        {
            tracing::info!(
                "the server has no {what}: how far jobs are is not kept, and reservations stay as they are"
            );
        }
        told
    }
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
        let text = "the server has no tracking of jobs (Faktory Enterprise feature)";
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
