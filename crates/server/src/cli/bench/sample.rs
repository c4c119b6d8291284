//! What a window showed, and what is made of several: figures, and their spread over the rounds.

use std::time::Duration;

use serde_json::{Value, json};

/// What one server did in one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sample {
    /// None in the loads in which nothing is to be done.
    pub(super) jobs: u64,
    pub(super) wall: Duration,
    /// Of the server, if its process is known.
    pub(super) cpu: Option<Duration>,
    pub(super) latency: Option<Latency>,
    /// Resident bytes of the server at the end.
    pub(super) memory: Option<u64>,
    /// Bytes that it grew by for each waiting job, or each connection.
    pub(super) bytes_each: Option<f64>,
    pub(super) restart: Option<Restart>,
}

/// Of many, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Latency {
    p50: u64,
    p99: u64,
    p999: u64,
}

/// A start on the data that was there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Restart {
    pub(super) took: Duration,
    /// Resident bytes for each waiting job.
    pub(super) bytes_each: Option<f64>,
}

impl Latency {
    /// Of times in nanoseconds, in any order; `None` of none.
    pub(super) fn of(mut nanos: Vec<u64>) -> Option<Self> {
        nanos.sort_unstable();
        let at = |per_mille| percentile(&nanos, per_mille);
        Some(Self { p50: at(500)?, p99: at(990)?, p999: at(999)? })
    }
}

/// The smallest value that so many thousandths of all do not exceed. The values ascend.
fn percentile(ascending: &[u64], per_mille: usize) -> Option<u64> {
    let rank = (ascending.len() * per_mille).div_ceil(1000).max(1);
    ascending.get(rank - 1).copied()
}

/// What tables and scripts are told of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    JobsPerS,
    P50,
    P99,
    P999,
    CpuPerJob,
    CpuPercent,
    TimesFloor,
    Memory,
    BytesEach,
    Restart,
    RestartBytesEach,
}

impl Figure {
    pub(super) const ALL: [Self; 11] = [
        Self::JobsPerS,
        Self::P50,
        Self::P99,
        Self::P999,
        Self::CpuPerJob,
        Self::CpuPercent,
        Self::TimesFloor,
        Self::Memory,
        Self::BytesEach,
        Self::Restart,
        Self::RestartBytesEach,
    ];

    /// The name in JSON, with its unit.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::JobsPerS => "jobs_per_s",
            Self::P50 => "p50_us",
            Self::P99 => "p99_us",
            Self::P999 => "p999_us",
            Self::CpuPerJob => "cpu_us_per_job",
            Self::CpuPercent => "cpu_percent",
            Self::TimesFloor => "times_floor",
            Self::Memory => "memory_mib",
            Self::BytesEach => "bytes_each",
            Self::Restart => "restart_s",
            Self::RestartBytesEach => "restart_bytes_each",
        }
    }

    /// Its value in one round, beside the floor's sample of the same round.
    fn of(self, sample: &Sample, floor: Option<&Sample>) -> Option<f64> {
        let micros = |nanos: u64| nanos as f64 / 1e3;
        match self {
            Self::JobsPerS => (sample.jobs > 0).then(|| sample.jobs as f64 / sample.wall.as_secs_f64()),
            Self::P50 => sample.latency.map(|latency| micros(latency.p50)),
            Self::P99 => sample.latency.map(|latency| micros(latency.p99)),
            Self::P999 => sample.latency.map(|latency| micros(latency.p999)),
            Self::CpuPerJob => {
                let cpu = sample.cpu.filter(|_| sample.jobs > 0)?;
                Some(cpu.as_secs_f64() * 1e6 / sample.jobs as f64)
            }
            Self::CpuPercent => Some(sample.cpu?.as_secs_f64() * 100.0 / sample.wall.as_secs_f64()),
            Self::TimesFloor => {
                let cost =
                    |of: &Sample| Self::CpuPerJob.of(of, None).or_else(|| Self::CpuPercent.of(of, None));
                Some(cost(sample)? / cost(floor?)?)
            }
            Self::Memory => sample.memory.map(|bytes| bytes as f64 / f64::from(1 << 20)),
            Self::BytesEach => sample.bytes_each,
            Self::Restart => sample.restart.map(|restart| restart.took.as_secs_f64()),
            Self::RestartBytesEach => sample.restart?.bytes_each,
        }
    }

    /// Over the rounds; `None` if it was not measured in each of them.
    pub(super) fn over(self, samples: &[Sample], floors: Option<&[Sample]>) -> Option<Spread> {
        let rounds = samples.iter().enumerate();
        let values =
            rounds.map(|(round, sample)| self.of(sample, floors.and_then(|floors| floors.get(round))));
        Spread::of(values.collect::<Option<_>>()?)
    }
}

