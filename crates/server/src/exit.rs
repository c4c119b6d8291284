//! How the process ends: every exit code, and what leads to it.
//!
//! The numbers are those of `sysexits.h`, so that a supervisor can tell what waiting may cure (an address in use) from
//! what it cannot (damage, a wrong configuration).

use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use bessemer::{Error, TlsError};
use bessemer_protocol::text::shown;
use bessemer_store::tools::ToolError;
use bessemer_store::{Fatal, OpenError};

use crate::cli;
use crate::config::ConfigError;
use crate::server::{RunError, StartError};

/// The table of exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// A graceful stop.
    Stopped = 0,
    /// An environment that is none (rule `O-02`).
    Environment = 1,
    /// A flag that is none; clap ends the process with this one. Or what a flag says makes no sense.
    Usage = 2,
    /// The operator was asked, and said no.
    Declined = 3,
    /// The store is damaged, of a newer format, Faktory's, or a backup. Or what a tool reads is not what it should be.
    Damage = 65,
    /// There is not what a tool was to read, or to act on.
    NoInput = 66,
    /// A port that cannot be listened at, or a server that cannot be reached.
    Address = 69,
    /// The operating system refuses a thread or random bits.
    System = 71,
    /// Another process has the directory, or a tool is to fill one that is not empty.
    Locked = 73,
    /// The disk failed.
    Io = 74,
    /// The log moved on faster than a tool could read it: to be tried again.
    Restless = 75,
    /// The server refused a command, or does not speak the protocol.
    Refused = 76,
    /// The data directory belongs to somebody else, the password is wrong, or a certificate is not trusted.
    Permission = 77,
    /// The configuration is wrong.
    Config = 78,
    /// A signal ended a tool before it was done; shells say 128 and its number.
    Interrupted = 130,
}

/// Why the process cannot start or go on: one line for an operator, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// The line; none where everything has been said.
    pub what: String,
}

impl Failure {
    /// Says it on standard error, below the help where a flag was wrong (rule `O-02`). The code is for `main` to
    /// return.
    pub fn report(&self) -> ExitCode {
        // Who has closed standard error does not want to know, and has the code.
        let mut err = io::stderr();
        if self.exit == Exit::Environment {
            _ = writeln!(err, "{}", cli::help());
        }
        if !self.what.is_empty() {
            _ = writeln!(err, "bessemer: {}", shown(&self.what));
        }
        ExitCode::from(self.exit as u8)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self { exit: error.exit(), what: error.to_string() }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Start(error) => error.into(),
            RunError::Fatal(fatal) => fatal.into(),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let what = error.to_string();
        match error {
            StartError::Store(error) => error.into(),
            StartError::Bind { .. } => Self { exit: Exit::Address, what },
            StartError::SmallDisk { .. } => Self { exit: Exit::Config, what },
            StartError::Thread(_) | StartError::Entropy(_) | StartError::Ended => {
                Self { exit: Exit::System, what }
            }
        }
    }
}

impl From<getrandom::Error> for Failure {
    fn from(error: getrandom::Error) -> Self {
        StartError::from(error).into()
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let what = error.to_string();
        match error {
            // The usual reason is a second server by accident (`D18`).
            OpenError::InUse { .. } => {
                Self { exit: Exit::Locked, what: format!("{what}; try `-d DIR -b :7519 -w :7520`") }
            }
            OpenError::Damaged { .. } => {
                let hint = "`bessemer verify` lists all damage, `bessemer salvage` saves what can be read";
                Self { exit: Exit::Damage, what: format!("{what}; {hint}") }
            }
            OpenError::TooNew { .. }
            | OpenError::Faktory { .. }
            | OpenError::Backup { .. }
            | OpenError::Draft { .. } => Self { exit: Exit::Damage, what },
            OpenError::Failed(fatal) => fatal.into(),
        }
    }
}

impl From<ToolError> for Failure {
    fn from(error: ToolError) -> Self {
        let what = error.to_string();
        let exit = match error {
            // A tool has no ports to move.
            ToolError::Store(OpenError::InUse { .. }) | ToolError::NotEmpty { .. } => Exit::Locked,
            ToolError::Store(error) => return error.into(),
            ToolError::NoStore { .. } | ToolError::NoBackup { .. } => Exit::NoInput,
            ToolError::OtherStore { .. } => Exit::Locked,
            ToolError::Restless { .. } => Exit::Restless,
            ToolError::Output(_) => Exit::Io,
            ToolError::Broken(_) => Exit::Damage,
        };
        Self { exit, what }
    }
}

impl From<Fatal> for Failure {
    fn from(fatal: Fatal) -> Self {
        let exit = match fatal.source.kind() {
            ErrorKind::PermissionDenied => Exit::Permission,
            // What was read is not what was written: waiting cures it as little as at a start (`G15`).
            ErrorKind::InvalidData => Exit::Damage,
            _ => Exit::Io,
        };
        Self { exit, what: fatal.to_string() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::Connect { .. }
            | Error::NoGreeting { .. }
            | Error::Io { .. }
            | Error::Closed { .. }
            | Error::Timeout { .. }
            | Error::Unusable => Exit::Address,
            Error::PasswordRequired { .. } => Exit::Permission,
            Error::Login { .. } if error.is_transient() => Exit::Address,
            Error::Login { .. } => Exit::Permission,
            Error::Tls { source: TlsError::PlainText | TlsError::Other(_), .. } => Exit::Refused,
            Error::Tls { .. } => Exit::Permission,
            Error::TlsFile { .. }
            | Error::SystemTrust(_)
            | Error::NotEncrypted { .. }
            | Error::Setting { .. } => Exit::Config,
            Error::Handshake { .. }
            | Error::Malformed { .. }
            | Error::Document { .. }
            | Error::Unexpected { .. }
            | Error::Server { .. }
            | Error::Unsupported { .. } => Exit::Refused,
            Error::NoSuchBatch { .. } => Exit::NoInput,
            Error::Entropy(_) | Error::Signals(_) => Exit::System,
            _ => Exit::Usage,
        };
        let hint = match &error {
            Error::Connect { source, .. } if source.kind() == ErrorKind::ConnectionRefused => {
                "; nothing listens there: `bessemer` starts a server, --url names another"
            }
            Error::Unsupported { .. } => ": it is not Bessemer, or an older one",
            _ => "",
        };
        Self { exit, what: error.chain() + hint }
    }
}

