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

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Machine, Settled};
use crate::batch::{Call, Wait};
use crate::command::{
    AskUnique, Asks, BatchDeed, Command, ConnId, CronDeed, Hello, Plan, Push, QueueDeed, Refusal, Reply,
    Stage, Text, ThrottleDeed, Ticket, TrackDeed, WhichKey,
};
use crate::cron;
use crate::edit::Edit;
use crate::event::{Attempt, Event};
use crate::fact::{Callback, Cleared, Fact, Facts, Failure, JobId, OnLost, Release, Span};
use crate::limits::Rules;
use crate::query::{Answer, KeyHolder, KeyView, Page, Place, Query, Scan, Set, ThrottleView, Tracked, Where};
use crate::throttle::{Parts, Throttle};
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
            "ack" => _ = self.apply(ticket, Command::Ack { conn, jid: args[0] }, out),
            "fail" => {
                _ = self.apply(
                    ticket,
                    Command::Fail { conn, jid: args[0], text: b"{\"errtype\":\"E\",\"message\":\"m\"}" },
                    out,
                );
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

    /// A name that the table did not give is a bid by itself.
    fn bid(&self, name: &str) -> String {
        self.bids.get(name).map_or_else(|| name.into(), Clone::clone)
    }

    /// What a batch waits for.
    fn waits(&self, name: &str) -> String {
        let answer = self.machine.answer(self.now, &Query::Batch { bid: self.bid(name) });
        let Answer::Batch(detail) = answer else { return "no such batch".into() };
        let waits = detail.waits.iter().map(|wait| match wait {
            Wait::Commit { until, closes } => {
                let left = until.since(self.now.wall).as_secs();
                format!("commit, or {} in {left}s", if *closes { "closed" } else { "forgotten" })
            }
            Wait::Members(count) => format!("{count} members"),
            Wait::Failing(count) => format!("{count} failing"),
            Wait::Children { count, first } => {
                let named = self.bids.iter().find(|(_, bid)| Some(*bid) == first.as_ref());
                format!("{count} children{}", named.map_or(String::new(), |(name, _)| format!(": {name}")))
            }
            Wait::Callback { which, job } => {
                let place = job.map_or("nowhere".into(), |(_, place)| format!("{place:?}").to_lowercase());
                format!("{} {place}", which.as_str())
            }
            Wait::Never(count) => format!("never: {count} gone"),
        });
        format!("{:?}: {}", detail.view.state(), waits.collect::<Vec<_>>().join(", "))
            .to_lowercase()
            .trim_end()
            .into()
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

    /// What a place holds, as a page would show it.
    fn shown(&self, place: &str) -> String {
        let page = Page { from: 0, count: 100 };
        let query = match place {
            "scheduled" => Query::Set { set: Set::Scheduled, page },
            "retries" => Query::Set { set: Set::Retries, page },
            "dead" => Query::Set { set: Set::Dead, page },
            "discarded" => Query::Set { set: Set::Discarded, page },
            "working" => Query::Working { page },
            "workers" | "asked" => Query::Workers,
            "info" => Query::Info,
            place if place.starts_with("batch=") => return self.waits(&place[6..]),
            "keys" => Query::Keys { from: 0, count: 100 },
            place if place.starts_with("jid=") => Query::Jid { jid: place[4..].into() },
            "queues" | "traffic" => Query::Queues,
            "throttles" => Query::Throttles,
            "crons" => Query::Cron { id: None },
            place if place.starts_with("cron=") => Query::Cron { id: Some(place[5..].into()) },
            name => Query::Queue { name: name.into(), page },
        };
        match self.machine.answer(self.now, &query) {
            Answer::Jobs(jobs) => jobs
                .jobs
                .iter()
                .map(|job| {
                    let failures =
                        job.failure.as_ref().map_or(String::new(), |f| format!("×{}", f.retry_count + 1));
                    let holder = if let Place::Working { wid, .. } = &job.place {
                        format!("@{wid}")
                    } else {
                        String::new()
                    };
                    format!("{}{failures}{holder}", self.name(&job.body))
                })
                .collect::<Vec<_>>()
                .join(" "),
            Answer::Workers(workers) if place == "asked" => workers
                .iter()
                .map(|w| format!("{}={}", w.wid, w.queues.join(",")))
                .collect::<Vec<_>>()
                .join(" "),
            Answer::Workers(workers) => workers
                .iter()
                .map(|w| format!("{}:{:?}:{}", w.wid, w.stage, w.busy))
                .collect::<Vec<_>>()
                .join(" "),
            Answer::Info(info) => format!(
                "processed {} failed {} discarded {}",
                info.processed, info.failures, info.since_start.dead_dropped
            ),
            Answer::Queues(queues) if place == "traffic" => queues
                .iter()
                .map(|q| format!("{}:+{}-{}@{}", q.name, q.pushed, q.left, q.working))
                .collect::<Vec<_>>()
                .join(" "),
            Answer::Queues(queues) => queues
                .iter()
                .map(|q| format!("{}:{}{}", q.name, q.size, if q.paused { ":paused" } else { "" }))
                .collect::<Vec<_>>()
                .join(" "),
            Answer::Keys(page) => page.keys.iter().map(|key| self.key(key)).collect::<Vec<_>>().join(" "),
            Answer::Throttles(throttles) => throttles.iter().map(throttle).collect::<Vec<_>>().join(" | "),
            Answer::Cron(views) => cron::tests::shown(&views, place == "crons"),
            Answer::Missing => "no such queue".into(),
            other => panic!("{other:?}"),
        }
    }

    /// `k=a@60s`: who holds it, and until when. `(a)`: it has succeeded.
    fn key(&self, held: &KeyView) -> String {
        let name = held.key.to_be_bytes();
        let name = String::from_utf8_lossy(&name).trim_start_matches('\0').to_owned();
        let holder = match &held.holder {
            KeyHolder::Job { id, .. } => {
                let Answer::Jobs(jobs) = self.machine.answer(self.now, &Query::Named { ids: vec![*id] })
                else {
                    panic!("no job")
                };
                self.name(&jobs.jobs[0].body)
            }
            KeyHolder::Done { jid, jobtype, queue } => format!("({jid}:{jobtype}:{queue})"),
        };
        format!("{name}={holder}@{}s", held.until.since(START).as_secs())
    }

    /// The jid is the first word of a body.
    fn name(&self, body: &Text) -> String {
        let span = body.unread().expect("nobody has read it");
        let text = String::from_utf8_lossy(&self.log.texts[span.at as usize]);
        let jid = match text.split_once("\"jid\":\"") {
            Some((_, rest)) => rest.split('"').next(),
            None => text.split(' ').next(),
        };
        let jid = jid.unwrap_or_default();
        if let Text::Moved { queue, .. } = body { format!("{jid}>{queue}") } else { jid.into() }
    }

    fn told(&mut self, actor: &str, out: Settled) -> String {
        let mut told = Vec::new();
        self.attempts.extend(out.events.iter().filter_map(attempt));
        for (ticket, reply) in out.replies {
            let text = match reply {
                Reply::Done => "ok".into(),
                Reply::Nothing => "nothing".into(),
                Reply::Job(job) => {
                    let jid = self.name(&job.body);
                    let bare = jid.split('>').next().unwrap_or_default();
                    self.deliveries.insert(bare.into(), job.delivery);
                    jid
                }
                Reply::Count(count) => count.to_string(),
                Reply::Pushed(fates) => {
                    let fate =
                        |fate: Result<(), Refusal>| fate.map_or_else(|why| why.to_string(), |()| "ok".into());
                    fates.into_iter().map(fate).collect::<Vec<_>>().join("; ")
                }
                Reply::State(stage) => format!("{stage:?}").to_lowercase(),
                Reply::Latencies(waited) => {
                    let shown = waited.iter().map(|(name, waited)| format!("{name}={}s", waited.as_secs()));
                    shown.collect::<Vec<_>>().join(" ")
                }
                Reply::Refused(refusal) => {
                    let said = refusal.to_string();
                    self.bids.iter().fold(said, |said, (name, bid)| said.replace(bid, name))
                }
                Reply::Bid(bid) => {
                    let named = self.bids.iter().find(|(_, known)| **known == *bid);
                    named.map_or("a new one".into(), |(name, _)| name.clone())
                }
                Reply::Batch(view) => {
                    let [success, complete, death] = view.calls.map(Call::as_str);
                    let calls = format!("complete:{complete} success:{success} death:{death}");
                    format!("{}/{}/{} {calls}", view.total, view.pending, view.failed)
                }
                Reply::Tracked(tracked) => {
                    let Tracked { state, progress, known } = *tracked;
                    let percent = progress.percent.map(|percent| format!(" {percent}%")).unwrap_or_default();
                    let desc = progress.desc.map(|desc| format!(" {desc}")).unwrap_or_default();
                    let at = progress.updated_at.since(START).as_secs();
                    let at = if known { format!(" @{at}s") } else { String::new() };
                    format!("{}{percent}{desc}{at}", state.as_str())
                }
                Reply::Jid(jid) => jid.into(),
                other => panic!("{other:?}"),
            };
            let name = &self.names[ticket.0 as usize];
            told.push(if name == actor { text } else { format!("{name}: {text}") });
        }
        told.join(", ")
    }

    /// What only facts have built looks the same.
    fn compare(mut self) {
        self.log.mirror.recovered(self.now);
        self.log.mirror.check().expect("the mirror is whole");
        assert_eq!(self.log.mirror.dump(), self.machine.dump());
    }
}

/// `a done of T in default by w1: waited 1s, ran 2s`.
fn attempt(event: &Event) -> Option<String> {
    let Event::Attempt(attempt) = event else { return None };
    let Attempt { jid, queue, jobtype, wid, outcome, error, .. } = attempt;
    let (wait, run) = (attempt.wait().as_secs(), attempt.run().as_secs());
    let jid = jid.as_deref().unwrap_or("?");
    let error = error.as_deref().map(|error| format!(" ({error})")).unwrap_or_default();
    let outcome = outcome.as_str();
    Some(format!("{jid} {outcome}{error} of {jobtype} in {queue} by {wid}: waited {wait}s ran {run}s"))
}

fn push<'a>(
    jid: &'a str,
    body: &'a str,
    option: &dyn Fn(&str) -> Option<&'a str>,
    at: Option<Wall>,
) -> Push<'a> {
    Push {
        jid,
        queue: option("queue").unwrap_or("default"),
        jobtype: "T",
        retry: option("retry").map_or(25, |retry| retry.parse().expect("a number")),
        reserve_for: option("reserve").map_or(1_800, |seconds| seconds.parse().expect("a number")),
        on_lost: option("lost").map(|lost| match lost {
            "wait" => OnLost::Wait,
            "dead" => OnLost::Dead,
            _ => OnLost::Requeue,
        }),
        asks: Asks {
            unique: ask_unique(option),
            tracked: option("track").is_some(),
            expires: option("expires").map(|after| START.after(duration(after))),
            ..Asks::default()
        },
        at,
        failure: None,
        sent: body.as_bytes(),
        body: body.as_bytes(),
    }
}

