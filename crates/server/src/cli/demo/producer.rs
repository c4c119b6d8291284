//! The demo's producer: so many jobs a second, and none while too many wait.

use std::time::Duration;

use bessemer::{Bessemer, NewJob};
use tokio::time::{MissedTickBehavior, interval};

use super::kinds::{KINDS, Kind, QUEUES};
use crate::cli::progress::Progress;
use crate::exit::Failure;

/// Between two pushes.
const TICK: Duration = Duration::from_millis(250);

/// Business comes in waves of this many ticks: for half of one the queues fill, for the other half they empty.
const WAVE: f64 = 160.0;

/// With so many seconds' worth of jobs in the queues the producer waits: it may be that nobody works.
const BACKLOG_S: f64 = 30.0;

/// Jobs that may always wait.
const BACKLOG_MIN: u64 = 100;

/// Pushes.
pub(super) struct Producer {
    pub(super) app: Bessemer,
    pub(super) rate: f64,
    pub(super) run: String,
    pub(super) pushed: u64,
    pub(super) progress: Progress,
}

impl Producer {
    /// Pushes until it is dropped; one of each kind first.
    pub(super) async fn push(&mut self) -> Result<std::convert::Infallible, Failure> {
        let first = KINDS.iter().map(|kind| kind.job(&self.run)).collect::<Result<Vec<_>, _>>()?;
        self.send(first).await?;
        let most = BACKLOG_MIN.max((self.rate * BACKLOG_S) as u64);
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut owed, mut time) = (0.0, 0.0);
        loop {
            ticks.tick().await;
            owed += self.rate * TICK.as_secs_f64() * wave(time);
            time += 1.0;
            let queues = self.app.info().await?.faktory.queues;
            let waiting: u64 = QUEUES.iter().filter_map(|name| queues.get(*name)).sum();
            let room = most.saturating_sub(waiting);
            let jobs = (owed as u64).min(room);
            owed = if room == 0 { 0.0 } else { owed - jobs as f64 };
            let jobs = (0..jobs).map(|_| Kind::drawn().job(&self.run)).collect::<Result<Vec<_>, _>>()?;
            self.send(jobs).await?;
        }
    }

    async fn send(&mut self, jobs: Vec<NewJob>) -> Result<(), Failure> {
        let count = jobs.len();
        let refused = self.app.push_all(jobs).await?.len();
        self.pushed += (count - refused) as u64;
        self.progress.tell_jobs(self.pushed, None);
        Ok(())
    }
}

/// By how much more or less than usual is pushed at some tick; 1 in the middle of a wave.
fn wave(tick: f64) -> f64 {
    1.0 + 0.8 * (tick / WAVE * std::f64::consts::TAU).sin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_brings_as_many_jobs_as_its_rate_says() {
        let sum: f64 = (0..WAVE as u32).map(|tick| wave(f64::from(tick))).sum();
        assert!((sum - WAVE).abs() < 1e-6, "{sum}");
        assert!((0..WAVE as u32).all(|tick| wave(f64::from(tick)) > 0.0));
    }
}
