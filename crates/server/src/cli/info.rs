//! `bessemer info`: the figures of a server.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use bessemer::{Answer, Info as Figures};
use bessemer_core::Boot;

use super::address::{Address, Server};
use super::figures::{amount, grouped, span};
use super::{Cli, output, push, table};
use crate::clock;
use crate::exit::{Exit, Failure};

/// Nobody reads faster.
const WATCH_MIN: Duration = Duration::from_millis(100);

/// Show a server's figures.
#[derive(Clone, Debug, clap::Args)]
pub struct Info {
    /// Again and again until Ctrl-C, every 2 s or this often
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "2s", value_parser = often)]
    watch: Option<Duration>,
    /// Say it as one JSON object: the reply to INFO
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    address: Address,
}

/// What was counted at some moment.
#[derive(Clone, Copy)]
struct Count {
    at: Boot,
    processed: u64,
}

impl Info {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        self.address.talk(cli, async |server| {
            let mut before = None;
            loop {
                let said = ask(server).await?;
                match self.json {
                    true => output::line(&said)?,
                    false => before = Some(self.show(server, &said, before)?),
                }
                let Some(pause) = self.watch else { return Ok(()) };
                output::flush()?;
                tokio::time::sleep(pause).await;
            }
        })
    }

    fn show(&self, server: &Server, said: &str, before: Option<Count>) -> Result<Count, Failure> {
        let figures: Figures = serde_json::from_str(said).map_err(|error| unreadable(&error.to_string()))?;
        let now = Count { at: clock::boot(), processed: figures.faktory.total_processed };
        if self.watch.is_some() && io::stdout().is_terminal() {
            // To the top, and what is there away. That the terminal is gone shows with the first line.
            _ = io::stdout().write_all(b"\x1b[H\x1b[J");
        }
        table::facts(&facts(&figures, &server.url.to_string(), before.map(|before| rate(before, now))))?;
        Ok(now)
    }
}

fn often(text: &str) -> Result<Duration, String> {
    let pause = push::duration(text)?;
    let too_often = || format!("nobody reads faster than every {} ms", WATCH_MIN.as_millis());
    (pause >= WATCH_MIN).then_some(pause).ok_or_else(too_often)
}

/// The reply as it came.
async fn ask(server: &mut Server) -> Result<String, Failure> {
    match server.client.call("INFO").await? {
        Answer::Bulk(text) => String::from_utf8(text).map_err(|_| unreadable("it is not UTF-8")),
        Answer::Simple(_) | Answer::Null => Err(unreadable("it is none")),
    }
}

fn unreadable(why: &str) -> Failure {
    Failure { exit: Exit::Refused, what: format!("unreadable document in the reply to INFO: {why}") }
}

/// Jobs a second between two moments. A counter that was set back has no rate.
fn rate(before: Count, now: Count) -> u64 {
    let jobs = u128::from(now.processed.saturating_sub(before.processed)) * 1_000_000;
    let micros = now.at.since(before.at).as_micros().max(1);
    u64::try_from(jobs / micros).unwrap_or(u64::MAX)
}

/// What is shown, line by line.
fn facts(figures: &Figures, url: &str, rate: Option<u64>) -> Vec<(&'static str, String)> {
    let Figures { faktory, server, .. } = figures;
    let sets = &faktory.sets;
    let compatible = match &server.version {
        Some(_) => format!(", compatible with Faktory {}", server.faktory_version),
        None => format!(" {}", server.faktory_version),
    };
    let rate = rate.map_or(String::new(), |rate| format!(", {} a second", grouped(rate)));
    let mut facts = vec![
        ("server", format!("{}{compatible}", server.description)),
        ("address", url.to_owned()),
        ("up", span(Duration::from_secs(server.uptime))),
        ("connections", grouped(server.connections)),
        ("workers", grouped(faktory.tasks.workers.size)),
        ("commands", grouped(server.command_count)),
        ("memory", format!("{} MiB", grouped(server.used_memory_mb))),
    ];
    facts.extend(server.durability.iter().map(|mode| ("durability", mode.clone())));
    if server.disk_full == Some(true) {
        facts.push(("disk", "FULL: no jobs are accepted".to_owned()));
    }
    facts.extend([
        ("", String::new()),
        ("processed", format!("{}{rate}", grouped(faktory.total_processed))),
        ("failed", grouped(faktory.total_failures)),
        (
            "enqueued",
            format!("{} in {}", grouped(faktory.total_enqueued), amount(faktory.total_queues, "queue")),
        ),
        ("working", grouped(sets.working)),
        ("scheduled", grouped(sets.scheduled)),
        ("retries", grouped(sets.retries)),
        ("dead", grouped(sets.dead)),
    ]);
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_both_servers_are_shown_for_people() {
        let text = r#"{"faktory":{"total_processed":1234567,"total_enqueued":2,"total_queues":1,"sets":{"dead":3}},
            "server":{"description":"Faktory","faktory_version":"1.10.0","uptime":90061,"used_memory_mb":21}}"#;
        let mut figures: Figures = serde_json::from_str(text).expect("figures");
        let shown = |figures: &Figures, rate| {
            let lines: Vec<_> = facts(figures, "tcp://h:1", rate)
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            lines.join(";")
        };
        let said = shown(&figures, None);
        assert!(said.starts_with("server=Faktory 1.10.0;address=tcp://h:1;up=1 d 1 h;"), "{said}");
        assert!(said.contains(";processed=1,234,567;failed=0;enqueued=2 in 1 queue;"), "{said}");
        figures.server.version = Some("0.1.0".into());
        figures.server.description = "Bessemer 0.1.0".into();
        figures.server.disk_full = Some(true);
        let said = shown(&figures, Some(1_500));
        assert!(said.starts_with("server=Bessemer 0.1.0, compatible with Faktory 1.10.0;"), "{said}");
        assert!(said.contains("FULL") && said.contains("processed=1,234,567, 1,500 a second;"), "{said}");
    }

    #[test]
    fn figures_are_shown_as_often_as_somebody_can_read_them() {
        assert_eq!(often("100ms"), Ok(WATCH_MIN));
        for text in ["99ms", "0s", "0"] {
            assert_eq!(often(text), Err("nobody reads faster than every 100 ms".into()), "{text}");
        }
        assert!(often("soon").is_err());
    }

    #[test]
    fn a_rate_is_jobs_by_time_and_never_negative() {
        let count = |at, processed| Count { at: Boot(at), processed };
        assert_eq!(rate(count(0, 10), count(2_000_000, 110)), 50);
        assert_eq!(rate(count(0, 10), count(2_000_000, 0)), 0);
        assert_eq!(rate(count(5, 0), count(5, 7)), 7_000_000);
    }
}
