//! The last jobs that ended an attempt, or ended without one, one by one: where a job is that was pushed a moment ago.

use std::collections::VecDeque;
use std::sync::Arc;

use bessemer_core::Wall;
use bessemer_core::event::Attempt;

/// How many are kept. An attempt holds its jid (255 bytes at most) and its error (400), and a count on names: a megabyte
/// of them at worst, beside the names.
pub(super) const MOST: usize = 1_000;

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    Attempt(Attempt),
    Overdue(Overdue),
}

/// A job whose time was over before anybody worked on it (rule `E-40`). It was in nobody's hands, so nobody has named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    pub queue: Arc<str>,
    pub jobtype: Arc<str>,
    pub at: Wall,
}

/// A ring of them.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<Happened>);

impl Recent {
    pub(super) fn push(&mut self, happened: Happened) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(happened);
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Happened> {
        self.0.iter().rev()
    }
}
