//! MUTATE: what an operator's script does to many jobs of a set at once.

use serde::{Deserialize, Serialize};

use crate::object::{Object, read};
use crate::text::{json_error, quote};

/// The payload of MUTATE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mutation {
    #[serde(rename = "cmd")]
    pub operation: Operation,
    pub target: Target,
    #[serde(skip_serializing_if = "Filter::is_everything")]
    pub filter: Filter,
}

/// What is done to the jobs (rule `M-03`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Jobs whose time has not come.
    Scheduled,
    /// Jobs that failed and wait to be tried again.
    Retries,
    /// Jobs that are tried no more.
    Dead,
}

/// Which jobs of the set are meant (rule `M-06`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Filter {
    /// All of them.
    Everything,
    /// These, and nothing else that the filter says counts.
    Jids {
        /// One at least.
        jids: Vec<String>,
    },
    /// Those of a type whose text matches a glob. One of both at least is there.
    Matching {
        /// The type.
        #[serde(skip_serializing_if = "Option::is_none")]
        jobtype: Option<String>,
        /// A glob over the whole job as compact JSON (rule `M-10`).
        #[serde(rename = "regexp", skip_serializing_if = "Option::is_none")]
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
    filter: Option<Object<RawFilter>>,
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
        let raw: Raw<'_> = read(text).map_err(|e| MutateError::Json(json_error(&e, 0)))?;
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
        Ok(Self { operation, target, filter: Filter::new(raw.filter.unwrap_or_default().0)? })
    }
}

impl Filter {
    /// These jobs.
    pub fn jids(jids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Jids { jids: jids.into_iter().map(Into::into).collect() }
    }

    /// The jobs of this type.
    pub fn jobtype(jobtype: impl Into<String>) -> Self {
        Self::Matching { jobtype: Some(jobtype.into()), glob: None }
    }

    /// The jobs whose text as compact JSON matches this glob, in full: `*"args":\["stuart"*`.
    pub fn glob(glob: impl Into<String>) -> Self {
        Self::Matching { jobtype: None, glob: Some(glob.into()) }
    }

    fn is_everything(&self) -> bool {
        *self == Self::Everything
    }

    fn new(raw: RawFilter) -> Result<Self, MutateError> {
        if let Some(name) = raw.unknown.keys().next() {
            return Err(MutateError::Member(quote(name)));
        }
        let full = |text: &String| !text.is_empty();
        let (jobtype, glob) = (raw.jobtype.filter(full), raw.regexp.filter(full));
        Ok(match raw.jids.filter(|jids| !jids.is_empty()) {
            Some(jids) => Self::Jids { jids },
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
        let one = || Filter::Jids { jids: vec!["abcdefgh1".to_owned()] };
        let matching = |jobtype: Option<&str>, glob: Option<&str>| Filter::Matching {
            jobtype: jobtype.map(Into::into),
            glob: glob.map(Into::into),
        };
        for (json, found) in [
            ("null", Filter::Everything),
            ("{}", Filter::Everything),
            (r#"{"jids":null,"regexp":null,"jobtype":null}"#, Filter::Everything),
            (r#"{"jids":[],"regexp":"","jobtype":""}"#, Filter::Everything),
            (r#"{"jids":["abcdefgh1"],"regexp":"*","jobtype":"T"}"#, one()),
            (r#"{"regexp":"*x*"}"#, matching(None, Some("*x*"))),
            (r#"{"regexp":"*x*","jobtype":"T"}"#, matching(Some("T"), Some("*x*"))),
            (r#"{"jobtype":"T", "jids": [ ]}"#, matching(Some("T"), None)),
        ] {
            assert_eq!(filter(json), Ok(found), "{json}");
        }
        for bare in
            [r#"{"cmd":"clear","target":"dead"}"#, r#"{"cmd":"clear","target":"dead","filter":null,"x":1}"#]
        {
            let bare = Mutation::parse(bare).expect("no filter");
            assert_eq!((bare.operation, bare.filter), (Operation::Clear, Filter::Everything));
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        for (operation, target, filter, json) in [
            (Operation::Clear, Target::Dead, Filter::Everything, r#"{"cmd":"clear","target":"dead"}"#),
            (
                Operation::Kill,
                Target::Retries,
                Filter::jids(["abcdefgh1"]),
                r#"{"cmd":"kill","target":"retries","filter":{"jids":["abcdefgh1"]}}"#,
            ),
            (
                Operation::Discard,
                Target::Scheduled,
                Filter::jobtype("T"),
                r#"{"cmd":"discard","target":"scheduled","filter":{"jobtype":"T"}}"#,
            ),
            (
                Operation::Requeue,
                Target::Dead,
                Filter::glob("*x*"),
                r#"{"cmd":"requeue","target":"dead","filter":{"regexp":"*x*"}}"#,
            ),
        ] {
            let mutation = Mutation { operation, target, filter };
            assert_eq!(serde_json::to_string(&mutation).expect("JSON"), json);
            assert_eq!(Mutation::parse(json), Ok(mutation));
        }
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
