//! HUP: another configuration takes the place of the old one while clients are connected, or nothing changes at all
//! (rules `O-09`, `O-10`, quirk `Q-48`; row 112). And the other signals that do not end a server.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bessemer_protocol::handshake::{Hi, password_hash};

use crate::client::{Client, Reply, socket};
use crate::clock::until;
use crate::sealed::{Authority, Identity, VERSIONS, connect, shown};
use crate::server::Server;

const RELOADED: &str = "reloaded the configuration";
const REFUSED: &str = "not reloaded, everything is as before";

/// Writes another configuration and has it read.
fn reload(server: &Server, config: &str) {
    let before = server.output().matches(RELOADED).count();
    server.configure("conf.d/test.toml", config);
    server.signal("HUP");
    server.await_said(RELOADED, before + 1);
}

/// The same with one that cannot be meant; what the log says.
fn refused(server: &Server, config: &str) -> String {
    let before = server.output().matches(REFUSED).count();
    server.configure("conf.d/test.toml", config);
    server.signal("HUP");
    server.await_said(REFUSED, before + 1);
    let said = server.output();
    said.lines().rfind(|line| line.contains(REFUSED)).expect("the line").to_owned()
}

fn started(config: &str) -> Server {
    let mut server = Server::configured(config);
    server.spawn();
    server.await_ready();
    server
}

fn secure(server: &Server, identity: &Identity) {
    server.configure("public.cert.pem", &identity.certificate);
    server.configure("private.key.pem", &identity.key);
}

/// Logs in with a password; what the server says to it.
fn logged_in(port: u16, password: &str) -> (Client, Reply) {
    let mut client = Client::connect(port).expect("a greeting");
    let hi = Hi::parse(client.greeting.trim_start_matches('+')).expect("a greeting");
    let hash = hi.asks().map(|asked| password_hash(password, asked.salt, asked.iterations));
    let hello = format!(r#"HELLO {{"v":2,"pwdhash":"{}"}}"#, hash.unwrap_or_default());
    let reply = client.call(&hello).expect("a reply");
    (client, reply)
}

fn ok() -> Reply {
    Reply::Line("+OK".into())
}

/// Asks for the first page on a connection that stays open; the status.
fn page(stream: &mut TcpStream, credentials: &str) -> String {
    write!(stream, "GET /stats HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credentials}\r\n\r\n")
        .expect("a request");
    let mut answer = String::new();
    let body = |text: &str| {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        (body.len() >= length.parse().expect("a length")).then_some(())
    };
    while body(&answer).is_none() {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).expect("an answer");
        assert!(length > 0, "the connection ended: {answer}");
        answer.push_str(&String::from_utf8_lossy(&piece[..length]));
    }
    answer.lines().next().expect("a status line").to_owned()
}

