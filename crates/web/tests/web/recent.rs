//! The pages Recent and Statistics.

use std::time::Duration;

use axum::body::Body;
use bessemer_core::command::Hello;
use bessemer_web::{Dashboard, Site, limits};
use tower::ServiceExt;

use crate::house::{House, Job, START, get, next_of, page, post, redirected, request, send};

/// A worker, two jobs of type Mail that are done, and one of type Report that failed.
fn worked() -> House {
    let house = House::new();
    house.connect(Hello { wid: "w-17", hostname: "host", pid: 1, labels: &[], rss_kb: 1 });
    for jid in ["mail-0000001", "mail-0000002"] {
        house.push(&Job { jid, ..Job::default() });
        house.pass(Duration::from_secs(2));
        house.fetch("default");
        house.pass(Duration::from_millis(250));
        house.ack(jid);
    }
    let report = Job { jid: "report-00001", jobtype: "Report", queue: "slow", ..Job::default() };
    house.push_and_fail(&report, r#"{"errtype":"Timeout<b>","message":"m"}"#);
    house
}

#[tokio::test]
async fn recent_shows_how_the_last_jobs_ended_newest_first() {
    let router = worked().router(Site::default());
    let recent = page(&router, "/recent").await;
    for text in [
        "Mail",
        "mail-0000001",
        "w-17",
        "250 ms",
        "2.0 s",
        "slow",
        "Timeout&#60;b&#62;",
        "/recent?find=report-00001",
    ] {
        recent.says(text);
    }
    let place = |text: &str| recent.body.find(text).unwrap();
    assert!(place("report-00001") < place("mail-0000002") && place("mail-0000002") < place("mail-0000001"));
    page(&House::new().router(Site::default()), "/recent").await.says("since the server started");
}

#[tokio::test]
async fn recent_is_narrowed_by_type_queue_jid_and_outcome() {
    let router = worked().router(Site::default());
    for (query, shown, hidden) in [
        ("type=Mail", "mail-0000001", "report-00001"),
        ("queue=slow", "report-00001", "mail-0000001"),
        ("jid=mail-0000002", "mail-0000002", "mail-0000001"),
        ("outcome=failed", "report-00001", "mail-0000001"),
        ("type=Mail&queue=&jid=&outcome=done", "mail-0000001", "report-00001"),
    ] {
        page(&router, &format!("/recent?{query}")).await.says(shown).says_not(hidden);
    }
    page(&router, "/recent?type=Mail&outcome=failed").await.says("None of the last");
    let bad = get(&router, "/recent?outcome=happy").await;
    assert_eq!(bad.status, 400);
    bad.says("no outcome is called happy");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_nobody_worked_on_in_time_is_there_too_e40() {
    let house = worked();
    let dashboard = Dashboard::new(house.clone(), Site::default());
    let keeper = tokio::spawn(dashboard.keep_watch());
    let expires = Some(START.after(Duration::from_secs(3_600)));
    house.push(&Job { jid: "code-0000001", jobtype: "Code", queue: "codes", expires, ..Job::default() });
    let router = dashboard.router();
    page(&router, "/recent").await.says_not("/queues/codes");
    house.pass(Duration::from_secs(3_601));
    let row = ["/queues/codes", "/recent?type=Code", "not run in time", "no report"];
    let recent = page(&router, "/recent?outcome=overdue").await;
    recent.says_not("mail-0000001");
    row.into_iter().for_each(|text| _ = recent.says(text));
    page(&router, "/recent?queue=codes").await.says("not run in time");
    page(&router, "/recent?jid=mail-0000001").await.says_not("/queues/codes");
    // Its jid is looked up behind.
    tokio::time::sleep(Duration::from_secs(2)).await; // of the paused clock
    page(&router, "/recent?jid=code-0000001").await.says("code-0000001").says("not run in time");
    page(&router, "/jobs/code-0000001").await.says("This job is no longer here").says("not run in time");
    let listed = async |query: &str| -> serde_json::Value {
        serde_json::from_str(&get(&router, &format!("/api/v1/recent{query}")).await.body).unwrap()
    };
    let missed = serde_json::json!([{"jid": "code-0000001", "queue": "codes", "type": "Code", "at": "2026-01-02T04:04:10.5Z", "outcome": "overdue"}]);
    for (query, attempts, overdue) in
        [("", 3, 1), ("?outcome=overdue", 0, 1), ("?outcome=done", 2, 0), ("?jid=code-0000001", 0, 1)]
    {
        let listed = listed(query).await;
        assert_eq!(listed["attempts"].as_array().unwrap().len(), attempts, "{query}");
        assert_eq!(listed["overdue"].as_array().unwrap().len(), overdue, "{query}");
        assert!(overdue == 0 || listed["overdue"] == missed, "{listed}");
    }
    keeper.abort();
}

#[tokio::test]
async fn what_was_said_of_a_job_that_is_not_kept_is_kept_for_a_while() {
    let house = House::new();
    for (jid, retry) in [("never-again1", 0), ("once-more-01", 1)] {
        let text = format!(r#"{{"errtype":"Boom","message":"no \"<b>\" for {jid} {}"}}"#, "x".repeat(300));
        house.push_and_fail(&Job { jid, retry, ..Job::default() }, &text);
    }
    let router = house.router(Site::default());
    let recent = page(&router, "/recent").await;
    recent.says("Boom: no &#34;&#60;b&#62;&#34; for never-again1 xxx").says_not("for once-more-01");
    assert!(!recent.body.contains(&"x".repeat(200)), "200 characters are kept");
    page(&router, "/jobs/never-again1").await.says("for never-again1");
    page(&router, "/jobs/once-more-01").await.says("for once-more-01");
}

#[tokio::test]
async fn a_jid_leads_to_the_job_wherever_it_is_or_to_what_became_of_it() {
    let router = worked().router(Site::default());
    redirected(&get(&router, "/recent?find=report-00001").await, "/jobs/report-00001");
    page(&router, "/recent?find=mail-0000001").await.says("mail-0000001").says("it has ended").says("250 ms");
    page(&router, "/recent?find=nothing-like-it").await.says("none has it").says_not("stands below");
    for (word, path) in [("mail-0000001", "/jobs/mail-0000001"), ("jid:mail-0000001", "/jobs/mail-0000001")] {
        redirected(&get(&router, &format!("/search?q={word}")).await, path);
    }
    let ended = page(&router, "/jobs/mail-0000001").await;
    ended.says("This job is no longer here").says("250 ms").says("w-17").says("/recent?jid=mail-0000001");
    ended.says_not(" data-live=\"recent").says_not("mail-0000002");
    page(&router, "/recent?find=").await.says("mail-0000001");
}

#[tokio::test]
async fn the_page_of_a_job_says_that_it_has_ended_when_it_looks_again() {
    let house = worked();
    house.push(&Job::default());
    house.fetch("default");
    let router = house.router(Site::default());
    let again = async || {
        let request = request("GET", "/jobs/job-00000001").header("hx-request", "true");
        send(&router, request.body(Body::empty()).unwrap()).await
    };
    again().await.says("<h2>Being worked on</h2>").says(r#" data-live>"#);
    house.ack("job-00000001");
    let ended = again().await;
    assert_eq!(ended.status, 200, "an error would be one in the console, too");
    ended.says("This job is no longer here").says(">done<").says_not(" data-live>");
    for n in 0..limits::ROWS * 40 {
        let jid = format!("mail-{n:08}");
        house.push(&Job { jid: &jid, ..Job::default() });
        house.fetch("default");
        house.ack(&jid);
    }
    let forgotten = again().await;
    assert_eq!(forgotten.status, 200);
    forgotten.says("only the last 1,000 jobs are remembered").says_not(" data-live>");
    let lost = get(&router, "/jobs/job-00000001").await;
    assert_eq!(lost.status, 404, "whoever comes by a link is told that it leads nowhere");
    lost.says("it has ended, or never was").says(r#"role="search""#).says(r#"href="/recent""#);
}

#[tokio::test]
async fn recent_has_pages_that_keep_the_filter_v11() {
    let house = House::new();
    for i in 0..120 {
        let jid = format!("job-{i:08}");
        house.push(&Job { jid: &jid, ..Job::default() });
        house.fetch("default");
        house.ack(&jid);
    }
    let router = house.router(Site::default());
    let first = page(&router, "/recent?type=Mail").await;
    first
        .says("job-00000119")
        .says("job-00000020")
        .says_not("job-00000019")
        .says("/recent?type=Mail&#38;page=2");
    page(&router, "/recent?type=Mail&page=2").await.says("job-00000019").says_not("job-00000020");
    assert_eq!(get(&router, "/recent?page=0").await.status, 400);
}

#[tokio::test]
async fn statistics_tell_types_and_queues_apart_in_every_span() {
    let router = worked().router(Site::default());
    for span in ["1h", "24h", "7d", "30d"] {
        let all = page(&router, &format!("/statistics?span={span}")).await;
        for text in ["Mail", "Report", "slow", "100 %", "3 processed and 1 failed"] {
            all.says(text);
        }
        all.says(&format!("/statistics/types/Mail?span={span}"));
        let mail = page(&router, &format!("/statistics/types/Mail?span={span}")).await;
        mail.says("2 processed and 0 failed").says_not("Report").says("class=\"line s4\"");
        page(&router, &format!("/statistics/queues/slow?span={span}")).await.says("1 processed and 1 failed");
    }
    let bad = get(&router, "/statistics?span=1y").await;
    assert_eq!(bad.status, 400);
    bad.says("a span is one of 1h, 24h, 7d, 30d, not 1y");
    assert_eq!(get(&router, "/statistics/types/None").await.status, 404);
    page(&House::new().router(Site::default()), "/statistics").await.says("Nothing ended in this span");
}

#[tokio::test]
async fn names_that_no_path_can_hold_have_a_page_too() {
    let house = House::new();
    for jobtype in ["..", "a/b?c", "<b>"] {
        house.push(&Job { jobtype, ..Job::default() });
        house.fetch("default");
        house.ack("job-00000001");
    }
    let router = house.router(Site::default());
    let all = page(&router, "/statistics").await;
    for path in ["/statistics?types=..", "/statistics/types/a%2Fb%3Fc", "/statistics/types/%3Cb%3E"] {
        all.says(&path.replace('&', "&#38;"));
        page(&router, path).await.says("1 processed and 0 failed");
    }
}

#[tokio::test]
async fn a_mark_is_set_and_drawn_and_leads_back() {
    let router = worked().router(Site::default());
    let form = "text=v1.2+%3Cb%3E&types=Mail&span=1h";
    redirected(&post(&router, "/statistics/marks", form).await, "/statistics/types/Mail?span=1h");
    redirected(&post(&router, "/statistics/marks", "text=x").await, "/statistics?span=24h");
    let mail = page(&router, "/statistics/types/Mail?span=1h").await;
    mail.says("v1.2 &#60;b&#62;").says("class=\"mark\"");
    for (text, why) in [(String::new(), "A mark needs a text"), ("ä".repeat(201), "200 characters at most")]
    {
        let refused = post(&router, "/statistics/marks", &format!("text={text}")).await;
        assert_eq!(refused.status, 400);
        refused.says(why);
    }
    assert_eq!(post(&router, "/statistics/marks", &format!("text={}", "ä".repeat(200))).await.status, 302);
    assert_eq!(post(&router, "/statistics/marks", "text=x&span=9d").await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn whoever_listens_is_told_each_second_and_one_too_many_is_refused() {
    let limits = limits::Limits { events_max: 1, ..limits::Limits::default() };
    let house = worked();
    let dashboard = Dashboard::new(house.clone(), Site { limits, ..Site::default() });
    let keeper = tokio::spawn(dashboard.keep_watch());
    let router = dashboard.router();
    let listen = async |path| {
        let request = request("GET", path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap()
    };
    let response = listen("/api/v1/events").await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    for path in ["/events", "/api/v1/events"] {
        assert_eq!(listen(path).await.status(), 503, "{path}: pages and scripts count together");
    }
    let mut body = response.into_body();
    let mut told = String::new();
    while !told.contains("event: changed") {
        told += std::str::from_utf8(&next_of(&mut body).await).unwrap();
    }
    for text in
        ["retry: 2000", "event: tick", "\"processed\":3,\"failures\":1", "\"queues\"", "\"retries\":1"]
    {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    drop(body);
    assert_eq!(listen("/events").await.status(), 200, "who has left makes room");
    keeper.abort();
}

#[tokio::test(start_paused = true)]
async fn the_first_look_at_the_queues_knows_how_fast_they_are() {
    let house = House::new();
    house.push(&Job::default());
    let dashboard = Dashboard::new(house.clone(), Site::default());
    let keeper = tokio::spawn(dashboard.keep_watch());
    tokio::time::sleep(Duration::from_secs(1)).await; // of the paused clock: the server has looked
    house.pass(Duration::from_secs(6));
    for n in 0..60 {
        house.push(&Job { jid: &format!("mail-{n:06}"), ..Job::default() });
    }
    for n in 0..12 {
        house.fetch("default");
        house.ack(&if n == 0 { "job-00000001".into() } else { format!("mail-{:06}", n - 1) });
    }
    let router = dashboard.router();
    page(&router, "/queues").await.says(">10/s<").says(">2/s<");
    // Its parts stay in order from right to left.
    let arabic = request("GET", "/queues").header("cookie", "faktory_locale=ar");
    send(&router, arabic.body(Body::empty()).unwrap()).await.says(">\u{2066}10/s\u{2069}<");
    keeper.abort();
}
