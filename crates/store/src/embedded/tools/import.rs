//! Putting jobs from elsewhere into a store, in whatever state they are.

use std::io;
use std::task::{Context, Poll, Waker};

use bessemer_core::command::{Record, Refusal};
use bessemer_core::fact::{Family, Order};
use bessemer_core::machine::Life;
use bessemer_core::query::{Day, Info};
use bessemer_core::{Answer, Now, Query, Rules, Settled};

use super::ToolError;
use crate::embedded::disk::Disk;
use crate::embedded::recover::Purpose;
use crate::embedded::{Embedded, Options};
use crate::engine::{Engine, Fatal};

/// A store that jobs are put into. Nobody else has it meanwhile.
#[derive(Debug)]
pub struct Importer<D: Disk> {
    engine: Embedded<D>,
    now: Now,
    /// What is added to every order, so that imported jobs come behind those that are there.
    shift: i64,
    taken: u64,
    durable: u64,
}

/// Why a job or a queue was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A rule of the store; nothing was changed by it.
    #[error("{0}")]
    Refused(Refusal),
    /// The order is beyond what a store can hold.
    #[error("the order {0} is out of range")]
    Order(i64),
    #[error(transparent)]
    Failed(#[from] Fatal),
}

impl<D: Disk> Importer<D> {
    /// Opens a store, or creates one. `first` is the smallest order of the jobs to come: where there are jobs already,
    /// the others are put behind them, in the same order among themselves; an empty store takes orders as they are.
    pub fn open(
        disk: D,
        options: Options,
        now: Now,
        entropy: [u8; 16],
        first: Order,
    ) -> Result<Self, ToolError> {
        let (engine, _) = Embedded::open(disk, options, now, entropy)?;
        let is_empty = engine.machine.job_ids().next().is_none();
        let shift = if is_empty { 0 } else { engine.machine.next_order().0.saturating_sub(first.0) };
        Ok(Self { engine, now, shift, taken: 0, durable: 0 })
    }

    /// Opens the half store of a [`super::Draft`], or creates it; orders are taken as they are.
    pub fn draft(disk: D, options: Options, now: Now, entropy: [u8; 16]) -> Result<Self, ToolError> {
        let (engine, _) = Embedded::open_for(Purpose::Draft, disk, options, now, entropy)?;
        let held = engine.machine.jobs_ever();
        Ok(Self { engine, now, shift: 0, taken: held, durable: held })
    }

    /// Whether nothing ever happened in the store.
    pub fn is_unused(&self) -> bool {
        let machine = &self.engine.machine;
        let has_counted = self.info().processed > 0 || machine.days().next().is_some();
        let is_empty = machine.known_queues().next().is_none() && machine.kept().next().is_none();
        machine.jobs_ever() == 0 && is_empty && !has_counted
    }

    /// The rules that the store keeps.
    pub fn rules(&self) -> &Rules {
        self.engine.machine.rules()
    }

    /// What the records that are no jobs count so far towards [`Rules::kept_max`].
    pub fn kept_bytes(&self) -> usize {
        self.engine.machine.kept_bytes()
    }

    /// What is there so far.
    pub fn info(&self) -> Info {
        let Answer::Info(info) = self.engine.machine.answer(self.now, &Query::Info) else {
            unreachable!("a query for the figures is answered with them")
        };
        *info
    }

    /// Takes in a queue; one that is there already stays as it is.
    pub fn queue(&mut self, name: &str, paused: bool) -> Result<(), ImportError> {
        let Embedded { machine, log, .. } = &mut self.engine;
        machine.adopt_queue(name, paused, log).map_err(ImportError::Refused)?;
        self.commit_if_full()
    }

    /// Adds what was counted on a day.
    pub fn day(&mut self, day: Day) -> Result<(), ImportError> {
        let Embedded { machine, log, .. } = &mut self.engine;
        machine.adopt_day(day, log);
        self.commit_if_full()
    }

    /// Takes in a record that is no job; one that is there already stays as it is.
    pub fn record(&mut self, family: Family, key: &[u8], value: &[u8]) -> Result<(), ImportError> {
        let record = Record { family, key: key.to_vec(), value: Some(value.to_vec()) };
        let Embedded { machine, log, .. } = &mut self.engine;
        machine.adopt_record(&record, log).map_err(ImportError::Refused)?;
        self.commit_if_full()
    }

    /// Adds what was counted in all.
    pub fn counts(&mut self, processed: u64, failed: u64) -> Result<(), ImportError> {
        let Embedded { machine, log, .. } = &mut self.engine;
        machine.adopt_counts(processed, failed, log);
        self.commit_if_full()
    }

    /// Counts on to what another store has counted, in all and on these days: what is there of it is not added again.
    pub fn count_up_to(&mut self, processed: u64, failed: u64, days: &[Day]) -> Result<(), ImportError> {
        let there = self.info();
        self.counts(processed.saturating_sub(there.processed), failed.saturating_sub(there.failures))?;
        for day in days {
            let before = self.engine.machine.days().find(|there| there.day == day.day);
            let before = before.unwrap_or(Day { processed: 0, failed: 0, ..*day });
            self.day(Day {
                processed: day.processed.saturating_sub(before.processed),
                failed: day.failed.saturating_sub(before.failed),
                ..*day
            })?;
        }
        Ok(())
    }

    /// Takes in a job. It is durable when [`Importer::durable`] has counted it.
    pub fn job(&mut self, life: &Life<'_>) -> Result<(), ImportError> {
        let order = life.order.0.checked_add(self.shift).filter(|order| *order < i64::MAX);
        let order = Order(order.ok_or(ImportError::Order(life.order.0))?);
        let Embedded { machine, log, .. } = &mut self.engine;
        machine.adopt(&Life { order, ..life.clone() }, log).map_err(ImportError::Refused)?;
        self.taken += 1;
        self.commit_if_full()
    }

    /// How many of the jobs are on the disk for good.
    pub fn durable(&self) -> u64 {
        self.durable
    }

    /// Makes the rest durable. The answer is the store as it is now.
    pub fn finish(mut self) -> Result<Info, ToolError> {
        self.commit()?;
        self.engine.close()?;
        self.engine.machine.recovered(self.now);
        if let Err(broken) = self.engine.machine.check() {
            return Err(ToolError::Broken(broken));
        }
        Ok(self.info())
    }

    fn commit_if_full(&mut self) -> Result<(), ImportError> {
        if self.engine.room() > 0 {
            return Ok(());
        }
        Ok(self.commit()?)
    }

    fn commit(&mut self) -> Result<(), Fatal> {
        let mut cx = Context::from_waker(Waker::noop());
        match self.engine.poll_turn(&mut cx, self.now, &mut Settled::default()) {
            Poll::Ready(done) => done?,
            Poll::Pending => {
                let (path, source) = (self.engine.disk.path(""), io::ErrorKind::StorageFull.into());
                return Err(Fatal { action: "write to", path, offset: self.engine.log.end(), source });
            }
        }
        self.durable = self.taken;
        Ok(())
    }
}
