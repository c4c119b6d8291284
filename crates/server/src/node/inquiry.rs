//! Commands that ask the engine before they can answer, perhaps again and again: MUTATE with a filter, JOBS, and the
//! lists. Each goes on by itself, a bounded piece at a time, so that workers and producers get their turns between two
//! pieces; a crash leaves a prefix done (`G5`).
//!
//! ```text
//!  verb ─► first ─► Query ─► Reader ─► Answer ─► answered ─┬─► Step::Ask    another query
//!                                                          ├─► Step::Act    a command on the jobs that were found
//!                                      Reply ─► acted ◄────┘     (its reply comes when it is durable)
//!                                                          └─► Step::Done   the bytes of the reply
//! ```

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bessemer_core::command::Refusal;
use bessemer_core::{Action, Answer, Now, Query, Ticket};
use bessemer_protocol::resp::{put_bulk, put_error};
use bessemer_protocol::response::ErrorCode;
use bessemer_store::{Gone, Reader};
use serde::Serialize;

/// Inquiries at once; who asks one more is refused. A client that leaves does not end what it began.
pub(crate) const INQUIRIES_MAX: usize = 256;

/// What comes next.
pub(crate) enum Step {
    Ask(Query),
    /// One command; [`Inquiry::acted`] learns how many jobs it reached.
    Act(Action),
    /// The reply, as it is written.
    Done(Vec<u8>),
}

impl Step {
    /// A reply that is a document.
    pub(crate) fn json(document: &impl Serialize) -> Self {
        let mut out = Vec::new();
        put_bulk(&mut out, &[&serde_json::to_vec(document).expect("names and figures are JSON")]);
        Self::Done(out)
    }

    /// A reply that is an error.
    pub(crate) fn error(text: &str) -> Self {
        let mut out = Vec::new();
        put_error(&mut out, ErrorCode::Err, text);
        Self::Done(out)
    }

    /// The engine answered another question than it was asked.
    pub(crate) fn unexpected() -> Self {
        tracing::error!("the engine's answer does not fit the question");
        Self::error("internal error")
    }
}

/// A command of this kind.
pub(crate) trait Inquiry: Send {
    /// The first question.
    fn first(&mut self) -> Query;

    /// What comes after an answer.
    fn answered(&mut self, now: Now, answer: Answer) -> Step;

    /// What comes after [`Step::Act`].
    fn acted(&mut self, _reached: u64) -> Step {
        Step::unexpected()
    }
}

type Asking = Pin<Box<dyn Future<Output = Result<Answer, Gone>> + Send>>;

/// How far one is.
enum State {
    Asking(Asking),
    /// The action waits for room in the engine, and then for its reply.
    Acting(Option<Action>),
    /// The reply waits for those before it.
    Done(Vec<u8>),
}

/// An inquiry under way.
pub(super) struct Running {
    /// Of the command on its connection.
    pub(super) ticket: Ticket,
    inquiry: Box<dyn Inquiry>,
    state: State,
    /// Jobs that its actions have reached.
    pub(super) reached: u64,
}

impl Running {
    pub(super) fn begin(ticket: Ticket, mut inquiry: Box<dyn Inquiry>, reader: &impl Reader) -> Self {
        let state = State::Asking(ask(reader, inquiry.first()));
        Self { ticket, inquiry, state, reached: 0 }
    }

    /// Goes on as far as it can; `true`: it did.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, now: Now, reader: &impl Reader) -> bool {
        let State::Asking(asking) = &mut self.state else { return false };
        let Poll::Ready(answer) = asking.as_mut().poll(cx) else { return false };
        let step = match answer {
            Ok(answer) => self.inquiry.answered(now, answer),
            Err(gone) => Step::error(&gone.to_string()),
        };
        self.take(step, reader);
        true
    }

    /// The action to submit now, if there is one.
    pub(super) fn action(&mut self) -> Option<Action> {
        if let State::Acting(action) = &mut self.state { action.take() } else { None }
    }

    /// Its action is durable.
    pub(super) fn acted(&mut self, reached: u64, reader: &impl Reader) {
        self.reached += reached;
        let step = self.inquiry.acted(reached);
        self.take(step, reader);
    }

    /// Its action was refused, and nothing has changed.
    pub(super) fn refused(&mut self, refusal: &Refusal, reader: &impl Reader) {
        self.take(Step::error(&refusal.to_string()), reader);
    }

    /// Its reply.
    pub(super) fn reply(&self) -> Option<&[u8]> {
        if let State::Done(reply) = &self.state { Some(reply) } else { None }
    }

    fn take(&mut self, step: Step, reader: &impl Reader) {
        self.state = match step {
            Step::Ask(query) => State::Asking(ask(reader, query)),
            Step::Act(action) => State::Acting(Some(action)),
            Step::Done(reply) => State::Done(reply),
        };
    }
}

fn ask(reader: &impl Reader, query: Query) -> Asking {
    let reader = reader.clone();
    Box::pin(async move { reader.ask(query).await })
}
