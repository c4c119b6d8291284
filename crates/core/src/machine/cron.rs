//! Jobs that are pushed by the clock (rule `E-50`, decision 0034).
//!
//! An entry's record says up to which moment its ticks are settled. A tick that comes pushes its job and moves that moment
//! on, in one command: both are in the log, or neither is. So a tick is run once, whatever stops between two of them, and
//! a clock that is put back finds them settled.
//!
//! When an entry ticks next follows from its record and from the rules. It is worked out while serving, never in replay.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Slot, State};
use super::terms::Gone;
use super::{Machine, Turn};
use crate::command::{CronDeed, Refusal, Reply};
use crate::cron::{CronEntry, Missed, Ran, Record, Run, Ticks, Why, jid};
use crate::event::Event;
use crate::fact::{Ending, Fact, Facts, Family};
use crate::limits::{CRON_CATCH_UP_MAX, CRON_FORGET, CRON_GRACE, CRON_SKIPPED_MAX, CRON_SLICE, SLICE_MAX};
use crate::query::{Answer, CronRun, CronView, Where};
use crate::time::{Boot, Now, Wall};

/// What is known of entries.
#[derive(Debug, Default)]
pub(super) struct Crons {
    records: BTreeMap<Box<str>, Record>,
    /// When each entry is run next, by its place among the rules.
    due: BTreeSet<(Wall, usize)>,
    /// Whether the records may not be what the configuration asks for.
    settled: bool,
    /// When the first record of an entry that the configuration has lost is to be forgotten.
    forget: Option<Wall>,
    /// Nothing may be pushed: ticks wait.
    held: bool,
}

impl Crons {
    /// The configuration may have changed.
    pub(super) fn look_again(&mut self) {
        self.settled = false;
    }

    /// See [`Machine::learn`].
    pub(super) fn learn(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Ok(id) = std::str::from_utf8(key) else { return };
        match value.and_then(Record::decode) {
            Some(record) => _ = self.records.insert(id.into(), record),
            None => _ = self.records.remove(id),
        }
    }
}

impl Machine {
    /// While the disk is full nothing is pushed, and ticks wait (`G13`). They are missed only after a while, like all.
    pub fn hold_crons(&mut self, hold: bool) {
        self.crons.held = hold;
    }

    /// When [`Machine::tick_crons`] has something to do.
    pub(super) fn cron_due(&self, now: Now) -> Option<Boot> {
        if !self.crons.settled {
            let idle = self.rules.cron.is_empty() && self.crons.records.is_empty();
            return (!idle).then_some(now.boot);
        }
        let first = self.crons.due.first().filter(|_| !self.crons.held).map(|(at, _)| *at);
        [first, self.crons.forget].into_iter().flatten().min().map(|at| now.boot_at(at))
    }

    /// Runs what is due, a slice of it.
    pub(super) fn tick_crons<F: Facts>(&mut self, turn: &mut Turn<'_, F>) {
        let now = turn.now.wall;
        if self.crons.forget.is_some_and(|at| at <= now) {
            self.crons.settled = false;
        }
        if !self.crons.settled {
            self.settle_crons(turn);
        }
        let mut left = CRON_SLICE;
        while let Some(first) = self.crons.due.first().copied().filter(|(at, _)| *at <= now) {
            if self.crons.held || left == 0 {
                return;
            }
            self.crons.due.remove(&first);
            left = left.saturating_sub(self.tick(turn, first.1).max(1));
        }
    }

    /// Each entry has a record that is about it; those that the configuration has lost are told so, and at last forgotten.
    /// A new entry, or another series of ticks, begins now: nothing is made up for.
    fn settle_crons<F: Facts>(&mut self, turn: &mut Turn<'_, F>) {
        let (entries, now) = (self.rules.cron.clone(), turn.now.wall);
        let mut changed = Vec::new();
        for entry in entries.iter() {
            let known = self.crons.records.get(&entry.id);
            let mut record = known.cloned().unwrap_or_default();
            if known.is_none() || record.series != entry.series() || record.off.is_some() && entry.enabled {
                record.settled = record.settled.max(now);
            }
            record.series = entry.series();
            record.off = if entry.enabled { None } else { record.off.or(Some(now)) };
            if known != Some(&record) {
                changed.push((entry.id.clone(), Some(record)));
            }
        }
        let lost = |id: &str| entries.binary_search_by(|entry| (*entry.id).cmp(id)).is_err();
        self.crons.forget = None;
        for (id, record) in self.crons.records.iter().filter(|(id, _)| lost(id)) {
            let off = record.off.unwrap_or(now);
            if off.after(CRON_FORGET) <= now {
                changed.push((id.clone(), None));
                continue;
            }
            self.crons.forget = self.crons.forget.into_iter().chain([off.after(CRON_FORGET)]).min();
            if record.off.is_none() {
                changed.push((id.clone(), Some(Record { off: Some(off), ..record.clone() })));
            }
        }
        self.crons.settled = changed.len() <= SLICE_MAX;
        for (id, record) in changed.into_iter().take(SLICE_MAX) {
            self.keep_cron(turn, &id, record.as_ref());
        }
        self.crons.due =
            (0..entries.len()).filter_map(|place| Some((self.next_run(place)?, place))).collect();
    }

