//! Saving what can be read of a damaged store into a new one, and saying what that leaves open.
//!
//! A hole in the log is bytes of whole commands, and nobody knows which. What can be said of a job is what was said
//! about it before and behind the hole:
//!
//! | before the hole | behind it | so |
//! |---|---|---|
//! | it lives | named, or told again | it lives on |
//! | it lives | its end, or its slot has another job | it has ended |
//! | it lives | nothing | it may have ended in the hole: it comes back as it stood before ([`Doubt::MayHaveEnded`]) |
//! | nothing | named, never told whole | it lived, and its body is lost ([`Doubt::Lost`], or only counted) |
//! | nothing | nothing | it came in the hole and may have ended there: only a count of such jobs is known |
//!
//! One kind leaves no trace at all: a job that came long before and was told again, by the cleaning of the log, in what is
//! a hole now. Where segments were given up, the count says nothing about those.
//!
//! Records that are no jobs come back as they were told last, where that can be read.
//!
//! Names in the hole itself are shown where they look like names, but never believed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use bessemer_core::fact::{Cleared, Ending, Fact, Head, Order};
use bessemer_core::query::{Info, Set};
use bessemer_core::{Answer, JobId, Now, Query, Rules, Span};

use super::export::lives;
use super::import::{ImportError, Importer};
use super::replica::{Replica, check, facts};
use super::source::Source;
use super::survey::{Damage, Sink, Survey};
use super::{ToolError, Watch, failed};
use crate::embedded::batch;
use crate::embedded::disk::Disk;
use crate::embedded::{Options, TornTail};

