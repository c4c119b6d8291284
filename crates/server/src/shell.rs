//! Tokio around the node: the engine's thread.
//!
//! One task per connection reads; one loop turns. The loop yields before each turn, so that every socket which is ready
//! has been read by then: while the disk flushes, the next group gathers by itself. What it lacks of those who are about
//! to come back (`rhythm.rs`) is waited for, for a moment.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::Duration;

use bessemer_core::command::{Hello, Refusal};
use bessemer_core::cron::Ran;
use bessemer_core::fact::Ending;
use bessemer_core::query::ServerFigures;
use bessemer_core::{Boot, ConnId, Event, Now};
use bessemer_protocol::handshake;
use bessemer_protocol::text::shown;
use bessemer_store::{Engine, Fatal};
use bessemer_web::Operated;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{AbortHandle, spawn_local};

use crate::by_conn::ByConn;
use crate::clock::{self, Clock};
use crate::desk::{Errand, Gauges, LastWord, Outcome};
use crate::node::{Done, Node, Output};
use crate::rhythm::Rhythm;
use crate::tls::{Inflow, Session};
use crate::verb::Deed;
use crate::vestibule::{Arrival, Place};

/// Bytes read from one socket at once.
const READ_MAX: usize = 64 * 1024;

/// A moment in which those who are about to come back are waited for: with it all of ten connections share a flush, where
/// seven or eight did. It costs some 10 µs of processor time, and a flush 70: in relaxed mode, where turns are shorter,
/// it would cost more than it saves.
const NAP: Duration = Duration::from_micros(40);

/// Gathering may take this long though the last turn was shorter, as in relaxed mode: there it makes groups of nine where
/// they were of five, with ten connections.
const GATHER_MIN: Duration = Duration::from_micros(100);

/// What reaches the engine's thread from outside.
pub(crate) struct Doors {
    pub(crate) arrivals: mpsc::Receiver<Arrival>,
    pub(crate) errands: mpsc::Receiver<Errand>,
    pub(crate) gauges: Arc<Gauges>,
    /// Rung once when the server is to stop.
    pub(crate) stop: Arc<Notify>,
    pub(crate) last_word: LastWord,
    /// What operators do by their verbs, for the audit log.
    pub(crate) operated: mpsc::Sender<Operated>,
}

/// Serves until `stop` is rung, then lets everybody go; or until the engine fails.
pub(crate) async fn run<E: Engine + 'static>(node: Node<E>, clock: Clock, doors: Doors) -> Result<(), Fatal> {
    let Doors { mut arrivals, mut errands, gauges, stop, last_word, operated } = doors;
    let hall = Rc::new(Hall::new(node, clock, gauges, operated));
    let mut leave_by: Option<tokio::time::Instant> = None;
    let (mut leaving, mut last_word) = (false, Box::pin(last_word.wait()));
    let mut alarm = Box::pin(tokio::time::sleep(Duration::ZERO));
    loop {
        let now = hall.now();
        let wake_at = hall.node(|node| node.wake_at(now));
        let wait = wake_at.since(now.boot);
        if wait.is_zero() {
            // The timer would take a millisecond over it.
            hall.ring();
        } else {
            wind(alarm.as_mut(), wait);
        }
        // Every way leads to a turn. The bell, which never rests under load, comes behind what is rare.
        tokio::select! {
            biased;
            () = stop.notified(), if leave_by.is_none() => {
                let patience = hall.node(|node| node.limits().shutdown_timeout);
                leave_by = Some(tokio::time::Instant::now() + patience);
                hall.node(|node| node.shut_down(hall.now()));
            }
            Some(arrival) = arrivals.recv(), if leave_by.is_none() => hall.open(arrival),
            Some(errand) = errands.recv() => hall.act(errand),
            () = last_word.as_mut(), if leaving => return hall.node(Node::close),
            () = hall.bell.0.notified() => {}
            () = alarm.as_mut() => {}
        }
        hall.gather().await;
        hall.turn()?;
        leaving |= leave_by.is_some_and(|by| hall.is_idle() || tokio::time::Instant::now() >= by);
    }
}

