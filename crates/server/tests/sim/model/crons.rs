//! Cron once more (rule `E-50`): ticks are the multiples of a period, and each comes once, however clocks and servers stop and go.

use bessemer_core::command::{Asks, CronDeed, Push, Refusal};
use bessemer_core::cron::{CronEntry, Missed, When, jid};
use bessemer_core::limits::{CRON_CATCH_UP_MAX, CRON_GRACE, CRON_SLICE};
use bessemer_core::query::Answer;
use bessemer_core::{Boot, Machine, Now, Query, Wall};

use super::{Durable, Expected, Model, views};

/// What is known of an entry.
#[derive(Clone, Debug)]
pub(super) struct Cron {
    /// Every tick up to here was run, or passed over for good.
    settled: Wall,
    paused: bool,
}

/// Microseconds from tick to tick; these schedules are all that there are here.
fn period(entry: &CronEntry) -> i64 {
    match entry.schedule.when() {
        When::Every(seconds) => i64::from(*seconds) * 1_000_000,
        When::At(_) => 60_000_000,
    }
}

/// The ticks that have come by now and are not settled, latest first.
fn come<'a>(entry: &'a CronEntry, settled: Wall, now: Wall) -> impl Iterator<Item = Wall> + 'a {
    let period = period(entry);
    let ticks =
        std::iter::successors(Some(now.0.div_euclid(period) * period), move |tick| Some(tick - period));
    let ticks = ticks.map(Wall).take_while(move |tick| *tick > settled);
    ticks.skip_while(move |tick| entry.runs_at(*tick) > now)
}

impl Durable {
    /// When an entry ticks next; never, while it is paused or not known.
    fn next_run(&self, entry: &CronEntry) -> Option<Wall> {
        let known = self.crons.get(&*entry.id).filter(|known| !known.paused)?;
        let period = period(entry);
        Some(entry.runs_at(Wall((known.settled.0.div_euclid(period) + 1) * period)))
    }

    /// Whether each entry is paused, and when it ticks next.
    pub(crate) fn cron_views(&self, entries: &[CronEntry]) -> Vec<(bool, Option<Wall>)> {
        let paused = |entry: &CronEntry| self.crons.get(&*entry.id).is_some_and(|known| known.paused);
        entries.iter().map(|entry| (paused(entry), self.next_run(entry))).collect()
    }
}

impl Model {
    pub(super) fn cron_due(&self, now: Now) -> Option<Boot> {
        let entries = &self.rules.cron;
        if !self.knows_crons {
            return (!entries.is_empty()).then_some(now.boot);
        }
        entries.iter().filter_map(|entry| self.durable.next_run(entry)).min().map(|at| now.boot_at(at))
    }

    /// An entry that is new begins now.
    fn know_crons(&mut self, now: Now) {
        for entry in self.rules.cron.iter() {
            let new = Cron { settled: now.wall, paused: false };
            self.durable.crons.entry(entry.id.clone()).or_insert(new);
        }
        self.knows_crons = true;
    }

    pub(super) fn tick_crons(&mut self, now: Now, real: &Machine) {
        self.know_crons(now);
        let entries = self.rules.cron.clone();
        let mut left = CRON_SLICE;
        while let Some(entry) = entries
            .iter()
            .filter_map(|entry| Some((self.durable.next_run(entry)?, entry)))
            .filter(|(at, _)| *at <= now.wall && left > 0)
            .min_by_key(|(at, _)| *at)
            .map(|(_, entry)| entry)
        {
            left = left.saturating_sub(self.tick(now, entry, real).max(1));
        }
    }

    /// Runs what has come of an entry's ticks and is to be run; says how many that were.
    fn tick(&mut self, now: Now, entry: &CronEntry, real: &Machine) -> usize {
        let settled = self.durable.crons[&*entry.id].settled;
        let Some(last) = come(entry, settled, now.wall).next() else { return 0 };
        let most = match entry.missed {
            Missed::Skip => usize::from(now.wall.since(entry.runs_at(last)) <= CRON_GRACE),
            Missed::Once => 1,
            Missed::All => CRON_CATCH_UP_MAX,
        };
        let ticks: Vec<Wall> = come(entry, settled, now.wall).take(most).collect();
        ticks.iter().rev().for_each(|tick| self.push_cron(now, entry, *tick, real));
        self.durable.crons.get_mut(&*entry.id).expect("it is known").settled = last;
        ticks.len()
    }

    fn push_cron(&mut self, now: Now, entry: &CronEntry, moment: Wall, real: &Machine) {
        let (jid, job) = (jid(&entry.id, moment), &entry.job);
        let new = views(real, now, &jid).into_iter().find(|view| !self.durable.jobs.contains_key(&view.id));
        let Some(id) = new.map(|view| view.id) else {
            return self.complain(|| format!("{jid} was not pushed, and its time has come"));
        };
        let body = job.body(&jid, now.wall);
        let push = Push {
            jid: &jid,
            queue: &job.queue,
            jobtype: &job.jobtype,
            retry: job.retry,
            reserve_for: job.reserve_for,
            on_lost: job.on_lost,
            asks: Asks { cron: Some(&entry.id), tracked: job.tracked, ..Asks::default() },
            at: None,
            failure: None,
            sent: body.as_bytes(),
            body: body.as_bytes(),
        };
        self.take_in(now, id, &push);
    }

    pub(super) fn operate_cron(&mut self, now: Now, id: &str, deed: CronDeed, real: &Machine) -> Expected {
        let entries = self.rules.cron.clone();
        let Some(entry) = entries.iter().find(|entry| *entry.id == *id) else {
            return Expected::Refused(Refusal::UnknownCron(id.into()));
        };
        self.know_crons(now);
        let known = self.durable.crons.get_mut(id).expect("it is known");
        match deed {
            CronDeed::Pause => known.paused = true,
            // What would have come meanwhile is not made up for.
            CronDeed::Resume if known.paused => {
                (known.paused, known.settled) = (false, known.settled.max(now.wall));
            }
            CronDeed::Resume => {}
            CronDeed::Run => {
                let Answer::Cron(views) = real.answer(now, &Query::Cron { id: Some(id.into()) }) else {
                    return Expected::Done;
                };
                // The machine says which moment it has chosen: none that a tick can have, and none that was before.
                let run = views[0].runs.iter().find(|run| run.by_hand).expect("the last one is remembered");
                if run.tick < now.wall || run.tick.0 % 1_000_000 == 0 {
                    self.complain(|| format!("{id} was run by hand at {:?}", run.tick));
                }
                self.push_cron(now, entry, run.tick, real);
                return Expected::Jid(jid(id, run.tick));
            }
        }
        Expected::Done
    }
}
