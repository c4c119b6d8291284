//! Reservations: who works on what, and until when (rules `W-01` to `W-08`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::table::Slot;
use super::workers::WorkerNo;
use crate::command::Delivery;
use crate::time::{Boot, Wall};

/// One job in somebody's hands.
#[derive(Debug)]
pub(super) struct Reservation {
    pub(super) delivery: Delivery,
    /// Whose it is; empty: a connection that is no worker.
    pub(super) wid: Arc<str>,
    /// The incarnation of that worker. `None`: fetched by a connection that is no worker.
    pub(super) worker: Option<WorkerNo>,
    pub(super) since: Wall,
    pub(super) until: Wall,
    /// `until` on the clock that judges it.
    deadline: Boot,
}

/// All reservations, by slot and by deadline.
#[derive(Debug, Default)]
pub(super) struct Reservations {
    by_slot: BTreeMap<Slot, Reservation>,
    by_deadline: BTreeSet<(Boot, Slot)>,
    /// Deliveries so far in this process.
    deliveries: u64,
}

impl Reservations {
    pub(super) fn len(&self) -> usize {
        self.by_slot.len()
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Reservation> {
        self.by_slot.get(&slot)
    }

    /// The slot of a delivery that still stands.
    pub(super) fn find(&self, delivery: Delivery) -> Option<Slot> {
        let slot = delivery.0 as Slot;
        self.get(slot).filter(|r| r.delivery == delivery).map(|_| slot)
    }

    /// Reserves a job. The deadline is set by [`Reservations::set_deadline`], since replay knows no clock.
    pub(super) fn insert(
        &mut self,
        slot: Slot,
        (wid, worker): (Arc<str>, Option<WorkerNo>),
        since: Wall,
        until: Wall,
    ) {
        self.deliveries += 1;
        let delivery = Delivery(self.deliveries << 32 | u64::from(slot));
        let deadline = Boot(u64::MAX);
        self.by_slot.insert(slot, Reservation { delivery, wid, worker, since, until, deadline });
        self.by_deadline.insert((deadline, slot));
    }

    pub(super) fn set_deadline(&mut self, slot: Slot, deadline: Boot) {
        if let Some(reservation) = self.by_slot.get_mut(&slot) {
            self.by_deadline.remove(&(reservation.deadline, slot));
            reservation.deadline = deadline;
            self.by_deadline.insert((deadline, slot));
        }
    }

    pub(super) fn remove(&mut self, slot: Slot) -> Option<Reservation> {
        let reservation = self.by_slot.remove(&slot)?;
        self.by_deadline.remove(&(reservation.deadline, slot));
        Some(reservation)
    }

    /// The earliest deadline.
    pub(super) fn first(&self) -> Option<(Boot, Slot)> {
        self.by_deadline.first().copied()
    }

    /// All of them, by slot.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, &Reservation)> {
        self.by_slot.iter().map(|(slot, reservation)| (*slot, reservation))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let same = self.by_slot.len() == self.by_deadline.len()
            && self.by_slot.iter().all(|(slot, r)| self.by_deadline.contains(&(r.deadline, *slot)));
        if same { Ok(()) } else { Err("reservations and their deadlines differ".into()) }
    }
}
