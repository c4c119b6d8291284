//! Records: facts as bytes.
//!
//! A record is a tag and fields in a fixed order. Numbers that are mostly small are varints (7 bits a byte, lowest
//! first; signed ones zigzag), times and hashes are little-endian words. A text stands at the end of its record, with
//! a checksum of its own that is seeded with its place: a body is read back long after its batch was checked, and
//! neither rot nor a wrong place may be served (`G15`).
//!
//! The rule for changing this file stands in `segment.rs`. A tag is never used again.

use bessemer_core::Span;
use bessemer_core::fact::{
    Callback, Cleared, Ending, Fact, Failure, Family, Head, JobId, OnLost, Order, Release, Standing, Stood,
    Terms, Unique,
};
use bessemer_core::query::Set;
use bessemer_core::time::Wall;
use bytes::BufMut;
use crc32c::crc32c_append;

/// What follows a text.
pub(super) const TEXT_CRC_LEN: usize = 4;

/// The checksum of a text at a log position.
pub(super) fn text_crc(at: u64, text: &[u8]) -> u32 {
    crc32c_append((at ^ (at >> 32)) as u32, text)
}

mod tag {
    pub(super) const PUT: u8 = 1;
    pub(super) const SET: u8 = 2;
    pub(super) const FAIL: u8 = 3;
    pub(super) const LOST: u8 = 4;
    pub(super) const END: u8 = 5;
    pub(super) const KEEP: u8 = 6;
    pub(super) const CLEAR: u8 = 7;
    pub(super) const MOVE: u8 = 8;
    /// A put whose job asks for more than being run.
    pub(super) const PUT_TERMS: u8 = 9;
}

/// Appends a record. `start` is the log position of the first byte of `out`; the answer is where the text stands, or
/// the whole record of one that is [kept](Family::KEPT).
pub(crate) fn encode(fact: &Fact<'_>, start: u64, out: &mut Vec<u8>) -> Span {
    match fact {
        Fact::Put { id, order, at, head, standing, body } => {
            let terms = head.terms != Terms::default();
            begin(out, if terms { tag::PUT_TERMS } else { tag::PUT }, *id, *order);
            put_maybe_wall(out, *at);
            put_head(out, head);
            if terms {
                put_terms(out, &head.terms);
            }
            put_standing(out, standing);
            put_text(out, start, body)
        }
        Fact::Set { id, order, standing } => {
            begin(out, tag::SET, *id, *order);
            put_standing(out, standing);
            Span::default()
        }
        Fact::Fail { id, order, at, counted, failure, standing } => {
            begin(out, tag::FAIL, *id, *order);
            put_wall(out, *at);
            out.put_u8(u8::from(*counted));
            put_standing(out, standing);
            put_uint(out, u64::from(failure.retry_count));
            put_int(out, i64::from(failure.remaining));
            put_wall(out, failure.failed_at);
            put_maybe_wall(out, failure.next_at);
            put_text(out, start, failure.text)
        }
        Fact::Lost { id, order, at, blamed, standing } => {
            begin(out, tag::LOST, *id, *order);
            put_wall(out, *at);
            out.put_u8(u8::from(*blamed));
            put_standing(out, standing);
            Span::default()
        }
        Fact::Move { id, order, queue, standing } => {
            begin(out, tag::MOVE, *id, *order);
            put_bytes(out, queue.as_bytes());
            put_standing(out, standing);
            Span::default()
        }
        Fact::End { id, at, why } => {
            out.put_u8(tag::END);
            put_uint(out, id.0);
            put_wall(out, *at);
            out.put_u8(ending_code(*why));
            Span::default()
        }
        Fact::Keep { family, key, value } => {
            let from = out.len();
            out.put_u8(tag::KEEP);
            out.put_u8(family_code(*family));
            put_bytes(out, key);
            out.put_u8(u8::from(value.is_some()));
            if let Some(value) = value {
                put_bytes(out, value);
            }
            if fact.has_place() { whole(start + from as u64, out.len() - from) } else { Span::default() }
        }
        Fact::Clear(what) => {
            out.put_u8(tag::CLEAR);
            put_cleared(out, what);
            Span::default()
        }
    }
}

/// The place of a whole record.
fn whole(at: u64, len: usize) -> Span {
    Span { at, len: u32::try_from(len).expect("the core's limits keep a record far below 4 GiB") }
}

