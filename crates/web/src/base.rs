//! The path before all our paths, when the dashboard is not at the root of its host (rule `V-04`, `D11`).
//!
//! It comes from the configuration. A proxy may name it per request in `X-Script-Name`, but only one that we trust:
//! whoever connects from this machine. From anybody else the header is ignored, since it ends up in every link.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{Extensions, HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::Response;

use crate::Front;
use crate::link::Base;
use crate::web::Web;

/// Finds the base path, takes it off the request's path and hands it to the pages.
pub(crate) async fn strip<F: Front>(State(web): State<Web<F>>, mut request: Request, next: Next) -> Response {
    let named = if trusted(request.extensions()) { script_name(request.headers()) } else { None };
    let base = named.unwrap_or(&web.site.base_path).to_owned();
    if let Some(uri) = without(request.uri(), &base) {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(Base(base.into()));
    next.run(request).await
}

/// The address that counts wrong passwords: the peer's, or the one that a trusted proxy names last.
pub(crate) fn address(headers: &HeaderMap, about: &Extensions) -> IpAddr {
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let last = forwarded
        .filter(|_| trusted(about))
        .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    last.or_else(|| peer(about)).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

fn peer(about: &Extensions) -> Option<IpAddr> {
    about.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical())
}

fn trusted(about: &Extensions) -> bool {
    peer(about).is_some_and(|address| address.is_loopback())
}

/// The header's value, if it is a plain path.
fn script_name(headers: &HeaderMap) -> Option<&str> {
    let name = headers.get("x-script-name")?.to_str().ok()?.trim_end_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    let ok = name.len() <= 128
        && name
            .strip_prefix('/')?
            .split('/')
            .all(|part| !part.is_empty() && part != ".." && part.chars().all(plain));
    ok.then_some(name)
}

/// The address without the base path, if it has it.
fn without(uri: &Uri, base: &str) -> Option<Uri> {
    let rest = uri
        .path()
        .strip_prefix(base)
        .filter(|rest| !base.is_empty() && (rest.is_empty() || rest.starts_with('/')))?;
    let path = if rest.is_empty() { "/" } else { rest };
    let text = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_path_is_a_script_name() {
        let name = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-script-name", value.parse().unwrap());
            script_name(&headers).map(str::to_owned)
        };
        assert_eq!(name("/faktory"), Some("/faktory".into()));
        assert_eq!(name("/a/b-c_d.e~f/"), Some("/a/b-c_d.e~f".into()));
        for bad in [
            "",
            "/",
            "faktory",
            "//evil.example",
            "/\"><script>",
            "/a/../b",
            "/a//b",
            "/%2e",
            "/a\\b",
            "/a?b",
            "http://x",
        ] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_base_is_taken_off_once_and_only_whole() {
        let path = |uri: &str| without(&uri.parse().unwrap(), "/faktory").map(|uri| uri.to_string());
        assert_eq!(path("/faktory"), Some("/".into()));
        assert_eq!(path("/faktory/retries?page=2"), Some("/retries?page=2".into()));
        assert_eq!(path("/faktory/faktory"), Some("/faktory".into()));
        assert_eq!(path("/faktoryx"), None);
        assert_eq!(path("/retries"), None);
    }
}
