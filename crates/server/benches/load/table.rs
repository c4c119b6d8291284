//! The rounds as a table: medians, and the range beside what is compared.

use crate::scenario::{Load, Run, Sample};
use crate::server::Memory;

/// One line of the table: a scenario and the floor that it is compared with.
struct Row {
    name: String,
    of: fn(&Run) -> &Sample,
    floor: fn(&Run) -> &Sample,
    /// Requests of one job in this scenario.
    requests: f64,
}

pub(crate) fn print(load: &Load, runs: &[Run], memory: &Memory) {
    let Load { connections, producers, window, job_bytes } = load;
    println!("\n{} rounds, windows of {} s, jobs of {job_bytes} bytes\n", runs.len(), window.as_secs());
    println!(
        "| load | jobs/s | p50 / p99 / p99.9 µs | CPU µs per job | × floor's PUSH | requests/s ÷ floor's | MiB |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let mixed = format!("mixed, {producers} producers and {} workers", connections - producers);
    let at = |what: &str| format!("{what}, {connections} connections");
    let rows = [
        row(at("floor: PUSH"), |run| &run.floor_push, |run| &run.floor_push, 1.0),
        row(at("push"), |run| &run.push, |run| &run.floor_push, 1.0),
        row(at("fetch and ACK"), |run| &run.fetch, |run| &run.floor_push, 2.0),
        row(mixed, |run| &run.mixed, |run| &run.floor_mixed, 3.0),
        row("floor: PUSH, 1 connection".into(), |run| &run.floor_single, |run| &run.floor_single, 1.0),
        row("push, 1 connection".into(), |run| &run.single, |run| &run.floor_single, 1.0),
    ];
    for row in rows {
        println!("{}", line(&row, runs));
    }
    println!("\nmedians of the rounds [lowest..highest]; {} MiB at most", memory.peak >> 10);
}

fn row(name: String, of: fn(&Run) -> &Sample, floor: fn(&Run) -> &Sample, requests: f64) -> Row {
    Row { name, of, floor, requests }
}

fn line(row: &Row, runs: &[Run]) -> String {
    let over = |figure: &dyn Fn(&Run) -> f64| Spread::of(runs.iter().map(figure).collect());
    let latency = |per_mille| over(&|run| percentile((row.of)(run), per_mille)).median;
    let rate = over(&|run| jobs_per_s((row.of)(run)));
    let cpu = over(&|run| cpu_us((row.of)(run)));
    let multiple = over(&|run| cpu_us((row.of)(run)) / cpu_us((row.floor)(run)));
    let speed = over(&|run| row.requests * jobs_per_s((row.of)(run)) / jobs_per_s((row.floor)(run)));
    let memory = over(&|run| (row.of)(run).memory as f64 / 1024.0);
    let (p50, p99, p999) = (latency(500), latency(990), latency(999));
    let Spread { median: per_s, lowest, highest } = rate;
    let name = &row.name;
    format!(
        "| {name} | {per_s:.0} [{lowest:.0}..{highest:.0}] | {p50:.0} / {p99:.0} / {p999:.0} | {} | {} | {:.2} | {:.0} |",
        cpu.show(1),
        multiple.show(2),
        speed.median,
        memory.median,
    )
}

fn jobs_per_s(sample: &Sample) -> f64 {
    sample.jobs as f64 / sample.wall.as_secs_f64()
}

fn cpu_us(sample: &Sample) -> f64 {
    sample.cpu.as_secs_f64() * 1e6 / sample.jobs as f64
}

/// In µs.
fn percentile(sample: &Sample, per_mille: usize) -> f64 {
    let last = sample.latencies.len().saturating_sub(1);
    sample.latencies.get(last * per_mille / 1000).map_or(f64::NAN, |l| l.as_secs_f64() * 1e6)
}

/// A figure over the rounds.
struct Spread {
    median: f64,
    lowest: f64,
    highest: f64,
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_unstable_by(f64::total_cmp);
        let last = figures.len() - 1;
        Self { median: figures[last / 2], lowest: figures[0], highest: figures[last] }
    }

    fn show(&self, digits: usize) -> String {
        let Self { median, lowest, highest } = self;
        format!("{median:.digits$} [{lowest:.digits$}..{highest:.digits$}]")
    }
}
