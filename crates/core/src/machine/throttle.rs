//! What limits queues (rule `E-60`): the slots of all workers together, those of each worker, and a rate.
//!
//! A slot is a reservation and nothing beside it: [`super::queues::Queue::working`] and [`super::lanes`] count the live ones, so
//! none can leak and none is taken twice, also right after a restart. Every job that comes to a worker takes its slot in
//! [`Machine::take_slot`] and every one that leaves it frees it in [`Machine::free_slot`], by facts; who waits for what was freed
//! is served at the end of the command, in [`Machine::serve_freed`], whichever command it was.
//!
//! What the configuration says is in [`crate::Rules::throttles`]; what an operator says instead is a record of its own
//! ([`Family::Throttle`]). A rate is kept by the boot-time clock, and volatile: after a restart its bucket is empty, so that no
//! window of time sees more than it should.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::table::{Slot, State};
use super::{Machine, Turn};
use crate::command::{ConnId, Refusal, Reply, ThrottleDeed};
use crate::fact::{Fact, Facts, Family};
use crate::limits::THROTTLE_HOLDERS_MAX;
use crate::policy::throttle::Bucket;
use crate::query::ThrottleView;
use crate::throttle::{Rate, Throttle};
use crate::time::{Boot, Now};

/// All of them, by the names of their queues.
#[derive(Debug, Default)]
pub(super) struct Throttles {
    /// What operators have set.
    set: BTreeMap<Box<str>, Throttle>,
    /// What is in force, where that is anything.
    in_force: BTreeMap<Box<str>, InForce>,
    /// Queues of which a slot was freed, or a limit raised, and nobody was served yet.
    pub(super) freed: BTreeSet<u16>,
    /// When the next token is there for whom somebody waits.
    awaited: BTreeSet<(Boot, Box<str>)>,
    /// The last moment that the machine was told.
    now: Boot,
}

#[derive(Debug)]
struct InForce {
    limit: Throttle,
    /// Its rate, and what is left of it.
    bucket: Option<(Rate, Bucket)>,
    /// The moment under which it is awaited.
    awaited: Option<Boot>,
}

impl Throttles {
    /// What limits a queue.
    pub(super) fn limit(&self, queue: &str) -> Option<&Throttle> {
        self.in_force.get(queue).map(|throttle| &throttle.limit)
    }

    /// This is in force from now on. Tokens that were there stay; a rate where there was none begins with a full bucket.
    fn put(&mut self, queue: &str, limit: Throttle) {
        let before = self.in_force.remove(queue);
        if let Some(at) = before.as_ref().and_then(|before| before.awaited) {
            self.awaited.remove(&(at, queue.into()));
        }
        if !limit.limits() {
            return;
        }
        let bucket = limit.rate.map(|to| match before.and_then(|before| before.bucket) {
            Some((from, mut bucket)) => {
                bucket.change(from, to, self.now);
                (to, bucket)
            }
            None => (to, Bucket::full(to)),
        });
        self.in_force.insert(queue.into(), InForce { limit, bucket, awaited: None });
    }

    /// Replay is over. What was begun before is not known: nothing may be begun until as many tokens have run in, but in
    /// a store that no job ever came to.
    pub(super) fn recovered(&mut self, now: Boot, is_new: bool) {
        self.now = now;
        self.freed.clear();
        for throttle in self.in_force.values_mut().filter(|_| !is_new) {
            throttle.bucket = throttle.bucket.map(|(rate, _)| (rate, Bucket::empty(now)));
        }
    }

    /// When somebody is to be served whom no command serves.
    pub(super) fn next_due(&self, now: Boot) -> Option<Boot> {
        if self.freed.is_empty() { self.awaited.first().map(|(at, _)| *at) } else { Some(now) }
    }

    /// The next of those whose token has come.
    fn arrived(&mut self, now: Boot) -> Option<Box<str>> {
        self.awaited.first().filter(|(at, _)| *at <= now)?;
        let (_, name) = self.awaited.pop_first()?;
        if let Some(throttle) = self.in_force.get_mut(&name) {
            throttle.awaited = None;
        }
        Some(name)
    }

