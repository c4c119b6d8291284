//! Histories by chance, with crashes: no slot leaks, none is taken twice, nobody waits for what he may have, and no rate is
//! exceeded, over limits that change and restarts at every point (rule `E-60`).
//!
//! Beside the machine stands a second, simple reading of the rules (`model.rs`). A log (`log.rs`) of whole batches, one for
//! each command, is cut anywhere and replayed; now and then all that lives is told again and the log before is dropped.
//!
//! `BESSEMER_HISTORIES=100000 cargo test --release -p bessemer-core histories` plays more, `BESSEMER_FIRST` others.

mod log;
mod model;

use std::time::Duration;

use self::log::{Kept, Log, name};
use self::model::{Model, Place};
use crate::command::{Asks, Command, ConnId, Delivery, Hello, Push, QueueDeed, Reply, ThrottleDeed, Ticket};
use crate::edit::Edit;
use crate::fact::{Cleared, Fact, Failure, Family, JobId, Standing};
use crate::limits::Rules;
use crate::machine::scenario::limit;
use crate::machine::{Machine, Settled};
use crate::query::{Answer, Query};
use crate::throttle::Throttle;
use crate::time::{Boot, Now, Wall};

const QUEUES: [&str; 3] = ["a", "b", "c"];
const WIDS: [&str; 3] = ["w1", "w2", ""];
const STEPS: usize = 60;
const LIMITS: [&str; 8] = [
    "",
    "concurrency=1",
    "concurrency=2 worker=1",
    "worker=1",
    "worker=2",
    "rate=1 per=4 burst=2",
    "rate=2 per=1 burst=1",
    "rate=1 per=2 burst=3 concurrency=2 worker=1",
];

/// Random bits (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn limit(&mut self) -> Throttle {
        limit(&self.pick(&LIMITS).split(' ').collect::<Vec<_>>())
    }
}

struct World {
    chance: Chance,
    rules: Rules,
    machine: Machine,
    log: Log,
    model: Model,
    now: Now,
    tickets: u64,
    jids: u64,
    delivery: Option<Delivery>,
    /// What the machine looked like after each batch, by the command that it was.
    dumps: Vec<(u64, String)>,
}

impl World {
    fn new(seed: u64) -> Self {
        let rules = Rules {
            lost_worker_grace: Duration::from_secs(5),
            restart_grace: Duration::from_secs(2),
            max_lost_workers: 1_000,
            ..Rules::default()
        };
        let now = Now { wall: Wall(1_700_000_000_000_000), boot: Boot(7_000_000), ..Now::default() };
        let mut world = Self {
            chance: Chance(seed),
            machine: Machine::new(rules.clone(), [1, 2]),
            rules,
            log: Log::default(),
            model: Model::default(),
            now: Now { heard: now.boot, ..now },
            tickets: 0,
            jids: 0,
            delivery: None,
            dumps: Vec::new(),
        };
        world.configure(|chance, rules| {
            for queue in QUEUES {
                rules.throttles.insert(queue.into(), chance.limit());
            }
        });
        world.machine = Machine::new(world.rules.clone(), [1, 2]);
        world.machine.recovered(world.now);
        world.connect();
        world
    }

    /// The files say something else.
    fn configure(&mut self, change: impl FnOnce(&mut Chance, &mut Rules)) {
        // The machine is told the time by commands alone.
        self.apply(Command::Due);
        change(&mut self.chance, &mut self.rules);
        self.model.configured =
            self.rules.throttles.iter().map(|(queue, throttle)| (name(queue), *throttle)).collect();
        self.machine.change_rules(self.rules.clone());
        QUEUES.iter().for_each(|queue| self.model.settle_rate(queue, self.now.boot));
    }

    /// Everybody says hello; connection n is of `WIDS[n % 3]`.
    fn connect(&mut self) {
        for n in 0..6 {
            self.hello(n);
        }
    }

    fn hello(&mut self, conn: u64) {
        let wid = WIDS[conn as usize % WIDS.len()];
        let worker =
            (!wid.is_empty()).then_some(Hello { wid, hostname: "h", pid: 1, labels: &[], rss_kb: 0 });
        self.apply(Command::Connect { conn: ConnId(conn), worker });
    }

    fn apply(&mut self, command: Command<'_>) {
        self.answer(command);
    }

