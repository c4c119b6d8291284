//! Random histories: workers, producers and operators on an engine whose process dies again and again.
//!
//! What must hold after each death: the machine is as it was after the last turn that answered, or as that turn left
//! it that was under way; nothing else. What a start believed must be there after the next one too. And every text
//! that is handed out or shown is the one that was pushed: `texts.rs` looks at them.

use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bessemer_core::command::{Asks, ConnId, Delivery, Hello, Push, Record, Stage};
use bessemer_core::fact::{Cleared, Family, OnLost};
use bessemer_core::limits::SLICE_MAX;
use bessemer_core::query::Durability;
use bessemer_core::{Boot, Command, JobId, Machine, Now, Reply, Rules, Settled, Ticket, Wall};
use bessemer_store::embedded::disk::{Disk, SimDisk};
use bessemer_store::{Embedded, Engine, OpenError, Options, WaterMarks};

use crate::backup::Vault;
use crate::careless::{Aim, Careless, Lapse};
use crate::dice::Dice;
use crate::seen::{Phase, Seen};
use crate::texts::{body, failure_text, judge};

pub(crate) const ENTROPY: [u8; 16] = *b"sixteen bytes id";

/// Workers fetch from all but the last: what waits there is in the way of whoever wants to give up a segment.
pub(crate) const QUEUES: [&str; 4] = ["critical", "default", "bulk", "kept"];

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
    Stop(Aim),
    /// The machine stops after so many turns of cleaning, in the next one as far as that can be foreseen.
    StopCleaning(u64),
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
    /// Segments have one size all the time.
    pub(crate) keeps_size: bool,
    /// When each of these was answered, in relaxed mode.
    answered: Vec<u64>,
    /// Since the last start that did not fail.
    power_failed: bool,
    /// Whether some lives are in relaxed mode.
    pub(crate) relaxed: bool,
    /// Whether jobs are pushed that no worker asks for.
    pins: bool,
    jobs: u64,
    records: u64,
    pub(crate) in_hand: Vec<(ConnId, String, Delivery)>,
    known: Vec<JobId>,
    /// The last turn told old jobs again.
    cleaning: bool,
    /// Until the machine stops.
    turns_to_clean: Option<u64>,
    /// A batch was under way when the process ended.
    may_be_torn: bool,
    /// Starts in a row that a fault ended.
    failed_starts: u64,
    pub(crate) vault: Vault,
    /// What happened so far, to see that a history is worth its time.
    pub(crate) seen: Seen,
}

pub(crate) type Checked = Result<(), String>;

impl World {
    pub(crate) fn new(seed: u64, lapse: Option<Lapse>) -> Self {
        let mut dice = Dice(seed);
        let options = Options {
            rules: Rules { dead_max: 5, repush_window: Duration::from_secs(10), ..Rules::default() },
            segment_bytes: 1024 << dice.below(3),
            tail_bytes: 2048 * dice.below(3) as usize,
            // Nobody is refused: the disk runs full in earnest.
            marks: WaterMarks { low: 0, high: 1 },
            ..Options::default()
        };
        let empty = Machine::new(options.rules.clone(), [0, 0]).dump();
        Self {
            disk: Careless::new(SimDisk::new(seed), lapse),
            keeps_size: false,
            relaxed: seed % 3 == 1,
            pins: dice.one_in(2),
            dice,
            options,
            micros: 1_000_000,
            allowed: vec![empty],
            answered: vec![0],
            power_failed: false,
            jobs: 0,
            records: 0,
            in_hand: Vec::new(),
            known: Vec::new(),
            cleaning: false,
            turns_to_clean: None,
            may_be_torn: false,
            failed_starts: 0,
            vault: Vault::new(seed),
            seen: Seen::default(),
        }
    }

    /// A world that begins with this store.
    pub(crate) fn on(disk: SimDisk, options: Options, dump: &str) -> Self {
        Self { disk: Careless::new(disk, None), options, allowed: vec![dump.into()], ..Self::new(0, None) }
    }

