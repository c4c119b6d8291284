//! Tools on a disk that forgets: what they make is a store, whatever happens meanwhile, and what they read is left as it
//! was.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bessemer_core::command::ConnId;
use bessemer_core::fact::Order;
use bessemer_core::{Command, Now, Rules, Settled, Ticket, Wall};
use bessemer_store::embedded::disk::{Disk, DiskFile, SimDisk, SimFile};
use bessemer_store::tools::{self, Doubt, Importer, Salvaged, Source, Told, ToolError, Verified};
use bessemer_store::{Embedded, Engine, OpenError, Options};

use crate::dice::Dice;
use crate::world::{Death, ENTROPY, Fault, World, job, now_at};

/// A store that is served: each step is a turn with some commands.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) engine: Embedded<SimDisk>,
    dice: Dice,
    second: u64,
    jobs: u64,
    held: Vec<String>,
    /// What jids begin with: stores that do the same with other jobs are as long.
    name: &'static str,
    /// What the machine looked like after each turn.
    pub(crate) dumps: Vec<String>,
}

pub(crate) fn options() -> Options {
    Options { segment_bytes: 1024, ..Options::default() }
}

impl Serving {
    pub(crate) fn start(disk: &SimDisk, seed: u64) -> Self {
        let (engine, _) = Embedded::open(disk.clone(), options(), now_at(1000), ENTROPY).unwrap();
        let dumps = vec![engine.machine().dump()];
        Self { engine, dice: Dice(seed), second: 1000, jobs: 0, held: Vec::new(), name: "job", dumps }
    }

    pub(crate) fn now(&self) -> Now {
        now_at(self.second)
    }

    pub(crate) fn steps(&mut self, count: u64) {
        for _ in 0..count {
            self.step();
        }
    }

    fn step(&mut self) {
        self.second += self.dice.below(20);
        let now = self.now();
        for _ in 0..=self.dice.below(3) {
            match self.dice.below(6) {
                0..2 if self.engine.machine().job_ids().nth(40).is_none() => {
                    self.jobs += 1;
                    let jid = format!("{}-{:05}", self.name, self.jobs);
                    let body =
                        format!("{{\"jid\":\"{jid}\",\"args\":[\"Stuart, and others whom we greet\"]}}");
                    let mut job = job(&jid, ["default", "bulk"][self.dice.below(2) as usize]);
                    job.body = body.as_bytes();
                    job.at = self.dice.one_in(8).then(|| now.wall.after(Duration::from_secs(100_000)));
                    self.engine.submit(now, Ticket(0), Command::Push { job });
                }
                2..4 => {
                    let fetch = Command::Fetch {
                        conn: ConnId(9),
                        queues: &["default", "bulk"],
                        wait: Duration::ZERO,
                    };
                    self.engine.submit(now, Ticket(1), fetch);
                }
                _ => {
                    if let Some(jid) = self.held.pop() {
                        let fail =
                            Command::Fail { conn: ConnId(9), jid: &jid, text: b"{\"message\":\"no\"}" };
                        let ack = Command::Ack { conn: ConnId(9), jid: &jid };
                        let command = if self.dice.one_in(4) { fail } else { ack };
                        self.engine.submit(now, Ticket(0), command);
                    }
                }
            }
        }
        let mut out = Settled::default();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(matches!(self.engine.poll_turn(&mut cx, now, &mut out), Poll::Ready(Ok(()))));
        self.dumps.push(self.engine.machine().dump());
        // The last ones are what a test asks for.
        assert!(self.dumps.len() < 20_000, "a tool looks at the disk without end");
        for (_, reply) in out.replies {
            if let bessemer_core::Reply::Job(handed) = reply {
                let text = String::from_utf8_lossy(handed.body.bytes()).into_owned();
                self.held.push(text.split('"').nth(3).unwrap_or_default().to_owned());
            }
        }
    }
}

/// The disk of a server that goes on serving: between any two looks at it there may be turns.
#[derive(Clone, Debug)]
struct Busy {
    disk: SimDisk,
    serving: Arc<Mutex<Serving>>,
    turns: u64,
}

