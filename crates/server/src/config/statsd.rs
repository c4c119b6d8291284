//! Where figures are sent for statsd or DogStatsD, and under which names (rule `E-70`).

use std::fmt;
use std::path::PathBuf;

use super::keys::Settings;
use super::{Binding, ConfigError};

/// Datadog's own variable; it beats the file and suffices.
pub(super) const LOCATION: &str = "DD_DOGSTATSD_URL";

/// One packet of Ethernet holds so many bytes, and so many lines or more: `bufferSize` counts lines.
const PACKET: usize = 1_432;
const LINES: usize = 15;

/// A packet of UDP holds 65,507 bytes.
const LINES_MAX: usize = 600;

/// Queues whose latency is sent.
const QUEUES_MAX: usize = 10_000;

/// Tags of every line.
const TAGS_MAX: usize = 100;

/// What is sent, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsdConfig {
    /// Who takes it.
    pub location: Location,
    /// What all names begin with, a dot at the end included.
    pub namespace: String,
    /// `key:value`, or a word.
    pub tags: Vec<String>,
    /// Bytes of a packet.
    pub packet: usize,
    /// Queues whose latency is sent; none: all.
    pub latency_of: Vec<String>,
}

/// Where a daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    Udp(Binding),
    Unix(PathBuf),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(binding) => binding.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// What the variable and the files say; `None`: nothing is sent.
pub(super) fn read(
    settings: &Settings<'_>,
    variable: Option<&str>,
) -> Result<Option<StatsdConfig>, ConfigError> {
    const KEY: &str = "statsd.location";
    // The file's is read in any case: a mistake in it is one, also while a variable hides it.
    let set = settings.text(KEY).map(location).transpose().map_err(|what| settings.wrong(KEY, what))?;
    let wrong = |what| ConfigError::Source { name: LOCATION.to_owned(), what };
    let given = variable.map(location).transpose().map_err(wrong)?;
    let lines = settings.count("statsd.bufferSize", 1..=LINES_MAX)?;
    let (namespace, tags) = (namespace(settings)?, tags(settings)?);
    let latency_of = settings.texts("statsd.queueLatency")?;
    if latency_of.len() > QUEUES_MAX {
        return Err(settings.wrong("statsd.queueLatency", format!("names more than {QUEUES_MAX} queues")));
    }
    let packet = lines * PACKET / LINES;
    let config = |location| StatsdConfig { location, namespace, tags, packet, latency_of };
    Ok(given.or(set).map(config))
}

fn location(text: &str) -> Result<Location, String> {
    if let Some(path) = text.strip_prefix("unix://") {
        if !path.starts_with('/') {
            return Err(format!(
                "is {text:?}: unix:// and an absolute path, such as unix:///run/statsd.sock"
            ));
        }
        return Ok(Location::Unix(path.into()));
    }
    let address = text.strip_prefix("udp://").unwrap_or(text);
    match address.parse::<Binding>() {
        Ok(binding) if binding.port() > 0 && !address.starts_with(':') => Ok(Location::Udp(binding)),
        Ok(_) => Err(format!("is {text:?}: a daemon has a host and a port, such as localhost:8125")),
        Err(error) => Err(format!("is wrong: {error}")),
    }
}

fn namespace(settings: &Settings<'_>) -> Result<String, ConfigError> {
    const KEY: &str = "statsd.namespace";
    let text = settings.text(KEY).unwrap_or_default();
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if text.len() > 100 || !text.bytes().all(fits) {
        return Err(settings.wrong(KEY, "must be letters, digits, `.`, `_` and `-`, at most 100"));
    }
    Ok(text.to_owned())
}

fn tags(settings: &Settings<'_>) -> Result<Vec<String>, ConfigError> {
    const KEY: &str = "statsd.tags";
    let tags = settings.texts(KEY)?;
    let fits = |tag: &String| {
        let odd = |c: char| c.is_control() || matches!(c, '|' | ',' | '#');
        !tag.is_empty() && tag.len() <= 200 && !tag.contains(odd)
    };
    if tags.len() > TAGS_MAX {
        return Err(settings.wrong(KEY, format!("holds more than {TAGS_MAX} tags")));
    }
    match tags.iter().find(|tag| !fits(tag)) {
        Some(tag) => Err(settings.wrong(KEY, format!("holds {tag:?}: a tag is such as \"env:production\""))),
        None => Ok(tags),
    }
}
