//! Damage: what a store says about bytes that are not as it wrote them.
//!
//! These tests know the format by heart on purpose: a change to it has to be a change here.

use std::collections::BTreeMap;
use std::ops::Range;

use bessemer_core::query::Durability;
use bessemer_core::{Command, Machine, Settled, Ticket};
use bessemer_store::embedded::bug::{Bug, plant};
use bessemer_store::embedded::disk::{Disk, SimDisk};
use bessemer_store::{Embedded, Engine, OpenError, Options, Recovered};

use crate::dice::Dice;
use crate::world::{ENTROPY, World, job, now_at};

pub(crate) const SEGMENT_HEADER: usize = 48;
const BATCH_HEADER: usize = 56;
const LEN_AT: usize = 12;

/// Every segment's content, by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Every file's.
pub(crate) fn all_files(disk: &SimDisk) -> Files {
    let names = disk.list().unwrap().into_iter();
    names.map(|name| (name.clone(), disk.content(&name).unwrap())).collect()
}

fn files(disk: &SimDisk) -> Files {
    all_files(disk).into_iter().filter(|(name, _)| name.ends_with(".seg")).collect()
}

pub(crate) fn disk_with(files: &Files) -> SimDisk {
    let disk = SimDisk::new(1);
    for (name, content) in files {
        disk.set_content(name, Some(content.clone()));
    }
    disk
}

/// Where the batches of a segment are.
pub(crate) fn batches(segment: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = SEGMENT_HEADER;
    while segment.get(at..at + BATCH_HEADER).is_some_and(|header| header.starts_with(b"Bat\x9c")) {
        let len = u32::from_le_bytes(segment[at + LEN_AT..at + LEN_AT + 4].try_into().unwrap());
        if (len as usize) < BATCH_HEADER {
            // Half a header of a write that found no room.
            break;
        }
        found.push(at..at + len as usize);
        at += len as usize;
    }
    found
}

/// The log position at which a segment begins.
fn first_position(segment: &[u8]) -> u64 {
    u64::from_le_bytes(segment[36..44].try_into().unwrap())
}

fn options() -> Options {
    Options { segment_bytes: 2048, ..Options::default() }
}

/// The state that these files hold, or why they are refused. What is refused is left as it was.
fn open(files: &Files, options: &Options) -> Result<(Machine, Recovered), OpenError> {
    let disk = disk_with(files);
    match Embedded::open(disk.clone(), options.clone(), now_at(100), ENTROPY) {
        Ok((engine, report)) => {
            engine.machine().check().unwrap();
            Ok((engine.into_machine(), report))
        }
        Err(error) => {
            assert_eq!(&self::files(&disk), files, "a refused store was written to");
            Err(error)
        }
    }
}

fn dump(files: &Files) -> Result<String, OpenError> {
    open(files, &options()).map(|(machine, _)| machine.dump())
}

#[track_caller]
fn refused(files: &Files, path: &str, offset: u64) {
    match dump(files) {
        Err(OpenError::Damaged { path: named, offset: at, .. }) => assert_eq!((&*named, at), (path, offset)),
        other => panic!("{path} at {offset}: not refused as damaged: {other:?}"),
    }
}

/// A store of three segments, and what it looked like after each batch.
fn store() -> (Files, Vec<String>) {
    let disk = SimDisk::new(1);
    let (mut engine, _) = Embedded::open(disk.clone(), options(), now_at(0), ENTROPY).unwrap();
    let mut dumps = vec![engine.machine().dump()];
    for n in 0.. {
        engine.submit(now_at(n), Ticket(1), Command::Push { job: job(&format!("job-{n:05}"), "default") });
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(engine.poll_turn(&mut cx, now_at(n), &mut Settled::default()).is_ready());
        dumps.push(engine.machine().dump());
        let files = files(&disk);
        if files.len() == 3 && batches(files.values().last().unwrap()).len() == 4 {
            return (files, dumps);
        }
    }
    unreachable!("the log grows")
}

fn last(files: &Files) -> (String, Vec<u8>, Vec<Range<usize>>) {
    let (name, content) = files.last_key_value().unwrap();
    (name.clone(), content.clone(), batches(content))
}

