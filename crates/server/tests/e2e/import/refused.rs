//! What cannot come over is told in one line, and nothing is written.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::redis::{Redis, add, command, job, push};
use crate::tools::{done, end_of, json, lines, serve};

/// Some good jobs, and some that our rules refuse.
fn fill(redis: &mut Redis) {
    let large = job("large-0001", "a", 17 << 20);
    redis.fill([
        push("q:a", &job("job-00001", "a", 1)),
        command(&["LPUSH", "q:a", "no job at all"]),
        push("q:a", &job("short", "a", 1)),
        push("q:a", &large),
        push("q:a", &job("job-00002", "a", 1)),
        push("q:no queue", &job("job-00003", "no queue", 1)),
        add("scheduled", 4_102_444_800.0, &job("job-00004", "no queue", 1)),
        add("dead", 4_102_444_800.0, &job("job-00005", "a", 1)),
        command(&["ZADD", "dead", "inf", &job("job-00006", "a", 1).to_string()]),
        command(&["SADD", "queues", "a", "no queue"]),
    ]);
}

#[test]
fn what_our_rules_refuse_is_told_first_and_kept_aside_on_demand() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut redis = Redis::start(&[], None);
    fill(&mut redis);
    let (file, place) = (redis.save(), folder.path().join("db"));
    let place_text = place.display().to_string();
    let dry = done(&["import", "--dry-run", &file, &place_text], folder.path());
    for line in [
        "enqueued: 2 jobs in 1 queue",
        "refused: q:a, element 3: invalid JSON: expected ident at byte 2",
        "refused: q:a, element 2: jobs must have a reasonable jid parameter",
        "refused: scheduled, element 0: cannot get \"no queue\" queue: queue names must match \\A[a-zA-Z0-9._-]+\\z",
        "refused: dead, element 0: its time is inf",
        "nothing was imported: this was a dry run",
    ] {
        assert!(dry.lines().any(|said| said == line), "{line}\n{dry}");
    }
    assert!(dry.contains("refused: q:a, element 1: it has 178259"), "{dry}");
    let (code, said) = end_of(&["import", &file, &place_text], folder.path());
    let expected = format!(
        "bessemer: {file}: 7 of 10 elements cannot be imported, and nothing was; `--skip-bad` goes on without them and keeps them in {place_text}/refused.jsonl\n"
    );
    assert!(code == 65 && said.ends_with(&expected), "{said}");
    assert!(!place.exists(), "nothing is written");

    let said = json(&["import", "--skip-bad", "--json", &file, &place_text], folder.path());
    assert_eq!((&said["imported"], &said["refused"]), (&Value::from(3), &Value::from(7)));
    assert_eq!(said["checksum"], json(&["import", "--dry-run", "--json", &file], folder.path())["checksum"]);
    let book = place.join("refused.jsonl");
    assert_eq!(said["refused_file"], book.display().to_string());
    assert_eq!(std::fs::metadata(&book).expect("the file").permissions().mode() & 0o777, 0o600);
    let book = std::fs::read_to_string(book).expect("the file");
    let kept: Vec<Value> = book.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(kept.len(), 7);
    let whole = |jid: &str, queue: &str, size: usize| json!(job(jid, queue, size).to_string());
    for text in [json!("no job at all"), whole("short", "a", 1), whole("large-0001", "a", 17 << 20)] {
        assert!(kept.iter().any(|kept| kept["refused"]["text"] == text), "{}", text.to_string().len());
    }
    let jobs = lines(&place, folder.path()).join("\n");
    assert!(jobs.contains("job-00001") && jobs.contains("job-00002") && jobs.contains("job-00005"), "{jobs}");
    assert_eq!(serve(&place, folder.path()).info()["faktory"]["total_enqueued"], 2);
}

