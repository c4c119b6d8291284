//! What operators ask of a server: to pause queues, to find jobs and act on them, to quiet workers.
//!
//! QUEUE and FLUSH are Faktory's. QUEUE LIST, JOBS, UNIQUE, WORKERS and THROTTLES are Bessemer's own: of another server they are
//! [`Error::Unsupported`]. Who asks for much asks in slices: a page has a cursor, and there is more as long as it has one.
//! Each command is there for one connection and for the pool.

use std::collections::BTreeMap;

use bessemer_protocol::operate::{
    JobEdit, JobFilter, JobPage, JobSlice, KeyFilter, KeyPage, ListedQueue, ListedThrottle, ListedWorker,
    QueueLimits, QueueList, Reached, ThrottleList, WorkerList,
};
use bessemer_protocol::response::{Info, WorkerState};
use serde_json::value::RawValue;

use crate::client::Client;
use crate::client::command::{Answer, Command};
use crate::client::pool::{Bessemer, Rejected};
use crate::error::Error;

/// What is to happen to jobs. Those that are being worked on are their worker's: nothing but a release happens to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobChange {
    /// Scheduled, failed and dead jobs go to their queues now.
    Retry,
    /// They go to the dead.
    Kill,
    /// They are gone.
    Delete,
    /// They are out of sight, and gone unless somebody restores them in time; the server says how long that is.
    Discard,
    /// What was discarded is back where it was.
    Restore,
    /// They are taken back from their workers, to the heads of their queues; what those say of them afterwards is too late.
    Release,
    /// They belong to the queue in [`JobFilter::to`].
    Move,
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
    pub async fn push_raw(&mut self, jobs: &[Box<RawValue>]) -> Result<Vec<Rejected>, Error> {
        let command = Command::push_raw(jobs);
        Rejected::read(&command, self.ask(&command).await?)
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

    /// Every queue, by name.
    pub async fn list_queues(&mut self) -> Result<Vec<ListedQueue>, Error> {
        let command = Command::queue("LIST", &[])?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|QueueList { queues }| queues)
    }

    /// Deletes every job and every count.
    pub async fn flush(&mut self) -> Result<(), Error> {
        let command = Command::flush();
        command.expect_ok(self.ask(&command).await?)
    }

    /// Looks at jobs. Where the page says that there is more, `after` of the next filter is its `next`.
    pub async fn list_jobs(&mut self, filter: &JobFilter) -> Result<JobPage, Error> {
        let command = Command::jobs("JOBS LIST", filter);
        command.expect_document(self.ask(&command).await?)
    }

    /// Does something to the first jobs of a filter, or to those behind its `after`.
    pub async fn change_jobs(&mut self, change: JobChange, filter: &JobFilter) -> Result<JobSlice, Error> {
        let command = Command::jobs(change.verb(), filter);
        command.expect_document(self.ask(&command).await?)
    }

    /// Makes a job another one; 0: it is being worked on, or has moved on meanwhile.
    pub async fn edit_job(&mut self, edit: &JobEdit) -> Result<u64, Error> {
        let command = Command::jobs("JOBS EDIT", edit);
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|Reached { count }| count)
    }

    /// The keys of unique jobs that are held. Where the page says that there is more, `after` of the next filter is its
    /// `next`.
    pub async fn list_keys(&mut self, filter: &KeyFilter) -> Result<KeyPage, Error> {
        let command = Command::jobs("UNIQUE LIST", filter);
        command.expect_document(self.ask(&command).await?)
    }

    /// Frees the key of a unique job, or those of a jid; the jobs go on without. How many were held.
    pub async fn release_keys(&mut self, filter: &KeyFilter) -> Result<u64, Error> {
        let command = Command::jobs("UNIQUE RELEASE", filter);
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|Reached { count }| count)
    }

    /// The worker processes that are connected.
    pub async fn list_workers(&mut self) -> Result<Vec<ListedWorker>, Error> {
        let command = Command::workers("WORKERS LIST", None)?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|WorkerList { workers }| workers)
    }

    /// Tells one worker, or all, to fetch no more or to end, as it will learn by its next BEAT; how many were told.
    pub async fn tell_workers(&mut self, state: WorkerState, wid: Option<&str>) -> Result<u64, Error> {
        let command = Command::workers(told(state), Some(wid.unwrap_or("*")))?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|Reached { count }| count)
    }

    /// What limits queues, by their names.
    pub async fn list_throttles(&mut self) -> Result<Vec<ListedThrottle>, Error> {
        let command = Command::throttles("THROTTLES LIST", None, None::<&()>)?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|ThrottleList { throttles }| throttles)
    }

    /// Limits a queue, whatever the configuration says; limits without a number lift them. 0: that was so already.
    pub async fn set_throttle(&mut self, queue: &str, limits: &QueueLimits) -> Result<u64, Error> {
        let command = Command::throttles("THROTTLES SET", Some(queue), Some(limits))?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|Reached { count }| count)
    }

    /// Limits a queue as the configuration says again; 0: it was so already.
    pub async fn reset_throttle(&mut self, queue: &str) -> Result<u64, Error> {
        let command = Command::throttles("THROTTLES RESET", Some(queue), None::<&()>)?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|Reached { count }| count)
    }
}

