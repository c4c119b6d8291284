//! The last attempts that ended, one by one: where a job is that was pushed a moment ago.

use std::collections::VecDeque;

use bessemer_core::event::Attempt;

/// Attempts that are kept. One holds its jid (255 bytes at most) and its error (400), and a count on names: a megabyte
/// of them at worst, beside the names.
pub(super) const MOST: usize = 1_000;

/// A ring of them.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<Attempt>);

impl Recent {
    pub(super) fn push(&mut self, attempt: Attempt) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(attempt);
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Attempt> {
        self.0.iter().rev()
    }
}
