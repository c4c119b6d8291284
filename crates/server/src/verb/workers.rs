//! `WORKERS LIST` and `WORKERS QUIET|TERMINATE wid|*`, our own: what the Busy page does, for scripts.

use bessemer_core::command::Stage;
use bessemer_core::query::WorkerView;
use bessemer_core::{Answer, Command, Now, Query};
use bessemer_protocol::operate::{ListedWorker, WorkerList};
use bessemer_protocol::text::quote;
use bessemer_store::Engine;

use super::{Call, Form, Outcome};
use crate::node::inquiry::{Inquiry, Step};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let (subcommand, wid) = rest.split_once(' ').unwrap_or((rest, ""));
    let stage = match subcommand.to_ascii_uppercase().as_str() {
        "LIST" => return Outcome::Asked(Box::new(List)),
        "QUIET" => Stage::Quiet,
        "TERMINATE" => Stage::Terminate,
        other => return Outcome::Refused(format!("no such WORKERS subcommand: {}", quote(other))),
    };
    let wid = match wid.trim_ascii() {
        "" => return Outcome::Refused(format!("WORKERS {} needs a wid, or * for all", quote(subcommand))),
        "*" => None,
        wid => Some(wid),
    };
    Outcome::Submitted(call.submit(Command::Signal { wid, stage }), Form::Plain)
}

/// `WORKERS LIST`
struct List;

impl Inquiry for List {
    fn first(&mut self) -> Query {
        Query::Workers
    }

    fn answered(&mut self, _: Now, answer: Answer) -> Step {
        let Answer::Workers(workers) = answer else { return Step::unexpected() };
        Step::json(&WorkerList { workers: workers.into_iter().map(listed).collect() })
    }
}

fn listed(worker: WorkerView) -> ListedWorker {
    let state = match worker.stage {
        Stage::Running => "running",
        Stage::Quiet => "quiet",
        Stage::Terminate => "terminate",
    };
    ListedWorker {
        wid: worker.wid,
        hostname: worker.hostname,
        pid: worker.pid,
        labels: worker.labels,
        state: state.into(),
        started: worker.started.rfc3339(),
        last_beat: worker.last_beat.rfc3339(),
        rss_kb: worker.rss_kb,
        connections: worker.connections as u64,
        busy: worker.busy as u64,
    }
}
