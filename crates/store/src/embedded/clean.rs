//! Cleaning: the log is kept short by telling again, at its end, what still lives in its oldest segment.
//!
//! Always the oldest, so nothing has to be known about any other: when its last living job has been told again,
//! everything in it is of the past, and it is given up like a segment that became empty by itself. Its jobs go into
//! the batches that are written anyway, paced by the bytes that come in, so that cleaning never costs a commit much,
//! never a flush, and nothing at all while nobody writes.

use bessemer_core::Machine;
use bessemer_core::fact::{Fact, Family, Head, JobId, Order, Standing};
use bessemer_core::{Facts as _, Wall};
use bytes::Bytes;

use super::batch;
use super::bug::{Bug, planted};
use super::disk::Disk;
use super::log::Log;
use super::record::Records;
use crate::engine::Fatal;

/// Bytes that may be told again for each byte that comes in. At least one half is needed to keep up
/// (`table.rs`); more, since a segment may be full of living jobs.
const PACE: u64 = 2;

/// A commit may always tell so many bytes again, in bytes.
const PACE_MIN: u64 = 16 << 10;

/// Reading past this many dead bytes costs as much as telling one again: a checksum and a look at each record.
const DEAD_PER_TOLD: u64 = 4;

/// How far the cleaning has come.
#[derive(Debug, Default)]
pub(super) struct Cleaner {
    source: Option<Source>,
    /// Bytes that were told beyond what was allowed: a large job is told whole.
    debt: u64,
    /// Turns that passed or told anything, and kept records that were told again.
    pub(super) turns: u64,
    pub(super) records: u64,
    /// Segments that were given up, those of them that were cleaned, and what was written for it, all since the start.
    pub(super) given_up: u64,
    pub(super) cleaned: u64,
    pub(super) bytes: u64,
    /// When anything was last told again.
    pub(super) last: Option<Wall>,
}

impl Cleaner {
    /// Nothing lives in a segment any more, and it goes.
    pub(super) fn gave_up(&mut self, number: u64) {
        self.given_up += 1;
        self.cleaned += u64::from(self.source.take_if(|source| source.number == number).is_some());
    }
}

/// A segment that is cleaned.
#[derive(Debug)]
struct Source {
    number: u64,
    /// The log position of the next record, or of the next batch's header.
    next: u64,
    /// Whole batches around `next`, and where the first begins. Empty at first.
    from: u64,
    batches: Bytes,
    /// Where the batch of `next` ends.
    batch_end: u64,
    /// The batches at `next` are being read.
    asked: bool,
}

/// What became of a record.
enum Step {
    /// So many bytes were passed.
    Passed(u64),
    /// It has to wait for a read.
    Waits,
}

impl<D: Disk> Log<D> {
    /// Does the share of cleaning that the batch under way allows. Whatever has to be read first is read for a later
    /// turn.
    pub(super) fn clean(&mut self, now: Wall, machine: &mut Machine) -> Result<(), Fatal> {
        let foreground = self.pending() as u64;
        if foreground == 0 {
            return Ok(());
        }
        let share = (PACE * foreground).max(PACE_MIN);
        let allowed = share.saturating_sub(self.cleaner.debt);
        let mut told = 0;
        while told < allowed {
            let Some(mut source) = self.source() else { break };
            let before = self.pending() as u64;
            let step = self.step(&mut source, machine)?;
            self.cleaner.source = Some(source);
            match step {
                Step::Passed(bytes) => told += self.pending() as u64 - before + bytes.div_ceil(DEAD_PER_TOLD),
                Step::Waits => break,
            }
        }
        self.cleaner.debt = (self.cleaner.debt + told).saturating_sub(share);
        let written = self.pending() as u64 - foreground;
        self.cleaner.turns += u64::from(told > 0);
        self.cleaner.bytes += written;
        if written > 0 {
            self.cleaner.last = Some(now);
        }
        Ok(())
    }

