//! `/unique`: the keys of unique jobs that are held, by which jobs and until when; and freeing one by hand.

use axum::Json;
use axum::extract::State;
use bessemer_core::Action;
use bessemer_core::fact::Release;
use bessemer_core::query::Where;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{self, Asked, Nothing};
use super::job::Reached;
use crate::Front;
use crate::problem::Problem;
use crate::unique::{self, Held};
use crate::visit::Name;
use crate::web::Web;

/// Which keys.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Where the page before said that the next one begins.
    from: Option<String>,
    /// How many.
    #[param(minimum = 1, maximum = 100, default = 25)]
    limit: Option<usize>,
}

/// Whose keys.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    /// The jobs that hold them.
    jid: String,
}

/// Keys that are held.
#[derive(Serialize, ToSchema)]
pub(super) struct Keys {
    /// In their order.
    keys: Vec<Key>,
    /// Where the next page begins; null: this was the last.
    #[schema(required)]
    next: Option<String>,
    /// Keys that are held, and those that are over and not yet forgotten.
    total: usize,
}

/// A key that is held.
#[derive(Serialize, ToSchema)]
pub(super) struct Key {
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015")]
    key: String,
    /// The job that holds it.
    jid: String,
    #[serde(rename = "type")]
    jobtype: String,
    queue: String,
    /// Free from then on in any case.
    #[schema(format = DateTime)]
    until: String,
    /// When it is free before that, beside the job's being deleted, discarded or dropped.
    release: FreeAt,
    /// Where the job is; null: it has succeeded, and asked for its key to stay.
    #[schema(required)]
    state: Option<Stands>,
}

/// When a key is free before its time is over.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum FreeAt {
    /// When its job is ACKed.
    Success,
    /// When its job is fetched.
    Start,
    /// Not before.
    Expiry,
}

/// Where a job is that holds a key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Stands {
    Working,
    Waiting,
    Retries,
    Scheduled,
    Dead,
    Discarded,
}

impl From<Held> for Key {
    fn from(held: Held) -> Self {
        Self {
            key: held.key,
            jid: held.jid,
            jobtype: held.jobtype,
            queue: held.queue,
            until: held.until.rfc3339(),
            release: match held.release {
                Release::Success => FreeAt::Success,
                Release::Start => FreeAt::Start,
                Release::Expiry => FreeAt::Expiry,
            },
            state: held.place.map(|place| match place {
                Where::Working => Stands::Working,
                Where::Queued => Stands::Waiting,
                Where::Retries => Stands::Retries,
                Where::Scheduled => Stands::Scheduled,
                Where::Dead => Stands::Dead,
                Where::Discarded => Stands::Discarded,
            }),
        }
    }
}

/// The keys of unique jobs that are held, in their order.
#[utoipa::path(
    get,
    path = "/unique",
    operation_id = "listUniqueKeys",
    tag = "jobs",
    params(Which),
    responses((status = 200, description = "The keys", body = Keys)),
)]
pub(super) async fn list<F: Front>(
    State(web): State<Web<F>>,
    Asked(which): Asked<Which>,
) -> Result<Json<Keys>, Problem> {
    let from = which.from.as_deref().map(unique::read).transpose()?.unwrap_or(0);
    let unique::Keys { held, next, total } = web.keys(from, input::limit(which.limit)?).await?;
    Ok(Json(Keys { keys: held.into_iter().map(Key::from).collect(), next, total }))
}

/// One key, if it is held.
#[utoipa::path(
    get,
    path = "/unique/{key}",
    operation_id = "getUniqueKey",
    tag = "jobs",
    params(("key" = String, Path, description = "The key, 32 hexadecimal digits")),
    responses((status = 200, description = "The key, and who holds it", body = Key)),
)]
pub(super) async fn show<F: Front>(
    State(web): State<Web<F>>,
    Name(key): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Key>, Problem> {
    Ok(Json(web.key(unique::read(&key)?).await?.into()))
}

/// Frees a key. Its job goes on without, and never takes it again.
#[utoipa::path(
    delete,
    path = "/unique/{key}",
    operation_id = "releaseUniqueKey",
    tag = "jobs",
    params(("key" = String, Path, description = "The key, 32 hexadecimal digits")),
    responses((status = 200, description = "It is free", body = Reached)),
)]
pub(super) async fn release<F: Front>(
    State(web): State<Web<F>>,
    Name(key): Name,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<Reached>, Problem> {
    Ok(Json(Reached { count: web.free_key(unique::read(&key)?).await? }))
}

/// Frees the keys that living jobs with a jid hold.
#[utoipa::path(
    delete,
    path = "/unique",
    operation_id = "releaseUniqueKeysOf",
    tag = "jobs",
    params(Whose),
    responses((status = 200, description = "How many were held", body = Reached)),
)]
pub(super) async fn release_of<F: Front>(
    State(web): State<Web<F>>,
    Asked(Whose { jid }): Asked<Whose>,
) -> Result<Json<Reached>, Problem> {
    Ok(Json(Reached { count: web.act(Action::FreeKeysOf { jid }).await? }))
}
