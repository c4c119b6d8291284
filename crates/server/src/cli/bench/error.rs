//! Why a measurement cannot begin, or does not count.

use std::io;
use std::time::Duration;

use bessemer_protocol::handshake::HiError;
use bessemer_protocol::resp::DecodeError;
use bessemer_protocol::url::UrlError;

use crate::exit::{Exit, Failure};

pub(super) type Result<T> = std::result::Result<T, BenchError>;

/// One line each. `server` is a name of the table, or an address without its password.
#[derive(Debug, thiserror::Error)]
pub(super) enum BenchError {
    #[error("{0}; the servers of this program are called strict and relaxed")]
    Address(#[from] UrlError),
    #[error("{0}")]
    Usage(String),
    #[error("{directory} is on {kind}, which is memory: name a directory on a disk with --directory")]
    InMemory { directory: String, kind: &'static str },
    #[error("cannot use the directory {directory}: {source}")]
    Directory { directory: String, source: io::Error },
    #[error("cannot {what}: {source}")]
    System { what: &'static str, source: io::Error },
    #[error("{server}: cannot connect: {source}")]
    Connect { server: String, source: io::Error },
    /// What the library says best: files of TLS, and why there is no talking by it.
    #[error("{}", .0.chain())]
    Client(Box<bessemer::Error>),
    #[error("{server}: {source}")]
    Greeting { server: String, source: HiError },
    #[error("{server}: the server has a password, which belongs into its address: tcp://:PASSWORD@HOST")]
    PasswordRequired { server: String },
    #[error("{server}: {verb} was refused: {answer}")]
    Refused { server: String, verb: &'static str, answer: String },
    #[error("{server}: {verb} was answered with {answer}")]
    Odd { server: String, verb: &'static str, answer: String },
    #[error("{server}: no reply can be read: {source}")]
    Malformed { server: String, source: DecodeError },
    #[error("{server}: the connection ended: {source}")]
    Ended { server: String, source: io::Error },
    #[error("{server}: {what} was not done after {} s", after.as_secs())]
    Silent { server: String, what: String, after: Duration },
    #[error("{server}: not exactly once: {what}")]
    NotOnce { server: String, what: String },
    #[error("{server}: the server ended ({status}): {said}")]
    Child { server: String, status: String, said: String },
    #[error("interrupted")]
    Interrupted,
}

impl BenchError {
    /// Of a connection that the library opens.
    pub(super) fn of_client(server: &str, error: bessemer::Error) -> Self {
        match error {
            bessemer::Error::Connect { source, .. } => Self::Connect { server: server.into(), source },
            error => Self::Client(Box::new(error)),
        }
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        if let BenchError::Client(error) = error {
            return (*error).into();
        }
        let exit = match &error {
            BenchError::Address(_) | BenchError::Usage(_) | BenchError::InMemory { .. } => Exit::Usage,
            BenchError::Directory { .. } => Exit::Io,
            BenchError::System { .. } => Exit::System,
            BenchError::NotOnce { .. } => Exit::Damage,
            BenchError::PasswordRequired { .. } | BenchError::Refused { verb: "HELLO", .. } => {
                Exit::Permission
            }
            BenchError::Refused { .. }
            | BenchError::Odd { .. }
            | BenchError::Malformed { .. }
            | BenchError::Greeting { .. } => Exit::Refused,
            BenchError::Interrupted => Exit::Interrupted,
            _ => Exit::Address,
        };
        Self { exit, what: error.to_string() }
    }
}
