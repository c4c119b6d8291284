//! A small shop: it takes orders over HTTP, and charges, mails and ships by jobs. Kill it whenever you like: no order is
//! charged, mailed or shipped twice, and none is forgotten.
//!
//!     cargo run --example storefront
//!     curl -X PUT localhost:3000/orders/1001 -H 'Content-Type: application/json' \
//!       -d '{"customer": "stuart@example.com", "item": "anvil", "cents": 4200}'
//!     curl localhost:3000/orders/1001
//!
//! How it holds: the answer to the PUT leaves when the server has the first job on its disk, so there is no moment at
//! which an order is taken and nobody knows of it. The id of each job is made of the order's number, and whatever a job
//! does is written to a ledger together with that id (`ledger.rs`); a job that runs again finds its line and does nothing.
//!
//! `STOREFRONT_BINDING` and `STOREFRONT_LEDGER` say where it listens and writes. `STOREFRONT_CRASH=ChargeCard` (or another
//! job's name) ends the process right after the first such job has had its effect, and before anybody hears of it.

mod jobs;
mod ledger;

use std::env;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use axum::{Json, Router};
use bessemer::prelude::*;
use jobs::{ChargeCard, SendReceipt, ShipOrder};
use ledger::Ledger;
use serde::Deserialize;
use serde_json::{Value, json};

/// What a handler of HTTP needs.
#[derive(Clone)]
struct Shop {
    app: Bessemer,
    ledger: Arc<Ledger>,
}

#[derive(Deserialize)]
struct Order {
    customer: String,
    item: String,
    cents: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let binding = env::var("STOREFRONT_BINDING").unwrap_or_else(|_| "127.0.0.1:3000".into());
    let path = env::var("STOREFRONT_LEDGER").unwrap_or_else(|_| "storefront.ledger".into());
    let ledger = Arc::new(Ledger::open(path.as_ref())?);
    let app = Bessemer::from_env()?;
    let shop = Shop { app: app.clone(), ledger: ledger.clone() };
    let routes = Router::new().route("/orders/{number}", put(order).get(look)).with_state(shop);
    let listener = tokio::net::TcpListener::bind(&binding).await?;
    println!("the storefront is open at http://{}", listener.local_addr()?);

    let worker = app.worker().state(ledger).job(ChargeCard).job(SendReceipt).job(ShipOrder).slots(4);
    // The worker hears SIGTERM and drains; the shop closes when it has.
    tokio::select! {
        report = worker.run() => println!("closed: {:?}", report?),
        served = axum::serve(listener, routes) => served?,
    }
    Ok(())
}

/// Takes an order: 202 when the first job of it is on the server's disk. The same order may be sent again when the answer
/// was lost.
async fn order(
    State(shop): State<Shop>,
    Path(number): Path<u64>,
    Json(order): Json<Order>,
) -> (StatusCode, String) {
    let Order { customer, item, cents } = order;
    if !customer.contains('@') || item.is_empty() || cents == 0 {
        let text = "an order has a customer with a mail address, an item, and a price in cents above 0\n";
        return (StatusCode::UNPROCESSABLE_ENTITY, text.into());
    }
    match jobs::push_charge(&shop.app, number, customer, item, cents).await {
        Ok(()) => (StatusCode::ACCEPTED, format!("order {number} is taken\n")),
        // It may have been taken all the same; the customer's browser asks again, and that changes nothing.
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("try again: {}\n", error.chain())),
    }
}

/// What has happened to an order.
async fn look(State(shop): State<Shop>, Path(number): Path<u64>) -> Json<Value> {
    let done = |effect: &str| shop.ledger.has(&jobs::jid(effect, number));
    Json(json!({
        "order": number, "charged": done("charge"), "mailed": done("receipt"), "shipped": done("shipment"),
    }))
}
