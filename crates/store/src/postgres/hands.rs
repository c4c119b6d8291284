//! The jobs that a tick has in its hands: taken out of the tables or pushed, and where they go when it ends.
//!
//! Here are the texts and names of jobs, which the machine does not hold; where a job stands the machine knows. A row
//! keeps its job as the facts that tell it again ([`Machine::retell`]) in the encoding of the log: there is one way
//! to write a job down.

use std::collections::BTreeMap;

use bessemer_core::fact::{
    Ending, Fact, Facts, Family, Head, JobId, OnLost, Order, OwnTerms, Span, Standing,
};
use bessemer_core::{Machine, Now, Wall};
use bytes::Bytes;

use super::tick::Taken;
use crate::embedded::record::{Records, encode};

/// All of them, and what else the tick leaves behind.
#[derive(Debug, Default)]
pub(super) struct Hands {
    jobs: BTreeMap<JobId, Job>,
    /// Where those stood that were taken from tables, also if they have ended since.
    taken: Vec<Key>,
    texts: Vec<Bytes>,
    /// Queues that became known.
    known: Vec<Box<str>>,
    /// The counters of the machine after the tick ([`Family::Counters`]).
    counters: Vec<u8>,
    /// Processed and failed, by day.
    counts: BTreeMap<i32, (i64, i64)>,
}

/// Where a job stands: a table and the primary key there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Ready { queue: Box<str>, order: i64 },
    Reserved { jid_key: i64, number: i64 },
    Later { kind: i16, at: i64, order: i64 },
    Dead { at: i64, order: i64 },
}

/// `later.kind` of scheduled jobs.
pub(super) const SCHEDULED: i16 = 0;
/// `later.kind` of jobs to be retried.
pub(super) const RETRIES: i16 = 1;

/// A row that is to be inserted.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) key: Key,
    pub(super) number: i64,
    pub(super) queue: Box<str>,
    pub(super) jid: Box<str>,
    /// Who has it and until when, if it is being worked on.
    pub(super) holder: (Box<str>, i64),
    pub(super) job: Vec<u8>,
}

/// What a tick does to the tables.
#[derive(Debug, Default)]
pub(super) struct Deed {
    pub(super) taken: Vec<Key>,
    pub(super) puts: Vec<Put>,
    pub(super) known: Vec<Box<str>>,
    pub(super) counters: Vec<u8>,
    pub(super) counts: BTreeMap<i32, (i64, i64)>,
}

impl Deed {
    /// Nothing is written for it.
    pub(super) fn is_nothing(&self) -> bool {
        self.taken.is_empty() && self.puts.is_empty() && self.known.is_empty() && self.counts.is_empty()
    }

    /// The earliest time at which one of its jobs is due.
    pub(super) fn first(&self) -> Option<Wall> {
        let times = self.puts.iter().filter_map(|put| match put.key {
            Key::Later { at, .. } | Key::Dead { at, .. } => Some(Wall(at)),
            Key::Ready { .. } | Key::Reserved { .. } => None,
        });
        times.min()
    }
}

/// What the machine does not hold of a job.
#[derive(Debug)]
struct Job {
    /// `None`: it was pushed in this tick, and the machine knows its number.
    number: Option<u64>,
    jid: Box<str>,
    queue: Box<str>,
    jobtype: Box<str>,
    retry: i16,
    reserve_for: u32,
    on_lost: Option<OnLost>,
    terms: OwnTerms,
    body_hash: u64,
    body: Bytes,
}

/// The facts of a row make no sense.
#[derive(Debug, thiserror::Error)]
#[error("the row of job {0} is damaged")]
pub(super) struct Damaged(u64);