#[test]
fn a_certificate_is_renewed_under_load_and_nobody_is_dropped() {
    let authority = Authority::new();
    let (old, new) = (authority.sign(2998), authority.sign(2999));
    let server = Server::configured("");
    let mut server = server;
    secure(&server, &old);
    server.spawn();
    server.await_ready();
    let trusted = authority.trusted(&VERSIONS, None);
    assert_eq!(shown(&trusted, server.port), old.der());

    let (stop, pushed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let producer = |number: usize| {
        let (stop, pushed, trusted, port) = (stop.clone(), pushed.clone(), trusted.clone(), server.port);
        move || {
            let mut client = connect(&trusted, port).expect("TLS");
            client.hello(r#"{"v":2}"#).expect("HELLO");
            for round in 0.. {
                let push = format!(r#"PUSH {{"jid":"load-{number}-{round:05}","jobtype":"T","args":[]}}"#);
                assert_eq!(client.call(&push).expect("the connection stays"), ok());
                pushed.fetch_add(1, Ordering::Relaxed);
                if stop.load(Ordering::Relaxed) {
                    return;
                }
            }
        }
    };
    let producers: Vec<_> = (0..4).map(|number| std::thread::spawn(producer(number))).collect();
    let await_more = || {
        let before = pushed.load(Ordering::Relaxed);
        until("jobs go through", || (pushed.load(Ordering::Relaxed) > before + 100).then_some(()));
    };
    await_more();
    for identity in [&new, &old, &new] {
        secure(&server, identity);
        reload(&server, "");
        assert_eq!(shown(&trusted, server.port), identity.der(), "for those who come now");
        assert_eq!(shown(&trusted, server.web), identity.der());
        await_more();
    }
    stop.store(true, Ordering::Relaxed);
    for thread in producers {
        thread.join().expect("no connection was dropped, no job refused");
    }
    assert_eq!(server.output().matches("different are the certificate").count(), 3, "{}", server.output());
    let mut client = connect(&trusted, server.port).expect("TLS");
    client.hello(r#"{"v":2}"#).expect("HELLO");
    let Reply::Bulk(info) = client.call("INFO").expect("INFO") else { panic!("INFO") };
    let info: serde_json::Value = serde_json::from_slice(&info).expect("JSON");
    assert_eq!(info["server"]["certificate_until"], "2999-12-31T00:00:00Z");
    assert_eq!(info["faktory"]["total_enqueued"], pushed.load(Ordering::Relaxed));
}

#[test]
fn new_files_are_served_without_a_signal_and_bad_ones_change_nothing_row_111() {
    let authority = Authority::new();
    let (old, new, expired) = (authority.sign(2998), authority.sign(2999), authority.sign(2020));
    let mut server = Server::configured("tls.check_every = '20ms'");
    secure(&server, &old);
    server.spawn();
    server.await_ready();
    let trusted = authority.trusted(&VERSIONS, None);
    secure(&server, &new);
    until("the new certificate is shown", || (shown(&trusted, server.port) == new.der()).then_some(()));
    server.await_said("the new one is valid until 2999-12-31", 1);

    let before = server.output().matches(REFUSED).count();
    secure(&server, &expired);
    server.await_said("public.cert.pem: expired at 2020-12-31", 1);
    assert_eq!(shown(&trusted, server.port), new.der());
    server.configure("private.key.pem", "nothing");
    server.await_said("private.key.pem: holds no private key", 1);
    server.configure("private.key.pem", &new.key);
    server.configure("public.cert.pem", &new.certificate);
    until("files that were refused are not looked at twice", || {
        let said = server.output();
        (said.matches(REFUSED).count() <= before + 4).then_some(())
    });
    // All or nothing: with a certificate that cannot be served the rest is not changed either.
    secure(&server, &expired);
    let line = refused(&server, "limits.fetch_wait = '1s'");
    assert!(line.contains("public.cert.pem: expired at 2020-12-31"), "{line}");
    assert_eq!(shown(&trusted, server.port), new.der());
}

#[test]
fn passwords_of_both_ports_change_q48() {
    const WEB: [&str; 2] = ["OnRoZSBmaXJzdCB3ZWIgcGFzc3dvcmQ=", "OnRoZSBzZWNvbmQgd2ViIHBhc3N3b3Jk"];
    let server = started("faktory.password = 'the first password'\nweb.password = 'the first web password'");
    let (mut inside, reply) = logged_in(server.port, "the first password");
    assert_eq!(reply, ok());
    let mut browser = socket(server.web).expect("a browser");
    assert!(page(&mut browser, WEB[0]).contains(" 200 "));
    assert!(page(&mut browser, WEB[1]).contains(" 401 "));

    reload(&server, "faktory.password = 'the second password'\nweb.password = 'the second web password'");
    assert_eq!(logged_in(server.port, "the second password").1, ok());
    assert_eq!(logged_in(server.port, "the first password").1, Reply::Line("-ERR Invalid password".into()));
    assert!(matches!(inside.call("INFO").expect("who is in stays"), Reply::Bulk(_)));
    assert!(page(&mut browser, WEB[1]).contains(" 200 "), "on the same connection");
    assert!(page(&mut browser, WEB[0]).contains(" 401 "));
    let said = server.output();
    assert!(said.contains("different are faktory.password, web.password"), "{said}");
    assert!(!said.contains("the second") && !said.contains("the first"), "no secret is told: {said}");
}

#[test]
fn a_broken_configuration_changes_nothing_and_is_counted_row_112() {
    let server = started("limits.fetch_wait = '1s'\nweb.hosts = ['jobs.example.org']");
    let mut client = server.client();
    for (broken, why) in [
        ("web.hosts = ['other.example.org'\n", "test.toml:1:"),
        ("web.hosts = []\nlimits.fetch_wai = '5s'", "test.toml:2:8: unknown key `limits.fetch_wai`"),
        ("web.hosts = []\nlimits.handshakes_max = 1", "`limits.handshakes_max` is 1: less than"),
        ("web.hosts = []\nfaktory.password = '/no/such/file'", "/no/such/file: No such file"),
    ] {
        let line = refused(&server, broken);
        assert!(line.starts_with("E ") && line.contains(why), "{line}");
    }
    assert_eq!(server.info()["server"]["reloads_refused"], 4);
    assert!(matches!(client.call("INFO").expect("INFO"), Reply::Bulk(_)));
    let asks_for = |host: &str| {
        let mut stream = socket(server.web).expect("a connection");
        write!(stream, "GET / HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer[9..12].to_owned()
    };
    assert_eq!(asks_for("jobs.example.org"), "200", "the old names still go");
    reload(&server, "web.hosts = ['other.example.org']");
    assert_eq!((asks_for("jobs.example.org"), asks_for("other.example.org")), ("421".into(), "200".into()));
}

#[test]
fn limits_and_rules_change_and_what_cannot_waits_for_a_restart() {
    let server = started("workers.restart_grace = '1ms'");
    let inside: Vec<Client> = (0..3).map(|_| server.client()).collect();
    reload(
        &server,
        "[faktory]\nbinding = 'localhost:1'\n[store]\ndurability = 'relaxed'\nsegment_size = '8MiB'\n\
         [limits]\nconnections_max = 3\nhandshakes_max = 3\nhandshakes_per_address = 3\nfetch_wait = '1ms'\n\
         [workers]\nlost_worker_grace = '10ms'\nrestart_grace = '1ms'",
    );
    // The binding stands behind a flag here, so the file's does not count.
    server.await_said("a restart is needed for store.durability, store.segment_size\n", 1);
    let said = server.output();
    assert!(said.contains("different are limits.connections_max, limits.fetch_wait, "), "{said}");
    let mut refused = Client::silent(server.port).expect("the port listens");
    assert_eq!(refused.reply().expect("a reply"), Reply::Line("-ERR too many connections: 3".into()));
    drop(inside);
    let mut producer = until("there is room again", || {
        let mut client = Client::connect(server.port).ok()?;
        client.hello(r#"{"v":2}"#).ok().map(|()| client)
    });
    let Reply::Bulk(info) = producer.call("INFO").expect("INFO") else { panic!("INFO") };
    assert!(String::from_utf8_lossy(&info).contains(r#""durability":"strict""#));

    // A worker that is lost at once is lost by the new rule.
    assert_eq!(producer.call(r#"PUSH {"jid":"lost-00001","jobtype":"T","args":[]}"#).expect("PUSH"), ok());
    let mut worker = until("there is room for another", || {
        let mut client = Client::connect(server.port).ok()?;
        client.hello(r#"{"v":2,"wid":"w-1"}"#).ok().map(|()| client)
    });
    assert!(matches!(worker.call("FETCH default").expect("FETCH"), Reply::Bulk(_)));
    drop(worker);
    until("the job is back", || {
        matches!(producer.call("FETCH default").expect("FETCH"), Reply::Bulk(_)).then_some(())
    });

    // What waits is said again, what was changed is not.
    server.signal("HUP");
    server.await_said("a restart is needed for store.durability, store.segment_size", 2);
    server.await_said("nothing is different", 1);
}

#[test]
fn the_dashboard_moves_when_its_binding_does_o09() {
    let mut server = Server::configured("");
    server.without_web_flag();
    server.configure("conf.d/test.toml", "web.binding = '127.0.0.1:0'");
    server.spawn();
    server.await_ready();
    let (old, mut browser) = (server.web, socket(server.web).expect("a browser"));
    assert!(page(&mut browser, "").contains(" 200 "));

    // Taken already: nothing changes.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken_port = taken.local_addr().expect("an address").port();
    let line = refused(&server, &format!("web.binding = '127.0.0.1:{taken_port}'"));
    assert!(line.contains(&format!("cannot listen at 127.0.0.1:{taken_port}")), "{line}");
    assert!(page(&mut browser, "").contains(" 200 "));
    assert_eq!(server.http("GET", "/stats", "").0, 200);

    // Free.
    drop(taken);
    reload(&server, &format!("web.binding = '127.0.0.1:{taken_port}'"));
    server.await_said(&format!("Web server now listening at 127.0.0.1:{taken_port}"), 1);
    server.web = taken_port;
    assert_eq!(server.http("GET", "/stats", "").0, 200);
    assert!(page(&mut browser, "").contains(" 200 "), "who is connected stays");
    assert!(TcpStream::connect(("127.0.0.1", old)).is_err(), "nobody listens there any more");

    // The same port, and the old binding in its way.
    reload(&server, &format!("web.binding = '127.0.0.2:{taken_port}'"));
    assert!(TcpStream::connect(("127.0.0.1", taken_port)).is_err());
    TcpStream::connect(("127.0.0.2", taken_port)).expect("it listens there");
    reload(&server, "web.binding = ':0'");
    assert!(TcpStream::connect(("127.0.0.2", taken_port)).is_err(), "off");
    reload(&server, "web.binding = '127.0.0.1:0'");
    server.await_said("Web server now listening at ", 4);
}

#[test]
fn ttin_has_it_say_what_it_is_doing_and_hup_alone_is_harmless_o09() {
    let server = started("");
    let mut waiting = server.client();
    waiting.send(b"FETCH nothing\n").expect("FETCH");
    for n in 0..3 {
        let push = format!(r#"PUSH {{"jid":"listed-{n}00","jobtype":"T","queue":"q{}","args":[]}}"#, n / 2);
        assert_eq!(server.client().call(&push).expect("PUSH"), ok());
    }
    until("the FETCH waits, and is told so", || {
        let before = server.output().matches(" wait in FETCH; ").count();
        server.signal("TTIN");
        server.await_said(" wait in FETCH; ", before + 1);
        server.output().contains(" 1 wait in FETCH; ").then_some(())
    });
    server.await_said("2 queues: q0 2, q1 1; scheduled 0, retries 0, dead 0, working 0; 0 workers", 1);
    for thread in ["engine", "front", "signals"] {
        server.await_said(&format!("thread {thread}: "), 1);
    }
    server.await_said("3 jobs; the longest turn took ", 1);
}
