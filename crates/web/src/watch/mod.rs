//! What happened lately: how attempts at jobs ended, told by the engine's thread and read by pages.
//!
//! ```text
//!  engine's thread ── take ──► inbox ──► book: recent.rs, statistics.rs, live.rs, marks.rs
//!     never waits            (bounded)   read by pages; digested when somebody looks, four times a second at least
//! ```
//!
//! It is told the time and does nothing by itself. Nothing here is on the way of a job: where it cannot keep up it
//! misses attempts, and counts them.

mod cell;
mod histogram;
mod kept;
mod live;
mod marks;
mod recent;
mod statistics;
pub mod totals;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use bessemer_core::cron::Ran;
use bessemer_core::event::{Attempt, Counted};
use bessemer_core::{Event, Span as Place, Wall};

pub use self::cell::Cell;
pub use self::histogram::{BUCKETS, Histogram};
pub use self::kept::{ROW_MAX, Unsaved};
pub use self::live::{SAMPLES_MAX, Sample};
pub use self::marks::{DeployMark, MARK_MAX, MARKS_MAX, MarkError};
pub use self::recent::{Happened, Overdue};
pub use self::statistics::{NAMES_MAX, Point, Row, Series, Span};

use self::live::Live;
use self::marks::Marks;
use self::recent::Recent;
use self::statistics::Statistics;
pub use self::totals::Totals;

/// Events that wait to be digested, and as many again on the engine's thread; more are missed. Ten megabytes.
pub const INBOX_MAX: usize = 65_536;

/// Attempts, and jobs that came to none, that are shown one by one.
pub const RECENT_MAX: usize = recent::MOST;

/// How often what has come is digested: at 250,000 jobs a second the inbox is full by then.
pub(crate) const DIGESTS_PER_SECOND: u32 = 4;

/// Ticks whenever something is to be digested.
pub(crate) fn digest_clock() -> tokio::time::Interval {
    let mut clock = tokio::time::interval(Duration::from_secs(1) / DIGESTS_PER_SECOND);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    clock
}

/// What is known of the attempts that ended.
#[derive(Debug, Default)]
pub struct Watch {
    inbox: Mutex<Vec<Event>>,
    book: Mutex<Book>,
    missed: AtomicU64,
}

/// What was made of them.
#[derive(Debug, Default)]
struct Book {
    /// An inbox that was digested; its room is used again.
    spare: Vec<Event>,
    recent: Recent,
    statistics: Statistics,
    live: Live,
    marks: Marks,
    /// Marks that had to go and may be on disk still.
    gone: Vec<DeployMark>,
    /// What was written down before the start is here.
    restored: bool,
    totals: Totals,
    listeners: Vec<Box<dyn Listener>>,
}

/// Somebody outside who is told of every attempt, on the thread that digests it: whoever listens must not make it wait.
pub trait Listener: std::fmt::Debug + Send {
    /// An attempt ended. `queue` and `jobtype` are the names that it is counted under, which are bounded.
    fn attempt(&mut self, attempt: &Attempt, queue: &str, jobtype: &str);

    /// Something happened to a job that was in nobody's hands; the names are bounded too.
    fn counted(&mut self, _what: Counted, _queue: &str, _jobtype: &str) {}

    /// A cron entry came to so many of its ticks; there are no more entries than the configuration may have.
    fn ticked(&mut self, _id: &str, _ran: Ran, _ticks: u32) {}
}

/// Where the body of a job lies, and its jid; `None`: it will never be known.
pub type Named = (Place, Option<Box<str>>);

impl Watch {
    /// Takes the events of a turn. Never waits: what it cannot take now it leaves for the next turn.
    pub fn take(&self, events: &mut Vec<Event>) {
        let mut inbox = match self.inbox.try_lock() {
            Ok(inbox) => inbox,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return self.miss_beyond(events, INBOX_MAX),
        };
        self.miss_beyond(events, INBOX_MAX - inbox.len());
        inbox.append(events);
    }

    fn miss_beyond(&self, events: &mut Vec<Event>, room: usize) {
        let beyond = events.len().saturating_sub(room);
        if beyond > 0 {
            events.truncate(room);
            self.missed.fetch_add(beyond as u64, Ordering::Relaxed);
        }
    }

    /// Digests what has come, four times a second or so.
    pub fn tick(&self, now: Wall) {
        let mut book = self.book();
        book.statistics.advance(now);
        book.live.advance(now);
    }

    /// So many jobs were pushed since the start.
    pub fn pushed(&self, total: u64) {
        self.book().live.pushed(total);
    }

