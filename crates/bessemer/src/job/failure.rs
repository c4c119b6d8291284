//! What is reported to the server when a job did not succeed.

use std::error::Error as StdError;
use std::panic::Location;

use bessemer_protocol::limits::{BACKTRACE_LINES_MAX, ERRTYPE_MAX, MESSAGE_MAX};
use serde::Serialize;

use crate::job::args::ArgumentMismatch;
use crate::worker::panic::Panicked;

/// Why a job failed: the type of the error, its message, and lines that lead to the place.
///
/// Every error becomes one by `?`: those of the standard library, those derived with `thiserror`, `anyhow::Error`, a
/// `String`. The first line of the trace is the file and line of that `?`, then comes the chain of causes.
///
/// ```
/// fn read(text: &str) -> Result<i64, bessemer::Failure> {
///     Ok(text.parse()?)
/// }
///
/// let failure = read("seven").unwrap_err();
/// assert_eq!(failure.errtype(), "core::num::error::ParseIntError");
/// assert_eq!(failure.message(), "invalid digit found in string");
/// assert!(failure.backtrace()[0].starts_with("at "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    errtype: String,
    message: String,
    backtrace: Vec<String>,
}

/// Characters of one line of a trace; servers cut the lines off that are too many.
const LINE_MAX: usize = 1_000;

impl Failure {
    pub(crate) const PANIC: &'static str = "panic";
    pub(crate) const TIMEOUT: &'static str = "Timeout";
    pub(crate) const SHUTDOWN: &'static str = "Shutdown";

    /// A failure of a type of your own. The trace begins with the place of this call.
    #[track_caller]
    pub fn new(errtype: impl Into<String>, message: impl Into<String>) -> Self {
        let place = format!("at {}", Location::caller());
        Self { errtype: errtype.into(), message: message.into(), backtrace: vec![place] }
    }

    /// A failure of this library's own making, which has no place in the user's code.
    pub(crate) fn internal(errtype: &str, message: impl Into<String>) -> Self {
        Self { errtype: errtype.into(), message: message.into(), backtrace: Vec::new() }
    }

    /// The type of the error; `panic` for a panic.
    pub fn errtype(&self) -> &str {
        &self.errtype
    }

    /// What the error says.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// File and line, causes or frames.
    pub fn backtrace(&self) -> &[String] {
        &self.backtrace
    }

    /// The same, within `lines` lines of trace and the limits of servers.
    pub(crate) fn trimmed(mut self, lines: usize) -> Self {
        clip(&mut self.errtype, ERRTYPE_MAX);
        clip(&mut self.message, MESSAGE_MAX);
        self.backtrace.truncate(lines.min(BACKTRACE_LINES_MAX));
        self.backtrace.iter_mut().for_each(|line| clip(line, LINE_MAX));
        self
    }
}

/// Cuts a text to `max` characters.
fn clip(text: &mut String, max: usize) {
    if let Some((end, _)) = text.char_indices().nth(max) {
        text.truncate(end);
    }
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        let place = format!("at {}", Location::caller());
        let error: Box<dyn StdError + Send + Sync> = error.into();
        let mut backtrace = vec![place];
        let mut next = error.source();
        while let Some(cause) = next {
            backtrace.push(format!("caused by: {cause}"));
            next = cause.source();
        }
        Self { errtype: errtype::<E>(), message: error.to_string(), backtrace }
    }
}

/// The path of the type, or `error` for a text and for an error whose type was forgotten.
fn errtype<E>() -> String {
    match std::any::type_name::<E>() {
        "alloc::string::String" | "&str" => "error".into(),
        name if name.contains("dyn ") => "error".into(),
        name => name.into(),
    }
}

impl From<Panicked> for Failure {
    fn from(panicked: Panicked) -> Self {
        Self { errtype: Self::PANIC.into(), message: panicked.message, backtrace: panicked.trace }
    }
}

impl Failure {
    /// Retrying does not help here, but the server decides.
    pub(crate) fn mismatch(mismatch: &ArgumentMismatch) -> Self {
        let mut failure = Self::internal("ArgumentMismatch", mismatch.to_string());
        if let ArgumentMismatch::Type { reason, .. } = mismatch {
            // Names the argument's value at times: it goes to the server, which has it anyway, and not to a log.
            failure.backtrace.push(reason.clone());
        }
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the furnace is cold")]
    struct Furnace(#[source] std::num::ParseIntError);

    fn cause() -> std::num::ParseIntError {
        "x".parse::<i64>().unwrap_err()
    }

    #[test]
    fn an_error_leaves_its_type_message_place_and_causes() {
        fn work() -> Result<(), Failure> {
            Err(Furnace(cause()))?;
            Ok(())
        }
        let failure = work().unwrap_err();
        assert_eq!(failure.errtype, "bessemer::job::failure::tests::Furnace");
        assert_eq!(failure.message, "the furnace is cold");
        assert!(failure.backtrace[0].starts_with("at crates/bessemer/src/job/failure.rs:"), "{failure:?}");
        assert_eq!(failure.backtrace[1..], ["caused by: invalid digit found in string"]);
    }

    #[test]
    fn every_kind_of_error_becomes_a_failure() {
        let (here, text) = (line!(), Failure::from("no coal"));
        assert_eq!((text.errtype.as_str(), text.message.as_str()), ("error", "no coal"));
        assert!(text.backtrace[0].starts_with(&format!("at {}:{here}:", file!())), "{text:?}");
        let owned = Failure::from("no coal".to_owned());
        assert_eq!(owned.errtype, "error");
        let boxed: Box<dyn StdError + Send + Sync> = Box::new(cause());
        assert_eq!(Failure::from(boxed).errtype, "error");
        let error = anyhow::Error::new(cause()).context("while reading");
        let error = Failure::from(error);
        assert_eq!((error.errtype.as_str(), error.message.as_str()), ("anyhow::Error", "while reading"));
        assert_eq!(error.backtrace[1..], ["caused by: invalid digit found in string"]);
        assert_eq!(Failure::new("Furnace::Cold", "brr").errtype, "Furnace::Cold");
    }

    #[test]
    fn a_failure_stays_within_the_servers_limits() {
        let failure = Failure {
            errtype: "é".repeat(500),
            message: "é".repeat(5_000),
            backtrace: vec!["é".repeat(5_000); 100],
        };
        let trimmed = failure.clone().trimmed(1_000_000);
        assert_eq!(trimmed.errtype, "é".repeat(100));
        assert_eq!(trimmed.message, "é".repeat(1_000));
        assert_eq!(trimmed.backtrace, vec!["é".repeat(1_000); 50]);
        assert_eq!(failure.trimmed(7).backtrace.len(), 7);
    }
}
