//! `/health`: for load balancers and supervisors, without a password, and so without anything about jobs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bessemer_core::Query;
use serde::Serialize;

use crate::problem::Problem;
use crate::web::Web;
use crate::{Front, limits, stats};

#[derive(Serialize)]
struct Health {
    now: String,
    server: Server,
}

/// What the reference says here, and how the server stands with its disk and memory (`G1`, `G13`,
/// `G17`).
#[derive(Serialize)]
struct Server {
    description: String,
    faktory_version: &'static str,
    connections: u64,
    command_count: u64,
    durability: &'static str,
    disk_full: bool,
    memory_full: bool,
}

/// `/health`: the process answers.
pub(crate) async fn show<F: Front>(State(web): State<Web<F>>) -> Result<Response, Problem> {
    let figures = web.front.figures();
    stats::json(&Health {
        now: web.front.now().rfc3339(),
        server: Server {
            description: stats::description(&web.site.version),
            faktory_version: stats::FAKTORY_VERSION,
            connections: figures.connections,
            command_count: figures.command_count,
            durability: figures.condition.durability.as_str(),
            disk_full: figures.condition.disk_full,
            memory_full: figures.memory_full,
        },
    })
}

/// `/health/live`: the process answers, and needs no restart.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// `/health/ready`: the engine turns. Fails when it does not answer within [`limits::READY_TIME`].
pub(crate) async fn ready<F: Front>(State(web): State<Web<F>>) -> Response {
    match tokio::time::timeout(limits::READY_TIME, web.front.ask(Query::History { days: 1 })).await {
        Ok(Ok(_)) => "ok\n".into_response(),
        Ok(Err(gone)) => (StatusCode::SERVICE_UNAVAILABLE, format!("{gone}\n")).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the engine does not answer\n").into_response(),
    }
}
