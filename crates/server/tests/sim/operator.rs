//! What operators do to jobs and queues, by pages that may be old by the time of the click.

use bessemer_core::command::{CronDeed, Record, Stage as Told};
use bessemer_core::edit::Replacement;
use bessemer_core::fact::Family;
use bessemer_core::query::{Answer, Page, Set};
use bessemer_core::throttle::{Rate, Throttle};
use bessemer_core::{Action, JobId, Query};
use bessemer_store::{Engine as _, Reader as _};
use bytes::Bytes;

use super::chance::Chance;
use super::world::{Broken, World};

/// Seconds of the longest span of a rate.
pub(crate) const RATE_SPAN: u64 = 10;

impl World {
    pub(crate) fn operate(&mut self) -> Result<(), Broken> {
        let now = self.now();
        let Some(node) = self.node.as_ref().filter(|_| !self.frozen && !self.shutting_down) else {
            return Ok(());
        };
        let page = Page { from: 0, count: 5 };
        let query = match self.chance.below(6) {
            0 => Query::Set { set: Set::Scheduled, page },
            5 => Query::Set { set: Set::Discarded, page },
            1 => Query::Set { set: Set::Retries, page },
            2 => Query::Set { set: Set::Dead, page },
            3 => Query::Working { page },
            _ => Query::Queue { name: self.plan.queues[0].clone(), page },
        };
        let Answer::Jobs(jobs) = node.engine().engine.machine().answer(now, &query) else { return Ok(()) };
        let mut ids: Vec<JobId> = jobs.jobs.iter().map(|view| view.id).collect();
        // A page may be old by the time of the click.
        let fresh = ids.clone();
        ids.extend(self.seen.iter().copied());
        self.seen = fresh;
        let Some(action) = self.action(&ids) else { return Ok(()) };
        self.next_token += 1;
        let token = self.next_token;
        let Some(node) = &mut self.node else { return Ok(()) };
        node.act(now, token, &action);
        let most = match &action {
            Action::Signal { .. } | Action::FreeKeysOf { .. } | Action::ClearQueue(_) => 1_000,
            Action::Replace(_) | Action::Throttle { .. } | Action::Cron { .. } => 1,
            _ => ids.len() as u64,
        };
        self.acting.insert(token, most);
        self.note(|| format!("operator: {action:?}"));
        let witness = self.witness.borrow();
        for jid in ids.iter().filter_map(|id| witness.jids.get(id)) {
            match &action {
                Action::Requeue(_) => self.ledger.revived(jid),
                Action::Delete(_) | Action::Discard(_) | Action::Kill(_) => self.ledger.deleted(jid),
                Action::Release(_) => self.ledger.taken_back(jid),
                Action::Signal { .. } | Action::Queue { .. } | Action::Restore(_) => {}
                // It may be another one of these that is run now: whoever is not is as before.
                Action::Replace(_) => self.ledger.revived(jid),
                Action::Move { .. } | Action::Keep(_) => {}
                Action::ClearQueue(_) | Action::ClearSet(_) => {}
                Action::Throttle { .. } | Action::Cron { .. } => {}
                Action::CancelBatch(_) | Action::RepairBatch(_) => {}
                Action::FreeKey(_) | Action::FreeKeysOf { .. } => {}
            }
        }
        drop(witness);
        self.check_model()
    }

