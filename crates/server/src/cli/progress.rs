//! How far a tool has come, said on standard error: one line that changes on a terminal, a line every few seconds
//! elsewhere, nothing for what is quick.

use std::io::{self, IsTerminal, Write as _};
use std::time::Duration;

use bessemer_core::Boot;
use bessemer_store::tools;

use super::figures::bytes;
use crate::clock;

/// Between two words on a terminal, and elsewhere.
const PAUSE: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(5)];

/// Says it.
pub(super) struct Progress {
    what: &'static str,
    on_terminal: bool,
    said: Boot,
    /// There is a line on the terminal that is to be wiped.
    shown: bool,
}

impl Progress {
    /// `what` is being done, such as `reading`.
    pub(super) fn of(what: &'static str) -> Self {
        Self { what, on_terminal: io::stderr().is_terminal(), said: clock::boot(), shown: false }
    }

    /// Tells how far it has come, unless that was told just before.
    pub(super) fn tell(&mut self, progress: tools::Progress) {
        let now = clock::boot();
        if now.since(self.said) < PAUSE[usize::from(!self.on_terminal)] {
            return;
        }
        self.said = now;
        let tools::Progress { done, of } = progress;
        let percent = (done * 100).checked_div(of).unwrap_or(100);
        let line = format!("{}: {} of {}, {percent} %", self.what, bytes(done), bytes(of));
        // Who has closed standard error does not want to know.
        let mut err = io::stderr();
        if self.on_terminal {
            self.shown = true;
            _ = write!(err, "\r{line}\x1b[K");
        } else {
            _ = writeln!(err, "{line}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
