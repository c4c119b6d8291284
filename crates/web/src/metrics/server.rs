//! Metrics without a queue: jobs by state, what happened since the start, the server and its disk.

use std::fmt;

use bessemer_core::query::{Durability, LogFigures};
use prometheus_client::registry::Unit;

use super::Scrape;
use super::sheet::Sheet;
use crate::stats::FAKTORY_VERSION;

pub(super) fn write(sheet: &mut Sheet<'_>, scrape: &Scrape) -> fmt::Result {
    jobs(sheet, scrape)?;
    tally(sheet, scrape)?;
    process(sheet, scrape)?;
    store(sheet, scrape)
}

fn jobs(sheet: &mut Sheet<'_>, scrape: &Scrape) -> fmt::Result {
    let info = &scrape.info;
    let states = [
        ("enqueued", info.enqueued),
        ("working", info.working),
        ("scheduled", info.scheduled),
        ("retries", info.retries),
        ("dead", info.dead),
    ];
    let rows = states.map(|(state, count)| ([("state", state)], count));
    sheet.gauges("jobs", None, "Jobs by the state that they are in.", rows)?;
    sheet.gauge("batches", None, "Batches that are not over.", info.batches)?;
    sheet.gauge("dead_jobs_limit", None, "Jobs that the dead set holds at most.", info.dead_max)?;
    sheet.counter("jobs_processed", "Attempts that ended, since the store was created.", info.processed)?;
    sheet.counter("jobs_failed", "Attempts that failed, since the store was created.", info.failures)
}

fn tally(sheet: &mut Sheet<'_>, scrape: &Scrape) -> fmt::Result {
    let since = &scrape.info.since_start;
    let counters = [
        ("jobs_accepted", "Jobs that producers pushed.", since.accepted),
        ("repushes", "Pushes answered as repeats of the first.", since.repushed),
        ("scheduled_enqueued", "Scheduled jobs that went into their queues.", since.scheduled_enqueued),
        ("retries_enqueued", "Retries that went into their queues.", since.retries_enqueued),
        ("reservations_expired", "Reservations that expired.", since.reaped),
        ("workers_lost", "Workers that were lost with jobs in their hands.", since.workers_lost),
        ("jobs_lost", "Jobs taken back from lost workers.", since.jobs_lost),
        ("stale_acks", "ACKs and FAILs without effect.", since.stale_acks),
        ("undelivered", "Deliveries whose reply never reached the worker.", since.undelivered),
        ("cron_runs", "Ticks of cron entries that pushed their jobs.", since.cron_runs),
        ("cron_refused", "Ticks of cron entries whose jobs were refused.", since.cron_refused),
        ("cron_missed", "Ticks of cron entries that came to nothing.", since.cron_missed),
        ("dead_dropped", "Jobs that left the dead set by age or limit.", since.dead_dropped),
        ("tracks_dropped", "Words of TRACK that were forgotten early.", since.tracks_dropped),
        ("jobs_expired", "Jobs that were dropped because their time was over.", since.expired),
        ("unique_locks", "Unique jobs that got their key.", since.keys_taken),
        ("unique_denied", "Pushes that were refused because another job has the key.", since.keys_denied),
    ];
    counters.into_iter().try_for_each(|(name, help, count)| sheet.counter(name, help, count))
}

fn process(sheet: &mut Sheet<'_>, scrape: &Scrape) -> fmt::Result {
    let Scrape { figures, pulse, info, .. } = scrape;
    let version = [("version", scrape.version.as_str()), ("faktory_version", FAKTORY_VERSION)];
    sheet.facts("build", "The server, and the version of Faktory that it is compatible with.", &version)?;
    sheet.moment("process_start_time", "When the server started.", Some(pulse.started))?;
    sheet.moment("time", "The clock of the server.", Some(scrape.now))?;
    let memory = figures.used_memory_mb << 20;
    sheet.gauge("resident_memory", Some(Unit::Bytes), "Memory of the process.", memory)?;
    let full = u64::from(figures.memory_full);
    sheet.gauge("memory_full", None, "1: jobs are refused for want of memory.", full)?;
    sheet.gauge("workers", None, "Worker processes with a living connection.", info.workers)?;
    sheet.gauge("connections", None, "Clients that have logged in.", figures.connections)?;
    sheet.counter("commands", "Known commands of clients.", figures.command_count)?;
    let rejected = figures.rejected.iter().map(|(reason, count)| ([("reason", *reason)], *count));
    sheet.counters("rejected", "Input that was refused, by reason.", rejected)?;
    let refused = figures.reloads_refused;
    sheet.counter("reloads_refused", "Configurations that were refused at a reload.", refused)?;
    let help = "Lines for statsd that were dropped, since nobody took them fast enough.";
    sheet.counter("statsd_dropped", help, pulse.statsd_dropped)?;
    let until = figures.certificate_until;
    sheet.moment("certificate_expiry_time", "When the certificate ends; absent without TLS.", until)
}

fn store(sheet: &mut Sheet<'_>, scrape: &Scrape) -> fmt::Result {
    let (pulse, condition) = (&scrape.pulse, scrape.figures.condition);
    let modes =
        Durability::ALL.map(|mode| ([("mode", mode.as_str())], u64::from(mode == condition.durability)));
    sheet.gauges(
        "durability",
        None,
        "1 for what a reply waits for: strict, the disk; relaxed, the kernel.",
        modes,
    )?;
    let full = u64::from(condition.disk_full);
    sheet.gauge("disk_full", None, "1: jobs are refused for want of room on the disk.", full)?;
    let free = pulse.disk_free.map(|free| ([], free));
    sheet.gauges("disk_free", Some(Unit::Bytes), "Room on the disk of the store.", free)?;
    if let Some(figures) = &condition.log {
        log(sheet, figures)?;
    }
    sheet.timings("turn", "How long turns of the engine take, their flush included.", &pulse.turns)?;
    sheet.timings("flush", "How long the disk takes to flush the log.", &pulse.flushes)
}

fn log(sheet: &mut Sheet<'_>, figures: &LogFigures) -> fmt::Result {
    let bytes = Some(Unit::Bytes);
    sheet.gauge("log", bytes.clone(), "How long the log is.", figures.bytes)?;
    sheet.gauge("log_live", bytes.clone(), "What of the log lives, about.", figures.live_bytes)?;
    let help = "What segments and spares take on the disk.";
    sheet.gauge("log_disk", bytes, help, figures.disk_bytes)?;
    sheet.gauge("log_segments", None, "Files that the log lies in.", figures.segments)?;
    let help = "Files that are ready to become segments of the log.";
    sheet.gauge("log_spare_segments", None, help, figures.spares)?;
    let help = "Segments that are gone, since nothing lived in them any more.";
    sheet.counter("log_segments_given_up", help, figures.given_up)?;
    let help = "Those of them that had to be cleaned for it.";
    sheet.counter("log_segments_cleaned", help, figures.cleaned)?;
    let help = "Bytes that cleaning has written.";
    sheet.counter("log_cleaned_bytes", help, figures.cleaned_bytes)?;
    let help = "When cleaning has last written anything; absent before it has.";
    sheet.moment("log_last_cleaning_time", help, figures.cleaned_at)
}
