//! Tools on a server at work: what was acknowledged before a backup began is in the server that is started on it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::client::{Client, Reply};
use crate::clock::until;
use crate::server::{Server, bessemer};

/// What producers and workers were told so far.
#[derive(Clone, Debug, Default)]
struct Told {
    /// Pushed, and so in the queue `keep` for good.
    kept: BTreeSet<String>,
    /// Acknowledged, and so gone for good.
    done: BTreeSet<String>,
}

/// Small segments, soon given up.
const CONFIG: &str = "[store]\nsegment_size = \"1MiB\"\n[retention]\nrepush_window = \"1ms\"\n";

fn tool(arguments: &[&str], home: &Path) -> Output {
    bessemer().args(arguments).env("HOME", home).output().expect("the built binary starts")
}

pub(crate) fn done(arguments: &[&str], home: &Path) -> String {
    let output = tool(arguments, home);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

pub(crate) fn json(arguments: &[&str], home: &Path) -> Value {
    serde_json::from_str(&done(arguments, home)).expect("one JSON object")
}

pub(crate) fn serve(data: &Path, config: &Path) -> Server {
    let path = |path: &Path| path.display().to_string();
    let bindings = ["-b", "127.0.0.1:0", "-w", "127.0.0.1:0"].map(str::to_owned);
    let rest = ["-d".to_owned(), path(data), "-c".to_owned(), path(config)];
    Server::start_as(&[&bindings[..], &rest[..]].concat())
}

/// Pushes jobs of 4 KiB, half of them to be kept; works and acknowledges the others.
fn actor(server: &Server, number: usize, told: &Mutex<Told>, stop: &AtomicBool) {
    let mut client = server.client();
    let fill = "x".repeat(4096);
    for count in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let (queue, jid) = (["keep", "pass"][usize::from(count % 4 > 0)], format!("job-{number}-{count:06}"));
        let job = format!(r#"PUSH {{"jid":"{jid}","jobtype":"T","queue":"{queue}","args":["{fill}"]}}"#);
        assert_eq!(client.call(&job).expect("a reply"), Reply::Line("+OK".into()));
        if queue == "keep" {
            told.lock().expect("no panic").kept.insert(jid);
            continue;
        }
        if let Reply::Bulk(job) = client.call("FETCH pass").expect("a reply") {
            let job: Value = serde_json::from_slice(&job).expect("JSON");
            let jid = job["jid"].as_str().expect("a jid").to_owned();
            let ack = format!(r#"ACK {{"jid":"{jid}"}}"#);
            assert_eq!(client.call(&ack).expect("a reply"), Reply::Line("+OK".into()));
            told.lock().expect("no panic").done.insert(jid);
        }
    }
}

/// All jobs of the queues; they are fetched by it.
fn drain(server: &Server) -> BTreeSet<String> {
    let waiting = server.info()["faktory"]["total_enqueued"].as_u64().expect("a figure") as usize;
    let mut client = server.client();
    let mut found = BTreeSet::new();
    while found.len() < waiting {
        let some = (waiting - found.len()).min(100);
        client.send("FETCH keep pass\r\n".repeat(some).as_bytes()).expect("the server listens");
        for _ in 0..some {
            let Reply::Bulk(job) = client.reply().expect("a reply") else {
                panic!("it has fewer jobs than it says")
            };
            let job: Value = serde_json::from_slice(&job).expect("JSON");
            found.insert(job["jid"].as_str().expect("a jid").to_owned());
        }
    }
    found
}

/// What a server on a restored backup has, against what was told before the backup began.
fn judge(server: &Server, before: &Told) {
    let found = drain(server);
    let lost: Vec<&String> = before.kept.difference(&found).collect();
    assert!(
        lost.is_empty(),
        "{} jobs were acknowledged before the backup began and are gone: {lost:?}",
        lost.len()
    );
    let back: Vec<&String> = before.done.intersection(&found).collect();
    assert!(back.is_empty(), "{} jobs had ended before the backup began and are back: {back:?}", back.len());
}

#[test]
fn a_backup_under_load_holds_everything_that_was_acknowledged_before_it_began() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, config, backup) =
        (folder.path().join("db"), folder.path().join("config"), folder.path().join("backup"));
    std::fs::create_dir_all(config.join("conf.d")).expect("a folder");
    std::fs::write(config.join("conf.d/small.toml"), CONFIG).expect("a file");
    let server = serve(&data, &config);
    let (told, stop) = (Mutex::new(Told::default()), AtomicBool::new(false));
    let [from, to] = [&data, &backup].map(|path| path.display().to_string());
    let enough = |kept: usize| {
        let what = format!("{kept} jobs are pushed");
        until(&what, || (told.lock().expect("no panic").kept.len() >= kept).then_some(()));
    };
    let before = std::thread::scope(|scope| {
        for number in 0..4 {
            let (server, told, stop) = (&server, &told, &stop);
            scope.spawn(move || actor(server, number, told, stop));
        }
        let mut all = Vec::new();
        for round in 1..=3 {
            enough(round * 400);
            let before = told.lock().expect("no panic").clone();
            let made = json(&["backup", &to, &from, "--json"], folder.path());
            assert!(round == 1 || made["copied_segments"].as_u64() < made["segments"].as_u64(), "{made}");
            let served = json(&["verify", &from, "--json"], folder.path());
            assert_eq!(served["ok"], true, "{served}");
            let verified = json(&["verify", &to, "--json"], folder.path());
            assert_eq!((&verified["ok"], verified["backup_made"].is_string()), (&Value::Bool(true), true));
            let restored = folder.path().join(format!("restored-{round}"));
            json(&["restore", &to, &restored.display().to_string(), "--json"], folder.path());
            all.push((before, restored));
        }
        stop.store(true, Ordering::Relaxed);
        all
    });
    assert!(!data.join("0000000001.seg").exists(), "no segment was given up meanwhile");
    for (before, restored) in before {
        judge(&serve(&restored, &config), &before);
    }
}

