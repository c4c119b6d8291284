//! A store in the making: whatever interrupts an import, it is no store before it is whole, and the next run makes it so.

use bessemer_core::fact::{Failure, Head, Order, Standing, Terms};
use bessemer_core::machine::Life;
use bessemer_core::query::Day;
use bessemer_core::{Rules, Wall};
use bessemer_store::embedded::disk::SimDisk;
use bessemer_store::tools::{self, Draft, Importer, Source, Told, ToolError};
use bessemer_store::{Embedded, OpenError, Options};

use crate::world::{ENTROPY, now_at};

const DAYS: [Day; 2] = [Day { day: 1, processed: 5, failed: 2 }, Day { day: 2, processed: 4, failed: 0 }];

fn options() -> Options {
    Options { segment_bytes: 3 << 20, ..Options::default() }
}

/// So many jobs, in a few batches and segments.
fn bodies() -> Vec<String> {
    (0..6).map(|number| format!(r#"{{"n":{number},"x":"{}"}}"#, "x".repeat(3 << 19))).collect()
}

fn life(number: usize, body: &str) -> Life<'_> {
    let text: &[u8] = br#"{"message":"no"}"#;
    let failure = Failure { retry_count: 1, remaining: 2, failed_at: Wall(5), next_at: Some(Wall(6)), text };
    let standing = match number % 5 {
        0 => Standing::Working { wid: "w1", since: Wall(7), until: Wall(8) },
        1 => Standing::Dead { until: Wall::LAST },
        _ => Standing::Queued { since: Wall(9) },
    };
    let jid = ["job-even", "job-odd-"][number % 2];
    let head = Head {
        jid,
        queue: "a",
        jobtype: "T",
        retry: 3,
        reserve_for: 60,
        on_lost: None,
        terms: Terms::default(),
        body_hash: 0,
    };
    Life {
        // Faktory tells the newest job of a queue first.
        order: Order(100 - number as i64),
        head,
        standing,
        enqueued_at: number.is_multiple_of(5).then_some(Wall(6)),
        failure: (number % 5 < 2).then_some(failure),
        losses: Vec::new(),
        body: body.as_bytes(),
    }
}

/// One run of an importer. The answer: how many jobs were there before.
fn run(disk: &SimDisk, bodies: &[String], note: &str) -> Result<u64, ToolError> {
    let mut draft = Draft::look(disk.clone())?;
    if draft.note.as_deref() != Some(note) {
        draft.begin(note)?;
    }
    let mut importer = Importer::draft(disk.clone(), options(), now_at(1000), ENTROPY)?;
    let held = importer.durable();
    let fill = |importer: &mut Importer<SimDisk>| {
        importer.count_up_to(9, 2, &DAYS)?;
        importer.queue("a", true)?;
        importer.queue("empty", false)?;
        for (number, body) in bodies.iter().enumerate().skip(held as usize) {
            importer.job(&life(number, body))?;
        }
        Ok::<_, tools::ImportError>(())
    };
    fill(&mut importer).map_err(|error| match error {
        tools::ImportError::Failed(fatal) => ToolError::from(fatal),
        error => panic!("nothing of it is refused: {error}"),
    })?;
    importer.finish()?;
    draft.end()?;
    Ok(held)
}

/// Everything that a store tells.
fn told(disk: &SimDisk) -> Result<Vec<String>, ToolError> {
    let mut all = Vec::new();
    let source = Source::open(disk.clone())?;
    let mut take = |told: Told<'_>| {
        all.push(match told {
            Told::Job(mut life) => {
                life.head.body_hash = 0;
                let body = String::from_utf8_lossy(life.body).into_owned();
                format!("{:?} {body}", Life { body: b"", ..*life })
            }
            told => format!("{told:?}"),
        });
        Ok(())
    };
    tools::export(&source, &Rules::default(), now_at(5000), &mut take, &mut |_| {})?;
    Ok(all)
}

/// What the store of an import without any trouble tells.
fn whole(bodies: &[String]) -> Vec<String> {
    let disk = SimDisk::new(1);
    assert_eq!(run(&disk, bodies, "note").unwrap(), 0);
    told(&disk).unwrap()
}

#[test]
fn an_import_that_ends_anywhere_goes_on_and_no_job_comes_twice() {
    let bodies = bodies();
    let all = whole(&bodies);
    assert_eq!(all.iter().filter(|thing| thing.starts_with("Life")).count(), bodies.len());
    let mut resumed = std::collections::BTreeSet::new();
    for calls in 0.. {
        let disk = SimDisk::new(calls);
        disk.stop_after(calls);
        let ended = run(&disk, &bodies, "note");
        let mut disk = if calls % 2 == 0 { disk.crash() } else { disk.power_loss() };
        if ended.is_ok() {
            assert_eq!(told(&disk).unwrap(), all);
            break;
        }
        // The second run is interrupted too.
        if calls % 3 == 0 && !is_store(&disk) {
            disk.stop_after(calls / 3);
            _ = run(&disk, &bodies, "note");
            disk = disk.crash();
        }
        if !is_store(&disk) {
            resumed.insert(run(&disk, &bodies, "note").unwrap());
        }
        assert_eq!(told(&disk).unwrap(), all, "stopped after {calls} calls");
        let (engine, _) = Embedded::open(disk, options(), now_at(2000), ENTROPY).unwrap();
        engine.machine().check().unwrap();
    }
    assert!(resumed.contains(&3), "it went on behind {resumed:?} jobs only");
}

