//! Histories by chance, with crashes and restarts at every point: no batch sticks, and none calls twice (`G8`).
//!
//! A machine writes a log (`log.rs`), a batch for each command. A second, simple model (`model.rs`) is asked after each.
//! A restart replays the log; cleaning tells again what lives in its oldest batch and drops it. `BESSEMER_HISTORIES` says
//! how many histories there are, `BESSEMER_SEED` plays one.

mod log;
mod model;

use std::time::Duration;

use self::log::{Log, TEXT, Told};
use self::model::{Batch, Job, Model, State};
use crate::batch::{BatchView, Call};
use crate::command::{Asks, BatchDeed, Command, ConnId, Plan, Push, Reply, Ticket};
use crate::edit::Edit;
use crate::fact::{Cleared, Failure, Head, JobId, Span};
use crate::limits::Rules;
use crate::machine::{Machine, Settled};
use crate::query::{Answer, Query, Set};
use crate::time::{Boot, Now, Wall};

const HISTORIES: u64 = 1_500;
const STEPS: u64 = 60;

struct History {
    chance: u64,
    machine: Machine,
    log: Log,
    model: Model,
    now: Now,
    made: u64,
}

fn machine() -> Machine {
    let rules = Rules {
        batch_keep: Duration::from_secs(86_400 * 1_000),
        repush_window: Duration::ZERO,
        ..Rules::default()
    };
    Machine::new(rules, [3, 5])
}

impl History {
    fn new(seed: u64) -> Self {
        let now = Now {
            wall: Wall(1_700_000_000_000_000),
            boot: Boot(1_000_000_000),
            heard: Boot(1_000_000_000),
            chance: seed,
        };
        let chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { chance, machine: machine(), log: Log::default(), model: Model::default(), now, made: 0 }
    }

    fn pick(&mut self, below: u64) -> u64 {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % below
    }

    fn one_of(&mut self, names: Vec<String>) -> Option<String> {
        let count = names.len() as u64;
        (count > 0).then(|| self.pick(count)).and_then(|at| names.into_iter().nth(at as usize))
    }

    fn batch(&mut self) -> Option<String> {
        self.one_of(self.model.batches.keys().cloned().collect())
    }

    fn job(&mut self, which: impl Fn(&Job) -> bool) -> Option<String> {
        let jobs = self.model.jobs.iter().filter(|(_, job)| which(job));
        self.one_of(jobs.map(|(jid, _)| jid.clone()).collect())
    }

    fn apply(&mut self, command: Command<'_>) -> Vec<Reply> {
        self.log.batches.push(Vec::new());
        let mut out = Settled::default();
        self.machine.apply(self.now, Ticket(1), command, &mut self.log, &mut out);
        out.replies.into_iter().map(|(_, reply)| reply).collect()
    }

    fn id(&self, jid: &str) -> JobId {
        let hash = self.machine.table.hash(jid.as_bytes());
        let slot = self.machine.table.with_jid(hash).next().expect("it lives");
        self.machine.table.id(slot)
    }

    fn step(&mut self) {
        match self.pick(20) {
            0 | 1 => self.new_batch(),
            2..=5 => self.push(),
            6..=8 => self.fetch(),
            9..=11 => self.finish(true),
            12 => self.finish(false),
            13 | 14 => {
                if let Some(bid) = self.batch() {
                    self.commit(&bid);
                }
            }
            15 => self.open(),
            16 => self.operate(),
            17 => self.restart(),
            18 => self.clean(),
            _ => self.rarely(),
        }
        self.settle();
    }

    fn settle(&mut self) {
        self.model.settle();
        while self.machine.next_due(self.now).is_some_and(|at| at <= self.now.boot) {
            self.apply(Command::Due);
        }
        self.compare();
    }

    /// Whatever there is, is committed and run, callbacks and the callbacks of those above: nothing sticks.
    fn work_off(&mut self) {
        loop {
            let open = |(bid, batch): (&String, &Batch)| batch.open.then(|| bid.clone());
            if let Some(bid) = self.model.batches.iter().find_map(open) {
                // Or whoever made it is no more.
                if self.pick(4) == 0 { self.wait(30) } else { self.commit(&bid) }
            } else if self.job(|job| job.state == State::Works).is_some() {
                self.finish(true);
            } else if let Some(jid) = self.job(|job| job.state != State::Works) {
                let jobs = [self.id(&jid)];
                self.apply(Command::Requeue { jobs: &jobs });
                self.model.jobs.get_mut(&jid).expect("it lives").state = State::Waits;
                self.model.settle();
                self.fetch();
            } else {
                return;
            }
            if self.pick(10) == 0 {
                self.restart();
            }
            self.settle();
        }
    }

