//! Whether a job's texts meet a filter: what the engine's pass cannot know.
//!
//! A text that does not hold what is looked for at all is done with after one look at its bytes; only the others are
//! read as what they are. Every comparison takes as long as the text is long, whatever is looked for.

use bessemer_core::Wall;
use bessemer_core::glob::Glob;
use bessemer_core::query::Found;
use serde::Deserialize;
use std::borrow::Cow;

use super::query::Filter;
use crate::job::Body;
use crate::limits;

/// What an error is compared by; its back trace is not.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Error<'a> {
    #[serde(borrow)]
    errtype: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

impl Filter {
    /// Whether no job can be judged by what the engine's pass knows of it.
    pub(super) fn needs_texts(&self) -> bool {
        self.needs_failure() || self.needs_body()
    }

    pub(super) fn needs_failure(&self) -> bool {
        !(self.errors.is_empty() && self.words.is_empty())
    }

    pub(super) fn needs_body(&self) -> bool {
        !(self.args.is_empty() && self.words.is_empty() && self.jid_globs.is_empty())
    }

    /// Whether the body of this job has to be read: for its text, or for its age.
    pub(super) fn needs_body_of(&self, found: &Found) -> bool {
        self.needs_body() || (self.age.is_some() && found.since.is_none())
    }

    /// The moments between which a job must have come to where it is.
    pub(super) fn since(&self, now: Wall) -> Option<(Wall, Wall)> {
        let back = |age: std::time::Duration| {
            let micros = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
            Wall(now.0.saturating_sub(micros))
        };
        self.age.map(|(least, most)| (back(most), back(least)))
    }

    /// Whether a job matches whose texts are these. `failure` is empty where it never failed, and `body` where
    /// [`Filter::needs_body_of`] said that it is not needed.
    pub(super) fn matches(&self, since: Option<Wall>, failure: &[u8], body: &[u8], now: Wall) -> bool {
        self.error_matches(failure) && self.body_matches(since, failure, body, now)
    }

    /// The failure alone, so that most bodies need not be read.
    pub(super) fn error_matches(&self, failure: &[u8]) -> bool {
        self.errors.is_empty() || (may_match(&self.errors, failure) && all_in_error(&self.errors, failure))
    }

    /// The rest, once the failure alone has said nothing against the job.
    pub(super) fn body_matches(&self, since: Option<Wall>, failure: &[u8], body: &[u8], now: Wall) -> bool {
        let age_needed = since.is_none() && self.age.is_some();
        if !self.needs_body() && !age_needed {
            return true;
        }
        if !may_match(&self.args, body) {
            return false;
        }
        let in_failure =
            |word: &Glob| !failure.is_empty() && all_in_error(std::slice::from_ref(word), failure);
        let elsewhere: Vec<&Glob> = self.words.iter().filter(|word| !in_failure(word)).collect();
        if elsewhere.iter().any(|word| !may_match(std::slice::from_ref(*word), body)) {
            return false;
        }
        let job = Body::read(body);
        let args = if self.args.is_empty() && elsewhere.is_empty() {
            String::new()
        } else {
            job.args_on_a_line(limits::SEARCHED_MAX)
        };
        let jobtype = job.jobtype();
        let has = |word: &&Glob| {
            [jobtype.as_bytes(), job.jid.as_bytes(), args.as_bytes()].iter().any(|text| word.matches(text))
        };
        (self.jid_globs.is_empty() || self.jid_globs.iter().any(|glob| glob.matches(job.jid.as_bytes())))
            && self.args.iter().all(|arg| arg.matches(args.as_bytes()))
            && elsewhere.iter().all(has)
            && (!age_needed || self.was_created_within(job.created_at.as_deref(), now))
    }

    fn was_created_within(&self, created_at: Option<&str>, now: Wall) -> bool {
        let Some((from, to)) = self.since(now) else { return true };
        created_at.and_then(|at| Wall::parse(at).ok()).is_some_and(|at| from <= at && at <= to)
    }
}

/// Whether a JSON text may hold something that all of these match: one that holds them nowhere, and no escape nor blanks
/// between its tokens that could hide them, does not.
fn may_match(globs: &[Glob], text: &[u8]) -> bool {
    let spans_tokens = |glob: &Glob| glob.written().bytes().any(|byte| b" ,:[]{}".contains(&byte));
    globs.iter().all(|glob| glob.matches(text) || spans_tokens(glob) || text.contains(&b'\\'))
}

fn all_in_error(globs: &[Glob], failure: &[u8]) -> bool {
    let Ok(error) = serde_json::from_slice::<Error<'_>>(failure) else { return false };
    let summary = format!("{}: {}", error.errtype, error.message);
    globs.iter().all(|glob| glob.matches(summary.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Wall = Wall(1_767_323_045_000_000);
    const BODY: &str = r#"{"jid":"abc-12345","jobtype":"Mail","queue":"q","args":[1, "a b", {"mail":"j\u00fcrgen@x.org"}],"created_at":"2026-01-02T02:04:05Z"}"#;
    const FAILURE: &str =
        r#"{"errtype":"Net::ReadTimeout","message":"no \"answer\" in 5 s","backtrace":["app/secret.rb:1"]}"#;

    fn matches(line: &str) -> bool {
        let filter = Filter::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        filter.matches(None, FAILURE.as_bytes(), BODY.as_bytes(), NOW)
    }

    #[test]
    fn a_job_is_found_by_its_texts_and_by_nothing_else() {
        for (line, expected) in [
            ("error:timeout", true),
            ("error:Net::Read*answer", true),
            (r#"error:"no \"answer\"""#, true),
            (r#"error:"Timeout: no""#, true),
            ("error:secret", false),
            ("error:Mail", false),
            ("arg:jürgen@x.org", true),
            (r#"arg:"a b""#, true),
            (r#"arg:1,*mail"#, true),
            ("arg:Mail", true),
            ("arg:timeout", false),
            ("arg:abc-12345", false),
            ("mail", true),
            ("ABC-", true),
            ("readtimeout jürgen", true),
            ("readtimeout nobody", false),
            ("created_at", false),
            ("jid:abc*", true),
            ("jid:*c-1*5 mail", true),
            ("jid:bc*", false),
            ("age>30m", true),
            ("age>2h", false),
            ("age<2h age>30m", true),
            ("", true),
        ] {
            assert_eq!(matches(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_json_matches_nothing_and_hurts_nobody() {
        for line in ["error:x", "arg:x", "x", "jid:x*", "age>1s"] {
            let filter = Filter::parse(line).expect("it can be read");
            assert!(!filter.matches(None, b"x\\", b"x\\", NOW), "{line}");
        }
    }
}
