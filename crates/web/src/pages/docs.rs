//! `/docs`: the way from the first start to a retried failure, as it stands in the repository. A server on a closed
//! network explains itself.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

const GETTING_STARTED: &str = include_str!("../../../../docs/getting-started.md");

/// `GET /docs`.
pub(crate) async fn show() -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], GETTING_STARTED).into_response()
}
