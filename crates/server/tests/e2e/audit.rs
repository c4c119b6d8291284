//! What operators do by the port for jobs is on record like what they do on pages (decision `0025`).

use serde_json::Value;

use crate::client::{Client, Reply};
use crate::clock::until;
use crate::server::Server;

/// What the audit log says, newest first: who, role, by, what, to what, how many.
fn log_of(server: &Server) -> Vec<String> {
    let (status, text) = server.http("GET", "/api/v1/audit", "");
    assert_eq!(status, 200, "{text}");
    let log: Value = serde_json::from_str(&text).expect("JSON");
    let told = |entry: &Value| {
        let word = |name: &str| entry[name].as_str().expect(name).to_owned();
        let [who, role, by, action, object] = ["who", "role", "by", "action", "object"].map(word);
        format!("{who} {role} {by}: {action} {object} {}", entry["count"])
    };
    log["entries"].as_array().expect("entries").iter().map(told).collect()
}

#[test]
fn verbs_of_operators_are_on_record() {
    let server = Server::start();
    let mut client = Client::connect(server.port).expect("a greeting");
    client.hello(r#"{"v":2,"hostname":"laptop\u001b","labels":[]}"#).expect("HELLO");
    let mut call = |line: &str| match client.call(line).expect("a reply") {
        Reply::Line(line) => line,
        Reply::Bulk(text) => String::from_utf8(text).expect("UTF-8"),
        other => panic!("{line}: {other:?}"),
    };
    for n in 0..5 {
        call(&format!(
            r#"PUSH {{"jid":"job-000{n}","jobtype":"T","args":["secret"],"at":"2999-01-01T00:00:00Z"}}"#
        ));
    }
    call(r#"MUTATE {"cmd":"kill","target":"scheduled","filter":{"jids":["job-0000","job-0001"]}}"#);
    call(r#"JOBS RETRY {"jids":["job-0000"]}"#);
    // One deed in two pieces, and one that reaches nothing.
    call(r#"JOBS DELETE {"set":"scheduled","count":1}"#);
    call(r#"JOBS DELETE {"set":"scheduled","count":1}"#);
    call(r#"JOBS DELETE {"jids":["none-0000"]}"#);
    assert!(call("QUEUE PAUSE").starts_with("-ERR"), "what is refused is no change");
    call("QUEUE PAUSE default");
    call("WORKERS QUIET *");
    call("FLUSH");
    let log = until("the last verb is on record", || {
        let log = log_of(&server);
        log.first().is_some_and(|newest| newest.contains("flush")).then_some(log)
    });
    let who = "laptop\u{1b} open port";
    let expected = [
        "flush everything 3",
        "quiet worker all 0",
        "pause queue default 1",
        "delete in scheduled all 2",
        "retry job job-0000 1",
        "kill in scheduled job job-0000, job-0001 2",
    ];
    assert_eq!(log, expected.map(|deed| format!("{who}: {deed}")));
}

#[test]
fn who_asks_and_leaves_at_once_is_on_record_too() {
    let server = Server::start();
    let mut client = server.client();
    client.send(b"QUEUE PAUSE mail\r\n").expect("sent");
    drop(client);
    let newest = until("the verb is on record", || log_of(&server).pop());
    assert!(newest.ends_with(" open port: pause queue mail 1"), "{newest}");
}
