//! `/queues`: what waits where. The list is made for being asked each second, by whoever starts and stops workers.

use axum::Json;
use axum::extract::State;
use bessemer_core::Action;
use bessemer_core::command::QueueDeed;
use bessemer_core::query::QueueView;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{Asked, Nothing};
use super::job::Reached;
use crate::Front;
use crate::problem::Problem;
use crate::visit::Name;
use crate::web::Web;

/// Every known queue.
#[derive(Serialize, ToSchema)]
pub(super) struct Queues {
    /// By name.
    queues: Vec<Queue>,
}

/// A queue.
#[derive(Serialize, ToSchema)]
pub(super) struct Queue {
    #[schema(example = "default")]
    name: String,
    /// Jobs that wait in it.
    size: u64,
    /// How long its next job has waited, in seconds.
    latency_s: f64,
    /// Workers get nothing of it.
    paused: bool,
    /// A limit of all workers together is reached, so they get nothing of it for now.
    full: bool,
    /// Jobs of it in workers' hands.
    working: u64,
    /// Jobs that came into it since the server started, also those that came back: two looks make a rate.
    pushed: u64,
    /// Jobs that left it since then, to whatever place.
    left: u64,
}

impl From<QueueView> for Queue {
    fn from(view: QueueView) -> Self {
        Self {
            name: view.name,
            size: view.size,
            latency_s: view.latency.as_secs_f64(),
            paused: view.paused,
            full: view.full,
            working: view.working,
            pushed: view.pushed,
            left: view.left,
        }
    }
}

/// Which queues.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only these, with commas between them. One that there is not is left out.
    #[param(example = "default,mail")]
    names: Option<String>,
}

/// All queues, with how many jobs wait in each and for how long.
#[utoipa::path(
    get,
    path = "/queues",
    operation_id = "listQueues",
    tag = "queues",
    params(Which),
    responses((status = 200, description = "The queues, by name", body = Queues)),
)]
pub(super) async fn list<F: Front>(
    State(web): State<Web<F>>,
    Asked(which): Asked<Which>,
) -> Result<Json<Queues>, Problem> {
    let is_meant = |queue: &QueueView| {
        which.names.as_deref().is_none_or(|names| names.split(',').any(|name| name == queue.name))
    };
    let queues = web.queues().await?.into_iter().filter(is_meant).map(Queue::from).collect();
    Ok(Json(Queues { queues }))
}

/// One queue.
#[utoipa::path(
    get,
    path = "/queues/{name}",
    operation_id = "getQueue",
    tag = "queues",
    params(("name" = String, Path, description = "The queue", example = "default")),
    responses((status = 200, description = "The queue", body = Queue)),
)]
pub(super) async fn show<F: Front>(
    State(web): State<Web<F>>,
    Name(name): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Queue>, Problem> {
    Ok(Json(known(&web, &name).await?.into()))
}

/// Gives workers nothing more of a queue; jobs are still taken.
#[utoipa::path(
    post,
    path = "/queues/{name}/pause",
    operation_id = "pauseQueue",
    tag = "queues",
    params(("name" = String, Path, description = "The queue", example = "default")),
    responses((status = 200, description = "The queue, as it is now", body = Queue)),
)]
pub(super) async fn pause<F: Front>(
    State(web): State<Web<F>>,
    Name(name): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Queue>, Problem> {
    act(&web, name, QueueDeed::Pause).await
}

/// Gives workers jobs of a queue again.
#[utoipa::path(
    post,
    path = "/queues/{name}/resume",
    operation_id = "resumeQueue",
    tag = "queues",
    params(("name" = String, Path, description = "The queue", example = "default")),
    responses((status = 200, description = "The queue, as it is now", body = Queue)),
)]
pub(super) async fn resume<F: Front>(
    State(web): State<Web<F>>,
    Name(name): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Queue>, Problem> {
    act(&web, name, QueueDeed::Resume).await
}

/// Deletes all jobs that wait in a queue, at one stroke. The queue stays, and stays paused if it was.
#[utoipa::path(
    post,
    path = "/queues/{name}/clear",
    operation_id = "clearQueue",
    tag = "queues",
    params(("name" = String, Path, description = "The queue", example = "default")),
    responses((status = 200, description = "So many jobs are gone", body = Reached)),
)]
pub(super) async fn clear<F: Front>(
    State(web): State<Web<F>>,
    Name(name): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Reached>, Problem> {
    known(&web, &name).await?;
    let count = web.act(Action::ClearQueue(name)).await?;
    Ok(Json(Reached { count }))
}

/// Deletes a queue, and with it the jobs that wait in it.
#[utoipa::path(
    delete,
    path = "/queues/{name}",
    operation_id = "removeQueue",
    tag = "queues",
    params(("name" = String, Path, description = "The queue", example = "default")),
    responses((status = 200, description = "The queue, as it was", body = Queue)),
)]
pub(super) async fn remove<F: Front>(
    State(web): State<Web<F>>,
    Name(name): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Queue>, Problem> {
    let queue = known(&web, &name).await?;
    web.act(Action::Queue { name, deed: QueueDeed::Remove }).await?;
    Ok(Json(queue.into()))
}

async fn act<F: Front>(web: &Web<F>, name: String, deed: QueueDeed) -> Result<Json<Queue>, Problem> {
    known(web, &name).await?;
    web.act(Action::Queue { name: name.clone(), deed }).await?;
    Ok(Json(known(web, &name).await?.into()))
}

/// The queue with this name. One that there is not is an error: whoever mistyped a name would believe that it is done.
pub(super) async fn known<F: Front>(web: &Web<F>, name: &str) -> Result<QueueView, Problem> {
    let queues = web.queues().await?;
    queues
        .into_iter()
        .find(|queue| queue.name == name)
        .ok_or_else(|| Problem::not_found("There is no such queue"))
}