    /// Somebody waits for the next token of this queue.
    fn wait_until(&mut self, queue: &str, at: Boot) {
        let Some(throttle) = self.in_force.get_mut(queue) else { return };
        match throttle.awaited.replace(at) {
            Some(before) if before == at => return,
            Some(before) => _ = self.awaited.remove(&(before, queue.into())),
            None => {}
        }
        self.awaited.insert((at, queue.into()));
    }
}

impl Machine {
    /// What an operator says of a queue's limits.
    pub(super) fn throttle<F: Facts>(&mut self, turn: &mut Turn<'_, F>, deed: ThrottleDeed<'_>) -> Reply {
        let (queue, value) = match deed {
            ThrottleDeed::Set { queue, limit } => (queue, Some(limit.to_bytes())),
            ThrottleDeed::Reset { queue } => (queue, None),
        };
        let throttles = &self.queues.throttles;
        if throttles.set.get(queue).map(|limit| limit.to_bytes()) == value {
            return Reply::Count(0);
        }
        let most = self.rules.throttles_max;
        if value.is_some() && !self.has_throttle(queue) && self.throttled().len() >= most {
            return Reply::Refused(Refusal::TooManyThrottles(most));
        }
        let value = value.as_ref().map(<[u8; _]>::as_slice);
        self.happen(turn, &Fact::Keep { family: Family::Throttle, key: queue.as_bytes(), value });
        Reply::Count(1)
    }

    /// The record of a queue is this from now on.
    pub(super) fn learn_throttle(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Ok(queue) = std::str::from_utf8(key) else { return };
        match value.and_then(Throttle::from_bytes) {
            Some(limit) => _ = self.queues.throttles.set.insert(queue.into(), limit),
            None => _ = self.queues.throttles.set.remove(queue),
        }
        self.settle_throttle(queue);
    }

    /// The configuration is another one.
    pub(super) fn settle_throttles(&mut self) {
        let in_force = self.queues.throttles.in_force.keys().cloned();
        let names: BTreeSet<Box<str>> = in_force.chain(self.rules.throttles.keys().cloned()).collect();
        names.iter().for_each(|name| self.settle_throttle(name));
    }

    /// Whether anybody says anything of this queue's limits.
    fn has_throttle(&self, queue: &str) -> bool {
        self.rules.throttles.contains_key(queue) || self.queues.throttles.set.contains_key(queue)
    }

    /// All queues of whose limits somebody says something.
    fn throttled(&self) -> BTreeSet<&str> {
        self.rules.throttles.keys().chain(self.queues.throttles.set.keys()).map(|name| &**name).collect()
    }

    /// What is said of this queue is in force.
    fn settle_throttle(&mut self, name: &str) {
        let Self { rules, queues, .. } = self;
        let said = queues.throttles.set.get(name).or_else(|| rules.throttles.get(name));
        let limit = said.copied().unwrap_or_default();
        let before = queues.throttles.limit(name).copied().unwrap_or_default();
        if limit == before {
            return;
        }
        queues.throttles.put(name, limit);
        let queue = queues.find(name);
        if let Some(queue) = queue {
            queues[queue].throttled = limit.limits();
            queues.throttles.freed.insert(queue);
        }
        if limit.worker != before.worker {
            let of_it = |slot: &Slot| Some(self.table[*slot].queue) == queue;
            let held = self.reservations.iter().filter(|(slot, _)| of_it(slot)).map(|(_, r)| r.wid.clone());
            self.parked.divide(name, limit.worker, held);
        }
    }

    /// A job is in a worker's hands: its reservation is the slot that it takes.
    pub(super) fn take_slot(&mut self, slot: Slot) {
        let queue = &self.queues[self.table[slot].queue];
        if queue.throttled
            && let Some(lanes) = self.parked.lanes_mut(&queue.name)
            && let Some(reservation) = self.reservations.get(&self.table, slot)
        {
            lanes.takes(&reservation.wid);
        }
    }

    /// A job leaves a worker's hands; its reservation still stands.
    pub(super) fn free_slot(&mut self, slot: Slot) {
        let number = self.table[slot].queue;
        let queue = &self.queues[number];
        if !queue.throttled {
            return;
        }
        if let Some(lanes) = self.parked.lanes_mut(&queue.name)
            && let Some(reservation) = self.reservations.get(&self.table, slot)
        {
            lanes.frees(&reservation.wid);
        }
        self.queues.throttles.freed.insert(number);
    }

