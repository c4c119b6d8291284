//! What facts do: the only code that changes durable state, live and in replay.

use super::counters::{Counters, Reader, numbers};
use super::jobtypes::JobTypes;
use super::repush::Recent;
use super::sorted::Sets;
use super::table::{Slot, State};
use super::{Machine, Turn};
use crate::command::FailureView;
use crate::command::Text;
use crate::fact::{Cleared, Ending, Fact, Facts, Failure, Family, JobId, Order, Span, Standing};
use crate::policy::retry::Attempts;
use crate::time::Wall;

/// The last failure of a job; its text is the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) attempts: Attempts,
    pub(super) failed_at: Wall,
    pub(super) next_at: Option<Wall>,
    pub(super) text: Span,
}

impl Failed {
    pub(super) fn view(&self) -> FailureView {
        FailureView {
            retry_count: self.attempts.retry_count,
            remaining: self.attempts.remaining,
            failed_at: self.failed_at,
            next_at: self.next_at,
            text: Text::At(self.text),
        }
    }
}

/// The flag of a queue that FETCH passes over.
pub(super) const PAUSED: u8 = 1;

impl Machine {
    /// Takes a fact from the log; `span` is what [`Facts::record`] would say of it now. Facts about jobs that are
    /// unknown are ignored: their first record was freed, so they have ended.
    pub fn replay(&mut self, fact: &Fact<'_>, span: Span) {
        self.table.is_replaying |= matches!(fact, Fact::Put { .. });
        self.change(fact, span, &mut |_| {});
    }

    /// Something happens: it is written down, and it is so.
    pub(super) fn happen<F: Facts>(&mut self, turn: &mut Turn<'_, F>, fact: &Fact<'_>) {
        let span = turn.facts.record(fact);
        self.change(fact, span, &mut |freed| turn.facts.release(freed));
    }

    /// Makes a fact true. `free` takes the texts that nobody needs any more.
    pub(super) fn change(&mut self, fact: &Fact<'_>, span: Span, free: &mut impl FnMut(Span)) {
        match *fact {
            Fact::Put { id, order, at, head, standing, .. } => {
                // One that is told again while others are served comes back into their midst.
                let again = self.table.find(id).map(|slot| {
                    self.queues.search_from(self.table[slot].prev);
                    self.drop_job(slot, free);
                    State::Discarded
                });
                let (queue, jobtype) = (self.queues.acquire(head.queue), self.types.acquire(head.jobtype));
                let slot = self.table.insert(id, &head, queue, jobtype, span);
                if let Some(at) = at {
                    self.recent.pushed(at, self.table.seq_of(slot), self.rules.repush_window);
                }
                self.take_on(slot, &head.terms);
                self.enter(slot, order, standing, again);
            }
            Fact::Set { id, order, standing } => self.stand(id, order, standing),
            Fact::Move { id, order, queue, standing } => self.belong(id, order, queue, standing),
            Fact::Fail { id, order, at, counted, failure, standing } => {
                if counted {
                    self.counters.attempt(at, true);
                }
                match self.table.find(id) {
                    Some(slot) => {
                        if let Some(before) = self.failures.insert(slot, failed(&failure, span)) {
                            free(before.text);
                        }
                    }
                    None => free(span),
                }
                self.stand(id, order, standing);
                if let Some(slot) = self.table.find(id) {
                    self.reckon(slot);
                }
            }
            Fact::Lost { id, order, at, blamed, standing } => {
                if let Some(slot) = self.table.find(id).filter(|_| blamed) {
                    let losses = self.losses.entry(slot).or_default();
                    losses.push(at);
                    let beyond = losses.len().saturating_sub(self.rules.max_lost_workers as usize);
                    losses.drain(..beyond);
                }
                self.stand(id, order, standing);
            }
            Fact::End { id, at, why } => {
                self.counters.ended(at, why);
                if let Some(slot) = self.table.find(id) {
                    self.remember(slot, at, why);
                    self.drop_job(slot, free);
                }
            }
            Fact::Keep { family, key, value } if family.is_kept() => {
                self.kept.set(family, key, value.map(|value| (value, span))).into_iter().for_each(free);
                self.learn(family, key, value);
            }
            Fact::Keep { family, key, value } => self.keep(family, key, value),
            Fact::Clear(what) => self.clear_all(what, free),
        }
    }

