//! Metrics of attempts, by queue and job type.

use std::fmt;

use bessemer_core::Outcome;

use super::Scrape;
use super::sheet::Sheet;
use crate::watch::totals::Spread;

pub(super) fn write(sheet: &mut Sheet<'_>, scrape: &Scrape) -> fmt::Result {
    let totals = &scrape.totals;
    let outcomes = totals.rows().flat_map(|(queue, jobtype, total)| {
        let counted = Outcome::ALL.into_iter().zip(total.outcomes).filter(|(_, count)| *count > 0);
        counted.map(move |(outcome, count)| {
            ([("queue", queue), ("jobtype", jobtype), ("outcome", outcome.as_str())], count)
        })
    });
    sheet.counters("attempts", "Attempts at jobs, by how they ended.", outcomes)?;
    let bounds = Spread::BOUNDS.map(|millis| millis as f64 / 1e3);
    let rows = |of: fn(&crate::watch::totals::Total) -> &Spread| {
        totals.rows().map(move |(queue, jobtype, total)| {
            let spread = of(total);
            ([("queue", queue), ("jobtype", jobtype)], &spread.counts[..], spread.sum)
        })
    };
    sheet.histograms("run", "How long workers had a job.", &bounds, rows(|total| &total.run))?;
    sheet.histograms("wait", "How long a job stood in its queue.", &bounds, rows(|total| &total.wait))?;
    let help = "Attempts counted under the queue and type `other`, since there are too many pairs of names.";
    sheet.counter("metrics_other_attempts", help, totals.beyond())?;
    let help = "Events that came faster than they could be counted; no job is concerned.";
    sheet.counter("metrics_missed", help, scrape.missed)
}
