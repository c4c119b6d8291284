//! What `#[job]` makes: the trait, and functions that take the arguments one by one.

use bessemer::prelude::*;
use bessemer::testing::Sandbox;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Sends an invoice.
#[job(queue = "mail", retry = 5, reserve_for = "5m", name = "Invoice", alias = "OldInvoice")]
pub async fn send_invoice(to: String, order: u64, copy: Option<String>) -> JobResult {
    assert!(order > 0, "{to} {copy:?}");
    Ok(Done)
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Math {
    Add { a: i64, b: i64 },
}

struct MathWorker;

#[job]
impl MathWorker {
    async fn perform(&self, ctx: &Context, task: Math) -> Result<(), std::num::ParseIntError> {
        let Math::Add { a, b } = task;
        ctx.jid().parse::<i64>().map(|id| assert_eq!(id, a + b))
    }
}

fn read<J: Job>(args: &str) -> Result<J::Args, bessemer::ArgumentMismatch> {
    J::decode(&RawValue::from_string(args.to_owned()).unwrap())
}

fn wire(job: Result<bessemer::NewJob, bessemer::Error>) -> serde_json::Value {
    serde_json::to_value(job.unwrap()).unwrap()
}

#[tokio::test]
async fn a_function_stays_a_function_and_is_a_job() {
    assert_eq!(send_invoice("a".into(), 1, None).await, Ok(Done));
    assert_eq!((SendInvoice::JOBTYPE, SendInvoice::ALIASES), ("Invoice", ["OldInvoice"].as_slice()));
    let job = wire(SendInvoice::args("a", 42, None));
    assert_eq!(job["args"].to_string(), r#"["a",42,null]"#);
    assert_eq!((&job["queue"], &job["retry"], &job["reserve_for"]), (&"mail".into(), &5.into(), &300.into()));
    let job = wire(SendInvoice::with().queue("bulk").args("a", 42, "b".to_owned()));
    assert_eq!((job["queue"].as_str(), job["args"][2].as_str()), (Some("bulk"), Some("b")));
    assert_eq!(read::<SendInvoice>(r#"["a", 7]"#), Ok(("a".to_owned(), 7, None)));
}

#[test]
fn an_impl_block_is_a_job() {
    assert_eq!(MathWorker::JOBTYPE, "MathWorker");
    let job = wire(MathWorker::args(Math::Add { a: 3, b: 5 }));
    assert_eq!(job["args"].to_string(), r#"[{"a":3,"b":5,"op":"add"}]"#);
    assert_eq!(read::<MathWorker>(r#"[{"op":"add","a":1,"b":2}]"#), Ok((Math::Add { a: 1, b: 2 },)));
}

#[tokio::test]
async fn jobs_are_pushed_in_bulk_as_they_are_made() {
    let app = Bessemer::connect("tcp://127.0.0.1:1").unwrap();
    let orders = [(String::from("a"), 1), (String::from("b"), 2)];
    let bulk = async move {
        app.push_all(orders.iter().map(|(to, order)| SendInvoice::args(to.as_str(), *order, None))).await
    };
    // It can be spawned, though the iterator borrows; nobody is there to take the jobs.
    let task = tokio::spawn(bulk);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}

/// Shared by jobs.
#[derive(Clone)]
struct Ledger(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

#[job]
async fn note(#[state] ledger: &Ledger, text: &str, #[state] again: Ledger, #[default = "."] end: String) {
    for ledger in [ledger, &again] {
        ledger.0.lock().unwrap().push(format!("{text}{end}"));
    }
}

#[job(blocking)]
fn crunch(
    #[ctx] ctx: &Context,
    number: u64,
    #[state] ledger: &Ledger,
) -> Result<(), std::num::ParseIntError> {
    let thread = std::thread::current().name().unwrap_or_default().to_owned();
    ledger.0.lock().unwrap().push(format!("{} {number} {thread}", ctx.attempt()));
    if number == 0 {
        panic!("nothing to crunch");
    }
    number.to_string().parse::<u8>().map(drop)
}

struct Counter {
    step: u64,
}

#[job]
impl Counter {
    async fn perform(&self, #[args] numbers: Vec<u64>) -> JobResult {
        Ok(Return((numbers.iter().sum::<u64>() * self.step).into()))
    }
}

#[job(lenient)]
async fn lenient(number: u64, #[default] flag: bool, #[default = 3] copies: u8) -> JobResult {
    Ok(Return(serde_json::json!([number, flag, copies])))
}

#[tokio::test]
async fn a_worker_gives_state_borrowed_or_by_value() {
    let ledger = Ledger(std::sync::Arc::default());
    let given = ledger.clone();
    let sandbox = Sandbox::new().with_worker(move |app| app.worker().job(Note).state(given));
    sandbox.work_one::<Note>(("a", "!")).await.expect_ok();
    assert_eq!(*ledger.0.lock().unwrap(), ["a!", "a!"]);
    assert_eq!(read::<Note>(r#"["a"]"#), Ok(("a".to_owned(), ".".to_owned())));
    let names: Vec<String> = Note::needs().iter().map(|need| format!("{need:?}")).collect();
    assert!(names.len() == 2 && names[0].contains("Ledger"), "{names:?}");
}

#[tokio::test]
async fn a_blocking_job_runs_on_a_thread_of_its_own_with_context_and_state() {
    let ledger = Ledger(std::sync::Arc::default());
    let given = ledger.clone();
    let sandbox = Sandbox::new().with_worker(move |app| app.worker().job(Crunch).state(given));
    sandbox.work_one::<Crunch>(7u64).attempt(2).await.expect_ok();
    let noted = ledger.0.lock().unwrap()[0].clone();
    assert!(noted.starts_with("2 7 ") && !noted.contains("job::"), "{noted}");
    let failed = sandbox.work_one::<Crunch>(300u64).await;
    assert_eq!(failed.failure().unwrap().message(), "number too large to fit in target type");
    assert!(sandbox.work_one::<Crunch>(0u64).await.panicked());
}

#[tokio::test]
async fn the_place_of_a_failure_is_the_function_that_returned_it() {
    let ledger = Ledger(std::sync::Arc::default());
    let sandbox = Sandbox::new().with_worker(|app| app.worker().job(Crunch).state(ledger));
    let failed = sandbox.work_one::<Crunch>(300u64).await;
    let line = include_str!("job.rs").lines().position(|line| line.starts_with("fn crunch(")).unwrap() + 1;
    let place = &failed.failure().unwrap().backtrace()[0];
    assert!(place.starts_with(&format!("at crates/bessemer/tests/job.rs:{line}:4")), "{place}");
}

#[tokio::test]
async fn the_whole_array_may_be_one_value_and_a_struct_may_hold_state() {
    let worked = bessemer::testing::work_one(Counter { step: 10 }, vec![1, 2, 3]).await;
    assert_eq!(worked.returned(), Some(&60.into()));
    assert_eq!(wire(Counter::args([1, 2, 3]))["args"].to_string(), "[1,2,3]");
    let sandbox = Sandbox::new();
    Counter::with().on(&sandbox.app()).perform_async([1, 2]).await.unwrap();
    sandbox.assert_enqueued::<Counter>().args([1, 2]).once();
    let mismatch = read::<Counter>(r#"[1,"secret"]"#).unwrap_err();
    assert_eq!(mismatch.to_string(), "arguments are no Vec<u64>");
}

#[test]
fn trailing_arguments_may_be_missing_and_superfluous_ones_may_be_ignored() {
    assert_eq!(read::<Lenient>("[7]"), Ok((7, false, 3)));
    assert_eq!(read::<Lenient>("[7, true, 1, \"more\"]"), Ok((7, true, 1)));
    assert_eq!(read::<Lenient>("[]").unwrap_err().to_string(), "argument 0: expected u64, found nothing");
    // A null is there, and no boolean.
    assert_eq!(
        read::<Lenient>("[7, null]").unwrap_err().to_string(),
        "argument 1: expected bool, found null"
    );
    let much = read::<SendInvoice>(r#"["a", 7, null, 1]"#).unwrap_err();
    assert_eq!(much.to_string(), "expected 3 arguments, found 4");
}

const LINES: u32 = 7;

#[job(
    retry = -1,
    backtrace = LINES,
    custom(locale = "en", "tenant-id" = 7),
    expires_in = "1h30m",
    unique_for = 600,
    unique_until = "start"
)]
async fn every_option() {}

#[test]
fn options_reach_the_wire() {
    let job = wire(EveryOption::args());
    assert_eq!((&job["retry"], &job["backtrace"]), (&(-1).into(), &LINES.into()));
    let custom = serde_json::json!({
        "locale": "en", "tenant-id": 7, "expires_in": 5400, "unique_for": 600, "unique_until": "start"
    });
    assert_eq!(job["custom"], custom);
    assert_eq!(job["args"], serde_json::json!([]));
    assert!(
        job.get("reserve_for").is_none() && job.get("queue").is_none(),
        "the rest is the server's affair"
    );
}

#[job]
async fn exact(int: u64, long: i128, float: f64, text: Box<RawValue>) -> JobResult {
    Ok(Return(format!("{int} {long} {float} {text}").into()))
}

#[tokio::test]
async fn numbers_arrive_as_they_were_sent() {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    let args = (u64::MAX, i128::MIN, 5e-324, raw("123456789012345678901234567890.5"));
    let worked = bessemer::testing::work_one(Exact, args).await;
    let expected = format!("{} {} {} 123456789012345678901234567890.5", u64::MAX, i128::MIN, 5e-324);
    assert_eq!(worked.returned(), Some(&expected.into()));
    // Read to the last bit, which needs more than the quick way of reading a number.
    for text in [
        "0.1",
        "123456789.12345678",
        "31.245270191439438",
        "2.638344616030823e-256",
        "1.7976931348623157e308",
    ] {
        let float = read::<Exact>(&format!("[0,0,{text},0]")).unwrap().2;
        assert_eq!(float.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
    }
}

#[test]
fn the_macro_knows_the_limits_of_servers() {
    use bessemer_protocol::limits::{BACKTRACE_LINES_MAX, JOBTYPE_MAX, QUEUE_MAX, RESERVE_MAX_S, RETRY_MAX};
    // A crate of macros has nothing else to show than its source.
    let source = include_str!("../../macros/src/options.rs").replace('_', "");
    for (name, limit) in [
        ("QUEUE_MAX: usize", QUEUE_MAX.to_string()),
        ("JOBTYPE_MAX: usize", JOBTYPE_MAX.to_string()),
        ("RETRY_MAX: i64", RETRY_MAX.to_string()),
        ("BACKTRACE_MAX: i64", BACKTRACE_LINES_MAX.to_string()),
        ("RESERVE_MAX_S: u64", RESERVE_MAX_S.to_string()),
    ] {
        let line = format!("const {} = {limit};", name.replace('_', ""));
        assert!(source.contains(&line), "{line}");
    }
}