    /// Applies a command, which is a batch, and judges it.
    fn answer(&mut self, command: Command<'_>) -> Vec<Reply> {
        self.tickets += 1;
        self.log.batches.push(Vec::new());
        let mut out = Settled::default();
        let ticket = Ticket(self.tickets);
        self.machine.apply(self.now, ticket, command, &mut self.log, &mut out);
        if let Command::Fetch { conn, queues, .. } = command {
            let queues = queues.iter().map(|queue| name(queue)).collect();
            self.model.waiting.push((ticket.0, WIDS[conn.0 as usize % WIDS.len()], queues));
        }
        if let Command::Disconnect { conn } = command {
            let wid = WIDS[conn.0 as usize % WIDS.len()];
            assert!(self.model.waiting.iter().all(|(_, of, _)| *of != wid), "who waits does not leave here");
        }
        let batch = self.log.batches.last().expect("a batch").clone();
        let before = self.model.waiting.clone();
        self.model.waiting.retain(|(waiting, ..)| out.replies.iter().all(|(ticket, _)| ticket.0 != *waiting));
        self.model.read(batch.iter());
        QUEUES.iter().for_each(|queue| self.model.settle_rate(queue, self.now.boot));
        for (_, reply) in &out.replies {
            if let Reply::Job(job) = reply {
                self.delivery = Some(job.delivery);
            }
        }
        if matches!(command, Command::Undelivered { .. }) {
            self.model.give_back(&batch, self.now.boot);
        }
        let is_due = matches!(command, Command::Due);
        let judged = self
            .model
            .judge(&batch, ticket.0, self.now.boot)
            .and_then(|()| self.model.judge_waits(self.now.boot))
            .and_then(|()| if is_due { Ok(()) } else { self.judge_turns(&before, &batch, &out) })
            .and_then(|()| self.machine.check());
        if let Err(broken) = judged {
            panic!("{command:?}: {broken}");
        }
        self.dumps.push((ticket.0, self.machine.dump()));
        out.replies.into_iter().map(|(_, reply)| reply).collect()
    }

    /// Who got a job had waited longest of those who might have had it.
    fn judge_turns(
        &self,
        before: &[(u64, &'static str, Vec<&'static str>)],
        batch: &[Kept],
        out: &Settled,
    ) -> Result<(), String> {
        let served = out.replies.iter().filter(|(_, reply)| matches!(reply, Reply::Job(_)));
        let of_facts = batch.iter().filter_map(|(fact, _)| match fact {
            Fact::Put { id, standing: Standing::Working { .. }, .. }
            | Fact::Set { id, standing: Standing::Working { .. }, .. } => self.model.jobs.get(id),
            _ => None,
        });
        for ((ticket, _), (queue, _)) in served.zip(of_facts) {
            let passed_over = before.iter().find(|(waiting, wid, queues)| {
                let waits = self.model.waiting.iter().any(|(still, ..)| still == waiting);
                *waiting < ticket.0 && waits && queues.contains(queue) && self.model.has_room(queue, wid)
            });
            if let Some((waiting, ..)) = passed_over {
                return Err(format!("{queue}: FETCH {waiting} was passed over for {}", ticket.0));
            }
        }
        Ok(())
    }

    fn step(&mut self) {
        match self.chance.below(40) {
            0..=9 => self.push(),
            10..=19 => self.fetch(),
            20..=25 => self.end(),
            26 => self.with_working(|world, id, _| world.apply(Command::Release { jobs: &[id] })),
            27 => {
                if let Some(delivery) = self.delivery.take() {
                    self.apply(Command::Undelivered { delivery });
                }
            }
            28..=30 => {
                let (queue, limit) = (self.chance.pick(&QUEUES), self.chance.limit());
                let deed = match self.chance.below(3) {
                    0 => ThrottleDeed::Reset { queue },
                    _ => ThrottleDeed::Set { queue, limit },
                };
                self.apply(Command::Throttle(deed));
            }
            31 => {
                let (queue, limit) = (self.chance.pick(&QUEUES), self.chance.limit());
                self.configure(|_, rules| _ = rules.throttles.insert(queue.into(), limit));
                // Whatever comes next, who waits is served first.
                if self.machine.next_due(self.now).is_some_and(|at| at <= self.now.boot) {
                    self.apply(Command::Due);
                }
            }
            32 => {
                let (deed, name) = (self.chance.below(2), self.chance.pick(&QUEUES));
                let deed = if deed == 0 { QueueDeed::Pause } else { QueueDeed::Resume };
                self.apply(Command::Queues { deed, names: Some(&[name]) });
            }
            33 => {
                let queue = self.chance.pick(&QUEUES);
                self.apply(Command::Clear { what: Cleared::Queue(queue) });
            }
            34 => self.lose_worker(),
            35 => self.retell(),
            36 => self.restart(),
            38 => self.edit(),
            37 if self.chance.below(10) == 0 => self.apply(Command::Clear { what: Cleared::Everything }),
            _ => {
                let seconds = self.chance.below(3) as u64 + 1;
                self.advance(seconds);
            }
        }
    }

