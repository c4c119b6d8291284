//! `/recent`: the last jobs that somebody worked on, or nobody in time, and how that ended. Where is the job that I pushed?

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use bessemer_core::Wall;
use bessemer_core::event::{Attempt, Outcome};

use crate::count::thousands;
use crate::form::Fields;
use crate::frame::{Frame, Tab};
use crate::link::{Base, encoded};
use crate::moment::{self, Moment};
use crate::pager::Pager;
use crate::problem::Problem;
use crate::visit::{Shown, Visit, html, redirect};
use crate::watch::{Happened, Overdue, RECENT_MAX, Series};
use crate::words::Words;
use crate::{Front, limits, text};

#[derive(Template)]
#[template(path = "recent.html")]
struct Recent {
    frame: Frame,
    total: String,
    /// Said where the jid that was looked for is that of no job that lives.
    sought: Option<String>,
    jobtype: String,
    queue: String,
    jid: String,
    /// Value and label of each outcome, and whether it is chosen.
    outcomes: Vec<(&'static str, String, bool)>,
    filtered: bool,
    rows: Vec<Row>,
    pager: Pager,
}

/// The page of a job that is no longer there.
#[derive(Template)]
#[template(path = "ended.html")]
struct Ended {
    frame: Frame,
    jid: String,
    /// What is known of it lately, newest first.
    rows: Vec<Row>,
    recent: String,
}

struct Row {
    jobtype: String,
    jobtype_href: String,
    /// Text and address.
    jid: Option<(String, String)>,
    queue: String,
    queue_href: String,
    wid: String,
    ran: String,
    waited: String,
    /// What scripts look for.
    outcome: &'static str,
    label: String,
    bad: bool,
    error: Option<String>,
    when: Moment,
}

/// What is wanted of the list; empty texts want nothing.
struct Filter<'a> {
    jobtype: &'a str,
    queue: &'a str,
    jid: &'a str,
    outcome: Option<End>,
}

/// How a job ended that is in the list.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Attempt(Outcome),
    /// Its time was over before anybody worked on it.
    Overdue,
}

impl End {
    fn all() -> impl Iterator<Item = Self> {
        Outcome::ALL.into_iter().map(Self::Attempt).chain([Self::Overdue])
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Attempt(outcome) => outcome.as_str(),
            Self::Overdue => "overdue",
        }
    }

    fn label(self, words: Words) -> String {
        words.say(&format!("outcome-{}", self.as_str())).into()
    }
}

impl<'a> Filter<'a> {
    fn read(query: &'a Fields) -> Result<Self, Problem> {
        let said = |name: &str| query.first(name).unwrap_or_default().trim();
        let outcome = match said("outcome") {
            "" => None,
            word => Some(End::all().find(|outcome| outcome.as_str() == word).ok_or_else(|| {
                Problem::bad(format!("Invalid parameter: no outcome is called {}", text::quoted(word)))
            })?),
        };
        let jid = query.first("find").map_or_else(|| said("jid"), str::trim);
        Ok(Self { jobtype: said("type"), queue: said("queue"), jid, outcome })
    }

    fn takes(&self, happened: &Happened) -> bool {
        let is = |wanted: &str, name: &str| wanted.is_empty() || *wanted == *name;
        let (jobtype, queue, jid, ended) = match happened {
            Happened::Attempt(Attempt { jobtype, queue, jid, outcome, .. }) => {
                (jobtype, queue, jid.as_deref(), End::Attempt(*outcome))
            }
            Happened::Overdue(Overdue { jobtype, queue, jid, .. }) => {
                (jobtype, queue, jid.as_deref(), End::Overdue)
            }
        };
        is(self.jobtype, jobtype)
            && is(self.queue, queue)
            && is(self.jid, jid.unwrap_or_default())
            && self.outcome.is_none_or(|wanted| wanted == ended)
    }

    fn wants_all(&self) -> bool {
        self.jobtype.is_empty() && self.queue.is_empty() && self.jid.is_empty() && self.outcome.is_none()
    }

    /// The address of the list up to and with `page=`.
    fn href(&self, base: &Base) -> String {
        let outcome = self.outcome.map_or("", End::as_str);
        let fields = [("type", self.jobtype), ("queue", self.queue), ("jid", self.jid), ("outcome", outcome)];
        base.list("recent", &fields)
    }
}

