//! The Faktory work protocol, without I/O: lines in, replies out, and the job envelope.
//!
//! Used by the server, by the worker library and by fuzzers, so it knows neither sockets nor a runtime. Rule ids in
//! comments and tests (`H-12`, `P-03`, …) are those of the project's compatibility specification, `docs/protocol.md`.

pub mod batch;
pub mod beat;
pub mod custom;
pub mod failure;
pub mod finish;
pub mod handshake;
pub mod job;
pub mod limits;
pub mod mutate;
pub mod names;
pub mod object;
pub mod operate;
mod plain;
pub mod request;
pub mod resp;
pub mod response;
pub mod text;
pub mod time;
pub mod track;
pub mod url;
