//! The reference: the rules of jobs once more, as plainly as they can be said, in maps that are walked from end to end.
//!
//! It sees every command on its way into the engine and says what the engine must answer. What chance or the store
//! decides (the id of a job, the moment of a retry) it takes over from the machine, after checking that it may be so.

mod asks;
pub(crate) mod batches;
mod crons;
mod jobs;
mod operate;
mod throttles;
mod time;
mod workers;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use bessemer_core::batch::BatchView;
use bessemer_core::command::{Record, Refusal, Stage};
use bessemer_core::fact::{Callback, Ending, Family, OnLost, Release};
use bessemer_core::limits::TRACK_FOR;
use bessemer_core::query::{Answer, JobView, Place, TrackState};
use bessemer_core::throttle::Throttle;
use bessemer_core::{Boot, Command, ConnId, Delivery, JobId, Machine, Now, Query, Rules, Ticket, Wall};

use self::asks::Said;
use self::batches::Batch;
use self::crons::Cron;
use self::throttles::Bucket;

/// One job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) jid: Rc<str>,
    pub(crate) queue: Rc<str>,
    pub(crate) retry: i16,
    reserve_s: u32,
    pub(crate) on_lost: Option<OnLost>,
    sent: Rc<[u8]>,
    pub(crate) body: Rc<str>,
    pub(crate) order: i64,
    pub(crate) place: Place,
    pub(crate) enqueued: Wall,
    /// Retry count and remaining.
    pub(crate) attempts: Option<(u32, i32)>,
    losses: Vec<Wall>,
    pushed: Pushed,
    /// The key that it holds, and until when.
    unique: Option<(u128, Wall, Release)>,
    /// The batch that it is a member of, and that it is a callback of.
    batch: Option<Rc<str>>,
    callback: Option<(Rc<str>, Callback)>,
    /// It is remembered for a while when it has ended.
    tracked: bool,
}

/// When a job was pushed, and how often the wall clock had been stepped by then.
type Pushed = (Wall, u32);

/// What must outlive any crash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Durable {
    pub(crate) jobs: BTreeMap<JobId, Job>,
    batches: BTreeMap<Rc<str>, Batch>,
    crons: BTreeMap<Box<str>, Cron>,
    pub(crate) queues: BTreeSet<Rc<str>>,
    pub(crate) paused: BTreeSet<Rc<str>>,
    pub(crate) processed: u64,
    pub(crate) failed: u64,
    pub(crate) accepted: u64,
    pub(crate) endings: BTreeMap<Ending, u64>,
    /// Records that are no jobs.
    pub(crate) kept: BTreeMap<(Family, Vec<u8>), Vec<u8>>,
    /// Keys of unique jobs that stay behind, and until when.
    keys: BTreeMap<u128, Wall>,
    /// What workers have said of jobs, and how they ended.
    said: BTreeMap<String, Said>,
    /// What operators have set for queues.
    throttles: BTreeMap<String, Throttle>,
    /// Ended jobs by jid and bytes, for the safe re-push.
    ended: BTreeMap<(Rc<str>, Rc<[u8]>), Pushed>,
    tail: i64,
    head: i64,
    /// The youngest job number; none is given twice.
    number: Option<u64>,
}

#[derive(Debug)]
struct Worker {
    wid: String,
    /// Host and pid of its last HELLO.
    who: Option<(String, i64)>,
    stage: Stage,
    links: usize,
    gone: Option<Boot>,
}

#[derive(Debug)]
struct Parked {
    ticket: Ticket,
    conn: ConnId,
    deadline: Boot,
    queues: Vec<String>,
}

/// A job in somebody's hands.
#[derive(Debug)]
struct Held {
    number: u64,
    deadline: Boot,
    worker: Option<u64>,
}

