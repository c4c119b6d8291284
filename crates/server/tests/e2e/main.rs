//! The built server from outside: a real process, real sockets, real kills.
//!
//! `server.rs` and `client.rs` are the two ends that all tests here use. `transcript.rs` is the language of
//! `../wire/*.txt` and `wire.rs` plays them; `ledger/` kills the server again and again and compares what it answered
//! with what it still has; `workers.rs` has clients that vanish; `command_line.rs` has people and scripts at it, `start.rs`
//! what happens before the first connection, `crowd.rs` one connection too many, `large.rs` the largest jobs, `faults.rs` a
//! disk that fails, `directory.rs` a data directory that is not ours, `durability.rs` its two modes, `tls.rs` TLS, whose
//! certificates and client are in `sealed.rs`, `reload.rs` another configuration, `supervised.rs` systemd and
//! little memory, `passwords.rs` wrong ones, `metrics.rs` what is counted, `happened.rs` what is still known of it after a restart, `bench.rs` what `bessemer bench` says, `throttles.rs` limits of queues, `library/`
//! programs that are made of the worker library, `api.rs` the JSON API and its guide, `audit.rs` what verbs leave on record. `import/` brings over what a real
//! Redis (`redis.rs`) keeps for Faktory; `hostile/` has clients that wish it ill
//! beside honest ones. `crons.rs` has jobs that are pushed by the clock.

mod api;
mod audit;
mod bench;
mod client;
mod clock;
mod command_line;
mod crons;
mod crowd;
mod directory;
mod doorstep;
mod durability;
mod faults;
mod happened;
mod hostile;
mod import;
mod large;
mod ledger;
mod library;
mod limits;
mod metrics;
mod passwords;
mod redis;
mod reload;
mod sealed;
mod server;
mod start;
mod supervised;
mod terminal;
mod throttles;
mod tls;
mod tools;
mod transcript;
mod volume;
mod wire;
mod workers;