/// What operators do, over the pool.
impl Bessemer {
    /// The server's figures: queues, counters, version.
    ///
    /// # Errors
    /// As [`Bessemer::push`]; this goes for all commands below, and those that are Bessemer's own are
    /// [`Error::Unsupported`] by other servers.
    pub async fn info(&self) -> Result<Info, Error> {
        let command = Command::info();
        command.expect_document(self.ask(&command).await?)
    }

    /// See [`Client::pause_queues`].
    pub async fn pause_queues(&self, names: &[String]) -> Result<(), Error> {
        let command = Command::queue("PAUSE", names)?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// See [`Client::resume_queues`].
    pub async fn resume_queues(&self, names: &[String]) -> Result<(), Error> {
        let command = Command::queue("RESUME", names)?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// See [`Client::remove_queues`].
    pub async fn remove_queues(&self, names: &[String]) -> Result<(), Error> {
        let command = Command::queue("REMOVE", names)?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// See [`Client::queue_latency`].
    pub async fn queue_latency(&self, names: &[String]) -> Result<BTreeMap<String, f64>, Error> {
        let command = Command::queue("LATENCY", names)?;
        command.expect_document(self.ask(&command).await?)
    }

    /// See [`Client::list_queues`].
    pub async fn list_queues(&self) -> Result<Vec<ListedQueue>, Error> {
        let command = Command::queue("LIST", &[])?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|QueueList { queues }| queues)
    }

    /// See [`Client::flush`].
    pub async fn flush(&self) -> Result<(), Error> {
        let command = Command::flush();
        command.expect_ok(self.ask(&command).await?)
    }

    /// See [`Client::list_jobs`].
    pub async fn list_jobs(&self, filter: &JobFilter) -> Result<JobPage, Error> {
        let command = Command::jobs("JOBS LIST", filter);
        command.expect_document(self.ask(&command).await?)
    }

    /// See [`Client::change_jobs`].
    pub async fn change_jobs(&self, change: JobChange, filter: &JobFilter) -> Result<JobSlice, Error> {
        let command = Command::jobs(change.verb(), filter);
        command.expect_document(self.ask(&command).await?)
    }

    /// See [`Client::list_workers`].
    pub async fn list_workers(&self) -> Result<Vec<ListedWorker>, Error> {
        let command = Command::workers("WORKERS LIST", None)?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|WorkerList { workers }| workers)
    }

    /// See [`Client::tell_workers`].
    pub async fn tell_workers(&self, state: WorkerState, wid: Option<&str>) -> Result<u64, Error> {
        let command = Command::workers(told(state), Some(wid.unwrap_or("*")))?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|Reached { count }| count)
    }

    /// See [`Client::list_throttles`].
    pub async fn list_throttles(&self) -> Result<Vec<ListedThrottle>, Error> {
        let command = Command::throttles("THROTTLES LIST", None, None::<&()>)?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|ThrottleList { throttles }| throttles)
    }

    /// See [`Client::set_throttle`].
    pub async fn set_throttle(&self, queue: &str, limits: &QueueLimits) -> Result<u64, Error> {
        let command = Command::throttles("THROTTLES SET", Some(queue), Some(limits))?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|Reached { count }| count)
    }

    /// See [`Client::reset_throttle`].
    pub async fn reset_throttle(&self, queue: &str) -> Result<u64, Error> {
        let command = Command::throttles("THROTTLES RESET", Some(queue), None::<&()>)?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|Reached { count }| count)
    }
}

