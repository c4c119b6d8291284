//! The history of the home page, drawn on the server: one bar a day, failed on top of succeeded.

use bessemer_core::Wall;
use bessemer_core::query::Day;

use crate::count::thousands;

/// The drawing's size in its own units; the page scales it.
pub(crate) const WIDTH: f64 = 720.0;
/// See [`WIDTH`].
pub(crate) const HEIGHT: f64 = 160.0;

/// The data of the drawing and of the table beside it.
pub(crate) struct History {
    pub bars: Vec<Bar>,
    /// The highest day's attempts.
    pub top: String,
    pub first: String,
    pub last: String,
    /// One sentence for those who do not see the drawing.
    pub words: String,
}

/// One day.
pub(crate) struct Bar {
    pub date: String,
    pub processed: String,
    pub failed: String,
    /// Left edge and width of both rectangles.
    pub x: String,
    pub width: String,
    /// Top edge and height of the part that succeeded, and of the part that failed.
    pub good: (String, String),
    pub bad: (String, String),
}

impl History {
    /// The last `count` days up to today; days that are not in `days` had nothing.
    pub(crate) fn new(days: &[Day], today: i32, count: usize) -> Self {
        let since = today - i32::try_from(count).unwrap_or(i32::MAX) + 1;
        let figures = |day: i32| {
            let known = days.iter().find(|known| known.day == day);
            known.map_or((0, 0), |known| (known.processed, known.failed.min(known.processed)))
        };
        let all: Vec<(i32, (u64, u64))> = (since..=today).map(|day| (day, figures(day))).collect();
        let top = all.iter().map(|(_, (processed, _))| *processed).max().unwrap_or(0);
        let step = WIDTH / all.len().max(1) as f64;
        let bars: Vec<Bar> =
            all.iter().enumerate().map(|(i, (day, figures))| bar(i, *day, *figures, top, step)).collect();
        let sum = |part: fn(&(u64, u64)) -> u64| all.iter().map(|(_, figures)| part(figures)).sum::<u64>();
        let (processed, failed) = (sum(|(processed, _)| *processed), sum(|(_, failed)| *failed));
        Self {
            top: thousands(top),
            first: date(since),
            last: date(today),
            words: format!(
                "{} processed and {} failed from {} to {}",
                thousands(processed),
                thousands(failed),
                date(since),
                date(today)
            ),
            bars,
        }
    }
}

fn bar(i: usize, day: i32, (processed, failed): (u64, u64), top: u64, step: f64) -> Bar {
    // At least one unit for a day with anything on it: one failure in a million is what one looks for.
    let height = |part: u64| if part == 0 { 0.0 } else { (part as f64 / top as f64 * HEIGHT).max(1.0) };
    let bad = height(failed);
    let good = height(processed - failed).min(HEIGHT - bad);
    Bar {
        date: date(day),
        processed: thousands(processed),
        failed: thousands(failed),
        x: format!("{:.2}", i as f64 * step),
        width: format!("{:.2}", step * 0.8),
        good: (format!("{:.2}", HEIGHT - good), format!("{good:.2}")),
        bad: (format!("{:.2}", HEIGHT - good - bad), format!("{bad:.2}")),
    }
}

fn date(day: i32) -> String {
    let text = Wall(i64::from(day).saturating_mul(86_400_000_000)).rfc3339();
    text.get(..10).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_has_a_bar_and_failures_are_seen() {
        let days = [
            Day { day: 20_455, processed: 1_000_000, failed: 1 },
            Day { day: 20_457, processed: 500_000, failed: 500_000 },
        ];
        let history = History::new(&days, 20_457, 7);
        let dates: Vec<&str> = history.bars.iter().map(|bar| bar.date.as_str()).collect();
        assert_eq!((dates.len(), dates[0], dates[6]), (7, "2025-12-29", "2026-01-04"));
        assert_eq!(history.top, "1,000,000");
        assert_eq!(history.bars[4].bad, ("0.00".into(), "1.00".into()));
        assert_eq!(history.bars[4].good, ("1.00".into(), "159.00".into()));
        assert_eq!(history.bars[5].good.1, "0.00");
        assert_eq!(history.bars[6].bad, ("80.00".into(), "80.00".into()));
        assert_eq!(history.words, "1,500,000 processed and 500,001 failed from 2025-12-29 to 2026-01-04");
    }

    #[test]
    fn a_server_that_never_worked_has_a_flat_history() {
        let history = History::new(&[], 0, 180);
        assert_eq!(history.bars.len(), 180);
        assert!(history.bars.iter().all(|bar| bar.good.1 == "0.00" && bar.bad.1 == "0.00"));
    }
}
