//! What the server has to hear of a job that has ended: each word of a [`JobResult`] as commands that every server knows,
//! and what their answers mean.
//!
//! ```text
//!  Done, Return, Discard   ACK                       Err    FAIL
//!  Snooze                  PUSH of a copy, then ACK  Bury   FAIL, then MUTATE kill
//! ```
//!
//! The second command leaves when the first was answered with OK. So a job that is snoozed is never lost: without its
//! copy it is not acknowledged.

use std::collections::BTreeMap;
use std::time::Duration;

use bessemer_protocol::mutate::{Filter, Target};
use serde_json::value::{RawValue, to_raw_value};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::client::command::Command;
use crate::error::Error;
use crate::events::JobInfo;
use crate::job::failure::Failure;
use crate::job::outcome::{JobResult, Outcome};
use crate::payload::{FetchedJob, Jid, time_in};
use crate::worker::queues::Place;

/// A command that the server refuses this often will not be taken.
const REFUSALS_MAX: u32 = 5;

/// A job that was fetched and has not ended.
#[derive(Debug)]
pub(crate) struct InHand {
    pub(crate) jid: String,
    /// See [`FetchedJob`](crate::payload::FetchedJob).
    pub(crate) token: Option<String>,
    /// After this the job belongs to somebody else, and what we say of it counts no more.
    pub(crate) lease_ends: Instant,
    /// As the server sent it, for a copy.
    pub(crate) text: Vec<u8>,
    pub(crate) place: Place,
}

/// A job that has ended, and of which the server does not know that yet.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) jid: String,
    token: Option<String>,
    pub(crate) lease_ends: Instant,
    /// As the server sent it.
    text: Vec<u8>,
    /// What the server is to be told next.
    pub(crate) command: Command,
    /// What comes after that.
    then: Option<Command>,
    /// What it counts as when all is told.
    end: End,
    /// Before this it is not told again.
    pub(crate) not_before: Option<Instant>,
    refusals: u32,
    backoff: Backoff,
}

/// How a job counts when all is told, or nobody hears it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Succeeded,
    Failed,
    /// The server had taken the job back.
    Late,
    /// The server did not hear of it for as long as it was ours.
    Lost,
}

impl Report {
    pub(crate) fn new(job: InHand, result: JobResult) -> Self {
        let (jid, token) = (job.jid.as_str(), job.token.as_deref());
        let fail = |failure: &Failure| (Command::fail(jid, token, failure), None, End::Failed);
        let (command, then, end) = match &result {
            Ok(Outcome::Done | Outcome::Return(_) | Outcome::Discard(_)) => {
                (Command::ack(jid, token), None, End::Succeeded)
            }
            Ok(Outcome::Snooze(delay)) => match copy(&job.text, *delay) {
                Ok(push) => (push, Some(Command::ack(jid, token)), End::Succeeded),
                Err(error) => fail(&snooze_failed(&error)),
            },
            Ok(Outcome::Bury(failure)) => {
                // Without a jid there would be nothing to kill, and the server would refuse the FAIL.
                let kill = Command::kill(Target::Retries, &Filter::jids([jid])).ok();
                (Command::fail(jid, token, failure), kill, End::Failed)
            }
            Err(failure) => fail(failure),
        };
        let (refusals, backoff) = (0, Backoff::new());
        let InHand { jid, token, lease_ends, text, .. } = job;
        Self { jid, token, lease_ends, text, command, then, end, not_before: None, refusals, backoff }
    }

