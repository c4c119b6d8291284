//! One connection to a server: handshake, then one command at a time.

pub(crate) mod batch;
pub(crate) mod builder;
pub(crate) mod command;
mod crons;
#[cfg(test)]
pub(crate) mod fake;
#[cfg(feature = "tower")]
pub(crate) mod layers;
pub(crate) mod link;
mod mutate;
pub(crate) mod operate;
pub(crate) mod pipeline;
pub(crate) mod pool;
pub(crate) mod socket;
#[cfg(feature = "tls")]
pub(crate) mod tls;
pub(crate) mod track;

use std::io;
use std::sync::Arc;

use bessemer_protocol::handshake::{Hello, Hi, VERSION, password_hash};
use bessemer_protocol::resp::{self, DecodeError, Decoded, Reply};
use bessemer_protocol::response::{Info, ServerError, WorkerState};
use bessemer_protocol::url::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use crate::client::builder::{Builder, Limits};
use crate::client::command::{Answer, Command, Pace};
use crate::client::pool::Rejected;
use crate::client::socket::{Dial, Socket};
use crate::error::Error;
use crate::job::failure::Failure;
use crate::payload::{FetchedJob, NewJob};

/// The longest reply that is read: a job of 16 MiB, which is what servers accept, with room for its failure.
const BULK_MAX: usize = 32 * 1024 * 1024;

/// A read buffer that grew beyond this for one long job is given back.
const BUFFER_KEPT: usize = 256 * 1024;

/// A server, and how to reach it.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: Arc<Url>,
    pub(crate) limits: Limits,
    dial: Arc<dyn Dial>,
}

impl Server {
    pub(crate) fn with_dial(url: Url, dial: impl Dial + 'static) -> Self {
        Self { url: Arc::new(url), limits: Limits::DEFAULT, dial: Arc::new(dial) }
    }

    pub(crate) fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// A connection on which nobody has said anything yet.
    pub(crate) async fn dial(&self) -> Result<Socket, Error> {
        let dialed = timeout_at(Instant::now() + self.limits.connect, self.dial.dial(&self.url)).await;
        let dialed = dialed.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        dialed.map_err(|error| self.broken(error))
    }

    /// Opens a connection and introduces itself. `hello` says who: a worker, or by default a producer.
    pub(crate) async fn connect(&self, mut hello: Hello) -> Result<Client, Error> {
        let url = || self.url.to_string();
        let deadline = Instant::now() + self.limits.connect;
        let dialed = timeout_at(deadline, self.dial.dial(&self.url)).await;
        let dialed = dialed.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let mut client = Client::new(dialed.map_err(|error| self.broken(error))?, self.limits);

        let hi = match timeout_at(deadline, client.read_reply("HELLO")).await {
            Ok(Ok(Ok(Answer::Simple(text)))) => Hi::parse(&text),
            // A server that is full says so instead of greeting.
            Ok(Ok(Err(line))) => return Err(Error::Login { url: url(), answer: ServerError::parse(&line) }),
            Ok(Ok(Ok(_))) => Hi::parse(""),
            // TLS 1.3 says only now that it wants a certificate of its client.
            Ok(Err(Error::Io { source, .. })) => return Err(self.broken(source)),
            Ok(Err(Error::Closed { .. })) | Err(_) => {
                let hint = if self.url.tls {
                    ""
                } else {
                    "; where it speaks TLS, its address begins with tcp+tls://"
                };
                return Err(Error::NoGreeting { url: url(), hint });
            }
            Ok(Err(error)) => return Err(error),
        };
        let hi = hi.map_err(|source| Error::Handshake { url: url(), source })?;
        hello.v = Some(VERSION);
        if let Some(challenge) = hi.asks() {
            let password =
                self.url.password.as_ref().ok_or_else(|| Error::PasswordRequired { url: url() })?;
            hello.pwdhash = password_hash(password, challenge.salt, challenge.iterations);
        }
        let mut line = Vec::new();
        hello.encode(&mut line);
        let command = Command { verb: "HELLO", line, pace: Pace::Connect };
        match client.ask(&command).await {
            Ok(answer) => command.expect_ok(answer).map(|()| client),
            Err(Error::Server { answer, .. }) => Err(Error::Login { url: url(), answer }),
            Err(error) => Err(error),
        }
    }

