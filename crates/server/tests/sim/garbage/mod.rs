//! Garbage of every kind, thrown at the node alone: valid lines that were mutilated, bytes that never were lines, in any
//! pieces, on several connections, between the commands of somebody honest.
//!
//! ```text
//!  words.rs: what is sent ──► talk.rs: one connection, and what it must be answered ──► Node ──► Embedded ──► SimDisk
//! ```
//!
//! After every turn each reply must be one reply, in its place, in words that harm nobody; at the end every line has had
//! its one reply, the machine is whole, and a crash brings the same machine back.
//!
//! `BESSEMER_SEEDS=n` runs that many seeds from `BESSEMER_FIRST_SEED=n` on, `BESSEMER_SEED=n` only that one.

mod honest;
pub(crate) mod talk;
pub(crate) mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use bessemer_core::command::Hello;
use bessemer_core::{Boot, ConnId, Now, Wall};
use bessemer_server::config::Limits;
use bessemer_server::node::{Node, Output};
use bessemer_store::embedded::disk::SimDisk;
use bessemer_store::embedded::{Embedded, Options};

use self::honest::Honest;
use self::talk::Talk;
use super::chance::{Chance, SECOND};
use super::world::Broken;

/// Hostile connections at a time.
const HOSTILE: usize = 4;

/// Things that happen in one seed.
const DEEDS: usize = 250;

#[test]
fn garbage_changes_nothing_for_others_and_has_one_reply_each() {
    if let Some(seed) = super::number("BESSEMER_SEED") {
        let wrong = life(seed);
        assert!(wrong.is_none(), "\n{}", explain(seed, &wrong.unwrap_or_default()));
        return;
    }
    let first = super::number("BESSEMER_FIRST_SEED").unwrap_or(0);
    let seeds = super::number("BESSEMER_SEEDS").unwrap_or(300);
    for seed in first..first + seeds {
        if let Some(wrong) = life(seed) {
            panic!("\n{}", explain(seed, &wrong));
        }
        if (seed + 1 - first).is_multiple_of(1_000) {
            eprintln!("{} of {seeds} seeds", seed + 1 - first);
        }
    }
}

fn explain(seed: u64, wrong: &str) -> String {
    format!(
        "seed {seed}: {wrong}\nreplay: BESSEMER_SEED={seed} cargo test -p bessemer-server --test sim -- --nocapture garbage\n"
    )
}

/// Lives through a seed; what went wrong, if anything did.
fn life(seed: u64) -> Option<String> {
    let result = catch_unwind(AssertUnwindSafe(|| Hall::new(seed).run()));
    match result {
        Ok(Ok(())) => None,
        Ok(Err(wrong)) => Some(wrong),
        Err(panic) => Some(match panic.downcast::<String>() {
            Ok(text) => format!("panic: {text}"),
            Err(panic) => format!("panic: {}", panic.downcast_ref::<&str>().unwrap_or(&"?")),
        }),
    }
}

/// The node, its clients, and the time.
struct Hall {
    chance: Chance,
    at: u64,
    options: Options,
    disk: SimDisk,
    node: Node<Embedded<SimDisk>>,
    limits: Limits,
    talks: Vec<Talk>,
    honest: Honest,
    next_conn: u64,
}

