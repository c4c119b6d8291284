//! Workers of the library that are killed, servers that are killed under them, and workers that are stopped under load:
//! each job is done or given back, none is forgotten.
//!
//! `BESSEMER_CYCLES` says how often to kill (`make kill`), `BESSEMER_SEED` repeats the choices of a run. Without it a few
//! kills are enough, and times are short: a lost worker's jobs are given to others after a second instead of a minute, and
//! a stopped worker drains for one second instead of 20.

use std::io::Write as _;
use std::time::Duration;

use bessemer::{Bessemer, JobOptions, NewJob};
use serde_json::{Value, json};

use super::Program;
use super::records::Records;
use crate::client::Reply;
use crate::clock::{Watch, now, pause, until, until_within};
use crate::ledger::dice::Dice;
use crate::ledger::number_from_env;
use crate::server::Server;

/// Worker processes at the same time, and the jobs that each has in hand.
const WORKERS: usize = 3;
const SLOTS: usize = 4;

/// Below this many waiting jobs there are more pushed, so that nobody is ever idle.
const ENOUGH: u64 = 100;

/// What may pass until a job that nobody holds is begun, on a machine that is busy with other tests.
const SLACK: Duration = Duration::from_secs(15);

/// How often to kill, and the choices of a run.
struct Run {
    kills: u64,
    /// Whether times are those that users have.
    long: bool,
    dice: Dice,
    again: String,
}

impl Run {
    fn new(few: u64) -> Self {
        let asked = number_from_env("BESSEMER_CYCLES");
        let kills = asked.unwrap_or(few);
        let seed = number_from_env("BESSEMER_SEED")
            .unwrap_or_else(|| getrandom::u64().expect("the system's random source"));
        let again = format!("BESSEMER_SEED={seed} make kill CYCLES={kills}");
        Self { kills, long: asked.is_some(), dice: Dice::new(seed, 0), again }
    }

    /// A line for whoever waits; past the test runner, which would keep it for failures.
    fn say(&self, what: &str) {
        std::io::stderr().write_all(format!("kills: {what}\n").as_bytes()).expect("standard error");
    }
}

/// A worker of this library at the server.
fn worker(server: &Server, records: &Records, more: &[(&str, &str)]) -> Program {
    let path = records.path();
    let env = [&[("RECORDS", path.as_str())], more].concat();
    Program::start("with_library", server, &["work", &SLOTS.to_string(), "default"], &env)
}

/// Pushes jobs that take so long.
fn push(server: &Server, milliseconds: impl IntoIterator<Item = u64>) -> u64 {
    let jobs = milliseconds.into_iter().map(|ms| {
        let jid = bessemer::Jid::random().expect("random bits");
        json!({ "jid": jid.as_str(), "jobtype": "Toil", "args": [ms] })
    });
    let jobs: Vec<Value> = jobs.collect();
    let reply = server.client().call(&format!("PUSHB {}", Value::from(jobs.clone()))).expect("PUSHB");
    assert_eq!(reply, Reply::Bulk(b"{}".into()));
    jobs.len() as u64
}

/// The server's figures: waiting, worked on, to be retried, dead, ended well, failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    enqueued: u64,
    working: u64,
    retries: u64,
    dead: u64,
    processed: u64,
    failures: u64,
}

impl Figures {
    fn of(server: &Server) -> Self {
        let info = server.info();
        let faktory = &info["faktory"];
        let number = |value: &Value| value.as_u64().expect("a number");
        let [processed, failures] = ["total_processed", "total_failures"].map(|name| number(&faktory[name]));
        let [working, retries, dead] =
            ["working", "retries", "dead"].map(|set| number(&faktory["sets"][set]));
        Self { enqueued: number(&faktory["total_enqueued"]), working, retries, dead, processed, failures }
    }

    /// Nothing is left to do.
    fn idle(self) -> bool {
        self.enqueued + self.working + self.retries == 0
    }
}

#[test]
fn no_job_of_killed_workers_is_lost() {
    let mut run = Run::new(5);
    let grace = Duration::from_secs(if run.long { 60 } else { 1 });
    // A job that has killed three workers is poison to the server, and here workers die of other causes.
    let grace_s = grace.as_secs();
    let config =
        format!("[workers]\nlost_worker_grace = '{grace_s}s'\nrestart_grace = '1s'\nmax_lost_workers = 1000");
    let server = Server::start_on(None, &config);
    let records = Records::new();
    let mut workers: Vec<Program> = (0..WORKERS).map(|_| worker(&server, &records, &[])).collect();
    let (mut pushed, mut left) = (0, Vec::new());
    for kill in 1..=run.kills {
        if Figures::of(&server).enqueued < ENOUGH {
            pushed += push(&server, (0..2 * ENOUGH).map(|_| 20 + run.dice.below(60)));
        }
        let victim = &mut workers[run.dice.below(WORKERS as u64) as usize];
        let pid = victim.pid();
        until("a worker has a job in hand", || (!records.in_hand(pid).is_empty()).then_some(()));
        pause(Duration::from_millis(run.dice.below(50)));
        victim.kill();
        let died = now().0 as f64 / 1e6;
        left.extend(records.in_hand(pid).into_iter().map(|jid| (jid, pid, died)));
        *victim = worker(&server, &records, &[]);
        if kill.is_multiple_of(10) {
            run.say(&format!("{kill}/{} workers killed, {} jobs in their hands", run.kills, left.len()));
        }
    }
    assert!(left.len() as u64 >= run.kills / 2, "too few kills hit a job: {}", run.again);
    let figures = until_within(2 * grace + SLACK, "every job is done", || {
        let figures = Figures::of(&server);
        figures.idle().then_some(figures)
    });
    let expected = Figures { processed: pushed, ..Figures::default() };
    assert_eq!(figures, expected, "each ended well, no retry was spent: {}", run.again);
    assert_eq!(records.done().len() as u64, pushed, "each was done: {}", run.again);

    let lines = records.read();
    let waits = left.iter().map(|(jid, pid, died)| {
        let elsewhere = lines.iter().find(|line| line.jid == *jid && line.pid != *pid && line.at > *died);
        elsewhere.unwrap_or_else(|| panic!("{jid} did not run again: {}", run.again)).at - died
    });
    let longest = waits.fold(0.0, f64::max);
    assert!(longest < (grace + SLACK).as_secs_f64(), "ran again only after {longest:.1} s: {}", run.again);
    run.say(&format!(
        "{} workers killed with {} jobs in their hands, all of {pushed} jobs done, elsewhere after {longest:.1} s at most",
        run.kills,
        left.len()
    ));
}