    fn push(&mut self) {
        self.jids += 1;
        let jid = format!("job-{:04}", self.jids);
        let job = self.some_job(&jid);
        self.apply(Command::Push { job });
    }

    /// A job that nobody works on becomes another one, perhaps in another queue, and perhaps at once.
    fn edit(&mut self) {
        let free = self.model.jobs.iter().filter(|(_, (_, place))| !matches!(place, Place::Working(_)));
        let free: Vec<JobId> = free.map(|(id, _)| *id).collect();
        if free.is_empty() {
            return;
        }
        let (id, enqueue) = (self.chance.pick(&free), self.chance.below(2) == 0);
        let jid = self.log.heads[&id].jid;
        let Answer::Jobs(seen) = self.machine.answer(self.now, &Query::Jid { jid: jid.into() }) else {
            panic!("no jobs")
        };
        let failure = seen.jobs[0].failure.as_ref().map(|failure| Failure {
            retry_count: failure.retry_count,
            remaining: failure.remaining,
            failed_at: failure.failed_at,
            next_at: failure.next_at,
            text: b"f",
        });
        let edit = Edit { id, job: self.some_job(jid), failure, enqueue };
        let replies = self.answer(Command::Replace { edit });
        assert_eq!(replies.last(), Some(&Reply::Count(1)), "it was in nobody's hands");
    }

