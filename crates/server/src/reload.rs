//! A running server, told something: another configuration, another certificate, or to say what it is doing (rules
//! `O-09`, `O-10`; row 112).
//!
//! A reload is all or nothing. Whatever may fail is done first and leaves everything as it was; then the front and the
//! engine's thread are told, which cannot fail.

use std::fmt;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bessemer_core::{Answer, Query, Wall};
use bessemer_store::Reader;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::clock;
use crate::config::{Changes, Config, ConfigError, Limits, Stamps, Tls};
use crate::cron;
use crate::desk::{Errand, Gauges};
use crate::front::Front;
use crate::open_files;
use crate::server::StartError;

/// How long the engine's thread is waited for. A turn that takes longer is a stall (`D9`).
const PATIENCE: Duration = Duration::from_secs(5);

/// A certificate that is about to end is spoken of so often.
const DAY: Duration = Duration::from_secs(86_400);

/// Queues that a description names, the longest first.
const QUEUES_SHOWN: usize = 20;

/// What a running server is told things by.
pub(crate) struct Reins<R> {
    pub(crate) config: Config,
    pub(crate) front: Front<R>,
    pub(crate) reader: R,
    pub(crate) errands: mpsc::Sender<Errand>,
    pub(crate) gauges: Arc<Gauges>,
    /// Files of TLS that were refused; not to be tried again as they are.
    pub(crate) refused: Option<Stamps>,
    /// When somebody was told last how long the certificate is valid.
    pub(crate) reminded: Wall,
}

/// Why a configuration does not take the place of the one in force.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Bind(#[from] StartError),
    #[error("the engine does not answer")]
    Stuck,
}

impl<R: Reader> Reins<R> {
    /// Goes on by what was read again, or by what is in force.
    pub(crate) async fn reload(&mut self, again: Result<(Config, Changes), ConfigError>) {
        match self.try_reload(again).await {
            Ok(changes) => report(&changes),
            Err(why) => self.refuse(&why),
        }
    }

    async fn try_reload(
        &mut self,
        again: Result<(Config, Changes), ConfigError>,
    ) -> Result<Changes, ReloadError> {
        let (config, changes) = again?;
        let way = timeout(PATIENCE, self.errands.clone().reserve_owned()).await;
        let Ok(Ok(way)) = way else { return Err(ReloadError::Stuck) };
        let listener = self.front.listen(&config).await?;
        let limits = fitting(&config);
        let (done, changed) = oneshot::channel();
        way.send(Errand::Change(Box::new((limits.clone(), config.rules.clone())), done));
        self.front.change(&config, limits, listener).await;
        self.gauges.certify(config.tls.as_ref().map(|tls| tls.expires));
        self.config = config;
        if changes.made.iter().any(|name| name == "cron") {
            cron::announce(&self.config.rules.cron, clock::wall());
        }
        // A busy engine changes at its next turn.
        _ = timeout(PATIENCE, changed).await;
        Ok(changes)
    }

    /// Serves a certificate whose files have changed; one that cannot be served changes nothing.
    pub(crate) async fn renew_certificate(&mut self) {
        let Some(tls) = &self.config.tls else { return };
        let now = clock::wall();
        if now.since(self.reminded) >= DAY {
            self.reminded = now;
            tls.remind(now);
        }
        let Some(stamps) = tls.touched().filter(|stamps| Some(stamps) != self.refused.as_ref()) else {
            return;
        };
        match tls.again(now) {
            Ok(new) => {
                let until = new.expires.rfc3339();
                for changed in tls.changes(&new) {
                    match changed {
                        Tls::CERTIFICATE => {
                            tracing::info!("{changed} has changed; the new one is valid until {until}");
                        }
                        _ => tracing::info!("{changed} has changed"),
                    }
                }
                self.gauges.certify(Some(new.expires));
                self.config.tls = Some(new);
                self.front.change(&self.config, fitting(&self.config), None).await;
            }
            Err(why) => {
                self.refused = Some(stamps);
                self.refuse(&why);
            }
        }
    }

