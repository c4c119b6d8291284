//! The machine: the one owner of truth.
//!
//! [`Machine::apply`] leads a command to the file that decides it: `push.rs`, `fetch.rs`, `finish.rs` (ACK, FAIL),
//! `workers.rs` (HELLO, BEAT), `operate.rs` (what operators do), `due.rs` (what time does), `kept.rs` (records that are no
//! jobs), `retell.rs` (what the log's cleaning needs). Whatever they decide they say as a [`Fact`], and `happen.rs` alone changes durable state, by facts, live and in replay alike.

mod adopt;
mod batches;
mod check;
mod counters;
mod cron;
mod deadlines;
mod due;
mod edit;
mod expiry;
mod fetch;
mod finish;
mod happen;
mod index;
mod operate;
mod parked;
mod push;
mod query;
mod queues;
mod repush;
mod reservations;
mod retell;
mod scan;
#[cfg(test)]
pub(crate) mod scenario;
mod sift;

mod jobtypes;
mod kept;
mod lanes;
mod sorted;
mod table;
mod terms;
#[cfg(test)]
mod tests;
mod throttle;
mod tick;
mod track;
mod unique;
mod workers;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use self::adopt::Life;
use self::batches::Batches;
use self::counters::Counters;
use self::cron::Crons;
use self::happen::Failed;
use self::jobtypes::JobTypes;
use self::kept::Kept;
use self::parked::Parked;
use self::queues::Queues;
use self::repush::Recent;
use self::reservations::Reservations;
use self::sorted::Sets;
use self::table::{Slot, Table};
pub use self::tick::Names;
use self::tick::Ticks;
use self::track::Tracks;
use self::unique::Keys;
use self::workers::Workers;
use crate::command::{Command, ConnId, Refusal, Reply, Stage, Ticket};
use crate::event::Event;
use crate::fact::{Facts, Order, OwnTerms, Span, Stood};
use crate::limits::{RESERVE_MAX_S, Rules};
use crate::query::Tally;
use crate::time::{Boot, Now, Wall};

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
    // Durable: changed by facts only.
    table: Table,
    types: JobTypes,
    queues: Queues,
    sets: Sets,
    reservations: Reservations,
    failures: BTreeMap<Slot, Failed>,
    losses: BTreeMap<Slot, Vec<Wall>>,
    /// Where discarded jobs stood.
    stood: BTreeMap<Slot, Stood>,
    terms: BTreeMap<Slot, OwnTerms>,
    batches: Batches,
    keys: Keys,
    /// When jobs expire that may be dropped where they stand, see `expiry.rs`.
    expiring: BTreeSet<(Wall, Slot)>,
    counters: Counters,
    recent: Recent,
    kept: Kept,
    tracks: Tracks,
    /// The order that the next job at a tail gets; heads count down from -1.
    next_tail: i64,
    next_head: i64,
    /// What is kept of cron entries, and when they tick.
    crons: Crons,
    // Volatile: forgotten by a restart.
    workers: Workers,
    parked: Parked,
    /// Only of a machine over rows.
    ticks: Ticks,
    tally: Tally,
    /// Nobody is judged before this moment (`D9`).
    no_verdict_before: Boot,
}

impl Machine {
    /// An empty machine. `key` seeds the hashes of jids and bodies; it must be the same for the life of a store, and
    /// unknown to clients.
    pub fn new(rules: Rules, key: [u64; 2]) -> Self {
        let mut machine = Self {
            rules,
            table: Table::new(key),
            types: JobTypes::default(),
            queues: Queues::default(),
            sets: Sets::default(),
            reservations: Reservations::default(),
            failures: BTreeMap::new(),
            losses: BTreeMap::new(),
            stood: BTreeMap::new(),
            terms: BTreeMap::new(),
            batches: Batches::default(),
            keys: Keys::default(),
            expiring: BTreeSet::new(),
            counters: Counters::default(),
            recent: Recent::default(),
            kept: Kept::default(),
            tracks: Tracks::default(),
            crons: Crons::default(),
            next_tail: 0,
            next_head: -1,
            workers: Workers::default(),
            parked: Parked::default(),
            ticks: Ticks::default(),
            tally: Tally::default(),
            no_verdict_before: Boot::default(),
        };
        machine.settle_throttles();
        machine
    }

