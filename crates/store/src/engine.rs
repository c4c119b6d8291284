//! The seam between the server and what stores its jobs.

use std::future::Future;
use std::task::{Context, Poll};

use bessemer_core::query::Condition;
use bessemer_core::{Answer, Boot, Command, Now, Progress, Query, Rules, Settled, Span, Ticket};

/// An engine makes facts durable.
///
/// Its promise (`G1`, `G2`): what comes out of [`Engine::poll_turn`] is durable, and so is everything it depends on.
pub trait Engine {
    /// Asks without touching.
    type Reader: Reader;

    /// Takes a command. Its reply comes out of this or a later turn, under `ticket`.
    fn submit(&mut self, now: Now, ticket: Ticket, command: Command<'_>) -> Progress;

    /// Makes what was submitted durable and hands out what is settled. The embedded engine does one write and one
    /// flush and is always ready, unless the disk has no room for them. After an error nothing may be asked of the
    /// engine any more, and the process ends (`G14`).
    fn poll_turn(&mut self, cx: &mut Context<'_>, now: Now, out: &mut Settled) -> Poll<Result<(), Fatal>>;

    /// How many more bytes of commands fit before the next turn; 0: stop reading sockets.
    fn room(&self) -> usize;

    /// When a [`Command::Due`] is to be submitted; `None`: not as things stand.
    fn next_due(&self, now: Now) -> Option<Boot>;

    /// The loop stood still: see [`bessemer_core::Machine::stalled`].
    fn stalled(&mut self, now: Now);

    /// An operator has set the rules of jobs anew: see [`bessemer_core::Machine::change_rules`].
    fn change_rules(&mut self, rules: Rules);

    /// The process is about to end on purpose: what was answered becomes durable where it is not yet.
    fn close(&mut self) -> Result<(), Fatal>;

    /// How it stands with its disk, as far as it has looked.
    fn condition(&self) -> Condition;

    /// Jobs that live.
    fn jobs(&self) -> usize;

    /// A handle for pages; usable from any thread.
    fn reader(&self) -> Self::Reader;
}

/// Typed, paged queries; never runs on the engine's thread for longer than a page.
pub trait Reader: Clone + Send + Sync + 'static {
    /// Answers a query; every text in the answer is read.
    fn ask(&self, query: Query) -> impl Future<Output = Result<Answer, Gone>> + Send;

    /// Reads texts whose place an answer has told, in bulk and past the engine: on the caller's thread, which waits for
    /// the disk. Each is told as it is read, in the order in which they lie, with its number in `texts`.
    fn read(&self, texts: &[Span], tell: Tell<'_>) -> Result<(), Gone>;
}

/// Is told a text by its number. `None`: it is not there any more, as its job has ended, or has been told again elsewhere.
pub type Tell<'t> = &'t mut dyn FnMut(usize, Option<&[u8]>);

/// The engine has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is shutting down")]
pub struct Gone;

/// The engine cannot go on: a write or flush failed. Nothing that was not answered may be trusted.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action} {path}{}: {source}", if *offset > 0 { format!(" at offset {offset}") } else { String::new() })]
pub struct Fatal {
    /// What was tried: `write`, `flush`, `read`, …
    pub action: &'static str,
    /// The file.
    pub path: String,
    /// Where in it.
    pub offset: u64,
    #[source]
    pub source: std::io::Error,
}
