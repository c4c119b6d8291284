//! A machine over rows: it holds a job only while a tick uses it.
//!
//! An engine that keeps jobs in a database brings those that the commands of a tick name, lets the same rules run as
//! everywhere, and lays the jobs down again:
//!
//! ```text
//!  names(command) … ─► begin ─► load(fact) … ─► apply(command) … ─► unload
//! ```
//!
//! Between two ticks the machine keeps what rows do not: workers, FETCHes that wait, tallies, the names of queues, and
//! of each reservation the [`Held`] part. What commands touch without having named it is not there, and would be
//! taken for ended; debug builds panic.

use std::collections::{BTreeMap, BTreeSet};

use super::Machine;
use super::table::{Slot, State};
use super::workers::WorkerNo;
use crate::command::{Command, Delivery};
use crate::fact::{Fact, JobId, Span};
use crate::limits::DUE_SLICE;
use crate::time::{Boot, Now, Wall};

/// What the commands of a tick may touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// By list of queues, leftmost first: how many jobs are asked for.
    pub fetches: BTreeMap<Vec<Box<str>>, usize>,
    /// Jobs being worked on, by the key of their jid ([`Machine::jid_key`]).
    pub reserved: BTreeSet<u64>,
    /// Scheduled, retrying and dead jobs whose time has come by then, [`DUE_SLICE`] of each at most.
    pub due: Option<Wall>,
}

impl Names {
    /// Nothing is to be brought.
    pub fn is_empty(&self) -> bool {
        self.fetches.is_empty() && self.reserved.is_empty() && self.due.is_none()
    }
}

/// What memory knows of a reservation and its row does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    jid: u64,
    /// The incarnation of the worker; the row knows its wid only.
    pub(super) worker: Option<WorkerNo>,
    delivery: Delivery,
    /// The end of the reservation on the clock that judges it.
    deadline: Boot,
}

/// What a machine over rows remembers from one tick to the next.
#[derive(Debug, Default)]
pub(super) struct Ticks {
    /// What this tick may touch; `None`: everything is here always.
    named: Option<Names>,
    /// By the number of the job.
    held: BTreeMap<u64, Held>,
    by_deadline: BTreeSet<(Boot, u64)>,
}

impl Ticks {
    pub(super) fn get(&self, number: u64) -> Option<&Held> {
        self.held.get(&number)
    }

    fn keep(&mut self, number: u64, held: Held) {
        self.by_deadline.insert((held.deadline, number));
        self.held.insert(number, held);
    }

    fn take(&mut self, number: u64) -> Option<Held> {
        let held = self.held.remove(&number)?;
        self.by_deadline.remove(&(held.deadline, number));
        Some(held)
    }

    /// Whether this machine works over rows, and has some of them.
    pub(super) fn is_under_way(&self) -> bool {
        self.named.is_some()
    }

    /// The earliest deadline.
    pub(super) fn first(&self) -> Option<Boot> {
        self.by_deadline.first().map(|(at, _)| *at)
    }

    /// Debug builds: a job that was not brought is not a job that is not there.
    pub(super) fn touch_reserved(&self, jid: u64) {
        debug_assert!(
            self.named.as_ref().is_none_or(|named| named.reserved.contains(&jid)),
            "a command touches a reservation that it did not name"
        );
    }

    /// See [`Ticks::touch_reserved`].
    pub(super) fn touch_queues(&self, queues: &[&str]) {
        debug_assert!(
            self.named.as_ref().is_none_or(|named| {
                named.fetches.keys().any(|list| list.iter().map(|name| &**name).eq(queues.iter().copied()))
            }),
            "a FETCH touches queues that it did not name"
        );
    }

    /// See [`Ticks::touch_reserved`].
    pub(super) fn touch_due(&self, now: Wall) {
        debug_assert!(
            self.named.as_ref().is_none_or(|named| named.due >= Some(now)),
            "time touches jobs that were not named"
        );
    }
}

impl Machine {
    /// Adds what a command is going to touch. To be asked of every command before any of them is applied.
    pub fn names(&self, now: Now, command: &Command<'_>, names: &mut Names) {
        match *command {
            Command::Fetch { queues, .. } => {
                let list = queues.iter().map(|name| (*name).into()).collect();
                *names.fetches.entry(list).or_default() += 1;
            }
            Command::Ack { jid, .. } | Command::Fail { jid, .. } => {
                names.reserved.insert(self.jid_key(jid));
            }
            Command::Undelivered { delivery } => {
                let held = self.ticks.held.values().find(|held| held.delivery == delivery);
                names.reserved.extend(held.map(|held| held.jid));
            }
            Command::Due => {
                names.due = names.due.max(Some(now.wall));
                names.reserved.extend(self.expiring(now).chain(self.losing(now)));
            }
            _ => {}
        }
    }