    /// What an operator has set.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// An operator has set them anew. How long a push is known for a repeated one stays: the log is read by it.
    pub fn change_rules(&mut self, rules: Rules) {
        let Rules { repush_window, repush_max, .. } = self.rules;
        self.rules = Rules { repush_window, repush_max, ..rules };
        self.settle_throttles();
        self.crons.look_again();
    }

    /// Applies one command. Facts go to `facts` in the order in which they happened; replies and events to `out`.
    pub fn apply<F: Facts>(
        &mut self,
        now: Now,
        ticket: Ticket,
        command: Command<'_>,
        facts: &mut F,
        out: &mut Settled,
    ) -> Progress {
        let mut turn = Turn { now, facts, out };
        self.serve_freed(&mut turn);
        let progress = self.obey(&mut turn, ticket, command);
        self.serve_freed(&mut turn);
        progress
    }

    /// Leads a command to who decides it.
    fn obey<F: Facts>(&mut self, turn: &mut Turn<'_, F>, ticket: Ticket, command: Command<'_>) -> Progress {
        let now = turn.now;
        let reply = match command {
            Command::Connect { conn, worker } => self.connect(turn, conn, worker.as_ref()),
            Command::Disconnect { conn } => return self.disconnect(turn, conn),
            Command::Push { job } => self.push(turn, &job),
            Command::PushBulk { jobs } => self.push_bulk(turn, jobs),
            Command::Fetch { conn, queues, wait } => match self.fetch(turn, ticket, conn, queues, wait) {
                Some(reply) => reply,
                None => return Progress::Open,
            },
            Command::Ack { conn, jid, lease } => self.ack(turn, conn, (jid, lease)),
            Command::Fail { conn, jid, text, lease } => self.fail(turn, conn, (jid, lease), text),
            Command::Beat { conn, wid, state, rss_kb } => self.beat(turn, conn, wid, state, rss_kb),
            Command::Undelivered { delivery } => return self.undelivered(turn, delivery),
            Command::Info => Reply::Info(Box::new(self.info(now))),
            Command::Signal { wid, stage } => self.signal(wid, stage),
            Command::Requeue { jobs } => self.requeue(turn, jobs),
            Command::Delete { jobs } => self.delete(turn, jobs),
            Command::Discard { jobs } => self.discard(turn, jobs),
            Command::Restore { jobs } => self.restore(turn, jobs),
            Command::Kill { jobs } => self.kill(turn, jobs),
            Command::Release { jobs } => self.release(turn, jobs),
            Command::Move { jobs, queue } => self.move_to(turn, jobs, queue),
            Command::Replace { edit } => self.replace(turn, &edit),
            Command::Clear { what } => self.clear(turn, what),
            Command::Queues { deed, names } => self.operate_queues(turn, deed, names),
            Command::Keep { records } => self.keep_records(turn, records),
            Command::Track { conn, jid, deed } => self.track(turn, conn, jid, deed),
            Command::FreeKey(which) => self.free_key(turn, which),
            Command::Batch(deed) => self.batch(turn, deed),
            Command::Throttle(deed) => self.throttle(turn, deed),
            Command::Latency { names } => self.latency(turn, names),
            Command::Cron { id, deed } => self.operate_cron(turn, id, deed),
            Command::Due => return self.due(turn),
        };
        turn.out.replies.push((ticket, reply));
        Progress::Decided
    }

