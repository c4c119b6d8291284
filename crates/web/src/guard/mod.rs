//! Who may see a page and who may act: size, host, origin and password, in this order, before any page runs.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::web::Web;
use crate::{Front, api, base, limits};

pub(crate) mod auth;
pub(crate) mod host;
mod origin;

/// Refuses oversized heads of requests, also on the open addresses.
pub(crate) async fn size(request: Request, next: Next) -> Response {
    let uri = request.uri().path_and_query().map_or(0, |text| text.as_str().len());
    if uri > limits::URI_MAX {
        return Problem::new(StatusCode::URI_TOO_LONG, "The address is too long").into_response();
    }
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > limits::HEADERS_MAX {
        return Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large")
            .into_response();
    }
    next.run(request).await
}

/// Checks a request and runs it, when there is room, within its time.
pub(crate) async fn check<F: Front>(State(web): State<Web<F>>, request: Request, next: Next) -> Response {
    if let Err(problem) = allowed(&web, &request) {
        return problem.into_response();
    }
    let run = async {
        match web.running.acquire().await {
            Ok(_permit) => next.run(request).await,
            Err(closed) => Problem::internal(&closed).into_response(),
        }
    };
    let time = web.site.limits.request_timeout;
    tokio::time::timeout(time, run).await.unwrap_or_else(|_| {
        let text = format!("The request was not done within {time:?}");
        Problem::new(StatusCode::REQUEST_TIMEOUT, text).into_response()
    })
}

fn allowed<F: Front>(web: &Web<F>, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    // A page that made its name point here cannot know the password, so a password settles the matter (`D15`).
    if web.site.password.is_none() {
        host::check(headers, &web.site.hosts)?;
    }
    if !request.method().is_safe() {
        origin::check(headers)?;
    }
    if api::owns(request.uri().path()) {
        api::check_type(request.method(), headers)?;
    }
    web.lock.check(headers.get(header::AUTHORIZATION), base::address(request), web.front.now())
}
