//! TLS on both ports (rule `H-30`): both versions, jobs of any size, clients that show who they are, strangers who speak
//! something else, and certificates that change while jobs go through.

use std::io::{ErrorKind, Read, Write};

use tokio_rustls::rustls::AlertDescription;

use crate::client::{Client, Reply, socket};
use crate::clock::until;
use crate::sealed::{Authority, Identity, Sealed, VERSIONS, connect, sealed};
use crate::server::Server;

/// A server that speaks TLS as this one, configured by this file.
pub(crate) fn secured(identity: &Identity, config: &str) -> Server {
    let mut server = Server::configured(config);
    secure(&server, identity);
    server.spawn();
    server.await_ready();
    server
}

/// Gives it another certificate and key.
pub(crate) fn secure(server: &Server, identity: &Identity) {
    server.configure("public.cert.pem", &identity.certificate);
    server.configure("private.key.pem", &identity.key);
}

fn push(client: &mut Client<Sealed>, jid: &str, size: usize) {
    let fill = "x".repeat(size);
    let command = format!(r#"PUSH {{"jid":"{jid}","jobtype":"T","args":["{fill}"]}}"#);
    assert_eq!(client.call(&command).expect("PUSH"), Reply::Line("+OK".into()));
}

/// Its figures.
pub(crate) fn info(client: &mut Client<Sealed>) -> serde_json::Value {
    match client.call("INFO").expect("INFO") {
        Reply::Bulk(text) => serde_json::from_slice(&text).expect("JSON"),
        other => panic!("{other:?}"),
    }
}

fn fetched(client: &mut Client<Sealed>) -> serde_json::Value {
    match client.call("FETCH default").expect("FETCH") {
        Reply::Bulk(text) => serde_json::from_slice(&text).expect("JSON"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn jobs_of_any_size_travel_in_both_versions_h30_q18() {
    let authority = Authority::new();
    let server = secured(&authority.sign(2999), "");
    for (number, version) in VERSIONS.into_iter().enumerate() {
        let trusted = authority.trusted(&[version], None);
        let mut client = connect(&trusted, server.port).expect("TLS");
        assert_eq!(client.greeting, r#"+HI {"v":2}"#);
        // What comes behind the HELLO, some of it in records that the front has read and some in others (`H-05`).
        let fill = "y".repeat(100_000);
        let pipelined = format!(
            "HELLO {{\"v\":2,\"wid\":\"w-1\"}}\nPUSH {{\"jid\":\"first-00{number}\",\"jobtype\":\"T\",\"args\":[\"{fill}\"]}}\nINFO\n"
        );
        client.send(pipelined.as_bytes()).expect("three lines");
        assert_eq!(client.reply().expect("HELLO"), Reply::Line("+OK".into()));
        assert_eq!(client.reply().expect("PUSH"), Reply::Line("+OK".into()));
        assert!(matches!(client.reply().expect("INFO"), Reply::Bulk(_)));
        assert_eq!(fetched(&mut client)["args"][0], *fill);

        // Around the size of a record, and far beyond it.
        for size in [0, 1, 16_000, 16_384, 32_768, 8_000_000] {
            let jid = format!("sized-{number}-{size}");
            push(&mut client, &jid, size);
            let job = fetched(&mut client);
            assert_eq!(
                (job["jid"].as_str(), job["args"][0].as_str().map(str::len)),
                (Some(&*jid), Some(size))
            );
        }
        client.send(b"END\n").expect("END");
        assert!(client.is_closed(), "with a farewell, or this is an error");
    }
}

#[test]
fn the_dashboard_speaks_https_and_says_so_unless_it_is_told_not_to() {
    let authority = Authority::new();
    let trusted = authority.trusted(&VERSIONS, None);
    let server = secured(&authority.sign(2999), "");
    let ask = |host: &str| {
        let mut stream = sealed(&trusted, server.web).expect("TLS");
        write!(stream, "GET /health HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer that ends with a farewell");
        answer.to_ascii_lowercase()
    };
    let answer = ask("127.0.0.1");
    assert!(answer.starts_with("http/1.0 200") && answer.contains("strict-transport-security: "), "{answer}");
    assert!(!ask("localhost").contains("strict-transport-security"), "other servers go by this name too");
    assert!(ask("localhost").starts_with("http/1.0 200"));

    let server = secured(&authority.sign(2999), "tls.dashboard = false");
    assert_eq!(server.http("GET", "/health", "").0, 200);
    connect(&trusted, server.port).expect("the port for jobs speaks TLS all the same");
}

#[test]
fn a_client_has_to_show_a_certificate_where_one_is_asked_for() {
    let (ours, theirs) = (Authority::new(), Authority::named("somebody else"));
    let server = Server::configured("tls.client_ca = 'clients.pem'");
    server.configure("clients.pem", &ours.certificate());
    let mut server = server;
    secure(&server, &ours.sign(2999));
    server.spawn();
    server.await_ready();
    for version in VERSIONS {
        let (known, foreign) = (ours.sign(2999), theirs.sign(2999));
        let mut client =
            connect(&ours.trusted(&[version], Some(&known)), server.port).expect("a known client");
        client.hello(r#"{"v":2}"#).expect("HELLO");
        push(&mut client, "known-001", 10);
        for stranger in [None, Some(&foreign)] {
            let refused = connect(&ours.trusted(&[version], stranger), server.port);
            let error = refused.err().expect("a stranger is refused").to_string();
            // What is wrong is told, unless the end of the connection is faster.
            let told =
                ["CertificateRequired", "UnknownCA", "HandshakeFailure", "reset", "pipe", "close_notify"];
            assert!(told.iter().any(|word| error.contains(word)), "{error}");
        }
    }
    server.await_said("its TLS handshake failed: ", 1);
    let mut browser =
        sealed(&ours.trusted(&VERSIONS, None), server.web).expect("browsers have no certificate");
    write!(browser, "GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("a request");
    let mut answer = String::new();
    browser.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
}

#[test]
fn plain_text_is_answered_by_an_alert_and_one_line_in_the_log_row_7() {
    let authority = Authority::new();
    let server = secured(&authority.sign(2999), "");
    for _ in 0..20 {
        let mut stream = socket(server.port).expect("a connection");
        stream.write_all(b"HELLO {\"v\":2}\r\n").expect("HELLO");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer and the end");
        assert_eq!(answer[..3], [21, 3, 3], "the head of an alert: {answer:?}");
    }
    server.await_said("it speaks plain text, and this port speaks TLS only", 1);
    let mut client = connect(&authority.trusted(&VERSIONS, None), server.port).expect("others are let in");
    client.hello(r#"{"v":2}"#).expect("HELLO");
    assert_eq!(info(&mut client)["server"]["rejected"]["tls"], 20);
    assert_eq!(server.output().matches("it speaks plain text").count(), 1, "{}", server.output());
}

#[test]
fn tls_at_a_plain_port_is_told_so_row_6() {
    let server = Server::start();
    let authority = Authority::new();
    let Err(error) = sealed(&authority.trusted(&VERSIONS, None), server.port) else {
        panic!("a handshake at a plain port");
    };
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    server.await_said("this port does not use TLS", 1);
}

#[test]
fn who_shakes_hands_for_ever_is_cut_off_in_time_row_1() {
    let authority = Authority::new();
    let server = secured(&authority.sign(2999), "limits.handshake_timeout = '2s'");
    let mut silent = socket(server.port).expect("a connection");
    assert_eq!(silent.read(&mut [0]).expect("the end"), 0);
    let mut slow = sealed(&authority.trusted(&VERSIONS, None), server.port).expect("TLS, and no HELLO");
    let mut rest = Vec::new();
    let ended = slow.read_to_end(&mut rest);
    assert!(ended.is_ok() || ended.is_err_and(|error| error.kind() == ErrorKind::UnexpectedEof));
    assert!(rest.starts_with(b"+HI "), "greeted, and then cut off");
    assert!(!server.output().contains("refused"), "nobody hears of it: {}", server.output());
    let mut client = connect(&authority.trusted(&VERSIONS, None), server.port).expect("TLS");
    client.hello(r#"{"v":2}"#).expect("HELLO");
    assert_eq!(info(&mut client)["server"]["rejected"]["handshake_timeout"], 2);
}

/// The job's reply is larger than what the kernel takes of it: it was sealed, and it did not arrive.
#[test]
fn a_job_that_never_reached_its_worker_whole_goes_back_d13() {
    let authority = Authority::new();
    let server = secured(&authority.sign(2999), "");
    let trusted = authority.trusted(&VERSIONS, None);
    let mut producer = connect(&trusted, server.port).expect("TLS");
    producer.hello(r#"{"v":2}"#).expect("HELLO");
    push(&mut producer, "unread-01", 15_000_000);
    let mut worker = connect(&trusted, server.port).expect("TLS");
    worker.hello(r#"{"v":2,"wid":"w-1"}"#).expect("HELLO");
    worker.send(b"FETCH default\n").expect("FETCH");
    until("it is being worked on", || {
        (info(&mut producer)["faktory"]["tasks"]["Busy"]["size"] == 1).then_some(())
    });
    drop(worker);
    let job = fetched(&mut producer);
    assert_eq!(job["jid"], "unread-01", "without waiting for the worker to count as lost");
}

#[test]
fn bytes_that_are_no_record_end_the_connection_and_no_other() {
    let authority = Authority::new();
    let server = secured(&authority.sign(2999), "");
    let trusted = authority.trusted(&VERSIONS, None);
    let mut other = connect(&trusted, server.port).expect("TLS");
    other.hello(r#"{"v":2}"#).expect("HELLO");
    for junk in
        [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[23, 3, 3, 0xff, 0xff, 0], &[23, 3, 3, 0, 30, 7, 7, 7]]
    {
        let mut stream = sealed(&trusted, server.port).expect("TLS");
        stream.write_all(b"HELLO {\"v\":2}\n").expect("HELLO");
        let mut lines = [0; 18];
        stream.read_exact(&mut lines).expect("the greeting and OK");
        stream.sock.write_all(junk).expect("junk");
        stream.sock.write_all(&[0; 64]).expect("more of it");
        let error = stream.read(&mut [0]).expect_err("no farewell").to_string();
        let told =
            [AlertDescription::DecodeError, AlertDescription::BadRecordMac, AlertDescription::RecordOverflow];
        let told = told.map(|alert| format!("{alert:?}"));
        let known = told.iter().any(|alert| error.contains(alert)) || error.contains("reset");
        assert!(known, "{junk:?}: {error}");
    }
    push(&mut other, "after-0001", 10);
}
