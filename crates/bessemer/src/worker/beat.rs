//! The heartbeat: tells the server that the worker lives and how it is, and hears what the server wants of it.

use std::convert::Infallible;
use std::time::Duration;

use bessemer_protocol::response::WorkerState;
use tokio::time::sleep;

use crate::client::command::Command;
use crate::client::link::Link;
use crate::error::Error;
use crate::events::{Event, emit};
use crate::worker::Crew;
use crate::worker::shutdown::Stage;

/// Beats at once, then each `every`, and at once when the worker's stage changes. Never returns.
pub(crate) async fn run(crew: &Crew, link: &mut Link, every: Duration) -> Infallible {
    loop {
        let stage = crew.stop.stage();
        let rss_kb = rss_kb();
        let command = Command::beat(&crew.hello.wid, stage.word(), rss_kb);
        let wait = match link.ask(&command).await.and_then(|answer| command.expect_state(answer)) {
            Ok(state) => {
                crew.health.heard();
                emit(&crew.app, || Event::Beat { rss_kb });
                obey(crew, state);
                every
            }
            Err(error) => {
                if matches!(error, Error::Server { .. }) {
                    // The server does not know this worker (any more); the HELLO of a new connection introduces it.
                    link.hang_up();
                }
                let pause = link.pause().min(every);
                tracing::warn!(error = error.chain(), retry_in = ?pause, "BEAT failed");
                pause
            }
        };
        tokio::select! {
            () = sleep(wait) => {}
            () = crew.stop.moved_from(stage) => {
                if stage == Stage::Running {
                    emit(&crew.app, || Event::Quiet);
                }
            }
        }
    }
}

fn obey(crew: &Crew, state: Option<WorkerState>) {
    match state {
        None => {}
        Some(WorkerState::Quiet) => crew.stop.quiet(),
        Some(WorkerState::Terminate) => crew.stop.terminate(),
    }
}

/// Resident memory of this process in KiB; 0 where it cannot be read.
fn rss_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_process_has_some_memory() {
        assert!(super::rss_kb() > 100);
    }
}
