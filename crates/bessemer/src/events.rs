//! What happens to jobs and workers, told to whoever listens: for audit logs, alarms and figures of one's own.
//!
//! Telling never waits. Events go through a bounded ring; a listener that is too slow misses the oldest, and is told how
//! many. Nobody listens, nothing is made. No event holds a job's arguments.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use bessemer_protocol::response::ErrorCode;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::client::pool::{Bessemer, Rejected};
use crate::error::Error;
use crate::job::failure::Failure;
use crate::job::outcome::Outcome;
use crate::payload::{FetchedJob, NewJob};
use crate::worker::Report;
use crate::worker::panic::guard;

/// Events that a slow listener may be behind before it misses some.
const RING: usize = 1_024;

/// Something that happened, from [`Bessemer::events`] or [`Bessemer::on_event`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The server has a job for good.
    Pushed { job: JobInfo },
    /// The server has the like of a unique job already, and did not take it.
    NotUnique { job: JobInfo },
    /// A worker has a job in hand.
    Fetched { job: JobInfo },
    /// The job begins.
    Started { job: JobInfo },
    /// The job came to a good end: done, snoozed or discarded.
    Finished { job: JobInfo, outcome: Outcome, took: Duration },
    /// The job answered an error. It is tried again unless it is `buried` or was the last attempt.
    Failed { job: JobInfo, failure: Failure, buried: bool, took: Duration },
    /// The job panicked, or a task that it waited for did.
    Panicked { job: JobInfo, failure: Failure, took: Duration },
    /// The job gave way, or was cut off, before its reservation ended.
    TimedOut { job: JobInfo, failure: Failure, took: Duration },
    /// The outcome came too late: the server had taken the job back.
    LateReport { job: JobInfo },
    /// The job's reservation ended before its outcome reached the server: it runs again.
    LeaseLost { job: JobInfo },
    /// The server heard that the worker lives.
    Beat { rss_kb: u64 },
    /// The worker fetches no more.
    Quiet,
    /// The worker ended.
    Drained { report: Report },
    /// This many events were missed, since the listener was too slow.
    Missed { count: u64 },
}

/// Which job an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobInfo {
    pub jid: String,
    pub jobtype: String,
    pub queue: String,
    /// Counted from 1; 0 for a job that was only pushed.
    pub attempt: u32,
}

impl JobInfo {
    /// A job of which nothing else is known.
    pub(crate) fn unread(jid: &str) -> Self {
        Self { jid: jid.to_owned(), jobtype: String::new(), queue: String::new(), attempt: 0 }
    }
}

impl From<&FetchedJob> for JobInfo {
    fn from(job: &FetchedJob) -> Self {
        Self {
            jid: job.jid.clone(),
            jobtype: job.jobtype.clone(),
            queue: job.queue.clone(),
            attempt: job.attempt(),
        }
    }
}

impl From<&NewJob> for JobInfo {
    fn from(job: &NewJob) -> Self {
        Self {
            jid: job.jid().to_string(),
            jobtype: job.jobtype().to_owned(),
            queue: job.queue().to_owned(),
            attempt: 0,
        }
    }
}

/// The ring between those who tell and those who listen; it exists once somebody listens.
#[derive(Default)]
pub(crate) struct Bus {
    ring: OnceLock<broadcast::Sender<Event>>,
}

impl Bus {
    /// Whether telling is of use.
    fn is_heard(&self) -> bool {
        cfg!(feature = "metrics") || self.ring.get().is_some()
    }
}

/// Tells whoever listens at `app`, and counts.
pub(crate) fn emit(app: &Bessemer, event: impl FnOnce() -> Event) {
    if !app.bus().is_heard() {
        return;
    }
    let event = event();
    #[cfg(feature = "metrics")]
    crate::metrics::count(&event);
    if let Some(ring) = app.bus().ring.get() {
        // Whoever listened may have stopped to.
        let _nobody: Result<usize, _> = ring.send(event);
    }
}

/// A job was pushed, or was not.
pub(crate) fn pushed(app: &Bessemer, job: &NewJob, outcome: &Result<(), Error>) {
    match outcome {
        Ok(()) => emit(app, || Event::Pushed { job: job.into() }),
        Err(error) if error.is_not_unique() => emit(app, || Event::NotUnique { job: job.into() }),
        Err(_) => {}
    }
}

/// Jobs were pushed in bulk, all but the rejected.
pub(crate) fn pushed_all(app: &Bessemer, jobs: &[NewJob], rejected: &[Rejected]) {
    if !app.bus().is_heard() {
        return;
    }
    let rejected: HashMap<&str, &Rejected> = rejected.iter().map(|one| (one.jid.as_str(), one)).collect();
    for job in jobs {
        match rejected.get(job.jid().as_str()) {
            None => emit(app, || Event::Pushed { job: job.into() }),
            Some(one) if one.error.code == ErrorCode::NotUnique => {
                emit(app, || Event::NotUnique { job: job.into() });
            }
            Some(_) => {}
        }
    }
}

