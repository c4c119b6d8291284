//! Tools on a server at work: what was acknowledged before a backup began is in the server that is started on it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::client::Reply;
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

fn done(arguments: &[&str], home: &Path) -> String {
    let output = tool(arguments, home);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(arguments: &[&str], home: &Path) -> Value {
    serde_json::from_str(&done(arguments, home)).expect("one JSON object")
}

fn serve(data: &Path, config: &Path) -> Server {
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
