//! A job that a sandbox took: what was pushed, judged by the rules of the server, and what has become of it.

use std::time::{Duration, SystemTime};

use bessemer_protocol::job;
use bessemer_protocol::time::rfc3339;
use serde_json::{Map, Value, json};

use crate::job::failure::Failure;
use crate::payload::FetchedJob;

/// A job as it was pushed, read back from the line that would have been sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Pushed {
    pub jid: String,
    pub jobtype: String,
    pub queue: String,
    /// The array of arguments.
    pub args: Value,
    /// How often it is tried again when it fails.
    pub retry: i32,
    /// How long a worker may hold it.
    pub reserve_for: Duration,
    /// When it is to run, if that was said.
    pub at: Option<SystemTime>,
    pub custom: Map<String, Value>,
    /// When it was pushed, by the sandbox's clock.
    pub pushed_at: SystemTime,
    /// What was sent.
    pub(super) sent: String,
    /// What a server keeps of it.
    text: String,
}

/// A job that waits, is dead, or is being done.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) pushed: Pushed,
    pub(super) failures: Option<Failures>,
}

/// How a job failed so far.
#[derive(Clone, Debug)]
pub(super) struct Failures {
    /// 0 after the first.
    pub(super) count: u32,
    pub(super) last: Failure,
    pub(super) at: SystemTime,
}

impl Pushed {
    /// Keeps a job that the rules allow. A server takes one that is nested a level or two deeper than can be read back
    /// here; the sandbox refuses it in a sentence of its own.
    pub(super) fn new(sent: &str, job: &job::Checked<'_>, now: SystemTime) -> Result<Self, String> {
        let mut text = Vec::new();
        job.write(rfc3339(now).unwrap_or_default(), &mut text);
        let text = String::from_utf8(text).expect("written from text");
        let mut members: Map<String, Value> =
            serde_json::from_str(&text).map_err(|error| format!("a sandbox cannot read the job: {error}"))?;
        let custom = match members.remove("custom") {
            Some(Value::Object(custom)) => custom,
            _ => Map::new(),
        };
        Ok(Self {
            jid: job.jid().into(),
            jobtype: job.jobtype().into(),
            queue: job.queue().into(),
            args: members.remove("args").unwrap_or_default(),
            retry: job.retry().into(),
            reserve_for: Duration::from_secs(job.reserve_for().into()),
            at: job.at().map(SystemTime::from),
            custom,
            pushed_at: now,
            sent: sent.into(),
            text,
        })
    }

    /// Its arguments; none if they are no array.
    pub(super) fn arguments(&self) -> &[Value] {
        self.args.as_array().map_or(&[], Vec::as_slice)
    }
}

impl Kept {
    /// Which attempt the next one is, counted from 1.
    pub(super) fn attempt(&self) -> u32 {
        self.failures.as_ref().map_or(1, |failures| failures.count.saturating_add(2))
    }

    /// The job as a server hands it out.
    pub(super) fn fetched(&self, now: SystemTime) -> FetchedJob {
        let time = |at| rfc3339(at).unwrap_or_default();
        let mut text = self.pushed.text.clone();
        text.pop();
        text.push_str(&format!(r#","enqueued_at":"{}""#, time(now)));
        if let Some(Failures { count, last, at }) = &self.failures {
            let remaining = i64::from(self.pushed.retry) - i64::from(*count);
            let failure = json!({
                "retry_count": count, "remaining": remaining.max(0), "failed_at": time(*at),
                "errtype": last.errtype(), "message": last.message(), "backtrace": last.backtrace(),
            });
            text.push_str(&format!(r#","failure":{failure}"#));
        }
        text.push('}');
        serde_json::from_str(&text).expect("a job that was checked can be fetched")
    }
}
