//! Traces for OpenTelemetry (feature `otel`): a span for each attempt, sent as JSON over HTTP (OTLP 1).
//!
//! ```text
//!  FETCH ── body ──► note: the trace that its `custom.traceparent` names ─┐
//!  its end ── Watch ──► attempt: a span, in a list of SPANS_MAX ──────────┴─► run: a POST every 5 s, or when there are many
//! ```
//!
//! A job that names a trace continues it, and is sent if its beginner said that it is sampled. Any other begins one, whose id
//! is that of the job where it can be, as the worker library does it; of those a share is sent. The collector is not waited
//! for: what it does not take is dropped, and counted.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use bessemer_core::event::Attempt;
use bessemer_core::{Outcome, Wall};
use bessemer_web::watch::Listener;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use memchr::memmem;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::config::OtelConfig;

/// Spans that wait to be sent; what is above is dropped.
const SPANS_MAX: usize = 8_192;

/// Spans in one request, and how long the first of them waits.
const BATCH_MAX: usize = 512;
const LINGER: Duration = Duration::from_secs(5);

/// A request is answered within this time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Jobs under way whose trace is known. More lose theirs, the oldest first.
const PARENTS_MAX: usize = 65_536;

/// What is sent, until it is.
#[derive(Debug)]
pub(crate) struct Traces {
    config: OtelConfig,
    /// Held for a moment, by the engine's thread at a FETCH of a job that names a trace, and by who digests events.
    parents: Mutex<Parents>,
    /// Held for a moment, by who digests and by who sends.
    waiting: Mutex<Waiting>,
    many: Notify,
}

#[derive(Debug, Default)]
struct Parents {
    by_jid: BTreeMap<Box<str>, Parent>,
    order: VecDeque<Box<str>>,
}

#[derive(Debug, Default)]
struct Waiting {
    spans: Vec<Value>,
    dropped: u64,
}

/// Where in a trace a job was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parent {
    trace: u128,
    span: u64,
    sampled: bool,
}

