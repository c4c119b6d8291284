//! `bessemer push JOBTYPE [ARG…]`: pushes a job, or many.

use std::fmt;
use std::io::{self, BufRead, Read as _};
use std::time::{Duration, UNIX_EPOCH};

use bessemer::{Jid, JobOptions, NewJob, Rejected};
use bessemer_core::Wall;
use bessemer_protocol::limits::JOB_MAX;
use bessemer_protocol::text::{is_object, json_error, quote, shown};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::address::{Address, Server};
use super::figures::amount;
use super::progress::Progress;
use super::{Cli, output};
use crate::config::parse_duration;
use crate::exit::{Exit, Failure};

/// Jobs in one PUSHB, and about how many bytes.
const BULK_JOBS: usize = 1_000;
/// See [`BULK_JOBS`].
const BULK_BYTES: usize = 4 << 20;

/// Refused jobs that are named; of the others the number is told.
const NAMED_MAX: u64 = 10;

/// Push a job, or many.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Each ARG is JSON, so a text has its quotes inside those of the shell:\n  \
    bessemer push HelloWorld '\"Stuart\"'\n  bessemer push Add 3 5 --queue math --in 5m\n  \
    seq 1000 | sed 's/.*/[&]/' | bessemer push Square --stdin\n  bessemer push --stdin < jobs.jsonl\n")]
pub struct Push {
    /// What the job is called
    #[arg(value_name = "JOBTYPE", required_unless_present = "stdin")]
    jobtype: Option<String>,
    /// Its arguments as JSON: 7, true, '"a text"', '{"a":[1,2]}'
    #[arg(value_name = "ARG", allow_negative_numbers = true, conflicts_with = "stdin")]
    args: Vec<String>,
    /// The queue [default: default]
    #[arg(long, short, alias = "q", value_name = "NAME", requires = "jobtype")]
    queue: Option<String>,
    /// How often it is tried again when it fails [default: 25]
    #[arg(long, value_name = "TIMES", allow_negative_numbers = true, requires = "jobtype")]
    retry: Option<i32>,
    /// How long a worker may take, such as 90s or 2h [default: 30m]
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "jobtype")]
    reserve_for: Option<Duration>,
    /// Not before this moment, such as 2030-01-31T12:00:00Z
    #[arg(long, value_name = "MOMENT", value_parser = moment, requires = "jobtype", conflicts_with = "delay")]
    at: Option<Wall>,
    /// Not before this time is over, such as 5m
    #[arg(long = "in", value_name = "TIME", value_parser = duration, requires = "jobtype")]
    delay: Option<Duration>,
    /// What travels beside the arguments: a JSON object
    #[arg(long, value_name = "JSON", requires = "jobtype")]
    custom: Option<String>,
    /// Its id, of 8 characters or more [default: a random one]
    #[arg(long, value_name = "JID", conflicts_with_all = ["stdin", "count"])]
    jid: Option<String>,
    /// Push so many of it, each with an id of its own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "stdin")]
    count: Option<u64>,
    /// Read jobs from standard input, one JSON object a line; with JOBTYPE: its arguments, one array a line
    #[arg(long)]
    stdin: bool,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    address: Address,
}

