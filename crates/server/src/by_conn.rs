//! What belongs to connections, found by their numbers. These are given by us, so nobody can make them collide, and a
//! multiplication is hash enough: each request looks here several times.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use bessemer_core::ConnId;

/// In no order that means anything: whoever goes through all of it puts them in order first.
pub(crate) type ByConn<T> = HashMap<ConnId, T, BuildHasherDefault<Spread>>;

/// Spreads numbers that follow each other.
#[derive(Debug, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
