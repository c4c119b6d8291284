//! The in-process server as an application's tests use it.

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

#[tokio::test]
async fn a_scheduled_job_is_due_when_the_clock_has_moved() {
    let server = Server::start().await;
    let app = server.app();
    Greet::with().on(&app).perform_in(Duration::from_secs(3600), "Stuart").await.unwrap();
    server.clock().advance(Duration::from_secs(3590)).await;
    assert_eq!(server.enqueued("default").await, 0);
    server.clock().advance(Duration::from_secs(11)).await;
    assert_eq!(server.enqueued("default").await, 1);
}

#[tokio::test]
async fn what_was_answered_outlives_a_kill() {
    let server = Server::start().await;
    let app = server.app();
    for _ in 0..10 {
        Greet::with().on(&app).perform_async("Stuart").await.unwrap();
    }
    server.kill().await;
    let refused = tokio::net::TcpStream::connect(&server.url()["tcp://".len()..]).await;
    assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    server.restart().await;
    assert_eq!(server.enqueued("default").await, 10);
    server.stop().await;
    server.restart().await;
    assert_eq!(server.enqueued("default").await, 10);
}