impl Push {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        // Before anybody is asked: what is wrong here is wrong on every server.
        let options = self.options()?;
        let args = self.arguments()?;
        self.address.talk(cli, async |server| {
            if !self.stdin && self.count.is_none() {
                return self.one(server, args, options).await;
            }
            let mut bulk = Bulk::new(server);
            let outcome = match self.stdin {
                true => self.lines(&mut bulk, &options).await,
                false => self.copies(&mut bulk, &args, &options).await,
            };
            bulk.end(outcome, self.json)
        })
    }

    async fn one(
        &self,
        server: &mut Server,
        args: Box<RawValue>,
        options: JobOptions,
    ) -> Result<(), Failure> {
        let mut job = NewJob::from_raw(self.jobtype(), args, options)?;
        if let Some(jid) = &self.jid {
            job = job.with_jid(jid)?;
        }
        server.client.push(&job).await?;
        match self.json {
            true => output::json(&json!({ "jid": job.jid() })),
            false => output::line(&shown(job.jid().as_str())),
        }
    }

    async fn copies(
        &self,
        bulk: &mut Bulk<'_>,
        args: &RawValue,
        options: &JobOptions,
    ) -> Result<(), Failure> {
        for number in 1..=self.count.unwrap_or(1) {
            let job = NewJob::from_raw(self.jobtype(), args.to_owned(), options.clone())?;
            bulk.add(Place::Copy(number), job.jid().as_str(), document(&job)).await?;
        }
        bulk.send().await
    }

    async fn lines(&self, bulk: &mut Bulk<'_>, options: &JobOptions) -> Result<(), Failure> {
        let mut input = io::stdin().lock();
        let mut text = Vec::new();
        for number in 1.. {
            if !read_line(&mut input, &mut text)? {
                break;
            }
            let place = Place::Line(number);
            let line = text.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let job = match &self.jobtype {
                Some(jobtype) => arguments_line(line).and_then(|args| {
                    let job =
                        NewJob::from_raw(jobtype, args, options.clone()).map_err(|error| error.chain())?;
                    Ok((job.jid().to_string(), document(&job)))
                }),
                None => job_line(line),
            };
            let (jid, job) =
                job.map_err(|why| Failure { exit: Exit::Damage, what: format!("{place} {why}") })?;
            bulk.add(place, &jid, job).await?;
        }
        bulk.send().await
    }

    fn jobtype(&self) -> &str {
        self.jobtype.as_deref().unwrap_or_default()
    }

    /// The arguments as one array, each as it was given.
    fn arguments(&self) -> Result<Box<RawValue>, Failure> {
        let mut raw = Vec::new();
        for (index, text) in self.args.iter().enumerate() {
            raw.push(argument(text).map_err(|why| usage(format!("argument {}: {why}", index + 1)))?);
        }
        Ok(to_raw_value(&raw).expect("what was JSON is JSON"))
    }

    fn options(&self) -> Result<JobOptions, Failure> {
        let mut options = JobOptions::new();
        if let Some(queue) = &self.queue {
            options = options.queue(queue);
        }
        if let Some(retry) = self.retry {
            options = options.retry(retry);
        }
        if let Some(time) = self.reserve_for {
            options = options.reserve_for(time);
        }
        if let Some(Wall(micros)) = self.at {
            let micros = u64::try_from(micros).map_err(|_| usage("--at: is before 1970".into()))?;
            options = options.at(UNIX_EPOCH + Duration::from_micros(micros));
        }
        if let Some(delay) = self.delay {
            options = options.delay(delay);
        }
        if let Some(text) = &self.custom {
            let custom: Result<Map<String, Value>, _> = serde_json::from_str(text);
            let custom = custom
                .map_err(|error| usage(format!("--custom is no JSON object: {}", json_error(&error, 0))))?;
            for (name, value) in custom {
                options = options.custom(name, value);
            }
        }
        Ok(options)
    }
}

fn usage(what: String) -> Failure {
    Failure { exit: Exit::Usage, what }
}

/// A time of the command line: with a unit, or in seconds as the protocol has it.
pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().map(Duration::from_secs).ok();
    seconds.or_else(|| parse_duration(text)).ok_or("a time is a number and a unit, such as 90s, 5m, 2h or 7d")
}

fn moment(text: &str) -> Result<Wall, String> {
    Wall::parse(text)
        .map_err(|_| "a moment is written as 2030-01-31T12:00:00Z, or with +02:00 for the Z".into())
}

/// An argument as a message repeats it: a long one is known by its beginning.
fn cut(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut begin: String = text.chars().take(SHOWN).collect();
    if begin.len() < text.len() {
        begin.push('…');
    }
    shown(&begin).into_owned()
}

/// One argument; the error says how it was meant to be written.
fn argument(text: &str) -> Result<Box<RawValue>, String> {
    let parsed: Result<&RawValue, _> = serde_json::from_str(text);
    parsed.map(RawValue::to_owned).map_err(|error| {
        if text.trim_ascii_start().starts_with(['{', '[', '"']) {
            return format!("{} is no JSON: {}", cut(text), json_error(&error, 0));
        }
        let json = serde_json::to_string(text).expect("a text is JSON");
        let quoted = json.replace('\'', r"'\''");
        format!("{} is no JSON; if it is a text, write '{}'", quote(text), shown(&quoted))
    })
}

