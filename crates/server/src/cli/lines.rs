//! The form of an export: JSON lines, each an object with one member that says what it is.
//!
//! ```text
//! {"export":{"format":3,"bessemer":"0.1.0","made":"…","processed":7,"failures":1}}   first
//! {"queue":{"name":"default","paused":false}}
//! {"day":{"date":"2026-11-23","processed":7,"failures":1}}
//! {"record":{"family":"marks","key":"…","value":"…"}}                                 since format 2
//! {"job":{"order":3,"state":"queued","since":"…","body":{"jid":"…","queue":"default","jobtype":"…","args":[…]}}}
//! {"end":{"jobs":1}}                                                                  last, so that a torn file shows
//! ```
//!
//! A job that asks for more than being run has a member `terms` too, since format 3: see `terms.rs`.
//!
//! The order of lines says nothing about the order of jobs: in each queue the job with the smallest `order` leaves
//! first. A job's `body` is kept byte for byte. Keys and values of records are any bytes: control characters, `%` and
//! what is not ASCII are written as in a URL.
//!
//! The rule for changing this file: an export of every released version is read for ever. What an older reader may
//! ignore there is none of, since unknown members are errors: so anything new needs a higher [`FORMAT`].

mod terms;

use std::borrow::Cow;

use bessemer_core::Wall;
use bessemer_core::fact::{Failure, Family, Head, Order, Standing, Terms};
use bessemer_core::limits::{KEPT_KEY_MAX, KEPT_VALUE_MAX};
use bessemer_core::machine::Life;
use bessemer_core::query::Day;
use bessemer_protocol::job::{self, Checked};
use bessemer_protocol::text::is_object;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::terms::Agreed;

/// The format that is written, and the newest that is read.
pub(super) const FORMAT: u32 = 3;

/// Bytes of a `wid`.
pub(super) const WID_MAX: usize = 1024;

/// Orders in a file lie between this and its negative: a store counts on from them.
const ORDER_MAX: i64 = 1 << 62;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Line<'a> {
    Export(Header<'a>),
    #[serde(borrow)]
    Queue(Queue<'a>),
    Day(Date<'a>),
    Record(Record<'a>),
    Job(Box<Job<'a>>),
    End(End),
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'a> {
    pub(super) format: u32,
    /// The version that wrote it.
    pub(super) bessemer: Cow<'a, str>,
    pub(super) made: Cow<'a, str>,
    pub(super) processed: u64,
    pub(super) failures: u64,
}

/// A queue.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Queue<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    pub(super) paused: bool,
}

/// What was counted on a day.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Date<'a> {
    pub(super) date: Cow<'a, str>,
    pub(super) processed: u64,
    pub(super) failures: u64,
}

/// A record that is no job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record<'a> {
    family: Cow<'a, str>,
    key: Cow<'a, str>,
    value: Cow<'a, str>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) jobs: u64,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Queued,
    Scheduled,
    Retrying,
    Dead,
    Working,
}

/// A job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Job<'a> {
    pub(super) order: i64,
    pub(super) state: State,
    /// Queued: when it was enqueued. Working: when it was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Cow<'a, str>>,
    /// Scheduled and retrying: when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Cow<'a, str>>,
    /// Dead: when it is removed. Working: the end of its reservation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Cow<'a, str>>,
    /// Working: by whom. Empty: by a connection that is no worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wid: Option<Cow<'a, str>>,
    /// Working: when it was enqueued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enqueued_at: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    failure: Option<Failed<'a>>,
    /// When its workers were lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lost: Vec<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    terms: Option<Agreed<'a>>,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// The last failure of a job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed<'a> {
    retry_count: u32,
    remaining: i32,
    failed_at: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_at: Option<Cow<'a, str>>,
    /// Its type, message and stack trace, as an object.
    #[serde(borrow)]
    report: &'a RawValue,
}

fn written<'a>(at: Wall) -> Cow<'a, str> {
    at.rfc3339().into()
}

fn read(name: &str, text: Option<&Cow<'_, str>>) -> Result<Wall, String> {
    let text = text.ok_or_else(|| format!("`{name}` is missing"))?;
    Wall::parse(text).map_err(|why| format!("`{name}` is no moment: {why}"))
}

/// The line of a day.
pub(super) fn date(day: Day) -> Date<'static> {
    let begin = Wall(i64::from(day.day) * 86_400_000_000).rfc3339();
    let date = begin.split('T').next().unwrap_or_default().to_owned().into();
    Date { date, processed: day.processed, failures: day.failed }
}

