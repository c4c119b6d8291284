//! Where a search looks: everywhere, or in the list on whose page the box stands.

use bessemer_core::glob::Glob;
use bessemer_core::query::{JobView, Set, Where};
use bessemer_protocol::names::check_queue;

use super::query::Filter;
use crate::link::{self, Base};
use crate::problem::Problem;

/// A place that a search does not leave. It stands in addresses as `in=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    Set(Set),
    /// The jobs that wait in one queue.
    Queue(String),
}

impl Scope {
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Problem> {
        Ok(match text.unwrap_or_default() {
            "" => Self::All,
            "retries" => Self::Set(Set::Retries),
            "scheduled" => Self::Set(Set::Scheduled),
            "morgue" | "dead" => Self::Set(Set::Dead),
            text => match text.strip_prefix("queue:") {
                Some(name) if check_queue(name).is_ok() => Self::Queue(name.to_owned()),
                _ => return Err(Problem::bad("invalid place: retries, scheduled, morgue, or queue:name")),
            },
        })
    }

    /// The list that a job stands in.
    pub(crate) fn of(job: &JobView) -> Self {
        Where::from(&job.place).set().map_or_else(|| Self::Queue(job.queue.clone()), Self::Set)
    }

    /// What [`Scope::parse`] reads.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::All => String::new(),
            Self::Set(set) => link::path(*set).to_owned(),
            Self::Queue(name) => format!("queue:{name}"),
        }
    }

    /// The page of the list.
    pub(crate) fn list(&self, base: &Base) -> String {
        match self {
            Self::All => format!("{}/search", base.0),
            Self::Set(set) => base.set(*set),
            Self::Queue(name) => base.queue(name),
        }
    }
}

impl Filter {
    /// The same within a place.
    #[must_use]
    pub(crate) fn within(mut self, scope: &Scope) -> Self {
        match scope {
            Scope::All => {}
            Scope::Set(set) => self.places.retain(|place| place.set() == Some(*set)),
            Scope::Queue(name) => {
                self.places.retain(|place| *place == Where::Queued);
                if self.queues.is_empty() || self.queues.iter().any(|glob| glob.matches(name.as_bytes())) {
                    // Nothing in the name of a queue means anything in a glob.
                    self.queues = Glob::new(name).into_iter().collect();
                } else {
                    self.places.clear();
                }
            }
        }
        self
    }
}
