//! Which jobs of a window were done: each exactly once, else the measurement fails.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::error::{BenchError, Result};

/// The jobs of a window. Nobody else pushes meanwhile, so their numbers follow each other.
pub(super) struct Ledger {
    server: Rc<str>,
    first: u64,
    /// Whether each was done, from the first on.
    done: RefCell<Vec<bool>>,
}

impl Ledger {
    /// Jobs from number `first` on.
    pub(super) fn new(server: &Rc<str>, first: u64) -> Self {
        Self { server: server.clone(), first, done: RefCell::default() }
    }

    /// A job came out of a queue; `number` is `None` for one that is not of this run.
    pub(super) fn fetched(&self, number: Option<u64>) -> Result<u64> {
        let ours =
            number.and_then(|number| Some((number, usize::try_from(number.checked_sub(self.first)?).ok()?)));
        let Some((number, index)) = ours else {
            return Err(self.broken("a job was fetched that this window did not push".into()));
        };
        let mut done = self.done.borrow_mut();
        if done.len() <= index {
            done.resize(index + 1, false);
        }
        if std::mem::replace(&mut done[index], true) {
            return Err(self.broken(format!("job {number} was fetched twice")));
        }
        Ok(number)
    }

    /// At the end: of the jobs before number `next`, all were fetched but those that still wait.
    pub(super) fn check(&self, next: u64, waiting: u64) -> Result<()> {
        let done = self.done.borrow();
        let (pushed, fetched) = (next - self.first, done.iter().filter(|done| **done).count() as u64);
        if done.len() as u64 > pushed {
            return Err(self.broken("a job was fetched that nobody had pushed".into()));
        }
        if fetched + waiting == pushed {
            return Ok(());
        }
        Err(self.broken(format!("of {pushed} jobs {fetched} were done and {waiting} wait")))
    }

    fn broken(&self, what: String) -> BenchError {
        BenchError::NotOnce { server: self.server.to_string(), what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(result: Result<impl std::fmt::Debug>) -> String {
        result.expect_err("not exactly once").to_string()
    }

    #[test]
    fn each_job_once_is_fine_in_any_order_and_some_may_wait() {
        let ledger = Ledger::new(&"x".into(), 10);
        for number in [12, 10, 11] {
            assert_eq!(ledger.fetched(Some(number)).expect("ours"), number);
        }
        ledger.check(13, 0).expect("all");
        ledger.check(15, 2).expect("two wait");
        assert_eq!(said(ledger.check(14, 0)), "x: not exactly once: of 4 jobs 3 were done and 0 wait");
        assert_eq!(said(ledger.check(13, 1)), "x: not exactly once: of 3 jobs 3 were done and 1 wait");
        assert_eq!(
            said(ledger.check(12, 0)),
            "x: not exactly once: a job was fetched that nobody had pushed"
        );
    }

    #[test]
    fn a_second_time_and_a_stranger_are_seen_at_once() {
        let ledger = Ledger::new(&"x".into(), 10);
        ledger.fetched(Some(10)).expect("ours");
        assert_eq!(said(ledger.fetched(Some(10))), "x: not exactly once: job 10 was fetched twice");
        for stranger in [Some(9), None] {
            let line = said(ledger.fetched(stranger));
            assert_eq!(line, "x: not exactly once: a job was fetched that this window did not push");
        }
    }
}
