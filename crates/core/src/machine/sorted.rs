//! The sorted sets: scheduled, retries, dead and discarded, each by time and then by order of acceptance.

use std::collections::BTreeSet;

use super::table::{Slot, State, Table};
use crate::fact::Order;
use crate::query::Set;
use crate::time::Wall;

/// One set.
pub(super) type Sorted = BTreeSet<(Wall, Order, Slot)>;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Sets {
    pub(super) scheduled: Sorted,
    pub(super) retries: Sorted,
    pub(super) dead: Sorted,
    pub(super) discarded: Sorted,
}

impl Sets {
    pub(super) fn of(&self, set: Set) -> &Sorted {
        match set {
            Set::Scheduled => &self.scheduled,
            Set::Retries => &self.retries,
            Set::Dead => &self.dead,
            Set::Discarded => &self.discarded,
        }
    }

    fn of_state(&mut self, state: State) -> Option<&mut Sorted> {
        match state {
            State::Scheduled => Some(&mut self.scheduled),
            State::Retrying => Some(&mut self.retries),
            State::Dead => Some(&mut self.dead),
            State::Discarded => Some(&mut self.discarded),
            State::Free | State::Queued | State::Working => None,
        }
    }

    /// Adds a job to the set of its state.
    pub(super) fn insert(&mut self, table: &Table, slot: Slot) {
        let entry = &table[slot];
        if let Some(set) = self.of_state(entry.state) {
            set.insert((entry.time, entry.order, slot));
        }
    }

    /// Takes a job out of the set of its state.
    pub(super) fn remove(&mut self, table: &Table, slot: Slot) {
        let entry = &table[slot];
        if let Some(set) = self.of_state(entry.state) {
            set.remove(&(entry.time, entry.order, slot));
        }
    }

    /// The first entry of a set whose time has come.
    pub(super) fn due(&self, set: Set, now: Wall) -> Option<Slot> {
        self.of(set).first().filter(|(time, ..)| *time <= now).map(|(.., slot)| *slot)
    }
}
