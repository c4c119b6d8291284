//! Relaxed durability (`G1`): what a reply that waits for no flush is worth. Random histories have it too (`crash.rs`);
//! these are made of many equal turns close to each other, between which a power loss chooses.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bessemer_core::query::Durability;
use bessemer_core::{Boot, Command, Now, Rules, Settled, Ticket, Wall};
use bessemer_store::embedded::bug::{Bug, plant};
use bessemer_store::embedded::disk::SimDisk;
use bessemer_store::{Embedded, Engine, OpenError, Options, WaterMarks};

use crate::dice::Dice;
use crate::world::{ENTROPY, job};

/// What a power loss may take, in microseconds.
const LAG: u64 = 100_000;

struct Producer {
    dice: Dice,
    disk: SimDisk,
    micros: u64,
    pushed: u64,
    /// When something was answered, and the machine then, since the last start.
    answered: Vec<(u64, String)>,
    lost: u64,
}

impl Producer {
    fn now(&self) -> Now {
        let boot = Boot(self.micros);
        Now { wall: Wall(1_800_000_000_000_000 + self.micros as i64), boot, heard: boot, chance: 7 }
    }

    fn open(&self) -> Result<Embedded<SimDisk>, OpenError> {
        let options = Options {
            rules: Rules { repush_window: Duration::from_millis(1), ..Rules::default() },
            segment_bytes: 4 << 10,
            tail_bytes: 64 << 10,
            durability: Durability::Relaxed,
            marks: WaterMarks { low: 0, high: 1 },
        };
        Embedded::open(self.disk.clone(), options, self.now(), ENTROPY).map(|(engine, _)| engine)
    }

    /// One life: so many turns, close to each other.
    fn live(&mut self, turns: u64) -> Result<(), String> {
        let mut engine = self.open().map_err(|error| error.to_string())?;
        let dump = engine.machine().dump();
        let last = self.answered.last().map_or(0, |(at, _)| *at);
        let found = self.answered.iter().rposition(|(_, answered)| *answered == dump);
        let at = found.ok_or("what is there was never answered, or not in this order")?;
        self.lost += (self.answered.len() - 1 - at) as u64;
        if self.answered.get(at + 1).is_some_and(|(next, _)| *next + LAG < last) {
            return Err(format!(
                "an answer of {} is lost, and one of {last} was given",
                self.answered[at + 1].0
            ));
        }
        self.answered = vec![(self.micros, dump)];
        for _ in 0..turns {
            self.micros += self.dice.below(30_000);
            self.turn(&mut engine)?;
            self.answered.push((self.micros, engine.machine().dump()));
        }
        Ok(())
    }

    /// A job comes, or the first one goes.
    fn turn(&mut self, engine: &mut Embedded<SimDisk>) -> Result<(), String> {
        let now = self.now();
        if self.dice.one_in(2) {
            self.pushed += 1;
            let jid = format!("job-{:08}", self.pushed);
            engine.submit(now, Ticket(1), Command::Push { job: job(&jid, "default") });
        } else {
            let first: Vec<_> = engine.machine().job_ids().take(1).collect();
            engine.submit(now, Ticket(2), Command::Delete { jobs: &first });
        }
        let mut out = Settled::default();
        match engine.poll_turn(&mut Context::from_waker(Waker::noop()), now, &mut out) {
            Poll::Ready(result) => result.map_err(|fatal| fatal.to_string()),
            Poll::Pending => Err("it waits".into()),
        }
    }
}

/// Lives that end in kills and power losses; how many answers were lost.
fn history(seed: u64) -> Result<u64, String> {
    let disk = SimDisk::new(seed);
    let mut producer =
        Producer { dice: Dice(seed), disk, micros: 1_000_000, pushed: 0, answered: Vec::new(), lost: 0 };
    let empty = producer.open().map_err(|error| error.to_string())?.machine().dump();
    producer.answered = vec![(producer.micros, empty)];
    for _ in 0..12 {
        let turns = producer.dice.below(16);
        producer.live(turns)?;
        if producer.dice.one_in(4) {
            producer.disk = producer.disk.crash();
            // Nothing of this one is lost.
            producer.answered.drain(..producer.answered.len() - 1);
        } else {
            producer.disk = producer.disk.power_loss();
        }
    }
    Ok(producer.lost)
}

fn run(seed: u64) -> Result<u64, String> {
    catch_unwind(AssertUnwindSafe(|| history(seed))).unwrap_or_else(|_| Err("a panic".into()))
}

#[test]
fn a_kill_takes_nothing_and_a_power_loss_the_last_100_ms_of_answers_at_most_g1() {
    let lost: u64 =
        (0..1_000).map(|seed| run(seed).unwrap_or_else(|what| panic!("seed {seed}: {what}"))).sum();
    assert!(lost > 1_000, "{lost} answers lost: too few to prove anything");
}

#[test]
fn mistakes_in_relaxed_mode_are_noticed() {
    for bug in [Bug::ClaimDurable, Bug::DiscardUnflushed, Bug::LeaveForgotten] {
        plant(Some(bug));
        let noticed = (0..5_000).find(|seed| run(*seed).is_err());
        plant(None);
        println!("{bug:?}: noticed by seed {noticed:?}");
        assert!(noticed.is_some(), "{bug:?} went unnoticed");
    }
}
