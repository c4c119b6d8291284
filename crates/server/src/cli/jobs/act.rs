//! `bessemer jobs retry` and whatever else is done to many jobs: set by set and slice by slice, so that others are served in between. Each
//! job is changed whole; what is interrupted has changed the jobs of the slices before.

use bessemer::{JobChange, JobFilter, JobSet, JobState};
use bessemer_protocol::response::Faktory;
use serde_json::json;

use super::{Which, missing};
use crate::cli::address::Server;
use crate::cli::confirm::Yes;
use crate::cli::figures::amount;
use crate::cli::progress::Progress;
use crate::cli::{output, refuse_missing};
use crate::exit::{Exit, Failure};

/// So many jobs are killed or deleted without a question.
const HANDFUL: u64 = 5;

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
    /// Where they are moved to.
    #[arg(skip)]
    queue: Option<String>,
}

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Move {
    #[command(flatten)]
    pub(super) act: Act,
    /// The queue that they go to
    #[arg(long, value_name = "NAME")]
    pub(super) to: String,
}

impl Act {
    /// The same, to a queue.
    pub(super) fn to(&self, queue: &str) -> Self {
        Self { queue: Some(queue.to_owned()), ..self.clone() }
    }

    pub(super) async fn run(
        &self,
        server: &mut Server,
        change: JobChange,
        json: bool,
    ) -> Result<(), Failure> {
        let filter = self.which.filter();
        if let Some(why) = filter.set.and_then(|set| why_not(change, set)) {
            return Err(Failure { exit: Exit::Usage, what: why.to_owned() });
        }
        let jids = filter.jids.clone().unwrap_or_default();
        let is_discarded = change == JobChange::Restore || filter.set == Some(JobSet::Discarded);
        let missing = missing(server, &jids, is_discarded).await?;
        match self.act(server, filter, change, json).await {
            Err(failure) if failure.exit != Exit::Stopped => Err(failure),
            said => refuse_missing("job", &missing).and(said),
        }
    }

    async fn act(
        &self,
        server: &mut Server,
        filter: JobFilter,
        change: JobChange,
        json: bool,
    ) -> Result<(), Failure> {
        if self.dry_run {
            let jobs = self.count(server, filter, change).await?;
            return match json {
                true => output::json(&json!({ "count": jobs, "dry_run": true })),
                false => output::line(&format!("{} would be {}", amount(jobs, "job"), done(change))),
            };
        }
        if is_asked_about(change) && !self.yes.yes {
            let jobs = self.count(server, filter.clone(), change).await?;
            if jobs > HANDFUL {
                self.yes.or_ask(&question(change, jobs))?;
            }
        }
        let faktory = server.client.info().await?.faktory;
        let walks = walks(JobFilter { to: self.queue.clone(), ..filter }, change);
        let of = walks.iter().filter_map(|walk| walk.set).map(|set| size(&faktory, set)).sum();
        let mut work = Work { change, changed: 0, seen: 0, of, progress: Progress::in_jobs(doing(change)) };
        for filter in walks {
            work.walk(server, filter).await?;
        }
        work.end(json)
    }

    /// Counts the jobs that the change is for.
    async fn count(&self, server: &mut Server, filter: JobFilter, change: JobChange) -> Result<u64, Failure> {
        // No figure says how much was discarded.
        let is_told = filter.set != Some(JobSet::Discarded) && change != JobChange::Restore;
        if self.which.is_only_a_set() && is_told {
            let faktory = server.client.info().await?.faktory;
            let sets = JobSet::ALL.into_iter().filter(|set| filter.set.is_none_or(|only| only == *set));
            let meant = sets.filter(|set| why_not(change, *set).is_none());
            return Ok(meant.map(|set| size(&faktory, set)).sum());
        }
        let mut jobs = 0;
        let mut progress = Progress::in_jobs("counting");
        for mut filter in walks(filter, change) {
            loop {
                let page = server.client.list_jobs(&filter).await?;
                let meant = page.jobs.iter().filter(|job| why_not(change, set_of(job.state)).is_none());
                jobs += meant.count() as u64;
                filter.after = page.next;
                if filter.after.is_none() {
                    break;
                }
                progress.tell_jobs(jobs, None);
            }
        }
        Ok(jobs)
    }
}

/// The work under way.
struct Work {
    change: JobChange,
    changed: u64,
    seen: u64,
    of: u64,
    progress: Progress,
}

impl Work {
    async fn walk(&mut self, server: &mut Server, mut filter: JobFilter) -> Result<(), Failure> {
        // Jobs that fail again meanwhile are back in their set, and could keep this busy for ever: it ends when it has
        // looked at as many as there were. A queue is walked faster than it is filled.
        let is_sorted = filter.set.is_some_and(|set| set != JobSet::Queued);
        let (mut seen, mut there) = (0, None);
        loop {
            let slice = server.client.change_jobs(self.change, &filter).await;
            let slice = slice.map_err(|error| {
                let Failure { exit, what } = error.into();
                let before = format!("{} {} before it", amount(self.changed, "job"), done(self.change));
                Failure { exit, what: format!("{what}; {before}") }
            })?;
            self.changed += slice.count;
            self.seen += slice.seen;
            seen += slice.seen;
            let there = *there.get_or_insert(slice.total);
            filter.after = slice.next;
            if filter.after.is_none() || is_sorted && seen >= there {
                return Ok(());
            }
            self.progress.tell_jobs(self.seen, Some(self.of.max(self.seen)));
        }
    }

