//! The embedded engine: one segmented log that *is* the database, and the machine as its index in memory.
//!
//! ```text
//!  submit ─► Machine::apply ─► facts ─► Batch ──┐ poll_turn
//!                 └─► replies, held back ◄──────┤ one write, one flush (Log::commit)
//!                                               └─► texts read, replies released, pages answered
//! ```
//!
//! There is no snapshot and no second copy of anything: every body is in the log once, memory knows where, and a start
//! reads the log from its oldest segment on. Segments in which nothing lives are given up, oldest first; what lives in
//! them is told again at the end of the log when that gets too long for what it holds.
//!
//! Read [`segment`] for what lies in the directory, [`batch`] and [`record`] for the bytes, [`log`] for the commit,
//! [`clean`] for how the log stays short, [`texts`] and [`settle`] for how a body comes back, [`recover`] for what a
//! start believes, [`disk`] for what it all stands on.

mod batch;
pub mod bug;
mod clean;
mod cold;
pub mod disk;
mod flusher;
mod janitor;
mod log;
mod reader;
pub(crate) mod record;
mod recover;
mod scan;
pub(crate) mod segment;
mod settle;
mod shelf;
mod space;
mod table;
mod texts;
pub mod tools;

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use bessemer_core::command::{CronDeed, Refusal};
use bessemer_core::query::{Condition, Durability};
use bessemer_core::{Boot, Command, Machine, Now, Progress, Reply, Rules, Settled, Ticket};

use self::cold::Cold;
use self::disk::Disk;
use self::flusher::Flusher;
use self::janitor::Janitor;
use self::log::{Helpers, Log, LogOptions};
use self::reader::{ANSWERS_PER_TURN, Questions};
use self::recover::Purpose;
use self::segment::StoreId;
use self::settle::{Waiting, has_to_wait};
use self::shelf::Shelf;
use self::space::{Change, Space};
use crate::engine::{Engine, Fatal};

pub use self::reader::EmbeddedReader;
pub use self::recover::{Recovered, TornTail};
pub use self::space::WaterMarks;

/// A turn's facts at most, about: what a flush of some milliseconds carries anyway. Closes a group, refuses nothing.
const GROUP_BYTES: usize = 4 << 20;

/// So many queues have their next job in memory soon after a start.
const HEADS_MAX: usize = 32;

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
    /// What a reply waits for. Default strict.
    pub durability: Durability,
    /// When producers are refused for want of room, and when they are let in again.
    pub marks: WaterMarks,
}

impl Default for Options {
    fn default() -> Self {
        let (rules, durability, marks) = (Rules::default(), Durability::Strict, WaterMarks::default());
        Self { rules, segment_bytes: 64 << 20, tail_bytes: 8 << 20, durability, marks }
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
    /// A backup, and no store.
    #[error("{path} is a backup; `bessemer restore {path} DIR` makes a store of it")]
    Backup { path: String },
    /// Half a store.
    #[error("an import into {path} has begun and not ended: run it again, or empty the directory")]
    Draft { path: String },
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
    disk: D,
    machine: Machine,
    log: Log<D>,
    durability: Durability,
    space: Space,
    /// Replies and events that wait for the flush.
    held: Settled,
    /// What is durable and waits for its texts.
    waiting: Waiting,
    questions: Questions,
    reader: EmbeddedReader,
    shelf: Arc<Shelf<D>>,
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
        Self::open_for(Purpose::Serve, disk, options, now, entropy)
    }