fn put_cleared(out: &mut Vec<u8>, what: &Cleared<'_>) {
    match what {
        Cleared::Everything => out.put_u8(0),
        Cleared::Queue(name) => {
            out.put_u8(1);
            put_bytes(out, name.as_bytes());
        }
        Cleared::Set(Set::Scheduled) => out.put_u8(2),
        Cleared::Set(Set::Retries) => out.put_u8(3),
        Cleared::Set(Set::Dead) => out.put_u8(4),
        Cleared::Set(Set::Discarded) => out.put_u8(5),
    }
}

fn begin(out: &mut Vec<u8>, tag: u8, id: JobId, order: Order) {
    out.put_u8(tag);
    put_uint(out, id.0);
    put_int(out, order.0);
}

fn put_head(out: &mut Vec<u8>, head: &Head<'_>) {
    put_int(out, i64::from(head.retry));
    put_uint(out, u64::from(head.reserve_for));
    out.put_u8(match head.on_lost {
        None => 0,
        Some(OnLost::Requeue) => 1,
        Some(OnLost::Wait) => 2,
        Some(OnLost::Dead) => 3,
    });
    out.put_u64_le(head.body_hash);
    put_bytes(out, head.jid.as_bytes());
    put_bytes(out, head.queue.as_bytes());
    put_bytes(out, head.jobtype.as_bytes());
}

fn put_terms(out: &mut Vec<u8>, terms: &Terms<'_>) {
    out.put_u8(u8::from(terms.unique.is_some()));
    if let Some(Unique { key, until, release }) = terms.unique {
        out.put_u128_le(key);
        put_wall(out, until);
        out.put_u8(match release {
            Release::Success => 0,
            Release::Start => 1,
            Release::Expiry => 2,
        });
    }
    put_maybe_wall(out, terms.expires);
    put_bytes(out, terms.batch.unwrap_or_default().as_bytes());
    put_bytes(out, terms.callback.map_or("", |(bid, _)| bid).as_bytes());
    out.put_u8(match terms.callback {
        None => 0,
        Some((_, Callback::Success)) => 1,
        Some((_, Callback::Complete)) => 2,
        Some((_, Callback::Death)) => 3,
    });
    put_bytes(out, terms.cron.unwrap_or_default().as_bytes());
    out.put_u8(u8::from(terms.tracked));
}

fn put_standing(out: &mut Vec<u8>, standing: &Standing<'_>) {
    let (code, wall) = match *standing {
        Standing::Queued { since } => (0, since),
        Standing::Scheduled { at } => (1, at),
        Standing::Retrying { at } => (2, at),
        Standing::Dead { until } => (3, until),
        Standing::Working { since, .. } => (4, since),
        Standing::Discarded { until, .. } => (5, until),
    };
    out.put_u8(code);
    put_wall(out, wall);
    match standing {
        Standing::Working { wid, until, .. } => {
            put_wall(out, *until);
            put_bytes(out, wid.as_bytes());
        }
        Standing::Discarded { was, .. } => put_standing(out, &(*was).into()),
        _ => {}
    }
}

fn put_text(out: &mut Vec<u8>, start: u64, text: &[u8]) -> Span {
    let len = u32::try_from(text.len()).expect("the protocol's limits keep a text far below 4 GiB");
    put_uint(out, u64::from(len));
    let at = start + out.len() as u64;
    out.put_slice(text);
    out.put_u32_le(text_crc(at, text));
    Span { at, len }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uint(out, bytes.len() as u64);
    out.put_slice(bytes);
}

fn put_wall(out: &mut Vec<u8>, wall: Wall) {
    out.put_i64_le(wall.0);
}

fn put_maybe_wall(out: &mut Vec<u8>, wall: Option<Wall>) {
    out.put_u8(u8::from(wall.is_some()));
    if let Some(wall) = wall {
        put_wall(out, wall);
    }
}

