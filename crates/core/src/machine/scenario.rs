//! Tests in a language of tables: who does what when, and what comes of it.
//!
//! ```text
//!   0s  w1 fetch default      | waits
//!   1s  p  push a retry=2     | ok, w1: a
//! ```
//!
//! A line is a time since the start, an actor, a verb with its arguments, and behind the bar the replies that came:
//! the actor's own bare, those of others with their name. Time that passes lets due things happen first. After every
//! line all invariants are checked; at the end a second machine that has only seen the facts must look the same.

mod shown;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use self::words::ask_unique;
pub(in crate::machine) use self::words::limit;
use self::words::{duration, key, push, stage};
use super::{Machine, Settled};
use crate::command::{
    BatchDeed, Command, ConnId, CronDeed, Hello, Plan, Push, QueueDeed, Reply, ThrottleDeed, Ticket,
    TrackDeed, WhichKey,
};
use crate::cron;
use crate::edit::Edit;
use crate::fact::{Callback, Cleared, Fact, Facts, Failure, JobId, Span};
use crate::limits::Rules;
use crate::query::{Answer, Query, Scan, Set, Where};
use crate::time::{Boot, Now, Wall};

const KEY: [u64; 2] = [7, 11];
const START: Wall = Wall(1_700_000_000_000_000);

/// Keeps texts, and a machine that knows only facts.
struct Log {
    texts: Vec<Vec<u8>>,
    mirror: Machine,
}

impl Facts for Log {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        let text: &[u8] = match fact {
            Fact::Put { body, .. } => body,
            Fact::Fail { failure, .. } => failure.text,
            // A record lives as a whole, however little it says.
            Fact::Keep { .. } if fact.has_place() => b"record",
            _ => &[],
        };
        let span = Span { at: self.texts.len() as u64, len: text.len() as u32 };
        self.texts.push(text.to_vec());
        self.mirror.replay(fact, span);
        span
    }

    fn release(&mut self, span: Span) {
        assert!(!self.texts[span.at as usize].is_empty(), "a body is released once");
        self.texts[span.at as usize].clear();
    }
}

/// A machine on a stage.
pub(super) struct Scene {
    machine: Machine,
    log: Log,
    now: Now,
    names: Vec<String>,
    /// Attempts that ended since somebody asked for them.
    attempts: Vec<String>,
    /// Deliveries that were handed out, by jid.
    deliveries: BTreeMap<String, crate::command::Delivery>,
    /// What they are called by, in the order in which they were handed out.
    leases: Vec<String>,
    /// Batches, by the name that the table gives them.
    bids: BTreeMap<String, String>,
}

/// Plays a table with the default rules.
pub(in crate::machine) fn play(table: &str) {
    play_with(Rules::default(), table);
}

/// Plays a table.
pub(in crate::machine) fn play_with(rules: Rules, table: &str) {
    let mut scene = Scene::new(rules);
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (deed, expected) = line.split_once('|').unwrap_or((line, ""));
        let came = scene.perform(deed.trim());
        assert_eq!(came, expected.trim(), "in the line: {line}");
    }
    scene.compare();
}

impl Scene {
    fn new(rules: Rules) -> Self {
        let now = Now { wall: START, boot: Boot(0), heard: Boot(0), chance: 0 };
        let mut machine = Machine::new(rules.clone(), KEY);
        machine.recovered(now);
        // The grace after a start has passed when the curtain rises.
        let now = Now { boot: Boot(1_000_000_000), heard: Boot(1_000_000_000), ..now };
        let log = Log { texts: Vec::new(), mirror: Machine::new(rules, KEY) };
        Self {
            machine,
            log,
            now,
            names: vec![String::new()],
            attempts: Vec::new(),
            deliveries: BTreeMap::new(),
            leases: Vec::new(),
            bids: BTreeMap::new(),
        }
    }

    fn conn(&mut self, actor: &str) -> ConnId {
        let place = self.names.iter().position(|name| name == actor).unwrap_or_else(|| {
            self.names.push(actor.into());
            self.names.len() - 1
        });
        ConnId(place as u64)
    }

