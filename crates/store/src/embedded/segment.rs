//! Segments: the files of the log, their names and the header each begins with.
//!
//! ```text
//! data dir/  LOCK            the kernel's lock: one process
//!            0000000042.seg  a segment, zero-filled before use, a soft limit of 64 MiB
//!            spare-7.tmp     prepared for the next segment; never read as data
//! segment =  header batch*   a batch never spans segments, but one larger than a segment gets one of its own
//! ```
//!
//! A segment gets its final name after its header and its first batch are durable. So under that name there is
//! always a whole header and a whole first batch, whenever the power goes.
//!
//! The rule for changing the format: no field is ever given another meaning or place. What an older reader may
//! ignore without harm may be added; anything else, also a new tag of a record, needs a higher [`VERSION`], the
//! reader of every older one, and one more fixture in `tests/fixtures`. Magic and version keep their place for
//! ever, so that every reader can tell a newer format and leave it alone (`G23`).

use crc32c::{crc32c, crc32c_append};

/// The format that this code writes, and the newest it reads. Since 2: discarded and moved jobs, families of records that
/// are kept one by one.
pub(super) const VERSION: u32 = 2;

/// The length of [`Header`] in a file; batches begin there.
pub(super) const HEADER_LEN: usize = 48;

const MAGIC: [u8; 8] = *b"BSMRLOG\n";

/// Names a store for life: random, in every segment and under every checksum. Not for clients' eyes: what they
/// cannot know they cannot imitate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoreId(pub(crate) [u8; 16]);

/// What the checksums of one segment begin with, so that bytes of another segment or store never pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seed(pub(super) u32);

/// What a segment begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The format that it was begun with. Nothing of a newer one is written into it: an older program is to see that from
    /// the headers alone.
    pub(super) version: u32,
    pub(super) store: StoreId,
    /// Counted from 1, without gaps.
    pub(super) number: u64,
    /// The log position of its first batch.
    pub(super) first: u64,
}

/// Why the first bytes of a file are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadHeader {
    /// Not the beginning of a segment, or not as it was written.
    Damaged,
    /// Of a format that this code does not know.
    TooNew(u32),
}

impl StoreId {
    pub(super) fn seed(self, segment: u64) -> Seed {
        Seed(crc32c_append(crc32c(&self.0), &segment.to_le_bytes()))
    }

    /// The key for the machine's hashes: as old as the store, and as secret as its id.
    pub(crate) fn hash_key(self) -> [u64; 2] {
        use std::hash::Hasher;
        [1, 2].map(|half| {
            let mut hasher = siphasher::sip::SipHasher24::new_with_keys(half, 0);
            hasher.write(&self.0);
            hasher.finish()
        })
    }
}

impl Header {
    /// Of a segment that begins now.
    pub(super) fn new(store: StoreId, number: u64, first: u64) -> Self {
        Self { version: VERSION, store, number, first }
    }

    pub(super) fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.version.to_le_bytes());
        bytes[12..28].copy_from_slice(&self.store.0);
        bytes[28..36].copy_from_slice(&self.number.to_le_bytes());
        bytes[36..44].copy_from_slice(&self.first.to_le_bytes());
        let crc = crc32c(&bytes[..44]);
        bytes[44..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, BadHeader> {
        if bytes[..8] != MAGIC {
            return Err(BadHeader::Damaged);
        }
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let half = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        // The checksum of a newer format may stand elsewhere.
        match half(8) {
            version if version > VERSION => return Err(BadHeader::TooNew(version)),
            0 => return Err(BadHeader::Damaged),
            _ => {}
        }
        if half(44) != crc32c(&bytes[..44]) {
            return Err(BadHeader::Damaged);
        }
        Ok(Self { version: half(8), store: Self::store_in(bytes), number: word(28), first: word(36) })
    }

    /// The store's id in the bytes of a header, as they are.
    pub(super) fn store_in(bytes: &[u8; HEADER_LEN]) -> StoreId {
        StoreId(std::array::from_fn(|i| bytes[12 + i]))
    }
}

/// The final name of a segment.
pub(super) fn file_name(number: u64) -> String {
    format!("{number:010}.seg")
}

/// Whether a name ends like a segment's.
pub(super) fn is_segment(name: &str) -> bool {
    name.ends_with(".seg")
}

/// The number in a segment's name; `None`: not a name that [`file_name`] gives.
pub(super) fn number_in(name: &str) -> Option<u64> {
    let number = name.strip_suffix(".seg")?.parse().ok()?;
    (file_name(number) == name).then_some(number)
}

/// The name of a file that is not yet a segment.
pub(super) fn spare_name(count: u64) -> String {
    format!("spare-{count}.tmp")
}

/// The count in such a name.
pub(super) fn spare_in(name: &str) -> Option<u64> {
    name.strip_prefix("spare-")?.strip_suffix(".tmp")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_and_no_changed_byte_passes() {
        let header = Header::new(StoreId([7; 16]), 42, 1 << 40);
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes), Ok(header));
        for at in 0..HEADER_LEN {
            for bit in 0..8 {
                let mut changed = bytes;
                changed[at] ^= 1 << bit;
                assert!(Header::decode(&changed).is_err(), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_newer_format_is_told_from_damage_g23() {
        let mut bytes = Header::new(StoreId([7; 16]), 1, 0).encode();
        bytes[8..12].copy_from_slice(&(VERSION + 1).to_le_bytes());
        assert_eq!(Header::decode(&bytes), Err(BadHeader::TooNew(VERSION + 1)));
    }

    #[test]
    fn a_name_has_one_spelling() {
        assert_eq!(number_in(&file_name(42)), Some(42));
        assert_eq!(number_in(&file_name(12_345_678_901)), Some(12_345_678_901));
        for bad in ["42.seg", "+000000042.seg", "0000000042.seg.bak", "x.seg", ".seg"] {
            assert_eq!(number_in(bad), None, "{bad}");
        }
    }
}
