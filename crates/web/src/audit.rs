//! The audit log: who has changed what, when, from where, and how much of it. Never what a job holds.
//!
//! Entries are kept like tokens and marks, the newest first; one that is too many takes the place of the oldest. An entry
//! follows the change that it tells of: what was done is done, also where its entry finds no room, and then the log of the
//! server says so (`docs/decisions/0025-roles-and-audit.md`).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bessemer_core::command::{CronDeed, QueueDeed, Record, Stage};
use bessemer_core::fact::{Family, JobId};
use bessemer_core::limits::SLICE_MAX;
use bessemer_core::query::Set;
use bessemer_core::{Action, Query, Wall};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc};
use utoipa::ToSchema;

use crate::guard::visitor::Visitor;
use crate::problem::Problem;
use crate::web::Web;
use crate::{Front, job, limits, link, text};

/// Pieces of one deed do not come further apart.
const PIECES_APART: Duration = Duration::from_secs(10);

/// Jobs that an entry names; the others it only counts.
const JOBS_SHOWN: usize = 3;

/// The number of the next entry; `None`: nobody has looked yet. One at a time writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Audit(Arc<Mutex<Option<u64>>>);

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Entry {
    /// When.
    #[schema(format = DateTime)]
    pub(crate) at: String,
    /// The user's name as it was given, or the token's.
    #[schema(example = "anna")]
    pub(crate) who: String,
    /// `open` (there is no password), `admin`, `viewer` or `token`.
    #[schema(example = "admin")]
    pub(crate) role: String,
    /// From where.
    #[schema(example = "192.0.2.1")]
    pub(crate) address: String,
    /// `page`, `api`, or `port`: the one for jobs.
    #[schema(example = "page")]
    pub(crate) by: String,
    /// What was done.
    #[schema(example = "delete")]
    pub(crate) action: String,
    /// To what: a queue, a job, a worker, the line of a search.
    #[schema(example = "type:Mail state:dead")]
    pub(crate) object: String,
    /// How many jobs, queues or workers.
    pub(crate) count: u64,
}

impl Entry {
    fn holds(&self, wanted: &str) -> bool {
        let fields = [&self.at, &self.who, &self.role, &self.address, &self.by, &self.action, &self.object];
        fields.iter().any(|field| field.to_lowercase().contains(wanted))
    }
}

/// What somebody has changed by a verb of the port for jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operated {
    /// What the client calls itself.
    pub who: String,
    /// `open`, or `admin` where there is a password.
    pub role: &'static str,
    pub address: IpAddr,
    pub action: &'static str,
    pub object: String,
    pub count: u64,
}

/// An entry that may still grow.
pub(crate) struct Note {
    number: u64,
    entry: Entry,
}

/// Some entries, newest first.
pub(crate) struct Entries {
    pub(crate) entries: Vec<Entry>,
    /// Where to go on.
    pub(crate) next: Option<u64>,
    /// How many there are in all.
    pub(crate) total: usize,
}

/// The newest has the smallest key.
fn key(number: u64) -> Vec<u8> {
    (!number).to_be_bytes().into()
}

fn number(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(|key| !u64::from_be_bytes(key))
}

/// Several jobs, as an entry names them.
fn jobs<'a>(jids: impl Iterator<Item = &'a str>) -> String {
    let mut shown: Vec<&str> = jids.take(JOBS_SHOWN + 1).collect();
    if shown.len() > JOBS_SHOWN {
        shown[JOBS_SHOWN] = "…";
    }
    format!("job {}", shown.join(", "))
}

/// The same by their numbers, where nobody knows their names.
fn numbered(ids: &[JobId]) -> String {
    let numbers: Vec<String> = ids.iter().take(JOBS_SHOWN + 1).map(|id| format!("#{}", id.0)).collect();
    jobs(numbers.iter().map(String::as_str))
}

/// What is done and to what, as far as the action itself says it.
pub(crate) fn words(action: &Action) -> Option<(&'static str, String)> {
    Some(match action {
        Action::Signal { wid, stage } => {
            let word = match stage {
                Stage::Running => "wake worker",
                Stage::Quiet => "quiet worker",
                Stage::Terminate => "stop worker",
            };
            (word, wid.clone().unwrap_or_else(|| "all".into()))
        }
        Action::Requeue(ids) => ("retry", numbered(ids)),
        Action::Delete(ids) => ("delete", numbered(ids)),
        Action::Discard(ids) => ("discard", numbered(ids)),
        Action::Restore(ids) => ("restore", numbered(ids)),
        Action::Kill(ids) => ("kill", numbered(ids)),
        Action::Release(ids) => ("release", numbered(ids)),
        Action::Move { jobs: ids, queue } => ("move", format!("{} to queue {queue}", numbered(ids))),
        Action::Replace(_) => ("edit", "job".into()),
        Action::ClearQueue(name) => ("clear queue", name.clone()),
        Action::ClearSet(set) => ("clear", set_name(*set).into()),
        Action::Queue { name, deed } => {
            let word = match deed {
                QueueDeed::Pause => "pause queue",
                QueueDeed::Resume => "resume queue",
                QueueDeed::Remove => "remove queue",
            };
            (word, name.clone())
        }
        Action::CancelBatch(bid) => ("cancel batch", bid.clone()),
        Action::RepairBatch(bid) => ("check batch", bid.clone()),
        Action::FreeKey(key) => ("release key", format!("{key:032x}")),
        Action::FreeKeysOf { jid } => ("release key", format!("job {jid}")),
        Action::Throttle { queue, limit: Some(limit) } => ("set throttle", format!("{queue} {limit}")),
        Action::Throttle { queue, limit: None } => ("reset throttle", queue.clone()),
        Action::Cron { id, deed } => {
            let word = match deed {
                CronDeed::Run => "run cron entry",
                CronDeed::Pause => "pause cron entry",
                CronDeed::Resume => "resume cron entry",
            };
            (word, id.clone())
        }
        Action::Keep(_) => return None,
    })
}

