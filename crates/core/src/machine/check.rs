//! Every invariant, checked the slow way; and the state as text. For tests, simulators and `bessemer verify`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Machine;
use super::sorted::Sets;
use super::table::{Slot, State};
use crate::fact::Order;

impl Machine {
    /// Checks every invariant; the error says which one is broken.
    pub fn check(&self) -> Result<(), String> {
        let queued = self.queues.check(&self.table)?;
        self.reservations.check(&self.table, &self.workers)?;
        self.workers.check()?;
        self.parked.check()?;
        self.check_throttles()?;
        self.kept.check()?;
        self.check_batches()?;
        self.check_crons()?;
        let mut orders: BTreeSet<(u16, Order)> = BTreeSet::new();
        let (mut live, mut working) = (0, 0);
        for slot in self.table.slots() {
            live += 1;
            let entry = &self.table[slot];
            let in_set = |set: &super::sorted::Sorted| set.contains(&(entry.time, entry.order, slot));
            let placed = match entry.state {
                State::Free => false,
                State::Queued => orders.insert((entry.queue, entry.order)),
                State::Scheduled => in_set(&self.sets.scheduled),
                State::Retrying => in_set(&self.sets.retries),
                State::Dead => in_set(&self.sets.dead),
                State::Working => self.reservations.get(&self.table, slot).is_some(),
                State::Discarded => in_set(&self.sets.discarded) && self.stood.contains_key(&slot),
            };
            working += usize::from(entry.state == State::Working);
            if !placed || self.table.find(self.table.id(slot)) != Some(slot) {
                return Err(format!("slot {slot}: {:?}, but not to be found there", entry.state));
            }
            if entry.order.0 >= self.next_tail || entry.order.0 <= self.next_head {
                return Err(format!("slot {slot}: its order is still to be given out"));
            }
        }
        let Sets { scheduled, retries, dead, discarded } = &self.sets;
        let placed = queued + working + scheduled.len() + retries.len() + dead.len() + discarded.len();
        if live != placed || live != self.table.len() || live != self.types.users() {
            return Err(format!("{live} jobs, {placed} places, {} by jid", self.table.len()));
        }
        self.tracks.check()?;
        if let Some(slot) = self.terms.keys().find(|slot| !self.table.is_live(**slot)) {
            return Err(format!("slot {slot}: terms of no job"));
        }
        if let Some(slot) = self.table.slots().find(|s| self.table[*s].asks != self.terms.contains_key(s)) {
            return Err(format!("slot {slot}: it is not known whether it asks for anything"));
        }
        self.check_keys()?;
        self.check_expiring()?;
        if working != self.reservations.len() {
            return Err("more reservations than jobs".into());
        }
        if self.stood.len() != discarded.len() {
            return Err("more discarded jobs have a place to go back to than there are".into());
        }
        self.check_waits()
    }

    /// Nobody waits for a queue that has a job for it: that would be a lost wake-up. (Jobs that are over are none.)
    fn check_waits(&self) -> Result<(), String> {
        for name in self.parked.queues() {
            let has_job = |q: &u16| {
                let first = self.queues.first(*q).filter(|_| !self.queues[*q].paused);
                first.is_some_and(|slot| self.terms_of(slot).expires.is_none())
            };
            let Some(queue) = self.queues.find(name).filter(has_job) else { continue };
            if self.parked.first_for(name).is_some() && !self.will_serve(queue) {
                return Err(format!("queue {name} has a job, and a FETCH waits for it"));
            }
        }
        Ok(())
    }

    /// Everything durable as text in a fixed order: two machines are the same if their dumps are.
    pub fn dump(&self) -> String {
        let mut text = String::new();
        let total = self.counters.total;
        _ = writeln!(text, "processed {} failed {}", total.processed, total.failed);
        for (day, count) in self.counters.days() {
            _ = writeln!(text, "day {day} processed {} failed {}", count.processed, count.failed);
        }
        for queue in self.queues.known() {
            _ = writeln!(text, "queue {} paused {}", queue.name, queue.paused);
        }
        for (family, key, value) in self.kept.iter() {
            _ = writeln!(text, "{} {} {}", family.as_str(), key.escape_ascii(), value.escape_ascii());
        }
        let mut slots: Vec<Slot> = self.table.slots().collect();
        slots.sort_unstable_by_key(|slot| (self.table[*slot].order, self.table[*slot].jid));
        for slot in slots {
            let entry = &self.table[slot];
            _ = writeln!(
                text,
                "job {:x} {} {} order {} jid {:x} body {:x} retry {} reserve {} {:?} {:?} {:?} {:?} {:?}",
                self.table.id(slot).0,
                self.queues[entry.queue].name,
                self.types.name(entry.jobtype),
                entry.order.0,
                entry.jid,
                entry.body_hash,
                entry.retry,
                entry.reserve_for,
                entry.on_lost,
                self.place(slot),
                self.failures.get(&slot).map(|f| (f.attempts, f.failed_at, f.next_at, f.text.len)),
                self.losses.get(&slot),
                self.terms.get(&slot),
            );
        }
        text
    }
}
