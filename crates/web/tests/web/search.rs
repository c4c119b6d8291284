//! Searches, and what is done to all that match: on the search page, on the lists, in the background.

use std::time::Duration;

use axum::Router;
use bessemer_web::Site;

use crate::house::{Answered, House, Job, START, get, page, post, redirected};

fn failure(errtype: &str, message: &str) -> String {
    format!(r#"{{"errtype":"{errtype}","message":"{message}","backtrace":["secret.rb:1"]}}"#)
}

/// Jobs in every state: two dozen retries of two types, two dead, one scheduled, three that wait, one that is worked on.
fn furnished() -> House {
    let house = House::new();
    for n in 0..24 {
        let jobtype = if n % 2 == 0 { "Mail" } else { "Report" };
        let (jid, args) = (format!("retry-{n:04}"), format!("[\"user-{n}@example.org\"]"));
        let text = failure(if n % 3 == 0 { "Net::ReadTimeout" } else { "Boom" }, &format!("job {n}"));
        house.push_and_fail(&Job { jid: &jid, jobtype, args: &args, ..Job::default() }, &text);
    }
    for n in 0..2 {
        let jid = format!("dead-{n:05}");
        house.push_and_fail(&Job { jid: &jid, retry: -1, ..Job::default() }, &failure("Boom", "for good"));
    }
    let at = Some(START.after(Duration::from_secs(3_600)));
    house.push(&Job { jid: "later-0001", jobtype: "Report", at, ..Job::default() });
    house.push(&Job { jid: "busy-00001", queue: "low", ..Job::default() });
    house.fetch("low");
    for n in 0..3 {
        house.push(&Job {
            jid: &format!("wait-{n:05}"),
            queue: "low",
            args: r#"[{"k":"j\u00fcrgen"}]"#,
            ..Job::default()
        });
    }
    house
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// The page of a search, and the jids on it.
async fn find(router: &Router, path: &str, q: &str) -> (Answered, Vec<String>) {
    let answered = page(router, &format!("{path}?q={}", encoded(q))).await;
    let jids = answered.body.split(r#"<span class="jid"><bdi>"#).skip(1);
    let jids = jids.map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    (answered, jids)
}

#[tokio::test]
async fn jobs_are_found_in_every_state_by_every_field() {
    let router = furnished().router(Site::default());
    for (q, count) in [
        ("type:Mail", 12 + 2 + 4),
        ("type:mail state:retries", 12),
        ("type:Re*t", 13),
        ("queue:low", 4),
        ("queue:low state:working", 1),
        ("error:timeout", 8),
        ("error:Boom type:Report", 8),
        ("error:secret", 0),
        ("arg:user-7@", 1),
        ("arg:jürgen", 3),
        ("jid:dead-*", 2),
        ("jid:later-0001 jid:busy-00001", 2),
        ("jid:later-0001 state:dead", 0),
        ("timeout report", 4),
        ("user-1", 11),
        ("retries:0 state:retries", 24),
        ("retries>0", 0),
        ("age<1h", 31),
        ("age>1h", 0),
        (r#""[\"user-7@example.org\"]""#, 1),
    ] {
        let (answered, jids) = find(&router, "/search", q).await;
        assert_eq!(jids.len(), count.min(25), "{q}: {jids:?}");
        let said = match count {
            0 => "No job matches".to_owned(),
            1 => "1 job matches".into(),
            n => format!("{n} jobs match"),
        };
        answered.says(&format!(r#"<p role="status">{said}"#));
    }
}

#[tokio::test]
async fn found_jobs_are_counted_by_state_and_a_chip_leads_there() {
    let router = furnished().router(Site::default());
    let (answered, _) = find(&router, "/search", "type:Mail").await;
    answered
        .says(r#"<a href="/search?q=type%3AMail%20state%3Adead">Dead <b>2</b></a>"#)
        .says(">Waiting <b>3</b>");
    let (_, jids) = find(&router, "/search", "type:Mail state:dead").await;
    assert_eq!(jids, ["dead-00000", "dead-00001"]);
}

#[tokio::test]
async fn a_jid_leads_to_its_job_in_any_state() {
    let router = furnished().router(Site::default());
    for jid in ["retry-0003", "dead-00001", "later-0001", "busy-00001", "wait-00002"] {
        redirected(&get(&router, &format!("/search?q={jid}")).await, &format!("/jobs/{jid}"));
        redirected(&get(&router, &format!("/search?q=+jid:{jid}")).await, &format!("/jobs/{jid}"));
    }
    page(&router, "/search?q=nobody-000").await.says("No job matches");
}

#[tokio::test]
async fn a_box_on_a_list_stays_within_it() {
    let router = furnished().router(Site::default());
    assert_eq!(find(&router, "/retries", "type:Mail").await.1.len(), 12);
    assert_eq!(find(&router, "/morgue", "Boom").await.1.len(), 2);
    assert_eq!(find(&router, "/scheduled", "report").await.1, ["later-0001"]);
    assert_eq!(find(&router, "/queues/low", "jürgen").await.1.len(), 3);
    assert_eq!(find(&router, "/queues/low", "queue:default").await.1.len(), 0);
    for path in ["/retries", "/scheduled", "/morgue", "/queues/low"] {
        page(&router, path).await.says(r#"<input type="search" name="q""#);
    }
    // An empty box is the list itself, and pages of old stay (V-11).
    page(&router, "/retries?q=").await.says("Boom: job 23");
    page(&router, "/retries?page=2").await.says("no page 2");
}

#[tokio::test]
async fn a_search_has_pages_and_goes_on_where_it_was() {
    let house = House::new();
    for n in 0..60 {
        house.push_and_fail(&Job { jid: &format!("retry-{n:04}"), ..Job::default() }, &failure("Boom", "x"));
    }
    let router = house.router(Site::default());
    for q in ["type:Mail", "error:boom"] {
        let mut seen = Vec::new();
        let mut path = format!("/retries?q={q}");
        loop {
            let answered = page(&router, &path).await;
            let jids = answered.body.split(r#"<span class="jid"><bdi>"#).skip(1);
            seen.extend(jids.map(|rest| rest.split('<').next().unwrap().to_owned()));
            let next = answered
                .body
                .split(r#"" rel="next""#)
                .next()
                .filter(|_| answered.body.contains("rel=\"next\""));
            let Some(next) = next else { break };
            path = next.rsplit("href=\"").next().unwrap().replace("&#38;", "&");
        }
        let expected: Vec<String> = (0..60).map(|n| format!("retry-{n:04}")).collect();
        assert_eq!(seen, expected, "{q}");
    }
    for bad in [
        "/search?q=x&from=-1",
        "/search?q=x&from=99999999999",
        "/search/more?q=x&in=everything",
        "/search/more?q=type:",
    ] {
        assert_eq!(get(&router, bad).await.status, 400, "{bad}");
    }
    page(&router, "/search?q=type:Mail&from=4294967295").await.says("No job matches");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_in_a_line_on_the_page() {
    let router = furnished().router(Site::default());
    let (answered, _) = find(&router, "/search", "type:Mail error:\"x").await;
    answered.says("this quote does not end (at character 17)").says(r#"value="type:Mail error:&#34;x""#);
    let (answered, _) = find(&router, "/retries", "<script>:x").await;
    answered.says_not("<script>");
    assert_eq!(
        get(&router, &format!("/act?in=retries&action=kill&q={}", encoded("age>x"))).await.status,
        400
    );
    let long = find(&router, "/search", &"a".repeat(1_025)).await.0;
    long.says("a search has at most 500 bytes");
}

#[tokio::test]
async fn all_that_match_are_acted_on_after_a_question() {
    let router = furnished().router(Site::default());
    let asked = page(&router, "/act?in=&action=kill&q=type:Mail+state:retries").await;
    asked.says("Move 12 jobs to the dead ones?").says("retry-0000").says("and 7 more").says_not("retry-0001");
    let form = "in=&action=kill&count=12&q=type:Mail+state:retries";
    redirected(&post(&router, "/act", form).await, "/search");
    assert_eq!(find(&router, "/morgue", "type:Mail").await.1.len(), 14);
    assert_eq!(find(&router, "/retries", "").await.1.len(), 12);
    page(&router, "/").await.says("12 jobs killed (All jobs: type:Mail state:retries)");
    // Without having seen the number nothing is done, and nothing at all is not everything.
    assert_eq!(post(&router, "/act", "in=&action=kill&q=type:Mail").await.status, 400);
    assert_eq!(post(&router, "/act", "in=&action=delete&count=1&q=").await.status, 400);
    assert_eq!(get(&router, "/act?in=&action=delete&q=").await.status, 400);
    assert_eq!(post(&router, "/act", "in=morgue&action=kill&count=1&q=x").await.status, 400);
}

#[tokio::test]
async fn jobs_that_are_worked_on_are_left_alone() {
    let router = furnished().router(Site::default());
    page(&router, "/act?in=&action=delete&q=queue:low").await.says("Delete 3 jobs?");
    redirected(&post(&router, "/act", "in=&action=delete&count=3&q=queue:low").await, "/search");
    assert_eq!(find(&router, "/search", "queue:low").await.1, ["busy-00001"]);
}

#[tokio::test]
async fn ticked_jobs_are_acted_on_at_once() {
    let router = furnished().router(Site::default());
    let (answered, _) = find(&router, "/search", "type:Report state:retries").await;
    let ids: Vec<&str> = answered
        .body
        .split(r#"name="id" value=""#)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let form = format!("in=retries&q=type:Report&action=delete&id={}&id={}&id=7", ids[0], ids[1]);
    redirected(&post(&router, "/act", &form).await, "/retries?q=type%3AReport");
    assert_eq!(find(&router, "/retries", "type:Report").await.1.len(), 10);
    assert_eq!(post(&router, "/act", "action=delete&id=x").await.status, 400);
}

#[tokio::test]
async fn more_than_a_thousand_are_deleted_only_when_their_number_is_typed() {
    let house = House::new();
    for n in 0..1_001 {
        house.push_and_fail(&Job { jid: &format!("retry-{n:04}"), ..Job::default() }, &failure("Boom", "x"));
    }
    let router = house.router(Site::default());
    page(&router, "/act?in=retries&action=delete&q=jid:retry-*").await.says(r#"name="typed""#);
    page(&router, "/act?in=retries&action=kill&q=").await.says_not(r#"name="typed""#);
    page(&router, "/act?in=retries&action=delete&q=jid:retry-00*").await.says_not(r#"name="typed""#);
    let refused = post(&router, "/act", "in=retries&action=delete&q=&count=1001&typed=100").await;
    assert_eq!(refused.status, 400);
    refused.says("Type the number of jobs, 1,001");
    redirected(
        &post(&router, "/act", "in=retries&action=delete&q=&count=1001&typed=1,001").await,
        "/retries",
    );
    page(&router, "/retries").await.says("1,001 jobs deleted (Retries)").says("No failed job is waiting");
}

#[tokio::test]
async fn what_was_counted_is_what_is_meant_and_more_is_asked_for_again() {
    let house = House::new();
    let mail = |n: u64| house.push(&Job { jid: &format!("mail-{n:06}"), ..Job::default() });
    (0..3).for_each(mail);
    let router = house.router(Site::default());
    let form = |asked: &str, rest: &str| {
        let came = asked.split(r#"name="came" value=""#).nth(1).unwrap().split('"').next().unwrap();
        format!("in=&action=delete&q=type:Mail&came={came}&{rest}")
    };
    // What came after the question stays.
    let asked = page(&router, "/act?in=&action=delete&q=type:Mail").await;
    asked.says("Delete 3 jobs?");
    (3..5_003).for_each(mail);
    redirected(&post(&router, "/act", &form(&asked.body, "count=3")).await, "/search");
    let asked = page(&router, "/act?in=&action=delete&q=type:Mail").await;
    asked.says("Delete 5,000 jobs?").says(r#"name="typed""#);
    // The server's own number counts, whatever the form says that it was.
    for lie in ["count=7&typed=7", "count=4999&typed=4999", "count=4999", "count=0"] {
        let again = post(&router, "/act", &form(&asked.body, lie)).await;
        assert_eq!(again.status, 409, "{lie}");
        again.says("by now more match").says("Delete 5,000 jobs?").says(r#"name="typed""#);
    }
    for wrong in ["count=5000", "count=5000&typed=4999", "count=7&typed=7&at_least=yes", "came=x&count=5000"]
    {
        let refused = post(&router, "/act", &form(&asked.body, wrong)).await;
        assert!(matches!(refused.status, 400 | 409), "{wrong}: {}", refused.status);
    }
    page(&router, "/act?in=&action=delete&q=type:Mail").await.says("Delete 5,000 jobs?");
    // Old jobs that get there meanwhile make it more than was agreed to.
    let in_low = "in=retries&action=retry&q=";
    let asked = page(&router, &format!("/act?{in_low}")).await;
    house.fetch("default");
    house.fail("mail-000003", &failure("Boom", "x"));
    asked.says("0 jobs");
    let again = post(&router, "/act", &format!("{in_low}&count=0")).await;
    assert_eq!((again.status, house.retries()), (409, 1));
    again.says("the count was 0, and by now more match").says(r#"name="count" value="1""#);
    // What was said already is not to be said again.
    let edit = "in=retries&action=edit&q=&count=0&args=%5B%22%3Cb%3E%22%5D&queue=low&retry=7";
    let again = post(&router, "/act", edit).await;
    assert_eq!(again.status, 409);
    again.says("[&#34;&#60;b&#62;&#34;]</textarea>");
    again.says(r#"name="queue" value="low""#).says(r#"name="retry" value="7""#);
    redirected(
        &post(&router, "/act", &form(&asked_again(&router).await, "count=5000&typed=5,000")).await,
        "/search",
    );
    page(&router, "/act?in=&action=delete&q=type:Mail").await.says("Delete 0 jobs?");
}

async fn asked_again(router: &axum::Router) -> String {
    page(router, "/act?in=&action=delete&q=type:Mail").await.body
}

#[tokio::test]
async fn a_bulk_deletion_is_taken_back_within_a_minute() {
    let house = House::new();
    for n in 0..12_000 {
        house.push_and_fail(&Job { jid: &format!("retry-{n:05}"), ..Job::default() }, &failure("Boom", "x"));
    }
    let router = house.router(Site::default());
    let delete = "in=retries&action=delete&q=&count=12000&typed=12000";
    redirected(&post(&router, "/act", delete).await, "/retries");
    assert_eq!(house.retries(), 0);
    page(&router, "/").await.says("12,000 jobs deleted (Retries)").says(r#"value="undo""#);
    redirected(&post(&router, "/works/1", "action=undo").await, "/retries");
    assert_eq!(house.retries(), 12_000);
    page(&router, "/").await.says("12,000 jobs were brought back").says_not(r#"value="undo""#);
    assert_eq!(post(&router, "/works/1", "action=undo").await.status, 409);
    redirected(&post(&router, "/act", delete).await, "/retries");
    house.pass(Duration::from_secs(61));
    assert_eq!(post(&router, "/works/2", "action=undo").await.status, 409);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_go_on_behind_and_can_be_stopped_row_102() {
    let house = House::new();
    for n in 0..10_500 {
        house.push_and_fail(&Job { jid: &format!("retry-{n:05}"), ..Job::default() }, &failure("Boom", "x"));
    }
    let doors = house.hold_actions(3);
    let router = house.router(Site::default());
    redirected(&post(&router, "/act", "in=retries&action=retry&count=10500&q=error:boom").await, "/retries");
    let going = page(&router, "/works").await;
    going.says("Retrying (Retries: error:boom): 3,000 of 10,500").says(r#"action="/works/1""#);
    assert_eq!(post(&router, "/act", "in=retries&action=kill&count=10500&q=error:boom").await.status, 409);
    redirected(&post(&router, "/works/1", "action=cancel").await, "/retries");
    doors.add_permits(1);
    while page(&router, "/works").await.body.contains("<progress") {
        tokio::task::yield_now().await;
    }
    // What was done stays done: a prefix, slice by slice (`G5`).
    page(&router, "/").await.says("Stopped; retried: 4,000 (Retries: error:boom)");
    page(&router, "/queues").await.says("4,000");
    redirected(&post(&router, "/works/1", "action=dismiss").await, "/retries");
    page(&router, "/").await.says_not("Stopped;");
    assert_eq!(post(&router, "/works/1", "action=explode").await.status, 400);
}

#[tokio::test]
async fn an_action_that_the_engine_s_end_cuts_short_leaves_a_prefix_done_g5() {
    let house = House::new();
    for n in 0..2_500 {
        house.push_and_fail(&Job { jid: &format!("retry-{n:05}"), ..Job::default() }, &failure("Boom", "x"));
    }
    let doors = house.hold_actions(1);
    let router = house.router(Site::default());
    let first = tokio::spawn({
        let router = router.clone();
        async move { post(&router, "/retries", "action=retry&key=all").await.status }
    });
    while house.retries() > 1_500 {
        tokio::task::yield_now().await;
    }
    house.close();
    doors.add_permits(10);
    assert_eq!(first.await.unwrap(), 503);
    assert_eq!(house.retries(), 1_500);
}

#[tokio::test]
async fn pages_far_down_are_reached_in_steps_and_show_what_they_did_v11() {
    let house = House::new();
    for n in 0..20_100 {
        house.push(&Job { jid: &format!("wait-{n:05}"), ..Job::default() });
        let at = Some(START.after(Duration::from_secs(60 + n)));
        house.push(&Job { jid: &format!("late-{n:05}"), at, ..Job::default() });
    }
    let router = house.router(Site::default());
    page(&router, "/scheduled?page=804").await.says("late-20075").says("late-20099").says_not("late-20074");
    page(&router, "/scheduled?page=401").await.says("late-10000").says("late-10024");
    page(&router, "/scheduled?page=402").await.says("late-10025").says("10,026–10,050 of 20,100");
    page(&router, "/scheduled?page=9999999999").await.says("no page");
    // The newest first (V-24).
    page(&router, "/queues/default?page=804")
        .await
        .says("wait-00024")
        .says("wait-00000")
        .says_not("wait-00025");
    page(&router, "/queues/default?page=402").await.says("wait-10074").says("wait-10050");
}