    /// When an entry is run next.
    fn next_run(&self, place: usize) -> Option<Wall> {
        let entry = &self.rules.cron[place];
        let record =
            self.crons.records.get(&entry.id).filter(|record| !record.paused && record.off.is_none())?;
        Some(entry.runs_at(entry.next_after(record.settled)?))
    }

    fn keep_cron<F: Facts>(&mut self, turn: &mut Turn<'_, F>, id: &str, record: Option<&Record>) {
        let value = record.map(Record::encode);
        self.happen(turn, &Fact::Keep { family: Family::Cron, key: id.as_bytes(), value: value.as_deref() });
    }

    /// An entry has come to a tick, or to several. Says how many were run.
    fn tick<F: Facts>(&mut self, turn: &mut Turn<'_, F>, place: usize) -> usize {
        let (entries, now) = (self.rules.cron.clone(), turn.now.wall);
        let entry = &entries[place];
        let settled = self.crons.records.get(&entry.id).map_or(now, |record| record.settled);
        let Some(Pending { skipped, last_skipped, run, last }) = pending(entry, settled, now) else {
            return 0;
        };
        let runs: Vec<Run> = run.iter().map(|tick| self.run_tick(turn, entry, *tick)).collect();
        // Only now: what a push has led to may be part of the record.
        let mut record = self.crons.records.get(&entry.id).cloned().unwrap_or_default();
        if skipped > 0 {
            let (id, ran) = (entry.id.clone(), Ran::Skipped(Why::Missed));
            record.skip(Why::Missed, skipped, last_skipped, now);
            self.tally.cron_missed += u64::from(skipped);
            let (tick, ticks, note) = (last_skipped, skipped, "".into());
            turn.out.events.push(Event::Cron { id, tick, ticks, ran, note, again: false });
        }
        runs.into_iter().for_each(|run| record.add(run));
        record.settled = last;
        self.keep_cron(turn, &entry.id, Some(&record));
        let next = self.next_run(place);
        self.crons.due.extend(next.map(|at| (at, place)));
        run.len()
    }

    /// Pushes the job of a tick, as any push is pushed.
    fn run_tick<F: Facts>(&mut self, turn: &mut Turn<'_, F>, entry: &CronEntry, tick: Wall) -> Run {
        let pushed = self.push_cron(turn, entry, tick);
        let (ran, note) = match &pushed {
            Ok(()) => (Ran::Pushed, String::new()),
            Err(why) => (Ran::Refused, why.to_string()),
        };
        let (id, note) = (entry.id.clone(), note.into_boxed_str());
        let before = self.crons.records.get(&id).and_then(|record| record.runs.back());
        match pushed {
            Ok(()) => self.tally.cron_runs += 1,
            Err(_) => self.tally.cron_refused += 1,
        }
        let again = before.is_some_and(|before| before.ran == ran && before.note == note);
        turn.out.events.push(Event::Cron { id, tick, ticks: 1, ran, note: note.clone(), again });
        Run { tick, at: turn.now.wall, fails: 0, ran, until: turn.now.wall, ticks: Ticks::One, note }
    }

