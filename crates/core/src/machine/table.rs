//! The table of all live jobs: one compact entry each, found by slot or by jid.

use siphasher::sip::SipHasher13;

use super::index::Index;
use crate::fact::{Head, JobId, OnLost, Order, Span};
use crate::time::Wall;

/// The index of a job in the table.
pub(super) type Slot = u32;

/// No slot: the end of a list.
pub(super) const NONE: Slot = Slot::MAX;

/// The kind of place in which a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// The slot is free.
    Free,
    Queued,
    Scheduled,
    Retrying,
    Dead,
    Working,
    Discarded,
}

/// What memory holds of a job. Ten million of them are meant to fit, so every byte has its reason.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Keyed hash of the jid; the jid itself is in the body.
    pub(super) jid: u64,
    /// Keyed hash of the bytes as pushed, for the safe re-push.
    pub(super) body_hash: u64,
    pub(super) order: Order,
    /// Queued and working: when it was enqueued. Scheduled, retrying, dead, discarded: when that ends.
    pub(super) time: Wall,
    body_at: u64,
    body_len: u32,
    /// Neighbours in its queue. `next` of a job that is being worked on: the place of its reservation. A job that was
    /// discarded from its queue keeps them, perhaps outdated.
    pub(super) prev: Slot,
    pub(super) next: Slot,
    /// The interned job type.
    pub(super) jobtype: u32,
    /// The high half of its [`JobId`].
    seq: u32,
    pub(super) reserve_for: u32,
    pub(super) retry: i16,
    pub(super) queue: u16,
    pub(super) on_lost: Option<OnLost>,
    pub(super) state: State,
    /// Its body names another queue.
    pub(super) moved: bool,
    /// It asks for more than being run, see `terms.rs`.
    pub(super) asks: bool,
}

const _: () = assert!(size_of::<Entry>() == 72, "an entry is meant to stay small");

impl Entry {
    pub(super) fn body(&self) -> Span {
        Span { at: self.body_at, len: self.body_len }
    }

    /// The body is found there from now on, and names the queue that the job is in.
    pub(super) fn move_body(&mut self, to: Span) {
        (self.body_at, self.body_len, self.moved) = (to.at, to.len, false);
    }
}

/// Entries stand in pieces of this many, so that more of them move none and waste no more than a piece.
const PIECE: usize = 4_096;

/// Entries, free slots and the index by jid.
#[derive(Debug)]
pub(super) struct Table {
    key: [u64; 2],
    pieces: Vec<Vec<Entry>>,
    /// The free slot that is filled next; each names the one after it by its `next`. Replay fills slots in any order
    /// and leaves this to [`Table::recovered`].
    free: Slot,
    by_jid: Index,
    /// Most jobs of a log have ended by its end, and nobody asks for one before: those that are left are indexed then.
    pub(super) is_replaying: bool,
    /// How many jobs ever came.
    pub(super) seq: u64,
}

impl Table {
    pub(super) fn new(key: [u64; 2]) -> Self {
        Self { key, pieces: Vec::new(), free: NONE, by_jid: Index::default(), is_replaying: false, seq: 0 }
    }

