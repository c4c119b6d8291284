//! What operators ask of a server: to pause queues, to find jobs and act on them, to quiet workers.
//!
//! QUEUE, MUTATE and FLUSH are Faktory's. JOBS and WORKERS are Bessemer's own: other servers answer that they do not
//! know the command. Who asks for much asks in slices: a page has a cursor, and there is more as long as it has one.

use std::collections::BTreeMap;

use bessemer_protocol::response::WorkerState;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::client::Client;
use crate::command::{Answer, Command};
use crate::error::Error;

/// Where a job can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobSet {
    /// Waiting in its queue.
    Queued,
    /// Waiting for its time.
    Scheduled,
    /// Failed, and to be tried again.
    Retries,
    /// Failed for good.
    Dead,
    /// In the hands of a worker.
    Working,
}

/// Which jobs are meant: those that are all of this at once. Nothing set means every job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Selection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<JobSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobtype: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jids: Vec<String>,
    /// A glob (`*`, `?`, `[a-z]`, `\`) for the whole text of the job as compact JSON.
    #[serde(rename = "regexp", skip_serializing_if = "Option::is_none")]
    pub glob: Option<String>,
}

/// One slice of a selection.
#[derive(Serialize)]
struct Slice<'a> {
    #[serde(flatten)]
    selection: &'a Selection,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
    count: u32,
}

/// A job and where it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListedJob {
    /// `queued`, `scheduled`, `retrying`, `dead` or `working`.
    pub state: String,
    /// Since when it is there. Times are RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When it comes into its queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// When it is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wid: Option<String>,
    /// The job as FETCH gives it, with its failure.
    pub job: Box<RawValue>,
}

/// Some jobs of a selection.
#[derive(Clone, Debug, Deserialize)]
pub struct JobsPage {
    /// Maybe none, also where there is more.
    pub jobs: Vec<ListedJob>,
    /// Where the next page begins; none: there is no more.
    #[serde(default)]
    pub next: Option<String>,
    /// How many jobs the set has, or all sets, whatever else is selected.
    #[serde(default)]
    pub total: u64,
}

/// What is to happen to jobs. Those that are being worked on are their worker's: nothing happens to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobChange {
    /// Scheduled, failed and dead jobs go to their queues now.
    Retry,
    /// They go to the dead.
    Kill,
    /// They are gone.
    Delete,
}

/// What has happened to a slice of a selection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Changed {
    /// Jobs to which it has happened.
    pub count: u64,
    /// Jobs that were looked at.
    #[serde(default)]
    pub seen: u64,
    /// Where to go on; none: that was all.
    #[serde(default)]
    pub next: Option<String>,
    /// As in a [`JobsPage`].
    #[serde(default)]
    pub total: u64,
}

/// A worker process, as its server sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkerSeen {
    pub wid: String,
    #[serde(default)]
    pub hostname: String,
    #[serde(default)]
    pub pid: i64,
    #[serde(default)]
    pub labels: Vec<String>,
    /// `running`, `quiet` or `terminate`.
    pub state: String,
    pub started: String,
    pub last_beat: String,
    #[serde(default)]
    pub rss_kb: u64,
    #[serde(default)]
    pub connections: u64,
    /// Jobs in its hands.
    #[serde(default)]
    pub busy: u64,
}

#[derive(Deserialize)]
struct Workers {
    workers: Vec<WorkerSeen>,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
}

impl Client {
    /// Sends a line as it is, for what has no method here, and returns the answer as it is. It may take a minute.
    ///
    /// # Errors
    /// [`Error::Server`] for an error reply; [`Error::NotALine`] for a text with a line end in it.
    pub async fn call(&mut self, line: &str) -> Result<Answer, Error> {
        let command = Command::raw(line)?;
        self.ask(&command).await
    }

    /// Pushes jobs that are JSON objects already, each with its `jid`; otherwise as [`Client::push_bulk`].
    pub async fn push_raw(&mut self, jobs: &[Box<RawValue>]) -> Result<Vec<crate::Rejected>, Error> {
        let command = Command::push_raw(jobs);
        crate::Rejected::read(&command, self.ask(&command).await?)
    }

    /// Workers get nothing more from these queues. Those that do not exist are passed over; `*` alone is all.
    pub async fn pause_queues(&mut self, names: &[String]) -> Result<(), Error> {
        self.queue("PAUSE", names).await
    }

