//! Cron entries over crashes and restarts at every point, steps of the wall clock, and a log whose old part is dropped:
//! whatever happens, each tick is run once or skipped for a reason (rule E-50, G8).
//!
//! A history is made of commands, and the facts of each are one batch. A crash leaves some batches, all whole. Beside it
//! goes a second, simple model of the rules, which goes back as far as the log does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::command::{Asks, Command, ConnId, CronDeed, Push, Reply, Ticket};
use crate::cron::{CronEntry, Missed, jid, tests::entry};
use crate::edit::Edit;
use crate::fact::{Ending, Fact, Facts, Failure, Family, Head, JobId, Order, OwnTerms, Span, Standing};
use crate::limits::{CRON_GRACE, CRON_RUNS_MAX, RESERVE_MAX_S, Rules};
use crate::machine::{Machine, Settled};
use crate::query::{Answer, JobView, Place, Query};
use crate::time::{Boot, Now, Wall};

const START: Wall = Wall(1_700_000_000_000_000);
const SECOND: i64 = 1_000_000;
/// Batches that a crash may take.
const LAG: usize = 3;
const CONN: ConnId = ConnId(1);

/// A fact that outlives the command.
#[derive(Clone)]
enum Told {
    Put {
        id: JobId,
        order: Order,
        at: Option<Wall>,
        job: OwnJob,
        standing: Stands,
        body: Vec<u8>,
    },
    Set {
        id: JobId,
        order: Order,
        standing: Stands,
    },
    Fail {
        id: JobId,
        order: Order,
        at: Wall,
        counted: bool,
        failure: Failure<'static>,
        text: Vec<u8>,
        standing: Stands,
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
}

#[derive(Clone)]
struct OwnJob {
    jid: String,
    queue: String,
    retry: i16,
    hash: u64,
    terms: OwnTerms,
}

#[derive(Clone, Copy)]
enum Stands {
    Queued(Wall),
    Retrying(Wall),
    Dead(Wall),
    Working(Wall, Wall),
}

impl Stands {
    fn of(standing: Standing<'_>) -> Self {
        match standing {
            Standing::Queued { since } => Self::Queued(since),
            Standing::Retrying { at } => Self::Retrying(at),
            Standing::Dead { until } => Self::Dead(until),
            Standing::Working { since, until, .. } => Self::Working(since, until),
            other => panic!("nothing leads to {other:?}"),
        }
    }

    fn lend(self) -> Standing<'static> {
        match self {
            Self::Queued(since) => Standing::Queued { since },
            Self::Retrying(at) => Standing::Retrying { at },
            Self::Dead(until) => Standing::Dead { until },
            Self::Working(since, until) => Standing::Working { wid: "", since, until },
        }
    }
}

impl OwnJob {
    fn lend(&self) -> Head<'_> {
        Head {
            jid: &self.jid,
            queue: &self.queue,
            jobtype: "T",
            retry: self.retry,
            reserve_for: RESERVE_MAX_S,
            on_lost: None,
            terms: self.terms.terms(),
            body_hash: self.hash,
        }
    }
}

/// The log: batches, each with what one command told.
#[derive(Default)]
struct Log {
    batches: Vec<Vec<(Told, Span)>>,
    open: Vec<(Told, Span)>,
    written: u64,
}

impl Facts for Log {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        self.written += 1;
        let span = if fact.has_place() { Span { at: self.written, len: 1 } } else { Span::default() };
        let told = match *fact {
            Fact::Put { id, order, at, head, standing, body } => {
                let (jid, queue, terms) = (head.jid.into(), head.queue.into(), OwnTerms::of(&head.terms));
                let job = OwnJob { jid, queue, retry: head.retry, hash: head.body_hash, terms };
                Told::Put { id, order, at, job, standing: Stands::of(standing), body: body.into() }
            }
            Fact::Set { id, order, standing } => Told::Set { id, order, standing: Stands::of(standing) },
            Fact::Fail { id, order, at, counted, failure, standing } => {
                let (text, standing) = (failure.text.into(), Stands::of(standing));
                Told::Fail {
                    id,
                    order,
                    at,
                    counted,
                    failure: Failure { text: b"", ..failure },
                    text,
                    standing,
                }
            }
            Fact::End { id, at, why } => Told::End { id, at, why },
            Fact::Keep { family, key, value } => {
                Told::Keep { family, key: key.into(), value: value.map(Into::into) }
            }
            ref other => panic!("nothing leads to {other:?}"),
        };
        self.open.push((told, span));
        span
    }

    fn release(&mut self, _: Span) {}
}

