//! Bessemer's dashboard: pages rendered on the server, and the few addresses that scripts read.
//!
//! A page may ask [`Front`] and nothing else: this crate knows neither files nor the engine. [`Dashboard`] makes the
//! pages, [`serve`](serve()) puts them on a listener that somebody else has bound.
//!
//! The way of a request: [`base`] takes the prefix off its path, [`finish`] waits to put security headers on its
//! response, [`guard`] checks its size, host, origin and password, and then a file in [`pages`] answers. Everything
//! works without scripts; nothing is inline, so that the content policy can forbid it. Rule ids in comments (`V-10`)
//! are those of `docs/protocol.md`.

use std::convert::Infallible;
use std::future::Future;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use bessemer_core::command::Refusal;
use bessemer_core::query::{ServerFigures, Set};
use bessemer_core::{Action, Answer, Query, Span, Wall};
use bessemer_store::{Gone, Tell};
use tokio::sync::mpsc;
use tower_http::catch_panic::CatchPanicLayer;

mod api;
mod assets;
mod audit;
mod base;
mod bulk;
mod change;
mod chart;
mod count;
mod curve;
mod deed;
mod events;
mod finish;
mod form;
mod frame;
mod guard;
mod health;
mod job;
mod json;
mod keeper;
mod key;
mod lately;
pub mod limits;
mod link;
mod metrics;
mod moment;
mod overdue;
mod pager;
mod pages;
mod problem;
mod progress;
pub mod pulse;
mod rates;
mod room;
mod routes;
mod schedule;
mod search;
mod serve;
mod site;
pub mod stats;
mod text;
mod theme;
mod unique;
mod visit;
pub mod watch;
mod web;
mod words;

pub use api::openapi;
pub use audit::Operated;
pub use pulse::Pulse;
pub use serve::{Served, serve};
pub use site::Site;
pub use watch::Watch;

use pages::{
    act, audit as audit_page, batches, busy, choice, cron, debug, docs, edit, home, job as job_page, queue,
    queues, recent, search as search_page, set, statistics, throttles, tokens, unique as unique_page, works,
};
use problem::Problem;
use routes::Routes;
use web::Web;

/// What the pages may ask of the server, and nothing else.
pub trait Front: Clone + Send + Sync + 'static {
    /// Answers a query; every text in the answer is read.
    fn ask(&self, query: Query) -> impl Future<Output = Result<Answer, Gone>> + Send;

    /// Reads texts whose places an answer has told, in bulk and without holding up anybody's job: each is told as it is
    /// read, in any order. It waits for the disk, so it is for a thread that has nothing else to do.
    fn read(&self, texts: &[Span], tell: Tell<'_>) -> Result<(), Gone>;

    /// Does what an operator wants; says how many jobs or workers it reached. Durable when it returns.
    fn act(&self, action: Action) -> impl Future<Output = Result<u64, Undone>> + Send;

    /// Takes the jobs of a JSON text, one or an array of them, as PUSH and PUSHB do, and says what became of each, in their
    /// order; or why none was looked at. Durable when it returns.
    fn push(&self, text: String) -> impl Future<Output = Result<Result<Vec<Pushed>, Refused>, Gone>> + Send;

    /// The figures that only the server around the core knows.
    fn figures(&self) -> ServerFigures;

    /// What happened lately.
    fn watch(&self) -> &Watch;

    /// How its loop and its disk do.
    fn pulse(&self) -> Pulse;

    /// The time.
    fn now(&self) -> Wall;
}

/// A job that was pushed by [`Front::push`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Empty: it has none.
    pub jid: String,
    /// None: it was taken.
    pub refused: Option<Refused>,
}

/// Why something was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As INFO counts it, under `rejected`.
    pub reason: &'static str,
    /// As PUSH says it.
    pub text: String,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// There is no engine any more.
    Gone(Gone),
    /// A rule or a limit forbids it.
    Refused(Refusal),
}

impl From<Gone> for Undone {
    fn from(gone: Gone) -> Self {
        Self::Gone(gone)
    }
}

/// The dashboard: its pages, and what goes on behind them.
#[derive(Clone)]
pub struct Dashboard<F>(Web<F>);

impl<F: Front> Dashboard<F> {
    /// A dashboard of this site.
    pub fn new(front: F, site: Site) -> Self {
        Self(Web::new(front, site))
    }

    /// The same dashboard with other facts about the server.
    #[must_use]
    pub fn under(&self, site: Site) -> Self {
        Self(self.0.under(site))
    }

    /// Digests what happens, looks at the queues and tells who listens, for as long as it is polled.
    pub fn keep_watch(&self) -> impl Future<Output = Infallible> + Send + 'static {
        let Web { front, events, rates, .. } = self.0.clone();
        async move {
            tokio::select! {
                never = events::keep(front.clone(), events) => never,
                never = rates::keep(front.clone(), rates) => never,
                never = overdue::keep(front) => never,
            }
        }
    }

    /// Takes in what was written down of statistics and marks, and writes down what is new: once a minute, and when
    /// `last` is ready. Then it returns.
    pub fn keep_records(
        &self,
        last: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let Web { keeper, front, .. } = self.0.clone();
        async move { keeper.run(&front, last).await }
    }

    /// Takes down what operators do by the port for jobs, for as long as somebody may tell of it.
    pub fn keep_audit(&self, told: mpsc::Receiver<Operated>) -> impl Future<Output = ()> + Send + use<F> {
        audit::keep(self.0.clone(), told)
    }

    /// Its pages.
    pub fn router(&self) -> Router {
        router_of(self.0.clone())
    }
}

