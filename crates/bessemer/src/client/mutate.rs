//! MUTATE: what is done to many jobs of a set at once. Every server of the protocol knows it.

use bessemer_protocol::mutate::{Filter, Mutation, Operation, Target};

use crate::client::Client;
use crate::client::command::Command;
use crate::client::pool::Bessemer;
use crate::error::Error;

impl Command {
    pub(crate) fn requeue(target: Target, filter: &Filter) -> Result<Self, Error> {
        Self::mutate(&Mutation { operation: Operation::Requeue, target, filter: filter.clone() })
    }

    pub(crate) fn kill(target: Target, filter: &Filter) -> Result<Self, Error> {
        Self::mutate(&Mutation { operation: Operation::Kill, target, filter: filter.clone() })
    }

    pub(crate) fn discard(target: Target, filter: &Filter) -> Result<Self, Error> {
        Self::mutate(&Mutation { operation: Operation::Discard, target, filter: filter.clone() })
    }

    pub(crate) fn clear(target: Target) -> Result<Self, Error> {
        Self::mutate(&Mutation { operation: Operation::Clear, target, filter: Filter::Everything })
    }
}

impl Client {
    /// Jobs of a set go to their queues now.
    ///
    /// # Errors
    /// [`Error::Filter`] for a filter of nothing: servers would take it for one of everything. That no job matches is no
    /// error.
    pub async fn requeue(&mut self, target: Target, filter: &Filter) -> Result<(), Error> {
        let command = Command::requeue(target, filter)?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// Jobs of a set go to the dead; otherwise as [`Client::requeue`].
    pub async fn kill(&mut self, target: Target, filter: &Filter) -> Result<(), Error> {
        let command = Command::kill(target, filter)?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// Jobs of a set are deleted; otherwise as [`Client::requeue`].
    pub async fn discard(&mut self, target: Target, filter: &Filter) -> Result<(), Error> {
        let command = Command::discard(target, filter)?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// All jobs of a set are deleted.
    pub async fn clear(&mut self, target: Target) -> Result<(), Error> {
        let command = Command::clear(target)?;
        command.expect_ok(self.ask(&command).await?)
    }
}

impl Bessemer {
    /// See [`Client::requeue`].
    ///
    /// ```no_run
    /// # async fn example(app: bessemer::Bessemer) -> Result<(), bessemer::Error> {
    /// use bessemer::{MutateFilter, MutateTarget};
    ///
    /// app.requeue(MutateTarget::Dead, &MutateFilter::jobtype("SendInvoice")).await?;
    /// app.discard(MutateTarget::Retries, &MutateFilter::jids(["0a1b2c3d4e5f"])).await?;
    /// app.kill(MutateTarget::Scheduled, &MutateFilter::glob("*stuart@example.com*")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn requeue(&self, target: Target, filter: &Filter) -> Result<(), Error> {
        let command = Command::requeue(target, filter)?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// See [`Client::kill`].
    pub async fn kill(&self, target: Target, filter: &Filter) -> Result<(), Error> {
        let command = Command::kill(target, filter)?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// See [`Client::discard`].
    pub async fn discard(&self, target: Target, filter: &Filter) -> Result<(), Error> {
        let command = Command::discard(target, filter)?;
        command.expect_ok(self.ask(&command).await?)
    }

    /// See [`Client::clear`].
    pub async fn clear(&self, target: Target) -> Result<(), Error> {
        let command = Command::clear(target)?;
        command.expect_ok(self.ask(&command).await?)
    }
}

#[cfg(test)]
mod tests {
    use bessemer_protocol::limits::GLOB_MAX;

    use super::*;
    use crate::client::fake::Fake;

    #[tokio::test]
    async fn jobs_are_chosen_by_jid_type_and_glob_m03_m04_m06() {
        let fake = Fake::new();
        let app = fake.app();
        app.requeue(Target::Dead, &Filter::jobtype("T")).await.unwrap();
        app.kill(Target::Retries, &Filter::jids(["abcdefgh", "ijklmnop"])).await.unwrap();
        app.discard(Target::Scheduled, &Filter::Everything).await.unwrap();
        app.clear(Target::Dead).await.unwrap();
        let both = Filter::Matching { jobtype: Some("T".into()), glob: Some("*x*".into()) };
        let mut client = app.client().await.unwrap();
        client.requeue(Target::Dead, &both).await.unwrap();
        client.kill(Target::Dead, &Filter::Everything).await.unwrap();
        client.discard(Target::Dead, &Filter::Everything).await.unwrap();
        client.clear(Target::Retries).await.unwrap();
        let sent = [
            r#"{"cmd":"requeue","target":"dead","filter":{"jobtype":"T"}}"#,
            r#"{"cmd":"kill","target":"retries","filter":{"jids":["abcdefgh","ijklmnop"]}}"#,
            r#"{"cmd":"discard","target":"scheduled"}"#,
            r#"{"cmd":"clear","target":"dead"}"#,
            r#"{"cmd":"requeue","target":"dead","filter":{"jobtype":"T","regexp":"*x*"}}"#,
            r#"{"cmd":"kill","target":"dead"}"#,
            r#"{"cmd":"discard","target":"dead"}"#,
            r#"{"cmd":"clear","target":"retries"}"#,
        ];
        assert_eq!(fake.seen("MUTATE", 8).await, sent);
    }

    #[tokio::test]
    async fn a_blank_in_a_filter_does_not_divide_the_line_m01() {
        let fake = Fake::new();
        fake.app().discard(Target::Dead, &Filter::glob("*\"to you\"*")).await.unwrap();
        let sent = fake.seen("MUTATE", 1).await;
        assert_eq!(sent, [r#"{"cmd":"discard","target":"dead","filter":{"regexp":"*\"to\u0020you\"*"}}"#]);
        let read = Mutation::parse(&sent[0]).unwrap();
        assert_eq!(read.filter, Filter::glob("*\"to you\"*"));
    }

    #[tokio::test]
    async fn a_filter_of_nothing_does_not_mean_everything_m06() {
        let fake = Fake::new();
        let app = fake.app();
        let nothing = Filter::Matching { jobtype: None, glob: None };
        for (filter, told) in [
            (Filter::jids([""; 0]), "the filter names no jid"),
            (Filter::jobtype(""), "the filter has an empty job type or glob"),
            (Filter::glob(""), "the filter has an empty job type or glob"),
            (nothing, "the filter has an empty job type or glob"),
            (
                Filter::glob("*".repeat(GLOB_MAX + 1)),
                "the filter has a glob of 1025 bytes, and may have 1024",
            ),
        ] {
            assert_eq!(app.discard(Target::Dead, &filter).await.unwrap_err().to_string(), told);
        }
        app.discard(Target::Dead, &Filter::glob("*".repeat(GLOB_MAX))).await.unwrap();
        assert_eq!(fake.count("MUTATE"), 1);
    }
}