/// A job of which something is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt<'a> {
    /// It is in the new store, and was perhaps done, failed or deleted in what cannot be read.
    MayHaveEnded { jid: &'a str, queue: &'a str, jobtype: &'a str },
    /// It is not in the new store: its body cannot be read. Its names come from damaged bytes.
    Lost { jid: &'a str, queue: &'a str, jobtype: &'a str },
}

/// What became of a store.
#[derive(Clone, Debug)]
pub struct Salvaged {
    /// The new store.
    pub info: Info,
    /// Jobs in it.
    pub jobs: u64,
    /// What cannot be read.
    pub damages: Vec<Damage>,
    /// What was never answered and is left out as every start leaves it out.
    pub torn: Option<TornTail>,
    /// Jobs in the new store of which nothing is said behind the damage.
    pub may_have_ended: u64,
    /// Jobs that are named in the damage and nowhere else.
    pub lost: u64,
    /// Jobs that lived after the damage and whose bodies and names are lost.
    pub lost_without_name: u64,
    /// Jobs that came in what is lost, and of which nothing at all is known; `None`: nobody can say how many.
    pub unknown: Option<u64>,
    /// The log had been cleaned: jobs that were told again in what is lost may be gone without a trace.
    pub was_cleaned: bool,
    /// Dead jobs that were left out, since the dead set may hold no more.
    pub beyond_dead_max: u64,
}

/// Reads what can be read of `source`, which nobody may serve, and writes it into `target`, which must be empty. `tell`
/// learns of each job that is in doubt. The source is not touched, and until this returns the target is no store to be
/// started: give it its place then.
pub fn salvage<S: Disk, T: Disk>(
    source: &Source<S>,
    target: T,
    options: &Options,
    (now, entropy): (Now, [u8; 16]),
    tell: &mut dyn FnMut(Doubt<'_>),
    watch: &mut Watch<'_>,
) -> Result<Salvaged, ToolError> {
    let names = target.list().map_err(|error| failed(&target, "list", "", error))?;
    if let Some(name) = names.into_iter().find(|name| name != "LOCK") {
        return Err(ToolError::NotEmpty { path: target.path(""), name });
    }
    let survey = Survey::once(source)?;
    // The store kept to its limits; what is left of it does not have to be counted again.
    let (queues_max, kept_max) = (usize::from(u16::MAX), usize::MAX);
    let rules = Rules { queues_max, kept_max, ..options.rules.clone() };
    let mut found = Finder::new(&survey, &rules);
    let end = survey.read(&mut found, watch)?;
    found.replica.finish(now);
    let beyond_dead_max = found.trim_dead(now, rules.dead_max);
    let mut importer = Importer::open(target, Options { rules, ..options.clone() }, now, entropy, Order(0))?;
    let jobs = found.write(&survey, &mut importer, now, tell, watch)?;
    let may_have_ended = found.silent.len() as u64;
    let lost = found.tell_lost(tell);
    Ok(Salvaged {
        info: importer.finish()?,
        jobs,
        damages: end.damages,
        torn: end.torn,
        may_have_ended,
        lost,
        lost_without_name: found.bodiless.len() as u64,
        unknown: found.unknown(),
        was_cleaned: survey.was_cleaned(),
        beyond_dead_max,
    })
}

/// Reads a log with holes.
struct Finder {
    replica: Replica,
    has_batches: bool,
    /// There was a hole.
    holed: bool,
    /// Live jobs that were not named since the last hole.
    silent: BTreeSet<JobId>,
    /// Jobs that were named before the first hole although their first record was given up: they end for sure.
    given_up: BTreeSet<JobId>,
    /// Jobs that were named behind a hole, and never told whole.
    bodiless: BTreeSet<JobId>,
    /// Jobs in the holes, as far as they look like jobs.
    shown: BTreeMap<JobId, [String; 3]>,
    /// How many jobs had come before the first hole; `None`: nothing could be read before it.
    came_before: Option<u64>,
    /// Jobs that came since, and could be read or are known otherwise.
    accounted: u64,
    /// Those of them that were not read as they came.
    turned_up: BTreeSet<JobId>,
}

impl Finder {
    fn new<D: Disk>(survey: &Survey<D>, rules: &Rules) -> Self {
        Self {
            replica: Replica::new(survey, rules),
            has_batches: false,
            holed: false,
            silent: BTreeSet::new(),
            given_up: BTreeSet::new(),
            bodiless: BTreeSet::new(),
            shown: BTreeMap::new(),
            came_before: None,
            accounted: 0,
            turned_up: BTreeSet::new(),
        }
    }

    /// Something is said of a job.
    fn named(&mut self, id: JobId) {
        self.silent.remove(&id);
        if self.replica.machine.is_live(id) {
            return;
        }
        if !self.holed {
            self.given_up.insert(id);
        } else if !self.given_up.contains(&id) {
            self.turn_up(id);
            self.bodiless.insert(id);
        }
    }

    /// A job that came in a hole is known after all.
    fn turn_up(&mut self, id: JobId) {
        let came_in_a_hole = self.came_before.is_some_and(|before| id.0 >> 32 >= before & 0xffff_ffff);
        if came_in_a_hole && self.turned_up.insert(id) {
            self.accounted += 1;
        }
    }

    fn ended(&mut self, id: JobId) {
        if self.holed && !self.replica.machine.is_live(id) && !self.given_up.contains(&id) {
            self.turn_up(id);
        }
        for known in [&mut self.silent, &mut self.bodiless, &mut self.given_up] {
            known.remove(&id);
        }
        self.shown.remove(&id);
    }

    fn note(&mut self, fact: &Fact<'_>) {
        match *fact {
            Fact::Put { id, at, .. } => {
                self.silent.remove(&id);
                self.bodiless.remove(&id);
                self.shown.remove(&id);
                if at.is_some() && self.holed {
                    self.accounted += 1;
                } else if self.holed && !self.replica.machine.is_live(id) {
                    self.turn_up(id);
                }
            }
            Fact::Set { id, .. } | Fact::Fail { id, .. } | Fact::Lost { id, .. } | Fact::Move { id, .. } => {
                self.named(id);
            }
            Fact::End { id, .. } => self.ended(id),
            Fact::Keep { .. } | Fact::Clear(_) => {}
        }
    }

    /// Everything that stood there has ended. A job that was not named since a hole may have stood elsewhere by then: it
    /// stays, in doubt as before.
    fn cleared(&mut self, what: Cleared<'_>) {
        let everything = what == Cleared::Everything;
        let (gone, doubtful): (Vec<JobId>, Vec<JobId>) = self
            .replica
            .machine
            .cleared_by(what)
            .into_iter()
            .partition(|id| everything || !self.silent.contains(id));
        for id in gone {
            self.replica.end(id, Ending::Deleted);
            self.ended(id);
        }
        if everything {
            self.bodiless.clear();
            self.shown.clear();
        }
        if doubtful.is_empty() {
            self.replica.machine.replay(&Fact::Clear(what), Span::default());
        }
    }

    /// Jobs that came in the holes and left no trace.
    fn unknown(&self) -> Option<u64> {
        if !self.holed {
            return Some(0);
        }
        let came = self.replica.machine.jobs_ever().saturating_sub(self.came_before?);
        Some(came.saturating_sub(self.accounted))
    }

    /// The oldest dead jobs that are too many: that some of them are gone may be in a hole.
    fn trim_dead(&mut self, now: Now, most: usize) -> u64 {
        let mut dropped = 0;
        loop {
            let machine = &self.replica.machine;
            let Answer::Info(info) = machine.answer(now, &Query::Info) else { return dropped };
            let beyond = (info.dead as usize).saturating_sub(most);
            let query = Query::SetIds { set: Set::Dead, below: JobId(u64::MAX), count: beyond };
            let Answer::Ids { ids, .. } = machine.answer(now, &query) else { return dropped };
            if beyond == 0 || ids.is_empty() {
                return dropped;
            }
            for id in ids {
                self.replica.end(id, Ending::DeadLimit);
                self.silent.remove(&id);
                dropped += 1;
            }
        }
    }

    /// Writes all that lives.
    fn write<S: Disk, T: Disk>(
        &self,
        survey: &Survey<S>,
        importer: &mut Importer<T>,
        now: Now,
        tell: &mut dyn FnMut(Doubt<'_>),
        watch: &mut Watch<'_>,
    ) -> Result<u64, ToolError> {
        let machine = &self.replica.machine;
        if let Answer::Info(info) = machine.answer(now, &Query::Info) {
            importer.counts(info.processed, info.failures).map_err(refused)?;
        }
        for (name, paused) in machine.known_queues() {
            importer.queue(name, paused).map_err(refused)?;
        }
        for day in machine.days() {
            importer.day(day).map_err(refused)?;
        }
        for (family, key, value) in machine.kept() {
            importer.record(family, key, value).map_err(refused)?;
        }
        let mut jobs = 0;
        lives(
            survey,
            &self.replica,
            &mut |id, life| {
                let Head { jid, queue, jobtype, .. } = life.head;
                if self.silent.contains(&id) {
                    tell(Doubt::MayHaveEnded { jid, queue, jobtype });
                }
                jobs += 1;
                importer.job(&life).map_err(io::Error::other)
            },
            watch,
        )?;
        Ok(jobs)
    }

    /// Tells of the jobs that only the holes show.
    fn tell_lost(&mut self, tell: &mut dyn FnMut(Doubt<'_>)) -> u64 {
        let machine = &self.replica.machine;
        self.shown.retain(|id, _| !machine.is_live(*id));
        for (id, [jid, queue, jobtype]) in &self.shown {
            self.bodiless.remove(id);
            tell(Doubt::Lost { jid, queue, jobtype });
        }
        self.shown.len() as u64
    }
}

impl Sink for Finder {
    fn batch(&mut self, position: u64, header: &batch::Header, records: &[u8]) -> Result<(), &'static str> {
        check(position, header, records)?;
        self.has_batches = true;
        for (fact, span) in facts(position, records) {
            self.note(&fact);
            if let (Fact::Clear(what), true) = (fact, self.holed) {
                self.cleared(what);
                continue;
            }
            if let Some(ended) = self.replica.take(&fact, span) {
                self.silent.remove(&ended);
            }
        }
        Ok(())
    }

    fn hole(&mut self, damage: &Damage) {
        self.replica.hole(damage);
        let machine = &self.replica.machine;
        self.silent.extend(machine.job_ids());
        if !self.holed && self.has_batches {
            self.came_before = Some(machine.jobs_ever());
        }
        self.holed = true;
    }

    fn doubtful(&mut self, fact: &Fact<'_>) {
        if let Fact::Put { id, head: Head { jid, queue, jobtype, .. }, .. } = *fact {
            let looks_like_names = [jid, queue, jobtype].iter().all(|name| !name.contains(char::is_control));
            if looks_like_names && !jid.is_empty() {
                self.shown.insert(id, [jid, queue, jobtype].map(str::to_owned));
            }
        }
    }
}

fn refused(error: ImportError) -> ToolError {
    match error {
        ImportError::Failed(fatal) => fatal.into(),
        error => ToolError::Broken(error.to_string()),
    }
}