/// The pages of a site that does not change.
pub fn router<F: Front>(front: F, site: Site) -> Router {
    router_of(Web::new(front, site))
}

fn router_of<F: Front>(web: Web<F>) -> Router {
    let guarded = guarded()
        .router()
        .fallback(nothing_there)
        // Before the guard, or it would be passed by.
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(web.site.limits.body_max))
        .layer(from_fn_with_state(web.clone(), guard::check::<F>));
    let inner =
        guarded.merge(open().router()).method_not_allowed_fallback(wrong_method).with_state(web.clone());
    // A router of its own, since the path has to be changed before any route is looked up.
    Router::new()
        .fallback_service(inner)
        .layer(CatchPanicLayer::custom(finish::panicked))
        .layer(from_fn(guard::size))
        .layer(from_fn_with_state(web.clone(), finish::finish::<F>))
        .layer(from_fn_with_state(web, base::strip::<F>))
}

async fn nothing_there(uri: Uri) -> Problem {
    match api::owns(uri.path()) {
        true => api::no_such_address(),
        false => Problem::not_found("There is no such page").said("problem-no-page"),
    }
}

async fn wrong_method() -> Problem {
    Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, "This page does not take that method")
}

/// The paths of all routes, as they are made: for tests that walk them. First those that ask who it is, then the others.
pub fn paths<F: Front>() -> [Vec<String>; 2] {
    [guarded::<F>().paths(), open::<F>().paths()]
}

/// What is shown to those who are let in.
fn guarded<F: Front>() -> Routes<F> {
    Routes::new()
        .route("/", get(home::show::<F>))
        .route("/busy", get(busy::show::<F>).post(busy::signal::<F>))
        .route("/queues", get(queues::show::<F>).post(queue::act_by_query::<F>))
        .route("/queues/{name}", get(queue::show::<F>).post(queue::act::<F>))
        .route("/batches", get(batches::list::<F>))
        .route("/batches/{bid}", get(batches::show::<F>).post(batches::act::<F>))
        .merge(set_routes(Set::Retries))
        .merge(set_routes(Set::Scheduled))
        .merge(set_routes(Set::Dead))
        .route("/jobs/{jid}", get(job_page::show::<F>).post(job_page::act::<F>))
        .route("/jobs/{jid}/edit", get(edit::show::<F>).post(edit::act::<F>))
        .route("/jobs/{jid}/raw", get(job_page::raw::<F>))
        .route("/search", get(search_page::show::<F>))
        .route("/search/more", get(search_page::more::<F>))
        .route("/act", get(act::show::<F>).post(act::act::<F>))
        .route("/works", get(works::show::<F>))
        .route("/works/{id}", post(works::act::<F>))
        .route("/cron", get(cron::show::<F>))
        .route("/cron/{id}", get(cron::show_one::<F>).post(cron::act::<F>))
        .route("/recent", get(recent::show::<F>))
        .route("/statistics", get(statistics::show::<F>))
        .route("/statistics/types/{name}", get(statistics::show_type::<F>))
        .route("/statistics/queues/{name}", get(statistics::show_queue::<F>))
        .route("/statistics/marks", post(statistics::mark::<F>))
        .route("/events", get(events::listen::<F>))
        .route("/stats", get(stats::show::<F>))
        .route("/metrics", get(metrics::show::<F>))
        .route("/audit", get(audit_page::show::<F>))
        .route("/audit/export", get(audit_page::export::<F>))
        .route("/throttles", get(throttles::show::<F>).post(throttles::act::<F>))
        .route("/tokens", get(tokens::show::<F>).post(tokens::create::<F>))
        .route("/tokens/{id}", post(tokens::revoke::<F>))
        .route("/unique", get(unique_page::show::<F>))
        .route("/unique/{key}", post(unique_page::release::<F>))
        .route("/debug", get(debug::show::<F>))
        .route("/docs", get(docs::show))
        .route("/language", post(choice::language::<F>))
        .route("/theme", post(choice::theme::<F>))
        .merge(api::routes())
}

/// What is shown to everybody.
fn open<F: Front>() -> Routes<F> {
    Routes::new()
        .route("/health", any(health::show::<F>))
        .route("/health/live", any(health::live))
        .route("/health/ready", any(health::ready::<F>))
        .route("/static/{file}", get(assets::serve))
}

fn set_routes<F: Front>(set: Set) -> Routes<F> {
    let path = link::path(set);
    Routes::new()
        .route(
            &format!("/{path}"),
            get(move |visit| set::show::<F>(set, visit))
                .post(move |visit, form| set::act::<F>(set, visit, form)),
        )
        .route(
            &format!("/{path}/{{key}}"),
            get(move |visit, key| job_page::show_entry::<F>(set, visit, key))
                .post(move |visit, key, form| set::act_on_one::<F>(set, visit, key, form)),
        )
}
