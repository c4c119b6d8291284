//! What a job's life costs PostgreSQL: the engine's ticks beside the same tables with one statement per operation.
//!
//! `cargo run --release -p bessemer-store --features postgres --example pg_cost`
//!
//! Starts a server of its own with its defaults (every commit is flushed). 50 clients in a closed loop, each with one
//! operation at a time: PUSH, FETCH, ACK, one job after another. Both ways take turns within a round. Processor time is that of
//! all processes of the server, user and system, from the kernel's books.

#![expect(clippy::disallowed_methods, reason = "a measurement reads a clock")]

#[path = "../tests/postgres/server.rs"]
mod server;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bessemer_core::command::{Asks, Push};
use bessemer_core::{Boot, Command, ConnId, Now, Reply, Rules, Settled, Ticket, Wall};
use bessemer_store::{Engine, Postgres};
use tokio_postgres::{Client, Config, Statement};

use self::server::Server;

const CLIENTS: u64 = 50;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(6);
const BODY: usize = 300;
/// Ticks of the kernel's books in a second.
const TICKS: f64 = 100.0;

/// What one way did in one round.
#[derive(Clone, Copy)]
struct Sample {
    jobs: f64,
    seconds: f64,
    cpu_us: f64,
    wal: f64,
    commits: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let server = Server::start(&["max_wal_size=4GB"]);
    let config = server.database().await;
    let admin = server.client(config.get_dbname().expect("a name")).await;
    let mut engine = Ticks::open(&config).await;
    let mut single = Singles::open(&server, &config).await;
    engine.round(Duration::from_secs(1)).await;
    single.round(Duration::from_secs(1)).await;
    let (mut ticks, mut singles) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ticks.push(measure(&server, &admin, || engine.round(ROUND)).await);
        singles.push(measure(&server, &admin, || single.round(ROUND)).await);
    }
    println!("{CLIENTS} clients, bodies of {BODY} bytes; median [lowest..highest] of {ROUNDS} rounds");
    show("ticks", &ticks);
    show("one statement per operation", &singles);
    let ratio = ticks.iter().zip(&singles).map(|(t, s)| (t.cpu_us / t.jobs) / (s.cpu_us / s.jobs));
    println!("processor time of ticks ÷ of statements: {}", spread(ratio.collect(), 3));
}

async fn measure<F: Future<Output = f64>>(
    server: &Server,
    admin: &Client,
    round: impl FnOnce() -> F,
) -> Sample {
    let count = async |sql: &str| -> f64 { admin.query_one(sql, &[]).await.expect("a count").get(0) };
    let wal = "select (pg_current_wal_insert_lsn() - '0/0')::float8";
    // What went before is done before: dirty pages are not this round's.
    admin.batch_execute("checkpoint").await.expect("a checkpoint");
    let commits = "select xact_commit::float8 from pg_stat_database where datname = current_database()";
    let (wal_before, commits_before) = (count(wal).await, count(commits).await);
    let (cpu_before, started) = (cpu(server), Instant::now());
    let jobs = round().await;
    let seconds = started.elapsed().as_secs_f64();
    let cpu_us = (cpu(server) - cpu_before) / TICKS * 1e6;
    let (wal, commits) = (count(wal).await - wal_before, count(commits).await - commits_before);
    Sample { jobs, seconds, cpu_us, wal, commits }
}

/// Processor time of the server so far, in ticks: of the postmaster, of those that it started, and of those of them that
/// have ended.
fn cpu(server: &Server) -> f64 {
    let mut total = 0.0;
    for entry in std::fs::read_dir("/proc").expect("the kernel's books").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // One that has just ended is in its parent's book.
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name before may contain anything; the state is the third field.
        let Some((_, fields)) = stat.rsplit_once(") ") else { continue };
        let field =
            |number: usize| fields.split(' ').nth(number - 3).and_then(|f| f.parse().ok()).unwrap_or(0.0);
        let (parent, own, ended) = (field(4), field(14) + field(15), field(16) + field(17));
        if pid == server.pid() {
            total += own + ended;
        } else if parent == f64::from(server.pid()) {
            total += own;
        }
    }
    total
}

