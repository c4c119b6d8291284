//! The one shape in which the API says what was wrong: `{"error":{"code":"not_found","message":"There is no such job"}}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// A request that was not done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failed {
    error: Error,
}

/// Why it was not done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Error {
    /// A word that programs may compare.
    #[schema(example = "not_found")]
    code: &'static str,
    /// A sentence for people. It may change.
    #[schema(example = "There is no such job")]
    message: String,
}

impl Error {
    pub(super) fn new(code: &'static str, message: String) -> Self {
        Self { code, message }
    }
}

/// The response of a problem.
pub(crate) fn response(problem: &Problem) -> Response {
    let error = Error { code: code(problem), message: problem.text.clone() };
    (problem.status, Json(Failed { error })).into_response()
}

/// The word of the problem's own, or that of its status.
fn code(problem: &Problem) -> &'static str {
    match problem.status {
        _ if problem.code.is_some() => problem.code.unwrap_or_default(),
        StatusCode::BAD_REQUEST => "bad_request",
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "timeout",
        StatusCode::CONFLICT => "conflict",
        StatusCode::PAYLOAD_TOO_LARGE => "body_too_large",
        StatusCode::URI_TOO_LONG => "address_too_long",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::MISDIRECTED_REQUEST => "unknown_host",
        StatusCode::UNPROCESSABLE_ENTITY => "unprocessable",
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "headers_too_large",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        _ => "internal",
    }
}
