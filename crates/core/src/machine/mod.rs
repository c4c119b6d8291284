//! The machine: the one owner of truth.

use crate::command::{Command, Reply, Ticket};
use crate::event::Event;
use crate::fact::{Fact, Facts, Span};
use crate::limits::Rules;
use crate::query::{Answer, Query};
use crate::time::{Boot, Now};

/// What came out of commands so far.
#[derive(Debug, Default)]
pub struct Settled {
    /// Replies, in the order in which they were decided.
    pub replies: Vec<(Ticket, Reply)>,
    pub events: Vec<Event>,
}

/// Whether the place of a command in the order of things is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Decided: the connection's next command may follow at once, though the reply is still held back.
    Decided,
    /// A FETCH that waits: the connection's next command has to wait too (rule `H-05`).
    Open,
}

/// All jobs, queues, sets, reservations and workers, in memory; the texts are the engine's.
#[derive(Debug)]
pub struct Machine {
    rules: Rules,
}

impl Machine {
    /// An empty machine. `key` seeds the hashes of jids and bodies; it must be the same for the life of a store, and
    /// unknown to clients.
    pub fn new(rules: Rules, key: [u64; 2]) -> Self {
        let _ = key;
        Self { rules }
    }

    /// Applies one command. Facts go to `facts` in the order in which they happened; replies and events to `out`.
    pub fn apply(&mut self, now: Now, ticket: Ticket, command: Command<'_>, facts: &mut impl Facts, out: &mut Settled) -> Progress {
        let _ = (now, ticket, command, facts, out, &self.rules);
        Progress::Decided
    }

    /// Takes a fact from the log; `span` is what [`Facts::record`] would say of it now. Facts about jobs that are
    /// unknown are ignored: their first record was freed, so they have ended.
    pub fn replay(&mut self, fact: &Fact<'_>, span: Span) {
        let _ = (fact, span);
    }

    /// The log has been replayed: queues are put in order, clocks start (`D9`).
    pub fn recovered(&mut self, now: Now) {
        let _ = now;
    }

    /// The loop stood still for longer than [`Rules::stall`]: nobody is judged for [`Rules::restart_grace`].
    pub fn stalled(&mut self, now: Now) {
        let _ = now;
    }

    /// Tells again every small record ([`Fact::Keep`]), so that the log before may be freed.
    pub fn restate(&self, facts: &mut impl Facts) {
        let _ = facts;
    }

    /// Where the bodies of all live jobs are; for counting what lives in a segment after recovery.
    pub fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        std::iter::empty()
    }

    /// When [`Command::Due`] has something to do; `None`: never, as things stand.
    pub fn next_due(&self, now: Now) -> Option<Boot> {
        let _ = now;
        None
    }

    /// Answers a query about the state as it is now; texts are [`crate::command::Text::At`].
    pub fn answer(&self, now: Now, query: &Query) -> Answer {
        let _ = (now, query);
        Answer::Missing
    }

    /// Every invariant, checked the slow way; the error says which one is broken.
    pub fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Everything durable as text in a fixed order: two machines are the same if their dumps are.
    pub fn dump(&self) -> String {
        String::new()
    }
}

/// Answers a plain refusal; used where a command needs no state.
#[allow(dead_code, reason = "the skeleton")]
fn settle(out: &mut Settled, ticket: Ticket, reply: Reply) {
    out.replies.push((ticket, reply));
}
