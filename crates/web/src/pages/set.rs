//! `/retries`, `/scheduled` and `/morgue`: the three sorted sets, earliest first (rules `V-25` to `V-27`).

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::query::{JobView, Place, Set};
use bessemer_core::{Query, Wall};

use crate::count::thousands;
use crate::deed::Deed;
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::job::{Body, Card, Trace};
use crate::link::Base;
use crate::moment::Moment;
use crate::pager::Pager;
use crate::problem::Problem;
use crate::visit::{Name, Shown, Visit, html, redirect, window};
use crate::{Front, bulk, key, limits};

#[derive(Template)]
#[template(path = "set.html")]
struct SetPage {
    frame: Frame,
    words: Words,
    action: String,
    total: String,
    rows: Vec<Row>,
    pager: Pager,
}

/// How the three pages differ.
struct Words {
    title: &'static str,
    tab: Tab,
    /// The heading of the first column.
    when: &'static str,
    /// Jobs here have failed, at least most of them.
    failed: bool,
    counts: bool,
    /// The button that puts jobs into their queues, its name for all of them, and its value.
    retry: (&'static str, &'static str, &'static str),
    kill: bool,
    empty: &'static str,
}

struct Row {
    key: String,
    href: String,
    when: Option<Moment>,
    retry_count: String,
    job: Card,
    error: String,
}

fn words(set: Set) -> Words {
    match set {
        Set::Retries => Words {
            title: "Retries",
            tab: Tab::Retries,
            when: "Next retry",
            failed: true,
            counts: true,
            retry: ("Retry now", "Retry all", "retry"),
            kill: true,
            empty: "No failed job is waiting for another try.",
        },
        Set::Scheduled => Words {
            title: "Scheduled",
            tab: Tab::Scheduled,
            when: "When",
            failed: false,
            counts: false,
            retry: ("Add to queue", "Add all to queues", "add_to_queue"),
            kill: false,
            empty: "No job is scheduled for later.",
        },
        Set::Dead => Words {
            title: "Dead",
            tab: Tab::Dead,
            when: "Last retry",
            failed: true,
            counts: false,
            retry: ("Retry now", "Retry all", "retry"),
            kill: false,
            empty: "No job has used up its retries.",
        },
    }
}

/// The tab that a page about a job of this set stands under.
pub(crate) fn tab(set: Set) -> Tab {
    words(set).tab
}

/// `GET /<set>?page=`.
pub(crate) async fn show<F: Front>(set: Set, visit: Visit<F>) -> Shown {
    let page = visit.query.page("page")?;
    let jobs = visit.web.jobs(Query::Set { set, page: window(page) }).await?.unwrap_or_default();
    let (words, now, base) = (words(set), visit.web.front.now(), &visit.base);
    let action = base.set(set);
    html(&SetPage {
        frame: visit.frame(words.title, words.tab).await?,
        total: thousands(jobs.total as u64),
        rows: jobs.jobs.iter().map(|view| row(set, base, view, now)).collect(),
        pager: Pager::new("jobs", &format!("{action}?page="), page, limits::ROWS, jobs.total),
        words,
        action,
    })
}

fn row(set: Set, base: &Base, view: &JobView, now: Wall) -> Row {
    let body = Body::read(view.body.bytes());
    let at = match view.place {
        Place::Scheduled { at } | Place::Retrying { at } => at,
        Place::Dead { until } => until,
        Place::Queued { since } | Place::Working { since, .. } => since, // moved on between two looks
    };
    let failure = view.failure.as_ref();
    // The last run of a dead job: when its last retry was due, if that time has come.
    let last_run =
        || failure.map(|failure| failure.next_at.filter(|at| *at <= now).unwrap_or(failure.failed_at));
    let key = key::write(at, &body.jid);
    Row {
        href: base.entry(set, &key),
        key,
        when: if set == Set::Dead { last_run() } else { Some(at) }.map(|at| Moment::new(at, now)),
        retry_count: failure.map_or_else(String::new, |failure| thousands(failure.retry_count.into())),
        error: failure.map_or_else(String::new, |failure| Trace::read(failure).summary()),
        job: Card::new(base, view, &body),
    }
}

/// `POST /<set>` with `action` and `key`s, or `key=all`.
pub(crate) async fn act<F: Front>(set: Set, visit: Visit<F>, Posted(form): Posted) -> Shown {
    let deed = Deed::parse(form.first("action"))?;
    let list = visit.base.set(set);
    if form.all("key").eq(["all"]) {
        bulk::run(visit.web, set, deed).await?;
    } else {
        let keys: Vec<&str> = form.all("key").collect();
        act_on(&visit, set, deed, &keys).await?;
    }
    redirect(StatusCode::FOUND, &list)
}

/// `POST /<set>/<key>` with `action`.
pub(crate) async fn act_on_one<F: Front>(
    set: Set,
    visit: Visit<F>,
    Name(key): Name,
    Posted(form): Posted,
) -> Shown {
    let deed = Deed::parse(form.first("action"))?;
    act_on(&visit, set, deed, &[&key]).await?;
    redirect(StatusCode::FOUND, &visit.base.set(set))
}

/// Entries that are gone are skipped (rule `V-10`).
async fn act_on<F: Front>(visit: &Visit<F>, set: Set, deed: Deed, keys: &[&str]) -> Result<(), Problem> {
    let parsed: Vec<(Wall, &str)> = keys.iter().map(|key| key::parse(key)).collect::<Result<_, _>>()?;
    if parsed.len() > bessemer_core::limits::SLICE_MAX {
        return Err(Problem::bad("too many keys"));
    }
    let mut ids = Vec::new();
    for (at, jid) in parsed {
        let entry = visit.web.jobs(Query::Entry { set, at, jid: jid.into() }).await?.unwrap_or_default();
        ids.extend(entry.jobs.iter().map(|job| job.id));
    }
    if !ids.is_empty() {
        visit.web.act(deed.on(ids)).await?;
    }
    Ok(())
}
