//! `GET /info` and `GET /history`: the figures of the server, now and day by day.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use bessemer_core::Wall;
use bessemer_core::query::{LogFigures, Tally};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{Asked, Nothing};
use crate::problem::Problem;
use crate::web::Web;
use crate::{Front, limits, stats};

/// The figures of the server.
#[derive(Serialize, ToSchema)]
pub(super) struct Info {
    /// The server's time.
    #[schema(format = DateTime)]
    now: String,
    #[schema(example = "0.1.0")]
    version: String,
    /// What the server is compatible with.
    #[schema(example = "1.10.0")]
    faktory_version: &'static str,
    /// `development`, `staging` or `production`.
    environment: String,
    uptime_s: f64,
    /// How many jobs there are, by state.
    jobs: Count,
    /// Jobs that the dead set holds at most.
    dead_max: u64,
    /// Attempts that ended, by ACK, FAIL or expiry, since the store was made.
    processed: u64,
    /// Those of them that failed.
    failed: u64,
    /// Known queues.
    queues: u64,
    /// Worker processes with a living connection.
    workers: u64,
    /// Identified connections.
    connections: u64,
    /// Known commands since the start.
    commands: u64,
    /// Resident memory of the process, in MiB.
    memory_mb: u64,
    /// `strict`: what was answered outlives a power loss. `relaxed`: it outlives the process.
    durability: &'static str,
    /// Pushes are refused until there is room on the disk again.
    disk_full: bool,
    /// Pushes are refused until there is memory again.
    memory_full: bool,
    /// The last moment at which the certificate of TLS is valid; null: there is no TLS.
    #[schema(format = DateTime)]
    certificate_until: Option<String>,
    /// What jobs take on the disk; null: the engine keeps no log.
    #[schema(required)]
    log: Option<Log>,
    since_start: Since,
    /// What was refused since the start, by reason.
    rejected: BTreeMap<&'static str, u64>,
}

/// How many jobs there are, by state.
#[derive(Serialize, ToSchema)]
struct Count {
    working: u64,
    queued: u64,
    retrying: u64,
    scheduled: u64,
    dead: u64,
}

/// The log, in which everything is stored.
#[derive(Serialize, ToSchema)]
struct Log {
    /// Files that it lies in.
    segments: u64,
    /// Files that are ready to become segments.
    spares: u64,
    /// How long it is.
    bytes: u64,
    /// About what of it lives; the rest is of the past.
    live_bytes: u64,
    /// What segments and spares take on the disk.
    disk_bytes: u64,
    /// Segments that are gone since the start, since nothing lives in them any more.
    given_up: u64,
    /// Those of them that had to be cleaned for it.
    cleaned: u64,
    /// Bytes that cleaning has written since the start.
    cleaned_bytes: u64,
    /// When it has last written anything.
    #[schema(format = DateTime, required)]
    cleaned_at: Option<String>,
}

impl From<LogFigures> for Log {
    fn from(log: LogFigures) -> Self {
        Self {
            segments: log.segments,
            spares: log.spares,
            bytes: log.bytes,
            live_bytes: log.live_bytes,
            disk_bytes: log.disk_bytes,
            given_up: log.given_up,
            cleaned: log.cleaned,
            cleaned_bytes: log.cleaned_bytes,
            cleaned_at: log.cleaned_at.map(Wall::rfc3339),
        }
    }
}

/// What happened since the server started.
#[derive(Serialize, ToSchema)]
struct Since {
    /// Jobs accepted.
    accepted: u64,
    /// Pushes answered as repeats of the first.
    repushed: u64,
    /// Jobs moved from scheduled into their queues.
    scheduled_enqueued: u64,
    /// Jobs moved from retries into their queues.
    retries_enqueued: u64,
    /// Reservations that expired.
    reaped: u64,
    /// Workers that were lost with jobs in their hands.
    workers_lost: u64,
    /// Jobs taken back from lost workers.
    jobs_lost: u64,
    /// ACKs and FAILs without effect.
    stale_acks: u64,
    /// Deliveries whose reply reached nobody.
    undelivered: u64,
    /// Jobs that left the dead set by age or limit.
    dead_dropped: u64,
    /// Jobs of which what TRACK said was forgotten early, since there were too many.
    tracks_dropped: u64,
    /// Jobs that were dropped because their time was over.
    expired: u64,
    /// Unique jobs that got their key.
    unique_locks: u64,
    /// Pushes that were refused because another job has the key.
    unique_denied: u64,
}

