//! BATCH: jobs that belong together, and jobs that are run when all of them have. A feature of Faktory Enterprise: of a
//! server that lacks it, these commands are [`Error::Unsupported`].
//!
//! ```text
//! Batch::new ── NEW ──► OpenBatch ── PUSH, PUSHB with custom.bid ──► COMMIT ──► on_complete when all have run once,
//!                           ▲                                                   on_success when all have succeeded
//!                           └── OPEN: a job of the batch adds others
//! ```
//!
//! Nothing is run at the end of a batch before it is committed (rule `E-02`), so its jobs may begin while others are
//! still pushed. What is not committed for half an hour is forgotten (rule `E-12`).

use std::fmt;

use bessemer_protocol::batch::{BatchFilter, BatchPage, BatchReport};
use bessemer_protocol::operate::Reached;
use bessemer_protocol::response::ServerError;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::client::command::{Answer, Command};
use crate::client::pool::{Bessemer, Rejected};
use crate::error::Error;
use crate::payload::{Jid, NewJob};

/// The id of a batch, as the server gives it: `b-` and 14 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bid(String);

impl Bid {
    /// One that is known already; of the job that runs see [`Context::bid`](crate::Context::bid).
    pub fn new(bid: impl Into<String>) -> Self {
        Self(bid.into())
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Bid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A batch in preparation.
///
/// ```no_run
/// # use bessemer::{Batch, Bessemer, JobOptions, NewJob};
/// # use serde_json::json;
/// # async fn example(app: Bessemer, invoices: Vec<NewJob>) -> Result<(), bessemer::Error> {
/// let report = NewJob::new("Report", &[json!("2026-01")], JobOptions::new())?;
/// let bid = Batch::new("invoices of January").on_success(report).jobs(invoices).push(&app).await?;
/// println!("{} to go", app.batch_status(&bid).await?.pending);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use = "nothing is pushed before push or open is called"]
pub struct Batch {
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_bid: Option<Bid>,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<NewJob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    complete: Option<NewJob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    death: Option<NewJob>,
    #[serde(skip)]
    jobs: Vec<NewJob>,
}

impl Batch {
    /// With what people are to read of it.
    pub fn new(description: impl Into<String>) -> Self {
        let description = description.into();
        let (success, complete, death) = (None, None, None);
        Self { parent_bid: None, description, success, complete, death, jobs: Vec::new() }
    }

    /// Run when every job of the batch has succeeded.
    pub fn on_success(mut self, job: NewJob) -> Self {
        self.success = Some(job);
        self
    }

    /// Run when every job of the batch has run once, whether it succeeded or failed.
    pub fn on_complete(mut self, job: NewJob) -> Self {
        self.complete = Some(job);
        self
    }

    /// Run when the first job of the batch dies. Bessemer's own: another server passes it over.
    pub fn on_death(mut self, job: NewJob) -> Self {
        self.death = Some(job);
        self
    }

    /// A part of another batch, whose end waits for the end of this one.
    pub fn child_of(mut self, parent: &Bid) -> Self {
        self.parent_bid = Some(parent.clone());
        self
    }

    /// Its jobs; further ones join when it is called again.
    pub fn jobs(mut self, jobs: impl IntoIterator<Item = NewJob>) -> Self {
        self.jobs.extend(jobs);
        self
    }

    /// Opens it, pushes its jobs, and commits it.
    ///
    /// # Errors
    /// As [`Batch::open`]; [`Error::Incomplete`] when the server refused one of the jobs, also a unique one that is there
    /// already: the batch is then open still, for [`Bessemer::open_batch`].
    pub async fn push(mut self, app: &Bessemer) -> Result<Bid, Error> {
        let jobs = std::mem::take(&mut self.jobs);
        let batch = self.open(app).await?;
        let rejected = batch.push_all(jobs).await?;
        if rejected.is_empty() {
            batch.commit().await
        } else {
            Err(Error::Incomplete { bid: batch.bid, rejected })
        }
    }

    /// Opens it and pushes the jobs that it has: more may follow.
    ///
    /// # Errors
    /// [`Error::NoCallback`] for a batch whose end nobody would hear of; [`Error::Unsupported`] of a server without
    /// batches; [`Error::Incomplete`]; otherwise as [`Bessemer::push`].
    pub async fn open(mut self, app: &Bessemer) -> Result<OpenBatch, Error> {
        if self.success.is_none() && self.complete.is_none() && self.death.is_none() {
            return Err(Error::NoCallback);
        }
        let jobs = std::mem::take(&mut self.jobs);
        let command = Command::stating("BATCH", "NEW", &self);
        let bid = command.expect_bid(app.ask(&command).await?)?;
        let batch = OpenBatch { app: app.clone(), bid };
        let rejected = batch.push_all(jobs).await?;
        if rejected.is_empty() { Ok(batch) } else { Err(Error::Incomplete { bid: batch.bid, rejected }) }
    }
}

/// A batch that takes jobs, from [`Batch::open`] or [`Bessemer::open_batch`].
#[derive(Clone, Debug)]
#[must_use = "nothing is run at the end of a batch that is not committed"]
pub struct OpenBatch {
    app: Bessemer,
    bid: Bid,
}

impl OpenBatch {
    /// Its id.
    pub fn bid(&self) -> &Bid {
        &self.bid
    }

    /// Pushes a job into it.
    ///
    /// # Errors
    /// As [`Bessemer::push`].
    pub async fn push(&self, job: NewJob) -> Result<Jid, Error> {
        self.app.push(&job.in_batch(&self.bid)).await
    }

    /// Pushes jobs into it, and returns those that the server refused.
    ///
    /// # Errors
    /// As [`Bessemer::push_all`].
    pub async fn push_all(&self, jobs: Vec<NewJob>) -> Result<Vec<Rejected>, Error> {
        let jobs: Vec<NewJob> = jobs.into_iter().map(|job| job.in_batch(&self.bid)).collect();
        self.app.push_all(&jobs).await
    }

    /// Says that it is whole: what is to be run at its end is run when its jobs have.
    ///
    /// # Errors
    /// [`Error::NoSuchBatch`] where it was forgotten meanwhile.
    pub async fn commit(&self) -> Result<Bid, Error> {
        let command = Command::about("BATCH", "COMMIT", self.bid.as_str())?;
        let answer = about(&self.bid, self.app.ask(&command).await)?;
        command.expect_ok(answer).map(|()| self.bid.clone())
    }
}

/// What became of a job that is run at the end of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[non_exhaustive]
pub enum CallbackState {
    /// It is not time yet, or there is none.
    #[default]
    #[serde(rename = "")]
    Pending,
    /// It waits in its queue, runs, or has failed.
    #[serde(rename = "1")]
    Enqueued,
    /// It is done.
    #[serde(rename = "2")]
    Done,
}

/// How far a batch is, from [`Bessemer::batch_status`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BatchStatus {
    /// Its id.
    pub bid: Bid,
    /// The batch that it is a part of.
    #[serde(default)]
    pub parent_bid: Option<Bid>,
    /// What people are to read.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was made, RFC 3339.
    #[serde(default)]
    pub created_at: String,
    /// Jobs that were pushed into it.
    pub total: u64,
    /// Those of them that are not done.
    pub pending: u64,
    /// Those that failed.
    pub failed: u64,
    /// The job of [`Batch::on_complete`].
    #[serde(rename = "complete_st")]
    pub complete: CallbackState,
    /// The job of [`Batch::on_success`].
    #[serde(rename = "success_st")]
    pub success: CallbackState,
    /// The job of [`Batch::on_death`].
    #[serde(rename = "death_st", default)]
    pub death: CallbackState,
    /// An operator ended it, or [`Bessemer::cancel_batch`].
    #[serde(default)]
    pub cancelled: bool,
}

impl Bessemer {
    /// Opens a batch again, so that one of its jobs may add others.
    ///
    /// # Errors
    /// [`Error::NoSuchBatch`]; [`Error::Unsupported`] of a server without batches.
    pub async fn open_batch(&self, bid: &Bid) -> Result<OpenBatch, Error> {
        let command = Command::about("BATCH", "OPEN", bid.as_str())?;
        let bid = command.expect_bid(about(bid, self.ask(&command).await)?)?;
        Ok(OpenBatch { app: self.clone(), bid })
    }

