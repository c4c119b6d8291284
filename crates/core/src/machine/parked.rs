//! FETCHes that wait (rule `F-03`). Volatile: they are never logged, and a restart cuts them.
//!
//! They wait by the *name* of their queues, since asking for a queue does not create it (rule `F-01`).

use std::collections::{BTreeMap, BTreeSet};

use crate::command::{ConnId, Ticket};
use crate::time::Boot;

/// Names a waiting FETCH; smaller waits longer.
pub(super) type ParkedNo = u64;

/// One waiting FETCH.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) ticket: Ticket,
    pub(super) conn: ConnId,
    deadline: Boot,
    /// Empty for a worker that is on its way out: it waits for its time only (rule `F-05`).
    queues: Vec<Box<str>>,
}

/// All waiting FETCHes.
#[derive(Debug, Default)]
pub(super) struct Parked {
    all: BTreeMap<ParkedNo, Waiting>,
    by_queue: BTreeMap<Box<str>, BTreeSet<ParkedNo>>,
    by_deadline: BTreeSet<(Boot, ParkedNo)>,
    by_conn: BTreeSet<(ConnId, ParkedNo)>,
    next: ParkedNo,
}

impl Parked {
    pub(super) fn park(&mut self, ticket: Ticket, conn: ConnId, queues: &[&str], deadline: Boot) {
        let no = self.next;
        self.next += 1;
        let mut names: Vec<Box<str>> = Vec::with_capacity(queues.len());
        for queue in queues {
            // A name that is said twice counts once (row 70).
            let fresh = match self.by_queue.get_mut(*queue) {
                Some(waiting) => waiting.insert(no),
                None => self.by_queue.insert((*queue).into(), BTreeSet::from([no])).is_none(),
            };
            if fresh {
                names.push((*queue).into());
            }
        }
        self.by_deadline.insert((deadline, no));
        self.by_conn.insert((conn, no));
        self.all.insert(no, Waiting { ticket, conn, deadline, queues: names });
    }

    /// Who has waited longest for a job of this queue.
    pub(super) fn first_for(&self, queue: &str) -> Option<ParkedNo> {
        self.by_queue.get(queue).and_then(|waiting| waiting.first().copied())
    }

    /// The queues of a waiting FETCH, leftmost first.
    pub(super) fn queues_of(&self, no: ParkedNo) -> impl Iterator<Item = &str> {
        self.all.get(&no).into_iter().flat_map(|waiting| waiting.queues.iter().map(|q| &**q))
    }

    /// Ends a wait.
    pub(super) fn take(&mut self, no: ParkedNo) -> Option<Waiting> {
        self.unlist(no);
        let waiting = self.all.remove(&no)?;
        self.by_deadline.remove(&(waiting.deadline, no));
        self.by_conn.remove(&(waiting.conn, no));
        Some(waiting)
    }

    /// From now on it waits for its time only.
    fn unlist(&mut self, no: ParkedNo) {
        let Some(waiting) = self.all.get_mut(&no) else { return };
        for queue in std::mem::take(&mut waiting.queues) {
            if let Some(others) = self.by_queue.get_mut(&queue) {
                others.remove(&no);
                if others.is_empty() {
                    self.by_queue.remove(&queue);
                }
            }
        }
    }

    fn of_conn(&self, conn: ConnId) -> Vec<ParkedNo> {
        self.by_conn.range((conn, 0)..=(conn, ParkedNo::MAX)).map(|(_, no)| *no).collect()
    }

    /// A connection closed: nobody waits for what it asked.
    pub(super) fn disconnect(&mut self, conn: ConnId) {
        for no in self.of_conn(conn) {
            self.take(no);
        }
    }

    /// The workers for whom `left` holds get no more jobs (rule `F-05`, on every connection of the wid: `Q-43`).
    pub(super) fn quiet(&mut self, left: impl Fn(ConnId) -> bool) {
        let numbers: Vec<ParkedNo> =
            self.all.iter().filter(|(_, w)| left(w.conn)).map(|(no, _)| *no).collect();
        numbers.into_iter().for_each(|no| self.unlist(no));
    }

    /// The earliest deadline.
    pub(super) fn first(&self) -> Option<(Boot, ParkedNo)> {
        self.by_deadline.first().copied()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let listed: usize = self.all.values().map(|w| w.queues.len()).sum();
        let by_queue: usize = self.by_queue.values().map(BTreeSet::len).sum();
        if listed != by_queue
            || self.all.len() != self.by_deadline.len()
            || self.all.len() != self.by_conn.len()
        {
            return Err("the waiting FETCHes and their indexes differ".into());
        }
        Ok(())
    }

    /// The queues that somebody waits for.
    pub(super) fn queues(&self) -> impl Iterator<Item = &str> {
        self.by_queue.keys().map(|q| &**q)
    }
}