    /// Workers get jobs of these queues again.
    pub async fn resume_queues(&mut self, names: &[String]) -> Result<(), Error> {
        self.queue("RESUME", names).await
    }

    /// Deletes these queues with the jobs that wait in them.
    pub async fn remove_queues(&mut self, names: &[String]) -> Result<(), Error> {
        self.queue("REMOVE", names).await
    }

    async fn queue(&mut self, what: &str, names: &[String]) -> Result<(), Error> {
        let command = Command::queue(what, names)?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// For how many seconds the next job of each of these queues has waited.
    pub async fn queue_latency(&mut self, names: &[String]) -> Result<BTreeMap<String, f64>, Error> {
        let command = Command::queue("LATENCY", names)?;
        command.expect_document(self.ask(&command).await?)
    }

    /// Deletes every job and every count.
    pub async fn flush(&mut self) -> Result<(), Error> {
        let command = Command::flush();
        command.expect_ok(self.ask(&command).await?)
    }

    /// Deletes the jobs of a set whose text, as compact JSON, matches a glob. All servers know this.
    pub async fn discard(&mut self, set: JobSet, glob: &str) -> Result<(), Error> {
        let command = Command::discard(set, glob);
        command.expect_ok(self.ask(&command).await?)
    }

    /// Looks at jobs: the first of the selection, or those behind a page.
    pub async fn list_jobs(
        &mut self,
        selection: &Selection,
        after: Option<&str>,
        count: u32,
    ) -> Result<JobsPage, Error> {
        let command = Command::jobs("JOBS LIST", &Slice { selection, after, count });
        command.expect_document(self.ask(&command).await?)
    }

    /// Does something to the first jobs of a selection, or to those behind a slice, looking at `count` of them at most.
    pub async fn change_jobs(
        &mut self,
        change: JobChange,
        selection: &Selection,
        after: Option<&str>,
        count: u32,
    ) -> Result<Changed, Error> {
        let verb = match change {
            JobChange::Retry => "JOBS RETRY",
            JobChange::Kill => "JOBS KILL",
            JobChange::Delete => "JOBS DELETE",
        };
        let command = Command::jobs(verb, &Slice { selection, after, count });
        command.expect_document(self.ask(&command).await?)
    }

    /// The worker processes that are connected.
    pub async fn list_workers(&mut self) -> Result<Vec<WorkerSeen>, Error> {
        let command = Command::workers("WORKERS LIST", None)?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|Workers { workers }| workers)
    }

    /// Tells one worker, or all, to fetch no more or to end, as it will learn by its next BEAT; how many were told.
    pub async fn tell_workers(&mut self, state: WorkerState, wid: Option<&str>) -> Result<u64, Error> {
        let verb = match state {
            WorkerState::Quiet => "WORKERS QUIET",
            WorkerState::Terminate => "WORKERS TERMINATE",
        };
        let command = Command::workers(verb, Some(wid.unwrap_or("*")))?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|Count { count }| count)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fake::{Fake, Say};

