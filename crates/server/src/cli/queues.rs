//! `bessemer queues`: the queues of a server; pauses, resumes and removes them.

use std::collections::BTreeMap;
use std::time::Duration;

use bessemer::ListedQueue;
use serde_json::json;

use super::address::{Address, Server};
use super::confirm::Yes;
use super::figures::{amount, grouped, span};
use super::table::{Table, number, text};
use super::{Cli, output};
use crate::exit::{Exit, Failure};

/// Names in one QUEUE: some hundred kilobytes of the longest ones, where a line may have a million.
const NAMES_MAX: usize = 1_000;

/// Stands for all queues.
const ALL: &str = "*";

/// List the queues; pause, resume or remove some.
#[derive(Clone, Debug, clap::Args)]
pub struct Queues {
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
    /// List the queues
    List,
    /// Give workers nothing more from these; jobs are still taken
    Pause(Names),
    /// Give workers jobs of these again
    Resume(Names),
    /// Delete these with the jobs that wait in them
    Remove {
        #[command(flatten)]
        names: Names,
        #[command(flatten)]
        yes: Yes,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct Names {
    /// A queue; '*' for all
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

impl Queues {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        self.address.talk(cli, async |server| match &self.action {
            None | Some(Action::List) => self.list(server).await,
            Some(Action::Pause(names)) => {
                let found = names.find(server).await?;
                each(&found, async |names| server.client.pause_queues(names).await).await?;
                self.say("paused", &found)
            }
            Some(Action::Resume(names)) => {
                let found = names.find(server).await?;
                each(&found, async |names| server.client.resume_queues(names).await).await?;
                self.say("resumed", &found)
            }
            Some(Action::Remove { names, yes }) => {
                let found = names.find(server).await?;
                yes.or_ask(&removal(&found))?;
                each(&found, async |names| server.client.remove_queues(names).await).await?;
                self.say("removed", &found)
            }
        })
    }

    async fn list(&self, server: &mut Server) -> Result<(), Failure> {
        let queues = server.client.list_queues().await?;
        if self.json {
            return output::json(&json!({ "queues": queues }));
        }
        if queues.is_empty() {
            return output::line("no queues");
        }
        table(&queues).print()
    }

    fn say(&self, what: &str, queues: &BTreeMap<String, u64>) -> Result<(), Failure> {
        if self.json {
            return output::json(&json!({ (what): queues.keys().collect::<Vec<_>>() }));
        }
        output::line(&format!("{what} {}", amount(queues.len() as u64, "queue")))
    }
}

impl Names {
    /// Those that there are, with their lengths. One that there is not is an error: the server would pass over it, and
    /// whoever mistyped a name would believe that it is done.
    async fn find(&self, server: &mut Server) -> Result<BTreeMap<String, u64>, Failure> {
        let queues = server.client.info().await?.faktory.queues;
        if self.names == [ALL] {
            return Ok(queues);
        }
        let found = |name: &String| match queues.get(name) {
            Some(size) => Ok((name.clone(), *size)),
            None => Err(Failure { exit: Exit::NoInput, what: format!("there is no queue {name:?}") }),
        };
        self.names.iter().map(found).collect()
    }
}

fn table(queues: &[ListedQueue]) -> Table {
    let mut table = Table::new([text("QUEUE"), number("JOBS"), number("OLDEST"), text("STATE")]);
    for ListedQueue { name, size, latency, paused } in queues {
        let oldest = match size {
            0 => "-".to_owned(),
            _ => span(Duration::try_from_secs_f64(*latency).unwrap_or_default()),
        };
        let state = if *paused { "paused" } else { "" };
        table.row([&**name, &grouped(*size), &oldest, state]);
    }
    table
}

/// Does something to as many queues at a time as a line has room for.
async fn each(
    queues: &BTreeMap<String, u64>,
    mut act: impl AsyncFnMut(&[String]) -> Result<(), bessemer::Error>,
) -> Result<(), Failure> {
    let names: Vec<String> = queues.keys().cloned().collect();
    for names in names.chunks(NAMES_MAX) {
        act(names).await?;
    }
    Ok(())
}

/// The question before a removal.
fn removal(queues: &BTreeMap<String, u64>) -> String {
    let jobs = amount(queues.values().sum(), "job");
    match queues.keys().next() {
        Some(name) if queues.len() == 1 => format!("Remove the queue {name} with {jobs}?"),
        _ => format!("Remove {} with {jobs}?", amount(queues.len() as u64, "queue")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_queue_has_no_oldest_job_and_a_paused_one_says_so() {
        let queue =
            |name: &str, size, latency, paused| ListedQueue { name: name.into(), size, latency, paused };
        let lines = table(&[queue("default", 1_234, 125.9, false), queue("mail", 0, 0.0, true)]).lines(None);
        let expected =
            ["QUEUE     JOBS   OLDEST  STATE", "default  1,234  2 m 5 s", "mail         0        -  paused"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_removal_says_how_much_it_takes() {
        let queues = |queues: &[(&str, u64)]| {
            removal(&queues.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect())
        };
        assert_eq!(queues(&[("mail", 1)]), "Remove the queue mail with 1 job?");
        assert_eq!(queues(&[("a", 1_000), ("b", 234)]), "Remove 2 queues with 1,234 jobs?");
    }
}
