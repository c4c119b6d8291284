//! `/search`, and the same box on the pages of the sets and of a queue: jobs that match, as they are found.
//!
//! A page shows what was found within [`limits::SEARCH_TIME`]. Where that was not all, its last part asks for more by
//! itself (`/search/more`), or by a link where there are no scripts.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use bessemer_core::Wall;
use bessemer_core::query::{JobView, Place, Where};

use super::recent;
use crate::count::thousands;
use crate::deed::Deed;
use crate::frame::{Frame, Tab};
use crate::job::{Body, Card, Trace};
use crate::link::{self, Base};
use crate::moment::Moment;
use crate::problem::Problem;
use crate::search::{Cursor, Filter, Part, QueryError, Scope, Search};
use crate::visit::{Shown, Visit, html, redirect};
use crate::words::Words;
use crate::{Front, job, limits, text};

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    title: String,
    /// The box, as it was filled in.
    bar: Bar,
    results: Option<Results>,
    /// What is wrong with the line.
    wrong: Option<String>,
    examples: [&'static str; 5],
}

/// The box above a list.
pub(crate) struct Bar {
    pub(crate) action: String,
    /// Where the list has no address of its own.
    pub(crate) name: Option<String>,
    pub(crate) q: String,
}

#[derive(Template)]
#[template(path = "search_more.html")]
struct More {
    words: Words,
    results: Results,
}

/// What has been found so far.
struct Results {
    rows: Vec<Row>,
    chips: Vec<Chip>,
    /// `12`, or `12+` while the search goes on.
    total: u64,
    is_done: bool,
    percent: u64,
    /// Where a script gets the next part of this page.
    more: String,
    /// Where a browser without scripts goes on.
    go_on: Option<String>,
    /// The next page.
    next: Option<String>,
    first: Option<String>,
    /// The address of the actions, and what they are about.
    act: String,
    scope: String,
    q: String,
    deeds: Vec<Deed>,
}

/// How many stand in one place.
struct Chip {
    key: &'static str,
    count: String,
    href: String,
}

struct Row {
    id: u64,
    /// What its tick box is for.
    select: String,
    state: &'static str,
    when: Option<Moment>,
    expires: Option<Moment>,
    job: Card,
    error: String,
}

/// The key of the text that names a place.
pub(crate) fn key_of(place: Where) -> &'static str {
    match place {
        Where::Working => "state-working",
        Where::Queued => "state-waiting",
        Where::Retries => "state-retries",
        Where::Scheduled => "state-scheduled",
        Where::Dead => "state-dead",
        Where::Discarded => "state-discarded",
    }
}

/// The key of the text that says where one job is.
pub(crate) fn state_of(place: Where) -> &'static str {
    match place {
        Where::Working => "state-one-working",
        Where::Queued => "state-one-waiting",
        Where::Retries => "state-one-retries",
        Where::Scheduled => "state-one-scheduled",
        Where::Dead => "state-one-dead",
        Where::Discarded => "state-one-discarded",
    }
}

/// As `state:` takes it.
fn name_of(place: Where) -> &'static str {
    key_of(place).trim_start_matches("state-")
}

/// `GET /search?q=`. A jid alone leads to its job.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let filter = Filter::parse(visit.query.first("q").unwrap_or_default());
    if let Ok(filter) = &filter
        && let Some(jid) = filter.jid()
        && visit.query.first("from").is_none()
        && (!visit.web.with_jid(jid).await?.is_empty() || recent::knows(&visit, jid))
    {
        return redirect(StatusCode::FOUND, &visit.base.job(jid));
    }
    list(visit, Scope::parse(None)?, Tab::Other, "search-title".into()).await
}