    fn end(self, json: bool) -> Result<(), Failure> {
        let Self { change, changed, seen, progress, .. } = self;
        drop(progress);
        match json {
            true => output::json(&json!({ "count": changed, "seen": seen })),
            false => output::line(&format!("{} {}", done(change), amount(changed, "job"))),
        }
    }
}

/// One walk for each set that the change is for; one for all where jobs are named.
fn walks(filter: JobFilter, change: JobChange) -> Vec<JobFilter> {
    if change == JobChange::Restore {
        return vec![JobFilter { set: Some(JobSet::Discarded), ..filter }];
    }
    if filter.set.is_some() || filter.jids.is_some() {
        return vec![filter];
    }
    let sets = JobSet::ALL.into_iter().filter(|set| why_not(change, *set).is_none());
    sets.map(|set| JobFilter { set: Some(set), ..filter.clone() }).collect()
}

/// Why the change is not for jobs that are there, if it is not.
fn why_not(change: JobChange, set: JobSet) -> Option<&'static str> {
    match (change, set) {
        (JobChange::Release, JobSet::Working) | (JobChange::Restore, JobSet::Discarded) => None,
        (JobChange::Release, _) => {
            Some("only --set working can be released: other jobs are in nobody's hands")
        }
        (JobChange::Restore, _) => Some("only --set discarded can be restored"),
        (JobChange::Delete, JobSet::Discarded) => None,
        (_, JobSet::Discarded) => {
            Some("--set discarded: these jobs can be restored or deleted, and nothing else")
        }
        (_, JobSet::Working) => {
            Some("--set working: jobs that are being worked on are their worker's, nobody else ends them")
        }
        (JobChange::Retry, JobSet::Queued) => Some("--set queued: these jobs are in their queues already"),
        (JobChange::Kill, JobSet::Dead) => Some("--set dead: these jobs are dead already"),
        _ => None,
    }
}

fn size(faktory: &Faktory, set: JobSet) -> u64 {
    match set {
        JobSet::Working => faktory.sets.working,
        JobSet::Queued => faktory.total_enqueued,
        JobSet::Retries => faktory.sets.retries,
        JobSet::Scheduled => faktory.sets.scheduled,
        JobSet::Dead => faktory.sets.dead,
        // No figure shows them.
        JobSet::Discarded => 0,
    }
}

fn set_of(state: JobState) -> JobSet {
    match state {
        JobState::Working => JobSet::Working,
        JobState::Queued => JobSet::Queued,
        JobState::Retrying => JobSet::Retries,
        JobState::Scheduled => JobSet::Scheduled,
        JobState::Dead => JobSet::Dead,
        JobState::Discarded => JobSet::Discarded,
    }
}

/// What loses something, or has a job run twice, is asked about where it is much.
fn is_asked_about(change: JobChange) -> bool {
    matches!(change, JobChange::Kill | JobChange::Delete | JobChange::Release)
}

fn question(change: JobChange, jobs: u64) -> String {
    let verb = match change {
        JobChange::Retry => "Retry",
        JobChange::Kill => "Kill",
        JobChange::Delete => "Delete",
        JobChange::Discard => "Discard",
        JobChange::Restore => "Restore",
        JobChange::Release => "Release",
        JobChange::Move => "Move",
    };
    format!("{verb} {}?", amount(jobs, "job"))
}

fn doing(change: JobChange) -> &'static str {
    match change {
        JobChange::Retry => "retrying",
        JobChange::Kill => "killing",
        JobChange::Delete => "deleting",
        JobChange::Discard => "discarding",
        JobChange::Restore => "restoring",
        JobChange::Release => "releasing",
        JobChange::Move => "moving",
    }
}

fn done(change: JobChange) -> &'static str {
    match change {
        JobChange::Retry => "retried",
        JobChange::Kill => "killed",
        JobChange::Delete => "deleted",
        JobChange::Discard => "discarded",
        JobChange::Restore => "restored",
        JobChange::Release => "released",
        JobChange::Move => "moved",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_goes_through_the_sets_that_the_change_is_for() {
        let sets = |change, filter: JobFilter| -> Vec<Option<JobSet>> {
            walks(filter, change).into_iter().map(|walk| walk.set).collect()
        };
        let filter = JobFilter { queue: Some("q".into()), ..JobFilter::default() };
        let [queued, retries] = [Some(JobSet::Queued), Some(JobSet::Retries)];
        let [scheduled, dead] = [Some(JobSet::Scheduled), Some(JobSet::Dead)];
        assert_eq!(sets(JobChange::Delete, filter.clone()), [queued, retries, scheduled, dead]);
        assert_eq!(sets(JobChange::Kill, filter.clone()), [queued, retries, scheduled]);
        assert_eq!(sets(JobChange::Retry, filter.clone()), [retries, scheduled, dead]);
        assert_eq!(sets(JobChange::Retry, JobFilter { set: dead, ..filter.clone() }), [dead]);
        assert_eq!(sets(JobChange::Retry, JobFilter { jids: Some(vec!["j".into()]), ..filter }), [None]);
    }

    #[test]
    fn a_question_has_the_number_of_jobs() {
        assert_eq!(question(JobChange::Delete, 1_234), "Delete 1,234 jobs?");
        assert_eq!(question(JobChange::Kill, 60_000), "Kill 60,000 jobs?");
    }
}
