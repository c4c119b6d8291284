//! `/retries`, `/scheduled` and `/morgue`: the three sorted sets, earliest first (rules `V-25` to `V-27`).

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::fact::JobId;
use bessemer_core::query::{JobView, Place, Set};
use bessemer_core::{Query, Wall};

use super::act;
use super::search::{self, Bar};
use crate::count::thousands;
use crate::deed::Deed;
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::job::{Body, Card, Trace};
use crate::moment::Moment;
use crate::pager::Pager;
use crate::problem::Problem;
use crate::search::{Filter, Scope};
use crate::visit::{ByTime, Name, Shown, Visit, html, redirect};
use crate::{Front, bulk, job, key, limits, link, text};

#[derive(Template)]
#[template(path = "set.html")]
struct SetPage {
    frame: Frame,
    kind: Kind,
    /// As in its address.
    list: &'static str,
    action: String,
    /// What stands before the buttons for all.
    on_all: String,
    bar: Bar,
    total: String,
    rows: Vec<Row>,
    order: ByTime,
    pager: Pager,
}

/// How the three pages differ; texts by their keys.
struct Kind {
    tab: Tab,
    /// The heading of the first column.
    when: &'static str,
    /// Jobs here have failed, at least most of them.
    failed: bool,
    counts: bool,
    /// What the button that puts jobs into their queues sends, and what it says.
    retry: &'static str,
    retry_key: &'static str,
    kill: bool,
    empty: &'static str,
}

struct Row {
    key: String,
    /// What its tick box is for.
    select: String,
    href: String,
    when: Option<Moment>,
    expires: Option<Moment>,
    retry_count: String,
    job: Card,
    error: String,
}

fn kind(set: Set) -> Kind {
    match set {
        Set::Retries => Kind {
            tab: Tab::Retries,
            when: "jobs-next-retry",
            failed: true,
            counts: true,
            retry: "retry",
            retry_key: "deed-retry",
            kill: true,
            empty: "set-retries-empty",
        },
        Set::Scheduled => Kind {
            tab: Tab::Scheduled,
            when: "jobs-when",
            failed: false,
            counts: false,
            retry: "add_to_queue",
            retry_key: "deed-add_to_queue",
            kill: false,
            empty: "set-scheduled-empty",
        },
        Set::Dead => Kind {
            tab: Tab::Dead,
            when: "jobs-last-retry",
            failed: true,
            counts: false,
            retry: "retry",
            retry_key: "deed-retry",
            kill: false,
            empty: "set-dead-empty",
        },
        Set::Discarded => Kind {
            tab: Tab::Queues,
            when: "jobs-gone-at",
            failed: false,
            counts: false,
            retry: "restore",
            retry_key: "deed-restore",
            kill: false,
            empty: "set-discarded-empty",
        },
    }
}

/// The tab that a page about a job of this set stands under.
pub(crate) fn tab(set: Set) -> Tab {
    kind(set).tab
}

/// The key of its name.
pub(crate) fn title(set: Set) -> &'static str {
    match set {
        Set::Retries => "tab-retries",
        Set::Scheduled => "tab-scheduled",
        Set::Dead => "tab-dead",
        Set::Discarded => "state-discarded",
    }
}

/// `GET /<set>?page=&order=`, or `?q=` for those that match.
pub(crate) async fn show<F: Front>(set: Set, visit: Visit<F>) -> Shown {
    let (kind, scope) = (kind(set), Scope::Set(set));
    if visit.query.first("q").is_some_and(|line| !line.trim().is_empty()) {
        return search::list(visit, scope, kind.tab, title(set).into()).await;
    }
    let page = visit.query.page("page")?;
    let (now, base) = (visit.web.front.now(), &visit.base);
    let action = base.set(set);
    let order = ByTime::new(&visit.query, &action, true);
    let total = if order.turned { visit.web.len(set).await? as usize } else { 0 };
    let window = Query::Set { set, page: order.window(page, total) };
    let mut jobs = visit.web.jobs(window).await?.unwrap_or_default();
    if order.turned {
        jobs.jobs.reverse();
    }
    html(&SetPage {
        frame: visit.frame(visit.words.say(title(set)), kind.tab).await?,
        on_all: visit
            .words
            .fill("set-act-on-all", &[("total", &thousands(jobs.total as u64, visit.words))])
            .into_owned(),
        total: thousands(jobs.total as u64, visit.words),
        rows: jobs.jobs.iter().map(|view| row(set, &visit, view, now)).collect(),
        pager: Pager::new(visit.words, "pager-jobs", &order.pages, page, limits::ROWS, jobs.total),
        bar: search::bar(base, &scope, ""),
        list: link::path(set),
        order,
        kind,
        action,
    })
}

