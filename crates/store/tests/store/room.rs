//! Room on the disk: a store that runs full refuses producers, serves workers, and recovers by itself (`G13`).

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bessemer_core::command::{ConnId, Refusal};
use bessemer_core::{Command, Now, Reply, Settled, Ticket};
use bessemer_store::embedded::disk::{Disk, RealDisk, SimDisk};
use bessemer_store::{Embedded, Engine, Fatal, Options, WaterMarks};

use crate::world::{ENTROPY, job, now_at};

const PRODUCER: Ticket = Ticket(1);
const WORKER: Ticket = Ticket(2);

fn open<D: Disk>(disk: &D, marks: WaterMarks) -> Embedded<D> {
    let options = Options { segment_bytes: 4 << 10, tail_bytes: 2 << 10, marks, ..Options::default() };
    Embedded::open(disk.clone(), options, now_at(0), ENTROPY).unwrap().0
}

fn turn<D: Disk>(engine: &mut Embedded<D>, now: Now) -> Result<Vec<(Ticket, Reply)>, Fatal> {
    let mut out = Settled::default();
    match engine.poll_turn(&mut Context::from_waker(Waker::noop()), now, &mut out) {
        Poll::Ready(result) => result.map(|()| out.replies),
        Poll::Pending => panic!("it waits, and there is room"),
    }
}

fn push<D: Disk>(engine: &mut Embedded<D>, n: u64) {
    engine.submit(now_at(n), PRODUCER, Command::Push { job: job(&format!("job-{n:05}"), "default") });
}

/// Pushes a job a second until the disk is full; how many were taken.
fn fill<D: Disk>(engine: &mut Embedded<D>) -> u64 {
    let taken = |n: &u64| {
        push(engine, *n);
        turn(engine, now_at(*n)).unwrap() == [(PRODUCER, Reply::Done)]
    };
    (0..).take_while(taken).count() as u64
}

/// Takes a job and ends it.
fn work<D: Disk>(engine: &mut Embedded<D>, now: Now, n: u64) {
    let fetch = Command::Fetch { conn: ConnId(1), queues: &["default"], wait: Duration::ZERO };
    engine.submit(now, WORKER, fetch);
    let found = (0..10).find_map(|_| turn(engine, now).unwrap().pop());
    assert!(matches!(found, Some((WORKER, Reply::Job(_)))), "{found:?}");
    engine.submit(now, WORKER, Command::Ack { conn: ConnId(1), jid: &format!("job-{n:05}"), lease: None });
    assert_eq!(turn(engine, now).unwrap(), [(WORKER, Reply::Done)]);
}

#[test]
fn a_full_disk_refuses_producers_lets_workers_go_on_and_is_left_by_itself_g13() {
    const REFUSED: [(Ticket, Reply); 1] = [(PRODUCER, Reply::Refused(Refusal::DiskFull))];
    let disk = SimDisk::new(1);
    let marks = WaterMarks { low: 64 << 10, high: 96 << 10 };
    let mut engine = open(&disk, marks);
    disk.set_space(Some(200 << 10));
    let mut accepted = 0;
    loop {
        push(&mut engine, accepted);
        let before = engine.machine().dump();
        let replies = turn(&mut engine, now_at(accepted)).unwrap();
        if replies != [(PRODUCER, Reply::Done)] {
            assert_eq!(replies, REFUSED);
            assert_eq!(engine.machine().dump(), before, "what is refused changes nothing");
            break;
        }
        accepted += 1;
    }
    assert!(accepted > 100 && engine.condition().disk_full && disk.free().unwrap() < marks.low);
    let now = now_at(accepted);
    engine.submit(now, PRODUCER, Command::PushBulk { jobs: &[] });
    assert_eq!(turn(&mut engine, now).unwrap(), REFUSED);
    for n in 0..accepted {
        work(&mut engine, now, n);
    }
    // Between the marks nothing changes; above them the next PUSH is taken, and nobody was asked to do anything.
    disk.set_space(Some(disk.used() + marks.high - 1));
    assert_eq!(turn(&mut engine, now_at(accepted + 1)).unwrap(), []);
    assert!(engine.condition().disk_full);
    disk.set_space(Some(disk.used() + marks.high));
    let due = engine.next_due(now_at(accepted + 1)).unwrap();
    assert_eq!(due, now_at(accepted + 1).boot.after(Duration::from_millis(100)), "somebody has to look");
    assert_eq!(turn(&mut engine, now_at(accepted + 2)).unwrap(), []);
    assert!(!engine.condition().disk_full);
    push(&mut engine, accepted + 2);
    assert_eq!(turn(&mut engine, now_at(accepted + 2)).unwrap(), [(PRODUCER, Reply::Done)]);
}

#[test]
fn segments_that_are_freed_on_a_full_disk_are_given_back_and_not_kept_for_later_g13() {
    let disk = SimDisk::new(1);
    let mut engine = open(&disk, WaterMarks { low: 8 << 10, high: 24 << 10 });
    disk.set_space(Some(48 << 10));
    let accepted = fill(&mut engine);
    for n in 0..accepted {
        work(&mut engine, now_at(accepted + n), n);
    }
    let later = now_at(10_000);
    turn(&mut engine, later).unwrap();
    let now = now_at(10_001);
    turn(&mut engine, now).unwrap();
    engine.submit(now, PRODUCER, Command::Push { job: job("job-after", "default") });
    assert_eq!(turn(&mut engine, now).unwrap(), [(PRODUCER, Reply::Done)], "{:?}", disk.list().unwrap());
}

