//! The commands of the protocol as lines, and what their answers mean. Knows no connection: the client sends one
//! line and hands the answer back, the pool may do so more than once.

use std::time::Duration;

use bessemer_protocol::limits::GLOB_MAX;
use bessemer_protocol::mutate::{Filter, Mutation};
use bessemer_protocol::response::{ServerError, State, WorkerState};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::client::builder::Limits;
use crate::error::Error;
use crate::job::failure::Failure;
use crate::payload::{FetchedJob, NewJob};

/// What changes a whole store is one command, and may take its time.
const PATIENT: Duration = Duration::from_secs(60);

/// How long a server may wait before it answers a FETCH (rule `F-03`).
const FETCH: Duration = Duration::from_secs(2);

/// How long the answer to a command may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As long as opening the connection.
    Connect,
    /// At once: what takes longer than the limit is in trouble.
    Usual,
    /// FETCH.
    Fetch,
    /// What changes a whole store.
    Patient,
}

impl Pace {
    pub(crate) fn deadline(self, limits: &Limits) -> Duration {
        match self {
            Self::Connect => limits.connect,
            Self::Usual => limits.command,
            Self::Fetch => limits.command + FETCH,
            Self::Patient => limits.command.max(PATIENT),
        }
    }
}

/// One command, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// For errors.
    pub(crate) verb: &'static str,
    /// With its line end.
    pub(crate) line: Vec<u8>,
    pub(crate) pace: Pace,
}

/// A reply that is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One line, mostly `OK`.
    Simple(String),
    /// A text of any length, mostly a JSON document.
    Bulk(Vec<u8>),
    /// Nothing, as FETCH says it.
    Null,
}

impl Command {
    fn bare(verb: &'static str) -> Self {
        Self { verb, line: format!("{verb}\r\n").into_bytes(), pace: Pace::Usual }
    }

    pub(crate) fn with_json(verb: &'static str, payload: &(impl Serialize + ?Sized)) -> Self {
        let mut line = format!("{verb} ").into_bytes();
        // Text, numbers and values that were JSON before: there is nothing in it that has no JSON form.
        serde_json::to_writer(&mut line, payload).expect("commands are made of plain data");
        // JSON that was written by others may hold line ends, between its tokens and nowhere else.
        for byte in &mut line {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
        line.extend_from_slice(b"\r\n");
        Self { verb, line, pace: Pace::Usual }
    }

    pub(crate) fn push(job: &NewJob) -> Self {
        Self::with_json("PUSH", job)
    }

    pub(crate) fn push_bulk(jobs: &[NewJob]) -> Self {
        Self::with_json("PUSHB", jobs)
    }

    pub(crate) fn fetch(queues: &[String]) -> Self {
        let line = format!("FETCH {}\r\n", queues.join(" ")).into_bytes();
        Self { verb: "FETCH", line, pace: Pace::Fetch }
    }

    /// `lease`: the token of the delivery, if the server gave one.
    pub(crate) fn ack(jid: &str, lease: Option<&str>) -> Self {
        #[derive(Serialize)]
        struct Ack<'a> {
            jid: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            lease: Option<&'a str>,
        }
        Self::with_json("ACK", &Ack { jid, lease })
    }

