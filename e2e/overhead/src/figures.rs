//! Clocks and memory of this process, and what is made of them.

use std::fs;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::contender::Contender;

/// A moment: the time, and the processor time that this process has used.
#[derive(Clone, Copy)]
pub struct Moment {
    time: Instant,
    cpu: Duration,
}

impl Moment {
    pub fn now() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        Self { time: Instant::now(), cpu: Duration::new(cpu.tv_sec as u64, cpu.tv_nsec as u32) }
    }
}

/// What jobs cost between two moments.
#[derive(Clone, Copy)]
pub struct Figures {
    pub jobs_per_s: f64,
    pub cpu_us: f64,
}

impl Figures {
    pub fn between(from: Moment, to: Moment, jobs: usize) -> Self {
        Self {
            jobs_per_s: jobs as f64 / (to.time - from.time).as_secs_f64(),
            cpu_us: (to.cpu - from.cpu).as_secs_f64() * 1e6 / jobs as f64,
        }
    }
}

/// One of each contender, in the order of [`Contender::ALL`].
pub struct Round {
    pub figures: Vec<Figures>,
}

#[derive(Default)]
pub struct Table {
    rounds: Vec<Round>,
}

impl Table {
    pub fn add(&mut self, round: Round) {
        self.rounds.push(round);
    }

    /// Ratios are made within a round.
    pub fn print(&self) {
        println!("{:<22}{:>26}{:>26}", "", "jobs/s", "client CPU us per job");
        for (index, contender) in Contender::ALL.iter().enumerate() {
            let rate = self.spread(|round| round.figures[index].jobs_per_s);
            let cpu = self.spread(|round| round.figures[index].cpu_us);
            println!("{:<22}{:>26}{:>26}", contender.name(), rate.text(0), cpu.text(1));
        }
        let rate = self.spread(|round| round.figures[0].jobs_per_s / round.figures[1].jobs_per_s);
        let cpu = self.spread(|round| round.figures[0].cpu_us / round.figures[2].cpu_us);
        println!("rate, times that of the crate faktory: {} (goal: 3 or more)", rate.text(2));
        println!("client CPU, times that of the raw loop: {} (goal: 2 or less)", cpu.text(2));
    }

    fn spread(&self, of: impl Fn(&Round) -> f64) -> Spread {
        let mut values: Vec<f64> = self.rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        Spread(values)
    }
}

/// Values in order.
struct Spread(Vec<f64>);

impl Spread {
    fn text(&self, digits: usize) -> String {
        match self.0.as_slice() {
            [] => "-".into(),
            [lowest, .., highest] => {
                format!("{:.digits$} [{lowest:.digits$}..{highest:.digits$}]", self.0[self.0.len() / 2])
            }
            [only] => format!("{only:.digits$}"),
        }
    }
}

/// Resident memory of this process in KiB.
pub fn rss_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}
