//! What a store tells: exported, imported into another, and saved out of a damaged one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};

use bessemer_core::Rules;
use bessemer_core::fact::Order;
use bessemer_store::embedded::disk::{Disk, SimDisk};
use bessemer_store::tools::{self, Doubt, Importer, Salvaged, Source, Told, ToolError};
use bessemer_store::{Embedded, OpenError};

use crate::dice::Dice;
use crate::serving::{Busy, Serving, options, store};
use crate::tools::verify;
use crate::world::{Death, ENTROPY, Fault, World, now_at};

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
