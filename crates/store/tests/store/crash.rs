//! Crashes and power losses from seeds, at any call of any kind, several in a row.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bessemer_store::embedded::bug::{Bug, plant};

use crate::careless::{Aim, Lapse};
use crate::damage;
use crate::seen::{Phase, Seen};
use crate::world::{Death, Fault, World};

/// One history: eight lives, each ended by chance, starts that do not get far among them; and a look at damage or the
/// last of its jobs at its end.
fn history(seed: u64, lapse: Option<Lapse>) -> Result<(Seen, Vec<String>), String> {
    let mut world = World::new(seed, lapse);
    for _ in 0..8 {
        let (calls, phase) = (world.dice.below(100), any_phase(&mut world));
        let fault = match world.dice.below(10) {
            0 => Fault::None,
            1..3 => Fault::Stop(Aim { phase: None, calls }),
            3..5 => Fault::Stop(Aim { phase: Some(phase), calls: calls % 3 }),
            5..7 => Fault::StopCleaning(1 + calls % 2),
            7..9 => Fault::Fail(calls),
            _ => Fault::Space(calls * 64),
        };
        let (turns, death) = (world.dice.below(50), any_death(&mut world));
        world.life(turns, fault, death)?;
        if world.dice.one_in(4) {
            for _ in 0..=world.dice.below(6) {
                let aim = Aim { phase: Some(Phase::Recovery), calls: world.dice.below(5) };
                let death = any_death(&mut world);
                world.life(0, Fault::Stop(aim), death)?;
            }
        }
    }
    world.life(0, Fault::None, Death::Killed)?;
    // In relaxed mode damage at the end cannot be told from what a power loss leaves.
    if !world.relaxed {
        damage::one_flip(&mut world)?;
    }
    world.seen.add("a segment given up", damage::oldest_segment(&world) - 1);
    if world.dice.one_in(4) {
        world.last_life()?;
    }
    world.seen.trace = world.disk.disk.trace();
    Ok((world.seen, world.allowed))
}

fn any_death(world: &mut World) -> Death {
    if world.dice.one_in(3) { Death::Killed } else { Death::PowerLoss }
}

fn any_phase(world: &mut World) -> Phase {
    *world.dice.pick(&Phase::ALL).expect("there are some")
}

/// A panic is a failure of its seed like any other.
fn run(seed: u64, lapse: Option<Lapse>) -> Result<(Seen, Vec<String>), String> {
    catch_unwind(AssertUnwindSafe(|| history(seed, lapse))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or(panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
    })
}

fn check(seed: u64) -> Seen {
    let outcome = run(seed, None).unwrap_or_else(|what| {
        panic!(
            "seed {seed}: {what}\nagain: BESSEMER_SEED={seed} cargo test -p bessemer-store --test store seeds"
        )
    });
    if seed.is_multiple_of(100) {
        assert_eq!(run(seed, None).as_ref(), Ok(&outcome), "seed {seed} is not the same twice");
    }
    outcome.0
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

/// Half of the seeds each, so that two cores share them.
fn seeds_of(half: u64) {
    if let Some(seed) = number("BESSEMER_SEED") {
        println!("seed {seed}: {}", check(seed));
        return;
    }
    let seeds = number("BESSEMER_SEEDS").unwrap_or(20_000);
    let first = number("BESSEMER_FIRST").unwrap_or(0);
    let seen =
        (first..first + seeds).filter(|seed| seed % 2 == half).map(check).fold(Seen::default(), Seen::and);
    println!("{} seeds from {first} on: {seen}", seeds / 2);
    // Few histories may miss something by chance.
    if seeds >= 1_000 {
        assert_eq!(seen.missing(seeds / 2), [""; 0]);
    }
}

#[test]
fn nothing_that_was_answered_is_lost_even_seeds() {
    seeds_of(0);
}

#[test]
fn nothing_that_was_answered_is_lost_odd_seeds() {
    seeds_of(1);
}

/// How many seeds it may take to notice a mistake.
const NOTICED_WITHIN: u64 = 2_000;

#[test]
fn a_careless_use_of_the_disk_is_noticed() {
    use Lapse::{BelieveTheCache, NameBeforeFlush, ReplyBeforeFlush, RetryTheFlush, SkipDirectoryFlush};
    for lapse in [ReplyBeforeFlush, RetryTheFlush, NameBeforeFlush, SkipDirectoryFlush, BelieveTheCache] {
        let noticed = (0..NOTICED_WITHIN).find(|seed| run(*seed, Some(lapse)).is_err());
        println!("{lapse:?}: noticed by seed {noticed:?}");
        assert!(noticed.is_some(), "{lapse:?} went unnoticed");
        assert_eq!(noticed.and_then(|seed| run(seed, None).err()), None, "without the lapse");
    }
}

#[test]
fn a_planted_bug_is_noticed() {
    for bug in [
        Bug::CutDamage,
        Bug::ForgetToRestate,
        Bug::FreeTheLiving,
        Bug::DiscardAtOnce,
        Bug::RecycleBeforeFlush,
        Bug::MoveWithoutFailure,
        Bug::LeaveBehind,
        Bug::MoveTheEnded,
        Bug::MoveToTheTail,
        Bug::LoseTheRecord,
        Bug::MoveTheRemoved,
        Bug::FreeTheRecords,
        Bug::ForgetTheRemoval,
        Bug::ForgetTheTerminator,
        Bug::TrustTheBatch,
        Bug::ClaimDurable,
    ] {
        plant(Some(bug));
        let noticed = (0..NOTICED_WITHIN).find(|seed| run(*seed, None).is_err());
        println!("{bug:?}: noticed by seed {noticed:?}");
        plant(None);
        assert!(noticed.is_some(), "{bug:?} went unnoticed");
        assert_eq!(noticed.and_then(|seed| run(seed, None).err()), None, "without the bug");
    }
}