    /// See [`Command::ack`].
    pub(crate) fn fail(jid: &str, lease: Option<&str>, failure: &Failure) -> Self {
        #[derive(Serialize)]
        struct Fail<'a> {
            jid: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            lease: Option<&'a str>,
            #[serde(flatten)]
            failure: &'a Failure,
        }
        Self::with_json("FAIL", &Fail { jid, lease, failure })
    }

    pub(crate) fn beat(wid: &str, state: Option<WorkerState>, rss_kb: u64) -> Self {
        #[derive(Serialize)]
        struct Beat<'a> {
            wid: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            current_state: Option<WorkerState>,
            rss_kb: u64,
        }
        Self::with_json("BEAT", &Beat { wid, current_state: state, rss_kb })
    }

    pub(crate) fn info() -> Self {
        Self::bare("INFO")
    }

    pub(crate) fn end() -> Self {
        Self::bare("END")
    }

    pub(crate) fn push_raw(jobs: &[Box<RawValue>]) -> Self {
        Self::with_json("PUSHB", jobs)
    }

    /// A line that somebody else wrote.
    pub(crate) fn raw(text: &str) -> Result<Self, Error> {
        if text.contains(['\r', '\n']) {
            return Err(Error::NotALine);
        }
        Ok(Self { verb: "the line", line: format!("{text}\r\n").into_bytes(), pace: Pace::Patient })
    }

    pub(crate) fn queue(what: &str, names: &[String]) -> Result<Self, Error> {
        names.iter().try_for_each(|name| word(name))?;
        let mut line = format!("QUEUE {what}").into_bytes();
        for name in names {
            line.push(b' ');
            line.extend_from_slice(name.as_bytes());
        }
        line.extend_from_slice(b"\r\n");
        Ok(Self { verb: "QUEUE", line, pace: Pace::Patient })
    }

    pub(crate) fn flush() -> Self {
        Self { pace: Pace::Patient, ..Self::bare("FLUSH") }
    }

    pub(crate) fn mutate(mutation: &Mutation) -> Result<Self, Error> {
        let wrong = |what: String| Err(Error::Filter(what));
        match &mutation.filter {
            Filter::Everything => {}
            // Servers take a filter of nothing for one of everything (rule `M-06`).
            Filter::Jids { jids } if jids.is_empty() => return wrong("names no jid".to_owned()),
            Filter::Jids { .. } => {}
            Filter::Matching { jobtype, glob } => {
                let texts = [jobtype, glob].map(|text| text.as_deref());
                if texts.iter().all(Option::is_none) || texts.contains(&Some("")) {
                    return wrong("has an empty job type or glob".to_owned());
                }
                let bytes = glob.as_ref().map_or(0, String::len);
                if bytes > GLOB_MAX {
                    return wrong(format!("has a glob of {bytes} bytes, and may have {GLOB_MAX}"));
                }
            }
        }
        let Self { mut line, .. } = Self::with_json("MUTATE", mutation);
        // Faktory divides the line at blanks (rule `M-01`); in a JSON text they can be written otherwise.
        let head = "MUTATE ".len();
        let text = String::from_utf8(line.split_off(head)).expect("JSON is UTF-8");
        line.extend_from_slice(text.replace(' ', "\\u0020").as_bytes());
        Ok(Self { verb: "MUTATE", line, pace: Pace::Patient })
    }

    /// TRACK and BATCH: a word, and what it is about.
    pub(crate) fn about(verb: &'static str, what: &str, id: &str) -> Result<Self, Error> {
        word(id)?;
        Ok(Self { verb, line: format!("{verb} {what} {id}\r\n").into_bytes(), pace: Pace::Usual })
    }

    /// The same with a document.
    pub(crate) fn stating(verb: &'static str, what: &str, document: &impl Serialize) -> Self {
        let json = Self::with_json("", document).line;
        let line = [verb.as_bytes(), b" ", what.as_bytes(), &json].concat();
        Self { verb, line, pace: Pace::Usual }
    }

    pub(crate) fn jobs(verb: &'static str, slice: &impl Serialize) -> Self {
        Self { pace: Pace::Patient, ..Self::with_json(verb, slice) }
    }

    /// `id`: none, and all are meant.
    pub(crate) fn cron(verb: &'static str, id: Option<&str>) -> Result<Self, Error> {
        Self::workers(verb, id)
    }

    pub(crate) fn workers(verb: &'static str, wid: Option<&str>) -> Result<Self, Error> {
        let Some(wid) = wid else { return Ok(Self::bare(verb)) };
        word(wid)?;
        Ok(Self { verb, line: format!("{verb} {wid}\r\n").into_bytes(), pace: Pace::Usual })
    }

    /// THROTTLES of one queue, or of all.
    pub(crate) fn throttles(
        verb: &'static str,
        queue: Option<&str>,
        limits: Option<&impl Serialize>,
    ) -> Result<Self, Error> {
        let Some(queue) = queue else { return Ok(Self::bare(verb)) };
        word(queue)?;
        let limits = limits.map(|limits| format!(" {}", serde_json::to_string(limits).expect("numbers")));
        let line = format!("{verb} {queue}{}\r\n", limits.unwrap_or_default()).into_bytes();
        Ok(Self { verb, line, pace: Pace::Usual })
    }

    /// The error of a reply that began with a dash. What a server has not shows in what it says, and is not guessed.
    pub(crate) fn refused(&self, line: &str) -> Error {
        /// Of any server, of Faktory (rules `H-40`, `H-47`, `X-01`), of Bessemer.
        const MISSING: [&str; 4] = [
            "unknown command",
            "no such QUEUE subcommand",
            "subsystem is only available",
            "is not supported by",
        ];
        let answer = ServerError::parse(line);
        if !MISSING.iter().any(|text| answer.text.contains(text)) {
            return Error::Server { command: self.verb, answer };
        }
        let what = match self.verb {
            "BATCH" => "batches (Faktory Enterprise feature)",
            "TRACK" => "tracking of jobs (Faktory Enterprise feature)",
            "QUEUE" => "QUEUE LIST (Bessemer feature)",
            "JOBS LIST" | "JOBS RETRY" | "JOBS KILL" | "JOBS DELETE" => "JOBS (Bessemer feature)",
            "WORKERS LIST" | "WORKERS QUIET" | "WORKERS TERMINATE" => "WORKERS (Bessemer feature)",
            "CRON LIST" | "CRON SHOW" | "CRON RUN" | "CRON PAUSE" | "CRON RESUME" => {
                "CRON (Bessemer feature)"
            }
            _ => return Error::Server { command: self.verb, answer },
        };
        Error::Unsupported { what, answer }
    }

    /// The answer is `OK`.
    pub(crate) fn expect_ok(&self, answer: Answer) -> Result<(), Error> {
        match answer {
            Answer::Simple(text) if text == "OK" => Ok(()),
            other => Err(self.unexpected(&other)),
        }
    }

    /// The answer is a document.
    pub(crate) fn expect_document<T: DeserializeOwned>(&self, answer: Answer) -> Result<T, Error> {
        match answer {
            Answer::Bulk(body) => self.read(&body),
            other => Err(self.unexpected(&other)),
        }
    }

    /// The answer is a job, or nothing.
    pub(crate) fn expect_job(&self, answer: Answer) -> Result<Option<FetchedJob>, Error> {
        match answer {
            Answer::Null => Ok(None),
            other => self.expect_document(other).map(Some),
        }
    }

    /// The answer is `OK`, or what the worker is to do.
    pub(crate) fn expect_state(&self, answer: Answer) -> Result<Option<WorkerState>, Error> {
        match answer {
            Answer::Bulk(body) => self.read::<State>(&body).map(|document| Some(document.state)),
            other => self.expect_ok(other).map(|()| None),
        }
    }

    fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(body).map_err(|source| Error::Document { command: self.verb, source })
    }

    /// Says the kind of the reply; of its content only a line, since a bulk may be a job.
    pub(crate) fn unexpected(&self, answer: &Answer) -> Error {
        let reply = match answer {
            Answer::Simple(text) => format!("+{}", text.chars().take(80).collect::<String>()),
            Answer::Bulk(body) => format!("a bulk text of {} bytes", body.len()),
            Answer::Null => "nothing".to_owned(),
        };
        Error::Unexpected { command: self.verb, reply }
    }
}

