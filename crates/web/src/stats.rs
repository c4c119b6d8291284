//! The document of INFO and `/stats` (section 5), built in one place for both.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bessemer_core::Wall;
use bessemer_core::query::{Info, ServerFigures};
use bessemer_protocol::response;

use crate::Front;
use crate::problem::Problem;
use crate::web::Web;

/// What we are compatible with, as clients read it (`D12`).
pub const FAKTORY_VERSION: &str = "1.10.0";

/// Who answers, for people.
pub fn description(version: &str) -> String {
    format!("Bessemer {version}")
}

/// `HH:MM:SS UTC`.
pub(crate) fn clock(now: Wall) -> String {
    let text = now.rfc3339();
    format!("{} UTC", text.get(11..19).unwrap_or_default())
}

/// The figures of the core and of the process as one document.
pub fn document(info: Info, figures: &ServerFigures, now: Wall, version: &str) -> response::Info {
    let (since, total_queues) = (&info.since_start, info.queues.len() as u64);
    let mover = |enqueued, size| response::Mover { enqueued, size, ..Default::default() };
    response::Info {
        now: now.rfc3339(),
        server_utc_time: clock(now),
        faktory: response::Faktory {
            queues: info.queues,
            sets: response::Sets {
                dead: info.dead,
                retries: info.retries,
                scheduled: info.scheduled,
                working: info.working,
            },
            tasks: response::Tasks {
                busy: response::Holders { reaped: since.reaped, size: info.working },
                dead: mover(since.dead_dropped, info.dead),
                retries: mover(since.retries_enqueued, info.retries),
                scheduled: mover(since.scheduled_enqueued, info.scheduled),
                workers: response::Holders { reaped: since.workers_lost, size: info.workers },
            },
            total_failures: info.failures,
            total_processed: info.processed,
            total_enqueued: info.enqueued,
            total_queues,
        },
        server: response::Server {
            description: description(version),
            faktory_version: FAKTORY_VERSION.into(),
            uptime: figures.uptime_s,
            connections: figures.connections,
            command_count: figures.command_count,
            used_memory_mb: figures.used_memory_mb,
            version: Some(version.into()),
            durability: Some(figures.condition.durability.to_string()),
            disk_full: Some(figures.condition.disk_full),
            memory_full: Some(figures.memory_full),
            reloads_refused: Some(figures.reloads_refused),
            certificate_until: figures.certificate_until.map(Wall::rfc3339),
            rejected: Some(figures.rejected.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect()),
            expired: Some(since.expired),
        },
    }
}

/// `GET /stats`.
pub(crate) async fn show<F: Front>(State(web): State<Web<F>>) -> Result<Response, Problem> {
    let info = web.info().await?;
    json(&document(*info, &web.front.figures(), web.front.now(), &web.site.version))
}

/// A small document, never cached.
pub(crate) fn json(document: &impl serde::Serialize) -> Result<Response, Problem> {
    let text = serde_json::to_string(document).map_err(|error| Problem::internal(&error))?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, text).into_response())
}

#[cfg(test)]
mod tests {
    use bessemer_core::query::{Condition, Durability};

    use super::*;

    #[test]
    fn the_document_counts_what_the_core_counts() {
        let mut info = Info {
            processed: 9,
            failures: 2,
            working: 1,
            retries: 4,
            workers: 3,
            enqueued: 7,
            ..Info::default()
        };
        info.queues.insert("default".into(), 7);
        info.queues.insert("idle".into(), 0);
        info.since_start.retries_enqueued = 5;
        info.since_start.reaped = 6;
        info.since_start.expired = 7;
        let condition = Condition { durability: Durability::Relaxed, disk_full: true, log: None };
        let figures = ServerFigures {
            uptime_s: 11,
            connections: 12,
            command_count: 13,
            used_memory_mb: 14,
            condition,
            memory_full: true,
            reloads_refused: 15,
            certificate_until: Some(Wall(1_767_323_045_000_000)),
            rejected: [("json", 2), ("utf8", 1)].into(),
        };
        let text =
            serde_json::to_value(document(info, &figures, Wall(1_767_323_045_123_456), "0.1.0")).unwrap();
        assert_eq!(text["now"], "2026-01-02T03:04:05.123456Z");
        assert_eq!(text["server_utc_time"], "03:04:05 UTC");
        assert_eq!(text["faktory"]["queues"], serde_json::json!({"default": 7, "idle": 0}));
        assert_eq!(
            text["faktory"]["sets"],
            serde_json::json!({"dead": 0, "retries": 4, "scheduled": 0, "working": 1})
        );
        assert_eq!(text["faktory"]["tasks"]["Busy"], serde_json::json!({"reaped": 6, "size": 1}));
        assert_eq!(text["faktory"]["tasks"]["Retries"]["enqueued"], 5);
        assert_eq!(text["faktory"]["tasks"]["Workers"]["size"], 3);
        assert_eq!(text["faktory"]["total_queues"], 2);
        assert_eq!(
            text["server"],
            serde_json::json!({
                "description": "Bessemer 0.1.0", "faktory_version": "1.10.0", "version": "0.1.0",
                "uptime": 11, "connections": 12, "command_count": 13, "used_memory_mb": 14, "expired": 7,
                "durability": "relaxed", "disk_full": true, "memory_full": true, "reloads_refused": 15,
                "certificate_until": "2026-01-02T03:04:05Z",
                "rejected": {"json": 2, "utf8": 1},
            })
        );
    }
}
