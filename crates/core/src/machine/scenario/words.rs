//! The words of a table: jobs and what they ask for, limits, stages, spans of time.

use std::time::Duration;

use super::START;
use crate::command::{AskUnique, Asks, Push, Stage};
use crate::fact::{OnLost, Release};
use crate::throttle::{Parts, Throttle};
use crate::time::Wall;

pub(super) fn push<'a>(
    jid: &'a str,
    body: &'a str,
    option: &dyn Fn(&str) -> Option<&'a str>,
    at: Option<Wall>,
) -> Push<'a> {
    Push {
        jid,
        queue: option("queue").unwrap_or("default"),
        jobtype: "T",
        retry: option("retry").map_or(25, |retry| retry.parse().expect("a number")),
        reserve_for: option("reserve").map_or(1_800, |seconds| seconds.parse().expect("a number")),
        on_lost: option("lost").map(|lost| match lost {
            "wait" => OnLost::Wait,
            "dead" => OnLost::Dead,
            _ => OnLost::Requeue,
        }),
        asks: Asks {
            unique: ask_unique(option),
            tracked: option("track").is_some(),
            expires: option("expires").map(|after| START.after(duration(after))),
            ..Asks::default()
        },
        at,
        failure: None,
        sent: body.as_bytes(),
        body: body.as_bytes(),
    }
}

/// The number whose bytes are the text.
pub(super) fn key(text: &str) -> u128 {
    text.bytes().fold(0, |key, byte| key << 8 | u128::from(byte))
}

/// `concurrency=2 rate=10 per=60`.
pub(in crate::machine) fn limit(words: &[&str]) -> Throttle {
    let mut parts = Parts::default();
    for (name, number) in words.iter().filter_map(|word| word.split_once('=')) {
        *parts.part(name).expect("a name") = Some(number.parse().expect("a number"));
    }
    parts.throttle().expect("a throttle")
}

pub(super) fn stage(word: &str) -> Stage {
    match word {
        "running" => Stage::Running,
        "quiet" => Stage::Quiet,
        "terminate" => Stage::Terminate,
        other => panic!("no stage {other}"),
    }
}

/// `90s`, `3m`, `2h`, `200d`, `1500ms`.
pub(super) fn duration(text: &str) -> Duration {
    if let Some(millis) = text.strip_suffix("ms") {
        return Duration::from_millis(millis.parse().expect("a number"));
    }
    let (number, unit) = text.split_at(text.len() - 1);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        other => panic!("no unit {other}"),
    };
    Duration::from_secs(number.parse::<u64>().expect("a number") * seconds)
}

/// The key that a job asks for: `unique=k hold=10s until=start`.
pub(crate) fn ask_unique<'a>(option: &dyn Fn(&str) -> Option<&'a str>) -> Option<AskUnique> {
    option("unique").map(|text| AskUnique {
        key: key(text),
        hold: option("hold").map_or(Duration::from_secs(3_600), duration),
        release: match option("until") {
            Some("start") => Release::Start,
            Some("expiry") => Release::Expiry,
            _ => Release::Success,
        },
    })
}