/// What stands between two spaces of a line.
fn word(text: &str) -> Result<(), Error> {
    let odd = text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control());
    if odd { Err(Error::NotAName(text.to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(command: &Command) -> &str {
        std::str::from_utf8(&command.line).unwrap()
    }

    #[test]
    fn commands_are_written_as_the_protocol_says() {
        let queues = ["critical".to_owned(), "default".to_owned()];
        assert_eq!(line(&Command::fetch(&queues)), "FETCH critical default\r\n");
        assert_eq!(line(&Command::ack("abcdefgh", None)), "ACK {\"jid\":\"abcdefgh\"}\r\n");
        let leased = line(&Command::ack("abcdefgh", Some("5f-1"))).to_owned();
        assert_eq!(leased, "ACK {\"jid\":\"abcdefgh\",\"lease\":\"5f-1\"}\r\n");
        assert_eq!(
            line(&Command::fail("abcdefgh", None, &Failure::internal("E", "m\n"))),
            "FAIL {\"jid\":\"abcdefgh\",\"errtype\":\"E\",\"message\":\"m\\n\",\"backtrace\":[]}\r\n"
        );
        assert_eq!(line(&Command::beat("w1", None, 7)), "BEAT {\"wid\":\"w1\",\"rss_kb\":7}\r\n");
        assert_eq!(
            line(&Command::beat("w1", Some(WorkerState::Quiet), 7)),
            "BEAT {\"wid\":\"w1\",\"current_state\":\"quiet\",\"rss_kb\":7}\r\n"
        );
        assert_eq!(line(&Command::end()), "END\r\n");
    }

    #[test]
    fn answers_are_read_as_each_command_promises() {
        let beat = Command::beat("w1", None, 0);
        let bulk = |text: &str| Answer::Bulk(text.as_bytes().to_vec());
        assert_eq!(beat.expect_state(Answer::Simple("OK".into())).unwrap(), None);
        assert_eq!(beat.expect_state(bulk(r#"{"state":"quiet"}"#)).unwrap(), Some(WorkerState::Quiet));
        assert!(matches!(beat.expect_state(bulk(r#"{"state":"panic"}"#)), Err(Error::Document { .. })));
        let fetch = Command::fetch(&[]);
        assert!(fetch.expect_job(Answer::Null).unwrap().is_none());
        let error = fetch.expect_job(Answer::Simple("OK".into())).unwrap_err();
        assert_eq!(error.to_string(), "unexpected reply to FETCH: +OK");
        let error = fetch.expect_ok(bulk("secret")).unwrap_err();
        assert_eq!(error.to_string(), "unexpected reply to FETCH: a bulk text of 6 bytes");
    }
}