    /// Events that were missed since the start, because they came faster than they could be digested.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// The last attempts that ended, newest first; [`RECENT_MAX`] are known.
    pub fn recent(&self, count: usize) -> Vec<Attempt> {
        self.recent_of(count, |_| true)
    }

    /// The last of those that are wanted.
    pub fn recent_of(&self, count: usize, wanted: impl Fn(&Attempt) -> bool) -> Vec<Attempt> {
        let wanted = |happened: &Happened| matches!(happened, Happened::Attempt(attempt) if wanted(attempt));
        let attempt = |happened| match happened {
            Happened::Attempt(attempt) => Some(attempt),
            Happened::Overdue(_) => None,
        };
        self.happened(count, wanted).into_iter().filter_map(attempt).collect()
    }

    /// The same, with the jobs that nobody has worked on in time.
    pub fn happened(&self, count: usize, wanted: impl Fn(&Happened) -> bool) -> Vec<Happened> {
        self.book().recent.newest_first().filter(|happened| wanted(happened)).take(count).cloned().collect()
    }

    /// Where the texts are of jobs whose jids are not known yet: so many, the newest first.
    pub fn nameless(&self, count: usize) -> Vec<Place> {
        self.book().recent.nameless().take(count).collect()
    }

    /// What is known of the jids by now.
    pub fn name(&self, jids: Vec<Named>) {
        self.book().recent.name(jids);
    }

    /// One sample for each of the last [`SAMPLES_MAX`] seconds that are over, earliest first.
    pub fn live(&self) -> Vec<Sample> {
        self.book().live.samples().copied().collect()
    }

    /// The second that was over last.
    pub fn newest(&self) -> Option<Sample> {
        self.book().live.samples().last().copied()
    }

    /// Statistics of each job type, the busiest first; what has no row of its own, last.
    pub fn types(&self, span: Span) -> Vec<Row> {
        let book = self.book();
        book.statistics.rows(&book.statistics.types, span)
    }

    /// The same of each queue.
    pub fn queues(&self, span: Span) -> Vec<Row> {
        let book = self.book();
        book.statistics.rows(&book.statistics.queues, span)
    }

    /// Statistics over time: the points of the span, earliest first. Empty where nothing is known of the name.
    pub fn series(&self, what: &Series, span: Span) -> Vec<Point> {
        self.book().statistics.series(what, span)
    }

    /// What was counted of each job type since the start of the process: it only grows. The last may be of all that have
    /// no name of their own.
    pub fn type_totals(&self) -> Vec<(Option<Arc<str>>, Cell)> {
        Statistics::totals(&self.book().statistics.types)
    }

    /// The same of each queue.
    pub fn queue_totals(&self) -> Vec<(Option<Arc<str>>, Cell)> {
        Statistics::totals(&self.book().statistics.queues)
    }

    /// The marks, earliest first.
    pub fn marks(&self) -> Vec<DeployMark> {
        self.book().marks.iter().cloned().collect()
    }

    /// Sets a mark; the oldest go where there are too many.
    pub fn mark(&self, mark: DeployMark) {
        self.book().set(mark);
    }

    /// What was counted since the start, by queue and job type.
    pub fn totals(&self) -> Totals {
        self.book().totals.clone()
    }

    /// From now on so many pairs of a queue and a type are counted by themselves.
    pub fn limit_pairs(&self, most: usize) {
        self.book().totals.limit(most);
    }

    /// Tells somebody of all attempts from now on.
    pub fn tell(&self, listener: Box<dyn Listener>) {
        self.book().listeners.push(listener);
    }

    /// The book, with all in it that has come.
    fn book(&self) -> MutexGuard<'_, Book> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let mut came = std::mem::take(&mut book.spare);
        std::mem::swap(&mut came, &mut *self.inbox.lock().unwrap_or_else(PoisonError::into_inner));
        let beyond = came.len().saturating_sub(RECENT_MAX);
        for (i, event) in came.drain(..).enumerate() {
            let attempt = match event {
                Event::Attempt(attempt) => attempt,
                Event::Flushed => {
                    book.statistics.forget();
                    continue;
                }
                Event::Counted { what, queue, jobtype, at, text } => {
                    book.hear_of(what, &queue, &jobtype);
                    if what == Counted::Expired && i >= beyond {
                        book.recent.push(Happened::Overdue(Overdue {
                            queue,
                            jobtype,
                            at,
                            jid: None,
                            text: Some(text),
                        }));
                    }
                    continue;
                }
                Event::Cron { id, ran, ticks, .. } => {
                    book.listeners.iter_mut().for_each(|listener| listener.ticked(&id, ran, ticks));
                    continue;
                }
                _ => continue,
            };
            book.statistics.add(&attempt);
            book.live.add(&attempt);
            book.hear(&attempt);
            if i >= beyond {
                book.recent.push(Happened::Attempt(attempt));
            }
        }
        book.spare = came;
        book
    }
}

