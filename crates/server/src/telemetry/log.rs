//! The form of a log line (rule `O-12`):
//!
//! ```text
//! I 2026-11-23T05:30:00.123Z PID 17 listening at 127.0.0.1:7419, press Ctrl-C to stop
//! ```
//!
//! An event is one line, whatever it carries: clients choose much of what is logged, so control characters are shown
//! and not sent to the terminal.

use std::fmt::{self, Write};

use bessemer_core::Wall;
use bessemer_protocol::text::shown;
use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

/// Writes events as lines.
pub(super) struct Lines {
    /// The time in front of each. Nothing is decided by it.
    pub(super) clock: fn() -> Wall,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (letter, colour) = match *event.metadata().level() {
            Level::ERROR => ('E', "31"),
            Level::WARN => ('W', "33"),
            Level::INFO => ('I', "32"),
            Level::DEBUG | Level::TRACE => ('D', "34"),
        };
        if writer.has_ansi_escapes() {
            write!(writer, "\x1b[{colour}m{letter}\x1b[0m")?;
        } else {
            writer.write_char(letter)?;
        }
        let time = Timestamp::from_microsecond((self.clock)().0).map_err(|_| fmt::Error)?;
        write!(writer, " {time:.3}")?;
        let mut text = Text::default();
        event.record(&mut text);
        write!(Shown(&mut writer), " {}{}", text.message, text.fields)?;
        writeln!(writer)
    }
}

/// The message of an event, and its fields behind it.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a `String` cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// Passes text on, with control characters in the form of Rust's escapes.
struct Shown<W>(W);

impl<W: Write> Write for Shown<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(&shown(text))
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("one thread").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Paper {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// What is logged while this runs.
    fn logged(colour: bool, says: impl FnOnce()) -> String {
        let paper = Paper::default();
        let clock = || Wall::parse("2026-11-23T05:30:00.1237Z").expect("a moment");
        let lines = tracing_subscriber::fmt::layer()
            .event_format(Lines { clock })
            .with_ansi(colour)
            .with_writer(paper.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), says);
        String::from_utf8(paper.0.lock().expect("one thread").clone()).expect("UTF-8")
    }

    #[test]
    fn a_line_is_a_letter_a_time_and_a_text_o12() {
        let lines = logged(false, || {
            tracing::info!("PID {} listening at {}, press Ctrl-C to stop", 17, "127.0.0.1:7419");
            tracing::warn!("w");
            tracing::error!("e");
            tracing::debug!("d");
            tracing::trace!("d");
        });
        let expected = "I 2026-11-23T05:30:00.123Z PID 17 listening at 127.0.0.1:7419, press Ctrl-C to stop\n\
                        W 2026-11-23T05:30:00.123Z w\n\
                        E 2026-11-23T05:30:00.123Z e\n\
                        D 2026-11-23T05:30:00.123Z d\n\
                        D 2026-11-23T05:30:00.123Z d\n";
        assert_eq!(lines, expected);
    }

    #[test]
    fn fields_follow_the_text() {
        let line = logged(false, || tracing::info!(jobs = 3, queue = "a b", "moved"));
        assert_eq!(line, "I 2026-11-23T05:30:00.123Z moved jobs=3 queue=\"a b\"\n");
    }

    #[test]
    fn what_a_client_says_stays_on_its_line_and_leaves_the_terminal_alone() {
        let line = logged(false, || tracing::info!("{} {}", "a\nE 2026\r", "\x1b[2J\u{9b}ü\u{7f}"));
        assert_eq!(line, "I 2026-11-23T05:30:00.123Z a\\nE 2026\\r \\u{1b}[2J\\u{9b}ü\\u{7f}\n");
    }

    #[test]
    fn only_the_letter_is_coloured() {
        let line = logged(true, || tracing::error!("no"));
        assert_eq!(line, "\x1b[31mE\x1b[0m 2026-11-23T05:30:00.123Z no\n");
    }
}
