//! `/recent`: the last jobs that somebody worked on, and how that ended. Where is the job that I pushed?

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::event::{Attempt, Outcome};
use bessemer_core::{Query, Wall};

use crate::count::thousands;
use crate::form::Fields;
use crate::frame::{Frame, Tab};
use crate::link::Base;
use crate::moment::{self, Moment};
use crate::pager::Pager;
use crate::problem::Problem;
use crate::visit::{Shown, Visit, html, redirect};
use crate::watch::{RECENT_MAX, Series};
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
    outcome: Option<Outcome>,
}

impl<'a> Filter<'a> {
    fn read(query: &'a Fields) -> Result<Self, Problem> {
        let said = |name: &str| query.first(name).unwrap_or_default().trim();
        let outcome = match said("outcome") {
            "" => None,
            word => {
                Some(Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word).ok_or_else(|| {
                    Problem::bad(format!("Invalid parameter: no outcome is called {}", text::quoted(word)))
                })?)
            }
        };
        let jid = query.first("find").map_or_else(|| said("jid"), str::trim);
        Ok(Self { jobtype: said("type"), queue: said("queue"), jid, outcome })
    }

    fn takes(&self, attempt: &Attempt) -> bool {
        let is = |wanted: &str, name: &str| wanted.is_empty() || *wanted == *name;
        is(self.jobtype, &attempt.jobtype)
            && is(self.queue, &attempt.queue)
            && is(self.jid, attempt.jid.as_deref().unwrap_or_default())
            && self.outcome.is_none_or(|outcome| outcome == attempt.outcome)
    }

    fn wants_all(&self) -> bool {
        self.jobtype.is_empty() && self.queue.is_empty() && self.jid.is_empty() && self.outcome.is_none()
    }

    /// The address of the list up to and with `page=`.
    fn href(&self, base: &Base) -> String {
        let outcome = self.outcome.map_or("", Outcome::as_str);
        let fields = [("type", self.jobtype), ("queue", self.queue), ("jid", self.jid), ("outcome", outcome)];
        base.list("recent", &fields)
    }
}

/// `GET /recent?type=&queue=&jid=&outcome=&page=`; with `?find=` the job of that jid, if it lives.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let filter = Filter::read(&visit.query)?;
    let sought = visit.query.first("find").filter(|_| !filter.jid.is_empty());
    if sought.is_some() {
        let jobs = visit.web.jobs(Query::Jid { jid: filter.jid.into() }).await?.unwrap_or_default();
        if !jobs.jobs.is_empty() {
            return redirect(StatusCode::FOUND, &visit.base.job(filter.jid));
        }
    }
    let page = visit.query.page("page")?;
    let found = visit.web.front.watch().recent_of(RECENT_MAX, |attempt| filter.takes(attempt));
    let (rows, words, now) = (limits::SHORT_ROWS, visit.words, visit.web.front.now());
    let shown = found.iter().skip((page - 1).saturating_mul(rows)).take(rows);
    html(&Recent {
        frame: visit.frame(words.say("recent-title"), Tab::Recent).await?,
        total: thousands(found.len() as u64),
        sought: sought.map(|jid| words.fill("recent-sought", &[("jid", &text::quoted(jid))]).into()),
        jobtype: text::visible(filter.jobtype),
        queue: text::visible(filter.queue),
        jid: text::visible(filter.jid),
        outcomes: Outcome::ALL
            .map(|outcome| (outcome.as_str(), label(words, outcome), filter.outcome == Some(outcome)))
            .into(),
        filtered: !filter.wants_all(),
        rows: shown.map(|attempt| row(&visit.base, words, attempt, now)).collect(),
        pager: Pager::new(words, "pager-jobs", &filter.href(&visit.base), page, rows, found.len()),
    })
}

fn label(words: Words, outcome: Outcome) -> String {
    words.say(&format!("outcome-{}", outcome.as_str())).into()
}

fn row(base: &Base, words: Words, attempt: &Attempt, now: Wall) -> Row {
    Row {
        jobtype: text::visible(&attempt.jobtype),
        jobtype_href: base.statistics(&Series::Type(attempt.jobtype.to_string())),
        jid: attempt.jid.as_deref().map(|jid| (text::visible(jid), base.find(jid))),
        queue: text::visible(&attempt.queue),
        queue_href: base.queue(&attempt.queue),
        wid: text::visible(&attempt.wid),
        ran: moment::duration(attempt.run()),
        waited: moment::duration(attempt.wait()),
        outcome: attempt.outcome.as_str(),
        label: label(words, attempt.outcome),
        bad: attempt.outcome != Outcome::Done,
        error: attempt.error.as_deref().map(text::visible),
        when: Moment::new(attempt.ended_at, now, words),
    }
}