/// `GET /recent?type=&queue=&jid=&outcome=&page=`; with `?find=` the job of that jid, if it lives.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let filter = Filter::read(&visit.query)?;
    let sought = visit.query.first("find").filter(|_| !filter.jid.is_empty());
    if sought.is_some() && !visit.web.with_jid(filter.jid).await?.is_empty() {
        return redirect(StatusCode::FOUND, &visit.base.job(filter.jid));
    }
    let page = visit.query.page("page")?;
    let found = visit.web.front.watch().happened(RECENT_MAX, |happened| filter.takes(happened));
    let (rows, words, now) = (limits::SHORT_ROWS, visit.words, visit.web.front.now());
    let shown = found.iter().skip((page - 1).saturating_mul(rows)).take(rows);
    html(&Recent {
        frame: visit.frame(words.say("recent-title"), Tab::Recent).await?,
        total: thousands(found.len() as u64, words),
        sought: sought.map(|jid| {
            let jid = text::quoted(jid);
            let said = match found.is_empty() {
                false => words.fill("recent-sought", &[("jid", &jid)]),
                true => words.fill("recent-unknown", &[("jid", &jid)]),
            };
            said.into()
        }),
        jobtype: text::visible(filter.jobtype),
        queue: text::visible(filter.queue),
        jid: text::visible(filter.jid),
        outcomes: End::all()
            .map(|outcome| (outcome.as_str(), outcome.label(words), filter.outcome == Some(outcome)))
            .collect(),
        filtered: !filter.wants_all(),
        rows: shown.map(|happened| row(&visit.base, words, happened, now)).collect(),
        pager: Pager::new(words, "pager-jobs", &filter.href(&visit.base), page, rows, found.len()),
    })
}

/// The page of a job that has ended, as long as something is known of it. A page that looked at the job while it lived goes on
/// with this one in any case.
pub(super) async fn ended<F: Front>(visit: &Visit<F>, jid: &str) -> Result<Option<Response>, Problem> {
    let (found, now) = (of_jid(visit, jid), visit.web.front.now());
    if found.is_empty() && !visit.refreshes {
        return Ok(None);
    }
    let rows: Vec<Row> = found.iter().map(|happened| row(&visit.base, visit.words, happened, now)).collect();
    let shown = text::visible(jid);
    let title = rows.first().map_or_else(|| shown.clone(), |row| format!("{} {shown}", row.jobtype));
    let page = Ended {
        frame: visit.frame(text::cut(title, 200), Tab::Recent).await?,
        jid: shown,
        rows,
        recent: format!("{}/recent?jid={}", visit.base.0, encoded(jid)),
    };
    html(&page).map(Some)
}

/// Whether anything is known of a jid lately.
pub(super) fn knows<F: Front>(visit: &Visit<F>, jid: &str) -> bool {
    !of_jid(visit, jid).is_empty()
}

fn of_jid<F: Front>(visit: &Visit<F>, jid: &str) -> Vec<Happened> {
    let filter = Filter { jobtype: "", queue: "", jid, outcome: None };
    visit.web.front.watch().happened(limits::SHORT_ROWS, |happened| filter.takes(happened))
}

fn row(base: &Base, words: Words, happened: &Happened, now: Wall) -> Row {
    match happened {
        Happened::Attempt(attempt) => row_of(base, words, attempt, now),
        Happened::Overdue(Overdue { queue, jobtype, at, jid, .. }) => Row {
            jobtype: text::name(jobtype),
            // Maybe none of its type ever ran.
            jobtype_href: base.recent_of(jobtype),
            jid: jid.as_deref().map(|jid| (text::visible(jid), base.find(jid))),
            queue: text::visible(queue),
            queue_href: base.queue(queue),
            wid: String::new(),
            ran: String::new(),
            waited: String::new(),
            outcome: End::Overdue.as_str(),
            label: End::Overdue.label(words),
            bad: true,
            error: None,
            when: Moment::new(*at, now, words),
        },
    }
}

fn row_of(base: &Base, words: Words, attempt: &Attempt, now: Wall) -> Row {
    Row {
        jobtype: text::name(&attempt.jobtype),
        jobtype_href: base.statistics(&Series::Type(attempt.jobtype.to_string())),
        jid: attempt.jid.as_deref().map(|jid| (text::visible(jid), base.find(jid))),
        queue: text::visible(&attempt.queue),
        queue_href: base.queue(&attempt.queue),
        wid: text::visible(&attempt.wid),
        ran: moment::duration(attempt.run(), words),
        waited: moment::duration(attempt.wait(), words),
        outcome: attempt.outcome.as_str(),
        label: End::Attempt(attempt.outcome).label(words),
        bad: attempt.outcome != Outcome::Done,
        error: said(attempt).map(|said| text::visible(&said)),
        when: Moment::new(attempt.ended_at, now, words),
    }
}

/// The kind of error, and what else is known of it.
fn said(attempt: &Attempt) -> Option<String> {
    let error = attempt.error.as_deref()?;
    Some(attempt.message.as_deref().map_or_else(|| error.into(), |message| format!("{error}: {message}")))
}
