//! The machine as a log makes it, with whatever the log has lost.

use bessemer_core::fact::{Ending, Fact};
use bessemer_core::{JobId, Machine, Now, Rules, Span, Wall};

use super::survey::{Damage, Sink, Survey};
use crate::embedded::batch;
use crate::embedded::disk::Disk;
use crate::embedded::record::{Records, TEXT_CRC_LEN, text_crc};

/// Takes a log in, batch by batch.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) machine: Machine,
    pub(super) facts: u64,
    /// Something was missing before what is read now.
    has_holes: bool,
}

impl Replica {
    pub(super) fn new<D: Disk>(survey: &Survey<D>, rules: &Rules) -> Self {
        let machine = Machine::new(rules.clone(), survey.store.hash_key());
        Self { machine, facts: 0, has_holes: false }
    }

    /// Everything is read.
    pub(super) fn finish(&mut self, now: Now) {
        self.machine.recovered(now);
    }

    /// Takes in a fact of a batch that was checked. Whose slot a job takes has ended, though nobody can read how: the
    /// answer is that job.
    pub(super) fn take(&mut self, fact: &Fact<'_>, span: Span) -> Option<JobId> {
        let mut ended = None;
        if self.has_holes
            && let Fact::Put { id, .. } = *fact
        {
            ended = self.machine.displaced_by(id);
        }
        if let Some(id) = ended {
            self.end(id, Ending::Deleted);
        }
        self.machine.replay(fact, span);
        self.facts += 1;
        ended
    }

    /// A job is no more.
    pub(super) fn end(&mut self, id: JobId, why: Ending) {
        self.machine.replay(&Fact::End { id, at: Wall(0), why }, Span::default());
    }
}

impl Sink for Replica {
    fn batch(&mut self, position: u64, header: &batch::Header, records: &[u8]) -> Result<(), &'static str> {
        check(position, header, records)?;
        for (fact, span) in facts(position, records) {
            self.take(&fact, span);
        }
        Ok(())
    }

    fn hole(&mut self, _: &Damage) {
        self.has_holes = true;
    }
}

/// The facts of a batch that was checked.
pub(super) fn facts(position: u64, records: &[u8]) -> impl Iterator<Item = (Fact<'_>, Span)> {
    Records::new(records, position + batch::HEADER_LEN as u64).flatten()
}

/// Whether every record of a batch can be read, and every text passes its own checksum.
pub(super) fn check(position: u64, header: &batch::Header, records: &[u8]) -> Result<(), &'static str> {
    let start = position + batch::HEADER_LEN as u64;
    let mut count = 0;
    for fact in Records::new(records, start) {
        let (fact, span) = fact.ok_or("a record is of no kind that this version knows")?;
        if let Fact::Put { .. } | Fact::Fail { .. } = fact {
            let from = (span.at - start) as usize;
            let (text, crc) =
                records[from..from + span.len as usize + TEXT_CRC_LEN].split_at(span.len as usize);
            if text_crc(span.at, text).to_le_bytes() != crc {
                return Err("a text is not as it was written (checksum)");
            }
        }
        count += 1;
    }
    if count == header.count { Ok(()) } else { Err("a batch has more or fewer records than it says") }
}
