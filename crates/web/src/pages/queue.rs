//! `/queues/<name>`: the jobs that wait in one queue, newest first (rule `V-24`), and what can be done with it.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use bessemer_core::command::QueueDeed;
use bessemer_core::query::{JobView, Place, QueueView};
use bessemer_core::{Action, Query, Wall};

use super::act::Said;
use super::search::{self, Bar};
use crate::count::thousands;
use crate::deed::Deed;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Tab};
use crate::job::{Body, Card};
use crate::moment::{self, Moment};
use crate::pager::Pager;
use crate::pages::confirm::{self, Confirm};
use crate::problem::Problem;
use crate::search::{Came, Filter, Scope};
use crate::visit::{ByTime, Name, Shown, Visit, html, redirect};
use crate::{Front, bulk, job, limits, text};

#[derive(Template)]
#[template(path = "queue.html")]
struct Queue {
    frame: Frame,
    name: String,
    action: String,
    bar: Bar,
    clear: String,
    /// As searches name it, for what is done to all that waits in it.
    scope: String,
    /// What stands before the buttons for that.
    on_all: String,
    total: String,
    oldest: Option<String>,
    paused: bool,
    full: bool,
    jobs: Vec<Row>,
    order: ByTime,
    pager: Pager,
}

struct Row {
    id: u64,
    bkey: String,
    since: Moment,
    expires: Option<Moment>,
    job: Card,
}

/// `GET /queues/<name>?page=&order=`; with `?clear=` the question whether to clear it.
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
    let known = visit.web.queues().await?.into_iter().find(|queue| queue.name == name);
    let action = visit.base.queue(&name);
    let order = ByTime::new(&visit.query, &action, false);
    let total = known.as_ref().map_or(0, |queue| queue.size as usize);
    let jobs = visit.web.queue_page(&name, order.window(page, total)).await?;
    let Some((mut jobs, queue)) = jobs.zip(known) else {
        return redirect(StatusCode::FOUND, &format!("{}/queues", visit.base.0));
    };
    if visit.query.first("clear").is_some() {
        return html(&ask(&visit, &queue).await?);
    }
    let (now, words) = (visit.web.front.now(), visit.words);
    if order.turned {
        jobs.jobs.reverse();
    }
    let (scope, size) = (Scope::Queue(name.clone()), thousands(jobs.total as u64, words));
    let pager = Pager::new(words, "pager-jobs", &order.pages, page, limits::ROWS, jobs.total);
    html(&Queue {
        frame: visit.frame(words.fill("queue-title", &[("name", &name)]), Tab::Queues).await?,
        bar: search::bar(&visit.base, &scope, ""),
        scope: scope.text(),
        on_all: words.fill("set-act-on-all", &[("total", &size)]).into_owned(),
        total: size,
        oldest: (queue.size > 0).then(|| moment::duration(queue.latency, words)),
        paused: queue.paused,
        order,
        full: queue.full,
        pager,
        jobs: jobs.jobs.iter().map(|view| row(&visit, view, now)).collect(),
        clear: with(&action, "clear=1"),
        name,
        action,
    })
}

/// An address of a queue with one more parameter.
pub(crate) fn with(address: &str, parameter: &str) -> String {
    format!("{address}{}{parameter}", if address.contains('?') { '&' } else { '?' })
}

fn row<F: Front>(visit: &Visit<F>, view: &JobView, now: Wall) -> Row {
    let body = Body::read(view.body.bytes());
    Row {
        id: view.id.0,
        bkey: format!("{}|{}", view.id.0, body.jid),
        expires: job::expires(view, now, visit.words),
        since: Moment::new(view.enqueued_at.unwrap_or(now), now, visit.words),
        job: Card::new(&visit.base, view, &body),
    }
}

