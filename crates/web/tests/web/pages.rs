//! What the pages say, and under which addresses (section 6).

use std::time::Duration;

use bessemer_core::Wall;
use bessemer_core::command::Hello;
use bessemer_web::Site;

use crate::house::{Answered, House, Job, START, get, page, redirected};

const TRACE: &str =
    r#"{"errtype":"Boom<b>","message":"it & broke","backtrace":["failure_worker.rs:12","main.rs:3"]}"#;

fn site() -> Site {
    Site {
        environment: "development".into(),
        binding: "localhost:7419".into(),
        version: "0.1.0".into(),
        ..Site::default()
    }
}

fn hello() -> Hello<'static> {
    Hello { wid: "w-1234567", hostname: "box", pid: 42, labels: &["rust", "<i>"], rss_kb: 0 }
}

#[tokio::test]
async fn every_page_has_the_summary_and_the_footer_v20() {
    let house = House::new();
    for n in 0..1_200 {
        house.push(&Job { jid: &format!("job-{n:08}"), ..Job::default() });
    }
    let router = house.router(site());
    for path in [
        "/",
        "/busy",
        "/queues",
        "/queues/default",
        "/retries",
        "/scheduled",
        "/morgue",
        "/debug",
        "/jobs/job-00000000",
    ] {
        let page = page(&router, path).await;
        page.says(r#"<li class="enqueued"><a href="/queues"><span class="count">1,200</span>"#)
            .says(r#"<li class="processed"><span class="count">0</span>"#)
            .says(r#"<span class="connections">3</span>"#)
            .says("Bessemer 0.1.0")
            .says("<bdi>localhost:7419</bdi>")
            .says("03:04:05 UTC")
            .says("development")
            .says(">idle</span>")
            .says_not("No password is set");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
    let open = house.router(Site { exposed: true, ..site() });
    page(&open, "/morgue").await.says("No password is set");
}

#[tokio::test]
async fn every_page_says_when_the_disk_is_full_or_durability_relaxed_g1_g13() {
    use bessemer_core::query::{Condition, Durability::Relaxed};
    const FULL: &str = "The disk is full";
    const RELAXED: &str = "Durability is relaxed";
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(site());
    let pages =
        ["/", "/busy", "/queues", "/queues/default", "/retries", "/morgue", "/jobs/job-00000001", "/debug"];
    for path in pages {
        page(&router, path).await.says_not(FULL).says_not(RELAXED);
    }
    house.stand(Condition { durability: Relaxed, disk_full: true, log: None });
    for path in pages {
        page(&router, path).await.says(FULL).says(RELAXED);
    }
    for path in ["/health", "/stats"] {
        page(&router, path).await.says(r#""durability":"relaxed","disk_full":true"#);
    }
}

#[tokio::test]
async fn a_job_that_waits_says_when_it_expires_e40() {
    const EXPIRES: &str = r#"Expires <time datetime="2026-01-02T05:04:05Z" title="2026-01-02T05:04:05Z">2 hours from now</time>"#;
    let house = House::new();
    let hours = |hours: u64| Some(START.after(Duration::from_secs(hours * 3_600)));
    let job = |jid, queue| Job { jid, queue, expires: hours(2), ..Job::default() };
    house.push(&job("code-0000001", "codes"));
    house.push(&Job { at: hours(1), ..job("code-0000002", "codes") });
    house.push_and_fail(&job("code-0000003", "again"), TRACE);
    house.push_and_fail(&Job { retry: -1, ..job("code-0000004", "dead") }, TRACE);
    house.push(&Job { jid: "lasting-0001", queue: "lasting", ..Job::default() });
    let router = house.router(site());
    for path in ["/queues/codes", "/scheduled", "/retries", "/search?q=queue:codes"] {
        page(&router, path).await.says(EXPIRES);
    }
    for jid in ["code-0000001", "code-0000002", "code-0000003", "code-0000004"] {
        page(&router, &format!("/jobs/{jid}")).await.says(EXPIRES);
        let told = get(&router, &format!("/api/v1/jobs/{jid}")).await;
        told.says(r#""expires_at":"2026-01-02T05:04:05Z""#);
    }
    // Nobody drops the dead, and others have no end.
    for path in ["/morgue", "/queues/lasting", "/jobs/lasting-0001"] {
        page(&router, path).await.says_not("Expires");
    }
    get(&router, "/api/v1/jobs/lasting-0001").await.says_not("expires_at");
    house.pass(Duration::from_secs(3 * 3_600));
    page(&router, "/jobs/code-0000004").await.says("Expired <time").says_not("Expires");
    assert_eq!(get(&router, "/jobs/code-0000001").await.status, 404);
}

#[tokio::test]
async fn debug_shows_the_log_of_the_store_where_there_is_one_v29() {
    use bessemer_core::query::{Condition, LogFigures};
    let house = House::new();
    let router = house.router(site());
    page(&router, "/debug").await.says_not("Log of the store");
    let log = LogFigures {
        segments: 1_234,
        disk_bytes: 12 << 30,
        live_bytes: 345 << 10,
        cleaned_at: Some(START),
        ..LogFigures::default()
    };
    house.stand(Condition { log: Some(log), ..Condition::default() });
    page(&router, "/debug")
        .await
        .says("Log of the store")
        .says("<dt>Segments</dt><dd class=\"\"><bdi>1,234</bdi>")
        .says("<bdi>12.0 GB</bdi>")
        .says("<bdi>345 KB</bdi>")
        .says("<dt>Last cleaning</dt><dd class=\"\"><bdi>2026-01-02T03:04:05Z</bdi>");
}

#[tokio::test]
async fn home_shows_history_and_server_figures_v21() {
    let house = House::new();
    house.push_and_fail(&Job::default(), TRACE);
    let router = house.router(site());
    let home = page(&router, "/?days=7").await;
    home.says("2026-01-02: 1 processed, 1 failed")
        .says("2025-12-27: 0 processed, 0 failed")
        .says(r#"data-live="commands">4,567</span>"#)
        .says(r#"data-live="uptime">2 d 0 h</span>"#)
        .says(r#"data-events="/events" data-stats="/stats""#);
    // The last ten minutes are drawn in the same way, whatever the days.
    let bars = |page: &Answered| page.body.matches("<g class=\"at\">").count();
    assert_eq!(bars(&page(&router, "/?days=100000").await) - bars(&home), 180 - 7);
}

#[tokio::test]
async fn busy_shows_processes_and_their_jobs_v22() {
    let house = House::new();
    house.connect(hello());
    house.beat("w-1234567");
    house.push(&Job { args: r#"["Stuart"]"#, ..Job::default() });
    house.fetch("default");
    house.pass(Duration::from_secs(20));
    let router = house.router(site());
    page(&router, "/busy")
        .await
        .says("<bdi>w-1234567</bdi>")
        .says("<bdi>box:42</bdi>")
        .says("<bdi>rust</bdi>")
        .says("<bdi>&#60;i&#62;</bdi>")
        .says("244 MB")
        .says("20 seconds ago")
        .says(r#"<a href="/jobs/job-00000001">"#)
        .says("&#34;Stuart&#34;")
        .says(">active</span>");
}

#[tokio::test]
async fn queues_are_listed_by_name_with_their_length_v23() {
    let house = House::new();
    for (n, queue) in ["b", "a", "b", ".."].into_iter().enumerate() {
        house.push(&Job { jid: &format!("job-{n:08}"), queue, ..Job::default() });
    }
    let router = house.router(site());
    let queues = page(&router, "/queues").await;
    queues.says(r#"href="/queues?name=..""#);
    let (a, b) = (queues.body.find("<bdi>a</bdi>").unwrap(), queues.body.find("<bdi>b</bdi>").unwrap());
    assert!(a < b && queues.body[b..].contains(r#"class="number">2</td>"#));
    page(&router, "/queues?name=..").await.says("job-00000003");
}

#[tokio::test]
async fn a_queue_shows_its_jobs_newest_first_25_at_a_time_v24() {
    let house = House::new();
    for n in 0..30 {
        house.push(&Job { jid: &format!("job-{n:08}"), ..Job::default() });
    }
    let router = house.router(site());
    let first = page(&router, "/queues/default").await;
    assert_eq!(first.body.matches(r#"name="bkey""#).count(), 25);
    assert!(first.body.find("job-00000029") < first.body.find("job-00000028"));
    first.says("1–25 of 30").says(r#"href="/queues/default?page=2""#).says_not("job-00000004");
    page(&router, "/queues/default?page=2").await.says("26–30 of 30").says("job-00000004");
    redirected(&get(&router, "/queues/unknown").await, "/queues");
}

#[tokio::test]
async fn retries_show_the_error_and_lead_to_the_stack_trace_v25_v28() {
    let house = House::new();
    house.push_and_fail(
        &Job { args: r#"[{"name":"x"}]"#, custom: Some(r#"{"locale":"en"}"#), ..Job::default() },
        TRACE,
    );
    let router = house.router(site());
    let list = page(&router, "/retries").await;
    list.says("Boom&#60;b&#62;: it &#38; broke").says("seconds from now");
    let start = list.body.find(r#"href="/retries/"#).expect("a link to the entry") + 6;
    let href = &list.body[start..start + list.body[start..].find('"').unwrap()];
    assert!(href.ends_with("%7Cjob-00000001"), "{href}");
    for path in [href, "/jobs/job-00000001"] {
        page(&router, path)
            .await
            .says("failure_worker.rs:12\nmain.rs:3\n")
            .says("Boom&#60;b&#62;")
            .says("it &#38; broke")
            .says("Waiting for its next retry")
            .says("{\n    &#34;name&#34;: &#34;x&#34;\n  }")
            .says("&#34;locale&#34;: &#34;en&#34;")
            .says(r#"<time datetime="2026-01-02T03:00:00Z""#)
            .says("4 minutes ago")
            .says("<dt>Retries left</dt><dd>25</dd>")
            .says(r#"value="retry""#)
            .says(r#"value="delete""#)
            .says(r#"value="kill""#);
    }
}

#[tokio::test]
async fn scheduled_and_dead_jobs_have_their_pages_v26_v27() {
    let house = House::new();
    house.push(&Job {
        jid: "later-0001",
        at: Some(START.after(Duration::from_secs(7_200))),
        ..Job::default()
    });
    house.push_and_fail(&Job { jid: "never-0001", retry: -1, ..Job::default() }, TRACE);
    let router = house.router(site());
    page(&router, "/scheduled").await.says("later-0001").says("2 hours from now").says("Add to queue");
    page(&router, "/jobs/later-0001").await.says("Not enqueued yet");
    page(&router, "/morgue")
        .await
        .says("never-0001")
        .says("Boom&#60;b&#62;: it &#38; broke")
        .says("just now");
    page(&router, "/jobs/never-0001").await.says("<h2>Dead</h2>").says_not(r#"value="kill""#);
}

#[tokio::test]
async fn an_entry_that_is_gone_leads_to_its_list_v10() {
    let router = House::new().router(site());
    for set in ["retries", "scheduled", "morgue"] {
        let gone = get(&router, &format!("/{set}/2026-01-02T03:04:05Z%7Cjob-00000001")).await;
        assert_eq!((gone.status, gone.header("location")), (307, format!("/{set}").as_str()));
        let bad = get(&router, &format!("/{set}/nonsense%3Cb%3E")).await;
        assert_eq!(bad.status, 400);
        bad.says("invalid key").says("nonsense&#60;b&#62;");
    }
    let gone = get(&router, "/jobs/job-00000001").await;
    assert_eq!(gone.status, 404);
    gone.says("There is no live job job-00000001");
}

#[tokio::test]
async fn every_live_job_of_one_jid_is_on_its_page() {
    let house = House::new();
    for queue in ["a", "b"] {
        house.push(&Job { jid: "twin-0001|+/?", queue, ..Job::default() });
    }
    let router = house.router(site());
    let twins = page(&router, "/jobs/twin-0001%7C%2B%2F%3F").await;
    assert_eq!(twins.body.matches("<article").count(), 2);
    twins.says(r#"action="/jobs/twin-0001%7C%2B%2F%3F""#);
}

#[tokio::test]
async fn a_huge_job_is_cut_and_can_be_saved_whole() {
    let house = House::new();
    let huge = format!("[\"{}\", 1]", "ü".repeat(8 * 1024 * 1024));
    for n in 0..3 {
        house.push(&Job { jid: &format!("huge-{n:04}"), args: &huge, ..Job::default() });
    }
    let router = house.router(site());
    let list = page(&router, "/queues/default").await;
    assert!(list.body.len() < 64 * 1024, "{} bytes", list.body.len());
    let job = page(&router, "/jobs/huge-0001").await;
    assert!(job.body.len() < 64 * 1024, "{} bytes", job.body.len());
    job.says("…");
    let start = job.body.find("/jobs/huge-0001/raw?id=").expect("a link to the raw job");
    let href = &job.body[start..start + job.body[start..].find('"').unwrap()];
    let raw = page(&router, href).await;
    assert!(raw.body.contains(&huge));
    assert_eq!(raw.header("content-type"), "text/plain; charset=utf-8");
    assert!(raw.header("content-disposition").starts_with("attachment; filename=\"job-"));
    assert_eq!(raw.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn stats_and_health_say_what_scripts_read() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site { password: Some("p".into()), ..site() });
    let health = page(&router, "/health").await;
    assert_eq!(
        (health.header("content-type"), health.header("cache-control")),
        ("application/json", "no-cache")
    );
    let health: serde_json::Value = serde_json::from_str(&health.body).unwrap();
    assert_eq!(
        health,
        serde_json::json!({"now": "2026-01-02T03:04:05Z", "server": {
            "description": "Bessemer 0.1.0", "faktory_version": "1.10.0", "connections": 3, "command_count": 4567,
            "durability": "strict", "disk_full": false, "memory_full": false}})
    );
    assert_eq!(get(&router, "/stats").await.status, 401);
    page(&router, "/health/live").await;
    page(&router, "/health/ready").await;

    let open = house.router(site());
    let stats = page(&open, "/stats").await;
    assert_eq!(
        (stats.header("content-type"), stats.header("cache-control")),
        ("application/json", "no-cache")
    );
    let stats: serde_json::Value = serde_json::from_str(&stats.body).unwrap();
    assert_eq!(stats["faktory"]["queues"], serde_json::json!({"default": 1}));

    house.close();
    assert_eq!(get(&open, "/health/ready").await.status, 503);
    assert_eq!(get(&open, "/health/live").await.status, 200);
    let gone = get(&open, "/retries").await;
    assert_eq!(gone.status, 503);
    gone.says("The server is shutting down");
}

#[tokio::test]
async fn the_last_time_there_is_can_be_shown() {
    let house = House::new();
    house.push(&Job { at: Some(Wall::LAST), ..Job::default() });
    page(&house.router(site()), "/scheduled").await.says("years from now").says(&Wall::LAST.rfc3339());
}
