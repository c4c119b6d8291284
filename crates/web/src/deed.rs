//! What the buttons of the job lists do.

use bessemer_core::Action;
use bessemer_core::fact::JobId;

use crate::problem::Problem;
use crate::text;

/// An `action` field's meaning (route table of section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Retry,
    Delete,
    Kill,
}

impl Deed {
    /// `retry` and `add_to_queue` are synonyms.
    pub(crate) fn parse(action: Option<&str>) -> Result<Self, Problem> {
        match action.unwrap_or_default() {
            "retry" | "add_to_queue" => Ok(Self::Retry),
            "delete" => Ok(Self::Delete),
            "kill" => Ok(Self::Kill),
            other => Err(Problem::bad(format!("invalid action: {}", text::quoted(other)))),
        }
    }

    pub(crate) fn on(self, jobs: Vec<JobId>) -> Action {
        match self {
            Self::Retry => Action::Requeue(jobs),
            Self::Delete => Action::Delete(jobs),
            Self::Kill => Action::Kill(jobs),
        }
    }

    /// `Retrying`, for a notice that it goes on.
    pub(crate) fn ongoing(self) -> &'static str {
        match self {
            Self::Retry => "Retrying",
            Self::Delete => "Deleting",
            Self::Kill => "Killing",
        }
    }
}