impl Book {
    fn set(&mut self, mark: DeployMark) {
        let gone = self.marks.set(mark);
        self.gone.extend(gone);
    }

    fn hear(&mut self, attempt: &Attempt) {
        let (queue, jobtype) = self.totals.count(attempt);
        self.listeners.iter_mut().for_each(|listener| listener.attempt(attempt, &queue, &jobtype));
    }

    fn hear_of(&mut self, what: Counted, queue: &Arc<str>, jobtype: &Arc<str>) {
        if !self.listeners.is_empty() {
            let (queue, jobtype) = self.totals.names(queue, jobtype);
            self.listeners.iter_mut().for_each(|listener| listener.counted(what, &queue, &jobtype));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {

    use bessemer_core::{JobId, Outcome};

    use super::*;

    /// 2026-01-02T03:00:00Z.
    pub(crate) const START: Wall = Wall(1_767_322_800_000_000);

    /// An attempt that ended then, after it waited for one second and ran for two.
    pub(crate) fn attempt(jobtype: &str, jid: &str, ended_at: Wall, outcome: Outcome) -> Attempt {
        let before = |seconds: i64| Wall(ended_at.0 - seconds * 1_000_000);
        Attempt {
            id: JobId(1),
            jid: Some(jid.into()),
            queue: "default".into(),
            jobtype: jobtype.into(),
            wid: "w1".into(),
            enqueued_at: before(3),
            started_at: before(2),
            ended_at,
            outcome,
            error: None,
            message: None,
        }
    }

    fn events(count: usize) -> Vec<Event> {
        let one = attempt("Mail", "a", START, Outcome::Done);
        (0..count)
            .map(|i| Event::Attempt(Attempt { jid: Some(i.to_string().into()), ..one.clone() }))
            .collect()
    }

    fn jids(watch: &Watch, count: usize) -> Vec<String> {
        watch.recent(count).into_iter().filter_map(|attempt| attempt.jid.map(String::from)).collect()
    }

    #[test]
    fn the_last_thousand_attempts_are_known_newest_first() {
        let watch = Watch::default();
        let mut told = events(RECENT_MAX + 5);
        watch.take(&mut told);
        assert!(told.is_empty());
        assert_eq!(jids(&watch, 2), ["1004", "1003"]);
        assert_eq!(jids(&watch, usize::MAX).len(), RECENT_MAX);
        let mut told = events(1);
        told.insert(0, Event::Expired { id: JobId(1) });
        watch.take(&mut told);
        assert_eq!(jids(&watch, 2), ["0", "1004"]);
        assert_eq!(jids(&watch, usize::MAX).last().map(String::as_str), Some("6"));
        let third = |attempt: &Attempt| attempt.jid.as_deref() == Some("1000");
        assert_eq!((watch.recent_of(9, third).len(), watch.missed()), (1, 0));
    }

    #[test]
    fn more_than_the_inbox_holds_is_missed_and_counted() {
        let watch = Watch::default();
        watch.take(&mut events(INBOX_MAX));
        assert_eq!(watch.missed(), 0);
        watch.take(&mut events(1));
        assert_eq!(watch.missed(), 1);
        watch.tick(START);
        watch.take(&mut events(1));
        assert_eq!((watch.missed(), jids(&watch, 1)), (1, vec!["0".to_owned()]));
    }

    #[test]
    fn the_engines_thread_never_waits_for_a_reader() {
        let watch = Watch::default();
        let reader = watch.inbox.lock().unwrap();
        let mut told = events(3);
        watch.take(&mut told);
        assert_eq!(told.len(), 3, "they wait for the next turn");
        let mut flood = events(INBOX_MAX + 2);
        watch.take(&mut flood);
        assert_eq!((flood.len(), watch.missed()), (INBOX_MAX, 2));
        drop(reader);
        watch.take(&mut told);
        assert_eq!(jids(&watch, 9).len(), 3);
    }

    #[test]
    fn a_reader_that_panicked_costs_nobody_anything() {
        let watch = Arc::new(Watch::default());
        let other = Arc::clone(&watch);
        let reader = std::thread::spawn(move || {
            let _book = other.book();
            let _inbox = other.inbox.lock();
            panic!("a page");
        });
        assert!(reader.join().is_err());
        watch.take(&mut events(1));
        assert_eq!(watch.recent(1)[0].wait() + watch.recent(1)[0].run(), Duration::from_secs(3));
    }
}
