//! What one changes: jobs pushed and acted on, queues, workers; and who may not.

use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use bessemer_core::command::{Hello, Reply, Stage};
use bessemer_core::query::{Condition, Durability};
use bessemer_web::{Site, limits};
use serde_json::{Value, json};

use super::{call, failed, operated, read};
use crate::house::{Answered, House, Job, request, send};

const TRACE: &str = r#"{"errtype":"E","message":"m","backtrace":[]}"#;

fn told(answered: &Answered) -> Value {
    serde_json::from_str(&answered.body).expect("JSON")
}

#[tokio::test]
async fn a_job_is_pushed_and_found_where_it_is_said_to_be() {
    let router = House::new().router(Site { base_path: "/jobs".into(), ..Site::default() });
    let job = r#"{"jid":"pushed-0001","jobtype":"Mail","queue":"mail","args":[12345678901234567890]}"#;
    let answered = call(&router, "POST", "/jobs", Some(job)).await;
    assert_eq!((answered.status, answered.header("location")), (201, "/jobs/api/v1/jobs/pushed-0001"));
    assert_eq!(
        told(&answered),
        json!({"accepted": 1, "refused": 0, "jobs": [{"jid": "pushed-0001", "accepted": true}]})
    );
    call(&router, "GET", "/jobs/pushed-0001", None)
        .await
        .says("[12345678901234567890]")
        .says(r#""state":"queued""#);
    assert_eq!(read(&router, "/openapi.json").await["servers"], json!([{"url": "/jobs"}]));
}

#[tokio::test]
async fn each_job_of_an_array_has_its_outcome_p22() {
    let house = House::new();
    let router = house.router(Site::default());
    let good = |n: u32| format!(r#"{{"jid":"pushed-000{n}","jobtype":"T","args":[]}}"#);
    let answered = call(&router, "POST", "/jobs", Some(&format!("[{},{{\"jid\":\"x\"}}]", good(1)))).await;
    assert_eq!(answered.status, 207);
    let error = json!({"code": "args", "message": "jobs must have a reasonable jid parameter"});
    let fates =
        json!([{"jid": "pushed-0001", "accepted": true}, {"jid": "x", "accepted": false, "error": error}]);
    assert_eq!(told(&answered), json!({"accepted": 1, "refused": 1, "jobs": fates}));
    assert_eq!(call(&router, "POST", "/jobs", Some(&format!("[{}]", good(2)))).await.status, 201);
    assert_eq!(call(&router, "POST", "/jobs", Some("[]")).await.status, 201);
    assert_eq!(read(&router, "/queues").await["queues"][0]["size"], 2);
    for (body, status, code) in [
        (r#"{"jid":"x"}"#, 422, "args"),
        ("[1]", 400, "json"),
        ("{", 400, "json"),
        ("[{},{},{},{}]", 413, "bulk_jobs"),
    ] {
        let (told, word, text) = failed(&call(&router, "POST", "/jobs", Some(body)).await);
        assert_eq!((told, word.as_str()), (status, code), "{body}: {text}");
    }
    house.stand(Condition { durability: Durability::Strict, disk_full: true, log: None });
    let (status, code, text) = failed(&call(&router, "POST", "/jobs", Some(&good(3))).await);
    assert_eq!((status, code.as_str(), text.as_str()), (503, "disk_full", "disk full, not accepting jobs"));
}

#[tokio::test]
async fn bodies_have_their_limits_row_93() {
    let site =
        Site { limits: limits::Limits { job_max: 2_000, ..limits::Limits::default() }, ..Site::default() };
    let router = House::new().router(site);
    let job = |bytes: usize| {
        let head = r#"{"jid":"pushed-0001","jobtype":"T","args":[""#;
        format!("{head}{}\"]}}", "x".repeat(bytes - head.len() - 3))
    };
    assert_eq!(call(&router, "POST", "/jobs", Some(&job(2_000))).await.status, 201);
    let (status, code, text) = failed(&call(&router, "POST", "/jobs", Some(&job(2_001))).await);
    assert_eq!(
        (status, code.as_str(), text.as_str()),
        (413, "body_too_large", "The body is larger than 2000 bytes")
    );
    // One that does not say how long it is.
    let chunked = request("POST", "/api/v1/jobs")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::TRANSFER_ENCODING, "chunked");
    let answered = send(&router, chunked.body(Body::from(job(2_001))).unwrap()).await;
    assert_eq!(failed(&answered).0, 413);
}

#[tokio::test]
async fn a_job_is_retried_killed_and_deleted() {
    let house = House::new();
    house.push_and_fail(&Job::default(), TRACE);
    let router = house.router(Site::default());
    let state = async || read(&router, "/jobs/job-00000001").await["state"].as_str().unwrap().to_owned();
    assert_eq!(state().await, "retrying");
    let reached = |answered: Answered| assert_eq!(told(&answered), json!({"count": 1}));
    reached(call(&router, "POST", "/jobs/job-00000001/kill", None).await);
    assert_eq!(state().await, "dead");
    assert_eq!(failed(&call(&router, "POST", "/jobs/job-00000001/kill", None).await).0, 409);
    reached(call(&router, "POST", "/jobs/job-00000001/retry", None).await);
    assert_eq!(state().await, "queued");
    house.fetch("default");
    let (status, code, text) = failed(&call(&router, "DELETE", "/jobs/job-00000001", None).await);
    assert_eq!((status, code.as_str(), text.as_str()), (409, "conflict", "The job is being worked on"));
    house.fail("job-00000001", TRACE);
    reached(call(&router, "DELETE", "/jobs/job-00000001", None).await);
    assert_eq!(failed(&call(&router, "DELETE", "/jobs/job-00000001", None).await).0, 404);
}

#[tokio::test]
async fn a_queue_is_paused_resumed_and_removed() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    assert_eq!(told(&call(&router, "POST", "/queues/default/pause", None).await)["paused"], true);
    assert_eq!(told(&call(&router, "POST", "/queues/default/resume", None).await)["paused"], false);
    assert_eq!(told(&call(&router, "DELETE", "/queues/default", None).await)["size"], 1);
    for (method, path) in
        [("GET", "/queues/default"), ("POST", "/queues/default/pause"), ("DELETE", "/queues/default")]
    {
        let (status, _, text) = failed(&call(&router, method, path, None).await);
        assert_eq!((status, text.as_str()), (404, "There is no such queue"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_place_is_cleared_at_one_stroke_and_only_if_it_is_named() {
    let house = House::new();
    for n in 0..3 {
        house.push_and_fail(&Job { jid: &format!("job-{n:08}"), retry: -1, ..Job::default() }, TRACE);
    }
    house.push(&Job { jid: "job-00000003", ..Job::default() });
    let router = house.router(Site::default());
    for path in ["/jobs", "/jobs?state=queued", "/jobs?state=", "/jobs?queue=default", "/jobs?state=dead&x="]
    {
        assert_eq!(failed(&call(&router, "DELETE", path, None).await).0, 400, "{path}");
    }
    assert_eq!(told(&call(&router, "DELETE", "/jobs?state=dead", None).await), json!({"count": 3}));
    assert_eq!(told(&call(&router, "POST", "/queues/default/clear", None).await), json!({"count": 1}));
    assert_eq!(read(&router, "/jobs").await["total"], 0);
    assert_eq!(read(&router, "/queues/default").await["size"], 0);
}

#[tokio::test]
async fn a_discarded_job_is_taken_back_within_a_minute() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    assert_eq!(failed(&call(&router, "POST", "/jobs/job-00000001/restore", None).await).0, 404);
    assert_eq!(told(&call(&router, "POST", "/jobs/job-00000001/discard", None).await)["count"], 1);
    assert_eq!(failed(&call(&router, "GET", "/jobs/job-00000001", None).await).0, 404);
    assert_eq!(read(&router, "/jobs?state=discarded").await["jobs"][0]["job"]["jid"], "job-00000001");
    assert_eq!(told(&call(&router, "POST", "/jobs/job-00000001/restore", None).await), json!({"count": 1}));
    assert_eq!(read(&router, "/jobs/job-00000001").await["state"], "queued");
    assert_eq!(told(&call(&router, "POST", "/jobs/job-00000001/discard", None).await)["count"], 1);
    house.pass(std::time::Duration::from_secs(61));
    assert_eq!(failed(&call(&router, "POST", "/jobs/job-00000001/restore", None).await).0, 404);
}

#[tokio::test]
async fn a_job_is_edited_and_moved() {
    let house = House::new();
    house.push_and_fail(&Job { custom: Some(r#"{"tenant":7}"#), ..Job::default() }, TRACE);
    let router = house.router(Site::default());
    let path = "/jobs/job-00000001";
    let edited = call(&router, "PATCH", path, Some(r#"{"args":[9007199254740993, 1.0]}"#)).await;
    assert_eq!(told(&edited), json!({"count": 1}));
    call(&router, "GET", path, None).await.says(r#""args":[9007199254740993, 1.0]"#).says(r#"{"tenant":7}"#);
    assert_eq!(
        told(&call(&router, "POST", &format!("{path}/move"), Some(r#"{"queue":"mail"}"#)).await),
        json!({"count": 1})
    );
    assert_eq!(told(&call(&router, "PATCH", path, Some(r#"{"enqueue":true}"#)).await), json!({"count": 1}));
    assert_eq!(read(&router, "/queues/mail").await["size"], 1);
    for (method, path, body, status) in [
        ("PATCH", "/jobs/job-00000001", "{}", 422),
        ("PATCH", "/jobs/job-00000001", r#"{"args":{}}"#, 422),
        ("PATCH", "/jobs/job-00000001", r#"{"retry":10001}"#, 422),
        ("PATCH", "/jobs/job-00000001", r#"{"jid":"another-one"}"#, 400),
        ("PATCH", "/jobs/nobody-here", r#"{"retry":1}"#, 404),
        ("POST", "/jobs/job-00000001/move", r#"{"queue":"a b"}"#, 422),
        ("POST", "/jobs/job-00000001/move", r#"{"queue":"mail"}"#, 409),
        ("POST", "/jobs/job-00000001/move", "{}", 400),
    ] {
        assert_eq!(
            failed(&call(&router, method, path, Some(body)).await).0,
            status,
            "{method} {path} {body}"
        );
    }
    house.fetch("mail");
    assert_eq!(failed(&call(&router, "PATCH", path, Some(r#"{"args":[]}"#)).await).0, 409);
}

#[tokio::test]
async fn a_job_is_released() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    let (status, _, text) = failed(&call(&router, "POST", "/jobs/job-00000001/release", None).await);
    assert_eq!((status, text.as_str()), (409, "Nobody is working on the job"));
    house.fetch("default");
    assert_eq!(told(&call(&router, "POST", "/jobs/job-00000001/release", None).await), json!({"count": 1}));
    assert_eq!(read(&router, "/jobs/job-00000001").await["state"], "queued");
}

#[tokio::test]
async fn workers_are_quieted_and_stopped_l03() {
    let house = House::new();
    house.connect(Hello { wid: "w-1234567", hostname: "box", pid: 42, labels: &[], rss_kb: 0 });
    let router = house.router(Site::default());
    assert_eq!(read(&router, "/workers").await["workers"][0]["state"], "running");
    assert_eq!(told(&call(&router, "POST", "/workers/w-1234567/quiet", None).await), json!({"count": 1}));
    assert_eq!(house.beat("w-1234567"), Reply::State(Stage::Quiet));
    assert_eq!(told(&call(&router, "POST", "/workers/stop", None).await), json!({"count": 1}));
    assert_eq!(read(&router, "/workers").await["workers"][0]["state"], "terminate");
    assert_eq!(failed(&call(&router, "POST", "/workers/nobody/stop", None).await).0, 404);
}

#[tokio::test]
async fn guards_speak_json_to_scripts_v02_v03_d15() {
    let house = House::new();
    house.push(&Job::default());
    let open = house.router(Site::default());
    let locked = house.router(Site { password: Some("p".into()), ..Site::default() });
    let (status, code, _) = failed(&call(&locked, "GET", "/info", None).await);
    assert_eq!((status, code.as_str()), (401, "unauthorized"));
    let with = async |router, method, path: &str, headers: &[(&str, &str)], body: &'static str| {
        let mut request = axum::http::Request::builder().method(method).uri(format!("/api/v1{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header(header::CONTENT_LENGTH, body.len());
        let (status, code, _) = failed(&send(router, request.body(Body::from(body)).unwrap()).await);
        (status, code)
    };
    const HERE: (&str, &str) = ("host", "localhost");
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
    let code = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(with(&open, "GET", "/info", &[("host", "evil.example")], "").await, code(421, "unknown_host"));
    let foreign = [HERE, ("content-type", "application/json"), ("sec-fetch-site", "cross-site")];
    assert_eq!(with(&open, "POST", "/jobs", &foreign, "[]").await, code(403, "forbidden"));
    // Forms of other pages, from a browser that says where they come from, and from one that does not.
    for form in [FORM, ("content-type", "text/plain"), ("content-type", "multipart/form-data; boundary=x")] {
        let foreign = [HERE, form, ("origin", "http://evil.example")];
        assert_eq!(with(&open, "POST", "/workers/stop", &foreign, "").await, code(403, "forbidden"));
        let silent = [HERE, form];
        assert_eq!(
            with(&open, "POST", "/workers/stop", &silent, "").await,
            code(415, "unsupported_media_type")
        );
        assert_eq!(with(&open, "POST", "/jobs", &silent, "[]").await, code(415, "unsupported_media_type"));
    }
    assert_eq!(with(&open, "POST", "/jobs", &[HERE], "[]").await, code(415, "unsupported_media_type"));
    assert_eq!(with(&open, "PUT", "/info", &[HERE], "").await, code(405, "method_not_allowed"));
    let long = format!("/info?{}", "x".repeat(limits::URI_MAX));
    assert_eq!(with(&open, "GET", &long, &[HERE], "").await, code(414, "address_too_long"));
    let large = "x".repeat(limits::HEADERS_MAX);
    assert_eq!(
        with(&open, "GET", "/info", &[HERE, ("x-large", &large)], "").await,
        code(431, "headers_too_large")
    );
    house.close();
    assert_eq!(with(&open, "GET", "/info", &[HERE], "").await, code(503, "unavailable"));
    assert_eq!(read(&house.router(Site::default()), "/openapi.json").await["info"]["title"], "Bessemer");
}

#[tokio::test]
async fn a_mark_is_set_and_a_text_that_is_none_is_refused() {
    let router = House::new().router(Site::default());
    let answered = call(&router, "POST", "/marks", Some(r#"{"text":" v1 "}"#)).await;
    assert_eq!(
        (answered.status, told(&answered)),
        (201, json!({"at": "2026-01-02T03:04:05Z", "text": "v1"}))
    );
    let dated = r#"{"text":"v0","at":"2026-01-02T02:00:00Z"}"#;
    assert_eq!(call(&router, "POST", "/marks", Some(dated)).await.status, 201);
    let marks = read(&router, "/marks").await;
    assert_eq!((&marks["marks"][0]["text"], &marks["marks"][1]["text"]), (&json!("v0"), &json!("v1")));
    let text = |length: usize| format!(r#"{{"text":"{}"}}"#, "x".repeat(length));
    for (body, status) in [
        (text(200), 201),
        (text(201), 422),
        (text(0), 422),
        (r#"{"text":"v","at":"noon"}"#.into(), 400),
        (r#"{"text":"v","time":1}"#.into(), 400),
        ("[]".into(), 400),
    ] {
        assert_eq!(call(&router, "POST", "/marks", Some(&body)).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn what_a_search_finds_is_counted_then_acted_on() {
    let house = House::new();
    for n in 0..5 {
        house.push_and_fail(&Job { jid: &format!("job-{n:08}"), retry: -1, ..Job::default() }, TRACE);
    }
    house.push(&Job { jid: "job-00000009", jobtype: "Other", ..Job::default() });
    let router = house.router(Site::default());
    let order = |rest: &str| format!(r#"{{"action":"retry","q":"type:Mail"{rest}}}"#);
    let counted = call(&router, "POST", "/jobs/actions", Some(&order(r#","dry_run":true"#))).await;
    assert_eq!(
        (counted.status, &told(&counted)["count"], &told(&counted)["states"]["dead"]),
        (200, &json!(5), &json!(5))
    );
    assert_eq!(read(&router, "/info").await["jobs"]["dead"], 5);
    let operation = operated(&router, &order("")).await;
    assert_eq!(
        (&operation["state"], &operation["reached"], &operation["progress"]),
        (&json!("done"), &json!(5), &json!(1.0))
    );
    assert_eq!(read(&router, "/info").await["jobs"]["queued"], 6);
    for (body, status) in [
        (r#"{"action":"retry","q":""}"#, 400),
        (r#"{"action":"retry","q":"  "}"#, 400),
        (r#"{"action":"retry"}"#, 400),
        (r#"{"action":"destroy","q":"x"}"#, 400),
        (r#"{"action":"retry","q":"state:busy"}"#, 400),
        (r#"{"action":"retry","q":"x","dryrun":true}"#, 400),
        (r#"{"action":"kill","q":"state:working"}"#, 400),
        (r#"{"action":"kill","q":"x","args":[1]}"#, 400),
        (r#"{"action":"kill","q":"x","queue":"a"}"#, 400),
        (r#"{"action":"edit","q":"x"}"#, 400),
        (r#"{"action":"edit","q":"x","args":{}}"#, 400),
        (r#"{"action":"edit","q":"x","retry":10001}"#, 400),
    ] {
        assert_eq!(failed(&call(&router, "POST", "/jobs/actions", Some(body)).await).0, status, "{body}");
    }
    for path in ["/operations/99", "/operations/x", "/operations/99/cancel"] {
        let method = if path.ends_with("cancel") { "POST" } else { "GET" };
        assert_eq!(failed(&call(&router, method, path, None).await).0, 404, "{path}");
    }
}

#[tokio::test]
async fn an_action_reaches_no_more_than_a_dry_run_has_counted() {
    let house = House::new();
    let die = |n: u64| {
        house.push_and_fail(&Job { jid: &format!("job-{n:08}"), retry: -1, ..Job::default() }, TRACE);
    };
    (0..5).for_each(die);
    let router = house.router(Site::default());
    let act = async |rest: &str| {
        let order = format!(r#"{{"action":"retry","q":"type:Mail"{rest}}}"#);
        call(&router, "POST", "/jobs/actions", Some(&order)).await
    };
    let as_of = told(&act(r#","dry_run":true"#).await)["as_of"].as_str().unwrap().to_owned();
    die(5);
    let (status, code, text) = failed(&act(r#","at_most":5"#).await);
    assert_eq!((status, &*code, &*text), (409, "conflict", "6 match, and at_most is 5; nothing was done"));
    assert_eq!(failed(&act(&format!(r#","at_most":4,"as_of":"{as_of}""#)).await).0, 409);
    assert_eq!(failed(&act(r#","as_of":"x""#).await).0, 400);
    assert_eq!(read(&router, "/info").await["jobs"]["dead"], 6);
    assert_eq!(act(&format!(r#","at_most":5,"as_of":"{as_of}""#)).await.status, 202);
    while read(&router, "/operations/1").await["state"] == "going" {
        tokio::task::yield_now().await;
    }
    assert_eq!(read(&router, "/info").await["jobs"]["dead"], 1, "one came later");
}

#[tokio::test]
async fn what_an_operation_has_discarded_is_brought_back_once() {
    let house = House::new();
    for n in 0..5 {
        house.push(&Job { jid: &format!("job-0000000{n}"), ..Job::default() });
    }
    let router = house.router(Site::default());
    let waiting = async || read(&router, "/info").await["jobs"]["queued"].clone();
    let gone = operated(&router, r#"{"action":"discard","q":"jid:job-0000000*"}"#).await;
    assert_eq!(
        (&gone["reached"], &gone["undoable"], &gone["restored"]),
        (&json!(5), &json!(true), &json!(null))
    );
    assert_eq!(waiting().await, 0);
    let undo = format!("/operations/{}/undo", gone["id"].as_str().expect("an id"));
    let back = told(&call(&router, "POST", &undo, None).await);
    assert_eq!((&back["undoable"], &back["restored"]), (&json!(false), &json!(5)));
    assert_eq!(waiting().await, 5);
    assert_eq!(read(&router, "/queues/default/jobs").await["jobs"][0]["job"]["jid"], "job-00000000");
    assert_eq!(failed(&call(&router, "POST", &undo, None).await).0, 409, "it was taken back already");

    let deleted = operated(&router, r#"{"action":"delete","q":"jid:job-00000001"}"#).await;
    assert_eq!(deleted["undoable"], false);
    let undo = format!("/operations/{}/undo", deleted["id"].as_str().expect("an id"));
    assert_eq!(failed(&call(&router, "POST", &undo, None).await).0, 409);
    assert_eq!(failed(&call(&router, "POST", "/operations/99/undo", None).await).0, 404);

    let gone = operated(&router, r#"{"action":"discard","q":"state:waiting"}"#).await;
    house.pass(Duration::from_secs(61));
    let undo = format!("/operations/{}/undo", gone["id"].as_str().expect("an id"));
    assert_eq!(failed(&call(&router, "POST", &undo, None).await).0, 404, "a minute is over");
}

#[tokio::test]
async fn an_operation_edits_all_that_match_and_enqueues_them() {
    let house = House::new();
    for jid in ["job-dead0001", "job-dead0002"] {
        house.push_and_fail(&Job { jid, retry: -1, ..Job::default() }, r#"{"errtype":"E","message":"m"}"#);
    }
    let router = house.router(Site::default());
    let order = r#"{"action":"edit","q":"state:dead","args":[9],"queue":"high","retry":2}"#;
    let done = operated(&router, order).await;
    assert_eq!(
        (&done["action"], &done["reached"], &done["state"]),
        (&json!("edit"), &json!(2), &json!("done"))
    );
    let job = &read(&router, "/jobs/job-dead0002").await;
    assert_eq!((&job["state"], &job["job"]["args"]), (&json!("queued"), &json!([9])));
    assert_eq!((&job["job"]["queue"], &job["job"]["retry"]), (&json!("high"), &json!(2)));
}

#[tokio::test]
async fn who_says_what_a_job_was_edits_that_one_and_no_other() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    let version =
        async || read(&router, "/jobs/job-00000001").await["version"].as_str().expect("a version").to_owned();
    let edit = async |args: &str, tags: &str| {
        let body = format!(r#"{{"args":{args}}}"#);
        let patch = request("PATCH", "/api/v1/jobs/job-00000001")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, body.len())
            .header(header::IF_MATCH, tags);
        send(&router, patch.body(Body::from(body)).unwrap()).await
    };
    let seen = version().await;
    assert_eq!(edit("[1]", &format!("\"{seen}\"")).await.status, 200);
    let now = version().await;
    assert_ne!(now, seen);
    let (status, code, text) = failed(&edit("[2]", &format!("\"{seen}\", \"other\"")).await);
    assert_eq!((status, code.as_str()), (412, "changed"));
    assert!(text.ends_with(&format!("Its version is {now} now")), "{text}");
    assert_eq!(failed(&edit("[2]", "").await).0, 412);
    call(&router, "GET", "/jobs/job-00000001", None).await.says("[1]");
    // Being run and failing is no other text.
    house.fetch("default");
    house.fail("job-00000001", TRACE);
    assert_eq!(edit("[3]", &format!("\"x\", \"{now}\"")).await.status, 200);
    assert_eq!(edit("[4]", "*").await.status, 200);
    assert_eq!(
        call(&router, "PATCH", "/jobs/job-00000001", Some(r#"{"args":[5]}"#)).await.status,
        200,
        "whoever says nothing means any"
    );
}

#[tokio::test]
async fn a_single_job_that_is_discarded_comes_back_by_its_operation() {
    let house = House::new();
    house.push_and_fail(&Job::default(), TRACE);
    let router = house.router(Site::default());
    let discarded = told(&call(&router, "POST", "/jobs/job-00000001/discard", None).await);
    assert_eq!(discarded, json!({"count": 1, "operation": "1"}));
    assert_eq!(failed(&call(&router, "GET", "/jobs/job-00000001", None).await).0, 404);
    let operation = read(&router, "/operations/1").await;
    assert_eq!((&operation["action"], &operation["undoable"]), (&json!("discard"), &json!(true)));
    let undone = told(&call(&router, "POST", "/operations/1/undo", None).await);
    assert_eq!((&undone["restored"], &undone["undoable"]), (&json!(1), &json!(false)));
    assert_eq!(read(&router, "/jobs/job-00000001").await["state"], "retrying");
    assert_eq!(failed(&call(&router, "POST", "/operations/1/undo", None).await).0, 409);
}
