//! What time does: it ends waits, enqueues what is scheduled, expires reservations, and gives up on lost workers.
//!
//! One timer for everything: [`Machine::next_due`] says when, [`crate::Command::Due`] does it. A slice at most is
//! done at once; what is left is due again immediately.

use super::push::Enqueue;
use super::table::Slot;
use super::workers::WorkerNo;
use super::{Machine, Progress, Turn};
use crate::command::{Reply, Stage};
use crate::event::{Event, Outcome};
use crate::fact::{Ending, Fact, Facts, Failure, Standing};
use crate::limits::DUE_SLICE;
use crate::policy::lost::{self, Verdict};
use crate::query::Set;
use crate::time::{Boot, Now, Wall};

/// The failure of a job whose reservation expired (rule `W-05`).
const EXPIRED: &[u8] = br#"{"errtype":"ReservationExpired","message":"Faktory job reservation expired"}"#;
/// The failure of a job that went to the dead set because it lost its workers (`D4`).
const POISON: &[u8] = br#"{"errtype":"WorkerLost","message":"the workers of this job were lost too often"}"#;
/// The failure of a job that is not to be delivered again once its worker is lost (`D4`).
const LOST: &[u8] = br#"{"errtype":"WorkerLost","message":"the worker of this job was lost"}"#;

