//! `bessemer import SOURCE [DIR]`: puts jobs from elsewhere into a store.
//!
//! ```text
//! lines.rs    ◄── lines of `bessemer export`, behind what is there
//! transfer.rs ◄── content.rs ◄── faktory.rs ◄── rdb/     Faktory's data file     into a new store, whole,
//!   digest.rs, refused.rs, report.rs        ◄── redis/   its running Redis       or not at all
//! ```

mod content;
mod digest;
mod faktory;
mod keys;
mod lines;
mod rdb;
mod redis;
mod refused;
mod report;
mod source;
mod transfer;

use std::path::PathBuf;

use self::source::Source;
use super::Cli;
use crate::config;
use crate::exit::{Exit, Failure};

/// Put the jobs of an export into a store that is stopped, behind those that are there, or all that Faktory holds into a
/// new store.
#[derive(Clone, Debug, clap::Args)]
pub struct Import {
    /// What `bessemer export` wrote; or Faktory's data file, its data directory, or its running Redis:
    /// redis://HOST:PORT/DATABASE, unix:/PATH
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// The data directory; created where it is missing [default: that of the configuration]
    #[arg(value_name = "DIR")]
    place: Option<PathBuf>,
    /// Read and check everything, say what would be imported, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on without what our rules refuse of Faktory's jobs, and write it to refused.jsonl in the data directory
    #[arg(long)]
    skip_bad: bool,
    /// The database of Redis that is Faktory's [default: 0]
    #[arg(long, value_name = "N")]
    database: Option<u64>,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        let mut source = Source::find(&self.source, config::variable)?;
        let config = cli.store(self.place.as_ref())?;
        let Source::Lines(path) = &source else {
            return transfer::run(&mut source, &config, self);
        };
        for (is_given, flag) in [(self.skip_bad, "--skip-bad"), (self.database.is_some(), "--database")] {
            if is_given {
                let what = format!("{flag} is for Faktory's jobs, and {} are none", path.display());
                return Err(Failure { exit: Exit::Usage, what });
            }
        }
        lines::run(path, &config, self)
    }
}
