//! Jobs that operators take to another queue, and jobs that become others: new arguments under the old jid.
//!
//! A body is never changed where it stands. A job that moved says so beside its body until it is told again whole; a job
//! that was edited is told again at once, with its last failure and its losses.

use super::table::{Slot, State};
use super::{Machine, Turn};
use crate::command::Reply;
use crate::edit::Edit;
use crate::fact::{Fact, Facts, Failure, JobId, Order, OwnTerms, Standing};

impl Machine {
    /// To another queue. Who waits there gets what came to its tail.
    pub(super) fn move_to<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[JobId], name: &str) -> Reply {
        if let Err(refusal) = self.room_for_queue(name) {
            return Reply::Refused(refusal);
        }
        let mut queued = Vec::new();
        let reply = self.each(turn, jobs, |machine, turn, slot| {
            let entry = &machine.table[slot];
            let is_seen = entry.state != State::Discarded;
            if !is_seen || *machine.queues[entry.queue].name == *name {
                return false;
            }
            let (order, standing) = machine.in_queue(turn, slot, name);
            let id = machine.table.id(slot);
            machine.happen(turn, &Fact::Move { id, order, queue: name, standing });
            queued.extend((machine.table[slot].state == State::Queued).then_some(slot));
            true
        });
        self.serve(turn, &queued);
        reply
    }

    /// A job is another from now on, where it stands or in its queue.
    pub(super) fn replace<F: Facts>(&mut self, turn: &mut Turn<'_, F>, edit: &Edit<'_>) -> Reply {
        let Edit { id, job, failure, enqueue } = *edit;
        let Some(slot) = self.table.find(id).filter(|slot| self.is_as_seen(*slot, job.jid, failure)) else {
            return Reply::Count(0);
        };
        if let Err(refusal) = self.room_for_queue(job.queue) {
            return Reply::Refused(refusal);
        }
        let (state, losses) = (self.table[slot].state, self.losses.get(&slot).cloned().unwrap_or_default());
        let moves = *self.queues[self.table[slot].queue].name != *job.queue;
        let (order, standing) = if moves {
            self.in_queue(turn, slot, job.queue)
        } else {
            (self.table[slot].order, self.set_standing(slot))
        };
        // The push that it came by is still that push (`D5`).
        let terms = OwnTerms::of(&self.terms_of(slot));
        let head = job.head(self.table[slot].body_hash, terms.terms());
        self.happen(turn, &Fact::Put { id, order, at: None, head, standing, body: job.body });
        if let Some(failure) = failure {
            let at = failure.failed_at;
            self.happen(turn, &Fact::Fail { id, order, at, counted: false, failure, standing });
        }
        for at in losses {
            self.happen(turn, &Fact::Lost { id, order, at, blamed: true, standing });
        }
        if enqueue && state != State::Queued {
            self.promote(turn, slot);
        } else if moves && state == State::Queued {
            self.serve(turn, &[slot]);
        }
        Reply::Count(1)
    }

    /// Whether this is the job that somebody saw, with the same failure, and in nobody's hands.
    fn is_as_seen(&self, slot: Slot, jid: &str, seen: Option<Failure<'_>>) -> bool {
        let entry = &self.table[slot];
        let free = !matches!(entry.state, State::Working | State::Discarded);
        let failure = match (self.failures.get(&slot), seen) {
            (None, None) => true,
            (Some(failed), Some(seen)) => {
                let (count, len) = (failed.attempts.retry_count, failed.text.len as usize);
                (count, failed.failed_at, len) == (seen.retry_count, seen.failed_at, seen.text.len())
            }
            _ => false,
        };
        free && failure && entry.jid == self.table.hash(jid.as_bytes())
    }

    /// Where a job stands that is in no worker's hands, in words that borrow nothing.
    fn set_standing(&self, slot: Slot) -> Standing<'static> {
        let time = self.table[slot].time;
        match self.table[slot].state {
            State::Scheduled => Standing::Scheduled { at: time },
            State::Retrying => Standing::Retrying { at: time },
            State::Dead => Standing::Dead { until: time },
            _ => Standing::Queued { since: time },
        }
    }

    /// Where it stands once it is in this queue: as before, and one that waits at the tail.
    fn in_queue<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        slot: Slot,
        name: &str,
    ) -> (Order, Standing<'static>) {
        let standing = self.set_standing(slot);
        if self.table[slot].state != State::Queued {
            return (self.table[slot].order, standing);
        }
        if self.queues.find(name).is_none_or(|queue| !self.queues[queue].known) {
            self.make_known(turn, name);
        }
        (self.tail(), standing)
    }
}
