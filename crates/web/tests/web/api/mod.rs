//! The JSON API: every operation that its document names is asked for, and every answer judged by the document.

mod contract;
mod document;
mod reads;
mod throttles;
mod writes;

use axum::Router;
use axum::body::Body;
use axum::http::header;
use serde_json::Value;

use crate::house::{Answered, request, send};

/// Sends JSON, or nothing.
async fn call(router: &Router, method: &str, path: &str, body: Option<&str>) -> Answered {
    let request = request(method, &format!("/api/v1{path}"));
    let request = match body {
        Some(body) => request
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, body.len())
            .body(Body::from(body.to_owned())),
        None => request.body(Body::empty()),
    };
    send(router, request.unwrap()).await
}

/// What a GET answers that must be answered.
async fn read(router: &Router, path: &str) -> Value {
    let answered = call(router, "GET", path, None).await;
    assert_eq!(answered.status, 200, "GET {path}: {}", answered.body);
    serde_json::from_str(&answered.body).expect("JSON")
}

/// Gives an order, and waits until it has ended.
async fn operated(router: &Router, order: &str) -> Value {
    let begun = call(router, "POST", "/jobs/actions", Some(order)).await;
    assert_eq!(begun.status, 202, "{order}: {}", begun.body);
    let begun: Value = serde_json::from_str(&begun.body).expect("JSON");
    let path = format!("/operations/{}", begun["id"].as_str().expect("an id"));
    loop {
        let operation = read(router, &path).await;
        if operation["state"] != "going" {
            return operation;
        }
        tokio::task::yield_now().await;
    }
}

/// The word and the sentence of what was not done.
fn failed(answered: &Answered) -> (u16, String, String) {
    let told: Value = serde_json::from_str(&answered.body)
        .unwrap_or_else(|_| panic!("{} is no JSON: {}", answered.status, answered.body));
    let text =
        |name: &str| told["error"][name].as_str().expect("an error has a code and a message").to_owned();
    (answered.status, text("code"), text("message"))
}
