//! Records that are no jobs and come in numbers: statistics, marks, tokens, audit.
//!
//! They are treated like jobs: each lives where the log told it last, is told again when that part of the log is cleaned,
//! and frees its place when it is replaced or removed. Unlike a job's text, its value is in memory too: a record is small,
//! all of them have one limit ([`crate::Rules::kept_max`]), and so neither an answer nor the cleaning waits for the disk.
//!
//! What a value means is none of this file's business. A family that has rules (batches, say) has them in a file of its
//! own, which tells its records by [`Fact::Keep`] as this one does.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{Machine, Turn};
use crate::command::{Record, Refusal, Reply, Unkept};
use crate::fact::{Fact, Facts, Family, Span};
use crate::limits::{
    KEEP_BYTES_MAX, KEPT_ANSWER_MAX, KEPT_KEY_MAX, KEPT_RECORD_BYTES, KEPT_VALUE_MAX, SLICE_MAX,
};
use crate::query::KeptPage;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Kept {
    families: BTreeMap<Family, BTreeMap<Box<[u8]>, Held>>,
    /// What they count, see [`size`].
    bytes: usize,
}

/// One of them.
#[derive(Debug)]
struct Held {
    value: Box<[u8]>,
    /// Where the log told it last.
    span: Span,
}

/// What a record counts towards [`crate::Rules::kept_max`].
fn size(key: &[u8], value: &[u8]) -> usize {
    key.len() + value.len() + KEPT_RECORD_BYTES
}

impl Kept {
    /// A record is this, and stands there; `None`: it is no more. The answer is the place where it stood before.
    pub(super) fn set(&mut self, family: Family, key: &[u8], now: Option<(&[u8], Span)>) -> Option<Span> {
        let records = self.families.entry(family).or_default();
        let before = match now {
            Some((value, span)) => {
                self.bytes += size(key, value);
                records.insert(key.into(), Held { value: value.into(), span })
            }
            None => records.remove(key),
        }?;
        self.bytes -= size(key, &before.value);
        Some(before.span)
    }

    fn get(&self, family: Family, key: &[u8]) -> Option<&Held> {
        self.families.get(&family)?.get(key)
    }

    /// The records of a family from a key on, as many as an answer may hold.
    pub(super) fn page(&self, family: Family, from: &[u8], count: usize) -> KeptPage {
        let Some(records) = self.families.get(&family) else { return KeptPage::default() };
        let mut page = KeptPage { total: records.len(), ..KeptPage::default() };
        let mut bytes = 0;
        for (key, held) in records.range::<[u8], _>((Bound::Included(from), Bound::Unbounded)) {
            bytes += key.len() + held.value.len();
            let is_first = page.records.is_empty();
            if page.records.len() >= count.min(SLICE_MAX) || bytes > KEPT_ANSWER_MAX && !is_first {
                page.next = Some(key.to_vec());
                break;
            }
            page.records.push((key.to_vec(), held.value.to_vec()));
        }
        page
    }

    /// All jobs go, and so does what came of them.
    pub(super) fn forget_jobs(&mut self, free: &mut impl FnMut(Span)) {
        for (_, records) in self.families.extract_if(.., |family, _| family.comes_of_jobs()) {
            for (key, held) in records {
                self.bytes -= size(&key, &held.value);
                free(held.span);
            }
        }
    }

    /// Where they stand.
    pub(super) fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.families.values().flat_map(BTreeMap::values).map(|held| held.span)
    }

    /// Family, key and value of each, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Family, &[u8], &[u8])> + '_ {
        self.families.iter().flat_map(|(family, records)| {
            records.iter().map(|(key, held)| (*family, &key[..], &held.value[..]))
        })
    }

    /// The sum is the sum.
    pub(super) fn check(&self) -> Result<(), String> {
        let sum = self.iter().map(|(_, key, value)| size(key, value)).sum::<usize>();
        if sum == self.bytes {
            Ok(())
        } else {
            Err(format!("the kept records count {sum} bytes, and {} are known", self.bytes))
        }
    }
}

impl Machine {
    /// Records take new values or go. All of them, or none.
    pub(super) fn keep_records<F: Facts>(&mut self, turn: &mut Turn<'_, F>, records: &[Record]) -> Reply {
        if let Err(why) = self.may_keep(records) {
            return Reply::Refused(Refusal::Unkept(why));
        }
        for Record { family, key, value } in records {
            // One that is not there leaves no trace.
            if value.is_some() || self.kept.get(*family, key).is_some() {
                self.happen(turn, &Fact::Keep { family: *family, key, value: value.as_deref() });
            }
        }
        Reply::Done
    }

    /// Whether there is room for all of them. Whoever asks for no more than there is already finds it, also under a limit
    /// that was lowered.
    fn may_keep(&self, records: &[Record]) -> Result<(), Unkept> {
        let mut bytes = 0;
        let mut sizes = BTreeMap::new();
        for Record { family, key, value } in records {
            let value = value.as_deref();
            let len = value.map_or(0, <[u8]>::len);
            if !family.is_open() {
                return Err(Unkept::NotOpen(*family));
            }
            if !(1..=KEPT_KEY_MAX).contains(&key.len()) {
                return Err(Unkept::Key(key.len()));
            }
            if len > KEPT_VALUE_MAX {
                return Err(Unkept::Value(len));
            }
            bytes += key.len() + len;
            // The last word about a record counts.
            sizes.insert((*family, &key[..]), value.map_or(0, |value| size(key, value)));
        }
        if records.len() > SLICE_MAX || bytes > KEEP_BYTES_MAX {
            return Err(Unkept::Command { records: records.len(), bytes });
        }
        let there = |(family, key)| self.kept.get(family, key).map_or(0, |held| size(key, &held.value));
        let less = sizes.keys().copied().map(there).sum::<usize>();
        let more = sizes.values().sum::<usize>();
        let limit = self.rules.kept_max;
        if more > less && self.kept.bytes - less + more > limit { Err(Unkept::Full(limit)) } else { Ok(()) }
    }

    /// Whether the record is the one at `span`: else what stands there is of the past.
    pub fn keeps_at(&self, family: Family, key: &[u8], span: Span) -> bool {
        self.kept.get(family, key).is_some_and(|held| held.span == span)
    }

    /// Tells a record again, so that the part of the log that told it before may go. Nothing happens to it.
    pub fn retell_record(&mut self, family: Family, key: &[u8], facts: &mut impl Facts) {
        let held = self.kept.families.get_mut(&family).and_then(|records| records.get_mut(key));
        let Some(held) = held else { return };
        facts.release(held.span);
        held.span = facts.record(&Fact::Keep { family, key, value: Some(&held.value) });
    }

    /// Every record that is [kept](Family::KEPT), by family and key: both, and its value.
    pub fn kept(&self) -> impl Iterator<Item = (Family, &[u8], &[u8])> + '_ {
        self.kept.iter()
    }
}
