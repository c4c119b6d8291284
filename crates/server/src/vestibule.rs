//! The vestibule: where clients say who they are. Nobody unauthenticated touches the engine's thread.
//!
//! Accept, limits, HI, HELLO and the password, all on the second thread. A client that has logged in is handed
//! inward with the bytes that came behind its HELLO (rules `H-10` to `H-24`, decisions `D1`, `D2`).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bessemer_protocol::handshake::{Challenge, Hello, HelloError, Hi};
use bessemer_protocol::resp::put_error;
use bessemer_protocol::response::ErrorCode;
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::rustls::{self, InvalidMessage, ServerConfig, ServerConnection};

use crate::config::{Limits, Password};
use crate::desk::Gauges;
use crate::door::Door;
use crate::link::{Link, NoTls};
use crate::rejected::Reason;
use crate::throttle::{Throttle, network};

/// A client that has logged in.
pub(crate) struct Arrival {
    pub(crate) stream: std::net::TcpStream,
    /// What TLS knows of the connection; none: it is in plain text.
    pub(crate) session: Option<ServerConnection>,
    pub(crate) hello: Hello,
    /// What came behind the HELLO (rule `H-05`).
    pub(crate) leftover: Vec<u8>,
    pub(crate) place: Place,
}

/// A place among those who have logged in, given back when it is dropped: with the connection.
pub(crate) struct Place(Arc<Gauges>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Relaxed);
    }
}

/// Clients on their way to the engine's thread.
pub(crate) const ARRIVALS_MAX: usize = 256;

/// How many rounds of hashing a client is asked for (rule `H-11`).
const ROUNDS: std::ops::Range<u32> = 4_000..8_096;

/// On what terms clients are let in. A reload makes new ones for those who come later.
pub(crate) struct Terms {
    pub(crate) password: Option<Password>,
    /// Whether a one-round hash is good enough (`D1`).
    pub(crate) allow_legacy: bool,
    /// What is spoken with them; none: plain text.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) limits: Limits,
    door: Door,
    by_address: Mutex<BTreeMap<IpAddr, Arc<Door>>>,
}

/// Where clients come in.
pub(crate) struct Vestibule {
    /// Held for a look, never across an await.
    terms: RwLock<Arc<Terms>>,
    throttle: Throttle,
    gauges: Arc<Gauges>,
    arrivals: mpsc::Sender<Arrival>,
}

