//! A connection that costs little, since it shares the machine with what it measures: lines that are ready to be sent,
//! one read per reply, no timers.

use std::io;
use std::rc::Rc;

use bessemer::Bessemer;
use bessemer_protocol::handshake::{Hello, Hi, VERSION, password_hash};
use bessemer_protocol::resp::{Decoded, Reply, decode};
use bessemer_protocol::url::Url;

use super::error::{BenchError, Result};
use super::socket::{self, Reading, Writing};

/// Bytes that are read at once; a reply with a longer job takes several reads.
const READ: usize = 16 * 1024;

/// The longest reply: a job of 16 MiB, and what the server adds.
const BULK_MAX: usize = 32 << 20;

/// One connection.
pub(super) struct Client {
    pub(super) sender: Sender,
    pub(super) receiver: Receiver,
}

/// The half that sends.
pub(super) struct Sender {
    half: Writing,
    server: Rc<str>,
}

/// The half that receives.
pub(super) struct Receiver {
    half: Reading,
    read: Vec<u8>,
    /// Bytes of `read` that belong to replies which were taken.
    taken: usize,
    server: Rc<str>,
}

/// What a server answered, if not an error.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer<'a> {
    Ok,
    Null,
    Bulk(&'a [u8]),
}

impl Client {
    /// Connects, sealed if there is what seals, and says HELLO, as a worker if there is a `wid`. `server` is for errors.
    pub(super) async fn connect(
        url: &Url,
        seal: Option<&Bessemer>,
        server: &Rc<str>,
        wid: Option<&str>,
    ) -> Result<Self> {
        let (read, write) = socket::open(url, seal, server).await?;
        let mut client = Self {
            sender: Sender { half: write, server: server.clone() },
            receiver: Receiver {
                half: read,
                read: Vec::with_capacity(READ),
                taken: 0,
                server: server.clone(),
            },
        };
        let mut hello = Hello { v: Some(VERSION), ..Hello::default() };
        if let Some(wid) = wid {
            (hello.wid, hello.hostname, hello.pid) = (wid.into(), "bench".into(), Some(std::process::id()));
        }
        let greeting = client.receiver.greeting().await?;
        if let Some(challenge) = greeting.asks() {
            let required = || BenchError::PasswordRequired { server: server.to_string() };
            let password = url.password.as_deref().ok_or_else(required)?;
            hello.pwdhash = password_hash(password, challenge.salt, challenge.iterations);
        }
        let mut line = Vec::new();
        hello.encode(&mut line);
        client.sender.send(&line).await?;
        client.receiver.ok("HELLO").await?;
        Ok(client)
    }

    /// Sends a whole line and reads its answer.
    pub(super) async fn call(&mut self, verb: &'static str, line: &[u8]) -> Result<Answer<'_>> {
        self.sender.send(line).await?;
        self.receiver.answer(verb).await
    }

    /// Sends a line that is to be answered with OK.
    pub(super) async fn call_ok(&mut self, verb: &'static str, line: &[u8]) -> Result<()> {
        self.sender.send(line).await?;
        self.receiver.ok(verb).await
    }
}

impl Sender {
    pub(super) async fn send(&mut self, line: &[u8]) -> Result<()> {
        let ended = |source| BenchError::Ended { server: self.server.to_string(), source };
        self.half.write(line).await.map_err(ended)
    }
}

impl Receiver {
    /// For errors.
    pub(super) fn server(&self) -> Rc<str> {
        self.server.clone()
    }

    /// The next reply; an error reply is an error.
    pub(super) async fn answer(&mut self, verb: &'static str) -> Result<Answer<'_>> {
        let used = self.whole_reply().await?;
        let reply = &self.read[self.taken..self.taken + used];
        self.taken += used;
        let server = || self.server.to_string();
        match decode(reply, BULK_MAX) {
            Ok(Decoded::Reply(Reply::Simple(text), _)) if text == "OK" => Ok(Answer::Ok),
            Ok(Decoded::Reply(Reply::Null, _)) => Ok(Answer::Null),
            Ok(Decoded::Reply(Reply::Bulk(text), _)) => Ok(Answer::Bulk(text)),
            Ok(Decoded::Reply(Reply::Error(text), _)) => {
                Err(BenchError::Refused { server: server(), verb, answer: text.into_owned() })
            }
            _ => {
                let answer = String::from_utf8_lossy(reply).trim_end().to_owned();
                Err(BenchError::Odd { server: server(), verb, answer })
            }
        }
    }

    /// The next reply, which is to be OK.
    pub(super) async fn ok(&mut self, verb: &'static str) -> Result<()> {
        let server = self.server.clone();
        match self.answer(verb).await? {
            Answer::Ok => Ok(()),
            other => Err(odd(&server, verb, &other)),
        }
    }

    async fn greeting(&mut self) -> Result<Hi> {
        let used = self.whole_reply().await?;
        let line = String::from_utf8_lossy(&self.read[self.taken..self.taken + used]).trim_end().to_owned();
        self.taken += used;
        let server = self.server.to_string();
        // A server that is full says so instead of greeting.
        if let Some(answer) = line.strip_prefix('-') {
            return Err(BenchError::Refused { server, verb: "a connection", answer: answer.into() });
        }
        Hi::parse(line.trim_start_matches('+')).map_err(|source| BenchError::Greeting { server, source })
    }

    /// Reads until a reply is whole; how many bytes it has.
    async fn whole_reply(&mut self) -> Result<usize> {
        loop {
            let server = || self.server.to_string();
            match decode(&self.read[self.taken..], BULK_MAX) {
                Ok(Decoded::Reply(_, used)) => return Ok(used),
                Ok(Decoded::Missing(_)) => {}
                Err(source) => return Err(BenchError::Malformed { server: server(), source }),
            }
            self.read.drain(..std::mem::take(&mut self.taken));
            self.read.reserve(READ);
            let read = self.half.read(&mut self.read).await;
            let closed = || io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed it");
            match read.and_then(|bytes| if bytes == 0 { Err(closed()) } else { Ok(()) }) {
                Ok(()) => {}
                Err(source) => return Err(BenchError::Ended { server: server(), source }),
            }
        }
    }
}

/// An answer that does not fit its request.
pub(super) fn odd(server: &str, verb: &'static str, answer: &Answer<'_>) -> BenchError {
    let answer = match answer {
        Answer::Ok => "OK".into(),
        Answer::Null => "nothing".into(),
        Answer::Bulk(text) => String::from_utf8_lossy(&text[..text.len().min(200)]).into_owned(),
    };
    BenchError::Odd { server: server.into(), verb, answer }
}
