//! Light or dark, as the system wishes or as the visitor chose.

use axum::http::HeaderMap;

use crate::words::cookie;

/// The cookie in which the choice is kept.
pub(crate) const COOKIE: &str = "bessemer_theme";

/// What a visitor may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system has it.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// All, as they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// The choice that is kept in the cookie; none, or nonsense, leaves it to the system.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        cookie(headers, COOKIE).and_then(Self::by_name).unwrap_or_default()
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }

    /// In the cookie, in the form and in `data-theme`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}
