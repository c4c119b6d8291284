//! Moments at a steady pace, as exact as the kernel wakes a thread: tokio's own timers know milliseconds only.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use bessemer_core::Boot;
use tokio::sync::watch;

use crate::clock;

/// A thread that sleeps from moment to moment. It ends with this value.
pub(super) struct Pace {
    passed: watch::Receiver<u64>,
    told: u64,
    /// Nothing is sent; the thread hears when it is dropped.
    _end: Sender<()>,
}

impl Pace {
    /// The first moment, and the time between two.
    pub(super) fn new(first: Boot, every: Duration) -> io::Result<Self> {
        let (tell, passed) = watch::channel(0);
        let (keep, end) = channel();
        std::thread::Builder::new()
            .name("pace".into())
            .spawn(move || keep_pace(first, every, &tell, &end))?;
        Ok(Self { passed, told: 0, _end: keep })
    }

    /// Waits for the next; how many have passed since the last call.
    pub(super) async fn passed(&mut self) -> io::Result<u64> {
        self.passed.changed().await.map_err(io::Error::other)?;
        let passed = *self.passed.borrow_and_update();
        Ok(passed - std::mem::replace(&mut self.told, passed))
    }
}

fn keep_pace(first: Boot, every: Duration, tell: &watch::Sender<u64>, end: &Receiver<()>) {
    let mut passed = 0;
    loop {
        let next = moment(first, every, passed);
        if let Err(RecvTimeoutError::Disconnected) = end.recv_timeout(next.since(clock::boot())) {
            return;
        }
        // A thread that woke late makes up for it.
        while moment(first, every, passed) <= clock::boot() {
            passed += 1;
        }
        tell.send_replace(passed);
    }
}

/// The moment with this number, from 0 on.
pub(super) fn moment(first: Boot, every: Duration, number: u64) -> Boot {
    first.after(Duration::from_nanos(
        u64::try_from(every.as_nanos()).unwrap_or(u64::MAX).saturating_mul(number),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_follow_each_other_to_the_nanosecond() {
        let third = Duration::from_secs(1) / 3_000;
        assert_eq!([0, 1, 3_000].map(|n| moment(Boot(7), third, n).0), [7, 340, 1_000_006]);
    }

    #[tokio::test]
    async fn no_moment_is_lost_and_none_comes_early() {
        let first = clock::boot().after(Duration::from_millis(1));
        let mut pace = Pace::new(first, Duration::from_micros(100)).expect("a thread");
        let mut passed = 0;
        while passed < 100 {
            passed += pace.passed().await.expect("a moment");
            assert!(moment(first, Duration::from_micros(100), passed - 1) <= clock::boot());
        }
    }
}
