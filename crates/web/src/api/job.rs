//! `/jobs/{jid}`: one job in any state, and what can be done with it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use bessemer_core::edit::Replacement;
use bessemer_core::fact::JobId;
use bessemer_core::query::{JobView, Place, Scan, Where};
use bessemer_core::{Action, Query};
use bessemer_protocol::names::check_queue;
use bessemer_protocol::operate::JobEdit;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::input::{Asked, Sent};
use super::jobs::{Job, walk};
use crate::deed::{Deed, Way};
use crate::problem::Problem;
use crate::search::Scope;
use crate::visit::Name;
use crate::web::Web;
use crate::{Front, bulk, job};

/// Which of them, where several jobs that live have this jid.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    /// Its id, as a list shows it.
    id: Option<String>,
}

/// How many jobs or workers were reached.
#[derive(Serialize, ToSchema)]
pub(super) struct Reached {
    #[schema(example = 1)]
    pub(super) count: u64,
}

/// One job, wherever it is.
#[utoipa::path(
    get,
    path = "/jobs/{jid}",
    operation_id = "getJob",
    tag = "jobs",
    params(("jid" = String, Path, description = "Its jid"), Choice),
    responses((status = 200, description = "The job", body = Job)),
)]
pub(super) async fn show<F: Front>(
    State(web): State<Web<F>>,
    Name(jid): Name,
    Asked(choice): Asked<Choice>,
) -> Result<Json<Job>, Problem> {
    Job::read(&find(&web, jid, &choice).await?).map(Json)
}

/// Deletes a job for good.
#[utoipa::path(
    delete,
    path = "/jobs/{jid}",
    operation_id = "deleteJob",
    tag = "jobs",
    params(("jid" = String, Path, description = "Its jid"), Choice),
    responses((status = 200, description = "It is gone", body = Reached)),
)]
pub(super) async fn delete<F: Front>(
    State(web): State<Web<F>>,
    Name(jid): Name,
    Asked(choice): Asked<Choice>,
) -> Result<Json<Reached>, Problem> {
    act(&web, jid, &choice, Deed::Delete).await
}

/// A job that was discarded.
#[derive(Serialize, ToSchema)]
pub(super) struct Discarded {
    #[schema(example = 1)]
    count: u64,
    /// The operation whose `undo` takes it back, as `restore` does.
    #[schema(example = "7")]
    operation: String,
}

/// Deletes a job, but for a minute it can be taken back by `restore`.
#[utoipa::path(
    post,
    path = "/jobs/{jid}/discard",
    operation_id = "discardJob",
    tag = "jobs",
    params(("jid" = String, Path, description = "Its jid"), Choice),
    responses((status = 200, description = "It is discarded", body = Discarded)),
)]
pub(super) async fn discard<F: Front>(
    State(web): State<Web<F>>,
    Name(jid): Name,
    Asked(choice): Asked<Choice>,
) -> Result<Json<Discarded>, Problem> {
    let job = find(&web, jid, &choice).await?;
    if matches!(job.place, Place::Working { .. }) {
        return Err(conflict("The job is being worked on"));
    }
    let (scope, known) = (Scope::of(&job), Some(job::named(&job)));
    match bulk::at_once(&web, scope, vec![job.id], Deed::Discard, known).await? {
        (_, None) => Err(elsewhere()),
        (count, Some(work)) => Ok(Json(Discarded { count, operation: work.to_string() })),
    }
}

/// Takes a discarded job back, to where it was.
#[utoipa::path(
    post,
    path = "/jobs/{jid}/restore",
    operation_id = "restoreJob",
    tag = "jobs",
    params(("jid" = String, Path, description = "Its jid"), Choice),
    responses((status = 200, description = "It is where it was", body = Reached)),
)]
pub(super) async fn restore<F: Front>(
    State(web): State<Web<F>>,
    Name(jid): Name,
    Asked(choice): Asked<Choice>,
) -> Result<Json<Reached>, Problem> {
    let scan = Scan { jids: Some(vec![jid]), ..walk(vec![Where::Discarded]) };
    let job = meant(web.scan(scan).await?.jobs, &choice)?;
    reach(&web, Action::Restore(vec![job.id]), &job).await
}