    /// The segment to clean, or to go on with.
    fn source(&mut self) -> Option<Source> {
        let min = self.min_bytes();
        let first = self.table.first().filter(|first| first.live > 0 && self.table.is_too_long(min))?;
        let (number, next) = (first.number, first.first);
        let going_on = self.cleaner.source.take().filter(|source| source.number == number);
        Some(going_on.unwrap_or_else(|| Source {
            number,
            next,
            from: next,
            batches: Bytes::new(),
            batch_end: next,
            asked: false,
        }))
    }

    /// Takes the next record of the source, or makes the first step into its next batch.
    fn step(&mut self, source: &mut Source, machine: &mut Machine) -> Result<Step, Fatal> {
        let end = self.table.first().map_or(source.next, |first| first.end);
        assert!(source.next < end, "all that lives in a segment is told there, a job or a kept record");
        let at = (source.next - source.from) as usize;
        if at == source.batches.len() {
            match self.texts.batches(source.next) {
                Some(batches) => {
                    (source.batches, source.from, source.asked) = (batches, source.next, false);
                    return Ok(Step::Passed(0));
                }
                None => source.asked = source.asked || self.texts.ask_batches(&self.table, source.next),
            }
            return Ok(Step::Waits);
        }
        if source.next == source.batch_end {
            let seed = self.store.seed(source.number);
            let header =
                batch::Header::decode(seed, &source.batches[at..]).expect("the reader has verified it");
            source.batch_end = source.next + u64::from(header.len);
            source.next += batch::HEADER_LEN as u64;
            return Ok(Step::Passed(batch::HEADER_LEN as u64));
        }
        let batches = source.batches.clone();
        let mut records = Records::new(&batches[at..(source.batch_end - source.from) as usize], source.next);
        let Some(Some((fact, span))) = records.next() else { unreachable!("a start has read these records") };
        let passed = records.next_at() - source.next;
        if planted(Bug::MoveTheEnded) {
            self.record(&fact);
        }
        match fact {
            Fact::Put { id, head, body, .. }
                if machine.lives_at(id, span)
                    && !(planted(Bug::LeaveBehind) && id.0.is_multiple_of(8))
                    && !self.tell_again(machine, id, head, body)? =>
            {
                return Ok(Step::Waits);
            }
            Fact::Keep { family, key, .. } if machine.keeps_at(family, key, span) => {
                self.tell_record_again(machine, family, key);
            }
            Fact::Keep { .. } if fact.has_place() && planted(Bug::MoveTheRemoved) => _ = self.record(&fact),
            _ => {}
        }
        source.next += passed;
        Ok(Step::Passed(passed))
    }

    fn tell_record_again(&mut self, machine: &mut Machine, family: Family, key: &[u8]) {
        machine.retell_record(family, key, self);
        if planted(Bug::LoseTheRecord) {
            self.record(&Fact::Keep { family, key, value: None });
        }
        self.cleaner.records += 1;
    }

    /// False: its failure has to be read first.
    fn tell_again(
        &mut self,
        machine: &mut Machine,
        id: JobId,
        head: Head<'_>,
        body: &[u8],
    ) -> Result<bool, Fatal> {
        let failure = match machine.failure_text(id) {
            // It may have failed in this very turn.
            Some(span) if self.is_under_way(span) => return Ok(false),
            Some(_) if planted(Bug::MoveWithoutFailure) => Bytes::new(),
            Some(span) => match self.texts.text(&self.table, span)? {
                Some(text) => text,
                None => {
                    self.texts.ask(&self.table, span);
                    return Ok(false);
                }
            },
            None => Bytes::new(),
        };
        machine.retell(id, head, body, &failure, self);
        if planted(Bug::MoveToTheTail) {
            let (order, standing) = (Order(i64::MAX / 2), Standing::Queued { since: Wall(0) });
            self.record(&Fact::Put { id, order, at: None, head, standing, body });
        }
        Ok(true)
    }
}
