//! Where traces are sent, and how many. Read in every build, so that a file is not wrong in one and right in another; a
//! build without the feature `otel` refuses to be told where.

use super::keys::Settings;
use super::{Binding, ConfigError};

/// Bytes of the name that traces go by.
const NAME_MAX: usize = 100;

/// Where traces go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtelConfig {
    /// Where the collector listens.
    pub collector: Binding,
    /// What its addresses begin with: empty, or `/` and a path without a `/` at its end.
    pub path: String,
    /// What the traces are from.
    pub service_name: String,
    /// Of a hundred traces that begin here, so many are sent.
    pub percent: u8,
}

/// What the files say; `None`: no traces are sent.
pub(super) fn read(settings: &Settings<'_>) -> Result<Option<OtelConfig>, ConfigError> {
    const KEY: &str = "otel.endpoint";
    let service_name = settings.text("otel.service_name").unwrap_or("bessemer").to_owned();
    if service_name.len() > NAME_MAX {
        return Err(settings.wrong("otel.service_name", format!("must have at most {NAME_MAX} bytes")));
    }
    if service_name.contains(char::is_control) {
        return Err(settings.wrong("otel.service_name", "must be one line without control characters"));
    }
    let percent = percent(settings)?;
    let Some(text) = settings.text(KEY) else { return Ok(None) };
    let (collector, path) = endpoint(text).map_err(|what| settings.wrong(KEY, what))?;
    if cfg!(not(feature = "otel")) {
        return Err(settings.wrong(KEY, "is set, and this program was built without the feature `otel`"));
    }
    Ok(Some(OtelConfig { collector, path, service_name, percent }))
}

fn endpoint(text: &str) -> Result<(Binding, String), String> {
    let bad = || format!("is {text:?}: it is such as \"http://localhost:4318\"");
    let rest = text.strip_prefix("http://").ok_or_else(bad)?;
    let (place, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let path = path.trim_end_matches('/');
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~".contains(&b);
    match place.parse::<Binding>() {
        Ok(binding) if binding.port() > 0 && !place.starts_with(':') && path.bytes().all(plain) => {
            Ok((binding, path.to_owned()))
        }
        _ => Err(bad()),
    }
}

fn percent(settings: &Settings<'_>) -> Result<u8, ConfigError> {
    const KEY: &str = "otel.sample";
    let text = settings.text(KEY).unwrap_or_default();
    let share = text.strip_suffix('%').and_then(|share| share.trim_end().parse().ok());
    share.filter(|share| *share <= 100).ok_or_else(|| settings.wrong(KEY, "must be from \"0%\" to \"100%\""))
}
