//! The second thread: the vestibule and the dashboard, and what of both changes while they are open.
//!
//! Connections that are open stay: clients who are in have been let in, and browsers are judged by each request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bessemer_store::Reader;
use bessemer_web::{Dashboard, Operated, Served, Site};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::config::{Binding, Config, Environment, Limits};
use crate::desk::{Asked, Desk, Gauges};
use crate::port::Port;
use crate::server::StartError;
#[cfg(feature = "otel")]
use crate::telemetry::otel;
use crate::telemetry::statsd;
use crate::vestibule::{Arrival, Terms, Vestibule};

/// A password that is at least this long cannot be guessed from its one-round hash (`D1`).
const LEGACY_PASSWORD_MIN: usize = 16;

/// How far threads for long work stand behind all others: by `nice(2)`, ten steps are a tenth of the processor's time.
const LAST: i32 = 10;

/// Both doors, from outside of their thread.
pub(crate) struct Front<R> {
    vestibule: Arc<Vestibule>,
    dashboard: Dashboard<Desk<R>>,
    served: watch::Sender<Served>,
    /// Where tasks of that thread are started.
    runtime: Handle,
    web: Option<Web>,
    /// Where commands are taken.
    pub(crate) address: SocketAddr,
}

/// The thread itself; it ends when this is dropped.
pub(crate) struct FrontThread {
    keep: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl FrontThread {
    /// Ends it, and returns when its ports are closed.
    pub(crate) fn end(self) {
        drop(self.keep);
        if self.thread.join().is_err() {
            tracing::error!("the front panicked");
        }
    }
}

/// A dashboard that is open.
struct Web {
    task: JoinHandle<Option<Infallible>>,
    binding: Binding,
    address: SocketAddr,
}

/// The ports, listening.
pub(crate) struct Listeners {
    pub(crate) commands: std::net::TcpListener,
    pub(crate) address: SocketAddr,
    pub(crate) web: Option<WebListener>,
}

/// What passes between this thread and the engine's beside questions and errands.
pub(crate) struct Inward {
    pub(crate) arrivals: mpsc::Sender<Arrival>,
    pub(crate) operated: mpsc::Receiver<Operated>,
}

/// Deeds of operators that may wait for the audit log; what is more goes to the log of the server.
pub(crate) const OPERATED_MAX: usize = 1_024;

/// The dashboard's port, listening.
pub(crate) struct WebListener {
    listener: std::net::TcpListener,
    binding: Binding,
    address: SocketAddr,
}

impl WebListener {
    pub(crate) fn listen(port: Port, binding: &Binding) -> Result<Self, StartError> {
        let address = port.address;
        Ok(Self { listener: port.listen()?, binding: binding.clone(), address })
    }
}

impl<R: Reader> Front<R> {
    /// Starts the thread.
    pub(crate) fn start(
        config: &Config,
        limits: Limits,
        listeners: Listeners,
        desk: Desk<R>,
        inward: Inward,
        last_word: Asked,
    ) -> Result<(Self, FrontThread), StartError> {
        let Listeners { commands, address, web } = listeners;
        let Inward { arrivals, operated } = inward;
        let gauges = desk.gauges.clone();
        let statsd = config
            .statsd
            .clone()
            .map(|to| statsd::run(to, config.web_limits.metrics_queues_max, desk.clone()));
        #[cfg(feature = "otel")]
        let traces = gauges.traces.get().cloned();
        let vestibule = Vestibule::new(terms(config, limits), gauges.clone(), arrivals);
        let dashboard = Dashboard::new(desk, site(config, address));
        let (served, keep_watch) = (watch::Sender::new(served(config, &dashboard)), dashboard.keep_watch());
        let Asked { asked, say } = last_word;
        let keep_records = dashboard.keep_records(Asked::wait(asked));
        let keep_audit = dashboard.keep_audit(operated);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_start(come_last)
            .build()
            .map_err(StartError::Thread)?;
        let (keep, ended) = oneshot::channel::<()>();
        let mut front =
            Self { vestibule, dashboard, served, runtime: runtime.handle().clone(), web: None, address };
        let vestibule = front.vestibule.clone();
        let serve = async move {
            let listener = TcpListener::from_std(commands)?;
            tokio::spawn(vestibule.serve(listener));
            tokio::spawn(watch_memory(gauges));
            tokio::spawn(keep_watch);
            tokio::spawn(keep_audit);
            tokio::spawn(async move {
                keep_records.await;
                // Who asked may have stopped waiting.
                _ = say.send(());
            });
            statsd.map(tokio::spawn);
            #[cfg(feature = "otel")]
            traces.map(|traces| tokio::spawn(otel::run(traces)));
            _ = ended.await;
            Ok::<(), std::io::Error>(())
        };
        front.web = web.map(|listener| front.open(listener));
        let thread = move || {
            if let Err(e) = runtime.block_on(serve) {
                tracing::error!("the front ended: {e}");
            }
        };
        let thread =
            std::thread::Builder::new().name("front".into()).spawn(thread).map_err(StartError::Thread)?;
        Ok((front, FrontThread { keep, thread }))
    }

