//! `/act`: something is done to all jobs that match, after a page that says to how many, and to which.
//!
//! `GET` asks, `POST` does: to the ticked ones at once, to all that match in the background. Of ticked ones a move has
//! something to ask, to which queue, and an edit, what is to be different; a `POST` without it asks that.
//!
//! Who said yes said it to a number. So the form says when that was counted, jobs that came later are not meant, and a
//! `POST` counts again: where more match by now, since old jobs have failed or were moved, it asks anew.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use bessemer_core::Query;
use bessemer_core::fact::JobId;
use bessemer_core::limits::SLICE_MAX;
use bessemer_core::query::JobView;

use crate::bulk::{self, Target};
use crate::change::Change;
use crate::count::{amount, thousands};
use crate::deed::Deed;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Tab};
use crate::job::{Body, Card};
use crate::problem::Problem;
use crate::search::{Came, Cursor, Filter, Scope, Search};
use crate::visit::{Shown, Visit, html, redirect};
use crate::words::Words;
use crate::{Front, limits};

/// Jobs that the question shows.
const SAMPLE: usize = 5;

#[derive(Template)]
#[template(path = "act.html")]
struct ActPage {
    frame: Frame,
    action: String,
    back: String,
    deed: Deed,
    scope: String,
    q: String,
    count: u64,
    /// When they were counted; none where it is about ticked ones.
    came: Option<u64>,
    /// They could not be counted to the end in the time for that.
    at_least: bool,
    /// There are more by now than somebody has agreed to.
    grown: Option<String>,
    /// The ticked ones, where it is about them.
    ids: Vec<u64>,
    /// The queue that they are to go to, where it is about that.
    to: Option<String>,
    /// It is asked what is to be different.
    edits: Option<Edits>,
    question: String,
    means: String,
    sample: Vec<Card>,
    /// How many there are besides.
    more: Option<String>,
    /// Dead jobs would be pushed out of their set.
    warning: Option<String>,
    /// The number has to be typed: what asks for it.
    typed: Option<String>,
    button: String,
}

/// What is to be different.
struct Edits {
    /// What has been said of it so far.
    change: Arc<Change>,
    /// The jobs shown are of several types: one set of arguments seldom fits all.
    warning: Option<String>,
}

/// What a form says of the jobs that are meant.
fn target(fields: &Fields) -> Result<(Scope, Filter, Deed), Problem> {
    let scope = Scope::parse(fields.first("in"))?;
    let deed = Deed::of(fields)?.undoable();
    let filter = Filter::parse(fields.first("q").unwrap_or_default());
    let filter = filter.map_err(|error| Problem::bad(error.to_string()))?;
    if scope == Scope::All && filter.line().is_empty() {
        return Err(Problem::bad("Say which jobs are meant: an empty search would mean all"));
    }
    Ok((scope.clone(), filter.within(&scope).reached_by(&deed), deed))
}

/// The page of the list that a search belongs to.
fn back<F: Front>(visit: &Visit<F>, scope: &Scope, line: &str) -> String {
    let list = scope.list(&visit.base);
    let sign = if list.contains('?') { '&' } else { '?' };
    if line.is_empty() { list } else { format!("{list}{sign}q={}", crate::link::encoded(line)) }
}

/// `GET /act?in=&q=&action=`
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let (scope, filter, deed) = target(&visit.query)?;
    html(&question(&visit, scope, &filter, deed).await?)
}

