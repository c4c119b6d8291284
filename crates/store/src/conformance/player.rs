//! Plays a scenario on an engine.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bessemer_core::command::{Asks, Delivery, Hello, Push, Stage};
use bessemer_core::fact::OnLost;
use bessemer_core::query::{Page, Place, Set};
use bessemer_core::{
    Answer, Boot, Command, ConnId, Now, Progress, Query, Reply, Rules, Settled, Ticket, Wall,
};

use super::{House, Scenario};
use crate::engine::{Engine, Reader};

/// When every scenario begins.
const START: Wall = Wall(1_700_000_000_000_000);
/// The grace after a start has passed by then; a restart is judged by itself.
const BOOT: Boot = Boot(1_000_000_000);
/// Its reply says that everything before it has been decided.
const BARRIER: Ticket = Ticket(u64::MAX);

/// Plays one scenario from an empty store on.
///
/// # Panics
/// When something else comes of a line than it says; with the line.
pub async fn play<H: House>(house: &mut H, scenario: &Scenario) {
    let rules = Rules::default();
    let earlier = Now { wall: START, boot: Boot(0), heard: Boot(0), chance: 0 };
    let engine = house.open(&rules, earlier).await;
    let now = Now { boot: BOOT, heard: BOOT, ..earlier };
    let mut stage =
        Scene { house, engine: Some(engine), rules, now, names: Vec::new(), deliveries: BTreeMap::new() };
    let lines = scenario.table.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (deed, expected) = line.split_once('|').expect("a line has a bar");
        let came = stage.perform(deed.trim(), expected.trim()).await;
        assert_eq!(came, expected.trim(), "{}: in the line: {line}", scenario.name);
    }
}

/// An engine on a stage.
struct Scene<'a, H: House> {
    house: &'a mut H,
    engine: Option<H::Engine>,
    rules: Rules,
    now: Now,
    /// By connection; a restart closes them all.
    names: Vec<String>,
    /// Deliveries that were handed out, by jid.
    deliveries: BTreeMap<String, Delivery>,
}

