//! The sandbox: its worker, its clock, and a look at what it has.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use bessemer_protocol::url::Url;

use crate::client::Server;
use crate::client::pool::Bessemer;
use crate::client::socket::{Dial, Socket};
use crate::job::Job;
use crate::payload;
use crate::testing::assertion::Assertion;
use crate::testing::pushed::Pushed;
use crate::testing::shelf::Shelf;
use crate::testing::worked::Ran;
use crate::worker::Worker;
use crate::worker::hands::Hands;

/// Takes what a test pushes, and runs it when the test says so. Clones are handles to the same one.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    app: Bessemer,
    hands: OnceLock<Hands>,
    /// Whoever locks it only looks or moves a job.
    pub(super) shelf: Mutex<Shelf>,
}

impl Sandbox {
    /// An empty sandbox, which takes pushes and runs nothing.
    #[expect(clippy::new_without_default, reason = "each is another, and none is a default")]
    pub fn new() -> Self {
        let shelf = Mutex::new(Shelf::new(payload::now()));
        let url = "tcp://sandbox.invalid".parse().expect("an address");
        let inner = Arc::new_cyclic(|inner| {
            let app = Bessemer::in_sandbox(Server::with_dial(url, Nowhere), inner.clone());
            Inner { app, hands: OnceLock::new(), shelf }
        });
        Self { inner }
    }

    /// Gives it the worker that does its jobs: the very one that the application runs, if that is made by a function of
    /// its client.
    ///
    /// # Panics
    /// When that worker would not start, or when there is one already.
    pub fn with_worker(self, make: impl FnOnce(&Bessemer) -> Worker) -> Self {
        let hands = make(&self.app()).hands(self.app());
        let hands = hands.unwrap_or_else(|error| panic!("the sandbox's worker: {}", error.chain()));
        assert!(self.inner.hands.set(hands).is_ok(), "the sandbox has a worker already");
        self
    }

    /// From now on a job is done within its push, before `perform_async` returns; scheduled jobs wait. A failure does
    /// not reach who pushes, as it never does: see [`Sandbox::ran`].
    ///
    /// # Panics
    /// Without a worker.
    pub fn inline(self) -> Self {
        self.hands();
        self.shelf().inline = true;
        self
    }

    /// A client whose pushes go to this sandbox, from wherever they come.
    pub fn app(&self) -> Bessemer {
        self.inner.app.clone()
    }

    /// What time it is: that of the sandbox's making, and what it was moved since.
    pub fn now(&self) -> SystemTime {
        self.shelf().now
    }

    /// Lets time pass. What becomes due is run by the next [`Sandbox::drain`].
    pub fn advance(&self, by: Duration) {
        self.shelf().now += by;
    }

    /// All that was pushed, oldest first, whatever became of it.
    pub fn pushed(&self) -> Vec<Pushed> {
        self.shelf().pushed.clone()
    }

    /// What all jobs came to that ran so far.
    pub fn ran(&self) -> Ran {
        self.shelf().ran.clone()
    }

    /// How many jobs wait in a queue to be run.
    pub fn enqueued(&self, queue: &str) -> usize {
        self.shelf().enqueued(queue)
    }

    /// How many jobs wait for their time.
    pub fn scheduled(&self) -> usize {
        self.shelf().scheduled()
    }

    /// How many jobs failed and wait for their next attempt.
    pub fn retries(&self) -> usize {
        self.shelf().retries()
    }

    /// How many jobs are dead.
    pub fn dead(&self) -> usize {
        self.shelf().dead
    }

    /// Forgets all jobs, and what became of them; the time stays.
    pub fn clear(&self) {
        self.shelf().clear();
    }

    /// Begins an assertion about jobs of a type that were pushed: see [`Assertion`].
    pub fn assert_enqueued<J: Job>(&self) -> Assertion<'_, J::Args> {
        Assertion::new(self, J::JOBTYPE)
    }

    /// The same about a type that is done elsewhere; its arguments are a `Vec<Value>`.
    pub fn assert_enqueued_as(&self, jobtype: &str) -> Assertion<'_, Vec<serde_json::Value>> {
        Assertion::new(self, jobtype)
    }

    /// Asserts that no job of a type was pushed.
    ///
    /// # Panics
    /// When one was.
    #[track_caller]
    pub fn refute_enqueued<J: Job>(&self) {
        self.assert_enqueued::<J>().never();
    }

    pub(super) fn hands(&self) -> &Hands {
        self.inner
            .hands
            .get()
            .expect("the sandbox has no worker: Sandbox::new().with_worker(|app| app.worker().job(…))")
    }

    pub(super) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.inner.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

/// Where a sandbox's client dials, if it is asked for a connection of its own.
struct Nowhere;

impl Dial for Nowhere {
    fn dial<'a>(&'a self, _: &'a Url) -> Pin<Box<dyn Future<Output = io::Result<Socket>> + Send + 'a>> {
        Box::pin(async { Err(io::Error::other("a sandbox has no server")) })
    }
}

impl From<Arc<Inner>> for Sandbox {
    fn from(inner: Arc<Inner>) -> Self {
        Self { inner }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sandbox({} pushed)", self.shelf().pushed.len())
    }
}
