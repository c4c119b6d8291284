//! What clients do with batches, and what each of them may rely on from the outside alone: no callback before COMMIT, none
//! before its time, each once, and in the end all that were promised.

use super::client::Asked;
use super::ledger::{Entry, Ledger};
use super::world::{Broken, World};

/// A batch as its clients know it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    /// Its name, once a client has read it.
    pub(crate) bid: Option<String>,
    parent: Option<usize>,
    /// The callbacks that it was made with: success, complete, death. Their jids were given, or are the server's.
    callbacks: [Option<Callback>; 3],
    /// Jobs that were sent with its name, whatever became of them.
    members: Vec<usize>,
    /// Those that were in it for certain before anybody sent COMMIT.
    sealed: Vec<usize>,
    sent_commit: bool,
    /// OK was read for a COMMIT.
    pub(crate) committed: bool,
    /// Somebody cancels it, or one above it.
    cancelled: bool,
}

/// A callback: its entry in the ledger, once its jid is known.
#[derive(Clone, Debug)]
struct Callback {
    entry: Option<usize>,
    args: String,
}

const NAMES: [&str; 3] = ["success", "complete", "death"];
const SUCCESS: usize = 0;
const COMPLETE: usize = 1;

/// Microseconds for which a worker may keep a callback; see `reserve_for` below.
const RESERVED: u64 = 60 * super::chance::SECOND;

impl World {
    /// A batch whose name is known, if there is one and the plan has them.
    pub(crate) fn some_batch(&mut self) -> Option<usize> {
        let known = |batch: &usize| self.ledger.batches[*batch].bid.is_some();
        let known: Vec<usize> = (0..self.ledger.batches.len()).filter(known).collect();
        // The youngest are those that something happens to.
        let from = known.len().saturating_sub(4);
        (!known.is_empty()).then(|| self.chance.pick(&known[from..]))
    }

    /// Something that a client does to batches.
    pub(crate) fn tend_batches(&mut self, client: usize, link: usize) {
        let Some(batch) = self.some_batch().filter(|_| !self.chance.one_in(4)) else {
            return self.new_batch(client, link);
        };
        let bid = self.ledger.batches[batch].bid.clone().expect("it is known");
        let (line, asked) = match self.chance.below(16) {
            0..=6 => return self.commit(client, link, batch),
            7 | 8 => (format!("BATCH OPEN {bid}"), Asked::Batch),
            9 | 10 => (format!("BATCH STATUS {bid}"), Asked::Batch),
            11 => (format!("BATCH CHECK {bid}"), Asked::Batch),
            12 => ("BATCH LIST".into(), Asked::Look),
            13 if self.chance.one_in(2) => {
                self.ledger.cancels(batch);
                (format!("BATCH CANCEL {bid}"), Asked::Batch)
            }
            _ => return self.new_batch(client, link),
        };
        self.send(client, link, &line, asked);
    }

    /// Who works everything off commits what others have left.
    pub(crate) fn commit_some(&mut self, client: usize, link: usize) {
        if let Some(batch) = self.some_batch() {
            self.commit(client, link, batch);
        }
    }

    fn commit(&mut self, client: usize, link: usize, batch: usize) {
        let bid = self.ledger.batches[batch].bid.clone().expect("it is known");
        self.ledger.commits(batch);
        self.send(client, link, &format!("BATCH COMMIT {bid}"), Asked::Commit(batch));
    }

    fn new_batch(&mut self, client: usize, link: usize) {
        let parent = self.some_batch().filter(|_| self.chance.one_in(2));
        let (which, batch) = (self.chance.between(1, 7), self.ledger.batches.len());
        let mut members = Vec::new();
        if let Some(bid) = parent.and_then(|parent| self.ledger.batches[parent].bid.as_ref()) {
            members.push(format!("\"parent_bid\":\"{bid}\""));
        }
        let mut callbacks = [const { None }; 3];
        for (at, name) in NAMES.iter().enumerate().filter(|(at, _)| which >> at & 1 == 1) {
            let queue = self.chance.pick(&self.plan.queues.clone());
            let args = self.args(100_000 + batch * 3 + at);
            let mut job = format!("\"queue\":\"{queue}\",\"jobtype\":\"Sim\",{args},\"reserve_for\":60");
            let mut entry = None;
            if self.chance.one_in(2) {
                let jid = self.new_jid();
                job += &format!(",\"jid\":\"{jid}\"");
                entry = Some(self.ledger.add(callback_entry(jid, &args, batch, at)));
            }
            members.push(format!("\"{name}\":{{{job}}}"));
            callbacks[at] = Some(Callback { entry, args });
        }
        let cancelled = parent.is_some_and(|parent| self.ledger.batches[parent].cancelled);
        self.ledger.batches.push(Batch { parent, callbacks, cancelled, ..Batch::default() });
        self.send(client, link, &format!("BATCH NEW {{{}}}", members.join(",")), Asked::NewBatch(batch));
    }

