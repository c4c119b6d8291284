//! `/unique`: the keys of unique jobs that are held, by which jobs and until when; and freeing one.

use askama::Template;
use axum::http::StatusCode;
use bessemer_core::fact::Release;

use crate::count::thousands;
use crate::form::Posted;
use crate::frame::{Frame, Tab};
use crate::moment::Moment;
use crate::pages::confirm::{self, ASK, Confirm};
use crate::pages::search::state_of;
use crate::unique::{self, Held};
use crate::visit::{Name, Shown, Visit, html, redirect};
use crate::{Front, limits, text};

#[derive(Template)]
#[template(path = "unique.html")]
struct Page {
    frame: Frame,
    total: String,
    /// Only this key was asked for.
    only: String,
    rows: Vec<Row>,
    /// The address of those behind them.
    next: Option<String>,
}

struct Row {
    key: String,
    jid: String,
    job: String,
    jobtype: String,
    queue: String,
    queue_href: String,
    until: Moment,
    place: &'static str,
    release: &'static str,
    action: String,
}

/// `GET /unique?key=&from=`
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let field = |name| visit.query.first(name).map(str::trim).filter(|text| !text.is_empty());
    let (only, from) = (field("key").map(unique::read), field("from").map(unique::read));
    let from = from.transpose()?.unwrap_or(0);
    let (held, next, mut total) = match only.transpose()? {
        Some(key) => {
            let found = visit.web.keys(key, 1).await?;
            let held: Vec<Held> = found
                .held
                .into_iter()
                .filter(|held| unique::read(&held.key).is_ok_and(|k| k == key))
                .collect();
            (held, None, found.total)
        }
        None => {
            let found = visit.web.keys(from, limits::LIST_DEFAULT).await?;
            (found.held, found.next, found.total)
        }
    };
    // Those that are over and not yet forgotten are in the total, and on no page.
    if from == 0 && next.is_none() {
        total = held.len();
    }
    html(&Page {
        frame: visit.frame(visit.words.say("unique-title"), Tab::Other).await?,
        total: thousands(total as u64, visit.words),
        only: field("key").unwrap_or_default().to_owned(),
        rows: held.into_iter().map(|held| row(&visit, held)).collect(),
        next: next.map(|next| format!("{}/unique?from={next}", visit.base.0)),
    })
}

/// `POST /unique/<key>`: frees it.
pub(crate) async fn release<F: Front>(visit: Visit<F>, Name(key): Name, Posted(form): Posted) -> Shown {
    let (number, back) = (unique::read(&key)?, format!("{}/unique", visit.base.0));
    if confirm::asks(&form) {
        let (words, held) = (visit.words, visit.web.key(number).await?);
        return html(&Confirm {
            frame: visit.frame(words.say("unique-title"), Tab::Other).await?,
            question: words.say("unique-release-question").into(),
            sentences: vec![format!("{} {}", text::name(&held.jobtype), text::visible(&held.jid))],
            action: format!("{back}/{key}"),
            fields: Vec::new(),
            name: key,
            typed: false,
            yes: words.say("unique-release").into(),
            back,
        });
    }
    visit.web.free_key(number).await?;
    redirect(StatusCode::FOUND, &back)
}

fn row<F: Front>(visit: &Visit<F>, held: Held) -> Row {
    Row {
        job: visit.base.find(&held.jid),
        jid: text::visible(&held.jid),
        jobtype: text::name(&held.jobtype),
        queue_href: visit.base.queue(&held.queue),
        queue: held.queue,
        until: Moment::new(held.until, visit.web.front.now(), visit.words),
        place: held.place.map_or("unique-done", state_of),
        release: match held.release {
            Release::Success => "unique-success",
            Release::Start => "unique-start",
            Release::Expiry => "unique-expiry",
        },
        action: format!("{}/unique/{}", visit.base.0, held.key),
        key: held.key,
    }
}
