//! What the server says about itself by itself: the log, the form of whose lines `log.rs` owns, figures for statsd,
//! traces for OpenTelemetry. What others ask for is in `bessemer-web`.

mod log;
#[cfg(feature = "otel")]
pub(crate) mod otel;
pub(crate) mod statsd;

use std::io::{self, IsTerminal};

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use self::log::Lines;
use crate::clock;

/// Starts the log on standard output, for the rest of the process. The level is that of `-l`.
pub fn start(level: &str) {
    let known = level_named(level);
    install(known.unwrap_or(Level::WARN), io::stdout, io::stdout().is_terminal());
    if known.is_none() {
        tracing::warn!("-l {level}: no such level, so warnings and errors are shown");
    }
}

/// Starts the log for a tool: standard output is for what it was asked, so warnings go to standard error.
pub fn start_on_stderr(level: Level) {
    install(level, io::stderr, io::stderr().is_terminal());
}

fn install<W>(level: Level, writer: W, colour: bool)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .event_format(Lines { clock: clock::wall })
        .with_ansi(colour)
        // A log that cannot be written has nowhere to say so; standard error may be the same closed pipe.
        .log_internal_errors(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(filter(level)).with(lines).init();
}

/// The words of `-l`; anything else is none, and means warnings and errors (rule `O-12`).
fn level_named(name: &str) -> Option<Level> {
    match name {
        "error" => Some(Level::ERROR),
        "warn" => Some(Level::WARN),
        "info" => Some(Level::INFO),
        "debug" => Some(Level::DEBUG),
        _ => None,
    }
}

/// The level is for what we say; of the libraries only warnings are of interest.
fn filter(level: Level) -> Targets {
    let libraries = LevelFilter::from_level(level).min(LevelFilter::WARN);
    Targets::new().with_default(libraries).with_target("bessemer", level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_are_those_of_the_reference_o12() {
        for (name, level) in [
            ("error", Some(Level::ERROR)),
            ("warn", Some(Level::WARN)),
            ("info", Some(Level::INFO)),
            ("debug", Some(Level::DEBUG)),
            ("loud", None),
            ("", None),
        ] {
            assert_eq!(level_named(name), level, "{name:?}");
        }
    }

    #[test]
    fn libraries_only_warn() {
        let debug = filter(Level::DEBUG);
        assert!(debug.would_enable("bessemer_server::node", &Level::DEBUG));
        assert!(!debug.would_enable("hyper::proto", &Level::INFO));
        assert!(debug.would_enable("hyper::proto", &Level::WARN));
        let error = filter(Level::ERROR);
        assert!(!error.would_enable("hyper::proto", &Level::WARN));
        assert!(!error.would_enable("bessemer_server::node", &Level::WARN));
    }
}