#[derive(Debug)]
struct BusyFile {
    file: SimFile,
    disk: Busy,
}

impl Busy {
    fn go_on(&self) {
        let mut serving = self.serving.lock().unwrap();
        let turns = serving.dice.below(self.turns + 1);
        serving.steps(turns);
    }
}

impl Disk for Busy {
    type File = BusyFile;

    const THREADS: bool = false;

    fn list(&self) -> io::Result<Vec<String>> {
        self.go_on();
        self.disk.list()
    }

    fn open(&self, name: &str) -> io::Result<BusyFile> {
        self.go_on();
        Ok(BusyFile { file: self.disk.open(name)?, disk: self.clone() })
    }

    fn create(&self, name: &str) -> io::Result<BusyFile> {
        panic!("a tool creates {name} in somebody else's directory");
    }

    fn rename(&self, from: &str, _: &str) -> io::Result<()> {
        panic!("a tool renames {from} in somebody else's directory");
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        panic!("a tool removes {name} from somebody else's directory");
    }

    fn sync_dir(&self) -> io::Result<()> {
        panic!("a tool flushes somebody else's directory");
    }

    fn free(&self) -> io::Result<u64> {
        self.disk.free()
    }

    fn path(&self, name: &str) -> String {
        self.disk.path(name)
    }
}

impl DiskFile for BusyFile {
    fn size(&self) -> io::Result<u64> {
        self.disk.go_on();
        self.file.size()
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        self.disk.go_on();
        self.file.read_at(buf, at)
    }

    fn write_at(&self, _: &[u8], at: u64) -> io::Result<()> {
        panic!("a tool writes at {at} into somebody else's file");
    }

    fn sync_data(&self) -> io::Result<()> {
        panic!("a tool flushes somebody else's file");
    }
}

fn back_up<D: Disk>(disk: &D, target: &SimDisk) -> Result<tools::BackedUp, ToolError> {
    tools::backup(&Source::open(disk.clone())?, target, Wall(7), &mut |_| {})
}

fn restore(backup: &SimDisk, target: &SimDisk) -> Result<Verified, ToolError> {
    let rules = Rules::default();
    tools::restore(&Source::open(backup.clone())?, target, &rules, now_at(2000), &mut |_| {})
}

fn verify<D: Disk>(disk: &D) -> Verified {
    let source = Source::open(disk.clone()).unwrap();
    tools::verify(&source, &Rules::default(), now_at(2000), &mut |_| {}).unwrap()
}

/// The state that a backup holds.
fn restored(backup: &SimDisk) -> String {
    let disk = SimDisk::new(5);
    assert!(restore(backup, &disk).unwrap().is_whole());
    dump(&disk)
}

fn dump(disk: &SimDisk) -> String {
    let (engine, _) = Embedded::open(disk.clone(), options(), now_at(5000), ENTROPY).unwrap();
    engine.machine().check().unwrap();
    engine.machine().dump()
}

#[test]
fn a_backup_of_a_busy_store_is_the_store_of_some_moment_after_it_began() {
    let (mut given_up, mut kept) = (0, 0);
    for seed in 0..80 {
        let disk = SimDisk::new(seed);
        let serving = Arc::new(Mutex::new(Serving::start(&disk, seed)));
        let busy = Busy { disk: disk.clone(), serving: serving.clone(), turns: seed % 4 };
        let target = SimDisk::new(seed + 1);
        for _ in 0..4 {
            serving.lock().unwrap().steps(seed % 60);
            let began = serving.lock().unwrap().dumps.len() - 1;
            let done = match back_up(&busy, &target) {
                Ok(done) => done,
                // Most of the log is given up within one reading: the last backup still counts.
                Err(ToolError::Restless { .. }) => continue,
                Err(error) => panic!("seed {seed}: {error}"),
            };
            kept += u64::from(done.copied_segments < done.segments);
            let whole = verify(&target);
            assert!(whole.is_whole() && whole.backup_of == Some(Wall(7)), "seed {seed}: {whole:?}");
            let state = restored(&target);
            let serving = serving.lock().unwrap();
            assert!(
                serving.dumps[began..].contains(&state),
                "seed {seed}: not a state since the backup began"
            );
        }
        given_up += u64::from(!disk.list().unwrap().contains(&"0000000001.seg".to_owned()));
    }
    assert!(given_up > 30 && kept > 60, "{given_up} logs lost a segment, {kept} backups kept one");
}

