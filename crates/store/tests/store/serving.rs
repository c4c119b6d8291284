//! A store that is served while somebody looks at it, and what such a store holds.

use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bessemer_core::command::ConnId;
use bessemer_core::{Command, Now, Settled, Ticket};
use bessemer_store::embedded::disk::{Disk, DiskFile, SimDisk, SimFile};
use bessemer_store::{Embedded, Engine, Options};

use crate::dice::Dice;
use crate::world::{ENTROPY, job, now_at};

/// A store that is served: each step is a turn with some commands.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) engine: Embedded<SimDisk>,
    dice: Dice,
    pub(crate) second: u64,
    jobs: u64,
    held: Vec<String>,
    /// What jids begin with: stores that do the same with other jobs are as long.
    pub(crate) name: &'static str,
    /// What the machine looked like after each turn.
    pub(crate) dumps: Vec<String>,
}

pub(crate) fn options() -> Options {
    Options { segment_bytes: 1024, ..Options::default() }
}

impl Serving {
    pub(crate) fn start(disk: &SimDisk, seed: u64) -> Self {
        let (engine, _) = Embedded::open(disk.clone(), options(), now_at(1000), ENTROPY).unwrap();
        let dumps = vec![engine.machine().dump()];
        Self { engine, dice: Dice(seed), second: 1000, jobs: 0, held: Vec::new(), name: "job", dumps }
    }

    pub(crate) fn now(&self) -> Now {
        now_at(self.second)
    }

    pub(crate) fn steps(&mut self, count: u64) {
        for _ in 0..count {
            self.step();
        }
    }

    fn step(&mut self) {
        self.second += self.dice.below(20);
        let now = self.now();
        for _ in 0..=self.dice.below(3) {
            match self.dice.below(6) {
                0..2 if self.engine.machine().job_ids().nth(40).is_none() => {
                    self.jobs += 1;
                    let jid = format!("{}-{:05}", self.name, self.jobs);
                    let body =
                        format!("{{\"jid\":\"{jid}\",\"args\":[\"Stuart, and others whom we greet\"]}}");
                    let mut job = job(&jid, ["default", "bulk"][self.dice.below(2) as usize]);
                    job.body = body.as_bytes();
                    job.at = self.dice.one_in(8).then(|| now.wall.after(Duration::from_secs(100_000)));
                    self.engine.submit(now, Ticket(0), Command::Push { job });
                }
                2..4 => {
                    let fetch = Command::Fetch {
                        conn: ConnId(9),
                        queues: &["default", "bulk"],
                        wait: Duration::ZERO,
                    };
                    self.engine.submit(now, Ticket(1), fetch);
                }
                _ => {
                    if let Some(jid) = self.held.pop() {
                        let fail = Command::Fail {
                            conn: ConnId(9),
                            jid: &jid,
                            text: b"{\"message\":\"no\"}",
                            lease: None,
                        };
                        let ack = Command::Ack { conn: ConnId(9), jid: &jid, lease: None };
                        let command = if self.dice.one_in(4) { fail } else { ack };
                        self.engine.submit(now, Ticket(0), command);
                    }
                }
            }
        }
        let mut out = Settled::default();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(matches!(self.engine.poll_turn(&mut cx, now, &mut out), Poll::Ready(Ok(()))));
        self.dumps.push(self.engine.machine().dump());
        // The last ones are what a test asks for.
        assert!(self.dumps.len() < 20_000, "a tool looks at the disk without end");
        for (_, reply) in out.replies {
            if let bessemer_core::Reply::Job(handed) = reply {
                let text = String::from_utf8_lossy(handed.body.bytes()).into_owned();
                self.held.push(text.split('"').nth(3).unwrap_or_default().to_owned());
            }
        }
    }
}

/// The disk of a server that goes on serving: between any two looks at it there may be turns.
#[derive(Clone, Debug)]
pub(crate) struct Busy {
    pub(crate) disk: SimDisk,
    pub(crate) serving: Arc<Mutex<Serving>>,
    pub(crate) turns: u64,
}

#[derive(Debug)]
pub(crate) struct BusyFile {
    file: SimFile,
    disk: Busy,
}

impl Busy {
    fn go_on(&self) {
        let mut serving = self.serving.lock().unwrap();
        let turns = serving.dice.below(self.turns + 1);
        serving.steps(turns);
    }
}

impl Disk for Busy {
    type File = BusyFile;

    const THREADS: bool = false;

    fn list(&self) -> io::Result<Vec<String>> {
        self.go_on();
        self.disk.list()
    }

    fn open(&self, name: &str) -> io::Result<BusyFile> {
        self.go_on();
        Ok(BusyFile { file: self.disk.open(name)?, disk: self.clone() })
    }

    fn create(&self, name: &str) -> io::Result<BusyFile> {
        panic!("a tool creates {name} in somebody else's directory");
    }

    fn rename(&self, from: &str, _: &str) -> io::Result<()> {
        panic!("a tool renames {from} in somebody else's directory");
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        panic!("a tool removes {name} from somebody else's directory");
    }

    fn sync_dir(&self) -> io::Result<()> {
        panic!("a tool flushes somebody else's directory");
    }

    fn free(&self) -> io::Result<u64> {
        self.disk.free()
    }

    fn path(&self, name: &str) -> String {
        self.disk.path(name)
    }
}

impl DiskFile for BusyFile {
    fn size(&self) -> io::Result<u64> {
        self.disk.go_on();
        self.file.size()
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        self.disk.go_on();
        self.file.read_at(buf, at)
    }

    fn write_at(&self, _: &[u8], at: u64) -> io::Result<()> {
        panic!("a tool writes at {at} into somebody else's file");
    }

    fn sync_data(&self) -> io::Result<()> {
        panic!("a tool flushes somebody else's file");
    }
}

/// A store with some segments, and its disk.
pub(crate) fn store(seed: u64, turns: u64) -> (SimDisk, Serving) {
    let disk = SimDisk::new(seed);
    let mut serving = Serving::start(&disk, seed);
    serving.steps(turns);
    (disk, serving)
}
