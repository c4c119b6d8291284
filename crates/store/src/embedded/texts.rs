//! Reading texts back: from the buffers that were just written, else from their segment.

use std::collections::VecDeque;

use bessemer_core::Span;
use bytes::Bytes;

use super::bug::{Bug, planted};
use super::disk::{Disk, DiskFile};
use super::record::{TEXT_CRC_LEN, text_crc};
use super::segment;
use super::table::Table;
use crate::engine::Fatal;

/// Segments kept open for reading. A backlog is read segment by segment, so few are enough, and a long log does not
/// use up the process's files.
const OPEN_MAX: usize = 16;

/// The way back to texts.
#[derive(Debug)]
pub(super) struct Texts<D: Disk> {
    disk: D,
    /// The last batches that were written, oldest first, each with its log position: most jobs are fetched soon
    /// after they were pushed.
    tail: VecDeque<(u64, Bytes)>,
    tail_bytes: usize,
    tail_max: usize,
    /// Segments open for reading, last used first.
    open: VecDeque<(u64, D::File)>,
}

impl<D: Disk> Texts<D> {
    pub(super) fn new(disk: D, tail_max: usize) -> Self {
        Self { disk, tail: VecDeque::new(), tail_bytes: 0, tail_max, open: VecDeque::new() }
    }

    /// Keeps a batch that was written, and lets go of the oldest ones.
    pub(super) fn written(&mut self, position: u64, batch: Bytes) {
        self.tail_bytes += cost(&batch);
        self.tail.push_back((position, batch));
        while self.tail_bytes > self.tail_max {
            let Some((_, oldest)) = self.tail.pop_front() else { break };
            self.tail_bytes -= cost(&oldest);
        }
    }

    /// The text at `span`. One that is not what was written is an error and not an answer.
    pub(super) fn read(&mut self, table: &Table, span: Span) -> Result<Bytes, Fatal> {
        match self.in_tail(span) {
            Some(text) => Ok(text),
            None => self.in_segment(table, span),
        }
    }

    fn in_tail(&self, span: Span) -> Option<Bytes> {
        let behind = self.tail.partition_point(|(position, _)| *position <= span.at);
        let (position, batch) = self.tail.get(behind.checked_sub(1)?)?;
        let from = usize::try_from(span.at - position).ok()?;
        let text = from..from.checked_add(span.len as usize)?;
        (text.end <= batch.len()).then(|| batch.slice(text))
    }

    fn in_segment(&mut self, table: &Table, span: Span) -> Result<Bytes, Fatal> {
        let segment = table.find(span.at).expect("the machine names only texts of segments that are kept");
        let (number, offset) = (segment.number, segment::HEADER_LEN as u64 + span.at - segment.first);
        let path = || self.disk.path(&segment::file_name(number));
        let fatal = |source| Fatal { action: "read", path: path(), offset, source };
        match self.open.iter().position(|(open, _)| *open == number) {
            Some(0) => {}
            Some(at) => self.open.rotate_left(at),
            None => {
                let file = self.disk.open(&segment::file_name(number)).map_err(fatal)?;
                self.open.truncate(OPEN_MAX - 1);
                self.open.push_front((number, file));
            }
        }
        let len = span.len as usize;
        let mut bytes = vec![0; len + TEXT_CRC_LEN];
        self.open[0].1.read_at(&mut bytes, offset).map_err(fatal)?;
        let crc = u32::from_le_bytes(std::array::from_fn(|i| bytes[len + i]));
        bytes.truncate(len);
        if crc != text_crc(span.at, &bytes) && !planted(Bug::TrustTheText) {
            let what = "the text is not as it was written (checksum)";
            return Err(fatal(std::io::Error::new(std::io::ErrorKind::InvalidData, what)));
        }
        Ok(bytes.into())
    }

    /// These segments are given up.
    pub(super) fn forget(&mut self, segments: &[u64]) {
        self.open.retain(|(number, _)| !segments.contains(number));
    }
}

/// What a kept batch takes; small ones are mostly their entry.
fn cost(batch: &Bytes) -> usize {
    batch.len() + size_of::<(u64, Bytes)>()
}
