//! `bessemer jobs retry`, `kill` and `delete`: slice by slice, so that others are served in between. Each job is changed
//! whole; what is interrupted has changed the jobs of the slices before.

use bessemer::{JobChange, JobSet, Selection};
use serde_json::json;

use super::{SLICE, Which};
use crate::cli::address::Server;
use crate::cli::confirm::Yes;
use crate::cli::figures::{amount, grouped};
use crate::cli::output;
use crate::cli::progress::Progress;
use crate::exit::{Exit, Failure};

/// So many jobs are killed or deleted without a question.
const HANDFUL: u64 = 5;

/// Counting ends here: who is asked about more does not decide by the number.
const COUNT_MAX: u64 = 10_000;

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Act {
    #[command(flatten)]
    pub(super) which: Which,
    /// Every job there is
    #[arg(long)]
    pub(super) all: bool,
    /// Only say how many they are
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    yes: Yes,
}

/// How many jobs are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    jobs: u64,
    /// Counting was given up; there are more.
    or_more: bool,
}

impl Act {
    pub(super) async fn run(
        &self,
        server: &mut Server,
        change: JobChange,
        json: bool,
    ) -> Result<(), Failure> {
        let selection = self.which.selection();
        if let Some(set) = selection.set.filter(|set| !applies(change, Some(*set))) {
            return Err(Failure { exit: Exit::Usage, what: why_not(change, set).to_owned() });
        }
        if self.dry_run {
            let Count { jobs, .. } = count(server, &selection, change, u64::MAX).await?;
            return match json {
                true => output::json(&json!({ "count": jobs, "dry_run": true })),
                false => output::line(&format!("{} would be {}", amount(jobs, "job"), done(change))),
            };
        }
        if change != JobChange::Retry && !self.yes.yes {
            let most = count(server, &selection, change, COUNT_MAX).await?;
            if most.jobs > HANDFUL {
                self.yes.or_ask(&question(change, most))?;
            }
        }
        self.change(server, &selection, change, json).await
    }

    async fn change(
        &self,
        server: &mut Server,
        selection: &Selection,
        change: JobChange,
        json: bool,
    ) -> Result<(), Failure> {
        let (mut changed, mut seen, mut after) = (0, 0, None::<String>);
        let mut progress = Progress::of(doing(change));
        loop {
            let slice = server.client.change_jobs(change, selection, after.as_deref(), SLICE).await;
            let slice = slice.map_err(|error| {
                let Failure { exit, what } = error.into();
                Failure {
                    exit,
                    what: format!("{what}; {} {} before it", amount(changed, "job"), done(change)),
                }
            })?;
            changed += slice.count;
            seen += slice.seen;
            after = slice.next;
            if after.is_none() {
                break;
            }
            // What has been changed may not be counted as being there any more.
            progress.tell_jobs(seen, Some(seen.max(slice.total)));
        }
        drop(progress);
        match json {
            true => output::json(&json!({ "count": changed, "seen": seen })),
            false => output::line(&format!("{} {}", done(change), amount(changed, "job"))),
        }
    }
}

/// Counts the jobs that the change is for, at most about `most` of them.
async fn count(
    server: &mut Server,
    selection: &Selection,
    change: JobChange,
    most: u64,
) -> Result<Count, Failure> {
    let unfiltered = Selection { set: selection.set, ..Selection::default() };
    if *selection == unfiltered {
        let faktory = server.client.info().await?.faktory;
        let sets = [
            (JobSet::Queued, faktory.total_enqueued),
            (JobSet::Scheduled, faktory.sets.scheduled),
            (JobSet::Retries, faktory.sets.retries),
            (JobSet::Dead, faktory.sets.dead),
        ];
        let meant = sets
            .iter()
            .filter(|(set, _)| applies(change, Some(*set)) && selection.set.is_none_or(|only| only == *set));
        return Ok(Count { jobs: meant.map(|(_, jobs)| jobs).sum(), or_more: false });
    }
    let (mut jobs, mut after) = (0, None::<String>);
    let mut progress = Progress::of("counting");
    loop {
        let page = server.client.list_jobs(selection, after.as_deref(), SLICE).await?;
        jobs += page.jobs.iter().filter(|job| applies(change, set_of(&job.state))).count() as u64;
        after = page.next;
        if after.is_none() || jobs > most {
            return Ok(Count { jobs, or_more: after.is_some() });
        }
        progress.tell_jobs(jobs, None);
    }
}

/// Whether the change is for jobs that are there.
fn applies(change: JobChange, set: Option<JobSet>) -> bool {
    match set {
        Some(JobSet::Working) => false,
        Some(JobSet::Queued) => change != JobChange::Retry,
        _ => true,
    }
}

fn set_of(state: &str) -> Option<JobSet> {
    match state {
        "queued" => Some(JobSet::Queued),
        "working" => Some(JobSet::Working),
        _ => None,
    }
}

fn why_not(change: JobChange, set: JobSet) -> &'static str {
    match (change, set) {
        (JobChange::Retry, JobSet::Queued) => "--set queued: these jobs are in their queues already",
        _ => "--set working: jobs that are being worked on are their worker's, nobody else ends them",
    }
}

fn question(change: JobChange, count: Count) -> String {
    let verb = match change {
        JobChange::Retry => "Retry",
        JobChange::Kill => "Kill",
        JobChange::Delete => "Delete",
    };
    match count.or_more {
        true => format!("{verb} more than {} jobs?", grouped(COUNT_MAX)),
        false => format!("{verb} {}?", amount(count.jobs, "job")),
    }
}

fn doing(change: JobChange) -> &'static str {
    match change {
        JobChange::Retry => "retrying",
        JobChange::Kill => "killing",
        JobChange::Delete => "deleting",
    }
}

fn done(change: JobChange) -> &'static str {
    match change {
        JobChange::Retry => "retried",
        JobChange::Kill => "killed",
        JobChange::Delete => "deleted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_being_worked_on_are_left_alone_and_queued_ones_are_not_retried() {
        for (change, set, does) in [
            (JobChange::Retry, JobSet::Queued, false),
            (JobChange::Retry, JobSet::Dead, true),
            (JobChange::Delete, JobSet::Queued, true),
            (JobChange::Delete, JobSet::Working, false),
            (JobChange::Kill, JobSet::Scheduled, true),
        ] {
            assert_eq!(applies(change, Some(set)), does, "{change:?} {set:?}");
        }
        assert!(why_not(JobChange::Kill, JobSet::Working).contains("their worker's"));
    }

    #[test]
    fn a_question_has_the_number_of_jobs_as_far_as_it_matters() {
        let ask = |jobs, or_more| question(JobChange::Delete, Count { jobs, or_more });
        assert_eq!(ask(1_234, false), "Delete 1,234 jobs?");
        assert_eq!(ask(10_500, true), "Delete more than 10,000 jobs?");
    }
}