impl Log {
    fn replay(&self, machine: &mut Machine) {
        for (told, span) in self.batches.iter().flatten() {
            let fact = match told {
                Told::Put { id, order, at, job, standing, body } => {
                    let (id, order, at, head, standing) = (*id, *order, *at, job.lend(), standing.lend());
                    Fact::Put { id, order, at, head, standing, body }
                }
                Told::Set { id, order, standing } => {
                    Fact::Set { id: *id, order: *order, standing: standing.lend() }
                }
                Told::Fail { id, order, at, counted, failure, text, standing } => {
                    let (id, order, at, counted) = (*id, *order, *at, *counted);
                    let (failure, standing) = (Failure { text, ..*failure }, standing.lend());
                    Fact::Fail { id, order, at, counted, failure, standing }
                }
                Told::End { id, at, why } => Fact::End { id: *id, at: *at, why: *why },
                Told::Keep { family, key, value } => {
                    Fact::Keep { family: *family, key, value: value.as_deref() }
                }
            };
            machine.replay(&fact, *span);
        }
    }
}

/// What the rules say of an entry.
#[derive(Clone, Debug, Default)]
struct Known {
    settled: Wall,
    paused: bool,
    off: bool,
    /// Tick, outcome, failures, how many.
    runs: Vec<(Wall, &'static str, u32, u32)>,
}

#[derive(Clone, Debug, Default)]
struct Model {
    known: BTreeMap<String, Known>,
    /// All jobs that were ever pushed.
    pushed: BTreeSet<String>,
    working: Vec<String>,
}

impl Model {
    fn due(&mut self, entries: &[CronEntry], now: Wall) -> Result<(), String> {
        for entry in entries {
            let id = entry.id.to_string();
            let known = self.known.entry(id.clone()).or_insert(Known { settled: now, ..Known::default() });
            if known.off && entry.enabled {
                known.settled = known.settled.max(now);
            }
            known.off = !entry.enabled;
            if known.off || known.paused {
                continue;
            }
            let mut ticks = ticks(entry, known.settled, now);
            while ticks.last().is_some_and(|tick| entry.runs_at(*tick) > now) {
                ticks.pop();
            }
            let Some(last) = ticks.last().copied() else { continue };
            let run = match entry.missed {
                Missed::All => ticks.len(),
                Missed::Once => 1,
                Missed::Skip => usize::from(now.since(entry.runs_at(last)) <= CRON_GRACE),
            };
            let (skipped, run) = ticks.split_at(ticks.len() - run);
            known.skip("missed", skipped);
            for tick in run {
                known.runs.push((*tick, "pushed", 0, 1));
                if !self.pushed.insert(jid(&id, *tick)) {
                    return Err(format!("{id} ticks twice at {}", tick.rfc3339()));
                }
            }
            known.settled = last;
        }
        Ok(())
    }

    /// What became of the job with this jid.
    fn tell(&mut self, jid_told: &str, tell: impl Fn(&mut (Wall, &'static str, u32, u32))) {
        for (id, known) in &mut self.known {
            let known_runs = known.runs.len();
            let remembered = known.runs.iter_mut().skip(known_runs.saturating_sub(CRON_RUNS_MAX));
            remembered.filter(|run| jid(id, run.0) == jid_told).for_each(&tell);
        }
    }
}

impl Known {
    fn skip(&mut self, why: &'static str, skipped: &[Wall]) {
        let Some(last) = skipped.last() else { return };
        let mut count = skipped.len() as u32;
        if let Some(before) = self.runs.pop_if(|before| before.1 == why) {
            count += before.3;
        }
        self.runs.push((*last, why, 0, count));
    }
}

fn ticks(entry: &CronEntry, after: Wall, until: Wall) -> Vec<Wall> {
    let next = |tick: &Wall| entry.next_after(*tick);
    std::iter::successors(entry.next_after(after), next).take_while(|tick| *tick <= until).collect()
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % most
    }
}

struct World {
    dice: Dice,
    rules: Rules,
    machine: Machine,
    log: Log,
    /// How many batches are on the disk for sure.
    durable: usize,
    now: Now,
    model: Model,
    /// As it was after each batch.
    before: Vec<Model>,
}

fn entries() -> Vec<CronEntry> {
    let mut entries = vec![
        entry("all", &["schedule=@every_10s", "missed=all", "retry=1"]),
        entry("once", &["schedule=@every_15s", "missed=once", "jitter=7"]),
        entry("paris", &["schedule=*/2_*_*_*_*", "missed=all", "tz=Europe/Paris", "retry=-1"]),
        entry("skip", &["schedule=*_*_*_*_*", "missed=skip", "retry=0"]),
    ];
    // No reservation expires: that would be a failure of which the model knows nothing.
    entries.iter_mut().for_each(|entry| entry.job.reserve_for = RESERVE_MAX_S);
    entries
}

fn machine(rules: &Rules) -> Machine {
    Machine::new(rules.clone(), [3, 5])
}

impl World {
    fn new(seed: u64) -> Self {
        let rules = Rules { cron: entries().into(), ..Rules::default() };
        let now = Now { wall: START, boot: Boot(1 << 40), heard: Boot(1 << 40), chance: seed };
        let mut machine = machine(&rules);
        machine.recovered(now);
        let (log, model, before) = (Log::default(), Model::default(), vec![Model::default()]);
        Self { dice: Dice(seed), rules, machine, log, durable: 0, now, model, before }
    }

