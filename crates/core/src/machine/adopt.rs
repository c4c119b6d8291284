//! Jobs that come from another store with all that happened to them, and logs of which parts are lost.

use std::borrow::Cow;

use super::counters::numbers;
use super::table::{Slot, State};
use super::{Machine, Settled, Turn};
use crate::command::Refusal;
use crate::edit::in_queue;
use crate::fact::{Fact, Facts, Failure, Family, Head, JobId, Order, Standing};
use crate::query::Day;
use crate::time::{Now, Wall};

/// A job with all that a store knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life<'a> {
    pub order: Order,
    pub head: Head<'a>,
    pub standing: Standing<'a>,
    /// When it was put into its queue, for one that is being worked on.
    pub enqueued_at: Option<Wall>,
    pub failure: Option<Failure<'a>>,
    /// When its workers were lost, as far as it counts.
    pub losses: Vec<Wall>,
    /// See [`crate::command::Push::body`].
    pub body: &'a [u8],
}

impl Machine {
    /// The live job in the slot that a new job's id names. A log that is whole never has one, for a slot is given again
    /// only after its job has ended: so in one with a hole this job has ended in the hole.
    pub fn displaced_by(&self, new: JobId) -> Option<JobId> {
        let slot = new.0 as Slot;
        let old = self.table.is_live(slot).then(|| self.table.id(slot))?;
        (old != new).then_some(old)
    }

    /// Whether a job lives.
    pub fn is_live(&self, id: JobId) -> bool {
        self.table.find(id).is_some()
    }

    /// How many jobs ever came.
    pub fn jobs_ever(&self) -> u64 {
        self.table.seq
    }