    /// At the end: what was promised has come.
    pub(crate) fn check_batches(&self, lives: impl Fn(&str) -> bool) -> Result<(), Broken> {
        let ledger = &self.ledger;
        let came = |entry: usize| {
            let entry = &ledger.entries[entry];
            entry.deliveries > 0 || entry.may_have_ended || lives(&entry.jid)
        };
        for (at, batch) in ledger.batches.iter().enumerate() {
            if !batch.committed || batch.cancelled || ledger.swept || !ledger.is_settled_below(at) {
                continue;
            }
            let [success, complete, _] = [SUCCESS, COMPLETE, 2].map(|which| batch.entry(which));
            if let Some(entry) = complete.filter(|entry| !came(*entry)) {
                return Err(format!(
                    "{:?} was committed and never complete: {batch:?}",
                    ledger.entries[entry].jid
                ));
            }
            let succeeds = complete.is_none_or(|entry| ledger.entries[entry].ended) && ledger.succeeds(at);
            if let Some(entry) = success.filter(|entry| succeeds && !came(*entry)) {
                return Err(format!(
                    "{:?} never came, and all was ACKed: {batch:?}",
                    ledger.entries[entry].jid
                ));
            }
        }
        Ok(())
    }
}

/// A callback is pushed by the server, when somebody has sent COMMIT.
fn callback_entry(jid: String, args: &str, batch: usize, which: usize) -> Entry {
    let mut entry = Entry::new(jid, String::new(), args.into(), 25, RESERVED);
    entry.callback = Some((batch, which));
    entry
}

impl Batch {
    fn entry(&self, which: usize) -> Option<usize> {
        self.callbacks[which].as_ref()?.entry
    }
}

impl Ledger {
    /// A client reads the name of a batch; the server names callbacks that have no jid after it.
    pub(crate) fn named(&mut self, batch: usize, bid: &str) {
        self.batches[batch].bid = Some(bid.into());
        for (which, name) in NAMES.iter().enumerate() {
            let Some(Callback { entry: None, args }) = &self.batches[batch].callbacks[which] else {
                continue;
            };
            let entry = callback_entry(format!("{bid}-{name}"), args, batch, which);
            let entry = self.add(entry);
            self.batches[batch].callbacks[which].iter_mut().for_each(|callback| callback.entry = Some(entry));
        }
    }

    /// COMMIT is on its way: from now on callbacks may come.
    fn commits(&mut self, batch: usize) {
        let sure = |job: &usize| self.entries[*job].accepted && !self.entries[*job].failed;
        let sealed: Vec<usize> = self.batches[batch].members.iter().copied().filter(sure).collect();
        let batch = &mut self.batches[batch];
        if !std::mem::replace(&mut batch.sent_commit, true) {
            batch.sealed = sealed;
        }
        let entries: Vec<usize> = (0..3).filter_map(|which| batch.entry(which)).collect();
        entries.into_iter().for_each(|entry| self.entries[entry].pushes = 1);
    }

    /// CANCEL is on its way: members that wait are deleted, here and in all batches below.
    fn cancels(&mut self, batch: usize) {
        self.batches[batch].cancelled = true;
        self.batches[batch].members.clone().into_iter().for_each(|job| self.may_delete(job));
        let below = (0..self.batches.len()).filter(|child| self.batches[*child].parent == Some(batch));
        below.collect::<Vec<_>>().into_iter().for_each(|child| self.cancels(child));
    }

    /// A callback is delivered: was it time?
    pub(crate) fn check_call(&self, job: usize) -> Result<(), String> {
        let Some((at, which)) = self.entries[job].callback else { return Ok(()) };
        let (batch, jid) = (&self.batches[at], &self.entries[job].jid);
        let member =
            |is: fn(&Entry) -> bool| batch.sealed.iter().map(|job| &self.entries[*job]).find(|e| !is(e));
        let (unfinished, what) = match which {
            SUCCESS => (member(|entry| entry.may_have_ended), "ACKed"),
            COMPLETE => (member(|entry| entry.handed || entry.may_have_ended), "run"),
            _ => (None, ""),
        };
        if let Some(member) = unfinished {
            return Err(format!("{jid} is delivered, and {} was never {what}", member.jid));
        }
        let complete = batch.entry(COMPLETE).map(|entry| &self.entries[entry]);
        if let Some(complete) = complete.filter(|entry| which == SUCCESS && !entry.may_have_ended) {
            return Err(format!("{jid} is delivered before {} was ACKed", complete.jid));
        }
        Ok(())
    }

    /// A job is sent with the name of a batch.
    pub(crate) fn joins(&mut self, batch: usize, job: usize) {
        self.batches[batch].members.push(job);
        if self.batches[batch].cancelled {
            self.may_delete(job);
        }
    }

    fn children(&self, batch: usize) -> impl Iterator<Item = usize> {
        (0..self.batches.len()).filter(move |child| self.batches[*child].parent == Some(batch))
    }

    /// Whether all below a batch is settled for certain: each callback was ACKed, or never could be pushed.
    fn is_settled_below(&self, batch: usize) -> bool {
        self.children(batch).all(|child| {
            let callbacks = [SUCCESS, COMPLETE].map(|which| self.batches[child].entry(which));
            let mut entries = callbacks.into_iter().flatten().map(|entry| &self.entries[entry]);
            entries.all(|entry| entry.ended || entry.pushes == 0) && self.is_settled_below(child)
        })
    }

    /// Whether every member was ACKed once for certain, and there is nothing below it.
    fn succeeds(&self, batch: usize) -> bool {
        let mut members = self.batches[batch].members.iter().map(|job| &self.entries[*job]);
        members.all(|entry| entry.ended && entry.spare_copies == 0) && self.children(batch).next().is_none()
    }
}
