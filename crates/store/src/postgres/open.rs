//! What an engine reads when it starts: who the store is, what was counted, and who had which job.

use bessemer_core::fact::{Fact, Family, Span};
use bessemer_core::{Machine, Now};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row};

use super::hands::Hands;
use super::session::{Session, fatal};
use super::tick::{First, Taken};
use crate::embedded::segment::StoreId;
use crate::engine::Fatal;

/// The format of the rows; a newer one is not touched.
const FORMAT: i32 = 1;

/// Processed and failed by day, from receipts and what was added up of them.
pub(super) const DAYS: &str = "select day, sum(p)::bigint, sum(f)::bigint from (
        select day, processed p, failed f from tally
        union all select u.* from receipt, unnest(day, processed, failed) u(day, p, f)) counts
    group by day order by day";

/// The tables, where there are none yet.
pub(super) async fn create(config: &Config) -> Result<(), Fatal> {
    Session::create(config).await.map_err(|error| fatal("create the tables in", error))
}

/// A new session.
pub(super) async fn connect(config: Config) -> Result<Box<Session>, Fatal> {
    Session::connect(config).await.map(Box::new).map_err(|error| fatal("connect to", error))
}

/// The rows of a query.
pub(super) async fn rows(
    session: &mut Session,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Fatal> {
    session.query(sql, params).await.map_err(|error| fatal("read from", error))
}

/// What was read makes no sense.
pub(super) fn damaged(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fatal {
    fatal("read from", what)
}

/// The key under which the store hashes; a new store gets `entropy` as its id.
pub(super) async fn key(session: &mut Session, entropy: [u8; 16]) -> Result<[u64; 2], Fatal> {
    let sql = "insert into store select $1, $2 where not exists (select from store)";
    session.query(sql, &[&FORMAT, &&entropy[..]]).await.map_err(|error| fatal("write to", error))?;
    let rows = rows(session, "select format, id from store", &[]).await?;
    let (format, id): (i32, Vec<u8>) = (rows[0].get(0), rows[0].get(1));
    match <[u8; 16]>::try_from(id) {
        Ok(id) if format == FORMAT => Ok(StoreId(id).hash_key()),
        _ => Err(fatal("open the store in", format!("its format is {format}; this version knows {FORMAT}"))),
    }
}

/// The number of this start.
pub(super) async fn node(session: &mut Session) -> Result<i64, Fatal> {
    Ok(rows(session, "insert into node default values returning id", &[]).await?[0].get(0))
}

/// The earliest time in the tables of sorted jobs.
pub(super) async fn first(session: &mut Session) -> Result<First, Fatal> {
    let rows = session.pipeline(|client, s| vec![Box::pin(client.query(&s.first, &[]))]).await;
    Ok(rows.map_err(|(_, error)| fatal("read from", error))?[0][0].get(0))
}

/// Tells a new machine the counters, the queues and the jobs of some tables.
pub(super) async fn recall(
    session: &mut Session,
    machine: &mut Machine,
    now: Now,
    tables: &[&str],
) -> Result<(), Fatal> {
    let mut keep = |family, key: &[u8], value: &[u8]| {
        machine.replay(&Fact::Keep { family, key, value: Some(value) }, Span::default());
    };
    let last = "select counters from receipt order by node desc, tick desc limit 1";
    for row in rows(session, last, &[]).await? {
        keep(Family::Counters, b"", row.get(0));
    }
    for row in rows(session, "select name from queue", &[]).await? {
        keep(Family::Queue, row.get::<_, &str>(0).as_bytes(), &[0]);
    }
    for row in rows(session, DAYS, &[]).await? {
        let (day, counts): (i32, [i64; 2]) = (row.get(0), [row.get(1), row.get(2)]);
        keep(Family::Day, day.to_string().as_bytes(), &counts.map(i64::to_le_bytes).concat());
    }
    let mut all: Vec<Taken> = Vec::new();
    for table in tables {
        let found = rows(session, &format!("select id, job from {table}"), &[]).await?;
        all.extend(found.iter().map(|row| (row.get::<_, i64>(0).cast_unsigned(), row.get(1))));
    }
    Hands::default().bring(machine, now, all).map_err(damaged)
}
