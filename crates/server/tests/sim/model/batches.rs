//! Batches once more (rules `E-01` to `E-12`, decisions `D19`, `D22`): members and children are looked at and counted each
//! time, and what follows is said from the batch up to the topmost above it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bessemer_core::batch::{BatchScan, BatchView, Call};
use bessemer_core::command::{Asks, BatchDeed, Plan, Push, Refusal};
use bessemer_core::fact::{Callback, Ending, Stood};
use bessemer_core::limits::BATCH_OPEN_FOR;
use bessemer_core::query::{Answer, Place};
use bessemer_core::{JobId, Machine, Now, Query, Wall};
use bessemer_protocol::batch::callback;
use bessemer_protocol::job;

use super::{Durable, Expected, Job, Model, views};

/// A batch, as it was told and as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    created: Wall,
    description: String,
    parent: Option<Rc<str>>,
    /// The jid and the text of each callback.
    callbacks: [Option<(Rc<str>, Rc<str>)>; 3],
    calls: [Call; 3],
    open: bool,
    committed: bool,
    cancelled: bool,
    /// What waited of a cancelled one is deleted.
    swept: bool,
    died: bool,
    /// Members that were ACKed, and those that ended otherwise.
    done: u64,
    gone: u64,
    /// When it is closed or forgotten.
    until: Option<Wall>,
    told: Told,
    /// Children that are not known any more, and those of them that had succeeded.
    forgotten: [u64; 2],
}

/// What those above know of a batch; it only ever rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    ToCome,
    Settled,
    Succeeded,
}

/// What a batch consists of, counted anew.
struct Seen {
    living: u64,
    /// Living members that have failed, or are dead.
    failing: u64,
    children: u64,
    settled: u64,
    succeeded: u64,
    /// A child that is known may still succeed.
    hopes: bool,
}

impl Seen {
    /// Every member has run, and every child is settled.
    fn is_complete(&self) -> bool {
        self.living == self.failing && self.settled == self.children
    }
}

impl Batch {
    fn call_of(&self, which: Callback) -> Call {
        self.calls[which as usize]
    }

    fn waits_not_for(&self, which: Callback) -> bool {
        matches!(self.call_of(which), Call::Undefined | Call::Done)
    }

    /// Calls if it is time to and it has not yet; says whether it does.
    fn calls_if(&mut self, which: Callback, time: bool) -> bool {
        let calls = time && !self.open && !self.cancelled && self.call_of(which) == Call::Waits;
        if calls {
            self.calls[which as usize] = Call::Pushed;
        }
        calls
    }

    fn cancel(&mut self) {
        (self.cancelled, self.swept, self.open, self.until) = (true, false, false, None);
    }

    /// How far it is, as things stand.
    fn stage(&self, seen: &Seen, success: bool) -> Told {
        match () {
            () if self.cancelled => Told::Settled,
            () if self.open || !seen.is_complete() || !self.waits_not_for(Callback::Complete) => Told::ToCome,
            () if !success => Told::Settled,
            () if self.waits_not_for(Callback::Success) => Told::Succeeded,
            () => Told::ToCome,
        }
    }
}

fn has_failed(job: &Job) -> bool {
    let dead = matches!(job.place, Place::Dead { .. } | Place::Discarded { was: Stood::Dead { .. }, .. });
    dead || job.attempts.is_some()
}

fn waits(job: &Job) -> bool {
    matches!(job.place, Place::Queued { .. } | Place::Scheduled { .. } | Place::Retrying { .. })
}

