//! `/cron`: the entries that push jobs by the clock, and their runs (rule `E-50`).

use axum::Json;
use axum::extract::State;
use bessemer_core::command::CronDeed;
use bessemer_core::query::{CronRun, CronView};
use bessemer_core::{Action, Wall};
use serde::Serialize;
use utoipa::ToSchema;

use super::input::{Asked, Nothing};
use crate::Front;
use crate::problem::Problem;
use crate::visit::Name;
use crate::web::Web;

/// Every cron entry.
#[derive(Serialize, ToSchema)]
pub(super) struct CronEntries {
    /// By id, each with its last run only.
    entries: Vec<CronEntry>,
}

/// A cron entry.
#[derive(Serialize, ToSchema)]
pub(super) struct CronEntry {
    #[schema(example = "nightly-report")]
    id: String,
    #[schema(example = "0 3 * * *")]
    schedule: String,
    /// The time zone in which its schedule speaks.
    #[schema(example = "Europe/Paris")]
    tz: String,
    /// What becomes of missed ticks: `skip`, `once` or `all`.
    #[schema(example = "once")]
    missed: &'static str,
    /// Ticks come up to this many seconds later.
    jitter_s: u32,
    /// As the configuration says.
    enabled: bool,
    /// An operator has paused it.
    paused: bool,
    /// Where its jobs go.
    queue: String,
    /// What they are.
    jobtype: String,
    /// When it is run next; none: never, as things stand.
    next: Option<String>,
    /// Latest first, 100 at most.
    runs: Vec<CronTick>,
}

/// A run, or ticks that came to nothing.
#[derive(Serialize, ToSchema)]
pub(super) struct CronTick {
    /// The tick; of several the last. By hand: when somebody asked.
    tick: String,
    /// When its job was pushed, or the ticks were given up.
    at: String,
    /// Somebody asked for it.
    by_hand: bool,
    /// How many ticks it stands for, counted up to 1,000.
    ticks: u32,
    /// `pushed` while the job lives; then `done`, `died`, `discarded`, `deleted` or `expired`. Without a job `refused`,
    /// `missed` or `paused`.
    #[schema(example = "done")]
    outcome: &'static str,
    /// When it came to that.
    until: Option<String>,
    /// Its job.
    jid: Option<String>,
    /// Where its job is, while it lives: `working`, `queued`, `retries`, `scheduled` or `dead`.
    place: Option<String>,
    /// How often its job has failed.
    fails: u32,
    /// Why its job was refused.
    note: Option<String>,
}

impl From<CronView> for CronEntry {
    fn from(view: CronView) -> Self {
        Self {
            schedule: view.schedule.as_str().to_owned(),
            tz: view.zone.iana_name().unwrap_or("UTC").to_owned(),
            missed: view.missed.as_str(),
            jitter_s: view.jitter,
            enabled: view.enabled,
            paused: view.paused,
            queue: view.queue,
            jobtype: view.jobtype,
            next: view.next.map(Wall::rfc3339),
            runs: view.runs.into_iter().map(CronTick::from).collect(),
            id: view.id,
        }
    }
}

impl From<CronRun> for CronTick {
    fn from(run: CronRun) -> Self {
        Self {
            tick: run.tick.rfc3339(),
            at: run.at.rfc3339(),
            by_hand: run.by_hand,
            ticks: run.ticks,
            outcome: run.ran.as_str(),
            until: run.until.map(Wall::rfc3339),
            jid: run.jid,
            place: run.place.map(|place| format!("{place:?}").to_lowercase()),
            fails: run.fails,
            note: Some(run.note).filter(|note| !note.is_empty()),
        }
    }
}

/// All cron entries, with what became of the last run of each.
#[utoipa::path(
    get,
    path = "/cron",
    operation_id = "listCronEntries",
    tag = "cron",
    responses((status = 200, description = "The entries, by id", body = CronEntries)),
)]
pub(super) async fn list<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<CronEntries>, Problem> {
    let entries = web.crons(None).await?.unwrap_or_default();
    Ok(Json(CronEntries { entries: entries.into_iter().map(CronEntry::from).collect() }))
}

/// A cron entry and its last 100 runs.
#[utoipa::path(
    get,
    path = "/cron/{id}",
    operation_id = "getCronEntry",
    tag = "cron",
    params(("id" = String, Path, description = "The entry", example = "nightly-report")),
    responses((status = 200, description = "The entry and its runs", body = CronEntry)),
)]
pub(super) async fn show<F: Front>(
    State(web): State<Web<F>>,
    Name(id): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<CronEntry>, Problem> {
    Ok(Json(known(&web, id).await?))
}

/// Pushes the job of an entry now, also if it is paused. Its ticks go on as if nothing had happened; the run is the first in the answer.
#[utoipa::path(
    post,
    path = "/cron/{id}/run",
    operation_id = "runCronEntry",
    tag = "cron",
    params(("id" = String, Path, description = "The entry", example = "nightly-report")),
    responses((status = 200, description = "The entry, with the run that has just begun", body = CronEntry)),
)]
pub(super) async fn run<F: Front>(
    State(web): State<Web<F>>,
    Name(id): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<CronEntry>, Problem> {
    act(&web, id, CronDeed::Run).await
}

/// Lets an entry tick no more until somebody resumes it.
#[utoipa::path(
    post,
    path = "/cron/{id}/pause",
    operation_id = "pauseCronEntry",
    tag = "cron",
    params(("id" = String, Path, description = "The entry", example = "nightly-report")),
    responses((status = 200, description = "The entry, as it is now", body = CronEntry)),
)]
pub(super) async fn pause<F: Front>(
    State(web): State<Web<F>>,
    Name(id): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<CronEntry>, Problem> {
    act(&web, id, CronDeed::Pause).await
}

/// Lets an entry tick again. What would have been meanwhile is not made up for.
#[utoipa::path(
    post,
    path = "/cron/{id}/resume",
    operation_id = "resumeCronEntry",
    tag = "cron",
    params(("id" = String, Path, description = "The entry", example = "nightly-report")),
    responses((status = 200, description = "The entry, as it is now", body = CronEntry)),
)]
pub(super) async fn resume<F: Front>(
    State(web): State<Web<F>>,
    Name(id): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<CronEntry>, Problem> {
    act(&web, id, CronDeed::Resume).await
}

async fn act<F: Front>(web: &Web<F>, id: String, deed: CronDeed) -> Result<Json<CronEntry>, Problem> {
    known(web, id.clone()).await?;
    web.act(Action::Cron { id: id.clone(), deed }).await?;
    Ok(Json(known(web, id).await?))
}

/// The entry with this id. One that there is not is an error: whoever mistyped an id would believe that it is done.
async fn known<F: Front>(web: &Web<F>, id: String) -> Result<CronEntry, Problem> {
    let found = web.crons(Some(id)).await?.and_then(|mut found| found.pop());
    found.map(CronEntry::from).ok_or_else(|| Problem::not_found("There is no such cron entry"))
}