    async fn connect(fake: &Fake) -> Client {
        let url = format!("tcp://{}", fake.listen().await);
        Client::connect(&url.parse().unwrap()).await.unwrap()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[tokio::test]
    async fn queues_are_paused_resumed_removed_and_measured_u01() {
        let fake = Fake::new();
        let mut client = connect(&fake).await;
        client.pause_queues(&names(&["a", "b"])).await.unwrap();
        client.resume_queues(&names(&["*"])).await.unwrap();
        client.remove_queues(&names(&["a"])).await.unwrap();
        fake.answer("QUEUE", Say::Bulk(r#"{"a":0,"b":1.5}"#));
        let latency = client.queue_latency(&names(&["a", "b"])).await.unwrap();
        assert_eq!((latency["a"], latency["b"]), (0.0, 1.5));
        assert_eq!(fake.seen("QUEUE", 4).await, ["PAUSE a b", "RESUME *", "REMOVE a", "LATENCY a b"]);
    }

    #[tokio::test]
    async fn a_name_that_would_be_two_and_a_line_that_would_be_two_are_refused() {
        let fake = Fake::new();
        let mut client = connect(&fake).await;
        for name in ["a b", "", "a\r\nFLUSH"] {
            let error = client.pause_queues(&names(&[name])).await.unwrap_err();
            assert!(matches!(error, Error::NotAName(_)), "{name:?}: {error}");
            assert!(client.tell_workers(WorkerState::Quiet, Some(name)).await.is_err(), "{name:?}");
        }
        let error = client.call("INFO\nFLUSH").await.unwrap_err();
        assert_eq!(error.to_string(), "a command is one line, and this text has a line end in it");
        assert_eq!(fake.count("FLUSH"), 0);
        assert!(client.is_usable());
    }

    #[tokio::test]
    async fn a_line_is_sent_and_answered_as_it_is_o16() {
        let fake = Fake::new();
        let mut client = connect(&fake).await;
        fake.answer("FROB", Say::Error("unknown command FROB"));
        let error = client.call("FROB  x").await.unwrap_err();
        assert_eq!(error.to_string(), "server refused the line: unknown command FROB");
        assert_eq!(fake.seen("FROB", 1).await, ["x"]);
        fake.answer("INFO", Say::Bulk("{}"));
        assert_eq!(client.call("INFO").await.unwrap(), Answer::Bulk(b"{}".to_vec()));
    }

    #[tokio::test]
    async fn jobs_are_listed_and_changed_in_slices() {
        let fake = Fake::new();
        let mut client = connect(&fake).await;
        let page = r#"{"jobs":[{"state":"dead","since":"2026-01-02T03:04:05Z","job":{"jid":"abcdefgh","args":[1.0]}}],
            "next":"c1","total":7}"#;
        fake.answer("JOBS", Say::Bulk(page));
        let selection =
            Selection { set: Some(JobSet::Dead), glob: Some("*x*".into()), ..Selection::default() };
        let page = client.list_jobs(&selection, None, 25).await.unwrap();
        assert_eq!((page.jobs[0].job.get(), page.total), (r#"{"jid":"abcdefgh","args":[1.0]}"#, 7));
        fake.answer("JOBS", Say::Bulk(r#"{"count":3,"seen":5,"next":null,"total":7}"#));
        let changed =
            client.change_jobs(JobChange::Delete, &selection, page.next.as_deref(), 5).await.unwrap();
        assert_eq!(changed, Changed { count: 3, seen: 5, next: None, total: 7 });
        assert_eq!(
            fake.seen("JOBS", 2).await,
            [
                r#"LIST {"set":"dead","regexp":"*x*","count":25}"#,
                r#"DELETE {"set":"dead","regexp":"*x*","after":"c1","count":5}"#
            ]
        );
    }

    #[tokio::test]
    async fn workers_are_listed_and_told() {
        let fake = Fake::new();
        let mut client = connect(&fake).await;
        let seen = r#"{"workers":[{"wid":"w1","state":"running","started":"s","last_beat":"b","busy":2}]}"#;
        fake.answer("WORKERS", Say::Bulk(seen));
        assert_eq!(client.list_workers().await.unwrap()[0].busy, 2);
        fake.answer("WORKERS", Say::Bulk(r#"{"count":4}"#));
        assert_eq!(client.tell_workers(WorkerState::Terminate, None).await.unwrap(), 4);
        fake.answer("WORKERS", Say::Bulk(r#"{"count":1}"#));
        assert_eq!(client.tell_workers(WorkerState::Quiet, Some("w1")).await.unwrap(), 1);
        assert_eq!(fake.seen("WORKERS", 3).await, ["LIST", "TERMINATE *", "QUIET w1"]);
    }

    #[tokio::test]
    async fn raw_jobs_stay_on_their_line() {
        let fake = Fake::new();
        let mut client = connect(&fake).await;
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        fake.answer("PUSHB", Say::Bulk("{}"));
        client.push_raw(&[raw("{\"jid\":\"abcdefgh\",\r\n\"args\":[1.0]}")]).await.unwrap();
        assert_eq!(fake.seen("PUSHB", 1).await, ["[{\"jid\":\"abcdefgh\",  \"args\":[1.0]}]"]);
        client.flush().await.unwrap();
        client.discard(JobSet::Retries, r#"*"run":"1"*"#).await.unwrap();
        let mutation = json!({"cmd": "discard", "target": "retries", "filter": {"regexp": r#"*"run":"1"*"#}});
        let seen: serde_json::Value = serde_json::from_str(&fake.seen("MUTATE", 1).await[0]).unwrap();
        assert_eq!(seen, mutation);
    }
}
