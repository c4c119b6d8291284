//! What is counted of attempts in one stretch of time: a minute, an hour, a day.

use std::collections::{BTreeMap, VecDeque};

use bessemer_core::event::{Attempt, Outcome};

use super::histogram::{Histogram, put, take};

/// Counts of attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Ended by ACK.
    pub done: u64,
    /// Ended by FAIL, or because their reservation expired.
    pub failed: u64,
    /// Lost with their worker, or taken from it: neither done nor failed.
    pub lost: u64,
    /// How long those ran that a worker ended itself.
    pub run: Histogram,
    /// How long all of them had waited in their queue.
    pub wait: Histogram,
}

impl Cell {
    /// Counts one.
    pub fn add(&mut self, attempt: &Attempt) {
        match attempt.outcome {
            Outcome::Done => self.done += 1,
            outcome if outcome.is_failure() => self.failed += 1,
            _ => self.lost += 1,
        }
        if !matches!(attempt.outcome, Outcome::Expired | Outcome::Lost | Outcome::Released) {
            self.run.add(attempt.run());
        }
        self.wait.add(attempt.wait());
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.done = self.done.saturating_add(other.done);
        self.failed = self.failed.saturating_add(other.failed);
        self.lost = self.lost.saturating_add(other.lost);
        self.run.merge(&other.run);
        self.wait.merge(&other.wait);
    }

    /// Those that count as processed (rule `I-02`).
    pub fn processed(&self) -> u64 {
        self.done.saturating_add(self.failed)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.done == 0 && self.failed == 0 && self.lost == 0
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        [self.done, self.failed, self.lost].into_iter().for_each(|count| put(out, count));
        self.run.encode(out);
        self.wait.encode(out);
    }

    /// Takes one off the front of `bytes`, and counts what it has counted. `None`: it is none, and some of it may be
    /// counted already.
    pub(super) fn absorb(&mut self, bytes: &mut &[u8]) -> Option<()> {
        for count in [&mut self.done, &mut self.failed, &mut self.lost] {
            *count = count.saturating_add(take(bytes)?);
        }
        self.run.absorb(bytes)?;
        self.wait.absorb(bytes)
    }

    fn read(mut bytes: &[u8]) -> Self {
        let mut cell = Self::default();
        // Ours: written by `encode`, or read once before.
        _ = cell.absorb(&mut bytes);
        cell
    }

    fn packed(&self) -> Box<[u8]> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes.into()
    }
}

/// Cells that are over, in little room: some 50 bytes each, 800 at worst; earliest first, and only those that are not
/// empty.
#[derive(Debug, Default)]
pub(super) struct Past(VecDeque<(i64, Box<[u8]>)>);

impl Past {
    /// Forgets cells before this one.
    pub(super) fn forget_before(&mut self, number: i64) {
        while self.0.front().is_some_and(|(old, _)| *old < number) {
            self.0.pop_front();
        }
    }

    /// Takes out the cells from this one on: the clock was set back, and they are still to come.
    pub(super) fn take_from(&mut self, number: i64) -> Cell {
        let mut taken = Cell::default();
        let first = self.0.partition_point(|(before, _)| *before < number);
        for (_, bytes) in self.0.drain(first..) {
            taken.merge(&Cell::read(&bytes));
        }
        taken
    }

    /// Adds a cell at its place, whatever is there already.
    pub(super) fn put(&mut self, number: i64, cell: &Cell) {
        let place = self.0.partition_point(|(before, _)| *before < number);
        match self.0.get_mut(place).filter(|(there, _)| *there == number) {
            Some((_, bytes)) => {
                let mut sum = Cell::read(bytes);
                sum.merge(cell);
                *bytes = sum.packed();
            }
            None if !cell.is_empty() => self.0.insert(place, (number, cell.packed())),
            None => {}
        }
    }

    /// Adds all cells of another.
    pub(super) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(number, bytes)| self.put(*number, &Cell::read(bytes)));
    }

    /// The cell of this number.
    pub(super) fn get(&self, number: i64) -> Cell {
        let place = self.0.partition_point(|(before, _)| *before < number);
        let there = self.0.get(place).filter(|(there, _)| *there == number);
        there.map(|(_, bytes)| Cell::read(bytes)).unwrap_or_default()
    }

    /// Adds up the cells from this one on.
    pub(super) fn add_from(&self, number: i64, sum: &mut Cell) {
        for (_, bytes) in self.0.iter().rev().take_while(|(late, _)| *late >= number) {
            _ = sum.absorb(&mut &**bytes);
        }
    }

    /// The cells from this one on, by number.
    pub(super) fn cells_from(&self, number: i64) -> BTreeMap<i64, Cell> {
        let late = self.0.iter().rev().take_while(|(late, _)| *late >= number);
        late.map(|(number, bytes)| (*number, Cell::read(bytes))).collect()
    }

    /// The same, only how many were processed and how many of them failed.
    pub(super) fn counts_from(&self, number: i64) -> impl Iterator<Item = (i64, u64, u64)> + '_ {
        self.0.iter().rev().take_while(move |(late, _)| *late >= number).map(|(number, bytes)| {
            let mut rest = &**bytes;
            let (done, failed) = (take(&mut rest).unwrap_or(0), take(&mut rest).unwrap_or(0));
            (*number, done.saturating_add(failed), failed)
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes that it holds.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<(i64, Box<[u8]>)>()
            + self.0.iter().map(|(_, bytes)| bytes.len()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{START, attempt};
    use super::*;

    fn cell(outcomes: &[Outcome]) -> Cell {
        let mut cell = Cell::default();
        outcomes.iter().for_each(|outcome| cell.add(&attempt("Mail", "a", START, *outcome)));
        cell
    }

    #[test]
    fn only_what_a_worker_ended_itself_has_a_run_time() {
        let all = cell(&Outcome::ALL);
        assert_eq!((all.done, all.failed, all.lost, all.processed()), (1, 4, 2, 5));
        assert_eq!((all.run.count(), all.wait.count()), (4, 7));
        assert_eq!((all.run.sum().as_secs(), all.wait.sum().as_secs()), (8, 7));
    }

    #[test]
    fn past_cells_are_found_added_and_forgotten_by_their_number() {
        let one = cell(&[Outcome::Done]);
        let mut past = Past::default();
        for number in [3, 5, 6] {
            past.put(number, &one);
        }
        past.put(7, &Cell::default());
        past.put(5, &cell(&[Outcome::Failed]));
        past.put(4, &one);
        let seen: Vec<_> = past.counts_from(4).collect();
        assert_eq!(seen, [(6, 1, 0), (5, 2, 1), (4, 1, 0)]);
        let mut sum = Cell::default();
        past.add_from(5, &mut sum);
        assert_eq!(sum, cell(&[Outcome::Done, Outcome::Failed, Outcome::Done]));
        assert_eq!((past.get(4), past.get(7)), (one.clone(), Cell::default()));
        assert_eq!(past.take_from(6), one);
        past.forget_before(5);
        assert_eq!(past.cells_from(0).keys().copied().collect::<Vec<_>>(), [5]);
        let mut other = Past::default();
        other.put(5, &one);
        other.merge(&past);
        assert_eq!(other.counts_from(0).collect::<Vec<_>>(), [(5, 3, 1)]);
    }
}
