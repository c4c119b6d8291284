//! A whole store of Faktory's into a new one of ours.
//!
//! ```text
//! check    read all, change nothing: refuse what our rules refuse, or what would not fit
//! write    read all again, the same jobs in the same order, and put them down
//! compare  read the new store: the same checksum, or it is none
//! ```
//!
//! The directory is a [`Draft`] meanwhile. An import that was interrupted reads its source again; if the sequence of jobs
//! is the one it began with, it goes on behind those that are in the half store, which are the first of them. Else it
//! starts over. Either way no job comes twice.

use bessemer_core::fact::Order;
use bessemer_core::machine::Life;
use bessemer_core::query::Day;
use bessemer_core::{Rules, Wall};
use bessemer_store::OpenError;
use bessemer_store::embedded::disk::RealDisk;
use bessemer_store::tools::{self, Draft, ImportError, Importer, Told, ToolError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::figures::{amount, grouped};
use super::super::lines::State;
use super::super::output;
use super::super::progress::Progress;
use super::Import;
use super::content::{Content, Reading, Visitor};
use super::digest::{Digest, Layout, Made, Position, state_of};
use super::refused::{self, Book, List, Refused};
use super::report::Report;
use super::source::Source;
use crate::clock::{self, Clock};
use crate::config::StoreConfig;
use crate::exit::{Exit, Failure};

/// The format of the note.
const FORMAT: u32 = 1;

/// What an import writes down when it begins.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    format: u32,
    begun: String,
    source: String,
    jobs: u64,
    sequence: String,
}

/// Imports what `source` holds, as the flags say.
pub(super) fn run(source: &mut Source, config: &StoreConfig, flags: &Import) -> Result<(), Failure> {
    let database = flags.database.or(source.database()).unwrap_or(0);
    let (name, mut list) = (source.name(), List::default());
    if source.is_in_use() {
        output::note(&format!(
            "note: a Redis is running beside {name}: what happened since it was written is not in it"
        ));
    }
    let mut progress = progress_of("checking", source);
    let mut reading = Reading::new(&config.rules, database, Made::at(clock::wall()), &mut list);
    source.read(database, &mut reading, &mut |step| progress.tell(step))?;
    let content = reading.end();
    drop(progress);
    let report = Report { source: &name, about: source.about(), content: &content, refused: &list };
    if flags.dry_run {
        let said = report.say_dry_run(flags.json);
        return content.refuse_too_much(&name, &config.rules).and(said);
    }
    if content.refused > 0 && !flags.skip_bad {
        list.lines().iter().for_each(|line| output::note(line));
        let all = amount(content.digest.count() + content.refused, "element");
        let what = format!(
            "{name}: {} of {all} cannot be imported, and nothing was; `--skip-bad` goes on without them and keeps them in {}",
            grouped(content.refused),
            config.directory.join(refused::NAME).display()
        );
        return Err(Failure { exit: Exit::Damage, what });
    }
    content.refuse_too_much(&name, &config.rules)?;
    let mut making = Making::begin(&name, config, &content)?;
    making.write(source, database, &content)?;
    making.compare(&content, &config.rules)?;
    making.draft.end()?;
    report.say(&config.directory, making.held, flags.json)
}

/// A file has bytes, of a Redis one knows how many jobs it holds.
fn progress_of(what: &'static str, source: &Source) -> Progress {
    match source {
        Source::Redis(_) => Progress::in_jobs(what),
        _ => Progress::of(what),
    }
}

/// A store in the making.
struct Making {
    disk: RealDisk,
    draft: Draft<RealDisk>,
    importer: Option<Importer<RealDisk>>,
    made: Made,
    book: Book,
    /// Jobs that an earlier run has put into it.
    held: u64,
}