async fn question<F: Front>(
    visit: &Visit<F>,
    scope: Scope,
    filter: &Filter,
    deed: Deed,
) -> Result<ActPage, Problem> {
    let came = Came::now(&visit.web).await?;
    let mut search = Search::new(&visit.web, filter, Cursor::default());
    let mut part = search.find(SAMPLE, limits::COUNT_TIME).await?;
    let sample = Search::jobs(&visit.web, &part.found).await?;
    if part.next.is_some() {
        part.append(search.find(0, limits::COUNT_TIME).await?);
    }
    let info = visit.web.info().await?;
    let (count, words) = (part.count(), visit.words);
    let key = |what: &str| format!("act-{}{what}", deed.name());
    let pushed_out = if deed == Deed::Kill { pushed_out(&info, count) } else { 0 };
    let warning =
        || words.count_fill("act-pushed-out", pushed_out, &[("most", &thousands(info.dead_max, words))]);
    let more = count.saturating_sub(sample.len() as u64);
    let at_least = part.next.is_some();
    Ok(ActPage {
        action: format!("{}/act", visit.base.0),
        back: back(visit, &scope, filter.line()),
        question: words.count(&key(if at_least { "-at-least" } else { "-question" }), count).into_owned(),
        means: words.say(&key("-means")).into_owned(),
        edits: edits(&deed, &cards(visit, &sample), words),
        sample: cards(visit, &sample),
        more: (more > 0).then(|| words.count("act-more", more).into_owned()),
        warning: (pushed_out > 0).then(|| warning().into_owned()),
        typed: needs_typing(&deed, count).then(|| words.count("act-type", count).into_owned()),
        button: words.count(&key("-do"), count).into_owned(),
        frame: visit.frame_of(&info, words.say(&key("")), Tab::Other),
        scope: scope.text(),
        q: filter.line().to_owned(),
        ids: Vec::new(),
        came: Some(came.0),
        grown: None,
        to: to(&deed),
        at_least,
        deed,
        count,
    })
}

/// The queue that a move has named so far.
fn to(deed: &Deed) -> Option<String> {
    if let Deed::Move(queue) = deed { Some(queue.to_string()) } else { None }
}

fn edits(deed: &Deed, sample: &[Card], words: Words) -> Option<Edits> {
    let Deed::Edit(change) = deed else { return None };
    let several = sample.iter().any(|job| job.jobtype != sample[0].jobtype);
    let warning = several.then(|| words.say("act-edit-types").into_owned());
    Some(Edits { change: Arc::clone(change), warning })
}

/// The question to which queue the ticked ones are to go, or what is to be different of them.
pub(crate) async fn ask_more<F: Front>(
    visit: &Visit<F>,
    scope: Scope,
    line: &str,
    ids: Vec<JobId>,
    deed: Deed,
) -> Shown {
    let back = back(visit, &scope, line);
    if ids.is_empty() {
        return redirect(StatusCode::FOUND, &back);
    }
    let first = ids.iter().take(SAMPLE).copied().collect();
    let sample = visit.web.jobs(Query::Named { ids: first }).await?.unwrap_or_default().jobs;
    let (count, words) = (ids.len() as u64, visit.words);
    let more = count.saturating_sub(sample.len() as u64);
    let key = |what: &str| format!("act-{}{what}", deed.name());
    let sample = cards(visit, &sample);
    html(&ActPage {
        frame: visit.frame(words.say(&key("")), Tab::Other).await?,
        action: format!("{}/act", visit.base.0),
        back,
        scope: scope.text(),
        q: line.to_owned(),
        count,
        ids: ids.iter().map(|id| id.0).collect(),
        came: None,
        at_least: false,
        grown: None,
        to: to(&deed),
        edits: edits(&deed, &sample, words),
        question: words.count(&key("-question"), count).into_owned(),
        means: words.say(&key("-means")).into_owned(),
        sample,
        more: (more > 0).then(|| words.count("act-more", more).into_owned()),
        warning: None,
        typed: None,
        button: words.count(&key("-do"), count).into_owned(),
        deed,
    })
}

fn cards<F: Front>(visit: &Visit<F>, jobs: &[JobView]) -> Vec<Card> {
    jobs.iter().map(|view| Card::new(&visit.base, view, &Body::read(view.body.bytes()))).collect()
}

fn needs_typing(deed: &Deed, count: u64) -> bool {
    deed.destroys() && count > limits::TYPED_ABOVE
}

/// Dead jobs that have to go where these are killed (`D28`).
fn pushed_out(info: &bessemer_core::query::Info, count: u64) -> u64 {
    (info.dead + count).saturating_sub(info.dead_max)
}

/// What somebody has answered to the question: the number that they saw, when it was counted, and what they typed.
pub(super) struct Said {
    pub(super) count: u64,
    at_least: bool,
    came: Option<Came>,
    typed: Option<u64>,
}

impl Said {
    pub(super) fn of(form: &Fields) -> Result<Self, Problem> {
        let count = form.first("count").and_then(|count| count.parse().ok());
        let count =
            count.ok_or_else(|| Problem::bad("Look at how many jobs that is first: count is missing"))?;
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let typed = form.first("typed").and_then(|typed| digits(typed).parse().ok());
        let came = form.first("came").map(|came| came.parse().map(Came)).transpose();
        let came = came.map_err(|_| Problem::bad("invalid came: it is what the question has said"))?;
        Ok(Self { count, at_least: form.first("at_least").is_some(), came, typed })
    }

