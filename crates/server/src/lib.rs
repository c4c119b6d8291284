//! Bessemer, a work server: one binary with its own durable store. A library too, for embedding and for tests.
//!
//! ```text
//!            second thread                        engine thread: one owner of truth
//!  client ─► vestibule: HELLO, password ─► shell ─► node ─► verb ─► Engine (bessemer-store) ─► Machine (bessemer-core)
//!  browser ► bessemer-web ─► desk ──────────────────────────────────┘
//! ```
//!
//! [`node`] is the server without I/O; the shell around it is tokio. Follow a PUSH: `vestibule.rs` (once), `shell/`
//! (bytes), `node/` (lines and replies), `verb/push.rs` (grammar), then the engine.

// They panic where a pipe is closed or a disk full; `cli/output.rs` does not.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod by_conn;
pub mod cli;
mod clock;
pub mod config;
mod cron;
mod desk;
mod door;
#[cfg(feature = "embed")]
pub mod embed;
pub mod exit;
mod front;
mod link;
pub mod node;
mod open_files;
mod port;
pub mod rejected;
mod reload;
mod rhythm;
mod server;
mod shell;
mod signal;
mod stopwatch;
mod systemd;
pub mod telemetry;
mod throttle;
mod timed_disk;
mod tls;
mod verb;
mod vestibule;

pub use crate::server::{RunError, Running, Server, StartError, run};

/// The version of this server.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
