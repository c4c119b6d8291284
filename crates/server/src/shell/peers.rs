//! The sockets of clients that have logged in: reading what is there, and sending what the kernel takes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bessemer_core::{ConnId, Now};
use bessemer_protocol::handshake;
use bessemer_store::Engine;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::{AbortHandle, spawn_local};

use super::Hall;
use crate::tls::{Inflow, Session};
use crate::vestibule::Place;

/// The TLS of a connection: its reader opens with it, its writer seals.
pub(super) type Shared = Rc<RefCell<Session>>;

/// The other end of a connection.
pub(super) struct Peer {
    pub(super) write: Rc<OwnedWriteHalf>,
    /// None: bytes travel as they are.
    pub(super) session: Option<Shared>,
    /// Bytes that the kernel would not take at once, sealed if there is a session.
    pub(super) backlog: VecDeque<u8>,
    /// Bytes that it took in all.
    pub(super) sent: u64,
    /// As the audit log names it.
    pub(super) who: Who,
    /// Closes when the backlog is gone.
    pub(super) leaving: bool,
    pub(super) reader: AbortHandle,
    /// Sends the backlog, and holds the socket as long as it waits for the kernel.
    pub(super) drainer: Option<AbortHandle>,
    /// Free again when the connection is gone.
    pub(super) _place: Place,
}

/// A client, as the audit log names it.
#[derive(Clone)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) address: IpAddr,
}

/// The address of a client that was gone before anybody asked for it.
pub(super) const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

impl Who {
    pub(super) fn of(hello: &handshake::Hello, address: IpAddr) -> Self {
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

    pub(super) fn gone() -> Self {
        Self { name: "somebody who has left".into(), role: "open", address: NOWHERE }
    }
}

impl Peer {
    /// Bytes of replies that the kernel took.
    fn sent(&self) -> u64 {
        self.session.as_ref().map_or(self.sent, |session| session.borrow_mut().carried(self.sent))
    }
}

impl<E: Engine + 'static> Hall<E> {
    /// Reads one connection until it ends.
    pub(super) async fn read(self: Rc<Self>, conn: ConnId, mut read: OwnedReadHalf, session: Option<Shared>) {
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
            None => self.node(|node| node.bytes(conn, buf.filled())),
            Some(session) => return Poll::Ready(self.open_sealed(conn, session, buf.filled())),
        }
        Poll::Ready(Ok(true))
    }

    /// Gives to the node what is in sealed bytes; `false` at the end.
    fn open_sealed(self: &Rc<Self>, conn: ConnId, session: &Shared, arrived: &[u8]) -> std::io::Result<bool> {
        let hand_on = |plain: &[u8]| self.node(|node| node.bytes(conn, plain));
        let inflow = session.borrow_mut().open(arrived, hand_on);
        // Keys may change, and what is wrong is told.
        if session.borrow().has_a_word() {
            self.send(self.now(), conn, &[], Session::take);
        }
        inflow.map(|inflow| inflow == Inflow::Open).map_err(std::io::Error::other)
    }

    /// Sends what the kernel takes now; the rest follows when it takes more.
    pub(super) fn write(self: &Rc<Self>, now: Now, conn: ConnId, bytes: &[u8]) {
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
    pub(super) fn leave(self: &Rc<Self>, conn: ConnId) {
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

    pub(super) fn close(&self, conn: ConnId) {
        let Some(peer) = self.peers.borrow_mut().remove(&conn) else { return };
        self.rhythm.borrow_mut().left(conn);
        peer.reader.abort();
        peer.drainer.iter().for_each(AbortHandle::abort);
        self.node(|node| node.closed(self.now(), conn, peer.sent()));
        self.ring();
    }
}
