//! Who does what in a worker: which slots are free, what runs in the others, and which ended jobs the server has yet to
//! hear of. It outlives the tasks of the worker, so that nothing is forgotten when one of them dies.
//!
//! A connection takes a [`Round`] from it: reports, and FETCHes for free slots. What is not answered goes back.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use crate::client::pool::Bessemer;
use crate::error::Error;
use crate::events::{Event, emit};
use crate::job::failure::Failure;
use crate::job::outcome::JobResult;
use crate::worker::Report as Tally;
use crate::worker::queues::{Places, Queues};
use crate::worker::report::{End, InHand, Report};
use crate::worker::shutdown::{Stage, Stop};

/// FETCHes that wait on one connection, at most. A server answers them one after the other, and each that finds nothing
/// takes 2 s: so many may be under way when a queue runs dry, and a worker of a server that does not notice its leave
/// (Faktory) ends that much later, within the time that it has to drain.
const DEPTH_MAX: usize = 10;

/// Connections that fetch, at most.
const FETCHERS_MAX: usize = 8;

pub(crate) struct Outbox {
    /// Whoever locks it only moves entries.
    board: Mutex<Board>,
    app: Bessemer,
    stop: Stop,
    /// Wakes one fetcher that waits: there is a report to take along, or a slot to fetch for.
    fetchers: Notify,
    /// Wakes the reporter.
    reporter: Notify,
}

struct Board {
    queues: Queues,
    /// By number of the slot.
    running: Vec<Option<InHand>>,
    /// Numbers of slots without a job.
    free: Vec<usize>,
    /// FETCHes under way: never more than slots are free.
    fetching: usize,
    /// Reports that nobody carries.
    due: VecDeque<Report>,
    /// Reports under way.
    carried: usize,
    /// Fetchers that are about to take a round, or wait for one.
    here: usize,
    /// Those of them that wait.
    idle: usize,
    /// One of those has been called, and has not come yet.
    called: bool,
    /// FETCHes that may be sent at once: it grows while they all bring jobs, and one that does not makes it 1.
    depth: usize,
    tally: Tally,
}

/// Whether a fetcher can take a round. While it waits for the server it cannot.
pub(crate) struct Presence<'a> {
    /// `None` for the reporter, on whom nobody counts.
    outbox: Option<&'a Outbox>,
    here: bool,
}

/// What one connection does next: tells reports, then fetches.
pub(crate) struct Round<'a> {
    outbox: &'a Outbox,
    reports: VecDeque<Report>,
    fetches: VecDeque<Places>,
    /// The commands, as they are sent.
    pub(crate) lines: Vec<u8>,
}

impl Outbox {
    pub(crate) fn new(app: Bessemer, slots: usize, queues: Queues, stop: Stop) -> Self {
        let board = Board {
            queues,
            running: (0..slots).map(|_| None).collect(),
            free: (0..slots).rev().collect(),
            fetching: 0,
            due: VecDeque::new(),
            carried: 0,
            here: 0,
            idle: 0,
            called: false,
            depth: 1,
            tally: Tally::default(),
        };
        Self { board: Mutex::new(board), app, stop, fetchers: Notify::new(), reporter: Notify::new() }
    }

