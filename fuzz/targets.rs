//! What is fuzzed, and what must hold for any input: no panic, no error text that may harm, and what is read, written and
//! read again stays the same. The tests of the server play the same functions for a moment (`tests/sim/fuzz.rs`).

use std::task::{Context, Poll, Waker};

use bessemer_core::command::Hello as Worker;
use bessemer_core::cron::Schedule;
use bessemer_core::glob::Glob;
use bessemer_core::{Boot, ConnId, Now, Wall};
use bessemer_protocol::batch::{self, BatchFilter, NewBatch};
use bessemer_protocol::beat::Beat;
use bessemer_protocol::finish::{Ack, Fail};
use bessemer_protocol::handshake::{HOSTNAME_MAX, Hello, LABEL_MAX, LABELS_MAX, WID_MAX};
use bessemer_protocol::job::{Checked, Job};
use bessemer_protocol::limits::{BACKTRACE_LINES_MAX, ERRTYPE_MAX, MESSAGE_MAX};
use bessemer_protocol::mutate::Mutation;
use bessemer_protocol::operate::JobFilter;
use bessemer_protocol::resp::{Decoded, ERROR_TEXT_MAX, Reply, decode, put_bulk, put_error};
use bessemer_protocol::response::ErrorCode;
use bessemer_protocol::time::parse_rfc3339;
use bessemer_protocol::track::{Extend, Track};
use bessemer_server::config::Limits;
use bessemer_server::node::{Node, Output};
use bessemer_store::embedded::disk::SimDisk;
use bessemer_store::embedded::{Embedded, Options};
use jiff::tz::TimeZone;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::talk::Talk;

/// Takes any input, and panics if something does not hold.
pub(crate) type Target = fn(&[u8]);

/// All of them, by name.
pub(crate) const ALL: &[(&str, Target)] = &[
    ("node", node),
    ("hello", hello),
    ("job", job),
    ("bulk", bulk),
    ("finish", finish),
    ("reply", reply),
    ("mutate", mutate),
    ("glob", glob),
    ("time", time),
    ("batch", batch),
    ("track", track),
    ("schedule", schedule),
];

fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}

/// An error as it goes out: one line of printable ASCII, of no great length.
fn harmless(error: &impl ToString) {
    let text = error.to_string();
    let mut line = Vec::new();
    put_error(&mut line, ErrorCode::Err, &text);
    let shown = line.strip_prefix(b"-ERR ").and_then(|rest| rest.strip_suffix(b"\r\n")).expect("an error");
    assert!(shown.len() <= ERROR_TEXT_MAX && shown.iter().all(|byte| matches!(byte, b' '..=b'~')));
    // What quotes is short by itself, and is not cut by the writer only.
    assert!(text.len() <= ERROR_TEXT_MAX && text.is_ascii(), "{text}");
}

fn moment(at: u64) -> Now {
    let boot = Boot(1_000_000 + at);
    Now { wall: Wall(1_795_000_000_000_000 + at as i64), boot, heard: boot, chance: at }
}

/// Takes turns for as long as there is one to take at that time, and carries what comes out to the client.
fn turns(node: &mut Node<Embedded<SimDisk>>, talk: &mut Talk, conn: ConnId, at: u64) {
    while node.wake_at(moment(at)) <= moment(at).boot {
        let mut outputs = Vec::new();
        let poll = node.turn(&mut Context::from_waker(Waker::noop()), moment(at), &mut outputs);
        assert!(matches!(poll, Poll::Ready(Ok(()))));
        for output in outputs {
            match output {
                Output::Write { bytes, .. } => {
                    talk.receives(&bytes).expect("replies");
                    node.sent(moment(at), conn, talk.received());
                }
                Output::Close { .. } | Output::Cut { .. } => {
                    talk.was_closed().expect("a reason");
                    node.closed(moment(at), conn, talk.received());
                }
                Output::Acted { .. } | Output::Pushed { .. } => unreachable!("nobody acts"),
            }
        }
    }
    node.engine().machine().check().expect("a whole machine");
}

