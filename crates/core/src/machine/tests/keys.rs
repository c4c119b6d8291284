//! Generated histories of unique and expiring jobs, beside a second, simple model of the rules: no key outlives its job, and
//! none is free early. A history has crashes that cut the log behind any command, parts of the log that are told again and
//! given up, and a clock that steps back.
//!
//! `BESSEMER_HISTORIES` plays more of them, `BESSEMER_SEED` one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use crate::command::{AskUnique, Asks, Command, ConnId, Push, Refusal, Reply, Ticket, WhichKey};
use crate::fact::{Cleared, Fact, Facts, Failure, Head, JobId, Release, Span, Standing, Terms};
use crate::limits::Rules;
use crate::machine::{Machine, Settled};
use crate::query::{Answer, Query, Set};
use crate::time::{Boot, Now, Wall};

const HISTORIES: u64 = 3_000;
const DEEDS: u64 = 60;
const SECOND: i64 = 1_000_000;
const KEYS: u64 = 3;
const WORKER: ConnId = ConnId(1);
const KEY: [u64; 2] = [7, 11];

#[test]
fn no_key_outlives_its_job_and_none_is_free_early_g12_e30_e33() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("BESSEMER_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("BESSEMER_HISTORIES").unwrap_or(HISTORIES),
    };
    for seed in seeds {
        let played = std::panic::catch_unwind(|| History::new(seed).play());
        assert!(played.is_ok(), "replay it with BESSEMER_SEED={seed}");
    }
}

/// Pseudo-random numbers: xorshift, after a multiplication that sets neighbouring seeds apart.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() { None } else { Some(of[self.below(of.len() as u64) as usize]) }
    }
}

/// A text that stays for good, told once.
fn keep(text: &[u8]) -> &'static [u8] {
    static TEXTS: LazyLock<Mutex<BTreeSet<&'static [u8]>>> = LazyLock::new(Mutex::default);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = texts.get(text) {
        return kept;
    }
    let kept: &'static [u8] = Vec::leak(text.to_vec());
    texts.insert(kept);
    kept
}

fn keep_str(text: &str) -> &'static str {
    std::str::from_utf8(keep(text.as_bytes())).expect("it was a text")
}

