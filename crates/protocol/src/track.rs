//! TRACK and EXTEND: the payloads with which a worker says how far it is and asks for more time, and what is known of a job
//! (rules `E-20` to `E-25`, `W-07`).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::EXTEND_SECONDS_MAX;
use crate::object::{int, read_or_null};
use crate::text::{Lossy, quote};
use crate::time::parse_rfc3339;

/// A payload that cannot be read; the text is what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrackError {
    #[error("no such TRACK subcommand: {0}")]
    Subcommand(String),
    #[error("invalid {0} {1}")]
    Payload(&'static str, String),
    #[error("missing JID")]
    MissingJid,
    #[error("invalid reserve_until: must be a time as in RFC 3339")]
    Until,
    #[error("EXTEND needs reserve_until, or seconds from 1 to {EXTEND_SECONDS_MAX}")]
    Time,
}

/// A TRACK command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Track {
    Set(TrackSet),
    /// The jid.
    Get(String),
}

/// What a worker says of a job (rule `E-21`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackSet {
    pub jid: String,
    pub percent: Option<i64>,
    /// Whole: the server cuts it.
    pub desc: Option<String>,
    pub reserve_until: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawSet<'a> {
    jid: Option<String>,
    percent: Option<f64>,
    #[serde(borrow)]
    desc: Option<Lossy<'a>>,
    reserve_until: Option<String>,
}

impl Track {
    /// Reads what stands behind `TRACK`.
    pub fn parse(text: &str) -> Result<Self, TrackError> {
        let (subcommand, rest) = text.split_once(' ').unwrap_or((text, ""));
        match subcommand.to_ascii_uppercase().as_str() {
            "SET" => TrackSet::parse(rest).map(Self::Set),
            "GET" => Some(rest.trim_ascii())
                .filter(|jid| !jid.is_empty())
                .map_or(Err(TrackError::MissingJid), |jid| Ok(Self::Get(jid.to_owned()))),
            _ => Err(TrackError::Subcommand(quote(subcommand))),
        }
    }
}

impl TrackSet {
    fn parse(text: &str) -> Result<Self, TrackError> {
        let raw: RawSet<'_> = read_or_null(text).ok_or_else(|| TrackError::Payload("TRACK", quote(text)))?;
        Ok(Self {
            jid: jid(raw.jid)?,
            // A client that divides sends 33.3, and means 33; one that has done more than all sends 101 (row 88).
            percent: raw.percent.map(|percent| percent.clamp(0.0, 100.0) as i64),
            desc: raw.desc.map(|desc| desc.0.into_owned()),
            reserve_until: until(raw.reserve_until)?,
        })
    }
}

/// More time for a job in hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extend {
    pub jid: String,
    pub until: Until,
}

/// When a reservation is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    At(Timestamp),
    /// From now.
    In(Duration),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawExtend {
    jid: Option<String>,
    reserve_until: Option<String>,
    #[serde(deserialize_with = "int")]
    seconds: Option<u64>,
}

impl Extend {
    /// Reads a payload.
    pub fn parse(text: &str) -> Result<Self, TrackError> {
        let raw: RawExtend = read_or_null(text).ok_or_else(|| TrackError::Payload("EXTEND", quote(text)))?;
        let jid = jid(raw.jid)?;
        let until = match (until(raw.reserve_until)?, raw.seconds) {
            (Some(at), None) => Until::At(at),
            (None, Some(seconds)) if (1..=EXTEND_SECONDS_MAX).contains(&seconds) => {
                Until::In(Duration::from_secs(seconds))
            }
            _ => return Err(TrackError::Time),
        };
        Ok(Self { jid, until })
    }
}

fn jid(jid: Option<String>) -> Result<String, TrackError> {
    jid.filter(|jid| !jid.is_empty()).ok_or(TrackError::MissingJid)
}

fn until(text: Option<String>) -> Result<Option<Timestamp>, TrackError> {
    text.filter(|text| !text.is_empty())
        .map(|text| parse_rfc3339(&text).map_err(|_| TrackError::Until))
        .transpose()
}

