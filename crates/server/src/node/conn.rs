//! One identified connection: lines that wait, replies that wait, and what the kernel has taken.

use std::collections::VecDeque;

use bessemer_core::{Boot, Delivery, Ticket};

use super::lines::Lines;
use crate::verb::Form;

/// A reply that has its place, written or not.
#[derive(Debug)]
pub(super) enum Pending {
    /// Held back until its command has settled.
    Waiting(Ticket, Form),
    /// Known, but behind one that waits.
    Ready(Vec<u8>),
}

/// A command whose outcome decides what the next one meets (rule `H-05`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocked {
    /// The HELLO: who is one worker too many has none of its commands done.
    Entry,
    /// A FETCH that waits. Nobody needs its job when the client leaves.
    Fetch,
    /// An inquiry: it is answered, also to a client that sends no more.
    Inquiry,
}

/// What one connection had of one turn.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Share {
    turn: u64,
    pub(super) lines: u32,
    pub(super) bytes: usize,
}

/// The state of one connection.
#[derive(Debug, Default)]
pub(super) struct Conn {
    pub(super) lines: Lines,
    /// Replies leave in the order of their commands (rule `H-05`).
    pub(super) pending: VecDeque<Pending>,
    /// What the commands behind it have to wait for.
    pub(super) blocked: Option<Blocked>,
    /// No more lines are read; the connection closes when its replies have left.
    pub(super) closing: bool,
    /// The client will send no more.
    pub(super) eof: bool,
    /// The client wants the token of each delivery (`G9`).
    pub(super) leases: bool,
    /// There may be whole lines that have to wait for another turn.
    pub(super) behind: bool,
    /// What it had of a turn.
    share: Share,
    /// Replies in order, ready to leave.
    pub(super) out: Vec<u8>,
    /// Bytes given to the shell, and bytes that the kernel has taken of them.
    produced: u64,
    sent: u64,
    /// Deliveries whose reply may still be in our hands: where it ends (`D13`).
    handed: VecDeque<(u64, Delivery)>,
    /// When a started line must have ended.
    pub(super) line_deadline: Option<Boot>,
    /// When bytes that wait must have moved on.
    pub(super) write_deadline: Option<Boot>,
    next_ticket: u32,
}

/// Tickets carry their connection: its number above, the command's below. Bits of the latter.
const TICKET_BITS: u32 = 24;

/// The ticket of a connection's `number`-th command; numbers come round, long after their replies have left.
pub(super) fn ticket(conn: u64, number: u64) -> Ticket {
    Ticket(conn << TICKET_BITS | number & ((1 << TICKET_BITS) - 1))
}

/// The connection of a ticket.
pub(super) fn conn_of(ticket: Ticket) -> u64 {
    ticket.0 >> TICKET_BITS
}

impl Conn {
    /// A ticket for the next command.
    pub(super) fn ticket(&mut self, conn: u64) -> Ticket {
        self.next_ticket = self.next_ticket.wrapping_add(1);
        ticket(conn, self.next_ticket.into())
    }

    /// What it had of this turn.
    pub(super) fn share(&mut self, turn: u64) -> &mut Share {
        if self.share.turn != turn {
            self.share = Share { turn, ..Share::default() };
        }
        &mut self.share
    }

    /// Whether it had all of this turn that it may read.
    pub(super) fn has_read(&self, turn: u64, max: usize) -> bool {
        self.share.turn == turn && self.share.bytes >= max
    }

    /// A reply that needs no engine takes its place behind those that wait.
    pub(super) fn answer(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.pending.is_empty() {
            return write(&mut self.out);
        }
        let mut bytes = Vec::new();
        write(&mut bytes);
        self.pending.push_back(Pending::Ready(bytes));
    }

    /// A line that has begun must end by its deadline, `fresh` for one that begins now. Gives the deadline before and
    /// after. Each line has its own time: a client may always be in the midst of one.
    pub(super) fn time_line(&mut self, fresh: Boot, ended: bool) -> (Option<Boot>, Option<Boot>) {
        let begun = self.line_deadline.filter(|_| !ended);
        let partial = self.lines.is_partial() && self.blocked.is_none() && !self.closing && !self.behind;
        let deadline = partial.then(|| begun.unwrap_or(fresh));
        (std::mem::replace(&mut self.line_deadline, deadline), deadline)
    }

    /// Takes the form of the reply that has settled. Commands of one connection settle in their order.
    pub(super) fn settle(&mut self, ticket: Ticket) -> Option<Form> {
        match self.pending.pop_front() {
            Some(Pending::Waiting(waiting, form)) => {
                assert_eq!(waiting, ticket, "commands of one connection settle in their order");
                // What blocks is the last of them: what settles before it does not end its wait.
                self.blocked = self.blocked.filter(|_| !self.pending.is_empty());
                Some(form)
            }
            Some(Pending::Ready(_)) => unreachable!("a reply that is ready does not wait at the front"),
            None => None,
        }
    }

    /// Whether this command's reply is the next to leave.
    pub(super) fn is_next(&self, ticket: Ticket) -> bool {
        matches!(self.pending.front(), Some(Pending::Waiting(waiting, _)) if *waiting == ticket)
    }

    /// What was behind the reply that has just been written, and waits no longer.
    pub(super) fn release(&mut self) {
        while let Some(Pending::Ready(bytes)) = self.pending.front() {
            self.out.extend_from_slice(bytes);
            self.pending.pop_front();
        }
    }

    /// The reply at the end of `out` carries a delivery.
    pub(super) fn carries(&mut self, delivery: Delivery) {
        self.handed.push_back((self.produced + self.out.len() as u64, delivery));
    }

    /// Hands out what is ready to leave.
    pub(super) fn take_out(&mut self) -> Vec<u8> {
        self.produced += self.out.len() as u64;
        std::mem::take(&mut self.out)
    }

    /// The kernel has taken this many bytes in all; says whether it has taken any since.
    pub(super) fn sent(&mut self, total: u64) -> bool {
        let moved = total > std::mem::replace(&mut self.sent, total);
        while self.handed.front().is_some_and(|(end, _)| *end <= total) {
            self.handed.pop_front();
        }
        moved
    }

    /// Bytes that the kernel has not taken yet.
    pub(super) fn unsent(&self) -> usize {
        (self.produced - self.sent) as usize + self.out.len()
    }

    /// Deliveries whose reply did not reach the kernel whole.
    pub(super) fn undelivered(&mut self) -> impl Iterator<Item = Delivery> + '_ {
        self.handed.drain(..).map(|(_, delivery)| delivery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_reply_ends_the_wait_of_a_fetch_h05() {
        let mut conn = Conn { blocked: Some(Blocked::Fetch), ..Conn::default() };
        let (ack, fetch) = (conn.ticket(1), conn.ticket(1));
        conn.pending.extend([ack, fetch].map(|ticket| Pending::Waiting(ticket, Form::Plain)));
        assert!(conn.settle(ack).is_some() && conn.blocked.is_some());
        assert!(conn.settle(fetch).is_some() && conn.blocked.is_none());
    }
}
