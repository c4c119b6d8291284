//! The entries of `[[cron]]` (rule `E-50`): each is checked as the push of its job would be, at the start and at a reload,
//! so that no tick finds out what is wrong with it.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher;
use std::sync::Arc;
use std::time::Duration;

use bessemer_core::Wall;
use bessemer_core::command::AskUnique;
use bessemer_core::cron::{CronEntry, CronJob, Missed, Schedule, check_id};
use bessemer_core::limits::{CRON_ID_MAX, CRON_JITTER_MAX_S, CRON_JOB_MAX};
use bessemer_protocol::job::Job;
use jiff::tz::TimeZone;
use serde_json::{Map, Number, Value};
use siphasher::sip::SipHasher13;
use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::keys::{Settings, Source, Spot, Table, hint, with_article};
use crate::verb::asks;

const KEYS: [&str; 7] = ["id", "schedule", "tz", "missed", "enabled", "jitter", "job"];
/// `type` is the reference's name, `jobtype` what it is called everywhere else.
const JOB_KEYS: [&str; 8] =
    ["type", "jobtype", "queue", "retry", "args", "reserve_for", "backtrace", "custom"];

/// All of them, in the order of their ids.
pub(super) fn entries(settings: &Settings<'_>) -> Result<Arc<[CronEntry]>, ConfigError> {
    const LIMIT: &str = "limits.cron_max";
    let limit = settings.count(LIMIT, 0..=10_000)?;
    if let Some(beyond) = settings.crons.get(limit) {
        let reason = format!("{} entries of [[cron]], `{LIMIT}` is {limit}", settings.crons.len());
        return Err(ConfigError::Key { at: beyond.at.clone(), reason });
    }
    let mut found: BTreeMap<Box<str>, (CronEntry, &Spot)> = BTreeMap::new();
    for table in &settings.crons {
        let entry = Reader::of(table).entry()?;
        if let Some((_, first)) = found.get(&entry.id) {
            let reason =
                format!("the id {:?} is taken by the [[cron]] at {first}; give it another `id`", entry.id);
            return Err(ConfigError::Key { at: table.at.clone(), reason });
        }
        found.insert(entry.id.clone(), (entry, &table.at));
    }
    Ok(found.into_values().map(|(entry, _)| entry).collect())
}

/// One table that is being read.
struct Reader<'t> {
    source: Source<'t>,
    at: &'t Spot,
    table: &'t DeTable<'t>,
    /// What errors call its keys.
    prefix: &'static str,
}

impl<'t> Reader<'t> {
    fn of(table: &'t Table<'t>) -> Self {
        Self { source: table.source, at: &table.at, table: &table.table, prefix: "cron." }
    }

    fn entry(&self) -> Result<CronEntry, ConfigError> {
        self.refuse_others(&KEYS)?;
        let Some(text) = self.text("schedule")? else { return Err(self.lacks("schedule")) };
        let schedule = Schedule::parse(text).map_err(|why| self.wrong("schedule", why))?;
        let at_job;
        let job = match self.get("job") {
            Some((at, DeValue::Table(table))) => {
                at_job = at;
                Reader { source: self.source, at: &at_job, table, prefix: "cron.job." }.job(&schedule)?
            }
            Some(_) => return Err(self.wrong("job", "must be a table: [cron.job]")),
            None => return Err(self.lacks("job")),
        };
        let (job, own_id) = job;
        let id = match self.text("id")? {
            Some(id) if check_id(id) => id.into(),
            Some(_) => {
                let must = format!(
                    "must be 1 to {CRON_ID_MAX} letters, digits and \"-_.\", and not begin with a dot"
                );
                return Err(self.wrong("id", must));
            }
            None => own_id,
        };
        let entry = CronEntry {
            id,
            schedule,
            zone: self.zone()?,
            missed: self.missed()?,
            enabled: match self.get("enabled") {
                None => true,
                Some((_, DeValue::Boolean(enabled))) => *enabled,
                Some((_, other)) => return Err(self.not("enabled", "a boolean", other)),
            },
            jitter: 0,
            job,
        };
        let jitter = self.jitter(&entry)?;
        Ok(CronEntry { jitter, ..entry })
    }

