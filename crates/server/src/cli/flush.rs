//! `bessemer flush`: deletes every job and every count of a server.

use serde_json::json;

use super::address::Address;
use super::confirm::Yes;
use super::figures::{amount, grouped};
use super::{Cli, output};
use crate::exit::Failure;

/// Delete every job and every count.
#[derive(Clone, Debug, clap::Args)]
pub struct Flush {
    #[command(flatten)]
    yes: Yes,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    address: Address,
}

impl Flush {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        self.address.talk(cli, async |server| {
            let figures = server.client.info().await?.faktory;
            let sets = figures.sets;
            let waiting = figures.total_enqueued + sets.scheduled + sets.retries + sets.dead;
            let what = format!(
                "This deletes {} of {}, and {} that {} being worked on, with all queues and all counts.",
                amount(waiting, "job"),
                server.url,
                grouped(sets.working),
                if sets.working == 1 { "is" } else { "are" }
            );
            self.yes.or_type(&what, "flush")?;
            server.client.flush().await?;
            let jobs = waiting + sets.working;
            match self.json {
                true => output::json(&json!({ "jobs": jobs })),
                false => output::line(&format!("flushed {}", amount(jobs, "job"))),
            }
        })
    }
}