/// The reply to TRACK GET (rule `E-22`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackReply {
    pub jid: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub percent: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub desc: Option<String>,
    pub state: String,
    /// Empty for a job that nobody knows.
    pub updated_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_say_of_a_job_is_read_e21_e22() {
        let set = r#"SET {"jid":"j1","percent":33,"desc":"loading","reserve_until":"2030-01-02T03:04:05Z"}"#;
        let Ok(Track::Set(set)) = Track::parse(set) else { panic!("a SET") };
        assert_eq!((&*set.jid, set.percent, set.desc.as_deref()), ("j1", Some(33), Some("loading")));
        assert_eq!(set.reserve_until.map(|at| at.to_string()).as_deref(), Some("2030-01-02T03:04:05Z"));
        let bare = Track::parse(r#"SET {"jid":"j1","desc":null,"percent":12.7}"#);
        let expected = TrackSet { jid: "j1".into(), percent: Some(12), ..TrackSet::default() };
        assert_eq!(bare, Ok(Track::Set(expected.clone())));
        let empty = r#"SET {"jid":"j1","percent":12,"desc":null,"reserve_until":"","other":{}}"#;
        assert_eq!(Track::parse(empty), Ok(Track::Set(expected.clone())));
        assert_eq!(Track::parse(&empty.replace("\"\"", "null")), Ok(Track::Set(expected)));
        let Ok(Track::Set(odd)) = Track::parse(r#"SET {"jid":"j1","desc":"a\ud800","\ud800":1}"#) else {
            panic!("F-08")
        };
        assert_eq!(odd.desc.as_deref(), Some("a\u{fffd}"));
        assert_eq!(Track::parse("GET j1"), Ok(Track::Get("j1".into())));
        for (text, error) in [
            ("GET", "missing JID"),
            ("SET null", "missing JID"),
            (r#"SET {"percent":1}"#, "missing JID"),
            ("SET x", "invalid TRACK x"),
            (r#"SET {"jid":"j","percent":"1"}"#, r#"invalid TRACK {"jid":"j","percent":"1"}"#),
            (
                r#"SET {"jid":"j","reserve_until":"soon"}"#,
                "invalid reserve_until: must be a time as in RFC 3339",
            ),
            ("DROP j", "no such TRACK subcommand: DROP"),
        ] {
            assert_eq!(Track::parse(text).map_err(|e| e.to_string()), Err(error.into()), "{text}");
        }
    }

    #[test]
    fn more_time_is_asked_for_in_seconds_or_until_a_moment() {
        let parse = |text: &str| Extend::parse(text).map(|e| e.until).map_err(|e| e.to_string());
        let most = format!(r#"{{"jid":"j","seconds":{EXTEND_SECONDS_MAX}}}"#);
        assert_eq!(parse(&most), Ok(Until::In(Duration::from_secs(86_400))));
        let at: Timestamp = "2030-01-02T03:04:05Z".parse().expect("a time");
        assert_eq!(parse(r#"{"jid":"j","reserve_until":"2030-01-02T03:04:05Z"}"#), Ok(Until::At(at)));
        let nothing = r#"{"jid":"j","reserve_until":"2030-01-02T03:04:05Z","seconds":null,"other":null}"#;
        assert_eq!(parse(nothing), Ok(Until::At(at)));
        let needs = "EXTEND needs reserve_until, or seconds from 1 to 86400";
        for (text, error) in [
            (r#"{"jid":"j"}"#, needs),
            (r#"{"jid":"j","seconds":0}"#, needs),
            (r#"{"jid":"j","seconds":-0}"#, needs),
            (r#"{"jid":"j","seconds":86401}"#, needs),
            (r#"{"jid":"j","seconds":5,"reserve_until":"2030-01-02T03:04:05Z"}"#, needs),
            (r#"{"seconds":5}"#, "missing JID"),
            ("[]", "invalid EXTEND []"),
        ] {
            assert_eq!(parse(text), Err(error.into()), "{text}");
        }
    }
}
