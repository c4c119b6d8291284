//! Jobs as they travel: the one that is pushed and the one that is fetched.

use std::fmt;
use std::time::{Duration, SystemTime};

use bessemer_protocol::limits::RESERVE_MAX_S;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::job::JobOptions;
use crate::{random, trace};

/// The id of a job: 24 hexadecimal digits when this library made it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Jid(String);

impl Jid {
    /// A fresh one.
    ///
    /// # Errors
    /// [`Error::Entropy`].
    pub fn random() -> Result<Self, Error> {
        random::hex_id::<12>().map(Self)
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A job ready to be pushed. [`Job::with`](crate::Job::with) makes it from typed arguments; [`NewJob::new`] makes one
/// that a worker in another language does.
#[derive(Clone, Debug, Serialize)]
pub struct NewJob {
    pub(crate) jid: Jid,
    jobtype: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    args: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reserve_for: Option<u64>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backtrace: Option<u32>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) custom: Map<String, Value>,
}

impl NewJob {
    /// A job of any type, with a fresh id.
    ///
    /// ```
    /// use bessemer::{JobOptions, NewJob};
    /// use serde_json::json;
    ///
    /// let job = NewJob::new("SendEmail", &[json!("stuart@example.com"), json!(7)], JobOptions::new().queue("mail"))?;
    /// # Ok::<(), bessemer::Error>(())
    /// ```
    pub fn new(jobtype: impl Into<String>, args: &[Value], options: JobOptions) -> Result<Self, Error> {
        let jobtype = jobtype.into();
        match serde_json::value::to_raw_value(args) {
            Ok(args) => Self::from_raw(jobtype, args, options),
            Err(source) => Err(Error::Arguments { jobtype, source }),
        }
    }

    /// The same from a JSON array that is written already, kept byte for byte.
    ///
    /// # Errors
    /// [`Error::Time`], [`Error::Entropy`]. Whether `args` is an array is for the server to judge.
    pub fn from_raw(
        jobtype: impl Into<String>,
        args: Box<RawValue>,
        options: JobOptions,
    ) -> Result<Self, Error> {
        let now = now();
        let JobOptions { queue, retry, reserve_for, backtrace, mut custom, at } = options;
        let jid = Jid::random()?;
        trace::stamp(&mut custom, &jid);
        Ok(Self {
            jid,
            jobtype: jobtype.into(),
            queue,
            args,
            retry,
            reserve_for: reserve_for.map(|lease| lease.as_secs()),
            created_at: rfc3339(now)?,
            at: at.map(|at| rfc3339(at.from(now).ok_or(Error::Time)?)).transpose()?,
            backtrace,
            custom,
        })
    }

    /// About how many bytes it has on the wire.
    pub(crate) fn size(&self) -> usize {
        let custom: usize =
            self.custom.iter().map(|(name, value)| name.len() + value.to_string().len() + 4).sum();
        self.args.get().len() + self.jobtype.len() + custom + 256
    }

    /// The same job with an id of one's own: servers want 8 characters or more.
    pub fn with_jid(mut self, jid: impl Into<String>) -> Self {
        self.jid = Jid(jid.into());
        self
    }

    /// Its name.
    pub fn jobtype(&self) -> &str {
        &self.jobtype
    }

    /// The queue that it goes to.
    pub fn queue(&self) -> &str {
        self.queue.as_deref().unwrap_or("default")
    }

    /// A value that travels with it: see [`JobOptions::custom`].
    pub fn custom(&self, name: &str) -> Option<&Value> {
        self.custom.get(name)
    }

    /// Sets such a value, as layers around pushes do.
    pub fn set_custom(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.custom.insert(name.into(), value.into());
    }

    /// The id that the job has been given.
    pub fn jid(&self) -> &Jid {
        &self.jid
    }
}

/// When a job is to run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum When {
    In(Duration),
    At(SystemTime),
}

