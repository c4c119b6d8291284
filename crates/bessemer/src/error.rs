//! What can go wrong between an application and its server. What goes wrong inside a job is a
//! [`Failure`](crate::Failure).

use std::io;
#[cfg(feature = "tls")]
use std::path::PathBuf;
use std::time::Duration;

use crate::client::batch::Bid;
use crate::client::pool::Rejected;
use bessemer_protocol::handshake::HiError;
use bessemer_protocol::resp::DecodeError;
use bessemer_protocol::response::{ErrorCode, ServerError};
use bessemer_protocol::url::UrlError;

#[cfg(feature = "tls")]
use crate::client::tls::TlsError;

/// Why a command did not succeed, or a worker did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of the server, or the environment variable that holds it, cannot be read.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A limit that is out of its range, or a variable of the environment that needs another one.
    #[error("{name} {what}")]
    Setting { name: &'static str, what: String },
    /// Nobody answers at the address.
    #[error("cannot connect to {url}")]
    Connect { url: String, source: io::Error },
    /// There is no talking by TLS to who answers at the address.
    #[cfg(feature = "tls")]
    #[error("no TLS with {url}")]
    Tls { url: String, source: TlsError },
    /// A file of certificates, or of a key, is of no use.
    #[cfg(feature = "tls")]
    #[error("{}: {what}", path.display())]
    TlsFile { path: PathBuf, what: String },
    /// The operating system trusts nobody, as in a container without a package of authorities.
    #[cfg(feature = "tls")]
    #[error(
        "no trusted authorities on this machine, and no CA file is named (ca_file, BESSEMER_CA_FILE): {0}"
    )]
    SystemTrust(String),
    /// Files of TLS are named, and the address says to do without.
    #[cfg(feature = "tls")]
    #[error("{url} is not encrypted, though files of TLS are named: the address of TLS is tcp+tls://")]
    NotEncrypted { url: String },
    /// A `tcp+tls://` address, and the library was built without it.
    #[cfg(not(feature = "tls"))]
    #[error(
        "{url} cannot be spoken to: this program was built without the feature `tls` of the crate bessemer"
    )]
    NoTls { url: String },
    /// Who answers at the address says nothing, or hangs up.
    #[error("{url} does not greet{hint}")]
    NoGreeting { url: String, hint: &'static str },
    /// The server wants a password and the address has none.
    #[error(
        "{url} wants a password: write it into the address, {}://:PASSWORD@HOST:PORT",
        url.split("://").next().unwrap_or("tcp")
    )]
    PasswordRequired { url: String },
    /// The server refused the login, mostly because of a wrong password.
    #[error("{url} refused the login: {answer}")]
    Login { url: String, answer: ServerError },
    /// What greets at the address is not a server of this protocol.
    #[error("handshake with {url} failed")]
    Handshake { url: String, source: HiError },
    /// The connection broke. Whether the command took effect is unknown.
    #[error("connection broke during {command}")]
    Io { command: &'static str, source: io::Error },
    /// The server closed the connection. Whether the command took effect is unknown.
    #[error("server closed the connection during {command}")]
    Closed { command: &'static str },
    /// There was no answer in time. Whether the command took effect is unknown.
    #[error("no answer to {command} within {after:?}")]
    Timeout { command: &'static str, after: Duration },
    /// An earlier command on this connection was given up half way, so that replies can no longer be told apart.
    #[error("connection is unusable since an earlier command was given up")]
    Unusable,
    /// The server's bytes are no reply.
    #[error("malformed reply to {command}")]
    Malformed { command: &'static str, source: DecodeError },
    /// The reply's document is not what the command promises.
    #[error("unreadable document in the reply to {command}")]
    Document { command: &'static str, source: serde_json::Error },
    /// The reply is of a kind that the command never gets.
    #[error("unexpected reply to {command}: {reply}")]
    Unexpected { command: &'static str, reply: String },
    /// The server said no. Nothing changed.
    #[error("server refused {command}: {answer}")]
    Server { command: &'static str, answer: ServerError },
    /// The server lacks a part of the protocol, as it says itself. Nothing changed.
    #[error("the server has no {what}")]
    Unsupported { what: &'static str, answer: ServerError },
    /// The server has no such batch, or no longer.
    #[error("the server has no batch {bid}")]
    NoSuchBatch { bid: String },
    /// A batch that would never tell anybody of its end.
    #[error("a batch needs a job to be run at its end: on_success, on_complete, or both")]
    NoCallback,
    /// The server refused jobs of a batch, which is open still: nothing is run at its end before it is committed.
    #[error("batch {bid} is not committed: {} of its jobs were refused, the first, {}: {}", rejected.len(), rejected[0].jid, rejected[0].error)]
    Incomplete { bid: Bid, rejected: Vec<Rejected> },
    /// A filter that means nothing, which servers take for everything.
    #[error("the filter {0}")]
    Filter(String),
    /// An option that servers would refuse, or not take as it was meant.
    #[error("{jobtype} cannot be pushed: {what}")]
    Option { jobtype: String, what: String },
    /// A text that is no single line was to be sent as one.
    #[error("a command is one line, and this text has a line end in it")]
    NotALine,
    /// A queue or a worker cannot have this name.
    #[error("name {0:?} is empty, or has white space or a control character in it")]
    NotAName(String),
    /// A job's arguments cannot be written as JSON.
    #[error("arguments of {jobtype} cannot be written as JSON")]
    Arguments { jobtype: String, source: serde_json::Error },
    /// The time of `perform_at` lies outside the years that can be written.
    #[error("time of the job is not within the years -9999 to 9999")]
    Time,
    /// `perform_async` was called without a client.
    #[error("no client to push with: call Bessemer::install_global first, or name one with with().on(&app)")]
    NoGlobal,
    /// The operating system gives no random bits.
    #[error("no random bits for an id")]
    Entropy(#[source] getrandom::Error),
    /// The operating system does not let signals be handled.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
    /// Two jobs of one name were given to a worker.
    #[error("job type {0} is registered twice")]
    DuplicateJob(&'static str),
    /// A layer around pushes answered an error of its own.
    #[error("a layer refused the push")]
    Layer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The port of the health probe cannot be opened.
    #[error("cannot answer health probes at {address}")]
    Probe { address: String, source: io::Error },
    /// A job needs a value that its worker was not given.
    #[error("job {jobtype} needs a {state}, and the worker was given none: add one with .state(…)")]
    MissingState { jobtype: &'static str, state: String },
    /// The operating system gives no thread.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The worker has no jobs, no queues or no slots, or a queue whose name has a space.
    #[error("worker cannot start: {0}")]
    Worker(&'static str),
}

impl Error {
    /// Whether the server refused a unique job because its like is there already: often a normal outcome.
    pub fn is_not_unique(&self) -> bool {
        matches!(self, Self::Server { answer, .. } if answer.code == ErrorCode::NotUnique)
    }

    /// Whether trying again, on a new connection, may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::NoGreeting { .. }
            | Self::Io { .. }
            | Self::Closed { .. }
            | Self::Timeout { .. }
            | Self::Unusable
            | Self::Malformed { .. } => true,
            // H-49: a server on its way down; another one is to take its place.
            Self::Server { answer, .. } | Self::Login { answer, .. } => {
                answer.code == ErrorCode::Shutdown
                    || answer.text.contains("shutdown in progress")
                    || answer.text.starts_with("too many connections")
            }
            _ => false,
        }
    }

    /// The error and all its causes on one line, for logs.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_says_every_cause_on_one_line() {
        let source = io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused");
        let error = Error::Connect { url: "tcp://h:1".into(), source };
        assert_eq!(error.chain(), "cannot connect to tcp://h:1: connection refused");
        let answer = ServerError { code: ErrorCode::Err, text: "Invalid password".into() };
        let error = Error::Login { url: "tcp://h:1".into(), answer };
        assert_eq!(error.chain(), "tcp://h:1 refused the login: Invalid password");
        assert!(!error.is_transient());
    }
}