/// Bytes to a whole server without I/O: the framer, all verbs, the replies in their order.
fn node(input: &[u8]) {
    thread_local! {
        static LIMITS: Limits = Limits {
            line_max: 500,
            job_max: 600,
            bulk_max: 900,
            bulk_jobs_max: 5,
            fetch_queues_max: 5,
            unsent_max: 2_000,
            ..Limits::default()
        };
    }
    let limits = LIMITS.with(Clone::clone);
    let options = Options { segment_bytes: 64 << 10, ..Options::default() };
    let stall = options.rules.stall;
    let (engine, _) = Embedded::open(SimDisk::new(1), options, moment(0), [3; 16]).expect("an empty disk");
    let mut node = Node::new(engine, limits.clone(), stall, moment(0));
    let conn = ConnId(1);
    let worker = Worker { wid: "w1", hostname: "h", pid: 1, labels: &[], rss_kb: 0 };
    node.opened(moment(0), conn, Some(worker), false);
    let mut talk = Talk::new(conn, limits);
    // The first byte says into what pieces the rest is cut.
    let (piece, rest) =
        input.split_first().map_or((64, input), |(first, rest)| (usize::from(*first) + 1, rest));
    let mut at = 0;
    for piece in rest.chunks(piece) {
        for _ in 0..1_000 {
            if node.wants_bytes(conn) || talk.is_gone() {
                break;
            }
            // It waits in a FETCH, and so does what is behind it.
            at += 500_000;
            turns(&mut node, &mut talk, conn, at);
        }
        if talk.is_gone() {
            return;
        }
        talk.sends(piece);
        node.bytes(conn, piece);
        turns(&mut node, &mut talk, conn, at);
    }
    // Short of the time of a line that has only begun.
    for _ in 0..200 {
        if talk.has_all() {
            return;
        }
        at += 500_000;
        turns(&mut node, &mut talk, conn, at);
    }
    panic!("{}", talk.owed());
}

fn hello(input: &[u8]) {
    let line = [b"HELLO ", input].concat();
    match Hello::parse(&line) {
        Err(error) => harmless(&error),
        Ok(hello) => {
            assert!(serde_json::from_slice::<IgnoredAny>(input).is_ok());
            assert!(hello.wid.len() <= WID_MAX && !hello.wid.contains(char::is_control));
            assert!(hello.hostname.len() <= HOSTNAME_MAX && hello.labels.len() <= LABELS_MAX);
            assert!(hello.labels.iter().all(|label| label.len() <= LABEL_MAX));
            let mut again = Vec::new();
            hello.encode(&mut again);
            assert_eq!(Hello::parse(again.trim_ascii_end()), Ok(hello));
        }
    }
}

/// What a client sent, as it is stored, and read once more.
fn job(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let job = match Job::parse(text) {
        Err(error) => return harmless(&error),
        Ok(job) => job,
    };
    assert!(serde_json::from_str::<IgnoredAny>(text).is_ok(), "no JSON, and taken for a job");
    match job.check() {
        Err(error) => harmless(&error),
        Ok(job) => stays_the_same(text, &job),
    }
}

fn stays_the_same(text: &str, job: &Checked<'_>) {
    #[derive(serde::Deserialize)]
    struct Kept<'a> {
        #[serde(borrow)]
        args: &'a RawValue,
    }
    let mut stored = Vec::new();
    job.write("2026-01-02T03:04:05Z", &mut stored);
    assert!(!stored.contains(&b'\n'), "a line break in what is stored");
    let stored = std::str::from_utf8(&stored).expect("UTF-8");
    let again = Job::parse(stored).expect(stored).check().expect(stored);
    assert_eq!((again.jid(), again.queue(), again.jobtype()), (job.jid(), job.queue(), job.jobtype()));
    assert_eq!(again.retry(), job.retry());
    assert_eq!((again.at(), again.custom(), again.unique_key()), (job.at(), job.custom(), job.unique_key()));
    let kept = |text| serde_json::from_str::<Kept<'_>>(text).map(|kept| kept.args.get().to_owned());
    // A reader with duplicate members of other names may refuse the whole; what it reads is the same.
    if let (Ok(sent), Ok(kept)) = (kept(text), kept(stored)) {
        assert_eq!(sent, kept, "the arguments are kept byte for byte");
    }
}

