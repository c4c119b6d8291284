//! `bessemer workers`: the workers of a server; tells them to fetch no more, or to end.

use bessemer::{ListedWorker, WorkerState};
use bessemer_core::Wall;
use serde_json::json;

use super::address::{Address, Server};
use super::figures::{ago, amount, bytes, grouped};
use super::table::{Table, number, text};
use super::{Cli, output, refuse_missing};
use crate::clock;
use crate::exit::Failure;

/// List the workers; quiet or stop some.
#[derive(Clone, Debug, clap::Args)]
pub struct Workers {
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
    /// List the workers
    List,
    /// Let these fetch no more; they finish what they have, and stay
    Quiet(Which),
    /// Let these fetch no more, finish what they have, and end
    Stop(Which),
}

#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// A worker, as the list names it
    #[arg(value_name = "WID")]
    wids: Vec<String>,
    /// All of them
    #[arg(long)]
    all: bool,
}

impl Workers {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        self.address.talk(cli, async |server| match &self.action {
            None | Some(Action::List) => self.list(server).await,
            Some(Action::Quiet(which)) => self.tell(server, WorkerState::Quiet, which).await,
            Some(Action::Stop(which)) => self.tell(server, WorkerState::Terminate, which).await,
        })
    }

    async fn list(&self, server: &mut Server) -> Result<(), Failure> {
        let workers = server.client.list_workers().await?;
        if self.json {
            return output::json(&json!({ "workers": workers }));
        }
        if workers.is_empty() {
            return output::line("no workers");
        }
        table(&workers, clock::wall()).print()
    }

    async fn tell(&self, server: &mut Server, state: WorkerState, which: &Which) -> Result<(), Failure> {
        let mut told = 0;
        if which.all {
            told = server.client.tell_workers(state, None).await?;
        }
        let mut missing = Vec::new();
        for wid in &which.wids {
            match server.client.tell_workers(state, Some(wid)).await? {
                0 => missing.push(wid),
                count => told += count,
            }
        }
        let said = match (self.json, told) {
            (true, _) => output::json(&json!({ "count": told })),
            (false, 0) if !missing.is_empty() => Ok(()),
            (false, _) => {
                let told = amount(told, "worker");
                output::line(&format!("told {told}; a worker hears it with its next heartbeat"))
            }
        };
        refuse_missing("worker", &missing).and(said)
    }
}

fn table(workers: &[ListedWorker], now: Wall) -> Table {
    let mut table = Table::new([
        text("WID"),
        text("HOST"),
        number("PID"),
        text("STATE"),
        number("BUSY"),
        text("STARTED"),
        text("LAST BEAT"),
        number("MEMORY"),
        number("CONNECTIONS"),
        text("LABELS"),
    ]);
    for worker in workers {
        table.row([
            worker.wid.clone(),
            worker.hostname.clone(),
            worker.pid.to_string(),
            worker.state.clone(),
            grouped(worker.busy),
            ago(now, &worker.started),
            ago(now, &worker.last_beat),
            bytes(worker.rss_kb.saturating_mul(1024)),
            grouped(worker.connections),
            worker.labels.join(", "),
        ]);
    }
    table
}
