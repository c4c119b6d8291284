//! `bessemer jobs show JID…`: all that is known of a job.

use std::time::Duration;

use bessemer::{JobFilter, ListedJob};
use bessemer_core::Wall;
use bessemer_protocol::text::shown;
use serde_json::value::RawValue;

use super::{Failed, Job, word};
use crate::cli::address::Server;
use crate::cli::figures::{ago, span};
use crate::cli::{output, refuse_missing, table};
use crate::clock;
use crate::exit::Failure;

/// Show all that is known of a job
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Show {
    /// The job
    #[arg(value_name = "JID", required = true)]
    jids: Vec<String>,
}

impl Show {
    pub(super) async fn run(&self, server: &mut Server, json: bool) -> Result<(), Failure> {
        let mut filter = JobFilter { jids: Some(self.jids.clone()), ..JobFilter::default() };
        let mut found = Vec::new();
        loop {
            let page = server.client.list_jobs(&filter).await?;
            for listed in &page.jobs {
                if json {
                    output::json(listed)?;
                } else {
                    if !found.is_empty() {
                        output::line("")?;
                    }
                    print(listed, clock::wall())?;
                }
                found.push(Job::read(listed)?.jid.into_owned());
            }
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
        let missing: Vec<&String> = self.jids.iter().filter(|jid| !found.contains(jid)).collect();
        refuse_missing("job", &missing)
    }
}

fn print(listed: &ListedJob, now: Wall) -> Result<(), Failure> {
    let job = Job::read(listed)?;
    table::facts(&facts(listed, &job, now))?;
    let Some(Failed { backtrace, .. }) = &job.failure else { return Ok(()) };
    backtrace.iter().try_for_each(|line| output::line(&format!("  {}", shown(line))))
}

fn facts(listed: &ListedJob, job: &Job<'_>, now: Wall) -> Vec<(&'static str, String)> {
    let moment = |moment: &str| format!("{moment}, {}", ago(now, moment));
    let mut facts = vec![
        ("jid", job.jid.to_string()),
        ("type", job.jobtype.to_string()),
        ("queue", job.queue.to_string()),
        ("state", word(listed.state).to_owned()),
    ];
    let known = |name, at: Option<&str>| at.map(|at| (name, moment(at)));
    facts.extend(listed.wid.as_ref().map(|wid| ("worker", wid.clone())));
    facts.extend(known("since", listed.since.as_deref()));
    facts.extend(known("at", listed.at.as_deref()));
    facts.extend(known("until", listed.until.as_deref()));
    facts.extend(known("expires", listed.expires_at.as_deref()));
    facts.extend(listed.percent.map(|percent| ("progress", format!("{percent} %"))));
    facts.extend(listed.desc.as_ref().map(|desc| ("says", desc.clone())));
    facts.extend(known("created", job.created_at.as_deref()));
    facts.extend(known("enqueued", job.enqueued_at.as_deref()));
    facts.extend(job.retry.map(|times| ("retry", times.to_string())));
    let seconds = job.reserve_for.filter(|seconds| *seconds > 0);
    facts.extend(seconds.map(|seconds| ("reserve for", span(Duration::from_secs(seconds)))));
    let document = |name, value: Option<&RawValue>| value.map(|value| (name, value.get().to_owned()));
    facts.extend(document("args", job.args));
    facts.extend(document("custom", job.custom));
    if let Some(failed) = &job.failure {
        let attempts = failed.retry_count.saturating_add(1);
        facts.push(("attempts", format!("{attempts} failed, {} left", failed.remaining.max(0))));
        facts.push(("failed first", moment(&failed.failed_at)));
        facts.push(("error", job.error().unwrap_or_default()));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_known_is_shown_and_nothing_else() {
        let listed: ListedJob = serde_json::from_str(
            r#"{"state":"retrying","at":"2026-01-02T03:04:35Z","expires_at":"2026-01-02T04:04:05Z","job":{"jid":"jid-00001","jobtype":"T","queue":"q",
            "args":[1.0],"custom":{"a":1},"retry":25,"reserve_for":5400,"created_at":"2026-01-02T03:04:00Z",
            "failure":{"retry_count":1,"remaining":24,"failed_at":"2026-01-02T03:00:05Z","errtype":"E","message":"m"}}}"#,
        )
        .expect("a listed job");
        let now = Wall::parse("2026-01-02T03:04:05Z").expect("a moment");
        let facts = facts(&listed, &Job::read(&listed).expect("a job"), now);
        let lines: Vec<_> = facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let expected = [
            "jid: jid-00001",
            "type: T",
            "queue: q",
            "state: retrying",
            "at: 2026-01-02T03:04:35Z, in 30 s",
            "expires: 2026-01-02T04:04:05Z, in 1 h",
            "created: 2026-01-02T03:04:00Z, 5 s ago",
            "retry: 25",
            "reserve for: 1 h 30 m",
            "args: [1.0]",
            r#"custom: {"a":1}"#,
            "attempts: 2 failed, 24 left",
            "failed first: 2026-01-02T03:00:05Z, 4 m ago",
            "error: E: m",
        ];
        assert_eq!(lines, expected);
    }
}
