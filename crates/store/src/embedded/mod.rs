//! The embedded engine: one segmented log that *is* the database, and the machine as its index in memory.
//!
//! ```text
//!  submit ─► Machine::apply ─► facts ─► Batch ──┐ poll_turn
//!                 └─► replies, held back ◄──────┤ one write, one flush (Log::commit)
//!                                               └─► texts read, replies released, pages answered
//! ```
//!
//! There is no snapshot and no second copy of anything: every body is in the log once, memory knows where, and a start
//! reads the log from its oldest segment on. Segments in which nothing lives are given up, oldest first.
//!
//! Read [`segment`] for what lies in the directory, [`batch`] and [`record`] for the bytes, [`log`] for the commit,
//! [`recover`] for what a start believes, [`disk`] for what it all stands on.

mod batch;
pub mod bug;
pub mod disk;
mod janitor;
mod log;
mod reader;
mod record;
mod recover;
mod scan;
mod segment;
mod table;
mod texts;

use std::io;
use std::task::{Context, Poll};

use bessemer_core::command::{FailureView, Text};
use bessemer_core::{Answer, Boot, Command, Machine, Now, Progress, Reply, Rules, Settled, Ticket};

use self::disk::Disk;
use self::janitor::Janitor;
use self::log::{Log, LogOptions};
use self::reader::Questions;
use self::segment::StoreId;
use crate::engine::{Engine, Fatal};

pub use self::reader::EmbeddedReader;
pub use self::recover::{Recovered, TornTail};

/// A turn's facts at most, about: what a flush of some milliseconds carries anyway. Closes a group, refuses nothing.
const GROUP_BYTES: usize = 4 << 20;

/// How a store is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The rules of jobs.
    pub rules: Rules,
    /// The size of a segment. Default 64 MiB: large enough that a new one is rare, small enough that an old one is
    /// soon empty.
    pub segment_bytes: u64,
    /// Memory for the batches written last, from which fresh jobs are served. Default 8 MiB.
    pub tail_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { rules: Rules::default(), segment_bytes: 64 << 20, tail_bytes: 8 << 20 }
    }
}

/// Why a store cannot be opened. Each is one line for an operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the directory (`G22`).
    #[error("the data directory {path} is in use by {}", pid.map_or("another process".into(), |pid| format!("PID {pid}")))]
    InUse { path: String, pid: Option<u32> },
    /// Acknowledged data is not as it was written (`G15`).
    #[error("the store is damaged: {path} at offset {offset}: {what}")]
    Damaged { path: String, offset: u64, what: String },
    /// A newer program wrote this (`G23`).
    #[error("{path} has format {version}; this version reads formats up to {known}, and has changed nothing")]
    TooNew { path: String, version: u32, known: u32 },
    /// A data file of Faktory, and no store of ours.
    #[error("found a Faktory store at {path}; `bessemer import {path}` brings it over")]
    Faktory { path: String },
    /// The disk failed.
    #[error(transparent)]
    Failed(#[from] Fatal),
}

impl OpenError {
    fn damaged(disk: &impl Disk, name: &str, offset: u64, what: &str) -> Self {
        Self::Damaged { path: disk.path(name), offset, what: what.into() }
    }
}

/// The engine on a disk.
#[derive(Debug)]
pub struct Embedded<D: Disk> {
    machine: Machine,
    log: Log<D>,
    /// Replies and events that wait for the flush.
    held: Settled,
    questions: Questions,
    reader: EmbeddedReader,
    /// A commit failed; nothing is known of the disk any more.
    failed: bool,
}

