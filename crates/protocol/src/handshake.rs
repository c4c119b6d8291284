//! The handshake: the server's HI, the client's HELLO, and the password that never travels.
//!
//! ```text
//!  server ──  +HI {"v":2,"i":4711,"s":"1a2b3c"}  ──►  client
//!  server ◄──  HELLO {"v":2,"wid":"…","pwdhash":"…"}  ──  client
//!  server ──  +OK   or   -ERR …, then close  ──►  client
//! ```

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::object::{Object, integer};
use crate::response::ErrorCode;
use crate::text::{Lossy, check_strict, cut, json_error};

/// The version of the protocol that everybody speaks.
pub const VERSION: u8 = 2;

/// Rounds that a client is willing to hash; servers ask for 4,000 to 8,095 (`H-11`). A hostile one may not keep it
/// busy for longer than a tenth of a second.
pub const ITERATIONS_MAX: u32 = 1_000_000;

/// Bytes of a worker's id.
pub const WID_MAX: usize = 255;

/// Bytes of a host name that are kept; DNS knows no longer ones.
pub const HOSTNAME_MAX: usize = 255;

/// Labels of a worker that are kept, and bytes of each.
pub const LABELS_MAX: usize = 32;
/// See [`LABELS_MAX`].
pub const LABEL_MAX: usize = 100;

/// Resident memory that is believed, in KiB: a tebibyte of kibibytes.
pub const RSS_KB_MAX: u64 = 1 << 40;

/// The feature of a client that wants the token of each delivery, and may end jobs by it (`G9`).
pub const FEATURE_LEASE: &str = "lease";

/// Features of a client that are kept, and bytes of each: nobody knows more.
pub const FEATURES_MAX: usize = 32;
/// See [`FEATURES_MAX`].
pub const FEATURE_MAX: usize = 100;

/// The server's greeting (rules `H-10`, `H-11`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hi {
    v: u8,
    /// Rounds of hashing, and the salt: both or neither.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    iterations: Option<u32>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
}

/// What a client needs to prove that it knows the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// Rounds of hashing, at least 1.
    pub iterations: u32,
    /// Hashed behind the password, as the text that was sent.
    pub salt: &'a str,
}

/// A greeting that a client cannot go on with.
#[derive(Debug, thiserror::Error)]
pub enum HiError {
    #[error("the server's first line is not a HI: {0:?}")]
    NotHi(String),
    #[error("the server's HI is malformed")]
    Json(#[from] serde_json::Error),
    #[error("the server speaks version {0} of the protocol, this client {VERSION}")]
    Version(u8),
    #[error("the server's HI asks for a password with only one of rounds and salt")]
    HalfChallenge,
    #[error("the server's HI asks for {0} rounds of hashing, which is not in 1..={ITERATIONS_MAX}")]
    Iterations(u32),
}

impl Hi {
    /// The greeting of a server without a password.
    pub const fn open() -> Self {
        Self { v: VERSION, iterations: None, salt: None }
    }

    /// The greeting of a server with a password. The salt must be new for each connection, and without spaces:
    /// the Node client takes the text up to the next one.
    pub fn challenge(iterations: u32, salt: impl Into<String>) -> Self {
        let salt = salt.into();
        debug_assert!(!salt.contains(char::is_whitespace), "the salt holds white space");
        Self { v: VERSION, iterations: Some(iterations), salt: Some(salt) }
    }

    /// Appends the greeting as a line.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"+HI ");
        serde_json::to_writer(&mut *out, self).expect("a greeting is numbers and text");
        out.extend_from_slice(b"\r\n");
    }

    /// Reads the text of the first reply, without its plus sign.
    pub fn parse(line: &str) -> Result<Self, HiError> {
        let json = line.strip_prefix("HI ").ok_or_else(|| HiError::NotHi(line.chars().take(80).collect()))?;
        let hi: Self = serde_json::from_str(json)?;
        if hi.v != VERSION {
            return Err(HiError::Version(hi.v));
        }
        if hi.iterations.is_some() != hi.salt.is_some() {
            return Err(HiError::HalfChallenge);
        }
        match hi.iterations {
            Some(rounds) if !(1..=ITERATIONS_MAX).contains(&rounds) => Err(HiError::Iterations(rounds)),
            _ => Ok(hi),
        }
    }

    /// What proves the password, if the server has one.
    pub fn asks(&self) -> Option<Challenge<'_>> {
        Some(Challenge { iterations: self.iterations?, salt: self.salt.as_deref()? })
    }
}

