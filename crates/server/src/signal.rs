//! Signals: INT and TERM end the server gracefully, also when it is process 1 (rules `O-09`, `O-11`).

use tokio::signal::unix::{SignalKind, signal};

/// Returns when the process is asked to end. The handlers stand from the first poll on, so that a process 1, which
/// the kernel shields from signals that it does not handle, gets them.
pub(crate) async fn asked_to_end() -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => tracing::info!("interrupted"),
        _ = terminate.recv() => tracing::info!("asked to terminate"),
    }
    Ok(())
}
