//! Who is let in and who is not (`guarantees.md` 3.5 and 5.2; rows are those of its catalogue).

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use bessemer_web::{Site, limits};

use crate::house::{Answered, House, Job, get, page, post, redirected, request, send};

const FORM: &str = "application/x-www-form-urlencoded";

async fn with(router: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Answered {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(router, request.body(Body::empty()).unwrap()).await
}

/// As if the request had come from this address.
async fn from(router: &Router, address: &str, path: &str, headers: &[(&str, &str)]) -> Answered {
    let mut request = request("GET", path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo::<SocketAddr>(address.parse().unwrap()));
    send(router, request).await
}

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    let house = House::new();
    house.push(&Job::default());
    let open = house.router(Site::default());
    let locked = house.router(Site { password: Some("p".into()), ..Site::default() });
    let mut all = Vec::new();
    for path in
        ["/", "/busy", "/queues", "/queues/default", "/queues/none", "/retries", "/scheduled", "/morgue"]
    {
        all.push(get(&open, path).await);
    }
    for path in [
        "/jobs/job-00000001",
        "/jobs/job-00000001/raw",
        "/stats",
        "/health",
        "/health/ready",
        "/metrics",
        "/debug",
        "/docs",
    ] {
        all.push(get(&open, path).await);
    }
    for path in [
        "/api/v1/info",
        "/api/v1/none",
        "/static/bessemer.css",
        "/static/none.css",
        "/none",
        "/retries?page=x",
        "/jobs/%ff",
    ] {
        all.push(get(&open, path).await);
    }
    all.push(get(&locked, "/").await);
    all.push(post(&open, "/", "").await);
    all.push(post(&open, "/busy", "signal=x").await);
    all.push(with(&open, "GET", "/", &[("host", "evil.example")]).await);
    all.push(with(&open, "POST", "/busy", &[("host", "localhost"), ("sec-fetch-site", "cross-site")]).await);
    house.close();
    all.push(get(&open, "/").await);
    for answered in &all {
        assert_eq!(
            answered.header("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-language", "en"),
        ] {
            assert_eq!(answered.header(name), value, "{name} of {answered:?}");
        }
        assert!(
            !answered.header("cache-control").is_empty() && !answered.header("permissions-policy").is_empty()
        );
        assert!(!answered.headers.keys().any(|name| name.as_str().starts_with("access-control")));
    }
    let mut statuses: Vec<u16> = all.iter().map(|answered| answered.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [200, 302, 400, 401, 403, 404, 405, 421, 503]);
}

#[tokio::test]
async fn pages_out_of_range_do_no_harm_row_90() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    for path in ["/retries", "/scheduled", "/morgue", "/queues", "/queues/default", "/busy"] {
        for page in ["0", "-1", "9223372036854775808000", "x", "", "1.5"] {
            let answered = get(&router, &format!("{path}?page={page}")).await;
            assert_eq!(answered.status, 400, "{path}?page={page}");
        }
        for page in ["1000000000", "18446744073709551615"] {
            assert_eq!(get(&router, &format!("{path}?page={page}")).await.status, 200, "{path}?page={page}");
        }
    }
}

