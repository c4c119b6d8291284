//! ACK and FAIL: the payloads with which a worker ends a job.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::limits::{BACKTRACE_LINES_MAX, BACKTRACE_MAX, ERRTYPE_MAX, MESSAGE_MAX};
use crate::text::{Lossy, cut, is_strict, object, quote};

/// A payload that cannot be read; the text is what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FinishError {
    /// Rule `A-01`.
    #[error("invalid ACK {0}")]
    Ack(String),
    /// Rule `A-10`.
    #[error("invalid FAIL {0}")]
    Fail(String),
    /// Rule `A-11`.
    #[error("missing JID")]
    MissingJid,
}

/// The jid of an ACK. Other members must be strings, or null, and are ignored (rule `A-01`).
pub fn parse_ack(text: &str) -> Result<Cow<'_, str>, FinishError> {
    let ack: Option<Ack<'_>> = is_strict(text).then(|| serde_json::from_str(text).ok()).flatten();
    ack.and_then(|ack| ack.0).ok_or_else(|| FinishError::Ack(quote(text)))
}

/// The jid of an object that holds nothing but strings and nulls; of several the last, as in the reference.
struct Ack<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Ack<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Ack<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ack<'de>, A::Error> {
                let mut jid = None;
                while let Some((name, value)) = map.next_entry::<Lossy<'de>, Option<Lossy<'de>>>()? {
                    if name.0 == "jid" {
                        jid = value.map(|value| value.0);
                    }
                }
                Ok(Ack(jid))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// What a worker reports of a failure; the same JSON is kept and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fail {
    #[serde(skip)]
    pub jid: String,
    pub errtype: String,
    pub message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub backtrace: Vec<String>,
}

/// A report as it came.
#[derive(Default, Deserialize)]
pub(crate) struct Raw<'a> {
    #[serde(borrow, default)]
    jid: Option<Lossy<'a>>,
    #[serde(borrow, default)]
    errtype: Option<Lossy<'a>>,
    #[serde(borrow, default)]
    message: Option<Lossy<'a>>,
    #[serde(borrow, default)]
    backtrace: Option<Vec<Lossy<'a>>>,
}

impl Raw<'_> {
    /// Cut to what is kept and shown (rule `A-13`).
    pub(crate) fn clean(self) -> Fail {
        Fail {
            jid: self.jid.unwrap_or_default().0.into_owned(),
            errtype: clean(self.errtype, ERRTYPE_MAX),
            message: clean(self.message, MESSAGE_MAX),
            backtrace: trace(self.backtrace.unwrap_or_default().iter().map(|line| &*line.0)),
        }
    }
}

impl Fail {
    /// Reads and cleans a report (rules `A-10`, `A-11`, `A-13`).
    pub fn parse(text: &str) -> Result<Self, FinishError> {
        let raw: Raw<'_> = object(text).ok_or_else(|| FinishError::Fail(quote(text)))?;
        let fail = raw.clean();
        if fail.jid.is_empty() { Err(FinishError::MissingJid) } else { Ok(fail) }
    }

    /// The report as JSON, without the jid.
    pub fn text(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a report is text")
    }
}

/// The kind of error in a [`Fail::text`]; `None` where it does not say one first.
pub fn errtype(text: &[u8]) -> Option<Cow<'_, str>> {
    let rest = text.strip_prefix(b"{\"errtype\":")?;
    // What follows is not read: it may be a long stack trace.
    let errtype = serde_json::Deserializer::from_slice(rest).into_iter::<Lossy<'_>>().next()?.ok()?;
    Some(match errtype.0 {
        Cow::Borrowed(text) => first(text, ERRTYPE_MAX).into(),
        Cow::Owned(text) => first(&text, ERRTYPE_MAX).to_owned().into(),
    })
}

/// The message in a [`Fail::text`], so many characters of it; `None` where it does not say the kind of error first and the
/// message next.
pub fn message(text: &[u8], max: usize) -> Option<String> {
    let rest = text.strip_prefix(b"{\"errtype\":")?;
    let mut errtype = serde_json::Deserializer::from_slice(rest).into_iter::<Lossy<'_>>();
    errtype.next()?.ok()?;
    let rest = rest[errtype.byte_offset()..].strip_prefix(b",\"message\":")?;
    let message = serde_json::Deserializer::from_slice(rest).into_iter::<Lossy<'_>>().next()?.ok()?;
    Some(first(&message.0, max).to_owned())
}

/// Trimmed, cut, and never empty (rule `A-13`).
fn clean(text: Option<Lossy<'_>>, max: usize) -> String {
    let text = text.unwrap_or_default().0;
    let trimmed = first(text.trim(), max);
    if trimmed.is_empty() { "unknown".into() } else { trimmed.into() }
}

