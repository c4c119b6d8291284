//! Whether a change was asked for by one of our own pages (rule `V-03`). There are no tokens in forms.

use axum::http::{HeaderMap, StatusCode, header};

use crate::problem::Problem;

/// Accepts what a browser says comes from here, and what does not come from a browser.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    if passes(headers) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "This change was asked for by a page of another site"))
}

fn passes(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
    matches!((origin, host), (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_change_must_come_from_here_or_from_no_browser_v03() {
        const HOST: (&str, &str) = ("host", "jobs.example.com:7420");
        for own in [
            headers(&[HOST]),
            headers(&[HOST, ("sec-fetch-site", "same-origin")]),
            headers(&[HOST, ("sec-fetch-site", "none")]),
            headers(&[HOST, ("origin", "http://jobs.example.com:7420")]),
            headers(&[HOST, ("origin", "https://JOBS.example.com:7420")]),
            headers(&[HOST, ("origin", "https://proxy.example"), ("sec-fetch-site", "same-origin")]),
        ] {
            assert!(passes(&own), "{own:?}");
        }
        for foreign in [
            headers(&[HOST, ("sec-fetch-site", "cross-site")]),
            headers(&[HOST, ("sec-fetch-site", "same-site"), ("origin", "http://jobs.example.com:7420")]),
            headers(&[HOST, ("sec-fetch-site", "")]),
            headers(&[HOST, ("origin", "null")]),
            headers(&[HOST, ("origin", "http://evil.example")]),
            headers(&[HOST, ("origin", "http://jobs.example.com:7421")]),
            headers(&[HOST, ("origin", "jobs.example.com:7420")]),
            headers(&[("origin", "http://jobs.example.com:7420")]),
        ] {
            assert!(!passes(&foreign), "{foreign:?}");
        }
    }
}
