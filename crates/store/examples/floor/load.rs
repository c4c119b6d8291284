//! A producer and a worker that drive an engine: push, fetch and ACK in turn, made of as little as possible.

use std::path::Path;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bessemer_core::command::{Asks, ConnId, Handout, Hello, Push};
use bessemer_core::{Boot, Command, Now, Reply, Settled, Ticket, Wall};
use bessemer_store::embedded::Recovered;
use bessemer_store::embedded::disk::RealDisk;
use bessemer_store::{Embedded, Engine, Options};

use crate::disk::Metered;
use crate::figures::cpu_ns;

/// 300 bytes with the jid and the arguments filled in.
const BODY: &str =
    r#"{"jid":"000000000000000000000000","queue":"default","jobtype":"SendWelcomeMail","args":["ARGS"]}"#;
const JID: std::ops::Range<usize> = 8..32;

/// What workers fetch from.
pub(crate) const QUEUES: [&str; 3] = ["critical", "default", "bulk"];
/// What nobody fetches from.
pub(crate) const PINNED: &str = "pinned";

const PRODUCER: ConnId = ConnId(1);
const WORKER: ConnId = ConnId(2);

/// An engine under load.
pub(crate) struct Load {
    pub(crate) disk: Metered,
    engine: Embedded<Metered>,
    started: Instant,
    now: Now,
    body: Vec<u8>,
    pushed: u64,
    step: u64,
    /// Fetched in an earlier group.
    in_hand: Vec<Handout>,
    out: Settled,
}

impl Load {
    /// Opens the store in a directory, or creates it.
    pub(crate) fn open(path: &Path, flush_delay: Duration) -> (Self, Recovered) {
        let started = Instant::now();
        let now = now(started);
        let disk = Metered::new(RealDisk::open(path).expect("the directory"), flush_delay);
        let (mut engine, report) =
            Embedded::open(disk.clone(), Options::default(), now, *b"sixteen bytes id").expect("the store");
        let hello =
            Hello { wid: "4qpc2443vpvai", hostname: "worker-1", pid: 4242, labels: &[], rss_kb: 50_000 };
        engine.submit(now, Ticket(0), Command::Connect { conn: PRODUCER, worker: None });
        engine.submit(now, Ticket(0), Command::Connect { conn: WORKER, worker: Some(hello) });
        let body = BODY.replace("ARGS", &"x".repeat(207)).into_bytes();
        let out = Settled::default();
        (Self { disk, engine, started, now, body, pushed: 0, step: 0, in_hand: Vec::new(), out }, report)
    }

    /// Pushes a job to a queue.
    pub(crate) fn push(&mut self, queue: &str) {
        self.pushed += 1;
        for digit in self.body[JID].iter_mut().rev() {
            *digit += 1;
            if *digit <= b'9' {
                break;
            }
            *digit = b'0';
        }
        let job = Push {
            jid: std::str::from_utf8(&self.body[JID]).expect("digits"),
            queue,
            jobtype: "SendWelcomeMail",
            retry: 25,
            reserve_for: 1800,
            on_lost: None,
            asks: Asks::default(),
            at: None,
            failure: None,
            sent: &self.body,
            body: &self.body,
        };
        self.engine.submit(self.now, Ticket(1), Command::Push { job });
    }

    /// Pushes many jobs to a queue, in groups as large as the engine takes them. Says how many nanoseconds of the
    /// processor the dearest of these pushes took.
    pub(crate) fn fill(&mut self, queue: &str, jobs: u64) -> u64 {
        let mut dearest = 0;
        for _ in 0..jobs {
            let started = cpu_ns();
            self.push(queue);
            dearest = dearest.max(cpu_ns() - started);
            if self.engine.room() == 0 {
                self.turn();
            }
        }
        self.turn();
        dearest
    }

    /// One operation: a push, a fetch or an ACK of something fetched in an earlier group.
    pub(crate) fn operate(&mut self) {
        self.step += 1;
        match self.step % 3 {
            0 => self.push(QUEUES[(self.pushed % 3) as usize]),
            1 => {
                let fetch = Command::Fetch { conn: WORKER, queues: &QUEUES, wait: Duration::ZERO };
                self.engine.submit(self.now, Ticket(2), fetch);
            }
            _ => {
                if let Some(job) = self.in_hand.pop() {
                    let jid = std::str::from_utf8(&job.body.bytes()[JID]).expect("digits");
                    self.engine.submit(self.now, Ticket(3), Command::Ack { conn: WORKER, jid, lease: None });
                }
            }
        }
    }

    /// Commits what was submitted.
    pub(crate) fn turn(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        let turn = self.engine.poll_turn(&mut cx, self.now, &mut self.out);
        assert!(matches!(turn, Poll::Ready(Ok(()))), "{turn:?}");
        self.in_hand.extend(self.out.replies.drain(..).filter_map(|(_, reply)| match reply {
            Reply::Job(job) => Some(*job),
            _ => None,
        }));
        self.now = now(self.started);
    }

    /// A group of operations and its commit.
    pub(crate) fn group(&mut self, operations: u64) {
        for _ in 0..operations {
            self.operate();
        }
        self.turn();
    }

    /// Groups for a while; says how many operations they had.
    pub(crate) fn churn(&mut self, time: Duration, group: u64) -> u64 {
        let (started, mut operations) = (Instant::now(), 0);
        while started.elapsed() < time {
            self.group(group);
            operations += group;
        }
        operations
    }

    /// Jobs in all queues.
    pub(crate) fn waiting(&self) -> u64 {
        match self.engine.machine().answer(self.now, &bessemer_core::Query::Info) {
            bessemer_core::Answer::Info(info) => info.enqueued,
            _ => 0,
        }
    }
}

fn now(started: Instant) -> Now {
    let boot = Boot(started.elapsed().as_micros() as u64 + 1);
    Now { wall: Wall(1_800_000_000_000_000 + boot.0 as i64), boot, heard: boot, chance: boot.0 }
}