    /// Where the dashboard is, unless it is off.
    pub(crate) fn web_address(&self) -> Option<SocketAddr> {
        self.web.as_ref().map(|web| web.address)
    }

    /// Listens where the dashboard is to be, if that is elsewhere than now. What listens stays, unless it is in the
    /// way; if it was for nothing, it is put back.
    pub(crate) async fn listen(&mut self, config: &Config) -> Result<Option<WebListener>, StartError> {
        let now = self.web.as_ref().map(|web| &web.binding);
        let Some(binding) = config.web_binding.as_ref().filter(|binding| Some(*binding) != now) else {
            return Ok(None);
        };
        let listen = |binding: &Binding| WebListener::listen(Port::take(binding)?, binding);
        let in_the_way = now.is_some_and(|now| now.port() == binding.port() && binding.port() != 0);
        match listen(binding) {
            Err(StartError::Bind { .. }) if in_the_way => {}
            outcome => return outcome.map(Some),
        }
        let before = self.close().await;
        listen(binding).map(Some).inspect_err(|_| {
            self.web = before.and_then(|binding| listen(&binding).ok()).map(|listener| self.open(listener));
        })
    }

    /// Serves by another configuration. `listener`: what [`Front::listen`] gave for it.
    pub(crate) async fn change(&mut self, config: &Config, limits: Limits, listener: Option<WebListener>) {
        self.vestibule.change(terms(config, limits));
        self.dashboard = self.dashboard.under(site(config, self.address));
        self.served.send_replace(served(config, &self.dashboard));
        if listener.is_some() || config.web_binding.is_none() {
            self.close().await;
        }
        if let Some(listener) = listener {
            self.web = Some(self.open(listener));
            report(self.web_address());
        }
    }

    fn open(&self, listener: WebListener) -> Web {
        let WebListener { listener, binding, address } = listener;
        let served = self.served.subscribe();
        let serve = async move {
            match TcpListener::from_std(listener) {
                Ok(listener) => Some(bessemer_web::serve(listener, served).await),
                Err(e) => {
                    tracing::error!("the dashboard ended: {e}");
                    None
                }
            }
        };
        Web { task: self.runtime.spawn(serve), binding, address }
    }

    /// Stops listening; says where it was.
    async fn close(&mut self) -> Option<Binding> {
        let Web { task, binding, .. } = self.web.take()?;
        task.abort();
        // Its socket is closed when it has ended; that it was aborted is no news.
        _ = task.await;
        Some(binding)
    }
}

/// Says where the dashboard is.
pub(crate) fn report(address: Option<SocketAddr>) {
    if let Some(address) = address {
        tracing::info!("Web server now listening at {address}");
    }
}

fn terms(config: &Config, limits: Limits) -> Terms {
    let tls = config.tls.as_ref().map(|tls| tls.commands.clone());
    Terms::new(config.password.clone(), allows_legacy(config), tls, limits)
}

fn served<R: Reader>(config: &Config, dashboard: &Dashboard<Desk<R>>) -> Served {
    let tls = config.tls.as_ref().and_then(|tls| tls.dashboard.clone());
    Served { router: dashboard.router(), tls, limits: config.web_limits }
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
        viewer_password: config.viewer_password.as_ref().map(|p| p.expose().to_owned()),
        environment: config.environment.to_string(),
        binding: address.to_string(),
        version: crate::VERSION.into(),
        data: config.directory.display().to_string(),
        hosts: config.web_hosts.clone(),
        base_path: config.web_base_path.clone(),
        limits: config.web_limits,
        tls: config.tls.as_ref().is_some_and(|tls| tls.dashboard.is_some()),
        exposed: config.password.is_none()
            && (exposed(&config.binding) || config.web_binding.as_ref().is_some_and(exposed)),
    }
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

/// Puts this thread behind all others: it is there for what takes long, as searches by text do.
fn come_last() {
    // To the kernel a thread is a process here.
    if let Err(error) = rustix::process::setpriority_process(None, LAST) {
        tracing::debug!(%error, "searches have the priority of all others");
    }
}
