//! The jobs of a sandbox: those that wait, in the order in which a server would hand them out, and what became of the
//! others.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::job::outcome::{JobResult, Outcome};
use crate::testing::pushed::{Failures, Kept, Pushed};
use crate::testing::worked::{Progress, Ran};

/// A push with the same id and text within this time is the same push.
const REPUSH: Duration = Duration::from_secs(60);

/// The longest wait of a retry.
const RETRY_DELAY_MAX: Duration = Duration::from_secs(365 * 86_400);

pub(crate) struct Shelf {
    pub(super) now: SystemTime,
    pub(super) inline: bool,
    pub(super) pushed: Vec<Pushed>,
    /// Where the last push with an id is among them.
    last: HashMap<String, usize>,
    waiting: Vec<Waiting>,
    /// Places given out so far.
    places: u64,
    pub(super) dead: usize,
    pub(super) ran: Ran,
    /// What running jobs say of themselves, by jid.
    progress: HashMap<String, Vec<Progress>>,
}

struct Waiting {
    kept: Kept,
    why: Why,
    /// When it joins its queue, and in which order.
    due: SystemTime,
    place: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Pushed,
    Scheduled,
    Failed,
}

impl Shelf {
    pub(super) fn new(now: SystemTime) -> Self {
        Self {
            now,
            inline: false,
            pushed: Vec::new(),
            last: HashMap::new(),
            waiting: Vec::new(),
            places: 0,
            dead: 0,
            ran: Ran::default(),
            progress: HashMap::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self { inline: self.inline, ..Self::new(self.now) };
    }

    /// Takes a job that was pushed; `false`: it is there already, since the same push came twice.
    pub(super) fn take_in(&mut self, pushed: Pushed) -> bool {
        let before = self.last.get(&pushed.jid).map(|at| &self.pushed[*at]);
        if before.is_some_and(|before| before.sent == pushed.sent && before.pushed_at + REPUSH > self.now) {
            return false;
        }
        self.last.insert(pushed.jid.clone(), self.pushed.len());
        self.pushed.push(pushed.clone());
        let due = pushed.at.filter(|at| *at > self.now);
        let why = if due.is_some() { Why::Scheduled } else { Why::Pushed };
        self.wait(Kept { pushed, failures: None }, why, due.unwrap_or(self.now));
        true
    }

    fn wait(&mut self, kept: Kept, why: Why, due: SystemTime) {
        self.places += 1;
        self.waiting.push(Waiting { kept, why, due, place: self.places });
    }

    /// The next job for a worker of these queues, in strict order.
    pub(super) fn take_next(&mut self, queues: &[String]) -> Option<Kept> {
        let rank = |job: &Waiting| queues.iter().position(|queue| *queue == job.kept.pushed.queue);
        let due = self.waiting.iter().enumerate().filter(|(_, job)| job.due <= self.now);
        let ranked = due.filter_map(|(at, job)| Some((rank(job)?, job.due, job.place, at)));
        let (.., at) = ranked.min()?;
        Some(self.waiting.remove(at).kept)
    }

    /// A certain job, if it is to run now.
    pub(super) fn take(&mut self, jid: &str) -> Option<Kept> {
        let now = self.now;
        let at = self.waiting.iter().position(|job| job.kept.pushed.jid == jid && job.due <= now)?;
        Some(self.waiting.remove(at).kept)
    }

    /// When the next job for a worker of these queues is due.
    pub(super) fn next_due(&self, queues: &[String]) -> Option<SystemTime> {
        let ours = self.waiting.iter().filter(|job| queues.contains(&job.kept.pushed.queue));
        ours.map(|job| job.due).min()
    }

    /// Jobs that are due.
    pub(super) fn due(&self) -> usize {
        self.waiting.iter().filter(|job| job.due <= self.now).count()
    }

    pub(super) fn enqueued(&self, queue: &str) -> usize {
        let ours = self.waiting.iter().filter(|job| job.kept.pushed.queue == queue);
        ours.filter(|job| job.due <= self.now).count()
    }

    pub(super) fn scheduled(&self) -> usize {
        self.later(Why::Scheduled)
    }

    pub(super) fn retries(&self) -> usize {
        self.later(Why::Failed)
    }

    fn later(&self, why: Why) -> usize {
        self.waiting.iter().filter(|job| job.why == why && job.due > self.now).count()
    }

    /// Puts a job where its outcome takes it.
    pub(super) fn settle(&mut self, mut kept: Kept, result: &JobResult) {
        let last = match result {
            Ok(Outcome::Snooze(delay)) => return self.wait(kept, Why::Scheduled, self.now + *delay),
            Ok(Outcome::Bury(_)) => {
                self.dead += 1;
                return;
            }
            Ok(_) => return,
            Err(failure) => failure.clone(),
        };
        let count = kept.failures.as_ref().map_or(0, |failures| failures.count.saturating_add(1));
        let retry = kept.pushed.retry;
        kept.failures = Some(Failures { count, last, at: self.now });
        match u32::try_from(retry) {
            Ok(0) => {}
            Ok(retry) if count < retry => self.wait(kept, Why::Failed, self.now + delay(count)),
            _ => self.dead += 1,
        }
    }

    pub(super) fn tell(&mut self, jid: &str, progress: Progress) {
        self.progress.entry(jid.into()).or_default().push(progress);
    }

    /// What the job has told since this was asked last.
    pub(super) fn take_progress(&mut self, jid: &str) -> Vec<Progress> {
        self.progress.remove(jid).unwrap_or_default()
    }
}

/// The shortest that the server may wait: count⁴ + 15 seconds; up to 30 for each attempt come on top by chance.
fn delay(count: u32) -> Duration {
    let seconds = u64::from(count).saturating_pow(4).saturating_add(15);
    Duration::from_secs(seconds).min(RETRY_DELAY_MAX)
}
