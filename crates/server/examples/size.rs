//! A batch of very many jobs and very many unique ones, with the server killed in between: the figures of
//! docs/performance.md about Enterprise's features at size.
//!
//! ```text
//! cargo build --release -p bessemer-server
//! cargo run --release -p bessemer-server --example size -- target/release/bessemer size-db 100000 1000000
//! ```
//!
//! It starts that server on new stores in that folder, where its log is as well. Ten workers run the batch, every hundredth of
//! whose jobs fails once, and in the midst of it the server is killed and started again; so it is between the pushes of the
//! unique jobs and their run by a hundred. What does not come out right is an error.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Workers of the batch, and of the unique jobs: a worker has one job at a time, and each step of it waits for the disk.
const WORKERS: usize = 10;
const MANY_WORKERS: usize = 100;

/// Jobs of one PUSHB.
const PIECE: usize = 1_000;

/// Of so many jobs of the batch one fails, once.
const FAILS: usize = 100;

/// A server that does not answer for so long has gone wrong.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [binary, folder, batch, unique] = &words[..] else {
        return Err("usage: size BINARY FOLDER JOBS-OF-THE-BATCH UNIQUE-JOBS".into());
    };
    let folder = Path::new(folder);
    std::fs::create_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    println!("| | s | MB of memory |\n|---|--:|--:|");
    batched(Server::start(binary, &folder.join("batch"))?, batch.parse()?)?;
    unique_ones(Server::start(binary, &folder.join("unique"))?, unique.parse()?)
}

