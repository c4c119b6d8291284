//! What the log says of cron entries when a server starts with them, or goes on with others: what is set is shown, so that
//! nobody waits for a tick that will never come.

use bessemer_core::Wall;
use bessemer_core::cron::{CronEntry, local};

/// Entries that have a line of their own.
const SHOWN: usize = 100;
/// Runs to come in such a line.
const RUNS: usize = 3;

/// A line for each, and one for those beyond.
pub(crate) fn announce(entries: &[CronEntry], now: Wall) {
    for entry in entries.iter().take(SHOWN) {
        tracing::info!("{}", line(entry, now));
    }
    if let Some(more) = entries.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        tracing::info!("cron: {more} more entries; bessemer cron list shows all");
    }
}

fn line(entry: &CronEntry, now: Wall) -> String {
    let next = std::iter::successors(entry.next_after(now), |tick| entry.next_after(*tick));
    let next: Vec<String> = next.take(RUNS).map(|tick| local(tick, &entry.zone)).collect();
    let when = if entry.enabled { format!("next {}", next.join(", ")) } else { "not enabled".into() };
    let (id, schedule, zone) = (&entry.id, &entry.schedule, entry.zone_name());
    let (jobtype, queue) = (&entry.job.jobtype, &entry.job.queue);
    format!("cron {id}: {schedule} in {zone} pushes {jobtype} to {queue}; {when}")
}
