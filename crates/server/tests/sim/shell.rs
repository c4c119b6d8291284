//! The server's side of the network: the twin of the tokio shell, and the pipes that it stands on.
//!
//! It does what `src/shell/` does: reads whoever is ready, turns, writes what the kernel takes, keeps the rest, and
//! tells the node how far it came. And it looks at what passes by: each reply must be one value, each delivery must
//! arrive or be undone.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bessemer_core::command::Hello;
use bessemer_core::fact::OnLost;
use bessemer_core::query::{Answer, Page, Place};
use bessemer_core::{ConnId, Delivery, Event as Told, Query};
use bessemer_protocol::resp::{Decoded, Reply, decode};
use bessemer_server::node::Output;
use bessemer_store::Engine;

use super::bug::Bug;
use super::chance::SECOND;
use super::world::{Broken, Event, World};

/// What a client sends.
#[derive(Clone, Debug)]
pub(crate) enum Up {
    Open {
        wid: Option<String>,
        pid: i64,
        leftover: Vec<u8>,
    },
    Bytes(Vec<u8>),
    Eof,
    /// The connection is cut.
    Reset,
}

/// A connection.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    pub(crate) client: usize,
    pub(crate) up: VecDeque<(u64, Up)>,
    /// Bytes on their way to the client; `None`: the end.
    pub(crate) down: VecDeque<(u64, Option<Vec<u8>>)>,
    /// Bytes that the kernel holds for a client that does not read.
    pub(crate) in_flight: usize,
    /// The client does not read now.
    pub(crate) stuck: bool,
    /// What the server writes from now on reaches nobody.
    pub(crate) broken: bool,
    /// The client did something after which the server may hang up.
    pub(crate) excused: bool,
    pub(crate) peer: Option<Peer>,
}

/// The other end of a connection, as the shell sees it.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    wid: Option<String>,
    backlog: VecDeque<u8>,
    sent: u64,
    produced: u64,
    leaving: bool,
    reading: bool,
    /// When the client said that it sends no more.
    eof: Option<u64>,
    /// Since when the kernel has taken nothing though there is something.
    blocked_since: Option<u64>,
    /// Deliveries and where their replies end.
    handed: VecDeque<Handed>,
}

/// A delivery on its way out.
#[derive(Debug)]
struct Handed {
    end: u64,
    jid: String,
    delivery: Option<Delivery>,
}

/// What the kernel takes for a client that does not read.
const KERNEL: usize = 300;

impl World {
    /// Reads who is ready, and turns as often as the node wants to at this moment.
    pub(crate) fn serve(&mut self) -> Result<(), Broken> {
        for _ in 0..1_000 {
            if self.node.is_none() || self.frozen {
                return Ok(());
            }
            let read = self.read_all()?;
            let Some(node) = &self.node else { return Ok(()) };
            let due = self.clock.world(node.wake_at(self.idle_now())) <= self.clock.at;
            if !read && !due {
                return Ok(());
            }
            self.turn()?;
        }
        Err("the server turns and turns without getting anywhere".into())
    }

    fn read_all(&mut self) -> Result<bool, Broken> {
        let mut any = false;
        for conn in self.readable.clone() {
            any |= self.read(conn)?;
        }
        Ok(any)
    }

