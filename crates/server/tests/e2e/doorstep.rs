//! The doorstep: who says hello slowly, never, wrongly, again, or with too many others (section 3.1 of the catalogue of bad
//! inputs, where it takes time or a crowd).

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::Duration;

use bessemer_protocol::handshake::{Hi, password_hash};

use crate::client::{Client, Reply, socket_from};
use crate::clock::{Watch, pause, until};
use crate::server::Server;

/// From the connection to its end without another word from the server.
fn time_until_closed(mut client: Client, since: Watch) -> Duration {
    assert!(client.is_closed());
    since.elapsed()
}

#[test]
fn who_is_silent_or_slow_is_let_go_after_five_seconds_in_all_row_1_row_3() {
    let server = Server::start();
    let since = Watch::start();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let silent = Client::connect(server.port).expect("a greeting");
            let stayed = time_until_closed(silent, since);
            assert!(stayed > Duration::from_millis(4_500) && stayed < Duration::from_secs(10), "{stayed:?}");
        });
        scope.spawn(|| {
            let mut slow = Client::connect(server.port).expect("a greeting");
            for byte in br#"HELLO {"v":2,"hostname":"xxxxxxxxxxxxx"}"#.chunks(1) {
                if slow.send(byte).is_err() || since.elapsed() > Duration::from_secs(9) {
                    break;
                }
                pause(Duration::from_millis(250));
            }
            let stayed = since.elapsed();
            assert!(slow.is_closed() && stayed > Duration::from_millis(4_500), "{stayed:?}");
            assert!(stayed < Duration::from_secs(10), "each byte must not begin the time anew: {stayed:?}");
        });
    });
    assert_eq!(server.info()["server"]["rejected"]["handshake_timeout"], 2);
    let said = server.output();
    assert!(!said.contains("refused"), "nobody needs to read of it:\n{said}");
}

