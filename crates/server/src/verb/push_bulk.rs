//! `PUSHB [job, …]`: rules `P-20` to `P-23`, decision `D24`. The good jobs become durable together (`G5`).

use std::collections::BTreeMap;

use bessemer_core::Command;
use bessemer_core::command::{Push, Refusal};
use bessemer_protocol::job::{Checked, Job};
use bessemer_protocol::resp::put_bulk;
use bessemer_store::Engine;

use super::{Call, Form, Outcome, push};
use crate::rejected::{Reason, Rejected};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let jobs = match Job::parse_bulk(rest, call.limits.bulk_jobs_max) {
        Ok(jobs) => jobs,
        Err(e) => return Outcome::refused_for(&e),
    };
    let limit = call.limits.job_max;
    let now = call.now.wall.rfc3339();
    let mut report = Report::default();
    let mut good: Vec<(&str, Checked<'_>)> = Vec::with_capacity(jobs.len());
    for (index, (sent, job)) in jobs.into_iter().enumerate() {
        let jid = job.jid().unwrap_or_default().to_owned();
        if sent.len() > limit {
            call.rejected.count(Reason::JobTooLarge);
            report.refuse(index, jid, format!("job too large: {} bytes, limit {limit}", sent.len()));
            continue;
        }
        match job.check() {
            Ok(job) => {
                good.push((sent, job));
                report.accepted.push((index, jid));
            }
            Err(e) => {
                call.rejected.count(Reason::from(&e));
                report.refuse(index, jid, e.to_string());
            }
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
    /// The jobs that went to the engine, in order: place in the PUSHB, and jid.
    accepted: Vec<(usize, String)>,
}

impl Report {
    /// An error stands under the jid, that of a job without one under "". Where another has that key already, it stands
    /// under the job's index (`D24`, `G5`), so that all are reported.
    fn refuse(&mut self, index: usize, jid: String, why: String) {
        let mut key = jid;
        if self.errors.contains_key(&key) {
            key = format!("#{index}");
        }
        while self.errors.contains_key(&key) {
            key.push('#');
        }
        self.errors.insert(key, why);
    }

    pub(super) fn respond(
        mut self,
        outcomes: Vec<Result<(), Refusal>>,
        rejected: &Rejected,
        out: &mut Vec<u8>,
    ) {
        for ((index, jid), outcome) in std::mem::take(&mut self.accepted).into_iter().zip(outcomes) {
            if let Err(refusal) = outcome {
                rejected.count(Reason::from(&refusal));
                self.refuse(index, jid, refusal.to_string());
            }
        }
        let json = serde_json::to_vec(&self.errors).expect("keys and values are text");
        put_bulk(out, &[&json]);
    }
}
