//! ACK and FAIL: the payloads with which a worker ends a job.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::limits::{BACKTRACE_LINES_MAX, BACKTRACE_MAX, ERRTYPE_MAX, MESSAGE_MAX};
use crate::object::{read, read_or_null};
use crate::plain::Scan;
use crate::text::{Lossy, cut, quote};

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

/// What a worker has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack<'a> {
    pub jid: Cow<'a, str>,
    /// The delivery that is meant (`G9`).
    pub lease: Option<Cow<'a, str>>,
}

impl<'a> Ack<'a> {
    /// Reads an ACK, which names each of these once (`D6`). Other members must be strings, or null, and are ignored (rule
    /// `A-01`).
    pub fn parse(text: &'a str) -> Result<Self, FinishError> {
        let words = Words::scan(text).or_else(|| read(text).ok());
        let Words { jid, lease } = words.unwrap_or_default();
        let jid = jid.ok_or_else(|| FinishError::Ack(quote(text)))?;
        // A client that knows of leases and was given none may send it empty.
        Ok(Self { jid, lease: lease.filter(|lease| !lease.is_empty()) })
    }
}

/// An object that holds nothing but strings and nulls.
#[derive(Debug, Default, PartialEq)]
struct Words<'a> {
    jid: Option<Cow<'a, str>>,
    lease: Option<Cow<'a, str>>,
}

impl<'a> Words<'a> {
    /// As nearly all come; the others are left to serde.
    fn scan(text: &'a str) -> Option<Self> {
        let (mut scan, mut words) = (Scan::new(text), Self::default());
        scan.object(|name, scan| {
            let text = scan.maybe_text()?;
            let member = match name {
                "jid" => &mut words.jid,
                "lease" => &mut words.lease,
                _ => return Some(()),
            };
            member.replace(text?.into()).is_none().then_some(())
        })?;
        scan.is_done().then_some(words)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Words<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words<'de>, A::Error> {
                let (mut jid, mut lease) = (None, None);
                while let Some((name, value)) = map.next_entry::<Cow<'de, str>, Option<Lossy<'de>>>()? {
                    let (name, member) = match &*name {
                        "jid" => ("jid", &mut jid),
                        "lease" => ("lease", &mut lease),
                        _ => continue,
                    };
                    if member.replace(value).is_some() {
                        return Err(A::Error::duplicate_field(name));
                    }
                }
                let text = |member: Option<Option<Lossy<'de>>>| member.flatten().map(|text| text.0);
                Ok(Words { jid: text(jid), lease: text(lease) })
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
    /// The delivery that is meant (`G9`).
    #[serde(skip)]
    pub lease: Option<String>,
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
    lease: Option<Lossy<'a>>,
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
            lease: self.lease.map(|lease| lease.0.into_owned()).filter(|lease| !lease.is_empty()),
            errtype: clean(self.errtype, ERRTYPE_MAX),
            message: clean(self.message, MESSAGE_MAX),
            backtrace: trace(self.backtrace.unwrap_or_default().iter().map(|line| &*line.0)),
        }
    }
}

impl Fail {
    /// Reads and cleans a report (rules `A-10`, `A-11`, `A-13`).
    pub fn parse(text: &str) -> Result<Self, FinishError> {
        let raw: Raw<'_> = read_or_null(text).ok_or_else(|| FinishError::Fail(quote(text)))?;
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
        Cow::Borrowed(text) => cut(text, ERRTYPE_MAX).into(),
        Cow::Owned(text) => cut(&text, ERRTYPE_MAX).to_owned().into(),
    })
}

/// The message in a [`Fail::text`], so many bytes of it; `None` where it does not say the kind of error first and the
/// message next.
pub fn message(text: &[u8], max: usize) -> Option<String> {
    let rest = text.strip_prefix(b"{\"errtype\":")?;
    let mut errtype = serde_json::Deserializer::from_slice(rest).into_iter::<Lossy<'_>>();
    errtype.next()?.ok()?;
    let rest = rest[errtype.byte_offset()..].strip_prefix(b",\"message\":")?;
    let message = serde_json::Deserializer::from_slice(rest).into_iter::<Lossy<'_>>().next()?.ok()?;
    Some(cut(&message.0, max).to_owned())
}

