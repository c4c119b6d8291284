//! Which sandbox a push belongs to: that of its client, of its task, or of its thread.

use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Weak;
use std::time::SystemTime;

use tokio::task::JoinHandle;

use crate::client::pool::Bessemer;
use crate::testing::Inner;
use crate::testing::sandbox::Sandbox;

/// Jobs in jobs that run inline; more is a job that pushes itself.
const DEPTH_MAX: usize = 100;

tokio::task_local! {
    static TASK: Scope;
}

thread_local! {
    /// The one that was entered last is on top.
    static THREAD: RefCell<Vec<Sandbox>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone)]
struct Scope {
    sandbox: Sandbox,
    /// How many jobs this one runs in.
    depth: usize,
}

/// A sandbox that holds this thread until it is dropped, from [`Sandbox::enter`].
#[must_use = "dropping it leaves the sandbox at once"]
pub struct Entered {
    sandbox: Sandbox,
    /// It is to be dropped where it was entered.
    here: PhantomData<*const ()>,
}

/// The sandbox that a command of this client goes to. `Some(None)`: one that is gone.
pub(crate) fn door(app: &Bessemer) -> Option<Option<Sandbox>> {
    match app.sandbox() {
        Some(own) => Some(Weak::<Inner>::upgrade(own).map(Sandbox::from)),
        None => current().map(Some),
    }
}

/// The sandbox of the task, else of the thread.
pub(crate) fn current() -> Option<Sandbox> {
    let of_task = TASK.try_with(|scope| scope.sandbox.clone()).ok();
    of_task.or_else(|| THREAD.with_borrow(|entered| entered.last().cloned()))
}

/// The time of the current sandbox.
pub(crate) fn now() -> Option<SystemTime> {
    current().map(|sandbox| sandbox.now())
}

impl Sandbox {
    /// Holds this thread, until what this returns is dropped.
    pub fn enter(&self) -> Entered {
        THREAD.with_borrow_mut(|entered| entered.push(self.clone()));
        Entered { sandbox: self.clone(), here: PhantomData }
    }

    /// Runs a future in this sandbox, on whatever threads.
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        let depth = TASK.try_with(|scope| scope.depth).unwrap_or(0);
        TASK.scope(Scope { sandbox: self.clone(), depth }, future).await
    }

    /// Spawns a task in this sandbox.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        tokio::spawn(TASK.scope(Scope { sandbox: self.clone(), depth: 0 }, future))
    }

    /// Runs what a job pushed, a level deeper than the job; in a task of its own, so that the stack does not grow.
    pub(super) fn deeper<F>(&self, job: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let depth = TASK.try_with(|scope| scope.depth).unwrap_or(0) + 1;
        assert!(depth <= DEPTH_MAX, "{DEPTH_MAX} jobs run inline, each in another: does a job push itself?");
        tokio::spawn(TASK.scope(Scope { sandbox: self.clone(), depth }, job))
    }
}

impl Deref for Entered {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        THREAD.with_borrow_mut(|entered| {
            // The last of its kind: guards may be dropped in any order.
            if let Some(at) = entered.iter().rposition(|other| other.is(&self.sandbox)) {
                entered.remove(at);
            }
        });
    }
}
