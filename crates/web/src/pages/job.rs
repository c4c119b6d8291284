//! `/jobs/<jid>`: everything about a job, in whatever state it is (rule `V-28`). The reference's addresses
//! `/retries/<key>`, `/scheduled/<key>` and `/morgue/<key>` lead to the same page.
//!
//! A jid need not be unique; the page shows each live job that has it.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use bessemer_core::fact::JobId;
use bessemer_core::query::{JobView, Place, Set};
use bessemer_core::{Query, Wall};

use crate::deed::Deed;
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::job::{Body, Trace};
use crate::link::Base;
use crate::moment::Moment;
use crate::problem::Problem;
use crate::visit::{Name, Shown, Visit, html, redirect};
use crate::{Front, json, key, limits, text};

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    frame: Frame,
    jobs: Vec<Detail>,
    /// There are more with this jid than are shown.
    more: bool,
}

struct Detail {
    id: u64,
    action: String,
    /// The reference's key, for scripts that read it from the form.
    key: Option<String>,
    buttons: Vec<Button>,
    jid: String,
    jobtype: String,
    state: &'static str,
    queue: String,
    queue_href: String,
    facts: Vec<Fact>,
    args: String,
    custom: Option<String>,
    raw: String,
    failure: Option<Trace>,
}

struct Button {
    label: &'static str,
    value: &'static str,
    /// Asked before it is done; only what cannot be undone asks.
    question: Option<&'static str>,
}

/// A line of the table: a name, and a moment or a text.
struct Fact {
    name: &'static str,
    is: Is,
}

enum Is {
    At(Moment),
    Text(String),
}

/// `GET /jobs/<jid>`.
pub(crate) async fn show<F: Front>(visit: Visit<F>, Name(jid): Name) -> Shown {
    let jobs = visit.web.jobs(Query::Jid { jid: jid.clone() }).await?.unwrap_or_default();
    let Some(first) = jobs.jobs.first() else {
        return Err(gone(&jid));
    };
    let tab = match &first.place {
        Place::Queued { .. } => Tab::Queues,
        Place::Working { .. } => Tab::Busy,
        place => entry(place).map_or(Tab::Other, |(set, _)| super::set::tab(set)),
    };
    render(&visit, &jobs.jobs, tab).await
}

/// `GET /<set>/<key>`; an entry that is gone leads back to its list.
pub(crate) async fn show_entry<F: Front>(set: Set, visit: Visit<F>, Name(key): Name) -> Shown {
    let (at, jid) = key::parse(&key)?;
    let jobs = visit.web.jobs(Query::Entry { set, at, jid: jid.into() }).await?.unwrap_or_default();
    if jobs.jobs.is_empty() {
        return redirect(StatusCode::TEMPORARY_REDIRECT, &visit.base.set(set));
    }
    render(&visit, &jobs.jobs, super::set::tab(set)).await
}

fn gone(jid: &str) -> Problem {
    let shown = text::cut(text::visible(jid), 255);
    Problem::not_found(format!("There is no live job {shown}: it has ended, or never was"))
}

async fn render<F: Front>(visit: &Visit<F>, jobs: &[JobView], tab: Tab) -> Shown {
    let now = visit.web.front.now();
    let shown: Vec<Detail> =
        jobs.iter().take(limits::SAME_JID_MAX).map(|view| detail(&visit.base, view, now)).collect();
    let title = shown.first().map_or_else(String::new, |job| format!("{} {}", job.jobtype, job.jid));
    let frame = visit.frame(text::cut(title, 200), tab).await?;
    html(&JobPage { frame, more: jobs.len() > shown.len(), jobs: shown })
}

fn detail(base: &Base, view: &JobView, now: Wall) -> Detail {
    let body = Body::read(view.body.bytes());
    let id = view.id.0;
    Detail {
        id,
        action: base.job(&body.jid),
        key: entry(&view.place).map(|(_, at)| key::write(at, &body.jid)),
        buttons: buttons(&view.place),
        jid: text::visible(&body.jid),
        jobtype: body.jobtype(),
        state: state(&view.place),
        queue_href: base.queue(&view.queue),
        queue: text::visible(&view.queue),
        facts: facts(view, &body, now),
        args: body.args_laid_out(),
        custom: body.custom.map(|custom| json::pretty(custom.get(), limits::CELL_MAX)),
        raw: format!("{}/raw?id={id}", base.job(&body.jid)),
        failure: view.failure.as_ref().map(Trace::read),
    }
}

fn state(place: &Place) -> &'static str {
    match place {
        Place::Queued { .. } => "Waiting in its queue",
        Place::Scheduled { .. } => "Scheduled",
        Place::Retrying { .. } => "Waiting for its next retry",
        Place::Dead { .. } => "Dead",
        Place::Working { .. } => "Being worked on",
    }
}