#[cfg(test)]
mod tests {
    use bessemer::ServerError;

    use super::*;

    fn ended(error: impl Into<Failure>) -> (u8, String) {
        let failure = error.into();
        (failure.exit as u8, failure.to_string())
    }

    fn fatal(kind: ErrorKind) -> Fatal {
        Fatal { action: "write", path: "/data/1.seg".into(), offset: 512, source: io::Error::from(kind) }
    }

    #[test]
    fn each_failure_has_its_code() {
        let path = || "/data".to_owned();
        assert_eq!(ended(ConfigError::Environment("x".into())).0, 1);
        assert_eq!(ended(ConfigError::PasswordRequired).0, 78);
        let source = io::Error::from(ErrorKind::AddrInUse);
        let taken = StartError::Bind { binding: "localhost:7419".into(), source };
        assert_eq!(ended(RunError::Start(taken)).0, 69);
        let small = StartError::SmallDisk { place: path(), high: 384, disk: 24, directory: path() };
        assert_eq!(ended(small).0, 78);
        assert_eq!(ended(StartError::Ended).0, 71);
        assert_eq!(ended(OpenError::Damaged { path: path(), offset: 0, what: "a gap".into() }).0, 65);
        let line = ended(OpenError::Damaged { path: path(), offset: 0, what: "a gap".into() }).1;
        assert!(line.ends_with("`bessemer salvage` saves what can be read"), "{line}");
        assert_eq!(ended(OpenError::TooNew { path: path(), version: 2, known: 1 }).0, 65);
        assert_eq!(ended(OpenError::Faktory { path: path() }).0, 65);
        assert_eq!(ended(OpenError::Draft { path: path() }).0, 65);
        assert_eq!(ended(RunError::Fatal(fatal(ErrorKind::StorageFull))).0, 74);
        assert_eq!(ended(OpenError::Failed(fatal(ErrorKind::PermissionDenied))).0, 77);
        assert_eq!(ended(RunError::Fatal(fatal(ErrorKind::InvalidData))).0, 65);
    }

    #[test]
    fn a_tool_that_cannot_has_a_code_too() {
        let path = || "/data".to_owned();
        assert_eq!(ended(ToolError::NoStore { path: path() }).0, 66);
        assert_eq!(ended(ToolError::NoBackup { path: path() }).0, 66);
        assert_eq!(ended(ToolError::NotEmpty { path: path(), name: "x".into() }).0, 73);
        assert_eq!(ended(ToolError::OtherStore { path: path() }).0, 73);
        assert_eq!(ended(ToolError::Restless { path: path() }).0, 75);
        let in_use = ended(ToolError::Store(OpenError::InUse { path: path(), pid: Some(17) }));
        assert_eq!(in_use, (73, "the data directory /data is in use by PID 17".into()));
        assert_eq!(ended(ToolError::Store(OpenError::Backup { path: path() })).0, 65);
    }

    #[test]
    fn a_server_that_cannot_be_talked_to_has_one_line_and_a_code() {
        let url = || "tcp://h:7419".to_owned();
        let source = io::Error::from(ErrorKind::ConnectionRefused);
        let (code, line) = ended(Error::Connect { url: url(), source });
        assert_eq!(code, 69);
        assert!(
            line.starts_with("cannot connect to tcp://h:7419: connection refused; nothing listens"),
            "{line}"
        );
        let answer = |text: &str| ServerError::parse(text);
        assert_eq!(ended(Error::Login { url: url(), answer: answer("ERR Invalid password") }).0, 77);
        assert_eq!(ended(Error::Login { url: url(), answer: answer("ERR too many connections: 9") }).0, 69);
        assert_eq!(ended(Error::PasswordRequired { url: url() }).0, 77);
        let what = "JOBS (Bessemer feature)";
        let refused = Error::Unsupported { what, answer: answer("ERR unknown command JOBS") };
        let line = "the server has no JOBS (Bessemer feature): it is not Bessemer, or an older one";
        assert_eq!(ended(refused), (76, line.into()));
        let tls = |source| ended(Error::Tls { url: "tcp+tls://h:7419".into(), source });
        assert_eq!((tls(TlsError::UnknownAuthority).0, tls(TlsError::CertificateRequired).0), (77, 77));
        let plain =
            "no TLS with tcp+tls://h:7419: it speaks plain text, and its address would begin with tcp://";
        assert_eq!(tls(TlsError::PlainText), (76, plain.into()));
        assert_eq!(ended(Error::TlsFile { path: "/ca.pem".into(), what: "is gone".into() }).0, 78);
    }

    #[test]
    fn a_second_server_is_told_how_to_start_beside_the_first_d18() {
        let (code, line) = ended(OpenError::InUse { path: "/data".into(), pid: Some(17) });
        assert_eq!(code, 73);
        assert_eq!(line, "the data directory /data is in use by PID 17; try `-d DIR -b :7519 -w :7520`");
    }
}
