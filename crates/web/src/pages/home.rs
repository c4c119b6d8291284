//! `/`: how things are going (rule `V-21`).

use std::time::Duration;

use askama::Template;
use bessemer_core::command::Stage;
use bessemer_core::query::{Info, QueueView, WorkerView};

use crate::Front;
use crate::chart::{self, Chart};
use crate::count::{megabytes, thousands};
use crate::form::Fields;
use crate::frame::{Frame, Tab};
use crate::lately::Lately;
use crate::link::Base;
use crate::moment;
use crate::visit::{Shown, Visit, html};
use crate::words::Words;
use crate::{limits, text};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    pulse: Lately,
    spans: Vec<Span>,
    history: Chart,
    attention: Vec<Attention>,
    queues: Vec<Glance>,
    /// Queues that are not shown.
    more_queues: u64,
    uptime: String,
    connections: String,
    memory: String,
    commands: String,
}

/// A choice of how much history to show.
struct Span {
    href: String,
    label: String,
    current: bool,
}

/// Something that somebody should look at.
struct Attention {
    class: &'static str,
    href: String,
    what: String,
    note: String,
}

/// A queue in one line.
struct Glance {
    href: String,
    name: String,
    size: String,
    oldest: String,
    late: bool,
    paused: bool,
    /// Of the longest queue, in thousandths.
    share: u64,
}

/// Days of history to choose from.
const SPANS: [usize; 4] = [7, 30, 90, 180];

/// Queues on this page; the rest is a click away.
const GLANCES: usize = 8;

/// Lines of what needs attention; a site with more trouble than that knows.
const ATTENTION_MAX: usize = 8;

/// A job that waits longer than this for a worker is worth a look, and then a loud one.
pub(crate) const LATE: Duration = Duration::from_secs(60);
const VERY_LATE: Duration = Duration::from_secs(600);

/// `GET /?days=`.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let (days, words) = (days(&visit.query), visit.words);
    let history = visit.web.history(days).await?;
    let (info, mut queues, workers) =
        (visit.web.info().await?, visit.web.queues().await?, visit.web.workers().await?);
    let figures = visit.web.front.figures();
    let attention = attention(&info, &queues, &workers, &visit.base, words);
    queues.sort_by(|a, b| (b.size, b.latency, &a.name).cmp(&(a.size, a.latency, &b.name)));
    let longest = queues.first().map_or(0, |queue| queue.size);
    let span = |span: usize| Span {
        href: format!("{}/?days={span}", visit.base.0),
        label: words.count("home-days", span as u64).into(),
        current: span == days,
    };
    let now = visit.web.front.now();
    html(&Home {
        pulse: Lately::new(&visit.web.front.watch().live(), now, words),
        frame: visit.frame_of(&info, words.say("tab-home"), Tab::Home),
        spans: SPANS.map(span).into(),
        history: chart::history(&history, now.day(), days, words),
        attention,
        more_queues: queues.len().saturating_sub(GLANCES) as u64,
        queues: queues.iter().take(GLANCES).map(|queue| glance(queue, longest, &visit.base, words)).collect(),
        uptime: moment::duration(Duration::from_secs(figures.uptime_s), words),
        connections: thousands(figures.connections, words),
        memory: megabytes(figures.used_memory_mb, words),
        commands: thousands(figures.command_count, words),
    })
}

fn glance(queue: &QueueView, longest: u64, base: &Base, words: Words) -> Glance {
    Glance {
        href: base.queue(&queue.name),
        name: text::visible(&queue.name),
        size: thousands(queue.size, words),
        oldest: if queue.size == 0 { String::new() } else { moment::duration(queue.latency, words) },
        late: queue.latency > LATE,
        paused: queue.paused,
        share: (queue.size.saturating_mul(1_000)).checked_div(longest).unwrap_or(0),
    }
}

/// What needs somebody, the loudest first.
fn attention(
    info: &Info,
    queues: &[QueueView],
    workers: &[WorkerView],
    base: &Base,
    words: Words,
) -> Vec<Attention> {
    let line = |class, href, what: String, note: String| Attention { class, href, what, note };
    let path = |path: &str| format!("{}{path}", base.0);
    let mut all = Vec::new();
    if info.enqueued > 0 && workers.is_empty() {
        let what = words.count("home-no-workers", info.enqueued).into();
        all.push(line("bad", path("/busy"), what, String::new()));
    }
    for queue in queues.iter().filter(|queue| queue.size > 0 && queue.latency > LATE && !queue.paused) {
        let class = if queue.latency > VERY_LATE { "bad" } else { "warn" };
        let what = words.fill("home-queue-late", &[("queue", &queue.name)]).into();
        all.push(line(class, base.queue(&queue.name), what, moment::span(queue.latency, words)));
    }
    for queue in queues.iter().filter(|queue| queue.paused) {
        let what = words.fill("home-queue-paused", &[("queue", &queue.name)]).into();
        let note = words.count("home-waiting", queue.size).into();
        all.push(line("warn", base.queue(&queue.name), what, note));
    }
    if info.dead > 0 {
        let what = words.count("home-dead", info.dead).into();
        all.push(line("warn", path("/morgue"), what, String::new()));
    }
    let quiet = workers.iter().filter(|worker| worker.stage != Stage::Running).count() as u64;
    if quiet > 0 {
        all.push(line("warn", path("/busy"), words.count("home-quiet", quiet).into(), String::new()));
    }
    if info.retries > 0 {
        let what = words.count("home-retries", info.retries).into();
        all.push(line("", path("/retries"), what, String::new()));
    }
    all.sort_by_key(|line| line.class != "bad");
    all.truncate(ATTENTION_MAX);
    all
}

/// Junk, zero and negative numbers mean the default; too many mean the most there are.
fn days(query: &Fields) -> usize {
    let wanted = query.first("days").unwrap_or_default();
    if wanted.is_empty() || !wanted.bytes().all(|byte| byte.is_ascii_digit()) {
        return limits::DAYS_DEFAULT;
    }
    match wanted.parse() {
        Ok(0) => limits::DAYS_DEFAULT,
        Ok(days) => limits::DAYS_MAX.min(days),
        Err(_too_long) => limits::DAYS_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_number_from_1_to_180() {
        let days = |text: &str| super::days(&Fields::parse(text.as_bytes()).unwrap());
        for (text, expected) in [
            ("", 30),
            ("days=7", 7),
            ("days=1", 1),
            ("days=180", 180),
            ("days=181", 180),
            ("days=99999999999999999999999", 180),
            ("days=0", 30),
            ("days=-1", 30),
            ("days=1e3", 30),
            ("days=", 30),
            ("days=<b>", 30),
        ] {
            assert_eq!(days(text), expected, "{text}");
        }
    }
}
