//! Unique jobs (rules `E-30` to `E-34`): which keys are held, by whom, until when.
//!
//! A job holds its key by its own record ([`crate::fact::Terms::unique`]): so the key cannot outlive the job, whatever
//! ends it, nor be free while the job lives and its time is not over. Only a job that asked for [`Release::Expiry`] leaves
//! its key behind when it succeeds, to a kept record of its own ([`Family::Unique`]).
//!
//! When its time is over a key is free, even if its holder lives on; then another job may take it, with a later end. So
//! there may be several claims to a key, and the one that ends last counts: whoever tells them again, in whatever order.

use std::collections::{BTreeMap, BTreeSet};

use super::table::Slot;
use super::{Machine, Turn};
use crate::command::{AskUnique, Push, Refusal, Reply, WhichKey};
use crate::event::{Counted, Event};
use crate::fact::{Fact, Facts, Family, Release, Span, Terms, Unique};
use crate::limits::{PAGE_MAX, SLICE_MAX};
use crate::query::{KeyHolder, KeyView, KeysPage};
use crate::time::Wall;

/// The value of a record that frees its key, from whoever holds it. It is removed as soon as it is written.
const FREED: &[u8] = b"";

/// Who claims which key.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Living jobs, by key and the end of their claim.
    jobs: BTreeSet<(u128, Wall, Slot)>,
    /// Keys that were left behind, and until when.
    records: BTreeMap<u128, Wall>,
    /// The same by time.
    ends: BTreeSet<(Wall, u128)>,
    /// Living jobs that will leave their key behind.
    lasting: usize,
}

impl Keys {
    /// A job claims its key.
    pub(super) fn take(&mut self, slot: Slot, unique: Unique) {
        self.jobs.insert((unique.key, unique.until, slot));
        self.lasting += usize::from(unique.release == Release::Expiry);
    }

    /// A job claims it no more.
    pub(super) fn give_up(&mut self, slot: Slot, unique: Unique) {
        self.jobs.remove(&(unique.key, unique.until, slot));
        self.lasting -= usize::from(unique.release == Release::Expiry);
    }

    /// A key is kept until then without a job; or it is not.
    fn record(&mut self, key: u128, until: Option<Wall>) {
        let before = match until {
            Some(until) => {
                self.ends.insert((until, key));
                self.records.insert(key, until).filter(|before| *before != until)
            }
            None => self.records.remove(&key),
        };
        if let Some(before) = before {
            self.ends.remove(&(before, key));
        }
    }

    /// The jobs that claim a key.
    fn claimants(&self, key: u128) -> impl Iterator<Item = Slot> + '_ {
        let range = (key, Wall(i64::MIN), 0)..=(key, Wall(i64::MAX), Slot::MAX);
        self.jobs.range(range).map(|(.., slot)| *slot)
    }

    /// The claim that counts: until when, and by which job, if by one.
    fn claim(&self, key: u128) -> Option<(Wall, Option<Slot>)> {
        // Every PUSH of a unique job asks; a range with one end is found in half the time.
        let last = self.jobs.range(..=(key, Wall(i64::MAX), Slot::MAX)).next_back();
        let job = last.filter(|(found, ..)| *found == key).map(|(_, until, slot)| (*until, Some(*slot)));
        let record = self.records.get(&key).map(|until| (*until, None));
        job.max(record)
    }

    /// The next key from this one on that anybody claims.
    fn next(&self, key: u128) -> Option<u128> {
        let job = self.jobs.range((key, Wall(i64::MIN), 0)..).next().map(|(key, ..)| *key);
        let record = self.records.range(key..).next().map(|(key, _)| *key);
        [job, record].into_iter().flatten().min()
    }

    /// When the first of those that were left behind is free.
    pub(super) fn next_end(&self) -> Option<Wall> {
        self.ends.first().map(|(until, _)| *until)
    }

    /// One of those that are free by now.
    pub(super) fn ended(&self, now: Wall) -> Option<u128> {
        self.ends.first().filter(|(until, _)| *until <= now).map(|(_, key)| *key)
    }
}

