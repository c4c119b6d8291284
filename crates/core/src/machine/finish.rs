//! ACK and FAIL: a worker ends what it was given (rules `A-01` to `A-15`, `R-01` to `R-05`, decision `D3`).

use bessemer_protocol::finish::{errtype, message};

use super::reservations::Reservation;
use super::table::Slot;
use super::{Machine, Turn};
use crate::command::{ConnId, Lease, Refusal, Reply};
use crate::event::{Attempt, Event, Outcome};
use crate::fact::{Ending, Fact, Facts, Failure, Standing};
use crate::limits::{DUE_SLICE, LAST_WORDS_MAX};
use crate::policy::retry::{self, Attempts, Verdict};

impl Machine {
    /// OK in any case: an ACK that comes too late or from the wrong worker changes nothing (rule `A-03`).
    pub(super) fn ack<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        conn: ConnId,
        (jid, lease): (&str, Option<&str>),
    ) -> Reply {
        match self.reserved(conn, jid, lease) {
            Some(slot) => {
                self.attempted(turn, slot, Some(jid), Outcome::Done, (None, None));
                self.outlive(turn, slot, jid);
                self.end(turn, slot, Ending::Acked);
            }
            None => self.tally.stale_acks += 1,
        }
        Reply::Done
    }

    pub(super) fn fail<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        conn: ConnId,
        (jid, lease): (&str, Option<&str>),
        text: &[u8],
    ) -> Reply {
        match self.reserved(conn, jid, lease) {
            Some(slot) => {
                self.failed(turn, slot, Some(jid), text);
                Reply::Done
            }
            None => {
                self.tally.stale_acks += 1;
                Reply::Refused(Refusal::NotReserved(jid.into()))
            }
        }
    }

    /// The oldest live reservation of this jid that the connection may end (`D3`): its own worker's, any if the
    /// connection is no worker, and anybody's if it was made by no worker. Who shows a lease means that delivery and no other.
    pub(super) fn reserved(&self, conn: ConnId, jid: &str, lease: Option<&str>) -> Option<Slot> {
        let wid = self.workers.wid_of(conn);
        let hash = self.table.hash(jid.as_bytes());
        self.ticks.touch_reserved(hash);
        self.table
            .with_jid(hash)
            .filter_map(|slot| self.reservations.get(&self.table, slot).map(|r| (r, slot)))
            .filter(|(r, slot)| match lease {
                Some(lease) => self.lease(r, *slot).to_string() == lease,
                None => wid.is_empty() || r.wid.is_empty() || r.wid == wid,
            })
            .min_by_key(|(r, slot)| (r.since, r.delivery, *slot))
            .map(|(_, slot)| slot)
    }

    pub(super) fn lease(&self, reservation: &Reservation, slot: Slot) -> Lease {
        Lease { since: reservation.since, order: self.table[slot].order }
    }

    /// One attempt at a job failed: it is tried again, given up or discarded. `jid`: as its worker named it; none: its
    /// reservation expired. `text`: see [`Failure::text`].
    pub(super) fn failed<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        slot: Slot,
        jid: Option<&str>,
        text: &[u8],
    ) {
        let now = turn.now;
        let (id, order) = (self.table.id(slot), self.table[slot].order);
        let before = self.failures.get(&slot).copied();
        // Jobs that fail in the same turn share its random bits; their jids set them apart. (Not their ids: those
        // are the engine's, and the rules must not depend on it.)
        let chance = self.table.hash(&(now.chance ^ self.table[slot].jid).to_le_bytes());
        let (attempts, verdict) = retry::failed(self.table[slot].retry, before.map(|f| f.attempts), chance);
        let verdict = match verdict {
            Verdict::Retry(_) if self.is_cancelled(slot) => Verdict::Discard,
            verdict => verdict,
        };
        let Attempts { retry_count, remaining } = attempts;
        let outcome = match verdict {
            _ if jid.is_none() => Outcome::Expired,
            Verdict::Retry(_) => Outcome::Failed,
            Verdict::Die => Outcome::Died,
            Verdict::Discard => Outcome::Discarded,
        };
        let message = if outcome == Outcome::Discarded { message(text, LAST_WORDS_MAX) } else { None };
        self.attempted(turn, slot, jid, outcome, (errtype(text).as_deref(), message.as_deref()));
        let failed_at = before.map_or(now.wall, |f| f.failed_at);
        let (next_at, standing) = match verdict {
            Verdict::Discard => {
                self.end(turn, slot, Ending::Failed);
                turn.out.events.push(Event::Discarded { id, why: Ending::Failed });
                return;
            }
            Verdict::Retry(delay) => {
                let at = now.wall.after(delay);
                (Some(at), Standing::Retrying { at })
            }
            Verdict::Die => {
                turn.out.events.push(Event::Died { id, poison: false });
                (
                    before.and_then(|f| f.next_at),
                    Standing::Dead { until: now.wall.after(self.rules.dead_age) },
                )
            }
        };
        let failure = Failure { retry_count, remaining, failed_at, next_at, text };
        self.happen(turn, &Fact::Fail { id, order, at: now.wall, counted: true, failure, standing });
        self.ran(turn, slot);
        if matches!(standing, Standing::Dead { .. }) {
            self.died(turn, slot);
        }
        self.trim_dead(turn);
    }

    /// Tells that somebody has a job in hand no longer; to be called before the fact.
    pub(super) fn attempted<F>(
        &self,
        turn: &mut Turn<'_, F>,
        slot: Slot,
        jid: Option<&str>,
        outcome: Outcome,
        (error, message): (Option<&str>, Option<&str>),
    ) {
        let entry = &self.table[slot];
        let Some(reservation) = self.reservations.get(&self.table, slot) else { return };
        turn.out.events.push(Event::Attempt(Attempt {
            id: self.table.id(slot),
            jid: jid.map(Into::into),
            queue: self.queues[entry.queue].name.clone(),
            jobtype: self.types.name(entry.jobtype).clone(),
            wid: reservation.wid.clone(),
            enqueued_at: entry.time,
            started_at: reservation.since,
            ended_at: turn.now.wall,
            outcome,
            error: error.map(Into::into),
            message: message.map(Into::into),
        }));
    }

    /// The dead set is full: the oldest go (`D28`). Where the limit was lowered they are many, and go in slices.
    pub(super) fn trim_dead<F: Facts>(&mut self, turn: &mut Turn<'_, F>) {
        for _ in 0..DUE_SLICE {
            let Some(slot) = self.beyond_dead_max() else { return };
            self.drop_dead(turn, slot, Ending::DeadLimit);
        }
    }

    /// The oldest of too many dead jobs.
    pub(super) fn beyond_dead_max(&self) -> Option<Slot> {
        let full = self.sets.dead.len() > self.rules.dead_max;
        self.sets.dead.first().filter(|_| full).map(|(.., slot)| *slot)
    }

    /// A job leaves the dead set for good.
    pub(super) fn drop_dead<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot, why: Ending) {
        let id = self.table.id(slot);
        self.tally.dead_dropped += 1;
        self.end(turn, slot, why);
        turn.out.events.push(Event::Discarded { id, why });
    }
}

