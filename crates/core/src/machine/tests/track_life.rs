//! Generated histories of TRACK and EXTEND, beside a second, simple model of the rules (rules `E-20` to `E-25`, `W-07`, `D21`):
//! progress and more time outlive any crash, how a job ended is known for half an hour where that was asked for and nowhere
//! else, and what is over is forgotten. A history has crashes that cut the log behind any command, parts of the log that
//! are told again and given up, edits, and a clock that steps. The model is in `model.rs`.

mod model;

use std::collections::BTreeMap;
use std::time::Duration;

use self::model::{At, Hands, Job, Model, restored, stood};
use super::history::{Chance, Log, QUEUE, Rewritten, keep, keep_str, play};
use crate::command::{Asks, Command, ConnId, Hello, Push, Refusal, Reply, Ticket, TrackDeed};
use crate::fact::Cleared;
use crate::limits::{RESERVE_MAX_S, Rules};
use crate::machine::{Machine, Settled};
use crate::query::{Place, TrackState};
use crate::time::{Boot, Now, Wall};

const HISTORIES: u64 = 2_000;
const DEEDS: u64 = 60;
const KEY: [u64; 2] = [7, 11];
/// Two workers, and somebody who is none.
const WORKERS: [&str; 2] = ["w1", "w2"];
const NOBODY: ConnId = ConnId(9);
const MINUTE: u64 = 60;

#[test]
fn what_is_said_of_a_job_and_how_it_ended_outlive_whatever_happens_e20_e25_w07() {
    play(HISTORIES, |seed| History::new(seed).play());
}

