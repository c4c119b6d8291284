//! `/jobs/<jid>`: everything about a job, in whatever state it is (rule `V-28`). The reference's addresses
//! `/retries/<key>`, `/scheduled/<key>` and `/morgue/<key>` lead to the same page.
//!
//! A jid need not be unique; the page shows each live job that has it. Of one that has ended it shows what is still known:
//! the job, as long as it can be taken back, or how the last attempts at it ended.

use std::borrow::Cow;
use std::time::Duration;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use bessemer_core::command::FailureView;
use bessemer_core::fact::JobId;
use bessemer_core::query::{JobView, Place, Set};
use bessemer_core::{Action, Query, Wall};

use crate::count::memory;
use crate::deed::Deed;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Tab};
use crate::guard::visitor;
use crate::job::{Body, Trace, named};
use crate::moment::{self, Moment};
use crate::pages::confirm::{self, ASK, Confirm};
use crate::pages::{edit, recent};
use crate::problem::Problem;
use crate::progress::Far;
use crate::search::Scope;
use crate::visit::{Name, Shown, Visit, html, redirect};
use crate::words::Words;
use crate::{Front, bulk, json, key, limits, text};

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    frame: Frame,
    jobs: Vec<Detail>,
    /// There are more with this jid than are shown.
    more: bool,
}

