//! `THROTTLES LIST`, `THROTTLES SET queue {"concurrency":3}` and `THROTTLES RESET queue`, our own: what the Throttles page
//! does, for scripts.

use bessemer_core::command::ThrottleDeed;
use bessemer_core::query::ThrottleView;
use bessemer_core::throttle::{Parts, Throttle};
use bessemer_core::{Answer, Command, Now, Query};
use bessemer_protocol::names::check_queue;
use bessemer_protocol::object;
use bessemer_protocol::operate::{ListedThrottle, QueueLimits, ThrottleHolder, ThrottleList};
use bessemer_protocol::text::{json_error, quote};
use bessemer_store::Engine;

use super::{Call, Form, Outcome};
use crate::node::inquiry::{Inquiry, Step};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    match parse(rest) {
        Ok(None) => Outcome::Asked(Box::new(List)),
        Ok(Some(deed)) => Outcome::Submitted(call.submit(Command::Throttle(deed)), Form::Plain),
        Err(what) => Outcome::Refused(what),
    }
}

/// What a line asks to be done; nothing where it asks for the list.
pub(super) fn parse(rest: &str) -> Result<Option<ThrottleDeed<'_>>, String> {
    let (subcommand, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let subcommand = subcommand.to_ascii_uppercase();
    let (queue, payload) = rest.trim_ascii().split_once(' ').unwrap_or((rest.trim_ascii(), ""));
    match &*subcommand {
        "LIST" => return Ok(None),
        "SET" | "RESET" if queue.is_empty() => return Err(format!("THROTTLES {subcommand} needs a queue")),
        "SET" | "RESET" => {}
        _ => return Err(format!("no such THROTTLES subcommand: {}", quote(&subcommand))),
    }
    check_queue(queue).map_err(|error| error.to_string())?;
    match (&*subcommand, payload.trim_ascii()) {
        ("SET", payload) => Ok(Some(ThrottleDeed::Set { queue, limit: read(payload)? })),
        (_, "") => Ok(Some(ThrottleDeed::Reset { queue })),
        _ => Err("THROTTLES RESET takes one queue".into()),
    }
}

fn read(payload: &str) -> Result<Throttle, String> {
    if payload.is_empty() {
        return Err("THROTTLES SET needs limits, such as {\"concurrency\":3}".into());
    }
    let limits = object::read(payload).map_err(|e| format!("invalid limits: {}", json_error(&e, 0)))?;
    let QueueLimits { concurrency, worker, rate, per, burst, timeout } = limits;
    let parts = Parts { concurrency, worker, rate, per, burst, timeout };
    parts.throttle().map_err(|bad| format!("invalid limits: {bad}"))
}

/// `THROTTLES LIST`
struct List;

impl Inquiry for List {
    fn first(&mut self) -> Query {
        Query::Throttles
    }

    fn answered(&mut self, _: Now, answer: Answer) -> Step {
        let Answer::Throttles(throttles) = answer else { return Step::unexpected() };
        Step::json(&ThrottleList { throttles: throttles.into_iter().map(listed).collect() })
    }
}

fn listed(view: ThrottleView) -> ListedThrottle {
    ListedThrottle {
        limits: limits(&view.limit),
        configured: view.configured.as_ref().map(limits),
        set: view.is_set,
        full: view.is_full(),
        working: view.working,
        waiting: view.waiting,
        fetches: view.fetches,
        tokens: view.tokens,
        next_token: view.next_token.map(|after| after.as_secs_f64()),
        holders: view.holders.into_iter().map(|(wid, jobs)| ThrottleHolder { wid, jobs }).collect(),
        queue: view.queue,
    }
}

fn limits(throttle: &Throttle) -> QueueLimits {
    let Throttle { concurrency, worker, rate, timeout_s } = *throttle;
    QueueLimits {
        concurrency: concurrency.map(Into::into),
        worker: worker.map(Into::into),
        rate: rate.map(|rate| rate.jobs.into()),
        per: rate.map(|rate| rate.per_s.into()),
        burst: rate.map(|rate| rate.burst.into()),
        timeout: timeout_s.map(Into::into),
    }
}
