//! What every engine must do, as scenarios. An engine that passes is an engine.
//!
//! A scenario is a table in the language of the core's own: who does what when, and what comes of it.
//!
//! ```text
//!  0s w1 fetch default      | waits
//!  1s p  push a             | ok, w1: a
//!  2s restart               |
//! ```
//!
//! A line is a time since the start, an actor, a verb with its arguments, and behind the bar the replies that came:
//! the actor's own bare, those of others with their name. Time that passes lets due things happen first. After every
//! line everything that was submitted is durable. `restart` drops the engine and opens its store again; whoever was
//! connected is not any more.

mod player;
mod scenarios;

use std::future::Future;

use bessemer_core::{Now, Rules};

use crate::engine::Engine;

pub use self::player::play;
pub use self::scenarios::SCENARIOS;

/// Where the store of an engine is, whether it is open or not.
pub trait House {
    type Engine: Engine;

    /// Opens the store. Is called again after the engine has been dropped, and must find what that one left.
    fn open(&mut self, rules: &Rules, now: Now) -> impl Future<Output = Self::Engine>;
}

/// One thing that every engine must do.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// A sentence.
    pub name: &'static str,
    /// What happens and what comes of it.
    pub table: &'static str,
}
