//! How far a job says that it is (rule `E-21`), as pages show it.

use askama::Template;
use bessemer_core::Wall;
use bessemer_core::query::Progress;

use crate::moment::Moment;
use crate::text;
use crate::words::Words;

/// Renders as a bar where there is a percentage, and the words beside it.
#[derive(Template)]
#[template(path = "parts/progress.html")]
pub(crate) struct Far {
    percent: Option<i64>,
    /// `40 %`, as the language writes it.
    shown: String,
    label: String,
    desc: Option<String>,
    at: Moment,
}

impl askama::filters::HtmlSafe for Far {}

impl Far {
    pub(crate) fn new(progress: &Progress, now: Wall, words: Words) -> Self {
        let shown = progress.percent.map(|percent| percent.to_string()).unwrap_or_default();
        Self {
            percent: progress.percent,
            shown: words.fill("progress-percent", &[("percent", &shown)]).into(),
            label: words.say("progress-title").into(),
            desc: progress.desc.as_deref().map(text::visible),
            at: Moment::new(progress.updated_at, now, words),
        }
    }
}
