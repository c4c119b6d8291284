//! A server under load, wherever it runs and whoever started it.

use std::net::UdpSocket;
use std::rc::Rc;
use std::time::Duration;

use bessemer::Bessemer;
use bessemer_protocol::url::Url;
use serde_json::Value;
use tokio::net::lookup_host;
use tokio::time::{Instant, sleep};

use super::super::address::Certificates;
use super::child::{Child, Kind};
use super::client::{Answer, Client, odd};
use super::error::{BenchError, Result};
use super::line::Mark;
use super::place::Place;
use super::process::Process;

/// Before a window a server is to have this much rest: what it does for an earlier load is not this one's.
const REST: Duration = Duration::from_millis(20);

/// So little processor time in that time is rest.
const RESTING: Duration = Duration::from_millis(1);

/// A server that finds no rest within this time is measured all the same.
const RESTLESS: Duration = Duration::from_secs(3);

/// One that is measured.
pub(super) struct Server {
    /// In tables and errors.
    pub(super) name: Rc<str>,
    url: Url,
    /// What seals the connections to it, if its address has TLS.
    seal: Option<Bessemer>,
    process: Option<Process>,
    child: Option<Child>,
}

impl Server {
    /// Starts one.
    pub(super) async fn start(kind: Kind, place: &Place) -> Result<Self> {
        let child = Child::start(kind, place).await?;
        let url = Url { host: child.address.ip().to_string(), port: child.address.port(), ..Url::default() };
        let process = Process::of(child.pid());
        Ok(Self { name: kind.name().into(), url, seal: None, process, child: Some(child) })
    }

    /// One that runs. Without a `pid` its process is looked for on this machine.
    pub(super) async fn at(address: &str, pid: Option<u32>, certificates: &Certificates) -> Result<Self> {
        let url: Url = address.parse()?;
        let name: Rc<str> = url.to_string().into();
        let seal = if url.tls { Some(seal(&url, certificates).await?) } else { None };
        Client::connect(&url, seal.as_ref(), &name, None).await?;
        let process = match pid {
            Some(pid) => {
                let unknown =
                    || BenchError::Usage(format!("--pid {pid}: there is no such process to be read"));
                Some(Process::of(pid).ok_or_else(unknown)?)
            }
            None if is_here(&url).await => Process::behind(url.port),
            None => None,
        };
        Ok(Self { name, url, seal, process, child: None })
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.seal.is_some()
    }

    /// A connection; with a `wid`, one of a worker.
    pub(super) async fn connect(&self, wid: Option<&str>) -> Result<Client> {
        Client::connect(&self.url, self.seal.as_ref(), &self.name, wid).await
    }

    /// Several.
    pub(super) async fn crew(&self, count: usize, wid: Option<&str>) -> Result<Vec<Client>> {
        let mut clients = Vec::with_capacity(count);
        for _ in 0..count {
            clients.push(self.connect(wid).await?);
        }
        Ok(clients)
    }

    /// Processor time so far, if the process is known.
    pub(super) fn cpu(&self) -> Option<Duration> {
        self.process.as_ref()?.cpu()
    }

    /// Resident memory in bytes.
    pub(super) fn memory(&self) -> Option<u64> {
        self.process.as_ref()?.memory()
    }

    /// Waits until it has nothing to do.
    pub(super) async fn rest(&self) {
        let began = Instant::now();
        while let Some(before) = self.cpu() {
            sleep(REST).await;
            let used = self.cpu().unwrap_or(before).saturating_sub(before);
            if used < RESTING || began.elapsed() > RESTLESS {
                return;
            }
        }
    }

    /// How many jobs wait in a queue.
    pub(super) async fn waiting(&self, queue: &str) -> Result<u64> {
        let mut client = self.connect(None).await?;
        match client.call("INFO", b"INFO\r\n").await? {
            Answer::Bulk(text) => {
                let info: Option<Value> = serde_json::from_slice(text).ok();
                let known = info.as_ref().map(|info| &info["faktory"]["queues"]);
                let odd = || BenchError::Odd {
                    server: self.name.to_string(),
                    verb: "INFO",
                    answer: "other JSON".into(),
                };
                Ok(known.filter(|queues| queues.is_object()).ok_or_else(odd)?[queue].as_u64().unwrap_or(0))
            }
            other => Err(odd(&self.name, "INFO", &other)),
        }
    }

    /// Removes a queue with what is left in it.
    pub(super) async fn remove(&self, queue: &str) -> Result<()> {
        self.tidy("QUEUE", &format!("QUEUE REMOVE {queue}\r\n")).await
    }

    /// Removes a queue of very many: a child is replaced, since its memory and its log remember them.
    pub(super) async fn remove_backlog(&mut self, queue: &str, place: &Place) -> Result<()> {
        if self.child.is_some() { self.renew(place).await } else { self.remove(queue).await }
    }

