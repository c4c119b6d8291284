//! Histories by chance, with crashes and restarts at every point: no batch sticks, and none calls twice (`G8`).
//!
//! A machine writes a log, a batch for each command. A second, simple model knows every member that ever was, and looks at
//! all of them again after each command. A restart replays the log; cleaning tells again what lives in its oldest batch
//! and drops it. `BESSEMER_HISTORIES` says how many histories there are, `BESSEMER_SEED` plays one.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::batch::{BatchView, Call};
use crate::command::{Asks, BatchDeed, Command, ConnId, Plan, Push, Reply, Ticket};
use crate::edit::Edit;
use crate::fact::{
    Callback, Cleared, Ending, Fact, Facts, Failure, Family, Head, JobId, Order, OwnTerms, Span, Standing,
};
use crate::limits::Rules;
use crate::machine::{Machine, Settled};
use crate::query::{Answer, Place, Query, Set};
use crate::time::{Boot, Now, Wall};

const HISTORIES: u64 = 1_500;
const STEPS: u64 = 60;

/// A fact with its texts owned.
enum Told {
    Put {
        id: JobId,
        order: Order,
        at: Option<Wall>,
        jid: String,
        retry: i16,
        terms: OwnTerms,
        hash: u64,
        place: Place,
        body: Vec<u8>,
    },
    Set {
        id: JobId,
        order: Order,
        place: Place,
    },
    Fail {
        id: JobId,
        order: Order,
        at: Wall,
        counted: bool,
        count: u32,
        left: i32,
        next: Option<Wall>,
        place: Place,
    },
    End {
        id: JobId,
        at: Wall,
        why: Ending,
    },
    Keep {
        family: Family,
        key: Vec<u8>,
        value: Option<Vec<u8>>,
    },
    ClearDead,
}

const TEXT: &[u8] = b"{}";

impl Told {
    fn of(fact: &Fact<'_>) -> Self {
        match *fact {
            Fact::Put { id, order, at, head, standing, body } => Self::Put {
                id,
                order,
                at,
                jid: head.jid.into(),
                retry: head.retry,
                terms: OwnTerms::of(&head.terms),
                hash: head.body_hash,
                place: standing.into(),
                body: body.into(),
            },
            Fact::Set { id, order, standing } => Self::Set { id, order, place: standing.into() },
            Fact::Fail { id, order, at, counted, failure, standing } => Self::Fail {
                id,
                order,
                at,
                counted,
                count: failure.retry_count,
                left: failure.remaining,
                next: failure.next_at,
                place: standing.into(),
            },
            Fact::End { id, at, why } => Self::End { id, at, why },
            Fact::Keep { family, key, value } => {
                Self::Keep { family, key: key.into(), value: value.map(Into::into) }
            }
            Fact::Clear(Cleared::Set(Set::Dead)) => Self::ClearDead,
            _ => panic!("{fact:?} does not happen here"),
        }
    }

    fn lend<R>(&self, to: impl FnOnce(&Fact<'_>) -> R) -> R {
        match self {
            Self::Put { id, order, at, place, body, .. } => {
                let head = self.head().expect("a put has a head");
                to(&Fact::Put { id: *id, order: *order, at: *at, head, standing: standing(place), body })
            }
            Self::Set { id, order, place } => {
                to(&Fact::Set { id: *id, order: *order, standing: standing(place) })
            }
            Self::Fail { id, order, at, counted, count, left, next, place } => {
                let failure = Failure {
                    retry_count: *count,
                    remaining: *left,
                    failed_at: *at,
                    next_at: *next,
                    text: TEXT,
                };
                let (id, order, at, counted) = (*id, *order, *at, *counted);
                to(&Fact::Fail { id, order, at, counted, failure, standing: standing(place) })
            }
            Self::End { id, at, why } => to(&Fact::End { id: *id, at: *at, why: *why }),
            Self::Keep { family, key, value } => {
                to(&Fact::Keep { family: *family, key, value: value.as_deref() })
            }
            Self::ClearDead => to(&Fact::Clear(Cleared::Set(Set::Dead))),
        }
    }

    fn head(&self) -> Option<Head<'_>> {
        let Self::Put { jid, retry, terms, hash, .. } = self else { return None };
        let terms = terms.terms();
        let (queue, jobtype, retry, body_hash) = ("default", "T", *retry, *hash);
        Some(Head { jid, queue, jobtype, retry, reserve_for: 86_400, on_lost: None, terms, body_hash })
    }
}

