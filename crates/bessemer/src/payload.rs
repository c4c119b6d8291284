//! Jobs as they travel: the one that is pushed and the one that is fetched.

use std::fmt;
use std::time::{Duration, SystemTime};

use bessemer_protocol::limits::{
    JID_MAX, JID_MIN, JOBTYPE_MAX, QUEUE_MAX, RESERVE_MAX_S, RETRY_MAX, UNIQUE_KEY_MAX,
};
use bessemer_protocol::names::{check_jid, check_jobtype, check_queue};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::client::batch::Bid;
use crate::error::Error;
use crate::job::{JobOptions, UniqueUntil};
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
    /// [`Error::Option`] for what servers would refuse, or not take as it was meant; [`Error::Time`],
    /// [`Error::Entropy`]. Whether `args` is an array is for the server to judge.
    pub fn from_raw(
        jobtype: impl Into<String>,
        args: Box<RawValue>,
        options: JobOptions,
    ) -> Result<Self, Error> {
        let (jobtype, now) = (jobtype.into(), now());
        if let Err(what) = check(&jobtype, &options) {
            return Err(Error::Option { jobtype, what });
        }
        let JobOptions { queue, retry, reserve_for, backtrace, mut custom, at, .. } = options;
        match options.expires {
            Some(When::At(time)) => _ = custom.insert("expires_at".to_owned(), rfc3339(time)?.into()),
            Some(When::In(life)) => _ = custom.insert("expires_in".to_owned(), seconds(life)),
            None => {}
        }
        if let Some(time) = options.unique_for {
            custom.insert("unique_for".to_owned(), seconds(time));
        }
        if let Some(end) = options.unique_until {
            let word = match end {
                UniqueUntil::Success => "success",
                UniqueUntil::Start => "start",
                UniqueUntil::Expiry => "expiry",
            };
            custom.insert("unique_until".to_owned(), word.into());
        }
        if let Some(key) = options.unique_key {
            custom.insert("unique_key".to_owned(), key.into());
        }
        let jid = Jid::random()?;
        trace::stamp(&mut custom, &jid);
        Ok(Self {
            jid,
            jobtype,
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

    /// The same job with an id of one's own, of 8 to 255 bytes.
    ///
    /// # Errors
    /// [`Error::Option`] for one that servers would refuse.
    pub fn with_jid(mut self, jid: impl Into<String>) -> Result<Self, Error> {
        let jid = jid.into();
        if check_jid(&jid).is_err() {
            let what = format!(
                "its jid has {} bytes, and may have {JID_MIN} to {JID_MAX} without control characters",
                jid.len()
            );
            return Err(Error::Option { jobtype: self.jobtype, what });
        }
        self.jid = Jid(jid);
        Ok(self)
    }

    /// The same job as one of a batch.
    pub(crate) fn in_batch(mut self, bid: &Bid) -> Self {
        self.custom.insert("bid".to_owned(), bid.as_str().into());
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

/// What is wrong with a job, as servers would have it.
fn check(jobtype: &str, options: &JobOptions) -> Result<(), String> {
    if check_jobtype(jobtype).is_err() {
        return Err(format!("its type has {} bytes, and may have 1 to {JOBTYPE_MAX}", jobtype.len()));
    }
    if let Some(queue) = options.queue.as_deref()
        && check_queue(queue).is_err()
    {
        return Err(format!(
            "queue {queue:?} is no name of 1 to {QUEUE_MAX} letters, digits, dots, underscores and dashes"
        ));
    }
    if let Some(retry) = options.retry.filter(|retry| !(-1..=RETRY_MAX).contains(&i64::from(*retry))) {
        return Err(format!("retry is {retry}, and may be -1 to {RETRY_MAX}"));
    }
    let lease = RESERVE_MIN..=RESERVE_MAX;
    if let Some(time) = options.reserve_for.filter(|time| !lease.contains(time)) {
        // Servers make a minute of what is shorter.
        return Err(format!("reserve_for is {time:?}, and may be a minute to a day"));
    }
    if options.expires == Some(When::In(Duration::ZERO)) {
        return Err("expires_in is no time at all, and the job would never be run".to_owned());
    }
    // Uniqueness for less than a second would be over before anybody asked.
    if let Some(time) = options.unique_for.filter(|time| *time < UNIQUE_MIN) {
        return Err(format!("unique_for is {time:?}, and may be a second or more"));
    }
    if options.unique_until.is_some() && options.unique_for.is_none() {
        return Err("unique_until means nothing without unique_for".to_owned());
    }
    if let Some(key) = &options.unique_key {
        if options.unique_for.is_none() {
            return Err("unique_key means nothing without unique_for".to_owned());
        }
        if !(1..=UNIQUE_KEY_MAX).contains(&key.len()) {
            return Err(format!("unique_key has {} bytes, and may have 1 to {UNIQUE_KEY_MAX}", key.len()));
        }
    }
    Ok(())
}

/// A number of seconds, whole where it can be: servers of old read nothing else everywhere.
fn seconds(time: Duration) -> Value {
    match time.subsec_nanos() {
        0 => time.as_secs().into(),
        _ => time.as_secs_f64().into(),
    }
}

/// When a job is to run, or to be of no more use.
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

pub(crate) fn rfc3339(time: SystemTime) -> Result<String, Error> {
    bessemer_protocol::time::rfc3339(time).ok_or(Error::Time)
}

/// A job as the server hands it out. What a server leaves out is filled in; what it adds is ignored.
#[derive(Debug, Deserialize)]
pub struct FetchedJob {
    pub jid: String,
    /// The token of this delivery, from a server that gives one: it tells this attempt from another of the same job.
    pub(crate) lease: Option<String>,
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

/// Reservations that servers keep to as they are.
const RESERVE_MIN: Duration = Duration::from_secs(RESERVE_MIN_S.unsigned_abs());
/// See [`RESERVE_MIN`].
const RESERVE_MAX: Duration = Duration::from_secs(RESERVE_MAX_S.unsigned_abs());

/// The shortest time for which a job is unique.
const UNIQUE_MIN: Duration = Duration::from_secs(1);

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
    fn expiry_and_uniqueness_travel_in_custom_e30_e32_e40() {
        let custom = |options: JobOptions| {
            serde_json::to_value(NewJob::new("T", &[], options).unwrap()).unwrap()["custom"].clone()
        };
        let second = Duration::from_secs(1);
        let unique = JobOptions::new().unique_for(600 * second);
        assert_eq!(custom(unique.clone()), json!({"unique_for": 600}));
        let start = unique.clone().unique_until(UniqueUntil::Start).custom("locale", "en");
        assert_eq!(custom(start), json!({"unique_for": 600, "unique_until": "start", "locale": "en"}));
        let success = JobOptions::new().unique_for(second * 3 / 2).unique_until(UniqueUntil::Success);
        assert_eq!(custom(success), json!({"unique_for": 1.5, "unique_until": "success"}));
        let keyed = unique.unique_until(UniqueUntil::Expiry).unique_key("invoice 7");
        let expected = json!({"unique_for": 600, "unique_until": "expiry", "unique_key": "invoice 7"});
        assert_eq!(custom(keyed), expected);
        let at = SystemTime::UNIX_EPOCH + second;
        let expires = JobOptions::new().expires_at(at);
        assert_eq!(custom(expires.clone()), json!({"expires_at": "1970-01-01T00:00:01Z"}));
        assert_eq!(
            custom(expires.expires_in(90 * second)),
            json!({"expires_in": 90}),
            "the last word counts"
        );
        assert_eq!(custom(JobOptions::new().track()), json!({"track": 1}));
    }

    #[test]
    fn what_servers_would_refuse_is_refused_in_one_line_at_each_limit_p03_p04_p06_p13() {
        let (second, options) = (Duration::from_secs(1), JobOptions::new);
        let told = |options: JobOptions| NewJob::new("T", &[], options).err().map(|error| error.to_string());
        for fine in [
            options().retry(-1),
            options().retry(0),
            options().retry(10_000),
            options().reserve_for(60 * second),
            options().reserve_for(86_400 * second),
            options().queue("q".repeat(255)),
            options().unique_for(second),
            options().unique_for(second).unique_key("k".repeat(UNIQUE_KEY_MAX)),
            options().expires_in(Duration::from_nanos(1)),
        ] {
            assert_eq!(told(fine), None);
        }
        let nano = Duration::from_nanos(1);
        for (wrong, what) in [
            (options().retry(-2), "retry is -2, and may be -1 to 10000"),
            (options().retry(10_001), "retry is 10001, and may be -1 to 10000"),
            (
                options().reserve_for(60 * second - nano),
                "reserve_for is 59.999999999s, and may be a minute to a day",
            ),
            (
                options().reserve_for(86_400 * second + nano),
                "reserve_for is 86400.000000001s, and may be a minute to a day",
            ),
            (options().unique_for(second - nano), "unique_for is 999.999999ms, and may be a second or more"),
            (options().unique_key("k"), "unique_key means nothing without unique_for"),
            (
                options().unique_for(second).unique_key("k".repeat(UNIQUE_KEY_MAX + 1)),
                "unique_key has 513 bytes, and may have 1 to 512",
            ),
            (options().unique_until(UniqueUntil::Start), "unique_until means nothing without unique_for"),
            (
                options().expires_in(Duration::ZERO),
                "expires_in is no time at all, and the job would never be run",
            ),
            (
                options().queue("a b"),
                "queue \"a b\" is no name of 1 to 255 letters, digits, dots, underscores and dashes",
            ),
        ] {
            assert_eq!(told(wrong), Some(format!("T cannot be pushed: {what}")));
        }
        assert!(told(options().queue("q".repeat(256))).is_some() && told(options().queue("")).is_some());

        let typed = |bytes: usize| NewJob::new("t".repeat(bytes), &[], options()).is_ok();
        assert!(typed(1) && typed(512) && !typed(0) && !typed(513));
        let named = |jid: &str| NewJob::new("T", &[], options()).unwrap().with_jid(jid);
        assert_eq!(named("abcdefgh").unwrap().jid().as_str(), "abcdefgh");
        assert!(named(&"j".repeat(255)).is_ok() && named(&"j".repeat(256)).is_err());
        let what = "its jid has 7 bytes, and may have 8 to 255 without control characters";
        assert_eq!(named("abcdefg").unwrap_err().to_string(), format!("T cannot be pushed: {what}"));
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