/// The number whose bytes are the text.
fn key(text: &str) -> u128 {
    text.bytes().fold(0, |key, byte| key << 8 | u128::from(byte))
}

/// `concurrency=2 rate=10 per=60`.
pub(in crate::machine) fn limit(words: &[&str]) -> Throttle {
    let mut parts = Parts::default();
    for (name, number) in words.iter().filter_map(|word| word.split_once('=')) {
        *parts.part(name).expect("a name") = Some(number.parse().expect("a number"));
    }
    parts.throttle().expect("a throttle")
}

/// `default concurrency=2: 2 taken by w1=1 w2=1, 5 wait, full`.
fn throttle(view: &ThrottleView) -> String {
    let holders: Vec<String> = view.holders.iter().map(|(wid, jobs)| format!("{wid}={jobs}")).collect();
    let by = if holders.is_empty() { String::new() } else { format!(" by {}", holders.join(" ")) };
    let tokens = view.tokens.map(|tokens| format!(", {tokens} tokens")).unwrap_or_default();
    let set = if view.is_set { " (set)" } else { "" };
    let full = if view.is_full() { ", full" } else { "" };
    let ThrottleView { queue, limit, working, waiting, .. } = view;
    format!("{queue} {limit}{set}: {working} taken{by}, {waiting} wait{tokens}{full}")
}

fn stage(word: &str) -> Stage {
    match word {
        "running" => Stage::Running,
        "quiet" => Stage::Quiet,
        "terminate" => Stage::Terminate,
        other => panic!("no stage {other}"),
    }
}

/// `90s`, `3m`, `2h`, `200d`, `1500ms`.
fn duration(text: &str) -> Duration {
    if let Some(millis) = text.strip_suffix("ms") {
        return Duration::from_millis(millis.parse().expect("a number"));
    }
    let (number, unit) = text.split_at(text.len() - 1);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        other => panic!("no unit {other}"),
    };
    Duration::from_secs(number.parse::<u64>().expect("a number") * seconds)
}

/// The key that a job asks for: `unique=k hold=10s until=start`.
pub(crate) fn ask_unique<'a>(option: &dyn Fn(&str) -> Option<&'a str>) -> Option<AskUnique> {
    option("unique").map(|text| AskUnique {
        key: key(text),
        hold: option("hold").map_or(Duration::from_secs(3_600), duration),
        release: match option("until") {
            Some("start") => Release::Start,
            Some("expiry") => Release::Expiry,
            _ => Release::Success,
        },
    })
}
