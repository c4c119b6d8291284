//! The typed documents and the error codes of replies, for the server that writes and the client that reads them.
//!
//! The documents are read leniently (older servers leave members out) and written completely, in the order of the
//! reference.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The first word of an error reply. There are no others: some clients crash on one that they do not know (`Q-16`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// Any error without a code of its own.
    Err,
    /// A unique job was pushed twice.
    NotUnique,
    /// The server is going down; sent by older servers (`H-49`).
    Shutdown,
}

impl ErrorCode {
    const ALL: [Self; 3] = [Self::Err, Self::NotUnique, Self::Shutdown];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Err => "ERR",
            Self::NotUnique => "NOTUNIQUE",
            Self::Shutdown => "SHUTDOWN",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error reply, as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ServerError {
    pub code: ErrorCode,
    /// The text behind the code.
    pub text: String,
}

impl ServerError {
    /// Reads the line of an error reply, without its dash. A code that nobody should send stays part of the text.
    pub fn parse(line: &str) -> Self {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match ErrorCode::ALL.into_iter().find(|code| code.as_str() == word) {
            Some(code) => Self { code, text: rest.to_owned() },
            None => Self { code: ErrorCode::Err, text: line.to_owned() },
        }
    }
}

/// What a BEAT is answered when the worker is to change (rule `B-05`); to a running one the server says `+OK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub state: WorkerState,
}

/// What a worker is asked to do, or says of itself in its own BEAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerState {
    /// Fetch no more, finish what is there.
    Quiet,
    /// The same, then end.
    Terminate,
}

/// The reply to INFO, and the body of `/stats`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    /// The server's time, RFC 3339.
    pub now: String,
    /// The same as `HH:MM:SS UTC`.
    pub server_utc_time: String,
    pub faktory: Faktory,
    pub server: Server,
}

/// Jobs and counters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Faktory {
    /// Every known queue with its length, also empty ones.
    pub queues: BTreeMap<String, u64>,
    pub sets: Sets,
    pub tasks: Tasks,
    pub total_failures: u64,
    /// Attempts that ended, not distinct jobs.
    pub total_processed: u64,
    /// Waiting in all queues.
    pub total_enqueued: u64,
    pub total_queues: u64,
}

/// Sizes of the sorted sets and of the jobs being worked on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sets {
    pub dead: u64,
    pub retries: u64,
    pub scheduled: u64,
    pub working: u64,
}

/// The reference's chores. Deprecated there, but clients and dashboards read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Tasks {
    pub busy: Holders,
    pub dead: Mover,
    pub retries: Mover,
    pub scheduled: Mover,
    pub workers: Holders,
}

/// A chore that moves due jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mover {
    pub cycles: u64,
    /// Jobs moved since the start.
    pub enqueued: u64,
    pub size: u64,
    pub wall_time_sec: f64,
}

/// A chore that looks after those who may vanish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holders {
    /// Given up since the start.
    pub reaped: u64,
    pub size: u64,
}

/// The server process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    /// Product and version for people.
    pub description: String,
    /// The version of Faktory whose behaviour a client may expect (`D12`).
    pub faktory_version: String,
    /// Seconds.
    pub uptime: u64,
    /// Identified connections, the asker included.
    pub connections: u64,
    /// Known commands since the start, this INFO included.
    pub command_count: u64,
    /// Mebibytes.
    pub used_memory_mb: u64,
    /// Bessemer's own version; other servers do not send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `strict` or `relaxed`: what a reply waits for (`G1`); other servers do not send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durability: Option<String>,
    /// Producers are refused for want of room on the disk (`G13`); other servers do not send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_full: Option<bool>,
    /// Producers are refused for want of memory (`G17`); other servers do not send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_full: Option<bool>,
    /// Configurations that were refused at a reload, since the start; other servers do not send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reloads_refused: Option<u64>,
    /// When the certificate of TLS ends, where there is one; other servers do not send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_until: Option<String>,
    /// Input that was refused since the start, by reason; other servers do not send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<BTreeMap<String, u64>>,
    /// Ours: jobs that were dropped because their time was over, since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_lines_fall_into_code_and_text() {
        for (line, code, text) in [
            ("ERR Invalid password", ErrorCode::Err, "Invalid password"),
            ("NOTUNIQUE Job not unique", ErrorCode::NotUnique, "Job not unique"),
            ("SHUTDOWN in progress", ErrorCode::Shutdown, "in progress"),
            ("WRONGTYPE oh no", ErrorCode::Err, "WRONGTYPE oh no"),
            ("ERR", ErrorCode::Err, ""),
            ("ERROR x", ErrorCode::Err, "ERROR x"),
        ] {
            assert_eq!(ServerError::parse(line), ServerError { code, text: text.into() }, "{line}");
        }
    }

    #[test]
    fn the_state_of_a_beat_has_17_and_21_bytes_b05() {
        for (state, text) in [
            (WorkerState::Quiet, r#"{"state":"quiet"}"#),
            (WorkerState::Terminate, r#"{"state":"terminate"}"#),
        ] {
            assert_eq!(serde_json::to_string(&State { state }).unwrap(), text);
            assert_eq!(serde_json::from_str::<State>(text).unwrap(), State { state });
        }
    }

    /// The reply of the reference server, taken from its traffic with the Go client.
    const REFERENCE: &str = concat!(
        r#"{"now":"2026-11-23T03:43:32.978962648Z","server_utc_time":"03:43:32 UTC","faktory":{"queues":{"bulk":0,"#,
        r#""default":2},"sets":{"dead":0,"retries":1,"scheduled":4,"working":3},"tasks":{"Busy":{"reaped":0,"#,
        r#""size":3},"Dead":{"cycles":2,"enqueued":0,"size":0,"wall_time_sec":0.0001},"Retries":{"cycles":24,"#,
        r#""enqueued":1,"size":1,"wall_time_sec":0.002},"Scheduled":{"cycles":24,"enqueued":9,"size":4,"#,
        r#""wall_time_sec":0.004},"Workers":{"reaped":0,"size":1}},"total_failures":5,"total_processed":120,"#,
        r#""total_enqueued":2,"total_queues":2},"server":{"description":"Faktory","faktory_version":"1.10.0","#,
        r#""uptime":123,"connections":4,"command_count":456,"used_memory_mb":21}}"#,
    );

    #[test]
    fn info_reads_and_writes_like_the_reference() {
        let info: Info = serde_json::from_str(REFERENCE).unwrap();
        assert_eq!(info.faktory.queues["default"], 2);
        assert_eq!(info.faktory.tasks.busy.size, 3);
        assert_eq!(info.server.version, None);
        assert_eq!(serde_json::to_string(&info).unwrap(), REFERENCE);
    }

    #[test]
    fn info_of_an_older_server_is_read_and_ours_says_its_version() {
        let old: Info = serde_json::from_str(r#"{"faktory":{"queues":{}},"server":{"new":1}}"#).unwrap();
        assert_eq!(old.faktory.sets, Sets::default());
        let ours = Server { version: Some("0.1.0".into()), ..Server::default() };
        assert!(serde_json::to_string(&ours).unwrap().ends_with(r#","version":"0.1.0"}"#));
    }
}