struct Detail {
    id: u64,
    action: String,
    /// The reference's key, for scripts that read it from the form.
    key: Option<String>,
    buttons: Vec<Button>,
    /// The page that changes it, and that it can be moved: not while somebody works on it, and
    /// not for who only reads.
    edit: Option<String>,
    jid: String,
    jobtype: String,
    /// The state: its colour, and the key of its text.
    state: (&'static str, &'static str),
    queue: String,
    queue_href: String,
    /// The batch that it belongs to, and its page.
    batch: Option<(String, String)>,
    timeline: Vec<Step>,
    facts: Vec<(&'static str, String)>,
    args: String,
    /// That it is cut, and by how much.
    args_cut: Option<String>,
    custom: Option<String>,
    custom_cut: Option<String>,
    raw: String,
    failure: Option<Trace>,
    /// How far its worker says that it is.
    far: Option<Far>,
}

struct Button {
    label: &'static str,
    value: &'static str,
    /// The key of what is asked before it is done; only what cannot be undone asks.
    question: Option<&'static str>,
}

/// Something that happened to the job, happens, or will.
struct Step {
    class: &'static str,
    what: Cow<'static, str>,
    at: Option<Moment>,
    note: Option<String>,
}

/// `GET /jobs/<jid>`.
pub(crate) async fn show<F: Front>(visit: Visit<F>, Name(jid): Name) -> Shown {
    let jobs = visit.web.with_jid(&jid).await?;
    let Some(first) = jobs.first() else {
        return recent::ended(&visit, &jid).await?.ok_or_else(|| gone(&jid));
    };
    let tab = match &first.place {
        Place::Queued { .. } => Tab::Queues,
        Place::Working { .. } => Tab::Busy,
        place => entry(place).map_or(Tab::Other, |(set, _)| super::set::tab(set)),
    };
    render(&visit, &jobs, tab).await
}

/// `GET /<set>/<key>`; an entry that is gone leads back to its list.
pub(crate) async fn show_entry<F: Front>(set: Set, visit: Visit<F>, Name(key): Name) -> Shown {
    let (at, jid) = key::parse(&key)?;
    let jobs = visit.web.jobs(Query::Entry { set, at, jid: jid.into() }).await?.unwrap_or_default();
    if jobs.jobs.is_empty() {
        return redirect(StatusCode::TEMPORARY_REDIRECT, &visit.base.set(set));
    }
    render(&visit, &jobs.jobs, super::set::tab(set)).await
}

fn gone(jid: &str) -> Problem {
    let shown = text::cut(text::visible(jid), 255);
    Problem::not_found(format!("There is no live job {shown}: it has ended, or never was"))
}

async fn render<F: Front>(visit: &Visit<F>, jobs: &[JobView], tab: Tab) -> Shown {
    let now = visit.web.front.now();
    let shown: Vec<Detail> =
        jobs.iter().take(limits::SAME_JID_MAX).map(|view| detail(visit, view, now)).collect();
    let title = shown.first().map_or_else(String::new, |job| format!("{} {}", job.jobtype, job.jid));
    let frame = visit.frame(text::cut(title, 200), tab).await?;
    html(&JobPage { frame, more: jobs.len() > shown.len(), jobs: shown })
}

fn detail<F: Front>(visit: &Visit<F>, view: &JobView, now: Wall) -> Detail {
    let (body, base) = (Body::read(view.body.bytes()), &visit.base);
    let id = view.id.0;
    let args = body.args_laid_out();
    let custom = body.custom.map(|custom| json::pretty(custom.get(), limits::CELL_MAX));
    Detail {
        id,
        action: base.job(&body.jid),
        key: entry(&view.place).map(|(_, at)| key::write(at, &body.jid)),
        buttons: buttons(&view.place),
        edit: (!matches!(view.place, Place::Working { .. } | Place::Discarded { .. }) && visitor::acts())
            .then(|| edit::address(base, &body.jid, view.id)),
        jid: text::visible(&body.jid),
        jobtype: body.jobtype(),
        state: state(&view.place),
        queue_href: base.queue(&view.queue),
        queue: text::visible(&view.queue),
        batch: body.batch().map(|bid| (text::visible(&bid), base.batch(&bid))),
        timeline: timeline(view, &body, now, visit.words),
        facts: facts(view, &body, visit.words),
        args_cut: cut_short(&args, body.args_len(), visit.words),
        args,
        custom_cut: custom
            .as_deref()
            .zip(body.custom)
            .and_then(|(shown, whole)| cut_short(shown, whole.get().len(), visit.words)),
        custom,
        raw: format!("{}/raw?id={id}", base.job(&body.jid)),
        failure: view.failure.as_ref().map(Trace::read),
        far: view.progress.as_ref().map(|progress| Far::new(progress, now, visit.words)),
    }
}

/// How much of a JSON text is shown where it was cut. A whole one ends with a bracket, a quote, a digit or a letter.
fn cut_short(shown: &str, whole: usize, words: Words) -> Option<String> {
    let kb = |bytes: usize| memory(bytes.div_ceil(1024) as u64, words);
    let said = || words.fill("job-cut", &[("shown", &kb(limits::CELL_MAX)), ("whole", &kb(whole))]).into();
    shown.ends_with('…').then(said)
}

fn state(place: &Place) -> (&'static str, &'static str) {
    match place {
        Place::Queued { .. } => ("", "job-queued"),
        Place::Scheduled { .. } => ("quiet", "job-scheduled"),
        Place::Retrying { .. } => ("warn", "job-retrying"),
        Place::Dead { .. } => ("bad", "job-dead"),
        Place::Working { .. } => ("good", "job-working"),
        Place::Discarded { .. } => ("bad", "job-discarded"),
    }
}

/// The sorted set that the job is in, and its time there.
fn entry(place: &Place) -> Option<(Set, Wall)> {
    match place {
        Place::Scheduled { at } => Some((Set::Scheduled, *at)),
        Place::Retrying { at } => Some((Set::Retries, *at)),
        Place::Dead { until } => Some((Set::Dead, *until)),
        Place::Discarded { until, .. } => Some((Set::Discarded, *until)),
        Place::Queued { .. } | Place::Working { .. } => None,
    }
}

/// What may be done to a job; one that is being worked on can only be taken back.
fn buttons(place: &Place) -> Vec<Button> {
    let retry = |label| Button { label, value: "retry", question: None };
    let delete = Button { label: "job-delete", value: "delete", question: Some("job-delete-question") };
    let kill = Button { label: "job-kill", value: "kill", question: Some("job-kill-question") };
    match place {
        Place::Retrying { .. } => vec![retry("job-retry"), kill, delete],
        Place::Scheduled { .. } => vec![retry("job-enqueue"), kill, delete],
        Place::Dead { .. } => vec![retry("job-retry"), delete],
        Place::Queued { .. } => vec![kill, delete],
        Place::Discarded { .. } => vec![Button { label: "deed-restore", value: "restore", question: None }],
        Place::Working { .. } => {
            let question = Some("busy-release-question");
            vec![Button { label: "busy-release", value: "release", question }]
        }
    }
}

/// The job's life, from its creation to what comes next.
fn timeline(view: &JobView, body: &Body<'_>, now: Wall, words: Words) -> Vec<Step> {
    let step = |class, key: &str, at: Wall| {
        Some(Step { class, what: words.say(key), at: Some(Moment::in_full(at, now, words)), note: None })
    };
    let said = |key: &str, text: &Option<String>| {
        let at = Moment::parse(text.as_deref()?, now, words);
        Some(Step { class: "past", what: words.say(key), at: Some(at), note: None })
    };
    let waits = matches!(view.place, Place::Scheduled { .. }).then(|| words.say("job-step-not-enqueued"));
    let not_yet = || waits.map(|what| Step { class: "next", what, at: None, note: None });
    let enqueued = view.enqueued_at.and_then(|at| step("past", "job-step-enqueued", at)).or_else(not_yet);
    let failures = |failure: &FailureView| {
        let times = u64::from(failure.retry_count) + 1;
        let at = Some(Moment::in_full(failure.failed_at, now, words));
        let note = (times > 1).then(|| words.say("job-step-first-failure").into());
        Some(Step { class: "bad", what: words.count("job-step-failed", times), at, note })
    };
    let failed = view.failure.as_ref().and_then(failures);
    let place = match &view.place {
        Place::Queued { .. } => {
            [Some(Step { class: "now", what: words.say("job-step-waits"), at: None, note: None }), None]
        }
        Place::Scheduled { at } => [step("next", "job-step-runs", *at), None],
        Place::Retrying { at } => [step("next", "job-step-retry", *at), None],
        Place::Dead { until } | Place::Discarded { until, .. } => {
            [step("next", "job-step-kept", *until), None]
        }
        Place::Working { wid, since, until } => {
            let late = now > *until;
            let started = step("now", "job-step-started", *since).map(|step| Step {
                note: Some(if wid.is_empty() { words.say("job-no-wid").into() } else { text::visible(wid) }),
                ..step
            });
            [started, step(if late { "bad" } else { "next" }, "job-step-reserved", *until)]
        }
    };
    // A retry enqueues a job after its failure; what stands in the queue for the first time has not failed yet.
    let again =
        view.failure.as_ref().zip(view.enqueued_at).is_some_and(|(failure, at)| at > failure.failed_at);
    let middle = if again { [failed, enqueued] } else { [enqueued, failed] };
    let first = [said("job-step-created", &body.created_at), said("job-step-asked", &body.at)];
    let end = view.expires.and_then(|at| match at > now {
        true => step("next", "job-step-expires", at),
        false => step("bad", "job-step-expired", at),
    });
    first.into_iter().chain(middle).chain(place).chain([end]).flatten().collect()
}

fn facts(view: &JobView, body: &Body<'_>, words: Words) -> Vec<(&'static str, String)> {
    let failure = view.failure.as_ref();
    let allowed = match body.retry.unwrap_or(25) {
        -1 => words.say("job-retries-die").into(),
        0 => words.say("job-retries-discard").into(),
        retries => retries.to_string(),
    };
    let reserve_for = body.reserve_for.unwrap_or(bessemer_core::limits::RESERVE_DEFAULT_S.into());
    let reserved = Duration::from_secs(u64::try_from(reserve_for).unwrap_or_default());
    [
        failure.map(|failure| ("job-retry-count", failure.retry_count.to_string())),
        failure.map(|failure| ("job-remaining", failure.remaining.max(0).to_string())),
        Some(("job-retries", allowed)),
        Some(("job-reserve-for", moment::duration(reserved, words))),
        Some(("job-size", words.count("job-bytes", view.body.bytes().len() as u64).into())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The job that is meant: by its jid, and by its id where several have that.
pub(crate) async fn find<F: Front>(visit: &Visit<F>, jid: &str, fields: &Fields) -> Result<JobView, Problem> {
    let said = fields.first("id");
    let id = said.map(|id| id.parse().map(JobId)).transpose();
    let id = id.map_err(|_| Problem::bad(which("is no number")))?;
    let mut jobs = visit.web.with_jid(jid).await?;
    jobs.retain(|job| id.is_none_or(|id| job.id == id));
    if jobs.len() > 1 {
        return Err(Problem::bad(which("is missing")));
    }
    jobs.pop().ok_or_else(|| gone(jid))
}

/// What changes a job names it in any case: between a look and an act another may have come under its jid.
pub(crate) fn says_which(form: &Fields) -> Result<(), Problem> {
    form.first("id").map(|_| ()).ok_or_else(|| Problem::bad(which("is missing")))
}

fn which(what: &str) -> String {
    format!("The field id, which says which job of this jid is meant, {what}; its page leads on")
}

/// `POST /jobs/<jid>` with `id` and `action`, and `to` where that is `move`; then the list where the job was, or its page.
pub(crate) async fn act<F: Front>(visit: Visit<F>, Name(jid): Name, Posted(form): Posted) -> Shown {
    let own = matches!(form.first("action"), Some("release" | "restore"));
    let deed = if own { None } else { Some(Deed::of(&form)?) };
    says_which(&form)?;
    let job = find(&visit, &jid, &form).await?;
    let buttons = buttons(&job.place);
    let button = buttons.iter().find(|button| Some(button.value) == form.first("action"));
    if let Some(Button { label, value, question: Some(question) }) = button.filter(|_| confirm::asks(&form)) {
        return ask(&visit, &jid, &job, (label, value, question)).await;
    }
    let known = named(&job);
    let (scope, ids) = (Scope::of(&job), vec![job.id]);
    let restores = form.first("action") == Some("restore");
    let stays = restores || matches!(deed, Some(Deed::Move(_)));
    let next = if stays { visit.base.job(&jid) } else { scope.list(&visit.base) };
    match deed {
        Some(deed) => _ = bulk::at_once(&visit.web, scope, ids, deed, Some(known)).await?,
        None if restores => _ = visit.web.act_on(Action::Restore(ids), Some(known)).await?,
        None => _ = visit.web.act_on(Action::Release(ids), Some(known)).await?,
    }
    redirect(StatusCode::FOUND, &next)
}

/// The question before something is done to one job, for who has no scripts.
async fn ask<F: Front>(
    visit: &Visit<F>,
    jid: &str,
    job: &JobView,
    (label, value, question): (&str, &str, &str),
) -> Shown {
    let (words, body) = (visit.words, Body::read(job.body.bytes()));
    let shown = text::visible(jid);
    html(&Confirm {
        frame: visit.frame(text::cut(format!("{} {shown}", body.jobtype()), 200), Tab::Other).await?,
        question: words.say(question).into(),
        sentences: vec![format!("{} {shown}", body.jobtype())],
        action: visit.base.job(jid),
        fields: vec![("id", job.id.0.to_string()), ("action", value.into())],
        name: shown,
        typed: false,
        yes: words.say(label).into(),
        back: visit.base.job(jid),
    })
}

/// `GET /jobs/<jid>/raw?id=`: the job as it is stored, for saving; never shown by the browser.
pub(crate) async fn raw<F: Front>(visit: Visit<F>, Name(jid): Name) -> Shown {
    let id = visit.query.first("id").and_then(|id| id.parse().ok()).map(JobId);
    let jobs = visit.web.with_jid(&jid).await?;
    let job = jobs.into_iter().find(|job| id.is_none_or(|id| job.id == id)).ok_or_else(|| gone(&jid))?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"job-{}.txt\"", job.id.0)),
    ];
    Ok((headers, job.body.bytes().to_vec()).into_response())
}
