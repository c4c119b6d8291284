//! What scripts do to queues and to all jobs of a place.

use bessemer_core::command::QueueDeed;
use bessemer_core::fact::{Cleared, Ending};
use bessemer_core::query::{Place, Set};
use bessemer_core::{JobId, Now};

use super::{Expected, Job, Model};

impl Model {
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
    pub(super) fn clear(&mut self, what: Cleared<'_>) -> Expected {
        let as_it_was = (self.durable.queues.clone(), self.durable.paused.clone());
        let before = self.durable.jobs.len();
        self.wipe(what);
        if let Cleared::Queue(_) = what {
            (self.durable.queues, self.durable.paused) = as_it_was;
        }
        Expected::Count((before - self.durable.jobs.len()) as u64)
    }

    fn wipe(&mut self, what: Cleared<'_>) {
        let stands = |job: &Job| match (what, &job.place) {
            (Cleared::Everything, _)
            | (Cleared::Set(Set::Scheduled), Place::Scheduled { .. })
            | (Cleared::Set(Set::Retries), Place::Retrying { .. })
            | (Cleared::Set(Set::Dead), Place::Dead { .. }) => true,
            (Cleared::Queue(name), Place::Queued { .. }) => *job.queue == *name,
            _ => false,
        };
        let gone: Vec<JobId> =
            self.durable.jobs.iter().filter(|(_, job)| stands(job)).map(|(id, _)| *id).collect();
        gone.into_iter().for_each(|id| self.end(id, Ending::Deleted));
        match what {
            Cleared::Everything => {
                self.durable.queues.clear();
                self.durable.paused.clear();
                self.durable.ended.clear();
                (self.durable.processed, self.durable.failed) = (0, 0);
            }
            Cleared::Queue(name) => {
                self.durable.queues.remove(name);
                self.durable.paused.remove(name);
            }
            Cleared::Set(_) => {}
        }
    }

    pub(super) fn operate_queues(&mut self, now: Now, deed: QueueDeed, names: Option<&[&str]>) -> Expected {
        let meant = |name: &str| names.is_none_or(|names| names.contains(&name));
        let queues: Vec<_> = self.durable.queues.iter().filter(|name| meant(name)).cloned().collect();
        for queue in queues {
            match deed {
                QueueDeed::Pause => _ = self.durable.paused.insert(queue),
                QueueDeed::Resume => _ = self.durable.paused.remove(&queue),
                QueueDeed::Remove => self.wipe(Cleared::Queue(&queue)),
            }
        }
        self.serve(now);
        Expected::Done
    }
}
