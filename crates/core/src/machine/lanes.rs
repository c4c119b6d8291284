//! The FETCHes that wait for a queue of which each worker may have so much and no more: a lane for each worker, so that
//! who is next is known without looking at those who may not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::parked::ParkedNo;

/// All lanes of one queue.
#[derive(Debug)]
pub(super) struct Lanes {
    /// Jobs that each worker may have at once.
    limit: u32,
    /// By wid; those who are no workers have one together. A lane that holds nothing is none.
    all: BTreeMap<Arc<str>, Lane>,
    /// The first of each lane that is not full.
    open: BTreeSet<ParkedNo>,
}

/// One worker.
#[derive(Debug, Default)]
struct Lane {
    /// Jobs of the queue that it has.
    held: u32,
    waiting: BTreeSet<ParkedNo>,
}

impl Lane {
    fn first(&self, limit: u32) -> Option<ParkedNo> {
        self.waiting.first().filter(|_| self.held < limit).copied()
    }
}

impl Lanes {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, all: BTreeMap::new(), open: BTreeSet::new() }
    }

    /// Who has waited longest of those who may have a job.
    pub(super) fn first(&self) -> Option<ParkedNo> {
        self.open.first().copied()
    }

    /// Whether a worker may have one more.
    pub(super) fn has_room(&self, wid: &str) -> bool {
        self.all.get(wid).is_none_or(|lane| lane.held < self.limit)
    }

    /// A worker has one job more.
    pub(super) fn takes(&mut self, wid: &Arc<str>) {
        self.change(wid, |lane| lane.held += 1);
    }

    /// A worker has one job less.
    pub(super) fn frees(&mut self, wid: &Arc<str>) {
        self.change(wid, |lane| lane.held -= 1);
    }

    /// A FETCH of a worker waits.
    pub(super) fn waits(&mut self, wid: &Arc<str>, no: ParkedNo) {
        self.change(wid, |lane| _ = lane.waiting.insert(no));
    }

    /// It does not any more.
    pub(super) fn leaves(&mut self, wid: &Arc<str>, no: ParkedNo) {
        self.change(wid, |lane| _ = lane.waiting.remove(&no));
    }

    /// Nobody has anything any more.
    pub(super) fn empty_hands(&mut self) {
        self.all.values_mut().for_each(|lane| lane.held = 0);
        self.all.retain(|_, lane| !lane.waiting.is_empty());
        self.open = self.all.values().filter_map(|lane| lane.first(self.limit)).collect();
    }

    fn change(&mut self, wid: &Arc<str>, change: impl FnOnce(&mut Lane)) {
        if !self.all.contains_key(wid) {
            self.all.insert(wid.clone(), Lane::default());
        }
        let Some(lane) = self.all.get_mut(wid) else { return };
        let before = lane.first(self.limit);
        change(lane);
        let after = lane.first(self.limit);
        if lane.held == 0 && lane.waiting.is_empty() {
            self.all.remove(wid);
        }
        if before != after {
            if let Some(no) = before {
                self.open.remove(&no);
            }
            self.open.extend(after);
        }
    }

    /// Workers and what they have.
    pub(super) fn held(&self) -> impl Iterator<Item = (&Arc<str>, u32)> {
        self.all.iter().filter(|(_, lane)| lane.held > 0).map(|(wid, lane)| (wid, lane.held))
    }

    /// `waiting`: all that wait for the queue.
    pub(super) fn check(&self, waiting: &BTreeSet<ParkedNo>) -> Result<(), String> {
        let listed: BTreeSet<ParkedNo> = self.all.values().flat_map(|lane| &lane.waiting).copied().collect();
        let open: BTreeSet<ParkedNo> = self.all.values().filter_map(|lane| lane.first(self.limit)).collect();
        if listed != *waiting || open != self.open {
            return Err("the lanes of a queue and those who wait for it differ".into());
        }
        Ok(())
    }
}