impl Hall {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed.wrapping_mul(7) ^ 0x6a5b);
        let mut options = Options { segment_bytes: 64 << 10, ..Options::default() };
        options.rules.queues_max = chance.pick(&[3, 20, 10_000]);
        options.rules.workers_max = 3;
        // Small, so that they are met; the largest lines of the generator are well beyond four times each.
        let limits = Limits {
            line_max: chance.pick(&[200, 1 << 20]),
            job_max: chance.pick(&[300, 16 << 20]),
            bulk_max: chance.pick(&[700, 64 << 20]),
            bulk_jobs_max: chance.pick(&[2, 10_000]),
            fetch_queues_max: chance.pick(&[3, 256]),
            unsent_max: chance.pick(&[600, 32 << 20]),
            buffered_max: chance.pick(&[100_000, 256 << 20]),
            allow_flush: false,
            ..Limits::default()
        };
        let disk = SimDisk::new(seed);
        let stall = options.rules.stall;
        let (engine, _) =
            Embedded::open(disk.clone(), options.clone(), moment(0), [7; 16]).expect("an empty disk");
        let node = Node::new(engine, limits.clone(), stall, moment(0));
        let honest = Honest::new(&limits);
        Self { chance, at: 0, options, disk, node, limits, talks: Vec::new(), honest, next_conn: 1 }
    }

    fn now(&self) -> Now {
        moment(self.at)
    }

    fn run(&mut self) -> Result<(), Broken> {
        let conn = self.open(Some("honest"));
        self.honest.conn = conn;
        self.turns()?;
        self.honest_step()?;
        for _ in 0..DEEDS {
            self.deed()?;
            if self.chance.one_in(3) {
                self.turns()?;
                self.honest_step()?;
            }
        }
        self.finish()
    }

    /// Something that a hostile client does.
    fn deed(&mut self) -> Result<(), Broken> {
        self.talks.retain(|talk| !talk.is_gone());
        if self.talks.len() < HOSTILE && self.chance.one_in(2) {
            let wid = self.chance.pick(&[None, Some("w1"), Some("w2"), Some("w\u{1b}3")]);
            let conn = self.open(wid);
            self.talks.push(Talk::new(conn, self.limits.clone()));
        }
        let Some(which) = (!self.talks.is_empty()).then(|| self.chance.below(self.talks.len() as u64)) else {
            return Ok(());
        };
        match self.chance.below(40) {
            0 => self.at += 31 * SECOND,
            1..5 => self.at += self.chance.below(3 * SECOND),
            5 => self.end(which as usize),
            6 => {
                let conn = self.talks[which as usize].conn;
                self.talks[which as usize].says_no_more();
                self.node.eof(self.now(), conn);
            }
            _ => self.send(which as usize),
        }
        Ok(())
    }

    fn open(&mut self, wid: Option<&str>) -> ConnId {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        let hello = wid.map(|wid| Hello { wid, hostname: "h", pid: 1, labels: &[], rss_kb: 0 });
        self.node.opened(self.now(), conn, hello, false);
        conn
    }

    /// Sends a few lines, or parts of them, in pieces as chance has it.
    fn send(&mut self, which: usize) {
        let mut bytes = Vec::new();
        for _ in 0..self.chance.magnitude(1, 40) {
            words::append(&mut self.chance, &mut bytes);
        }
        let conn = self.talks[which].conn;
        while !bytes.is_empty() {
            if !self.node.wants_bytes(conn) {
                // As the shell does it: what it may not read stays in the kernel, and here is never sent.
                return;
            }
            let piece = match self.chance.below(4) {
                0 => 1,
                1 => self.chance.between(1, bytes.len() as u64) as usize,
                _ => bytes.len().min(64 << 10),
            };
            let rest = bytes.split_off(piece);
            self.talks[which].sends(&bytes);
            self.node.bytes(conn, &bytes);
            bytes = rest;
        }
    }

    /// The connection is cut.
    fn end(&mut self, which: usize) {
        let talk = self.talks.remove(which);
        self.node.closed(self.now(), talk.conn, talk.received());
    }

    /// Turns until the node wants to sleep, and reads what it says.
    fn turns(&mut self) -> Result<(), Broken> {
        for _ in 0..10_000 {
            if self.node.wake_at(self.now()) > self.now().boot {
                self.node.engine().machine().check()?;
                return Ok(());
            }
            let mut outputs = Vec::new();
            let now = self.now();
            let poll = self.node.turn(&mut Context::from_waker(Waker::noop()), now, &mut outputs);
            if !matches!(poll, Poll::Ready(Ok(()))) {
                return Err(format!("the turn ended with {poll:?}"));
            }
            for output in outputs {
                self.take(output)?;
            }
        }
        Err("the node turns and turns without getting anywhere".into())
    }

    fn take(&mut self, output: Output) -> Result<(), Broken> {
        match output {
            Output::Write { conn, bytes } if conn == self.honest.conn => {
                let total = self.honest.receives(&bytes);
                self.node.sent(self.now(), conn, total);
            }
            Output::Write { conn, bytes } => {
                let Some(talk) = self.talks.iter_mut().find(|talk| talk.conn == conn) else { return Ok(()) };
                talk.receives(&bytes)?;
                let total = talk.received();
                self.node.sent(self.now(), conn, total);
            }
            Output::Close { conn } | Output::Cut { conn } => {
                if conn == self.honest.conn {
                    return Err("the honest client was shown out".into());
                }
                if let Some(at) = self.talks.iter().position(|talk| talk.conn == conn) {
                    self.talks[at].was_closed()?;
                    self.end(at);
                }
            }
            Output::Acted { .. } | Output::Pushed { .. } => return Err("nobody acted".into()),
        }
        Ok(())
    }

    /// One command of the honest client, from the sending to the reply: at most the time of somebody else's FETCH.
    fn honest_step(&mut self) -> Result<(), Broken> {
        let line = self.honest.next(&mut self.chance);
        self.node.bytes(self.honest.conn, line.as_bytes());
        self.turns()?;
        let state = || self.node.engine().machine().dump();
        self.honest.check(&line).map_err(|wrong| format!("{wrong}; {}", state()))
    }

    /// Everybody falls silent: every line that was sent whole has its reply.
    fn finish(&mut self) -> Result<(), Broken> {
        for _ in 0..2_000 {
            self.turns()?;
            if self.talks.iter().all(Talk::has_all) {
                break;
            }
            self.at += SECOND;
        }
        if let Some(talk) = self.talks.iter().find(|talk| !talk.has_all()) {
            return Err(format!("connection {:?} still waits for replies: {}", talk.conn, talk.owed()));
        }
        self.honest_step()?;
        let before = self.node.engine().machine().dump();
        let now = self.now();
        let (again, _) = Embedded::open(self.disk.crash(), self.options.clone(), now, [7; 16])
            .map_err(|e| format!("cannot be opened again: {e}"))?;
        let after = again.machine().dump();
        if before == after { Ok(()) } else { Err(format!("another machine came back:\n{before}\n{after}")) }
    }
}

fn moment(at: u64) -> Now {
    let boot = Boot(at + SECOND);
    Now { wall: Wall(1_795_000_000_000_000 + at as i64), boot, heard: boot, chance: at }
}
