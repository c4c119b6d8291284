//! What other threads ask: pages, texts in bulk, passes over all jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bessemer_core::query::{Sift, Where};
use bessemer_core::{Answer, Now, Query, Settled, Span};

use super::{FIRST, at, body, open, push, turn};
use crate::embedded::disk::{Disk, SimDisk};
use crate::embedded::reader::PASSES_MAX;
use crate::embedded::{Embedded, EmbeddedReader};
use crate::engine::{Engine, Gone, Reader};

/// Whether it was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A turn, and whether the engine wants another.
fn is_woken_by_turn<D: Disk>(engine: &mut Embedded<D>, now: Now) -> bool {
    let woken = Arc::new(Woken::default());
    let mut out = Settled::default();
    assert!(engine.poll_turn(&mut Context::from_waker(&woken.clone().into()), now, &mut out).is_ready());
    woken.0.load(Ordering::Relaxed)
}

#[test]
fn more_questions_than_a_turn_answers_wake_the_engine_again() {
    let (mut engine, _) = open(SimDisk::new(1), at(0));
    let reader = engine.reader();
    let mut cx = Context::from_waker(Waker::noop());
    let mut asked: Vec<_> = (0..10).map(|_| Box::pin(reader.ask(Query::Info))).collect();
    assert!(asked.iter_mut().all(|ask| ask.as_mut().poll(&mut cx).is_pending()));
    let mut turns = 1;
    while is_woken_by_turn(&mut engine, at(1)) {
        turns += 1;
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

/// Each text, in the order of `spans`.
fn read(reader: &EmbeddedReader, spans: &[Span]) -> Result<Vec<Option<Vec<u8>>>, Gone> {
    let mut texts = vec![None; spans.len()];
    reader.read(spans, &mut |at, text| texts[at] = text.map(<[u8]>::to_vec))?;
    Ok(texts)
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
    let texts = read(&reader, &spans).unwrap();
    for (n, text) in (0..100).rev().zip(texts) {
        assert_eq!(text.as_deref(), Some(&body(n)[..]), "{n}");
    }
    // A place where something else stands is not taken for the text, and one behind the end is none.
    let off = |by: u64| bessemer_core::Span { at: spans[50].at + by, ..spans[50] };
    let texts = read(&reader, &[off(1), spans[50], off(1 << 40)]).unwrap();
    assert_eq!(texts.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    // One bit that has changed is one text that is missing.
    let mut bytes = disk.content(FIRST).unwrap();
    let rotten = bytes.windows(5).position(|bytes| bytes == b"{\"n\":").unwrap();
    bytes[rotten + 20] ^= 1;
    disk.set_content(FIRST, Some(bytes));
    let texts = read(&reader, &spans).unwrap();
    assert_eq!(texts.iter().filter(|text| text.is_none()).count(), 1);
    drop(engine);
    assert!(read(&reader, &spans).is_err(), "the directory is free again");
}

#[test]
fn a_pass_goes_on_by_itself_stands_aside_for_replies_and_ends_with_who_asked() {
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
