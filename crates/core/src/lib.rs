//! The rules of jobs, pure: a state machine that is told the time and says what happened.
//!
//! ```text
//!              PUSH, at in the future                 FETCH
//!  producer ────────────────────► scheduled        ┌────────► working ──ACK──► gone
//!      │                              │ due        │             │
//!      └──────PUSH──────────────────► queue ───────┘             │ FAIL, reservation expired
//!                                     ▲  ▲ └◄── worker lost ─────┤
//!                                 due │  │ operator              │ retries left?  yes ─► retries
//!                                  retries  dead ◄── operator ───┘                no ──► dead (retry: 0: gone)
//! ```
//!
//! [`Command`]s go in, [`Reply`]s and [`Event`]s come out by way of [`Settled`], and what happened is told to
//! [`Facts`], which an engine makes durable. The machine changes its own state by facts alone, so that replaying a
//! log leads to the same state as having served it.
//!
//! This crate must never import a clock, files, sockets, threads, randomness, logging or a hash map whose order
//! shows: same input, same facts, byte for byte. Its manifest and `clippy.toml` see to it.
//!
//! Read [`command`] first, then [`fact`], then [`machine`].

pub mod batch;
pub mod command;
pub mod cron;
pub mod edit;
pub mod event;
pub mod fact;
pub mod glob;
pub mod limits;
pub mod machine;
mod mark;
mod policy;
pub mod query;
mod spliced;
pub mod throttle;
pub mod time;

pub use command::{Action, Command, ConnId, Delivery, Reply, Ticket};
pub use event::{Attempt, Event, Outcome};
pub use fact::{Fact, Facts, JobId, Span};
pub use limits::Rules;
pub use machine::{Machine, Names, Progress, Settled};
pub use query::{Answer, Query};
pub use time::{Boot, Now, Wall};
