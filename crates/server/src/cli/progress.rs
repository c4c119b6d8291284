//! How far a tool has come, said on standard error: one line that changes on a terminal, a line every few seconds
//! elsewhere, nothing for what is quick.

use std::io::{self, IsTerminal, Write as _};
use std::time::Duration;

use bessemer_core::Boot;
use bessemer_store::tools;

use super::figures::{bytes, grouped};
use crate::clock;

/// Between two words on a terminal, and elsewhere.
const PAUSE: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(5)];

/// Characters of a whole bar.
const BAR: u64 = 24;

/// Says it.
pub(super) struct Progress {
    what: &'static str,
    /// What is counted.
    unit: Unit,
    on_terminal: bool,
    said: Boot,
    /// There is a line on the terminal that is to be wiped.
    shown: bool,
}

/// How an amount is shown, and what stands behind it.
type Unit = (fn(u64) -> String, &'static str);

const BYTES: Unit = (bytes, "");
const JOBS: Unit = (grouped, " jobs");

impl Progress {
    /// `what` is being done to bytes, such as `reading`.
    pub(super) fn of(what: &'static str) -> Self {
        let on_terminal = io::stderr().is_terminal();
        Self { what, unit: BYTES, on_terminal, said: clock::boot(), shown: false }
    }

    /// The same to jobs.
    pub(super) fn in_jobs(what: &'static str) -> Self {
        Self { unit: JOBS, ..Self::of(what) }
    }

    /// Tells how far it has come, unless that was told just before.
    pub(super) fn tell(&mut self, tools::Progress { done, of }: tools::Progress) {
        self.say(done, Some(of));
    }

    /// The same where the end may not be known; then there is no bar.
    pub(super) fn tell_jobs(&mut self, done: u64, of: Option<u64>) {
        self.say(done, of);
    }

    /// Takes its line off the terminal, where something else is to be said.
    pub(super) fn wipe(&mut self) {
        if std::mem::take(&mut self.shown) {
            _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    fn say(&mut self, done: u64, of: Option<u64>) {
        let now = clock::boot();
        if now.since(self.said) < PAUSE[usize::from(!self.on_terminal)] {
            return;
        }
        self.said = now;
        let line = line(self.what, self.on_terminal, done, of, self.unit);
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

fn line(what: &str, bar: bool, done: u64, of: Option<u64>, (amount, unit): Unit) -> String {
    let Some(of) = of else { return format!("{what}: {}{unit}", amount(done)) };
    // What grows while it is looked at may be passed.
    let part = |parts: u64| {
        let part = (u128::from(done) * u128::from(parts)).checked_div(of.into());
        part.map_or(parts, |part| part.min(parts.into()) as u64)
    };
    let (percent, full) = (part(100), part(BAR) as usize);
    let bar = match bar {
        true => format!(" [{}{}]", "#".repeat(full), "-".repeat(BAR as usize - full)),
        false => ":".to_owned(),
    };
    format!("{what}{bar} {} of {}{unit}, {percent} %", amount(done), amount(of))
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_grows_from_nothing_to_all_and_not_beyond() {
        let at = |done, of| line("reading", true, done, of, JOBS);
        assert_eq!(at(0, Some(8)), "reading [------------------------] 0 of 8 jobs, 0 %");
        assert_eq!(at(4, Some(8)), "reading [############------------] 4 of 8 jobs, 50 %");
        assert_eq!(at(9, Some(8)), "reading [########################] 9 of 8 jobs, 100 %");
        assert_eq!(at(0, Some(0)), "reading [########################] 0 of 0 jobs, 100 %");
        assert_eq!(at(u64::MAX, Some(u64::MAX)).matches('#').count(), 24);
        assert_eq!(at(7, None), "reading: 7 jobs");
        assert_eq!(line("reading", false, 1, Some(2), BYTES), "reading: 1 bytes of 2 bytes, 50 %");
    }
}