    /// One life of the process, until a fault ends it or `turns` are over, and its death.
    pub(crate) fn life(&mut self, turns: u64, fault: Fault, death: Death) -> Checked {
        // Also an operator's change of mind must not matter.
        if !self.keeps_size && self.dice.one_in(4) {
            self.options.segment_bytes = 1024 << self.dice.below(4);
            self.seen.note("a change of the size of segments");
        }
        let relaxed = self.relaxed && self.dice.one_in(2);
        self.options.durability = if relaxed { Durability::Relaxed } else { Durability::Strict };
        let sim = &self.disk.disk;
        match fault {
            Fault::None => {}
            Fault::Stop(aim) => self.disk.stop_at(aim),
            Fault::StopCleaning(turns) => self.turns_to_clean = Some(turns),
            Fault::Fail(calls) => sim.fail_after(calls),
            Fault::Space(bytes) => sim.set_space(Some(sim.used() + bytes)),
        }
        let outcome = self.live(turns, fault != Fault::None);
        self.die(death);
        outcome
    }

    fn die(&mut self, death: Death) {
        self.turns_to_clean = None;
        self.seen.add("a segment recycled", self.disk.recycled());
        self.power_failed |= death == Death::PowerLoss;
        let sim = &self.disk.disk;
        sim.set_space(None);
        let next = match death {
            Death::Killed => sim.crash(),
            Death::PowerLoss => {
                self.seen.note(match self.disk.interrupted() {
                    Some(Phase::Recovery) if self.failed_starts > 1 => {
                        "a power loss in the recovery of a recovery"
                    }
                    Some(Phase::Commit | Phase::Roll) if self.cleaning => "a power loss in a cleaning",
                    Some(phase) => phase.power_loss(),
                    None => "a power loss at rest",
                });
                sim.power_loss()
            }
        };
        self.disk = Careless::new(next, self.disk.lapse);
    }

