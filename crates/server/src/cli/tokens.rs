//! `bessemer tokens`: what scripts are let in by at the dashboard and its API; makes, lists and revokes them.

use axum::http::Method;
use bessemer_core::Wall;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::dashboard::Dashboard;
use super::figures::ago;
use super::table::{Table, text};
use super::{Cli, output};
use crate::clock;
use crate::exit::Failure;

/// Make, list and revoke tokens of the dashboard's API.
#[derive(Clone, Debug, clap::Args)]
pub struct Tokens {
    #[command(subcommand)]
    action: Option<Action>,
    /// Say it as one JSON object
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    dashboard: Dashboard,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// List the tokens
    List,
    /// Make a token; it is told this once
    Create {
        /// What it is for
        name: String,
        /// What it may do; several times for several
        #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',', value_parser = ["read", "push", "operate", "admin"])]
        scopes: Vec<String>,
        /// Days that it is good for [default: until it is revoked]
        #[arg(long, value_name = "N")]
        days: Option<u64>,
    },
    /// Make a token good for nothing
    Revoke {
        /// The token, as the list names it
        id: String,
    },
}

impl Tokens {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        match &self.action {
            None | Some(Action::List) => self.list(cli),
            Some(Action::Create { name, scopes, days }) => self.create(cli, name, scopes, *days),
            Some(Action::Revoke { id }) => self.revoke(cli, id),
        }
    }

    fn list(&self, cli: &Cli) -> Result<(), Failure> {
        let answer = self.dashboard.ask(cli, Method::GET, "/tokens", "")?;
        if self.json {
            return output::json(&answer);
        }
        match answer["tokens"].as_array().map_or(&[][..], Vec::as_slice) {
            [] => output::line("no tokens"),
            tokens => table(tokens, clock::wall()).print(),
        }
    }

    fn create(&self, cli: &Cli, name: &str, scopes: &[String], days: Option<u64>) -> Result<(), Failure> {
        let new = json!({ "name": name, "scopes": scopes, "days": days }).to_string();
        let answer = self.dashboard.ask(cli, Method::POST, "/tokens", &new)?;
        if self.json {
            return output::json(&answer);
        }
        // Alone, so that a script can take it.
        output::line(word(&answer["secret"]))
    }

    fn revoke(&self, cli: &Cli, id: &str) -> Result<(), Failure> {
        let path = format!("/tokens/{}", utf8_percent_encode(id, NON_ALPHANUMERIC));
        let answer = self.dashboard.ask(cli, Method::DELETE, &path, "")?;
        if self.json {
            return output::json(&answer);
        }
        let name = bessemer_protocol::text::shown(word(&answer["name"])).into_owned();
        output::line(&format!("revoked {name}"))
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn table(tokens: &[Value], now: Wall) -> Table {
    let names = ["ID", "NAME", "SCOPES", "CREATED", "USED", "EXPIRES"];
    let mut table = Table::new(names.map(text));
    for token in tokens {
        let scopes: Vec<&str> = token["scopes"].as_array().into_iter().flatten().map(word).collect();
        table.row([
            word(&token["id"]).to_owned(),
            word(&token["name"]).to_owned(),
            scopes.join(" "),
            ago(now, word(&token["created"])),
            token["used"].as_str().unwrap_or("never").to_owned(),
            token["expires"].as_str().unwrap_or("never").to_owned(),
        ]);
    }
    table
}