    /// A command and its batch; `tell` has told the model.
    fn apply(&mut self, command: Command<'_>) -> Result<Option<Reply>, String> {
        let mut out = Settled::default();
        self.machine.apply(self.now, Ticket(1), command, &mut self.log, &mut out);
        let batch = std::mem::take(&mut self.log.open);
        let put = batch.iter().filter_map(|(told, _)| match told {
            Told::Put { job, at: Some(_), .. } => Some(job.jid.clone()),
            _ => None,
        });
        let put: BTreeSet<String> = put.collect();
        let last = self.before.last().map(|model| &model.pushed);
        let due: BTreeSet<String> = match last {
            Some(before) => self.model.pushed.difference(before).cloned().collect(),
            None => BTreeSet::new(),
        };
        if put != due {
            return Err(format!("pushed {put:?}, and due were {due:?}"));
        }
        self.log.batches.push(batch);
        self.before.push(self.model.clone());
        self.durable = self.durable.max(self.log.batches.len().saturating_sub(LAG));
        self.machine.check()?;
        Ok(out.replies.pop().map(|(_, reply)| reply))
    }

    fn due(&mut self) -> Result<(), String> {
        for round in 0.. {
            if round > 20 {
                return Err("what is due does not end".into());
            }
            self.model.due(&self.rules.cron.clone(), self.now.wall)?;
            self.apply(Command::Due)?;
            if self.machine.next_due(self.now).is_none_or(|at| at > self.now.boot) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Time passes, and what is due is done in time.
    fn pass(&mut self, seconds: u64) -> Result<(), String> {
        let end = self.now.boot.after(Duration::from_secs(seconds));
        while let Some(at) = self.machine.next_due(self.now).filter(|at| *at <= end) {
            self.advance(at.since(self.now.boot));
            self.due()?;
        }
        self.advance(end.since(self.now.boot));
        Ok(())
    }

    fn advance(&mut self, by: Duration) {
        self.now.boot = self.now.boot.after(by);
        (self.now.heard, self.now.wall) = (self.now.boot, self.now.wall.after(by));
    }

    /// The process ends at once, with any batches that are not on the disk, and another begins later.
    fn crash(&mut self) -> Result<(), String> {
        let kept =
            self.durable + self.dice.below((self.log.batches.len() - self.durable + 1) as u64) as usize;
        self.log.batches.truncate(kept);
        self.before.truncate(kept + 1);
        self.durable = kept;
        self.model = self.before.last().expect("a model").clone();
        self.machine = machine(&self.rules);
        self.log.replay(&mut self.machine);
        let down = self.dice.below(120);
        self.advance(Duration::from_secs(down));
        self.machine.recovered(self.now);
        self.due()
    }

    /// All that lives is told again, and what told it before is dropped.
    fn clean(&mut self) -> Result<(), String> {
        let told: Vec<Told> = self.log.batches.iter().flatten().map(|(told, _)| told.clone()).collect();
        let mut again: BTreeMap<JobId, (OwnJob, Vec<u8>)> = BTreeMap::new();
        for told in &told {
            if let Told::Put { id, job, body, .. } = told {
                again.insert(*id, (job.clone(), body.clone()));
            }
        }
        self.machine.restate(&mut self.log);
        for (id, (job, body)) in &again {
            self.machine.retell(*id, job.lend(), body, b"{}", &mut self.log);
        }
        let keys: Vec<(Family, Vec<u8>)> =
            self.machine.kept().map(|(family, key, _)| (family, key.to_vec())).collect();
        for (family, key) in keys {
            self.machine.retell_record(family, &key, &mut self.log);
        }
        self.log.batches = vec![std::mem::take(&mut self.log.open)];
        self.before = vec![self.model.clone(), self.model.clone()];
        self.durable = 1;
        self.machine.check()
    }

    fn work(&mut self) -> Result<(), String> {
        let working = self.model.working.clone();
        if working.is_empty() || self.dice.below(2) == 0 {
            let (queues, wait) = (&["default"][..], Duration::ZERO);
            let mut out = Settled::default();
            let fetch = Command::Fetch { conn: CONN, queues, wait };
            self.machine.apply(self.now, Ticket(1), fetch, &mut self.log, &mut out);
            let batch = std::mem::take(&mut self.log.open);
            let ids = batch.iter().filter_map(|(told, _)| match told {
                Told::Set { id, standing: Stands::Working(..), .. } => Some(*id),
                _ => None,
            });
            let jids: Vec<String> = ids.map(|id| self.jid_of(id)).collect();
            self.model.working.extend(jids);
            self.log.batches.push(batch);
            self.before.push(self.model.clone());
            self.durable = self.durable.max(self.log.batches.len().saturating_sub(LAG));
            return self.machine.check();
        }
        let jid = working[self.dice.below(working.len() as u64) as usize].clone();
        self.model.working.retain(|other| *other != jid);
        let at_once = if jid.starts_with("skip") { Some("discarded") } else { None };
        let fails = self.dice.below(3) == 0;
        let dies = jid.starts_with("paris") || jid.starts_with("all") && self.fails_of(&jid) > 0;
        self.model.tell(&jid, |run| {
            run.2 += u32::from(fails);
            run.1 = match fails {
                false => "done",
                true if dies => "died",
                true => at_once.unwrap_or("pushed"),
            };
        });
        let reply = match fails {
            false => self.apply(Command::Ack { conn: CONN, jid: &jid, lease: None })?,
            true => self.apply(Command::Fail { conn: CONN, jid: &jid, text: b"{}", lease: None })?,
        };
        if reply == Some(Reply::Done) { Ok(()) } else { Err(format!("{jid}: {reply:?}")) }
    }

    fn jid_of(&self, id: JobId) -> String {
        let mut put = self.log.batches.iter().flatten().filter_map(|(told, _)| match told {
            Told::Put { id: other, job, .. } if *other == id => Some(job.jid.clone()),
            _ => None,
        });
        put.next_back().expect("it was put")
    }

    fn fails_of(&self, jid_told: &str) -> u32 {
        let runs =
            self.model.known.iter().flat_map(|(id, known)| known.runs.iter().map(move |run| (id, run)));
        runs.filter(|(id, run)| jid(id, run.0) == jid_told).map(|(_, run)| run.2).max().unwrap_or(0)
    }

    fn operate(&mut self) -> Result<(), String> {
        // As a server does first.
        self.due()?;
        let entries = self.rules.cron.clone();
        let entry = &entries[self.dice.below(entries.len() as u64) as usize];
        let (id, now) = (entry.id.to_string(), self.now.wall);
        let known = self.model.known.get_mut(&id).expect("it is known");
        let deed = CronDeed::ALL[self.dice.below(3) as usize];
        match deed {
            CronDeed::Run => {
                let before = known.runs.iter().rev().take(CRON_RUNS_MAX).map(|run| run.0.0);
                let before = before.filter(|at| at % SECOND != 0).max().unwrap_or(0);
                let mut at = now.0.max(before + 1);
                at += i64::from(at % SECOND == 0);
                known.runs.push((Wall(at), "pushed", 0, 1));
                self.model.pushed.insert(jid(&id, Wall(at)));
            }
            CronDeed::Pause => known.paused = true,
            CronDeed::Resume if known.paused => {
                let skipped = ticks(entry, known.settled, now);
                known.skip("paused", &skipped);
                (known.paused, known.settled) = (false, known.settled.max(now));
            }
            CronDeed::Resume => {}
        }
        self.apply(Command::Cron { id: &id, deed })?;
        Ok(())
    }

    /// A job that nobody works on becomes another one, perhaps at once: it is the same run's.
    fn edit(&mut self) -> Result<(), String> {
        let pushed: Vec<String> = self.model.pushed.iter().rev().take(20).cloned().collect();
        if pushed.is_empty() {
            return Ok(());
        }
        let (jid, enqueue) =
            (&pushed[self.dice.below(pushed.len() as u64) as usize], self.dice.below(2) == 0);
        let Answer::Jobs(seen) = self.machine.answer(self.now, &Query::Jid { jid: jid.clone() }) else {
            return Err("no jobs".into());
        };
        let free = |view: &&JobView| !matches!(view.place, Place::Working { .. });
        let Some(view) = seen.jobs.iter().find(free) else { return Ok(()) };
        let failure = view.failure.as_ref().map(|failure| Failure {
            retry_count: failure.retry_count,
            remaining: failure.remaining,
            failed_at: failure.failed_at,
            next_at: failure.next_at,
            text: b"f",
        });
        let entries = self.rules.cron.clone();
        let entry = entries.iter().find(|entry| jid.starts_with(&*entry.id)).expect("its entry");
        let push = entry.job.push(&entry.id, jid, "edited", self.now.wall);
        if enqueue && matches!(view.place, Place::Dead { .. }) {
            // It is not dead any more.
            self.model.tell(jid, |run| run.1 = "pushed");
        }
        let job = Push { asks: Asks::default(), ..push };
        let reply = self.apply(Command::Replace { edit: Edit { id: view.id, job, failure, enqueue } })?;
        if reply == Some(Reply::Count(1)) { Ok(()) } else { Err(format!("{jid}: {reply:?}")) }
    }

    fn reload(&mut self) -> Result<(), String> {
        let mut entries = self.rules.cron.to_vec();
        let place = self.dice.below(entries.len() as u64) as usize;
        entries[place].enabled = !entries[place].enabled;
        self.rules.cron = entries.into();
        self.machine.change_rules(self.rules.clone());
        self.due()
    }

    fn step(&mut self) -> Result<(), String> {
        match self.dice.below(20) {
            0..5 => {
                let seconds = self.dice.below(40);
                self.pass(seconds)
            }
            5..12 => self.work(),
            12 => {
                // A stall, or a clock that is put forward.
                let seconds = self.dice.below(200);
                self.advance(Duration::from_secs(seconds));
                self.due()
            }
            13 => {
                self.now.wall = Wall(self.now.wall.0 - self.dice.below(90) as i64 * SECOND);
                self.due()
            }
            14..16 => self.operate(),
            16 => self.reload(),
            17 => self.clean(),
            18 => self.edit(),
            _ => self.crash(),
        }
    }

    /// What operators see is what the model says.
    fn compare(&self) -> Result<(), String> {
        for (id, known) in &self.model.known {
            let query = Query::Cron { id: Some(id.clone()) };
            let Answer::Cron(views) = self.machine.answer(self.now, &query) else {
                return Err("no view".into());
            };
            let view = &views[0];
            let shown = view.runs.iter().map(|run| (run.tick, run.ran.as_str(), run.fails, run.ticks));
            let expected = known.runs.iter().rev().take(CRON_RUNS_MAX).copied();
            if !shown.clone().eq(expected.clone()) || view.paused != known.paused {
                let first =
                    shown.clone().zip(expected.clone()).enumerate().find(|(_, (one, other))| one != other);
                let (shown, expected) = (shown.count(), expected.count());
                return Err(format!(
                    "{id}: of {shown} and {expected} runs the first that differ are {first:?}"
                ));
            }
        }
        Ok(())
    }
}

#[test]
fn over_crashes_and_steps_of_clocks_no_tick_is_lost_or_doubled() {
    // `BESSEMER_SEED=7 BESSEMER_HISTORIES=1` plays one again.
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let (first, count) = (number("BESSEMER_SEED").unwrap_or(0), number("BESSEMER_HISTORIES").unwrap_or(300));
    for seed in first..first + count {
        let mut world = World::new(seed);
        let steps = 20 + seed % 60;
        for step in 0..steps {
            if let Err(broken) = world.step().and_then(|()| world.compare()) {
                panic!("history {seed}, step {step}: {broken}");
            }
        }
    }
}
