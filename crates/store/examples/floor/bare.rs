//! The floor: a loop that writes bytes and flushes them, and does nothing else.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use crate::disk::slow_down;

/// A file of zeros, written over and over.
pub(crate) struct Bare {
    file: File,
    bytes: Vec<u8>,
    at: u64,
    flush_delay: Duration,
}

impl Bare {
    const LEN: usize = 64 << 20;

    pub(crate) fn create(path: &Path, flush_delay: Duration) -> Self {
        let file = File::create(path).expect("a file");
        let zeros = vec![0; 1 << 20];
        for at in (0..Self::LEN).step_by(zeros.len()) {
            file.write_all_at(&zeros, at as u64).expect("zeros");
        }
        file.sync_all().expect("a flush");
        Self { file, bytes: vec![7; 8 << 20], at: 0, flush_delay }
    }

    pub(crate) fn commit(&mut self, len: u64) {
        if self.at + len > Self::LEN as u64 {
            self.at = 0;
        }
        self.file.write_all_at(&self.bytes[..len as usize], self.at).expect("a write");
        self.file.sync_data().expect("a flush");
        slow_down(self.flush_delay);
        self.at += len;
    }
}
