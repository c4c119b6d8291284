//! What happened lately: the last attempts, statistics of types and queues, and the marks of deployments.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bessemer_core::Wall;
use bessemer_core::event::{Attempt, Outcome};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{self, Asked, Nothing, Sent};
use crate::Front;
use crate::problem::Problem;
use crate::watch::{
    self, DeployMark, Happened, Histogram, MARK_MAX, MarkError, Overdue, RECENT_MAX, Row, Sample, Series,
    Span,
};
use crate::web::Web;

/// Which attempts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only those at jobs of this type.
    #[serde(rename = "type")]
    jobtype: Option<String>,
    /// Only those at jobs of this queue.
    queue: Option<String>,
    /// Only those at jobs with this jid.
    jid: Option<String>,
    /// Only those that ended like this.
    #[param(inline)]
    outcome: Option<Ended>,
    /// How many.
    #[param(minimum = 1, maximum = 100, default = 25)]
    limit: Option<usize>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ended {
    /// ACK.
    Done,
    /// FAIL, and it will be tried again.
    Failed,
    /// FAIL, and it is dead.
    Died,
    /// FAIL, and it is not kept.
    Discarded,
    /// Its reservation expired.
    Expired,
    /// Its worker was lost.
    Lost,
    /// An operator took it from its worker.
    Released,
    /// There was none: nobody worked on the job in time.
    Overdue,
}

impl From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Failed => Self::Failed,
            Outcome::Died => Self::Died,
            Outcome::Discarded => Self::Discarded,
            Outcome::Expired => Self::Expired,
            Outcome::Lost => Self::Lost,
            Outcome::Released => Self::Released,
        }
    }
}

/// The last attempts that ended; the server knows 1,000, in memory.
#[derive(Serialize, ToSchema)]
pub(super) struct Recent {
    /// Newest first.
    attempts: Vec<Finished>,
    /// Jobs that nobody worked on in time, newest first.
    overdue: Vec<Missed>,
}

/// A job whose time was over before anybody worked on it.
#[derive(Serialize, ToSchema)]
struct Missed {
    /// Null where its text is gone, and for about a second.
    #[schema(required)]
    jid: Option<String>,
    queue: String,
    #[serde(rename = "type")]
    jobtype: String,
    #[schema(format = DateTime)]
    at: String,
    outcome: Ended,
}

impl From<Overdue> for Missed {
    fn from(overdue: Overdue) -> Self {
        Self {
            jid: overdue.jid.map(Into::into),
            queue: overdue.queue.to_string(),
            jobtype: overdue.jobtype.to_string(),
            at: overdue.at.rfc3339(),
            outcome: Ended::Overdue,
        }
    }
}

/// An attempt at a job that ended.
#[derive(Serialize, ToSchema)]
struct Finished {
    /// The job's id.
    id: String,
    /// Null where nobody named it, as where a reservation expired.
    #[schema(required)]
    jid: Option<String>,
    queue: String,
    #[serde(rename = "type")]
    jobtype: String,
    /// Empty: a client that is no worker.
    wid: String,
    #[schema(format = DateTime)]
    enqueued_at: String,
    #[schema(format = DateTime)]
    started_at: String,
    #[schema(format = DateTime)]
    ended_at: String,
    /// How long it had waited in its queue.
    wait_s: f64,
    run_s: f64,
    outcome: Ended,
    /// The kind of error.
    #[schema(required)]
    error: Option<String>,
    /// What the worker said of it, 200 characters at most; only where the job is not kept, which knows more.
    #[schema(required)]
    message: Option<String>,
}

impl From<Attempt> for Finished {
    fn from(attempt: Attempt) -> Self {
        Self {
            id: attempt.id.0.to_string(),
            wait_s: attempt.wait().as_secs_f64(),
            run_s: attempt.run().as_secs_f64(),
            jid: attempt.jid.map(Into::into),
            queue: attempt.queue.to_string(),
            jobtype: attempt.jobtype.to_string(),
            wid: attempt.wid.to_string(),
            enqueued_at: attempt.enqueued_at.rfc3339(),
            started_at: attempt.started_at.rfc3339(),
            ended_at: attempt.ended_at.rfc3339(),
            outcome: attempt.outcome.into(),
            error: attempt.error.map(Into::into),
            message: attempt.message.map(Into::into),
        }
    }
}