fn batched(mut server: Server, jobs: usize) -> Result<()> {
    let mut client = server.client("")?;
    server.row("a new store", Duration::ZERO)?;
    let callbacks =
        r#"{"success":{"jobtype":"S","queue":"calls"},"complete":{"jobtype":"C","queue":"calls"}}"#;
    let bid = client.call(&format!("BATCH NEW {callbacks}"))?;
    let began = Instant::now();
    for first in (0..jobs).step_by(PIECE) {
        let none = client.call(&pushb("member", first, jobs, &format!(r#"{{"bid":"{bid}"}}"#)))?;
        same("what was refused", &none, "{}")?;
    }
    client.call(&format!("BATCH COMMIT {bid}"))?;
    server.row(&format!("a batch: PUSHB of {jobs} members, COMMIT"), began.elapsed())?;

    let began = Instant::now();
    server.work(WORKERS, Some(jobs as u64 / 2))?;
    println!("| half of them run by ten workers | {:.1} | |", began.elapsed().as_secs_f64());
    server.restart()?;
    let mut client = server.client("")?;
    let began = Instant::now();
    server.work(WORKERS, None)?;
    let (all, failed) = (jobs as u64, jobs.div_ceil(FAILS) as u64);
    let status = client.json(&format!("BATCH STATUS {bid}"))?;
    counts(&status, [("total", all), ("pending", failed), ("failed", failed)])?;
    client.call(r#"MUTATE {"cmd":"requeue","target":"retries"}"#)?;
    server.work(WORKERS, None)?;
    server.row(&format!("the other half, and again {failed} that had failed"), began.elapsed())?;

    for _ in ["complete", "success"] {
        let callback = client.json("FETCH calls")?;
        client.call(&format!(r#"ACK {{"jid":{}}}"#, callback["jid"]))?;
    }
    let status = client.json(&format!("BATCH STATUS {bid}"))?;
    counts(&status, [("total", all), ("pending", 0), ("failed", 0)])?;
    same("the states of the callbacks", &[&status["complete_st"], &status["success_st"]], &["2", "2"])?;
    let info = client.json("INFO")?;
    counts(
        &info["faktory"],
        [("total_processed", all + failed + 2), ("total_failures", failed), ("total_enqueued", 0)],
    )
}

fn unique_ones(mut server: Server, jobs: usize) -> Result<()> {
    const CUSTOM: &str = r#"{"unique_for":86400}"#;
    let mut client = server.client("")?;
    let began = Instant::now();
    for first in (0..jobs).step_by(PIECE) {
        same("what was refused", &client.call(&pushb("unique", first, jobs, CUSTOM))?, "{}")?;
    }
    server.row(&format!("PUSHB of {jobs} unique jobs"), began.elapsed())?;
    server.process().kill()?;
    server.restart()?;
    let mut client = server.client("")?;
    let began = Instant::now();
    for first in (0..jobs).step_by(PIECE) {
        let refused = client.json(&pushb("again", first, jobs, CUSTOM))?;
        let refused = refused.as_object().map_or(0, serde_json::Map::len);
        same("how many were refused", &refused, &PIECE.min(jobs - first))?;
    }
    server.row("PUSHB of their likes, all refused", began.elapsed())?;
    let began = Instant::now();
    server.work(MANY_WORKERS, None)?;
    server.row("all run by a hundred workers", began.elapsed())?;
    counts(&client.json(r#"UNIQUE LIST {"count":1}"#)?, [("total", 0)])?;
    let info = client.json("INFO")?;
    counts(&info["faktory"], [("total_processed", jobs as u64), ("total_failures", 0), ("total_enqueued", 0)])
}

/// The next piece of so many jobs.
fn pushb(name: &str, first: usize, jobs: usize, custom: &str) -> String {
    let job = |n| {
        format!(
            r#"{{"jid":"{name}-{n:08}","jobtype":"Size","queue":"size","args":[{n},"user-{n}"],"custom":{custom}}}"#
        )
    };
    let jobs: Vec<String> = (first..jobs.min(first + PIECE)).map(job).collect();
    format!("PUSHB [{}]", jobs.join(","))
}

fn same<A: PartialEq<B> + std::fmt::Debug, B: std::fmt::Debug + ?Sized>(
    what: &str,
    is: &A,
    wanted: &B,
) -> Result<()> {
    if is == wanted { Ok(()) } else { Err(format!("{what}: {is:?}, not {wanted:?}").into()) }
}

fn counts<const N: usize>(document: &Value, wanted: [(&str, u64); N]) -> Result<()> {
    wanted.iter().try_for_each(|(name, wanted)| same(name, &document[name], wanted))
}

/// A server of its own, which is killed in the end.
struct Server {
    binary: PathBuf,
    folder: PathBuf,
    port: u16,
    process: Mutex<Child>,
    /// How often it was started: a worker that returns is another one.
    starts: u32,
}

impl Server {
    fn start(binary: impl AsRef<Path>, folder: &Path) -> Result<Self> {
        std::fs::create_dir(folder)?;
        let (binary, folder) = (binary.as_ref().canonicalize()?, folder.canonicalize()?);
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = launch(&binary, &folder, port)?.into();
        Ok(Self { binary, folder, port, process, starts: 1 })
    }

    fn process(&self) -> MutexGuard<'_, Child> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts it again, once it is dead.
    fn restart(&mut self) -> Result<()> {
        self.process().wait()?;
        let began = Instant::now();
        self.process = launch(&self.binary, &self.folder, self.port)?.into();
        self.starts += 1;
        let mut client = self.client("")?;
        self.row("kill -9, and back", began.elapsed())?;
        // Jobs that were on their way to workers. Nobody comes back for them.
        client.call(r#"JOBS RELEASE {"set":"working"}"#)?;
        Ok(())
    }

    /// Connects as soon as it listens.
    fn client(&self, wid: &str) -> Result<Client> {
        let began = Instant::now();
        loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(stream) => return Client::hello(stream, wid),
                Err(error) if began.elapsed() > PATIENCE => return Err(error.into()),
                Err(_) => thread::yield_now(),
            }
        }
    }

    /// Has workers run all jobs that wait; or so many, and then it is killed as a machine does that runs out of memory.
    fn work(&self, workers: usize, until: Option<u64>) -> Result<()> {
        let left = AtomicU64::new(until.unwrap_or(u64::MAX));
        let run = &|worker| -> Result<()> {
            let mut client = self.client(&format!("size-{}-{worker}", self.starts))?;
            while let text = client.call("FETCH size")?
                && !text.is_empty()
            {
                let job: Value = serde_json::from_str(&text)?;
                let (jid, number) = (&job["jid"], job["args"][0].as_u64().unwrap_or_default());
                let fails = job["custom"]["bid"].is_string() && job["failure"].is_null();
                let verb = if fails && number % FAILS as u64 == 0 { "FAIL" } else { "ACK" };
                client.call(&format!(r#"{verb} {{"jid":{jid}}}"#))?;
                if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                    self.process().kill()?;
                }
            }
            Ok(())
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|worker| scope.spawn(move || run(worker))).collect();
            workers.into_iter().try_for_each(|worker| {
                match worker.join().map_err(|_| "a worker panicked")? {
                    Err(_) if until.is_some() => Ok(()),
                    ended => ended,
                }
            })
        })
    }

    /// Says how long something took, and what the server has of memory now.
    fn row(&self, what: &str, took: Duration) -> Result<()> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process().id()))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next());
        let mb = resident.unwrap_or("0").parse::<f64>()? / 1_000.0;
        println!("| {what} | {:.1} | {mb:.0} |", took.as_secs_f64());
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is no harm.
        let mut process = self.process();
        if process.kill().is_ok() {
            process.wait().ok();
        }
    }
}

fn launch(binary: &Path, folder: &Path, port: u16) -> Result<Child> {
    let mut command = Command::new(binary);
    command.args(["-e", "development", "-w", ":0", "-l", "error", "-b"]).arg(format!("127.0.0.1:{port}"));
    command.arg("-d").arg(folder).arg("-c").arg(folder);
    let log = OpenOptions::new().create(true).append(true).open(folder.with_extension("log"))?;
    Ok(command.stdout(log.try_clone()?).stderr(log).spawn()?)
}

/// A connection that waits for each answer.
struct Client(BufReader<TcpStream>);

impl Client {
    fn hello(stream: TcpStream, wid: &str) -> Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut client = Self(BufReader::new(stream));
        client.reply()?;
        client.call(&format!(r#"HELLO {{"v":2,"wid":"{wid}","hostname":"size","pid":1,"labels":[]}}"#))?;
        Ok(client)
    }

    /// The text of an answer; empty where there is no job.
    fn call(&mut self, line: &str) -> Result<String> {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    fn json(&mut self, line: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.call(line)?)?)
    }

    fn reply(&mut self) -> Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let line = line.trim_end();
        match line.split_at_checked(1) {
            Some(("+", text)) => Ok(text.into()),
            Some(("$", "-1")) => Ok(String::new()),
            Some(("$", length)) => {
                let mut text = vec![0; length.parse::<usize>()? + 2];
                self.0.read_exact(&mut text)?;
                text.truncate(text.len() - 2);
                Ok(String::from_utf8(text)?)
            }
            _ => Err(format!("the server said {line:?}").into()),
        }
    }
}
