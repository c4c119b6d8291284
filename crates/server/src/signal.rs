//! Signals (rules `O-09`, `O-11`): INT and TERM end the server gracefully, also when it is process 1; HUP has it read its
//! configuration again; TTIN has it say what it is doing. XFSZ, which says that a file has reached the size that a
//! process may write, must not end it: the write fails, and that is told as every failed write is (`G14`).

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What somebody wants of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To end.
    End,
    /// To read its configuration again.
    Reload,
    /// To say what it is doing.
    Describe,
}

/// Handlers that stand. The kernel shields process 1 from signals that it does not handle, so they are installed
/// before anything else is done.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    describe: Signal,
    /// Only its handler matters: the write that caused it says what there is to say.
    _file_size: Signal,
}

impl Signals {
    /// Installs the handlers, inside a runtime.
    pub(crate) fn install() -> std::io::Result<Self> {
        let other = |signal: rustix::process::Signal| SignalKind::from_raw(signal.as_raw());
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            describe: signal(other(rustix::process::Signal::TTIN))?,
            _file_size: signal(other(rustix::process::Signal::XFSZ))?,
        })
    }

    /// Waits for the next one. Those that come while one is followed are one.
    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => {
                tracing::info!("interrupted");
                Asked::End
            }
            _ = self.terminate.recv() => {
                tracing::info!("asked to terminate");
                Asked::End
            }
            _ = self.hangup.recv() => Asked::Reload,
            _ = self.describe.recv() => Asked::Describe,
        }
    }
}
