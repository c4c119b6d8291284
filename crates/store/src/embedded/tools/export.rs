//! Everything that lives in a store, job by job, for whoever writes it down in another form.
//!
//! The log is read twice: first for the state that it leads to, then for the texts of what lives in that state. So no
//! text is held for longer than its job is told, however many there are.

use std::io;

use bessemer_core::fact::{Fact, Family};
use bessemer_core::machine::Life;
use bessemer_core::query::{Day, Info};
use bessemer_core::{Answer, JobId, Now, Query, Rules, Span};
use bytes::Bytes;

use super::replica::{Replica, facts};
use super::source::Source;
use super::survey::{Sink, Survey, steady};
use super::{Damage, ToolError, Watch};
use crate::embedded::OpenError;
use crate::embedded::batch;
use crate::embedded::disk::Disk;

/// One thing that a store holds.
#[derive(Debug)]
pub enum Told<'a> {
    /// The beginning, with all figures. It comes again if the log moved on too fast: then all that was told before is
    /// void.
    Begin(&'a Info),
    Queue {
        name: &'a str,
        paused: bool,
    },
    Day(Day),
    /// A record of a family that is [kept](Family::KEPT).
    Record {
        family: Family,
        key: &'a [u8],
        value: &'a [u8],
    },
    /// A job, whole. Jobs come in the order of the log, which is not that of their queues.
    Job(Box<Life<'a>>),
    /// All was told.
    End,
}

/// Takes what is told; an error ends the telling.
pub(super) type Take<'t> = dyn FnMut(Told<'_>) -> io::Result<()> + 't;

/// Tells everything in a store that is stopped or served, or in a backup. A damaged one is refused before anything but
/// [`Told::Begin`] could be told.
pub fn export<D: Disk>(
    source: &Source<D>,
    rules: &Rules,
    now: Now,
    take: &mut Take<'_>,
    watch: &mut Watch<'_>,
) -> Result<(), ToolError> {
    let copies = source.manifest().map_or(Ok(Vec::new()), |manifest| manifest.damages(source))?;
    refuse(copies)?;
    steady(source, |survey| {
        let mut replica = Replica::new(survey, rules);
        refuse(survey.read(&mut replica, watch)?.damages)?;
        replica.finish(now);
        let Answer::Info(info) = replica.machine.answer(now, &Query::Info) else {
            unreachable!("a query for the figures is answered with them")
        };
        take(Told::Begin(&info)).map_err(ToolError::Output)?;
        for (name, paused) in replica.machine.known_queues() {
            take(Told::Queue { name, paused }).map_err(ToolError::Output)?;
        }
        for day in replica.machine.days() {
            take(Told::Day(day)).map_err(ToolError::Output)?;
        }
        for (family, key, value) in replica.machine.kept() {
            take(Told::Record { family, key, value }).map_err(ToolError::Output)?;
        }
        let lost = lives(survey, &replica, &mut |_, life| take(Told::Job(Box::new(life))), watch)?;
        refuse(lost.into_iter().map(|(_, damage)| damage).collect())?;
        take(Told::End).map_err(ToolError::Output)?;
        Ok(((), true))
    })
}

pub(super) fn refuse(damages: Vec<Damage>) -> Result<(), ToolError> {
    match damages.into_iter().next() {
        Some(Damage { path, offset, what, .. }) => Err(OpenError::Damaged { path, offset, what }.into()),
        None => Ok(()),
    }
}

/// Tells every job that lives in a replica of this very log. The answer is what could not be told, for want of the text
/// of its failure.
pub(super) fn lives<D: Disk>(
    survey: &Survey<D>,
    replica: &Replica,
    take: &mut dyn FnMut(JobId, Life<'_>) -> io::Result<()>,
    watch: &mut Watch<'_>,
) -> Result<Vec<(String, Damage)>, ToolError> {
    let mut teller = Teller { survey, replica, take, lost: Vec::new(), failed: None };
    survey.read(&mut teller, watch)?;
    match teller.failed {
        Some(error) => Err(error),
        None => Ok(teller.lost),
    }
}

/// The second reading.
struct Teller<'a, D: Disk> {
    survey: &'a Survey<D>,
    replica: &'a Replica,
    take: &'a mut dyn FnMut(JobId, Life<'_>) -> io::Result<()>,
    lost: Vec<(String, Damage)>,
    failed: Option<ToolError>,
}

impl<D: Disk> Sink for Teller<'_, D> {
    fn batch(&mut self, position: u64, _: &batch::Header, records: &[u8]) -> Result<(), &'static str> {
        for (fact, span) in facts(position, records) {
            if self.failed.is_none() {
                self.failed = self.tell(&fact, span).err();
            }
        }
        Ok(())
    }
}

impl<D: Disk> Teller<'_, D> {
    fn tell(&mut self, fact: &Fact<'_>, span: Span) -> Result<(), ToolError> {
        let machine = &self.replica.machine;
        let Fact::Put { id, head, body, .. } = *fact else { return Ok(()) };
        if !machine.lives_at(id, span) {
            return Ok(());
        }
        let failure = match machine.failure_text(id).map(|span| self.survey.text(span)) {
            None => Bytes::new(),
            Some(Ok(text)) => text,
            Some(Err(ToolError::Store(OpenError::Damaged { path, offset, what }))) => {
                self.lost.push((head.jid.to_owned(), Damage { path, offset, bytes: None, what }));
                return Ok(());
            }
            Some(Err(error)) => return Err(error),
        };
        // What was discarded is as good as gone.
        let body = machine.body_of(id, body);
        let Some(life) = machine.life(id, head, &body, &failure) else { return Ok(()) };
        (self.take)(id, life).map_err(ToolError::Output)
    }
}
