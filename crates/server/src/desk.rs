//! The desk between the pages and the engine's thread: questions, actions, and the figures of the server.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bessemer_core::command::Refusal;
use bessemer_core::query::{Condition, ServerFigures};
use bessemer_core::{Action, Answer, Query, Rules, Span, Wall};
use bessemer_store::{Gone, Reader, Tell};
use bessemer_web::{Front, Pulse, Pushed, Refused, Undone, Watch};
use tokio::sync::{mpsc, oneshot};

use crate::clock;
use crate::config::Limits;
use crate::node::Outside;
use crate::rejected::Rejected;
use crate::stopwatch::Stopwatch;

/// What became of each job of a push, or why none was looked at.
pub(crate) type Outcome = Result<Vec<Pushed>, Refused>;

/// Something for the engine's thread to do, and where it says that it is done.
pub(crate) enum Errand {
    /// An operator's action; how many jobs or workers it reached, or why it was refused.
    Act(Action, oneshot::Sender<Result<u64, Refusal>>),
    /// Jobs that the API was sent, as they came.
    Push(String, oneshot::Sender<Outcome>),
    /// Other limits and rules from now on.
    Change(Box<(Limits, Rules)>, oneshot::Sender<()>),
    /// What it is doing.
    Describe(oneshot::Sender<String>),
    /// Time passes, up to the next moment at which something is due; how much did. `None`: something is due already.
    #[cfg(feature = "embed")]
    Advance(Duration, oneshot::Sender<Option<Duration>>),
}

impl Errand {
    /// Whether it is about one job or so: many of them fit into a turn.
    pub(crate) fn is_small(&self) -> bool {
        match self {
            Self::Act(action, _) => matches!(action, Action::Replace(_)),
            Self::Push(text, _) => text.len() <= SMALL,
            _ => false,
        }
    }
}

/// How the engine's thread, when everybody has left, lets the front write what it has not written yet.
#[derive(Debug)]
pub(crate) struct LastWord {
    pub(crate) ask: oneshot::Sender<()>,
    pub(crate) said: oneshot::Receiver<()>,
}

/// The other end of a [`LastWord`].
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) asked: oneshot::Receiver<()>,
    pub(crate) say: oneshot::Sender<()>,
}

impl LastWord {
    pub(crate) fn new() -> (Self, Asked) {
        let ((ask, asked), (say, said)) = (oneshot::channel(), oneshot::channel());
        (Self { ask, said }, Asked { asked, say })
    }

    /// Asks for it, and returns when it was said. A disk that hangs does not hold up the end.
    pub(crate) async fn wait(self) {
        if self.ask.send(()).is_ok() && tokio::time::timeout(LAST_WORD, self.said).await.is_err() {
            tracing::warn!(
                "the statistics of the last minute are not written: the store did not take them in time"
            );
        }
    }
}

impl Asked {
    /// Returns when it is asked for; an engine that ends otherwise has nobody write any more.
    pub(crate) async fn wait(asked: oneshot::Receiver<()>) {
        if asked.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// How long the last word may take.
const LAST_WORD: Duration = Duration::from_secs(2);

/// Bytes of a push that is small.
const SMALL: usize = 4 << 10;

/// Errands that may wait for the engine's thread; more make the pages wait.
pub(crate) const ERRANDS_MAX: usize = 64;

/// Figures that the engine's thread publishes every turn.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    /// Clients that have logged in and are not gone, also those on their way to the engine's thread.
    pub(crate) inside: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) uptime_s: AtomicU64,
    pub(crate) used_memory_mb: AtomicU64,
    /// Turns of the engine's loop: while it grows, the engine lives.
    pub(crate) turns: AtomicU64,
    /// Configurations that were refused at a reload.
    pub(crate) reloads_refused: AtomicU64,
    /// When the certificate of TLS ends, in seconds since 1970; 0: there is none.
    certificate_until_s: AtomicU64,
    /// What the engine's thread and the vestibule refused.
    pub(crate) rejected: Arc<Rejected>,
    /// What happened lately.
    pub(crate) watch: Watch,
    /// How long turns take, and flushes of the log.
    pub(crate) turn_times: Stopwatch,
    pub(crate) flush_times: Stopwatch,
    /// Lines of statsd that nobody took.
    pub(crate) statsd_dropped: Arc<AtomicU64>,
    /// Traces, where they are sent.
    #[cfg(feature = "otel")]
    pub(crate) traces: std::sync::OnceLock<Arc<crate::telemetry::otel::Traces>>,
    /// When there were gauges first.
    started: Wall,
    /// Bytes that the disk said are free, and one more; 0: it was not asked yet.
    disk_free: AtomicU64,
    /// Of the engine and its disk. Held to copy it: by the engine's thread at the end of a turn, and by who shows it.
    condition: Mutex<Condition>,
    memory_full: AtomicBool,
}

