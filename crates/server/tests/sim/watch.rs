//! Between the node and the engine: hands every command to both the engine and the reference, and compares what they
//! say. Most planted bugs sit here, too.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bessemer_core::command::{Asks, Push, Stage, TrackDeed};
use bessemer_core::edit::Edit;
use bessemer_core::query::Condition;
use bessemer_core::{Boot, Command, ConnId, JobId, Now, Progress, Reply, Rules, Settled, Ticket};
use bessemer_store::embedded::{Embedded, EmbeddedReader};
use bessemer_store::{Engine, Fatal};

use super::bug::Bug;
use super::chance::Chance;
use super::compare;
use super::disk::SomeDisk;
use super::model::{Durable, Expected, Model};
use super::plant;

/// What outlives the engine: the reference, and what is certainly on the disk.
#[derive(Debug)]
pub(crate) struct Witness {
    pub(crate) model: Model,
    /// As of the last flush that returned.
    pub(crate) flushed: Durable,
    /// The jid of every job that was ever durable.
    pub(crate) jids: BTreeMap<JobId, Rc<str>>,
    /// The last flush failed: nobody knows.
    pub(crate) in_doubt: bool,
    pub(crate) bug: Option<Bug>,
    pub(crate) chance: Chance,
    /// Replies that a planted bug has let out already.
    early: BTreeSet<Ticket>,
    /// Replies that a planted bug has got too early, and jobs that it has pushed beforehand.
    pub(crate) torn: Vec<(Ticket, Reply)>,
    beforehand: BTreeMap<Ticket, usize>,
    /// Jobs whose bodies the engine reads first, and the turns that this has taken.
    cold: BTreeMap<Ticket, u32>,
    changed: bool,
    turns: u64,
}

/// Turns that a body may take to be read: asked for in one, there in the next, unless others are read before it.
const COLD_MAX: u32 = 8;

impl Witness {
    pub(crate) fn new(model: Model, bug: Option<Bug>, seed: u64) -> Self {
        Self {
            flushed: model.durable.clone(),
            model,
            jids: BTreeMap::new(),
            in_doubt: false,
            bug,
            chance: Chance::new(seed ^ 0xb06),
            early: BTreeSet::new(),
            torn: Vec::new(),
            beforehand: BTreeMap::new(),
            cold: BTreeMap::new(),
            changed: false,
            turns: 0,
        }
    }

    /// The server starts again with what its disk has.
    pub(crate) fn recover(&mut self, engine: &Embedded<SomeDisk>, now: Now) -> Result<(), String> {
        let before = std::mem::take(&mut self.model.durable);
        let machine = engine.machine();
        machine.check()?;
        let found = match compare::state(&self.flushed, machine, now) {
            Ok(()) => self.flushed.clone(),
            Err(_) if self.in_doubt && compare::state(&before, machine, now).is_ok() => before,
            Err(error) => return Err(format!("after recovery: {error}")),
        };
        self.model.recover(found, now);
        self.flushed = self.model.durable.clone();
        self.in_doubt = false;
        self.early.clear();
        self.torn.clear();
        self.cold.clear();
        Ok(())
    }
}

/// The ticket of commands that a planted bug gives.
pub(crate) const OWN: Ticket = Ticket(u64::MAX);

/// The engine under watch.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) engine: Embedded<SomeDisk>,
    pub(crate) witness: Rc<RefCell<Witness>>,
    /// Bytes of the engine's room that nobody may use.
    pub(crate) less_room: usize,
}

impl Engine for Watched {
    type Reader = EmbeddedReader;

