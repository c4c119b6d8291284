//! The process: opens the store, binds the ports, starts the two threads, and stops them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use bessemer_core::query::Durability;
use bessemer_store::embedded::disk::RealDisk;
use bessemer_store::{Embedded, Engine, Fatal, OpenError, Options, Recovered};
use bessemer_web::{Dashboard, Served, Site};
use tokio::net::TcpListener;
use tokio::runtime::LocalOptions;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::config::{Binding, Config, Environment};
use crate::desk::{Desk, ERRANDS_MAX, Gauges};
use crate::node::Node;
use crate::open_files;
use crate::port::Port;
use crate::shell::{self, Doors};
use crate::signal::Signals;
use crate::vestibule::{ARRIVALS_MAX, Terms, Vestibule};

/// A password that is at least this long cannot be guessed from its one-round hash (`D1`).
const LEGACY_PASSWORD_MIN: usize = 16;

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
    #[error(
        "`store.disk_high_water` is {high} MiB: more than the {disk} MiB that the disk of {directory} has in all"
    )]
    SmallDisk { high: u64, disk: u64, directory: String },
    #[error("the server ended before it had started")]
    Ended,
}

/// A work server.
#[derive(Debug)]
pub struct Server;

/// A server that has started.
#[derive(Debug)]
pub struct Running {
    /// Where commands are taken.
    pub address: SocketAddr,
    /// Where the dashboard is, unless it is off.
    pub web_address: Option<SocketAddr>,
    stop: Arc<Notify>,
    engine: JoinHandle<Result<(), Fatal>>,
}

impl Server {
    /// Starts a server; when this returns it listens.
    pub fn start(config: Config) -> Result<Running, StartError> {
        let stop = Arc::new(Notify::new());
        let (ready, listening) = std::sync::mpsc::channel();
        let bell = stop.clone();
        let engine = std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || engine_thread(&config, bell, &ready))
            .map_err(StartError::Thread)?;
        let (address, web_address) = listening.recv().map_err(|_| StartError::Ended)??;
        Ok(Running { address, web_address, stop, engine })
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

/// Runs a server until the process is asked to end.
pub fn run(config: Config) -> Result<(), RunError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
    let signals = {
        let _inside = runtime.enter();
        Signals::install().map_err(StartError::Thread)?
    };
    let running = Server::start(config)?;
    let stop = running.stop.clone();
    let watch = move || {
        runtime.block_on(signals.asked_to_end());
        stop.notify_one();
    };
    std::thread::Builder::new().name("signals".into()).spawn(watch).map_err(StartError::Thread)?;
    Ok(running.wait()?)
}