    fn refuse(&self, why: &dyn fmt::Display) {
        self.gauges.reloads_refused.fetch_add(1, Ordering::Relaxed);
        tracing::error!("not reloaded, everything is as before: {why}");
    }

    /// Tells the log what the server is doing (rule `O-09`).
    pub(crate) async fn describe(&self) {
        let (reply, described) = oneshot::channel();
        let ask = async {
            self.errands.send(Errand::Describe(reply)).await.ok()?;
            let text = described.await.ok()?;
            match self.reader.ask(Query::Info).await {
                Ok(Answer::Info(info)) => Some((text, info)),
                _ => None,
            }
        };
        match timeout(PATIENCE, ask).await {
            Ok(Some((text, info))) => {
                tracing::info!("{text}");
                let mut queues: Vec<_> = info.queues.iter().collect();
                queues.sort_by_key(|(_, length)| std::cmp::Reverse(**length));
                let shown: Vec<String> = queues
                    .iter()
                    .take(QUEUES_SHOWN)
                    .map(|(name, length)| format!("{name} {length}"))
                    .collect();
                tracing::info!(
                    "{} queues{}{}; scheduled {}, retries {}, dead {}, working {}; {} workers",
                    queues.len(),
                    if shown.is_empty() { "" } else { ": " },
                    shown.join(", "),
                    info.scheduled,
                    info.retries,
                    info.dead,
                    info.working,
                    info.workers
                );
            }
            Ok(None) => tracing::info!("the server is stopping"),
            Err(_) => {
                let turns = self.gauges.turns.load(Ordering::Relaxed);
                tracing::warn!("the engine has not answered for {PATIENCE:?}; it has turned {turns} times");
            }
        }
        threads().iter().for_each(|line| tracing::info!("{line}"));
    }
}

/// As many connections as there may be open files.
pub(crate) fn fitting(config: &Config) -> Limits {
    let mut limits = config.limits.clone();
    limits.connections_max = open_files::make_room(limits.connections_max);
    limits.loopback_reserved = limits.loopback_reserved.min(limits.connections_max);
    limits
}

/// Says what is different. Values are not told: some are secrets.
fn report(changes: &Changes) {
    let Changes { made, waiting } = changes;
    match made.len() {
        0 => tracing::info!("reloaded the configuration; nothing is different"),
        _ => tracing::info!("reloaded the configuration; different are {}", made.join(", ")),
    }
    if !waiting.is_empty() {
        tracing::warn!("a restart is needed for {}", waiting.join(", "));
    }
}

/// A line for each thread: its name, what it is doing, and the time that it has had of a processor. From `/proc`, where
/// there is one; what calls what inside a thread is not to be had without help from outside.
fn threads() -> Vec<String> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let describe = |stat: String| {
        // `number (name) state ...`; the name may hold anything, so the last parenthesis counts.
        let (name, rest) = (stat.split_once('(')?.1, stat.rsplit_once(')')?.1);
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        let state = match *fields.first()? {
            "R" => "running",
            "S" => "waiting",
            "D" => "waiting for the disk",
            other => other,
        };
        let name = name.rsplit_once(')')?.0;
        // Hundredths of a second, on all machines that we build for.
        Some(format!("thread {name}: {state}, {}.{:02} s of a processor", ticks / 100, ticks % 100))
    };
    let stats = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
    stats.filter_map(describe).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_thread_has_a_line() {
        let named = std::thread::Builder::new().name("a (b) c".into());
        let lines = named.spawn(super::threads).expect("a thread").join().expect("no panic");
        let line = lines.iter().find(|line| line.starts_with("thread a (b) c: running, ")).expect("its line");
        assert!(line.ends_with(" s of a processor"), "{line}");
        assert!(lines.len() >= 2);
    }
}
