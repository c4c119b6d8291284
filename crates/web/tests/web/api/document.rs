//! The document itself: it is the committed one, its examples are what they are examples of, and each operation answers
//! as it promises.

use std::time::Duration;

use bessemer_core::Rules;
use bessemer_core::command::{BatchDeed, Hello, Plan, Reply};
use bessemer_core::fact::Release;
use bessemer_core::query::{Condition, LogFigures};
use bessemer_core::throttle::Parts;
use bessemer_web::{Site, openapi};
use serde_json::Value;

use super::contract::Contract;
use super::{call, operated};
use crate::house::{House, Job, START};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

#[test]
fn the_committed_document_is_what_the_code_makes() {
    let made = openapi::<House>();
    if std::env::var_os("BESSEMER_WRITE").is_some() {
        std::fs::write(COMMITTED, &made).expect("docs/openapi.json can be written");
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(
        committed == made,
        "docs/openapi.json is not what the code makes; make it anew with\n\
         BESSEMER_WRITE=1 cargo test -p bessemer-web --test web committed_document"
    );
}

/// A request for each operation, against a house with something of everything in it.
const REQUESTS: &[(&str, &str, Option<&str>)] = &[
    ("openapi", "/openapi.json", None),
    ("info", "/info", None),
    ("history", "/history?days=7", None),
    ("listQueues", "/queues", None),
    ("getQueue", "/queues/default", None),
    ("listQueueJobs", "/queues/default/jobs", None),
    ("pauseQueue", "/queues/default/pause", None),
    ("resumeQueue", "/queues/default/resume", None),
    ("clearQueue", "/queues/default/clear", None),
    ("removeQueue", "/queues/default", None),
    ("listThrottles", "/throttles", None),
    ("getThrottle", "/throttles/work", None),
    ("setThrottle", "/throttles/work", Some(r#"{"rate":5,"per":60}"#)),
    ("resetThrottle", "/throttles/work", None),
    ("listJobs", "/jobs", None),
    ("clearJobs", "/jobs?state=dead", None),
    ("releaseJob", "/jobs/job-working1/release", None),
    ("getJob", "/jobs/job-failed01", None),
    ("pushJobs", "/jobs", Some(JOB)),
    ("pushJobs", "/jobs", Some(GOOD_AND_BAD)),
    ("actOnJobs", "/jobs/actions", Some(r#"{"action":"kill","q":"type:Mail","dry_run":true}"#)),
    ("actOnJobs", "/jobs/actions", Some(r#"{"action":"retry","q":"state:dead"}"#)),
    ("actOnJobs", "/jobs/actions", Some(r#"{"action":"edit","q":"state:dead","args":[9],"retry":3}"#)),
    ("listOperations", "/operations", None),
    ("getOperation", "/operations/1", None),
    ("cancelOperation", "/operations/1/cancel", None),
    ("undoOperation", "/operations/2/undo", None),
    ("deleteJob", "/jobs/job-00000001", None),
    ("retryJob", "/jobs/job-failed01/retry", None),
    ("moveJob", "/jobs/job-failed01/move", Some(r#"{"queue":"other"}"#)),
    ("editJob", "/jobs/job-failed01", Some(r#"{"args":[9],"enqueue":true}"#)),
    ("discardJob", "/jobs/job-failed01/discard", None),
    ("restoreJob", "/jobs/job-discard1/restore", None),
    ("killJob", "/jobs/job-failed01/kill", None),
    ("listRecent", "/recent", None),
    ("live", "/live", None),
    ("events", "/events", None),
    ("typeStatistics", "/statistics/types?span=1h", None),
    ("queueStatistics", "/statistics/queues", None),
    ("statisticsSeries", "/statistics/series?type=Mail&span=1h", None),
    ("listMarks", "/marks", None),
    ("setMark", "/marks", Some(r#"{"text":"v1"}"#)),
    ("listTokens", "/tokens", None),
    ("createToken", "/tokens", Some(r#"{"name":"deploy","scopes":["push"]}"#)),
    ("revokeToken", "/tokens/{id}", None),
    ("listAudit", "/audit", None),
    ("listCronEntries", "/cron", None),
    ("getCronEntry", "/cron/nightly", None),
    ("runCronEntry", "/cron/nightly/run", None),
    ("pauseCronEntry", "/cron/nightly/pause", None),
    ("resumeCronEntry", "/cron/nightly/resume", None),
    ("listWorkers", "/workers", None),
    ("quietWorkers", "/workers/quiet", None),
    ("stopWorkers", "/workers/stop", None),
    ("quietWorker", "/workers/w-1234567/quiet", None),
    ("stopWorker", "/workers/w-1234567/stop", None),
    ("listUniqueKeys", "/unique", None),
    ("getUniqueKey", "/unique/00000000000000000000000000000007", None),
    ("releaseUniqueKey", "/unique/00000000000000000000000000000007", None),
    ("releaseUniqueKeysOf", "/unique?jid=job-later001", None),
    ("listBatches", "/batches", None),
    ("getBatch", "/batches/{bid}", None),
    ("checkBatch", "/batches/{bid}/check", None),
    ("cancelBatch", "/batches/{bid}/cancel", None),
];

const JOB: &str = r#"{"jid":"job-pushed01","jobtype":"Mail","args":[]}"#;
const GOOD_AND_BAD: &str =
    r#"[{"jid":"job-pushed01","jobtype":"Mail","args":[]},{"jid":"job-pushed02","jobtype":"Mail"}]"#;

/// Something of everything: workers, and jobs in all states.
fn inhabited() -> House {
    let one = Parts { concurrency: Some(1), ..Parts::default() }.throttle().expect("a throttle");
    let rules = Rules { throttles: [("work".into(), one)].into(), ..Rules::default() };
    let house = House::with_cron(rules);
    let log = LogFigures { segments: 2, bytes: 3, cleaned_at: Some(START), ..LogFigures::default() };
    house.stand(Condition { log: Some(log), ..Condition::default() });
    house.connect(Hello { wid: "w-1234567", hostname: "box", pid: 42, labels: &["a"], rss_kb: 7 });
    house.push(&Job {
        jid: "job-working1",
        queue: "work",
        custom: Some(r#"{"tenant":7}"#),
        ..Job::default()
    });
    house.fetch("work");
    let failure = r#"{"errtype":"E","message":"boom","backtrace":["a.rb:1"]}"#;
    house.push_and_fail(&Job { jid: "job-failed01", queue: "fail", ..Job::default() }, failure);
    house.push_and_fail(&Job { jid: "job-dead0001", queue: "fail", retry: -1, ..Job::default() }, failure);
    house.push(&Job {
        jid: "job-later001",
        unique: Some((7, Release::Success)),
        at: Some(START.after(Duration::from_secs(60))),
        ..Job::default()
    });
    house.push(&Job { jid: "job-discard1", ..Job::default() });
    house.push(&Job { jid: "job-undone01", ..Job::default() });
    house.push(&Job::default());
    house
}

#[tokio::test]
async fn every_operation_answers_as_its_document_promises() {
    let contract = Contract::new();
    let mut missing = contract.ids();
    for (id, path, body) in REQUESTS {
        let house = inhabited();
        let callbacks = [Some(r#"{"jobtype":"Report"}"#), None, None];
        let plan = Plan { description: "letters", parent: None, callbacks };
        let Reply::Bid(bid) = house.batch(BatchDeed::New(plan)) else { panic!("no batch") };
        house.push_into(Some(&bid), &Job { jid: "job-member01", ..Job::default() });
        let router = house.router(Site::default());
        let begun = call(&router, "POST", "/jobs/actions", Some(r#"{"action":"kill","q":"nothing"}"#)).await;
        assert_eq!(begun.status, 202, "{}", begun.body);
        operated(&router, r#"{"action":"discard","q":"jid:job-undone01"}"#).await;
        let discarded = call(&router, "POST", "/jobs/job-discard1/discard", None).await;
        assert_eq!(discarded.status, 200, "{}", discarded.body);
        let (method, _, operation) = operation(&contract, id);
        let made = call(&router, "POST", "/tokens", Some(r#"{"name":"x","scopes":["read"]}"#)).await;
        let made: Value = serde_json::from_str(&made.body).expect("JSON");
        let path = path.replace("{id}", made["token"]["id"].as_str().expect("an id")).replace("{bid}", &bid);
        let answered = call(&router, &method, &path, *body).await;
        assert!(answered.status < 300, "{id}: {} {}", answered.status, answered.body);
        contract.judge(operation, &answered);
        missing.remove(*id);
    }
    assert!(missing.is_empty(), "no request for {missing:?}");
}

fn operation<'c>(contract: &'c Contract, id: &str) -> (String, String, &'c Value) {
    let found = contract.operations().into_iter().find(|(.., operation)| operation["operationId"] == id);
    found.unwrap_or_else(|| panic!("no operation {id}"))
}

#[tokio::test]
async fn the_router_and_the_document_name_the_same_addresses() {
    let contract = Contract::new();
    let router = House::new().router(Site::default());
    for (method, path, _) in contract.operations() {
        let path = path.strip_prefix("/api/v1").expect("all are below the root");
        // Names that nothing has: what answers is the operation, and not the fallback.
        let path = path
            .replace("{name}", "nobody")
            .replace("{jid}", "nobody-00")
            .replace("{wid}", "nobody")
            .replace("{id}", "0");
        let answered = call(&router, &method, &path, None).await;
        let no_such_address = answered.status == 405 || answered.body.contains("There is no such address");
        assert!(!no_such_address, "{method} {path}: {} {}", answered.status, answered.body);
        for other in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let documented = methods_of(&contract, &path).contains(&other.to_owned());
            let answered = call(&router, other, &path, None).await;
            assert_eq!(answered.status != 405, documented, "{other} {path}: {}", answered.body);
        }
    }
}

/// What may be sent to an address. One that stands in the document as it is goes before those with a name in it.
fn methods_of(contract: &Contract, path: &str) -> Vec<String> {
    let operations = contract.operations();
    let is_listed = operations.iter().any(|(_, known, _)| known.strip_prefix("/api/v1") == Some(path));
    let is_meant = |known: &str| if is_listed { known == path } else { same(known, path) };
    let meant = operations.iter().filter(|(_, known, _)| known.strip_prefix("/api/v1").is_some_and(is_meant));
    meant.map(|(method, ..)| method.clone()).collect()
}

/// Whether an address is one of this pattern.
fn same(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(p, s)| p == s || p.starts_with('{'))
}

#[test]
fn every_example_is_what_it_is_an_example_of() {
    let contract = Contract::new();
    let mut examples = 0;
    walk(&contract.0, "", &mut |at, schema| {
        let schema_of = schema.get("schema").unwrap_or(schema);
        let listed =
            schema.get("examples").and_then(Value::as_object).into_iter().flat_map(|all| all.values());
        for example in
            schema.get("example").into_iter().chain(listed.filter_map(|example| example.get("value")))
        {
            contract.conforms(schema_of, example, at);
            examples += 1;
        }
    });
    assert!(examples > 5, "{examples} examples");
}

fn walk(value: &Value, at: &str, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            see(at, value);
            for (name, member) in members.iter().filter(|(name, _)| *name != "example" && *name != "examples")
            {
                walk(member, &format!("{at}/{name}"), see);
            }
        }
        Value::Array(all) => all.iter().enumerate().for_each(|(i, one)| walk(one, &format!("{at}/{i}"), see)),
        _ => {}
    }
}
