//! The in-process server as an application's tests use it.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bessemer::prelude::*;
use bessemer::{Client, NewJob, Worker};
use bessemer_testing::Server;
use tokio::net::TcpStream;

const HOUR: Duration = Duration::from_secs(3600);

struct Greet;

impl Job for Greet {
    const JOBTYPE: &'static str = "Greet";
    type Args = (String,);

    async fn perform(&self, _: &Context, (name,): Self::Args) -> JobResult {
        if name == "error" { Err("no coal")? } else { Ok(Done) }
    }
}

fn worker(app: &Bessemer) -> Worker {
    app.worker().job(Greet).slots(2).ignore_signals()
}

async fn push(server: &Server, name: &str) {
    Greet::with().on(&server.app()).perform_async(name).await.unwrap();
}

#[tokio::test]
async fn a_job_runs_on_a_real_worker() {
    let server = Server::start().await;
    push(&server, "Stuart").await;
    Greet::with().on(&server.app()).retry(1).perform_async("error").await.unwrap();
    assert_eq!((server.enqueued("default").await, server.enqueued("elsewhere").await), (2, 0));
    let worker = worker(&server.app());
    let stop = worker.stop_handle();
    let worked = tokio::spawn(worker.run());
    let info = server.until_idle().await;
    assert_eq!((info.faktory.total_processed, info.faktory.total_failures), (2, 1));
    assert_eq!((server.retries().await, server.dead().await, server.working().await), (1, 0, 0));
    // The retry is due within 45 s.
    server.clock().advance(Duration::from_secs(45)).await;
    server.until(|info| info.faktory.sets.dead == 1).await;
    stop.terminate();
    let report = worked.await.unwrap().unwrap();
    assert_eq!((report.succeeded, report.failed), (1, 2));
}

#[tokio::test]
async fn a_scheduled_job_is_due_when_the_clock_has_moved() {
    let server = Server::start().await;
    Greet::with().on(&server.app()).perform_in(HOUR, "Stuart").await.unwrap();
    server.clock().advance(HOUR - Duration::from_secs(10)).await;
    assert_eq!((server.enqueued("default").await, server.scheduled().await), (0, 1));
    server.clock().advance(Duration::from_secs(11)).await;
    assert_eq!((server.enqueued("default").await, server.scheduled().await), (1, 0));
}

#[tokio::test]
async fn months_pass_in_a_moment_and_everything_happens_at_its_time() {
    let server = Server::start().await;
    for day in 0..100u32 {
        Greet::with().on(&server.app()).perform_in(HOUR * 24 * day, "Stuart").await.unwrap();
    }
    server.clock().advance(HOUR * 24 * 99 + HOUR).await;
    assert_eq!(server.enqueued("default").await, 100);
}

#[tokio::test]
async fn a_worker_that_forgets_its_job_loses_it_w05() {
    let server = Server::start().await;
    push(&server, "Stuart").await;
    let app = server.app();
    let mut client =
        app.client_as(bessemer::Hello { wid: "forgetful".into(), ..Default::default() }).await.unwrap();
    let job = client.fetch(&["default".to_owned()]).await.unwrap().expect("a job");
    server.clock().advance(HOUR / 2 - Duration::from_secs(5)).await;
    assert_eq!((server.working().await, server.retries().await), (1, 0));
    server.clock().advance(Duration::from_secs(10)).await;
    assert_eq!((server.working().await, server.retries().await), (0, 1));
    let late = client.fail(&job.jid, &Failure::new("Late", "too late")).await.unwrap_err();
    assert!(late.to_string().contains("Job not found"), "{late}");
}

#[tokio::test]
async fn a_worker_whose_connections_close_is_lost_after_a_minute() {
    let server = Server::start().await;
    push(&server, "Stuart").await;
    let app = server.app();
    let mut client =
        app.client_as(bessemer::Hello { wid: "mortal".into(), ..Default::default() }).await.unwrap();
    client.fetch(&["default".to_owned()]).await.unwrap().expect("a job");
    drop(client);
    server.until(|info| info.server.connections == 1).await;
    server.clock().advance(Duration::from_secs(50)).await;
    assert_eq!(server.working().await, 1);
    server.clock().advance(Duration::from_secs(60)).await;
    assert_eq!((server.working().await, server.enqueued("default").await), (0, 1));
}

