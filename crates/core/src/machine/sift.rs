//! Passes over all jobs in the order of the table, a bounded piece at a time: what searches and bulk actions stand on.
//!
//! A job never leaves its place in the table, so a pass meets each once, also one that is moved to another set by what
//! the pass is for. And the table lies in memory as it is walked, so a million jobs are looked at in some milliseconds.

use std::collections::btree_map::Range;
use std::iter::Peekable;

use super::Machine;
use super::happen::Failed;
use super::scan::place_of;
use super::table::{Slot, State};
use crate::glob::Glob;
use crate::limits::{SIFT_MAX, SLICE_MAX};
use crate::query::{Found, Sift, Sifted, Where};
use crate::time::Wall;

/// What a job costs that has to be told, or whose failure is looked up, beside one that is passed over.
const TOLD: usize = 4;

/// What a name costs that has to be compared.
const COMPARED: usize = 20;

/// Numbers whose names were compared in this piece; neighbours in the table are mostly alike.
struct Names<'s> {
    globs: &'s [Glob],
    known: [(u32, bool); 256],
}

impl<'s> Names<'s> {
    fn new(globs: &'s [Glob]) -> Self {
        Self { globs, known: [(u32::MAX, false); 256] }
    }

    /// Whether the name of a number is meant, and what it cost to know.
    fn is_meant<'n>(&mut self, number: u32, name: impl FnOnce() -> &'n str) -> (bool, usize) {
        if self.globs.is_empty() {
            return (true, 0);
        }
        let known = &mut self.known[number as usize % 256];
        if known.0 == number {
            return (known.1, 1);
        }
        let name = name();
        *known = (number, self.globs.iter().any(|glob| glob.matches(name.as_bytes())));
        (known.1, COMPARED * self.globs.len())
    }
}

/// A piece under way.
struct Piece<'s, 'm> {
    sift: &'s Sift,
    queues: Names<'s>,
    jobtypes: Names<'s>,
    /// By the order of [`Where::ALL`].
    places: [bool; 5],
    /// Failures of the places that are still to be looked at, where those lie one behind the other.
    failures: Option<Peekable<Range<'m, Slot, Failed>>>,
    cost: usize,
    out: Sifted,
}

impl Machine {
    /// One piece of a pass.
    pub fn sift(&self, sift: &Sift) -> Sifted {
        let out = Sifted { end: self.table.end(), came: self.table.seq, ..Sifted::default() };
        let places = Where::ALL.map(|place| sift.places.contains(&place));
        let (queues, jobtypes) = (Names::new(&sift.queues), Names::new(&sift.jobtypes));
        let mut piece = Piece { sift, queues, jobtypes, places, failures: None, cost: 0, out };
        if let Some(jids) = &sift.jids {
            for jid in jids.iter().take(SLICE_MAX) {
                for slot in self.table.with_jid(self.table.hash(jid.as_bytes())).take(SLICE_MAX) {
                    self.weigh(slot, &mut piece);
                }
            }
            return piece.out;
        }
        let most = sift.most.min(SLICE_MAX);
        piece.failures = Some(self.failures.range(sift.from..).peekable());
        for slot in sift.from..piece.out.end {
            if piece.cost >= SIFT_MAX || (most > 0 && piece.out.found.len() >= most) {
                piece.out.next = Some(slot);
                break;
            }
            piece.cost += 1;
            self.weigh(slot, &mut piece);
        }
        piece.out
    }

    /// Looks at one place of the table.
    fn weigh<'m>(&'m self, slot: Slot, piece: &mut Piece<'_, 'm>) {
        let entry = &self.table[slot];
        let (place, sift) = (place_of(entry.state) as usize, piece.sift);
        if matches!(entry.state, State::Free | State::Discarded) || !piece.places[place] {
            return;
        }
        let (queue, cost) = piece.queues.is_meant(entry.queue.into(), || &self.queues[entry.queue].name);
        piece.cost += cost;
        if !queue {
            return;
        }
        let (jobtype, cost) = piece.jobtypes.is_meant(entry.jobtype, || self.types.name(entry.jobtype));
        piece.cost += cost;
        if !jobtype || sift.before.is_some_and(|seq| self.table.came_after(slot, seq)) {
            return;
        }
        let is_told = sift.most > 0 || sift.jids.is_some();
        if !is_told && sift.since.is_none() && sift.retries.is_none() {
            piece.cost += 1;
            piece.out.counts[place] += 1;
            return;
        }
        piece.cost += TOLD;
        let failure = self.failure(slot, piece);
        let since = match entry.state {
            State::Queued | State::Working => Some(entry.time),
            _ => failure.map(|failure| failure.failed_at),
        };
        let within = |(from, to): (Wall, Wall)| since.is_none_or(|since| from <= since && since <= to);
        let count = failure.map_or(0, |failure| failure.attempts.retry_count);
        let failed = |(from, to): (u32, u32)| from <= count && count <= to;
        if !sift.since.is_none_or(within) || !sift.retries.is_none_or(failed) {
            return;
        }
        // Whether one matches whose age its body knows is for who asked to say.
        let is_told = is_told || (sift.since.is_some() && since.is_none());
        piece.out.counts[place] += 1;
        if is_told {
            piece.out.found.push(Found {
                id: self.table.id(slot),
                place: Where::ALL[place],
                since,
                body: entry.body(),
                failure: failure.map(|failure| failure.text),
            });
        }
    }

    /// The last failure of a job. To go from one to the next is several times as quick as to look each up.
    fn failure<'m>(&'m self, slot: Slot, piece: &mut Piece<'_, 'm>) -> Option<&'m Failed> {
        let Some(failures) = &mut piece.failures else { return self.failures.get(&slot) };
        while failures.next_if(|(at, _)| **at < slot).is_some() {}
        failures.next_if(|(at, _)| **at == slot).map(|(_, failure)| failure)
    }
}
