//! TRACK and EXTEND: how far a job is and what became of it, for whoever asks; more time, for whoever works on it
//! (rules `E-20` to `E-25`, `W-07`, decision `D21`).
//!
//! Where a living job stands is known anyway and costs nothing. Kept is what its worker says of it, and, of a job that
//! asks for it, how it ended; both for [`TRACK_FOR`] after the last word and as long as the job lives. The records are
//! named by the keyed hash of the jid, as the table names jobs.

use std::collections::{BTreeMap, BTreeSet};

use super::counters::{Reader, numbers};
use super::table::{Slot, State};
use super::terms::Gone;
use super::{Machine, Turn};
use crate::command::{ConnId, Refusal, Reply, TrackDeed};
use crate::fact::{Ending, Fact, Facts, Family, Standing};
use crate::limits::{RESERVE_MAX_S, TRACK_FOR};
use crate::query::{Progress, TrackState, Tracked};
use crate::time::{Now, Wall};

/// All that is kept.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    records: BTreeMap<u64, Track>,
    /// When each is looked at again. It is forgotten then, unless its job lives.
    due: BTreeSet<(Wall, u64)>,
}

/// What is kept of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Track {
    progress: Progress,
    /// How it ended, if it has and asked for that.
    ended: Option<TrackState>,
    /// When it is looked at again; known to nobody but this process if it was put off.
    due: Wall,
}

impl Track {
    fn write(&self) -> Vec<u8> {
        let Progress { percent, desc, updated_at } = &self.progress;
        let ended = match self.ended {
            Some(TrackState::Success) => 1,
            Some(TrackState::Dead) => 3,
            Some(_) => 2,
            None => 0,
        };
        let flags = u64::from(percent.is_some()) | u64::from(desc.is_some()) << 1;
        let mut value = numbers(&[updated_at.0 as u64, ended, flags, percent.unwrap_or_default() as u64]);
        value.extend_from_slice(desc.as_deref().unwrap_or_default().as_bytes());
        value
    }

    fn read(value: &[u8]) -> Self {
        let mut reader = Reader(value);
        let [updated_at, ended, flags, percent] = std::array::from_fn(|_| reader.number());
        let updated_at = Wall(updated_at as i64);
        let desc = String::from_utf8_lossy(reader.0).into();
        Self {
            progress: Progress {
                percent: (flags & 1 != 0).then_some(percent as i64),
                desc: (flags & 2 != 0).then_some(desc),
                updated_at,
            },
            ended: [None, Some(TrackState::Success), Some(TrackState::Failed), Some(TrackState::Dead)]
                [ended.min(3) as usize],
            due: updated_at.after(TRACK_FOR),
        }
    }
}

impl Tracks {
    /// A record is this from now on, or is no more.
    pub(super) fn learn(&mut self, key: &[u8], value: Option<&[u8]>) {
        let jid = Reader(key).number();
        if let Some(before) = self.records.remove(&jid) {
            self.due.remove(&(before.due, jid));
        }
        if let Some(track) = value.map(Track::read) {
            self.due.insert((track.due, jid));
            self.records.insert(jid, track);
        }
    }

    /// When the first one is looked at again.
    pub(super) fn first_due(&self) -> Option<Wall> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The first one whose time is over.
    pub(super) fn due(&self, now: Wall) -> Option<u64> {
        self.due.first().filter(|(at, _)| *at <= now).map(|(_, jid)| *jid)
    }

    /// Its job lives: it is looked at later.
    fn put_off(&mut self, jid: u64, until: Wall) {
        if let Some(track) = self.records.get_mut(&jid) {
            self.due.remove(&(track.due, jid));
            track.due = until;
            self.due.insert((until, jid));
        }
    }

    /// What a job's worker has said of it.
    pub(super) fn progress(&self, jid: u64) -> Option<&Progress> {
        self.records.get(&jid).map(|track| &track.progress)
    }

    /// Each record stands once in the order of their times.
    pub(super) fn check(&self) -> Result<(), String> {
        let stands = |(jid, track): (&u64, &Track)| self.due.contains(&(track.due, *jid));
        if self.due.len() == self.records.len() && self.records.iter().all(stands) {
            Ok(())
        } else {
            Err("progress and when it is forgotten differ".into())
        }
    }
}

