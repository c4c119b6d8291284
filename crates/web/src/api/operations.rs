//! `POST /jobs/actions` and `/operations`: acting on all jobs that a line of the search box finds, a slice at a time, while
//! everybody else goes on; and how far that is.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bessemer_core::query::Where;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::input::{Asked, Nothing, Sent};
use crate::bulk::{self, Target, Work};
use crate::change::Change;
use crate::deed::Deed;
use crate::problem::Problem;
use crate::search::{Came, Cursor, Filter, Scope, Search};
use crate::visit::Name;
use crate::web::Web;
use crate::{Front, limits};

/// What is to be done to which jobs.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"action": "retry", "q": "type:SendMail error:timeout state:dead", "dry_run": true}))]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    action: Action,
    /// A line of the search box. An empty one means no job: every job is
    /// `state:waiting state:retries state:scheduled state:dead`.
    q: String,
    /// With `move`: the queue that they go to. With `edit`: the queue that they belong to then.
    #[serde(default)]
    #[schema(example = "mail")]
    queue: Option<String>,
    /// With `edit`: their arguments.
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    args: Option<Box<RawValue>>,
    /// With `edit`: how often they may be retried.
    #[serde(default)]
    retry: Option<i64>,
    /// Only count them.
    #[serde(default)]
    dry_run: bool,
    /// What a dry run has named: jobs that came later are left alone.
    #[serde(default)]
    #[schema(example = "1204")]
    as_of: Option<String>,
    /// Nothing is done where more jobs than this match.
    #[serde(default)]
    at_most: Option<u64>,
}

/// What is done to jobs. Those that are being worked on are left alone.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Action {
    /// Into their queues, now.
    Retry,
    /// Deletes them for good.
    Delete,
    /// Deletes them, but for a minute `POST /operations/{id}/undo` brings them back.
    Discard,
    /// Puts them among the dead.
    Kill,
    /// Takes them to another queue: those that wait to its tail, others keep their times.
    Move,
    /// Makes them other jobs, with these `args`, this `queue`, this `retry`, and puts them into their queues.
    Edit,
}

impl Order {
    fn deed(&self) -> Result<Deed, Problem> {
        let only_edit = self.args.is_some() || self.retry.is_some();
        let deed = match (self.action, &self.queue) {
            (Action::Edit, queue) => {
                let args = self.args.as_ref().map(|args| args.get().to_owned());
                Deed::Edit(Change::new(args, queue.clone(), self.retry).into())
            }
            _ if only_edit => return Err(Problem::bad("invalid args or retry: only an edit takes them")),
            (Action::Move, queue) => Deed::Move(queue.as_deref().unwrap_or_default().into()),
            (_, Some(_)) => return Err(Problem::bad("invalid queue: only a move or an edit takes one")),
            (Action::Retry, None) => Deed::Retry,
            (Action::Delete, None) => Deed::Delete,
            (Action::Discard, None) => Deed::Discard,
            (Action::Kill, None) => Deed::Kill,
        };
        deed.check()?;
        Ok(deed)
    }
}

impl From<Deed> for Action {
    fn from(deed: Deed) -> Self {
        match deed {
            Deed::Retry => Self::Retry,
            Deed::Delete => Self::Delete,
            Deed::Discard => Self::Discard,
            Deed::Kill => Self::Kill,
            Deed::Move(_) => Self::Move,
            Deed::Edit(_) => Self::Edit,
        }
    }
}

/// How many jobs an action would reach.
#[derive(Serialize, ToSchema)]
pub(super) struct Counted {
    count: u64,
    /// When that was, for an action that is to reach no others.
    #[schema(example = "1204")]
    as_of: String,
    /// The same by state.
    states: BTreeMap<&'static str, u64>,
    /// All jobs were looked at. If not, there were too many for the time that a request has.
    complete: bool,
}

/// Something that is done to many jobs.
#[derive(Serialize, ToSchema)]
pub(super) struct Operation {
    #[schema(example = "7")]
    id: String,
    action: Action,
    /// The line of the search box that says which jobs.
    q: String,
    state: Progress,
    /// Jobs that it was done to so far.
    reached: u64,
    /// Jobs that it is about, where they were counted.
    #[schema(required)]
    of: Option<u64>,
    /// How much of all jobs was looked at, from 0 to 1.
    progress: f64,
    /// What it has discarded can be brought back, by `POST /operations/{id}/undo`.
    undoable: bool,
    /// Jobs that were brought back; null: nobody wanted that.
    #[schema(required)]
    restored: Option<u64>,
}

/// How it stands with an operation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Progress {
    Going,
    Done,
    Cancelled,
    Failed,
}

impl From<Work> for Operation {
    fn from(work: Work) -> Self {
        Self {
            id: work.id.to_string(),
            action: work.deed.into(),
            q: work.line,
            state: match work.state {
                bulk::State::Going => Progress::Going,
                bulk::State::Done => Progress::Done,
                bulk::State::Cancelled => Progress::Cancelled,
                bulk::State::Failed => Progress::Failed,
            },
            reached: work.reached,
            of: work.of,
            progress: work.permille as f64 / 1_000.0,
            undoable: work.undoable && work.state != bulk::State::Going,
            restored: work.restored,
        }
    }
}

/// Operations.
#[derive(Serialize, ToSchema)]
pub(super) struct Operations {
    /// Oldest first: those that go on, and those that ended within the last minutes.
    operations: Vec<Operation>,
}

