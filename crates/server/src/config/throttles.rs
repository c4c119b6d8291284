//! `[throttles]`: what limits queues (rule `E-60`), in Faktory's words and some of our own. A table without a fixed set of
//! keys: each is the name of a queue.

use std::collections::BTreeMap;
use std::fmt;

use bessemer_core::throttle::{Parts, Throttle};
use bessemer_protocol::names::check_queue;
use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::keys::{Settings, Source, Spot, hint, join, with_article};

/// The name of the table.
pub(super) const TABLE: &str = "throttles";

/// What limits a queue, and where a file says so.
#[derive(Clone, Debug)]
pub(super) struct Limited {
    throttle: Throttle,
    pub(super) at: Spot,
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.throttle.fmt(f)
    }
}

/// The full name of a queue's entry.
pub(super) fn key(queue: &str) -> String {
    join(TABLE, queue)
}

/// Adds what a file says. A queue has one entry in all files together.
pub(super) fn merge(
    throttles: &mut BTreeMap<String, Limited>,
    table: DeTable<'_>,
    source: &Source<'_>,
) -> Result<(), ConfigError> {
    for (queue, value) in table {
        let at = source.spot(queue.span());
        let (queue, name) = (queue.get_ref().as_ref(), key(queue.get_ref()));
        let wrong = |reason: String| Err(ConfigError::Key { at: at.clone(), reason });
        if let Err(error) = check_queue(queue) {
            return wrong(format!("`{name}`: {error}"));
        }
        if let Some(first) = throttles.get(queue) {
            return wrong(format!("`{name}` is set already, at {}", first.at));
        }
        let DeValue::Table(limits) = value.into_inner() else {
            return wrong(format!("`{name}` must be a table such as {{ concurrency = 3, timeout = 60 }}"));
        };
        let throttle = read(&name, &at, limits, source)?;
        throttles.insert(queue.to_owned(), Limited { throttle, at });
    }
    Ok(())
}

/// What one entry says.
fn read(name: &str, at: &Spot, limits: DeTable<'_>, source: &Source<'_>) -> Result<Throttle, ConfigError> {
    let mut parts = Parts::default();
    for (key, value) in limits {
        let (at, key) = (source.spot(key.span()), key.get_ref().as_ref());
        let full = join(name, key);
        let wrong = |reason: String| Err(ConfigError::Key { at: at.clone(), reason });
        let Some(part) = parts.part(key) else {
            let hint = hint(Parts::NAMES, key, |known| format!("`{}`", join(name, known)));
            return wrong(format!("unknown key `{full}`{hint}"));
        };
        let DeValue::Integer(number) = value.get_ref() else {
            return wrong(format!("`{full}` must be an integer, not {}", with_article(value.get_ref())));
        };
        let Ok(number) = u64::from_str_radix(number.as_str(), number.radix()) else {
            return wrong(format!("`{full}` must be 1 or more, not {}", number.as_str()));
        };
        *part = Some(number);
        // Each number where it stands; whether they go together is seen when all are known.
        let mut alone = Parts { rate: Some(1), ..Parts::default() };
        if let Some(part) = alone.part(key) {
            *part = Some(number);
        }
        if let Err(bad) = alone.throttle() {
            return wrong(format!("`{name}`: {bad}"));
        }
    }
    let wrong = |reason: String| Err(ConfigError::Key { at: at.clone(), reason });
    match parts.throttle() {
        Err(bad) => wrong(format!("`{name}`: {bad}")),
        Ok(throttle) if !throttle.limits() => {
            wrong(format!("`{name}` needs `concurrency`, `worker` or `rate`"))
        }
        Ok(throttle) => Ok(throttle),
    }
}

impl Settings<'_> {
    /// All of them, and how many there may be.
    pub(super) fn throttles(&self) -> Result<(BTreeMap<Box<str>, Throttle>, usize), ConfigError> {
        const MOST: &str = "limits.throttles_max";
        let most = self.count(MOST, 1..=100_000)?;
        if let Some((queue, beyond)) = self.throttles.iter().nth(most) {
            let reason = format!("`{}` is one throttle too many, `{MOST}` is {most}", key(queue));
            return Err(ConfigError::Key { at: beyond.at.clone(), reason });
        }
        let all = self.throttles.iter().map(|(queue, limited)| (queue.as_str().into(), limited.throttle));
        Ok((all.collect(), most))
    }
}
