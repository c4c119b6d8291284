//! MUTATE: what an operator's script does to many jobs of a set at once.

use serde::Deserialize;

use crate::text::{is_object, json_error, quote};

/// The payload of MUTATE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    pub operation: Operation,
    pub target: Target,
    pub filter: Filter,
}

/// What is done to the jobs (rule `M-03`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The whole set is emptied, whatever the filter says (rule `M-07`).
    Clear,
    /// They go to the dead set (rule `M-08`).
    Kill,
    /// They are deleted.
    Discard,
    /// They go to their queues (rule `M-09`).
    Requeue,
}

/// The set (rule `M-04`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Scheduled,
    Retries,
    Dead,
}

/// Which jobs of the set are meant (rule `M-06`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    Everything,
    /// These, and nothing else that the filter says counts.
    Jids(Vec<String>),
    /// Those of a type whose text matches a glob. One of both at least is there.
    Matching {
        jobtype: Option<String>,
        glob: Option<String>,
    },
}

/// A payload that is refused; the text is what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MutateError {
    /// Rule `M-02`.
    #[error("{0}")]
    Json(String),
    #[error("unknown mutate operation")]
    Operation,
    #[error("invalid target for mutation command")]
    Target,
    /// `D25`: a slip of the pen must not mean everything.
    #[error("unknown filter member \"{0}\"; there are jids, regexp and jobtype")]
    Member(String),
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default)]
    cmd: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    target: Option<std::borrow::Cow<'a, str>>,
    #[serde(default)]
    filter: Option<RawFilter>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawFilter {
    jids: Option<Vec<String>>,
    regexp: Option<String>,
    jobtype: Option<String>,
    #[serde(flatten)]
    unknown: serde_json::Map<String, serde_json::Value>,
}

impl Mutation {
    /// Reads a payload. Blanks between tokens are allowed, which the reference refuses (rule `M-01`).
    pub fn parse(text: &str) -> Result<Self, MutateError> {
        let raw: Raw<'_> = serde_json::from_str(text).map_err(|e| MutateError::Json(json_error(&e, 0)))?;
        if !is_object(text) {
            return Err(MutateError::Json("expected an object".into()));
        }
        let operation = match raw.cmd.as_deref() {
            Some("clear") => Operation::Clear,
            Some("kill") => Operation::Kill,
            Some("discard") => Operation::Discard,
            Some("requeue") => Operation::Requeue,
            _ => return Err(MutateError::Operation),
        };
        let target = match raw.target.as_deref() {
            Some("scheduled") => Target::Scheduled,
            Some("retries") => Target::Retries,
            Some("dead") => Target::Dead,
            _ => return Err(MutateError::Target),
        };
        Ok(Self { operation, target, filter: Filter::new(raw.filter.unwrap_or_default())? })
    }
}

impl Filter {
    fn new(raw: RawFilter) -> Result<Self, MutateError> {
        if let Some(name) = raw.unknown.keys().next() {
            return Err(MutateError::Member(quote(name)));
        }
        let full = |text: &String| !text.is_empty();
        let (jobtype, glob) = (raw.jobtype.filter(full), raw.regexp.filter(full));
        Ok(match raw.jids.filter(|jids| !jids.is_empty()) {
            Some(jids) => Self::Jids(jids),
            None if jobtype.is_none() && glob.is_none() => Self::Everything,
            None => Self::Matching { jobtype, glob },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(json: &str) -> Result<Filter, MutateError> {
        let text = format!(r#"{{"cmd":"kill","target":"retries","filter":{json}}}"#);
        Mutation::parse(&text).map(|mutation| mutation.filter)
    }

    #[test]
    fn jids_come_before_the_rest_of_a_filter_m06() {
        let one = || vec!["abcdefgh1".to_owned()];
        let matching = |jobtype: Option<&str>, glob: Option<&str>| Filter::Matching {
            jobtype: jobtype.map(Into::into),
            glob: glob.map(Into::into),
        };
        for (json, found) in [
            ("null", Filter::Everything),
            ("{}", Filter::Everything),
            (r#"{"jids":null,"regexp":null,"jobtype":null}"#, Filter::Everything),
            (r#"{"jids":[],"regexp":"","jobtype":""}"#, Filter::Everything),
            (r#"{"jids":["abcdefgh1"],"regexp":"*","jobtype":"T"}"#, Filter::Jids(one())),
            (r#"{"regexp":"*x*"}"#, matching(None, Some("*x*"))),
            (r#"{"regexp":"*x*","jobtype":"T"}"#, matching(Some("T"), Some("*x*"))),
            (r#"{"jobtype":"T", "jids": [ ]}"#, matching(Some("T"), None)),
        ] {
            assert_eq!(filter(json), Ok(found), "{json}");
        }
        let bare = Mutation::parse(r#"{"cmd":"clear","target":"dead"}"#).expect("no filter");
        assert_eq!((bare.operation, bare.filter), (Operation::Clear, Filter::Everything));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_m02_m03_m04_d25() {
        for (text, told) in [
            (r#"{"cmd":"clear","target":"queues"}"#, "invalid target for mutation command"),
            (r#"{"cmd":"clear","target":"working"}"#, "invalid target for mutation command"),
            (r#"{"cmd":"clear"}"#, "invalid target for mutation command"),
            (r#"{"cmd":"Clear","target":"dead"}"#, "unknown mutate operation"),
            (r#"{"target":"dead"}"#, "unknown mutate operation"),
            ("[]", "expected an object"),
            ("{", "EOF while parsing an object at byte 1"),
            (
                r#"{"cmd":"discard","target":"dead","filter":{"jid":["x"]}}"#,
                r#"unknown filter member "jid"; there are jids, regexp and jobtype"#,
            ),
        ] {
            assert_eq!(Mutation::parse(text).expect_err(text).to_string(), told, "{text}");
        }
        for wrong in [r#"{"jids":"x"}"#, r#"{"jids":[1]}"#, r#"{"regexp":1}"#, "[]", "1"] {
            assert!(matches!(filter(wrong), Err(MutateError::Json(_))), "{wrong}");
        }
    }
}