/// The hash of a password, in lower-case hexadecimal (rule `H-12`): SHA-256 of password and salt, then of its own
/// 32 bytes until `iterations` rounds are done. Fewer than one count as one.
pub fn password_hash(password: &str, salt: &str, iterations: u32) -> String {
    let mut hash = Sha256::new().chain_update(password).chain_update(salt).finalize();
    for _ in 1..iterations {
        hash = Sha256::digest(hash);
    }
    hash.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| b"0123456789abcdef"[nibble as usize] as char)
        .collect()
}

/// What a client says of itself. A client without a `wid` only pushes; one with a `wid` is a worker (`H-22`).
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Hello {
    /// The version that the client speaks; absent in one that real clients send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v: Option<u8>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub wid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hostname: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// See [`password_hash`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pwdhash: String,
    #[serde(skip_serializing_if = "is_zero")]
    pub rss_kb: u64,
    /// What it knows of beyond the protocol of others, such as [`FEATURE_LEASE`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
}

/// Why a HELLO was refused; the text is what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// The line is something else.
    #[error("expected HELLO")]
    Expected,
    #[error("invalid HELLO: invalid UTF-8 at byte {0}")]
    Utf8(usize),
    /// No JSON, or a known member twice.
    #[error("invalid HELLO: {0}")]
    Json(String),
    #[error("invalid HELLO: trailing data")]
    Trailing,
    /// This member has the wrong type or is out of range.
    #[error("invalid HELLO: {0}")]
    Member(&'static str),
}

impl HelloError {
    /// The code that goes with the text.
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::Err
    }
}

impl Hello {
    /// Reads the first line of a client, without its line end (rules `H-15`, `H-17`, `H-18`): unknown members are
    /// ignored, null is absent, host name and labels are clipped, everything else must be of its type and in range.
    pub fn parse(line: &[u8]) -> Result<Self, HelloError> {
        let json =
            line.strip_prefix(b"HELLO ").filter(|json| json.starts_with(b"{")).ok_or(HelloError::Expected)?;
        let json = std::str::from_utf8(json)
            .map_err(|e| HelloError::Utf8(line.len() - json.len() + e.valid_up_to()))?;
        let malformed = |e: serde_json::Error| HelloError::Json(json_error(&e, 0));
        let mut reader = serde_json::Deserializer::from_str(json);
        let Object(members) = Object::<Members<'_>>::deserialize(&mut reader).map_err(malformed)?;
        reader.end().map_err(|_| HelloError::Trailing)?;
        check_strict(json).map_err(malformed)?;

        let _: Lossy<'_> = read("username", members.username)?; // Only for proxies, but its type is checked.
        let wid: String = read("wid", members.wid)?;
        if wid.len() > WID_MAX || wid.contains(char::is_control) {
            return Err(HelloError::Member("wid"));
        }
        Ok(Self {
            v: number("v", members.v)?,
            wid,
            hostname: clip(&read("hostname", members.hostname)?, HOSTNAME_MAX),
            pid: number("pid", members.pid)?,
            labels: texts("labels", members.labels, LABELS_MAX, LABEL_MAX)?,
            pwdhash: read("pwdhash", members.pwdhash)?,
            rss_kb: number("rss_kb", members.rss_kb)?.unwrap_or(0).min(RSS_KB_MAX),
            features: texts("features", members.features, FEATURES_MAX, FEATURE_MAX)?,
        })
    }

    /// Appends the HELLO as a line.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"HELLO ");
        serde_json::to_writer(&mut *out, self).expect("a HELLO is numbers and text");
        out.extend_from_slice(b"\r\n");
    }

    /// Whether the client takes jobs (`H-22`, `H-23`).
    pub fn is_worker(&self) -> bool {
        !self.wid.is_empty()
    }

    /// Whether it wants the token of each delivery (`G9`).
    pub fn wants_leases(&self) -> bool {
        self.features.iter().any(|feature| feature == FEATURE_LEASE)
    }

    /// Whether the client hashes in one round whatever it was told: it sent no `v`, or an old one (`H-13`, `D1`).
    pub fn is_legacy(&self) -> bool {
        self.v.is_none_or(|v| v < VERSION)
    }

    /// Whether the client proved that it knows `password`. Takes the same time for every wrong hash.
    pub fn proves(&self, password: &str, challenge: Challenge<'_>) -> bool {
        let rounds = if self.is_legacy() { 1 } else { challenge.iterations };
        let want = password_hash(password, challenge.salt, rounds);
        // A hash of the wrong length is compared all the same, so that it costs what any other costs.
        let mut given = [0; 64];
        let fits = self.pwdhash.len() == given.len();
        if fits {
            given.copy_from_slice(self.pwdhash.as_bytes());
        }
        bool::from(want.as_bytes().ct_eq(&given)) && fits
    }
}

