//! Tokio around the node: the engine's thread.
//!
//! One task per connection reads; one loop turns. The loop yields before each turn, so that every socket which is ready
//! has been read by then: while the disk flushes, the next group gathers by itself. What it lacks of those who are about
//! to come back (`rhythm.rs`) is waited for, for a moment.

mod peers;
mod report;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bessemer_core::command::{Hello, Refusal};
use bessemer_core::{Boot, ConnId, Event, Now};
use bessemer_protocol::text::shown;
use bessemer_store::{Engine, Fatal};
use bessemer_web::Operated;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::spawn_local;

use self::peers::{NOWHERE, Peer, Who};
use self::report::{report, report_memory};
use crate::by_conn::ByConn;
use crate::clock::{self, Clock};
use crate::desk::{ERRANDS_MAX, Errand, Gauges, LastWord, Outcome};
use crate::node::{Done, Node, Output};
use crate::rhythm::Rhythm;
use crate::tls::Session;
use crate::verb::Deed;
use crate::vestibule::Arrival;

/// Bytes read from one socket at once.
const READ_MAX: usize = 64 * 1024;

/// A moment in which those who are about to come back are waited for: with it all of ten connections share a flush, where
/// seven or eight did. It costs some 10 µs of processor time, and a flush 70: in relaxed mode, where turns are shorter,
/// it would cost more than it saves.
const NAP: Duration = Duration::from_micros(40);

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
            Some(errand) = errands.recv() => hall.run_errands(errand, &mut errands),
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
    /// nobody waits for much more than two. In relaxed mode turns are short, and so is this: who works on a few at a time
    /// keeps its clients busy meanwhile, and to wake up one that sleeps costs more than a turn.
    async fn gather(&self) {
        let begun = clock::boot();
        let last_turn = self.last_turn.get();
        let mut may_nap = last_turn > NAP;
        loop {
            let before = self.reads.get();
            tokio::task::yield_now().await;
            self.node(|node| node.listen(self.now()));
            let took = clock::boot().since(begun);
            if took >= last_turn || !self.node(|node| node.has_room()) {
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
            node.opened(self.now(), conn, worker, hello.wants_leases());
            node.bytes(conn, &leftover);
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

    /// Those that are small share a turn, and its flush.
    fn run_errands(&self, first: Errand, waiting: &mut mpsc::Receiver<Errand>) {
        let mut errand = first;
        for _ in 1..ERRANDS_MAX {
            if !errand.is_small() {
                break;
            }
            self.act(errand);
            let Ok(next) = waiting.try_recv() else { return };
            errand = next;
        }
        self.act(errand);
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
}
