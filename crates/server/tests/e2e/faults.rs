//! A disk that fails under a running server: it runs full, gives up, forgets, or is taken away.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::api;
use crate::client::{Client, Reply};
use crate::clock::until;
use crate::server::Server;
use crate::volume::{Volume, fill};

/// Small segments, and marks that fit into a small volume.
const SMALL: &str = "[store]\nsegment_size = '1MiB'\ndisk_low_water = '8MiB'\ndisk_high_water = '16MiB'\n\
                     [retention]\nrepush_window = '1ms'\n";

const FULL: &str = "-ERR disk full, not accepting jobs";

/// A PUSH of about this many bytes.
fn push(jid: &str, bytes: usize) -> String {
    format!(r#"PUSH {{"jid":"{jid}","jobtype":"T","args":["{}"]}}"#, "x".repeat(bytes))
}

fn ok() -> Reply {
    Reply::Line("+OK".into())
}

/// Takes the next job and ACKs it; its jid.
fn work(client: &mut Client) -> Option<String> {
    let Reply::Bulk(job) = client.call("FETCH default").expect("FETCH") else { return None };
    let job: Value = serde_json::from_slice(&job).expect("JSON");
    let jid = job["jid"].as_str().expect("a jid").to_owned();
    assert_eq!(client.call(&format!(r#"ACK {{"jid":"{jid}"}}"#)).expect("ACK"), ok());
    Some(jid)
}

/// Pushes jobs of 64 KiB until they are refused; how many were not.
fn push_until_full(client: &mut Client) -> usize {
    (0..10_000)
        .find(|n| match client.call(&push(&format!("job-{n:06}"), 64 << 10)).expect("PUSH") {
            Reply::Line(line) if line == "+OK" => false,
            Reply::Line(line) if line == FULL => true,
            other => panic!("PUSH {n}: {other:?}"),
        })
        .expect("the disk is smaller than that")
}

#[test]
fn a_full_disk_refuses_producers_and_is_left_by_itself_when_workers_have_made_room_g13() {
    let Some(volume) = Volume::mount(48) else { return };
    let server = Server::start_on(Some(volume.path()), SMALL);
    let mut client = server.client();
    let accepted = push_until_full(&mut client);
    assert!(accepted > 200, "{accepted}");
    let bulk = r#"PUSHB [{"jid":"job-refused","jobtype":"T","args":[]}]"#;
    assert_eq!(client.call(bulk).expect("PUSHB"), Reply::Line(FULL.into()));
    let (status, told) =
        api::json(&server, "POST", "/jobs", r#"{"jid":"job-refused","jobtype":"T","args":[]}"#);
    assert_eq!((status, &told["error"]["code"]), (503, &"disk_full".into()));
    assert_eq!(server.info()["server"]["disk_full"], true);
    assert!(server.http("GET", "/health", "").1.contains(r#""disk_full":true"#));
    assert!(server.http("GET", "/retries", "").1.contains("The disk is full"));
    assert_eq!(server.info()["faktory"]["total_enqueued"], accepted);

    for n in 0..accepted {
        assert_eq!(work(&mut client), Some(format!("job-{n:06}")));
    }
    until("there is room again", || (server.info()["server"]["disk_full"] == false).then_some(()));
    assert_eq!(client.call(&push("job-after", 1)).expect("PUSH"), ok());
    assert_eq!(work(&mut client).as_deref(), Some("job-after"));
    let said = server.output();
    assert!(said.contains("W ") && said.contains("no jobs are accepted until 16 MiB are"), "{said}");
    assert!(said.contains("jobs are accepted again"), "{said}");
}

#[test]
fn a_disk_without_a_byte_of_room_lets_workers_drain_g13() {
    let Some(volume) = Volume::mount(48) else { return };
    let server = Server::start_on(Some(volume.path()), SMALL);
    let mut client = server.client();
    for n in 0..300 {
        assert_eq!(client.call(&push(&format!("job-{n:06}"), 1 << 10)).expect("PUSH"), ok());
    }
    let theirs = volume.path().join("somebody-elses");
    fill(&theirs, 0);
    until("the disk is full", || (server.info()["server"]["disk_full"] == true).then_some(()));
    assert_eq!(client.call(&push("job-refused", 1)).expect("PUSH"), Reply::Line(FULL.into()));
    for n in 0..300 {
        assert_eq!(work(&mut client), Some(format!("job-{n:06}")));
    }
}

#[test]
fn a_write_that_finds_no_room_waits_for_it_and_the_server_goes_on_g13() {
    let Some(volume) = Volume::mount(48) else { return };
    let marks = "[store]\nsegment_size = '1MiB'\ndisk_low_water = '1MiB'\ndisk_high_water = '2MiB'\n";
    let server = Server::start_on(Some(volume.path()), marks);
    let mut client = server.client();
    assert_eq!(client.call(&push("job-before", 1)).expect("PUSH"), ok());
    // More is free than the low mark, and less than this job needs.
    let theirs = volume.path().join("somebody-elses");
    fill(&theirs, 3 << 20);
    until("jobs are accepted", || (server.info()["server"]["disk_full"] == false).then_some(()));
    client.send(format!("{}\r\n", push("job-large", 6 << 20)).as_bytes()).expect("a PUSH");
    until("the disk is full", || {
        server.http("GET", "/health", "").1.contains(r#""disk_full":true"#).then_some(())
    });
    assert!(!client.has_reply(), "it was answered, and cannot be on the disk");
    std::fs::remove_file(&theirs).expect("removed");
    assert_eq!(client.reply().expect("the answer"), ok());
    until("jobs are accepted again", || (server.info()["server"]["disk_full"] == false).then_some(()));
    for jid in ["job-before", "job-large"] {
        assert_eq!(work(&mut client).as_deref(), Some(jid));
    }
}

#[test]
fn a_disk_that_gives_up_ends_the_server_with_74_and_what_was_answered_is_there_g14_row_127() {
    let Some(volume) = Volume::mount(48) else { return };
    let mut server = Server::start_on(Some(volume.path()), SMALL);
    let mut client = server.client();
    assert_eq!(client.call(&push("job-before", 1)).expect("PUSH"), ok());
    volume.give_up();
    client.call(&push("job-unknown", 1)).expect_err("no answer may come from here on");
    let (code, line) = server.end();
    let start = format!("bessemer: failed to write {}/0000000001.seg at offset ", server.folder());
    assert!(line.starts_with(&start) && line.ends_with("Read-only file system (os error 30)"), "{line}");
    assert_eq!(code, Some(74), "{line}");

    // Nor does it start there; and on the repaired disk it knows what it has answered.
    server.spawn();
    let (code, line) = server.end();
    assert!(line.ends_with("Read-only file system (os error 30)"), "{line}");
    assert_eq!(code, Some(74), "{line}");
    volume.repair();
    server.spawn();
    server.await_ready();
    assert_eq!(work(&mut server.client()).as_deref(), Some("job-before"));
}

#[test]
fn a_file_size_limit_is_a_failed_write_and_no_signal_g14() {
    let mut server = Server::start_on(None, SMALL);
    server.kill();
    let mut limited = Command::new("bash");
    // 2 MiB, in blocks of 1 KiB.
    limited.args(["-c", r#"ulimit -f 2048; exec "$0" "$@""#, env!("CARGO_BIN_EXE_bessemer")]);
    limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    server.spawn_by(&mut limited);
    server.await_ready();
    let mut client = server.client();
    assert_eq!(client.call(&push("job-before", 1)).expect("PUSH"), ok());
    client.call(&push("job-unknown", 3 << 20)).expect_err("no answer");
    let (code, line) = server.end();
    assert!(line.ends_with("File too large (os error 27)"), "{line}");
    assert_eq!(code, Some(74), "{line}");
    server.spawn();
    server.await_ready();
    let mut client = server.client();
    assert_eq!(work(&mut client).as_deref(), Some("job-before"));
    assert_eq!(client.call(&push("job-unknown", 3 << 20)).expect("PUSH"), ok());
}

#[test]
fn a_directory_that_is_removed_ends_the_server_before_it_serves_from_nowhere() {
    let mut server = Server::start_on(None, SMALL);
    assert_eq!(server.client().call(&push("job-before", 1)).expect("PUSH"), ok());
    std::fs::remove_dir_all(server.folder()).expect("removed");
    let (code, line) = server.end();
    assert!(line.contains("LOCK was removed") && line.contains(&server.folder()), "{line}");
    assert_eq!(code, Some(74), "{line}");
}

/// The segments of a data directory, oldest first.
pub(crate) fn segments(folder: &str) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).expect("the data directory").map(|entry| entry.expect("an entry").path());
    let mut segments: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "seg")).collect();
    segments.sort();
    segments
}

/// Changes a bit of the first place in a file where this text stands; its offset.
pub(crate) fn rot(path: &Path, text: &str) -> usize {
    let mut bytes = std::fs::read(path).expect("a segment");
    let at = memchr::memmem::find(&bytes, text.as_bytes()).expect("the text is there");
    bytes[at] ^= 1;
    std::fs::write(path, bytes).expect("a segment");
    at
}

#[test]
fn a_body_that_rots_under_the_server_is_never_served_and_ends_it_with_65_g15() {
    let mut server = Server::start_on(None, SMALL);
    let mut client = server.client();
    // More than the cache of what was written last.
    for n in 0..160 {
        assert_eq!(client.call(&push(&format!("job-{n:06}"), 64 << 10)).expect("PUSH"), ok());
    }
    let first = segments(&server.folder()).remove(0);
    rot(&first, "xxxxxxxxxxxxxxxx");
    client.call("FETCH default").expect_err("no answer");
    let (code, line) = server.end();
    assert!(line.starts_with(&format!("bessemer: failed to read {} at offset ", first.display())), "{line}");
    assert_eq!(code, Some(65), "{line}");
    // Starting again does not help, and says so.
    server.spawn();
    let (code, line) = server.end();
    assert!(
        line.starts_with("bessemer: the store is damaged: ") && line.contains("0000000001.seg at offset"),
        "{line}"
    );
    assert_eq!(code, Some(65), "{line}");
}
