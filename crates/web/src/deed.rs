//! What the buttons of the job lists do.

use bessemer_core::Action;
use bessemer_core::fact::JobId;
use bessemer_core::query::Where;

use crate::problem::Problem;
use crate::text;

/// An `action` field's meaning (route table of section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Retry,
    Delete,
    /// The same, but it can be taken back for a while.
    Discard,
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
            Self::Discard => Action::Discard(jobs),
            Self::Kill => Action::Kill(jobs),
        }
    }

    /// As forms and the keys of texts name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Delete | Self::Discard => "delete",
            Self::Kill => "kill",
        }
    }

    /// The key of its button's text.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Retry => "deed-retry",
            Self::Delete | Self::Discard => "deed-delete",
            Self::Kill => "deed-kill",
        }
    }

    /// The key of what is asked before it is done to the selected ones; only what is not what jobs are for asks.
    pub(crate) fn question(self) -> Option<&'static str> {
        match self {
            Self::Retry => None,
            Self::Delete | Self::Discard => Some("deed-delete-selected"),
            Self::Kill => Some("deed-kill-selected"),
        }
    }

    /// Whether jobs will not be done as they are.
    pub(crate) fn takes_away(self) -> bool {
        self != Self::Retry
    }

    /// Whether it can do anything to jobs of a place: those that are being worked on are left alone.
    pub(crate) fn reaches(self, place: Where) -> bool {
        match place {
            Where::Working => false,
            Where::Queued => self != Self::Retry,
            Where::Retries | Where::Scheduled => true,
            Where::Dead => self != Self::Kill,
            Where::Discarded => self == Self::Delete,
        }
    }

    /// Whether jobs are gone afterwards that somebody may still want.
    pub(crate) fn destroys(self) -> bool {
        matches!(self, Self::Delete | Self::Discard)
    }

    /// The same so that it can be taken back, if it can be done like that.
    #[must_use]
    pub(crate) fn undoable(self) -> Self {
        if self == Self::Delete { Self::Discard } else { self }
    }
}
