//! The server without I/O: bytes of identified connections in, bytes out.
//!
//! ```text
//!  opened, bytes, listen, eof, closed, act ► Node ──► lines ──► verbs ──► Engine::submit
//!  Output::{Write, Close, Acted}        ◄── turn ◄── replies in order ◄── Engine::poll_turn
//! ```
//!
//! The tokio shell and the simulator drive this same struct. It never waits, reads no clock and opens nothing;
//! connections reach it when they have logged in (`vestibule.rs`).

mod actions;
mod conn;
mod deadlines;
mod handle;
pub(crate) mod inquiry;
mod lines;
mod memory;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};

use bessemer_core::command::{Hello, Refusal};
use bessemer_core::query::ServerFigures;
use bessemer_core::{Boot, Command, ConnId, Event, Now, Progress, Reply, Rules, Settled, Ticket, Wall};
use bessemer_store::{Engine, Fatal};
use bessemer_web::{Pushed, Refused};

pub(crate) use self::actions::Done;
use self::actions::{Actor, count};
use self::conn::{Blocked, Conn, Pending, conn_of};
use self::deadlines::Deadlines;
use self::inquiry::Running;
use self::memory::Memory;
use crate::by_conn::ByConn;
use crate::config::Limits;
use crate::rejected::Rejected;
use crate::verb::{self, Deed, Form, Surroundings};

/// What the node wants done.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Send these bytes, after all before.
    Write { conn: ConnId, bytes: Vec<u8> },
    /// Close it when everything before has been sent.
    Close { conn: ConnId },
    /// Close it now: it has not taken what was sent, and had its time.
    Cut { conn: ConnId },
    /// An operator's action is durable, and reached this many jobs or workers; or it was refused, and nothing changed.
    Acted { token: u64, outcome: Result<u64, Refusal> },
    /// What became of each job that came by the API, or why none was looked at.
    Pushed { token: u64, outcome: Result<Vec<Pushed>, Refused> },
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

/// At least one turn in this time.
const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(1);

/// Bytes of one connection that are read in one turn, so that a large job does not either.
const BYTES_PER_TURN: usize = 256 * 1024;