impl Hands {
    /// Takes rows in, in their order: this and the machine hear their facts.
    pub(super) fn bring(
        &mut self,
        machine: &mut Machine,
        now: Now,
        mut rows: Vec<Taken>,
    ) -> Result<(), Damaged> {
        rows.sort_by_cached_key(|(_, job)| match Records::new(job, 0).next() {
            Some(Some((Fact::Put { order, .. }, _))) => Some(order),
            _ => None,
        });
        for (number, job) in &rows {
            self.bring_one(machine, now, *number, job)?;
        }
        Ok(())
    }

    fn bring_one(&mut self, machine: &mut Machine, now: Now, number: u64, job: &[u8]) -> Result<(), Damaged> {
        let id = machine.id_for(number);
        let mut stands = None;
        for record in Records::new(job, 0) {
            let (fact, _) = record.ok_or(Damaged(number))?;
            let fact = renamed(fact, id);
            let span = self.record(&fact);
            machine.load(now, &fact, span);
            stands = place(&fact).or(stands);
        }
        let (Some(job), Some((order, standing))) = (self.jobs.get_mut(&id), stands) else {
            return Err(Damaged(number));
        };
        job.number = Some(number);
        self.taken.push(job.key(machine.jid_key(&job.jid), number, order, &standing));
        Ok(())
    }

    /// The text at a span of this tick.
    pub(super) fn text(&self, span: Span) -> Bytes {
        self.texts[span.at as usize].clone()
    }

    /// Lays everything down. The machine's jobs have no texts any more.
    pub(super) fn lay_down(mut self, machine: &mut Machine) -> Deed {
        machine.restate_counters(&mut self);
        let jobs = std::mem::take(&mut self.jobs);
        let mut puts: Vec<Put> = jobs.into_iter().map(|(id, job)| self.put(machine, id, job)).collect();
        // In one order in every tick, so that two ticks never wait for one another in a circle.
        puts.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        self.taken.sort_unstable();
        Deed { taken: self.taken, puts, known: self.known, counters: self.counters, counts: self.counts }
    }

    fn put(&self, machine: &mut Machine, id: JobId, job: Job) -> Put {
        let number = job.number.or_else(|| machine.number(id)).expect("a job in hand lives");
        let failure = machine.failure_text(id).map(|span| self.text(span)).unwrap_or_default();
        let out = Vec::with_capacity(job.body.len() + failure.len() + 160);
        let jid_key = machine.jid_key(&job.jid);
        let mut told = Told { job: &job, number, jid_key, key: None, holder: ("".into(), 0), out };
        machine.retell(id, job.head(), &job.body, &failure, &mut told);
        let Told { key, holder, out, .. } = told;
        let key = key.expect("a job in hand stands somewhere");
        Put { key, number: number.cast_signed(), queue: job.queue, jid: job.jid, holder, job: out }
    }

    fn keep_text(&mut self, text: &[u8]) -> Span {
        let span = Span { at: self.texts.len() as u64, len: text.len() as u32 };
        self.texts.push(Bytes::copy_from_slice(text));
        span
    }

    fn count(&mut self, at: Wall, failed: bool) {
        let (processed, failures) = self.counts.entry(at.day()).or_default();
        *processed += 1;
        *failures += i64::from(failed);
    }
}

impl Facts for Hands {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        match *fact {
            Fact::Put { id, head, body, .. } => {
                let span = self.keep_text(body);
                self.jobs.insert(id, Job::new(&head, self.text(span)));
                return span;
            }
            Fact::Fail { at, counted, failure, .. } => {
                if counted {
                    self.count(at, true);
                }
                return self.keep_text(failure.text);
            }
            Fact::End { id, at, why } => {
                match why {
                    Ending::Acked => self.count(at, false),
                    Ending::Failed => self.count(at, true),
                    Ending::Lost
                    | Ending::Deleted
                    | Ending::DeadAge
                    | Ending::DeadLimit
                    | Ending::Expired => {}
                }
                self.jobs.remove(&id);
            }
            Fact::Keep { family: Family::Queue, key, .. } => {
                self.known.extend(std::str::from_utf8(key).ok().map(Into::into));
            }
            Fact::Keep { family: Family::Counters, value, .. } => {
                self.counters = value.unwrap_or_default().to_vec();
            }
            // Days are added up from receipts; recent pushes are forgotten by a restart.
            Fact::Keep { family: Family::Day | Family::Recent, .. } => {}
            // All others are kept.
            Fact::Keep { .. } => unreachable!("the command is refused (decision 0009)"),
            // The machine knows.
            Fact::Set { .. } | Fact::Lost { .. } => {}
            Fact::Move { .. } | Fact::Clear(_) => unreachable!("the command is refused (decision 0009)"),
        }
        Span::default()
    }

    /// Texts go with the tick.
    fn release(&mut self, _: Span) {}
}

