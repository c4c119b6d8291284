//! What stands around every page: navigation, the summary, notices, the footer (rule `V-20`).

use std::borrow::Cow;

use bessemer_core::query::{Durability, Info};

use crate::count::thousands;
use crate::pages::works::Works;
use crate::problem::Problem;
use crate::theme::Theme;
use crate::visit::Visit;
use crate::words::Words;
use crate::{Front, assets};

/// The tabs, in order. `Other`: a page without a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Home,
    Recent,
    Busy,
    Queues,
    Batches,
    Throttles,
    Retries,
    Scheduled,
    Dead,
    Cron,
    Statistics,
    Other,
}

const TABS: [(Tab, &str, &str); 11] = [
    (Tab::Home, "/", "tab-home"),
    (Tab::Recent, "/recent", "tab-recent"),
    (Tab::Busy, "/busy", "tab-busy"),
    (Tab::Queues, "/queues", "tab-queues"),
    (Tab::Batches, "/batches", "tab-batches"),
    (Tab::Throttles, "/throttles", "tab-throttles"),
    (Tab::Retries, "/retries", "tab-retries"),
    (Tab::Scheduled, "/scheduled", "tab-scheduled"),
    (Tab::Dead, "/morgue", "tab-dead"),
    (Tab::Cron, "/cron", "tab-cron"),
    (Tab::Statistics, "/statistics", "tab-statistics"),
];

/// The data of `base.html`.
pub(crate) struct Frame {
    /// The texts of the page: `{{ frame.words.say("tab-home") }}`.
    pub words: Words,
    pub theme: Theme,
    /// See [`Visit::here`].
    pub here: String,
    pub title: String,
    pub base: String,
    pub stamp: &'static str,
    pub tabs: Vec<TabLink>,
    pub summary: Vec<Figure>,
    /// Actions on many jobs that go on or have just ended.
    pub works: Works,
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
    pub connections_n: u64,
    pub clock: String,
}

impl Frame {
    /// Every language, for the footer; none where there is no choice.
    pub(crate) fn languages(&self) -> Vec<Words> {
        let all: Vec<Words> = Words::all().collect();
        if all.len() > 1 { all } else { Vec::new() }
    }

    /// Every theme and its name, for the footer.
    pub(crate) fn themes(&self) -> [(Theme, Cow<'static, str>); 3] {
        Theme::ALL.map(|theme| (theme, self.words.say(&format!("theme-{}", theme.name()))))
    }
}

pub(crate) struct TabLink {
    pub href: String,
    pub label: Cow<'static, str>,
    pub current: bool,
}

/// One figure of the summary.
pub(crate) struct Figure {
    /// What scripts look for: `li.processed span.count`.
    pub class: &'static str,
    pub label: Cow<'static, str>,
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
        let (site, base, words) = (&self.web.site, &self.base.0, self.words);
        let figures = self.web.front.figures();
        Frame {
            words,
            theme: self.theme,
            here: self.here.clone(),
            title: title.into(),
            base: base.to_string(),
            stamp: assets::stamp(),
            tabs: tabs(base, words, tab),
            summary: summary(info, base, words),
            works: Works::new(&self.web, base, words, self.web.front.now()),
            exposed: site.exposed,
            disk_full: figures.condition.disk_full,
            memory_full: figures.memory_full,
            relaxed: figures.condition.durability == Durability::Relaxed,
            active: info.working > 0,
            version: site.version.clone(),
            environment: site.environment.clone(),
            binding: site.binding.clone(),
            connections: thousands(figures.connections, words),
            connections_n: figures.connections,
            clock: crate::stats::clock(self.web.front.now()),
        }
    }
}

/// The way to every page; the tab of this one is marked.
pub(crate) fn tabs(base: &str, words: Words, current: Tab) -> Vec<TabLink> {
    let link = |(tab, path, key): (Tab, &str, &str)| TabLink {
        href: format!("{base}{path}"),
        label: words.say(key),
        current: tab == current,
    };
    TABS.map(link).into()
}

fn summary(info: &Info, base: &str, words: Words) -> Vec<Figure> {
    let figure = |class, count, path: Option<&str>| Figure {
        class,
        label: words.say(&format!("summary-{class}")),
        count: thousands(count, words),
        href: path.map(|path| format!("{base}{path}")),
    };
    vec![
        figure("processed", info.processed, None),
        figure("failures", info.failures, None),
        figure("busy", info.working, Some("/busy")),
        figure("enqueued", info.enqueued, Some("/queues")),
        figure("retries", info.retries, Some("/retries")),
        figure("scheduled", info.scheduled, Some("/scheduled")),
        figure("dead", info.dead, Some("/morgue")),
    ]
}
