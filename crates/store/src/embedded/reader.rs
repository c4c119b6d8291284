//! Questions from other threads, answered between two turns.
//!
//! A pass over all jobs ([`Query::Sift`]) goes on by itself, a piece in a turn: to hand each piece to another thread and to
//! be asked for the next takes several times as long as to make it.

use std::collections::VecDeque;
use std::sync::Weak;
use std::task::{Context, Poll};

use bessemer_core::query::{Sift, Sifted};
use bessemer_core::{Answer, Machine, Now, Query, Span};
use tokio::sync::{mpsc, oneshot};

use super::shelf::Texts;
use crate::engine::{Gone, Reader, Tell};

/// Questions that may wait; who asks one more waits to be let in.
const WAITING_MAX: usize = 64;

/// Answers in one turn at most, so that pages do not hold up jobs.
pub(super) const ANSWERS_PER_TURN: usize = 4;

/// Passes under way at most; of one more each piece is told as it is found.
pub(super) const PASSES_MAX: usize = 16;

/// Pieces after which a pass tells what it has found so far, so that who asked knows how far it is, and may stop:
/// a quarter of a million jobs that are only counted.
const PIECES_MAX: usize = 64;

/// While there are replies to be told, a pass goes on in one of so many turns.
const PASSES_ASIDE: u32 = 3;

/// Asks the embedded engine.
#[derive(Clone, Debug)]
pub struct EmbeddedReader {
    ask: mpsc::Sender<Question>,
    /// It ends with the engine, and a directory is free again then.
    texts: Weak<dyn Texts>,
}

/// The engine's end.
#[derive(Debug)]
pub(super) struct Questions {
    asked: mpsc::Receiver<Question>,
    passes: VecDeque<Pass>,
    /// Turns in which the passes have stood aside.
    aside: u32,
}

/// A pass under way.
#[derive(Debug)]
struct Pass {
    sift: Box<Sift>,
    so_far: Box<Sifted>,
    pieces: usize,
    answer: oneshot::Sender<Answer>,
}

/// What is to be told, and to whom.
type Told = (oneshot::Sender<Answer>, Answer);

/// What somebody wants to know, and where the answer goes.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) query: Query,
    pub(super) answer: oneshot::Sender<Answer>,
}

pub(super) fn channel(texts: Weak<dyn Texts>) -> (EmbeddedReader, Questions) {
    let (ask, asked) = mpsc::channel(WAITING_MAX);
    (EmbeddedReader { ask, texts }, Questions { asked, passes: VecDeque::new(), aside: 0 })
}

impl Reader for EmbeddedReader {
    async fn ask(&self, query: Query) -> Result<Answer, Gone> {
        let (answer, answered) = oneshot::channel();
        self.ask.send(Question { query, answer }).await.map_err(|_| Gone)?;
        answered.await.map_err(|_| Gone)
    }

    fn read(&self, texts: &[Span], tell: Tell<'_>) -> Result<(), Gone> {
        self.texts.upgrade().ok_or(Gone)?.read(texts, tell);
        Ok(())
    }
}

impl Questions {
    /// The next question; after a `None` one that comes wakes the engine.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Option<Question> {
        loop {
            let Poll::Ready(Some(question)) = self.asked.poll_recv(cx) else { return None };
            // Nobody reads for somebody who has gone.
            if !question.answer.is_closed() {
                return Some(question);
            }
        }
    }

    /// Answers a question; `None`: it is a pass, and goes on.
    pub(super) fn answer(&mut self, machine: &Machine, now: Now, question: Question) -> Option<Told> {
        let Question { query, answer } = question;
        let Query::Sift(sift) = query else { return Some((answer, machine.answer(now, &query))) };
        let so_far = Box::new(machine.sift(&sift));
        let mut pass = Pass { sift, so_far, pieces: 1, answer };
        if self.passes.len() < PASSES_MAX && pass.sift.go_on(&pass.so_far) {
            self.passes.push_back(pass);
            return None;
        }
        Some((pass.answer, Answer::Sifted(pass.so_far)))
    }

    /// The next piece of the pass whose turn it is, and what there is to be told of it. While others wait for replies it
    /// mostly stands aside.
    pub(super) fn go_on(&mut self, machine: &Machine, is_quiet: bool) -> Option<Told> {
        self.aside += 1;
        if !is_quiet && self.aside < PASSES_ASIDE {
            return None;
        }
        self.aside = 0;
        self.passes.retain(|pass| !pass.answer.is_closed());
        let mut pass = self.passes.pop_front()?;
        let piece = machine.sift(&pass.sift);
        let goes_on = pass.sift.go_on(&piece);
        pass.so_far.append(piece);
        pass.pieces += 1;
        if goes_on && pass.pieces < PIECES_MAX {
            self.passes.push_back(pass);
            return None;
        }
        Some((pass.answer, Answer::Sifted(pass.so_far)))
    }

    /// Whether a pass wants another turn.
    pub(super) fn are_under_way(&self) -> bool {
        !self.passes.is_empty()
    }
}
