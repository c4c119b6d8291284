//! The keys of unique jobs: who holds which, and freeing one by hand (rules `E-30` to `E-34`).

use std::time::Duration;

use bessemer_core::fact::Release;
use bessemer_web::Site;
use serde_json::{Value, json};

use crate::house::{House, Job, request, send};

const KEY: u128 = 0xa5 << 96;

/// A job that waits with a key, one that has left its key behind, and one without.
fn house() -> House {
    let house = House::new();
    let unique = |key, release| Some((key, release));
    house.push(&Job {
        jid: "left-behind",
        queue: "q",
        unique: unique(KEY + 1, Release::Expiry),
        ..Job::default()
    });
    house.fetch("q");
    house.ack("left-behind");
    house.push(&Job {
        jid: "<b>unique</b>",
        jobtype: "<i>Mail</i>",
        unique: unique(KEY, Release::Success),
        ..Job::default()
    });
    house.push(&Job { jid: "job-plain", ..Job::default() });
    house
}

fn hex(key: u128) -> String {
    format!("{key:032x}")
}

#[tokio::test]
async fn keys_are_shown_with_their_jobs_and_freed_from_their_page() {
    let house = house();
    let router = house.router(Site { base_path: "/jobs".into(), ..Site::default() });
    let get = |path: &str| request("GET", path).body(axum::body::Body::empty()).unwrap();
    let page = send(&router, get("/jobs/unique")).await;
    page.says(&hex(KEY)).says("&#60;b&#62;unique").says(&hex(KEY + 1)).says("left-behind").says("Done");
    page.says(&format!("action=\"/jobs/unique/{}\"", hex(KEY))).says_not("job-plain").says_not("<b>unique");
    send(&router, get(&format!("/jobs/unique?key={}", hex(KEY + 1))))
        .await
        .says("left-behind")
        .says_not("unique&#60;");
    send(&router, get(&format!("/jobs/unique?key={}", hex(7)))).await.says("This key is free.");
    assert_eq!(send(&router, get("/jobs/unique?key=7")).await.status, 400);
    let free = |key| {
        let free = request("POST", &format!("/jobs/unique/{}", hex(key))).header("content-length", 0);
        free.header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::empty())
            .unwrap()
    };
    for key in [KEY, KEY + 1] {
        let freed = send(&router, free(key)).await;
        assert_eq!((freed.status, freed.header("location")), (302, "/jobs/unique"));
    }
    assert_eq!(send(&router, free(KEY)).await.status, 404, "it was free already");
    send(&router, get("/jobs/unique")).await.says("No unique key is held.");
    send(&router, get("/jobs/audit")).await.says("release key").says(&hex(KEY));
    send(&router, get("/jobs/queues/default")).await.says("unique");
}

#[tokio::test]
async fn the_api_lists_finds_and_frees_keys() {
    let house = house();
    let router = house.router(Site::default());
    let call = async |method: &str, path: &str| -> (u16, Value) {
        let asked = request(method, &format!("/api/v1/unique{path}"));
        let answered = send(&router, asked.body(axum::body::Body::empty()).unwrap()).await;
        (answered.status, serde_json::from_str(&answered.body).expect("JSON"))
    };
    let (status, all) = call("GET", "").await;
    assert_eq!((status, &all["total"], &all["next"]), (200, &json!(2), &Value::Null));
    let first = &all["keys"][0];
    assert_eq!((&first["key"], &first["jid"]), (&json!(hex(KEY)), &json!("<b>unique</b>")));
    assert_eq!((&first["state"], &first["release"]), (&json!("waiting"), &json!("success")));
    assert_eq!(first["until"], "2026-01-02T04:04:05Z");
    let second = &all["keys"][1];
    assert_eq!((&second["state"], &second["release"]), (&Value::Null, &json!("expiry")));
    assert_eq!(
        (&second["jid"], &second["type"], &second["queue"]),
        (&json!("left-behind"), &json!("Mail"), &json!("q"))
    );
    let (_, page) = call("GET", "?limit=1").await;
    assert_eq!(page["next"], hex(KEY + 1));
    assert_eq!(call("GET", &format!("?limit=1&from={}", hex(KEY + 1))).await.1["keys"][0], *second);
    assert_eq!(call("GET", &format!("/{}", hex(KEY))).await.1, *first);
    assert_eq!(call("GET", &format!("/{}", hex(9))).await.0, 404);
    assert_eq!(call("GET", "/9").await.0, 400);
    assert_eq!(call("DELETE", &format!("/{}", hex(KEY + 1))).await, (200, json!({"count": 1})));
    assert_eq!(call("DELETE", "?jid=%3Cb%3Eunique%3C%2Fb%3E").await, (200, json!({"count": 1})));
    assert_eq!(call("DELETE", "?jid=nobody").await, (200, json!({"count": 0})));
    assert_eq!(call("GET", "").await.1["total"], 0);
}

#[tokio::test]
async fn a_key_whose_time_is_over_is_not_shown_and_not_counted() {
    let house = house();
    let router = house.router(Site::default());
    let hour = Duration::from_secs(3_600);
    house.pass(hour / 2);
    house.push(&Job { jid: "later-0001", unique: Some((9, Release::Start)), ..Job::default() });
    house.pass(hour / 2 + Duration::from_secs(1));
    let asked = request("GET", "/unique").body(axum::body::Body::empty()).unwrap();
    send(&router, asked).await.says("later-0001").says(r#"<span class="total">1</span>"#);
    house.pass(Duration::from_secs(3_601));
    let asked = request("GET", "/unique").body(axum::body::Body::empty()).unwrap();
    send(&router, asked).await.says("No unique key is held.");
}
