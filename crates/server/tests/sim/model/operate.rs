//! What scripts do to queues and to all jobs of a place.

use bessemer_core::command::QueueDeed;
use bessemer_core::fact::{Cleared, Ending};
use bessemer_core::query::{Place, Set};
use bessemer_core::{JobId, Now};

use super::{Expected, Job, Model};

impl Model {
    pub(super) fn clear(&mut self, what: Cleared<'_>) -> Expected {
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
        Expected::Done
    }

    pub(super) fn operate_queues(&mut self, now: Now, deed: QueueDeed, names: Option<&[&str]>) -> Expected {
        let meant = |name: &str| names.is_none_or(|names| names.contains(&name));
        let queues: Vec<_> = self.durable.queues.iter().filter(|name| meant(name)).cloned().collect();
        for queue in queues {
            match deed {
                QueueDeed::Pause => _ = self.durable.paused.insert(queue),
                QueueDeed::Resume => _ = self.durable.paused.remove(&queue),
                QueueDeed::Remove => _ = self.clear(Cleared::Queue(&queue)),
            }
        }
        self.serve(now);
        Expected::Done
    }
}
