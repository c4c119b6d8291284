//! `bessemer demo`: producers and workers that make a dashboard live, on a server that runs or on one of its own.
//!
//! ```text
//!              ┌─ a server listens: its jobs are pushed there, and taken away at the end
//! demo ──dial──┤
//!              └─ nothing listens:  a server in a temporary directory, which goes with it
//! ```
//!
//! `kinds.rs` has the jobs, `producer.rs` pushes them.

mod kinds;
mod producer;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bessemer::{Bessemer, Error, Jid, MutateFilter, MutateTarget, Report, Stop, Url, Worker};
use tempfile::TempDir;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use self::kinds::{Act, QUEUES, Stage, glob};
use self::producer::Producer;
use super::address::{Address, runtime};
use super::figures::{amount, grouped};
use super::progress::Progress;
use super::{Cli, output};
use crate::config::{self, Config};
use crate::exit::{Exit, Failure};
use crate::server::{Running, Server};

/// Jobs at the same time in each worker.
const SLOTS: usize = 10;

/// How long running jobs may take to end after Ctrl-C.
const DRAIN: Duration = Duration::from_secs(2);

/// The workers hear of Quiet and Stop so soon.
const BEAT: Duration = Duration::from_secs(2);

/// Run producers and workers of a made-up shop, so that the dashboard has something to show
#[derive(Clone, Debug, clap::Args)]
pub struct Demo {
    /// Jobs a second
    #[arg(long, value_name = "N", default_value_t = 20.0, value_parser = rate)]
    rate: f64,
    #[command(flatten)]
    address: Address,
}

fn rate(text: &str) -> Result<f64, &'static str> {
    let rate: f64 = text.parse().map_err(|_| "a rate is a number")?;
    if (0.1..=10_000.0).contains(&rate) { Ok(rate) } else { Err("a rate is from 0.1 to 10000 jobs a second") }
}

/// Where the demo plays.
struct Scene {
    app: Bessemer,
    dashboard: Option<String>,
    own: Option<Own>,
    /// Marks the jobs of this run.
    run: String,
}

/// A server of the demo's own, and its directory.
struct Own {
    running: Running,
    directory: TempDir,
}

impl Demo {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        runtime()?.block_on(async {
            // First of all: from now on there is something to clear away.
            let mut bells = Bells::install()?;
            let scene = Scene::find(&self.address, cli).await?;
            let played = self.play(&scene, &mut bells).await;
            match (played, scene.clear().await) {
                (Err(Failure { exit, what }), Err(left)) => {
                    let what = format!("{what}; and what the demo left could not be taken away: {left}");
                    Err(Failure { exit, what })
                }
                (played, cleared) => played.and(cleared),
            }
        })
    }

    async fn play(&self, scene: &Scene, bells: &mut Bells) -> Result<(), Failure> {
        scene.introduce(self.rate)?;
        let app = scene.app.clone();
        let stage = Arc::new(Stage::at(self.rate));
        let mut workers = Workers::hire(&app, &stage);
        let progress = Progress::in_jobs("pushing");
        let mut producer = Producer { app, rate: self.rate, run: scene.run.clone(), pushed: 0, progress };
        let ended = tokio::select! {
            outcome = producer.push() => outcome.map(|never| match never {}),
            outcome = workers.ended() => outcome,
            () = bells.ring() => Ok(()),
        };
        let Producer { pushed, progress, .. } = producer;
        drop(progress);
        let stopped = workers.stop(bells).await;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (done, failures) = (grouped(count(&stage.done)), amount(count(&stage.failed), "failure"));
        output::line(&format!("pushed {}: {done} done, {failures}", amount(pushed, "job")))?;
        ended.and(stopped)
    }
}

