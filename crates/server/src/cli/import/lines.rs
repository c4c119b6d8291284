//! The jobs of an export into a store, behind those that are there.
//!
//! The file is read twice: every line is checked, and every limit of the store, before the first job is written. What
//! can still go wrong then is the disk, or an end of the process: jobs are written in the order of their lines, so the
//! store holds those of the first lines then, and nothing in halves.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use bessemer_core::fact::Order;
use bessemer_core::limits::KEPT_RECORD_BYTES;
use bessemer_core::machine::Life;
use bessemer_core::query::Info;
use bessemer_protocol::limits::JOB_MAX;
use bessemer_store::Fatal;
use bessemer_store::embedded::disk::RealDisk;
use bessemer_store::tools::{self, ImportError, Importer, ToolError};
use serde_json::json;

use super::super::figures::{count, jobs, jobs_json};
use super::super::lines::{FORMAT, Line, State};
use super::super::output;
use super::super::progress::Progress;
use super::Import;
use crate::clock::{self, Clock};
use crate::config::StoreConfig;
use crate::exit::{Exit, Failure};

/// Bytes of a line: the largest job, its failure and what is around them.
const LINE_MAX: usize = JOB_MAX + (1 << 20);

/// Imports the lines of an export, or only checks them.
pub(super) fn run(path: &Path, config: &StoreConfig, flags: &Import) -> Result<(), Failure> {
    let mut reader = Reader::open(path)?;
    let mut progress = Progress::of("checking");
    let content = Content::check(&mut reader, &mut |step| progress.tell(step))?;
    drop(progress);
    let (file, place) = (path.display().to_string(), config.directory.display().to_string());
    if flags.dry_run {
        if flags.json {
            return output::json(&json!({ "file": file, "jobs": content.jobs, "dry_run": true }));
        }
        let (jobs, queues) = (count(content.jobs, "job"), content.queues());
        output::line(&format!("{file}: every line is right, {jobs} in {queues}"))?;
        return output::line("nothing was imported: this was a dry run");
    }
    reader.rewind()?;
    let (clock, mut entropy) = (Clock::new()?, [0; 16]);
    getrandom::fill(&mut entropy)?;
    let disk = RealDisk::open(&config.directory).map_err(ToolError::from)?;
    let first = Order(content.first.unwrap_or(0));
    let importer = Importer::open(disk, config.options(), clock.now(None), entropy, first)?;
    content.refuse_too_much(path, &importer.info(), importer.kept_bytes(), config)?;
    let mut progress = Progress::of("importing");
    let info = write(&mut reader, importer, &content, &mut |step| progress.tell(step))?;
    drop(progress);
    if flags.json {
        let said =
            json!({ "file": file, "directory": place, "imported": content.jobs, "jobs": jobs_json(&info) });
        output::json(&said)
    } else {
        output::line(&format!("imported {} of {file} into {place}", count(content.jobs, "job")))?;
        output::line(&format!("jobs: {}", jobs(&info)))
    }
}

/// What a file holds, every line of which is right.
#[derive(Debug, Default)]
struct Content {
    jobs: u64,
    dead: u64,
    /// The smallest order.
    first: Option<i64>,
    queues: BTreeSet<String>,
    /// What the records that are no jobs count.
    kept: usize,
}

impl Content {
    /// Reads every line. The error names the first that is wrong.
    fn check(reader: &mut Reader, watch: &mut tools::Watch<'_>) -> Result<Self, Failure> {
        let (mut content, mut orders, mut ended) = (Self::default(), Vec::new(), false);
        while reader.next(watch)? {
            if ended {
                return Err(reader.wrong("there is more behind the end"));
            }
            match reader.line()? {
                Line::Export(_) if reader.number == 1 => {}
                Line::Export(_) => return Err(reader.wrong("an export begins inside another")),
                Line::Queue(queue) => _ = content.queues.insert(queue.name.into_owned()),
                Line::Day(date) => _ = date.day().map_err(|why| reader.wrong(&why))?,
                Line::Record(record) => {
                    let (family, key, value) = record.read().map_err(|why| reader.wrong(&why))?;
                    let size = key.len() + value.len() + KEPT_RECORD_BYTES;
                    content.kept += if family.is_open() { size } else { 0 };
                }
                Line::Job(job) => {
                    let envelope = job.envelope().map_err(|why| reader.wrong(&why))?;
                    job.life(&envelope, &[]).map_err(|why| reader.wrong(&why))?;
                    content.jobs += 1;
                    content.dead += u64::from(job.state == State::Dead);
                    if !content.queues.contains(envelope.queue()) {
                        content.queues.insert(envelope.queue().to_owned());
                    }
                    orders.push((job.order, reader.number));
                }
                Line::End(end) if end.jobs == content.jobs => ended = true,
                Line::End(end) => {
                    let why = format!("the end counts {}, and there are {}", end.jobs, content.jobs);
                    return Err(reader.wrong(&why));
                }
            }
        }
        if !ended {
            return Err(reader.wrong("the file ends before its last line: its export was interrupted"));
        }
        orders.sort_unstable();
        if let Some(pair) = orders.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let ((order, first), (_, second)) = (pair[0], pair[1]);
            reader.number = second;
            return Err(reader.wrong(&format!("`order` {order} is also that of line {first}")));
        }
        content.first = orders.first().map(|(order, _)| *order);
        Ok(content)
    }

    fn queues(&self) -> String {
        count(self.queues.len() as u64, "queue")
    }

    /// What does not fit is known before anything is written.
    fn refuse_too_much(
        &self,
        file: &Path,
        there: &Info,
        kept: usize,
        config: &StoreConfig,
    ) -> Result<(), Failure> {
        let file = file.display();
        let (kept, limit) = (kept + self.kept, config.rules.kept_max);
        if self.kept > 0 && kept > limit {
            let what =
                format!("{file}: with it records would take {kept} bytes; `limits.kept_max` allows {limit}");
            return Err(Failure { exit: Exit::Damage, what });
        }
        let (dead, limit) = (there.dead + self.dead, config.rules.dead_max as u64);
        if dead > limit {
            let what =
                format!("{file}: with it {dead} jobs would be dead; `retention.dead_max` allows {limit}");
            return Err(Failure { exit: Exit::Damage, what });
        }
        let new = self.queues.iter().filter(|name| !there.queues.contains_key(*name)).count();
        let (queues, limit) = (there.queues.len() + new, config.rules.queues_max);
        if queues > limit {
            let what =
                format!("{file}: with it there would be {queues} queues; `limits.queues_max` allows {limit}");
            return Err(Failure { exit: Exit::Damage, what });
        }
        Ok(())
    }
}

