//! The least that working can cost: one thread, one connection for each slot, lines that were written before, one read
//! for each reply. It is the fetch load of `bessemer bench`, and does what that does.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use bessemer_protocol::handshake::{Hello, Hi, VERSION, password_hash};
use bessemer_protocol::resp::{Decoded, Reply, decode};
use bessemer_protocol::url::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, LocalSet};

use crate::Result;
use crate::contender::Count;

const BULK_MAX: usize = 32 << 20;

/// Works until all jobs were counted.
pub async fn work(url: &str, slots: usize, queue: &str, count: Arc<Count>) -> Result<()> {
    let (url, queue): (Url, String) = (url.parse()?, queue.to_owned());
    let thread = std::thread::spawn(move || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(LocalSet::new().run_until(all(url, slots, queue, count)))
    });
    tokio::task::spawn_blocking(move || thread.join()).await?.map_err(|_| "the raw loop panicked")?
}

async fn all(url: Url, slots: usize, queue: String, count: Arc<Count>) -> Result<()> {
    let left = Rc::new(Cell::new(count.jobs));
    let mut tasks: Vec<JoinHandle<Result<()>>> = Vec::new();
    for _ in 0..slots {
        let mut connection = Connection::open(&url).await?;
        let (queue, count, left) = (queue.clone(), count.clone(), left.clone());
        tasks.push(tokio::task::spawn_local(async move {
            let fetch = format!("FETCH {queue}\r\n");
            // Nobody asks for a job that somebody else is about to take.
            while left.get() > 0 {
                left.set(left.get() - 1);
                let jid = connection.ask(&fetch).await?;
                let jid = jid.ok_or("a job that was pushed is not there")?;
                count.one();
                connection.ask(&format!("ACK {{\"jid\":\"{jid}\"}}\r\n")).await?;
            }
            Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    async fn open(url: &Url) -> Result<Self> {
        let stream = TcpStream::connect((url.host.as_str(), url.port)).await?;
        stream.set_nodelay(true)?;
        let mut connection = Self { stream, read: Vec::with_capacity(16 * 1024) };
        let greeting = connection.reply(|reply| match reply {
            Reply::Simple(text) => Some(text.into_owned()),
            _ => None,
        });
        let hi = Hi::parse(&greeting.await?.unwrap_or_default())?;
        let mut hello = Hello { v: Some(VERSION), wid: "overhead".into(), ..Hello::default() };
        if let Some(challenge) = hi.asks() {
            let password = url.password.as_deref().ok_or("the server wants a password")?;
            hello.pwdhash = password_hash(password, challenge.salt, challenge.iterations);
        }
        let mut line = Vec::new();
        hello.encode(&mut line);
        connection.stream.write_all(&line).await?;
        connection.reply(|_| ()).await?;
        Ok(connection)
    }

    /// Sends a line; the jid, if the answer is a job. It is looked for, not parsed.
    async fn ask(&mut self, line: &str) -> Result<Option<String>> {
        self.stream.write_all(line.as_bytes()).await?;
        let jid = self.reply(|reply| match reply {
            Reply::Bulk(job) => {
                let job = std::str::from_utf8(job).map_err(|_| "a job that is no text".to_owned())?;
                let jid = job.split_once(r#""jid":""#).and_then(|(_, rest)| rest.split_once('"'));
                Ok(jid.map(|(jid, _)| jid.to_owned()))
            }
            Reply::Error(text) => Err(text.into_owned()),
            _ => Ok(None),
        });
        Ok(jid.await??)
    }

    async fn reply<T>(&mut self, take: impl FnOnce(Reply<'_>) -> T) -> Result<T> {
        loop {
            if let Decoded::Reply(reply, used) = decode(&self.read, BULK_MAX)? {
                let taken = take(reply);
                self.read.drain(..used);
                return Ok(taken);
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
    }
}