impl Machine {
    /// Whether a job may have the key that it asks for. A job that asks for none meets no key (rule `E-31`).
    pub(super) fn may_take(&self, now: Wall, ask: Option<&AskUnique>) -> Result<(), Refusal> {
        let Some(ask) = ask else { return Ok(()) };
        if self.keys.claim(ask.key).is_some_and(|(until, _)| until > now) {
            return Err(Refusal::NotUnique(ask.key));
        }
        let limit = self.rules.unique_max;
        if ask.release == Release::Expiry && self.keys.lasting + self.keys.records.len() >= limit {
            return Err(Refusal::TooManyKeys(limit));
        }
        Ok(())
    }

    /// A job that came with a key got it.
    pub(super) fn count_taken<F>(&mut self, turn: &mut Turn<'_, F>, slot: Slot) {
        self.tally.keys_taken += 1;
        turn.out.events.push(self.counted(Counted::Locked, slot, turn.now.wall));
    }

    /// A job was refused: because of its key?
    pub(super) fn count_denied<F>(&mut self, turn: &mut Turn<'_, F>, job: &Push<'_>, why: &Refusal) {
        if matches!(why, Refusal::NotUnique(_)) {
            self.tally.keys_denied += 1;
            let (queue, jobtype) = (job.queue.into(), job.jobtype.into());
            turn.out.events.push(Event::Counted {
                what: Counted::Denied,
                queue,
                jobtype,
                at: turn.now.wall,
                text: Span::default(),
            });
        }
    }

    /// A job is in somebody's hands: one that asked for [`Release::Start`] has had its key. It never takes it again.
    pub(super) fn started(&mut self, slot: Slot) {
        if self.terms_of(slot).unique.is_some_and(|unique| unique.release == Release::Start) {
            self.lose_key(slot);
        }
    }

    /// A job has its key no more.
    fn lose_key(&mut self, slot: Slot) {
        let Some(terms) = self.terms.get_mut(&slot) else { return };
        if let Some(unique) = terms.unique.take() {
            self.keys.give_up(slot, unique);
        }
        if terms.terms() == Terms::default() {
            self.terms.remove(&slot);
            self.table[slot].asks = false;
        }
    }