/// Writes what was checked.
fn write(
    reader: &mut Reader,
    mut importer: Importer<RealDisk>,
    content: &Content,
    watch: &mut tools::Watch<'_>,
) -> Result<Info, Failure> {
    let made = clock::wall().rfc3339();
    let mut body = Vec::new();
    while reader.next(watch)? {
        let taken = match reader.line()? {
            Line::Export(header) => importer.counts(header.processed, header.failures),
            Line::Queue(queue) => importer.queue(&queue.name, queue.paused),
            Line::Day(date) => importer.day(date.day().map_err(|why| reader.wrong(&why))?),
            Line::Record(record) => {
                let (family, key, value) = record.read().map_err(|why| reader.wrong(&why))?;
                importer.record(family, &key, &value)
            }
            Line::Job(job) => {
                let envelope = job.envelope().map_err(|why| reader.wrong(&why))?;
                body.clear();
                envelope.write(&made, &mut body);
                let life: Life<'_> = job.life(&envelope, &body).map_err(|why| reader.wrong(&why))?;
                importer.job(&life)
            }
            Line::End(_) => Ok(()),
        };
        taken.map_err(|error| stopped(reader, &importer, content, error))?;
    }
    let durable = importer.durable();
    importer.finish().map_err(|error| {
        let Failure { exit, what } = error.into();
        Failure { exit, what: so_far(&what, durable, content) }
    })
}

/// The line that says how far it came.
fn stopped(reader: &Reader, importer: &Importer<RealDisk>, content: &Content, error: ImportError) -> Failure {
    let Failure { exit, what } = match error {
        ImportError::Failed(fatal) => fatal.into(),
        error => reader.wrong(&error.to_string()),
    };
    Failure { exit, what: so_far(&what, importer.durable(), content) }
}

fn so_far(what: &str, durable: u64, content: &Content) -> String {
    format!("{what}; the first {durable} of {} are in the store", count(content.jobs, "job"))
}

/// Reads a file line by line.
struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    size: u64,
    done: u64,
    /// Of the line that is in `text`, counted from 1.
    number: u64,
    text: Vec<u8>,
}

impl Reader {
    /// Opens a file and recognises what it is.
    fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |source| {
            Failure::from(Fatal { action: "read", path: path.display().to_string(), offset: 0, source })
        };
        let bad = |what: &str| Failure { exit: Exit::Damage, what: format!("{}: {what}", path.display()) };
        let file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let mut reader = Self {
            path: path.to_owned(),
            file: BufReader::with_capacity(1 << 20, file),
            size,
            done: 0,
            number: 0,
            text: Vec::new(),
        };
        reader.rewind()?;
        reader.next(&mut |_| {})?;
        match reader.line() {
            Ok(Line::Export(header)) if (1..=FORMAT).contains(&header.format) => {}
            Ok(Line::Export(header)) => {
                let format = header.format;
                return Err(bad(&format!("has format {format}; this version reads formats up to {FORMAT}")));
            }
            // Whoever has the wrong file should see which one would be right.
            _ => {
                return Err(bad(
                    r#"is neither an export of Bessemer, which begins with {"export":, nor a data file of Faktory's, which begins with REDIS"#,
                ));
            }
        }
        reader.rewind()?;
        Ok(reader)
    }

    fn rewind(&mut self) -> Result<(), Failure> {
        (self.done, self.number) = (0, 0);
        self.file.rewind().map_err(|error| self.failed(error))
    }

    /// Reads the next line; false: there is none.
    fn next(&mut self, watch: &mut tools::Watch<'_>) -> Result<bool, Failure> {
        self.text.clear();
        self.number += 1;
        let most = LINE_MAX as u64 + 1;
        let read = self.file.by_ref().take(most).read_until(b'\n', &mut self.text);
        let read = read.map_err(|error| self.failed(error))? as u64;
        if read == most {
            return Err(self.wrong(&format!("is longer than {LINE_MAX} bytes")));
        }
        let before = self.done;
        self.done += read;
        if before >> 20 < self.done >> 20 {
            watch(tools::Progress { done: self.done, of: self.size });
        }
        Ok(read > 0)
    }

    /// What the line says.
    fn line(&self) -> Result<Line<'_>, Failure> {
        serde_json::from_slice(&self.text).map_err(|error| self.wrong(&error.to_string()))
    }

    /// Something is wrong with the line.
    fn wrong(&self, why: &str) -> Failure {
        let what = format!("{}, line {}: {why}", self.path.display(), self.number);
        Failure { exit: Exit::Damage, what }
    }

    fn failed(&self, source: io::Error) -> Failure {
        Fatal { action: "read", path: self.path.display().to_string(), offset: self.done, source }.into()
    }
}
