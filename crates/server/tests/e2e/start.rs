//! Before the first connection and after the last: flags, refusals, the image's command, a graceful stop.

use std::path::Path;
use std::process::Output;

use crate::client::Reply;
use crate::clock::until;
use crate::server::{Server, bessemer};

/// Runs the server until it ends by itself.
fn run(arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = bessemer();
    let mut child =
        command.args(arguments).envs(env.iter().copied()).spawn().expect("the built server starts");
    until(&format!("{arguments:?} ends"), || child.try_wait().expect("a child process"));
    child.wait_with_output().expect("its output")
}

/// Both streams of it.
fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
fn help_and_version_are_said_and_done() {
    for flag in ["-h", "-v"] {
        let output = run(&[flag], &[]);
        assert!(output.status.success(), "{flag}: {}", text(&output));
        assert!(text(&output).to_lowercase().contains("bessemer"), "{flag}: {}", text(&output));
    }
}

#[test]
fn what_cannot_be_started_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = folder.path().join("db").display().to_string();
    let loopback = ["-b", "127.0.0.1:0", "-w", "127.0.0.1:0", "-d", &db];
    let with = |more: &[&'static str]| [more, &loopback].concat();
    for (arguments, env, reason) in [
        (with(&["-e", "testing"]), vec![], r#"Invalid environment "testing""#),
        (with(&["--frobnicate"]), vec![], "frobnicate"),
        (with(&["-e", "production"]), vec![], "password"),
        (with(&["-e", "staging"]), vec![("FAKTORY_PASSWORD", "")], "password"),
        (vec!["-b", "0.0.0.0:0", "-w", "127.0.0.1:0", "-d", &db], vec![], "password"),
        (vec!["-b", "127.0.0.1:0", "-w", "0.0.0.0:0", "-d", &db], vec![], "password"),
        (vec!["-b", "nonsense", "-w", "127.0.0.1:0", "-d", &db], vec![], "nonsense"),
        (with(&[]), vec![("FAKTORY_PASSWORD", "/does/not/exist")], "/does/not/exist"),
    ] {
        let output = run(&arguments, &env);
        let said = text(&output);
        assert!(!output.status.success(), "{arguments:?} {env:?} was started: {said}");
        assert!(said.contains(reason), "{arguments:?} {env:?} does not say `{reason}`: {said}");
        assert!(!said.contains("panicked"), "{arguments:?} {env:?}: {said}");
    }
}

#[test]
fn a_second_server_on_one_folder_or_port_is_told_so() {
    let server = Server::start();
    let port = server.port.to_string();
    let output = run(&["-b", "127.0.0.1:0", "-w", "127.0.0.1:0", "-d", &server.folder()], &[]);
    assert_eq!(output.status.code(), Some(73), "{}", text(&output));
    assert!(text(&output).contains("in use by PID"), "{}", text(&output));

    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = folder.path().join("db").display().to_string();
    let output = run(&["-b", &format!("127.0.0.1:{port}"), "-w", "127.0.0.1:0", "-d", &other], &[]);
    assert_eq!(output.status.code(), Some(69), "{}", text(&output));
    assert!(text(&output).contains(&port), "{}", text(&output));

    // Side by side, each with its own.
    let second = Server::start();
    assert_ne!(second.port, server.port);
}

#[test]
fn both_signals_stop_it_gracefully_and_nothing_is_forgotten() {
    let mut server = Server::start();
    for name in ["INT", "TERM"] {
        let push = format!(r#"PUSH {{"jid":"kept-{name}-1","jobtype":"T","args":[]}}"#);
        assert_eq!(server.client().call(&push).expect("PUSH"), Reply::Line("+OK".into()));
        let mut waiting = server.client();
        waiting.send(b"FETCH elsewhere\r\n").expect("FETCH");
        let status = server.stop(name);
        assert_eq!(status.code(), Some(0), "SIG{name}: {}", server.output());
        server.spawn();
        server.await_ready();
    }
    assert_eq!(server.info()["faktory"]["total_enqueued"], 2);
}

/// No image can be built here; but what it would start can be.
#[test]
fn the_image_starts_with_the_command_in_its_dockerfile() {
    let dockerfile = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Dockerfile");
    let dockerfile = std::fs::read_to_string(dockerfile).expect("the Dockerfile");
    let command = dockerfile.lines().find_map(|line| line.strip_prefix("CMD ")).expect("a CMD");
    let command: Vec<String> = serde_json::from_str(command).expect("a CMD in JSON");
    let volume = dockerfile.lines().find_map(|line| line.strip_prefix("VOLUME ")).expect("a VOLUME");
    let user = dockerfile.lines().find_map(|line| line.strip_prefix("USER ")).expect("a USER");
    assert!(
        user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)),
        "a numeric user that is not root"
    );

    // Free ports and a folder of our own in place of the image's.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ours = folder.path().display().to_string();
    let free = |word: &String| word.replace(":7419", ":0").replace(":7420", ":0").replace(volume, &ours);
    let command: Vec<String> = command.iter().map(free).collect();
    assert!(command.contains(&ours), "the data is in the volume: {command:?}");
    let server = Server::start_as(&command);
    assert_eq!(
        server.client().call(r#"PUSH {"jid":"image0001","jobtype":"T","args":[]}"#).expect("PUSH"),
        Reply::Line("+OK".into())
    );
    let said = server.output();
    assert!(
        said.to_lowercase().contains("insecure") || said.contains("without a password"),
        "not loud: {said}"
    );
    let (status, _) = server.http("GET", "/", "");
    assert_eq!(status, 200);
}