#[test]
fn verify_reads_a_busy_store_and_finds_nothing() {
    for seed in 0..100 {
        let disk = SimDisk::new(seed);
        let mut serving = Serving::start(&disk, seed);
        serving.steps(100);
        let busy = Busy { disk, serving: Arc::new(Mutex::new(serving)), turns: seed % 3 };
        let source = Source::open(busy).unwrap();
        match tools::verify(&source, &Rules::default(), now_at(2000), &mut |_| {}) {
            Ok(verified) => assert!(verified.is_whole(), "seed {seed}: {verified:?}"),
            Err(error) => assert!(matches!(error, ToolError::Restless { .. }), "seed {seed}: {error}"),
        }
    }
}

/// A store with some segments, and its disk.
fn store(seed: u64, turns: u64) -> (SimDisk, Serving) {
    let disk = SimDisk::new(seed);
    let mut serving = Serving::start(&disk, seed);
    serving.steps(turns);
    (disk, serving)
}

#[test]
fn a_second_backup_copies_only_what_is_new() {
    let (disk, mut serving) = store(3, 60);
    let target = SimDisk::new(4);
    let first = back_up(&disk, &target).unwrap();
    assert_eq!((first.copied_segments, first.copied_bytes), (first.segments, first.bytes));
    assert!(first.segments > 3);
    let again = back_up(&disk, &target).unwrap();
    assert_eq!((again.copied_segments, again.segments, again.bytes), (1, first.segments, first.bytes));
    serving.steps(10);
    let grown = back_up(&disk, &target).unwrap();
    assert!(grown.copied_segments < grown.segments && grown.position > again.position);
    assert_eq!(Some(&restored(&target)), serving.dumps.last());
}

#[test]
fn a_backup_that_ends_anywhere_leaves_this_one_or_the_last() {
    let replaced: u64 = (3..7).map(stop_a_backup_anywhere).sum();
    assert!(replaced > 2, "only {replaced} copies were given up");
}

/// Stops a second backup after each number of calls. The answer is how many copies of the first it gives up.
fn stop_a_backup_anywhere(seed: u64) -> u64 {
    for calls in 0.. {
        let (disk, mut serving) = store(seed, 50);
        let target = SimDisk::new(calls);
        back_up(&disk, &target).unwrap();
        let copies = target.list().unwrap();
        let before = serving.dumps.last().unwrap().clone();
        serving.steps(20);
        target.stop_after(calls);
        let ended = back_up(&disk, &target);
        let target = if calls % 2 == 0 { target.crash() } else { target.power_loss() };
        let state = restored(&target);
        let after = serving.dumps.last().unwrap();
        let when = format!("seed {seed}, stopped after {calls} calls");
        assert!(state == before || state == *after, "{when}");
        assert!(ended.is_err() || state == *after, "{when}: it said that it was done");
        serving.steps(5);
        back_up(&disk, &target).unwrap();
        assert_eq!(Some(&restored(&target)), serving.dumps.last(), "{when}");
        if ended.is_ok() {
            assert!(calls > 20, "only {calls} calls");
            let left = target.list().unwrap();
            return copies.iter().filter(|name| !left.contains(name)).count() as u64;
        }
    }
    unreachable!("it ends")
}

#[test]
fn a_backup_whose_disk_fails_anywhere_says_so_and_leaves_this_one_or_the_last() {
    for calls in 0.. {
        let (disk, mut serving) = store(3, 50);
        let target = SimDisk::new(calls);
        back_up(&disk, &target).unwrap();
        let before = serving.dumps.last().unwrap().clone();
        serving.steps(20);
        target.fail_after(calls);
        let ended = back_up(&disk, &target);
        let state = restored(&target.power_loss());
        let after = serving.dumps.last().unwrap();
        assert!(state == before || state == *after, "call {calls} failed");
        if ended.is_ok() {
            assert_eq!(state, *after);
            return;
        }
    }
}

