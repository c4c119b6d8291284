//! `/queues`: every known queue, its length, its age, and whether it is paused (rule `V-23`).

use std::cmp::Ordering;

use askama::Template;
use bessemer_core::query::QueueView;

use crate::count::thousands;
use crate::frame::{Frame, Tab};
use crate::pager::Pager;
use crate::rates::Rate;
use crate::visit::{Shown, Visit, html};
use crate::words::Words;
use crate::{Front, chart, limits, moment};

#[derive(Template)]
#[template(path = "queues.html")]
struct Queues {
    frame: Frame,
    total: String,
    heads: Vec<Head>,
    queues: Vec<Row>,
    pager: Pager,
}

/// The heading of a column that can be sorted by.
struct Head {
    label: String,
    href: String,
    /// For `aria-sort`.
    sorted: &'static str,
    number: bool,
}

struct Row {
    name: String,
    href: String,
    clear: String,
    size: String,
    oldest: String,
    working: String,
    into: String,
    out: String,
    paused: bool,
    /// The page of its limits, where one of all workers together is reached.
    full: Option<String>,
    late: bool,
}

/// A queue and how fast it moves.
type Seen = (QueueView, Option<Rate>);

/// What the list is sorted by; figures begin with the largest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Name,
    Size,
    Oldest,
    Working,
    Into,
    Out,
}

impl Column {
    const ALL: [Self; 6] = [Self::Name, Self::Size, Self::Oldest, Self::Working, Self::Into, Self::Out];

    /// In the address and in the keys of texts.
    const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Size => "size",
            Self::Oldest => "oldest",
            Self::Working => "working",
            Self::Into => "in",
            Self::Out => "out",
        }
    }

    fn compare(self, (a, a_rate): &Seen, (b, b_rate): &Seen) -> Ordering {
        let rate = |rate: &Option<Rate>, part: fn(&Rate) -> f64| rate.as_ref().map_or(0.0, part);
        match self {
            Self::Name => a.name.cmp(&b.name),
            Self::Size => b.size.cmp(&a.size),
            Self::Oldest => b.latency.cmp(&a.latency),
            Self::Working => b.working.cmp(&a.working),
            Self::Into => rate(b_rate, |rate| rate.into).total_cmp(&rate(a_rate, |rate| rate.into)),
            Self::Out => rate(b_rate, |rate| rate.out).total_cmp(&rate(a_rate, |rate| rate.out)),
        }
    }
}

/// The order that the address asks for.
#[derive(Clone, Copy)]
struct Sort {
    column: Column,
    turned: bool,
}

impl Sort {
    /// `?sort=size`, and `?sort=-size` the other way round; nonsense means by name.
    fn parse(text: &str) -> Self {
        let (turned, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let column = Column::ALL.into_iter().find(|column| column.name() == name);
        column.map_or(Self { column: Column::Name, turned: false }, |column| Self { column, turned })
    }

    fn write(self) -> String {
        format!("{}{}", if self.turned { "-" } else { "" }, self.column.name())
    }

    fn head(self, column: Column, path: &str, words: Words) -> Head {
        let chosen = self.column == column;
        let rising = (column == Column::Name) != self.turned;
        let next = Self { column, turned: chosen && !self.turned };
        Head {
            label: words.say(&format!("queues-{}", column.name())).into(),
            href: format!("{path}?sort={}", next.write()),
            sorted: match chosen {
                false => "none",
                true if rising => "ascending",
                true => "descending",
            },
            number: column != Column::Name,
        }
    }
}

/// `GET /queues?page=&sort=`; with `?name=` the queue of a name that a browser would not leave in a path.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    if let Some(name) = visit.query.first("name").map(str::to_owned) {
        return super::queue::list(visit, name).await;
    }
    let page = visit.query.page("page")?;
    let sort = Sort::parse(visit.query.first("sort").unwrap_or_default());
    let queues = visit.web.queues().await?;
    let rates = visit.web.rates.look(visit.web.front.now(), &queues);
    let mut queues: Vec<Seen> = queues.into_iter().zip(rates).collect();
    queues.sort_by(|a, b| sort.column.compare(a, b).then_with(|| a.0.name.cmp(&b.0.name)));
    if sort.turned {
        queues.reverse();
    }
    let (rows, words) = (limits::SHORT_ROWS, visit.words);
    let path = format!("{}/queues", visit.base.0);
    let rate = |rate: Option<f64>| {
        rate.map_or_else(|| "–".into(), |rate| words.figure(format!("{}/s", chart::count(rate, words))))
    };
    let row = |(queue, moves): &Seen| {
        let href = visit.base.queue(&queue.name);
        Row {
            clear: super::queue::with(&href, "clear=1"),
            href,
            name: queue.name.clone(),
            size: thousands(queue.size, words),
            oldest: if queue.size == 0 { String::new() } else { moment::duration(queue.latency, words) },
            working: thousands(queue.working, words),
            into: rate(moves.map(|rate| rate.into)),
            out: rate(moves.map(|rate| rate.out)),
            paused: queue.paused,
            full: queue
                .full
                .then(|| format!("{}/throttles?queue={}", visit.base.0, crate::link::encoded(&queue.name))),
            late: queue.latency > super::home::LATE,
        }
    };
    let href = format!("{path}?sort={}&page=", sort.write());
    html(&Queues {
        frame: visit.frame(words.say("tab-queues"), Tab::Queues).await?,
        total: thousands(queues.len() as u64, words),
        heads: Column::ALL.map(|column| sort.head(column, &path, words)).into(),
        queues: queues.iter().skip((page - 1).saturating_mul(rows)).take(rows).map(row).collect(),
        pager: Pager::new(words, "pager-queues", &href, page, rows, queues.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_leads_to_its_order_and_then_to_the_other() {
        let head = |sort: &str, column| {
            let head = Sort::parse(sort).head(column, "/queues", Words::default());
            (head.href, head.sorted)
        };
        for sort in ["", "name", "<b>", "-", "--size"] {
            assert_eq!(head(sort, Column::Name), ("/queues?sort=-name".into(), "ascending"), "{sort}");
            assert_eq!(head(sort, Column::Size), ("/queues?sort=size".into(), "none"), "{sort}");
        }
        assert_eq!(head("size", Column::Size), ("/queues?sort=-size".into(), "descending"));
        assert_eq!(head("-size", Column::Size), ("/queues?sort=size".into(), "ascending"));
        assert_eq!(head("-size", Column::Name), ("/queues?sort=name".into(), "none"));
    }
}
