//! Charts, drawn on the server as SVG: they are there without scripts, and nothing of them is inline style.
//!
//! Widths are percentages and heights are pixels, so that a chart fills its card and its letters keep their size. Lines
//! alone have a coordinate system of their own, stretched over the plot.

use askama::Template;
use bessemer_core::Wall;
use bessemer_core::query::Day;

use crate::count::{decimal, thousands};
use crate::text;
use crate::words::Words;

/// Height of the plot, and of what stands above and below it for the figures at the grid and at the axis.
const PLOT: f64 = 150.0;
const ABOVE: f64 = 18.0;
const BELOW: f64 = 20.0;

/// Width of the lines' own coordinate system.
const SPAN: f64 = 1_000.0;

/// The part of a chart's width that the name of a mark may take, and the bytes of it that are shown there.
const MARK_ROOM: f64 = 0.15;
const MARK_BYTES: usize = 24;

/// Renders as an `svg` element.
#[derive(Template)]
#[template(path = "parts/chart.html")]
pub(crate) struct Chart {
    /// One sentence for those who do not see the drawing.
    words: String,
    grid: Vec<Mark>,
    ticks: Vec<Tick>,
    columns: Vec<Column>,
    bars: Vec<Bar>,
    lines: Vec<Shape>,
    marks: Vec<Named>,
}

impl askama::filters::HtmlSafe for Chart {}

/// A figure at the grid.
struct Mark {
    y: String,
    label: String,
}

/// A figure at the axis.
struct Tick {
    x: String,
    /// `end` at the right edge, `middle` in between.
    anchor: &'static str,
    label: String,
}

/// A moment that somebody named.
struct Named {
    x: String,
    /// `end` where its name would stand beyond the right edge.
    anchor: &'static str,
    /// As much of its name as there is room for; nothing where another's stands.
    label: String,
    title: String,
}

/// A place that tells what is there.
struct Column {
    x: String,
    width: String,
    title: String,
}

struct Bar {
    class: &'static str,
    x: String,
    width: String,
    y: String,
    height: String,
}

struct Shape {
    class: &'static str,
    points: String,
    /// The outline of what is below the line, where it is filled.
    area: Option<String>,
}

/// What a chart says beside its data.
pub(crate) struct Said {
    pub words: String,
    /// What each column tells, from the oldest to the newest.
    pub titles: Vec<String>,
    /// Columns with a figure at the axis.
    pub ticks: Vec<(usize, String)>,
    /// Writes a figure at the grid, in this language.
    pub figure: fn(f64, Words) -> String,
    pub language: Words,
}

/// A series of a chart; the class gives it its colour.
pub(crate) struct Series {
    pub class: &'static str,
    /// One per column; `None` leaves a gap.
    pub values: Vec<Option<f64>>,
    pub filled: bool,
}

impl Chart {
    /// Bars, the series stacked on each other, the first at the bottom.
    pub(crate) fn bars(said: Said, stack: &[Series]) -> Self {
        let count = said.titles.len();
        let value = |series: &Series, i: usize| series.values.get(i).copied().flatten().unwrap_or(0.0);
        let sums = (0..count).map(|i| stack.iter().map(|series| value(series, i)).sum::<f64>());
        let top = Scale::new(sums.fold(0.0, f64::max));
        let step = 100.0 / count.max(1) as f64;
        let mut bars = Vec::new();
        for i in 0..count {
            let mut floor = 0.0;
            for series in stack {
                let part = value(series, i);
                // At least one pixel for anything at all: one failure in a million is what one looks for.
                let height = if part > 0.0 { top.height(part).max(1.0) } else { continue };
                floor = (floor + height).min(PLOT);
                bars.push(Bar {
                    class: series.class,
                    x: percent(i as f64 * step + step * 0.1),
                    width: percent(step * 0.8),
                    y: pixels(ABOVE + PLOT - floor),
                    height: pixels(height),
                });
            }
        }
        Self { bars, ..Self::around(said, &top) }
    }

    /// Lines over one scale.
    pub(crate) fn lines(said: Said, all: &[Series]) -> Self {
        let values = all.iter().flat_map(|series| series.values.iter().copied().flatten());
        let top = Scale::new(values.fold(0.0, f64::max));
        let step = SPAN / said.titles.len().max(1) as f64;
        let lines = all.iter().flat_map(|series| shapes(series, &top, step)).collect();
        Self { lines, ..Self::around(said, &top) }
    }

