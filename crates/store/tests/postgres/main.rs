//! The engine on PostgreSQL, against a real server. Where there is none, these tests fail.
//!
//! `cargo test -p bessemer-store --features postgres --test postgres`

mod conformance;
mod server;
