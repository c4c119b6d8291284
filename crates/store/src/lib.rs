//! The engines that make the facts of the core durable.
//!
//! Sockets and HTTP never see a segment or SQL: they see [`Engine`] and [`Reader`].

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod embedded;
pub mod engine;
#[cfg(feature = "postgres")]
pub mod postgres;

pub use embedded::tools;
pub use embedded::{Embedded, OpenError, Options, Recovered, TornTail, WaterMarks};
pub use engine::{Engine, Fatal, Gone, Reader, Tell};
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
