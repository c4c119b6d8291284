//! JOBS, WORKERS, UNIQUE, CRON and QUEUE LIST: verbs of our own for operators, of which other servers know nothing.
//!
//! A walk over jobs goes piece by piece: each reply says where the next one begins, so that no command takes long,
//! however many jobs there are, and whoever asks can show how far it has come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::object::{int, read};
use crate::text::{json_error, quote};

/// The payload of JOBS: which jobs are meant. What is left out does not restrict them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobFilter {
    /// Where they are; without it everywhere, in the order of [`JobState`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<JobSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobtype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jids: Option<Vec<String>>,
    /// A glob over the job's text, as in MUTATE (rule `M-10`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regexp: Option<String>,
    /// Where the reply before said that the next one begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many jobs are looked at, at most. The server has a limit of its own.
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// Where they are moved to, and for nothing but that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl JobFilter {
    /// Reads a payload; none at all means every job. The error is what the client is told.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        read(text).map_err(|e| format!("invalid filter: {}", json_error(&e, 0)))
    }
}

/// A place in which jobs stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum JobSet {
    Working,
    Queued,
    Retries,
    Scheduled,
    Dead,
    /// What was discarded and may still be taken back; only where it is named.
    Discarded,
}

impl JobSet {
    /// All that are meant where none is named, in the order of a walk.
    pub const ALL: [Self; 5] = [Self::Working, Self::Queued, Self::Retries, Self::Scheduled, Self::Dead];

    /// The set of this name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Discarded]).find(|set| set.as_str() == word)
    }

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Queued => "queued",
            Self::Retries => "retries",
            Self::Scheduled => "scheduled",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
        }
    }
}

impl TryFrom<String> for JobSet {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        Self::named(&word).ok_or("expected working, queued, retries, scheduled, dead or discarded")
    }
}

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    Working,
    Queued,
    Retrying,
    Scheduled,
    Dead,
    Discarded,
}

/// The reply to JOBS LIST.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct JobPage {
    pub jobs: Vec<ListedJob>,
    /// Where the next page begins; a page may be short, even empty, and not be the last.
    pub next: Option<String>,
    /// Jobs in the set, whether they match or not.
    pub total: u64,
}

/// A job and where it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListedJob {
    pub state: JobState,
    /// When it was enqueued or fetched.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<String>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<String>,
    /// When its reservation ends, or its time in the dead set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<String>,
    /// Who works on it; empty: a connection that is no worker.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wid: Option<String>,
    /// When it is dropped if it still waits (`custom.expires_at` or `expires_in`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<String>,
    /// How far its worker says that it is (TRACK SET): percent, and words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub percent: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub desc: Option<String>,
    /// As FETCH would give it.
    pub job: Box<RawValue>,
}

/// The payload of THROTTLES SET: what limits a queue. Without any of them nothing does, whatever the configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueLimits {
    /// Jobs that all workers together work on at once.
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u64>,
    /// Jobs that each worker process works on at once.
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub worker: Option<u64>,
    /// Jobs that are begun in each span of time.
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub rate: Option<u64>,
    /// The span, in seconds; one where only `rate` is given.
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub per: Option<u64>,
    /// How many may be begun at once when none was for a while; as many as `rate` where it is left out.
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
    /// Known for Faktory's sake. A slot is free when its reservation ends, whatever this says.
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
}

/// The reply to THROTTLES LIST.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ThrottleList {
    pub throttles: Vec<ListedThrottle>,
}

/// What limits a queue, and what of it is taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListedThrottle {
    pub queue: String,
    /// What is in force.
    pub limits: QueueLimits,
    /// What the configuration says, if it says anything.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub configured: Option<QueueLimits>,
    /// An operator has set what is in force.
    pub set: bool,
    /// No worker gets a job now.
    pub full: bool,
    /// Jobs in workers' hands: the slots that are taken.
    pub working: u64,
    /// Jobs that wait.
    pub waiting: u64,
    /// FETCHes that wait for them.
    pub fetches: u64,
    /// Jobs that may be begun at once, where there is a rate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tokens: Option<u32>,
    /// In how many seconds the next one may be, where none may.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_token: Option<f64>,
    /// The workers with most of the slots, by wid.
    pub holders: Vec<ThrottleHolder>,
}

