//! What an import says at its end, and a dry run instead of it.

use std::path::Path;

use bessemer_core::Wall;
use serde_json::{Value, json};

use super::super::figures::{amount, grouped};
use super::super::lines::State;
use super::super::output;
use super::content::Content;
use super::digest::STATES;
use super::keys::Kind;
use super::rdb::About;
use super::refused::{self, List};
use crate::exit::Failure;

/// What there is to say.
#[derive(Debug)]
pub(super) struct Report<'r> {
    pub(super) source: &'r str,
    pub(super) about: Option<About>,
    pub(super) content: &'r Content,
    pub(super) refused: &'r List,
}

impl Report<'_> {
    /// Nothing was done.
    pub(super) fn say_dry_run(&self, as_json: bool) -> Result<(), Failure> {
        if as_json {
            let mut said = self.json();
            said["dry_run"] = true.into();
            return output::json(&said);
        }
        output::lines(self.lines())?;
        output::line(&format!("checksum: {}", self.content.digest.text()))?;
        output::line("nothing was imported: this was a dry run")
    }

    /// All is in the new store. `held`: so many jobs were there from an earlier run.
    pub(super) fn say(&self, directory: &Path, held: u64, as_json: bool) -> Result<(), Failure> {
        let (place, jobs) = (directory.display().to_string(), self.content.digest.count());
        let book = (self.content.refused > 0).then(|| directory.join(refused::NAME).display().to_string());
        if as_json {
            let mut said = self.json();
            said["directory"] = place.into();
            said["imported"] = jobs.into();
            said["resumed_behind"] = held.into();
            said["refused_file"] = book.into();
            return output::json(&said);
        }
        output::lines(self.lines())?;
        output::lines(book.map(|book| format!("what was refused is in {book}")))?;
        output::line(&format!("imported {} of {} into {place}", amount(jobs, "job"), self.source))?;
        output::line(&format!("checksum: {}, of the source and of the new store", self.content.digest.text()))
    }

    /// One line for each kind.
    fn lines(&self) -> Vec<String> {
        let content = self.content;
        let mut lines = Vec::new();
        if let Some(about) = &self.about {
            let made = about.made.map_or(String::new(), |at| format!(", written {}", at.rfc3339()));
            let redis = about.redis.as_ref().map_or(String::new(), |version| format!(" by Redis {version}"));
            lines.push(format!("{}: RDB version {}{made}{redis}", self.source, about.version));
        }
        for (state, name) in STATES {
            let number = amount(content.digest.of(state).count, "job");
            lines.push(format!("{name}: {number}{}", self.detail(state)));
        }
        let days = amount(content.days.len() as u64, "day");
        let older = match content.older_days {
            0 => String::new(),
            older => format!(", without {} that are older than a store keeps", amount(older, "day")),
        };
        let (processed, failures) = (grouped(content.processed), grouped(content.failures));
        lines.push(format!("counters: {processed} processed, {failures} failed, {days}{older}"));
        for (kind, left_out) in &content.left_out {
            let (names, kind) = (left_out.names.join(", "), kind.name());
            let more = if left_out.count > left_out.names.len() as u64 { ", …" } else { "" };
            lines.push(format!(
                "left out: {} of type {kind} that Faktory has none of: {names}{more}",
                amount(left_out.count, "key")
            ));
        }
        if content.elsewhere > 0 {
            lines.push(format!(
                "left out: {} in other databases (--database)",
                amount(content.elsewhere, "key")
            ));
        }
        lines.extend(self.refused.lines());
        lines
    }

    fn detail(&self, state: State) -> String {
        let content = self.content;
        match state {
            State::Queued => {
                let known = content.queues.values().filter(|queue| queue.is_known);
                let paused = known.clone().filter(|queue| queue.is_paused).count();
                let mut text = format!(" in {}", amount(known.count() as u64, "queue"));
                if paused > 0 {
                    text += &format!(", {paused} of them paused");
                }
                if content.bare() > 0 {
                    text +=
                        &format!("; {} from lists as Faktory 1.9 names them", amount(content.bare(), "job"));
                }
                text
            }
            State::Working if content.expired > 0 => {
                format!(", {} with a reservation that has ended", grouped(content.expired))
            }
            _ => String::new(),
        }
    }

    /// All of it for scripts.
    fn json(&self) -> Value {
        let content = self.content;
        let jobs = STATES.iter().map(|(state, name)| (*name, content.digest.of(*state).count));
        let mut jobs: serde_json::Map<String, Value> =
            jobs.map(|(name, n)| (name.to_owned(), n.into())).collect();
        let known = content.queues.iter().filter(|(_, queue)| queue.is_known);
        let lengths =
            known.clone().map(|(name, queue)| (name.clone(), queue.waiting.iter().sum::<u64>().into()));
        let lengths: serde_json::Map<String, Value> = lengths.collect();
        let paused: Vec<&String> = known.filter(|(_, queue)| queue.is_paused).map(|(name, _)| name).collect();
        jobs.insert("queues".into(), lengths.into());
        jobs.insert("paused".into(), json!(paused));
        jobs.insert("processed".into(), content.processed.into());
        jobs.insert("failures".into(), content.failures.into());
        let checksums = content.digest.sums().map(|(name, sum)| (name.to_owned(), sum.text().into()));
        let checksums: serde_json::Map<String, Value> = checksums.collect();
        let left_out = content.left_out.iter().map(|(kind, left_out): (&Kind, _)| {
            json!({ "type": kind.name(), "keys": left_out.count, "names": left_out.names })
        });
        let about = self.about.as_ref().map(|about| {
            json!({
                "rdb_version": about.version, "redis": about.redis, "written": about.made.map(Wall::rfc3339),
            })
        });
        json!({
            "source": self.source,
            "file": about,
            "jobs": jobs,
            "days": content.days.len(),
            "older_days": content.older_days,
            "from_bare_lists": content.bare(),
            "expired": content.expired,
            "left_out": left_out.collect::<Vec<_>>(),
            "keys_in_other_databases": content.elsewhere,
            "refused": content.refused,
            "refusals": self.refused.json(),
            "checksum": content.digest.text(),
            "checksums": checksums,
        })
    }
}
