//! `/jobs/{jid}`: one job in any state, and what can be done with it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bessemer_core::fact::JobId;
use bessemer_core::query::{JobView, Place, Where};
use bessemer_core::{Action, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::Asked;
use super::jobs::Job;
use crate::Front;
use crate::deed::Deed;
use crate::problem::Problem;
use crate::visit::Name;
use crate::web::Web;

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
    reach(&web, Action::Release(vec![job.id])).await
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
    reach(web, deed.on(vec![job.id])).await
}

/// Acts on one job.
async fn reach<F: Front>(web: &Web<F>, action: Action) -> Result<Json<Reached>, Problem> {
    match web.act(action).await? {
        0 => Err(elsewhere()),
        count => Ok(Json(Reached { count })),
    }
}

/// The job that is meant.
async fn find<F: Front>(web: &Web<F>, jid: String, choice: &Choice) -> Result<JobView, Problem> {
    let parse = |id: &String| id.parse().map(JobId).map_err(|_| Problem::bad("invalid id"));
    let id = choice.id.as_ref().map(parse).transpose()?;
    let jobs = web.jobs(Query::Jid { jid }).await?.unwrap_or_default().jobs;
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