fn document(job: &NewJob) -> Box<RawValue> {
    to_raw_value(job).expect("a job has a JSON form")
}

/// Reads a line; false: there is none.
fn read_line(input: &mut impl BufRead, text: &mut Vec<u8>) -> Result<bool, Failure> {
    text.clear();
    let failed = |what: String| Failure { exit: Exit::Io, what };
    // One byte more than a job may have: the server says what is wrong with it.
    let read = input.take(JOB_MAX as u64 + 2).read_until(b'\n', text);
    let read = read.map_err(|error| failed(format!("cannot read standard input: {error}")))?;
    if read > JOB_MAX + 1 {
        let what = format!("a line of standard input is longer than {JOB_MAX} bytes");
        return Err(Failure { exit: Exit::Damage, what });
    }
    Ok(read > 0)
}

/// A line that is a job: its id, and what is pushed. What it does not say the server fills in, but for the id.
fn job_line(line: &[u8]) -> Result<(String, Box<RawValue>), String> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        jid: Option<String>,
    }
    let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8")?;
    let no_json = |error: serde_json::Error| format!("is no job: {}", json_error(&error, 0));
    if !is_object(text) {
        return Err("is no JSON object; with JOBTYPE a line is an array of arguments".to_owned());
    }
    let raw: &RawValue = serde_json::from_str(text).map_err(no_json)?;
    let named: Named = serde_json::from_str(text).map_err(no_json)?;
    if let Some(jid) = named.jid.filter(|jid| !jid.is_empty()) {
        return Ok((jid, raw.to_owned()));
    }
    let jid = Jid::random().map_err(|error| error.chain())?;
    // Member by member, so that numbers stay as they are written.
    let mut members: std::collections::BTreeMap<&str, Box<RawValue>> =
        serde_json::from_str(text).map_err(no_json)?;
    members.insert("jid", to_raw_value(&jid).expect("a text is JSON"));
    Ok((jid.to_string(), to_raw_value(&members).expect("what was JSON is JSON")))
}

/// A line that is the arguments of a job.
fn arguments_line(line: &[u8]) -> Result<Box<RawValue>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8")?;
    let elements: Result<Vec<&RawValue>, _> = serde_json::from_str(text);
    let elements =
        elements.map_err(|error| format!("is no JSON array of arguments: {}", json_error(&error, 0)))?;
    Ok(to_raw_value(&elements).expect("what was JSON is JSON"))
}

/// Where a job of many comes from.
#[derive(Clone, Copy, Debug)]
enum Place {
    Line(u64),
    Copy(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Copy(number) => write!(f, "job {number}"),
        }
    }
}

/// Jobs on their way, some at a time.
struct Bulk<'s> {
    server: &'s mut Server,
    jobs: Vec<Box<RawValue>>,
    /// Of each of them.
    places: Vec<(Place, String)>,
    bytes: usize,
    pushed: u64,
    refused: u64,
    progress: Progress,
}

impl<'s> Bulk<'s> {
    fn new(server: &'s mut Server) -> Self {
        let progress = Progress::in_jobs("pushing");
        Self { server, jobs: Vec::new(), places: Vec::new(), bytes: 0, pushed: 0, refused: 0, progress }
    }

    async fn add(&mut self, place: Place, jid: &str, job: Box<RawValue>) -> Result<(), Failure> {
        self.bytes += job.get().len();
        self.jobs.push(job);
        self.places.push((place, jid.to_owned()));
        if self.jobs.len() >= BULK_JOBS || self.bytes >= BULK_BYTES { self.send().await } else { Ok(()) }
    }

    async fn send(&mut self) -> Result<(), Failure> {
        if self.jobs.is_empty() {
            return Ok(());
        }
        let rejected = self.server.client.push_raw(&self.jobs).await?;
        self.pushed += (self.jobs.len() - rejected.len()) as u64;
        for refused in &rejected {
            self.refuse(refused);
        }
        self.progress.tell_jobs(self.pushed, None);
        self.jobs.clear();
        self.places.clear();
        self.bytes = 0;
        Ok(())
    }

    fn refuse(&mut self, Rejected { jid, error }: &Rejected) {
        self.refused += 1;
        if self.refused <= NAMED_MAX {
            let place =
                self.places.iter().find(|(_, of)| of == jid).map_or(Place::Line(0), |(place, _)| *place);
            output::note(&format!("bessemer: {place}, jid {}: {}", quote(jid), shown(&error.text)));
        }
    }

