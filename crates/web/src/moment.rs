//! A moment as pages show it: how long ago, with the exact time beside it (rule `V-30`).

use std::time::Duration;

use askama::Template;
use bessemer_core::Wall;

use crate::count::decimal;
use crate::words::Words;

/// Renders as a `time` element.
#[derive(Template)]
#[template(path = "parts/moment.html")]
pub(crate) struct Moment {
    exact: String,
    relative: String,
    /// The exact time where it is to be read beside it, and not only by who points at it.
    beside: Option<String>,
}

impl askama::filters::HtmlSafe for Moment {}

impl Moment {
    pub(crate) fn new(at: Wall, now: Wall, words: Words) -> Self {
        Self { exact: at.rfc3339(), relative: relative(at, now, words), beside: None }
    }

    /// The same with the exact time beside it.
    pub(crate) fn in_full(at: Wall, now: Wall, words: Words) -> Self {
        Self { beside: Some(exact(at)), ..Self::new(at, now, words) }
    }

    /// From a text that a producer may have made up (rule `P-07`).
    pub(crate) fn parse(text: &str, now: Wall, words: Words) -> Self {
        match Wall::parse(text) {
            Ok(at) => Self::in_full(at, now, words),
            Err(_) => {
                Self { exact: String::new(), relative: words.say("moment-invalid").into(), beside: None }
            }
        }
    }
}

/// `2026-01-02 03:04:05 UTC`.
pub(crate) fn exact(at: Wall) -> String {
    let text = at.rfc3339();
    let second = text.get(..19).unwrap_or(&text);
    format!("{} UTC", second.replace('T', " "))
}

/// Upper bounds in seconds, and what is counted below them.
const UNITS: [(u64, u64, &str); 6] = [
    (60, 1, "second"),
    (3_600, 60, "minute"),
    (86_400, 3_600, "hour"),
    (30 * 86_400, 86_400, "day"),
    (365 * 86_400, 30 * 86_400, "month"),
    (u64::MAX, 365 * 86_400, "year"),
];

fn relative(at: Wall, now: Wall, words: Words) -> String {
    let ahead = at.since(now).as_secs();
    let seconds = ahead.max(now.since(at).as_secs());
    if seconds == 0 {
        return words.say("moment-now").into();
    }
    let side = if ahead > 0 { "ahead" } else { "ago" };
    counted(side, seconds, words)
}

/// `3 minutes`.
pub(crate) fn span(time: Duration, words: Words) -> String {
    counted("span", time.as_secs(), words)
}

fn counted(kind: &str, seconds: u64, words: Words) -> String {
    let (_, size, unit) = UNITS.into_iter().find(|(bound, ..)| seconds < *bound).unwrap_or(UNITS[5]);
    words.count(&format!("moment-{kind}-{unit}"), seconds / size).into()
}

/// A duration as a figure: `12 ms`, `1.5 s`, `2 m 05 s`, `3 h 20 m`, `4 d 6 h`.
pub(crate) fn duration(time: Duration, words: Words) -> String {
    let (millis, seconds) = (time.as_millis(), time.as_secs());
    words.figure(match (millis, seconds) {
        (0, _) => format!("{} µs", time.as_micros()),
        (..10, _) => format!("{} ms", decimal(time.as_secs_f64() * 1_000.0, 1, words)),
        (..1_000, _) => format!("{millis} ms"),
        (_, ..10) => format!("{} s", decimal(time.as_secs_f64(), 1, words)),
        (_, ..60) => format!("{seconds} s"),
        (_, ..3_600) => format!("{} m {:02} s", seconds / 60, seconds % 60),
        (_, ..86_400) => format!("{} h {:02} m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Wall = Wall(1_767_323_045_000_000);

    #[test]
    fn a_moment_is_told_by_its_distance_v30() {
        for (seconds, text) in [
            (0, "just now"),
            (-1, "1 second ago"),
            (-59, "59 seconds ago"),
            (-200, "3 minutes ago"),
            (7_200, "2 hours from now"),
            (-86_400, "1 day ago"),
            (40 * 86_400, "1 month from now"),
            (-800 * 86_400, "2 years ago"),
        ] {
            assert_eq!(relative(Wall(NOW.0 + seconds * 1_000_000), NOW, Words::default()), text);
        }
    }

    #[test]
    fn the_exact_time_stands_beside_it() {
        assert_eq!(
            Moment::new(NOW, NOW, Words::default()).to_string(),
            r#"<time datetime="2026-01-02T03:04:05Z" title="2026-01-02T03:04:05Z">just now</time>"#
        );
        assert_eq!(
            Moment::in_full(Wall(NOW.0 + 1), NOW, Words::default()).to_string(),
            r#"<time datetime="2026-01-02T03:04:05.000001Z" title="2026-01-02T03:04:05.000001Z">just now</time> <span class="exact" dir="ltr">2026-01-02 03:04:05 UTC</span>"#
        );
        assert_eq!(Moment::parse("<b>", NOW, Words::default()).to_string(), "<span>invalid timestamp</span>");
    }

    #[test]
    fn a_duration_has_two_units_at_most() {
        for (micros, text) in [
            (0, "0 µs"),
            (870, "870 µs"),
            (1_540, "1.5 ms"),
            (12_400, "12 ms"),
            (1_500_000, "1.5 s"),
            (59_900_000, "59 s"),
            (125_000_000, "2 m 05 s"),
            (12_000_000_000, "3 h 20 m"),
            (367_200_000_000, "4 d 6 h"),
        ] {
            assert_eq!(duration(Duration::from_micros(micros), Words::default()), text);
        }
        let arabic = Words::by_tag("ar").unwrap();
        let isolated = duration(Duration::from_secs(125), arabic);
        assert_eq!(isolated, "\u{2066}2 m 05 s\u{2069}", "its parts stay in order from right to left");
        assert_eq!(span(Duration::from_secs(125), Words::default()), "2 minutes");
    }
}
