//! The members of `custom` that mean something to the server; all others are the application's, and nobody reads them.
//!
//! They are read only where one of them is there. A misspelt value is refused when the job is pushed: it would be found out
//! when a job ran twice.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::job::OnLost;
use crate::limits::{CANONICAL_MAX, CUSTOM_SECONDS_MAX, UNIQUE_KEY_MAX};
use crate::object::read;
use crate::text::json_detail;
use crate::time::parse_rfc3339;

/// When a unique job gives up its key (`custom.unique_until`, rule `E-32`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UniqueUntil {
    /// When it is ACKed.
    #[default]
    Success,
    /// When it is fetched.
    Start,
    /// Not before `unique_for` is over.
    Expiry,
}

/// A value that may not be; the text is what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomError {
    #[error("invalid custom.on_lost: must be \"requeue\", \"wait\" or \"dead\"")]
    OnLost,
    #[error("invalid custom.{0}: must be a number of seconds above 0 and at most {CUSTOM_SECONDS_MAX}")]
    Seconds(&'static str),
    #[error(
        "invalid custom.expires_in: must be seconds above 0 and at most {CUSTOM_SECONDS_MAX}, as a number or such as \"1h30m\""
    )]
    ExpiresIn,
    #[error("invalid custom.unique_until: must be \"success\", \"start\" or \"expiry\"")]
    UniqueUntil,
    /// Our own, so nobody means a job that is not unique.
    #[error("custom.unique_key means nothing without custom.unique_for")]
    Alone,
    #[error("invalid custom.unique_key: must be a text of 1 to {UNIQUE_KEY_MAX} bytes")]
    UniqueKey,
    #[error("invalid custom.expires_at: must be a time as in RFC 3339")]
    ExpiresAt,
    #[error("invalid custom.bid: must be a text")]
    Bid,
    #[error("invalid custom: {0}")]
    Json(String),
}

/// What a job says to the server in `custom`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Custom {
    /// `D4`.
    pub on_lost: Option<OnLost>,
    /// Seconds (rule `E-30`).
    pub unique_for: Option<f64>,
    pub unique_until: UniqueUntil,
    /// What has to be unique, instead of type, arguments and queue.
    pub unique_key: Option<String>,
    /// Rule `E-40`.
    pub expires_at: Option<Timestamp>,
    /// Seconds (rule `E-40`).
    pub expires_in: Option<f64>,
    /// The batch that the job joins (rule `E-02`).
    pub bid: Option<String>,
    /// Rule `E-20`.
    pub track: bool,
}

/// As they came.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Raw {
    on_lost: Value,
    unique_for: Value,
    unique_until: Value,
    unique_key: Value,
    expires_at: Value,
    expires_in: Value,
    bid: Value,
    track: Value,
}

/// Parts of the names above: what holds none of them needs no second look.
const MARKS: [&str; 5] = ["on_lost", "unique_", "expires_", "bid", "track"];

impl Custom {
    /// Reads them; an empty word or time is none. A member that is there twice is refused like any other value that may not
    /// be.
    pub(crate) fn read(custom: Option<&str>) -> Result<Self, CustomError> {
        let Some(text) = custom.filter(|text| MARKS.iter().any(|mark| text.contains(mark))) else {
            return Ok(Self::default());
        };
        // An escaped name is the application's own.
        let raw: Raw = read(text).map_err(|e| CustomError::Json(json_detail(&e)))?;
        let unique_for = seconds(&raw.unique_for, "unique_for")?;
        let until = words::<UniqueUntil>(raw.unique_until).map_err(|()| CustomError::UniqueUntil)?;
        let unique_key = match raw.unique_key {
            Value::Null => None,
            Value::String(key) if (1..=UNIQUE_KEY_MAX).contains(&key.len()) => Some(key),
            _ => return Err(CustomError::UniqueKey),
        };
        // `unique_until` alone asks for nothing, as in Faktory: some set it for all their jobs (rule `E-31`).
        if unique_for.is_none() && unique_key.is_some() {
            return Err(CustomError::Alone);
        }
        let expires_at = match raw.expires_at {
            Value::Null => None,
            Value::String(at) if at.is_empty() => None,
            Value::String(at) => Some(parse_rfc3339(&at).map_err(|_| CustomError::ExpiresAt)?),
            _ => return Err(CustomError::ExpiresAt),
        };
        Ok(Self {
            on_lost: words(raw.on_lost).map_err(|()| CustomError::OnLost)?,
            unique_for,
            unique_until: until.unwrap_or_default(),
            unique_key,
            expires_at,
            expires_in: match &raw.expires_in {
                Value::String(text) if text.is_empty() => Some(None),
                // Faktory's open plug-in for expiry knows texts and no numbers.
                Value::String(text) => span(text).map(Some),
                value => seconds(value, "expires_in").ok(),
            }
            .ok_or(CustomError::ExpiresIn)?,
            bid: match raw.bid {
                Value::Null => None,
                Value::String(bid) => Some(bid).filter(|bid| !bid.is_empty()),
                _ => return Err(CustomError::Bid),
            },
            track: !matches!(raw.track, Value::Null | Value::Bool(false)) && raw.track.as_f64() != Some(0.0),
        })
    }

