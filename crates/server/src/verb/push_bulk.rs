//! `PUSHB [job, …]`: rules `P-20` to `P-23`, decision `D24`. The good jobs become durable together (`G5`). What the API is
//! sent comes the same way.

use std::collections::BTreeMap;

use bessemer_core::command::{Push, Refusal};
use bessemer_core::{Command, Progress};
use bessemer_protocol::job::{Checked, Job};
use bessemer_protocol::resp::put_bulk;
use bessemer_protocol::response::ErrorCode;
use bessemer_store::Engine;
use bessemer_web::{Pushed, Refused};

use super::{Call, Form, MEMORY_FULL, Outcome, push};
use crate::rejected::{Reason, Rejected};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    match Job::parse_bulk(rest, call.limits.bulk_jobs_max) {
        Ok(jobs) => {
            let (progress, report) = submit(call, jobs);
            Outcome::Submitted(progress, Form::Bulk(Box::new(report)))
        }
        Err(e) => Outcome::refused_for(&e),
    }
}

/// Submits what the API was sent: a job, or an array of them. The error is about all of it.
pub(crate) fn take<E: Engine>(call: &mut Call<'_, E>, text: &str) -> Result<Report, (Reason, String)> {
    if call.memory_full {
        return Err((Reason::MemoryLimit, MEMORY_FULL.into()));
    }
    let text = text.trim_ascii();
    let jobs = match text.starts_with('[') {
        true => Job::parse_bulk(text, call.limits.bulk_jobs_max),
        false => Job::parse(text).map(|job| vec![(text, job)]),
    };
    let jobs = jobs.map_err(|e| (Reason::from(&e), e.to_string()))?;
    let (_, report) = submit(call, jobs);
    Ok(report)
}

/// Checks each job, and submits those that keep the rules.
fn submit<E: Engine>(call: &mut Call<'_, E>, jobs: Vec<(&str, Job<'_>)>) -> (Progress, Report) {
    let limit = call.limits.job_max;
    let now = call.now.wall.rfc3339();
    let mut report = Report::default();
    let mut good: Vec<(&str, Checked<'_>)> = Vec::with_capacity(jobs.len());
    for (sent, job) in jobs {
        let jid = job.jid().unwrap_or_default().to_owned();
        let checked = match sent.len() > limit {
            true => {
                let text = format!("job too large: {} bytes, limit {limit}", sent.len());
                Err((Reason::JobTooLarge, text))
            }
            false => job.check().map_err(|e| (Reason::from(&e), e.to_string())),
        };
        let refused = match checked {
            Ok(job) => {
                good.push((sent, job));
                None
            }
            Err((reason, text)) => {
                call.rejected.count(reason);
                Some((reason, text))
            }
        };
        report.0.push(Fate { jid, refused, held: None });
    }
    let mut bodies = std::mem::take(call.scratch);
    bodies.clear();
    let ends: Vec<usize> = good
        .iter()
        .map(|(_, job)| {
            job.write(&now, &mut bodies);
            bodies.len()
        })
        .collect();
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let pushes: Vec<Push<'_>> = good
        .iter()
        .zip(starts.zip(&ends))
        .map(|((sent, job), (start, end))| push::push(job, sent, &bodies[start..*end], call.now.wall))
        .collect();
    let progress = call.submit(Command::PushBulk { jobs: &pushes });
    drop(pushes);
    *call.scratch = bodies;
    (progress, report)
}

/// Jobs that came together, and what becomes of each, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Fate>);

/// What becomes of a job.
#[derive(Debug)]
struct Fate {
    /// Empty: it has none.
    jid: String,
    refused: Option<(Reason, String)>,
    /// The unique key that another job holds.
    held: Option<u128>,
}

impl Report {
    /// The engine has said what it thinks of those that were not refused before.
    pub(crate) fn settle(&mut self, outcomes: Vec<Result<(), Refusal>>, rejected: &Rejected) {
        let submitted = self.0.iter_mut().filter(|fate| fate.refused.is_none());
        for (fate, outcome) in submitted.zip(outcomes) {
            if let Err(refusal) = outcome {
                rejected.count(Reason::from(&refusal));
                fate.held = if let Refusal::NotUnique(key) = refusal { Some(key) } else { None };
                fate.refused = Some((Reason::from(&refusal), refusal.to_string()));
            }
        }
    }

    /// An error stands under the jid, that of a job without one under "". Where another has that key already, it stands
    /// under the job's index (`D24`, `G5`), so that all are reported.
    pub(super) fn respond(self, out: &mut Vec<u8>) {
        let mut errors = BTreeMap::new();
        for (index, fate) in self.0.into_iter().enumerate() {
            let Some((_, why)) = fate.refused else { continue };
            // A client tells by its code what it may take for no failure (rule `P-22`).
            let code = ErrorCode::NotUnique.as_str();
            let why = if fate.held.is_some() { format!("{code} {why}") } else { why };
            let mut key = fate.jid;
            if errors.contains_key(&key) {
                key = format!("#{index}");
            }
            while errors.contains_key(&key) {
                key.push('#');
            }
            errors.insert(key, why);
        }
        let json = serde_json::to_vec(&errors).expect("keys and values are text");
        put_bulk(out, &[&json]);
    }

    /// The same for the API.
    pub(crate) fn pushed(self) -> Vec<Pushed> {
        let pushed = |Fate { jid, refused, held }: Fate| {
            // Nobody compares this text, so it says where to ask who holds the key.
            let key = held.map_or_else(String::new, |key| format!(": the key {key:032x} is held"));
            let refused =
                refused.map(|(reason, text)| Refused { reason: reason.as_str(), text: text + &key });
            Pushed { jid, refused }
        };
        self.0.into_iter().map(pushed).collect()
    }
}
