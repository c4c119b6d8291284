//! Jobs that are pushed by the clock (rule `E-50`): what an entry is, when it ticks, and what is known of its runs.
//!
//! | file | owns |
//! |---|---|
//! | `schedule.rs` | when a schedule ticks, over changes of clocks too |
//! | `parse.rs` | reading one, and what is wrong with it |
//! | `record.rs` | what is kept of an entry: how far it is, and its last runs |
//!
//! All of it is pure. What happens when an entry ticks is `machine/cron.rs`'s.

mod parse;
mod record;
mod schedule;
#[cfg(test)]
pub(crate) mod tests;

use std::time::Duration;

use jiff::tz::TimeZone;

pub use self::parse::BadSchedule;
pub use self::record::{Ran, Why};
pub(crate) use self::record::{Record, Run, Ticks};
pub use self::schedule::{Fields, Schedule, When};
use crate::command::{AskUnique, Asks, Push};
use crate::fact::OnLost;
use crate::limits::CRON_ID_MAX;
use crate::time::Wall;

/// An entry of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronEntry {
    /// What it is known by, see [`check_id`].
    pub id: Box<str>,
    pub schedule: Schedule,
    /// In which its schedule speaks.
    pub zone: TimeZone,
    pub missed: Missed,
    /// One that is not is known, and never ticks.
    pub enabled: bool,
    /// Each tick comes up to this many seconds later, by its id and its time.
    pub jitter: u32,
    pub job: CronJob,
}

/// What becomes of ticks at which no server ran, or for which its clock was put forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// Nothing; only one that is late by less than [`crate::limits::CRON_GRACE`] is run.
    Skip,
    /// The last of them is run, however late it is.
    #[default]
    Once,
    /// All of them, but no more than [`crate::limits::CRON_CATCH_UP_MAX`].
    All,
}

impl Missed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Skip, Self::Once, Self::All];

    /// As files and answers say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
            Self::All => "all",
        }
    }
}

/// The job of an entry: all of [`Push`] but its jid, its times and its creation, which differ from tick to tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronJob {
    pub queue: Box<str>,
    pub jobtype: Box<str>,
    pub retry: i16,
    pub reserve_for: u32,
    pub on_lost: Option<OnLost>,
    pub unique: Option<AskUnique>,
    /// Seconds may be fractions; from the tick's push on.
    pub expires_in: Option<Duration>,
    pub expires_at: Option<Wall>,
    pub tracked: bool,
    /// The text to store: up to the jid, between it and the creation, and behind that.
    pub text: [Box<str>; 3],
}

impl CronJob {
    /// The text to store for a job with this jid.
    pub fn body(&self, jid: &str, now: Wall) -> String {
        let [before, between, behind] = &self.text;
        format!("{before}{jid}{between}{}{behind}", now.rfc3339())
    }

    /// The job as it is pushed.
    pub(crate) fn push<'a>(&'a self, id: &'a str, jid: &'a str, body: &'a str, now: Wall) -> Push<'a> {
        let expires_in = self.expires_in.map(|span| now.after(span));
        let expires = [self.expires_at, expires_in].into_iter().flatten().min();
        Push {
            jid,
            queue: &self.queue,
            jobtype: &self.jobtype,
            retry: self.retry,
            reserve_for: self.reserve_for,
            on_lost: self.on_lost,
            asks: Asks {
                unique: self.unique,
                expires,
                cron: Some(id),
                tracked: self.tracked,
                ..Asks::default()
            },
            at: None,
            failure: None,
            sent: body.as_bytes(),
            body: body.as_bytes(),
        }
    }
}

impl CronEntry {
    /// The first tick after a moment.
    pub fn next_after(&self, moment: Wall) -> Option<Wall> {
        self.schedule.next_after(moment, &self.zone)
    }

    /// When a tick is run: its jitter is the same whenever it is asked for.
    pub fn runs_at(&self, tick: Wall) -> Wall {
        let spread = u64::from(self.jitter) + 1;
        let later = fnv(self.id.as_bytes().iter().chain(&tick.0.to_le_bytes())) % spread;
        tick.after(Duration::from_secs(later))
    }

    /// What its ticks depend on: another one is another series of ticks.
    pub(crate) fn series(&self) -> u64 {
        let zone = self.zone.iana_name().unwrap_or_default();
        fnv(self.schedule.as_str().as_bytes().iter().chain(b"\0").chain(zone.as_bytes()))
    }

    /// The zone's name.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }
}

/// The jid of the job of a tick: the same whoever asks, and however often. A run by hand has a moment with a fraction.
pub fn jid(id: &str, tick: Wall) -> String {
    let time: String = tick.rfc3339().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    format!("{id}-{time}")
}

/// A moment as clocks in the zone show it, with their distance from UTC.
pub fn local(moment: Wall, zone: &TimeZone) -> String {
    let Ok(moment) = jiff::Timestamp::from_microsecond(moment.0) else { return String::new() };
    moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// Whether something may be known by it: 1 to [`CRON_ID_MAX`] letters, digits and `-_.`, of which a dot does not come first.
pub fn check_id(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    (1..=CRON_ID_MAX).contains(&id.len()) && !id.starts_with('.') && id.bytes().all(allowed)
}

/// FNV-1a: small, and the same for ever.
fn fnv<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> u64 {
    let hash = bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // Its low bits depend on little; those are what a remainder sees.
    hash ^ hash >> 32
}
