//! How long to wait before trying again: full jitter below a ceiling that doubles, so that a thousand clients of a
//! restarted server do not come back in step.

use std::time::Duration;

use crate::random;

const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Backoff {
    ceiling: Duration,
    last: Duration,
}

impl Backoff {
    /// Waits of up to 10 s, for what goes on until it works.
    pub(crate) const fn new() -> Self {
        Self::up_to(LAST)
    }

    /// Waits of up to `last`, where somebody waits for the outcome.
    pub(crate) const fn up_to(last: Duration) -> Self {
        Self { ceiling: FIRST, last }
    }

    /// The next wait; each may be twice as long as the one before.
    pub(crate) fn next(&mut self) -> Duration {
        let ceiling = self.ceiling;
        self.ceiling = (ceiling * 2).min(self.last);
        random::up_to(ceiling)
    }

    /// It worked: the next trouble begins with short waits again.
    pub(crate) fn reset(&mut self) {
        self.ceiling = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_ten_seconds_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new();
        assert!(backoff.next() <= FIRST);
        for _ in 0..10 {
            assert!(backoff.next() <= LAST);
        }
        assert_eq!(backoff.ceiling, LAST);
        backoff.reset();
        assert_eq!(backoff.ceiling, FIRST);
    }
}