    /// A job is about to end well: the key that it asked to be held until expiry stays. To be called before the fact, in
    /// the same command: there is no moment at which it is free.
    pub(super) fn outlive<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot, jid: &str) {
        let Some(unique) = self.terms_of(slot).unique else { return };
        let until = self.keys.records.get(&unique.key).map_or(unique.until, |old| unique.until.max(*old));
        if unique.release != Release::Expiry || until <= turn.now.wall {
            return;
        }
        let entry = &self.table[slot];
        let (queue, jobtype) = (&*self.queues[entry.queue].name, &**self.types.name(entry.jobtype));
        let value = Left { until, jid, jobtype, queue }.write();
        let key = unique.key.to_be_bytes();
        self.happen(turn, &Fact::Keep { family: Family::Unique, key: &key, value: Some(&value) });
    }

    /// A key that was left behind is free.
    pub(super) fn forget_key<F: Facts>(&mut self, turn: &mut Turn<'_, F>, key: u128) {
        self.happen(turn, &Fact::Keep { family: Family::Unique, key: &key.to_be_bytes(), value: None });
    }

    /// A record of this file is this, or is no more.
    pub(super) fn learn_key(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Ok(key) = key.try_into().map(u128::from_be_bytes) else { return };
        self.keys.record(key, value.and_then(Left::read).map(|left| left.until));
        if value == Some(FREED) {
            let holders: Vec<Slot> = self.keys.claimants(key).collect();
            holders.into_iter().for_each(|slot| self.lose_key(slot));
        }
    }

    /// An operator frees keys.
    pub(super) fn free_key<F: Facts>(&mut self, turn: &mut Turn<'_, F>, which: WhichKey<'_>) -> Reply {
        let keys: BTreeSet<u128> = match which {
            WhichKey::Key(key) => [key].into(),
            WhichKey::Jid(jid) => {
                let slots = self.table.with_jid(self.table.hash(jid.as_bytes()));
                slots.filter_map(|slot| self.terms_of(slot).unique).map(|unique| unique.key).collect()
            }
        };
        let held = |key: &u128| self.keys.claim(*key).is_some_and(|(until, _)| until > turn.now.wall);
        let keys: Vec<u128> = keys.into_iter().filter(held).collect();
        for key in &keys {
            let record = key.to_be_bytes();
            self.happen(turn, &Fact::Keep { family: Family::Unique, key: &record, value: Some(FREED) });
            self.forget_key(turn, *key);
        }
        Reply::Count(keys.len() as u64)
    }

    /// The keys that are held, from one on, in their order. Where many are over, a page is short and not the last.
    pub(super) fn keys_page(&self, now: Wall, from: u128, count: usize) -> KeysPage {
        let total = self.keys.jobs.len() + self.keys.records.len();
        let mut page = KeysPage { keys: Vec::new(), next: None, total };
        let mut next = self.keys.next(from);
        for _ in 0..SLICE_MAX {
            let Some(key) = next.filter(|_| page.keys.len() < count.min(PAGE_MAX)) else { break };
            page.keys.extend(self.key_view(now, key));
            next = key.checked_add(1).and_then(|key| self.keys.next(key));
        }
        page.next = next;
        page
    }

    /// A key as operators see it, if it is held.
    fn key_view(&self, now: Wall, key: u128) -> Option<KeyView> {
        let (until, slot) = self.keys.claim(key).filter(|(until, _)| *until > now)?;
        let holder = match slot {
            Some(slot) => KeyHolder::Job {
                id: self.table.id(slot),
                release: self.terms_of(slot).unique.map_or(Release::Success, |unique| unique.release),
            },
            None => {
                let left = Left::read(self.kept.value(Family::Unique, &key.to_be_bytes())?)?;
                KeyHolder::Done {
                    jid: left.jid.into(),
                    jobtype: left.jobtype.into(),
                    queue: left.queue.into(),
                }
            }
        };
        Some(KeyView { key, until, holder })
    }

    /// The claims are those of the jobs and the records that there are.
    pub(super) fn check_keys(&self) -> Result<(), String> {
        let uniques = || self.terms.iter().filter_map(|(slot, terms)| Some((*slot, terms.unique?)));
        let jobs: BTreeSet<_> = uniques().map(|(slot, unique)| (unique.key, unique.until, slot)).collect();
        if jobs != self.keys.jobs {
            return Err("other jobs claim unique keys than have them".into());
        }
        if uniques().filter(|(_, unique)| unique.release == Release::Expiry).count() != self.keys.lasting {
            return Err("the jobs that leave their keys behind are not counted".into());
        }
        let of_family = self.kept.iter().filter(|(family, ..)| *family == Family::Unique);
        let read = |(_, key, value): (Family, &[u8], &[u8])| {
            let key = u128::from_be_bytes(key.try_into().ok()?);
            Some((key, Left::read(value)?.until))
        };
        let records: Option<BTreeMap<u128, Wall>> = of_family.map(read).collect();
        let ends: BTreeSet<_> = self.keys.records.iter().map(|(key, until)| (*until, *key)).collect();
        if records.as_ref() != Some(&self.keys.records) || ends != self.keys.ends {
            return Err("other unique keys are left behind than are on record".into());
        }
        Ok(())
    }
}

/// What is kept of a job that left its key behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left<'a> {
    until: Wall,
    jid: &'a str,
    jobtype: &'a str,
    queue: &'a str,
}

impl<'a> Left<'a> {
    /// The time and the lengths of two of the texts, little-endian, then the texts.
    fn write(&self) -> Vec<u8> {
        let length = |text: &str| (text.len() as u32).to_le_bytes();
        let mut value = self.until.0.to_le_bytes().to_vec();
        value.extend(length(self.jid));
        value.extend(length(self.jobtype));
        for text in [self.jid, self.jobtype, self.queue] {
            value.extend_from_slice(text.as_bytes());
        }
        value
    }

