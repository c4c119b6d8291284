//! What came out: tables for people, one JSON object for scripts.

use serde_json::{Value, json};

use super::super::output;
use super::super::table::{Column, Table, number, text};
use super::goals;
use super::plan::{Load, Step, Who};
use super::rounds::Row;
use super::sample::{Figure, Sample, Spread};
use crate::exit::Failure;

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

    /// Writes every table.
    pub(super) fn print(&self, with_goals: bool) -> Result<(), Failure> {
        let mut tables = vec![self.jobs(), self.standing(), self.depth()];
        if with_goals {
            tables.push(goals::table(self));
        }
        for table in tables.into_iter().flatten() {
            table.print()?;
            output::line("")?;
        }
        output::line("medians of the rounds [lowest..highest]; latencies: of each round's percentile")?;
        if self.servers().any(|row| self.figure(row, Figure::CpuPercent).is_none()) {
            output::line("not measured: the process is elsewhere, or not ours to look at; --pid names one")?;
        }
        Ok(())
    }

    fn servers(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| matches!(row.step.who, Who::Server(_)))
    }

    /// A table of the rows of some loads; none of none.
    fn table<const N: usize>(
        &self,
        columns: [Column; N],
        is_here: impl Fn(&Row) -> bool,
        cells: impl Fn(&Row) -> [String; N],
    ) -> Option<Table> {
        let mut rows = self.rows.iter().filter(|row| is_here(row)).peekable();
        rows.peek()?;
        let mut table = Table::new(columns);
        rows.for_each(|row| table.row(cells(row)));
        Some(table)
    }

    fn jobs(&self) -> Option<Table> {
        let columns = [
            text("LOAD"),
            text("SERVER"),
            number("JOBS/S"),
            number("P50 / P99 / P99.9 µs"),
            number("CPU µs PER JOB"),
            number("MiB"),
            number("× FLOOR'S PUSH"),
        ];
        let is_here = |row: &Row| !row.step.case.is_standing() && row.step.case.load != Load::Depth;
        self.table(columns, is_here, |row| {
            [
                row.step.case.name(),
                self.name(&row.step),
                self.show(row, Figure::JobsPerS, 0),
                [Figure::P50, Figure::P99, Figure::P999].map(|p| self.median(row, p, 0)).join(" / "),
                self.show(row, Figure::CpuPerJob, 1),
                self.median(row, Figure::Memory, 0),
                self.show(row, Figure::TimesFloor, 2),
            ]
        })
    }

    fn standing(&self) -> Option<Table> {
        let columns = [
            text("LOAD"),
            text("SERVER"),
            number("CPU % OF A CORE"),
            number("KiB PER CONNECTION"),
            number("MiB"),
            number("× NULL FLOOR"),
        ];
        let each = |row: &Row| {
            self.figure(row, Figure::BytesEach).map(|each| format!("{:.1}", each.median / 1024.0))
        };
        self.table(
            columns,
            |row| row.step.case.is_standing(),
            |row| {
                [
                    row.step.case.name(),
                    self.name(&row.step),
                    self.show(row, Figure::CpuPercent, 2),
                    each(row).unwrap_or_else(unknown),
                    self.median(row, Figure::Memory, 0),
                    self.show(row, Figure::TimesFloor, 2),
                ]
            },
        )
    }

    fn depth(&self) -> Option<Table> {
        let columns = [
            text("LOAD"),
            text("SERVER"),
            number("PUSHED JOBS/S"),
            number("BYTES PER JOB"),
            number("MiB"),
            number("s TO START AGAIN"),
            number("BYTES PER JOB THEN"),
        ];
        self.table(
            columns,
            |row| row.step.case.load == Load::Depth,
            |row| {
                [
                    row.step.case.name(),
                    self.name(&row.step),
                    self.show(row, Figure::JobsPerS, 0),
                    self.show(row, Figure::BytesEach, 0),
                    self.median(row, Figure::Memory, 0),
                    self.show(row, Figure::Restart, 2),
                    self.show(row, Figure::RestartBytesEach, 0),
                ]
            },
        )
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
            "producers": case.producers, "bytes": case.bytes, "waiting": case.waiting,
        });
        for figure in Figure::ALL {
            result[figure.key()] = self.figure(row, figure).map_or(Value::Null, |spread| spread.json());
        }
        result
    }
}

fn unknown() -> String {
    "not measured".into()
}
