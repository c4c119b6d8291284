//! The verbs: one file each, with its grammar, its command and its response.
//!
//! [`run`] is a table without logic. A verb either answers at once (an error of form), or submits a command and says
//! how the reply is to be written once it has settled.

mod ack;
mod batch;
mod beat;
mod cron;
mod deed;
mod edit;
mod end;
mod fail;
mod fetch;
mod flush;
mod info;
mod jobs;
mod mutate;
mod push;
mod push_bulk;
mod queue;
mod select;
mod throttles;
mod track;
mod unique;
mod workers;

use std::collections::BTreeMap;
use std::time::Duration;

use bessemer_core::command::{Refusal, Stage};
use bessemer_core::query::ServerFigures;
use bessemer_core::{Command, ConnId, Now, Progress, Reply, Ticket};
use bessemer_protocol::operate::{Pushed, Reached};
use bessemer_protocol::request::{Verb, split};
use bessemer_protocol::resp::{put_bulk, put_error, put_null, put_ok};
use bessemer_protocol::response::{ErrorCode, State, WorkerState};
use bessemer_store::Engine;
use serde::Serialize;
use serde_json::Value;

use crate::config::Limits;
use crate::node::inquiry::Inquiry;
use crate::rejected::{Reason, Rejected};

pub(crate) use self::deed::Deed;
pub(crate) use self::push::asks;
pub(crate) use self::push_bulk::{Report, take};

/// What producers are told while memory is short (`G17`).
const MEMORY_FULL: &str = "memory limit, not accepting jobs";

/// One command on its way from a line to the engine.
pub(crate) struct Call<'a, E> {
    pub(crate) engine: &'a mut E,
    pub(crate) limits: &'a Limits,
    /// Producers are refused (`G17`).
    pub(crate) memory_full: bool,
    pub(crate) now: Now,
    pub(crate) conn: ConnId,
    pub(crate) ticket: Ticket,
    /// The client wants the token of each delivery (`G9`).
    pub(crate) leases: bool,
    /// Room for the text of a job, kept from call to call.
    pub(crate) scratch: &'a mut Vec<u8>,
    pub(crate) rejected: &'a Rejected,
    /// What those verbs of operators are about that have not settled.
    pub(crate) deeds: &'a mut BTreeMap<Ticket, Deed>,
}

impl<E: Engine> Call<'_, E> {
    fn submit(&mut self, command: Command<'_>) -> Progress {
        self.engine.submit(self.now, self.ticket, command)
    }
}

/// What becomes of a line.
pub(crate) enum Outcome {
    /// Submitted; the reply is to be written like this.
    Submitted(Progress, Form),
    /// The engine is to be asked first.
    Asked(Box<dyn Inquiry>),
    /// Refused without asking the engine, and counted under the verb that the line names, if it names one.
    Refused(String),
    /// The same, counted under this reason.
    RefusedFor(Reason, String),
    /// The client takes its leave.
    End,
}

impl Outcome {
    fn memory_full() -> Self {
        Self::RefusedFor(Reason::MemoryLimit, MEMORY_FULL.into())
    }

    fn refused(error: impl std::fmt::Display) -> Self {
        Self::Refused(error.to_string())
    }

    /// For an error that names its reason.
    fn refused_for<'e, E: std::fmt::Display>(error: &'e E) -> Self
    where
        Reason: From<&'e E>,
    {
        Self::RefusedFor(Reason::from(error), error.to_string())
    }
}

/// How a reply is written.
#[derive(Debug)]
pub(crate) enum Form {
    /// By what it is.
    Plain,
    /// The same, and a job with the token of its delivery.
    Leased,
    /// It is so, however many it reached.
    Ok,
    /// As the report of a PUSHB.
    Bulk(Box<Report>),
    /// As what is known of the job with this jid.
    Tracked(String),
}

/// Runs one line. Says which command it named, if it named one (rule `H-40`: others are not counted).
pub(crate) fn run<E: Engine>(call: &mut Call<'_, E>, line: &[u8]) -> (Outcome, Option<Verb>) {
    let line = match std::str::from_utf8(line) {
        Ok(line) => line,
        Err(e) => {
            let text = format!("invalid UTF-8 at byte {}", e.valid_up_to());
            return (Outcome::RefusedFor(Reason::Utf8, text), None);
        }
    };
    let (verb, rest) = match split(line) {
        Ok(parts) => parts,
        Err(e) => return (Outcome::refused(e), None),
    };
    let outcome = match verb {
        // Before it is read: what is refused costs nothing.
        Verb::Push | Verb::PushBulk if call.memory_full => Outcome::memory_full(),
        Verb::Push => argument(verb, rest, |rest| push::run(call, rest)),
        Verb::PushBulk => argument(verb, rest, |rest| push_bulk::run(call, rest)),
        Verb::Fetch => fetch::run(call, rest),
        Verb::Ack => argument(verb, rest, |rest| ack::run(call, rest)),
        Verb::Fail => argument(verb, rest, |rest| fail::run(call, rest)),
        Verb::Beat => argument(verb, rest, |rest| beat::run(call, rest)),
        Verb::Info => info::run(call),
        Verb::End => end::run(),
        Verb::Flush => flush::run(call),
        Verb::Mutate => mutate::run(call, rest),
        // With a space behind it, it has an empty subcommand (rule `H-47`).
        Verb::Queue if line == verb.as_str() => Outcome::Refused("QUEUE needs an argument".into()),
        Verb::Queue => queue::run(call, rest),
        Verb::Jobs => argument(verb, rest, jobs::run),
        Verb::Unique => argument(verb, rest, |rest| unique::run(call, rest)),
        Verb::Workers => argument(verb, rest, |rest| workers::run(call, rest)),
        Verb::Batch => argument(verb, rest, |rest| batch::run(call, rest)),
        Verb::Throttles => argument(verb, rest, |rest| throttles::run(call, rest)),
        Verb::Track => argument(verb, rest, |rest| track::run(call, rest)),
        Verb::Extend => argument(verb, rest, |rest| track::extend(call, rest)),
        Verb::Cron => argument(verb, rest, |rest| cron::run(call, rest)),
    };
    if matches!(outcome, Outcome::Submitted(..) | Outcome::Asked(_))
        && let Some(deed) = Deed::of(verb, rest)
    {
        call.deeds.insert(call.ticket, deed);
    }
    (outcome, Some(verb))
}

