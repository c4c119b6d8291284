//! libFuzzer's side: plays the target that `BESSEMER_TARGET` names, one of [`targets::ALL`].
#![no_main]

#[expect(dead_code, reason = "the simulator's clients hang up, too")]
#[path = "../crates/server/tests/sim/garbage/talk.rs"]
mod talk;
mod targets;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

static TARGET: OnceLock<targets::Target> = OnceLock::new();

fuzz_target!(|input: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("BESSEMER_TARGET").unwrap_or_default();
        let found = targets::ALL.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("BESSEMER_TARGET is {name:?}, and no such target is there")).1
    });
    target(input);
});
