//! How a server is reached: its address, the limits of the connections to it, and whom TLS trusts.
//!
//! What is not said here the environment says, as operators expect it; what neither says has a default.

use std::fmt;
use std::ops::RangeInclusive;
#[cfg(feature = "tls")]
use std::path::PathBuf;
use std::time::Duration;

use bessemer_protocol::url::{Url, UrlError};

use crate::client::Server;
use crate::client::pool::Bessemer;
#[cfg(feature = "tls")]
use crate::client::tls::{Files, Identity, Tls};
use crate::error::Error;

/// The limits of a handle's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// At the same time, at most; further callers wait for one.
    pub(crate) connections: usize,
    /// Kept open while nobody uses them.
    pub(crate) idle: usize,
    /// From the first packet to the end of the handshake.
    pub(crate) connect: Duration,
    /// From the first byte of a command written to the last byte of its answer read.
    pub(crate) command: Duration,
    /// How long a command is tried again before its caller learns that the server is away.
    pub(crate) patience: Duration,
}

impl Limits {
    pub(crate) const DEFAULT: Self = Self {
        connections: 16,
        idle: 4,
        connect: Duration::from_secs(5),
        command: Duration::from_secs(5),
        patience: Duration::from_secs(10),
    };

    const CONNECTIONS: RangeInclusive<usize> = 1..=1_000;
    /// A deadline of less is missed by healthy servers.
    const DEADLINE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(600);
    /// Below the 60 s within which a server takes a push with the same id and text for the same push.
    const PATIENCE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(50);

    fn check(&self) -> Result<(), Error> {
        within("connections", &self.connections, &Self::CONNECTIONS)?;
        within("idle_connections", &self.idle, &(0..=self.connections))?;
        within("connect_timeout", &self.connect, &Self::DEADLINE)?;
        within("command_timeout", &self.command, &Self::DEADLINE)?;
        within("patience", &self.patience, &Self::PATIENCE)
    }
}

fn within<T: PartialOrd + fmt::Debug>(
    name: &'static str,
    value: &T,
    range: &RangeInclusive<T>,
) -> Result<(), Error> {
    if range.contains(value) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    Err(Error::Setting { name, what: format!("is {value:?}, and may be {least:?} to {most:?}") })
}

/// A handle in preparation, from [`Bessemer::builder`].
///
/// ```no_run
/// use bessemer::Bessemer;
///
/// # fn main() -> Result<(), bessemer::Error> {
/// let app = Bessemer::builder()
///     .url("tcp+tls://:secret@jobs.example.com")
///     .ca_file("/etc/jobs/ca.pem")
///     .client_certificate("/etc/jobs/client.pem", "/etc/jobs/client.key")
///     .connections(50)
///     .connect()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "there is no handle before connect is called"]
pub struct Builder {
    url: Option<Result<Url, UrlError>>,
    limits: Limits,
    #[cfg(feature = "tls")]
    files: Files,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            url: None,
            limits: Limits::DEFAULT,
            #[cfg(feature = "tls")]
            files: Files::default(),
        }
    }

    /// The server: `tcp://[user][:password]@host[:port]`, or `tcp+tls://` and the same.
    ///
    /// Default: the variable that `FAKTORY_PROVIDER` names, else `FAKTORY_URL`, else `BESSEMER_URL`, else
    /// `tcp://localhost:7419`.
    pub fn url(mut self, url: &str) -> Self {
        self.url = Some(url.parse());
        self
    }

    /// The same, read already.
    pub fn address(mut self, url: Url) -> Self {
        self.url = Some(Ok(url));
        self
    }

    /// Trusts the authorities in this PEM file, and no others. A server's certificate that is in the file itself is
    /// trusted too, for the names in it.
    ///
    /// Default: the file that `BESSEMER_CA_FILE` names, else what the operating system trusts.
    #[cfg(feature = "tls")]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.authorities = Some(path.into());
        self
    }

    /// Trusts the server that has exactly the first certificate in this PEM file, whatever names are in it and whoever
    /// signed it: for a server on the same machine, or one whose certificate signs itself.
    #[cfg(feature = "tls")]
    pub fn server_certificate(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.server = Some(path.into());
        self
    }

    /// Shows this certificate to servers that ask for one: PEM files of the certificate, with those that lead to its
    /// authority, and of its key.
    ///
    /// Default: the files that `BESSEMER_CLIENT_CERTIFICATE` and `BESSEMER_CLIENT_KEY` name, else none.
    #[cfg(feature = "tls")]
    pub fn client_certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.files.identity = Some(Identity { certificate: certificate.into(), key: key.into() });
        self
    }

    /// Connections at the same time at most, 1 to 1000; who finds them all in use waits. Default: 16. Workers have
    /// their own beside these.
    pub fn connections(mut self, most: usize) -> Self {
        self.limits.connections = most;
        self.limits.idle = self.limits.idle.min(most);
        self
    }

    /// Connections that are kept open while nobody uses them, at most all. Default: 4.
    pub fn idle_connections(mut self, most: usize) -> Self {
        self.limits.idle = most;
        self
    }

    /// How long opening a connection may take, from the first packet to the end of the login: 100 ms to 10 min.
    /// Default: 5 s.
    pub fn connect_timeout(mut self, deadline: Duration) -> Self {
        self.limits.connect = deadline;
        self
    }

    /// How long a command may take, from the first byte that is sent to the last one that is read: 100 ms to 10 min.
    /// Default: 5 s. FETCH has the 2 s more for which the server may wait, and what changes a whole store has a minute.
    pub fn command_timeout(mut self, deadline: Duration) -> Self {
        self.limits.command = deadline;
        self
    }

    /// How long a command is tried again, on new connections, while the server cannot be reached: at most 50 s, so that
    /// a push that is tried again is not taken for another one. Default: 10 s.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.limits.patience = patience;
        self
    }

    /// Makes the handle. Reads the files of TLS; does not connect yet.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::Setting`] for a limit that is out of its range, [`Error::TlsFile`].
    pub fn connect(self) -> Result<Bessemer, Error> {
        self.server(|name| std::env::var(name).ok()).map(Bessemer::to)
    }

    pub(crate) fn server(self, env: impl Fn(&str) -> Option<String>) -> Result<Server, Error> {
        self.limits.check()?;
        let url = match self.url {
            Some(url) => url?,
            None => Url::from_lookup(&env)?,
        };
        #[cfg(feature = "tls")]
        let server = match (url.tls, self.files) {
            (true, files) => Server::with_dial(url, Tls::new(from_environment(files, env)?)?),
            (false, files) if files == Files::default() => Server::with_dial(url, crate::client::socket::Tcp),
            (false, _) => return Err(Error::NotEncrypted { url: url.to_string() }),
        };
        #[cfg(not(feature = "tls"))]
        let server = match url.tls {
            true => return Err(Error::NoTls { url: url.to_string() }),
            false => Server::with_dial(url, crate::client::socket::Tcp),
        };
        Ok(server.limited(self.limits))
    }
}