#[test]
fn a_restore_that_ends_anywhere_is_never_taken_for_the_store() {
    let (disk, serving) = store(3, 60);
    let backup = SimDisk::new(9);
    back_up(&disk, &backup).unwrap();
    let (mut refused, mut done) = (0, false);
    for calls in 0.. {
        if done {
            break;
        }
        let target = SimDisk::new(calls);
        target.stop_after(calls);
        done = restore(&backup, &target).is_ok();
        let target = if calls % 3 == 0 { target.crash() } else { target.power_loss() };
        match Embedded::open(target, options(), now_at(5000), ENTROPY) {
            // Nothing has a name yet.
            Ok((_, report)) if report.created => assert!(!done),
            Ok((engine, _)) => assert_eq!(Some(&engine.machine().dump()), serving.dumps.last()),
            Err(OpenError::Damaged { what, .. }) => {
                assert_eq!(what, "the segment is missing");
                refused += 1;
                assert!(!done);
            }
            Err(error) => panic!("stopped after {calls} calls: {error}"),
        }
    }
    assert!(refused > 10, "{refused} halves of a restore were refused");
}

#[test]
fn a_store_that_was_restored_and_went_another_way_is_copied_as_it_is_now() {
    for seed in 0..20 {
        let (disk, mut serving) = store(seed, 50);
        let target = SimDisk::new(9);
        back_up(&disk, &target).unwrap();
        let older = SimDisk::new(10);
        restore(&target, &older).unwrap();
        serving.steps(40);
        back_up(&disk, &target).unwrap();
        let mut other = Serving::start(&older, seed + 1000);
        other.steps(10 + seed * 4);
        back_up(&older, &target).unwrap();
        assert_eq!(Some(&restored(&target)), other.dumps.last(), "seed {seed}");
    }
}

#[test]
fn segments_of_the_same_place_and_length_are_told_apart_by_when_they_were_written() {
    let (disk, _) = store(3, 50);
    let backup = SimDisk::new(9);
    back_up(&disk, &backup).unwrap();
    // They live at different times, as two lives of one store do.
    let [one, other] = [("one", 1000), ("two", 1001)].map(|(name, second)| {
        let disk = SimDisk::new(10);
        restore(&backup, &disk).unwrap();
        let mut serving = Serving::start(&disk, 11);
        (serving.name, serving.second) = (name, second);
        serving.steps(60);
        (disk, serving)
    });
    let target = SimDisk::new(12);
    let first = back_up(&one.0, &target).unwrap();
    let second = back_up(&other.0, &target).unwrap();
    assert_eq!(
        (first.segments, first.bytes, first.position),
        (second.segments, second.bytes, second.position)
    );
    assert!(second.copied_segments > 2, "{second:?}");
    assert_eq!(Some(&restored(&target)), other.1.dumps.last());
}

#[test]
fn a_backup_goes_into_a_directory_of_its_own_and_is_of_one_store() {
    let (disk, _) = store(1, 10);
    let target = SimDisk::new(2);
    target.set_content("letters.txt", Some(b"dear".to_vec()));
    assert!(
        matches!(back_up(&disk, &target), Err(ToolError::NotEmpty { name, .. }) if name == "letters.txt")
    );
    let (other, _) = store(2, 10);
    assert!(matches!(back_up(&disk, &other), Err(ToolError::NotEmpty { .. })), "a store is no place for it");
    let target = SimDisk::new(2);
    back_up(&disk, &target).unwrap();
    let foreign = SimDisk::new(3);
    let (mut engine, _) = Embedded::open(foreign.clone(), options(), now_at(1), [9; 16]).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(engine.poll_turn(&mut cx, now_at(1), &mut Settled::default()).is_ready());
    assert!(matches!(back_up(&foreign, &target), Err(ToolError::OtherStore { .. })));
    assert!(matches!(back_up(&SimDisk::new(4), &target), Err(ToolError::NoStore { .. })));
    assert!(matches!(restore(&target, &disk), Err(ToolError::NotEmpty { .. })));
    assert!(matches!(restore(&disk, &SimDisk::new(5)), Err(ToolError::NoBackup { .. })));
    let opened = Embedded::open(target, options(), now_at(1), ENTROPY);
    assert!(matches!(opened, Err(OpenError::Backup { .. })), "a backup is no store");
}

