//! What operators ask of cron entries, the jobs that a server pushes by its clock. CRON is Bessemer's own: of another
//! server it is [`Error::Unsupported`].

use bessemer_protocol::operate::{CronList, ListedCron, Pushed};
use serde::Deserialize;

use crate::client::Client;
use crate::client::command::Command;
use crate::client::pool::Bessemer;
use crate::error::Error;

/// A list that holds exactly one.
#[derive(Deserialize)]
struct One {
    crons: [ListedCron; 1],
}

impl Client {
    /// The cron entries, each with its last run.
    pub async fn list_crons(&mut self) -> Result<Vec<ListedCron>, Error> {
        let command = Command::cron("CRON LIST", None)?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|CronList { crons }| crons)
    }

    /// A cron entry with all of its runs that are known. That there is none with this id is an error of the server's.
    pub async fn show_cron(&mut self, id: &str) -> Result<ListedCron, Error> {
        let command = Command::cron("CRON SHOW", Some(id))?;
        command.expect_document(self.ask(&command).await?).map(|One { crons: [entry] }| entry)
    }

    /// Pushes the job of a cron entry now, also if it is paused; the jid.
    pub async fn run_cron(&mut self, id: &str) -> Result<String, Error> {
        let command = Command::cron("CRON RUN", Some(id))?;
        command.expect_document(self.ask(&command).await?).map(|Pushed { jid }| jid)
    }

    /// Lets a cron entry tick no more until it is resumed.
    pub async fn pause_cron(&mut self, id: &str) -> Result<(), Error> {
        let command = Command::cron("CRON PAUSE", Some(id))?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// Lets a cron entry tick again; what would have been meanwhile is not made up for.
    pub async fn resume_cron(&mut self, id: &str) -> Result<(), Error> {
        let command = Command::cron("CRON RESUME", Some(id))?;
        command.expect_ok(self.ask(&command).await?)
    }
}

/// What operators do to cron entries, over the pool.
impl Bessemer {
    /// See [`Client::list_crons`].
    pub async fn list_crons(&self) -> Result<Vec<ListedCron>, Error> {
        let command = Command::cron("CRON LIST", None)?;
        let answer = command.expect_document(self.ask(&command).await?);
        answer.map(|CronList { crons }| crons)
    }

    /// See [`Client::show_cron`].
    pub async fn show_cron(&self, id: &str) -> Result<ListedCron, Error> {
        let command = Command::cron("CRON SHOW", Some(id))?;
        command.expect_document(self.ask(&command).await?).map(|One { crons: [entry] }| entry)
    }

    /// See [`Client::run_cron`].
    pub async fn run_cron(&self, id: &str) -> Result<String, Error> {
        let command = Command::cron("CRON RUN", Some(id))?;
        command.expect_document(self.ask(&command).await?).map(|Pushed { jid }| jid)
    }

    /// See [`Client::pause_cron`].
    pub async fn pause_cron(&self, id: &str) -> Result<(), Error> {
        let command = Command::cron("CRON PAUSE", Some(id))?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// See [`Client::resume_cron`].
    pub async fn resume_cron(&self, id: &str) -> Result<(), Error> {
        let command = Command::cron("CRON RESUME", Some(id))?;
        command.expect_ok(self.ask(&command).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::fake::{Fake, Say};

    #[tokio::test]
    async fn entries_are_listed_run_paused_and_resumed() {
        let entry = r#"{"crons":[{"id":"e","schedule":"@daily","tz":"UTC","missed":"once","jitter":0,"enabled":true,
            "paused":false,"queue":"q","jobtype":"T","next":null,"runs":[{"tick":"t","at":"t","by_hand":false,"ticks":1,
            "outcome":"done","until":"u","jid":"j","place":null,"fails":0,"note":""}]}]}"#;
        let fake = Fake::new();
        let app = fake.app();
        fake.answer("CRON", Say::Bulk(entry));
        assert_eq!(app.list_crons().await.unwrap()[0].runs[0].outcome, "done");
        fake.answer("CRON", Say::Bulk(entry));
        assert_eq!(app.show_cron("e").await.unwrap().id, "e");
        fake.answer("CRON", Say::Bulk(r#"{"jid":"e-1"}"#));
        assert_eq!(app.run_cron("e").await.unwrap(), "e-1");
        app.pause_cron("e").await.unwrap();
        assert!(app.run_cron("two words").await.is_err(), "it would be another command");
        fake.answer("CRON", Say::Error("unknown command CRON"));
        assert!(matches!(app.resume_cron("e").await, Err(Error::Unsupported { .. })));
        assert_eq!(fake.seen("CRON", 5).await, ["LIST", "SHOW e", "RUN e", "PAUSE e", "RESUME e"]);
    }
}