/// The server without I/O.
pub struct Node<E: Engine> {
    engine: E,
    reader: E::Reader,
    limits: Limits,
    conns: ByConn<Conn>,
    /// Actions under way, and who learns what comes of them.
    actions: BTreeMap<Ticket, Actor>,
    next_action: u64,
    /// Jobs that came by the API and wait for room in the engine. As many as requests may wait (`desk.rs`).
    pushes: VecDeque<(u64, String)>,
    /// Commands that ask before they answer, by number.
    inquiries: BTreeMap<u64, Running>,
    /// Deadlines of lines that have begun and of bytes that wait.
    deadlines: Deadlines,
    /// Connections with lines that could not be handled yet: the engine had no room, or others come first.
    waiting: BTreeSet<ConnId>,
    /// Who of those was the first for whom there was nothing left: in the next turn it comes first.
    first: Option<ConnId>,
    /// Turns so far, and INFOs in this one.
    turns: u64,
    infos: u32,
    /// Queues that the last INFO listed.
    listed: usize,
    /// Connections that have sent something that nobody has looked at; some named twice, some gone by now.
    heard: Vec<ConnId>,
    /// Connections with bytes to send, or with nothing more to come; some named twice, some gone by now.
    ready: Vec<ConnId>,
    settled: Settled,
    events: Vec<Event>,
    /// What verbs of operators are about that have not settled, and what of it is done, until somebody takes it.
    deeds: BTreeMap<Ticket, Deed>,
    done: Vec<Done>,
    scratch: Vec<u8>,
    /// Bytes of unfinished lines, all connections.
    buffered: usize,
    command_count: u64,
    rejected: Arc<Rejected>,
    #[cfg(feature = "otel")]
    traces: Option<Arc<crate::telemetry::otel::Traces>>,
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
            conns: ByConn::default(),
            actions: BTreeMap::new(),
            next_action: 0,
            pushes: VecDeque::new(),
            inquiries: BTreeMap::new(),
            deadlines: Deadlines::default(),
            waiting: BTreeSet::new(),
            first: None,
            turns: 0,
            infos: 0,
            listed: 0,
            heard: Vec::new(),
            ready: Vec::new(),
            settled: Settled::default(),
            events: Vec::new(),
            deeds: BTreeMap::new(),
            done: Vec::new(),
            scratch: Vec::new(),
            buffered: 0,
            command_count: 0,
            rejected: Arc::default(),
            #[cfg(feature = "otel")]
            traces: None,
            outside: Outside::default(),
            memory: Memory::default(),
            started: now.boot,
            last_turn: now.boot,
            stall_after,
            shutting_down: false,
            dirty: false,
        }
    }

    /// A client has logged in. Its first reply, `+OK`, comes with the next turn. `conn` is new, above 0; `leases`: it wants
    /// the token of each delivery (`G9`).
    pub fn opened(&mut self, now: Now, conn: ConnId, worker: Option<Hello<'_>>, leases: bool) {
        let mut state = Conn::default();
        state.leases = leases;
        state.blocked = Some(Blocked::Entry);
        let ticket = state.ticket(conn.0);
        state.pending.push_back(Pending::Waiting(ticket, Form::Plain));
        self.conns.insert(conn, state);
        self.submit(now, ticket, Command::Connect { conn, worker });
    }

    /// A client sent bytes. [`Node::listen`] handles them, as the next turn does.
    pub fn bytes(&mut self, conn: ConnId, bytes: &[u8]) {
        let Some(state) = self.conns.get_mut(&conn).filter(|c| !c.closing) else { return };
        state.lines.push(bytes);
        state.share(self.turns).bytes += bytes.len();
        self.buffered += bytes.len();
        self.heard.push(conn);
        self.dirty = true;
    }

    /// A client will send no more: what it sent whole is answered, what it waits for is forgotten.
    pub fn eof(&mut self, now: Now, conn: ConnId) {
        self.listen(now);
        if let Some(state) = self.conns.get_mut(&conn) {
            state.eof = true;
            self.handle_lines(now, conn);
            self.ready.push(conn);
            self.dirty = true;
        }
    }

    /// A connection is gone. `sent` of its bytes had reached the kernel in all; deliveries beyond go back (`D13`).
    pub fn closed(&mut self, now: Now, conn: ConnId, sent: u64) {
        // Who says a last word and is gone has said it: an ACK ends its job all the same.
        self.listen(now);
        let Some(mut state) = self.conns.remove(&conn) else { return };
        self.deadlines.forget(conn, &state);
        self.waiting.remove(&conn);
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
        if state.behind && state.unsent() <= self.limits.unsent_max {
            // Its replies have left, or most of them: it goes on.
            self.waiting.insert(conn);
        }
        self.deadlines.replace(conn, before, deadline);
    }

    /// Whether the shell is to read from a connection: there is room for what it may send.
    pub fn wants_bytes(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|state| {
            let backlog = state.behind || state.blocked.is_some() && state.lines.len() > self.limits.line_max;
            let slow = state.unsent() > self.limits.unsent_max;
            let held = state.lines.len();
            let room = self.buffered < self.limits.buffered_max || held < self.small_share();
            let share = !state.has_read(self.turns, BYTES_PER_TURN);
            !state.closing && !state.eof && !backlog && !slow && room && share && self.engine.room() > 0
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

    /// What each connection may hold in any case: those with enormous lines fill the room of all, and the small lines of
    /// the others still pass.
    fn small_share(&self) -> usize {
        self.limits.buffered_max / (4 * self.conns.len().max(1))
    }

    /// From now on every command is refused and every connection ends; FETCHes that wait are cut (`O-11`).
    pub fn shut_down(&mut self, now: Now) {
        self.listen(now);
        self.shutting_down = true;
        self.dirty = true;
        let mut all: Vec<ConnId> = self.conns.keys().copied().collect();
        all.sort_unstable();
        for conn in all {
            self.handle_lines(now, conn);
            if let Some(state) = self.conns.get_mut(&conn) {
                state.closing = true;
                self.ready.push(conn);
            }
        }
    }

    /// The last thing that is asked of it: what was answered becomes durable where it is not yet.
    pub fn close(&mut self) -> Result<(), Fatal> {
        self.engine.close()
    }

    /// What was refused so far.
    pub fn rejected(&self) -> &Arc<Rejected> {
        &self.rejected
    }

    /// Counts what is refused from now on in this table, together with others who do.
    pub(crate) fn count_in(&mut self, rejected: Arc<Rejected>) {
        self.rejected = rejected;
    }

    /// Remembers the traces of jobs that are handed out from now on.
    #[cfg(feature = "otel")]
    pub(crate) fn trace_in(&mut self, traces: Option<Arc<crate::telemetry::otel::Traces>>) {
        self.traces = traces;
    }

    /// The server's own figures, without what was refused.
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
            rejected: BTreeMap::new(),
        }
    }

    /// What happened since this was asked last, behind what is there already.
    pub fn take_events(&mut self, out: &mut Vec<Event>) {
        out.append(&mut self.events);
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
        if self.dirty || (!(self.waiting.is_empty() && self.pushes.is_empty()) && self.engine.room() > 0) {
            return now.boot;
        }
        let deadline = self.deadlines.next();
        let heartbeat = self.last_turn.after(HEARTBEAT);
        [deadline, self.engine.next_due(now)].into_iter().flatten().fold(heartbeat, Boot::min)
    }

    /// When something is due that is no connection's.
    #[cfg(feature = "embed")]
    pub(crate) fn next_due(&self, now: Now) -> Option<Boot> {
        self.engine.next_due(now)
    }

    /// It is later than the clock had it, and nothing stood still (`embed.rs`).
    #[cfg(feature = "embed")]
    pub(crate) fn time_passed(&mut self, now: Now) {
        self.last_turn = now.boot;
    }

    /// One turn: what is due is done, everything submitted becomes durable in one flush, and the replies leave.
    /// To be called when no socket has more to read. After an error the process must end (`G14`).
    pub fn turn(&mut self, cx: &mut Context<'_>, now: Now, out: &mut Vec<Output>) -> Poll<Result<(), Fatal>> {
        if now.boot.since(self.last_turn) > self.stall_after {
            self.engine.stalled(now);
        }
        self.last_turn = now.boot;
        (self.turns, self.infos) = (self.turns + 1, 0);
        self.listen(now);
        if self.engine.next_due(now).is_some_and(|at| at <= now.boot) {
            self.submit(now, Ticket(0), Command::Due);
        }
        self.enforce_deadlines(now, out);
        self.dirty = false;
        self.inquire(cx, now);
        self.take_pushes(now, out);
        let poll = self.engine.poll_turn(cx, now, &mut self.settled);
        if let Poll::Ready(Err(_)) = poll {
            return poll;
        }
        self.events.append(&mut self.settled.events);
        let mut replies = std::mem::take(&mut self.settled.replies);
        for (ticket, reply) in replies.drain(..) {
            self.settle(now, ticket, reply, out);
        }
        self.settled.replies = replies;
        self.inquire(cx, now);
        self.go_on(now);
        self.flush(out);
        poll
    }

    fn submit(&mut self, now: Now, ticket: Ticket, command: Command<'_>) -> Progress {
        self.dirty = true;
        self.engine.submit(now, ticket, command)
    }

    /// A command has settled: its reply is written, or, if its client is gone, undone.
    fn settle(&mut self, now: Now, ticket: Ticket, reply: Reply, out: &mut Vec<Output>) {
        if let Some(actor) = self.actions.remove(&ticket) {
            return self.settle_action(actor, reply, out);
        }
        self.tell(ticket, (!matches!(reply, Reply::Refused(_))).then(|| count(&reply)));
        let conn = ConnId(conn_of(ticket));
        if let Reply::Info(info) = &reply {
            self.listed = info.queues.len();
        }
        let figures = self.figures_if(now, &reply);
        let around = Surroundings { now, figures, rejected: &self.rejected };
        let delivery = if let Reply::Job(job) = &reply { Some(job.delivery) } else { None };
        #[cfg(feature = "otel")]
        if let (Some(traces), Reply::Job(job)) = (&self.traces, &reply) {
            traces.note(job.body.bytes());
        }
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
        self.ready.push(conn);
    }

    /// The figures, where a reply shows them.
    fn figures_if(&self, now: Now, reply: &Reply) -> ServerFigures {
        if let Reply::Info(_) = reply {
            ServerFigures { rejected: self.rejected.table(), ..self.figures(now) }
        } else {
            ServerFigures::default()
        }
    }

    /// Hands out what may leave, and says goodbye to connections that have nothing more to come.
    fn flush(&mut self, out: &mut Vec<Output>) {
        self.ready.sort_unstable();
        self.ready.dedup();
        for conn in self.ready.drain(..) {
            let Some(state) = self.conns.get_mut(&conn) else { continue };
            if !state.out.is_empty() {
                out.push(Output::Write { conn, bytes: state.take_out() });
            }
            // A FETCH that still waits is cut: nobody will read its job. In a shutdown so is an inquiry.
            let cut =
                state.blocked == Some(Blocked::Fetch) || (state.blocked.is_some() && self.shutting_down);
            let idle = state.pending.is_empty() || (cut && state.pending.len() == 1);
            if (state.closing || state.eof && !state.behind) && idle {
                state.closing = true;
                out.push(Output::Close { conn });
            }
        }
    }
}