/// Nobody pushes, since nobody may, and nobody has anything to end: what makes room is nobody's command.
#[test]
fn a_disk_that_was_filled_with_jobs_is_left_by_itself_when_all_are_done_g13() {
    let disk = SimDisk::new(1);
    let mut engine = open(&disk, WaterMarks { low: 16 << 10, high: 40 << 10 });
    disk.set_space(Some(disk.used() + (64 << 10)));
    let accepted = fill(&mut engine);
    for n in 0..accepted {
        work(&mut engine, now_at(accepted), n);
    }
    let window = Options::default().rules.repush_window.as_secs();
    let roomy = (1..window + 10).find(|second| {
        turn(&mut engine, now_at(accepted + second)).unwrap();
        !engine.condition().disk_full
    });
    let names = disk.list().unwrap();
    assert!(roomy.is_some(), "{} bytes are free, {} files are left", disk.free().unwrap(), names.len());
    push(&mut engine, accepted + window + 10);
    assert_eq!(turn(&mut engine, now_at(accepted + window + 10)).unwrap(), [(PRODUCER, Reply::Done)]);
}

#[test]
fn a_disk_that_does_not_say_what_is_free_refuses_nobody() {
    let disk = SimDisk::new(1);
    let mut engine = open(&disk, WaterMarks::default());
    disk.set_space(Some(0));
    assert!(disk.crash().free().is_ok() && disk.free().is_err(), "the handle is dead");
    assert_eq!(turn(&mut engine, now_at(1)).unwrap(), []);
    assert!(!engine.condition().disk_full);
}

#[test]
fn a_directory_that_is_removed_ends_the_store_before_it_answers_into_the_void() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("db");
    let mut engine = open(&RealDisk::open(&path).unwrap(), WaterMarks { low: 0, high: 1 });
    push(&mut engine, 1);
    assert_eq!(turn(&mut engine, now_at(1)).unwrap(), [(PRODUCER, Reply::Done)]);
    std::fs::remove_dir_all(&path).unwrap();
    push(&mut engine, 2);
    let fatal = turn(&mut engine, now_at(2)).unwrap_err();
    assert_eq!((fatal.action, fatal.source.kind()), ("find", std::io::ErrorKind::NotFound));
}

/// One turn of a disk that may be full; nothing, where it waits.
fn turn_or_wait(engine: &mut Embedded<SimDisk>, now: Now) -> Option<Vec<(Ticket, Reply)>> {
    let mut out = Settled::default();
    match engine.poll_turn(&mut Context::from_waker(Waker::noop()), now, &mut out) {
        Poll::Ready(result) => result.map(|()| Some(out.replies)).unwrap(),
        Poll::Pending => {
            assert_eq!(out.replies, []);
            None
        }
    }
}

#[test]
fn a_batch_that_finds_no_room_waits_for_it_and_loses_nothing_g13() {
    let disk = SimDisk::new(1);
    let mut engine = open(&disk, WaterMarks { low: 0, high: 1 });
    disk.set_space(Some(disk.used()));
    let mut answered = 0;
    let last = loop {
        push(&mut engine, answered);
        match turn_or_wait(&mut engine, now_at(answered)) {
            Some(replies) => assert_eq!(replies, [(PRODUCER, Reply::Done)]),
            None => break answered,
        }
        answered += 1;
    };
    assert!(last > 10, "{last}");
    // Nobody is let in, nothing falls due, and somebody comes back to try again.
    let now = now_at(last);
    assert_eq!((engine.room(), engine.condition().disk_full), (0, true));
    let dump = engine.machine().dump();
    let later = now_at(last + 100_000);
    engine.submit(later, Ticket(0), Command::Due);
    assert_eq!(engine.machine().dump(), dump);
    assert_eq!(engine.next_due(now), Some(now.boot.after(Duration::from_millis(250))));
    let calls = disk.calls();
    assert_eq!(turn_or_wait(&mut engine, now), None);
    assert_eq!(disk.calls(), calls, "it is too early to try again");
    assert_eq!(turn_or_wait(&mut engine, now_at(last + 1)), None);
    assert!(disk.calls() > calls);
    // A kill in the meantime takes what was not answered, and nothing else.
    let before = Embedded::open(disk_like(&disk), Options::default(), now, ENTROPY).unwrap().0;
    assert_eq!(before.machine().job_ids().count() as u64, last);

    disk.set_space(None);
    assert_eq!(turn_or_wait(&mut engine, now_at(last + 2)), Some(vec![(PRODUCER, Reply::Done)]));
    assert!(engine.room() > 0);
    for n in 0..=last {
        work(&mut engine, now_at(last + 3), n);
    }
    let dump = engine.machine().dump();
    drop(engine);
    let again = Embedded::open(disk.power_loss(), Options::default(), now, ENTROPY).unwrap().0;
    assert_eq!(again.machine().dump(), dump);
}

/// Another disk with the same files.
fn disk_like(disk: &SimDisk) -> SimDisk {
    let copy = SimDisk::new(2);
    for name in disk.list().unwrap() {
        copy.set_content(&name, disk.content(&name));
    }
    copy
}

#[test]
fn the_reserve_takes_what_workers_do_on_a_disk_without_a_byte_of_room_g13() {
    let disk = SimDisk::new(1);
    let mut engine = open(&disk, WaterMarks { low: 64 << 10, high: 96 << 10 });
    for n in 0..8 {
        push(&mut engine, n);
        assert_eq!(turn(&mut engine, now_at(n)).unwrap(), [(PRODUCER, Reply::Done)]);
    }
    let spare = |name: &String| name.starts_with("spare-");
    assert!(disk.list().unwrap().iter().any(spare), "the reserve is made at the start");
    // Somebody else has taken everything.
    disk.set_space(Some(disk.used()));
    assert_eq!(turn(&mut engine, now_at(10)).unwrap(), []);
    assert!(engine.condition().disk_full);
    for n in 0..8 {
        work(&mut engine, now_at(10), n);
    }
}
