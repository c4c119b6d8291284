//! `/busy`: worker processes, and what they are working on (rule `V-22`).

use std::collections::BTreeMap;
use std::time::Duration;

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::command::Stage;
use bessemer_core::fact::JobId;
use bessemer_core::query::{JobView, Place, WorkerView};
use bessemer_core::{Action, Query, Wall};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::count::{memory, thousands};
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::job::{Body, Card};
use crate::link::Base;
use crate::moment::{self, Moment};
use crate::pager::Pager;
use crate::pages::confirm::{self, ASK, Confirm};
use crate::problem::Problem;
use crate::progress::Far;
use crate::visit::{Shown, Visit, html, redirect, window};
use crate::words::Words;
use crate::{Front, limits, text};

#[derive(Template)]
#[template(path = "busy.html")]
struct Busy {
    frame: Frame,
    processes: Vec<Process>,
    processes_total: String,
    processes_pager: Pager,
    /// There is one that could still be quieted.
    any_runs: bool,
    stop_all: String,
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
    /// The queues that it asks for: their names and addresses, and how many are not shown.
    queues: Vec<(String, String)>,
    more_queues: u64,
    started: Moment,
    beat: Moment,
    /// It has not been heard of for so long that it may be gone.
    silent: bool,
    connections: String,
    memory: String,
    busy: String,
    /// It can still be quieted.
    runs: bool,
    /// Where it is asked whether to stop it; none: it was told to already.
    stop: Option<String>,
}

struct Work {
    id: u64,
    wid: String,
    /// Where that worker runs, while it is known.
    host: Option<String>,
    started: Moment,
    /// How long it has been running, and how long it may.
    runs: String,
    of: String,
    /// The same in milliseconds, for the bar, and the bar's class.
    ran: u128,
    reserved: u128,
    class: &'static str,
    /// How far it says that it is.
    far: Option<Far>,
    job: Card,
}

/// Queues that are shown of those that a worker asks for; it may ask for hundreds.
const QUEUES_SHOWN: usize = 12;

/// A worker beats every 15 seconds; one that has missed three beats is worth a look.
const SILENT: Duration = Duration::from_secs(45);

/// `GET /busy?page=&processes=`; with `?stop=` the question whether to stop that worker, or `all`.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let mut workers = visit.web.workers().await?;
    if let Some(wid) = visit.query.first("stop").map(str::to_owned) {
        return ask(&visit, &wid, &workers).await;
    }
    let (page, processes_page) = (visit.query.page("page")?, visit.query.page("processes")?);
    workers.sort_by(|a, b| (&a.hostname, a.started, &a.wid).cmp(&(&b.hostname, b.started, &b.wid)));
    let jobs = visit.web.jobs(Query::Working { page: window(page) }).await?.unwrap_or_default();
    let (now, words, rows) = (visit.web.front.now(), visit.words, limits::SHORT_ROWS);
    let href = |param: &str| format!("{}/busy?{param}=", visit.base.0);
    let pager = |what, param, page, rows, total| Pager::new(words, what, &href(param), page, rows, total);
    let hosts = workers.iter().map(|worker| (worker.wid.clone(), host(worker))).collect();
    html(&Busy {
        frame: visit.frame(words.say("tab-busy"), Tab::Busy).await?,
        processes_total: thousands(workers.len() as u64, words),
        processes_pager: pager("pager-processes", "processes", processes_page, rows, workers.len()),
        any_runs: workers.iter().any(|worker| worker.stage == Stage::Running),
        stop_all: format!("{}all", href("stop")),
        processes: workers
            .into_iter()
            .skip((processes_page - 1).saturating_mul(rows))
            .take(rows)
            .map(|worker| process(worker, &visit.base, now, words))
            .collect(),
        jobs_total: thousands(jobs.total as u64, words),
        jobs_pager: pager("pager-jobs", "page", page, limits::ROWS, jobs.total),
        jobs: jobs.jobs.iter().map(|job| work(&visit, job, &hosts, now)).collect(),
    })
}

fn process(worker: WorkerView, base: &Base, now: Wall, words: Words) -> Process {
    let stays = worker.stage != Stage::Terminate;
    Process {
        shown: text::visible(&worker.wid),
        stage: match worker.stage {
            Stage::Running => None,
            Stage::Quiet => Some("busy-stage-quiet"),
            Stage::Terminate => Some("busy-stage-terminate"),
        },
        runs: worker.stage == Stage::Running,
        stop: stays
            .then(|| format!("{}/busy?stop={}", base.0, utf8_percent_encode(&worker.wid, NON_ALPHANUMERIC))),
        queues: worker
            .queues
            .iter()
            .take(QUEUES_SHOWN)
            .map(|name| (text::visible(name), base.queue(name)))
            .collect(),
        more_queues: worker.queues.len().saturating_sub(QUEUES_SHOWN) as u64,
        host: host(&worker),
        labels: worker.labels.iter().map(|label| text::visible(label)).collect(),
        started: Moment::new(worker.started, now, words),
        beat: Moment::new(worker.last_beat, now, words),
        silent: now.since(worker.last_beat) > SILENT,
        connections: thousands(worker.connections as u64, words),
        memory: if worker.rss_kb == 0 { "–".into() } else { memory(worker.rss_kb, words) },
        busy: thousands(worker.busy as u64, words),
        wid: worker.wid,
    }
}

