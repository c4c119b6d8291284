//! The server without I/O: bytes of identified connections in, bytes out.
//!
//! ```text
//!  opened, bytes, eof, closed, act, due ──► Node ──► lines ──► verbs ──► Engine::submit
//!  Output::{Write, Close, Acted}        ◄── turn ◄── replies in order ◄── Engine::poll_turn
//! ```
//!
//! The tokio shell and the simulator drive this same struct. It never waits, reads no clock and opens nothing;
//! connections reach it when they have logged in (`vestibule.rs`).

mod conn;
pub(crate) mod inquiry;
mod lines;
mod memory;

use std::collections::{BTreeMap, BTreeSet};
use std::task::{Context, Poll};

use bessemer_core::command::Hello;
use bessemer_core::query::ServerFigures;
use bessemer_core::{
    Action, Boot, Command, ConnId, Event, Now, Progress, Reply, Rules, Settled, Ticket, Wall,
};
use bessemer_protocol::resp::put_error;
use bessemer_protocol::response::ErrorCode;
use bessemer_store::{Engine, Fatal};

use self::conn::{Blocked, Conn, Pending, conn_of};
use self::inquiry::{INQUIRIES_MAX, Running};
use self::lines::Next;
use self::memory::Memory;
use crate::config::Limits;
use crate::verb::{self, Call, Form, Outcome, Surroundings};

/// What the node wants done.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Send these bytes, after all before.
    Write { conn: ConnId, bytes: Vec<u8> },
    /// Close it when everything before has been sent.
    Close { conn: ConnId },
    /// Close it now: it has not taken what was sent, and had its time.
    Cut { conn: ConnId },
    /// An operator's action is durable, and reached this many jobs or workers.
    Acted { token: u64, count: u64 },
}

/// Who wanted an action.
#[derive(Clone, Copy)]
enum Actor {
    /// A page; this is its token.
    Desk(u64),
    /// The inquiry with this number.
    Inquiry(u64),
}

/// What the process knows of itself; shown by INFO, and a reason to refuse producers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Resident memory.
    pub used_memory_mb: u64,
    /// Configurations that were refused at a reload.
    pub reloads_refused: u64,
    /// The last moment at which the certificate of TLS is valid.
    pub certificate_until: Option<Wall>,
}

/// The connection number that stands for operators' actions in tickets.
const DESK: u64 = 0;

/// At least one turn in this time.
const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(1);

/// The server without I/O.
pub struct Node<E: Engine> {
    engine: E,
    reader: E::Reader,
    limits: Limits,
    conns: BTreeMap<ConnId, Conn>,
    /// Actions under way, and who learns what comes of them.
    actions: BTreeMap<Ticket, Actor>,
    next_action: u64,
    /// Commands that ask before they answer, by number.
    inquiries: BTreeMap<u64, Running>,
    /// Deadlines of lines that have begun and of bytes that wait.
    deadlines: BTreeSet<(Boot, ConnId)>,
    /// Connections with lines that could not be handled yet, because the engine had no room.
    waiting: BTreeSet<ConnId>,
    /// Connections with bytes to send, or with nothing more to come.
    ready: BTreeSet<ConnId>,
    settled: Settled,
    events: Vec<Event>,
    scratch: Vec<u8>,
    /// Bytes of unfinished lines, all connections.
    buffered: usize,
    command_count: u64,
    outside: Outside,
    memory: Memory,
    started: Boot,
    /// When the last turn began: a long way from one to the next is a stall (`D9`).
    last_turn: Boot,
    /// See [`bessemer_core::Rules::stall`].
    stall_after: std::time::Duration,
    shutting_down: bool,
    /// Something was submitted since the last turn.
    dirty: bool,
}

