//! Questions from other threads, answered between two turns.

use std::sync::Weak;
use std::task::{Context, Poll};

use bessemer_core::{Answer, Query, Span};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::shelf::Texts;
use crate::engine::{Gone, Reader};

/// Questions that may wait; who asks one more waits to be let in.
const WAITING_MAX: usize = 64;

/// Answers in one turn at most, so that pages do not hold up jobs.
pub(super) const ANSWERS_PER_TURN: usize = 4;

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
}

/// What somebody wants to know, and where the answer goes.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) query: Query,
    pub(super) answer: oneshot::Sender<Answer>,
}

pub(super) fn channel(texts: Weak<dyn Texts>) -> (EmbeddedReader, Questions) {
    let (ask, asked) = mpsc::channel(WAITING_MAX);
    (EmbeddedReader { ask, texts }, Questions { asked })
}

impl Reader for EmbeddedReader {
    async fn ask(&self, query: Query) -> Result<Answer, Gone> {
        let (answer, answered) = oneshot::channel();
        self.ask.send(Question { query, answer }).await.map_err(|_| Gone)?;
        answered.await.map_err(|_| Gone)
    }

    fn read(&self, texts: &[Span]) -> Result<Vec<Option<Bytes>>, Gone> {
        self.texts.upgrade().map(|shelf| shelf.read(texts)).ok_or(Gone)
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
}
