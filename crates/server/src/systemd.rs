//! What systemd is told: that the server listens, reloads, stops, and that the engine lives (`Type=notify`,
//! `WatchdogSec=`). Elsewhere all of this does nothing.
//!
//! The watchdog is fed for turns of the engine's loop and for nothing else: a process whose engine is stuck looks alive
//! to everybody but is not. The loop turns at least once a second, so a watchdog needs a few seconds.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::desk::Gauges;

/// The way to systemd. The socket is named by an environment variable, which no child inherits: there are none.
pub(crate) struct Systemd {
    gauges: Arc<Gauges>,
    /// Turns of the engine when the watchdog was fed last.
    turns: u64,
}

impl Systemd {
    pub(crate) fn new(gauges: Arc<Gauges>) -> Self {
        Self { gauges, turns: 0 }
    }

    /// It listens, as it is said here.
    pub(crate) fn ready(&self, status: &str) {
        tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// It reads its configuration again; [`Systemd::ready`] follows.
    pub(crate) fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => tracing::debug!("the monotonic clock cannot be read: {error}"),
        }
    }

    pub(crate) fn stopping(&self) {
        tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
    }

    /// How often the watchdog is to be fed: twice in the time that it has. None: there is none.
    pub(crate) fn hunger(&self) -> Option<Duration> {
        sd_notify::watchdog_enabled().map(|time| (time / 2).max(Duration::from_millis(1)))
    }

    /// Feeds the watchdog, if the engine has turned since it was fed; says whether it has.
    pub(crate) fn feed(&mut self) -> bool {
        let turns = self.gauges.turns.load(Ordering::Relaxed);
        let alive = std::mem::replace(&mut self.turns, turns) != turns;
        if alive {
            tell(&[NotifyState::Watchdog]);
        }
        alive
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("systemd cannot be told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_does_not_turn_is_not_fed() {
        let gauges = Arc::new(Gauges::default());
        let mut systemd = Systemd::new(gauges.clone());
        assert!(!systemd.feed());
        gauges.turns.fetch_add(1, Ordering::Relaxed);
        assert!(systemd.feed());
        assert!(!systemd.feed(), "it is stuck");
        gauges.turns.fetch_add(1_000, Ordering::Relaxed);
        assert!(systemd.feed());
    }
}
