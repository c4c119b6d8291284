//! PUSH and PUSHB: a job enters the store, or goes straight to a worker that waits for it.

use super::fetch::working;
use super::table::{Slot, State};
use super::{Machine, Turn};
use crate::command::{Push, Refusal, Reply};
use crate::fact::{Fact, Facts, Failure, Family, Standing, Terms};
use crate::time::Wall;

/// A job on its way to its queue.
pub(super) struct Enqueue {
    pub(super) slot: Slot,
    pub(super) queue: u16,
    pub(super) reserve_for: u32,
}

impl Machine {
    pub(super) fn push<F: Facts>(&mut self, turn: &mut Turn<'_, F>, job: &Push<'_>) -> Reply {
        self.accept(turn, job).map_or_else(Reply::Refused, |()| Reply::Done)
    }

    pub(super) fn push_bulk<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[Push<'_>]) -> Reply {
        Reply::Pushed(jobs.iter().map(|job| self.accept(turn, job)).collect())
    }

    pub(super) fn accept<F: Facts>(&mut self, turn: &mut Turn<'_, F>, job: &Push<'_>) -> Result<(), Refusal> {
        let queue = self.queues.find(job.queue);
        if queue.is_none() && self.queues.count() >= self.rules.queues_max {
            return Err(Refusal::TooManyQueues(self.rules.queues_max));
        }
        let now = turn.now;
        let (jid, body_hash) = (self.table.hash(job.jid.as_bytes()), self.table.hash(job.sent));
        if self.is_repeat(now.wall, jid, body_hash) {
            self.tally.repushed += 1;
            return Ok(());
        }
        let terms = self.agree(now.wall, job).inspect_err(|why| self.count_denied(turn, job, why))?;
        self.tally.accepted += 1;
        self.take_in(turn, job, terms, body_hash);
        Ok(())
    }

    /// A job that nothing keeps out.
    pub(super) fn take_in<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        job: &Push<'_>,
        terms: Terms<'_>,
        body_hash: u64,
    ) {
        self.forget_namesake(turn, job.jid);
        let (now, queue) = (turn.now, self.queues.find(job.queue));
        let (id, order) = (self.table.next_id(), self.tail());
        let head = job.head(body_hash, terms);
        let standing = Standing::Queued { since: now.wall };
        let put = Fact::Put { id, order, at: Some(now.wall), head, standing, body: job.body };
        let (is_unique, is_over) = (terms.unique.is_some(), terms.expires.is_some_and(|at| at <= now.wall));
        let slot = id.0 as Slot;
        match job.at.filter(|at| *at > now.wall) {
            Some(at) => self.happen(turn, &put.standing(Standing::Scheduled { at })),
            None => {
                let known = queue.filter(|queue| self.queues[*queue].known);
                let queue = known.unwrap_or_else(|| self.make_known(turn, job.queue));
                let to = Enqueue { slot, queue, reserve_for: job.reserve_for };
                // With a failure to tell first, it goes through its queue.
                self.enqueue(turn, to, job.failure.is_none() && !is_over, put);
            }
        }
        if is_unique {
            self.count_taken(turn, slot);
        }
        if is_over {
            self.expire(turn, slot);
        } else if let Some(failure) = job.failure {
            self.tell_failure(turn, slot, failure);
            self.serve(turn, &[slot]);
        }
    }

    /// The failure that the producer sent along belongs to the job from now on; it is no attempt of ours.
    fn tell_failure<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot, failure: Failure<'_>) {
        let (id, order, at) = (self.table.id(slot), self.table[slot].order, turn.now.wall);
        let standing = match self.table[slot].state {
            State::Scheduled => Standing::Scheduled { at: self.table[slot].time },
            _ => Standing::Queued { since: self.table[slot].time },
        };
        self.happen(turn, &Fact::Fail { id, order, at, counted: false, failure, standing });
    }

    /// Whether this very job was pushed within the last minute (`D5`).
    fn is_repeat(&self, now: Wall, jid: u64, body_hash: u64) -> bool {
        if self.recent.remembers(now, (jid, body_hash)) {
            return true;
        }
        let Some(seq) = self.recent.first_within(now, self.rules.repush_window) else { return false };
        self.table.with_jid(jid).any(|slot| {
            let entry = &self.table[slot];
            entry.body_hash == body_hash && entry.state != State::Free && self.table.came_after(slot, seq)
        })
    }

    /// A queue appears on its first enqueue (rule `I-01`); gives its number.
    pub(super) fn make_known<F: Facts>(&mut self, turn: &mut Turn<'_, F>, name: &str) -> u16 {
        self.happen(turn, &Fact::Keep { family: Family::Queue, key: name.as_bytes(), value: Some(&[0]) });
        self.queues.intern(name)
    }

    /// A job goes to its queue, which may have been removed meanwhile: it appears again (rule `U-04`).
    pub(super) fn know_again<F: Facts>(&mut self, turn: &mut Turn<'_, F>, queue: u16) {
        if !self.queues[queue].known {
            let name = self.queues[queue].name.clone();
            self.make_known(turn, &name);
        }
    }

    /// Puts a job into its queue, as `fact` says, or straight into the hands of the worker that has waited longest
    /// for it: then coming and being fetched are one fact.
    pub(super) fn enqueue<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        to: Enqueue,
        hand_over: bool,
        fact: Fact<'_>,
    ) {
        // Where a slot was freed a moment ago, or a worker was lost, there may be jobs that are before this one.
        let hand_over = hand_over && self.queues.first(to.queue).is_none();
        let waiter = if hand_over { self.waiter(turn.now, to.queue) } else { None };
        match waiter.and_then(|no| self.parked.take(no)) {
            Some(waiting) => {
                let wid = self.workers.wid_of(waiting.conn);
                self.happen(turn, &fact.standing(working(turn.now.wall, &wid, to.reserve_for)));
                let reply = self.delivered(turn.now, to.slot);
                turn.out.replies.push((waiting.ticket, reply));
            }
            None => {
                self.happen(turn, &fact);
                self.await_token(turn.now, to.queue);
            }
        }
    }
}