    /// The key of a unique job (rule `E-30`): the same for the same type, queue and arguments, in whatever order the members
    /// of the arguments came, and however a number is written. Half of a SHA-256: nobody finds two jobs with one key, and it is
    /// the same in every store. Numbers beyond 64 bits are compared as floating-point ones, and arguments of more than
    /// [`CANONICAL_MAX`] bytes as they are written.
    pub(crate) fn key(&self, jobtype: &str, queue: &str, args: &str) -> u128 {
        let digest = Sha256::digest(self.unique_bytes(jobtype, queue, args));
        digest.iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte))
    }

    fn unique_bytes(&self, jobtype: &str, queue: &str, args: &str) -> Vec<u8> {
        if let Some(key) = &self.unique_key {
            return format!("key\0{key}").into_bytes();
        }
        let mut bytes = format!("job\0{jobtype}\0{queue}\0").into_bytes();
        let canonical = Some(args).filter(|args| args.len() <= CANONICAL_MAX);
        match canonical.and_then(|args| serde_json::from_str::<Value>(args).ok()) {
            // Members come out sorted: that is how `Value` keeps them.
            Some(value) => bytes.extend_from_slice(plain(value).to_string().as_bytes()),
            None => bytes.extend_from_slice(args.as_bytes()),
        }
        bytes
    }
}

/// With whole numbers as such: languages write the same one as `1` and as `1.0`.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() <= EXACT_MAX => Value::from(float as i64),
            _ => Value::Number(number),
        },
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, plain(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        value => value,
    }
}

/// Up to here, 2⁵³, each whole number is a floating-point one.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

fn words<T: for<'de> Deserialize<'de>>(value: Value) -> Result<Option<T>, ()> {
    if value == "" {
        return Ok(None);
    }
    serde_json::from_value(value).map_err(|_| ())
}

fn seconds(value: &Value, name: &'static str) -> Result<Option<f64>, CustomError> {
    if value.is_null() {
        return Ok(None);
    }
    value.as_f64().filter(may_be).map(Some).ok_or(CustomError::Seconds(name))
}

fn may_be(seconds: &f64) -> bool {
    *seconds > 0.0 && *seconds <= CUSTOM_SECONDS_MAX as f64
}

