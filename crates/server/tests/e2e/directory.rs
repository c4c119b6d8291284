//! A data directory that is not as the server left it, or not the server's at all (section 3.7 of the catalogue of bad
//! inputs): each is refused in one line, with a code, and left as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::client::Reply;
use crate::faults::{rot, segments};
use crate::server::Server;

/// A server that has taken some jobs, and was killed.
fn stopped() -> Server {
    let mut server = Server::start_on(None, "store.segment_size = '1MiB'");
    let mut client = server.client();
    for n in 0..24 {
        let push =
            format!(r#"PUSH {{"jid":"job-{n:06}","jobtype":"T","args":["{}"]}}"#, "x".repeat(128 << 10));
        assert_eq!(client.call(&push).expect("PUSH"), Reply::Line("+OK".into()));
    }
    assert!(segments(&server.folder()).len() > 2);
    server.kill();
    server
}

/// All files and what is in them, but for the lock's text.
fn content(folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths =
        fs::read_dir(folder).expect("the data directory").map(|entry| entry.expect("an entry").path());
    let paths = paths.filter(|path| !path.ends_with("LOCK"));
    paths.map(|path| (path.clone(), fs::read(path).expect("a file"))).collect()
}

/// The start is refused with this code and a line that has all of these, and nothing is written.
#[track_caller]
fn refused(server: &mut Server, code: i32, texts: &[&str]) {
    let before = content(&server.folder());
    server.spawn();
    let (ended, line) = server.end();
    assert_eq!(ended, Some(code), "{line}");
    for text in texts {
        assert!(line.contains(text), "{text:?} is not in {line:?}");
    }
    assert!(content(&server.folder()) == before, "a refused directory was written to");
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("a segment");
    change(&mut bytes);
    fs::write(path, bytes).expect("a segment");
}

#[test]
fn a_log_that_is_newer_is_left_alone_g23_row_123() {
    let mut server = stopped();
    let last = segments(&server.folder()).pop().expect("a segment");
    change(&last, |bytes| bytes[8..12].copy_from_slice(&9_u32.to_le_bytes()));
    let name = last.display().to_string();
    refused(
        &mut server,
        65,
        &[&name, "has format 9; this version reads formats up to 2, and has changed nothing"],
    );
}

#[test]
fn damage_is_refused_with_file_and_offset_g15_row_118() {
    let mut server = stopped();
    let first = segments(&server.folder()).remove(0);
    rot(&first, "xxxxxxxxxxxxxxxx");
    let name = first.display().to_string();
    refused(&mut server, 65, &["the store is damaged: ", &name, " at offset "]);
}

#[test]
fn segments_that_are_missing_doubled_renamed_empty_or_somebody_elses_are_refused_row_121() {
    let mut server = stopped();
    let folder = server.folder();
    let all = segments(&folder);
    let middle = all[1].display().to_string();
    let aside = format!("{folder}.aside");

    fs::rename(&middle, &aside).expect("renamed");
    refused(&mut server, 65, &["0000000002.seg", "missing"]);
    fs::write(&middle, "").expect("an empty file");
    refused(&mut server, 65, &[&middle, "too short to be a segment"]);
    fs::copy(&all[0], &middle).expect("a copy");
    refused(&mut server, 65, &[&middle, "this is segment 1 under another name"]);
    fs::remove_file(&middle).expect("removed");
    fs::rename(&aside, format!("{folder}/two.seg")).expect("renamed");
    refused(&mut server, 65, &["two.seg", "not the name of a segment"]);
    fs::rename(format!("{folder}/two.seg"), &middle).expect("renamed");

    let other = stopped();
    fs::rename(&middle, &aside).expect("renamed");
    fs::copy(&segments(&other.folder())[1], &middle).expect("a copy");
    refused(&mut server, 65, &[&middle, "belongs to another store than 0000000001.seg"]);
    fs::rename(&aside, &middle).expect("renamed");
    server.spawn();
    server.await_ready();
    assert_eq!(server.info()["faktory"]["total_enqueued"], 24);
}

#[test]
fn a_directory_of_faktory_is_told_how_to_come_over_d17_row_129() {
    let mut server = stopped();
    for path in segments(&server.folder()) {
        fs::remove_file(path).expect("removed");
    }
    let data = format!("{}/faktory.rdb", server.folder());
    fs::write(&data, "REDIS0009").expect("a file");
    let line = format!("found a Faktory store at {data}; `bessemer import {data}` brings it over");
    refused(&mut server, 65, &[&line]);
}

#[test]
fn files_that_are_not_ours_are_left_alone_and_left_overs_of_ours_go_row_124() {
    let mut server = stopped();
    let folder = server.folder();
    let theirs = ["notes.txt", "0000000001.seg.bak", "spare-x.tmp", "faktory.rdb", ".hidden"];
    for name in theirs {
        fs::write(format!("{folder}/{name}"), name).expect("a file");
    }
    fs::write(format!("{folder}/spare-99.tmp"), "half").expect("a file");
    server.spawn();
    server.await_ready();
    assert_eq!(server.info()["faktory"]["total_enqueued"], 24);
    assert!(server.output().contains("removed spare-99.tmp, left over from before"), "{}", server.output());
    assert_eq!(server.stop("TERM").code(), Some(0));
    for name in theirs {
        assert_eq!(fs::read_to_string(format!("{folder}/{name}")).expect("still there"), name);
    }
    assert!(!Path::new(&format!("{folder}/spare-99.tmp")).exists());
}

#[test]
fn a_second_server_is_told_who_was_first_and_what_to_try_g22_d18() {
    let server = Server::start();
    let mut second = Server::start();
    second.kill();
    second.share(&server);
    second.spawn();
    let (code, line) = second.end();
    let pid = fs::read_to_string(format!("{}/LOCK", server.folder())).expect("the lock");
    let folder = server.folder();
    let expected = format!(
        "bessemer: the data directory {folder} is in use by PID {}; try `-d DIR -b :7519 -w :7520`",
        pid.trim()
    );
    assert_eq!((code, line), (Some(73), expected));
}