    fn zone(&self) -> Result<TimeZone, ConfigError> {
        let Some(name) = self.text("tz")? else { return Ok(TimeZone::UTC) };
        TimeZone::get(name).map_err(|_| {
            let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let hint = hint(known.iter().map(String::as_str), name, |known| format!("{known:?}"));
            self.wrong("tz", format!("is {name:?}, which is no time zone{hint}"))
        })
    }

    fn missed(&self) -> Result<Missed, ConfigError> {
        let Some(text) = self.text("missed")? else { return Ok(Missed::default()) };
        let found = Missed::ALL.into_iter().find(|missed| missed.as_str() == text);
        found.ok_or_else(|| {
            self.wrong("missed", format!("must be \"skip\", \"once\" or \"all\", not {text:?}"))
        })
    }

    /// Ticks keep their order: none is put off beyond the next.
    fn jitter(&self, entry: &CronEntry) -> Result<u32, ConfigError> {
        const KEY: &str = "jitter";
        let Some((_, value)) = self.get(KEY) else { return Ok(0) };
        let DeValue::Integer(number) = value else { return Err(self.not(KEY, "an integer", value)) };
        let seconds = u32::from_str_radix(number.as_str(), number.radix()).ok();
        let Some(seconds) = seconds.filter(|seconds| *seconds <= CRON_JITTER_MAX_S) else {
            return Err(self.wrong(KEY, format!("must be from 0 to {CRON_JITTER_MAX_S} seconds")));
        };
        let least = entry.schedule.least_seconds();
        if least.is_some_and(|least| u64::from(seconds) >= least) {
            let least = least.unwrap_or_default();
            return Err(self.wrong(KEY, format!("must be less than the {least} seconds from tick to tick")));
        }
        Ok(seconds)
    }

    /// The job, and the id of an entry that names none.
    fn job(&self, schedule: &Schedule) -> Result<(CronJob, Box<str>), ConfigError> {
        self.refuse_others(&JOB_KEYS)?;
        let mut members = Map::new();
        for (key, value) in self.table {
            let name = if key.get_ref() == "type" { "jobtype" } else { key.get_ref() };
            let value = json(value.get_ref()).map_err(|what| self.wrong(key.get_ref(), what))?;
            if members.insert(name.into(), value).is_some() {
                return Err(self.wrong("jobtype", "is the same as `cron.job.type`; one is enough"));
            }
        }
        if !members.contains_key("jobtype") {
            return Err(self.lacks("type"));
        }
        let args = members.entry("args").or_insert_with(|| Value::Array(Vec::new()));
        if !args.is_array() {
            return Err(self.wrong("args", "must be an array"));
        }
        let args = args.to_string();
        let (jid, created, text) = with_marks(members);
        let wrong = |what: &dyn fmt::Display| ConfigError::Key {
            at: self.at.clone(),
            reason: format!("[cron.job]: {what}"),
        };
        let job = Job::parse(&text).map_err(|e| wrong(&e))?.check().map_err(|e| wrong(&e))?;
        let mut body = Vec::new();
        job.write(&created, &mut body);
        if body.len() > CRON_JOB_MAX {
            return Err(wrong(&format!("a job of {} bytes, limit {CRON_JOB_MAX}", body.len())));
        }
        let body = String::from_utf8(body).expect("JSON is UTF-8");
        let parts = body.split_once(jid.as_str()).zip(body.split_once(created.as_str()));
        let ((before, _), (_, behind)) = parts.expect("both marks are there");
        let between = &body[before.len() + jid.len()..body.len() - behind.len() - created.len()];
        let custom = job.custom();
        if custom.bid.is_some() {
            return Err(wrong(&"custom.bid: a batch ends before its entry does"));
        }
        let unique: Option<AskUnique> = asks(&job, Wall::default()).unique;
        let checked = CronJob {
            queue: job.queue().into(),
            jobtype: job.jobtype().into(),
            retry: job.retry(),
            reserve_for: job.reserve_for(),
            on_lost: custom.on_lost.map(Into::into),
            unique,
            expires_in: custom.expires_in.map(Duration::from_secs_f64),
            expires_at: custom.expires_at.map(|at| Wall(at.as_microsecond()).min(Wall::LAST)),
            tracked: custom.track,
            text: [before.into(), between.into(), behind.into()],
        };
        let id = own_id([schedule.as_str(), job.jobtype(), job.queue(), &args]);
        Ok((checked, id))
    }