/// Acts on all jobs that a search finds.
///
/// It goes on after the answer; `GET /operations/{id}` says how far it is. With `dry_run` the jobs are only counted.
#[utoipa::path(
    post,
    path = "/jobs/actions",
    operation_id = "actOnJobs",
    tag = "jobs",
    request_body = Order,
    responses(
        (status = 200, description = "How many it would be", body = Counted),
        (status = 202, description = "It has begun", body = Operation),
    ),
)]
pub(super) async fn act<F: Front>(
    Shared(web): Shared<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
    Sent(order): Sent<Order>,
) -> Result<Response, Problem> {
    let deed = order.deed()?;
    let filter = Filter::parse(&order.q).map_err(|wrong| Problem::bad(format!("invalid q: {wrong}")))?;
    if filter.line().is_empty() {
        let text = "invalid q: it is empty, which means no job; to mean every job, name every state";
        return Err(Problem::bad(text));
    }
    if order.dry_run {
        return Ok(Json(count(&web, &filter.reached_by(&deed)).await?).into_response());
    }
    let came = order.as_of.as_deref().map(|came| came.parse().map(Came)).transpose();
    let came = came.map_err(|_| Problem::bad("invalid as_of: it is what a dry run has named"))?;
    let of = match order.at_most {
        Some(most) => Some(no_more(&web, filter.clone().reached_by(&deed), came, most).await?),
        None => None,
    };
    let target = Target { scope: Scope::All, filter, of, came };
    let (id, _goes_on) = bulk::start(web.clone(), target, deed)?;
    Ok((StatusCode::ACCEPTED, Json(find(&web, id)?)).into_response())
}

/// How many match, if they are no more than that.
async fn no_more<F: Front>(
    web: &Web<F>,
    filter: Filter,
    came: Option<Came>,
    most: u64,
) -> Result<u64, Problem> {
    let mut search = Search::new(web, &filter, Cursor::default()).by(came);
    let part = search.find(0, limits::API_SEARCH_TIME).await?;
    let (count, is_all) = (part.count(), part.next.is_none());
    if count <= most && is_all {
        return Ok(count);
    }
    let text = if is_all {
        format!("{count} match")
    } else {
        format!("At least {count} match, in the time for that")
    };
    Err(Problem::new(StatusCode::CONFLICT, format!("{text}, and at_most is {most}; nothing was done")))
}

async fn count<F: Front>(web: &Web<F>, filter: &Filter) -> Result<Counted, Problem> {
    let as_of = Came::now(web).await?.0.to_string();
    let part = Search::new(web, filter, Cursor::default()).find(0, limits::API_SEARCH_TIME).await?;
    let state = |place: Where| match place {
        Where::Working => "working",
        Where::Queued => "queued",
        Where::Retries => "retrying",
        Where::Scheduled => "scheduled",
        Where::Dead => "dead",
        Where::Discarded => "discarded",
    };
    let states =
        Where::ALL.into_iter().zip(part.counts).map(|(place, count)| (state(place), count)).collect();
    Ok(Counted { count: part.count(), as_of, states, complete: part.next.is_none() })
}

/// The operations that go on, and those that ended lately.
#[utoipa::path(
    get,
    path = "/operations",
    operation_id = "listOperations",
    tag = "jobs",
    responses((status = 200, description = "The operations", body = Operations)),
)]
pub(super) async fn list<F: Front>(
    Shared(web): Shared<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Operations>, Problem> {
    let works = web.bulk.works_at(web.front.now());
    Ok(Json(Operations { operations: works.into_iter().map(Operation::from).collect() }))
}

/// How far an operation is.
#[utoipa::path(
    get,
    path = "/operations/{id}",
    operation_id = "getOperation",
    tag = "jobs",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The operation", body = Operation)),
)]
pub(super) async fn show<F: Front>(
    Shared(web): Shared<Web<F>>,
    Name(id): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Operation>, Problem> {
    find(&web, number(&id)?).map(Json)
}

/// Ends an operation after its next slice; what is done stays done.
#[utoipa::path(
    post,
    path = "/operations/{id}/cancel",
    operation_id = "cancelOperation",
    tag = "jobs",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The operation, as it is now", body = Operation)),
)]
pub(super) async fn cancel<F: Front>(
    Shared(web): Shared<Web<F>>,
    Name(id): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Operation>, Problem> {
    let id = number(&id)?;
    web.bulk.cancel(id);
    find(&web, id).map(Json)
}

/// Brings back the jobs that an operation has discarded, within a minute after its end: to where they were, in their order.
#[utoipa::path(
    post,
    path = "/operations/{id}/undo",
    operation_id = "undoOperation",
    tag = "jobs",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The operation: `restored` says how many are back", body = Operation)),
)]
pub(super) async fn undo<F: Front>(
    Shared(web): Shared<Web<F>>,
    Name(id): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Operation>, Problem> {
    let id = number(&id)?;
    find(&web, id)?;
    bulk::undo(web.clone(), id).await?;
    find(&web, id).map(Json)
}

fn find<F: Front>(web: &Web<F>, id: u64) -> Result<Operation, Problem> {
    let works = web.bulk.works_at(web.front.now());
    works.into_iter().find(|work| work.id == id).map(Operation::from).ok_or_else(missing)
}

fn number(id: &str) -> Result<u64, Problem> {
    id.parse().map_err(|_| missing())
}

fn missing() -> Problem {
    Problem::not_found("There is no such operation; it may have ended some minutes ago")
}