    /// The body of a live job as it would be told again, where its first record says `body`.
    pub fn body_of<'b>(&self, id: JobId, body: &'b [u8]) -> Cow<'b, [u8]> {
        let moved = self.table.find(id).filter(|slot| self.table[*slot].moved);
        let moved = moved.and_then(|slot| in_queue(body, &self.queues[self.table[slot].queue].name));
        moved.map_or(Cow::Borrowed(body), Cow::Owned)
    }

    /// All that is known of a live job; of one that was discarded nobody is told. `head` and `body` are what its first record says, `failure` is the text at
    /// [`Machine::failure_text`].
    pub fn life<'a>(
        &'a self,
        id: JobId,
        head: Head<'a>,
        body: &'a [u8],
        failure: &'a [u8],
    ) -> Option<Life<'a>> {
        let slot = self.table.find(id)?;
        let entry = &self.table[slot];
        if entry.state == State::Discarded {
            return None;
        }
        let standing = match (entry.state, self.reservations.get(&self.table, slot)) {
            (State::Scheduled, _) => Standing::Scheduled { at: entry.time },
            (State::Retrying, _) => Standing::Retrying { at: entry.time },
            (State::Dead, _) => Standing::Dead { until: entry.time },
            (State::Working, Some(r)) => Standing::Working { wid: &r.wid, since: r.since, until: r.until },
            _ => Standing::Queued { since: entry.time },
        };
        let failure = self.failures.get(&slot).map(|failed| Failure {
            retry_count: failed.attempts.retry_count,
            remaining: failed.attempts.remaining,
            failed_at: failed.failed_at,
            next_at: failed.next_at,
            text: failure,
        });
        Some(Life {
            order: entry.order,
            head: Head { queue: &self.queues[entry.queue].name, terms: self.terms_of(slot), ..head },
            standing,
            enqueued_at: (entry.state == State::Working).then_some(entry.time),
            failure,
            losses: self.losses.get(&slot).cloned().unwrap_or_default(),
            body,
        })
    }

    /// Takes in a job from another store, at the place that its order gives it. Its body counts as what was sent. It
    /// is no push: nothing is counted, and it is nobody's repeat (`D5`). [`Machine::recovered`] has to be called
    /// before the machine serves, since jobs may come out of order. The error: one queue too many.
    pub fn adopt(&mut self, life: &Life<'_>, facts: &mut impl Facts) -> Result<JobId, Refusal> {
        if matches!(life.standing, Standing::Queued { .. } | Standing::Working { .. }) {
            self.adopt_queue(life.head.queue, false, facts)?;
        } else {
            self.room_for_queue(life.head.queue)?;
        }
        let mut out = Settled::default();
        let mut turn = Turn { now: Now::default(), facts, out: &mut out };
        let (id, order) = (self.table.next_id(), life.order);
        let head = Head { body_hash: self.table.hash(life.body), ..life.head };
        // A job that is being worked on was enqueued first, and its handout says when.
        let before = match life.standing {
            Standing::Working { since, .. } => Standing::Queued { since: life.enqueued_at.unwrap_or(since) },
            standing => standing,
        };
        self.happen(&mut turn, &Fact::Put { id, order, at: None, head, standing: before, body: life.body });
        if let Some(failure) = life.failure {
            let at = failure.failed_at;
            self.happen(&mut turn, &Fact::Fail { id, order, at, counted: false, failure, standing: before });
        }
        for at in life.losses.iter().copied() {
            self.happen(&mut turn, &Fact::Lost { id, order, at, blamed: true, standing: before });
        }
        if before != life.standing {
            self.happen(&mut turn, &Fact::Set { id, order, standing: life.standing });
        }
        Ok(id)
    }

    /// Makes a queue known; one that is known already stays as it is.
    pub fn adopt_queue(&mut self, name: &str, paused: bool, facts: &mut impl Facts) -> Result<(), Refusal> {
        self.room_for_queue(name)?;
        if self.queues.find(name).is_none_or(|queue| !self.queues[queue].known) {
            let value = [u8::from(paused)];
            self.keep_down(Family::Queue, name.as_bytes(), &value, facts);
        }
        Ok(())
    }

    /// Adds what another store has counted in all.
    pub fn adopt_counts(&mut self, processed: u64, failed: u64, facts: &mut impl Facts) {
        let total = self.counters.total;
        let (processed, failed) =
            (total.processed.saturating_add(processed), total.failed.saturating_add(failed));
        let (tail, head) = (self.next_tail as u64, self.next_head as u64);
        let value = numbers(&[processed, failed, self.table.seq, tail, head]);
        self.keep_down(Family::Counters, b"", &value, facts);
    }

    /// Adds what another store has counted on one day.
    pub fn adopt_day(&mut self, day: Day, facts: &mut impl Facts) {
        let key = day.day.to_string();
        let before = self.counters.days().find(|(number, _)| *number == day.day).map(|(_, count)| count);
        let before = before.unwrap_or_default();
        let sums = [before.processed.saturating_add(day.processed), before.failed.saturating_add(day.failed)];
        self.keep_down(Family::Day, key.as_bytes(), &numbers(&sums), facts);
    }

    /// Every day on which something was counted, earliest first.
    pub fn days(&self) -> impl Iterator<Item = Day> + '_ {
        self.counters.days().map(|(day, count)| Day { day, processed: count.processed, failed: count.failed })
    }

    /// Every known queue by name, and whether it is paused.
    pub fn known_queues(&self) -> impl Iterator<Item = (&str, bool)> + '_ {
        self.queues.known().map(|queue| (&*queue.name, queue.paused))
    }

    /// The order that the next job at a tail gets.
    pub fn next_order(&self) -> Order {
        self.tail()
    }

    pub(super) fn room_for_queue(&self, name: &str) -> Result<(), Refusal> {
        if self.queues.find(name).is_none() && self.queues.count() >= self.rules.queues_max {
            return Err(Refusal::TooManyQueues(self.rules.queues_max));
        }
        Ok(())
    }

    pub(super) fn keep_down(&mut self, family: Family, key: &[u8], value: &[u8], facts: &mut impl Facts) {
        let mut out = Settled::default();
        let mut turn = Turn { now: Now::default(), facts, out: &mut out };
        self.happen(&mut turn, &Fact::Keep { family, key, value: Some(value) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Terms;
    use crate::fact::{OnLost, Span};
    use crate::limits::Rules;

    /// A machine that sees the facts alone.
    struct Mirror(Machine);

    impl Facts for Mirror {
        fn record(&mut self, fact: &Fact<'_>) -> Span {
            self.0.replay(fact, Span::default());
            Span::default()
        }

        fn release(&mut self, _: Span) {}
    }

    fn machine() -> Machine {
        Machine::new(Rules { queues_max: 3, ..Rules::default() }, [1, 2])
    }

    fn life<'a>(order: i64, queue: &'a str, standing: Standing<'a>) -> Life<'a> {
        let head = Head {
            jid: "job-00001",
            queue,
            jobtype: "Greet",
            retry: 3,
            reserve_for: 90,
            on_lost: Some(OnLost::Wait),
            terms: Terms { tracked: true, ..Terms::default() },
            body_hash: 0,
        };
        Life {
            order: Order(order),
            head,
            standing,
            enqueued_at: None,
            failure: None,
            losses: Vec::new(),
            body: b"{}",
        }
    }

    fn lives<'a>() -> Vec<Life<'a>> {
        let failure =
            Failure { retry_count: 1, remaining: 2, failed_at: Wall(5), next_at: Some(Wall(6)), text: b"no" };
        let working = Standing::Working { wid: "worker-1", since: Wall(8), until: Wall(9) };
        vec![
            life(7, "a", Standing::Queued { since: Wall(1) }),
            Life { losses: vec![Wall(3), Wall(4)], ..life(-5, "a", Standing::Queued { since: Wall(2) }) },
            life(8, "b", Standing::Scheduled { at: Wall(100) }),
            Life { failure: Some(failure), ..life(9, "a", Standing::Retrying { at: Wall(6) }) },
            Life { failure: Some(failure), ..life(10, "a", Standing::Dead { until: Wall(7) }) },
            Life {
                enqueued_at: Some(Wall(1)),
                losses: vec![Wall(2)],
                failure: Some(failure),
                ..life(11, "c", working)
            },
        ]
    }

    #[test]
    fn an_adopted_job_is_as_it_was_and_so_it_is_after_a_restart() {
        let (mut machine, mut mirror) = (machine(), Mirror(machine()));
        for life in lives() {
            let id = machine.adopt(&life, &mut mirror).expect("room");
            let body_hash = machine.table.hash(b"{}");
            let head = Head { body_hash, ..life.head };
            assert_eq!(machine.life(id, head, b"{}", b"no"), Some(Life { head, ..life }));
        }
        for machine in [&mut machine, &mut mirror.0] {
            machine.recovered(Now::default());
            machine.check().expect("whole");
        }
        assert_eq!(machine.dump(), mirror.0.dump());
        assert_eq!(machine.next_order(), Order(12));
        let queues: Vec<_> = machine.known_queues().collect();
        assert_eq!(queues, [("a", false), ("c", false)], "scheduled jobs make no queue known");
        let waiting: Vec<_> = machine.queues.oldest_first(&machine.table, 0).collect();
        assert_eq!(waiting, [1, 0], "the smaller order leaves first");
    }

    #[test]
    fn one_queue_too_many_is_refused_and_changes_nothing() {
        let (mut machine, mut mirror) = (machine(), Mirror(machine()));
        for life in lives() {
            machine.adopt(&life, &mut mirror).expect("room");
        }
        let before = machine.dump();
        for standing in [Standing::Queued { since: Wall(1) }, Standing::Scheduled { at: Wall(1) }] {
            let refused = machine.adopt(&life(20, "d", standing), &mut mirror);
            assert_eq!(refused, Err(Refusal::TooManyQueues(3)));
        }
        assert_eq!(machine.adopt_queue("d", false, &mut mirror), Err(Refusal::TooManyQueues(3)));
        assert_eq!(machine.dump(), before);
    }

    #[test]
    fn counts_add_up_and_a_known_queue_keeps_its_flag() {
        let (mut machine, mut mirror) = (machine(), Mirror(machine()));
        for _ in 0..2 {
            machine.adopt_counts(5, 2, &mut mirror);
            machine.adopt_day(Day { day: 3, processed: 4, failed: 1 }, &mut mirror);
        }
        machine.adopt_queue("a", true, &mut mirror).expect("room");
        machine.adopt_queue("a", false, &mut mirror).expect("room");
        assert_eq!((machine.counters.total.processed, machine.counters.total.failed), (10, 4));
        assert_eq!(machine.days().collect::<Vec<_>>(), [Day { day: 3, processed: 8, failed: 2 }]);
        assert_eq!(machine.known_queues().collect::<Vec<_>>(), [("a", true)]);
        assert_eq!(machine.dump(), mirror.0.dump());
    }

    #[test]
    fn a_slot_that_is_given_again_shows_who_had_it() {
        let (mut machine, mut mirror) = (machine(), Mirror(machine()));
        let id = machine.adopt(&lives()[0], &mut mirror).expect("room");
        assert_eq!(machine.displaced_by(id), None);
        assert_eq!(machine.displaced_by(JobId(id.0 | 9 << 32)), Some(id));
        assert_eq!(machine.displaced_by(JobId(77)), None);
        assert!(machine.is_live(id) && !machine.is_live(JobId(id.0 | 9 << 32)));
        assert_eq!(machine.jobs_ever(), 1);
    }
}
