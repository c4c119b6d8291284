//! Jobs that are of no use after a moment (rules `E-40`, `E-41`): they are not handed out from then on.
//!
//! Where a job stands in its queue, scheduled or for another try, it is dropped when its time is over; who fetches before
//! that gets the next one. A job in a worker's hands is its worker's, one that is dead is there to be looked at, and one
//! that was discarded goes anyway: they expire when they come back.

use std::collections::BTreeSet;

use super::due::take;
use super::table::{Slot, State};
use super::{Machine, Turn};
use crate::event::{Counted, Event};
use crate::fact::{Ending, Facts};
use crate::time::Wall;

impl Machine {
    /// When a job expires, if it does.
    pub(super) fn expires(&self, slot: Slot) -> Option<Wall> {
        if !self.table[slot].asks {
            return None;
        }
        self.terms.get(&slot)?.expires
    }

    /// Whether a job is not to be handed out any more.
    pub(super) fn is_over(&self, now: Wall, slot: Slot) -> bool {
        self.expires(slot).is_some_and(|at| at <= now)
    }

    /// A job is where it may be dropped.
    pub(super) fn watch(&mut self, slot: Slot) {
        if is_dropped_from(self.table[slot].state)
            && let Some(at) = self.expires(slot)
        {
            self.expiring.insert((at, slot));
        }
    }

    /// A job leaves where it stands.
    pub(super) fn unwatch(&mut self, slot: Slot) {
        if let Some(at) = self.expires(slot) {
            self.expiring.remove(&(at, slot));
        }
    }

    /// A job is dropped. It counts as neither processed nor failed.
    pub(super) fn expire<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot) {
        let id = self.table.id(slot);
        self.tally.expired += 1;
        turn.out.events.push(self.counted(Counted::Expired, slot, turn.now.wall));
        self.end(turn, slot, Ending::Expired);
        turn.out.events.push(Event::Discarded { id, why: Ending::Expired });
    }

    /// Those whose time is over are dropped, as many as are `left` of a slice; who waited for what stands behind them
    /// gets it.
    pub(super) fn sweep_expired<F: Facts>(&mut self, turn: &mut Turn<'_, F>, left: &mut usize) {
        let mut queues = BTreeSet::new();
        while let Some(slot) = take(left, || self.first_over(turn.now.wall)) {
            queues.extend((self.table[slot].state == State::Queued).then_some(self.table[slot].queue));
            self.expire(turn, slot);
        }
        self.serve_queues(turn, queues);
    }

    fn first_over(&self, now: Wall) -> Option<Slot> {
        self.expiring.first().filter(|(at, _)| *at <= now).map(|(_, slot)| *slot)
    }

    /// Those are watched that may be dropped, and no others.
    pub(super) fn check_expiring(&self) -> Result<(), String> {
        let watched = |slot: &Slot| is_dropped_from(self.table[*slot].state);
        let expiring = self.table.slots().filter(watched);
        let expected: BTreeSet<_> = expiring.filter_map(|slot| Some((self.expires(slot)?, slot))).collect();
        if expected == self.expiring { Ok(()) } else { Err("other jobs expire than are watched".into()) }
    }
}

fn is_dropped_from(state: State) -> bool {
    matches!(state, State::Queued | State::Scheduled | State::Retrying)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use crate::limits::DUE_SLICE;
    use crate::machine::scenario::play;

    #[test]
    fn what_is_over_is_not_handed_out_and_the_next_one_is_e40() {
        play(
            "0s  w hello                        | ok
             0s  p push a expires=5s            | ok
             0s  p push b expires=5s            | ok
             0s  p push c                       | ok
             4s  p sees default                 | c b a
             5s  p sees default                 | c
             5s  w fetch default                | c
             5s  p sees info                    | processed 0 failed 0 discarded 0",
        );
    }

    #[test]
    fn the_last_moment_is_that_before_and_a_job_that_came_too_late_is_accepted_and_dropped() {
        play(
            "10s w hello                        | ok
             10s p push a expires=10s           | ok
             10s p sees default                 |
             10s w fetch default                | waits
             10s p push b expires=9s            | ok
             10s p push c expires=11s           | w: c, ok
             10s p push a expires=10s           | ok
             # In a worker's hands it is its worker's.
             20s w ack c                        | ok
             20s p sees info                    | processed 1 failed 0 discarded 0",
        );
    }

    #[test]
    fn it_is_swept_from_wherever_it_waits_but_not_from_hands_and_graves() {
        play(
            "0s  w hello                        | ok
             0s  p push a expires=30s at=60s    | ok
             0s  p push b expires=31s retry=3   | ok
             0s  p push c expires=30s retry=-1  | ok
             0s  p push d expires=30s           | ok
             0s  p push e expires=30s queue=q   | ok
             0s  p pause q                      | ok
             0s  p discard e                    | 1
             0s  w fetch default                | b
             0s  w fetch default                | c
             0s  w fetch default                | d
             1s  w fail b                       | ok
             1s  w fail c                       | ok
             1s  p sees retries                 | b×1
             29s p sees scheduled               | a
             31s p sees scheduled               |
             31s p sees retries                 |
             31s p sees dead                    | c×1
             31s p sees working                 | d@w
             # Whoever comes back is over.
             32s p requeue c                    | 1
             32s p restore e                    | 1
             32s p release d                    | 1
             32s w fetch default q              | waits
             32s p sees jid=c                   |
             32s p sees jid=d                   |
             33s p sees jid=e                   |",
        );
    }

    #[test]
    fn what_waits_for_a_queue_of_jobs_that_are_over_is_served_in_the_end() {
        let mut table = String::from("0s w hello | ok\n");
        for job in 0..2 * DUE_SLICE + 1 {
            _ = writeln!(table, "0s p push j{job} expires=5s | ok");
        }
        table.push_str(
            "0s p push z | ok
             +6s! w fetch default | waits
             6s | w: z
             6s p sees default |",
        );
        play(&table);
    }
}
