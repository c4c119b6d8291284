//! What a tick leaves behind, as columns: one statement per table, whatever the number of rows.

use tokio_postgres::Client;

use super::hands::{Deed, Key, Put};
use super::session::Step;
use super::statements::Statements;
use super::tick::Receipt;

/// The rows to be inserted, by table and column.
#[derive(Debug, Default)]
pub(super) struct Arrays<'a> {
    ready: Ready<'a>,
    reserved: Reserved<'a>,
    later: Sorted<'a>,
    dead: Sorted<'a>,
    known: Vec<&'a str>,
    counters: &'a [u8],
    counts: (Vec<i32>, Vec<i64>, Vec<i64>),
}

/// What every table has.
#[derive(Debug, Default)]
struct Jobs<'a> {
    id: Vec<i64>,
    queue: Vec<&'a str>,
    jid: Vec<&'a str>,
    job: Vec<&'a [u8]>,
}

#[derive(Debug, Default)]
struct Ready<'a> {
    order: Vec<i64>,
    jobs: Jobs<'a>,
}

#[derive(Debug, Default)]
struct Reserved<'a> {
    jid_key: Vec<i64>,
    wid: Vec<&'a str>,
    until: Vec<i64>,
    jobs: Jobs<'a>,
}

#[derive(Debug, Default)]
struct Sorted<'a> {
    kind: Vec<i16>,
    at: Vec<i64>,
    order: Vec<i64>,
    jobs: Jobs<'a>,
}

impl<'a> Jobs<'a> {
    fn push(&mut self, put: &'a Put) {
        self.id.push(put.number);
        self.queue.push(&put.queue);
        self.jid.push(&put.jid);
        self.job.push(&put.job);
    }

    fn is_empty(&self) -> bool {
        self.id.is_empty()
    }
}

impl<'a> Sorted<'a> {
    fn push(&mut self, kind: i16, at: i64, order: i64, put: &'a Put) {
        self.kind.push(kind);
        self.at.push(at);
        self.order.push(order);
        self.jobs.push(put);
    }
}

impl<'a> Arrays<'a> {
    pub(super) fn new(deed: &'a Deed) -> Self {
        let mut arrays = Self {
            known: deed.known.iter().map(|name| &**name).collect(),
            counters: &deed.counters,
            ..Self::default()
        };
        for put in &deed.puts {
            match put.key {
                Key::Ready { order, .. } => {
                    arrays.ready.order.push(order);
                    arrays.ready.jobs.push(put);
                }
                Key::Reserved { jid_key, .. } => {
                    arrays.reserved.jid_key.push(jid_key);
                    arrays.reserved.wid.push(&put.holder.0);
                    arrays.reserved.until.push(put.holder.1);
                    arrays.reserved.jobs.push(put);
                }
                Key::Later { kind, at, order } => arrays.later.push(kind, at, order, put),
                Key::Dead { at, order } => arrays.dead.push(0, at, order, put),
            }
        }
        for (day, (processed, failed)) in &deed.counts {
            arrays.counts.0.push(*day);
            arrays.counts.1.push(*processed);
            arrays.counts.2.push(*failed);
        }
        arrays
    }

    /// The statements that insert everything.
    pub(super) fn steps(&'a self, client: &'a Client, s: &'a Statements) -> Vec<Step<'a>> {
        let mut steps: Vec<Step<'a>> = Vec::new();
        let Self { ready, reserved, later, dead, .. } = self;
        if !ready.jobs.is_empty() {
            let Jobs { id, queue, jid, job } = &ready.jobs;
            steps.push(Box::pin(async move {
                client.query(&s.put_ready, &[queue, &ready.order, id, jid, job]).await
            }));
        }
        if !reserved.jobs.is_empty() {
            let Jobs { id, queue, jid, job } = &reserved.jobs;
            let Reserved { jid_key, wid, until, .. } = reserved;
            steps.push(Box::pin(async move {
                client.query(&s.put_reserved, &[jid_key, id, queue, jid, wid, until, job]).await
            }));
        }
        if !later.jobs.is_empty() {
            let Jobs { id, queue, jid, job } = &later.jobs;
            let Sorted { kind, at, order, .. } = later;
            steps.push(Box::pin(async move {
                client.query(&s.put_later, &[kind, at, order, id, queue, jid, job]).await
            }));
        }
        if !dead.jobs.is_empty() {
            let Jobs { id, queue, jid, job } = &dead.jobs;
            let Sorted { at, order, .. } = dead;
            steps.push(Box::pin(async move {
                client.query(&s.put_dead, &[at, order, id, queue, jid, job]).await
            }));
        }
        if !self.known.is_empty() {
            steps.push(Box::pin(async move { client.query(&s.know, &[&self.known]).await }));
        }
        steps
    }

    /// The statement that says that the tick was here, and counts.
    pub(super) fn receipt(&'a self, client: &'a Client, s: &'a Statements, receipt: &'a Receipt) -> Step<'a> {
        let Receipt { node, tick } = receipt;
        let (day, processed, failed) = &self.counts;
        Box::pin(async move {
            client.query(&s.receipt, &[node, tick, &self.counters, day, processed, failed]).await
        })
    }
}
