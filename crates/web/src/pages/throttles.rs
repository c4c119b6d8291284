//! `/throttles`: what limits queues and who holds the slots (rule `E-60`); with `?queue=` one of them, to see its jobs and to
//! change it.

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::Action;
use bessemer_core::limits::{THROTTLE_MAX, THROTTLE_SPAN_MAX_S};
use bessemer_core::query::{Place, Scan, ThrottleView, Where};
use bessemer_core::throttle::{Parts, Throttle};
use bessemer_protocol::names::check_queue;

use crate::count::thousands;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Tab};
use crate::job::{Body, Card};
use crate::moment::{self, Moment};
use crate::problem::Problem;
use crate::visit::{Shown, Visit, html, redirect};
use crate::words::Words;
use crate::{Front, link, text};

/// Jobs that are shown of those who hold the slots of a queue.
const JOBS_SHOWN: usize = 25;
/// Workers that a row names.
const NAMED: usize = 3;

#[derive(Template)]
#[template(path = "throttles.html")]
struct List {
    frame: Frame,
    total: String,
    rows: Vec<Row>,
    fields: Vec<Field>,
}

#[derive(Template)]
#[template(path = "throttle.html")]
struct One {
    frame: Frame,
    row: Row,
    /// What the configuration says, where an operator has said something else.
    configured: Option<String>,
    holders: Vec<(String, String)>,
    jobs: Vec<Held>,
    /// Jobs that hold slots and are not shown.
    more: u64,
    fields: Vec<Field>,
    action: String,
}

struct Row {
    queue: String,
    href: String,
    jobs: String,
    limits: String,
    is_set: bool,
    full: bool,
    paused: bool,
    taken: String,
    /// How many slots there are, and how many are taken, for a bar; 0: there is no end.
    most: u64,
    working: u64,
    waiting: String,
    tokens: String,
    holders: String,
}

/// A job that holds a slot.
struct Held {
    job: Card,
    wid: String,
    since: Moment,
}

/// A number of the form.
struct Field {
    name: &'static str,
    label: String,
    value: String,
    most: u32,
}

/// `GET /throttles`, with `?queue=` one of them.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    if let Some(queue) = visit.query.first("queue").map(str::to_owned) {
        return one(&visit, &queue).await;
    }
    let throttles = visit.web.throttles().await?;
    let words = visit.words;
    html(&List {
        frame: visit.frame(words.say("tab-throttles"), Tab::Throttles).await?,
        total: thousands(throttles.len() as u64, words),
        rows: throttles.iter().map(|view| row(&visit, view)).collect(),
        fields: fields(&Throttle::default(), words),
    })
}

/// `POST /throttles` with `queue`, and what limits it: `concurrency`, `worker`, `rate`, `per`, `burst`, each a number or
/// empty. `action=lift`: nothing does; `action=reset`: as the configuration says.
pub(crate) async fn act<F: Front>(visit: Visit<F>, Posted(form): Posted) -> Shown {
    let queue = form.first("queue").unwrap_or_default().trim().to_owned();
    check_queue(&queue).map_err(|error| Problem::bad(error.to_string()))?;
    let limit = match form.first("action") {
        Some("reset") => None,
        Some("lift") => Some(Throttle::default()),
        Some("set") | None => Some(wanted(&form)?),
        Some(other) => return Err(Problem::bad(format!("invalid action: {}", text::quoted(other)))),
    };
    let is_reset = limit.is_none();
    visit.web.act(Action::Throttle { queue: queue.clone(), limit }).await?;
    let known = !is_reset || find(&visit, &queue).await?.is_some();
    redirect(StatusCode::FOUND, &if known { address(&visit, &queue) } else { list(&visit) })
}

fn list<F: Front>(visit: &Visit<F>) -> String {
    format!("{}/throttles", visit.base.0)
}

fn address<F: Front>(visit: &Visit<F>, queue: &str) -> String {
    format!("{}?queue={}", list(visit), link::encoded(queue))
}

/// The limits that a form says. One that says none is a mistake: there is a button for that.
fn wanted(form: &Fields) -> Result<Throttle, Problem> {
    let mut parts = Parts::default();
    for name in Parts::NAMES {
        let said = form.first(name).map(str::trim).filter(|said| !said.is_empty());
        if let (Some(part), Some(said)) = (parts.part(name), said) {
            let number = said.parse();
            *part =
                Some(number.map_err(|_| Problem::bad(format!("invalid {name}: {}", text::quoted(said))))?);
        }
    }
    let throttle = parts.throttle().map_err(|bad| Problem::bad(format!("invalid limits: {bad}")))?;
    if throttle.limits() { Ok(throttle) } else { Err(Problem::bad("invalid limits: none is given")) }
}

