//! What is seen of batches: how each stands, what it waits for, where its members are.

use std::ops::Bound;

use super::record::Ledger;
use super::{Batch, Machine};
use crate::batch::{BatchDetail, BatchScan, BatchView, BatchesSeen, Call, CallbackView, MembersSeen, Wait};
use crate::fact::Callback;
use crate::limits::{PAGE_MAX, SIFT_MAX, SLICE_MAX};
use crate::policy::batch::Stage;
use crate::query::Where;
use crate::time::Wall;

impl Machine {
    pub(in crate::machine) fn batch_view(&self, bid: &str) -> Option<BatchView> {
        let batch = self.batches.all.get(bid)?;
        Some(self.view_of(bid, batch, batch.ledger.as_ref()?))
    }

    fn view_of(&self, bid: &str, batch: &Batch, ledger: &Ledger) -> BatchView {
        let (living, failing) = (batch.members.len() as u64, batch.failing.len() as u64);
        let pending = ledger.gone + living;
        BatchView {
            bid: bid.into(),
            parent: ledger.parent.as_deref().map(Into::into),
            description: self.texts_of(bid).description.into(),
            created: ledger.created,
            total: ledger.done + pending,
            pending,
            failed: ledger.gone + failing,
            gone: ledger.gone,
            calls: ledger.calls,
            children: ledger.children,
            settled: ledger.settled,
            succeeded: ledger.told == Stage::Succeeded,
            open: ledger.open,
            committed: ledger.committed,
            cancelled: ledger.cancelled,
            over: ledger.is_over(),
            until: ledger.until,
        }
    }

    /// A piece of the list, newest first.
    pub(in crate::machine) fn batches_seen(&self, scan: &BatchScan) -> BatchesSeen {
        let mut seen = BatchesSeen { total: self.batches.known() as u64, ..BatchesSeen::default() };
        let count = scan.count.clamp(1, PAGE_MAX);
        let last = scan.from.as_ref().map(|(created, bid)| (*created, Box::from(&**bid)));
        let range = (Bound::Unbounded, last.map_or(Bound::Unbounded, Bound::Included));
        let known = self.batches.by_age.range::<(Wall, Box<str>), _>(range).rev();
        for (looked, (created, bid)) in known.enumerate() {
            if looked == SLICE_MAX || seen.batches.len() == count {
                seen.next = Some((*created, (**bid).into()));
                break;
            }
            let view = self.batch_view(bid).filter(|view| {
                scan.parent.as_deref().is_none_or(|parent| view.parent.as_deref() == Some(parent))
                    && scan.state.is_none_or(|state| view.state() == state)
            });
            seen.batches.extend(view);
        }
        seen
    }

    /// One batch.
    pub(in crate::machine) fn batch_detail(&self, bid: &str) -> Option<BatchDetail> {
        let batch = self.batches.all.get(bid)?;
        let view = self.view_of(bid, batch, batch.ledger.as_ref()?);
        let callbacks =
            Callback::ALL.into_iter().filter(|which| view.calls[*which as usize] != Call::Undefined);
        let callback = |which: Callback| {
            let slot = batch.callbacks[which as usize];
            CallbackView {
                which,
                call: view.calls[which as usize],
                job: slot.map(|slot| (self.table.id(slot), Where::from(&self.place(slot)))),
            }
        };
        let callbacks: Vec<CallbackView> = callbacks.map(callback).collect();
        let known = batch.children.iter().take(SIFT_MAX);
        let (waiting, settled): (Vec<&Box<str>>, Vec<&Box<str>>) = known.partition(|child| {
            self.batches.ledger(child).is_some_and(|child| child.told == Stage::Unsettled)
        });
        let children = waiting.iter().chain(&settled).take(PAGE_MAX).filter_map(|bid| self.batch_view(bid));
        Some(BatchDetail {
            waits: waits(&view, &callbacks, batch, waiting.first().map(|bid| &***bid)),
            children: children.collect(),
            callbacks,
            view,
        })
    }

    /// A piece of a walk over the members that live: those that hold the batch up come with their ids.
    pub(in crate::machine) fn members_seen(&self, bid: &str, from: u32, most: usize) -> Option<MembersSeen> {
        let batch = self.batches.all.get(bid)?;
        let mut seen = MembersSeen::default();
        for (looked, slot) in batch.members.range(from..).enumerate() {
            if looked == SIFT_MAX {
                seen.next = Some(*slot);
                break;
            }
            let place = Where::from(&self.place(*slot));
            *seen.counts.entry(place).or_default() += 1;
            if seen.ids.len() < most.min(SLICE_MAX) {
                seen.ids.push(self.table.id(*slot));
            } else {
                seen.rest = seen.rest.or(Some(*slot));
            }
        }
        Some(seen)
    }
}

/// What is still to come, in the order in which it comes.
fn waits(view: &BatchView, callbacks: &[CallbackView], batch: &Batch, child: Option<&str>) -> Vec<Wait> {
    let pushed = callbacks.iter().filter(|callback| callback.call == Call::Pushed);
    let pushed = pushed.map(|callback| Wait::Callback { which: callback.which, job: callback.job });
    if view.over {
        // Those whose jobs were deleted come again with a repair, and no other way.
        return pushed.collect();
    }
    let mut waits = Vec::new();
    if let Some(until) = view.until.filter(|_| view.open) {
        waits.push(Wait::Commit { until, closes: view.committed });
    }
    let (living, failing) = (batch.members.len() as u64, batch.failing.len() as u64);
    if living > failing {
        waits.push(Wait::Members(living - failing));
    }
    if failing > 0 {
        waits.push(Wait::Failing(failing));
    }
    if view.settled < view.children {
        waits.push(Wait::Children { count: view.children - view.settled, first: child.map(Into::into) });
    }
    waits.extend(pushed);
    let is_promised = !view.cancelled && view.calls[Callback::Success as usize] == Call::Waits;
    if view.gone > 0 && is_promised {
        waits.push(Wait::Never(view.gone));
    }
    waits
}
