//! `/`: how things are going (rule `V-21`).

use askama::Template;

use crate::Front;
use crate::chart::{self, History};
use crate::count::thousands;
use crate::form::Fields;
use crate::frame::{Frame, Tab};
use crate::limits;
use crate::visit::{Shown, Visit, html};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    spans: Vec<Span>,
    history: History,
    width: f64,
    height: f64,
    uptime_days: String,
    connections: String,
    memory_mb: String,
    commands: String,
}

/// A choice of how much history to show.
struct Span {
    href: String,
    label: &'static str,
    current: bool,
}

const SPANS: [(usize, &str); 4] = [(7, "1 week"), (30, "1 month"), (90, "3 months"), (180, "6 months")];

/// `GET /?days=`.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let days = days(&visit.query);
    let history = visit.web.history(days).await?;
    let frame = visit.frame("Home", Tab::Home).await?;
    let figures = visit.web.front.figures();
    let span =
        |(span, label)| Span { href: format!("{}/?days={span}", visit.base.0), label, current: span == days };
    html(&Home {
        spans: SPANS.map(span).into(),
        history: History::new(&history, visit.web.front.now().day(), days),
        width: chart::WIDTH,
        height: chart::HEIGHT,
        uptime_days: thousands(figures.uptime_s / 86_400),
        connections: thousands(figures.connections),
        memory_mb: thousands(figures.used_memory_mb),
        commands: thousands(figures.command_count),
        frame,
    })
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