/// Puts a job that is scheduled, failed or dead into its queue now.
#[utoipa::path(
    post,
    path = "/jobs/{jid}/retry",
    operation_id = "retryJob",
    tag = "jobs",
    params(("jid" = String, Path, description = "Its jid"), Choice),
    responses((status = 200, description = "It is in its queue", body = Reached)),
)]
pub(super) async fn retry<F: Front>(
    State(web): State<Web<F>>,
    Name(jid): Name,
    Asked(choice): Asked<Choice>,
) -> Result<Json<Reached>, Problem> {
    act(&web, jid, &choice, Deed::Retry).await
}

/// Puts a job among the dead.
#[utoipa::path(
    post,
    path = "/jobs/{jid}/kill",
    operation_id = "killJob",
    tag = "jobs",
    params(("jid" = String, Path, description = "Its jid"), Choice),
    responses((status = 200, description = "It is dead", body = Reached)),
)]
pub(super) async fn kill<F: Front>(
    State(web): State<Web<F>>,
    Name(jid): Name,
    Asked(choice): Asked<Choice>,
) -> Result<Json<Reached>, Problem> {
    act(&web, jid, &choice, Deed::Kill).await
}

/// Takes a job back from its worker, to the head of its queue; no retry is spent.
///
/// What the worker says of it afterwards changes nothing; it may be at it still, so the job may run twice.
#[utoipa::path(
    post,
    path = "/jobs/{jid}/release",
    operation_id = "releaseJob",
    tag = "jobs",
    params(("jid" = String, Path, description = "Its jid"), Choice),
    responses((status = 200, description = "It is in its queue", body = Reached)),
)]
pub(super) async fn release<F: Front>(
    State(web): State<Web<F>>,
    Name(jid): Name,
    Asked(choice): Asked<Choice>,
) -> Result<Json<Reached>, Problem> {
    let job = find(&web, jid, &choice).await?;
    if !matches!(job.place, Place::Working { .. }) {
        return Err(conflict("Nobody is working on the job"));
    }
    reach(&web, Action::Release(vec![job.id]), &job).await
}

/// Where a job is to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Goal {
    #[schema(example = "mail")]
    queue: String,
}

/// Takes a job to another queue: one that waits to its tail, others keep their times.
#[utoipa::path(
    post,
    path = "/jobs/{jid}/move",
    operation_id = "moveJob",
    tag = "jobs",
    params(("jid" = String, Path, description = "Its jid"), Choice),
    request_body = Goal,
    responses((status = 200, description = "It belongs to that queue", body = Reached)),
)]
pub(super) async fn go<F: Front>(
    State(web): State<Web<F>>,
    Name(jid): Name,
    Asked(choice): Asked<Choice>,
    Sent(Goal { queue }): Sent<Goal>,
) -> Result<Json<Reached>, Problem> {
    check_queue(&queue).map_err(|error| unprocessable(error.to_string()).coded("queue_name"))?;
    let job = find(&web, jid, &choice).await?;
    reach(&web, Action::Move { jobs: vec![job.id], queue }, &job).await
}

/// What is to be different of a job. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"args": [42, "welcome"], "enqueue": true}))]
#[serde(deny_unknown_fields)]
pub(super) struct Edited {
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    args: Option<Box<RawValue>>,
    #[serde(default)]
    jobtype: Option<String>,
    #[serde(default)]
    queue: Option<String>,
    #[serde(default)]
    retry: Option<i64>,
    #[serde(default)]
    reserve_for: Option<u32>,
    #[schema(value_type = Option<Object>)]
    custom: Option<Box<RawValue>>,
    /// It goes to its queue now.
    #[serde(default)]
    enqueue: bool,
}

