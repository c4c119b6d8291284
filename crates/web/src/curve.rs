//! The drawings of statistics: throughput and percentiles over time as charts, and small bars for the rows of a table.

use std::fmt::Write as _;
use std::time::Duration;

use bessemer_core::Wall;

use crate::chart::{self, Chart, Said, Series};
use crate::count::thousands;
use crate::moment::{duration, exact};
use crate::text;
use crate::watch::{DeployMark, Histogram, Point, Span};
use crate::words::Words;

/// The size of the small drawing in a row of a table, in its own units.
pub(crate) const SPARK: (f64, f64) = (120.0, 24.0);

/// The percentiles that are shown, the class of each one's line, and its name.
pub(crate) const PERCENTILES: [(f64, &str, &str); 3] =
    [(0.5, "s3", "p50"), (0.95, "s1", "p95"), (0.99, "s4", "p99")];

/// The percentiles of a histogram as texts; empty where nothing was counted.
pub(crate) fn percentiles(histogram: &Histogram, words: Words) -> [String; 3] {
    let time = |time| duration(time, words);
    PERCENTILES.map(|(part, ..)| histogram.quantile(part).map_or_else(String::new, time))
}

/// When a point began, as precisely as its span needs it: `14:05`, or `2026-01-02`.
pub(crate) fn moment(at: Wall, span: Span) -> String {
    let text = at.rfc3339();
    let part = if matches!(span, Span::Hour | Span::Day) { 11..16 } else { 0..10 };
    text.get(part).unwrap_or_default().to_owned()
}

/// The outlines of a row's small bars: of what went well and of what failed, which stands on top of it.
pub(crate) fn spark(points: &[(u64, u64)]) -> (String, String) {
    let top = points.iter().map(|(processed, _)| *processed).max().unwrap_or(0);
    let (width, height) = SPARK;
    let step = width / points.len().max(1) as f64;
    let (mut good, mut bad) = (String::new(), String::new());
    for (i, (processed, failed)) in points.iter().enumerate() {
        let (above, below) = stacked(*processed, *failed, top, height);
        let x = i as f64 * step;
        outline(&mut good, x, height - below, step * 0.8, below);
        outline(&mut bad, x, height - below - above, step * 0.8, above);
    }
    (good, bad)
}

/// The heights of what failed and of what did not. One failure in a million is what one looks for: it is one unit high.
fn stacked(processed: u64, failed: u64, top: u64, height: f64) -> (f64, f64) {
    let of = |part: u64| if part == 0 { 0.0 } else { (part as f64 / top as f64 * height).max(1.0) };
    let above = of(failed);
    (above, of(processed - failed.min(processed)).min(height - above))
}

/// Appends a rectangle, unless it is flat.
fn outline(path: &mut String, x: f64, y: f64, width: f64, height: f64) {
    if height > 0.0 {
        // Writing to a text cannot fail.
        _ = write!(path, "M{x:.1} {y:.1}h{width:.1}v{height:.1}h-{width:.1}z");
    }
}

/// Attempts over time, what failed on top of what did not.
pub(crate) fn throughput(points: &[Point], span: Span, words: Words) -> Chart {
    let sum = |count: fn(&Point) -> u64| thousands(points.iter().map(count).sum(), words);
    let at = |point: Option<&Point>| point.map_or_else(String::new, |point| moment(point.at, span));
    let title = |point: &Point| {
        words.fill(
            "statistics-at",
            &[
                ("at", &moment(point.at, span)),
                ("processed", &thousands(point.cell.processed(), words)),
                ("failed", &thousands(point.cell.failed, words)),
            ],
        )
    };
    let said = Said {
        words: words
            .fill(
                "statistics-said",
                &[
                    ("processed", &sum(|point| point.cell.processed())),
                    ("failed", &sum(|point| point.cell.failed)),
                    ("from", &at(points.first())),
                    ("to", &at(points.last())),
                ],
            )
            .into(),
        titles: points.iter().map(|point| title(point).into()).collect(),
        ticks: ticks(points, span),
        figure: chart::count,
        language: words,
    };
    let series = |class, part: fn(&Point) -> u64| Series {
        class,
        values: points.iter().map(|point| Some(part(point) as f64)).collect(),
        filled: false,
    };
    Chart::bars(said, &[series("good", |point| point.cell.done), series("bad", |point| point.cell.failed)])
}

