//! W3C trace context: which trace a job belongs to, across processes and languages. It travels in `custom.traceparent`,
//! is written when a job is made and read when it is worked.
//!
//! A job that is made while another one runs continues its trace. Any other begins one, whose id is that of the job, so
//! that a log can be searched for either.

use std::fmt;
use std::future::Future;

use serde_json::{Map, Value};

use crate::payload::{FetchedJob, Jid, NewJob};

/// The key in `custom`, and the name of the header elsewhere.
const KEY: &str = "traceparent";

/// Where in a trace something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) trace_id: u128,
    pub(crate) span_id: u64,
    pub(crate) flags: u8,
}

tokio::task_local! {
    /// That of the running job.
    static CURRENT: Option<Trace>;
}

/// The trace of the job that runs here, if any.
pub(crate) fn current() -> Option<Trace> {
    CURRENT.try_with(|trace| *trace).ok().flatten()
}

/// Runs a future that belongs to a trace.
pub(crate) async fn within<T>(trace: Option<Trace>, work: impl Future<Output = T>) -> T {
    CURRENT.scope(trace, work).await
}

/// Runs a function that belongs to a trace.
pub(crate) fn within_sync<T>(trace: Option<Trace>, work: impl FnOnce() -> T) -> T {
    CURRENT.sync_scope(trace, work)
}

/// Writes the trace into the `custom` of a new job, unless the application did. Without a trace to continue, and without
/// anybody who would read it in a log, there is none.
pub(crate) fn stamp(custom: &mut Map<String, Value>, jid: &Jid) {
    if custom.contains_key(KEY) {
        return;
    }
    let surrounding = current();
    if surrounding.is_none() && !tracing::span_enabled!(tracing::Level::INFO) {
        return;
    }
    let id = u128::from_str_radix(jid.as_str(), 16).unwrap_or_default();
    let (trace_id, flags) = surrounding.map_or((id, 1), |trace| (trace.trace_id, trace.flags));
    // The end of a random id is as random as the whole.
    let trace = Trace { trace_id, span_id: id as u64, flags };
    custom.insert(KEY.into(), trace.to_string().into());
}

impl Trace {
    /// That of a job in hand.
    pub(crate) fn of(job: &FetchedJob) -> Option<Self> {
        Self::parse(job.custom.as_ref()?.get(KEY)?.as_str()?)
    }

    /// Reads version 00, and of later versions what they have in common with it.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = u8::from_str_radix(hex(parts.next()?, 2)?, 16).ok()?;
        let trace_id = u128::from_str_radix(hex(parts.next()?, 32)?, 16).ok()?;
        let span_id = u64::from_str_radix(hex(parts.next()?, 16)?, 16).ok()?;
        let flags = u8::from_str_radix(hex(parts.next()?, 2)?, 16).ok()?;
        let whole = version != 0 || parts.next().is_none();
        (version != 0xff && trace_id != 0 && span_id != 0 && whole).then_some(Self {
            trace_id,
            span_id,
            flags,
        })
    }
}

/// The text if it is as many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<&str> {
    let fits = text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    fits.then_some(text)
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

/// The span of a push.
pub(crate) fn push_span(job: &NewJob) -> tracing::Span {
    let (jid, jobtype, queue) = (job.jid().as_str(), job.jobtype(), job.queue());
    let span = tracing::info_span!("push", jid, jobtype, queue, trace_id = tracing::field::Empty);
    if !span.is_disabled()
        && let Some(trace) = job.custom.get(KEY).and_then(|value| Trace::parse(value.as_str()?))
    {
        span.record("trace_id", tracing::field::display(format_args!("{:032x}", trace.trace_id)));
    }
    span
}

/// The span of a job that runs, which goes on where the push ended.
pub(crate) fn work_span(job: &FetchedJob, trace: Option<Trace>, log_args: bool) -> tracing::Span {
    use tracing::field::{Empty, display};
    let (jid, jobtype, queue, attempt) = (&job.jid, &job.jobtype, &job.queue, job.attempt());
    let span = tracing::info_span!(
        "work",
        jid,
        jobtype,
        queue,
        attempt,
        trace_id = Empty,
        parent_id = Empty,
        args = Empty
    );
    if span.is_disabled() {
        return span;
    }
    if let Some(trace) = trace {
        span.record("trace_id", display(format_args!("{:032x}", trace.trace_id)));
        span.record("parent_id", display(format_args!("{:016x}", trace.span_id)));
    }
    if log_args {
        span.record("args", job.args.get());
    }
    span
}
