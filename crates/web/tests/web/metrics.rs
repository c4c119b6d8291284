//! `/metrics` through the router (`D16`): valid to the letter, and saying what is.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bessemer_core::query::{Condition, Durability, LogFigures};
use bessemer_web::{Site, limits};

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
    house.stand(Condition { durability: Durability::Relaxed, disk_full: true, log: None });
    assert_eq!(scrape(&router).await.find("bessemer_log_bytes", &[]), None, "it has no log");
    let log = LogFigures {
        segments: 5,
        disk_bytes: 6 << 20,
        cleaned: 2,
        cleaned_bytes: 77,
        ..LogFigures::default()
    };
    house.stand(Condition { durability: Durability::Relaxed, disk_full: true, log: Some(log) });
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
    assert_eq!(found.value("bessemer_log_segments", &[]), 5.0);
    assert_eq!(found.value("bessemer_log_disk_bytes", &[]), 6.0 * 1024.0 * 1024.0);
    assert_eq!(found.value("bessemer_log_segments_cleaned_total", &[]), 2.0);
    assert_eq!(found.value("bessemer_log_cleaned_bytes_total", &[]), 77.0);
    assert_eq!(found.find("bessemer_log_last_cleaning_time_seconds", &[]), None, "it has not cleaned");
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

/// What may stand in no line as it is.
const HOSTILE: [&str; 4] = ["a\"} 1\nevil_total 9\n", "back\\slash\\n", "\u{202e}ü{le=\"+Inf\"}", "# EOF"];

#[tokio::test]
async fn attempts_are_counted_by_queue_type_and_outcome_whatever_their_names() {
    let house = House::new();
    let router = house.router(Site::default());
    for (n, name) in HOSTILE.into_iter().enumerate() {
        let (done, failed) = (format!("job-000000{n}0"), format!("job-000000{n}1"));
        house.push(&Job { jid: &done, queue: name, jobtype: name, ..Job::default() });
        house.pass(Duration::from_secs(3));
        house.fetch(name);
        house.pass(Duration::from_millis(70));
        house.ack(&done);
        house.push_and_fail(
            &Job { jid: &failed, queue: name, jobtype: name, retry: 0, ..Job::default() },
            "{}",
        );
    }
    let found = scrape(&router).await;
    for name in HOSTILE {
        let pair = [("queue", name), ("jobtype", name)];
        let with = |more| [pair[0], pair[1], more];
        assert_eq!(found.value("bessemer_attempts_total", &with(("outcome", "done"))), 1.0);
        assert_eq!(found.value("bessemer_attempts_total", &with(("outcome", "discarded"))), 1.0);
        assert_eq!(found.value("bessemer_run_seconds_count", &pair), 2.0);
        assert_eq!(found.value("bessemer_run_seconds_sum", &pair), 0.07);
        assert_eq!(found.value("bessemer_run_seconds_bucket", &with(("le", "0.05"))), 1.0);
        assert_eq!(found.value("bessemer_run_seconds_bucket", &with(("le", "0.1"))), 2.0);
        assert_eq!(found.value("bessemer_wait_seconds_sum", &pair), 3.0);
        let queue = [("queue", name)];
        assert_eq!(found.value("bessemer_queue_pushed_total", &queue), 2.0);
        assert_eq!(found.value("bessemer_queue_left_total", &queue), 2.0);
        assert_eq!(found.value("bessemer_queue_working_jobs", &queue), 0.0);
    }
    assert!(!found.families.contains_key("evil_total"));
}

#[tokio::test]
async fn names_beyond_the_limit_share_a_label_and_the_first_keep_theirs() {
    let house = House::new();
    let limits = limits::Limits { metrics_queues_max: 2, metrics_pairs_max: 2, ..limits::Limits::default() };
    let router = house.router(Site { limits, ..Site::default() });
    let work = |n: usize, queue: &str| {
        let jid = format!("job-{n:08}");
        house.push(&Job { jid: &jid, queue, ..Job::default() });
        house.push(&Job { jid: &format!("job-1{n:07}"), queue, ..Job::default() });
        house.fetch(queue);
        house.ack(&jid);
    };
    ["b", "c"].into_iter().enumerate().for_each(|(n, queue)| work(n, queue));
    let found = scrape(&router).await;
    assert_eq!(found.value("bessemer_metrics_other_queues", &[]), 0.0, "at the limit");
    assert_eq!(found.value("bessemer_metrics_other_attempts_total", &[]), 0.0);
    house.pass(Duration::from_secs(5));
    // One that is called so is among the others.
    ["a", "other", "d"].into_iter().enumerate().for_each(|(n, queue)| work(n + 10, queue));
    let found = scrape(&router).await;
    for (queue, jobs) in [("b", 1.0), ("c", 1.0), ("other", 3.0)] {
        assert_eq!(found.value("bessemer_queue_jobs", &[("queue", queue)]), jobs, "{queue}");
    }
    assert_eq!(found.find("bessemer_queue_jobs", &[("queue", "a")]), None);
    assert_eq!(found.value("bessemer_metrics_other_queues", &[]), 3.0);
    assert_eq!(found.value("bessemer_metrics_other_attempts_total", &[]), 3.0);
    let other = [("queue", "other"), ("jobtype", "other"), ("outcome", "done")];
    assert_eq!(found.value("bessemer_attempts_total", &other), 3.0);
    assert_eq!(found.value("bessemer_jobs", &[("state", "enqueued")]), 5.0, "all are counted");
}

