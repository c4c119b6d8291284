//! Batches: jobs that belong together, and what is pushed when they have run (rules `E-01` to `E-12`, decisions `D19`, `D22`, `D23`).
//!
//! A batch is a kept record (`record.rs`): what was counted of members that ended, and which callbacks were pushed. Members
//! that live are a set of jobs, known by what each job's own record says; so nothing can be counted twice, or for a job that
//! is not there. What happens to a member and what follows from it, up to the topmost parent, is told in one command.
//!
//! What follows from what is `policy/batch.rs`; what clients and operators do is `operate.rs`, what they see `show.rs`.

#[cfg(test)]
mod histories;
mod operate;
mod record;
mod show;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use bessemer_protocol::job::Job;

use self::record::{Ledger, Texts, named, texts_key};
use super::table::{Slot, State};
use super::terms::Gone;
use super::{Machine, Turn};
use crate::batch::Call;
use crate::command::{Asks, Push, Refusal};
use crate::fact::{Callback, Ending, Fact, Facts, Family, OwnTerms, Stood, Terms};
use crate::limits::DUE_SLICE;
use crate::policy::batch::Stage;
use crate::time::Wall;

/// All batches, and their living members by whatever they call their batch.
#[derive(Debug, Default)]
pub(super) struct Batches {
    all: BTreeMap<Box<str>, Batch>,
    /// By when they were made.
    by_age: BTreeSet<(Wall, Box<str>)>,
    /// By when something is due: see [`Ledger::until`].
    by_until: BTreeSet<(Wall, Box<str>)>,
    /// Those that are not over.
    unfinished: usize,
    /// Cancelled ones, and how far their waiting members and children have been dealt with. A restart begins anew.
    sweeps: BTreeMap<Box<str>, Sweep>,
}

/// A batch, or what lives of one that is not known any more.
#[derive(Debug, Default, PartialEq)]
struct Batch {
    ledger: Option<Ledger>,
    members: BTreeSet<Slot>,
    /// Those of them that failed once at least, or are dead.
    failing: BTreeSet<Slot>,
    /// Callbacks that live.
    callbacks: [Option<Slot>; 3],
    /// Children that are known.
    children: BTreeSet<Box<str>>,
}

/// How far a cancelled batch is.
#[derive(Clone, Debug, Default)]
struct Sweep {
    child: Box<str>,
    member: Slot,
}

impl Batch {
    /// Where it was pushed: its job has ended.
    fn lacks(&self, which: Callback) -> bool {
        self.callbacks[which as usize].is_none()
    }

    fn is_nothing(&self) -> bool {
        self.ledger.is_none()
            && self.members.is_empty()
            && self.children.is_empty()
            && self.callbacks.iter().all(Option::is_none)
    }
}

impl Batches {
    fn ledger(&self, bid: &str) -> Option<&Ledger> {
        self.all.get(bid)?.ledger.as_ref()
    }

    /// Those of which there is a record.
    fn known(&self) -> usize {
        self.by_age.len()
    }

    pub(super) fn unfinished(&self) -> usize {
        self.unfinished
    }

    fn change(&mut self, bid: &str, change: impl FnOnce(&mut Batch)) {
        match self.all.get_mut(bid) {
            Some(batch) => {
                change(batch);
                if batch.is_nothing() {
                    self.all.remove(bid);
                }
            }
            None => {
                let mut batch = Batch::default();
                change(&mut batch);
                if !batch.is_nothing() {
                    self.all.insert(bid.into(), batch);
                }
            }
        }
    }

    /// A job is in the machine.
    pub(super) fn take_on(&mut self, slot: Slot, terms: &Terms<'_>) {
        if let Some(bid) = terms.batch {
            self.change(bid, |batch| _ = batch.members.insert(slot));
        }
        if let Some((bid, which)) = terms.callback {
            self.change(bid, |batch| batch.callbacks[which as usize] = Some(slot));
        }
    }

    /// A job leaves the machine.
    pub(super) fn let_go(&mut self, slot: Slot, terms: &OwnTerms) {
        if let Some(bid) = &terms.batch {
            self.change(bid, |batch| {
                batch.members.remove(&slot);
                batch.failing.remove(&slot);
            });
        }
        if let Some((bid, which)) = &terms.callback {
            self.change(bid, |batch| _ = batch.callbacks[*which as usize].take_if(|held| *held == slot));
        }
    }

