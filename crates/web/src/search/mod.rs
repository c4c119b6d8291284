//! Find jobs, and act on what matches: a line of the search box becomes a [`Filter`], and a [`Search`] passes over all
//! jobs with it, a bounded piece at a time, from a [`Cursor`] on. Pages, bulk actions and the JSON API all stand on it.
//!
//! ```text
//!  line ─► Filter::parse ─► Search::find ─┬─► engine: a piece of a pass, what the index knows     (50 µs of its thread)
//!                            └── Cursor ◄─┴─► texts, in the order of the log, in bulk: what matches    (not its thread)
//! ```
//!
//! A job never leaves its place in the engine's table, so a search that goes on from a cursor, now or in an hour, sees
//! each job once that lives all the time. Results come in the order of that table: about as the jobs came in.

mod matching;
mod pass;
mod query;
mod scope;
mod texts;

pub(crate) use pass::{Came, Cursor, Part, Search};
pub(crate) use query::{Filter, QueryError};
pub(crate) use scope::Scope;
