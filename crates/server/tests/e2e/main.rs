//! The built server from outside: a real process, real sockets, real kills.
//!
//! `server.rs` and `client.rs` are the two ends that all tests here use. `transcript.rs` is the language of
//! `../wire/*.txt` and `wire.rs` plays them; `ledger/` kills the server again and again and compares what it answered
//! with what it still has; `workers.rs` has clients that vanish; `start.rs` what happens before the
//! first connection, `crowd.rs` with one connection too many, `large.rs` with the largest jobs, `faults.rs` with a disk that
//! fails and `directory.rs` with a data directory that is not ours, `durability.rs` in its two modes,
//! `tls.rs` with TLS, whose certificates and client are in `sealed.rs`, `reload.rs` with another configuration.

mod client;
mod clock;
mod crowd;
mod directory;
mod durability;
mod faults;
mod large;
mod ledger;
mod reload;
mod sealed;
mod server;
mod start;
mod tls;
mod tools;
mod transcript;
mod volume;
mod wire;
mod workers;