#[test]
fn tools_say_in_one_line_what_is_wrong_and_end_with_its_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (data, backup) = (path("db"), path("backup"));
    let end = |arguments: &[&str]| {
        let output = tool(arguments, folder.path());
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        (output.status.code().expect("an end by itself"), said)
    };
    let nothing = (66, format!("bessemer: there is no store in {data}\n"));
    assert_eq!(end(&["verify", &data]), nothing);
    assert!(!Path::new(&data).exists(), "verify creates nothing");
    assert_eq!(end(&["backup", &backup, &data]), nothing);
    let server = serve(Path::new(&data), folder.path());
    server.client().call(r#"PUSH {"jid":"job-00001","jobtype":"T","args":[]}"#).expect("a reply");
    assert_eq!(end(&["restore", &data, &path("new")]).0, 66, "a store is no backup");
    assert!(done(&["verify", "-d", &data], folder.path()).ends_with(&format!("{data} is whole\n")));
    done(&["backup", &backup, &data], folder.path());
    let (code, said) = end(&["restore", &backup, &data]);
    assert!(code == 73 && said.contains("is in use by PID") && !said.contains("-b :7519"), "{code} {said}");
    drop(server);
    let (code, said) = end(&["restore", &backup, &data]);
    assert!(code == 73 && said.contains("is not empty: it holds 0000000001.seg"), "{code} {said}");
    let (code, said) = end(&["-d", &backup]);
    assert!(code == 65 && said.contains(&format!("bessemer restore {backup}")), "{code} {said}");

    let copy = std::fs::read_dir(&backup).expect("the backup").map(|entry| entry.expect("an entry").path());
    let copy =
        copy.into_iter().find(|path| path.extension().is_some_and(|end| end == "copy")).expect("a copy");
    let mut bytes = std::fs::read(&copy).expect("a copy");
    *bytes.last_mut().expect("bytes") ^= 1;
    std::fs::write(&copy, bytes).expect("a changed copy");
    let output = tool(&["verify", &backup], folder.path());
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(said.starts_with(&format!("damaged: {} at offset", copy.display())), "{said}");
    assert_eq!(output.status.code(), Some(65));
    assert_eq!(end(&["restore", &backup, &path("new")]).0, 65);
}