fn bulk(input: &[u8]) {
    let Some(text) = text(input) else { return };
    match Job::parse_bulk(text, 50) {
        Err(error) => harmless(&error),
        Ok(jobs) => {
            assert!(jobs.len() <= 50);
            for (sent, job) in jobs {
                match job.check() {
                    Err(error) => harmless(&error),
                    Ok(job) => stays_the_same(sent, &job),
                }
            }
        }
    }
}

fn finish(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    match Ack::parse(text) {
        Err(error) => harmless(&error),
        Ok(_) => assert!(json),
    }
    match Beat::parse(text) {
        Err(error) => harmless(&error),
        Ok(_) => assert!(json),
    }
    match Fail::parse(text) {
        Err(error) => harmless(&error),
        Ok(fail) => {
            assert!(json && fail.backtrace.len() <= BACKTRACE_LINES_MAX);
            assert!(fail.errtype.chars().count() <= ERRTYPE_MAX);
            assert!(fail.message.chars().count() <= MESSAGE_MAX);
            assert!(serde_json::from_slice::<IgnoredAny>(&fail.text()).is_ok());
        }
    }
}

/// Whatever is quoted or sent, a client reads exactly one reply.
fn reply(input: &[u8]) {
    let mut out = Vec::new();
    put_error(&mut out, ErrorCode::NotUnique, &String::from_utf8_lossy(input));
    put_bulk(&mut out, &[input]);
    match decode(&out, input.len()) {
        Ok(Decoded::Reply(Reply::Error(_), used)) => {
            let bulk = decode(&out[used..], input.len());
            assert_eq!(bulk, Ok(Decoded::Reply(Reply::Bulk(input), out.len() - used)));
        }
        other => panic!("{other:?}"),
    }
    if let Ok(Decoded::Reply(_, used)) = decode(input, 1 << 20) {
        assert!(used <= input.len());
    }
}

fn mutate(input: &[u8]) {
    let Some(text) = text(input) else { return };
    if let Err(error) = Mutation::parse(text) {
        harmless(&error);
    }
    if let Err(error) = JobFilter::parse(text) {
        harmless(&error);
    }
}

/// The compiled glob and one that follows its definition agree.
fn glob(input: &[u8]) {
    let (glob, text) = input.split_at(input.len().min(40) / 2);
    let Some(pattern) = self::text(glob) else { return };
    let text = &text[..text.len().min(60)];
    match Glob::new(pattern) {
        Err(error) => harmless(&error),
        Ok(compiled) => assert_eq!(compiled.matches(text), matches(glob, text), "{pattern:?} on {text:?}"),
    }
}

/// The definition, tried out; the inputs are short.
fn matches(glob: &[u8], text: &[u8]) -> bool {
    let Some((first, rest)) = glob.split_first() else { return text.is_empty() };
    match (first, text.split_first()) {
        (b'*', None) => matches(rest, text),
        (b'*', Some((_, behind))) => {
            let rest = &rest[rest.iter().take_while(|byte| **byte == b'*').count()..];
            matches(rest, text) || matches(glob, behind)
        }
        (_, None) => false,
        (b'?', Some((_, behind))) => matches(rest, behind),
        (b'[', Some((byte, behind))) => {
            let (found, rest) = class(rest, *byte);
            found && matches(rest, behind)
        }
        (b'\\', Some((byte, behind))) => {
            let (escaped, rest) = rest.split_first().unwrap_or((&b'\\', &[]));
            byte == escaped && matches(rest, behind)
        }
        (first, Some((byte, behind))) => byte == first && matches(rest, behind),
    }
}

