//! `bessemer batches`: the batches of a server, what one waits for; ends one, or puts it right.

use bessemer::{BatchFilter, BatchReport, BatchState, Bid, ListedBatch};
use bessemer_core::Wall;
use serde_json::json;

use super::address::{Address, Server};
use super::confirm::Yes;
use super::figures::{ago, amount, grouped};
use super::table::{Table, number, text};
use super::{Cli, output};
use crate::clock;
use crate::exit::{Exit, Failure};

/// List the batches; show what one waits for, cancel it, check it.
#[derive(Clone, Debug, clap::Args)]
pub struct Batches {
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
    /// List the batches, newest first
    List(List),
    /// Show one, what it waits for and where its members are
    Show(Which),
    /// End one: no callback comes any more, and members that wait are deleted
    Cancel(Cancel),
    /// Put one right where it cannot come right by itself, and show it
    Check(Which),
}

#[derive(Clone, Debug, Default, clap::Args)]
struct List {
    /// Only those in this state: open, running, failing, succeeded, failed, cancelled
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 25)]
    limit: usize,
}

#[derive(Clone, Debug, clap::Args)]
struct Which {
    /// The batch, as the list names it
    #[arg(value_name = "BID")]
    bid: String,
}

#[derive(Clone, Debug, clap::Args)]
struct Cancel {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    yes: Yes,
}

impl Which {
    fn bid(&self) -> Bid {
        Bid::new(&*self.bid)
    }
}

impl Batches {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        self.address.talk(cli, async |server| match &self.action {
            None => self.list(server, &List { limit: 25, ..List::default() }).await,
            Some(Action::List(list)) => self.list(server, list).await,
            Some(Action::Show(which)) => self.tell(&server.client.show_batch(&which.bid()).await?),
            Some(Action::Check(which)) => self.tell(&server.client.check_batch(&which.bid()).await?),
            Some(Action::Cancel(cancel)) => self.cancel(server, cancel).await,
        })
    }

    async fn list(&self, server: &mut Server, list: &List) -> Result<(), Failure> {
        let state = match list.state.as_deref() {
            Some(word) => Some(BatchState::named(word).ok_or_else(|| {
                let states = BatchState::ALL.map(BatchState::as_str).join(", ");
                let what = format!("there is no state {word:?}; there are {states}");
                Failure { exit: Exit::Usage, what }
            })?),
            None => None,
        };
        let mut filter = BatchFilter { state, ..BatchFilter::default() };
        let mut found = Vec::new();
        while found.len() < list.limit {
            filter.count = Some(list.limit - found.len());
            let page = server.client.list_batches(&filter).await?;
            found.extend(page.batches);
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
        if self.json {
            return output::json(&json!({ "batches": found, "more": filter.after.is_some() }));
        }
        if found.is_empty() {
            return output::line("no batches");
        }
        table(&found, clock::wall()).print()?;
        if filter.after.is_some() {
            output::line("there are more: --limit shows them")?;
        }
        Ok(())
    }

    fn tell(&self, report: &BatchReport) -> Result<(), Failure> {
        if self.json {
            return output::json(report);
        }
        for line in lines(report) {
            output::line(&line)?;
        }
        Ok(())
    }

    async fn cancel(&self, server: &mut Server, cancel: &Cancel) -> Result<(), Failure> {
        let bid = &cancel.which.bid;
        cancel.yes.or_ask(&format!("Cancel the batch {bid}, and delete those of its jobs that wait?"))?;
        let count = server.client.cancel_batch(&cancel.which.bid()).await?;
        if self.json {
            return output::json(&json!({ "count": count }));
        }
        output::line(&format!("cancelled {bid}; {} of it waited", amount(count, "job")))
    }
}

fn table(batches: &[ListedBatch], now: Wall) -> Table {
    let mut table = Table::new([
        text("BID"),
        text("STATE"),
        number("DONE"),
        number("TOTAL"),
        number("FAILED"),
        text("CREATED"),
        text("DESCRIPTION"),
    ]);
    for ListedBatch { state, status, .. } in batches {
        table.row([
            status.bid.clone(),
            state.as_str().into(),
            grouped(status.total - status.pending),
            grouped(status.total),
            grouped(status.failed),
            ago(now, &status.created_at),
            status.description.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn lines(report: &BatchReport) -> Vec<String> {
    let (status, members) = (&report.batch.status, &report.members);
    let mut lines = vec![format!(
        "{} is {}: {} of {} done, {} failed",
        status.bid,
        report.batch.state.as_str(),
        grouped(status.total - status.pending),
        amount(status.total, "job"),
        grouped(status.failed)
    )];
    if report.repaired > 0 {
        lines.push(format!("put right: {}", amount(report.repaired, "thing")));
    }
    lines.extend(report.waits.iter().map(|wait| format!("waits for {wait}")));
    if report.waits.is_empty() {
        lines.push("waits for nothing".into());
    }
    let places = [
        ("working", members.working),
        ("queued", members.queued),
        ("retrying", members.retrying),
        ("scheduled", members.scheduled),
        ("dead", members.dead),
        ("discarded", members.discarded),
        ("gone", members.gone),
    ];
    let places = places.iter().filter(|(_, count)| *count > 0);
    lines.extend(places.map(|(place, count)| format!("  {place}: {}", grouped(*count))));
    lines
}
