//! `/statistics`: how many jobs of each type and queue, how many failed, how long they ran and waited; and the same of
//! one type or queue over time.

use askama::Template;
use axum::http::StatusCode;

use crate::chart::Chart;
use crate::count::{percent, thousands};
use crate::curve::{self, Notch, PERCENTILES, SPARK, moment, notches, percentiles, spark};
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::problem::Problem;
use crate::visit::{Name, Shown, Visit, html, redirect};
use crate::watch::{self, DeployMark, MARK_MAX, MarkError, Point, Series, Span};
use crate::words::Words;
use crate::{Front, text};

#[derive(Template)]
#[template(path = "statistics.html")]
struct Statistics {
    frame: Frame,
    spans: Vec<SpanLink>,
    tables: Vec<Table>,
    course: Course,
}

/// A link to another span of the same page.
struct SpanLink {
    href: String,
    label: String,
    current: bool,
}

struct Table {
    /// `types` or `queues`.
    kind: &'static str,
    title: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    /// Of what has statistics of its own.
    href: Option<String>,
    count: String,
    failed: String,
    rate: String,
    /// Whether anything failed.
    bad: bool,
    run: [String; 3],
    wait: [String; 3],
    spark: (String, String),
}

#[derive(Template)]
#[template(path = "statistics_one.html")]
struct One {
    frame: Frame,
    /// The words before the name.
    kind: String,
    name: String,
    list: String,
    spans: Vec<SpanLink>,
    course: Course,
    facts: Vec<(String, String)>,
    /// The percentiles of run and wait.
    percentiles: Vec<(String, [String; 3])>,
}

/// The drawings of a series and what belongs to them.
#[derive(Template)]
#[template(path = "parts/series.html")]
struct Course {
    words: Words,
    base: String,
    throughput: Chart,
    run: Chart,
    wait: Chart,
    marks: Vec<Notch>,
    /// The same as a table, newest first.
    table: Vec<Line>,
    /// Hidden fields of the form that sets a mark: where to go back.
    back: Vec<(&'static str, String)>,
}

impl askama::filters::HtmlSafe for Course {}

struct Line {
    at: String,
    processed: String,
    failed: String,
    run: [String; 3],
    wait: [String; 3],
}

impl Course {
    fn new<F: Front>(visit: &Visit<F>, what: &Series, span: Span, points: &[Point]) -> Self {
        let words = visit.words;
        let marks = notches(&visit.web.front.watch().marks(), points, span);
        let drawn =
            |chart: Chart| chart.marked(marks.iter().map(|mark| (mark.part, &*mark.text, &*mark.shown)));
        let mut back = vec![("span", span.as_str().to_owned())];
        match what {
            Series::All => {}
            Series::Type(name) => back.push(("types", name.clone())),
            Series::Queue(name) => back.push(("queues", name.clone())),
        }
        let line = |point: &Point| Line {
            at: moment(point.at, span),
            processed: thousands(point.cell.processed(), words),
            failed: thousands(point.cell.failed, words),
            run: percentiles(&point.cell.run, words),
            wait: percentiles(&point.cell.wait, words),
        };
        Self {
            words,
            base: visit.base.0.to_string(),
            throughput: drawn(curve::throughput(points, span, words)),
            run: drawn(curve::durations(points, span, "statistics-run-said", words, |point| &point.cell.run)),
            wait: drawn(curve::durations(points, span, "statistics-wait-said", words, |point| {
                &point.cell.wait
            })),
            table: points.iter().rev().map(line).collect(),
            back,
            marks,
        }
    }
}

/// `GET /statistics?span=`: all types and queues. `?types=` and `?queues=` ask for one whose name no path can hold.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    if let Some(name) = visit.query.first("types").map(str::to_owned) {
        return one(visit, Series::Type(name)).await;
    }
    if let Some(name) = visit.query.first("queues").map(str::to_owned) {
        return one(visit, Series::Queue(name)).await;
    }
    let (span, words, watch) = (span(&visit)?, visit.words, visit.web.front.watch());
    let table = |kind: &'static str, rows: Vec<watch::Row>, of: fn(String) -> Series| Table {
        kind,
        title: words.say(&format!("statistics-{kind}")).into(),
        rows: rows.iter().map(|row| self::row(&visit, span, row, of)).collect(),
    };
    let tables = vec![
        table("types", watch.types(span), Series::Type),
        table("queues", watch.queues(span), Series::Queue),
    ];
    let points = watch.series(&Series::All, span);
    html(&Statistics {
        frame: visit.frame(words.say("statistics-title"), Tab::Statistics).await?,
        spans: spans(&visit, &Series::All, span),
        course: Course::new(&visit, &Series::All, span, &points),
        tables,
    })
}