    /// `None`: [`FREED`].
    fn read(value: &'a [u8]) -> Option<Self> {
        let (until, rest) = value.split_first_chunk()?;
        let (jid, rest) = rest.split_first_chunk()?;
        let (jobtype, texts) = rest.split_first_chunk()?;
        let text = |bytes| std::str::from_utf8(bytes).ok();
        let (jid, texts) = texts.split_at_checked(u32::from_le_bytes(*jid) as usize)?;
        let (jobtype, queue) = texts.split_at_checked(u32::from_le_bytes(*jobtype) as usize)?;
        Some(Self {
            until: Wall(i64::from_le_bytes(*until)),
            jid: text(jid)?,
            jobtype: text(jobtype)?,
            queue: text(queue)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::machine::scenario::play;

    #[test]
    fn a_key_that_is_held_refuses_and_a_job_without_one_meets_none_e30_e31() {
        play(
            "0s  w hello                                  | ok
             0s  p push a unique=k                        | ok
             0s  p push b unique=k                        | Job not unique
             0s  p push c unique=l                        | ok
             0s  p push d                                 | ok
             0s  p sees keys                              | k=a@3600s l=c@3600s
             0s  w fetch default                          | a
             1s  p push e unique=k                        | Job not unique
             1s  w ack a                                  | ok
             1s  p push e unique=k                        | ok
             1s  p sees keys                              | k=e@3601s l=c@3600s",
        );
    }

    #[test]
    fn two_of_one_key_in_one_bulk_are_one_job_e34() {
        play(
            "0s  p bulk a,unique=k b,unique=k c,unique=l d b | ok; Job not unique; ok; ok; ok
             0s  p sees keys                                 | k=a@3600s l=c@3600s
             0s  p sees default                              | b d c a",
        );
    }

    #[test]
    fn the_very_same_push_again_is_that_push_d5() {
        play(
            "0s  w hello                                  | ok
             0s  p push a unique=k                        | ok
             1s  p push a unique=k                        | ok
             1s  p sees default                           | a
             2s  w fetch default                          | a
             3s  p push a unique=k                        | ok
             3s  w ack a                                  | ok
             4s  p push a unique=k                        | ok
             4s  p sees default                           |
             4s  p sees keys                              |",
        );
    }

    #[test]
    fn a_key_is_free_when_its_time_is_over_and_the_younger_holds_it_then_e32() {
        play(
            "0s  w hello                                  | ok
             0s  p push a unique=k hold=10s               | ok
             9s  p push b unique=k hold=10s               | Job not unique
             10s p push b unique=k hold=10s               | ok
             10s p sees keys                              | k=b@20s
             11s w fetch default                          | a
             # The end of the older frees nothing.
             11s w ack a                                  | ok
             12s p push c unique=k                        | Job not unique
             12s p delete b                               | 1
             12s p push c unique=k                        | ok",
        );
    }

    #[test]
    fn started_it_gives_its_key_up_for_good_e32() {
        play(
            "0s  w hello                                  | ok
             0s  p push a unique=k until=start retry=1    | ok
             0s  p push b unique=k                        | Job not unique
             0s  w fetch default                          | a
             1s  p push b unique=k until=start            | ok
             1s  w fail a                                 | ok
             1s  p sees keys                              | k=b@3601s
             2s  w fetch default                          | b
             2s  p sees keys                              |
             # Who waits is handed the job at once: it starts.
             3s  w fetch default                          | waits
             3s  p push c unique=k until=start            | w: c, ok
             3s  p push d unique=k until=start            | ok
             3s  p sees keys                              | k=d@3603s
             3s  w undelivered c                          | back
             3s  p sees keys                              | k=d@3603s",
        );
    }

    #[test]
    fn whatever_ends_a_job_without_success_frees_its_key() {
        play(
            "0s  w hello                                  | ok
             0s  p push a unique=a until=expiry           | ok
             0s  p push b unique=b until=expiry           | ok
             0s  p push c unique=c until=expiry at=9s     | ok
             0s  p push d unique=d until=expiry retry=0   | ok
             0s  p push e unique=e until=expiry expires=5s queue=q | ok
             0s  p push f unique=f queue=r                | ok
             0s  p sees keys                              | a=a@3600s b=b@3600s c=c@3609s d=d@3600s e=e@3600s f=f@3600s
             1s  p delete a                               | 1
             1s  p discard b                              | 1
             1s  p clear scheduled                        | 1
             1s  p remove r                               | ok
             1s  w fetch default                          | d
             1s  w fail d                                 | ok
             # What may still come back keeps it.
             1s  p sees keys                              | b=b@3600s e=e@3600s
             2s  p push g unique=b                        | Job not unique
             5s  p sees keys                              | b=b@3600s
             61s p sees keys                              |
             62s p push g unique=b                        | ok
             62s p flush                                  | 1
             62s p sees keys                              |",
        );
    }

    #[test]
    fn scheduled_failed_lost_and_dead_jobs_keep_their_keys_and_meet_them_never_e33_e34() {
        play(
            "0s    w hello                                | ok
             0s    p push a unique=k hold=10m at=60s retry=1 | ok
             0s    p sees keys                            | k=a@660s
             60s   w fetch default                        | a
             61s   w fail a                               | ok
             62s   p push b unique=k                      | Job not unique
             62s   p requeue a                            | 1
             62s   w fetch default                        | a
             63s   w leaves                               | gone
             125s  p push b unique=k                      | Job not unique
             125s  v hello                                | ok
             125s  v fetch default                        | a
             126s  v fail a                               | ok
             126s  p sees dead                            | a×2
             126s  p push b unique=k                      | Job not unique
             126s  p requeue a                            | 1
             126s  p move q a                             | 1
             126s  v fetch q                              | a>q
             127s  v ack a                                | ok
             127s  p push b unique=k                      | ok",
        );
    }

    #[test]
    fn until_expiry_it_outlives_its_job_and_no_longer() {
        play(
            "0s  w hello                                  | ok
             0s  p push a unique=k hold=90s until=expiry  | ok
             0s  w fetch default                          | a
             1s  w ack a                                  | ok
             2s  p push b unique=k                        | Job not unique
             2s  p sees keys                              | k=(a:T:default)@90s
             # The repeated push is still that push.
             3s  p push a unique=k hold=90s until=expiry  | ok
             89s p push b unique=k                        | Job not unique
             90s p push b unique=k                        | ok
             90s p sees keys                              | k=b@3690s
             91s p push c unique=l hold=10s until=expiry  | ok
             92s w fetch default                          | b
             92s w fetch default                          | c
             # It ran for longer than it held its key.
             102s w ack c                                 | ok
             102s p sees keys                             | k=b@3690s",
        );
    }

    #[test]
    fn an_operator_frees_a_key_and_the_job_goes_on_without() {
        play(
            "0s  w hello                                  | ok
             0s  p push a unique=k retry=1                | ok
             0s  p push b unique=l until=expiry           | ok
             0s  p free k                                 | 1
             0s  p free k                                 | 0
             0s  p free m                                 | 0
             0s  p sees keys                              | l=b@3600s
             0s  p push c unique=k                        | ok
             1s  w fetch default                          | a
             1s  w ack a                                  | ok
             1s  p sees keys                              | k=c@3600s l=b@3600s
             1s  w fetch default                          | b
             1s  w ack b                                  | ok
             2s  p free l                                 | 1
             2s  p push d unique=l                        | ok
             2s  p free jid=d                             | 1
             2s  p free jid=nobody                        | 0
             2s  p sees keys                              | k=c@3600s",
        );
    }

    #[test]
    fn keys_that_stay_have_a_limit_and_no_other_key_has() {
        play(
            "0s  w hello                                  | ok
             0s  p decrees unique=2                       | so be it
             0s  p push a unique=a until=expiry hold=9s   | ok
             0s  p push b unique=b until=expiry           | ok
             0s  p push c unique=c until=expiry           | too many unique keys that are held until expiry, limit 2
             0s  p push d unique=d                        | ok
             0s  w fetch default                          | a
             1s  w ack a                                  | ok
             1s  p push c unique=c until=expiry           | too many unique keys that are held until expiry, limit 2
             9s  p push c unique=c until=expiry           | ok
             9s  p delete b                               | 1
             9s  p push e unique=e until=expiry           | ok",
        );
    }

    #[test]
    fn an_edited_job_keeps_the_key_that_it_came_with() {
        play(
            "0s  p push a unique=k                        | ok
             0s  p edit a 1                               | 1
             0s  p push b unique=k                        | Job not unique",
        );
    }
}
