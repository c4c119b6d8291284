//! Reading jobs: at one go ([`Job::scan`]), as nearly all come, or by serde_json, which takes all there are and says what is
//! wrong with a text. One that the former takes is the same job to the latter: tests hold them against each other.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Job, ParseError};
use crate::failure::SentFailure;
use crate::limits::DEPTH_MAX;
use crate::object::integer;
use crate::plain::Scan;
use crate::text::{Lossy, check_strict, json_detail, json_error};

impl<'a> Job<'a> {
    /// Reads one job (rule `P-01`). `null` is an object without members.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        let mut scan = Scan::new(text);
        match Self::scan(&mut scan).filter(|_| scan.is_done()) {
            Some(job) => Ok(job),
            None => Self::parse_any(text),
        }
    }

    /// The same of every text, for the few that [`Job::scan`] leaves.
    pub(super) fn parse_any(text: &'a str) -> Result<Self, ParseError> {
        // The job itself is one level.
        check_depth(text, DEPTH_MAX + 1)?;
        check_strict(text).map_err(|e| ParseError::Json(json_error(&e, 0)))?;
        Self::parse_shallow(text, 0)
    }

    /// The same of a text whose strings are known to be strict, behind `before` bytes that errors count too.
    fn parse_shallow(text: &'a str, before: usize) -> Result<Self, ParseError> {
        let job: Option<Self> = read(text, '{', "an object", before)?;
        let job = job.unwrap_or_default();
        match job.duplicate {
            Some(name) => Err(ParseError::Duplicate(name)),
            None => Ok(job),
        }
    }

    /// Reads the jobs of a PUSHB, at most `jobs_max`, each with its own text (rule `P-20`).
    pub fn parse_bulk(text: &'a str, jobs_max: usize) -> Result<Vec<(&'a str, Self)>, ParseError> {
        match Self::scan_bulk(text, jobs_max) {
            Some(jobs) => Ok(jobs),
            None => Self::parse_any_bulk(text, jobs_max),
        }
    }

    pub(super) fn parse_any_bulk(text: &'a str, jobs_max: usize) -> Result<Vec<(&'a str, Self)>, ParseError> {
        check_depth(text, DEPTH_MAX + 2)?;
        // To find where a job ends, every string is read, and strictly.
        let elements: Option<Vec<&RawValue>> = read(text, '[', "an array of jobs", 0)?;
        let elements = elements.unwrap_or_default();
        if elements.len() > jobs_max {
            return Err(ParseError::TooManyJobs(elements.len(), jobs_max));
        }
        let before = |job: &str| job.as_ptr() as usize - text.as_ptr() as usize;
        let parse = |raw: &'a RawValue| Ok((raw.get(), Self::parse_shallow(raw.get(), before(raw.get()))?));
        elements.into_iter().map(parse).collect()
    }

    /// The jobs of a PUSHB, as [`Job::scan`] takes them.
    pub(super) fn scan_bulk(text: &'a str, jobs_max: usize) -> Option<Vec<(&'a str, Self)>> {
        // As many as there are, unless they are very small: to make room later would move them.
        let mut jobs = Vec::with_capacity(jobs_max.min(text.len() / 128 + 1));
        let mut scan = Scan::new(text);
        scan.array(|scan| {
            (jobs.len() < jobs_max).then_some(())?;
            let begin = scan.begin();
            let job = Self::scan(scan)?;
            jobs.push((scan.since(begin), job));
            Some(())
        })?;
        scan.is_done().then_some(jobs)
    }

    /// A job as nearly all come: each member once, without escapes in what the server reads, and with no failure.
    pub(super) fn scan(scan: &mut Scan<'a>) -> Option<Self> {
        let (mut job, mut seen) = (Self::default(), 0_u16);
        scan.object(|name, scan| {
            let Some(member) = KNOWN.iter().position(|known| *known == name) else {
                job.unknown.push((name.into(), scan.value(DEPTH_MAX)?));
                return Some(());
            };
            if seen & 1 << member != 0 {
                return None;
            }
            seen |= 1 << member;
            let text = |scan: &mut Scan<'a>| scan.maybe_text().map(|text| text.map(Cow::Borrowed));
            match KNOWN[member] {
                "jid" => job.jid = text(scan)?,
                "jobtype" => job.jobtype = text(scan)?,
                "queue" => job.queue = text(scan)?,
                "created_at" => job.created_at = text(scan)?,
                "at" => job.at = text(scan)?,
                "args" => job.args = Some(scan.value(DEPTH_MAX).filter(|args| args.starts_with('['))?),
                "custom" => {
                    let custom = scan.value(DEPTH_MAX).filter(|custom| custom.starts_with('{'))?;
                    job.custom = Some(custom).filter(|custom| !is_empty_object(custom));
                }
                "retry" => job.retry = Some(scan.value(0)?.parse().ok()?),
                "reserve_for" => job.reserve_for = Some(scan.value(0)?.parse().ok()?),
                "backtrace" => job.backtrace = Some(scan.value(0)?.parse().ok()?),
                "failure" => return None,
                _ => job.enqueued_at = text(scan)?,
            }
            Some(())
        })?;
        Some(job)
    }
}

