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

/// A text as a data file has it.
fn text(bytes: &[u8]) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).expect("a short text");
    [&[0x80], &len.to_be_bytes()[..], bytes].concat()
}

/// A ziplist of these entries, each with its encoding.
fn ziplist(entries: &[Vec<u8>]) -> Vec<u8> {
    let (mut body, mut before, mut last) = (Vec::new(), 0, 10);
    for entry in entries {
        last = 10 + body.len();
        match u8::try_from(before) {
            Ok(before) if before < 254 => body.push(before),
            _ => body.extend([&[0xfe], &(before as u32).to_le_bytes()[..]].concat()),
        }
        body.extend(entry);
        before = body.len() + 10 - last;
    }
    let bytes = (body.len() + 11) as u32;
    let head =
        [&bytes.to_le_bytes()[..], &(last as u32).to_le_bytes(), &(entries.len() as u16).to_le_bytes()];
    text(&[&head.concat()[..], &body, &[0xff]].concat())
}

/// A text as a ziplist has it.
fn entry(bytes: &[u8]) -> Vec<u8> {
    let len = bytes.len();
    let head = match len {
        0..64 => vec![len as u8],
        64..16_384 => vec![0x40 | (len >> 8) as u8, len as u8],
        _ => [&[0x80], &(len as u32).to_be_bytes()[..]].concat(),
    };
    [head, bytes.to_vec()].concat()
}

/// What Redis 3 to 6 write, and Redis 7 reads and never writes.
fn old_file() -> Vec<u8> {
    let named = |number: usize, size: usize| job(&format!("job-{number:06}"), "a", size).to_string();
    let job = |number, size| entry(named(number, size).as_bytes());
    let mut file = b"REDIS0009\xfe\x00".to_vec();
    let mut key = |code: u8, name: &str, value: &[u8]| {
        file.push(code);
        file.extend([&text(name.as_bytes())[..], value].concat());
    };
    key(10, "q:a", &ziplist(&[job(1, 0), job(2, 100), job(3, 16_300), job(4, 20_000), job(5, 10)]));
    let pieces = [ziplist(&[job(6, 0), job(7, 5)]), ziplist(&[job(8, 250), job(9, 0)])].concat();
    key(14, "a", &[&[2], &pieces[..]].concat());
    let scored = [
        job(10, 0),
        entry(b"4102444800.5"),
        job(11, 0),
        [&[0xd0], &2_000_000_000i32.to_le_bytes()[..]].concat(),
    ];
    key(12, "dead", &ziplist(&scored));
    key(3, "retries", &[&[1], &text(named(12, 3).as_bytes())[..], b"\x0c4102444801.5"].concat());
    key(11, "queues", &text(b"\x02\0\0\0\x02\0\0\0\xfb\xff\x0c\0"));
    let numbers: [&[u8]; 7] = [
        b"\xc0\xfe\xff",
        b"\xd0\x01\0\0\x80",
        b"\xe0\0\0\0\0\0\0\0\x80",
        b"\xf0\0\0\x80",
        b"\xfe\xff",
        b"\xf1",
        b"\xfd",
    ];
    key(14, "numbers", &[&[1], &ziplist(&numbers.map(<[u8]>::to_vec))[..]].concat());
    file.extend(b"\xff\0\0\0\0\0\0\0\0");
    file
}

#[test]
fn what_redis_6_wrote_is_read_as_a_real_redis_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("faktory.rdb").display().to_string();
    std::fs::write(&file, old_file()).expect("a file");
    let mut redis = Redis::start_on(&old_file());
    let read = |source: &str| json(&["import", "--dry-run", "--json", source], folder.path());
    let (from_file, from_redis) = (read(&file), read(&redis.socket()));
    assert_eq!((&from_file["jobs"]["enqueued"], &from_file["jobs"]["dead"]), (&9.into(), &2.into()));
    for figure in ["jobs", "checksum", "refusals"] {
        assert_eq!(from_file[figure], from_redis[figure], "{figure}");
    }
    // Of what is no job it is only told what it is not: the numbers themselves are these.
    assert_eq!(
        (from_file["refused"].as_u64(), redis.call(&["LINDEX", "numbers", "2"])),
        (Some(7), i64::MIN.to_string())
    );
    let place = folder.path().join("db").display().to_string();
    json(&["import", "--skip-bad", "--json", &file, &place], folder.path());
    let book = std::fs::read_to_string(folder.path().join("db/refused.jsonl")).expect("the file");
    for (at, line) in book.lines().enumerate() {
        let number = redis.call(&["LINDEX", "numbers", &at.to_string()]);
        assert!(line.contains(&format!(r#""text":"{number}""#)), "{line}");
    }
}