    fn open_for(
        purpose: Purpose,
        disk: D,
        options: Options,
        now: Now,
        entropy: [u8; 16],
    ) -> Result<(Self, Recovered), OpenError> {
        let found = recover::look(disk.clone(), purpose)?;
        let store = found.store();
        let id = store.unwrap_or(StoreId(entropy));
        let log_options = LogOptions {
            segment_bytes: options.segment_bytes,
            tail_bytes: options.tail_bytes,
            young: options.rules.repush_window,
        };
        let mut machine = Machine::new(options.rules, id.hash_key());
        let next_name = found.spares_seen() + 1;
        let spares = found.spares(options.segment_bytes);
        let helpers = || {
            let path = disk.path("");
            let failed =
                |source: io::Error| Fatal { action: "start the helpers of", path, offset: 0, source };
            let start = || {
                let relaxed = options.durability == Durability::Relaxed;
                Ok(Helpers {
                    janitor: Janitor::start(disk.clone(), options.segment_bytes, &spares, next_name)?,
                    cold: Cold::start(disk.clone())?,
                    flusher: relaxed.then(|| Flusher::start(D::THREADS)).transpose()?,
                })
            };
            start().map_err(failed)
        };
        let (mut log, mut report) = if store.is_some() {
            let replayed = found.replay(&mut |fact, span| machine.replay(fact, span))?;
            let log = Log::resume(disk.clone(), id, log_options, replayed.active, replayed.table, helpers()?);
            (log, replayed.report)
        } else {
            let report =
                Recovered { created: true, removed: found.temporary, segments: 1, ..Recovered::default() };
            let spare = segment::spare_name(next_name);
            (Log::create(disk.clone(), id, log_options, now.wall, helpers()?, spare)?, report)
        };
        report.removed.retain(|name| !spares.contains(name));
        machine.recovered(now);
        for span in machine.spans() {
            log.keep(span);
        }
        log.end_turn(now.wall, None);
        log.discard(report.removed.iter().cloned())?;
        log.reserve()?;
        // The first FETCH of a queue is not to wait for the disk either, as far as there is room.
        machine.heads().take(HEADS_MAX).for_each(|head| log.ask(head));
        let shelf = Arc::new(Shelf::new(disk.clone(), &log.table));
        let texts = Arc::downgrade(&(Arc::clone(&shelf) as Arc<dyn shelf::Texts>));
        let (reader, questions) = reader::channel(texts);
        let (space, held, waiting) = (Space::new(options.marks), Settled::default(), Waiting::default());
        let durability = options.durability;
        let mut engine = Self {
            disk,
            machine,
            log,
            durability,
            space,
            held,
            waiting,
            questions,
            reader,
            shelf,
            failed: false,
        };
        engine.look(now)?;
        Ok((engine, report))
    }

    /// The state, for tests and tools.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Turns of this process in which the log was being cleaned, for tests.
    pub fn cleaning_turns(&self) -> u64 {
        self.log.cleaner.turns
    }

    /// Kept records that this process has told again, for tests.
    pub fn records_told_again(&self) -> u64 {
        self.log.cleaner.records
    }

    /// The state alone; the store is closed.
    pub fn into_machine(self) -> Machine {
        self.machine
    }

    /// A batch found no room: everybody waits until it does.
    fn stand_still(&mut self, now: Now) {
        if let Some(Change::Full) = self.space.ran_out(now.boot) {
            tracing::warn!("disk full: no jobs are accepted");
        }
        tracing::debug!("the log finds no room at {}; trying again", self.disk.path(""));
    }

