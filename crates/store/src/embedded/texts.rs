//! Texts by their place in the log: from the batches that were just written, from pieces of the log that were read
//! lately, else from the disk by way of [`Cold`], which takes until a later turn.

use std::collections::VecDeque;
use std::task::Context;

use bessemer_core::Span;
use bytes::Bytes;

use super::bug::{Bug, planted};
use super::cold::{Ask, Cold, Got};
use super::disk::Disk;
use super::record::{TEXT_CRC_LEN, text_crc};
use super::segment::{self, StoreId, file_name};
use super::table::Table;
use crate::engine::Fatal;

/// A piece that is read is about this long: what stands behind a text is mostly what is asked for next.
const PIECE: u64 = 256 << 10;

/// Bytes of pieces that are kept, or under way: at least one, however long.
const WARM_MAX: u64 = 8 << 20;

/// The way back to texts.
#[derive(Debug)]
pub(super) struct Texts<D: Disk> {
    disk: D,
    store: StoreId,
    /// The last batches that were written, oldest first, each with its log position: most jobs are fetched soon
    /// after they were pushed.
    tail: VecDeque<(u64, Bytes)>,
    tail_bytes: usize,
    tail_max: usize,
    /// The batch of this turn, whatever its size.
    latest: Option<(u64, Bytes)>,
    /// Pieces of the log, last read last.
    warm: VecDeque<(u64, Bytes)>,
    /// Pieces under way: from where to where.
    asked: Vec<(u64, u64)>,
    cold: Cold<D>,
    /// Batches for the cleaning are under way, from this position on.
    batches_asked: Option<u64>,
    /// They have been read.
    batches: Option<(u64, Bytes)>,
}

impl<D: Disk> Texts<D> {
    pub(super) fn new(disk: D, store: StoreId, tail_max: usize, cold: Cold<D>) -> Self {
        Self {
            disk,
            store,
            tail: VecDeque::new(),
            tail_bytes: 0,
            tail_max,
            latest: None,
            warm: VecDeque::new(),
            asked: Vec::new(),
            cold,
            batches_asked: None,
            batches: None,
        }
    }

    /// Keeps a batch that was written, and lets go of the oldest ones.
    pub(super) fn written(&mut self, position: u64, batch: Bytes) {
        self.tail_bytes += cost(&batch);
        self.latest = Some((position, batch.clone()));
        self.tail.push_back((position, batch));
        while self.tail_bytes > self.tail_max {
            let Some((_, oldest)) = self.tail.pop_front() else { break };
            self.tail_bytes -= cost(&oldest);
        }
    }

    /// The turn is over.
    pub(super) fn end_turn(&mut self) {
        self.latest = None;
        let mut kept: u64 = self.warm.iter().map(|(_, piece)| piece.len() as u64).sum();
        while kept > WARM_MAX && self.warm.len() > 1 {
            kept -= self.warm.pop_front().map_or(0, |(_, piece)| piece.len() as u64);
        }
    }

    /// The text at `span` if it is in memory. One that is not what was written is an error and not an answer.
    pub(super) fn text(&self, table: &Table, span: Span) -> Result<Option<Bytes>, Fatal> {
        if let Some(text) = self.in_tail(span) {
            return Ok(Some(text));
        }
        let piece = self.warm.iter().rev().find_map(|(from, piece)| cut(*from, piece, span, TEXT_CRC_LEN));
        piece.map(|bytes| self.checked(table, span, &bytes)).transpose()
    }

    /// Whether a text is in one of the last batches: nothing between them is missing.
    pub(super) fn is_fresh(&self, span: Span) -> bool {
        self.tail.front().is_some_and(|(first, _)| *first <= span.at)
    }

    fn in_tail(&self, span: Span) -> Option<Bytes> {
        let behind = self.tail.partition_point(|(position, _)| *position <= span.at);
        let batch = behind.checked_sub(1).and_then(|at| self.tail.get(at));
        let mut batches = batch.into_iter().chain(&self.latest);
        batches.find_map(|(position, batch)| cut(*position, batch, span, 0))
    }