/// The last attempts that ended.
#[utoipa::path(
    get,
    path = "/recent",
    operation_id = "listRecent",
    tag = "activity",
    params(Which),
    responses((status = 200, description = "The attempts, newest first", body = Recent)),
)]
pub(super) async fn recent<F: Front>(
    State(web): State<Web<F>>,
    Asked(which): Asked<Which>,
) -> Result<Json<Recent>, Problem> {
    let limit = input::limit(which.limit)?.min(RECENT_MAX);
    let is = |wanted: &Option<String>, text: &str| wanted.as_deref().is_none_or(|wanted| wanted == text);
    let wanted = |happened: &Happened| {
        let (jobtype, queue, jid, ended) = match happened {
            Happened::Attempt(a) => (&a.jobtype, &a.queue, &a.jid, a.outcome.into()),
            Happened::Overdue(o) => (&o.jobtype, &o.queue, &o.jid, Ended::Overdue),
        };
        is(&which.jobtype, jobtype)
            && is(&which.queue, queue)
            && is(&which.jid, jid.as_deref().unwrap_or_default())
            && which.outcome.is_none_or(|outcome| outcome == ended)
    };
    let mut recent = Recent { attempts: Vec::new(), overdue: Vec::new() };
    for happened in web.front.watch().happened(limit, wanted) {
        match happened {
            Happened::Attempt(attempt) => recent.attempts.push(attempt.into()),
            Happened::Overdue(overdue) => recent.overdue.push(overdue.into()),
        }
    }
    Ok(Json(recent))
}

/// How far one looks back.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Back {
    #[param(inline, default = "24h")]
    span: Option<Length>,
}

/// How far one looks back: an hour by minutes, a day by hours, a week or a month by days.
#[derive(Clone, Copy, Deserialize, ToSchema)]
enum Length {
    #[serde(rename = "1h")]
    Hour,
    #[serde(rename = "24h")]
    Day,
    #[serde(rename = "7d")]
    Week,
    #[serde(rename = "30d")]
    Month,
}

impl Length {
    fn of(wanted: Option<Self>) -> Span {
        match wanted.unwrap_or(Self::Day) {
            Self::Hour => Span::Hour,
            Self::Day => Span::Day,
            Self::Week => Span::Week,
            Self::Month => Span::Month,
        }
    }
}

/// Statistics by name.
#[derive(Serialize, ToSchema)]
pub(super) struct Statistics {
    /// The busiest first; last all those that have no row of their own.
    rows: Vec<Statistic>,
}

/// The statistics of one type or queue.
#[derive(Serialize, ToSchema)]
struct Statistic {
    /// Null: all those together that have no row of their own.
    #[schema(required)]
    name: Option<String>,
    /// Ended by ACK.
    done: u64,
    /// Ended by FAIL, or because their reservation expired.
    failed: u64,
    /// Lost with their worker, or taken from it.
    lost: u64,
    /// How long they ran, by what part of them took less. Null: nothing ran.
    #[schema(required)]
    run: Option<Quantiles>,
    /// How long they had waited in their queue.
    #[schema(required)]
    wait: Option<Quantiles>,
}

/// Half, 95 and 99 of a hundred took less than this.
#[derive(Serialize, ToSchema)]
struct Quantiles {
    p50_s: f64,
    p95_s: f64,
    p99_s: f64,
}

impl Quantiles {
    fn of(histogram: &Histogram) -> Option<Self> {
        let at = |part| histogram.quantile(part).map(|duration| duration.as_secs_f64());
        Some(Self { p50_s: at(0.5)?, p95_s: at(0.95)?, p99_s: at(0.99)? })
    }
}

