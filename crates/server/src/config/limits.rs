//! The limits of the server that an operator may set; the reason of each stands in `default.toml`.

use std::time::Duration;

use bessemer_protocol::limits::{BULK_MAX, JOB_MAX};

use super::ConfigError;
use super::keys::Settings;

/// What the server holds at most, and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Identified connections.
    pub connections_max: usize,
    /// From accept to the end of HELLO (`D2`).
    pub handshake_timeout: Duration,
    /// Connections that have not said HELLO yet, and those of one address among them.
    pub handshakes_max: usize,
    /// See [`Limits::handshakes_max`].
    pub handshakes_per_address: usize,
    /// From the first byte of a line to its end.
    pub line_timeout: Duration,
    /// How long a client may read nothing while bytes wait for it.
    pub write_timeout: Duration,
    /// Bytes that wait for one client.
    pub unsent_max: usize,
    /// Bytes of lines that have begun, all connections together.
    pub buffered_max: usize,
    /// How long FETCH waits for a job.
    pub fetch_wait: Duration,
    /// How long a graceful stop may take (`G21`).
    pub shutdown_timeout: Duration,
}

impl Limits {
    pub(super) fn read(settings: &Settings<'_>) -> Result<Self, ConfigError> {
        let limits = Self {
            connections_max: settings.count("limits.connections_max", 1..=1_000_000)?,
            handshake_timeout: settings.duration("limits.handshake_timeout")?,
            handshakes_max: settings.count("limits.handshakes_max", 1..=100_000)?,
            handshakes_per_address: settings.count("limits.handshakes_per_address", 1..=100_000)?,
            line_timeout: settings.duration("limits.line_timeout")?,
            write_timeout: settings.duration("limits.write_timeout")?,
            // A reply with the largest job must fit, and so must the largest line.
            unsent_max: settings.size("limits.unsent_max", 2 * JOB_MAX..=1 << 30)?,
            buffered_max: settings.size("limits.buffered_max", BULK_MAX..=1 << 40)?,
            fetch_wait: settings.duration("limits.fetch_wait")?,
            shutdown_timeout: settings.duration("limits.shutdown_timeout")?,
        };
        let ordered = [
            ("limits.handshakes_per_address", limits.handshakes_per_address),
            ("limits.handshakes_max", limits.handshakes_max),
            ("limits.connections_max", limits.connections_max),
        ];
        for pair in ordered.windows(2) {
            let [(small, few), (large, many)] = [pair[0], pair[1]];
            if few > many && settings.spot(small).is_some() {
                return Err(settings.wrong(small, format!("is {few}: more than `{large}`, which is {many}")));
            } else if few > many {
                return Err(settings.wrong(large, format!("is {many}: less than `{small}`, which is {few}")));
            }
        }
        Ok(limits)
    }
}

impl Default for Limits {
    /// Those of `default.toml`.
    fn default() -> Self {
        Self::read(&Settings::default()).expect("default.toml is read by the tests")
    }
}