fn show(way: &str, samples: &[Sample]) {
    let each = |figure: fn(&Sample) -> f64, digits| spread(samples.iter().map(figure).collect(), digits);
    println!(
        "{way}: {} us of PostgreSQL per job, {} bytes of WAL per job, {} jobs/s, {} jobs per commit",
        each(|s| s.cpu_us / s.jobs, 1),
        each(|s| s.wal / s.jobs, 0),
        each(|s| s.jobs / s.seconds, 0),
        each(|s| s.jobs / s.commits, 2),
    );
}

fn spread(mut figures: Vec<f64>, digits: usize) -> String {
    figures.sort_by(f64::total_cmp);
    let (first, last) = (figures[0], figures[figures.len() - 1]);
    format!("{:.digits$} [{first:.digits$}..{last:.digits$}]", figures[figures.len() / 2])
}

/// The engine with its clients.
struct Ticks {
    engine: Postgres,
    started: Instant,
    clients: Vec<Worker>,
    pushed: u64,
    body: Vec<u8>,
}

/// A client: what it does next, or what it waits for.
struct Worker {
    step: Step,
    waits: bool,
}

enum Step {
    Push,
    Fetch,
    Ack(String),
}

impl Ticks {
    async fn open(config: &Config) -> Self {
        let started = Instant::now();
        let opened =
            Postgres::open(config.clone(), Rules::default(), now(started), *b"sixteen bytes id").await;
        let engine = opened.unwrap_or_else(|error| panic!("{error}"));
        let clients = (0..CLIENTS).map(|_| Worker { step: Step::Push, waits: false }).collect();
        Self { engine, started, clients, pushed: 0, body: vec![b'x'; BODY] }
    }

    /// Gives the number of jobs that were ACKed.
    async fn round(&mut self, round: Duration) -> f64 {
        let (began, mut acked) = (Instant::now(), 0.0);
        loop {
            let now = now(self.started);
            let open = began.elapsed() < round;
            for client in 0..self.clients.len() {
                if open && !self.clients[client].waits {
                    self.act(now, client);
                }
            }
            if !self.clients.iter().any(|client| client.waits) {
                return acked;
            }
            let mut out = Settled::default();
            poll_fn(|cx| match self.engine.poll_turn(cx, now, &mut out) {
                Poll::Ready(Err(error)) => panic!("{error}"),
                _ if out.replies.is_empty() => Poll::Pending,
                _ => Poll::Ready(()),
            })
            .await;
            for (Ticket(client), reply) in out.replies {
                acked += f64::from(u8::from(self.clients[client as usize].hear(reply)));
            }
        }
    }

    fn act(&mut self, now: Now, client: usize) {
        let (ticket, conn) = (Ticket(client as u64), ConnId(client as u64));
        self.clients[client].waits = true;
        match &self.clients[client].step {
            Step::Push => {
                self.pushed += 1;
                let jid = jid(self.pushed);
                self.body[..jid.len()].copy_from_slice(jid.as_bytes());
                let body = &self.body[..];
                let job = Push {
                    jid: &jid,
                    queue: "default",
                    jobtype: "Greet",
                    retry: 25,
                    reserve_for: 1_800,
                    on_lost: None,
                    asks: Asks::default(),
                    at: None,
                    failure: None,
                    sent: body,
                    body,
                };
                self.engine.submit(now, ticket, Command::Push { job });
            }
            Step::Fetch => {
                let fetch = Command::Fetch { conn, queues: &["default"], wait: Duration::ZERO };
                self.engine.submit(now, ticket, fetch);
            }
            Step::Ack(jid) => _ = self.engine.submit(now, ticket, Command::Ack { conn, jid, lease: None }),
        }
    }
}

impl Worker {
    /// Says whether a job's life is over.
    fn hear(&mut self, reply: Reply) -> bool {
        self.waits = false;
        let step = match (&self.step, reply) {
            (Step::Push, Reply::Done) => Step::Fetch,
            (Step::Fetch, Reply::Job(job)) => {
                Step::Ack(String::from_utf8_lossy(&job.body.bytes()[..JID]).into_owned())
            }
            (Step::Ack(_), Reply::Done) => Step::Push,
            (_, reply) => panic!("an odd reply: {reply:?}"),
        };
        let ended = matches!(step, Step::Push);
        self.step = step;
        ended
    }
}

