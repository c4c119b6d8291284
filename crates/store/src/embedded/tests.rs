//! The engine as its users see it: jobs go in, come out, and are still there after a restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bessemer_core::command::{Asks, ConnId, Push, Record};
use bessemer_core::fact::Family;
use bessemer_core::{Answer, Boot, Command, Now, Progress, Query, Reply, Settled, Ticket, Wall};

use super::bug::{Bug, plant};
use super::disk::{Disk, DiskFile, RealDisk, SimDisk};
use super::segment::{self, Header, VERSION};
use super::{Embedded, OpenError, Options, Recovered};
use crate::engine::{Engine, Fatal, Reader};

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
    engine.submit(now, Ticket(3), Command::Ack { conn: ConnId(1), jid });
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

/// Whether it was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn more_questions_than_a_turn_answers_wake_the_engine_again() {
    let (mut engine, _) = open(SimDisk::new(1), at(0));
    let reader = engine.reader();
    let mut cx = Context::from_waker(Waker::noop());
    let mut asked: Vec<_> = (0..10).map(|_| Box::pin(reader.ask(Query::Info))).collect();
    assert!(asked.iter_mut().all(|ask| ask.as_mut().poll(&mut cx).is_pending()));
    let mut turns = 0;
    loop {
        let woken = Arc::new(Woken::default());
        let mut out = Settled::default();
        assert!(
            engine.poll_turn(&mut Context::from_waker(&woken.clone().into()), at(1), &mut out).is_ready()
        );
        turns += 1;
        if !woken.0.load(Ordering::Relaxed) {
            break;
        }
    }
    assert_eq!(turns, 3, "four, four, two");
    assert!(asked.iter_mut().all(|ask| ask.as_mut().poll(&mut cx).is_ready()));
}

#[test]
fn a_page_is_answered_with_its_texts_and_a_question_wakes_the_engine() {
    let (mut engine, _) = open(SimDisk::new(1), at(0));
    for n in 0..50 {
        push(&mut engine, at(n), &format!("job-{n:05}"), &body(n));
        turn(&mut engine, at(n)).unwrap();
    }
    let woken = Arc::new(Woken::default());
    let mut out = Settled::default();
    assert!(engine.poll_turn(&mut Context::from_waker(&woken.clone().into()), at(59), &mut out).is_ready());
    let reader = engine.reader();
    let page = bessemer_core::query::Page { from: 0, count: 50 };
    let mut asked = Box::pin(reader.ask(Query::Queue { name: "default".into(), page }));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(!woken.0.load(Ordering::Relaxed));
    assert!(asked.as_mut().poll(&mut cx).is_pending());
    assert!(woken.0.load(Ordering::Relaxed), "nobody told the engine");
    turn(&mut engine, at(60)).unwrap();
    assert!(asked.as_mut().poll(&mut cx).is_pending(), "most of it has to be read");
    while engine.next_due(at(60)).is_some() {
        turn(&mut engine, at(60)).unwrap();
    }
    let Poll::Ready(Ok(Answer::Jobs(jobs))) = asked.as_mut().poll(&mut cx) else { panic!("no answer") };
    assert_eq!(jobs.total, 50);
    assert_eq!(jobs.jobs[0].body.bytes(), body(49), "newest first");
    assert_eq!(jobs.jobs[49].body.bytes(), body(0), "long out of the tail cache");

    drop(engine);
    let mut asked = Box::pin(reader.ask(Query::Info));
    assert!(matches!(asked.as_mut().poll(&mut cx), Poll::Ready(Err(_))), "nobody answers any more");
}