/// Trimmed, cut, and never empty (rule `A-13`).
fn clean(text: Option<Lossy<'_>>, max: usize) -> String {
    let text = text.unwrap_or_default().0;
    let trimmed = cut(text.trim(), max);
    if trimmed.is_empty() { "unknown".into() } else { trimmed.into() }
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
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_at_one_go_is_what_is_read_thoroughly(
            members in prop::collection::vec((
                select(vec!["jid", "lease", "other", "", "j\\u0069d", "é"]),
                select(vec!["\"abcdefgh1\"", "\"\"", "null", " null ", "1", "[]", "\"a\\nb\"", "\"\t\"", "\"é", "{}"]),
            ), 0..4),
            (begin, end) in (select(vec!["{", " { ", "[", ""]), select(vec!["}", "} ", "", "} x", ",}"])),
        ) {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            let text = format!("{begin}{}{end}", members.join(","));
            if let Some(words) = Words::scan(&text) {
                prop_assert_eq!(Some(words), read(&text).ok(), "{}", text);
            }
        }
    }

    #[test]
    fn nearly_all_are_read_at_one_go() {
        for text in [r#"{"jid":"abcdefgh1"}"#, r#" { "lease" : "5f-1", "x":null, "jid" : "abcdefgh1" } "#] {
            assert!(Words::scan(text).is_some(), "{text}");
        }
    }

    fn ack(text: &str) -> Result<Cow<'_, str>, FinishError> {
        Ack::parse(text).map(|ack| ack.jid)
    }

    #[test]
    fn the_delivery_is_named_by_its_lease_or_not_at_all_g09() {
        for (members, lease) in [
            (r#""lease":"5f-1""#, Some("5f-1")),
            (r#""lease":"""#, None),
            (r#""lease":null"#, None),
            (r#""none":"x""#, None),
        ] {
            let text = format!(r#"{{"jid":"abcdefgh1",{members}}}"#);
            assert_eq!(Ack::parse(&text).unwrap().lease.as_deref(), lease, "{text}");
            let fail = Fail::parse(&text).unwrap();
            assert_eq!(fail.lease.as_deref(), lease, "{text}");
            assert!(
                !String::from_utf8(fail.text()).unwrap().contains("lease"),
                "it is no part of what is kept"
            );
        }
    }

    #[test]
    fn an_ack_has_only_strings_and_nulls_a01() {
        assert_eq!(ack(r#"{"jid":"abcdefgh1","extra":"x","none":null}"#), Ok("abcdefgh1".into()));
        assert_eq!(ack(r#"{"other":"\ud800","\ud800":"x","jid":"abcdefg\u00e9"}"#), Ok("abcdefgé".into()));
        assert_eq!(ack(r#"{"other":"x","other":"y","jid":"abcdefgh1"}"#), Ok("abcdefgh1".into()));
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
            // `D6`
            r#"{"jid":"abcdefgh1","jid":"abcdefgh1"}"#,
            r#"{"jid":null,"j\u0069d":"abcdefgh1"}"#,
        ] {
            assert_eq!(ack(bad), Err(FinishError::Ack(quote(bad))));
        }
    }

    #[test]
    fn a_report_is_cleaned_a13() {
        let fail = Fail::parse(r#"{"jid":"abcdefgh1","errtype":"  ","message":" boom ","backtrace":null}"#)
            .expect("ok");
        assert_eq!((&*fail.errtype, &*fail.message, fail.backtrace.len()), ("unknown", "boom", 0));
        assert_eq!(fail.text(), br#"{"errtype":"unknown","message":"boom"}"#);

        let cleaned = |text: String| {
            let fail = serde_json::json!({"jid": "abcdefgh1", "errtype": text, "message": text});
            let fail = Fail::parse(&fail.to_string()).expect("ok");
            (fail.errtype.len(), fail.message.len())
        };
        // In bytes, and never inside of a character.
        assert_eq!(cleaned("x".repeat(ERRTYPE_MAX)), (ERRTYPE_MAX, ERRTYPE_MAX));
        assert_eq!(cleaned("x".repeat(ERRTYPE_MAX + 1)), (ERRTYPE_MAX, ERRTYPE_MAX + 1));
        assert_eq!(cleaned("x".repeat(MESSAGE_MAX + 1)), (ERRTYPE_MAX, MESSAGE_MAX));
        assert_eq!(cleaned(format!("x{}", "é".repeat(MESSAGE_MAX))), (ERRTYPE_MAX - 1, MESSAGE_MAX - 1));

        let long = "é".repeat(MESSAGE_MAX + 1);
        let lines: Vec<String> = (0..=BACKTRACE_LINES_MAX).map(|n| n.to_string()).collect();
        let json =
            serde_json::json!({"jid": "abcdefgh1", "errtype": long, "message": long, "backtrace": lines});
        let fail = Fail::parse(&json.to_string()).expect("ok");
        assert_eq!((fail.errtype.len(), fail.message.len()), (ERRTYPE_MAX, MESSAGE_MAX));
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
        let odd = Fail::parse(r#"{"jid":"abcdefgh1","message":"a\ud800b","other":[1,{}],"\ud800":"\udc00"}"#);
        assert_eq!(odd.expect("F-08").message, "a\u{fffd}b");
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
        assert_eq!(super::errtype(long.as_bytes()).map(|text| text.len()), Some(ERRTYPE_MAX));
        for other in ["", "{}", r#"{"message":"m"}"#, r#"{"errtype":7}"#, r#"{"errtype":"x"#, "garbage"] {
            assert_eq!(super::errtype(other.as_bytes()), None, "{other}");
            assert_eq!(super::message(other.as_bytes(), 9), None, "{other}");
        }
    }
}
