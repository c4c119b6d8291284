//! What the buttons of the job lists do.

use std::sync::Arc;

use bessemer_core::Action;
use bessemer_core::fact::JobId;
use bessemer_core::query::Where;
use bessemer_protocol::names::check_queue;

use crate::form::Fields;
use crate::problem::Problem;
use crate::text;

/// An `action` field's meaning (route table of section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Retry,
    Delete,
    /// The same, but it can be taken back for a while.
    Discard,
    Kill,
    /// To the queue of this name, which is empty while it is being asked for.
    Move(Arc<str>),
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

    /// What a form of ours says: `move` comes with the queue, as `to`.
    pub(crate) fn of(form: &Fields) -> Result<Self, Problem> {
        match form.first("action") {
            Some("move") => Ok(Self::Move(form.first("to").unwrap_or_default().trim().into())),
            action => Self::parse(action),
        }
    }

    /// Whether all is known that it takes.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        match self {
            Self::Move(queue) => check_queue(queue).map_err(|error| Problem::bad(error.to_string())),
            _ => Ok(()),
        }
    }

    pub(crate) fn on(&self, jobs: Vec<JobId>) -> Action {
        match self {
            Self::Retry => Action::Requeue(jobs),
            Self::Delete => Action::Delete(jobs),
            Self::Discard => Action::Discard(jobs),
            Self::Kill => Action::Kill(jobs),
            Self::Move(queue) => Action::Move { jobs, queue: queue.to_string() },
        }
    }

    /// What it is done to, as the audit log says it.
    pub(crate) fn object(&self, jobs: String) -> String {
        if let Self::Move(queue) = self { format!("{jobs} to queue {queue}") } else { jobs }
    }

    /// As forms and the keys of texts name it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Delete | Self::Discard => "delete",
            Self::Kill => "kill",
            Self::Move(_) => "move",
        }
    }

    /// The key of its button's text.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Retry => "deed-retry",
            Self::Delete | Self::Discard => "deed-delete",
            Self::Kill => "deed-kill",
            Self::Move(_) => "deed-move",
        }
    }

    /// The key of what is asked before it is done to the selected ones; only what is not what jobs are for asks.
    pub(crate) fn question(&self) -> Option<&'static str> {
        match self {
            // A move asks where to.
            Self::Retry | Self::Move(_) => None,
            Self::Delete | Self::Discard => Some("deed-delete-selected"),
            Self::Kill => Some("deed-kill-selected"),
        }
    }

    /// Whether jobs will not be done as they are.
    pub(crate) fn takes_away(&self) -> bool {
        !matches!(self, Self::Retry | Self::Move(_))
    }

    /// Whether it can do anything to jobs of a place: those that are being worked on are left alone.
    pub(crate) fn reaches(&self, place: Where) -> bool {
        match place {
            Where::Working => false,
            Where::Queued => *self != Self::Retry,
            Where::Retries | Where::Scheduled => true,
            Where::Dead => *self != Self::Kill,
            Where::Discarded => *self == Self::Delete,
        }
    }

    /// Whether jobs are gone afterwards that somebody may still want.
    pub(crate) fn destroys(&self) -> bool {
        matches!(self, Self::Delete | Self::Discard)
    }

    /// The same so that it can be taken back, if it can be done like that.
    #[must_use]
    pub(crate) fn undoable(self) -> Self {
        if self == Self::Delete { Self::Discard } else { self }
    }
}
