//! The vestibule: where clients say who they are. Nobody unauthenticated touches the engine's thread.
//!
//! Accept, limits, HI, HELLO and the password, all on the second thread. A client that has logged in is handed
//! inward with the bytes that came behind its HELLO (rules `H-10` to `H-24`, decisions `D1`, `D2`).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bessemer_protocol::handshake::{Challenge, Hello, Hi};
use bessemer_protocol::limits::LINE_MAX_BEFORE_LOGIN;
use bessemer_protocol::resp::put_error;
use bessemer_protocol::response::ErrorCode;
use rustix::net::sockopt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::config::Limits;
use crate::desk::Gauges;

/// A client that has logged in.
pub(crate) struct Arrival {
    pub(crate) stream: std::net::TcpStream,
    pub(crate) hello: Hello,
    /// What came behind the HELLO (rule `H-05`).
    pub(crate) leftover: Vec<u8>,
}

/// Clients on their way to the engine's thread.
pub(crate) const ARRIVALS_MAX: usize = 256;

/// Connections kept for this machine when all others are taken (`G18`).
const RESERVED_FOR_LOOPBACK: u64 = 8;

/// How many rounds of hashing a client is asked for (rule `H-11`).
const ROUNDS: std::ops::Range<u32> = 4_000..8_096;

/// What the vestibule knows.
pub(crate) struct Vestibule {
    pub(crate) password: Option<String>,
    /// Whether a one-round hash is good enough (`D1`).
    pub(crate) allow_legacy: bool,
    pub(crate) limits: Limits,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) arrivals: mpsc::Sender<Arrival>,
    handshakes: Arc<Semaphore>,
    by_address: Mutex<BTreeMap<IpAddr, Arc<Semaphore>>>,
}