impl<E: Engine> Node<E> {
    /// A server around an engine that has recovered; nobody is connected.
    pub fn new(mut engine: E, limits: Limits, stall_after: std::time::Duration, now: Now) -> Self {
        // The clocks of absent parties start when the port listens.
        engine.stalled(now);
        Self {
            reader: engine.reader(),
            engine,
            limits,
            conns: BTreeMap::new(),
            actions: BTreeMap::new(),
            next_action: 0,
            inquiries: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            waiting: BTreeSet::new(),
            ready: BTreeSet::new(),
            settled: Settled::default(),
            events: Vec::new(),
            scratch: Vec::new(),
            buffered: 0,
            command_count: 0,
            outside: Outside::default(),
            memory: Memory::default(),
            started: now.boot,
            last_turn: now.boot,
            stall_after,
            shutting_down: false,
            dirty: false,
        }
    }

    /// A client has logged in. Its first reply, `+OK`, comes with the next turn. `conn` is new, above 0.
    pub fn opened(&mut self, now: Now, conn: ConnId, worker: Option<Hello<'_>>) {
        let mut state = Conn::default();
        let ticket = state.ticket(conn.0);
        state.pending.push_back(Pending::Waiting(ticket, Form::Plain));
        self.conns.insert(conn, state);
        self.submit(now, ticket, Command::Connect { conn, worker });
    }

    /// A client sent bytes.
    pub fn bytes(&mut self, now: Now, conn: ConnId, bytes: &[u8]) {
        let Some(state) = self.conns.get_mut(&conn).filter(|c| !c.closing) else { return };
        state.lines.push(bytes);
        self.buffered += bytes.len();
        self.handle_lines(now, conn);
    }

    /// A client will send no more: what it sent whole is answered, what it waits for is forgotten.
    pub fn eof(&mut self, now: Now, conn: ConnId) {
        if let Some(state) = self.conns.get_mut(&conn) {
            state.eof = true;
            self.handle_lines(now, conn);
            self.ready.insert(conn);
            self.dirty = true;
        }
    }

    /// A connection is gone. `sent` of its bytes had reached the kernel in all; deliveries beyond go back (`D13`).
    pub fn closed(&mut self, now: Now, conn: ConnId, sent: u64) {
        let Some(mut state) = self.conns.remove(&conn) else { return };
        self.forget_deadlines(conn, &state);
        self.waiting.remove(&conn);
        self.ready.remove(&conn);
        self.buffered -= state.lines.len();
        state.sent(sent);
        self.submit(now, Ticket(0), Command::Disconnect { conn });
        for delivery in state.undelivered() {
            self.submit(now, Ticket(0), Command::Undelivered { delivery });
        }
    }