#[test]
fn what_is_no_data_file_or_not_whole_is_told_with_its_offset() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut redis = Redis::start(&[], None);
    redis.fill((0..100).map(|number| push("q:a", &job(&format!("job-{number:05}"), "a", number))));
    let whole = std::fs::read(redis.save()).expect("the file");
    let file = folder.path().join("file.rdb").display().to_string();
    let place = folder.path().join("db").display().to_string();
    let bad = |bytes: &[u8]| {
        std::fs::write(&file, bytes).expect("a file");
        let (code, said) = end_of(&["import", &file, &place], folder.path());
        assert!(code == 65 && said.lines().count() == 1, "{code} {said}");
        assert!(!Path::new(&place).exists());
        said.strip_prefix(&format!("bessemer: {file}, offset ")).unwrap_or(&said).trim_end().to_owned()
    };
    let half = whole.len() / 2;
    assert_eq!(bad(&whole[..half]), format!("{half}: the file ends in the midst of it; it is not whole"));
    let mut flipped = whole.clone();
    flipped[half] ^= 0x20;
    let said = bad(&flipped);
    assert!(said.contains("checksum") || said.contains("packed"), "{said}");
    let newer = [b"REDIS0099".as_slice(), &whole[9..]].concat();
    assert_eq!(bad(&newer), "5: the file has RDB version 99; versions 5 to 15 are read");
    let place_of = |text: &str| whole.windows(text.len()).position(|window| window == text.as_bytes());
    let list = place_of("\u{3}q:a").expect("the list") - 1;
    let mut unknown = whole.clone();
    unknown[list] = 99;
    let said = bad(&unknown);
    assert!(said.starts_with(&format!("{list}: neither a value nor a note")), "{said}");
}

#[test]
fn a_source_that_is_not_there_and_a_target_that_is_taken_have_their_codes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut redis = Redis::start(&[], Some("hunter2"));
    redis.fill([push("q:a", &job("job-00001", "a", 1))]);
    let file = redis.save();
    let place = folder.path().join("db").display().to_string();
    let end = |arguments: &[&str]| end_of(&[&["import"], arguments, &[&place]].concat(), folder.path());
    let address = |login: &str| format!("redis://{login}127.0.0.1:{}", redis.port);
    for (source, code, said) in [
        (folder.path().display().to_string(), 66, "there is no faktory.rdb in this directory"),
        ("/nowhere/faktory.rdb".into(), 66, "there is no such file"),
        ("unix:/nowhere/redis.sock".into(), 66, "unix:/nowhere/redis.sock: cannot be reached"),
        ("/dev/null".into(), 65, "is no regular file"),
        ("redis://:hunter2@".into(), 2, "the address of a Redis is redis://"),
        ("rediss://h".into(), 2, "TLS to a Redis is not supported"),
        (address(""), 77, "it says: NOAUTH"),
        (address(":wrong@"), 77, "it says: WRONGPASS"),
        (address(":hunter2@") + "/99", 74, "it says: ERR DB index is out of range"),
    ] {
        let (ended, line) = end(&[&source]);
        assert!(
            ended == code && line.contains(said) && !line.contains("hunter2"),
            "{source}: {ended} {line}"
        );
    }
    // A service that was installed has been started before anything was imported.
    drop(serve(Path::new(&place), folder.path()));
    assert_eq!(end(&["--skip-bad", &file]).0, 0);
    let (code, said) = end(&[&file]);
    assert!(
        code == 73 && said.contains("holds a store that was used, and all of Faktory's comes into a new one"),
        "{code} {said}"
    );
    let server = serve(Path::new(&place), folder.path());
    let (code, said) = end(&[&file]);
    assert!(code == 73 && said.contains("is in use by PID"), "{code} {said}");
    drop(server);
    let lines = folder.path().join("all.jsonl").display().to_string();
    done(&["export", "-o", &lines, &place], folder.path());
    let (code, said) = end(&["--skip-bad", &lines]);
    assert!(code == 2 && said.contains("--skip-bad is for Faktory's jobs"), "{code} {said}");
    let dry = done(&["import", "--dry-run", &lines, &place], folder.path());
    assert!(dry.starts_with(&format!("{lines}: every line is right, 1 job in 1 queue\n")), "{dry}");
}
