//! Statistics and marks outlive the process, as its end lets them (decision 0023).

use crate::api::json;
use crate::client::Reply;
use crate::clock::until;
use crate::server::Server;

/// Works a job of this type, with a jid of its own: one that was pushed already is not taken again (`D5`).
fn work(server: &Server, jid: &str, jobtype: &str) {
    let mut client = server.client();
    let push = format!(r#"PUSH {{"jid":"{jid}","jobtype":"{jobtype}","args":[],"queue":"mail"}}"#);
    assert_eq!(client.call(&push).expect("PUSH"), Reply::Line("+OK".into()));
    assert!(matches!(client.call("FETCH mail").expect("FETCH"), Reply::Bulk(_)));
    assert_eq!(client.call(&format!(r#"ACK {{"jid":"{jid}"}}"#)).expect("ACK"), Reply::Line("+OK".into()));
}

fn mark(server: &Server, text: &str) {
    let (status, answer) = json(server, "POST", "/marks", &format!(r#"{{"text":"{text}"}}"#));
    assert_eq!((status, &answer["text"]), (201, &text.into()), "{answer}");
}

/// Waits until the server knows of so many done jobs of each type, by name.
fn await_known(server: &Server, wanted: &[(&str, u64)]) {
    until(&format!("the statistics say {wanted:?}"), || {
        let (_, answer) = json(server, "GET", "/statistics/types?span=30d", "");
        let rows = answer["rows"].as_array().unwrap_or_else(|| panic!("no rows in {answer}"));
        let mut known: Vec<(&str, u64)> =
            rows.iter().filter_map(|row| Some((row["name"].as_str()?, row["done"].as_u64()?))).collect();
        known.sort_unstable();
        (known == wanted).then_some(())
    });
}

fn marks(server: &Server) -> Vec<String> {
    let (_, answer) = json(server, "GET", "/marks", "");
    let marks = answer["marks"].as_array().expect("marks");
    marks.iter().filter_map(|mark| Some(mark["text"].as_str()?.to_owned())).collect()
}

#[test]
fn statistics_and_marks_are_there_again_after_a_stop_and_after_a_kill() {
    let mut server = Server::start();
    mark(&server, "v1");
    work(&server, "job-000001", "Mail");
    assert!(server.stop("TERM").success());
    server.spawn();
    server.await_ready();
    await_known(&server, &[("Mail", 1)]);
    assert_eq!(marks(&server), ["v1"]);

    // Nobody writes at a kill, but a mark is written at once, and with it the statistics up to it.
    work(&server, "job-000002", "Mail");
    work(&server, "job-000003", "Report");
    await_known(&server, &[("Mail", 2), ("Report", 1)]);
    mark(&server, "v2");
    server.kill();
    server.spawn();
    server.await_ready();
    await_known(&server, &[("Mail", 2), ("Report", 1)]);
    assert_eq!(marks(&server), ["v1", "v2"]);
}

#[test]
fn a_flush_takes_the_statistics_for_good_and_leaves_the_marks_n03() {
    let mut server = Server::start();
    work(&server, "job-000004", "Mail");
    mark(&server, "v1");
    assert_eq!(server.client().call("FLUSH").expect("FLUSH"), Reply::Line("+OK".into()));
    await_known(&server, &[]);
    work(&server, "job-000005", "Report");
    assert!(server.stop("TERM").success());
    server.spawn();
    server.await_ready();
    await_known(&server, &[("Report", 1)]);
    assert_eq!(marks(&server), ["v1"]);
}