    /// The text without its checksum, if that is right.
    fn checked(&self, table: &Table, span: Span, bytes: &Bytes) -> Result<Bytes, Fatal> {
        let text = bytes.slice(..span.len as usize);
        if bytes[text.len()..] == text_crc(span.at, &text).to_le_bytes() || planted(Bug::TrustTheText) {
            return Ok(text);
        }
        let segment = table.find(span.at).expect("the machine names only texts of segments that are kept");
        let what = "the text is not as it was written (checksum)";
        Err(Fatal {
            action: "read",
            path: self.disk.path(&file_name(segment.number)),
            offset: segment::HEADER_LEN as u64 + span.at - segment.first,
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, what),
        })
    }

    /// Sees to it that the text at `span` will be in memory, as far as there is room; to be asked again until it is.
    pub(super) fn ask(&mut self, table: &Table, span: Span) {
        let need = span.at + u64::from(span.len) + TEXT_CRC_LEN as u64;
        if self.asked.iter().any(|(from, to)| *from <= span.at && need <= *to) {
            return;
        }
        let segment = table.find(span.at).expect("the machine names only texts of segments that are kept");
        let to = need.max((span.at + PIECE).min(segment.end));
        let under_way: u64 = self.asked.iter().map(|(from, to)| to - from).sum();
        if !self.asked.is_empty() && under_way + (to - span.at) > WARM_MAX {
            return;
        }
        let place = segment.place(span.at);
        let ask = Ask::Piece { place, len: to - span.at };
        if self.cold.ask(ask, table.oldest()) {
            self.asked.push((span.at, to));
        }
    }

    /// Files of segments that were given up are kept open no longer: as long as they are, they take their room.
    pub(super) fn forget(&mut self, table: &Table) {
        self.cold.forget(table.oldest());
    }

    /// Asks for whole batches, from the one at a log position on; false: there is no room.
    pub(super) fn ask_batches(&mut self, table: &Table, from: u64) -> bool {
        let segment = table.find(from).expect("what is cleaned is in the table");
        let ask = Ask::Batches { store: self.store, place: segment.place(from), end: segment.end };
        let asked = self.batches_asked.is_none() && self.cold.ask(ask, table.oldest());
        if asked {
            self.batches_asked = Some(from);
        }
        asked
    }

    /// The batches from a log position on, if they were asked for and are there.
    pub(super) fn batches(&mut self, from: u64) -> Option<Bytes> {
        self.batches.take().filter(|(at, _)| *at == from).map(|(_, batches)| batches)
    }

    /// The first log position of all that is being read: the file must stay as it is.
    pub(super) fn first_asked(&self) -> Option<u64> {
        self.asked.iter().map(|(from, _)| *from).chain(self.batches_asked).min()
    }

    /// Takes in what has been read.
    pub(super) fn collect(&mut self) -> Result<(), Fatal> {
        while let Some(got) = self.cold.take() {
            match got? {
                Got::Piece { from, bytes } => {
                    self.asked.retain(|(asked, _)| *asked != from);
                    self.warm.push_back((from, bytes));
                }
                Got::Batches { from, bytes } => {
                    self.batches_asked = None;
                    self.batches = Some((from, bytes));
                }
            }
        }
        Ok(())
    }

    /// The arrival of what is under way wakes the engine.
    pub(super) fn watch(&mut self, cx: &mut Context<'_>) {
        self.cold.watch(cx);
    }

    /// Whether something is under way whose arrival wakes nobody.
    pub(super) fn needs_a_turn(&self) -> bool {
        self.cold.needs_a_turn()
    }
}

/// The bytes of a text, and `more` behind it, out of a part of the log that begins at `from`.
fn cut(from: u64, part: &Bytes, span: Span, more: usize) -> Option<Bytes> {
    let from = usize::try_from(span.at.checked_sub(from)?).ok()?;
    let to = from.checked_add(span.len as usize)?.checked_add(more)?;
    (to <= part.len()).then(|| part.slice(from..to))
}

/// What a kept batch takes; small ones are mostly their entry.
fn cost(batch: &Bytes) -> usize {
    batch.len() + size_of::<(u64, Bytes)>()
}
