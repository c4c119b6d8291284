//! What is reported to the server when a job did not succeed.

use std::error::Error as StdError;
use std::panic::Location;

use bessemer_protocol::limits::{BACKTRACE_LINES_MAX, ERRTYPE_MAX, MESSAGE_MAX};
use bessemer_protocol::text::cut;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::task::JoinError;

use crate::job::args::ArgumentMismatch;
use crate::worker::frames;
use crate::worker::panic::{self, Panicked};

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
    /// Lines that quote arguments: for the server, which has those anyway, and for no log.
    #[serde(skip)]
    quotes: Vec<String>,
}

/// Bytes of one line of a trace; servers cut the lines off that are too many.
const LINE_MAX: usize = 1_000;

impl Failure {
    pub(crate) const PANIC: &'static str = "panic";
    pub(crate) const TIMEOUT: &'static str = "Timeout";
    pub(crate) const SHUTDOWN: &'static str = "Shutdown";

    /// A failure of a type of your own. The trace begins with the place of this call.
    #[track_caller]
    pub fn new(errtype: impl Into<String>, message: impl Into<String>) -> Self {
        let place = format!("at {}", Location::caller());
        Self { errtype: errtype.into(), message: message.into(), backtrace: vec![place], quotes: Vec::new() }
    }

    /// A failure of this library's own making, which has no place in the user's code.
    pub(crate) fn internal(errtype: &str, message: impl Into<String>) -> Self {
        let (errtype, message) = (errtype.into(), message.into());
        Self { errtype, message, backtrace: Vec::new(), quotes: Vec::new() }
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
        self.backtrace.append(&mut self.quotes);
        clip(&mut self.errtype, ERRTYPE_MAX);
        clip(&mut self.message, MESSAGE_MAX);
        self.backtrace.truncate(lines.min(BACKTRACE_LINES_MAX));
        self.backtrace.iter_mut().for_each(|line| clip(line, LINE_MAX));
        self
    }
}

/// Cuts a text to `max` bytes, between two characters.
fn clip(text: &mut String, max: usize) {
    text.truncate(cut(text, max).len());
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        let place = format!("at {}", Location::caller());
        let error: Box<dyn StdError + Send + Sync> = error.into();
        let error = match error.downcast::<JoinError>().map(|error| panic::of_task(*error)) {
            Ok(Ok(panicked)) => {
                return Self::from(panicked).followed_by(place.replacen("at", "awaited at", 1));
            }
            Ok(Err(cancelled)) => cancelled.into(),
            Err(other) => other,
        };
        let mut backtrace = vec![place];
        backtrace.extend(causes(&*error));
        backtrace.extend(frames_of::<E>(&*error));
        Self { errtype: errtype::<E>(), message: error.to_string(), backtrace, quotes: Vec::new() }
    }
}

/// Why an error came about, and why that did.
fn causes(error: &(dyn StdError + 'static)) -> impl Iterator<Item = String> {
    let first = error.source();
    std::iter::successors(first, |cause| (*cause).source()).map(|cause| format!("caused by: {cause}"))
}

/// The back trace that an error brings along. Only those of `anyhow` and `eyre` do, in what they say to programmers, and
/// only when `RUST_BACKTRACE` is set.
fn frames_of<E>(error: &(dyn StdError + Send + Sync)) -> Vec<String> {
    match std::any::type_name::<E>() {
        "anyhow::Error" | "eyre::Report" => {}
        _ => return Vec::new(),
    }
    let text = format!("{error:?}");
    text.rsplit_once("Stack backtrace:").map(|(_, backtrace)| frames::of_error(backtrace)).unwrap_or_default()
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
        Self {
            errtype: Self::PANIC.into(),
            message: panicked.message,
            backtrace: panicked.trace,
            quotes: Vec::new(),
        }
    }
}

/// Bytes of a JSON value that are quoted where it does not fit.
const QUOTE_MAX: usize = 200;

