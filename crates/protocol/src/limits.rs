//! The limits of the protocol, each with its reason.

/// Bytes of a line before login: nobody unknown may make the server hold more.
pub const LINE_MAX_BEFORE_LOGIN: usize = 16 * 1024;

/// Bytes of a line after login, other than PUSH and PUSHB: a FAIL with a long stack trace fits many times.
pub const LINE_MAX: usize = 1024 * 1024;

/// Bytes of one job.
pub const JOB_MAX: usize = 16 * 1024 * 1024;

/// Bytes of one PUSHB.
pub const BULK_MAX: usize = 64 * 1024 * 1024;

/// Jobs in one PUSHB.
pub const BULK_JOBS_MAX: usize = 10_000;

/// A line longer than its limit is thrown away as it comes; one longer than this many times its limit ends the
/// connection.
pub const LINE_OVERRUN: usize = 4;

/// Levels of nesting in a job.
pub const DEPTH_MAX: usize = 128;

/// Queues in one FETCH.
pub const FETCH_QUEUES_MAX: usize = 256;

/// Bytes of a queue's name.
pub const QUEUE_MAX: usize = 255;

/// Bytes of a jid: at least, at most.
pub const JID_MIN: usize = 8;
/// See [`JID_MIN`].
pub const JID_MAX: usize = 255;

/// Bytes of a job type.
pub const JOBTYPE_MAX: usize = 512;

/// Retries of a job.
pub const RETRY_MAX: i64 = 10_000;

/// Seconds for which a job may be reserved (rule `P-06`).
pub const RESERVE_MAX_S: i64 = 86_400;

/// Bytes of a failure's type and of its message (rule `A-13`), lines of its stack trace, bytes of all of them.
pub const ERRTYPE_MAX: usize = 100;
/// See [`ERRTYPE_MAX`].
pub const MESSAGE_MAX: usize = 1_000;
/// See [`ERRTYPE_MAX`].
pub const BACKTRACE_LINES_MAX: usize = 50;
/// See [`ERRTYPE_MAX`].
pub const BACKTRACE_MAX: usize = 64 * 1024;

/// Bytes of a glob in MUTATE and JOBS: matching takes time with its length, for every job that is looked at.
pub const GLOB_MAX: usize = 1024;

/// Seconds of `custom.unique_for` and `custom.expires_in` at most: a year.
pub const CUSTOM_SECONDS_MAX: u64 = 365 * 86_400;

/// Bytes of a `custom.unique_key`.
pub const UNIQUE_KEY_MAX: usize = 512;

/// Arguments up to this many bytes are compared by what they mean, longer ones by how they are written.
pub const CANONICAL_MAX: usize = 64 << 10;

/// Bytes of a batch's description: a line for people.
pub const BATCH_DESCRIPTION_MAX: usize = 1024;

/// Bytes of each callback of a batch as it is sent: three of them, filled in, fit one record of the log.
pub const CALLBACK_MAX: usize = 16 * 1024;
/// Seconds that one EXTEND asks for at most: a reservation lasts no longer from any moment on (rule `W-03`).
pub const EXTEND_SECONDS_MAX: u64 = 86_400;
