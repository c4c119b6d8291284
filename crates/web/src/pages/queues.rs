//! `/queues`: every known queue, its length, and whether it is paused (rule `V-23`).

use askama::Template;
use bessemer_core::query::QueueView;

use crate::count::thousands;
use crate::frame::{Frame, Tab};
use crate::pager::Pager;
use crate::visit::{Shown, Visit, html};
use crate::{Front, limits};

#[derive(Template)]
#[template(path = "queues.html")]
struct Queues {
    frame: Frame,
    total: String,
    queues: Vec<Row>,
    pager: Pager,
}

struct Row {
    name: String,
    href: String,
    size: String,
    paused: bool,
}

/// `GET /queues?page=`; with `?name=` the queue of a name that a browser would not leave in a path.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    if let Some(name) = visit.query.first("name").map(str::to_owned) {
        return super::queue::list(visit, name).await;
    }
    let page = visit.query.page("page")?;
    let queues = visit.web.queues().await?;
    let (rows, base) = (limits::SHORT_ROWS, &visit.base);
    let row = |queue: &QueueView| Row {
        href: base.queue(&queue.name),
        name: queue.name.clone(),
        size: thousands(queue.size),
        paused: queue.paused,
    };
    html(&Queues {
        frame: visit.frame("Queues", Tab::Queues).await?,
        total: thousands(queues.len() as u64),
        queues: queues.iter().skip((page - 1).saturating_mul(rows)).take(rows).map(row).collect(),
        pager: Pager::new("queues", &format!("{}/queues?page=", base.0), page, rows, queues.len()),
    })
}