    fn push_cron<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        entry: &CronEntry,
        tick: Wall,
    ) -> Result<(), Refusal> {
        let (jid, now) = (jid(&entry.id, tick), turn.now.wall);
        let body = entry.job.body(&jid, now);
        self.accept(turn, &entry.job.push(&entry.id, &jid, &body, now))
    }

    /// What operators do to an entry.
    pub(super) fn operate_cron<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        id: &str,
        deed: CronDeed,
    ) -> Reply {
        let (entries, now) = (self.rules.cron.clone(), turn.now.wall);
        let Ok(place) = entries.binary_search_by(|entry| (*entry.id).cmp(id)) else {
            return Reply::Refused(Refusal::UnknownCron(id.into()));
        };
        if !self.crons.settled {
            self.settle_crons(turn);
        }
        let entry = &entries[place];
        if deed == CronDeed::Run {
            return self.run_by_hand(turn, entry);
        }
        let mut record = self.crons.records.get(id).cloned().unwrap_or_default();
        match deed {
            CronDeed::Pause if !record.paused => record.paused = true,
            CronDeed::Resume if record.paused => {
                record.paused = false;
                if let Some(last) = entry.schedule.latest(record.settled, now, &entry.zone) {
                    let count = count(entry, record.settled, last) + 1;
                    record.skip(Why::Paused, count.min(CRON_SKIPPED_MAX), last, now);
                }
                record.settled = record.settled.max(now);
            }
            _ => return Reply::Done,
        }
        self.keep_cron(turn, id, Some(&record));
        self.crons.due.retain(|(_, other)| *other != place);
        let next = self.next_run(place);
        self.crons.due.extend(next.map(|at| (at, place)));
        Reply::Done
    }

    fn run_by_hand<F: Facts>(&mut self, turn: &mut Turn<'_, F>, entry: &CronEntry) -> Reply {
        let now = turn.now.wall;
        // Each has a moment of its own, of which its jid is made; a tick's is a whole second.
        let runs = self.crons.records.get(&entry.id).into_iter().flat_map(|record| &record.runs);
        let before = runs.filter(|run| run.ticks == Ticks::ByHand).map(|run| run.tick.0 + 1).max();
        let moment = now.0.max(before.unwrap_or(i64::MIN));
        let moment = Wall(moment + i64::from(moment % 1_000_000 == 0));
        if let Err(why) = self.push_cron(turn, entry, moment) {
            return Reply::Refused(why);
        }
        let mut record = self.crons.records.get(&entry.id).cloned().unwrap_or_default();
        let (ran, ticks) = (Ran::Pushed, Ticks::ByHand);
        record.add(Run { tick: moment, at: now, fails: 0, ran, until: now, ticks, note: "".into() });
        self.keep_cron(turn, &entry.id, Some(&record));
        Reply::Jid(jid(&entry.id, moment).into())
    }

    /// A job of an entry has failed.
    pub(super) fn cron_ran<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot) {
        self.tell_run_of(turn, slot, |run, _| run.fails += 1);
    }

    /// A job of an entry is dead.
    pub(super) fn cron_died<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot) {
        self.tell_run_of(turn, slot, |run, now| (run.ran, run.until) = (Ran::Died, now));
    }

    fn tell_run_of<F: Facts>(&mut self, turn: &mut Turn<'_, F>, slot: Slot, tell: impl Fn(&mut Run, Wall)) {
        let Some(id) = self.terms.get(&slot).and_then(|terms| terms.cron.clone()) else { return };
        let jid = self.table[slot].jid;
        self.tell_runs(turn, &id, &BTreeSet::from([jid]), tell);
    }

    /// Jobs of entries are no more: a record for each entry, however many they are.
    pub(super) fn cron_ended<F: Facts>(&mut self, turn: &mut Turn<'_, F>, gone: &[Gone], why: Ending) {
        let mut by_entry: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
        for gone in gone {
            if let Some(id) = &gone.terms.cron {
                by_entry.entry(id).or_default().insert(gone.jid);
            }
        }
        let ran = match why {
            Ending::Acked => Ran::Done,
            Ending::Failed | Ending::Lost => Ran::Discarded,
            Ending::Deleted => Ran::Deleted,
            Ending::DeadAge | Ending::DeadLimit => Ran::Died,
            Ending::Expired => Ran::Expired,
        };
        for (id, jids) in by_entry {
            self.tell_runs(turn, id, &jids, |run, now| {
                // One that was put back from the dead set has another end; what is deleted there died.
                if run.ran != Ran::Died || matches!(ran, Ran::Done | Ran::Discarded) {
                    (run.ran, run.until) = (ran, now);
                }
                run.fails += u32::from(why == Ending::Failed);
            });
        }
    }

    /// Changes those runs of an entry whose jobs have such jids; a record that is as it was is not written.
    fn tell_runs<F: Facts>(
        &mut self,
        turn: &mut Turn<'_, F>,
        id: &str,
        jids: &BTreeSet<u64>,
        tell: impl Fn(&mut Run, Wall),
    ) {
        let Some(known) = self.crons.records.get(id) else { return };
        let mut record = known.clone();
        let pushed = record.runs.iter_mut().filter(|run| has_job(run));
        for run in pushed.filter(|run| jids.contains(&self.table.hash(jid(id, run.tick).as_bytes()))) {
            tell(run, turn.now.wall);
        }
        if record != *known {
            self.keep_cron(turn, id, Some(&record));
        }
    }

    /// The entries as operators see them.
    pub(super) fn cron_views(&self, id: Option<&str>) -> Answer {
        let entries =
            self.rules.cron.iter().enumerate().filter(|(_, entry)| id.is_none_or(|id| *entry.id == *id));
        let view = |(place, entry): (usize, &CronEntry)| {
            let record = self.crons.records.get(&entry.id);
            let runs = record.into_iter().flat_map(|record| record.runs.iter().rev());
            let most = if id.is_some() { usize::MAX } else { 1 };
            CronView {
                id: entry.id.to_string(),
                schedule: entry.schedule.clone(),
                zone: entry.zone.clone(),
                missed: entry.missed,
                jitter: entry.jitter,
                enabled: entry.enabled,
                paused: record.is_some_and(|record| record.paused),
                queue: entry.job.queue.to_string(),
                jobtype: entry.job.jobtype.to_string(),
                next: self.next_run(place),
                runs: runs.take(most).map(|run| self.run_view(&entry.id, run)).collect(),
            }
        };
        let views: Vec<CronView> = entries.map(view).collect();
        if id.is_some() && views.is_empty() { Answer::Missing } else { Answer::Cron(views) }
    }

    fn run_view(&self, id: &str, run: &Run) -> CronRun {
        let jid = has_job(run).then(|| jid(id, run.tick));
        let is_it = |slot: &Slot| {
            self.terms_of(*slot).cron == Some(id) && self.table[*slot].state != State::Discarded
        };
        let slot =
            jid.as_ref().and_then(|jid| self.table.with_jid(self.table.hash(jid.as_bytes())).find(is_it));
        let place = slot.map(|slot| Where::from(&self.place(slot)));
        let ran = match (run.ran, place) {
            // All jobs were deleted at one stroke, or this one waits to be.
            (Ran::Pushed, None) => Ran::Deleted,
            // It was put back from the dead set.
            (Ran::Died, Some(place)) if place != Where::Dead => Ran::Pushed,
            (ran, _) => ran,
        };
        let ticks = match run.ticks {
            Ticks::Skipped(count) => count,
            Ticks::One | Ticks::ByHand => 1,
        };
        let by_hand = run.ticks == Ticks::ByHand;
        let until = (ran != Ran::Pushed).then_some(run.until);
        let (tick, at, fails, note) = (run.tick, run.at, run.fails, run.note.to_string());
        CronRun { tick, at, by_hand, ticks, ran, until, jid, place, fails, note }
    }

    /// See [`Machine::check`].
    pub(super) fn check_crons(&self) -> Result<(), String> {
        let kept = self.kept.iter().filter(|(family, ..)| *family == Family::Cron);
        let known =
            kept.filter_map(|(_, key, value)| Some((std::str::from_utf8(key).ok()?, Record::decode(value)?)));
        if !known.eq(self.crons.records.iter().map(|(id, record)| (&**id, record.clone()))) {
            return Err("the records of cron entries are not what is known of them".into());
        }
        if self.crons.settled {
            let mut due: Vec<(Wall, usize)> = self.crons.due.iter().copied().collect();
            due.sort_unstable_by_key(|(_, place)| *place);
            let places = 0..self.rules.cron.len();
            if !places.filter_map(|place| Some((self.next_run(place)?, place))).eq(due) {
                return Err("cron entries do not tick when they should".into());
            }
        }
        Ok(())
    }
}