/// The question whether to clear a queue.
async fn ask<F: Front>(visit: &Visit<F>, queue: &QueueView) -> Result<Confirm, Problem> {
    let (words, name) = (visit.words, queue.name.as_str());
    let (address, came) = (visit.base.queue(name), Came::now(&visit.web).await?);
    let fields =
        [("action", "clear".into()), ("count", queue.size.to_string()), ("came", came.0.to_string())];
    Ok(Confirm {
        frame: visit.frame(words.fill("queue-title", &[("name", name)]), Tab::Queues).await?,
        question: words.fill("queue-clear-question", &[("queue", name)]).into(),
        sentences: vec![words.count("queue-clear-means", queue.size).into()],
        action: address.clone(),
        fields: fields.into(),
        name: name.to_owned(),
        typed: queue.size > confirm::TYPED_ABOVE,
        yes: words.say("queues-clear").into(),
        back: address,
    })
}

/// Deletes what waits in a queue: what was there when somebody was asked, and no more. A script that was asked nothing means
/// all of it, at one stroke.
async fn clear<F: Front>(visit: Visit<F>, name: String, form: &Fields) -> Shown {
    let list = format!("{}/queues", visit.base.0);
    if form.first("count").is_none() {
        visit.web.act(Action::ClearQueue(name)).await?;
        return redirect(StatusCode::FOUND, &list);
    }
    let (said, scope) = (Said::of(form)?, Scope::Queue(name.clone()));
    let filter = Filter::default().within(&scope);
    if let Some(target) = said.target(&visit, scope, filter).await? {
        bulk::run(visit.web, target, Deed::Delete).await?;
        return redirect(StatusCode::FOUND, &list);
    }
    let Some(queue) = visit.web.queues().await?.into_iter().find(|queue| queue.name == name) else {
        return redirect(StatusCode::FOUND, &list);
    };
    let mut page = ask(&visit, &queue).await?;
    page.sentences.insert(0, said.grown(visit.words));
    Ok((StatusCode::CONFLICT, html(&page)?).into_response())
}

/// `POST /queues/<name>` with `bkey`s: deletes those jobs, if they still wait there, or does the `deed` to them. Without,
/// `action` is about the queue: `pause`, `resume`, `delete` as in the reference, and `clear` with its name as `confirm`.
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
            // Our own buttons send `clear`, and for ticked jobs `deed`: nothing ticked never means everything.
            "delete" => QueueDeed::Remove,
            "clear" => {
                confirm::check(&form, &name)?;
                return clear(visit, name, &form).await;
            }
            _ => return Err(Problem::bad(format!("invalid action: {}", text::quoted(action)))),
        };
        visit.web.act(Action::Queue { name, deed }).await?;
        return redirect(StatusCode::FOUND, &format!("{}/queues", visit.base.0));
    }
    let deed = match form.first("deed") {
        None => Deed::Delete,
        Some("move") => Deed::Move(Arc::default()),
        Some("edit") => Deed::Edit(Arc::default()),
        deed => Deed::parse(deed)?,
    };
    let mut ids = Vec::new();
    for bkey in form.all("bkey") {
        let parsed = bkey.split_once('|').and_then(|(id, jid)| Some((id.parse::<u64>().ok()?, jid)));
        let (id, jid) = parsed.ok_or_else(|| Problem::bad("invalid bkey"))?;
        let jobs = visit.web.jobs(Query::Jid { jid: jid.into() }).await?.unwrap_or_default().jobs;
        let waits =
            |job: &&JobView| job.id.0 == id && job.queue == name && matches!(job.place, Place::Queued { .. });
        ids.extend(jobs.iter().find(waits).map(|job| job.id));
    }
    let (scope, list) = (Scope::Queue(name.clone()), visit.base.queue(&name));
    if deed.asks() {
        return super::act::ask_more(&visit, scope, "", ids, deed).await;
    }
    if !ids.is_empty() {
        bulk::at_once(&visit.web, scope, ids, deed, None).await?;
    }
    redirect(StatusCode::FOUND, &list)
}

/// A queue's name by rule `P-13`; no other can exist.
fn check(name: &str) -> Result<(), Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > 255 || !name.bytes().all(plain) {
        return Err(Problem::not_found("There is no queue with such a name"));
    }
    Ok(())
}
