//! Edits: what an operator makes of a job that is already there.

use bessemer_protocol::job::{Job, JobError, ParseError};

use crate::command::{Asks, FailureView, Push};
use crate::fact::{Failure, JobId};
use crate::query::JobView;
use crate::time::Wall;

/// A job as it is to be from now on; see [`crate::Command::Replace`].
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    pub id: JobId,
    /// Its jid is the one that it has; `at`, `failure` and `sent` say nothing here.
    pub job: Push<'a>,
    /// Its last failure as it was seen, which is told again with it.
    pub failure: Option<Failure<'a>>,
    /// It goes to its queue now.
    pub enqueue: bool,
}

/// The same, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    id: JobId,
    text: String,
    body: Vec<u8>,
    failure: Option<FailureView>,
    enqueue: bool,
}

/// Why a text is no edit of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    Parse(ParseError),
    Job(JobError),
    /// The text of the job is of another jid: that would be another job.
    Jid,
}

impl std::fmt::Display for EditError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Job(error) => error.fmt(f),
            Self::Jid => f.write_str("invalid job: the jid of a job cannot be changed"),
        }
    }
}

impl std::error::Error for EditError {}

impl Replacement {
    /// The job that was seen, with this text: a whole job by the rules of PUSH. Its `at`, `failure` and `enqueued_at` are
    /// passed over: those are the server's by now.
    ///
    /// # Errors
    /// What PUSH would say of it.
    pub fn new(seen: &JobView, text: &str, now: Wall, enqueue: bool) -> Result<Self, EditError> {
        let job = Job::parse(text).map_err(EditError::Parse)?.check().map_err(EditError::Job)?;
        let before = String::from_utf8_lossy(seen.body.bytes());
        let is_it = Job::parse(&before).is_ok_and(|before| before.jid() == Some(job.jid()));
        if !is_it {
            return Err(EditError::Jid);
        }
        let mut body = Vec::new();
        job.write(now, &mut body);
        Ok(Self { id: seen.id, text: text.to_owned(), body, failure: seen.failure.clone(), enqueue })
    }

    /// Gives the edit to `to`.
    pub fn lend<R>(&self, to: impl FnOnce(Edit<'_>) -> R) -> R {
        let job = Job::parse(&self.text).ok().and_then(|job| job.check().ok()).expect("it was checked");
        let failure = self.failure.as_ref().map(|failure| Failure {
            retry_count: failure.retry_count,
            remaining: failure.remaining,
            failed_at: failure.failed_at,
            next_at: failure.next_at,
            text: failure.text.bytes(),
        });
        let job = Push {
            jid: job.jid(),
            queue: job.queue(),
            jobtype: job.jobtype(),
            retry: job.retry(),
            reserve_for: job.reserve_for(),
            on_lost: job.custom().on_lost.map(Into::into),
            // What it asked for when it was pushed stays agreed: see `machine/edit.rs`.
            asks: Asks::default(),
            at: None,
            failure: None,
            sent: &[],
            body: &self.body,
        };
        to(Edit { id: self.id, job, failure, enqueue: self.enqueue })
    }
}

/// The text of a stored job in another queue. A text that is no job by our rules stays as it is: nobody can read a queue in
/// it either.
pub(crate) fn in_queue(body: &[u8], queue: &str) -> Option<Vec<u8>> {
    let job = Job::parse(std::str::from_utf8(body).ok()?).ok()?.in_queue(queue).check().ok()?;
    let mut out = Vec::with_capacity(body.len() + queue.len());
    let created_at = job.created_at().unwrap_or_default().to_owned();
    job.write(&created_at, &mut out);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Text;
    use crate::query::Place;

    const BODY: &str = r#"{"retry":25,"jid":"job-00001","queue":"default","jobtype":"T","created_at":"2026-11-23T05:30:00Z","args":[12345678901234567890],"reserve_for":1800,"x":null}"#;

    fn seen() -> JobView {
        JobView {
            id: JobId(7),
            queue: "default".into(),
            place: Place::Queued { since: Wall(1) },
            body: Text::Read(bytes::Bytes::from_static(BODY.as_bytes())),
            enqueued_at: None,
            failure: None,
            progress: None,
            expires: None,
        }
    }

    #[test]
    fn another_queue_is_all_that_changes() {
        let moved = String::from_utf8(in_queue(BODY.as_bytes(), "high").expect("a job")).expect("text");
        assert_eq!(moved, BODY.replace(r#""queue":"default""#, r#""queue":"high""#));
        assert_eq!(in_queue(b"{}", "high"), None);
    }

    #[test]
    fn an_edit_is_checked_as_a_push_and_keeps_its_jid() {
        let text = BODY.replace("[12345678901234567890]", "[2]").replace("\"T\"", "\"U\"");
        let edit = Replacement::new(&seen(), &text, Wall(0), true).expect("an edit");
        edit.lend(|edit| {
            assert_eq!((edit.id, edit.job.jobtype, edit.enqueue), (JobId(7), "U", true));
            assert_eq!(edit.job.body, text.as_bytes());
        });
        let refused = |from: &str, to: &str| {
            let error = Replacement::new(&seen(), &BODY.replace(from, to), Wall(0), false).expect_err(to);
            error.to_string()
        };
        assert_eq!(refused("job-00001", "job-00002"), "invalid job: the jid of a job cannot be changed");
        assert_eq!(refused("\"args\"", "\"arg\""), "jobs must have an args parameter");
        assert!(refused("}", "").starts_with("invalid JSON"));
    }
}
