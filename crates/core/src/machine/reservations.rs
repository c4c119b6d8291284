//! Reservations: who works on what, and until when (rules `W-01` to `W-08`).
//!
//! A reservation stands in a numbered place, which the entry of its job names; those of one worker are a list.

use std::sync::Arc;

use super::deadlines::Deadlines;
use super::table::{NONE, Slot, State, Table};
use super::workers::{WorkerNo, Workers};
use crate::command::Delivery;
use crate::time::{Boot, Wall};

/// One job in somebody's hands.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Reservation {
    slot: Slot,
    pub(super) delivery: Delivery,
    /// Whose it is; empty: a connection that is no worker.
    pub(super) wid: Arc<str>,
    /// The incarnation of that worker. `None`: fetched by a connection that is no worker.
    pub(super) worker: Option<WorkerNo>,
    pub(super) since: Wall,
    pub(super) until: Wall,
    /// The places of its neighbours in its worker's list.
    prev: u32,
    next: u32,
}

const _: () =
    assert!(size_of::<Option<Reservation>>() == 64, "a reservation is meant to be one line of a cache");

/// What a worker has reserved: the first of its list, and how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hands {
    first: u32,
    pub(super) len: usize,
}

impl Default for Hands {
    fn default() -> Self {
        Self { first: NONE, len: 0 }
    }
}

/// All reservations.
#[derive(Debug, Default)]
pub(super) struct Reservations {
    places: Vec<Option<Reservation>>,
    free: Vec<u32>,
    deadlines: Deadlines,
    /// Deliveries so far in this process.
    deliveries: u64,
}

impl Reservations {
    pub(super) fn len(&self) -> usize {
        self.deadlines.len()
    }

    /// The reservation of a job, if it has one.
    pub(super) fn get(&self, table: &Table, slot: Slot) -> Option<&Reservation> {
        place_of(table, slot).and_then(|place| self.places[place as usize].as_ref())
    }

    /// The slot of a delivery that still stands.
    pub(super) fn find(&self, table: &Table, delivery: Delivery) -> Option<Slot> {
        let slot = delivery.0 as Slot;
        let reservation = if table.is_live(slot) { self.get(table, slot) } else { None };
        reservation.filter(|r| r.delivery == delivery).map(|_| slot)
    }

    /// The same where jobs change their slots, since they come and go with ticks.
    pub(super) fn find_moved(&self, delivery: Delivery) -> Option<Slot> {
        self.iter().find(|(_, r)| r.delivery == delivery).map(|(slot, _)| slot)
    }

    /// Reserves a job for somebody. Its clock is started by [`Reservations::start`], since replay knows none.
    pub(super) fn insert(
        &mut self,
        table: &mut Table,
        workers: &mut Workers,
        slot: Slot,
        (wid, worker): (Arc<str>, Option<WorkerNo>),
        (since, until): (Wall, Wall),
    ) {
        self.deliveries += 1;
        let delivery = Delivery(self.deliveries << 32 | u64::from(slot));
        let place = self.free.pop().unwrap_or(self.places.len() as u32);
        let mut next = NONE;
        if let Some(hands) = worker.and_then(|no| workers.hands(no)) {
            next = std::mem::replace(&mut hands.first, place);
            hands.len += 1;
        }
        let reservation = Reservation { slot, delivery, wid, worker, since, until, prev: NONE, next };
        if place as usize == self.places.len() {
            self.places.push(Some(reservation));
        } else {
            self.places[place as usize] = Some(reservation);
        }
        if let Some(neighbour) = self.at(next) {
            neighbour.prev = place;
        }
        self.deadlines.set(place, slot, Boot(u64::MAX));
        table[slot].next = place;
    }

    /// When a reservation ends.
    pub(super) fn deadline(&self, table: &Table, slot: Slot) -> Option<Boot> {
        self.deadlines.get(place_of(table, slot)?)
    }

    /// Sets when a reservation ends; says which delivery it is.
    pub(super) fn start(&mut self, table: &Table, slot: Slot, deadline: Boot) -> Option<Delivery> {
        let place = place_of(table, slot)?;
        self.deadlines.set(place, slot, deadline);
        self.places[place as usize].as_ref().map(|r| r.delivery)
    }