    fn refuse_others(&self, keys: &[&'static str]) -> Result<(), ConfigError> {
        for (key, _) in self.table {
            let name = key.get_ref();
            if !keys.contains(&&**name) {
                let prefix = self.prefix;
                let hint = hint(keys.iter().copied(), name, |known| format!("`{prefix}{known}`"));
                let reason = format!("unknown key `{prefix}{name}`{hint}");
                return Err(ConfigError::Key { at: self.source.spot(key.span()), reason });
            }
        }
        Ok(())
    }

    fn get(&self, name: &str) -> Option<(Spot, &'t DeValue<'t>)> {
        let (key, value) = self.table.iter().find(|(key, _)| key.get_ref() == name)?;
        Some((self.source.spot(key.span()), value.get_ref()))
    }

    fn text(&self, name: &str) -> Result<Option<&'t str>, ConfigError> {
        match self.get(name) {
            None => Ok(None),
            Some((_, DeValue::String(text))) => Ok(Some(text)),
            Some((_, other)) => Err(self.not(name, "a string", other)),
        }
    }

    fn wrong(&self, name: &str, what: impl fmt::Display) -> ConfigError {
        let at = self.get(name).map_or_else(|| self.at.clone(), |(at, _)| at);
        ConfigError::Key { at, reason: format!("`{}{name}` {what}", self.prefix) }
    }

    fn not(&self, name: &str, must: &str, is: &DeValue<'_>) -> ConfigError {
        self.wrong(name, format!("must be {must}, not {}", with_article(is)))
    }

    fn lacks(&self, name: &str) -> ConfigError {
        ConfigError::Key { at: self.at.clone(), reason: format!("there is no `{}{name}`", self.prefix) }
    }
}

/// The job as a producer would send it, with marks for its jid and its creation that stand nowhere else in it.
fn with_marks(mut members: Map<String, Value>) -> (String, String, String) {
    let text = Value::Object(members.clone()).to_string();
    let mark = |name: &str| {
        let marks = (0_u64..).map(|n| format!("{name}-mark-{n}"));
        marks.into_iter().find(|mark| !text.contains(mark.as_str())).unwrap_or_default()
    };
    let (jid, created) = (mark("jid"), mark("created"));
    members.insert("jid".into(), Value::String(jid.clone()));
    let text = Value::Object(members).to_string();
    (jid, created, text)
}

/// The id of an entry that names none: the same as long as these are. Keys that never change, so that neither does it.
fn own_id(parts: [&str; 4]) -> Box<str> {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    for part in parts {
        hasher.write(part.as_bytes());
        hasher.write_u8(0);
    }
    format!("{:016x}", hasher.finish()).into()
}

/// A value of a file as one of a job.
fn json(value: &DeValue<'_>) -> Result<Value, String> {
    Ok(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(switch) => Value::Bool(*switch),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            Value::Number(parsed.map_err(|_| format!("holds {}: more than 64 bits", number.as_str()))?.into())
        }
        DeValue::Float(number) => {
            let parsed = number.as_str().parse().ok().and_then(Number::from_f64);
            Value::Number(
                parsed.ok_or_else(|| format!("holds {}, which JSON does not know", number.as_str()))?,
            )
        }
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Array(values) => {
            Value::Array(values.iter().map(|value| json(value.get_ref())).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => {
            let members =
                table.iter().map(|(key, value)| Ok((key.get_ref().to_string(), json(value.get_ref())?)));
            Value::Object(members.collect::<Result<_, String>>()?)
        }
    })
}
