//! Addresses of our own pages. Every link and redirect is built here, from route names and never from a header.

use std::fmt::Display;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bessemer_core::query::Set;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::problem::Problem;
use crate::watch::Series;

/// Everything but what RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What stands before every path of ours: empty, or `/faktory` (rule `V-04`, `D11`). Set by [`crate::base`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Base(pub Arc<str>);

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

impl Base {
    pub(crate) fn queue(&self, name: &str) -> String {
        // A browser takes `/queues/..` for `/`, so the two queues with such names have another address.
        if matches!(name, "." | "..") {
            return format!("{}/queues?name={name}", self.0);
        }
        format!("{}/queues/{}", self.0, encoded(name))
    }

    /// A cron entry; its id does not begin with a dot.
    pub(crate) fn cron(&self, id: &str) -> String {
        format!("{}/cron/{}", self.0, encoded(id))
    }

    pub(crate) fn set(&self, set: Set) -> String {
        format!("{}/{}", self.0, path(set))
    }

    pub(crate) fn entry(&self, set: Set, key: &str) -> String {
        format!("{}/{}", self.set(set), encoded(key))
    }

    pub(crate) fn batch(&self, bid: &str) -> String {
        format!("{}/batches/{}", self.0, encoded(bid))
    }

    /// The recent attempts with this jid, or the job itself if it lives.
    pub(crate) fn find(&self, jid: &str) -> String {
        format!("{}/recent?find={}", self.0, encoded(jid))
    }

    /// A list of ours with what is wanted of it, up to and with `page=`.
    pub(crate) fn list(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let said = fields.iter().filter(|(_, value)| !value.is_empty());
        let said: String = said.map(|(name, value)| format!("{name}={}&", encoded(value))).collect();
        format!("{}/{path}?{said}page=", self.0)
    }

    /// The recent attempts at jobs of a type.
    pub(crate) fn recent_of(&self, jobtype: &str) -> String {
        format!("{}/recent?type={}", self.0, encoded(jobtype))
    }

    /// The statistics of a job type or of a queue.
    pub(crate) fn statistics(&self, what: &Series) -> String {
        let (kind, name) = match what {
            Series::All => return format!("{}/statistics", self.0),
            Series::Type(name) => ("types", name.as_str()),
            Series::Queue(name) => ("queues", name.as_str()),
        };
        // See [`Base::queue`]; a type may be anything, even nothing.
        if matches!(name, "" | "." | "..") {
            return format!("{}/statistics?{kind}={name}", self.0);
        }
        format!("{}/statistics/{kind}/{}", self.0, encoded(name))
    }

    /// A job in the API.
    pub(crate) fn api_job(&self, jid: &str) -> String {
        format!("{}{}/jobs/{}", self.0, crate::api::ROOT, encoded(jid))
    }

    pub(crate) fn job(&self, jid: &str) -> String {
        format!("{}/jobs/{}", self.0, encoded(jid))
    }
}

/// The path of a set, without a slash.
pub(crate) fn path(set: Set) -> &'static str {
    match set {
        Set::Retries => "retries",
        Set::Scheduled => "scheduled",
        Set::Dead => "morgue",
        Set::Discarded => "discarded",
    }
}

/// As it may stand in a path or a query.
pub(crate) fn encoded(text: &str) -> impl Display + '_ {
    utf8_percent_encode(text, SEGMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_a_link() {
        let base = Base("/faktory".into());
        assert_eq!(base.queue("a-b.c_1"), "/faktory/queues/a-b.c_1");
        assert_eq!(base.queue(".."), "/faktory/queues?name=..");
        assert_eq!(base.find("a&b"), "/faktory/recent?find=a%26b");
        assert_eq!(base.list("recent", &[("type", ""), ("jid", "a&b")]), "/faktory/recent?jid=a%26b&page=");
        assert_eq!(base.statistics(&Series::Type("a/b".into())), "/faktory/statistics/types/a%2Fb");
        assert_eq!(base.statistics(&Series::Queue("..".into())), "/faktory/statistics?queues=..");
        assert_eq!(base.job("a/../b?c#d\"<ü+ |"), "/faktory/jobs/a%2F..%2Fb%3Fc%23d%22%3C%C3%BC%2B%20%7C");
        assert_eq!(
            base.entry(Set::Dead, "2026-01-02T03:04:05Z|x"),
            "/faktory/morgue/2026-01-02T03%3A04%3A05Z%7Cx"
        );
    }
}