impl Running {
    /// Asks the server to stop: it answers what it has read, flushes, and ends within its time (`G21`).
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// Waits for the end. An error says that the disk failed (`G14`).
    ///
    /// # Panics
    /// When the engine's thread did: its state may be half applied, and the process is to end.
    pub fn wait(self) -> Result<(), Fatal> {
        self.engine.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

type Ready = std::sync::mpsc::Sender<Result<(SocketAddr, Option<SocketAddr>), StartError>>;

/// The engine's thread, from the first byte of the log to the last reply.
fn engine_thread(config: &Config, stop: Arc<Notify>, ready: &Ready) -> Result<(), Fatal> {
    let options = LocalOptions::default();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build_local(options) {
        Ok(runtime) => runtime,
        Err(e) => {
            _ = ready.send(Err(StartError::Thread(e)));
            return Ok(());
        }
    };
    let prepared = runtime.block_on(async { prepare(config, &stop) });
    let Prepared { node, clock, doors, addresses, front } = match prepared {
        Ok(prepared) => prepared,
        Err(e) => {
            _ = ready.send(Err(e));
            return Ok(());
        }
    };
    tracing::info!("PID {} listening at {}, press Ctrl-C to stop", std::process::id(), addresses.0);
    if let Some(web) = addresses.1 {
        tracing::info!("Web server now listening at {web}");
    }
    _ = ready.send(Ok(addresses));
    // As a task of its own: one that is waked wakes nobody else, where the root of the runtime costs a system call.
    let task = runtime.spawn_local(shell::run(node, clock, doors));
    let result = runtime.block_on(task).unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
    // The second thread ends with its clients: nobody is let in any more.
    drop(front);
    result
}

struct Prepared<E: Engine> {
    node: Node<E>,
    clock: Clock,
    doors: Doors,
    addresses: (SocketAddr, Option<SocketAddr>),
    /// Keeps the second thread running.
    front: oneshot::Sender<()>,
}

/// Opens the store, binds the ports and starts the second thread.
fn prepare(config: &Config, stop: &Arc<Notify>) -> Result<Prepared<Embedded<RealDisk>>, StartError> {
    let clock = Clock::new()?;
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy)?;
    let options = Options {
        rules: config.rules.clone(),
        segment_bytes: config.segment_bytes,
        durability: config.durability,
        marks: config.marks,
        ..Options::default()
    };
    let disk = RealDisk::open(&config.directory)?;
    refuse_small(&disk, config)?;
    let port = Port::take(&config.binding)?;
    let web_port = config.web_binding.as_ref().map(Port::take).transpose()?;
    let (address, web_address) = (port.address, web_port.as_ref().map(|port| port.address));
    let (engine, recovered) = Embedded::open(disk, options, clock.now(None), entropy)?;
    report(&recovered);
    report_durability(config.durability);
    let (arrivals_in, arrivals) = mpsc::channel(ARRIVALS_MAX);
    let (errands_in, errands) = mpsc::channel(ERRANDS_MAX);
    let gauges = Arc::new(Gauges::default());
    let desk = Desk { reader: engine.reader(), errands: errands_in, gauges: gauges.clone() };
    let mut limits = config.limits.clone();
    limits.connections_max = open_files::make_room(limits.connections_max);
    let tls = config.tls.as_ref().map(|tls| tls.commands.clone());
    let terms = Terms::new(config.password.clone(), allows_legacy(config), tls, limits.clone());
    let vestibule = Vestibule::new(terms, gauges.clone(), arrivals_in);
    let dashboard = Dashboard::new(desk, site(config, address));
    let tls = config.tls.as_ref().and_then(|tls| tls.dashboard.clone());
    let served = Served { router: dashboard.router(), tls };
    let web = web_port.map(Port::listen).transpose()?.map(|listener| (listener, served));
    let front = front_thread(port.listen()?, vestibule, web, gauges.clone())?;
    let node = Node::new(engine, limits, config.rules.stall, clock.now(None));
    let doors = Doors { arrivals, errands, gauges, stop: stop.clone() };
    Ok(Prepared { node, clock, doors, addresses: (address, web_address), front })
}

/// A disk that can never have so much room as a full one needs to be full no longer.
fn refuse_small(disk: &RealDisk, config: &Config) -> Result<(), StartError> {
    // One that does not tell is no reason to stay down; the same question is asked again while serving.
    let capacity = disk.capacity().unwrap_or(u64::MAX);
    if config.marks.high <= capacity {
        return Ok(());
    }
    let directory = config.directory.display().to_string();
    Err(StartError::SmallDisk { high: config.marks.high >> 20, disk: capacity >> 20, directory })
}

/// The second thread: the vestibule and the dashboard. It ends when the sender is dropped.
fn front_thread(
    listener: std::net::TcpListener,
    vestibule: Arc<Vestibule>,
    web: Option<(std::net::TcpListener, Served)>,
    gauges: Arc<Gauges>,
) -> Result<oneshot::Sender<()>, StartError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
    let (keep, ended) = oneshot::channel::<()>();
    let serve = async move {
        let listener = TcpListener::from_std(listener)?;
        tokio::spawn(vestibule.serve(listener));
        tokio::spawn(watch_memory(gauges));
        if let Some((listener, served)) = web {
            let listener = TcpListener::from_std(listener)?;
            let (_keep, served) = watch::channel(served);
            tokio::spawn(async move { bessemer_web::serve(listener, served).await });
        }
        _ = ended.await;
        Ok::<(), std::io::Error>(())
    };
    let thread = move || {
        if let Err(e) = runtime.block_on(serve) {
            tracing::error!("the front ended: {e}");
        }
    };
    std::thread::Builder::new().name("front".into()).spawn(thread).map_err(StartError::Thread)?;
    Ok(keep)
}

/// Publishes the resident memory of the process, once a second.
async fn watch_memory(gauges: Arc<Gauges>) {
    loop {
        // Pages of 4 KiB: what the kernel counts in on all machines that we build for.
        let pages = std::fs::read_to_string("/proc/self/statm")
            .ok()
            .and_then(|text| text.split(' ').nth(1).and_then(|rss| rss.parse::<u64>().ok()));
        gauges.used_memory_mb.store((pages.unwrap_or(0) * 4096) >> 20, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Whether clients that hash in one round only may log in (`D1`).
fn allows_legacy(config: &Config) -> bool {
    let strong = config.password.as_ref().is_none_or(|p| p.expose().len() >= LEGACY_PASSWORD_MIN);
    config.environment != Environment::Production || config.allow_legacy_password_hash || strong
}

fn site(config: &Config, address: SocketAddr) -> Site {
    let exposed = |binding: &Binding| !binding.is_loopback();
    Site {
        password: config.web_password.as_ref().map(|p| p.expose().to_owned()),
        environment: config.environment.to_string(),
        binding: address.to_string(),
        version: crate::VERSION.into(),
        data: config.directory.display().to_string(),
        hosts: config.web_hosts.clone(),
        base_path: config.web_base_path.clone(),
        tls: config.tls.as_ref().is_some_and(|tls| tls.dashboard.is_some()),
        exposed: config.password.is_none()
            && (exposed(&config.binding) || config.web_binding.as_ref().is_some_and(exposed)),
    }
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
        tracing::info!("read {facts} facts from {segments} segments, {} MiB", bytes >> 20);
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
