//! What `#[job]` makes: the trait, and functions that take the arguments one by one.

use bessemer::prelude::*;
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
