//! What came out: tables for people, one JSON object for scripts.

use serde_json::{Value, json};

use super::goals;
use super::plan::{Load, Step, Who};
use super::rounds::Row;
use super::sample::{Figure, Sample, Spread};
use super::table::Table;

/// All rows, and the names of the servers.
pub(super) struct Report {
    pub(super) servers: Vec<String>,
    pub(super) rows: Vec<Row>,
}

impl Report {
    /// A figure of a row, beside its floor.
    pub(super) fn figure(&self, row: &Row, figure: Figure) -> Option<Spread> {
        let floors = row.step.floor.map(|floor| -> &[Sample] { &self.rows[floor].samples });
        figure.over(&row.samples, floors)
    }

    /// Every line of every table.
    pub(super) fn lines(&self, with_goals: bool) -> Vec<String> {
        let mut lines = Vec::new();
        let mut tables = vec![self.jobs(), self.standing(), self.depth()];
        if with_goals {
            tables.push(goals::table(self));
        }
        for table in tables.iter().filter(|table| !table.is_empty()) {
            lines.push(String::new());
            lines.extend(table.lines());
        }
        lines.push(String::new());
        lines.push(
            "medians of the rounds [lowest..highest]; latencies are medians of each round's percentile"
                .into(),
        );
        if self.servers().any(|row| self.figure(row, Figure::CpuPercent).is_none()) {
            lines.push(
                "not measured: the process is on another machine, or not ours to look at; --pid names one"
                    .into(),
            );
        }
        lines
    }

    fn servers(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| matches!(row.step.who, Who::Server(_)))
    }

    fn jobs(&self) -> Table {
        let numbers = ["jobs/s", "p50 / p99 / p99.9 µs", "CPU µs per job", "× floor's PUSH", "MiB"];
        let mut table = Table::new(&["load", "server"], &numbers);
        for row in
            self.rows.iter().filter(|row| !row.step.case.is_standing() && row.step.case.load != Load::Depth)
        {
            let show = |figure, digits| self.show(row, figure, digits);
            let p = [Figure::P50, Figure::P99, Figure::P999].map(|p| self.median(row, p, 0)).join(" / ");
            let times = if is_floor(&row.step) { String::new() } else { show(Figure::TimesFloor, 2) };
            let (speed, cpu, memory) =
                (show(Figure::JobsPerS, 0), show(Figure::CpuPerJob, 1), self.median(row, Figure::Memory, 0));
            table.row(vec![row.step.case.name(), self.name(&row.step), speed, p, cpu, times, memory]);
        }
        table
    }

    fn standing(&self) -> Table {
        let mut table = Table::new(
            &["load", "server"],
            &["CPU % of a core", "× null floor", "KiB per connection", "MiB"],
        );
        for row in self.rows.iter().filter(|row| row.step.case.is_standing()) {
            let times =
                if is_floor(&row.step) { String::new() } else { self.show(row, Figure::TimesFloor, 2) };
            let each = self
                .figure(row, Figure::BytesEach)
                .map_or_else(unknown, |s| format!("{:.1}", s.median / 1024.0));
            let (cpu, memory) = (self.show(row, Figure::CpuPercent, 2), self.median(row, Figure::Memory, 0));
            table.row(vec![row.step.case.name(), self.name(&row.step), cpu, times, each, memory]);
        }
        table
    }

    fn depth(&self) -> Table {
        let numbers = [
            "jobs",
            "pushed jobs/s",
            "bytes per job",
            "MiB",
            "s to start again",
            "bytes per job, started again",
        ];
        let mut table = Table::new(&["load", "server"], &numbers);
        for row in self.rows.iter().filter(|row| row.step.case.load == Load::Depth) {
            let jobs = row.samples.first().map_or(0, |sample| sample.jobs).to_string();
            let show = |figure, digits| self.show(row, figure, digits);
            let (speed, each) = (show(Figure::JobsPerS, 0), show(Figure::BytesEach, 0));
            let memory = self.median(row, Figure::Memory, 0);
            let (restart, again) = (show(Figure::Restart, 2), show(Figure::RestartBytesEach, 0));
            table.row(vec![
                row.step.case.name(),
                self.name(&row.step),
                jobs,
                speed,
                each,
                memory,
                restart,
                again,
            ]);
        }
        table
    }

    fn name(&self, step: &Step) -> String {
        match step.who {
            Who::Server(number) => self.servers[number].clone(),
            Who::Floor(kind) => kind.name().into(),
        }
    }

    /// The median, with the ends if there were several rounds.
    fn show(&self, row: &Row, figure: Figure, digits: usize) -> String {
        let Some(Spread { median, lowest, highest }) = self.figure(row, figure) else {
            return if self.has_none(row, figure) { String::new() } else { unknown() };
        };
        if row.samples.len() == 1 {
            return format!("{median:.digits$}");
        }
        format!("{median:.digits$} [{lowest:.digits$}..{highest:.digits$}]")
    }

    /// Whether a figure is missing because there is none: without a floor, or beside one that did nothing at all.
    fn has_none(&self, row: &Row, figure: Figure) -> bool {
        figure == Figure::TimesFloor
            && (row.step.floor.is_none() || self.figure(row, Figure::CpuPercent).is_some())
    }

    fn median(&self, row: &Row, figure: Figure, digits: usize) -> String {
        self.figure(row, figure).map_or_else(unknown, |spread| format!("{:.digits$}", spread.median))
    }

    /// All of it for scripts. A figure that was not measured, or does not belong to a load, is null.
    pub(super) fn json(&self, with_goals: bool) -> Value {
        let results: Vec<Value> = self.rows.iter().map(|row| self.row_json(row)).collect();
        let rounds = self.rows.first().map_or(0, |row| row.samples.len());
        let mut all = json!({ "version": crate::VERSION, "rounds": rounds, "servers": self.servers, "results": results });
        if with_goals {
            all["goals"] = goals::json(self);
        }
        all
    }

    fn row_json(&self, row: &Row) -> Value {
        let case = row.step.case;
        let mut result = json!({
            "load": case.load.name(), "server": self.name(&row.step), "connections": case.connections,
            "producers": case.producers, "bytes": case.bytes,
        });
        for figure in Figure::ALL {
            result[figure.key()] = self.figure(row, figure).map_or(Value::Null, |spread| spread.json());
        }
        result
    }
}

fn is_floor(step: &Step) -> bool {
    matches!(step.who, Who::Floor(_))
}

fn unknown() -> String {
    "not measured".into()
}
