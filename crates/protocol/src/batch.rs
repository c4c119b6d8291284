//! BATCH: what a client says of a batch, and the documents that it gets (rules `E-01` to `E-05`).
//!
//! NEW, OPEN, COMMIT and STATUS are Faktory's. CANCEL, LIST, SHOW and CHECK are our own, for operators.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::job::{Job, JobError, ParseError};
use crate::limits::{BATCH_DESCRIPTION_MAX, CALLBACK_MAX};
use crate::object::{int, read};
use crate::operate::ListedJob;
use crate::text::{Lossy, json_error};

/// A BATCH NEW that may not be; the text is what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    #[error("invalid batch: {0}")]
    Json(String),
    #[error("invalid batch: it needs a success, complete or death callback")]
    NoCallback,
    #[error("invalid batch: a description of {0} bytes, limit {BATCH_DESCRIPTION_MAX}")]
    Description(usize),
    #[error("invalid batch: a {0} callback of {1} bytes, limit {CALLBACK_MAX}")]
    Callback(&'static str, usize),
    #[error("invalid {0} callback: {1}")]
    Parse(&'static str, ParseError),
    #[error("invalid {0} callback: {1}")]
    Job(&'static str, JobError),
}

/// The payload of BATCH NEW. Members that mean nothing here are passed over: one client sends an empty `bid`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewBatch<'a> {
    #[serde(borrow)]
    description: Option<Lossy<'a>>,
    #[serde(borrow)]
    parent_bid: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "present")]
    success: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "present")]
    complete: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "present")]
    death: Option<&'a RawValue>,
}

/// `null` is nothing.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    let raw = Option::<&'a RawValue>::deserialize(deserializer).map_err(D::Error::custom)?;
    Ok(raw.filter(|raw| raw.get() != "null"))
}

/// The names of the callbacks, in the order of [`NewBatch::callbacks`].
pub const CALLBACKS: [&str; 3] = ["success", "complete", "death"];

/// A jid for a callback whose client gave none, until the server has one.
const PLACE: &str = "callback";

impl<'a> NewBatch<'a> {
    /// Reads and checks a batch; its callbacks are jobs by the rules of PUSH.
    pub fn parse(text: &'a str) -> Result<Self, BatchError> {
        let batch: Self = read(text).map_err(|e| BatchError::Json(json_error(&e, 0)))?;
        let description = batch.description().len();
        if description > BATCH_DESCRIPTION_MAX {
            return Err(BatchError::Description(description));
        }
        let callbacks = batch.callbacks();
        if callbacks.iter().all(Option::is_none) {
            return Err(BatchError::NoCallback);
        }
        for (name, text) in CALLBACKS.into_iter().zip(callbacks) {
            let Some(text) = text else { continue };
            if text.len() > CALLBACK_MAX {
                return Err(BatchError::Callback(name, text.len()));
            }
            let job = Job::parse(text).map_err(|why| BatchError::Parse(name, why))?;
            job.or_jid(PLACE).or_no_args().check().map_err(|why| BatchError::Job(name, why))?;
        }
        Ok(batch)
    }

    pub fn description(&self) -> &str {
        self.description.as_ref().map_or("", |text| &text.0)
    }

    /// The batch that it is a part of (rule `E-11`); an empty name is none.
    pub fn parent_bid(&self) -> Option<&str> {
        self.parent_bid.as_deref().filter(|bid| !bid.is_empty())
    }

    /// The jobs to be pushed in the end, as they came: see [`CALLBACKS`].
    pub fn callbacks(&self) -> [Option<&'a str>; 3] {
        [self.success, self.complete, self.death].map(|raw| raw.map(RawValue::get))
    }
}

/// The text of a callback as it is stored, out of one that [`NewBatch::parse`] has checked: with whatever the client left
/// out, and with `custom._bid`, `custom._pbid` and `custom._cb` (rule `E-10`). It is no member of a batch itself. `None`: it was not
/// checked.
pub fn callback(
    text: &str,
    jid: &str,
    which: &str,
    bid: &str,
    parent: Option<&str>,
    now: &str,
) -> Option<Vec<u8>> {
    let job = Job::parse(text).ok()?;
    let custom = custom(job.custom(), which, bid, parent)?;
    let job = job.or_jid(jid).or_no_args().with_custom(&custom).check().ok()?;
    let mut out = Vec::with_capacity(text.len() + 128);
    job.write(now, &mut out);
    Some(out)
}

