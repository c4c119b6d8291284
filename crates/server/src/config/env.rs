//! The environment variables that the server reads: Faktory's, Datadog's, and HOME.

use std::path::PathBuf;

use super::{ConfigError, statsd};

/// The password, or the name of a file that holds it (rule `O-06`).
pub(super) const PASSWORD: &str = "FAKTORY_PASSWORD";
/// `1`, `true` or `yes`: go without a password (rule `O-07`).
pub(super) const SKIP_PASSWORD: &str = "FAKTORY_SKIP_PASSWORD";
/// What `-e` is when it is not given.
pub(super) const ENVIRONMENT: &str = "FAKTORY_ENV";

/// Faktory's switch for what is to come: it does nothing, and has to be a boolean (rule `O-08`).
const PREVIEW: &str = "FAKTORY2_PREVIEW";

/// One variable of the process. Bytes that are not UTF-8 become U+FFFD, so that a value is never taken for absent.
pub fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Variables {
    pub(super) environment: Option<String>,
    /// As it is set, also when it is empty.
    pub(super) password: Option<String>,
    pub(super) skip_password: bool,
    pub(super) home: Option<PathBuf>,
    pub(super) preview: Option<String>,
    pub(super) statsd: Option<String>,
}

impl Variables {
    pub(super) fn read(env: impl Fn(&str) -> Option<String>) -> Self {
        let filled = |name| env(name).filter(|value| !value.is_empty());
        Self {
            environment: filled(ENVIRONMENT),
            password: env(PASSWORD),
            skip_password: env(SKIP_PASSWORD).is_some_and(|v| ["1", "true", "yes"].contains(&v.as_str())),
            home: filled("HOME").map(PathBuf::from),
            preview: filled(PREVIEW),
            statsd: filled(statsd::LOCATION),
        }
    }

    pub(super) fn refuse_odd_preview(&self) -> Result<(), ConfigError> {
        // What Go takes for a boolean.
        const BOOLEANS: &str = " 1 t T TRUE true True 0 f F FALSE false False ";
        match &self.preview {
            Some(value) if value.contains(' ') || !BOOLEANS.contains(&format!(" {value} ")) => {
                let what = format!("{value:?} is neither true nor false");
                Err(ConfigError::Source { name: PREVIEW.into(), what })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_skips_the_password_o07() {
        for (value, skips) in
            [("1", true), ("true", true), ("yes", true), ("0", false), ("", false), ("on", false)]
        {
            let found = Variables::read(|name| (name == SKIP_PASSWORD).then(|| value.to_owned()));
            assert_eq!(found.skip_password, skips, "{value:?}");
        }
    }

    #[test]
    fn the_preview_is_a_boolean_that_does_nothing_o08() {
        for (value, fits) in [
            ("", true),
            ("1", true),
            ("true", true),
            ("F", true),
            ("yes", false),
            ("tRUE", false),
            ("true false", false),
        ] {
            let found = Variables::read(|name| (name == PREVIEW).then(|| value.to_owned()));
            let outcome = found.refuse_odd_preview();
            assert_eq!(outcome.is_ok(), fits, "{value:?}");
            if let Err(error) = outcome {
                assert_eq!(
                    error.to_string(),
                    format!("FAKTORY2_PREVIEW: {value:?} is neither true nor false")
                );
            }
        }
        assert!(Variables::read(|_| None).refuse_odd_preview().is_ok());
    }

    #[test]
    fn an_empty_password_is_set_and_an_empty_environment_is_not_o06() {
        let found = Variables::read(|_| Some(String::new()));
        assert_eq!(found.password.as_deref(), Some(""));
        assert_eq!((found.environment, found.home), (None, None));
    }
}