fn row<F: Front>(set: Set, visit: &Visit<F>, view: &JobView, now: Wall) -> Row {
    let base = &visit.base;
    let body = Body::read(view.body.bytes());
    let at = match view.place {
        Place::Scheduled { at } | Place::Retrying { at } => at,
        Place::Dead { until } | Place::Discarded { until, .. } => until,
        Place::Queued { since } | Place::Working { since, .. } => since, // moved on between two looks
    };
    let failure = view.failure.as_ref();
    // The last run of a dead job: when its last retry was due, if that time has come.
    let last_run =
        || failure.map(|failure| failure.next_at.filter(|at| *at <= now).unwrap_or(failure.failed_at));
    let key = key::write(at, &body.jid);
    Row {
        href: base.entry(set, &key),
        select: visit.words.fill("jobs-select-one", &[("jid", &text::visible(&body.jid))]).into_owned(),
        key,
        when: if set == Set::Dead { last_run() } else { Some(at) }
            .map(|at| Moment::new(at, now, visit.words)),
        expires: job::expires(view, now, visit.words),
        retry_count: failure
            .map_or_else(String::new, |failure| thousands(failure.retry_count.into(), visit.words)),
        error: failure.map_or_else(String::new, |failure| Trace::read(failure).summary()),
        job: Card::new(base, view, &body),
    }
}

/// `POST /<set>` with `action` and `key`s, or `key=all`.
pub(crate) async fn act<F: Front>(set: Set, visit: Visit<F>, Posted(form): Posted) -> Shown {
    let list = visit.base.set(set);
    let keys: Vec<&str> = form.all("key").collect();
    let asked = Deed::of(&form).ok().filter(|deed| deed.is_asked(&form) && keys != ["all"]);
    if let Some(deed) = asked {
        let ids = entries(&visit, set, &keys).await?;
        return act::ask_more(&visit, Scope::Set(set), "", ids, deed).await;
    }
    let deed = Deed::parse(form.first("action"))?;
    if keys == ["all"] {
        let (scope, filter) = (Scope::Set(set), Filter::default().within(&Scope::Set(set)));
        if deed == Deed::Kill {
            act::check_room(&visit, &filter).await?;
        }
        let of = Some(visit.web.len(set).await?);
        bulk::run(visit.web, bulk::Target { scope, filter, of, came: None }, deed.undoable()).await?;
    } else {
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
    let ids = entries(visit, set, keys).await?;
    if !ids.is_empty() {
        bulk::at_once(&visit.web, Scope::Set(set), ids, deed, None).await?;
    }
    Ok(())
}

async fn entries<F: Front>(visit: &Visit<F>, set: Set, keys: &[&str]) -> Result<Vec<JobId>, Problem> {
    let parsed: Vec<(Wall, &str)> = keys.iter().map(|key| key::parse(key)).collect::<Result<_, _>>()?;
    if parsed.len() > bessemer_core::limits::SLICE_MAX {
        return Err(Problem::bad("too many keys"));
    }
    let mut ids = Vec::new();
    for (at, jid) in parsed {
        let entry = visit.web.jobs(Query::Entry { set, at, jid: jid.into() }).await?.unwrap_or_default();
        ids.extend(entry.jobs.iter().map(|job| job.id));
    }
    Ok(ids)
}
