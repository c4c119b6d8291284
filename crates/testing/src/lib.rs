//! A real Bessemer server inside the tests of an application: no process to start, no port to choose, no data left.
//!
//! ```
//! use bessemer::prelude::*;
//!
//! struct HelloWorld;
//!
//! impl Job for HelloWorld {
//!     const JOBTYPE: &'static str = "HelloWorld";
//!     type Args = (String,);
//!
//!     async fn perform(&self, _: &Context, (name,): Self::Args) -> JobResult {
//!         println!("Hello {name}!");
//!         Ok(Done)
//!     }
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), bessemer::Error> {
//!     let server = bessemer_testing::Server::start().await;
//!     let app = server.app();
//!     HelloWorld::with().on(&app).perform_async("Stuart").await?;
//!     assert_eq!(server.enqueued("default").await, 1);
//!     Ok(())
//! }
//! ```
//!
//! Each server is alone: tests run in parallel, each with its own. It listens at a free port of this machine, has its
//! own threads, keeps its data in memory, and ends when it is dropped. It is the server itself, so what it refuses,
//! retries and forgets is what production refuses, retries and forgets.
//!
//! - [`Server::clock`] moves its time: retries and scheduled jobs become due, reservations expire, at once.
//! - [`Server::kill`] and [`Server::restart`] are the crash that an application has to survive.
//! - [`Server::gate`] is a bad network: it cuts connections and drops replies on demand.
//! - Tests that need no server at all use the sandbox of `bessemer::testing`.

mod gate;
mod server;

pub use gate::Gate;
pub use server::{Builder, Clock, Server};

/// The code of the guide compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/worker/testing.md")]
struct Guide;
