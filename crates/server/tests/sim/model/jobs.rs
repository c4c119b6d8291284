//! How jobs come, go out, end and fail.

use std::time::Duration;

use bessemer_core::command::{Asks, Push, Refusal, Stage};
use bessemer_core::fact::{Ending, Release};
use bessemer_core::query::{JobView, Place, TrackState};
use bessemer_core::{ConnId, Delivery, JobId, Machine, Now, Ticket, Wall};

use super::{Expected, Held, Job, Model, Parked, moment, views};

impl Model {
    pub(super) fn push(&mut self, now: Now, job: &Push<'_>, real: &Machine) -> Expected {
        let known = |view: &JobView| !self.durable.jobs.contains_key(&view.id);
        let new = views(real, now, job.jid).into_iter().find(known).map(|view| view.id);
        let repeat = self.is_repeat(now, job);
        let refusal = self.refusal(now, &job.asks);
        if let Some(why) = refusal.as_ref().filter(|_| repeat != Some(true) && new.is_none()) {
            return match repeat {
                Some(_) => Expected::Refused(why.clone()),
                None => Expected::DoneOrRefused(why.clone()),
            };
        }
        match (repeat, new) {
            (Some(true), None) | (None, None) => return Expected::Done,
            (Some(true), Some(_)) => {
                self.complain(|| format!("{} was pushed twice and is there twice", job.jid));
            }
            (Some(false), None) => {
                self.complain(|| format!("{} was pushed and is not there", job.jid));
                return Expected::Done;
            }
            (Some(false) | None, Some(_)) => {}
        }
        let Some(id) = new else { return Expected::Done };
        if let Some(why) = refusal {
            self.complain(|| format!("{} was taken in, and should be refused: {why}", job.jid));
        }
        self.take_in(now, id, job);
        Expected::Done
    }

    /// Why a job may not come in, for what it asks for.
    fn refusal(&self, now: Now, asks: &Asks<'_>) -> Option<Refusal> {
        if let Some(why) = asks.batch.and_then(|bid| self.may_join(bid).err()) {
            return Some(why);
        }
        let key = asks.unique.as_ref().filter(|ask| self.is_held(now, ask))?.key;
        Some(Refusal::NotUnique(key))
    }

    /// A job that nothing keeps out.
    pub(super) fn take_in(&mut self, now: Now, id: JobId, job: &Push<'_>) {
        let number = id.0 >> 32;
        if self.durable.number.is_some_and(|before| before >= number) {
            self.complain(|| format!("{}: its number {number} was given before", job.jid));
        }
        self.durable.number = Some(number);
        self.durable.accepted += 1;
        let attempts = job.failure.map(|failure| (failure.retry_count, failure.remaining));
        let new = Job {
            jid: job.jid.into(),
            queue: job.queue.into(),
            retry: job.retry,
            reserve_s: job.reserve_for,
            on_lost: job.on_lost,
            sent: job.sent.into(),
            body: String::from_utf8_lossy(job.body).into(),
            order: self.durable.tail,
            place: Place::Scheduled { at: job.at.unwrap_or_default() },
            enqueued: now.wall,
            attempts,
            losses: Vec::new(),
            pushed: (now.wall, self.steps),
            unique: Self::key_of(now.wall, job),
            batch: job.asks.batch.map(Into::into),
            callback: job.asks.callback.map(|(bid, which)| (bid.into(), which)),
            tracked: job.asks.tracked,
        };
        self.begin_anew(job.jid);
        self.durable.jobs.insert(id, new);
        self.durable.tail += 1;
        if job.at.is_none_or(|at| at <= now.wall) {
            self.enqueue(now, id);
        }
    }

    /// Whether this push repeats an earlier one (`D5`); `None`: the clock was stepped since, or the window is just
    /// ending, and either is right.
    pub(super) fn is_repeat(&self, now: Now, job: &Push<'_>) -> Option<bool> {
        let live = self
            .durable
            .jobs
            .values()
            .filter(|j| *j.jid == *job.jid && *j.sent == *job.sent)
            .map(|j| j.pushed);
        let ended = self.durable.ended.get(&(job.jid.into(), job.sent.into())).copied();
        let mut verdict = Some(false);
        for (pushed, steps) in live.chain(ended) {
            let age = now.wall.since(pushed);
            verdict = match () {
                () if steps != self.steps => None,
                () if age <= self.rules.repush_window - Duration::from_secs(1) => return Some(true),
                () if age <= self.rules.repush_window => None,
                () => verdict,
            };
        }
        verdict
    }

    /// At the tail, or in the hands of who has waited longest for a job of this queue.
    pub(super) fn enqueue(&mut self, now: Now, id: JobId) {
        let queue = self.job(id).queue.clone();
        self.durable.queues.insert(queue);
        self.job(id).enqueued = now.wall;
        self.job(id).place = Place::Queued { since: now.wall };
        self.hand_over(now, id);
    }