/// Events as they come, from [`Bessemer::events`].
pub struct Events {
    receiver: broadcast::Receiver<Event>,
}

impl Events {
    /// The next event; `None` when the last handle to the server is gone.
    pub async fn next(&mut self) -> Option<Event> {
        told(self.receiver.recv().await)
    }
}

fn told(received: Result<Event, RecvError>) -> Option<Event> {
    match received {
        Ok(event) => Some(event),
        Err(RecvError::Lagged(count)) => Some(Event::Missed { count }),
        Err(RecvError::Closed) => None,
    }
}

impl Bessemer {
    /// What happens from now on to the jobs that are pushed through this handle and its clones, and to its workers.
    ///
    /// ```no_run
    /// # async fn listen(app: bessemer::Bessemer) {
    /// use bessemer::Event;
    ///
    /// let mut events = app.events();
    /// while let Some(event) = events.next().await {
    ///     if let Event::Panicked { job, failure, .. } = event {
    ///         eprintln!("{} {} panicked: {}", job.jobtype, job.jid, failure.message());
    ///     }
    /// }
    /// # }
    /// ```
    pub fn events(&self) -> Events {
        let ring = self.bus().ring.get_or_init(|| broadcast::Sender::new(RING));
        Events { receiver: ring.subscribe() }
    }

    /// Calls `listen` with each event, on a thread of its own: it may block, and only misses events when it is a
    /// thousand behind.
    ///
    /// # Errors
    /// [`Error::Thread`] when the operating system gives no thread.
    pub fn on_event(&self, mut listen: impl FnMut(Event) + Send + 'static) -> Result<(), Error> {
        let mut events = self.events();
        let listener = move || {
            while let Some(event) = told(events.receiver.blocking_recv()) {
                if let Err(panicked) = guard(|| listen(event)) {
                    tracing::error!(panic = panicked.message, trace = ?panicked.trace, "a listener to events panicked");
                }
            }
        };
        std::thread::Builder::new().name("bessemer-events".into()).spawn(listener).map_err(Error::Thread)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::client::fake::{Fake, Say};
    use crate::job::JobOptions;

    fn job() -> NewJob {
        NewJob::new("T", &[], JobOptions::new().queue("q")).unwrap()
    }

    #[tokio::test]
    async fn pushes_are_told_and_refusals_that_are_no_errors_too() {
        let fake = Fake::new();
        let app = fake.app();
        let mut events = app.events();
        let (first, second) = (job(), job());
        app.push(&first).await.unwrap();
        assert_eq!(events.next().await, Some(Event::Pushed { job: (&first).into() }));
        fake.answer("PUSH", Say::Raw("-NOTUNIQUE Job not unique\r\n"));
        app.push(&second).await.unwrap_err();
        let not_unique = events.next().await.unwrap();
        assert_eq!(not_unique, Event::NotUnique { job: (&second).into() });
        app.push_all(&[second.clone(), first]).await.unwrap();
        assert_eq!(events.next().await, Some(Event::Pushed { job: (&second).into() }));
        drop(app);
        assert!(matches!(events.next().await, Some(Event::Pushed { .. })));
        assert_eq!(events.next().await, None);
    }

    #[tokio::test]
    async fn a_slow_listener_misses_events_and_holds_nobody_up() {
        let app = Fake::new().app();
        let mut events = app.events();
        for _ in 0..RING + 7 {
            emit(&app, || Event::Quiet);
        }
        assert_eq!(events.next().await, Some(Event::Missed { count: 7 }));
        for _ in 0..RING {
            assert_eq!(events.next().await, Some(Event::Quiet));
        }
    }

    #[test]
    fn a_listener_that_panics_hears_the_next_event() {
        let app = Fake::new().app();
        let (sender, heard) = mpsc::channel();
        app.on_event(move |event| match event {
            Event::Quiet => panic!("cannot bear silence"),
            other => sender.send(other).unwrap(),
        })
        .unwrap();
        emit(&app, || Event::Quiet);
        emit(&app, || Event::Beat { rss_kb: 7 });
        assert_eq!(heard.recv_timeout(Duration::from_secs(20)), Ok(Event::Beat { rss_kb: 7 }));
        drop(app);
        // The thread ends with the last handle.
        assert_eq!(heard.recv_timeout(Duration::from_secs(20)), Err(mpsc::RecvTimeoutError::Disconnected));
    }
}
