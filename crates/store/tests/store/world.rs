//! Random histories: workers, producers and operators on an engine whose process dies again and again.
//!
//! What must hold after each death: the machine is as it was after the last turn that answered, or as that turn left
//! it that was under way; nothing else. What a start believed must be there after the next one too. And every text
//! that is handed out or shown is the one that was pushed.

use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bessemer_core::command::{ConnId, Delivery, Hello, Push, Stage, Text};
use bessemer_core::fact::OnLost;
use bessemer_core::query::{JobView, Page, Set};
use bessemer_core::{Answer, Boot, Command, JobId, Machine, Now, Query, Reply, Rules, Settled, Ticket, Wall};
use bessemer_store::embedded::disk::SimDisk;
use bessemer_store::{Embedded, Engine, OpenError, Options, Reader};

use crate::careless::{Careless, Lapse};

pub(crate) const ENTROPY: [u8; 16] = *b"sixteen bytes id";

const EXPIRED: &[u8] = br#"{"errtype":"ReservationExpired","message":"Faktory job reservation expired"}"#;

const QUEUES: [&str; 3] = ["critical", "default", "bulk"];

/// Numbers from a seed.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.below(of.len() as u64) as usize) }
    }
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    Killed,
    PowerLoss,
}

/// What befalls the disk in one life of the process, after so many calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Stop(u64),
    Fail(u64),
    /// Only so many more bytes fit.
    Space(u64),
}

pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) disk: Careless,
    pub(crate) options: Options,
    micros: u64,
    /// What the machine may look like after the next start.
    pub(crate) allowed: Vec<String>,
    jobs: u64,
    in_hand: Vec<(ConnId, String, Delivery)>,
    known: Vec<JobId>,
    /// What happened so far, to see that a history is worth its time.
    pub(crate) seen: Seen,
}

/// Counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Of all calls to the disk.
    pub(crate) trace: u64,
    pub(crate) starts: u64,
    pub(crate) failed_starts: u64,
    pub(crate) torn_tails: u64,
    pub(crate) answered_turns: u64,
    pub(crate) failed_turns: u64,
    pub(crate) segments_given_up: u64,
    pub(crate) handed_out: u64,
    pub(crate) failures_shown: u64,
}

impl Seen {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            trace: 0,
            starts: self.starts + other.starts,
            failed_starts: self.failed_starts + other.failed_starts,
            torn_tails: self.torn_tails + other.torn_tails,
            answered_turns: self.answered_turns + other.answered_turns,
            failed_turns: self.failed_turns + other.failed_turns,
            segments_given_up: self.segments_given_up + other.segments_given_up,
            handed_out: self.handed_out + other.handed_out,
            failures_shown: self.failures_shown + other.failures_shown,
        }
    }

    pub(crate) fn all(&self) -> [(&'static str, u64); 8] {
        [
            ("a start", self.starts),
            ("a failed start", self.failed_starts),
            ("a torn tail", self.torn_tails),
            ("an answered turn", self.answered_turns),
            ("a failed turn", self.failed_turns),
            ("a segment given up", self.segments_given_up),
            ("a job handed out", self.handed_out),
            ("a failure shown", self.failures_shown),
        ]
    }
}

type Checked = Result<(), String>;

impl World {
    pub(crate) fn new(seed: u64, lapse: Option<Lapse>) -> Self {
        let mut dice = Dice(seed);
        let options = Options {
            rules: Rules { dead_max: 5, ..Rules::default() },
            segment_bytes: 1024,
            tail_bytes: 2048 * dice.below(3) as usize,
        };
        let empty = Machine::new(options.rules.clone(), [0, 0]).dump();
        Self {
            disk: Careless::new(SimDisk::new(seed), lapse),
            dice,
            options,
            micros: 1_000_000,
            allowed: vec![empty],
            jobs: 0,
            in_hand: Vec::new(),
            known: Vec::new(),
            seen: Seen::default(),
        }
    }

    /// One life of the process, until a fault ends it or `turns` are over, and its death.
    pub(crate) fn life(&mut self, turns: u64, fault: Fault, death: Death) -> Checked {
        // Also an operator's change of mind must not matter.
        self.options.segment_bytes = 1024 << self.dice.below(4);
        let sim = &self.disk.disk;
        match fault {
            Fault::None => {}
            Fault::Stop(calls) => sim.stop_after(calls),
            Fault::Fail(calls) => sim.fail_after(calls),
            Fault::Space(bytes) => sim.set_space(Some(sim.used() + bytes)),
        }
        let outcome = self.live(turns, fault != Fault::None);
        let sim = &self.disk.disk;
        sim.set_space(None);
        let next = match death {
            Death::Killed => sim.crash(),
            Death::PowerLoss => sim.power_loss(),
        };
        self.disk = Careless::new(next, self.disk.lapse);
        outcome
    }