/// Rung by whatever wants a turn.
struct Bell(Notify);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// Sets the alarm that wakes the loop when something is due. It is one timer for life that is only moved forward: to arm
/// one costs a system call where it is the next to go off. It may go off early, as what was due may be gone; a turn more
/// does no harm.
fn wind(mut alarm: Pin<&mut tokio::time::Sleep>, wait: Duration) {
    let at = tokio::time::Instant::now() + wait;
    if at < alarm.deadline() || alarm.is_elapsed() {
        alarm.as_mut().reset(at);
    }
}

/// Ends the process when it is dropped by a panic (`G24`): replay is the way back to a whole state.
struct EndOnPanic;

impl Drop for EndOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("a panic on the engine's thread; ending the process");
            std::process::abort();
        }
    }
}

/// The TLS of a connection: its reader opens with it, its writer seals.
type Shared = Rc<RefCell<Session>>;

/// The other end of a connection.
struct Peer {
    write: Rc<OwnedWriteHalf>,
    /// None: bytes travel as they are.
    session: Option<Shared>,
    /// Bytes that the kernel would not take at once, sealed if there is a session.
    backlog: VecDeque<u8>,
    /// Bytes that it took in all.
    sent: u64,
    /// As the audit log names it.
    who: Who,
    /// Closes when the backlog is gone.
    leaving: bool,
    reader: AbortHandle,
    /// Sends the backlog, and holds the socket as long as it waits for the kernel.
    drainer: Option<AbortHandle>,
    /// Free again when the connection is gone.
    _place: Place,
}

/// A client, as the audit log names it.
#[derive(Clone)]
struct Who {
    name: String,
    role: &'static str,
    address: IpAddr,
}

/// The address of a client that was gone before anybody asked for it.
const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

impl Who {
    fn of(hello: &handshake::Hello, address: IpAddr) -> Self {
        let name = match (&*hello.wid, &*hello.hostname) {
            ("", "") => "anonymous".to_owned(),
            ("", host) => host.to_owned(),
            (wid, "") => wid.to_owned(),
            (wid, host) => format!("{wid} ({host})"),
        };
        // Who knows the password may do everything, as on the pages.
        let role = if hello.pwdhash.is_empty() { "open" } else { "admin" };
        Self { name, role, address }
    }

    fn gone() -> Self {
        Self { name: "somebody who has left".into(), role: "open", address: NOWHERE }
    }
}

impl Peer {
    /// Bytes of replies that the kernel took.
    fn sent(&self) -> u64 {
        self.session.as_ref().map_or(self.sent, |session| session.borrow_mut().carried(self.sent))
    }
}

/// Everything on the engine's thread.
struct Hall<E: Engine> {
    node: RefCell<Node<E>>,
    clock: Clock,
    gauges: Arc<Gauges>,
    peers: RefCell<ByConn<Peer>>,
    next_conn: Cell<u64>,
    /// When nothing was left to read; see [`Now::heard`].
    heard: Cell<Boot>,
    /// Reads so far.
    reads: Cell<u64>,
    /// Who is about to be read again.
    rhythm: RefCell<Rhythm>,
    /// How long the last turn took.
    last_turn: Cell<Duration>,
    /// The longest turn since somebody asked.
    longest: Cell<Duration>,
    memory_full: Cell<bool>,
    scratch: RefCell<Box<[u8]>>,
    outputs: RefCell<Vec<Output>>,
    /// What happened, until somebody has taken it who is not waited for.
    events: RefCell<Vec<Event>>,
    operated: mpsc::Sender<Operated>,
    errands: RefCell<BTreeMap<u64, oneshot::Sender<Result<u64, Refusal>>>>,
    pushes: RefCell<BTreeMap<u64, oneshot::Sender<Outcome>>>,
    bell: Arc<Bell>,
    /// Rung after every turn, for readers that were told to wait.
    turned: Notify,
}

