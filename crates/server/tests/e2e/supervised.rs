//! A server under systemd: what it is told, and when (`Type=notify`, `WatchdogSec=`).

use std::os::unix::net::UnixDatagram;

use crate::api;
use crate::client::{Client, Reply};
use crate::clock::PATIENCE;
use crate::server::Server;

/// The next message that is not the watchdog's food; and how much of that came before.
fn next(socket: &UnixDatagram) -> (String, usize) {
    let (mut text, mut fed) = ([0; 1024], 0);
    loop {
        let length = socket.recv(&mut text).expect("a message in time");
        match std::str::from_utf8(&text[..length]).expect("UTF-8") {
            "WATCHDOG=1\n" => fed += 1,
            other => return (other.to_owned(), fed),
        }
    }
}

#[test]
fn systemd_is_told_that_it_listens_lives_reloads_and_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let name = path.display().to_string();
    let mut server = Server::start_with(&[("NOTIFY_SOCKET", &name), ("WATCHDOG_USEC", "100000")]);
    let ready = format!("READY=1\nSTATUS=listening at 127.0.0.1:{}\n", server.port);
    assert_eq!(next(&socket), (ready.clone(), 0), "first of all");

    // An idle engine turns once a second, and each time the watchdog is fed.
    let mut text = [0; 64];
    for _ in 0..3 {
        let length = socket.recv(&mut text).expect("the watchdog is fed");
        assert_eq!(&text[..length], b"WATCHDOG=1\n");
    }
    server.signal("HUP");
    let (reloading, _) = next(&socket);
    let micros =
        reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("the first word about it").trim();
    assert!(micros.parse::<u64>().is_ok(), "{micros}");
    assert_eq!(next(&socket).0, ready);
    assert_eq!(server.stop("TERM").code(), Some(0));
    assert_eq!(next(&socket).0, "STOPPING=1\nSTATUS=stopping\n");
}

/// The bytes that clients have begun to send count; they are given back when the clients leave.
#[test]
fn memory_that_runs_short_refuses_producers_and_nobody_else_g17() {
    const FULL: &str = "-ERR memory limit, not accepting jobs";
    let server = Server::start_on(None, "limits.memory_high_water = '64MiB'");
    let mut client = server.client();
    let push = |client: &mut Client, number: usize| {
        client.call(&format!(r#"PUSH {{"jid":"memory-{number:04}","jobtype":"T","args":[]}}"#)).expect("PUSH")
    };
    assert_eq!(push(&mut client, 0), Reply::Line("+OK".into()));
    let piece = "x".repeat(15 << 20);
    let begun: Vec<Client> = (0..5)
        .map(|_| {
            let mut client = server.client();
            client.send(b"PUSH ").expect("the beginning of a job");
            client.send(piece.as_bytes()).expect("more of it");
            client
        })
        .collect();
    server.await_said("memory is short: the process holds ", 1);
    assert_eq!(push(&mut client, 1), Reply::Line(FULL.into()));
    let bulk = r#"PUSHB [{"jid":"memory-0002","jobtype":"T","args":[]}]"#;
    assert_eq!(client.call(bulk).expect("PUSHB"), Reply::Line(FULL.into()));
    let (status, told) =
        api::json(&server, "POST", "/jobs", r#"{"jid":"memory-0009","jobtype":"T","args":[]}"#);
    assert_eq!((status, &told["error"]["code"]), (503, &"memory_limit".into()));
    let info = server.info();
    assert_eq!(info["server"]["memory_full"], true);
    assert_eq!(info["server"]["rejected"]["memory_limit"], 3);
    assert!(server.http("GET", "/retries", "").1.contains("Memory is short"));
    assert!(matches!(client.call("FETCH default").expect("FETCH"), Reply::Bulk(_)), "workers go on");
    assert_eq!(client.call(r#"ACK {"jid":"memory-0000"}"#).expect("ACK"), Reply::Line("+OK".into()));
    drop(begun);
    server.await_said("there is memory again: jobs are accepted", 1);
    assert_eq!(push(&mut client, 3), Reply::Line("+OK".into()));
    assert_eq!(server.info()["faktory"]["total_enqueued"], 1, "what was refused is not there");
}
