//! Tests of an application without a server: a sandbox per test takes what is pushed, and runs it when the test says so.
//!
//! ```
//! use bessemer::prelude::*;
//! use bessemer::testing::{Sandbox, any};
//!
//! struct SendInvoice;
//!
//! impl Job for SendInvoice {
//!     const JOBTYPE: &'static str = "SendInvoice";
//!     type Args = (String, u64);
//!
//!     async fn perform(&self, _: &Context, (to, order): Self::Args) -> JobResult {
//!         println!("invoice {order} for {to}");
//!         Ok(Done)
//!     }
//! }
//!
//! // What is tested.
//! async fn order_paid(order: u64) -> Result<(), bessemer::Error> {
//!     SendInvoice::perform_async(("stuart@example.com", order)).await?;
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), bessemer::Error> {
//! // In a test.
//! let sandbox = Sandbox::new().with_worker(|app| app.worker().job(SendInvoice)).enter();
//! order_paid(42).await?;
//! sandbox.assert_enqueued::<SendInvoice>().args((any(), 42)).once();
//! let ran = sandbox.drain().await;
//! assert_eq!(ran.ok, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # What a sandbox holds
//!
//! A push belongs to a sandbox by the client that makes it ([`Sandbox::app`]), else by the task that makes it
//! ([`Sandbox::scope`], [`Sandbox::spawn`]), else by the thread ([`Sandbox::enter`]). Each test has its own, so tests run
//! in parallel. With `#[tokio::test]` a test and all tasks that it spawns run on one thread, so entering is enough; with
//! `flavor = "multi_thread"` spawned tasks run elsewhere: spawn them by [`Sandbox::spawn`], or push by [`Sandbox::app`].
//!
//! # How true it is
//!
//! What is pushed becomes the line that would be sent, and is read and judged by the rules of the server; a job that is
//! run is read from the text that a server would hand out, and is done by the worker that the application runs in
//! production, with its state and layers. Time stands still until [`Sandbox::advance`] moves it. What a sandbox does not
//! have is a connection: for crashes, several workers and everything else there is the server of `bessemer-testing`.

mod assertion;
mod counter;
mod current;
mod expected;
mod pushed;
mod sandbox;
mod shelf;
#[cfg(test)]
mod tests;
mod work;
mod worked;

pub use assertion::Assertion;
pub use current::Entered;
pub(crate) use current::{current, door, now};
pub use expected::{Any, Expect, Expected, ExpectedArgs, Matching, any, matching};
pub use pushed::Pushed;
pub(crate) use sandbox::Inner;
pub use sandbox::Sandbox;
pub use work::{WorkOne, work_one};
pub use worked::{Progress, Ran, Worked};
