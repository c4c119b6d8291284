//! Batches: what one turn of the engine made of the world, all or nothing (`G5`).
//!
//! ```text
//! batch = { magic, crc of this header, crc of the records, length, log position, durable up to, oldest segment,
//!           wall time, count, epoch }  record*
//! ```
//!
//! The log is endless, and its positions count the bytes of batches: where a text will stand is known when its fact
//! is taken down, whichever segment its batch lands in. Both checksums are seeded with the store's id and the
//! segment's number. The header has its own because it is evidence by itself: a batch is written only after the log
//! is durable up to the position that it names, so its whole header proves that damage before that position is
//! damage and no torn tail, even when its records are torn (`G15`). It also keeps that search linear.
//!
//! Behind every batch stand zeros in the place of the next header, written with it. The file may be an old segment's,
//! full of its batches, and so the log still has an end that is told from a torn one.
//!
//! The rule for changing this file stands in `segment.rs`.

use bessemer_core::fact::Fact;
use bessemer_core::{Span, Wall};
use bytes::{Bytes, BytesMut};
use crc32c::crc32c_append;

use super::bug::{Bug, planted};
use super::record;
use super::segment::Seed;

/// The length of [`Header`] in a file.
pub(super) const HEADER_LEN: usize = 56;

/// Zeros behind the last batch.
pub(super) const TERMINATOR: [u8; HEADER_LEN] = [0; HEADER_LEN];

/// What every batch begins with.
pub(super) const MAGIC: [u8; 4] = *b"Bat\x9c";

/// Batches share buffers of this size, so that a small one costs no allocation.
const CHUNK: usize = 256 << 10;

/// What a batch says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Of the whole batch, this header included.
    pub(super) len: u32,
    /// Where it stands in the log.
    pub(super) position: u64,
    /// Up to where the log was durable when it was written: its own position where every reply waits for the flush,
    /// and at most so much in relaxed mode.
    pub(super) durable: u64,
    /// The segments before this one are given up.
    pub(super) oldest: u64,
    /// When it was written.
    pub(super) wall: Wall,
    /// How many records it has.
    pub(super) count: u32,
    /// Which writer wrote it. Always 0: a standby that takes over will count on.
    pub(super) epoch: u32,
    /// Of the records.
    pub(super) crc: u32,
}

impl Header {
    pub(super) fn encode(&self, seed: Seed, bytes: &mut [u8]) {
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.crc.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.len.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.position.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.durable.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.oldest.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.wall.0.to_le_bytes());
        bytes[48..52].copy_from_slice(&self.count.to_le_bytes());
        bytes[52..56].copy_from_slice(&self.epoch.to_le_bytes());
        let crc = crc32c_append(seed.0, &bytes[8..HEADER_LEN]);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
    }

    /// The header at the beginning of `bytes`, if a whole one of this segment stands there.
    pub(super) fn decode(seed: Seed, bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER_LEN] = bytes.first_chunk()?;
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let half = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        if bytes[..4] != MAGIC || half(4) != crc32c_append(seed.0, &bytes[8..]) {
            return None;
        }
        let header = Self {
            crc: half(8),
            len: half(12),
            position: word(16),
            durable: word(24),
            oldest: word(32),
            wall: Wall(word(40) as i64),
            count: half(48),
            epoch: half(52),
        };
        (header.len as usize >= HEADER_LEN).then_some(header)
    }

    /// Whether these are the records that it was written with.
    pub(super) fn covers(&self, seed: Seed, records: &[u8]) -> bool {
        self.crc == crc32c_append(seed.0, records)
    }
}

/// The batch that is being filled.
#[derive(Debug)]
pub(super) struct Batch {
    position: u64,
    count: u32,
    buf: BytesMut,
    /// The record that is being written, and its room for the next.
    record: Vec<u8>,
}

/// What is known only when a batch is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seal {
    pub(super) seed: Seed,
    pub(super) wall: Wall,
    pub(super) oldest: u64,
    /// See [`Header::durable`].
    pub(super) durable: u64,
}

impl Batch {
    /// An empty batch at a log position.
    pub(super) fn new(position: u64) -> Self {
        let mut batch = Self { position, count: 0, buf: BytesMut::new(), record: Vec::new() };
        batch.begin(position);
        batch
    }

    fn begin(&mut self, position: u64) {
        self.position = position;
        self.count = 0;
        if self.buf.capacity() < CHUNK / 8 {
            self.buf = BytesMut::with_capacity(CHUNK);
        }
        self.buf.resize(HEADER_LEN, 0);
    }

    /// Takes down a fact and says where its text stands.
    pub(super) fn push(&mut self, fact: &Fact<'_>) -> Span {
        self.count += 1;
        let start = self.position + self.buf.len() as u64;
        let span = record::encode(fact, start, &mut self.record);
        self.buf.extend_from_slice(&self.record);
        self.record.clear();
        // An enormous one leaves nothing behind.
        self.record.shrink_to(CHUNK);
        span
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.buf.len()
    }

    /// Its place in the log.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The finished bytes, [`TERMINATOR`] included; the batch is empty again and stands behind them.
    pub(super) fn seal(&mut self, seal: Seal) -> Sealed {
        let len = u32::try_from(self.buf.len()).expect("one turn's commands are far below 4 GiB");
        let header = Header {
            len,
            position: self.position,
            durable: seal.durable,
            oldest: seal.oldest,
            wall: seal.wall,
            count: self.count,
            epoch: 0,
            crc: crc32c_append(seal.seed.0, &self.buf[HEADER_LEN..]),
        };
        header.encode(seal.seed, &mut self.buf[..HEADER_LEN]);
        self.buf.extend_from_slice(&TERMINATOR);
        let (position, count) = (self.position, self.count);
        let sealed = Sealed { position, count, written: self.buf.split().freeze() };
        self.begin(self.position + u64::from(len));
        sealed
    }

