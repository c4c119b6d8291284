//! What time does.

use bessemer_core::command::Stage;
use bessemer_core::fact::{Ending, OnLost};
use bessemer_core::query::Place;
use bessemer_core::{Boot, JobId, Machine, Now};

use super::{Expected, Held, Model, Worker};

impl Model {
    /// When something is due, at the latest.
    pub(crate) fn next_due(&self, now: Now) -> Option<Boot> {
        let waits = self.parked.values().map(|parked| parked.deadline);
        let leases = self.held.values().map(|held| held.deadline.max(self.grace));
        let lost = self.workers.values().filter_map(|worker| worker.gone);
        let lost = lost.map(|gone| gone.after(self.rules.lost_worker_grace).max(self.grace));
        let sets = self.first_of(|place| !matches!(place, Place::Queued { .. } | Place::Working { .. }));
        let keys = self.durable.keys.values().map(|until| now.boot_at(*until));
        let said = self.forgets.values().map(|at| now.boot_at(*at));
        let batches = self.durable.batches_until().map(|at| now.boot_at(at));
        let sweeps = self.durable.to_sweep().map(|_| now.boot);
        waits
            .chain(leases)
            .chain(lost)
            .chain(keys)
            .chain(said)
            .chain(batches)
            .chain(sweeps)
            .chain(self.next_token(now))
            .chain(self.cron_due(now))
            .chain(sets.map(|(at, _)| now.boot_at(at)))
            .min()
    }

    pub(super) fn due(&mut self, now: Now, real: &Machine) -> bool {
        while let Some((no, _)) = self
            .parked
            .iter()
            .filter(|(_, p)| p.deadline <= now.boot)
            .map(|(no, p)| (*no, p.deadline))
            .min_by_key(|(no, at)| (*at, *no))
        {
            let parked = self.parked.remove(&no).expect("it waits");
            self.expected.insert(parked.ticket, Expected::Nothing);
        }
        while let Some((_, id)) =
            self.first_of(|place| matches!(place, Place::Scheduled { at } if *at <= now.wall))
        {
            self.promote(now, id);
        }
        while let Some((_, id)) =
            self.first_of(|place| matches!(place, Place::Retrying { at } if *at <= now.wall))
        {
            self.promote(now, id);
        }
        while let Some((_, id)) =
            self.first_of(|place| matches!(place, Place::Dead { until } if *until <= now.wall))
        {
            self.end(now, id, Ending::DeadAge);
        }
        while let Some((_, id)) =
            self.first_of(|place| matches!(place, Place::Discarded { until, .. } if *until <= now.wall))
        {
            self.end(now, id, Ending::Deleted);
        }
        if self.grace <= now.heard {
            let late = |held: &Held| held.deadline <= now.heard;
            while let Some((_, id)) = self
                .held
                .iter()
                .filter(|(_, h)| late(h))
                .map(|(id, h)| ((h.deadline, id.0 as u32), *id))
                .min()
            {
                self.fail(now, id, real);
            }
        }
        self.forget_words(now);
        if self.grace <= now.heard {
            let grace = self.rules.lost_worker_grace;
            let gone = |worker: &Worker| worker.gone.filter(|gone| gone.after(grace) <= now.heard);
            while let Some((.., no)) =
                self.workers.iter().filter_map(|(no, w)| gone(w).map(|at| (at, w.wid.clone(), *no))).min()
            {
                self.lose(now, no);
            }
        }
        self.batches_due(now);
        self.sweep(now);
        self.durable.keys.retain(|_, until| *until > now.wall);
        self.tick_crons(now, real);
        false
    }

    /// A worker is lost (`D4`): its jobs go back to the heads of their queues, in their order.
    pub(super) fn lose(&mut self, now: Now, no: u64) {
        let worker = self.workers.remove(&no).expect("a lost worker was known");
        if self.by_wid.get(&worker.wid) == Some(&no) {
            self.by_wid.remove(&worker.wid);
        }
        let blamed = worker.stage == Stage::Running;
        let mut jobs: Vec<JobId> =
            self.held.iter().filter(|(_, h)| h.worker == Some(no)).map(|(id, _)| *id).collect();
        jobs.sort_by_key(|id| std::cmp::Reverse(self.durable.jobs[id].order));
        let until = now.wall.after(self.rules.dead_age);
        for id in jobs {
            let cancelled = self.is_cancelled(id);
            let (max, window) = (self.rules.max_lost_workers as usize, self.rules.lost_worker_window);
            let job = self.job(id);
            if job.on_lost == Some(OnLost::Wait) {
                continue;
            }
            let recent =
                job.losses.iter().rev().take(max).filter(|at| now.wall.since(**at) <= window).count();
            if blamed {
                job.losses.push(now.wall);
            }
            let poison = blamed && recent + 1 >= max;
            let dies = job.retry < 0 || job.on_lost == Some(OnLost::Dead) || poison;
            if job.retry == 0 || cancelled && !dies {
                self.end(now, id, Ending::Lost);
                continue;
            }
            if dies {
                job.place = Place::Dead { until };
                job.attempts = job.attempts.or(Some((0, job.retry.into())));
                self.member_died(now, id);
            } else {
                self.put_at_head(id, now.wall);
            }
            self.held.remove(&id);
        }
        self.serve(now);
        self.trim_dead(now);
    }
}
