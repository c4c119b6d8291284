//! The pages of cron entries (rule E-50): what comes next, what came of it, and what can be done.

use std::time::Duration;

use bessemer_core::Rules;
use bessemer_web::Site;

use crate::house::{House, get, page, post, redirected};

#[tokio::test]
async fn an_entry_shows_its_schedule_and_its_runs() {
    let house = House::with_cron(Rules::default());
    let router = house.router(Site::default());
    page(&router, "/cron")
        .await
        .says(r#"<a href="/cron/nightly"><bdi>nightly</bdi></a>"#)
        .says("<code dir=\"ltr\">0 3 * * *</code>")
        .says("At 03:00")
        .says(r#"href="/queues/reports""#)
        .says("22 hours from now");
    page(&router, "/cron/nightly")
        .await
        .says("It has not run yet.")
        .says("the last one is made up for")
        .says("up to 10 seconds");
    // From 04:04:05 in the zone to 03:00:10 of the next day.
    house.pass(Duration::from_secs(22 * 3_600 + 56 * 60 + 5));
    page(&router, "/cron").await.says(r#"<span class="badge ">enqueued</span>"#);
    let jid = "nightly-20260103T020000Z";
    page(&router, "/cron/nightly")
        .await
        .says("2026-01-03 03:00:00 +01:00")
        .says(&format!(r#"<a class="jid" href="/recent?find={jid}"><bdi>{jid}</bdi></a>"#));
    house.fetch("reports");
    page(&router, "/cron/nightly").await.says(r#"<span class="badge ">working</span>"#);
    house.fail(jid, r#"{"errtype":"E","message":"m","backtrace":[]}"#);
    page(&router, "/cron/nightly").await.says(r#"<span class="badge bad">failed, will be retried</span>"#);
    assert_eq!(get(&router, "/cron/nobody").await.status, 404);
}

#[tokio::test]
async fn an_entry_is_run_paused_and_resumed_and_that_is_on_record() {
    let house = House::with_cron(Rules::default());
    let router = house.router(Site::default());
    redirected(&post(&router, "/cron/nightly", "action=run").await, "/cron/nightly");
    page(&router, "/cron/nightly").await.says(r#"<span class="badge">by hand</span>"#);
    page(&router, "/queues/reports").await.says("nightly-20260102T030405.000001Z");
    redirected(&post(&router, "/cron/nightly", "action=pause").await, "/cron/nightly");
    let paused = r#"<span class="badge bad">paused</span>"#;
    page(&router, "/cron").await.says(paused).says(">Resume</button>").says_not("from now");
    house.pass(Duration::from_secs(3 * 86_400));
    redirected(&post(&router, "/cron/nightly", "action=resume").await, "/cron/nightly");
    page(&router, "/cron/nightly").await.says("3 skipped while paused").says_not(paused);
    page(&router, "/audit")
        .await
        .says("run cron entry")
        .says("pause cron entry")
        .says("resume cron entry")
        .says("nightly");
    assert_eq!(post(&router, "/cron/nightly", "action=explode").await.status, 400);
    post(&router, "/cron/nobody", "action=run").await.says("Unknown cron entry nobody");
    page(&House::new().router(Site::default()), "/cron").await.says("No job is pushed by the clock");
}
