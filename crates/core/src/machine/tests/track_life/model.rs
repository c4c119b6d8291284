//! The rules of TRACK and EXTEND once more, as simple as they can be said.

use std::collections::BTreeMap;

use crate::limits::{Rules, TRACK_FOR};
use crate::machine::tests::history::Chance;
use crate::query::{Progress, TrackState, Tracked};
use crate::time::{Boot, Wall};

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum At {
    Queued(Wall),
    Scheduled(Wall),
    Retrying(Wall),
    Working(Hands),
    Dead(Wall),
    Discarded { until: Wall, was: Stood },
}

/// Whose hands a job is in, and for how long: by the wall, for whoever asks, and by the clock that never steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hands {
    pub(super) worker: usize,
    pub(super) since: Wall,
    pub(super) until: Wall,
    pub(super) deadline: Boot,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stood {
    Queued(Wall),
    Scheduled(Wall),
    Retrying(Wall),
    Dead(Wall),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) tracked: bool,
    pub(super) retry: i16,
    pub(super) reserved: u64,
    /// How often it failed, and when first.
    pub(super) failures: i16,
    pub(super) failed_at: Wall,
    pub(super) body: &'static [u8],
    pub(super) at: At,
}

/// What was said of a job, and how it ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Word {
    pub(super) percent: Option<i64>,
    pub(super) desc: Option<&'static str>,
    pub(super) ended: Option<TrackState>,
    pub(super) said: Wall,
    /// The last moment at which the job was seen to live, if after that.
    pub(super) lived: Wall,
}

impl Word {
    /// It is known until then, and may be forgotten then unless its job lives.
    pub(super) fn least(&self) -> Wall {
        self.said.after(TRACK_FOR)
    }

    /// It is known until then at most, unless its job lives.
    pub(super) fn most(&self) -> Wall {
        self.said.max(self.lived).after(TRACK_FOR)
    }
}

/// The rules once more.
#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) jobs: BTreeMap<&'static str, Job>,
    pub(super) words: BTreeMap<&'static str, Word>,
}

impl Model {
    pub(super) fn lives(&self, jid: &str) -> bool {
        self.jobs.get(jid).is_some_and(|job| !matches!(job.at, At::Discarded { .. }))
    }

    pub(super) fn say(&mut self, now: Wall, jid: &'static str, word: impl FnOnce(&mut Word)) {
        let said = self.words.entry(jid).or_default();
        word(said);
        said.said = now;
    }

    /// A job is no more: it is remembered if it asked for that.
    pub(super) fn end(&mut self, now: Wall, jid: &'static str, how: TrackState) {
        let job = self.jobs.remove(jid).expect("it lived");
        if job.tracked {
            self.say(now, jid, |word| word.ended = Some(how));
        }
    }

    pub(super) fn fail(&mut self, now: Wall, jid: &'static str, rules: &Rules) {
        let job = self.jobs.get_mut(jid).expect("it lives");
        if job.retry == 0 {
            return self.end(now, jid, TrackState::Failed);
        }
        if job.failures == 0 {
            job.failed_at = now;
        }
        // When it is tried again is chance's to say: see `History::settle`.
        let retried = job.failures < job.retry;
        job.at = if retried { At::Retrying(Wall(0)) } else { At::Dead(now.after(rules.dead_age)) };
        job.failures += 1;
    }

    /// What TRACK GET answers.
    pub(super) fn tracked(&self, jid: &str) -> Tracked {
        let word = self.words.get(jid);
        let living = self.jobs.get(jid).and_then(|job| match job.at {
            At::Working(Hands { since, .. }) => Some((TrackState::Working, since)),
            At::Queued(since) => Some((TrackState::Enqueued, since)),
            At::Scheduled(_) => Some((TrackState::Enqueued, job.failed_at)),
            At::Retrying(_) => Some((TrackState::Failed, job.failed_at)),
            At::Dead(_) => Some((TrackState::Dead, job.failed_at)),
            At::Discarded { .. } => None,
        });
        let ended = word.and_then(|word| word.ended);
        let state = living.map(|(state, _)| state).or(ended).unwrap_or(TrackState::Unknown);
        let updated_at = living.map(|(_, since)| since).max(word.map(|word| word.said));
        let progress = Progress {
            percent: word.and_then(|word| word.percent),
            desc: word.and_then(|word| word.desc).map(Into::into),
            updated_at: updated_at.unwrap_or_default(),
        };
        Tracked { state, progress, known: updated_at.is_some() }
    }

    pub(super) fn some(&self, chance: &mut Chance, is_one: impl Fn(At) -> bool) -> Option<&'static str> {
        let jobs = self.jobs.iter().filter(|(_, job)| is_one(job.at));
        chance.pick(&jobs.map(|(jid, _)| *jid).collect::<Vec<_>>())
    }
}

pub(super) fn stood(at: At) -> Stood {
    match at {
        At::Queued(since) => Stood::Queued(since),
        At::Scheduled(at) => Stood::Scheduled(at),
        At::Retrying(at) => Stood::Retrying(at),
        At::Dead(until) => Stood::Dead(until),
        At::Working(_) | At::Discarded { .. } => panic!("{at:?} cannot be discarded"),
    }
}

pub(super) fn restored(at: At) -> At {
    match at {
        At::Discarded { was: Stood::Queued(since), .. } => At::Queued(since),
        At::Discarded { was: Stood::Scheduled(at), .. } => At::Scheduled(at),
        At::Discarded { was: Stood::Retrying(at), .. } => At::Retrying(at),
        At::Discarded { was: Stood::Dead(until), .. } => At::Dead(until),
        other => panic!("{other:?} was not discarded"),
    }
}