fn has_job(run: &Run) -> bool {
    !matches!(run.ran, Ran::Refused | Ran::Skipped(_))
}

/// What is to be done about an entry's ticks.
struct Pending {
    /// So many come to nothing, and this is the last of them.
    skipped: u32,
    last_skipped: Wall,
    /// These are run, in their order.
    run: Vec<Wall>,
    /// All up to here are settled then.
    last: Wall,
}

fn pending(entry: &CronEntry, settled: Wall, now: Wall) -> Option<Pending> {
    let latest = |before: Wall| entry.schedule.latest(settled, before, &entry.zone);
    let mut last = latest(now)?;
    while entry.runs_at(last) > now {
        last = latest(Wall(last.0 - 1))?;
    }
    let in_time = now.since(entry.runs_at(last)) <= CRON_GRACE;
    let most = match entry.missed {
        Missed::Skip => usize::from(in_time),
        Missed::Once => 1,
        Missed::All => CRON_CATCH_UP_MAX,
    };
    let mut run = Vec::new();
    let mut next = Some(last);
    while let Some(tick) = next.filter(|_| run.len() < most) {
        run.push(tick);
        next = latest(Wall(tick.0 - 1));
    }
    run.reverse();
    let (skipped, last_skipped) = match next {
        Some(skipped) => ((count(entry, settled, skipped) + 1).min(CRON_SKIPPED_MAX), skipped),
        None => (0, last),
    };
    Some(Pending { skipped, last_skipped, run, last })
}

/// Ticks between two moments, counted up to [`CRON_SKIPPED_MAX`].
fn count(entry: &CronEntry, after: Wall, before: Wall) -> u32 {
    let next = |tick: &Wall| entry.next_after(*tick);
    let ticks = std::iter::successors(entry.next_after(after), next).take_while(|tick| *tick < before);
    ticks.take(CRON_SKIPPED_MAX as usize).count() as u32
}