#[tokio::test]
async fn oversized_requests_are_refused_row_93() {
    let router = House::new().router(Site::default());
    let sized = |bytes: usize| format!("wid={}", "x".repeat(bytes - 4));
    assert_eq!(
        post(&router, "/busy", &format!("signal=quiet&{}", sized(limits::BODY_MAX - 13))).await.status,
        302
    );
    assert_eq!(post(&router, "/busy", &sized(limits::BODY_MAX + 1)).await.status, 413);
    assert_eq!(post(&router, "/busy", &"a&".repeat(limits::FIELDS_MAX + 1)).await.status, 400);
    let path = |bytes: usize| format!("/?{}", "x".repeat(bytes - 2));
    assert_eq!(get(&router, &path(limits::URI_MAX)).await.status, 200);
    assert_eq!(get(&router, &path(limits::URI_MAX + 1)).await.status, 414);
    let long = "x".repeat(limits::HEADERS_MAX);
    assert_eq!(with(&router, "GET", "/health", &[("x-filler", &long)]).await.status, 431);
    let json = request("POST", "/busy")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(send(&router, json).await.status, 415);
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_given_up_row_93() {
    let router = House::new().router(Site::default());
    let body = Body::from_stream(Never);
    let request = request("POST", "/busy").header(header::CONTENT_TYPE, FORM).body(body).unwrap();
    let answered = send(&router, request).await;
    assert_eq!((answered.status, answered.header("connection")), (408, "close"));
}

/// A body that never ends.
struct Never;

impl futures_core::Stream for Never {
    type Item = Result<&'static str, std::io::Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_answer_is_not_ready_and_holds_up_only_its_askers() {
    let router = bessemer_web::router(Stuck::default(), Site::default());
    assert_eq!(get(&router, "/health/ready").await.status, 503);
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..limits::RUNNING_MAX + 1 {
        let router = router.clone();
        waiting.spawn(async move { get(&router, "/retries").await.status });
    }
    for path in ["/health", "/health/live", "/static/live.js"] {
        page(&router, path).await;
    }
    while let Some(status) = waiting.join_next().await {
        assert_eq!(status.unwrap(), 408);
    }
}

/// An engine that never answers.
#[derive(Clone, Default)]
pub(crate) struct Stuck(std::sync::Arc<bessemer_web::Watch>);

impl bessemer_web::Front for Stuck {
    async fn ask(&self, _: bessemer_core::Query) -> Result<bessemer_core::Answer, bessemer_store::Gone> {
        std::future::pending().await
    }

    fn read(
        &self,
        _: &[bessemer_core::Span],
        _: bessemer_store::Tell<'_>,
    ) -> Result<(), bessemer_store::Gone> {
        unreachable!("who never answers is asked for no texts")
    }

    async fn act(&self, _: bessemer_core::Action) -> Result<u64, bessemer_web::Undone> {
        std::future::pending().await
    }

    async fn push(
        &self,
        _: String,
    ) -> Result<Result<Vec<bessemer_web::Pushed>, bessemer_web::Refused>, bessemer_store::Gone> {
        std::future::pending().await
    }

    fn figures(&self) -> bessemer_core::query::ServerFigures {
        bessemer_core::query::ServerFigures::default()
    }

    fn watch(&self) -> &bessemer_web::Watch {
        &self.0
    }

    fn pulse(&self) -> bessemer_web::Pulse {
        bessemer_web::Pulse::default()
    }

    fn now(&self) -> bessemer_core::Wall {
        crate::house::START
    }
}

#[tokio::test]
async fn a_foreign_host_is_misdirected_row_94() {
    let house = House::new();
    let router = house.router(Site { hosts: vec!["jobs.example.com".into()], ..Site::default() });
    for host in [
        "localhost",
        "LOCALHOST:7420",
        "127.0.0.1:7420",
        "[::1]:7420",
        "jobs.example.com.",
        "Jobs.Example.Com",
    ] {
        assert_eq!(with(&router, "GET", "/", &[("host", host)]).await.status, 200, "{host}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "", "localhost:x"] {
        let refused = with(&router, "GET", "/stats", &[("host", host)]).await;
        assert_eq!(refused.status, 421, "{host}");
        refused.says("hosts");
    }
    assert_eq!(with(&router, "GET", "/", &[]).await.status, 421);
    assert_eq!(
        with(&router, "GET", "/", &[("host", "localhost"), ("host", "evil.example")]).await.status,
        421
    );
    assert_eq!(with(&router, "GET", "/health", &[("host", "evil.example")]).await.status, 200);
    let locked = house.router(Site { password: Some("p".into()), ..Site::default() });
    let foreign =
        with(&locked, "GET", "/", &[("host", "evil.example"), ("authorization", "Basic OnA=")]).await;
    assert_eq!(foreign.status, 200);
}

#[tokio::test]
async fn a_change_from_another_site_is_refused_v03() {
    let house = House::new();
    let router = house.router(Site::default());
    let change = async |headers: &[(&str, &str)]| {
        let mut all = vec![("host", "localhost:7420"), ("content-type", FORM)];
        all.extend(headers);
        with(&router, "POST", "/busy?", &all).await.status
    };
    for own in [&[][..], &[("sec-fetch-site", "same-origin")], &[("origin", "http://localhost:7420")]] {
        assert_eq!(change(own).await, 400, "{own:?}"); // let in; the form is empty
    }
    for foreign in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "null")],
        &[("origin", "http://evil.example")],
        &[("origin", "http://localhost:7421")],
    ] {
        assert_eq!(change(foreign).await, 403, "{foreign:?}");
        let mut all = vec![("host", "localhost:7420")];
        all.extend(foreign);
        assert_eq!(with(&router, "GET", "/busy", &all).await.status, 200, "{foreign:?}");
    }
}

