//! Whether a worker is well, and a port that says so to an orchestrator: `/live` while the process turns, `/ready` while
//! the worker fetches jobs and nothing is amiss.
//!
//! It speaks as much HTTP as a probe does: one GET, one answer, and the connection is closed.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::error::Error;
use crate::worker::Worker;
use crate::worker::shutdown::{Stage, Stop};

/// Slots that may die within [`WINDOW`] before the worker counts as unwell; each is a bug of this library.
const DEATHS_MAX: usize = 5;
/// See [`DEATHS_MAX`].
const WINDOW: Duration = Duration::from_secs(60);

/// After so long without an answer to BEAT the server forgets the worker.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Connections at the same time; further ones wait in the system's queue.
const CONNECTIONS_MAX: usize = 8;

/// The longest request head; a probe sends some 200 bytes.
const HEAD_MAX: usize = 4 * 1024;

/// From the accepting of a connection to its end.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a worker is.
pub(crate) struct Health {
    stop: Stop,
    /// Whoever locks it only reads or writes a few times.
    signs: Mutex<Signs>,
}

struct Signs {
    /// When the server answered last.
    heard: Option<Instant>,
    /// When slots died, newest last; no more than count.
    deaths: VecDeque<Instant>,
}

impl Health {
    pub(crate) fn new(stop: Stop) -> Self {
        let signs = Signs { heard: None, deaths: VecDeque::with_capacity(DEATHS_MAX) };
        Self { stop, signs: Mutex::new(signs) }
    }

    /// The server answered a BEAT.
    pub(crate) fn heard(&self) {
        self.signs().heard = Some(Instant::now());
    }

    /// A slot, or what feeds it, died and is about to come back.
    pub(crate) fn died(&self) {
        let mut signs = self.signs();
        if signs.deaths.len() == DEATHS_MAX {
            signs.deaths.pop_front();
        }
        signs.deaths.push_back(Instant::now());
    }

    /// Why the worker is not ready, if it is not.
    fn trouble(&self) -> Option<String> {
        let stage = self.stop.stage();
        if stage > Stage::Running {
            return Some(format!("the worker is on its way out ({stage:?})"));
        }
        let signs = self.signs();
        let recent = signs.deaths.iter().filter(|died| died.elapsed() < WINDOW).count();
        if recent >= DEATHS_MAX {
            return Some(format!("{recent} slots died within a minute"));
        }
        match signs.heard.map(|heard| heard.elapsed()) {
            None => Some("the server has not answered yet".into()),
            Some(silence) if silence > SILENCE_MAX => {
                Some(format!("the server has not answered for {} s", silence.as_secs()))
            }
            Some(_) => None,
        }
    }

    fn signs(&self) -> std::sync::MutexGuard<'_, Signs> {
        self.signs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    /// Answers health probes over HTTP at `address`, as in `0.0.0.0:8081`: `/live` is 200 while the process turns;
    /// `/ready` is 200 while the worker takes jobs, and 503 with the reason when it is on its way out, when the server
    /// has not answered for a minute, or when five slots died within one. Default: no port.
    pub fn probe(mut self, address: impl Into<String>) -> Self {
        self.setup.probe = Some(address.into());
        self
    }
}

/// Opens the port, if there is to be one.
pub(crate) async fn listen(address: Option<&str>) -> Result<Option<TcpListener>, Error> {
    let Some(address) = address else { return Ok(None) };
    let bound = TcpListener::bind(address).await;
    bound.map(Some).map_err(|source| Error::Probe { address: address.to_owned(), source })
}

