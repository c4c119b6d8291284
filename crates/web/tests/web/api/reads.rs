//! What one reads: figures, queues, and what is said about what cannot be read.

use bessemer_web::Site;
use serde_json::json;

use super::{call, failed, read};
use crate::house::{House, Job};

#[tokio::test]
async fn figures_and_queues_are_there_for_scripts() {
    let house = House::new();
    house.push(&Job { queue: "mail", ..Job::default() });
    let router = house.router(Site::default());
    let info = read(&router, "/info").await;
    assert_eq!(info["jobs"], json!({"working": 0, "queued": 1, "retrying": 0, "scheduled": 0, "dead": 0}));
    house.pass(std::time::Duration::from_millis(1_500));
    let queues = read(&router, "/queues").await;
    assert_eq!(queues["queues"][0]["name"], "mail");
    assert_eq!(queues["queues"][0]["latency_s"], 1.5);
    assert_eq!(read(&router, "/queues?names=other,mail").await, queues);
    assert_eq!(read(&router, "/queues?names=other").await, json!({"queues": []}));
}

#[tokio::test]
async fn what_nobody_knows_is_refused_as_json() {
    let router = House::new().router(Site::default());
    for (path, status, code, message) in [
        ("/queues?name=mail", 400, "bad_request", "unknown field `name`, expected `names`"),
        ("/info?x=1", 400, "bad_request", "unknown field `x`"),
        ("/history?days=0", 400, "bad_request", "invalid days: 0, expected 1 to 180"),
        ("/history?days=x", 400, "bad_request", "invalid query: days: invalid digit found in string"),
        ("/nothing", 404, "not_found", "There is no such address of the API"),
        ("/", 404, "not_found", "There is no such address of the API"),
    ] {
        let (told, word, text) = failed(&call(&router, "GET", path, None).await);
        assert_eq!((told, word.as_str()), (status, code), "{path}: {text}");
        assert!(text.contains(message), "{path}: {text}");
    }
}

#[tokio::test]
async fn pages_of_jobs_lead_on_while_jobs_come_and_go() {
    let house = House::new();
    for n in 0..7 {
        house.push(&Job { jid: &format!("job-{n:08}"), ..Job::default() });
    }
    let router = house.router(Site::default());
    let jids = |page: &serde_json::Value| -> Vec<String> {
        let jobs = page["jobs"].as_array().unwrap();
        jobs.iter().map(|job| job["job"]["jid"].as_str().unwrap().to_owned()).collect()
    };
    let first = read(&router, "/queues/default/jobs?limit=3").await;
    assert_eq!(jids(&first), ["job-00000000", "job-00000001", "job-00000002"]);
    assert_eq!(first["total"], 7);
    // What was shown is worked on meanwhile, and more comes.
    house.fetch("default");
    house.fetch("default");
    house.push(&Job { jid: "job-00000007", ..Job::default() });
    let second =
        read(&router, &format!("/queues/default/jobs?limit=3&cursor={}", first["next"].as_str().unwrap()))
            .await;
    assert_eq!(jids(&second), ["job-00000003", "job-00000004", "job-00000005"]);
    let third =
        read(&router, &format!("/queues/default/jobs?limit=3&cursor={}", second["next"].as_str().unwrap()))
            .await;
    assert_eq!(
        (jids(&third), &third["next"]),
        (vec!["job-00000006".into(), "job-00000007".into()], &json!(null))
    );
    let everywhere = read(&router, "/jobs?limit=100").await;
    assert_eq!((everywhere["jobs"].as_array().unwrap().len(), &everywhere["total"]), (8, &json!(8)));
    assert_eq!(jids(&read(&router, "/jobs?state=working").await), ["job-00000000", "job-00000001"]);
    assert_eq!(jids(&read(&router, "/jobs?jid=job-00000005&type=Mail").await), ["job-00000005"]);
    assert_eq!(jids(&read(&router, "/jobs?jid=job-00000005&type=Other").await), [""; 0]);
}

#[tokio::test]
async fn a_cursor_or_a_limit_of_somewhere_else_is_refused() {
    let house = House::new();
    house.push(&Job::default());
    house.push(&Job { jid: "job-00000002", ..Job::default() });
    let router = house.router(Site::default());
    let next = read(&router, "/queues/default/jobs?limit=1").await["next"].as_str().unwrap().to_owned();
    for path in [
        format!("/jobs?state=dead&cursor={next}"),
        format!("/jobs?queue=mail&cursor={next}"),
        format!("/jobs?jid=job-00000002&cursor={next}"),
        "/jobs?cursor=".into(),
        "/jobs?cursor=3".into(),
    ] {
        let (status, _, text) = failed(&call(&router, "GET", &path, None).await);
        assert_eq!(
            (status, text.as_str()),
            (400, "invalid cursor: it is what a page of the same list has called next")
        );
    }
    for (limit, status) in [("1", 200), ("100", 200), ("0", 400), ("101", 400), ("x", 400), ("", 400)] {
        assert_eq!(
            call(&router, "GET", &format!("/jobs?limit={limit}"), None).await.status,
            status,
            "{limit}"
        );
    }
    for path in
        ["/jobs?state=busy", "/jobs?typ=Mail", "/jobs?limit=1&limit=2", "/queues/default/jobs?state=dead"]
    {
        assert_eq!(call(&router, "GET", path, None).await.status, 400, "{path}");
    }
    assert_eq!(failed(&call(&router, "GET", "/queues/nobody/jobs", None).await).0, 404);
}