    /// Takes the answer to its command. `None` says that there is more to be told, now or at [`Report::not_before`].
    pub(crate) fn answered(&mut self, answer: Result<(), Error>) -> Option<End> {
        let Err(error) = answer else {
            let Some(next) = self.then.take() else { return Some(self.end) };
            self.command = next;
            return None;
        };
        let jid = &self.jid;
        let final_word = !error.is_transient();
        match (&error, self.command.verb) {
            (Error::Server { answer, .. }, "FAIL") if answer.text.starts_with("Job not found") => {
                tracing::warn!(jid, "the job's outcome came too late: the server had taken it back");
                return Some(End::Late);
            }
            (_, "PUSH") if final_word => {
                tracing::warn!(jid, error = error.chain(), "the job could not be snoozed, and is failed");
                self.command = Command::fail(jid, self.token.as_deref(), &snooze_failed(&error));
                (self.then, self.end) = (None, End::Failed);
                return None;
            }
            _ => {}
        }
        self.refusals += u32::from(final_word);
        if self.refusals < REFUSALS_MAX {
            let pause = self.backoff.next();
            tracing::warn!(jid, error = error.chain(), retry_in = ?pause, "{} did not get through", self.command.verb);
            self.not_before = Some(Instant::now() + pause);
            return None;
        }
        if self.command.verb == "MUTATE" {
            tracing::error!(
                jid,
                error = error.chain(),
                "the job is failed, but could not be buried: it runs again"
            );
            return Some(self.end);
        }
        tracing::error!(jid, error = error.chain(), "the job's outcome could not be reported");
        Some(End::Lost)
    }

    /// The job, for those who listen. One that could not be read has no more than its id.
    pub(crate) fn info(&self) -> JobInfo {
        let job = serde_json::from_slice::<FetchedJob>(&self.text);
        job.map_or_else(|_| JobInfo::unread(&self.jid), |job| JobInfo::from(&job))
    }

    /// Whether it is too late to say it.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now >= self.lease_ends
    }
}

/// The PUSH of a copy that is due after `delay`: all that the job had, under an id of its own.
fn copy(job: &[u8], delay: Duration) -> Result<Command, Error> {
    let unreadable = |source| Error::Document { command: "FETCH", source };
    let mut job: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(job).map_err(unreadable)?;
    let mut set = |name: &str, value: &str| {
        to_raw_value(value).map(|value| drop(job.insert(name.into(), value))).map_err(unreadable)
    };
    set("jid", Jid::random()?.as_str())?;
    set("at", &time_in(delay)?)?;
    job.remove("enqueued_at");
    job.remove("lease");
    Ok(Command::with_json("PUSH", &job))
}

fn snooze_failed(error: &Error) -> Failure {
    Failure::internal("SnoozeFailed", format!("the job's copy for later was not pushed: {}", error.chain()))
}

#[cfg(test)]
mod tests {
    use bessemer_protocol::response::ServerError;
    use serde_json::{Value, json};

    use super::*;

    fn report(result: JobResult) -> Report {
        report_of(None, result)
    }