    fn hand_over(&mut self, now: Now, id: JobId) {
        let queue = self.job(id).queue.clone();
        if self.first(&queue) != Some(id) || self.durable.paused.contains(&queue) {
            return;
        }
        let waits = |parked: &Parked| parked.queues.iter().any(|name| **name == *queue);
        let may = |(_, parked): &(&u64, &Parked)| waits(parked) && self.admits(now, parked.conn, &queue);
        if let Some(no) = self.parked.iter().find(may).map(|(no, _)| *no) {
            self.give(now, no, id);
        }
    }

    /// A job for somebody who waits.
    fn give(&mut self, now: Now, no: u64, id: JobId) {
        let parked = self.parked.remove(&no).expect("it waits");
        let reply = self.reserve(now, parked.conn, id);
        self.expected.insert(parked.ticket, reply);
    }

    pub(super) fn promote(&mut self, now: Now, id: JobId) {
        self.job(id).order = self.durable.tail;
        self.durable.tail += 1;
        self.enqueue(now, id);
    }

    pub(super) fn put_at_head(&mut self, id: JobId, since: Wall) {
        self.durable.head -= 1;
        let order = self.durable.head;
        let queue = self.job(id).queue.clone();
        self.durable.queues.insert(queue);
        let job = self.job(id);
        (job.order, job.place, job.enqueued) = (order, Place::Queued { since }, since);
    }

    pub(super) fn fetch(
        &mut self,
        now: Now,
        ticket: Ticket,
        conn: ConnId,
        queues: &[&str],
        wait: Duration,
    ) -> bool {
        let running = self.worker(conn).is_none_or(|worker| worker.stage == Stage::Running);
        let queues = if running { queues.iter().map(|q| (*q).to_owned()).collect() } else { Vec::new() };
        let no = self.next();
        self.parked.insert(no, Parked { ticket, conn, deadline: now.boot.after(wait), queues });
        self.serve(now);
        self.parked.contains_key(&no)
    }

    /// Whoever waits longest gets the first job of its leftmost queue that has one (`G7`).
    pub(super) fn serve(&mut self, now: Now) {
        let waiting: Vec<u64> = self.parked.keys().copied().collect();
        for no in waiting {
            let served = |queue: &&String| !self.durable.paused.contains(queue.as_str());
            let Parked { conn, queues, .. } = &self.parked[&no];
            let may = |queue: &&String| self.admits(now, *conn, queue);
            let next = queues.iter().filter(served).filter(may).find_map(|queue| self.first(queue));
            if let Some(id) = next {
                self.give(now, no, id);
            }
        }
    }

    pub(super) fn first(&self, queue: &str) -> Option<JobId> {
        let queued = |job: &Job| *job.queue == *queue && matches!(job.place, Place::Queued { .. });
        self.durable
            .jobs
            .iter()
            .filter(|(_, job)| queued(job))
            .min_by_key(|(_, job)| job.order)
            .map(|(id, _)| *id)
    }

    pub(super) fn reserve(&mut self, now: Now, conn: ConnId, id: JobId) -> Expected {
        let worker = self.conns.get(&conn).copied().flatten();
        let wid = worker.map_or_else(String::new, |no| self.workers[&no].wid.clone());
        let queue = self.job(id).queue.clone();
        self.spend(now, &queue, 1);
        let job = self.job(id);
        let reserved = Duration::from_secs(job.reserve_s.clamp(60, 86_400).into());
        job.place = Place::Working { wid, since: now.wall, until: now.wall.after(reserved) };
        job.unique = job.unique.filter(|(.., release)| *release != Release::Start);
        let (enqueued, attempts, body) = (job.enqueued, job.attempts, job.body.clone());
        let number = self.next();
        self.held.insert(id, Held { number, deadline: now.boot.after(reserved), worker });
        Expected::Job { id, conn, number, enqueued, attempts, body }
    }

    pub(super) fn undelivered(&mut self, now: Now, delivery: Delivery) -> bool {
        if let Some(id) = self.stands(delivery) {
            self.held.remove(&id);
            let (since, queue) = (self.job(id).enqueued, self.job(id).queue.clone());
            self.spend(now, &queue, -1);
            self.put_at_head(id, since);
            self.serve(now);
        }
        false
    }

    /// The engine has handed out a job.
    pub(crate) fn handed(&mut self, delivery: Delivery, id: JobId, number: u64, conn: ConnId) {
        self.deliveries.insert(delivery, (id, number));
        if let Some(job) = self.durable.jobs.get(&id) {
            self.fresh.push((delivery, conn, job.jid.clone()));
        }
    }

