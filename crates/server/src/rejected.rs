//! What was refused since the start, counted by reason: an operator sees what kind of bad input comes in.
//!
//! Shared by the engine's thread, the vestibule and the pages. A count costs a lock that hardly anybody wants, and only
//! input that is refused pays for it; the reasons are the variants of an enum, so the table is bounded.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bessemer_core::command::Refusal;
use bessemer_protocol::job::{JobError, ParseError};
use bessemer_protocol::names::NameError;
use bessemer_protocol::request::Verb;

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    // Before login.
    HandshakeTimeout,
    GaveWay,
    ExpectedHello,
    Hello,
    /// TLS where there is none, none where there is, or a handshake that failed.
    Tls,
    Password,
    LegacyPassword,
    TooManyPasswords,
    TooManyLogins,
    TooManyConnections,
    // Lines.
    LineTooLong,
    LineTooSlow,
    Utf8,
    UnknownCommand,
    MissingArgument,
    Shutdown,
    // Jobs.
    JobTooLarge,
    Json,
    Nesting,
    DuplicateField,
    BulkJobs,
    Jid,
    Jobtype,
    Args,
    ReserveFor,
    Retry,
    At,
    QueueName,
    Custom,
    // What a verb of its own refuses.
    Verb(Verb),
    // What the state of things refuses.
    UnknownJob,
    UnknownWorker,
    UnknownCron,
    TooManyQueues,
    TooManyWorkers,
    TooManyThrottles,
    DiskFull,
    MemoryLimit,
    TooManyInquiries,
    Records,
    Batch,
    TooManyBatches,
    NotUnique,
    TooManyKeys,
    // Replies that nobody took.
    ReaderTooSlow,
    // What only we can do wrong.
    Internal,
}

impl Reason {
    /// As INFO and pages name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HandshakeTimeout => "handshake_timeout",
            Self::GaveWay => "gave_way",
            Self::ExpectedHello => "expected_hello",
            Self::Hello => "hello",
            Self::Tls => "tls",
            Self::Password => "password",
            Self::LegacyPassword => "legacy_password",
            Self::TooManyPasswords => "too_many_passwords",
            Self::TooManyLogins => "too_many_logins",
            Self::TooManyConnections => "too_many_connections",
            Self::LineTooLong => "line_too_long",
            Self::LineTooSlow => "line_too_slow",
            Self::Utf8 => "utf8",
            Self::UnknownCommand => "unknown_command",
            Self::MissingArgument => "missing_argument",
            Self::Shutdown => "shutdown",
            Self::JobTooLarge => "job_too_large",
            Self::Json => "json",
            Self::Nesting => "nesting",
            Self::DuplicateField => "duplicate_field",
            Self::BulkJobs => "bulk_jobs",
            Self::Jid => "jid",
            Self::Jobtype => "jobtype",
            Self::Args => "args",
            Self::ReserveFor => "reserve_for",
            Self::Retry => "retry",
            Self::At => "at",
            Self::QueueName => "queue_name",
            Self::Custom => "custom",
            Self::Verb(verb) => lower(verb),
            Self::UnknownJob => "unknown_job",
            Self::UnknownWorker => "unknown_worker",
            Self::UnknownCron => "unknown_cron",
            Self::TooManyQueues => "too_many_queues",
            Self::TooManyWorkers => "too_many_workers",
            Self::TooManyThrottles => "too_many_throttles",
            Self::DiskFull => "disk_full",
            Self::MemoryLimit => "memory_limit",
            Self::TooManyInquiries => "too_many_inquiries",
            Self::Records => "records",
            Self::Batch => "no_such_batch",
            Self::TooManyBatches => "too_many_batches",
            Self::NotUnique => "not_unique",
            Self::TooManyKeys => "too_many_unique_keys",
            Self::Internal => "internal",
            Self::ReaderTooSlow => "reader_too_slow",
        }
    }
}

/// Other reasons are written small too.
fn lower(verb: Verb) -> &'static str {
    match verb {
        Verb::Push => "push",
        Verb::PushBulk => "pushb",
        Verb::Fetch => "fetch",
        Verb::Ack => "ack",
        Verb::Fail => "fail",
        Verb::Beat => "beat",
        Verb::Info => "info",
        Verb::End => "end",
        Verb::Flush => "flush",
        Verb::Mutate => "mutate",
        Verb::Queue => "queue",
        Verb::Jobs => "jobs",
        Verb::Workers => "workers",
        Verb::Unique => "unique",
        Verb::Throttles => "throttles",
        Verb::Cron => "cron",
        Verb::Batch => "batch",
        Verb::Track => "track",
        Verb::Extend => "extend",
    }
}

impl From<&ParseError> for Reason {
    fn from(error: &ParseError) -> Self {
        match error {
            ParseError::Json(_) => Self::Json,
            ParseError::Duplicate(_) => Self::DuplicateField,
            ParseError::Depth => Self::Nesting,
            ParseError::TooManyJobs(..) => Self::BulkJobs,
        }
    }
}

impl From<&JobError> for Reason {
    fn from(error: &JobError) -> Self {
        match error {
            JobError::Name(NameError::Jid | NameError::OddJid) => Self::Jid,
            JobError::Name(NameError::Jobtype | NameError::LongJobtype) => Self::Jobtype,
            JobError::Name(NameError::Queue(_) | NameError::LongQueue(_)) => Self::QueueName,
            JobError::Args => Self::Args,
            JobError::ReserveFor => Self::ReserveFor,
            JobError::At(..) => Self::At,
            JobError::Retry(_) => Self::Retry,
            JobError::Custom(_) => Self::Custom,
        }
    }
}

impl From<&Refusal> for Reason {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::NotReserved(_) => Self::UnknownJob,
            Refusal::UnknownWorker(_) => Self::UnknownWorker,
            Refusal::TooManyQueues(_) => Self::TooManyQueues,
            Refusal::TooManyWorkers(_) => Self::TooManyWorkers,
            Refusal::DiskFull => Self::DiskFull,
            Refusal::Unkept(_) => Self::Records,
            Refusal::NoSuchBatch(_) | Refusal::BatchCancelled(_) => Self::Batch,
            Refusal::TooManyBatches(_) => Self::TooManyBatches,
            Refusal::BatchTooDeep | Refusal::BadCallback(_) => Self::Verb(Verb::Batch),
            Refusal::NotUnique(_) => Self::NotUnique,
            Refusal::TooManyKeys(_) => Self::TooManyKeys,
            Refusal::TooManyThrottles(_) => Self::TooManyThrottles,
            Refusal::UnknownCron(_) => Self::UnknownCron,
        }
    }
}

/// The counts.
#[derive(Debug, Default)]
pub struct Rejected(Mutex<BTreeMap<Reason, u64>>);

impl Rejected {
    pub(crate) fn count(&self, reason: Reason) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
    }

    /// The reasons that there were, each with its count.
    pub fn table(&self) -> BTreeMap<&'static str, u64> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(reason, count)| (reason.as_str(), *count)).collect()
    }
}
