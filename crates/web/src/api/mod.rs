//! `/api/v1`: everything the pages do, and pushing jobs, as JSON for scripts.
//!
//! A file here is a resource: what may be asked, what is answered, and its part of the OpenAPI document, which is made of
//! the very types that travel ([`document`]). The guards are those of the pages; what goes wrong is told as JSON by
//! [`error`]. What may be sent is read by [`input`]: nothing unknown passes, so that a mistyped filter never means
//! everything.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::Front;
use crate::problem::Problem;
use crate::routes::Routes;

mod activity;
mod audit;
mod batches;
mod crons;
mod document;
pub(crate) mod error;
mod events;
mod info;
mod input;
mod job;
mod jobs;
mod operations;
mod payload;
mod push;
mod queues;
mod throttles;
mod tokens;
mod unique;
mod workers;

use document::Documented;
pub(crate) use input::check_type;

/// What stands before every path of the API.
pub(crate) const ROOT: &str = "/api/v1";

/// Whether an address belongs to the API, also one that there is not.
pub(crate) fn owns(path: &str) -> bool {
    path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The OpenAPI document, laid out over lines.
pub fn openapi<F: Front>() -> String {
    let mut text = operations::<F>().openapi.to_pretty_json().expect("a document is JSON");
    text.push('\n');
    text
}

/// What is said of an address of the API that there is not.
pub(crate) fn no_such_address() -> Problem {
    Problem::not_found("There is no such address of the API; /api/v1/openapi.json names all")
}

/// Its addresses, below [`ROOT`].
pub(crate) fn routes<F: Front>() -> Routes<F> {
    let Documented { routes, openapi } = operations();
    let openapi = Arc::new(openapi);
    Routes::new().nest(ROOT, routes, |router| {
        router
            .fallback(async || no_such_address())
            .method_not_allowed_fallback(async || {
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "This address does not take that method")
            })
            .layer(axum::Extension(openapi))
    })
}

/// Every operation, once: the router and the document both come from here.
fn operations<F: Front>() -> Documented<F> {
    Documented::new()
        .on::<document::__path_show, _, _>(document::show)
        .on::<info::__path_show, _, _>(info::show::<F>)
        .on::<info::__path_history, _, _>(info::history::<F>)
        .on::<queues::__path_list, _, _>(queues::list::<F>)
        .on::<queues::__path_show, _, _>(queues::show::<F>)
        .on::<queues::__path_remove, _, _>(queues::remove::<F>)
        .on::<queues::__path_pause, _, _>(queues::pause::<F>)
        .on::<queues::__path_resume, _, _>(queues::resume::<F>)
        .on::<queues::__path_clear, _, _>(queues::clear::<F>)
        .on::<batches::__path_list, _, _>(batches::list::<F>)
        .on::<batches::__path_show, _, _>(batches::show::<F>)
        .on::<batches::__path_cancel, _, _>(batches::cancel::<F>)
        .on::<batches::__path_check, _, _>(batches::check::<F>)
        .on::<throttles::__path_list, _, _>(throttles::list::<F>)
        .on::<throttles::__path_show, _, _>(throttles::show::<F>)
        .on::<throttles::__path_set, _, _>(throttles::set::<F>)
        .on::<throttles::__path_reset, _, _>(throttles::reset::<F>)
        .on::<jobs::__path_of_queue, _, _>(jobs::of_queue::<F>)
        .on::<jobs::__path_list, _, _>(jobs::list::<F>)
        .on::<jobs::__path_clear, _, _>(jobs::clear::<F>)
        .on::<push::__path_push, _, _>(push::push::<F>)
        .on::<operations::__path_act, _, _>(operations::act::<F>)
        .on::<operations::__path_list, _, _>(operations::list::<F>)
        .on::<operations::__path_show, _, _>(operations::show::<F>)
        .on::<operations::__path_cancel, _, _>(operations::cancel::<F>)
        .on::<operations::__path_undo, _, _>(operations::undo::<F>)
        .on::<job::__path_show, _, _>(job::show::<F>)
        .on::<job::__path_delete, _, _>(job::delete::<F>)
        .on::<job::__path_retry, _, _>(job::retry::<F>)
        .on::<job::__path_edit, _, _>(job::edit::<F>)
        .on::<job::__path_go, _, _>(job::go::<F>)
        .on::<job::__path_discard, _, _>(job::discard::<F>)
        .on::<job::__path_restore, _, _>(job::restore::<F>)
        .on::<job::__path_kill, _, _>(job::kill::<F>)
        .on::<job::__path_release, _, _>(job::release::<F>)
        .on::<activity::__path_recent, _, _>(activity::recent::<F>)
        .on::<activity::__path_live, _, _>(activity::live::<F>)
        .on::<events::__path_listen, _, _>(events::listen::<F>)
        .on::<activity::__path_types, _, _>(activity::types::<F>)
        .on::<activity::__path_queues, _, _>(activity::queues::<F>)
        .on::<activity::__path_series, _, _>(activity::series::<F>)
        .on::<activity::__path_marks, _, _>(activity::marks::<F>)
        .on::<activity::__path_mark, _, _>(activity::mark::<F>)
        .on::<tokens::__path_list, _, _>(tokens::list::<F>)
        .on::<tokens::__path_create, _, _>(tokens::create::<F>)
        .on::<tokens::__path_revoke, _, _>(tokens::revoke::<F>)
        .on::<audit::__path_list, _, _>(audit::list::<F>)
        .on::<unique::__path_list, _, _>(unique::list::<F>)
        .on::<unique::__path_show, _, _>(unique::show::<F>)
        .on::<unique::__path_release, _, _>(unique::release::<F>)
        .on::<unique::__path_release_of, _, _>(unique::release_of::<F>)
        .on::<crons::__path_list, _, _>(crons::list::<F>)
        .on::<crons::__path_show, _, _>(crons::show::<F>)
        .on::<crons::__path_run, _, _>(crons::run::<F>)
        .on::<crons::__path_pause, _, _>(crons::pause::<F>)
        .on::<crons::__path_resume, _, _>(crons::resume::<F>)
        .on::<workers::__path_list, _, _>(workers::list::<F>)
        .on::<workers::__path_quiet_all, _, _>(workers::quiet_all::<F>)
        .on::<workers::__path_stop_all, _, _>(workers::stop_all::<F>)
        .on::<workers::__path_quiet, _, _>(workers::quiet::<F>)
        .on::<workers::__path_stop, _, _>(workers::stop::<F>)
}
