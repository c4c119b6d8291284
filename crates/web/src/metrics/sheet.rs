//! How a metric is written: its name, what it means, its unit, and a line for each of its labels.

use std::fmt;
use std::time::Duration;

use bessemer_core::Wall;
use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::pulse::Timings;

/// The labels of one line.
pub(super) type Labels<'l, const N: usize> = [(&'static str, &'l str); N];

/// What is written so far.
pub(super) struct Sheet<'e>(DescriptorEncoder<'e>);

impl<'e> Sheet<'e> {
    pub(super) fn new(encoder: DescriptorEncoder<'e>) -> Self {
        Self(encoder)
    }

    /// A figure that goes up and down.
    pub(super) fn gauge(
        &mut self,
        name: &str,
        unit: Option<Unit>,
        help: &str,
        value: impl EncodeGaugeValue,
    ) -> fmt::Result {
        self.gauges(name, unit, help, [([], value)])
    }

    /// The same, with a line for each row of labels.
    pub(super) fn gauges<'l, const N: usize, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        unit: Option<Unit>,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<'l, N>, V)>,
    ) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
        rows.into_iter().try_for_each(|(labels, value)| encoder.encode_family(&labels)?.encode_gauge(&value))
    }

    /// A figure that only grows; it may begin anew when the server does. `_total` is added to its name.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.counters(name, help, [([], value)])
    }

    /// The same, with a line for each row of labels.
    pub(super) fn counters<'l, const N: usize, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<'l, N>, V)>,
    ) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        rows.into_iter().try_for_each(|(labels, value)| {
            encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&value, None)
        })
    }

    /// Facts, as labels of a line that says 1.
    pub(super) fn facts<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: &Labels<'_, N>,
    ) -> fmt::Result {
        self.0.encode_descriptor(name, help, None, MetricType::Info)?.encode_info(labels)
    }

    /// A moment; no line at all where there is none.
    pub(super) fn moment(&mut self, name: &str, help: &str, at: Option<Wall>) -> fmt::Result {
        let rows = at.map(|at| ([], at.0 as f64 / 1e6));
        self.gauges(name, Some(Unit::Seconds), help, rows)
    }

    /// How long something takes.
    pub(super) fn timings(&mut self, name: &str, help: &str, timings: &Timings) -> fmt::Result {
        let bounds = Timings::BOUNDS.map(|micros| micros as f64 / 1e6);
        self.histograms(name, help, &bounds, [([], &timings.counts[..], timings.sum)])
    }

    /// Durations, counted by these upper bounds in seconds; the last count is above all of them.
    pub(super) fn histograms<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        bounds: &[f64],
        rows: impl IntoIterator<Item = (Labels<'l, N>, &'l [u64], Duration)>,
    ) -> fmt::Result {
        let mut encoder =
            self.0.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        rows.into_iter().try_for_each(|(labels, counts, sum)| {
            let bounds = bounds.iter().copied().chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts.iter().copied()).collect();
            let (sum, count) = (sum.as_secs_f64(), counts.iter().sum());
            encoder.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
        })
    }
}