#[test]
fn a_flipped_bit_in_a_backup_is_found_and_not_restored() {
    let (disk, _) = store(3, 30);
    let backup = SimDisk::new(1);
    back_up(&disk, &backup).unwrap();
    for name in backup.list().unwrap() {
        let content = backup.content(&name).unwrap();
        for at in (0..content.len()).step_by(7) {
            let mut changed = content.clone();
            changed[at] ^= 1 << (at % 8);
            backup.set_content(&name, Some(changed));
            assert!(restore(&backup, &SimDisk::new(2)).is_err(), "{name}, byte {at}");
            let found = Source::open(backup.clone()).is_err() || !verify(&backup).is_whole();
            assert!(found, "{name}, byte {at}");
        }
        backup.set_content(&name, Some(content));
    }
}

#[test]
fn verify_finds_what_a_start_refuses_and_changes_nothing() {
    let (disk, _) = store(3, 25);
    let names: Vec<String> = disk.list().unwrap().into_iter().filter(|name| name.ends_with(".seg")).collect();
    let whole: Vec<Vec<u8>> = names.iter().map(|name| disk.content(name).unwrap()).collect();
    let mut found = 0;
    for (name, content) in names.iter().zip(&whole) {
        for at in 0..content.len() {
            let changed = SimDisk::new(1);
            for (name, content) in names.iter().zip(&whole) {
                changed.set_content(name, Some(content.clone()));
            }
            let mut bytes = content.clone();
            bytes[at] ^= 1 << (at % 8);
            changed.set_content(name, Some(bytes.clone()));
            let verified = tools::verify(
                &Source::open(changed.clone()).unwrap(),
                &Rules::default(),
                now_at(2000),
                &mut |_| {},
            );
            assert_eq!(changed.content(name).unwrap(), bytes);
            let is_whole = verified.as_ref().is_ok_and(Verified::is_whole);
            found += u64::from(!is_whole);
            let opened = Embedded::open(changed, options(), now_at(5000), ENTROPY);
            assert_eq!(is_whole, opened.is_ok(), "{name}, byte {at}: {verified:?}");
        }
    }
    assert!(found > 2000, "only {found} flips were found");
}

#[test]
fn verify_goes_on_after_the_first_damage() {
    let (disk, _) = store(3, 120);
    let names: Vec<String> = disk.list().unwrap().into_iter().filter(|name| name.ends_with(".seg")).collect();
    let batches = |name: &str| -> Vec<usize> {
        let content = disk.content(name).unwrap();
        let end = content.windows(56).position(|zeros| zeros == [0; 56]).unwrap_or(content.len());
        content[..end]
            .windows(4)
            .enumerate()
            .filter(|(_, magic)| magic == b"Bat\x9c")
            .map(|(at, _)| at)
            .collect()
    };
    let middle = (1..names.len() - 2).rev().find(|at| batches(&names[*at]).len() >= 4).unwrap();
    let [first, hit, gone] = [&names[0], &names[middle], &names[middle + 1]];
    let begins = batches(hit);
    for (name, at) in [(first, 40), (hit, begins[0] + 60), (hit, begins[2] + 60)] {
        let mut content = disk.content(name).unwrap();
        content[at] ^= 1;
        disk.set_content(name, Some(content));
    }
    disk.set_content(gone, None);
    let found = verify(&disk).damages;
    let places: Vec<(&str, u64)> = found.iter().map(|found| (&*found.path, found.offset)).collect();
    let [begin, third] = [begins[0], begins[2]].map(|at| at as u64);
    assert_eq!(places, [(&**first, 0), (hit, begin), (hit, third), (gone, 0)], "{found:?}");
    assert_eq!(found[1].bytes, Some(begins[1] as u64 - begin));
    assert_eq!(found[3].what, "the segment is missing");
}