    /// The log has been replayed: queues are put in order, clocks start (`D9`).
    pub fn recovered(&mut self, now: Now) {
        self.table.recovered();
        self.queues.recovered(&mut self.table);
        self.queues.throttles.recovered(now.boot, self.table.seq == 0);
        self.workers.recovered(now);
        let deadlines: Vec<(Slot, Boot)> = self
            .reservations
            .iter()
            .map(|(slot, r)| {
                // A clock that was stepped while the server was down must not stretch a reservation, nor one that was
                // stepped before it was given more time: it is never longer than from then.
                let longest = Duration::from_secs(RESERVE_MAX_S.into());
                let left = r.until.since(now.wall).min(r.until.since(r.since)).min(longest);
                (slot, now.boot.after(left))
            })
            .collect();
        for (slot, deadline) in deadlines {
            self.reservations.start(&self.table, slot, deadline);
        }
        self.stalled(now);
    }

    /// The loop stood still for longer than [`Rules::stall`]: nobody is judged for [`Rules::restart_grace`].
    pub fn stalled(&mut self, now: Now) {
        self.no_verdict_before = now.boot.after(self.rules.restart_grace);
    }

    /// Jobs that live.
    pub fn job_count(&self) -> usize {
        self.table.len()
    }

    /// Where all is that lives, texts of jobs and kept records; for counting what lives in a segment after recovery.
    pub fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.texts().chain(self.kept.spans())
    }

    /// Where the texts of all live jobs are.
    fn texts(&self) -> impl Iterator<Item = Span> + '_ {
        let bodies = self.table.slots().map(|slot| self.table[slot].body());
        bodies.chain(self.failures.values().map(|failure| failure.text))
    }

    /// Where the body of the next job of each queue is.
    pub fn heads(&self) -> impl Iterator<Item = Span> + '_ {
        self.queues.numbers().filter_map(|queue| self.queues.first(queue)).map(|slot| self.table[slot].body())
    }

    fn connect<F>(
        &mut self,
        turn: &Turn<'_, F>,
        conn: ConnId,
        hello: Option<&crate::command::Hello<'_>>,
    ) -> Reply {
        let full = self.workers.len() >= self.rules.workers_max;
        if full && hello.is_some_and(|h| self.workers.by_wid(h.wid).is_none()) {
            return Reply::Refused(Refusal::TooManyWorkers(self.rules.workers_max));
        }
        self.workers.connect(turn.now, conn, hello);
        Reply::Done
    }

    fn disconnect<F>(&mut self, turn: &Turn<'_, F>, conn: ConnId) -> Progress {
        self.parked.disconnect(conn);
        self.workers.disconnect(turn.now, conn);
        Progress::Decided
    }

    fn beat<F>(
        &mut self,
        turn: &Turn<'_, F>,
        conn: ConnId,
        wid: &str,
        state: Option<Stage>,
        rss_kb: u64,
    ) -> Reply {
        let now = turn.now;
        let Some(no) = self.workers.by_wid(wid) else {
            return Reply::Refused(Refusal::UnknownWorker(wid.into()));
        };
        let own = self.workers.of_conn(conn) == Some(no);
        let Some(worker) = self.workers.get_mut(no).filter(|w| w.connections > 0) else {
            return Reply::Refused(Refusal::UnknownWorker(wid.into()));
        };
        (worker.last_beat, worker.beat_at, worker.rss_kb) = (now.wall, now.boot, rss_kb);
        let before = worker.stage;
        if own {
            worker.stage = worker.stage.max(state.unwrap_or_default());
        }
        let stage = worker.stage;
        if stage != before {
            self.quiet_parked();
        }
        Reply::State(stage)
    }

    /// What waits for workers on their way out waits for its time only.
    fn quiet_parked(&mut self) {
        let workers = &self.workers;
        self.parked.quiet(|conn| {
            workers.of_conn(conn).and_then(|no| workers.get(no)).is_some_and(|w| w.stage != Stage::Running)
        });
    }

    fn tail(&self) -> Order {
        Order(self.next_tail)
    }

    fn head(&self) -> Order {
        Order(self.next_head)
    }
}

/// One command's moment and the places where its outcome goes.
struct Turn<'a, F> {
    now: Now,
    facts: &'a mut F,
    out: &'a mut Settled,
}
