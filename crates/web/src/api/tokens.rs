//! `/tokens`: what scripts are let in by.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{Asked, Nothing, Sent};
use crate::Front;
use crate::guard::tokens::{Token as Kept, Wanted};
use crate::guard::visitor::Scope;
use crate::problem::Problem;
use crate::visit::Name;
use crate::web::Web;

/// Every token.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    /// In the order of their ids.
    tokens: Vec<Token>,
}

/// A token, without what makes it one.
#[derive(Serialize, ToSchema)]
pub(super) struct Token {
    #[schema(example = "5f0c3a1e9b7d2468")]
    id: String,
    #[schema(example = "deploy")]
    name: String,
    scopes: Vec<Scope>,
    #[schema(format = DateTime)]
    created: String,
    /// The day on which it was used last.
    #[schema(required, format = Date)]
    used: Option<String>,
    /// From then on it is good for nothing.
    #[schema(required, format = DateTime)]
    expires: Option<String>,
}

impl Token {
    fn of(id: String, kept: &Kept) -> Self {
        Self {
            id,
            name: kept.name.clone(),
            scopes: kept.scopes.clone(),
            created: kept.created().rfc3339(),
            used: kept.used(),
            expires: kept.expires().map(bessemer_core::Wall::rfc3339),
        }
    }
}

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"name": "deploy", "scopes": ["push"], "days": 90}))]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may do.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// Days that it is good for; without, until it is revoked.
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<u64>,
}

/// A new token.
#[derive(Serialize, ToSchema)]
pub(super) struct Made {
    /// What is to be sent as `Authorization: Bearer`. It is told this once.
    #[schema(example = "bsm_5f0c3a1e9b7d2468_c0ffee")]
    secret: String,
    token: Token,
}

/// Every token.
#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "listTokens",
    tag = "tokens",
    responses((status = 200, description = "The tokens", body = Tokens)),
)]
pub(super) async fn list<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Tokens>, Problem> {
    let all = web.all_tokens().await?;
    Ok(Json(Tokens { tokens: all.into_iter().map(|(id, kept)| Token::of(id, &kept)).collect() }))
}

/// Makes a token.
#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "createToken",
    tag = "tokens",
    request_body = New,
    responses((status = 201, description = "It is made, and this is the only time that it is told", body = Made)),
)]
pub(super) async fn create<F: Front>(
    State(web): State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
    Sent(new): Sent<New>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let New { name, scopes, days } = new;
    let (id, secret, kept) = web.create_token(Wanted { name, scopes, days }).await?;
    Ok((StatusCode::CREATED, Json(Made { secret, token: Token::of(id, &kept) })))
}

/// Makes a token good for nothing.
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    operation_id = "revokeToken",
    tag = "tokens",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The token, as it was", body = Token)),
)]
pub(super) async fn revoke<F: Front>(
    State(web): State<Web<F>>,
    Name(id): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Token>, Problem> {
    let kept = web.revoke_token(&id).await?;
    Ok(Json(Token::of(id, &kept)))
}
