//! What histories by chance are made of: chance itself, a log that crashes may cut and cleaning may shorten, and how one is
//! played and told again. The rules stand in the histories, each beside a model of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::command::{Asks, Push};
use crate::edit::Edit;
use crate::fact::{Cleared, Fact, Facts, Failure, Head, JobId, Span, Standing, Terms};
use crate::machine::Machine;
use crate::query::{Answer, JobView, Query};
use crate::time::Now;

/// The only queue.
pub(super) const QUEUE: &str = "q";

/// Plays so many histories, each from its seed. `BESSEMER_HISTORIES` plays more of them, `BESSEMER_SEED` one.
pub(super) fn play(histories: u64, history: impl Fn(u64) + std::panic::RefUnwindSafe) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds: Range<u64> = match number("BESSEMER_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("BESSEMER_HISTORIES").unwrap_or(histories),
    };
    for seed in seeds {
        let played = std::panic::catch_unwind(|| history(seed));
        assert!(played.is_ok(), "replay it with BESSEMER_SEED={seed}");
    }
}

/// Pseudo-random numbers: xorshift, after a multiplication that sets neighbouring seeds apart.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(super) fn of<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len() as u64) as usize]
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() { None } else { Some(self.of(of)) }
    }
}

/// A text that stays for good, told once.
pub(super) fn keep(text: &[u8]) -> &'static [u8] {
    static TEXTS: LazyLock<Mutex<BTreeSet<&'static [u8]>>> = LazyLock::new(Mutex::default);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = texts.get(text) {
        return kept;
    }
    let kept: &'static [u8] = Vec::leak(text.to_vec());
    texts.insert(kept);
    kept
}

pub(super) fn keep_str(text: &str) -> &'static str {
    std::str::from_utf8(keep(text.as_bytes())).expect("it was a text")
}