/// What the engine must answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expected {
    Done,
    Nothing,
    Job {
        id: JobId,
        conn: ConnId,
        number: u64,
        enqueued: Wall,
        attempts: Option<(u32, i32)>,
        body: Rc<str>,
    },
    Pushed(Vec<Expected>),
    Count(u64),
    Bid(Rc<str>),
    Jid(String),
    Batch(Box<BatchView>),
    State(Stage),
    Info {
        enqueued: u64,
        working: u64,
        scheduled: u64,
        retries: u64,
        dead: u64,
        processed: u64,
        failed: u64,
    },
    Latencies(BTreeMap<Box<str>, Duration>),
    Tracked {
        state: TrackState,
        percent: Option<i64>,
        desc: Option<Box<str>>,
        known: bool,
    },
    Refused(Refusal),
    /// A push that may repeat an earlier one, or else is refused.
    DoneOrRefused(Refusal),
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Model {
    rules: Rules,
    pub(crate) durable: Durable,
    /// Steps of the wall clock so far.
    pub(crate) steps: u32,
    pub(crate) expected: BTreeMap<Ticket, Expected>,
    workers: BTreeMap<u64, Worker>,
    by_wid: BTreeMap<String, u64>,
    conns: BTreeMap<ConnId, Option<u64>>,
    parked: BTreeMap<u64, Parked>,
    held: BTreeMap<JobId, Held>,
    /// What is left of the rates of queues.
    buckets: BTreeMap<String, Bucket>,
    /// When what was said of a job may be forgotten.
    forgets: BTreeMap<String, Wall>,
    /// Deliveries that the engine has named.
    pub(crate) deliveries: BTreeMap<Delivery, (JobId, u64)>,
    /// Those that the engine has handed out since this was looked at.
    pub(crate) fresh: Vec<(Delivery, ConnId, Rc<str>)>,
    /// Jobs that the engine has made of callbacks with this command.
    called: BTreeMap<Rc<str>, JobId>,
    /// Whether the cron entries of the configuration have been looked at since the start.
    knows_crons: bool,
    grace: Boot,
    count: u64,
    /// The first thing that the engine did and must not do.
    pub(crate) broken: Option<String>,
}

