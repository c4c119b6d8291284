//! `bessemer verify [DIR]`: reads everything, changes nothing.

use std::path::PathBuf;

use bessemer_store::tools;

use super::figures::{count, damage, extent, jobs, verified_json};
use super::progress::Progress;
use super::{Cli, source};
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
        if self.json {
            println!("{}", verified_json(&place, &verified));
        } else {
            for found in &verified.damages {
                println!("{}", damage(found));
            }
            if let Some(torn) = &verified.torn {
                let (path, offset, bytes) = (&torn.path, torn.offset, count(torn.bytes, "byte"));
                println!(
                    "torn: {path} at offset {offset}, {bytes}: a batch that nobody was told of, which the next start cuts"
                );
            }
            println!("read: {}", extent(&verified));
            println!("jobs: {}", jobs(&verified.info));
        }
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
        if !self.json {
            println!("{place} is whole");
        }
        Ok(())
    }
}
