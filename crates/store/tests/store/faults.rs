//! Every call to the disk fails once, in every way: while serving, and while starting.

use crate::careless::Aim;
use crate::damage::oldest_segment;
use crate::world::{Death, Fault, World};

const SEED: u64 = 25;
const TURNS: u64 = 40;

/// A history of two lives with a fault in one of them, and a start that has to find everything.
fn history(faults: [Fault; 2], deaths: [Death; 2]) -> World {
    let mut world = World::new(SEED, None);
    for (fault, death) in faults.into_iter().zip(deaths) {
        world.life(TURNS, fault, death).unwrap_or_else(|what| panic!("{faults:?}, {deaths:?}: {what}"));
    }
    world.life(2, Fault::None, Death::Killed).unwrap_or_else(|what| panic!("{faults:?}, {deaths:?}: {what}"));
    world
}

#[test]
fn no_call_that_fails_loses_anything() {
    let all = history([Fault::None, Fault::None], [Death::Killed, Death::Killed]);
    let calls = all.disk.disk.calls();
    assert!(calls > 200, "{calls} calls: too few to be worth it");
    assert!(oldest_segment(&all) > 1, "no segment was given up");
    for n in 0..calls {
        for fault in [Fault::Stop(Aim { phase: None, calls: n }), Fault::Fail(n)] {
            for death in [Death::Killed, Death::PowerLoss] {
                history([fault, Fault::None], [death, Death::PowerLoss]);
                history([Fault::None, fault], [Death::PowerLoss, death]);
            }
        }
    }
}

#[test]
fn the_end_of_space_loses_nothing_and_the_store_opens_again() {
    for bytes in (0..6_000).step_by(37) {
        for death in [Death::Killed, Death::PowerLoss] {
            history([Fault::Space(bytes), Fault::Space(bytes)], [death, Death::PowerLoss]);
        }
    }
}