/// Why a client is sent away; the text is what it is told.
#[derive(Debug, thiserror::Error)]
enum Refused {
    /// It left: nobody to tell, and nothing to log (rule `H-25`).
    #[error("gone")]
    Gone,
    /// It took too long.
    #[error("too slow")]
    TooSlow,
    /// It took long, and others wait.
    #[error("too slow while others wait")]
    GaveWay,
    /// TLS had the last word.
    #[error("no TLS")]
    NoTls,
    #[error("line too long")]
    LineTooLong,
    #[error("this port does not use TLS")]
    Tls,
    #[error(transparent)]
    Hello(#[from] HelloError),
    #[error("Invalid password")]
    Password,
    #[error("Invalid password: this client hashes it in one round only; see allow_legacy_password_hash")]
    Legacy,
    #[error("Invalid password: too many wrong ones came from this address; try again in a while")]
    TooManyWrong,
    #[error("too many clients are logging in; try again in a while")]
    Busy,
    #[error("too many connections: {0}")]
    TooMany(u64),
    #[error("internal error")]
    Entropy(#[from] getrandom::Error),
}

impl Refused {
    /// As counters name it; none for who just left.
    fn reason(&self) -> Option<Reason> {
        Some(match self {
            Self::Gone => return None,
            Self::TooSlow => Reason::HandshakeTimeout,
            Self::GaveWay => Reason::GaveWay,
            Self::LineTooLong => Reason::LineTooLong,
            Self::Tls | Self::NoTls => Reason::Tls,
            Self::Hello(HelloError::Expected) => Reason::ExpectedHello,
            Self::Hello(_) => Reason::Hello,
            Self::Password => Reason::Password,
            Self::Legacy => Reason::LegacyPassword,
            Self::TooManyWrong => Reason::TooManyPasswords,
            Self::Busy => Reason::TooManyLogins,
            Self::TooMany(_) => Reason::TooManyConnections,
            Self::Entropy(_) => Reason::Internal,
        })
    }

    /// Whether there is somebody to tell, and something to say.
    fn is_told(&self) -> bool {
        !matches!(self, Self::Gone | Self::TooSlow | Self::GaveWay | Self::NoTls)
    }
}

impl From<std::io::Error> for Refused {
    fn from(_: std::io::Error) -> Self {
        Self::Gone
    }
}

impl Terms {
    pub(crate) fn new(
        password: Option<Password>,
        allow_legacy: bool,
        tls: Option<Arc<ServerConfig>>,
        limits: Limits,
    ) -> Self {
        let door = Door::new(limits.handshakes_max);
        Self { password, allow_legacy, tls, limits, door, by_address: Mutex::default() }
    }

    /// Where those of one address come in; whoever has an address of an IPv6 network has them all.
    fn door_of(&self, address: IpAddr) -> Arc<Door> {
        let mut all = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        // Addresses of which nobody is here are forgotten.
        if all.len() > self.limits.handshakes_max {
            all.retain(|_, door| !door.is_empty());
        }
        let new = || Arc::new(Door::new(self.limits.handshakes_per_address));
        all.entry(network(address)).or_insert_with(new).clone()
    }
}

impl Vestibule {
    pub(crate) fn new(terms: Terms, gauges: Arc<Gauges>, arrivals: mpsc::Sender<Arrival>) -> Arc<Self> {
        let terms = RwLock::new(Arc::new(terms));
        Arc::new(Self { terms, throttle: Throttle::default(), gauges, arrivals })
    }

    /// From now on others are let in on these terms; those who are in stay.
    pub(crate) fn change(&self, terms: Terms) {
        *self.terms.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(terms);
    }

    fn terms(&self) -> Arc<Terms> {
        self.terms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Accepts clients until the task is dropped.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            // At the limit the acceptor waits, and so do those outside; nobody is refused for it.
            let Some(permit) = self.terms().door.enter().await else { return };
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

    async fn receive(self: Arc<Self>, stream: TcpStream, address: SocketAddr, permit: OwnedSemaphorePermit) {
        let (terms, since, address) = (self.terms(), Instant::now(), address.ip());
        let Limits { handshake_timeout, handshake_patience, .. } = terms.limits;
        let mut link = None;
        let outcome = tokio::select! {
            outcome = self.enter(&terms, &mut link, stream, address, since) => outcome,
            () = terms.door.gives_way(since, handshake_patience) => Err(Refused::GaveWay),
            () = sleep_until(since + handshake_timeout) => Err(Refused::TooSlow),
        };
        let refused = match (outcome, link) {
            (Ok((hello, leftover, place)), Some(link)) => {
                let Ok((stream, session)) = link.into_parts() else { return };
                // While the engine's thread is busy the place at the door stays taken: a stuck disk must not gather
                // clients without a bound. If the thread has ended, so has everything.
                _ = self.arrivals.send(Arrival { stream, session, hello, leftover, place }).await;
                return drop(permit);
            }
            (Err(refused), Some(mut link)) if refused.is_told() => {
                self.tell(address, &refused);
                self.count(&refused);
                let mut reply = Vec::new();
                put_error(&mut reply, ErrorCode::Err, &refused.to_string());
                return tokio::select! {
                    () = send_away(&mut link, &reply) => {}
                    () = terms.door.gives_way(since, handshake_patience) => {}
                };
            }
            (Err(refused), _) => refused,
            (Ok(_), None) => Refused::Gone,
        };
        self.count(&refused);
    }

    fn count(&self, refused: &Refused) {
        if let Some(reason) = refused.reason() {
            self.gauges.rejected.count(reason);
        }
    }

    /// From the socket to somebody who is known.
    async fn enter(
        &self,
        terms: &Terms,
        link: &mut Option<Link>,
        stream: TcpStream,
        address: IpAddr,
        since: Instant,
    ) -> Result<(Hello, Vec<u8>, Place), Refused> {
        let own = terms.door_of(address);
        // Who waits behind others of its own address has no claim to a place that another address could have: or one
        // address would fill the door with those who wait.
        let _turn = tokio::select! {
            turn = own.enter() => turn.ok_or(Refused::Gone)?,
            () = terms.door.gives_way(since, Duration::ZERO) => return Err(Refused::GaveWay),
        };
        let known = async {
            let link = link.insert(self.link(terms, stream, address).await?);
            let until = since + terms.limits.handshake_timeout;
            let (hello, leftover) = self.admit(terms, link, address, until).await?;
            Ok((hello, leftover, self.place(&terms.limits, address)?))
        };
        tokio::select! {
            known = known => known,
            () = own.gives_way(since, terms.limits.handshake_patience) => Err(Refused::GaveWay),
        }
    }

    /// Shakes hands where TLS is on.
    async fn link(&self, terms: &Terms, stream: TcpStream, address: IpAddr) -> Result<Link, Refused> {
        set_options(&stream, &terms.limits)?;
        match Link::establish(stream, terms.tls.clone()).await {
            Ok(link) => Ok(link),
            Err(NoTls { why: None, .. }) => Err(Refused::Gone),
            Err(NoTls { why: Some(why), mut stream }) => {
                // A client of the plain protocol begins with letters, where TLS has the type of a record.
                if matches!(why, rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) {
                    self.tell(address, &"it speaks plain text, and this port speaks TLS only");
                } else {
                    self.tell(address, &format_args!("its TLS handshake failed: {why}"));
                }
                // The alert is on its way.
                send_away(&mut stream, b"").await;
                Err(Refused::NoTls)
            }
        }
    }

    async fn admit(
        &self,
        terms: &Terms,
        link: &mut Link,
        address: IpAddr,
        until: Instant,
    ) -> Result<(Hello, Vec<u8>), Refused> {
        self.check_limit(&terms.limits, address)?;
        let salt = salt()?;
        let challenge = match &terms.password {
            Some(_) => Some(Challenge { iterations: rounds()?, salt: &salt }),
            None => None,
        };
        let hi = challenge.map_or_else(Hi::open, |c| Hi::challenge(c.iterations, c.salt));
        let mut greeting = Vec::new();
        hi.encode(&mut greeting);
        link.write_all(&greeting).await?;
        link.flush().await?;
        let (line, leftover) = read_line(link, terms.limits.hello_max).await?;
        let hello = Hello::parse(&line)?;
        if let (Some(password), Some(challenge)) = (&terms.password, challenge) {
            self.check(terms, &hello, password, challenge, address, until).await?;
        }
        Ok((hello, leftover))
    }

    /// Checks a password, when it is its turn.
    async fn check(
        &self,
        terms: &Terms,
        hello: &Hello,
        password: &Password,
        challenge: Challenge<'_>,
        address: IpAddr,
        until: Instant,
    ) -> Result<(), Refused> {
        if hello.is_legacy() {
            if !terms.allow_legacy {
                return Err(Refused::Legacy);
            }
            if self.throttle.is_first_legacy(address, Instant::now()) {
                tracing::warn!(
                    "a client from {address} hashes the password in one round only, which is easy to guess from; \
                     newer versions of its library may not"
                );
            }
        }
        let Limits { wrong_passwords, password_checks, .. } = terms.limits;
        let own = self.throttle.own_turn(address, wrong_passwords, Instant::now(), until);
        sleep_until(own.ok_or(Refused::TooManyWrong)?).await;
        let common = self.throttle.common_turn(password_checks, Instant::now(), until);
        sleep_until(common.ok_or(Refused::Busy)?).await;
        if hello.proves(password.expose(), challenge) {
            return Ok(());
        }
        self.throttle.wrong(address, Instant::now());
        Err(Refused::Password)
    }

    /// Refused before a password is hashed, and with what the reference says (rule `H-24`).
    fn check_limit(&self, limits: &Limits, address: IpAddr) -> Result<(), Refused> {
        let inside = self.gauges.inside.load(Relaxed);
        if inside < places(limits, address) { Ok(()) } else { Err(Refused::TooMany(inside)) }
    }

    /// A place inside: however many come at once, there is not one more than there may be.
    fn place(&self, limits: &Limits, address: IpAddr) -> Result<Place, Refused> {
        let one_more = |inside| (inside < places(limits, address)).then_some(inside + 1);
        match self.gauges.inside.fetch_update(Relaxed, Relaxed, one_more) {
            Ok(_) => Ok(Place(self.gauges.clone())),
            Err(inside) => Err(Refused::TooMany(inside)),
        }
    }

    /// Logs why somebody was sent away, once a minute of each address.
    fn tell(&self, address: IpAddr, why: &dyn std::fmt::Display) {
        match self.throttle.tells(address, Instant::now()) {
            Some(0) => tracing::info!("refused a client from {address}: {why}"),
            Some(more) => {
                tracing::info!("refused a client from {address}: {why}; and {more} more in the last minutes");
            }
            None => tracing::debug!("refused a client from {address}: {why}"),
        }
    }
}

/// Connections that there may be before one from this address.
fn places(limits: &Limits, address: IpAddr) -> u64 {
    let kept = if address.is_loopback() { 0 } else { limits.loopback_reserved };
    (limits.connections_max - kept) as u64
}

/// How long somebody is listened to who is being sent away, and for how many bytes.
const FAREWELL: Duration = Duration::from_secs(1);
/// See [`FAREWELL`].
const UNHEARD_MAX: u64 = 4 << 20;

/// Says the last word to somebody who may not listen to it.
async fn send_away(link: &mut (impl AsyncRead + AsyncWrite + Unpin), word: &[u8]) {
    let farewell = async {
        link.write_all(word).await?;
        link.shutdown().await?;
        // What it is still sending is read, or the kernel would throw the word away with it.
        tokio::io::copy(&mut link.take(UNHEARD_MAX), &mut tokio::io::sink()).await
    };
    _ = timeout(FAREWELL, farewell).await;
}

/// Reads the first line, and what came behind it.
async fn read_line(link: &mut Link, most: usize) -> Result<(Vec<u8>, Vec<u8>), Refused> {
    let mut buffer = Vec::with_capacity(1024);
    loop {
        let from = buffer.len();
        if link.read_buf(&mut buffer).await? == 0 {
            return Err(Refused::Gone);
        }
        // A TLS client begins with a handshake record.
        if matches!(link, Link::Plain(_)) && buffer.starts_with(&[0x16, 0x03]) {
            return Err(Refused::Tls);
        }
        if let Some(at) = memchr::memchr(b'\n', &buffer[from..]) {
            let leftover = buffer.split_off(from + at + 1);
            buffer.pop();
            if buffer.last() == Some(&b'\r') {
                buffer.pop();
            }
            return if buffer.len() > most { Err(Refused::LineTooLong) } else { Ok((buffer, leftover)) };
        }
        // A CR at the end may be the line's.
        if buffer.strip_suffix(b"\r").unwrap_or(&buffer).len() > most {
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

/// Half-open connections end within their time (`G19`); small replies do not wait for one another.
fn set_options(stream: &TcpStream, limits: &Limits) -> std::io::Result<()> {
    const PROBES: u32 = 3;
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, limits.keepalive_after)?;
    let between = (limits.unreachable_timeout - limits.keepalive_after) / PROBES;
    sockopt::set_tcp_keepintvl(stream, between.max(Duration::from_secs(1)))?;
    sockopt::set_tcp_keepcnt(stream, PROBES)?;
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(
        stream,
        u32::try_from(limits.unreachable_timeout.as_millis()).unwrap_or(u32::MAX),
    )?;
    Ok(())
}