/// Fills in what the environment names. An empty variable counts as not set.
#[cfg(feature = "tls")]
fn from_environment(mut files: Files, env: impl Fn(&str) -> Option<String>) -> Result<Files, Error> {
    const CERTIFICATE: &str = "BESSEMER_CLIENT_CERTIFICATE";
    const KEY: &str = "BESSEMER_CLIENT_KEY";
    let set = |name| env(name).filter(|value| !value.trim().is_empty()).map(PathBuf::from);
    if files.authorities.is_none() && files.server.is_none() {
        files.authorities = set("BESSEMER_CA_FILE");
    }
    if files.identity.is_none() {
        let alone = |name, other| Err(Error::Setting { name, what: format!("is set, and {other} is not") });
        files.identity = match (set(CERTIFICATE), set(KEY)) {
            (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
            (Some(_), None) => return alone(CERTIFICATE, KEY),
            (None, Some(_)) => return alone(KEY, CERTIFICATE),
            (None, None) => None,
        };
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(builder: Builder, env: &[(&str, &str)]) -> String {
        let lookup = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        match builder.server(lookup) {
            Ok(server) => server.url.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_said_beats_what_the_environment_says_o08() {
        let env = [("FAKTORY_URL", "tcp://f"), ("BESSEMER_CA_FILE", "/gone")];
        assert_eq!(told(Builder::new(), &[]), "tcp://localhost:7419");
        assert_eq!(told(Builder::new(), &env), "tcp://f:7419", "in plain text nobody is to be trusted");
        assert_eq!(told(Builder::new().url("tcp://u"), &env), "tcp://u:7419");
        let error = "server address must begin with tcp:// or tcp+tls://";
        assert_eq!(told(Builder::new().url("u"), &env), error);
    }

    #[cfg(feature = "tls")]
    #[test]
    fn files_of_tls_come_from_the_environment_where_none_are_named() {
        let env = [("FAKTORY_URL", "tcp+tls://f"), ("BESSEMER_CA_FILE", "/gone-by-env")];
        assert!(told(Builder::new(), &env).starts_with("/gone-by-env: "));
        assert!(told(Builder::new().ca_file("/gone-by-call"), &env).starts_with("/gone-by-call: "));
        assert!(
            told(Builder::new().server_certificate("/gone-by-call"), &env).starts_with("/gone-by-call: ")
        );
        let at = |env: &[(&str, &str)]| told(Builder::new().url("tcp+tls://f"), env);
        let (certificate, key) = (("BESSEMER_CLIENT_CERTIFICATE", "/c"), ("BESSEMER_CLIENT_KEY", "/k"));
        assert_eq!(at(&[certificate]), "BESSEMER_CLIENT_CERTIFICATE is set, and BESSEMER_CLIENT_KEY is not");
        assert_eq!(
            at(&[key, (certificate.0, " ")]),
            "BESSEMER_CLIENT_KEY is set, and BESSEMER_CLIENT_CERTIFICATE is not"
        );
    }

    #[test]
    fn every_limit_has_its_range() {
        let ms = Duration::from_millis;
        let fine = |change: fn(Builder, u64) -> Builder, value| {
            told(change(Builder::new(), value), &[]) == "tcp://localhost:7419"
        };
        let connections = |builder: Builder, most| builder.connections(most as usize);
        assert!(fine(connections, 1) && fine(connections, 1_000));
        assert!(!fine(connections, 0) && !fine(connections, 1_001));
        let idle = |builder: Builder, most| builder.connections(7).idle_connections(most as usize);
        assert!(fine(idle, 0) && fine(idle, 7) && !fine(idle, 8));
        let deadlines: [fn(Builder, u64) -> Builder; 2] = [
            |builder, ms| builder.connect_timeout(Duration::from_millis(ms)),
            |builder, ms| builder.command_timeout(Duration::from_millis(ms)),
        ];
        for deadline in deadlines {
            assert!(fine(deadline, 100) && fine(deadline, 600_000));
            assert!(!fine(deadline, 99) && !fine(deadline, 600_001));
        }
        let patience = |builder: Builder, ms| builder.patience(Duration::from_millis(ms));
        assert!(fine(patience, 0) && fine(patience, 50_000) && !fine(patience, 50_001));
        assert_eq!(told(Builder::new().connections(0), &[]), "connections is 0, and may be 1 to 1000");
        assert_eq!(
            told(Builder::new().command_timeout(ms(99)), &[]),
            "command_timeout is 99ms, and may be 100ms to 600s"
        );
    }
}
