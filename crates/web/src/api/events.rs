//! `GET /events`: what happens, as it happens. The stream is that of the pages, made by [`crate::events`].

use axum::extract::State;
use axum::response::Response;

use super::input::{Asked, Nothing};
use crate::Front;
use crate::events;
use crate::problem::Problem;
use crate::web::Web;

/// Figures as they change, as server-sent events.
///
/// Once a second there is a `tick`: how many jobs there are by state, and in `second` what happened in the last second that is
/// over (`null` in the first). Behind it, where anything did, there is a `changed`, with the names of what is not as it was:
/// `busy`, `queues`, `retries`, `scheduled`, `dead`, `recent`. The data of both is JSON. The stream has no end. Whoever does not
/// keep up, or listens while the configuration changes, is let go and may come back; so many may listen as `web.events_max`
/// says, those of the dashboard among them.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "events",
    tag = "activity",
    responses((
        status = 200,
        description = "The events, without an end",
        body = String,
        content_type = "text/event-stream",
        example = json!(events::EXAMPLE),
    )),
)]
pub(super) async fn listen<F: Front>(
    web: State<Web<F>>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Response, Problem> {
    events::listen(web).await
}