/// Everything that a store tells, one text for each thing, jobs by their order.
fn told<D: Disk>(disk: &D) -> Result<Vec<String>, ToolError> {
    let (mut figures, mut jobs) = (Vec::new(), Vec::new());
    let source = Source::open(disk.clone())?;
    tools::export(
        &source,
        &Rules::default(),
        now_at(5000),
        &mut |told| {
            match told {
                Told::Begin(info) => {
                    (figures, jobs) = (vec![format!("{} {}", info.processed, info.failures)], Vec::new());
                }
                Told::Job(mut life) => {
                    life.head.body_hash = 0;
                    jobs.push((life.order, format!("{life:?}")));
                }
                told => figures.push(format!("{told:?}")),
            }
            Ok(())
        },
        &mut |_| {},
    )?;
    jobs.sort();
    figures.extend(jobs.into_iter().map(|(_, job)| job));
    Ok(figures)
}

/// Puts everything that a store tells into another.
fn import(from: &SimDisk, to: &SimDisk) -> Result<(), ToolError> {
    let mut first = None;
    let source = Source::open(from.clone())?;
    let mut nothing = |_| {};
    tools::export(
        &source,
        &Rules::default(),
        now_at(5000),
        &mut |told| {
            if let Told::Job(life) = told {
                first = first.min(Some(life.order)).or(Some(life.order));
            }
            Ok(())
        },
        &mut nothing,
    )?;
    let first = first.unwrap_or(Order(0));
    let mut importer = Importer::open(to.clone(), options(), now_at(5000), [7; 16], first)?;
    tools::export(
        &source,
        &Rules::default(),
        now_at(5000),
        &mut |told| {
            let taken = match told {
                Told::Begin(info) => importer.counts(info.processed, info.failures),
                Told::Queue { name, paused } => importer.queue(name, paused),
                Told::Day(day) => importer.day(day),
                Told::Record { family, key, value } => importer.record(family, key, value),
                Told::Job(life) => importer.job(&life),
                Told::End => Ok(()),
            };
            taken.map_err(io::Error::other)
        },
        &mut nothing,
    )?;
    importer.finish().map(|_| ())
}

#[test]
fn what_is_exported_and_imported_is_the_same_store_again() {
    let mut states = BTreeSet::new();
    for seed in 0..60 {
        let mut world = World::new(seed, None);
        world.life(150, Fault::None, Death::Killed).unwrap();
        let disk = world.disk.disk.clone();
        let all = told(&disk).unwrap();
        for state in ["Queued", "Scheduled", "Retrying", "Dead", "Working", "failure: Some", "Record"] {
            states.extend(all.iter().any(|thing| thing.contains(state)).then_some(state));
        }
        let copy = SimDisk::new(seed);
        import(&disk, &copy).unwrap();
        assert_eq!(told(&copy).unwrap(), all, "seed {seed}");
        assert!(verify(&copy).is_whole());
        let (engine, _) = Embedded::open(copy.clone(), options(), now_at(6000), ENTROPY).unwrap();
        engine.machine().check().unwrap();
    }
    assert_eq!(states.len(), 7, "only {states:?}");
}

#[test]
fn imported_jobs_come_behind_those_that_are_there_in_the_same_order() {
    let jids = |disk: &SimDisk| -> Vec<String> {
        let jobs = told(disk).unwrap().into_iter().filter(|thing| thing.starts_with("Life"));
        jobs.map(|job| job.split('"').nth(1).unwrap().to_owned()).collect()
    };
    let ((one, _), (other, _)) = (store(1, 30), store(2, 30));
    let expected = [jids(&one), jids(&other)].concat();
    assert!(expected.len() > 10);
    import(&other, &one).unwrap();
    assert_eq!(jids(&one), expected);
}

