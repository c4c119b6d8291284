//! What cleaning costs: half a million jobs that never leave, while others come and go.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::bare::Bare;
use crate::disk::take_flushes;
use crate::figures::{device_written, load, quantile};
use crate::load::{Load, PINNED, QUEUES};

const JOBS: u64 = 500_000;
const GROUP: u64 = 128;
/// Others write so many times the bytes of the pinned jobs meanwhile: two rounds of cleaning, since at three times what
/// lives the log has room for two more.
const TIMES: u64 = 4;
const ROUND: Duration = Duration::from_millis(100);

pub(crate) fn measure(directory: &Path) {
    println!("\n{JOBS} jobs that never leave, groups of {GROUP}, cleaning all the while; load {}", load());
    let path = directory.join("pinned");
    let (mut load, _) = Load::open(&path, Duration::ZERO);
    let mut bare = Bare::create(&path.join("bare"), Duration::ZERO);
    take_flushes();
    load.fill(PINNED, JOBS);
    let live = take_flushes().iter().sum::<u64>();
    load.fill(QUEUES[0], 1_000);
    take_flushes();

    // The log is not too long yet, so nothing is cleaned: these are the bytes of the operations alone.
    let operations = load.churn(Duration::from_millis(200), GROUP);
    let each = take_flushes().iter().sum::<u64>() / operations;
    // Long enough that the jobs have been moved some times, and segments are recycled.
    let begun = load.disk.written();
    while load.disk.written() - begun < 3 * TIMES * live {
        load.churn(ROUND, GROUP);
    }
    take_flushes();

    let (mut store, mut floor, mut committed) = (Side::default(), Side::default(), 0);
    while floor.bytes < TIMES * live {
        let (written, device) = (load.disk.written(), device_written(directory));
        let (started, before) = (Instant::now(), store.times.len());
        while started.elapsed() < ROUND {
            let started = Instant::now();
            load.group(GROUP);
            store.times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        committed += take_flushes().iter().sum::<u64>();
        store.bytes += load.disk.written() - written;
        store.device += device_written(directory) - device;

        let device = device_written(directory);
        for _ in before..store.times.len() {
            let started = Instant::now();
            bare.commit(each * GROUP);
            floor.times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        floor.bytes = store.times.len() as u64 * each * GROUP;
        floor.device += device_written(directory) - device;
    }
    print(&floor, &store);
    let [told, filled] = [committed - floor.bytes, store.bytes.saturating_sub(committed)].map(|n| n >> 20);
    println!("  {told} MiB told again, {filled} MiB of zeros; load {}", crate::figures::load());
    drop(load);
    std::fs::remove_dir_all(path).expect("the directory goes");
}

/// One of the two.
#[derive(Default)]
struct Side {
    /// Milliseconds of each commit, with its operations.
    times: Vec<f64>,
    /// Bytes that it wrote.
    bytes: u64,
    /// Bytes that the device wrote meanwhile.
    device: u64,
}

fn print(floor: &Side, store: &Side) {
    println!(
        "{:>6} {:>8} {:>8} {:>8} {:>8} {:>9} {:>12}",
        "", "p50 ms", "p99 ms", "p99.9", "worst", "MiB", "device MiB"
    );
    for (name, side) in [("floor", floor), ("store", store)] {
        let [p50, p99, p999, worst] = [0.5, 0.99, 0.999, 1.0].map(|share| quantile(&side.times, share));
        let (mib, device) = (side.bytes >> 20, side.device >> 20);
        println!("{name:>6} {p50:>8.3} {p99:>8.3} {p999:>8.2} {worst:>8.2} {mib:>9} {device:>12}");
    }
    println!(
        "  store ÷ floor: p99 {:.2}, worst {:+.1} ms, bytes {:.2}, bytes of the device {:.2}",
        quantile(&store.times, 0.99) / quantile(&floor.times, 0.99),
        quantile(&store.times, 1.0) - quantile(&floor.times, 1.0),
        store.bytes as f64 / floor.bytes as f64,
        store.device as f64 / floor.device as f64,
    );
}
