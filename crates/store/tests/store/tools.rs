//! Backup, restore and verify on a disk that forgets: what they make is a store, whatever happens meanwhile, and what they
//! read is left as it was.

use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use bessemer_core::{Rules, Settled, Wall};
use bessemer_store::embedded::disk::{Disk, SimDisk};
use bessemer_store::tools::{self, Source, ToolError, Verified};
use bessemer_store::{Embedded, Engine, OpenError};

use crate::serving::{Busy, Serving, options, store};
use crate::world::{ENTROPY, now_at};

fn back_up<D: Disk>(disk: &D, target: &SimDisk) -> Result<tools::BackedUp, ToolError> {
    tools::backup(&Source::open(disk.clone())?, target, Wall(7), &mut |_| {})
}

fn restore(backup: &SimDisk, target: &SimDisk) -> Result<Verified, ToolError> {
    let rules = Rules::default();
    tools::restore(&Source::open(backup.clone())?, target, &rules, now_at(2000), &mut |_| {})
}

pub(crate) fn verify<D: Disk>(disk: &D) -> Verified {
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
