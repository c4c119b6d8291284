//! The two durability modes of a real server (`G1`): what each says of itself, and what a kill leaves.

use crate::client::Reply;
use crate::server::Server;

const RELAXED: &str = "store.durability = 'relaxed'";

#[test]
fn relaxed_mode_is_said_in_the_log_info_health_and_on_the_pages_and_strict_mode_too_g1() {
    for (config, mode, said) in [("", "strict", "I "), (RELAXED, "relaxed", "W ")] {
        let server = Server::start_on(None, config);
        let log = server.output();
        let line =
            log.lines().find(|line| line.contains(&format!("durability is {mode}: "))).unwrap_or_default();
        assert!(line.starts_with(said), "{log}");
        assert_eq!(server.info()["server"]["durability"], mode);
        let health: serde_json::Value =
            serde_json::from_str(&server.http("GET", "/health", "").1).expect("JSON");
        assert_eq!(health["server"]["durability"], mode);
        let (status, page) = server.http("GET", "/queues", "");
        assert_eq!((status, page.contains("Durability is relaxed")), (200, mode == "relaxed"));
    }
}

#[test]
fn in_relaxed_mode_a_kill_takes_nothing_and_a_stop_flushes_g1() {
    let mut server = Server::start_on(None, RELAXED);
    for round in 0..5 {
        let mut client = server.client();
        for n in 0..200 {
            let push = format!(r#"PUSH {{"jid":"job-{round}-{n:04}","jobtype":"T","args":[]}}"#);
            assert_eq!(client.call(&push).expect("PUSH"), Reply::Line("+OK".into()));
        }
        if round % 2 == 0 {
            server.kill();
        } else {
            assert_eq!(server.stop("TERM").code(), Some(0), "{}", server.output());
        }
        server.spawn();
        server.await_ready();
        assert_eq!(server.info()["faktory"]["total_enqueued"], 200 * (round + 1));
    }
}
