//! The limits of the dashboard, each with its reason. Those that an operator may set are fields of [`Limits`], and what
//! stands here for them is what they are without a wish.

use std::time::Duration;

/// What an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// See [`CONNECTIONS_MAX`].
    pub connections_max: usize,
    /// See [`RUNNING_MAX`].
    pub requests_max: usize,
    /// See [`BODY_MAX`].
    pub body_max: usize,
    /// Bytes of one job; and of a request of the API that pushes some.
    pub job_max: usize,
    /// See [`HEADERS_TIME`].
    pub headers_timeout: Duration,
    /// See [`REQUEST_TIME`].
    pub request_timeout: Duration,
    /// See [`WRITE_TIME`].
    pub write_timeout: Duration,
    /// See [`EVENTS_MAX`].
    pub events_max: usize,
    /// See [`METRICS_QUEUES_MAX`].
    pub metrics_queues_max: usize,
    /// See [`METRICS_PAIRS_MAX`].
    pub metrics_pairs_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_MAX,
            requests_max: RUNNING_MAX,
            body_max: BODY_MAX,
            job_max: bessemer_protocol::limits::JOB_MAX,
            headers_timeout: HEADERS_TIME,
            request_timeout: REQUEST_TIME,
            write_timeout: WRITE_TIME,
            events_max: EVENTS_MAX,
            metrics_queues_max: METRICS_QUEUES_MAX,
            metrics_pairs_max: METRICS_PAIRS_MAX,
        }
    }
}

/// Bytes of a request's body. The largest honest form ticks a page of jobs.
pub const BODY_MAX: usize = 1024 * 1024;

/// Bytes of all requests together that push jobs, while they are read and until their jobs are durable: the largest ones
/// wait for each other.
pub const PUSHES_HELD: usize = 64 * 1024 * 1024;

/// Jobs on a page of the API: without a wish, and at most.
pub const LIST_DEFAULT: usize = 25;
/// See [`LIST_DEFAULT`].
pub const LIST_MAX: usize = bessemer_core::limits::PAGE_MAX;

/// A page of a search of the API is looked for this long; then it says where to go on.
pub const API_SEARCH_TIME: Duration = Duration::from_secs(2);

/// Pieces of a walk that one page of the API takes, of [`bessemer_core::limits::SLICE_MAX`] jobs: if it has not found
/// enough by then, it says where to go on.
pub const LIST_PIECES: usize = 20;

/// Bytes of a request's path and query.
pub const URI_MAX: usize = 8 * 1024;

/// Bytes of all header names and values together.
pub const HEADERS_MAX: usize = 64 * 1024;

/// Fields of one form or query. A page of ticked jobs needs about 110.
pub const FIELDS_MAX: usize = 1_100;

/// Connections at once; what is above waits in the listener's backlog, see [`QUIET_TIME`]. A browser opens up to six.
pub const CONNECTIONS_MAX: usize = 256;

/// TLS is agreed on within this time.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// The head of a request is there within this time, counted from the end of the one before: HTTP 1.1 knows no other
/// sign of an idle client. Longer than the slowest live chart takes between two looks.
pub const HEADERS_TIME: Duration = Duration::from_secs(30);

/// When all places are taken, who has asked for nothing and taken nothing for this long makes room for those who wait. More
/// than the way of a request and its answer takes on a bad line.
pub const QUIET_TIME: Duration = Duration::from_secs(2);

/// A client that takes nothing of its answer for this long is given up.
pub const WRITE_TIME: Duration = Duration::from_secs(30);

/// Requests that may run at once; further ones wait for [`REQUEST_TIME`]. A page holds a few MiB at worst (25 jobs
/// of 16 MiB are read one answer at a time), and 32 browsers that poll are many.
pub const RUNNING_MAX: usize = 32;

/// A request, its body included, is answered within this time.
pub const REQUEST_TIME: Duration = Duration::from_secs(10);

/// Listeners to `/events` at once; one more is refused. Each holds a connection, and a kilobyte for each second that it is
/// behind.
pub const EVENTS_MAX: usize = 64;

/// Queues with lines of their own in `/metrics`, six each; the others share theirs. A name comes from whoever pushes, and
/// each one is kept for years by what reads the metrics.
pub const METRICS_QUEUES_MAX: usize = 1_000;