    /// A chart of which only the data is missing.
    fn around(said: Said, top: &Scale) -> Self {
        let count = said.titles.len();
        let step = 100.0 / count.max(1) as f64;
        let mark = |value: f64| Mark {
            y: pixels(ABOVE + PLOT - top.height(value)),
            label: if value > 0.0 { (said.figure)(value, said.language) } else { String::new() },
        };
        let tick = |(i, label): (usize, String)| match i {
            0 => Tick { x: percent(0.0), anchor: "start", label },
            i if i + 1 >= count => Tick { x: percent(100.0), anchor: "end", label },
            i => Tick { x: percent((i as f64 + 0.5) * step), anchor: "middle", label },
        };
        let column =
            |(i, title): (usize, String)| Column { x: percent(i as f64 * step), width: percent(step), title };
        Self {
            words: said.words,
            grid: top.marks().into_iter().map(mark).collect(),
            ticks: said.ticks.into_iter().map(tick).collect(),
            columns: said.titles.into_iter().enumerate().map(column).collect(),
            bars: Vec::new(),
            lines: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// The same with moments that somebody named, from the oldest to the newest: how far from the beginning each is, 0 to 1,
    /// what it is called, and when it was.
    pub(crate) fn marked<'a>(mut self, marks: impl IntoIterator<Item = (f64, &'a str, &'a str)>) -> Self {
        let mut free_from = 0.0;
        let named = |(part, text, at): (f64, &str, &str)| {
            let has_room = part >= free_from;
            if has_room {
                free_from = part + MARK_ROOM;
            }
            let label = if has_room { text::cut(text.to_owned(), MARK_BYTES) } else { String::new() };
            let anchor = if part > 1.0 - MARK_ROOM { "end" } else { "start" };
            Named { x: percent(part * 100.0), anchor, label, title: format!("{text} · {at}") }
        };
        self.marks = marks.into_iter().map(named).collect();
        self
    }

    fn height(&self) -> f64 {
        ABOVE + PLOT + BELOW
    }
}

/// The pieces of a line between its gaps. A piece of one column is a dash as wide as that.
fn shapes(series: &Series, top: &Scale, step: f64) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let mut i = 0;
    while i < series.values.len() {
        let piece: Vec<f64> = series.values[i..].iter().map_while(|value| *value).collect();
        if piece.is_empty() {
            i += 1;
            continue;
        }
        let point = |x: f64, value: f64| format!("{x:.1},{:.1}", PLOT - top.height(value));
        let middle = |at: usize| (at as f64 + 0.5) * step;
        let mut points: Vec<String> =
            piece.iter().enumerate().map(|(n, value)| point(middle(i + n), *value)).collect();
        if let [only] = piece[..] {
            points = vec![point(middle(i) - step / 2.0, only), point(middle(i) + step / 2.0, only)];
        }
        let (from, to) = (middle(i), middle(i + piece.len() - 1));
        let points = points.join(" ");
        let area = || format!("{from:.1},{PLOT} {points} {to:.1},{PLOT}");
        shapes.push(Shape { class: series.class, area: series.filled.then(area), points });
        i += piece.len();
    }
    shapes
}

/// From nothing to a round figure above the highest value.
struct Scale {
    top: f64,
    step: f64,
}

impl Scale {
    /// Three to five steps of 1, 2 or 5.
    fn new(highest: f64) -> Self {
        let rough = (highest / 4.0).max(0.000_001);
        let power = 10_f64.powf(rough.log10().floor());
        let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| rough <= factor * power).unwrap_or(10.0);
        let step = if highest > 0.0 { factor * power } else { 1.0 };
        Self { top: step * (highest / step).ceil().max(1.0), step }
    }

    fn height(&self, value: f64) -> f64 {
        value / self.top * PLOT
    }

    fn marks(&self) -> Vec<f64> {
        let steps = (self.top / self.step).round() as usize;
        (0..=steps).map(|n| n as f64 * self.step).collect()
    }
}

fn percent(value: f64) -> String {
    format!("{value:.2}%")
}

fn pixels(value: f64) -> String {
    format!("{value:.1}")
}

/// A figure at the grid of a chart of counts.
pub(crate) fn count(value: f64, words: Words) -> String {
    match value {
        1_000_000.0.. => format!("{}M", plain(value / 1_000_000.0, words)),
        1_000.0.. => format!("{}k", plain(value / 1_000.0, words)),
        _ => plain(value, words),
    }
}

fn plain(value: f64, words: Words) -> String {
    let text = decimal(value, 2, words);
    let point = words.marks().point;
    let (whole, fraction) = text.rsplit_once(point).unwrap_or((&text, ""));
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}{point}{fraction}"),
    }
}