    /// Limits a queue in every way there is, and so that nobody waits for it: what is measured is what it costs to count. A
    /// server that has no limits is measured all the same.
    pub(super) async fn limit(&self, queue: &str, slots: usize) -> Result<()> {
        let limits = format!(r#"{{"concurrency":{slots},"worker":{slots},"rate":1000000,"per":1}}"#);
        self.throttles(&format!("THROTTLES SET {queue} {limits}\r\n")).await
    }

    /// Takes that back.
    pub(super) async fn unlimit(&self, queue: &str) -> Result<()> {
        self.throttles(&format!("THROTTLES RESET {queue}\r\n")).await
    }

    async fn throttles(&self, line: &str) -> Result<()> {
        match self.connect(None).await?.call("THROTTLES", line.as_bytes()).await {
            Err(BenchError::Refused { answer, .. }) => {
                tracing::warn!("{}: measured without limits: {answer}", self.name);
                Ok(())
            }
            done => done.map(drop),
        }
    }

    /// A batch with a callback of this type. A server that has no batches is measured all the same.
    pub(super) async fn open_batch(&self, jobtype: &str, queue: &str) -> Result<Option<String>> {
        let callback = format!(r#"{{"jobtype":"{jobtype}","queue":"{queue}","args":[]}}"#);
        let line = format!("BATCH NEW {{\"description\":\"benchmark\",\"complete\":{callback}}}\r\n");
        match self.connect(None).await?.call("BATCH", line.as_bytes()).await {
            Ok(Answer::Bulk(id)) => Ok(Some(String::from_utf8_lossy(id).into_owned())),
            Ok(other) => Err(odd(&self.name, "BATCH", &other)),
            Err(BenchError::Refused { answer, .. }) => {
                tracing::warn!("{}: measured without a batch: {answer}", self.name);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Lets it end; its callback is pushed.
    pub(super) async fn commit_batch(&self, id: &str) -> Result<()> {
        self.connect(None).await?.call_ok("BATCH", format!("BATCH COMMIT {id}\r\n").as_bytes()).await
    }

    /// Removes the jobs of this run that wait to be tried again.
    pub(super) async fn discard_retries(&self, mark: &Mark) -> Result<()> {
        let jobtype = mark.jobtype();
        let filter = format!("{{\"jobtype\":\"{jobtype}\"}}");
        let line = format!("MUTATE {{\"cmd\":\"discard\",\"target\":\"retries\",\"filter\":{filter}}}\r\n");
        self.tidy("MUTATE", &line).await
    }

    /// A server that refuses is measured all the same, and keeps what is left.
    async fn tidy(&self, verb: &'static str, line: &str) -> Result<()> {
        match self.connect(None).await?.call_ok(verb, line.as_bytes()).await {
            Err(BenchError::Refused { answer, .. }) => {
                tracing::warn!("{}: jobs of this run are left, as {verb} was refused: {answer}", self.name);
                Ok(())
            }
            done => done,
        }
    }

    /// Puts a new child without data in the place of the old one. A server of somebody else's stays.
    pub(super) async fn renew(&mut self, place: &Place) -> Result<()> {
        if let Some(old) = self.child.take() {
            *self = Self::start(old.kind, place).await?;
        }
        Ok(())
    }

    /// Starts a child again on its data; how long that took, until it answered a HELLO.
    pub(super) async fn restart(&mut self) -> Result<Option<Duration>> {
        let Some(child) = &mut self.child else { return Ok(None) };
        let to_listen = child.restart().await?;
        self.process = Process::of(child.pid());
        let listening = Instant::now();
        self.connect(None).await?;
        Ok(Some(to_listen + listening.elapsed()))
    }

    /// The better reason for an error: a child that has ended.
    pub(super) fn explain(&mut self, error: BenchError) -> BenchError {
        let ended = self.child.as_mut().and_then(Child::ended);
        ended.unwrap_or(error)
    }
}

/// What seals the connections to an address.
async fn seal(url: &Url, certificates: &Certificates) -> Result<Bessemer> {
    let failed = |error| BenchError::of_client(&url.to_string(), error);
    let seal = certificates.trusting(None).address(url.clone()).connect().map_err(failed)?;
    // Only a whole login shows whether the server wants a certificate of its clients, and only the library's says so.
    seal.client().await.map_err(failed)?.end().await;
    Ok(seal)
}

/// Whether an address is of this machine and of no other. Nobody else's can be bound to.
async fn is_here(url: &Url) -> bool {
    let Ok(mut found) = lookup_host((url.host.as_str(), url.port)).await else { return false };
    found.all(|address| address.ip().is_loopback() || UdpSocket::bind((address.ip(), 0)).is_ok())
}