impl Making {
    /// Begins, or goes on where an earlier run of the same sequence ended.
    fn begin(name: &str, config: &StoreConfig, content: &Content) -> Result<Self, Failure> {
        let disk = RealDisk::open(&config.directory).map_err(ToolError::from)?;
        let mut draft = Draft::look(disk.clone())?;
        // A service that was installed has been started, and has made a store.
        if draft.note.is_none() && draft.has_segments && !open(disk.clone(), config)?.is_unused() {
            let what = format!(
                "{} holds a store that was used, and all of Faktory's comes into a new one: name another directory, or empty it",
                config.directory.display()
            );
            return Err(Failure { exit: Exit::Locked, what });
        }
        let note = Note {
            format: FORMAT,
            begun: clock::wall().rfc3339(),
            source: name.to_owned(),
            jobs: content.digest.count(),
            sequence: format!("{:032x}", content.sequence),
        };
        let before: Option<Note> = draft.note.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let before = before.filter(|before| {
            before.format == FORMAT && before.sequence == note.sequence && before.jobs == note.jobs
        });
        if let Some(begun) = before.and_then(|before| Wall::parse(&before.begun).ok()) {
            match open(disk.clone(), config) {
                Ok(importer) => return Ok(Self::of(disk, draft, importer, begun, config)),
                Err(ToolError::Store(OpenError::Damaged { .. })) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if draft.note.is_some() {
            output::note(
                "note: the import that has begun was of something else, or is damaged: starting over",
            );
        }
        draft.begin(&serde_json::to_string(&note).expect("it is text"))?;
        let importer = open(disk.clone(), config)?;
        let begun = Wall::parse(&note.begun).expect("it was just written");
        Ok(Self::of(disk, draft, importer, begun, config))
    }

    fn of(
        disk: RealDisk,
        draft: Draft<RealDisk>,
        importer: Importer<RealDisk>,
        begun: Wall,
        config: &StoreConfig,
    ) -> Self {
        let (held, book) = (importer.durable(), Book::of(&config.directory));
        Self { disk, draft, importer: Some(importer), made: Made::at(begun), book, held }
    }

    /// Puts down what is not there yet.
    fn write(&mut self, source: &mut Source, database: u64, content: &Content) -> Result<(), Failure> {
        let mut importer = self.importer.take().expect("it is written once");
        if self.held > 0 {
            let (held, all) = (grouped(self.held), amount(content.digest.count(), "job"));
            output::note(&format!("note: going on behind the first {held} of {all}"));
        }
        let rules = importer.rules().clone();
        let stopped = |importer: &Importer<RealDisk>, error: ImportError| {
            so_far(importer_failure(error), importer.durable(), content)
        };
        let days: Vec<Day> = content.days.values().copied().collect();
        let counted = importer.count_up_to(content.processed, content.failures, &days);
        counted.map_err(|error| stopped(&importer, error))?;
        for (name, queue) in content.queues.iter().filter(|(_, queue)| queue.is_known) {
            importer.queue(name, queue.is_paused).map_err(|error| stopped(&importer, error))?;
        }
        let mut progress = progress_of("importing", source);
        let next = content.digest.of(State::Queued).count as i64;
        let mut writer = Writer { importer, content, book: &mut self.book, held: self.held, count: 0, next };
        let mut reading = Reading::new(&rules, database, self.made.clone(), &mut writer);
        source.read(database, &mut reading, &mut |step| progress.tell(step))?;
        let again = reading.end();
        drop(progress);
        if again.sequence != content.sequence || again.digest.text() != content.digest.text() {
            return Err(moved(&source.name()));
        }
        let importer = writer.importer;
        self.book.end()?;
        let durable = importer.durable();
        importer.finish().map_err(|error| so_far(error.into(), durable, content))?;
        Ok(())
    }

    /// Reads the store and finds in it what was read, or nothing is kept.
    fn compare(&mut self, content: &Content, rules: &Rules) -> Result<(), Failure> {
        let mut progress = Progress::of("comparing");
        let (source, now) = (tools::Source::draft(self.disk.clone()), Clock::new()?.now(None));
        let mut held = Digest::new(self.made.clone());
        let mut take = |told: Told<'_>| {
            match told {
                Told::Begin(info) => {
                    held = Digest::new(self.made.clone());
                    held.totals(info.processed, info.failures);
                }
                Told::Queue { name, paused } => held.queue(name, paused),
                Told::Day(day) => held.day(day),
                Told::Job(life) => {
                    let position = (state_of(&life) == State::Queued).then(|| {
                        // One that was never given hashes to something else.
                        content.position(life.head.queue, life.order).unwrap_or((Layout::Bare, u64::MAX))
                    });
                    held.job(position, &life);
                }
                // A store without a past has none.
                Told::Record { .. } | Told::End => {}
            }
            Ok(())
        };
        tools::export(&source, rules, now, &mut take, &mut |step| progress.tell(step))?;
        drop(progress);
        let Some(what) = difference(&content.digest, &held) else { return Ok(()) };
        self.draft.begin(&json!({ "format": FORMAT, "void": true }).to_string())?;
        let what = format!("the new store does not hold what was read: {what}; it is removed");
        Err(Failure { exit: Exit::Damage, what })
    }
}

/// Where a store differs from what was read.
fn difference(read: &Digest, held: &Digest) -> Option<String> {
    let mut sums = read.sums().zip(held.sums());
    let ((name, read), (_, held)) = sums.find(|(read, held)| read != held)?;
    let [read, held] = [read, held].map(|sum| format!("{} with checksum {}", sum.count, sum.text()));
    Some(format!("{name}: {held}, instead of {read}"))
}

fn open(disk: RealDisk, config: &StoreConfig) -> Result<Importer<RealDisk>, ToolError> {
    let (clock, mut entropy) = (Clock::new(), [0; 16]);
    let drawn = clock.and_then(|clock| getrandom::fill(&mut entropy).map(|()| clock));
    let clock = drawn.map_err(|error| ToolError::Output(std::io::Error::other(error)))?;
    Importer::draft(disk, config.options(), clock.now(None), entropy)
}

/// Puts jobs down, but for those that are there.
struct Writer<'w> {
    importer: Importer<RealDisk>,
    content: &'w Content,
    book: &'w mut Book,
    held: u64,
    /// Jobs that came so far.
    count: u64,
    /// The order of the next one that does not wait.
    next: i64,
}