    fn new_batch(&mut self) {
        let parent = if self.pick(2) == 0 { self.batch() } else { None };
        let which = 1 + self.pick(7);
        let text = r#"{"jobtype":"T","reserve_for":86400}"#;
        let callbacks = [0, 1, 2].map(|bit| (which >> bit & 1 == 1).then_some(text));
        self.now.chance += 1;
        let plan = Plan { description: "", parent: parent.as_deref(), callbacks };
        let replies = self.apply(Command::Batch(BatchDeed::New(plan)));
        let refused = parent.as_ref().is_some_and(|parent| self.model.batches[parent].cancelled);
        match &replies[..] {
            [Reply::Bid(bid)] if !refused => {
                let calls = callbacks.map(|text| if text.is_some() { Call::Waits } else { Call::Undefined });
                let until = self.now.wall.after(Duration::from_secs(1_800));
                let batch = Batch { parent, calls, open: true, until, ..Batch::default() };
                assert!(self.model.batches.insert(bid.to_string(), batch).is_none());
            }
            [Reply::Refused(_)] if refused => {}
            other => panic!("{other:?}"),
        }
    }

    fn push(&mut self) {
        let bid = if self.pick(5) == 0 { None } else { self.batch() };
        self.made += 1;
        let jid = format!("job-{:06}", self.made);
        let retry = [25, 25, 1, 0, -1][self.pick(5) as usize];
        let job = Push { retry, ..member(&jid, bid.as_deref()) };
        let replies = self.apply(Command::Push { job });
        let refused = bid.as_ref().is_some_and(|bid| self.model.batches[bid].cancelled);
        assert_eq!(replies == [Reply::Done], !refused, "{replies:?}");
        if !refused {
            self.model.jobs.insert(jid, Job { bid, callback: None, retry, failures: 0, state: State::Waits });
        }
    }

    fn fetch(&mut self) {
        let conn = ConnId(1);
        let replies = self.apply(Command::Fetch { conn, queues: &["default"], wait: Duration::ZERO });
        let [Reply::Job(job)] = &replies[..] else { return };
        let span = job.body.unread().expect("nobody has read it");
        let jid = self.log.batches.iter().flatten().find_map(|(told, at)| match told {
            Told::Put { jid, .. } if *at == span => Some(jid.clone()),
            _ => None,
        });
        let job = jid.and_then(|jid| self.model.jobs.get_mut(&jid)).expect("the model knows it");
        assert_eq!(job.state, State::Waits);
        job.state = State::Works;
    }

    fn finish(&mut self, well: bool) {
        let Some(jid) = self.job(|job| job.state == State::Works) else { return };
        let conn = ConnId(1);
        if well {
            self.apply(Command::Ack { conn, jid: &jid, lease: None });
            // It comes twice: nothing happens.
            self.apply(Command::Ack { conn, jid: &jid, lease: None });
            self.model.end(&jid, true);
        } else {
            self.apply(Command::Fail { conn, jid: &jid, text: TEXT, lease: None });
            self.model.fail(&jid);
        }
    }

    fn commit(&mut self, bid: &str) {
        self.apply(Command::Batch(BatchDeed::Commit { bid }));
        let batch = self.model.batches.get_mut(bid).expect("it is known");
        if !batch.cancelled {
            (batch.open, batch.committed) = (false, true);
        }
    }

    fn open(&mut self) {
        let Some(bid) = self.batch() else { return };
        self.apply(Command::Batch(BatchDeed::Open { bid: &bid }));
        let until = self.now.wall.after(Duration::from_secs(1_800));
        let batch = self.model.batches.get_mut(&bid).expect("it is known");
        if !batch.cancelled {
            (batch.open, batch.until) = (true, until);
        }
    }

    fn operate(&mut self) {
        let Some(jid) = self.job(|job| job.state != State::Works && job.callback.is_none()) else { return };
        let jobs = [self.id(&jid)];
        match self.pick(4) {
            0 => {
                self.apply(Command::Delete { jobs: &jobs });
                self.model.end(&jid, false);
            }
            1 => {
                self.apply(Command::Kill { jobs: &jobs });
                self.model.kill(&jid);
            }
            2 => {
                self.apply(Command::Requeue { jobs: &jobs });
                self.model.jobs.get_mut(&jid).expect("it lives").state = State::Waits;
            }
            _ => self.edit(&jid),
        }
    }

    /// A job becomes another one: a member it stays, and one that has failed counts as failed.
    fn edit(&mut self, jid: &str) {
        let (retry, enqueue) = ([25, 1, 0, -1][self.pick(4) as usize], self.pick(2) == 0);
        let Answer::Jobs(seen) = self.machine.answer(self.now, &Query::Jid { jid: jid.into() }) else {
            panic!("no jobs")
        };
        let failure = seen.jobs[0].failure.as_ref().map(|failure| Failure {
            retry_count: failure.retry_count,
            remaining: failure.remaining,
            failed_at: failure.failed_at,
            next_at: failure.next_at,
            text: TEXT,
        });
        let job = Push { retry, body: b"edited", sent: b"", ..member(jid, None) };
        let replies = self.apply(Command::Replace { edit: Edit { id: self.id(jid), job, failure, enqueue } });
        assert_eq!(replies, [Reply::Count(1)]);
        let job = self.model.jobs.get_mut(jid).expect("it lives");
        job.retry = retry;
        if enqueue {
            job.state = State::Waits;
        }
    }