impl Date<'_> {
    /// The day of a line.
    pub(super) fn day(&self) -> Result<Day, String> {
        let begin = Wall::parse(&format!("{}T00:00:00Z", self.date));
        let day = begin.map_err(|why| format!("`date` is no day: {why}"))?.day();
        Ok(Day { day, processed: self.processed, failed: self.failures })
    }
}

/// What is not written as it is.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// The line of a record.
pub(super) fn record(family: Family, key: &[u8], value: &[u8]) -> Record<'static> {
    let [key, value] = [key, value].map(|bytes| percent_encode(bytes, ESCAPED).to_string().into());
    Record { family: family.as_str().into(), key, value }
}

impl Record<'_> {
    /// The record of a line, within the limits of every store: family, key and value.
    pub(super) fn read(&self) -> Result<(Family, Vec<u8>, Vec<u8>), String> {
        let family = Family::KEPT.into_iter().find(|family| family.as_str() == self.family);
        let family = family.ok_or_else(|| format!("`family` {:?} is unknown", self.family))?;
        let [key, value]: [Vec<u8>; 2] =
            [&self.key, &self.value].map(|text| percent_decode_str(text).collect());
        if !(1..=KEPT_KEY_MAX).contains(&key.len()) {
            return Err(format!("`key` has {} bytes, from 1 to {KEPT_KEY_MAX} are allowed", key.len()));
        }
        if value.len() > KEPT_VALUE_MAX {
            return Err(format!("`value` has {} bytes, limit {KEPT_VALUE_MAX}", value.len()));
        }
        Ok((family, key, value))
    }
}

/// What the core has to know of a job at all times.
pub(super) fn head<'e>(envelope: &'e Checked<'_>) -> Head<'e> {
    Head {
        jid: envelope.jid(),
        queue: envelope.queue(),
        jobtype: envelope.jobtype(),
        retry: envelope.retry(),
        reserve_for: envelope.reserve_for(),
        on_lost: envelope.custom().on_lost.map(Into::into),
        terms: Terms::default(),
        body_hash: 0,
    }
}

impl<'a> Job<'a> {
    /// The line of a job. The error: its texts are no JSON.
    pub(super) fn of(life: &Life<'a>) -> Result<Self, serde_json::Error> {
        let failure = life.failure.map(|failure| {
            Ok(Failed {
                retry_count: failure.retry_count,
                remaining: failure.remaining,
                failed_at: written(failure.failed_at),
                next_at: failure.next_at.map(written),
                report: serde_json::from_slice(failure.text)?,
            })
        });
        let mut job = Self {
            order: life.order.0,
            state: State::Queued,
            since: None,
            at: None,
            until: None,
            wid: None,
            enqueued_at: life.enqueued_at.map(written),
            failure: failure.transpose()?,
            lost: life.losses.iter().copied().map(written).collect(),
            terms: Agreed::of(&life.head.terms),
            body: serde_json::from_slice(life.body)?,
        };
        match life.standing {
            Standing::Queued { since } => job.since = Some(written(since)),
            Standing::Scheduled { at } => (job.state, job.at) = (State::Scheduled, Some(written(at))),
            Standing::Retrying { at } => (job.state, job.at) = (State::Retrying, Some(written(at))),
            // Nobody is told of what was discarded.
            Standing::Dead { until } | Standing::Discarded { until, .. } => {
                (job.state, job.until) = (State::Dead, Some(written(until)));
            }
            Standing::Working { wid, since, until } => {
                job.state = State::Working;
                (job.since, job.until, job.wid) =
                    (Some(written(since)), Some(written(until)), Some(wid.into()));
            }
        }
        Ok(job)
    }

