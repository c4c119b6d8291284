//! The job envelope: what a producer sends with PUSH, and the text that is stored of it.
//!
//! Known members are typed; `args`, `custom` and unknown members keep the bytes in which they came, so that a 64-bit integer
//! stays one (rules `J-02`, `J-03`). The stored text is compact in its own members and
//! in the order of rule `F-07`; `enqueued_at` and `failure` are not in it, they are spliced in when a job is handed out.

mod read;

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::custom::{Custom, CustomError};
use crate::failure::SentFailure;
use crate::limits::{DEPTH_MAX, RESERVE_MAX_S, RETRY_MAX};
use crate::names::{NameError, check_jid, check_jobtype, check_queue};
use crate::plain::is_plain;
use crate::text::{compact, quote};
use crate::time::parse_rfc3339;

/// A text that is no job at all; in a PUSHB it fails the whole command (rules `P-01`, `P-20`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("invalid JSON: {0}")]
    Json(String),
    /// `D6`.
    #[error("invalid job: duplicate field {0}")]
    Duplicate(&'static str),
    #[error("invalid job: nesting deeper than {DEPTH_MAX}")]
    Depth,
    /// How many, and the limit.
    #[error("too many jobs in PUSHB: {0}, limit {1}")]
    TooManyJobs(usize, usize),
}

/// A job that may not be (rules `P-03` to `P-13`); in a PUSHB it fails alone. The text is what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    Name(#[from] NameError),
    /// Rule `P-05`.
    #[error("jobs must have an args parameter")]
    Args,
    /// Rule `P-06`.
    #[error("jobs cannot be reserved for more than one day")]
    ReserveFor,
    /// Rule `P-09`.
    #[error("invalid timestamp for 'at': \"{0}\": {1}")]
    At(String, String),
    #[error("invalid job: retry {0}, limit {RETRY_MAX}")]
    Retry(i64),
    #[error(transparent)]
    Custom(#[from] CustomError),
}

/// `custom.on_lost` (`D4`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLost {
    Requeue,
    Wait,
    Dead,
}

/// A job as it came.
#[derive(Debug, Default, PartialEq)]
pub struct Job<'a> {
    jid: Option<Cow<'a, str>>,
    jobtype: Option<Cow<'a, str>>,
    queue: Option<Cow<'a, str>>,
    /// As they were written, as all JSON is here.
    args: Option<&'a str>,
    custom: Option<&'a str>,
    created_at: Option<Cow<'a, str>>,
    at: Option<Cow<'a, str>>,
    retry: Option<i64>,
    reserve_for: Option<i64>,
    backtrace: Option<i64>,
    failure: Option<Box<SentFailure>>,
    enqueued_at: Option<Cow<'a, str>>,
    unknown: Vec<(Cow<'a, str>, &'a str)>,
    duplicate: Option<&'static str>,
}

/// A job that keeps the rules.
#[derive(Debug)]
pub struct Checked<'a> {
    job: Job<'a>,
    at: Option<Timestamp>,
    custom: Custom,
    unique_key: Option<u128>,
}

/// Retries of a job that does not say (rule `P-10`).
pub const RETRY_DEFAULT: i64 = 25;
/// Seconds of a reservation that the job does not name (rule `W-02`).
pub const RESERVE_DEFAULT_S: i64 = 1_800;
/// The queue of a job that names none (rule `P-08`).
pub const QUEUE_DEFAULT: &str = "default";
impl<'a> Job<'a> {
    /// The jid, if there is one: PUSHB reports under it.
    pub fn jid(&self) -> Option<&str> {
        self.jid.as_deref().filter(|jid| !jid.is_empty())
    }

    /// The same job in this queue, whatever it says itself.
    #[must_use]
    pub fn in_queue(self, queue: &'a str) -> Self {
        Self { queue: Some(Cow::Borrowed(queue)), ..self }
    }

    /// The same job with this jid, if it has none.
    #[must_use]
    pub(crate) fn or_jid(self, jid: &'a str) -> Self {
        let jid = self.jid.filter(|jid| !jid.is_empty()).unwrap_or(Cow::Borrowed(jid));
        Self { jid: Some(jid), ..self }
    }

    /// The same job without arguments, if it does not speak of any.
    #[must_use]
    pub(crate) fn or_no_args(self) -> Self {
        Self { args: self.args.or(Some("[]")), ..self }
    }

