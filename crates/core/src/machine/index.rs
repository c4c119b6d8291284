//! An index from hashes to numbers that never grows by more than a piece at a time.
//!
//! A hash table that doubles moves all it holds at once: with ten million jobs that is most of a second in which
//! nobody gets an answer. This is linear hashing instead (W. Litwin, "Linear hashing", 1980): many small tables, and
//! when they hold too much on average, the next one in turn is split in two. A hash finds its table by its middle
//! bits, since hashbrown takes the lowest and the highest ones.

use hashbrown::HashTable;

/// Numbers by their hash. The hash of a number is its owner's to know; it is given along where the index must move
/// what it holds.
#[derive(Debug)]
pub(super) struct Index {
    tables: Vec<HashTable<u32>>,
    len: usize,
}

/// Numbers in a table, on average, when the next one is split. A table that is about to be split holds twice as many,
/// which still fit the 4,096 places of a hashbrown table (3,584 with its reserve), five standard deviations away.
const FULL: usize = 1_600;

impl Default for Index {
    fn default() -> Self {
        Self { tables: vec![HashTable::new()], len: 0 }
    }
}

impl Index {
    /// An empty index that takes so many numbers without moving any.
    pub(super) fn with_room(len: usize) -> Self {
        let count = len / FULL + 1;
        let all = count.next_power_of_two();
        // A table that is not split yet stands for two.
        let share = |place: usize| if place < count - all / 2 || place >= all / 2 { 1 } else { 2 };
        let room = |place| len / all * share(place) * 17 / 16;
        Self { tables: (0..count).map(|place| HashTable::with_capacity(room(place))).collect(), len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The table of a hash: as many of its bits as number all tables, or one less where that table is not there yet.
    fn place(&self, hash: u64) -> usize {
        let (bits, all) = ((hash >> 24) as usize, self.tables.len().next_power_of_two());
        let place = bits & (all - 1);
        if place < self.tables.len() { place } else { place - all / 2 }
    }

    /// Adds a number. `hash_of` tells the hash of any number that is in here.
    pub(super) fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        if self.len >= self.tables.len() * FULL {
            self.split(&hash_of);
        }
        let place = self.place(hash);
        self.tables[place].insert_unique(hash, number, |other| hash_of(*other));
        self.len += 1;
    }

    /// Splits the next table in turn: half of its numbers have one more bit that says so.
    fn split(&mut self, hash_of: impl Fn(u32) -> u64) {
        let next = self.tables.len() - (1 << self.tables.len().ilog2());
        let half = self.tables[next].len() * 9 / 16;
        let old = std::mem::replace(&mut self.tables[next], HashTable::with_capacity(half));
        self.tables.push(HashTable::with_capacity(half));
        for number in old {
            let hash = hash_of(number);
            let place = self.place(hash);
            self.tables[place].insert_unique(hash, number, |other| hash_of(*other));
        }
    }

    /// Takes a number out, if it is there.
    pub(super) fn remove(&mut self, hash: u64, number: u32) {
        let place = self.place(hash);
        if let Ok(found) = self.tables[place].find_entry(hash, |other| *other == number) {
            found.remove();
            self.len -= 1;
        }
    }

    /// The numbers that may have this hash, and perhaps some others, in no order that means anything.
    pub(super) fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        self.tables[self.place(hash)].iter_hash(hash).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Any bijection that stirs well.
    fn hash(number: u32) -> u64 {
        let stirred = (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (stirred ^ (stirred >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(29)
    }

    #[test]
    fn what_goes_in_is_found_until_it_is_taken_out() {
        let mut index = Index::default();
        for number in 0..100_000 {
            index.insert(hash(number), number, hash);
        }
        assert_eq!(index.len(), 100_000);
        assert!((0..100_000).all(|n| index.candidates(hash(n)).any(|found| found == n)));
        for number in (0..100_000).step_by(2) {
            index.remove(hash(number), number);
            index.remove(hash(number), number);
        }
        assert_eq!(index.len(), 50_000);
        for number in 0..100_000 {
            assert_eq!(index.candidates(hash(number)).any(|found| found == number), number % 2 == 1);
        }
    }

    #[test]
    fn numbers_of_one_hash_are_all_found() {
        let mut index = Index::default();
        (0..10).for_each(|number| index.insert(7, number, |_| 7));
        let mut found: Vec<u32> = index.candidates(7).collect();
        found.sort_unstable();
        assert_eq!(found, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn no_insertion_moves_more_than_a_table() {
        let (mut index, moved) = (Index::default(), Cell::new(0));
        let mut most = 0;
        for number in 0..1_000_000 {
            moved.set(0);
            index.insert(hash(number), number, |other| {
                moved.set(moved.get() + 1);
                hash(other)
            });
            most = most.max(moved.get());
        }
        assert!(most <= 9 * FULL / 4, "{most} numbers were moved at once");
    }

    #[test]
    fn with_room_nothing_moves() {
        for len in [0, 1, 2_000, 100_000, 150_000, 250_000] {
            let mut index = Index::with_room(len);
            for number in 0..len as u32 {
                index.insert(hash(number), number, |_| panic!("{len}: a number was moved"));
            }
            assert!((0..len as u32).all(|n| index.candidates(hash(n)).any(|found| found == n)));
            let places: usize = index.tables.iter().map(HashTable::capacity).sum();
            assert!(places <= 5 * len / 2 + 8, "{places} places for {len} numbers");
        }
    }

    #[test]
    fn coming_and_going_needs_no_more_room() {
        let mut index = Index::default();
        for number in 0..1_000_000 {
            index.insert(hash(number), number, hash);
            if let Some(old) = number.checked_sub(5_000) {
                index.remove(hash(old), old);
            }
        }
        let places: usize = index.tables.iter().map(HashTable::capacity).sum();
        assert!(places <= 4 * 5_000, "{places} places for 5,000 numbers");
    }
}
