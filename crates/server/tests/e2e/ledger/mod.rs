//! Nothing acknowledged is lost: producers and workers at work, the server killed with SIGKILL again and again, also
//! while it recovers, and what it answered compared with what it still has.
//!
//! `book.rs` judges; `actors.rs` push and work and write the book; `inventory.rs` counts everything. After each kill
//! the server's figures must lie within what the book allows; every 10th time each single job is looked for.
//! `BESSEMER_CYCLES` says how often to kill, `BESSEMER_SEED` repeats the choices of a run.
//!
//! The segments are small and some jobs stay for ever, so that the log rolls, is cleaned and its segments are recycled
//! all the time. A part of the kills is aimed at these; `left.rs` reads from the directory what each kill hit, and a run
//! of 200 cycles or more fails if none hit a roll, a cleaning or a recovery. `sweep.rs` is the same question asked of every single call.

mod actors;
mod book;
pub(crate) mod dice;
mod gate;
mod inventory;
mod left;
mod sweep;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use self::actors::{Stage, producer, worker};
use self::book::Book;
use self::dice::Dice;
use self::gate::Gate;
use self::left::Phase;
use crate::clock::{Watch, pause};
use crate::server::Server;

const PRODUCERS: u64 = 4;
const WORKERS: u64 = 8;
const INVENTORY_EVERY: u64 = 10;

/// The smallest segments there are.
const SETTINGS: &str = "store.segment_size = '1MiB'\nretention.repush_window = '30s'\n";

/// So many cycles do not miss anything by chance.
const CYCLES_ENOUGH: u64 = 200;

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let cycles = number_from_env("BESSEMER_CYCLES").unwrap_or(300);
    let seed = number_from_env("BESSEMER_SEED")
        .unwrap_or_else(|| getrandom::u64().expect("the system's random source"));
    let again = format!("BESSEMER_SEED={seed} make kill CYCLES={cycles}");
    let mut server = Server::start_on(None, SETTINGS);
    let stage = Stage { port: server.port, book: Mutex::new(Book::default()), gate: Gate::default() };
    let path = std::env::temp_dir().join(format!("bessemer-ledger-{seed}.log"));
    let log = File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut run =
        Run { cycles, watch: Watch::start(), kills: 0, hit: BTreeMap::new(), dice: Dice::new(seed, 0), log };
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
    run.say("passed", &format!("{} kills, of these {:?}", run.kills, run.hit));
    for phase in [Phase::Roll, Phase::Cleaning, Phase::Recovery] {
        assert!(cycles < CYCLES_ENOUGH || run.hit.contains_key(&phase), "no kill hit a {phase:?}: {again}");
    }
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
    /// What they hit.
    hit: BTreeMap<Phase, u64>,
    dice: Dice,
    log: File,
}

impl Run {
    /// Work, a kill at a random moment, perhaps more kills while it recovers, and the comparison.
    fn cycle(&mut self, server: &mut Server, stage: &Stage, cycle: u64) {
        stage.gate.open();
        let random = Duration::from_millis(10 + self.dice.below(120));
        match self.dice.below(4) {
            0 => self.await_change(server, random, &newest_spare),
            1 => self.await_change(server, random, &oldest_segment),
            _ => pause(random),
        }
        self.kill(server);
        stage.gate.close((PRODUCERS + WORKERS) as usize);
        while self.dice.percent(40) {
            server.spawn();
            pause(Duration::from_micros(self.dice.below(40_000)));
            self.kill(server);
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

    /// Kills it, and notes what that hit.
    fn kill(&mut self, server: &mut Server) {
        let folder = server.folder();
        let (starting, pid) = (!server.output().contains("listening at"), server.kill());
        let owner = fs::read_to_string(Path::new(&folder).join("LOCK")).unwrap_or_default();
        let mut hit = left::phases(&folder);
        if starting {
            hit.clear();
            hit.extend((owner.trim() == pid.to_string()).then_some(Phase::Recovery));
        }
        for phase in hit {
            *self.hit.entry(phase).or_default() += 1;
        }
        self.kills += 1;
    }

    /// Waits until something in the directory is another one, or for so long at most.
    fn await_change(&self, server: &Server, most: Duration, look: &dyn Fn(&str) -> Option<u64>) {
        let (folder, watch) = (server.folder(), Watch::start());
        let before = look(&folder);
        // The time is no matter: whatever it hits is a place to die.
        while watch.elapsed() < most * 2 && look(&folder) == before {
            pause(Duration::from_micros(200));
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

fn names(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

/// The highest number of a segment that is, has been or is about to be in a spare: a roll begins when it grows.
fn newest_spare(folder: &str) -> Option<u64> {
    names(folder, "tmp").iter().filter_map(|path| left::header(path)).max()
}

/// A recycling begins, or has just been, when it grows.
fn oldest_segment(folder: &str) -> Option<u64> {
    names(folder, "seg").iter().filter_map(|path| left::header(path)).min()
}

pub(crate) fn number_from_env(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}