/// The page of a list with a search in it. `title`: the key of its text, or the name of a queue.
pub(crate) async fn list<F: Front>(visit: Visit<F>, scope: Scope, tab: Tab, title: String) -> Shown {
    let line = visit.query.first("q").unwrap_or_default().to_owned();
    let title = match &scope {
        Scope::Queue(name) => visit.words.fill("queue-title", &[("name", name)]).into_owned(),
        _ => visit.words.say(&title).into_owned(),
    };
    let bar = bar(&visit.base, &scope, &line);
    let (results, wrong) = match Filter::parse(&line) {
        // Everywhere, nothing is looked for until somebody says what.
        Ok(filter) if filter.line().is_empty() && scope == Scope::All => (None, None),
        Ok(filter) => (Some(results(&visit, scope, filter.clone()).await?), None),
        Err(error) => (None, Some(said(visit.words, &error))),
    };
    let frame = visit.frame(title.clone(), tab).await?;
    let examples = [
        "type:Mail*",
        "queue:default state:retries",
        "error:timeout",
        "arg:\"ann@example.org\"",
        "age>2h retries>3",
    ];
    html(&SearchPage { frame, title, bar, results, wrong, examples })
}

/// `GET /search/more?q=&in=&from=&shown=&n=`: the next part of a page.
pub(crate) async fn more<F: Front>(visit: Visit<F>) -> Shown {
    let scope = Scope::parse(visit.query.first("in"))?;
    let filter = Filter::parse(visit.query.first("q").unwrap_or_default())
        .map_err(|error| Problem::bad(error.to_string()))?;
    let results = results(&visit, scope, filter).await?;
    let page = More { words: visit.words, results };
    Ok(axum::response::Html(page.render()?).into_response())
}

/// The box above a list.
pub(crate) fn bar(base: &Base, scope: &Scope, line: &str) -> Bar {
    let (action, name) = match scope {
        // Its address has a query of its own, which a form would replace.
        Scope::Queue(name) if matches!(name.as_str(), "." | "..") => {
            (format!("{}/queues", base.0), Some(name.clone()))
        }
        scope => (scope.list(base), None),
    };
    Bar { action, name, q: text::visible(line) }
}

/// One line about a search that cannot be read.
pub(crate) fn said(words: Words, error: &QueryError) -> String {
    let place = thousands(error.at as u64, words);
    words.fill("search-wrong", &[("what", &error.what.to_string()), ("place", &place)]).into_owned()
}

/// Goes on with a search for a while: rows first, until the page is full, and then the rest is counted.
async fn results<F: Front>(visit: &Visit<F>, scope: Scope, filter: Filter) -> Result<Results, Problem> {
    let query = &visit.query;
    let number = |name: &str| query.first(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    let from = query.first("from").map_or(Ok(Cursor::default()), str::parse);
    let from = from.map_err(|_| Problem::bad("invalid parameter: from is what an earlier page has named"))?;
    let filter = filter.within(&scope);
    let room = limits::ROWS.saturating_sub(number("shown"));
    let mut search = Search::new(&visit.web, &filter, from);
    let mut part = if room == 0 {
        search.find(0, limits::SEARCH_TIME).await?
    } else {
        search.find(room, limits::SEARCH_TIME).await?
    };
    let is_full = room > 0 && part.found.len() >= room;
    let next = part.next.filter(|_| is_full);
    if is_full && part.next.is_some() {
        part.append(search.find(0, limits::SEARCH_TIME).await?);
    }
    let earlier = earlier(query.first("n").unwrap_or_default());
    part.counts.iter_mut().zip(earlier).for_each(|(count, more)| *count += more);
    let jobs = Search::jobs(&visit.web, &part.found).await?;
    let now = visit.web.front.now();
    let shown = number("shown") + part.found.len();
    let address = Address { visit, scope: &scope, filter: &filter, counts: part.counts };
    Ok(Results {
        rows: jobs.iter().map(|view| row(visit, view, now)).collect(),
        chips: address.chips(),
        total: part.count(),
        is_done: part.next.is_none(),
        percent: part.permille / 10,
        more: part.next.map_or_else(String::new, |from| address.more(from, shown)),
        go_on: part.next.filter(|_| shown < limits::ROWS).map(|from| address.page(from, true)),
        next: next.map(|from| address.page(from, false)),
        first: (from > Cursor::default() && query.first("shown").is_none())
            .then(|| address.page(Cursor::default(), false)),
        act: format!("{}/act", visit.base.0),
        deeds: deeds(&scope, &part),
        scope: scope.text(),
        q: filter.line().to_owned(),
    })
}

/// Counts that an earlier part has found: `1-0-23-0-4`.
fn earlier(text: &str) -> [u64; 5] {
    let mut counts = [0; 5];
    counts.iter_mut().zip(text.split('-')).for_each(|(count, text)| *count = text.parse().unwrap_or(0));
    counts
}

/// Deeds that can do something to what is here.
fn deeds(scope: &Scope, part: &Part) -> Vec<Deed> {
    let places = |place: &Where| match scope {
        Scope::All => part.counts[*place as usize] > 0,
        Scope::Set(set) => place.set() == Some(*set),
        Scope::Queue(_) => *place == Where::Queued,
    };
    let reaches =
        |deed: &Deed| Where::ALL.iter().filter(|place| places(place)).any(|place| deed.reaches(*place));
    let all = [Deed::Retry, Deed::Edit(Arc::default()), Deed::Move(Arc::default()), Deed::Kill, Deed::Delete];
    all.into_iter().filter(reaches).collect()
}

/// Where parts of a search are.
struct Address<'v, F> {
    visit: &'v Visit<F>,
    scope: &'v Scope,
    filter: &'v Filter,
    counts: [u64; 5],
}