#[tokio::test]
async fn only_a_trusted_proxy_may_name_the_base_path_row_96() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    let named = [("x-script-name", "/faktory")];
    let proxied = from(&router, "127.0.0.1:5", "/faktory/queues", &named).await;
    assert_eq!(proxied.status, 200);
    proxied.says(r#"href="/faktory/queues/default""#).says(r#"href="/faktory/static/bessemer.css"#);
    assert_eq!(from(&router, "[::1]:5", "/queues", &named).await.status, 200);
    redirected(&from(&router, "127.0.0.1:5", "/faktory/queues/none", &named).await, "/faktory/queues");
    let stranger = from(&router, "192.0.2.1:5", "/queues", &named).await;
    stranger.says(r#"href="/queues/default""#).says_not("faktory/");
    for bad in ["//evil.example", "\"><script>", "/a/../b", "http://evil.example"] {
        let answered = from(&router, "127.0.0.1:5", "/queues", &[("x-script-name", bad)]).await;
        answered.says(r#"href="/queues/default""#).says_not("evil").says_not("<script>");
    }
    let based = house.router(Site { base_path: "/jobs-board".into(), ..Site::default() });
    page(&based, "/jobs-board/queues").await.says(r#"href="/jobs-board/queues/default""#);
    page(&based, "/jobs-board").await.says(r#"data-stats="/jobs-board/stats""#);
}

#[tokio::test]
async fn paths_lead_nowhere_but_to_pages_row_97() {
    let router = House::new().router(Site::default());
    for path in [
        "/static/../Cargo.toml",
        "/static/%2e%2e/Cargo.toml",
        "/static/..%2fCargo.toml",
        "/static/..%5cCargo.toml",
        "/static/live.js%00.css",
        "/static/",
        "/static/sub/live.js",
        "/queues/a%2Fb",
        "/queues/%00",
        "/queues/%252e",
        "/queues/a b".replace(' ', "%20").as_str(),
        "/jobs/%00",
        "/../etc/passwd",
        "//evil.example",
    ] {
        assert_eq!(get(&router, path).await.status, 404, "{path}");
    }
    for path in ["/queues/%ff", "/jobs/%ff%fe", "/retries/%ff"] {
        assert_eq!(get(&router, path).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn the_password_is_asked_for_everywhere_but_static_and_health_v02_row_99() {
    let house = House::new();
    let router = house.router(Site { password: Some("s3cret".into()), ..Site::default() });
    let right = ("authorization", "Basic YW55Ym9keTpzM2NyZXQ="); // anybody:s3cret
    for path in [
        "/",
        "/busy",
        "/queues",
        "/queues/x",
        "/retries",
        "/scheduled",
        "/morgue",
        "/stats",
        "/metrics",
        "/debug",
        "/docs",
        "/none",
    ] {
        let answered = get(&router, path).await;
        assert_eq!(answered.status, 401, "{path}");
        assert!(answered.header("www-authenticate").starts_with("Basic realm=\"Faktory\""));
        answered.says("Authorization required");
        let let_in = with(&router, "GET", path, &[("host", "localhost"), right]).await;
        assert_ne!(let_in.status, 401, "{path}");
    }
    for path in ["/static/bessemer.css", "/health", "/health/live", "/health/ready"] {
        assert_eq!(get(&router, path).await.status, 200, "{path}");
    }
    assert_eq!(post(&router, "/busy", "wid=all&signal=quiet").await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn guessing_is_throttled_by_address_and_the_right_password_still_lets_in_row_99() {
    let house = House::new();
    let router = house.router(Site { password: Some("s3cret".into()), ..Site::default() });
    let wrong = ("authorization", "Basic Onk=");
    let right = ("authorization", "Basic OnMzY3JldA==");
    for _ in 0..limits::WRONG_PASSWORDS {
        from(&router, "192.0.2.1:1", "/", &[wrong]).await.says("Authorization failed");
    }
    let since = tokio::time::Instant::now();
    for (sent, status) in [(wrong, 401), (right, 200), (wrong, 401), (right, 200), (wrong, 401), (wrong, 401)]
    {
        assert_eq!(from(&router, "192.0.2.1:2", "/", &[sent]).await.status, status);
    }
    // The clock of the house stands: it is as if all of them had come at once.
    assert_eq!(since.elapsed().as_secs(), 1 + 2 + 3 + 4 + 5);
    for sent in [wrong, right, ("authorization", "Bearer bt_0123456789abcdef_x")] {
        let throttled = from(&router, "192.0.2.1:2", "/", &[sent]).await;
        assert_eq!((throttled.status, throttled.header("retry-after")), (429, "1"));
    }
    assert_eq!(from(&router, "192.0.2.2:1", "/", &[right]).await.status, 200);
    assert_eq!(from(&router, "192.0.2.1:1", "/", &[]).await.status, 401, "who says nothing guesses nothing");
    // Behind a proxy the guesser is throttled and not the proxy.
    for n in 0..limits::WRONG_PASSWORDS + 7 {
        let status = from(&router, "127.0.0.1:1", "/", &[wrong, ("x-forwarded-for", "6.6.6.6, 192.0.2.3")])
            .await
            .status;
        assert_eq!(status, if n < limits::WRONG_PASSWORDS + 6 { 401 } else { 429 });
    }
    assert_eq!(
        from(&router, "127.0.0.1:1", "/", &[right, ("x-forwarded-for", "192.0.2.4")]).await.status,
        200
    );
    // A header of somebody who is no proxy is not believed.
    let liar = from(&router, "192.0.2.1:1", "/", &[right, ("x-forwarded-for", "192.0.2.5")]).await;
    assert_eq!(liar.status, 429);
}