    fn report_of(token: Option<&str>, result: JobResult) -> Report {
        let text = br#"{"jid":"job-0001","lease":"5f-1","queue":"q","jobtype":"T","args":[9007199254740993,1.0],"retry":3,"priority":7,
            "custom":{"track":1},"failure":{"retry_count":2},"enqueued_at":"x","created_at":"y","reserve_for":90}"#;
        let lease_ends = Instant::now() + Duration::from_secs(60);
        Report::new(
            InHand {
                jid: "job-0001".into(),
                token: token.map(Into::into),
                lease_ends,
                text: text.to_vec(),
                place: Place::default(),
            },
            result,
        )
    }

    fn refusal(text: &str) -> Error {
        Error::Server { command: "PUSH", answer: ServerError::parse(text) }
    }

    fn line(report: &Report) -> &str {
        std::str::from_utf8(&report.command.line).unwrap().trim_end()
    }

    /// Answers its command, and returns what is to be said next.
    fn more(mut report: Report, answer: Result<(), Error>) -> Report {
        assert_eq!(report.answered(answer), None);
        report
    }

    fn told(mut report: Report, answer: Result<(), Error>) -> End {
        report.answered(answer).expect("there is no more to be told")
    }

    #[test]
    fn what_is_done_returned_or_discarded_is_acknowledged() {
        for outcome in [Outcome::Done, Outcome::Return(json!(7)), Outcome::Discard("stale".into())] {
            let report = report(Ok(outcome));
            assert_eq!(line(&report), r#"ACK {"jid":"job-0001"}"#);
            assert_eq!(told(report, Ok(())), End::Succeeded);
        }
    }

    #[test]
    fn an_outcome_names_its_delivery_where_the_server_did() {
        let of = |result| report_of(Some("5f-1"), result);
        let failure = Failure::internal("E", "m");
        assert_eq!(line(&of(Ok(Outcome::Done))), r#"ACK {"jid":"job-0001","lease":"5f-1"}"#);
        assert!(
            line(&of(Err(failure))).starts_with(r#"FAIL {"jid":"job-0001","lease":"5f-1","errtype":"E""#)
        );
        let snoozed = of(Ok(Outcome::Snooze(Duration::from_secs(300))));
        assert!(!line(&snoozed).contains("lease"), "the copy has none: {}", line(&snoozed));
        assert_eq!(line(&more(snoozed, Ok(()))), r#"ACK {"jid":"job-0001","lease":"5f-1"}"#);
    }

    #[test]
    fn a_snoozed_job_is_pushed_again_as_it_was_and_only_then_acknowledged() {
        let report = report(Ok(Outcome::Snooze(Duration::from_secs(300))));
        let copy = line(&report).strip_prefix("PUSH ").unwrap();
        assert!(copy.contains("[9007199254740993,1.0]"), "arguments are kept byte for byte: {copy}");
        let mut copy: serde_json::Map<String, Value> = serde_json::from_str(copy).unwrap();
        assert_ne!(copy.remove("jid").unwrap(), "job-0001");
        let at: jiff::Timestamp = copy.remove("at").unwrap().as_str().unwrap().parse().unwrap();
        assert!((298..=300).contains(&at.duration_since(jiff::Timestamp::now()).as_secs()));
        copy.remove("args");
        let rest = json!({"queue": "q", "jobtype": "T", "retry": 3, "priority": 7, "custom": {"track": 1},
            "failure": {"retry_count": 2}, "created_at": "y", "reserve_for": 90});
        assert_eq!(Value::Object(copy), rest, "it has spent no attempt");

        let report = more(report, Ok(()));
        assert_eq!(line(&report), r#"ACK {"jid":"job-0001"}"#);
        assert_eq!(told(report, Ok(())), End::Succeeded);
    }

    #[test]
    fn a_job_whose_copy_is_refused_is_failed_and_not_lost() {
        let snooze = || report(Ok(Outcome::Snooze(Duration::from_secs(300))));
        let failed = more(snooze(), Err(refusal("NOTUNIQUE Job not unique")));
        assert!(line(&failed).contains(r#""errtype":"SnoozeFailed""#), "{}", line(&failed));
        assert!(line(&failed).contains("server refused PUSH: Job not unique"), "{}", line(&failed));
        assert_eq!(told(failed, Ok(())), End::Failed);

        let waits = more(snooze(), Err(refusal("ERR shutdown in progress")));
        assert!(line(&waits).starts_with("PUSH ") && waits.not_before.is_some(), "the same again, later");

        let never = report(Ok(Outcome::Snooze(Duration::MAX)));
        assert!(line(&never).contains("SnoozeFailed"), "{}", line(&never));
    }

    #[test]
    fn a_buried_job_is_failed_and_then_killed() {
        let report = report(Ok(Outcome::Bury(Failure::internal("E", "m"))));
        assert!(line(&report).starts_with(r#"FAIL {"jid":"job-0001","errtype":"E""#));
        let report = more(report, Ok(()));
        // M-01: stock Faktory takes no space in it.
        assert_eq!(
            line(&report),
            r#"MUTATE {"cmd":"kill","target":"retries","filter":{"jids":["job-0001"]}}"#
        );
        assert_eq!(told(report, Ok(())), End::Failed);
    }

    #[test]
    fn a_report_that_comes_too_late_is_not_repeated_and_nothing_is_buried() {
        let bury = report(Ok(Outcome::Bury(Failure::internal("E", "m"))));
        assert_eq!(told(bury, Err(refusal("ERR Job not found job-0001"))), End::Late);
    }

    #[test]
    fn what_is_refused_is_said_five_times() {
        let mut ack = report(Ok(Outcome::Done));
        for _ in 1..REFUSALS_MAX {
            ack = more(ack, Err(refusal("ERR oh no")));
        }
        assert_eq!(told(ack, Err(refusal("ERR oh no"))), End::Lost);
    }
}
