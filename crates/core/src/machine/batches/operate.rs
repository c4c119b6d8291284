//! What clients and operators do to batches: NEW, OPEN, COMMIT, STATUS, CANCEL, and repairs.

use bessemer_protocol::batch::callback;

use super::record::{Ledger, Texts, texts_key};
use super::{Machine, Turn, cancel};
use crate::batch::Call;
use crate::command::{BatchDeed, Plan, Refusal, Reply};
use crate::fact::{Callback, Fact, Facts, Family};
use crate::limits::{BATCH_DEPTH_MAX, BATCH_OPEN_FOR};
use crate::machine::table::State;
use crate::policy::batch::Stage;

impl Machine {
    pub(in crate::machine) fn batch<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        deed: BatchDeed<'_>,
    ) -> Reply {
        let done = match deed {
            BatchDeed::New(plan) => self.new_batch(turn, &plan),
            BatchDeed::Open { bid } => self.may_join(bid).map(|()| self.open(turn, bid)),
            BatchDeed::Commit { bid } => self.may_join(bid).map(|()| {
                self.close(turn, bid);
                Reply::Done
            }),
            BatchDeed::Status { bid } => match self.batch_view(bid) {
                Some(view) => Ok(Reply::Batch(Box::new(view))),
                None => Err(Refusal::NoSuchBatch(bid.into())),
            },
            BatchDeed::Cancel { bid } => self.cancel(turn, bid),
            BatchDeed::Repair { bid } => self.repair(turn, bid),
        };
        done.unwrap_or_else(Reply::Refused)
    }

    fn new_batch<F: Facts>(&mut self, turn: &mut Turn<'_, F>, plan: &Plan<'_>) -> Result<Reply, Refusal> {
        let depth = match plan.parent {
            Some(parent) => {
                self.may_join(parent)?;
                self.batches.ledger(parent).map_or(0, |parent| parent.depth + 1)
            }
            None => 0,
        };
        if depth >= BATCH_DEPTH_MAX {
            return Err(Refusal::BatchTooDeep);
        }
        self.room_for_batch(turn)?;
        let (now, bid) = (turn.now.wall, self.new_bid(turn.now.chance));
        let (mut texts, mut calls) = (Texts::default(), [Call::Undefined; 3]);
        texts.description = plan.description.into();
        for which in Callback::ALL {
            let Some(text) = plan.callbacks[which as usize] else { continue };
            let jid = format!("{bid}-{}", which.as_str());
            let body = callback(text, &jid, which.as_str(), &bid, plan.parent, &now.rfc3339());
            let Some(body) = body else { return Err(Refusal::BadCallback(which)) };
            texts.bodies[which as usize] = body.into();
            calls[which as usize] = Call::Waits;
        }
        let ledger = Ledger {
            created: now,
            open: true,
            calls,
            depth,
            until: Some(now.after(BATCH_OPEN_FOR)),
            parent: plan.parent.map(Into::into),
            ..Ledger::default()
        };
        let (key, value) = (texts_key(&bid), texts.write());
        self.happen(turn, &Fact::Keep { family: Family::Batch, key: &key, value: Some(&value) });
        self.keep_ledger(turn, &bid, &ledger);
        if let Some(parent) = plan.parent {
            self.settle(turn, parent, |ledger| ledger.children += 1);
        }
        Ok(Reply::Bid(bid.into()))
    }

    /// Where there are too many, the one goes that is over and would go first.
    fn room_for_batch<F: Facts>(&mut self, turn: &mut Turn<'_, F>) -> Result<(), Refusal> {
        let limit = self.rules.batches_max;
        if self.batches.known() < limit {
            return Ok(());
        }
        let mut by_until = self.batches.by_until.iter().map(|(_, bid)| bid);
        let over = by_until.find(|bid| self.batches.ledger(bid).is_some_and(Ledger::is_over)).cloned();
        self.forget_batch(turn, &over.ok_or(Refusal::TooManyBatches(limit))?);
        Ok(())
    }

    /// A name that nothing has: nobody can guess it, and the same chance gives the same one.
    fn new_bid(&self, chance: u64) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let (seq, known) = (self.table.seq, self.batches.known() as u64);
        for salt in 0_u64.. {
            let mut bid = String::from("b-");
            for half in 0..2 {
                let numbers = [chance, seq, known, salt, half].map(u64::to_le_bytes);
                let bits = self.table.hash(&numbers.concat());
                bid.extend((0..7).map(|place| char::from(LETTERS[(bits >> (6 * place) & 63) as usize])));
            }
            if !self.batches.all.contains_key(&*bid) {
                return bid;
            }
        }
        unreachable!("there are more names than batches")
    }

    /// Open for a while, whatever it was before (rule `E-04`).
    fn open<F: Facts>(&mut self, turn: &mut Turn<'_, F>, bid: &str) -> Reply {
        let until = turn.now.wall.after(BATCH_OPEN_FOR);
        self.settle(turn, bid, |ledger| (ledger.open, ledger.until) = (true, Some(until)));
        Reply::Bid(bid.into())
    }

    /// No callback is pushed any more and no job may join; members that wait are deleted, and those of all batches below.
    /// What is being worked on is finished, and what is dead stays. Says how many members of its own wait.
    fn cancel<F: Facts>(&mut self, turn: &mut Turn<'_, F>, bid: &str) -> Result<Reply, Refusal> {
        let batch = self.batches.all.get(bid).filter(|batch| batch.ledger.is_some());
        let batch = batch.ok_or_else(|| Refusal::NoSuchBatch(bid.into()))?;
        let waits = batch.members.iter().filter(|slot| {
            matches!(self.table[**slot].state, State::Queued | State::Scheduled | State::Retrying)
        });
        let count = waits.count() as u64;
        self.settle(turn, bid, cancel);
        Ok(Reply::Count(count))
    }

    /// Puts right what cannot come right by itself; says how much that was.
    fn repair<F: Facts>(&mut self, turn: &mut Turn<'_, F>, bid: &str) -> Result<Reply, Refusal> {
        let batch = self.batches.all.get(bid);
        let Some((batch, ledger)) = batch.and_then(|batch| Some((batch, batch.ledger.as_ref()?))) else {
            return Err(Refusal::NoSuchBatch(bid.into()));
        };
        let lost = |which: &Callback| ledger.calls[*which as usize] == Call::Pushed && batch.lacks(*which);
        let lost: Vec<Callback> = Callback::ALL.into_iter().filter(lost).collect();
        let of = |stage: fn(&Stage) -> bool| {
            let known = batch.children.iter().filter_map(|child| self.batches.ledger(child));
            known.filter(|child| stage(&child.told)).count() as u64
        };
        // A child that is not known any more is not waited for.
        let unsettled = of(|told| *told == Stage::Unsettled);
        let children = ledger.children.max(batch.children.len() as u64);
        let settled = ledger.settled.max(children - unsettled);
        let succeeded = ledger.succeeded.max(of(|told| *told == Stage::Succeeded));
        let forgotten = settled - ledger.settled;
        let repaired = lost.len() as u64 + forgotten;
        for which in lost {
            self.call(turn, bid, which);
        }
        self.settle(turn, bid, |ledger| {
            (ledger.children, ledger.settled, ledger.succeeded) = (children, settled, succeeded);
        });
        Ok(Reply::Count(repaired))
    }
}
