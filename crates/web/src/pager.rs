//! The links between the pages of a list (rule `V-11`).

use askama::Template;

use crate::count::thousands;
use crate::words::Words;

/// Renders as navigation; as nothing when one page holds it all.
#[derive(Template)]
#[template(path = "parts/pager.html")]
pub(crate) struct Pager {
    words: Words,
    /// The key of what is paged, for those who hear the page: `pager-jobs`.
    what: &'static str,
    /// First, previous, next, last.
    first: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    last: Option<String>,
    /// `26–50 of 1,234`.
    range: String,
    shown: bool,
}

impl askama::filters::HtmlSafe for Pager {}

impl Pager {
    /// `href`: the address up to and with `page=`. `page` counts from 1.
    pub(crate) fn new(
        words: Words,
        what: &'static str,
        href: &str,
        page: usize,
        rows: usize,
        total: usize,
    ) -> Self {
        let last = total.div_ceil(rows).max(1);
        let link = |to: usize| format!("{href}{to}");
        let from = (page - 1).saturating_mul(rows).saturating_add(1);
        let figure = |figure: usize| thousands(figure as u64, words);
        let range = |from: usize, to: usize| {
            words.fill(
                "pager-range",
                &[("from", &figure(from)), ("to", &figure(to)), ("total", &figure(total))],
            )
        };
        Self {
            words,
            what,
            first: (page > 1).then(|| link(1)),
            previous: (page > 1).then(|| link((page - 1).min(last))),
            next: (page < last).then(|| link(page + 1)),
            last: (page < last).then(|| link(last)),
            range: if from > total {
                words.fill("pager-none", &[("page", &page.to_string())]).into()
            } else {
                range(from, (from - 1).saturating_add(rows).min(total)).into()
            },
            shown: total > rows || page > 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pager(href: &str, page: usize, rows: usize, total: usize) -> Pager {
        Pager::new(Words::default(), "pager-jobs", href, page, rows, total)
    }

    #[test]
    fn a_pager_appears_only_when_there_is_more_than_one_page_v11() {
        assert!(!pager("?page=", 1, 25, 25).shown);
        let second = pager("?page=", 2, 25, 70);
        assert!(second.shown);
        assert_eq!(second.range, "26–50 of 70");
        assert_eq!(
            (second.first.as_deref(), second.next.as_deref(), second.last.as_deref()),
            (Some("?page=1"), Some("?page=3"), Some("?page=3"))
        );
        let third = pager("?page=", 3, 25, 70);
        assert_eq!((third.range.as_str(), third.next), ("51–70 of 70", None));
    }

    #[test]
    fn a_page_beyond_the_end_leads_back() {
        let beyond = pager("?page=", usize::MAX, 25, 70);
        assert_eq!((beyond.previous.as_deref(), beyond.next), (Some("?page=3"), None));
        assert!(pager("?page=", 9, 25, 0).shown);
    }
}
