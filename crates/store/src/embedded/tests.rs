//! The engine as its users see it: jobs go in, come out, and are still there after a restart.

mod questions;

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bessemer_core::command::{Asks, ConnId, Push, Record};
use bessemer_core::fact::Family;
use bessemer_core::{Answer, Boot, Command, Now, Progress, Query, Reply, Settled, Ticket, Wall};

use super::bug::{Bug, plant};
use super::disk::{Disk, DiskFile, RealDisk, SimDisk};
use super::segment::{self, Header, VERSION};
use super::{Embedded, OpenError, Options, Recovered};
use crate::engine::{Engine, Fatal};

const ENTROPY: [u8; 16] = *b"sixteen bytes id";

const FIRST: &str = "0000000001.seg";

const FETCH: Command<'_> = Command::Fetch { conn: ConnId(1), queues: &["default"], wait: Duration::ZERO };

fn at(second: u64) -> Now {
    let boot = Boot(second * 1_000_000);
    Now { wall: Wall(1_800_000_000_000_000 + boot.0 as i64), boot, heard: boot, chance: second }
}

fn small() -> Options {
    Options { segment_bytes: 4 << 10, tail_bytes: 2 << 10, ..Options::default() }
}

fn open<D: Disk>(disk: D, now: Now) -> (Embedded<D>, Recovered) {
    Embedded::open(disk, small(), now, ENTROPY).unwrap_or_else(|error| panic!("{error}"))
}

fn turn<D: Disk>(engine: &mut Embedded<D>, now: Now) -> Result<Vec<(Ticket, Reply)>, Fatal> {
    let mut out = Settled::default();
    match engine.poll_turn(&mut Context::from_waker(Waker::noop()), now, &mut out) {
        Poll::Ready(result) => result.map(|()| out.replies),
        Poll::Pending => panic!("the embedded engine is always ready"),
    }
}

/// Wakes a thread that is parked.
struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// As many turns as it takes until so many replies have come: a body that is not in memory is read first.
fn turns<D: Disk>(engine: &mut Embedded<D>, now: Now, wanted: usize) -> Result<Vec<(Ticket, Reply)>, Fatal> {
    let mut out = Settled::default();
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        let Poll::Ready(result) = engine.poll_turn(&mut Context::from_waker(&waker), now, &mut out) else {
            panic!("the embedded engine is always ready")
        };
        result?;
        if out.replies.len() >= wanted {
            return Ok(out.replies);
        }
        if D::THREADS {
            std::thread::park();
        } else {
            assert_eq!(engine.next_due(now), Some(now.boot), "nobody would come back");
        }
    }
}

fn push<D: Disk>(engine: &mut Embedded<D>, now: Now, jid: &str, body: &[u8]) {
    let job = Push {
        jid,
        queue: "default",
        jobtype: "Greet",
        retry: 25,
        reserve_for: 1800,
        on_lost: None,
        asks: Asks::default(),
        at: None,
        failure: None,
        sent: body,
        body,
    };
    engine.submit(now, Ticket(1), Command::Push { job });
}

/// The body of the next job; it is ACKed right away.
fn work<D: Disk>(engine: &mut Embedded<D>, now: Now, jid: &str) -> Vec<u8> {
    engine.submit(now, Ticket(2), FETCH);
    let replies = turns(engine, now, 1).unwrap();
    let [(Ticket(2), Reply::Job(job))] = &replies[..] else { panic!("no job: {replies:?}") };
    engine.submit(now, Ticket(3), Command::Ack { conn: ConnId(1), jid, lease: None });
    assert_eq!(turn(engine, now).unwrap(), [(Ticket(3), Reply::Done)]);
    job.body.bytes().to_vec()
}

fn body(n: u64) -> Vec<u8> {
    format!("{{\"n\":{n},\"fill\":\"{}\"}}", "x".repeat(100)).into_bytes()
}

