//! A PostgreSQL server for tests: a cluster of its own in a temporary directory, reached by a socket there.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, Config, NoTls};

/// A running server. It ends when it is dropped.
pub(crate) struct Server {
    child: Child,
    directory: tempfile::TempDir,
}

impl Server {
    /// Starts a server with some settings.
    ///
    /// # Panics
    /// Where there is no PostgreSQL.
    pub(crate) fn start(settings: &[&str]) -> Self {
        let programs = programs();
        let directory =
            tempfile::Builder::new().prefix("bessemer-pg-").tempdir().expect("a temporary directory");
        let user = owner();
        if let Some((uid, gid)) = user {
            chown(directory.path(), Some(uid), Some(gid)).expect("the directory changes hands");
        }
        let as_user = |command: &mut Command| {
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
            command.current_dir(directory.path()).env("LC_ALL", "C");
        };
        let mut initdb = Command::new(programs.join("initdb"));
        as_user(&mut initdb);
        let done = initdb
            .args(["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
            .output()
            .expect("initdb runs");
        assert!(done.status.success(), "initdb: {}", String::from_utf8_lossy(&done.stderr));
        let mut postgres = Command::new(programs.join("postgres"));
        as_user(&mut postgres);
        postgres.args(["-D", "data", "-c", "listen_addresses=", "-c", "max_connections=200", "-k"]);
        postgres.arg(directory.path());
        for setting in settings {
            postgres.args(["-c", setting]);
        }
        let mut child = postgres
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("postgres starts");
        let mut log = BufReader::new(child.stderr.take().expect("a log")).lines();
        let mut told = Vec::new();
        loop {
            let line = log.next().and_then(Result::ok);
            let line = line.unwrap_or_else(|| panic!("postgres ended:\n{}", told.join("\n")));
            let ready = line.contains("ready to accept connections");
            told.push(line);
            if ready {
                break;
            }
        }
        // It must be able to go on talking; nobody listens.
        std::thread::spawn(move || log.for_each(drop));
        Self { child, directory }
    }

    /// The process that started all others.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How to reach a database.
    pub(crate) fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host_path(self.directory.path()).user("postgres").dbname(database);
        config
    }

    /// A session for the test itself.
    pub(crate) async fn client(&self, database: &str) -> Client {
        let (client, connection) = self.config(database).connect(NoTls).await.expect("a session");
        tokio::spawn(connection);
        client
    }

    /// A new, empty database.
    pub(crate) async fn database(&self) -> Config {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let create = format!("create database {name}");
        self.client("postgres").await.batch_execute(&create).await.expect("a new database");
        self.config(&name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.pid()).ok().and_then(rustix::process::Pid::from_raw);
        // At once, without a checkpoint: the directory goes too.
        let _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::QUIT));
        let _ = self.child.wait();
    }
}

/// Where the server's programs are: in the path, or where Debian puts them.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    versions.sort();
    let mut places = versions.into_iter().rev().chain(std::env::split_paths(&path));
    let found = places.find(|place| place.join("initdb").exists() && place.join("postgres").exists());
    found.expect("PostgreSQL's initdb and postgres are not here: on Debian, apt-get install postgresql")
}

/// The server refuses to run as root; then it runs as somebody who owns nothing else of interest.
fn owner() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string(Path::new("/etc/passwd")).expect("the list of users");
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    Some(["postgres", "nobody"].into_iter().find_map(find).expect("a user other than root"))
}
