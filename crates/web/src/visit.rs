//! One request for a page: who is asked, under which base path, with which query.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use bessemer_core::query::Page;

use crate::form::Fields;
use crate::link::Base;
use crate::problem::Problem;
use crate::theme::Theme;
use crate::web::Web;
use crate::words::Words;
use crate::{Front, limits};

/// What every page starts from.
pub(crate) struct Visit<F> {
    pub web: Web<F>,
    pub base: Base,
    pub query: Fields,
    /// The visitor's language.
    pub words: Words,
    pub theme: Theme,
    /// The path and query that were asked for, without the base path: where a choice leads back to.
    pub here: String,
}

impl<F: Front> FromRequestParts<Web<F>> for Visit<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web<F>) -> Result<Self, Problem> {
        let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
        let base = Base::from_request_parts(parts, web).await?;
        let (words, theme) = (Words::of(&parts.headers), Theme::of(&parts.headers));
        let here = parts.uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string);
        Ok(Self { web: web.clone(), base, query, words, theme, here })
    }
}

/// A name in a path: a queue, a jid, a key.
pub(crate) struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::bad("The address is not UTF-8"))?;
        Ok(Self(name))
    }
}

/// What a page's handler returns.
pub(crate) type Shown = Result<Response, Problem>;

/// Renders a page.
pub(crate) fn html(template: &impl askama::Template) -> Shown {
    Ok(Html(template.render()?).into_response())
}

/// Sends the browser to one of our addresses, as [`crate::link`] builds them.
pub(crate) fn redirect(status: StatusCode, to: &str) -> Shown {
    let location = HeaderValue::try_from(to).map_err(|error| Problem::internal(&error))?;
    Ok((status, [(header::LOCATION, location)]).into_response())
}

/// The window of a page that counts from 1.
pub(crate) fn window(page: usize) -> Page {
    Page { from: (page - 1).saturating_mul(limits::ROWS), count: limits::ROWS }
}
