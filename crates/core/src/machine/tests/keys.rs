//! Generated histories of unique and expiring jobs, beside a second, simple model of the rules: no key outlives its job, and
//! none is free early. A history has crashes that cut the log behind any command, parts of the log that are told again and
//! given up, and a clock that steps back.
//!
//! `BESSEMER_HISTORIES` plays more of them, `BESSEMER_SEED` one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::history::{Chance, Log, QUEUE, Rewritten, keep, keep_str, play};
use crate::command::{AskUnique, Asks, Command, ConnId, Push, Refusal, Reply, Ticket, WhichKey};
use crate::fact::{Cleared, Release};
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
    play(HISTORIES, |seed| History::new(seed).play());
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
    failures: i16,
    body: &'static [u8],
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
            chance: Chance::new(seed),
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
                13..=15 => self.operate(),
                16 => self.edit(),
                17 | 18 => self.wait(),
                19 => self.end_late(),
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
        self.log.begin();
        let mut out = Settled::default();
        self.machine.apply(self.now, Ticket(2), command, &mut self.log, &mut out);
        let mut own = None;
        for (ticket, reply) in out.replies {
            if let Reply::Job(job) = &reply {
                let body = job.body.unread().expect("nobody has read it");
                let (jid, text) = self.log.job_at(body);
                let ModelJob { expires, body, .. } = self.model.jobs[jid];
                assert_eq!(text, body, "{jid} is what it was made last");
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

    fn push(&mut self) {
        self.pushed += 1;
        let jid = keep_str(&format!("job-{:05}", self.pushed));
        let chance = &mut self.chance;
        let key = (chance.below(5) > 0).then(|| chance.below(KEYS));
        let hold = 1 + chance.below(40);
        let release = chance.of(&[Release::Success, Release::Start, Release::Expiry, Release::Expiry]);
        let now = self.now.wall;
        let later = |chance: &mut Chance| now.after(Duration::from_secs(chance.below(30)));
        let at = (chance.below(3) == 0).then(|| later(chance));
        let expires = (chance.below(3) == 0).then(|| later(chance));
        let retry = chance.of(&[0, 1, -1]);
        let hold = Duration::from_secs(hold);
        let unique = key.map(|key| AskUnique { key: key.into(), hold, release });
        let job = Push {
            jid,
            queue: QUEUE,
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
        let body = jid.as_bytes();
        if !held {
            let unique = key.map(|key| (key, at.unwrap_or(now).after(hold), release));
            self.model
                .jobs
                .insert(jid, ModelJob { unique, expires, retry, failures: 0, body, at: At::Waiting });
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
        self.apply(Command::Fetch { conn: WORKER, queues: &[QUEUE], wait });
        self.done();
    }

    fn end(&mut self) {
        let Some(jid) = self.model.some(&mut self.chance, |at| at == At::Working) else { return };
        if self.chance.below(2) == 0 {
            self.model.acked(jid, self.now.wall);
            self.apply(Command::Ack { conn: WORKER, jid, lease: None });
        } else {
            let job = self.model.jobs.get_mut(jid).expect("it lives");
            match job.retry {
                0 => _ = self.model.jobs.remove(jid),
                retry => {
                    job.at = if job.failures < retry { At::Waiting } else { At::Dead };
                    job.failures += 1;
                }
            }
            self.apply(Command::Fail { conn: WORKER, jid, text: b"{}", lease: None });
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

    /// An operator makes a job another one: what it asked for when it was pushed stays agreed.
    fn edit(&mut self) {
        let free = |at| matches!(at, At::Waiting | At::Dead);
        let Some(jid) = self.model.some(&mut self.chance, free) else { return };
        let (retry, enqueue) = (self.chance.of(&[0, 1, -1]), self.chance.one_in(2));
        let body = keep(format!("{jid} for the {}. time", self.log.len()).as_bytes());
        let seen = self.log.view(&self.machine, self.now, jid).expect("it is there");
        let edit = self.log.edit(&seen, Rewritten { jid, retry, body }, enqueue);
        let job = self.model.jobs.get_mut(jid).expect("it lives");
        (job.retry, job.body) = (retry, body);
        if enqueue {
            job.at = At::Waiting;
        }
        assert_eq!(self.apply(Command::Replace { edit }), Some(Reply::Count(1)));
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

    /// The clock steps back to where an older claim counts once more, and its job succeeds: what a younger one has left
    /// behind stays for as long as it said.
    fn end_late(&mut self) {
        let now = self.now.wall;
        let is_over =
            |job: &ModelJob| job.unique.filter(|(_, until, _)| job.at == At::Working && *until <= now);
        let late = self.model.jobs.iter().filter_map(|(jid, job)| Some((*jid, is_over(job)?)));
        let late: Vec<_> = late.filter(|(_, (key, ..))| self.model.left.contains_key(key)).collect();
        let Some((jid, (_, until, _))) = self.chance.pick(&late) else { return self.wait() };
        self.now.wall = Wall(until.0 - self.chance.of(&[0, 1, 5 * SECOND]));
        self.model.acked(jid, self.now.wall);
        self.apply(Command::Ack { conn: WORKER, jid, lease: None });
        self.done();
    }

    fn clear(&mut self) {
        let what = match self.chance.below(5) {
            0 => Cleared::Everything,
            1 | 2 => Cleared::Queue(QUEUE),
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
        let half = self.log.tell_again(&mut self.machine);
        self.done();
        self.log.forget(half);
        self.models.drain(..half);
        self.durable = self.log.len();
    }

    /// The process dies; of what was not answered yet the log holds any beginning.
    fn crash(&mut self) {
        let whole = self.log.len();
        let cut = whole - self.chance.below(4).min((whole - self.durable) as u64) as usize;
        let machine = self.log.crash(cut, Machine::new(rules(), KEY), self.now);
        if cut == whole {
            assert_eq!(machine.dump(), self.machine.dump(), "facts say it all");
        }
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
