//! `/busy`: worker processes, and what they are working on (rule `V-22`).

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::command::Stage;
use bessemer_core::query::{JobView, Place, WorkerView};
use bessemer_core::{Action, Query, Wall};

use crate::count::{memory, thousands};
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::job::{Body, Card};
use crate::link::Base;
use crate::moment::Moment;
use crate::pager::Pager;
use crate::problem::Problem;
use crate::visit::{Shown, Visit, html, redirect, window};
use crate::{Front, limits, text};

#[derive(Template)]
#[template(path = "busy.html")]
struct Busy {
    frame: Frame,
    processes: Vec<Process>,
    processes_total: String,
    processes_pager: Pager,
    jobs: Vec<Work>,
    jobs_total: String,
    jobs_pager: Pager,
}

struct Process {
    wid: String,
    shown: String,
    /// Set once it is quiet or is to terminate.
    stage: Option<&'static str>,
    host: String,
    labels: Vec<String>,
    started: Moment,
    beat: Moment,
    connections: String,
    memory: String,
    busy: String,
    /// It can still be quieted.
    runs: bool,
    /// It can still be told to terminate.
    stays: bool,
}

struct Work {
    wid: String,
    started: Moment,
    job: Card,
}

/// `GET /busy?page=&processes=`.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let (page, processes_page) = (visit.query.page("page")?, visit.query.page("processes")?);
    let mut workers = visit.web.workers().await?;
    workers.sort_by(|a, b| (&a.hostname, a.started, &a.wid).cmp(&(&b.hostname, b.started, &b.wid)));
    let jobs = visit.web.jobs(Query::Working { page: window(page) }).await?.unwrap_or_default();
    let now = visit.web.front.now();
    let (rows, base) = (limits::SHORT_ROWS, &visit.base);
    let href = |param: &str| format!("{}/busy?{param}=", base.0);
    html(&Busy {
        frame: visit.frame("Busy", Tab::Busy).await?,
        processes_total: thousands(workers.len() as u64),
        processes_pager: Pager::new("processes", &href("processes"), processes_page, rows, workers.len()),
        processes: workers
            .into_iter()
            .skip((processes_page - 1).saturating_mul(rows))
            .take(rows)
            .map(|worker| process(worker, now))
            .collect(),
        jobs_total: thousands(jobs.total as u64),
        jobs_pager: Pager::new("jobs", &href("page"), page, limits::ROWS, jobs.total),
        jobs: jobs.jobs.iter().map(|job| work(base, job, now)).collect(),
    })
}

fn process(worker: WorkerView, now: Wall) -> Process {
    Process {
        shown: text::visible(&worker.wid),
        stage: match worker.stage {
            Stage::Running => None,
            Stage::Quiet => Some("quiet"),
            Stage::Terminate => Some("terminating"),
        },
        runs: worker.stage == Stage::Running,
        stays: worker.stage != Stage::Terminate,
        host: text::visible(&format!("{}:{}", worker.hostname, worker.pid)),
        labels: worker.labels.iter().map(|label| text::visible(label)).collect(),
        started: Moment::new(worker.started, now),
        beat: Moment::new(worker.last_beat, now),
        connections: thousands(worker.connections as u64),
        memory: memory(worker.rss_kb),
        busy: thousands(worker.busy as u64),
        wid: worker.wid,
    }
}

fn work(base: &Base, view: &JobView, now: Wall) -> Work {
    let (wid, since) = match &view.place {
        Place::Working { wid, since, .. } => (text::visible(wid), *since),
        _ => (String::new(), now), // it was given back between two looks
    };
    Work { wid, started: Moment::new(since, now), job: Card::new(base, view, &Body::read(view.body.bytes())) }
}

/// `POST /busy` with `wid` and `signal`: the workers learn of it at their next BEAT (rule `L-03`).
pub(crate) async fn signal<F: Front>(visit: Visit<F>, Posted(form): Posted) -> Shown {
    let stage = match form.first("signal").unwrap_or_default() {
        "quiet" => Stage::Quiet,
        "terminate" => Stage::Terminate,
        other => return Err(Problem::bad(format!("Invalid signal: {}", text::quoted(other)))),
    };
    let wid = form.first("wid").unwrap_or_default();
    if !wid.is_empty() {
        visit.web.act(Action::Signal { wid: (wid != "all").then(|| wid.to_owned()), stage }).await?;
    }
    redirect(StatusCode::FOUND, &format!("{}/busy", visit.base.0))
}