fn row<F: Front>(visit: &Visit<F>, span: Span, row: &watch::Row, of: fn(String) -> Series) -> Row {
    let (name, words) = (row.name.as_deref(), visit.words);
    let cell = &row.sum;
    Row {
        name: name.map_or_else(|| visit.words.say("statistics-other").into(), text::name),
        href: name.map(|name| address(visit, &of(name.into()), span)),
        count: thousands(cell.processed(), words),
        failed: thousands(cell.failed, words),
        rate: percent(cell.failed, cell.processed(), words),
        bad: cell.failed > 0,
        run: percentiles(&cell.run, words),
        wait: percentiles(&cell.wait, words),
        spark: spark(&row.points),
    }
}

/// `GET /statistics/types/<type>?span=`.
pub(crate) async fn show_type<F: Front>(visit: Visit<F>, Name(name): Name) -> Shown {
    one(visit, Series::Type(name)).await
}

/// `GET /statistics/queues/<queue>?span=`.
pub(crate) async fn show_queue<F: Front>(visit: Visit<F>, Name(name): Name) -> Shown {
    one(visit, Series::Queue(name)).await
}

async fn one<F: Front>(visit: Visit<F>, what: Series) -> Shown {
    let (span, words, base) = (span(&visit)?, visit.words, &visit.base);
    let (kind, name, list) = match &what {
        Series::Type(name) => ("type", name.as_str(), base.recent_of(name)),
        Series::Queue(name) => ("queue", name.as_str(), base.queue(name)),
        Series::All => ("all", "", format!("{}/recent", base.0)),
    };
    let points = visit.web.front.watch().series(&what, span);
    if points.is_empty() {
        let shown = text::quoted(name);
        return Err(Problem::not_found(format!(
            "There are no statistics of the {kind} {shown}: none of its jobs ended in the last 30 days"
        )));
    }
    let mut sum = watch::Cell::default();
    points.iter().for_each(|point| sum.merge(&point.cell));
    let rate = percent(sum.failed, sum.processed(), words);
    let counts = [
        ("statistics-count", thousands(sum.processed(), words)),
        ("statistics-failed", format!("{} ({rate})", thousands(sum.failed, words))),
        ("statistics-lost", thousands(sum.lost, words)),
    ];
    let fact = |(key, value): (&str, String)| (words.say(key).to_string(), value);
    let title = words.fill(&format!("statistics-of-{kind}"), &[("name", &text::quoted(name))]);
    html(&One {
        frame: visit.frame(title, Tab::Statistics).await?,
        kind: words.say(&format!("statistics-{kind}")).into(),
        name: text::name(name),
        list,
        spans: spans(&visit, &what, span),
        course: Course::new(&visit, &what, span, &points),
        facts: counts.map(fact).into(),
        percentiles: [
            ("statistics-run", percentiles(&sum.run, words)),
            ("statistics-wait", percentiles(&sum.wait, words)),
        ]
        .map(|(key, values)| (words.say(key).to_string(), values))
        .into(),
    })
}

/// The span that is asked for: a day without a wish.
fn span<F: Front>(visit: &Visit<F>) -> Result<Span, Problem> {
    visit.query.first("span").map_or(Ok(Span::Day), span_named)
}

fn span_named(name: &str) -> Result<Span, Problem> {
    Span::by_name(name).ok_or_else(|| {
        let all = Span::ALL.map(Span::as_str).join(", ");
        Problem::bad(format!("Invalid parameter: a span is one of {all}, not {}", text::quoted(name)))
    })
}

/// The address of a page of statistics.
fn address<F: Front>(visit: &Visit<F>, what: &Series, span: Span) -> String {
    let page = visit.base.statistics(what);
    format!("{page}{}span={}", if page.contains('?') { '&' } else { '?' }, span.as_str())
}

fn spans<F: Front>(visit: &Visit<F>, what: &Series, current: Span) -> Vec<SpanLink> {
    let link = |span: Span| SpanLink {
        href: address(visit, what, span),
        label: visit.words.say(&format!("span-{}", span.as_str())).into(),
        current: span == current,
    };
    Span::ALL.map(link).into()
}

/// `POST /statistics/marks` with `text`: sets a mark now; `types` or `queues` and `span` say where to go back.
pub(crate) async fn mark<F: Front>(visit: Visit<F>, Posted(form): Posted) -> Shown {
    let text = form.first("text").unwrap_or_default();
    let mark = DeployMark::new(visit.web.front.now(), text).map_err(|error| {
        Problem::bad(match error {
            MarkError::Empty => "A mark needs a text".to_owned(),
            MarkError::TooLong => format!("A mark has {MARK_MAX} characters at most"),
        })
    })?;
    let span = form.first("span").map_or(Ok(Span::Day), span_named)?;
    let object = mark.text.clone();
    visit.web.mark(mark).await?;
    visit.web.record("mark", object, 1).await;
    let what = match (form.first("types"), form.first("queues")) {
        (Some(name), _) => Series::Type(name.into()),
        (_, Some(name)) => Series::Queue(name.into()),
        _ => Series::All,
    };
    redirect(StatusCode::FOUND, &address(&visit, &what, span))
}
