//! `/debug`: what one asks an operator for first (rule `V-29`).

use std::time::Duration;

use askama::Template;
use bessemer_core::Wall;
use bessemer_core::query::{Info, LogFigures};

use crate::Front;
use crate::chart::{self, Chart, Said, Series};
use crate::count::{megabytes, memory, thousands};
use crate::frame::{Frame, Tab};
use crate::moment;
use crate::pulse::Timings;
use crate::visit::{Shown, Visit, html};
use crate::words::Words;

#[derive(Template)]
#[template(path = "debug.html")]
struct Debug {
    frame: Frame,
    /// The key of each card's title, and its lines.
    cards: [(&'static str, Vec<Fact>); 2],
    /// The same, of what stands above the refused input.
    store: Vec<(&'static str, Vec<Fact>)>,
    /// What was refused, by reason.
    rejected: Vec<(&'static str, String)>,
    spreads: [(&'static str, Spread); 2],
}

/// A line of a card; the class says whether it is well.
struct Fact {
    /// The key of its name.
    name: &'static str,
    value: String,
    class: &'static str,
}

fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact { name, value: value.into(), class: "" }
}

/// How long something takes: how often it took how long.
struct Spread {
    count: String,
    p50: String,
    p95: String,
    p99: String,
    chart: Chart,
}

/// `GET /debug`.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let (web, asked, words) = (&visit.web, visit.web.front.now(), visit.words);
    let info = web.info().await?;
    let answered = web.front.now().since(asked);
    let (pulse, figures) = (web.front.pulse(), web.front.figures());
    html(&Debug {
        frame: visit.frame_of(&info, words.say("footer-debug"), Tab::Other),
        cards: [("debug-server", server(&visit)), ("debug-since", tally(&info, words))],
        store: [("debug-store", store(&visit, pulse.disk_free, answered))]
            .into_iter()
            .chain(figures.condition.log.map(|figures| ("debug-log", log(&figures, words))))
            .collect(),
        rejected: figures.rejected.iter().map(|(reason, n)| (*reason, thousands(*n, words))).collect(),
        spreads: [
            ("debug-flushes", Spread::new(&pulse.flushes, words)),
            ("debug-turns", Spread::new(&pulse.turns, words)),
        ],
    })
}

fn server<F: Front>(visit: &Visit<F>) -> Vec<Fact> {
    let (site, figures, words) = (&visit.web.site, visit.web.front.figures(), visit.words);
    let yes = |yes| words.say(if yes { "debug-yes" } else { "debug-no" });
    let bad = |name, is| Fact { class: if is { "bad" } else { "" }, ..fact(name, yes(is)) };
    vec![
        fact("debug-version", site.version.clone()),
        fact("debug-compatible", crate::stats::FAKTORY_VERSION),
        fact("debug-environment", site.environment.clone()),
        fact("debug-binding", site.binding.clone()),
        fact("debug-base-path", format!("{}/", visit.base.0)),
        fact("debug-uptime", moment::duration(Duration::from_secs(figures.uptime_s), words)),
        fact("debug-connections", thousands(figures.connections, words)),
        fact("debug-commands", thousands(figures.command_count, words)),
        fact("debug-memory", megabytes(figures.used_memory_mb, words)),
        bad("debug-memory-full", figures.memory_full),
        fact("debug-reloads-refused", thousands(figures.reloads_refused, words)),
        fact("debug-certificate", figures.certificate_until.map_or("–".into(), Wall::rfc3339)),
        fact("debug-password", yes(site.password.is_some())),
        bad("debug-exposed", site.exposed),
        fact("debug-missed", thousands(visit.web.front.watch().missed(), words)),
    ]
}

fn store<F: Front>(visit: &Visit<F>, free: Option<u64>, answered: Duration) -> Vec<Fact> {
    let (site, condition, words) = (&visit.web.site, visit.web.front.figures().condition, visit.words);
    let full = if condition.disk_full { ("debug-yes", "bad") } else { ("debug-no", "") };
    let class = match answered.as_micros() {
        1..1_000 => "good",
        1_000..10_000 => "middling",
        _ => "bad", // 0: the clock stands still
    };
    vec![
        fact("debug-data", site.data.clone()),
        fact("debug-durability", condition.durability.to_string()),
        Fact { class: full.1, ..fact("debug-disk-full", visit.words.say(full.0)) },
        fact("debug-disk-free", free.map_or("–".into(), |free| megabytes(free >> 20, words))),
        Fact { class, ..fact("debug-answer", moment::duration(answered, words)) },
    ]
}

fn log(figures: &LogFigures, words: Words) -> Vec<Fact> {
    let size = |bytes: u64| memory(bytes >> 10, words);
    vec![
        fact("debug-log-length", size(figures.bytes)),
        fact("debug-log-live", size(figures.live_bytes)),
        fact("debug-log-disk", size(figures.disk_bytes)),
        fact("debug-log-segments", thousands(figures.segments, words)),
        fact("debug-log-spares", thousands(figures.spares, words)),
        fact("debug-log-given-up", thousands(figures.given_up, words)),
        fact("debug-log-cleaned", thousands(figures.cleaned, words)),
        fact("debug-log-cleaned-bytes", size(figures.cleaned_bytes)),
        fact("debug-log-cleaned-at", figures.cleaned_at.map_or("–".into(), Wall::rfc3339)),
    ]
}

fn tally(info: &Info, words: Words) -> Vec<Fact> {
    let since = &info.since_start;
    let counts = [
        ("debug-accepted", since.accepted),
        ("debug-repushed", since.repushed),
        ("debug-scheduled", since.scheduled_enqueued),
        ("debug-retries", since.retries_enqueued),
        ("debug-reaped", since.reaped),
        ("debug-workers-lost", since.workers_lost),
        ("debug-jobs-lost", since.jobs_lost),
        ("debug-released", since.released),
        ("debug-stale", since.stale_acks),
        ("debug-undelivered", since.undelivered),
        ("debug-dead-dropped", since.dead_dropped),
        ("debug-expired", since.expired),
        ("debug-unique-locks", since.keys_taken),
        ("debug-unique-denied", since.keys_denied),
    ];
    counts.map(|(name, count)| fact(name, thousands(count, words))).into()
}

impl Spread {
    fn new(timings: &Timings, words: Words) -> Self {
        let bounds = Timings::BOUNDS.map(Duration::from_micros);
        let up_to = |i: usize| match bounds.get(i) {
            Some(bound) => moment::duration(*bound, words),
            None => format!("> {}", moment::duration(bounds[bounds.len() - 1], words)),
        };
        let quantile = |share| match timings.quantile(share) {
            Some(bound) => format!("≤ {}", moment::duration(bound, words)),
            None if timings.count() == 0 => "–".into(),
            None => up_to(bounds.len()),
        };
        let title = |(i, count): (usize, &u64)| {
            words.count_fill("debug-spread-at", *count, &[("time", &up_to(i))]).into()
        };
        let said = Said {
            words: words.count("debug-spread-words", timings.count()).into(),
            titles: timings.counts.iter().enumerate().map(title).collect(),
            ticks: (0..Timings::BUCKETS).step_by(4).map(|i| (i, up_to(i))).collect(),
            figure: chart::count,
            language: words,
        };
        let values = timings.counts.iter().map(|count| Some(*count as f64)).collect();
        Self {
            count: thousands(timings.count(), words),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            chart: Chart::bars(said, &[Series { class: "s1", values, filled: false }]),
        }
    }
}
