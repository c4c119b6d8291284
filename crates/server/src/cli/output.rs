//! What goes to standard output, for people text and for scripts JSON, and the notes beside it. What comes from a server or
//! a job is made harmless by those who know which part of a line that is (`bessemer_protocol::text::shown`).
//!
//! Nothing else in this crate prints: `println!` would end the process with a panic where a pipe is closed or a disk full.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::exit::{Exit, Failure};

/// Writes a line.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(closed)
}

/// Writes each of these on a line.
pub(super) fn lines(texts: impl IntoIterator<Item: AsRef<str>>) -> Result<(), Failure> {
    texts.into_iter().try_for_each(|text| line(text.as_ref()))
}

/// Says a line on standard error. Who has closed that does not want to know.
pub(super) fn note(text: &str) {
    _ = writeln!(io::stderr(), "{text}");
}

/// Writes a document on one line.
pub(super) fn json(document: &impl Serialize) -> Result<(), Failure> {
    line(&serde_json::to_string(document).expect("what servers said has a JSON form"))
}

/// Sees to it that everything has been written: the process may end, or wait.
pub(super) fn flush() -> Result<(), Failure> {
    io::stdout().flush().map_err(closed)
}

/// Whoever has closed standard output, such as `head`, has what it wanted: the tool ends, and nothing is wrong.
pub(super) fn closed(error: io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure { exit: Exit::Stopped, what: String::new() },
        _ => Failure { exit: Exit::Io, what: format!("cannot write to standard output: {error}") },
    }
}

/// How many columns of text fit on the terminal; none: it is a file or a pipe, where everything fits.
pub(super) fn width() -> Option<usize> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&out).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}
