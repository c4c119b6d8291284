//! What the log of a history holds: facts, in the batches in which they were told.

use std::collections::{BTreeMap, BTreeSet};

use super::{QUEUES, WIDS};
use crate::fact::{Cleared, Fact, Facts, Failure, Head, JobId, Span, Standing};

/// A fact that outlives its command. All names are of a few, so that they can be given for good.
pub(super) type Kept = (Fact<'static>, Span);

pub(super) fn name(text: &str) -> &'static str {
    let known = QUEUES.iter().chain(&WIDS).find(|known| **known == text);
    known.copied().unwrap_or_else(|| Box::leak(text.into()))
}

pub(super) fn standing(standing: Standing<'_>) -> Standing<'static> {
    match standing {
        Standing::Working { wid, since, until } => Standing::Working { wid: name(wid), since, until },
        Standing::Queued { since } => Standing::Queued { since },
        Standing::Scheduled { at } => Standing::Scheduled { at },
        Standing::Retrying { at } => Standing::Retrying { at },
        Standing::Dead { until } => Standing::Dead { until },
        Standing::Discarded { until, was } => Standing::Discarded { until, was },
    }
}

/// What the log holds: batches, and what a replay of them needs.
#[derive(Default)]
pub(super) struct Log {
    pub(super) batches: Vec<Vec<Kept>>,
    /// Jids and values, given for good once each.
    pub(super) texts: BTreeSet<&'static [u8]>,
    pub(super) heads: BTreeMap<JobId, Head<'static>>,
    pub(super) written: u64,
}

impl Log {
    pub(super) fn text(&mut self, text: &[u8]) -> &'static [u8] {
        if let Some(known) = self.texts.get(text) {
            return known;
        }
        let text: &'static [u8] = Box::leak(text.into());
        self.texts.insert(text);
        text
    }

    pub(super) fn keep(&mut self, fact: &Fact<'_>) -> Fact<'static> {
        match *fact {
            Fact::Put { id, order, at, head, standing: stands, body: _ } => {
                let jid = std::str::from_utf8(self.text(head.jid.as_bytes())).expect("a jid");
                let head =
                    Head { jid, queue: name(head.queue), jobtype: "T", terms: Default::default(), ..head };
                self.heads.insert(id, head);
                Fact::Put { id, order, at, head, standing: standing(stands), body: b"x" }
            }
            Fact::Set { id, order, standing: stands } => Fact::Set { id, order, standing: standing(stands) },
            Fact::Fail { id, order, at, counted, failure, standing: stands } => {
                let failure = Failure { text: b"f", ..failure };
                Fact::Fail { id, order, at, counted, failure, standing: standing(stands) }
            }
            Fact::Lost { id, order, at, blamed, standing: stands } => {
                Fact::Lost { id, order, at, blamed, standing: standing(stands) }
            }
            Fact::Move { id, order, queue, standing: stands } => {
                Fact::Move { id, order, queue: name(queue), standing: standing(stands) }
            }
            Fact::End { id, at, why } => Fact::End { id, at, why },
            Fact::Keep { family, key, value } => {
                let key = self.text(key);
                Fact::Keep { family, key, value: value.map(|value| self.text(value)) }
            }
            Fact::Clear(Cleared::Queue(queue)) => Fact::Clear(Cleared::Queue(name(queue))),
            Fact::Clear(Cleared::Everything) => Fact::Clear(Cleared::Everything),
            Fact::Clear(Cleared::Set(set)) => Fact::Clear(Cleared::Set(set)),
        }
    }

    /// The batches behind these are lost. What a job became in one of them it never was, and its number may be given again.
    pub(super) fn cut(&mut self, batches: usize) {
        self.batches.truncate(batches);
        let put =
            |(fact, _): &Kept| if let Fact::Put { id, head, .. } = fact { Some((*id, *head)) } else { None };
        self.heads = self.facts().filter_map(put).collect();
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = &Kept> + Clone {
        self.batches.iter().flatten()
    }
}

impl Facts for Log {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        self.written += 1;
        let span = if fact.has_place() { Span { at: self.written, len: 1 } } else { Span::default() };
        let fact = self.keep(fact);
        self.batches.last_mut().expect("a batch").push((fact, span));
        span
    }

    fn release(&mut self, _: Span) {}
}
