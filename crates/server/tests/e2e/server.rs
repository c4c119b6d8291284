//! The server as a process: started on a temporary folder and free ports, killed, and started again on the same ones.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bessemer_protocol::handshake::{Hi, password_hash};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Client, Reply};
use crate::clock::until;

/// A server process and the folder that outlives it.
pub(crate) struct Server {
    folder: TempDir,
    data: PathBuf,
    env: Vec<(String, String)>,
    /// Its dashboard is where its configuration says, and not where a flag does.
    web_by_file: bool,
    /// What its own clients prove to know, if it asks.
    password: String,
    child: Option<Child>,
    output: Arc<Mutex<String>>,
    /// Where jobs are taken.
    pub(crate) port: u16,
    /// Where the dashboard is.
    pub(crate) web: u16,
}

impl Server {
    /// A server in development on free ports.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with more in its environment.
    pub(crate) fn start_with(env: &[(&str, &str)]) -> Self {
        let mut server = Self::down();
        server.env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        server.spawn();
        server.await_ready();
        server
    }

    /// A server with these arguments and no others.
    pub(crate) fn start_as(arguments: &[String]) -> Self {
        let mut server = Self::down();
        server.run(bessemer().args(arguments));
        server.await_ready();
        server
    }

    /// The one that a demo starts for itself, with its temporary files in this folder.
    pub(crate) fn of_demo(arguments: &[&str], temporary: &Path) -> Self {
        let mut server = Self::down();
        server.run(bessemer().args(arguments).env("TMPDIR", temporary));
        let port = server.said(" starts at ", "for the demo");
        server.port = port.expect("the demo goes on");
        server.web = server.said("http://", "Dashboard").expect("the demo goes on");
        server
    }

    /// The same, configured by this file, with its data on another disk if one is given.
    pub(crate) fn start_on(disk: Option<PathBuf>, config: &str) -> Self {
        let mut server = Self::configured(config);
        if let Some(disk) = disk {
            server.data = disk.join("db");
        }
        server.spawn();
        server.await_ready();
        server
    }

    /// One that is configured by this file, and not started yet.
    pub(crate) fn configured(config: &str) -> Self {
        let server = Self::down();
        server.configure("conf.d/test.toml", config);
        server
    }