impl Scene {
    /// The server that the command line names; where nothing listens at the port of this machine, one of its own.
    async fn find(address: &Address, cli: &Cli) -> Result<Self, Failure> {
        let run = Jid::random()?.to_string();
        let (url, local) = address.find(cli, config::variable)?;
        let is_down = |error: &Error| matches!(error, Error::Connect { source, .. } if source.kind() == ErrorKind::ConnectionRefused);
        if url.port != 0 {
            let app = address.certificates.trusting(local.as_ref()).address(url.clone()).connect()?;
            match app.client().await {
                Ok(client) => {
                    client.end().await;
                    let dashboard = local.and_then(|local| local.dashboard);
                    return Ok(Self { app, dashboard, own: None, run });
                }
                Err(error) if local.is_some() && is_down(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let own = Own::start(cli)?;
        let listens = own.running.address;
        let dashboard = own.running.web_address.map(|address| format!("http://{address}"));
        let url = Url { host: listens.ip().to_string(), port: listens.port(), ..url };
        let app = address.certificates.trusting(local.as_ref()).address(url).connect()?;
        Ok(Self { app, dashboard, own: Some(own), run })
    }

    /// Says what is to be seen, and where.
    fn introduce(&self, rate: f64) -> Result<(), Failure> {
        let url = self.app.url();
        output::line(&match &self.own {
            Some(Own { directory, .. }) => {
                let directory = directory.path().display();
                format!("Nothing listens there: a server starts at {url}, for the demo only, in {directory}.")
            }
            None => format!("The demo plays on {url}. Its queues are {}.", QUEUES.join(", ")),
        })?;
        output::line(&match &self.dashboard {
            Some(dashboard) => format!("Dashboard: {dashboard}"),
            None => format!("Dashboard: where that server has it, usually http://{}:7420", url.host),
        })?;
        output::line(&format!(
            "Jobs are pushed and worked on, {rate} a second; some fail, some are slow, some wait for their time."
        ))?;
        output::line("Ctrl-C ends it and takes its jobs away.")
    }

    /// Leaves nothing behind but what was counted.
    async fn clear(self) -> Result<(), Failure> {
        if let Some(Own { running, directory }) = self.own {
            running.stop();
            let ended = running.wait().map_err(Failure::from);
            let path = directory.path().display().to_string();
            let removed = directory
                .close()
                .map_err(|error| Failure { exit: Exit::Io, what: format!("cannot remove {path}: {error}") });
            return ended.and(removed);
        }
        let mut client = self.app.client().await?;
        client.remove_queues(&QUEUES.map(str::to_owned)).await?;
        for set in [MutateTarget::Scheduled, MutateTarget::Retries, MutateTarget::Dead] {
            client.discard(set, &MutateFilter::glob(glob(&self.run))).await?;
        }
        client.end().await;
        Ok(())
    }
}

impl Own {
    fn start(cli: &Cli) -> Result<Self, Failure> {
        let directory = tempfile::Builder::new().prefix("bessemer-demo-").tempdir().map_err(|error| {
            Failure { exit: Exit::Io, what: format!("cannot make a temporary directory: {error}") }
        })?;
        let mut cli = cli.clone();
        cli.directory = Some(directory.path().join("db"));
        let running = Server::start(Config::load(cli, config::variable)?)?;
        Ok(Self { running, directory })
    }
}

/// The workers of the shop.
struct Workers {
    stops: Vec<Stop>,
    running: JoinSet<Result<Report, Error>>,
}

impl Workers {
    fn hire(app: &Bessemer, stage: &Arc<Stage>) -> Self {
        let [critical, mail, media, reports] = QUEUES;
        let duties =
            [("shop", vec![critical, mail]), ("pictures", vec![media]), ("office", vec![reports, mail])];
        let (mut stops, mut running) = (Vec::new(), JoinSet::new());
        for (name, queues) in duties {
            let worker = taught(app.worker(), stage)
                .queues(queues)
                .slots(SLOTS)
                .label(name)
                .drain(DRAIN)
                .beat_every(BEAT)
                .ignore_signals();
            stops.push(worker.stop_handle());
            running.spawn(worker.run());
        }
        Self { stops, running }
    }

    /// Waits until the last one has ended, which the dashboard can have them do.
    async fn ended(&mut self) -> Result<(), Failure> {
        let mut outcome = Ok(());
        while let Some(ended) = self.running.join_next().await {
            let ended = ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
            outcome = outcome.and(ended.map(drop).map_err(Failure::from));
        }
        outcome
    }

    /// Lets them finish, or not when the bell rings again.
    async fn stop(mut self, bells: &mut Bells) -> Result<(), Failure> {
        self.stops.iter().for_each(Stop::terminate);
        let stops = self.stops.clone();
        let mut ended = std::pin::pin!(self.ended());
        tokio::select! {
            outcome = &mut ended => return outcome,
            () = bells.ring() => stops.iter().for_each(Stop::abort),
        }
        ended.await
    }
}

/// Every worker does every kind that comes its way.
fn taught(worker: Worker, stage: &Arc<Stage>) -> Worker {
    worker
        .job(Act::<0>(stage.clone()))
        .job(Act::<1>(stage.clone()))
        .job(Act::<2>(stage.clone()))
        .job(Act::<3>(stage.clone()))
        .job(Act::<4>(stage.clone()))
        .job(Act::<5>(stage.clone()))
}

/// What ends the demo: Ctrl-C, a polite kill, a terminal that is closed.
struct Bells(Signal, Signal, Signal);

impl Bells {
    fn install() -> Result<Self, Failure> {
        let signals = || -> std::io::Result<Self> {
            Ok(Self(
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ))
        };
        Ok(signals().map_err(Error::Signals)?)
    }

    async fn ring(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
            _ = self.2.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_two_ends() {
        assert_eq!(rate("0.1"), Ok(0.1));
        assert_eq!(rate("10000"), Ok(10_000.0));
        for bad in ["0.09", "10001", "NaN", "inf", "-1", "fast"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}