/// Attempts per day, failed on top of succeeded: the last `count` days up to today; days that are not in `days` had
/// nothing.
pub(crate) fn history(days: &[Day], today: i32, count: usize, words: Words) -> Chart {
    let since = today - i32::try_from(count).unwrap_or(i32::MAX) + 1;
    let figures = |day: i32| {
        let known = days.iter().find(|known| known.day == day);
        known.map_or((0, 0), |known| (known.processed, known.failed.min(known.processed)))
    };
    let all: Vec<(i32, (u64, u64))> = (since..=today).map(|day| (day, figures(day))).collect();
    let title = |(day, (processed, failed)): &(i32, (u64, u64))| {
        words.fill(
            "home-history-day",
            &[
                ("date", &date(*day)),
                ("processed", &thousands(*processed, words)),
                ("failed", &thousands(*failed, words)),
            ],
        )
    };
    let sum = |part: fn(&(u64, u64)) -> u64| all.iter().map(|(_, figures)| part(figures)).sum::<u64>();
    let said = Said {
        words: words
            .fill(
                "home-history-words",
                &[
                    ("processed", &thousands(sum(|(processed, _)| *processed), words)),
                    ("failed", &thousands(sum(|(_, failed)| *failed), words)),
                    ("since", &date(since)),
                    ("until", &date(today)),
                ],
            )
            .into(),
        titles: all.iter().map(|day| title(day).into()).collect(),
        ticks: [0, count / 2, count.saturating_sub(1)].map(|i| (i, date(since + i as i32))).into(),
        figure: self::count,
        language: words,
    };
    let series = |class, part: fn(&(u64, u64)) -> u64| Series {
        class,
        values: all.iter().map(|(_, figures)| Some(part(figures) as f64)).collect(),
        filled: false,
    };
    Chart::bars(
        said,
        &[series("good", |(processed, failed)| processed - failed), series("bad", |(_, failed)| *failed)],
    )
}

fn date(day: i32) -> String {
    let text = Wall(i64::from(day).saturating_mul(86_400_000_000)).rfc3339();
    text.get(..10).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_has_a_column_and_failures_are_seen() {
        let days = [
            Day { day: 20_455, processed: 1_000_000, failed: 1 },
            Day { day: 20_457, processed: 500_000, failed: 500_000 },
        ];
        let chart = history(&days, 20_457, 7, Words::default());
        let titles: Vec<&str> = chart.columns.iter().map(|column| column.title.as_str()).collect();
        assert_eq!((titles.len(), titles[0]), (7, "2025-12-29: 0 processed, 0 failed"));
        assert_eq!(titles[4], "2026-01-02: 1,000,000 processed, 1 failed");
        let bars: Vec<_> =
            chart.bars.iter().map(|bar| (bar.class, bar.y.as_str(), bar.height.as_str())).collect();
        assert_eq!(bars, [("good", "18.0", "150.0"), ("bad", "18.0", "1.0"), ("bad", "93.0", "75.0")]);
        assert_eq!(chart.words, "1,500,000 processed and 500,001 failed from 2025-12-29 to 2026-01-04");
        let labels: Vec<&str> = chart.grid.iter().map(|mark| mark.label.as_str()).collect();
        assert_eq!(labels, ["", "500k", "1M"]);
    }

    #[test]
    fn a_mark_says_its_name_where_there_is_room_and_always_when_it_was() {
        let chart = history(&[], 20_457, 7, Words::default());
        let at = "2026-01-02 03:04:05 UTC";
        let chart =
            chart.marked([(0.1, "v1", at), (0.2, "v2", at), (0.3, &*"v".repeat(30), at), (0.9, "v4", at)]);
        let labels: Vec<_> = chart.marks.iter().map(|mark| (mark.anchor, mark.label.as_str())).collect();
        let long = format!("{}…", "v".repeat(24));
        assert_eq!(labels, [("start", "v1"), ("start", ""), ("start", &*long), ("end", "v4")]);
        assert_eq!(chart.marks[1].title, "v2 · 2026-01-02 03:04:05 UTC");
        let html = chart.to_string();
        assert!(html.rfind("class=\"mark\"") > html.rfind("class=\"at\""), "marks stand in front");
    }

    #[test]
    fn figures_at_one_axis_are_written_in_one_way() {
        let figures = [0.5, 500.0, 1_500.0, 5_000.0, 10_000.0, 2_000_000.0];
        assert_eq!(
            figures.map(|value| count(value, Words::default())),
            ["0.5", "500", "1.5k", "5k", "10k", "2M"]
        );
        let german = Words::by_tag("de").unwrap();
        assert_eq!([0.25, 1_500.0, 100.0].map(|value| count(value, german)), ["0,25", "1,5k", "100"]);
    }

    #[test]
    fn a_scale_ends_at_a_round_figure() {
        for (highest, top, marks) in
            [(0.0, 1.0, 2), (1.0, 1.0, 3), (3.0, 3.0, 4), (7.0, 8.0, 5), (99.0, 100.0, 3), (101.0, 150.0, 4)]
        {
            let scale = Scale::new(highest);
            assert!((scale.top - top).abs() < 1e-9, "{highest}: {}", scale.top);
            assert_eq!(scale.marks().len(), marks, "{highest}");
        }
    }

    #[test]
    fn a_line_breaks_where_nothing_is_known() {
        let series =
            Series { class: "run", values: vec![Some(1.0), Some(2.0), None, Some(2.0)], filled: true };
        let shapes = shapes(&series, &Scale::new(2.0), 10.0);
        assert_eq!(shapes.len(), 2);
        assert_eq!(shapes[0].points, "5.0,75.0 15.0,0.0");
        assert_eq!(shapes[0].area.as_deref(), Some("5.0,150 5.0,75.0 15.0,0.0 15.0,150"));
        assert_eq!(shapes[1].points, "30.0,0.0 40.0,0.0");
    }
}