/// Jobs that a worker may hold for the shortest time there is: a FETCH whose answer died with the server blocks its job
/// until then (`docs/decisions/0008`).
fn brief() -> JobOptions {
    JobOptions::new().reserve_for(Duration::from_secs(60))
}

#[test]
fn a_worker_outlives_servers_that_are_killed() {
    let mut run = Run::new(3);
    let mut server = Server::start();
    let records = Records::new();
    let mut hands = worker(&server, &records, &[]);
    let app = Bessemer::connect(&format!("tcp://127.0.0.1:{}", server.port)).expect("an address");
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    // Pushes all the time, and hears of no kill: the library tries again.
    let producer = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut pushed = 0;
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            let job = NewJob::new("Toil", &[json!(5)], brief()).expect("a job");
            runtime.block_on(app.push(&job)).expect("a push that outlives a restart");
            pushed += 1;
        }
        pushed
    });
    let mut slowest = Duration::ZERO;
    for kill in 1..=run.kills {
        until("work is done", || (!records.in_hand(hands.pid()).is_empty()).then_some(()));
        pause(Duration::from_millis(run.dice.below(200)));
        server.kill();
        server.spawn();
        server.await_ready();
        let (before, watch) = (Figures::of(&server).processed, Watch::start());
        until("work goes on", || (Figures::of(&server).processed > before + 20).then_some(()));
        slowest = slowest.max(watch.elapsed());
        assert!(hands.lives(), "the worker is the same process: {}", run.again);
        if kill.is_multiple_of(10) {
            run.say(&format!("{kill}/{} servers killed", run.kills));
        }
    }
    stop.send(()).expect("a producer");
    let pushed: u64 = producer.join().expect("no panic");
    // The client of an operator who does not wait for the retry of what the server took back.
    let figures = until_within(Duration::from_secs(60) + SLACK, "every job is done", || {
        let figures = Figures::of(&server);
        if figures.retries > 0 {
            let requeue = r#"MUTATE {"cmd":"requeue","target":"retries","filter":{}}"#;
            assert_eq!(server.client().call(requeue).expect("MUTATE"), Reply::Line("+OK".into()));
        }
        figures.idle().then_some(figures)
    });
    assert_eq!(figures.dead, 0, "{figures:?}: {}", run.again);
    assert_eq!(
        records.done().len() as u64,
        pushed,
        "each acknowledged push was done: {figures:?}: {}",
        run.again
    );
    hands.signal("TERM");
    assert_eq!(hands.await_end().code(), Some(0), "{}", hands.output());
    run.say(&format!(
        "{} servers killed under a worker, all of {pushed} jobs done, {} of them after their reservation; at work again \
         {slowest:.1?} after a restart at most",
        run.kills, figures.failures
    ));
}

#[test]
fn a_worker_that_is_stopped_under_load_finishes_its_jobs_or_gives_them_back() {
    let run = Run::new(0);
    let drain = Duration::from_secs(if run.long { 20 } else { 1 });
    let milliseconds = drain.as_millis().to_string();
    for endless in [0, 2] {
        let server = Server::start();
        let records = Records::new();
        let pushed = push(&server, vec![3_600_000; endless].into_iter().chain((0..300).map(|n| 10 + n % 90)));
        let mut hands = worker(&server, &records, &[("DRAIN_MS", &milliseconds)]);
        until("it is at work", || (records.done().len() > 20).then_some(()));
        let (pid, watch) = (hands.pid(), Watch::start());
        hands.signal("TERM");
        let status = hands.await_end();
        let took = watch.elapsed();
        assert_eq!(status.code(), Some(0), "{}", hands.output());
        assert!(took < drain + Duration::from_secs(5), "the promise is the drain time and 5 s: {took:?}");
        let figures = Figures::of(&server);
        let done = records.done().len() as u64;
        assert_eq!(records.in_hand(pid).len(), endless, "what could end was done");
        let expected = Figures {
            enqueued: pushed - done - endless as u64,
            retries: endless as u64,
            processed: figures.processed,
            failures: endless as u64,
            ..Figures::default()
        };
        assert_eq!(figures, expected, "what was done was heard of, and the rest given back");
        assert_eq!(figures.processed - figures.failures, done);
        run.say(&format!("stopped under load, {done} jobs done, {endless} given back, after {took:.1?}"));
    }
}