impl Machine {
    /// When [`crate::Command::Due`] has something to do; `None`: never, as things stand.
    pub fn next_due(&self, now: Now) -> Option<Boot> {
        let verdict = |at: Boot| at.max(self.no_verdict_before);
        let wall = |set: &super::sorted::Sorted| set.first().map(|(at, ..)| now.boot_at(*at));
        [
            self.parked.first().map(|(at, _)| at),
            self.reservations.first().map(|(at, _)| verdict(at)),
            self.ticks.first().map(verdict),
            self.workers.first_gone().map(|(since, _)| verdict(since.after(self.rules.lost_worker_grace))),
            wall(&self.sets.scheduled),
            wall(&self.sets.retries),
            wall(&self.sets.dead),
            wall(&self.sets.discarded),
            self.batches.first_until().map(|at| now.boot_at(at)),
            self.batches.has_sweeps().then_some(now.boot),
            self.expiring.first().map(|(at, _)| now.boot_at(*at)),
            self.keys.next_end().map(|at| now.boot_at(at)),
            self.beyond_dead_max().map(|_| now.boot),
            self.track_due(now),
            self.queues.throttles.next_due(now.boot),
            self.cron_due(now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn due<F: Facts>(&mut self, turn: &mut Turn<'_, F>) -> Progress {
        let now = turn.now;
        let mut left = DUE_SLICE;
        self.ticks.touch_due(now.wall);
        self.end_waits(turn);
        self.sweep_expired(turn, &mut left);
        while let Some(slot) = take(&mut left, || self.sets.due(Set::Scheduled, now.wall)) {
            self.tally.scheduled_enqueued += 1;
            self.promote(turn, slot);
        }
        while let Some(slot) = take(&mut left, || self.sets.due(Set::Retries, now.wall)) {
            self.tally.retries_enqueued += 1;
            self.promote(turn, slot);
        }
        while let Some(slot) = take(&mut left, || self.sets.due(Set::Dead, now.wall)) {
            self.drop_dead(turn, slot, Ending::DeadAge);
        }
        while let Some(slot) = take(&mut left, || self.sets.due(Set::Discarded, now.wall)) {
            self.end_deleted(turn, slot);
        }
        while let Some(slot) = take(&mut left, || self.beyond_dead_max()) {
            self.drop_dead(turn, slot, Ending::DeadLimit);
        }
        while let Some(slot) = take(&mut left, || self.expired(now)) {
            self.tally.reaped += 1;
            turn.out.events.push(Event::Expired { id: self.table.id(slot) });
            self.failed(turn, slot, None, EXPIRED);
        }
        while let Some(jid) = take(&mut left, || self.tracks.due(now.wall)) {
            self.end_track(turn, jid);
        }
        while let Some(no) = take(&mut left, || self.lost_worker(now)) {
            self.lose(turn, no);
        }
        self.batches_due(turn, &mut left);
        self.sweep(turn);
        while let Some(key) = take(&mut left, || self.keys.ended(now.wall)) {
            self.forget_key(turn, key);
        }
        self.tick_crons(turn);
        Progress::Decided
    }

    fn end_waits<F: Facts>(&mut self, turn: &mut Turn<'_, F>) {
        while let Some((_, no)) = self.parked.first().filter(|(at, _)| *at <= turn.now.boot) {
            if let Some(waiting) = self.parked.take(no) {
                turn.out.replies.push((waiting.ticket, Reply::Nothing));
            }
        }
    }

    /// A job joins the tail of its queue (rule `R-06`: as if enqueued now, its failure kept).
    pub(super) fn promote<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot) {
        if self.is_over(turn.now.wall, slot) {
            return self.expire(turn, slot);
        }
        let (id, order, entry) = (self.table.id(slot), self.tail(), &self.table[slot]);
        let (queue, reserve_for) = (entry.queue, entry.reserve_for);
        self.know_again(turn, queue);
        let standing = Standing::Queued { since: turn.now.wall };
        self.enqueue(turn, Enqueue { slot, queue, reserve_for }, true, Fact::Set { id, order, standing });
    }

    /// A reservation whose time is over, judged by when everybody was last heard (`D9`).
    fn expired(&self, now: Now) -> Option<Slot> {
        self.reservations.first().filter(|(at, _)| self.judged(now, *at)).map(|(_, slot)| slot)
    }

    fn lost_worker(&self, now: Now) -> Option<WorkerNo> {
        let grace = self.rules.lost_worker_grace;
        self.workers.first_gone().filter(|(since, _)| self.judged(now, since.after(grace))).map(|(_, no)| no)
    }

    pub(super) fn judged(&self, now: Now, deadline: Boot) -> bool {
        deadline <= now.heard && self.no_verdict_before <= now.heard
    }

    /// A worker is lost: its jobs go back to the heads of their queues, in their order (`D4`).
    fn lose<F: Facts>(&mut self, turn: &mut Turn<'_, F>, no: WorkerNo) {
        let Some(worker) = self.workers.get(no) else { return };
        let (wid, blamed) = (worker.wid.clone(), worker.stage == Stage::Running);
        let mut slots: Vec<Slot> = self.reservations.held(worker.hands).collect();
        slots.sort_unstable_by_key(|slot| std::cmp::Reverse(self.table[*slot].order));
        let mut jobs = 0;
        for slot in &slots {
            jobs += usize::from(self.lose_job(turn, *slot, blamed));
        }
        self.workers.forget(no);
        slots.retain(|slot| self.table.is_live(*slot) && self.reservations.get(&self.table, *slot).is_none());
        self.serve(turn, &slots);
        if jobs > 0 {
            self.tally.workers_lost += 1;
            self.tally.jobs_lost += jobs as u64;
            turn.out.events.push(Event::WorkerLost { wid: (*wid).into(), jobs });
        }
        self.trim_dead(turn);
    }

    /// Says whether the job was taken from its worker.
    fn lose_job<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot, blamed: bool) -> bool {
        let (at, entry) = (turn.now.wall, &self.table[slot]);
        let losses = self.losses.get(&slot).map_or(&[][..], Vec::as_slice);
        let id = self.table.id(slot);
        let verdict = lost::lost(&self.rules, entry.retry, entry.on_lost, losses, blamed, at);
        let verdict = match verdict {
            Verdict::Requeue if self.is_cancelled(slot) => Verdict::Discard,
            verdict => verdict,
        };
        if verdict != Verdict::Wait {
            self.attempted(turn, slot, None, Outcome::Lost, (None, None));
        }
        match verdict {
            Verdict::Wait => return false,
            Verdict::Requeue => {
                self.know_again(turn, self.table[slot].queue);
                let (order, standing) = (self.head(), Standing::Queued { since: at });
                self.happen(turn, &Fact::Lost { id, order, at, blamed, standing });
            }
            Verdict::Discard => {
                self.end(turn, slot, Ending::Lost);
                turn.out.events.push(Event::Discarded { id, why: Ending::Lost });
            }
            Verdict::Die { poison } => {
                let (order, until) = (entry.order, at.after(self.rules.dead_age));
                let standing = Standing::Dead { until };
                self.happen(turn, &Fact::Lost { id, order, at, blamed, standing });
                self.explain(turn, slot, until, if poison { POISON } else { LOST });
                self.died(turn, slot);
                turn.out.events.push(Event::Died { id, poison });
            }
        }
        true
    }

    /// A job that died with its workers says so on its page; that was no attempt that failed.
    fn explain<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot, until: Wall, text: &[u8]) {
        let (id, order, at) = (self.table.id(slot), self.table[slot].order, turn.now.wall);
        let before = self.failures.get(&slot);
        let failure = Failure {
            retry_count: before.map_or(0, |f| f.attempts.retry_count),
            remaining: before.map_or(i32::from(self.table[slot].retry), |f| f.attempts.remaining),
            failed_at: before.map_or(at, |f| f.failed_at),
            next_at: before.and_then(|f| f.next_at),
            text,
        };
        self.happen(
            turn,
            &Fact::Fail { id, order, at, counted: false, failure, standing: Standing::Dead { until } },
        );
    }
}

/// The next one of a slice, while it lasts.
pub(super) fn take<T>(left: &mut usize, next: impl FnOnce() -> Option<T>) -> Option<T> {
    *left = left.checked_sub(1)?;
    next()
}