/// The lines of an export, but for the first, which says when it was made.
pub(crate) fn lines(place: &Path, home: &Path) -> Vec<String> {
    let said = done(&["export", &place.display().to_string()], home);
    let lines: Vec<String> = said.lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with(r#"{"export":{"format":3,"bessemer":""#), "{}", lines[0]);
    lines[1..].to_vec()
}

#[test]
fn an_export_imported_is_the_same_export_again_and_the_same_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let server = serve(&place("db"), folder.path());
    let mut client = Client::connect(server.port).expect("a connection");
    client.hello(r#"{"v":2,"wid":"worker-1"}"#).expect("HELLO");
    let mut call = |line: &str| client.call(line).expect("a reply");
    for number in 0..7 {
        let more = [
            r#","at":"2999-01-01T00:00:00+01:00""#,
            r#","custom":{"unique_for":3600}"#,
            r#","retry":-1,"x":[1e400, 1]"#,
            "",
        ][number % 4];
        let job = format!(r#"{{"jid":"job-0000{number}","jobtype":"Grüße","args":[{number}, "\n"]{more}}}"#);
        assert_eq!(call(&format!("PUSH {job}")), Reply::Line("+OK".into()));
    }
    for _ in 0..3 {
        assert!(matches!(call("FETCH default"), Reply::Bulk(_)));
    }
    call(r#"FAIL {"jid":"job-00001","errtype":"E","message":"a \"quoted\" ü","backtrace":["a","b"]}"#);
    call(r#"FAIL {"jid":"job-00002"}"#);
    let served = lines(&place("db"), folder.path());
    drop(server);
    let all = lines(&place("db"), folder.path());
    assert_eq!(all, served, "an export needs no stop");
    for state in ["queued", "scheduled", "retrying", "dead", "working"] {
        let has = all.iter().any(|line| line.contains(&format!(r#""state":"{state}""#)));
        assert!(has, "{state} is missing in {all:#?}");
    }

    let [file, new] = ["all.jsonl", "new"].map(|name| place(name).display().to_string());
    done(&["export", "-o", &file, &place("db").display().to_string()], folder.path());
    let said = done(&["import", &file, &new], folder.path());
    assert_eq!(said.lines().next(), Some(&*format!("imported 7 jobs of {file} into {new}")));
    assert_eq!(lines(&place("new"), folder.path()), all);
    let backup = place("backup").display().to_string();
    done(&["backup", &backup, &new], folder.path());
    assert_eq!(lines(&place("backup"), folder.path()), all, "a backup can be exported too");

    let twice = json(&["import", &file, &new, "--json"], folder.path());
    assert_eq!((&twice["imported"], &twice["jobs"]["enqueued"]), (&Value::from(7), &Value::from(4)));
    let server = serve(&place("new"), folder.path());
    let mut client = server.client();
    for expected in ["job-00005", "job-00006", "job-00005", "job-00006"] {
        let Reply::Bulk(job) = client.call("FETCH default").expect("a reply") else {
            panic!("no {expected}")
        };
        // A number of it is too large for the JSON library here.
        let job = String::from_utf8(job).expect("UTF-8");
        assert!(job.contains(&format!(r#""jid":"{expected}""#)), "{expected}: {job}");
    }
    let (code, said) = end_of(&["import", &file, &new], folder.path());
    assert!(code == 73 && said.contains("is in use by PID"), "{code} {said}");
}

pub(crate) fn end_of(arguments: &[&str], home: &Path) -> (i32, String) {
    let output = tool(arguments, home);
    (output.status.code().expect("an end by itself"), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn records_that_are_no_jobs_come_over_up_to_their_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, data) = (folder.path().join("file").display().to_string(), folder.path().join("db"));
    std::fs::create_dir_all(folder.path().join(".bessemer/conf.d")).expect("a folder");
    let config = folder.path().join(".bessemer/conf.d/a.toml");
    std::fs::write(&config, "limits.kept_max = '1MiB'\n").expect("a file");
    let header = r#"{"export":{"format":2,"bessemer":"0.1.0","made":"","processed":0,"failures":0}}"#;
    // 16 records, each with a key of one byte and 128 bytes for itself.
    let write = |last: usize| {
        let record = |key: usize| {
            let len = if key == 15 { last } else { (1 << 16) - 129 };
            let value = "v".repeat(len);
            format!(r#"{{"record":{{"family":"marks","key":"{key:x}","value":"{value}"}}}}"#)
        };
        let records: Vec<String> = (0..16).map(record).collect();
        let text = format!("{header}\n{}\n{}\n", records.join("\n"), r#"{"end":{"jobs":0}}"#);
        std::fs::write(&file, text).expect("a file");
        records
    };
    let place = data.display().to_string();
    write((1 << 16) - 128);
    let (code, said) = end_of(&["import", &file, &place], folder.path());
    let expected = "with it records would take 1048577 bytes; `limits.kept_max` allows 1048576";
    assert!(code == 65 && said.contains(expected), "{code} {said}");
    let records = write((1 << 16) - 129);
    done(&["import", &file, &place], folder.path());
    assert_eq!(lines(&data, folder.path())[..16], records);
    done(&["verify", &place], folder.path());
}

#[test]
fn what_is_no_export_is_refused_with_its_line_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (file, data) = (place("file"), place("db"));
    let header = r#"{"export":{"format":1,"bessemer":"0.1.0","made":"","processed":0,"failures":0}}"#;
    let job = |order: i64, jid: &str| {
        let body = format!(r#"{{"jid":"{jid}","jobtype":"T","args":[]}}"#);
        format!(
            r#"{{"job":{{"order":{order},"state":"queued","since":"2026-11-23T05:30:00Z","body":{body}}}}}"#
        )
    };
    let dead = r#"{"job":{"order":7,"state":"dead","until":"2999-11-23T05:30:00Z","body":{"jid":"job-00007","jobtype":"T","args":[]}}}"#;
    let good = [header, &job(1, "job-00001"), &job(2, "job-00002"), r#"{"end":{"jobs":2}}"#].join("\n");
    let bad = |text: &str| {
        std::fs::write(&file, text).expect("a file");
        let (code, said) = end_of(&["import", &file, &data], folder.path());
        assert_eq!(code, 65, "{said}");
        assert!(!Path::new(&data).join("0000000001.seg").exists(), "{said}");
        said.strip_prefix(&format!("bessemer: {file}")).unwrap_or(&said).trim_end().to_owned()
    };
    assert_eq!(bad("REDIS0009\0"), ", offset 10: the file ends in the midst of it; it is not whole");
    let neither = r#": is neither an export of Bessemer, which begins with {"export":, nor a data file of Faktory's, which begins with REDIS"#;
    assert_eq!(bad("letters"), neither);
    assert_eq!(bad(""), neither);
    let newer = header.replace(r#""format":1"#, r#""format":4"#);
    assert_eq!(bad(&newer), ": has format 4; this version reads formats up to 3");
    assert_eq!(
        bad(&good.replace(r#""jobs":2"#, r#""jobs":3"#)),
        ", line 4: the end counts 3, and there are 2"
    );
    assert!(bad(&good[..good.len() - 30]).starts_with(", line 3: EOF"));
    assert_eq!(
        bad(good.rsplit_once('\n').expect("lines").0),
        ", line 4: the file ends before its last line: its export was interrupted"
    );
    assert_eq!(bad(&format!("{good}\n{header}")), ", line 5: there is more behind the end");
    assert_eq!(
        bad(&good.replace("\"order\":2", "\"order\":1")),
        ", line 3: `order` 1 is also that of line 2"
    );
    assert!(bad(&good.replace("job-00002", "short")).starts_with(", line 3: "));
    assert!(bad(&good.replace("queued", "lost")).starts_with(", line 2: unknown variant `lost`"));
    std::fs::create_dir_all(folder.path().join(".bessemer/conf.d")).expect("a folder");
    let config = folder.path().join(".bessemer/conf.d/a.toml");
    std::fs::write(&config, "[retention]\ndead_max = 1\n[limits]\nqueues_max = 1\n").expect("a file");
    let two_dead = [header, dead, &dead.replace('7', "8"), r#"{"end":{"jobs":2}}"#].join("\n");
    std::fs::write(&file, &two_dead).expect("a file");
    let (code, said) = end_of(&["import", &file, &data], folder.path());
    assert!(
        code == 65 && said.contains("2 jobs would be dead; `retention.dead_max` allows 1"),
        "{code} {said}"
    );
    let two_queues =
        [header, r#"{"queue":{"name":"a","paused":true}}"#, &job(1, "job-00001"), r#"{"end":{"jobs":1}}"#];
    std::fs::write(&file, two_queues.join("\n")).expect("a file");
    let (code, said) = end_of(&["import", &file, &data], folder.path());
    assert!(code == 65 && said.contains("2 queues; `limits.queues_max` allows 1"), "{code} {said}");
    std::fs::write(&file, &good).expect("a file");
    done(&["import", &file, &data], folder.path());
    assert_eq!(end_of(&["import", &place("nothing"), &data], folder.path()).0, 66);
}

#[test]
fn a_damaged_store_is_refused_by_a_start_and_salvaged_into_one_that_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (data, new) = (place("db"), place("new"));
    let server = serve(Path::new(&data), folder.path());
    let mut client = server.client();
    for number in 0..9 {
        let job =
            format!(r#"PUSH {{"jid":"job-{number:05}","jobtype":"T","queue":"keep","args":["find me"]}}"#);
        assert_eq!(client.call(&job).expect("a reply"), Reply::Line("+OK".into()));
    }
    drop(server);
    let file = Path::new(&data).join("0000000001.seg");
    let mut bytes = std::fs::read(&file).expect("a segment");
    let jid = bytes.windows(9).position(|name| name == b"job-00004").expect("its body");
    let at = jid + bytes[jid..].windows(7).position(|text| text == b"find me").expect("its arguments");
    bytes[at] ^= 1;
    std::fs::write(&file, &bytes).expect("a damaged segment");

    let (code, said) = end_of(&["-d", &data, "-b", "127.0.0.1:0", "-w", ":0"], folder.path());
    assert!(code == 65 && said.contains("`bessemer salvage`"), "{code} {said}");
    let (code, _) = end_of(&["verify", &data], folder.path());
    assert_eq!(code, 65);
    assert_eq!(end_of(&["export", &data], folder.path()).0, 65);
    assert_eq!(end_of(&["backup", &place("backup"), &data], folder.path()).0, 65);

    let said = done(&["salvage", &data, &new, "--list"], folder.path());
    assert!(said.contains("may have ended: \"job-00000\", queue \"keep\", type \"T\"\n"), "{said}");
    assert!(said.contains("lost: \"job-00004\", queue \"keep\", type \"T\"\n"), "{said}");
    assert!(
        said.contains("in doubt: 4 jobs that may have ended") && said.contains("in doubt: 1 job whose"),
        "{said}"
    );
    assert!(said.contains(&format!("salvaged 8 jobs of {data} into {new}\n")), "{said}");
    assert_eq!(std::fs::read(&file).expect("a segment"), bytes, "the damaged store is as it was");
    assert!(done(&["verify", &new], folder.path()).ends_with(" is whole\n"));
    let (code, said) = end_of(&["salvage", &data, &new], folder.path());
    assert!(code == 73 && said.contains("is not empty"), "{code} {said}");
    let server = serve(Path::new(&new), folder.path());
    let left: Vec<String> = (0..9).filter(|n| *n != 4).map(|number| format!("job-{number:05}")).collect();
    assert!(drain(&server).iter().eq(&left), "the jobs but one are there");
}
