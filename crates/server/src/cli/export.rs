//! `bessemer export [DIR]`: everything that a store holds, as JSON lines.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Seek as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bessemer_core::machine::Life;
use bessemer_store::Fatal;
use bessemer_store::tools::{self, Told, ToolError};

use super::figures::count;
use super::lines::{self, End, FORMAT, Header, Job, Line, Queue};
use super::progress::Progress;
use super::{Cli, output, source};
use crate::clock::{self, Clock};
use crate::exit::Failure;

/// Write every job, queue and count as JSON lines, for another store or another program.
#[derive(Clone, Debug, clap::Args)]
pub struct Export {
    /// A data directory, also one that is served, or a backup [default: that of the configuration]
    #[arg(value_name = "DIR")]
    place: Option<PathBuf>,
    /// Write to this file, which appears when it is whole [default: standard output]
    #[arg(long, short, alias = "o", value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        let config = cli.store(self.place.as_ref())?;
        let place = config.directory.display();
        let source = source(&config.directory)?;
        let now = Clock::new()?.now(None);
        let mut progress = Progress::of("exporting");
        let mut export = |writer: &mut Writer<'_>| {
            let mut take = |told: Told<'_>| writer.take(told);
            tools::export(&source, &config.rules, now, &mut take, &mut |step| progress.tell(step))
        };
        let Some(file) = &self.output else {
            let mut writer = Writer::new(Output::Standard(io::stdout().lock()));
            export(&mut writer).map_err(|error| match error {
                ToolError::Output(error) if error.kind() == ErrorKind::BrokenPipe => output::closed(error),
                error => error.into(),
            })?;
            output::note(&format!("exported {} of {place}", count(writer.jobs, "job")));
            return Ok(());
        };
        let failed = |action, path: &Path| {
            let path = path.display().to_string();
            move |source| Failure::from(Fatal { action, path, offset: 0, source })
        };
        let mut draft = file.clone().into_os_string();
        draft.push(".tmp");
        let draft = PathBuf::from(draft);
        let mut options = OpenOptions::new();
        // Arguments of jobs are nobody else's business.
        let begun = options.create(true).truncate(true).write(true).mode(0o600).open(&draft);
        let mut writer = Writer::new(Output::File(BufWriter::new(begun.map_err(failed("create", &draft))?)));
        export(&mut writer)?;
        writer.sync().map_err(failed("flush", &draft))?;
        fs::rename(&draft, file).map_err(failed("name", file))?;
        output::line(&format!("exported {} of {place} to {}", count(writer.jobs, "job"), file.display()))
    }
}

/// Where lines go.
enum Output<'o> {
    File(BufWriter<File>),
    Standard(io::StdoutLock<'o>),
}

/// Writes what is told.
struct Writer<'o> {
    output: Output<'o>,
    line: Vec<u8>,
    has_begun: bool,
    jobs: u64,
}

impl<'o> Writer<'o> {
    fn new(output: Output<'o>) -> Self {
        Self { output, line: Vec::new(), has_begun: false, jobs: 0 }
    }

    fn take(&mut self, told: Told<'_>) -> io::Result<()> {
        match told {
            Told::Begin(info) => {
                self.begin()?;
                self.write(&Line::Export(Header {
                    format: FORMAT,
                    bessemer: crate::VERSION.into(),
                    made: clock::wall().rfc3339().into(),
                    processed: info.processed,
                    failures: info.failures,
                }))
            }
            Told::Queue { name, paused } => self.write(&Line::Queue(Queue { name: name.into(), paused })),
            Told::Day(day) => self.write(&Line::Day(lines::date(day))),
            Told::Record { family, key, value } => {
                self.write(&Line::Record(lines::record(family, key, value)))
            }
            Told::Job(life) => self.job(&life),
            Told::End => {
                self.write(&Line::End(End { jobs: self.jobs }))?;
                self.flush()
            }
        }
    }

    fn job(&mut self, life: &Life<'_>) -> io::Result<()> {
        let job = Job::of(life).map_err(|error| {
            let what = format!("job {} has a text that is no JSON: {error}", life.head.jid);
            io::Error::new(io::ErrorKind::InvalidData, what)
        })?;
        self.jobs += 1;
        self.write(&Line::Job(Box::new(job)))
    }

    /// Takes back what was written, where that can be done.
    fn begin(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        self.jobs = 0;
        match &mut self.output {
            Output::File(file) => {
                file.rewind()?;
                file.get_ref().set_len(0)
            }
            Output::Standard(_) => Err(io::Error::other(
                "the log moved on while it was read; export to a file (-o FILE), or export a backup",
            )),
        }
    }

    fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)?;
        self.line.push(b'\n');
        match &mut self.output {
            Output::File(file) => file.write_all(&self.line),
            Output::Standard(out) => out.write_all(&self.line),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.output {
            Output::File(file) => file.flush(),
            Output::Standard(out) => out.flush(),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        match &mut self.output {
            Output::File(file) => file.get_ref().sync_all(),
            Output::Standard(_) => Ok(()),
        }
    }
}
