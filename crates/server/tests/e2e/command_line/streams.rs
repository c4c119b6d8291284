//! Standard output and standard error that nobody reads, or that a full disk takes nothing of.

use std::fs::File;
use std::io::pipe;
use std::path::Path;
use std::process::Stdio;

use crate::server::bessemer;
use crate::tools::{done, serve};

/// A pipe that nobody reads any more.
fn closed() -> Stdio {
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// A file on a disk without room.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("a device").into()
}

/// Everything that tells much: of a store and a backup of it, of a server at that port.
fn talkative(folder: &Path, port: u16) -> Vec<Vec<String>> {
    let place = |name: &str| folder.join(name).display().to_string();
    let (data, backup, file, url) =
        (place("db"), place("backup"), place("all"), format!("tcp://127.0.0.1:{port}"));
    let of_files = [
        "check-config".to_owned(),
        "check-config --json".to_owned(),
        format!("verify {data}"),
        format!("verify {data} --json"),
        format!("backup {backup} {data}"),
        format!("backup {backup} {data} --json"),
        format!("export {data}"),
        format!("export {data} -o {}", place("again")),
        format!("import {file} {} --dry-run", place("none")),
        format!("import {file} {} --dry-run --json", place("none")),
        format!("import {file} {}", place("imported")),
        "help jobs".to_owned(),
        "completions bash".to_owned(),
        "cron next @hourly".to_owned(),
    ];
    let of_server = [
        "info",
        "info --json",
        "queues",
        "jobs list",
        "jobs list --json",
        "jobs show job-00001",
        "push T",
        "unique",
        "throttles",
        "cron",
        "batches",
        "workers",
    ];
    let of_server = of_server.map(|line| format!("{line} --url {url}"));
    let lines = of_files.iter().chain(&of_server);
    lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn who_stops_reading_ends_a_tool_quietly_and_a_full_disk_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let server = serve(&folder.path().join("db"), folder.path());
    server.client().call(r#"PUSH {"jid":"job-00001","jobtype":"T","args":[]}"#).expect("a reply");
    done(&["export", &place("db"), "-o", &place("all")], folder.path());
    let end = |arguments: &[String], [out, err]: [Stdio; 2]| {
        let mut tool = bessemer();
        tool.args(arguments).env("HOME", folder.path()).stdout(out).stderr(err);
        let output = tool.output().expect("the built binary starts");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    for arguments in talkative(folder.path(), server.port) {
        let (code, said) = end(&arguments, [closed(), Stdio::piped()]);
        assert_eq!((code, &*said), (Some(0), ""), "{arguments:?}, nobody reads");
        assert_eq!(end(&arguments, [closed(), closed()]).0, Some(0), "{arguments:?}, nobody reads anything");
        let (code, said) = end(&arguments, [full(), Stdio::piped()]);
        // The help is clap's, which has nothing to lose.
        if arguments[0] != "help" {
            assert_eq!(code, Some(74), "{arguments:?}: {said}");
            assert!(
                said.starts_with("bessemer: ") && said.ends_with("(os error 28)\n"),
                "{arguments:?}: {said}"
            );
            assert_eq!(end(&arguments, [full(), full()]).0, Some(74), "{arguments:?}");
        }
    }
}

#[test]
fn work_is_done_and_judged_also_where_nobody_reads_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (data, backup) = (place("db"), place("backup"));
    let server = serve(&folder.path().join("db"), folder.path());
    for number in 0..9 {
        let job = format!(r#"PUSH {{"jid":"job-{number:05}","jobtype":"T","args":["find me"]}}"#);
        server.client().call(&job).expect("a reply");
    }
    drop(server);
    done(&["backup", &backup, &data], folder.path());
    let end = |arguments: &[&str], out: Stdio| {
        let mut tool = bessemer();
        let ended = tool.args(arguments).env("HOME", folder.path()).stdout(out).status();
        ended.expect("the built binary starts").code()
    };
    assert_eq!(end(&["restore", &backup, &place("restored")], closed()), Some(0));
    assert_eq!(end(&["restore", &backup, &place("again")], full()), Some(74), "but it is restored");
    for restored in ["restored", "again"] {
        assert!(done(&["verify", &place(restored)], folder.path()).ends_with(" is whole\n"));
    }

    let file = Path::new(&data).join("0000000001.seg");
    let mut bytes = std::fs::read(&file).expect("a segment");
    let at = bytes.windows(7).position(|text| text == b"find me").expect("the arguments of a job");
    bytes[at] ^= 1;
    std::fs::write(&file, &bytes).expect("a damaged segment");
    for nobody in [closed(), full()] {
        assert_eq!(end(&["verify", &data], nobody), Some(65), "the verdict is the answer");
    }
    assert_eq!(end(&["salvage", &data, &place("new"), "--list"], closed()), Some(0));
    assert!(done(&["verify", &place("new")], folder.path()).ends_with(" is whole\n"));
}