fn host(worker: &WorkerView) -> String {
    text::visible(&format!("{}:{}", worker.hostname, worker.pid))
}

fn work<F: Front>(visit: &Visit<F>, view: &JobView, hosts: &BTreeMap<String, String>, now: Wall) -> Work {
    let (wid, since, until) = match &view.place {
        Place::Working { wid, since, until } => (wid.as_str(), *since, *until),
        _ => ("", now, now), // it was given back between two looks
    };
    let (ran, reserved) = (now.since(since), until.since(since));
    Work {
        id: view.id.0,
        host: hosts.get(wid).cloned(),
        wid: text::visible(wid),
        started: Moment::new(since, now, visit.words),
        runs: moment::duration(ran, visit.words),
        of: moment::duration(reserved, visit.words),
        class: match () {
            () if ran >= reserved => "bad",
            () if ran >= reserved * 3 / 4 => "warn",
            () => "",
        },
        ran: ran.min(reserved).as_millis(),
        reserved: reserved.as_millis().max(1),
        far: view.progress.as_ref().map(|progress| Far::new(progress, now, visit.words)),
        job: Card::new(&visit.base, view, &Body::read(view.body.bytes())),
    }
}

/// The question whether to stop a worker, or all of them.
async fn ask<F: Front>(visit: &Visit<F>, wid: &str, workers: &[WorkerView]) -> Shown {
    let words = visit.words;
    let busy: usize =
        workers.iter().filter(|worker| wid == "all" || worker.wid == wid).map(|worker| worker.busy).sum();
    let question = if wid == "all" {
        words.count("busy-stop-all-question", workers.len() as u64)
    } else {
        let Some(worker) = workers.iter().find(|worker| worker.wid == wid) else {
            return redirect(StatusCode::FOUND, &format!("{}/busy", visit.base.0));
        };
        words.fill("busy-stop-question", &[("host", &host(worker))])
    };
    html(&Confirm {
        frame: visit.frame(words.say("tab-busy"), Tab::Busy).await?,
        question: question.into(),
        sentences: vec![
            words.count("busy-stop-jobs", busy as u64).into(),
            words.say("busy-stop-means").into(),
        ],
        action: format!("{}/busy", visit.base.0),
        fields: vec![("wid", wid.to_owned()), ("signal", "terminate".into())],
        name: wid.to_owned(),
        typed: false,
        yes: words.say("busy-stop").into(),
        back: format!("{}/busy", visit.base.0),
    })
}

/// `POST /busy` with `release` and the number of a job: it goes back to the head of its queue.
async fn release<F: Front>(visit: &Visit<F>, id: &str) -> Result<(), Problem> {
    let ids = vec![JobId(id.parse().map_err(|_| Problem::bad("invalid id"))?)];
    let named = visit.web.names_of(&ids).await?;
    visit.web.act_on(Action::Release(ids), Some(named)).await?;
    Ok(())
}

/// The question before that, for who has no scripts.
async fn ask_release<F: Front>(visit: &Visit<F>, id: &str) -> Shown {
    let words = visit.words;
    let ids = vec![JobId(id.parse().map_err(|_| Problem::bad("invalid id"))?)];
    let jobs = visit.web.jobs(Query::Named { ids }).await?.unwrap_or_default().jobs;
    let shown = jobs.first().map(|job| {
        let body = Body::read(job.body.bytes());
        format!("{} {}", body.jobtype(), text::visible(&body.jid))
    });
    let Some(shown) = shown else {
        return redirect(StatusCode::FOUND, &format!("{}/busy", visit.base.0));
    };
    html(&Confirm {
        frame: visit.frame(words.say("busy-release"), Tab::Busy).await?,
        question: words.say("busy-release-question").into(),
        sentences: vec![shown.clone()],
        action: format!("{}/busy", visit.base.0),
        fields: vec![("release", id.to_owned())],
        name: shown,
        typed: false,
        yes: words.say("busy-release").into(),
        back: format!("{}/busy", visit.base.0),
    })
}

/// `POST /busy` with `wid` and `signal`: the workers learn of it at their next BEAT (rule `L-03`).
pub(crate) async fn signal<F: Front>(visit: Visit<F>, Posted(form): Posted) -> Shown {
    if let Some(id) = form.first("release") {
        if confirm::asks(&form) {
            return ask_release(&visit, id).await;
        }
        release(&visit, id).await?;
        return redirect(StatusCode::FOUND, &format!("{}/busy", visit.base.0));
    }
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
