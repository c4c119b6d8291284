//! `/health` and its two halves: who is alive, who is ready, and that a full disk is no reason to be neither (`G13`).

use std::time::Duration;

use bessemer_core::query::{Condition, Durability};
use bessemer_web::{Site, limits, router};

use crate::guards::Stuck;
use crate::house::{House, get, page};

#[tokio::test]
async fn a_server_that_turns_is_alive_and_ready_also_when_its_disk_is_full_g13() {
    let house = House::new();
    let router = house.router(Site::default());
    for disk_full in [false, true] {
        house.stand(Condition { durability: Durability::Strict, disk_full, log: None });
        for path in ["/health/live", "/health/ready"] {
            assert_eq!(page(&router, path).await.body, "ok\n", "{path}");
        }
        page(&router, "/health").await.says(&format!("\"disk_full\":{disk_full}"));
    }
}

#[tokio::test]
async fn a_server_that_stops_is_alive_and_not_ready() {
    let house = House::new();
    let router = house.router(Site::default());
    house.close();
    assert_eq!(page(&router, "/health/live").await.body, "ok\n");
    let answered = get(&router, "/health/ready").await;
    assert_eq!((answered.status, answered.body.as_str()), (503, "the server is shutting down\n"));
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_has_not_turned_for_five_seconds_is_alive_and_not_ready_d9() {
    let router = router(Stuck::default(), Site::default());
    assert_eq!(page(&router, "/health/live").await.body, "ok\n");
    let begun = tokio::time::Instant::now();
    let answered = get(&router, "/health/ready").await;
    assert_eq!((answered.status, answered.body.as_str()), (503, "the engine does not answer\n"));
    let took = begun.elapsed();
    assert!(took >= limits::READY_TIME && took < limits::READY_TIME + Duration::from_secs(1), "{took:?}");
}