fn jobs_outlive_a_restart<D: Disk>(first: D, again: impl Fn(&D) -> D) {
    let (mut engine, report) = open(first.clone(), at(0));
    assert!(report.created);
    for n in 0..100 {
        push(&mut engine, at(n), &format!("job-{n:05}"), &body(n));
        assert_eq!(turn(&mut engine, at(n)).unwrap(), [(Ticket(1), Reply::Done)]);
    }
    let dump = engine.machine().dump();
    drop(engine);

    let second = again(&first);
    drop(first);
    let (mut engine, report) = open(second.clone(), at(200));
    assert_eq!(engine.machine().dump(), dump);
    assert!(report.segments > 3 && report.torn.is_none() && !report.created, "{report:?}");
    engine.machine().check().unwrap();
    for n in 0..100 {
        assert_eq!(work(&mut engine, at(300 + n), &format!("job-{n:05}")), body(n));
    }
    drop(engine);

    // Everything ended long ago: old segments go with the first commit.
    let third = again(&second);
    drop(second);
    let (mut engine, _) = open(third.clone(), at(1000));
    push(&mut engine, at(1000), "job-last", &body(0));
    turn(&mut engine, at(1000)).unwrap();
    drop(engine);
    let names = third.list().unwrap();
    assert!(names.iter().filter(|name| name.ends_with(".seg")).count() <= 2, "{names:?}");
}

#[test]
fn jobs_outlive_a_restart_on_the_real_disk() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_owned();
    let first = RealDisk::open(&path).unwrap();
    // The lock ends with the last handle, so a new handle is the old one here.
    jobs_outlive_a_restart(first, Clone::clone);
    RealDisk::open(&path).unwrap();
}

#[test]
fn jobs_outlive_a_restart_on_the_simulated_disk() {
    jobs_outlive_a_restart(SimDisk::new(1), SimDisk::crash);
    jobs_outlive_a_restart(SimDisk::new(2), SimDisk::power_loss);
}

#[test]
fn a_turn_without_facts_touches_no_disk() {
    let disk = SimDisk::new(1);
    let (mut engine, _) = open(disk.clone(), at(0));
    let calls = disk.calls();
    engine.submit(at(1), Ticket(1), Command::Info);
    assert_eq!(turn(&mut engine, at(1)).unwrap().len(), 1);
    assert_eq!(disk.calls(), calls);
    push(&mut engine, at(1), "job-00001", &body(1));
    turn(&mut engine, at(1)).unwrap();
    assert_eq!(disk.calls(), calls + 2, "one write, one flush");
}

#[test]
fn a_full_group_leaves_no_room() {
    let (mut engine, _) = open(SimDisk::new(1), at(0));
    let before = engine.room();
    push(&mut engine, at(1), "job-00001", &vec![b' '; 5 << 20]);
    assert!(before > 0);
    assert_eq!(engine.room(), 0);
    turn(&mut engine, at(1)).unwrap();
    assert_eq!(engine.room(), before);
    assert_eq!(work(&mut engine, at(2), "job-00001").len(), 5 << 20, "larger than a segment");
}

/// What a FETCH answers after a bit of its body has changed on the disk.
fn fetch_rotten() -> (u64, Result<Vec<(Ticket, Reply)>, Fatal>) {
    let disk = SimDisk::new(1);
    let (mut engine, _) = open(disk.clone(), at(0));
    for n in 0..50 {
        push(&mut engine, at(n), &format!("job-{n:05}"), &body(n));
        turn(&mut engine, at(n)).unwrap();
    }
    let mut bytes = disk.content(FIRST).unwrap();
    let rotten = bytes.windows(5).position(|bytes| bytes == b"{\"n\":").unwrap();
    bytes[rotten + 20] ^= 1;
    disk.set_content(FIRST, Some(bytes));
    engine.submit(at(60), Ticket(2), FETCH);
    let answer = turns(&mut engine, at(60), 1);
    assert_eq!(turn(&mut engine, at(60)).is_err(), answer.is_err(), "it went on after a failure");
    (rotten as u64, answer)
}