impl<D: Disk> Embedded<D> {
    /// Opens the store of a directory, or creates one there. `entropy` becomes the id of a new store, and must be
    /// random.
    pub fn open(
        disk: D,
        options: Options,
        now: Now,
        entropy: [u8; 16],
    ) -> Result<(Self, Recovered), OpenError> {
        let found = recover::look(disk.clone())?;
        let store = found.store();
        let id = store.unwrap_or(StoreId(entropy));
        let log_options = LogOptions {
            segment_bytes: options.segment_bytes,
            tail_bytes: options.tail_bytes,
            young: options.rules.repush_window,
        };
        let mut machine = Machine::new(options.rules, id.hash_key());
        let spares = found.spares_seen() + 1;
        let janitor = || {
            let path = disk.path("");
            let failed =
                |source: io::Error| Fatal { action: "start the janitor of", path, offset: 0, source };
            Janitor::start(disk.clone(), options.segment_bytes, spares).map_err(failed)
        };
        let (mut log, report) = if store.is_some() {
            let replayed = found.replay(&mut |fact, span| machine.replay(fact, span))?;
            let log = Log::resume(disk.clone(), id, log_options, replayed.active, replayed.table, janitor()?);
            (log, replayed.report)
        } else {
            let report =
                Recovered { created: true, removed: found.temporary, segments: 1, ..Recovered::default() };
            let spare = segment::spare_name(spares);
            (Log::create(disk.clone(), id, log_options, now.wall, janitor()?, spare)?, report)
        };
        machine.recovered(now);
        for span in machine.spans() {
            log.keep(span);
        }
        log.give_up(now.wall);
        log.remove(report.removed.iter().cloned());
        let (reader, questions) = reader::channel();
        Ok((Self { machine, log, held: Settled::default(), questions, reader, failed: false }, report))
    }

    /// The state, for tests and tools.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The state alone; the store is closed.
    pub fn into_machine(self) -> Machine {
        self.machine
    }

    fn turn(&mut self, cx: &mut Context<'_>, now: Now, out: &mut Settled) -> Result<(), Fatal> {
        let Self { machine, log, held, questions, .. } = self;
        log.commit(now.wall, |log| machine.restate(log))?;
        for (_, reply) in &mut held.replies {
            if let Reply::Job(job) = reply {
                read(log, &mut job.body)?;
                read_failure(log, job.failure.as_mut())?;
            }
        }
        questions.answer(cx, |query| {
            let mut answer = machine.answer(now, query);
            if let Answer::Jobs(jobs) = &mut answer {
                for job in &mut jobs.jobs {
                    read(log, &mut job.body)?;
                    read_failure(log, job.failure.as_mut())?;
                }
            }
            Ok(answer)
        })?;
        log.give_up(now.wall);
        out.replies.append(&mut held.replies);
        out.events.append(&mut held.events);
        Ok(())
    }
}

impl<D: Disk> Engine for Embedded<D> {
    type Reader = EmbeddedReader;

    fn submit(&mut self, now: Now, ticket: Ticket, command: Command<'_>) -> Progress {
        self.machine.apply(now, ticket, command, &mut self.log, &mut self.held)
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>, now: Now, out: &mut Settled) -> Poll<Result<(), Fatal>> {
        if self.failed {
            let source = io::Error::other("the store has failed before");
            return Poll::Ready(Err(Fatal {
                action: "go on with",
                path: "the store".into(),
                offset: 0,
                source,
            }));
        }
        // Also a panic half-way through leaves it failed.
        self.failed = true;
        let result = self.turn(cx, now, out);
        self.failed = result.is_err();
        Poll::Ready(result)
    }

    fn room(&self) -> usize {
        GROUP_BYTES.saturating_sub(self.log.pending())
    }

    fn next_due(&self, now: Now) -> Option<Boot> {
        self.machine.next_due(now)
    }

    fn stalled(&mut self, now: Now) {
        self.machine.stalled(now);
    }

    fn reader(&self) -> EmbeddedReader {
        self.reader.clone()
    }
}

fn read<D: Disk>(log: &mut Log<D>, text: &mut Text) -> Result<(), Fatal> {
    if let Text::At(span) = *text {
        *text = Text::Read(log.read(span)?);
    }
    Ok(())
}

fn read_failure<D: Disk>(log: &mut Log<D>, failure: Option<&mut FailureView>) -> Result<(), Fatal> {
    failure.map_or(Ok(()), |failure| read(log, &mut failure.text))
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