/// A figure over the rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) lowest: f64,
    pub(super) highest: f64,
}

impl Spread {
    /// `None` of no values, or of one that is no number.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Self> {
        if values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        values.sort_unstable_by(f64::total_cmp);
        let (lowest, highest) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 };
        Some(Self { median, lowest, highest })
    }

    pub(super) fn json(&self) -> Value {
        let Self { median, lowest, highest } = self;
        json!({ "median": median, "lowest": lowest, "highest": highest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let hundred: Vec<u64> = (1..=100).collect();
        let at = |per_mille| percentile(&hundred, per_mille);
        assert_eq!([at(1), at(500), at(990), at(999), at(1000)], [1, 50, 99, 100, 100].map(Some));
        assert_eq!(percentile(&[7], 500), Some(7));
        assert_eq!(percentile(&[], 500), None);
        let shuffled = vec![3, 1, 2];
        assert_eq!(Latency::of(shuffled), Some(Latency { p50: 2, p99: 3, p999: 3 }));
        assert_eq!(Latency::of(Vec::new()), None);
    }

    #[test]
    fn a_spread_has_the_middle_and_both_ends() {
        let spread = |values: &[f64]| Spread::of(values.to_vec()).map(|s| [s.lowest, s.median, s.highest]);
        assert_eq!(spread(&[5.0, 1.0, 3.0]), Some([1.0, 3.0, 5.0]));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 9.0]), Some([1.0, 3.0, 9.0]));
        assert_eq!(spread(&[2.0]), Some([2.0, 2.0, 2.0]));
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[1.0, f64::NAN]), None);
    }

    fn sample(jobs: u64, cpu_ms: Option<u64>) -> Sample {
        Sample {
            jobs,
            wall: Duration::from_secs(2),
            cpu: cpu_ms.map(Duration::from_millis),
            ..Sample::default()
        }
    }

    #[test]
    fn figures_are_made_within_each_round() {
        let servers = [sample(1000, Some(10)), sample(1000, Some(40)), sample(1000, Some(20))];
        let floors = [sample(1000, Some(5)), sample(1000, Some(10)), sample(1000, Some(2))];
        let of =
            |figure: Figure| figure.over(&servers, Some(&floors)).map(|s| [s.lowest, s.median, s.highest]);
        assert_eq!(of(Figure::JobsPerS), Some([500.0; 3]));
        assert_eq!(of(Figure::CpuPerJob), Some([10.0, 20.0, 40.0]));
        assert_eq!(of(Figure::TimesFloor), Some([2.0, 4.0, 10.0]), "not the quotient of the medians");
        assert_eq!(of(Figure::P50), None);
    }

    #[test]
    fn standing_loads_are_compared_by_their_share_of_a_core_and_the_unknown_stays_unknown() {
        let (server, floor) = ([sample(0, Some(20))], [sample(0, Some(10))]);
        assert_eq!(Figure::CpuPercent.over(&server, None).map(|s| s.median), Some(1.0));
        assert_eq!(Figure::TimesFloor.over(&server, Some(&floor)).map(|s| s.median), Some(2.0));
        assert_eq!(Figure::JobsPerS.over(&server, None), None);
        let unknown = [sample(1000, None), sample(1000, Some(1))];
        for figure in [Figure::CpuPerJob, Figure::CpuPercent, Figure::TimesFloor] {
            assert_eq!(figure.over(&unknown, Some(&floor)), None, "{figure:?}");
        }
    }
}
