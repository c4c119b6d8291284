//! One session: a connection, its prepared statements, and statements sent without waiting for one another.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, NoTls, Row, Socket};

use super::statements::Statements;
use crate::engine::Fatal;

/// The claim of a queue must never be planned for an empty table, and no plan may scan a hot one.
const SETTINGS: &str = "-c search_path=bessemer -c synchronous_commit=on -c jit=off -c enable_seqscan=off \
     -c plan_cache_mode=force_generic_plan -c client_min_messages=warning -c application_name=bessemer";

/// How often a lost server is looked for, and for how long. Clients wait meanwhile.
const RECONNECT: (Duration, u32) = (Duration::from_millis(100), 300);

/// A statement on its way.
pub(super) type Step<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, Error>> + Send + 'a>>;

/// What carries a client's statements. It is dropped when it has ended: those who wait for an answer learn it by that.
type Wire = Option<Connection<Socket, NoTlsStream>>;

/// A connection and what is prepared on it.
pub(super) struct Session {
    config: Config,
    client: Client,
    connection: Wire,
    /// What the server has warned of. A commit that comes with a warning is none: the standby did not confirm it.
    pub(super) warning: Option<String>,
    pub(super) statements: Statements,
}

impl Session {
    /// Creates the tables where there are none yet.
    pub(super) async fn create(config: &Config) -> Result<(), Error> {
        let (client, connection) = with_settings(config).connect(NoTls).await?;
        let create = client.batch_execute(include_str!("schema.sql"));
        drive(&mut Some(connection), &mut None, create).await
    }

    pub(super) async fn connect(config: Config) -> Result<Self, Error> {
        let (client, connection) = with_settings(&config).connect(NoTls).await?;
        let mut connection = Some(connection);
        let statements = drive(&mut connection, &mut None, Statements::prepare(&client)).await?;
        Ok(Self { config, client, connection, warning: None, statements })
    }

    /// Sends all statements at once and gives their rows, or the first error.
    pub(super) async fn pipeline<'a>(
        &'a mut self,
        steps: impl FnOnce(&'a Client, &'a Statements) -> Vec<Step<'a>>,
    ) -> Result<Vec<Vec<Row>>, (usize, Error)> {
        let Self { client, connection, warning, statements, .. } = self;
        let all = together(steps(client, statements));
        drive(connection, warning, all).await
    }

    /// One statement as text.
    pub(super) async fn query(
        &mut self,
        sql: &str,
        params: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let Self { client, connection, warning, .. } = self;
        drive(connection, warning, client.query(sql, params)).await
    }

    /// After an error: a session on which work can begin anew. `Err`: this is none that goes away by itself.
    pub(super) async fn again(
        mut self: Box<Self>,
        action: &'static str,
        error: Error,
    ) -> Result<Box<Self>, Fatal> {
        if !is_lost(&error) {
            if !is_conflict(&error) {
                return Err(fatal(action, error));
            }
            let rolled_back = self.pipeline(|client, s| vec![Box::pin(client.query(&s.rollback, &[]))]).await;
            match rolled_back {
                Ok(_) => return Ok(self),
                Err((_, error)) if is_lost(&error) => {}
                Err((_, error)) => return Err(fatal("roll back on", error)),
            }
        }
        let (pause, tries) = RECONNECT;
        tracing::warn!("the connection to PostgreSQL is lost ({error}); connecting again");
        let mut last = error;
        for _ in 0..tries {
            match Self::connect(self.config.clone()).await {
                Ok(session) => return Ok(Box::new(session)),
                Err(error) => last = error,
            }
            tokio::time::sleep(pause).await;
        }
        Err(fatal("connect to", last))
    }
}

/// What the engine asks of its sessions comes after what the operator asks.
fn with_settings(config: &Config) -> Config {
    let mut config = config.clone();
    let given = config.get_options().map_or_else(String::new, |given| format!("{given} "));
    config.options(format!("{given}{SETTINGS}"));
    config
}

/// Polls statements in order, so that they are sent in order, until all are answered. The first error wins; what
/// follows it in the same transaction has failed with it.
async fn together(mut steps: Vec<Step<'_>>) -> Result<Vec<Vec<Row>>, (usize, Error)> {
    let mut answers: Vec<Option<Result<Vec<Row>, Error>>> = steps.iter().map(|_| None).collect();
    poll_fn(|cx| {
        let mut waiting = false;
        for (step, answer) in steps.iter_mut().zip(&mut answers) {
            if answer.is_none() {
                match step.as_mut().poll(cx) {
                    Poll::Ready(result) => *answer = Some(result),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    let indexed = answers.into_iter().flatten().enumerate();
    indexed.map(|(step, answer)| answer.map_err(|error| (step, error))).collect()
}

/// Polls a future of the client together with the connection that carries it.
async fn drive<F: Future>(connection: &mut Wire, warning: &mut Option<String>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        turn(connection, warning, cx);
        future.as_mut().poll(cx)
    })
    .await
}

/// Sends and receives what can be.
fn turn(wire: &mut Wire, warning: &mut Option<String>, cx: &mut Context<'_>) {
    while let Some(connection) = wire {
        match connection.poll_message(cx) {
            Poll::Ready(Some(Ok(AsyncMessage::Notice(notice)))) => {
                if notice.parsed_severity() == Some(Severity::Warning) {
                    *warning = Some(notice.message().to_owned());
                }
            }
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(_)) | None) => *wire = None,
            Poll::Pending => return,
        }
    }
}

/// The server or the way to it is gone; nobody knows what became of the last statements.
pub(super) fn is_lost(error: &Error) -> bool {
    let stopped = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
    error.is_closed() || error.code().map_or(error.as_db_error().is_none(), |code| stopped.contains(code))
}

/// Two transactions were in each other's way, and ours gave way.
fn is_conflict(error: &Error) -> bool {
    let conflicts = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
    error.code().is_some_and(|code| conflicts.contains(code))
}

/// An error that no second try will mend.
pub(super) fn fatal(
    action: &'static str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Fatal {
    Fatal { action, path: "PostgreSQL".into(), offset: 0, source: std::io::Error::other(error) }
}

/// It was tried too often.
pub(super) fn gave_up(action: &'static str) -> Fatal {
    fatal(action, "every try was in vain")
}
