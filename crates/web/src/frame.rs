//! What stands around every page: navigation, the summary, notices, the footer (rule `V-20`).

use bessemer_core::query::{Durability, Info};

use crate::count::thousands;
use crate::problem::Problem;
use crate::visit::Visit;
use crate::{Front, assets};

/// The tabs, in order. `Other`: a page without a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Home,
    Busy,
    Queues,
    Retries,
    Scheduled,
    Dead,
    Other,
}

const TABS: [(Tab, &str, &str); 6] = [
    (Tab::Home, "/", "Home"),
    (Tab::Busy, "/busy", "Busy"),
    (Tab::Queues, "/queues", "Queues"),
    (Tab::Retries, "/retries", "Retries"),
    (Tab::Scheduled, "/scheduled", "Scheduled"),
    (Tab::Dead, "/morgue", "Dead"),
];

/// The data of `base.html`.
pub(crate) struct Frame {
    pub title: String,
    pub base: String,
    pub stamp: &'static str,
    pub tabs: Vec<TabLink>,
    pub summary: Vec<Figure>,
    pub notices: Vec<String>,
    pub exposed: bool,
    pub disk_full: bool,
    pub memory_full: bool,
    pub relaxed: bool,
    /// Whether any job is being worked on.
    pub active: bool,
    pub version: String,
    pub environment: String,
    pub binding: String,
    pub connections: String,
    pub clock: String,
}

pub(crate) struct TabLink {
    pub href: String,
    pub label: &'static str,
    pub current: bool,
}

/// One figure of the summary.
pub(crate) struct Figure {
    /// What scripts look for: `li.processed span.count`.
    pub class: &'static str,
    pub label: &'static str,
    pub count: String,
    pub href: Option<String>,
}

impl<F: Front> Visit<F> {
    /// The frame of a page, with figures of this moment.
    pub(crate) async fn frame(&self, title: impl Into<String>, tab: Tab) -> Result<Frame, Problem> {
        let info = self.web.info().await?;
        Ok(self.frame_of(&info, title, tab))
    }

    /// The frame of a page that needs the figures itself.
    pub(crate) fn frame_of(&self, info: &Info, title: impl Into<String>, tab: Tab) -> Frame {
        let (site, base) = (&self.web.site, &self.base.0);
        let link = |(this, path, label): (Tab, &str, &'static str)| TabLink {
            href: format!("{base}{path}"),
            label,
            current: this == tab,
        };
        let figures = self.web.front.figures();
        Frame {
            title: title.into(),
            base: base.to_string(),
            stamp: assets::stamp(),
            tabs: TABS.map(link).into(),
            summary: summary(info, base),
            notices: self.web.bulk.notices(),
            exposed: site.exposed,
            disk_full: figures.condition.disk_full,
            memory_full: figures.memory_full,
            relaxed: figures.condition.durability == Durability::Relaxed,
            active: info.working > 0,
            version: site.version.clone(),
            environment: site.environment.clone(),
            binding: site.binding.clone(),
            connections: thousands(figures.connections),
            clock: crate::stats::clock(self.web.front.now()),
        }
    }
}

fn summary(info: &Info, base: &str) -> Vec<Figure> {
    let figure = |class, label, count, path: Option<&str>| Figure {
        class,
        label,
        count: thousands(count),
        href: path.map(|path| format!("{base}{path}")),
    };
    vec![
        figure("processed", "Processed", info.processed, None),
        figure("failures", "Failed", info.failures, None),
        figure("busy", "Busy", info.working, Some("/busy")),
        figure("enqueued", "Enqueued", info.enqueued, Some("/queues")),
        figure("retries", "Retries", info.retries, Some("/retries")),
        figure("scheduled", "Scheduled", info.scheduled, Some("/scheduled")),
        figure("dead", "Dead", info.dead, Some("/morgue")),
    ]
}
