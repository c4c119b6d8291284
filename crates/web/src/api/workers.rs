//! `/workers`: who works, and who is to stop.

use axum::Json;
use axum::extract::State;
use bessemer_core::Action;
use bessemer_core::command::Stage;
use bessemer_core::query::WorkerView;
use serde::Serialize;
use utoipa::ToSchema;

use super::input::{Asked, Nothing};
use super::job::Reached;
use crate::Front;
use crate::problem::Problem;
use crate::visit::Name;
use crate::web::Web;

/// All worker processes with a living connection.
#[derive(Serialize, ToSchema)]
pub(super) struct Workers {
    /// By host, then by start.
    workers: Vec<Worker>,
}

/// A worker process.
#[derive(Serialize, ToSchema)]
struct Worker {
    wid: String,
    hostname: String,
    pid: i64,
    labels: Vec<String>,
    /// The queues that it asked for last, leftmost first.
    queues: Vec<String>,
    /// `running`, `quiet` or `terminate`.
    state: &'static str,
    #[schema(format = DateTime)]
    started: String,
    #[schema(format = DateTime)]
    last_beat: String,
    /// Memory, in KiB, as it says itself.
    rss_kb: u64,
    connections: u64,
    /// Jobs in its hands.
    busy: u64,
}

impl From<WorkerView> for Worker {
    fn from(view: WorkerView) -> Self {
        Self {
            wid: view.wid,
            hostname: view.hostname,
            pid: view.pid,
            labels: view.labels,
            queues: view.queues,
            state: match view.stage {
                Stage::Running => "running",
                Stage::Quiet => "quiet",
                Stage::Terminate => "terminate",
            },
            started: view.started.rfc3339(),
            last_beat: view.last_beat.rfc3339(),
            rss_kb: view.rss_kb,
            connections: view.connections as u64,
            busy: view.busy as u64,
        }
    }
}

/// All workers.
#[utoipa::path(
    get,
    path = "/workers",
    operation_id = "listWorkers",
    tag = "workers",
    responses((status = 200, description = "The workers", body = Workers)),
)]
pub(super) async fn list<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Workers>, Problem> {
    let mut workers = web.workers().await?;
    workers.sort_by(|a, b| (&a.hostname, a.started, &a.wid).cmp(&(&b.hostname, b.started, &b.wid)));
    Ok(Json(Workers { workers: workers.into_iter().map(Worker::from).collect() }))
}

/// Lets all workers fetch no more; they finish what they have, and stay. They hear it with their next heartbeat.
#[utoipa::path(
    post,
    path = "/workers/quiet",
    operation_id = "quietWorkers",
    tag = "workers",
    responses((status = 200, description = "So many will hear it", body = Reached)),
)]
pub(super) async fn quiet_all<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Reached>, Problem> {
    tell(&web, None, Stage::Quiet).await
}

/// Lets all workers fetch no more, finish what they have, and end. They hear it with their next heartbeat.
#[utoipa::path(
    post,
    path = "/workers/stop",
    operation_id = "stopWorkers",
    tag = "workers",
    responses((status = 200, description = "So many will hear it", body = Reached)),
)]
pub(super) async fn stop_all<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Reached>, Problem> {
    tell(&web, None, Stage::Terminate).await
}

/// Lets a worker fetch no more; it finishes what it has, and stays. It hears it with its next heartbeat.
#[utoipa::path(
    post,
    path = "/workers/{wid}/quiet",
    operation_id = "quietWorker",
    tag = "workers",
    params(("wid" = String, Path, description = "The worker, as the list names it")),
    responses((status = 200, description = "It will hear it", body = Reached)),
)]
pub(super) async fn quiet<F: Front>(
    State(web): State<Web<F>>,
    Name(wid): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Reached>, Problem> {
    tell(&web, Some(wid), Stage::Quiet).await
}

/// Lets a worker fetch no more, finish what it has, and end. It hears it with its next heartbeat.
#[utoipa::path(
    post,
    path = "/workers/{wid}/stop",
    operation_id = "stopWorker",
    tag = "workers",
    params(("wid" = String, Path, description = "The worker, as the list names it")),
    responses((status = 200, description = "It will hear it", body = Reached)),
)]
pub(super) async fn stop<F: Front>(
    State(web): State<Web<F>>,
    Name(wid): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Reached>, Problem> {
    tell(&web, Some(wid), Stage::Terminate).await
}

async fn tell<F: Front>(web: &Web<F>, wid: Option<String>, stage: Stage) -> Result<Json<Reached>, Problem> {
    let is_one = wid.is_some();
    match web.act(Action::Signal { wid, stage }).await? {
        0 if is_one => Err(Problem::not_found("There is no such worker")),
        count => Ok(Json(Reached { count })),
    }
}
