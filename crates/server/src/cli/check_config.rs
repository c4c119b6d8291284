//! `bessemer check-config`: reads everything as a start would, and starts nothing.

use std::io::ErrorKind;
use std::iter;

use bessemer_core::Wall;
use bessemer_core::cron::{CronEntry, local};
use bessemer_store::OpenError;
use bessemer_store::embedded::disk::RealDisk;
use serde_json::{Map, Value, json};

use super::table::{Table, text};
use super::{Cli, output};
use crate::clock;
use crate::config::{self, Config};
use crate::exit::Failure;
use crate::server;

/// Ticks to come that are shown of each cron entry.
const TICKS: usize = 3;

/// Check the configuration that the server would start with: flags, environment, files. Changes nothing.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckConfig {
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
}

impl CheckConfig {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        let (warnings, config) = Config::check(cli, config::variable);
        let config = config.map_err(Failure::from).and_then(|config| {
            // What a start would ask the disk; one that is not there yet, or that is the server's alone, cannot be asked.
            match RealDisk::look(&config.directory) {
                Ok(disk) => server::refuse_small(&disk, &config)?,
                Err(OpenError::Failed(fatal)) if fatal.source.kind() == ErrorKind::NotADirectory => {
                    return Err(fatal.into());
                }
                Err(_) => {}
            }
            Ok(config)
        });
        let now = clock::wall();
        if self.json {
            let said = output::json(&document(&warnings, &config, now));
            return config.and(said);
        }
        let said = output::lines(warnings.iter().map(|warning| format!("warning: {warning}")));
        // The verdict counts for more than that somebody has stopped reading.
        let config = config?;
        said.and_then(|()| say(&config, now))
    }
}

/// What was read, for people.
fn say(config: &Config, now: Wall) -> Result<(), Failure> {
    output::lines(lines(config).iter().map(|(what, value)| format!("{what:<12} {value}")))?;
    let tables: Vec<Table> = throttles(config).into_iter().chain(crons(config, now)).collect();
    for table in &tables {
        output::line("")?;
        table.print()?;
    }
    if !tables.is_empty() {
        output::line("")?;
    }
    output::line("the configuration is good")
}

/// What limits queues; nothing where no queue is limited.
fn throttles(config: &Config) -> Option<Table> {
    let throttles = &config.rules.throttles;
    let mut table = Table::new(["LIMITED QUEUE", "LIMITS"].map(text));
    for (queue, throttle) in throttles {
        table.row([&**queue, &throttle.to_string()]);
    }
    (!throttles.is_empty()).then_some(table)
}

/// The entries that tick, and when they will; nothing where there are none.
fn crons(config: &Config, now: Wall) -> Option<Table> {
    let entries = &config.rules.cron;
    let mut table = Table::new(["CRON", "SCHEDULE", "ZONE", "JOB", "QUEUE", "NEXT"].map(text));
    for entry in entries.iter() {
        let ticks: Vec<String> = ticks(entry, now).map(|tick| local(tick, &entry.zone)).collect();
        let next = if entry.enabled { ticks.join(", ") } else { "off".into() };
        let (id, schedule) = (&*entry.id, entry.schedule.as_str());
        table.row([id, schedule, entry.zone_name(), &entry.job.jobtype, &entry.job.queue, &next]);
    }
    (!entries.is_empty()).then_some(table)
}

/// The next of an entry, as if nobody had paused it.
fn ticks(entry: &CronEntry, now: Wall) -> impl Iterator<Item = Wall> {
    let first = Some(now).filter(|_| entry.enabled).and_then(|now| entry.next_after(now));
    iter::successors(first, |tick| entry.next_after(*tick)).take(TICKS)
}

/// What was read, and what it comes to: no values of secrets.
fn lines(config: &Config) -> Vec<(&'static str, String)> {
    let mut lines = vec![("environment", config.environment.to_string())];
    let none = || vec!["none".to_owned()];
    let or_none = |texts: Vec<String>| if texts.is_empty() { none() } else { texts };
    let files = config.files.iter().map(|path| path.display().to_string()).collect();
    lines.extend(or_none(files).into_iter().map(|file| ("file", file)));
    lines.extend(config.set.iter().map(|setting| {
        let value = setting.value.as_deref().unwrap_or("(not shown)");
        ("key", format!("{} = {value}   {}", setting.key, setting.at))
    }));
    let web = config.web_binding.as_ref().map_or("off".into(), ToString::to_string);
    let tls = config.tls.as_ref().map_or_else(none, |tls| {
        let files = tls.files().map(|path| path.display().to_string());
        files.chain([format!("valid until {}", tls.expires.rfc3339())]).collect()
    });
    let known = |set: bool| if set { "set" } else { "none" }.to_owned();
    lines.extend([
        ("jobs at", config.binding.to_string()),
        ("dashboard at", web),
        ("data in", config.directory.display().to_string()),
        ("password", known(config.password.is_some())),
        ("web password", known(config.web_password.is_some())),
        ("TLS", tls.join(", ")),
    ]);
    lines
}

/// The same for scripts.
fn document(warnings: &[String], config: &Result<Config, Failure>, now: Wall) -> Value {
    let config = match config {
        Ok(config) => config,
        Err(failure) => return json!({ "ok": false, "error": failure.what, "warnings": warnings }),
    };
    let set = config
        .set
        .iter()
        .map(|setting| json!({ "key": setting.key, "value": setting.value, "at": setting.at.to_string() }));
    let tls = config
        .tls
        .as_ref()
        .map(|tls| json!({ "files": tls.files().collect::<Vec<_>>(), "valid_until": tls.expires.rfc3339() }));
    let throttles = config.rules.throttles.iter().map(|(queue, throttle)| {
        let parts = throttle.parts().map(|(name, number)| (name.to_owned(), number.into()));
        (queue.to_string(), Value::Object(parts.collect()))
    });
    let crons = config.rules.cron.iter().map(|entry| {
        let next: Vec<String> = ticks(entry, now).map(Wall::rfc3339).collect();
        json!({
            "id": entry.id, "schedule": entry.schedule.as_str(), "tz": entry.zone_name(), "missed": entry.missed.as_str(),
            "enabled": entry.enabled, "jitter": entry.jitter, "jobtype": entry.job.jobtype, "queue": entry.job.queue, "next": next,
        })
    });
    json!({
        "ok": true,
        "warnings": warnings,
        "environment": config.environment.to_string(),
        "config_directory": config.config_directory,
        "files": config.files,
        "set": set.collect::<Vec<_>>(),
        "binding": config.binding.to_string(),
        "web_binding": config.web_binding.as_ref().map(ToString::to_string),
        "directory": config.directory,
        "password": config.password.is_some(),
        "web_password": config.web_password.is_some(),
        "tls": tls,
        "throttles": throttles.collect::<Map<_, _>>(),
        "crons": crons.collect::<Vec<_>>(),
    })
}
