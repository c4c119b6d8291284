//! `/throttles`: what limits queues, what of it is taken and by whom.

use axum::Json;
use axum::extract::State;
use bessemer_core::Action;
use bessemer_core::query::ThrottleView;
use bessemer_core::throttle::{Parts, Throttle as Core};
use bessemer_protocol::names::check_queue;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{Asked, Nothing, Sent};
use crate::Front;
use crate::problem::Problem;
use crate::visit::Name;
use crate::web::Web;

/// Every queue that has limits.
#[derive(Serialize, ToSchema)]
pub(super) struct Throttles {
    /// By the names of their queues.
    throttles: Vec<Throttle>,
}

/// What limits a queue. Without any of them nothing does, whatever the configuration says.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"concurrency": 3, "rate": 100, "per": 60}))]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Jobs that all workers together work on at once.
    #[schema(minimum = 1, maximum = 1_000_000)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    concurrency: Option<u64>,
    /// Jobs that each worker process works on at once.
    #[schema(minimum = 1, maximum = 1_000_000)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<u64>,
    /// Jobs that are begun in each span of time.
    #[schema(minimum = 1, maximum = 1_000_000)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<u64>,
    /// The span, in seconds; one where only `rate` is given.
    #[schema(minimum = 1, maximum = 2_678_400)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per: Option<u64>,
    /// Jobs that may be begun at once when none was for a while; as many as `rate` where it is left out.
    #[schema(minimum = 1, maximum = 1_000_000)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    burst: Option<u64>,
    /// Known for Faktory's sake, and does nothing.
    #[schema(minimum = 1, maximum = 2_678_400)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<u64>,
}

/// What limits a queue, and what of it is taken.
#[derive(Serialize, ToSchema)]
pub(super) struct Throttle {
    #[schema(example = "mail")]
    queue: String,
    /// What is in force.
    limits: Limits,
    /// What the configuration says.
    #[schema(required)]
    configured: Option<Limits>,
    /// An operator has set what is in force.
    set: bool,
    /// No worker gets a job of it now.
    full: bool,
    /// Jobs in workers' hands: the slots that are taken.
    working: u64,
    /// Jobs that wait in the queue.
    waiting: u64,
    /// FETCHes that wait for a job of it.
    fetches: u64,
    /// Jobs that may be begun at once, where there is a rate.
    #[schema(required)]
    tokens: Option<u32>,
    /// In how many seconds the next one may be, where none may.
    #[schema(required)]
    next_token_s: Option<f64>,
    /// How many workers have jobs of it.
    workers: u64,
    /// Those with most, at most 20.
    holders: Vec<Holder>,
}

/// A worker and how many slots it has.
#[derive(Serialize, ToSchema)]
pub(super) struct Holder {
    /// Empty: connections that are no workers.
    #[schema(example = "6a1de4a3c1a0f5b2")]
    wid: String,
    jobs: u64,
}

impl From<&Core> for Limits {
    fn from(throttle: &Core) -> Self {
        let Core { concurrency, worker, rate, timeout_s } = *throttle;
        Self {
            concurrency: concurrency.map(Into::into),
            worker: worker.map(Into::into),
            rate: rate.map(|rate| rate.jobs.into()),
            per: rate.map(|rate| rate.per_s.into()),
            burst: rate.map(|rate| rate.burst.into()),
            timeout: timeout_s.map(Into::into),
        }
    }
}

impl From<ThrottleView> for Throttle {
    fn from(view: ThrottleView) -> Self {
        Self {
            limits: (&view.limit).into(),
            configured: view.configured.as_ref().map(Into::into),
            set: view.is_set,
            full: view.is_full(),
            working: view.working,
            waiting: view.waiting,
            fetches: view.fetches,
            tokens: view.tokens,
            next_token_s: view.next_token.map(|after| after.as_secs_f64()),
            workers: view.workers,
            holders: view.holders.into_iter().map(|(wid, jobs)| Holder { wid, jobs }).collect(),
            queue: view.queue,
        }
    }
}

/// All queues with limits, and who holds their slots.
#[utoipa::path(
    get,
    path = "/throttles",
    operation_id = "listThrottles",
    tag = "queues",
    responses((status = 200, description = "The throttles, by the names of their queues", body = Throttles)),
)]
pub(super) async fn list<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Throttles>, Problem> {
    let throttles = web.throttles().await?.into_iter().map(Throttle::from).collect();
    Ok(Json(Throttles { throttles }))
}

/// The limits of one queue.
#[utoipa::path(
    get,
    path = "/throttles/{queue}",
    operation_id = "getThrottle",
    tag = "queues",
    params(("queue" = String, Path, description = "The queue", example = "mail")),
    responses((status = 200, description = "The throttle", body = Throttle)),
)]
pub(super) async fn show<F: Front>(
    State(web): State<Web<F>>,
    Name(queue): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Throttle>, Problem> {
    find(&web, &queue).await?.map(Json).ok_or_else(missing)
}

/// Limits a queue, whatever the configuration says, until that is taken back. The queue need not be there yet.
#[utoipa::path(
    put,
    path = "/throttles/{queue}",
    operation_id = "setThrottle",
    tag = "queues",
    params(("queue" = String, Path, description = "The queue", example = "mail")),
    request_body = Limits,
    responses((status = 200, description = "The throttle, as it is now", body = Throttle)),
)]
pub(super) async fn set<F: Front>(
    State(web): State<Web<F>>,
    Name(queue): Name,
    Asked(Nothing {}): Asked<Nothing>,
    Sent(limits): Sent<Limits>,
) -> Result<Json<Throttle>, Problem> {
    check_queue(&queue).map_err(|error| Problem::bad(error.to_string()))?;
    let Limits { concurrency, worker, rate, per, burst, timeout } = limits;
    let limit = Parts { concurrency, worker, rate, per, burst, timeout }.throttle();
    let limit = limit.map_err(|bad| Problem::bad(format!("invalid limits: {bad}")))?;
    web.act(Action::Throttle { queue: queue.clone(), limit: Some(limit) }).await?;
    find(&web, &queue).await?.map(Json).ok_or_else(missing)
}

/// Limits a queue as the configuration says again.
#[utoipa::path(
    delete,
    path = "/throttles/{queue}",
    operation_id = "resetThrottle",
    tag = "queues",
    params(("queue" = String, Path, description = "The queue", example = "mail")),
    responses((status = 200, description = "The throttle, as it was", body = Throttle)),
)]
pub(super) async fn reset<F: Front>(
    State(web): State<Web<F>>,
    Name(queue): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Throttle>, Problem> {
    let before = find(&web, &queue).await?.ok_or_else(missing)?;
    web.act(Action::Throttle { queue, limit: None }).await?;
    Ok(Json(before))
}

async fn find<F: Front>(web: &Web<F>, queue: &str) -> Result<Option<Throttle>, Problem> {
    Ok(web.throttles().await?.into_iter().find(|view| view.queue == queue).map(Throttle::from))
}

fn missing() -> Problem {
    Problem::not_found("There are no limits for such a queue")
}