/// Answers whoever asks. Never returns.
pub(crate) async fn serve(listener: Option<TcpListener>, health: &Health) -> Infallible {
    let Some(listener) = listener else { return std::future::pending().await };
    let mut connections = JoinSet::new();
    loop {
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                let answers = Answers::of(health);
                // Who asks and goes away, or takes too long, is told nothing.
                connections.spawn(async move { drop(timeout(PATIENCE, answers.answer(stream)).await) });
            }
            Err(error) => {
                tracing::warn!(%error, "the probe's port accepts nothing");
                sleep(PATIENCE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

/// What there is to say at the moment.
struct Answers {
    trouble: Option<String>,
}

impl Answers {
    fn of(health: &Health) -> Self {
        Self { trouble: health.trouble() }
    }

    async fn answer(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            if head.len() > HEAD_MAX {
                return reply(&mut stream, "431 Request Header Fields Too Large", "the request is too long")
                    .await;
            }
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let mut words = line.split(|byte| *byte == b' ');
        let (status, text) = match (words.next().unwrap_or_default(), words.next()) {
            (b"GET" | b"HEAD", Some(b"/live")) => ("200 OK", "live"),
            (b"GET" | b"HEAD", Some(b"/ready")) => match &self.trouble {
                None => ("200 OK", "ready"),
                Some(trouble) => ("503 Service Unavailable", trouble.as_str()),
            },
            (b"GET" | b"HEAD", Some(_)) => ("404 Not Found", "there are /live and /ready"),
            (_, Some(_)) => ("405 Method Not Allowed", "only GET is answered"),
            (_, None) => ("400 Bad Request", "this is no HTTP request"),
        };
        reply(&mut stream, status, text).await
    }
}

async fn reply(stream: &mut (impl AsyncWrite + Unpin), status: &str, text: &str) -> io::Result<()> {
    let length = text.len() + 1;
    let reply = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n{text}\n"
    );
    stream.write_all(reply.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the probe says to these bytes.
    async fn ask(health: &Health, request: &str) -> String {
        let (mut near, far) = tokio::io::duplex(64 * 1024);
        let mut said = String::new();
        let asking = async {
            near.write_all(request.as_bytes()).await.unwrap();
            near.read_to_string(&mut said).await.unwrap();
        };
        let (answered, ()) = tokio::join!(Answers::of(health).answer(far), asking);
        answered.unwrap();
        said
    }

    async fn ready(health: &Health) -> String {
        let said = ask(health, "GET /ready HTTP/1.1\r\nHost: w\r\n\r\n").await;
        let (head, text) = said.split_once("\r\n\r\n").unwrap();
        format!("{} {}", &head["HTTP/1.1 ".len()..][..3], text.trim_end())
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_is_ready_until_it_goes_or_the_server_is_silent() {
        let stop = Stop::new();
        let health = Health::new(stop.clone());
        assert_eq!(ready(&health).await, "503 the server has not answered yet");
        health.heard();
        tokio::time::advance(SILENCE_MAX).await;
        assert_eq!(ready(&health).await, "200 ready");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(ready(&health).await, "503 the server has not answered for 61 s");
        health.heard();
        assert_eq!(ready(&health).await, "200 ready");
        stop.quiet();
        assert_eq!(ready(&health).await, "503 the worker is on its way out (Quiet)");
        let live = ask(&health, "GET /live HTTP/1.0\r\n\r\n").await;
        assert!(
            live.starts_with("HTTP/1.1 200 OK\r\n")
                && live.ends_with(
                    "Content-Length: 5\r\nCache-Control: no-store\r\nConnection: close\r\n\r\nlive\n"
                ),
            "{live}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn five_deaths_of_slots_within_a_minute_are_too_many_and_four_are_not() {
        let health = Health::new(Stop::new());
        health.heard();
        for _ in 0..4 {
            health.died();
        }
        assert_eq!(ready(&health).await, "200 ready");
        health.died();
        assert_eq!(ready(&health).await, "503 5 slots died within a minute");
        health.heard();
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(ready(&health).await, "503 5 slots died within a minute");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(ready(&health).await, "200 ready");
    }

    #[tokio::test]
    async fn what_is_no_probe_gets_one_clear_line() {
        let health = Health::new(Stop::new());
        for (request, status, text) in [
            ("GET / HTTP/1.1\r\n\r\n", "404", "there are /live and /ready"),
            ("POST /live HTTP/1.1\r\n\r\n", "405", "only GET is answered"),
            ("\r\n\r\n", "400", "this is no HTTP request"),
        ] {
            let said = ask(&health, request).await;
            assert!(
                said.starts_with(&format!("HTTP/1.1 {status} "))
                    && said.ends_with(&format!("\r\n\r\n{text}\n")),
                "{said}"
            );
        }
        let fits = format!("GET /live HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(HEAD_MAX - 27));
        assert_eq!(fits.len(), HEAD_MAX);
        assert!(ask(&health, &fits).await.starts_with("HTTP/1.1 200"));
        let longer = "x".repeat(HEAD_MAX + 1);
        assert!(ask(&health, &longer).await.starts_with("HTTP/1.1 431"));
    }

    #[tokio::test]
    async fn the_port_answers_a_crowd_a_few_at_a_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let health = Health::new(Stop::new());
        health.heard();
        let crowd = async {
            // These say nothing, and fill every place until they hang up.
            let mut silent = Vec::new();
            for _ in 0..CONNECTIONS_MAX {
                silent.push(tokio::net::TcpStream::connect(address).await.unwrap());
            }
            let mut asking = tokio::net::TcpStream::connect(address).await.unwrap();
            asking.write_all(b"GET /ready HTTP/1.1\r\n\r\n").await.unwrap();
            drop(silent);
            let mut said = String::new();
            asking.read_to_string(&mut said).await.unwrap();
            assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
        };
        let patience = timeout(Duration::from_secs(20), crowd);
        tokio::select! {
            never = serve(Some(listener), &health) => match never {},
            done = patience => done.unwrap(),
        }
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let error = listen(Some(&address)).await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot answer health probes at {address}"));
    }
}
