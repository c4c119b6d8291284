//! The rules of limits once more, the slow way: where jobs are is read from facts, and everything is counted anew each time.

use std::collections::{BTreeMap, BTreeSet};

use super::log::{Kept, name};
use crate::fact::{Cleared, Fact, Family, JobId, Standing};
use crate::throttle::{Rate, Throttle};
use crate::time::Boot;

/// What f64 may be wrong by, and less than a token by far.
const MICRO: f64 = 1e-5;

/// The rules once more, the slow way.
#[derive(Default)]
pub(super) struct Model {
    pub(super) jobs: BTreeMap<JobId, (&'static str, Place)>,
    pub(super) paused: BTreeSet<&'static str>,
    pub(super) set: BTreeMap<&'static str, Throttle>,
    pub(super) configured: BTreeMap<&'static str, Throttle>,
    /// FETCHes that wait, longest first: ticket, wid, queues.
    pub(super) waiting: Vec<(u64, &'static str, Vec<&'static str>)>,
    /// Where there is a rate: it, its tokens, and when they were counted.
    pub(super) buckets: BTreeMap<&'static str, (Rate, f64, Boot)>,
    /// When jobs were begun under the rate that is in force, and by which command.
    pub(super) begun: BTreeMap<&'static str, Vec<(Boot, u64)>>,
}

impl Model {
    pub(super) fn limit(&self, queue: &str) -> Throttle {
        self.set.get(queue).or_else(|| self.configured.get(queue)).copied().unwrap_or_default()
    }

    /// What the facts of a log say; what is known of time and of those who wait is not there.
    pub(super) fn read<'f>(&mut self, facts: impl Iterator<Item = &'f Kept>) {
        for (fact, _) in facts {
            match *fact {
                Fact::Put { id, head, standing, .. } => {
                    self.jobs.insert(id, (head.queue, Place::of(standing)));
                }
                Fact::Set { id, standing, .. }
                | Fact::Fail { id, standing, .. }
                | Fact::Lost { id, standing, .. } => {
                    if let Some(job) = self.jobs.get_mut(&id) {
                        job.1 = Place::of(standing);
                    }
                }
                Fact::Move { id, queue, standing, .. } => {
                    if let Some(job) = self.jobs.get_mut(&id) {
                        *job = (queue, Place::of(standing));
                    }
                }
                Fact::End { id, .. } => drop(self.jobs.remove(&id)),
                Fact::Keep { family: Family::Queue, key, value } => {
                    let queue = name(std::str::from_utf8(key).expect("a name"));
                    match value {
                        Some([1]) => _ = self.paused.insert(queue),
                        _ => _ = self.paused.remove(queue),
                    }
                }
                Fact::Keep { family: Family::Throttle, key, value } => {
                    let queue = name(std::str::from_utf8(key).expect("a name"));
                    match value {
                        Some(value) => {
                            _ = self.set.insert(queue, Throttle::from_bytes(value).expect("limits"));
                        }
                        None => _ = self.set.remove(queue),
                    }
                }
                Fact::Keep { .. } => {}
                Fact::Clear(Cleared::Everything) => {
                    self.jobs.clear();
                    self.paused.clear();
                }
                Fact::Clear(Cleared::Queue(queue)) => {
                    self.jobs.retain(|_, (of, place)| *of != queue || *place != Place::Queued);
                }
                Fact::Clear(Cleared::Set(_)) => unreachable!("nobody clears a set here"),
            }
        }
    }

    pub(super) fn count(&self, queue: &str, is: impl Fn(&Place) -> bool) -> usize {
        self.jobs.values().filter(|(of, place)| *of == queue && is(place)).count()
    }

    pub(super) fn working(&self, queue: &str) -> usize {
        self.count(queue, |place| matches!(place, Place::Working(_)))
    }

    pub(super) fn held(&self, queue: &str, wid: &str) -> usize {
        self.count(queue, |place| *place == Place::Working(name(wid)))
    }

    pub(super) fn tokens(&self, queue: &str, now: Boot) -> Option<f64> {
        let (rate, tokens, at) = self.buckets.get(queue)?;
        let ran_in = now.since(*at).as_secs_f64() * f64::from(rate.jobs) / f64::from(rate.per_s);
        Some((tokens + ran_in).min(rate.burst.into()))
    }

