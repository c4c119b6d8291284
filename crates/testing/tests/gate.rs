//! A bad network between an application and its server.

use std::time::Duration;

use bessemer::prelude::*;
use bessemer_testing::Server;

struct Greet;

impl Job for Greet {
    const JOBTYPE: &'static str = "Greet";
    type Args = (String,);

    async fn perform(&self, _: &Context, _: Self::Args) -> JobResult {
        Ok(Done)
    }
}

async fn push(app: &Bessemer) -> Result<bessemer::Jid, bessemer::Error> {
    Greet::with().on(app).perform_async("Stuart").await
}

#[tokio::test]
async fn a_push_whose_connection_is_cut_is_pushed_once() {
    let server = Server::start().await;
    let gate = server.gate().await;
    let app = gate.app();
    push(&app).await.unwrap();
    gate.cut();
    push(&app).await.unwrap();
    assert_eq!((server.enqueued("default").await, gate.connections()), (2, 2));
}

#[tokio::test]
async fn a_push_whose_reply_is_lost_is_one_job_d5() {
    let server = Server::start().await;
    let gate = server.gate().await;
    let app = gate.app();
    push(&app).await.unwrap();
    gate.drop_replies();
    let pushed = tokio::spawn(async move { push(&app).await });
    gate.reply_dropped().await;
    assert_eq!(server.enqueued("default").await, 2);
    gate.open();
    pushed.await.unwrap().unwrap();
    assert_eq!(server.enqueued("default").await, 2);
}

#[tokio::test]
async fn nobody_comes_through_a_closed_gate() {
    let server = Server::builder().password("s3cret").start().await;
    let gate = server.gate().await;
    let app = gate.app();
    gate.close();
    let refused = tokio::time::timeout(Duration::from_millis(200), push(&app)).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!((server.enqueued("default").await, gate.connections()), (0, 0));
    gate.open();
    push(&app).await.unwrap();
    assert_eq!(server.enqueued("default").await, 1);
}

#[tokio::test]
async fn a_worker_whose_connections_are_cut_does_every_job() {
    let server = Server::start().await;
    let gate = server.gate().await;
    let queues_are_empty = |info: &bessemer::Info| info.faktory.queues.values().all(|jobs| *jobs == 0);
    let worker = gate.app().worker().job(Greet).slots(1).ignore_signals();
    let stop = worker.stop_handle();
    let worked = tokio::spawn(worker.run());
    for _ in 0..20 {
        push(&server.app()).await.unwrap();
        server.until(queues_are_empty).await;
        gate.cut();
    }
    // A delivery that was cut off cannot be told from a job that takes long: its reservation has to expire.
    server.clock().advance(Duration::from_secs(3600)).await;
    server.until(|info| info.faktory.total_processed - info.faktory.total_failures == 20).await;
    assert!(gate.connections() > 5, "{gate:?}");
    stop.terminate();
    worked.await.unwrap().unwrap();
}
