//! FETCH: the leftmost queue that has a job wins; where there is none, the FETCH waits in here (rules `F-01` to `F-06`).

use std::collections::BTreeSet;
use std::time::Duration;

use super::parked::ParkedNo;
use super::table::{Slot, State};
use super::{Machine, Progress, Turn};
use crate::command::{ConnId, Delivery, Handout, Lease, Reply, Stage, Ticket};
use crate::fact::{Fact, Facts, Standing};
use crate::limits::{DUE_SLICE, RESERVE_MAX_S, RESERVE_MIN_S};
use crate::time::{Now, Wall};

/// Reserved from now on (rule `W-03`).
pub(super) fn working(now: Wall, wid: &str, reserve_for: u32) -> Standing<'_> {
    Standing::Working { wid, since: now, until: now.after(reserved_for(reserve_for)) }
}

fn reserved_for(seconds: u32) -> Duration {
    Duration::from_secs(seconds.clamp(RESERVE_MIN_S, RESERVE_MAX_S).into())
}

impl Machine {
    /// A job, or `None` while the caller waits.
    pub(super) fn fetch<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        ticket: Ticket,
        conn: ConnId,
        queues: &[&str],
        wait: Duration,
    ) -> Option<Reply> {
        let deadline = turn.now.boot.after(wait);
        let stage = match self.workers.of_conn(conn).and_then(|no| self.workers.get_mut(no)) {
            Some(worker) => {
                worker.asks(queues);
                worker.stage
            }
            None => Stage::Running,
        };
        if stage != Stage::Running {
            self.parked.park(ticket, (conn, self.workers.wid_of(conn)), &[], deadline);
            return None;
        }
        self.ticks.touch_queues(queues);
        for _ in 0..DUE_SLICE {
            match queues.iter().find_map(|name| self.next_in(turn.now, conn, name)) {
                Some(slot) if self.is_over(turn.now.wall, slot) => self.expire(turn, slot),
                Some(slot) => return Some(self.reserve(turn, conn, slot)),
                None => break,
            }
        }
        // Those that are over are due to be dropped, however many there are, and then who waits is served.
        self.parked.park(ticket, (conn, self.workers.wid_of(conn)), queues, deadline);
        self.await_tokens(turn.now, queues);
        None
    }

    /// Who has waited longest for a job of this queue, and may have one.
    pub(super) fn waiter(&self, now: Now, queue: u16) -> Option<ParkedNo> {
        let of = &self.queues[queue];
        let none = of.paused || of.throttled && !self.has_slot(now, queue);
        if none { None } else { self.parked.first_for(&of.name) }
    }

    /// Gives the jobs that stand in these jobs' queues to those who wait for them.
    pub(super) fn serve<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jobs: &[Slot]) {
        let queues: BTreeSet<u16> = jobs.iter().map(|slot| self.table[*slot].queue).collect();
        self.serve_queues(turn, queues);
    }

    /// Gives the jobs that stand in these queues to those who wait for them: who has waited longest of those who may have
    /// one comes first, and gets the next job of the leftmost of its queues that has one for it (`G7`). Those of which a slot
    /// was freed meanwhile are served with them: who waits for these may have waited longer.
    pub(super) fn serve_queues<F: Facts>(&mut self, turn: &mut Turn<'_, F>, mut queues: BTreeSet<u16>) {
        queues.append(&mut self.queues.throttles.freed);
        let now = turn.now;
        let waiter = |machine: &Self, queue: &u16| {
            machine.queues.first(*queue).and_then(|_| machine.waiter(now, *queue))
        };
        let mut left = DUE_SLICE;
        while let Some(no) = queues.iter().filter_map(|queue| waiter(self, queue)).min() {
            let Some(conn) = self.parked.conn_of(no) else { break };
            let next = self.parked.queues_of(no).find_map(|name| self.next_in(now, conn, name));
            let Some(slot) = next else { break };
            if self.is_over(now.wall, slot) {
                let Some(fewer) = left.checked_sub(1) else { break };
                left = fewer;
                self.expire(turn, slot);
                continue;
            }
            let Some(waiting) = self.parked.take(no) else { break };
            let reply = self.reserve(turn, waiting.conn, slot);
            turn.out.replies.push((waiting.ticket, reply));
        }
        queues.iter().for_each(|queue| self.await_token(now, *queue));
    }

    /// The next job of a queue that is not paused, if there is one for this connection.
    fn next_in(&self, now: Now, conn: ConnId, queue: &str) -> Option<Slot> {
        let queue = self.queues.find(queue).filter(|q| !self.queues[*q].paused)?;
        self.queues.first(queue).filter(|_| self.admits(now, conn, queue))
    }

    /// Takes a job out of its queue for a connection.
    fn reserve<F: Facts>(&mut self, turn: &mut Turn<'_, F>, conn: ConnId, slot: Slot) -> Reply {
        let wid = self.workers.wid_of(conn);
        let (id, entry) = (self.table.id(slot), &self.table[slot]);
        let standing = working(turn.now.wall, &wid, entry.reserve_for);
        self.happen(turn, &Fact::Set { id, order: entry.order, standing });
        self.delivered(turn.now, slot)
    }

    /// The reply that carries a job which has just been reserved; its clock starts.
    pub(super) fn delivered(&mut self, now: Now, slot: Slot) -> Reply {
        self.spend(now, slot);
        let entry = &self.table[slot];
        let next = self.queues.first(entry.queue).map(|next| self.table[next].body());
        let deadline = now.boot.after(reserved_for(entry.reserve_for));
        let delivery = self.reservations.start(&self.table, slot, deadline).unwrap_or(Delivery(0));
        let since =
            self.reservations.get(&self.table, slot).map_or(now.wall, |reservation| reservation.since);
        Reply::Job(Box::new(Handout {
            delivery,
            lease: Lease { since, order: entry.order },
            body: self.body_text(slot),
            next,
            enqueued_at: entry.time,
            failure: self.failures.get(&slot).map(super::happen::Failed::view),
        }))
    }

    /// A delivery never left this machine: back to the head, as if nothing had been (`D13`).
    pub(super) fn undelivered<F: Facts>(&mut self, turn: &mut Turn<'_, F>, delivery: Delivery) -> Progress {
        let slot = if self.ticks.is_under_way() {
            self.reservations.find_moved(delivery)
        } else {
            self.reservations.find(&self.table, delivery)
        };
        if let Some(slot) = slot {
            debug_assert_eq!(self.table[slot].state, State::Working, "a reserved job is being worked on");
            self.tally.undelivered += 1;
            self.give_back(turn.now, slot);
            self.know_again(turn, self.table[slot].queue);
            let (id, order) = (self.table.id(slot), self.head());
            let standing = Standing::Queued { since: self.table[slot].time };
            self.happen(turn, &Fact::Set { id, order, standing });
            self.serve(turn, &[slot]);
        }
        Progress::Decided
    }
}
