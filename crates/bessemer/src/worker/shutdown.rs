//! How far a worker is on its way out, who may push it on, and the signals that do.
//!
//! ```text
//!  Running ──BEAT "quiet"──► Quiet ──┐
//!     └──── SIGTERM, SIGINT, BEAT "terminate" ──► Terminate ── drain is over ──► Cancel ── grace is over ──► Abort
//!                                                     └──────────────── a second signal ────────────────────┘
//! ```

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bessemer_protocol::response::WorkerState;
use tokio::sync::watch;
use tokio::time::Instant;

/// Only ever moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Fetches and works.
    Running,
    /// Works off what it has, fetches no more, and waits.
    Quiet,
    /// Works off what it has and ends.
    Terminate,
    /// Jobs are asked to come to an end by themselves.
    Cancel,
    /// Gives back what it has and ends.
    Abort,
}

impl Stage {
    /// The word for it in a BEAT; a running worker says nothing.
    pub(crate) fn word(self) -> Option<WorkerState> {
        match self {
            Self::Running => None,
            Self::Quiet => Some(WorkerState::Quiet),
            Self::Terminate | Self::Cancel | Self::Abort => Some(WorkerState::Terminate),
        }
    }
}

/// Stops a worker from elsewhere in the process; from [`Worker::stop_handle`](crate::Worker::stop_handle).
#[derive(Clone, Debug)]
pub struct Stop {
    stage: Arc<watch::Sender<Stage>>,
}

impl Stop {
    pub(crate) fn new() -> Self {
        Self { stage: Arc::new(watch::Sender::new(Stage::Running)) }
    }

    /// Fetch no more. What runs goes on, and the worker stays.
    pub fn quiet(&self) {
        self.advance(Stage::Quiet);
    }

    /// Fetch no more, finish what runs within the drain time, then end.
    pub fn terminate(&self) {
        self.advance(Stage::Terminate);
    }

    /// The drain is over: see [`Stage::Cancel`].
    pub(crate) fn cancel(&self) {
        self.advance(Stage::Cancel);
    }

    /// End now: running jobs are cut off and reported as failed.
    pub fn abort(&self) {
        self.advance(Stage::Abort);
    }

    fn advance(&self, to: Stage) {
        self.stage.send_if_modified(|stage| {
            let forward = *stage < to;
            if forward {
                *stage = to;
            }
            forward
        });
    }

    pub(crate) fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Waits for this stage or a later one.
    pub(crate) async fn reached(&self, stage: Stage) {
        self.until(|now| now >= stage).await;
    }

    /// Waits until the stage is another one.
    pub(crate) async fn moved_from(&self, stage: Stage) {
        self.until(|now| now != stage).await;
    }

    async fn until(&self, arrived: impl Fn(Stage) -> bool) {
        let mut stages = self.stage.subscribe();
        let waited = stages.wait_for(|stage| arrived(*stage)).await;
        waited.expect("this handle keeps the channel open");
    }
}

/// SIGTERM and SIGINT. Once installed they no longer end the process by themselves, for as long as it lives.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(crate) fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(not(unix))]
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for one of them.
    #[cfg(unix)]
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> &'static str {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            // There is no console to press it on.
            Err(_) => std::future::pending().await,
        }
    }

    /// The first signal lets the worker drain, a later one cuts its jobs off. Never returns.
    pub(crate) async fn obey(mut self, stop: &Stop) -> std::convert::Infallible {
        let mut first = None;
        loop {
            let name = self.next().await;
            heed(name, &mut first, stop);
        }
    }
}

/// One key press may arrive more than once: from the terminal, and from a parent that passes signals on.
const ECHO: Duration = Duration::from_secs(1);

fn heed(name: &str, first: &mut Option<Instant>, stop: &Stop) {
    match first {
        None => {
            tracing::info!("{name}: finishing what runs; once more to cut it off");
            stop.terminate();
            *first = Some(Instant::now());
        }
        Some(first) if first.elapsed() < ECHO => {}
        Some(_) => {
            tracing::info!("{name} again: cutting off what runs");
            stop.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stages_only_move_forward() {
        let stop = Stop::new();
        let waiter = tokio::spawn({
            let stop = stop.clone();
            async move { stop.reached(Stage::Terminate).await }
        });
        stop.quiet();
        assert_eq!(stop.stage(), Stage::Quiet);
        stop.abort();
        stop.terminate();
        assert_eq!(stop.stage(), Stage::Abort);
        stop.moved_from(Stage::Running).await;
        waiter.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_counts_and_the_echo_of_the_first_does_not() {
        let (stop, mut first) = (Stop::new(), None);
        heed("SIGINT", &mut first, &stop);
        heed("SIGINT", &mut first, &stop);
        assert_eq!(stop.stage(), Stage::Terminate);
        tokio::time::advance(ECHO).await;
        heed("SIGTERM", &mut first, &stop);
        assert_eq!(stop.stage(), Stage::Abort);
    }
}
