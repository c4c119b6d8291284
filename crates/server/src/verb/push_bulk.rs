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
    let now = call.now.wall;
    let mut report =
        Report { jids: String::with_capacity(jobs.len() * 24), fates: Vec::with_capacity(jobs.len()) };
    let mut good: Vec<(&str, Checked<'_>)> = Vec::with_capacity(jobs.len());
    for (sent, job) in jobs {
        report.jids.push_str(job.jid().unwrap_or_default());
        let jid_end = report.jids.len();
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
                Some(Box::new(Why { reason, text, held: None }))
            }
        };
        report.fates.push(Fate { jid_end, refused });
    }
    let mut bodies = std::mem::take(call.scratch);
    bodies.clear();
    let ends: Vec<usize> = good
        .iter()
        .map(|(_, job)| {
            job.write(now, &mut bodies);
            bodies.len()
        })
        .collect();
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let pushes: Vec<Push<'_>> = good
        .iter()
        .zip(starts.zip(&ends))
        .map(|((sent, job), (start, end))| push::push(job, sent, &bodies[start..*end], now))
        .collect();
    let progress = call.submit(Command::PushBulk { jobs: &pushes });
    drop(pushes);
    *call.scratch = bodies;
    (progress, report)
}

/// Jobs that came together, and what becomes of each, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Report {
    /// All their jids, one behind the other: nearly always nobody asks for one.
    jids: String,
    fates: Vec<Fate>,
}

/// What becomes of a job.
#[derive(Debug)]
struct Fate {
    /// Where its jid ends among all; where it has none, it ends where the one before does.
    jid_end: usize,
    refused: Option<Box<Why>>,
}

/// Why a job was refused.
#[derive(Debug)]
struct Why {
    reason: Reason,
    text: String,
    /// The unique key that another job holds.
    held: Option<u128>,
}

impl Report {
    /// The engine has said what it thinks of those that were not refused before.
    pub(crate) fn settle(&mut self, outcomes: Vec<Result<(), Refusal>>, rejected: &Rejected) {
        let submitted = self.fates.iter_mut().filter(|fate| fate.refused.is_none());
        for (fate, outcome) in submitted.zip(outcomes) {
            if let Err(refusal) = outcome {
                let reason = Reason::from(&refusal);
                rejected.count(reason);
                let held = if let Refusal::NotUnique(key) = refusal { Some(key) } else { None };
                fate.refused = Some(Box::new(Why { reason, text: refusal.to_string(), held }));
            }
        }
    }

    /// Each jid, and why its job was refused.
    fn each(&self) -> impl Iterator<Item = (&str, Option<&Why>)> {
        let mut begin = 0;
        self.fates.iter().map(move |fate| {
            let begin = std::mem::replace(&mut begin, fate.jid_end);
            (&self.jids[begin..fate.jid_end], fate.refused.as_deref())
        })
    }

    /// An error stands under the jid, that of a job without one under "". Where another has that key already, it stands
    /// under the job's index (`D24`, `G5`), so that all are reported.
    pub(super) fn respond(self, out: &mut Vec<u8>) {
        let mut errors = BTreeMap::new();
        let refused = |(index, (jid, why))| Some((index, jid, why?));
        for (index, jid, why) in self.each().enumerate().filter_map(refused) {
            // A client tells by its code what it may take for no failure (rule `P-22`).
            let code = ErrorCode::NotUnique.as_str();
            let text = if why.held.is_some() { format!("{code} {}", why.text) } else { why.text.clone() };
            let mut key = jid.to_owned();
            if errors.contains_key(&key) {
                key = format!("#{index}");
            }
            while errors.contains_key(&key) {
                key.push('#');
            }
            errors.insert(key, text);
        }
        let json = serde_json::to_vec(&errors).expect("keys and values are text");
        put_bulk(out, &[&json]);
    }

    /// The same for the API.
    pub(crate) fn pushed(self) -> Vec<Pushed> {
        let pushed = |(jid, why): (&str, Option<&Why>)| {
            // Nobody compares this text, so it says where to ask who holds the key.
            let key = |held| format!(": the key {held:032x} is held");
            let refused = why.map(|why| Refused {
                reason: why.reason.as_str(),
                text: why.text.clone() + &why.held.map(key).unwrap_or_default(),
            });
            Pushed { jid: jid.to_owned(), refused }
        };
        self.each().map(pushed).collect()
    }
}
