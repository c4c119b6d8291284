//! The last jobs that ended an attempt, or ended without one, one by one: where a job is that was pushed a moment ago.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bessemer_core::event::Attempt;
use bessemer_core::{Span, Wall};

use super::Named;

/// How many are kept. An attempt holds its jid (255 bytes at most), its error (400), maybe a message (200), and a count on
/// names: a megabyte of them at worst, beside the names.
pub(super) const MOST: usize = 1_000;

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    Attempt(Attempt),
    Overdue(Overdue),
}

/// A job whose time was over before anybody worked on it (rule `E-40`). It was in nobody's hands, so nobody has named it:
/// its jid is looked up in its text, soon after, by [`crate::overdue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    pub queue: Arc<str>,
    pub jobtype: Arc<str>,
    pub at: Wall,
    pub jid: Option<Box<str>>,
    /// Where its text was, until somebody has looked there.
    pub text: Option<Span>,
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

    pub(super) fn nameless(&self) -> impl Iterator<Item = Span> + '_ {
        self.newest_first().filter_map(|happened| match happened {
            Happened::Overdue(overdue) => overdue.text,
            Happened::Attempt(_) => None,
        })
    }

    pub(super) fn name(&mut self, jids: Vec<Named>) {
        let mut jids: HashMap<u64, Option<Box<str>>> =
            jids.into_iter().map(|(span, jid)| (span.at, jid)).collect();
        for happened in &mut self.0 {
            if let Happened::Overdue(overdue) = happened
                && let Some(jid) = overdue.text.and_then(|span| jids.remove(&span.at))
            {
                (overdue.jid, overdue.text) = (jid, None);
            }
        }
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Happened> {
        self.0.iter().rev()
    }
}
