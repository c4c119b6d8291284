//! What the log of a history holds: facts with their texts, in the batches in which they were told.

use crate::fact::{
    Cleared, Ending, Fact, Facts, Failure, Family, Head, JobId, Order, OwnTerms, Span, Standing,
};
use crate::query::{Place, Set};
use crate::time::Wall;

/// A fact with its texts owned.
pub(super) enum Told {
    Put {
        id: JobId,
        order: Order,
        at: Option<Wall>,
        jid: String,
        retry: i16,
        terms: OwnTerms,
        hash: u64,
        place: Place,
        body: Vec<u8>,
    },
    Set {
        id: JobId,
        order: Order,
        place: Place,
    },
    Fail {
        id: JobId,
        order: Order,
        at: Wall,
        counted: bool,
        count: u32,
        left: i32,
        next: Option<Wall>,
        place: Place,
    },
    End {
        id: JobId,
        at: Wall,
        why: Ending,
    },
    Keep {
        family: Family,
        key: Vec<u8>,
        value: Option<Vec<u8>>,
    },
    ClearDead,
}

pub(super) const TEXT: &[u8] = b"{}";

impl Told {
    pub(super) fn of(fact: &Fact<'_>) -> Self {
        match *fact {
            Fact::Put { id, order, at, head, standing, body } => Self::Put {
                id,
                order,
                at,
                jid: head.jid.into(),
                retry: head.retry,
                terms: OwnTerms::of(&head.terms),
                hash: head.body_hash,
                place: standing.into(),
                body: body.into(),
            },
            Fact::Set { id, order, standing } => Self::Set { id, order, place: standing.into() },
            Fact::Fail { id, order, at, counted, failure, standing } => Self::Fail {
                id,
                order,
                at,
                counted,
                count: failure.retry_count,
                left: failure.remaining,
                next: failure.next_at,
                place: standing.into(),
            },
            Fact::End { id, at, why } => Self::End { id, at, why },
            Fact::Keep { family, key, value } => {
                Self::Keep { family, key: key.into(), value: value.map(Into::into) }
            }
            Fact::Clear(Cleared::Set(Set::Dead)) => Self::ClearDead,
            _ => panic!("{fact:?} does not happen here"),
        }
    }

    pub(super) fn lend<R>(&self, to: impl FnOnce(&Fact<'_>) -> R) -> R {
        match self {
            Self::Put { id, order, at, place, body, .. } => {
                let head = self.head().expect("a put has a head");
                to(&Fact::Put { id: *id, order: *order, at: *at, head, standing: standing(place), body })
            }
            Self::Set { id, order, place } => {
                to(&Fact::Set { id: *id, order: *order, standing: standing(place) })
            }
            Self::Fail { id, order, at, counted, count, left, next, place } => {
                let failure = Failure {
                    retry_count: *count,
                    remaining: *left,
                    failed_at: *at,
                    next_at: *next,
                    text: TEXT,
                };
                let (id, order, at, counted) = (*id, *order, *at, *counted);
                to(&Fact::Fail { id, order, at, counted, failure, standing: standing(place) })
            }
            Self::End { id, at, why } => to(&Fact::End { id: *id, at: *at, why: *why }),
            Self::Keep { family, key, value } => {
                to(&Fact::Keep { family: *family, key, value: value.as_deref() })
            }
            Self::ClearDead => to(&Fact::Clear(Cleared::Set(Set::Dead))),
        }
    }

    pub(super) fn head(&self) -> Option<Head<'_>> {
        let Self::Put { jid, retry, terms, hash, .. } = self else { return None };
        let terms = terms.terms();
        let (queue, jobtype, retry, body_hash) = ("default", "T", *retry, *hash);
        Some(Head { jid, queue, jobtype, retry, reserve_for: 86_400, on_lost: None, terms, body_hash })
    }
}

pub(super) fn standing(place: &Place) -> Standing<'_> {
    match place {
        Place::Queued { since } => Standing::Queued { since: *since },
        Place::Scheduled { at } => Standing::Scheduled { at: *at },
        Place::Retrying { at } => Standing::Retrying { at: *at },
        Place::Dead { until } => Standing::Dead { until: *until },
        Place::Working { wid, since, until } => Standing::Working { wid, since: *since, until: *until },
        Place::Discarded { until, was } => Standing::Discarded { until: *until, was: *was },
    }
}

/// The log: batches of facts, each with the place that it was given.
#[derive(Default)]
pub(super) struct Log {
    pub(super) batches: Vec<Vec<(Told, Span)>>,
    pub(super) places: u64,
}

impl Facts for Log {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        self.places += 1;
        let span = if fact.has_place() { Span { at: self.places, len: 2 } } else { Span::default() };
        self.batches.last_mut().expect("a batch").push((Told::of(fact), span));
        span
    }

    fn release(&mut self, _: Span) {}
}
