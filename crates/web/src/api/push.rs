//! `POST /jobs`: pushes jobs, one or many, by the very rules of PUSH.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Error;
use super::input;
use super::payload::Payload;
use crate::link::Base;
use crate::problem::Problem;
use crate::web::Web;
use crate::{Front, Refused};

/// One job, or several that become durable together.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the description of a text, which is never taken apart into this")]
pub(super) enum Push {
    One(Box<Payload>),
    Many(Vec<Payload>),
}

/// What became of the jobs.
#[derive(Serialize, ToSchema)]
pub(super) struct Report {
    /// Jobs that were taken.
    accepted: u64,
    /// Jobs that were not.
    refused: u64,
    /// One for each job, in their order.
    jobs: Vec<Fate>,
}

/// What became of a job.
#[derive(Serialize, ToSchema)]
struct Fate {
    /// Empty: the job has none.
    jid: String,
    accepted: bool,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error>,
}

/// Pushes a job, or an array of them.
///
/// The rules are those of PUSH and PUSHB. What is answered is durable. Of an array the good jobs are taken and the others
/// are not: the status is 207 if there are others, and each has its error. A text that holds no jobs at all is refused as a
/// whole.
#[utoipa::path(
    post,
    path = "/jobs",
    operation_id = "pushJobs",
    tag = "jobs",
    request_body = Push,
    responses(
        (status = 201, description = "All were taken", body = Report),
        (status = 207, description = "Some of an array were not taken", body = Report),
        (status = 400, description = "This is no job: `json`, `nesting`, `duplicate_field`", body = super::error::Failed),
        (status = 413, description = "Too much at once: `body_too_large`, `job_too_large`, `bulk_jobs`",
         body = super::error::Failed),
        (status = 422, description = "A job that may not be; the code says which member is wrong: `jid`, `jobtype`, `args`, …",
         body = super::error::Failed),
        (status = 503, description = "No jobs are taken now: `disk_full`, `memory_limit`, `shutdown`",
         body = super::error::Failed),
    ),
)]
pub(super) async fn push<F: Front>(
    State(web): State<Web<F>>,
    Extension(base): Extension<Base>,
    request: Request,
) -> Result<Response, Problem> {
    let limit = web.site.limits.job_max;
    let held = input::length(request.headers()).unwrap_or(limit).min(limit);
    let held = u32::try_from(held.div_ceil(1024)).unwrap_or(u32::MAX);
    let room = web.pushing.acquire_many(held).await.map_err(|closed| Problem::internal(&closed))?;
    let text = input::body(request, limit).await?;
    let is_one = !text.trim_ascii_start().starts_with('[');
    let pushed = web.front.push(text).await?.map_err(problem)?;
    drop(room);
    let jobs: Vec<Fate> = match <[_; 1]>::try_from(pushed) {
        Ok([one]) if is_one => match one.refused {
            Some(refused) => return Err(problem(refused)),
            None => return Ok(created(&base, one.jid)),
        },
        Ok(one) => one.into_iter().map(fate).collect(),
        Err(many) => many.into_iter().map(fate).collect(),
    };
    let report = report(jobs);
    let status = if report.refused == 0 { StatusCode::CREATED } else { StatusCode::MULTI_STATUS };
    Ok((status, Json(report)).into_response())
}

fn created(base: &Base, jid: String) -> Response {
    let location = HeaderValue::try_from(base.api_job(&jid)).ok();
    let headers: HeaderMap = location.into_iter().map(|location| (header::LOCATION, location)).collect();
    let jobs = vec![Fate { jid, accepted: true, error: None }];
    (StatusCode::CREATED, headers, Json(report(jobs))).into_response()
}

fn report(jobs: Vec<Fate>) -> Report {
    let accepted = jobs.iter().filter(|job| job.accepted).count() as u64;
    Report { accepted, refused: jobs.len() as u64 - accepted, jobs }
}

fn fate(pushed: crate::Pushed) -> Fate {
    let error = pushed.refused.map(|refused| Error::new(refused.reason, refused.text));
    Fate { jid: pushed.jid, accepted: error.is_none(), error }
}

/// What nobody took, with a status that says whose fault it is.
fn problem(refused: Refused) -> Problem {
    let status = match refused.reason {
        "json" | "nesting" | "duplicate_field" => StatusCode::BAD_REQUEST,
        "job_too_large" | "bulk_jobs" => StatusCode::PAYLOAD_TOO_LARGE,
        "too_many_queues" => StatusCode::CONFLICT,
        "disk_full" | "memory_limit" | "shutdown" => StatusCode::SERVICE_UNAVAILABLE,
        "internal" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::new(status, refused.text).coded(refused.reason)
}