impl<E: Engine + 'static> Hall<E> {
    fn new(node: Node<E>, clock: Clock, gauges: Arc<Gauges>, operated: mpsc::Sender<Operated>) -> Self {
        let heard = clock.now(None).boot;
        Self {
            node: RefCell::new(node),
            clock,
            gauges,
            peers: RefCell::default(),
            next_conn: Cell::new(1),
            heard: Cell::new(heard),
            reads: Cell::new(0),
            rhythm: RefCell::default(),
            last_turn: Cell::new(Duration::ZERO),
            longest: Cell::default(),
            memory_full: Cell::default(),
            scratch: RefCell::new(vec![0; READ_MAX].into()),
            outputs: RefCell::default(),
            events: RefCell::default(),
            operated,
            errands: RefCell::default(),
            pushes: RefCell::default(),
            bell: Arc::new(Bell(Notify::new())),
            turned: Notify::new(),
        }
    }

    /// The node. A panic inside it may leave it half changed, so it ends the process; tokio would go on with the
    /// next task.
    fn node<R>(&self, use_it: impl FnOnce(&mut Node<E>) -> R) -> R {
        let _guard = EndOnPanic;
        use_it(&mut self.node.borrow_mut())
    }

    fn now(&self) -> Now {
        self.clock.now(Some(self.heard.get()))
    }

    fn ring(&self) {
        self.bell.0.notify_one();
    }

    /// Reads whoever is ready to be read, and goes on as long as that brings more or somebody is about to come back:
    /// the more commands share a flush, the less each pays for it. It hardly takes longer than the last turn did, so
    /// nobody waits for much more than two.
    async fn gather(&self) {
        let begun = clock::boot();
        let last_turn = self.last_turn.get();
        let mut may_nap = last_turn > NAP;
        loop {
            let before = self.reads.get();
            tokio::task::yield_now().await;
            let took = clock::boot().since(begun);
            if took >= last_turn.max(GATHER_MIN) || !self.node(|node| node.has_room()) {
                return;
            }
            if self.reads.get() == before {
                if !may_nap || !self.rhythm.borrow().expects_more() {
                    return;
                }
                clock::nap(NAP);
                // One that brings nobody is the last.
                may_nap = false;
            } else {
                may_nap = last_turn > NAP;
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.peers.borrow().is_empty()
    }

    /// A client that has logged in.
    fn open(self: &Rc<Self>, arrival: Arrival) {
        let Arrival { stream, session, hello, leftover, place } = arrival;
        let stream = match TcpStream::from_std(stream) {
            Ok(stream) => stream,
            Err(e) => return tracing::warn!("failed to take over a connection: {e}"),
        };
        let conn = ConnId(self.next_conn.replace(self.next_conn.get() + 1));
        let who = Who::of(&hello, stream.peer_addr().map_or(NOWHERE, |address| address.ip().to_canonical()));
        let (read, write) = stream.into_split();
        let session = session.map(|tls| Rc::new(RefCell::new(Session::new(tls))));
        let labels: Vec<&str> = hello.labels.iter().map(String::as_str).collect();
        let worker = hello.is_worker().then(|| Hello {
            wid: &hello.wid,
            hostname: &hello.hostname,
            pid: hello.pid.unwrap_or(0).into(),
            labels: &labels,
            rss_kb: hello.rss_kb,
        });
        self.node(|node| {
            node.opened(self.now(), conn, worker);
            node.bytes(self.now(), conn, &leftover);
        });
        let reader = spawn_local(self.clone().read(conn, read, session.clone())).abort_handle();
        let (write, backlog) = (Rc::new(write), VecDeque::new());
        let peer = Peer {
            write,
            session,
            who,
            backlog,
            sent: 0,
            leaving: false,
            reader,
            drainer: None,
            _place: place,
        };
        self.peers.borrow_mut().insert(conn, peer);
        self.gauges.connections.store(self.peers.borrow().len() as u64, Ordering::Relaxed);
    }

    /// Whoever asked may have stopped waiting; what is done stays done.
    fn act(&self, errand: Errand) {
        match errand {
            Errand::Act(action, reply) => {
                let token = self.next_conn.replace(self.next_conn.get() + 1);
                self.errands.borrow_mut().insert(token, reply);
                self.node(|node| node.act(self.now(), token, &action));
            }
            Errand::Push(text, reply) => {
                let token = self.next_conn.replace(self.next_conn.get() + 1);
                self.pushes.borrow_mut().insert(token, reply);
                self.node(|node| node.push(token, text));
            }
            Errand::Change(anew, done) => {
                let (limits, rules) = *anew;
                self.node(|node| node.change(limits, rules));
                _ = done.send(());
            }
            Errand::Describe(reply) => _ = reply.send(self.describe()),
            #[cfg(feature = "embed")]
            Errand::Advance(by, reply) => _ = reply.send(self.advance(by)),
        }
    }

    /// Moves the clock, see [`Errand::Advance`]. The loop did not stand still meanwhile: everybody is judged as if it
    /// had turned all the time.
    #[cfg(feature = "embed")]
    fn advance(&self, by: Duration) -> Option<Duration> {
        let now = self.clock.now(None);
        let next = self.node(|node| node.next_due(now));
        if next.is_some_and(|at| at <= now.boot) {
            return None;
        }
        let by = next.map_or(by, |at| by.min(at.since(now.boot)));
        self.clock.advance(by);
        let now = self.clock.now(None);
        self.heard.set(now.boot);
        self.node(|node| node.time_passed(now));
        Some(by)
    }

    /// What goes on, for an operator (rule `O-09`). The longest turn is that of the time since this was asked last.
    fn describe(&self) -> String {
        let peers = self.peers.borrow();
        let sealed = peers.values().filter(|peer| peer.session.is_some()).count();
        let unsent: usize = peers.values().map(|peer| peer.backlog.len()).sum();
        let (buffered, fetching) = self.node(|node| node.held());
        let jobs = self.node(|node| node.engine().jobs());
        let longest = self.longest.take();
        format!(
            "{} connections, {sealed} of them with TLS; {fetching} wait in FETCH; {buffered} bytes of unfinished lines; \
             {unsent} bytes not taken by clients; {jobs} jobs; the longest turn took {:.1} ms",
            peers.len(),
            longest.as_secs_f64() * 1e3
        )
    }

    /// Reads one connection until it ends.
    async fn read(self: Rc<Self>, conn: ConnId, mut read: OwnedReadHalf, session: Option<Shared>) {
        // What came behind the HELLO may be sealed still.
        if let Some(session) = &session
            && !self.goes_on(conn, self.open_sealed(conn, session, &[]))
        {
            return;
        }
        loop {
            while !self.node(|node| node.wants_bytes(conn)) {
                self.turned.notified().await;
            }
            let more = poll_fn(|cx| self.poll_read(cx, conn, &mut read, session.as_ref())).await;
            if !self.goes_on(conn, more) {
                return;
            }
        }
    }

    /// Whether there is more to be read behind what was read.
    fn goes_on(&self, conn: ConnId, more: std::io::Result<bool>) -> bool {
        match more {
            Ok(true) => self.ring(),
            Ok(false) => {
                self.node(|node| node.eof(self.now(), conn));
                self.ring();
            }
            Err(_) => self.close(conn),
        }
        matches!(more, Ok(true))
    }

    /// Reads what is there and gives it to the node; `false` at the end.
    fn poll_read(
        self: &Rc<Self>,
        cx: &mut Context<'_>,
        conn: ConnId,
        read: &mut OwnedReadHalf,
        session: Option<&Shared>,
    ) -> Poll<std::io::Result<bool>> {
        let mut scratch = self.scratch.borrow_mut();
        let mut buf = ReadBuf::new(&mut scratch);
        ready!(Pin::new(read).poll_read(cx, &mut buf))?;
        self.reads.set(self.reads.get() + 1);
        self.rhythm.borrow_mut().asked(conn);
        if buf.filled().is_empty() {
            return Poll::Ready(Ok(false));
        }
        match session {
            None => self.node(|node| node.bytes(self.now(), conn, buf.filled())),
            Some(session) => return Poll::Ready(self.open_sealed(conn, session, buf.filled())),
        }
        Poll::Ready(Ok(true))
    }

    /// Gives to the node what is in sealed bytes; `false` at the end.
    fn open_sealed(self: &Rc<Self>, conn: ConnId, session: &Shared, arrived: &[u8]) -> std::io::Result<bool> {
        let hand_on = |plain: &[u8]| self.node(|node| node.bytes(self.now(), conn, plain));
        let inflow = session.borrow_mut().open(arrived, hand_on);
        // Keys may change, and what is wrong is told.
        if session.borrow().has_a_word() {
            self.send(self.now(), conn, &[], Session::take);
        }
        inflow.map(|inflow| inflow == Inflow::Open).map_err(std::io::Error::other)
    }

    /// One turn, and what it wants done.
    fn turn(self: &Rc<Self>) -> Result<(), Fatal> {
        let now = self.clock.now(None);
        self.heard.set(now.boot);
        let waker: Waker = self.bell.clone().into();
        let mut outputs = self.outputs.take();
        let poll = self.node(|node| node.turn(&mut Context::from_waker(&waker), now, &mut outputs));
        if let Poll::Ready(result) = poll {
            result?;
        }
        // Read after the flush: what the disk took is not taken from a client's time.
        let flushed = self.now();
        self.last_turn.set(flushed.boot.since(now.boot));
        self.gauges.turn_times.count(self.last_turn.get());
        self.longest.set(self.longest.get().max(self.last_turn.get()));
        self.rhythm.borrow_mut().turn();
        for output in outputs.drain(..) {
            match output {
                Output::Write { conn, bytes } => {
                    self.rhythm.borrow_mut().answered(conn);
                    self.write(flushed, conn, &bytes);
                }
                Output::Close { conn } => self.leave(conn),
                Output::Cut { conn } => self.close(conn),
                Output::Acted { token, outcome } => {
                    if let Some(reply) = self.errands.borrow_mut().remove(&token) {
                        // Whoever asked may have stopped waiting; what was done stays done.
                        _ = reply.send(outcome);
                    }
                }
                Output::Pushed { token, outcome } => {
                    if let Some(reply) = self.pushes.borrow_mut().remove(&token) {
                        _ = reply.send(outcome);
                    }
                }
            }
        }
        self.outputs.replace(outputs);
        self.tell_operated();
        self.node(|node| {
            node.look_outside(self.gauges.outside());
            let figures = node.figures(now);
            self.gauges.publish(&figures);
            let mut events = self.events.borrow_mut();
            let before = events.len();
            node.take_events(&mut events);
            events[before..].iter().for_each(report);
            self.gauges.watch.take(&mut events);
            if self.memory_full.replace(figures.memory_full) != figures.memory_full {
                report_memory(&figures, node.limits().memory_high_water);
            }
        });
        self.turned.notify_waiters();
        Ok(())
    }

    /// Has it taken down what operators have done by their verbs. Nobody's reply waits for that.
    fn tell_operated(&self) {
        for Done { conn, deed: Deed { action, object, .. }, count } in self.node(Node::take_done) {
            let peers = self.peers.borrow();
            // Whoever has sent it may be gone.
            let Who { name, role, address } =
                peers.get(&conn).map_or_else(Who::gone, |peer| peer.who.clone());
            let operated = Operated { who: name, role, address, action, object, count };
            if let Err(refused) = self.operated.try_send(operated) {
                let Operated { who, action, object, count, .. } = refused.into_inner();
                tracing::warn!(
                    "too much at once for the audit log: {}: {action} {}, {count}",
                    shown(&who),
                    shown(&object)
                );
            }
        }
    }

    /// Sends what the kernel takes now; the rest follows when it takes more.
    fn write(self: &Rc<Self>, now: Now, conn: ConnId, bytes: &[u8]) {
        self.send(now, conn, bytes, |session, out| session.seal(bytes, out));
    }

    /// The same, with what is to be sent where there is a session.
    fn send(
        self: &Rc<Self>,
        now: Now,
        conn: ConnId,
        plain: &[u8],
        seal: impl FnOnce(&mut Session, &mut Vec<u8>),
    ) {
        let mut peers = self.peers.borrow_mut();
        let Some(peer) = peers.get_mut(&conn) else { return };
        let waiting = !peer.backlog.is_empty();
        let mut sealed = Vec::new();
        let bytes = match &peer.session {
            None => plain,
            Some(session) => {
                seal(&mut session.borrow_mut(), &mut sealed);
                &sealed
            }
        };
        let mut rest = bytes;
        while !waiting && !rest.is_empty() {
            match peer.write.try_write(rest) {
                Ok(n) => {
                    peer.sent += n as u64;
                    rest = &rest[n..];
                }
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    drop(peers);
                    return self.close(conn);
                }
            }
        }
        peer.backlog.extend(rest);
        let sent = peer.sent();
        if !waiting && !peer.backlog.is_empty() {
            let drain = self.clone().drain(conn, peer.write.clone());
            peer.drainer = Some(spawn_local(drain).abort_handle());
        }
        drop(peers);
        self.node(|node| node.sent(now, conn, sent));
    }

    /// Sends a backlog as the kernel takes it.
    async fn drain(self: Rc<Self>, conn: ConnId, write: Rc<OwnedWriteHalf>) {
        while write.writable().await.is_ok() {
            let mut peers = self.peers.borrow_mut();
            let Some(peer) = peers.get_mut(&conn) else { return };
            match write.try_write(peer.backlog.as_slices().0) {
                Ok(n) => {
                    peer.backlog.drain(..n);
                    peer.sent += n as u64;
                }
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => continue,
                Err(_) => break,
            }
            let (sent, done, leaving) = (peer.sent(), peer.backlog.is_empty(), peer.leaving);
            if done {
                // Who read slowly once does not keep the room for it.
                peer.backlog = VecDeque::new();
            }
            drop(peers);
            self.node(|node| node.sent(self.now(), conn, sent));
            if done {
                return if leaving {
                    self.close(conn);
                };
            }
        }
        self.close(conn);
    }

    /// Closes a connection when everything before has been sent.
    fn leave(self: &Rc<Self>, conn: ConnId) {
        let sealed = self.peers.borrow().get(&conn).is_some_and(|peer| peer.session.is_some());
        if sealed {
            self.send(self.now(), conn, &[], Session::farewell);
        }
        let waits = self.peers.borrow_mut().get_mut(&conn).is_some_and(|peer| {
            peer.leaving = true;
            !peer.backlog.is_empty()
        });
        if !waits {
            self.close(conn);
        }
    }

    fn close(&self, conn: ConnId) {
        let Some(peer) = self.peers.borrow_mut().remove(&conn) else { return };
        self.rhythm.borrow_mut().left(conn);
        peer.reader.abort();
        peer.drainer.iter().for_each(AbortHandle::abort);
        self.node(|node| node.closed(self.now(), conn, peer.sent()));
        self.ring();
    }
}

