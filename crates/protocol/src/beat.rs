//! BEAT: a worker's sign of life.

use serde::Deserialize;

use crate::handshake::RSS_KB_MAX;
use crate::object::{int, read_or_null};
use crate::response::WorkerState;
use crate::text::{Lossy, quote};

/// The payload of BEAT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    pub wid: String,
    /// What the worker says of itself; anything but quiet and terminate means running (rule `B-04`).
    pub state: Option<WorkerState>,
    /// Negative values read as 0, and no more than [`RSS_KB_MAX`] is believed (row 79).
    pub rss_kb: u64,
}

/// A payload that cannot be read (rule `B-01`); the text is what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid BEAT {0}")]
pub struct BeatError(String);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Raw<'a> {
    wid: Option<String>,
    #[serde(borrow)]
    current_state: Option<Lossy<'a>>,
    #[serde(deserialize_with = "int")]
    rss_kb: Option<i64>,
}

impl Beat {
    /// Reads a payload (rule `B-01`).
    pub fn parse(text: &str) -> Result<Self, BeatError> {
        let raw: Raw<'_> = read_or_null(text).ok_or_else(|| BeatError(quote(text)))?;
        let state = match raw.current_state.as_ref().map(|state| &*state.0) {
            Some("quiet") => Some(WorkerState::Quiet),
            Some("terminate") => Some(WorkerState::Terminate),
            _ => None,
        };
        let rss_kb = raw.rss_kb.and_then(|kb| u64::try_from(kb).ok()).unwrap_or(0).min(RSS_KB_MAX);
        Ok(Self { wid: raw.wid.unwrap_or_default(), state, rss_kb })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_is_read_b01_b04_row_79() {
        let beat = Beat::parse(r#"{"wid":"w","current_state":"quiet","rss_kb":7}"#).expect("ok");
        assert_eq!(beat, Beat { wid: "w".into(), state: Some(WorkerState::Quiet), rss_kb: 7 });
        assert_eq!(Beat::parse(r#"{"wid":"w","current_state":"busy","rss_kb":-1}"#).expect("ok").state, None);
        let odd = Beat::parse(r#"{"wid":"w","current_state":"\ud800","rss_kb":-0,"\ud800":1}"#);
        assert_eq!(odd, Ok(Beat { wid: "w".into(), ..Beat::default() }), "F-08, J-01");
        assert_eq!(Beat::parse("null"), Ok(Beat::default()));
        let nulls = r#"{"wid":null,"current_state":null,"rss_kb":null,"other":{}}"#;
        assert_eq!(Beat::parse(nulls), Ok(Beat::default()));
        assert_eq!(Beat::parse(r#"{"rss_kb":9223372036854775807}"#).expect("ok").rss_kb, RSS_KB_MAX);
        for bad in [
            "x",
            "[1]",
            r#"{"wid":1}"#,
            r#"{"rss_kb":"1"}"#,
            r#"{"rss_kb":9223372036854775808}"#,
            r#"{"wid":"w","wid":"w"}"#,
        ] {
            assert_eq!(Beat::parse(bad), Err(BeatError(bad.into())));
        }
    }
}
