//! Metrics of each queue, and which queues share their lines because there are too many.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use bessemer_core::query::QueueView;
use prometheus_client::registry::Unit;

use super::Scrape;
use super::sheet::Sheet;
use crate::watch::totals::OTHER;

/// Queues that have lines of their own: those that were there first. They keep them, or counters would go down.
#[derive(Debug, Default)]
pub(crate) struct Labelled(Mutex<BTreeSet<String>>);

impl Labelled {
    /// Puts together the queues that have no lines of their own; says how many these are. `most` have some.
    pub(super) fn share(&self, queues: Vec<QueueView>, most: usize) -> (Vec<QueueView>, u64) {
        let mut labelled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = Vec::with_capacity(queues.len().min(most));
        let (mut other, mut others) = (None, 0);
        for queue in queues {
            let known = labelled.contains(&queue.name);
            if queue.name == OTHER || !known && labelled.len() >= most {
                others += 1;
                other = Some(other.map_or_else(|| queue.clone(), |other| joined(other, &queue)));
                continue;
            }
            if !known {
                labelled.insert(queue.name.clone());
            }
            shown.push(queue);
        }
        shown.extend(other.map(|other| QueueView { name: OTHER.into(), ..other }));
        (shown, others)
    }
}

fn joined(one: QueueView, two: &QueueView) -> QueueView {
    QueueView {
        size: one.size + two.size,
        paused: one.paused || two.paused,
        full: one.full || two.full,
        latency: one.latency.max(two.latency),
        working: one.working + two.working,
        pushed: one.pushed + two.pushed,
        left: one.left + two.left,
        ..one
    }
}

pub(super) fn write(sheet: &mut Sheet<'_>, scrape: &Scrape) -> fmt::Result {
    let of = |figure: fn(&QueueView) -> u64| {
        scrape.queues.iter().map(move |queue| ([("queue", queue.name.as_str())], figure(queue)))
    };
    sheet.gauges("queue_jobs", None, "Jobs that wait in the queue.", of(|queue| queue.size))?;
    let ages = scrape.queues.iter().map(|queue| ([("queue", &*queue.name)], queue.latency.as_secs_f64()));
    let help = "How long the next job of the queue has waited.";
    sheet.gauges("queue_oldest_age", Some(Unit::Seconds), help, ages)?;
    let paused = of(|queue| u64::from(queue.paused));
    sheet.gauges("queue_paused", None, "1: workers get nothing from the queue.", paused)?;
    let help = "Jobs of the queue that are being worked on.";
    sheet.gauges("queue_working_jobs", None, help, of(|queue| queue.working))?;
    let help = "Jobs that came to the queue, also those that went straight to a worker.";
    sheet.counters("queue_pushed", help, of(|queue| queue.pushed))?;
    sheet.counters("queue_left", "Jobs that left the queue.", of(|queue| queue.left))?;
    let help = "Queues that share the label `other`, since there are too many.";
    sheet.gauge("metrics_other_queues", None, help, scrape.others)
}