impl Machine {
    pub(super) fn track<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        conn: ConnId,
        jid: &str,
        deed: TrackDeed<'_>,
    ) -> Reply {
        match deed {
            TrackDeed::Get => Reply::Tracked(Box::new(self.tracked(jid))),
            TrackDeed::Extend { until } => match self.extend(turn, conn, jid, until) {
                true => Reply::Done,
                false => Reply::Refused(Refusal::NotReserved(jid.into())),
            },
            TrackDeed::Set { percent, desc, reserve_until } => {
                if let Some(until) = reserve_until {
                    // Of a job that nobody works on, or somebody else, only the words are kept.
                    self.extend(turn, conn, jid, until);
                }
                let hash = self.table.hash(jid.as_bytes());
                let mut track = self.tracks.records.get(&hash).cloned().unwrap_or_default();
                track.progress.percent = percent.or(track.progress.percent);
                track.progress.desc = desc.map(Into::into).or(track.progress.desc);
                self.keep_track(turn, hash, track);
                Reply::Done
            }
        }
    }

    /// Gives a worker more time for what it has in hand, counted from now at most [`RESERVE_MAX_S`]; never less. Says whether
    /// it has it in hand.
    fn extend<F: Facts>(&mut self, turn: &mut Turn<'_, F>, conn: ConnId, jid: &str, until: Wall) -> bool {
        let Some(slot) = self.reserved(conn, jid, None) else { return false };
        let Some(reservation) = self.reservations.get(&self.table, slot) else { return false };
        let (wid, since, before) = (reservation.wid.clone(), reservation.since, reservation.until);
        let now = turn.now;
        let until = until.min(now.wall.after(std::time::Duration::from_secs(RESERVE_MAX_S.into())));
        if until > before {
            let (id, order) = (self.table.id(slot), self.table[slot].order);
            self.happen(
                turn,
                &Fact::Set { id, order, standing: Standing::Working { wid: &wid, since, until } },
            );
            let deadline = now.boot_at(until);
            let earlier = self.reservations.deadline(&self.table, slot);
            self.reservations.start(&self.table, slot, earlier.map_or(deadline, |at| at.max(deadline)));
        }
        true
    }

    /// What is known of a job; of several with one jid the one that is nearest to a worker.
    pub(super) fn tracked(&self, jid: &str) -> Tracked {
        let hash = self.table.hash(jid.as_bytes());
        let kept = self.tracks.records.get(&hash);
        let living = self.living(hash).map(|slot| self.state_of(slot)).min_by_key(|(state, _)| *state);
        let (state, since) = match (living, kept.and_then(|track| track.ended)) {
            (Some((state, since)), _) => (state, Some(since)),
            (None, Some(ended)) => (ended, None),
            (None, None) => (TrackState::Unknown, None),
        };
        let mut progress = kept.map(|track| track.progress.clone()).unwrap_or_default();
        let updated_at = kept.map(|track| track.progress.updated_at).max(since);
        progress.updated_at = updated_at.unwrap_or_default();
        // A job that nobody knows was never touched (rule `E-22`).
        Tracked { state, progress, known: updated_at.is_some() }
    }

    /// The jobs with this jid that live and were not discarded.
    fn living(&self, jid: u64) -> impl Iterator<Item = Slot> + '_ {
        self.table.with_jid(jid).filter(|slot| self.table[*slot].state != State::Discarded)
    }

    fn state_of(&self, slot: Slot) -> (TrackState, Wall) {
        let (entry, failed_at) = (&self.table[slot], self.failures.get(&slot).map(|failed| failed.failed_at));
        let changed = failed_at.unwrap_or_default();
        match entry.state {
            State::Working => {
                let since = self.reservations.get(&self.table, slot).map(|r| r.since);
                (TrackState::Working, since.unwrap_or(entry.time))
            }
            State::Queued => (TrackState::Enqueued, entry.time),
            State::Retrying => (TrackState::Failed, changed),
            State::Dead => (TrackState::Dead, changed),
            // Clients know no other word for it (rule `E-23`), and it was pushed at a moment that only its body knows.
            State::Scheduled | State::Discarded | State::Free => (TrackState::Enqueued, changed),
        }
    }

    /// Jobs are no more: those that ask for it are remembered.
    pub(super) fn remember_ended<F: Facts>(&mut self, turn: &mut Turn<'_, F>, gone: &[Gone], why: Ending) {
        let ended = match why {
            Ending::Acked => TrackState::Success,
            Ending::DeadAge | Ending::DeadLimit => TrackState::Dead,
            Ending::Failed | Ending::Lost | Ending::Deleted | Ending::Expired => TrackState::Failed,
        };
        let (known, new): (Vec<&Gone>, Vec<&Gone>) = gone
            .iter()
            .filter(|gone| gone.terms.tracked)
            .partition(|gone| self.tracks.records.contains_key(&gone.jid));
        // What was said of one must not make room for another that ends in the same moment.
        for gone in known.into_iter().chain(new) {
            let mut track = self.tracks.records.get(&gone.jid).cloned().unwrap_or_default();
            track.ended = Some(ended);
            self.keep_track(turn, gone.jid, track);
        }
    }

    /// A job comes in: what is kept of an earlier one with its jid is not about it.
    pub(super) fn forget_namesake<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jid: &str) {
        if self.tracks.records.is_empty() {
            return;
        }
        let jid = self.table.hash(jid.as_bytes());
        // Of several that live nobody knows which of them is meant.
        if self.tracks.records.contains_key(&jid) && self.living(jid).next().is_none() {
            self.forget_track(turn, jid);
        }
    }

    fn keep_track<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jid: u64, mut track: Track) {
        track.progress.updated_at = turn.now.wall;
        let is_new = !self.tracks.records.contains_key(&jid);
        while is_new && self.tracks.records.len() >= self.rules.tracks_max.max(1) {
            let Some((_, oldest)) = self.tracks.due.first().copied() else { break };
            self.tally.tracks_dropped += 1;
            self.forget_track(turn, oldest);
        }
        let value = track.write();
        self.happen(
            turn,
            &Fact::Keep { family: Family::Track, key: &jid.to_le_bytes(), value: Some(&value) },
        );
    }

    fn forget_track<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jid: u64) {
        self.happen(turn, &Fact::Keep { family: Family::Track, key: &jid.to_le_bytes(), value: None });
    }

    /// The time of a record is over.
    pub(super) fn end_track<F: Facts>(&mut self, turn: &mut Turn<'_, F>, jid: u64) {
        let lives = self.living(jid).next().is_some();
        match lives {
            true => self.tracks.put_off(jid, turn.now.wall.after(TRACK_FOR)),
            false => self.forget_track(turn, jid),
        }
    }

    /// When the next record may be forgotten.
    pub(super) fn track_due(&self, now: Now) -> Option<crate::time::Boot> {
        self.tracks.first_due().map(|at| now.boot_at(at))
    }
}