    /// A record is this from now on.
    pub(super) fn learn(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Some((bid, false)) = named(key) else { return };
        let now = value.map(Ledger::read);
        let mut before = None;
        let then = now.clone();
        self.change(bid, |batch| before = std::mem::replace(&mut batch.ledger, then));
        let age = |ledger: &Option<Ledger>| ledger.as_ref().map(|ledger| ledger.created);
        let until = |ledger: &Option<Ledger>| ledger.as_ref().and_then(|ledger| ledger.until);
        replace(&mut self.by_age, bid, age(&before), age(&now));
        replace(&mut self.by_until, bid, until(&before), until(&now));
        let counts = |ledger: &Option<Ledger>| usize::from(ledger.as_ref().is_some_and(|l| !l.is_over()));
        self.unfinished = self.unfinished + counts(&now) - counts(&before);
        let parent = |ledger: &Option<Ledger>| ledger.as_ref().and_then(|ledger| ledger.parent.clone());
        if now.is_none() != before.is_none()
            && let Some(parent) = parent(&before).or_else(|| parent(&now))
        {
            self.change(&parent, |batch| {
                _ = if now.is_some() {
                    batch.children.insert(bid.into())
                } else {
                    batch.children.remove(bid)
                };
            });
        }
        let sweeps = |ledger: &Option<Ledger>| ledger.as_ref().is_some_and(|l| l.cancelled && !l.swept);
        match (sweeps(&before), sweeps(&now)) {
            (false, true) => _ = self.sweeps.insert(bid.into(), Sweep::default()),
            (true, false) => _ = self.sweeps.remove(bid),
            _ => {}
        }
    }

    /// When the next of them is due, on the wall.
    pub(super) fn first_until(&self) -> Option<Wall> {
        self.by_until.first().map(|(until, _)| *until)
    }

    /// Whether members of cancelled ones are still to be deleted.
    pub(super) fn has_sweeps(&self) -> bool {
        !self.sweeps.is_empty()
    }
}

fn replace(set: &mut BTreeSet<(Wall, Box<str>)>, bid: &str, before: Option<Wall>, now: Option<Wall>) {
    if before == now {
        return;
    }
    if let Some(before) = before {
        set.remove(&(before, bid.into()));
    }
    if let Some(now) = now {
        set.insert((now, bid.into()));
    }
}

/// What a parent is to learn: what it knew of a child, and what it knows now.
type Rise = (Box<str>, Stage, Stage);

impl Machine {
    /// Whether a job may join.
    pub(super) fn may_join(&self, bid: &str) -> Result<(), Refusal> {
        match self.batches.ledger(bid) {
            None => Err(Refusal::NoSuchBatch(bid.into())),
            Some(ledger) if ledger.cancelled => Err(Refusal::BatchCancelled(bid.into())),
            Some(_) => Ok(()),
        }
    }

    /// A member may have begun, or ceased, to count as failed (`D22`).
    pub(super) fn reckon(&mut self, slot: Slot) {
        let Some(bid) = self.terms.get(&slot).and_then(|terms| terms.batch.as_deref()) else { return };
        let failed = self.counts_as_failed(slot);
        self.batches.change(bid, |batch| {
            _ = if failed { batch.failing.insert(slot) } else { batch.failing.remove(&slot) };
        });
    }

    fn counts_as_failed(&self, slot: Slot) -> bool {
        let is_dead = match self.table[slot].state {
            State::Dead => true,
            State::Discarded => matches!(self.stood.get(&slot), Some(Stood::Dead { .. })),
            _ => false,
        };
        is_dead || self.failures.contains_key(&slot)
    }