impl Failure {
    /// The arguments of a job do not fit its type. Which JSON was found goes to the server alone.
    pub(crate) fn mismatch(mismatch: &ArgumentMismatch, args: &RawValue) -> Self {
        let mut failure = Self::internal("ArgumentMismatch", mismatch.to_string());
        let mut found = args.get().to_owned();
        if let ArgumentMismatch::Type { index, reason, .. } = mismatch {
            failure.quotes.push(reason.clone());
            let elements: Result<Vec<&RawValue>, _> = serde_json::from_str(args.get());
            if let Some(element) = elements.ok().and_then(|elements| elements.get(*index).copied()) {
                found = element.get().to_owned();
            }
        }
        clip(&mut found, QUOTE_MAX);
        failure.quotes.push(format!("found: {found}"));
        failure
    }

    /// A layer around the job answered an error of its own.
    #[cfg(feature = "tower")]
    pub(crate) fn of_layer(error: &(dyn StdError + Send + Sync + 'static)) -> Self {
        let mut failure = Self::internal("Layer", error.to_string());
        failure.backtrace.extend(causes(error));
        failure
    }

    /// The same with a line of trace more.
    fn followed_by(mut self, line: String) -> Self {
        self.backtrace.push(line);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::args::Arguments;

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
        assert_eq!(error.backtrace[1], "caused by: invalid digit found in string");
        // With RUST_BACKTRACE it has frames.
        assert!(error.backtrace[2..].iter().all(|line| line.contains("failure.rs:")), "{error:#?}");
        assert_eq!(Failure::new("Furnace::Cold", "brr").errtype, "Furnace::Cold");
    }

    #[tokio::test]
    async fn a_panic_of_a_task_that_a_job_waits_for_is_its_own() {
        panic::install_hook();
        let failure =
            Failure::from(tokio::spawn(async { panic!("nested") }).await.map(|(): ()| ()).unwrap_err());
        assert_eq!((failure.errtype(), failure.message()), (Failure::PANIC, "nested"));
        assert!(failure.backtrace[0].starts_with(concat!("at ", file!(), ":")), "{failure:#?}");
        let last = failure.backtrace.last().unwrap();
        assert!(last.starts_with(concat!("awaited at ", file!(), ":")), "{failure:#?}");
        let task = tokio::spawn(std::future::pending::<()>());
        task.abort();
        let failure = Failure::from(task.await.unwrap_err());
        assert_eq!(failure.errtype(), "tokio::runtime::task::error::JoinError");
        assert!(failure.message().contains("cancelled"), "{failure:?}");
    }

    #[test]
    fn the_json_that_did_not_fit_is_quoted_to_the_server_alone() {
        let args = RawValue::from_string(r#"["a",{"secret":1}]"#.into()).unwrap();
        let mismatch = <(String, i64)>::from_json(&args).unwrap_err();
        let failure = Failure::mismatch(&mismatch, &args);
        assert_eq!(failure.message(), "argument 1: expected i64, found an object");
        assert!(!serde_json::to_string(&failure).unwrap().contains("secret"));
        let reported = failure.trimmed(30);
        assert_eq!(reported.backtrace()[0], "invalid type: map, expected i64 at line 1 column 0");
        assert_eq!(reported.backtrace()[1], r#"found: {"secret":1}"#);
        let whole = Failure::mismatch(&<()>::from_json(&args).unwrap_err(), &args).trimmed(30);
        assert_eq!(whole.backtrace(), [r#"found: ["a",{"secret":1}]"#]);
    }

    #[test]
    fn a_failure_stays_within_the_servers_limits() {
        let failure = Failure {
            errtype: "é".repeat(500),
            message: "é".repeat(5_000),
            backtrace: vec!["é".repeat(5_000); 100],
            quotes: Vec::new(),
        };
        let trimmed = failure.clone().trimmed(1_000_000);
        assert_eq!(trimmed.errtype, "é".repeat(50));
        assert_eq!(trimmed.message, "é".repeat(500));
        assert_eq!(trimmed.backtrace, vec!["é".repeat(500); 50]);
        assert_eq!(failure.trimmed(7).backtrace.len(), 7);
    }
}
