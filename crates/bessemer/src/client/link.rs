//! A worker's connection that comes back: opened when it is used, dropped when it breaks.

use std::time::Duration;

use bessemer_protocol::handshake::Hello;

use crate::backoff::Backoff;
use crate::client::command::{Answer, Command};
use crate::client::{Client, Server};
use crate::error::Error;

pub(crate) struct Link {
    server: Server,
    hello: Hello,
    client: Option<Client>,
    backoff: Backoff,
}

impl Link {
    pub(crate) fn new(server: Server, hello: Hello) -> Self {
        Self { server, hello, client: None, backoff: Backoff::new() }
    }

    /// Opens the connection, if there is none that works.
    pub(crate) async fn open(&mut self) -> Result<(), Error> {
        let client = self.take().await?;
        self.put(client);
        Ok(())
    }

    /// Sends one command. When that fails, or is given up, the next one goes over a new connection.
    pub(crate) async fn ask(&mut self, command: &Command) -> Result<Answer, Error> {
        let mut client = self.take().await?;
        let outcome = client.ask(command).await;
        if matches!(outcome, Ok(_) | Err(Error::Server { .. })) {
            self.client = Some(client);
        }
        if outcome.is_ok() {
            self.backoff.reset();
        }
        outcome
    }

    /// Takes the connection, a new one if there is none that works. Whoever is done with it, and left it whole, puts it
    /// back.
    pub(crate) async fn take(&mut self) -> Result<Client, Error> {
        if let Some(mut client) = self.client.take()
            && client.is_usable()
        {
            return Ok(client);
        }
        self.server.connect(self.hello.clone()).await
    }

    /// See [`Link::take`].
    pub(crate) fn put(&mut self, client: Client) {
        self.client = Some(client);
    }

    /// It works: the next trouble begins with a short pause.
    pub(crate) fn works(&mut self) {
        self.backoff.reset();
    }

    /// How long to wait after an error.
    pub(crate) fn pause(&mut self) -> Duration {
        self.backoff.next()
    }

    /// Begins anew, so that the server hears another HELLO.
    pub(crate) fn hang_up(&mut self) {
        self.client = None;
    }

    /// Says goodbye, if there is somebody to say it to.
    pub(crate) async fn end(self) {
        if let Some(client) = self.client {
            client.end().await;
        }
    }
}
