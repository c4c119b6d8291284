//! `/batches`: how batches stand, what they wait for, and ending one.

use axum::Json;
use axum::extract::State;
use bessemer_core::Action;
use bessemer_core::batch::{BatchScan, BatchView, Call};
use bessemer_core::fact::Callback;
use bessemer_core::query::Where;
use bessemer_protocol::batch::BatchState;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{Asked, Nothing};
use super::job::Reached;
use crate::job::jid_of;
use crate::pages::batches::place;
use crate::problem::Problem;
use crate::visit::Name;
use crate::web::Web;
use crate::{Front, limits};

/// Batches, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Batches {
    batches: Vec<Batch>,
    /// `after` of the next page; none: this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A batch.
#[derive(Serialize, ToSchema)]
pub(super) struct Batch {
    #[schema(example = "b-Q3zR8vK2xW1mNa")]
    bid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_bid: Option<String>,
    description: String,
    /// `open`, `running`, `failing`, `succeeded`, `failed` or `cancelled`.
    #[schema(example = "running")]
    state: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    /// Jobs that were pushed with its bid.
    total: u64,
    /// Those of them that are not ACKed.
    pending: u64,
    /// Those of these whose last run failed, and those that ended otherwise.
    failed: u64,
    children: u64,
    /// `undefined`, `waiting`, `pushed` or `done`.
    complete: &'static str,
    success: &'static str,
    death: &'static str,
    /// When it is closed or forgotten.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl From<&BatchView> for Batch {
    fn from(view: &BatchView) -> Self {
        let call = |which: Callback| match view.calls[which as usize] {
            Call::Undefined => "undefined",
            Call::Waits => "waiting",
            Call::Pushed => "pushed",
            Call::Done => "done",
        };
        Self {
            bid: view.bid.clone(),
            parent_bid: view.parent.clone(),
            description: view.description.clone(),
            state: view.state().as_str(),
            created_at: view.created.rfc3339(),
            total: view.total,
            pending: view.pending,
            failed: view.failed,
            children: view.children,
            complete: call(Callback::Complete),
            success: call(Callback::Success),
            death: call(Callback::Death),
            until: view.until.map(bessemer_core::Wall::rfc3339),
        }
    }
}

/// A batch, and what it waits for.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchDetail {
    batch: Batch,
    /// Sentences; none: nothing more comes.
    #[schema(example = json!(["3 jobs that did not run yet"]))]
    waits: Vec<String>,
    members: Members,
    /// Some of those that live: the first, or those from `from` on.
    jobs: Vec<MemberJob>,
    /// Where those behind them begin: the next `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Those that are waited for first.
    below: Vec<Batch>,
}

/// Where the members are.
#[derive(Serialize, ToSchema)]
pub(super) struct Members {
    working: u64,
    queued: u64,
    retrying: u64,
    scheduled: u64,
    dead: u64,
    discarded: u64,
    done: u64,
    /// Ended otherwise than by ACK.
    gone: u64,
}

/// A member that lives.
#[derive(Serialize, ToSchema)]
pub(super) struct MemberJob {
    jid: String,
    /// `working`, `queued`, `retrying`, `scheduled`, `dead` or `discarded`.
    #[schema(example = "retrying")]
    state: &'static str,
}

const fn state_of(place: Where) -> &'static str {
    match place {
        Where::Working => "working",
        Where::Queued => "queued",
        Where::Retries => "retrying",
        Where::Scheduled => "scheduled",
        Where::Dead => "dead",
        Where::Discarded => "discarded",
    }
}

/// Which batches.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only those in this state.
    #[param(example = "running")]
    state: Option<String>,
    /// Only those whose parent is this batch.
    parent_bid: Option<String>,
    /// What the page before called `next`.
    after: Option<String>,
}

