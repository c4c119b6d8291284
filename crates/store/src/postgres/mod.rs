//! The engine on PostgreSQL: the same machine, over rows.
//!
//! ```text
//!  submit ─► gathered ─┐ poll_turn, when the lane is free: everything gathered is one tick
//!                      └─► Machine::names ─► take rows ─► Machine::load, apply ─► put rows, receipt, commit ─► replies
//! ```
//!
//! A tick takes the rows that its commands name out of their tables, lets the machine decide, and lays the jobs down
//! where they stand now: in the hot tables there are INSERT and DELETE only. No reply leaves before its COMMIT has
//! returned. How many commands a tick has is decided by how long the one before it took; there is no timer.
//!
//! A spike, which proves the seam; what it leaves out is in `docs/decisions/0009-rows.md`.

mod arrays;
mod gather;
mod hands;
mod open;
mod reader;
mod session;
mod statements;
mod tick;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bessemer_core::command::{FailureView, Text};
use bessemer_core::machine::Names;
use bessemer_core::query::Condition;
use bessemer_core::{Boot, Command, Machine, Now, Progress, Reply, Rules, Settled, Ticket, Wall};
use tokio_postgres::Config;

use self::gather::Gathered;
use self::hands::Hands;
use self::session::{Session, fatal};
use self::tick::{First, Outgoing, Receipt, Taken};
use crate::engine::{Engine, Fatal};

pub use self::reader::PostgresReader;

/// Commands that wait for the lane at most, in bytes.
const GATHERED_BYTES: usize = 4 << 20;

/// Commands in a tick at most, and their bytes. Closes a tick, refuses nothing.
const TICK: (usize, usize) = (1_000, 1 << 20);

/// The engine on a database.
pub struct Postgres {
    machine: Machine,
    gathered: VecDeque<Gathered>,
    gathered_bytes: usize,
    /// A [`Command::Due`] waits or is under way: nothing more is due meanwhile.
    due_waits: bool,
    lane: Lane,
    receipt: Receipt,
    /// The earliest time in the tables of sorted jobs.
    first: Option<Wall>,
    reader: PostgresReader,
}

type Journey<T> = Pin<Box<dyn Future<Output = Result<(Box<Session>, T), Fatal>> + Send>>;

/// The one session, and what it is doing.
enum Lane {
    Free(Box<Session>),
    Loading(Journey<Vec<Taken>>, Vec<Gathered>, Names),
    Writing(Journey<First>, Landing),
    /// Failed: nobody knows what the tables hold.
    Failed,
}

/// What is done when a tick has been committed.
struct Landing {
    settled: Settled,
    /// The earliest time that the tick put down.
    first: Option<Wall>,
    /// The tables are asked for theirs.
    asked: bool,
}

impl Postgres {
    /// Opens the store in a database, or creates one there. `entropy` becomes the id of a new store, and must be
    /// random. To be awaited inside a tokio runtime, as [`Engine::poll_turn`] is to be polled.
    ///
    /// # Errors
    /// Also for limits of queues: what a tick has not brought cannot be counted (decision 0033).
    pub async fn open(config: Config, rules: Rules, now: Now, entropy: [u8; 16]) -> Result<Self, Fatal> {
        if !rules.throttles.is_empty() {
            return Err(open::damaged("limits of queues are not part of the spike"));
        }
        let reader = PostgresReader::new(config.clone());
        open::create(&config).await?;
        let mut session = open::connect(config).await?;
        let mut machine = Machine::new(rules, open::key(&mut session, entropy).await?);
        open::recall(&mut session, &mut machine, now, &["reserved"]).await?;
        machine.recovered(now);
        machine.unload(now);
        let node = open::node(&mut session).await?;
        let first = open::first(&mut session).await?;
        Ok(Self {
            machine,
            gathered: VecDeque::new(),
            gathered_bytes: 0,
            due_waits: false,
            lane: Lane::Free(session),
            receipt: Receipt { node, tick: 0 },
            first: first.map(Wall),
            reader,
        })
    }

    /// The whole state of a database as a machine, for tests and tools: every row is replayed.
    pub async fn whole(config: Config, rules: Rules, now: Now) -> Result<Machine, Fatal> {
        let mut session = open::connect(config).await?;
        let mut machine = Machine::new(rules, open::key(&mut session, [0; 16]).await?);
        open::recall(&mut session, &mut machine, now, &["ready", "reserved", "later", "dead"]).await?;
        machine.recovered(now);
        Ok(machine)
    }

    /// Everything gathered, up to the size of a tick, and what it names.
    fn next_tick(&mut self) -> (Vec<Gathered>, Names) {
        let (most, bytes_most) = TICK;
        let (mut tick, mut names, mut bytes) = (Vec::new(), Names::default(), 0);
        while tick.len() < most && bytes < bytes_most {
            let Some(next) = self.gathered.pop_front() else { break };
            bytes += next.bytes;
            next.lend(|command| self.machine.names(next.now, &command, &mut names));
            tick.push(next);
        }
        self.gathered_bytes -= bytes;
        (tick, names)
    }

