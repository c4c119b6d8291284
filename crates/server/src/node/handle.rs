//! Lines become commands: those of all who have sent something, in turns, and no more of one connection than its share.

use std::ops::Range;

use bessemer_core::{ConnId, Now, Progress, Ticket};
use bessemer_protocol::request::Verb;
use bessemer_protocol::resp::put_error;
use bessemer_protocol::response::ErrorCode;
use bessemer_store::Engine;

use super::Node;
use super::conn::{Blocked, Conn, Pending};
use super::inquiry::{INQUIRIES_MAX, Inquiry, Running};
use super::lines::Next;
use crate::rejected::{Reason, Rejected};
use crate::verb::{self, Call, Form, Outcome};

/// Lines of one connection in one turn: who sends thousands at once does not make the others wait for all of them, and
/// still has hundreds in one flush.
const LINES_PER_TURN: u32 = 256;

/// INFOs in one turn, of all connections: each lists every queue, and counts for one more with every thousand of them.
const INFOS_PER_TURN: u32 = 4;

impl<E: Engine> Node<E> {
    /// Handles the lines of all who have sent something, in the order in which it came. They are read all first, and handled
    /// one after the other then: work of one kind in a row leaves more of the processor's caches to each.
    pub fn listen(&mut self, now: Now) {
        let mut heard = std::mem::take(&mut self.heard);
        heard.drain(..).for_each(|conn| self.handle_lines(now, conn));
        self.heard = heard;
    }

    /// Handles the lines of those who had to wait for this turn, in turns too, and of those whose FETCH has settled.
    pub(super) fn go_on(&mut self, now: Now) {
        let waiting = std::mem::take(&mut self.waiting);
        let first = self.first.take().unwrap_or(ConnId(0));
        let in_turn = waiting.range(first..).chain(waiting.range(..first));
        let has_more = |conn: &&ConnId| self.conns.get(conn).is_some_and(|state| state.lines.len() > 0);
        let settled: Vec<ConnId> = self.ready.iter().filter(has_more).copied().collect();
        for conn in in_turn.chain(&settled) {
            self.handle_lines(now, *conn);
        }
    }

    /// Runs the whole lines of a connection, up to a FETCH that waits, and as far as the engine has room, the client
    /// takes its replies, and others are not kept waiting.
    pub(super) fn handle_lines(&mut self, now: Now, conn: ConnId) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let (before, mut ended) = (state.lines.len(), false);
        state.behind = false;
        while state.blocked.is_none() && !state.closing {
            let full = self.engine.room() == 0;
            if (full || state.share(self.turns).lines >= LINES_PER_TURN) && state.lines.len() > 0 {
                state.behind = true;
                self.waiting.insert(conn);
                self.first = self.first.or(full.then_some(conn));
                break;
            }
            if state.unsent() > self.limits.unsent_max {
                // Goes on when they have left.
                state.behind = state.lines.len() > 0;
                break;
            }
            let line = match state.lines.next(&self.limits) {
                Next::Partial => break,
                Next::Line(line) => line,
                Next::TooLong(overlong) | Next::Hopeless(overlong) => {
                    ended = true;
                    state.closing = overlong.is_hopeless();
                    refuse(state, &self.rejected, overlong.reason(), &overlong.to_string());
                    continue;
                }
            };
            if self.infos >= INFOS_PER_TURN && state.lines.get(&line).starts_with(b"INFO") {
                state.lines.put_back(&line);
                state.behind = true;
                self.waiting.insert(conn);
                self.first = self.first.or(Some(conn));
                break;
            }
            (ended, self.dirty) = (true, true);
            state.share(self.turns).lines += 1;
            if self.shutting_down {
                refuse(state, &self.rejected, Reason::Shutdown, "shutdown in progress");
                state.closing = true;
                break;
            }
            let call = Call {
                engine: &mut self.engine,
                limits: &self.limits,
                memory_full: self.memory.is_full(),
                now,
                conn,
                ticket: state.ticket(conn.0),
                leases: state.leases,
                scratch: &mut self.scratch,
                rejected: &self.rejected,
                deeds: &mut self.deeds,
            };
            let (verb, asked) = run_line(state, call, &line, self.inquiries.len() < INQUIRIES_MAX);
            if let Some((ticket, inquiry)) = asked {
                self.next_action += 1;
                let running = Running::begin(ticket, inquiry, &self.reader);
                self.inquiries.insert(self.next_action, running);
            }
            self.command_count += u64::from(verb.is_some());
            if verb == Some(Verb::Info) {
                self.infos += 1 + (self.listed / 1_000) as u32;
                state.share(self.turns).lines = LINES_PER_TURN;
            }
        }
        if !state.out.is_empty() || state.closing || state.eof {
            self.ready.push(conn);
            self.dirty = true;
        }
        self.buffered -= before - state.lines.len();
        let (before, deadline) = state.time_line(now.boot.after(self.limits.line_timeout), ended);
        self.deadlines.replace(conn, before, deadline);
    }
}

/// What the engine is to be asked, and for which command.
type Asked = (Ticket, Box<dyn Inquiry>);

/// Runs one line; says which command it named, and what the engine is to be asked for it.
fn run_line<E: Engine>(
    state: &mut Conn,
    mut call: Call<'_, E>,
    line: &Range<usize>,
    may_ask: bool,
) -> (Option<Verb>, Option<Asked>) {
    let mut asked = None;
    let (outcome, verb) = verb::run(&mut call, state.lines.get(line));
    match outcome {
        Outcome::Submitted(progress, form) => {
            state.blocked = (progress == Progress::Open).then_some(Blocked::Fetch);
            state.pending.push_back(Pending::Waiting(call.ticket, form));
        }
        Outcome::Asked(inquiry) if may_ask => {
            state.blocked = Some(Blocked::Inquiry);
            state.pending.push_back(Pending::Waiting(call.ticket, Form::Plain));
            asked = Some((call.ticket, inquiry));
        }
        Outcome::Asked(_) => {
            call.deeds.remove(&call.ticket);
            let text = "too many commands of this kind at once; try again";
            refuse(state, call.rejected, Reason::TooManyInquiries, text);
        }
        Outcome::Refused(text) => {
            refuse(state, call.rejected, verb.map_or(Reason::UnknownCommand, Reason::Verb), &text);
        }
        Outcome::RefusedFor(reason, text) => refuse(state, call.rejected, reason, &text),
        Outcome::End => state.closing = true,
    }
    (verb, asked)
}

pub(super) fn refuse(state: &mut Conn, rejected: &Rejected, reason: Reason, text: &str) {
    rejected.count(reason);
    state.answer(|out| put_error(out, ErrorCode::Err, text));
}
