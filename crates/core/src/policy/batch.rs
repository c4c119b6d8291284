//! What a batch does next (rules `E-04` to `E-11`, decision `D22`).
//!
//! ```text
//!        NEW                 COMMIT                 every member ran, children settled
//!  ───────────► open ──────────────────► running ─────────────► complete pushed ── ACK ──┐
//!                ▲  OPEN                    │                                             ▼
//!                └──────────────────────────┘     every member ACKed, children succeeded: success pushed ── ACK ─► over
//! ```
//!
//! Each callback is pushed at most once, whatever is opened again afterwards.

use crate::batch::Call;
use crate::fact::Callback;

/// What a parent knows of a child. It only ever rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It is to come.
    #[default]
    Unsettled,
    /// Every member ran, and what was pushed of its callbacks was ACKed; or it will never get there.
    Settled,
    /// Every member was ACKed, and so was every callback.
    Succeeded,
}

/// All that decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Not committed, or opened again.
    pub(crate) open: bool,
    pub(crate) cancelled: bool,
    /// A member has died.
    pub(crate) died: bool,
    pub(crate) calls: [Call; 3],
    /// Members that live, and those of them that failed once at least.
    pub(crate) living: u64,
    pub(crate) failing: u64,
    /// Members that ended otherwise than by ACK.
    pub(crate) gone: u64,
    pub(crate) children: u64,
    pub(crate) settled: u64,
    pub(crate) succeeded: u64,
}

impl Figures {
    fn call(&self, which: Callback) -> Call {
        self.calls[which as usize]
    }

    fn may_call(&self) -> bool {
        !self.open && !self.cancelled
    }

    /// Every member ran once, and the children are settled.
    fn is_complete(&self) -> bool {
        self.living == self.failing && self.settled == self.children
    }

    /// Every member was ACKed, and the children have succeeded.
    fn is_success(&self) -> bool {
        self.living + self.gone == 0 && self.succeeded == self.children
    }

    /// Nothing of this callback is to be waited for.
    fn is_over_with(&self, which: Callback) -> bool {
        matches!(self.call(which), Call::Undefined | Call::Done)
    }

    /// The callback to push now.
    pub(crate) fn next(&self) -> Option<Callback> {
        let waits = |which: &Callback| self.may_call() && self.call(*which) == Call::Waits;
        [Callback::Death, Callback::Complete, Callback::Success].into_iter().filter(waits).find(|which| {
            match which {
                Callback::Death => self.died,
                Callback::Complete => self.is_complete(),
                Callback::Success => self.is_success() && self.is_over_with(Callback::Complete),
            }
        })
    }

    /// What a parent may know of it.
    pub(crate) fn stage(&self) -> Stage {
        if self.cancelled {
            return Stage::Settled;
        }
        if self.open || !self.is_complete() || !self.is_over_with(Callback::Complete) {
            return Stage::Unsettled;
        }
        match (self.is_success(), self.is_over_with(Callback::Success)) {
            (true, true) => Stage::Succeeded,
            (true, false) => Stage::Unsettled,
            (false, _) => Stage::Settled,
        }
    }

    /// Nothing comes any more by itself. `lost`: callbacks whose jobs have ended otherwise than by ACK; `hopes`: a child that
    /// has not succeeded is still known.
    pub(crate) fn is_over(&self, lost: [bool; 3], hopes: impl FnOnce() -> bool) -> bool {
        let runs = |(call, lost): (&Call, bool)| *call == Call::Pushed && !lost;
        if self.open || self.living > 0 || self.calls.iter().zip(lost).any(runs) {
            return false;
        }
        match self.stage() {
            _ if self.cancelled => true,
            Stage::Unsettled => self.is_complete() && lost.contains(&true),
            Stage::Settled => self.gone > 0 || !hopes(),
            Stage::Succeeded => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A committed batch with these callbacks: success, complete, death.
    fn with(calls: [Call; 3]) -> Figures {
        Figures { calls, ..Figures::default() }
    }

    use Call::{Done, Pushed, Undefined, Waits};

    /// No callback is lost.
    const NONE: [bool; 3] = [false; 3];

    #[test]
    fn a_callback_that_is_lost_is_not_waited_for() {
        let called = with([Waits, Pushed, Undefined]);
        assert!(!called.is_over(NONE, || false));
        assert!(called.is_over([false, true, false], || false));
        // What else is to come is waited for.
        assert!(!Figures { children: 1, ..called }.is_over([false, true, false], || false));
        assert!(!with([Pushed, Done, Pushed]).is_over([false, false, true], || false));
        assert!(with([Done, Done, Pushed]).is_over([false, false, true], || false));
    }

    #[test]
    fn complete_comes_first_and_success_after_its_ack_e08() {
        assert_eq!(with([Waits, Waits, Undefined]).next(), Some(Callback::Complete));
        assert_eq!(with([Waits, Pushed, Undefined]).next(), None);
        assert_eq!(with([Waits, Done, Undefined]).next(), Some(Callback::Success));
        assert_eq!(with([Waits, Undefined, Undefined]).next(), Some(Callback::Success));
        assert_eq!(with([Done, Done, Waits]).next(), None);
    }

    #[test]
    fn failed_members_complete_a_batch_and_keep_it_from_success_d22() {
        let failing = Figures { living: 2, failing: 2, ..with([Waits, Waits, Waits]) };
        assert_eq!(failing.next(), Some(Callback::Complete));
        assert_eq!(Figures { failing: 1, ..failing }.next(), None);
        assert_eq!(Figures { died: true, ..failing }.next(), Some(Callback::Death));
        let gone = Figures { gone: 1, ..with([Waits, Done, Undefined]) };
        assert_eq!((gone.next(), gone.stage(), gone.is_over(NONE, || false)), (None, Stage::Settled, true));
    }

    #[test]
    fn open_and_cancelled_batches_call_nobody_e02() {
        let ready = Figures { died: true, ..with([Waits, Waits, Waits]) };
        assert_eq!(Figures { open: true, ..ready }.next(), None);
        let cancelled = Figures { cancelled: true, ..ready };
        assert_eq!(
            (cancelled.next(), cancelled.stage(), cancelled.is_over(NONE, || true)),
            (None, Stage::Settled, true)
        );
    }

    #[test]
    fn a_parent_waits_until_the_callbacks_of_its_children_were_acked_e11() {
        let stage = |calls| with(calls).stage();
        assert_eq!(stage([Pushed, Undefined, Undefined]), Stage::Unsettled);
        assert_eq!(stage([Done, Pushed, Undefined]), Stage::Unsettled);
        assert_eq!(stage([Done, Done, Waits]), Stage::Succeeded);
        // Without success in sight, complete is enough.
        let failing = Figures { living: 1, failing: 1, ..with([Waits, Done, Undefined]) };
        assert_eq!(failing.stage(), Stage::Settled);
        let parent = Figures { children: 2, settled: 2, succeeded: 1, ..with([Waits, Waits, Undefined]) };
        assert_eq!(parent.next(), Some(Callback::Complete));
        let called = Figures { calls: [Waits, Done, Undefined], ..parent };
        assert_eq!(
            (called.next(), called.is_over(NONE, || true), called.is_over(NONE, || false)),
            (None, false, true)
        );
        assert_eq!(Figures { succeeded: 2, ..called }.next(), Some(Callback::Success));
    }
}