/// Says that producers are refused for want of memory, or no longer (`G17`).
fn report_memory(figures: &ServerFigures, high_water: u64) {
    let (used, mark) = (figures.used_memory_mb, high_water >> 20);
    if figures.memory_full {
        tracing::warn!(
            "memory is short: the process holds {used} MiB, and {mark} MiB is the limit; no jobs are accepted"
        );
    } else {
        tracing::info!("there is memory again: jobs are accepted");
    }
}

/// What an operator finds in the log of the things that happened. Job contents are never in it.
fn report(event: &Event) {
    match event {
        Event::WorkerLost { wid, jobs } => tracing::warn!("worker {wid} is lost; jobs taken back: {jobs}"),
        Event::Discarded { id, why: Ending::Expired } => tracing::debug!("job {:x} has expired", id.0),
        Event::Discarded { id, why } => tracing::warn!("job {:x} is discarded: {why:?}", id.0),
        Event::Died { id, poison: true } => {
            tracing::warn!("job {:x} is dead: it lost its workers too often", id.0);
        }
        Event::Died { id, .. } => tracing::debug!("job {:x} is dead", id.0),
        Event::Expired { id } => tracing::info!("the reservation of job {:x} expired", id.0),
        Event::Cron { id, tick, ran: Ran::Refused, note, again: false, .. } => {
            tracing::warn!("cron {id}: the job of {} is refused: {note}", tick.rfc3339());
        }
        Event::Cron { id, tick, ticks, ran: Ran::Skipped(_), .. } => {
            tracing::warn!("cron {id}: ticks that were missed: {ticks}, the last of them {}", tick.rfc3339());
        }
        Event::Cron { id, tick, ran, .. } => {
            tracing::debug!("cron {id}: the job of {} is {}", tick.rfc3339(), ran.as_str());
        }
        Event::Attempt(_) | Event::Counted { .. } | Event::Flushed => {}
    }
}