/// The sorted set that the job is in, and its time there.
fn entry(place: &Place) -> Option<(Set, Wall)> {
    match place {
        Place::Scheduled { at } => Some((Set::Scheduled, *at)),
        Place::Retrying { at } => Some((Set::Retries, *at)),
        Place::Dead { until } => Some((Set::Dead, *until)),
        Place::Queued { .. } | Place::Working { .. } => None,
    }
}

/// What may be done to a job; one that is being worked on is left alone.
fn buttons(place: &Place) -> Vec<Button> {
    let retry = |label| Button { label, value: "retry", question: None };
    let delete = Button { label: "Delete", value: "delete", question: Some("Delete this job for good?") };
    let kill = Button { label: "Kill", value: "kill", question: Some("Move this job to the dead ones?") };
    match place {
        Place::Retrying { .. } => vec![retry("Retry now"), delete, kill],
        Place::Scheduled { .. } => vec![retry("Add to queue"), delete, kill],
        Place::Dead { .. } => vec![retry("Retry now"), delete],
        Place::Queued { .. } => vec![delete, kill],
        Place::Working { .. } => vec![],
    }
}

fn facts(view: &JobView, body: &Body<'_>, now: Wall) -> Vec<Fact> {
    let at = |name, at: Wall| Some(Fact { name, is: Is::At(Moment::new(at, now)) });
    let said =
        |name, said: &Option<String>| Some(Fact { name, is: Is::At(Moment::parse(said.as_deref()?, now)) });
    let line = |name, text: String| Some(Fact { name, is: Is::Text(text) });
    let failure = view.failure.as_ref();
    let place = match &view.place {
        Place::Scheduled { at: then } => {
            [at("Scheduled for", *then), line("Enqueued", "not yet".into()), None]
        }
        Place::Retrying { at: then } => [at("Next retry", *then), None, None],
        Place::Dead { until } => [at("Kept until", *until), None, None],
        Place::Working { wid, since, until } => {
            let worker = if wid.is_empty() { "a client without a wid".into() } else { text::visible(wid) };
            [line("Worker", worker), at("Started", *since), at("Reserved until", *until)]
        }
        Place::Queued { .. } => [None, None, None],
    };
    let reserve_for = body.reserve_for.unwrap_or(bessemer_core::limits::RESERVE_DEFAULT_S.into());
    let rest = [
        view.enqueued_at.and_then(|then| at("Enqueued", then)),
        failure.and_then(|failure| at("First failure", failure.failed_at)),
        failure.and_then(|failure| line("Retry count", failure.retry_count.to_string())),
        failure.and_then(|failure| line("Retries left", failure.remaining.to_string())),
        line("Retries allowed", body.retry.unwrap_or(25).to_string()),
        line("Reserved for", format!("{reserve_for} s")),
        said("Created", &body.created_at),
        said("Asked to run", &body.at),
    ];
    place.into_iter().chain(rest).flatten().collect()
}

/// `POST /jobs/<jid>` with `id` and `action`; then the list where the job was.
pub(crate) async fn act<F: Front>(visit: Visit<F>, Name(jid): Name, Posted(form): Posted) -> Shown {
    let deed = Deed::parse(form.first("action"))?;
    let id = form
        .first("id")
        .and_then(|id| id.parse().ok())
        .map(JobId)
        .ok_or_else(|| Problem::bad("invalid id"))?;
    let jobs = visit.web.jobs(Query::Jid { jid: jid.clone() }).await?.unwrap_or_default().jobs;
    let job = jobs.iter().find(|job| job.id == id).ok_or_else(|| gone(&jid))?;
    visit.web.act(deed.on(vec![id])).await?;
    let list = match entry(&job.place) {
        Some((set, _)) => visit.base.set(set),
        None => visit.base.queue(&job.queue),
    };
    redirect(StatusCode::FOUND, &list)
}

/// `GET /jobs/<jid>/raw?id=`: the job as it is stored, for saving; never shown by the browser.
pub(crate) async fn raw<F: Front>(visit: Visit<F>, Name(jid): Name) -> Shown {
    let id = visit.query.first("id").and_then(|id| id.parse().ok()).map(JobId);
    let jobs = visit.web.jobs(Query::Jid { jid: jid.clone() }).await?.unwrap_or_default().jobs;
    let job = jobs.into_iter().find(|job| id.is_none_or(|id| job.id == id)).ok_or_else(|| gone(&jid))?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"job-{}.txt\"", job.id.0)),
    ];
    Ok((headers, job.body.bytes().to_vec()).into_response())
}