    /// The kernel has taken `total` bytes of a connection, counted from its start.
    pub fn sent(&mut self, now: Now, conn: ConnId, total: u64) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let moved = state.sent(total);
        // Bytes that join those which do not move have no time of their own.
        let waits =
            state.write_deadline.filter(|_| !moved).unwrap_or(now.boot.after(self.limits.write_timeout));
        let deadline = (state.unsent() > 0).then_some(waits);
        let before = std::mem::replace(&mut state.write_deadline, deadline);
        self.move_deadline(conn, before, deadline);
    }

    /// An operator acts; [`Output::Acted`] with this token follows when it is durable.
    pub fn act(&mut self, now: Now, token: u64, action: &Action) {
        self.submit_action(now, Actor::Desk(token), action);
    }

    fn submit_action(&mut self, now: Now, actor: Actor, action: &Action) {
        self.next_action += 1;
        let ticket = conn::ticket(DESK, self.next_action);
        self.actions.insert(ticket, actor);
        action.command(|command| self.submit(now, ticket, command));
    }

    /// Whether the shell is to read from a connection: there is room for what it may send.
    pub fn wants_bytes(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|state| {
            let backlog = state.blocked.is_some() && state.lines.len() > bessemer_protocol::limits::LINE_MAX;
            let slow = state.unsent() > self.limits.unsent_max;
            let room = self.buffered < self.limits.buffered_max || !state.lines.is_partial();
            !state.closing && !state.eof && !backlog && !slow && room && self.engine.room() > 0
        })
    }

    /// Whether more commands fit before the next turn.
    pub fn has_room(&self) -> bool {
        self.engine.room() > 0
    }

    /// The process around the node has looked at itself.
    pub fn look_outside(&mut self, outside: Outside) {
        self.outside = outside;
        let used = outside.used_memory_mb << 20;
        self.memory.look(used, self.engine.jobs(), self.limits.memory_high_water);
    }

    /// From now on every command is refused and every connection ends; FETCHes that wait are cut (`O-11`).
    pub fn shut_down(&mut self, now: Now) {
        self.shutting_down = true;
        self.dirty = true;
        let all: Vec<ConnId> = self.conns.keys().copied().collect();
        for conn in all {
            self.handle_lines(now, conn);
            if let Some(state) = self.conns.get_mut(&conn) {
                state.closing = true;
                self.ready.insert(conn);
            }
        }
    }

    /// The last thing that is asked of it: what was answered becomes durable where it is not yet.
    pub fn close(&mut self) -> Result<(), Fatal> {
        self.engine.close()
    }

    /// The server's own figures.
    pub fn figures(&self, now: Now) -> ServerFigures {
        ServerFigures {
            uptime_s: now.boot.since(self.started).as_secs(),
            connections: self.conns.len() as u64,
            command_count: self.command_count,
            used_memory_mb: self.outside.used_memory_mb,
            condition: self.engine.condition(),
            memory_full: self.memory.is_full(),
            reloads_refused: self.outside.reloads_refused,
            certificate_until: self.outside.certificate_until,
        }
    }

    /// Commands under way that ask the engine before they answer.
    pub fn inquiries(&self) -> usize {
        self.inquiries.len()
    }

    /// What happened since this was asked last.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// An operator has set limits and rules anew. What has begun keeps the time that it was given.
    pub fn change(&mut self, limits: Limits, rules: Rules) {
        self.limits = limits;
        self.stall_after = rules.stall;
        self.engine.change_rules(rules);
    }

    /// Bytes of unfinished lines, and FETCHes that wait: for an operator who wonders what goes on.
    pub fn held(&self) -> (usize, usize) {
        (self.buffered, self.conns.values().filter(|state| state.blocked == Some(Blocked::Fetch)).count())
    }

    /// The limits that connections are held to.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The engine, for its reader and for tests.
    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// When the next turn is due if nothing is read until then; never later than a second after the last one, so
    /// that a stepped clock is noticed and a stall can be told from an idle hour.
    pub fn wake_at(&self, now: Now) -> Boot {
        // Without room those that wait are not helped by a turn: the engine says when it has some again.
        if self.dirty || (!self.waiting.is_empty() && self.engine.room() > 0) {
            return now.boot;
        }
        let deadline = self.deadlines.first().map(|(at, _)| *at);
        let heartbeat = self.last_turn.after(HEARTBEAT);
        [deadline, self.engine.next_due(now)].into_iter().flatten().fold(heartbeat, Boot::min)
    }

    /// One turn: what is due is done, everything submitted becomes durable in one flush, and the replies leave.
    /// To be called when no socket has more to read. After an error the process must end (`G14`).
    pub fn turn(&mut self, cx: &mut Context<'_>, now: Now, out: &mut Vec<Output>) -> Poll<Result<(), Fatal>> {
        if now.boot.since(self.last_turn) > self.stall_after {
            self.engine.stalled(now);
        }
        self.last_turn = now.boot;
        if self.engine.next_due(now).is_some_and(|at| at <= now.boot) {
            self.submit(now, Ticket(0), Command::Due);
        }
        self.enforce_deadlines(now, out);
        self.dirty = false;
        self.inquire(cx, now);
        let poll = self.engine.poll_turn(cx, now, &mut self.settled);
        if let Poll::Ready(Err(_)) = poll {
            return poll;
        }
        self.events.append(&mut self.settled.events);
        for (ticket, reply) in std::mem::take(&mut self.settled.replies) {
            self.settle(now, ticket, reply, out);
        }
        self.inquire(cx, now);
        for conn in std::mem::take(&mut self.waiting).into_iter().chain(self.ready.clone()) {
            self.handle_lines(now, conn);
        }
        self.flush(out);
        poll
    }

    /// Lets the inquiries go on as far as they can, and hands in their replies.
    fn inquire(&mut self, cx: &mut Context<'_>, now: Now) {
        for (number, mut running) in std::mem::take(&mut self.inquiries) {
            while running.poll(cx, now, &self.reader) {
                self.dirty = true;
            }
            if self.engine.room() > 0
                && let Some(action) = running.action()
            {
                self.submit_action(now, Actor::Inquiry(number), &action);
            }
            if !self.hand_in(&running) {
                self.inquiries.insert(number, running);
            }
        }
    }

    /// Answers an inquiry that is done, once its connection has come to it; `true`: there is nothing more to do.
    fn hand_in(&mut self, running: &Running) -> bool {
        let Some(reply) = running.reply() else { return false };
        let conn = ConnId(conn_of(running.ticket));
        let Some(state) = self.conns.get_mut(&conn) else { return true };
        if !state.is_next(running.ticket) {
            return false;
        }
        state.settle(running.ticket);
        state.out.extend_from_slice(reply);
        state.release();
        self.ready.insert(conn);
        self.dirty = true;
        true
    }

    fn submit(&mut self, now: Now, ticket: Ticket, command: Command<'_>) -> Progress {
        self.dirty = true;
        self.engine.submit(now, ticket, command)
    }

    /// Runs the whole lines of a connection, up to a FETCH that waits or as far as the engine has room.
    fn handle_lines(&mut self, now: Now, conn: ConnId) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let before = state.lines.len();
        let mut ended = false;
        while state.blocked.is_none() && !state.closing {
            if self.engine.room() == 0 {
                self.waiting.insert(conn);
                break;
            }
            let next = state.lines.next();
            ended |= next != Next::Partial;
            match next {
                Next::Partial => break,
                Next::TooLong(overlong) => refuse(state, &overlong.to_string()),
                Next::Hopeless(overlong) => {
                    refuse(state, &overlong.to_string());
                    state.closing = true;
                }
                Next::Line(_) if self.shutting_down => {
                    refuse(state, "shutdown in progress");
                    state.closing = true;
                }
                Next::Line(range) => {
                    let ticket = state.ticket(conn.0);
                    let mut call = Call {
                        engine: &mut self.engine,
                        limits: &self.limits,
                        memory_full: self.memory.is_full(),
                        now,
                        conn,
                        ticket,
                        scratch: &mut self.scratch,
                    };
                    let (outcome, known) = verb::run(&mut call, state.lines.get(range));
                    self.command_count += u64::from(known);
                    match outcome {
                        Outcome::Submitted(progress, form) => {
                            state.blocked = (progress == Progress::Open).then_some(Blocked::Fetch);
                            state.pending.push_back(Pending::Waiting(ticket, form));
                        }
                        Outcome::Asked(_) if self.inquiries.len() >= INQUIRIES_MAX => {
                            refuse(state, "too many commands of this kind at once; try again");
                        }
                        Outcome::Asked(inquiry) => {
                            state.blocked = Some(Blocked::Inquiry);
                            state.pending.push_back(Pending::Waiting(ticket, Form::Plain));
                            self.next_action += 1;
                            let running = Running::begin(ticket, inquiry, &self.reader);
                            self.inquiries.insert(self.next_action, running);
                        }
                        Outcome::Refused(text) => refuse(state, &text),
                        Outcome::End => state.closing = true,
                    }
                    self.dirty = true;
                }
            }
        }
        if !state.out.is_empty() || state.closing {
            self.ready.insert(conn);
            self.dirty = true;
        }
        self.buffered -= before - state.lines.len();
        let partial = state.lines.is_partial() && state.blocked.is_none() && !state.closing;
        // Each line has its own time: a client may always be in the midst of one.
        let begun = state.line_deadline.filter(|_| !ended);
        let deadline = partial.then(|| begun.unwrap_or(now.boot.after(self.limits.line_timeout)));
        let before = std::mem::replace(&mut state.line_deadline, deadline);
        self.move_deadline(conn, before, deadline);
    }

    /// A command has settled: its reply is written, or, if its client is gone, undone.
    fn settle(&mut self, now: Now, ticket: Ticket, reply: Reply, out: &mut Vec<Output>) {
        if let Some(actor) = self.actions.remove(&ticket) {
            let count = if let Reply::Count(count) = reply { count } else { 0 };
            match actor {
                Actor::Desk(token) => out.push(Output::Acted { token, count }),
                Actor::Inquiry(number) => {
                    if let Some(running) = self.inquiries.get_mut(&number) {
                        running.acted(count, &self.reader);
                    }
                }
            }
            return;
        }
        let conn = ConnId(conn_of(ticket));
        let around = Surroundings { now, figures: self.figures_if(now, &reply) };
        let delivery = if let Reply::Job(job) = &reply { Some(job.delivery) } else { None };
        let Some((state, form)) =
            self.conns.get_mut(&conn).and_then(|s| s.settle(ticket).map(|form| (s, form)))
        else {
            if let Some(delivery) = delivery {
                self.submit(now, Ticket(0), Command::Undelivered { delivery });
            }
            return;
        };
        let refused_entry =
            matches!(reply, Reply::Refused(bessemer_core::command::Refusal::TooManyWorkers(_)));
        verb::respond(reply, form, &around, &mut state.out);
        state.closing |= refused_entry;
        if let Some(delivery) = delivery {
            state.carries(delivery);
        }
        state.release();
        self.ready.insert(conn);
    }

    /// The figures, where a reply shows them.
    fn figures_if(&self, now: Now, reply: &Reply) -> ServerFigures {
        if let Reply::Info(_) = reply { self.figures(now) } else { ServerFigures::default() }
    }

    /// Hands out what may leave, and says goodbye to connections that have nothing more to come.
    fn flush(&mut self, out: &mut Vec<Output>) {
        for conn in std::mem::take(&mut self.ready) {
            let Some(state) = self.conns.get_mut(&conn) else { continue };
            if !state.out.is_empty() {
                out.push(Output::Write { conn, bytes: state.take_out() });
            }
            // A FETCH that still waits is cut: nobody will read its job. In a shutdown so is an inquiry.
            let cut =
                state.blocked == Some(Blocked::Fetch) || (state.blocked.is_some() && self.shutting_down);
            let idle = state.pending.is_empty() || (cut && state.pending.len() == 1);
            if (state.closing || state.eof) && idle {
                state.closing = true;
                out.push(Output::Close { conn });
            }
        }
    }

    /// A client that does not finish its line, or does not take its replies, is let go.
    fn enforce_deadlines(&mut self, now: Now, out: &mut Vec<Output>) {
        while let Some((at, conn)) = self.deadlines.first().copied().filter(|(at, _)| *at <= now.boot) {
            self.deadlines.remove(&(at, conn));
            if let Some(state) = self.conns.get_mut(&conn) {
                state.closing = true;
                state.pending.clear();
                let late = state.write_deadline == Some(at);
                out.push(if late { Output::Cut { conn } } else { Output::Close { conn } });
            }
        }
    }

    fn move_deadline(&mut self, conn: ConnId, before: Option<Boot>, after: Option<Boot>) {
        if before == after {
            return;
        }
        if let Some(at) = before {
            self.deadlines.remove(&(at, conn));
        }
        if let Some(at) = after {
            self.deadlines.insert((at, conn));
        }
    }

    fn forget_deadlines(&mut self, conn: ConnId, state: &Conn) {
        for at in [state.line_deadline, state.write_deadline].into_iter().flatten() {
            self.deadlines.remove(&(at, conn));
        }
    }
}

fn refuse(state: &mut Conn, text: &str) {
    state.answer(|out| put_error(out, ErrorCode::Err, text));
}