fn statistics(rows: Vec<Row>) -> Json<Statistics> {
    let row = |row: Row| Statistic {
        name: row.name.map(|name| name.to_string()),
        done: row.sum.done,
        failed: row.sum.failed,
        lost: row.sum.lost,
        run: Quantiles::of(&row.sum.run),
        wait: Quantiles::of(&row.sum.wait),
    };
    Json(Statistics { rows: rows.into_iter().map(row).collect() })
}

/// Statistics of each job type.
#[utoipa::path(
    get,
    path = "/statistics/types",
    operation_id = "typeStatistics",
    tag = "activity",
    params(Back),
    responses((status = 200, description = "The statistics", body = Statistics)),
)]
pub(super) async fn types<F: Front>(
    State(web): State<Web<F>>,
    Asked(back): Asked<Back>,
) -> Result<Json<Statistics>, Problem> {
    Ok(statistics(web.front.watch().types(Length::of(back.span))))
}

/// Statistics of each queue.
#[utoipa::path(
    get,
    path = "/statistics/queues",
    operation_id = "queueStatistics",
    tag = "activity",
    params(Back),
    responses((status = 200, description = "The statistics", body = Statistics)),
)]
pub(super) async fn queues<F: Front>(
    State(web): State<Web<F>>,
    Asked(back): Asked<Back>,
) -> Result<Json<Statistics>, Problem> {
    Ok(statistics(web.front.watch().queues(Length::of(back.span))))
}

/// Of what a series is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OfWhat {
    /// Of this job type alone.
    #[serde(rename = "type")]
    jobtype: Option<String>,
    /// Of this queue alone.
    queue: Option<String>,
    #[param(inline, default = "24h")]
    span: Option<Length>,
}

/// Statistics over time.
#[derive(Serialize, ToSchema)]
pub(super) struct Course {
    /// Seconds in each point.
    step_s: f64,
    /// Earliest first.
    points: Vec<Point>,
}

/// One point of a series.
#[derive(Serialize, ToSchema)]
struct Point {
    /// When it began.
    #[schema(format = DateTime)]
    at: String,
    /// Ended by ACK.
    done: u64,
    /// Ended by FAIL, or because their reservation expired.
    failed: u64,
    /// Lost with their worker, or taken from it.
    lost: u64,
    #[schema(required)]
    run: Option<Quantiles>,
    #[schema(required)]
    wait: Option<Quantiles>,
}

impl From<&watch::Point> for Point {
    fn from(watch::Point { at, cell }: &watch::Point) -> Self {
        Self {
            at: at.rfc3339(),
            done: cell.done,
            failed: cell.failed,
            lost: cell.lost,
            run: Quantiles::of(&cell.run),
            wait: Quantiles::of(&cell.wait),
        }
    }
}

/// Statistics over time: of all jobs, of one type or of one queue.
#[utoipa::path(
    get,
    path = "/statistics/series",
    operation_id = "statisticsSeries",
    tag = "activity",
    params(OfWhat),
    responses((status = 200, description = "The points; none where nothing is known of that name", body = Course)),
)]
pub(super) async fn series<F: Front>(
    State(web): State<Web<F>>,
    Asked(of): Asked<OfWhat>,
) -> Result<Json<Course>, Problem> {
    let what = match (of.jobtype, of.queue) {
        (None, None) => Series::All,
        (Some(jobtype), None) => Series::Type(jobtype),
        (None, Some(queue)) => Series::Queue(queue),
        (Some(_), Some(_)) => return Err(Problem::bad("a series is of a type or of a queue, not of both")),
    };
    let span = Length::of(of.span);
    let points = web.front.watch().series(&what, span);
    let points = points.iter().map(Point::from).collect();
    Ok(Json(Course { step_s: span.step() as f64 * 60.0, points }))
}

/// What went on in each of the last seconds.
#[derive(Serialize, ToSchema)]
pub(super) struct Live {
    /// Earliest first; 600 at most.
    seconds: Vec<Second>,
}

