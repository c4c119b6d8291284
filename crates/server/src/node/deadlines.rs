//! Clients that do not finish their line, or do not take their replies, and when each is let go.

use std::collections::BTreeSet;

use bessemer_core::{Boot, ConnId, Now};
use bessemer_store::Engine;

use super::conn::Conn;
use super::handle::refuse;
use super::{Node, Output};
use crate::rejected::Reason;

/// Of lines that have begun and of bytes that wait. Each connection knows its own two.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Boot, ConnId)>);

impl Deadlines {
    /// The next one.
    pub(super) fn next(&self) -> Option<Boot> {
        self.0.first().map(|(at, _)| *at)
    }

    /// One of a connection has moved, begun or ended.
    pub(super) fn replace(&mut self, conn: ConnId, before: Option<Boot>, after: Option<Boot>) {
        if before == after {
            return;
        }
        if let Some(at) = before {
            self.0.remove(&(at, conn));
        }
        self.0.extend(after.map(|at| (at, conn)));
    }

    /// A connection is gone.
    pub(super) fn forget(&mut self, conn: ConnId, state: &Conn) {
        for at in [state.line_deadline, state.write_deadline].into_iter().flatten() {
            self.0.remove(&(at, conn));
        }
    }

    /// Takes one that has come.
    fn take_due(&mut self, now: Boot) -> Option<(Boot, ConnId)> {
        self.next().filter(|at| *at <= now).and_then(|_| self.0.pop_first())
    }
}

impl<E: Engine> Node<E> {
    /// A client that does not finish its line, or does not take its replies, is let go.
    pub(super) fn enforce_deadlines(&mut self, now: Now, out: &mut Vec<Output>) {
        while let Some((at, conn)) = self.deadlines.take_due(now.boot) {
            let Some(state) = self.conns.get_mut(&conn) else { continue };
            if state.write_deadline == Some(at) {
                self.rejected.count(Reason::ReaderTooSlow);
                state.closing = true;
                state.pending.clear();
                out.push(Output::Cut { conn });
            } else if self.engine.room() == 0 {
                // It is we who have not read for a while.
                let deadline = now.boot.after(self.limits.line_timeout);
                state.line_deadline = Some(deadline);
                self.deadlines.replace(conn, None, Some(deadline));
            } else {
                let text = format!("line took longer than {:?}", self.limits.line_timeout);
                refuse(state, &self.rejected, Reason::LineTooSlow, &text);
                state.closing = true;
                self.ready.push(conn);
            }
        }
    }
}
