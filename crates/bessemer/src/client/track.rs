//! TRACK: how far a job has come, told by the job and asked by anybody. A feature of Faktory Enterprise: of a server
//! that lacks it, these commands are [`Error::Unsupported`].

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::client::Client;
use crate::client::command::Command;
use crate::client::pool::Bessemer;
use crate::error::Error;
use crate::payload::{now, rfc3339};

/// The furthest that a reservation is extended, as other clients have it (rule `E-25`).
const EXTEND_MAX: Duration = Duration::from_secs(86_400);

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TrackState {
    /// It waits in its queue.
    Enqueued,
    /// A worker has it.
    Working,
    /// It is done.
    Success,
    /// It failed, and is to be tried again.
    Failed,
    /// It failed for the last time.
    Dead,
    /// Its end is half an hour past, or it is not tracked: see [`JobOptions::track`](crate::JobOptions::track).
    #[serde(other)]
    Unknown,
}

/// What is known of a job, from [`Bessemer::track_get`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Tracked {
    /// The job.
    pub jid: String,
    /// How much of it is done, as it said last.
    #[serde(default)]
    pub percent: Option<u8>,
    /// What it does, as it said last.
    #[serde(default)]
    pub desc: Option<String>,
    /// Where it stands.
    pub state: TrackState,
    /// When any of this was last changed, RFC 3339.
    #[serde(default, deserialize_with = "filled")]
    pub updated_at: Option<String>,
}

/// A job of which nothing is known has an empty time (rule `E-22`).
fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.filter(|text: &String| !text.is_empty()))
}

/// What is told of a job by [`Bessemer::track_set`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is told before track_set is called"]
pub struct TrackUpdate {
    jid: String,
    percent: Option<u8>,
    desc: Option<String>,
    extend: Option<Duration>,
}

impl TrackUpdate {
    /// Of this job.
    pub fn new(jid: impl Into<String>) -> Self {
        Self { jid: jid.into(), percent: None, desc: None, extend: None }
    }

    /// How much of it is done, 0 to 100.
    pub fn percent(mut self, percent: u8) -> Self {
        self.percent = Some(percent);
        self
    }

    /// What it does.
    pub fn desc(mut self, text: impl Into<String>) -> Self {
        self.desc = Some(text.into());
        self
    }

    /// Its worker may hold it for so long from now on, if that is longer than before: at most a day.
    pub fn extend(mut self, lease: Duration) -> Self {
        self.extend = Some(lease);
        self
    }

    pub(crate) fn command(&self) -> Result<Command, Error> {
        #[derive(Serialize)]
        struct Update<'a> {
            jid: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            percent: Option<u8>,
            #[serde(skip_serializing_if = "Option::is_none")]
            desc: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reserve_until: Option<String>,
        }
        if let Some(percent) = self.percent.filter(|percent| *percent > 100) {
            let what = format!("is {percent}, and may be 0 to 100");
            return Err(Error::Setting { name: "percent", what });
        }
        if let Some(lease) = self.extend.filter(|lease| *lease > EXTEND_MAX) {
            let what = format!("is {lease:?}, and may be a day at most");
            return Err(Error::Setting { name: "extend", what });
        }
        let until = |lease| now().checked_add(lease).ok_or(Error::Time).and_then(rfc3339);
        let reserve_until = self.extend.map(until).transpose()?;
        let Self { jid, percent, desc, .. } = self;
        let update = Update { jid, percent: *percent, desc: desc.as_deref(), reserve_until };
        Ok(Command::stating("TRACK", "SET", &update))
    }
}

impl Client {
    /// What is known of a job; of one that nobody knows, nothing.
    ///
    /// # Errors
    /// [`Error::Unsupported`] of a server without tracking.
    pub async fn track_get(&mut self, jid: &str) -> Result<Tracked, Error> {
        let command = Command::about("TRACK", "GET", jid)?;
        command.expect_document(self.ask(&command).await?)
    }

    /// Tells how far a job has come.
    ///
    /// # Errors
    /// [`Error::Unsupported`] of a server without tracking; [`Error::Setting`] for a value out of its range.
    pub async fn track_set(&mut self, update: &TrackUpdate) -> Result<(), Error> {
        let command = update.command()?;
        command.expect_ok(self.ask(&command).await?)
    }
}

