//! The built server from outside: a real process, real sockets, real kills.
//!
//! `server.rs` and `client.rs` are the two ends that all tests here use. `transcript.rs` is the language of
//! `../wire/*.txt` and `wire.rs` plays them; `ledger/` kills the server again and again and compares what it answered
//! with what it still has; `workers.rs` has clients that vanish; `start.rs` what happens before the
//! first connection, `crowd.rs` with one connection too many, `large.rs` the largest jobs.

mod client;
mod clock;
mod crowd;
mod large;
mod ledger;
mod server;
mod start;
mod transcript;
mod wire;
mod workers;