fn own_standing(standing: Standing<'_>) -> Standing<'static> {
    match standing {
        Standing::Working { wid, since, until } => Standing::Working { wid: keep_str(wid), since, until },
        Standing::Queued { since } => Standing::Queued { since },
        Standing::Scheduled { at } => Standing::Scheduled { at },
        Standing::Retrying { at } => Standing::Retrying { at },
        Standing::Dead { until } => Standing::Dead { until },
        Standing::Discarded { until, was } => Standing::Discarded { until, was },
    }
}

/// A fact of these histories, which borrows nothing.
fn own(fact: &Fact<'_>) -> Fact<'static> {
    match *fact {
        Fact::Put { id, order, at, head, standing, body } => {
            let Terms { unique, expires, tracked, .. } = head.terms;
            let terms = Terms { unique, expires, tracked, ..Terms::default() };
            let (jid, queue, jobtype) = (keep_str(head.jid), keep_str(head.queue), keep_str(head.jobtype));
            let Head { retry, reserve_for, on_lost, body_hash, .. } = head;
            let head = Head { jid, queue, jobtype, retry, reserve_for, on_lost, terms, body_hash };
            Fact::Put { id, order, at, head, standing: own_standing(standing), body: keep(body) }
        }
        Fact::Set { id, order, standing } => Fact::Set { id, order, standing: own_standing(standing) },
        Fact::Fail { id, order, at, counted, failure, standing } => {
            let failure = Failure { text: keep(failure.text), ..failure };
            Fact::Fail { id, order, at, counted, failure, standing: own_standing(standing) }
        }
        Fact::Keep { family, key, value } => Fact::Keep { family, key: keep(key), value: value.map(keep) },
        Fact::End { id, at, why } => Fact::End { id, at, why },
        Fact::Clear(Cleared::Everything) => Fact::Clear(Cleared::Everything),
        Fact::Clear(Cleared::Set(set)) => Fact::Clear(Cleared::Set(set)),
        Fact::Clear(Cleared::Queue(name)) => Fact::Clear(Cleared::Queue(keep_str(name))),
        Fact::Lost { .. } | Fact::Move { .. } => unreachable!("nobody does that here"),
    }
}

/// The log: one batch for each command, and what stands where.
#[derive(Default)]
struct Log {
    batches: Vec<Vec<(Fact<'static>, Span)>>,
    written: u64,
    ids: BTreeMap<&'static str, JobId>,
}

impl Facts for Log {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        self.written += 1;
        let span = if fact.has_place() { Span { at: self.written, len: 1 } } else { Span::default() };
        let fact = own(fact);
        if let Fact::Put { id, head, .. } = fact {
            self.ids.insert(head.jid, id);
        }
        self.batches.last_mut().expect("a command").push((fact, span));
        span
    }

    fn release(&mut self, _: Span) {}
}

/// Where a job is, as far as its key is concerned.
#[derive(Clone, Copy, PartialEq)]
enum At {
    /// Waits, for whatever.
    Waiting,
    Working,
    Dead,
    Discarded {
        until: Wall,
        dead: bool,
    },
}

#[derive(Clone, Copy)]
struct ModelJob {
    unique: Option<(u64, Wall, Release)>,
    expires: Option<Wall>,
    retry: i16,
    at: At,
}

/// The rules once more.
#[derive(Clone, Default)]
struct Model {
    jobs: BTreeMap<&'static str, ModelJob>,
    /// Keys that stay until then.
    left: BTreeMap<u64, Wall>,
}

impl Model {
    fn holds(&self, key: u64, now: Wall) -> bool {
        let by_job = self.jobs.values().filter_map(|job| job.unique);
        by_job.filter(|(held, ..)| *held == key).any(|(_, until, _)| until > now)
            || self.left.get(&key).is_some_and(|until| *until > now)
    }

    fn fetched(&mut self, jid: &str) {
        let job = self.jobs.get_mut(jid).expect("a job that lives");
        job.at = At::Working;
        job.unique = job.unique.filter(|(.., release)| *release != Release::Start);
    }

    fn acked(&mut self, jid: &str, now: Wall) {
        let job = self.jobs.remove(jid).expect("a job that lives");
        if let Some((key, until, Release::Expiry)) = job.unique
            && until > now
        {
            let left = self.left.entry(key).or_insert(until);
            *left = until.max(*left);
        }
    }

    fn passes(&mut self, now: Wall) {
        self.jobs.retain(|_, job| match job.at {
            At::Waiting => job.expires.is_none_or(|at| at > now),
            At::Discarded { until, .. } => until > now,
            At::Working | At::Dead => true,
        });
        self.left.retain(|_, until| *until > now);
    }

    fn some(&self, chance: &mut Chance, at: impl Fn(At) -> bool) -> Option<&'static str> {
        let jids: Vec<&'static str> =
            self.jobs.iter().filter(|(_, job)| at(job.at)).map(|(jid, _)| *jid).collect();
        chance.pick(&jids)
    }
}

struct History {
    chance: Chance,
    now: Now,
    machine: Machine,
    log: Log,
    model: Model,
    /// The model behind each batch.
    models: Vec<Model>,
    /// So many batches are durable for sure: what they replace is gone.
    durable: usize,
    pushed: u64,
}

fn rules() -> Rules {
    Rules { discard_undo: Duration::from_secs(20), ..Rules::default() }
}

impl History {
    fn new(seed: u64) -> Self {
        let boot = Boot(1_000_000_000_000);
        let now = Now { wall: Wall(1_000_000 * SECOND), boot, heard: boot, chance: 0 };
        let mut machine = Machine::new(rules(), KEY);
        machine.recovered(Now::default());
        Self {
            chance: Chance((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            now,
            machine,
            log: Log::default(),
            model: Model::default(),
            models: Vec::new(),
            durable: 0,
            pushed: 0,
        }
    }

    fn play(mut self) {
        for _ in 0..DEEDS {
            match self.chance.below(24) {
                0..=5 => self.push(),
                6..=9 => self.fetch(),
                10..=12 => self.end(),
                13..=16 => self.operate(),
                17..=19 => self.wait(),
                20 => self.clear(),
                21 => self.free(),
                22 => self.clean(),
                _ => self.crash(),
            }
            self.due();
            self.compare();
        }
    }

    fn apply(&mut self, command: Command<'_>) -> Option<Reply> {
        self.log.batches.push(Vec::new());
        let mut out = Settled::default();
        self.machine.apply(self.now, Ticket(2), command, &mut self.log, &mut out);
        let mut own = None;
        for (ticket, reply) in out.replies {
            if let Reply::Job(job) = &reply {
                let body = job.body.unread().expect("nobody has read it");
                let jid = self.jid_at(body);
                let expires = self.model.jobs[jid].expires;
                assert!(expires.is_none_or(|at| at > self.now.wall), "{jid} is over and handed out");
                self.model.fetched(jid);
            }
            own = (ticket == Ticket(2)).then_some(reply).or(own);
        }
        own
    }

    /// What was applied last is done in the model as well. What is over goes at once, or a moment later when time is due:
    /// the rules leave that open.
    fn done(&mut self) {
        let (machine, ids, now) = (&self.machine, &self.log.ids, self.now.wall);
        self.model.jobs.retain(|jid, job| {
            let is_over = job.at == At::Waiting && job.expires.is_some_and(|at| at <= now);
            !is_over || machine.is_live(ids[jid])
        });
        self.models.push(self.model.clone());
    }

    fn first_at(&self, span: Span) -> &Fact<'static> {
        let all = self.log.batches.iter().flatten();
        all.into_iter().find(|(_, at)| *at == span).map(|(fact, _)| fact).expect("what lives is in the log")
    }

    fn jid_at(&self, body: Span) -> &'static str {
        let Fact::Put { head, .. } = self.first_at(body) else { panic!("no job there") };
        head.jid
    }

    fn push(&mut self) {
        self.pushed += 1;
        let jid = keep_str(&format!("job-{:05}", self.pushed));
        let chance = &mut self.chance;
        let key = (chance.below(5) > 0).then(|| chance.below(KEYS));
        let hold = 1 + chance.below(40);
        let release = [Release::Success, Release::Start, Release::Expiry][chance.below(3) as usize];
        let now = self.now.wall;
        let later = |chance: &mut Chance| now.after(Duration::from_secs(chance.below(30)));
        let at = (chance.below(3) == 0).then(|| later(chance));
        let expires = (chance.below(3) == 0).then(|| later(chance));
        let retry = [0, 1, -1][chance.below(3) as usize];
        let hold = Duration::from_secs(hold);
        let unique = key.map(|key| AskUnique { key: key.into(), hold, release });
        let job = Push {
            jid,
            queue: "q",
            jobtype: "T",
            retry,
            reserve_for: 86_400,
            on_lost: None,
            asks: Asks { unique, expires, ..Asks::default() },
            at,
            failure: None,
            sent: jid.as_bytes(),
            body: jid.as_bytes(),
        };
        let held = key.is_some_and(|key| self.model.holds(key, now));
        if !held {
            let unique = key.map(|key| (key, at.unwrap_or(now).after(hold), release));
            self.model.jobs.insert(jid, ModelJob { unique, expires, retry, at: At::Waiting });
        }
        let expected = match key.filter(|_| held) {
            Some(key) => Reply::Refused(Refusal::NotUnique(key.into())),
            None => Reply::Done,
        };
        assert_eq!(self.apply(Command::Push { job }), Some(expected), "push of {jid}");
        self.done();
        if !held {
            // The very same push again is that push.
            assert_eq!(self.apply(Command::Push { job }), Some(Reply::Done), "{jid} once more");
            self.done();
        }
    }

    fn fetch(&mut self) {
        let wait = Duration::from_secs(self.chance.below(3));
        self.apply(Command::Fetch { conn: WORKER, queues: &["q"], wait });
        self.done();
    }

    fn end(&mut self) {
        let Some(jid) = self.model.some(&mut self.chance, |at| at == At::Working) else { return };
        if self.chance.below(2) == 0 {
            self.model.acked(jid, self.now.wall);
            self.apply(Command::Ack { conn: WORKER, jid });
        } else {
            let job = self.model.jobs.get_mut(jid).expect("it lives");
            match job.retry {
                0 => _ = self.model.jobs.remove(jid),
                -1 => job.at = At::Dead,
                _ => (job.retry, job.at) = (-1, At::Waiting),
            }
            self.apply(Command::Fail { conn: WORKER, jid, text: b"{}" });
        }
        self.done();
    }

    fn operate(&mut self) {
        let deed = self.chance.below(6);
        let is_one = |at| match deed {
            0 => at != At::Working,
            1 => matches!(at, At::Waiting | At::Dead),
            2 => matches!(at, At::Discarded { .. }),
            3 => at == At::Waiting,
            4 => at == At::Dead,
            _ => at == At::Working,
        };
        let Some(jid) = self.model.some(&mut self.chance, is_one) else { return };
        let jobs = [self.log.ids[jid]];
        let until = self.now.wall.after(rules().discard_undo);
        let job = self.model.jobs.get_mut(jid).expect("it lives");
        let command = match (deed, job.at) {
            (0, _) => {
                self.model.jobs.remove(jid);
                Command::Delete { jobs: &jobs }
            }
            (1, at) => {
                job.at = At::Discarded { until, dead: at == At::Dead };
                Command::Discard { jobs: &jobs }
            }
            (2, At::Discarded { dead, .. }) => {
                job.at = if dead { At::Dead } else { At::Waiting };
                Command::Restore { jobs: &jobs }
            }
            (3, _) => {
                job.at = At::Dead;
                Command::Kill { jobs: &jobs }
            }
            (4, _) => {
                job.at = At::Waiting;
                Command::Requeue { jobs: &jobs }
            }
            _ => {
                job.at = At::Waiting;
                Command::Release { jobs: &jobs }
            }
        };
        assert_eq!(self.apply(command), Some(Reply::Count(1)));
        self.done();
    }

    /// Time passes, and sometimes the clock of the wall does not.
    fn wait(&mut self) {
        let passes = Duration::from_secs(self.chance.below(25));
        self.now.boot = self.now.boot.after(passes);
        self.now.heard = self.now.boot;
        self.now.wall = match self.chance.below(6) {
            0 => Wall(self.now.wall.0 - 20 * SECOND),
            _ => self.now.wall.after(passes),
        };
    }

    fn clear(&mut self) {
        let what = match self.chance.below(5) {
            0 => Cleared::Everything,
            1 | 2 => Cleared::Queue("q"),
            3 => Cleared::Set(Set::Retries),
            _ => Cleared::Set(Set::Dead),
        };
        // Where a job waits is not the model's to know.
        for id in self.machine.cleared_by(what) {
            self.model.jobs.retain(|jid, _| self.log.ids[jid] != id);
        }
        if what == Cleared::Everything {
            self.model.left.clear();
        }
        self.apply(Command::Clear { what });
        self.done();
    }

    fn free(&mut self) {
        let key = self.chance.below(KEYS);
        let held = self.model.holds(key, self.now.wall);
        if held {
            self.model.left.remove(&key);
            let holders = self.model.jobs.values_mut();
            holders
                .filter(|job| job.unique.is_some_and(|(k, ..)| k == key))
                .for_each(|job| job.unique = None);
        }
        let reply = self.apply(Command::FreeKey(WhichKey::Key(key.into())));
        assert_eq!(reply, Some(Reply::Count(held.into())));
        self.done();
    }

    fn due(&mut self) {
        self.model.passes(self.now.wall);
        for _ in 0..100 {
            if self.machine.next_due(self.now).is_none_or(|at| at > self.now.boot) {
                return;
            }
            self.apply(Command::Due);
            self.done();
        }
        panic!("it is due for ever");
    }

    /// The older half of the log is told again as far as it lives, and then it goes.
    fn clean(&mut self) {
        let half = self.log.batches.len() / 2;
        let old: Vec<(Fact<'static>, Span)> = self.log.batches[..half].iter().flatten().copied().collect();
        self.log.batches.push(Vec::new());
        self.machine.restate(&mut self.log);
        let dump = self.machine.dump();
        for (fact, span) in old {
            match fact {
                Fact::Put { id, head, body, .. } if self.machine.lives_at(id, span) => {
                    let failure = self.machine.failure_text(id).map(|text| *self.first_at(text));
                    let text = match failure {
                        Some(Fact::Fail { failure, .. }) => failure.text,
                        _ => b"",
                    };
                    self.machine.retell(id, head, body, text, &mut self.log);
                }
                Fact::Keep { family, key, .. } if self.machine.keeps_at(family, key, span) => {
                    self.machine.retell_record(family, key, &mut self.log);
                }
                _ => {}
            }
        }
        assert_eq!(self.machine.dump(), dump, "nothing happened");
        self.done();
        self.log.batches.drain(..half);
        self.models.drain(..half);
        self.durable = self.log.batches.len();
    }

    /// The process dies; of what was not answered yet the log holds any beginning.
    fn crash(&mut self) {
        let whole = self.log.batches.len();
        let cut = whole - self.chance.below(4).min((whole - self.durable) as u64) as usize;
        let mut machine = Machine::new(rules(), KEY);
        for (n, batch) in self.log.batches.iter().enumerate() {
            if n == cut {
                break;
            }
            batch.iter().for_each(|(fact, span)| machine.replay(fact, *span));
        }
        machine.recovered(self.now);
        if cut == whole {
            assert_eq!(machine.dump(), self.machine.dump(), "facts say it all");
        }
        self.log.batches.truncate(cut);
        self.models.truncate(cut);
        self.model = self.models.last().cloned().unwrap_or_default();
        self.machine = machine;
        self.durable = cut;
    }

    /// Every key is held or free as the model says.
    fn compare(&self) {
        self.machine.check().expect("all is in order");
        let answer = self.machine.answer(self.now, &Query::Keys { from: 0, count: 100 });
        let Answer::Keys(page) = answer else { panic!("no keys") };
        let held: Vec<u64> = page.keys.iter().map(|held| held.key as u64).collect();
        let expected: Vec<u64> = (0..KEYS).filter(|key| self.model.holds(*key, self.now.wall)).collect();
        assert_eq!(held, expected, "keys that are held");
        assert_eq!(self.machine.job_count(), self.model.jobs.len(), "jobs that live");
    }
}