    fn perform(&mut self, deed: &str) -> String {
        let mut words = deed.split_whitespace();
        let time = words.next().expect("a time");
        let mut out = Settled::default();
        self.advance(time, &mut out);
        let Some(actor) = words.next() else { return self.told("", out) };
        let verb = words.next().expect("a verb");
        let args: Vec<&str> = words.collect();
        let conn = self.conn(actor);
        let open = self.act(actor, conn, verb, &args, &mut out);
        self.machine.check().unwrap_or_else(|broken| panic!("{deed}: {broken}"));
        match open {
            Some(shown) if out.replies.is_empty() => shown,
            Some(shown) => format!("{shown}, {}", self.told(actor, out)),
            None => self.told(actor, out),
        }
    }

    /// Lets time pass, second by second as the server's timer would. `+30s!` freezes the loop: a stall.
    fn advance(&mut self, time: &str, out: &mut Settled) {
        let (time, stall) = time.strip_suffix('!').map_or((time, false), |time| (time, true));
        let since_start = self.now.wall.since(START);
        let target = duration(time);
        let left = target.saturating_sub(since_start);
        if stall {
            self.now.wall = self.now.wall.after(left);
            self.now.boot = self.now.boot.after(left);
            self.machine.stalled(self.now);
            self.now.heard = self.now.boot;
            self.apply(Ticket(0), Command::Due, out);
            return;
        }
        let end = self.now.boot.after(left);
        loop {
            let due = self.machine.next_due(self.now).filter(|at| *at <= end);
            let step = due.unwrap_or(end).since(self.now.boot);
            self.now.wall = self.now.wall.after(step);
            self.now.boot = self.now.boot.after(step);
            self.now.heard = self.now.boot;
            if due.is_none() {
                return;
            }
            self.apply(Ticket(0), Command::Due, out);
            self.machine.check().unwrap_or_else(|broken| panic!("due: {broken}"));
        }
    }

    fn apply(&mut self, ticket: Ticket, command: Command<'_>, out: &mut Settled) -> super::Progress {
        self.machine.apply(self.now, ticket, command, &mut self.log, out)
    }

    /// Says what is to be shown where no reply comes.
    fn act(
        &mut self,
        actor: &str,
        conn: ConnId,
        verb: &str,
        args: &[&str],
        out: &mut Settled,
    ) -> Option<String> {
        let ticket = Ticket(conn.0);
        let option = |name: &str| args.iter().find_map(|a| a.strip_prefix(name)?.strip_prefix('='));
        match verb {
            "hello" => {
                let wid = args.first().copied().unwrap_or(actor);
                let pid = option("pid").map_or(1, |pid| pid.parse().expect("a pid"));
                let hello = Hello { wid, hostname: "host", pid, labels: &[], rss_kb: 0 };
                self.apply(ticket, Command::Connect { conn, worker: Some(hello) }, out);
            }
            "connect" => _ = self.apply(ticket, Command::Connect { conn, worker: None }, out),
            "leaves" => {
                self.apply(ticket, Command::Disconnect { conn }, out);
                return Some("gone".into());
            }
            "push" => {
                let body: String = args.join(" ");
                let at = option("at").map(|at| START.after(duration(at)));
                let mut job = push(args[0], &body, &option, at);
                let bid = option("in").map(|name| self.bid(name));
                job.asks.batch = bid.as_deref();
                self.apply(ticket, Command::Push { job }, out);
            }
            "fetch" => {
                let wait = Duration::from_secs(2);
                if self.apply(ticket, Command::Fetch { conn, queues: args, wait }, out)
                    == super::Progress::Open
                {
                    return Some("waits".into());
                }
            }
            "ack" => {
                let lease = option("lease").map(|lease| self.lease(lease));
                self.apply(ticket, Command::Ack { conn, jid: args[0], lease: lease.as_deref() }, out);
            }
            "fail" => {
                let lease = option("lease").map(|lease| self.lease(lease));
                let text = b"{\"errtype\":\"E\",\"message\":\"m\"}";
                self.apply(ticket, Command::Fail { conn, jid: args[0], text, lease: lease.as_deref() }, out);
            }
            "beat" => {
                let state = args.get(1).map(|state| stage(state));
                self.apply(ticket, Command::Beat { conn, wid: args[0], state, rss_kb: 1 }, out);
            }
            "undelivered" => {
                let delivery = self.deliveries[args[0]];
                self.apply(ticket, Command::Undelivered { delivery }, out);
                return Some("back".into());
            }
            "signal" | "requeue" | "delete" | "discard" | "restore" | "kill" | "release" | "move"
            | "edit" | "flush" | "clear" | "empty" | "pause" | "resume" | "remove" | "throttle" | "reset" => {
                self.operate(ticket, verb, args, out);
            }
            "batch" => self.batch(ticket, args, out),
            "set" | "get" | "extend" => self.track(ticket, conn, verb, args, out),
            "bulk" => self.bulk(ticket, args, out),
            "free" => self.free(ticket, args, out),
            "cron" => self.cron(ticket, args, out),
            "has" | "lacks" => return Some(self.configure_cron(verb, args)),
            "latency" => _ = self.apply(ticket, Command::Latency { names: args }, out),
            "attempts" => return Some(std::mem::take(&mut self.attempts).join(", ")),
            "decrees" => return Some(self.decree(args)),
            "sees" => return Some(self.shown(args[0])),
            _ => panic!("no verb {verb}"),
        }
        None
    }