#[test]
fn a_tail_cut_at_any_byte_loses_only_what_was_cut_118() {
    let (files, dumps) = store();
    let (name, whole, batches) = last(&files);
    let end = batches[3].end;
    for cut in batches[2].start..end {
        let mut zeroed = whole.clone();
        zeroed[cut..].fill(0);
        for content in [zeroed, whole[..cut].to_vec()] {
            let unharmed = content.get(..end) == Some(&whole[..end]);
            let lost = if unharmed { 0 } else { batches.iter().filter(|batch| batch.end > cut).count() };
            let mut files = files.clone();
            files.insert(name.clone(), content.clone());
            let (machine, report) = open(&files, &options()).unwrap();
            assert_eq!(machine.dump(), dumps[dumps.len() - 1 - lost], "cut at {cut}");

            let kept = batches[3 - lost].end;
            let used = content.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
            let torn = report.torn.map_or(0, |torn| {
                assert_eq!((&*torn.path, torn.offset), (&*name, kept as u64));
                torn.bytes
            });
            assert_eq!(torn as usize, used.saturating_sub(kept), "cut at {cut}");
        }
    }
}

#[test]
fn any_changed_byte_is_cut_from_the_end_or_refused_by_its_place_118() {
    let (files, dumps) = store();
    let (last_name, _, last_batches) = last(&files);
    let whole = dumps.last().unwrap();
    for (name, content) in &files {
        let batches = batches(content);
        let used = batches.last().unwrap().end;
        for at in 0..content.len() {
            let mut files = files.clone();
            files.get_mut(name).unwrap()[at] ^= 1 << (at % 8);
            let batch = batches.iter().find(|batch| batch.contains(&at));
            match batch {
                Some(batch) if *name == last_name && *batch == last_batches[3] => {
                    assert_eq!(dump(&files).unwrap(), dumps[dumps.len() - 2], "{name} at {at}");
                }
                Some(batch) => refused(&files, name, batch.start as u64),
                None if at >= used => assert_eq!(&dump(&files).unwrap(), whole, "{name} at {at}"),
                // The version is read before the checksum.
                None if (8..12).contains(&at) => assert!(dump(&files).is_err(), "{name} at {at}"),
                None => refused(&files, name, 0),
            }
        }
    }
}

#[test]
fn the_first_batch_of_a_segment_is_no_torn_tail() {
    let (mut files, _) = store();
    let (name, mut content, batches) = last(&files);
    content[batches[1].start..].fill(0);
    content[batches[0].end - 1] ^= 1;
    files.insert(name.clone(), content);
    refused(&files, &name, batches[0].start as u64);
}

/// A store that was stopped, or made by an import, ends with a batch that says nothing but that all before it was there.
#[test]
fn what_was_there_at_a_stop_is_no_torn_tail_g15() {
    let (files, dumps) = store();
    for durability in [Durability::Strict, Durability::Relaxed] {
        let disk = disk_with(&files);
        let (mut engine, _) =
            Embedded::open(disk.clone(), Options { durability, ..options() }, now_at(99), ENTROPY).unwrap();
        engine.close().unwrap();
        drop(engine);
        let files = self::files(&disk.power_loss());
        let (name, content, batches) = last(&files);
        assert_eq!(batches.len(), 5, "{durability:?}");
        for (at, batch) in [(3, true), (4, false)] {
            for byte in batches[at].clone() {
                let mut content = content.clone();
                content[byte] ^= 1;
                let files = Files::from_iter(files.clone().into_iter().chain([(name.clone(), content)]));
                match batch {
                    true => refused(&files, &name, batches[at].start as u64),
                    false => assert_eq!(&dump(&files).unwrap(), dumps.last().unwrap(), "byte {byte}"),
                }
            }
        }
    }
}

#[test]
fn damage_before_a_torn_tail_is_damage() {
    let (mut files, _) = store();
    let (name, mut content, batches) = last(&files);
    // Only the header of the last batch reached the disk: it is evidence enough.
    content[batches[3].start + BATCH_HEADER..].fill(0);
    content[batches[2].start + 60] ^= 1;
    files.insert(name.clone(), content);
    refused(&files, &name, batches[2].start as u64);
}