async fn find<F: Front>(visit: &Visit<F>, queue: &str) -> Result<Option<ThrottleView>, Problem> {
    Ok(visit.web.throttles().await?.into_iter().find(|view| view.queue == queue))
}

async fn one<F: Front>(visit: &Visit<F>, queue: &str) -> Shown {
    let Some(view) = find(visit, queue).await? else {
        return redirect(StatusCode::FOUND, &list(visit));
    };
    let scan = Scan {
        places: vec![Where::Working],
        jids: None,
        queue: Some(queue.to_owned()),
        jobtype: None,
        from: None,
        count: bessemer_core::limits::SLICE_MAX,
        most: JOBS_SHOWN,
        texts: true,
    };
    let found = visit.web.scan(scan).await?;
    let (words, now) = (visit.words, visit.web.front.now());
    let jobs: Vec<Held> = found
        .jobs
        .iter()
        .filter_map(|job| match &job.place {
            Place::Working { wid, since, .. } => Some(Held {
                job: Card::new(&visit.base, job, &Body::read(job.body.bytes())),
                wid: worker(wid, words),
                since: Moment::new(*since, now, words),
            }),
            _ => None,
        })
        .collect();
    let configured = view.configured.filter(|_| view.is_set);
    html(&One {
        frame: visit
            .frame(words.fill("throttles-title", &[("queue", view.queue.as_str())]), Tab::Throttles)
            .await?,
        row: row(visit, &view),
        configured: configured.map(|throttle| say(&throttle, words)),
        holders: view
            .holders
            .iter()
            .map(|(wid, jobs)| (worker(wid, words), thousands(*jobs, words)))
            .collect(),
        more: view.working.saturating_sub(jobs.len() as u64),
        jobs,
        fields: fields(&view.limit, words),
        action: list(visit),
    })
}

fn row<F: Front>(visit: &Visit<F>, view: &ThrottleView) -> Row {
    let words = visit.words;
    let most = view.limit.concurrency.map_or(0, u64::from);
    let working = thousands(view.working, words);
    let named = |(wid, jobs): &(String, u64)| format!("{} ({})", worker(wid, words), thousands(*jobs, words));
    let mut holders: Vec<String> = view.holders.iter().take(NAMED).map(named).collect();
    if view.workers > NAMED as u64 {
        holders.push("…".into());
    }
    Row {
        queue: view.queue.clone(),
        href: address(visit, &view.queue),
        jobs: visit.base.queue(&view.queue),
        limits: say(&view.limit, words),
        is_set: view.is_set,
        full: view.is_full(),
        paused: view.paused,
        taken: if most > 0 { format!("{working} / {}", thousands(most, words)) } else { working },
        most,
        working: view.working.min(most),
        waiting: thousands(view.waiting, words),
        tokens: match (view.tokens, view.next_token) {
            (_, Some(after)) => {
                words.fill("throttles-next", &[("time", &moment::duration(after, words))]).into_owned()
            }
            (Some(tokens), None) => thousands(tokens.into(), words),
            (None, None) => String::new(),
        },
        holders: holders.join(", "),
    }
}

fn worker(wid: &str, words: Words) -> String {
    if wid.is_empty() { words.say("throttles-nobody").into_owned() } else { text::visible(wid) }
}

/// What limits a queue, in words.
fn say(throttle: &Throttle, words: Words) -> String {
    let number = |key: &str, n: u32| words.fill(key, &[("n", &thousands(n.into(), words))]).into_owned();
    let mut said = Vec::new();
    said.extend(throttle.concurrency.map(|n| number("throttles-concurrency", n)));
    said.extend(throttle.worker.map(|n| number("throttles-worker", n)));
    if let Some(rate) = throttle.rate {
        let (jobs, per) =
            (thousands(rate.jobs.into(), words), format!("{} s", thousands(rate.per_s.into(), words)));
        said.push(words.fill("throttles-rate", &[("n", &jobs), ("time", &per)]).into_owned());
        if rate.burst != rate.jobs {
            said.push(number("throttles-burst", rate.burst));
        }
    }
    if said.is_empty() { words.say("throttles-none").into_owned() } else { said.join(" · ") }
}

fn fields(throttle: &Throttle, words: Words) -> Vec<Field> {
    let said: Vec<(&str, u32)> = throttle.parts().collect();
    // What does nothing cannot be set here.
    let names = Parts::NAMES.into_iter().filter(|name| *name != "timeout");
    let field = |name: &'static str| Field {
        name,
        label: words.say(&format!("throttles-field-{name}")).into_owned(),
        value: said.iter().find(|(of, _)| *of == name).map_or_else(String::new, |(_, n)| n.to_string()),
        most: if name == "per" { THROTTLE_SPAN_MAX_S } else { THROTTLE_MAX },
    };
    names.map(field).collect()
}
