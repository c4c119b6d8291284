//! `PUSH {job}`: rules `P-01` to `P-16`.

use std::time::Duration;

use bessemer_core::command::{AskUnique, Asks, Push};
use bessemer_core::fact::{Failure, Release};
use bessemer_core::{Command, Wall};
use bessemer_protocol::custom::UniqueUntil;
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
    job.write(call.now.wall, &mut body);
    let progress = call.submit(Command::Push { job: push(&job, rest, &body, call.now.wall) });
    *call.scratch = body;
    Outcome::Submitted(progress, Form::Plain)
}

/// What a job asks for beyond being run.
pub(crate) fn asks<'a>(job: &'a Checked<'_>, now: Wall) -> Asks<'a> {
    let custom = job.custom();
    let unique = custom.unique_for.zip(job.unique_key()).map(|(seconds, key)| AskUnique {
        key,
        hold: Duration::from_secs_f64(seconds),
        release: match custom.unique_until {
            UniqueUntil::Success => Release::Success,
            UniqueUntil::Start => Release::Start,
            UniqueUntil::Expiry => Release::Expiry,
        },
    });
    // From its enqueueing on (rule `E-41`): of a scheduled job that is its time.
    let begin = job.at().map_or(now, wall).max(now);
    let expires_in = custom.expires_in.map(|seconds| begin.after(Duration::from_secs_f64(seconds)));
    let expires = [custom.expires_at.map(wall), expires_in].into_iter().flatten().min();
    Asks { unique, expires, batch: custom.bid.as_deref(), callback: None, cron: None, tracked: custom.track }
}

pub(super) fn wall(at: jiff::Timestamp) -> Wall {
    Wall(at.as_microsecond()).min(Wall::LAST)
}

/// The command for a checked job.
pub(super) fn push<'a>(job: &'a Checked<'_>, sent: &'a str, body: &'a [u8], now: Wall) -> Push<'a> {
    Push {
        jid: job.jid(),
        queue: job.queue(),
        jobtype: job.jobtype(),
        retry: job.retry(),
        reserve_for: job.reserve_for(),
        on_lost: job.custom().on_lost.map(Into::into),
        asks: asks(job, now),
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