#[test]
fn an_import_that_ends_anywhere_leaves_whole_jobs_and_a_store_that_starts() {
    let (from, _) = store(3, 60);
    let all = told(&from).unwrap();
    let mut parts = 0;
    for calls in 0.. {
        let to = SimDisk::new(calls);
        to.stop_after(calls);
        let ended = import(&from, &to);
        let to = if calls % 2 == 0 { to.crash() } else { to.power_loss() };
        let (engine, _) = Embedded::open(to.clone(), options(), now_at(6000), ENTROPY).unwrap();
        engine.machine().check().unwrap();
        drop(engine);
        let now = told(&to).unwrap();
        let jobs: Vec<&String> = now.iter().filter(|thing| thing.starts_with("Life")).collect();
        assert!(jobs.iter().all(|job| all.contains(job)), "stopped after {calls} calls");
        parts += u64::from(!jobs.is_empty() && ended.is_err());
        if ended.is_ok() {
            assert_eq!(now, all);
            break;
        }
    }
    assert!(parts < 5, "one batch holds so few jobs: they come together or not at all");
}

#[test]
fn a_damaged_store_is_not_exported() {
    let (disk, _) = store(3, 40);
    let names: Vec<String> = disk.list().unwrap().into_iter().filter(|name| name.ends_with(".seg")).collect();
    let mut content = disk.content(&names[1]).unwrap();
    content[100] ^= 1;
    disk.set_content(&names[1], Some(content));
    assert!(
        matches!(told(&disk), Err(ToolError::Store(OpenError::Damaged { path, .. })) if path == names[1])
    );
}

#[test]
fn a_busy_store_is_exported_as_it_was_at_one_moment() {
    let mut done = 0;
    for seed in 0..40 {
        let disk = SimDisk::new(seed);
        let mut serving = Serving::start(&disk, seed);
        serving.steps(60);
        let serving = Arc::new(Mutex::new(serving));
        let busy = Busy { disk: disk.clone(), serving: serving.clone(), turns: seed % 3 };
        let began = serving.lock().unwrap().dumps.len() - 1;
        let Ok(all) = told(&busy) else { continue };
        done += 1;
        let jobs = all.iter().filter(|thing| thing.starts_with("Life")).count();
        let serving = serving.lock().unwrap();
        let count = |dump: &String| dump.lines().filter(|line| line.starts_with("job ")).count();
        assert!(serving.dumps[began..].iter().any(|dump| count(dump) == jobs), "seed {seed}: {jobs} jobs");
    }
    assert!(done > 20, "{done} were exported");
}

fn jids(disk: &SimDisk) -> BTreeSet<String> {
    let jobs = told(disk).unwrap().into_iter().filter(|thing| thing.starts_with("Life"));
    jobs.map(|job| job.split('"').nth(1).unwrap().to_owned()).collect()
}

/// What is salvaged, where, and the jobs that may have ended and that are lost by name.
fn salvage(from: &SimDisk) -> Result<(Salvaged, SimDisk, BTreeSet<String>, BTreeSet<String>), ToolError> {
    let (mut ended, mut lost) = (BTreeSet::new(), BTreeSet::new());
    let to = SimDisk::new(3);
    let source = Source::open(from.clone())?;
    let mut tell = |doubt: Doubt<'_>| {
        _ = match doubt {
            Doubt::MayHaveEnded { jid, .. } => ended.insert(jid.to_owned()),
            Doubt::Lost { jid, .. } => lost.insert(jid.to_owned()),
        }
    };
    let at = (now_at(6000), [8; 16]);
    let salvaged = tools::salvage(&source, to.clone(), &options(), at, &mut tell, &mut |_| {})?;
    Ok((salvaged, to, ended, lost))
}

#[test]
fn what_is_salvaged_of_a_whole_store_is_the_store() {
    for seed in 0..20 {
        let (disk, _) = store(seed, 80);
        let (salvaged, to, ended, lost) = salvage(&disk).unwrap();
        assert_eq!(told(&to).unwrap(), told(&disk).unwrap());
        assert!(ended.is_empty() && lost.is_empty() && salvaged.damages.is_empty());
        let rest = (salvaged.lost_without_name, salvaged.unknown, salvaged.beyond_dead_max);
        assert_eq!(rest, (0, Some(0), 0), "seed {seed}");
    }
}