/// Why a client is sent away; the text is what it is told.
#[derive(Debug, thiserror::Error)]
enum Refused {
    /// It left, or took too long: nobody to tell, and nothing to log (rule `H-25`).
    #[error("gone")]
    Gone,
    #[error("line too long")]
    LineTooLong,
    #[error("this port does not use TLS")]
    Tls,
    #[error(transparent)]
    Hello(#[from] bessemer_protocol::handshake::HelloError),
    #[error("Invalid password")]
    Password,
    #[error("Invalid password: this client hashes it in one round only; see allow_legacy_password_hash")]
    Legacy,
    #[error("too many connections: {0}")]
    TooMany(u64),
    #[error("internal error")]
    Entropy(#[from] getrandom::Error),
}

impl From<std::io::Error> for Refused {
    fn from(_: std::io::Error) -> Self {
        Self::Gone
    }
}

impl Vestibule {
    pub(crate) fn new(
        password: Option<String>,
        allow_legacy: bool,
        limits: Limits,
        gauges: Arc<Gauges>,
        arrivals: mpsc::Sender<Arrival>,
    ) -> Arc<Self> {
        let handshakes = Arc::new(Semaphore::new(limits.handshakes_max));
        Arc::new(Self {
            password,
            allow_legacy,
            limits,
            gauges,
            arrivals,
            handshakes,
            by_address: Mutex::default(),
        })
    }

    /// Accepts clients until the task is dropped.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            // At the limit the acceptor waits, and so do those outside; nobody is refused for it.
            let Ok(permit) = self.handshakes.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, mut address)) => {
                    // An IPv4 client of a port that serves both is known by its IPv4 address.
                    address.set_ip(address.ip().to_canonical());
                    tokio::spawn(self.clone().receive(stream, address, permit));
                }
                Err(e) => {
                    // Out of file descriptors, most likely: a pause instead of a spin (`G18`).
                    tracing::warn!("failed to accept a connection: {e}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn receive(
        self: Arc<Self>,
        mut stream: TcpStream,
        address: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) {
        let outcome =
            tokio::time::timeout(self.limits.handshake_timeout, self.admit(&mut stream, address)).await;
        let refused = match outcome {
            Ok(Ok((hello, leftover))) => {
                let Ok(stream) = stream.into_std() else { return };
                // While the engine's thread is busy the place stays taken: a stuck disk must not gather clients
                // without a bound. If the thread has ended, so has everything.
                _ = self.arrivals.send(Arrival { stream, hello, leftover }).await;
                return drop(permit);
            }
            Ok(Err(refused)) => refused,
            Err(_) => Refused::Gone,
        };
        if !matches!(refused, Refused::Gone) {
            tracing::info!("refused a client from {}: {refused}", address.ip());
            let mut reply = Vec::new();
            put_error(&mut reply, ErrorCode::Err, &refused.to_string());
            let farewell = async {
                stream.write_all(&reply).await?;
                stream.shutdown().await?;
                // What it is still sending is read, or the kernel would throw the reply away with it.
                let mut rest = [0; 4096];
                while stream.read(&mut rest).await? > 0 {}
                Ok::<(), std::io::Error>(())
            };
            _ = tokio::time::timeout(Duration::from_secs(1), farewell).await;
        }
    }

    async fn admit(&self, stream: &mut TcpStream, address: SocketAddr) -> Result<(Hello, Vec<u8>), Refused> {
        let _turn = self.turn_of(address.ip()).await;
        self.check_limit(address.ip())?;
        set_options(stream)?;
        let salt = salt()?;
        let challenge = match &self.password {
            Some(_) => Some(Challenge { iterations: rounds()?, salt: &salt }),
            None => None,
        };
        let hi = challenge.map_or_else(Hi::open, |c| Hi::challenge(c.iterations, c.salt));
        let mut greeting = Vec::new();
        hi.encode(&mut greeting);
        stream.write_all(&greeting).await?;
        let (line, leftover) = read_line(stream).await?;
        let hello = Hello::parse(&line)?;
        if let (Some(password), Some(challenge)) = (&self.password, challenge) {
            if hello.is_legacy() && !self.allow_legacy {
                return Err(Refused::Legacy);
            }
            if !hello.proves(password, challenge) {
                return Err(Refused::Password);
            }
        }
        Ok((hello, leftover))
    }

    /// Waits while too many of the same address are saying hello.
    async fn turn_of(&self, address: IpAddr) -> Option<OwnedSemaphorePermit> {
        let semaphore = {
            let mut all = self.by_address.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // Addresses of which nobody is here are forgotten.
            let max = self.limits.handshakes_per_address;
            if all.len() > self.limits.handshakes_max {
                all.retain(|_, s| s.available_permits() < max);
            }
            all.entry(address).or_insert_with(|| Arc::new(Semaphore::new(max))).clone()
        };
        semaphore.acquire_owned().await.ok()
    }

    /// Refused before a password is hashed, and with what the reference says (rule `H-24`).
    fn check_limit(&self, address: IpAddr) -> Result<(), Refused> {
        let now = self.gauges.connections.load(Ordering::Relaxed);
        let max = self.limits.connections_max as u64;
        let open = if address.is_loopback() { max } else { max.saturating_sub(RESERVED_FOR_LOOPBACK) };
        if now >= open { Err(Refused::TooMany(now)) } else { Ok(()) }
    }
}

/// Reads the first line, and what came behind it.
async fn read_line(stream: &mut TcpStream) -> Result<(Vec<u8>, Vec<u8>), Refused> {
    let mut buffer = Vec::with_capacity(1024);
    loop {
        let from = buffer.len();
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(Refused::Gone);
        }
        // A TLS client begins with a handshake record.
        if buffer.starts_with(&[0x16, 0x03]) {
            return Err(Refused::Tls);
        }
        if let Some(at) = memchr::memchr(b'\n', &buffer[from..]) {
            let leftover = buffer.split_off(from + at + 1);
            buffer.pop();
            if buffer.last() == Some(&b'\r') {
                buffer.pop();
            }
            return if buffer.len() > LINE_MAX_BEFORE_LOGIN {
                Err(Refused::LineTooLong)
            } else {
                Ok((buffer, leftover))
            };
        }
        if buffer.len() > LINE_MAX_BEFORE_LOGIN {
            return Err(Refused::LineTooLong);
        }
    }
}

/// 128 bits, fresh for every connection (rule `H-11`).
fn salt() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

fn rounds() -> Result<u32, getrandom::Error> {
    Ok(ROUNDS.start + getrandom::u32()? % (ROUNDS.end - ROUNDS.start))
}

/// Half-open connections end within 30 s (`G19`); small replies do not wait for one another.
fn set_options(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(15))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(5))?;
    sockopt::set_tcp_keepcnt(stream, 3)?;
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(stream, 30_000)?;
    Ok(())
}