    fn submit(&mut self, now: Now, ticket: Ticket, command: Command<'_>) -> Progress {
        let mut witness = self.witness.borrow_mut();
        let forgotten = matches!(
            (witness.bug, &command),
            (Some(Bug::ForgetsDisconnect), Command::Disconnect { .. })
                | (Some(Bug::ForgetsUndelivered), Command::Undelivered { .. })
        );
        if forgotten {
            return Progress::Decided;
        }
        let progress = match witness.bug {
            Some(bug) => below(bug, &mut witness, &mut self.engine, now, ticket, command),
            None => self.engine.submit(now, ticket, command),
        };
        witness.changed |= !matches!(command, Command::Info | Command::Beat { .. } | Command::Connect { .. });
        let waits = witness.model.apply(now, ticket, command, self.engine.machine());
        let reads = matches!(witness.model.expected.get(&ticket), Some(Expected::Job { .. }));
        if waits != (progress == Progress::Open) && !(reads && progress == Progress::Open) {
            witness.model.complain(|| format!("a command is {progress:?}: {command:?}"));
        }
        progress
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>, now: Now, out: &mut Settled) -> Poll<Result<(), Fatal>> {
        let mut witness = self.witness.borrow_mut();
        if witness.bug == Some(Bug::AnswersBeforeFlush) && witness.chance.one_in(4) {
            let done = witness.model.expected.iter().filter(|(_, e)| **e == Expected::Done).map(|(t, _)| *t);
            let done: Vec<Ticket> = done.filter(|ticket| !witness.early.contains(ticket)).collect();
            out.replies.extend(done.iter().map(|ticket| (*ticket, Reply::Done)));
            witness.early.extend(done);
            return Poll::Ready(Ok(()));
        }
        let from = out.replies.len();
        let poll = self.engine.poll_turn(cx, now, out);
        mend(&mut witness, &mut out.replies);
        match poll {
            Poll::Ready(Ok(())) => {
                settled(&mut witness, &out.replies[from..]);
                witness.flush(&self.engine, now);
            }
            Poll::Ready(Err(_)) => witness.in_doubt = true,
            Poll::Pending => witness.model.complain(|| "the embedded engine is always ready".into()),
        }
        above(&mut witness, &mut out.replies);
        poll
    }

    fn room(&self) -> usize {
        self.engine.room().saturating_sub(self.less_room)
    }

    fn next_due(&self, now: Now) -> Option<Boot> {
        let due = self.engine.next_due(now);
        let witness = self.witness.borrow();
        let late = witness.bug == Some(Bug::OverslepsDue) && witness.turns % 64 < 16;
        due.map(|at| if late { Boot(at.0 + 30_000_000) } else { at })
    }

    fn stalled(&mut self, now: Now) {
        let mut witness = self.witness.borrow_mut();
        if witness.bug != Some(Bug::ForgetsStall) {
            self.engine.stalled(now);
            witness.model.stalled(now);
        }
    }

    fn change_rules(&mut self, rules: Rules) {
        self.engine.change_rules(rules);
    }

    fn close(&mut self) -> Result<(), Fatal> {
        self.engine.close()
    }

    fn condition(&self) -> Condition {
        self.engine.condition()
    }

    fn jobs(&self) -> usize {
        self.engine.jobs()
    }

    fn reader(&self) -> EmbeddedReader {
        self.engine.reader()
    }
}

impl Witness {
    /// Whether the engine reads for somebody, and wants a turn for it.
    pub(crate) fn is_reading(&self) -> bool {
        !self.cold.is_empty()
    }

    /// The flush has returned: what was is durable now.
    fn flush(&mut self, engine: &Embedded<SomeDisk>, now: Now) {
        self.turns += 1;
        let whole = engine.machine().check();
        if let Err(error) = whole.and_then(|()| compare::tokens(&self.model, engine.machine(), now)) {
            self.model.complain(|| error);
        }
        let cold = std::mem::take(&mut self.cold);
        for (ticket, expected) in &self.model.expected {
            let turns = cold.get(ticket).map_or(1, |turns| turns + 1);
            if matches!(expected, Expected::Job { .. }) && turns <= COLD_MAX {
                self.cold.insert(*ticket, turns);
            } else {
                let what = format!("{ticket:?} has no reply; expected {expected:?}");
                return self.model.complain(|| what);
            }
        }
        if std::mem::take(&mut self.changed) {
            self.flushed.clone_from(&self.model.durable);
            self.jids.extend(self.flushed.jobs.iter().map(|(id, job)| (*id, job.jid.clone())));
            if (self.turns.is_multiple_of(8) || self.flushed.jobs.len() < 12)
                && let Err(error) = compare::state(&self.flushed, engine.machine(), now)
            {
                self.model.complain(|| error);
            }
        }
    }
}

/// Compares what the engine answered with what the reference expects.
fn settled(witness: &mut Witness, replies: &[(Ticket, Reply)]) {
    for (ticket, reply) in replies {
        let Some(expected) = witness.model.expected.remove(ticket) else {
            witness.model.complain(|| format!("{ticket:?} is answered without having been asked: {reply:?}"));
            continue;
        };
        if !compare::reply(&expected, reply) {
            witness.model.complain(|| format!("{ticket:?} is answered {reply:?}; expected {expected:?}"));
        }
        if let (Expected::Job { id, number, conn, .. }, Reply::Job(job)) = (&expected, reply) {
            witness.model.handed(job.delivery, *id, *number, *conn);
        }
    }
}

