//! `PUSH {job}`: rules `P-01` to `P-16`.

use bessemer_core::command::Push;
use bessemer_core::fact::Failure;
use bessemer_core::{Command, Wall};
use bessemer_protocol::job::{Checked, Job};
use bessemer_store::Engine;

use super::{Call, Form, Outcome};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let job = match Job::parse(rest) {
        Ok(job) => job,
        Err(e) => return Outcome::refused_for(&e),
    };
    let job = match job.check() {
        Ok(job) => job,
        Err(e) => return Outcome::refused_for(&e),
    };
    let mut body = std::mem::take(call.scratch);
    body.clear();
    job.write(&call.now.wall.rfc3339(), &mut body);
    let progress = call.submit(Command::Push { job: push(&job, rest, &body, call.now.wall) });
    *call.scratch = body;
    Outcome::Submitted(progress, Form::Plain)
}

/// The command for a checked job.
pub(super) fn push<'a>(job: &'a Checked<'_>, sent: &'a str, body: &'a [u8], now: Wall) -> Push<'a> {
    let wall = |at: jiff::Timestamp| Wall(at.as_microsecond()).min(Wall::LAST);
    Push {
        jid: job.jid(),
        queue: job.queue(),
        jobtype: job.jobtype(),
        retry: job.retry(),
        reserve_for: job.reserve_for(),
        on_lost: job.on_lost().map(Into::into),
        at: job.at().map(wall),
        failure: job.failure().map(|failure| Failure {
            retry_count: failure.retry_count,
            remaining: failure.remaining,
            failed_at: failure.failed_at.map_or(now, wall),
            next_at: failure.next_at.map(wall),
            text: &failure.text,
        }),
        sent: sent.as_bytes(),
        body,
    }
}
