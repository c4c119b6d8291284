//! How near the store comes to the disk: pushes, fetches and ACKs in groups, beside a bare loop that writes the same
//! bytes and flushes them. `cargo run --release -p bessemer-store --example floor -- DIR`; with a number of jobs
//! behind it, how fast a log of so many is read back.
//!
//! Read the ratios; the absolute numbers are those of one disk. The two take turns, so that a busy disk hits both.

#![expect(clippy::disallowed_methods, reason = "a measurement reads a clock")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use bessemer_core::command::{ConnId, Handout, Push};
use bessemer_core::{Boot, Command, Now, Reply, Settled, Ticket, Wall};
use bessemer_store::embedded::disk::RealDisk;
use bessemer_store::{Embedded, Engine, Options};

/// 300 bytes with the jid and the arguments filled in.
const BODY: &str =
    r#"{"jid":"------------------------","queue":"default","jobtype":"SendWelcomeMail","args":["ARGS"]}"#;
const JID: std::ops::Range<usize> = 8..32;

const QUEUES: [&str; 3] = ["critical", "default", "bulk"];
const CONN: ConnId = ConnId(1);
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(700);
const DEPTH: u64 = 1_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("a directory to measure in");
    let directory = Path::new(&directory);
    if let Some(jobs) = arguments.next() {
        return restart(directory, jobs.parse().expect("a number of jobs"));
    }
    println!("group   floor ops/s   store ops/s   ratio   bytes/op");
    for group in [1, 16, 128, 1024] {
        compare(directory, group);
    }
}

/// An engine with a producer and a worker that does three operations a job, made of as little as possible.
struct Load {
    engine: Embedded<RealDisk>,
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
    fn open(path: &Path) -> Self {
        let started = Instant::now();
        let now = now(started);
        let disk = RealDisk::open(path).expect("the directory");
        let (engine, report) =
            Embedded::open(disk, Options::default(), now, *b"sixteen bytes id").expect("the store");
        if !report.created {
            println!("{report:?} in {:?}", started.elapsed());
        }
        let body = BODY.replace("ARGS", &"x".repeat(207)).into_bytes();
        Self { engine, started, now, body, pushed: 0, step: 0, in_hand: Vec::new(), out: Settled::default() }
    }

    fn push(&mut self) {
        self.pushed += 1;
        let mut number = self.pushed;
        for digit in self.body[JID].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        let job = Push {
            jid: std::str::from_utf8(&self.body[JID]).expect("digits"),
            queue: QUEUES[(self.pushed % 3) as usize],
            jobtype: "SendWelcomeMail",
            retry: 25,
            reserve_for: 1800,
            on_lost: None,
            at: None,
            failure: None,
            sent: &self.body,
            body: &self.body,
        };
        self.engine.submit(self.now, Ticket(1), Command::Push { job });
    }

    /// One operation: a push, a fetch or an ACK of something fetched in an earlier group.
    fn operate(&mut self) {
        self.step += 1;
        match self.step % 3 {
            0 => self.push(),
            1 => {
                let fetch = Command::Fetch { conn: CONN, queues: &QUEUES, wait: Duration::ZERO };
                self.engine.submit(self.now, Ticket(2), fetch);
            }
            _ => {
                if let Some(job) = self.in_hand.pop() {
                    let jid = std::str::from_utf8(&job.body.bytes()[JID]).expect("digits");
                    self.engine.submit(self.now, Ticket(3), Command::Ack { conn: CONN, jid });
                }
            }
        }
    }

    fn turn(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        let turn = self.engine.poll_turn(&mut cx, self.now, &mut self.out);
        assert!(matches!(turn, std::task::Poll::Ready(Ok(()))), "{turn:?}");
        self.in_hand.extend(self.out.replies.drain(..).filter_map(|(_, reply)| match reply {
            Reply::Job(job) => Some(*job),
            _ => None,
        }));
        self.now = now(self.started);
    }
}

fn now(started: Instant) -> Now {
    let boot = Boot(started.elapsed().as_micros() as u64 + 1);
    Now { wall: Wall(1_800_000_000_000_000 + boot.0 as i64), boot, heard: boot, chance: boot.0 }
}

fn compare(directory: &Path, group: u64) {
    let path = directory.join(format!("floor-{group}"));
    let mut load = Load::open(&path);
    for _ in 0..DEPTH {
        load.push();
    }
    load.turn();
    // What a push, a fetch and an ACK write between them, plus the head of the batch.
    let group_bytes = (56 + group * (420 + 46 + 19) / 3) as usize;
    let bare = Bare::create(&path.join("bare"));
    let (mut floors, mut stores) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floors.push(rate(group, || bare.write(group_bytes)));
        stores.push(rate(group, || {
            for _ in 0..group {
                load.operate();
            }
            load.turn();
        }));
    }
    let (floor, store) = (median(floors), median(stores));
    println!(
        "{group:>5} {floor:>13.0} {store:>13.0} {:>7.2} {:>10}",
        store / floor,
        group_bytes as u64 / group
    );
    drop(load);
    std::fs::remove_dir_all(path).expect("the directory goes");
}

/// Operations a second.
fn rate(group: u64, mut commit: impl FnMut()) -> f64 {
    let (started, mut groups) = (Instant::now(), 0);
    while started.elapsed() < ROUND {
        commit();
        groups += 1;
    }
    (groups * group) as f64 / started.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// A file of zeros, written over and over.
struct Bare {
    file: File,
    at: std::cell::Cell<u64>,
}

impl Bare {
    const LEN: u64 = 64 << 20;

    fn create(path: &Path) -> Self {
        let file = File::create(path).expect("a file");
        file.write_all_at(&vec![0; Self::LEN as usize], 0).expect("zeros");
        file.sync_all().expect("a flush");
        Self { file, at: 0.into() }
    }

    fn write(&self, len: usize) {
        if self.at.get() + len as u64 > Self::LEN {
            self.at.set(0);
        }
        self.file.write_all_at(&vec![7; len], self.at.get()).expect("a write");
        self.file.sync_data().expect("a flush");
        self.at.set(self.at.get() + len as u64);
    }
}

/// How fast a log is read back. The log stays, to be read again, perhaps after its pages were evicted.
fn restart(directory: &Path, jobs: u64) {
    let path = directory.join(format!("restart-{jobs}"));
    if !path.exists() {
        let mut load = Load::open(&path);
        let started = Instant::now();
        while load.pushed < jobs {
            load.push();
            if load.engine.room() == 0 {
                load.turn();
            }
        }
        load.turn();
        println!("{jobs} jobs pushed in {:?}", started.elapsed());
    }
    let started = Instant::now();
    let load = Load::open(&path);
    println!("{:.2} million jobs/s", jobs as f64 / started.elapsed().as_secs_f64() / 1e6);
    drop(load);
}
