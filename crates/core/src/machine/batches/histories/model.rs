//! The rules of batches once more: every member that ever was is known, and all are looked at again each time.

use std::collections::BTreeMap;

use crate::batch::Call;
use crate::fact::Callback;
use crate::time::Wall;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Waits,
    Works,
    Dead,
}

/// A job that lives, in the model.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) bid: Option<String>,
    pub(super) callback: Option<(String, usize)>,
    pub(super) retry: i16,
    pub(super) failures: i16,
    pub(super) state: State,
}

/// A batch in the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    pub(super) parent: Option<String>,
    pub(super) calls: [Call; 3],
    pub(super) open: bool,
    pub(super) committed: bool,
    pub(super) cancelled: bool,
    pub(super) died: bool,
    pub(super) done: u64,
    pub(super) gone: u64,
    pub(super) until: Wall,
    /// What it was once, it stays: 1 settled, 2 succeeded.
    pub(super) stage: u8,
}

#[derive(Default)]
pub(super) struct Model {
    pub(super) jobs: BTreeMap<String, Job>,
    pub(super) batches: BTreeMap<String, Batch>,
    /// Children that were forgotten, by their parent.
    pub(super) lost: BTreeMap<String, u64>,
}

impl Model {
    pub(super) fn members<'a>(&'a self, bid: &'a str) -> impl Iterator<Item = &'a Job> {
        self.jobs.values().filter(move |job| job.bid.as_deref() == Some(bid))
    }

    pub(super) fn figures(&self, bid: &str) -> (u64, u64) {
        let failed = |job: &&Job| job.failures > 0 || job.state == State::Dead;
        (self.members(bid).count() as u64, self.members(bid).filter(failed).count() as u64)
    }

    /// Looks at everything again until nothing changes.
    pub(super) fn settle(&mut self) {
        loop {
            let before = format!("{:?}", self.batches);
            let bids: Vec<String> = self.batches.keys().cloned().collect();
            for bid in bids {
                self.look(&bid);
            }
            if before == format!("{:?}", self.batches) {
                return;
            }
        }
    }

    pub(super) fn look(&mut self, bid: &str) {
        let (living, failing) = self.figures(bid);
        let children: Vec<u8> =
            self.batches.values().filter(|b| b.parent.as_deref() == Some(bid)).map(|b| b.stage).collect();
        let lost = self.lost.get(bid).copied().unwrap_or(0);
        let mut batch = self.batches[bid].clone();
        let complete = living == failing && children.iter().all(|stage| *stage > 0);
        let success = living + batch.gone == 0 && children.iter().all(|stage| *stage == 2) && lost == 0;
        let mut call = |which: usize, now: bool, batch: &mut Batch| {
            if now && batch.calls[which] == Call::Waits && !batch.open && !batch.cancelled {
                batch.calls[which] = Call::Pushed;
                let name = format!("{bid}-{}", Callback::ALL[which].as_str());
                let callback = Some((bid.to_owned(), which));
                let job = Job { bid: None, callback, retry: 25, failures: 0, state: State::Waits };
                assert!(self.jobs.insert(name, job).is_none());
            }
        };
        call(2, batch.died, &mut batch);
        call(1, complete, &mut batch);
        let over = |call: Call| matches!(call, Call::Undefined | Call::Done);
        call(0, success && over(batch.calls[1]), &mut batch);
        let stage = match () {
            () if batch.cancelled => 1,
            () if batch.open || !complete || !over(batch.calls[1]) => 0,
            () if success => 2 * u8::from(over(batch.calls[0])),
            () => 1,
        };
        batch.stage = batch.stage.max(stage);
        self.batches.insert(bid.into(), batch);
    }

    /// A job is no more.
    pub(super) fn end(&mut self, jid: &str, acked: bool) {
        let job = self.jobs.remove(jid).expect("it lived");
        if let Some(batch) = job.bid.and_then(|bid| self.batches.get_mut(&bid)) {
            *(if acked { &mut batch.done } else { &mut batch.gone }) += 1;
        }
        if let Some((bid, which)) = job.callback.filter(|_| acked)
            && let Some(batch) = self.batches.get_mut(&bid)
        {
            batch.calls[which] = Call::Done;
        }
    }

    pub(super) fn fail(&mut self, jid: &str) {
        let job = self.jobs.get_mut(jid).expect("it lives");
        (job.failures, job.state) = (job.failures + 1, State::Waits);
        let (retry, failures, bid) = (job.retry, job.failures, job.bid.clone());
        if retry == 0 {
            return self.end(jid, false);
        }
        if failures > retry {
            return self.kill(jid);
        }
        if bid.and_then(|bid| self.batches.get(&bid)).is_some_and(|batch| batch.cancelled) {
            self.end(jid, false);
        }
    }

    pub(super) fn kill(&mut self, jid: &str) {
        let job = self.jobs.get_mut(jid).expect("it lives");
        job.state = State::Dead;
        if let Some(batch) = job.bid.as_ref().and_then(|bid| self.batches.get_mut(bid)) {
            batch.died = true;
        }
    }

    pub(super) fn cancel(&mut self, bid: &str) {
        let batch = self.batches.get_mut(bid).expect("it is known");
        (batch.cancelled, batch.open, batch.stage) = (true, false, batch.stage.max(1));
        let waits = |(_, job): &(&String, &Job)| job.bid.as_deref() == Some(bid) && job.state == State::Waits;
        let jids: Vec<String> = self.jobs.iter().filter(waits).map(|(jid, _)| jid.clone()).collect();
        jids.iter().for_each(|jid| self.end(jid, false));
        let below =
            |(_, b): &(&String, &Batch)| b.parent.as_deref() == Some(bid) && b.stage < 2 && !b.cancelled;
        let children: Vec<String> = self.batches.iter().filter(below).map(|(bid, _)| bid.clone()).collect();
        children.iter().for_each(|child| self.cancel(child));
    }

    pub(super) fn time(&mut self, now: Wall) {
        let over = |(_, batch): &(&String, &Batch)| batch.open && batch.until <= now;
        let due: Vec<String> = self.batches.iter().filter(over).map(|(bid, _)| bid.clone()).collect();
        for bid in due {
            let batch = self.batches.get_mut(&bid).expect("it is known");
            batch.open = false;
            if !batch.committed {
                let batch = self.batches.remove(&bid).expect("it is known");
                if let Some(parent) = batch.parent {
                    *self.lost.entry(parent).or_default() += 1;
                }
            }
        }
    }
}
