//! `bessemer restore BACKUP [DIR]`: makes a store of a backup.

use std::path::PathBuf;

use bessemer_store::embedded::disk::RealDisk;
use bessemer_store::tools::{self, ToolError};

use super::figures::{extent, jobs, verified_json};
use super::progress::Progress;
use super::{Cli, output, source};
use crate::clock::Clock;
use crate::exit::Failure;

/// Make a store of a backup, in a directory that is empty; the backup stays as it is.
#[derive(Clone, Debug, clap::Args)]
pub struct Restore {
    /// The directory of the backup
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// The data directory to be [default: that of the configuration]
    #[arg(value_name = "DIR")]
    place: Option<PathBuf>,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        let config = cli.store(self.place.as_ref())?;
        let source = source(&self.backup)?;
        if !source.is_backup() {
            return Err(ToolError::NoBackup { path: self.backup.display().to_string() }.into());
        }
        let target = RealDisk::open(&config.directory).map_err(ToolError::from)?;
        let mut progress = Progress::of("restoring");
        let now = Clock::new()?.now(None);
        let restored = tools::restore(&source, &target, &config.rules, now, &mut |step| progress.tell(step))?;
        drop(progress);
        let place = config.directory.display().to_string();
        if self.json {
            output::json(&verified_json(&place, &restored))
        } else {
            output::line(&format!("restored {} to {place}: {}", self.backup.display(), extent(&restored)))?;
            output::line(&format!("jobs: {}", jobs(&restored.info)))
        }
    }
}
