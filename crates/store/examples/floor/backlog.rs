//! What a deep backlog costs: memory, disk, and the time of a start.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Advice, fadvise};

use crate::figures::{load, resident};
use crate::load::{Load, QUEUES};

const MILLION: u64 = 1_000_000;

/// Fills a store and starts it again, warm and cold, each in a process of its own so that memory is what it is.
pub(crate) fn measure(directory: &Path, run: impl Fn(&str)) {
    println!("\nbacklogs of waiting jobs; load {}", load());
    for millions in [1, 3, 10] {
        run(&format!("fill-{millions}"));
        for _ in 0..3 {
            run(&format!("start-{millions}"));
        }
        run(&format!("cold-{millions}"));
        fs::remove_dir_all(path(directory, millions)).expect("the directory goes");
    }
}

fn path(directory: &Path, millions: u64) -> PathBuf {
    directory.join(format!("backlog-{millions}"))
}

/// Pushes so many jobs into a new store.
pub(crate) fn fill(directory: &Path, millions: u64) {
    let path = path(directory, millions);
    let (mut load, _) = Load::open(&path, Duration::ZERO);
    let (before, started) = (resident(), Instant::now());
    let dearest = load.fill(QUEUES[0], millions * MILLION);
    let (bytes, jobs) = (resident() - before, millions * MILLION);
    assert_eq!(load.waiting(), jobs);
    println!(
        "{millions:>4} million pushed: {} B of memory each, {} MiB in all; {:.2} million/s, the dearest push {:.2} ms of CPU; {} B of disk each",
        bytes / jobs,
        resident() >> 20,
        jobs as f64 / 1e6 / started.elapsed().as_secs_f64(),
        dearest as f64 / 1e6,
        load.disk.written() / jobs,
    );
}

/// Starts the store with so many jobs.
pub(crate) fn start(directory: &Path, millions: u64, cold: bool) {
    let path = path(directory, millions);
    let mut read = Duration::ZERO;
    if cold {
        evict(&path);
        read = read_files(&path);
        evict(&path);
    }
    let (before, started) = (resident(), Instant::now());
    let (load, _) = Load::open(&path, Duration::ZERO);
    let time = started.elapsed();
    let (bytes, jobs) = (resident() - before, millions * MILLION);
    assert_eq!(load.waiting(), jobs);
    print!(
        "{millions:>4} million started: {:.2} s, {:.2} million/s, {} B of memory each, {} MiB in all",
        time.as_secs_f64(),
        jobs as f64 / 1e6 / time.as_secs_f64(),
        bytes / jobs,
        resident() >> 20,
    );
    if cold {
        print!("; cold, {:.2} times a bare read", time.as_secs_f64() / read.as_secs_f64());
    }
    println!();
}

fn files(path: &Path) -> impl Iterator<Item = File> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(path).expect("the directory").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| File::open(path).expect("a file"))
}

/// Lets the kernel forget what it has read.
fn evict(path: &Path) {
    for file in files(path) {
        file.sync_all().expect("a flush");
        fadvise(&file, 0, None, Advice::DontNeed).expect("advice");
    }
}

fn read_files(path: &Path) -> Duration {
    let (started, mut piece) = (Instant::now(), vec![0; 1 << 20]);
    for mut file in files(path) {
        while file.read(&mut piece).expect("a read") > 0 {}
    }
    started.elapsed()
}