/// Whether it is a store; half of one is neither served nor read.
fn is_store(disk: &SimDisk) -> bool {
    let draft = Draft::look(disk.clone()).unwrap();
    if draft.note.is_some() {
        let opened = Embedded::open(disk.clone(), options(), now_at(2000), ENTROPY).err();
        assert!(matches!(opened, Some(OpenError::Draft { .. })), "{opened:?}");
        let looked = Source::open(disk.clone()).err();
        assert!(matches!(looked, Some(ToolError::Store(OpenError::Draft { .. }))), "{looked:?}");
    }
    draft.note.is_none() && draft.has_segments
}

#[test]
fn a_disk_that_runs_full_stops_an_import_and_with_room_it_goes_on_g13() {
    let bodies = bodies();
    let disk = SimDisk::new(1);
    disk.set_space(Some(9 << 20));
    let error = run(&disk, &bodies, "note").unwrap_err().to_string();
    assert!(error.contains("no storage space"), "{error}");
    assert!(!is_store(&disk));
    disk.set_space(None);
    assert!(run(&disk, &bodies, "note").unwrap() > 0);
    assert_eq!(told(&disk).unwrap(), whole(&bodies));
}

/// Half an import of these, in a few segments.
fn half(bodies: &[String]) -> SimDisk {
    let disk = SimDisk::new(1);
    disk.set_space(Some(9 << 20));
    run(&disk, bodies, "first").unwrap_err();
    disk.set_space(None);
    assert!(!is_store(&disk));
    disk.crash()
}

#[test]
fn who_imports_something_else_starts_over_wherever_that_is_interrupted() {
    let (first, second) = (bodies(), bodies()[..2].to_vec());
    let (all_first, all_second) = (whole(&first), whole(&second));
    for calls in 0.. {
        let disk = half(&first);
        disk.stop_after(calls);
        let ended = run(&disk, &second, "second");
        let disk = if calls % 2 == 0 { disk.crash() } else { disk.power_loss() };
        if ended.is_ok() {
            assert_eq!(told(&disk).unwrap(), all_second);
            break;
        }
        // Who comes back to what was first goes on with what is left of it, or starts over too.
        let (bodies, note, all) =
            if calls % 3 == 0 { (&first, "first", &all_first) } else { (&second, "second", &all_second) };
        if !is_store(&disk) {
            run(&disk, bodies, note).unwrap();
            assert_eq!(&told(&disk).unwrap(), all, "stopped after {calls} calls");
        }
    }
}

#[test]
fn a_store_and_a_backup_are_no_place_for_a_draft() {
    let disk = SimDisk::new(1);
    drop(Embedded::open(disk.clone(), options(), now_at(1000), ENTROPY).unwrap());
    let draft = Draft::look(disk.clone()).unwrap();
    assert!(draft.has_segments && draft.note.is_none());
    let backup = SimDisk::new(2);
    tools::backup(&Source::open(disk).unwrap(), &backup, Wall(7), &mut |_| {}).unwrap();
    let refused = Draft::look(backup).err();
    assert!(matches!(refused, Some(ToolError::Store(OpenError::Backup { .. }))), "{refused:?}");
}

#[test]
fn a_store_in_which_nothing_ever_happened_becomes_a_draft_as_it_is() {
    let disk = SimDisk::new(1);
    drop(Embedded::open(disk.clone(), options(), now_at(1000), ENTROPY).unwrap());
    let open = || Importer::draft(disk.clone(), options(), now_at(1000), ENTROPY).unwrap();
    assert!(open().is_unused());
    let bodies = bodies();
    assert_eq!(run(&disk, &bodies, "note").unwrap(), 0);
    assert_eq!(told(&disk).unwrap(), whole(&bodies));
    assert!(!open().is_unused());
    for fill in [
        |store: &mut Importer<SimDisk>| store.queue("a", false),
        |store: &mut Importer<SimDisk>| store.day(DAYS[0]),
    ] {
        let disk = SimDisk::new(1);
        let mut store = Importer::draft(disk, options(), now_at(1000), ENTROPY).unwrap();
        fill(&mut store).unwrap();
        assert!(!store.is_unused());
    }
}

#[test]
fn a_data_file_of_faktory_is_no_hindrance_to_a_draft_and_the_draft_is_read_by_who_makes_it_d17() {
    let disk = SimDisk::new(1);
    disk.set_content("faktory.rdb", Some(b"REDIS0011".to_vec()));
    let mut draft = Draft::look(disk.clone()).unwrap();
    draft.begin("note").unwrap();
    let mut importer = Importer::draft(disk.clone(), options(), now_at(1000), ENTROPY).unwrap();
    importer.job(&life(3, "{}")).unwrap();
    importer.finish().unwrap();
    let mut jobs = 0;
    let mut take = |told: Told<'_>| {
        jobs += usize::from(matches!(told, Told::Job(_)));
        Ok(())
    };
    tools::export(&Source::draft(disk), &Rules::default(), now_at(2000), &mut take, &mut |_| {}).unwrap();
    assert_eq!(jobs, 1);
}
