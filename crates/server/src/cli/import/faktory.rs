//! Where Faktory keeps what in its Redis, and how a job of its becomes one of ours (rules `S-05`, `S-06`).
//!
//! | key | | |
//! |---|---|---|
//! | `q:NAME`, up to 1.9 `NAME` | list | jobs that wait, the newest at the head |
//! | `scheduled`, `retries`, `dead` | zset | jobs by the second in which they are due, or removed |
//! | `working` | zset | `{job, reserved_at, expires_at, wid}` by the second in which it expires |
//! | `queues`, `paused` | set | names of queues |
//! | `processed`, `failures`, the same with `:YYYY-MM-DD` | string | counters |
//! | `v` | string | the version of the layout |

use std::borrow::Cow;

use bessemer_core::Wall;
use bessemer_core::fact::{Failure, Order, Standing};
use bessemer_core::machine::Life;
use bessemer_protocol::job::{Checked, Job};
use bessemer_protocol::limits::JOB_MAX;
use bessemer_protocol::text::is_object;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::lines::{WID_MAX, head};
use super::digest::{Layout, Made};
use super::keys::Kind;

/// What a key is to Faktory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Queue { name: String, layout: Layout },
    Scheduled,
    Retries,
    Dead,
    Working,
    Queues,
    Paused,
    Counter { failures: bool, date: Option<String> },
    Version,
}

impl Place {
    /// What a key is; `None`: nothing of Faktory's. Every list is a queue: one that Faktory has forgotten to list is one
    /// too (rule `Q-44`).
    pub(super) fn of(key: &[u8], kind: Kind) -> Option<Self> {
        let name = String::from_utf8_lossy(key);
        match (kind, &*name) {
            (Kind::List, name) => Some(match name.strip_prefix("q:") {
                Some(name) => Self::Queue { name: name.to_owned(), layout: Layout::Prefixed },
                None => Self::Queue { name: name.to_owned(), layout: Layout::Bare },
            }),
            (Kind::Sorted, "scheduled") => Some(Self::Scheduled),
            (Kind::Sorted, "retries") => Some(Self::Retries),
            (Kind::Sorted, "dead") => Some(Self::Dead),
            (Kind::Sorted, "working") => Some(Self::Working),
            (Kind::Set, "queues") => Some(Self::Queues),
            (Kind::Set, "paused") => Some(Self::Paused),
            (Kind::Text, "v") => Some(Self::Version),
            (Kind::Text, name) => {
                let (counter, date) = match name.split_once(':') {
                    Some((counter, date)) => (counter, Some(date.to_owned())),
                    None => (name, None),
                };
                let failures = match counter {
                    "processed" => false,
                    "failures" => true,
                    _ => return None,
                };
                Some(Self::Counter { failures, date })
            }
            _ => None,
        }
    }
}

/// A job as it lies in Faktory's Redis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lying<'a> {
    pub(super) place: &'a Place,
    pub(super) text: &'a [u8],
    pub(super) score: Option<f64>,
}

/// What Faktory notes of a job that is being worked on.
#[derive(Deserialize)]
struct Reservation<'a> {
    #[serde(borrow)]
    job: &'a RawValue,
    #[serde(default)]
    reserved_at: Option<Cow<'a, str>>,
    #[serde(default)]
    wid: Option<Cow<'a, str>>,
}

impl Lying<'_> {
    /// Hands the job to `take` as it will be in our store, at no order yet. `made`: the moment for those that are not
    /// named. The error says why it cannot be one of ours; then `take` was not called.
    pub(super) fn life<T>(
        &self,
        made: &Made,
        body: &mut Vec<u8>,
        take: impl FnOnce(Life<'_>) -> T,
    ) -> Result<T, String> {
        let text = std::str::from_utf8(self.text)
            .map_err(|error| format!("it is no UTF-8 at byte {}", error.valid_up_to()))?;
        if *self.place != Place::Working {
            return self.job(text, None, made, body, take);
        }
        if !is_object(text) {
            return Err("it is no reservation".to_owned());
        }
        let reservation: Reservation<'_> =
            serde_json::from_str(text).map_err(|error| format!("it is no reservation: {error}"))?;
        self.job(reservation.job.get(), Some(&reservation), made, body, take)
    }

    fn job<T>(
        &self,
        text: &str,
        reservation: Option<&Reservation<'_>>,
        made: &Made,
        body: &mut Vec<u8>,
        take: impl FnOnce(Life<'_>) -> T,
    ) -> Result<T, String> {
        if text.len() > JOB_MAX {
            return Err(format!("it has {} bytes, limit {JOB_MAX}", text.len()));
        }
        let mut job = Job::parse(text).map_err(|error| error.to_string())?;
        if let Place::Queue { name, .. } = self.place {
            job = job.in_queue(name);
        }
        let job = job.check().map_err(|error| error.to_string())?;
        body.clear();
        job.write(&made.text, body);
        let enqueued_at = moment_of(job.enqueued_at()).or(moment_of(job.created_at())).unwrap_or(made.wall);
        let failure = job.failure().map(|failure| {
            let wall = |at: jiff::Timestamp| Wall(at.as_microsecond());
            Failure {
                retry_count: failure.retry_count,
                remaining: failure.remaining,
                failed_at: failure.failed_at.map_or(made.wall, wall),
                next_at: failure.next_at.map(wall),
                text: &failure.text,
            }
        });
        let standing = self.standing(&job, reservation, enqueued_at)?;
        Ok(take(Life {
            order: Order(0),
            head: head(&job),
            standing,
            enqueued_at: reservation.map(|_| enqueued_at),
            failure,
            losses: Vec::new(),
            body,
        }))
    }

    fn standing<'s>(
        &self,
        job: &Checked<'_>,
        reservation: Option<&'s Reservation<'_>>,
        enqueued_at: Wall,
    ) -> Result<Standing<'s>, String> {
        let Some(score) = self.score else { return Ok(Standing::Queued { since: enqueued_at }) };
        let at = second(score)?;
        Ok(match (self.place, reservation) {
            (Place::Scheduled, _) => Standing::Scheduled { at },
            (Place::Retries, _) => Standing::Retrying { at },
            (Place::Dead, _) => Standing::Dead { until: at },
            (_, reservation) => {
                let wid = reservation.and_then(|reservation| reservation.wid.as_deref()).unwrap_or_default();
                if wid.len() > WID_MAX {
                    return Err(format!("its `wid` has {} bytes, limit {WID_MAX}", wid.len()));
                }
                let since = reservation.and_then(|reservation| moment_of(reservation.reserved_at.as_deref()));
                let begun = Wall(at.0 - i64::from(job.reserve_for()) * 1_000_000);
                Standing::Working { wid, since: since.unwrap_or(begun), until: at }
            }
        })
    }
}

fn moment_of(text: Option<&str>) -> Option<Wall> {
    text.and_then(|text| Wall::parse(text).ok())
}

/// The moment of a score: seconds since 1970, with a fraction.
fn second(score: f64) -> Result<Wall, String> {
    let micros = (score * 1e6).round();
    let is_moment = (0.0..=Wall::LAST.0 as f64).contains(&micros);
    if is_moment { Ok(Wall(micros as i64)) } else { Err(format!("its time is {score}")) }
}
