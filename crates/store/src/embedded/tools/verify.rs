//! Checking a store or a backup: everything is read, nothing is changed.

use bessemer_core::query::Info;
use bessemer_core::{Answer, Now, Query, Rules, Wall};

use super::replica::Replica;
use super::source::Source;
use super::survey::{Damage, steady};
use super::{ToolError, Watch};
use crate::embedded::disk::Disk;
use crate::embedded::recover::TornTail;

/// What is there.
#[derive(Clone, Debug)]
pub struct Verified {
    /// It is a backup, made then.
    pub backup_of: Option<Wall>,
    pub segments: usize,
    pub batches: u64,
    pub facts: u64,
    /// Bytes of the log.
    pub bytes: u64,
    /// When the last batch was written.
    pub last_written: Option<Wall>,
    /// Live jobs by state, queues and counters. With damage: as far as they can be read.
    pub info: Info,
    /// An unfinished batch at the end of the log: left by a crash, or being written just now. The next start cuts it.
    pub torn: Option<TornTail>,
    /// Everything that is not as it was written.
    pub damages: Vec<Damage>,
    /// A rule about jobs that does not hold although every byte is as it was written: a mistake of this program.
    pub broken: Option<String>,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.damages.is_empty() && self.broken.is_none()
    }
}

/// Reads everything, checks every checksum and every rule about jobs, and goes on after damage. `now` is only for
/// reservations, which the answer counts.
pub fn verify<D: Disk>(
    source: &Source<D>,
    rules: &Rules,
    now: Now,
    watch: &mut Watch<'_>,
) -> Result<Verified, ToolError> {
    let copies = source.manifest().map_or(Ok(Vec::new()), |manifest| manifest.damages(source))?;
    steady(source, |survey| {
        let mut replica = Replica::new(survey, rules);
        let end = survey.read(&mut replica, watch)?;
        replica.finish(now);
        let Answer::Info(info) = replica.machine.answer(now, &Query::Info) else {
            unreachable!("a query for the figures is answered with them")
        };
        let verified = Verified {
            backup_of: source.manifest().map(|manifest| manifest.at),
            segments: survey.segments.len(),
            batches: end.batches,
            facts: replica.facts,
            bytes: end.bytes,
            last_written: end.last_written,
            info: *info,
            torn: end.torn,
            broken: replica.machine.check().err(),
            damages: copies.iter().cloned().chain(end.damages).collect(),
        };
        let whole = verified.is_whole();
        Ok((verified, whole))
    })
}