    /// Who waits for what was freed, and for tokens that have come, gets it.
    pub(super) fn serve_freed<F: Facts>(&mut self, turn: &mut Turn<'_, F>) {
        let throttles = &mut self.queues.throttles;
        throttles.now = throttles.now.max(turn.now.boot);
        // Mostly there are no limits, and every command comes by here, twice.
        if throttles.awaited.is_empty() && throttles.freed.is_empty() {
            return;
        }
        while let Some(name) = self.queues.throttles.arrived(turn.now.boot) {
            let queue = self.queues.find(&name);
            self.queues.throttles.freed.extend(queue);
        }
        if !self.queues.throttles.freed.is_empty() {
            let queues = std::mem::take(&mut self.queues.throttles.freed);
            self.serve_queues(turn, queues);
        }
    }

    /// Whether all workers together may have one more job of a queue, which is throttled.
    pub(super) fn has_slot(&self, now: Now, queue: u16) -> bool {
        let queue = &self.queues[queue];
        let Some(InForce { limit, bucket, .. }) = self.queues.throttles.in_force.get(&*queue.name) else {
            return true;
        };
        limit.concurrency.is_none_or(|most| queue.working < most as usize)
            && bucket.is_none_or(|(rate, bucket)| bucket.next(rate, now.boot).is_none())
    }

    /// Whether a connection may have a job of this queue.
    pub(super) fn admits(&self, now: Now, conn: ConnId, queue: u16) -> bool {
        let of = &self.queues[queue];
        if !of.throttled {
            return true;
        }
        let lanes = self.parked.lanes(&of.name);
        self.has_slot(now, queue) && lanes.is_none_or(|lanes| lanes.has_room(&self.workers.wid_of(conn)))
    }

    /// A job is begun, which takes a token.
    pub(super) fn spend(&mut self, now: Now, slot: Slot) {
        if let Some((rate, bucket)) = self.bucket(slot) {
            bucket.take(rate, now.boot);
        }
    }

    /// A job was not begun after all.
    pub(super) fn give_back(&mut self, now: Now, slot: Slot) {
        if let Some((rate, bucket)) = self.bucket(slot) {
            bucket.give_back(rate, now.boot);
        }
    }

    fn bucket(&mut self, slot: Slot) -> Option<(Rate, &mut Bucket)> {
        let queue = self.table[slot].queue;
        if !self.queues[queue].throttled {
            return None;
        }
        let name = self.queues[queue].name.clone();
        let throttle = self.queues.throttles.in_force.get_mut(&*name)?;
        throttle.bucket.as_mut().map(|(rate, bucket)| (*rate, bucket))
    }

    /// Who waits for jobs that lack nothing but a token is served when it comes.
    pub(super) fn await_token(&mut self, now: Now, queue: u16) {
        let of = &self.queues[queue];
        if !of.throttled || of.paused || self.queues.first(queue).is_none() {
            return;
        }
        let name = of.name.clone();
        let bucket = self.queues.throttles.in_force.get(&*name).and_then(|throttle| throttle.bucket);
        let next = bucket.and_then(|(rate, bucket)| bucket.next(rate, now.boot));
        if let Some(at) = next.filter(|_| self.parked.first_for(&name).is_some()) {
            self.queues.throttles.wait_until(&name, at);
        }
    }

    /// The same for somebody who has begun to wait for these queues.
    pub(super) fn await_tokens(&mut self, now: Now, queues: &[&str]) {
        if self.queues.throttles.in_force.is_empty() {
            return;
        }
        for name in queues {
            if let Some(queue) = self.queues.find(name) {
                self.await_token(now, queue);
            }
        }
    }

