//! `/events`, and the same in the API: figures as they change, as server-sent events. A page is a page without them.
//!
//! ```text
//! event: tick      once a second: the figures of the summary, and what happened in the second before
//! event: changed   behind it, if anything did: which lists are not what they were
//! ```
//!
//! One text is made a second, whoever listens. A listener that is behind by [`BEHIND_MAX`] of them is let go, and so is
//! everybody when the site changes: who is to be let in is asked again when they come back, as browsers do by themselves.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bessemer_core::query::{Info, ServerFigures};
use bessemer_core::{Answer, Query, Wall};
use hyper::body::Frame;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::problem::Problem;
use crate::watch::{DIGESTS_PER_SECOND, Sample, digest_clock};
use crate::web::Web;
use crate::{Front, Site};

/// Seconds that a listener may be behind.
const BEHIND_MAX: usize = 8;

/// How soon a browser comes back after it was let go.
const GREETING: &str = "retry: 2000\n\n";

/// What is told in a second, for the document of the API.
pub(crate) const EXAMPLE: &str = concat!(
    "event: tick\n",
    r#"data: {"now":"2026-01-02T03:04:05Z","processed":1204,"failures":17,"busy":3,"enqueued":42,"retries":2,"#,
    r#""scheduled":5,"dead":1,"workers":2,"connections":9,"second":{"at":"2026-01-02T03:04:04Z","pushed":6,"done":5,"#,
    r#""failed":1,"lost":0,"run_s":[0.25,1.5],"wait_s":null}}"#,
    "\n\nevent: changed\ndata: [\"busy\",\"retries\"]\n\n",
);

/// Everybody who listens.
#[derive(Debug, Default)]
pub(crate) struct Events(Mutex<Vec<Listener>>);

#[derive(Debug)]
struct Listener {
    /// Under which it was let in.
    site: Weak<Site>,
    texts: mpsc::Sender<Bytes>,
}

impl Events {
    /// One more listener, unless there are as many as there may be.
    fn join(&self, site: &Arc<Site>) -> Option<mpsc::Receiver<Bytes>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|listener| !listener.texts.is_closed());
        if all.len() >= site.limits.events_max {
            return None;
        }
        let (texts, listen) = mpsc::channel(BEHIND_MAX);
        // There is room: it is new.
        _ = texts.try_send(Bytes::from_static(GREETING.as_bytes()));
        all.push(Listener { site: Arc::downgrade(site), texts });
        Some(listen)
    }

    /// Tells everybody, and lets those go who are behind or were let in by another configuration.
    fn tell(&self, text: &Bytes) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|listener| {
            listener.site.strong_count() > 0 && listener.texts.try_send(text.clone()).is_ok()
        });
    }

    fn is_heard(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// The body of a response that does not end by itself.
struct Stream(mpsc::Receiver<Bytes>);

impl axum::body::HttpBody for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|text| text.map(|text| Ok(Frame::data(text))))
    }
}

/// `GET /events`. It counts as a request that runs until the first byte is on its way.
pub(crate) async fn listen<F: Front>(State(web): State<Web<F>>) -> Result<Response, Problem> {
    let stream = web.events.join(&web.site).ok_or_else(|| {
        let most = web.site.limits.events_max;
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("As many as may listen do so already: {most} (web.events_max)"),
        )
    })?;
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // A proxy is to pass on what it gets.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::new(Stream(stream))).into_response())
}

/// Digests what happens and tells of it, for ever.
pub(crate) async fn keep<F: Front>(front: F, events: Arc<Events>) -> Infallible {
    let mut clock = digest_clock();
    let mut before = Info::default();
    loop {
        for _ in 0..DIGESTS_PER_SECOND {
            clock.tick().await;
            front.watch().tick(front.now());
        }
        // An engine that has ended has nothing to tell, and the process is about to end.
        let Ok(Answer::Info(info)) = front.ask(Query::Info).await else { continue };
        front.watch().pushed(info.since_start.accepted);
        if events.is_heard() {
            let text = text(&info, &before, &front.figures(), front.watch().newest().as_ref(), front.now());
            events.tell(&text.into());
        }
        before = *info;
    }
}

/// The data of `tick`.
#[derive(Serialize)]
struct Tick {
    now: String,
    processed: u64,
    failures: u64,
    busy: u64,
    enqueued: u64,
    retries: u64,
    scheduled: u64,
    dead: u64,
    workers: u64,
    connections: u64,
    /// The last second that is over; `null` in the first.
    second: Option<Second>,
}

#[derive(Serialize)]
struct Second {
    at: String,
    pushed: u64,
    done: u64,
    failed: u64,
    lost: u64,
    /// The median and the 95th percentile, in seconds; `null` where nothing ended.
    run_s: Option<[f64; 2]>,
    wait_s: Option<[f64; 2]>,
}

impl From<&Sample> for Second {
    fn from(sample: &Sample) -> Self {
        let seconds = |(middle, high): (std::time::Duration, std::time::Duration)| {
            [middle.as_secs_f64(), high.as_secs_f64()]
        };
        Self {
            at: sample.at.rfc3339(),
            pushed: sample.pushed,
            done: sample.done,
            failed: sample.failed,
            lost: sample.lost,
            run_s: sample.run.map(seconds),
            wait_s: sample.wait.map(seconds),
        }
    }
}

