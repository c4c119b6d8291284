//! Who may do what: every route of the router is walked, so that a new one cannot be forgotten (`guarantees.md` 5.2).

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use bessemer_core::command::Hello;
use bessemer_web::{Site, limits};
use serde_json::Value;
use tower::ServiceExt;

use crate::house::{Answered, House, Job, get, post, request, send};

const ADMIN: &str = "Basic YW5uYTpwYXNzd29yZA=="; // anna:password
const VIEWER: &str = "Basic dGVhbTp2aWV3ZXI="; // team:viewer
const UNSAFE: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];
const SCOPES: [&str; 4] = ["read", "push", "operate", "admin"];

fn locked(house: &House) -> Router {
    let (password, viewer_password) = (Some("password".into()), Some("viewer".into()));
    house.router(Site { password, viewer_password, ..Site::default() })
}

/// Every path, with something where a name stands.
fn walk() -> [Vec<String>; 2] {
    bessemer_web::paths::<House>().map(|paths| {
        let filled = |path: String| {
            let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
            parts.collect::<Vec<_>>().join("/")
        };
        paths.into_iter().map(filled).collect()
    })
}

/// Status and headers: the body of some never ends.
async fn head(router: &Router, method: &str, path: &str, credentials: Option<&str>) -> (u16, HeaderMap) {
    let mut request = request(method, path);
    if let Some(credentials) = credentials {
        request = request.header(header::AUTHORIZATION, credentials);
    }
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    (response.status().as_u16(), response.headers().clone())
}

