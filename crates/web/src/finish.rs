//! The last word on every response: security headers, and a page for what went wrong, or JSON where scripts ask.

use std::any::Any;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::frame::{self, Tab, TabLink};
use crate::guard::host;
use crate::link::Base;
use crate::problem::Problem;
use crate::theme::Theme;
use crate::web::Web;
use crate::words::Words;
use crate::{Front, api, assets};

/// On every response, also on errors.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"), // for browsers that know no frame-ancestors
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// A browser that came by HTTPS is to come by nothing else for a year.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The page of a [`Problem`]. It asks the engine nothing: the engine may be the problem.
#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    words: Words,
    base: &'a str,
    theme: &'a str,
    stamp: &'a str,
    version: &'a str,
    /// None for who has not been let in.
    tabs: Vec<TabLink>,
    status: u16,
    reason: &'a str,
    text: &'a str,
    /// The sentence is in English, whatever the page is in.
    english: bool,
}

/// Turns problems into pages and puts the headers on.
pub(crate) async fn finish<F: Front>(State(web): State<Web<F>>, request: Request, next: Next) -> Response {
    let base = request.extensions().get::<Base>().cloned().unwrap_or_default();
    let (words, theme) = (Words::of(request.headers()), Theme::of(request.headers()));
    let pinned = web.site.tls && !host::is_this_machine(request.headers());
    let for_scripts = api::owns(request.uri().path());
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = match for_scripts {
            true => api::error::response(&problem),
            false => page(&problem, &base.0, words, theme, &web.site.version),
        };
        hint(&problem, response.headers_mut());
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    protect(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(words.tag()));
    if pinned {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    response
}

fn page(problem: &Problem, base: &str, words: Words, theme: Theme, version: &str) -> Response {
    let reason = words.say(&format!("problem-{}", problem.status.as_u16()));
    let text = problem.key.map_or_else(|| problem.text.as_str().into(), |key| words.say(key));
    let is_outside = matches!(problem.status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS);
    let page = ProblemPage {
        tabs: if is_outside { Vec::new() } else { frame::tabs(base, words, Tab::Other) },
        words,
        base,
        theme: theme.name(),
        stamp: assets::stamp(),
        version,
        status: problem.status.as_u16(),
        reason: &reason,
        text: &text,
        english: problem.key.is_none(),
    };
    match page.render() {
        Ok(page) => (problem.status, Html(page)).into_response(),
        Err(error) => {
            tracing::error!(%error, "failed to render the page of a problem");
            (problem.status, problem.text.clone()).into_response()
        }
    }
}

/// What a client does next.
fn hint(problem: &Problem, headers: &mut HeaderMap) {
    let hint = match problem.status {
        StatusCode::UNAUTHORIZED => {
            Some((header::WWW_AUTHENTICATE, "Basic realm=\"Faktory\", charset=\"UTF-8\""))
        }
        StatusCode::TOO_MANY_REQUESTS => Some((header::RETRY_AFTER, "1")),
        StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE => Some((header::CONNECTION, "close")),
        _ => None,
    };
    if let Some((name, value)) = hint {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn protect(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// A page that panicked costs its visitor a page and nobody else anything.
pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    Problem::internal(&format_args!("a page panicked: {}", text.unwrap_or("no message"))).into_response()
}
