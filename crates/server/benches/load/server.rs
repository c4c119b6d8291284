//! The servers under load: children of this process, and what the kernel says of them.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::{book, floor};

/// A child that serves; it ends with this value.
pub(crate) struct Server {
    pub(crate) address: String,
    child: Child,
    /// On the file system of the build, which is a real one where `/tmp` may not be.
    _directory: Option<TempDir>,
}

/// Resident memory in KiB: now, and at most so far.
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) peak: u64,
}

impl Server {
    pub(crate) fn floor() -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = Command::new(program).arg(floor::ARGUMENT).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("the floor has no output")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Self { address: address.trim().into(), child, _directory: None })
    }

    /// The release binary with its defaults, no dashboard, and a store of its own.
    pub(crate) fn bessemer() -> Result<Self> {
        let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
        let address = free_address()?;
        let child = Command::new(env!("CARGO_BIN_EXE_bessemer"))
            .args(["-b", &address, "-w", ":0", "-e", "development", "-l", "warn", "-d"])
            .arg(directory.path().join("db"))
            .arg("-c")
            .arg(directory.path().join("config"))
            .env_remove("FAKTORY_PASSWORD")
            .env_remove("FAKTORY_ENV")
            .spawn()
            .context("cannot start bessemer")?;
        let mut server = Self { address, child, _directory: Some(directory) };
        server.wait_until_it_listens()?;
        Ok(server)
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        while std::net::TcpStream::connect(&self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("bessemer ended with {status}");
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Processor time of all threads so far, user and system, to the nanosecond.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut total = Duration::ZERO;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let book = book(&format!("{}/schedstat", task?.path().display()))?;
            let ran = book.split(' ').next().and_then(|n| n.parse().ok()).context("an odd schedstat")?;
            total += Duration::from_nanos(ran);
        }
        Ok(total)
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        let status = book(&format!("/proc/{}/status", self.child.id()))?;
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|l| l.trim().split(' ').next()?.parse().ok()).with_context(|| format!("no {name}"))
        };
        Ok(Memory { now: kib("VmRSS:")?, peak: kib("VmHWM:")? })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended; there is nobody to tell.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A port that was free a moment ago.
fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
