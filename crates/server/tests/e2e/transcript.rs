//! The language of wire transcripts: a conversation, as one would write it down.
//!
//! ```text
//! # What it shows.
//! # Rules: H-10 H-21
//! server FAKTORY_PASSWORD=secret     the server's environment
//! == a                               from here on connection `a`, opened when first named
//! == b: {"v":2,"wid":"w1"}           the same, past greeting and HELLO
//! C: INFO                            a line, ended by CR LF; lines that follow each other leave in one packet
//! C: INFO␊                           a line, ended by LF alone
//! C~ IN                              bytes without an end
//! C: (close)   C: (half-close)       the client closes; it closes its sending half
//! S: +OK                             a line; `…` stands for any text
//! S: $17 {"state":"quiet"}           a bulk reply of exactly this text
//! S: $ {"jid":"abcdefgh1"}           a bulk reply of JSON that has these members, and maybe others
//! S: $bid A                          a bulk reply that is the name of a batch; from here on `<A>` stands for it
//! S: $-1 [after 2 s]                 a null; `[after 2 s]`, `[at once]`: measured from the last sending, on any connection
//! S: (closed)                        the server closes
//! wait faktory.sets.retries = 1      until INFO says so
//! post /busy wid=w1&signal=quiet     the dashboard's button, answered by a redirect
//! ```
//!
//! In what is sent, `<x*9>` is nine times `x`, `<byte:ff>` a byte, `<now+2s>` and `<now-2s>` a time, `<hash:secret>` the proof of
//! a password for the greeting of this connection and `<hash1:secret>` its one-round form. In expected JSON the texts
//! `<any>`, `<time>`, `<count>` and `<absent>` stand for a value, a time of day within the last minute, an integer from 0 and no member.

use std::time::Duration;

use bessemer_core::time::Wall;
use bessemer_protocol::handshake::{Hi, password_hash};
use serde_json::Value;

/// A conversation.
pub(crate) struct Transcript {
    /// The server's environment.
    pub(crate) env: Vec<(String, String)>,
    /// What happens, with line numbers.
    pub(crate) steps: Vec<(usize, Step)>,
}

/// One thing that happens.
#[derive(Debug)]
pub(crate) enum Step {
    On { connection: String, hello: Option<String> },
    Send(Vec<String>),
    Close,
    HalfClose,
    Expect { reply: Expected, timing: Option<Timing> },
    Closed,
    Wait { path: String, value: Value },
    Post { path: String, form: String },
}

/// A reply that is expected.
#[derive(Debug)]
pub(crate) enum Expected {
    Line(String),
    Null,
    Bulk(String),
    Json(Value),
    /// The name of a batch, and by which name it goes here.
    Bid(String),
}

/// When it is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Timing {
    AtOnce,
    AfterTwoSeconds,
}

impl Timing {
    /// Whether a reply after this long is in time. The upper bounds leave room for a busy machine.
    pub(crate) fn fits(self, taken: Duration) -> bool {
        match self {
            Self::AtOnce => taken < Duration::from_millis(1500),
            Self::AfterTwoSeconds => taken > Duration::from_millis(1900) && taken < Duration::from_secs(4),
        }
    }
}

impl Transcript {
    /// Reads a transcript; the error names the line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let rules =
            text.lines().filter_map(|line| line.strip_prefix("# Rules:")).flat_map(str::split_whitespace);
        let (cited, strange): (Vec<&str>, Vec<&str>) = rules.partition(|rule| is_rule(rule));
        if cited.is_empty() || !strange.is_empty() {
            return Err(format!("cites no rules, or something that is none: {strange:?}"));
        }
        let mut transcript = Self { env: Vec::new(), steps: Vec::new() };
        for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
            transcript.line(number, line).map_err(|why| format!("line {number}: {why}"))?;
        }
        Ok(transcript)
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some((name, value)) = line.strip_prefix("server ").and_then(|pair| pair.split_once('=')) {
            self.env.push((name.to_owned(), value.to_owned()));
            return Ok(());
        }
        if let Some(bytes) = sent(line) {
            // Lines that follow each other leave in one packet.
            if let Some((before, Step::Send(parts))) = self.steps.last_mut()
                && *before + parts.len() == number
            {
                parts.push(bytes);
            } else {
                self.steps.push((number, Step::Send(vec![bytes])));
            }
            return Ok(());
        }
        self.steps.push((number, step(line)?));
        Ok(())
    }
}

/// `P-01`, `D10`, `3.3/36`, `J-05`: an id of a rule, a decision, or a row of the catalogue of bad inputs.
fn is_rule(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    match word.split_once(['-', '/']) {
        Some((section, row)) => section.len() <= 3 && digits(row),
        None => word.strip_prefix(['D', 'G']).is_some_and(digits),
    }
}

