//! What jobs ask for beyond being run: unique keys (`E-30` to `E-33`), what is said of a job and how it ended (`E-21` to `E-24`).

use std::time::Duration;

use bessemer_core::command::{AskUnique, Push, Refusal, TrackDeed, WhichKey};
use bessemer_core::fact::Release;
use bessemer_core::limits::TRACK_FOR;
use bessemer_core::query::{Place, TrackState};
use bessemer_core::{ConnId, JobId, Now, Wall};

use super::{Durable, Expected, Model};

/// What was said of a job, and how it ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    percent: Option<i64>,
    desc: Option<Box<str>>,
    pub(super) ended: Option<TrackState>,
    pub(super) at: Wall,
}

impl Durable {
    /// The keys that are held now, in their order.
    pub(crate) fn held_keys(&self, now: Wall) -> Vec<u128> {
        let by_jobs = self.jobs.values().filter_map(|job| job.unique).map(|(key, until, _)| (key, until));
        let claims = by_jobs.chain(self.keys.iter().map(|(key, until)| (*key, *until)));
        let mut keys: Vec<u128> = claims.filter(|(_, until)| *until > now).map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// When something was said of jobs, in order.
    pub(crate) fn said_at(&self) -> Vec<Wall> {
        in_order(self.said.values().map(|said| &said.at))
    }

    /// Until when keys stay that were left behind, in order.
    pub(crate) fn left_until(&self) -> Vec<Wall> {
        in_order(self.keys.values())
    }
}

fn in_order<'a>(moments: impl Iterator<Item = &'a Wall>) -> Vec<Wall> {
    let mut moments: Vec<Wall> = moments.copied().collect();
    moments.sort_unstable();
    moments
}

impl Model {
    pub(super) fn is_held(&self, now: Now, ask: &AskUnique) -> bool {
        self.durable.held_keys(now.wall).contains(&ask.key)
    }

    /// The key that a job gets, and until when.
    pub(super) fn key_of(now: Wall, job: &Push<'_>) -> Option<(u128, Wall, Release)> {
        let AskUnique { key, hold, release } = job.asks.unique?;
        Some((key, job.at.unwrap_or(now).max(now).after(hold), release))
    }

    /// A job is ACKed: a key that is held until its time is over stays behind.
    pub(super) fn leave_key(&mut self, now: Now, id: JobId) {
        if let Some((key, until, Release::Expiry)) = self.job(id).unique
            && until > now.wall
        {
            let left = self.durable.keys.entry(key).or_insert(until);
            *left = until.max(*left);
        }
    }

    pub(super) fn free_key(&mut self, now: Now, which: WhichKey<'_>) -> Expected {
        let of_jid = |jid: &str| {
            let jobs = self.durable.jobs.values().filter(move |job| *job.jid == *jid);
            jobs.filter_map(|job| job.unique).map(|(key, ..)| key).collect()
        };
        let named: Vec<u128> = match which {
            WhichKey::Key(key) => vec![key],
            WhichKey::Jid(jid) => of_jid(jid),
        };
        let mut freed = self.durable.held_keys(now.wall);
        freed.retain(|key| named.contains(key));
        for key in &freed {
            self.durable.keys.remove(key);
            let holders = self.durable.jobs.values_mut();
            let holders = holders.filter(|job| job.unique.is_some_and(|(held, ..)| held == *key));
            holders.for_each(|job| job.unique = None);
        }
        Expected::Count(freed.len() as u64)
    }

    /// More time for what the caller has in hand, a day from now at most; never less.
    pub(super) fn track(&mut self, now: Now, conn: ConnId, jid: &str, deed: TrackDeed<'_>) -> Expected {
        let (until, refused) = match deed {
            TrackDeed::Get => return self.tracked(jid),
            TrackDeed::Set { reserve_until, .. } => (reserve_until, Expected::Done),
            TrackDeed::Extend { until } => (Some(until), Expected::Refused(Refusal::NotReserved(jid.into()))),
        };
        if let TrackDeed::Set { percent, desc, .. } = deed {
            self.say(now, jid, |said| {
                said.percent = percent.or(said.percent);
                said.desc = desc.map(Into::into).or(said.desc.take());
            });
        }
        let Some(until) = until.map(|until| until.min(now.wall.after(Duration::from_secs(86_400)))) else {
            return Expected::Done;
        };
        let Some(id) = self.reserved(conn, jid) else { return refused };
        let Place::Working { until: end, .. } = &mut self.job(id).place else { return refused };
        if until > *end {
            *end = until;
            let held = self.held.get_mut(&id).expect("what is worked on is held");
            held.deadline = held.deadline.max(now.boot_at(until));
        }
        Expected::Done
    }

    /// What is known of a job; of several with one jid the one that is nearest to a worker.
    fn tracked(&self, jid: &str) -> Expected {
        let of_it = self.durable.jobs.values().filter(|job| *job.jid == *jid);
        let living = of_it.filter_map(|job| match job.place {
            Place::Working { .. } => Some(TrackState::Working),
            Place::Queued { .. } | Place::Scheduled { .. } => Some(TrackState::Enqueued),
            Place::Retrying { .. } => Some(TrackState::Failed),
            Place::Dead { .. } => Some(TrackState::Dead),
            Place::Discarded { .. } => None,
        });
        let (living, said) = (living.min(), self.durable.said.get(jid));
        let state = living.or(said.and_then(|said| said.ended)).unwrap_or_default();
        let said = said.cloned();
        let known = living.is_some() || said.is_some();
        let Said { percent, desc, .. } = said.unwrap_or_default();
        Expected::Tracked { state, percent, desc, known }
    }

    /// Something is said of a job.
    pub(super) fn say(&mut self, now: Now, jid: &str, say: impl FnOnce(&mut Said)) {
        let said = self.durable.said.entry(jid.into()).or_default();
        say(said);
        said.at = now.wall;
        self.forgets.insert(jid.into(), now.wall.after(TRACK_FOR));
    }

    /// What was said of a job is looked at again: it stays as long as the job lives.
    pub(super) fn forget_words(&mut self, now: Now) {
        let over = self.forgets.iter().filter(|(_, at)| **at <= now.wall).map(|(jid, _)| jid.clone());
        for jid in over.collect::<Vec<_>>() {
            if self.lives(&jid) {
                self.forgets.insert(jid, now.wall.after(TRACK_FOR));
            } else {
                self.unsay(&jid);
            }
        }
    }

    /// A job comes in: what was said of an earlier one with its jid is not about it.
    pub(super) fn begin_anew(&mut self, jid: &str) {
        if !self.lives(jid) {
            self.unsay(jid);
        }
    }

    fn lives(&self, jid: &str) -> bool {
        let mut jobs = self.durable.jobs.values();
        jobs.any(|job| *job.jid == *jid && !matches!(job.place, Place::Discarded { .. }))
    }

    fn unsay(&mut self, jid: &str) {
        self.forgets.remove(jid);
        self.durable.said.remove(jid);
    }
}