fn standing(place: &Place) -> Standing<'_> {
    match place {
        Place::Queued { since } => Standing::Queued { since: *since },
        Place::Scheduled { at } => Standing::Scheduled { at: *at },
        Place::Retrying { at } => Standing::Retrying { at: *at },
        Place::Dead { until } => Standing::Dead { until: *until },
        Place::Working { wid, since, until } => Standing::Working { wid, since: *since, until: *until },
        Place::Discarded { until, was } => Standing::Discarded { until: *until, was: *was },
    }
}

/// The log: batches of facts, each with the place that it was given.
#[derive(Default)]
struct Log {
    batches: Vec<Vec<(Told, Span)>>,
    places: u64,
}

impl Facts for Log {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        self.places += 1;
        let span = if fact.has_place() { Span { at: self.places, len: 2 } } else { Span::default() };
        self.batches.last_mut().expect("a batch").push((Told::of(fact), span));
        span
    }

    fn release(&mut self, _: Span) {}
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waits,
    Works,
    Dead,
}

/// A job that lives, in the model.
#[derive(Clone, Debug)]
struct Job {
    bid: Option<String>,
    callback: Option<(String, usize)>,
    retry: i16,
    failures: i16,
    state: State,
}

/// A batch in the model.
#[derive(Clone, Debug, Default)]
struct Batch {
    parent: Option<String>,
    calls: [Call; 3],
    open: bool,
    committed: bool,
    cancelled: bool,
    died: bool,
    done: u64,
    gone: u64,
    until: Wall,
    /// What it was once, it stays: 1 settled, 2 succeeded.
    stage: u8,
}

#[derive(Default)]
struct Model {
    jobs: BTreeMap<String, Job>,
    batches: BTreeMap<String, Batch>,
    /// Children that were forgotten, by their parent.
    lost: BTreeMap<String, u64>,
}

impl Model {
    fn members<'a>(&'a self, bid: &'a str) -> impl Iterator<Item = &'a Job> {
        self.jobs.values().filter(move |job| job.bid.as_deref() == Some(bid))
    }

    fn figures(&self, bid: &str) -> (u64, u64) {
        let failed = |job: &&Job| job.failures > 0 || job.state == State::Dead;
        (self.members(bid).count() as u64, self.members(bid).filter(failed).count() as u64)
    }

    /// Looks at everything again until nothing changes.
    fn settle(&mut self) {
        loop {
            let before = format!("{:?}", self.batches);
            let bids: Vec<String> = self.batches.keys().cloned().collect();
            for bid in bids {
                self.look(&bid);
            }
            if before == format!("{:?}", self.batches) {
                return;
            }
        }
    }

