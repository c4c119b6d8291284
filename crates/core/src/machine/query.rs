//! Answers about the state as it is between two commands.

use std::time::Duration;

use super::Machine;
use super::table::{Slot, State};
use crate::fact::{JobId, Order, Stood};
use crate::limits::{PAGE_MAX, SAME_JID_MAX, SKIP_MAX, SLICE_MAX};
use crate::query::{Answer, Info, JobView, Jobs, Page, Place, Query, QueueView, WorkerView};
use crate::time::Now;

impl Machine {
    /// Answers a query about the state as it is now; texts are still to be read.
    pub fn answer(&self, now: Now, query: &Query) -> Answer {
        match query {
            Query::Info => Answer::Info(Box::new(self.info(now))),
            Query::History { days } => Answer::History(self.counters.history(now.wall.day(), *days)),
            Query::Workers => Answer::Workers(self.worker_views(now)),
            Query::Working { page } => {
                let mut slots: Vec<_> =
                    self.reservations.iter().map(|(slot, r)| (r.since, r.delivery, slot)).collect();
                slots.sort_unstable();
                self.jobs(slots.len(), slots.into_iter().map(|(.., slot)| slot), *page)
            }
            Query::Queue { name, page } => match self.queues.find(name).filter(|q| self.queues[*q].known) {
                Some(queue) => {
                    self.jobs(self.queues[queue].len, self.queues.newest_first(&self.table, queue), *page)
                }
                None => Answer::Missing,
            },
            Query::Set { set, page } => {
                let set = self.sets.of(*set);
                let shown = set.iter_from_nth(page.from).map(|(.., slot)| *slot);
                self.shown(set.len(), shown, page.count)
            }
            Query::Entry { set, at, jid } => {
                let hash = self.table.hash(jid.as_bytes());
                let (first, last) = ((*at, Order(i64::MIN), 0), (*at, Order(i64::MAX), Slot::MAX));
                let then = self.sets.of(*set).iter_from(first).take_while(|key| **key <= last);
                let slots = then.map(|(.., slot)| *slot);
                self.all_jobs(slots.filter(|slot| self.table[*slot].jid == hash))
            }
            Query::Jid { jid } => {
                let all = self.table.with_jid(self.table.hash(jid.as_bytes()));
                self.all_jobs(all.filter(|slot| self.table[*slot].state != State::Discarded))
            }
            Query::SetIds { set, below, count } => {
                let ids =
                    self.sets.of(*set).iter().map(|(.., slot)| self.table.id(*slot)).filter(|id| id < below);
                Answer::Ids {
                    ids: ids.take((*count).min(SLICE_MAX)).collect(),
                    next_id: self.table.next_id(),
                }
            }
            Query::Sift(sift) => Answer::Sifted(Box::new(self.sift(sift))),
            Query::Named { ids } => {
                let page = Page { from: 0, count: PAGE_MAX };
                self.jobs(ids.len(), ids.iter().filter_map(|id| self.table.find(*id)), page)
            }
            Query::Far { queue, from, page, back } => self.far(queue, *from, *page, *back),
            Query::Scan(scan) => Answer::Scanned(Box::new(self.scan(scan))),
            Query::Throttles => Answer::Throttles(self.throttle_views(now)),
            Query::Queues => Answer::Queues(self.queue_views(now)),
            Query::Keys { from, count } => Answer::Keys(self.keys_page(now.wall, *from, *count)),
            Query::Kept { family, from, count } => {
                Answer::Kept(self.kept.page(*family, from.as_deref().unwrap_or_default(), *count))
            }
            Query::Batches(scan) => Answer::Batches(self.batches_seen(scan)),
            Query::Batch { bid } => {
                self.batch_detail(bid).map_or(Answer::Missing, |detail| Answer::Batch(Box::new(detail)))
            }
            Query::Members { bid, from, most } => {
                self.members_seen(bid, *from, *most).map_or(Answer::Missing, Answer::Members)
            }
            Query::Cron { id } => self.cron_views(id.as_deref()),
        }
    }

    fn queue_views(&self, now: Now) -> Vec<QueueView> {
        let view = |queue: u16| {
            let shown = &self.queues[queue];
            let latency = self.waited(now, queue);
            QueueView {
                name: shown.name.to_string(),
                size: shown.len as u64,
                paused: shown.paused,
                full: shown.throttled && !self.has_slot(now, queue),
                latency,
                working: shown.working as u64,
                pushed: shown.pushed,
                left: shown.left,
            }
        };
        self.queues.numbers().filter(|queue| self.queues[*queue].known).map(view).collect()
    }

    /// How long the next job of a queue has waited.
    pub(super) fn waited(&self, now: Now, queue: u16) -> Duration {
        self.queues.first(queue).map_or(Duration::ZERO, |slot| now.wall.since(self.table[slot].time))
    }

    /// The figures of INFO.
    pub(super) fn info(&self, now: Now) -> Info {
        let known = self.queues.known().map(|q| (q.name.to_string(), q.len as u64));
        Info {
            queues: known.collect(),
            scheduled: self.sets.scheduled.len() as u64,
            retries: self.sets.retries.len() as u64,
            dead: self.sets.dead.len() as u64,
            dead_max: self.rules.dead_max as u64,
            working: self.reservations.len() as u64,
            processed: self.counters.total.processed,
            failures: self.counters.total.failed,
            enqueued: self.queues.enqueued as u64,
            batches: self.batches.unfinished() as u64,
            workers: self.worker_views(now).len() as u64,
            since_start: self.tally,
        }
    }