impl std::fmt::Debug for Hello {
    /// Leaves the hash out: it is worth guessing at.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { v, wid, hostname, pid, labels, pwdhash: _, rss_kb, features } = self;
        let mut fields = f.debug_struct("Hello");
        fields.field("v", v).field("wid", wid).field("hostname", hostname).field("pid", pid);
        fields
            .field("labels", labels)
            .field("rss_kb", rss_kb)
            .field("features", features)
            .finish_non_exhaustive()
    }
}

/// The known members, each still a text, so that one of the wrong type is named; null is the same as absent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Members<'a> {
    #[serde(borrow)]
    v: Option<&'a RawValue>,
    #[serde(borrow)]
    wid: Option<&'a RawValue>,
    #[serde(borrow)]
    hostname: Option<&'a RawValue>,
    #[serde(borrow)]
    pid: Option<&'a RawValue>,
    #[serde(borrow)]
    labels: Option<&'a RawValue>,
    #[serde(borrow)]
    pwdhash: Option<&'a RawValue>,
    #[serde(borrow)]
    username: Option<&'a RawValue>,
    #[serde(borrow)]
    rss_kb: Option<&'a RawValue>,
    #[serde(borrow)]
    features: Option<&'a RawValue>,
}

/// A member of its type; absent it is that type's empty value.
fn read<'a, T: Deserialize<'a> + Default>(
    name: &'static str,
    member: Option<&'a RawValue>,
) -> Result<T, HelloError> {
    member
        .map_or(Ok(T::default()), |raw| serde_json::from_str(raw.get()).map_err(|_| HelloError::Member(name)))
}

/// An integer in the range of its type.
fn number<T: FromStr>(name: &'static str, member: Option<&RawValue>) -> Result<Option<T>, HelloError> {
    let number = member.map(|raw| integer::<T, serde_json::Error>(raw.get())).transpose();
    number.map_err(|_| HelloError::Member(name))
}

/// As many as are kept, each clipped; all must be texts.
fn texts(
    name: &'static str,
    member: Option<&RawValue>,
    most: usize,
    bytes: usize,
) -> Result<Vec<String>, HelloError> {
    let texts: Vec<Lossy<'_>> = read(name, member)?;
    Ok(texts.iter().take(most).map(|text| clip(text, bytes)).collect())
}