impl Job {
    fn new(head: &Head<'_>, body: Bytes) -> Self {
        Self {
            number: None,
            jid: head.jid.into(),
            queue: head.queue.into(),
            jobtype: head.jobtype.into(),
            retry: head.retry,
            reserve_for: head.reserve_for,
            on_lost: head.on_lost,
            terms: OwnTerms::of(&head.terms),
            body_hash: head.body_hash,
            body,
        }
    }

    fn head(&self) -> Head<'_> {
        Head {
            jid: &self.jid,
            queue: &self.queue,
            jobtype: &self.jobtype,
            retry: self.retry,
            reserve_for: self.reserve_for,
            on_lost: self.on_lost,
            terms: self.terms.terms(),
            body_hash: self.body_hash,
        }
    }

    fn key(&self, jid_key: u64, number: u64, Order(order): Order, standing: &Standing<'_>) -> Key {
        match *standing {
            Standing::Queued { .. } => Key::Ready { queue: self.queue.clone(), order },
            Standing::Working { .. } => {
                Key::Reserved { jid_key: jid_key.cast_signed(), number: number.cast_signed() }
            }
            Standing::Scheduled { at } => Key::Later { kind: SCHEDULED, at: at.0, order },
            Standing::Retrying { at } => Key::Later { kind: RETRIES, at: at.0, order },
            Standing::Dead { until } => Key::Dead { at: until.0, order },
            Standing::Discarded { .. } => unreachable!("operators' commands are refused"),
        }
    }
}

/// Writes a row while the machine tells its job.
struct Told<'a> {
    job: &'a Job,
    number: u64,
    jid_key: u64,
    /// Where the job stands as far as it has been told.
    key: Option<Key>,
    holder: (Box<str>, i64),
    out: Vec<u8>,
}

impl Facts for Told<'_> {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        if let Some((order, standing)) = place(fact) {
            self.key = Some(self.job.key(self.jid_key, self.number, order, &standing));
            if let Standing::Working { wid, until, .. } = standing {
                self.holder = (wid.into(), until.0);
            }
        }
        encode(&renamed(*fact, JobId(self.number)), 0, &mut self.out);
        Span::default()
    }

    fn release(&mut self, _: Span) {}
}

/// Where a job stands after a fact.
fn place<'a>(fact: &Fact<'a>) -> Option<(Order, Standing<'a>)> {
    match *fact {
        Fact::Put { order, standing, .. }
        | Fact::Set { order, standing, .. }
        | Fact::Fail { order, standing, .. }
        | Fact::Lost { order, standing, .. }
        | Fact::Move { order, standing, .. } => Some((order, standing)),
        Fact::End { .. } | Fact::Keep { .. } | Fact::Clear(_) => None,
    }
}

/// The same fact about another id: rows know a job by its number, the machine by its place in memory.
fn renamed(mut fact: Fact<'_>, name: JobId) -> Fact<'_> {
    match &mut fact {
        Fact::Put { id, .. }
        | Fact::Set { id, .. }
        | Fact::Fail { id, .. }
        | Fact::Lost { id, .. }
        | Fact::Move { id, .. } => *id = name,
        Fact::End { .. } | Fact::Keep { .. } | Fact::Clear(_) => {}
    }
    fact
}