#[test]
fn junk_behind_the_tail_is_cut_and_told_118() {
    let (files, dumps) = store();
    let (name, content, batches) = last(&files);
    let end = batches[3].end;
    let mut dice = Dice(118);
    for len in [1, 4, 55, 56, 57, content.len() - end] {
        let mut content = content.clone();
        content[end..end + len].fill_with(|| 1 + dice.below(255) as u8);
        let mut files = files.clone();
        files.insert(name.clone(), content);
        let (machine, report) = open(&files, &options()).unwrap();
        assert_eq!(&machine.dump(), dumps.last().unwrap());
        let torn = report.torn.map(|torn| (torn.path, torn.offset, torn.bytes));
        assert_eq!(torn, Some((name.clone(), end as u64, len as u64)));
    }
}

#[test]
fn no_length_is_trusted_120() {
    let (files, dumps) = store();
    let (name, content, batches) = last(&files);
    for (batch, len) in [0, 1, 55, 4096, u32::MAX].into_iter().flat_map(|len| [(1, len), (3, len)]) {
        let mut files = files.clone();
        let at = batches[batch].start;
        let mut content = content.clone();
        content[at + LEN_AT..at + LEN_AT + 4].copy_from_slice(&len.to_le_bytes());
        files.insert(name.clone(), content);
        if batch == 3 {
            assert_eq!(dump(&files).unwrap(), dumps[dumps.len() - 2]);
        } else {
            refused(&files, &name, at as u64);
        }
    }
}

#[test]
fn old_bytes_behind_the_tail_are_no_batches_118() {
    let (files, dumps) = store();
    let (name, content, last_batches) = last(&files);
    let end = last_batches[3].end;
    for old in files.values() {
        // As recycled blocks would: at the same place, and with a batch's beginning right at the tail.
        let aligned = batches(old).iter().map(|batch| batch.start).find(|start| *start >= end).unwrap_or(end);
        for from in [end, aligned, batches(old)[1].start] {
            let mut content = content.clone();
            let room = content.len() - end;
            let stale: Vec<u8> = old[from..].iter().copied().chain(std::iter::repeat(0)).take(room).collect();
            content[end..].copy_from_slice(&stale);
            let mut files = files.clone();
            files.insert(name.clone(), content);
            assert_eq!(&dump(&files).unwrap(), dumps.last().unwrap());
        }
    }
}

#[test]
fn a_missing_segment_is_named_121() {
    let (files, dumps) = store();
    let names: Vec<&String> = files.keys().collect();
    for gone in &names[..2] {
        let mut files = files.clone();
        files.remove(*gone);
        refused(&files, gone, 0);
    }
    // The newest one looks as if it had never been: the residue that one copy has.
    let mut shorter = files.clone();
    shorter.remove(names[2]);
    assert!(dumps.contains(&dump(&shorter).unwrap()));
}

#[test]
fn a_segment_that_is_not_where_it_belongs_is_named_121() {
    let (files, _) = store();
    let name = |number: u64| format!("{number:010}.seg");
    let with = |change: &dyn Fn(&mut Files)| {
        let mut files = files.clone();
        change(&mut files);
        files
    };
    let copied = |from, to: String| {
        with(&|files| {
            let content = files[&name(from)].clone();
            files.insert(to.clone(), content);
        })
    };
    refused(&copied(2, name(4)), &name(4), 0);
    refused(&copied(1, name(3)), &name(3), 0);
    refused(&copied(1, "1.seg".into()), "1.seg", 0);
    refused(&copied(1, "0000000001 (copy).seg".into()), "0000000001 (copy).seg", 0);
    let swapped = with(&|files| {
        let (second, third) = (files[&name(2)].clone(), files[&name(3)].clone());
        files.insert(name(2), third);
        files.insert(name(3), second);
    });
    refused(&swapped, &name(2), 0);
    refused(&with(&|files| drop(files.insert(name(2), Vec::new()))), &name(2), 0);
    refused(&with(&|files| drop(files.insert(name(2), vec![0; 2048]))), &name(2), 0);

    let disk = SimDisk::new(1);
    Embedded::open(disk.clone(), options(), now_at(0), *b"another store id").unwrap();
    let foreign = self::files(&disk)[&name(1)].clone();
    refused(&with(&|files| drop(files.insert(name(1), foreign.clone()))), &name(2), 0);
}