struct History {
    chance: Chance,
    rules: Rules,
    now: Now,
    machine: Machine,
    log: Log,
    model: Model,
    /// The model behind each command.
    models: Vec<Model>,
    /// So many commands are durable for sure: what they replace is gone.
    durable: usize,
    pushed: u64,
    /// Nobody is judged before.
    grace: Boot,
    /// Records that were forgotten since there were too many.
    dropped: u64,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let boot = Boot(1_000_000_000_000);
        let now = Now { wall: Wall(1_700_000_000_000_000), boot, heard: boot, chance: seed };
        let rules = Rules {
            tracks_max: if chance.one_in(3) { 4 } else { 1_000 },
            dead_age: Duration::from_secs(90 * MINUTE),
            discard_undo: Duration::from_secs(10 * MINUTE),
            ..Rules::default()
        };
        let mut history = Self {
            chance,
            now,
            machine: Machine::new(rules.clone(), KEY),
            rules,
            log: Log::default(),
            model: Model::default(),
            models: Vec::new(),
            durable: 0,
            pushed: 0,
            grace: boot,
            dropped: 0,
        };
        history.machine.recovered(Now::default());
        history.introduce();
        history
    }

    fn play(mut self) {
        for _ in 0..DEEDS {
            match self.chance.below(24) {
                0..=4 => self.push(),
                5..=7 => self.fetch(),
                8..=10 => self.say(),
                11 => self.extend(),
                12..=14 => self.end(),
                15 | 16 => self.operate(),
                17 => self.edit(),
                18..=20 => self.wait(),
                21 if self.chance.one_in(4) => self.flush(),
                21 | 22 => self.clean(),
                _ => self.crash(),
            }
            self.due();
            self.compare();
        }
    }

    /// The workers say who they are.
    fn introduce(&mut self) {
        for (number, wid) in WORKERS.iter().enumerate() {
            let worker = Hello { wid, hostname: "h", pid: 1, labels: &[], rss_kb: 0 };
            let conn = ConnId(number as u64);
            assert_eq!(self.apply(Command::Connect { conn, worker: Some(worker) }), Some(Reply::Done));
        }
    }

    /// The model has done what is applied here: see [`History::settle`].
    fn apply(&mut self, command: Command<'_>) -> Option<Reply> {
        self.log.begin();
        let mut out = Settled::default();
        self.machine.apply(self.now, Ticket(2), command, &mut self.log, &mut out);
        let reply = out.replies.pop().map(|(_, reply)| reply);
        if let Some(Reply::Job(job)) = &reply {
            self.fetched(&command, job.body.unread().expect("nobody has read it"));
        }
        self.settle();
        reply
    }

    /// What chance decides, and what is forgotten when the rules leave the moment open, is taken over from the machine.
    fn settle(&mut self) {
        let (machine, log, now) = (&self.machine, &self.log, self.now);
        for (jid, job) in &mut self.model.jobs {
            if let At::Retrying(at) = &mut job.at
                && *at == Wall(0)
            {
                let Some(Place::Retrying { at: found }) = log.view(machine, now, jid).map(|view| view.place)
                else {
                    panic!("{jid} is not tried again")
                };
                *at = found;
            }
        }
        let dropped = self.machine.tally.tracks_dropped;
        let mut too_many = dropped - std::mem::replace(&mut self.dropped, dropped);
        let crowded = self.model.words.len() > self.rules.tracks_max;
        assert!(too_many == 0 || crowded, "forgotten, and there was room");
        let known = |jid: &str| machine.tracks.progress(machine.table.hash(jid.as_bytes()));
        let (mut stay, gone): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut self.model.words).into_iter().partition(|(jid, _)| known(jid).is_some());
        // Of several that end at once one may have made room for another before its own end was told.
        for (jid, word) in stay.iter_mut().filter(|(_, word)| word.said == now.wall) {
            let bare = known(jid).is_some_and(|found| found.percent.is_none() && found.desc.is_none());
            if too_many > 0 && bare && (word.percent.is_some() || word.desc.is_some()) {
                (word.percent, word.desc) = (None, None);
                too_many -= 1;
            }
        }
        for (jid, word) in gone {
            let over = word.least() <= now.wall && !self.model.lives(jid);
            // What is said just now makes room for itself, even if the clock was stepped back.
            let others = stay.values().filter(|other| other.said != now.wall);
            let oldest = others.into_iter().all(|other| word.least() <= other.most());
            assert!(over || too_many > 0 && oldest, "{jid} is forgotten: {word:?} at {now:?}");
            too_many -= u64::from(!over);
        }
        self.model.words = stay;
        let lives =
            |jid: &str| self.model.jobs.get(jid).is_some_and(|job| !matches!(job.at, At::Discarded { .. }));
        for (_, word) in self.model.words.iter_mut().filter(|(jid, _)| lives(jid)) {
            word.lived = word.lived.max(now.wall);
        }
        self.models.push(self.model.clone());
    }

    /// Of a job that comes: a jid of its own, or that of one that has ended; and its text.
    fn name(&mut self) -> (&'static str, &'static [u8]) {
        let ended = self.model.words.keys().filter(|jid| !self.model.jobs.contains_key(*jid));
        let ended: Vec<&'static str> = ended.copied().filter(|jid| self.log.ids.contains_key(jid)).collect();
        if let Some(jid) = self.chance.pick(&ended).filter(|_| self.chance.one_in(3)) {
            // The very same text within a minute would be the same job.
            return (jid, keep(format!("{jid} and {}", self.chance.below(1 << 60)).as_bytes()));
        }
        self.pushed += 1;
        let jid = keep_str(&format!("job-{:05}", self.pushed));
        (jid, jid.as_bytes())
    }

    fn push(&mut self) {
        let (jid, body) = self.name();
        let (now, chance) = (self.now.wall, &mut self.chance);
        let at = chance.one_in(4).then(|| now.after(Duration::from_secs(1 + chance.below(40 * MINUTE))));
        let tracked = chance.one_in(2);
        let retry = chance.of(&[0, 1, -1]);
        let reserved = chance.of(&[60, 600, u64::from(RESERVE_MAX_S)]);
        let job = Push {
            jid,
            queue: QUEUE,
            jobtype: "T",
            retry,
            reserve_for: reserved as u32,
            on_lost: None,
            asks: Asks { tracked, ..Asks::default() },
            at,
            failure: None,
            sent: body,
            body,
        };
        let at = at.map_or(At::Queued(now), At::Scheduled);
        let model = Job { tracked, retry, reserved, failures: 0, failed_at: Wall(0), body, at };
        // What was said of an earlier one, or of nobody, is not about it.
        self.model.words.remove(jid);
        self.model.jobs.insert(jid, model);
        assert_eq!(self.apply(Command::Push { job }), Some(Reply::Done), "push of {jid}");
    }

    fn fetch(&mut self) {
        let conn = ConnId(self.chance.below(2));
        let waiting = self.model.jobs.values().any(|job| matches!(job.at, At::Queued(_)));
        let reply = self.apply(Command::Fetch { conn, queues: &[QUEUE], wait: Duration::ZERO });
        assert_eq!(matches!(reply, Some(Reply::Job(_))), waiting, "{reply:?}");
    }

    fn fetched(&mut self, command: &Command<'_>, body: crate::fact::Span) {
        let Command::Fetch { conn: ConnId(worker), .. } = *command else { panic!("{command:?}") };
        let (jid, text) = self.log.job_at(body);
        let job = self.model.jobs.get_mut(jid).expect("it lives");
        assert!(matches!(job.at, At::Queued(_)) && job.body == text, "{jid} is {job:?}");
        let reserved = Duration::from_secs(job.reserved);
        let (since, until, deadline) =
            (self.now.wall, self.now.wall.after(reserved), self.now.boot.after(reserved));
        job.at = At::Working(Hands { worker: worker as usize, since, until, deadline });
    }

    /// Whoever speaks: a worker, or somebody who is none.
    fn speaker(&mut self) -> ConnId {
        self.chance.of(&[ConnId(0), ConnId(1), NOBODY])
    }

    /// More time, if the speaker has the job in hand; says whether it has.
    fn more_time(&mut self, conn: ConnId, jid: &str, until: Wall) -> bool {
        let now = self.now;
        let Some(Job { at: At::Working(hands), .. }) = self.model.jobs.get_mut(jid) else { return false };
        if conn != NOBODY && conn.0 as usize != hands.worker {
            return false;
        }
        let until = until.min(now.wall.after(Duration::from_secs(RESERVE_MAX_S.into())));
        if until > hands.until {
            hands.until = until;
            hands.deadline = hands.deadline.max(now.boot_at(until));
        }
        true
    }

    fn some_time(&mut self) -> Wall {
        let seconds = self.chance.of(&[1, 90, 900, 5_000, 100_000]);
        self.now.wall.after(Duration::from_secs(seconds))
    }

    /// A job of the past, the present or of nobody.
    fn anyone(&mut self) -> &'static str {
        let number = self.chance.below(self.pushed + 2);
        let working = self.model.some(&mut self.chance, |at| matches!(at, At::Working(_)));
        working.filter(|_| self.chance.one_in(2)).unwrap_or_else(|| keep_str(&format!("job-{number:05}")))
    }

    fn say(&mut self) {
        let (conn, jid) = (self.speaker(), self.anyone());
        let chance = &mut self.chance;
        let percent = chance.one_in(2).then(|| chance.of(&[0, 1, 42, 100, -1, 250]));
        let desc = chance.one_in(2).then(|| chance.of(&["", "loads", "stores ☃"]));
        let until = self.chance.one_in(3).then(|| self.some_time());
        if let Some(until) = until {
            self.more_time(conn, jid, until);
        }
        self.model.say(self.now.wall, jid, |word| {
            word.percent = percent.or(word.percent);
            word.desc = desc.or(word.desc);
        });
        let deed = TrackDeed::Set { percent, desc, reserve_until: until };
        assert_eq!(self.apply(Command::Track { conn, jid, deed }), Some(Reply::Done));
    }

    fn extend(&mut self) {
        let (conn, jid, until) = (self.speaker(), self.anyone(), self.some_time());
        let expected = match self.more_time(conn, jid, until) {
            true => Reply::Done,
            false => Reply::Refused(Refusal::NotReserved(jid.into())),
        };
        assert_eq!(
            self.apply(Command::Track { conn, jid, deed: TrackDeed::Extend { until } }),
            Some(expected)
        );
        let expected = self.model.tracked(jid);
        let got = self.apply(Command::Track { conn, jid, deed: TrackDeed::Get });
        assert_eq!(got, Some(Reply::Tracked(Box::new(expected))));
    }

    fn end(&mut self) {
        let Some(jid) = self.model.some(&mut self.chance, |at| matches!(at, At::Working(_))) else { return };
        let At::Working(Hands { worker, .. }) = self.model.jobs[jid].at else {
            unreachable!("it was chosen")
        };
        let conn = ConnId(worker as u64);
        if self.chance.one_in(2) {
            self.model.end(self.now.wall, jid, TrackState::Success);
            assert_eq!(self.apply(Command::Ack { conn, jid, lease: None }), Some(Reply::Done));
        } else {
            self.model.fail(self.now.wall, jid, &self.rules);
            assert_eq!(self.apply(Command::Fail { conn, jid, text: b"{}", lease: None }), Some(Reply::Done));
        }
    }

    fn operate(&mut self) {
        let deed = self.chance.below(6);
        let is_one = |at| match deed {
            0 | 3 => !matches!(at, At::Working(_) | At::Discarded { .. }),
            1 => !matches!(at, At::Working(_)),
            2 => matches!(at, At::Discarded { .. }),
            4 => matches!(at, At::Scheduled(_) | At::Retrying(_) | At::Dead(_)),
            _ => matches!(at, At::Working(_)),
        };
        let Some(jid) = self.model.some(&mut self.chance, is_one) else { return };
        let (jobs, now) = ([self.log.ids[jid]], self.now.wall);
        let job = self.model.jobs.get_mut(jid).expect("it lives");
        let command = match deed {
            0 => {
                job.at = At::Discarded { until: now.after(self.rules.discard_undo), was: stood(job.at) };
                Command::Discard { jobs: &jobs }
            }
            1 => {
                self.model.end(now, jid, TrackState::Failed);
                Command::Delete { jobs: &jobs }
            }
            2 => {
                job.at = restored(job.at);
                Command::Restore { jobs: &jobs }
            }
            3 => {
                job.at = At::Dead(now.after(self.rules.dead_age));
                Command::Kill { jobs: &jobs }
            }
            4 => {
                job.at = At::Queued(now);
                Command::Requeue { jobs: &jobs }
            }
            _ => {
                job.at = At::Queued(now);
                Command::Release { jobs: &jobs }
            }
        };
        assert_eq!(self.apply(command), Some(Reply::Count(1)));
    }

    /// An operator makes a job another one, if it is still as it was seen. Whether it is remembered stays as it was.
    fn edit(&mut self) {
        let Some(jid) = self.model.some(&mut self.chance, |_| true) else { return };
        let (retry, enqueue) = (self.chance.of(&[0, 1, -1]), self.chance.one_in(2));
        let body = keep(format!("{jid} for the {}. time", self.log.len()).as_bytes());
        let Some(mut seen) = self.log.view(&self.machine, self.now, jid) else { return };
        let outdated = seen.failure.is_some() && self.chance.one_in(4);
        if outdated {
            seen.failure = None;
        }
        let edit = self.log.edit(&seen, Rewritten { jid, retry, body }, enqueue);
        let job = self.model.jobs.get_mut(jid).expect("it lives");
        let free = !outdated && !matches!(job.at, At::Working(_) | At::Discarded { .. });
        if free {
            (job.retry, job.body, job.reserved) = (retry, body, RESERVE_MAX_S.into());
            if enqueue && !matches!(job.at, At::Queued(_)) {
                job.at = At::Queued(self.now.wall);
            }
        }
        assert_eq!(self.apply(Command::Replace { edit }), Some(Reply::Count(free.into())));
    }

    /// Time passes, and sometimes the clock of the wall steps.
    fn wait(&mut self) {
        let passes = Duration::from_secs(self.chance.of(&[0, 1, 20, 100, 700, 1_700, 1_801, 90_000]));
        self.now.boot = self.now.boot.after(passes);
        self.now.heard = self.now.boot;
        let wall = self.now.wall;
        self.now.wall = match self.chance.below(8) {
            0 => Wall(wall.0 - 300_000_000),
            1 => wall.after(passes * 3),
            2 => Wall(wall.0 + self.chance.of(&[-1, 1]) * 40 * 86_400_000_000),
            _ => wall.after(passes),
        };
        self.now.chance += 1;
    }

    fn flush(&mut self) {
        self.model = Model::default();
        self.apply(Command::Clear { what: Cleared::Everything });
    }

    fn due(&mut self) {
        for _ in 0..100 {
            if self.machine.next_due(self.now).is_none_or(|at| at > self.now.boot) {
                return;
            }
            self.pass();
            self.apply(Command::Due);
        }
        panic!("it is due for ever");
    }

    /// What time does to jobs.
    fn pass(&mut self) {
        let Now { wall, heard, .. } = self.now;
        let jids: Vec<&'static str> = self.model.jobs.keys().copied().collect();
        for jid in jids {
            match self.model.jobs[jid].at {
                At::Scheduled(at) | At::Retrying(at) if at <= wall => {
                    self.model.jobs.get_mut(jid).expect("it lives").at = At::Queued(wall);
                }
                At::Dead(until) if until <= wall => self.model.end(wall, jid, TrackState::Dead),
                At::Discarded { until, .. } if until <= wall => self.model.end(wall, jid, TrackState::Failed),
                At::Working(hands) if self.grace <= heard && hands.deadline <= heard => {
                    self.model.fail(wall, jid, &self.rules);
                }
                _ => {}
            }
        }
    }

    fn clean(&mut self) {
        let half = self.log.tell_again(&mut self.machine);
        self.settle();
        self.log.forget(half);
        self.models.drain(..half);
        self.durable = self.log.len();
    }

    /// The process dies; of what was not answered yet the log holds any beginning. More time that was given is there still.
    fn crash(&mut self) {
        let whole = self.log.len();
        let cut = whole - self.chance.below(4).min((whole - self.durable) as u64) as usize;
        let machine = self.log.crash(cut, Machine::new(self.rules.clone(), KEY), self.now);
        if cut == whole {
            assert_eq!(machine.dump(), self.machine.dump(), "facts say it all");
        }
        self.models.truncate(cut);
        self.model = self.models.last().cloned().unwrap_or_default();
        (self.machine, self.durable, self.dropped) = (machine, cut, 0);
        let now = self.now;
        for job in self.model.jobs.values_mut() {
            if let At::Working(hands) = &mut job.at {
                let longest = Duration::from_secs(RESERVE_MAX_S.into());
                let left = hands.until.since(now.wall).min(hands.until.since(hands.since)).min(longest);
                hands.deadline = now.boot.after(left);
            }
        }
        self.grace = now.boot.after(self.rules.restart_grace);
        self.introduce();
    }

    /// All is known that the rules say, and nothing else.
    fn compare(&self) {
        self.machine.check().expect("all is in order");
        assert_eq!(self.machine.job_count(), self.model.jobs.len(), "jobs that live");
        for number in 0..self.pushed + 2 {
            let jid = format!("job-{number:05}");
            assert_eq!(self.machine.tracked(&jid), self.model.tracked(&jid), "{jid} at {:?}", self.now);
        }
        for (jid, job) in &self.model.jobs {
            let slot = self.machine.table.find(self.log.ids[jid]).expect("it lives");
            if let At::Working(hands) = job.at {
                let deadline = self.machine.reservations.deadline(&self.machine.table, slot);
                assert_eq!(deadline, Some(hands.deadline), "{jid} is in hand until then");
            }
        }
        for (jid, word) in &self.model.words {
            let over = word.most() <= self.now.wall && !self.model.lives(jid);
            assert!(!over, "{jid} is over and known: {word:?} at {:?}", self.now);
        }
    }
}
