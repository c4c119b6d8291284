//! Asking before something is done that cannot be undone. Who cannot be asked has to say `--yes`.

use std::io::{self, BufRead, IsTerminal as _, Write as _};

use bessemer_protocol::text::shown;
use rustix::termios::{QueueSelector, tcflush};

use crate::exit::{Exit, Failure};

/// Said beforehand.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Yes {
    /// Do not ask
    #[arg(long, short, alias = "y")]
    pub(super) yes: bool,
}

impl Yes {
    /// Goes on if the answer to `question` is yes.
    pub(super) fn or_ask(self, question: &str) -> Result<(), Failure> {
        self.or_answer(question, "[y/N]", |answer| {
            ["y", "yes"].contains(&answer.to_ascii_lowercase().as_str())
        })
    }

    /// Goes on if somebody types the word, which is for what takes everything.
    pub(super) fn or_type(self, what: &str, word: &str) -> Result<(), Failure> {
        self.or_answer(what, &format!("Type {word} to go on:"), |answer| answer == word)
    }

    fn or_answer(self, what: &str, hint: &str, agrees: impl Fn(&str) -> bool) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        let what = shown(what);
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            let what = format!("{what} There is nobody to ask; --yes does it without");
            return Err(Failure { exit: Exit::Usage, what });
        }
        // What was typed before the question was there is no answer to it. Where it cannot be thrown away, nobody was asked.
        let thrown = tcflush(io::stdin(), QueueSelector::IFlush).map_err(io::Error::from);
        // A prompt that cannot be shown is answered by nobody.
        let mut err = io::stderr();
        let shown = thrown.and_then(|()| write!(err, "{what} {hint} ")).and_then(|()| err.flush());
        let answer = shown.and_then(|()| answer(&mut io::stdin().lock()));
        let answer =
            answer.map_err(|error| Failure { exit: Exit::Io, what: format!("cannot ask: {error}") })?;
        if agrees(&answer) {
            return Ok(());
        }
        Err(Failure { exit: Exit::Declined, what: "nothing was changed".to_owned() })
    }
}

/// Characters of an answer that are read.
const ANSWER_MAX: u64 = 1_000;

fn answer(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    io::Read::take(input, ANSWER_MAX).read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_line_without_its_end() {
        for (typed, read) in [("y\n", "y"), (" yes \r\nmore", "yes"), ("", "")] {
            assert_eq!(answer(&mut typed.as_bytes()).expect("an answer"), read);
        }
        let endless = "y".repeat(10_000);
        assert_eq!(answer(&mut endless.as_bytes()).expect("an answer").len(), 1_000);
    }

    #[test]
    fn who_said_yes_is_not_asked() {
        assert_eq!(Yes { yes: true }.or_ask("Delete everything?"), Ok(()));
        assert_eq!(Yes { yes: true }.or_type("Everything goes.", "flush"), Ok(()));
    }
}
