//! Metrics of what limits queues.

use std::fmt;

use bessemer_core::query::ThrottleView;

use super::Scrape;
use super::sheet::Sheet;

pub(super) fn write(sheet: &mut Sheet<'_>, scrape: &Scrape) -> fmt::Result {
    let of = |figure: fn(&ThrottleView) -> Option<u64>| {
        let figure = move |view| figure(view).map(|figure| (view, figure));
        scrape.throttles.iter().filter_map(figure).map(|(view, n)| ([("queue", view.queue.as_str())], n))
    };
    let help = "Jobs of the queue that all workers together may work on at once.";
    sheet.gauges("throttle_slots", None, help, of(|view| view.limit.concurrency.map(Into::into)))?;
    let help = "Jobs of the queue that each worker may work on at once.";
    sheet.gauges("throttle_worker_slots", None, help, of(|view| view.limit.worker.map(Into::into)))?;
    let help = "Slots of the queue that are taken.";
    sheet.gauges("throttle_taken_slots", None, help, of(|view| Some(view.working)))?;
    let help = "Jobs of the queue that may be begun at once, where it has a rate.";
    sheet.gauges("throttle_tokens", None, help, of(|view| view.tokens.map(Into::into)))?;
    let help = "1: the queue is full, and workers get nothing of it.";
    sheet.gauges("throttle_full", None, help, of(|view| Some(view.is_full().into())))?;
    let help = "Jobs that wait in the queue, which has limits.";
    sheet.gauges("throttle_waiting_jobs", None, help, of(|view| Some(view.waiting)))
}
