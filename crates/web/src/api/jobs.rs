//! `GET /jobs` and `GET /queues/{name}/jobs`: jobs by where they are, a page at a time.
//!
//! A cursor names the place in the list at which the next page begins, not how many jobs were before it: jobs that come
//! and go meanwhile move nobody else to another page.

use axum::Json;
use axum::extract::State;
use bessemer_core::limits::SLICE_MAX;
use bessemer_core::query::{JobView, Mark, Place, Scan, Scanned, Set, Where};
use bessemer_core::{Action, Query};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::input::Asked;
use super::job::Reached;
use super::payload::Payload;
use super::queues::known;
use crate::problem::Problem;
use crate::search::{Cursor, Filter, Search};
use crate::visit::Name;
use crate::web::Web;
use crate::{Front, job, limits};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Standing {
    Working,
    Queued,
    Retrying,
    Scheduled,
    Dead,
    /// Deleted, and still to be taken back.
    Discarded,
}

/// A job, and where it stands.
#[derive(Serialize, ToSchema)]
pub(super) struct Job {
    /// Names this job and no other, also where jids are the same.
    #[schema(example = "4294967296")]
    pub(super) id: String,
    pub(super) state: Standing,
    /// What its text is known by, for the `If-Match` of an edit: another one once the text is another.
    #[schema(example = "9f86d081884c7d65")]
    version: String,
    /// When it was enqueued or fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    since: Option<String>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    at: Option<String>,
    /// When its reservation ends, or its time in the dead set, or when it can no longer be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Who works on it; empty: a connection that is no worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    wid: Option<String>,
    /// When it is dropped if it still waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// How far its worker says that it is (TRACK SET).
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Said>,
    /// The job as FETCH would give it; its arguments are those that were pushed, byte for byte.
    #[schema(value_type = Payload)]
    job: Box<RawValue>,
}

/// How far a job is, in the words of its worker.
#[derive(Serialize, ToSchema)]
#[schema(as = JobProgress)]
struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100)]
    percent: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desc: Option<String>,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl Said {
    fn read(progress: &bessemer_core::query::Progress) -> Self {
        Self {
            percent: progress.percent,
            desc: progress.desc.as_deref().map(Into::into),
            updated_at: progress.updated_at.rfc3339(),
        }
    }
}

impl Job {
    pub(super) fn read(view: &JobView) -> Result<Self, Problem> {
        let time = |at: &bessemer_core::Wall| Some(at.rfc3339());
        let (state, since, at, until, wid) = match &view.place {
            Place::Queued { since } => (Standing::Queued, time(since), None, None, None),
            Place::Scheduled { at } => (Standing::Scheduled, None, time(at), None, None),
            Place::Retrying { at } => (Standing::Retrying, None, time(at), None, None),
            Place::Dead { until } => (Standing::Dead, None, None, time(until), None),
            Place::Discarded { until, .. } => (Standing::Discarded, None, None, time(until), None),
            Place::Working { wid, since, until } => {
                (Standing::Working, time(since), None, time(until), Some(wid.clone()))
            }
        };
        let text = String::from_utf8(view.text()).map_err(|error| Problem::internal(&error))?;
        let job = RawValue::from_string(text).map_err(|error| Problem::internal(&error))?;
        let progress = view.progress.as_ref().map(Said::read);
        let (id, expires_at) = (view.id.0.to_string(), view.expires.as_ref().and_then(time));
        let version = job::version(view);
        Ok(Self { id, state, version, since, at, until, wid, expires_at, progress, job })
    }
}