/// A worker and how many slots it has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ThrottleHolder {
    /// Empty: connections that are no workers.
    pub wid: String,
    pub jobs: u64,
}

/// The payload of JOBS EDIT: what is to be different of a job. What is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobEdit {
    pub jid: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub args: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub jobtype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub queue: Option<String>,
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none", default)]
    pub retry: Option<i64>,
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none", default)]
    pub reserve_for: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub custom: Option<Box<RawValue>>,
    /// It goes to its queue now.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub enqueue: bool,
}

impl JobEdit {
    /// Reads a payload. The error is what the client is told.
    pub fn parse(text: &str) -> Result<Self, String> {
        read(text).map_err(|e| format!("invalid edit: {}", json_error(&e, 0)))
    }

    /// Nothing is to be different.
    pub fn is_empty(&self) -> bool {
        let texts = self.jobtype.is_none() && self.queue.is_none();
        let documents = self.args.is_none() && self.custom.is_none();
        texts && documents && self.retry.is_none() && self.reserve_for.is_none() && !self.enqueue
    }

    /// The text of the job with all that is to be different; `None`: it was no object.
    pub fn of(&self, job: &str) -> Option<String> {
        let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(job).ok()?;
        let mut put = |name: &str, value: Option<Box<RawValue>>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        put("args", self.args.clone());
        put("custom", self.custom.clone());
        put("jobtype", self.jobtype.as_ref().and_then(|name| to_raw_value(name).ok()));
        put("queue", self.queue.as_ref().and_then(|name| to_raw_value(name).ok()));
        put("retry", self.retry.and_then(|times| to_raw_value(&times).ok()));
        put("reserve_for", self.reserve_for.and_then(|seconds| to_raw_value(&seconds).ok()));
        serde_json::to_string(&members).ok()
    }
}

/// The reply to JOBS RETRY, KILL, DELETE, DISCARD, RESTORE, RELEASE and MOVE: one piece of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSlice {
    /// Jobs that it was done to.
    pub count: u64,
    /// Jobs that were looked at.
    pub seen: u64,
    /// Where the next piece begins.
    pub next: Option<String>,
    /// Jobs in the set before, whether they match or not.
    pub total: u64,
}

/// The reply to WORKERS LIST.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerList {
    pub workers: Vec<ListedWorker>,
}

/// A worker process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedWorker {
    pub wid: String,
    pub hostname: String,
    pub pid: i64,
    pub labels: Vec<String>,
    /// `running`, `quiet` or `terminate`.
    pub state: String,
    pub started: String,
    pub last_beat: String,
    pub rss_kb: u64,
    pub connections: u64,
    /// Jobs in its hands.
    pub busy: u64,
}

/// The payload of UNIQUE LIST and of UNIQUE RELEASE: which keys are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyFilter {
    /// This one, as a list names it: 32 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Those that living jobs with this jid hold; for a release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jid: Option<String>,
    /// Where the reply before said that the next page begins; for a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many are listed at most. The server has a limit of its own.
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
}

impl KeyFilter {
    /// Reads a payload; none at all means every key. The error is what the client is told.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        read(text).map_err(|e| format!("invalid filter: {}", json_error(&e, 0)))
    }

    /// Reads a key. The error is what the client is told.
    pub fn read_key(text: &str) -> Result<u128, String> {
        let is_key = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let key = u128::from_str_radix(text, 16).ok().filter(|_| is_key);
        key.ok_or_else(|| format!("invalid key {}: it has 32 hexadecimal digits", quote(text)))
    }
}

/// The reply to UNIQUE LIST.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPage {
    pub keys: Vec<ListedKey>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Keys that are held, and those that are over and not yet forgotten.
    pub total: u64,
}

/// A key that is held, and by which job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedKey {
    pub key: String,
    pub jid: String,
    pub jobtype: String,
    pub queue: String,
    /// Free from then on in any case.
    pub until: String,
    /// `success`, `start` or `expiry`.
    pub release: String,
    /// Where the job is; nothing: it has succeeded, and asked for its key to stay.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state: Option<JobState>,
}

/// The reply to UNIQUE RELEASE, WORKERS QUIET and WORKERS TERMINATE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    pub count: u64,
}