/// What a `C` line sends, if it sends anything.
fn sent(line: &str) -> Option<String> {
    if let Some(bytes) = line.strip_prefix("C~ ") {
        return Some(bytes.to_owned());
    }
    let text = line.strip_prefix("C: ").or_else(|| line.strip_prefix("C:").filter(|rest| rest.is_empty()))?;
    match text.strip_suffix('␊') {
        Some(bare) => Some(format!("{bare}\n")),
        None if text == "(close)" || text == "(half-close)" => None,
        None => Some(format!("{text}\r\n")),
    }
}

/// Any other line.
fn step(line: &str) -> Result<Step, String> {
    if let Some(name) = line.strip_prefix("== ") {
        let (name, hello) =
            name.split_once(": ").map_or((name, None), |(name, hello)| (name, Some(hello.to_owned())));
        return Ok(Step::On { connection: name.to_owned(), hello });
    }
    if let Some((path, value)) = line.strip_prefix("wait ").and_then(|rest| rest.split_once(" = ")) {
        let value = serde_json::from_str(value).map_err(|error| error.to_string())?;
        return Ok(Step::Wait { path: format!("/{}", path.replace('.', "/")), value });
    }
    if let Some((path, form)) = line.strip_prefix("post ").and_then(|rest| rest.split_once(' ')) {
        return Ok(Step::Post { path: path.to_owned(), form: form.to_owned() });
    }
    match line {
        "C: (close)" => return Ok(Step::Close),
        "C: (half-close)" => return Ok(Step::HalfClose),
        "S: (closed)" => return Ok(Step::Closed),
        _ => {}
    }
    let text = line.strip_prefix("S: ").ok_or_else(|| format!("not understood: {line}"))?;
    let (text, timing) = match (text.strip_suffix(" [after 2 s]"), text.strip_suffix(" [at once]")) {
        (Some(text), _) => (text, Some(Timing::AfterTwoSeconds)),
        (_, Some(text)) => (text, Some(Timing::AtOnce)),
        _ => (text, None),
    };
    Ok(Step::Expect { reply: expected(text)?, timing })
}

fn expected(text: &str) -> Result<Expected, String> {
    if text == "$-1" {
        return Ok(Expected::Null);
    }
    if let Some(name) = text.strip_prefix("$bid ") {
        return Ok(Expected::Bid(name.to_owned()));
    }
    if let Some(json) = text.strip_prefix("$ ") {
        return serde_json::from_str(json).map(Expected::Json).map_err(|error| error.to_string());
    }
    if let Some((length, bulk)) = text.strip_prefix('$').and_then(|rest| rest.split_once(' ')) {
        let says: usize = length.parse().map_err(|_| format!("not a length: {length}"))?;
        if says != bulk.len() {
            return Err(format!("the text has {} bytes, not {says}", bulk.len()));
        }
        return Ok(Expected::Bulk(bulk.to_owned()));
    }
    Ok(Expected::Line(text.to_owned()))
}

