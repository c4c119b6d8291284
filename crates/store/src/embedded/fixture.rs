//! Stores of every format there ever was, kept in `tests/fixtures` and read for ever (`G23`).
//!
//! The newest one is also written anew and compared byte by byte: whoever changes the format without meaning to
//! learns it here. Whoever means to raises the version, adds the reader of the old one, and writes one more fixture:
//! `BESSEMER_WRITE_FIXTURE=1 cargo test -p bessemer-store fixture`.

use std::fs;
use std::path::PathBuf;
use std::task::{Context, Waker};
use std::time::Duration;

use bessemer_core::fact::{
    Callback, Cleared, Ending, Fact, Failure, Family, Head, JobId, OnLost, Order, Release, Standing, Stood,
    Terms, Unique,
};
use bessemer_core::query::Set;
use bessemer_core::{Facts, Now, Span, Wall};

use super::cold::Cold;
use super::disk::{Disk, SimDisk};
use super::janitor::Janitor;
use super::log::{Helpers, Log, LogOptions};
use super::recover::{self, Purpose};
use super::segment::{StoreId, VERSION};

const STORE: StoreId = StoreId(*b"the first store!");
const OPTIONS: LogOptions = LogOptions { segment_bytes: 640, tail_bytes: 0, young: Duration::from_secs(60) };
const RESTATED: Fact<'_> = Fact::Keep { family: Family::Counters, key: b"", value: Some(&[1, 2, 3]) };

const A: JobId = JobId(u64::MAX);
const B: JobId = JobId(1 << 32);

/// At least one of everything, with the numbers that are hard to write.
fn facts() -> Vec<Fact<'static>> {
    let mut facts = facts_of_format_1();
    facts.extend(facts_new_in_format_2());
    facts
}

fn facts_new_in_format_2() -> Vec<Fact<'static>> {
    let stood = [
        Stood::Queued { since: Wall(1) },
        Stood::Scheduled { at: Wall(-2) },
        Stood::Retrying { at: Wall(3) },
        Stood::Dead { until: Wall::LAST },
    ];
    let discarded = |was| Standing::Discarded { until: Wall(9), was };
    let mut facts: Vec<_> =
        stood.map(|was| Fact::Set { id: B, order: Order(-7), standing: discarded(was) }).into();
    facts.push(Fact::Clear(Cleared::Set(Set::Discarded)));
    let standing = Standing::Scheduled { at: Wall(11) };
    facts.push(Fact::Move { id: B, order: Order(1 << 40), queue: "bulk", standing });
    facts.extend(records());
    facts
}

fn facts_of_format_1() -> Vec<Fact<'static>> {
    let day = Fact::Keep { family: Family::Day, key: b"20599", value: Some(&[0; 16]) };
    let queue = |key: &'static [u8], value| Fact::Keep { family: Family::Queue, key, value };
    let mut facts = puts();
    facts.extend(moves());
    let recent = Fact::Keep { family: Family::Recent, key: b"", value: Some(&[1; 32]) };
    facts.extend([day, queue(b"default", Some(&[1])), queue(b"bulk", None), recent]);
    let endings =
        [Ending::Acked, Ending::Failed, Ending::Lost, Ending::Deleted, Ending::DeadAge, Ending::DeadLimit];
    facts.extend(endings.map(|why| Fact::End { id: B, at: Wall(8), why }));
    let sets = [Set::Scheduled, Set::Retries, Set::Dead].map(Cleared::Set);
    facts.extend([Cleared::Everything, Cleared::Queue("bulk")].into_iter().chain(sets).map(Fact::Clear));
    facts
}

/// Jobs that ask for more than being run.
fn puts_with_terms() -> Vec<Fact<'static>> {
    let with_terms = |terms| {
        let Some(Fact::Put { id, order, at, head, standing, body }) = puts().into_iter().next() else {
            unreachable!("a put")
        };
        Fact::Put { id, order, at, head: Head { terms, ..head }, standing, body }
    };
    let unique =
        |release| Some(Unique { key: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef, until: Wall(7), release });
    let called = |which| Some(("b-8f3hd72kd03kf7", which));
    let none = Terms::default();
    vec![
        with_terms(Terms { unique: unique(Release::Success), tracked: true, ..none }),
        with_terms(Terms { unique: unique(Release::Start), expires: Some(Wall(9)), ..none }),
        with_terms(Terms { unique: unique(Release::Expiry), callback: called(Callback::Success), ..none }),
        with_terms(Terms { batch: Some("b-8f3hd72kd03kf7"), callback: called(Callback::Complete), ..none }),
        with_terms(Terms { callback: called(Callback::Death), cron: Some("nightly"), ..none }),
    ]
}

fn records() -> Vec<Fact<'static>> {
    let keep = |family, value| Fact::Keep { family, key: b"a key", value };
    let mut facts: Vec<_> =
        Family::KEPT.map(|family| keep(family, Some(&b"a value of some length"[..]))).into();
    facts.extend([keep(Family::Token, None), keep(Family::Mark, Some(b""))]);
    facts.extend(puts_with_terms());
    facts.push(Fact::End { id: B, at: Wall(8), why: Ending::Expired });
    facts
}