impl Gauges {
    pub(crate) fn new(started: Wall) -> Self {
        Self { started, ..Self::default() }
    }

    pub(crate) fn publish(&self, figures: &ServerFigures) {
        self.connections.store(figures.connections, Ordering::Relaxed);
        self.commands.store(figures.command_count, Ordering::Relaxed);
        self.uptime_s.store(figures.uptime_s, Ordering::Relaxed);
        self.turns.fetch_add(1, Ordering::Relaxed);
        *self.condition() = figures.condition;
        self.memory_full.store(figures.memory_full, Ordering::Relaxed);
    }

    fn condition(&self) -> MutexGuard<'_, Condition> {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the front knows and the engine's thread shows.
    pub(crate) fn outside(&self) -> Outside {
        let until = self.certificate_until_s.load(Ordering::Relaxed);
        Outside {
            used_memory_mb: self.used_memory_mb.load(Ordering::Relaxed),
            reloads_refused: self.reloads_refused.load(Ordering::Relaxed),
            certificate_until: (until > 0).then_some(Wall(until as i64 * 1_000_000)),
        }
    }

    /// What the disk says of its room.
    pub(crate) fn disk_free(&self, bytes: u64) {
        self.disk_free.store(bytes.saturating_add(1), Ordering::Relaxed);
    }

    /// How the loop and the disk do.
    pub(crate) fn pulse(&self) -> Pulse {
        Pulse {
            started: self.started,
            turns: self.turn_times.timings(),
            flushes: self.flush_times.timings(),
            statsd_dropped: self.statsd_dropped.load(Ordering::Relaxed),
            disk_free: self.disk_free.load(Ordering::Relaxed).checked_sub(1),
        }
    }

    /// When the certificate of TLS ends, if there is one.
    pub(crate) fn certify(&self, until: Option<Wall>) {
        let until = until.map_or(0, |until| u64::try_from(until.0 / 1_000_000).unwrap_or(1));
        self.certificate_until_s.store(until, Ordering::Relaxed);
    }
}

/// What the pages may do.
#[derive(Debug)]
pub(crate) struct Desk<R> {
    pub(crate) reader: R,
    pub(crate) errands: mpsc::Sender<Errand>,
    pub(crate) gauges: Arc<Gauges>,
}

impl<R: Clone> Clone for Desk<R> {
    fn clone(&self) -> Self {
        Self { reader: self.reader.clone(), errands: self.errands.clone(), gauges: self.gauges.clone() }
    }
}

impl<R: Reader> Front for Desk<R> {
    async fn ask(&self, query: Query) -> Result<Answer, Gone> {
        self.reader.ask(query).await
    }

    fn read(&self, texts: &[Span], tell: Tell<'_>) -> Result<(), Gone> {
        self.reader.read(texts, tell)
    }

    async fn act(&self, action: Action) -> Result<u64, Undone> {
        let (reply, outcome) = oneshot::channel();
        self.errands.send(Errand::Act(action, reply)).await.map_err(|_| Gone)?;
        outcome.await.map_err(|_| Gone)?.map_err(Undone::Refused)
    }

    async fn push(&self, text: String) -> Result<Outcome, Gone> {
        let (reply, outcome) = oneshot::channel();
        self.errands.send(Errand::Push(text, reply)).await.map_err(|_| Gone)?;
        outcome.await.map_err(|_| Gone)
    }

    fn figures(&self) -> ServerFigures {
        let outside = self.gauges.outside();
        ServerFigures {
            uptime_s: self.gauges.uptime_s.load(Ordering::Relaxed),
            connections: self.gauges.connections.load(Ordering::Relaxed),
            command_count: self.gauges.commands.load(Ordering::Relaxed),
            used_memory_mb: outside.used_memory_mb,
            condition: *self.gauges.condition(),
            memory_full: self.gauges.memory_full.load(Ordering::Relaxed),
            reloads_refused: outside.reloads_refused,
            certificate_until: outside.certificate_until,
            rejected: self.gauges.rejected.table(),
        }
    }

    fn watch(&self) -> &Watch {
        &self.gauges.watch
    }

    fn pulse(&self) -> Pulse {
        self.gauges.pulse()
    }

    fn now(&self) -> Wall {
        clock::wall()
    }
}
