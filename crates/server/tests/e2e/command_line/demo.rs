//! The demo, on a server that runs and on one of its own.

use serde_json::{Value, json};

use super::Person;
use crate::clock::until;
use crate::server::Server;
#[test]
fn a_demo_on_a_server_takes_its_jobs_away_and_no_others() {
    let server = Server::start();
    let person = Person { server: &server };
    person.says(&["push", "Mine", "--in", "1h"]);
    person.says(&["push", "ChargeCard", "--custom", r#"{"bessemer_demo":"mine"}"#, "--in", "1h"]);
    let mut demo = person.terminal(&["demo", "--rate", "50"], 120);
    demo.shows("The demo plays on tcp://127.0.0.1:");
    until("it pushes, works and fails", || {
        let faktory = server.info()["faktory"].clone();
        let figures = [&faktory["total_failures"], &faktory["sets"]["dead"], &faktory["total_queues"]];
        figures.iter().all(|figure| figure.as_u64() > Some(0)).then_some(())
    });
    demo.interrupt();
    assert_eq!(demo.ends(), Some(0));
    let faktory = server.info()["faktory"].clone();
    assert_eq!(faktory["queues"], json!({}));
    assert_eq!(faktory["sets"], json!({ "dead": 0, "retries": 0, "scheduled": 2, "working": 0 }));
}

#[test]
fn a_demo_without_a_server_has_its_own_and_leaves_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let temporary = home.path().join("tmp");
    std::fs::create_dir(&temporary).expect("a folder");
    let arguments = ["-b", "127.0.0.1:0", "-w", "127.0.0.1:0", "demo", "--rate", "40"];
    let mut server = Server::of_demo(&arguments, &temporary);
    until("the pages have something to show", || {
        let faktory = server.info()["faktory"].clone();
        let sets = &faktory["sets"];
        let some = |figure: &Value| figure.as_u64().is_some_and(|figure| figure > 0);
        let live =
            [&faktory["total_processed"], &faktory["total_failures"], &sets["scheduled"], &sets["working"]];
        live.iter().all(|figure| some(figure)).then_some(())
    });
    assert!(server.http("GET", "/busy", "").1.contains("pictures"), "its workers are listed");
    assert_eq!(std::fs::read_dir(&temporary).expect("a folder").count(), 1);
    let status = server.stop("INT");
    assert_eq!(status.code(), Some(0), "{}", server.output());
    assert_eq!(std::fs::read_dir(&temporary).expect("a folder").count(), 0);
    assert!(
        server.output().lines().last().is_some_and(|line| line.starts_with("pushed ")),
        "{}",
        server.output()
    );
}