    /// The machine decides. What is to be written is on its way then; if it is nothing, the replies are free.
    fn decide(
        &mut self,
        session: Box<Session>,
        tick: &[Gathered],
        names: Names,
        rows: Vec<Taken>,
        out: &mut Settled,
    ) -> Result<Lane, Fatal> {
        let (first, last) = (tick[0].now, tick[tick.len() - 1].now);
        let (open, ask_first) = (!names.is_empty(), names.due.is_some());
        let (mut hands, mut settled) = (Hands::default(), Settled::default());
        self.machine.begin(names);
        hands.bring(&mut self.machine, first, rows).map_err(open::damaged)?;
        for gathered in tick {
            gathered.lend(|command| {
                self.machine.apply(gathered.now, gathered.ticket, command, &mut hands, &mut settled)
            });
            self.due_waits &= !gathered.is_due();
        }
        read(&hands, &mut settled);
        let deed = hands.lay_down(&mut self.machine);
        self.machine.unload(last);
        if !open && deed.is_nothing() {
            out.replies.append(&mut settled.replies);
            out.events.append(&mut settled.events);
            return Ok(Lane::Free(session));
        }
        self.receipt.tick += 1;
        let landing = Landing { settled, first: deed.first(), asked: ask_first };
        let outgoing = Outgoing { receipt: self.receipt, deed, open, ask_first };
        Ok(Lane::Writing(Box::pin(tick::write(session, outgoing)), landing))
    }

    /// The tick is durable.
    fn land(&mut self, mut landing: Landing, asked: First, out: &mut Settled) {
        let known = if landing.asked { asked.map(Wall) } else { self.first };
        self.first = if landing.asked { known } else { [known, landing.first].into_iter().flatten().min() };
        out.replies.append(&mut landing.settled.replies);
        out.events.append(&mut landing.settled.events);
    }

    /// As far as the lane goes without waiting. Says whether anything is under way.
    fn turn(&mut self, cx: &mut Context<'_>, out: &mut Settled) -> Result<Poll<()>, Fatal> {
        loop {
            self.lane = match std::mem::replace(&mut self.lane, Lane::Failed) {
                Lane::Failed => return Err(fatal("go on with", "it has failed before")),
                Lane::Free(session) if self.gathered.is_empty() => {
                    self.lane = Lane::Free(session);
                    return Ok(Poll::Ready(()));
                }
                Lane::Free(session) => {
                    let (tick, names) = self.next_tick();
                    if names.is_empty() {
                        self.decide(session, &tick, names, Vec::new(), out)?
                    } else {
                        Lane::Loading(Box::pin(tick::load(session, names.clone())), tick, names)
                    }
                }
                Lane::Loading(mut journey, tick, names) => match journey.as_mut().poll(cx) {
                    Poll::Ready(loaded) => {
                        let (session, rows) = loaded?;
                        self.decide(session, &tick, names, rows, out)?
                    }
                    Poll::Pending => {
                        self.lane = Lane::Loading(journey, tick, names);
                        return Ok(Poll::Pending);
                    }
                },
                Lane::Writing(mut journey, landing) => match journey.as_mut().poll(cx) {
                    Poll::Ready(written) => {
                        let (session, asked) = written?;
                        self.land(landing, asked, out);
                        Lane::Free(session)
                    }
                    Poll::Pending => {
                        self.lane = Lane::Writing(journey, landing);
                        return Ok(Poll::Pending);
                    }
                },
            };
        }
    }
}

impl Engine for Postgres {
    type Reader = PostgresReader;

    /// # Panics
    /// When the command is none of those that the spike covers.
    fn submit(&mut self, now: Now, ticket: Ticket, command: Command<'_>) -> Progress {
        let gathered = Gathered::new(now, ticket, &command).expect("the spike does not cover this command");
        self.gathered_bytes += gathered.bytes;
        self.due_waits |= gathered.is_due();
        self.gathered.push_back(gathered);
        // Whether a FETCH waits is known when the rows are here.
        if matches!(command, Command::Fetch { .. }) { Progress::Open } else { Progress::Decided }
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>, _: Now, out: &mut Settled) -> Poll<Result<(), Fatal>> {
        match self.turn(cx, out) {
            Ok(poll) => poll.map(Ok),
            Err(fatal) => Poll::Ready(Err(fatal)),
        }
    }

    fn room(&self) -> usize {
        GATHERED_BYTES.saturating_sub(self.gathered_bytes)
    }

    fn next_due(&self, now: Now) -> Option<Boot> {
        if self.due_waits {
            return None;
        }
        let first = self.first.map(|at| now.boot_at(at));
        [self.machine.next_due(now), first].into_iter().flatten().min()
    }

    fn stalled(&mut self, now: Now) {
        self.machine.stalled(now);
    }

    /// Limits of queues are left out, as at the start.
    fn change_rules(&mut self, rules: Rules) {
        self.machine.change_rules(Rules { throttles: BTreeMap::new(), ..rules });
    }

    /// Strict: `synchronous_commit` is on. The room on its disk is the database's matter.
    fn condition(&self) -> Condition {
        Condition::default()
    }

    /// Nothing is kept back.
    fn close(&mut self) -> Result<(), Fatal> {
        Ok(())
    }

    fn jobs(&self) -> usize {
        self.machine.job_count()
    }

    fn reader(&self) -> PostgresReader {
        self.reader.clone()
    }
}

/// Reads the texts of replies; they are at hand.
fn read(hands: &Hands, settled: &mut Settled) {
    let read = |text: &mut Text| {
        if let Text::At(span) = *text {
            *text = Text::Read(hands.text(span));
        }
    };
    for (_, reply) in &mut settled.replies {
        if let Reply::Job(job) = reply {
            read(&mut job.body);
            if let Some(FailureView { text, .. }) = &mut job.failure {
                read(text);
            }
        }
    }
}
