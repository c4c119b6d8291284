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
use bessemer_core::command::Asks;
use bessemer_core::fact::{Failure, Head, Order, Standing, Terms, Unique};
use bessemer_core::machine::Life;
use bessemer_protocol::job::{Checked, Job};
use bessemer_protocol::limits::JOB_MAX;
use bessemer_protocol::text::is_object;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::lines::{Date, WID_MAX, head};
use super::digest::{Layout, Made};
use super::keys::Kind;
use crate::verb::asks;

/// What a key is to Faktory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Queue {
        name: String,
        layout: Layout,
    },
    Scheduled,
    Retries,
    Dead,
    Working,
    Queues,
    Paused,
    /// Of a day, or of all of them.
    Counter {
        failures: bool,
        day: Option<i32>,
    },
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
                let (counter, day) = match name.split_once(':') {
                    Some((counter, date)) => {
                        let date = Date { date: date.into(), processed: 0, failures: 0 };
                        (counter, Some(date.day().ok()?.day))
                    }
                    None => (name, None),
                };
                let failures = match counter {
                    "processed" => false,
                    "failures" => true,
                    _ => return None,
                };
                Some(Self::Counter { failures, day })
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
            head: Head { terms: terms(&job, enqueued_at), ..head(&job) },
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

/// What Enterprise has promised of a job, counted from when it was enqueued. Batches are not in the file.
fn terms(job: &Checked<'_>, enqueued_at: Wall) -> Terms<'static> {
    let Asks { unique, expires, tracked, .. } = asks(job, enqueued_at);
    let begin = job.at().map_or(enqueued_at, |at| Wall(at.as_microsecond())).max(enqueued_at);
    let unique =
        unique.map(|ask| Unique { key: ask.key, until: begin.after(ask.hold), release: ask.release });
    Terms { unique, expires, tracked, ..Terms::default() }
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

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = r#""jid":"job-00001","jobtype":"T","queue":"a","retry":3,"created_at":"2026-11-20T00:00:00Z","args":[1e400,9007199254740993, 1.0],"priority":5"#;

    fn made() -> Made {
        Made::at(Wall(7))
    }

    fn queue(name: &str) -> Place {
        Place::Queue { name: name.into(), layout: Layout::Prefixed }
    }

    /// The life of a job, as text; or why it has none.
    fn told(place: &Place, text: &str, score: Option<f64>) -> Result<String, String> {
        let lying = Lying { place, text: text.as_bytes(), score };
        lying.life(&made(), &mut Vec::new(), |life| {
            let body = String::from_utf8(life.body.to_vec()).expect("UTF-8");
            let failure =
                life.failure.map(|f| (f.retry_count, f.remaining, f.failed_at.0, f.next_at.map(|at| at.0)));
            format!("{} {:?} {:?} {failure:?} {body}", life.head.queue, life.standing, life.enqueued_at)
        })
    }

    fn told_so(place: &Place, text: &str, score: Option<f64>) -> String {
        told(place, text, score).expect("a job")
    }

    #[test]
    fn each_key_has_its_place_s05_s06() {
        let bare = Place::Queue { name: "default".into(), layout: Layout::Bare };
        let counter = |failures, day| Place::Counter { failures, day };
        for (key, kind, place) in [
            ("q:default", Kind::List, Some(queue("default"))),
            ("default", Kind::List, Some(bare)),
            ("scheduled", Kind::Sorted, Some(Place::Scheduled)),
            ("retries", Kind::Sorted, Some(Place::Retries)),
            ("dead", Kind::Sorted, Some(Place::Dead)),
            ("working", Kind::Sorted, Some(Place::Working)),
            ("queues", Kind::Set, Some(Place::Queues)),
            ("paused", Kind::Set, Some(Place::Paused)),
            ("processed", Kind::Text, Some(counter(false, None))),
            ("failures:2026-11-20", Kind::Text, Some(counter(true, Some(20_777)))),
            ("v", Kind::Text, Some(Place::Version)),
            ("scheduled", Kind::Set, None),
            ("queues", Kind::Sorted, None),
            ("processed:mail", Kind::Text, None),
            ("lock:2026-11-20", Kind::Text, None),
            ("q:default", Kind::Hash, None),
            ("anything", Kind::Other, None),
        ] {
            assert_eq!(Place::of(key.as_bytes(), kind), place, "{key} {kind:?}");
        }
    }

    #[test]
    fn a_job_comes_over_with_its_times_its_numbers_and_what_nobody_knows_j02_j03() {
        let body = r#"{"retry":3,"jid":"job-00001","queue":"a","jobtype":"T","created_at":"2026-11-20T00:00:00Z","args":[1e400,9007199254740993, 1.0],"reserve_for":1800,"priority":5}"#;
        let enqueued = format!(r#"{{{JOB},"enqueued_at":"2026-11-21T00:00:00.5Z"}}"#);
        let [created, since] =
            ["2026-11-20T00:00:00Z", "2026-11-21T00:00:00.5Z"].map(|at| Wall::parse(at).expect("a moment"));
        let queued = Standing::Queued { since };
        assert_eq!(told_so(&queue("a"), &enqueued, None), format!("a {queued:?} None None {body}"));
        let queued = Standing::Queued { since: created };
        let moved = body.replace(r#""queue":"a""#, r#""queue":"b""#);
        assert_eq!(
            told_so(&queue("b"), &format!("{{{JOB}}}"), None),
            format!("b {queued:?} None None {moved}"),
            "of the queue in which it lies"
        );
        let no_times = r#"{"jid":"job-00001","jobtype":"T","args":[]}"#;
        assert!(told_so(&queue("a"), no_times, None).starts_with("a Queued { since: Wall(7) }"));
        assert!(
            told_so(&Place::Dead, no_times, Some(0.0))
                .contains(r#""created_at":"1970-01-01T00:00:00.000007Z""#)
        );

        let at = Wall(1_767_323_045_123_457);
        let score = Some(1_767_323_045.123_456_7);
        assert!(
            told_so(&Place::Scheduled, &enqueued, score)
                .starts_with(&format!("a {:?}", Standing::Scheduled { at }))
        );
        let failure = r#""failure":{"retry_count":2,"remaining":1,"failed_at":"1970-01-01T00:00:01Z","next_at":"1970-01-01T00:00:02Z","message":"m"}"#;
        let failed = format!("{{{JOB},{failure}}}");
        let expected =
            format!("a {:?} None Some((2, 1, 1000000, Some(2000000))) {body}", Standing::Retrying { at });
        assert_eq!(told_so(&Place::Retries, &failed, score), expected);
        assert!(
            told_so(&Place::Dead, &failed, score)
                .starts_with(&format!("a {:?}", Standing::Dead { until: at }))
        );
    }

    #[test]
    fn a_reservation_keeps_its_worker_and_its_end_w08() {
        let until = Wall(1_767_323_045_000_000);
        let score = Some(1_767_323_045.0);
        let reserved = format!(
            r#"{{"job":{{{JOB}}},"reserved_at":"2026-01-02T03:00:00Z","expires_at":"whatever","wid":"w1","x":1}}"#
        );
        let since = Wall::parse("2026-01-02T03:00:00Z").expect("a moment");
        let working = Standing::Working { wid: "w1", since, until };
        let said = told(&Place::Working, &reserved, score).expect("a job");
        assert!(said.starts_with(&format!("a {working:?} Some(Wall(1795132800000000)) None {{")), "{said}");
        let nobodys = told(&Place::Working, &format!(r#"{{"job":{{{JOB}}}}}"#), score).expect("a job");
        let since = Wall(until.0 - 1_800_000_000);
        assert!(
            nobodys.starts_with(&format!("a {:?}", Standing::Working { wid: "", since, until })),
            "{nobodys}"
        );
    }

    #[test]
    fn what_our_rules_refuse_is_told_why() {
        let job = format!("{{{JOB}}}");
        let sized = |size: usize| {
            let empty = r#"{"jid":"job-00001","jobtype":"T","args":[""]}"#;
            empty.replace(r#""]"#, &format!(r#"{}"]"#, "x".repeat(size - empty.len())))
        };
        let large = sized(JOB_MAX + 1);
        assert!(told(&queue("a"), &sized(JOB_MAX), None).is_ok());
        let wide = format!(r#"{{"job":{job},"wid":"{}"}}"#, "w".repeat(WID_MAX + 1));
        for (place, text, score, why) in [
            (queue("a"), "{}", None, "jobs must have a reasonable jid parameter"),
            (queue("a"), "not a job", None, "invalid JSON: "),
            (queue("a b"), &job, None, "cannot get \"a b\" queue: "),
            (Place::Scheduled, &job.replace(r#""a""#, r#""a b""#), Some(1.0), "cannot get \"a b\" queue: "),
            (queue("a"), &large, None, "it has 16777217 bytes, limit 16777216"),
            (Place::Working, &job, Some(1.0), "it is no reservation: missing field `job`"),
            (Place::Working, &format!("[{job}]"), Some(1.0), "it is no reservation"),
            (Place::Working, &wide, Some(1.0), "its `wid` has 1025 bytes, limit 1024"),
            (Place::Dead, &job, Some(f64::NAN), "its time is NaN"),
            (Place::Dead, &job, Some(f64::INFINITY), "its time is inf"),
            (Place::Dead, &job, Some(-1.0), "its time is -1"),
            (Place::Dead, &job, Some(253_402_207_200.5), "its time is 253402207200.5"),
        ] {
            let said = told(&place, text, score).expect_err(why);
            assert!(said.starts_with(why), "{said}");
        }
        let lying = Lying { place: &queue("a"), text: b"{\"\xff", score: None };
        let said = lying.life(&made(), &mut Vec::new(), |_| ()).expect_err("no text");
        assert_eq!(said, "it is no UTF-8 at byte 2");
        assert!(told(&Place::Dead, &job, Some(253_402_207_200.0)).is_ok());
    }
}
