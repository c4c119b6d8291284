//! `/tokens`: what scripts are let in by; making one, which is shown once, and revoking one.

use askama::Template;
use axum::http::StatusCode;

use crate::form::{Fields, Posted};
use crate::frame::{Frame, Tab};
use crate::guard::tokens::{Token, Wanted};
use crate::guard::visitor::Scope;
use crate::problem::Problem;
use crate::visit::{Name, Shown, Visit, html, redirect};
use crate::{Front, limits, text};

#[derive(Template)]
#[template(path = "tokens.html")]
struct Page {
    frame: Frame,
    /// There is no password, so nobody asks for a token.
    open: bool,
    /// A new token, which is never shown again.
    made: Option<String>,
    scopes: Vec<(&'static str, String)>,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    id: String,
    scopes: String,
    created: String,
    used: Option<String>,
    expires: Option<String>,
    expired: bool,
    action: String,
}

/// `GET /tokens`
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    page(&visit, None).await
}

/// `POST /tokens` with `name`, `scope`s and `days`: the page with the new token on it.
pub(crate) async fn create<F: Front>(visit: Visit<F>, Posted(form): Posted) -> Shown {
    let (_, text, _) = visit.web.create_token(wanted(&form)?).await?;
    page(&visit, Some(text)).await
}

fn wanted(form: &Fields) -> Result<Wanted, Problem> {
    let scope = |name: &str| {
        Scope::parse(name).ok_or_else(|| Problem::bad(format!("invalid scope: {}", text::quoted(name))))
    };
    let days = form.first("days").map(str::trim).filter(|days| !days.is_empty());
    Ok(Wanted {
        name: form.first("name").unwrap_or_default().to_owned(),
        scopes: form.all("scope").map(scope).collect::<Result<_, _>>()?,
        days: days.map(|days| days.parse().map_err(|_| Problem::bad("invalid days"))).transpose()?,
    })
}

/// `POST /tokens/<id>`: revokes it.
pub(crate) async fn revoke<F: Front>(visit: Visit<F>, Name(id): Name) -> Shown {
    visit.web.revoke_token(&id).await?;
    redirect(StatusCode::FOUND, &format!("{}/tokens", visit.base.0))
}

async fn page<F: Front>(visit: &Visit<F>, made: Option<String>) -> Shown {
    let now = visit.web.front.now();
    let row = |(id, token): (String, Token)| Row {
        name: text::visible(&token.name),
        scopes: token.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(", "),
        created: token.created().rfc3339(),
        used: token.used(),
        expires: token.expires().map(bessemer_core::Wall::rfc3339),
        expired: token.has_expired(now),
        action: format!("{}/tokens/{id}", visit.base.0),
        id,
    };
    let mut all = visit.web.all_tokens().await?;
    all.sort_by(|(a, one), (b, other)| (&one.name, a).cmp(&(&other.name, b)));
    let words = visit.words;
    html(&Page {
        frame: visit.frame(words.say("tokens-title"), Tab::Other).await?,
        open: visit.web.lock.is_open(),
        made,
        scopes: Scope::ALL
            .map(|scope| (scope.name(), words.say(&format!("tokens-scope-{}", scope.name())).into()))
            .into(),
        rows: all.into_iter().map(row).collect(),
    })
}
