//! `CRON LIST`, `CRON SHOW id` and `CRON RUN|PAUSE|RESUME id`, our own: what the Cron page does, for scripts.

use bessemer_core::command::CronDeed;
use bessemer_core::query::{CronRun, CronView, Where};
use bessemer_core::{Answer, Command, Now, Query};
use bessemer_protocol::operate::{CronList, JobSet, ListedCron, ListedRun};
use bessemer_protocol::text::quote;
use bessemer_store::Engine;

use super::{Call, Form, Outcome};
use crate::node::inquiry::{Inquiry, Step};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let (subcommand, id) = rest.split_once(' ').unwrap_or((rest, ""));
    let (subcommand, id) = (subcommand.to_ascii_uppercase(), id.trim_ascii());
    let deed = match subcommand.as_str() {
        "LIST" => return Outcome::Asked(Box::new(List { id: None })),
        "SHOW" => None,
        "RUN" => Some(CronDeed::Run),
        "PAUSE" => Some(CronDeed::Pause),
        "RESUME" => Some(CronDeed::Resume),
        other => return Outcome::Refused(format!("no such CRON subcommand: {}", quote(other))),
    };
    if id.is_empty() {
        return Outcome::Refused(format!("CRON {subcommand} needs the id of an entry"));
    }
    match deed {
        None => Outcome::Asked(Box::new(List { id: Some(id.into()) })),
        // Before it is pushed, as with PUSH.
        Some(CronDeed::Run) if call.memory_full => Outcome::memory_full(),
        Some(deed) => Outcome::Submitted(call.submit(Command::Cron { id, deed }), Form::Plain),
    }
}

/// `CRON LIST` and `CRON SHOW id`
struct List {
    id: Option<String>,
}

impl Inquiry for List {
    fn first(&mut self) -> Query {
        Query::Cron { id: self.id.clone() }
    }

    fn answered(&mut self, _: Now, answer: Answer) -> Step {
        match answer {
            Answer::Cron(crons) => Step::json(&CronList { crons: crons.into_iter().map(listed).collect() }),
            Answer::Missing => {
                Step::error(&format!("Unknown cron entry {}", quote(self.id.as_deref().unwrap_or_default())))
            }
            _ => Step::unexpected(),
        }
    }
}

fn listed(entry: CronView) -> ListedCron {
    ListedCron {
        id: entry.id,
        schedule: entry.schedule.as_str().into(),
        tz: entry.zone.iana_name().unwrap_or("UTC").into(),
        missed: entry.missed.as_str().into(),
        jitter: entry.jitter,
        enabled: entry.enabled,
        paused: entry.paused,
        queue: entry.queue,
        jobtype: entry.jobtype,
        next: entry.next.map(bessemer_core::Wall::rfc3339),
        runs: entry.runs.into_iter().map(run_listed).collect(),
    }
}

fn run_listed(run: CronRun) -> ListedRun {
    let place = run.place.map(|place| match place {
        Where::Working => JobSet::Working,
        Where::Queued => JobSet::Queued,
        Where::Retries => JobSet::Retries,
        Where::Scheduled => JobSet::Scheduled,
        Where::Dead => JobSet::Dead,
        Where::Discarded => JobSet::Discarded,
    });
    ListedRun {
        tick: run.tick.rfc3339(),
        at: run.at.rfc3339(),
        by_hand: run.by_hand,
        ticks: run.ticks,
        outcome: run.ran.as_str().into(),
        until: run.until.map(bessemer_core::Wall::rfc3339),
        jid: run.jid,
        place,
        fails: run.fails,
        note: run.note,
    }
}
