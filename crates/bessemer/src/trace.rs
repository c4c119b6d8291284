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
pub(crate) const KEY: &str = "traceparent";

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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::{Arc, Mutex};

    use serde_json::json;
    use tracing::field::{Field, Visit};
    use tracing::span;
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context as Scope, SubscriberExt};
    use tracing_subscriber::util::SubscriberInitExt;

    use super::*;
    use crate::client::fake::Fake;
    use crate::job::JobOptions;
    use crate::prelude::{Context, Done, Job, JobResult};
    use crate::worker::Worker;
    use crate::worker::perform::tests::{fetched, performer, run_one};

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_no_trace_parent_is_none() {
        let trace = Trace::parse(PARENT).unwrap();
        assert_eq!(
            (trace.span_id, trace.flags, trace.to_string().as_str()),
            (0x00f0_67aa_0ba9_02b7, 1, PARENT)
        );
        assert!(Trace::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more").is_some());
        for text in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-+00f067aa0ba902b7-01",
        ] {
            assert_eq!(Trace::parse(text), None, "{text}");
        }
    }

    /// Writes down spans with their fields.
    #[derive(Clone, Default)]
    struct Spans(Arc<Mutex<String>>);

    impl Visit for Spans {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            write!(self.0.lock().unwrap(), " {}={value:?}", field.name()).unwrap();
        }
    }

    impl<S: tracing::Subscriber> Layer<S> for Spans {
        fn on_new_span(&self, span: &span::Attributes<'_>, _: &span::Id, _: Scope<'_, S>) {
            write!(self.0.lock().unwrap(), "\n{}", span.metadata().name()).unwrap();
            span.record(&mut self.clone());
        }

        fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Scope<'_, S>) {
            values.record(&mut self.clone());
        }
    }

    /// Pushes another job.
    struct Chain;

    impl Job for Chain {
        const JOBTYPE: &'static str = "Chain";
        type Args = (String,);

        async fn perform(&self, ctx: &Context, _: (String,)) -> JobResult {
            ctx.app().push(&NewJob::new("Next", &[], JobOptions::new())?).await?;
            let app = ctx.app().clone();
            let job = ctx.blocking(|| NewJob::new("Last", &[], JobOptions::new())).await??;
            app.push(&job).await?;
            Ok(Done)
        }
    }

    fn is_heard() -> bool {
        let job = NewJob::new("T", &[], JobOptions::new()).unwrap();
        let spans = [push_span(&job), work_span(&fetched("T", "[]"), None, false)];
        job.custom(KEY).is_some() && spans.iter().all(|span| !span.is_disabled())
    }

    /// Works a chain that was pushed with `custom`, and returns the spans and the `traceparent` of what it pushes.
    async fn chain(custom: Value, setting: fn(Worker) -> Worker) -> (String, Vec<Value>) {
        let spans = Spans::default();
        let _listening = tracing_subscriber::registry().with(spans.clone()).set_default();
        // Another test may just register a span of ours for a thread where nobody listens.
        while !is_heard() {
            tracing::callsite::rebuild_interest_cache();
        }
        spans.0.lock().unwrap().clear();
        let fake = Fake::new();
        let performer = performer(setting(fake.app().worker().job(Chain)));
        let mut job = fetched("Chain", r#"["secret"]"#);
        job.custom = custom.as_object().cloned();
        run_one(&performer, job).await.unwrap();
        let pushed = fake.seen("PUSH", 2).await;
        let parents =
            pushed.iter().map(|job| serde_json::from_str::<Value>(job).unwrap()["custom"][KEY].clone());
        let text = spans.0.lock().unwrap().clone();
        (text, parents.collect())
    }

    #[tokio::test]
    async fn a_job_goes_on_with_the_trace_of_its_push_and_hands_it_on() {
        let (spans, parents) = chain(json!({"traceparent": PARENT}), |worker| worker).await;
        let trace_id = &PARENT[..36];
        assert!(parents.iter().all(|parent| parent.as_str().unwrap().starts_with(trace_id)), "{parents:?}");
        assert_ne!(parents[0], parents[1], "each push is a span of its own");
        let work = "\nwork jid=\"job-0001\" jobtype=\"Chain\" queue=\"q\" attempt=1 \
                    trace_id=4bf92f3577b34da6a3ce929d0e0e4736 parent_id=00f067aa0ba902b7\n";
        assert!(spans.contains(work), "{spans}");
        assert!(
            spans.contains("jobtype=\"Next\" queue=\"default\" trace_id=4bf92f3577b34da6a3ce929d0e0e4736"),
            "{spans}"
        );
        assert!(!spans.contains("secret"), "arguments are not logged unless that is asked for");
    }

    #[tokio::test]
    async fn a_push_outside_of_a_trace_begins_one_with_the_id_of_the_job() {
        let (spans, parents) = chain(json!({}), |worker| worker.log_args(true)).await;
        let next = spans.lines().find(|line| line.contains("\"Next\"")).unwrap();
        let jid = next.split('"').nth(1).unwrap();
        assert_eq!(parents[0], format!("00-00000000{jid}-{}-01", &jid[8..]));
        assert!(spans.contains(r#"args="[\"secret\"]""#), "{spans}");
    }

    #[tokio::test]
    async fn nobody_listens_and_nothing_is_written() {
        let job = NewJob::new("T", &[], JobOptions::new()).unwrap();
        assert_eq!(job.custom(KEY), None);
        let trace = Trace::parse("00-11111111111111111111111111111111-2222222222222222-00");
        let own = || NewJob::new("T", &[], JobOptions::new().custom(KEY, PARENT)).unwrap();
        let own = within(trace, async { own() }).await;
        assert_eq!(own.custom(KEY), Some(&json!(PARENT)), "what the application says counts");
        let inside = within(trace, async { NewJob::new("T", &[], JobOptions::new()).unwrap() }).await;
        let parent = inside.custom(KEY).unwrap().as_str().unwrap();
        assert!(
            parent.starts_with("00-11111111111111111111111111111111-") && parent.ends_with("-00"),
            "{parent}"
        );
    }
}