/// Fills in the placeholders of what is sent.
pub(crate) fn fill(text: &str, greeting: &str, now: Wall) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        bytes.extend_from_slice(&rest.as_bytes()[..open]);
        let close = open + rest[open..].find('>').unwrap_or(0);
        match placeholder(rest.get(open + 1..close).unwrap_or(""), greeting, now)? {
            Some(filled) => {
                bytes.extend_from_slice(&filled);
                rest = &rest[close + 1..];
            }
            // An ordinary `<`.
            None => {
                bytes.push(b'<');
                rest = &rest[open + 1..];
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

fn placeholder(name: &str, greeting: &str, now: Wall) -> Result<Option<Vec<u8>>, String> {
    if let Some((text, times)) = name.split_once('*')
        && let Ok(times) = times.parse()
    {
        return Ok(Some(text.as_bytes().repeat(times)));
    }
    if let Some(code) = name.strip_prefix("byte:") {
        return u8::from_str_radix(code, 16).map(|byte| Some(vec![byte])).map_err(|error| error.to_string());
    }
    if let Some(by) = name.strip_prefix("now").and_then(|rest| rest.strip_suffix('s')) {
        let seconds: i64 = by.parse().map_err(|_| format!("not a number of seconds: {by}"))?;
        return Ok(Some(Wall(now.0 + seconds * 1_000_000).rfc3339().into_bytes()));
    }
    let Some((kind, password)) = name.split_once(':').filter(|(kind, _)| ["hash", "hash1"].contains(kind))
    else {
        return Ok(None);
    };
    let hi = Hi::parse(greeting.strip_prefix('+').unwrap_or(greeting))
        .map_err(|error| format!("{greeting}: {error}"))?;
    let asked = hi.asks().ok_or_else(|| format!("no challenge in {greeting}"))?;
    let rounds = if kind == "hash" { asked.iterations } else { 1 };
    Ok(Some(password_hash(password, asked.salt, rounds).into_bytes()))
}

/// Whether a text fits a pattern in which `…` stands for any text.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    last.map_or(rest.is_empty(), |last| text.len() >= first.len() + last.len() && text.ends_with(last))
}

/// Texts that stand for something in expected JSON.
const PLACEHOLDERS: [&str; 4] = ["<any>", "<time>", "<count>", "<absent>"];

/// Where JSON differs from what is expected of it; `None` when it fits. Members that nobody expects are fine.
pub(crate) fn differs(expected: &Value, found: Option<&Value>, now: Wall) -> Option<String> {
    let placeholder = expected.as_str().filter(|text| PLACEHOLDERS.contains(text));
    match (placeholder, expected, found) {
        (Some("<absent>"), _, None) | (Some("<any>"), _, Some(_)) => None,
        (Some("<time>"), _, Some(Value::String(text))) => {
            let off = Wall::parse(text).map_or(i64::MAX, |time| (now.0 - time.0).abs());
            (off > 60_000_000 || !text.ends_with('Z')).then(|| format!("{text} is no time of about now"))
        }
        (Some("<count>"), _, Some(value)) => (!value.is_u64()).then(|| format!("{value} is no count")),
        (None, Value::Object(members), Some(Value::Object(there))) => {
            members.iter().find_map(|(name, value)| {
                differs(value, there.get(name), now).map(|why| format!("{name}: {why}"))
            })
        }
        (None, Value::Array(items), Some(Value::Array(there))) if items.len() == there.len() => {
            items.iter().zip(there).find_map(|(item, there)| differs(item, Some(there), now))
        }
        (None, _, Some(found)) if expected == found => None,
        (_, _, found) => {
            Some(format!("expected {expected}, found {}", found.map_or("nothing".into(), Value::to_string)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Wall = Wall(1_767_323_045_000_000);

    #[test]
    fn a_transcript_is_read_line_by_line() {
        let text =
            "# Rules: H-10 D10 3.3/36\nserver A=b\n== a\nC: X\nC: Y␊\nS: +OK [at once]\n\nC~ Z\nC: (close)\n";
        let read = Transcript::parse(text).expect("a transcript");
        assert_eq!(read.env, [("A".to_owned(), "b".to_owned())]);
        let steps: Vec<String> = read.steps.iter().map(|(line, step)| format!("{line} {step:?}")).collect();
        assert_eq!(
            steps,
            [
                r#"3 On { connection: "a", hello: None }"#,
                r#"4 Send(["X\r\n", "Y\n"])"#,
                r#"6 Expect { reply: Line("+OK"), timing: Some(AtOnce) }"#,
                r#"8 Send(["Z"])"#,
                "9 Close",
            ]
        );
    }

    #[test]
    fn mistakes_in_a_transcript_are_named() {
        for (text, why) in [
            ("C: X\n", "cites no rules"),
            ("# Rules: soon\n", "cites no rules"),
            ("# Rules: H-10\nX: y\n", "line 2: not understood"),
            ("# Rules: H-10\nS: $3 four\n", "line 2: the text has 4 bytes"),
        ] {
            let error = Transcript::parse(text).err().unwrap_or_default();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn placeholders_are_filled_in() {
        let fill = |text| {
            String::from_utf8(fill(text, "+HI {\"v\":2,\"i\":1545,\"s\":\"55104dc76695721d\"}", NOW).unwrap())
        };
        assert_eq!(fill("a<x*3>b <now+2s> <b> 1<2").unwrap(), "axxxb 2026-01-02T03:04:07Z <b> 1<2");
        let hash = "6d877f8e5544b1f2598768f817413ab8a357afffa924dedae99eb91472d4ec30";
        assert_eq!(fill("<hash:foobar>").unwrap(), hash);
    }

    #[test]
    fn replies_are_compared() {
        assert!(fits("+OK", "+OK") && !fits("+OK", "+OKAY") && !fits("+OK", "+O"));
        assert!(
            fits("-ERR a…", "-ERR a b") && fits("-ERR …: x", "-ERR a: x") && !fits("-ERR …: x", "-ERR a: xy")
        );
        let found: Value = serde_json::from_str(r#"{"a":1,"b":["x"],"t":"2026-01-02T03:04:05.1Z"}"#).unwrap();
        let differs = |text: &str| differs(&serde_json::from_str(text).unwrap(), Some(&found), NOW).is_some();
        assert!(!differs(r#"{"a":1,"b":["x"],"t":"<time>","c":"<absent>"}"#));
        assert!(!differs(r#"{"a":"<count>","b":"<any>"}"#));
        for wrong in [r#"{"a":2}"#, r#"{"b":[]}"#, r#"{"a":"<absent>"}"#, r#"{"c":1}"#, r#"{"a":"<time>"}"#] {
            assert!(differs(wrong), "{wrong}");
        }
    }
}