    /// Waits until there is something to do for a fetcher; `None` when the worker fetches no more.
    pub(crate) async fn fetcher_round(&self) -> Option<Round<'_>> {
        while self.stop.stage() == Stage::Running {
            if self.is_busy() {
                // Jobs that end in this moment come along.
                yield_now().await;
            }
            let _idle = {
                let mut board = self.lock();
                board.called = false;
                if let Some(round) = self.take(&mut board, true) {
                    return Some(round);
                }
                // In the same breath: nothing may happen between finding nothing and waiting for it.
                board.idle += 1;
                Idle(self)
            };
            tokio::select! {
                () = self.fetchers.notified() => {}
                () = self.stop.moved_from(Stage::Running) => {}
            }
        }
        // What this fetcher may have been called for is the reporter's now.
        self.lock().called = false;
        self.reporter.notify_one();
        None
    }

    /// Whether some job runs.
    fn is_busy(&self) -> bool {
        let board = self.lock();
        board.free.len() < board.running.len()
    }

    /// Waits until there is something to report that no fetcher takes along; `None` when the worker ends and all is told.
    pub(crate) async fn reporter_round(&self) -> Option<Round<'_>> {
        loop {
            let stage = self.stop.stage();
            let later = {
                let mut board = self.lock();
                if let Some(round) = self.take(&mut board, false) {
                    return Some(round);
                }
                if stage >= Stage::Terminate && board.is_clear() {
                    return None;
                }
                board.due.iter().filter_map(|report| report.not_before).min()
            };
            tokio::select! {
                () = self.reporter.notified() => {}
                () = sleep_until(later.unwrap_or_else(Instant::now)), if later.is_some() => {}
                () = self.stop.moved_from(stage) => {}
            }
        }
    }

    /// What is to be reported now, if anything.
    pub(crate) fn reports(&self) -> Option<Round<'_>> {
        self.take(&mut self.lock(), false)
    }

    fn take(&self, board: &mut Board, fetch: bool) -> Option<Round<'_>> {
        let mut lines = Vec::new();
        let reports = self.take_reports(board);
        reports.iter().for_each(|report| lines.extend_from_slice(&report.command.line));
        let fetches = if fetch { board.draw(&mut lines) } else { VecDeque::new() };
        let something = !reports.is_empty() || !fetches.is_empty();
        something.then(|| Round { outbox: self, reports, fetches, lines })
    }

    /// The job in this slot has ended, and the slot is free. Until `lease_ends` the server hears of it.
    pub(crate) fn ended(&self, slot: usize, result: JobResult, lease_ends: Instant) {
        let job = self.lock().running[slot].take();
        // A slot that was given up for lost has been reported.
        let report = job.map(|mut job| {
            job.lease_ends = lease_ends;
            (std::mem::take(&mut job.place), Report::new(job, result))
        });
        let mut board = self.lock();
        board.free.push(slot);
        if let Some((place, report)) = report {
            board.queues.ended(place);
            board.due.push_back(report);
        }
        self.call(&mut board);
    }

    /// How many fetchers there are to be: one feeds as many slots as it may send FETCHes for at once. A FETCH that leaves
    /// out a full queue waits for the others although there is soon a place, so queues with caps want more of them.
    pub(crate) fn fetchers(&self) -> usize {
        let board = self.lock();
        let slots = board.running.len();
        let enough = if board.queues.are_capped() { slots } else { slots.div_ceil(DEPTH_MAX) };
        enough.min(FETCHERS_MAX)
    }

    /// Gives up what still runs: it is to be reported as failed.
    pub(crate) fn cut_off(&self, why: &str) {
        let mut board = self.lock();
        let jobs: Vec<InHand> = board.running.iter_mut().filter_map(Option::take).collect();
        for mut job in jobs {
            board.queues.ended(std::mem::take(&mut job.place));
            board.due.push_back(Report::new(job, Err(Failure::internal("Shutdown", why))));
        }
    }

    /// Gives up what the server has not been told, and says how all jobs ended.
    pub(crate) fn close(&self) -> Tally {
        let mut board = self.lock();
        while let Some(report) = board.due.pop_front() {
            tracing::error!(jid = report.jid, "the job's outcome could not be reported; it will run again");
            self.count(&mut board, &report, End::Lost);
        }
        board.tally
    }

    /// The reports that may be told now. Those that nobody would hear any more are given up.
    fn take_reports(&self, board: &mut Board) -> VecDeque<Report> {
        let now = Instant::now();
        let mut reports = VecDeque::with_capacity(board.due.len());
        for _ in 0..board.due.len() {
            let Some(report) = board.due.pop_front() else { break };
            if report.is_over(now) {
                tracing::error!(jid = report.jid, "the job's lease is over before its outcome was reported");
                self.count(board, &report, End::Lost);
            } else if report.not_before.is_some_and(|time| now < time) {
                board.due.push_back(report);
            } else {
                reports.push_back(report);
            }
        }
        board.carried += reports.len();
        reports
    }

    /// Nothing more is said of the job.
    fn count(&self, board: &mut Board, report: &Report, end: End) {
        match end {
            End::Succeeded => board.tally.succeeded += 1,
            End::Failed => board.tally.failed += 1,
            End::Late => {
                board.tally.unreported += 1;
                emit(&self.app, || Event::LateReport { job: report.info() });
            }
            End::Lost => {
                board.tally.unreported += 1;
                emit(&self.app, || Event::LeaseLost { job: report.info() });
            }
        }
    }

    /// Sees to it that somebody takes what there is to be told or fetched.
    fn call(&self, board: &mut Board) {
        let all_told = board.due.is_empty();
        if board.called || board.here > board.idle || (all_told && board.may_fetch() == 0) {
            // There is nothing, or somebody is about to come. That no other comes meanwhile makes for full rounds.
        } else if board.idle > 0 {
            board.called = true;
            self.fetchers.notify_one();
        } else if !all_told {
            self.reporter.notify_one();
        }
    }

    /// A fetcher begins, or comes back.
    fn come(&self) {
        self.lock().here += 1;
    }

    /// A fetcher waits for the server, or ends: it cannot take anything along.
    fn leave(&self) {
        let mut board = self.lock();
        board.here -= 1;
        self.call(&mut board);
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    /// FETCHes for slots that are free.
    fn draw(&mut self, lines: &mut Vec<u8>) -> VecDeque<Places> {
        let depth = if self.queues.are_capped() { 1 } else { self.depth };
        let count = self.may_fetch().min(depth);
        let fetches: VecDeque<Places> = (0..count).map_while(|_| self.queues.draw(lines)).collect();
        self.fetching += fetches.len();
        fetches
    }

    /// How many more FETCHes there may be: one for each free slot, as long as there are not more reports under way than
    /// slots.
    fn may_fetch(&self) -> usize {
        let slots = self.running.len();
        let reports = self.due.len() + self.carried;
        (self.free.len() - self.fetching)
            .min((self.free.len() + slots).saturating_sub(self.fetching + reports))
    }

    /// Whether nothing runs, nothing is fetched and nothing is to be told.
    fn is_clear(&self) -> bool {
        self.free.len() == self.running.len() && self.fetching + self.carried + self.due.len() == 0
    }
}

