//! Metrics of each queue.

use std::fmt;

use prometheus_client::registry::Unit;

use super::Scrape;
use super::sheet::Sheet;

pub(super) fn write(sheet: &mut Sheet<'_>, scrape: &Scrape) -> fmt::Result {
    let sizes = scrape.queues.iter().map(|queue| ([("queue", queue.name.as_str())], queue.size));
    sheet.gauges("queue_jobs", None, "Jobs that wait in the queue.", sizes)?;
    let ages =
        scrape.queues.iter().map(|queue| ([("queue", queue.name.as_str())], queue.latency.as_secs_f64()));
    let help = "How long the next job of the queue has waited.";
    sheet.gauges("queue_oldest_age", Some(Unit::Seconds), help, ages)?;
    let paused =
        scrape.queues.iter().map(|queue| ([("queue", queue.name.as_str())], u64::from(queue.paused)));
    sheet.gauges("queue_paused", None, "1: workers get nothing from the queue.", paused)
}