    /// Reads the body by the rules of PUSH.
    pub(super) fn envelope(&self) -> Result<Checked<'a>, String> {
        let job = job::Job::parse(self.body.get()).map_err(|error| error.to_string())?;
        job.check().map_err(|error| error.to_string())
    }

    /// The job of a line; `body` is the text of its envelope to store.
    pub(super) fn life<'l>(&'l self, envelope: &'l Checked<'a>, body: &'l [u8]) -> Result<Life<'l>, String> {
        if !(-ORDER_MAX..=ORDER_MAX).contains(&self.order) {
            return Err(format!("`order` {} is out of range", self.order));
        }
        let terms = self.terms.as_ref().map(Agreed::terms).transpose()?.unwrap_or_default();
        let head = Head { terms, ..head(envelope) };
        let failure = self.failure.as_ref().map(|failed| {
            if !is_object(failed.report.get()) {
                return Err("`report` is no object".to_owned());
            }
            let next_at = failed.next_at.as_ref().map(|at| read("next_at", Some(at))).transpose()?;
            Ok(Failure {
                retry_count: failed.retry_count,
                remaining: failed.remaining,
                failed_at: read("failed_at", Some(&failed.failed_at))?,
                next_at,
                text: failed.report.get().as_bytes(),
            })
        });
        let losses: Result<Vec<Wall>, String> = self.lost.iter().map(|at| read("lost", Some(at))).collect();
        let enqueued_at =
            (self.state == State::Working).then(|| read("enqueued_at", self.enqueued_at.as_ref()));
        Ok(Life {
            order: Order(self.order),
            head,
            standing: self.standing()?,
            enqueued_at: enqueued_at.transpose()?,
            failure: failure.transpose()?,
            losses: losses?,
            body,
        })
    }

    fn standing(&self) -> Result<Standing<'_>, String> {
        let since = || read("since", self.since.as_ref());
        let at = || read("at", self.at.as_ref());
        let until = || read("until", self.until.as_ref());
        Ok(match self.state {
            State::Queued => Standing::Queued { since: since()? },
            State::Scheduled => Standing::Scheduled { at: at()? },
            State::Retrying => Standing::Retrying { at: at()? },
            State::Dead => Standing::Dead { until: until()? },
            State::Working => {
                let wid = self.wid.as_deref().ok_or("`wid` is missing")?;
                if wid.len() > WID_MAX {
                    return Err(format!("`wid` has {} bytes, limit {WID_MAX}", wid.len()));
                }
                Standing::Working { wid, since: since()?, until: until()? }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use bessemer_core::fact::OnLost;

    use super::*;

    const BODY: &str = r#"{"retry":25,"custom":{"on_lost":"dead","n":12345678901234567890},"jid":"job-00001","queue":"bulk","jobtype":"Grüße","created_at":"2026-11-23T05:30:00Z","args":[ 1.0,"é\u0001" ],"reserve_for":30,"x":null}"#;

    /// A job in each state, some with a past.
    fn lives<'a>() -> Vec<Life<'a>> {
        let head = Head {
            jid: "job-00001",
            queue: "bulk",
            jobtype: "Grüße",
            retry: 25,
            reserve_for: 30,
            on_lost: Some(OnLost::Dead),
            terms: Terms::default(),
            body_hash: 0,
        };
        let text = br#"{"errtype":"E","message":"no","backtrace":["a","b"]}"#;
        let failure =
            Failure { retry_count: 3, remaining: -1, failed_at: Wall(5), next_at: Some(Wall(6)), text };
        let working = Standing::Working { wid: "w\"1", since: Wall(1), until: Wall(2) };
        let life = |standing| Life {
            order: Order(-7),
            head,
            standing,
            enqueued_at: None,
            failure: None,
            losses: Vec::new(),
            body: BODY.as_bytes(),
        };
        vec![
            life(Standing::Queued { since: Wall(1_767_323_045_123_456) }),
            Life {
                head: Head { terms: Terms { tracked: true, expires: Some(Wall(7)), ..head.terms }, ..head },
                ..life(Standing::Scheduled { at: Wall::LAST })
            },
            Life { failure: Some(failure), ..life(Standing::Retrying { at: Wall(-1) }) },
            Life {
                failure: Some(Failure { next_at: None, ..failure }),
                losses: vec![Wall(1), Wall(2)],
                ..life(Standing::Dead { until: Wall(9) })
            },
            Life { enqueued_at: Some(Wall(0)), ..life(working) },
            Life { enqueued_at: Some(Wall(0)), ..life(working.nobodys()) },
        ]
    }

    trait Nobodys {
        fn nobodys(self) -> Self;
    }

    impl Nobodys for Standing<'_> {
        fn nobodys(self) -> Self {
            match self {
                Self::Working { since, until, .. } => Self::Working { wid: "", since, until },
                other => other,
            }
        }
    }

    #[test]
    fn a_job_reads_back_from_its_line_byte_for_byte() {
        for life in lives() {
            let line =
                serde_json::to_string(&Line::Job(Box::new(Job::of(&life).expect("JSON")))).expect("JSON");
            assert!(!line.contains('\n') && line.contains(BODY), "{line}");
            let Ok(Line::Job(job)) = serde_json::from_str(&line) else { panic!("{line}") };
            let envelope = job.envelope().expect("a job");
            let mut body = Vec::new();
            envelope.write("never used", &mut body);
            assert_eq!(job.life(&envelope, &body), Ok(life), "{line}");
        }
    }

    #[test]
    fn what_is_no_job_is_told_why() {
        let why = |members: &str| {
            let line = format!(r#"{{"job":{{"order":1,{members}}}}}"#);
            let line: Line<'_> = match serde_json::from_str(&line) {
                Ok(line) => line,
                Err(error) => return error.to_string(),
            };
            let Line::Job(job) = line else { panic!("a job") };
            let envelope = match job.envelope() {
                Ok(envelope) => envelope,
                Err(why) => return why,
            };
            job.life(&envelope, b"{}").expect_err("a mistake")
        };
        let body = r#""body":{"jid":"job-00001","jobtype":"T","args":[]}"#;
        let since = r#""since":"2026-11-23T05:30:00Z""#;
        assert_eq!(why(&format!(r#""state":"queued",{body}"#)), "`since` is missing");
        assert!(
            why(&format!(r#""state":"queued","since":"now",{body}"#)).starts_with("`since` is no moment")
        );
        assert_eq!(why(&format!(r#""state":"dead",{since},{body}"#)), "`until` is missing");
        assert!(why(&format!(r#""state":"gone",{body}"#)).starts_with("unknown variant `gone`"));
        assert!(why(&format!(r#""state":"queued","x":1,{body}"#)).starts_with("unknown field `x`"));
        assert!(why(&format!(r#""state":"queued",{since},"body":{{"jid":"short"}}"#)).contains("jid"));
        let failure =
            r#""failure":{"retry_count":0,"remaining":1,"failed_at":"2026-11-23T05:30:00Z","report":[]}"#;
        assert_eq!(why(&format!(r#""state":"queued",{since},{failure},{body}"#)), "`report` is no object");
        let wid = "w".repeat(WID_MAX + 1);
        let working =
            format!(r#""state":"working","enqueued_at":"2026-11-23T05:30:00Z",{since},{body},"wid":"{wid}""#);
        assert_eq!(why(&working), "`wid` has 1025 bytes, limit 1024");
    }

    #[test]
    fn a_day_reads_back() {
        for day in [-1, 0, 20_780] {
            let day = Day { day, processed: 3, failed: 1 };
            assert_eq!(date(day).day(), Ok(day));
        }
        assert_eq!(date(Day { day: 20_780, processed: 0, failed: 0 }).date, "2026-11-23");
        assert!(Date { date: "today".into(), processed: 0, failures: 0 }.day().is_err());
    }

    #[test]
    fn a_record_of_any_bytes_reads_back_and_one_beyond_a_limit_does_not() {
        let every: Vec<u8> = (0..=255).collect();
        for (key, value) in [(&b"deploy 1%"[..], &b""[..]), (&every[..KEPT_KEY_MAX], &every)] {
            let line = serde_json::to_string(&Line::Record(record(Family::Mark, key, value))).expect("JSON");
            let Ok(Line::Record(read)) = serde_json::from_str(&line) else { panic!("{line}") };
            assert_eq!(read.read(), Ok((Family::Mark, key.to_vec(), value.to_vec())), "{line}");
        }
        let why = |key: &[u8], value: &[u8]| record(Family::Mark, key, value).read().expect_err("a limit");
        assert_eq!(why(b"", b""), "`key` has 0 bytes, from 1 to 255 are allowed");
        assert_eq!(why(&[b'k'; 256], b""), "`key` has 256 bytes, from 1 to 255 are allowed");
        assert!(record(Family::Mark, b"k", &vec![0; KEPT_VALUE_MAX]).read().is_ok());
        assert_eq!(why(b"k", &vec![0; KEPT_VALUE_MAX + 1]), "`value` has 65537 bytes, limit 65536");
        let unknown = Record { family: "days".into(), key: "k".into(), value: "".into() };
        assert_eq!(unknown.read(), Err("`family` \"days\" is unknown".to_owned()));
    }
}
