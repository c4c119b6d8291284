//! The bytes of an RDB, in order: how far the reading has come, and the checksum over what was read.

use std::io::{self, Read};

use super::RdbError;
use super::crc64;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// A file, read from its beginning to its end.
#[derive(Debug)]
pub(super) struct Bytes<R> {
    input: R,
    piece: Vec<u8>,
    /// The next byte of `piece`, and where its bytes end.
    at: usize,
    end: usize,
    /// Bytes of the file before `piece`.
    before: u64,
    /// Of everything up to `summed` in `piece`.
    sum: u64,
    summed: usize,
}

impl<R: Read> Bytes<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, piece: vec![0; PIECE], at: 0, end: 0, before: 0, sum: 0, summed: 0 }
    }

    /// Where the next byte stands in the file.
    pub(super) fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    /// The checksum of what was read.
    pub(super) fn sum(&mut self) -> u64 {
        self.sum = crc64::append(self.sum, &self.piece[self.summed..self.at]);
        self.summed = self.at;
        self.sum
    }

    /// Whether there is no byte left.
    pub(super) fn is_at_end(&mut self) -> Result<bool, RdbError> {
        if self.at < self.end {
            return Ok(false);
        }
        self.sum();
        self.before += self.end as u64;
        (self.at, self.end, self.summed) = (0, 0, 0);
        loop {
            match self.input.read(&mut self.piece) {
                Ok(read) => {
                    self.end = read;
                    return Ok(read == 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(RdbError::Unread { offset: self.before, source }),
            }
        }
    }

    /// As many of the next bytes as are at hand, `most` at most, and one at least.
    fn some(&mut self, most: u64) -> Result<&[u8], RdbError> {
        if self.is_at_end()? {
            let what = "the file ends in the midst of it; it is not whole".to_owned();
            return Err(RdbError::Wrong { offset: self.offset(), what });
        }
        let from = self.at;
        self.at += usize::try_from(most).unwrap_or(usize::MAX).min(self.end - from);
        Ok(&self.piece[from..self.at])
    }

    pub(super) fn byte(&mut self) -> Result<u8, RdbError> {
        Ok(self.some(1)?[0])
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], RdbError> {
        let mut array = [0; N];
        for byte in &mut array {
            *byte = self.byte()?;
        }
        Ok(array)
    }

    /// Appends the next `len` bytes. Memory grows with what is there, and not with what `len` claims.
    pub(super) fn append(&mut self, mut len: u64, to: &mut Vec<u8>) -> Result<(), RdbError> {
        while len > 0 {
            let some = self.some(len)?;
            to.extend_from_slice(some);
            len -= some.len() as u64;
        }
        Ok(())
    }

    pub(super) fn skip(&mut self, mut len: u64) -> Result<(), RdbError> {
        while len > 0 {
            len -= self.some(len)?.len() as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, as a pipe may.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let few = to.len().min(3);
            self.0.read(&mut to[..few])
        }
    }

    #[test]
    fn what_is_read_is_counted_and_summed_up_to_there() {
        let all: Vec<u8> = (0..100).collect();
        let mut bytes = Bytes::new(Trickle(&all));
        assert_eq!((bytes.byte().expect("a byte"), bytes.array().expect("bytes")), (0, [1, 2, 3, 4]));
        bytes.skip(10).expect("bytes");
        let mut text = Vec::new();
        bytes.append(20, &mut text).expect("bytes");
        assert_eq!((&text[..], bytes.offset()), (&all[15..35], 35));
        assert_eq!(bytes.sum(), crc64::append(0, &all[..35]));
        bytes.skip(65).expect("bytes");
        assert!(bytes.is_at_end().expect("an end"));
        assert_eq!(bytes.sum(), crc64::append(0, &all));
    }

    #[test]
    fn an_end_that_comes_too_early_is_told_with_its_place() {
        let mut bytes = Bytes::new(&b"abc"[..]);
        let error = bytes.append(u64::MAX, &mut Vec::new()).expect_err("too few").to_string();
        assert_eq!(error, "offset 3: the file ends in the midst of it; it is not whole");
    }
}
