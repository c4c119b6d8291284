//! `/queues`: what waits where. The list is made for being asked each second, by whoever starts and stops workers.

use axum::Json;
use axum::extract::State;
use bessemer_core::query::QueueView;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::Asked;
use crate::Front;
use crate::problem::Problem;
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
}

impl From<QueueView> for Queue {
    fn from(view: QueueView) -> Self {
        Self { name: view.name, size: view.size, latency_s: view.latency.as_secs_f64(), paused: view.paused }
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