#[test]
fn a_newer_format_is_left_alone_g23_123() {
    let (mut files, _) = store();
    let (name, mut content, _) = last(&files);
    content[8..12].copy_from_slice(&3u32.to_le_bytes());
    files.insert(name.clone(), content);
    match dump(&files) {
        Err(OpenError::TooNew { path, version: 3, known: 2 }) => assert_eq!(path, name),
        other => panic!("{other:?}"),
    }
}

#[test]
fn left_over_files_go_after_a_good_start_124() {
    let (files, dumps) = store();
    let disk = disk_with(&files);
    disk.set_content("spare-7.tmp", Some(vec![1; 100]));
    // Half renamed: a whole segment, but for its name.
    let (_, mut next, _) = last(&files);
    next.truncate(2000);
    disk.set_content("spare-8.tmp", Some(next));
    let (engine, report) = Embedded::open(disk.clone(), options(), now_at(100), ENTROPY).unwrap();
    assert_eq!(report.removed, ["spare-7.tmp", "spare-8.tmp"]);
    assert_eq!((disk.content("spare-7.tmp"), disk.content("spare-8.tmp")), (None, None));
    assert_eq!(&engine.machine().dump(), dumps.last().unwrap());
}

#[test]
fn damage_that_is_cut_like_a_torn_tail_is_noticed() {
    let (mut files, _) = store();
    let (name, mut content, batches) = last(&files);
    content[batches[1].start + 60] ^= 1;
    files.insert(name, content);
    plant(Some(Bug::CutDamage));
    let forgot = dump(&files);
    plant(None);
    assert!(forgot.is_ok(), "the planted bug does nothing");
    assert!(dump(&files).is_err());
}

/// The number of the oldest segment there is; they count from 1.
pub(crate) fn oldest_segment(world: &World) -> u64 {
    let files = files(&world.disk.disk);
    files.keys().next().and_then(|name| name.strip_suffix(".seg")?.parse().ok()).expect("a segment")
}

/// Changes one bit anywhere and looks whether the store notices: for random histories.
pub(crate) fn one_flip(world: &mut World) -> Result<(), String> {
    let mut files = files(&world.disk.disk);
    let Dice(seed) = world.dice;
    let mut dice = Dice(seed);
    let number = dice.below(files.len() as u64) as usize;
    let is_last = number + 1 == files.len();
    let next = files.values().nth(number + 1).map(|next| first_position(next));
    let (name, content) = files.iter_mut().nth(number).ok_or("no segment")?;
    let (name, mut batches) = (name.clone(), batches(content));
    if let Some(next) = next {
        // A write that found no room leaves bytes behind the end, and goes into the next segment.
        let end = SEGMENT_HEADER as u64 + next - first_position(content);
        batches.retain(|batch| (batch.start as u64) < end);
    }
    let used = batches.last().ok_or("a segment without a batch")?.end;
    let at = dice.below(used as u64 + 16).min(content.len() as u64 - 1) as usize;
    content[at] ^= 1 << dice.below(8);

    let opened = open(&files, &world.options);
    let batch = batches.iter().position(|batch| batch.contains(&at));
    let cut = is_last && batches.len() > 1 && batch == Some(batches.len() - 1);
    match opened {
        Err(OpenError::Damaged { .. } | OpenError::TooNew { .. }) if at < used && !cut => Ok(()),
        Ok(_) if cut => Ok(()),
        // The last batch had given a segment up, and its file has gone: that proves that it was durable.
        Err(OpenError::Damaged { path, .. }) if cut && path != name && !files.contains_key(&path) => Ok(()),
        Ok((machine, _)) if at >= used && world.allowed.contains(&machine.dump()) => Ok(()),
        outcome => {
            Err(format!("{name}: bit changed at {at} of {used}: {:?}", outcome.map(|(_, report)| report)))
        }
    }
}
