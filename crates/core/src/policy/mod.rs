//! Policies: pure functions that decide, one file each.