    fn look(&mut self, bid: &str) {
        let (living, failing) = self.figures(bid);
        let children: Vec<u8> =
            self.batches.values().filter(|b| b.parent.as_deref() == Some(bid)).map(|b| b.stage).collect();
        let lost = self.lost.get(bid).copied().unwrap_or(0);
        let mut batch = self.batches[bid].clone();
        let complete = living == failing && children.iter().all(|stage| *stage > 0);
        let success = living + batch.gone == 0 && children.iter().all(|stage| *stage == 2) && lost == 0;
        let mut call = |which: usize, now: bool, batch: &mut Batch| {
            if now && batch.calls[which] == Call::Waits && !batch.open && !batch.cancelled {
                batch.calls[which] = Call::Pushed;
                let name = format!("{bid}-{}", Callback::ALL[which].as_str());
                let callback = Some((bid.to_owned(), which));
                let job = Job { bid: None, callback, retry: 25, failures: 0, state: State::Waits };
                assert!(self.jobs.insert(name, job).is_none());
            }
        };
        call(2, batch.died, &mut batch);
        call(1, complete, &mut batch);
        let over = |call: Call| matches!(call, Call::Undefined | Call::Done);
        call(0, success && over(batch.calls[1]), &mut batch);
        let stage = match () {
            () if batch.cancelled => 1,
            () if batch.open || !complete || !over(batch.calls[1]) => 0,
            () if success => 2 * u8::from(over(batch.calls[0])),
            () => 1,
        };
        batch.stage = batch.stage.max(stage);
        self.batches.insert(bid.into(), batch);
    }

    /// A job is no more.
    fn end(&mut self, jid: &str, acked: bool) {
        let job = self.jobs.remove(jid).expect("it lived");
        if let Some(batch) = job.bid.and_then(|bid| self.batches.get_mut(&bid)) {
            *(if acked { &mut batch.done } else { &mut batch.gone }) += 1;
        }
        if let Some((bid, which)) = job.callback.filter(|_| acked)
            && let Some(batch) = self.batches.get_mut(&bid)
        {
            batch.calls[which] = Call::Done;
        }
    }

    fn fail(&mut self, jid: &str) {
        let job = self.jobs.get_mut(jid).expect("it lives");
        (job.failures, job.state) = (job.failures + 1, State::Waits);
        let (retry, failures, bid) = (job.retry, job.failures, job.bid.clone());
        if retry == 0 {
            return self.end(jid, false);
        }
        if failures > retry {
            return self.kill(jid);
        }
        if bid.and_then(|bid| self.batches.get(&bid)).is_some_and(|batch| batch.cancelled) {
            self.end(jid, false);
        }
    }

    fn kill(&mut self, jid: &str) {
        let job = self.jobs.get_mut(jid).expect("it lives");
        job.state = State::Dead;
        if let Some(batch) = job.bid.as_ref().and_then(|bid| self.batches.get_mut(bid)) {
            batch.died = true;
        }
    }

    fn cancel(&mut self, bid: &str) {
        let batch = self.batches.get_mut(bid).expect("it is known");
        (batch.cancelled, batch.open, batch.stage) = (true, false, batch.stage.max(1));
        let waits = |(_, job): &(&String, &Job)| job.bid.as_deref() == Some(bid) && job.state == State::Waits;
        let jids: Vec<String> = self.jobs.iter().filter(waits).map(|(jid, _)| jid.clone()).collect();
        jids.iter().for_each(|jid| self.end(jid, false));
        let below =
            |(_, b): &(&String, &Batch)| b.parent.as_deref() == Some(bid) && b.stage < 2 && !b.cancelled;
        let children: Vec<String> = self.batches.iter().filter(below).map(|(bid, _)| bid.clone()).collect();
        children.iter().for_each(|child| self.cancel(child));
    }

    fn time(&mut self, now: Wall) {
        let over = |(_, batch): &(&String, &Batch)| batch.open && batch.until <= now;
        let due: Vec<String> = self.batches.iter().filter(over).map(|(bid, _)| bid.clone()).collect();
        for bid in due {
            let batch = self.batches.get_mut(&bid).expect("it is known");
            batch.open = false;
            if !batch.committed {
                let batch = self.batches.remove(&bid).expect("it is known");
                if let Some(parent) = batch.parent {
                    *self.lost.entry(parent).or_default() += 1;
                }
            }
        }
    }
}

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
            self.apply(Command::Ack { conn, jid: &jid });
            // It comes twice: nothing happens.
            self.apply(Command::Ack { conn, jid: &jid });
            self.model.end(&jid, true);
        } else {
            self.apply(Command::Fail { conn, jid: &jid, text: TEXT });
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
