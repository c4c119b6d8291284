//! Signals: INT and TERM end the server gracefully, also when it is process 1 (rules `O-09`, `O-11`).

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Handlers that stand. The kernel shields process 1 from signals that it does not handle, so they are installed
/// before anything else is done.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Installs the handlers, inside a runtime.
    pub(crate) fn install() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Returns when the process is asked to end.
    pub(crate) async fn asked_to_end(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => tracing::info!("interrupted"),
            _ = self.terminate.recv() => tracing::info!("asked to terminate"),
        }
    }
}