    /// The job of a delivery that was neither ended nor undone.
    pub(crate) fn stands(&self, delivery: Delivery) -> Option<JobId> {
        let (id, number) = self.deliveries.get(&delivery)?;
        self.held.get(id).filter(|held| held.number == *number).map(|_| *id)
    }

    pub(super) fn reserved(&self, conn: ConnId, jid: &str) -> Option<JobId> {
        let caller = self.worker(conn).map_or("", |worker| &worker.wid);
        let held = self.held.iter().filter_map(|(id, held)| match &self.durable.jobs[id] {
            Job { jid: other, place: Place::Working { wid, since, .. }, .. } if **other == *jid => {
                (caller.is_empty() || wid.is_empty() || wid == caller).then_some((*since, held.number, *id))
            }
            _ => None,
        });
        held.min().map(|(.., id)| id)
    }

    pub(super) fn end(&mut self, now: Now, id: JobId, why: Ending) {
        self.end_all(now, &[id], why);
    }

    /// These are no more, and then their batches hear of it.
    pub(super) fn end_all(&mut self, now: Now, ids: &[JobId], why: Ending) {
        let mut gone = Vec::new();
        for id in ids {
            self.held.remove(id);
            let job = self.durable.jobs.remove(id).expect("a job that ends has lived");
            *self.durable.endings.entry(why).or_default() += 1;
            self.durable.processed += u64::from(matches!(why, Ending::Acked | Ending::Failed));
            self.durable.failed += u64::from(why == Ending::Failed);
            let key = (job.jid.clone(), job.sent.clone());
            match why {
                Ending::Deleted => _ = self.durable.ended.remove(&key),
                _ => _ = self.durable.ended.insert(key, job.pushed),
            }
            gone.push(job);
        }
        self.members_ended(now, &gone, why);
        for job in gone.iter().filter(|job| job.tracked) {
            let ended = match why {
                Ending::Acked => TrackState::Success,
                Ending::DeadAge | Ending::DeadLimit => TrackState::Dead,
                _ => TrackState::Failed,
            };
            self.say(now, &job.jid, |said| said.ended = Some(ended));
        }
    }

    pub(super) fn fail(&mut self, now: Now, id: JobId, real: &Machine) {
        let cancelled = self.is_cancelled(id);
        let job = self.job(id);
        if job.retry == 0 {
            return self.end(now, id, Ending::Failed);
        }
        let (count, remaining) = job
            .attempts
            .map_or((0, job.retry.into()), |(count, remaining)| (count + 1, (remaining - 1).max(0)));
        job.attempts = Some((count, remaining));
        let retried = i64::from(count) < job.retry.into();
        // Nobody wants it any more (`BATCH CANCEL`).
        if retried && cancelled {
            return self.end(now, id, Ending::Failed);
        }
        let until = now.wall.after(self.rules.dead_age);
        let place = if retried { self.retry_time(now, id, count, real) } else { Place::Dead { until } };
        self.held.remove(&id);
        self.durable.processed += 1;
        self.durable.failed += 1;
        self.job(id).place = place;
        self.member_ran(now, id);
        if !retried {
            self.member_died(now, id);
        }
        self.trim_dead(now);
    }

    /// The machine draws the moment of a retry; rule `R-04` says from where.
    pub(super) fn retry_time(&mut self, now: Now, id: JobId, count: u32, real: &Machine) -> Place {
        let jid = self.durable.jobs[&id].jid.clone();
        let place = views(real, now, &jid).into_iter().find(|view| view.id == id).map(|view| view.place);
        let Some(Place::Retrying { at }) = place else {
            self.complain(|| format!("{jid} failed and is not tried again: {place:?}"));
            return Place::Retrying { at: now.wall };
        };
        let count = u64::from(count);
        let least = count.pow(4) + 15;
        let delay = at.since(now.wall).as_secs();
        if delay < least || delay > least + 29 * (count + 1) {
            self.complain(|| format!("{jid} failed {} times and waits {delay} s", count + 1));
        }
        Place::Retrying { at }
    }

    pub(super) fn trim_dead(&mut self, now: Now) {
        while let Some((_, id)) = self.first_of(|place| matches!(place, Place::Dead { .. }))
            && self.durable.jobs.values().filter(|job| matches!(job.place, Place::Dead { .. })).count()
                > self.rules.dead_max
        {
            self.end(now, id, Ending::DeadLimit);
        }
    }

    /// The earliest job of a set.
    pub(super) fn first_of(&self, set: impl Fn(&Place) -> bool) -> Option<(Wall, JobId)> {
        let all = self.durable.jobs.iter().filter(|(_, job)| set(&job.place));
        all.map(|(id, job)| (moment(&job.place), job.order, *id)).min().map(|(at, _, id)| (at, id))
    }
}
