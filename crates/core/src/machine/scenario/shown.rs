//! What a table shows behind the bar: replies, and whatever somebody looks at.

use super::{START, Scene};
use crate::batch::{Call, Wait};
use crate::command::{Refusal, Reply, Text};
use crate::cron;
use crate::event::{Attempt, Event};
use crate::machine::Settled;
use crate::query::{Answer, KeyHolder, KeyView, Page, Place, Query, Set, ThrottleView, Tracked};

impl Scene {
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

    /// What a place holds, as a page would show it.
    pub(super) fn shown(&self, place: &str) -> String {
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

    pub(super) fn told(&mut self, actor: &str, out: Settled) -> String {
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
                    self.leases.push(job.lease.to_string());
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