/// Cuts a text to `max` bytes, between two characters.
fn clip(text: &Lossy<'_>, max: usize) -> String {
    cut(&text.0, max).to_owned()
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn hello(json: &str) -> Result<Hello, HelloError> {
        Hello::parse(format!("HELLO {json}").as_bytes())
    }

    #[test]
    fn the_greeting_has_these_bytes_and_no_others_h10_h11() {
        assert_eq!(line(|out| Hi::open().encode(out)), "+HI {\"v\":2}\r\n");
        let hi = Hi::challenge(4711, "1a2b3c");
        assert_eq!(line(|out| hi.encode(out)), "+HI {\"v\":2,\"i\":4711,\"s\":\"1a2b3c\"}\r\n");
        assert_eq!(hi.asks(), Some(Challenge { iterations: 4711, salt: "1a2b3c" }));
        assert_eq!(Hi::open().asks(), None);
    }

    #[test]
    fn a_client_reads_the_greeting_or_says_what_is_wrong() {
        assert_eq!(Hi::parse(r#"HI {"v":2}"#).unwrap(), Hi::open());
        assert_eq!(Hi::parse(r#"HI {"v":2,"x":1,"s":"ab","i":5}"#).unwrap(), Hi::challenge(5, "ab"));
        for (line, text) in [
            ("OK", "the server's first line is not a HI: \"OK\""),
            ("HI {", "the server's HI is malformed"),
            (r#"HI {"v":3}"#, "the server speaks version 3 of the protocol, this client 2"),
            (r#"HI {"v":2,"i":5}"#, "the server's HI asks for a password with only one of rounds and salt"),
            (
                r#"HI {"v":2,"i":0,"s":"a"}"#,
                "the server's HI asks for 0 rounds of hashing, which is not in 1..=1000000",
            ),
            (
                r#"HI {"v":2,"i":1000001,"s":"a"}"#,
                "the server's HI asks for 1000001 rounds of hashing, which is not in 1..=1000000",
            ),
        ] {
            assert_eq!(Hi::parse(line).unwrap_err().to_string(), text, "{line}");
        }
    }

    #[test]
    fn passwords_are_hashed_by_the_published_vectors_h12() {
        for (password, salt, iterations, hash) in [
            (
                "foobar",
                "55104dc76695721d",
                1545,
                "6d877f8e5544b1f2598768f817413ab8a357afffa924dedae99eb91472d4ec30",
            ),
            (
                "secret",
                "1a2b3c4d5e6f",
                4000,
                "2370c351adee1042ac9cb87b6277e42140a25cafc67cd8d26efa832f8901e45d",
            ),
            ("secret", "1a2b3c4d5e6f", 1, "f2df2e83ab69cb548293a691de1651a20b7f4fa990fe0e722ae3b840ca87153d"),
        ] {
            assert_eq!(password_hash(password, salt, iterations), hash);
        }
    }

    #[test]
    fn a_password_is_proved_by_the_rounds_of_the_clients_version_h13() {
        let challenge = Challenge { iterations: 4000, salt: "1a2b3c4d5e6f" };
        let proves = |v, rounds| {
            let pwdhash = password_hash("secret", challenge.salt, rounds);
            Hello { v, pwdhash, ..Hello::default() }.proves("secret", challenge)
        };
        assert!(proves(Some(2), 4000) && proves(Some(3), 4000));
        assert!(proves(None, 1) && proves(Some(0), 1) && proves(Some(1), 1));
        assert!(!proves(Some(2), 1) && !proves(None, 4000) && !proves(Some(2), 3999));
    }

    #[test]
    fn wrong_hashes_of_every_shape_prove_nothing_h12() {
        let challenge = Challenge { iterations: 1, salt: "ab" };
        let right = password_hash("secret", "ab", 1);
        let zeros = "\0".repeat(64);
        for pwdhash in ["", &right[1..], &right.to_uppercase(), &format!("{right} "), &zeros, &"é".repeat(32)]
        {
            let hello = Hello { v: Some(2), pwdhash: pwdhash.to_owned(), ..Hello::default() };
            assert!(!hello.proves("secret", challenge), "{pwdhash:?}");
        }
        assert!(!Hello { v: Some(2), pwdhash: right, ..Hello::default() }.proves("Secret", challenge));
    }

    #[test]
    fn what_real_clients_say_is_understood_h17() {
        let go =
            r#"{"hostname":"vm","wid":"","username":"","pwdhash":"","labels":["golang"],"pid":4242,"v":2}"#;
        let go = hello(go).unwrap();
        assert_eq!((go.v, go.hostname.as_str(), go.pid, go.is_worker()), (Some(2), "vm", Some(4242), false));
        let python = r#"{"hostname": "vm", "pid": 7, "labels": ["python"], "wid": "w1234567"}"#;
        let python = hello(python).unwrap();
        assert!(python.is_worker() && python.is_legacy());
        let ruby =
            r#"{"wid":null,"username":null,"labels":null,"pid":null,"rss_kb":null,"v":2,"new":{"a":[1]}}"#;
        assert_eq!(hello(ruby).unwrap(), Hello { v: Some(2), ..Hello::default() });
        assert_eq!(hello("{}").unwrap(), Hello::default());
        // `J-01`, `F-08`
        let odd = r#"{"v":-0,"pid":-0,"rss_kb":-0,"hostname":"\ud800h","labels":["\udc00"],"username":"\ud800","\ud800":1}"#;
        let (hostname, labels) = ("\u{fffd}h".into(), vec!["\u{fffd}".into()]);
        let read = Hello { v: Some(0), pid: Some(0), hostname, labels, ..Hello::default() };
        assert_eq!(hello(odd).unwrap(), read);
    }

    #[test]
    fn what_is_no_hello_gets_one_clear_line_h15_h18_row_9_row_10_row_15_row_16() {
        let wid = |len: usize| format!(r#"{{"wid":"{}"}}"#, "w".repeat(len));
        let nested = |name: &str| format!(r#"{{"{name}":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(hello(&wid(WID_MAX)).unwrap().wid.len(), WID_MAX);
        assert_eq!(hello(&nested("future")), Ok(Hello::default()));
        for (json, text) in [
            ("", "expected HELLO"),
            (" {}", "expected HELLO"),
            ("[2]", "expected HELLO"),
            ("{", "invalid HELLO: EOF while parsing an object at byte 1"),
            (r#"{"v":2,"v":2}"#, "invalid HELLO: duplicate field v at byte 10"),
            (r#"{"v":1,"v":-0}"#, "invalid HELLO: duplicate field v at byte 10"),
            (
                "{\"a\tb\":1}",
                "invalid HELLO: control character (\\u0000-\\u001F) found while parsing a string at byte 3",
            ),
            (r#"{"v":2,}"#, "invalid HELLO: trailing comma at byte 8"),
            (r#"{'v':2}"#, "invalid HELLO: key must be a string at byte 2"),
            (r#"{"v":02}"#, "invalid HELLO: invalid number at byte 7"),
            ("{} x", "invalid HELLO: trailing data"),
            (r#"{"v":256}"#, "invalid HELLO: v"),
            (r#"{"v":9223372036854775808}"#, "invalid HELLO: v"),
            (r#"{"v":-1}"#, "invalid HELLO: v"),
            (r#"{"v":2.0}"#, "invalid HELLO: v"),
            (r#"{"v":-0.0}"#, "invalid HELLO: v"),
            (r#"{"v":"2"}"#, "invalid HELLO: v"),
            (&wid(WID_MAX + 1), "invalid HELLO: wid"),
            (r#"{"wid":"a\nb"}"#, "invalid HELLO: wid"),
            (r#"{"wid":1}"#, "invalid HELLO: wid"),
            (r#"{"wid":"\u0000"}"#, "invalid HELLO: wid"),
            (r#"{"wid":"\ud800"}"#, "invalid HELLO: wid"),
            (r#"{"v":1e400}"#, "invalid HELLO: v"),
            (&nested("labels"), "invalid HELLO: labels"),
            (&nested("v"), "invalid HELLO: v"),
            (r#"{"hostname":["h"]}"#, "invalid HELLO: hostname"),
            (r#"{"pid":-1}"#, "invalid HELLO: pid"),
            (r#"{"pid":"12"}"#, "invalid HELLO: pid"),
            (r#"{"pid":4294967296}"#, "invalid HELLO: pid"),
            (r#"{"labels":"x"}"#, "invalid HELLO: labels"),
            (r#"{"labels":[1]}"#, "invalid HELLO: labels"),
            (r#"{"labels":[null]}"#, "invalid HELLO: labels"),
            (r#"{"pwdhash":1}"#, "invalid HELLO: pwdhash"),
            (r#"{"username":true}"#, "invalid HELLO: username"),
            (r#"{"rss_kb":1180591620717411303424}"#, "invalid HELLO: rss_kb"),
        ] {
            assert_eq!(hello(json).unwrap_err().to_string(), text, "{json}");
        }
        assert_eq!(Hello::parse(b"PUSH {}"), Err(HelloError::Expected));
        assert_eq!(Hello::parse(b"hello {}"), Err(HelloError::Expected));
        assert_eq!(Hello::parse(b"HELLO {\"wid\":\"\xff\"}"), Err(HelloError::Utf8(14)));
    }

    #[test]
    fn boundless_texts_are_clipped_between_characters_row_18() {
        let long = "é".repeat(200);
        let many = format!("[{}]", vec![format!("{long:?}"); LABELS_MAX + 5].join(","));
        let json = format!(r#"{{"hostname":"{long}","labels":{many},"rss_kb":18446744073709551615}}"#);
        let hello = hello(&json).unwrap();
        assert_eq!(hello.hostname, "é".repeat(HOSTNAME_MAX / 2));
        assert_eq!(hello.labels, vec!["é".repeat(LABEL_MAX / 2); LABELS_MAX]);
        assert_eq!(hello.rss_kb, RSS_KB_MAX);
    }

    #[test]
    fn a_hello_that_is_written_is_read_back() {
        let worker = Hello {
            v: Some(VERSION),
            wid: "w1234567".into(),
            hostname: "vm".into(),
            pid: Some(7),
            labels: vec!["rust".into()],
            pwdhash: "ab".into(),
            rss_kb: 9,
            features: vec![FEATURE_LEASE.into()],
        };
        for hello in [worker, Hello { v: Some(VERSION), ..Hello::default() }] {
            let line = line(|out| hello.encode(out));
            assert_eq!(Hello::parse(line.trim_end().as_bytes()).unwrap(), hello);
        }
    }

    #[test]
    fn the_debug_form_leaves_the_hash_out() {
        let hello = Hello { pwdhash: "f2df2e83".into(), ..Hello::default() };
        assert!(!format!("{hello:?}").contains("f2df"));
    }
}