    /// All that stands there is no more, and is forgotten for the safe re-push too (`D5`).
    fn clear_all(&mut self, what: Cleared<'_>, free: &mut impl FnMut(Span)) {
        if what == Cleared::Everything {
            self.texts().for_each(&mut *free);
            self.kept.forget_jobs(free);
            self.table.clear();
            self.types = JobTypes::default();
            self.queues.clear();
            self.parked.empty_hands();
            self.sets = Sets::default();
            self.reservations.clear(&mut self.workers);
            self.failures.clear();
            self.losses.clear();
            self.stood.clear();
            self.forget_terms();
            self.counters = Counters::default();
            self.recent = Recent::default();
            return;
        }
        for slot in self.standing_in(what) {
            self.recent.forget((self.table[slot].jid, self.table[slot].body_hash));
            self.drop_job(slot, free);
        }
        if let Cleared::Queue(name) = what {
            self.queues.set_known(name, false, false);
        }
    }

    /// The jobs that a [`Fact::Clear`] would end now.
    pub fn cleared_by(&self, what: Cleared<'_>) -> Vec<JobId> {
        self.standing_in(what).into_iter().map(|slot| self.table.id(slot)).collect()
    }

    pub(super) fn standing_in(&self, what: Cleared<'_>) -> Vec<Slot> {
        match what {
            Cleared::Everything => self.table.slots().collect(),
            Cleared::Queue(name) => {
                let queue = self.queues.find(name);
                queue.map_or_else(Vec::new, |q| self.queues.oldest_first(&self.table, q).collect())
            }
            Cleared::Set(set) => self.sets.of(set).iter().map(|(.., slot)| *slot).collect(),
        }
    }

    /// A job that lives stands elsewhere.
    fn stand(&mut self, id: JobId, order: Order, standing: Standing<'_>) {
        let Some(slot) = self.table.find(id) else { return };
        if let Standing::Working { wid, since, until } = standing
            && self.reservations.prolong(&self.table, slot, (wid, since), until)
        {
            return;
        }
        let was = self.table[slot].state;
        if let Standing::Queued { since } = standing
            && (was, self.table[slot].order) == (State::Queued, order)
        {
            // Only told again, as an edit does with a failure: in the midst of others, too, it keeps its place.
            self.table[slot].time = since;
            return;
        }
        self.leave(slot);
        self.enter(slot, order, standing, Some(was));
    }

    /// A job that lives belongs to another queue.
    fn belong(&mut self, id: JobId, order: Order, queue: &str, standing: Standing<'_>) {
        let Some(slot) = self.table.find(id) else { return };
        let was = self.table[slot].state;
        self.leave(slot);
        let to = self.queues.acquire(queue);
        let from = std::mem::replace(&mut self.table[slot].queue, to);
        self.queues.release(from);
        self.table[slot].moved = true;
        self.enter(slot, order, standing, Some(was));
    }

    /// Where a job's body is, and what of it is to be read otherwise.
    pub(super) fn body_text(&self, slot: Slot) -> Text {
        let entry = &self.table[slot];
        match entry.moved {
            true => Text::Moved { at: entry.body(), queue: self.queues[entry.queue].name.clone() },
            false => Text::At(entry.body()),
        }
    }

    /// Takes a job out of wherever it stands.
    fn leave(&mut self, slot: Slot) {
        self.unwatch(slot);
        match self.table[slot].state {
            State::Free => {}
            State::Queued => self.queues.remove(&mut self.table, slot),
            State::Scheduled | State::Retrying | State::Dead => self.sets.remove(&self.table, slot),
            State::Discarded => {
                self.sets.remove(&self.table, slot);
                self.stood.remove(&slot);
            }
            State::Working => {
                self.free_slot(slot);
                self.reservations.remove(&self.table, &mut self.workers, slot);
                self.queues[self.table[slot].queue].working -= 1;
            }
        }
    }

