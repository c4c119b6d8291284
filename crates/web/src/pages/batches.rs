//! `/batches`: every batch, newest first, and how far each is. `/batches/<bid>`: what one waits for, its members and where they are,
//! its callbacks and children; cancelling and checking it.

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::batch::{BatchDetail, BatchScan, BatchView, Call, MembersSeen, Wait};
use bessemer_core::query::Where;
use bessemer_core::{Action, Answer, Query, Wall};
use bessemer_protocol::batch::BatchState;

use crate::count::thousands;
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::job::jid_of;
use crate::moment::Moment;
use crate::pages::confirm::{self, Confirm};
use crate::problem::Problem;
use crate::visit::{Name, Shown, Visit, html, redirect};
use crate::web::{Web, unexpected};
use crate::words::Words;
use crate::{Front, limits};

/// Pieces of a walk over the members of one batch: with more of them their places are not counted to the end.
const PIECES_MAX: usize = 64;

/// Pieces of the list that are passed over on the way to a page.
const SKIPS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "batches.html")]
struct Page {
    frame: Frame,
    total: String,
    states: Vec<StateLink>,
    rows: Vec<Row>,
    older: Option<String>,
}

/// A state that the list can be cut down to.
struct StateLink {
    label: String,
    href: String,
    current: bool,
}

/// A batch in a list.
struct Row {
    bid: String,
    href: String,
    description: String,
    state: String,
    class: &'static str,
    created: Moment,
    total: String,
    done: String,
    failed: String,
    percent: u64,
    bar: &'static str,
}

#[derive(Template)]
#[template(path = "batch.html")]
struct One {
    frame: Frame,
    batch: Row,
    parent: Option<(String, String)>,
    until: Option<(String, Moment)>,
    waits: Vec<String>,
    places: Vec<(String, String)>,
    members: Vec<Member>,
    more: bool,
    callbacks: Vec<CallbackRow>,
    children: Vec<Row>,
    action: String,
    may_cancel: bool,
}

struct Member {
    jid: String,
    href: String,
    place: String,
}

struct CallbackRow {
    name: String,
    state: String,
    job: Option<String>,
}

/// `GET /batches?state=&after=`
pub(crate) async fn list<F: Front>(visit: Visit<F>) -> Shown {
    let words = visit.words;
    let state = visit.query.first("state").and_then(BatchState::named);
    let from = visit.query.first("after").and_then(place);
    let path = format!("{}/batches", visit.base.0);
    let scan = BatchScan { state, parent: None, from, count: limits::SHORT_ROWS };
    let (batches, next, total) = visit.web.batches(scan).await?;
    let asked = |state: Option<BatchState>| match state {
        Some(state) => format!("{path}?state={}", state.as_str()),
        None => path.clone(),
    };
    let link = |of: Option<BatchState>| StateLink {
        label: of.map_or(words.say("batches-all"), |state| state_word(words, state)).into(),
        href: asked(of),
        current: of == state,
    };
    let older = next.map(|(created, bid)| {
        let joint = if state.is_some() { '&' } else { '?' };
        format!("{}{joint}after={}.{bid}", asked(state), created.0)
    });
    html(&Page {
        frame: visit.frame(words.say("tab-batches"), Tab::Batches).await?,
        total: thousands(total),
        states: std::iter::once(None).chain(BatchState::ALL.map(Some)).map(link).collect(),
        rows: batches.iter().map(|view| row(&visit, view)).collect(),
        older,
    })
}

/// Where a list goes on.
pub(crate) fn place(text: &str) -> Option<(Wall, String)> {
    let (created, bid) = text.split_once('.')?;
    Some((Wall(created.parse().ok()?), bid.to_owned()))
}

fn state_word(words: Words, state: BatchState) -> std::borrow::Cow<'static, str> {
    words.say(&format!("batches-state-{}", state.as_str()))
}

