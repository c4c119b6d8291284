//! The goals that were set before the server was built, and how a run stands to them.

use serde_json::{Value, json};

use super::super::table::{Table, number, text};
use super::child::Kind;
use super::plan::{Crew, Load, Sizes, Who};
use super::report::Report;
use super::rounds::Row;
use super::sample::Figure;

/// Something that is to be at most so much.
struct Goal {
    what: &'static str,
    load: Load,
    connections: usize,
    figure: Figure,
    strict: f64,
    relaxed: f64,
    /// Faktory 1.10's own, which flushes nothing.
    reference: &'static str,
}

/// In the order of the table. Latencies are in microseconds.
const GOALS: [Goal; 11] = [
    goal("push, 10 connections", Load::Push, 10, Figure::TimesFloor, [2.2, 1.3], "4.5"),
    goal("push, 50 connections", Load::Push, 50, Figure::TimesFloor, [1.6, 1.3], "4.5"),
    goal("PUSHB of 100, per job", Load::Pushb, 10, Figure::TimesFloor, [0.45, 0.3], "4.4"),
    goal("fetch and ACK, 10 connections", Load::Fetch, 10, Figure::TimesFloor, [4.2, 2.6], "18"),
    goal("fetch and ACK, 50 connections", Load::Fetch, 50, Figure::TimesFloor, [3.0, 2.6], "18"),
    goal("mixed, 5 + 10 connections", Load::Mixed, 15, Figure::TimesFloor, [6.0, 3.6], "22"),
    goal("mixed, 16 + 33 connections", Load::Mixed, 49, Figure::TimesFloor, [4.0, 3.6], "22"),
    goal("scheduled jobs, p99 late, µs", Load::Lateness, 10, Figure::P99, [20_000.0; 2], "4,960,000"),
    goal(
        "1,000 blocked workers, % of a core",
        Load::Blocked,
        1000,
        Figure::CpuPercent,
        [1.0; 2],
        "2.4 to 3.3",
    ),
    goal("1,000 blocked workers, × null floor", Load::Blocked, 1000, Figure::TimesFloor, [1.2; 2], ""),
    goal("2,000/s push to fetch, p99, µs", Load::Rate, 10, Figure::P99, [3_000.0; 2], ""),
];

const fn goal(
    what: &'static str,
    load: Load,
    connections: usize,
    figure: Figure,
    [strict, relaxed]: [f64; 2],
    reference: &'static str,
) -> Goal {
    Goal { what, load, connections, figure, strict, relaxed, reference }
}

/// The loads in which there is a goal.
pub(super) const LOADS: [Load; 7] =
    [Load::Push, Load::Pushb, Load::Fetch, Load::Mixed, Load::Lateness, Load::Blocked, Load::Rate];

/// Jobs a second of *rate*.
pub(super) const RATE: u32 = 2_000;

/// The sizes for which the goals hold.
pub(super) fn sizes() -> Sizes {
    Sizes {
        connections: vec![10, 50],
        bytes: vec![100],
        crews: vec![Crew { producers: 5, workers: 10 }, Crew { producers: 16, workers: 33 }],
        crowd: 1_000,
        waiting: 1_000_000,
        depth: 1_000_000,
    }
}

/// How one server stands to one goal.
struct Standing {
    goal: &'static Goal,
    server: String,
    measured: Option<f64>,
    /// Only for this program's own modes.
    limit: Option<f64>,
}

impl Standing {
    fn verdict(&self) -> &'static str {
        match (self.measured, self.limit) {
            (Some(measured), Some(limit)) if measured <= limit => "met",
            (Some(_), Some(_)) => "missed",
            _ => "",
        }
    }
}

fn standings(report: &Report) -> Vec<Standing> {
    let mut standings = Vec::new();
    for goal in &GOALS {
        let is_for =
            |row: &&Row| row.step.case.load == goal.load && row.step.case.connections == goal.connections;
        for row in report.rows.iter().filter(is_for) {
            let Who::Server(number) = row.step.who else { continue };
            let server = report.servers[number].clone();
            let limit = [(Kind::Strict, goal.strict), (Kind::Relaxed, goal.relaxed)]
                .into_iter()
                .find_map(|(kind, limit)| (kind.name() == server).then_some(limit));
            let measured = report.figure(row, goal.figure).map(|spread| spread.median);
            standings.push(Standing { goal, server, measured, limit });
        }
    }
    standings
}

/// For people.
pub(super) fn table(report: &Report) -> Option<Table> {
    let columns =
        [text("GOAL"), text("SERVER"), number("MEASURED"), number("AT MOST"), text(""), number("REFERENCE")];
    let mut table = Table::new(columns);
    for standing in standings(report) {
        let digits = if standing.goal.strict >= 1000.0 { 0 } else { 2 };
        let show = |number: f64| format!("{number:.digits$}");
        table.row([
            standing.goal.what.into(),
            standing.server.clone(),
            standing.measured.map_or_else(|| "not measured".into(), show),
            standing.limit.map_or_else(String::new, show),
            standing.verdict().into(),
            standing.goal.reference.into(),
        ]);
    }
    Some(table)
}

/// For scripts.
pub(super) fn json(report: &Report) -> Value {
    let goals = standings(report).into_iter().map(|standing| {
        let met =
            Some(standing.verdict()).filter(|verdict| !verdict.is_empty()).map(|verdict| verdict == "met");
        json!({
            "goal": standing.goal.what, "server": standing.server, "figure": standing.goal.figure.key(),
            "measured": standing.measured, "at_most": standing.limit, "met": met,
        })
    });
    goals.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::plan::{self, Step};
    use super::super::sample::Sample;
    use super::*;

    /// A run in which every job costs so many times the floor's PUSH.
    fn report(times: u64) -> Report {
        let steps = plan::steps(&[Load::Push], &sizes(), 2);
        let row = |step: Step| {
            let cpu = if let Who::Server(_) = step.who { times } else { 1000 };
            let sample = Sample {
                jobs: 1000,
                wall: Duration::from_secs(1),
                cpu: Some(Duration::from_millis(cpu)),
                ..Sample::default()
            };
            Row { step, samples: vec![sample] }
        };
        Report {
            servers: vec!["strict".into(), "tcp://a:1".into()],
            rows: steps.into_iter().map(row).collect(),
        }
    }

    #[test]
    fn a_goal_is_met_at_its_limit_and_missed_one_beyond() {
        let verdicts = |times| {
            let goals = json(&report(times));
            let goals = goals.as_array().expect("goals").iter();
            goals
                .filter(|goal| goal["server"] == "strict")
                .map(|goal| goal["met"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(verdicts(1600), [true, true]);
        assert_eq!(verdicts(2200), [true, false]);
        assert_eq!(verdicts(2201), [false, false]);
    }

    #[test]
    fn other_servers_are_shown_and_not_judged() {
        let lines = table(&report(2201)).expect("goals").lines(None);
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert_eq!(lines[1], "push, 10 connections  strict         2.20     2.20  missed  4.5");
        assert_eq!(lines[2], "push, 10 connections  tcp://a:1      2.20                   4.5");
    }
}
