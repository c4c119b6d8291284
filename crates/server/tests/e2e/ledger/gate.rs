//! Where producers and workers wait while the server is down or counted.

use std::sync::{Condvar, Mutex, MutexGuard};

use crate::clock::PATIENCE;

/// Open, closed, or over.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    open: bool,
    over: bool,
    waiting: usize,
    /// Counts the inventories: what a worker had in its hands before one, it no longer has.
    epoch: u64,
}

impl Gate {
    /// Waits until the gate is open; says which epoch it is, or nothing when the work is over.
    pub(crate) fn pass(&self) -> Option<u64> {
        let mut state = self.lock();
        state.waiting += 1;
        self.changed.notify_all();
        while !state.open && !state.over {
            state = self.changed.wait(state).expect("no panic");
        }
        state.waiting -= 1;
        (!state.over).then_some(state.epoch)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lock().open
    }

    pub(crate) fn open(&self) {
        self.lock().open = true;
        self.changed.notify_all();
    }

    /// Closes the gate and waits until all of them stand before it.
    pub(crate) fn close(&self, all: usize) {
        let mut state = self.lock();
        state.open = false;
        while state.waiting < all {
            let (next, timeout) = self.changed.wait_timeout(state, PATIENCE).expect("no panic");
            state = next;
            assert!(!timeout.timed_out(), "only {} of {all} came back to the gate", state.waiting);
        }
    }

    pub(crate) fn next_epoch(&self) {
        self.lock().epoch += 1;
    }

    pub(crate) fn finish(&self) {
        self.lock().over = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }
}
