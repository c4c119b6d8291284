//! A real Redis writes the same jobs in every form it has: from its file and from its sockets comes the same store.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::redis::{Redis, add, command, job, push};
use crate::tools::{json, lines};

/// Sizes at which Redis changes how it writes a text, a number or an entry, and some more.
const SIZES: [usize; 15] =
    [0, 1, 30, 31, 60, 120, 200, 3_900, 4_000, 8_100, 16_180, 16_184, 16_188, 16_200, 70_000];

/// What a Faktory holds, in both layouts.
fn fill(redis: &mut Redis) -> usize {
    let (mut jobs, mut number) = (0, 0);
    let mut next = |queue: &str, size: usize| {
        number += 1;
        job(&format!("job-{number:06}"), queue, size)
    };
    let mut commands = Vec::new();
    for size in SIZES {
        for (queue, key) in [("one", "q:one"), ("one", "one"), ("two", "two"), ("12", "q:12")] {
            commands.push(push(key, &next(queue, size)));
        }
        for (at, set) in ["scheduled", "retries", "dead"].into_iter().enumerate() {
            let score = 4_102_444_800.25 + (at * 1000 + size) as f64 / 3.0;
            commands.push(add(set, score, &next("one", size)));
        }
        let reserved = json!({
            "job": next("two", size), "reserved_at": "2026-11-21T01:02:04Z",
            "expires_at": "2100-01-01T00:00:00Z", "wid": "w1",
        });
        commands.push(add("working", 4_102_444_800.0, &reserved));
        jobs += 8;
    }
    commands.push(command(&["SADD", "queues", "one", "two", "12", "empty"]));
    commands.push(command(&["SADD", "paused", "12", "7"]));
    for (key, value) in [
        ("processed", "123456"),
        ("failures", "7"),
        ("processed:2026-11-20", "120"),
        ("failures:2026-11-20", "70000"),
        ("v", "1"),
    ] {
        commands.push(command(&["SET", key, value]));
    }
    // What is none of Faktory's is passed over, also with a time to live.
    commands.push(command(&["HSET", "b-small", "a", "1", "b", "two"]));
    commands.push(command(&["HSET", "b-large", "a", &"x".repeat(1000)]));
    commands.push(command(&["SET", "unique:1", "locked", "EX", "86400"]));
    commands.push(command(&["SADD", "words", "a", "b"]));
    redis.fill(commands);
    jobs
}

/// How the Redis keeps each value just now.
fn encodings(redis: &mut Redis) -> Vec<String> {
    let keys = ["q:one", "scheduled", "queues", "paused", "b-small", "b-large"];
    keys.map(|key| format!("{} {}", redis.call(&["TYPE", key]), redis.call(&["OBJECT", "ENCODING", key])))
        .into()
}

#[test]
fn whatever_form_redis_writes_comes_over_with_the_same_checksum_s05_s06() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut checksums, mut seen, mut stores) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let sets: [&[&str]; 4] = [
        &["--list-max-listpack-size", "-2"],
        &["--list-max-listpack-size", "3", "--zset-max-listpack-entries", "0"],
        &["--list-max-listpack-size", "-5", "--zset-max-listpack-value", "1000000"],
        &[
            "--list-max-listpack-size",
            "1",
            "--set-max-intset-entries",
            "0",
            "--hash-max-listpack-entries",
            "0",
        ],
    ];
    for (round, set) in sets.into_iter().enumerate() {
        for compressed in ["yes", "no"] {
            let password = (round == 1).then_some("hunter2");
            let arguments = [set, &["--rdbcompression", compressed, "--list-compress-depth", "1"]].concat();
            let mut redis = Redis::start(&arguments, password);
            let jobs = fill(&mut redis);
            seen.extend(encodings(&mut redis));
            let file = redis.save();
            let login = password.map_or(String::new(), |password| format!(":{password}@"));
            let sources = [
                file,
                redis.socket().replace("unix:", &format!("redis+unix://{login}")),
                format!("redis://{login}127.0.0.1:{}", redis.port),
            ];
            for (number, source) in sources.iter().enumerate() {
                let place = folder.path().join(format!("{round}-{compressed}-{number}"));
                let said = json(&["import", source, &place.display().to_string(), "--json"], folder.path());
                assert_eq!(said["imported"], jobs, "{said}");
                assert!(!said["source"].as_str().expect("a name").contains("hunter2"), "{said}");
                let figures = &said["jobs"];
                assert_eq!((&figures["processed"], &figures["failures"]), (&123_456.into(), &7.into()));
                assert_eq!(figures["paused"], json!(["12", "7"]));
                assert_eq!(figures["queues"], json!({ "12": 15, "7": 0, "empty": 0, "one": 30, "two": 15 }));
                assert_eq!((&said["from_bare_lists"], &said["days"]), (&Value::from(30), &Value::from(1)));
                let mut names: Vec<String> = Vec::new();
                for left_out in said["left_out"].as_array().expect("a list") {
                    names.push(format!("{} {}", left_out["type"], left_out["keys"]));
                }
                assert_eq!(names, ["\"string\" 1", "\"set\" 1", "\"hash\" 2"]);
                checksums.insert(said["checksum"].to_string());
                // The order of the lines is that of reading; `order` says the same of queues from everywhere.
                let mut all: Vec<String> = lines(&place, folder.path())
                    .into_iter()
                    .filter(|line| line.contains("\"queued\""))
                    .collect();
                all.sort();
                assert_eq!(all.len(), 60);
                stores.insert(all);
            }
        }
    }
    assert_eq!((checksums.len(), stores.len()), (1, 1), "{checksums:?}");
    let expected = [
        "hash hashtable",
        "hash listpack",
        "list quicklist",
        "set hashtable",
        "set intset",
        "zset listpack",
        "zset skiplist",
    ];
    let missing: Vec<_> = expected.iter().filter(|form| !seen.contains(**form)).collect();
    assert!(missing.is_empty(), "no Redis kept {missing:?}: {seen:?}");
}

#[test]
fn the_database_that_is_meant_is_read_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut redis = Redis::start(&[], None);
    redis.fill([
        push("q:a", &job("job-00001", "a", 1)),
        command(&["SELECT", "3"]),
        push("q:a", &job("job-00002", "a", 1)),
        push("q:a", &job("job-00003", "a", 1)),
    ]);
    let file = redis.save();
    let import =
        |arguments: &[&str]| json(&[&["import", "--dry-run", "--json"], arguments].concat(), folder.path());
    let said = import(&[&file]);
    assert_eq!((&said["jobs"]["enqueued"], &said["keys_in_other_databases"]), (&1.into(), &1.into()));
    let address = format!("redis://127.0.0.1:{}/3", redis.port);
    let [from_file, from_address] = [import(&[&file, "--database", "3"]), import(&[&address])];
    assert_eq!(
        (&from_file["jobs"]["enqueued"], &from_address["checksum"]),
        (&2.into(), &from_file["checksum"])
    );
    assert_eq!(import(&[&format!("{}?db=3", redis.socket())])["checksum"], from_file["checksum"]);
}