/// What planted bugs asked for themselves is nobody's reply.
fn mend(witness: &mut Witness, replies: &mut Vec<(Ticket, Reply)>) {
    replies.retain(|(ticket, _)| *ticket != OWN);
    replies.splice(0..0, std::mem::take(&mut witness.torn));
    for (ticket, reply) in replies {
        if let (Some(more), Reply::Pushed(outcomes)) = (witness.beforehand.remove(ticket), reply) {
            outcomes.extend((0..more).map(|_| Ok(())));
        }
    }
}

/// Bugs on the way back to the node.
fn above(witness: &mut Witness, replies: &mut Vec<(Ticket, Reply)>) {
    replies.retain(|(ticket, _)| !witness.early.remove(ticket));
    match witness.bug {
        Some(Bug::SwapsReplies) if replies.len() > 1 => {
            let (first, last) = (replies[0].0, replies[replies.len() - 1].0);
            replies.last_mut().expect("there are two").0 = first;
            replies[0].0 = last;
        }
        Some(Bug::LosesReply) if witness.chance.one_in(50) => _ = replies.pop(),
        _ => {}
    }
}

/// Whether none of them can be refused.
fn asks_nothing(jobs: &[Push<'_>]) -> bool {
    jobs.iter().all(|job| job.asks == Asks::default())
}

/// Bugs of the engine.
fn below(
    bug: Bug,
    witness: &mut Witness,
    engine: &mut Embedded<SomeDisk>,
    now: Now,
    ticket: Ticket,
    command: Command<'_>,
) -> Progress {
    match (bug, command) {
        (Bug::PushesTwice, Command::Push { job }) => {
            let sent: Vec<u8> = [job.sent, &witness.chance.bits().to_le_bytes()].concat();
            engine.submit(now, ticket, Command::Push { job: Push { sent: &sent, ..job } })
        }
        (Bug::SplitsBulk, Command::PushBulk { jobs }) if jobs.len() > 1 && asks_nothing(jobs) => {
            let (first, rest) = jobs.split_at(1);
            engine.submit(now, OWN, Command::PushBulk { jobs: first });
            let mut torn = Settled::default();
            // A failure shows in the next turn again.
            _ = engine.poll_turn(&mut Context::from_waker(Waker::noop()), now, &mut torn);
            witness.torn.extend(torn.replies.into_iter().filter(|(ticket, _)| *ticket != OWN));
            witness.beforehand.insert(ticket, first.len());
            engine.submit(now, ticket, Command::PushBulk { jobs: rest })
        }
        (Bug::GrantsNoTime, Command::Track { conn, jid, deed: TrackDeed::Extend { .. } }) => {
            let deed = TrackDeed::Extend { until: now.wall };
            engine.submit(now, ticket, Command::Track { conn, jid, deed })
        }
        (Bug::EditsTextAlone, Command::Replace { edit }) => {
            engine.submit(now, ticket, Command::Replace { edit: Edit { enqueue: false, ..edit } })
        }
        (Bug::FetchesFromTheRight, Command::Fetch { conn, queues, wait }) => {
            let queues: Vec<&str> = queues.iter().rev().copied().collect();
            engine.submit(now, ticket, Command::Fetch { conn, queues: &queues, wait })
        }
        (Bug::TakesForeignAcks, Command::Ack { jid, .. }) => {
            engine.submit(now, ticket, Command::Ack { conn: ConnId(u64::MAX), jid, lease: None })
        }
        (Bug::TakesFailForAck, Command::Fail { conn, jid, .. }) => {
            engine.submit(now, ticket, Command::Ack { conn, jid, lease: None })
        }
        (Bug::SwallowsDue, Command::Due) if witness.chance.one_in(8) => Progress::Decided,
        (Bug::ReservesByWallClock, command) => {
            let boot = Boot(u64::try_from(now.wall.0).unwrap_or(0));
            engine.submit(Now { boot, heard: boot, ..now }, ticket, command)
        }
        (Bug::IgnoresQuiet, Command::Beat { conn, wid, rss_kb, .. }) => {
            engine.submit(now, ticket, Command::Beat { conn, wid, state: Some(Stage::Running), rss_kb })
        }
        (Bug::RequeuesToTail, Command::Undelivered { delivery }) => {
            let id = witness.model.stands(delivery);
            let progress = engine.submit(now, ticket, command);
            if let Some(id) = id {
                engine.submit(now, OWN, Command::Kill { jobs: &[id] });
                engine.submit(now, OWN, Command::Requeue { jobs: &[id] });
            }
            progress
        }
        (bug, command) => plant::submit(bug, witness, engine, now, ticket, command),
    }
}
