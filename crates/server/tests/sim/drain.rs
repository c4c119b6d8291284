//! The end of a seed: when all faults have stopped, everything that is due is worked off within a bounded time, and
//! the books are closed.

use bessemer_core::query::Place;

use super::act::MORE_TIME;
use super::chance::SECOND;
use super::client::Role;
use super::compare;
use super::model::views;
use super::operator::RATE_SPAN;
use super::world::{Broken, Event, World};

impl World {
    /// Only a well-behaved worker is left.
    pub(crate) fn retire_clients(&mut self) {
        let finisher = self.client(Role::Finisher { wid: "finisher".into() });
        self.after(1_000, Event::Act(finisher));
        self.patience = self.clock.at + self.long_enough();
        self.after(SECOND, Event::Audit);
    }

    /// Down, then grace, then the longest reservation, then a worker's time. The reservation counts twice: an ACK ends the
    /// oldest delivery of its jid that the worker may end, and where there are two copies its own may be left. However slow a rate is, it comes to each job.
    fn long_enough(&self) -> u64 {
        let reserved = self.ledger.entries.iter().map(|entry| entry.reserved).max().unwrap_or(0);
        let rates = RATE_SPAN * self.ledger.entries.len() as u64 * u64::from(self.plan.throttles);
        2 * (reserved + MORE_TIME * SECOND) + (300 + rates) * SECOND
    }

    /// Whether everything is worked off.
    pub(crate) fn audit(&mut self) -> Result<(), Broken> {
        let now = self.idle_now();
        let (mut busy, mut later) = (0, None);
        let mut left = Vec::new();
        for job in self.witness.borrow().model.durable.jobs.values() {
            match job.place {
                Place::Dead { .. } => {}
                Place::Scheduled { at } | Place::Retrying { at } | Place::Discarded { until: at, .. } => {
                    later = later.into_iter().chain([at]).min();
                }
                _ => {
                    busy += 1;
                    left.push(format!("{} {:?}", job.jid, job.place));
                }
            }
        }
        if self.clock.at > self.patience {
            return Err(format!("all faults have stopped and these are not worked off: {left:?}"));
        }
        later = later.into_iter().chain(self.witness.borrow().model.durable.open_until()).min();
        match later {
            _ if self.node.is_none() || busy > 0 => {}
            None => {
                self.over = true;
                return Ok(());
            }
            // Nothing else is left: a forward step of the wall clock makes it due at once (`G16`).
            Some(at) => {
                let by = at.since(now.wall).as_micros() as i64 + SECOND as i64;
                self.step_wall_by(by);
                self.patience = self.patience.max(self.clock.at + self.long_enough());
            }
        }
        self.after(SECOND, Event::Audit);
        Ok(())
    }

    /// What the ledger says must be there is there, and nothing more.
    pub(crate) fn check_ledger(&self) -> Result<(), Broken> {
        let Some(node) = &self.node else { return Ok(()) };
        let machine = node.engine().engine.machine();
        for (number, entry) in self.ledger.entries.iter().enumerate() {
            let (least, most) = self.ledger.copies(number);
            let found = views(machine, self.idle_now(), &entry.jid).len();
            if found < least {
                return Err(format!("{} was accepted and is lost: {entry:?}", entry.jid));
            }
            if found > most {
                return Err(format!("{} is there {found} times, {most} at most: {entry:?}", entry.jid));
            }
        }
        Ok(())
    }

    /// What batches have promised has come.
    fn check_callbacks(&self) -> Result<(), Broken> {
        let Some(node) = &self.node else { return Ok(()) };
        let machine = node.engine().engine.machine();
        self.check_batches(|jid| !views(machine, self.idle_now(), jid).is_empty())
    }

    /// All is worked off: one more restart, and the books.
    pub(crate) fn last_words(&mut self) -> Result<(), Broken> {
        self.check_ledger()?;
        self.check_callbacks()?;
        for client in &self.clients {
            for link in &client.links {
                if let Some((since, asked)) =
                    link.asked.iter().find(|(since, _)| self.clock.at > since + 10 * SECOND)
                {
                    return Err(format!(
                        "{asked:?} of connection {} is not answered since {since}",
                        link.conn
                    ));
                }
            }
        }
        let node = self.node.take().ok_or("the server is not there at the end")?;
        compare::state(
            &self.witness.borrow().model.durable,
            node.engine().engine.machine(),
            self.idle_now(),
        )?;
        let before = node.engine().engine.machine().dump();
        drop(node);
        self.disk = self.disk.restart(true);
        self.start()?;
        let after = self.node.as_ref().map(|node| node.engine().engine.machine().dump()).unwrap_or_default();
        if before != after {
            return Err(format!("before the last restart:\n{before}\nafter it:\n{after}"));
        }
        Ok(())
    }
}