    /// How far a batch is.
    ///
    /// # Errors
    /// As [`Bessemer::open_batch`].
    pub async fn batch_status(&self, bid: &Bid) -> Result<BatchStatus, Error> {
        let command = Command::about("BATCH", "STATUS", bid.as_str())?;
        command.expect_document(about(bid, self.ask(&command).await)?)
    }
}

/// What is Bessemer's own of batches: other servers answer [`Error::Unsupported`].
impl Bessemer {
    /// Ends a batch: nothing is run at its end any more, and those of its jobs that wait are deleted, also those of the batches
    /// that are parts of it. Says how many of its own wait.
    ///
    /// # Errors
    /// As [`Bessemer::open_batch`].
    pub async fn cancel_batch(&self, bid: &Bid) -> Result<u64, Error> {
        let command = Command::about("BATCH", "CANCEL", bid.as_str())?;
        let answer = command.expect_document(about(bid, self.ask(&command).await)?);
        answer.map(|Reached { count }| count)
    }

    /// Says what a batch waits for, and puts right what cannot come right by itself.
    ///
    /// # Errors
    /// As [`Bessemer::open_batch`].
    pub async fn check_batch(&self, bid: &Bid) -> Result<BatchReport, Error> {
        let command = Command::about("BATCH", "CHECK", bid.as_str())?;
        command.expect_document(about(bid, self.ask(&command).await)?)
    }
}

impl Client {
    /// Looks at batches, newest first. Where the page says that there is more, `after` of the next filter is its `next`.
    pub async fn list_batches(&mut self, filter: &BatchFilter) -> Result<BatchPage, Error> {
        let command = Command::stating("BATCH", "LIST", filter);
        command.expect_document(self.ask(&command).await?)
    }

