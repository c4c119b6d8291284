//! The statements of a tick. Each does its work for the whole tick, by arrays, and is prepared once per session.

use tokio_postgres::{Client, Error, Statement};

/// The leftmost queue that has jobs comes first, and no more rows are touched than are wanted.
const TAKE_READY: &str = "
    delete from ready where ctid = any(array(
        select r.ctid from unnest($1::text[]) w(queue), lateral (
            select ctid from ready where queue = w.queue order by ord limit $2 for update skip locked) r
        limit $2))
    returning id, job";

const TAKE_RESERVED: &str = "delete from reserved where jid_key = any($1) returning id, job";

const TAKE_LATER: &str = "
    delete from later where ctid = any(array(
        select ctid from later where kind = $1 and at <= $2 order by at, ord limit $3 for update skip locked))
    returning id, job";

const TAKE_DEAD: &str = "
    delete from dead where ctid = any(array(
        select ctid from dead where at <= $1 order by at, ord limit $2 for update skip locked))
    returning id, job";

const PUT_READY: &str = "
    insert into ready (queue, ord, id, jid, job)
    select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[])";

const PUT_RESERVED: &str = "
    insert into reserved (jid_key, id, queue, jid, wid, until, job)
    select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bytea[])";

const PUT_LATER: &str = "
    insert into later (kind, at, ord, id, queue, jid, job)
    select * from unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[])";

const PUT_DEAD: &str = "
    insert into dead (at, ord, id, queue, jid, job)
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])";

const KNOW: &str = "insert into queue (name) select unnest($1::text[]) on conflict do nothing";

const RECEIPT: &str = "insert into receipt values ($1, $2, $3, $4, $5, $6)";

/// A receipt for the receipt: see `tick.rs`.
const CONFIRM: &str = "insert into receipt values ($1, $2, '', '{}', '{}', '{}') on conflict do nothing";

/// Adds old receipts up.
const FOLD: &str = "
    with gone as (
        delete from receipt where node < $1 or (node = $1 and tick < $2) returning day, processed, failed),
    sums as (
        select d, sum(p)::bigint p, sum(f)::bigint f from gone, unnest(day, processed, failed) u(d, p, f) group by d)
    insert into tally select d, p, f from sums on conflict (day) do update
        set processed = tally.processed + excluded.processed, failed = tally.failed + excluded.failed";

const FIRST: &str = "
    select least((select at from later where kind = 0 order by at limit 1),
                 (select at from later where kind = 1 order by at limit 1),
                 (select at from dead order by at limit 1))";

/// All of them.
pub(super) struct Statements {
    pub(super) begin: Statement,
    pub(super) commit: Statement,
    pub(super) rollback: Statement,
    /// Rows that somebody else holds are left to him.
    pub(super) claims: Claims,
    /// Waits for rows that somebody else holds. After a lost connection that is the server's end of it, which has not
    /// noticed yet; to pass over its rows would break the order of queues.
    pub(super) patient_claims: Claims,
    pub(super) take_reserved: Statement,
    pub(super) put_ready: Statement,
    pub(super) put_reserved: Statement,
    pub(super) put_later: Statement,
    pub(super) put_dead: Statement,
    pub(super) know: Statement,
    pub(super) receipt: Statement,
    pub(super) confirm: Statement,
    pub(super) fold: Statement,
    pub(super) first: Statement,
}

/// Those that take the first rows of something.
pub(super) struct Claims {
    pub(super) ready: Statement,
    pub(super) later: Statement,
    pub(super) dead: Statement,
}

impl Claims {
    async fn prepare(client: &Client, sql: impl Fn(&str) -> String) -> Result<Self, Error> {
        Ok(Self {
            ready: client.prepare(&sql(TAKE_READY)).await?,
            later: client.prepare(&sql(TAKE_LATER)).await?,
            dead: client.prepare(&sql(TAKE_DEAD)).await?,
        })
    }
}

impl Statements {
    pub(super) async fn prepare(client: &Client) -> Result<Self, Error> {
        Ok(Self {
            begin: client.prepare("begin").await?,
            commit: client.prepare("commit").await?,
            rollback: client.prepare("rollback").await?,
            claims: Claims::prepare(client, str::to_owned).await?,
            patient_claims: Claims::prepare(client, |sql| sql.replace(" skip locked", "")).await?,
            take_reserved: client.prepare(TAKE_RESERVED).await?,
            put_ready: client.prepare(PUT_READY).await?,
            put_reserved: client.prepare(PUT_RESERVED).await?,
            put_later: client.prepare(PUT_LATER).await?,
            put_dead: client.prepare(PUT_DEAD).await?,
            know: client.prepare(KNOW).await?,
            receipt: client.prepare(RECEIPT).await?,
            confirm: client.prepare(CONFIRM).await?,
            fold: client.prepare(FOLD).await?,
            first: client.prepare(FIRST).await?,
        })
    }
}