    fn some_job<'a>(&mut self, jid: &'a str) -> Push<'a> {
        Push {
            jid,
            queue: self.chance.pick(&QUEUES),
            jobtype: "T",
            retry: self.chance.pick(&[-1, 0, 3]),
            reserve_for: 60,
            on_lost: None,
            asks: Asks::default(),
            at: None,
            failure: None,
            sent: jid.as_bytes(),
            body: b"x",
        }
    }

    fn fetch(&mut self) {
        let mut queues: Vec<&str> = QUEUES.into();
        let gone = self.chance.below(4);
        queues.rotate_left(gone % 3);
        if gone == 3 {
            queues.truncate(1);
        }
        let conn = ConnId(self.chance.below(6) as u64);
        self.apply(Command::Fetch { conn, queues: &queues, wait: Duration::from_secs(4) });
    }

    fn with_working(&mut self, act: impl FnOnce(&mut Self, JobId, &'static str)) {
        let working: Vec<(JobId, &'static str)> = (self.model.jobs.iter())
            .filter_map(|(id, (_, place))| match place {
                Place::Working(wid) => Some((*id, *wid)),
                _ => None,
            })
            .collect();
        if !working.is_empty() {
            let (id, wid) = self.chance.pick(&working);
            act(self, id, wid);
        }
    }

    fn end(&mut self) {
        let fails = self.chance.below(4) == 0;
        self.with_working(|world, id, wid| {
            let jid = world.log.heads[&id].jid;
            let conn = WIDS.iter().position(|known| *known == wid).expect("one of them") as u64;
            let conn = ConnId(conn);
            if fails {
                world.apply(Command::Fail { conn, jid, text: b"f", lease: None });
            } else {
                world.apply(Command::Ack { conn, jid, lease: None });
            }
        });
    }

    /// A worker leaves for as long as it takes to be lost, and comes back.
    fn lose_worker(&mut self) {
        let n = self.chance.below(2) as u64;
        // What waits ends first: this is not about whose answer is lost.
        self.advance(5);
        for conn in [n, n + 3] {
            self.apply(Command::Disconnect { conn: ConnId(conn) });
        }
        self.advance(8);
        for conn in [n, n + 3] {
            self.hello(conn);
        }
    }

    /// Time passes, and what is due is done.
    fn advance(&mut self, seconds: u64) {
        let end = self.now.boot.after(Duration::from_secs(seconds));
        loop {
            let due = self.machine.next_due(self.now).filter(|at| *at <= end);
            let step = due.unwrap_or(end).since(self.now.boot);
            self.now.wall = self.now.wall.after(step);
            self.now.boot = self.now.boot.after(step);
            self.now.heard = self.now.boot;
            if due.is_none() {
                break;
            }
            self.apply(Command::Due);
        }
        if let Err(broken) = self.model.judge_waits(self.now.boot) {
            panic!("after {seconds} s: {broken}");
        }
    }

    /// All that lives is told again, and the log before is dropped.
    fn retell(&mut self) {
        self.log.batches.push(Vec::new());
        self.machine.restate(&mut self.log);
        for (id, head) in self.log.heads.clone() {
            self.machine.retell(id, head, b"x", b"f", &mut self.log);
        }
        for queue in QUEUES {
            self.machine.retell_record(Family::Throttle, queue.as_bytes(), &mut self.log);
        }
        self.log.batches.drain(..self.log.batches.len() - 1);
        self.dumps = vec![(self.tickets, self.machine.dump())];
        self.machine.check().expect("nothing happened");
    }

    /// The process ends, and the log has what it has: all batches up to some one.
    fn restart(&mut self) {
        let kept = self.log.batches.len() - self.chance.below(self.log.batches.len().min(4));
        self.log.cut(kept);
        self.dumps.truncate(kept);
        let (last, dump) = self.dumps.last().expect("a batch");
        let down = Duration::from_secs(self.chance.below(20) as u64);
        (self.now.wall, self.now.boot) = (self.now.wall.after(down), self.now.boot.after(down));
        self.now.heard = self.now.boot;
        self.machine = recovered(&self.rules, self.log.facts(), self.now, dump);
        let mut model = Model { configured: self.model.configured.clone(), ..Model::default() };
        model.read(self.log.facts());
        for queue in QUEUES {
            let Some(rate) = model.limit(queue).rate else { continue };
            let tokens = if self.machine.jobs_ever() == 0 { f64::from(rate.burst) } else { 0.0 };
            model.buckets.insert(queue, (rate, tokens, self.now.boot));
            // What was begun in a batch that is lost never reached anybody.
            if let Some(begun) =
                self.model.begun.get(queue).filter(|_| self.model.limit(queue).rate == Some(rate))
            {
                model
                    .begun
                    .insert(queue, begun.iter().filter(|(_, command)| command <= last).copied().collect());
            }
        }
        self.model = model;
        self.delivery = None;
        self.connect();
    }

    /// Wherever the log ends, what is recovered is what was served.
    fn cut_everywhere(&self) {
        for (end, (_, dump)) in (1..=self.log.batches.len()).zip(&self.dumps) {
            let facts = self.log.batches[..end].iter().flatten();
            recovered(&self.rules, facts, self.now, dump);
        }
    }
}

/// A machine of a log, which looks as it did; its slots are those of its model.
fn recovered<'f>(
    rules: &Rules,
    facts: impl Iterator<Item = &'f Kept> + Clone,
    now: Now,
    dump: &String,
) -> Machine {
    let mut machine = Machine::new(rules.clone(), [1, 2]);
    for (fact, span) in facts.clone() {
        machine.replay(fact, *span);
    }
    machine.recovered(now);
    machine.check().expect("all is in order after a restart");
    assert_eq!(machine.dump(), *dump, "what is recovered is what was served");
    let mut model = Model::default();
    model.read(facts);
    for view in machine.throttle_views(now) {
        assert_eq!(view.working as usize, model.working(&view.queue), "slots are reservations");
        for (wid, jobs) in view.holders {
            assert_eq!(jobs as usize, model.held(&view.queue, &wid), "{wid} has what it has");
        }
    }
    machine
}

#[test]
fn no_slot_leaks_and_none_is_taken_twice_over_crashes_and_changes_e60() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let histories = number("BESSEMER_HISTORIES").unwrap_or(1_500);
    let first = number("BESSEMER_FIRST").unwrap_or(0);
    for seed in first..first + histories {
        let played = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            for _ in 0..STEPS {
                world.step();
            }
            world.cut_everywhere();
        });
        if played.is_err() {
            panic!("history {seed}; again: BESSEMER_FIRST={seed} BESSEMER_HISTORIES=1");
        }
    }
}
