//! `POST /language` and `POST /theme`: what a visitor chooses for all pages. It is kept in a cookie, and the visitor is
//! back where the choice was made (rule `V-05`).

use axum::http::{HeaderValue, StatusCode, header};

use crate::form::{Fields, Posted};
use crate::problem::Problem;
use crate::theme::{self, Theme};
use crate::visit::{Shown, Visit, redirect};
use crate::words::{self, Words};
use crate::{Front, limits};

/// A choice is forgotten after a year.
const KEPT: &str = "Max-Age=31536000; SameSite=Lax; HttpOnly";

/// `POST /language` with `language` and `back`.
pub(crate) async fn language<F: Front>(visit: Visit<F>, Posted(form): Posted) -> Shown {
    let tag = form.first("language").unwrap_or_default();
    let chosen = Words::by_tag(tag).ok_or_else(|| Problem::bad("There is no such language"))?;
    keep(&visit, words::COOKIE, chosen.tag(), &form)
}

/// `POST /theme` with `theme` and `back`.
pub(crate) async fn theme<F: Front>(visit: Visit<F>, Posted(form): Posted) -> Shown {
    let name = form.first("theme").unwrap_or_default();
    let chosen = Theme::by_name(name).ok_or_else(|| Problem::bad("There is no such theme"))?;
    keep(&visit, theme::COOKIE, chosen.name(), &form)
}

fn keep<F: Front>(visit: &Visit<F>, cookie: &str, value: &str, form: &Fields) -> Shown {
    let base = &visit.base.0;
    let secure = if visit.web.site.tls { "; Secure" } else { "" };
    let cookie = format!("{cookie}={value}; Path={base}/; {KEPT}{secure}");
    let cookie = HeaderValue::try_from(cookie).map_err(|error| Problem::internal(&error))?;
    let back = form.first("back").filter(|back| ours(back)).unwrap_or("/");
    let mut response = redirect(StatusCode::SEE_OTHER, &format!("{base}{back}"))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Whether this is a path on this host, whatever a browser makes of slashes.
fn ours(back: &str) -> bool {
    back.starts_with('/')
        && !back.starts_with("//")
        && back.len() <= limits::URI_MAX
        && back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_this_host() {
        for back in ["/", "/queues?page=2&sort=size", "/jobs/a%2Fb"] {
            assert!(ours(back), "{back}");
        }
        for bad in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/ü", "queues"]
        {
            assert!(!ours(bad), "{bad}");
        }
        assert!(!ours(&format!("/{}", "a".repeat(limits::URI_MAX))));
    }
}