    fn worker_views(&self, now: Now) -> Vec<WorkerView> {
        // Connected but silent: not shown, though it keeps its connections and its jobs (`D4`).
        let heard =
            self.workers.present().filter(|(_, w)| now.heard.since(w.beat_at) < self.rules.silent_after);
        heard
            .map(|(_, w)| {
                let identity = w.identity.as_ref();
                WorkerView {
                    wid: w.wid.to_string(),
                    hostname: identity.map_or_else(String::new, |i| i.hostname.to_string()),
                    pid: identity.map_or(0, |i| i.pid),
                    labels: identity
                        .map_or_else(Vec::new, |i| i.labels.iter().map(ToString::to_string).collect()),
                    stage: w.stage,
                    started: w.started,
                    last_beat: w.last_beat,
                    rss_kb: w.rss_kb,
                    connections: w.connections,
                    busy: w.hands.len,
                    queues: w.queues().map(String::from).collect(),
                }
            })
            .collect()
    }

    /// A step on the way to a page far down a queue, or the page.
    fn far(&self, queue: &str, from: Option<JobId>, page: Page, back: bool) -> Answer {
        let Some(queue) = self.queues.find(queue).filter(|q| self.queues[*q].known) else {
            return Answer::Missing;
        };
        let stands =
            |slot: &Slot| self.table[*slot].state == State::Queued && self.table[*slot].queue == queue;
        let first = match from {
            None if back => self.queues.first(queue),
            None => self.queues.newest_first(&self.table, queue).next(),
            // Where a job has gone, those that came before it mostly have, too: it is the oldest that leaves.
            Some(spot) => self.table.find(spot).filter(stands),
        };
        let len = self.queues[queue].len;
        if back {
            let jobs = first.into_iter().flat_map(|slot| self.queues.from(&self.table, slot));
            return self.step_far(len, jobs, page, back);
        }
        let jobs = first.into_iter().flat_map(|slot| self.queues.back_from(&self.table, slot));
        self.step_far(len, jobs, page, back)
    }

    fn step_far(&self, total: usize, mut jobs: impl Iterator<Item = Slot>, page: Page, back: bool) -> Answer {
        let Some(left) = page.from.checked_sub(SKIP_MAX).filter(|left| *left > 0) else {
            let shown = jobs.skip(page.from).take(page.count.min(PAGE_MAX)).map(|slot| self.view(slot));
            let mut jobs = Jobs { total, jobs: shown.collect() };
            if back {
                jobs.jobs.reverse();
            }
            return Answer::Far { jobs, next: None };
        };
        let next = jobs.nth(SKIP_MAX).map(|slot| (self.table.id(slot), Page { from: left, ..page }));
        Answer::Far { jobs: Jobs { total, jobs: Vec::new() }, next }
    }

    fn jobs(&self, total: usize, slots: impl Iterator<Item = Slot>, page: Page) -> Answer {
        let from = page.from.min(total);
        // Who wants to see what is far down goes there in steps.
        let (from, count) = if from <= SKIP_MAX { (from, page.count) } else { (0, 0) };
        self.shown(total, slots.skip(from), count)
    }

    fn shown(&self, total: usize, slots: impl Iterator<Item = Slot>, count: usize) -> Answer {
        let jobs = slots.take(count.min(PAGE_MAX)).map(|slot| self.view(slot)).collect();
        Answer::Jobs(Jobs { total, jobs })
    }

    fn all_jobs(&self, slots: impl Iterator<Item = Slot>) -> Answer {
        let mut slots: Vec<Slot> = slots.collect();
        slots.sort_unstable_by_key(|slot| self.table[*slot].order);
        self.jobs(slots.len(), slots.into_iter(), Page { from: 0, count: SAME_JID_MAX })
    }

    pub(super) fn view(&self, slot: Slot) -> JobView {
        let entry = &self.table[slot];
        JobView {
            id: self.table.id(slot),
            queue: self.queues[entry.queue].name.to_string(),
            place: self.place(slot),
            body: self.body_text(slot),
            enqueued_at: match (entry.state, self.stood.get(&slot)) {
                (State::Queued | State::Working, _) => Some(entry.time),
                (State::Discarded, Some(Stood::Queued { since })) => Some(*since),
                _ => None,
            },
            failure: self.failures.get(&slot).map(super::happen::Failed::view),
            progress: self.tracks.progress(entry.jid).cloned(),
            expires: self.expires(slot),
        }
    }

    pub(super) fn place(&self, slot: Slot) -> Place {
        let entry = &self.table[slot];
        if let (State::Discarded, Some(was)) = (entry.state, self.stood.get(&slot)) {
            return Place::Discarded { until: entry.time, was: *was };
        }
        match (entry.state, self.reservations.get(&self.table, slot)) {
            (State::Scheduled, _) => Place::Scheduled { at: entry.time },
            (State::Retrying, _) => Place::Retrying { at: entry.time },
            (State::Dead, _) => Place::Dead { until: entry.time },
            (State::Working, Some(r)) => {
                Place::Working { wid: r.wid.to_string(), since: r.since, until: r.until }
            }
            _ => Place::Queued { since: entry.time },
        }
    }

    /// The id of a job, for tests and traces.
    pub fn job_ids(&self) -> impl Iterator<Item = JobId> + '_ {
        self.table.slots().map(|slot| self.table.id(slot))
    }
}
