//! What a worker leaves at a real server: words of jobs, caps, and its end under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bessemer::prelude::*;
use bessemer::{NewJob, Order, Queue, Report, Worker};
use bessemer_testing::Server;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::Instant;

type Ended = JoinHandle<Result<Report, bessemer::Error>>;

fn start(worker: Worker) -> (bessemer::Stop, Ended) {
    let worker = worker.ignore_signals();
    (worker.stop_handle(), tokio::spawn(worker.run()))
}

/// Answers the word that it is given, and snoozes once.
#[derive(Default)]
struct Say {
    rested: AtomicBool,
}

impl Job for Say {
    const JOBTYPE: &'static str = "Say";
    type Args = (String,);

    async fn perform(&self, _: &Context, (word,): Self::Args) -> JobResult {
        match word.as_str() {
            "snooze" if !self.rested.swap(true, Ordering::SeqCst) => Ok(Snooze(Duration::from_secs(3600))),
            "bury" => Ok(Bury(Failure::new("Hopeless", "never"))),
            _ => Ok(Discard("stale".into())),
        }
    }
}

#[tokio::test]
async fn a_snoozed_job_is_scheduled_a_buried_one_dead_and_a_discarded_one_gone() {
    let server = Server::start().await;
    for word in ["snooze", "bury", "discard"] {
        Say::with().on(&server.app()).perform_async(word).await.unwrap();
    }
    let (stop, ended) = start(server.app().worker().job(Say::default()).slots(2));
    server.until(|info| info.faktory.sets.dead == 1 && info.faktory.total_processed == 3).await;
    server.until_idle().await;
    assert_eq!((server.scheduled().await, server.retries().await, server.dead().await), (1, 0, 1));

    server.clock().advance(Duration::from_secs(3601)).await;
    server.until(|info| info.faktory.total_processed == 4).await;
    assert_eq!(server.scheduled().await, 0);
    stop.terminate();
    let report = ended.await.unwrap().unwrap();
    assert_eq!((report.succeeded, report.failed, report.unreported), (3, 1, 0));
}

#[tokio::test]
async fn a_worker_that_waits_for_jobs_leaves_without_waiting_for_its_fetch() {
    let server = Server::start().await;
    Say::with().on(&server.app()).perform_async("discard").await.unwrap();
    let (stop, ended) = start(server.app().worker().job(Say::default()));
    // Behind its ACK leaves a FETCH, in vain.
    server.until(|info| info.faktory.total_processed == 1).await;
    let begun = Instant::now();
    stop.terminate();
    ended.await.unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
}

/// Takes a permit of the test's, and counts those of its kind that run.
#[derive(Clone, Default)]
struct Slow {
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    done: Arc<AtomicUsize>,
    go: Arc<Option<Semaphore>>,
}

impl Job for Slow {
    const JOBTYPE: &'static str = "Slow";
    type Args = (u64,);

    async fn perform(&self, ctx: &Context, _: Self::Args) -> JobResult {
        if ctx.queue() == "bulk" {
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(running, Ordering::SeqCst);
        }
        if let Some(go) = &*self.go {
            go.acquire().await?.forget();
        }
        // Others may come in between.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        if ctx.queue() == "bulk" {
            self.running.fetch_sub(1, Ordering::SeqCst);
        }
        self.done.fetch_add(1, Ordering::SeqCst);
        Ok(Done)
    }
}

async fn push(server: &Server, queue: &str, count: u64) {
    let job = |n| NewJob::new("Slow", &[json!(n)], JobOptions::new().queue(queue)).unwrap();
    let jobs: Vec<NewJob> = (0..count).map(job).collect();
    assert!(server.app().push_all(&jobs).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_holds_in_every_order_of_queues() {
    for order in [Order::Strict, Order::Weighted, Order::RoundRobin] {
        let (server, slow) = (Server::start().await, Slow::default());
        push(&server, "bulk", 60).await;
        push(&server, "mail", 60).await;
        let worker = server.app().worker().job(slow.clone()).slots(10).order(order);
        let (stop, ended) = start(worker.queue(Queue::new("bulk").max(3).weight(2)).queue("mail"));
        server.until(|info| info.faktory.total_processed == 120).await;
        assert_eq!(slow.done.load(Ordering::SeqCst), 120);
        assert!((1..=3).contains(&slow.most.load(Ordering::SeqCst)), "{order:?}: {:?}", slow.most);
        stop.terminate();
        assert_eq!(ended.await.unwrap().unwrap().succeeded, 120);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_stopped_under_load_does_what_it_has_and_takes_no_more() {
    let server = Server::start().await;
    let slow = Slow { go: Arc::new(Some(Semaphore::new(100))), ..Slow::default() };
    push(&server, "default", 1_000).await;
    let (stop, ended) = start(server.app().worker().job(slow.clone()).slots(20));
    // A hundred may pass; twenty more are in hand then.
    server.until(|info| info.faktory.total_processed == 100 && info.faktory.sets.working == 20).await;
    stop.terminate();
    (*slow.go).as_ref().unwrap().add_permits(1_000);
    let report = ended.await.unwrap().unwrap();
    let done = slow.done.load(Ordering::SeqCst) as u64;
    assert_eq!((report.succeeded, report.failed, report.unreported), (done, 0, 0));
    assert!((100..=120).contains(&done), "{done}");
    // What a FETCH under way might have brought went back to its queue.
    assert_eq!(server.working().await, 0);
    assert_eq!(server.enqueued("default").await, 1_000 - done);
}