    fn live(&mut self, turns: u64, faulty: bool) -> Checked {
        let Some(mut engine) = self.open(faulty)? else { return Ok(()) };
        self.in_hand.clear();
        for conn in 1..=3 {
            self.connect(&mut engine, conn);
        }
        for _ in 0..turns {
            self.micros += match self.dice.below(12) {
                0 => 70_000_000,
                1..4 => 5_000_000,
                _ => self.dice.below(1_000_000),
            };
            if engine.next_due(self.now()).is_some_and(|due| due <= self.now().boot) {
                engine.submit(self.now(), Ticket(0), Command::Due);
            }
            for _ in 0..self.dice.below(5) {
                self.act(&mut engine);
            }
            if !self.turn(&mut engine, faulty)? {
                return Ok(());
            }
        }
        if self.dice.one_in(4) { self.look_at_all(&mut engine, faulty) } else { Ok(()) }
    }

    fn open(&mut self, faulty: bool) -> Result<Option<Embedded<Careless>>, String> {
        self.disk.opening.store(true, Ordering::Relaxed);
        let opened = Embedded::open(self.disk.clone(), self.options.clone(), self.now(), ENTROPY);
        self.disk.opening.store(false, Ordering::Relaxed);
        let engine = match opened {
            Ok((engine, report)) => {
                self.seen.starts += 1;
                self.seen.torn_tails += u64::from(report.torn.is_some());
                engine
            }
            Err(OpenError::Failed(_)) if faulty => {
                self.seen.failed_starts += 1;
                return Ok(None);
            }
            Err(error) => return Err(format!("it does not start: {error}")),
        };
        engine.machine().check()?;
        let dump = engine.machine().dump();
        if !self.allowed.contains(&dump) {
            let allowed = self.allowed.join("or\n");
            return Err(format!("after the start:\n{dump}\nwhat was answered:\n{allowed}"));
        }
        self.allowed = vec![dump];
        Ok(Some(engine))
    }

    /// False when the process has to end.
    fn turn(&mut self, engine: &mut Embedded<Careless>, faulty: bool) -> Result<bool, String> {
        let mut out = Settled::default();
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(result) = engine.poll_turn(&mut cx, self.now(), &mut out) else {
            return Err("the engine is not ready".into());
        };
        let dump = engine.machine().dump();
        match result {
            Ok(()) => {
                self.seen.answered_turns += 1;
                self.allowed = vec![dump];
            }
            Err(_) if faulty => {
                self.seen.failed_turns += 1;
                self.allowed.push(dump);
                return if out.replies.is_empty() { Ok(false) } else { Err("it failed and answered".into()) };
            }
            Err(fatal) => return Err(fatal.to_string()),
        }
        for (ticket, reply) in out.replies {
            if let Reply::Job(job) = reply {
                self.seen.failures_shown += u64::from(job.failure.is_some());
                let jid = judge(&job.body, job.failure.as_ref().map(|failure| &failure.text))?;
                self.seen.handed_out += 1;
                self.in_hand.push((ConnId(ticket.0), jid, job.delivery));
            }
        }
        Ok(true)
    }

    pub(crate) fn now(&self) -> Now {
        let boot = Boot(self.micros);
        let wall = Wall(1_800_000_000_000_000 + self.micros as i64);
        Now { wall, boot, heard: boot, chance: self.micros }
    }

    fn connect(&mut self, engine: &mut Embedded<Careless>, conn: u64) {
        let wid = format!("worker-{conn}");
        let hello = Hello { wid: &wid, hostname: "host", pid: conn as i64, labels: &[], rss_kb: 0 };
        let worker = (conn < 3).then_some(hello);
        engine.submit(self.now(), Ticket(0), Command::Connect { conn: ConnId(conn), worker });
    }

    /// Somebody does something.
    fn act(&mut self, engine: &mut Embedded<Careless>) {
        let now = self.now();
        let conn = ConnId(1 + self.dice.below(3));
        let mut submit = |command| _ = engine.submit(now, Ticket(conn.0), command);
        match self.dice.below(24) {
            0..8 => self.push(engine),
            8..15 => {
                let wait = Duration::from_secs(10 * self.dice.below(2));
                submit(Command::Fetch { conn, queues: &QUEUES, wait });
            }
            15..18 => {
                if let Some((conn, jid, _)) = self.dice.pick(&self.in_hand) {
                    submit(Command::Ack { conn: *conn, jid });
                }
            }
            18..20 => {
                if let Some((conn, jid, _)) = self.dice.pick(&self.in_hand) {
                    submit(Command::Fail { conn: *conn, jid, text: &failure_text(jid) });
                }
            }
            20 => {
                if let Some((_, _, delivery)) = self.dice.pick(&self.in_hand) {
                    submit(Command::Undelivered { delivery: *delivery });
                }
            }
            21 => {
                submit(Command::Disconnect { conn });
                self.connect(engine, conn.0);
            }
            22 => submit(Command::Signal { wid: Some("worker-1"), stage: Stage::Running }),
            _ => self.operate(engine),
        }
    }