    /// Takes a finished batch back, which was not written: it may be told more, and is finished anew. It must be the
    /// last one, and the batch under way empty.
    pub(super) fn reopen(&mut self, sealed: &Sealed) {
        debug_assert!(self.is_empty() && self.position == sealed.position + sealed.len());
        (self.position, self.count) = (sealed.position, sealed.count);
        self.buf.clear();
        self.buf.extend_from_slice(&sealed.written[..sealed.len() as usize]);
    }

    /// What it holds by now.
    pub(super) fn mark(&self) -> Mark {
        Mark { count: self.count, len: self.buf.len() }
    }

    /// Forgets what was taken down since.
    pub(super) fn rewind(&mut self, to: Mark) {
        self.count = to.count;
        self.buf.truncate(to.len);
    }
}

/// How far a batch was filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    count: u32,
    len: usize,
}

/// A finished batch.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) position: u64,
    count: u32,
    /// The batch and its terminator.
    written: Bytes,
}

impl Sealed {
    /// What goes to the disk.
    pub(super) fn to_write(&self) -> &[u8] {
        if planted(Bug::ForgetTheTerminator) { &self.written[..self.len() as usize] } else { &self.written }
    }

    /// The length of the batch alone.
    pub(super) fn len(&self) -> u64 {
        (self.written.len() - TERMINATOR.len()) as u64
    }

    /// The batch alone.
    pub(super) fn batch(&self) -> Bytes {
        self.written.slice(..self.written.len() - TERMINATOR.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::record::{Records, tests::parts};
    use super::*;

    const SEED: Seed = Seed(0xfeed);

    proptest! {
        #[test]
        fn a_batch_reads_back(all in prop::collection::vec(parts(), 0..20), position in 0..u64::MAX / 2, wall: i64) {
            let mut batch = Batch::new(position);
            let spans: Vec<Span> = all.iter().map(|parts| batch.push(&parts.fact())).collect();
            let sealed = batch.seal(Seal { seed: SEED, wall: Wall(wall), oldest: 3, durable: position / 2 });
            let bytes = sealed.batch();
            prop_assert_eq!(&sealed.written[bytes.len()..], TERMINATOR);
            prop_assert_eq!(batch.position(), position + bytes.len() as u64);
            prop_assert!(batch.is_empty());

            let header = Header::decode(SEED, &bytes).unwrap();
            prop_assert_eq!(header.len as usize, bytes.len());
            prop_assert_eq!((header.position, header.durable, header.oldest), (position, position / 2, 3));
            prop_assert_eq!((header.count as usize, header.wall), (all.len(), Wall(wall)));
            prop_assert!(header.covers(SEED, &bytes[HEADER_LEN..]));
            let read = Records::new(&bytes[HEADER_LEN..], position + HEADER_LEN as u64);
            for ((found, parts), span) in read.zip(&all).zip(spans) {
                prop_assert_eq!(found, Some((parts.fact(), span)));
            }
        }

        #[test]
        fn no_changed_bit_and_no_other_seed_passes(all in prop::collection::vec(parts(), 1..4), at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let mut batch = Batch::new(9);
            for parts in &all {
                batch.push(&parts.fact());
            }
            let bytes = batch.seal(Seal { seed: SEED, wall: Wall(0), oldest: 1, durable: 9 }).batch();
            prop_assert!(Header::decode(Seed(SEED.0 + 1), &bytes).is_none());
            let mut changed = bytes.to_vec();
            changed[at.index(bytes.len())] ^= 1 << bit;
            let passes = Header::decode(SEED, &changed).is_some_and(|header| header.covers(SEED, &changed[HEADER_LEN..]));
            prop_assert!(!passes);
        }
    }

    #[test]
    fn a_batch_that_was_not_written_goes_on_where_it_was() {
        let push = |batch: &mut Batch, key: &[u8]| {
            batch.push(&Fact::Keep { family: bessemer_core::fact::Family::Day, key, value: None })
        };
        let seal = |batch: &mut Batch| batch.seal(Seal { seed: SEED, wall: Wall(0), oldest: 1, durable: 0 });
        let (mut straight, mut again) = (Batch::new(7), Batch::new(7));
        for batch in [&mut straight, &mut again] {
            push(batch, b"1");
        }
        let mark = again.mark();
        push(&mut again, b"told in vain");
        let sealed = seal(&mut again);
        again.reopen(&sealed);
        again.rewind(mark);
        assert_eq!(push(&mut straight, b"2"), push(&mut again, b"2"));
        assert_eq!(seal(&mut straight).batch(), seal(&mut again).batch());
        assert_eq!(straight.position(), again.position());
    }

    #[test]
    fn small_batches_share_a_buffer() {
        let mut batch = Batch::new(0);
        let mut seal = || {
            batch.push(&Fact::Keep { family: bessemer_core::fact::Family::Day, key: b"1", value: None });
            batch.seal(Seal { seed: SEED, wall: Wall(0), oldest: 1, durable: 0 }).written
        };
        let (first, second) = (seal(), seal());
        assert_eq!(first.as_ptr().wrapping_add(first.len()), second.as_ptr());
    }
}
