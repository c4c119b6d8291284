//! How near the store comes to the disk, and what a deep backlog costs.
//!
//! `cargo run --release -p bessemer-store --example floor -- DIR` measures everything, in about ten minutes and ten
//! gigabytes; a part behind it, `groups`, `machine`, `slow`, `pinned` or `backlog`, that part
//! alone.
//!
//! The floor is a loop that writes the very bytes of the store's commits and flushes them, and does nothing else. The two
//! take turns of a tenth of a second. Read the ratios; the absolute numbers are those of one disk.

#![expect(clippy::disallowed_methods, reason = "a measurement reads a clock, and slows a flush down")]

mod backlog;
mod bare;
mod disk;
mod figures;
mod groups;
mod load;
mod machine;
mod pinned;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("a directory to measure in");
    let part = arguments.next().unwrap_or_default();
    // Each part in a process of its own, with memory that nobody has used.
    let run = |part: &str| {
        let program = std::env::current_exe().expect("this program");
        let status = Command::new(program).args([&directory, part]).status().expect("a process");
        assert!(status.success(), "{part}: {status}");
    };
    let directory = Path::new(&directory);
    match part.split_once('-').unwrap_or((&part, "")) {
        ("", _) => ["groups", "machine", "slow", "pinned", "backlog"].into_iter().for_each(run),
        ("groups", _) => groups::measure(directory, Duration::ZERO),
        ("slow", _) => groups::measure(directory, Duration::from_millis(5)),
        ("machine", _) => machine::measure(),
        ("pinned", _) => pinned::measure(directory),
        ("backlog", _) => backlog::measure(directory, run),
        ("fill", millions) => backlog::fill(directory, millions.parse().expect("millions of jobs")),
        ("start", millions) => backlog::start(directory, millions.parse().expect("millions of jobs"), false),
        ("cold", millions) => backlog::start(directory, millions.parse().expect("millions of jobs"), true),
        (unknown, _) => panic!("{unknown}: no such part"),
    }
}