    /// `bulk a b,unique=k`: the words of each job with commas between them.
    fn bulk(&mut self, ticket: Ticket, args: &[&str], out: &mut Settled) {
        let bodies: Vec<String> = args.iter().map(|job| job.replace(',', " ")).collect();
        let words: Vec<Vec<&str>> = bodies.iter().map(|body| body.split(' ').collect()).collect();
        let jobs = words.iter().zip(&bodies).map(|(words, body)| {
            let option = |name: &str| words.iter().find_map(|a| a.strip_prefix(name)?.strip_prefix('='));
            push(words[0], body, &option, None)
        });
        let jobs: Vec<Push<'_>> = jobs.collect();
        self.apply(ticket, Command::PushBulk { jobs: &jobs }, out);
    }

    /// `free k`, or `free jid=a`.
    fn free(&mut self, ticket: Ticket, args: &[&str], out: &mut Settled) {
        let which = match args[0].strip_prefix("jid=") {
            Some(jid) => WhichKey::Jid(jid),
            None => WhichKey::Key(key(args[0])),
        };
        self.apply(ticket, Command::FreeKey(which), out);
    }

    /// `cron run nightly`.
    fn cron(&mut self, ticket: Ticket, args: &[&str], out: &mut Settled) {
        let deed = CronDeed::ALL.into_iter().find(|deed| deed.as_str() == args[0]).expect("a deed");
        self.apply(ticket, Command::Cron { id: args[1], deed }, out);
    }

