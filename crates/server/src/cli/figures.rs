//! What tools say about a store, as text and as JSON.

use std::time::Duration;

use bessemer_core::Wall;
use bessemer_core::query::Info;
use bessemer_store::tools::{Damage, Verified};
use serde_json::{Value, json};

/// `1 segment`, `2 segments`.
pub(super) fn count(number: impl Into<u64>, what: &str) -> String {
    let number = number.into();
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 job`, `1,234 jobs`.
pub(super) fn amount(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A length of time with its two largest units.
pub(super) fn span(time: Duration) -> String {
    let (large, small) = units(time);
    if small.is_empty() { large } else { format!("{large} {small}") }
}

/// A length of time by its largest unit, and what is left of it by the next; nothing where nothing is left.
fn units(time: Duration) -> (String, String) {
    let seconds = time.as_secs();
    let (large, small) = match seconds {
        0..60 => return (format!("{seconds} s"), String::new()),
        60..3_600 => ((60, "m"), (1, "s")),
        3_600..86_400 => ((3_600, "h"), (60, "m")),
        _ => ((86_400, "d"), (3_600, "h")),
    };
    let (whole, rest) = (seconds / large.0, seconds % large.0 / small.0);
    let rest = if rest == 0 { String::new() } else { format!("{rest} {}", small.1) };
    (format!("{} {}", grouped(whole), large.1), rest)
}

/// About how long before `now` a moment of the server was. What is no moment stays as it is.
pub(super) fn ago(now: Wall, moment: &str) -> String {
    match Wall::parse(moment) {
        Ok(then) if then <= now => format!("{} ago", units(now.since(then)).0),
        Ok(then) => format!("in {}", units(then.since(now)).0),
        Err(_) => moment.to_owned(),
    }
}

/// A number of bytes with a unit that keeps it short.
pub(super) fn bytes(number: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = number as f64;
    let mut unit = "bytes";
    for next in units {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    if unit == "bytes" { format!("{number} bytes") } else { format!("{value:.1} {unit}") }
}

/// The live jobs of a store, by state.
pub(super) fn jobs(info: &Info) -> String {
    let Info { enqueued, scheduled, retries, dead, working, .. } = info;
    let queues = count(info.queues.len() as u64, "queue");
    format!(
        "{enqueued} enqueued in {queues}, {scheduled} scheduled, {retries} retrying, {dead} dead, {working} working"
    )
}

/// The same for scripts.
pub(super) fn jobs_json(info: &Info) -> Value {
    let Info { enqueued, scheduled, retries, dead, working, .. } = info;
    json!({
        "enqueued": enqueued, "scheduled": scheduled, "retries": retries, "dead": dead, "working": working,
        "queues": info.queues, "processed": info.processed, "failures": info.failures,
    })
}

/// A damage as a line.
pub(super) fn damage(damage: &Damage) -> String {
    let Damage { path, offset, what, .. } = damage;
    let bytes = damage.bytes.map_or(String::new(), |number| format!(", {}", count(number, "byte")));
    format!("damaged: {path} at offset {offset}{bytes}: {what}")
}

/// The same for scripts.
pub(super) fn damage_json(damage: &Damage) -> Value {
    let Damage { path, offset, bytes, what } = damage;
    json!({ "path": path, "offset": offset, "bytes": bytes, "what": what })
}

/// What was read of a store.
pub(super) fn extent(verified: &Verified) -> String {
    let Verified { batches, facts, .. } = verified;
    let written =
        verified.last_written.map_or(String::new(), |at| format!(", last written {}", at.rfc3339()));
    let segments = count(verified.segments as u64, "segment");
    let (batches, facts) = (count(*batches, "batch").replace("batchs", "batches"), count(*facts, "fact"));
    format!("{segments}, {batches}, {facts}, {}{written}", bytes(verified.bytes))
}

/// All of it for scripts.
pub(super) fn verified_json(directory: &str, verified: &Verified) -> Value {
    let torn = verified.torn.as_ref();
    json!({
        "ok": verified.is_whole(),
        "directory": directory,
        "backup_made": verified.backup_of.map(Wall::rfc3339),
        "segments": verified.segments,
        "batches": verified.batches,
        "facts": verified.facts,
        "bytes": verified.bytes,
        "last_written": verified.last_written.map(Wall::rfc3339),
        "jobs": jobs_json(&verified.info),
        "torn": torn.map(|torn| json!({ "path": torn.path, "offset": torn.offset, "bytes": torn.bytes })),
        "damages": verified.damages.iter().map(damage_json).collect::<Vec<_>>(),
        "broken": verified.broken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_agree_with_their_nouns() {
        assert_eq!(
            [0, 1023, 1024, 1 << 20, 5 << 30].map(bytes),
            ["0 bytes", "1023 bytes", "1.0 KiB", "1.0 MiB", "5.0 GiB"]
        );
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 2_000].map(|n| amount(n, "job")), ["0 jobs", "1 job", "2,000 jobs"]);
        assert_eq!([0u64, 1, 2].map(|n| count(n, "job")), ["0 jobs", "1 job", "2 jobs"]);
    }

    #[test]
    fn times_have_two_units_at_most() {
        let at = |seconds| span(Duration::from_secs(seconds));
        assert_eq!([0, 59, 60, 61, 3_599].map(at), ["0 s", "59 s", "1 m", "1 m 1 s", "59 m 59 s"]);
        assert_eq!(
            [3_600, 86_399, 86_400, 90_000, 86_400_000].map(at),
            ["1 h", "23 h 59 m", "1 d", "1 d 1 h", "1,000 d"]
        );
        let now = Wall::parse("2026-01-02T03:04:05Z").expect("a moment");
        assert_eq!(ago(now, "2026-01-02T03:03:05.5Z"), "59 s ago");
        assert_eq!(ago(now, "2026-01-02T05:03:05Z"), "in 1 h");
        assert_eq!(ago(now, "soon"), "soon");
    }
}
