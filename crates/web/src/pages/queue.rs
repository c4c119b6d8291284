//! `/queues/<name>`: the jobs that wait in one queue, newest first (rule `V-24`).

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::command::QueueDeed;
use bessemer_core::query::{JobView, List, Place};
use bessemer_core::{Action, Query, Wall};

use super::search::{self, Bar};
use crate::count::thousands;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Tab};
use crate::job::{Body, Card};
use crate::link::Base;
use crate::moment::Moment;
use crate::pager::Pager;
use crate::problem::Problem;
use crate::search::Scope;
use crate::visit::{Name, Shown, Visit, html, redirect, window};
use crate::{Front, limits, text};

#[derive(Template)]
#[template(path = "queue.html")]
struct Queue {
    frame: Frame,
    name: String,
    action: String,
    bar: Bar,
    total: String,
    jobs: Vec<Row>,
    pager: Pager,
}

struct Row {
    bkey: String,
    since: Moment,
    job: Card,
}

/// `GET /queues/<name>?page=`.
pub(crate) async fn show<F: Front>(visit: Visit<F>, Name(name): Name) -> Shown {
    list(visit, name).await
}

/// The page of the queue with this name.
pub(crate) async fn list<F: Front>(visit: Visit<F>, name: String) -> Shown {
    check(&name)?;
    if visit.query.first("q").is_some_and(|line| !line.trim().is_empty()) {
        return super::search::list(visit, Scope::Queue(name), Tab::Queues, String::new()).await;
    }
    let page = visit.query.page("page")?;
    let base = &visit.base;
    let Some(jobs) = visit.web.page(List::Queue(name.clone()), window(page)).await? else {
        return redirect(StatusCode::FOUND, &format!("{}/queues", base.0));
    };
    let now = visit.web.front.now();
    let action = base.queue(&name);
    let href = format!("{action}{}page=", if action.contains('?') { '&' } else { '?' });
    html(&Queue {
        frame: visit.frame(format!("Queue {name}"), Tab::Queues).await?,
        total: thousands(jobs.total as u64),
        pager: Pager::new("jobs", &href, page, limits::ROWS, jobs.total),
        jobs: jobs.jobs.iter().map(|view| row(base, view, now)).collect(),
        bar: search::bar(&visit.base, &Scope::Queue(name.clone()), ""),
        name,
        action,
    })
}

fn row(base: &Base, view: &JobView, now: Wall) -> Row {
    let body = Body::read(view.body.bytes());
    Row {
        bkey: format!("{}|{}", view.id.0, body.jid),
        since: Moment::new(view.enqueued_at.unwrap_or(now), now),
        job: Card::new(base, view, &body),
    }
}

/// `POST /queues/<name>` with `bkey`s: deletes those jobs, if they still wait there; with `action=pause` or
/// `action=resume` alone it is about the queue.
pub(crate) async fn act<F: Front>(visit: Visit<F>, Name(name): Name, Posted(form): Posted) -> Shown {
    operate(visit, name, form).await
}

/// `POST /queues?name=`: see [`super::queues::show`].
pub(crate) async fn act_by_query<F: Front>(visit: Visit<F>, Posted(form): Posted) -> Shown {
    let name = visit.query.first("name").unwrap_or_default().to_owned();
    operate(visit, name, form).await
}

async fn operate<F: Front>(visit: Visit<F>, name: String, form: Fields) -> Shown {
    check(&name)?;
    if form.first("bkey").is_none()
        && let Some(action) = form.first("action")
    {
        let deed = match action {
            "pause" => QueueDeed::Pause,
            "resume" => QueueDeed::Resume,
            // In the reference `delete` removes the queue then; nothing ticked must never mean everything.
            _ => return Err(Problem::bad(format!("invalid action: {}", text::quoted(action)))),
        };
        visit.web.act(Action::Queue { name, deed }).await?;
        return redirect(StatusCode::FOUND, &format!("{}/queues", visit.base.0));
    }
    let mut ids = Vec::new();
    for bkey in form.all("bkey") {
        let parsed = bkey.split_once('|').and_then(|(id, jid)| Some((id.parse::<u64>().ok()?, jid)));
        let (id, jid) = parsed.ok_or_else(|| Problem::bad("invalid bkey"))?;
        let jobs = visit.web.jobs(Query::Jid { jid: jid.into() }).await?.unwrap_or_default().jobs;
        let waits =
            |job: &&JobView| job.id.0 == id && job.queue == name && matches!(job.place, Place::Queued { .. });
        ids.extend(jobs.iter().find(waits).map(|job| job.id));
    }
    if !ids.is_empty() {
        visit.web.act(Action::Delete(ids)).await?;
    }
    redirect(StatusCode::FOUND, &visit.base.queue(&name))
}

/// A queue's name by rule `P-13`; no other can exist.
fn check(name: &str) -> Result<(), Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > 255 || !name.bytes().all(plain) {
        return Err(Problem::not_found("There is no queue with such a name"));
    }
    Ok(())
}