    /// Reserved jobs whose time is over.
    fn expiring(&self, now: Now) -> impl Iterator<Item = u64> + '_ {
        let over = self.ticks.by_deadline.iter().take_while(move |(at, _)| self.judged(now, *at));
        over.take(DUE_SLICE).map(|(_, number)| self.ticks.held[number].jid)
    }

    /// Reserved jobs of workers that are given up.
    fn losing(&self, now: Now) -> impl Iterator<Item = u64> + '_ {
        let grace = self.rules.lost_worker_grace;
        let lost: BTreeSet<WorkerNo> = self
            .workers
            .gone()
            .take_while(|(since, _)| self.judged(now, since.after(grace)))
            .map(|(_, no)| no)
            .collect();
        let lost = move |held: &&Held| held.worker.is_some_and(|no| lost.contains(&no));
        self.ticks.held.values().filter(lost).map(|held| held.jid)
    }

    /// The key under which an engine finds reservations of a jid; a keyed hash.
    pub fn jid_key(&self, jid: &str) -> u64 {
        self.table.hash(jid.as_bytes())
    }

    /// The number of a live job: the part of its id that is not a place in memory. It stays the same when the job is
    /// unloaded and loaded again.
    pub fn number(&self, id: JobId) -> Option<u64> {
        self.table.find(id).map(|slot| self.table.seq_of(slot))
    }

    /// The id under which the facts of the job with this number are to be loaded next.
    pub fn id_for(&self, number: u64) -> JobId {
        self.table.id_for(number)
    }

    /// A tick begins that touches no more than this.
    pub fn begin(&mut self, names: Names) {
        self.ticks.named = Some(names);
    }

    /// Takes a fact from a row. Unlike [`Machine::replay`] it happens in the midst of things: clocks run already.
    pub fn load(&mut self, now: Now, fact: &Fact<'_>, span: Span) {
        let seq = self.table.seq;
        self.change(fact, span, &mut |_| ());
        // It came long ago, however large its number looks from here.
        self.table.seq = seq;
        let (Fact::Put { id, .. } | Fact::Set { id, .. } | Fact::Fail { id, .. } | Fact::Lost { id, .. }) =
            *fact
        else {
            return;
        };
        let Some(slot) = self.table.find(id).filter(|slot| self.table[*slot].state == State::Working) else {
            return;
        };
        match self.ticks.take(self.table.seq_of(slot)) {
            Some(held) => self.reservations.resume(&self.table, slot, held.delivery, held.deadline),
            None => {
                let until = self.reservations.get(&self.table, slot).map_or(now.wall, |r| r.until);
                self.reservations.start(&self.table, slot, now.boot_of(until));
            }
        }
    }

    /// The tick is over: no job stays.
    pub fn unload(&mut self, now: Now) {
        let slots: Vec<Slot> = self.table.slots().collect();
        for slot in slots {
            let number = self.table.seq_of(slot);
            let deadline = self.reservations.deadline(&self.table, slot);
            if let Some((r, deadline)) = self.reservations.get(&self.table, slot).zip(deadline) {
                let (jid, worker, delivery) = (self.table[slot].jid, r.worker, r.delivery);
                self.ticks.keep(number, Held { jid, worker, delivery, deadline });
            }
            // A repeated push has to be known while its first copy is out of sight (`D5`).
            let key = (self.table[slot].jid, self.table[slot].body_hash);
            if !self.recent.remembers(now.wall, key) {
                self.recent.ended(now.wall, number, key, self.rules.repush_window, self.rules.repush_max);
            }
            self.drop_job(slot, &mut |_| ());
        }
        self.ticks.named = Some(Names::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{ConnId, Ticket};
    use crate::fact::Facts;
    use crate::limits::Rules;
    use crate::machine::Settled;

    struct Nowhere;

    impl Facts for Nowhere {
        fn record(&mut self, _: &Fact<'_>) -> Span {
            Span::default()
        }

        fn release(&mut self, _: Span) {}
    }

    /// Applies a command in a tick that named `other`.
    fn touch(command: Command<'_>, other: Command<'_>) {
        let (now, mut names) = (Now::default(), Names::default());
        let mut machine = Machine::new(Rules::default(), [1, 2]);
        machine.names(now, &other, &mut names);
        machine.begin(names);
        machine.apply(now, Ticket(1), command, &mut Nowhere, &mut Settled::default());
    }

    const ACK: Command<'_> = Command::Ack { conn: ConnId(1), jid: "a", lease: None };
    const FETCH: Command<'_> =
        Command::Fetch { conn: ConnId(1), queues: &["a", "b"], wait: std::time::Duration::ZERO };

    #[test]
    fn what_was_named_may_be_touched() {
        touch(ACK, ACK);
        touch(FETCH, FETCH);
        touch(Command::Due, Command::Due);
    }

    #[test]
    #[should_panic(expected = "a reservation that it did not name")]
    fn an_ack_of_another_job_is_noticed() {
        touch(ACK, Command::Ack { conn: ConnId(1), jid: "b", lease: None });
    }

    #[test]
    #[should_panic(expected = "queues that it did not name")]
    fn a_fetch_of_other_queues_is_noticed() {
        touch(
            FETCH,
            Command::Fetch { conn: ConnId(1), queues: &["b", "a"], wait: std::time::Duration::ZERO },
        );
    }

    #[test]
    #[should_panic(expected = "that were not named")]
    fn time_that_passes_unnamed_is_noticed() {
        touch(Command::Due, ACK);
    }
}
