//! What the buttons of the job lists do.

use std::sync::Arc;

use bessemer_core::Action;
use bessemer_core::fact::JobId;
use bessemer_core::query::Where;
use bessemer_protocol::names::check_queue;

use crate::change::Change;
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
    /// Each becomes another job, and goes to its queue.
    Edit(Arc<Change>),
}

/// How a deed is done to jobs.
pub(crate) enum Way<'d> {
    /// By one command for all of them.
    AtOnce(Action),
    /// By one for each.
    OneByOne(&'d Change, Vec<JobId>),
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

    /// What a form of ours says: `move` comes with the queue, as `to`, and `edit` with what is to be different.
    pub(crate) fn of(form: &Fields) -> Result<Self, Problem> {
        match form.first("action") {
            Some("move") => Ok(Self::Move(form.first("to").unwrap_or_default().trim().into())),
            Some("edit") => Ok(Self::Edit(Change::of(form)?.into())),
            action => Self::parse(action),
        }
    }

    /// Whether it asks for more before it is done, also to ticked jobs.
    pub(crate) fn asks(&self) -> bool {
        matches!(self, Self::Move(_) | Self::Edit(_))
    }

    /// Whether a form that says this of ticked jobs still has to be asked for the rest.
    pub(crate) fn is_asked(&self, form: &Fields) -> bool {
        match self {
            Self::Move(_) => form.first("to").is_none(),
            Self::Edit(_) => form.first("args").is_none(),
            _ => false,
        }
    }

    /// Whether all is known that it takes.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        match self {
            Self::Move(queue) => check_queue(queue).map_err(|error| Problem::bad(error.to_string())),
            Self::Edit(change) => change.check(),
            _ => Ok(()),
        }
    }

    pub(crate) fn on(&self, jobs: Vec<JobId>) -> Way<'_> {
        Way::AtOnce(match self {
            Self::Retry => Action::Requeue(jobs),
            Self::Delete => Action::Delete(jobs),
            Self::Discard => Action::Discard(jobs),
            Self::Kill => Action::Kill(jobs),
            Self::Move(queue) => Action::Move { jobs, queue: queue.to_string() },
            Self::Edit(change) => return Way::OneByOne(change, jobs),
        })
    }

    /// What it is done to, as the audit log says it.
    pub(crate) fn object(&self, jobs: String) -> String {
        match self {
            Self::Move(queue) => format!("{jobs} to queue {queue}"),
            Self::Edit(change) => format!("{jobs}: {}", change.words()),
            _ => jobs,
        }
    }

    /// As forms and the keys of texts name it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Delete | Self::Discard => "delete",
            Self::Kill => "kill",
            Self::Move(_) => "move",
            Self::Edit(_) => "edit",
        }
    }

    /// The key of its button's text.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Retry => "deed-retry",
            Self::Delete | Self::Discard => "deed-delete",
            Self::Kill => "deed-kill",
            Self::Move(_) => "deed-move",
            Self::Edit(_) => "deed-edit",
        }
    }

    /// The key of what is asked before it is done to the selected ones; only what is not what jobs are for asks.
    pub(crate) fn question(&self) -> Option<&'static str> {
        match self {
            // A move asks where to, and an edit for what.
            Self::Retry | Self::Move(_) | Self::Edit(_) => None,
            Self::Delete | Self::Discard => Some("deed-delete-selected"),
            Self::Kill => Some("deed-kill-selected"),
        }
    }

    /// Whether jobs will not be done as they are.
    pub(crate) fn takes_away(&self) -> bool {
        !matches!(self, Self::Retry | Self::Move(_) | Self::Edit(_))
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