impl<H: House> Scene<'_, H> {
    async fn perform(&mut self, deed: &str, expected: &str) -> String {
        let mut words = deed.split_whitespace();
        let mut out = Settled::default();
        self.advance(words.next().expect("a time"), &mut out).await;
        let Some(actor) = words.next() else { return self.told("", out) };
        if actor == "restart" {
            self.engine = None;
            self.engine = Some(self.house.open(&self.rules, self.now).await);
            self.names.iter_mut().for_each(String::clear);
            return self.told("", out);
        }
        let verb = words.next().expect("a verb");
        let args: Vec<&str> = words.collect();
        let conn = self.conn(actor);
        let shown = match verb {
            "sees" => Some(self.shown(args[0]).await),
            _ => self.act(actor, conn, verb, &args).map(ToOwned::to_owned),
        };
        // A FETCH that is expected to get something may get it a turn later; every other is settled with the barrier.
        let awaits = (verb == "fetch" && expected != "waits").then_some(Ticket(conn.0));
        self.settle(awaits, &mut out).await;
        match shown {
            Some(shown) if out.replies.is_empty() => shown,
            Some(shown) => format!("{shown}, {}", self.told(actor, out)),
            None if verb == "fetch" && !out.replies.iter().any(|(to, _)| *to == Ticket(conn.0)) => {
                ["waits".into(), self.told(actor, out)].join("")
            }
            None => self.told(actor, out),
        }
    }

    /// The connection of an actor.
    fn conn(&mut self, actor: &str) -> ConnId {
        let place = self.names.iter().position(|name| name == actor).unwrap_or_else(|| {
            self.names.push(actor.into());
            self.names.len() - 1
        });
        ConnId(place as u64 + 1)
    }

    fn engine(&mut self) -> &mut H::Engine {
        self.engine.as_mut().expect("an open store")
    }

    fn submit(&mut self, ticket: Ticket, command: Command<'_>) -> Progress {
        self.now.chance = self.now.boot.0;
        let now = self.now;
        self.engine().submit(now, ticket, command)
    }

    /// Waits until everything submitted is decided and durable.
    async fn settle(&mut self, awaits: Option<Ticket>, out: &mut Settled) {
        // An ACK that comes too late is answered at once and changes nothing.
        self.submit(BARRIER, Command::Ack { conn: ConnId(0), jid: "barrier", lease: None });
        let (now, engine) = (self.now, self.engine());
        poll_fn(|cx| {
            let turn = engine.poll_turn(cx, now, out);
            assert!(!matches!(turn, Poll::Ready(Err(_))), "{turn:?}");
            let came = |ticket| out.replies.iter().any(|(to, _)| *to == ticket);
            if came(BARRIER) && awaits.is_none_or(came) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        out.replies.retain(|(to, _)| *to != BARRIER);
    }

    /// Lets time pass; the engine says when something is due.
    async fn advance(&mut self, time: &str, out: &mut Settled) {
        let end = BOOT.after(duration(time));
        loop {
            let now = self.now;
            let due = self.engine().next_due(now).filter(|at| *at <= end);
            let step = due.unwrap_or(end).since(now.boot);
            (self.now.wall, self.now.boot) = (now.wall.after(step), now.boot.after(step));
            self.now.heard = self.now.boot;
            if due.is_none() {
                return;
            }
            self.submit(Ticket(0), Command::Due);
            self.settle(None, out).await;
        }
    }

    /// Says what is to be shown where no reply comes.
    fn act(&mut self, actor: &str, conn: ConnId, verb: &str, args: &[&str]) -> Option<&'static str> {
        let ticket = Ticket(conn.0);
        let option = |name: &str| args.iter().find_map(|a| a.strip_prefix(name)?.strip_prefix('='));
        match verb {
            "hello" => {
                let wid = args.first().copied().filter(|wid| !wid.contains('=')).unwrap_or(actor);
                let pid = option("pid").map_or(1, |pid| pid.parse().expect("a pid"));
                let hello = Hello { wid, hostname: "host", pid, labels: &[], rss_kb: 0 };
                self.submit(ticket, Command::Connect { conn, worker: Some(hello) });
            }
            "connect" => _ = self.submit(ticket, Command::Connect { conn, worker: None }),
            "leaves" => {
                self.submit(ticket, Command::Disconnect { conn });
                return Some("gone");
            }
            "push" => {
                let body = body(args[0], args);
                self.submit(ticket, Command::Push { job: push(args[0], &body, &option) });
            }
            "bulk" => {
                let bodies: Vec<String> = args.iter().map(|jid| body(jid, &[jid])).collect();
                let jobs = args.iter().zip(&bodies).map(|(jid, body)| push(jid, body, &|_| None));
                let jobs: Vec<Push<'_>> = jobs.collect();
                self.submit(ticket, Command::PushBulk { jobs: &jobs });
            }
            "fetch" => {
                let wait = Duration::from_secs(2);
                self.submit(ticket, Command::Fetch { conn, queues: args, wait });
            }
            "ack" => _ = self.submit(ticket, Command::Ack { conn, jid: args[0], lease: None }),
            "fail" => {
                let text = b"{\"message\":\"m\"}";
                self.submit(ticket, Command::Fail { conn, jid: args[0], text, lease: None });
            }
            "beat" => {
                let state = args.get(1).map(|state| stage(state));
                self.submit(ticket, Command::Beat { conn, wid: args[0], state, rss_kb: 1 });
            }
            "undelivered" => {
                let delivery = self.deliveries[args[0]];
                self.submit(ticket, Command::Undelivered { delivery });
                return Some("back");
            }
            "signal" => {
                let wid = (args[0] != "all").then_some(args[0]);
                self.submit(ticket, Command::Signal { wid, stage: stage(args[1]) });
            }
            _ => panic!("no verb {verb}"),
        }
        None
    }

    /// What a place holds, as a page would show it.
    async fn shown(&mut self, place: &str) -> String {
        let page = Page { from: 0, count: 100 };
        let query = match place {
            "scheduled" => Query::Set { set: Set::Scheduled, page },
            "retries" => Query::Set { set: Set::Retries, page },
            "dead" => Query::Set { set: Set::Dead, page },
            "working" => Query::Working { page },
            "info" => Query::Info,
            name => Query::Queue { name: name.into(), page },
        };
        match self.ask(query).await {
            Answer::Jobs(jobs) => {
                assert_eq!(jobs.total, jobs.jobs.len(), "a page too small for its scenario");
                jobs.jobs.iter().map(shown).collect::<Vec<_>>().join(" ")
            }
            Answer::Info(info) => {
                let sizes = [info.enqueued, info.working, info.scheduled, info.retries, info.dead];
                format!("processed {} failed {} sizes {sizes:?}", info.processed, info.failures)
            }
            Answer::Missing => "no such queue".into(),
            other => panic!("{other:?}"),
        }
    }

    /// Asks, and lets the engine turn until there is an answer.
    async fn ask(&mut self, query: Query) -> Answer {
        let reader = self.engine().reader();
        let mut asked = pin!(reader.ask(query));
        let (now, engine) = (self.now, self.engine());
        let mut out = Settled::default();
        let answer = poll_fn(|cx| {
            if let Poll::Ready(answer) = asked.as_mut().poll(cx) {
                return Poll::Ready(answer);
            }
            let turn = engine.poll_turn(cx, now, &mut out);
            assert!(!matches!(turn, Poll::Ready(Err(_))), "{turn:?}");
            asked.as_mut().poll(cx)
        });
        let answer = answer.await.expect("an answer");
        assert!(out.replies.is_empty(), "a question settled {:?}", out.replies);
        answer
    }

    fn told(&mut self, actor: &str, out: Settled) -> String {
        let mut told = Vec::new();
        for (ticket, reply) in out.replies {
            let text = match reply {
                Reply::Done => "ok".into(),
                Reply::Nothing => "nothing".into(),
                Reply::Job(job) => {
                    let (jid, failures) = (name(job.body.bytes()), job.failure.as_ref());
                    self.deliveries.insert(jid.clone(), job.delivery);
                    format!("{jid}{}", failures.map_or(String::new(), |f| format!("×{}", f.retry_count + 1)))
                }
                Reply::Pushed(outcomes) => {
                    format!("{} pushed", outcomes.iter().filter(|outcome| outcome.is_ok()).count())
                }
                Reply::Count(count) => count.to_string(),
                Reply::State(stage) => format!("{stage:?}").to_lowercase(),
                Reply::Refused(refusal) => refusal.to_string(),
                other => panic!("{other:?}"),
            };
            let name = &self.names[ticket.0 as usize - 1];
            told.push(if name == actor { text } else { format!("{name}: {text}") });
        }
        told.join(", ")
    }
}

