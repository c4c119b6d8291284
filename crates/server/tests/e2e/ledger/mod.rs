//! Nothing acknowledged is lost: producers and workers at work, the server killed with SIGKILL again and again, also
//! while it recovers, and what it answered compared with what it still has.
//!
//! `book.rs` judges; `actors.rs` push and work and write the book; `inventory.rs` counts everything. After each kill
//! the server's figures must lie within what the book allows; every 10th time each single job is looked for.
//! `BESSEMER_CYCLES` says how often to kill, `BESSEMER_SEED` repeats the choices of a run.

mod actors;
mod book;
mod dice;
mod gate;
mod inventory;
mod sweep;

use std::fs::File;
use std::io::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use self::actors::{Stage, producer, worker};
use self::book::Book;
use self::dice::Dice;
use self::gate::Gate;
use crate::clock::{Watch, pause};
use crate::server::Server;

const PRODUCERS: u64 = 4;
const WORKERS: u64 = 8;
const INVENTORY_EVERY: u64 = 10;

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let cycles = number_from_env("BESSEMER_CYCLES").unwrap_or(200);
    let seed = number_from_env("BESSEMER_SEED")
        .unwrap_or_else(|| getrandom::u64().expect("the system's random source"));
    let again = format!("BESSEMER_SEED={seed} make kill CYCLES={cycles}");
    let mut server = Server::start();
    let stage = Stage { port: server.port, book: Mutex::new(Book::default()), gate: Gate::default() };
    let path = std::env::temp_dir().join(format!("bessemer-ledger-{seed}.log"));
    let log = File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut run = Run { cycles, watch: Watch::start(), kills: 0, dice: Dice::new(seed, 0), log };
    run.say("begins", &again);
    std::thread::scope(|scope| {
        for number in 1..=PRODUCERS + WORKERS {
            let (stage, dice) = (&stage, Dice::new(seed, number));
            let role = if number <= PRODUCERS { producer } else { worker };
            scope.spawn(move || role(stage, number, dice));
        }
        let _finish = Finish(&stage.gate);
        for cycle in 1..=cycles {
            run.cycle(&mut server, &stage, cycle);
            let breaches = run.write_down(&stage);
            assert!(breaches.is_empty(), "{}\nall events: {}\n{again}", breaches.join("\n"), path.display());
        }
    });
    let status = server.stop("TERM");
    assert!(status.success(), "a graceful stop ends with {status}");
    run.say("passed", &format!("{} kills", run.kills));
    std::fs::remove_file(path).expect("the log of this run");
}

/// Lets the actors go home, also when the test fails.
struct Finish<'a>(&'a Gate);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

struct Run {
    cycles: u64,
    watch: Watch,
    kills: u64,
    dice: Dice,
    log: File,
}

impl Run {
    /// Work, a kill at a random moment, perhaps more kills while it recovers, and the comparison.
    fn cycle(&mut self, server: &mut Server, stage: &Stage, cycle: u64) {
        stage.gate.open();
        pause(Duration::from_millis(10 + self.dice.below(120)));
        server.kill();
        self.kills += 1;
        stage.gate.close((PRODUCERS + WORKERS) as usize);
        while self.dice.percent(40) {
            server.spawn();
            pause(Duration::from_micros(self.dice.below(40_000)));
            server.kill();
            self.kills += 1;
        }
        server.spawn();
        server.await_ready();
        let figures = inventory::figures(server);
        let (certain, possible) = stage.book(|book| book.bounds());
        if !(certain..=possible).contains(&figures.total()) {
            let why = format!("the server has {figures:?}, and {certain} to {possible} jobs must exist");
            stage.book(|book| book.breach("-", &why));
        }
        if cycle.is_multiple_of(INVENTORY_EVERY) || cycle == self.cycles {
            inventory::take(server, stage);
            stage.gate.next_epoch();
            self.say(
                &format!("{cycle}/{} cycles", self.cycles),
                &format!("{} kills, {figures:?}", self.kills),
            );
        }
    }

    /// A line for whoever waits; past the test runner, which would keep it for failures.
    fn say(&self, what: &str, more: &str) {
        let line = format!("ledger: {what} after {:.1?}: {more}\n", self.watch.elapsed());
        std::io::stderr().write_all(line.as_bytes()).expect("standard error");
    }

    /// Moves the events of this cycle into the file; returns what cannot be.
    fn write_down(&mut self, stage: &Stage) -> Vec<String> {
        let (events, breaches) = stage.book(|book| (std::mem::take(&mut book.log), book.breaches.clone()));
        self.log.write_all(events.as_bytes()).expect("the log of this run");
        breaches
    }
}

fn number_from_env(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}