/// Which jobs. What is left out does not restrict them.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Where they are; without it everywhere, in this order.
    #[param(inline)]
    state: Option<Standing>,
    /// Only those of this queue.
    #[param(example = "default")]
    queue: Option<String>,
    /// Only those of this type.
    #[serde(rename = "type")]
    #[param(example = "SendMail")]
    jobtype: Option<String>,
    /// Only those with this jid, which need not be one alone.
    jid: Option<String>,
    /// Only those that this line of the search box finds, in the order in which they came in. It says by itself which
    /// state, queue, type and jid it means.
    #[param(example = "type:Mail* error:timeout age>2h")]
    q: Option<String>,
    /// Where to begin: what the page before has called `next`.
    cursor: Option<String>,
    /// How many.
    #[param(minimum = 1, maximum = 100, default = 25)]
    limit: Option<usize>,
}

/// Which part of a list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// Where to begin: what the page before has called `next`.
    cursor: Option<String>,
    /// How many.
    #[param(minimum = 1, maximum = 100, default = 25)]
    limit: Option<usize>,
}

/// A page of jobs.
#[derive(Serialize, ToSchema)]
pub(super) struct Jobs {
    jobs: Vec<Job>,
    /// The cursor of the next page; null: this was the last. A page may be short, even empty, and not be the last: there
    /// is a limit to how many jobs are looked at for one.
    #[schema(required)]
    next: Option<String>,
    /// Jobs in the states that were asked for, whether they match or not. Null: it was searched for something.
    #[schema(required)]
    total: Option<u64>,
}

/// Jobs in any state, or in one: those being worked on, by reservation, oldest first; those in queues, next first; the
/// others by their time, earliest first.
#[utoipa::path(
    get,
    path = "/jobs",
    operation_id = "listJobs",
    tag = "jobs",
    params(Which),
    responses((status = 200, description = "A page of jobs", body = Jobs)),
)]
pub(super) async fn list<F: Front>(
    State(web): State<Web<F>>,
    Asked(which): Asked<Which>,
) -> Result<Json<Jobs>, Problem> {
    if let Some(line) = &which.q {
        let alone =
            which.state.is_none() && which.queue.is_none() && which.jobtype.is_none() && which.jid.is_none();
        if !alone {
            let text = "q stands alone: it says state:, queue:, type: and jid: by itself";
            return Err(Problem::bad(text));
        }
        return found(&web, line, which.cursor.as_deref(), which.limit).await;
    }
    let places = which.state.map_or(Where::ALL.to_vec(), |state| vec![state.place()]);
    let jids = which.jid.map(|jid| vec![jid]);
    let scan = Scan { jids, queue: which.queue, jobtype: which.jobtype, ..walk(places) };
    page(&web, scan, which.cursor.as_deref(), which.limit).await
}

/// The jobs that wait in a queue, next first.
#[utoipa::path(
    get,
    path = "/queues/{name}/jobs",
    operation_id = "listQueueJobs",
    tag = "queues",
    params(("name" = String, Path, description = "The queue", example = "default"), Part),
    responses((status = 200, description = "A page of jobs", body = Jobs)),
)]
pub(super) async fn of_queue<F: Front>(
    State(web): State<Web<F>>,
    Name(name): Name,
    Asked(part): Asked<Part>,
) -> Result<Json<Jobs>, Problem> {
    let size = known(&web, &name).await?.size;
    let scan = Scan { queue: Some(name), ..walk(vec![Where::Queued]) };
    let Json(jobs) = page(&web, scan, part.cursor.as_deref(), part.limit).await?;
    Ok(Json(Jobs { total: Some(size), ..jobs }))
}

/// Which set.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct All {
    /// Where they are.
    #[param(inline)]
    state: Sorted,
}

/// A place that can be cleared at one stroke.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Sorted {
    Retrying,
    Scheduled,
    Dead,
}

