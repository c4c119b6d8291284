//! The jobs that producers make: everything that a job may ask for, as the plan has it.

use super::chance::SECOND;
use super::ledger::Entry;
use super::world::World;

impl World {
    /// A new job, known to the ledger and not sent yet.
    pub(crate) fn new_job(&mut self) -> usize {
        let plan = self.plan.clone();
        let number = self.ledger.entries.len();
        let jid = self.new_jid();
        let queue = self.chance.pick(&plan.queues);
        let retry =
            if plan.fails { self.chance.pick(&[-1, 0, 1, 3, 25]) } else { self.chance.pick(&[1, 25]) };
        let args = self.args(number);
        let mut text = format!("{{\"jid\":\"{jid}\",\"queue\":\"{queue}\",\"jobtype\":\"Sim\",{args}");
        if retry != 25 {
            text += &format!(",\"retry\":{retry}");
        }
        let reserve = if plan.long_reservations {
            self.chance.pick(&[0, 1800])
        } else {
            self.chance.pick(&[1, 60, 90, 300])
        };
        if reserve != 0 {
            text += &format!(",\"reserve_for\":{reserve}");
        }
        if plan.scheduled && self.chance.one_in(3) {
            let wall = self.idle_now().wall.0 + self.chance.magnitude(SECOND / 10, 400 * SECOND) as i64
                - SECOND as i64;
            text += &format!(",\"at\":\"{}\"", bessemer_core::Wall(wall).rfc3339());
        }
        let failed = plan.sends_failures && retry > 0 && self.chance.one_in(8);
        if failed {
            text += ",\"failure\":{\"retry_count\":0,\"remaining\":1,\"errtype\":\"E\",\"message\":\"m\"}";
        }
        let batch = self.some_batch().filter(|_| self.chance.one_in(2));
        let (custom, unique) = self.custom(batch);
        if !custom.is_empty() {
            text += &format!(",\"custom\":{{{}}}", custom.join(","));
        }
        text += "}";
        let reserved = (if reserve == 0 { 1800 } else { reserve.max(60) }) * SECOND;
        let mut entry = Entry::new(jid, text, args, retry, reserved);
        (entry.unique, entry.batch, entry.failed) = (unique, batch, failed);
        let job = self.ledger.add(entry);
        if let Some(batch) = batch {
            self.ledger.joins(batch, job);
        }
        job
    }

    /// What a job asks for beyond being run; and whether it may be refused for a key.
    fn custom(&mut self, batch: Option<usize>) -> (Vec<String>, bool) {
        let mut custom = Vec::new();
        if self.plan.on_lost && self.chance.one_in(2) {
            let word = self.chance.pick(&["requeue", "wait", "dead", ""]);
            custom.extend((!word.is_empty()).then(|| format!("\"on_lost\":\"{word}\"")));
        }
        // One of a few keys that there are.
        let unique = self.plan.unique && self.chance.one_in(2);
        if unique {
            let (key, seconds) = (self.chance.below(3), self.chance.pick(&[1, 20, 120, 1_000]));
            let until = self.chance.pick(&["success", "start", "expiry"]);
            let asks =
                format!("\"unique_for\":{seconds},\"unique_until\":\"{until}\",\"unique_key\":\"k{key}\"");
            custom.push(asks);
        }
        if self.plan.tracks && self.chance.one_in(3) {
            custom.push("\"track\":1".into());
        }
        if let Some(bid) = batch.and_then(|batch| self.ledger.batches[batch].bid.as_ref()) {
            custom.push(format!("\"bid\":\"{bid}\""));
        }
        (custom, unique)
    }

    pub(crate) fn new_jid(&mut self) -> String {
        format!("job-{:05}-{:04x}", self.ledger.entries.len(), self.chance.below(0x1_0000))
    }

    /// Arguments that no other job has.
    pub(crate) fn args(&mut self, number: usize) -> String {
        let filling = if self.chance.one_in(10) { 2_000 } else { 30 };
        format!("\"args\":[{number},\"{}\"]", "x".repeat(self.chance.below(filling) as usize))
    }
}