fn text(info: &Info, before: &Info, figures: &ServerFigures, second: Option<&Sample>, now: Wall) -> String {
    let tick = Tick {
        now: now.rfc3339(),
        processed: info.processed,
        failures: info.failures,
        busy: info.working,
        enqueued: info.enqueued,
        retries: info.retries,
        scheduled: info.scheduled,
        dead: info.dead,
        workers: info.workers,
        connections: figures.connections,
        second: second.map(Second::from),
    };
    let changed = changed(info, before);
    let changed = if changed.is_empty() { String::new() } else { event("changed", &changed) };
    event("tick", &tick) + &changed
}

fn event(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).expect("figures and names are JSON");
    format!("event: {name}\ndata: {data}\n\n")
}

/// What came to an end, in somebody's hands or before.
fn ended(info: &Info) -> (u64, u64, u64) {
    (info.processed, info.failures, info.since_start.expired)
}

/// The lists that are not what they were.
fn changed(info: &Info, before: &Info) -> Vec<&'static str> {
    [
        ("busy", (info.working, info.workers) != (before.working, before.workers)),
        ("queues", info.queues != before.queues),
        ("retries", info.retries != before.retries),
        ("scheduled", info.scheduled != before.scheduled),
        ("dead", info.dead != before.dead),
        ("recent", ended(info) != ended(before)),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bessemer_core::query::Tally;

    use super::*;
    use crate::limits::Limits;

    fn site(events_max: usize) -> Arc<Site> {
        Arc::new(Site { limits: Limits { events_max, ..Limits::default() }, ..Site::default() })
    }

    fn drained(listen: &mut mpsc::Receiver<Bytes>) -> (usize, bool) {
        let mut count = 0;
        loop {
            match listen.try_recv() {
                Ok(_) => count += 1,
                Err(error) => return (count, error == mpsc::error::TryRecvError::Disconnected),
            }
        }
    }

    #[test]
    fn one_more_than_may_listen_is_refused_and_who_leaves_makes_room() {
        let (events, site) = (Events::default(), site(2));
        let first = events.join(&site).unwrap();
        let _second = events.join(&site).unwrap();
        assert!(events.join(&site).is_none());
        drop(first);
        assert!(events.join(&site).is_some());
    }

    #[test]
    fn who_is_too_far_behind_is_let_go_and_holds_up_nobody() {
        let (events, site) = (Events::default(), site(2));
        let (mut slow, mut quick) = (events.join(&site).unwrap(), events.join(&site).unwrap());
        let text = Bytes::from_static(b"x");
        for _ in 0..BEHIND_MAX - 1 {
            events.tell(&text);
        }
        assert_eq!(drained(&mut quick), (BEHIND_MAX, false), "the greeting and the texts");
        events.tell(&text);
        assert_eq!(drained(&mut quick), (1, false));
        assert_eq!(drained(&mut slow), (BEHIND_MAX, true));
    }

    #[test]
    fn another_configuration_lets_everybody_go() {
        let (events, old) = (Events::default(), site(2));
        let mut listen = events.join(&old).unwrap();
        drop(old);
        events.tell(&Bytes::from_static(b"x"));
        assert_eq!(drained(&mut listen), (1, true));
        assert!(!events.is_heard());
    }

    #[test]
    fn the_document_shows_what_is_told() {
        let before = Info { enqueued: 42, scheduled: 5, dead: 1, workers: 2, ..Info::default() };
        let info = Info { working: 3, retries: 2, processed: 1_204, failures: 17, ..before.clone() };
        let before = Info { processed: 1_204, failures: 17, ..before };
        let figures = ServerFigures { connections: 9, ..ServerFigures::default() };
        let now = Wall(1_767_323_045_000_000);
        let run = Some((Duration::from_millis(250), Duration::from_millis(1_500)));
        let at = Wall(now.0 - 1_000_000);
        let second = Sample { at, pushed: 6, done: 5, failed: 1, lost: 0, run, wait: None };
        assert_eq!(text(&info, &before, &figures, Some(&second), now), EXAMPLE);
    }

    #[test]
    fn only_what_changed_is_named() {
        let before = Info { retries: 1, ..Info::default() };
        let mut info = Info { retries: 2, processed: 1, ..before.clone() };
        info.queues.insert("default".into(), 0);
        assert_eq!(changed(&info, &before), ["queues", "retries", "recent"]);
        let since_start = Tally { expired: 1, ..Tally::default() };
        assert_eq!(changed(&Info { since_start, ..before.clone() }, &before), ["recent"]);
        let figures = ServerFigures::default();
        let text = |before: &Info| text(&info, before, &figures, None, Wall(1_767_323_045_000_000));
        assert!(text(&info).ends_with("\"second\":null}\n\n") && !text(&info).contains("changed"));
        assert!(text(&before).ends_with("event: changed\ndata: [\"queues\",\"retries\",\"recent\"]\n\n"));
    }
}
