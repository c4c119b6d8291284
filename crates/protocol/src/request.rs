//! A client's line: its verb and the rest. The table of verbs is the list of what a server may be asked.

use crate::text::quote;

/// The verbs of the protocol, case-sensitive (rule `H-41`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    Push,
    PushBulk,
    Fetch,
    Ack,
    Fail,
    Beat,
    Info,
    End,
    Flush,
    Mutate,
    Queue,
    Batch,
    Track,
    /// Our own: more time for a job in hand.
    Extend,
    /// Our own: what operators ask of jobs.
    Jobs,
    /// Our own: what operators ask of worker processes.
    Workers,
    /// Our own: what operators ask of the keys of unique jobs.
    Unique,
    /// Our own: what operators ask of the limits of queues.
    Throttles,
    /// Our own: what operators ask of cron entries.
    Cron,
}

impl Verb {
    const ALL: [(&'static str, Self); 19] = [
        ("PUSH", Self::Push),
        ("PUSHB", Self::PushBulk),
        ("FETCH", Self::Fetch),
        ("ACK", Self::Ack),
        ("FAIL", Self::Fail),
        ("BEAT", Self::Beat),
        ("INFO", Self::Info),
        ("END", Self::End),
        ("FLUSH", Self::Flush),
        ("MUTATE", Self::Mutate),
        ("QUEUE", Self::Queue),
        ("BATCH", Self::Batch),
        ("TRACK", Self::Track),
        ("EXTEND", Self::Extend),
        ("JOBS", Self::Jobs),
        ("WORKERS", Self::Workers),
        ("UNIQUE", Self::Unique),
        ("THROTTLES", Self::Throttles),
        ("CRON", Self::Cron),
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, verb)| *verb == self).map_or("", |(word, _)| word)
    }
}

/// A line that names no verb; the text is what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown command {0}")]
pub struct UnknownVerb(String);

/// Splits a line, without its line end, at its first space (rule `H-43`).
pub fn split(line: &str) -> Result<(Verb, &str), UnknownVerb> {
    let (word, rest) = match memchr::memchr(b' ', line.as_bytes()) {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, ""),
    };
    match Verb::ALL.iter().find(|(name, _)| *name == word) {
        Some((_, verb)) => Ok((*verb, rest)),
        None => Err(UnknownVerb(quote(word))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_ends_at_the_first_space_h43() {
        assert_eq!(split("PUSH {\"a\": 1}"), Ok((Verb::Push, "{\"a\": 1}")));
        assert_eq!(split("INFO"), Ok((Verb::Info, "")));
        assert_eq!(split("FETCH  a"), Ok((Verb::Fetch, " a")));
    }

    #[test]
    fn other_words_are_unknown_h40_h41_h42() {
        for (line, error) in [
            ("FOO bar", "unknown command FOO"),
            ("push {}", "unknown command push"),
            ("", "unknown command "),
            (" PUSH", "unknown command "),
            ("PUSH\t{}", "unknown command PUSH\\t{}"),
        ] {
            assert_eq!(split(line).map_err(|e| e.to_string()), Err(error.into()));
        }
    }
}