    /// Why a connection did not come about.
    fn broken(&self, source: io::Error) -> Error {
        let url = self.url.to_string();
        #[cfg(feature = "tls")]
        if let Some(source) = self.dial.explain(&self.url, &source) {
            return Error::Tls { url, source };
        }
        Error::Connect { url, source }
    }
}

/// One connection, for programs that want the protocol itself. Applications push by
/// [`Bessemer`](crate::Bessemer), which keeps a pool of these.
///
/// Every command has a deadline of 5 s (FETCH: 7 s). After an error that is not the server's own answer, and after a
/// command whose future was dropped, the connection is of no more use: see [`Client::is_usable`].
pub struct Client {
    socket: Socket,
    /// What was read and belongs to no reply yet.
    read: Vec<u8>,
    /// A command was begun whose reply has not been read to its end.
    midway: bool,
    limits: Limits,
}

impl Client {
    /// Connects to `url`, as a producer. With limits and files of TLS of one's own:
    /// [`Bessemer::client`](crate::Bessemer::client).
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Tls`], [`Error::NoGreeting`], [`Error::PasswordRequired`], [`Error::Login`],
    /// [`Error::Handshake`].
    pub async fn connect(url: &Url) -> Result<Self, Error> {
        Builder::new().address(url.clone()).connect()?.client().await
    }

    /// Connects to `url` with a HELLO of one's own; its version and password hash are filled in.
    pub async fn introduce(url: &Url, hello: Hello) -> Result<Self, Error> {
        Builder::new().address(url.clone()).connect()?.client_as(hello).await
    }

    fn new(socket: Socket, limits: Limits) -> Self {
        Self { socket, read: Vec::new(), midway: false, limits }
    }

    /// Pushes a job.
    pub async fn push(&mut self, job: &NewJob) -> Result<(), Error> {
        let command = Command::push(job);
        command.expect_ok(self.ask(&command).await?)
    }

    /// Pushes several jobs at once and returns those that the server refused. A thousand at a time is a good number.
    pub async fn push_bulk(&mut self, jobs: &[NewJob]) -> Result<Vec<Rejected>, Error> {
        let command = Command::push_bulk(jobs);
        Rejected::read(&command, self.ask(&command).await?)
    }

    /// Takes a job from the first of the queues that has one, waiting up to 2 s.
    pub async fn fetch(&mut self, queues: &[String]) -> Result<Option<FetchedJob>, Error> {
        let command = Command::fetch(queues);
        command.expect_job(self.ask(&command).await?)
    }

    /// A fetched job is done.
    pub async fn ack(&mut self, jid: &str) -> Result<(), Error> {
        let command = Command::ack(jid, None);
        command.expect_ok(self.ask(&command).await?)
    }

    /// A fetched job failed.
    pub async fn fail(&mut self, jid: &str, failure: &Failure) -> Result<(), Error> {
        let command = Command::fail(jid, None, failure);
        command.expect_ok(self.ask(&command).await?)
    }

    /// A worker lives; `rss_kb` is its memory in KiB. Returns what the server wants of it.
    pub async fn beat(
        &mut self,
        wid: &str,
        state: Option<WorkerState>,
        rss_kb: u64,
    ) -> Result<Option<WorkerState>, Error> {
        let command = Command::beat(wid, state, rss_kb);
        command.expect_state(self.ask(&command).await?)
    }

    /// The server's figures.
    pub async fn info(&mut self) -> Result<Info, Error> {
        let command = Command::info();
        command.expect_document(self.ask(&command).await?)
    }

    /// Says goodbye. Dropping the client is as good, but leaves the server guessing.
    pub async fn end(mut self) {
        let command = Command::end();
        let farewell = async {
            self.socket.write_all(&command.line).await?;
            self.socket.shutdown().await
        };
        // Nobody is left to be told if that fails.
        let _: Result<Result<(), _>, _> = timeout(command.pace.deadline(&self.limits), farewell).await;
    }

    /// Whether a further command can be sent: no earlier one was given up, and the server has not hung up.
    pub fn is_usable(&mut self) -> bool {
        !self.midway && self.read.is_empty() && socket::is_open(&mut self.socket)
    }

    /// Sends a command and waits for its answer.
    pub(crate) async fn ask(&mut self, command: &Command) -> Result<Answer, Error> {
        if std::mem::replace(&mut self.midway, true) {
            return Err(Error::Unusable);
        }
        let verb = command.verb;
        let deadline = command.pace.deadline(&self.limits);
        let exchange = async {
            let broke = |source| Error::Io { command: verb, source };
            self.socket.write_all(&command.line).await.map_err(broke)?;
            // TLS keeps back what the socket did not take.
            self.socket.flush().await.map_err(broke)?;
            self.read_reply(verb).await
        };
        let reply = timeout(deadline, exchange).await;
        let reply = reply.map_err(|_| Error::Timeout { command: verb, after: deadline })??;
        // Only now: whoever drops this future earlier leaves the connection marked.
        self.midway = false;
        reply.map_err(|line| command.refused(&line))
    }

    /// Reads one reply; the inner error is the text of an error reply.
    async fn read_reply(&mut self, verb: &'static str) -> Result<Result<Answer, String>, Error> {
        loop {
            let malformed = |source: DecodeError| Error::Malformed { command: verb, source };
            let (reply, used) = match resp::decode(&self.read, BULK_MAX).map_err(malformed)? {
                Decoded::Missing(bytes) => {
                    self.read.reserve(bytes.max(1024));
                    let read = self.socket.read_buf(&mut self.read).await;
                    match read.map_err(|source| Error::Io { command: verb, source })? {
                        0 => return Err(Error::Closed { command: verb }),
                        _ => continue,
                    }
                }
                Decoded::Reply(Reply::Simple(text), used) => (Ok(Answer::Simple(text.into_owned())), used),
                Decoded::Reply(Reply::Error(line), used) => (Err(line.into_owned()), used),
                Decoded::Reply(Reply::Bulk(body), used) => (Ok(Answer::Bulk(body.to_vec())), used),
                Decoded::Reply(Reply::Null, used) => (Ok(Answer::Null), used),
            };
            self.read.drain(..used);
            if self.read.is_empty() && self.read.capacity() > BUFFER_KEPT {
                self.read = Vec::new();
            }
            return Ok(reply);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::client::fake::{Fake, Say};
    use crate::job::JobOptions;

    async fn connect(fake: &Fake, login: &str) -> Result<Client, Error> {
        let url = format!("tcp://{login}{}", fake.listen().await);
        Client::connect(&url.parse().unwrap()).await
    }

    fn job() -> NewJob {
        NewJob::new("T", &[json!(1)], JobOptions::new()).unwrap()
    }

    #[tokio::test]
    async fn every_command_goes_over_a_real_socket_and_back() {
        let fake = Fake::new();
        let mut client = connect(&fake, "").await.unwrap();
        client.push(&job()).await.unwrap();
        fake.answer(
            "PUSHB",
            Say::Bulk(r#"{"":"jobs must have a jid","abcdefgh":"NOTUNIQUE Job not unique"}"#),
        );
        let rejected = client.push_bulk(&[job()]).await.unwrap();
        assert_eq!(rejected[0].error.text, "jobs must have a jid");
        assert_eq!(rejected[1].error.code, bessemer_protocol::response::ErrorCode::NotUnique);
        fake.give("T", "abcdefgh", "[1]");
        let fetched = client.fetch(&["default".into()]).await.unwrap().unwrap();
        assert_eq!((fetched.jid.as_str(), fetched.args.get()), ("abcdefgh", "[1]"));
        client.ack(&fetched.jid).await.unwrap();
        client.fail(&fetched.jid, &Failure::new("E", "m")).await.unwrap();
        fake.answer("BEAT", Say::Bulk(r#"{"state":"terminate"}"#));
        assert_eq!(client.beat("w1", None, 1).await.unwrap(), Some(WorkerState::Terminate));
        fake.answer("INFO", Say::Bulk(r#"{"server":{"uptime":7}}"#));
        assert_eq!(client.info().await.unwrap().server.uptime, 7);
        assert!(client.is_usable());
        client.end().await;
        fake.seen("END", 1).await;
    }

    #[tokio::test]
    async fn a_password_is_proved_and_never_sent() {
        let fake = Fake::with_password("s3cret@");
        connect(&fake, ":s3cret%40@").await.unwrap();
        assert!(!fake.seen("HELLO", 1).await[0].contains("s3cret"));

        let error = connect(&fake, ":wrong@").await.err().unwrap();
        assert!(error.to_string().ends_with(" refused the login: Invalid password"), "{error}");
        assert!(!error.is_transient());
        let error = connect(&fake, "").await.err().unwrap();
        assert!(matches!(error, Error::PasswordRequired { .. }), "{error}");
        let sealed = Error::PasswordRequired { url: "tcp+tls://h:7419".into() };
        assert!(sealed.to_string().ends_with(" into the address, tcp+tls://:PASSWORD@HOST:PORT"), "{sealed}");
    }

    #[tokio::test]
    async fn an_error_of_the_server_leaves_the_connection_whole() {
        let fake = Fake::new();
        let mut client = connect(&fake, "").await.unwrap();
        fake.answer("PUSH", Say::Raw("-NOTUNIQUE Job not unique\r\n"));
        assert!(client.push(&job()).await.unwrap_err().is_not_unique());
        client.push(&job()).await.unwrap();
        assert!(client.is_usable());
    }

    #[tokio::test]
    async fn a_broken_connection_is_known_as_such() {
        let fake = Fake::new();
        for (say, text) in [
            (Say::HangUp, "server closed the connection during PUSH"),
            (Say::Raw(":1\r\n"), "malformed reply to PUSH"),
            (Say::Raw("$3\r\nabcde"), "malformed reply to PUSH"),
        ] {
            let mut client = connect(&fake, "").await.unwrap();
            fake.answer("PUSH", say);
            let error = client.push(&job()).await.unwrap_err();
            assert_eq!(error.to_string(), text);
            assert!(error.is_transient() && !client.is_usable());
            assert!(matches!(client.push(&job()).await, Err(Error::Unusable)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_not_waited_for_longer_than_the_deadline() {
        let fake = Fake::new();
        let mut client = fake.app().server().connect(Hello::default()).await.unwrap();
        fake.answer("PUSH", Say::Silence);
        let begun = tokio::time::Instant::now();
        let error = client.push(&job()).await.unwrap_err();
        assert_eq!(error.to_string(), "no answer to PUSH within 5s");
        assert_eq!(begun.elapsed(), Duration::from_secs(5));

        fake.answer("HELLO", Say::Silence);
        let error = fake.app().server().connect(Hello::default()).await.err().unwrap();
        assert_eq!(error.to_string(), "no answer to HELLO within 5s");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_greet_is_not_waited_for_and_may_speak_tls() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url: Url = format!("tcp://127.0.0.1:{port}").parse().unwrap();
        let app = crate::Bessemer::builder().address(url.clone()).connect_timeout(Duration::from_secs(1));
        let silent = app.connect().unwrap().client().await.err().unwrap();
        let told = format!("{url} does not greet; where it speaks TLS, its address begins with tcp+tls://");
        assert_eq!(silent.to_string(), told);
        assert!(silent.is_transient());
        drop(listener.accept().await.unwrap());
        let (closed, _) = tokio::join!(Client::connect(&url), async {
            drop(listener.accept().await.unwrap());
        });
        assert_eq!(closed.err().unwrap().to_string(), told);
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_whose_future_was_dropped_spoils_the_connection() {
        let fake = Fake::new();
        let mut client = fake.app().server().connect(Hello::default()).await.unwrap();
        fake.answer("PUSH", Say::Silence);
        assert!(timeout(Duration::from_secs(1), client.push(&job())).await.is_err());
        assert!(!client.is_usable());
    }
}