    /// A keyed hash, so that nobody can construct collisions.
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        SipHasher13::new_with_keys(self.key[0], self.key[1]).hash(bytes)
    }

    pub(super) fn len(&self) -> usize {
        self.by_jid.len()
    }

    /// Behind the last slot.
    pub(super) fn end(&self) -> Slot {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len()) as Slot
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Entry> {
        self.pieces.get(slot as usize / PIECE)?.get(slot as usize % PIECE)
    }

    /// The id that the next new job gets.
    pub(super) fn next_id(&self) -> JobId {
        self.id_for(self.seq)
    }

    /// The id that the job with this number gets if it is the next to come.
    pub(super) fn id_for(&self, number: u64) -> JobId {
        let slot = if self.free == NONE { self.end() } else { self.free };
        JobId((number & 0xffff_ffff) << 32 | u64::from(slot))
    }

    /// The job's id.
    pub(super) fn id(&self, slot: Slot) -> JobId {
        JobId(u64::from(self[slot].seq) << 32 | u64::from(slot))
    }

    /// Whether there is a job in a slot.
    pub(super) fn is_live(&self, slot: Slot) -> bool {
        self.get(slot).is_some_and(|entry| entry.state != State::Free)
    }

    /// The slot of a live job.
    pub(super) fn find(&self, id: JobId) -> Option<Slot> {
        let slot = id.0 as Slot;
        let entry = self.get(slot)?;
        (entry.state != State::Free && entry.seq == (id.0 >> 32) as u32).then_some(slot)
    }

    /// The full number of a live job, of which its entry holds the low half.
    pub(super) fn seq_of(&self, slot: Slot) -> u64 {
        let age = (self.seq as u32).wrapping_sub(self[slot].seq);
        self.seq.saturating_sub(u64::from(age))
    }

    /// Whether a job is younger than the `seq`-th that ever came.
    pub(super) fn came_after(&self, slot: Slot, seq: u64) -> bool {
        self.seq_of(slot) >= seq
    }

    /// Fills the slot that `id` names. While replaying, slots may come in any order.
    pub(super) fn insert(
        &mut self,
        id: JobId,
        head: &Head<'_>,
        queue: u16,
        jobtype: u32,
        body: Span,
    ) -> Slot {
        let (slot, seq) = (id.0 as Slot, (id.0 >> 32) as u32);
        let jid = self.hash(head.jid.as_bytes());
        let entry = Entry {
            jid,
            body_hash: head.body_hash,
            order: Order(0),
            time: Wall(0),
            body_at: body.at,
            body_len: body.len,
            prev: NONE,
            next: NONE,
            jobtype,
            seq,
            reserve_for: head.reserve_for,
            retry: head.retry,
            queue,
            on_lost: head.on_lost,
            state: State::Queued,
            moved: false,
            asks: false,
        };
        self.fill(slot, entry);
        self.index(slot, jid);
        // The low halves wrap together; replay may see an old number after a newer one.
        let ahead = seq.wrapping_sub(self.seq as u32);
        if ahead < u32::MAX / 2 {
            self.seq += u64::from(ahead) + 1;
        }
        slot
    }

    fn index(&mut self, slot: Slot, jid: u64) {
        if !self.is_replaying {
            let pieces = &self.pieces;
            self.by_jid.insert(jid, slot, |s| pieces[s as usize / PIECE][s as usize % PIECE].jid);
        }
    }

    fn fill(&mut self, slot: Slot, entry: Entry) {
        if slot < self.end() {
            if slot == self.free {
                self.free = self[slot].next;
            }
            self[slot] = entry;
            return;
        }
        // Replaying: the slots between belong to jobs whose records were freed, or come later.
        while self.end() < slot {
            self.append(Entry { state: State::Free, ..entry.clone() });
        }
        self.append(entry);
    }

    fn append(&mut self, entry: Entry) {
        match self.pieces.last_mut().filter(|last| last.len() < PIECE) {
            Some(last) => last.push(entry),
            None => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(entry);
                self.pieces.push(piece);
            }
        }
    }

    /// Empties all slots. Numbers go on.
    pub(super) fn clear(&mut self) {
        *self = Self { seq: self.seq, is_replaying: self.is_replaying, ..Self::new(self.key) };
    }

    /// Empties a slot.
    pub(super) fn remove(&mut self, slot: Slot) {
        if !self.is_replaying {
            self.by_jid.remove(self[slot].jid, slot);
        }
        let free = std::mem::replace(&mut self.free, slot);
        let entry = &mut self[slot];
        (entry.state, entry.next) = (State::Free, free);
    }

    /// Replay is over: jobs are indexed, and the free slots are those that hold nothing, smallest first out.
    pub(super) fn recovered(&mut self) {
        self.is_replaying = false;
        self.by_jid = Index::with_room(self.slots().count());
        self.free = NONE;
        for slot in (0..self.end()).rev() {
            if self.is_live(slot) {
                self.index(slot, self[slot].jid);
            } else {
                self[slot].next = std::mem::replace(&mut self.free, slot);
            }
        }
    }

    /// Every live job with this hash of its jid. Their order shows nothing: callers choose by order.
    pub(super) fn with_jid(&self, jid: u64) -> impl Iterator<Item = Slot> + '_ {
        self.by_jid.candidates(jid).filter(move |slot| self[*slot].jid == jid)
    }

    /// All live slots, ascending.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        (0..self.end()).filter(|slot| self.is_live(*slot))
    }
}

impl std::ops::Index<Slot> for Table {
    type Output = Entry;
    fn index(&self, slot: Slot) -> &Entry {
        &self.pieces[slot as usize / PIECE][slot as usize % PIECE]
    }
}

impl std::ops::IndexMut<Slot> for Table {
    fn index_mut(&mut self, slot: Slot) -> &mut Entry {
        &mut self.pieces[slot as usize / PIECE][slot as usize % PIECE]
    }
}
