//! `/api/v1`: everything the pages do, and pushing jobs, as JSON for scripts.
//!
//! A file here is a resource: what may be asked, what is answered, and its part of the OpenAPI document, which is made of
//! the very types that travel ([`document`]). The guards are those of the pages; what goes wrong is told as JSON by
//! [`error`]. What may be sent is read by [`input`]: nothing unknown passes, so that a mistyped filter never means
//! everything.

use std::sync::Arc;

use axum::Router;

use crate::Front;
use crate::web::Web;

mod document;
pub(crate) mod error;
mod info;
mod input;
mod queues;

use document::Documented;
pub(crate) use input::check_type;

/// What stands before every path of the API.
pub(crate) const ROOT: &str = "/api/v1";

/// Whether an address belongs to the API, also one that there is not.
pub(crate) fn owns(path: &str) -> bool {
    path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The OpenAPI document, laid out over lines.
pub fn openapi<F: Front>() -> String {
    let mut text = operations::<F>().openapi.to_pretty_json().expect("a document is JSON");
    text.push('\n');
    text
}

/// Its addresses, below [`ROOT`].
pub(crate) fn router<F: Front>() -> Router<Web<F>> {
    let Documented { router, openapi } = operations();
    let openapi = Arc::new(openapi);
    Router::new().nest(ROOT, router.layer(axum::Extension(openapi)))
}

/// Every operation, once: the router and the document both come from here.
fn operations<F: Front>() -> Documented<F> {
    Documented::new()
        .on::<document::__path_show, _, _>(document::show)
        .on::<info::__path_show, _, _>(info::show::<F>)
        .on::<info::__path_history, _, _>(info::history::<F>)
        .on::<queues::__path_list, _, _>(queues::list::<F>)
}