impl When {
    fn from(self, now: SystemTime) -> Option<SystemTime> {
        match self {
            Self::In(delay) => now.checked_add(delay),
            Self::At(time) => Some(time),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the wall clock of a producer, read here and nowhere else")]
pub(crate) fn now() -> SystemTime {
    #[cfg(any(test, feature = "testing"))]
    if let Some(now) = crate::testing::now() {
        return now;
    }
    SystemTime::now()
}

/// The time that comes after `delay`, as it is written.
pub(crate) fn time_in(delay: Duration) -> Result<String, Error> {
    rfc3339(now().checked_add(delay).ok_or(Error::Time)?)
}

fn rfc3339(time: SystemTime) -> Result<String, Error> {
    bessemer_protocol::time::rfc3339(time).ok_or(Error::Time)
}

/// A job as the server hands it out. What a server leaves out is filled in; what it adds is ignored.
#[derive(Debug, Deserialize)]
pub struct FetchedJob {
    pub jid: String,
    pub jobtype: String,
    #[serde(default)]
    pub queue: String,
    /// The arguments, byte for byte as they were pushed.
    pub args: Box<RawValue>,
    reserve_for: Option<i64>,
    backtrace: Option<i64>,
    #[serde(default)]
    pub custom: Option<Map<String, Value>>,
    pub failure: Option<PastFailure>,
}

/// What the server keeps of a job's last failure.
#[derive(Clone, Debug, Deserialize)]
pub struct PastFailure {
    /// 0 after the first failure.
    #[serde(default)]
    pub retry_count: u32,
    #[serde(default)]
    pub errtype: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
}

/// Shortest and usual reservation in seconds, as servers apply them.
const RESERVE_MIN_S: i64 = 60;
const RESERVE_DEFAULT_S: i64 = 1_800;

/// Lines of a trace that are reported when the job does not say.
const BACKTRACE_DEFAULT: usize = 30;

impl FetchedJob {
    /// The shortest lease.
    pub(crate) const LEASE_MIN: Duration = Duration::from_secs(RESERVE_MIN_S.unsigned_abs());

    /// Which attempt this is; the first is 1.
    pub fn attempt(&self) -> u32 {
        // Without a failure it is the first; the first failure has a count of 0.
        self.failure.as_ref().map_or(1, |failure| failure.retry_count.saturating_add(2))
    }

    /// How long the server leaves the job alone, counted from the moment it was handed out.
    pub fn lease(&self) -> Duration {
        let seconds = match self.reserve_for {
            None | Some(0) => RESERVE_DEFAULT_S,
            Some(seconds) => seconds.clamp(RESERVE_MIN_S, RESERVE_MAX_S),
        };
        Duration::from_secs(seconds.unsigned_abs())
    }

    /// How many lines of a trace are to be reported.
    pub fn backtrace_lines(&self) -> usize {
        match self.backtrace {
            Some(lines @ 1..) => usize::try_from(lines).unwrap_or(usize::MAX),
            _ => BACKTRACE_DEFAULT,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pushed_job_says_what_was_set_and_nothing_else() {
        let job = NewJob::new("T", &[json!("a"), json!({"b": 1})], JobOptions::new()).unwrap();
        let text = serde_json::to_string(&job).unwrap();
        let (head, created) = text.split_once(r#""created_at":""#).unwrap();
        assert_eq!(head, format!(r#"{{"jid":"{}","jobtype":"T","args":["a",{{"b":1}}],"#, job.jid()));
        assert!(created.ends_with("Z\"}"), "{created}");
        assert_eq!(job.jid().as_str().len(), 24);
    }

    #[test]
    fn options_reach_the_wire_under_their_names() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500);
        let options =
            JobOptions::new().queue("q").retry(-1).reserve_for(Duration::from_secs(90)).backtrace(5);
        let options = options.custom("locale", "en").at(at);
        let job = serde_json::to_value(NewJob::new("T", &[], options).unwrap()).unwrap();
        assert_eq!(job["queue"], "q");
        assert_eq!(job["retry"], -1);
        assert_eq!(job["reserve_for"], 90);
        assert_eq!(job["backtrace"], 5);
        assert_eq!(job["custom"], json!({"locale": "en"}));
        assert_eq!(job["at"], "1970-01-01T00:00:01.5Z");
    }

    #[test]
    fn a_time_that_cannot_be_written_is_refused() {
        for options in
            [JobOptions::new().delay(Duration::MAX), JobOptions::new().delay(Duration::from_secs(1 << 60))]
        {
            assert!(matches!(NewJob::new("T", &[], options), Err(Error::Time)));
        }
    }

    #[test]
    fn a_fetched_job_is_read_from_any_server() {
        let read = |text: &str| serde_json::from_str::<FetchedJob>(text).unwrap();
        let plain = read(r#"{"jid":"abcdefgh","jobtype":"T","args":[9007199254740993, 1.0]}"#);
        assert_eq!(plain.args.get(), "[9007199254740993, 1.0]");
        assert_eq!((plain.attempt(), plain.lease().as_secs(), plain.backtrace_lines()), (1, 1800, 30));
        let failed = read(
            r#"{"jid":"abcdefgh","jobtype":"T","queue":"q","args":[],"reserve_for":5,"backtrace":10,"priority":5,
            "custom":null,"failure":{"retry_count":0,"remaining":24,"failed_at":"x","backtrace":["l"]}}"#,
        );
        assert_eq!((failed.attempt(), failed.lease().as_secs(), failed.backtrace_lines()), (2, 60, 10));
        let odd = read(r#"{"jid":"abcdefgh","jobtype":"T","args":[],"reserve_for":0,"backtrace":-1}"#);
        assert_eq!((odd.lease().as_secs(), odd.backtrace_lines()), (1800, 30));
    }
}
