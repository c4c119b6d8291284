//! What limits queues once more (rule `E-60`): slots are counted in hands each time, and a rate is a bucket.

use bessemer_core::command::ThrottleDeed;
use bessemer_core::query::Place;
use bessemer_core::throttle::{Rate, Throttle};
use bessemer_core::{Boot, ConnId, Now};

use super::{Durable, Expected, Model};

/// What is left of a rate. A token has as many drops as its span has microseconds, so that nothing is rounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    rate: Rate,
    drops: u128,
    at: Boot,
}

impl Bucket {
    fn token(rate: Rate) -> u128 {
        u128::from(rate.per_s) * 1_000_000
    }

    fn full(rate: Rate, now: Boot) -> Self {
        Self { rate, drops: Self::token(rate) * u128::from(rate.burst), at: now }
    }

    /// At a later moment: drops run in, and over when it is full.
    fn by(self, now: Boot) -> Self {
        let ran_in = u128::from(now.0 - self.at.0) * u128::from(self.rate.jobs);
        let drops = (self.drops + ran_in).min(Self::full(self.rate, now).drops);
        Self { drops, at: now, ..self }
    }

    fn tokens(self, now: Boot) -> u32 {
        (self.by(now).drops / Self::token(self.rate)) as u32
    }

    /// When the next token is there, if there is none.
    fn next(self, now: Boot) -> Option<Boot> {
        let missing =
            Self::token(self.rate).checked_sub(self.by(now).drops).filter(|missing| *missing > 0)?;
        Some(Boot(now.0 + missing.div_ceil(self.rate.jobs.into()) as u64))
    }

    fn add(&mut self, tokens: i128, now: Boot) {
        let drops = self.by(now).drops as i128 + tokens * Self::token(self.rate) as i128;
        let drops = drops.try_into().expect("a job is begun only with a token");
        *self = Self { drops, at: now, ..*self }.by(now);
    }

    /// Another rate: what is there stays, as far as it finds room.
    fn change(self, rate: Rate, now: Boot) -> Self {
        let drops = self.by(now).drops * Self::token(rate) / Self::token(self.rate);
        Self { rate, drops, at: now }.by(now)
    }
}

impl Durable {
    /// What operators have set for queues.
    pub(crate) fn throttled(&self) -> impl Iterator<Item = (&str, Throttle)> {
        self.throttles.iter().map(|(queue, limit)| (queue.as_str(), *limit))
    }
}

impl Model {
    pub(super) fn throttle(&mut self, now: Now, deed: ThrottleDeed<'_>) -> Expected {
        let throttles = &mut self.durable.throttles;
        let (queue, changed) = match deed {
            ThrottleDeed::Set { queue, limit } => {
                (queue, throttles.insert(queue.into(), limit) != Some(limit))
            }
            ThrottleDeed::Reset { queue } => (queue, throttles.remove(queue).is_some()),
        };
        let rate = self.durable.throttles.get(queue).and_then(|limit| limit.rate);
        let before = self.buckets.remove(queue);
        if let Some(rate) = rate {
            let full = Bucket::full(rate, now.boot);
            let bucket = before.map_or(full, |bucket| bucket.change(rate, now.boot));
            self.buckets.insert(queue.into(), bucket);
        }
        Expected::Count(changed.into())
    }

    /// After a restart nobody knows what was begun: each bucket is empty, but in a store that no job ever came to.
    pub(super) fn empty_buckets(&mut self, now: Now) {
        let is_new = self.durable.number.is_none();
        let begin = |rate| {
            let full = Bucket::full(rate, now.boot);
            if is_new { full } else { Bucket { drops: 0, ..full } }
        };
        let rates = self.durable.throttles.iter().filter_map(|(queue, limit)| Some((queue, limit.rate?)));
        self.buckets = rates.map(|(queue, rate)| (queue.clone(), begin(rate))).collect();
    }

    /// A job of a queue is begun, or was not after all.
    pub(super) fn spend(&mut self, now: Now, queue: &str, tokens: i128) {
        if let Some(bucket) = self.buckets.get_mut(queue) {
            bucket.add(-tokens, now.boot);
        }
    }

    /// Whether a connection may have one more job of a queue: by what is in hands, counted each time.
    pub(super) fn admits(&self, now: Now, conn: ConnId, queue: &str) -> bool {
        let has_token = self.buckets.get(queue).is_none_or(|bucket| bucket.tokens(now.boot) > 0);
        has_token && self.has_slot(conn, queue)
    }

    fn has_slot(&self, conn: ConnId, queue: &str) -> bool {
        let Some(limit) = self.durable.throttles.get(queue) else { return true };
        let caller = self.worker(conn).map_or("", |worker| &worker.wid);
        let holders = self.durable.jobs.values().filter(|job| *job.queue == *queue);
        let holders: Vec<&str> = holders
            .filter_map(|job| match &job.place {
                Place::Working { wid, .. } => Some(wid.as_str()),
                _ => None,
            })
            .collect();
        let own = holders.iter().filter(|wid| **wid == caller).count();
        let below = |limit: Option<u32>, count: usize| limit.is_none_or(|most| count < most as usize);
        below(limit.concurrency, holders.len()) && below(limit.worker, own)
    }

    /// What is left of the rate of a queue, if it has one.
    pub(crate) fn tokens(&self, now: Now, queue: &str) -> Option<u32> {
        self.buckets.get(queue).map(|bucket| bucket.tokens(now.boot))
    }

    /// When a token comes for which somebody waits who lacks nothing else.
    pub(super) fn next_token(&self, now: Now) -> Option<Boot> {
        let awaited = |queue: &str| {
            let mut waiting = self.parked.values().filter(|parked| parked.queues.iter().any(|q| q == queue));
            let served = !self.durable.paused.contains(queue) && self.first(queue).is_some();
            served && waiting.any(|parked| self.has_slot(parked.conn, queue))
        };
        let awaited = self.buckets.iter().filter(|(queue, _)| awaited(queue));
        awaited.filter_map(|(_, bucket)| bucket.next(now.boot)).min()
    }

    /// Whether the timer may be set to this moment for a token that nobody waits for any more.
    pub(crate) fn may_bring_token(&self, now: Now, at: Boot) -> bool {
        at > now.boot && !self.buckets.is_empty()
    }
}
