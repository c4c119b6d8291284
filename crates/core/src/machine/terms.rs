//! What jobs ask for beyond being run, for the few that ask: unique keys, an expiry, a batch, a memory of them.
//!
//! It is part of the job's own record ([`crate::fact::Head::terms`]), and here it is kept for as long as the job lives. Each
//! feature has a file of its own (`batches.rs`, `unique.rs`, …) and hears of jobs here alone:
//!
//! - before a job is taken in, [`Machine::agree`] says what it gets, or why it is refused;
//! - [`Machine::take_on`] and [`Machine::let_go`] are called by facts, live and in replay, and keep each feature's index of the
//!   living jobs. A job that is told again leaves and enters, so they count nothing;
//! - [`Machine::learn`] is called by facts too: a record that a feature has kept is this from now on;
//! - [`Machine::ran`], [`Machine::died`] and [`Machine::ended`] are called live only, after the fact, and may make others happen.

use super::batches::Batches;
use super::table::Slot;
use super::track::Tracks;
use super::unique::Keys;
use super::{Machine, Turn};
use crate::command::{Asks, Push, Refusal};
use crate::event::{Counted, Event};
use crate::fact::{Cleared, Ending, Fact, Facts, Family, OwnTerms, Terms, Unique};
use crate::time::Wall;

/// A job that is no more, and asked for something.
#[derive(Debug)]
pub(super) struct Gone {
    /// The keyed hash of its jid.
    pub(super) jid: u64,
    pub(super) terms: OwnTerms,
}

impl Machine {
    /// What a job gets of what it asks for.
    pub(super) fn agree<'a>(&self, now: Wall, job: &Push<'a>) -> Result<Terms<'a>, Refusal> {
        let Asks { unique, expires, batch, callback, cron, tracked } = job.asks;
        if let Some(bid) = batch {
            self.may_join(bid)?;
        }
        self.may_take(now, unique.as_ref())?;
        let unique = unique.map(|ask| Unique {
            key: ask.key,
            until: job.at.unwrap_or(now).max(now).after(ask.hold),
            release: ask.release,
        });
        Ok(Terms { unique, expires, batch, callback, cron, tracked })
    }

    /// What a job that lives asked for, but for what it has given up.
    pub(super) fn terms_of(&self, slot: Slot) -> Terms<'_> {
        self.terms.get(&slot).map_or_else(Terms::default, OwnTerms::terms)
    }

    /// A job is in the machine.
    pub(super) fn take_on(&mut self, slot: Slot, terms: &Terms<'_>) {
        if *terms == Terms::default() {
            return;
        }
        self.table[slot].asks = true;
        self.terms.insert(slot, OwnTerms::of(terms));
        self.batches.take_on(slot, terms);
        if let Some(unique) = terms.unique {
            self.keys.take(slot, unique);
        }
    }

    /// A job leaves the machine.
    pub(super) fn let_go(&mut self, slot: Slot) {
        if !self.table[slot].asks {
            return;
        }
        let Some(terms) = self.terms.remove(&slot) else { return };
        self.batches.let_go(slot, &terms);
        if let Some(unique) = terms.unique {
            self.keys.give_up(slot, unique);
        }
    }

    /// A record of a [kept](Family::KEPT) family is this from now on, or is no more.
    pub(super) fn learn(&mut self, family: Family, key: &[u8], value: Option<&[u8]>) {
        match family {
            Family::Batch => self.batches.learn(key, value),
            Family::Track => self.tracks.learn(key, value),
            Family::Unique => self.learn_key(key, value),
            Family::Throttle => self.learn_throttle(key, value),
            Family::Cron => self.crons.learn(key, value),
            _ => {}
        }
    }

    /// All jobs are forgotten, and what came of them.
    pub(super) fn forget_terms(&mut self) {
        self.terms.clear();
        self.batches = Batches::default();
        self.tracks = Tracks::default();
        self.keys = Keys::default();
        self.expiring.clear();
    }

    /// A job was run, and failed; it is where it goes then.
    pub(super) fn ran<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot) {
        self.member_ran(turn, slot);
        self.cron_ran(turn, slot);
    }

    /// A job is in the dead set, and was not before.
    pub(super) fn died<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot) {
        self.member_died(turn, slot);
        self.cron_died(turn, slot);
    }

    /// A job is no more. Every job that ends alone ends here; those that are cleared at one stroke, in
    /// [`Machine::clear_all_of`].
    pub(super) fn end<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot, why: Ending) {
        let gone = self.gone(slot);
        self.happen(turn, &Fact::End { id: self.table.id(slot), at: turn.now.wall, why });
        if let Some(gone) = gone {
            self.ended(turn, &[gone], why);
        }
    }

    /// All that stands there is deleted at one stroke; says how many jobs that were. `stays`: a queue is known as it was,
    /// and paused or not, before anybody hears of its jobs and pushes others into it.
    pub(super) fn clear_all_of<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        what: Cleared<'_>,
        stays: Option<bool>,
    ) -> u64 {
        // With everything goes whatever would have to hear of it.
        let slots = if what == Cleared::Everything { Vec::new() } else { self.standing_in(what) };
        let gone: Vec<Gone> = slots.into_iter().filter_map(|slot| self.gone(slot)).collect();
        let before = self.table.len();
        self.happen(turn, &Fact::Clear(what));
        let count = (before - self.table.len()) as u64;
        if let (Cleared::Queue(name), Some(paused)) = (what, stays) {
            self.keep_queue(turn, name, paused);
        }
        if !gone.is_empty() {
            self.ended(turn, &gone, Ending::Deleted);
        }
        count
    }

    /// Some of them are, for one reason.
    pub(super) fn end_all<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slots: &[Slot], why: Ending) {
        let gone: Vec<Gone> = slots.iter().filter_map(|slot| self.gone(*slot)).collect();
        for slot in slots {
            self.happen(turn, &Fact::End { id: self.table.id(*slot), at: turn.now.wall, why });
        }
        if !gone.is_empty() {
            self.ended(turn, &gone, why);
        }
    }

    /// Tells of a job that is in nobody's hands.
    pub(super) fn counted(&self, what: Counted, slot: Slot, at: Wall) -> Event {
        let entry = &self.table[slot];
        let (queue, jobtype) = (&self.queues[entry.queue].name, self.types.name(entry.jobtype));
        Event::Counted { what, queue: queue.clone(), jobtype: jobtype.clone(), at, text: entry.body() }
    }

    fn gone(&self, slot: Slot) -> Option<Gone> {
        if !self.table[slot].asks {
            return None;
        }
        let terms = self.terms.get(&slot)?.clone();
        Some(Gone { jid: self.table[slot].jid, terms })
    }

    /// Jobs are no more.
    fn ended<F: Facts>(&mut self, turn: &mut Turn<'_, F>, gone: &[Gone], why: Ending) {
        self.members_ended(turn, gone, why);
        self.remember_ended(turn, gone, why);
        self.cron_ended(turn, gone, why);
    }
}
