//! A tick's two journeys to the database, in one transaction: the rows that its commands name come in, and what the
//! machine made of them goes out.
//!
//! ```text
//!  begin, take …  ─► rows ─► machine ─► receipt, put …, commit ─► replies
//! ```
//!
//! If the connection is lost on the way out, nobody knows whether the commit was done. The receipt knows: the tick is
//! sent once more, and either its receipt is there already, or the tick is done now.

use bessemer_core::limits::DUE_SLICE;
use bessemer_core::machine::Names;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use super::arrays::Arrays;
use super::hands::{Deed, Key, RETRIES, SCHEDULED};
use super::session::{Session, Step, fatal, gave_up};
use super::statements::Statements;
use crate::engine::Fatal;

/// A row that was taken: the job's number and its facts.
pub(super) type Taken = (u64, Vec<u8>);

/// Names a tick for ever.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receipt {
    pub(super) node: i64,
    pub(super) tick: i64,
}

/// Receipts that are kept, at least; they are added up and deleted this many ticks later.
const RECEIPTS_KEPT: i64 = 1_000;

/// How often a tick is sent before the engine gives up.
const TRIES: usize = 10;

/// Brings the rows that a tick's commands name. The transaction stays open.
pub(super) async fn load(
    mut session: Box<Session>,
    names: Names,
) -> Result<(Box<Session>, Vec<Taken>), Fatal> {
    let fetches: Vec<(&Vec<Box<str>>, i64)> =
        names.fetches.iter().map(|(queues, count)| (queues, *count as i64)).collect();
    let reserved: Vec<i64> = names.reserved.iter().map(|key| key.cast_signed()).collect();
    let due = names.due.map(|at| at.0);
    for attempt in 0..TRIES {
        let patient = attempt > 0;
        match session.pipeline(|client, s| takes(client, s, patient, &fetches, &reserved, due)).await {
            Ok(rows) => {
                let rows = rows.into_iter().flatten();
                let taken = rows.map(|row| (row.get::<_, i64>(0).cast_unsigned(), row.get(1))).collect();
                return Ok((session, taken));
            }
            Err((_, error)) => session = session.again("read from", error).await?,
        }
    }
    Err(gave_up("read from"))
}

fn takes<'a>(
    client: &'a Client,
    s: &'a Statements,
    patient: bool,
    fetches: &'a [(&Vec<Box<str>>, i64)],
    reserved: &'a Vec<i64>,
    due: Option<i64>,
) -> Vec<Step<'a>> {
    const SLICE: i64 = DUE_SLICE as i64;
    let claims = if patient { &s.patient_claims } else { &s.claims };
    let mut steps: Vec<Step<'a>> = vec![Box::pin(client.query(&s.begin, &[]))];
    if !reserved.is_empty() {
        steps.push(Box::pin(async move { client.query(&s.take_reserved, &[reserved]).await }));
    }
    for (queues, count) in fetches {
        steps.push(Box::pin(async move { client.query(&claims.ready, &[queues, count]).await }));
    }
    if let Some(due) = due {
        for kind in [SCHEDULED, RETRIES] {
            steps.push(Box::pin(async move { client.query(&claims.later, &[&kind, &due, &SLICE]).await }));
        }
        steps.push(Box::pin(async move { client.query(&claims.dead, &[&due, &SLICE]).await }));
    }
    steps
}

/// What a tick sends out.
pub(super) struct Outgoing {
    pub(super) receipt: Receipt,
    pub(super) deed: Deed,
    /// Rows were asked for: the transaction is open.
    pub(super) open: bool,
    /// Whether the earliest due time in the tables is to be asked for afterwards.
    pub(super) ask_first: bool,
}

/// How far a tick's transaction is when it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    No,
    /// Rows were taken.
    Yes,
    /// On a second try: rows were taken, and the receipt is there.
    WithReceipt,
}

/// The answer to [`Outgoing::ask_first`].
pub(super) type First = Option<i64>;

/// Lays down what a tick leaves behind, and commits.
pub(super) async fn write(mut session: Box<Session>, out: Outgoing) -> Result<(Box<Session>, First), Fatal> {
    let arrays = Arrays::new(&out.deed);
    let mut begun = if out.open { Begun::Yes } else { Begun::No };
    for _ in 0..TRIES {
        session.warning = None;
        let error = match session.pipeline(|client, s| puts(client, s, &out, &arrays, begun)).await {
            Ok(rows) => match session.warning.take() {
                None => return Ok((session, first(&out, &rows))),
                Some(warning) => {
                    return Err(fatal("commit on", warning));
                }
            },
            Err((_, error)) => error,
        };
        session = session.again("write to", error).await?;
        let (again, committed) = begin_again(session, &out).await?;
        if committed {
            return confirm(again, &out).await;
        }
        (session, begun) = (again, Begun::WithReceipt);
    }
    Err(gave_up("write to"))
}

