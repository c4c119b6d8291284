//! Worker processes and connections (rules `L-01`, `B-01` to `B-05`, decisions `D4`, `D10`).
//!
//! ```text
//!   HELLO with wid ──► present ──last connection closes──► gone ──lost_worker_grace──► lost: its jobs go back
//!                         ▲                                  │
//!                         └──── HELLO, same pid and host ────┘   (another pid or host: a new incarnation)
//! ```
//!
//! Volatile: after a restart a worker is known only by the reservations that name it, and counts as gone since then.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;
use std::sync::Arc;

use super::reservations::Hands;
use crate::command::{ConnId, Hello, Stage};
use crate::limits::WORKER_QUEUES_MAX;
use crate::time::{Boot, Now, Wall};

/// Names one incarnation of a worker process, for as long as the server lives.
pub(super) type WorkerNo = NonZeroU64;

/// Who a worker said it is. After a restart nobody has said it yet.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) hostname: Box<str>,
    pub(super) pid: i64,
    pub(super) labels: Vec<Box<str>>,
}

/// One incarnation of a worker process.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) wid: Arc<str>,
    pub(super) identity: Option<Identity>,
    /// Host and pid of its last HELLO. Not those of the first, which the pages show: a process may begin while the
    /// connections of the one before it are still open, and must be known again when it comes back.
    process: Option<(Box<str>, i64)>,
    pub(super) stage: Stage,
    pub(super) started: Wall,
    pub(super) last_beat: Wall,
    pub(super) beat_at: Boot,
    pub(super) rss_kb: u64,
    pub(super) connections: usize,
    /// When its last connection closed.
    gone_since: Option<Boot>,
    /// What it has reserved.
    pub(super) hands: Hands,
    /// The queues of its last FETCH with a space between them, as it asked: a name has none. Many workers ask for the same
    /// queues in another order each time, and one text is overwritten without allocating.
    asked: String,
}

impl Worker {
    /// It asks for jobs of these queues.
    pub(super) fn asks(&mut self, queues: &[&str]) {
        let queues = &queues[..queues.len().min(WORKER_QUEUES_MAX)];
        if !self.has_asked(queues) {
            self.asked.clear();
            for queue in queues {
                if !self.asked.is_empty() {
                    self.asked.push(' ');
                }
                self.asked.push_str(queue);
            }
        }
    }

    /// Whether its last FETCH was for the same: mostly it was.
    fn has_asked(&self, queues: &[&str]) -> bool {
        let mut rest = Some(&*self.asked);
        for (at, queue) in queues.iter().enumerate() {
            rest = rest.and_then(|rest| if at > 0 { rest.strip_prefix(' ') } else { Some(rest) });
            rest = rest.and_then(|rest| rest.strip_prefix(queue));
        }
        rest == Some("")
    }

    /// The queues of its last FETCH.
    pub(super) fn queues(&self) -> impl Iterator<Item = &str> {
        self.asked.split(' ').filter(|name| !name.is_empty())
    }
}

/// One identified connection.
#[derive(Debug, Default)]
pub(super) struct Conn {
    pub(super) worker: Option<WorkerNo>,
}

/// All workers and connections.
#[derive(Debug, Default)]
pub(super) struct Workers {
    all: BTreeMap<WorkerNo, Worker>,
    /// The current incarnation of each wid.
    by_wid: BTreeMap<Arc<str>, WorkerNo>,
    /// Who is gone, longest first; among equals the name decides, and not the part of the log that a restart read.
    gone: BTreeSet<(Boot, Arc<str>, WorkerNo)>,
    conns: BTreeMap<ConnId, Conn>,
    /// Incarnations so far.
    count: u64,
    /// The empty wid.
    nobody: Arc<str>,
}

