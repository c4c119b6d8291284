//! `bessemer cron`: the entries of a server that push jobs by the clock; runs, pauses and resumes them, and says when a
//! schedule ticks without asking anybody.

use bessemer::{ListedCron, ListedRun};
use bessemer_core::Wall;
use bessemer_core::cron::{Schedule, local};
use jiff::tz::TimeZone;
use serde_json::json;

use super::address::{Address, Server};
use super::figures::ago;
use super::table::{Table, number, text};
use super::{Cli, output, refuse_missing};
use crate::clock;
use crate::exit::{Exit, Failure};

/// Ticks that are shown at most.
const TICKS_MAX: u32 = 1_000;

/// List the cron entries; run, pause or resume one; see when a schedule ticks.
#[derive(Clone, Debug, clap::Args)]
pub struct Cron {
    #[command(subcommand)]
    action: Option<Action>,
    /// Say it as one JSON object
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    address: Address,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// List the entries, each with its next and its last run
    List,
    /// Show an entry and its last runs
    Show { id: String },
    /// Push the job of an entry now, also if it is paused
    Run { id: String },
    /// Let an entry tick no more
    Pause { id: String },
    /// Let an entry tick again; what would have been meanwhile is not made up for
    Resume { id: String },
    /// Say when a schedule ticks; asks no server
    Next {
        /// Five fields in quotes, or a name such as @daily or "@every 30s"
        schedule: String,
        /// The time zone in which it speaks
        #[arg(long, default_value = "UTC")]
        tz: String,
        /// So many ticks
        #[arg(short = 'n', default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=i64::from(TICKS_MAX)))]
        count: u32,
        /// From this moment on, such as 2026-10-25T00:00:00Z; else from now on
        #[arg(long)]
        from: Option<String>,
    },
}

impl Cron {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        if let Some(Action::Next { schedule, tz, count, from }) = &self.action {
            return self.next(schedule, tz, *count, from.as_deref());
        }
        self.address.talk(cli, async |server| self.act(server).await)
    }

    async fn act(&self, server: &mut Server) -> Result<(), Failure> {
        if let Some(Action::Show { id } | Action::Run { id } | Action::Pause { id } | Action::Resume { id }) =
            &self.action
            && !server.client.list_crons().await?.iter().any(|entry| entry.id == *id)
        {
            return refuse_missing("cron entry", &[id]);
        }
        match &self.action {
            None | Some(Action::List) => self.list(server).await,
            Some(Action::Show { id }) => self.show(server, id).await,
            Some(Action::Run { id }) => {
                let jid = server.client.run_cron(id).await?;
                self.say(json!({ "jid": jid }), &format!("pushed {jid}"))
            }
            Some(Action::Pause { id }) => {
                server.client.pause_cron(id).await?;
                self.say(
                    json!({ "paused": id }),
                    &format!("paused {id}; it does not tick until it is resumed"),
                )
            }
            Some(Action::Resume { id }) => {
                server.client.resume_cron(id).await?;
                self.say(json!({ "resumed": id }), &format!("resumed {id}"))
            }
            Some(Action::Next { .. }) => Ok(()),
        }
    }

    fn say(&self, document: serde_json::Value, line: &str) -> Result<(), Failure> {
        if self.json { output::json(&document) } else { output::line(line) }
    }

    async fn list(&self, server: &mut Server) -> Result<(), Failure> {
        let entries = server.client.list_crons().await?;
        if self.json {
            return output::json(&json!({ "crons": entries }));
        }
        if entries.is_empty() {
            return output::line("no cron entries");
        }
        let now = clock::wall();
        let mut table =
            Table::new(["ID", "SCHEDULE", "ZONE", "JOB", "QUEUE", "NEXT", "LAST", "OUTCOME"].map(text));
        for entry in entries {
            let last = entry.runs.first();
            table.row([
                entry.id.clone(),
                entry.schedule.clone(),
                entry.tz.clone(),
                entry.jobtype.clone(),
                entry.queue.clone(),
                next(&entry),
                last.map_or_else(String::new, |run| ago(now, &run.tick)),
                last.map_or_else(String::new, outcome),
            ]);
        }
        table.print()
    }

    async fn show(&self, server: &mut Server, id: &str) -> Result<(), Failure> {
        let entry = server.client.show_cron(id).await?;
        if self.json {
            return output::json(&entry);
        }
        let (id, schedule, zone) = (&entry.id, &entry.schedule, &entry.tz);
        output::line(&format!(
            "{id}: {schedule} in {zone} pushes {} to {}; missed ticks: {}; next {}",
            entry.jobtype,
            entry.queue,
            entry.missed,
            next(&entry)
        ))?;
        if entry.runs.is_empty() {
            return output::line("it has not run yet");
        }
        let mut table =
            Table::new([text("TICK"), text("OUTCOME"), number("FAILURES"), text("JOB"), text("ENDED")]);
        for run in &entry.runs {
            table.row([
                in_zone(&run.tick, &entry.tz),
                outcome(run),
                run.fails.to_string(),
                run.jid.clone().unwrap_or_default(),
                run.until.as_deref().map_or_else(String::new, |at| in_zone(at, &entry.tz)),
            ]);
        }
        table.print()
    }

    fn next(&self, schedule: &str, tz: &str, count: u32, from: Option<&str>) -> Result<(), Failure> {
        let usage = |what: String| Failure { exit: Exit::Usage, what };
        let schedule = Schedule::parse(schedule).map_err(|why| usage(format!("the schedule {why}")))?;
        let zone = TimeZone::get(tz).map_err(|_| usage(format!("{tz:?} is no time zone")))?;
        let from = match from {
            Some(from) => Wall::parse(from).map_err(|why| usage(format!("--from {from}: {why}")))?,
            None => clock::wall(),
        };
        let after = |tick: &Wall| schedule.next_after(*tick, &zone);
        let ticks: Vec<Wall> = std::iter::successors(after(&from), after).take(count as usize).collect();
        if self.json {
            let ticks: Vec<String> = ticks.iter().map(|tick| tick.rfc3339()).collect();
            return output::json(&json!({ "schedule": schedule.as_str(), "tz": tz, "ticks": ticks }));
        }
        ticks
            .iter()
            .try_for_each(|tick| output::line(&format!("{}  {}", local(*tick, &zone), tick.rfc3339())))
    }
}

fn next(entry: &ListedCron) -> String {
    match &entry.next {
        Some(at) => in_zone(at, &entry.tz),
        None if entry.paused => "paused".into(),
        None if !entry.enabled => "off".into(),
        None => "never".into(),
    }
}

fn in_zone(moment: &str, zone: &str) -> String {
    match (Wall::parse(moment), TimeZone::get(zone)) {
        (Ok(moment), Ok(zone)) => local(moment, &zone),
        _ => moment.to_owned(),
    }
}

fn outcome(run: &ListedRun) -> String {
    let place = run.place.map_or_else(String::new, |place| format!(", {}", place.as_str()));
    let ticks = if run.ticks > 1 { format!(" ×{}", run.ticks) } else { String::new() };
    let hand = if run.by_hand { " by hand" } else { "" };
    let note = if run.note.is_empty() { String::new() } else { format!(": {}", run.note) };
    format!("{}{hand}{place}{ticks}{note}", run.outcome)
}
