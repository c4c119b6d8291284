//! `/metrics`: what Prometheus and its kin read, in OpenMetrics text (`D16`).
//!
//! A scrape takes two answers of the engine and some figures that lie ready, and writes them down; nothing is kept
//! between two scrapes but the queues that have a line of their own. `sheet.rs` knows how a metric is written,
//! `server.rs`, `queues.rs`, `throttles.rs` and `attempts.rs` which there are. `docs/metrics.md` says what each means.

mod attempts;
mod queues;
mod server;
mod sheet;
mod throttles;

use std::fmt;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bessemer_core::Wall;
use bessemer_core::query::{Info, QueueView, ServerFigures, ThrottleView};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text, text};
use prometheus_client::registry::Registry;

pub(crate) use self::queues::Labelled;
use self::sheet::Sheet;
use crate::Front;
use crate::problem::Problem;
use crate::pulse::Pulse;
use crate::visit::Shown;
use crate::watch::Totals;
use crate::web::Web;

/// What every name begins with.
const PREFIX: &str = "bessemer";

/// As the specification of OpenMetrics wants it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All that one scrape shows.
#[derive(Debug)]
struct Scrape {
    info: Box<Info>,
    /// Those with lines of their own, and one for the others.
    queues: Vec<QueueView>,
    /// How many share the lines of the others.
    others: u64,
    /// Of the queues that have limits, as many as may have lines of their own.
    throttles: Vec<ThrottleView>,
    totals: Totals,
    /// Events that came faster than they could be counted.
    missed: u64,
    figures: ServerFigures,
    pulse: Pulse,
    now: Wall,
    version: String,
}

/// `GET /metrics`.
pub(crate) async fn show<F: Front>(State(web): State<Web<F>>, headers: HeaderMap) -> Shown {
    let info = web.info().await?;
    let (queues, others) = web.labelled.share(web.queues().await?, web.site.limits.metrics_queues_max);
    let mut throttles = web.throttles().await?;
    throttles.truncate(web.site.limits.metrics_queues_max);
    let scrape = Scrape {
        info,
        throttles,
        queues,
        others,
        totals: web.front.watch().totals(),
        missed: web.front.watch().missed(),
        figures: web.front.figures(),
        pulse: web.front.pulse(),
        now: web.front.now(),
        version: web.site.version.clone(),
    };
    scrape.written(wants_plain(&headers)).map_err(|error| Problem::internal(&error))
}

impl Scrape {
    /// The page. `plain`: in the older form of Prometheus.
    fn written(self, plain: bool) -> Result<Response, fmt::Error> {
        let mut registry = Registry::with_prefix(PREFIX);
        registry.register_collector(Box::new(self));
        let mut page = String::new();
        let kind = if plain {
            prometheus_text::encode(&mut page, &registry)?;
            prometheus_text::CONTENT_TYPE
        } else {
            text::encode(&mut page, &registry)?;
            OPEN_METRICS
        };
        let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
        Ok((headers, page).into_response())
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut sheet = Sheet::new(encoder);
        server::write(&mut sheet, self)?;
        queues::write(&mut sheet, self)?;
        throttles::write(&mut sheet, self)?;
        attempts::write(&mut sheet, self)
    }
}

/// Whether somebody reads plain text and does not speak OpenMetrics: a scraper older than it. A browser and `curl` do not
/// say, and get OpenMetrics.
fn wants_plain(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut plain, mut open) = (false, false);
    for kind in accepted.by_ref().flat_map(|value| value.split(',')) {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        plain |= kind.eq_ignore_ascii_case("text/plain");
        open |= kind.eq_ignore_ascii_case("application/openmetrics-text");
    }
    plain && !open
}
