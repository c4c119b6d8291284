//! How near the store comes to the floor, by the size of the group.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::bare::Bare;
use crate::disk::take_flushes;
use crate::figures::{cpu_ns, load, quantile};
use crate::load::{Load, QUEUES};

/// Store and floor take turns this often, so that whatever else the machine does hits both.
const ROUNDS: usize = 80;
const ROUND: Duration = Duration::from_millis(100);
/// Jobs that wait at the beginning.
const DEPTH: u64 = 1_000;

pub(crate) fn measure(directory: &Path, flush_delay: Duration) {
    println!(
        "\nstore and floor by turns, {} ms added to each flush; load {}",
        flush_delay.as_millis(),
        load()
    );
    println!(
        "{:>6} {:>12} {:>12} {:>7}  {:<23} {:>7} {:>11}",
        "group", "floor ops/s", "store ops/s", "ratio", "rounds [5 %..95 %]", "B/op", "CPU µs/op"
    );
    for group in [1, 16, 128, 1024] {
        compare(directory, group, flush_delay);
    }
}

fn compare(directory: &Path, group: u64, flush_delay: Duration) {
    let path = directory.join(format!("groups-{group}"));
    let (mut load, _) = Load::open(&path, flush_delay);
    let mut bare = Bare::create(&path.join("bare"), flush_delay);
    load.fill(QUEUES[0], DEPTH);
    load.churn(ROUND, group);
    take_flushes();
    let (mut floor, mut store) = (Side::default(), Side::default());
    let (mut ratios, mut bytes) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let of_store = store.measure(|| load.churn(ROUND, group));
        let flushes = take_flushes();
        let of_floor = floor.measure(|| {
            flushes.iter().for_each(|bytes| bare.commit(*bytes));
            flushes.len() as u64 * group
        });
        bytes += flushes.iter().sum::<u64>();
        ratios.push(of_floor / of_store);
    }
    println!(
        "{group:>6} {:>12.0} {:>12.0} {:>7.2}  {:.2} [{:.2}..{:.2}] {:>14} {:>6.2} - {:.2}",
        floor.per_second(),
        store.per_second(),
        store.per_second() / floor.per_second(),
        quantile(&ratios, 0.5),
        quantile(&ratios, 0.05),
        quantile(&ratios, 0.95),
        bytes / store.operations,
        store.cpu_us_each(),
        floor.cpu_us_each(),
    );
    drop(load);
    std::fs::remove_dir_all(path).expect("the directory goes");
}

/// One of the two.
#[derive(Default)]
struct Side {
    time: Duration,
    cpu_ns: u64,
    operations: u64,
}

impl Side {
    /// Adds a round; says how many seconds an operation took in it.
    fn measure(&mut self, round: impl FnOnce() -> u64) -> f64 {
        let (started, cpu) = (Instant::now(), cpu_ns());
        let operations = round();
        let time = started.elapsed();
        self.operations += operations;
        self.time += time;
        self.cpu_ns += cpu_ns() - cpu;
        time.as_secs_f64() / operations as f64
    }

    fn per_second(&self) -> f64 {
        self.operations as f64 / self.time.as_secs_f64()
    }

    fn cpu_us_each(&self) -> f64 {
        self.cpu_ns as f64 / 1e3 / self.operations as f64
    }
}
