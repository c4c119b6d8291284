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
    /// A page of ours asks for itself again.
    pub refreshes: bool,
}

impl<F: Front> FromRequestParts<Web<F>> for Visit<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web<F>) -> Result<Self, Problem> {
        let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
        let base = Base::from_request_parts(parts, web).await?;
        let (words, theme) = (Words::of(&parts.headers), Theme::of(&parts.headers));
        let here = parts.uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string);
        let refreshes = parts.headers.contains_key("hx-request");
        Ok(Self { web: web.clone(), base, query, words, theme, here, refreshes })
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

/// The heading of the column of times: a list can be read from either end, and by nothing else. Any other order would
/// have to look at all of its jobs.
pub(crate) struct ByTime {
    /// Read from the end.
    pub turned: bool,
    /// Where it is read the other way round.
    pub href: String,
    /// For `aria-sort`.
    pub sorted: &'static str,
    /// The address up to and with `page=`.
    pub pages: String,
}

impl ByTime {
    /// `?order=turned` of the list at this address. `rising`: its earliest job stands first otherwise.
    pub(crate) fn new(query: &Fields, address: &str, rising: bool) -> Self {
        let turned = query.first("order") == Some("turned");
        let sign = if address.contains('?') { '&' } else { '?' };
        let turned_list = format!("{address}{sign}order=turned");
        Self {
            turned,
            href: if turned { address.to_owned() } else { turned_list.clone() },
            sorted: if rising == turned { "descending" } else { "ascending" },
            pages: if turned { format!("{turned_list}&page=") } else { format!("{address}{sign}page=") },
        }
    }

    /// The window of a page of a list of so many jobs; what is there has to be turned round.
    pub(crate) fn window(&self, page: usize, total: usize) -> Page {
        let Page { from, count } = window(page);
        if !self.turned {
            return Page { from, count };
        }
        let end = total.saturating_sub(from);
        let from = end.saturating_sub(count);
        Page { from, count: end - from }
    }
}

/// The window of a page that counts from 1.
pub(crate) fn window(page: usize) -> Page {
    Page { from: (page - 1).saturating_mul(limits::ROWS), count: limits::ROWS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_from_either_end() {
        let order =
            |query: &str| ByTime::new(&Fields::parse(query.as_bytes()).unwrap(), "/queues?name=.", true);
        let (plain, turned) = (order("page=2"), order("order=turned"));
        assert_eq!((plain.sorted, &*plain.href), ("ascending", "/queues?name=.&order=turned"));
        assert_eq!((turned.sorted, &*turned.href), ("descending", "/queues?name=."));
        assert_eq!(turned.pages, "/queues?name=.&order=turned&page=");
        let window = |order: &ByTime, page| {
            let Page { from, count } = order.window(page, 60);
            (from, count)
        };
        assert_eq!([1, 2, 3, 4].map(|page| window(&turned, page)), [(35, 25), (10, 25), (0, 10), (0, 0)]);
        assert_eq!([1, 3].map(|page| window(&plain, page)), [(0, 25), (50, 25)]);
    }
}