    /// A job is in nobody's hands any more.
    pub(super) fn remove(&mut self, table: &Table, workers: &mut Workers, slot: Slot) {
        let Some(place) = place_of(table, slot) else { return };
        let Some(gone) = self.places[place as usize].take() else { return };
        self.free.push(place);
        self.deadlines.remove(place);
        // A lost worker is forgotten and may leave jobs that wait for their reservations: a list without a head.
        if let Some(hands) = gone.worker.and_then(|no| workers.hands(no)) {
            hands.len -= 1;
            if hands.first == place {
                hands.first = gone.next;
            }
        }
        if let Some(neighbour) = self.at(gone.prev) {
            neighbour.next = gone.next;
        }
        if let Some(neighbour) = self.at(gone.next) {
            neighbour.prev = gone.prev;
        }
    }

    /// Nobody has anything in hand any more. Deliveries are counted on.
    pub(super) fn clear(&mut self, workers: &mut Workers) {
        workers.iter_mut().for_each(|(_, worker)| worker.hands = Hands::default());
        *self = Self { deliveries: self.deliveries, ..Self::default() };
    }

    fn at(&mut self, place: u32) -> Option<&mut Reservation> {
        self.places.get_mut(place as usize)?.as_mut()
    }

    /// The reservation stood before, perhaps with its job in another slot.
    pub(super) fn resume(&mut self, table: &Table, slot: Slot, delivery: Delivery, deadline: Boot) {
        let Some(place) = place_of(table, slot) else { return };
        if let Some(reservation) = self.at(place) {
            reservation.delivery = delivery;
        }
        self.deadlines.set(place, slot, deadline);
    }

    /// A reservation lasts until then; whether it is this one. Its clock is set by [`Reservations::start`].
    pub(super) fn prolong(
        &mut self,
        table: &Table,
        slot: Slot,
        (wid, since): (&str, Wall),
        until: Wall,
    ) -> bool {
        let Some(place) = place_of(table, slot) else { return false };
        match self.at(place).filter(|r| *r.wid == *wid && r.since == since) {
            Some(reservation) => {
                reservation.until = until;
                true
            }
            None => false,
        }
    }

    /// The earliest deadline.
    pub(super) fn first(&self) -> Option<(Boot, Slot)> {
        self.deadlines.first()
    }

    /// All of them, in no order that means anything.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, &Reservation)> {
        self.places.iter().flatten().map(|reservation| (reservation.slot, reservation))
    }

    /// All of them from a place on, each with its place.
    pub(super) fn iter_from(&self, place: u32) -> impl Iterator<Item = (u32, Slot)> + '_ {
        let places = (place..).zip(self.places.get(place as usize..).unwrap_or_default());
        places.filter_map(|(place, reservation)| Some((place, reservation.as_ref()?.slot)))
    }

    /// The jobs in a worker's hands, the last one first.
    pub(super) fn held(&self, hands: Hands) -> impl Iterator<Item = Slot> + '_ {
        let at = |place: u32| self.places.get(place as usize)?.as_ref();
        std::iter::successors(at(hands.first), move |reservation| at(reservation.next)).map(|r| r.slot)
    }

    pub(super) fn check(&self, table: &Table, workers: &Workers) -> Result<(), String> {
        self.deadlines.check()?;
        let named = |(slot, r): (Slot, &Reservation)| {
            self.get(table, slot).is_some_and(|named| named.delivery == r.delivery)
        };
        if self.iter().count() != self.len() || !self.iter().all(named) {
            return Err("reservations, their deadlines and their jobs differ".into());
        }
        for (no, worker) in workers.iter() {
            let held = self.held(worker.hands).count();
            let all = self.iter().filter(|(_, r)| r.worker == Some(no)).count();
            if held != worker.hands.len || held != all {
                return Err(format!("worker {}: {held} jobs in its hands of {all}", worker.wid));
            }
        }
        Ok(())
    }
}

/// Where the reservation of a job stands.
fn place_of(table: &Table, slot: Slot) -> Option<u32> {
    let entry = &table[slot];
    (entry.state == State::Working).then_some(entry.next)
}
