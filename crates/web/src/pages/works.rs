//! `/works`: actions on many jobs that go on, or have ended lately, as every page shows them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use bessemer_core::Wall;

use crate::bulk::{State, Work};
use crate::count::thousands;
use crate::deed::Deed;
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::problem::Problem;
use crate::search::Scope;
use crate::visit::{Name, Shown, Visit, html, redirect};
use crate::web::Web;
use crate::words::Words;
use crate::{Front, text};

/// A part of every page, and a page of its own for the script that looks again.
#[derive(Template)]
#[template(path = "parts/works.html")]
pub(crate) struct Works {
    words: Words,
    base: String,
    /// The newest first.
    works: Vec<Notice>,
    /// How many more there are, on their own page.
    rest: u64,
    /// All are shown: this is that page.
    all: bool,
    /// Something still goes on.
    going: bool,
}

impl askama::filters::HtmlSafe for Works {}

/// Notices on every page; the others are a line that leads to them.
const SHOWN: usize = 3;

/// `/works`: all of them.
#[derive(Template)]
#[template(path = "works.html")]
struct Page {
    frame: Frame,
    works: Works,
}

struct Notice {
    id: u64,
    class: &'static str,
    text: String,
    permille: u64,
    going: bool,
    undoable: bool,
}

impl Works {
    /// The newest, [`SHOWN`] of them. What has been done to no job is no news.
    pub(crate) fn new<F: Front>(web: &Web<F>, base: &str, words: Words, now: Wall) -> Self {
        Self::of(web, base, words, now, SHOWN)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.works.is_empty()
    }

    fn of<F: Front>(web: &Web<F>, base: &str, words: Words, now: Wall, most: usize) -> Self {
        let mut works = web.bulk.works_at(now);
        works.retain(|work| work.state != State::Done || work.reached > 0);
        let going = works.iter().any(|work| work.state == State::Going);
        let rest = works.len().saturating_sub(most) as u64;
        let shown = works.iter().rev().take(most).map(|work| notice(work, words)).collect();
        Self { words, base: base.to_owned(), works: shown, rest, all: most > SHOWN, going }
    }
}

fn notice(work: &Work, words: Words) -> Notice {
    let (class, key) = match work.state {
        State::Going => ("notice", "going"),
        State::Done => ("notice good", "done"),
        State::Cancelled => ("notice", "cancelled"),
        State::Failed => ("notice bad", "failed"),
    };
    let place = match &work.scope {
        Scope::All => words.say("work-everywhere").into_owned(),
        Scope::Set(set) => words.say(super::set::title(*set)).into_owned(),
        Scope::Queue(name) => words.fill("queue-title", &[("name", name)]).into_owned(),
    };
    let undone = work.restored.map(|jobs| words.count("work-undone", jobs).into_owned());
    let what = if work.line.is_empty() {
        place
    } else {
        format!("{place}: {}", text::cut(text::visible(&work.line), 100))
    };
    let to = if let Deed::Move(queue) = &work.deed { queue } else { "" };
    let texts: [(&'static str, &str); 3] =
        [("what", &what), ("of", &work.of.map_or_else(String::new, |of| thousands(of, words))), ("to", to)];
    let key = match work.of {
        Some(_) if work.state == State::Going => format!("work-{}-{key}-of", work.deed.name()),
        _ => format!("work-{}-{key}", work.deed.name()),
    };
    Notice {
        id: work.id,
        class,
        text: undone.unwrap_or_else(|| words.count_fill(&key, work.reached, &texts).into_owned()),
        undoable: work.undoable && work.reached > 0,
        permille: work
            .of
            .filter(|of| *of > 0)
            .map_or(work.permille, |of| (work.reached * 1_000 / of).min(1_000)),
        going: work.state == State::Going,
    }
}

/// `GET /works`: all of them; with `?part=` the part of a page that the script looks at again, `all` or `newest`.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let part = visit.query.first("part");
    let most = if part == Some("newest") { SHOWN } else { usize::MAX };
    let works = Works::of(&visit.web, &visit.base.0, visit.words, visit.web.front.now(), most);
    if part.is_some() {
        return Ok(Html(works.render()?).into_response());
    }
    let frame = visit.frame(visit.words.say("works-title"), Tab::Other).await?;
    // They stand here, and not above every page's content too.
    let none = Works { works: Vec::new(), rest: 0, going: false, ..frame.works };
    html(&Page { frame: Frame { works: none, ..frame }, works })
}

/// `POST /works/<id>` with `action`.
pub(crate) async fn act<F: Front>(visit: Visit<F>, Name(id): Name, Posted(form): Posted) -> Shown {
    let id: u64 = id.parse().map_err(|_| Problem::not_found("There is no such action"))?;
    let works = visit.web.bulk.works_at(visit.web.front.now());
    let work = works.iter().find(|work| work.id == id);
    let list = work.map_or_else(|| format!("{}/", visit.base.0), |work| work.scope.list(&visit.base));
    match form.first("action").unwrap_or_default() {
        "cancel" => _ = visit.web.bulk.cancel(id),
        "undo" => crate::bulk::undo(visit.web, id).await?,
        "dismiss" => visit.web.bulk.dismiss(id),
        other => return Err(Problem::bad(format!("invalid action: {}", text::quoted(other)))),
    }
    redirect(StatusCode::FOUND, &list)
}
