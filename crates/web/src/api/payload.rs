//! A job as it is pushed and fetched, written down for those who read the document: the server keeps its text as it came.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// A job, as PUSH takes it and FETCH gives it.
#[derive(ToSchema)]
#[schema(example = json!({"jid": "8f7a2c90b1d3e4f5", "jobtype": "SendMail", "args": [42, "welcome"]}))]
#[expect(dead_code, reason = "the description of a text, which is never taken apart into this")]
pub(super) struct Payload {
    /// Names the job. The same job sent again within a minute, byte for byte, is the same job and not a second one.
    #[schema(min_length = 8, max_length = 255)]
    jid: String,
    /// What workers choose their code by.
    #[schema(min_length = 1, max_length = 512)]
    jobtype: String,
    /// Kept byte for byte.
    args: Vec<Value>,
    #[serde(default)]
    #[schema(default = "default", max_length = 255, pattern = "^[a-zA-Z0-9._-]*$")]
    queue: String,
    /// Not before this moment.
    #[serde(default)]
    #[schema(format = DateTime)]
    at: Option<String>,
    /// How often it is tried again; 0: never, and it is gone then; -1: never, and it is dead then.
    #[serde(default)]
    #[schema(default = 25, maximum = 10000)]
    retry: Option<i64>,
    /// Seconds for which a worker has it for itself.
    #[serde(default)]
    #[schema(default = 1800, maximum = 86400)]
    reserve_for: Option<i64>,
    /// Lines of a stack trace that the producer would like to be kept.
    #[serde(default)]
    backtrace: Option<i64>,
    /// The application's own; `on_lost` in it is the server's: `requeue`, `wait` or `dead`.
    #[serde(default)]
    custom: Option<BTreeMap<String, Value>>,
    /// When the producer made it.
    #[serde(default)]
    created_at: Option<String>,
    /// The server's: when it was last put into its queue.
    #[serde(default)]
    enqueued_at: Option<String>,
    /// How it failed last.
    #[serde(default)]
    failure: Option<PayloadFailure>,
    /// Members that nobody knows are kept.
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

/// How a job failed last.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of a text, which is never taken apart into this")]
pub(super) struct PayloadFailure {
    /// How often it has failed before.
    #[serde(default)]
    retry_count: Option<u32>,
    /// How often it will be tried again.
    #[serde(default)]
    remaining: Option<u32>,
    #[serde(default)]
    failed_at: Option<String>,
    #[serde(default)]
    next_at: Option<String>,
    #[serde(default)]
    errtype: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    backtrace: Option<Vec<String>>,
}