#[cfg(test)]
mod tests {
    use crate::machine::scenario::play;

    #[test]
    fn a_living_job_tells_where_it_is_without_having_asked_for_it_e22_e23_d21() {
        play(
            "0s   w1 hello                  | ok
             0s   p  get a                  | unknown
             0s   p  push a at=10s          | ok
             0s   p  get a                  | enqueued @0s
             10s                            |
             11s  p  get a                  | enqueued @10s
             12s  w1 fetch default          | a
             13s  p  get a                  | working @12s
             14s  w1 fail a                 | ok
             15s  p  get a                  | failed @14s
             16s  p  kill a                 | 1
             17s  p  get a                  | dead @14s
             18s  p  requeue a              | 1
             18s  w1 fetch default          | a
             19s  w1 ack a                  | ok
             20s  p  get a                  | unknown",
        );
    }

    #[test]
    fn what_was_said_is_known_for_half_an_hour_and_as_long_as_the_job_lives_e21_e24() {
        play(
            "0s     w1 hello                | ok
             0s     p  push a track=1       | ok
             0s     p  push b               | ok
             0s     w1 fetch default        | a
             1s     w1 set a 30 loading     | ok
             2s     w1 set a 60             | ok
             3s     p  get a                | working 60% loading @2s
             4s     w1 set a - storing      | ok
             5s     p  get a                | working 60% storing @4s
             6s     w1 ack a                | ok
             7s     p  get a                | success 60% storing @6s
             8s     p  set b 5 waits        | ok
             1805s  p  get a                | success 60% storing @6s
             1806s  p  get a                | unknown
             9000s  p  get b                | enqueued 5% waits @8s
             9000s  w1 fetch default        | b
             9001s  w1 ack b                | ok
             9001s  p  get b                | unknown 5% waits @8s
             12700s p  get b                | unknown
             12700s p  set never 1          | ok
             12700s p  get never            | unknown 1% @12700s",
        );
    }

