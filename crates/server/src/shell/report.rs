//! What an operator finds in the log of what goes on. Job contents are never in it.

use bessemer_core::Event;
use bessemer_core::cron::Ran;
use bessemer_core::fact::Ending;
use bessemer_core::query::ServerFigures;

/// Says that producers are refused for want of memory, or no longer (`G17`).
pub(super) fn report_memory(figures: &ServerFigures, high_water: u64) {
    let (used, mark) = (figures.used_memory_mb, high_water >> 20);
    if figures.memory_full {
        tracing::warn!(
            "memory is short: the process holds {used} MiB, and {mark} MiB is the limit; no jobs are accepted"
        );
    } else {
        tracing::info!("there is memory again: jobs are accepted");
    }
}

/// What an operator finds in the log of the things that happened. Job contents are never in it.
pub(super) fn report(event: &Event) {
    match event {
        Event::WorkerLost { wid, jobs } => tracing::warn!("worker {wid} is lost; jobs taken back: {jobs}"),
        Event::Discarded { id, why: Ending::Expired } => tracing::debug!("job {:x} has expired", id.0),
        Event::Discarded { id, why } => tracing::warn!("job {:x} is discarded: {why:?}", id.0),
        Event::Died { id, poison: true } => {
            tracing::warn!("job {:x} is dead: it lost its workers too often", id.0);
        }
        Event::Died { id, .. } => tracing::debug!("job {:x} is dead", id.0),
        Event::Expired { id } => tracing::info!("the reservation of job {:x} expired", id.0),
        Event::Cron { id, tick, ran: Ran::Refused, note, again: false, .. } => {
            tracing::warn!("cron {id}: the job of {} is refused: {note}", tick.rfc3339());
        }
        Event::Cron { id, tick, ticks, ran: Ran::Skipped(_), .. } => {
            tracing::warn!("cron {id}: ticks that were missed: {ticks}, the last of them {}", tick.rfc3339());
        }
        Event::Cron { id, tick, ran, .. } => {
            tracing::debug!("cron {id}: the job of {} is {}", tick.rfc3339(), ran.as_str());
        }
        Event::Attempt(_) | Event::Counted { .. } | Event::Flushed => {}
    }
}
