//! The keys of unique jobs that are held: what their page and the API show, and how one is freed.

use std::collections::BTreeMap;

use bessemer_core::fact::Release;
use bessemer_core::query::{JobView, KeyHolder, KeyView, KeysPage, Where};
use bessemer_core::{Action, Answer, JobId, Query, Wall};

use crate::Front;
use crate::job::Body;
use crate::problem::Problem;
use crate::web::{Web, unexpected};

/// A key that is held, and by which job.
pub(crate) struct Held {
    pub(crate) key: String,
    pub(crate) jid: String,
    pub(crate) jobtype: String,
    pub(crate) queue: String,
    /// Free from then on in any case.
    pub(crate) until: Wall,
    pub(crate) release: Release,
    /// Where the job is; `None`: it has succeeded, and asked for its key to stay.
    pub(crate) place: Option<Where>,
}

/// Some of them, in the order of the keys.
pub(crate) struct Keys {
    pub(crate) held: Vec<Held>,
    /// Where to go on.
    pub(crate) next: Option<String>,
    /// Those that are held, and those that are over and not yet forgotten.
    pub(crate) total: usize,
}

/// As addresses name a key.
fn written(key: u128) -> String {
    format!("{key:032x}")
}

/// Reads what [`written`] wrote.
pub(crate) fn read(text: &str) -> Result<u128, Problem> {
    bessemer_protocol::operate::KeyFilter::read_key(text).map_err(Problem::bad)
}

impl<F: Front> Web<F> {
    /// The keys that are held, from one on.
    pub(crate) async fn keys(&self, from: u128, count: usize) -> Result<Keys, Problem> {
        let page = match self.front.ask(Query::Keys { from, count }).await? {
            Answer::Keys(page) => page,
            other => return Err(unexpected(&other)),
        };
        let KeysPage { keys, next, total } = page;
        let id = |held: &KeyView| match held.holder {
            KeyHolder::Job { id, .. } => Some(id),
            KeyHolder::Done { .. } => None,
        };
        let jobs = match self.front.ask(Query::Named { ids: keys.iter().filter_map(id).collect() }).await? {
            Answer::Jobs(jobs) => jobs.jobs.into_iter().map(|job| (job.id, job)).collect(),
            other => return Err(unexpected(&other)),
        };
        // Whose job has ended meanwhile is held no more.
        let held = keys.into_iter().filter_map(|key| held(key, &jobs)).collect();
        Ok(Keys { held, next: next.map(written), total })
    }

    /// One key, if it is held.
    pub(crate) async fn key(&self, key: u128) -> Result<Held, Problem> {
        let found = self.keys(key, 1).await?.held.into_iter().find(|held| held.key == written(key));
        found.ok_or_else(|| Problem::not_found("This key is free"))
    }

    /// Frees a key; its job goes on without.
    pub(crate) async fn free_key(&self, key: u128) -> Result<u64, Problem> {
        match self.act(Action::FreeKey(key)).await? {
            0 => Err(Problem::not_found("This key is free")),
            count => Ok(count),
        }
    }
}

fn held(view: KeyView, jobs: &BTreeMap<JobId, JobView>) -> Option<Held> {
    let (key, until) = (written(view.key), view.until);
    Some(match view.holder {
        KeyHolder::Done { jid, jobtype, queue } => {
            Held { key, jid, jobtype, queue, until, release: Release::Expiry, place: None }
        }
        KeyHolder::Job { id, release } => {
            let job = jobs.get(&id)?;
            let body = Body::read(job.body.bytes());
            Held {
                key,
                jid: body.jid.to_string(),
                jobtype: body.jobtype(),
                queue: job.queue.clone(),
                until,
                release,
                place: Some((&job.place).into()),
            }
        }
    })
}