impl Model {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            durable: Durable::default(),
            steps: 0,
            expected: BTreeMap::new(),
            workers: BTreeMap::new(),
            by_wid: BTreeMap::new(),
            conns: BTreeMap::new(),
            parked: BTreeMap::new(),
            held: BTreeMap::new(),
            buckets: BTreeMap::new(),
            forgets: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            fresh: Vec::new(),
            called: BTreeMap::new(),
            knows_crons: false,
            grace: Boot(0),
            count: 0,
            broken: None,
        }
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(crate) fn complain(&mut self, what: impl FnOnce() -> String) {
        if self.broken.is_none() {
            self.broken = Some(what());
        }
    }

    /// The server starts with what the disk has: everybody is gone, nothing waits (`D9`).
    pub(crate) fn recover(&mut self, durable: Durable, now: Now) {
        self.durable = durable;
        self.forgets =
            self.durable.said.iter().map(|(jid, said)| (jid.clone(), said.at.after(TRACK_FOR))).collect();
        self.expected.clear();
        self.conns.clear();
        self.parked.clear();
        self.workers.clear();
        self.by_wid.clear();
        self.deliveries.clear();
        self.fresh.clear();
        let mut held: Vec<_> = std::mem::take(&mut self.held).into_iter().collect();
        held.sort_by_key(|(_, held)| held.number);
        let order: BTreeMap<JobId, u64> = held.into_iter().map(|(id, held)| (id, held.number)).collect();
        let mut working: Vec<_> = self
            .durable
            .jobs
            .iter()
            .filter_map(|(id, job)| match &job.place {
                Place::Working { wid, since, until } => {
                    Some((order.get(id).copied().unwrap_or(u64::MAX), *id, wid.clone(), *since, *until))
                }
                _ => None,
            })
            .collect();
        working.sort_by_key(|(number, id, ..)| (*number, *id));
        for (_, id, wid, since, until) in working {
            let left = until.since(now.wall).min(until.since(since)).min(Duration::from_secs(86_400));
            let worker = (!wid.is_empty()).then(|| self.known(&wid));
            let held = Held { number: self.next(), deadline: now.boot.after(left), worker };
            self.held.insert(id, held);
        }
        for worker in self.workers.values_mut() {
            worker.gone = Some(now.heard);
        }
        self.empty_buckets(now);
        self.knows_crons = false;
        self.stalled(now);
    }

    pub(crate) fn stalled(&mut self, now: Now) {
        self.grace = now.boot.after(self.rules.restart_grace);
    }

    /// Applies a command that the engine has just applied. `true`: a FETCH that waits.
    pub(crate) fn apply(&mut self, now: Now, ticket: Ticket, command: Command<'_>, real: &Machine) -> bool {
        // A token may have come since.
        self.serve(now);
        self.called = self.fresh_callbacks(now, real);
        let waits = self.obey(now, ticket, command, real);
        // Whatever it was, it may have freed a slot (`E-60`).
        self.serve(now);
        waits && self.parked.values().any(|parked| parked.ticket == ticket)
    }

    fn obey(&mut self, now: Now, ticket: Ticket, command: Command<'_>, real: &Machine) -> bool {
        let reply = match command {
            Command::Connect { conn, worker } => self.connect(conn, worker.as_ref()),
            Command::Disconnect { conn } => return self.disconnect(now, conn),
            Command::Push { job } => self.push(now, &job, real),
            Command::PushBulk { jobs } => {
                Expected::Pushed(jobs.iter().map(|job| self.push(now, job, real)).collect())
            }
            Command::Fetch { conn, queues, wait } => return self.fetch(now, ticket, conn, queues, wait),
            Command::Ack { conn, jid, .. } => {
                if let Some(id) = self.reserved(conn, jid) {
                    self.leave_key(now, id);
                    self.end(now, id, Ending::Acked);
                }
                Expected::Done
            }
            Command::Fail { conn, jid, .. } => match self.reserved(conn, jid) {
                Some(id) => {
                    self.fail(now, id, real);
                    Expected::Done
                }
                None => Expected::Refused(Refusal::NotReserved(jid.into())),
            },
            Command::Beat { conn, wid, state, .. } => self.beat(conn, wid, state),
            Command::Undelivered { delivery } => return self.undelivered(now, delivery),
            Command::Info => self.info(),
            Command::Signal { wid, stage } => self.signal(wid, stage),
            Command::Requeue { jobs } => self.each(jobs, |model, id| {
                let promoted = matches!(
                    model.durable.jobs[&id].place,
                    Place::Scheduled { .. } | Place::Retrying { .. } | Place::Dead { .. }
                );
                if promoted {
                    model.promote(now, id);
                }
                promoted
            }),
            Command::Delete { jobs } => self.each(jobs, |model, id| {
                model.end(now, id, Ending::Deleted);
                true
            }),
            Command::Kill { jobs } => self.kill(now, jobs),
            Command::Discard { jobs } => self.discard(now, jobs),
            Command::Restore { jobs } => self.restore(now, jobs),
            Command::Release { jobs } => self.release(now, jobs),
            Command::Move { jobs, queue } => self.move_to(now, jobs, queue),
            Command::Replace { edit } => self.replace(now, &edit),
            Command::Clear { what } => self.clear(now, what),
            Command::Queues { deed, names } => self.operate_queues(now, deed, names),
            Command::Latency { names } => {
                let waited = |name: &str| {
                    let first = self.first(name).map(|id| self.durable.jobs[&id].enqueued);
                    first.map_or(Duration::ZERO, |since| now.wall.since(since))
                };
                Expected::Latencies(names.iter().map(|name| ((*name).into(), waited(name))).collect())
            }
            Command::Keep { records } => {
                records.iter().for_each(|record| self.keep(record));
                Expected::Done
            }
            Command::Track { conn, jid, deed } => self.track(now, conn, jid, deed),
            Command::Throttle(deed) => self.throttle(now, deed),
            Command::Cron { id, deed } => self.operate_cron(now, id, deed, real),
            Command::Batch(deed) => self.batch(now, deed, real),
            Command::FreeKey(which) => self.free_key(now, which),
            Command::Due => return self.due(now, real),
        };
        self.expected.insert(ticket, reply);
        false
    }

    fn keep(&mut self, Record { family, key, value }: &Record) {
        match value {
            Some(value) => _ = self.durable.kept.insert((*family, key.clone()), value.clone()),
            None => _ = self.durable.kept.remove(&(*family, key.clone())),
        }
    }

    fn job(&mut self, id: JobId) -> &mut Job {
        self.durable.jobs.get_mut(&id).expect("a job that is named lives")
    }
}

/// When something happens to a job of a set.
fn moment(place: &Place) -> Wall {
    match place {
        Place::Scheduled { at } | Place::Retrying { at } => *at,
        Place::Dead { until } | Place::Discarded { until, .. } => *until,
        Place::Queued { since } | Place::Working { since, .. } => *since,
    }
}

/// The jobs of a jid, as pages see them.
pub(crate) fn views(real: &Machine, now: Now, jid: &str) -> Vec<JobView> {
    match real.answer(now, &Query::Jid { jid: jid.into() }) {
        Answer::Jobs(jobs) => jobs.jobs,
        _ => Vec::new(),
    }
}