fn own_standing(standing: Standing<'_>) -> Standing<'static> {
    match standing {
        Standing::Working { wid, since, until } => Standing::Working { wid: keep_str(wid), since, until },
        Standing::Queued { since } => Standing::Queued { since },
        Standing::Scheduled { at } => Standing::Scheduled { at },
        Standing::Retrying { at } => Standing::Retrying { at },
        Standing::Dead { until } => Standing::Dead { until },
        Standing::Discarded { until, was } => Standing::Discarded { until, was },
    }
}

/// A fact of these histories, which borrows nothing.
fn own(fact: &Fact<'_>) -> Fact<'static> {
    match *fact {
        Fact::Put { id, order, at, head, standing, body } => {
            let Terms { unique, expires, tracked, .. } = head.terms;
            let terms = Terms { unique, expires, tracked, ..Terms::default() };
            let (jid, queue, jobtype) = (keep_str(head.jid), keep_str(head.queue), keep_str(head.jobtype));
            let Head { retry, reserve_for, on_lost, body_hash, .. } = head;
            let head = Head { jid, queue, jobtype, retry, reserve_for, on_lost, terms, body_hash };
            Fact::Put { id, order, at, head, standing: own_standing(standing), body: keep(body) }
        }
        Fact::Set { id, order, standing } => Fact::Set { id, order, standing: own_standing(standing) },
        Fact::Fail { id, order, at, counted, failure, standing } => {
            let failure = Failure { text: keep(failure.text), ..failure };
            Fact::Fail { id, order, at, counted, failure, standing: own_standing(standing) }
        }
        Fact::Keep { family, key, value } => Fact::Keep { family, key: keep(key), value: value.map(keep) },
        Fact::End { id, at, why } => Fact::End { id, at, why },
        Fact::Clear(Cleared::Everything) => Fact::Clear(Cleared::Everything),
        Fact::Clear(Cleared::Set(set)) => Fact::Clear(Cleared::Set(set)),
        Fact::Clear(Cleared::Queue(name)) => Fact::Clear(Cleared::Queue(keep_str(name))),
        Fact::Lost { .. } | Fact::Move { .. } => unreachable!("nobody does that here"),
    }
}

/// The log: one batch for each command, and what stands where.
#[derive(Default)]
pub(super) struct Log {
    batches: Vec<Vec<(Fact<'static>, Span)>>,
    written: u64,
    /// The job of each jid that was ever pushed.
    pub(super) ids: BTreeMap<&'static str, JobId>,
}

impl Facts for Log {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        self.written += 1;
        let span = if fact.has_place() { Span { at: self.written, len: 1 } } else { Span::default() };
        let span = match fact {
            // An edit knows a failure by the length of its text.
            Fact::Fail { failure, .. } => Span { len: failure.text.len() as u32, ..span },
            _ => span,
        };
        let fact = own(fact);
        if let Fact::Put { id, head, .. } = fact {
            self.ids.insert(head.jid, id);
        }
        self.batches.last_mut().expect("a command").push((fact, span));
        span
    }

    fn release(&mut self, _: Span) {}
}

impl Log {
    /// Another command begins.
    pub(super) fn begin(&mut self) {
        self.batches.push(Vec::new());
    }

    /// So many commands stand in it.
    pub(super) fn len(&self) -> usize {
        self.batches.len()
    }

    fn first_at(&self, span: Span) -> &Fact<'static> {
        let all = self.batches.iter().flatten();
        all.into_iter().find(|(_, at)| *at == span).map(|(fact, _)| fact).expect("what lives is in the log")
    }

    /// The jid and the text of the job that stands there.
    pub(super) fn job_at(&self, span: Span) -> (&'static str, &'static [u8]) {
        let Fact::Put { head, body, .. } = self.first_at(span) else { panic!("no job there") };
        (head.jid, body)
    }

    /// The older half is told again as far as it lives. The answer: so many commands may go now, by [`Log::forget`].
    pub(super) fn tell_again(&mut self, machine: &mut Machine) -> usize {
        let half = self.batches.len() / 2;
        let old: Vec<(Fact<'static>, Span)> = self.batches[..half].iter().flatten().copied().collect();
        self.begin();
        machine.restate(self);
        let dump = machine.dump();
        for (fact, span) in old {
            match fact {
                Fact::Put { id, head, body, .. } if machine.lives_at(id, span) => {
                    let failure = machine.failure_text(id).map(|text| *self.first_at(text));
                    let text = match failure {
                        Some(Fact::Fail { failure, .. }) => failure.text,
                        _ => b"",
                    };
                    machine.retell(id, head, body, text, self);
                }
                Fact::Keep { family, key, .. } if machine.keeps_at(family, key, span) => {
                    machine.retell_record(family, key, self);
                }
                _ => {}
            }
        }
        assert_eq!(machine.dump(), dump, "nothing happened");
        half
    }

    /// The oldest commands are no more.
    pub(super) fn forget(&mut self, commands: usize) {
        self.batches.drain(..commands);
    }

    /// The process dies: so many commands are all that there is, and another machine reads them.
    pub(super) fn crash(&mut self, commands: usize, mut machine: Machine, now: Now) -> Machine {
        self.batches.truncate(commands);
        for (fact, span) in self.batches.iter().flatten() {
            machine.replay(fact, *span);
            // Another one with its jid may have been lost.
            if let Fact::Put { id, head, .. } = fact {
                self.ids.insert(head.jid, *id);
            }
        }
        machine.recovered(now);
        machine
    }

    /// A job as an operator sees it, unless it was discarded.
    pub(super) fn view(&self, machine: &Machine, now: Now, jid: &str) -> Option<JobView> {
        let answer = machine.answer(now, &Query::Jid { jid: jid.into() });
        let Answer::Jobs(jobs) = answer else { panic!("no jobs") };
        jobs.jobs.into_iter().find(|view| view.id == self.ids[jid])
    }

    /// An operator's edit of a job that was seen: other arguments, other retries, the same jid.
    pub(super) fn edit(&self, seen: &JobView, job: Rewritten, enqueue: bool) -> Edit<'static> {
        let text = |span| match self.first_at(span) {
            Fact::Fail { failure, .. } => failure.text,
            other => panic!("{other:?} is no failure"),
        };
        let failure = seen.failure.as_ref().map(|failure| Failure {
            retry_count: failure.retry_count,
            remaining: failure.remaining,
            failed_at: failure.failed_at,
            next_at: failure.next_at,
            text: text(failure.text.unread().expect("nobody has read it")),
        });
        let Rewritten { jid, retry, body } = job;
        let job = Push {
            jid,
            queue: QUEUE,
            jobtype: "T",
            retry,
            reserve_for: 86_400,
            on_lost: None,
            asks: Asks::default(),
            at: None,
            failure: None,
            sent: &[],
            body,
        };
        Edit { id: seen.id, job, failure, enqueue }
    }
}

/// What an operator writes.
pub(super) struct Rewritten {
    pub(super) jid: &'static str,
    pub(super) retry: i16,
    pub(super) body: &'static [u8],
}
