//! What a request asks: its query and its JSON body, with nothing in them that nobody knows.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use bessemer_protocol::text::json_error;
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::web::Web;
use crate::{Front, limits};

/// The query, as `T`, which refuses unknown parameters.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(asked) = Query::try_from_uri(&parts.uri).map_err(|why| {
            let text = why.body_text();
            let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            Problem::bad(format!("invalid query: {text}"))
        })?;
        Ok(Self(asked))
    }
}

/// No query at all.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// The JSON body, as `T`, which refuses unknown members.
pub(super) struct Sent<T>(pub(super) T);

impl<T: DeserializeOwned, F: Front> FromRequest<Web<F>> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Web<F>) -> Result<Self, Problem> {
        let text = body(request, web.site.limits.body_max).await?;
        serde_json::from_str(&text)
            .map(Self)
            .map_err(|error| Problem::bad(format!("invalid body: {}", json_error(&error, 0))))
    }
}

/// The text of a body of at most so many bytes.
pub(super) async fn body(request: Request, limit: usize) -> Result<String, Problem> {
    let too_large =
        || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("The body is larger than {limit} bytes"));
    if length(request.headers()).is_some_and(|length| length > limit) {
        // Who asks first whether to send it listens.
        if !request.headers().contains_key(header::EXPECT) {
            drain(request.into_body(), limit).await;
        }
        return Err(too_large());
    }
    let bytes = axum::body::to_bytes(request.into_body(), limit).await.map_err(|error| {
        let cut =
            std::error::Error::source(&error).is_some_and(|why| why.to_string().contains("length limit"));
        if cut { too_large() } else { Problem::bad("The body did not come whole") }
    })?;
    String::from_utf8(bytes.into())
        .map_err(|error| Problem::bad(format!("invalid UTF-8 at byte {}", error.utf8_error().valid_up_to())))
}

/// Reads some of what is too long, and keeps nothing of it. Who still writes does not listen, and would find a closed
/// connection instead of the answer.
async fn drain(mut body: Body, most: usize) {
    let mut left = most;
    while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            break;
        }
    }
}

/// How long the body says that it is.
pub(super) fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// How many rows a page is to have.
pub(super) fn limit(wanted: Option<usize>) -> Result<usize, Problem> {
    let (wanted, most) = (wanted.unwrap_or(limits::LIST_DEFAULT), limits::LIST_MAX);
    match wanted {
        1..=limits::LIST_MAX => Ok(wanted),
        _ => Err(Problem::bad(format!("invalid limit: {wanted}, expected 1 to {most}"))),
    }
}

/// A change that is sent as a form of some page is none of ours, whatever else it says (`D15`): what has a body is JSON,
/// and what has none does not claim to have another.
pub(crate) fn check_type(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
    match headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase()) {
        None if !has_body => Ok(()),
        Some(kind) if is_json(&kind) => Ok(()),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send JSON, with Content-Type: application/json",
        )),
    }
}

fn is_json(kind: &[u8]) -> bool {
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii() == b"application/json"
}