#[test]
fn a_body_that_rotted_is_an_error_with_a_place_and_never_served() {
    let (rotten, answer) = fetch_rotten();
    let fatal = answer.unwrap_err();
    assert_eq!((fatal.action, &*fatal.path, fatal.offset), ("read", FIRST, rotten));

    plant(Some(Bug::TrustTheText));
    let (_, answer) = fetch_rotten();
    plant(None);
    assert!(answer.is_ok(), "the planted bug does nothing");
}

#[test]
fn a_job_that_ends_in_the_turn_that_hands_it_out_is_still_read() {
    let (mut engine, _) = open(SimDisk::new(1), at(0));
    push(&mut engine, at(0), "job-first", &body(0));
    engine.submit(at(0), Ticket(2), FETCH);
    assert_eq!(turn(&mut engine, at(0)).unwrap().len(), 2);
    for n in 1..50 {
        push(&mut engine, at(n), &format!("job-{n:05}"), &body(n));
        turn(&mut engine, at(n)).unwrap();
        assert_eq!(work(&mut engine, at(n), &format!("job-{n:05}")), body(n));
    }
    // Its reservation ends, it is handed out again, and the first worker's ACK comes late: all in one turn.
    engine.submit(at(2_000), Ticket(0), Command::Due);
    engine.submit(at(3_000), Ticket(0), Command::Due);
    engine.submit(at(3_000), Ticket(2), FETCH);
    engine.submit(at(3_000), Ticket(3), Command::Ack { conn: ConnId(1), jid: "job-first", lease: None });
    let replies = turns(&mut engine, at(3_000), 2).unwrap();
    let Some((_, Reply::Job(job))) = replies.iter().find(|(ticket, _)| *ticket == Ticket(2)) else {
        panic!("no job: {replies:?}")
    };
    assert_eq!(job.body.bytes(), body(0));
}

#[test]
fn a_backlog_on_the_disk_is_read_ahead_and_holds_up_nobody_else() {
    let disk = SimDisk::new(1);
    let (mut engine, _) = open(disk.clone(), at(0));
    for n in 0..5_000 {
        push(&mut engine, at(0), &format!("job-{n:05}"), &body(n));
        if n % 100 == 0 {
            turn(&mut engine, at(0)).unwrap();
        }
    }
    turn(&mut engine, at(0)).unwrap();
    drop(engine);

    let (mut engine, _) = open(disk.crash(), at(1));
    // Nothing is in memory yet: a FETCH waits, a PUSH behind it does not.
    assert_eq!(engine.submit(at(1), Ticket(2), FETCH), Progress::Open);
    push(&mut engine, at(1), "job-other", &body(0));
    assert_eq!(turn(&mut engine, at(1)).unwrap(), [(Ticket(1), Reply::Done)]);
    assert_eq!(engine.next_due(at(1)), Some(at(1).boot));
    let replies = turn(&mut engine, at(1)).unwrap();
    let [(Ticket(2), Reply::Job(job))] = &replies[..] else { panic!("{replies:?}") };
    assert_eq!(job.body.bytes(), body(0));

    let mut waited = 0;
    for n in 1..5_000 {
        waited += usize::from(engine.submit(at(2), Ticket(2), FETCH) == Progress::Open);
        let replies = turns(&mut engine, at(2), 1).unwrap();
        let [(Ticket(2), Reply::Job(job))] = &replies[..] else { panic!("{replies:?}") };
        assert_eq!(job.body.bytes(), body(n));
    }
    // Segments of 4 KiB are read one by one; the head of the queue is known one job before it is asked for.
    assert!(waited < 5_000 / 10, "{waited} of 5,000 waited");
}

