//! Where a server meets another, how it stops, and what the image starts. What it says before it serves: `../cli.rs`.

use std::path::Path;
use std::process::Output;

use crate::client::{Client, Reply};
use crate::clock::until;
use crate::server::{Server, bessemer};

/// Runs the server until it ends by itself.
fn run(arguments: &[&str]) -> Output {
    bessemer().args(arguments).output().expect("the built server starts")
}

/// Both streams of it.
fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
fn a_second_server_on_one_folder_or_port_is_told_so() {
    let server = Server::start();
    let port = server.port.to_string();
    let output = run(&["-b", "127.0.0.1:0", "-w", "127.0.0.1:0", "-d", &server.folder()]);
    assert_eq!(output.status.code(), Some(73), "{}", text(&output));
    assert!(text(&output).contains("in use by PID"), "{}", text(&output));

    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = folder.path().join("db").display().to_string();
    let output = run(&["-b", &format!("127.0.0.1:{port}"), "-w", "127.0.0.1:0", "-d", &other]);
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

#[test]
fn it_lets_clients_in_and_stops_while_others_never_rest() {
    let mut server = Server::start();
    let port = server.port;
    let push = move |thread: usize| {
        let mut client = Client::connect(port)?;
        client.hello(r#"{"v":2}"#)?;
        for round in 0.. {
            let line = |n| {
                format!("PUSH {{\"jid\":\"busy-{thread}-{round}-{n}\",\"jobtype\":\"T\",\"args\":[]}}\r\n")
            };
            client.send((0..100).map(line).collect::<String>().as_bytes())?;
            for _ in 0..100 {
                client.reply()?;
            }
        }
        Ok::<(), std::io::Error>(())
    };
    let busy: Vec<_> = (0..8).map(|thread| std::thread::spawn(move || push(thread))).collect();
    until("a thousand jobs are there", || {
        (server.info()["faktory"]["total_enqueued"].as_u64() > Some(1_000)).then_some(())
    });
    let status = server.stop("TERM");
    assert_eq!(status.code(), Some(0), "{}", server.output());
    for thread in busy {
        assert!(thread.join().expect("no panic").is_err(), "it was cut off");
    }
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
    let free = |word: &String| {
        word.replace(":7419", "0.0.0.0:0").replace(":7420", "0.0.0.0:0").replace(volume, &ours)
    };
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