/// The first characters of a text.
fn first(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

/// The first lines of a stack trace, as many as fit.
fn trace<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut left = BACKTRACE_MAX;
    let mut kept = Vec::new();
    for line in lines.take(BACKTRACE_LINES_MAX) {
        let line = cut(line, left);
        left -= line.len();
        kept.push(line.to_owned());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ack_has_only_strings_and_nulls_a01() {
        assert_eq!(parse_ack(r#"{"jid":"abcdefgh1","extra":"x","none":null}"#), Ok("abcdefgh1".into()));
        assert_eq!(parse_ack(r#"{"other":"\ud800","jid":"a","jid":"abcdefg\u00e9"}"#), Ok("abcdefgé".into()));
        for bad in [
            r#"{"jid":"abcdefgh1"} x"#,
            r#"{"jid":"abcdefgh1","n":1}"#,
            r#"{"jid":"abcdefgh1","n":[[]]}"#,
            r#"{"n":"1"}"#,
            r#"["jid","abcdefgh1"]"#,
            "{\"jid\":\"abcdefgh\u{1}\"}",
            "[]",
            "{}",
            "null",
            "x",
            r#"{"jid":null}"#,
        ] {
            assert_eq!(parse_ack(bad), Err(FinishError::Ack(quote(bad))));
        }
    }

    #[test]
    fn a_report_is_cleaned_a13() {
        let fail = Fail::parse(r#"{"jid":"abcdefgh1","errtype":"  ","message":" boom ","backtrace":null}"#)
            .expect("ok");
        assert_eq!((&*fail.errtype, &*fail.message, fail.backtrace.len()), ("unknown", "boom", 0));
        assert_eq!(fail.text(), br#"{"errtype":"unknown","message":"boom"}"#);

        let long = "é".repeat(MESSAGE_MAX + 1);
        let lines: Vec<String> = (0..=BACKTRACE_LINES_MAX).map(|n| n.to_string()).collect();
        let json =
            serde_json::json!({"jid": "abcdefgh1", "errtype": long, "message": long, "backtrace": lines});
        let fail = Fail::parse(&json.to_string()).expect("ok");
        assert_eq!((fail.errtype.chars().count(), fail.message.chars().count()), (ERRTYPE_MAX, MESSAGE_MAX));
        assert!(long.starts_with(&*fail.message));
        assert_eq!(fail.backtrace, lines[..BACKTRACE_LINES_MAX]);

        let wide = vec!["x".repeat(BACKTRACE_MAX), "y".into()];
        let fail =
            Fail::parse(&serde_json::json!({"jid": "abcdefgh1", "backtrace": wide}).to_string()).expect("ok");
        assert_eq!(fail.backtrace.iter().map(String::len).sum::<usize>(), BACKTRACE_MAX);
    }

    #[test]
    fn a_report_of_the_wrong_shape_is_refused_a10_a11() {
        assert_eq!(Fail::parse("{}"), Err(FinishError::MissingJid));
        assert_eq!(Fail::parse("null"), Err(FinishError::MissingJid));
        assert_eq!(Fail::parse(r#"{"jid":""}"#), Err(FinishError::MissingJid));
        for bad in ["x", "[]", r#"{"jid":5}"#, r#"{"jid":"abcdefgh1","backtrace":[1]}"#] {
            assert_eq!(Fail::parse(bad), Err(FinishError::Fail(bad.into())));
        }
        assert!(Fail::parse(r#"{"jid":"abcdefgh1","message":"\ud800","other":[1,{}]}"#).is_ok());
        let nulls = r#"{"jid":"abcdefgh1","errtype":null,"message":null,"backtrace":null,"other":null}"#;
        assert_eq!(Fail::parse(nulls), Fail::parse(r#"{"jid":"abcdefgh1"}"#));
    }

    #[test]
    fn the_kind_of_error_is_read_from_the_text_that_is_kept() {
        for errtype in ["E", "späß \"\\\u{1}", "unknown"] {
            let fail = Fail { errtype: errtype.into(), message: "boom".into(), ..Fail::default() };
            assert_eq!(super::errtype(&fail.text()).as_deref(), Some(errtype));
            assert_eq!(super::message(&fail.text(), usize::MAX), Some(fail.message.clone()));
            assert_eq!(super::message(&fail.text(), 1), fail.message.chars().next().map(Into::into));
        }
        let long = format!(r#"{{"errtype":"{}"}}"#, "ä".repeat(ERRTYPE_MAX + 1));
        assert_eq!(super::errtype(long.as_bytes()).map(|text| text.chars().count()), Some(ERRTYPE_MAX));
        for other in ["", "{}", r#"{"message":"m"}"#, r#"{"errtype":7}"#, r#"{"errtype":"x"#, "garbage"] {
            assert_eq!(super::errtype(other.as_bytes()), None, "{other}");
            assert_eq!(super::message(other.as_bytes(), 9), None, "{other}");
        }
    }
}