fn shown(job: &bessemer_core::query::JobView) -> String {
    let failures = job.failure.as_ref().map_or(String::new(), |f| format!("×{}", f.retry_count + 1));
    let holder = match &job.place {
        Place::Working { wid, .. } => format!("@{wid}"),
        _ => String::new(),
    };
    format!("{}{failures}{holder}", name(job.body.bytes()))
}

/// A body of some length, whose first word is the jid.
fn body(jid: &str, args: &[&str]) -> String {
    format!("{jid} {} {}", args.join(" "), "x".repeat(jid.len() * 17))
}

fn name(body: &[u8]) -> String {
    String::from_utf8_lossy(body).split(' ').next().unwrap_or_default().into()
}

fn push<'a>(jid: &'a str, body: &'a str, option: &dyn Fn(&str) -> Option<&'a str>) -> Push<'a> {
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
        asks: Asks::default(),
        at: option("at").map(|at| START.after(duration(at))),
        failure: None,
        sent: body.as_bytes(),
        body: body.as_bytes(),
    }
}

fn stage(word: &str) -> Stage {
    match word {
        "running" => Stage::Running,
        "quiet" => Stage::Quiet,
        "terminate" => Stage::Terminate,
        other => panic!("no stage {other}"),
    }
}

/// `90s`, `3m`, `2h`, `200d`.
fn duration(text: &str) -> Duration {
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
