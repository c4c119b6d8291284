//! `bessemer backup TO [DIR]`: copies a store, also while it is served.

use std::path::PathBuf;

use bessemer_core::Wall;
use bessemer_store::embedded::disk::RealDisk;
use bessemer_store::tools::{self, ToolError};
use serde_json::json;

use super::figures::{bytes, count};
use super::progress::Progress;
use super::{Cli, output, source};
use crate::clock;
use crate::exit::Failure;

/// Copy a store, also while it is served; again into the same place: only what is new.
#[derive(Clone, Debug, clap::Args)]
pub struct Backup {
    /// The directory of the backup; created where it is missing
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// The data directory [default: that of the configuration]
    #[arg(value_name = "DIR")]
    place: Option<PathBuf>,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        let directory = cli.store(self.place.as_ref())?.directory;
        let source = source(&directory)?;
        let target = RealDisk::open(&self.to).map_err(ToolError::from)?;
        let mut progress = Progress::of("backing up");
        let done = tools::backup(&source, &target, clock::wall(), &mut |step| progress.tell(step))?;
        drop(progress);
        let (from, to) = (directory.display(), self.to.display());
        let written = done.last_written.map(Wall::rfc3339);
        if self.json {
            let said = json!({
                "directory": from.to_string(), "backup": to.to_string(), "segments": done.segments,
                "bytes": done.bytes, "copied_segments": done.copied_segments, "copied_bytes": done.copied_bytes,
                "position": done.position, "last_written": written,
            });
            output::json(&said)
        } else {
            let all = count(done.segments as u64, "segment");
            let (size, copied) = (bytes(done.bytes), bytes(done.copied_bytes));
            let until = written.map_or(String::new(), |at| format!(", up to {at}"));
            output::line(&format!(
                "backed up {from} to {to}: {all}, {size}, of which {copied} copied now{until}"
            ))
        }
    }
}