    fn push(&mut self, engine: &mut Embedded<Careless>) {
        let again = self.jobs > 0 && self.dice.one_in(6);
        let jobs: Vec<(String, Vec<u8>)> = (0..1 + self.dice.below(2))
            .map(|_| {
                let number = if again { self.dice.below(self.jobs) } else { self.jobs };
                self.jobs = self.jobs.max(number + 1);
                let jid = format!("job-{number:06}");
                let body = body(&jid);
                (jid, body)
            })
            .collect();
        let pushes: Vec<Push<'_>> = jobs
            .iter()
            .map(|(jid, body)| Push {
                jid,
                queue: QUEUES[self.dice.below(3) as usize],
                jobtype: ["Greet", "Add"][self.dice.below(2) as usize],
                retry: [25, 25, 1, 0, -1][self.dice.below(5) as usize],
                reserve_for: 60 + self.dice.below(60) as u32,
                on_lost: [None, Some(OnLost::Requeue), Some(OnLost::Wait), Some(OnLost::Dead)]
                    [self.dice.below(4) as usize],
                at: self.dice.one_in(5).then(|| self.now().wall.after(Duration::from_secs(30))),
                failure: None,
                sent: body,
                body,
            })
            .collect();
        let command = match &pushes[..] {
            [job] => Command::Push { job: *job },
            jobs => Command::PushBulk { jobs },
        };
        engine.submit(self.now(), Ticket(1), command);
    }

    fn operate(&mut self, engine: &mut Embedded<Careless>) {
        let set = [Set::Scheduled, Set::Retries, Set::Dead][self.dice.below(3) as usize];
        let query = Query::SetIds { set, below: JobId(u64::MAX), count: 3 };
        if let Answer::Ids { ids, .. } = engine.machine().answer(self.now(), &query) {
            self.known = ids;
        }
        let jobs = &self.known[..];
        let commands = [Command::Requeue { jobs }, Command::Delete { jobs }, Command::Kill { jobs }];
        engine.submit(self.now(), Ticket(1), commands[self.dice.below(3) as usize]);
    }

    /// Every text is still what it was.
    fn look_at_all(&mut self, engine: &mut Embedded<Careless>, faulty: bool) -> Checked {
        let page = Page { from: 0, count: 100 };
        let sets = [Set::Scheduled, Set::Retries, Set::Dead].map(|set| Query::Set { set, page });
        let queues = QUEUES.map(|name| Query::Queue { name: name.into(), page });
        let reader = engine.reader();
        for query in sets.into_iter().chain(queues).chain([Query::Working { page }]) {
            let mut cx = Context::from_waker(Waker::noop());
            let mut asked = Box::pin(reader.ask(query));
            if asked.as_mut().poll(&mut cx).is_ready() {
                return Err("an answer before the turn".into());
            }
            if !self.turn(engine, faulty)? {
                return Ok(());
            }
            if let Poll::Ready(Ok(Answer::Jobs(jobs))) = asked.as_mut().poll(&mut cx) {
                for JobView { body, failure, .. } in &jobs.jobs {
                    judge(body, failure.as_ref().map(|failure| &failure.text))?;
                }
            }
        }
        Ok(())
    }
}

/// A moment.
pub(crate) fn now_at(second: u64) -> Now {
    let boot = Boot(second * 1_000_000);
    Now { wall: Wall(1_800_000_000_000_000 + boot.0 as i64), boot, heard: boot, chance: second }
}

/// A plain job.
pub(crate) fn job<'a>(jid: &'a str, queue: &'a str) -> Push<'a> {
    Push {
        jid,
        queue,
        jobtype: "Greet",
        retry: 25,
        reserve_for: 1800,
        on_lost: None,
        at: None,
        failure: None,
        sent: jid.as_bytes(),
        body: br#"{"args":["Stuart, and others whom we greet today"]}"#,
    }
}

/// The one body that a job of this name has; a few are larger than any segment.
fn body(jid: &str) -> Vec<u8> {
    let number = jid.bytes().fold(7u64, |sum, byte| sum * 31 + u64::from(byte));
    let fill = if number.is_multiple_of(97) { 9000 } else { number % 700 };
    format!("{{\"jid\":\"{jid}\",\"fill\":\"{}\"}}", "abcdefg".repeat(fill as usize / 7)).into_bytes()
}

fn failure_text(jid: &str) -> Vec<u8> {
    format!("{{\"message\":\"{jid} went wrong\"}}").into_bytes()
}

/// The jid, if the texts are those of one job.
fn judge(body_text: &Text, failure: Option<&Text>) -> Result<String, String> {
    let text = String::from_utf8_lossy(body_text.bytes());
    let jid = text.split('"').nth(3).unwrap_or_default().to_owned();
    if body_text.bytes() != body(&jid) {
        return Err(format!("a job came back as {text}"));
    }
    if let Some(failure) = failure {
        // The machine has words of its own for a reservation that expired.
        let known = failure.bytes() == failure_text(&jid) || failure.bytes() == EXPIRED;
        if !known {
            return Err(format!("{jid} failed with {}", String::from_utf8_lossy(failure.bytes())));
        }
    }
    Ok(jid)
}
