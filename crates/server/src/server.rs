//! The process: opens the store, binds the ports, starts its threads, follows signals, and stops.
//!
//! | thread | |
//! |---|---|
//! | `engine` | the store and identified connections (`shell/`) |
//! | `front` | strangers and browsers (`front.rs`) |
//! | `signals` | signals, reloads, systemd: here, with `reload.rs` and `systemd.rs` |

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bessemer_core::query::Durability;
use bessemer_store::embedded::EmbeddedReader;
use bessemer_store::embedded::disk::{Disk, RealDisk};
use bessemer_store::{Embedded, Engine, Fatal, OpenError, Options, Recovered};
use tokio::runtime::LocalOptions;
use tokio::sync::{Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval};

use crate::cli::Cli;
use crate::clock::{self, Clock};
use crate::config::{self, Config};
use crate::cron;
use crate::desk::{Desk, ERRANDS_MAX, Gauges, LastWord};
use crate::front::{self, Front, FrontThread, Inward, Listeners, OPERATED_MAX, WebListener};
use crate::node::Node;
use crate::port::Port;
use crate::reload::{self, Reins};
use crate::shell::{self, Doors};
use crate::signal::{Asked, Signals};
use crate::systemd::Systemd;
#[cfg(feature = "otel")]
use crate::telemetry::otel;
use crate::timed_disk::TimedDisk;
use crate::vestibule::ARRIVALS_MAX;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error("cannot listen at {binding}: {source}")]
    Bind { binding: String, source: std::io::Error },
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    #[error("the operating system gives no random bits: {0}")]
    Entropy(#[from] getrandom::Error),
    /// Row 114 of the catalogue of bad inputs.
    #[error("{place} is {high} MiB: more than the {disk} MiB that the disk of {directory} has in all")]
    SmallDisk { place: String, high: u64, disk: u64, directory: String },
    #[error("the server ended before it had started")]
    Ended,
}

/// A work server.
#[derive(Debug)]
pub struct Server;

/// A server that has started.
pub struct Running {
    /// Where commands are taken.
    pub address: SocketAddr,
    /// Where the dashboard is, unless it is off.
    pub web_address: Option<SocketAddr>,
    stop: Arc<Notify>,
    #[cfg_attr(
        not(feature = "embed"),
        expect(dead_code, reason = "only a server inside a test is killed by its program")
    )]
    kill: Arc<Notify>,
    engine: JoinHandle<Result<(), Fatal>>,
    reins: Reins<EmbeddedReader>,
}

impl Server {
    /// Starts a server; when this returns it listens.
    pub fn start(config: Config) -> Result<Running, StartError> {
        Self::start_on(config, Clock::new()?, |config| {
            let disk = RealDisk::open(&config.directory)?;
            refuse_small(&disk, config)?;
            Ok(disk)
        })
    }

    /// The same by this clock, on the disk that `open` finds.
    pub(crate) fn start_on<D: Disk>(
        config: Config,
        clock: Clock,
        open: impl FnOnce(&Config) -> Result<D, StartError> + Send + 'static,
    ) -> Result<Running, StartError> {
        let (stop, kill) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (ready, listening) = std::sync::mpsc::channel();
        let bells = [stop.clone(), kill.clone()];
        let engine = std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || engine_thread(config, clock, open, bells, &ready))
            .map_err(StartError::Thread)?;
        let reins = listening.recv().map_err(|_| StartError::Ended)??;
        let (address, web_address) = (reins.front.address, reins.front.web_address());
        Ok(Running { address, web_address, stop, kill, engine, reins })
    }
}

/// Why a server ended other than by being asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Fatal(#[from] Fatal),
}

/// Runs a server until the process is asked to end. `cli` is what its configuration is read again by.
pub fn run(config: Config, cli: Cli) -> Result<(), RunError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
    let signals = {
        let _inside = runtime.enter();
        Signals::install().map_err(StartError::Thread)?
    };
    keep_memory_to_itself();
    let Running { address, stop, engine, reins, .. } = Server::start(config)?;
    let systemd = Systemd::new(reins.gauges.clone());
    systemd.ready(&format!("listening at {address}"));
    let watch = move || runtime.block_on(supervise(signals, systemd, reins, &stop, &cli));
    std::thread::Builder::new().name("signals".into()).spawn(watch).map_err(StartError::Thread)?;
    Ok(join(engine)?)
}

/// Passwords and jobs are in it, so it is not to be dumped into a file when the process dies.
fn keep_memory_to_itself() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
    {
        tracing::warn!("a crash may leave the server's memory in a file: {error}");
    }
}