#[tokio::test]
async fn what_was_answered_outlives_a_kill_and_a_stop() {
    let server = Server::start().await;
    for _ in 0..10 {
        push(&server, "Stuart").await;
    }
    let address = server.url()["tcp://".len()..].to_owned();
    server.kill().await;
    let refused = TcpStream::connect(&address).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    server.kill().await;
    server.restart().await;
    assert_eq!(server.enqueued("default").await, 10);
    server.stop().await;
    // Time passes also while it is down.
    server.clock().advance(HOUR).await;
    server.restart().await;
    assert_eq!(server.enqueued("default").await, 10);
    assert!(server.url().ends_with(&address));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_gets_over_kills_of_its_server_and_no_job_is_lost() {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    struct Count;
    impl Job for Count {
        const JOBTYPE: &'static str = "Count";
        type Args = (u64,);
        async fn perform(&self, _: &Context, (number,): Self::Args) -> JobResult {
            SEEN.fetch_or(1 << number, Ordering::Relaxed);
            Ok(Done)
        }
    }
    let server = Server::start().await;
    let worker = server.app().worker().job(Count).slots(2).ignore_signals();
    let stop = worker.stop_handle();
    let worked = tokio::spawn(worker.run());
    let app = server.app();
    let pushes = tokio::spawn(async move {
        for number in 0..60u64 {
            Count::with().on(&app).perform_async(number).await.unwrap();
        }
    });
    for _ in 0..5 {
        server.kill().await;
        server.restart().await;
        server.info().await;
    }
    pushes.await.unwrap();
    server.until(|info| info.faktory.queues.values().all(|jobs| *jobs == 0)).await;
    // A job whose delivery a kill swallowed is its worker's, who knows nothing of it, until the reservation expires.
    server.clock().advance(HOUR).await;
    server.until_idle().await;
    assert_eq!(SEEN.load(Ordering::Relaxed), (1 << 60) - 1);
    stop.terminate();
    worked.await.unwrap().unwrap();
}

#[tokio::test]
async fn servers_are_apart_and_leave_nothing() {
    let (first, second) = tokio::join!(Server::start(), Server::start());
    push(&first, "Stuart").await;
    assert_ne!(first.url(), second.url());
    assert_eq!(second.enqueued("default").await, 0);
    let address = second.url()["tcp://".len()..].to_owned();
    drop(second);
    let refused = TcpStream::connect(&address).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_password_is_asked_for_and_is_in_the_address() {
    let server = Server::builder().password("s3cret \"quoted\"").start().await;
    push(&server, "Stuart").await;
    assert_eq!(server.enqueued("default").await, 1);
    let (_, address) = server.url().rsplit_once('@').unwrap();
    let stranger = Client::connect(&format!("tcp://{address}").parse().unwrap()).await;
    assert!(stranger.err().unwrap().to_string().contains("wants a password"));
}

#[tokio::test]
async fn settings_are_those_of_the_servers_files() {
    let server = Server::builder().settings("[limits]").settings("queues_max = 1").start().await;
    push(&server, "Stuart").await;
    let error = Greet::with().on(&server.app()).queue("second").perform_async("Ada").await.unwrap_err();
    assert_eq!(error.to_string(), "server refused PUSH: too many queues, limit 1");

    let wrong = tokio::spawn(Server::builder().settings("limits.queue_max = 1").start()).await;
    let panic = wrong.unwrap_err().into_panic();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(
        text.starts_with("cannot start a server: settings:1:8: unknown key `limits.queue_max`;"),
        "{text}"
    );
}

#[tokio::test]
async fn large_jobs_fit_into_small_segments() {
    let server = Server::start().await;
    let app = server.app();
    let large = NewJob::new("T", &["x".repeat(15 << 20).into()], JobOptions::new()).unwrap();
    app.push(&large).await.unwrap();
    server.kill().await;
    server.restart().await;
    let mut client = app.client().await.unwrap();
    let job = client.fetch(&["default".to_owned()]).await.unwrap().expect("a job");
    assert_eq!(job.args.get().len(), (15 << 20) + 4);
}
