//! `/cron`: the entries that push jobs by the clock, and `/cron/<id>`: the runs of one (rule `E-50`).

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::Action;
use bessemer_core::command::CronDeed;
use bessemer_core::cron::{Ran, Why, local};
use bessemer_core::query::{CronRun, CronView};

use crate::count::thousands;
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::moment::Moment;
use crate::problem::Problem;
use crate::schedule;
use crate::visit::{Name, Shown, Visit, html, redirect};
use crate::{Front, text};

#[derive(Template)]
#[template(path = "cron.html")]
struct Page {
    frame: Frame,
    total: String,
    entries: Vec<Entry>,
}

#[derive(Template)]
#[template(path = "cron-entry.html")]
struct EntryPage {
    frame: Frame,
    entry: Entry,
    missed: String,
    jitter: Option<String>,
    runs: Vec<Run>,
}

struct Entry {
    id: String,
    href: String,
    schedule: String,
    /// The schedule in words, where there are any.
    words: Option<String>,
    zone: String,
    jobtype: String,
    queue: String,
    queue_href: String,
    enabled: bool,
    paused: bool,
    next: Option<When>,
    last: Option<Run>,
}

/// A moment, and what clocks of the entry's zone show then.
struct When {
    moment: Moment,
    local: String,
}

struct Run {
    when: When,
    by_hand: bool,
    outcome: String,
    /// The class of its badge.
    class: &'static str,
    /// The jid, and where it leads.
    job: Option<(String, String)>,
    until: Option<Moment>,
    fails: String,
    note: String,
}

/// `GET /cron`
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let entries = visit.web.crons(None).await?.unwrap_or_default();
    html(&Page {
        frame: visit.frame(visit.words.say("cron-title"), Tab::Cron).await?,
        total: thousands(entries.len() as u64, visit.words),
        entries: entries.iter().map(|view| entry(&visit, view)).collect(),
    })
}

/// `GET /cron/<id>`
pub(crate) async fn show_one<F: Front>(visit: Visit<F>, Name(id): Name) -> Shown {
    let Some(view) = visit.web.crons(Some(id)).await?.and_then(|mut found| found.pop()) else {
        return Err(Problem::not_found("There is no such cron entry"));
    };
    let words = visit.words;
    html(&EntryPage {
        frame: visit.frame(words.fill("cron-entry-title", &[("id", &view.id)]), Tab::Cron).await?,
        entry: entry(&visit, &view),
        missed: words.say(&format!("cron-missed-{}", view.missed.as_str())).into(),
        jitter: (view.jitter > 0).then(|| words.count("cron-jitter-seconds", u64::from(view.jitter)).into()),
        runs: view.runs.iter().map(|run| row(&visit, &view, run)).collect(),
    })
}

/// `POST /cron/<id>` with `action`: `run`, `pause` or `resume`.
pub(crate) async fn act<F: Front>(visit: Visit<F>, Name(id): Name, Posted(form): Posted) -> Shown {
    let action = form.first("action").unwrap_or_default();
    let Some(deed) = CronDeed::ALL.into_iter().find(|deed| deed.as_str() == action) else {
        return Err(Problem::bad(format!("invalid action: {}", text::quoted(action))));
    };
    let to = visit.base.cron(&id);
    visit.web.act(Action::Cron { id, deed }).await?;
    redirect(StatusCode::FOUND, &to)
}

fn entry<F: Front>(visit: &Visit<F>, view: &CronView) -> Entry {
    Entry {
        id: view.id.clone(),
        href: visit.base.cron(&view.id),
        schedule: view.schedule.as_str().to_owned(),
        words: schedule::in_words(&view.schedule, visit.words),
        zone: view.zone.iana_name().unwrap_or("UTC").to_owned(),
        jobtype: text::visible(&view.jobtype),
        queue: view.queue.clone(),
        queue_href: visit.base.queue(&view.queue),
        enabled: view.enabled,
        paused: view.paused,
        next: view.next.map(|at| when(visit, view, at)),
        last: view.runs.first().map(|run| row(visit, view, run)),
    }
}

fn when<F: Front>(visit: &Visit<F>, view: &CronView, at: bessemer_core::Wall) -> When {
    let moment = Moment::new(at, visit.web.front.now(), visit.words);
    When { moment, local: local(at, &view.zone) }
}

fn row<F: Front>(visit: &Visit<F>, view: &CronView, run: &CronRun) -> Run {
    let words = visit.words;
    let key = match (run.ran, run.place) {
        (Ran::Pushed, Some(place)) => format!("cron-at-{}", format!("{place:?}").to_lowercase()),
        (ran, _) => format!("cron-ran-{}", ran.as_str()),
    };
    Run {
        when: when(visit, view, run.tick),
        by_hand: run.by_hand,
        outcome: match run.ran {
            Ran::Skipped(_) => words.count(&key, u64::from(run.ticks)).into(),
            _ => words.say(&key).into(),
        },
        class: match run.ran {
            Ran::Done => "good",
            Ran::Died | Ran::Discarded | Ran::Refused | Ran::Skipped(Why::Missed) => "bad",
            Ran::Pushed if run.fails > 0 => "bad",
            Ran::Pushed | Ran::Deleted | Ran::Expired | Ran::Skipped(Why::Paused) => "",
        },
        job: run.jid.as_ref().map(|jid| (jid.clone(), visit.base.find(jid))),
        until: run.until.map(|at| Moment::new(at, visit.web.front.now(), words)),
        fails: if run.fails > 0 { thousands(u64::from(run.fails), visit.words) } else { String::new() },
        note: text::visible(&run.note),
    }
}
