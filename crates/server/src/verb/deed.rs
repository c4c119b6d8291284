//! What an operator's verb does and to what, as the audit log says it: in the words that it has for the same deed on a page.
//!
//! A line is read once more for it. Operators send few, and what carries the deed out need not know that it is told.

use bessemer_core::command::ThrottleDeed;
use bessemer_protocol::mutate::{Filter, Mutation, Operation, Target};
use bessemer_protocol::operate::{JobEdit, JobFilter, JobSet, KeyFilter};
use bessemer_protocol::request::Verb;

/// Names that a deed tells; the others stand behind a `…`.
const NAMES_SHOWN: usize = 3;

/// A change that somebody asked for by the port for jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    pub(crate) action: &'static str,
    pub(crate) object: String,
    /// How much it reached at least, once it is done: a queue that is paused is one, whatever is in it.
    pub(crate) least: u64,
}

impl Deed {
    /// What a verb asks for; `None`: nothing that changes something for others than who sends it.
    pub(crate) fn of(verb: Verb, rest: &str) -> Option<Self> {
        match verb {
            Verb::Flush => Some(deed("flush", "everything".into())),
            Verb::Mutate => mutation(rest),
            Verb::Queue => queues(rest),
            Verb::Jobs => jobs(rest),
            Verb::Workers => workers(rest),
            Verb::Unique => unique(rest),
            Verb::Throttles => throttles(rest),
            Verb::Batch => batches(rest),
            _ => None,
        }
    }
}

fn deed(action: &'static str, object: String) -> Deed {
    Deed { action, object, least: 0 }
}

fn mutation(rest: &str) -> Option<Deed> {
    let Mutation { operation, target, filter } = Mutation::parse(rest).ok()?;
    let action = match operation {
        Operation::Clear => "clear",
        Operation::Kill => "kill",
        Operation::Discard => "delete",
        Operation::Requeue => "retry",
    };
    let set = match target {
        Target::Scheduled => "scheduled",
        Target::Retries => "retries",
        Target::Dead => "dead",
    };
    let which = match filter {
        _ if operation == Operation::Clear => "all".into(),
        Filter::Everything => "all".into(),
        Filter::Jids { jids } => format!("job {}", names(&jids)),
        Filter::Matching { jobtype, glob } => matching(None, jobtype, glob),
    };
    Some(deed(action, format!("in {set} {which}")))
}

fn batches(rest: &str) -> Option<Deed> {
    let (subcommand, bid) = rest.split_once(' ')?;
    let action = match &*subcommand.to_ascii_uppercase() {
        "CANCEL" => "cancel batch",
        "CHECK" => "check batch",
        _ => return None,
    };
    Some(deed(action, bid.trim_ascii().to_owned()))
}

fn queues(rest: &str) -> Option<Deed> {
    let (subcommand, all) = rest.split_once(' ')?;
    let action = match &*subcommand.to_ascii_uppercase() {
        "PAUSE" => "pause queue",
        "RESUME" => "resume queue",
        "REMOVE" => "remove queue",
        _ => return None,
    };
    let all: Vec<&str> = all.split(' ').filter(|name| !name.is_empty()).collect();
    Some(Deed { least: all.len() as u64, ..deed(action, names(&all)) })
}

fn jobs(rest: &str) -> Option<Deed> {
    let (subcommand, payload) = rest.split_once(' ').unwrap_or((rest, ""));
    let action = match &*subcommand.to_ascii_uppercase() {
        "EDIT" => return Some(deed("edit", format!("job {}", JobEdit::parse(payload).ok()?.jid))),
        "RETRY" => "retry",
        "KILL" => "kill",
        "DELETE" => "delete",
        "DISCARD" => "discard",
        "RESTORE" => "restore",
        "RELEASE" => "release",
        "MOVE" => "move",
        _ => return None,
    };
    let JobFilter { set, queue, jobtype, jids, regexp, to, .. } = JobFilter::parse(payload).ok()?;
    let place = set.map(JobSet::as_str).map_or_else(String::new, |set| format!("in {set} "));
    let which = jids.map_or_else(|| matching(queue, jobtype, regexp), |jids| format!("job {}", names(&jids)));
    let to = to.map_or_else(String::new, |to| format!(" to queue {to}"));
    Some(deed(action, format!("{place}{which}{to}")))
}

