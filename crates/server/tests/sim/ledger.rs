//! The ledger: what clients sent, what they were answered, and what follows from that alone.
//!
//! It knows nothing of the engine. Where an outcome cannot be known from outside, it claims nothing.

use std::collections::BTreeMap;

use super::batches::Batch;
use super::chance::SECOND;
use super::plan::{CRON_ARGS, CRON_ID};

/// A job as its producer knows it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) jid: String,
    /// The bytes of the job, always the same.
    pub(crate) text: String,
    /// The bytes of its arguments.
    pub(crate) args: String,
    pub(crate) retry: i64,
    /// It asks for a key, and may be refused.
    pub(crate) unique: bool,
    /// It was made a member of a batch, and may be refused, or is a callback of one: success, complete, death.
    pub(crate) batch: Option<usize>,
    pub(crate) callback: Option<(usize, usize)>,
    /// It was sent with a failure.
    pub(crate) failed: bool,
    /// Microseconds for which a worker may keep it.
    pub(crate) reserved: u64,
    /// When it was first sent.
    first: Option<u64>,
    /// An operator deleted it: pushed again it is new.
    deleted: bool,
    /// An operator may have had it run once more.
    revived: bool,
    pub(crate) pushes: u32,
    /// An OK for it was read.
    pub(crate) accepted: bool,
    /// Copies that there may be beyond the first.
    pub(crate) spare_copies: u32,
    pub(crate) deliveries: u32,
    /// FAILs that were answered OK.
    pub(crate) failures: u32,
    /// An ACK for it that must have counted was answered.
    pub(crate) ended: bool,
    /// Something was sent that may have ended it.
    pub(crate) may_have_ended: bool,
    /// It was on its way to a worker once.
    pub(crate) handed: bool,
    /// An operator took it back, perhaps before its worker had read it: nobody has it for certain any more, and what is
    /// read may have been decided long ago.
    taken_back: bool,
    /// Who has it in hand for certain: the client, when it asked for it, and the steps of the wall clock by then.
    pub(crate) holder: Option<(usize, u64, u32)>,
}

impl Entry {
    pub(crate) fn new(jid: String, text: String, args: String, retry: i64, reserved: u64) -> Self {
        Self {
            jid,
            text,
            args,
            retry,
            unique: false,
            batch: None,
            callback: None,
            failed: false,
            handed: false,
            reserved,
            first: None,
            deleted: false,
            revived: false,
            pushes: 0,
            accepted: false,
            spare_copies: 0,
            deliveries: 0,
            failures: 0,
            ended: false,
            may_have_ended: false,
            taken_back: false,
            holder: None,
        }
    }
}

/// All jobs.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) entries: Vec<Entry>,
    pub(crate) batches: Vec<Batch>,
    by_jid: BTreeMap<String, usize>,
    /// The dead set may drop jobs: it is small, or clocks step by months.
    drops_dead: bool,
    /// Scripts may delete any job at any time, or have it run again.
    pub(crate) swept: bool,
}

impl Ledger {
    pub(crate) fn new(drops_dead: bool, swept: bool) -> Self {
        Self { drops_dead, swept, ..Self::default() }
    }

    pub(crate) fn add(&mut self, mut entry: Entry) -> usize {
        (entry.may_have_ended, entry.deleted, entry.revived) = (self.swept, self.swept, self.swept);
        self.by_jid.insert(entry.jid.clone(), self.entries.len());
        self.entries.push(entry);
        self.entries.len() - 1
    }

    /// The job with this jid. One of a cron entry is known when something is seen of it for the first time.
    pub(crate) fn known(&mut self, jid: &str) -> Option<usize> {
        let known = self.find(jid);
        if known.is_some() || !jid.starts_with(CRON_ID) {
            return known;
        }
        let mut entry = Entry::new(jid.into(), String::new(), CRON_ARGS.into(), 25, 60 * SECOND);
        entry.pushes = 1;
        Some(self.add(entry))
    }

    pub(crate) fn find(&self, jid: &str) -> Option<usize> {
        self.by_jid.get(jid).copied()
    }

    /// A push is on its way. `surely_soon`: no clock steps and nothing freezes that could make it late.
    pub(crate) fn pushed(&mut self, job: usize, at: u64, surely_soon: bool) {
        let entry = &mut self.entries[job];
        entry.pushes += 1;
        let first = *entry.first.get_or_insert(at);
        // Outside of the window it is a second job.
        if entry.pushes > 1 && (!surely_soon || entry.deleted || at - first > 40 * SECOND) {
            entry.spare_copies += 1;
        }
    }

    /// Somebody sends an ACK or a FAIL that may count.
    pub(crate) fn given_back(&mut self, job: usize, who: usize, fails: bool) {
        let entry = &mut self.entries[job];
        let own = entry.holder.is_some_and(|(holder, ..)| holder == who);
        entry.may_have_ended |= !fails || entry.retry == 0 || self.drops_dead;
        if fails || !own {
            entry.holder = None;
        }
    }

