//! `/batches`: every batch, newest first, and how far each is. `/batches/<bid>`: what one waits for, its members and where they are,
//! its callbacks and children; cancelling and checking it.

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::batch::{BatchDetail, BatchScan, BatchView, Call, MembersSeen, Wait};
use bessemer_core::query::{JobView, Where};
use bessemer_core::{Action, Answer, Query, Wall};
use bessemer_protocol::batch::BatchState;

use crate::count::thousands;
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::job::{Body, Card, jid_of};
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
    /// What is said where there are none.
    empty: &'static str,
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
    bar: (String, String),
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
    /// The address of those behind them, and of the first where these are not.
    rest: Option<String>,
    first: Option<String>,
    /// There are more than were counted.
    more: bool,
    callbacks: Vec<CallbackRow>,
    children: Vec<Row>,
    action: String,
    may_cancel: bool,
    /// What a look at it has put right.
    checked: Option<String>,
}

struct Member {
    job: Card,
    place: String,
    class: &'static str,
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
        total: thousands(total, words),
        states: std::iter::once(None).chain(BatchState::ALL.map(Some)).map(link).collect(),
        rows: batches.iter().map(|view| row(&visit, view)).collect(),
        empty: if state.is_some() { "batches-none" } else { "batches-empty" },
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
    let share = |part: u64| format!("{:.1}", part as f64 * 100.0 / view.total.max(1) as f64);
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
        total: thousands(view.total, words),
        done: thousands(done, words),
        failed: thousands(view.failed, words),
        bar: (share(done), share(view.failed.min(view.pending))),
    }
}

/// `GET /batches/<bid>`, with `?from=` members further on; with `?cancel=` the question whether to cancel it.
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
    let from = visit.query.first("from").map_or(Ok(0), str::parse);
    let from = from.map_err(|_| Problem::bad("Invalid parameter: from"))?;
    let (seen, members) = visit.web.members(&bid, from).await?;
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
        rest: seen.rest.map(|rest| format!("{action}?from={rest}")),
        first: (from > 0).then(|| action.clone()),
        members: members.iter().map(|job| member(&visit, job)).collect(),
        callbacks: callbacks(&visit, &detail).await?,
        children: detail.children.iter().map(|child| row(&visit, child)).collect(),
        action,
        may_cancel: !view.cancelled && !view.over,
        checked: visit.query.first("checked").and_then(|n| n.parse().ok()).map(|n| checked(words, n)),
    })
}

fn member<F: Front>(visit: &Visit<F>, job: &JobView) -> Member {
    let place = Where::from(&job.place);
    Member {
        job: Card::new(&visit.base, job, &Body::read(job.body.bytes())),
        place: place_word(visit.words, place),
        class: match place {
            Where::Working => "badge good",
            Where::Retries | Where::Dead => "badge bad",
            Where::Queued | Where::Scheduled | Where::Discarded => "badge",
        },
    }
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

/// What became of a look at the batch.
fn checked(words: Words, repaired: u64) -> String {
    match repaired {
        0 => words.say("batches-checked-nothing").into(),
        n => words.fill("batches-checked", &[("n", &thousands(n, words))]).into(),
    }
}

/// Where all members are, those that are no more too.
fn places(words: Words, view: &BatchView, seen: &MembersSeen) -> Vec<(String, String)> {
    let living = seen.counts.iter().map(|(place, count)| (place_word(words, *place), *count));
    let done = (words.say("batches-place-done").into(), view.total - view.pending);
    let gone = (words.say("batches-place-gone").into(), view.gone);
    let all = std::iter::once(done).chain(living).chain((view.gone > 0).then_some(gone));
    all.map(|(name, count)| (name, thousands(count, words))).collect()
}

/// What it waits for, in the visitor's language.
fn sentence(words: Words, wait: &Wait) -> String {
    let count = |key: &str, n: u64| words.fill(key, &[("n", &thousands(n, words))]).into_owned();
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
    let checks = matches!(action, Action::RepairBatch(_));
    let reached = visit.web.act(action).await?;
    let told = if checks { format!("?checked={reached}") } else { String::new() };
    redirect(StatusCode::FOUND, &format!("{}{told}", visit.base.batch(&bid)))
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

    /// Where its living members are, and some of them, from a place on.
    pub(crate) async fn members(&self, bid: &str, from: u32) -> Result<(MembersSeen, Vec<JobView>), Problem> {
        let mut all = self.members_seen(bid, from, limits::SHORT_ROWS).await?;
        let (mut seen, mut pieces) = (self.members_seen(bid, 0, 0).await?, 1);
        all.counts = seen.counts;
        while let Some(next) = seen.next.filter(|_| pieces < PIECES_MAX) {
            seen = self.members_seen(bid, next, 0).await?;
            pieces += 1;
            for (place, count) in seen.counts {
                *all.counts.entry(place).or_default() += count;
            }
        }
        all.next = seen.next;
        let jobs = self.jobs(Query::Named { ids: all.ids.clone() }).await?.unwrap_or_default();
        Ok((all, jobs.jobs))
    }

    async fn members_seen(&self, bid: &str, from: u32, most: usize) -> Result<MembersSeen, Problem> {
        match self.front.ask(Query::Members { bid: bid.to_owned(), from, most }).await? {
            Answer::Members(seen) => Ok(seen),
            Answer::Missing => Ok(MembersSeen::default()),
            other => Err(unexpected(&other)),
        }
    }
}
