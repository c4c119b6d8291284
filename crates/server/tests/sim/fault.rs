//! What goes wrong: the process dies, the power fails, the disk errs, clocks step, loops freeze.

use bessemer_core::query::Place;
use bessemer_server::config::Limits;
use bessemer_server::node::Node;
use bessemer_store::Engine;
use bessemer_store::embedded::Embedded;

use super::bug::Bug;
use super::chance::SECOND;
use super::watch::Watched;
use super::world::{Broken, Event, World};

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Kill,
    PowerLoss,
    /// The machine stops in the middle of some call to the disk.
    StopInDisk,
    /// Some call to the disk fails.
    DiskError,
    ShutDown,
    /// The time for a shutdown is over.
    ShutDownOver,
    WallStep,
    Freeze,
}

impl World {
    pub(crate) fn plan_faults(&mut self) {
        let plan = self.plan.clone();
        for (on, fault) in [
            (plan.kills, Fault::Kill),
            (plan.power, Fault::PowerLoss),
            (plan.stops_in_disk, Fault::StopInDisk),
            (plan.disk_errors, Fault::DiskError),
            (plan.shutdowns, Fault::ShutDown),
            (plan.wall_steps, Fault::WallStep),
            (plan.freezes, Fault::Freeze),
        ] {
            let times = if on { self.chance.between(1, 4) } else { 0 };
            for _ in 0..times {
                let at = self.chance.below(plan.length);
                self.at(at, Event::Fault(fault));
            }
        }
    }

    pub(crate) fn strike(&mut self, fault: Fault) -> Result<(), Broken> {
        if self.calm {
            return Ok(());
        }
        self.note(|| format!("fault: {fault:?}"));
        match fault {
            Fault::Kill => self.crash(false),
            Fault::PowerLoss => self.crash(true),
            Fault::StopInDisk => {
                let calls = self.chance.below(6);
                self.disk.honest.stop_after(calls);
            }
            Fault::DiskError => {
                let calls = self.chance.below(6);
                self.disk.honest.fail_after(calls);
            }
            Fault::ShutDown => self.shut_down(),
            Fault::ShutDownOver if self.shutting_down => {
                self.check_shut_down()?;
                self.crash(false);
            }
            Fault::ShutDownOver => {}
            Fault::WallStep => self.step_wall(),
            Fault::Freeze if self.node.is_some() && !self.frozen => {
                self.frozen = true;
                let length = self.chance.magnitude(SECOND, 100 * SECOND);
                self.after(length, Event::Thaw);
            }
            Fault::Freeze => {}
        }
        Ok(())
    }

    pub(crate) fn thaw(&mut self) {
        self.frozen = false;
        self.note(|| "server: goes on".into());
    }

    fn step_wall(&mut self) {
        let size = self.chance.magnitude(SECOND, 300_000_000 * SECOND) as i64;
        let by = if self.chance.one_in(2) { size } else { -size };
        self.step_wall_by(by);
    }

    pub(crate) fn step_wall_by(&mut self, by: i64) {
        self.clock.step_wall(by);
        self.witness.borrow_mut().model.steps = self.clock.steps;
        self.note(|| format!("wall clock: stepped by {} s", by / SECOND as i64));
    }

    fn shut_down(&mut self) {
        if self.frozen || self.shutting_down {
            return;
        }
        let now = self.now();
        if let Some(node) = &mut self.node {
            node.shut_down(now);
            self.shutting_down = true;
            self.after(10 * SECOND, Event::Fault(Fault::ShutDownOver));
        }
    }

    /// A write or a flush failed: the process ends (`G14`).
    pub(crate) fn fail(&mut self, why: &str) -> Result<(), Broken> {
        self.note(|| format!("server: dies: {why}"));
        // A planted bug that flushes half-way hides the first failure from the node.
        let hidden = self.bug == Some(Bug::SplitsBulk) && why.contains("has failed before");
        if !simulated(why) && !hidden {
            return Err(format!("the store failed without a fault: {why}"));
        }
        let power = self.plan.power && self.chance.one_in(2);
        self.crash(power);
        Ok(())
    }