impl Workers {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, no: WorkerNo) -> Option<&Worker> {
        self.all.get(&no)
    }

    pub(super) fn get_mut(&mut self, no: WorkerNo) -> Option<&mut Worker> {
        self.all.get_mut(&no)
    }

    /// What a worker has reserved, unless it is forgotten.
    pub(super) fn hands(&mut self, no: WorkerNo) -> Option<&mut Hands> {
        self.all.get_mut(&no).map(|worker| &mut worker.hands)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (WorkerNo, &Worker)> {
        self.all.iter().map(|(no, worker)| (*no, worker))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (WorkerNo, &mut Worker)> {
        self.all.iter_mut().map(|(no, worker)| (*no, worker))
    }

    /// Workers with a living connection.
    pub(super) fn present(&self) -> impl Iterator<Item = (WorkerNo, &Worker)> {
        self.all.iter().filter(|(_, w)| w.connections > 0).map(|(no, w)| (*no, w))
    }

    /// The current incarnation of a wid.
    pub(super) fn by_wid(&self, wid: &str) -> Option<WorkerNo> {
        self.by_wid.get(wid).copied()
    }

    /// The worker of a connection.
    pub(super) fn of_conn(&self, conn: ConnId) -> Option<WorkerNo> {
        self.conns.get(&conn).and_then(|c| c.worker)
    }

    /// The wid of a connection; empty: no worker.
    pub(super) fn wid_of(&self, conn: ConnId) -> Arc<str> {
        self.of_conn(conn).and_then(|no| self.get(no)).map_or(&self.nobody, |w| &w.wid).clone()
    }

    /// A client identified itself. The first HELLO of a wid says who it is; later ones add a connection (`H-22`).
    pub(super) fn connect(&mut self, now: Now, conn: ConnId, hello: Option<&Hello<'_>>) {
        let worker = hello.map(|hello| {
            let no = match self.by_wid(hello.wid) {
                Some(no) if self.is_incarnation(no, hello) => no,
                _ => self.introduce(hello.wid),
            };
            self.attach(now, no, hello);
            no
        });
        self.conns.insert(conn, Conn { worker });
    }

    /// Whether somebody who says hello is this very process, as far as one can tell.
    fn is_incarnation(&self, no: WorkerNo, hello: &Hello<'_>) -> bool {
        let worker = &self.all[&no];
        worker.connections > 0
            || worker
                .process
                .as_ref()
                .is_none_or(|(host, pid)| **host == *hello.hostname && *pid == hello.pid)
    }

    fn attach(&mut self, now: Now, no: WorkerNo, hello: &Hello<'_>) {
        let Some(worker) = self.all.get_mut(&no) else { return };
        if worker.identity.is_none() {
            worker.identity = Some(Identity {
                hostname: hello.hostname.into(),
                pid: hello.pid,
                labels: hello.labels.iter().map(|l| (*l).into()).collect(),
            });
            (worker.started, worker.last_beat, worker.beat_at) = (now.wall, now.wall, now.boot);
            worker.rss_kb = hello.rss_kb;
        }
        worker.process = Some((hello.hostname.into(), hello.pid));
        worker.connections += 1;
        if let Some(since) = worker.gone_since.take() {
            self.gone.remove(&(since, worker.wid.clone(), no));
            // It is back: a process that was only without a connection is not silent.
            (worker.last_beat, worker.beat_at) = (now.wall, now.boot);
        }
    }

    /// A new incarnation of a wid, without a connection yet.
    fn introduce(&mut self, wid: &str) -> WorkerNo {
        let no = NonZeroU64::MIN.saturating_add(self.count);
        self.count += 1;
        let wid: Arc<str> = wid.into();
        self.all.insert(
            no,
            Worker {
                wid: wid.clone(),
                identity: None,
                process: None,
                stage: Stage::Running,
                started: Wall::default(),
                last_beat: Wall::default(),
                beat_at: Boot::default(),
                rss_kb: 0,
                connections: 0,
                gone_since: None,
                hands: Hands::default(),
                asked: String::new(),
            },
        );
        self.by_wid.insert(wid, no);
        no
    }

    /// The worker that a reservation names. Replay may know it by that name only.
    pub(super) fn reserving(&mut self, wid: &str) -> (Arc<str>, Option<WorkerNo>) {
        if wid.is_empty() {
            return (self.nobody.clone(), None);
        }
        let no = self.by_wid(wid).unwrap_or_else(|| self.introduce(wid));
        (self.all[&no].wid.clone(), Some(no))
    }

    /// Replay is over: nobody is connected, and the clocks of lost workers start.
    pub(super) fn recovered(&mut self, now: Now) {
        let idle: Vec<WorkerNo> =
            self.all.iter().filter(|(_, w)| w.hands.len == 0).map(|(no, _)| *no).collect();
        idle.into_iter().for_each(|no| self.forget(no));
        for (no, worker) in &mut self.all {
            worker.gone_since = Some(now.heard);
            self.gone.insert((now.heard, worker.wid.clone(), *no));
        }
    }

    /// A connection closed.
    pub(super) fn disconnect(&mut self, now: Now, conn: ConnId) {
        let Some(no) = self.conns.remove(&conn).and_then(|c| c.worker) else { return };
        if let Some(worker) = self.all.get_mut(&no) {
            worker.connections -= 1;
            if worker.connections == 0 {
                worker.gone_since = Some(now.boot);
                self.gone.insert((now.boot, worker.wid.clone(), no));
            }
        }
    }

    /// Who has been gone the longest, and since when.
    pub(super) fn first_gone(&self) -> Option<(Boot, WorkerNo)> {
        self.gone().next()
    }

    /// Who is gone and since when, longest first.
    pub(super) fn gone(&self) -> impl Iterator<Item = (Boot, WorkerNo)> + '_ {
        self.gone.iter().map(|(since, _, no)| (*since, *no))
    }

    /// A lost worker is forgotten; what it may still hold waits for its reservations.
    pub(super) fn forget(&mut self, no: WorkerNo) {
        let Some(worker) = self.all.remove(&no) else { return };
        if let Some(since) = worker.gone_since {
            self.gone.remove(&(since, worker.wid.clone(), no));
        }
        if self.by_wid(&worker.wid) == Some(no) {
            self.by_wid.remove(&worker.wid);
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        for (no, worker) in &self.all {
            let connected = self.conns.values().filter(|c| c.worker == Some(*no)).count();
            if connected != worker.connections {
                return Err(format!(
                    "worker {}: {connected} connections, counted {}",
                    worker.wid, worker.connections
                ));
            }
            if (worker.connections == 0) != worker.gone_since.is_some() {
                return Err(format!("worker {}: gone and connected", worker.wid));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{WORKER_QUEUES_MAX, Worker, Workers};
    use crate::command::{ConnId, Hello};
    use crate::time::{Boot, Now, Wall};

    /// Has a worker ask twice.
    fn ask(before: &[&str], last: &[&str], look: impl Fn(&mut Worker)) {
        let mut workers = Workers::default();
        let hello = Hello { wid: "w", hostname: "", pid: 1, labels: &[], rss_kb: 0 };
        let now = Now { wall: Wall(1), boot: Boot(1), heard: Boot(1), chance: 0 };
        workers.connect(now, ConnId(1), Some(&hello));
        let worker = workers.of_conn(ConnId(1)).and_then(|no| workers.get_mut(no)).unwrap();
        worker.asks(before);
        assert_eq!(worker.has_asked(last), before == last, "{before:?} {last:?}");
        worker.asks(last);
        look(worker);
    }

    #[test]
    fn a_worker_shows_the_queues_of_its_last_fetch_whatever_it_asked_for_before() {
        let fetches: [&[&str]; 7] =
            [&["ab", "c"], &["a", "c"], &["a"], &["ab"], &["ab", "c"], &["c", "ab"], &[]];
        for before in fetches {
            for last in fetches {
                ask(before, last, |worker| {
                    assert!(worker.queues().eq(last.iter().copied()), "{before:?} {last:?}");
                });
            }
        }
        let many = ["q"; WORKER_QUEUES_MAX + 1];
        ask(&[], &many, |worker| assert_eq!(worker.queues().count(), WORKER_QUEUES_MAX));
    }
}