    /// The last life of a history: all that there is can be had, and then there is nothing.
    pub(crate) fn last_life(&mut self) -> Checked {
        let mut engine = self.open(false)?.expect("nothing fails");
        for conn in 1..=3 {
            self.connect(&mut engine, conn);
        }
        self.drain(&mut engine)?;
        self.seen.note("a store drained to its last job");
        // After this also relaxed mode has lost nothing.
        engine.close().map_err(|fatal| fatal.to_string())?;
        drop(engine);
        self.die(Death::PowerLoss);
        let engine = self.open(false)?.expect("nothing fails");
        if engine.machine().job_ids().next().is_none() { Ok(()) } else { Err("a job came back".into()) }
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
                _ if self.options.durability == Durability::Relaxed => self.dice.below(40_000),
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
            if self.dice.one_in(80) {
                self.back_up(&engine, faulty)?;
            }
        }
        if self.dice.one_in(4) {
            self.look_at_all(&mut engine, faulty)?;
        }
        Ok(())
    }

    pub(crate) fn open(&mut self, faulty: bool) -> Result<Option<Embedded<Careless>>, String> {
        self.disk.opening.store(true, Ordering::Relaxed);
        let opened = Embedded::open(self.disk.clone(), self.options.clone(), self.now(), ENTROPY);
        self.disk.opening.store(false, Ordering::Relaxed);
        let engine = match opened {
            Ok((engine, report)) => {
                self.seen.note("a start");
                self.seen.add("a torn tail", u64::from(report.torn.is_some()));
                if let Some(torn) = report.torn.filter(|_| !self.may_be_torn) {
                    return Err(format!("nothing was under way, and it cut {torn:?}"));
                }
                self.may_be_torn = false;
                self.failed_starts = 0;
                engine
            }
            Err(OpenError::Failed(_)) if faulty => {
                self.seen.note("a failed start");
                self.failed_starts += 1;
                if self.failed_starts == 5 {
                    self.seen.note("five starts in a row that failed");
                }
                return Ok(None);
            }
            Err(error) => return Err(format!("it does not start: {error}")),
        };
        engine.machine().check()?;
        let dump = engine.machine().dump();
        // What a killed process has written is there.
        if !std::mem::take(&mut self.power_failed) {
            self.forget_before(u64::MAX);
        }
        if !self.allowed.contains(&dump) {
            let differences: Vec<String> =
                self.allowed.iter().map(|allowed| difference(allowed, &dump)).collect();
            return Err(format!("a start has made of what was answered:\n{}", differences.join("or\n")));
        }
        let at = self.allowed.iter().rposition(|allowed| *allowed == dump).unwrap_or(0);
        self.seen.add("an answer lost in relaxed mode", u64::from(at + 1 < self.answered.len()));
        (self.allowed, self.answered) = (vec![dump], vec![self.micros]);
        Ok(Some(engine))
    }

    /// A turn was answered, and the machine is like this now.
    fn answered(&mut self, dump: String) {
        self.seen.note("an answered turn");
        self.allowed.push(dump);
        self.answered.push(self.micros);
        let relaxed = self.options.durability == Durability::Relaxed;
        // The write is answered, and its flush under way.
        self.may_be_torn |= relaxed;
        self.forget_before(self.micros - if relaxed { 100_000 } else { 0 });
    }

    /// What was answered before this moment is not lost, nor is what is answered later.
    fn forget_before(&mut self, moment: u64) {
        let kept = self.answered.iter().rposition(|at| *at <= moment).unwrap_or(0);
        self.allowed.drain(..kept);
        self.answered.drain(..kept);
    }

    /// False when the process has to end.
    pub(crate) fn turn(&mut self, engine: &mut Embedded<Careless>, faulty: bool) -> Result<bool, String> {
        let mut out = Settled::default();
        let mut cx = Context::from_waker(Waker::noop());
        let (cleaned, told) = (engine.cleaning_turns(), engine.records_told_again());
        let result = loop {
            if let Poll::Ready(result) = engine.poll_turn(&mut cx, self.now(), &mut out) {
                break result;
            }
            if !self.waits_for_room(engine)? {
                return Ok(false);
            }
        };
        self.cleaning = engine.cleaning_turns() > cleaned;
        if self.cleaning
            && let Some(turns) = &mut self.turns_to_clean
        {
            *turns = turns.saturating_sub(1);
            if *turns == 0 {
                self.turns_to_clean = None;
                self.disk.stop_at(Aim { phase: None, calls: self.dice.below(4) });
            }
        }
        self.seen.add("a turn of cleaning", u64::from(self.cleaning));
        self.seen.add("a record told again", engine.records_told_again() - told);
        let dump = engine.machine().dump();
        match result {
            Ok(()) => self.answered(dump),
            Err(_) if faulty => {
                self.seen.note("a failed turn");
                self.may_be_torn = true;
                self.allowed.push(dump);
                return if out.replies.is_empty() { Ok(false) } else { Err("it failed and answered".into()) };
            }
            Err(fatal) => return Err(fatal.to_string()),
        }
        for (ticket, reply) in out.replies {
            if let Reply::Job(job) = reply {
                self.seen.add("a failure shown", u64::from(job.failure.is_some()));
                let jid = judge(&job.body, job.failure.as_ref().map(|failure| &failure.text))?;
                self.seen.note("a job handed out");
                self.in_hand.push((ConnId(ticket.0), jid, job.delivery));
            }
        }
        Ok(true)
    }

    /// A turn found no room on the disk. False: the process dies while it waits.
    fn waits_for_room(&mut self, engine: &Embedded<Careless>) -> Result<bool, String> {
        self.seen.note("a turn without room");
        if self.disk.disk.free().is_ok_and(|free| free == u64::MAX) {
            return Err("it waits, and there is room".into());
        }
        if engine.room() > 0 || !engine.condition().disk_full {
            return Err("it finds no room, and takes more".into());
        }
        self.micros += 300_000;
        match self.dice.below(8) {
            0..3 => self.disk.disk.set_space(None),
            3 => {
                self.may_be_torn = true;
                self.allowed.push(engine.machine().dump());
                return Ok(false);
            }
            _ => {}
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
        match self.dice.below(36) {
            0..6 => self.push(engine),
            6..15 => {
                let wait = Duration::from_secs(10 * self.dice.below(2));
                submit(Command::Fetch { conn, queues: &QUEUES[..3], wait });
            }
            // Some end twice.
            15..24 if !self.in_hand.is_empty() => {
                let at = self.dice.below(self.in_hand.len() as u64) as usize;
                submit(Command::Ack { conn: self.in_hand[at].0, jid: &self.in_hand[at].1, lease: None });
                if !self.dice.one_in(8) {
                    self.in_hand.swap_remove(at);
                }
            }
            15..24 => {}
            24..26 => {
                if let Some((conn, jid, _)) = self.dice.pick(&self.in_hand) {
                    submit(Command::Fail { conn: *conn, jid, text: &failure_text(jid), lease: None });
                }
            }
            26 => {
                if let Some((_, _, delivery)) = self.dice.pick(&self.in_hand) {
                    submit(Command::Undelivered { delivery: *delivery });
                }
            }
            27 => {
                submit(Command::Disconnect { conn });
                self.connect(engine, conn.0);
            }
            28 => submit(Command::Signal { wid: Some("worker-1"), stage: Stage::Running }),
            29..33 => self.operate(engine),
            _ => self.keep(engine),
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
                queue: QUEUES[self.dice.below(if self.pins { 9 } else { 3 }) as usize % 4],
                jobtype: ["Greet", "Add"][self.dice.below(2) as usize],
                retry: [25, 25, 1, 0, -1][self.dice.below(5) as usize],
                reserve_for: 60 + self.dice.below(60) as u32,
                on_lost: [None, Some(OnLost::Requeue), Some(OnLost::Wait), Some(OnLost::Dead)]
                    [self.dice.below(4) as usize],
                asks: Asks { tracked: self.dice.one_in(4), ..Asks::default() },
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

    /// Small records are put, replaced and removed, now and then with all else that there is.
    fn keep(&mut self, engine: &mut Embedded<Careless>) {
        if self.dice.one_in(40) {
            engine.submit(self.now(), Ticket(1), Command::Clear { what: Cleared::Everything });
            self.seen.note("everything cleared");
            return;
        }
        let records: Vec<Record> = (0..=self.dice.below(2)).map(|_| self.record()).collect();
        for Record { family, key, value } in &records {
            let is_there = engine.machine().kept().any(|(f, k, _)| (f, k) == (*family, &key[..]));
            self.seen.add("a record replaced or removed", u64::from(is_there));
            self.seen.add("a record put", u64::from(value.is_some()));
        }
        engine.submit(self.now(), Ticket(1), Command::Keep { records: &records });
    }

    /// One of few keys, so that many are met again, and a value that no other has.
    fn record(&mut self) -> Record {
        self.records += 1;
        let fill = if self.dice.one_in(60) { 9000 } else { self.dice.below(200) };
        let value = format!("{}:{}", self.records, "v".repeat(fill as usize)).into_bytes();
        let key = format!("key-{}", self.dice.below(6)).into_bytes();
        let family = Family::KEPT[self.dice.below(4) as usize];
        Record { family, key, value: (!self.dice.one_in(3)).then_some(value) }
    }

    fn operate(&mut self, engine: &mut Embedded<Careless>) {
        let all: Vec<JobId> = engine.machine().job_ids().collect();
        self.known = (0..3).filter_map(|_| self.dice.pick(&all).copied()).collect();
        let jobs = &self.known[..];
        let commands = [
            Command::Requeue { jobs },
            Command::Delete { jobs },
            Command::Kill { jobs },
            Command::Discard { jobs },
            Command::Discard { jobs },
            Command::Restore { jobs },
            Command::Restore { jobs: &all[..all.len().min(SLICE_MAX)] },
            Command::Release { jobs },
            Command::Move { jobs, queue: QUEUES[self.dice.below(4) as usize] },
        ];
        engine.submit(self.now(), Ticket(1), commands[self.dice.below(commands.len() as u64) as usize]);
    }
}

/// The lines that one of them lacks.
fn difference(before: &str, after: &str) -> String {
    let lack = |sign, one: &str, other: &str| -> String {
        let lines = one.lines().filter(|line| !other.contains(line));
        lines.map(|line| format!("{sign} {line}\n")).collect()
    };
    lack('-', before, after) + &lack('+', after, before)
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
        asks: Asks::default(),
        at: None,
        failure: None,
        sent: jid.as_bytes(),
        body: br#"{"args":["Stuart, and others whom we greet today"]}"#,
    }
}