impl Durable {
    fn members<'a>(&'a self, bid: &'a str) -> impl Iterator<Item = (JobId, &'a Job)> {
        let of_it = move |(_, job): &(&JobId, &Job)| job.batch.as_deref() == Some(bid);
        self.jobs.iter().filter(of_it).map(|(id, job)| (*id, job))
    }

    fn children<'a>(&'a self, bid: &'a str) -> impl Iterator<Item = (&'a Rc<str>, &'a Batch)> {
        self.batches.iter().filter(move |(_, batch)| batch.parent.as_deref() == Some(bid))
    }

    fn seen(&self, bid: &str, batch: &Batch) -> Seen {
        let told = |at_least: Told| self.children(bid).filter(|(_, child)| child.told >= at_least).count();
        let [forgotten, succeeded] = batch.forgotten;
        Seen {
            living: self.members(bid).count() as u64,
            failing: self.members(bid).filter(|(_, job)| has_failed(job)).count() as u64,
            children: forgotten + self.children(bid).count() as u64,
            settled: forgotten + told(Told::Settled) as u64,
            succeeded: succeeded + told(Told::Succeeded) as u64,
            hopes: self.children(bid).any(|(_, child)| child.told != Told::Succeeded && !child.cancelled),
        }
    }

    /// Whether the job of a callback lives.
    fn calls(&self, bid: &str, which: Callback) -> bool {
        let is_it =
            |job: &Job| job.callback.as_ref().is_some_and(|(of, what)| **of == *bid && *what == which);
        self.jobs.values().any(is_it)
    }

    /// Callbacks that were pushed and whose jobs have ended otherwise than by ACK.
    fn lost_calls(&self, bid: &str, batch: &Batch) -> Vec<Callback> {
        let lost = |which: &Callback| batch.call_of(*which) == Call::Pushed && !self.calls(bid, *which);
        Callback::ALL.into_iter().filter(lost).collect()
    }

    fn view(&self, bid: &str, batch: &Batch) -> BatchView {
        let seen = self.seen(bid, batch);
        BatchView {
            bid: bid.into(),
            parent: batch.parent.as_deref().map(Into::into),
            description: batch.description.clone(),
            created: batch.created,
            total: batch.done + batch.gone + seen.living,
            pending: batch.gone + seen.living,
            failed: batch.gone + seen.failing,
            gone: batch.gone,
            calls: batch.calls,
            children: seen.children,
            settled: seen.settled,
            succeeded: batch.told == Told::Succeeded,
            open: batch.open,
            committed: batch.committed,
            cancelled: batch.cancelled,
            over: !batch.open && batch.until.is_some(),
            until: batch.until,
        }
    }

    /// All of them, by their names.
    pub(crate) fn batch_views(&self) -> Vec<BatchView> {
        self.batches.iter().map(|(bid, batch)| self.view(bid, batch)).collect()
    }

    /// When the first of them is closed or forgotten.
    pub(super) fn batches_until(&self) -> Option<Wall> {
        self.batches.values().filter_map(|batch| batch.until).min()
    }

    /// When the first of those that are open is closed or forgotten.
    pub(crate) fn open_until(&self) -> Option<Wall> {
        self.batches.values().filter(|batch| batch.open).filter_map(|batch| batch.until).min()
    }

    /// The first of the cancelled ones whose members wait to be deleted.
    pub(super) fn to_sweep(&self) -> Option<Rc<str>> {
        let sweeps = |(_, batch): &(&Rc<str>, &Batch)| batch.cancelled && !batch.swept;
        self.batches.iter().find(sweeps).map(|(bid, _)| bid.clone())
    }
}

/// All batches of the machine, by their names.
pub(crate) fn listed(real: &Machine, now: Now) -> Vec<BatchView> {
    let (mut all, mut scan) = (Vec::new(), BatchScan { count: 100, ..BatchScan::default() });
    while let Answer::Batches(seen) = real.answer(now, &Query::Batches(scan.clone())) {
        all.extend(seen.batches);
        scan.from = seen.next;
        if scan.from.is_none() {
            break;
        }
    }
    all.sort_by(|one, other| one.bid.cmp(&other.bid));
    all
}

impl Model {
    /// Jobs that the engine has made of callbacks and that are not known here yet, by their jids.
    pub(super) fn fresh_callbacks(&self, now: Now, real: &Machine) -> BTreeMap<Rc<str>, JobId> {
        let callbacks = self.durable.batches.values().flat_map(|batch| batch.callbacks.iter().flatten());
        let fresh = |jid: &str| {
            let ids = views(real, now, jid).into_iter().map(|view| view.id);
            ids.into_iter().find(|id| !self.durable.jobs.contains_key(id))
        };
        callbacks.filter_map(|(jid, _)| Some((jid.clone(), fresh(jid)?))).collect()
    }