    /// Puts a job where the fact says it stands.
    fn enter(&mut self, slot: Slot, order: Order, standing: Standing<'_>, was: Option<State>) {
        self.next_tail = self.next_tail.max(order.0.saturating_add(1));
        self.next_head = self.next_head.min(order.0.saturating_sub(1));
        let entry = &mut self.table[slot];
        entry.order = order;
        (entry.state, entry.time) = match standing {
            Standing::Queued { since } => (State::Queued, since),
            Standing::Scheduled { at } => (State::Scheduled, at),
            Standing::Retrying { at } => (State::Retrying, at),
            Standing::Dead { until } => (State::Dead, until),
            Standing::Discarded { until, .. } => (State::Discarded, until),
            // A job that was not in its queue was enqueued and fetched in one.
            Standing::Working { since, .. } => {
                (State::Working, if was == Some(State::Queued) { entry.time } else { since })
            }
        };
        match standing {
            // Only what was discarded comes back into the midst of others. A replay sorts in the end.
            Standing::Queued { .. } if was == Some(State::Discarded) && !self.table.is_replaying => {
                self.queues.put_back(&mut self.table, slot);
            }
            Standing::Queued { .. } => self.queues.insert(&mut self.table, slot),
            Standing::Working { wid, since, until } => {
                self.started(slot);
                let holder = match self.ticks.get(self.table.seq_of(slot)) {
                    Some(held) => (wid.into(), held.worker),
                    None => self.workers.reserving(wid),
                };
                self.reservations.insert(&mut self.table, &mut self.workers, slot, holder, (since, until));
                self.queues.hand_out(self.table[slot].queue, was == Some(State::Queued));
                self.take_slot(slot);
            }
            Standing::Discarded { was, .. } => {
                self.stood.insert(slot, was);
                self.sets.insert(&self.table, slot);
            }
            Standing::Scheduled { .. } | Standing::Retrying { .. } | Standing::Dead { .. } => {
                self.sets.insert(&self.table, slot);
            }
        }
        let counts = |state: State| matches!(state, State::Dead | State::Discarded);
        if counts(self.table[slot].state) || was.is_some_and(counts) {
            self.reckon(slot);
        }
        self.watch(slot);
    }

    /// A job is no more.
    pub(super) fn drop_job(&mut self, slot: Slot, free: &mut impl FnMut(Span)) {
        self.leave(slot);
        if let Some(failure) = self.failures.remove(&slot) {
            free(failure.text);
        }
        self.losses.remove(&slot);
        self.let_go(slot);
        self.types.release(self.table[slot].jobtype);
        self.queues.release(self.table[slot].queue);
        free(self.table[slot].body());
        self.table.remove(slot);
    }

    /// For the safe re-push (`D5`): a job that ended is remembered, one that an operator deleted is forgotten.
    fn remember(&mut self, slot: Slot, at: Wall, why: Ending) {
        let key = (self.table[slot].jid, self.table[slot].body_hash);
        let seq = self.table.seq_of(slot);
        match why {
            Ending::Deleted => self.recent.forget(key),
            _ => self.recent.ended(at, seq, key, self.rules.repush_window, self.rules.repush_max),
        }
    }

    fn keep(&mut self, family: Family, key: &[u8], value: Option<&[u8]>) {
        match family {
            Family::Counters => {
                let mut reader = Reader(value.unwrap_or_default());
                self.counters.total = reader.count();
                self.table.seq = self.table.seq.max(reader.number());
                self.next_tail = self.next_tail.max(reader.number() as i64);
                self.next_head = self.next_head.min(reader.number() as i64);
            }
            Family::Day => self.counters.keep_day(key, value),
            Family::Recent => {
                let mut reader = Reader(value.unwrap_or_default());
                self.recent.restore(std::iter::from_fn(|| (!reader.is_empty()).then(|| reader.number())));
            }
            Family::Queue => {
                let Ok(name) = std::str::from_utf8(key) else { return };
                let paused = value.is_some_and(|v| v.first().is_some_and(|f| f & PAUSED != 0));
                self.queues.set_known(name, value.is_some(), paused);
            }
            _ => unreachable!("a kept family, see `kept.rs`"),
        }
    }

    /// Tells again the record of the counters alone: how many jobs came and ended, and the orders to give out next.
    pub fn restate_counters(&self, facts: &mut impl Facts) {
        let total = self.counters.total;
        let counters =
            [total.processed, total.failed, self.table.seq, self.next_tail as u64, self.next_head as u64];
        let value = numbers(&counters);
        facts.record(&Fact::Keep { family: Family::Counters, key: b"", value: Some(&value) });
    }

    /// Tells again every small record ([`Fact::Keep`]) that is not [kept](Family::KEPT), so that the log before may be
    /// freed.
    pub fn restate(&self, facts: &mut impl Facts) {
        self.restate_counters(facts);
        let mut keep = |family, key: &[u8], value: &[u8]| {
            facts.record(&Fact::Keep { family, key, value: Some(value) });
        };
        for (day, count) in self.counters.days() {
            keep(Family::Day, day.to_string().as_bytes(), &numbers(&[count.processed, count.failed]));
        }
        keep(Family::Recent, b"", &numbers(&self.recent.tell()));
        for queue in self.queues.known() {
            keep(Family::Queue, queue.name.as_bytes(), &[if queue.paused { PAUSED } else { 0 }]);
        }
    }
}

fn failed(failure: &Failure<'_>, text: Span) -> Failed {
    Failed {
        attempts: Attempts { retry_count: failure.retry_count, remaining: failure.remaining },
        failed_at: failure.failed_at,
        next_at: failure.next_at,
        text,
    }
}
