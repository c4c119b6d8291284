//! The files under `/static/`, by an exact table: no path of a request ever reaches a file system.

use std::sync::OnceLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::problem::Problem;
use crate::visit::Name;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

static FILES: [(&str, &str, &[u8]); 6] = [
    ("bessemer.css", CSS, include_bytes!("../static/bessemer.css")),
    ("actions.js", SCRIPT, include_bytes!("../static/actions.js")),
    ("chart.js", SCRIPT, include_bytes!("../static/chart.js")),
    ("htmx.min.js", SCRIPT, include_bytes!("../static/vendor/htmx.min.js")),
    ("live.js", SCRIPT, include_bytes!("../static/live.js")),
    ("icon.svg", SVG, include_bytes!("../static/icon.svg")),
];

/// Serves a file.
pub(crate) async fn serve(Name(name): Name) -> Result<Response, Problem> {
    let (_, kind, bytes) = FILES
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(|| Problem::not_found("There is no such file"))?;
    let headers = [(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "public, max-age=3600")];
    Ok((headers, *bytes).into_response())
}

/// Changes with the files; links carry it, so that a browser never mixes the files of two versions.
pub(crate) fn stamp() -> &'static str {
    static STAMP: OnceLock<String> = OnceLock::new();
    STAMP.get_or_init(|| {
        let mut hash = Sha256::new();
        FILES.iter().for_each(|(.., bytes)| hash.update(bytes));
        hash.finalize()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    })
}