#[tokio::test]
async fn a_scrape_of_ten_thousand_queues_and_two_hundred_types_stays_bounded() {
    let house = House::new();
    let router = house.router(Site::default());
    for n in 0..10_000 {
        let (jid, queue) = (format!("job-{n:08}"), format!("queue-number-{n}"));
        let jobtype = format!("Some::Longer::NameOfAJob{}", n % 200);
        house.push(&Job { jid: &jid, queue: &queue, jobtype: &jobtype, ..Job::default() });
        house.fetch(&queue);
        house.ack(&jid);
    }
    let body = page(&router, "/metrics").await.body;
    assert!(body.len() < 3 << 20, "{} bytes", body.len());
    let found = parse(&body);
    assert_eq!(found.families["bessemer_queue_jobs"].samples.len(), limits::METRICS_QUEUES_MAX + 1);
    assert_eq!(found.families["bessemer_attempts"].samples.len(), limits::METRICS_PAIRS_MAX + 1);
    assert_eq!(found.value("bessemer_metrics_other_queues", &[]), 9_000.0);
    assert_eq!(found.value("bessemer_metrics_other_attempts_total", &[]), 9_500.0);
    assert_eq!(found.value("bessemer_metrics_missed_total", &[]), 0.0);
}

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every metric that there is: an engine may keep no log.
async fn scrape_all() -> Exposition {
    let house = House::new();
    house.stand(Condition { log: Some(LogFigures::default()), ..Condition::default() });
    scrape(&house.router(Site::default())).await
}

#[tokio::test]
async fn the_guide_lists_every_metric_and_no_other() {
    let found = scrape_all().await;
    let guide = file("docs/metrics.md");
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `bessemer_")?.split_once("` | "));
    let told: BTreeSet<(String, &str)> = rows
        .map(|(name, rest)| (format!("bessemer_{name}"), rest.split(' ').next().unwrap_or_default()))
        .collect();
    let shown: BTreeSet<(String, &str)> = found
        .families
        .iter()
        .map(|(name, family)| {
            let name = if family.kind == "histogram" { name.clone() } else { family.names(name).remove(0) };
            (name, family.kind.as_str())
        })
        .collect();
    let only =
        |one: &BTreeSet<(String, &str)>, other| format!("{:?}", one.difference(other).collect::<Vec<_>>());
    assert_eq!((only(&told, &shown), only(&shown, &told)), ("[]".into(), "[]".into()), "guide, page");
}

#[tokio::test]
async fn the_board_the_alerts_and_the_autoscaler_ask_for_metrics_that_exist() {
    let found = scrape_all().await;
    let names: BTreeSet<String> =
        found.families.iter().flat_map(|(name, family)| family.names(name)).collect();
    for name in [
        "packaging/grafana/bessemer.json",
        "packaging/prometheus/alerts.yml",
        "packaging/keda/scaledobject.yaml",
    ] {
        let text = file(name);
        let word = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':';
        let asked: BTreeSet<&str> = text.split(word).filter(|word| word.starts_with("bessemer_")).collect();
        assert!(!asked.is_empty(), "{name} asks for nothing");
        let missing: Vec<_> = asked.iter().filter(|asked| !names.contains(**asked)).collect();
        assert!(missing.is_empty(), "{name} asks for {missing:?}");
    }
    let board: serde_json::Value = serde_json::from_str(&file("packaging/grafana/bessemer.json")).unwrap();
    assert!(board["panels"].as_array().is_some_and(|panels| panels.len() >= 12), "a board");
}
