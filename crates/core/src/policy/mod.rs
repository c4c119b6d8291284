//! Policies: pure functions that decide, one file each.

pub(crate) mod batch;
pub(crate) mod lost;
pub(crate) mod retry;
pub(crate) mod throttle;