impl<F: Front> Address<'_, F> {
    fn counts(&self) -> String {
        self.counts.map(|count| count.to_string()).join("-")
    }

    fn more(&self, from: Cursor, shown: usize) -> String {
        let (q, scope) = (link::encoded(self.filter.line()).to_string(), self.scope.text());
        let base = &self.visit.base.0;
        format!(
            "{base}/search/more?q={q}&in={}&from={from}&shown={shown}&n={}",
            link::encoded(&scope),
            self.counts()
        )
    }

    /// `counted`: the counts so far are carried on.
    fn page(&self, from: Cursor, counted: bool) -> String {
        let mut href = self.of_line(self.filter.line());
        if from > Cursor::default() {
            href.push_str(&format!("&from={from}"));
        }
        if counted {
            href.push_str(&format!("&n={}", self.counts()));
        }
        href
    }

    fn of_line(&self, line: &str) -> String {
        let list = self.scope.list(&self.visit.base);
        let sign = if list.contains('?') { '&' } else { '?' };
        format!("{list}{sign}q={}", link::encoded(line))
    }

    /// One for each place in which something was found, where there may be several.
    fn chips(&self) -> Vec<Chip> {
        if *self.scope != Scope::All {
            return Vec::new();
        }
        let chip = |(place, count): (Where, u64)| Chip {
            key: key_of(place),
            count: thousands(count, self.visit.words),
            href: self.of_line(&format!("{} state:{}", self.filter.line(), name_of(place))),
        };
        Where::ALL.into_iter().zip(self.counts).filter(|(_, count)| *count > 0).map(chip).collect()
    }
}

fn row<F: Front>(visit: &Visit<F>, view: &JobView, now: Wall) -> Row {
    let body = Body::read(view.body.bytes());
    let failure = view.failure.as_ref();
    let when = match view.place {
        Place::Scheduled { at } | Place::Retrying { at } => Some(at),
        Place::Dead { .. } => {
            failure.map(|failure| failure.next_at.filter(|at| *at <= now).unwrap_or(failure.failed_at))
        }
        Place::Discarded { until, .. } => Some(until),
        Place::Queued { since } | Place::Working { since, .. } => Some(since),
    };
    Row {
        id: view.id.0,
        state: state_of(Where::from(&view.place)),
        when: when.map(|at| Moment::new(at, now, visit.words)),
        expires: job::expires(view, now, visit.words),
        error: failure.map_or_else(String::new, |failure| Trace::read(failure).summary()),
        select: visit.words.fill("jobs-select-one", &[("jid", &text::visible(&body.jid))]).into_owned(),
        job: Card::new(&visit.base, view, &body),
    }
}
