//! For tests: a server that does as it is told, in memory or on a real port.
//!
//! Left alone it greets, says OK, hands out the jobs that a test gave it, and answers an empty FETCH after 2 s. A test
//! may put another answer before the next command of a verb, and wait for what the client sends. In memory a paused
//! clock jumps over every wait, since nothing else is going on.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bessemer_protocol::handshake::{Hello, Hi};
use bessemer_protocol::resp;
use bessemer_protocol::response::ErrorCode;
use bessemer_protocol::url::Url;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::client::Server;
use crate::client::pool::Bessemer;
use crate::client::socket::{Dial, Socket};

/// What the server says to one command.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    Ok,
    Bulk(&'static str),
    Null,
    Error(&'static str),
    /// These bytes.
    Raw(&'static str),
    /// Nothing, and the connection stays open.
    Silence,
    /// The connection is closed.
    HangUp,
}

#[derive(Clone, Default)]
pub(crate) struct Fake {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    script: Mutex<Script>,
    /// Every line that any client sent, HELLO included.
    seen: watch::Sender<Vec<String>>,
}

#[derive(Default)]
struct Script {
    password: Option<String>,
    /// Connections to be refused before one is accepted.
    refuse: usize,
    jobs: VecDeque<String>,
    answers: HashMap<String, VecDeque<Say>>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with_password(password: &str) -> Self {
        let fake = Self::default();
        fake.script(|script| script.password = Some(password.to_owned()));
        fake
    }

    /// Queues a job for the next FETCH.
    pub(crate) fn give(&self, jobtype: &str, jid: &str, args: &str) {
        self.give_raw(format!(r#"{{"jid":"{jid}","queue":"default","jobtype":"{jobtype}","args":{args}}}"#));
    }

    pub(crate) fn give_raw(&self, job: String) {
        self.script(|script| script.jobs.push_back(job));
    }

    /// Answers the next command of this verb so; each call is for one more command.
    pub(crate) fn answer(&self, verb: &str, say: Say) {
        self.script(|script| script.answers.entry(verb.to_owned()).or_default().push_back(say));
    }

    /// Refuses this many connections.
    pub(crate) fn refuse(&self, connections: usize) {
        self.script(|script| script.refuse = connections);
    }

    /// Waits until `count` commands of this verb have come, a minute at most, and returns them without the verb.
    pub(crate) async fn seen(&self, verb: &str, count: usize) -> Vec<String> {
        self.seen_within(Duration::from_secs(60), verb, count).await
    }

    /// The same for what takes longer. A paused clock gets there at once, whatever goes on meanwhile.
    pub(crate) async fn seen_within(&self, patience: Duration, verb: &str, count: usize) -> Vec<String> {
        let select = |lines: &[String]| -> Vec<String> {
            let of_verb = lines.iter().filter_map(|line| line.strip_prefix(verb));
            of_verb.map(|rest| rest.trim_start().to_owned()).collect()
        };
        let mut seen = self.state.seen.subscribe();
        let enough = timeout(patience, seen.wait_for(|lines| select(lines).len() >= count)).await;
        match enough {
            Ok(lines) => select(&lines.expect("the fake outlives its clients")),
            Err(_) => panic!(
                "{count} {verb} did not come within {patience:?}, but these did: {:#?}",
                self.state.seen.borrow()
            ),
        }
    }

    /// What has come so far.
    pub(crate) fn count(&self, verb: &str) -> usize {
        self.state.seen.borrow().iter().filter(|line| line.starts_with(verb)).count()
    }

    /// A client whose connections are made of memory.
    pub(crate) fn app(&self) -> Bessemer {
        self.app_at("tcp://fake.example")
    }

    pub(crate) fn app_at(&self, url: &str) -> Bessemer {
        Bessemer::to(Server::with_dial(url.parse().expect("an address"), self.clone()))
    }

    /// Listens on a real port and returns its address.
    pub(crate) async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let fake = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(fake.clone().serve(stream));
            }
        });
        address.to_string()
    }

    /// The same by TLS.
    #[cfg(feature = "tls")]
    pub(crate) async fn listen_sealed(&self, config: Arc<tokio_rustls::rustls::ServerConfig>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a bound address").port();
        let fake = self.clone();
        tokio::spawn(async move {
            let acceptor = tokio_rustls::TlsAcceptor::from(config);
            while let Ok((stream, _)) = listener.accept().await {
                let (fake, acceptor) = (fake.clone(), acceptor.clone());
                tokio::spawn(async move {
                    // Who does not get through the handshake is told why by an alert.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        fake.serve(stream).await;
                    }
                });
            }
        });
        port
    }

    fn script<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.state.script.lock().expect("no test panics with the script in hand"))
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Send + 'static) {
        // A client that hangs up ends its connection, and that is all.
        let _ended: io::Result<()> = self.converse(stream).await;
    }

    async fn converse(&self, stream: impl AsyncRead + AsyncWrite) -> io::Result<()> {
        let (read, mut write) = tokio::io::split(stream);
        let mut lines = BufReader::new(read).lines();
        let password = self.script(|script| script.password.clone());
        let hi = if password.is_some() { Hi::challenge(4_000, "1a2b3c4d5e6f") } else { Hi::open() };
        let mut out = Vec::new();
        hi.encode(&mut out);
        write.write_all(&out).await?;

        while let Some(line) = lines.next_line().await? {
            let verb = line.split(' ').next().unwrap_or_default().to_owned();
            self.state.seen.send_modify(|seen| seen.push(line.clone()));
            let say = match self.script(|script| script.answers.get_mut(&verb).and_then(VecDeque::pop_front))
            {
                Some(say) => say,
                None if verb == "HELLO" => match (&password, hi.asks()) {
                    (Some(password), Some(challenge))
                        if !Hello::parse(line.as_bytes())
                            .is_ok_and(|hello| hello.proves(password, challenge)) =>
                    {
                        Say::Error("Invalid password")
                    }
                    _ => Say::Ok,
                },
                None if verb == "FETCH" => {
                    if let Some(job) = self.next_job(&line).await {
                        let mut out = Vec::new();
                        resp::put_bulk(&mut out, &[job.as_bytes()]);
                        write.write_all(&out).await?;
                        continue;
                    }
                    Say::Null
                }
                None if verb == "PUSHB" => Say::Bulk("{}"),
                None if verb == "END" => Say::HangUp,
                None => Say::Ok,
            };
            let mut out = Vec::new();
            match say {
                Say::Ok => resp::put_ok(&mut out),
                Say::Bulk(text) => resp::put_bulk(&mut out, &[text.as_bytes()]),
                Say::Null => resp::put_null(&mut out),
                Say::Error(text) => resp::put_error(&mut out, ErrorCode::Err, text),
                Say::Raw(text) => out.extend_from_slice(text.as_bytes()),
                Say::Silence => {}
                Say::HangUp => return Ok(()),
            }
            write.write_all(&out).await?;
        }
        Ok(())
    }

    /// The next job of one of the queues that the FETCH names, or of none.
    async fn next_job(&self, fetch: &str) -> Option<String> {
        let names: Vec<String> =
            fetch.split(' ').skip(1).map(|name| format!(r#""queue":"{name}""#)).collect();
        let fits = |job: &String| !job.contains(r#""queue":"#) || names.iter().any(|name| job.contains(name));
        let job = || {
            self.script(|script| {
                script.jobs.iter().position(fits).and_then(|index| script.jobs.remove(index))
            })
        };
        if let Some(job) = job() {
            return Some(job);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        job()
    }
}

impl Dial for Fake {
    fn dial<'a>(&'a self, _: &'a Url) -> Pin<Box<dyn Future<Output = io::Result<Socket>> + Send + 'a>> {
        Box::pin(async move {
            let refused = self.script(|script| {
                let refused = script.refuse > 0;
                script.refuse = script.refuse.saturating_sub(1);
                refused
            });
            if refused {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            tokio::spawn(self.clone().serve(theirs));
            Ok(Box::new(ours) as Socket)
        })
    }
}
