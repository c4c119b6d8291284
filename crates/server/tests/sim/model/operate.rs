//! What scripts do to queues and to all jobs of a place.

use bessemer_core::command::QueueDeed;
use bessemer_core::edit::Edit;
use bessemer_core::fact::{Cleared, Ending, Family, Stood};
use bessemer_core::query::{Place, Set};
use bessemer_core::{JobId, Now};

use super::{Expected, Job, Model};

/// A body of this simulation in another queue.
fn renamed(body: &str, from: &str, to: &str) -> std::rc::Rc<str> {
    body.replacen(&format!("\"queue\":\"{from}\""), &format!("\"queue\":\"{to}\""), 1).into()
}

impl Model {
    pub(super) fn discard(&mut self, now: Now, jobs: &[JobId]) -> Expected {
        let undo = self.rules.discard_undo;
        let until = now.wall.after(undo);
        self.each(jobs, |model, id| {
            if undo.is_zero() {
                model.end(now, id, Ending::Deleted);
                return true;
            }
            let place = &mut model.job(id).place;
            let was = match *place {
                Place::Queued { since } => Stood::Queued { since },
                Place::Scheduled { at } => Stood::Scheduled { at },
                Place::Retrying { at } => Stood::Retrying { at },
                Place::Dead { until } => Stood::Dead { until },
                Place::Working { .. } | Place::Discarded { .. } => return false,
            };
            *place = Place::Discarded { until, was };
            true
        })
    }

    pub(super) fn restore(&mut self, now: Now, jobs: &[JobId]) -> Expected {
        let reply = self.each(jobs, |model, id| {
            let Place::Discarded { was, .. } = model.job(id).place else { return false };
            model.job(id).place = match was {
                Stood::Queued { since } => Place::Queued { since },
                Stood::Scheduled { at } => Place::Scheduled { at },
                Stood::Retrying { at } => Place::Retrying { at },
                Stood::Dead { until } => Place::Dead { until },
            };
            if let Stood::Queued { .. } = was {
                let queue = model.job(id).queue.clone();
                model.durable.queues.insert(queue);
            }
            true
        });
        self.serve(now);
        self.trim_dead(now);
        reply
    }

    pub(super) fn move_to(&mut self, now: Now, jobs: &[JobId], queue: &str) -> Expected {
        let reply = self.each(jobs, |model, id| {
            let job = model.job(id);
            let moves = *job.queue != *queue && !matches!(job.place, Place::Discarded { .. });
            if moves {
                job.body = renamed(&job.body, &job.queue, queue);
                model.put_into(id, queue);
            }
            moves
        });
        self.serve(now);
        reply
    }

    /// Those that wait in nobody's hands are dead now.
    pub(super) fn kill(&mut self, now: Now, jobs: &[JobId]) -> Expected {
        let until = now.wall.after(self.rules.dead_age);
        let reply = self.each(jobs, |model, id| {
            let seen = !matches!(model.job(id).place, Place::Discarded { .. });
            if seen {
                let place = std::mem::replace(&mut model.job(id).place, Place::Dead { until });
                if !matches!(place, Place::Dead { .. }) {
                    model.member_died(now, id);
                }
            }
            seen
        });
        self.trim_dead(now);
        reply
    }

    /// The job is in another queue, and where it waits at its tail.
    fn put_into(&mut self, id: JobId, queue: &str) {
        let tail = self.durable.tail;
        let job = self.job(id);
        job.queue = queue.into();
        if let Place::Queued { .. } = job.place {
            job.order = tail;
            self.durable.tail += 1;
            self.durable.queues.insert(queue.into());
        }
    }

    pub(super) fn replace(&mut self, now: Now, edit: &Edit<'_>) -> Expected {
        let seen = edit.failure.map(|failure| (failure.retry_count, failure.remaining));
        self.each(&[edit.id], |model, id| {
            let job = model.job(id);
            if matches!(job.place, Place::Discarded { .. }) || job.attempts != seen {
                return false;
            }
            let moves = *job.queue != *edit.job.queue;
            (job.retry, job.reserve_s, job.on_lost) =
                (edit.job.retry, edit.job.reserve_for, edit.job.on_lost);
            job.body = String::from_utf8_lossy(edit.job.body).into();
            if moves {
                model.put_into(id, edit.job.queue);
            }
            if edit.enqueue && !matches!(model.job(id).place, Place::Queued { .. }) {
                model.promote(now, id);
            }
            model.serve(now);
            true
        })
    }

    pub(super) fn release(&mut self, now: Now, jobs: &[JobId]) -> Expected {
        let mut held: Vec<JobId> = jobs.iter().copied().filter(|id| self.held.contains_key(id)).collect();
        held.sort_by_key(|id| (std::cmp::Reverse(self.durable.jobs[id].order), *id));
        held.dedup();
        for id in &held {
            self.held.remove(id);
            self.put_at_head(*id, now.wall);
        }
        self.serve(now);
        Expected::Count(held.len() as u64)
    }

    /// A queue that is emptied is known, and paused, as it was.
    pub(super) fn clear(&mut self, now: Now, what: Cleared<'_>) -> Expected {
        Expected::Count(self.wipe(now, what))
    }

    /// Says how many jobs are no more; what their batches push then is not among them.
    fn wipe(&mut self, now: Now, what: Cleared<'_>) -> u64 {
        let stands = |job: &Job| match (what, &job.place) {
            (Cleared::Everything, _)
            | (Cleared::Set(Set::Scheduled), Place::Scheduled { .. })
            | (Cleared::Set(Set::Retries), Place::Retrying { .. })
            | (Cleared::Set(Set::Dead), Place::Dead { .. })
            | (Cleared::Set(Set::Discarded), Place::Discarded { .. }) => true,
            (Cleared::Queue(name), Place::Queued { .. }) => *job.queue == *name,
            _ => false,
        };
        let gone: Vec<JobId> =
            self.durable.jobs.iter().filter(|(_, job)| stands(job)).map(|(id, _)| *id).collect();
        if what == Cleared::Everything {
            // There is nobody left to hear of it.
            self.durable.batches.clear();
        }
        self.end_all(now, &gone, Ending::Deleted);
        if what == Cleared::Everything {
            self.durable.queues.clear();
            self.durable.paused.clear();
            self.durable.ended.clear();
            self.durable.keys.clear();
            self.durable.said.clear();
            self.forgets.clear();
            self.durable.kept.retain(|(family, _), _| *family != Family::Statistic);
            (self.durable.processed, self.durable.failed) = (0, 0);
        }
        gone.len() as u64
    }

    pub(super) fn operate_queues(&mut self, now: Now, deed: QueueDeed, names: Option<&[&str]>) -> Expected {
        let meant = |name: &str| names.is_none_or(|names| names.contains(&name));
        let queues: Vec<_> = self.durable.queues.iter().filter(|name| meant(name)).cloned().collect();
        for queue in queues {
            match deed {
                QueueDeed::Pause => _ = self.durable.paused.insert(queue),
                QueueDeed::Resume => _ = self.durable.paused.remove(&queue),
                QueueDeed::Remove => {
                    self.durable.queues.remove(&queue);
                    self.durable.paused.remove(&queue);
                    self.wipe(now, Cleared::Queue(&queue));
                }
            }
        }
        self.serve(now);
        Expected::Done
    }
}