/// The members of `custom` in their order, but for those that the server writes.
fn custom(said: Option<&str>, which: &str, bid: &str, parent: Option<&str>) -> Option<String> {
    let said: Members<'_> = said.map_or(Some(Members::default()), |said| read(said).ok())?;
    let mut out = String::from("{");
    for (name, value) in said.0.iter().filter(|(name, _)| !OURS.contains(&&**name)) {
        out.push_str(&serde_json::to_string(name).ok()?);
        out.push(':');
        out.push_str(value.get());
        out.push(',');
    }
    let ours = [("_bid", Some(bid)), ("_pbid", parent), ("_cb", Some(which))];
    let ours = ours
        .iter()
        .filter_map(|(name, value)| Some(format!("\"{name}\":{}", serde_json::to_string((*value)?).ok()?)));
    out.push_str(&ours.collect::<Vec<_>>().join(","));
    out.push('}');
    Some(out)
}

const OURS: [&str; 4] = ["bid", "_bid", "_pbid", "_cb"];

/// An object as it was written.
#[derive(Default)]
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// The reply to BATCH STATUS (rule `E-05`). What one client takes for a parent must not be there without one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchStatus {
    pub bid: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent_bid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    pub created_at: String,
    /// Jobs that were pushed with its bid.
    pub total: u64,
    /// Those of them that are not ACKed.
    pub pending: u64,
    /// Those of these whose last run failed.
    pub failed: u64,
    /// `""`, `"1"` once the callback was pushed, `"2"` once it was ACKed.
    pub complete_st: String,
    pub success_st: String,
    /// Our own, as all that follow, and there only where they say something: of the death callback.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub death_st: String,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub cancelled: bool,
}

/// The payload of BATCH LIST.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchFilter {
    /// Only those in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<BatchState>,
    /// Only the children of this batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_bid: Option<String>,
    /// Where the reply before said that the next one begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many, at most. The server has a limit of its own.
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
}

impl BatchFilter {
    /// Reads a payload; none at all means every batch. The error is what the client is told.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        read(text).map_err(|e| format!("invalid filter: {}", json_error(&e, 0)))
    }
}

/// How a batch stands, in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum BatchState {
    /// Not committed, or opened again: no callback is pushed.
    #[default]
    Open,
    /// Committed, and something is still to come.
    Running,
    /// It will not succeed as things stand: a member died, was deleted or expired, or is to be tried again, and all others are done.
    Failing,
    /// Every member and every callback was ACKed.
    Succeeded,
    /// Over, without success.
    Failed,
    Cancelled,
}

impl BatchState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Running, Self::Failing, Self::Succeeded, Self::Failed, Self::Cancelled];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Running => "running",
            Self::Failing => "failing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of this name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl TryFrom<String> for BatchState {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        Self::named(&word).ok_or("expected open, running, failing, succeeded, failed or cancelled")
    }
}

/// A batch in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedBatch {
    pub state: BatchState,
    #[serde(flatten)]
    pub status: BatchStatus,
    /// Batches whose parent it is, ever.
    pub children: u64,
    /// When it is forgotten, or closed; none: not as things stand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<String>,
}

/// The reply to BATCH LIST, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPage {
    pub batches: Vec<ListedBatch>,
    /// Where the next page begins; a page may be short, even empty, and not be the last.
    pub next: Option<String>,
    /// All that are known, whether they match or not.
    pub total: u64,
}

/// The reply to BATCH SHOW and BATCH CHECK: what a batch waits for, and what of it was repaired.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BatchReport {
    #[serde(flatten)]
    pub batch: ListedBatch,
    /// Sentences; none: nothing is to come.
    pub waits: Vec<String>,
    /// Members that are not ACKed by where they are.
    pub members: MemberCounts,
    /// The first of those that live.
    pub jobs: Vec<ListedJob>,
    /// Things that stood wrong and were put right.
    pub repaired: u64,
}