fn row<F: Front>(visit: &Visit<F>, view: &BatchView) -> Row {
    let (words, state, now) = (visit.words, view.state(), visit.web.front.now());
    let done = view.total - view.pending;
    let class = match state {
        BatchState::Succeeded => "badge good",
        BatchState::Failing | BatchState::Failed => "badge bad",
        BatchState::Open | BatchState::Running | BatchState::Cancelled => "badge",
    };
    Row {
        bid: view.bid.clone(),
        href: visit.base.batch(&view.bid),
        description: view.description.clone(),
        state: state_word(words, state).into(),
        class,
        created: Moment::new(view.created, now, words),
        total: thousands(view.total),
        done: thousands(done),
        failed: thousands(view.failed),
        percent: (done * 100).checked_div(view.total).unwrap_or(if view.over { 100 } else { 0 }),
        bar: if view.failed > 0 { "bad" } else { "good" },
    }
}

/// `GET /batches/<bid>`; with `?cancel=` the question whether to cancel it.
pub(crate) async fn show<F: Front>(visit: Visit<F>, Name(bid): Name) -> Shown {
    let words = visit.words;
    let detail = visit.web.batch(&bid).await?;
    let view = &detail.view;
    let action = visit.base.batch(&bid);
    if visit.query.first("cancel").is_some() {
        return html(&Confirm {
            frame: visit.frame(words.say("batches-cancel"), Tab::Batches).await?,
            question: words.fill("batches-cancel-question", &[("bid", &bid)]).into(),
            sentences: vec![words.say("batches-cancel-means").into()],
            action: action.clone(),
            fields: vec![("action", "cancel".into())],
            name: bid,
            typed: false,
            yes: words.say("batches-cancel").into(),
            back: action,
        });
    }
    let (seen, jids) = visit.web.members(&bid).await?;
    let now = visit.web.front.now();
    let until = view.until.map(|until| {
        let key = match (view.over, view.committed) {
            (false, true) => "batches-closed-at",
            _ => "batches-forgotten-at",
        };
        (words.say(key).into(), Moment::new(until, now, words))
    });
    html(&One {
        frame: visit.frame(words.fill("batches-one", &[("bid", &bid)]), Tab::Batches).await?,
        batch: row(&visit, view),
        parent: view.parent.clone().map(|parent| (visit.base.batch(&parent), parent)),
        until,
        waits: detail.waits.iter().map(|wait| sentence(words, wait)).collect(),
        places: places(words, view, &seen),
        more: seen.next.is_some(),
        members: jids
            .into_iter()
            .map(|(jid, place)| Member { href: visit.base.job(&jid), place: place_word(words, place), jid })
            .collect(),
        callbacks: callbacks(&visit, &detail).await?,
        children: detail.children.iter().map(|child| row(&visit, child)).collect(),
        action,
        may_cancel: !view.cancelled && !view.over,
    })
}

fn place_word(words: Words, place: Where) -> String {
    let name = match place {
        Where::Working => "working",
        Where::Queued => "queued",
        Where::Retries => "retrying",
        Where::Scheduled => "scheduled",
        Where::Dead => "dead",
        Where::Discarded => "discarded",
    };
    words.say(&format!("batches-place-{name}")).into()
}

/// Where all members are, those that are no more too.
fn places(words: Words, view: &BatchView, seen: &MembersSeen) -> Vec<(String, String)> {
    let living = seen.counts.iter().map(|(place, count)| (place_word(words, *place), *count));
    let done = (words.say("batches-place-done").into(), view.total - view.pending);
    let gone = (words.say("batches-place-gone").into(), view.gone);
    let all = std::iter::once(done).chain(living).chain((view.gone > 0).then_some(gone));
    all.map(|(name, count)| (name, thousands(count))).collect()
}

/// What it waits for, in the visitor's language.
fn sentence(words: Words, wait: &Wait) -> String {
    let count = |key: &str, n: u64| words.fill(key, &[("n", &thousands(n))]).into_owned();
    match wait {
        Wait::Commit { closes: false, .. } => words.say("batches-wait-commit").into(),
        Wait::Commit { closes: true, .. } => words.say("batches-wait-again").into(),
        Wait::Members(n) => count("batches-wait-members", *n),
        Wait::Failing(n) => count("batches-wait-failing", *n),
        Wait::Children { count: n, .. } => count("batches-wait-children", *n),
        Wait::Callback { which, job } => {
            let key = if job.is_some() { "batches-wait-callback" } else { "batches-wait-lost" };
            words.fill(key, &[("name", which.as_str())]).into()
        }
        Wait::Never(n) => count("batches-wait-never", *n),
    }
}