/// Batches, newest first, a page at a time.
#[utoipa::path(
    get,
    path = "/batches",
    operation_id = "listBatches",
    tag = "batches",
    params(Which),
    responses((status = 200, description = "The batches", body = Batches)),
)]
pub(super) async fn list<F: Front>(
    State(web): State<Web<F>>,
    Asked(which): Asked<Which>,
) -> Result<Json<Batches>, Problem> {
    let named =
        |word: String| BatchState::named(&word).ok_or_else(|| Problem::bad("invalid query: no such state"));
    let state = which.state.map(named).transpose()?;
    let began = |text: String| {
        place(&text).ok_or_else(|| Problem::bad("invalid query: after is what a page has called next"))
    };
    let from = which.after.map(began).transpose()?;
    let scan = BatchScan { state, parent: which.parent_bid, from, count: limits::ROWS };
    let (batches, next, _) = web.batches(scan).await?;
    Ok(Json(Batches {
        batches: batches.iter().map(Batch::from).collect(),
        next: next.map(|(created, bid)| format!("{}.{bid}", created.0)),
    }))
}

/// Which of its members are named.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Further {
    /// What the answer before called `next`.
    from: Option<String>,
}

/// One batch: how it stands, what it waits for, and where its members are.
#[utoipa::path(
    get,
    path = "/batches/{bid}",
    operation_id = "getBatch",
    tag = "batches",
    params(("bid" = String, Path, description = "The batch", example = "b-Q3zR8vK2xW1mNa"), Further),
    responses((status = 200, description = "The batch", body = BatchDetail)),
)]
pub(super) async fn show<F: Front>(
    State(web): State<Web<F>>,
    Name(bid): Name,
    Asked(further): Asked<Further>,
) -> Result<Json<BatchDetail>, Problem> {
    let detail = web.batch(&bid).await?;
    let from = further.from.map_or(Ok(0), |from| from.parse());
    let from = from.map_err(|_| Problem::bad("invalid query: from is what this batch has called next"))?;
    let (seen, jobs) = web.members(&bid, from).await?;
    let of = |place: Where| seen.counts.get(&place).copied().unwrap_or(0);
    Ok(Json(BatchDetail {
        batch: Batch::from(&detail.view),
        waits: detail.waits.iter().map(ToString::to_string).collect(),
        members: Members {
            working: of(Where::Working),
            queued: of(Where::Queued),
            retrying: of(Where::Retries),
            scheduled: of(Where::Scheduled),
            dead: of(Where::Dead),
            discarded: of(Where::Discarded),
            done: detail.view.total - detail.view.pending,
            gone: detail.view.gone,
        },
        jobs: jobs
            .iter()
            .filter_map(|job| Some((jid_of(job)?, (&job.place).into())))
            .map(|(jid, place)| MemberJob { jid, state: state_of(place) })
            .collect(),
        next: seen.rest.map(|rest| rest.to_string()),
        below: detail.children.iter().map(Batch::from).collect(),
    }))
}

/// Ends a batch: no callback comes any more, and members that wait are deleted, also those of batches below it.
#[utoipa::path(
    post,
    path = "/batches/{bid}/cancel",
    operation_id = "cancelBatch",
    tag = "batches",
    params(("bid" = String, Path, description = "The batch", example = "b-Q3zR8vK2xW1mNa")),
    responses((status = 200, description = "So many of its own members waited", body = Reached)),
)]
pub(super) async fn cancel<F: Front>(
    State(web): State<Web<F>>,
    Name(bid): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Reached>, Problem> {
    web.batch(&bid).await?;
    let count = web.act(Action::CancelBatch(bid)).await?;
    Ok(Json(Reached { count }))
}

/// Puts right what cannot come right by itself: a callback whose job was deleted is pushed again, and a batch that is not known any more is
/// not waited for.
#[utoipa::path(
    post,
    path = "/batches/{bid}/check",
    operation_id = "checkBatch",
    tag = "batches",
    params(("bid" = String, Path, description = "The batch", example = "b-Q3zR8vK2xW1mNa")),
    responses((status = 200, description = "So many things were put right", body = Reached)),
)]
pub(super) async fn check<F: Front>(
    State(web): State<Web<F>>,
    Name(bid): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Reached>, Problem> {
    web.batch(&bid).await?;
    let count = web.act(Action::RepairBatch(bid)).await?;
    Ok(Json(Reached { count }))
}