fn put_int(out: &mut Vec<u8>, value: i64) {
    put_uint(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn put_uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

fn family_code(family: Family) -> u8 {
    match family {
        Family::Counters => 0,
        Family::Day => 1,
        Family::Queue => 2,
        Family::Recent => 3,
        Family::Statistic => 4,
        Family::Mark => 5,
        Family::Token => 6,
        Family::Audit => 7,
        Family::Batch => 8,
        Family::Unique => 9,
        Family::Track => 10,
        Family::Throttle => 11,
        Family::Cron => 12,
    }
}

fn ending_code(why: Ending) -> u8 {
    match why {
        Ending::Acked => 0,
        Ending::Failed => 1,
        Ending::Lost => 2,
        Ending::Deleted => 3,
        Ending::DeadAge => 4,
        Ending::DeadLimit => 5,
        Ending::Expired => 6,
    }
}

/// The facts of a checked batch, in order. `None` within the sequence: not a record that this version knows.
pub(crate) struct Records<'a> {
    left: &'a [u8],
    /// The log position behind the last byte of `left`.
    end: u64,
}

impl<'a> Records<'a> {
    /// `start`: the log position of the first byte.
    pub(crate) fn new(bytes: &'a [u8], start: u64) -> Self {
        Self { left: bytes, end: start + bytes.len() as u64 }
    }

    /// The log position of the next record.
    pub(super) fn next_at(&self) -> u64 {
        self.end - self.left.len() as u64
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Option<(Fact<'a>, Span)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left.is_empty() {
            return None;
        }
        let fact = self.fact();
        if fact.is_none() {
            self.left = &[];
        }
        Some(fact)
    }
}

/// The cursor: each part takes from the front what it names, or gives up. Lengths are compared with what is there
/// and never trusted for anything else.
impl<'a> Records<'a> {
    fn fact(&mut self) -> Option<(Fact<'a>, Span)> {
        let none = Span::default();
        let from = self.next_at();
        Some(match self.byte()? {
            kind @ (tag::PUT | tag::PUT_TERMS) => {
                let (id, order, at) = (JobId(self.uint()?), Order(self.int()?), self.maybe_wall()?);
                let mut head = self.head()?;
                if kind == tag::PUT_TERMS {
                    head.terms = self.terms()?;
                }
                let standing = self.standing()?;
                let (body, span) = self.text()?;
                (Fact::Put { id, order, at, head, standing, body }, span)
            }
            tag::SET => {
                let (id, order) = (JobId(self.uint()?), Order(self.int()?));
                (Fact::Set { id, order, standing: self.standing()? }, none)
            }
            tag::FAIL => {
                let (id, order, at) = (JobId(self.uint()?), Order(self.int()?), self.wall()?);
                let (counted, standing) = (self.flag()?, self.standing()?);
                let retry_count = u32::try_from(self.uint()?).ok()?;
                let remaining = i32::try_from(self.int()?).ok()?;
                let failed_at = self.wall()?;
                let next_at = self.maybe_wall()?;
                let (text, span) = self.text()?;
                let failure = Failure { retry_count, remaining, failed_at, next_at, text };
                (Fact::Fail { id, order, at, counted, failure, standing }, span)
            }
            tag::LOST => {
                let (id, order, at) = (JobId(self.uint()?), Order(self.int()?), self.wall()?);
                let blamed = self.flag()?;
                (Fact::Lost { id, order, at, blamed, standing: self.standing()? }, none)
            }
            tag::MOVE => {
                let (id, order) = (JobId(self.uint()?), Order(self.int()?));
                let queue = self.str()?;
                (Fact::Move { id, order, queue, standing: self.standing()? }, none)
            }
            tag::END => {
                let (id, at) = (JobId(self.uint()?), self.wall()?);
                (Fact::End { id, at, why: self.ending()? }, none)
            }
            tag::KEEP => {
                let (family, key) = (self.family()?, self.bytes()?);
                let value = if self.flag()? { Some(self.bytes()?) } else { None };
                let fact = Fact::Keep { family, key, value };
                let len = (self.next_at() - from) as usize;
                (fact, if fact.has_place() { whole(from, len) } else { none })
            }
            tag::CLEAR => (Fact::Clear(self.cleared()?), none),
            _ => return None,
        })
    }

    fn head(&mut self) -> Option<Head<'a>> {
        let retry = i16::try_from(self.int()?).ok()?;
        let reserve_for = u32::try_from(self.uint()?).ok()?;
        let on_lost = match self.byte()? {
            0 => None,
            1 => Some(OnLost::Requeue),
            2 => Some(OnLost::Wait),
            3 => Some(OnLost::Dead),
            _ => return None,
        };
        let body_hash = u64::from_le_bytes(self.array()?);
        let (jid, queue, jobtype) = (self.str()?, self.str()?, self.str()?);
        let terms = Terms::default();
        Some(Head { jid, queue, jobtype, retry, reserve_for, on_lost, terms, body_hash })
    }

    fn terms(&mut self) -> Option<Terms<'a>> {
        let unique = if self.flag()? {
            let (key, until) = (u128::from_le_bytes(self.array()?), self.wall()?);
            let release = match self.byte()? {
                0 => Release::Success,
                1 => Release::Start,
                2 => Release::Expiry,
                _ => return None,
            };
            Some(Unique { key, until, release })
        } else {
            None
        };
        let expires = self.maybe_wall()?;
        let (batch, bid) = (self.str()?, self.str()?);
        let callback = match self.byte()? {
            0 => None,
            1 => Some((bid, Callback::Success)),
            2 => Some((bid, Callback::Complete)),
            3 => Some((bid, Callback::Death)),
            _ => return None,
        };
        Some(Terms {
            unique,
            expires,
            batch: Some(batch).filter(|bid| !bid.is_empty()),
            callback,
            cron: Some(self.str()?).filter(|id| !id.is_empty()),
            tracked: self.flag()?,
        })
    }

    fn standing(&mut self) -> Option<Standing<'a>> {
        Some(match (self.byte()?, self.wall()?) {
            (0, since) => Standing::Queued { since },
            (1, at) => Standing::Scheduled { at },
            (2, at) => Standing::Retrying { at },
            (3, until) => Standing::Dead { until },
            (4, since) => {
                let until = self.wall()?;
                Standing::Working { wid: self.str()?, since, until }
            }
            (5, until) => Standing::Discarded { until, was: self.stood()? },
            _ => return None,
        })
    }

    /// A place in which something can be discarded; no record is deeper than that.
    fn stood(&mut self) -> Option<Stood> {
        Some(match (self.byte()?, self.wall()?) {
            (0, since) => Stood::Queued { since },
            (1, at) => Stood::Scheduled { at },
            (2, at) => Stood::Retrying { at },
            (3, until) => Stood::Dead { until },
            _ => return None,
        })
    }

    fn cleared(&mut self) -> Option<Cleared<'a>> {
        Some(match self.byte()? {
            0 => Cleared::Everything,
            1 => Cleared::Queue(self.str()?),
            2 => Cleared::Set(Set::Scheduled),
            3 => Cleared::Set(Set::Retries),
            4 => Cleared::Set(Set::Dead),
            5 => Cleared::Set(Set::Discarded),
            _ => return None,
        })
    }

    fn ending(&mut self) -> Option<Ending> {
        Some(match self.byte()? {
            0 => Ending::Acked,
            1 => Ending::Failed,
            2 => Ending::Lost,
            3 => Ending::Deleted,
            4 => Ending::DeadAge,
            5 => Ending::DeadLimit,
            6 => Ending::Expired,
            _ => return None,
        })
    }

    fn family(&mut self) -> Option<Family> {
        Some(match self.byte()? {
            0 => Family::Counters,
            1 => Family::Day,
            2 => Family::Queue,
            3 => Family::Recent,
            4 => Family::Statistic,
            5 => Family::Mark,
            6 => Family::Token,
            7 => Family::Audit,
            8 => Family::Batch,
            9 => Family::Unique,
            10 => Family::Track,
            11 => Family::Throttle,
            12 => Family::Cron,
            _ => return None,
        })
    }

    /// The text's own checksum is for those who read it alone; here the batch's has just been checked.
    fn text(&mut self) -> Option<(&'a [u8], Span)> {
        let len = u32::try_from(self.uint()?).ok()?;
        let at = self.next_at();
        let text = self.take(len as usize)?;
        self.array::<TEXT_CRC_LEN>()?;
        Some((text, Span { at, len }))
    }

    fn str(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.uint()?;
        self.take(usize::try_from(len).ok()?)
    }

    fn wall(&mut self) -> Option<Wall> {
        self.array().map(|bytes| Wall(i64::from_le_bytes(bytes)))
    }

    fn maybe_wall(&mut self) -> Option<Option<Wall>> {
        if self.flag()? { self.wall().map(Some) } else { Some(None) }
    }

    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn int(&mut self) -> Option<i64> {
        self.uint().map(|n| (n >> 1) as i64 ^ -((n & 1) as i64))
    }

    fn uint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            // The tenth byte has room for one bit.
            if shift == 63 && byte > 1 {
                return None;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.left.split_first_chunk()?;
        self.left = rest;
        Some(*first)
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (first, rest) = self.left.split_at_checked(len)?;
        self.left = rest;
        Some(first)
    }
}

#[cfg(test)]
pub(super) mod tests;