    /// The members of `custom`, if there are any.
    pub(crate) fn custom(&self) -> Option<&'a str> {
        self.custom
    }

    /// The same job with these members.
    #[must_use]
    pub(crate) fn with_custom(self, custom: &'a str) -> Self {
        Self { custom: Some(custom), ..self }
    }

    /// Checks the rules in their order; the first that is broken counts (rule `P-02`).
    pub fn check(self) -> Result<Checked<'a>, JobError> {
        check_jid(self.jid.as_deref().unwrap_or_default())?;
        check_jobtype(self.jobtype.as_deref().unwrap_or_default())?;
        if self.args.is_none() {
            return Err(JobError::Args);
        }
        if self.reserve_for.is_some_and(|s| s > RESERVE_MAX_S) {
            return Err(JobError::ReserveFor);
        }
        if let Some(retry) = self.retry.filter(|retry| *retry > RETRY_MAX) {
            return Err(JobError::Retry(retry));
        }
        let at = match self.at.as_deref().filter(|at| !at.is_empty()) {
            Some(at) => Some(parse_rfc3339(at).map_err(|why| JobError::At(quote(at), quote(&why)))?),
            None => None,
        };
        check_queue(self.queue())?;
        let custom = Custom::read(self.custom)?;
        let args = self.args.unwrap_or("[]");
        let jobtype = self.jobtype.as_deref().unwrap_or_default();
        let unique_key = custom.unique_for.map(|_| custom.key(jobtype, self.queue(), args));
        Ok(Checked { job: self, at, custom, unique_key })
    }

    fn queue(&self) -> &str {
        self.queue.as_deref().filter(|q| !q.is_empty()).unwrap_or(QUEUE_DEFAULT)
    }
}
impl Checked<'_> {
    pub fn jid(&self) -> &str {
        self.job.jid.as_deref().unwrap_or_default()
    }

    pub fn jobtype(&self) -> &str {
        self.job.jobtype.as_deref().unwrap_or_default()
    }

    pub fn queue(&self) -> &str {
        self.job.queue()
    }

    /// -1 for any negative number (`D26`).
    pub fn retry(&self) -> i16 {
        self.job.retry.unwrap_or(RETRY_DEFAULT).max(-1) as i16
    }

    /// Seconds, as the producer said, 1,800 if it did not.
    pub fn reserve_for(&self) -> u32 {
        match self.job.reserve_for {
            None | Some(0) => RESERVE_DEFAULT_S as u32,
            // Below a minute, negative too, means a minute (rule `W-03`).
            Some(seconds) => u32::try_from(seconds).unwrap_or(1),
        }
    }

    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// What it says to the server in `custom`.
    pub fn custom(&self) -> &Custom {
        &self.custom
    }

    /// The key that no other job may have, where it asks for one (rule `E-30`).
    pub fn unique_key(&self) -> Option<u128> {
        self.unique_key
    }

    pub fn failure(&self) -> Option<&SentFailure> {
        self.job.failure.as_deref()
    }

    /// As it came: a client's own word, checked by nobody (rule `P-07`).
    pub fn created_at(&self) -> Option<&str> {
        self.job.created_at.as_deref()
    }

    /// As it came. It means something only in a job that a server kept; of a producer it is ignored (rule `P-12`).
    pub fn enqueued_at(&self) -> Option<&str> {
        self.job.enqueued_at.as_deref()
    }

    /// Appends the text to store. `now` is looked at where the producer gave no `created_at` (rule `P-07`).
    pub fn write(&self, now: impl fmt::Display, out: &mut Vec<u8>) {
        let job = &self.job;
        out.extend_from_slice(b"{\"retry\":");
        put(out, &job.retry.unwrap_or(RETRY_DEFAULT));
        if let Some(custom) = job.custom {
            out.extend_from_slice(b",\"custom\":");
            put_sent(out, custom);
        }
        out.extend_from_slice(b",\"jid\":");
        put_text(out, self.jid());
        out.extend_from_slice(b",\"queue\":");
        put_text(out, self.queue());
        out.extend_from_slice(b",\"jobtype\":");
        put_text(out, self.jobtype());
        out.extend_from_slice(b",\"created_at\":");
        match job.created_at.as_deref().filter(|at| !at.is_empty()) {
            Some(at) => put_text(out, at),
            None => put_text(out, &now.to_string()),
        }
        if let Some(at) = self.at {
            out.extend_from_slice(b",\"at\":");
            put_text(out, &at.to_string());
        }
        out.extend_from_slice(b",\"args\":");
        put_sent(out, job.args.unwrap_or("[]"));
        // Always sent: a client of another language fails without it where the producer left it out.
        out.extend_from_slice(b",\"reserve_for\":");
        put(out, &job.reserve_for.filter(|s| *s != 0).unwrap_or(RESERVE_DEFAULT_S));
        // Never 0: a client takes it as the number of stack lines to report.
        if let Some(lines) = job.backtrace.filter(|lines| *lines != 0) {
            out.extend_from_slice(b",\"backtrace\":");
            put(out, &lines);
        }
        for (name, value) in &job.unknown {
            out.push(b',');
            put_text(out, name);
            out.push(b':');
            put_sent(out, value);
        }
        out.push(b'}');
    }
}

/// As JSON.
fn put(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(out, value).expect("writing to memory does not fail");
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    if is_plain(text) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        put(out, text);
    }
}

/// As the producer wrote it. Only what came over HTTP can have line breaks, and an export has a job a line.
fn put_sent(out: &mut Vec<u8>, json: &str) {
    if memchr::memchr(b'\n', json.as_bytes()).is_some() {
        out.extend_from_slice(&compact(json.as_bytes()));
    } else {
        out.extend_from_slice(json.as_bytes());
    }
}
#[cfg(test)]
mod tests;