    /// Whether a job may join, or why not.
    pub(super) fn may_join(&self, bid: &str) -> Result<(), Refusal> {
        match self.durable.batches.get(bid) {
            None => Err(Refusal::NoSuchBatch(bid.into())),
            Some(batch) if batch.cancelled => Err(Refusal::BatchCancelled(bid.into())),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn batch(&mut self, now: Now, deed: BatchDeed<'_>, real: &Machine) -> Expected {
        let done = match deed {
            BatchDeed::New(plan) => self.new_batch(now, &plan, real),
            BatchDeed::Open { bid } => self.may_join(bid).map(|()| {
                let until = now.wall.after(BATCH_OPEN_FOR);
                self.settle(now, bid, |batch| (batch.open, batch.until) = (true, Some(until)));
                Expected::Bid(bid.into())
            }),
            BatchDeed::Commit { bid } => self.may_join(bid).map(|()| {
                self.close(now, bid);
                Expected::Done
            }),
            BatchDeed::Status { bid } => match self.durable.batches.get(bid) {
                Some(batch) => Ok(Expected::Batch(Box::new(self.durable.view(bid, batch)))),
                None => Err(Refusal::NoSuchBatch(bid.into())),
            },
            BatchDeed::Cancel { bid } if self.durable.batches.contains_key(bid) => {
                let count = self.durable.members(bid).filter(|(_, job)| waits(job)).count() as u64;
                self.settle(now, bid, Batch::cancel);
                Ok(Expected::Count(count))
            }
            // What was deleted before it ran is pushed once more.
            BatchDeed::Repair { bid } if self.durable.batches.contains_key(bid) => {
                let lost = self.durable.lost_calls(bid, &self.durable.batches[bid]);
                lost.iter().for_each(|which| self.call(now, bid, *which));
                self.settle(now, bid, |_| {});
                Ok(Expected::Count(lost.len() as u64))
            }
            BatchDeed::Cancel { bid } | BatchDeed::Repair { bid } => Err(Refusal::NoSuchBatch(bid.into())),
        };
        done.unwrap_or_else(Expected::Refused)
    }

    fn new_batch(&mut self, now: Now, plan: &Plan<'_>, real: &Machine) -> Result<Expected, Refusal> {
        plan.parent.map_or(Ok(()), |parent| self.may_join(parent))?;
        let known = |view: &BatchView| self.durable.batches.contains_key(&*view.bid);
        let Some(view) = listed(real, now).into_iter().find(|view| !known(view)) else {
            self.complain(|| "a batch was made and is not there".into());
            return Ok(Expected::Done);
        };
        let texts = Callback::ALL.map(|which| {
            let (text, name) = (plan.callbacks[which as usize]?, which.as_str());
            let jid = format!("{}-{name}", view.bid);
            let text = callback(text, &jid, name, &view.bid, plan.parent, &now.wall.rfc3339())?;
            let text: Rc<str> = String::from_utf8(text).ok()?.into();
            Some((job::Job::parse(&text).ok()?.jid()?.into(), text))
        });
        let bid: Rc<str> = view.bid.into();
        let batch = Batch {
            created: now.wall,
            description: plan.description.into(),
            parent: plan.parent.map(Into::into),
            calls: std::array::from_fn(|at| if texts[at].is_some() { Call::Waits } else { Call::Undefined }),
            callbacks: texts,
            open: true,
            committed: false,
            cancelled: false,
            swept: false,
            died: false,
            done: 0,
            gone: 0,
            until: Some(now.wall.after(BATCH_OPEN_FOR)),
            told: Told::ToCome,
            forgotten: [0; 2],
        };
        self.durable.batches.insert(bid.clone(), batch);
        if let Some(parent) = plan.parent {
            self.settle(now, parent, |_| {});
        }
        Ok(Expected::Bid(bid))
    }

    fn close(&mut self, now: Now, bid: &str) {
        self.settle(now, bid, |batch| (batch.open, batch.committed, batch.until) = (false, true, None));
    }

    /// Jobs are no more: their batches hear of it, each once.
    pub(super) fn members_ended(&mut self, now: Now, gone: &[Job], why: Ending) {
        let bids: BTreeSet<&str> = gone.iter().filter_map(|job| job.batch.as_deref()).collect();
        for bid in bids {
            let count = gone.iter().filter(|job| job.batch.as_deref() == Some(bid)).count() as u64;
            self.settle(now, bid, |batch| match why {
                Ending::Acked => batch.done += count,
                _ => batch.gone += count,
            });
        }
        for (bid, which) in gone.iter().filter_map(|job| job.callback.as_ref()) {
            self.settle(now, bid, |batch| {
                if why == Ending::Acked {
                    batch.calls[*which as usize] = Call::Done;
                }
            });
        }
    }

    /// A member has run and failed.
    pub(super) fn member_ran(&mut self, now: Now, id: JobId) {
        if let Some(bid) = self.job(id).batch.clone() {
            self.settle(now, &bid, |_| {});
        }
    }

    /// A member has come to the dead set.
    pub(super) fn member_died(&mut self, now: Now, id: JobId) {
        if let Some(bid) = self.job(id).batch.clone() {
            self.settle(now, &bid, |batch| batch.died = true);
        }
    }

    /// Whether a job belongs to a batch that nobody wants any more.
    pub(super) fn is_cancelled(&self, id: JobId) -> bool {
        let bid = self.durable.jobs[&id].batch.as_deref();
        bid.and_then(|bid| self.durable.batches.get(bid)).is_some_and(|batch| batch.cancelled)
    }

    /// Something happened to a batch: with it goes what follows, up to the topmost that learns anything.
    fn settle(&mut self, now: Now, bid: &str, change: impl FnOnce(&mut Batch)) {
        let Some(batch) = self.durable.batches.get_mut(bid) else { return };
        change(batch);
        let mut next: Option<Rc<str>> = Some(bid.into());
        while let Some(bid) = next {
            next = self.follow(now, &bid);
        }
    }

    /// What follows for one batch; the one above it if that learns something.
    fn follow(&mut self, now: Now, bid: &Rc<str>) -> Option<Rc<str>> {
        let mut batch = self.durable.batches.get(bid)?.clone();
        let seen = self.durable.seen(bid, &batch);
        let success = seen.living + batch.gone == 0 && seen.succeeded == seen.children;
        let mut called = Vec::new();
        for which in [Callback::Death, Callback::Complete, Callback::Success] {
            let time = match which {
                Callback::Death => batch.died,
                Callback::Complete => seen.is_complete(),
                Callback::Success => success && batch.waits_not_for(Callback::Complete),
            };
            called.extend(batch.calls_if(which, time).then_some(which));
        }
        let stage = batch.stage(&seen, success);
        if !batch.open {
            let mut lost = self.durable.lost_calls(bid, &batch);
            lost.retain(|which| !called.contains(which));
            let awaited = batch.calls.iter().filter(|call| **call == Call::Pushed).count() > lost.len();
            let nothing_comes = match stage {
                _ if batch.cancelled => true,
                Told::ToCome => seen.is_complete() && !lost.is_empty(),
                Told::Settled => batch.gone > 0 || !seen.hopes,
                Told::Succeeded => true,
            };
            let over = seen.living == 0 && !awaited && nothing_comes;
            let until = batch.until.unwrap_or(now.wall.after(self.rules.batch_keep));
            batch.until = over.then_some(until);
        }
        let learns = stage > batch.told;
        batch.told = batch.told.max(stage);
        let parent = batch.parent.clone();
        self.durable.batches.insert(bid.clone(), batch);
        called.into_iter().for_each(|which| self.call(now, bid, which));
        parent.filter(|_| learns)
    }

    /// A callback is pushed.
    fn call(&mut self, now: Now, bid: &str, which: Callback) {
        let Some((jid, text)) = self.durable.batches[bid].callbacks[which as usize].clone() else { return };
        let Some(id) = self.called.remove(&jid) else {
            return self.complain(|| format!("it is time for {jid}, which was not pushed"));
        };
        let job = job::Job::parse(&text).ok().and_then(|job| job.check().ok()).expect("it was checked");
        let asks = Asks { callback: Some((bid, which)), tracked: job.custom().track, ..Asks::default() };
        let push = Push {
            jid: &jid,
            queue: job.queue(),
            jobtype: job.jobtype(),
            retry: job.retry(),
            reserve_for: job.reserve_for(),
            on_lost: job.custom().on_lost.map(Into::into),
            asks,
            at: None,
            failure: None,
            sent: text.as_bytes(),
            body: text.as_bytes(),
        };
        self.take_in(now, id, &push);
    }

    /// Batches whose time has come are closed if they were committed once, and else forgotten.
    pub(super) fn batches_due(&mut self, now: Now) {
        let until = |(bid, batch): (&Rc<str>, &Batch)| Some((batch.until?, bid.clone()));
        while let Some((_, bid)) =
            self.durable.batches.iter().filter_map(until).min().filter(|(at, _)| *at <= now.wall)
        {
            let batch = &self.durable.batches[&bid];
            if batch.open && batch.committed {
                self.close(now, &bid);
                continue;
            }
            let batch = self.durable.batches.remove(&bid).expect("it was just there");
            if let Some(parent) = batch.parent {
                self.settle(now, &parent, |parent| {
                    parent.forgotten[0] += 1;
                    parent.forgotten[1] += u64::from(batch.told == Told::Succeeded);
                });
            }
        }
    }

    /// What waits of cancelled batches is deleted, and all below them are cancelled.
    pub(super) fn sweep(&mut self, now: Now) {
        while let Some(bid) = self.durable.to_sweep() {
            let below = self.durable.children(&bid);
            let below = below.filter(|(_, child)| child.told != Told::Succeeded && !child.cancelled);
            for child in below.map(|(child, _)| child.clone()).collect::<Vec<_>>() {
                self.settle(now, &child, Batch::cancel);
            }
            let waiting = self.durable.members(&bid).filter(|(_, job)| waits(job)).map(|(id, _)| id);
            self.end_all(now, &waiting.collect::<Vec<_>>(), Ending::Deleted);
            self.settle(now, &bid, |batch| batch.swept = true);
        }
    }
}
