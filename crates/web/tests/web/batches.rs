//! The pages of batches, and their addresses in the API.

use bessemer_core::Reply;
use bessemer_core::command::{BatchDeed, Plan};
use bessemer_web::Site;

use crate::house::{House, Job, get, page, post, redirected};

/// A committed batch with a member that waits, one that failed and one that is done; and its part.
fn house() -> (House, String, String) {
    let house = House::new();
    let new = |description: &str, parent: Option<&str>| {
        let callbacks = [Some(r#"{"jobtype":"Report"}"#), Some(r#"{"jobtype":"TidyUp"}"#), None];
        match house.batch(BatchDeed::New(Plan { description, parent, callbacks })) {
            Reply::Bid(bid) => bid.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let bid = new("letters <b>", None);
    let part = new("", Some(&bid));
    for jid in ["letter-01", "letter-02", "letter-03"] {
        house.push_into(Some(&bid), &Job { jid, ..Job::default() });
    }
    assert_eq!(house.batch(BatchDeed::Commit { bid: &bid }), Reply::Done);
    house.fetch("default");
    house.ack("letter-01");
    house.fetch("default");
    house.fail("letter-02", r#"{"errtype":"E","message":"m"}"#);
    (house, bid, part)
}

#[tokio::test]
async fn a_batch_shows_what_it_waits_for_and_where_its_members_are() {
    let (house, bid, part) = house();
    let router = house.router(Site::default());
    page(&router, "/batches")
        .await
        .says("letters &#60;b&#62;")
        .says(&format!("href=\"/batches/{part}\""))
        .says("1 / 3")
        // What is done and what failed are parts of their own.
        .says(r#"<rect class="good" width="33.3" height="1"/><rect class="bad" x="33.3" width="33.3" height="1"/>"#)
        .says(">running<")
        .says(">open<");
    page(&router, "/batches?state=open").await.says(&part).says_not(&format!("href=\"/batches/{bid}\""));
    page(&router, &format!("/batches/{bid}"))
        .await
        .says("Jobs that did not run yet: 1")
        .says("Jobs that failed, to be tried again or dead: 1")
        .says("Batches below it, and their callbacks: 1")
        .says("href=\"/jobs/letter-02\"")
        .says("<dt>to be tried again</dt><dd>1</dd>")
        .says("<dt>waiting</dt><dd>1</dd>")
        .says(&format!("href=\"/batches/{part}\""));
    page(&router, &format!("/batches/{part}"))
        .await
        .says("BATCH COMMIT")
        .says(&format!("href=\"/batches/{bid}\""));
    assert_eq!(get(&router, "/batches/b-nowhere").await.status, 404);
}

#[tokio::test]
async fn all_members_are_reached_a_page_at_a_time() {
    let (house, bid, _) = house();
    for n in 0..99 {
        house.push_into(Some(&bid), &Job { jid: &format!("more-{n:05}"), ..Job::default() });
    }
    let router = house.router(Site::default());
    let path = format!("/batches/{bid}");
    let first = page(&router, &path).await;
    first.says("more-00097").says_not("more-00098").says_not("rel=\"first\"");
    let next = first.body.split(&format!("href=\"{path}?from=")).nth(1).expect("a next page");
    let from = next.split('"').next().expect("a place");
    page(&router, &format!("{path}?from={from}"))
        .await
        .says("more-00098")
        .says_not("more-00097")
        .says("rel=\"first\"")
        .says("<dt>waiting</dt><dd>100</dd>");
    let told = page(&router, &format!("/api/v1{path}")).await;
    told.says(&format!("\"next\":\"{from}\""));
    page(&router, &format!("/api/v1{path}?from={from}")).await.says("more-00098").says_not("\"next\"");
    for path in [format!("{path}?from=x"), format!("/api/v1{path}?from=x")] {
        assert_eq!(get(&router, &path).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn operators_cancel_a_batch_and_check_one() {
    let (house, bid, part) = house();
    let router = house.router(Site::default());
    let path = format!("/batches/{bid}");
    redirected(&post(&router, &path, "action=check").await, &format!("{path}?checked=0"));
    page(&router, &format!("{path}?checked=0")).await.says("Checked: nothing had to be put right.");
    page(&router, &format!("{path}?checked=2")).await.says("Things put right: 2");
    assert_eq!(post(&router, &path, "action=cancel").await.status, 400, "nobody was asked");
    page(&router, &format!("{path}?cancel=1")).await.says(&format!("name=\"confirm\" value=\"{bid}\""));
    redirected(&post(&router, &path, &format!("action=cancel&confirm={bid}")).await, &path);
    house.due();
    page(&router, &path).await.says(">cancelled<").says("Nothing more comes");
    page(&router, &format!("/batches/{part}")).await.says(">cancelled<");
    page(&router, "/queues/default").await.says_not("letter-03");
    page(&router, "/audit").await.says("cancel batch").says("check batch");
}

#[tokio::test]
async fn scripts_see_the_same() {
    let (house, bid, part) = house();
    let router = house.router(Site::default());
    page(&router, "/api/v1/batches?state=running").await.says(&bid).says_not("\"next\"");
    page(&router, &format!("/api/v1/batches?parent_bid={bid}")).await.says(&format!("\"bid\":\"{part}\""));
    page(&router, &format!("/api/v1/batches/{bid}"))
        .await
        .says("\"state\":\"running\"")
        .says("\"total\":3,\"pending\":2,\"failed\":1")
        .says("\"waits\":[\"1 job that did not run yet\"")
        .says("\"retrying\":1")
        .says("{\"jid\":\"letter-02\",\"state\":\"retrying\"}");
    for wrong in ["state=lost", "after=x", "names=x"] {
        assert_eq!(get(&router, &format!("/api/v1/batches?{wrong}")).await.status, 400, "{wrong}");
    }
    assert_eq!(get(&router, "/api/v1/batches/b-nowhere").await.status, 404);
    for deed in ["check", "cancel"] {
        let request = crate::house::request("POST", &format!("/api/v1/batches/{bid}/{deed}"));
        let answered =
            crate::house::send(&router, request.body(axum::body::Body::empty()).expect("a request")).await;
        assert_eq!(answered.status, 200, "{deed}: {}", answered.body);
    }
    house.due();
    page(&router, &format!("/api/v1/batches/{part}")).await.says("\"state\":\"cancelled\"");
}