#[test]
fn the_head_of_a_queue_is_read_before_anybody_asks_for_it() {
    let disk = SimDisk::new(1);
    let (mut engine, _) = open(disk.clone(), at(0));
    push(&mut engine, at(0), "job-00000", &body(0));
    turn(&mut engine, at(0)).unwrap();
    drop(engine);

    let (mut engine, _) = open(disk.crash(), at(1));
    turn(&mut engine, at(1)).unwrap();
    turn(&mut engine, at(2)).unwrap();
    assert_eq!(engine.submit(at(3), Ticket(2), FETCH), Progress::Decided);
    let replies = turn(&mut engine, at(3)).unwrap();
    let [(Ticket(2), Reply::Job(job))] = &replies[..] else { panic!("{replies:?}") };
    assert_eq!(job.body.bytes(), body(0));
}

/// How many segments there are.
fn segments(disk: &SimDisk) -> usize {
    disk.list().unwrap().iter().filter(|name| name.ends_with(".seg")).count()
}

/// Forty jobs that stay, ten of them reserved and ten with a failure.
fn pin<D: Disk>(engine: &mut Embedded<D>) {
    for n in 0..40 {
        let jid = format!("pin-{n:05}");
        push(engine, at(0), &jid, &body(n));
        turn(engine, at(0)).unwrap();
        if n < 20 {
            engine.submit(at(0), Ticket(2), FETCH);
            assert_eq!(turns(engine, at(0), 1).unwrap().len(), 1);
        }
        if n < 10 {
            let text = b"{\"message\":\"no\"}";
            engine.submit(at(0), Ticket(3), Command::Fail { conn: ConnId(1), jid: &jid, text, lease: None });
            assert_eq!(turn(engine, at(0)).unwrap(), [(Ticket(3), Reply::Done)]);
        }
    }
}

#[test]
fn the_log_stays_short_while_old_jobs_live() {
    let disk = SimDisk::new(1);
    let (mut engine, _) = open(disk.clone(), at(0));
    pin(&mut engine);
    let (dump, pinned) = (engine.machine().dump(), segments(&disk));
    let jobs = |dump: &str| {
        dump.lines().filter(|line| line.starts_with("job")).map(String::from).collect::<Vec<_>>()
    };
    let mut longest = 0;
    for n in 0..3_000 {
        let jid = format!("job-{n:05}");
        push(&mut engine, at(0), &jid, &body(n));
        turn(&mut engine, at(0)).unwrap();
        let Answer::Jobs(found) = engine.machine().answer(at(0), &Query::Jid { jid: jid.clone() }) else {
            panic!("no jobs")
        };
        engine.submit(at(0), Ticket(5), Command::Delete { jobs: &[found.jobs[0].id] });
        turn(&mut engine, at(0)).unwrap();
        longest = longest.max(segments(&disk));
    }
    assert_eq!(jobs(&engine.machine().dump()), jobs(&dump), "nothing happened to those that stay");
    assert!(longest <= 3 * pinned + 2, "{longest} segments for what fits into {pinned}");
    engine.machine().check().unwrap();
    let dump = engine.machine().dump();
    drop(engine);

    let (mut engine, report) = open(disk.crash(), at(10));
    assert_eq!(engine.machine().dump(), dump);
    engine.machine().check().unwrap();
    assert_eq!(report.torn, None, "what an older segment left in the file is no torn tail");
    for n in 20..40 {
        assert_eq!(work(&mut engine, at(10), &format!("pin-{n:05}")), body(n));
    }
}

