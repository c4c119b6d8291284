//! `END`: the server closes at once, without a reply (rule `N-02`). Open reservations are untouched.

use super::Outcome;

pub(super) fn run() -> Outcome {
    Outcome::End
}