impl Visitor for Writer<'_> {
    fn job(&mut self, position: Option<Position>, life: Life<'_>) -> Result<(), Failure> {
        let order = match position {
            Some(position) => self.content.order(life.head.queue, position),
            None => {
                self.next += 1;
                Some(Order(self.next - 1))
            }
        };
        let order = order.filter(|_| self.count < self.content.digest.count()).ok_or_else(|| moved("it"))?;
        self.count += 1;
        if self.count <= self.held {
            return Ok(());
        }
        let taken = self.importer.job(&Life { order, ..life });
        taken.map_err(|error| so_far(importer_failure(error), self.importer.durable(), self.content))
    }

    fn refused(&mut self, refused: &Refused<'_>) -> Result<(), Failure> {
        self.book.write(refused)
    }
}

/// Two readings were not the same.
fn moved(source: &str) -> Failure {
    let what = format!(
        "{source} moved on while it was read, and is not imported; stop Faktory and what uses it, and import its data file"
    );
    Failure { exit: Exit::Restless, what }
}

fn importer_failure(error: ImportError) -> Failure {
    match error {
        ImportError::Failed(fatal) => fatal.into(),
        error => Failure { exit: Exit::Damage, what: error.to_string() },
    }
}

fn so_far(failure: Failure, durable: u64, content: &Content) -> Failure {
    let all = amount(content.digest.count(), "job");
    let what = format!(
        "{}; the first {} of {all} are safe, and the same command goes on behind them",
        failure.what,
        grouped(durable)
    );
    Failure { what, ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_holds_something_else_is_told_apart() {
        let made = || Made::at(Wall(7));
        let (mut read, mut held) = (Digest::new(made()), Digest::new(made()));
        for digest in [&mut read, &mut held] {
            digest.queue("a", false);
        }
        assert_eq!(difference(&read, &held), None);
        read.day(Day { day: 1, processed: 2, failed: 3 });
        let said = difference(&read, &held).expect("a day is missing");
        let zeros = "0".repeat(32);
        assert!(
            said.starts_with(&format!("counters: 0 with checksum {zeros}, instead of 1 with checksum ")),
            "{said}"
        );
        held.queue("b", false);
        assert!(difference(&read, &held).expect("a queue too many").starts_with("queues: 2 with checksum "));
    }
}
