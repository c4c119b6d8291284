//! What the forms do, with the field names of the reference (sections 6.1 and 6.2).

use std::time::Duration;

use bessemer_core::command::{Hello, Reply, Stage};
use bessemer_web::Site;

use crate::house::{House, Job, START, get, page, post, redirected};

const TRACE: &str = r#"{"errtype":"E","message":"m","backtrace":[]}"#;

fn fields(body: &str, name: &str) -> Vec<String> {
    let marker = format!("name=\"{name}\" value=\"");
    let values = body.split(&marker).skip(1);
    values.map(|rest| rest[..rest.find('"').unwrap()].replace("&#38;", "&").replace("&#39;", "'")).collect()
}

fn form(pairs: &[(&str, &str)]) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect::<Vec<_>>()
        .join("&")
}

async fn figure(router: &axum::Router, set: &str) -> u64 {
    let stats: serde_json::Value = serde_json::from_str(&page(router, "/stats").await.body).unwrap();
    stats["faktory"][set].as_u64().or_else(|| stats["faktory"]["sets"][set].as_u64()).unwrap()
}

#[tokio::test]
async fn a_worker_is_quieted_and_stopped_l03() {
    let house = House::new();
    house.connect(Hello { wid: "w-1234567", hostname: "box", pid: 42, labels: &[], rss_kb: 0 });
    let router = house.router(Site::default());
    redirected(&post(&router, "/busy", "wid=w-1234567&signal=quiet").await, "/busy");
    assert_eq!(house.beat("w-1234567"), Reply::State(Stage::Quiet));
    page(&router, "/busy").await.says(r#"<span class="badge bad">quiet</span>"#).says_not(">Quiet</button>");
    for (wid, question) in [("w%2D1234567", "Stop box:42?"), ("all", "Stop the only worker process?")] {
        page(&router, &format!("/busy?stop={wid}"))
            .await
            .says(question)
            .says("No job is being worked on there.")
            .says(r#"name="signal" value="terminate""#);
    }
    redirected(&get(&router, "/busy?stop=nobody").await, "/busy");
    redirected(&post(&router, "/busy", "wid=all&signal=terminate").await, "/busy");
    assert_eq!(house.beat("w-1234567"), Reply::State(Stage::Terminate));
    redirected(&post(&router, "/busy", "wid=&signal=quiet").await, "/busy");
    redirected(&post(&router, "/busy", "wid=nobody&signal=quiet").await, "/busy");
    assert_eq!(post(&router, "/busy", "wid=all&signal=kill").await.status, 400);
}

#[tokio::test]
async fn a_queue_is_paused_and_resumed_v23() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    let paused = r#"<span class="badge bad">paused</span>"#;
    page(&router, "/queues").await.says(">Pause</button>").says_not(paused);
    redirected(&post(&router, "/queues/default", "action=pause").await, "/queues");
    page(&router, "/queues").await.says(paused).says(">Resume</button>").says_not(">Pause</button>");
    redirected(&post(&router, "/queues/nobody", "action=pause").await, "/queues");
    redirected(&post(&router, "/queues/default", "action=resume").await, "/queues");
    page(&router, "/queues").await.says(">Pause</button>").says_not(paused);
    assert_eq!(post(&router, "/queues/default", "action=explode").await.status, 400);
}

#[tokio::test]
async fn ticked_jobs_of_a_queue_are_deleted_and_nothing_ticked_deletes_nothing() {
    let house = House::new();
    for n in 0..3 {
        house.push(&Job { jid: &format!("job-{n:08}"), ..Job::default() });
    }
    let router = house.router(Site::default());
    let keys = fields(&page(&router, "/queues/default").await.body, "bkey");
    assert_eq!(keys.len(), 3);
    let ticked = form(&[("bkey", &keys[0]), ("bkey", &keys[2]), ("action", "delete")]);
    redirected(&post(&router, "/queues/default", &ticked).await, "/queues/default");
    page(&router, "/queues/default")
        .await
        .says("job-00000001")
        .says_not("job-00000000")
        .says_not("job-00000002");
    for form in ["action=clear", "action=explode", "deed=delete&bkey=nonsense", "bkey=nonsense"] {
        assert_eq!(post(&router, "/queues/default", form).await.status, 400, "{form}");
    }
    for nothing in ["", "deed=delete", "deed=kill"] {
        redirected(&post(&router, "/queues/default", nothing).await, "/queues/default");
    }
    assert_eq!(figure(&router, "total_enqueued").await, 1);
    let keys = fields(&page(&router, "/queues/default").await.body, "bkey");
    let killed = form(&[("bkey", &keys[0]), ("deed", "kill")]);
    redirected(&post(&router, "/queues/default", &killed).await, "/queues/default");
    assert_eq!((figure(&router, "total_enqueued").await, figure(&router, "dead").await), (0, 1));
}

#[tokio::test]
async fn a_queue_is_cleared_by_who_says_its_name() {
    let house = House::new();
    for queue in ["few", "many", "old", ".."] {
        for n in 0..if queue == "many" { 101 } else { 100 } {
            house.push(&Job { jid: &format!("{queue}-{n:08}"), queue, ..Job::default() });
        }
    }
    let router = house.router(Site::default());
    page(&router, "/queues/few?clear=1")
        .await
        .says("100 jobs that wait in it are deleted for good")
        .says(r#"<input type="hidden" name="confirm" value="few">"#);
    page(&router, "/queues/many?clear=1")
        .await
        .says("Type many to go on")
        .says_not(r#"name="confirm" value="#);
    assert_eq!(post(&router, "/queues/many", "action=clear").await.status, 400);
    assert_eq!(post(&router, "/queues/many", "action=clear&confirm=few").await.status, 409);
    assert_eq!(figure(&router, "total_enqueued").await, 401);
    redirected(&post(&router, "/queues/many", "action=clear&confirm=many").await, "/queues");
    redirected(&post(&router, "/queues?name=..", "action=clear&confirm=..").await, "/queues");
    // The reference's own form has no question.
    redirected(&post(&router, "/queues/old", "action=delete").await, "/queues");
    assert_eq!(figure(&router, "total_enqueued").await, 100);
}

#[tokio::test]
async fn a_queue_is_cleared_of_what_was_there_when_it_was_asked() {
    let house = House::new();
    let fill = |from: u64, to: u64| {
        for n in from..to {
            house.push(&Job { jid: &format!("job-{n:08}"), ..Job::default() });
        }
    };
    fill(0, 3);
    let router = house.router(Site::default());
    let asked = page(&router, "/queues/default?clear=1").await;
    asked.says(r#"<title>Queue default · Bessemer</title>"#);
    let answer = |count: &str| {
        let came = &fields(&asked.body, "came")[0];
        form(&[("action", "clear"), ("confirm", "default"), ("count", count), ("came", came)])
    };
    fill(3, 200);
    let again = post(&router, "/queues/default", &answer("2")).await;
    assert_eq!(again.status, 409);
    again.says("the count was 2, and by now more match").says("200 jobs that wait in it");
    assert_eq!(figure(&router, "total_enqueued").await, 200);
    redirected(&post(&router, "/queues/default", &answer("3")).await, "/queues");
    assert_eq!(figure(&router, "total_enqueued").await, 197);
    assert_eq!(
        post(
            &router,
            "/queues/default",
            &form(&[("action", "clear"), ("confirm", "default"), ("count", "x")])
        )
        .await
        .status,
        400
    );
}

#[tokio::test]
async fn a_job_that_has_left_its_queue_is_not_deleted_from_there() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    let keys = fields(&page(&router, "/queues/default").await.body, "bkey");
    house.fetch("default");
    house.fail("job-00000001", TRACE);
    redirected(&post(&router, "/queues/default", &form(&[("bkey", &keys[0])])).await, "/queues/default");
    assert_eq!(figure(&router, "retries").await, 1);
}

#[tokio::test]
async fn entries_are_retried_deleted_and_killed_by_key_v10() {
    let house = House::new();
    for n in 0..4 {
        house.push_and_fail(&Job { jid: &format!("job-{n:08}|+"), ..Job::default() }, TRACE);
    }
    let router = house.router(Site::default());
    let keys = fields(&page(&router, "/retries").await.body, "key");
    let keys: Vec<_> = keys.iter().filter(|key| *key != "all").collect();
    assert_eq!(keys.len(), 4);
    let two = form(&[
        ("key", keys[0]),
        ("key", keys[1]),
        ("key", "2020-01-01T00:00:00Z|gone"),
        ("action", "retry"),
    ]);
    redirected(&post(&router, "/retries", &two).await, "/retries");
    assert_eq!((figure(&router, "total_enqueued").await, figure(&router, "retries").await), (2, 2));
    redirected(&post(&router, "/retries", &form(&[("key", keys[2]), ("action", "kill")])).await, "/retries");
    redirected(
        &post(&router, "/retries", &form(&[("key", keys[3]), ("action", "delete")])).await,
        "/retries",
    );
    assert_eq!((figure(&router, "dead").await, figure(&router, "retries").await), (1, 0));
    for bad in
        [form(&[("key", keys[0]), ("action", "explode")]), form(&[("key", "nonsense"), ("action", "kill")])]
    {
        assert_eq!(post(&router, "/retries", &bad).await.status, 400);
    }
}

#[tokio::test]
async fn one_entry_is_acted_on_at_its_own_address() {
    let house = House::new();
    house.push(&Job { at: Some(START.after(Duration::from_secs(60))), ..Job::default() });
    let router = house.router(Site::default());
    let path = "/scheduled/2026-01-02T03%3A05%3A05Z%7Cjob-00000001";
    page(&router, path).await;
    redirected(&post(&router, path, "action=add_to_queue").await, "/scheduled");
    assert_eq!(figure(&router, "total_enqueued").await, 1);
}

#[tokio::test]
async fn a_job_is_acted_on_from_its_page_in_any_state() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    let id = fields(&page(&router, "/jobs/job-00000001").await.body, "id").pop().unwrap();
    let act = |action: &str| form(&[("id", &id), ("action", action)]);
    redirected(&post(&router, "/jobs/job-00000001", &act("kill")).await, "/queues/default");
    page(&router, "/jobs/job-00000001").await.says("<h2>Dead</h2>").says("Kept until");
    redirected(&post(&router, "/jobs/job-00000001", &act("retry")).await, "/morgue");
    house.fetch("default");
    page(&router, "/jobs/job-00000001").await.says("<h2>Being worked on</h2>").says_not(r#"value="delete""#);
    redirected(&post(&router, "/jobs/job-00000001", &act("delete")).await, "/queues/default");
    assert_eq!(figure(&router, "working").await, 1);
    redirected(&post(&router, "/jobs/job-00000001", &act("release")).await, "/queues/default");
    assert_eq!((figure(&router, "working").await, figure(&router, "total_enqueued").await), (0, 1));
    house.fetch("default");
    page(&router, "/busy").await.says(&format!("name=\"release\" value=\"{id}\""));
    assert_eq!(post(&router, "/busy", "release=x").await.status, 400);
    let asked = post(&router, "/busy", &format!("release={id}&ask=yes")).await;
    asked.says("Give this job to another worker?").says(&format!("name=\"release\" value=\"{id}\""));
    assert_eq!(figure(&router, "working").await, 1, "a question changes nothing");
    redirected(&post(&router, "/busy", &format!("release={id}")).await, "/busy");
    page(&router, "/audit")
        .await
        .says(r#"job <a href="/jobs/job-00000001">job-00000001</a> in queue default"#)
        .says_not("job #");
    assert_eq!((figure(&router, "working").await, figure(&router, "total_enqueued").await), (0, 1));
    house.fetch("default");
    house.ack("job-00000001");
    assert_eq!(post(&router, "/jobs/job-00000001", &act("delete")).await.status, 404);
    assert_eq!(post(&router, "/jobs/job-00000001", "action=delete").await.status, 400);
}

#[tokio::test]
async fn all_of_a_set_are_acted_on_in_slices_and_kill_kills_v13() {
    let house = House::new();
    for n in 0..2_500 {
        house.push_and_fail(&Job { jid: &format!("job-{n:08}"), ..Job::default() }, TRACE);
    }
    let router = house.router(Site::default());
    redirected(&post(&router, "/retries", "action=kill&key=all").await, "/retries");
    assert_eq!((figure(&router, "dead").await, figure(&router, "retries").await), (2_500, 0));
    assert_eq!(figure(&router, "total_enqueued").await, 0);
    assert_eq!(post(&router, "/morgue", "action=kill&key=all").await.status, 400);
    redirected(&post(&router, "/morgue", "action=retry&key=all").await, "/morgue");
    assert_eq!((figure(&router, "dead").await, figure(&router, "total_enqueued").await), (0, 2_500));
    redirected(&post(&router, "/scheduled", "action=delete&key=all").await, "/scheduled");
}

#[tokio::test(start_paused = true)]
async fn an_action_on_all_goes_on_behind_and_says_how_far_it_is_row_102() {
    let house = House::new();
    for n in 0..2_500 {
        house.push_and_fail(&Job { jid: &format!("job-{n:08}"), ..Job::default() }, TRACE);
    }
    let doors = house.hold_actions(1);
    let router = house.router(Site::default());
    redirected(&post(&router, "/retries", "action=delete&key=all").await, "/retries");
    page(&router, "/busy")
        .await
        .says("Deleting (Retries): 1,000 of 2,500")
        .says(r#"<progress max="1000" value="400""#);
    assert_eq!(post(&router, "/retries", "action=retry&key=all").await.status, 409);
    redirected(&post(&router, "/morgue", "action=retry&key=all").await, "/morgue");
    doors.add_permits(100);
    while figure(&router, "retries").await > 0 {
        tokio::task::yield_now().await;
    }
    let done = page(&router, "/busy").await;
    done.says("2,500 jobs deleted (Retries)").says_not("Deleting (");
    house.pass(Duration::from_secs(60));
    page(&router, "/busy").await.says_not("jobs deleted");
}

#[tokio::test]
async fn a_change_needs_post_and_a_known_page() {
    let router = House::new().router(Site::default());
    assert_eq!(get(&router, "/nowhere").await.status, 404);
    assert_eq!(post(&router, "/nowhere", "").await.status, 404);
    for path in ["/", "/stats", "/debug", "/jobs/job-00000001/raw", "/static/live.js"] {
        assert_eq!(post(&router, path, "").await.status, 405, "{path}");
    }
    assert_eq!(post(&router, "/health", "").await.status, 200);
}

#[tokio::test]
async fn a_language_and_a_theme_are_kept_in_a_cookie_and_lead_back_v05() {
    let router = House::new().router(Site { base_path: "/jobs-board".into(), ..Site::default() });
    page(&router, "/jobs-board/queues?page=1")
        .await
        .says(r#"<html lang="en" dir="ltr" data-theme="auto">"#)
        .says(r#"action="/jobs-board/theme""#)
        .says(r#"name="back" value="/queues?page=1""#);
    let back = ("back", "/queues?page=1");
    for (path, choice, cookie) in [
        ("/jobs-board/theme", ("theme", "dark"), "bessemer_theme=dark; Path=/jobs-board/; "),
        ("/jobs-board/language", ("language", "en"), "faktory_locale=en; Path=/jobs-board/; "),
    ] {
        let chosen = post(&router, path, &form(&[choice, back])).await;
        assert_eq!((chosen.status, chosen.header("location")), (303, "/jobs-board/queues?page=1"));
        assert!(chosen.header("set-cookie").starts_with(cookie), "{}", chosen.header("set-cookie"));
        let astray = post(&router, path, &form(&[choice, ("back", "//evil.example")])).await;
        assert_eq!(astray.header("location"), "/jobs-board/");
        let nonsense = post(&router, path, &form(&[(choice.0, "../x"), back])).await;
        assert_eq!((nonsense.status, nonsense.header("set-cookie")), (400, ""));
    }
    for (cookie, theme) in [("bessemer_theme=dark", "dark"), ("bessemer_theme=x\"", "auto")] {
        for path in ["/jobs-board/", "/jobs-board/nowhere"] {
            let request = crate::house::request("GET", path).header("cookie", cookie);
            let shown = crate::house::send(&router, request.body(axum::body::Body::empty()).unwrap()).await;
            shown.says(&format!("data-theme=\"{theme}\""));
        }
    }
}

#[tokio::test]
async fn who_has_no_scripts_is_asked_by_a_page_before_a_job_is_killed_or_deleted() {
    let house = House::new();
    house.push_and_fail(&Job::default(), TRACE);
    let router = house.router(Site::default());
    let path = "/jobs/job-00000001";
    let shown = page(&router, path).await.body;
    assert!(shown.contains(r#"<input type="hidden" name="ask" value="yes">"#));
    let id: String =
        shown.split("/raw?id=").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
    for (action, question) in [("delete", "Delete this job?"), ("kill", "Move this job to the dead ones?")] {
        let asked = post(&router, path, &format!("id={id}&ask=yes&action={action}")).await;
        assert_eq!(asked.status, 200);
        asked.says(question).says("Mail job-00000001").says(&format!(r#"name="action" value="{action}""#));
        assert_eq!(house.retries(), 1, "a question changes nothing");
    }
    let without = page(&router, path).await;
    without.says("job-00000001");
    page(&router, &format!("{path}/edit")).await.says(&format!(r#"name="id" value="{id}""#));
    let lost = get(&router, &format!("{path}/edit?id=x")).await;
    assert_eq!(lost.status, 400);
    lost.says("is no number");
    house.push(&Job { queue: "other", ..Job::default() });
    let which = get(&router, &format!("{path}/edit")).await;
    assert_eq!(which.status, 400, "two jobs have this jid");
    which.says("is missing");
    // What asks nothing is done at once, and so is what was answered.
    redirected(&post(&router, path, &format!("id={id}&confirm=job-00000001&action=kill")).await, "/retries");
    redirected(&post(&router, path, &format!("id={id}&ask=yes&action=retry")).await, "/morgue");
}

#[tokio::test]
async fn a_discarded_job_has_its_page_and_is_brought_back_from_there() {
    let house = House::new();
    house.push_and_fail(&Job::default(), TRACE);
    let router = house.router(Site::default());
    let path = "/jobs/job-00000001";
    let id = fields(&page(&router, path).await.body, "id").pop().unwrap();
    redirected(&post(&router, path, &form(&[("id", &id), ("action", "delete")])).await, "/retries");
    let gone = page(&router, path).await;
    gone.says("<h2>Discarded</h2>").says("Bring back").says_not(r#"value="delete""#).says_not("/edit?id=");
    redirected(&get(&router, "/search?q=job-00000001").await, path);
    redirected(&get(&router, &format!("{path}/edit")).await, path);
    redirected(&post(&router, path, &form(&[("id", &id), ("action", "restore")])).await, path);
    page(&router, path).await.says("<h2>Waiting for its next retry</h2>");
    page(&router, "/audit").await.says("job-00000001");
}

#[tokio::test]
async fn lists_are_read_from_either_end() {
    let house = House::new();
    for n in 0..60 {
        let at = Some(crate::house::START.after(Duration::from_secs(60 + n)));
        house.push(&Job { jid: &format!("later-{n:05}"), at, ..Job::default() });
        house.push(&Job { jid: &format!("queue-{n:05}"), ..Job::default() });
    }
    let router = house.router(Site::default());
    for (path, first, last, sorted) in [
        ("/scheduled", "later-00000", "later-00059", ["ascending", "descending"]),
        ("/queues/default", "queue-00059", "queue-00000", ["descending", "ascending"]),
    ] {
        let plain = page(&router, path).await;
        plain.says(first).says_not(last).says(&format!("aria-sort=\"{}\"", sorted[0]));
        plain.says(&format!("href=\"{path}?order=turned\""));
        let turned = page(&router, &format!("{path}?order=turned")).await;
        turned.says(last).says_not(first).says(&format!("aria-sort=\"{}\"", sorted[1]));
        turned.says(&format!("href=\"{path}?order=turned&#38;page=2\""));
        let at = |jid: &str| turned.body.find(jid).unwrap();
        let (second, prefix) = (if last.ends_with("59") { "58" } else { "01" }, &last[..6]);
        assert!(at(last) < at(&format!("{prefix}000{second}")));
        page(&router, &format!("{path}?order=turned&page=3")).await.says(first).says_not(last);
        assert_eq!(page(&router, &format!("{path}?order=turned&page=9")).await.status, 200);
    }
}
