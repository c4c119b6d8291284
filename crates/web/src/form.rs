//! Fields of a query or of a posted form.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use percent_encoding::percent_decode;

use crate::limits::FIELDS_MAX;
use crate::problem::Problem;

/// Names and values, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `a=1&b=%20+`. What is no UTF-8 becomes U+FFFD.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Problem> {
        if text.iter().filter(|byte| **byte == b'&').count() >= FIELDS_MAX {
            return Err(Problem::bad(format!("more than {FIELDS_MAX} fields")));
        }
        let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        Ok(Self(
            pairs
                .map(|pair| {
                    let split = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
                    (decoded(&pair[..split]), decoded(pair.get(split + 1..).unwrap_or_default()))
                })
                .collect(),
        ))
    }

    /// The first value under this name.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values under this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The number of a page, counted from 1 (rule `V-11`).
    pub(crate) fn page(&self, name: &str) -> Result<usize, Problem> {
        match self.first(name) {
            None => Ok(1),
            Some(text) => text
                .parse::<usize>()
                .ok()
                .filter(|page| *page > 0)
                .ok_or_else(|| Problem::bad("Invalid parameter: pages count from 1")),
        }
    }
}

fn decoded(text: &[u8]) -> String {
    let blanks: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&blanks).decode_utf8_lossy().into_owned()
}

/// A posted form.
pub(crate) struct Posted(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
        if kind.is_some_and(|kind| !kind.starts_with(b"application/x-www-form-urlencoded")) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send a form as application/x-www-form-urlencoded",
            ));
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            Problem::new(rejection.status(), format!("The body could not be read: {}", rejection.body_text()))
        })?;
        Ok(Self(Fields::parse(&body)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_as_forms_encode_them() {
        let fields = Fields::parse(b"key=a%7Cb+c&key=d%2Be&&empty&x==&bad=%zz%ff").unwrap();
        assert_eq!(fields.all("key").collect::<Vec<_>>(), ["a|b c", "d+e"]);
        assert_eq!(fields.first("empty"), Some(""));
        assert_eq!(fields.first("x"), Some("="));
        assert_eq!(fields.first("bad"), Some("%zz\u{fffd}"));
        assert_eq!(fields.first("other"), None);
    }

    #[test]
    fn too_many_fields_are_refused_before_they_are_stored() {
        let form = |fields: usize| vec!["a"; fields].join("&");
        assert!(Fields::parse(form(FIELDS_MAX).as_bytes()).is_ok());
        assert!(Fields::parse(form(FIELDS_MAX + 1).as_bytes()).is_err());
    }

    #[test]
    fn a_page_counts_from_one_v11() {
        let page = |text: &str| Fields::parse(text.as_bytes()).unwrap().page("page");
        assert_eq!(page(""), Ok(1));
        assert_eq!(page("page=3"), Ok(3));
        for bad in ["page=0", "page=-1", "page=", "page=x", "page=1e9", "page=99999999999999999999"] {
            assert!(page(bad).is_err(), "{bad}");
        }
    }
}