    /// Something to do to these jobs, or to something else.
    fn action(&mut self, ids: &[JobId]) -> Option<Action> {
        let queue = self.chance.pick(&self.plan.queues.clone());
        let jobs = ids.to_vec();
        Some(match self.chance.below(20) {
            0..=2 => Action::Requeue(jobs),
            3 => Action::Delete(jobs),
            4 | 5 => Action::Kill(jobs),
            6 => Action::Release(jobs),
            7 => Action::Discard(jobs),
            8 | 9 => Action::Restore(jobs),
            10 => Action::Move { jobs, queue },
            11 => Action::Keep(records(&mut self.chance)),
            12 if self.plan.beats => Action::Signal { wid: None, stage: Told::Quiet },
            13 if self.plan.beats => Action::Signal { wid: Some("worker-1".into()), stage: Told::Terminate },
            14 | 15 if self.plan.throttles => {
                let some = |chance: &mut Chance| chance.one_in(2).then(|| chance.between(1, 3) as u32);
                let (concurrency, worker) = (some(&mut self.chance), some(&mut self.chance));
                let rate = self.chance.one_in(2).then(|| {
                    let (jobs, per_s) =
                        (self.chance.between(1, 5) as u32, self.chance.between(1, RATE_SPAN) as u32);
                    Rate { jobs, per_s, burst: self.chance.between(1, 4) as u32 }
                });
                let limit = Throttle { concurrency, worker, rate, ..Throttle::default() };
                Action::Throttle { queue, limit: (!self.chance.one_in(4)).then_some(limit) }
            }
            18 if !self.plan.options.rules.cron.is_empty() => {
                let ids: Vec<_> =
                    self.plan.options.rules.cron.iter().map(|entry| entry.id.to_string()).collect();
                let deed =
                    self.chance.pick(&[CronDeed::Run, CronDeed::Pause, CronDeed::Resume, CronDeed::Resume]);
                Action::Cron { id: self.chance.pick(&ids), deed }
            }
            17 if self.plan.scripts => Action::ClearQueue(queue),
            16 if self.plan.unique && !self.ledger.entries.is_empty() => {
                let job = self.chance.pick(&self.ledger.entries.iter().map(|e| &e.jid).collect::<Vec<_>>());
                Action::FreeKeysOf { jid: job.clone() }
            }
            _ => self.edit(ids)?,
        })
    }

    /// A job with another type, perhaps in another queue and at once; its arguments stay what the ledger knows.
    fn edit(&mut self, ids: &[JobId]) -> Option<Action> {
        let (id, queue) = (ids.first()?, self.chance.pick(&self.plan.queues.clone()));
        let engine = &self.node.as_ref()?.engine().engine;
        let now = self.clock.now(self.heard, 0);
        let jid = self.witness.borrow().jids.get(id)?.to_string();
        let Answer::Jobs(found) = engine.machine().answer(now, &Query::Jid { jid }) else { return None };
        let mut seen = found.jobs.into_iter().find(|view| view.id == *id)?;
        let texts = [Some(&mut seen.body), seen.failure.as_mut().map(|failure| &mut failure.text)];
        for text in texts.into_iter().flatten() {
            let span = text.unread()?;
            let mut read = None;
            let tell = &mut |_: usize, text: Option<&[u8]>| read = text.map(Bytes::copy_from_slice);
            engine.reader().read(&[span], tell).ok()?;
            text.fill(read?);
        }
        let before = String::from_utf8_lossy(seen.body.bytes()).into_owned();
        let from = format!("\"queue\":\"{}\"", seen.queue);
        let text = before.replacen(&from, &format!("\"queue\":\"{queue}\""), 1).replacen("Sim", "Sim2", 1);
        let enqueue = self.chance.one_in(2);
        let edit = Replacement::new(&seen, &text, now.wall, enqueue);
        Some(Action::Replace(Box::new(edit.expect("it is the job that it was"))))
    }
}

/// Small records to put and to remove, of a few that there may be.
fn records(chance: &mut Chance) -> Vec<Record> {
    let record = |chance: &mut Chance| Record {
        // The others are the machine's own.
        family: chance.pick(&[Family::Statistic, Family::Mark, Family::Token, Family::Audit]),
        key: vec![b'a' + chance.below(6) as u8],
        value: (!chance.one_in(3)).then(|| chance.bits().to_le_bytes().repeat(chance.below(30) as usize)),
    };
    (0..=chance.below(3)).map(|_| record(chance)).collect()
}