    /// Asks the disk for its room where that is due, and says what has changed.
    fn look(&mut self, now: Now) -> Result<(), Fatal> {
        let end = self.log.end();
        if self.space.retry_at().is_some() || !self.space.is_due(now.boot, end) {
            return Ok(());
        }
        let path = self.disk.path("");
        let free = match self.disk.free() {
            Ok(free) => Some(free),
            // What is written now goes nowhere.
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                return Err(Fatal { action: "find", path, offset: 0, source });
            }
            Err(error) => {
                tracing::warn!(%error, path, "the disk does not say how much room it has");
                None
            }
        };
        let [mib, low, high] =
            [free.unwrap_or(0), self.space.marks().low, self.space.marks().high].map(|n| n >> 20);
        match self.space.look(now.boot, end, free) {
            Some(Change::Full) => tracing::warn!(
                "disk full: {mib} MiB are free at {path}, less than {low} MiB; no jobs are accepted until {high} MiB are"
            ),
            Some(Change::Roomy) => tracing::info!("{mib} MiB are free at {path}: jobs are accepted again"),
            None => {}
        }
        Ok(())
    }

    /// One turn; pending: its batch waits for room on the disk, and the next turns have the same one.
    fn turn(&mut self, cx: &mut Context<'_>, now: Now, out: &mut Settled) -> Result<Poll<()>, Fatal> {
        let was_still = self.space.retry_at();
        let is_quiet = self.held.replies.is_empty();
        let Self { machine, log, held, waiting, questions, space, .. } = self;
        log.be_frugal(space.is_full())?;
        log.keep_up(now.boot)?;
        log.texts.collect()?;
        let is_committed = match was_still {
            Some(at) if now.boot < at => false,
            was_still => {
                // A batch that has waited is not made larger.
                if was_still.is_none() {
                    log.clean(now.wall, machine)?;
                }
                log.commit(now, waiting.pinned(held), |log| machine.restate(log))?
            }
        };
        // What was durable before may be told in any case.
        let mut nothing = Settled::default();
        waiting.settle(log, if is_committed { held } else { &mut nothing }, out)?;
        for left in (0..=ANSWERS_PER_TURN).rev() {
            if left == 0 {
                cx.waker().wake_by_ref();
                break;
            }
            // While answers wait for a read, its arrival wakes the engine.
            let Some(question) = waiting.has_room().then(|| questions.poll_next(cx)).flatten() else { break };
            if let Some((asker, answer)) = questions.answer(machine, now, question) {
                waiting.answer(log, asker, answer)?;
            }
        }
        if let Some((asker, answer)) = questions.go_on(machine, is_quiet) {
            waiting.answer(log, asker, answer)?;
        }
        if questions.are_under_way() {
            cx.waker().wake_by_ref();
        }
        log.texts.watch(cx);
        log.end_turn(now.wall, waiting.pinned(held));
        log.table.tell(&self.shelf);
        if is_committed {
            self.space.found_room();
            return Ok(Poll::Ready(()));
        }
        if was_still.is_none_or(|at| now.boot >= at) {
            self.stand_still(now);
        }
        Ok(Poll::Pending)
    }
}

impl<D: Disk> Engine for Embedded<D> {
    type Reader = EmbeddedReader;

    fn submit(&mut self, now: Now, ticket: Ticket, command: Command<'_>) -> Progress {
        let full = self.space.is_full();
        let pushes = matches!(
            command,
            Command::Push { .. } | Command::PushBulk { .. } | Command::Cron { deed: CronDeed::Run, .. }
        );
        if full && pushes {
            self.held.replies.push((ticket, Reply::Refused(Refusal::DiskFull)));
            return Progress::Decided;
        }
        // While the store stands still nothing falls due: its batch is not to grow.
        if self.space.retry_at().is_some() && matches!(command, Command::Due) {
            return Progress::Decided;
        }
        self.machine.hold_crons(full);
        let before = self.held.replies.len();
        let mut progress = self.machine.apply(now, ticket, command, &mut self.log, &mut self.held);
        for (to, reply) in &mut self.held.replies[before..] {
            if let Reply::Job(job) = reply
                && has_to_wait(&mut self.log, job)
                && *to == ticket
            {
                progress = Progress::Open;
            }
        }
        progress
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
        let result = self.look(now).and_then(|()| self.turn(cx, now, out));
        self.failed = result.is_err();
        match result {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
            Err(fatal) => Poll::Ready(Err(fatal)),
        }
    }

    fn room(&self) -> usize {
        if self.space.retry_at().is_some() {
            return 0;
        }
        GROUP_BYTES.saturating_sub(self.log.pending())
    }

    fn next_due(&self, now: Now) -> Option<Boot> {
        if let Some(retry_at) = self.space.retry_at() {
            return Some(retry_at);
        }
        let reads = !self.waiting.is_empty() && self.log.texts.needs_a_turn();
        let reads = reads.then_some(now.boot);
        [self.machine.next_due(now), self.space.next_look(), self.log.next_due(), reads]
            .into_iter()
            .flatten()
            .min()
    }

    fn stalled(&mut self, now: Now) {
        self.machine.stalled(now);
    }

    fn change_rules(&mut self, rules: Rules) {
        self.machine.change_rules(rules);
    }

    fn close(&mut self) -> Result<(), Fatal> {
        self.log.conclude()
    }

    fn condition(&self) -> Condition {
        Condition {
            durability: self.durability,
            disk_full: self.space.is_full(),
            log: Some(self.log.figures()),
        }
    }

    fn jobs(&self) -> usize {
        self.machine.job_count()
    }

    fn reader(&self) -> EmbeddedReader {
        self.reader.clone()
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