/// Whether a class, behind its bracket, has a byte; and what is behind it.
fn class(glob: &[u8], byte: u8) -> (bool, &[u8]) {
    let (negated, mut rest) = match glob {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, glob),
    };
    let mut found = false;
    loop {
        match rest {
            [] => return (found != negated, rest),
            [b']', behind @ ..] => return (found != negated, behind),
            [b'\\', escaped, behind @ ..] => (found, rest) = (found | (byte == *escaped), behind),
            [from, b'-', to, behind @ ..] => {
                (found, rest) = (found | (*from.min(to)..=*from.max(to)).contains(&byte), behind);
            }
            [one, behind @ ..] => (found, rest) = (found | (byte == *one), behind),
        }
    }
}

/// What is read as a time is written as one that is read the same.
fn time(input: &[u8]) {
    let Some(text) = text(input) else { return };
    match parse_rfc3339(text) {
        Err(error) => assert!(!error.is_empty()),
        Ok(time) => assert_eq!(parse_rfc3339(&time.to_string()), Ok(time), "{text}"),
    }
}

/// What a batch was promised to call is a job that can be pushed, and tells which batch it is of.
fn batch(input: &[u8]) {
    #[derive(serde::Deserialize)]
    struct Stored<'a> {
        #[serde(borrow)]
        custom: Custom<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Custom<'a> {
        _bid: &'a str,
        _cb: &'a str,
    }
    let Some(text) = text(input) else { return };
    if let Err(error) = BatchFilter::parse(text) {
        harmless(&error);
    }
    let plan = match NewBatch::parse(text) {
        Err(error) => return harmless(&error),
        Ok(plan) => plan,
    };
    for (which, callback) in batch::CALLBACKS.iter().zip(plan.callbacks()) {
        let Some(callback) = callback else { continue };
        let stored =
            batch::callback(callback, "abcdefgh", which, "b-1", plan.parent_bid(), "2026-01-02T03:04:05Z");
        let stored = String::from_utf8(stored.expect("it was checked")).expect("UTF-8");
        Job::parse(&stored).expect(&stored).check().expect(&stored);
        let Stored { custom } = serde_json::from_str(&stored).expect(&stored);
        assert_eq!((custom._bid, custom._cb), ("b-1", *which), "{stored}");
    }
}

fn track(input: &[u8]) {
    let Some(text) = text(input) else { return };
    if let Err(error) = Track::parse(text) {
        harmless(&error);
    }
    if let Err(error) = Extend::parse(text) {
        harmless(&error);
    }
}

/// The next tick is the next one from wherever before it one asks, and the latest of those up to itself.
fn schedule(input: &[u8]) {
    thread_local! {
        static ZONES: [TimeZone; 3] = [
            TimeZone::UTC,
            TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone"),
            TimeZone::posix("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0").expect("a zone"),
        ];
    }
    // Eight bytes for the moment, one for the zone, and then the schedule.
    let Some((head, rest)) = input.split_first_chunk::<9>() else { return };
    let Some(text) = text(rest) else { return };
    let schedule = match Schedule::parse(text) {
        // An operator reads it, in whatever letters the file has.
        Err(error) => return assert!(!error.to_string().contains(char::is_control)),
        Ok(schedule) => schedule,
    };
    assert_eq!(Schedule::parse(schedule.as_str()).as_ref(), Ok(&schedule));
    let [a, b, c, d, e, f, g, h, zone] = *head;
    // Some time between 1970 and 2100.
    let from =
        Wall(u64::from_le_bytes([a, b, c, d, e, f, g, h]).cast_signed().rem_euclid(4_102_444_800_000_000));
    let zone = ZONES.with(|zones| zones[usize::from(zone) % zones.len()].clone());
    let Some(tick) = schedule.next_after(from, &zone) else { return };
    assert!(tick > from, "{schedule} after {from:?}: {tick:?}");
    for moment in [Wall(tick.0 - 1), Wall(from.0 + (tick.0 - from.0) / 2)] {
        assert_eq!(schedule.next_after(moment, &zone), Some(tick), "{schedule} after {moment:?}, {from:?}");
    }
    assert_eq!(schedule.latest(from, tick, &zone), Some(tick), "{schedule}, {from:?}");
    assert_eq!(schedule.latest(from, Wall(tick.0 - 1), &zone), None, "{schedule}, {from:?}");
}
