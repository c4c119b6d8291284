//! Reads what a schedule says, and says what is wrong with one.

use super::schedule::{Fields, When};
use crate::limits::{CRON_EVERY_MAX_S, CRON_SCHEDULE_MAX};

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSchedule {
    #[error("has {0} of the five fields: minute, hour, day of month, month, day of week")]
    Count(usize),
    #[error("has more than {CRON_SCHEDULE_MAX} bytes")]
    Long,
    #[error("knows no name {0:?}: there are @yearly, @monthly, @weekly, @daily, @hourly and \"@every 30s\"")]
    Name(String),
    #[error("must say from \"@every 1s\" to \"@every {}h\", such as \"@every 1h30m\"", CRON_EVERY_MAX_S / 3_600)]
    Every,
    /// Which field, and the text of it that is wrong.
    #[error("has {1:?} as its {0}: must be {2}")]
    Value(&'static str, String, &'static str),
    /// What other schedulers read there.
    #[error("has {1:?} as its {0}: L, W and # are not known here, it must be {2}")]
    Foreign(&'static str, String, &'static str),
    #[error("has {1:?} as its {0}: the first of a range comes first")]
    Range(&'static str, String),
    #[error("has {1:?} as its {0}: a step is at least 1")]
    Step(&'static str, String),
    #[error("never comes: no month that it names has such a day")]
    Never,
}

/// What one of the five fields may hold.
struct Kind {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
    must: &'static str,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const KINDS: [Kind; 5] = [
    Kind { name: "minute", least: 0, most: 59, names: &[], must: "from 0 to 59" },
    Kind { name: "hour", least: 0, most: 23, names: &[], must: "from 0 to 23" },
    Kind { name: "day of month", least: 1, most: 31, names: &[], must: "from 1 to 31" },
    Kind { name: "month", least: 1, most: 12, names: &MONTHS, must: "from 1 to 12, or jan to dec" },
    // 7 is Sunday too.
    Kind { name: "day of week", least: 0, most: 7, names: &DAYS, must: "from 0 to 7, or sun to sat" },
];

/// What a text says.
pub(super) fn when(text: &str) -> Result<When, BadSchedule> {
    if text.len() > CRON_SCHEDULE_MAX {
        return Err(BadSchedule::Long);
    }
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let name = words.first().copied().unwrap_or_default();
    let fields = match (name.to_ascii_lowercase().as_str(), words.len()) {
        ("@every", _) => return every(&words[1..].concat()).map(When::Every).ok_or(BadSchedule::Every),
        ("@yearly" | "@annually", 1) => fields(&["0", "0", "1", "1", "*"])?,
        ("@monthly", 1) => fields(&["0", "0", "1", "*", "*"])?,
        ("@weekly", 1) => fields(&["0", "0", "*", "*", "0"])?,
        ("@daily" | "@midnight", 1) => fields(&["0", "0", "*", "*", "*"])?,
        ("@hourly", 1) => fields(&["0", "*", "*", "*", "*"])?,
        (other, _) if other.starts_with('@') => return Err(BadSchedule::Name(words.join(" "))),
        _ => fields(&words)?,
    };
    if fields.is_possible() { Ok(When::At(fields)) } else { Err(BadSchedule::Never) }
}

fn fields(words: &[&str]) -> Result<Fields, BadSchedule> {
    let [minute, hour, day, month, weekday] = *words else { return Err(BadSchedule::Count(words.len())) };
    let [m, h, d, mo, w] = &KINDS;
    // Many crontabs have it where a day is said by the other of the two.
    let [day, weekday] = [day, weekday].map(|field| if field == "?" { "*" } else { field });
    let weekdays = set(weekday, w)?;
    Ok(Fields {
        minutes: set(minute, m)?,
        hours: set(hour, h)?,
        days: set(day, d)?,
        months: set(month, mo)?,
        weekdays: (weekdays | weekdays >> 7 & 1) & 0x7f,
        any_day: day.starts_with('*'),
        any_weekday: weekday.starts_with('*'),
    })
}

/// The values of a field: a list of `*`, `5`, `1-5`, each with a step or without.
fn set(field: &str, kind: &Kind) -> Result<u64, BadSchedule> {
    field.split(',').try_fold(0, |set, part| Ok(set | range(part, kind)?))
}

fn range(part: &str, kind: &Kind) -> Result<u64, BadSchedule> {
    let wrong = || {
        let why = if is_foreign(part, kind) { BadSchedule::Foreign } else { BadSchedule::Value };
        why(kind.name, part.into(), kind.must)
    };
    let (span, step) = match part.split_once('/') {
        Some((span, step)) => (span, Some(number(step).ok_or_else(wrong)?)),
        None => (part, None),
    };
    let value = |text: &str| value(text, kind).ok_or_else(wrong);
    let (from, to) = match span.split_once('-') {
        // Of weekdays `*` is Sunday to Saturday, so that a step does not count Sunday twice.
        _ if span == "*" => (kind.least, kind.most.min(if kind.most == 7 { 6 } else { 59 })),
        // `fri-sun` is what people mean by it.
        Some((from, to)) if kind.most == 7 && value(to)? == 0 => {
            (value(from)?, if value(from)? == 0 { 0 } else { 7 })
        }
        Some((from, to)) => (value(from)?, value(to)?),
        // `5/15` is from 5 on.
        None => (value(span)?, if step.is_some() { kind.most } else { value(span)? }),
    };
    if from > to {
        return Err(BadSchedule::Range(kind.name, part.into()));
    }
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(BadSchedule::Step(kind.name, part.into()));
    }
    Ok((from..=to).step_by(step as usize).fold(0, |set, value| set | 1 << value))
}

/// `L`, `15W`, `5#2`: the last of something, the working day next to it, the second of its month.
fn is_foreign(part: &str, kind: &Kind) -> bool {
    let word = part.trim_matches(|c: char| c.is_ascii_digit() || c == '-').to_ascii_uppercase();
    let is_day = kind.name.starts_with("day");
    is_day && (matches!(word.as_str(), "L" | "W" | "LW") || word.contains('#'))
}

fn value(text: &str, kind: &Kind) -> Option<u32> {
    let named = kind.names.iter().position(|name| text.eq_ignore_ascii_case(name));
    let named = named.map(|at| at as u32 + kind.least);
    named.or_else(|| number(text)).filter(|value| (kind.least..=kind.most).contains(value))
}

/// Digits and nothing else: `+5` is none.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Seconds of `30s`, `1h30m`, `2d`.
fn every(text: &str) -> Option<u32> {
    let (mut seconds, mut rest) = (0_u32, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (count, unit) = (number(&rest[..digits]).filter(|_| digits > 0)?, rest[digits..].chars().next()?);
        let unit_s = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(count.checked_mul(unit_s)?)?;
        rest = &rest[digits + 1..];
    }
    (1..=CRON_EVERY_MAX_S).contains(&seconds).then_some(seconds)
}
