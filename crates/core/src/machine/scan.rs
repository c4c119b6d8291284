//! Walks over jobs, a bounded piece at a time: what operators' searches and MUTATE stand on.
//!
//! A walk sees every job once that stays where it is meanwhile. One that moves may be seen twice or not at all: who acts
//! on what was found names the jobs, and commands leave alone what is elsewhere by then.

use super::Machine;
use super::table::{Slot, State};
use crate::fact::Order;
use crate::limits::{SCAN_TEXT_MAX, SLICE_MAX};
use crate::query::{Mark, Scan, Scanned, Where};

/// What a piece has found so far.
struct Piece<'s> {
    scan: &'s Scan,
    /// Jobs that may still be looked at.
    left: usize,
    bytes: usize,
    found: Scanned,
}

impl Piece<'_> {
    fn is_full(&self) -> bool {
        self.left == 0 || self.found.ids.len() >= self.scan.most
    }
}

impl Machine {
    /// One piece of a walk.
    pub(super) fn scan(&self, scan: &Scan) -> Scanned {
        let total = scan.places.iter().map(|place| self.len_of(*place) as u64).sum();
        let found = Scanned { total, ..Scanned::default() };
        let mut piece = Piece { scan, left: scan.count.clamp(1, SLICE_MAX), bytes: 0, found };
        piece.found.next = match &scan.jids {
            Some(jids) => self.scan_jids(jids, &mut piece),
            None => self.scan_places(&mut piece),
        };
        piece.found
    }

    fn len_of(&self, place: Where) -> usize {
        match (place, place.set()) {
            (_, Some(set)) => self.sets.of(set).len(),
            (Where::Working, None) => self.reservations.len(),
            (_, None) => self.queues.enqueued,
        }
    }

    fn scan_jids(&self, jids: &[String], piece: &mut Piece<'_>) -> Option<Mark> {
        let from = if let Some(Mark::Jid(from)) = piece.scan.from { from } else { 0 };
        for (at, jid) in jids.iter().enumerate().skip(from) {
            if piece.is_full() || piece.bytes > SCAN_TEXT_MAX {
                return Some(Mark::Jid(at));
            }
            piece.left -= 1;
            piece.found.seen += 1;
            for slot in self.table.with_jid(self.table.hash(jid.as_bytes())) {
                if piece.scan.places.contains(&place_of(self.table[slot].state)) {
                    self.look(slot, piece);
                }
            }
        }
        None
    }

    fn scan_places(&self, piece: &mut Piece<'_>) -> Option<Mark> {
        let mut from = piece.scan.from.clone();
        let started = from.as_ref().map(at_place);
        let places = piece.scan.places.iter().skip_while(|place| started.is_some_and(|at| at != **place));
        for place in places {
            if piece.is_full() {
                return Some(Mark::Start(*place));
            }
            let next = match place {
                Where::Working => self.scan_working(from.take(), piece),
                Where::Queued => self.scan_queues(from.take(), piece),
                Where::Retries | Where::Scheduled | Where::Dead | Where::Discarded => {
                    self.scan_set(*place, from.take(), piece)
                }
            };
            if next.is_some() {
                return next;
            }
        }
        None
    }

    fn scan_working(&self, from: Option<Mark>, piece: &mut Piece<'_>) -> Option<Mark> {
        let from = if let Some(Mark::Working(from)) = from { from } else { 0 };
        self.reservations
            .iter_from(from)
            .find(|(_, slot)| !self.step(*slot, piece))
            .map(|(place, _)| Mark::Working(place))
    }

    fn scan_set(&self, place: Where, from: Option<Mark>, piece: &mut Piece<'_>) -> Option<Mark> {
        let set = place.set()?;
        let first = match from {
            Some(Mark::Sorted { time, order, .. }) => (time, order, 0),
            _ => (crate::Wall(i64::MIN), Order(i64::MIN), 0),
        };
        let mut entries = self.sets.of(set).iter_from(first);
        let stopped = entries.find(|(.., slot)| !self.step(*slot, piece));
        stopped.map(|(time, order, _)| Mark::Sorted { set, time: *time, order: *order })
    }