/// Pairs of a queue and a job type with lines of their own, about forty each; the others share theirs. All together two
/// megabytes at worst.
pub const METRICS_PAIRS_MAX: usize = 500;

/// `/health/ready` waits this long for the engine (a turn that takes longer is a stall, `D9`).
pub const READY_TIME: Duration = Duration::from_secs(5);

/// Actions on many jobs that go on at once; one more is refused until one has ended.
pub const WORKS_MAX: usize = 4;

/// Jobs that a change of many reads at once, and commands that it has on their way: they share a flush.
pub const CHANGES_AT_ONCE: usize = 64;

/// For how long pages tell what became of an action on many jobs, and offer to take it back.
pub const RESULT_TIME: Duration = Duration::from_secs(60);

/// Ended actions that pages tell of at once; the oldest makes room.
pub const RESULTS_MAX: usize = 8;

/// Jobs of actions that can be taken back, all together: 8 bytes each.
pub const UNDO_MAX: usize = 1_000_000;

/// Jobs that an action may delete for good without its number being typed.
pub const TYPED_ABOVE: u64 = 1_000;

/// A search is gone on with for this long before its page is sent; the page goes on with it then.
pub const SEARCH_TIME: Duration = Duration::from_millis(250);

/// Before an action on all that match, they are counted for this long at most.
pub const COUNT_TIME: Duration = Duration::from_secs(5);

/// An action on a whole set is waited for this long; then it goes on in the background and pages show its progress.
pub const BULK_WAIT: Duration = Duration::from_secs(2);

/// Bytes of a line of the search box. Twice as many, and two, fit into a glob.
pub const QUERY_MAX: usize = 500;

/// Terms of a line of the search box: each may be compared with every text.
pub const TERMS_MAX: usize = 16;

/// Bytes of a job's arguments that a search looks into.
pub const SEARCHED_MAX: usize = 1024 * 1024;

/// Searches at once; one more waits. Each holds some MiB of texts.
pub const SEARCHES_MAX: usize = 4;

/// Rows on a page (rule `V-11`).
pub const ROWS: usize = 25;

/// Queues and worker processes on a page: short rows, and many sites have more than 25.
pub const SHORT_ROWS: usize = 100;

/// Bytes of one argument in a list (rule `V-30`), and of the whole cell.
pub const LIST_ARG_MAX: usize = 1024;
/// See [`LIST_ARG_MAX`].
pub const LIST_ARGS_MAX: usize = 4 * 1024;

/// Bytes of arguments or custom data on a job's own page; the raw download has the rest.
pub const CELL_MAX: usize = 10 * 1024;

/// Bytes of arguments that a page lets somebody edit. Laid out over lines they may be twice as many, and encoded in a form
/// three times that: still less than [`BODY_MAX`].
pub const EDIT_MAX: usize = 64 * 1024;

/// Live jobs with one jid that its page shows; the jid need not be unique.
pub const SAME_JID_MAX: usize = 10;

/// Days of history on the home page: without a wish, and at most.
pub const DAYS_DEFAULT: usize = 30;
/// See [`DAYS_DEFAULT`].
pub const DAYS_MAX: usize = bessemer_core::limits::HISTORY_DAYS;

/// Wrong passwords of one address within a minute until its attempts are slowed to one a second.
pub const WRONG_PASSWORDS: u32 = 10;

/// For its turn then a request waits this long at most; of those that would have to wait for longer, none is looked at.
pub const TURN_TIME: Duration = Duration::from_secs(5);

/// Addresses whose wrong passwords are remembered; the longest quiet one is forgotten first.
pub const WRONG_ADDRESSES: usize = 1_024;

/// Bytes of an `Authorization` header that are looked at.
pub const AUTHORIZATION_MAX: usize = 4 * 1024;

/// Entries of the audit log; the oldest goes for one more.
pub const AUDIT_MAX: usize = 10_000;

/// Characters of a name or an object in an entry of the audit log.
pub const AUDIT_TEXT_MAX: usize = 300;

/// Entries of the audit log on a page.
pub const AUDIT_ROWS: usize = 100;

/// Tokens of scripts.
pub const TOKENS_MAX: usize = 1_000;

/// Characters of a token's name.
pub const TOKEN_NAME_MAX: usize = 100;

/// Days that a token may be good for, if it is to expire at all.
pub const TOKEN_DAYS_MAX: u64 = 3_650;
