//! Jobs that come from elsewhere with all that happened to them, and logs of which parts are lost.

use super::Machine;
use crate::fact::JobId;

impl Machine {
    /// The live job in the slot that a new job's id names. A log that is whole never has one, for a slot is given again
    /// only after its job has ended: so in one with a hole this job has ended in the hole.
    pub fn displaced_by(&self, new: JobId) -> Option<JobId> {
        let slot = new.0 as super::Slot;
        let old = self.table.is_live(slot).then(|| self.table.id(slot))?;
        (old != new).then_some(old)
    }
}
