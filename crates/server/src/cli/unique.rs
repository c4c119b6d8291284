//! `bessemer unique`: the keys of unique jobs that are held, and by which jobs; frees some.

use bessemer::{KeyFilter, ListedKey};
use serde_json::json;

use super::address::{Address, Server};
use super::figures::amount;
use super::jobs::word;
use super::table::{Table, text};
use super::{Cli, output, refuse_missing};
use crate::exit::{Exit, Failure};

/// Keys of a table; more are another table.
const ROWS: usize = 1_000;

/// List the keys of unique jobs; free some.
#[derive(Clone, Debug, clap::Args)]
pub struct Unique {
    #[command(subcommand)]
    action: Option<Action>,
    /// Say it as JSON: one object, or for a list one a line
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    address: Address,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// List the keys that are held
    List(List),
    /// Free keys; their jobs go on without
    Release(Which),
}

#[derive(Clone, Debug, clap::Args)]
struct List {
    /// Only this one
    #[arg(value_name = "KEY")]
    key: Option<String>,
    /// So many at most
    #[arg(long, short = 'n', alias = "n", value_name = "N", default_value_t = 25)]
    limit: u64,
    /// All of them
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// A key, as the list names it
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    /// Those that jobs with this jid hold
    #[arg(long)]
    jid: Option<String>,
}

impl Unique {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        self.address.talk(cli, async |server| match &self.action {
            None => self.list(server, &List { key: None, limit: 25, all: false }).await,
            Some(Action::List(list)) => self.list(server, list).await,
            Some(Action::Release(which)) => self.release(server, which).await,
        })
    }

    async fn list(&self, server: &mut Server, list: &List) -> Result<(), Failure> {
        let most = if list.all { u64::MAX } else { list.limit };
        let mut filter = KeyFilter { key: list.key.clone(), ..KeyFilter::default() };
        let (mut found, mut rows) = (0, Vec::new());
        while found < most {
            filter.count = usize::try_from(most - found).ok();
            let page = server.client.list_keys(&filter).await?;
            found += page.keys.len() as u64;
            filter.after = page.next;
            if self.json {
                page.keys.iter().try_for_each(output::json)?;
            } else {
                rows.extend(page.keys);
                if rows.len() >= ROWS {
                    table(&std::mem::take(&mut rows)).print()?;
                }
            }
            if filter.after.is_none() {
                break;
            }
        }
        if self.json {
            return Ok(());
        }
        if found == 0 {
            return output::line(if list.key.is_some() {
                "this key is free"
            } else {
                "no unique key is held"
            });
        }
        if !rows.is_empty() {
            table(&rows).print()?;
        }
        if filter.after.is_some() {
            output::note("there may be more: --limit N shows N keys, --all shows all");
        }
        Ok(())
    }

    async fn release(&self, server: &mut Server, which: &Which) -> Result<(), Failure> {
        let by_key =
            which.keys.iter().map(|key| KeyFilter { key: Some(key.clone()), ..KeyFilter::default() });
        let by_jid = which.jid.iter().map(|jid| KeyFilter { jid: Some(jid.clone()), ..KeyFilter::default() });
        let (mut count, mut missing) = (0, Vec::new());
        for filter in by_key.chain(by_jid) {
            match server.client.release_keys(&filter).await? {
                0 => missing.extend(filter.key),
                released => count += released,
            }
        }
        let said = match (self.json, count) {
            (true, _) => output::json(&json!({ "count": count })),
            (false, 0) => Ok(()),
            (false, _) => output::line(&format!("released {}", amount(count, "key"))),
        };
        match &which.jid {
            Some(jid) if count == 0 => {
                let what = format!("no job {jid:?} holds a unique key");
                Err(Failure { exit: Exit::NoInput, what })
            }
            _ => refuse_missing("held key", &missing).and(said),
        }
    }
}

fn table(keys: &[ListedKey]) -> Table {
    let columns = ["KEY", "JID", "TYPE", "QUEUE", "STATE", "UNTIL", "HELD"].map(text);
    let mut table = Table::new(columns);
    for held in keys {
        let release = match &*held.release {
            "start" => "until it starts",
            "expiry" => "until expiry",
            _ => "until it succeeds",
        };
        table.row([
            &*held.key,
            &held.jid,
            &held.jobtype,
            &held.queue,
            held.state.map_or("done", word),
            &held.until,
            release,
        ]);
    }
    table
}
