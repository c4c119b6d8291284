//! Signals: INT and TERM end the server gracefully, also when it is process 1 (rules `O-09`, `O-11`). XFSZ, which says
//! that a file has reached the size that a process may write, must not end it: the write fails, and that is told as
//! every failed write is (`G14`).

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Handlers that stand. The kernel shields process 1 from signals that it does not handle, so they are installed
/// before anything else is done.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Only its handler matters: the write that caused it says what there is to say.
    _file_size: Signal,
}

impl Signals {
    /// Installs the handlers, inside a runtime.
    pub(crate) fn install() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            _file_size: signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?,
        })
    }

    /// Returns when the process is asked to end.
    pub(crate) async fn asked_to_end(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => tracing::info!("interrupted"),
            _ = self.terminate.recv() => tracing::info!("asked to terminate"),
        }
    }
}