fn workers(rest: &str) -> Option<Deed> {
    let (subcommand, wid) = rest.split_once(' ')?;
    let action = match &*subcommand.to_ascii_uppercase() {
        "QUIET" => "quiet worker",
        "TERMINATE" => "stop worker",
        _ => return None,
    };
    let wid = wid.trim_ascii();
    Some(deed(action, if wid == "*" { "all".into() } else { wid.into() }))
}

fn unique(rest: &str) -> Option<Deed> {
    let (subcommand, payload) = rest.split_once(' ')?;
    if !subcommand.eq_ignore_ascii_case("RELEASE") {
        return None;
    }
    let KeyFilter { key, jid, .. } = KeyFilter::parse(payload).ok()?;
    Some(deed("release key", key.or(jid.map(|jid| format!("job {jid}")))?))
}

fn throttles(rest: &str) -> Option<Deed> {
    Some(match super::throttles::parse(rest).ok()?? {
        ThrottleDeed::Set { queue, limit } => deed("set throttle", format!("{queue} {limit}")),
        ThrottleDeed::Reset { queue } => deed("reset throttle", queue.into()),
    })
}

/// As the box of a search would say it.
fn matching(queue: Option<String>, jobtype: Option<String>, glob: Option<String>) -> String {
    let said = [("queue", queue), ("type", jobtype), ("text", glob)];
    let said: Vec<String> =
        said.into_iter().filter_map(|(name, value)| Some(format!("{name}:{}", value?))).collect();
    if said.is_empty() { "all".into() } else { said.join(" ") }
}

fn names(all: &[impl AsRef<str>]) -> String {
    let mut shown: Vec<&str> = all.iter().take(NAMES_SHOWN).map(AsRef::as_ref).collect();
    if all.len() > NAMES_SHOWN {
        shown.push("…");
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Option<String> {
        let (verb, rest) = bessemer_protocol::request::split(line).expect("a verb");
        let Deed { action, object, least } = Deed::of(verb, rest)?;
        Some(format!("{action}: {object} ({least})"))
    }

    #[test]
    fn every_verb_that_changes_something_for_others_is_told() {
        for (line, expected) in [
            ("FLUSH", "flush: everything (0)"),
            (r#"MUTATE {"cmd":"clear","target":"dead"}"#, "clear: in dead all (0)"),
            (
                r#"MUTATE {"cmd":"kill","target":"retries","filter":{"jobtype":"T","regexp":"*x*"}}"#,
                "kill: in retries type:T text:*x* (0)",
            ),
            (
                r#"MUTATE {"cmd":"discard","target":"scheduled","filter":{"jids":["a1","b2","c3","d4"]}}"#,
                "delete: in scheduled job a1, b2, c3, … (0)",
            ),
            ("QUEUE PAUSE mail default", "pause queue: mail, default (2)"),
            ("QUEUE remove *", "remove queue: * (1)"),
            (r#"JOBS RETRY {"set":"dead","queue":"q"}"#, "retry: in dead queue:q (0)"),
            (r#"JOBS MOVE {"jids":["a1"],"to":"low"}"#, "move: job a1 to queue low (0)"),
            (r#"JOBS EDIT {"jid":"a1","retry":3}"#, "edit: job a1 (0)"),
            ("JOBS DELETE {}", "delete: all (0)"),
            ("WORKERS QUIET *", "quiet worker: all (0)"),
            ("WORKERS TERMINATE w1", "stop worker: w1 (0)"),
            (r#"UNIQUE RELEASE {"key":"00ff"}"#, "release key: 00ff (0)"),
            (r#"UNIQUE release {"jid":"a1"}"#, "release key: job a1 (0)"),
            (r#"THROTTLES SET q {"worker":2}"#, "set throttle: q worker=2 (0)"),
            ("THROTTLES reset q", "reset throttle: q (0)"),
        ] {
            assert_eq!(told(line).as_deref(), Some(expected), "{line}");
        }
        for line in [
            "INFO",
            "PUSH {}",
            "JOBS LIST",
            "QUEUE LIST",
            "QUEUE LATENCY q",
            "WORKERS LIST",
            "UNIQUE LIST",
            "THROTTLES LIST",
            "ACK {}",
        ] {
            assert_eq!(told(line), None, "{line}");
        }
    }
}