    fn read(&mut self, conn: u64) -> Result<bool, Broken> {
        let mut any = false;
        loop {
            let now = self.now();
            let Some(pipe) = self.pipes.get_mut(&conn) else {
                self.readable.remove(&conn);
                return Ok(any);
            };
            let Some((_, up)) = pipe.up.front().filter(|(at, _)| *at <= self.clock.at) else {
                self.readable.remove(&conn);
                return Ok(any);
            };
            let opens = matches!(up, Up::Open { .. });
            if opens && self.shutting_down {
                // Nobody is let in any more.
                self.hang_up(conn);
                continue;
            }
            let node = self.node.as_mut().expect("the server runs");
            if !opens && !pipe.peer.as_ref().is_some_and(|peer| peer.reading) {
                // Nobody reads any more; a reset is noticed by the next write.
                pipe.broken |= matches!(up, Up::Reset);
                pipe.up.pop_front();
                continue;
            }
            if !opens && !node.wants_bytes(ConnId(conn)) {
                return Ok(any);
            }
            let (_, up) = pipe.up.pop_front().expect("it was there");
            any = true;
            match up {
                Up::Open { wid, pid, leftover } => {
                    pipe.peer = Some(Peer { wid: wid.clone(), reading: true, ..Peer::default() });
                    let hello = wid.as_ref().map(|wid| Hello {
                        wid,
                        hostname: "host",
                        pid,
                        labels: &["sim"],
                        rss_kb: 1,
                    });
                    node.opened(now, ConnId(conn), hello, false);
                    node.bytes(ConnId(conn), &leftover);
                    if let Some(wid) = wid.clone() {
                        self.present.entry(wid).or_default().0 += 1;
                    }
                    self.note(|| format!("server: {conn} opened by {wid:?} pid {pid}"));
                }
                Up::Bytes(bytes) => {
                    node.bytes(ConnId(conn), &bytes);
                    self.note(|| format!("server: {conn} > {:?}", String::from_utf8_lossy(&bytes)));
                }
                Up::Eof => {
                    let peer = pipe.peer.as_mut().expect("it is open");
                    (peer.reading, peer.eof) = (false, Some(self.clock.at));
                    if self.bug != Some(Bug::ForgetsEof) {
                        node.eof(now, ConnId(conn));
                    }
                    self.note(|| format!("server: {conn} sends no more"));
                }
                Up::Reset => {
                    pipe.broken = true;
                    self.close(conn)?;
                }
            }
            self.check_model()?;
        }
    }

