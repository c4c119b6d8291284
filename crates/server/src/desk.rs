//! The desk between the pages and the engine's thread: questions, actions, and the figures of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bessemer_core::query::{Condition, Durability, ServerFigures};
use bessemer_core::{Action, Answer, Query, Wall};
use bessemer_store::{Gone, Reader};
use bessemer_web::Front;
use tokio::sync::{mpsc, oneshot};

/// An operator's action on its way to the engine's thread, and where its outcome goes.
pub(crate) type Errand = (Action, oneshot::Sender<u64>);

/// Errands that may wait for the engine's thread; more make the pages wait.
pub(crate) const ERRANDS_MAX: usize = 64;

/// Figures that the engine's thread publishes every turn.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) connections: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) uptime_s: AtomicU64,
    pub(crate) used_memory_mb: AtomicU64,
    relaxed: AtomicBool,
    disk_full: AtomicBool,
}

impl Gauges {
    pub(crate) fn publish(&self, figures: &ServerFigures) {
        self.connections.store(figures.connections, Ordering::Relaxed);
        self.commands.store(figures.command_count, Ordering::Relaxed);
        self.uptime_s.store(figures.uptime_s, Ordering::Relaxed);
        let Condition { durability, disk_full } = figures.condition;
        self.relaxed.store(durability == Durability::Relaxed, Ordering::Relaxed);
        self.disk_full.store(disk_full, Ordering::Relaxed);
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

    async fn act(&self, action: Action) -> Result<u64, Gone> {
        let (reply, outcome) = oneshot::channel();
        self.errands.send((action, reply)).await.map_err(|_| Gone)?;
        outcome.await.map_err(|_| Gone)
    }

    fn figures(&self) -> ServerFigures {
        let relaxed = self.gauges.relaxed.load(Ordering::Relaxed);
        let durability = if relaxed { Durability::Relaxed } else { Durability::Strict };
        let disk_full = self.gauges.disk_full.load(Ordering::Relaxed);
        ServerFigures {
            uptime_s: self.gauges.uptime_s.load(Ordering::Relaxed),
            connections: self.gauges.connections.load(Ordering::Relaxed),
            command_count: self.gauges.commands.load(Ordering::Relaxed),
            used_memory_mb: self.gauges.used_memory_mb.load(Ordering::Relaxed),
            condition: Condition { durability, disk_full },
        }
    }

    fn now(&self) -> Wall {
        crate::clock::wall()
    }
}