/// The reply to QUEUE LIST.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueList {
    pub queues: Vec<ListedQueue>,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListedQueue {
    pub name: String,
    pub size: u64,
    /// Seconds for which its next job has waited.
    pub latency: f64,
    pub paused: bool,
}

/// The reply to CRON LIST and CRON SHOW.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CronList {
    pub crons: Vec<ListedCron>,
}

/// A cron entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedCron {
    pub id: String,
    pub schedule: String,
    /// The time zone in which it speaks.
    pub tz: String,
    /// What becomes of missed ticks: `skip`, `once` or `all`.
    pub missed: String,
    /// Seconds by which ticks are spread.
    pub jitter: u32,
    pub enabled: bool,
    pub paused: bool,
    pub queue: String,
    pub jobtype: String,
    /// When it is run next.
    pub next: Option<String>,
    /// Its last run, or those that are known; latest first.
    pub runs: Vec<ListedRun>,
}

/// A run of a cron entry, or ticks that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedRun {
    /// The tick; of several the last.
    pub tick: String,
    /// When its job was pushed.
    pub at: String,
    pub by_hand: bool,
    /// How many ticks it stands for.
    pub ticks: u32,
    /// `pushed` while the job lives; then `done`, `died`, `discarded`, `deleted`, `expired`; without one `refused`,
    /// `missed` or `paused`.
    pub outcome: String,
    /// When it came to that.
    pub until: Option<String>,
    pub jid: Option<String>,
    /// Where the job is, while it lives.
    pub place: Option<JobSet>,
    /// How often it has failed.
    pub fails: u32,
    /// Why it was refused.
    pub note: String,
}

/// The reply to CRON RUN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    pub jid: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_says_what_it_means_or_is_refused() {
        let all = JobFilter::default();
        assert_eq!((JobFilter::parse(""), JobFilter::parse(" {} ")), (Ok(all.clone()), Ok(all)));
        let some = JobFilter::parse(r#"{"set": "retries", "jobtype": "T", "count": 5}"#).expect("a filter");
        assert_eq!(
            (some.set, some.jobtype.as_deref(), some.count),
            (Some(JobSet::Retries), Some("T"), Some(5))
        );
        for wrong in ["[]", "x", r#"{"jid":"x"}"#, r#"{"set":"busy"}"#, r#"{"count":-1}"#] {
            let told = JobFilter::parse(wrong).expect_err(wrong);
            assert!(told.starts_with("invalid filter: "), "{told}");
        }
        let told = JobFilter::parse(r#"{"set":"busy"}"#).expect_err("no set");
        assert_eq!(
            told,
            "invalid filter: expected working, queued, retries, scheduled, dead or discarded at byte 14"
        );
        assert_eq!(JobFilter::parse(r#"{"count":-0}"#).expect("J-01").count, Some(0));
    }

    #[test]
    fn an_edit_changes_what_it_names_and_nothing_else() {
        let job = r#"{"jid":"job-00001","args":[12345678901234567890],"x":1.0}"#;
        let edit =
            JobEdit::parse(r#"{"jid":"job-00001","args":[ 2 ],"queue":"q","retry":-1}"#).expect("an edit");
        assert_eq!(
            edit.of(job).as_deref(),
            Some(r#"{"args":[ 2 ],"jid":"job-00001","queue":"q","retry":-1,"x":1.0}"#)
        );
        assert!(!edit.is_empty() && JobEdit::parse(r#"{"jid":"job-00001"}"#).expect("an edit").is_empty());
        assert_eq!(edit.of("[]"), None);
        for wrong in ["[]", "x", "{}", r#"{"jid":"a","arg":[]}"#, r#"{"jid":"a","retry":"x"}"#] {
            let told = JobEdit::parse(wrong).expect_err(wrong);
            assert!(told.starts_with("invalid edit: "), "{told}");
        }
    }

    #[test]
    fn sets_are_named_as_they_are_sent() {
        for set in JobSet::ALL.into_iter().chain([JobSet::Discarded]) {
            assert_eq!(JobSet::named(set.as_str()), Some(set));
            assert_eq!(serde_json::to_string(&set).unwrap(), format!("{:?}", set.as_str()));
        }
    }
}
