//! What limits queues, on the page: seen, set, lifted, reset, refused (rule `E-60`).

use bessemer_core::Rules;
use bessemer_core::command::Hello;
use bessemer_core::throttle::{Parts, Throttle};
use bessemer_web::Site;

use crate::house::{House, Job, get, page, post as form, redirected};
use crate::openmetrics::parse;

fn concurrency(most: u64) -> Throttle {
    Parts { concurrency: Some(most), timeout: Some(60), ..Parts::default() }.throttle().expect("a throttle")
}

/// A queue of two jobs at most one of which is worked on, as the configuration says.
pub(crate) fn narrow() -> House {
    let house =
        House::under(Rules { throttles: [("mail".into(), concurrency(1))].into(), ..Rules::default() });
    house.connect(Hello { wid: "w<1>", hostname: "box", pid: 1, labels: &[], rss_kb: 0 });
    for jid in ["job-00000001", "job-00000002"] {
        house.push(&Job { jid, queue: "mail", args: "[7]", ..Job::default() });
    }
    house.fetch("mail");
    house
}

#[tokio::test]
async fn the_page_shows_each_limit_who_holds_the_slots_and_what_waits_e60() {
    let router = narrow().router(Site::default());
    page(&router, "/throttles")
        .await
        .says(r#"<tr id="throttle-mail">"#)
        .says("At once: 1")
        .says("1 / 1")
        .says(r#"max="1" value="1""#)
        .says("w&#60;1&#62; (1)")
        .says(r#"<a href="/queues/mail">1</a>"#)
        .says(">full</span>")
        .says_not("set by an operator");
    page(&router, "/throttles?queue=mail")
        .await
        .says(r#"href="/jobs/job-00000001""#)
        .says("<code><bdi dir=\"ltr\">7</bdi></code>")
        .says(r#"name="concurrency" type="number" min="1" max="1000000" value="1""#)
        .says_not("name=\"timeout\"")
        .says_not("Back to the configuration");
    for list in ["/queues", "/queues/mail"] {
        page(&router, list).await.says(r#"<a class="badge warn" href="/throttles?queue=mail">full</a>"#);
    }
    redirected(&get(&router, "/throttles?queue=none").await, "/throttles");
}

#[tokio::test]
async fn limits_are_set_lifted_and_reset_without_scripts_and_on_record_e60() {
    let house = narrow();
    let router = house.router(Site::default());
    let post = async |fields: &str, to: &str| {
        let answered = form(&router, "/throttles", fields).await;
        assert_eq!((answered.status, answered.header("location")), (302, to), "{fields}: {}", answered.body);
    };
    post("queue=mail&concurrency=&worker=2&rate=100&per=60&burst=5", "/throttles?queue=mail").await;
    page(&router, "/throttles?queue=mail")
        .await
        .says("Each worker: 2 · Begun: 100 per 60 s · In one go: 5")
        .says("The configuration says: At once: 1")
        .says("set by an operator")
        .says("Back to the configuration");
    house.fetch("mail");
    post("queue=mail&action=lift", "/throttles?queue=mail").await;
    page(&router, "/throttles").await.says("No limit");
    post("queue=mail&action=reset", "/throttles?queue=mail").await;
    page(&router, "/throttles").await.says("At once: 1").says("2 / 1").says_not("set by an operator");
    post("queue=new&worker=1", "/throttles?queue=new").await;
    post("queue=new&action=reset", "/throttles").await;
    for (fields, said) in [
        ("queue=mail", "invalid limits: none is given"),
        ("queue=mail&concurrency=x", "invalid concurrency: "),
        ("queue=mail&concurrency=-1", "invalid concurrency: "),
        ("queue=mail&worker=0", "`worker` must be from 1 to 1000000, not 0"),
        ("queue=mail&worker=1000001", "`worker` must be from 1 to 1000000, not 1000001"),
        ("queue=mail&per=5", "`per` says nothing without `rate`"),
        ("queue=a+b&worker=1", "queue names must match"),
        ("worker=1", "queue names must match"),
        ("queue=mail&action=drop", "invalid action"),
    ] {
        let answered = form(&router, "/throttles", fields).await;
        assert_eq!(answered.status, 400, "{fields}");
        answered.says(said);
    }
    page(&router, "/throttles").await.says("At once: 1").says_not("id=\"throttle-new\"");
    let record = page(&router, "/audit").await;
    record.says("set throttle").says("mail worker=2 rate=100 per=60 burst=5").says("mail no limit");
    record.says("reset throttle").says("new worker=1");
}

#[tokio::test]
async fn one_throttle_too_many_is_refused_and_said_e60() {
    let house = House::under(Rules { throttles_max: 1, ..Rules::default() });
    let router = house.router(Site::default());
    assert_eq!(form(&router, "/throttles", "queue=a&worker=1").await.status, 302);
    let answered = form(&router, "/throttles", "queue=b&worker=1").await;
    assert_eq!(answered.status, 409);
    answered.says("Too many throttles, limit 1");
}

#[tokio::test]
async fn what_limits_a_queue_is_measured_e60() {
    let house = narrow();
    let router = house.router(Site::default());
    form(&router, "/throttles", "queue=other&worker=3&rate=4").await;
    let found = parse(&page(&router, "/metrics").await.body);
    let of = |name: &str, queue| found.value(&format!("bessemer_throttle_{name}"), &[("queue", queue)]);
    assert_eq!((of("slots", "mail"), of("taken_slots", "mail"), of("waiting_jobs", "mail")), (1.0, 1.0, 1.0));
    assert_eq!((of("full", "mail"), of("full", "other")), (1.0, 0.0));
    assert_eq!((of("worker_slots", "other"), of("tokens", "other")), (3.0, 4.0));
}
