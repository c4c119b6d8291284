//! FETCHes that wait (rule `F-03`). Volatile: they are never logged, and a restart cuts them.
//!
//! They wait by the *name* of their queues, since asking for a queue does not create it (rule `F-01`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::lanes::Lanes;
use crate::command::{ConnId, Ticket};
use crate::time::Boot;

/// Names a waiting FETCH; smaller waits longer.
pub(super) type ParkedNo = u64;

/// One waiting FETCH.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) ticket: Ticket,
    pub(super) conn: ConnId,
    /// Whose it is; empty: a connection that is no worker.
    wid: Arc<str>,
    deadline: Boot,
    /// Empty for a worker that is on its way out: it waits for its time only (rule `F-05`).
    queues: Vec<Box<str>>,
}

/// All waiting FETCHes.
#[derive(Debug, Default)]
pub(super) struct Parked {
    all: BTreeMap<ParkedNo, Waiting>,
    by_queue: BTreeMap<Box<str>, BTreeSet<ParkedNo>>,
    /// Of queues of which each worker may have so much and no more.
    lanes: BTreeMap<Box<str>, Lanes>,
    by_deadline: BTreeSet<(Boot, ParkedNo)>,
    by_conn: BTreeSet<(ConnId, ParkedNo)>,
    next: ParkedNo,
}

impl Parked {
    pub(super) fn park(
        &mut self,
        ticket: Ticket,
        (conn, wid): (ConnId, Arc<str>),
        queues: &[&str],
        deadline: Boot,
    ) {
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
                if let Some(lanes) = self.lanes.get_mut(*queue) {
                    lanes.waits(&wid, no);
                }
            }
        }
        self.by_deadline.insert((deadline, no));
        self.by_conn.insert((conn, no));
        self.all.insert(no, Waiting { ticket, conn, wid, deadline, queues: names });
    }

    /// Who has waited longest for a job of this queue, and may have one.
    pub(super) fn first_for(&self, queue: &str) -> Option<ParkedNo> {
        let lanes = if self.lanes.is_empty() { None } else { self.lanes.get(queue) };
        match lanes {
            Some(lanes) => lanes.first(),
            None => self.by_queue.get(queue).and_then(|waiting| waiting.first().copied()),
        }
    }

    /// How many wait for a job of this queue.
    pub(super) fn count_for(&self, queue: &str) -> usize {
        self.by_queue.get(queue).map_or(0, BTreeSet::len)
    }

    /// Each worker may have so many jobs of this queue at once, or as many as it likes. `held`: what they have now.
    pub(super) fn divide(&mut self, queue: &str, limit: Option<u32>, held: impl Iterator<Item = Arc<str>>) {
        let Some(limit) = limit else {
            self.lanes.remove(queue);
            return;
        };
        let mut lanes = Lanes::new(limit);
        held.for_each(|wid| lanes.takes(&wid));
        for no in self.by_queue.get(queue).into_iter().flatten() {
            lanes.waits(&self.all[no].wid, *no);
        }
        self.lanes.insert(queue.into(), lanes);
    }

    /// What the workers have of this queue, if it matters.
    pub(super) fn lanes(&self, queue: &str) -> Option<&Lanes> {
        self.lanes.get(queue)
    }

    /// The same, to be changed.
    pub(super) fn lanes_mut(&mut self, queue: &str) -> Option<&mut Lanes> {
        self.lanes.get_mut(queue)
    }

    /// Nobody has anything any more.
    pub(super) fn empty_hands(&mut self) {
        self.lanes.values_mut().for_each(Lanes::empty_hands);
    }

    /// The queues of a waiting FETCH, leftmost first.
    pub(super) fn queues_of(&self, no: ParkedNo) -> impl Iterator<Item = &str> {
        self.all.get(&no).into_iter().flat_map(|waiting| waiting.queues.iter().map(|q| &**q))
    }

    /// Who waits.
    pub(super) fn conn_of(&self, no: ParkedNo) -> Option<ConnId> {
        self.all.get(&no).map(|waiting| waiting.conn)
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
            if let Some(lanes) = self.lanes.get_mut(&queue) {
                lanes.leaves(&waiting.wid, no);
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
        for (queue, lanes) in &self.lanes {
            lanes.check(self.by_queue.get(queue).unwrap_or(&BTreeSet::new()))?;
        }
        Ok(())
    }

    /// The queues that somebody waits for.
    pub(super) fn queues(&self) -> impl Iterator<Item = &str> {
        self.by_queue.keys().map(|q| &**q)
    }
}