    /// What is to be acted on, counted again; none: that is more than they agreed to.
    pub(super) async fn target<F: Front>(
        &self,
        visit: &Visit<F>,
        scope: Scope,
        filter: Filter,
    ) -> Result<Option<Target>, Problem> {
        let came = match self.came {
            Some(came) => came,
            None => Came::now(&visit.web).await?,
        };
        let mut search = Search::new(&visit.web, &filter, Cursor::default()).by(Some(came));
        let part = search.find(0, limits::COUNT_TIME).await?;
        // What cannot be counted to the end was at least so many before.
        let covers = if part.next.is_none() { part.count() <= self.count } else { self.at_least };
        Ok(covers.then_some(Target { scope, filter, of: Some(part.count()), came: Some(came) }))
    }

    /// That it was more.
    pub(super) fn grown(&self, words: Words) -> String {
        words.count("act-grown", self.count).into_owned()
    }
}

/// `POST /act` with `action`, and `id`s, or `in` and `q` and what the question was answered.
pub(crate) async fn act<F: Front>(visit: Visit<F>, Posted(form): Posted) -> Shown {
    if form.first("id").is_some() {
        return act_on_some(visit, &form).await;
    }
    let (scope, filter, deed) = target(&form)?;
    deed.check()?;
    let said = Said::of(&form)?;
    let Some(target) = said.target(&visit, scope.clone(), filter.clone()).await? else {
        let mut page = question(&visit, scope, &filter, deed).await?;
        page.grown = Some(said.grown(visit.words));
        return Ok((StatusCode::CONFLICT, html(&page)?).into_response());
    };
    let count = target.of.unwrap_or(said.count);
    if needs_typing(&deed, count.max(said.count)) && said.typed != Some(said.count) {
        let said = thousands(said.count, Words::default());
        let text = format!("Type the number of jobs, {said}, to delete them; nothing was deleted");
        return Err(Problem::bad(text));
    }
    if deed == Deed::Kill && form.first("overflow").is_none() {
        refuse_pushing_out(visit.words, &*visit.web.info().await?, count)?;
    }
    let back = back(&visit, &scope, "");
    bulk::run(visit.web, target, deed).await?;
    redirect(StatusCode::FOUND, &back)
}

/// A kill that pushes jobs out of the dead set says so before it acts (`D28`).
pub(crate) async fn check_room<F: Front>(visit: &Visit<F>, filter: &Filter) -> Result<(), Problem> {
    let filter = filter.clone().reached_by(&Deed::Kill);
    let info = visit.web.info().await?;
    // Where all jobs that live would find room, nothing has to be counted.
    if info.retries + info.scheduled + info.enqueued + info.dead <= info.dead_max {
        return Ok(());
    }
    let part = Search::new(&visit.web, &filter, Cursor::default()).find(0, limits::COUNT_TIME).await?;
    refuse_pushing_out(visit.words, &info, part.count())
}

fn refuse_pushing_out(words: Words, info: &bessemer_core::query::Info, count: u64) -> Result<(), Problem> {
    let (jobs, most) = (pushed_out(info, count), thousands(info.dead_max, words));
    if jobs == 0 {
        return Ok(());
    }
    let jobs = amount(jobs, "job");
    let text = format!("That would push {jobs} out of the dead set, which holds {most}; nothing was killed");
    Err(Problem::new(StatusCode::CONFLICT, text))
}

async fn act_on_some<F: Front>(visit: Visit<F>, form: &Fields) -> Shown {
    let deed = Deed::of(form)?;
    let scope = Scope::parse(form.first("in"))?;
    let ids: Option<Vec<JobId>> = form.all("id").map(|id| id.parse().ok().map(JobId)).collect();
    let ids = ids.ok_or_else(|| Problem::bad("invalid id"))?;
    if ids.len() > SLICE_MAX {
        return Err(Problem::bad("too many ids"));
    }
    let line = form.first("q").unwrap_or_default();
    if deed.is_asked(form) {
        return ask_more(&visit, scope, line, ids, deed).await;
    }
    let back = back(&visit, &scope, line);
    bulk::at_once(&visit.web, scope, ids, deed, None).await?;
    redirect(StatusCode::FOUND, &back)
}
