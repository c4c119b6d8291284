//! The JSON API of the built server: its guide as it stands, the rules of PUSH, and what is answered outlives a kill.

use std::process::Command;

use serde_json::Value;

use crate::client::Reply;
use crate::server::{Server, http};

const GUIDE: &str = include_str!("../../../../docs/api.md");

/// The blocks of the guide that are marked like this.
fn blocks(kind: &str) -> Vec<&'static str> {
    let opening = format!("```{kind}\n");
    GUIDE.split(opening.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

/// Asks the API with JSON; status and answer.
pub(crate) fn json(server: &Server, method: &str, path: &str, body: &str) -> (u16, Value) {
    let path = format!("/api/v1{path}");
    let (status, body) = http(server.web, method, &path, "application/json", body).expect("an answer");
    (status, serde_json::from_str(&body).expect("JSON"))
}

/// The entry that the guide runs.
const CRON: &str =
    "[[cron]]\nid = \"nightly-report\"\nschedule = \"0 3 * * *\"\n[cron.job]\ntype = \"Report\"\n";

/// What the guide shows and does not make: a batch, and a job whose worker says how far it is.
fn inhabit(server: &Server) {
    let mut worker = server.client_as(r#","wid":"importer-1","hostname":"box","pid":7,"labels":[]"#);
    let mut said = |line: &str| match worker.call(line).expect("a reply") {
        Reply::Line(line) => line,
        Reply::Bulk(text) => String::from_utf8(text).expect("text"),
        Reply::Null => panic!("{line}"),
    };
    let bid = said(r#"BATCH NEW {"description":"January","success":{"jobtype":"Report"}}"#);
    let letter = format!(
        r#"PUSH {{"jid":"letter-0001","jobtype":"Letter","args":[1],"queue":"letters","custom":{{"bid":"{bid}"}}}}"#
    );
    assert_eq!((said(&letter), said(&format!("BATCH COMMIT {bid}"))), ("+OK".into(), "+OK".into()));
    assert_eq!(said(r#"PUSH {"jid":"import-0001","jobtype":"Import","args":[],"queue":"bulk"}"#), "+OK");
    assert!(said("FETCH bulk").contains("import-0001"));
    assert_eq!(said(r#"TRACK SET {"jid":"import-0001","percent":40,"desc":"page 4 of 10"}"#), "+OK");
}

#[test]
fn the_guide_does_what_it_says() {
    let server = Server::start_on(None, CRON);
    inhabit(&server);
    let script = blocks("sh").join("\necho\n");
    let ran = Command::new("sh")
        .args(["-euc", &script])
        .env("BESSEMER", format!("http://127.0.0.1:{}", server.web))
        .output()
        .expect("a shell, and curl");
    let (said, wrong) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{}\n{said}\n{wrong}", ran.status);
    let shown = blocks("json");
    assert!(said.contains(shown[0].trim()), "{said}");
    let failure = json(&server, "GET", "/jobs/nobody-here", "").1;
    assert_eq!(failure, serde_json::from_str::<Value>(shown[2]).expect("JSON"));
    let queues: Value = serde_json::from_str(shown[1]).expect("JSON");
    let asked = json(&server, "GET", "/queues?names=mail", "").1;
    let members = |value: &Value| -> Vec<String> {
        value["queues"][0].as_object().expect("a queue").keys().cloned().collect()
    };
    assert_eq!(members(&queues), members(&asked));
    assert_eq!(asked["queues"][0]["size"], queues["queues"][0]["size"]);
}

#[test]
fn the_rules_are_those_of_push_p01_to_p16() {
    let server = Server::start();
    let mut client = server.client();
    for job in [
        "{}",
        "null",
        "{\"jid\":",
        r#"{"jid":"abcdefgh1"}"#,
        r#"{"jid":"short","jobtype":"T","args":[]}"#,
        r#"{"jid":"abcdefgh1","jobtype":"T"}"#,
        r#"{"jid":"abcdefgh1","jid":"abcdefgh1","jobtype":"T","args":[]}"#,
        r#"{"jid":"abcdefgh1","jobtype":"T","args":{}}"#,
        r#"{"jid":"abcdefgh1","jobtype":"T","args":[],"queue":"a b"}"#,
        r#"{"jid":"abcdefgh1","jobtype":"T","args":[],"at":"tomorrow"}"#,
        r#"{"jid":"abcdefgh1","jobtype":"T","args":[],"reserve_for":86401}"#,
        r#"{"jid":"abcdefgh1","jobtype":"T","args":[],"retry":10001}"#,
        r#"{"jid":"abcdefgh1","jobtype":"T","args":[],"custom":{"on_lost":"x"}}"#,
    ] {
        let Reply::Line(line) = client.call(&format!("PUSH {job}")).expect("a reply") else {
            panic!("{job}")
        };
        let (status, told) = json(&server, "POST", "/jobs", job);
        assert!(matches!(status, 400 | 422), "{job}: {status}");
        let message = told["error"]["message"].as_str().expect("a message");
        assert_eq!(line, format!("-ERR {message}"), "{job}");
        let counted = &json(&server, "GET", "/info", "").1["rejected"];
        let code = told["error"]["code"].as_str().expect("a code");
        assert!(counted[code].as_u64() >= Some(2), "{code} of {counted}");
    }
    // The same job by both ways is the same job (`D5`).
    let job = r#"{"jid":"abcdefgh2","jobtype":"T","args":[1.0]}"#;
    assert_eq!(client.call(&format!("PUSH {job}")).expect("a reply"), Reply::Line("+OK".into()));
    assert_eq!(json(&server, "POST", "/jobs", &format!("\n{job}\n")).0, 201);
    assert_eq!(json(&server, "GET", "/queues/default", "").1["size"], 1);
    assert_eq!(json(&server, "GET", "/info", "").1["since_start"]["repushed"], 1);
}

#[test]
fn jobs_that_were_answered_outlive_a_kill_g1() {
    let mut server = Server::start();
    let jobs: Vec<String> =
        (0..100).map(|n| format!(r#"{{"jid":"api-{n:08}","jobtype":"T","args":[{n}]}}"#)).collect();
    let (status, told) = json(&server, "POST", "/jobs", &format!("[{}]", jobs.join(",")));
    assert_eq!((status, &told["accepted"], &told["refused"]), (201, &100.into(), &0.into()));
    assert_eq!(json(&server, "POST", "/jobs/api-00000007/kill", "").0, 200);
    server.kill();
    server.spawn();
    server.await_ready();
    assert_eq!(json(&server, "GET", "/queues/default", "").1["size"], 99);
    assert_eq!(json(&server, "GET", "/jobs/api-00000007", "").1["state"], "dead");
    assert_eq!(json(&server, "GET", "/jobs/api-00000042", "").1["job"]["args"], serde_json::json!([42]));
}

#[test]
fn the_largest_job_comes_by_http_too_row_93() {
    let server = Server::configured("[limits]\njob_max = \"1MiB\"\nbulk_jobs_max = 3\n");
    let mut server = server;
    server.spawn();
    server.await_ready();
    let job = |bytes: usize| {
        let head = r#"{"jid":"abcdefgh1","jobtype":"T","args":[""#;
        format!("{head}{}\"]}}", "x".repeat(bytes - head.len() - 3))
    };
    assert_eq!(json(&server, "POST", "/jobs", &job(1 << 20)).0, 201);
    let (status, told) = json(&server, "POST", "/jobs", &job((1 << 20) + 1));
    assert_eq!((status, &told["error"]["code"]), (413, &"body_too_large".into()));
    let many = |n: usize| format!("[{}]", vec!["{}"; n].join(","));
    assert_eq!(json(&server, "POST", "/jobs", &many(3)).0, 207);
    let (status, told) = json(&server, "POST", "/jobs", &many(4));
    assert_eq!((status, &told["error"]["code"]), (413, &"bulk_jobs".into()));
}

#[test]
fn small_and_large_requests_at_once_are_all_answered_and_done() {
    const CLIENTS: usize = 12;
    let server = Server::start();
    // More than what shares a turn, and in its midst what has one to itself: a long job, and a queue that is paused.
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let server = &server;
            scope.spawn(move || {
                for n in 0..20 {
                    let filler = "x".repeat(if n % 5 == 0 { 5_000 } else { 1 });
                    let jid = format!("at-once-{client:02}-{n:02}");
                    let job = format!(
                        r#"{{"jid":"{jid}","jobtype":"Any","queue":"q{client}","args":["{filler}"]}}"#
                    );
                    let (status, answer) = json(server, "POST", "/jobs", &job);
                    assert_eq!(status, 201, "{answer}");
                    if n == 10 {
                        let (status, answer) =
                            json(server, "POST", &format!("/queues/q{client}/pause"), "{}");
                        assert!(status < 300, "{answer}");
                    }
                }
            });
        }
    });
    let (_, answer) = json(&server, "GET", "/queues", "");
    let queues = answer["queues"].as_array().expect("queues");
    assert_eq!(queues.len(), CLIENTS);
    for queue in queues {
        assert_eq!((&queue["size"], &queue["paused"]), (&20.into(), &true.into()), "{queue}");
    }
}
