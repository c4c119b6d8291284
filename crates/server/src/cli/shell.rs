//! `bessemer shell`: lines of the protocol, as they are, and the replies to them (rule `O-16`).

use std::io::{self, BufRead, IsTerminal as _, Write as _};

use bessemer::{Answer, Error};
use bessemer_protocol::limits::{JOB_MAX, LINE_MAX};
use bessemer_protocol::text::shown;

use super::address::{Address, Server};
use super::{Cli, output};
use crate::exit::{Exit, Failure};

/// Send lines of the protocol as they are, and show the replies.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Ctrl-D or END ends it. Try INFO, or PUSH {\"jid\":\"12345678\",\"jobtype\":\"T\",\"args\":[]}\n"
)]
pub struct Shell {
    #[command(flatten)]
    address: Address,
}

impl Shell {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        self.address.talk(cli, async |server| {
            let figures = server.client.info().await?.server;
            // Bessemer says its version in its description.
            let version = figures.version.map_or(format!(" {}", figures.faktory_version), |_| String::new());
            output::line(&shown(&format!("Connected to {}{version}", figures.description)))?;
            let mut input = io::stdin().lock();
            let prompt = io::stdin().is_terminal();
            while let Some(line) = read(&mut input, prompt)? {
                if line == "END" {
                    break;
                }
                if !line.is_empty() {
                    say(server, &line).await?;
                }
            }
            Ok(())
        })
    }
}

/// The next line; none: that was all.
fn read(input: &mut impl BufRead, prompt: bool) -> Result<Option<String>, Failure> {
    let failed = |what: &str| Failure { exit: Exit::Damage, what: format!("standard input: {what}") };
    if prompt {
        let mut out = io::stdout().lock();
        out.write_all(b"> ").and_then(|()| out.flush()).map_err(|error| failed(&error.to_string()))?;
    }
    let most = JOB_MAX + LINE_MAX;
    let mut line = Vec::new();
    let read = io::Read::take(&mut *input, most as u64 + 1).read_until(b'\n', &mut line);
    let read = read.map_err(|error| failed(&error.to_string()))?;
    if read == 0 {
        if prompt {
            output::line("")?;
        }
        return Ok(None);
    }
    if read > most {
        return Err(failed(&format!("a line is longer than {most} bytes")));
    }
    let line = String::from_utf8(line).map_err(|_| failed("a line is not UTF-8"))?;
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Sends a line and shows what comes back.
async fn say(server: &mut Server, line: &str) -> Result<(), Failure> {
    let reply = match server.client.call(line).await {
        Ok(Answer::Simple(text)) => text,
        Ok(Answer::Bulk(text)) => String::from_utf8_lossy(&text).into_owned(),
        Ok(Answer::Null) => "(nothing)".to_owned(),
        Err(Error::Server { answer, .. }) => format!("{} {}", answer.code, answer.text),
        Err(error) => return Err(error.into()),
    };
    output::line(&shown(&reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_to_the_end_of_the_input_and_not_beyond_their_limit() {
        let mut input = &b"INFO\r\n\nEND"[..];
        let mut next = || read(&mut input, false).expect("a line");
        assert_eq!(
            [next(), next(), next(), next()],
            [Some("INFO".into()), Some("".into()), Some("END".into()), None]
        );
        let long = vec![b'x'; JOB_MAX + LINE_MAX + 1];
        assert!(read(&mut &long[..], false).is_err());
        assert!(read(&mut &long[1..], false).is_ok());
        assert!(read(&mut &b"\xff\n"[..], false).is_err());
    }
}
