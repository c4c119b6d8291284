//! How fast jobs come to the queues and leave them: the difference between two looks. The server looks by itself, so that also
//! who comes for the first time sees it. Two looks are kept: a name and two numbers for each of ten thousand queues at most.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bessemer_core::query::QueueView;
use bessemer_core::{Answer, Query, Wall};
use tokio::time::{MissedTickBehavior, interval};

use crate::Front;

/// A rate is taken over at least this long, so that it does not jump.
const APART: Duration = Duration::from_secs(5);

/// A look that is older says nothing about now.
const OLD: Duration = Duration::from_secs(60);

/// The looks that rates are made of.
#[derive(Default)]
pub(crate) struct Rates(Mutex<Looks>);

#[derive(Default)]
struct Looks {
    before: Option<Look>,
    last: Option<Look>,
}

/// What a look found: by queue, how many jobs had ever come and left.
struct Look {
    at: Wall,
    queues: HashMap<String, (u64, u64)>,
}

/// Looks, as often as rates are taken over.
pub(crate) async fn keep<F: Front>(front: F, rates: Arc<Rates>) -> Infallible {
    let mut clock = interval(APART);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        // An engine that has ended has no queues, and the process is about to end.
        if let Ok(Answer::Queues(queues)) = front.ask(Query::Queues).await {
            rates.look(front.now(), &queues);
        }
    }
}

/// Jobs a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    pub into: f64,
    pub out: f64,
}

impl Rates {
    /// Looks: one rate per queue, in their order; `None` until two looks are far enough apart.
    pub(crate) fn look(&self, now: Wall, queues: &[QueueView]) -> Vec<Option<Rate>> {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.last.as_ref().is_none_or(|last| now.since(last.at) >= APART) {
            let totals = |queue: &QueueView| (queue.name.clone(), (queue.pushed, queue.left));
            let look = Look { at: now, queues: queues.iter().map(totals).collect() };
            looks.before = looks.last.replace(look);
        }
        let far = |look: &&Look| (APART..=OLD).contains(&now.since(look.at));
        let look = looks.last.as_ref().filter(far).or(looks.before.as_ref().filter(far));
        queues.iter().map(|queue| look.and_then(|look| look.rate(now, queue))).collect()
    }
}

impl Look {
    fn rate(&self, now: Wall, queue: &QueueView) -> Option<Rate> {
        let (pushed, left) = self.queues.get(&queue.name)?;
        let seconds = now.since(self.at).as_secs_f64();
        let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        Some(Rate { into: rate(queue.pushed, *pushed), out: rate(queue.left, *left) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_the_difference_between_two_looks_that_are_apart() {
        let rates = Rates::default();
        let look = |seconds: i64, pushed, left| {
            let queue = QueueView {
                name: "a".into(),
                size: 0,
                paused: false,
                full: false,
                latency: Duration::ZERO,
                working: 0,
                pushed,
                left,
            };
            rates.look(Wall(1_000_000_000 + seconds * 1_000_000), &[queue])[0]
        };
        assert_eq!(look(0, 100, 50), None);
        assert_eq!(look(4, 200, 60), None);
        assert_eq!(look(5, 200, 60), Some(Rate { into: 20.0, out: 2.0 }));
        assert_eq!(look(9, 290, 60), Some(Rate { into: 190.0 / 9.0, out: 10.0 / 9.0 }));
        assert_eq!(look(10, 200, 61), Some(Rate { into: 0.0, out: 0.2 }));
        assert_eq!(look(100, 999, 999), None, "the looks before say nothing about now");
        assert_eq!(look(110, 1_009, 999), Some(Rate { into: 1.0, out: 0.0 }));
    }
}