    /// The process is gone, or the whole machine.
    pub(crate) fn crash(&mut self, power: bool) {
        if self.node.take().is_none() {
            return;
        }
        (self.frozen, self.shutting_down) = (false, false);
        {
            let witness = &mut *self.witness.borrow_mut();
            witness.in_doubt = true;
            // A reservation may have become durable though its reply never left, and stay though it was taken back since.
            let jobs = witness.model.durable.jobs.values().chain(witness.flushed.jobs.values());
            let working = jobs.filter(|job| matches!(job.place, Place::Working { .. }));
            working.for_each(|job| self.ledger.handed_out(&job.jid));
        }
        self.acting.clear();
        self.readable.clear();
        for conn in self.pipes.keys().copied().collect::<Vec<_>>() {
            self.hang_up(conn);
        }
        self.disk = self.disk.restart(power);
        if power {
            self.clock.reboot();
        }
        let down = self.chance.magnitude(SECOND / 1_000, 90 * SECOND);
        if self.plan.wall_steps && self.chance.one_in(4) {
            self.step_wall();
        }
        self.after(down, Event::Start);
        self.note(|| format!("server: gone, with its power: {power}"));
    }

    /// Starts the server with what is on its disk; the start itself may be struck.
    pub(crate) fn start(&mut self) -> Result<(), Broken> {
        if self.node.is_some() {
            return Ok(());
        }
        if self.plan.bad_recoveries && !self.calm && self.chance.one_in(3) {
            let calls = self.chance.below(12);
            match self.chance.one_in(2) {
                true => self.disk.honest.stop_after(calls),
                false => self.disk.honest.fail_after(calls),
            }
        }
        let entropy = [self.chance.bits().to_le_bytes(), self.chance.bits().to_le_bytes()].concat();
        let entropy = entropy.try_into().expect("twice eight bytes");
        self.heard = self.clock.at;
        let now = self.now();
        let engine = match Embedded::open(self.disk.clone(), self.plan.options.clone(), now, entropy) {
            Ok((engine, report)) => {
                self.note(|| format!("server: starts, {report:?}"));
                engine
            }
            Err(error) => return self.start_again(&error.to_string()),
        };
        // Everybody's absence begins when the port listens (`D4`).
        self.present.values_mut().for_each(|present| *present = (0, self.clock.at));
        self.witness.borrow_mut().recover(&engine, now)?;
        let mut limits = Limits::default();
        let mut less_room = 0;
        if self.plan.tight {
            limits.unsent_max = 500;
            less_room = engine.room() - 300;
        }
        let watched = Watched { engine, witness: self.witness.clone(), less_room };
        self.node = Some(Node::new(watched, limits, self.plan.options.rules.stall, now));
        (self.grace, self.last_turn) = (self.clock.at + 30 * SECOND, self.clock.at);
        self.check_model()?;
        self.check_ledger()
    }

    fn start_again(&mut self, why: &str) -> Result<(), Broken> {
        self.note(|| format!("server: does not start: {why}"));
        if !simulated(why) {
            return Err(format!("the store does not open: {why}"));
        }
        let power = self.plan.power && self.chance.one_in(2);
        self.disk = self.disk.restart(power);
        self.after(SECOND, Event::Start);
        Ok(())
    }

    /// From now on nothing goes wrong any more.
    pub(crate) fn calm_down(&mut self) {
        self.note(|| "calm: no more faults".into());
        self.calm = true;
        self.disk.honest.stop_after(u64::MAX / 2);
        self.disk.honest.fail_after(u64::MAX / 2);
        if self.shutting_down {
            self.crash(false);
        }
        self.thaw();
        for conn in self.pipes.keys().copied().collect::<Vec<_>>() {
            self.cut(conn, 0);
        }
        self.retire_clients();
    }
}

/// Whether a failure is one that the disk was told to have.
fn simulated(why: &str) -> bool {
    why.contains("the machine has stopped") || why.contains("(simulated)")
}
