//! A server inside another program, for the tests of applications: the real one, on a disk in memory, at a free port of
//! this machine, with a clock that can be moved. The crate `bessemer-testing` dresses it for use.
//!
//! ```text
//!  start ──► running ──kill, stop──► down ──restart──► running, at the same port with the same disk
//! ```
//!
//! A kill is exact: the disk takes nothing more from that moment, then the sockets close. What had been answered is
//! there after a restart, and what was under way is not.

use std::net::SocketAddr;
use std::time::Duration;

use bessemer_store::Fatal;
use bessemer_store::embedded::disk::SimDisk;
use tokio::net::TcpSocket;
use tokio::sync::oneshot;

use crate::cli::Cli;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::desk::Errand;
use crate::server::{Running, Server, StartError};

/// Every segment is in memory, the spare ones too.
const SMALL: &str = "store.segment_size = \"1MiB\"";

/// Why a server does not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Fatal(#[from] Fatal),
    #[error("cannot keep {address} for the next start: {source}")]
    Keep { address: SocketAddr, source: std::io::Error },
}

/// A server in this process; it ends when this is dropped.
pub struct Embedded {
    config: Config,
    address: SocketAddr,
    disk: SimDisk,
    /// How far its clock was moved, in all its lives.
    ahead: Duration,
    running: Option<Running>,
    /// While it is down nobody else gets the port.
    port: Option<TcpSocket>,
}

impl Embedded {
    /// Starts a server; when this returns it listens. `settings` is what a file in `conf.d` may say. No file and no
    /// variable is read, and the dashboard is off.
    pub fn start(settings: &str) -> Result<Self, EmbedError> {
        let mut cli = Cli::default();
        cli.binding = Some("127.0.0.1:0".into());
        cli.web = Some(":0".into());
        cli.directory = Some("memory".into());
        let mut config = Config::given(&cli, &[SMALL, settings])?;
        let disk = SimDisk::new(getrandom::u64().map_err(StartError::Entropy)?);
        let running = run(&config, &disk, Duration::ZERO)?;
        let address = running.address;
        config.binding = address.to_string().parse().expect("an address is a binding");
        Ok(Self { config, address, disk, ahead: Duration::ZERO, running: Some(running), port: None })
    }

    /// Where it takes jobs, in all its lives.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How far its clock is ahead of the machine's.
    pub fn ahead(&self) -> Duration {
        self.ahead
    }

    /// Lets time pass for the server, from one moment at which something is due to the next, and returns when all of
    /// it is done. While it is down, time passes without it.
    pub async fn advance(&mut self, by: Duration) {
        let mut left = by;
        while let Some(running) = &self.running {
            let (reply, passed) = oneshot::channel();
            // An engine that answers no more has ended, and stopping it will say why.
            _ = running.errands().send(Errand::Advance(left, reply)).await;
            match passed.await {
                Ok(None) => {} // What is due takes a turn or more.
                Ok(Some(passed)) if left.is_zero() => return debug_assert!(passed.is_zero()),
                Ok(Some(passed)) => {
                    self.ahead += passed;
                    left -= passed;
                }
                Err(_) => break,
            }
        }
        self.ahead += left;
    }

    /// Ends it as `kill -9` would.
    pub fn kill(&mut self) -> Result<(), EmbedError> {
        let Some(running) = self.running.take() else { return Ok(()) };
        // From here on nothing reaches the disk, so nothing more is promised.
        self.disk = self.disk.crash();
        running.kill();
        // That the disk failed meanwhile is what it is to be killed.
        _ = running.wait();
        self.keep_port()
    }

    /// Ends it as SIGTERM would: what it has read is answered.
    pub fn stop(&mut self) -> Result<(), EmbedError> {
        let Some(running) = self.running.take() else { return Ok(()) };
        running.stop();
        running.wait()?;
        self.disk = self.disk.crash();
        self.keep_port()
    }

    /// Starts it again, if it is down.
    pub fn restart(&mut self) -> Result<(), EmbedError> {
        if self.running.is_none() {
            self.port = None;
            self.running = Some(run(&self.config, &self.disk, self.ahead)?);
        }
        Ok(())
    }

    fn keep_port(&mut self) -> Result<(), EmbedError> {
        // Bound and not listening: who connects is refused.
        let bound = TcpSocket::new_v4().and_then(|socket| {
            socket.set_reuseaddr(true)?;
            socket.bind(self.address)?;
            Ok(socket)
        });
        let kept = bound.map_err(|source| EmbedError::Keep { address: self.address, source })?;
        self.port = Some(kept);
        Ok(())
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
            // Nobody is left who could do something about it.
            _ = running.wait();
        }
    }
}

fn run(config: &Config, disk: &SimDisk, ahead: Duration) -> Result<Running, StartError> {
    let (clock, disk) = (Clock::new()?, disk.clone());
    clock.advance(ahead);
    Server::start_on(config.clone(), clock, move |_| Ok(disk))
}