#[test]
fn texts_are_read_in_bulk_past_the_engine_and_what_is_not_there_is_missing() {
    let disk = SimDisk::new(1);
    let (mut engine, _) = open(disk.clone(), at(0));
    for n in 0..100 {
        push(&mut engine, at(n), &format!("job-{n:05}"), &body(n));
        turn(&mut engine, at(n)).unwrap();
    }
    let places = vec![bessemer_core::query::Where::Queued];
    let sift = bessemer_core::query::Sift { places, most: 1_000, ..Default::default() };
    let Answer::Sifted(sifted) = engine.machine().answer(at(100), &Query::Sift(Box::new(sift))) else {
        panic!("no pass")
    };
    assert_eq!((sifted.found.len(), sifted.next, sifted.counts), (100, None, [0, 100, 0, 0, 0]));
    let reader = engine.reader();
    // In any order, also from segments that were begun while it served.
    let spans: Vec<_> = sifted.found.iter().rev().map(|found| found.body).collect();
    let read = reader.read(&spans).unwrap();
    for (n, text) in (0..100).rev().zip(read) {
        assert_eq!(text.as_deref(), Some(&body(n)[..]), "{n}");
    }
    // A place where something else stands is not taken for the text, and one behind the end is none.
    let off = |by: u64| bessemer_core::Span { at: spans[50].at + by, ..spans[50] };
    let read = reader.read(&[off(1), spans[50], off(1 << 40)]).unwrap();
    assert_eq!(read.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    // One bit that has changed is one text that is missing.
    let mut bytes = disk.content(FIRST).unwrap();
    let rotten = bytes.windows(5).position(|bytes| bytes == b"{\"n\":").unwrap();
    bytes[rotten + 20] ^= 1;
    disk.set_content(FIRST, Some(bytes));
    let read = reader.read(&spans).unwrap();
    assert_eq!(read.iter().filter(|text| text.is_none()).count(), 1);
    drop(engine);
    assert!(reader.read(&spans).is_err(), "the directory is free again");
}

/// A turn, and whether the engine wants another.
fn is_woken_by_turn<D: Disk>(engine: &mut Embedded<D>, now: Now) -> bool {
    let woken = Arc::new(Woken::default());
    let mut out = Settled::default();
    assert!(engine.poll_turn(&mut Context::from_waker(&woken.clone().into()), now, &mut out).is_ready());
    woken.0.load(Ordering::Relaxed)
}

#[test]
fn a_pass_goes_on_by_itself_stands_aside_for_replies_and_ends_with_who_asked() {
    use bessemer_core::query::{Sift, Where};
    let (mut engine, _) = open(SimDisk::new(1), at(0));
    for n in 0..20_000 {
        push(&mut engine, at(n), &format!("job-{n:05}"), &body(n));
    }
    turn(&mut engine, at(20_000)).unwrap();
    let reader = engine.reader();
    let mut cx = Context::from_waker(Waker::noop());
    let sift = Sift { places: vec![Where::Queued], ..Default::default() };
    let ask = || Box::pin(reader.ask(Query::Sift(Box::new(sift.clone()))));

    let mut asked = ask();
    assert!(asked.as_mut().poll(&mut cx).is_pending());
    let mut turns = 1;
    while is_woken_by_turn(&mut engine, at(20_000)) {
        assert!(asked.as_mut().poll(&mut cx).is_pending(), "it is told once, and whole");
        turns += 1;
    }
    let Poll::Ready(Ok(Answer::Sifted(all))) = asked.as_mut().poll(&mut cx) else { panic!("no answer") };
    assert_eq!((all.counts, all.next, all.came), ([0, 20_000, 0, 0, 0], None, 20_000));
    assert!((9..12).contains(&turns), "no more than a piece, and the first, in a turn: {turns}");

    // Beside others, who have a reply in each turn, it takes longer; and what comes meanwhile is not meant.
    let mut asked = ask();
    assert!(asked.as_mut().poll(&mut cx).is_pending());
    let mut beside = 0;
    let counted = loop {
        push(&mut engine, at(20_001), &format!("late-{beside}"), b"{}");
        assert_eq!(turn(&mut engine, at(20_001)).unwrap().len(), 1);
        beside += 1;
        if let Poll::Ready(answer) = asked.as_mut().poll(&mut cx) {
            let Ok(Answer::Sifted(all)) = answer else { panic!("no answer") };
            break all.counts[Where::Queued as usize];
        }
    };
    assert!(beside > 2 * turns, "{beside}");
    assert_eq!(counted, 20_001, "those that had come when it began");

    let mut asked = ask();
    assert!(asked.as_mut().poll(&mut cx).is_pending());
    assert!(is_woken_by_turn(&mut engine, at(20_002)));
    drop(asked);
    assert!(!is_woken_by_turn(&mut engine, at(20_002)), "nobody waits for it");
}

#[test]
fn one_pass_more_than_may_go_on_is_told_piece_by_piece() {
    use super::reader::PASSES_MAX;
    use bessemer_core::query::{Sift, Where};
    let (mut engine, _) = open(SimDisk::new(1), at(0));
    for n in 0..5_000 {
        push(&mut engine, at(n), &format!("job-{n:05}"), &body(n));
    }
    turn(&mut engine, at(5_000)).unwrap();
    let reader = engine.reader();
    let mut cx = Context::from_waker(Waker::noop());
    let sift = Sift { places: vec![Where::Queued], ..Default::default() };
    let ask = || Box::pin(reader.ask(Query::Sift(Box::new(sift.clone()))));
    let mut asked: Vec<_> = (0..PASSES_MAX + 4).map(|_| ask()).collect();
    assert!(asked.iter_mut().all(|ask| ask.as_mut().poll(&mut cx).is_pending()));
    while is_woken_by_turn(&mut engine, at(5_000)) {}
    let mut told = Vec::new();
    for ask in &mut asked {
        let Poll::Ready(Ok(Answer::Sifted(sifted))) = ask.as_mut().poll(&mut cx) else { panic!("no answer") };
        told.push(sifted);
    }
    let whole = told.iter().filter(|sifted| sifted.next.is_none()).count();
    assert!((PASSES_MAX..PASSES_MAX + 4).contains(&whole), "{whole}");
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
    engine.submit(at(3_000), Ticket(3), Command::Ack { conn: ConnId(1), jid: "job-first" });
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
            engine.submit(at(0), Ticket(3), Command::Fail { conn: ConnId(1), jid: &jid, text });
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
