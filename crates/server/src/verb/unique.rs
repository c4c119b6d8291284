//! `UNIQUE LIST|RELEASE {filter}`, our own: the keys of unique jobs, who holds them, and how one is freed by hand.

use std::collections::BTreeMap;

use bessemer_core::command::WhichKey;
use bessemer_core::fact::Release;
use bessemer_core::limits::PAGE_MAX;
use bessemer_core::query::{JobView, KeyHolder, KeyView, Place};
use bessemer_core::{Answer, Command, JobId, Now, Query};
use bessemer_protocol::operate::{JobState, KeyFilter, KeyPage, ListedKey};
use bessemer_protocol::text::quote;
use bessemer_store::Engine;
use serde::Deserialize;

use super::{Call, Form, Outcome};
use crate::node::inquiry::{Inquiry, Step};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let (subcommand, filter) = rest.split_once(' ').unwrap_or((rest, ""));
    let subcommand = subcommand.to_ascii_uppercase();
    let outcome = KeyFilter::parse(filter).and_then(|filter| match &*subcommand {
        "LIST" => list(&filter),
        "RELEASE" => release(call, &filter),
        other => Err(format!("no such UNIQUE subcommand: {}", quote(other))),
    });
    outcome.unwrap_or_else(Outcome::Refused)
}

fn list(filter: &KeyFilter) -> Result<Outcome, String> {
    if filter.jid.is_some() {
        return Err("invalid filter: `jid` is for UNIQUE RELEASE".into());
    }
    let count = filter.count.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let (from, count) = match (&filter.key, &filter.after) {
        (Some(key), _) => (KeyFilter::read_key(key)?, 1),
        (None, Some(after)) => (KeyFilter::read_key(after)?, count),
        (None, None) => (0, count),
    };
    let only = filter.key.is_some().then_some(from);
    Ok(Outcome::Asked(Box::new(List { from, count, only, page: KeyPage::default(), keys: Vec::new() })))
}

fn release<E: Engine>(call: &mut Call<'_, E>, filter: &KeyFilter) -> Result<Outcome, String> {
    if filter.after.is_some() || filter.count.is_some() {
        return Err("invalid filter: `after` and `count` are for UNIQUE LIST".into());
    }
    let which = match (&filter.key, &filter.jid) {
        (Some(key), None) => WhichKey::Key(KeyFilter::read_key(key)?),
        (None, Some(jid)) => WhichKey::Jid(jid),
        _ => return Err("UNIQUE RELEASE needs a `key` or a `jid`".into()),
    };
    Ok(Outcome::Submitted(call.submit(Command::FreeKey(which)), Form::Plain))
}

/// `UNIQUE LIST`: the keys, and then the jobs that hold them.
struct List {
    from: u128,
    count: usize,
    /// This key and no other.
    only: Option<u128>,
    page: KeyPage,
    keys: Vec<KeyView>,
}

impl Inquiry for List {
    fn first(&mut self) -> Query {
        Query::Keys { from: self.from, count: self.count }
    }

    fn answered(&mut self, _: Now, answer: Answer) -> Step {
        match answer {
            Answer::Keys(page) => {
                self.page.total = page.total as u64;
                self.page.next = page.next.filter(|_| self.only.is_none()).map(|key| format!("{key:032x}"));
                self.keys = page.keys;
                self.keys.retain(|held| self.only.is_none_or(|key| key == held.key));
                let id = |held: &KeyView| match held.holder {
                    KeyHolder::Job { id, .. } => Some(id),
                    KeyHolder::Done { .. } => None,
                };
                Step::Ask(Query::Named { ids: self.keys.iter().filter_map(id).collect() })
            }
            Answer::Jobs(jobs) => {
                let jobs: BTreeMap<JobId, JobView> = jobs.jobs.into_iter().map(|job| (job.id, job)).collect();
                let keys = std::mem::take(&mut self.keys);
                // Whose job has ended meanwhile is held no more.
                self.page.keys = keys.into_iter().filter_map(|held| listed(held, &jobs)).collect();
                Step::json(&self.page)
            }
            _ => Step::unexpected(),
        }
    }
}

/// What a body says of itself, for those who look for the job.
#[derive(Deserialize)]
struct Named {
    jid: String,
    jobtype: String,
}

fn listed(held: KeyView, jobs: &BTreeMap<JobId, JobView>) -> Option<ListedKey> {
    let (key, until) = (format!("{:032x}", held.key), held.until.rfc3339());
    Some(match held.holder {
        KeyHolder::Done { jid, jobtype, queue } => {
            ListedKey { key, jid, jobtype, queue, until, release: "expiry".into(), state: None }
        }
        KeyHolder::Job { id, release } => {
            let job = jobs.get(&id)?;
            let Named { jid, jobtype } = serde_json::from_slice(job.body.bytes()).ok()?;
            let release = match release {
                Release::Success => "success",
                Release::Start => "start",
                Release::Expiry => "expiry",
            };
            let state = match job.place {
                Place::Queued { .. } => JobState::Queued,
                Place::Scheduled { .. } => JobState::Scheduled,
                Place::Retrying { .. } => JobState::Retrying,
                Place::Dead { .. } => JobState::Dead,
                Place::Working { .. } => JobState::Working,
                Place::Discarded { .. } => JobState::Discarded,
            };
            let (queue, release) = (job.queue.clone(), release.into());
            ListedKey { key, jid, jobtype, queue, until, release, state: Some(state) }
        }
    })
}
