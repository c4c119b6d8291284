//! Who may see a page and who may act: size, host, origin, who it is and what they may do, in this order, before any page
//! runs.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::web::Web;
use crate::{Front, api, base, limits};

pub(crate) mod auth;
pub(crate) mod host;
mod origin;
pub(crate) mod tokens;
pub(crate) mod visitor;

use visitor::{Role, Scope, Visitor};

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
    let (parts, body) = request.into_parts();
    let run = async {
        // Finding a token asks the engine, so it takes its time like everything else.
        let visitor = match allowed(&web, &parts).await {
            Ok(visitor) => visitor,
            Err(problem) => return problem.into_response(),
        };
        let next = visitor.answer(next.run(Request::from_parts(parts, body)));
        match web.running.acquire().await {
            Ok(_permit) => next.await,
            Err(closed) => Problem::internal(&closed).into_response(),
        }
    };
    let time = web.site.limits.request_timeout;
    tokio::time::timeout(time, run).await.unwrap_or_else(|_| {
        let text = format!("The request was not done within {time:?}");
        Problem::new(StatusCode::REQUEST_TIMEOUT, text).into_response()
    })
}

async fn allowed<F: Front>(web: &Web<F>, request: &Parts) -> Result<Visitor, Problem> {
    let (headers, path) = (&request.headers, request.uri.path());
    // A page that made its name point here cannot know the password, so a password settles the matter (`D15`).
    if web.lock.is_open() {
        host::check(headers, &web.site.hosts)?;
    }
    if !request.method.is_safe() {
        origin::check(headers)?;
    }
    let by = if api::owns(path) { "api" } else { "page" };
    if by == "api" {
        api::check_type(&request.method, headers)?;
    }
    let visitor =
        known(web, headers.get(header::AUTHORIZATION), base::address(headers, &request.extensions), by)
            .await?;
    visitor.check(Scope::needed(&request.method, path))?;
    Ok(visitor)
}

/// Who it is, by a token or a password.
async fn known<F: Front>(
    web: &Web<F>,
    credentials: Option<&HeaderValue>,
    address: IpAddr,
    by: &'static str,
) -> Result<Visitor, Problem> {
    if credentials.is_some() && !web.lock.is_open() {
        // Of who guesses, also the right password has its turn: an answer at once would be one about a guess.
        tokio::time::sleep(web.lock.turn(address, web.front.now())?).await;
    }
    let now = web.front.now();
    let is_token = credentials.is_some_and(|value| tokens::is_bearer(value.as_bytes()));
    if is_token && !web.lock.is_open() {
        let token = match credentials.and_then(|value| tokens::bearer(value.as_bytes())) {
            Some((id, secret)) => web.admit(id, secret).await?,
            None => None,
        };
        let token = token.ok_or_else(|| web.lock.wrong(address, now))?;
        return Ok(Visitor { name: token.name, role: Role::Token, scopes: token.scopes, address, by });
    }
    let (role, name) = web.lock.check(credentials, address, now)?;
    let name = if name.is_empty() { "anonymous".into() } else { name };
    let scopes = vec![if role == Role::Viewer { Scope::Read } else { Scope::Admin }];
    Ok(Visitor { name, role, scopes, address, by })
}
