//! What operators do to jobs and workers. A job that is being worked on is its worker's: it is left alone.

use super::table::{Slot, State};
use super::{Machine, Turn};
use crate::command::{Reply, Stage};
use crate::fact::{Ending, Fact, Facts, JobId, Standing};

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
            State::Free | State::Queued | State::Working => false,
        })
    }

    pub(super) fn delete<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[JobId]) -> Reply {
        self.each(turn, jobs, |machine, turn, slot| {
            let id = machine.table.id(slot);
            machine.happen(turn, &Fact::End { id, at: turn.now.wall, why: Ending::Deleted });
            true
        })
    }

    /// To the dead set, as it is; for one that is there already its time starts again (rule `M-08`).
    pub(super) fn kill<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[JobId]) -> Reply {
        let reply = self.each(turn, jobs, |machine, turn, slot| {
            let (id, order) = (machine.table.id(slot), machine.table[slot].order);
            let standing = Standing::Dead { until: turn.now.wall.after(machine.rules.dead_age) };
            machine.happen(turn, &Fact::Set { id, order, standing });
            true
        });
        self.trim_dead(turn);
        reply
    }

    /// Does something to each job that lives and is in nobody's hands; counts those it was done to.
    fn each<F: Facts>(
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