    /// See [`Bessemer::cancel_batch`].
    pub async fn cancel_batch(&mut self, bid: &Bid) -> Result<u64, Error> {
        let command = Command::about("BATCH", "CANCEL", bid.as_str())?;
        let answer = command.expect_document(about(bid, self.ask(&command).await)?);
        answer.map(|Reached { count }| count)
    }

    /// Says what a batch waits for, and changes nothing.
    pub async fn show_batch(&mut self, bid: &Bid) -> Result<BatchReport, Error> {
        let command = Command::about("BATCH", "SHOW", bid.as_str())?;
        command.expect_document(about(bid, self.ask(&command).await)?)
    }

    /// See [`Bessemer::check_batch`].
    pub async fn check_batch(&mut self, bid: &Bid) -> Result<BatchReport, Error> {
        let command = Command::about("BATCH", "CHECK", bid.as_str())?;
        command.expect_document(about(bid, self.ask(&command).await)?)
    }
}

impl Command {
    /// The answer is the id of a batch (rules `E-01`, `E-04`).
    fn expect_bid(&self, answer: Answer) -> Result<Bid, Error> {
        match answer {
            Answer::Bulk(body) if body.starts_with(b"b-") => {
                Ok(Bid(String::from_utf8_lossy(&body).into_owned()))
            }
            other => Err(self.unexpected(&other)),
        }
    }
}

/// Servers write it with a capital letter or without (rule `E-04`).
fn about(bid: &Bid, answer: Result<Answer, Error>) -> Result<Answer, Error> {
    let unknown = |answer: &ServerError| answer.text.to_ascii_lowercase().starts_with("no such batch");
    match answer {
        Err(Error::Server { answer, .. }) if unknown(&answer) => {
            Err(Error::NoSuchBatch { bid: bid.to_string() })
        }
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::client::fake::{Fake, Say};
    use crate::job::JobOptions;

    const BID: &str = "b-a1B2c3D4e5F6g7";

    fn job(jobtype: &str) -> NewJob {
        NewJob::new(jobtype, &[json!(1)], JobOptions::new().custom("locale", "en")).unwrap()
    }

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[tokio::test]
    async fn a_batch_is_made_filled_and_committed_e01_e02_e03() {
        let fake = Fake::new();
        fake.answer("BATCH", Say::Bulk(BID));
        let batch = Batch::new("two of a kind").on_success(job("S")).on_complete(job("C"));
        let bid = batch.jobs([job("A"), job("B")]).push(&fake.app()).await.unwrap();
        assert_eq!(bid.as_str(), BID);
        let sent = fake.seen("BATCH", 2).await;
        let new = read(sent[0].strip_prefix("NEW ").unwrap());
        assert_eq!((&new["description"], new.get("parent_bid")), (&json!("two of a kind"), None));
        assert_eq!((&new["success"]["jobtype"], &new["complete"]["jobtype"]), (&json!("S"), &json!("C")));
        assert!(new["success"]["jid"].as_str().unwrap().len() >= 8);
        assert_eq!(new["success"]["custom"], json!({"locale": "en"}), "no job of the batch");
        assert_eq!(sent[1], format!("COMMIT {BID}"));
        let jobs = read(&fake.seen("PUSHB", 1).await[0]);
        for (job, jobtype) in jobs.as_array().unwrap().iter().zip(["A", "B"]) {
            assert_eq!(
                (&job["jobtype"], &job["custom"]),
                (&json!(jobtype), &json!({"bid": BID, "locale": "en"}))
            );
        }
    }

    #[tokio::test]
    async fn jobs_join_a_batch_that_is_open_e04_e11() {
        let fake = Fake::new();
        let app = fake.app();
        fake.answer("BATCH", Say::Bulk("b-child000000000"));
        let child = Batch::new("").on_complete(job("C")).child_of(&Bid::new(BID)).open(&app).await.unwrap();
        let new = read(fake.seen("BATCH", 1).await[0].strip_prefix("NEW ").unwrap());
        assert_eq!(
            (&new["parent_bid"], new.get("description"), new.get("success")),
            (&json!(BID), None, None)
        );
        assert_eq!(fake.count("PUSHB"), 0, "an empty one needs none");
        child.push(job("A")).await.unwrap();
        let pushed = read(&fake.seen("PUSH", 1).await[0]);
        assert_eq!(pushed["custom"]["bid"], "b-child000000000");
        child.commit().await.unwrap();

        fake.answer("BATCH", Say::Bulk(BID));
        let again = app.open_batch(&Bid::new(BID)).await.unwrap();
        assert_eq!(again.bid().as_str(), BID);
        assert_eq!(
            fake.seen("BATCH", 3).await[1..],
            ["COMMIT b-child000000000".into(), format!("OPEN {BID}")]
        );
    }

    #[tokio::test]
    async fn the_status_of_a_batch_is_read_in_full_e05() {
        let fake = Fake::new();
        let app = fake.app();
        let status = r#"{"bid":"b-a1B2c3D4e5F6g7","description":"d","created_at":"2026-01-02T03:04:05Z","total":17,"pending":14,"failed":3,"complete_st":"","success_st":""}"#;
        fake.answer("BATCH", Say::Bulk(status));
        let status = app.batch_status(&Bid::new(BID)).await.unwrap();
        assert_eq!((status.total, status.pending, status.failed), (17, 14, 3));
        assert_eq!((status.complete, status.success), (CallbackState::Pending, CallbackState::Pending));
        assert_eq!((status.parent_bid, status.description.as_deref()), (None, Some("d")));
        let status = r#"{"bid":"b-c","parent_bid":"b-p","created_at":"x","total":1,"pending":0,"failed":0,"complete_st":"2","success_st":"1"}"#;
        fake.answer("BATCH", Say::Bulk(status));
        let status = app.batch_status(&Bid::new("b-c")).await.unwrap();
        assert_eq!((status.complete, status.success), (CallbackState::Done, CallbackState::Enqueued));
        assert_eq!(status.parent_bid, Some(Bid::new("b-p")));
        assert_eq!(fake.seen("BATCH", 2).await, [format!("STATUS {BID}"), "STATUS b-c".into()]);
    }

    #[tokio::test]
    async fn a_batch_whose_jobs_were_refused_is_not_committed() {
        let fake = Fake::new();
        fake.answer("BATCH", Say::Bulk(BID));
        fake.answer("PUSHB", Say::Bulk(r#"{"abcdefgh":"NOTUNIQUE Job not unique"}"#));
        let error = Batch::new("").on_success(job("S")).jobs([job("A")]).push(&fake.app()).await.unwrap_err();
        let told = "batch b-a1B2c3D4e5F6g7 is not committed: 1 of its jobs were refused, the first, abcdefgh: Job not unique";
        assert_eq!(error.to_string(), told);
        assert_eq!(fake.count("BATCH COMMIT"), 0);
    }

    #[tokio::test]
    async fn a_server_without_batches_is_said_to_have_none_x01() {
        let fake = Fake::new();
        let app = fake.app();
        for answer in [
            "batch subsystem is only available in Faktory Enterprise",
            "BATCH is not supported by this version",
            "unknown command BATCH",
        ] {
            fake.answer("BATCH", Say::Error(answer));
            let error = Batch::new("").on_success(job("S")).push(&app).await.unwrap_err();
            assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
            assert_eq!(error.to_string(), "the server has no batches (Faktory Enterprise feature)");
        }
    }

    #[tokio::test]
    async fn what_is_no_batch_is_one_clear_line_e01_e04() {
        let fake = Fake::new();
        let app = fake.app();
        let error = Batch::new("d").jobs([job("A")]).push(&app).await.unwrap_err();
        assert!(error.to_string().starts_with("a batch needs a job to be run at its end"), "{error}");
        assert_eq!(fake.count("BATCH"), 0);
        for answer in ["No such batch b-gone", "no such batch b-gone"] {
            fake.answer("BATCH", Say::Error(answer));
            let error = app.open_batch(&Bid::new("b-gone")).await.unwrap_err();
            assert_eq!(error.to_string(), "the server has no batch b-gone");
        }
        // Some clients take a `+OK` for the id; jobs would then join a batch of that name.
        let error = app.open_batch(&Bid::new("b-gone")).await.unwrap_err();
        assert_eq!(error.to_string(), "unexpected reply to BATCH: +OK");
        assert!(matches!(app.batch_status(&Bid::new("b x")).await, Err(Error::NotAName(_))));
    }
}
