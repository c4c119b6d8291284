//! What one reads: figures, queues, and what is said about what cannot be read.

use bessemer_web::Site;
use serde_json::json;

use super::{call, failed, read};
use crate::house::{House, Job};

#[tokio::test]
async fn figures_and_queues_are_there_for_scripts() {
    let house = House::new();
    house.push(&Job { queue: "mail", ..Job::default() });
    let router = house.router(Site::default());
    let info = read(&router, "/info").await;
    assert_eq!(info["jobs"], json!({"working": 0, "queued": 1, "retrying": 0, "scheduled": 0, "dead": 0}));
    house.pass(std::time::Duration::from_millis(1_500));
    let queues = read(&router, "/queues").await;
    assert_eq!(queues["queues"][0]["name"], "mail");
    assert_eq!(queues["queues"][0]["latency_s"], 1.5);
    assert_eq!(read(&router, "/queues?names=other,mail").await, queues);
    assert_eq!(read(&router, "/queues?names=other").await, json!({"queues": []}));
}

#[tokio::test]
async fn what_nobody_knows_is_refused_as_json() {
    let router = House::new().router(Site::default());
    for (path, status, code, message) in [
        ("/queues?name=mail", 400, "bad_request", "unknown field `name`, expected `names`"),
        ("/info?x=1", 400, "bad_request", "unknown field `x`"),
        ("/history?days=0", 400, "bad_request", "invalid days: 0, expected 1 to 180"),
        ("/history?days=x", 400, "bad_request", "days"),
        ("/nothing", 404, "not_found", "There is no such page"),
    ] {
        let (told, word, text) = failed(&call(&router, "GET", path, None).await);
        assert_eq!((told, word.as_str()), (status, code), "{path}: {text}");
        assert!(text.contains(message), "{path}: {text}");
    }
}
