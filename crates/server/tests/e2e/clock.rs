//! The tests' only clock, and their only way to wait for what nobody announces.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bessemer_core::time::Wall;

/// How long a condition may take to come true on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A stopwatch.
#[derive(Clone, Copy)]
pub(crate) struct Watch(Instant);

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "a real process lives in real time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The machine's time, which the server goes by too.
#[expect(clippy::disallowed_methods, reason = "a real process lives in real time")]
pub(crate) fn now() -> Wall {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Wall(i64::try_from(since.as_micros()).expect("before the year 9999"))
}

/// Asks until the answer is there; fails after [`PATIENCE`] and says what was waited for.
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, look)
}

/// The same with another patience, for what takes its time by design.
pub(crate) fn until_within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let watch = Watch::start();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(watch.elapsed() < patience, "not within {patience:?}: {what}");
        pause(Duration::from_millis(10));
    }
}

/// Lets time pass between two looks at a condition, or until a random moment. No result may depend on its length.
pub(crate) fn pause(length: Duration) {
    std::thread::park_timeout(length);
}