/// Makes a job that nobody is working on another one, and with `enqueue` puts it into its queue.
///
/// With the `version` that it was seen in as `If-Match`, it is left alone if its text is another by now.
#[utoipa::path(
    patch,
    path = "/jobs/{jid}",
    operation_id = "editJob",
    tag = "jobs",
    params(
        ("jid" = String, Path, description = "Its jid"),
        Choice,
        ("If-Match" = Option<String>, Header, description = "The version that it must still have", example = "\"9f86d081884c7d65\""),
    ),
    request_body = Edited,
    responses((status = 200, description = "It is like that", body = Reached)),
)]
pub(super) async fn edit<F: Front>(
    State(web): State<Web<F>>,
    Name(jid): Name,
    Asked(choice): Asked<Choice>,
    headers: HeaderMap,
    Sent(edited): Sent<Edited>,
) -> Result<Json<Reached>, Problem> {
    let Edited { args, jobtype, queue, retry, reserve_for, custom, enqueue } = edited;
    let edit = JobEdit { jid: jid.clone(), args, jobtype, queue, retry, reserve_for, custom, enqueue };
    if edit.is_empty() {
        return Err(unprocessable("Nothing of the job is to be different"));
    }
    let seen = find(&web, jid, &choice).await?;
    check_version(&headers, &job::version(&seen))?;
    let body = String::from_utf8_lossy(seen.body.bytes());
    let text = edit.of(&body).ok_or_else(|| Problem::internal(&"the body of a job is no object"))?;
    let replacement = Replacement::new(&seen, &text, web.front.now(), edit.enqueue)
        .map_err(|error| unprocessable(error.to_string()))?;
    reach(&web, Action::Replace(Box::new(replacement)), &seen).await
}

/// Whoever says what the job was when it was seen acts on that one and no other.
fn check_version(headers: &HeaderMap, version: &str) -> Result<(), Problem> {
    let mut wanted = headers.get_all(header::IF_MATCH).iter().peekable();
    let is_wanted = |tag: &str| tag == "*" || tag.trim_matches('"') == version;
    if wanted.peek().is_none()
        || wanted.any(|tags| tags.to_str().unwrap_or_default().split(',').map(str::trim).any(is_wanted))
    {
        return Ok(());
    }
    let text = format!("The job has changed meanwhile; nothing was done to it. Its version is {version} now");
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, text).coded("changed"))
}

fn unprocessable(text: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text)
}

async fn act<F: Front>(
    web: &Web<F>,
    jid: String,
    choice: &Choice,
    deed: Deed,
) -> Result<Json<Reached>, Problem> {
    let job = find(web, jid, choice).await?;
    if matches!(job.place, Place::Working { .. }) {
        return Err(conflict("The job is being worked on"));
    }
    if !deed.reaches(Where::from(&job.place)) {
        return Err(elsewhere());
    }
    match deed.on(vec![job.id]) {
        Way::AtOnce(action) => reach(web, action, &job).await,
        Way::OneByOne(..) => Err(elsewhere()),
    }
}

/// Acts on one job.
async fn reach<F: Front>(web: &Web<F>, action: Action, job: &JobView) -> Result<Json<Reached>, Problem> {
    let object = match &action {
        Action::Move { queue, .. } => format!("{} to queue {queue}", job::named(job)),
        _ => job::named(job),
    };
    match web.act_on(action, Some(object)).await? {
        0 => Err(elsewhere()),
        count => Ok(Json(Reached { count })),
    }
}

/// The job that is meant.
async fn find<F: Front>(web: &Web<F>, jid: String, choice: &Choice) -> Result<JobView, Problem> {
    meant(web.jobs(Query::Jid { jid }).await?.unwrap_or_default().jobs, choice)
}

/// That of these jobs which is meant.
fn meant(jobs: Vec<JobView>, choice: &Choice) -> Result<JobView, Problem> {
    let parse = |id: &String| id.parse().map(JobId).map_err(|_| Problem::bad("invalid id"));
    let id = choice.id.as_ref().map(parse).transpose()?;
    let mut meant: Vec<JobView> = jobs.into_iter().filter(|job| id.is_none_or(|id| job.id == id)).collect();
    if meant.len() > 1 {
        let ids: Vec<String> = meant.iter().map(|job| job.id.0.to_string()).collect();
        let text = format!("Several jobs have this jid; say which by its id: {}", ids.join(", "));
        return Err(conflict(text).coded("ambiguous"));
    }
    meant.pop().ok_or_else(|| Problem::not_found("There is no such job; it may be done already"))
}

fn elsewhere() -> Problem {
    conflict("The job is where nothing of this kind can be done with it")
}

fn conflict(text: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, text)
}