fn set_name(set: Set) -> &'static str {
    link::path(set)
}

impl<F: Front> Web<F> {
    /// Jobs as an entry names them, before something is done to them: by their jids, as far as they live.
    pub(crate) async fn names_of(&self, ids: &[JobId]) -> Result<String, Problem> {
        let some = ids.iter().take(JOBS_SHOWN + 1).copied().collect();
        let found = self.jobs(Query::Named { ids: some }).await?.unwrap_or_default().jobs;
        Ok(match &found[..] {
            [] => numbered(ids),
            [job] => job::named(job),
            several => {
                let jids: Vec<_> = several.iter().map(|job| job::Body::read(job.body.bytes()).jid).collect();
                jobs(jids.iter().map(AsRef::as_ref))
            }
        })
    }

    /// Takes down what whom this task answers has done.
    pub(crate) async fn record(&self, action: &str, object: String, count: u64) -> Option<Note> {
        let visitor = Visitor::here()?;
        let entry = Entry {
            at: self.front.now().rfc3339(),
            who: cut(&visitor.name),
            role: visitor.role.name().into(),
            address: visitor.address.to_string(),
            by: visitor.by.into(),
            action: action.into(),
            object: cut(&object),
            count,
        };
        self.note(entry).await
    }

    async fn note(&self, entry: Entry) -> Option<Note> {
        match self.enter(&entry).await {
            Ok(number) => Some(Note { number, entry }),
            Err(problem) => {
                let (who, action, object) =
                    (text::visible(&entry.who), &entry.action, text::visible(&entry.object));
                tracing::warn!(
                    "no room in the audit log ({}): {who}: {action} {object}, {}",
                    problem.text,
                    entry.count
                );
                None
            }
        }
    }

    /// A change that goes on has reached more.
    pub(crate) async fn amend(&self, note: &mut Option<Note>, more: u64) {
        let Some(note) = note.as_mut().filter(|_| more > 0) else { return };
        note.entry.count += more;
        if let Err(problem) = self.keep(vec![record(note.number, &note.entry)]).await {
            tracing::warn!("an entry of the audit log did not grow: {}", problem.text);
        }
    }

    async fn enter(&self, entry: &Entry) -> Result<u64, Problem> {
        let mut next = self.audit.0.lock().await;
        let number = match *next {
            Some(number) => number,
            None => {
                let newest = self.kept(Family::Audit, None, 1).await?;
                newest.records.first().and_then(|(key, _)| number(key)).map_or(1, |newest| newest + 1)
            }
        };
        let mut records = vec![record(number, entry)];
        if let Some(oldest) = number.checked_sub(limits::AUDIT_MAX as u64) {
            records.push(Record { family: Family::Audit, key: key(oldest), value: None });
        }
        self.keep(records).await?;
        *next = Some(number + 1);
        Ok(number)
    }

    /// Entries from a number on, back in time: at most so many, of those that hold this text anywhere.
    pub(crate) async fn entries(
        &self,
        wanted: &str,
        from: Option<u64>,
        count: usize,
    ) -> Result<Entries, Problem> {
        let wanted = wanted.trim().to_lowercase();
        let mut found = Entries { entries: Vec::new(), next: None, total: 0 };
        let mut from = from.map(key);
        loop {
            let page = self.kept(Family::Audit, from, SLICE_MAX).await?;
            found.total = page.total;
            for (key, value) in page.records {
                let entry: Entry =
                    serde_json::from_slice(&value).map_err(|error| Problem::internal(&error))?;
                if !wanted.is_empty() && !entry.holds(&wanted) {
                    continue;
                }
                if found.entries.len() == count {
                    found.next = number(&key);
                    return Ok(found);
                }
                found.entries.push(entry);
            }
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(found),
            }
        }
    }
}

/// Takes down what is told, until nobody can tell any more. What goes on in pieces, as `bessemer jobs` asks for it, is one
/// entry that grows.
pub(crate) async fn keep<F: Front>(web: Web<F>, mut told: mpsc::Receiver<Operated>) {
    let mut last: Option<(Operated, Wall, Option<Note>)> = None;
    while let Some(operated) = told.recv().await {
        let now = web.front.now();
        if let Some((before, at, note)) = &mut last
            && before.goes_on_in(&operated)
            && now.since(*at) < PIECES_APART
        {
            web.amend(note, operated.count).await;
            *at = now;
            continue;
        }
        let note = web.note(operated.entry(now)).await;
        last = Some((operated, now, note));
    }
}

impl Operated {
    fn entry(&self, now: Wall) -> Entry {
        Entry {
            at: now.rfc3339(),
            who: cut(&self.who),
            role: self.role.into(),
            address: self.address.to_string(),
            by: "port".into(),
            action: self.action.into(),
            object: cut(&self.object),
            count: self.count,
        }
    }

    /// Whether the other is the next piece of it.
    fn goes_on_in(&self, other: &Self) -> bool {
        *self == Self { count: self.count, ..other.clone() }
    }
}

fn record(number: u64, entry: &Entry) -> Record {
    let value = serde_json::to_vec(entry).expect("texts and numbers are JSON");
    Record { family: Family::Audit, key: key(number), value: Some(value) }
}

/// As much as an entry holds of a text.
fn cut(text: &str) -> String {
    text.chars().take(limits::AUDIT_TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_entry_is_the_first() {
        assert!(key(2) < key(1) && number(&key(7)) == Some(7));
        assert_eq!(number(b"odd"), None);
    }
}
