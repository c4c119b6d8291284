//! Telling a job again: what lives in an old part of the log is written down once more at its end, so that the old
//! part may go. Nothing happens to the job; only its texts are found elsewhere from then on.

use super::Machine;
use super::table::State;
use crate::edit::in_queue;
use crate::fact::{Fact, Facts, Failure, Head, JobId, Span, Standing};

impl Machine {
    /// Whether the job lives and its body is the one at `span`: else what stands there is of the past.
    pub fn lives_at(&self, id: JobId, span: Span) -> bool {
        self.table.find(id).is_some_and(|slot| self.table[slot].body() == span)
    }

    /// Where the text of the job's last failure is.
    pub fn failure_text(&self, id: JobId) -> Option<Span> {
        self.failures.get(&self.table.find(id)?).map(|failure| failure.text)
    }

    /// Tells a job again whole. `head` and `body` are what its first record says, `failure` is the text at
    /// [`Machine::failure_text`]. Replayed alone, these facts lead to the very state that the job is in; replayed
    /// behind the old ones they change nothing.
    pub fn retell(&mut self, id: JobId, head: Head<'_>, body: &[u8], failure: &[u8], facts: &mut impl Facts) {
        let Some(slot) = self.table.find(id) else { return };
        let entry = &self.table[slot];
        let (order, time) = (entry.order, entry.time);
        // What was moved says so in its body from now on.
        let queue = self.queues[entry.queue].name.clone();
        let moved = if entry.moved { in_queue(body, &queue) } else { None };
        let (head, body) = (Head { queue: &queue, ..head }, moved.as_deref().unwrap_or(body));
        // A job that is being worked on was enqueued first, and its handout says when.
        let standing = match entry.state {
            State::Free => return,
            State::Queued | State::Working => Standing::Queued { since: time },
            State::Scheduled => Standing::Scheduled { at: time },
            State::Retrying => Standing::Retrying { at: time },
            State::Dead => Standing::Dead { until: time },
            State::Discarded => match self.stood.get(&slot) {
                Some(was) => Standing::Discarded { until: time, was: *was },
                None => return,
            },
        };
        facts.release(entry.body());
        // Not as its first record says: what it gave up since is given up.
        let terms = self.terms_of(slot);
        let head = Head { terms, ..head };
        let moved = facts.record(&Fact::Put { id, order, at: None, head, standing, body });
        self.table[slot].move_body(moved);
        if let Some(failed) = self.failures.get_mut(&slot) {
            let failure = Failure {
                retry_count: failed.attempts.retry_count,
                remaining: failed.attempts.remaining,
                failed_at: failed.failed_at,
                next_at: failed.next_at,
                text: failure,
            };
            facts.release(failed.text);
            let at = failed.failed_at;
            failed.text = facts.record(&Fact::Fail { id, order, at, counted: false, failure, standing });
        }
        for at in self.losses.get(&slot).into_iter().flatten() {
            facts.record(&Fact::Lost { id, order, at: *at, blamed: true, standing });
        }
        if let Some(reservation) = self.reservations.get(&self.table, slot) {
            let (wid, since, until) = (&*reservation.wid, reservation.since, reservation.until);
            facts.record(&Fact::Set { id, order, standing: Standing::Working { wid, since, until } });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::command::{Asks, Command, ConnId, Hello, Push, Ticket};
    use crate::fact::Terms;
    use crate::limits::Rules;
    use crate::machine::Settled;
    use crate::time::{Boot, Now, Wall};

    /// Takes facts down as a replay needs them, and counts what still lives.
    #[derive(Default)]
    struct Notes {
        texts: Vec<Vec<u8>>,
        live: usize,
        replica: Option<Machine>,
    }

    impl Facts for Notes {
        fn record(&mut self, fact: &Fact<'_>) -> Span {
            let text = match fact {
                Fact::Put { body, .. } => *body,
                Fact::Fail { failure, .. } => failure.text,
                _ => b"",
            };
            let mut span = Span::default();
            if !text.is_empty() {
                self.texts.push(text.into());
                self.live += 1;
                span = Span { at: self.texts.len() as u64, len: text.len() as u32 };
            }
            if let Some(replica) = &mut self.replica {
                replica.replay(fact, span);
            }
            span
        }

        fn release(&mut self, _: Span) {
            self.live -= 1;
        }
    }

    impl Notes {
        fn text(&self, span: Span) -> Vec<u8> {
            self.texts[span.at as usize - 1].clone()
        }
    }

    fn now(second: u64) -> Now {
        let boot = Boot(second * 1_000_000);
        Now { wall: Wall(boot.0 as i64), boot, heard: boot, chance: second }
    }

    fn machine() -> Machine {
        Machine::new(Rules::default(), [1, 2])
    }

    /// One job in every state, some with a history.
    fn lived() -> (Machine, Notes) {
        let (mut machine, mut notes) = (machine(), Notes::default());
        let mut out = Settled::default();
        let mut apply = |second: u64, conn, command| {
            machine.apply(now(second), Ticket(conn), command, &mut notes, &mut out);
        };
        let hello = Hello { wid: "worker-1", hostname: "host", pid: 1, labels: &[], rss_kb: 0 };
        apply(0, 1, Command::Connect { conn: ConnId(1), worker: Some(hello) });
        let push = |jid, queue, retry, at| Push {
            jid,
            queue,
            jobtype: "Greet",
            retry,
            reserve_for: 1800,
            on_lost: None,
            asks: Asks { tracked: jid == "job-retry", ..Asks::default() },
            at,
            failure: None,
            sent: b"{}",
            body: b"{}",
        };
        let fetch = |queues| Command::Fetch { conn: ConnId(1), queues, wait: Duration::ZERO };
        let fail = |jid, text| Command::Fail { conn: ConnId(1), jid, text, lease: None };
        for (jid, retry) in [("job-retry", 25), ("job-dead0", -1), ("job-lost0", 25), ("job-works", 25)] {
            apply(1, 1, Command::Push { job: push(jid, "default", retry, None) });
            apply(2, 1, fetch(&["default"]));
        }
        apply(3, 1, fail("job-retry", b"first"));
        apply(3, 1, fail("job-dead0", b"dead"));
        apply(4, 1, Command::Disconnect { conn: ConnId(1) });
        apply(100, 1, Command::Due);
        apply(101, 1, Command::Connect { conn: ConnId(1), worker: Some(hello) });
        apply(102, 1, fetch(&["default"]));
        apply(103, 1, fail("job-lost0", b"again"));
        apply(104, 1, fetch(&["default"]));
        apply(105, 1, Command::Push { job: push("job-later", "default", 25, Some(Wall(i64::MAX / 2))) });
        apply(106, 1, Command::Push { job: push("job-waits", "default", 25, None) });
        let (gone, push) = (machine.table.next_id(), push("job-gone0", "default", 25, None));
        for command in [Command::Push { job: push }, Command::Discard { jobs: &[gone] }] {
            machine.apply(now(107), Ticket(1), command, &mut notes, &mut out);
        }
        machine.check().unwrap();
        (machine, notes)
    }

    #[test]
    fn a_job_told_again_alone_is_the_job_as_it_stands() {
        let (mut told, mut notes) = lived();
        let (dump, live) = (told.dump(), notes.live);
        notes.replica = Some(machine());
        let ids: Vec<JobId> = told.table.slots().map(|slot| told.table.id(slot)).collect();
        assert_eq!(ids.len(), 7);
        for id in ids.iter().copied() {
            let slot = told.table.find(id).unwrap();
            let span = told.table[slot].body();
            assert!(told.lives_at(id, span));
            let failure = told.failure_text(id).map_or(Vec::new(), |span| notes.text(span));
            let (queue, jobtype) = (told.queues[told.table[slot].queue].name.clone(), "Greet");
            let names =
                ["job-retry", "job-dead0", "job-lost0", "job-works", "job-later", "job-waits", "job-gone0"];
            let jid = names
                .into_iter()
                .find(|jid| told.table.hash(jid.as_bytes()) == told.table[slot].jid)
                .unwrap();
            let entry = &told.table[slot];
            let (retry, reserve_for, on_lost) = (entry.retry, entry.reserve_for, entry.on_lost);
            let body_hash = entry.body_hash;
            let terms = Terms::default();
            let head = Head { jid, queue: &queue, jobtype, retry, reserve_for, on_lost, terms, body_hash };
            told.retell(id, head, b"{}", &failure, &mut notes);
            assert!(!told.lives_at(id, span), "its body is elsewhere now");
        }
        assert_eq!((told.dump(), notes.live), (dump.clone(), live), "nothing happened to it");
        told.check().unwrap();
        let mut replica = notes.replica.take().unwrap();
        let jobs = |dump: &str| {
            dump.lines().filter(|line| line.starts_with("job")).map(String::from).collect::<Vec<_>>()
        };
        replica.recovered(now(200));
        assert_eq!(jobs(&replica.dump()), jobs(&dump));
        replica.check().unwrap();
    }
}
