//! The deadlines of reservations: a heap that knows where each of them stands.
//!
//! Most reservations are equally long, so a new deadline is the latest and stays where it is put; an ACK takes its
//! own out wherever it stands. A tree would cost several times as much, and a heap that forgets lazily would hold
//! half an hour of ACKed jobs.

use super::table::{NONE, Slot};
use crate::time::Boot;

/// Smaller comes first: the earlier, then the lower slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at: Boot,
    slot: Slot,
    place: u32,
}

/// The deadlines, one for each place of a reservation that has one.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: Vec<Deadline>,
    /// Where in the heap the deadline of a place stands.
    ranks: Vec<u32>,
}

impl Deadlines {
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// The earliest.
    pub(super) fn first(&self) -> Option<(Boot, Slot)> {
        self.heap.first().map(|first| (first.at, first.slot))
    }

    /// The deadline of a place.
    pub(super) fn get(&self, place: u32) -> Option<Boot> {
        let rank = *self.ranks.get(place as usize)?;
        self.heap.get(rank as usize).map(|deadline| deadline.at)
    }

    /// The deadline of a place from now on.
    pub(super) fn set(&mut self, place: u32, slot: Slot, at: Boot) {
        if self.ranks.len() <= place as usize {
            self.ranks.resize(place as usize + 1, NONE);
        }
        let deadline = Deadline { at, slot, place };
        let rank = match self.ranks[place as usize] {
            NONE => {
                self.heap.push(deadline);
                self.heap.len() - 1
            }
            rank => {
                self.heap[rank as usize] = deadline;
                rank as usize
            }
        };
        self.settle(rank);
    }

    pub(super) fn remove(&mut self, place: u32) {
        let rank = std::mem::replace(&mut self.ranks[place as usize], NONE) as usize;
        self.heap.swap_remove(rank);
        if rank < self.heap.len() {
            self.settle(rank);
        }
    }

    /// Moves a deadline to where it belongs: up, or down.
    fn settle(&mut self, mut rank: usize) {
        let deadline = self.heap[rank];
        while rank > 0 && deadline < self.heap[(rank - 1) / 2] {
            self.put(rank, self.heap[(rank - 1) / 2]);
            rank = (rank - 1) / 2;
        }
        loop {
            let children = 2 * rank + 1..self.heap.len().min(2 * rank + 3);
            let Some(child) = children.min_by_key(|child| self.heap[*child]) else { break };
            if deadline < self.heap[child] {
                break;
            }
            self.put(rank, self.heap[child]);
            rank = child;
        }
        self.put(rank, deadline);
    }

    fn put(&mut self, rank: usize, deadline: Deadline) {
        self.heap[rank] = deadline;
        self.ranks[deadline.place as usize] = rank as u32;
    }

    /// Whether each stands where it belongs and is known to stand there.
    pub(super) fn check(&self) -> Result<(), String> {
        for (rank, deadline) in self.heap.iter().enumerate() {
            let above = self.heap[rank.saturating_sub(1) / 2];
            if *deadline < above || self.ranks[deadline.place as usize] as usize != rank {
                return Err(format!("slot {}: its deadline stands in the wrong place", deadline.slot));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Steps of a simple generator; any will do.
    fn numbers() -> impl Iterator<Item = u32> {
        std::iter::successors(Some(1_u64), |n| {
            Some(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1))
        })
        .map(|n| (n >> 33) as u32)
    }

    #[test]
    fn the_earliest_comes_first_whatever_was_set_and_removed() {
        let (mut deadlines, mut ats, mut sorted) = (Deadlines::default(), BTreeMap::new(), BTreeSet::new());
        let mut numbers = numbers();
        for _ in 0..20_000 {
            let (place, at) = (numbers.next().unwrap() % 200, u64::from(numbers.next().unwrap() % 1_000));
            let before = ats.remove(&place);
            if let Some(before) = before {
                sorted.remove(&(Boot(before), place));
            }
            if before.is_some() && at % 3 == 0 {
                deadlines.remove(place);
            } else {
                deadlines.set(place, place, Boot(at));
                ats.insert(place, at);
                sorted.insert((Boot(at), place));
            }
            deadlines.check().unwrap();
            assert_eq!((deadlines.first(), deadlines.len()), (sorted.first().copied(), sorted.len()));
        }
    }
}