/// A verb that stands alone says so, where the reference once crashed (rule `H-44`).
fn argument(verb: Verb, rest: &str, run: impl FnOnce(&str) -> Outcome) -> Outcome {
    if rest.trim_ascii().is_empty() {
        Outcome::RefusedFor(Reason::MissingArgument, format!("{} needs an argument", verb.as_str()))
    } else {
        run(rest)
    }
}

/// What the server knows and replies may show.
pub(crate) struct Surroundings<'a> {
    pub(crate) now: Now,
    pub(crate) figures: ServerFigures,
    pub(crate) rejected: &'a Rejected,
}

/// Writes a settled reply.
pub(crate) fn respond(reply: Reply, form: Form, around: &Surroundings<'_>, out: &mut Vec<u8>) {
    match (reply, form) {
        (Reply::Done, _) | (Reply::Count(_), Form::Ok) => put_ok(out),
        (Reply::Nothing, _) => put_null(out),
        (Reply::Job(job), form) => fetch::respond(&job, matches!(form, Form::Leased), out),
        (Reply::Pushed(outcomes), Form::Bulk(mut report)) => {
            report.settle(outcomes, around.rejected);
            report.respond(out);
        }
        (Reply::Pushed(_), _) => put_ok(out),
        (Reply::Jid(jid), _) => put_json(out, &Pushed { jid: jid.into() }),
        (Reply::Count(count), _) => put_json(out, &Reached { count }),
        (Reply::Latencies(waited), _) => {
            // Nothing is `0`, not `0.0` (rule `U-05`).
            let number = |waited: &Duration| {
                if waited.is_zero() { Value::from(0) } else { Value::from(waited.as_secs_f64()) }
            };
            let seconds: BTreeMap<&str, Value> = waited.iter().map(|(n, w)| (&**n, number(w))).collect();
            put_json(out, &seconds);
        }
        (Reply::State(stage), _) => match state(stage) {
            None => put_ok(out),
            Some(state) => put_json(out, &State { state }),
        },
        (Reply::Tracked(tracked), Form::Tracked(jid)) => track::respond(jid, *tracked, out),
        (Reply::Tracked(_), _) => put_ok(out),
        (Reply::Info(info), _) => info::respond(*info, around, out),
        (Reply::Bid(bid), _) => put_bulk(out, &[bid.as_bytes()]),
        (Reply::Batch(view), _) => put_json(out, &view.status()),
        (Reply::Refused(refusal), _) => {
            around.rejected.count(Reason::from(&refusal));
            put_error(out, code(&refusal), &refusal.to_string());
        }
    }
}

/// The code that a client tells a refusal by.
fn code(refusal: &Refusal) -> ErrorCode {
    match refusal {
        Refusal::NotUnique(_) => ErrorCode::NotUnique,
        _ => ErrorCode::Err,
    }
}

fn put_json(out: &mut Vec<u8>, document: &impl Serialize) {
    put_bulk(out, &[&serde_json::to_vec(document).expect("names and figures are JSON")]);
}

fn state(stage: Stage) -> Option<WorkerState> {
    match stage {
        Stage::Running => None,
        Stage::Quiet => Some(WorkerState::Quiet),
        Stage::Terminate => Some(WorkerState::Terminate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_worker_is_told_ok_and_others_their_state_b05() {
        let rejected = Rejected::default();
        let around =
            Surroundings { now: Now::default(), figures: ServerFigures::default(), rejected: &rejected };
        for (stage, text) in [
            (Stage::Running, "+OK\r\n"),
            (Stage::Quiet, "$17\r\n{\"state\":\"quiet\"}\r\n"),
            (Stage::Terminate, "$21\r\n{\"state\":\"terminate\"}\r\n"),
        ] {
            let mut out = Vec::new();
            respond(Reply::State(stage), Form::Plain, &around, &mut out);
            assert_eq!(String::from_utf8(out).as_deref(), Ok(text));
        }
    }
}
