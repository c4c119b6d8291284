//! `bessemer verify [DIR]`: reads everything, changes nothing.

use std::path::PathBuf;

use bessemer_store::tools::{self, Verified};

use super::figures::{count, damage, extent, jobs, verified_json};
use super::progress::Progress;
use super::{Cli, output, source};
use crate::clock::Clock;
use crate::exit::{Exit, Failure};

/// Check a store or a backup: every checksum, every job. Changes nothing, and needs no stop of the server.
#[derive(Clone, Debug, clap::Args)]
pub struct Verify {
    /// A data directory, or a backup [default: that of the configuration]
    #[arg(value_name = "DIR")]
    place: Option<PathBuf>,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        let config = cli.store(self.place.as_ref())?;
        let place = config.directory.display().to_string();
        let source = source(&config.directory)?;
        let now = Clock::new()?.now(None);
        let mut progress = Progress::of("verifying");
        let verified = tools::verify(&source, &config.rules, now, &mut |step| progress.tell(step))?;
        drop(progress);
        let said = match self.json {
            true => output::json(&verified_json(&place, &verified)),
            false => output::lines(lines(&verified)),
        };
        // The verdict counts for more than that somebody has stopped reading.
        if let Some(broken) = &verified.broken {
            let what = format!(
                "{place}: a rule about jobs does not hold, which is a mistake of this program: {broken}"
            );
            return Err(Failure { exit: Exit::Damage, what });
        }
        if !verified.is_whole() {
            let found = count(verified.damages.len() as u64, "damage");
            return Err(Failure { exit: Exit::Damage, what: format!("{place}: {found}") });
        }
        said?;
        if self.json { Ok(()) } else { output::line(&format!("{place} is whole")) }
    }
}

/// What was found, for people.
fn lines(verified: &Verified) -> Vec<String> {
    let mut lines: Vec<String> = verified.damages.iter().map(damage).collect();
    if let Some(torn) = &verified.torn {
        let (path, offset, bytes) = (&torn.path, torn.offset, count(torn.bytes, "byte"));
        lines.push(format!(
            "torn: {path} at offset {offset}, {bytes}: a batch that nobody was told of, which the next start cuts"
        ));
    }
    lines.extend([format!("read: {}", extent(verified)), format!("jobs: {}", jobs(&verified.info))]);
    lines
}