    /// Says what came of all.
    fn end(self, outcome: Result<(), Failure>, json: bool) -> Result<(), Failure> {
        let Self { pushed, refused, progress, .. } = self;
        drop(progress);
        if let Err(Failure { exit, what }) = outcome {
            return Err(Failure { exit, what: format!("{what}; {} before it", count_of(pushed)) });
        }
        match json {
            true => output::json(&json!({ "pushed": pushed, "refused": refused }))?,
            false => output::line(&count_of(pushed))?,
        }
        match refused {
            0 => Ok(()),
            _ => Err(Failure {
                exit: Exit::Refused,
                what: format!("the server refused {}", amount(refused, "job")),
            }),
        }
    }
}

fn count_of(pushed: u64) -> String {
    format!("pushed {}", amount(pushed, "job"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_that_is_no_json_is_shown_as_it_was_meant() {
        let (long, begin) = (format!("[{}", "x".repeat(1_000)), format!("[{}…", "x".repeat(39)));
        let said = format!("{begin} is no JSON: expected value at byte 2");
        for (text, said) in [
            ("Stuart", r#"Stuart is no JSON; if it is a text, write '"Stuart"'"#),
            ("it's", r#"it's is no JSON; if it is a text, write '"it'\''s"'"#),
            ("", r#" is no JSON; if it is a text, write '""'"#),
            ("{a:1}", "{a:1} is no JSON: key must be a string at byte 2"),
            (&long, &said),
            ("\u{1b}x", "\\u{1b}x is no JSON; if it is a text, write '\"\\u001bx\"'"),
        ] {
            assert_eq!(argument(text).expect_err(text), said);
        }
        for text in ["7", "-1.50", "\"a\"", "null", "{\"a\":[9007199254740993]}", " true "] {
            assert_eq!(argument(text).expect(text).get(), text.trim());
        }
    }

    #[test]
    fn times_have_units_or_are_seconds() {
        assert_eq!(duration("600"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert!(duration("soon").is_err() && duration("-5m").is_err());
        assert!(moment("tomorrow").is_err());
    }

    #[test]
    fn a_line_is_a_job_and_gets_an_id_where_it_has_none() {
        let (jid, job) =
            job_line(br#"{"jid":"abcdefgh","args":[1.0], "x":9007199254740993}"#).expect("a job");
        assert_eq!(
            (&*jid, job.get()),
            ("abcdefgh", r#"{"jid":"abcdefgh","args":[1.0], "x":9007199254740993}"#)
        );
        for text in [r#"{"jobtype":"T","args":[1.0]}"#, r#"{"jobtype":"T","args":[1.0],"jid":null}"#] {
            let (jid, job) = job_line(text.as_bytes()).expect("a job");
            assert_eq!(job.get(), format!(r#"{{"args":[1.0],"jid":"{jid}","jobtype":"T"}}"#));
        }
        for (line, why) in [
            (&b"[1]"[..], "is no JSON object; with JOBTYPE a line is an array of arguments"),
            (b"{\"a\":}", "is no job: expected value at byte 6"),
            (b"{\"jid\":7}", "is no job: invalid type: integer `7`, expected a string at byte 8"),
            (b"\xff", "is not UTF-8"),
        ] {
            assert_eq!(job_line(line).expect_err(why), why);
        }
        assert_eq!(arguments_line(b"[1.0, \"a\"]").expect("an array").get(), "[1.0,\"a\"]");
        assert!(arguments_line(b"{}").expect_err("no array").starts_with("is no JSON array"));
    }

    #[test]
    fn a_line_longer_than_a_job_is_not_read_to_its_end() {
        let mut text = Vec::new();
        let long = vec![b'x'; JOB_MAX + 1];
        let error = read_line(&mut &long[..], &mut text).map(|_| text.len());
        assert_eq!(error.map_err(|failure| failure.exit), Ok(JOB_MAX + 1), "the server judges it");
        let longer = vec![b'x'; JOB_MAX + 3];
        assert!(read_line(&mut &longer[..], &mut text).is_err());
        assert!(text.len() <= JOB_MAX + 2);
    }
}
