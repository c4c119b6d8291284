//! A client that costs little, since it shares the machine with what it measures.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The queue of all jobs.
pub(crate) const QUEUE: &str = "load";

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    reply: Vec<u8>,
}

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer<'a> {
    Ok,
    Null,
    Bulk(&'a [u8]),
}

impl Client {
    /// Connects and says HELLO, as a worker if there is a `wid`.
    pub(crate) async fn connect(address: &str, wid: Option<&str>) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, reply: Vec::with_capacity(4096) };
        client.read_line().await?;
        let worker = wid.map_or(String::new(), |wid| {
            format!(",\"wid\":\"{wid}\",\"hostname\":\"bench\",\"pid\":{},\"labels\":[]", std::process::id())
        });
        client.call(format!("HELLO {{\"v\":2{worker}}}\r\n").as_bytes()).await?;
        Ok(client)
    }

    /// Sends a whole line and reads its answer.
    pub(crate) async fn call(&mut self, line: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(line).await?;
        let head = self.read_line().await?;
        match &self.reply[..head] {
            b"+OK\r\n" => Ok(Answer::Ok),
            b"$-1\r\n" => Ok(Answer::Null),
            [b'$', length @ .., b'\r', b'\n'] => {
                let length: usize = std::str::from_utf8(length)?.parse()?;
                while self.reply.len() < head + length + 2 {
                    self.read_more().await?;
                }
                Ok(Answer::Bulk(&self.reply[head..head + length]))
            }
            other => bail!("the server answered {}", String::from_utf8_lossy(other).trim_end()),
        }
    }

    /// Reads at least a line; says where it ends.
    async fn read_line(&mut self) -> Result<usize> {
        self.reply.clear();
        loop {
            if let Some(at) = self.reply.iter().position(|b| *b == b'\n') {
                return Ok(at + 1);
            }
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> Result<()> {
        ensure!(self.stream.read_buf(&mut self.reply).await? > 0, "the server closed the connection");
        Ok(())
    }
}

/// A number that no job had before: a repeated push would count as the same job.
pub(crate) fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The PUSH of job `number`, of this many bytes of JSON.
pub(crate) fn push_line(number: u64, job_bytes: usize) -> Vec<u8> {
    let head =
        format!("{{\"jid\":\"{}\",\"queue\":\"{QUEUE}\",\"jobtype\":\"Load\",\"args\":[\"", jid(number));
    let tail = "\"],\"created_at\":\"2026-01-02T03:04:05.123456789Z\",\"retry\":25}";
    let fill = "x".repeat(job_bytes.saturating_sub(head.len() + tail.len()));
    format!("PUSH {head}{fill}{tail}\r\n").into_bytes()
}

pub(crate) fn ack_line(number: u64) -> Vec<u8> {
    format!("ACK {{\"jid\":\"{}\"}}\r\n", jid(number)).into_bytes()
}

fn jid(number: u64) -> String {
    format!("job-{number:020}")
}

/// The number of a job that was fetched.
pub(crate) fn number_of(job: &[u8]) -> Result<u64> {
    let job = std::str::from_utf8(job)?;
    let number = job.split_once("\"jid\":\"job-").and_then(|(_, rest)| rest.get(..20)?.parse().ok());
    number.ok_or_else(|| anyhow::anyhow!("a job that nobody pushed: {job}"))
}