#[tokio::test]
async fn arguments_come_back_byte_for_byte() {
    let house = House::new();
    let args = r#"[9007199254740993, 1.0, 1e400 ,"\u00fc<script>", {"b":1,"a":2}]"#;
    house.push(&Job { args, ..Job::default() });
    let router = house.router(Site::default());
    call(&router, "GET", "/jobs/job-00000001", None).await.says(&format!(r#""args":{args}"#));
    call(&router, "GET", "/jobs", None).await.says(&format!(r#""args":{args}"#));
}

#[tokio::test]
async fn two_jobs_of_one_jid_are_told_apart_by_their_ids() {
    let house = House::new();
    house.push(&Job::default());
    house.push(&Job { args: "[2]", ..Job::default() });
    let router = house.router(Site::default());
    let (status, code, text) = failed(&call(&router, "GET", "/jobs/job-00000001", None).await);
    assert_eq!((status, code.as_str()), (409, "ambiguous"), "{text}");
    assert_eq!(failed(&call(&router, "DELETE", "/jobs/job-00000001", None).await).0, 409);
    let both = read(&router, "/jobs?jid=job-00000001").await;
    let id = both["jobs"][1]["id"].as_str().unwrap();
    assert_eq!(read(&router, &format!("/jobs/job-00000001?id={id}")).await["job"]["args"], json!([2]));
    assert_eq!(call(&router, "DELETE", &format!("/jobs/job-00000001?id={id}"), None).await.status, 200);
    assert_eq!(read(&router, "/jobs/job-00000001").await["job"]["args"], json!([]));
    assert_eq!(failed(&call(&router, "GET", "/jobs/job-00000001?id=99", None).await).0, 404);
    assert_eq!(failed(&call(&router, "GET", "/jobs/job-00000001?id=x", None).await).0, 400);
}

#[tokio::test]
async fn what_happened_is_told_with_its_times() {
    let house = House::new();
    house.push(&Job { queue: "mail", ..Job::default() });
    house.pass(std::time::Duration::from_secs(2));
    house.fetch("mail");
    house.pass(std::time::Duration::from_millis(250));
    house.fail("job-00000001", r#"{"errtype":"Boom","message":"m","backtrace":[]}"#);
    let router = house.router(Site::default());
    let recent = read(&router, "/recent?type=Mail&queue=mail&outcome=failed&jid=job-00000001").await;
    let attempt = &recent["attempts"][0];
    assert_eq!((&attempt["wait_s"], &attempt["run_s"]), (&json!(2.0), &json!(0.25)));
    assert_eq!((&attempt["outcome"], &attempt["error"]), (&json!("failed"), &json!("Boom")));
    for nothing in ["type=Other", "outcome=done", "queue=other", "jid=other-job"] {
        assert_eq!(
            read(&router, &format!("/recent?{nothing}")).await,
            json!({"attempts": [], "overdue": []}),
            "{nothing}"
        );
    }
    let types = read(&router, "/statistics/types?span=1h").await;
    assert_eq!((&types["rows"][0]["name"], &types["rows"][0]["failed"]), (&json!("Mail"), &json!(1)));
    let series = read(&router, "/statistics/series?queue=mail&span=1h").await;
    assert_eq!((&series["step_s"], series["points"].as_array().unwrap().len()), (&json!(60.0), 60));
    for wrong in ["/statistics/series?type=a&queue=b", "/statistics/types?span=2h", "/recent?outcome=good"] {
        assert_eq!(call(&router, "GET", wrong, None).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_line_of_the_search_box_finds_jobs_page_by_page() {
    let house = House::new();
    for n in 0..5 {
        house.push(&Job { jid: &format!("job-{n:08}"), args: &format!("[{}]", n % 2), ..Job::default() });
    }
    let router = house.router(Site::default());
    let first = read(&router, "/jobs?q=type:Mai*+state:waiting&limit=2").await;
    assert_eq!((first["jobs"].as_array().unwrap().len(), &first["total"]), (2, &json!(null)));
    let next = first["next"].as_str().unwrap();
    let second = read(&router, &format!("/jobs?q=type:Mai*+state:waiting&limit=100&cursor={next}")).await;
    assert_eq!((second["jobs"].as_array().unwrap().len(), &second["next"]), (3, &json!(null)));
    assert_eq!(read(&router, "/jobs?q=jid:job-00000003").await["jobs"][0]["job"]["args"], json!([1]));
    for (path, text) in [
        ("/jobs?q=state:nowhere", "invalid q: there is no state nowhere"),
        ("/jobs?q=x&queue=default", "q stands alone"),
        ("/jobs?q=x&cursor=working:3", "invalid cursor"),
    ] {
        let (status, _, message) = failed(&call(&router, "GET", path, None).await);
        assert!(status == 400 && message.starts_with(text), "{path}: {message}");
    }
}
