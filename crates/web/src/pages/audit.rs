//! `/audit`: who has changed what; and all of it for saving.

use askama::Template;
use axum::http::header;
use axum::response::IntoResponse;

use crate::audit::Entry;
use crate::count::thousands;
use crate::frame::{Frame, Tab};
use crate::link::Base;
use crate::problem::Problem;
use crate::visit::{Shown, Visit, html};
use crate::words::Words;
use crate::{Front, limits, text};

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    frame: Frame,
    total: String,
    q: String,
    rows: Vec<Row>,
    /// The address of those that are older.
    next: Option<String>,
}

struct Row {
    /// As precise as it is known, and as it is shown.
    at: (String, String),
    who: String,
    role: String,
    address: String,
    by: String,
    action: String,
    /// Pieces of a text; those that name a job lead there.
    object: Vec<(String, Option<String>)>,
    count: String,
}

/// What entries say who has done something by what, and what was done: each has a text in every language.
const ROLES: [&str; 4] = ["open", "admin", "viewer", "token"];
const WAYS: [&str; 3] = ["page", "api", "port"];
const DEEDS: [&str; 27] = [
    "retry",
    "delete",
    "discard",
    "restore",
    "kill",
    "release",
    "move",
    "edit",
    "clear",
    "clear queue",
    "pause queue",
    "resume queue",
    "remove queue",
    "cancel batch",
    "check batch",
    "release key",
    "set throttle",
    "reset throttle",
    "run cron entry",
    "pause cron entry",
    "resume cron entry",
    "wake worker",
    "quiet worker",
    "stop worker",
    "create token",
    "revoke token",
    "mark",
];

/// A word of an entry in the visitor's language; as it is kept where a later version has written it.
fn said(first: &str, known: &[&str], word: String, words: Words) -> String {
    if !known.contains(&word.as_str()) {
        return word;
    }
    words.say(&format!("{first}{}", word.replace(' ', "-"))).into()
}

impl Row {
    fn new(base: &Base, entry: Entry, words: Words) -> Self {
        Self {
            at: (entry.at.clone(), even(&entry.at)),
            who: text::visible(&entry.who),
            role: said("audit-role-", &ROLES, entry.role, words),
            address: entry.address,
            by: said("audit-by-", &WAYS, entry.by, words),
            action: said("audit-did-", &DEEDS, entry.action, words),
            object: pieces(base, &entry.object),
            count: thousands(entry.count, words),
        }
    }
}

/// A time down to the millisecond, so that all of them are equally wide.
fn even(at: &str) -> String {
    let at = at.trim_end_matches('Z');
    let (seconds, fraction) = at.split_once('.').unwrap_or((at, ""));
    format!("{seconds}.{:0<3}Z", fraction.get(..3).unwrap_or(fraction))
}

/// Where a job is that an entry names, and what stands before and behind it: `job <jid> in queue <queue>`, and then what was
/// done. A queue's name has no blank, so the last such words are ours, whatever the jid is.
fn job_in<'o>(base: &Base, object: &'o str) -> Option<[(&'o str, Option<String>); 3]> {
    let (jid, _) = object.strip_prefix("job ")?.rsplit_once(" in queue ")?;
    let (before, rest) = object.split_at("job ".len());
    Some([(before, None), (jid, Some(base.job(jid))), (&rest[jid.len()..], None)])
}

fn pieces(base: &Base, object: &str) -> Vec<(String, Option<String>)> {
    let shown = |(text, href): (&str, Option<String>)| (text::visible(text), href);
    match job_in(base, object) {
        Some(pieces) => pieces.map(shown).into(),
        None => vec![shown((object, None))],
    }
}

/// `GET /audit?q=&from=`
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let q = visit.query.first("q").unwrap_or_default().trim();
    let from = visit.query.first("from").map(|from| from.parse().map_err(|_| Problem::bad("invalid from")));
    let found = visit.web.entries(q, from.transpose()?, limits::AUDIT_ROWS).await?;
    let list = visit.base.list("audit", &[("q", q)]);
    let list = list.strip_suffix("page=").unwrap_or(&list);
    html(&Page {
        frame: visit.frame(visit.words.say("audit-title"), Tab::Other).await?,
        total: thousands(found.total as u64, visit.words),
        q: text::visible(q),
        rows: found.entries.into_iter().map(|entry| Row::new(&visit.base, entry, visit.words)).collect(),
        next: found.next.map(|next| format!("{list}from={next}")),
    })
}

/// `GET /audit/export`: every entry as a line of JSON, newest first; for saving, never shown by the browser.
pub(crate) async fn export<F: Front>(visit: Visit<F>) -> Shown {
    let all = visit.web.entries("", None, limits::AUDIT_MAX).await?;
    let mut lines = String::new();
    for entry in &all.entries {
        lines += &serde_json::to_string(entry).map_err(|error| Problem::internal(&error))?;
        lines.push('\n');
    }
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\""),
    ];
    Ok((headers, lines).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_equally_wide() {
        for (at, shown) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
            ("2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100Z"),
            ("2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123Z"),
        ] {
            assert_eq!(even(at), shown);
        }
    }

    #[test]
    fn an_entry_leads_to_its_job_whatever_the_jid_is() {
        let href = |object: &str| {
            pieces(&Base::default(), object).into_iter().find_map(|(text, href)| Some((text, href?)))
        };
        let leads = |text: &str, path: &str| Some((text.to_owned(), path.to_owned()));
        assert_eq!(href("job abc in queue mail to queue low"), leads("abc", "/jobs/abc"));
        assert_eq!(href("job a in queue b in queue mail"), leads("a in queue b", "/jobs/a%20in%20queue%20b"));
        for none in ["job a, b, …", "default", "in retries all", "job #17"] {
            assert_eq!(href(none), None, "{none}");
        }
        let text: String =
            pieces(&Base::default(), "job x in queue q: retry 1").into_iter().map(|(text, _)| text).collect();
        assert_eq!(text, "job x in queue q: retry 1");
    }

    #[test]
    fn every_word_of_an_entry_is_said_in_every_language() {
        for words in Words::all() {
            for (first, known) in [("audit-role-", &ROLES[..]), ("audit-by-", &WAYS), ("audit-did-", &DEEDS)]
            {
                for word in known {
                    let text = said(first, known, (*word).into(), words);
                    assert!(!text.starts_with("audit-"), "{}: {text}", words.tag());
                }
            }
        }
        let german = Words::by_tag("de").unwrap();
        assert_eq!(said("audit-did-", &DEEDS, "clear queue".into(), german), "Warteschlange leeren");
        assert_eq!(said("audit-did-", &DEEDS, "of a later version".into(), german), "of a later version");
    }
}
