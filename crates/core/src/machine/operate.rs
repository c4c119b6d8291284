//! What operators do to jobs, queues and workers. A job that is being worked on is its worker's: it is left alone, but
//! by FLUSH and by who takes it back on purpose.

use std::time::Duration;

use super::happen::PAUSED;
use super::table::{Slot, State};
use super::{Machine, Turn};
use crate::command::{QueueDeed, Reply, Stage};
use crate::event::{Event, Outcome};
use crate::fact::{Cleared, Ending, Fact, Facts, Family, JobId, Standing, Stood};

impl Machine {
    /// Quiets or stops a worker, or all; the worker learns it with its next BEAT (rule `L-03`).
    pub(super) fn signal(&mut self, wid: Option<&str>, stage: Stage) -> Reply {
        let mut reached = 0;
        for (_, worker) in self.workers.iter_mut() {
            if worker.connections > 0 && wid.is_none_or(|wid| *worker.wid == *wid) {
                worker.stage = worker.stage.max(stage);
                reached += 1;
            }
        }
        self.quiet_parked();
        Reply::Count(reached)
    }

    pub(super) fn requeue<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[JobId]) -> Reply {
        self.each(turn, jobs, |machine, turn, slot| match machine.table[slot].state {
            State::Scheduled | State::Retrying | State::Dead => {
                machine.promote(turn, slot);
                true
            }
            State::Free | State::Queued | State::Working | State::Discarded => false,
        })
    }

    pub(super) fn delete<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[JobId]) -> Reply {
        self.each(turn, jobs, |machine, turn, slot| {
            machine.end_deleted(turn, slot);
            true
        })
    }

    /// A job is gone for good, because an operator wanted it so.
    pub(super) fn end_deleted<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot) {
        self.end(turn, slot, Ending::Deleted);
    }

    /// Out of sight, and gone for good when nobody has taken that back in time. Until then its push is known (`D5`): who
    /// repeats it gets no second job.
    pub(super) fn discard<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[JobId]) -> Reply {
        if self.rules.discard_undo.is_zero() {
            return self.delete(turn, jobs);
        }
        let until = turn.now.wall.after(self.rules.discard_undo);
        self.each(turn, jobs, |machine, turn, slot| {
            let (id, entry) = (machine.table.id(slot), &machine.table[slot]);
            let (order, time) = (entry.order, entry.time);
            let was = match entry.state {
                State::Queued => Stood::Queued { since: time },
                State::Scheduled => Stood::Scheduled { at: time },
                State::Retrying => Stood::Retrying { at: time },
                State::Dead => Stood::Dead { until: time },
                State::Free | State::Working | State::Discarded => return false,
            };
            machine.happen(turn, &Fact::Set { id, order, standing: Standing::Discarded { until, was } });
            true
        })
    }

    /// Back to where it stood, at its old place. What was due meanwhile is due at once.
    pub(super) fn restore<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[JobId]) -> Reply {
        let mut queued = Vec::new();
        let reply = self.each(turn, jobs, |machine, turn, slot| {
            let Some(was) = machine.stood.get(&slot).copied() else { return false };
            if matches!(was, Stood::Queued { .. }) {
                machine.know_again(turn, machine.table[slot].queue);
                queued.push(slot);
            }
            let (id, order) = (machine.table.id(slot), machine.table[slot].order);
            machine.happen(turn, &Fact::Set { id, order, standing: was.into() });
            true
        });
        self.serve(turn, &queued);
        self.trim_dead(turn);
        reply
    }

    /// To the dead set, as it is; for one that is there already its time starts again (rule `M-08`).
    pub(super) fn kill<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[JobId]) -> Reply {
        let reply = self.each(turn, jobs, |machine, turn, slot| {
            if machine.table[slot].state == State::Discarded {
                return false;
            }
            let (id, order) = (machine.table.id(slot), machine.table[slot].order);
            let standing = Standing::Dead { until: turn.now.wall.after(machine.rules.dead_age) };
            let was_dead = machine.table[slot].state == State::Dead;
            machine.happen(turn, &Fact::Set { id, order, standing });
            if !was_dead {
                machine.died(turn, slot);
            }
            true
        });
        self.trim_dead(turn);
        reply
    }

    /// Back to the heads of their queues in their order, as from a lost worker that nobody blames (`D4`). Whatever their
    /// `retry` says: the operator knows that nobody works on them any more.
    pub(super) fn release<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[JobId]) -> Reply {
        let held = |id: &JobId| self.table.find(*id).filter(|slot| self.table[*slot].state == State::Working);
        let mut slots: Vec<Slot> = jobs.iter().filter_map(held).collect();
        slots.sort_unstable_by_key(|slot| (std::cmp::Reverse(self.table[*slot].order), *slot));
        slots.dedup();
        for slot in &slots {
            self.know_again(turn, self.table[*slot].queue);
            let (id, order) = (self.table.id(*slot), self.head());
            let standing = Standing::Queued { since: turn.now.wall };
            self.attempted(turn, *slot, None, Outcome::Released, (None, None));
            self.happen(turn, &Fact::Set { id, order, standing });
        }
        self.tally.released += slots.len() as u64;
        self.serve(turn, &slots);
        Reply::Count(slots.len() as u64)
    }

    /// Deletes what stands there, whatever it is (rules `N-03`, `M-07`).
    pub(super) fn clear<F: Facts>(&mut self, turn: &mut Turn<'_, F>, what: Cleared<'_>) -> Reply {
        let known = match what {
            Cleared::Queue(name) => self.queues.find(name).filter(|queue| self.queues[*queue].known),
            Cleared::Everything | Cleared::Set(_) => None,
        };
        let paused = known.map(|queue| self.queues[queue].paused);
        let count = self.clear_all_of(turn, what, paused);
        if what == Cleared::Everything {
            turn.out.events.push(Event::Flushed);
        }
        Reply::Count(count)
    }

    /// A queue is known, and paused or not.
    pub(super) fn keep_queue<F: Facts>(&mut self, turn: &mut Turn<'_, F>, name: &str, paused: bool) {
        let flags = [if paused { PAUSED } else { 0 }];
        self.happen(turn, &Fact::Keep { family: Family::Queue, key: name.as_bytes(), value: Some(&flags) });
    }

    /// Pauses, resumes or removes queues that are known (rules `U-01` to `U-04`).
    pub(super) fn operate_queues<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        deed: QueueDeed,
        names: Option<&[&str]>,
    ) -> Reply {
        let known: Vec<Box<str>> = match names {
            Some(names) => names.iter().map(|name| (*name).into()).collect(),
            None => self.queues.known().map(|queue| (*queue.name).into()).collect(),
        };
        let mut resumed = Vec::new();
        for name in &known {
            let Some(queue) = self.queues.find(name).filter(|queue| self.queues[*queue].known) else {
                continue;
            };
            let paused = match deed {
                QueueDeed::Remove => {
                    self.clear_all_of(turn, Cleared::Queue(name), None);
                    continue;
                }
                QueueDeed::Pause => true,
                QueueDeed::Resume => false,
            };
            if paused != self.queues[queue].paused {
                self.keep_queue(turn, name, paused);
            }
            resumed.extend(self.queues.first(queue));
        }
        // Who waited for queues that are served again gets what stands there (`Q-58`).
        self.serve(turn, &resumed);
        Reply::Done
    }

    /// How long the next job of each queue has waited (rule `U-05`).
    pub(super) fn latency<F>(&self, turn: &Turn<'_, F>, names: &[&str]) -> Reply {
        let waited =
            |name: &str| self.queues.find(name).map_or(Duration::ZERO, |queue| self.waited(turn.now, queue));
        Reply::Latencies(names.iter().map(|name| ((*name).into(), waited(name))).collect())
    }

    /// Does something to each job that lives and is in nobody's hands; counts those it was done to.
    pub(super) fn each<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        jobs: &[JobId],
        mut act: impl FnMut(&mut Self, &mut Turn<'_, F>, Slot) -> bool,
    ) -> Reply {
        let mut count = 0;
        for id in jobs {
            let free = |slot: &Slot| self.table[*slot].state != State::Working;
            if let Some(slot) = self.table.find(*id).filter(free) {
                count += u64::from(act(self, turn, slot));
            }
        }
        Reply::Count(count)
    }
}