    fn turn(&mut self) -> Result<(), Broken> {
        if self.clock.at - self.last_turn > 5 * SECOND {
            self.grace = self.clock.at + 30 * SECOND;
            self.note(|| "server: stood still".into());
        }
        (self.heard, self.last_turn) = (self.clock.at, self.clock.at);
        let now = self.now();
        let mut outputs = Vec::new();
        let node = self.node.as_mut().expect("the server runs");
        let poll = node.turn(&mut Context::from_waker(Waker::noop()), now, &mut outputs);
        let mut told = Vec::new();
        node.take_events(&mut told);
        match poll {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(fatal)) => return self.fail(&fatal.to_string()),
            Poll::Pending => return Err("the embedded engine is always ready".into()),
        }
        self.check_model()?;
        self.told(&told)?;
        for output in outputs {
            match output {
                Output::Write { conn, bytes } => self.write(conn.0, &bytes)?,
                Output::Close { conn } => self.leave(conn.0)?,
                Output::Cut { conn } => self.close(conn.0)?,
                Output::Pushed { token, .. } => return Err(format!("nobody pushed {token}")),
                Output::Acted { token, outcome } => {
                    let most = self.acting.remove(&token);
                    if outcome.as_ref().map_or(true, |count| most.is_none_or(|most| *count > most)) {
                        return Err(format!("action {token} reached {outcome:?} of {most:?}"));
                    }
                }
            }
        }
        self.check_deliveries()?;
        self.check_absent()?;
        self.check_wake()
    }

    pub(crate) fn check_model(&self) -> Result<(), Broken> {
        self.witness.borrow().model.broken.clone().map_or(Ok(()), Err)
    }

    /// Nobody is judged during a stall, nor for a while after it or after a restart.
    fn told(&mut self, told: &[Told]) -> Result<(), Broken> {
        for event in told {
            self.note(|| format!("server: {event:?}"));
            let judged = matches!(event, Told::WorkerLost { .. } | Told::Expired { .. });
            if judged && self.clock.at < self.grace {
                return Err(format!("{event:?} within the grace of a restart or a stall"));
            }
        }
        Ok(())
    }

    /// The node must not oversleep what is due.
    fn check_wake(&self) -> Result<(), Broken> {
        let Some(node) = &self.node else { return Ok(()) };
        let now = self.idle_now();
        let due = self.witness.borrow().model.next_due(now);
        let timer = node.engine().next_due(now);
        match due {
            Some(due) if due < now.boot => Err(format!("something was due at {due:?}, now {:?}", now.boot)),
            Some(due) if node.wake_at(now) > due => Err(format!("the node sleeps beyond {due:?}")),
            _ if timer == Some(now.boot) && (node.inquiries() > 0 || self.witness.borrow().is_reading()) => {
                Ok(())
            }
            _ if timer.is_some_and(|at| {
                due.is_none_or(|due| at < due) && self.witness.borrow().model.may_bring_token(now, at)
            }) =>
            {
                Ok(())
            }
            _ if timer != due => Err(format!("the timer is set to {timer:?} and not to {due:?}")),
            _ => Ok(()),
        }
    }

    /// What the engine handed out is on its way to somebody, or undone (`D13`).
    fn check_deliveries(&mut self) -> Result<(), Broken> {
        let fresh = std::mem::take(&mut self.witness.borrow_mut().model.fresh);
        match fresh.into_iter().find(|(delivery, ..)| self.stands(*delivery)) {
            Some((_, conn, jid)) => {
                Err(format!("{jid} was handed to connection {conn:?}, which never got it"))
            }
            None => Ok(()),
        }
    }

    fn stands(&self, delivery: Delivery) -> bool {
        self.witness.borrow().model.stands(delivery).is_some()
    }

    /// Who sends no more and has all its replies is let go.
    fn check_leaving(&self) -> Result<(), Broken> {
        let late = |peer: &Peer| {
            peer.backlog.is_empty() && peer.eof.is_some_and(|at| self.clock.at > at + 10 * SECOND)
        };
        match self.pipes.iter().find(|(_, pipe)| pipe.peer.as_ref().is_some_and(late)) {
            Some((conn, _)) => Err(format!("connection {conn} sends no more and is still open")),
            None => Ok(()),
        }
    }

    /// Everybody who takes its replies has been let go (`G21`).
    pub(crate) fn check_shut_down(&self) -> Result<(), Broken> {
        let left = |pipe: &Pipe| pipe.peer.as_ref().is_some_and(|peer| peer.backlog.is_empty());
        match self.pipes.iter().find(|(_, pipe)| !self.frozen && left(pipe)) {
            Some((conn, _)) => Err(format!("connection {conn} is open ten seconds after the shutdown began")),
            None => Ok(()),
        }
    }

    /// A worker that is gone for longer than the grace has nothing in hand any more (`D4`).
    fn check_absent(&self) -> Result<(), Broken> {
        let (at, slack) = (self.clock.at, 2 * SECOND);
        if at % SECOND > SECOND / 4 || at < self.grace + slack {
            return Ok(());
        }
        self.check_leaving()?;
        let Some(node) = &self.node else { return Ok(()) };
        let machine = node.engine().engine.machine();
        let page = Page { from: 0, count: 100 };
        let Answer::Jobs(working) = machine.answer(self.idle_now(), &Query::Working { page }) else {
            return Ok(());
        };
        for view in working.jobs {
            let Place::Working { wid, .. } = &view.place else { continue };
            let gone = self
                .present
                .get(wid)
                .filter(|(links, since)| *links == 0 && at > since + 60 * SECOND + slack);
            let witness = self.witness.borrow();
            let job = &witness.model.durable.jobs[&view.id];
            if gone.is_some() && job.on_lost != Some(OnLost::Wait) {
                return Err(format!("{} is still with {wid}, who is gone since {gone:?}", job.jid));
            }
        }
        Ok(())
    }

    /// The node has replies for a client.
    fn write(&mut self, conn: u64, bytes: &[u8]) -> Result<(), Broken> {
        self.digest_bytes(bytes);
        self.note(|| format!("server: {conn} < {:?}", String::from_utf8_lossy(bytes)));
        let Some(pipe) = self.pipes.get_mut(&conn) else { return Ok(()) };
        let Some(peer) = pipe.peer.as_mut() else { return Ok(()) };
        let mut rest = bytes;
        while !rest.is_empty() {
            let (reply, used) = match decode(rest, 1 << 20) {
                Ok(Decoded::Reply(reply, used)) => (reply, used),
                other => return Err(format!("connection {conn} is sent what is no reply: {other:?}")),
            };
            peer.produced += used as u64;
            if let Reply::Bulk(body) = reply
                && let Some(jid) = jid_of(body)
            {
                let fresh = &mut self.witness.borrow_mut().model.fresh;
                let this = fresh.iter().position(|(_, to, fresh)| to.0 == conn && **fresh == *jid);
                let delivery = this.map(|this| fresh.remove(this).0);
                if delivery.is_some() {
                    self.ledger.handed_out(jid);
                }
                peer.handed.push_back(Handed { end: peer.produced, jid: jid.into(), delivery });
            }
            rest = &rest[used..];
        }
        if pipe.broken && self.chance.one_in(2) {
            return self.close(conn);
        }
        let waiting = !peer.backlog.is_empty();
        peer.backlog.extend(bytes);
        if !waiting {
            self.push_down(conn);
        }
        self.tell_sent(conn);
        Ok(())
    }

    /// The kernel takes what it has room for.
    fn push_down(&mut self, conn: u64) {
        let at = self.clock.at;
        let Some(pipe) = self.pipes.get_mut(&conn) else { return };
        let Some(peer) = pipe.peer.as_mut() else { return };
        let room = if pipe.stuck { KERNEL.saturating_sub(pipe.in_flight) } else { usize::MAX };
        let taken = peer.backlog.len().min(room);
        let mut bytes: Vec<u8> = peer.backlog.drain(..taken).collect();
        peer.sent += taken as u64;
        let blocked = !peer.backlog.is_empty();
        peer.blocked_since =
            if blocked { Some(peer.blocked_since.filter(|_| taken == 0).unwrap_or(at)) } else { None };
        if !pipe.broken {
            pipe.in_flight += taken;
            while !bytes.is_empty() {
                let cut = if self.chance.one_in(4) {
                    self.chance.between(1, bytes.len() as u64) as usize
                } else {
                    bytes.len()
                };
                let rest = bytes.split_off(cut);
                self.send_down(conn, Some(std::mem::replace(&mut bytes, rest)));
            }
        }
        if blocked {
            self.after(SECOND / 10, Event::Drain(conn));
        }
    }

    /// Bytes, or the end, go to the client.
    fn send_down(&mut self, conn: u64, bytes: Option<Vec<u8>>) {
        let delay = self.delay();
        let Some(pipe) = self.pipes.get_mut(&conn) else { return };
        let at = pipe.down.back().map_or(0, |(at, _)| *at).max(self.clock.at + delay);
        pipe.down.push_back((at, bytes));
        self.at(at, Event::Down(conn));
    }

    /// How long something is on its way.
    pub(crate) fn delay(&mut self) -> u64 {
        // In whole milliseconds, so that things arrive together.
        let most = if self.chance.one_in(20) { 400 } else { 3 };
        self.chance.below(most) * 1_000
    }

    fn tell_sent(&mut self, conn: u64) {
        if self.bug == Some(Bug::ClaimsNothingSent) {
            return;
        }
        let now = self.now();
        let sent = self.pipes.get(&conn).and_then(|pipe| pipe.peer.as_ref()).map(|peer| peer.sent);
        if let (Some(node), Some(sent)) = (&mut self.node, sent) {
            node.sent(now, ConnId(conn), sent);
        }
    }

    /// The kernel has room again, or not yet.
    pub(crate) fn drain(&mut self, conn: u64) -> Result<(), Broken> {
        if self.node.is_none() {
            return Ok(());
        }
        if self.frozen {
            self.after(SECOND / 10, Event::Drain(conn));
            return Ok(());
        }
        let Some(pipe) = self.pipes.get(&conn) else { return Ok(()) };
        let Some(peer) = &pipe.peer else { return Ok(()) };
        let before = peer.sent;
        if pipe.broken {
            return self.close(conn);
        }
        if let Some(since) = peer.blocked_since
            && self.clock.at > since.max(self.grace) + 25 * SECOND
        {
            return Err(format!("connection {conn} takes nothing since {since} and is still open"));
        }
        self.push_down(conn);
        let peer = self.pipes[&conn].peer.as_ref().expect("it was there");
        let (moved, done, leaving) = (peer.sent > before, peer.backlog.is_empty(), peer.leaving);
        if moved {
            self.tell_sent(conn);
        }
        if done && leaving {
            return self.close(conn);
        }
        Ok(())
    }

    /// Closes a connection when everything before has been sent.
    fn leave(&mut self, conn: u64) -> Result<(), Broken> {
        let Some(pipe) = self.pipes.get_mut(&conn) else { return Ok(()) };
        let Some(peer) = pipe.peer.as_mut() else { return Ok(()) };
        peer.leaving = true;
        if peer.backlog.is_empty() { self.close(conn) } else { Ok(()) }
    }

    /// The server closes a connection, and tells the node how far it came.
    fn close(&mut self, conn: u64) -> Result<(), Broken> {
        let now = self.now();
        self.readable.remove(&conn);
        let shutting_down = self.shutting_down;
        let Some(pipe) = self.pipes.get_mut(&conn) else { return Ok(()) };
        let Some(peer) = pipe.peer.take() else { return Ok(()) };
        pipe.up.clear();
        // Who reads slowly reads to the end, and then knows.
        pipe.stuck = false;
        if !pipe.excused && !pipe.broken && !shutting_down {
            return Err(format!("the server hangs up on connection {conn}, which did nothing wrong"));
        }
        // What it said before may end a delivery; that it is gone must not end one that reached it.
        self.node.as_mut().expect("the server runs").listen(now);
        let standing: Vec<bool> =
            peer.handed.iter().map(|handed| handed.delivery.is_some_and(|d| self.stands(d))).collect();
        let sent = match self.bug {
            Some(Bug::ClaimsAllSent) => u64::MAX,
            Some(Bug::ClaimsNothingSent) => 0,
            _ => peer.sent,
        };
        self.node.as_mut().expect("the server runs").closed(now, ConnId(conn), sent);
        if let Some(wid) = &peer.wid {
            let present = self.present.entry(wid.clone()).or_default();
            (present.0, present.1) = (present.0 - 1, self.clock.at);
        }
        self.note(|| format!("server: {conn} closed, {} of {} bytes sent", peer.sent, peer.produced));
        for (handed, stood) in peer.handed.iter().zip(standing) {
            let stands = handed.delivery.is_some_and(|d| self.stands(d));
            let jid = &handed.jid;
            match (handed.end <= peer.sent, stood, stands) {
                (false, _, true) => {
                    return Err(format!("{jid} never reached the kernel and is not taken back"));
                }
                (true, true, false) => return Err(format!("{jid} reached the kernel and is taken back")),
                _ => {}
            }
        }
        self.send_down(conn, None);
        Ok(())
    }
}

/// The jid of a job in a reply; the simulation writes none that needs escapes.
pub(crate) fn jid_of(body: &[u8]) -> Option<&str> {
    let body = std::str::from_utf8(body).ok()?;
    let (_, rest) = body.split_once("\"jid\":\"")?;
    rest.split_once('"').map(|(jid, _)| jid)
}
