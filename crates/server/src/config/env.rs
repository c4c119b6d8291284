//! The environment variables that the server reads: Faktory's, and HOME.

use std::path::PathBuf;

/// The password, or the name of a file that holds it (rule `O-06`).
pub(super) const PASSWORD: &str = "FAKTORY_PASSWORD";
/// `1`, `true` or `yes`: go without a password (rule `O-07`).
pub(super) const SKIP_PASSWORD: &str = "FAKTORY_SKIP_PASSWORD";
/// What `-e` is when it is not given.
pub(super) const ENVIRONMENT: &str = "FAKTORY_ENV";

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
}

impl Variables {
    pub(super) fn read(env: impl Fn(&str) -> Option<String>) -> Self {
        let filled = |name| env(name).filter(|value| !value.is_empty());
        Self {
            environment: filled(ENVIRONMENT),
            password: env(PASSWORD),
            skip_password: env(SKIP_PASSWORD).is_some_and(|v| ["1", "true", "yes"].contains(&v.as_str())),
            home: filled("HOME").map(PathBuf::from),
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
    fn an_empty_password_is_set_and_an_empty_environment_is_not_o06() {
        let found = Variables::read(|_| Some(String::new()));
        assert_eq!(found.password.as_deref(), Some(""));
        assert_eq!((found.environment, found.home), (None, None));
    }
}
