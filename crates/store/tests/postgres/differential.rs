//! The same commands on both engines: the same replies and the same state. From a seed, with restarts, and with
//! connections of the one engine to its database that are lost at any moment.
//!
//! Again: `BESSEMER_SEED=n cargo test -p bessemer-store --features postgres --test postgres differential`

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use bessemer_core::command::{Asks, Delivery, Hello, Push, Stage};
use bessemer_core::fact::OnLost;
use bessemer_core::{Boot, Command, ConnId, Now, Reply, Rules, Settled, Ticket, Wall};
use bessemer_store::embedded::disk::SimDisk;
use bessemer_store::{Embedded, Engine, Options, Postgres};
use tokio_postgres::{Client, Config};

use crate::server::Server;
use crate::shared;

/// Groups of commands per seed.
const GROUPS: u32 = 150;
/// Seeds per run; `BESSEMER_SEEDS=n` runs that many, `BESSEMER_SEED=n` only that one.
const SEEDS: u64 = 4;
const CONNS: u64 = 8;
const QUEUES: [&str; 3] = ["default", "high", "low"];
const ID: [u8; 16] = *b"sixteen bytes id";

/// Numbers that look random (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// What one engine said, as far as both must say the same, and its own names of deliveries.
#[derive(Default)]
struct Said {
    replies: BTreeMap<Ticket, String>,
    deliveries: BTreeMap<Ticket, Delivery>,
}

impl Said {
    fn hear(&mut self, out: &mut Settled) {
        for (ticket, reply) in out.replies.drain(..) {
            let said = match reply {
                Reply::Job(job) => {
                    self.deliveries.insert(ticket, job.delivery);
                    let failure = job.failure.map(|f| {
                        (f.retry_count, f.remaining, f.failed_at, f.next_at, f.text.bytes().to_vec())
                    });
                    let body = String::from_utf8_lossy(job.body.bytes()).into_owned();
                    format!("{body} {:?} {failure:?}", job.enqueued_at)
                }
                other => format!("{other:?}"),
            };
            let before = self.replies.insert(ticket, said);
            assert_eq!(before, None, "answered twice");
        }
        out.events.clear();
    }
}

/// Both engines and what they said.
struct Pair {
    seed: u64,
    dice: Dice,
    now: Now,
    ticket: u64,
    disk: SimDisk,
    config: Config,
    embedded: Embedded<SimDisk>,
    postgres: Postgres,
    said: [Said; 2],
    /// FETCHes that may still wait, by connection.
    waiting: BTreeMap<u64, Ticket>,
    /// Tickets and jids of jobs that were handed out.
    handed: Vec<(Ticket, String)>,
    jobs: u64,
    /// Jobs that were pushed since the last restart: the one engine forgets then what it had heard twice.
    recent: Vec<(String, String)>,
}

impl Pair {
    async fn new(seed: u64, config: Config) -> Self {
        let boot = Boot(1_000_000_000);
        let now = Now { wall: Wall(1_700_000_000_000_000), boot, heard: boot, chance: 0 };
        let disk = SimDisk::new(seed);
        Self {
            seed,
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            now,
            ticket: 0,
            embedded: embedded(&disk, now),
            postgres: postgres(&config, now).await,
            disk,
            config,
            said: Default::default(),
            waiting: BTreeMap::new(),
            handed: Vec::new(),
            jobs: 0,
            recent: Vec::new(),
        }
    }

    fn submit(&mut self, command: Command<'_>) -> Ticket {
        self.ticket += 1;
        self.now.chance = self.ticket;
        let ticket = Ticket(self.ticket);
        self.embedded.submit(self.now, ticket, command);
        self.postgres.submit(self.now, ticket, command);
        ticket
    }

    /// Turns both until everything submitted is decided; they must have said the same.
    async fn settle(&mut self) {
        let Self { seed, now, embedded, postgres, said, .. } = self;
        let mut out = Settled::default();
        poll_fn(|cx| turn(postgres.poll_turn(cx, *now, &mut out))).await;
        said[1].hear(&mut out);
        // A body that is read from the disk comes with a later turn.
        let all = said[1].replies.len();
        let read = poll_fn(|cx| {
            let turned = turn(embedded.poll_turn(cx, *now, &mut out));
            said[0].hear(&mut out);
            if said[0].replies.len() >= all { turned } else { Poll::Pending }
        });
        let late = tokio::time::timeout(Duration::from_secs(10), read).await.is_err();
        let (here, there) = (&said[0].replies, &said[1].replies);
        let differs = |(ticket, said): &(&Ticket, &String)| there.get(ticket) != Some(said);
        assert!(!late, "BESSEMER_SEED={seed}: the embedded engine says less: {here:?}, {there:?}");
        let first = here.iter().find(differs).map(|(ticket, said)| (ticket, said, there.get(ticket)));
        assert!(here == there, "replies differ: BESSEMER_SEED={seed}, embedded first: {first:?}");
        assert_eq!(
            embedded.next_due(*now),
            postgres.next_due(*now),
            "due times differ: BESSEMER_SEED={seed}"
        );
        for (conn, ticket) in std::mem::take(&mut self.waiting) {
            match self.said[0].replies.get(&ticket) {
                Some(said) if said != "Nothing" => {
                    let jid = said.split(' ').next().unwrap_or_default();
                    self.handed.push((ticket, jid.to_owned()));
                }
                Some(_) => {}
                None => _ = self.waiting.insert(conn, ticket),
            }
        }
        self.said.iter_mut().for_each(|said| said.replies.clear());
    }

