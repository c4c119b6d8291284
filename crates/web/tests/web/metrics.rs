//! `/metrics` through the router (`D16`): valid to the letter, and saying what is.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bessemer_core::query::{Condition, Durability};
use bessemer_web::Site;

use crate::house::{House, Job, get, page, request, send};
use crate::openmetrics::{Exposition, parse};

async fn scrape(router: &Router) -> Exposition {
    parse(&page(router, "/metrics").await.body)
}

#[tokio::test]
async fn a_scrape_shows_jobs_by_state_and_queue() {
    let house = House::new();
    let router = house.router(Site { version: "1.2.3".into(), ..Site::default() });
    for (n, queue) in ["default", "default", "mail"].into_iter().enumerate() {
        house.push(&Job { jid: &format!("job-0000000{n}"), queue, ..Job::default() });
    }
    house.push_and_fail(&Job { jid: "job-00000009", queue: "bad", ..Job::default() }, "{}");
    house.pass(Duration::from_millis(1_500));
    house.fetch("mail");
    house.stand(Condition { durability: Durability::Relaxed, disk_full: true });
    let found = scrape(&router).await;
    for (state, count) in
        [("enqueued", 2.0), ("working", 1.0), ("retries", 1.0), ("scheduled", 0.0), ("dead", 0.0)]
    {
        assert_eq!(found.value("bessemer_jobs", &[("state", state)]), count, "{state}");
    }
    for (queue, jobs, age) in [("default", 2.0, 1.5), ("mail", 0.0, 0.0), ("bad", 0.0, 0.0)] {
        let queue = [("queue", queue)];
        assert_eq!(found.value("bessemer_queue_jobs", &queue), jobs);
        assert_eq!(found.value("bessemer_queue_oldest_age_seconds", &queue), age);
        assert_eq!(found.value("bessemer_queue_paused", &queue), 0.0);
    }
    assert_eq!(found.value("bessemer_jobs_accepted_total", &[]), 4.0);
    assert_eq!(found.value("bessemer_jobs_failed_total", &[]), 1.0);
    assert_eq!(found.value("bessemer_rejected_total", &[("reason", "json")]), 1_234.0);
    assert_eq!(found.value("bessemer_durability", &[("mode", "relaxed")]), 1.0);
    assert_eq!(found.value("bessemer_durability", &[("mode", "strict")]), 0.0);
    assert_eq!(found.value("bessemer_disk_full", &[]), 1.0);
    assert_eq!(found.value("bessemer_disk_free_bytes", &[]), 5.0 * 1024.0 * 1024.0 * 1024.0);
    assert_eq!(found.value("bessemer_resident_memory_bytes", &[]), 21.0 * 1024.0 * 1024.0);
    let build = [("version", "1.2.3"), ("faktory_version", "1.10.0")];
    assert_eq!(found.value("bessemer_build_info", &build), 1.0);
    let started = found.value("bessemer_process_start_time_seconds", &[]);
    assert_eq!(found.value("bessemer_time_seconds", &[]) - started, 2.0 * 86_400.0 + 1.5);
    assert_eq!(found.find("bessemer_certificate_expiry_time_seconds", &[]), None, "there is no TLS");
}

#[tokio::test]
async fn turns_and_flushes_are_histograms() {
    let found = scrape(&House::new().router(Site::default())).await;
    assert_eq!(found.value("bessemer_turn_seconds_bucket", &[("le", "0.00005")]), 0.0);
    assert_eq!(found.value("bessemer_turn_seconds_bucket", &[("le", "0.0001")]), 4.0);
    assert_eq!(found.value("bessemer_turn_seconds_sum", &[]), 0.0003);
    assert_eq!(found.value("bessemer_flush_seconds_bucket", &[("le", "5.0")]), 2.0);
    assert_eq!(found.value("bessemer_flush_seconds_count", &[]), 3.0);
    assert_eq!(found.value("bessemer_flush_seconds_sum", &[]), 6.5);
}

#[tokio::test]
async fn who_reads_plain_text_only_gets_that() {
    let router = House::new().router(Site::default());
    let kind = async |accept: &str| {
        let request = request("GET", "/metrics").header("accept", accept).body(Body::empty()).unwrap();
        let answered = send(&router, request).await;
        assert_eq!(answered.status, 200);
        assert_eq!(
            answered.body.ends_with("# EOF\n"),
            answered.header("content-type").contains("openmetrics")
        );
        answered.header("content-type").to_owned()
    };
    let open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
    for accept in [prometheus, "*/*", "text/html,*/*;q=0.8", ""] {
        assert_eq!(kind(accept).await, open, "{accept}");
    }
    for accept in ["text/plain", "text/plain; version=0.0.4, */*; q=0.1"] {
        assert_eq!(kind(accept).await, "text/plain; version=0.0.4; charset=utf-8", "{accept}");
    }
}

#[tokio::test]
async fn the_password_of_the_dashboard_is_asked_for_d16() {
    let house = House::new();
    let locked = house.router(Site { password: Some("s3cret".into()), ..Site::default() });
    assert_eq!(get(&locked, "/metrics").await.status, 401);
    let with = request("GET", "/metrics").header("authorization", "Basic OnMzY3JldA==");
    assert_eq!(send(&locked, with.body(Body::empty()).unwrap()).await.status, 200);
    house.close();
    assert_eq!(get(&house.router(Site::default()), "/metrics").await.status, 503);
}
