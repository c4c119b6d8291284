//! Events: what observers may want to know. Volatile; metrics, logs and live pages hang on them, in one place.

use crate::fact::{Ending, JobId};

/// Something worth telling. Job contents are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A job ended other than by ACK.
    Discarded { id: JobId, why: Ending },
    /// A job went to the dead set after its last retry, by an operator, or as poison.
    Died { id: JobId, poison: bool },
    /// A worker was lost and this many of its jobs were taken back.
    WorkerLost { wid: Box<str>, jobs: usize },
    /// A reservation expired.
    Expired { id: JobId },
}
