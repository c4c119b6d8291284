//! What went wrong with a request, in one sentence for its sender. [`crate::finish`] makes the page of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bessemer_store::Gone;

use crate::Undone;

/// A refusal or a failure: a status and a public sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub status: StatusCode,
    pub text: String,
    /// For programs, where the status says too little: [`crate::api`].
    pub code: Option<&'static str>,
    /// The key of the sentence in the visitor's language, where there is one. The API speaks English.
    pub key: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), code: None, key: None }
    }

    /// With a word for programs.
    #[must_use]
    pub(crate) fn coded(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Said on pages by this text.
    #[must_use]
    pub(crate) fn said(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }

    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(crate) fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    /// A fault of ours. The cause goes to the log, the sender learns only that there was one.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "failed to answer a request of the dashboard");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal error; the log of the server says more")
            .said("problem-internal")
    }
}

impl From<Gone> for Problem {
    fn from(gone: Gone) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, sentence(&gone.to_string()))
    }
}

/// What the state of things forbids: the same request may be fine another time.
impl From<Undone> for Problem {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Gone(gone) => gone.into(),
            Undone::Refused(refusal) => Self::new(StatusCode::CONFLICT, sentence(&refusal.to_string())),
        }
    }
}

fn sentence(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