/// The seconds of a span as Go writes it: `90s`, `1h30m`, `1.5h`.
fn span(mut text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 7] =
        [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3_600.0)];
    let mut seconds = 0.0;
    while !text.is_empty() {
        let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let (unit, rest) =
            rest.split_at(rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len()));
        let (_, each) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds += number.parse::<f64>().ok()? * each;
        text = rest;
    }
    Some(seconds).filter(may_be)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Custom, String> {
        Custom::read(Some(text)).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_the_applications_is_not_read() {
        for text in [r#"{"a":1}"#, r#"{"locale":"fr","forbidden":1}"#] {
            assert_eq!(read(text), Ok(Custom::default()), "{text}");
        }
    }

    #[test]
    fn what_is_ours_is_read_e02_e20_e30_e32_e40() {
        let custom = read(
            r#"{"unique_for":60,"unique_until":"start","expires_at":"2030-01-02T03:04:05Z","expires_in":0.5,
                "bid":"b-abc","track":1,"on_lost":"wait","user":"me"}"#,
        )
        .expect("fine");
        assert_eq!((custom.unique_for, custom.unique_until), (Some(60.0), UniqueUntil::Start));
        let alone = read(r#"{"unique_until":"start"}"#).expect("nothing is asked for");
        assert_eq!((alone.unique_for, alone.unique_until), (None, UniqueUntil::Start));
        assert_eq!((custom.expires_in, custom.bid.as_deref()), (Some(0.5), Some("b-abc")));
        assert!(custom.expires_at.is_some() && custom.track);
        assert_eq!(custom.on_lost, Some(OnLost::Wait));
        for (text, track) in
            [("0", false), ("false", false), ("null", false), ("true", true), ("\"1\"", true)]
        {
            assert_eq!(read(&format!(r#"{{"track":{text}}}"#)).expect("fine").track, track, "{text}");
        }
    }

    #[test]
    fn an_empty_text_is_none_and_other_members_may_be_no_texts_f08() {
        for name in ["on_lost", "unique_until", "expires_at", "expires_in", "bid"] {
            assert_eq!(read(&format!(r#"{{"{name}":""}}"#)), Ok(Custom::default()), "{name}");
        }
        assert!(read(r#"{"unique_for":""}"#).is_err() && read(r#"{"on_lost":" "}"#).is_err());
        let odd = read(r#"{"\ud800":1,"unique_for":5,"x":"\ud800"}"#).expect("F-08");
        assert_eq!(odd.unique_for, Some(5.0));
        assert_eq!(read(r#"{"bid":"\ud800"}"#), Err("invalid custom: lone surrogate".into()));
    }

    #[test]
    fn a_span_may_be_a_text_as_go_writes_it_e40() {
        for (text, seconds) in [
            ("90s", Some(90.0)),
            ("1h30m", Some(5_400.0)),
            ("1.5h", Some(5_400.0)),
            ("500ms", Some(0.5)),
            ("8760h", Some(31_536_000.0)),
        ] {
            assert_eq!(
                read(&format!(r#"{{"expires_in":"{text}"}}"#)).expect(text).expires_in,
                seconds,
                "{text}"
            );
        }
        for text in ["90", "s", "-5s", "0s", "1d", "1h 30m", "1.2.3s", ".s", "8761h", "9e9s"] {
            let refused = read(&format!(r#"{{"expires_in":"{text}"}}"#)).expect_err(text);
            assert!(
                refused.ends_with(r#"at most 31536000, as a number or such as "1h30m""#),
                "{text}: {refused}"
            );
        }
    }

    #[test]
    fn a_value_that_means_nothing_is_refused() {
        let year = CUSTOM_SECONDS_MAX;
        assert!(read(&format!(r#"{{"unique_for":{year}}}"#)).is_ok(), "at the limit");
        for (text, error) in [
            (format!(r#"{{"unique_for":{}}}"#, year + 1), "custom.unique_for"),
            (r#"{"unique_for":0}"#.into(), "custom.unique_for"),
            (r#"{"unique_for":"60"}"#.into(), "custom.unique_for"),
            (r#"{"unique_for":60,"unique_until":"never"}"#.into(), "custom.unique_until"),
            (r#"{"unique_key":"k"}"#.into(), "custom.unique_key means nothing"),
            (r#"{"unique_for":1,"unique_key":""}"#.into(), "custom.unique_key"),
            (r#"{"expires_at":"tomorrow"}"#.into(), "custom.expires_at"),
            (r#"{"expires_in":-1}"#.into(), "custom.expires_in"),
            (r#"{"bid":7}"#.into(), "custom.bid"),
            (r#"{"on_lost":"x"}"#.into(), "custom.on_lost"),
            (r#"{"bid":"a","bid":"b"}"#.into(), "custom: duplicate field bid"),
        ] {
            let refused = read(&text).expect_err(&text);
            assert!(refused.contains(error), "{text}: {refused}");
        }
        let key = |len| format!(r#"{{"unique_for":1,"unique_key":"{}"}}"#, "k".repeat(len));
        assert!(read(&key(UNIQUE_KEY_MAX)).is_ok());
        assert!(read(&key(UNIQUE_KEY_MAX + 1)).is_err());
    }

    #[test]
    fn the_order_of_members_and_the_way_of_writing_numbers_make_no_other_job_e30() {
        let bytes =
            |jobtype: &str, queue: &str, args: &str| Custom::default().unique_bytes(jobtype, queue, args);
        let one = bytes("T", "q", r#"[{"a":1,"b":[2, 3]}]"#);
        assert_eq!(one, bytes("T", "q", r#"[ {"b":[2,3],"a":1} ]"#));
        assert_eq!(one, bytes("T", "q", r#"[{"a":1.0,"b":[2e0,0.3E+1]}]"#));
        assert_eq!(bytes("T", "q", "[0,9007199254740992]"), bytes("T", "q", "[-0.0,9007199254740992.0]"));
        assert_ne!(bytes("T", "q", "[1.5]"), bytes("T", "q", "[1]"));
        for other in [
            bytes("T", "q", r#"[{"a":1,"b":[3,2]}]"#),
            bytes("U", "q", r#"[{"a":1,"b":[2,3]}]"#),
            bytes("T", "r", r#"[{"a":1,"b":[2,3]}]"#),
            bytes("T", "q", r#"[{"a":"1","b":[2,3]}]"#),
        ] {
            assert_ne!(one, other);
        }
        assert_ne!(bytes("T", "q", "[9007199254740993]"), bytes("T", "q", "[9007199254740992]"));
        // The key is stored: it never changes.
        assert_eq!(
            Custom::default().key("T", "q", "[1]"),
            306_633_159_305_145_047_070_282_280_101_901_789_642
        );
    }
}
