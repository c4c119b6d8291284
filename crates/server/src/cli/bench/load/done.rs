//! How many jobs are done, for whoever waits for the last.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

/// So long without another job, and the rest will not come.
const STALL: Duration = Duration::from_secs(30);

/// Jobs that were done.
pub(super) struct Done {
    jobs: Cell<u64>,
    wanted: Cell<Option<u64>>,
    bell: Notify,
    stall: Duration,
}

impl Default for Done {
    fn default() -> Self {
        Self { jobs: Cell::default(), wanted: Cell::default(), bell: Notify::new(), stall: STALL }
    }
}

impl Done {
    pub(super) fn one_more(&self) {
        self.jobs.set(self.jobs.get() + 1);
        if self.wanted.get() == Some(self.jobs.get()) {
            self.bell.notify_one();
        }
    }

    /// Waits for so many in all, or until there are no more: then jobs are lost, which the ledger says.
    pub(super) async fn wait_for(&self, jobs: u64) {
        self.wanted.set(Some(jobs));
        while self.jobs.get() < jobs {
            let before = self.jobs.get();
            if timeout(self.stall, self.bell.notified()).await.is_err() && self.jobs.get() == before {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_job_ends_the_wait_and_so_does_a_stall() {
        let done = Done { stall: Duration::MAX, ..Done::default() };
        done.one_more();
        done.wait_for(1).await;
        tokio::join!(done.wait_for(3), async {
            done.one_more();
            done.one_more();
        });
        let lost = Done { stall: Duration::from_millis(1), ..Done::default() };
        lost.wait_for(1).await;
    }
}
