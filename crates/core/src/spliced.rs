//! A job's text as workers and operators get it (rule `F-07`): what changes from delivery to delivery is not in the text
//! that is stored, and is spliced in before its last brace.

use crate::command::FailureView;
use crate::query::JobView;

impl JobView {
    /// The job as FETCH would give it, for those who only look at it.
    pub fn text(&self) -> Vec<u8> {
        let body = self.body.bytes();
        let mut out = body.strip_suffix(b"}").unwrap_or(body).to_vec();
        if let Some(at) = self.enqueued_at {
            out.extend_from_slice(format!(",\"enqueued_at\":\"{}\"", at.rfc3339()).as_bytes());
        }
        if let Some(failure) = &self.failure {
            let text = failure.text.bytes();
            out.extend_from_slice(failure.head().as_bytes());
            out.extend_from_slice(text.strip_prefix(b"{").unwrap_or(text));
        }
        out.push(b'}');
        out
    }
}

impl FailureView {
    /// The member `failure` up to where the worker's own words follow.
    pub fn head(&self) -> String {
        let next_at =
            self.next_at.map_or_else(String::new, |at| format!("\"next_at\":\"{}\",", at.rfc3339()));
        format!(
            ",\"failure\":{{\"retry_count\":{},\"remaining\":{},\"failed_at\":\"{}\",{next_at}",
            self.retry_count,
            // -1 stands for none at all in the store; a client reads this as an unsigned number (`K-06`).
            self.remaining.max(0),
            self.failed_at.rfc3339(),
        )
    }
}