    /// A member was run, and failed.
    pub(super) fn member_ran<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot) {
        let Some(bid) = self.terms.get(&slot).and_then(|terms| terms.batch.clone()) else { return };
        self.settle(turn, &bid, |_| {});
    }

    /// Whether nobody wants a job any more.
    pub(super) fn is_cancelled(&self, slot: Slot) -> bool {
        let bid = self.terms.get(&slot).and_then(|terms| terms.batch.as_deref());
        bid.and_then(|bid| self.batches.ledger(bid)).is_some_and(|ledger| ledger.cancelled)
    }

    /// A member is in the dead set.
    pub(super) fn member_died<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot) {
        if let Some(bid) = self.terms.get(&slot).and_then(|terms| terms.batch.clone()) {
            self.settle(turn, &bid, |ledger| ledger.died = true);
        }
    }

    /// Jobs are no more: one record for each batch, however many of its members they were.
    pub(super) fn members_ended<F: Facts>(&mut self, turn: &mut Turn<'_, F>, gone: &[Gone], why: Ending) {
        let mut by_batch: BTreeMap<&str, u64> = BTreeMap::new();
        for bid in gone.iter().filter_map(|gone| gone.terms.batch.as_deref()) {
            *by_batch.entry(bid).or_default() += 1;
        }
        for (bid, count) in by_batch {
            self.settle(turn, bid, |ledger| match why {
                Ending::Acked => ledger.done += count,
                _ => ledger.gone += count,
            });
        }
        // A callback that was not ACKed stays pushed: `BATCH CHECK` sees that its job is not there.
        for (bid, which) in gone.iter().filter_map(|gone| gone.terms.callback.as_ref()) {
            let call = if why == Ending::Acked { Call::Done } else { Call::Pushed };
            self.settle(turn, bid, |ledger| ledger.calls[*which as usize] = call);
        }
    }

    /// Something changed for a batch: it is written down with all that follows, up to the topmost.
    fn settle<F: Facts>(&mut self, turn: &mut Turn<'_, F>, bid: &str, change: impl FnOnce(&mut Ledger)) {
        let mut rise = self.settle_one(turn, bid, change);
        while let Some((parent, was, is)) = rise {
            rise = self.settle_one(turn, &parent, |ledger| {
                ledger.settled += u64::from(was == Stage::Unsettled);
                ledger.succeeded += u64::from(is == Stage::Succeeded);
            });
        }
    }

    fn settle_one<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        bid: &str,
        change: impl FnOnce(&mut Ledger),
    ) -> Option<Rise> {
        let batch = self.batches.all.get(bid)?;
        let before = batch.ledger.as_ref()?;
        let mut ledger = before.clone();
        change(&mut ledger);
        let (living, failing) = (batch.members.len() as u64, batch.failing.len() as u64);
        let mut due = Vec::new();
        while let Some(which) = ledger.figures(living, failing).next() {
            ledger.calls[which as usize] = Call::Pushed;
            due.push(which);
        }
        let figures = ledger.figures(living, failing);
        let was = ledger.told;
        ledger.told = was.max(figures.stage());
        if !ledger.open {
            // What is pushed only now has no job yet.
            let is_lost = |which| {
                ledger.calls[which as usize] == Call::Pushed && batch.lacks(which) && !due.contains(&which)
            };
            let hopes = || batch.children.iter().any(|child| self.may_succeed(child));
            let then = turn.now.wall.after(self.rules.batch_keep);
            let is_over = figures.is_over(Callback::ALL.map(is_lost), hopes);
            ledger.until = is_over.then(|| ledger.until.unwrap_or(then));
        }
        if ledger != *before {
            self.keep_ledger(turn, bid, &ledger);
        }
        for which in due {
            self.call(turn, bid, which);
        }
        let is = ledger.told;
        ledger.parent.filter(|_| is > was).map(|parent| (parent, was, is))
    }

    /// A child that has not succeeded yet.
    fn may_succeed(&self, bid: &str) -> bool {
        self.batches.ledger(bid).is_some_and(|ledger| ledger.told != Stage::Succeeded && !ledger.cancelled)
    }

    fn keep_ledger<F: Facts>(&mut self, turn: &mut Turn<'_, F>, bid: &str, ledger: &Ledger) {
        let value = ledger.write();
        self.happen(turn, &Fact::Keep { family: Family::Batch, key: bid.as_bytes(), value: Some(&value) });
    }

    fn texts_of(&self, bid: &str) -> Texts {
        self.kept.value(Family::Batch, &texts_key(bid)).map_or_else(Texts::default, Texts::read)
    }

    /// Pushes a callback. No limit keeps it back: what a batch was promised when it was made, it gets.
    fn call<F: Facts>(&mut self, turn: &mut Turn<'_, F>, bid: &str, which: Callback) {
        let texts = self.texts_of(bid);
        let body = texts.body(which);
        // The records of a salvaged store may be incomplete.
        let job = std::str::from_utf8(body).ok().and_then(|text| Job::parse(text).ok()?.check().ok());
        let Some(job) = job else { return };
        let custom = job.custom();
        let push = Push {
            jid: job.jid(),
            queue: job.queue(),
            jobtype: job.jobtype(),
            retry: job.retry(),
            reserve_for: job.reserve_for(),
            on_lost: custom.on_lost.map(Into::into),
            asks: Asks::default(),
            at: job.at().map(|at| Wall(at.as_microsecond()).min(Wall::LAST)),
            failure: None,
            sent: body,
            body,
        };
        let terms = Terms { callback: Some((bid, which)), tracked: custom.track, ..Terms::default() };
        let body_hash = self.table.hash(body);
        self.take_in(turn, &push, terms, body_hash);
    }

    /// Batches whose time has come: opened ones are closed, and others are forgotten.
    pub(super) fn batches_due<F: Facts>(&mut self, turn: &mut Turn<'_, F>, left: &mut usize) {
        while *left > 0
            && let Some((_, bid)) = self.batches.by_until.first().filter(|(until, _)| *until <= turn.now.wall)
        {
            *left -= 1;
            let bid = bid.clone();
            match self.batches.ledger(&bid) {
                // Its callbacks were promised when it was committed, and whoever opened it again may be no more.
                Some(ledger) if ledger.open && ledger.committed => self.close(turn, &bid),
                _ => self.forget_batch(turn, &bid),
            }
        }
    }

    fn close<F: Facts>(&mut self, turn: &mut Turn<'_, F>, bid: &str) {
        self.settle(turn, bid, |ledger| (ledger.open, ledger.committed, ledger.until) = (false, true, None));
    }

    /// A batch is no more. Members that live go on as jobs; a parent does not wait for it any longer.
    fn forget_batch<F: Facts>(&mut self, turn: &mut Turn<'_, F>, bid: &str) {
        let Some(ledger) = self.batches.ledger(bid).cloned() else { return };
        for key in [bid.as_bytes(), &texts_key(bid)] {
            if self.kept.value(Family::Batch, key).is_some() {
                self.happen(turn, &Fact::Keep { family: Family::Batch, key, value: None });
            }
        }
        if let Some(parent) = ledger.parent {
            let unsettled = ledger.told == Stage::Unsettled;
            self.settle(turn, &parent, |ledger| ledger.settled += u64::from(unsettled));
        }
    }

    /// A slice of what is to be deleted of cancelled batches.
    pub(super) fn sweep<F: Facts>(&mut self, turn: &mut Turn<'_, F>) {
        let mut left = DUE_SLICE;
        while left > 0
            && let Some((bid, sweep)) = self.batches.sweeps.pop_first()
        {
            let Some(batch) = self.batches.all.get(&bid) else { continue };
            let below = (std::ops::Bound::Excluded(&*sweep.child), std::ops::Bound::Unbounded);
            let children: Vec<Box<str>> = batch.children.range::<str, _>(below).take(left).cloned().collect();
            left -= children.len();
            let members: Vec<Slot> = batch.members.range(sweep.member..).take(left).copied().collect();
            left -= members.len();
            let ends = left > 0;
            if !ends {
                let child = children.last().cloned().unwrap_or(sweep.child);
                let member = members.last().map_or(sweep.member, |last| last + 1);
                self.batches.sweeps.insert(bid.clone(), Sweep { child, member });
            }
            for child in children {
                if self.may_succeed(&child) {
                    self.settle(turn, &child, cancel);
                }
            }
            let waits = |slot: &Slot| {
                matches!(self.table[*slot].state, State::Queued | State::Scheduled | State::Retrying)
            };
            let waiting: Vec<Slot> = members.into_iter().filter(waits).collect();
            self.end_all(turn, &waiting, Ending::Deleted);
            if ends {
                self.settle(turn, &bid, |ledger| ledger.swept = true);
            }
        }
    }

    /// The index is what the jobs and the records say.
    pub(super) fn check_batches(&self) -> Result<(), String> {
        let mut built = Batches::default();
        for (slot, terms) in &self.terms {
            built.take_on(*slot, &terms.terms());
            if let Some(bid) = terms.batch.as_deref().filter(|_| self.counts_as_failed(*slot)) {
                built.change(bid, |batch| _ = batch.failing.insert(*slot));
            }
        }
        for (_, key, value) in self.kept.iter().filter(|(family, ..)| *family == Family::Batch) {
            built.learn(key, Some(value));
        }
        let Batches { all, by_age, by_until, unfinished, sweeps: _ } = &self.batches;
        if built.all != *all {
            return Err("the batches are not what the jobs and the records say".into());
        }
        if (&built.by_age, &built.by_until, built.unfinished) != (by_age, by_until, *unfinished) {
            return Err("the batches are not in the order of their times".into());
        }
        Ok(())
    }
}

/// No callback, and no more members.
fn cancel(ledger: &mut Ledger) {
    (ledger.cancelled, ledger.swept, ledger.open, ledger.until) = (true, false, false, None);
}