    fn rarely(&mut self) {
        match self.pick(4) {
            0 => {
                let Some(bid) = self.batch() else { return };
                self.apply(Command::Batch(BatchDeed::Cancel { bid: &bid }));
                self.model.cancel(&bid);
            }
            1 => {
                self.apply(Command::Clear { what: Cleared::Set(Set::Dead) });
                let dead = self.model.jobs.iter().filter(|(_, job)| job.state == State::Dead);
                let dead: Vec<String> = dead.map(|(jid, _)| jid.clone()).collect();
                dead.iter().for_each(|jid| self.model.end(jid, false));
            }
            2 => {
                let Some(bid) = self.batch() else { return };
                // There is nothing to repair, ever.
                let replies = self.apply(Command::Batch(BatchDeed::Repair { bid: &bid }));
                assert_eq!(replies, [Reply::Count(0)]);
            }
            _ => {
                let minutes = 1 + self.pick(15);
                self.wait(minutes);
            }
        }
    }

    fn wait(&mut self, minutes: u64) {
        let by = Duration::from_secs(60 * minutes);
        (self.now.wall, self.now.boot) = (self.now.wall.after(by), self.now.boot.after(by));
        self.now.heard = self.now.boot;
        self.model.time(self.now.wall);
    }

    /// The process dies: what was written is all there is.
    fn restart(&mut self) {
        self.machine = machine();
        for (told, span) in self.log.batches.iter().flatten() {
            told.lend(|fact| self.machine.replay(fact, *span));
        }
        self.machine.recovered(self.now);
    }

    /// What lives in the oldest batch is told again, and then the batch is no more.
    fn clean(&mut self) {
        if self.log.batches.is_empty() {
            return;
        }
        let oldest = self.log.batches.remove(0);
        self.log.batches.push(Vec::new());
        for (told, span) in &oldest {
            match told {
                Told::Put { id, body, .. } if self.machine.lives_at(*id, *span) => {
                    let head = told.head().expect("a put has a head");
                    let failure = if self.machine.failure_text(*id).is_some() { TEXT } else { b"" };
                    self.machine.retell(*id, head, body, failure, &mut self.log);
                }
                Told::Fail { id, .. } if self.machine.failure_text(*id) == Some(*span) => {
                    let put = |(told, at): &(Told, Span)| {
                        matches!(told, Told::Put { id: other, .. } if other == id)
                            && self.machine.lives_at(*id, *at)
                    };
                    // Its job stands further on, and is told again whole.
                    let found = self.log.batches.iter().flatten().find(|put_at| put(put_at));
                    let Some((Told::Put { .. }, _)) = found else { continue };
                    let (told, _) = found.expect("just seen");
                    let Told::Put { jid, retry, terms, hash, body, .. } = told else { continue };
                    let (jid, retry, terms, hash, body) =
                        (jid.clone(), *retry, terms.clone(), *hash, body.clone());
                    let head = Head {
                        jid: &jid,
                        queue: "default",
                        jobtype: "T",
                        retry,
                        reserve_for: 86_400,
                        on_lost: None,
                        terms: terms.terms(),
                        body_hash: hash,
                    };
                    self.machine.retell(*id, head, &body, TEXT, &mut self.log);
                }
                Told::Keep { family, key, .. } if self.machine.keeps_at(*family, key, *span) => {
                    self.machine.retell_record(*family, key, &mut self.log);
                }
                _ => {}
            }
        }
        self.machine.restate(&mut self.log);
    }

    fn compare(&self) {
        self.machine.check().expect("whole");
        assert_eq!(self.machine.job_count(), self.model.jobs.len(), "{:#?}", self.model.jobs);
        assert_eq!(self.machine.batches.known(), self.model.batches.len());
        for (bid, batch) in &self.model.batches {
            let (living, failing) = self.model.figures(bid);
            let view = self.machine.batch_view(bid).expect("it is known");
            let BatchView { total, pending, failed, calls, open, cancelled, .. } = view;
            let gone = batch.gone;
            let expected = (
                batch.done + gone + living,
                gone + living,
                gone + failing,
                batch.calls,
                batch.open,
                batch.cancelled,
            );
            assert_eq!((total, pending, failed, calls, open, cancelled), expected, "{bid}: {batch:#?}");
        }
    }
}

fn member<'a>(jid: &'a str, batch: Option<&'a str>) -> Push<'a> {
    Push {
        jid,
        queue: "default",
        jobtype: "T",
        retry: 25,
        reserve_for: 86_400,
        on_lost: None,
        asks: Asks { batch, ..Asks::default() },
        at: None,
        failure: None,
        sent: jid.as_bytes(),
        body: jid.as_bytes(),
    }
}

#[test]
fn no_batch_sticks_or_calls_twice_whatever_happens_g08() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("BESSEMER_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("BESSEMER_HISTORIES").unwrap_or(HISTORIES),
    };
    for seed in seeds {
        let played = std::panic::catch_unwind(|| {
            let mut history = History::new(seed);
            (0..STEPS).for_each(|_| history.step());
            history.work_off();
        });
        if let Err(panic) = played {
            eprintln!("BESSEMER_SEED={seed} cargo test -p bessemer-core --lib whatever_happens_g08");
            std::panic::resume_unwind(panic);
        }
    }
}