    /// Both hold the same, and what is durable is what is held.
    async fn compare(&self) {
        let whole = Postgres::whole(self.config.clone(), Rules::default(), self.now).await;
        let whole = whole.unwrap_or_else(|error| panic!("{error}"));
        whole.check().unwrap_or_else(|broken| panic!("BESSEMER_SEED={}: {broken}", self.seed));
        let (here, there) = (numbered(&self.embedded.machine().dump()), numbered(&whole.dump()));
        assert_eq!(here, there, "states differ: BESSEMER_SEED={}", self.seed);
    }

    async fn restart(&mut self) {
        self.disk = self.disk.crash();
        self.embedded = embedded(&self.disk, self.now);
        self.postgres = postgres(&self.config, self.now).await;
        self.waiting.clear();
        self.recent.clear();
        self.said = Default::default();
    }

    /// Time passes, and some commands come.
    fn group(&mut self) {
        let step = match self.dice.roll(20) {
            0 => Duration::from_secs(3_600),
            1 | 2 => Duration::from_secs(61),
            3..=8 => Duration::from_secs(self.dice.roll(20)),
            _ => Duration::from_millis(self.dice.roll(900)),
        };
        (self.now.wall, self.now.boot) = (self.now.wall.after(step), self.now.boot.after(step));
        self.now.heard = self.now.boot;
        if self.embedded.next_due(self.now).is_some_and(|at| at <= self.now.boot) {
            self.submit(Command::Due);
        }
        for _ in 0..=self.dice.roll(12) {
            self.one();
        }
    }

    fn one(&mut self) {
        let conn = 1 + self.dice.roll(CONNS);
        let waits = self.waiting.contains_key(&conn);
        let id = ConnId(conn);
        match self.dice.roll(20) {
            0..=5 => self.push(),
            6 => self.push_bulk(),
            7..=11 if !waits => {
                let from = self.dice.roll(3) as usize;
                let queues = &QUEUES[from..from + 1 + self.dice.roll(3 - from as u64) as usize];
                let ticket = self.submit(Command::Fetch { conn: id, queues, wait: Duration::from_secs(2) });
                self.waiting.insert(conn, ticket);
            }
            12..=14 if !waits => {
                let jid = self.jid();
                self.submit(Command::Ack { conn: id, jid: &jid, lease: None });
            }
            15 | 16 if !waits => {
                let jid = self.jid();
                self.submit(Command::Fail {
                    conn: id,
                    jid: &jid,
                    text: b"{\"message\":\"no\"}",
                    lease: None,
                });
            }
            17 => {
                self.submit(Command::Disconnect { conn: id });
                self.waiting.remove(&conn);
                let wid = format!("worker-{}", conn / 2);
                let hello = Hello { wid: &wid, hostname: "host", pid: 1, labels: &[], rss_kb: 0 };
                let worker = (conn > 2 && self.dice.roll(3) > 0).then_some(hello);
                if self.dice.roll(3) > 0 {
                    self.submit(Command::Connect { conn: id, worker });
                }
            }
            18 if !waits => {
                let wid = format!("worker-{}", conn / 2);
                let state = (self.dice.roll(30) == 0).then_some(Stage::Quiet);
                self.submit(Command::Beat { conn: id, wid: &wid, state, rss_kb: 1 });
            }
            19 if !self.handed.is_empty() => {
                let place = self.dice.roll(self.handed.len() as u64) as usize;
                let ticket = self.handed[place].0;
                self.undelivered(ticket);
            }
            _ => {}
        }
    }

    /// Each engine has its own name for a delivery.
    fn undelivered(&mut self, handed: Ticket) {
        self.ticket += 1;
        let [here, there] = [0, 1].map(|engine: usize| self.said[engine].deliveries.get(&handed).copied());
        // Of a delivery before the restart nobody is left to tell.
        let (Some(here), Some(there)) = (here, there) else { return };
        let ticket = Ticket(self.ticket);
        self.embedded.submit(self.now, ticket, Command::Undelivered { delivery: here });
        self.postgres.submit(self.now, ticket, Command::Undelivered { delivery: there });
    }

