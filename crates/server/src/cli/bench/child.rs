//! Servers that the benchmark starts: this program in its two modes, and the floors. A child ends with its value, and
//! its data with it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::error::{BenchError, Result};
use super::place::Place;

/// How long a child may take to listen or to end. Millions of jobs are read meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at a child.
const LOOK: Duration = Duration::from_millis(1);

/// What is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Every reply waits for the disk.
    Strict,
    /// The disk follows within 100 ms.
    Relaxed,
    Floor,
    NullFloor,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Relaxed => "relaxed",
            Self::Floor => "floor",
            Self::NullFloor => "null floor",
        }
    }

    fn is_floor(self) -> bool {
        matches!(self, Self::Floor | Self::NullFloor)
    }
}

/// A running child.
pub(super) struct Child {
    pub(super) address: SocketAddr,
    pub(super) kind: Kind,
    process: process::Child,
    /// Data, configuration and log; floors have none.
    directory: Option<TempDir>,
}

impl Child {
    /// Starts one; when this returns it listens.
    pub(super) async fn start(kind: Kind, place: &Place) -> Result<Self> {
        if kind.is_floor() {
            return Self::start_floor(kind);
        }
        let directory = place.reserve()?;
        let failed =
            |source| BenchError::Directory { directory: directory.path().display().to_string(), source };
        let conf_d = directory.path().join("config/conf.d");
        fs::create_dir_all(&conf_d).map_err(failed)?;
        let config = format!("[store]\ndurability = \"{}\"\n", kind.name());
        fs::write(conf_d.join("bench.toml"), config).map_err(failed)?;
        let address =
            free_address().map_err(|source| BenchError::System { what: "find a free port", source })?;
        let process = serve(directory.path(), address)?;
        let mut child = Self { address, kind, process, directory: Some(directory) };
        child.await_listening().await?;
        Ok(child)
    }

    fn start_floor(kind: Kind) -> Result<Self> {
        let failed = |source| BenchError::System { what: "start the floor", source };
        let mut command = program()?;
        command.arg("floor").stdout(Stdio::piped());
        if kind == Kind::NullFloor {
            command.arg("--null");
        }
        let mut process = command.spawn().map_err(failed)?;
        let mut said = String::new();
        let read = process.stdout.take().map_or(Ok(0), |stdout| BufReader::new(stdout).read_line(&mut said));
        let address = read.and_then(|_| said.trim().parse().map_err(io::Error::other));
        match address {
            Ok(address) => Ok(Self { address, kind, process, directory: None }),
            Err(source) => {
                end(&mut process);
                Err(failed(source))
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Stops it gracefully and starts it again on the same data. How long the start took, until it listened.
    pub(super) async fn restart(&mut self) -> Result<Duration> {
        let Some(directory) = &self.directory else { return Ok(Duration::ZERO) };
        // It may have ended by itself, which is found out just below.
        Pid::from_raw(self.process.id().cast_signed()).map(|pid| kill_process(pid, Signal::TERM));
        let started = Instant::now();
        while self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            if started.elapsed() > PATIENCE {
                return Err(self.silent("a graceful stop"));
            }
            sleep(LOOK).await;
        }
        let started = Instant::now();
        self.process = serve(directory.path(), self.address)?;
        self.await_listening().await?;
        Ok(started.elapsed())
    }

    /// Why the child is gone, if it is.
    pub(super) fn ended(&mut self) -> Option<BenchError> {
        let status = self.process.try_wait().ok()??.to_string();
        let log = self.directory.as_ref().map(|directory| fs::read_to_string(directory.path().join("log")));
        let log = log.and_then(io::Result::ok).unwrap_or_default();
        let said = log.lines().last().unwrap_or("it said nothing").to_owned();
        Some(BenchError::Child { server: self.kind.name().into(), status, said })
    }

    async fn await_listening(&mut self) -> Result<()> {
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(ended) = self.ended() {
                return Err(ended);
            }
            if started.elapsed() > PATIENCE {
                return Err(self.silent("the start"));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    fn silent(&self, what: &str) -> BenchError {
        BenchError::Silent { server: self.kind.name().into(), what: what.into(), after: PATIENCE }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// It may have ended by itself; there is nobody to tell.
fn end(process: &mut process::Child) {
    process.kill().ok();
    process.wait().ok();
}

/// This program, with nothing in its environment that configures it.
fn program() -> Result<Command> {
    let program =
        std::env::current_exe().map_err(|source| BenchError::System { what: "find this program", source })?;
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if ["FAKTORY", "BESSEMER"].iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    Ok(command)
}

/// The server with its defaults and without a dashboard.
fn serve(directory: &Path, address: SocketAddr) -> Result<process::Child> {
    let failed = |source| BenchError::Directory { directory: directory.display().to_string(), source };
    let log = fs::File::options().create(true).append(true).open(directory.join("log")).map_err(failed)?;
    let mut command = program()?;
    command.args(["-b", &address.to_string(), "-w", ":0", "-e", "development", "-l", "warn", "-d"]);
    command.arg(directory.join("db")).arg("-c").arg(directory.join("config")).env("HOME", directory);
    command.stdout(log.try_clone().map_err(failed)?).stderr(log);
    command.spawn().map_err(|source| BenchError::System { what: "start this program as a server", source })
}

/// A port that was free a moment ago.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
