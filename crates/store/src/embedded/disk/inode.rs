//! One file of the simulated disk: what is in the cache, what is on the disk, and what a power loss leaves.

/// What a disk writes whole or not at all.
pub(super) const SECTOR: usize = 512;

/// A file, whatever its name.
#[derive(Debug, Default)]
pub(super) struct Inode {
    /// As the process reads it.
    pub(super) cached: Vec<u8>,
    /// As it is after a power loss, but for luck.
    pub(super) durable: Vec<u8>,
    /// Sectors of `cached` that a flush would write.
    pub(super) dirty: Vec<bool>,
    /// Handles to it.
    pub(super) open: usize,
}

impl Inode {
    /// A file that the disk has.
    pub(super) fn durable(content: Vec<u8>) -> Self {
        let dirty = vec![false; content.len().div_ceil(SECTOR)];
        Self { cached: content.clone(), durable: content, dirty, open: 0 }
    }

    pub(super) fn write(&mut self, bytes: &[u8], at: usize) {
        let end = at + bytes.len();
        if self.cached.len() < end {
            self.cached.resize(end, 0);
            self.dirty.resize(end.div_ceil(SECTOR), false);
        }
        self.cached[at..end].copy_from_slice(bytes);
        self.dirty[at / SECTOR..end.div_ceil(SECTOR)].fill(true);
    }

    /// Writes dirty sectors to the disk, those that `reaches` it.
    pub(super) fn flush(&mut self, mut reaches: impl FnMut() -> bool) {
        if self.dirty.contains(&true) && self.durable.len() < self.cached.len() {
            self.durable.resize(self.cached.len(), 0);
        }
        for (at, _) in self.dirty.iter().enumerate().filter(|(_, dirty)| **dirty) {
            if reaches() {
                let range = at * SECTOR..((at + 1) * SECTOR).min(self.cached.len());
                self.durable[range.clone()].copy_from_slice(&self.cached[range]);
            }
        }
    }

    pub(super) fn forget(&mut self, chance: &mut Chance, litter: &[u8]) {
        if self.dirty.contains(&true) {
            let (old, grown) = (self.durable.len(), self.cached.len() - self.durable.len());
            let len = old + [0, chance.below(grown + 1), grown][chance.below(3)];
            self.durable.resize(old + grown, 0);
            if chance.one_in(2) {
                for (at, byte) in self.durable.iter_mut().enumerate().skip(old) {
                    *byte = litter.get(at).copied().unwrap_or(0);
                }
            }
            // All, none, or some.
            let survive = [1, 2, 2, 3, usize::MAX][chance.below(5)];
            self.flush(|| chance.one_in(survive));
            self.durable.truncate(len);
        }
        self.cached.clone_from(&self.durable);
        self.dirty.clear();
        self.dirty.resize(self.cached.len().div_ceil(SECTOR), false);
    }
}

/// Random bits from a seed.
#[derive(Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

pub(super) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
