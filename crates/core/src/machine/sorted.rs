//! The sorted sets: scheduled, retries, dead and discarded, each by time and then by order of acceptance.
//!
//! A set lies in pieces that know how long they are, so that what stands in the midst of a million is found by going
//! over some thousand lengths, which lie together in memory. Where a piece is full it becomes two, and what has become
//! small joins its neighbour.

use super::table::{Slot, State, Table};
use crate::fact::Order;
use crate::query::Set;
use crate::time::Wall;

/// What a set is sorted by.
pub(super) type Key = (Wall, Order, Slot);

/// Keys in a piece at most: few enough to be moved in some 100 ns, and enough that pieces are few.
const PIECE_MAX: usize = 512;

/// One set.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// None is empty.
    pieces: Vec<Vec<Key>>,
    len: usize,
}

impl Sorted {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn first(&self) -> Option<&Key> {
        self.pieces.first().and_then(|piece| piece.first())
    }

    pub(super) fn contains(&self, key: &Key) -> bool {
        self.pieces.get(self.piece_of(key)).is_some_and(|piece| piece.binary_search(key).is_ok())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.pieces.iter().flatten()
    }

    /// What stands behind so many.
    pub(super) fn iter_from_nth(&self, nth: usize) -> impl Iterator<Item = &Key> {
        let (mut at, mut left) = (0, nth);
        while let Some(piece) = self.pieces.get(at).filter(|piece| piece.len() <= left) {
            (at, left) = (at + 1, left - piece.len());
        }
        self.pieces[at..].iter().flatten().skip(left)
    }

    /// What is not before a key.
    pub(super) fn iter_from(&self, key: Key) -> impl Iterator<Item = &Key> {
        let at = self.piece_of(&key);
        let before = self.pieces.get(at).map_or(0, |piece| piece.partition_point(|other| *other < key));
        self.pieces[at..].iter().flatten().skip(before)
    }

    /// Where a key stands, or would.
    fn piece_of(&self, key: &Key) -> usize {
        self.pieces.partition_point(|piece| piece[0] <= *key).saturating_sub(1)
    }

    fn insert(&mut self, key: Key) {
        let at = self.piece_of(&key);
        let is_last = at + 1 >= self.pieces.len();
        let Some(piece) = self.pieces.get_mut(at) else {
            self.pieces.push(vec![key]);
            self.len = 1;
            return;
        };
        let Err(place) = piece.binary_search(&key) else { return };
        self.len += 1;
        if piece.len() < PIECE_MAX {
            return piece.insert(place, key);
        }
        // A set that grows at its end is full everywhere else.
        let half = if is_last && place == PIECE_MAX { PIECE_MAX } else { PIECE_MAX / 2 };
        let mut later = piece.split_off(half);
        if place < half {
            piece.insert(place, key);
        } else {
            later.insert(place - half, key);
        }
        self.pieces.insert(at + 1, later);
    }

    fn remove(&mut self, key: &Key) {
        let at = self.piece_of(key);
        let Some(piece) = self.pieces.get_mut(at) else { return };
        let Ok(place) = piece.binary_search(key) else { return };
        piece.remove(place);
        self.len -= 1;
        if piece.is_empty() {
            self.pieces.remove(at);
        } else if piece.len() < PIECE_MAX / 4 {
            piece.shrink_to(PIECE_MAX / 2);
            self.join(at);
            self.join(at.saturating_sub(1));
        }
    }

    /// Makes one of a piece and the next, if that leaves room.
    fn join(&mut self, at: usize) {
        if let [one, next, ..] = &mut self.pieces[at..]
            && one.len() + next.len() <= PIECE_MAX / 2
        {
            one.append(next);
            self.pieces.remove(at + 1);
        }
    }
}

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Key, PIECE_MAX, Sorted};
    use crate::fact::Order;
    use crate::time::Wall;

    fn key(at: u64) -> Key {
        (Wall(at as i64 / 3), Order(at as i64 % 3), at as u32)
    }

    /// The set is like one that is known to be right, and its pieces are as they should be.
    fn compare(sorted: &Sorted, model: &BTreeSet<Key>, at: u64) {
        assert_eq!(sorted.len(), model.len());
        assert_eq!(sorted.first(), model.first());
        assert!(sorted.iter().eq(model));
        let nth = at as usize % (model.len() + 2);
        assert!(sorted.iter_from_nth(nth).eq(model.iter().skip(nth)), "from the {nth}th on");
        assert!(sorted.iter_from(key(at)).eq(model.range(key(at)..)));
        assert_eq!(sorted.contains(&key(at)), model.contains(&key(at)));
        assert!(sorted.pieces.iter().all(|piece| (1..=PIECE_MAX).contains(&piece.len())));
        let small = sorted.pieces.windows(2).filter(|pair| pair[0].len() + pair[1].len() <= PIECE_MAX / 4);
        assert_eq!(small.count(), 0, "pieces that should have been joined");
    }

    #[test]
    fn keys_come_and_go_in_any_order() {
        let (mut sorted, mut model, mut chance) =
            (Sorted::default(), BTreeSet::new(), 88_172_645_463_325_252u64);
        for step in 0..60_000u64 {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let at = chance % 20_000;
            // It grows, and then it shrinks to nothing.
            if chance >> 32 & 7 < if step < 30_000 { 6 } else { 1 } {
                sorted.insert(key(at));
                model.insert(key(at));
            } else {
                sorted.remove(&key(at));
                model.remove(&key(at));
            }
            if step % 1_000 == 0 {
                compare(&sorted, &model, at);
            }
        }
        for at in 0..20_000 {
            sorted.remove(&key(at));
            model.remove(&key(at));
            if at % 1_000 == 0 {
                compare(&sorted, &model, at);
            }
        }
        assert!(sorted.pieces.is_empty() && sorted.len() == 0 && sorted.first().is_none());
    }

    #[test]
    fn what_grows_at_its_end_takes_no_room_for_more_and_drains_from_the_front() {
        let mut sorted = Sorted::default();
        (0..10 * PIECE_MAX as u64 + 1).for_each(|at| sorted.insert(key(at)));
        assert_eq!(sorted.pieces.len(), 11);
        for at in 0..10 * PIECE_MAX as u64 {
            assert_eq!(sorted.first(), Some(&key(at)));
            sorted.remove(&key(at));
        }
        assert_eq!((sorted.len(), sorted.pieces.len()), (1, 1));
    }
}