/// Where members are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberCounts {
    pub working: u64,
    pub queued: u64,
    pub retrying: u64,
    pub scheduled: u64,
    pub dead: u64,
    pub discarded: u64,
    /// Ended otherwise than by ACK.
    pub gone: u64,
    pub done: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        NewBatch::parse(text).map(|_| ()).expect_err(text).to_string()
    }

    #[test]
    fn a_batch_says_what_clients_say_e01() {
        let batch =
            NewBatch::parse(r#"{"description":"d","parent_bid":"b-1","success":{"jobtype":"S"},"bid":""}"#)
                .expect("fine");
        assert_eq!((batch.description(), batch.parent_bid()), ("d", Some("b-1")));
        assert_eq!(batch.callbacks(), [Some(r#"{"jobtype":"S"}"#), None, None]);
        let odd = r#"{"description":"\ud800","\ud800":1,"success":{"jobtype":"S"}}"#;
        assert_eq!(NewBatch::parse(odd).expect("F-08").description(), "\u{fffd}");
        for bare in [
            r#"{"parent_bid":"","complete":{"jobtype":"C"},"success":null}"#,
            r#"{"description":null,"parent_bid":null,"success":null,"complete":{"jobtype":"C"},"death":null,"x":[null]}"#,
        ] {
            let bare = NewBatch::parse(bare).expect("fine");
            assert_eq!((bare.description(), bare.parent_bid()), ("", None));
            assert_eq!(bare.callbacks(), [None, Some(r#"{"jobtype":"C"}"#), None]);
        }
    }

    #[test]
    fn what_may_not_be_is_said_in_one_line() {
        assert_eq!(error("{}"), "invalid batch: it needs a success, complete or death callback");
        for text in ["[]", "null", "7", r#""x""#] {
            assert_eq!(error(text), "invalid batch: expected an object", "{text}");
        }
        assert!(error("{").starts_with("invalid batch: "));
        assert_eq!(
            error(r#"{"success":{"args":[]}}"#),
            "invalid success callback: jobs must have a jobtype parameter"
        );
        assert!(error(r#"{"death":{"jobtype":"T","args":7}}"#).starts_with("invalid death callback: "));
        let described =
            |len: usize| format!(r#"{{"description":"{}","success":{{"jobtype":"T"}}}}"#, "d".repeat(len));
        assert!(NewBatch::parse(&described(BATCH_DESCRIPTION_MAX)).is_ok());
        assert_eq!(
            error(&described(BATCH_DESCRIPTION_MAX + 1)),
            "invalid batch: a description of 1025 bytes, limit 1024"
        );
        let called = |len: usize| {
            let job = format!(r#"{{"jobtype":"T","args":["{}"]}}"#, "a".repeat(len - 27));
            assert_eq!(job.len(), len);
            format!(r#"{{"success":{job}}}"#)
        };
        assert!(NewBatch::parse(&called(CALLBACK_MAX)).is_ok());
        assert!(error(&called(CALLBACK_MAX + 1)).ends_with("a success callback of 16385 bytes, limit 16384"));
    }

    #[test]
    fn states_are_named_as_they_are_sent() {
        for state in BatchState::ALL {
            let filter = BatchFilter::parse(&format!(r#"{{"state":"{}","count":-0}}"#, state.as_str()));
            assert_eq!(filter.map(|filter| (filter.state, filter.count)), Ok((Some(state), Some(0))));
        }
        assert_eq!(
            BatchFilter::parse(r#"{"state":"done"}"#),
            Err("invalid filter: expected open, running, failing, succeeded, failed or cancelled at byte 16"
                .into())
        );
    }

    #[test]
    fn a_callback_is_filled_in_and_knows_its_batch_e10() {
        let made = |text: &str, parent| {
            String::from_utf8(callback(text, "jid-12345", "success", "b-x", parent, "now").expect("a job"))
                .expect("text")
        };
        assert_eq!(
            made(r#"{"jobtype":"T","custom":{"\ud800":"\ud800"}}"#, None)
                .replace("\"\u{fffd}\":\"\\ud800\",", ""),
            made(r#"{"jobtype":"T"}"#, None),
            "F-08"
        );
        assert_eq!(
            made(r#"{"jobtype":"T"}"#, None),
            r#"{"retry":25,"custom":{"_bid":"b-x","_cb":"success"},"jid":"jid-12345","queue":"default","jobtype":"T","created_at":"now","args":[],"reserve_for":1800}"#
        );
        let own = made(
            r#"{"jid":"own-jid-1","jobtype":"T","queue":"q","args":[1],"custom":{"a":[1, 2],"bid":"b-y","_bid":"b-z"}}"#,
            Some("b-p"),
        );
        assert!(own.contains(r#""custom":{"a":[1, 2],"_bid":"b-x","_pbid":"b-p","_cb":"success"},"jid":"own-jid-1","queue":"q""#), "{own}");
    }

    #[test]
    fn a_status_without_a_parent_names_none_e05() {
        let status = BatchStatus { bid: "b-1".into(), created_at: "now".into(), ..BatchStatus::default() };
        assert_eq!(
            serde_json::to_string(&status).expect("JSON"),
            r#"{"bid":"b-1","created_at":"now","total":0,"pending":0,"failed":0,"complete_st":"","success_st":""}"#
        );
    }
}
