//! Whatever interrupts an import: the same command goes on, no job comes twice, and the checksum is that of a run without
//! trouble.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::clock::until;
use crate::redis::{Redis, add, job, push};
use crate::server::bessemer;
use crate::tools::{end_of, json, lines, serve};
use crate::volume::{Volume, fill};

const JOBS: usize = 15_000;

/// Small segments, by whose number one sees how far an import has come, and marks that fit into a small volume.
const SMALL: &str = "[store]\nsegment_size = '1MiB'\ndisk_low_water = '1MiB'\ndisk_high_water = '2MiB'\n";

fn configured(folder: &Path) {
    let conf_d = folder.join(".bessemer/conf.d");
    fs::create_dir_all(&conf_d).expect("a folder");
    fs::write(conf_d.join("a.toml"), SMALL).expect("a file");
}

/// A Redis with so many jobs of about a kilobyte.
fn filled(jobs: usize) -> Redis {
    let mut redis = Redis::start(&["--rdbcompression", "no"], None);
    redis.fill((0..jobs).map(|number| {
        let job = job(&format!("job-{number:08}"), ["a", "b"][number % 2], 900);
        match number % 3 {
            0 => add("scheduled", 4_102_444_800.0 + number as f64, &job),
            _ => push(["q:a", "q:b"][number % 2], &job),
        }
    }));
    redis
}

fn segments(place: &Path) -> usize {
    let names = fs::read_dir(place)
        .map(|names| names.filter_map(Result::ok).collect())
        .unwrap_or_else(|_| Vec::new());
    names.iter().filter(|entry| entry.file_name().to_string_lossy().ends_with(".seg")).count()
}

/// Begins an import and kills it as soon as it has so many segments. False: it was done before.
fn killed_at(count: usize, source: &str, place: &Path, home: &Path) -> bool {
    let mut command = bessemer();
    command.arg("import").arg(source).arg(place).env("HOME", home);
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the built binary starts");
    let ended = until("the import has come far enough", || {
        let ended = child.try_wait().expect("a child process");
        (ended.is_some() || segments(place) >= count).then_some(ended)
    });
    child.kill().expect("SIGKILL");
    child.wait().expect("a child process");
    ended.is_none()
}

/// Whether half an import is kept from whoever takes it for a store.
fn is_kept_from_all(place: &Path, home: &Path) {
    let place = place.display().to_string();
    let said = "has begun and not ended: run it again, or empty the directory";
    for tool in
        [&["-b", "127.0.0.1:0", "-w", ":0", "-d", &place][..], &["export", &place], &["verify", &place]]
    {
        let (code, line) = end_of(tool, home);
        assert!(code == 65 && line.contains(said), "{tool:?}: {code} {line}");
    }
}

#[test]
fn a_kill_in_the_midst_of_an_import_is_made_good_by_the_same_command() {
    let folder = tempfile::tempdir().expect("a folder");
    configured(folder.path());
    let mut redis = filled(JOBS);
    let file = redis.save();
    let quiet = folder.path().join("quiet");
    let expected = json(&["import", &file, &quiet.display().to_string(), "--json"], folder.path());
    assert_eq!((&expected["imported"], &expected["resumed_behind"]), (&JOBS.into(), &0.into()));
    let socket = redis.socket();
    for (number, source) in [&file, &socket].into_iter().enumerate() {
        let place = folder.path().join(format!("db-{number}"));
        for count in [1, 2, 3] {
            assert!(killed_at(count, source, &place, folder.path()), "it was done before {count} segments");
            is_kept_from_all(&place, folder.path());
        }
        let said = json(&["import", source, &place.display().to_string(), "--json"], folder.path());
        let resumed = said["resumed_behind"].as_u64().expect("a number");
        assert!(resumed > 1_000 && resumed < JOBS as u64, "it began anew: {said}");
        assert_eq!(said["checksum"], expected["checksum"]);
        let sorted = |place: &Path| {
            let mut all = lines(place, folder.path());
            all.sort();
            all
        };
        // From its socket, a Redis tells its sets in another order; nothing else differs.
        let jobs = |place: &Path| -> Vec<String> {
            let body = |line: String| line.split_once(r#""body""#).map(|(_, body)| body.to_owned());
            let mut all: Vec<String> = sorted(place).into_iter().filter_map(body).collect();
            all.sort();
            all
        };
        assert_eq!(jobs(&place), jobs(&quiet));
        if number == 0 {
            assert_eq!(sorted(&place), sorted(&quiet));
        }
        assert_eq!(serve(&place, folder.path()).info()["faktory"]["total_enqueued"], JOBS * 2 / 3);
    }
}

#[test]
fn a_full_disk_stops_an_import_and_with_room_the_same_command_goes_on_g13() {
    let Some(volume) = Volume::mount(64) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    configured(folder.path());
    let mut redis = filled(JOBS);
    let (file, place) = (redis.save(), volume.path().join("db"));
    let ballast = volume.path().join("ballast");
    fill(&ballast, 12 << 20);
    let place_text = place.display().to_string();
    let (code, said) = end_of(&["import", &file, &place_text], folder.path());
    assert!(code == 74 && said.contains("of 15,000 jobs are safe, and the same command goes on"), "{said}");
    is_kept_from_all(&place, folder.path());
    fs::remove_file(ballast).expect("removed");
    let said = json(&["import", &file, &place_text, "--json"], folder.path());
    assert!(said["resumed_behind"].as_u64().expect("a number") > 1_000, "{said}");
    let dry = json(&["import", &file, "--dry-run", "--json"], folder.path());
    assert_eq!((&said["imported"], &said["checksum"]), (&JOBS.into(), &dry["checksum"]));
}

#[test]
fn a_redis_that_has_moved_on_is_imported_from_its_beginning() {
    let folder = tempfile::tempdir().expect("a folder");
    configured(folder.path());
    let mut redis = filled(9_000);
    let place = folder.path().join("db");
    assert!(killed_at(2, &redis.socket(), &place, folder.path()));
    redis.fill([push("q:a", &job("job-later", "a", 1))]);
    let place_text = place.display().to_string();
    let (code, said) = end_of(&["import", &redis.socket(), &place_text, "--json"], folder.path());
    assert!(
        code == 0 && said.contains("was of something else, or is damaged: starting over"),
        "{code} {said}"
    );
    let dry = json(&["import", &redis.save(), "--dry-run", "--json"], folder.path());
    assert_eq!(dry["jobs"]["enqueued"], 6_001);
    assert_eq!(serve(&place, folder.path()).info()["faktory"]["total_enqueued"], 6_001);
}

#[test]
fn a_redis_that_moves_while_it_is_read_is_not_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    configured(folder.path());
    let mut redis = filled(3_000);
    let (socket, place) = (redis.socket(), folder.path().join("db").display().to_string());
    let stop = AtomicBool::new(false);
    let (code, said) = std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                redis.fill([push("q:a", &job(&format!("more-{number:06}"), "a", 1))]);
            }
        });
        let ended = end_of(&["import", &socket, &place], folder.path());
        stop.store(true, Ordering::Relaxed);
        busy.join().expect("no panic");
        ended
    });
    assert!(code == 75 && said.contains("moved on while it was read, and is not imported"), "{code} {said}");
    let said: Value = json(&["import", &socket, &place, "--json"], folder.path());
    assert_eq!(said["resumed_behind"], 0, "it began with something else");
}