    /// `batch new A success complete=queue parent=B`; the jids of its callbacks are `A-success` and so on.
    fn batch(&mut self, ticket: Ticket, args: &[&str], out: &mut Settled) {
        let (name, bid) = (args[1], self.bid(args[1]));
        let bid = &*bid;
        let deed = match args[0] {
            "new" => {
                let parent =
                    args.iter().find_map(|arg| arg.strip_prefix("parent=")).map(|name| self.bid(name));
                let text = |which: &str| {
                    let asked = args.iter().find_map(|arg| arg.strip_prefix(which))?;
                    let queue = asked.strip_prefix('=').unwrap_or("default");
                    let jid = format!("{name}-{which:.<6}");
                    Some(format!(r#"{{"jid":"{jid}","jobtype":"T","queue":"{queue}"}}"#))
                };
                let texts = Callback::ALL.map(|which| text(which.as_str()));
                let callbacks = texts.each_ref().map(|text| text.as_deref());
                let plan = Plan { description: name, parent: parent.as_deref(), callbacks };
                self.now.chance += 1;
                self.apply(ticket, Command::Batch(BatchDeed::New(plan)), out);
                if let Some((_, Reply::Bid(bid))) = out.replies.last() {
                    self.bids.insert(name.into(), bid.to_string());
                }
                return;
            }
            "open" => BatchDeed::Open { bid },
            "commit" => BatchDeed::Commit { bid },
            "status" => BatchDeed::Status { bid },
            "cancel" => BatchDeed::Cancel { bid },
            "repair" => BatchDeed::Repair { bid },
            _ => panic!("no deed {}", args[0]),
        };
        self.apply(ticket, Command::Batch(deed), out);
    }

    /// The lease of the delivery with this number, counted from 1; else one that nobody has.
    fn lease(&self, number: &str) -> String {
        let known = number.parse::<usize>().ok().and_then(|number| self.leases.get(number - 1));
        known.map_or_else(|| number.into(), Clone::clone)
    }

    /// A name that the table did not give is a bid by itself.
    fn bid(&self, name: &str) -> String {
        self.bids.get(name).map_or_else(|| name.into(), Clone::clone)
    }

    /// `set a 30 loading`, `get a`, `extend a 90s`: until so long after the start.
    fn track(&mut self, ticket: Ticket, conn: ConnId, verb: &str, args: &[&str], out: &mut Settled) {
        let until = |args: &[&str], at: usize| args.get(at).map(|until| START.after(duration(until)));
        let deed = match verb {
            "get" => TrackDeed::Get,
            "extend" => TrackDeed::Extend { until: until(args, 1).expect("a time") },
            _ => TrackDeed::Set {
                percent: args.get(1).and_then(|percent| percent.parse().ok()),
                desc: args.get(2).copied().filter(|desc| *desc != "-"),
                reserve_until: until(args, 3),
            },
        };
        self.apply(ticket, Command::Track { conn, jid: args[0], deed }, out);
    }

    /// What operators do.
    fn operate(&mut self, ticket: Ticket, verb: &str, args: &[&str], out: &mut Settled) {
        match verb {
            "signal" => {
                let wid = (args[0] != "all").then_some(args[0]);
                self.apply(ticket, Command::Signal { wid, stage: stage(args[1]) }, out);
            }
            "requeue" | "delete" | "discard" | "restore" | "kill" | "release" => {
                let jobs: Vec<JobId> = args.iter().flat_map(|jid| self.ids(jid)).collect();
                let command = match verb {
                    "requeue" => Command::Requeue { jobs: &jobs },
                    "delete" => Command::Delete { jobs: &jobs },
                    "discard" => Command::Discard { jobs: &jobs },
                    "restore" => Command::Restore { jobs: &jobs },
                    "release" => Command::Release { jobs: &jobs },
                    _ => Command::Kill { jobs: &jobs },
                };
                self.apply(ticket, command, out);
            }
            "move" => {
                let jobs: Vec<JobId> = args[1..].iter().flat_map(|jid| self.ids(jid)).collect();
                self.apply(ticket, Command::Move { jobs: &jobs, queue: args[0] }, out);
            }
            "edit" => self.edit(ticket, args, out),
            "flush" => {
                self.apply(ticket, Command::Clear { what: Cleared::Everything }, out);
            }
            "empty" => {
                self.apply(ticket, Command::Clear { what: Cleared::Queue(args[0]) }, out);
            }
            "clear" => {
                let set = match args[0] {
                    "scheduled" => Set::Scheduled,
                    "retries" => Set::Retries,
                    "discarded" => Set::Discarded,
                    _ => Set::Dead,
                };
                self.apply(ticket, Command::Clear { what: Cleared::Set(set) }, out);
            }
            "pause" | "resume" | "remove" => {
                let deed = match verb {
                    "pause" => QueueDeed::Pause,
                    "resume" => QueueDeed::Resume,
                    _ => QueueDeed::Remove,
                };
                let names = (args[0] != "*").then_some(args);
                self.apply(ticket, Command::Queues { deed, names }, out);
            }
            "throttle" => {
                let deed = ThrottleDeed::Set { queue: args[0], limit: limit(&args[1..]) };
                self.apply(ticket, Command::Throttle(deed), out);
            }
            "reset" => {
                self.apply(ticket, Command::Throttle(ThrottleDeed::Reset { queue: args[0] }), out);
            }
            _ => unreachable!("an operator's verb"),
        }
    }

    /// The job becomes what stands behind its jid: `edit a now 1 queue=x`.
    fn edit(&mut self, ticket: Ticket, args: &[&str], out: &mut Settled) {
        let Some(id) = self.ids(args[0]).first().copied() else { panic!("no job {}", args[0]) };
        let option = |name: &str| args.iter().find_map(|a| a.strip_prefix(name)?.strip_prefix('='));
        let body = args.join(" ");
        let job = push(args[0], &body, &option, None);
        let query = Query::Jid { jid: args[0].into() };
        let Answer::Jobs(jobs) = self.machine.answer(self.now, &query) else { panic!("no jobs") };
        let failure = jobs.jobs.iter().find(|job| job.id == id).and_then(|job| job.failure.clone());
        let text = failure.as_ref().and_then(|failure| failure.text.unread());
        let text = text.map_or_else(Vec::new, |span| self.log.texts[span.at as usize].clone());
        let seen = failure.map(|failure| Failure {
            retry_count: failure.retry_count,
            remaining: failure.remaining,
            failed_at: failure.failed_at,
            next_at: failure.next_at,
            text: if option("seen") == Some("long.ago") { b"other" } else { &text },
        });
        let edit = Edit { id, job, failure: seen, enqueue: args.contains(&"now") };
        self.apply(ticket, Command::Replace { edit }, out);
    }

    /// Other rules from now on; the mirror, which only reads the log, keeps the old ones.
    fn decree(&mut self, args: &[&str]) -> String {
        let mut rules = self.machine.rules().clone();
        for (name, value) in args.iter().filter_map(|arg| arg.split_once('=')) {
            match name {
                "undo" => rules.discard_undo = duration(value),
                "dead" => rules.dead_max = value.parse().expect("a number"),
                "batches" => rules.batches_max = value.parse().expect("a number"),
                "keep" => rules.batch_keep = duration(value),
                "grace" => rules.lost_worker_grace = duration(value),
                "tracks" => rules.tracks_max = value.parse().expect("a number"),
                "unique" => rules.unique_max = value.parse().expect("a number"),
                "window" => rules.repush_window = duration(value),
                "throttles" => rules.throttles_max = value.parse().expect("a number"),
                // `limit=default,concurrency:2,worker:1`; without numbers there is none.
                "limit" => {
                    let mut words = value.split(',');
                    let queue = words.next().unwrap_or_default();
                    let numbers: Vec<String> = words.map(|word| word.replace(':', "=")).collect();
                    let numbers: Vec<&str> = numbers.iter().map(|word| &**word).collect();
                    rules.throttles.remove(queue);
                    if !numbers.is_empty() {
                        rules.throttles.insert(queue.into(), limit(&numbers));
                    }
                }
                _ => panic!("no rule {name}"),
            }
        }
        self.machine.change_rules(rules);
        "so be it".into()
    }

    /// The configuration has this cron entry from now on, or none with this id.
    fn configure_cron(&mut self, verb: &str, args: &[&str]) -> String {
        let mut rules = self.machine.rules().clone();
        let others = rules.cron.iter().filter(|entry| *entry.id != *args[0]).cloned();
        let entry = (verb == "has").then(|| cron::tests::entry(args[0], &args[1..]));
        let mut entries: Vec<_> = others.chain(entry).collect();
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        rules.cron = entries.into();
        self.machine.change_rules(rules);
        "so be it".into()
    }

    /// The jobs of a jid wherever they are, also discarded ones.
    fn ids(&self, jid: &str) -> Vec<JobId> {
        let scan = Scan {
            places: Where::ALL.into_iter().chain([Where::Discarded]).collect(),
            jids: Some(vec![jid.into()]),
            queue: None,
            jobtype: None,
            from: None,
            count: 100,
            most: 100,
            texts: false,
        };
        match self.machine.answer(self.now, &Query::Scan(Box::new(scan))) {
            Answer::Scanned(scanned) => scanned.ids,
            other => panic!("{other:?}"),
        }
    }

    /// What only facts have built looks the same.
    fn compare(mut self) {
        self.log.mirror.recovered(self.now);
        self.log.mirror.check().expect("the mirror is whole");
        assert_eq!(self.log.mirror.dump(), self.machine.dump());
    }
}
