//! The rounds: every step once in each, all servers in turns.

use std::io::{self, IsTerminal, Write as _};
use std::rc::Rc;
use std::time::Duration;

use super::super::output;
use super::child::Kind;
use super::error::Result;
use super::load::Run;
use super::plan::{Step, Who};
use super::sample::Sample;
use super::server::Server;

/// Everybody who is measured.
pub(super) struct Field {
    pub(super) servers: Vec<Server>,
    pub(super) floor: Server,
    pub(super) null_floor: Server,
}

/// A step and its sample of each round.
pub(super) struct Row {
    pub(super) step: Step,
    pub(super) samples: Vec<Sample>,
}

impl Field {
    fn of(&mut self, who: Who) -> &mut Server {
        match who {
            Who::Server(number) => &mut self.servers[number],
            Who::Floor(Kind::NullFloor) => &mut self.null_floor,
            Who::Floor(_) => &mut self.floor,
        }
    }

    /// Goes through all steps as often as there are rounds.
    pub(super) async fn measure(&mut self, run: &Rc<Run>, steps: &[Step], rounds: usize) -> Result<Vec<Row>> {
        let mut rows: Vec<Row> = steps.iter().map(|step| Row { step: *step, samples: Vec::new() }).collect();
        let round: Duration = steps.iter().map(|step| step.case.lasts(run.window)).sum();
        let (windows, about) = (steps.len(), (round * rounds as u32).as_secs().max(1));
        let mut progress = Progress::new();
        let about = format!("about {} min {} s", about / 60, about % 60);
        output::note(&format!("{rounds} rounds of {windows} windows, {about}"));
        for round in 1..=rounds {
            for row in &mut rows {
                let server = self.of(row.step.who);
                let (name, case) = (server.name.clone(), row.step.case);
                progress.tell(&format!("round {round} of {rounds}: {}: {name}", case.name()));
                row.samples.push(run.sample(case, server).await?);
            }
        }
        Ok(rows)
    }
}

/// Where it is, on standard error: one line that changes on a terminal, else a line each.
struct Progress {
    on_terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self { on_terminal: io::stderr().is_terminal() }
    }

    fn tell(&mut self, line: &str) {
        // Who has closed standard error does not want to know.
        let mut err = io::stderr();
        _ = if self.on_terminal { write!(err, "\r{line}\x1b[K") } else { writeln!(err, "{line}") };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.on_terminal {
            _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
