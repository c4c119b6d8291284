//! What is decided and durable, but not yet told: replies and answers whose texts have to be read first.
//!
//! A text that is in memory is put in at once. For one that is not, the reply settles a turn later, or some turns; the
//! connection that asked waits for it, and nobody else does.

use bessemer_core::command::{FailureView, Handout, Text};
use bessemer_core::{Answer, Reply, Settled, Span, Ticket};
use tokio::sync::oneshot;

use super::disk::Disk;
use super::log::Log;
use crate::engine::Fatal;

/// Answers that may wait for their texts; while so many wait, no question is taken.
pub(super) const ANSWERS_MAX: usize = 16;

/// All that waits for a read.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Bounded by the connections: each waits for one reply.
    replies: Vec<(Ticket, Box<Handout>)>,
    answers: Vec<(oneshot::Sender<Answer>, Answer)>,
}

impl Waiting {
    /// Hands out what can be told by now: first what has waited, then what this turn has decided.
    pub(super) fn settle<D: Disk>(
        &mut self,
        log: &mut Log<D>,
        held: &mut Settled,
        out: &mut Settled,
    ) -> Result<(), Fatal> {
        for (ticket, mut job) in std::mem::take(&mut self.replies) {
            if fill(log, &mut job)? {
                out.replies.push((ticket, Reply::Job(job)));
            } else {
                self.replies.push((ticket, job));
            }
        }
        for (ticket, reply) in held.replies.drain(..) {
            let Reply::Job(mut job) = reply else {
                out.replies.push((ticket, reply));
                continue;
            };
            // By now it may have been fetched, and have ended.
            if let Some(next) = job.next.filter(|next| !log.texts.is_fresh(*next) && log.is_kept(*next))
                && log.text(next)?.is_none()
            {
                log.ask(next);
            }
            if fill(log, &mut job)? {
                out.replies.push((ticket, Reply::Job(job)));
            } else {
                self.replies.push((ticket, job));
            }
        }
        out.events.append(&mut held.events);
        for (asker, mut answer) in std::mem::take(&mut self.answers) {
            if fill_answer(log, &mut answer)? {
                let _ = asker.send(answer);
            } else if !asker.is_closed() {
                self.answers.push((asker, answer));
            }
        }
        Ok(())
    }

    /// Tells an answer, or keeps it until it can be told.
    pub(super) fn answer<D: Disk>(
        &mut self,
        log: &mut Log<D>,
        asker: oneshot::Sender<Answer>,
        mut answer: Answer,
    ) -> Result<(), Fatal> {
        if fill_answer(log, &mut answer)? {
            // Who has gone needs no answer.
            let _ = asker.send(answer);
        } else {
            self.answers.push((asker, answer));
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty() && self.answers.is_empty()
    }

    /// Whether there is room for one more answer.
    pub(super) fn has_room(&self) -> bool {
        self.answers.len() < ANSWERS_MAX
    }

    /// The first log position that is still to be read, also for replies that are `held`.
    pub(super) fn pinned(&self, held: &Settled) -> Option<u64> {
        let held = held.replies.iter().filter_map(|(_, reply)| match reply {
            Reply::Job(job) => Some(&**job),
            _ => None,
        });
        let fetched = self.replies.iter().map(|(_, job)| &**job).chain(held);
        let fetched = fetched.flat_map(|job| texts(&job.body, job.failure.as_ref()));
        let jobs = self.answers.iter().flat_map(|(_, answer)| match answer {
            Answer::Jobs(jobs) | Answer::Far { jobs, .. } => jobs.jobs.as_slice(),
            Answer::Scanned(scanned) => scanned.jobs.as_slice(),
            _ => &[],
        });
        let shown = jobs.flat_map(|job| texts(&job.body, job.failure.as_ref()));
        fetched.chain(shown).filter_map(unread).map(|span| span.at).min()
    }
}

fn texts<'a>(body: &'a Text, failure: Option<&'a FailureView>) -> impl Iterator<Item = &'a Text> {
    std::iter::once(body).chain(failure.map(|failure| &failure.text))
}

/// Whether the reply of a FETCH that was just decided has to wait for a read: not for what the next commit brings.
pub(super) fn has_to_wait<D: Disk>(log: &mut Log<D>, job: &mut Handout) -> bool {
    // A failed read is met again in the turn.
    let filled = fill(log, job).unwrap_or(false);
    !filled && texts(&job.body, job.failure.as_ref()).filter_map(unread).any(|span| !log.is_under_way(span))
}

/// Puts the texts of a reply in as far as they are in memory, and asks for the others; says whether all are in.
fn fill<D: Disk>(log: &mut Log<D>, job: &mut Handout) -> Result<bool, Fatal> {
    let body = put(log, &mut job.body)?;
    let failure = job.failure.as_mut().map_or(Ok(true), |failure| put(log, &mut failure.text))?;
    Ok(body && failure)
}

fn fill_answer<D: Disk>(log: &mut Log<D>, answer: &mut Answer) -> Result<bool, Fatal> {
    let jobs = match answer {
        Answer::Jobs(jobs) | Answer::Far { jobs, .. } => &mut jobs.jobs,
        Answer::Scanned(scanned) => &mut scanned.jobs,
        _ => return Ok(true),
    };
    let mut all = true;
    for job in jobs {
        all &= put(log, &mut job.body)?;
        all &= job.failure.as_mut().map_or(Ok(true), |failure| put(log, &mut failure.text))?;
    }
    Ok(all)
}

fn put<D: Disk>(log: &mut Log<D>, text: &mut Text) -> Result<bool, Fatal> {
    let Some(span) = unread(text) else { return Ok(true) };
    if log.is_under_way(span) {
        return Ok(false);
    }
    match log.text(span)? {
        Some(bytes) => {
            text.fill(bytes);
            Ok(true)
        }
        None => {
            log.ask(span);
            Ok(false)
        }
    }
}

/// Where a text is that has not been read.
fn unread(text: &Text) -> Option<Span> {
    text.unread()
}
