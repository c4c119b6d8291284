//! `bessemer salvage DIR NEWDIR`: saves what can be read of a damaged store.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use bessemer_store::Fatal;
use bessemer_store::embedded::disk::RealDisk;
use bessemer_store::tools::{self, Doubt, Salvaged, ToolError};
use serde_json::{Value, json};

use super::figures::{count, damage, damage_json, jobs, jobs_json};
use super::progress::Progress;
use super::{Cli, output, source};
use crate::clock::Clock;
use crate::exit::Failure;

/// Save what can be read of a damaged store into a new one, and say what was lost. Nothing is changed in the old one.
#[derive(Clone, Debug, clap::Args)]
pub struct Salvage {
    /// The damaged data directory, or backup, which no server uses
    #[arg(value_name = "DIR")]
    place: PathBuf,
    /// The data directory to be; it must not exist
    #[arg(value_name = "NEWDIR")]
    new: PathBuf,
    /// Name each job that is in doubt, not only their number
    #[arg(long)]
    list: bool,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
}

impl Salvage {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        let config = cli.store(Some(&self.place))?;
        if let Some(name) = fs::read_dir(&self.new).ok().and_then(|mut names| names.next()) {
            let name = name.map_or(String::new(), |entry| entry.file_name().to_string_lossy().into_owned());
            return Err(ToolError::NotEmpty { path: self.new.display().to_string(), name }.into());
        }
        // It gets its name when it is whole.
        let mut draft = self.new.clone().into_os_string();
        draft.push(".partial");
        let draft = PathBuf::from(draft);
        let source = source(&self.place)?;
        let target = RealDisk::open(&draft).map_err(ToolError::from)?;
        let (clock, mut entropy) = (Clock::new()?, [0; 16]);
        getrandom::fill(&mut entropy)?;
        let options = config.options();
        // What is saved counts for more than a list that nobody reads to its end.
        let (mut progress, mut doubts, mut said) = (Progress::of("salvaging"), Vec::new(), Ok(()));
        let mut tell = |doubt: Doubt<'_>| match (self.list, self.json) {
            (true, true) => doubts.push(doubt_json(doubt)),
            (true, false) if said.is_ok() => said = output::line(&doubt_line(doubt)),
            _ => {}
        };
        let at = (clock.now(None), entropy);
        let salvaged =
            tools::salvage(&source, target, &options, at, &mut tell, &mut |step| progress.tell(step))?;
        drop(progress);
        name(&draft, &self.new).map_err(|error| Fatal {
            action: "name",
            path: self.new.display().to_string(),
            offset: 0,
            source: error,
        })?;
        said?;
        match self.json {
            true => output::json(&self.json(&salvaged, doubts)),
            false => output::lines(self.lines(&salvaged)),
        }
    }

    fn lines(&self, salvaged: &Salvaged) -> Vec<String> {
        let mut lines: Vec<String> = salvaged.damages.iter().map(damage).collect();
        let mut doubt = |what: &str| lines.push(format!("in doubt: {what}"));
        let doubts = [
            (
                salvaged.may_have_ended,
                "that may have ended in what is lost, and are back as they stood before",
            ),
            (salvaged.lost, "whose names are in what is lost and nowhere else: their bodies are gone"),
            (salvaged.lost_without_name, "that lived after what is lost: their bodies and names are gone"),
            (
                salvaged.unknown.unwrap_or(0),
                "that came in what is lost and left no trace: ended there, or gone",
            ),
            (salvaged.beyond_dead_max, "left out: the dead set may hold no more (retention.dead_max)"),
        ];
        for (number, what) in doubts.into_iter().filter(|(number, _)| *number > 0) {
            doubt(&format!("{} {what}", count(number, "job")));
        }
        if salvaged.unknown.is_none() {
            doubt("nobody can say how many jobs came in what is lost and left no trace");
        }
        if salvaged.was_cleaned && !salvaged.damages.is_empty() {
            doubt("older jobs that were told again in what is lost may be gone without a trace");
        }
        let (from, to) = (self.place.display(), self.new.display());
        lines.push(format!("salvaged {} of {from} into {to}", count(salvaged.jobs, "job")));
        lines.push(format!("jobs: {}", jobs(&salvaged.info)));
        lines
    }

    fn json(&self, salvaged: &Salvaged, doubts: Vec<Value>) -> Value {
        json!({
            "directory": self.place.display().to_string(),
            "new_directory": self.new.display().to_string(),
            "jobs": jobs_json(&salvaged.info),
            "salvaged": salvaged.jobs,
            "damages": salvaged.damages.iter().map(damage_json).collect::<Vec<_>>(),
            "may_have_ended": salvaged.may_have_ended,
            "lost": salvaged.lost,
            "lost_without_name": salvaged.lost_without_name,
            "unknown": salvaged.unknown,
            "was_cleaned": salvaged.was_cleaned,
            "beyond_dead_max": salvaged.beyond_dead_max,
            "list": self.list.then_some(doubts),
        })
    }
}

/// Gives a finished directory its name, durably.
fn name(draft: &Path, name: &Path) -> io::Result<()> {
    fs::rename(draft, name)?;
    let above = name.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(above)?.sync_all()
}

fn doubt_line(doubt: Doubt<'_>) -> String {
    let (what, [jid, queue, jobtype]) = match doubt {
        Doubt::MayHaveEnded { jid, queue, jobtype } => ("may have ended", [jid, queue, jobtype]),
        Doubt::Lost { jid, queue, jobtype } => ("lost", [jid, queue, jobtype]),
    };
    format!("{what}: {jid:?}, queue {queue:?}, type {jobtype:?}")
}

fn doubt_json(doubt: Doubt<'_>) -> Value {
    let (doubt, [jid, queue, jobtype]) = match doubt {
        Doubt::MayHaveEnded { jid, queue, jobtype } => ("may have ended", [jid, queue, jobtype]),
        Doubt::Lost { jid, queue, jobtype } => ("lost", [jid, queue, jobtype]),
    };
    json!({ "doubt": doubt, "jid": jid, "queue": queue, "jobtype": jobtype })
}
