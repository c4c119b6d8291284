//! A failure that a producer sends along with a job (rule `P-15`).

use jiff::Timestamp;
use serde::Deserialize;

use crate::finish;
use crate::object::{clamped, read};
use crate::text::Lossy;
use crate::time::parse_rfc3339;

/// What is kept of it. Members that nobody knows are not: what there may be of a failure has limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFailure {
    pub retry_count: u32,
    pub remaining: i32,
    pub failed_at: Option<Timestamp>,
    pub next_at: Option<Timestamp>,
    /// `errtype`, `message` and `backtrace` as JSON.
    pub text: Vec<u8>,
}

/// The server's own members of a failure; the worker's are a report, like that of FAIL.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Raw<'a> {
    #[serde(deserialize_with = "clamped")]
    retry_count: Option<i64>,
    #[serde(deserialize_with = "clamped")]
    remaining: Option<i64>,
    #[serde(borrow)]
    failed_at: Option<Lossy<'a>>,
    #[serde(borrow)]
    next_at: Option<Lossy<'a>>,
}

impl SentFailure {
    /// Reads it. A number that cannot be is the nearest that can, and a time that is none is as if it were left out: a job
    /// is not refused for what went before it.
    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        let raw: Raw<'_> = read(text)?;
        let report: finish::Raw<'_> = read(text)?;
        let time = |text: Option<Lossy<'_>>| text.and_then(|t| parse_rfc3339(&t.0).ok());
        Ok(Self {
            retry_count: raw.retry_count.unwrap_or(0).clamp(0, u32::MAX.into()) as u32,
            // Another server says -1 of a job that is never tried again; nobody is shown it (`K-06`).
            remaining: raw.remaining.unwrap_or(0).clamp(i32::MIN.into(), i32::MAX.into()) as i32,
            failed_at: time(raw.failed_at),
            next_at: time(raw.next_at),
            text: report.clean().text(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::ERRTYPE_MAX;
    use crate::text::json_detail;

    fn parse(text: &str) -> Result<SentFailure, String> {
        SentFailure::parse(text).map_err(|e| json_detail(&e))
    }

    #[test]
    fn a_failure_that_comes_along_is_read_p15_a13() {
        let failure = parse(
            r#"{"retry_count":3,"remaining":2,"failed_at":"2026-01-02T03:04:05Z","message":"boom","errtype":"E",
            "backtrace":["l"],"other":1,"\ud800":"\ud800"}"#,
        )
        .expect("a failure");
        assert_eq!((failure.retry_count, failure.remaining, failure.next_at), (3, 2, None));
        assert_eq!(failure.failed_at.map(|at| at.to_string()).as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(failure.text, br#"{"errtype":"E","message":"boom","backtrace":["l"]}"#);
        let long =
            parse(&format!(r#"{{"errtype":"x{}","message":"m"}}"#, "é".repeat(ERRTYPE_MAX))).expect("cut");
        let cut = format!(r#"{{"errtype":"x{}","message":"m"}}"#, "é".repeat((ERRTYPE_MAX - 1) / 2));
        assert_eq!(String::from_utf8(long.text).expect("text"), cut);
    }

    #[test]
    fn numbers_and_times_that_cannot_be_refuse_no_job_p15_k06() {
        let counts = |count: &str, remaining: &str| {
            let failure =
                parse(&format!(r#"{{"retry_count":{count},"remaining":{remaining}}}"#)).expect(count);
            (failure.retry_count, failure.remaining)
        };
        assert_eq!(counts("4294967295", "2147483647"), (u32::MAX, i32::MAX));
        assert_eq!(counts("4294967296", "2147483648"), (u32::MAX, i32::MAX));
        assert_eq!(counts("100000000000000000000", "100000000000000000000"), (u32::MAX, i32::MAX));
        assert_eq!(counts("-1", "-1"), (0, -1));
        assert_eq!(counts("-100000000000000000000", "-100000000000000000000"), (0, i32::MIN));
        assert_eq!(counts("-0", "-0"), (0, 0));
        assert_eq!(counts("null", "null"), (0, 0));
        let never = parse(r#"{"failed_at":"never","next_at":"\ud800"}"#).expect("P-15");
        assert_eq!((never.failed_at, never.next_at), (None, None));
        for (wrong, told) in [
            (r#"{"retry_count":1.0}"#, "expected an integer"),
            (r#"{"remaining":"1"}"#, "expected an integer"),
            (r#"{"message":1}"#, "invalid type: integer `1`, expected a string"),
            (r#"{"message":"a","message":"b"}"#, "duplicate field message"),
        ] {
            assert_eq!(parse(wrong), Err(told.into()), "{wrong}");
        }
    }
}