impl From<&Tally> for Since {
    fn from(tally: &Tally) -> Self {
        Self {
            accepted: tally.accepted,
            repushed: tally.repushed,
            scheduled_enqueued: tally.scheduled_enqueued,
            retries_enqueued: tally.retries_enqueued,
            reaped: tally.reaped,
            workers_lost: tally.workers_lost,
            jobs_lost: tally.jobs_lost,
            stale_acks: tally.stale_acks,
            undelivered: tally.undelivered,
            dead_dropped: tally.dead_dropped,
            tracks_dropped: tally.tracks_dropped,
            expired: tally.expired,
            unique_locks: tally.keys_taken,
            unique_denied: tally.keys_denied,
        }
    }
}

/// The figures of the server.
#[utoipa::path(
    get,
    path = "/info",
    operation_id = "info",
    tag = "server",
    responses((status = 200, description = "The figures", body = Info)),
)]
pub(super) async fn show<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Info>, Problem> {
    let (info, figures) = (web.info().await?, web.front.figures());
    Ok(Json(Info {
        now: web.front.now().rfc3339(),
        version: web.site.version.clone(),
        faktory_version: stats::FAKTORY_VERSION,
        environment: web.site.environment.clone(),
        uptime_s: figures.uptime_s as f64,
        jobs: Count {
            working: info.working,
            queued: info.enqueued,
            retrying: info.retries,
            scheduled: info.scheduled,
            dead: info.dead,
        },
        dead_max: info.dead_max,
        processed: info.processed,
        failed: info.failures,
        queues: info.queues.len() as u64,
        workers: info.workers,
        connections: figures.connections,
        commands: figures.command_count,
        memory_mb: figures.used_memory_mb,
        durability: figures.condition.durability.as_str(),
        disk_full: figures.condition.disk_full,
        memory_full: figures.memory_full,
        certificate_until: figures.certificate_until.map(Wall::rfc3339),
        log: figures.condition.log.map(Log::from),
        since_start: (&info.since_start).into(),
        rejected: figures.rejected,
    }))
}

/// How much history.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    /// How many days, today included.
    #[param(minimum = 1, maximum = 180, default = 30)]
    days: Option<usize>,
}

/// What happened, day by day.
#[derive(Serialize, ToSchema)]
pub(super) struct History {
    /// Oldest first. Days without anything are left out.
    days: Vec<Day>,
}

/// One day, by UTC.
#[derive(Serialize, ToSchema)]
struct Day {
    #[schema(format = Date)]
    day: String,
    /// Attempts that ended.
    processed: u64,
    /// Those of them that failed.
    failed: u64,
}

/// Attempts and failures per day.
#[utoipa::path(
    get,
    path = "/history",
    operation_id = "history",
    tag = "server",
    params(Span),
    responses((status = 200, description = "The days", body = History)),
)]
pub(super) async fn history<F: Front>(
    State(web): State<Web<F>>,
    Asked(span): Asked<Span>,
) -> Result<Json<History>, Problem> {
    let days = span.days.unwrap_or(limits::DAYS_DEFAULT);
    if !(1..=limits::DAYS_MAX).contains(&days) {
        return Err(Problem::bad(format!("invalid days: {days}, expected 1 to {}", limits::DAYS_MAX)));
    }
    let midnight = |day: i32| Wall(i64::from(day) * 86_400_000_000).rfc3339();
    let days = web.history(days).await?.into_iter().map(|day| Day {
        day: midnight(day.day).get(..10).unwrap_or_default().to_owned(),
        processed: day.processed,
        failed: day.failed,
    });
    Ok(Json(History { days: days.collect() }))
}