fn puts() -> Vec<Fact<'static>> {
    let put = |id, order, at, retry, on_lost, standing| {
        let head = Head {
            jid: "jid-00000001",
            queue: "default",
            jobtype: "Grüße",
            retry,
            reserve_for: 86_400,
            on_lost,
            terms: Terms::default(),
            body_hash: 0x0123_4567_89ab_cdef,
        };
        Fact::Put { id, order: Order(order), at, head, standing, body: b"{\"args\":[]}" }
    };
    vec![
        put(A, -64, Some(Wall(1)), 25, None, Standing::Queued { since: Wall(1) }),
        put(B, 63, None, -1, Some(OnLost::Requeue), Standing::Scheduled { at: Wall(2) }),
        put(JobId(0), 64, None, i16::MIN, Some(OnLost::Wait), Standing::Retrying { at: Wall(3) }),
        put(JobId(127), -65, None, i16::MAX, Some(OnLost::Dead), Standing::Dead { until: Wall(4) }),
    ]
}

fn moves() -> Vec<Fact<'static>> {
    let working = Standing::Working { wid: "worker-1", since: Wall(-1), until: Wall(i64::MAX) };
    let nobodys = Standing::Working { wid: "", since: Wall(5), until: Wall(6) };
    let set = |standing| Fact::Set { id: A, order: Order(i64::MIN), standing };
    let lost = |blamed| Fact::Lost { id: A, order: Order(-1), at: Wall(0), blamed, standing: working };
    let fail = |counted, next_at, standing| {
        let text = b"{\"message\":\"no\"}";
        let failure = Failure { retry_count: u32::MAX, remaining: -1, failed_at: Wall(127), next_at, text };
        Fact::Fail { id: B, order: Order(i64::MAX), at: Wall(128), counted, failure, standing }
    };
    vec![
        set(working),
        set(nobodys),
        fail(true, Some(Wall(7)), Standing::Retrying { at: Wall(7) }),
        fail(false, None, Standing::Dead { until: Wall::LAST }),
        lost(true),
        lost(false),
    ]
}

fn helpers(disk: &SimDisk) -> Helpers<SimDisk> {
    let janitor = Janitor::start(disk.clone(), OPTIONS.segment_bytes, &[], 1).unwrap();
    Helpers { janitor, cold: Cold::start(disk.clone()).unwrap(), flusher: None }
}

/// Writes a store of several segments.
fn write(disk: &SimDisk) {
    let mut log =
        Log::create(disk.clone(), STORE, OPTIONS, Wall(1), helpers(disk), "spare-1.tmp".into()).unwrap();
    for facts in facts().chunks(2) {
        for fact in facts {
            log.record(fact);
        }
        log.commit(Now { wall: Wall(2), ..Now::default() }, None, |log| _ = log.record(&RESTATED)).unwrap();
    }
}

fn folder(version: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/format-{version}"))
}

/// The segments of a disk.
fn segments(disk: &SimDisk) -> Vec<(String, Vec<u8>)> {
    let names = disk.list().unwrap().into_iter().filter(|name| name.ends_with(".seg"));
    names.map(|name| (name.clone(), disk.content(&name).unwrap())).collect()
}

/// A disk with the fixture of a version.
fn kept(version: u32) -> SimDisk {
    let disk = SimDisk::new(1);
    for entry in fs::read_dir(folder(version)).unwrap() {
        let entry = entry.unwrap();
        disk.set_content(entry.file_name().to_str().unwrap(), Some(fs::read(entry.path()).unwrap()));
    }
    disk
}

#[test]
fn the_newest_fixture_is_what_is_written_today() {
    let disk = SimDisk::new(1);
    write(&disk);
    if std::env::var_os("BESSEMER_WRITE_FIXTURE").is_some() {
        fs::create_dir_all(folder(VERSION)).unwrap();
        for (name, content) in segments(&disk) {
            fs::write(folder(VERSION).join(name), content).unwrap();
        }
    }
    let (today, kept) = (segments(&disk), segments(&kept(VERSION)));
    assert!(today.len() > 2, "a fixture of several segments");
    assert!(today == kept, "the format has changed: see segment.rs for what that takes");
}

#[test]
fn the_fixture_of_every_format_is_read() {
    is_read(1, &facts_of_format_1());
    is_read(2, &facts());
}

fn is_read(version: u32, facts: &[Fact<'_>]) {
    let disk = kept(version);
    let found = recover::look(disk.clone(), Purpose::Serve).unwrap();
    assert_eq!(found.store(), Some(STORE));
    let mut read: Vec<(String, Span)> = Vec::new();
    let replayed = found
        .replay(&mut |fact, span| {
            // Told again at the beginning of each segment but the first.
            if *fact != RESTATED {
                read.push((format!("{fact:?}"), span));
            }
        })
        .unwrap();
    assert_eq!(replayed.report.last_written, Some(Wall(2)));
    assert_eq!(read.len(), facts.len());
    let helpers = helpers(&disk);
    let mut log = Log::resume(disk, STORE, OPTIONS, replayed.active, replayed.table, helpers);
    for (fact, (read, span)) in facts.iter().zip(read) {
        assert_eq!(read, format!("{fact:?}"));
        if let Fact::Put { body: text, .. } | Fact::Fail { failure: Failure { text, .. }, .. } = fact {
            log.ask(span);
            log.texts.watch(&mut Context::from_waker(Waker::noop()));
            log.texts.collect().unwrap();
            assert_eq!(log.text(span).unwrap().unwrap(), *text, "the text of {read}");
        }
    }
}

#[test]
fn the_hash_key_of_a_store_stays_the_same() {
    // Every jid in every index is hashed with it, and the re-push compares hashes from the log.
    assert_eq!(STORE.hash_key(), [2_052_527_766_550_063_715, 12_310_701_380_248_349_518]);
}
