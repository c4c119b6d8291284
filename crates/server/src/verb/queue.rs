//! `QUEUE PAUSE|RESUME|REMOVE|LATENCY name …`: rules `U-01` to `U-06`. `QUEUE LIST` is our own.

use bessemer_core::command::QueueDeed;
use bessemer_core::query::QueueView;
use bessemer_core::{Answer, Command, Now, Query};
use bessemer_protocol::limits::FETCH_QUEUES_MAX;
use bessemer_protocol::operate::{ListedQueue, QueueList};
use bessemer_protocol::text::quote;
use bessemer_store::Engine;

use super::{Call, Form, Outcome};
use crate::node::inquiry::{Inquiry, Step};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let (subcommand, names) = rest.split_once(' ').unwrap_or((rest, ""));
    let subcommand = subcommand.to_ascii_uppercase();
    let names: Vec<&str> = names.split(' ').filter(|name| !name.is_empty()).collect();
    let deed = match &*subcommand {
        "PAUSE" => QueueDeed::Pause,
        "RESUME" => QueueDeed::Resume,
        "REMOVE" => QueueDeed::Remove,
        "LATENCY" => return latency(call, &names),
        "LIST" => return Outcome::Asked(Box::new(List)),
        _ => return Outcome::Refused(format!("no such QUEUE subcommand: {}", quote(&subcommand))),
    };
    // Only as the first name does the star mean all (rule `U-01`).
    let names = match names.first() {
        None => return Outcome::Refused(format!("QUEUE {subcommand} needs an argument")),
        Some(&"*") => None,
        Some(_) => Some(&names[..]),
    };
    Outcome::Submitted(call.submit(Command::Queues { deed, names }), Form::Plain)
}

fn latency<E: Engine>(call: &mut Call<'_, E>, names: &[&str]) -> Outcome {
    match names {
        ["*"] => Outcome::Refused("QUEUE LATENCY does not support wildcards".into()),
        names if names.len() > FETCH_QUEUES_MAX => {
            Outcome::Refused("too many queues in QUEUE LATENCY".into())
        }
        names => Outcome::Submitted(call.submit(Command::Latency { names }), Form::Plain),
    }
}

/// `QUEUE LIST`
struct List;

impl Inquiry for List {
    fn first(&mut self) -> Query {
        Query::Queues
    }

    fn answered(&mut self, _: Now, answer: Answer) -> Step {
        let Answer::Queues(queues) = answer else { return Step::unexpected() };
        let listed = |queue: QueueView| ListedQueue {
            name: queue.name,
            size: queue.size,
            latency: queue.latency.as_secs_f64(),
            paused: queue.paused,
        };
        Step::json(&QueueList { queues: queues.into_iter().map(listed).collect() })
    }
}
