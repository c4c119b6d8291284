//! Bars and curves over time, drawn on the server as shapes of an SVG: they need no script, and no styles of their own.

use std::fmt::Write as _;
use std::time::Duration;

use bessemer_core::Wall;

/// The drawing area, in its own units; the browser stretches it.
pub(crate) const WIDTH: f64 = 720.0;
/// See [`WIDTH`].
pub(crate) const HEIGHT: f64 = 160.0;
use crate::count::{lasted, thousands};
use crate::watch::{DeployMark, Histogram, Point, Span};

/// The size of the small drawing in a row of a table, in its own units.
pub(crate) const SPARK: (f64, f64) = (120.0, 24.0);

/// The percentiles that are shown, and the class of each one's curve.
pub(crate) const PERCENTILES: [(f64, &str); 3] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")];

/// The percentiles of a histogram as texts; empty where nothing was counted.
pub(crate) fn percentiles(histogram: &Histogram) -> [String; 3] {
    PERCENTILES.map(|(part, _)| histogram.quantile(part).map_or_else(String::new, lasted))
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

/// Bars over time: how many attempts, and how many of them failed.
pub(crate) struct Bars {
    pub top: String,
    pub bars: Vec<Bar>,
}

/// One of them.
pub(crate) struct Bar {
    pub at: String,
    pub processed: String,
    pub failed: String,
    pub x: String,
    pub width: String,
    /// Top edge and height of the part that went well, and of the part that failed.
    pub good: (String, String),
    pub bad: (String, String),
}

impl Bars {
    pub(crate) fn new(points: &[Point], span: Span) -> Self {
        let top = points.iter().map(|point| point.cell.processed()).max().unwrap_or(0);
        let step = WIDTH / points.len().max(1) as f64;
        let bar = |(i, Point { at, cell }): (usize, &Point)| {
            let (above, below) = stacked(cell.processed(), cell.failed, top, HEIGHT);
            let edges = |y: f64, height: f64| (format!("{y:.1}"), format!("{height:.1}"));
            Bar {
                at: moment(*at, span),
                processed: thousands(cell.processed()),
                failed: thousands(cell.failed),
                x: format!("{:.1}", i as f64 * step),
                width: format!("{:.1}", step * 0.8),
                good: edges(HEIGHT - below, below),
                bad: edges(HEIGHT - below - above, above),
            }
        };
        Self { top: thousands(top), bars: points.iter().enumerate().map(bar).collect() }
    }
}

/// Percentiles over time, a curve each; where nothing was counted they have gaps.
pub(crate) struct Curves {
    pub top: String,
    /// Class and outline of each.
    pub lines: Vec<(&'static str, String)>,
}

impl Curves {
    pub(crate) fn new(points: &[Point], of: impl Fn(&Point) -> &Histogram) -> Self {
        let all = PERCENTILES.map(|(part, _)| -> Vec<Option<Duration>> {
            points.iter().map(|point| of(point).quantile(part)).collect()
        });
        let top = all.iter().flatten().flatten().max().copied().unwrap_or_default();
        let lines = PERCENTILES.iter().zip(&all).map(|((_, class), values)| (*class, line(values, top)));
        Self { top: lasted(top), lines: lines.collect() }
    }
}

/// A curve through the middles of its points; one that stands alone is a dash, so that it is seen.
fn line(values: &[Option<Duration>], top: Duration) -> String {
    let step = WIDTH / values.len().max(1) as f64;
    let mut path = String::new();
    let mut before = false;
    for (i, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let x = (i as f64 + 0.5) * step;
            let y = HEIGHT - 1.0 - value.as_secs_f64() / top.as_secs_f64().max(1e-6) * (HEIGHT - 2.0);
            let alone = !before && !values.get(i + 1).is_some_and(Option::is_some);
            // Writing to a text cannot fail.
            _ = match (before, alone) {
                (true, _) => write!(path, "L{x:.1} {y:.1}"),
                (false, true) => write!(path, "M{:.1} {y:.1}h{step:.1}", x - step / 2.0),
                (false, false) => write!(path, "M{x:.1} {y:.1}"),
            };
        }
        before = value.is_some();
    }
    path
}

/// A mark in a drawing.
pub(crate) struct Notch {
    pub x: String,
    pub at: String,
    pub text: String,
}

/// The marks that lie in what the points show.
pub(crate) fn notches(marks: &[DeployMark], points: &[Point], span: Span) -> Vec<Notch> {
    let Some(first) = points.first() else { return Vec::new() };
    let (start, length) = (first.at.0, points.len() as i64 * span.step() * 60_000_000);
    let within = marks.iter().filter(|mark| (start..start + length).contains(&mark.at.0));
    within
        .map(|mark| Notch {
            x: format!("{:.1}", (mark.at.0 - start) as f64 / length as f64 * WIDTH),
            at: mark.at.rfc3339(),
            text: crate::text::visible(&mark.text),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Cell;

    const START: Wall = Wall(1_767_322_800_000_000);

    fn points(runs: &[&[u64]]) -> Vec<Point> {
        let cell = |runs: &[u64]| {
            let mut cell = Cell { done: runs.len() as u64, ..Cell::default() };
            runs.iter().for_each(|millis| cell.run.add(Duration::from_millis(*millis)));
            cell
        };
        let at = |i: usize| Wall(START.0 + i as i64 * 60_000_000);
        runs.iter().enumerate().map(|(i, runs)| Point { at: at(i), cell: cell(runs) }).collect()
    }

    #[test]
    fn a_failure_is_seen_however_many_went_well() {
        let (good, bad) = spark(&[(0, 0), (1_000_000, 1), (500_000, 500_000)]);
        assert_eq!(good, "M40.0 1.0h32.0v23.0h-32.0z");
        assert_eq!(bad, "M40.0 0.0h32.0v1.0h-32.0zM80.0 12.0h32.0v12.0h-32.0z");
        assert_eq!(spark(&[]), (String::new(), String::new()));
    }

    #[test]
    fn a_curve_has_gaps_where_nothing_was_counted_and_a_lone_point_is_a_dash() {
        let curves = Curves::new(&points(&[&[100], &[100], &[], &[100], &[], &[]]), |point| &point.cell.run);
        assert_eq!(curves.lines[0].1, "M60.0 1.0L180.0 1.0M360.0 1.0h120.0");
        let none = Curves::new(&points(&[&[], &[]]), |point| &point.cell.wait);
        assert!(none.lines.iter().all(|(_, path)| path.is_empty()));
    }

    #[test]
    fn marks_stand_where_their_time_is() {
        let mark = |seconds: i64| DeployMark { at: Wall(START.0 + seconds * 1_000_000), text: "v1\0".into() };
        let notches = notches(&[mark(-1), mark(0), mark(60), mark(120)], &points(&[&[], &[]]), Span::Hour);
        let seen: Vec<_> = notches.iter().map(|notch| (notch.x.as_str(), notch.text.as_str())).collect();
        assert_eq!(seen, [("0.0", "v1␀"), ("360.0", "v1␀")]);
        assert_eq!(Bars::new(&points(&[&[1, 2]]), Span::Hour).bars[0].at, "03:00");
    }
}
