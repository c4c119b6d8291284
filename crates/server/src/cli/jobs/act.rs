//! `bessemer jobs retry`, `kill` and `delete`: slice by slice, so that others are served in between. Each job is changed
//! whole; what is interrupted has changed the jobs of the slices before.

use bessemer::{JobChange, JobFilter, JobSet, JobState};
use serde_json::json;

use super::Which;
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
        let filter = self.which.filter();
        if let Some(set) = filter.set.filter(|set| !applies(change, *set)) {
            return Err(Failure { exit: Exit::Usage, what: why_not(change, set).to_owned() });
        }
        if self.dry_run {
            let Count { jobs, .. } = self.count(server, filter.clone(), change, u64::MAX).await?;
            return match json {
                true => output::json(&json!({ "count": jobs, "dry_run": true })),
                false => output::line(&format!("{} would be {}", amount(jobs, "job"), done(change))),
            };
        }
        if change != JobChange::Retry && !self.yes.yes {
            let most = self.count(server, filter.clone(), change, COUNT_MAX).await?;
            if most.jobs > HANDFUL {
                self.yes.or_ask(&question(change, most))?;
            }
        }
        self.change(server, filter, change, json).await
    }

    async fn change(
        &self,
        server: &mut Server,
        mut filter: JobFilter,
        change: JobChange,
        json: bool,
    ) -> Result<(), Failure> {
        let (mut changed, mut seen) = (0, 0);
        let mut progress = Progress::in_jobs(doing(change));
        loop {
            let slice = server.client.change_jobs(change, &filter).await;
            let slice = slice.map_err(|error| {
                let Failure { exit, what } = error.into();
                Failure {
                    exit,
                    what: format!("{what}; {} {} before it", amount(changed, "job"), done(change)),
                }
            })?;
            changed += slice.count;
            seen += slice.seen;
            filter.after = slice.next;
            if filter.after.is_none() {
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

    /// Counts the jobs that the change is for, at most about `most` of them.
    async fn count(
        &self,
        server: &mut Server,
        mut filter: JobFilter,
        change: JobChange,
        most: u64,
    ) -> Result<Count, Failure> {
        if self.which.is_only_a_set() {
            let sets = JobSet::ALL.into_iter().filter(|set| filter.set.is_none_or(|only| only == *set));
            let faktory = server.client.info().await?.faktory;
            let size = |set| match set {
                JobSet::Working => faktory.sets.working,
                JobSet::Queued => faktory.total_enqueued,
                JobSet::Retries => faktory.sets.retries,
                JobSet::Scheduled => faktory.sets.scheduled,
                JobSet::Dead => faktory.sets.dead,
            };
            let jobs = sets.filter(|set| applies(change, *set)).map(size).sum();
            return Ok(Count { jobs, or_more: false });
        }
        let mut jobs = 0;
        let mut progress = Progress::in_jobs("counting");
        loop {
            let page = server.client.list_jobs(&filter).await?;
            jobs += page.jobs.iter().filter(|job| applies(change, set_of(job.state))).count() as u64;
            filter.after = page.next;
            if filter.after.is_none() || jobs > most {
                return Ok(Count { jobs, or_more: filter.after.is_some() });
            }
            progress.tell_jobs(jobs, None);
        }
    }
}

/// Whether the change is for jobs that are there.
fn applies(change: JobChange, set: JobSet) -> bool {
    match set {
        JobSet::Working => false,
        JobSet::Queued => change != JobChange::Retry,
        JobSet::Scheduled | JobSet::Retries | JobSet::Dead => true,
    }
}

fn set_of(state: JobState) -> JobSet {
    match state {
        JobState::Working => JobSet::Working,
        JobState::Queued => JobSet::Queued,
        JobState::Retrying => JobSet::Retries,
        JobState::Scheduled => JobSet::Scheduled,
        JobState::Dead => JobSet::Dead,
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
            assert_eq!(applies(change, set), does, "{change:?} {set:?}");
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