async fn json(router: &Router, method: &str, path: &str, credentials: &str, body: &str) -> Answered {
    let request = request(method, path)
        .header(header::AUTHORIZATION, credentials)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, body.len());
    send(router, request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn seen(router: &Router, path: &str, credentials: &str) -> Answered {
    let request = request("GET", path).header(header::AUTHORIZATION, credentials);
    send(router, request.body(Body::empty()).unwrap()).await
}

/// A new token with these scopes: what is sent, and its id.
async fn token(router: &Router, name: &str, scopes: &[&str], days: Option<u64>) -> (String, String) {
    let body = serde_json::json!({ "name": name, "scopes": scopes, "days": days }).to_string();
    let made = json(router, "POST", "/api/v1/tokens", ADMIN, &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (format!("Bearer {}", text(&made["secret"])), text(&made["token"]["id"]))
}

#[tokio::test]
async fn no_route_changes_anything_for_who_only_reads() {
    let router = locked(&House::new());
    let [guarded, _] = walk();
    assert!(guarded.len() > 60 && guarded.contains(&"/api/v1/tokens/x".to_owned()), "{guarded:?}");
    for path in &guarded {
        for method in UNSAFE {
            let (status, _) = head(&router, method, path, Some(VIEWER)).await;
            // What changes a cookie and nothing here.
            let is_choice = method == "POST" && ["/language", "/theme"].contains(&path.as_str());
            assert_eq!(status == 403, !is_choice, "{method} {path}: {status}");
            let (status, _) = head(&router, method, path, Some(ADMIN)).await;
            assert!(!matches!(status, 401 | 403), "{method} {path}: {status}");
            let (status, _) = head(&router, method, path, None).await;
            assert_eq!(status, 401, "{method} {path}");
        }
        let (status, _) = head(&router, "GET", path, Some(VIEWER)).await;
        let secret = ["/tokens", "/audit"].iter().any(|secret| path.contains(secret));
        assert_eq!(status == 403, secret, "GET {path}: {status}");
    }
    let refused = json(&router, "DELETE", "/api/v1/jobs/x", VIEWER, "").await;
    refused.says("This password only reads; a change needs the other one").says("forbidden");
}

#[tokio::test]
async fn every_route_takes_only_tokens_with_the_scope_that_it_needs() {
    let router = locked(&House::new());
    let mut tokens = Vec::new();
    for scope in SCOPES {
        tokens.push((scope, token(&router, scope, &[scope], None).await.0));
    }
    let document: Value = serde_json::from_str(&bessemer_web::openapi::<House>()).unwrap();
    let [guarded, _] = walk();
    let templates = bessemer_web::paths::<House>();
    for (path, template) in guarded.iter().zip(&templates[0]) {
        for method in ["GET", "POST", "PATCH", "DELETE"] {
            let mut allowed = Vec::new();
            for (scope, token) in &tokens {
                let (status, _) = head(&router, method, path, Some(token)).await;
                assert_ne!(status, 401, "{method} {path} with {scope}");
                allowed.extend((status != 403).then_some(*scope));
            }
            assert_eq!(
                (allowed.len(), allowed.last()),
                (if allowed[0] == "admin" { 1 } else { 2 }, Some(&"admin"))
            );
            // The document says the same.
            let operation = &document["paths"][template][method.to_ascii_lowercase()];
            if !operation.is_null() {
                assert_eq!(
                    operation["security"][2]["token"],
                    serde_json::json!([allowed[0]]),
                    "{method} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_route_answers_with_the_security_headers_whatever_happens() {
    let house = House::new();
    let (open, locked) = (house.router(Site::default()), locked(&house));
    let [guarded, everybody] = walk();
    for path in guarded.iter().chain(&everybody) {
        for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "ODD"] {
            for (router, credentials) in
                [(&open, None), (&locked, None), (&locked, Some(VIEWER)), (&locked, Some(ADMIN))]
            {
                let (status, headers) = head(router, method, path, credentials).await;
                for (name, value) in [
                    ("x-content-type-options", "nosniff"),
                    ("x-frame-options", "DENY"),
                    ("referrer-policy", "no-referrer"),
                    ("cross-origin-opener-policy", "same-origin"),
                    ("cross-origin-resource-policy", "same-origin"),
                ] {
                    let found = headers.get(name).map(header::HeaderValue::as_bytes);
                    assert_eq!(found, Some(value.as_bytes()), "{name} of {method} {path}: {status}");
                }
                let policy = headers.get("content-security-policy").unwrap().to_str().unwrap();
                assert!(
                    policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
                    "{policy}"
                );
                assert!(!policy.contains("unsafe"), "{policy}");
                assert!(headers.contains_key("permissions-policy") && headers.contains_key("cache-control"));
                assert!(
                    !headers.keys().any(|name| name.as_str().starts_with("access-control")),
                    "{method} {path}"
                );
            }
        }
    }
}

/// Method, `Origin`, `Sec-Fetch-Site`, `Host` and password: V-03, D15.
#[tokio::test]
async fn every_route_refuses_what_other_sites_ask_for() {
    let house = House::new();
    let (open, locked) = (house.router(Site::default()), locked(&house));
    let [guarded, _] = walk();
    for path in &guarded {
        for method in ["GET", "POST", "DELETE"] {
            for host in ["localhost:7420", "evil.example"] {
                for origin in [None, Some("http://localhost:7420"), Some("http://evil.example"), Some("null")]
                {
                    for site in [None, Some("same-origin"), Some("cross-site")] {
                        for credentials in [None, Some(ADMIN)] {
                            let router = if credentials.is_some() { &locked } else { &open };
                            let mut request =
                                Request::builder().method(method).uri(path).header("host", host);
                            for (name, value) in
                                [("origin", origin), ("sec-fetch-site", site), ("authorization", credentials)]
                            {
                                if let Some(value) = value {
                                    request = request.header(name, value);
                                }
                            }
                            let request = request.body(Body::empty()).unwrap();
                            let status = router.clone().oneshot(request).await.unwrap().status().as_u16();
                            let own = match site {
                                Some(site) => site == "same-origin",
                                None => origin.is_none_or(|origin| origin == format!("http://{host}")),
                            };
                            let expected = match () {
                                () if credentials.is_none() && host == "evil.example" => Some(421),
                                () if method != "GET" && !own => Some(403),
                                () => None,
                            };
                            let what = format!(
                                "{method} {path} {host} {origin:?} {site:?} {credentials:?}: {status}"
                            );
                            match expected {
                                Some(expected) => assert_eq!(status, expected, "{what}"),
                                None => assert!(!matches!(status, 401 | 403 | 421), "{what}"),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Something of everything that pages offer to act on.
fn inhabited() -> House {
    let house = House::new();
    house.connect(Hello { wid: "w-1234567", hostname: "box", pid: 42, labels: &["a"], rss_kb: 7 });
    house.push(&Job { jid: "job-working1", queue: "work", ..Job::default() });
    house.fetch("work");
    let failure = r#"{"errtype":"E","message":"boom"}"#;
    house.push_and_fail(&Job { jid: "job-failed01", queue: "fail", ..Job::default() }, failure);
    house.push(&Job::default());
    house
}

#[tokio::test]
async fn who_only_reads_sees_everything_and_is_offered_nothing() {
    let router = locked(&inhabited());
    for path in [
        "/",
        "/busy",
        "/queues",
        "/queues/default",
        "/throttles",
        "/retries",
        "/scheduled",
        "/morgue",
        "/recent",
        "/statistics",
        "/search?q=type:Mail",
        "/jobs/job-00000001",
        "/debug",
    ] {
        let page = seen(&router, path, VIEWER).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        // A language and a theme may be chosen, and nothing else be sent.
        page.says("action=\"/language\"").says("action=\"/theme\"");
        assert_eq!(page.body.matches("method=\"post\"").count(), 2, "{path}: {}", page.body);
        page.says_not("/tokens").says_not("/audit").says_not("checkbox");
        page.says_not("<button class=\"danger\"").says_not("class=\"button danger\"");
        seen(&router, path, ADMIN).await.says("/tokens").says("/audit");
    }
    let base = house_under("/jobs-board");
    for path in ["/audit", "/tokens"] {
        let page = seen(&base, &format!("/jobs-board{path}"), ADMIN).await;
        page.says(&format!("action=\"/jobs-board{path}\""))
            .says_not("href=\"/tokens")
            .says_not("href=\"/audit");
    }
}

fn house_under(base: &str) -> Router {
    House::new().router(Site { password: Some("password".into()), base_path: base.into(), ..Site::default() })
}

#[tokio::test]
async fn a_token_is_shown_once_kept_hashed_and_good_until_it_is_not() {
    let house = House::new();
    let router = locked(&house);
    let (bearer, id) = token(&router, "deploy", &["read"], Some(2)).await;
    let secret = bearer.rsplit('_').next().unwrap();
    assert_eq!(seen(&router, "/queues", &bearer).await.status, 200);
    let list = seen(&router, "/api/v1/tokens", ADMIN).await;
    list.says("deploy").says("\"used\":\"2026-01-02\"").says("2026-01-04T03:04:05Z").says_not(secret);
    seen(&router, "/tokens", ADMIN).await.says("deploy").says(&id).says_not(secret);
    for wrong in ["Bearer bsm_x_y", &format!("Bearer bsm_{id}_{}", "0".repeat(64)), "Bearer", "Bearer bsm__"]
    {
        assert_eq!(seen(&router, "/", wrong).await.status, 401, "{wrong}");
    }
    house.pass(Duration::from_secs(2 * 86_400));
    assert_eq!(seen(&router, "/queues", &bearer).await.status, 401, "it has expired");
    let (bearer, id) = token(&router, "other", &["read"], None).await;
    assert_eq!(seen(&router, "/queues", &bearer).await.status, 200);
    let path = format!("/api/v1/tokens/{id}");
    assert_eq!(json(&router, "DELETE", &path, ADMIN, "").await.status, 200);
    assert_eq!(seen(&router, "/queues", &bearer).await.status, 401, "it was revoked");
    assert_eq!(json(&router, "DELETE", &path, ADMIN, "").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn guessing_tokens_is_throttled_like_passwords_and_the_right_one_still_lets_in() {
    let router = locked(&House::new());
    let (bearer, _) = token(&router, "deploy", &["read"], None).await;
    for _ in 0..limits::WRONG_PASSWORDS {
        assert_eq!(seen(&router, "/", "Bearer bsm_x_y").await.status, 401);
    }
    for right in [&bearer, ADMIN, &bearer, ADMIN, &bearer, ADMIN] {
        assert_eq!(seen(&router, "/", right).await.status, 200);
    }
    // The clock of the house stands, so all of these have come at once.
    assert_eq!(seen(&router, "/", &bearer).await.status, 429);
    assert_eq!(seen(&router, "/", ADMIN).await.status, 429);
}

#[tokio::test]
async fn a_token_that_cannot_be_is_refused() {
    let router = locked(&House::new());
    let name = |count: usize| format!(r#"{{"name":"{}","scopes":["read"]}}"#, "x".repeat(count));
    let days = |days: u64| format!(r#"{{"name":"x","scopes":["read"],"days":{days}}}"#);
    for (body, status) in [
        (name(0), 400),
        (name(limits::TOKEN_NAME_MAX), 201),
        (name(limits::TOKEN_NAME_MAX + 1), 400),
        (days(0), 400),
        (days(limits::TOKEN_DAYS_MAX), 201),
        (days(limits::TOKEN_DAYS_MAX + 1), 400),
        (r#"{"name":"x","scopes":[]}"#.into(), 400),
        (r#"{"name":"x","scopes":["root"]}"#.into(), 400),
        (r#"{"name":"a\u0000b","scopes":["read"]}"#.into(), 400),
    ] {
        let made = json(&router, "POST", "/api/v1/tokens", ADMIN, &body).await;
        assert_eq!(made.status, status, "{}", made.body);
    }
    for _ in 2..limits::TOKENS_MAX {
        assert_eq!(json(&router, "POST", "/api/v1/tokens", ADMIN, &name(1)).await.status, 201);
    }
    let full = json(&router, "POST", "/api/v1/tokens", ADMIN, &name(1)).await;
    assert_eq!(full.status, 409);
    full.says("There are 1000 tokens");
}

#[tokio::test]
async fn without_a_password_everything_is_open_as_before() {
    let router = House::new().router(Site { viewer_password: Some("viewer".into()), ..Site::default() });
    assert_eq!(post(&router, "/busy", "wid=all&signal=quiet").await.status, 302);
    get(&router, "/tokens").await.says("No password is set");
}

#[tokio::test]
async fn every_change_is_in_the_audit_log_with_who_what_and_how_many() {
    let house = inhabited();
    let router = locked(&house);
    let form = |path: &str, body: &str| {
        let request = request("POST", path)
            .header(header::AUTHORIZATION, ADMIN)
            .header("content-type", "application/x-www-form-urlencoded");
        let (router, request) = (router.clone(), request.body(Body::from(body.to_owned())).unwrap());
        async move { assert_eq!(send(&router, request).await.status, 302) }
    };
    form("/queues/default", "action=pause").await;
    form("/queues/default", "action=clear&confirm=default").await;
    form("/busy", "wid=w-1234567&signal=quiet").await;
    form("/retries", "action=kill&key=all").await;
    let (bearer, id) = token(&router, "cron <b>", &["operate"], None).await;
    let act = |path: &str| json_owned(&router, "POST", format!("/api/v1{path}"), bearer.clone());
    assert_eq!(act("/jobs/job-failed01/retry").await, 200);
    assert_eq!(act("/queues/default/resume").await, 200);
    let log = seen(&router, "/api/v1/audit", ADMIN).await;
    let log: Value = serde_json::from_str(&log.body).unwrap();
    let told: Vec<String> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap().to_owned();
            let (who, role, by) = (text("who"), text("role"), text("by"));
            format!("{who} {role} {by}: {}, {}, {}", text("action"), text("object"), entry["count"])
        })
        .collect();
    assert_eq!(
        told,
        [
            "cron <b> token api: resume queue, default, 1".to_owned(),
            "cron <b> token api: retry, job job-failed01 in queue fail, 1".into(),
            format!("anna admin api: create token, {id} cron <b>, 1"),
            "anna admin page: kill, in retries all, 1".into(),
            "anna admin page: quiet worker, w-1234567, 1".into(),
            "anna admin page: clear queue, default, 1".into(),
            "anna admin page: pause queue, default, 1".into(),
        ]
    );
    let page = seen(&router, "/audit?q=TOKEN", ADMIN).await;
    page.says("cron &#60;b&#62;").says("create token").says_not("pause queue");
    let export = seen(&router, "/audit/export", ADMIN).await;
    assert!(export.header("content-disposition").starts_with("attachment"));
    assert_eq!(export.body.lines().count(), 7);
    assert!(export.body.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
}

async fn json_owned(router: &Router, method: &str, path: String, credentials: String) -> u16 {
    json(router, method, &path, &credentials, "").await.status
}

#[tokio::test]
async fn the_audit_log_is_paged_bounded_and_read_on_after_a_restart() {
    let house = House::new();
    house.push(&Job::default());
    let act = |router: Router, count: usize| async move {
        for _ in 0..count {
            assert_eq!(post(&router, "/queues/default", "action=pause").await.status, 302);
        }
    };
    act(house.router(Site::default()), limits::AUDIT_MAX - 10).await;
    // Another process goes on where the first stopped.
    let router = house.router(Site::default());
    act(router.clone(), 20).await;
    let export = get(&router, "/audit/export").await;
    assert_eq!(export.body.lines().count(), limits::AUDIT_MAX);
    let (mut cursor, mut pages, mut entries) = (String::new(), 0, 0);
    loop {
        let page = get(&router, &format!("/api/v1/audit?limit=100{cursor}")).await;
        let page: Value = serde_json::from_str(&page.body).unwrap();
        (pages, entries) = (pages + 1, entries + page["entries"].as_array().unwrap().len());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((pages, entries), (100, limits::AUDIT_MAX));
    get(&router, "/audit").await.says("10,000").says("rel=\"next\"");
    assert_eq!(get(&router, "/audit?from=x").await.status, 400);
}