/// Does some damage to a store: bits, zeros over some range, a file that is gone.
fn harm(disk: &SimDisk, dice: &mut Dice) {
    let names: Vec<String> = disk.list().unwrap().into_iter().filter(|name| name.ends_with(".seg")).collect();
    for _ in 0..=dice.below(2) {
        let name = &names[dice.below(names.len() as u64) as usize];
        let Some(mut content) = disk.content(name) else { continue };
        let at = dice.below(content.len() as u64) as usize;
        match dice.below(4) {
            0 if names.len() > 1 => {
                disk.set_content(name, None);
                continue;
            }
            1 => {
                let end = (at + dice.below(600) as usize).min(content.len());
                content[at..end].fill(0);
            }
            _ => content[at] ^= 1 << dice.below(8),
        }
        disk.set_content(name, Some(content));
    }
}

#[test]
fn what_is_salvaged_is_true_or_said_to_be_in_doubt() {
    let mut seen = BTreeMap::new();
    for seed in 0..400 {
        let (disk, _) = store(seed, 20 + seed % 100);
        let truth = jids(&disk);
        let newest = |disk: &SimDisk| disk.list().unwrap().into_iter().rfind(|name| name.ends_with(".seg"));
        let last = newest(&disk);
        let mut dice = Dice(seed + 77);
        harm(&disk, &mut dice);
        let before: Vec<_> = disk.list().unwrap().iter().map(|name| disk.content(name)).collect();
        let (salvaged, to, may_have_ended, named) = match salvage(&disk) {
            Ok(salvaged) => salvaged,
            // The only segment, or the header of it.
            Err(
                ToolError::NoStore { .. }
                | ToolError::Store(OpenError::Damaged { .. } | OpenError::TooNew { .. }),
            ) => {
                *seen.entry("nothing to save").or_insert(0) += 1;
                continue;
            }
            Err(error) => panic!("seed {seed}: {error}"),
        };
        assert_eq!(before, disk.list().unwrap().iter().map(|name| disk.content(name)).collect::<Vec<_>>());
        assert!(verify(&to).is_whole(), "seed {seed}");
        let (engine, _) = Embedded::open(to.clone(), options(), now_at(7000), ENTROPY).unwrap();
        engine.machine().check().unwrap();
        drop(engine);
        let saved = jids(&to);
        let back: BTreeSet<_> = saved.difference(&truth).cloned().collect();
        let gone: BTreeSet<_> = truth.difference(&saved).cloned().collect();
        // The very end of a log may be gone without a trace: a torn tail, or a newest segment that is missing.
        let ends_early = salvaged.torn.is_some() || newest(&disk) != last;
        assert!(
            ends_early || back.is_subset(&may_have_ended),
            "seed {seed}: {back:?} are back, told {may_have_ended:?}"
        );
        let (without, unknown) = (salvaged.lost_without_name, salvaged.unknown);
        let told_of = gone.intersection(&named).count() as u64 + without;
        let untold = (gone.len() as u64).saturating_sub(told_of);
        let untraced = ends_early || salvaged.was_cleaned;
        assert!(
            untraced || unknown.is_none_or(|unknown| untold <= unknown),
            "seed {seed}: {gone:?} are gone: {salvaged:?}"
        );
        assert_eq!(salvaged.lost, named.len() as u64);
        assert_eq!(
            (salvaged.jobs, salvaged.may_have_ended),
            (saved.len() as u64, may_have_ended.len() as u64)
        );
        for (what, happened) in [
            ("damage", !salvaged.damages.is_empty()),
            ("a job is back", !back.is_empty()),
            ("a job is lost by name", gone.intersection(&named).next().is_some()),
            ("a job is lost without a name", without > 0),
            ("nobody can say how many", unknown.is_none()),
            ("a job is gone, and must be accounted for", !gone.is_empty() && !untraced),
            ("all is there", saved == truth && !salvaged.damages.is_empty()),
        ] {
            *seen.entry(what).or_insert(0) += u64::from(happened);
        }
    }
    assert!(seen.len() == 8 && seen.values().all(|count| *count > 0), "{seen:?}");
}