#[test]
fn an_operator_sees_what_the_log_takes_and_what_was_cleaned() {
    let disk = SimDisk::new(1);
    let (mut engine, _) = open(disk.clone(), at(0));
    let log = |engine: &Embedded<SimDisk>| engine.condition().log.unwrap();
    assert_eq!((log(&engine).segments, log(&engine).given_up, log(&engine).cleaned_at), (1, 0, None));
    pin(&mut engine);
    let pinned = log(&engine);
    assert!(pinned.live_bytes > 40 * 100 && pinned.live_bytes < pinned.bytes, "{pinned:?}");
    for n in 0..400 {
        let jid = format!("job-{n:05}");
        push(&mut engine, at(100 + n), &jid, &body(n));
        turn(&mut engine, at(100 + n)).unwrap();
        let Answer::Jobs(found) = engine.machine().answer(at(0), &Query::Jid { jid }) else {
            panic!("no jobs")
        };
        engine.submit(at(100 + n), Ticket(5), Command::Delete { jobs: &[found.jobs[0].id] });
        turn(&mut engine, at(100 + n)).unwrap();
        assert_eq!(log(&engine).segments as usize, segments(&disk));
        assert_eq!(log(&engine).disk_bytes, disk.used(), "{:?}", log(&engine));
    }
    let seen = log(&engine);
    assert_eq!(seen.live_bytes, pinned.live_bytes, "the same live");
    assert!(seen.given_up > seen.cleaned && seen.cleaned > 0, "some became empty by themselves: {seen:?}");
    assert!(seen.cleaned_bytes >= pinned.live_bytes / 2 && seen.cleaned_at > Some(at(100).wall), "{seen:?}");
    drop(engine);

    let disk = disk.crash();
    let (engine, _) = open(disk.clone(), at(1_000));
    let again = log(&engine);
    assert_eq!((again.segments, again.bytes, again.live_bytes), (seen.segments, seen.bytes, seen.live_bytes));
    assert_eq!(again.disk_bytes, disk.used(), "fewer spares are kept over a restart");
    assert_eq!((again.given_up, again.cleaned_bytes, again.cleaned_at), (0, 0, None), "since the start");
}

#[test]
fn without_its_terminator_the_end_of_a_recycled_segment_would_look_torn() {
    plant(Some(Bug::ForgetTheTerminator));
    let outcome = std::panic::catch_unwind(the_log_stays_short_while_old_jobs_live);
    plant(None);
    assert!(outcome.is_err(), "the planted bug does nothing");
}

#[test]
fn a_store_of_faktory_is_told_how_to_come_over() {
    for name in ["faktory.rdb", "dump.rdb"] {
        let disk = SimDisk::new(1);
        disk.set_content(name, Some(b"REDIS0009".to_vec()));
        let error = Embedded::open(disk.clone(), small(), at(0), ENTROPY).unwrap_err();
        assert!(matches!(error, OpenError::Faktory { .. }));
        assert_eq!(disk.list().unwrap(), [name], "it wrote into somebody else's directory");
    }
}

#[test]
fn a_segment_of_an_older_format_is_not_written_to_g23() {
    let disk = SimDisk::new(1);
    let (mut engine, _) = open(disk.clone(), at(0));
    push(&mut engine, at(0), "job-00001", &body(1));
    turn(&mut engine, at(0)).unwrap();
    let dump = engine.machine().dump();
    drop(engine);
    // What the program before would have left: its batches are the same.
    let file = disk.open(FIRST).unwrap();
    let mut header = [0; segment::HEADER_LEN];
    file.read_at(&mut header, 0).unwrap();
    let older = Header { version: VERSION - 1, ..Header::decode(&header).unwrap() };
    file.write_at(&older.encode(), 0).unwrap();
    let before = disk.content(FIRST).unwrap();

    let (mut engine, report) = open(disk.clone(), at(1));
    assert_eq!((engine.machine().dump(), report.segments), (dump, 1));
    let (family, key, value) = (Family::Mark, b"deploy".to_vec(), Some(b"1.2".to_vec()));
    engine.submit(at(1), Ticket(1), Command::Keep { records: &[Record { family, key, value }] });
    assert_eq!(turn(&mut engine, at(1)).unwrap(), [(Ticket(1), Reply::Done)]);
    let dump = engine.machine().dump();
    drop(engine);
    assert!(disk.content(FIRST).unwrap() == before, "the old segment is as it was");
    let (mut engine, report) = open(disk, at(2));
    assert_eq!((engine.machine().dump(), report.segments), (dump, 2));
    assert_eq!(work(&mut engine, at(2), "job-00001"), body(1));
}