/// Follows signals, feeds systemd's watchdog and looks at the files of TLS, as long as the process lives.
async fn supervise(
    mut signals: Signals,
    mut systemd: Systemd,
    mut reins: Reins<EmbeddedReader>,
    stop: &Notify,
    cli: &Cli,
) {
    // Where nothing is to be done, a look at it once a day does no harm.
    const SELDOM: Duration = Duration::from_secs(86_400);
    let mut hunger = interval(systemd.hunger().unwrap_or(SELDOM));
    let often = |reins: &Reins<_>| reins.config.tls.as_ref().map_or(SELDOM, |tls| tls.check_every);
    let mut check = interval(often(&reins));
    hunger.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::End => {
                    systemd.stopping();
                    stop.notify_one();
                }
                Asked::Reload => {
                    systemd.reloading();
                    let again = reins.config.again(cli, config::variable);
                    reins.reload(again).await;
                    check = interval(often(&reins));
                    systemd.ready(&format!("listening at {}", reins.front.address));
                }
                Asked::Describe => reins.describe().await,
            },
            _ = hunger.tick() => {
                systemd.feed();
            }
            _ = check.tick() => reins.renew_certificate().await,
        }
    }
}

impl Running {
    /// Asks the server to stop: it answers what it has read, flushes, and ends within its time (`G21`).
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// Ends the server as if its process had been killed: nobody is told, and nothing is written any more.
    #[cfg(feature = "embed")]
    pub(crate) fn kill(&self) {
        self.kill.notify_one();
    }

    /// What the engine's thread is asked to do.
    #[cfg(feature = "embed")]
    pub(crate) fn errands(&self) -> &mpsc::Sender<crate::desk::Errand> {
        &self.reins.errands
    }

    /// Waits for the end. An error says that the disk failed (`G14`).
    ///
    /// # Panics
    /// When the engine's thread did: its state may be half applied, and the process is to end.
    pub fn wait(self) -> Result<(), Fatal> {
        join(self.engine)
    }
}

fn join(engine: JoinHandle<Result<(), Fatal>>) -> Result<(), Fatal> {
    engine.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

type Ready = std::sync::mpsc::Sender<Result<Reins<EmbeddedReader>, StartError>>;

/// The engine's thread, from the first byte of the log to the last reply.
fn engine_thread<D: Disk>(
    config: Config,
    clock: Clock,
    open: impl FnOnce(&Config) -> Result<D, StartError>,
    [stop, kill]: [Arc<Notify>; 2],
    ready: &Ready,
) -> Result<(), Fatal> {
    clock::nap_briefly();
    let options = LocalOptions::default();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build_local(options) {
        Ok(runtime) => runtime,
        Err(e) => {
            _ = ready.send(Err(StartError::Thread(e)));
            return Ok(());
        }
    };
    let prepared = runtime.block_on(async { prepare(config, clock, open, &stop) });
    let Prepared { node, clock, doors, reins, front } = match prepared {
        Ok(prepared) => prepared,
        Err(e) => {
            _ = ready.send(Err(e));
            return Ok(());
        }
    };
    report_ports(&reins);
    _ = ready.send(Ok(reins));
    // As a task of its own: one that is waked wakes nobody else, where the root of the runtime costs a system call.
    let task = runtime.spawn_local(shell::run(node, clock, doors));
    let result = runtime.block_on(async {
        tokio::select! {
            ended = task => ended.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic())),
            () = kill.notified() => Ok(()),
        }
    });
    // The second thread ends with its clients: nobody is let in any more.
    front.end();
    result
}

struct Prepared<E: Engine> {
    node: Node<E>,
    clock: Clock,
    doors: Doors,
    reins: Reins<E::Reader>,
    front: FrontThread,
}

