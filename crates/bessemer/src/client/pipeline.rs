//! Several commands in one write, and their answers one by one: the server answers in order, so a connection that
//! does not wait in between does in one round trip what took it many.

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};

use crate::client::Client;
use crate::client::command::{Answer, Command};
use crate::error::Error;

/// Commands under way. Dropped before the last answer, it leaves a connection that is of no more use.
pub(crate) struct Pipeline<'a> {
    client: &'a mut Client,
    unanswered: usize,
    /// Deadlines count from here: the write, or the last answer that was waited for.
    since: Instant,
}

impl Client {
    /// Sends `count` commands whose lines have been put together; `first` is one of them.
    pub(crate) async fn pipeline(
        &mut self,
        lines: &[u8],
        count: usize,
        first: &Command,
    ) -> Result<Pipeline<'_>, Error> {
        if std::mem::replace(&mut self.midway, true) {
            return Err(Error::Unusable);
        }
        let (since, command, after) = (Instant::now(), first.verb, first.pace.deadline(&self.limits));
        match timeout_at(since + after, self.socket.write_all(lines)).await {
            Err(_) => Err(Error::Timeout { command, after }),
            Ok(Err(source)) => Err(Error::Io { command, source }),
            Ok(Ok(())) => Ok(Pipeline { client: self, unanswered: count, since }),
        }
    }
}

impl Pipeline<'_> {
    /// The next answer, which is to `command`. When the future is dropped nothing is lost: the answer is still the next.
    pub(crate) async fn answer(&mut self, command: &Command) -> Result<Answer, Error> {
        debug_assert!(self.unanswered > 0, "one answer for each command");
        let waited = self.client.read.is_empty();
        let (verb, after) = (command.verb, command.pace.deadline(&self.client.limits));
        let reply = timeout_at(self.since + after, self.client.read_reply(verb)).await;
        let reply = reply.map_err(|_| Error::Timeout { command: verb, after })??;
        if waited {
            self.since = Instant::now();
        }
        self.unanswered -= 1;
        self.client.midway = self.unanswered > 0;
        reply.map_err(|line| command.refused(&line))
    }

    /// Whether something has arrived that was not looked at yet, mostly an answer.
    pub(crate) fn has_more(&self) -> bool {
        !self.client.read.is_empty()
    }

    /// Says that nothing more will be sent. A server answers what it has, then closes the connection; one that notices
    /// this at once forgets a FETCH that waits.
    pub(crate) async fn no_more(&mut self) {
        // Where that fails the connection is broken, which the next answer will tell.
        let _: std::io::Result<()> = self.client.socket.shutdown().await;
    }
}