#[test]
fn a_gigabyte_without_a_line_end_is_refused_after_16_kib_row_4() {
    let server = Server::start();
    let mut client = Client::connect(server.port).expect("a greeting");
    let chunk = [b'x'; 64 * 1024];
    let mut sent = 0;
    // Of what it goes on sending 4 MiB are thrown away, for a second at most, and then the connection ends.
    while sent < 1 << 30 && client.send(&chunk).is_ok() {
        sent += chunk.len();
    }
    // The kernel's buffers on both sides take some more.
    assert!(sent < 64 << 20, "the server took {sent} bytes");
    match client.reply() {
        Ok(reply) => assert_eq!(reply, Reply::Line("-ERR line too long".into())),
        // The reset may overtake the reply when there is so much behind it.
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    let memory = server.memory_mib();
    assert!(memory < 100, "{memory} MiB");
    assert_eq!(server.info()["server"]["rejected"]["line_too_long"], 1);

    let mut polite = Client::connect(server.port).expect("a greeting");
    polite.send(&[b'x'; 16 * 1024 + 1]).expect("one byte too many");
    assert_eq!(polite.reply().expect("a reply"), Reply::Line("-ERR line too long".into()));
    assert!(polite.is_closed());
    // One of the limit, whose CR comes before its LF.
    let mut long = Client::connect(server.port).expect("a greeting");
    let hello = format!(r#"HELLO {{"future":"{}"}}"#, "x".repeat(16 * 1024 - 19));
    assert_eq!(hello.len(), 16 * 1024);
    long.send(format!("{hello}\r").as_bytes()).expect("nearly a line");
    pause(Duration::from_millis(50));
    long.send(b"\n").expect("its end");
    assert_eq!(long.reply().expect("a reply"), Reply::Line("+OK".into()));
}

#[test]
fn what_one_client_said_lets_in_nobody_else_row_13() {
    let server = Server::start_with(&[("FAKTORY_PASSWORD", "correct-horse-battery-staple")]);
    let mut first = Client::connect(server.port).expect("a greeting");
    let hi = Hi::parse(first.greeting.trim_start_matches('+')).expect("a greeting");
    let asked = hi.asks().expect("a challenge");
    let hash = password_hash("correct-horse-battery-staple", asked.salt, asked.iterations);
    let overheard = format!(r#"{{"v":2,"pwdhash":"{hash}"}}"#);
    first.hello(&overheard).expect("the right password");
    let mut replay = Client::connect(server.port).expect("a greeting");
    assert_ne!(replay.greeting, first.greeting, "a salt is used once");
    let reply = replay.call(&format!("HELLO {overheard}")).expect("a reply");
    assert_eq!(reply, Reply::Line("-ERR Invalid password".into()));
    assert!(replay.is_closed());
    assert_eq!(first.call("ACK {\"jid\":\"unknown-1\"}").expect("a reply"), Reply::Line("+OK".into()));
}

#[test]
fn however_many_come_at_once_there_is_not_one_too_many_row_19() {
    let config = "[limits]\nconnections_max = 20\nhandshakes_max = 20\nhandshakes_per_address = 20\n";
    let server = Server::start_on(None, config);
    let clients: Vec<_> = std::thread::scope(|scope| {
        let come = || {
            let mut client = Client::silent(server.port).expect("the port listens");
            // All have been greeted before anybody answers, so that nobody knows of the others.
            let greeting = client.reply().ok();
            pause(Duration::from_millis(200));
            let Some(Reply::Line(line)) = &greeting else { return (client, greeting) };
            if !line.starts_with("+HI ") {
                return (client, greeting);
            }
            let reply = client.call(r#"HELLO {"v":2}"#).ok();
            (client, reply)
        };
        let all: Vec<_> = (0..60).map(|_| scope.spawn(come)).collect();
        all.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let said = |text: &str| {
        let begins =
            |reply: &Option<Reply>| matches!(reply, Some(Reply::Line(line)) if line.starts_with(text));
        clients.iter().filter(|(_, reply)| begins(reply)).count()
    };
    assert_eq!((said("+OK"), said("-ERR too many connections: 20")), (20, 40));
    drop(clients);
    until("there is room again", || Client::connect(server.port).and_then(|mut c| c.hello("{}")).ok());
}

#[test]
fn a_crowd_that_never_speaks_holds_nobody_up_for_long_row_1() {
    let server = Server::start();
    let crowd: Vec<Client> =
        (0..400).map(|_| Client::silent(server.port).expect("the port listens")).collect();
    // Wait until the door is full and there is a line before it.
    pause(Duration::from_millis(200));
    let since = Watch::start();
    let mut honest = server.client();
    let waited = since.elapsed();
    assert!(waited < Duration::from_millis(3_500), "{waited:?}");
    assert!(matches!(honest.call("INFO").expect("INFO"), Reply::Bulk(_)));
    let rejected = &server.info()["server"]["rejected"];
    assert!(rejected["gave_way"].as_u64() > Some(0), "{rejected}");
    drop(crowd);
}

#[test]
fn a_crowd_of_one_address_keeps_nobody_of_another_waiting_row_1() {
    // Whoever has to wait for the patience with the crowd to end is late.
    let server = Server::start_on(None, "[limits]\nhandshake_patience = '4s'");
    let crowd: Vec<Client> =
        (0..400).map(|_| Client::silent(server.port).expect("the port listens")).collect();
    pause(Duration::from_millis(200));
    let since = Watch::start();
    let stream = socket_from(Ipv4Addr::new(127, 0, 0, 2), server.port).expect("the port listens");
    let mut honest = Client::over(stream);
    honest.read_greeting().expect("a greeting");
    let mut honest = server.known(honest, "");
    let waited = since.elapsed();
    assert!(waited < Duration::from_secs(2), "{waited:?}");
    assert!(matches!(honest.call("INFO").expect("INFO"), Reply::Bulk(_)));
    drop(crowd);
}