/// What is wrong with a collector.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("cannot be reached: {0}")]
    Connect(#[from] std::io::Error),
    #[error("broke off: {0}")]
    Http(#[from] hyper::Error),
    #[error("no request can be made of it: {0}")]
    Request(#[from] axum::http::Error),
    #[error("answered {0}")]
    Refused(axum::http::StatusCode),
    #[error("did not answer within {PATIENCE:?}")]
    Late(#[from] tokio::time::error::Elapsed),
}

impl Traces {
    pub(crate) fn new(config: OtelConfig) -> Self {
        Self { config, parents: Mutex::default(), waiting: Mutex::default(), many: Notify::new() }
    }

    /// A job is handed out: remembers the trace that it names.
    pub(crate) fn note(&self, body: &[u8]) {
        #[derive(Deserialize)]
        struct Job<'a> {
            #[serde(borrow)]
            jid: std::borrow::Cow<'a, str>,
            custom: Custom,
        }
        #[derive(Deserialize)]
        struct Custom {
            traceparent: String,
        }
        if memmem::find(body, b"\"traceparent\"").is_none() {
            return;
        }
        let Ok(job) = serde_json::from_slice::<Job<'_>>(body) else { return };
        let Some(parent) = parent(&job.custom.traceparent) else { return };
        let mut parents = lock(&self.parents);
        if parents.order.len() >= PARENTS_MAX
            && let Some(oldest) = parents.order.pop_front()
        {
            parents.by_jid.remove(&oldest);
        }
        parents.order.push_back((*job.jid).into());
        parents.by_jid.insert(job.jid.into(), parent);
    }

    /// Whether a trace that begins here is sent.
    fn is_sampled(&self, trace: u128) -> bool {
        // The end of an id is its random part.
        (trace as u32) % 100 < u32::from(self.config.percent)
    }

    fn push(&self, attempt: &Attempt, queue: &str, jobtype: &str) {
        let jid = attempt.jid.as_deref();
        let parent = jid.and_then(|jid| lock(&self.parents).by_jid.remove(jid));
        let mut random = [0; 24];
        if getrandom::fill(&mut random).is_err() {
            // The start has drawn some; a trace less is no harm.
            return;
        }
        let (trace, span) = random.split_at(16);
        let (random, span) = (u128::from_le_bytes(array(trace)), u64::from_le_bytes(array(span)).max(1));
        let own = jid.and_then(|jid| u128::from_str_radix(jid, 16).ok()).filter(|id| *id > 0);
        let trace = parent.map_or(own.unwrap_or(random), |parent| parent.trace);
        if !parent.map_or_else(|| self.is_sampled(trace), |parent| parent.sampled) {
            return;
        }
        let span = span_of(attempt, queue, jobtype, trace, span, parent);
        let mut waiting = lock(&self.waiting);
        if waiting.spans.len() >= SPANS_MAX {
            waiting.dropped += 1;
            return;
        }
        waiting.spans.push(span);
        if waiting.spans.len() >= BATCH_MAX {
            self.many.notify_one();
        }
    }

    fn take(&self) -> (Vec<Value>, u64) {
        let mut waiting = lock(&self.waiting);
        let count = waiting.spans.len().min(BATCH_MAX);
        (waiting.spans.drain(..count).collect(), std::mem::take(&mut waiting.dropped))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|i| bytes[i])
}

/// Hears of every attempt.
#[derive(Debug)]
pub(crate) struct Attempts(pub(crate) Arc<Traces>);

impl Listener for Attempts {
    fn attempt(&mut self, attempt: &Attempt, queue: &str, jobtype: &str) {
        self.0.push(attempt, queue, jobtype);
    }
}

/// Sends what waits, for as long as it is polled.
pub(crate) async fn run(traces: Arc<Traces>) -> Infallible {
    let mut told = false;
    loop {
        tokio::select! {
            () = sleep(LINGER) => {}
            () = traces.many.notified() => {}
        }
        loop {
            let (spans, dropped) = traces.take();
            if dropped > 0 {
                tracing::warn!("{dropped} spans were dropped: the collector takes them too slowly");
            }
            if spans.is_empty() {
                break;
            }
            let count = spans.len();
            match send(&traces.config, spans).await {
                Ok(()) => told = false,
                Err(error) if !told => {
                    let collector = &traces.config.collector;
                    tracing::warn!("{count} spans are lost: the collector at {collector} {error}");
                    told = true;
                }
                Err(_) => {}
            }
        }
    }
}

async fn send(config: &OtelConfig, spans: Vec<Value>) -> Result<(), SendError> {
    let document = json!({"resourceSpans": [{
        "resource": {"attributes": [
            text("service.name", &config.service_name),
            text("service.version", crate::VERSION),
        ]},
        "scopeSpans": [{"scope": {"name": "bessemer"}, "spans": spans}],
    }]});
    let place = config.collector.to_string();
    let request = Request::post(format!("{}/v1/traces", config.path))
        .header(header::HOST, place)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(document.to_string()))?;
    let ask = async {
        let stream = TcpStream::connect((config.collector.reachable_host(), config.collector.port())).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It would stay open for a next request, and there is none.
        let connection = tokio::spawn(connection);
        let answer = sender.send_request(request).await;
        connection.abort();
        Ok::<_, SendError>(answer?.status())
    };
    let status = timeout(PATIENCE, ask).await??;
    if status.is_success() { Ok(()) } else { Err(SendError::Refused(status)) }
}

fn span_of(
    attempt: &Attempt,
    queue: &str,
    jobtype: &str,
    trace: u128,
    span: u64,
    parent: Option<Parent>,
) -> Value {
    const CONSUMER: u8 = 5;
    let nanos = |at: Wall| format!("{}000", at.0);
    let mut attributes = vec![
        text("messaging.system", "faktory"),
        text("messaging.operation.type", "process"),
        text("messaging.destination.name", queue),
        text("messaging.message.id", attempt.jid.as_deref().unwrap_or_default()),
        text("messaging.client.id", &attempt.wid),
        text("bessemer.jobtype", jobtype),
        text("bessemer.outcome", attempt.outcome.as_str()),
        json!({"key": "bessemer.wait_ms", "value": {"intValue": attempt.wait().as_millis().to_string()}}),
    ];
    let failed = attempt.outcome != Outcome::Done;
    if failed {
        attributes.push(text("error.type", attempt.error.as_deref().unwrap_or(attempt.outcome.as_str())));
    }
    let mut span = json!({
        "traceId": format!("{trace:032x}"),
        "spanId": format!("{span:016x}"),
        "name": format!("process {jobtype}"),
        "kind": CONSUMER,
        "startTimeUnixNano": nanos(attempt.started_at),
        "endTimeUnixNano": nanos(attempt.ended_at),
        "attributes": attributes,
        "status": if failed { json!({"code": 2}) } else { json!({}) },
    });
    if let Some(parent) = parent {
        span["parentSpanId"] = format!("{:016x}", parent.span).into();
    }
    span
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// `00-<32 hex>-<16 hex>-<2 hex>`, as W3C Trace Context has it; later versions may say more.
fn parent(text: &str) -> Option<Parent> {
    let mut parts = text.split('-');
    let mut hex = |digits: usize| {
        let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        parts.next().filter(|part| part.len() == digits && part.bytes().all(lower))
    };
    let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
    let trace = u128::from_str_radix(trace, 16).ok().filter(|id| *id > 0)?;
    let span = u64::from_str_radix(span, 16).ok().filter(|id| *id > 0)?;
    let flags = u8::from_str_radix(flags, 16).ok()?;
    (version != "ff").then_some(Parent { trace, span, sampled: flags & 1 == 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn traces(percent: u8) -> Traces {
        let collector = "localhost:4318".parse().expect("a place");
        Traces::new(OtelConfig { collector, path: String::new(), service_name: "jobs".into(), percent })
    }

    fn attempt(jid: &str, outcome: Outcome) -> Attempt {
        Attempt {
            id: bessemer_core::JobId(1),
            jid: Some(jid.into()),
            queue: "mail".into(),
            jobtype: "Mail".into(),
            wid: "w1".into(),
            enqueued_at: Wall(1_000_000),
            started_at: Wall(3_000_000),
            ended_at: Wall(3_500_000),
            outcome,
            error: None,
            message: None,
        }
    }

    fn spans(traces: &Traces) -> Vec<Value> {
        traces.take().0
    }

    #[test]
    fn a_parent_is_read_as_w3c_writes_it() {
        let found = parent(TRACE).expect("a parent");
        assert_eq!(
            (format!("{:x}", found.trace), found.span),
            ("4bf92f3577b34da6a3ce929d0e0e4736".into(), 0x00f0_67aa_0ba9_02b7)
        );
        assert!(found.sampled && !parent(&TRACE.replace("-01", "-00")).expect("a parent").sampled);
        for bad in ["", "00", &TRACE.replace("00-4", "ff-4"), &TRACE.to_uppercase(), &TRACE[..54]] {
            assert_eq!(parent(bad), None, "{bad}");
        }
        assert_eq!(parent(&TRACE.replace("00f067aa0ba902b7", "0000000000000000")), None);
    }

    #[test]
    fn a_job_continues_the_trace_that_it_names_or_begins_one_with_its_own_id() {
        let traces = traces(100);
        traces
            .note(format!(r#"{{"jid":"job-a","args":[],"custom":{{"traceparent":"{TRACE}"}}}}"#).as_bytes());
        traces.note(br#"{"jid":"job-b","args":["\"traceparent\""],"custom":{"traceparent":7}}"#);
        for (jid, outcome) in [("job-a", Outcome::Done), ("00ab", Outcome::Failed), ("job-b", Outcome::Lost)]
        {
            traces.push(&attempt(jid, outcome), "mail", "Mail");
        }
        let spans = spans(&traces);
        assert_eq!(spans[0]["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(spans[0]["parentSpanId"], "00f067aa0ba902b7");
        assert_eq!(spans[0]["startTimeUnixNano"], "3000000000");
        assert_eq!((&spans[0]["status"], &spans[0]["name"]), (&json!({}), &json!("process Mail")));
        assert_eq!(spans[1]["traceId"], "000000000000000000000000000000ab");
        assert_eq!((&spans[1]["parentSpanId"], &spans[1]["status"]["code"]), (&Value::Null, &json!(2)));
        assert_eq!(spans[2]["traceId"].as_str().map(str::len), Some(32));
        assert_ne!(spans[2]["spanId"], spans[1]["spanId"]);
        assert!(lock(&traces.parents).by_jid.is_empty());
    }

    #[test]
    fn who_begins_a_trace_says_whether_it_is_sent_and_of_ours_a_share_is() {
        let traces = traces(20);
        let silent = TRACE.replace("-01", "-00");
        for (jid, name) in [("a1", TRACE), ("a2", &silent)] {
            traces.note(format!(r#"{{"jid":"{jid}","custom":{{"traceparent":"{name}"}}}}"#).as_bytes());
            traces.push(&attempt(jid, Outcome::Done), "mail", "Mail");
        }
        assert_eq!(spans(&traces).len(), 1);
        (1..=100).for_each(|n| traces.push(&attempt(&format!("{n:x}"), Outcome::Done), "mail", "Mail"));
        assert_eq!(spans(&traces).len(), 20);
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_dropped_counted() {
        let traces = traces(100);
        (0..=SPANS_MAX).for_each(|_| traces.push(&attempt("a", Outcome::Done), "mail", "Mail"));
        let (spans, dropped) = traces.take();
        assert_eq!((spans.len(), dropped), (BATCH_MAX, 1));
        for n in 0..=PARENTS_MAX {
            traces.note(format!(r#"{{"jid":"{n}","custom":{{"traceparent":"{TRACE}"}}}}"#).as_bytes());
        }
        let parents = lock(&traces.parents);
        assert_eq!((parents.by_jid.len(), parents.order.len()), (PARENTS_MAX, PARENTS_MAX));
        assert!(!parents.by_jid.contains_key("0") && parents.by_jid.contains_key("1"));
    }

    /// A collector that answers with this status, and passes on what it was sent.
    async fn collector(status: u16) -> (OtelConfig, tokio::sync::mpsc::Receiver<Value>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (told, received) = tokio::sync::mpsc::channel(8);
        let take = move |kind: axum::http::HeaderMap, document: String| async move {
            assert_eq!(kind[header::CONTENT_TYPE], "application/json");
            told.send(serde_json::from_str(&document).expect("JSON")).await.expect("somebody listens");
            axum::http::StatusCode::from_u16(status).expect("a status")
        };
        let collector = listener.local_addr().expect("an address").to_string().parse().expect("a place");
        let router = axum::Router::new().route("/otlp/v1/traces", axum::routing::post(take));
        let (_, served) = tokio::sync::watch::channel(bessemer_web::Served {
            router,
            tls: None,
            limits: bessemer_web::limits::Limits::default(),
        });
        tokio::spawn(bessemer_web::serve(listener, served));
        let config =
            OtelConfig { collector, path: "/otlp".into(), service_name: "jobs".into(), percent: 100 };
        (config, received)
    }

    #[tokio::test]
    async fn a_collector_is_sent_what_otlp_says() {
        let (config, mut received) = collector(200).await;
        let traces = Arc::new(Traces::new(config));
        tokio::spawn(run(traces.clone()));
        (0..BATCH_MAX).for_each(|_| traces.push(&attempt("ab", Outcome::Done), "mail", "Mail"));
        let document = timeout(PATIENCE, received.recv()).await.expect("in time").expect("a document");
        let resource = &document["resourceSpans"][0];
        assert_eq!(resource["resource"]["attributes"][0], text("service.name", "jobs"));
        let spans = resource["scopeSpans"][0]["spans"].as_array().expect("spans");
        assert_eq!((spans.len(), &spans[0]["kind"]), (BATCH_MAX, &json!(5)));
    }

    #[tokio::test]
    async fn a_collector_that_refuses_or_is_away_is_an_error_and_no_more() {
        let (config, _received) = collector(503).await;
        // An answer ends the waiting, not the end of the connection.
        let sent = timeout(PATIENCE / 2, send(&config, Vec::new())).await.expect("in time");
        let error = sent.expect_err("refused");
        assert_eq!(error.to_string(), "answered 503 Service Unavailable");
        let closed = OtelConfig { collector: "127.0.0.1:1".parse().expect("a place"), ..config };
        let error = send(&closed, Vec::new()).await.expect_err("nobody listens");
        assert!(error.to_string().starts_with("cannot be reached: "), "{error}");
    }
}