    /// The rate of a queue may be another one.
    pub(super) fn settle_rate(&mut self, queue: &'static str, now: Boot) {
        let (before, rate) = (self.buckets.get(queue).map(|bucket| bucket.0), self.limit(queue).rate);
        if before == rate {
            return;
        }
        let tokens = self.tokens(queue, now);
        self.begun.remove(queue);
        match rate {
            Some(rate) => {
                let most = f64::from(rate.burst);
                self.buckets.insert(queue, (rate, tokens.unwrap_or(most).min(most), now));
            }
            None => _ = self.buckets.remove(queue),
        }
    }

    pub(super) fn has_room(&self, queue: &str, wid: &str) -> bool {
        self.limit(queue).worker.is_none_or(|most| self.held(queue, wid) < most as usize)
    }

    /// Whether somebody may have a job of this queue now, if there is one.
    pub(super) fn may(&self, queue: &str, wid: &str, now: Boot) -> bool {
        let has_slot = self.limit(queue).concurrency.is_none_or(|most| self.working(queue) < most as usize);
        let has_token = self.tokens(queue, now).is_none_or(|tokens| tokens >= 1.0 + MICRO);
        !self.paused.contains(queue) && has_slot && has_token && self.has_room(queue, wid)
    }

    /// What a command did is what may be.
    pub(super) fn judge(&mut self, batch: &[Kept], command: u64, now: Boot) -> Result<(), String> {
        for (fact, _) in batch {
            let (Fact::Put { id, standing: Standing::Working { wid, .. }, .. }
            | Fact::Set { id, standing: Standing::Working { wid, .. }, .. }) = fact
            else {
                continue;
            };
            let Some((queue, _)) = self.jobs.get(id).cloned() else { continue };
            let (limit, working, held) = (self.limit(queue), self.working(queue), self.held(queue, wid));
            if limit.concurrency.is_some_and(|most| working > most as usize) {
                return Err(format!("{queue}: {working} at once, {limit}"));
            }
            if limit.worker.is_some_and(|most| held > most as usize) {
                return Err(format!("{queue}: {held} at once of {wid:?}, {limit}"));
            }
            let Some(tokens) = self.tokens(queue, now) else { continue };
            if tokens + MICRO < 1.0 {
                return Err(format!("{queue}: begun with {tokens} tokens, {limit}"));
            }
            let bucket = self.buckets.get_mut(queue).expect("a rate");
            (bucket.1, bucket.2) = (tokens - 1.0, now);
            self.begun.entry(queue).or_default().push((now, command));
        }
        self.judge_rates(now)
    }

    /// In no window of time were more begun than the rate allows, also where a restart lies in it.
    pub(super) fn judge_rates(&self, now: Boot) -> Result<(), String> {
        for (queue, begun) in &self.begun {
            let Some(rate) = self.limit(queue).rate else { continue };
            for (i, (since, _)) in begun.iter().enumerate() {
                let count = (begun.len() - i) as f64;
                let ran_in = now.since(*since).as_secs_f64() * f64::from(rate.jobs) / f64::from(rate.per_s);
                if count > f64::from(rate.burst) + ran_in + MICRO {
                    return Err(format!("{queue}: {count} begun since {since:?}, {rate:?}"));
                }
            }
        }
        Ok(())
    }

    /// What was begun last has not been: its token is there again.
    pub(super) fn give_back(&mut self, batch: &[Kept], now: Boot) {
        let Some((Fact::Set { id, .. }, _)) = batch.first() else { return };
        let Some((queue, _)) = self.jobs.get(id).cloned() else { return };
        let Some(tokens) = self.tokens(queue, now) else { return };
        let bucket = self.buckets.get_mut(queue).expect("a rate");
        (bucket.1, bucket.2) = ((tokens + 1.0).min(bucket.0.burst.into()), now);
        self.begun.entry(queue).or_default().pop();
    }

    /// Nobody waits for what he may have.
    pub(super) fn judge_waits(&self, now: Boot) -> Result<(), String> {
        for (ticket, wid, queues) in &self.waiting {
            let has = |queue: &&&str| self.count(queue, |place| *place == Place::Queued) > 0;
            if let Some(queue) = queues.iter().filter(has).find(|queue| self.may(queue, wid, now)) {
                return Err(format!("FETCH {ticket} of {wid:?} waits for {queue}, {}", self.limit(queue)));
            }
        }
        Ok(())
    }
}

/// Where a job is, as facts say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Queued,
    Working(&'static str),
    Elsewhere,
}

impl Place {
    pub(super) fn of(standing: Standing<'_>) -> Self {
        match standing {
            Standing::Queued { .. } => Self::Queued,
            Standing::Working { wid, .. } => Self::Working(name(wid)),
            _ => Self::Elsewhere,
        }
    }
}