/// Opens the store, binds the ports and starts the second thread.
fn prepare<D: Disk>(
    config: Config,
    clock: Clock,
    open: impl FnOnce(&Config) -> Result<D, StartError>,
    stop: &Arc<Notify>,
) -> Result<Prepared<Embedded<TimedDisk<D>>>, StartError> {
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy)?;
    let options = Options {
        rules: config.rules.clone(),
        segment_bytes: config.segment_bytes,
        durability: config.durability,
        marks: config.marks,
        ..Options::default()
    };
    let gauges = Arc::new(Gauges::new(clock::wall()));
    let disk = TimedDisk::new(open(&config)?, gauges.clone());
    let port = Port::take(&config.binding)?;
    let web_port = config.web_binding.as_ref().map(Port::take).transpose()?;
    let (engine, recovered) = Embedded::open(disk, options, clock.now(None), entropy)?;
    report(&recovered);
    report_durability(config.durability);
    let (arrivals_in, arrivals) = mpsc::channel(ARRIVALS_MAX);
    let (errands_in, errands) = mpsc::channel(ERRANDS_MAX);
    gauges.certify(config.tls.as_ref().map(|tls| tls.expires));
    #[cfg(feature = "otel")]
    let traces = config.otel.clone().map(|to| begin_traces(&gauges, to));
    let reader = engine.reader();
    let desk = Desk { reader: reader.clone(), errands: errands_in.clone(), gauges: gauges.clone() };
    let limits = reload::fitting(&config);
    let web = web_port.zip(config.web_binding.as_ref());
    let web = web.map(|(port, binding)| WebListener::listen(port, binding)).transpose()?;
    let listeners = Listeners { address: port.address, commands: port.listen()?, web };
    let (last_word, asked) = LastWord::new();
    let (operated_in, operated) = mpsc::channel(OPERATED_MAX);
    let inward = Inward { arrivals: arrivals_in, operated };
    let (front, keep) = Front::start(&config, limits.clone(), listeners, desk, inward, asked)?;
    let mut node = Node::new(engine, limits, config.rules.stall, clock.now(None));
    node.count_in(gauges.rejected.clone());
    #[cfg(feature = "otel")]
    node.trace_in(traces);
    let (gauges_too, stop) = (gauges.clone(), stop.clone());
    let doors = Doors { arrivals, errands, gauges: gauges_too, stop, last_word, operated: operated_in };
    let reins =
        Reins { config, front, reader, errands: errands_in, gauges, refused: None, reminded: clock::wall() };
    Ok(Prepared { node, clock, doors, reins, front: keep })
}

/// From now on every attempt is a span.
#[cfg(feature = "otel")]
fn begin_traces(gauges: &Gauges, to: config::OtelConfig) -> Arc<otel::Traces> {
    tracing::info!("traces are sent to {}", to.collector);
    let traces = gauges.traces.get_or_init(|| Arc::new(otel::Traces::new(to))).clone();
    gauges.watch.tell(Box::new(otel::Attempts(traces.clone())));
    traces
}

/// Says where it listens.
fn report_ports<R: bessemer_store::Reader>(reins: &Reins<R>) {
    let pid = std::process::id();
    if let Some(tls) = &reins.config.tls {
        let files: Vec<String> = tls.files().map(|path| path.display().to_string()).collect();
        tracing::info!("TLS is on, with {}; valid until {}", files.join(", "), tls.expires.rfc3339());
    }
    cron::announce(&reins.config.rules.cron, clock::wall());
    tracing::info!("PID {pid} listening at {}, press Ctrl-C to stop", reins.front.address);
    front::report(reins.front.web_address());
}

/// A disk that can never have so much room as a full one needs to be full no longer.
pub(crate) fn refuse_small(disk: &RealDisk, config: &Config) -> Result<(), StartError> {
    // One that does not tell is no reason to stay down; the same question is asked again while serving.
    let capacity = disk.capacity().unwrap_or(u64::MAX);
    if config.marks.high <= capacity {
        return Ok(());
    }
    let directory = config.directory.display().to_string();
    let (place, high) = (config.place("store.disk_high_water"), config.marks.high >> 20);
    Err(StartError::SmallDisk { place, high, disk: capacity >> 20, directory })
}

/// Says what a reply is worth (`G1`).
fn report_durability(durability: Durability) {
    match durability {
        Durability::Strict => tracing::info!("durability is strict: what is answered is on the disk"),
        Durability::Relaxed => tracing::warn!(
            "durability is relaxed: a power loss may take what was answered in the last 100 ms; \
             store.durability = \"strict\" is the way back"
        ),
    }
}

/// Says what recovery found.
fn report(recovered: &Recovered) {
    if recovered.created {
        tracing::info!("created a new store");
    } else {
        let Recovered { segments, facts, bytes, .. } = recovered;
        tracing::info!("read the log: segments {segments}, facts {facts}, {} MiB", bytes >> 20);
    }
    if let Some(torn) = &recovered.torn {
        let (path, offset) = (&torn.path, torn.offset);
        tracing::warn!("discarded {} unacknowledged bytes of {path} at offset {offset}", torn.bytes);
    }
    for name in &recovered.removed {
        tracing::info!("removed {name}, left over from before");
    }
    if recovered.last_written.is_some_and(|at| at > crate::clock::wall()) {
        tracing::warn!(
            "the clock is behind the store's last entry: scheduled jobs and retries will wait for it"
        );
    }
}