    fn down() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("db");
        Self {
            folder,
            data,
            env: Vec::new(),
            web_by_file: false,
            password: String::new(),
            child: None,
            output: Arc::default(),
            port: 0,
            web: 0,
        }
    }

    /// From its next start on it has this password.
    pub(crate) fn ask_for(&mut self, password: &str) {
        self.env.push(("FAKTORY_PASSWORD".into(), password.into()));
        password.clone_into(&mut self.password);
    }

    /// Starts the process again, on the same folder and ports, and does not wait for it.
    pub(crate) fn spawn(&mut self) {
        self.spawn_by(&mut bessemer());
    }

    /// The same by a command that ends in the built server.
    pub(crate) fn spawn_by(&mut self, command: &mut Command) {
        let bindings = [format!("127.0.0.1:{}", self.port), format!("127.0.0.1:{}", self.web)];
        command.args(["-b", &bindings[0], "-d", &self.folder()]);
        if !self.web_by_file {
            command.args(["-w", &bindings[1]]);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        self.run(command);
    }

    fn run(&mut self, command: &mut Command) {
        // Nobody's own configuration.
        command.env("HOME", self.folder.path());
        let mut child = command.spawn().expect("the built server starts");
        self.output = collect(&mut child);
        self.child = Some(child);
    }

    /// Writes a file into its configuration directory, for its owner's eyes.
    pub(crate) fn configure(&self, name: &str, text: &str) {
        let path = self.folder.path().join(".bessemer").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        // A new file in the place of the old one: nobody reads half of it.
        let new = path.with_extension("new");
        std::fs::write(&new, text).expect("a file");
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        std::fs::rename(&new, &path).expect("a name");
    }

    /// Has its configuration say where the dashboard is.
    pub(crate) fn without_web_flag(&mut self) {
        self.web_by_file = true;
    }

    /// Waits until it has said this so often.
    pub(crate) fn await_said(&self, text: &str, times: usize) {
        until(&format!("the server says `{text}` ({times})"), || {
            (self.output().matches(text).count() >= times).then_some(())
        });
    }

    /// Its data directory.
    pub(crate) fn folder(&self) -> String {
        self.data.display().to_string()
    }

    /// Waits until the process listens.
    pub(crate) fn await_ready(&mut self) {
        if let Err(ended) = self.await_ready_or_end() {
            panic!("the server ended with {ended}:\n{}", self.output());
        }
    }

    /// Waits until the process listens, or has ended by itself.
    pub(crate) fn await_ready_or_end(&mut self) -> Result<(), ExitStatus> {
        // The binding of the dashboard is said first, but nothing here depends on the order.
        self.port = self.said("listening at ", "PID ")?;
        self.web = self.said("listening at ", "Web server")?;
        Ok(())
    }

    /// The port that the process names in the line that has both texts.
    fn said(&mut self, before: &str, and: &str) -> Result<u16, ExitStatus> {
        let child = self.child.as_mut().expect("a process");
        let output = &self.output;
        until(&format!("the server says `{and}… {before}`"), || {
            let ended = child.try_wait().expect("a child process");
            let said = output.lock().expect("no panic").clone();
            let line = said.lines().find(|line| line.contains(and) && line.contains(before));
            let port = line.and_then(|line| {
                let address = line.split(before).nth(1)?.split([',', ' ']).next()?;
                address.rsplit(':').next()?.parse().ok()
            });
            port.map(Ok).or(ended.map(Err))
        })
    }

    /// How it has ended; one that is still there is killed.
    pub(crate) fn end_or_kill(&mut self) -> Option<ExitStatus> {
        let mut child = self.child.take().expect("a process");
        let ended = child.try_wait().expect("a child process");
        if ended.is_none() {
            child.kill().expect("SIGKILL");
            child.wait().expect("a child process");
        }
        ended
    }

    /// Waits until it ends by itself; how it did.
    pub(crate) fn await_end(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a process");
        until("the server ends", || child.try_wait().expect("a child process"))
    }

    /// SIGKILL, and nothing else. Says which PID it had.
    pub(crate) fn kill(&mut self) -> u32 {
        let mut child = self.child.take().expect("a process");
        child.kill().expect("SIGKILL");
        child.wait().expect("a child process");
        child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.as_ref().expect("a process").id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill(1)").success());
    }

    /// Asks it to end by `TERM` or `INT`; how it ended.
    pub(crate) fn stop(&mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        let mut child = self.child.take().expect("a process");
        until("the server ends", || child.try_wait().expect("a child process"))
    }

    /// From its next start on it has the other's data directory.
    pub(crate) fn share(&mut self, other: &Self) {
        self.data.clone_from(&other.data);
    }

    /// Waits until it ends by itself; its exit code, and the last line of what it wrote.
    pub(crate) fn end(&mut self) -> (Option<i32>, String) {
        let mut child = self.child.take().expect("a process");
        let status = until("the server ends by itself", || child.try_wait().expect("a child process"));
        // The line is the last thing it does, and is read by another thread.
        let line = until("the server says why", || {
            let said = self.output();
            said.lines().last().filter(|line| line.starts_with("bessemer: ")).map(str::to_owned)
        });
        (status.code(), line)
    }

    /// What it wrote so far.
    pub(crate) fn output(&self) -> String {
        self.output.lock().expect("no panic").clone()
    }

    /// An identified connection without a `wid`.
    pub(crate) fn client(&self) -> Client {
        self.client_as("")
    }

    /// An identified connection whose HELLO has these members too, each with a comma before it.
    pub(crate) fn client_as(&self, members: &str) -> Client {
        self.known(Client::connect(self.port).expect("a connection"), members)
    }

    /// A connection that has been greeted, identified in that way.
    pub(crate) fn known(&self, mut client: Client, members: &str) -> Client {
        let hi = Hi::parse(client.greeting.trim_start_matches('+')).expect("a greeting");
        let proof = hi.asks().map(|asked| password_hash(&self.password, asked.salt, asked.iterations));
        let proof = proof.map_or(String::new(), |hash| format!(r#","pwdhash":"{hash}""#));
        client.hello(&format!(r#"{{"v":2{proof}{members}}}"#)).expect("HELLO");
        client
    }

    /// Its resident memory.
    pub(crate) fn memory_mib(&self) -> u64 {
        let text = self.book("statm");
        let pages: u64 = text.split(' ').nth(1).and_then(|rss| rss.parse().ok()).expect("a number of pages");
        (pages * 4096) >> 20
    }

    /// The most that it ever had of it.
    pub(crate) fn peak_memory_mib(&self) -> u64 {
        let status = self.book("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number of KiB") >> 10
    }

    /// The processor time of all its threads so far.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = self.book("stat");
        let behind_name = stat.rsplit(')').next().expect("figures");
        // User and system, in hundredths of a second: what Linux tells everybody in.
        let ticks = behind_name.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().expect("ticks"));
        Duration::from_millis(10 * ticks.sum::<u64>())
    }

    /// What the kernel writes down about the process.
    fn book(&self, name: &str) -> String {
        let process = self.child.as_ref().expect("a process").id();
        std::fs::read_to_string(format!("/proc/{process}/{name}")).expect("Linux")
    }

    /// INFO, parsed.
    pub(crate) fn info(&self) -> Value {
        match self.client().call("INFO").expect("INFO") {
            Reply::Bulk(text) => serde_json::from_slice(&text).expect("JSON"),
            other => panic!("INFO: {other:?}"),
        }
    }

    /// Asks the dashboard; status and body.
    pub(crate) fn http(&self, method: &str, path: &str, form: &str) -> (u16, String) {
        http(self.web, method, path, "application/x-www-form-urlencoded", form).expect("an answer")
    }
}

/// Asks a server of HTTP; status and body. HTTP/1.0, so that the end of the stream is the end of the body.
pub(crate) fn http(
    port: u16,
    method: &str,
    path: &str,
    kind: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {kind}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) =
        answer.split_once("\r\n\r\n").ok_or_else(|| std::io::Error::other("half an answer"))?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((status.expect("a status"), body.to_owned()))
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("the server's last words:\n{}", self.output());
        }
    }
}

/// The built server, with nothing of Faktory's in its environment. What measures names the build to measure
/// (`BESSEMER_MEASURED`): the one that tests are built with is not optimised.
pub(crate) fn bessemer() -> Command {
    let measured = std::env::var_os("BESSEMER_MEASURED");
    let mut command = Command::new(measured.unwrap_or(env!("CARGO_BIN_EXE_bessemer").into()));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FAKTORY") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Gathers what the process writes, so that it never waits for a reader; the last 64 KiB are kept.
pub(crate) fn collect(child: &mut Child) -> Arc<Mutex<String>> {
    let output = Arc::new(Mutex::new(String::new()));
    let streams: [Box<dyn Read + Send>; 2] =
        [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
    for stream in streams {
        let output = Arc::clone(&output);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let mut output = output.lock().expect("no panic");
                output.push_str(&line);
                output.push('\n');
                if output.len() > 64 * 1024 {
                    let cut = output.floor_char_boundary(output.len() - 32 * 1024);
                    output.drain(..cut);
                }
            }
        });
    }
    output
}
