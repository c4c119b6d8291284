//! A moment as pages show it: how long ago, with the exact time beside it (rule `V-30`).

use askama::Template;
use bessemer_core::Wall;

/// Renders as a `time` element.
#[derive(Template)]
#[template(path = "parts/moment.html")]
pub(crate) struct Moment {
    exact: String,
    relative: String,
}

impl askama::filters::HtmlSafe for Moment {}

impl Moment {
    pub(crate) fn new(at: Wall, now: Wall) -> Self {
        Self { exact: at.rfc3339(), relative: relative(at, now) }
    }

    /// From a text that a producer may have made up (rule `P-07`).
    pub(crate) fn parse(text: &str, now: Wall) -> Self {
        match Wall::parse(text) {
            Ok(at) => Self::new(at, now),
            Err(_) => Self { exact: String::new(), relative: "invalid timestamp".into() },
        }
    }
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

fn relative(at: Wall, now: Wall) -> String {
    let ahead = at.since(now).as_secs();
    let seconds = ahead.max(now.since(at).as_secs());
    if seconds == 0 {
        return "just now".into();
    }
    let (_, size, unit) = UNITS.into_iter().find(|(bound, ..)| seconds < *bound).unwrap_or(UNITS[5]);
    let side = if ahead > 0 { "from now" } else { "ago" };
    format!("{} {side}", crate::count::plural(seconds / size, unit))
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
            assert_eq!(relative(Wall(NOW.0 + seconds * 1_000_000), NOW), text);
        }
    }

    #[test]
    fn the_exact_time_stands_beside_it() {
        assert_eq!(
            Moment::new(NOW, NOW).to_string(),
            r#"<time datetime="2026-01-02T03:04:05Z" title="2026-01-02T03:04:05Z">just now</time>"#
        );
        assert_eq!(Moment::parse("<b>", NOW).to_string(), "<span>invalid timestamp</span>");
    }
}