/// What went on in a second.
#[derive(Serialize, ToSchema)]
struct Second {
    /// When it began.
    #[schema(format = DateTime)]
    at: String,
    pushed: u64,
    done: u64,
    failed: u64,
    lost: u64,
    /// How long jobs ran. Null: none ended.
    #[schema(required)]
    run: Option<Halves>,
    /// How long they had waited.
    #[schema(required)]
    wait: Option<Halves>,
}

/// Half and 95 of a hundred took less than this.
#[derive(Serialize, ToSchema)]
struct Halves {
    p50_s: f64,
    p95_s: f64,
}

impl From<(Duration, Duration)> for Halves {
    fn from((p50, p95): (Duration, Duration)) -> Self {
        Self { p50_s: p50.as_secs_f64(), p95_s: p95.as_secs_f64() }
    }
}

/// The last ten minutes, second by second.
#[utoipa::path(
    get,
    path = "/live",
    operation_id = "live",
    tag = "activity",
    responses((status = 200, description = "The seconds", body = Live)),
)]
pub(super) async fn live<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Live>, Problem> {
    let second = |sample: Sample| Second {
        at: sample.at.rfc3339(),
        pushed: sample.pushed,
        done: sample.done,
        failed: sample.failed,
        lost: sample.lost,
        run: sample.run.map(Halves::from),
        wait: sample.wait.map(Halves::from),
    };
    Ok(Json(Live { seconds: web.front.watch().live().into_iter().map(second).collect() }))
}

/// Marks in time.
#[derive(Serialize, ToSchema)]
pub(super) struct Marks {
    /// Earliest first; the last 1,000 are kept.
    marks: Vec<Mark>,
}

/// A moment with a name, as of a deployment; charts show it.
#[derive(Serialize, ToSchema)]
pub(super) struct Mark {
    #[schema(format = DateTime)]
    at: String,
    #[schema(example = "v1.4.2 is out")]
    text: String,
}

/// A mark to set.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"text": "v1.4.2 is out"}))]
#[serde(deny_unknown_fields)]
pub(super) struct NewMark {
    /// One line.
    #[schema(min_length = 1, max_length = 200)]
    text: String,
    /// When it was; now, if nothing is said.
    #[schema(format = DateTime)]
    at: Option<String>,
}

impl From<&DeployMark> for Mark {
    fn from(mark: &DeployMark) -> Self {
        Self { at: mark.at.rfc3339(), text: mark.text.clone() }
    }
}

/// The marks.
#[utoipa::path(
    get,
    path = "/marks",
    operation_id = "listMarks",
    tag = "activity",
    responses((status = 200, description = "The marks", body = Marks)),
)]
pub(super) async fn marks<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Marks>, Problem> {
    Ok(Json(Marks { marks: web.front.watch().marks().iter().map(Mark::from).collect() }))
}

/// Sets a mark: for the script that deploys.
#[utoipa::path(
    post,
    path = "/marks",
    operation_id = "setMark",
    tag = "activity",
    request_body = NewMark,
    responses((status = 201, description = "It is set", body = Mark)),
)]
pub(super) async fn mark<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
    Sent(new): Sent<NewMark>,
) -> Result<(StatusCode, Json<Mark>), Problem> {
    let at = match &new.at {
        None => web.front.now(),
        Some(at) => {
            Wall::parse(at).map_err(|_| Problem::bad("invalid at: it is no time as RFC 3339 writes it"))?
        }
    };
    let mark = DeployMark::new(at, &new.text).map_err(|error| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            match error {
                MarkError::Empty => "invalid text: it is empty".to_owned(),
                MarkError::TooLong => format!("invalid text: it has more than {MARK_MAX} characters"),
            },
        )
    })?;
    let set = Mark::from(&mark);
    web.mark(mark).await?;
    web.record("mark", set.text.clone(), 1).await;
    Ok((StatusCode::CREATED, Json(set)))
}
