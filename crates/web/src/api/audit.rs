//! `/audit`: who has changed what.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{self, Asked};
use crate::Front;
use crate::audit::Entry;
use crate::problem::Problem;
use crate::web::Web;

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Those that hold this text anywhere, in either case.
    q: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 25)]
    limit: Option<usize>,
    /// Where to go on: `next` of the page before.
    cursor: Option<String>,
}

/// Some entries.
#[derive(Serialize, ToSchema)]
pub(super) struct Page {
    /// Newest first.
    entries: Vec<Entry>,
    /// Where the next page begins; `null`: this is the last.
    #[schema(required)]
    next: Option<String>,
}

/// The audit log: every change that was made by pages and this API.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "listAudit",
    tag = "audit",
    params(Which),
    responses((status = 200, description = "Entries, newest first", body = Page)),
)]
pub(super) async fn list<F: Front>(
    State(web): State<Web<F>>,
    Asked(which): Asked<Which>,
) -> Result<Json<Page>, Problem> {
    let from = which.cursor.map(|cursor| cursor.parse().map_err(|_| Problem::bad("invalid cursor")));
    let found =
        web.entries(&which.q.unwrap_or_default(), from.transpose()?, input::limit(which.limit)?).await?;
    Ok(Json(Page { entries: found.entries, next: found.next.map(|next| next.to_string()) }))
}