/// A second try: says whether the first one was committed. If not, the transaction is open again, and the very same
/// rows are taken.
async fn begin_again(mut session: Box<Session>, out: &Outgoing) -> Result<(Box<Session>, bool), Fatal> {
    /// The place of the receipt among the statements.
    const RECEIPT: usize = 1;
    let arrays = Arrays::new(&out.deed);
    for _ in 0..TRIES {
        let answer = session
            .pipeline(|client, s| {
                let mut steps: Vec<Step<'_>> = vec![Box::pin(client.query(&s.begin, &[]))];
                if !out.deed.is_nothing() {
                    steps.push(arrays.receipt(client, s, &out.receipt));
                }
                steps.extend(out.deed.taken.iter().map(|key| take_again(client, key)));
                steps
            })
            .await;
        match answer {
            Ok(rows) if rows.iter().skip(RECEIPT + 1).all(|taken| taken.len() == 1) => {
                return Ok((session, false));
            }
            // The machine has decided about them, and cannot take it back.
            Ok(_) => return Err(fatal("write to", "somebody else took the rows of this tick")),
            Err((RECEIPT, error)) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                return Ok((session, true));
            }
            Err((_, error)) => session = session.again("write to", error).await?,
        }
    }
    Err(gave_up("write to"))
}

fn take_again<'a>(client: &'a Client, key: &'a Key) -> Step<'a> {
    Box::pin(async move {
        match key {
            Key::Ready { queue, order } => {
                let sql = "delete from ready where queue = $1 and ord = $2 returning id";
                client.query(sql, &[queue, order]).await
            }
            Key::Reserved { jid_key, number } => {
                let sql = "delete from reserved where jid_key = $1 and id = $2 returning id";
                client.query(sql, &[jid_key, number]).await
            }
            Key::Later { kind, at, order } => {
                let sql = "delete from later where kind = $1 and at = $2 and ord = $3 returning id";
                client.query(sql, &[kind, at, order]).await
            }
            Key::Dead { at, order } => {
                let sql = "delete from dead where at = $1 and ord = $2 returning id";
                client.query(sql, &[at, order]).await
            }
        }
    })
}

/// The tick had been committed. Perhaps no standby has confirmed that yet, so a commit that comes after it has to be.
async fn confirm(mut session: Box<Session>, out: &Outgoing) -> Result<(Box<Session>, First), Fatal> {
    let Receipt { node, tick } = out.receipt;
    for _ in 0..TRIES {
        let answer = session
            .pipeline(|client, s| {
                let confirm = async move { client.query(&s.confirm, &[&node, &-tick]).await };
                vec![
                    Box::pin(client.query(&s.rollback, &[])),
                    Box::pin(confirm),
                    Box::pin(client.query(&s.first, &[])),
                ]
            })
            .await;
        match answer {
            Ok(rows) => return Ok((session, first(out, &rows))),
            Err((_, error)) => session = session.again("confirm on", error).await?,
        }
    }
    Err(gave_up("confirm on"))
}

fn first(out: &Outgoing, rows: &[Vec<Row>]) -> First {
    rows.last().filter(|_| out.ask_first).and_then(|rows| rows[0].get(0))
}

fn puts<'a>(
    client: &'a Client,
    s: &'a Statements,
    out: &'a Outgoing,
    arrays: &'a Arrays<'a>,
    begun: Begun,
) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::new();
    if begun == Begun::No {
        steps.push(Box::pin(client.query(&s.begin, &[])));
    }
    if begun != Begun::WithReceipt && !out.deed.is_nothing() {
        steps.push(arrays.receipt(client, s, &out.receipt));
    }
    steps.extend(arrays.steps(client, s));
    if out.receipt.tick % RECEIPTS_KEPT == 0 {
        let Receipt { node, tick } = out.receipt;
        steps.push(Box::pin(async move { client.query(&s.fold, &[&node, &(tick - RECEIPTS_KEPT)]).await }));
    }
    steps.push(Box::pin(client.query(&s.commit, &[])));
    if out.ask_first {
        steps.push(Box::pin(client.query(&s.first, &[])));
    }
    steps
}