/// JSON that begins like this, or `null`. Malformed text says where; what is well-formed, but something else, says what
/// was expected.
fn read<'a, T: Deserialize<'a>>(
    text: &'a str,
    opens: char,
    expected: &str,
    before: usize,
) -> Result<Option<T>, ParseError> {
    let malformed = |e: serde_json::Error| ParseError::Json(json_error(&e, before));
    let begins = text.trim_ascii_start();
    if begins.starts_with(opens) || begins.trim_ascii_end() == "null" {
        return serde_json::from_str(text).map_err(malformed);
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(malformed)?;
    Err(ParseError::Json(format!("expected {expected} at byte {}", before + 1)))
}
impl<'de: 'a, 'a> Deserialize<'de> for Job<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

/// A JSON string, borrowed where it holds no escapes. What jobs are told apart by has no lone surrogates.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members that mean something, a bit of `seen` each.
pub(super) const KNOWN: [&str; 12] = [
    "jid",
    "jobtype",
    "queue",
    "created_at",
    "at",
    "args",
    "custom",
    "retry",
    "reserve_for",
    "backtrace",
    "failure",
    "enqueued_at",
];

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Job<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Job<'de>, A::Error> {
        let mut job = Job::default();
        let mut seen = 0u16;
        while let Some(Lossy(name)) = map.next_key()? {
            let Some(member) = KNOWN.iter().position(|known| **known == *name) else {
                let value: &'de RawValue = map.next_value()?;
                job.unknown.push((name, value.get()));
                continue;
            };
            if seen & 1 << member != 0 {
                job.duplicate.get_or_insert(KNOWN[member]);
            }
            seen |= 1 << member;
            let text = |text: Option<Text<'de>>| text.map(|t| t.0);
            let lossy = |text: Option<Lossy<'de>>| text.map(|t| t.0);
            let number = |raw: Option<&RawValue>| raw.map(|raw| integer(raw.get())).transpose();
            match KNOWN[member] {
                "jid" => job.jid = text(map.next_value()?),
                "jobtype" => job.jobtype = text(map.next_value()?),
                "queue" => job.queue = text(map.next_value()?),
                "created_at" => job.created_at = lossy(map.next_value()?),
                "at" => job.at = text(map.next_value()?),
                "args" => job.args = container(map.next_value()?, '[', "an array for args")?,
                "custom" => {
                    let custom = container(map.next_value()?, '{', "an object for custom")?;
                    job.custom = custom.filter(|custom| !is_empty_object(custom));
                }
                "retry" => job.retry = number(map.next_value()?)?,
                "reserve_for" => job.reserve_for = number(map.next_value()?)?,
                "backtrace" => job.backtrace = number(map.next_value()?)?,
                "failure" => {
                    let raw = container(map.next_value()?, '{', "an object for failure")?;
                    let sent = raw.map(SentFailure::parse).transpose();
                    // Its place is told by the reader of the whole.
                    let misfit =
                        |e: serde_json::Error| A::Error::custom(format_args!("failure: {}", json_detail(&e)));
                    job.failure = sent.map_err(misfit)?.map(Box::new);
                }
                // The server's own: overwritten at every enqueue (rule `P-12`).
                _ => job.enqueued_at = lossy(map.next_value()?),
            }
        }
        Ok(job)
    }
}

fn container<'a, E: Error>(
    raw: Option<&'a RawValue>,
    opens: char,
    expected: &str,
) -> Result<Option<&'a str>, E> {
    match raw.map(RawValue::get) {
        Some(json) if !json.starts_with(opens) => Err(E::custom(format_args!("expected {expected}"))),
        json => Ok(json),
    }
}

fn is_empty_object(raw: &str) -> bool {
    raw.trim_matches(['{', '}']).trim_ascii().is_empty()
}

/// Counts brackets outside of strings: a parser must not be led into a stack of a stranger's depth.
fn check_depth(text: &str, limit: usize) -> Result<(), ParseError> {
    // Nearly every job has so few that it cannot be deep, and they are counted many bytes at a time.
    if memchr::memchr2_iter(b'[', b'{', text.as_bytes()).take(limit + 1).count() <= limit {
        return Ok(());
    }
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return Err(ParseError::Depth);
        }
    }
    Ok(())
}