    fn scan_queues(&self, from: Option<Mark>, piece: &mut Piece<'_>) -> Option<Mark> {
        let (name, mut at) = match from {
            Some(Mark::Queued { queue, order, id }) => (queue, Some((order, id))),
            _ => (piece.scan.queue.clone().unwrap_or_default(), None),
        };
        for queue in self.queues.named_from(&name) {
            let shown = &self.queues[queue];
            if piece.scan.queue.as_deref().is_some_and(|only| only != &*shown.name) {
                return None;
            }
            let at = at.take().filter(|_| *shown.name == *name);
            // Where the walk stopped, if that job still stands here; else the first behind its place.
            let first = match at {
                None => self.queues.first(queue),
                Some((order, id)) => {
                    let stands = |slot: &Slot| {
                        self.table[*slot].state == State::Queued && self.table[*slot].queue == queue
                    };
                    let behind = |slot: &Slot| self.table[*slot].order >= order;
                    self.table
                        .find(id)
                        .filter(stands)
                        .or_else(|| self.queues.oldest_first(&self.table, queue).find(behind))
                }
            };
            let mut jobs = first.into_iter().flat_map(|slot| self.queues.from(&self.table, slot));
            if let Some(slot) = jobs.find(|slot| !self.step(*slot, piece)) {
                let (order, id) = (self.table[slot].order, self.table.id(slot));
                return Some(Mark::Queued { queue: shown.name.to_string(), order, id });
            }
        }
        None
    }

    /// Looks at one more job; `false`: the piece is full, and the next one begins with this job.
    fn step(&self, slot: Slot, piece: &mut Piece<'_>) -> bool {
        if piece.is_full() || !self.fits(slot, piece) {
            return false;
        }
        piece.left -= 1;
        piece.found.seen += 1;
        self.look(slot, piece);
        true
    }

    /// Whether a job can be shown whole beside those that the piece has.
    fn fits(&self, slot: Slot, piece: &Piece<'_>) -> bool {
        let bytes = piece.bytes + self.table[slot].body().len as usize;
        !piece.scan.texts || piece.bytes == 0 || bytes <= SCAN_TEXT_MAX
    }

    /// Takes a job if it matches.
    fn look(&self, slot: Slot, piece: &mut Piece<'_>) {
        let (entry, scan) = (&self.table[slot], piece.scan);
        let queue = scan.queue.as_deref().is_none_or(|name| *self.queues[entry.queue].name == *name);
        let jobtype = scan.jobtype.as_deref().is_none_or(|name| **self.types.name(entry.jobtype) == *name);
        if queue && jobtype {
            piece.found.ids.push(self.table.id(slot));
            if scan.texts {
                piece.bytes += entry.body().len as usize;
                piece.found.jobs.push(self.view(slot));
            }
        }
    }
}

pub(super) fn place_of(state: State) -> Where {
    match state {
        State::Working => Where::Working,
        State::Retrying => Where::Retries,
        State::Scheduled => Where::Scheduled,
        State::Dead => Where::Dead,
        State::Discarded => Where::Discarded,
        State::Queued | State::Free => Where::Queued,
    }
}

/// The place in which a walk over places goes on.
fn at_place(mark: &Mark) -> Where {
    match mark {
        Mark::Start(place) => *place,
        Mark::Jid(_) | Mark::Working(_) => Where::Working,
        Mark::Queued { .. } => Where::Queued,
        Mark::Sorted { set, .. } => match set {
            crate::query::Set::Scheduled => Where::Scheduled,
            crate::query::Set::Retries => Where::Retries,
            crate::query::Set::Dead => Where::Dead,
            crate::query::Set::Discarded => Where::Discarded,
        },
    }
}