#[cfg(test)]
mod tests {
    use crate::machine::scenario::play;

    #[test]
    fn every_way_in_which_an_attempt_ends_is_told_once_i02() {
        play(
            "0s   w1 hello                       | ok
             0s   p  push a                      | ok
             1s   w1 fetch default               | a
             3s   w1 ack a                       | ok
             3s   p  attempts                    | a done of T in default by w1: waited 1s ran 2s
             3s   w1 fetch default               | waits
             4s   p  push b retry=2              | w1: b, ok
             4s   w1 fail b                      | ok
             4s   p  attempts                    | b failed (E) of T in default by w1: waited 0s ran 0s
             4s   p  push c retry=-1             | ok
             4s   w1 fetch default               | c
             5s   w1 fail c                      | ok
             5s   p  push d retry=0              | ok
             5s   w1 fetch default               | d
             6s   w1 fail d                      | ok
             6s   p  attempts                    | c died (E) of T in default by w1: waited 0s ran 1s, \
                                                   d discarded (E) of T in default by w1: waited 0s ran 1s",
        );
    }

    #[test]
    fn what_expires_or_is_lost_is_told_without_a_jid_and_what_changes_nothing_is_not() {
        play(
            "0s   w1 hello                       | ok
             0s   w2 hello                       | ok
             0s   p  push a reserve=60           | ok
             0s   w1 fetch default               | a
             0s   w2 ack a                       | ok
             0s   w2 undelivered a               | back
             0s   w1 fetch default               | a
             0s   p  attempts                    |
             60s                                 |
             60s  p  attempts                    | ? expired (ReservationExpired) of T in default by w1: waited 0s ran 60s
             60s  w1 ack a                       | ok
             60s  p  attempts                    |
             60s  p  push b                      | ok
             60s  p  push c retry=0              | ok
             60s  p  push d lost=dead            | ok
             61s  w1 fetch default               | b
             61s  w1 fetch default               | c
             61s  w1 fetch default               | d
             62s  w1 leaves                      | gone
             122s                                |
             122s p  attempts                    | ? lost of T in default by w1: waited 1s ran 61s, \
                                                   ? lost of T in default by w1: waited 1s ran 61s, \
                                                   ? lost of T in default by w1: waited 1s ran 61s",
        );
    }
}
