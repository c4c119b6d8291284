//! `PUSHB [job, …]`: rules `P-20` to `P-23`, decision `D24`. The good jobs become durable together (`G5`).

use std::collections::BTreeMap;

use bessemer_core::Command;
use bessemer_core::command::{Push, Refusal};
use bessemer_protocol::job::{Checked, Job};
use bessemer_protocol::limits::JOB_MAX;
use bessemer_protocol::resp::put_bulk;
use bessemer_store::Engine;

use super::{Call, Form, Outcome, push};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let jobs = match Job::parse_bulk(rest) {
        Ok(jobs) => jobs,
        Err(e) => return Outcome::refused(e),
    };
    let now = call.now.wall.rfc3339();
    let mut report = Report::default();
    let mut good: Vec<(&str, Checked<'_>)> = Vec::with_capacity(jobs.len());
    for (index, (sent, job)) in jobs.into_iter().enumerate() {
        let key = report.key(index, job.jid());
        if sent.len() > JOB_MAX {
            report.errors.insert(key, format!("job too large: {} bytes, limit {JOB_MAX}", sent.len()));
            continue;
        }
        match job.check() {
            Ok(job) => {
                good.push((sent, job));
                report.accepted.push(key);
            }
            Err(e) => _ = report.errors.insert(key, e.to_string()),
        }
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
    Outcome::Submitted(progress, Form::Bulk(Box::new(report)))
}

/// Which job was refused, and why.
#[derive(Debug, Default)]
pub(crate) struct Report {
    errors: BTreeMap<String, String>,
    /// The keys of the jobs that went to the engine, in order.
    accepted: Vec<String>,
    blank: bool,
}

impl Report {
    /// Errors stand under the jid; the first job without one under "", further ones under their index (`D24`).
    fn key(&mut self, index: usize, jid: Option<&str>) -> String {
        match jid {
            Some(jid) => jid.into(),
            None if std::mem::replace(&mut self.blank, true) => format!("#{index}"),
            None => String::new(),
        }
    }

    pub(super) fn respond(mut self, outcomes: Vec<Result<(), Refusal>>, out: &mut Vec<u8>) {
        for (key, outcome) in self.accepted.into_iter().zip(outcomes) {
            if let Err(refusal) = outcome {
                self.errors.insert(key, refusal.to_string());
            }
        }
        let json = serde_json::to_vec(&self.errors).expect("keys and values are text");
        put_bulk(out, &[&json]);
    }
}