    /// All that somebody says something of, for pages.
    pub(super) fn throttle_views(&self, now: Now) -> Vec<ThrottleView> {
        let names = self.throttled();
        let mut hands: BTreeMap<u16, BTreeMap<&Arc<str>, u64>> =
            names.iter().filter_map(|name| self.queues.find(name)).map(|q| (q, BTreeMap::new())).collect();
        for (slot, reservation) in self.reservations.iter() {
            if let Some(of_queue) = hands.get_mut(&self.table[slot].queue) {
                *of_queue.entry(&reservation.wid).or_default() += 1;
            }
        }
        let view = |name: &str| {
            let number = self.queues.find(name);
            let queue = number.map(|number| &self.queues[number]);
            let of_queue = number.and_then(|number| hands.remove(&number)).unwrap_or_default();
            let mut holders: Vec<(String, u64)> =
                of_queue.iter().map(|(wid, jobs)| (wid.to_string(), *jobs)).collect();
            holders.sort_by_key(|(_, jobs)| std::cmp::Reverse(*jobs));
            holders.truncate(THROTTLE_HOLDERS_MAX);
            let in_force = self.queues.throttles.in_force.get(name);
            let bucket = in_force.and_then(|throttle| throttle.bucket);
            let set = self.queues.throttles.set.get(name);
            ThrottleView {
                queue: name.into(),
                limit: in_force.map_or_else(|| set.copied().unwrap_or_default(), |throttle| throttle.limit),
                configured: self.rules.throttles.get(name).copied(),
                is_set: set.is_some(),
                paused: queue.is_some_and(|queue| queue.paused),
                waiting: queue.map_or(0, |queue| queue.len as u64),
                working: queue.map_or(0, |queue| queue.working as u64),
                fetches: self.parked.count_for(name) as u64,
                workers: of_queue.len() as u64,
                holders,
                tokens: bucket.map(|(rate, bucket)| bucket.tokens(rate, now.boot)),
                next_token: bucket
                    .and_then(|(rate, bucket)| bucket.next(rate, now.boot))
                    .map(|at| at.since(now.boot)),
            }
        };
        names.into_iter().map(view).collect()
    }

    /// Whether who waits for jobs of this queue, and may have one, gets it soon: a slot was freed and the next command
    /// begins with it, or a token is awaited. Or rightly not, since the queue is full.
    pub(super) fn will_serve(&self, number: u16) -> bool {
        let (queue, throttles) = (&self.queues[number], &self.queues.throttles);
        if throttles.freed.contains(&number) {
            return true;
        }
        let Some(throttle) = throttles.in_force.get(&*queue.name) else { return false };
        let is_full = throttle.limit.concurrency.is_some_and(|most| queue.working >= most as usize);
        let lacks_token = throttle.bucket.is_some_and(|(rate, bucket)| bucket.tokens_then(rate) == 0);
        is_full || lacks_token && throttle.awaited.is_some()
    }

    /// The counts are those of live reservations, and what is in force is what was said.
    pub(super) fn check_throttles(&self) -> Result<(), String> {
        let throttles = &self.queues.throttles;
        for name in self.throttled().into_iter().chain(throttles.in_force.keys().map(|name| &**name)) {
            let said = throttles.set.get(name).or_else(|| self.rules.throttles.get(name));
            let said = said.filter(|limit| limit.limits());
            if throttles.limit(name) != said {
                return Err(format!("queue {name}: limited by {:?}, not {said:?}", throttles.limit(name)));
            }
            let worker = said.and_then(|limit| limit.worker);
            let lanes = self.parked.lanes(name);
            if lanes.is_some() != worker.is_some() {
                return Err(format!("queue {name}: its workers are limited, or not"));
            }
            let queue = self.queues.find(name);
            let mut held: BTreeMap<&Arc<str>, u32> = BTreeMap::new();
            for (slot, reservation) in self.reservations.iter() {
                let is_of_it = Some(self.table[slot].queue) == queue;
                if is_of_it && self.table[slot].state == State::Working {
                    *held.entry(&reservation.wid).or_default() += 1;
                }
            }
            if lanes.is_some_and(|lanes| !lanes.held().eq(held.iter().map(|(wid, jobs)| (*wid, *jobs)))) {
                return Err(format!("queue {name}: its slots are not its reservations"));
            }
        }
        let awaited = throttles.in_force.iter().filter_map(|(name, t)| Some((t.awaited?, name.clone())));
        if awaited.collect::<BTreeSet<_>>() == throttles.awaited {
            Ok(())
        } else {
            Err("tokens are awaited by other times than are known".into())
        }
    }
}

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;