/// Deletes all jobs that are in one state, at one stroke.
#[utoipa::path(
    delete,
    path = "/jobs",
    operation_id = "clearJobs",
    tag = "jobs",
    params(All),
    responses((status = 200, description = "So many jobs are gone", body = Reached)),
)]
pub(super) async fn clear<F: Front>(
    State(web): State<Web<F>>,
    Asked(all): Asked<All>,
) -> Result<Json<Reached>, Problem> {
    let set = match all.state {
        Sorted::Retrying => Set::Retries,
        Sorted::Scheduled => Set::Scheduled,
        Sorted::Dead => Set::Dead,
    };
    let count = web.act(Action::ClearSet(set)).await?;
    Ok(Json(Reached { count }))
}

impl Standing {
    fn place(self) -> Where {
        match self {
            Self::Working => Where::Working,
            Self::Queued => Where::Queued,
            Self::Retrying => Where::Retries,
            Self::Scheduled => Where::Scheduled,
            Self::Dead => Where::Dead,
            Self::Discarded => Where::Discarded,
        }
    }
}

/// A walk over all jobs of these places.
pub(super) fn walk(places: Vec<Where>) -> Scan {
    let (count, most) = (SLICE_MAX, limits::LIST_DEFAULT);
    Scan { places, jids: None, queue: None, jobtype: None, from: None, count, most, texts: true }
}

/// Goes on from a cursor until the page is full, the walk is over, or enough was looked at.
async fn page<F: Front>(
    web: &Web<F>,
    mut scan: Scan,
    cursor: Option<&str>,
    limit: Option<usize>,
) -> Result<Json<Jobs>, Problem> {
    let limit = super::input::limit(limit)?;
    scan.from = cursor.map(|cursor| read(cursor, &scan)).transpose()?;
    let mut page = Jobs { jobs: Vec::new(), next: None, total: None };
    for _ in 0..limits::LIST_PIECES {
        scan.most = limit - page.jobs.len();
        let Scanned { jobs, next, total, .. } = *web.scan(scan.clone()).await?;
        for view in &jobs {
            page.jobs.push(Job::read(view)?);
        }
        page.next = next.as_ref().map(Mark::to_string);
        page.total = Some(total);
        scan.from = next;
        if scan.from.is_none() || page.jobs.len() >= limit {
            break;
        }
    }
    Ok(Json(page))
}

/// A page of what a line of the search box finds.
async fn found<F: Front>(
    web: &Web<F>,
    line: &str,
    cursor: Option<&str>,
    limit: Option<usize>,
) -> Result<Json<Jobs>, Problem> {
    let limit = super::input::limit(limit)?;
    let filter = Filter::parse(line).map_err(|wrong| Problem::bad(format!("invalid q: {wrong}")))?;
    let from = cursor.map(str::parse::<Cursor>).transpose().map_err(|_| foreign())?.unwrap_or_default();
    let part = Search::new(web, &filter, from).find(limit, limits::API_SEARCH_TIME).await?;
    let ids = part.found.iter().map(|found| found.id).collect();
    let views = web.jobs(Query::Named { ids }).await?.unwrap_or_default().jobs;
    let jobs = views.iter().map(Job::read).collect::<Result<_, _>>()?;
    Ok(Json(Jobs { jobs, next: part.next.map(|next| next.to_string()), total: None }))
}

fn foreign() -> Problem {
    Problem::bad("invalid cursor: it is what a page of the same list has called next")
}

/// A cursor of another list would skip jobs without a word.
fn read(cursor: &str, scan: &Scan) -> Result<Mark, Problem> {
    let of_this_walk = |mark: &Mark| match mark {
        Mark::Jid(_) => scan.jids.is_some(),
        _ if scan.jids.is_some() => false,
        Mark::Start(place) => scan.places.contains(place),
        Mark::Working(_) => scan.places.contains(&Where::Working),
        Mark::Queued { queue, .. } => {
            scan.places.contains(&Where::Queued) && scan.queue.as_ref().is_none_or(|only| only == queue)
        }
        Mark::Sorted { set, .. } => scan.places.iter().any(|place| place.set() == Some(*set)),
    };
    Mark::parse(cursor).filter(of_this_walk).ok_or_else(foreign)
}