/// The length of a jid.
const JID: usize = 16;

fn jid(number: u64) -> String {
    format!("job-{number:012}")
}

fn now(started: Instant) -> Now {
    let boot = Boot(started.elapsed().as_micros() as u64 + 1);
    Now { wall: Wall(1_800_000_000_000_000 + boot.0 as i64), boot, heard: boot, chance: boot.0 }
}

/// A session for each client, and a statement for each operation.
struct Singles {
    sessions: Vec<Rc<Single>>,
    pushed: Rc<Cell<i64>>,
}

struct Single {
    client: Client,
    push: Statement,
    fetch: Statement,
    ack: Statement,
}

const PUSH: &str = "insert into ready (queue, ord, id, jid, job) values ($1, $2, $2, $3, $4)";
const FETCH: &str = "
    with d as (
        delete from ready where ctid = any(array(
            select ctid from ready where queue = $1 order by ord limit 1 for update skip locked))
        returning id, queue, jid, job)
    insert into reserved (jid_key, id, queue, jid, wid, until, job)
        select id, id, queue, jid, 'worker', $2, job from d returning id, job";
const ACK: &str = "delete from reserved where jid_key = $1 and id = $1";
/// What the engine's rows have besides the body, about.
const ENVELOPE: usize = 70;

impl Singles {
    async fn open(server: &Server, config: &Config) -> Self {
        let mut sessions = Vec::new();
        for _ in 0..CLIENTS {
            let client = server.client(config.get_dbname().expect("a name")).await;
            client
                .batch_execute("set search_path = single; set jit = off; set enable_seqscan = off; set plan_cache_mode = force_generic_plan")
                .await
                .expect("settings");
            if sessions.is_empty() {
                client.batch_execute(TABLES).await.expect("tables");
            }
            let prepare = async |sql: &str| client.prepare(sql).await.expect("a statement");
            let (push, fetch, ack) = (prepare(PUSH).await, prepare(FETCH).await, prepare(ACK).await);
            sessions.push(Rc::new(Single { client, push, fetch, ack }));
        }
        Self { sessions, pushed: Rc::default() }
    }

    /// Gives the number of jobs that were ACKed.
    async fn round(&mut self, round: Duration) -> f64 {
        let began = Instant::now();
        let local = tokio::task::LocalSet::new();
        let mut lives = Vec::new();
        for session in &self.sessions {
            let (session, pushed) = (session.clone(), self.pushed.clone());
            lives.push(local.spawn_local(async move {
                let mut acked = 0.0;
                while began.elapsed() < round {
                    acked += f64::from(u8::from(session.life(&pushed).await));
                }
                acked
            }));
        }
        local.await;
        let mut acked = 0.0;
        for life in lives {
            acked += life.await.expect("a session that ends");
        }
        acked
    }
}

impl Single {
    /// Push, fetch and ACK. Says whether there was a job.
    async fn life(&self, pushed: &Cell<i64>) -> bool {
        let number = pushed.get() + 1;
        pushed.set(number);
        let (jid, job) = (jid(number.cast_unsigned()), [b'x'; BODY + ENVELOPE]);
        let (queue, job) = ("default", &job[..]);
        self.client.execute(&self.push, &[&queue, &number, &jid, &job]).await.expect("a push");
        let rows =
            self.client.query(&self.fetch, &[&queue, &1_800_000_000_000_000_i64]).await.expect("a fetch");
        // All jobs may be in the hands of sessions that have not committed yet.
        let Some(row) = rows.first() else { return false };
        let _: &[u8] = row.get(1);
        self.client.execute(&self.ack, &[&row.get::<_, i64>(0)]).await.expect("an ACK") == 1
    }
}

/// The engine's own tables, once more.
const TABLES: &str = "
    create schema single;
    create table ready (like bessemer.ready including all);
    create table reserved (like bessemer.reserved including all);
    alter table ready set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0);
    alter table reserved set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0);";