async fn callbacks<F: Front>(visit: &Visit<F>, detail: &BatchDetail) -> Result<Vec<CallbackRow>, Problem> {
    let mut rows = Vec::new();
    for callback in &detail.callbacks {
        let ids = callback.job.iter().map(|(id, _)| *id).collect();
        let jobs = visit.web.jobs(Query::Named { ids }).await?.unwrap_or_default();
        let state = match callback.call {
            Call::Undefined | Call::Waits => "batches-call-waits",
            Call::Pushed => "batches-call-pushed",
            Call::Done => "batches-call-done",
        };
        rows.push(CallbackRow {
            name: callback.which.as_str().into(),
            state: visit.words.say(state).into(),
            job: jobs.jobs.first().and_then(jid_of).map(|jid| visit.base.job(&jid)),
        });
    }
    Ok(rows)
}

/// `POST /batches/<bid>` with the `action` cancel, or check.
pub(crate) async fn act<F: Front>(visit: Visit<F>, Name(bid): Name, Posted(form): Posted) -> Shown {
    visit.web.batch(&bid).await?;
    let action = match form.first("action") {
        Some("cancel") => {
            confirm::check(&form, &bid)?;
            Action::CancelBatch(bid.clone())
        }
        Some("check") => Action::RepairBatch(bid.clone()),
        _ => return Err(Problem::bad("invalid action")),
    };
    visit.web.act(action).await?;
    redirect(StatusCode::FOUND, &visit.base.batch(&bid))
}

/// Batches, where to go on, and how many there are.
type Listed = (Vec<BatchView>, Option<(Wall, String)>, u64);

impl<F: Front> Web<F> {
    /// A page of the list, however many are passed over for it.
    pub(crate) async fn batches(&self, mut scan: BatchScan) -> Result<Listed, Problem> {
        let (mut found, count) = (Vec::new(), scan.count);
        for _ in 0..SKIPS_MAX {
            scan.count = count - found.len();
            match self.front.ask(Query::Batches(scan.clone())).await? {
                Answer::Batches(seen) => {
                    found.extend(seen.batches);
                    if seen.next.is_none() || found.len() >= count {
                        return Ok((found, seen.next, seen.total));
                    }
                    scan.from = seen.next;
                }
                other => return Err(unexpected(&other)),
            }
        }
        Ok((found, scan.from, 0))
    }

    /// One batch.
    pub(crate) async fn batch(&self, bid: &str) -> Result<Box<BatchDetail>, Problem> {
        match self.front.ask(Query::Batch { bid: bid.to_owned() }).await? {
            Answer::Batch(detail) => Ok(detail),
            Answer::Missing => Err(Problem::not_found("There is no such batch")),
            other => Err(unexpected(&other)),
        }
    }

    /// Where its living members are, and the first of them by name.
    pub(crate) async fn members(&self, bid: &str) -> Result<(MembersSeen, Vec<(String, Where)>), Problem> {
        let mut all = MembersSeen::default();
        for _ in 0..PIECES_MAX {
            let most = limits::SHORT_ROWS - all.ids.len();
            let query = Query::Members { bid: bid.to_owned(), from: all.next.unwrap_or(0), most };
            match self.front.ask(query).await? {
                Answer::Members(seen) => {
                    for (place, count) in seen.counts {
                        *all.counts.entry(place).or_default() += count;
                    }
                    all.ids.extend(seen.ids);
                    all.next = seen.next;
                }
                Answer::Missing => break,
                other => return Err(unexpected(&other)),
            }
            if all.next.is_none() {
                break;
            }
        }
        let jobs = self.jobs(Query::Named { ids: all.ids.clone() }).await?.unwrap_or_default();
        let named = jobs.jobs.iter().filter_map(|job| Some((jid_of(job)?, Where::from(&job.place))));
        Ok((all, named.collect()))
    }
}