impl Round<'_> {
    /// How many commands it has.
    pub(crate) fn len(&self) -> usize {
        self.reports.len() + self.fetches.len()
    }

    /// The report whose answer comes next.
    pub(crate) fn report(&self) -> Option<&Report> {
        self.reports.front()
    }

    /// The next report has been answered.
    pub(crate) fn told(&mut self, answer: Result<(), Error>) {
        let Some(mut report) = self.reports.pop_front() else { return };
        let end = report.answered(answer);
        let mut board = self.outbox.lock();
        board.carried -= 1;
        match end {
            Some(end) => self.outbox.count(&mut board, &report, end),
            None => {
                board.due.push_back(report);
                self.outbox.reporter.notify_one();
            }
        }
    }

    /// Whether there is a FETCH to be answered.
    pub(crate) fn is_fetching(&self) -> bool {
        !self.fetches.is_empty()
    }

    /// The next FETCH was answered with a job of this queue; the number of the slot that has it now.
    pub(crate) fn fetched(&mut self, mut job: InHand, queue: &str) -> usize {
        let places = self.fetches.pop_front().unwrap_or_default();
        let mut board = self.outbox.lock();
        board.fetching -= 1;
        board.depth = (board.depth + 1).min(DEPTH_MAX);
        job.place = board.queues.answered(places, Some(queue));
        let slot = board.free.pop().expect("there are no more FETCHes than free slots");
        board.running[slot] = Some(job);
        slot
    }

    /// The next FETCH was answered with nothing, or with what cannot be worked.
    pub(crate) fn nothing(&mut self) {
        let Some(places) = self.fetches.pop_front() else { return };
        let mut board = self.outbox.lock();
        board.fetching -= 1;
        board.depth = 1;
        let place = board.queues.answered(places, None);
        board.queues.ended(place);
    }
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        while self.is_fetching() {
            self.nothing();
        }
        let put_back = !self.reports.is_empty();
        if put_back || self.outbox.stop.stage() != Stage::Running {
            let mut board = self.outbox.lock();
            board.carried -= self.reports.len();
            self.reports.drain(..).rev().for_each(|report| board.due.push_front(report));
            // To send it, or to see that this was the last.
            self.outbox.reporter.notify_one();
        }
    }
}

impl<'a> Presence<'a> {
    pub(crate) fn fetcher(outbox: &'a Outbox) -> Self {
        outbox.come();
        Self { outbox: Some(outbox), here: true }
    }

    pub(crate) fn reporter() -> Self {
        Self { outbox: None, here: false }
    }

    pub(crate) fn set(&mut self, here: bool) {
        let Some(outbox) = self.outbox.filter(|_| self.here != here) else { return };
        self.here = here;
        if here { outbox.come() } else { outbox.leave() }
    }
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        self.set(false);
    }
}

/// While it lives a fetcher waits.
struct Idle<'a>(&'a Outbox);

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.lock().idle -= 1;
    }
}