    /// An operator deletes it, or lets it die.
    pub(crate) fn deleted(&mut self, jid: &str) {
        if let Some(job) = self.known(jid) {
            self.may_delete(job);
        }
    }

    /// It may be deleted from now on: pushed again it is new.
    pub(crate) fn may_delete(&mut self, job: usize) {
        let entry = &mut self.entries[job];
        (entry.may_have_ended, entry.deleted) = (true, true);
    }

    /// An operator has it run again.
    pub(crate) fn revived(&mut self, jid: &str) {
        if let Some(job) = self.known(jid) {
            self.entries[job].revived = true;
        }
    }

    /// An operator takes it back from its worker.
    pub(crate) fn taken_back(&mut self, jid: &str) {
        if let Some(job) = self.known(jid) {
            let entry = &mut self.entries[job];
            (entry.taken_back, entry.holder) = (true, None);
        }
    }

    /// What a client has in hand may have been taken from it.
    pub(crate) fn forget_holder(&mut self, who: usize) {
        for entry in &mut self.entries {
            if entry.holder.is_some_and(|(holder, ..)| holder == who) {
                entry.holder = None;
            }
        }
    }

    /// It has left the server: with its worker it may be lost, or fail and be dropped by the dead set.
    pub(crate) fn handed_out(&mut self, jid: &str) {
        if let Some(job) = self.known(jid) {
            let entry = &mut self.entries[job];
            (entry.handed, entry.may_have_ended) =
                (true, entry.may_have_ended || entry.retry == 0 || self.drops_dead);
        }
    }

    /// A client has read a delivery.
    pub(crate) fn delivered(
        &mut self,
        job: usize,
        who: usize,
        asked: u64,
        now: u64,
        steps: u32,
    ) -> Result<(), String> {
        self.check_call(job)?;
        let entry = &mut self.entries[job];
        entry.deliveries += 1;
        if entry.pushes == 0 {
            return Err(format!("{} is delivered and was never pushed", entry.jid));
        }
        // What lay unread for long may have been taken back and given to others meanwhile.
        if entry.taken_back || now > asked + 3 * SECOND {
            entry.may_have_ended |= entry.retry == 0;
            return Ok(());
        }
        if entry.spare_copies == 0 {
            if entry.ended {
                return Err(format!("{} is delivered after its ACK", entry.jid));
            }
            if let Some((other, since, then)) = entry.holder
                && then == steps
                && now < since + entry.reserved
            {
                return Err(format!(
                    "{} is delivered to client {who} while client {other} has it",
                    entry.jid
                ));
            }
        }
        if entry.retry == 0 && entry.spare_copies == 0 && entry.deliveries > 1 && entry.failures > 0 {
            return Err(format!("{} has retry 0, has failed and is delivered again", entry.jid));
        }
        entry.holder = Some((who, asked, steps));
        Ok(())
    }

    /// The client gives the job back, or something happened that may have taken it away.
    pub(crate) fn released(&mut self, job: usize, who: usize) {
        let entry = &mut self.entries[job];
        if entry.holder.is_some_and(|(holder, ..)| holder == who) {
            entry.holder = None;
        }
    }

    /// Whether the client has the job for certain.
    pub(crate) fn holds(&self, job: usize, who: usize, now: u64, steps: u32) -> bool {
        let entry = &self.entries[job];
        entry.holder.is_some_and(|(holder, since, then)| {
            holder == who && then == steps && now + SECOND < since + entry.reserved
        })
    }

    /// An ACK that was sent then was answered. It was for what its sender had in hand by then, if it still has it.
    pub(crate) fn acked(&mut self, job: usize, who: usize, sent: u64, (now, steps): (u64, u32)) {
        let holds = self.holds(job, who, now, steps);
        let entry = &mut self.entries[job];
        entry.ended |= holds && entry.holder.is_some_and(|(_, asked, _)| asked <= sent);
        self.released(job, who);
    }

    /// A FAIL was answered OK.
    pub(crate) fn failed(&mut self, job: usize) -> Result<(), String> {
        let entry = &mut self.entries[job];
        entry.failures += 1;
        let runs = u32::try_from(entry.retry.max(0)).unwrap_or(0) + 1;
        if entry.failures > runs * (1 + entry.spare_copies) && !entry.revived {
            return Err(format!(
                "{} has retry {} and failed {} times",
                entry.jid, entry.retry, entry.failures
            ));
        }
        Ok(())
    }

    /// How many copies there must be and may be now.
    pub(crate) fn copies(&self, job: usize) -> (usize, usize) {
        let entry = &self.entries[job];
        let most = usize::from(entry.pushes > 0 && !entry.ended) + entry.spare_copies as usize;
        let least = usize::from(entry.accepted && !entry.may_have_ended && !entry.ended);
        (least, most)
    }
}
