//! Jobs that become others, and jobs that go to other queues: on their own page, ticked, and all that match.

use std::time::Duration;

use axum::Router;
use bessemer_core::Rules;
use bessemer_web::Site;

use crate::house::{House, Job, START, get, page, post, redirected};

const TRACE: &str = r#"{"errtype":"Boom","message":"m","backtrace":[]}"#;

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

async fn values(router: &Router, path: &str, name: &str) -> Vec<String> {
    let body = page(router, path).await.body;
    let marker = format!("name=\"{name}\" value=\"");
    body.split(&marker).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// The address of the form of the only job with this jid, and its id.
async fn form(router: &Router, jid: &str) -> (String, String) {
    let id = values(router, &format!("/jobs/{jid}"), "id").await.pop().expect("a form");
    page(router, &format!("/jobs/{jid}")).await.says(&format!("/jobs/{jid}/edit?id={id}"));
    (format!("/jobs/{jid}/edit"), id)
}

#[tokio::test]
async fn a_failed_job_gets_other_arguments_and_goes_to_its_queue() {
    let house = House::new();
    house.push_and_fail(&Job { args: r#"[1.0,"\u00fc<\ud800"]"#, ..Job::default() }, TRACE);
    let router = house.router(Site::default());
    let (path, id) = form(&router, "job-00000001").await;
    let shown = page(&router, &format!("{path}?id={id}")).await;
    shown.says("[\n  1.0,\n  &#34;ü&#60;\\ud800&#34;\n]</textarea>").says(r#"name="retry" value="25""#);
    let body = format!("id={id}&queue=high&retry=7&action=save&args={}", encoded("[\r\n  2.0\r\n]"));
    redirected(&post(&router, &path, &body).await, "/jobs/job-00000001");
    assert_eq!(house.retries(), 1);
    let raw = get(&router, &format!("/jobs/job-00000001/raw?id={id}")).await.body;
    assert!(
        raw.contains("2.0") && raw.contains(r#""queue":"high""#) && raw.contains(r#""retry":7"#),
        "{raw}"
    );
    // What is known of the failure stays.
    page(&router, "/jobs/job-00000001").await.says("<bdi>Boom</bdi>").says("/queues/high");
    redirected(&post(&router, &path, &format!("id={id}&action=enqueue")).await, "/jobs/job-00000001");
    assert_eq!(house.retries(), 0);
    page(&router, "/queues/high").await.says("job-00000001");
}

#[tokio::test]
async fn what_is_wrong_is_said_above_the_form_as_it_was_typed_and_nothing_changes() {
    let house = House::new();
    house.push_and_fail(&Job { args: "[1]", ..Job::default() }, TRACE);
    let router = house.router(Site::default());
    let (path, id) = form(&router, "job-00000001").await;
    let before = get(&router, &format!("/jobs/job-00000001/raw?id={id}")).await.body;
    for (fields, line) in [
        (format!("args={}", encoded("[1,\r\n<b>")), "The arguments are no JSON: "),
        (format!("args={}", encoded("{}")), "args"),
        ("queue=no+queue".to_owned(), "queue names must match"),
        ("retry=many".to_owned(), "Retries allowed is a number, not many"),
    ] {
        let refused = post(&router, &path, &format!("id={id}&action=enqueue&{fields}")).await;
        assert_eq!(refused.status, 422, "{fields}");
        refused.says(r#"<p class="notice bad" role="alert">"#).says(line).says(">Save and enqueue now<");
        if fields.starts_with("args=%5b") {
            refused.says("[1,\n&#60;b&#62;</textarea>");
        }
    }
    assert_eq!(get(&router, &format!("/jobs/job-00000001/raw?id={id}")).await.body, before);
    assert_eq!(house.retries(), 1);
    assert_eq!(post(&router, &path, "action=save").await.status, 400);
    assert_eq!(post(&router, &path, "id=99&action=save").await.status, 404);
}

#[tokio::test]
async fn a_job_that_is_worked_on_is_not_edited() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    let (path, id) = form(&router, "job-00000001").await;
    house.fetch("default");
    page(&router, "/jobs/job-00000001").await.says_not("/edit?").says_not(r#"value="move""#);
    let refused = post(&router, &path, &format!("id={id}&action=save&args=%5B2%5D")).await;
    assert_eq!(refused.status, 422);
    refused.says("The job is being worked on");
}

#[tokio::test]
async fn arguments_are_edited_up_to_64_kib() {
    let house = House::new();
    let (fits, over) = (format!("[\"{}\"]", "x".repeat(65_532)), format!("[\"{}\"]", "x".repeat(65_533)));
    house.push(&Job { jid: "fits-0001", args: &fits, ..Job::default() });
    house.push(&Job { jid: "over-0001", args: &over, ..Job::default() });
    let router = house.router(Site::default());
    let (path, id) = form(&router, "fits-0001").await;
    page(&router, &format!("{path}?id={id}")).await.says("<textarea");
    let (path, id) = form(&router, "over-0001").await;
    page(&router, &format!("{path}?id={id}")).await.says("longer than 64 KiB").says_not("<textarea");
    // The rest of it can be changed, and its arguments stay.
    redirected(&post(&router, &path, &format!("id={id}&queue=low&args=1")).await, "/jobs/over-0001");
    let raw = get(&router, &format!("/jobs/over-0001/raw?id={id}")).await.body;
    assert!(raw.contains(&over) && raw.contains(r#""queue":"low""#));
}

#[tokio::test]
async fn a_job_goes_to_another_queue_from_its_page() {
    let house = House::new();
    house.push(&Job { at: Some(START.after(Duration::from_secs(60))), ..Job::default() });
    let router = house.router(Site::default());
    let (_, id) = form(&router, "job-00000001").await;
    let go = |to: &str| format!("id={id}&action=move&to={to}");
    redirected(&post(&router, "/jobs/job-00000001", &go("high")).await, "/jobs/job-00000001");
    page(&router, "/jobs/job-00000001").await.says("<h2>Scheduled</h2>").says("/queues/high");
    for wrong in ["", "no+queue", "%2f"] {
        let refused = post(&router, "/jobs/job-00000001", &go(wrong)).await;
        assert_eq!(refused.status, 400, "{wrong}");
        refused.says("queue names must match");
    }
}

#[tokio::test]
async fn ticked_jobs_are_moved_after_the_question_where_to() {
    let house = House::new();
    for n in 0..3 {
        house.push_and_fail(&Job { jid: &format!("fail-{n:05}"), queue: "low", ..Job::default() }, TRACE);
        house.push(&Job { jid: &format!("wait-{n:05}"), ..Job::default() });
    }
    let router = house.router(Site::default());
    let key = values(&router, "/retries", "key").await.swap_remove(0);
    let bkey = values(&router, "/queues/default", "bkey").await.swap_remove(0);
    let found = values(&router, "/search?q=jid:fail-*", "id").await;
    let asked = [
        post(&router, "/retries", &format!("action=move&key={}", encoded(&key))).await,
        post(&router, "/queues/default", &format!("deed=move&bkey={}", encoded(&bkey))).await,
        post(&router, "/act", &format!("in=&q=jid:fail-*&action=move&id={}&id={}", found[1], found[2])).await,
    ];
    for (asked, (question, back)) in asked.iter().zip([
        ("Move 1 job to another queue?", "/retries"),
        ("Move 1 job to another queue?", "/queues/default"),
        ("Move 2 jobs to another queue?", "/search?q=jid%3Afail-%2A"),
    ]) {
        assert_eq!(asked.status, 200);
        asked.says(question).says(r#"name="to" value="" required"#).says(&format!("href=\"{back}\""));
    }
    let form = format!("in=retries&q=&action=move&to=high&id={}&id={}", found[1], found[2]);
    redirected(&post(&router, "/act", &form).await, "/retries");
    page(&router, "/search?q=queue:high").await.says("2 jobs match").says_not("fail-00000");
    assert_eq!(house.retries(), 3);
    assert_eq!(post(&router, "/act", &form.replace("to=high", "to=a+b")).await.status, 400);
    redirected(&post(&router, "/retries", "action=move").await, "/retries");
}

#[tokio::test]
async fn all_that_match_are_moved_and_told_of() {
    let house = House::new();
    for n in 0..1_200 {
        house.push_and_fail(&Job { jid: &format!("fail-{n:05}"), ..Job::default() }, TRACE);
    }
    let router = house.router(Site::default());
    page(&router, "/retries").await.says(r#"name="action" value="move""#);
    page(&router, "/act?in=retries&action=move&q=error:boom")
        .await
        .says("Move 1,200 jobs to another queue?")
        .says(r#"name="to" value="" required"#);
    let form = "in=retries&action=move&q=error:boom&count=1200";
    for wrong in ["", "&to=", "&to=a+b"] {
        assert_eq!(post(&router, "/act", &format!("{form}{wrong}")).await.status, 400, "{wrong}");
    }
    redirected(&post(&router, "/act", &format!("{form}&to=high")).await, "/retries");
    page(&router, "/retries")
        .await
        .says("1,200 jobs moved to high (Retries: error:boom)")
        .says("/queues/high");
    assert_eq!(house.retries(), 1_200);
}

#[tokio::test]
async fn a_queue_too_many_is_refused_and_nothing_moves() {
    let house = House::under(Rules { queues_max: 2, ..Rules::default() });
    for n in 0..2 {
        house.push(&Job { jid: &format!("wait-{n:05}"), queue: &format!("q{n}"), ..Job::default() });
    }
    let router = house.router(Site::default());
    let (path, id) = form(&router, "wait-00000").await;
    let refused = post(&router, "/jobs/wait-00000", &format!("id={id}&action=move&to=other")).await;
    assert_eq!(refused.status, 409);
    refused.says("Too many queues, limit 2");
    let refused = post(&router, &path, &format!("id={id}&action=save&queue=other")).await;
    assert_eq!(refused.status, 422);
    refused.says("Too many queues, limit 2").says(r#"name="queue" value="other""#);
    page(&router, "/queues/q0").await.says("wait-00000");
}

#[tokio::test]
async fn jobs_deleted_by_hand_are_brought_back_within_a_minute() {
    let house = House::new();
    for n in 0..3 {
        house.push_and_fail(&Job { jid: &format!("fail-{n:05}"), queue: "low", ..Job::default() }, TRACE);
        house.push(&Job { jid: &format!("wait-{n:05}"), ..Job::default() });
    }
    let router = house.router(Site::default());
    let (_, id) = form(&router, "fail-00000").await;
    let key = values(&router, "/retries", "key").await.swap_remove(1);
    let bkey = values(&router, "/queues/default", "bkey").await.swap_remove(0);
    let found = values(&router, "/search?q=jid:wait-00000+state:waiting", "id").await;
    for (n, (path, form, list)) in [
        ("/jobs/fail-00000", format!("id={id}&action=delete"), "/retries"),
        ("/retries", format!("action=delete&key={}", encoded(&key)), "/retries"),
        (&*format!("/retries/{}", encoded(&key)), "action=delete".into(), "/retries"),
        ("/queues/default", format!("bkey={}", encoded(&bkey)), "/queues/default"),
        ("/act", format!("in=&q=x&action=delete&id={}", found.first().map_or("", |id| id)), "/search?q=x"),
    ]
    .into_iter()
    .enumerate()
    {
        let (failed, waiting) = (house.retries(), page(&router, "/stats").await.body);
        redirected(&post(&router, path, &form).await, list);
        assert!(house.retries() + 1 == failed || page(&router, "/stats").await.body != waiting, "{path}");
        page(&router, list).await.says("1 job deleted (").says(r#"value="undo""#);
        post(&router, &format!("/works/{}", n + 1), "action=undo").await;
        page(&router, list).await.says("1 job was brought back").says_not(r#"value="undo""#);
        assert_eq!((house.retries(), page(&router, "/stats").await.body), (failed, waiting), "{path}");
        post(&router, &format!("/works/{}", n + 1), "action=dismiss").await;
    }
    // What reaches nothing is not told of.
    post(&router, "/retries", "action=delete&key=2020-01-01T00:00:00Z%7Cgone").await;
    page(&router, "/").await.says_not("deleted (");
    post(&router, "/jobs/fail-00000", &format!("id={id}&action=delete")).await;
    house.pass(Duration::from_secs(61));
    assert_eq!(post(&router, "/works/6", "action=undo").await.status, 409);
}

#[tokio::test]
async fn a_script_that_deletes_one_by_one_does_not_fill_the_pages() {
    let house = House::new();
    for n in 0..9 {
        house.push(&Job { jid: &format!("wait-{n:05}"), ..Job::default() });
    }
    let router = house.router(Site::default());
    for bkey in values(&router, "/queues/default", "bkey").await {
        post(&router, "/queues/default", &format!("bkey={}", encoded(&bkey))).await;
    }
    let told = async |path: &str| page(&router, path).await.body.matches("1 job deleted").count();
    // Three stand on every page, and a line leads to all of them.
    assert_eq!((told("/").await, told("/works").await, told("/works?part=newest").await), (3, 8, 3));
    page(&router, "/").await.says(r#"<a href="/works">and 5 more</a>"#).says("1 job deleted (Queue ");
    assert_eq!(post(&router, "/works/1", "action=undo").await.status, 409);
    redirected(&post(&router, "/works/2", "action=undo").await, "/queues/default");
}

#[tokio::test]
async fn who_edits_what_another_has_changed_is_told_so() {
    let house = House::new();
    house.push(&Job::default());
    let router = house.router(Site::default());
    let (path, id) = form(&router, "job-00000001").await;
    let seen = values(&router, &format!("{path}?id={id}"), "before").await.pop().expect("what was seen");
    let edit = |args: &str, seen: &str| format!("id={id}&before={seen}&action=save&args={}", encoded(args));
    redirected(&post(&router, &path, &edit("[1]", &seen)).await, "/jobs/job-00000001");
    let refused = post(&router, &path, &edit("[2]", &seen)).await;
    assert_eq!(refused.status, 422);
    refused.says("Somebody has changed the job since this form was opened").says("[2]</textarea>");
    let raw = async || get(&router, &format!("/jobs/job-00000001/raw?id={id}")).await.body;
    assert!(raw().await.contains("[1]"), "the first edit stands");
    // Who has read that sends the form once more.
    let now = refused.body.split("name=\"before\" value=\"").nth(1).expect("what is there now");
    let now = now.split('"').next().expect("a value");
    redirected(&post(&router, &path, &edit("[2]", now)).await, "/jobs/job-00000001");
    assert!(raw().await.contains("[2]"));
}

#[tokio::test]
async fn all_that_match_get_other_arguments_and_go_to_their_queues() {
    let house = House::new();
    for jid in ["job-failed01", "job-failed02"] {
        house.push_and_fail(&Job { jid, queue: "mail", ..Job::default() }, TRACE);
    }
    house.push(&Job { jid: "job-other001", jobtype: "Other", ..Job::default() });
    let router = house.router(Site::default());
    page(&router, "/search?q=state:retries")
        .await
        .says(r#"<button name="action" value="edit">Edit…</button>"#);
    let asked = page(&router, "/act?in=&q=state%3Aretries&action=edit").await;
    asked
        .says("Edit 2 jobs and put them into their queues?")
        .says("<textarea name=\"args\"")
        .says("job-failed01");
    let order = |rest: &str| format!("in=&q=state%3Aretries&action=edit&count=2&{rest}");
    for (wrong, said) in [
        ("args=&queue=&retry=", "Say what is to be different"),
        ("args=%5B1", "The arguments are no JSON"),
        ("args=%7B%7D", "args"),
        ("queue=a+b", "queue"),
        ("retry=many", "Retries allowed is a number"),
    ] {
        let refused = post(&router, "/act", &order(wrong)).await;
        assert_eq!(refused.status, 400, "{wrong}");
        refused.says(said);
    }
    assert_eq!(house.retries(), 2);
    redirected(&post(&router, "/act", &order("args=%5B7%5D&queue=high&retry=3")).await, "/search");
    assert_eq!(house.retries(), 0);
    page(&router, "/queues/high")
        .await
        .says("job-failed01")
        .says("job-failed02")
        .says("<bdi dir=\"ltr\">7</bdi>");
    page(&router, "/queues/default").await.says("job-other001");
    page(&router, "/").await.says("2 jobs edited and enqueued");
    page(&router, "/audit").await.says("state:retries: arguments, queue high, retry 3");
}

#[tokio::test]
async fn ticked_jobs_are_asked_for_what_is_to_be_different() {
    let house = House::new();
    house.push_and_fail(&Job::default(), TRACE);
    house.push(&Job { jid: "job-other001", jobtype: "Other", ..Job::default() });
    let router = house.router(Site::default());
    let key = values(&router, "/retries", "key").await.pop().expect("a key");
    let asked = post(&router, "/retries", &format!("action=edit&key={}", encoded(&key))).await;
    asked.says("Edit 1 job and put it into its queue?").says_not("several types");
    let mut ids = values(&router, "/search?q=state:waiting,retries", "id").await;
    ids.sort();
    let ids = format!("id={}", ids.join("&id="));
    let asked = post(&router, "/act", &format!("action=edit&in=&q=&{ids}")).await;
    asked.says("Edit 2 jobs").says("several types");
    redirected(&post(&router, "/act", &format!("action=edit&in=&q=&args=%5B8%5D&{ids}")).await, "/search");
    assert_eq!(house.retries(), 0);
    page(&router, "/queues/default")
        .await
        .says("job-00000001")
        .says("job-other001")
        .says("<bdi dir=\"ltr\">8</bdi>");
    page(&router, "/audit").await.says(": arguments");
}

#[tokio::test]
async fn ticked_jobs_of_a_queue_are_edited_too() {
    let house = House::new();
    for jid in ["job-00000001", "job-00000002", "job-00000003"] {
        house.push(&Job { jid, ..Job::default() });
    }
    let router = house.router(Site::default());
    page(&router, "/queues/default").await.says(r#"<button name="deed" value="edit">Edit…</button>"#);
    page(&router, "/act?in=queue%3Adefault&action=move").await.says("job-00000003");
    let keys = values(&router, "/queues/default", "bkey").await;
    let ticked = format!("deed=edit&bkey={}&bkey={}", encoded(&keys[0]), encoded(&keys[1]));
    let asked = post(&router, "/queues/default", &ticked).await;
    asked.says("Edit 2 jobs and put them into their queues?").says("<textarea name=\"args\"");
    let ids = asked.body.split("name=\"id\" value=\"").skip(1);
    let ids: Vec<&str> = ids.filter_map(|rest| rest.split('"').next()).collect();
    let order = format!("action=edit&in=queue%3Adefault&q=&args=%5B8%5D&id={}&id={}", ids[0], ids[1]);
    redirected(&post(&router, "/act", &order).await, "/queues/default");
    let list = page(&router, "/queues/default").await;
    assert_eq!(list.body.matches("<bdi dir=\"ltr\">8</bdi>").count(), 2);
}