impl JobChange {
    const fn verb(self) -> &'static str {
        match self {
            Self::Retry => "JOBS RETRY",
            Self::Kill => "JOBS KILL",
            Self::Delete => "JOBS DELETE",
            Self::Discard => "JOBS DISCARD",
            Self::Restore => "JOBS RESTORE",
            Self::Release => "JOBS RELEASE",
            Self::Move => "JOBS MOVE",
        }
    }
}

const fn told(state: WorkerState) -> &'static str {
    match state {
        WorkerState::Quiet => "WORKERS QUIET",
        WorkerState::Terminate => "WORKERS TERMINATE",
    }
}

#[cfg(test)]
mod tests {
    use bessemer_protocol::operate::JobSet;

    use super::*;
    use crate::client::fake::{Fake, Say};

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
        let list = r#"{"queues":[{"name":"a","size":1,"latency":0.5,"paused":true}]}"#;
        fake.answer("QUEUE", Say::Bulk(list));
        assert!(client.list_queues().await.unwrap()[0].paused);
        let sent = ["PAUSE a b", "RESUME *", "REMOVE a", "LATENCY a b", "LIST"];
        assert_eq!(fake.seen("QUEUE", 5).await, sent);
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
        let mut filter = JobFilter { set: Some(JobSet::Dead), count: Some(25), ..JobFilter::default() };
        filter.regexp = Some("*x*".into());
        let page = client.list_jobs(&filter).await.unwrap();
        assert_eq!((page.jobs[0].job.get(), page.total), (r#"{"jid":"abcdefgh","args":[1.0]}"#, 7));
        fake.answer("JOBS", Say::Bulk(r#"{"count":3,"seen":5,"next":null,"total":7}"#));
        filter.after = page.next;
        let slice = client.change_jobs(JobChange::Delete, &filter).await.unwrap();
        assert_eq!(slice, JobSlice { count: 3, seen: 5, next: None, total: 7 });
        assert_eq!(
            fake.seen("JOBS", 2).await,
            [
                r#"LIST {"set":"dead","regexp":"*x*","count":25}"#,
                r#"DELETE {"set":"dead","regexp":"*x*","after":"c1","count":25}"#
            ]
        );
    }

    #[tokio::test]
    async fn workers_are_listed_and_told() {
        let fake = Fake::new();
        let mut client = connect(&fake).await;
        let seen = r#"{"workers":[{"wid":"w1","hostname":"h","pid":7,"labels":[],"state":"running","started":"s",
            "last_beat":"b","rss_kb":1,"connections":1,"busy":2}]}"#;
        fake.answer("WORKERS", Say::Bulk(seen));
        assert_eq!(client.list_workers().await.unwrap()[0].busy, 2);
        fake.answer("WORKERS", Say::Bulk(r#"{"count":4}"#));
        assert_eq!(client.tell_workers(WorkerState::Terminate, None).await.unwrap(), 4);
        fake.answer("WORKERS", Say::Bulk(r#"{"count":1}"#));
        assert_eq!(client.tell_workers(WorkerState::Quiet, Some("w1")).await.unwrap(), 1);
        assert_eq!(fake.seen("WORKERS", 3).await, ["LIST", "TERMINATE *", "QUIET w1"]);
    }

    #[tokio::test]
    async fn limits_are_listed_set_and_reset_e60() {
        let fake = Fake::new();
        let (mut client, app) = (connect(&fake).await, fake.app());
        let list = r#"{"throttles":[{"queue":"a","limits":{"worker":1},"set":true,"full":true,"working":1,
            "waiting":2,"fetches":3,"holders":[{"wid":"w1","jobs":1}]}]}"#;
        for _ in 0..2 {
            fake.answer("THROTTLES", Say::Bulk(list));
        }
        assert_eq!(client.list_throttles().await.unwrap()[0].limits.worker, Some(1));
        assert_eq!(app.list_throttles().await.unwrap()[0].holders[0].wid, "w1");
        for _ in 0..4 {
            fake.answer("THROTTLES", Say::Bulk(r#"{"count":1}"#));
        }
        let limits = QueueLimits { rate: Some(5), per: Some(60), ..QueueLimits::default() };
        assert_eq!(client.set_throttle("a", &limits).await.unwrap(), 1);
        assert_eq!(app.set_throttle("a", &QueueLimits::default()).await.unwrap(), 1);
        assert_eq!(client.reset_throttle("a").await.unwrap(), 1);
        assert_eq!(app.reset_throttle("b").await.unwrap(), 1);
        let sent = ["LIST", "LIST", r#"SET a {"rate":5,"per":60}"#, "SET a {}", "RESET a", "RESET b"];
        assert_eq!(fake.seen("THROTTLES", 6).await, sent);
        assert!(client.set_throttle("a b", &limits).await.is_err());
    }

    #[tokio::test]
    async fn the_pool_has_every_command_of_operators_too() {
        let fake = Fake::new();
        let app = fake.app();
        app.pause_queues(&names(&["a"])).await.unwrap();
        app.resume_queues(&names(&["a"])).await.unwrap();
        app.remove_queues(&names(&["a"])).await.unwrap();
        fake.answer("QUEUE", Say::Bulk(r#"{"a":1.5}"#));
        assert_eq!(app.queue_latency(&names(&["a"])).await.unwrap()["a"], 1.5);
        fake.answer("QUEUE", Say::Bulk(r#"{"queues":[]}"#));
        assert!(app.list_queues().await.unwrap().is_empty());
        assert_eq!(fake.seen("QUEUE", 5).await, ["PAUSE a", "RESUME a", "REMOVE a", "LATENCY a", "LIST"]);
        app.flush().await.unwrap();
        fake.answer("JOBS", Say::Bulk(r#"{"jobs":[],"next":null,"total":0}"#));
        assert!(app.list_jobs(&JobFilter::default()).await.unwrap().jobs.is_empty());
        fake.answer("JOBS", Say::Bulk(r#"{"count":1,"seen":1,"next":null,"total":1}"#));
        assert_eq!(app.change_jobs(JobChange::Kill, &JobFilter::default()).await.unwrap().count, 1);
        assert_eq!(fake.seen("JOBS", 2).await, ["LIST {}", "KILL {}"]);
        fake.answer("WORKERS", Say::Bulk(r#"{"workers":[]}"#));
        assert!(app.list_workers().await.unwrap().is_empty());
        fake.answer("WORKERS", Say::Bulk(r#"{"count":1}"#));
        assert_eq!(app.tell_workers(WorkerState::Quiet, Some("w1")).await.unwrap(), 1);
        assert_eq!(fake.seen("WORKERS", 2).await, ["LIST", "QUIET w1"]);
        assert_eq!(fake.count("HELLO"), 1);
    }

    #[tokio::test]
    async fn what_the_server_has_not_is_said_by_name_h40_h47() {
        let fake = Fake::new();
        let app = fake.app();
        let told = |error: Error| {
            assert!(matches!(error, Error::Unsupported { .. }), "{error}");
            error.to_string()
        };
        fake.answer("JOBS", Say::Error("unknown command JOBS"));
        let error = app.list_jobs(&JobFilter::default()).await.unwrap_err();
        assert_eq!(told(error), "the server has no JOBS (Bessemer feature)");
        fake.answer("WORKERS", Say::Error("unknown command WORKERS"));
        let error = app.list_workers().await.unwrap_err();
        assert_eq!(told(error), "the server has no WORKERS (Bessemer feature)");
        fake.answer("QUEUE", Say::Error("no such QUEUE subcommand: LIST"));
        assert_eq!(
            told(app.list_queues().await.unwrap_err()),
            "the server has no QUEUE LIST (Bessemer feature)"
        );
        fake.answer("QUEUE", Say::Error("QUEUE LATENCY does not support wildcards"));
        let error = app.queue_latency(&names(&["*"])).await.unwrap_err();
        assert!(matches!(error, Error::Server { .. }), "{error}");
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
        assert_eq!(fake.count("FLUSH"), 1);
    }
}