impl Bessemer {
    /// See [`Client::track_get`].
    pub async fn track_get(&self, jid: &str) -> Result<Tracked, Error> {
        let command = Command::about("TRACK", "GET", jid)?;
        command.expect_document(self.ask(&command).await?)
    }

    /// See [`Client::track_set`].
    pub async fn track_set(&self, update: &TrackUpdate) -> Result<(), Error> {
        let command = update.command()?;
        command.expect_ok(self.ask(&command).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::fake::{Fake, Say};

    #[tokio::test]
    async fn what_a_job_tells_is_what_others_read_e21_e22_e23() {
        let fake = Fake::new();
        let app = fake.app();
        app.track_set(&TrackUpdate::new("abcdefgh").percent(40).desc("page 2 of 5")).await.unwrap();
        app.client().await.unwrap().track_set(&TrackUpdate::new("abcdefgh")).await.unwrap();
        fake.answer(
            "TRACK",
            Say::Bulk(
                r#"{"jid":"abcdefgh","percent":40,"desc":"page 2 of 5","state":"working","updated_at":"2026-01-02T03:04:05Z"}"#,
            ),
        );
        let tracked = app.track_get("abcdefgh").await.unwrap();
        assert_eq!((tracked.percent, tracked.desc.as_deref()), (Some(40), Some("page 2 of 5")));
        assert_eq!(tracked.updated_at.as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(tracked.state, TrackState::Working);
        fake.answer("TRACK", Say::Bulk(r#"{"jid":"nobody-01","state":"unknown","updated_at":""}"#));
        let nobody = app.client().await.unwrap().track_get("nobody-01").await.unwrap();
        assert_eq!((nobody.state, nobody.updated_at), (TrackState::Unknown, None));
        let sent = [
            r#"SET {"jid":"abcdefgh","percent":40,"desc":"page 2 of 5"}"#,
            r#"SET {"jid":"abcdefgh"}"#,
            "GET abcdefgh",
            "GET nobody-01",
        ];
        assert_eq!(fake.seen("TRACK", 4).await, sent);
    }

    #[test]
    fn every_state_is_read_and_a_new_one_is_unknown() {
        let read = |word: &str| serde_json::from_str::<TrackState>(&format!("{word:?}")).unwrap();
        use TrackState::*;
        for (word, state) in [
            ("unknown", Unknown),
            ("enqueued", Enqueued),
            ("working", Working),
            ("success", Success),
            ("failed", Failed),
            ("dead", Dead),
            ("scheduled", Unknown),
        ] {
            assert_eq!(read(word), state);
        }
    }

    #[tokio::test]
    async fn a_lease_is_extended_from_now_on_and_by_a_day_at_most_e25() {
        let fake = Fake::new();
        let app = fake.app();
        let update = TrackUpdate::new("abcdefgh");
        app.track_set(&update.clone().extend(EXTEND_MAX).percent(100)).await.unwrap();
        let sent: serde_json::Value =
            serde_json::from_str(fake.seen("TRACK", 1).await[0].strip_prefix("SET ").unwrap()).unwrap();
        let until: jiff::Timestamp = sent["reserve_until"].as_str().unwrap().parse().unwrap();
        let ahead = until.duration_since(jiff::Timestamp::now()).as_secs();
        assert!((86_000..=86_400).contains(&ahead), "{ahead}");
        let beyond = update.clone().extend(EXTEND_MAX + Duration::from_secs(1));
        assert_eq!(
            app.track_set(&beyond).await.unwrap_err().to_string(),
            "extend is 86401s, and may be a day at most"
        );
        let much = app.track_set(&update.percent(101)).await.unwrap_err();
        assert_eq!(much.to_string(), "percent is 101, and may be 0 to 100");
        assert_eq!(fake.count("TRACK"), 1);
    }

    #[tokio::test]
    async fn a_server_without_tracking_is_said_to_have_none_x01() {
        let fake = Fake::new();
        for answer in [
            "tracking subsystem is only available in Faktory Enterprise",
            "TRACK is not supported by this version",
            "unknown command TRACK",
        ] {
            fake.answer("TRACK", Say::Error(answer));
            let error = fake.app().track_get("abcdefgh").await.unwrap_err();
            assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
            let told = "the server has no tracking of jobs (Faktory Enterprise feature)";
            assert_eq!(error.to_string(), told);
        }
        let error = fake.app().track_get("two words").await.unwrap_err();
        assert!(matches!(error, Error::NotAName(_)), "{error}");
    }
}