    /// The jid of some job that was handed out, mostly.
    fn jid(&mut self) -> String {
        if self.handed.is_empty() || self.dice.roll(12) == 0 {
            return "no such job".into();
        }
        let latest = self.handed.len().saturating_sub(12);
        let place = latest + self.dice.roll((self.handed.len() - latest) as u64) as usize;
        self.handed[place].1.clone()
    }

    fn push(&mut self) {
        let again = !self.recent.is_empty() && self.dice.roll(8) == 0;
        let (jid, body) = if again {
            let latest = self.recent.len().saturating_sub(20);
            let place = latest + self.dice.roll((self.recent.len() - latest) as u64) as usize;
            self.recent[place].clone()
        } else {
            self.new_job()
        };
        let job = self.job(&jid, &body);
        self.submit(Command::Push { job });
    }

    fn push_bulk(&mut self) {
        let new: Vec<(String, String)> = (0..self.dice.roll(4)).map(|_| self.new_job()).collect();
        let jobs: Vec<Push<'_>> = new.iter().map(|(jid, body)| self.job(jid, body)).collect();
        self.submit(Command::PushBulk { jobs: &jobs });
    }

    /// Some jids are those of other jobs.
    fn new_job(&mut self) -> (String, String) {
        self.jobs += 1;
        let jid = format!("job-{:05}", self.jobs - self.dice.roll(10).saturating_sub(7).min(self.jobs));
        let body = format!("{jid} {} {}", self.jobs, "x".repeat(self.dice.roll(300) as usize));
        self.recent.push((jid.clone(), body.clone()));
        (jid, body)
    }

    /// The same for the same job.
    fn job<'a>(&self, jid: &'a str, body: &'a str) -> Push<'a> {
        let number: u64 = body.split(' ').nth(1).expect("a number").parse().expect("a number");
        let mut dice = Dice(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        dice.roll(2);
        Push {
            jid,
            queue: QUEUES[dice.roll(3) as usize],
            jobtype: if number.is_multiple_of(2) { "Even" } else { "Odd" },
            retry: [25, 25, 25, 2, 1, 0, -1][dice.roll(7) as usize],
            reserve_for: [60, 1_800][dice.roll(2) as usize],
            on_lost: [None, None, Some(OnLost::Wait), Some(OnLost::Dead)][dice.roll(4) as usize],
            asks: Asks::default(),
            at: (dice.roll(6) == 0).then(|| self.now.wall.after(Duration::from_secs(dice.roll(100)))),
            failure: None,
            sent: body.as_bytes(),
            body: body.as_bytes(),
        }
    }
}

/// A state without the places in memory, which are half of a job's id.
fn numbered(dump: &str) -> String {
    let line = |line: &str| match line.strip_prefix("job ").and_then(|rest| rest.split_once(' ')) {
        Some((id, rest)) => {
            format!("job {} {rest}\n", u64::from_str_radix(id, 16).expect("an id") >> 32)
        }
        None => format!("{line}\n"),
    };
    dump.lines().map(line).collect()
}

fn turn<E: std::fmt::Display>(turn: Poll<Result<(), E>>) -> Poll<()> {
    turn.map(|turned| turned.unwrap_or_else(|error| panic!("{error}")))
}

fn embedded(disk: &SimDisk, now: Now) -> Embedded<SimDisk> {
    let opened = Embedded::open(disk.clone(), Options::default(), now, ID);
    opened.unwrap_or_else(|error| panic!("{error}")).0
}

async fn postgres(config: &Config, now: Now) -> Postgres {
    let opened = Postgres::open(config.clone(), Rules::default(), now, ID).await;
    opened.unwrap_or_else(|error| panic!("{error}"))
}

/// Ends the engine's session, a moment from now.
async fn cut(admin: &Client, moment: u64) {
    for _ in 0..moment {
        tokio::task::yield_now().await;
    }
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity
               where application_name = 'bessemer' and datname = current_database()";
    admin.batch_execute(sql).await.expect("the activity");
}

async fn run(server: &Server, seed: u64) {
    let config = server.database().await;
    let admin = server.client(config.get_dbname().expect("a name")).await;
    let mut pair = Pair::new(seed, config).await;
    for group in 1..=GROUPS {
        pair.group();
        if pair.dice.roll(10) == 0 {
            let moment = pair.dice.roll(40);
            tokio::join!(pair.settle(), cut(&admin, moment));
        } else {
            pair.settle().await;
        }
        if group % 10 == 0 {
            pair.compare().await;
        }
        if pair.dice.roll(40) == 0 {
            pair.restart().await;
        }
    }
    assert!(pair.handed.len() > 100, "hardly anything happened: {} jobs handed out", pair.handed.len());
}

#[tokio::test]
async fn both_engines_say_and_hold_the_same() {
    let server = shared();
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let seeds = match number("BESSEMER_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("BESSEMER_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        run(&server, seed).await;
    }
}