/// Percentiles over time, a line each; where nothing was counted they have gaps.
pub(crate) fn durations(
    points: &[Point],
    span: Span,
    key: &str,
    words: Words,
    of: impl Fn(&Point) -> &Histogram,
) -> Chart {
    let title = |point: &Point| {
        let [middle, high, highest] = percentiles(of(point), words);
        let at = moment(point.at, span);
        if middle.is_empty() { at } else { format!("{at}: {middle} · {high} · {highest}") }
    };
    let said = Said {
        words: words.say(key).into(),
        titles: points.iter().map(title).collect(),
        ticks: ticks(points, span),
        figure: |seconds, words| duration(Duration::from_secs_f64(seconds), words),
        language: words,
    };
    let lines = PERCENTILES.map(|(part, class, _)| Series {
        class,
        values: points.iter().map(|point| Some(of(point).quantile(part)?.as_secs_f64())).collect(),
        filled: false,
    });
    Chart::lines(said, &lines)
}

fn ticks(points: &[Point], span: Span) -> Vec<(usize, String)> {
    let places = [0, points.len() / 2, points.len().saturating_sub(1)];
    places.into_iter().filter_map(|i| Some((i, moment(points.get(i)?.at, span)))).collect()
}

/// A mark in a chart.
pub(crate) struct Notch {
    /// How far from the beginning, 0 to 1.
    pub part: f64,
    pub at: String,
    /// When, for people.
    pub shown: String,
    pub text: String,
}

/// The marks that lie in what the points show.
pub(crate) fn notches(marks: &[DeployMark], points: &[Point], span: Span) -> Vec<Notch> {
    let Some(first) = points.first() else { return Vec::new() };
    let (start, length) = (first.at.0, points.len() as i64 * span.step() * 60_000_000);
    let within = marks.iter().filter(|mark| (start..start + length).contains(&mark.at.0));
    within
        .map(|mark| Notch {
            part: (mark.at.0 - start) as f64 / length as f64,
            at: mark.at.rfc3339(),
            shown: exact(mark.at),
            text: text::visible(&mark.text),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Cell;

    const START: Wall = Wall(1_767_322_800_000_000);

    fn points(count: i64) -> Vec<Point> {
        let point = |i: i64| Point { at: Wall(START.0 + i * 60_000_000), cell: Cell::default() };
        (0..count).map(point).collect()
    }

    #[test]
    fn a_failure_is_seen_however_many_went_well() {
        let (good, bad) = spark(&[(0, 0), (1_000_000, 1), (500_000, 500_000)]);
        assert_eq!(good, "M40.0 1.0h32.0v23.0h-32.0z");
        assert_eq!(bad, "M40.0 0.0h32.0v1.0h-32.0zM80.0 12.0h32.0v12.0h-32.0z");
        assert_eq!(spark(&[]), (String::new(), String::new()));
    }

    #[test]
    fn percentiles_break_where_nothing_was_counted() {
        let mut points = points(3);
        points[0].cell.run.add(Duration::from_secs(2));
        let chart =
            durations(&points, Span::Hour, "statistics-run-said", Words::default(), |point| &point.cell.run)
                .to_string();
        assert_eq!(chart.matches("<polyline").count(), 3, "{chart}");
        assert!(chart.contains("<title>03:00: 1.8 s") && chart.contains("<title>03:01</title>"), "{chart}");
        let none =
            durations(&points, Span::Hour, "statistics-run-said", Words::default(), |point| &point.cell.wait)
                .to_string();
        assert!(!none.contains("<polyline"), "{none}");
    }

    #[test]
    fn marks_stand_where_their_time_is() {
        let mark = |seconds: i64| DeployMark { at: Wall(START.0 + seconds * 1_000_000), text: "v1\0".into() };
        let notches = notches(&[mark(-1), mark(0), mark(60), mark(120)], &points(2), Span::Hour);
        let seen: Vec<_> = notches.iter().map(|notch| (notch.part, notch.text.as_str())).collect();
        assert_eq!(seen, [(0.0, "v1␀"), (0.5, "v1␀")]);
        assert_eq!(moment(START, Span::Day), "03:00");
        assert_eq!(moment(START, Span::Week), "2026-01-02");
    }
}