    #[test]
    fn a_job_that_asks_for_it_is_remembered_however_it_ended() {
        play(
            "0s   w1 hello                         | ok
             0s   p  push a track=1 retry=0        | ok
             0s   p  push b track=1 retry=-1       | ok
             0s   p  push c track=1                | ok
             0s   p  push d track=1                | ok
             0s   w1 fetch default                 | a
             0s   w1 fetch default                 | b
             1s   w1 fail a                        | ok
             1s   w1 fail b                        | ok
             1s   p  delete c                      | 1
             1s   p  empty default                 | 1
             2s   p  get a                         | failed @1s
             2s   p  get b                         | dead @1s
             2s   p  get c                         | failed @1s
             2s   p  get d                         | failed @1s
             3s   p  delete b                      | 1
             3s   p  get b                         | failed @3s
             4s   p  flush                         | 0
             4s   p  get a                         | unknown",
        );
    }

    #[test]
    fn a_jid_that_is_used_again_begins_anew_e22_e24() {
        play(
            "0s   w1 hello                  | ok
             0s   p  push a track=1         | ok
             0s   w1 fetch default          | a
             1s   w1 set a 60 loading       | ok
             2s   w1 ack a                  | ok
             3s   p  get a                  | success 60% loading @2s
             # The very same push is the same job, and one that is refused is none.
             4s   p  push a track=1         | ok
             4s   p  get a                  | success 60% loading @2s
             70s  p  push a                 | ok
             70s  p  get a                  | enqueued @70s
             71s  w1 fetch default          | a
             # What is said of it after that is kept when a second one comes, and forgotten with both.
             72s  w1 set a 5                | ok
             140s p  push a                 | ok
             140s p  get a                  | working 5% @72s
             141s w1 ack a                  | ok
             141s p  get a                  | enqueued 5% @140s
             142s w1 fetch default          | a
             142s w1 ack a                  | ok
             143s p  get a                  | unknown 5% @72s
             210s p  push a at=300s         | ok
             210s p  get a                  | enqueued @0s",
        );
    }

    #[test]
    fn a_reservation_grows_and_never_shrinks_w07_e25() {
        play(
            "0s     w1 hello                  | ok
             0s     w2 hello                  | ok
             0s     p  push a reserve=60      | ok
             1s     w1 fetch default          | a
             2s     w1 extend a 50s           | ok
             3s     w2 extend a 500s          | Job not found a
             4s     w1 extend b 500s          | Job not found b
             60s    w1 extend a 120s          | ok
             61s                              |
             119s   p  get a                  | working @1s
             119s   w1 set a - - 200s         | ok
             120s   w2 set a 5 mine 900s      | ok
             199s   p  get a                  | working 5% mine @120s
             200s   p  sees retries           | a×1
             201s   w1 extend a 300s          | Job not found a",
        );
        play(
            "0s     w1 hello                  | ok
             0s     p  push a reserve=60      | ok
             0s     w1 fetch default          | a
             0s     w1 extend a 90000s        | ok
             0s     w1 beat w1                | running
             86399s p  get a                  | working @0s
             86400s p  get a                  | failed @86400s",
        );
    }

    #[test]
    fn beyond_the_limit_the_oldest_word_is_forgotten() {
        play(
            "0s p decrees tracks=2       | so be it
             1s p set a 1                | ok
             2s p set b 2                | ok
             3s p set a 3                | ok
             3s p get b                  | unknown 2% @2s
             4s p set c 4                | ok
             5s p get b                  | unknown
             5s p get a                  | unknown 3% @3s
             5s p get c                  | unknown 4% @4s",
        );
        // Of those that end at one stroke, one of which something was said does not make room for the others.
        play(
            "0s p decrees tracks=2       | so be it
             0s p push a track=1         | ok
             0s p push b track=1         | ok
             1s p set b 1                | ok
             2s p set other 2            | ok
             3s p empty default          | 2
             3s p get a                  | failed @3s
             3s p get b                  | failed 1% @3s
             3s p get other              | unknown",
        );
    }
}
