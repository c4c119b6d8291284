//! What is counted: the figures of INFO, of the home page and of an engine.

use std::collections::BTreeMap;

use crate::time::Wall;

/// Processed and failed on one day (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970-01-01.
    pub day: i32,
    pub processed: u64,
    pub failed: u64,
}

/// The figures of INFO and of the home page that the core knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Every known queue with its length, also empty ones.
    pub queues: BTreeMap<String, u64>,
    pub scheduled: u64,
    pub retries: u64,
    pub dead: u64,
    /// Jobs that the dead set holds at most (`D28`).
    pub dead_max: u64,
    pub working: u64,
    /// Attempts that ended: ACK, FAIL, expiry (rule `I-02`).
    pub processed: u64,
    pub failures: u64,
    /// Waiting in all queues.
    pub enqueued: u64,
    /// Batches that are not over.
    pub batches: u64,
    /// Worker processes with a living connection.
    pub workers: u64,
    /// What happened since this process started.
    pub since_start: Tally,
}

/// Counts since the process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Jobs accepted.
    pub accepted: u64,
    /// Jobs moved from scheduled into their queues.
    pub scheduled_enqueued: u64,
    /// Jobs moved from retries into their queues.
    pub retries_enqueued: u64,
    /// Reservations that expired.
    pub reaped: u64,
    /// Workers that were lost with jobs in their hands.
    pub workers_lost: u64,
    /// Jobs taken back from lost workers.
    pub jobs_lost: u64,
    /// ACKs and FAILs without effect (`D3`).
    pub stale_acks: u64,
    /// Pushes answered as repeats of the first (`D5`).
    pub repushed: u64,
    /// Deliveries whose reply never reached the kernel (`D13`).
    pub undelivered: u64,
    /// Jobs that operators took back from their workers.
    pub released: u64,
    /// Ticks of cron entries that were run, those whose jobs were refused, and those that came to nothing.
    pub cron_runs: u64,
    /// See [`Tally::cron_runs`].
    pub cron_refused: u64,
    /// See [`Tally::cron_runs`].
    pub cron_missed: u64,
    /// Jobs that left the dead set by age or limit.
    pub dead_dropped: u64,
    /// Records of progress that were forgotten early, since there were too many ([`crate::Rules::tracks_max`]).
    pub tracks_dropped: u64,
    /// Jobs that were dropped unrun, or not run again, because their time was over (rule `E-40`).
    pub expired: u64,
    /// Unique jobs that got their key (rule `E-30`).
    pub keys_taken: u64,
    /// Pushes that were refused because another job has the key.
    pub keys_denied: u64,
}

/// The figures that only the server around the core knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFigures {
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Identified connections now.
    pub connections: u64,
    /// Known commands since the start.
    pub command_count: u64,
    /// Resident memory of the process.
    pub used_memory_mb: u64,
    /// How the engine stands with its disk.
    pub condition: Condition,
    /// Producers are refused until there is memory again, and workers go on (`G17`).
    pub memory_full: bool,
    /// Configurations that were refused at a reload, since the start.
    pub reloads_refused: u64,
    /// The last moment at which the certificate is valid; none: there is no TLS.
    pub certificate_until: Option<Wall>,
    /// What was refused since the start, by reason; filled in where it is shown.
    pub rejected: BTreeMap<&'static str, u64>,
}

/// How an engine stands with its disk: what an operator has to see without looking for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// What a reply waits for.
    pub durability: Durability,
    /// Producers are refused until there is room again, and workers go on (`G13`).
    pub disk_full: bool,
    /// Its log, if it has one.
    pub log: Option<LogFigures>,
}

/// What an engine's log takes, and what becomes of what is old in it. Counts are since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogFigures {
    /// Files that it lies in.
    pub segments: u64,
    /// Files that are ready to become segments.
    pub spares: u64,
    /// How long it is.
    pub bytes: u64,
    /// About what of it lives; the rest is of the past.
    pub live_bytes: u64,
    /// What segments and spares take on the disk.
    pub disk_bytes: u64,
    /// Segments that are gone, since nothing lives in them any more.
    pub given_up: u64,
    /// Those of them that had to be cleaned for it.
    pub cleaned: u64,
    /// What cleaning has written: what lived in old segments, told again at the end of the log.
    pub cleaned_bytes: u64,
    /// When it has last told anything again.
    pub cleaned_at: Option<Wall>,
}

/// What a reply waits for (`G1`). Nothing but the configuration chooses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The flush: what was answered outlives a power loss.
    #[default]
    Strict,
    /// The write, with a flush soon after: what was answered outlives the process, and a power loss takes the last
    /// 100 ms of it at most.
    Relaxed,
}

impl Durability {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Strict, Self::Relaxed];

    /// As the configuration, INFO and the pages say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Relaxed => "relaxed",
        }
    }
}

impl std::fmt::Display for Durability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
