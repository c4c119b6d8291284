//! `bessemer jobs`: finds jobs by where they are, queue, type, jid and text, and acts on them.
//!
//! `list.rs` and `show.rs` look, `act.rs` does something to many, `edit.rs` to one; which jobs are meant is said here, once for all.

mod act;
mod edit;
mod list;
mod show;

use std::borrow::Cow;
use std::collections::HashSet;

use bessemer::{JobFilter, JobSet, JobState, ListedJob};
use bessemer_core::Wall;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Cli;
use super::address::{Address, Server};
use super::figures::ago;
use crate::exit::{Exit, Failure};

/// Jobs that are looked at for one answer, or shown in it; a server may have a lower limit of its own. Enough that asking
/// costs nothing, few enough that others are served in between.
const SLICE: usize = 1_000;

/// List and show jobs, and act on them.
#[derive(Clone, Debug, clap::Args)]
pub struct Jobs {
    #[command(subcommand)]
    action: Action,
    /// Say it as JSON: one object, or for a list one a line
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    address: Address,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    List(list::List),
    Show(show::Show),
    /// Put scheduled, failed and dead jobs into their queues now
    Retry(act::Act),
    /// Put jobs among the dead
    Kill(act::Act),
    /// Delete jobs
    Delete(act::Act),
    /// Delete jobs so that it can be taken back for a minute
    Discard(act::Act),
    /// Put back what was discarded
    Restore(act::Act),
    /// Take jobs back from their workers, to the heads of their queues
    Release(act::Act),
    /// Take jobs to another queue
    Move(act::Move),
    Edit(edit::Edit),
}

impl Jobs {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        use bessemer::JobChange::{Delete, Discard, Kill, Move, Release, Restore, Retry};
        let json = self.json;
        if let Some(act) = self.action.act() {
            act.which.check(act.all)?;
        }
        self.address.talk(cli, async |server| match &self.action {
            Action::List(list) => list.run(server, json).await,
            Action::Show(show) => show.run(server, json).await,
            Action::Retry(act) => act.run(server, Retry, json).await,
            Action::Kill(act) => act.run(server, Kill, json).await,
            Action::Delete(act) => act.run(server, Delete, json).await,
            Action::Discard(act) => act.run(server, Discard, json).await,
            Action::Restore(act) => act.run(server, Restore, json).await,
            Action::Release(act) => act.run(server, Release, json).await,
            Action::Move(act::Move { act, to }) => act.to(to).run(server, Move, json).await,
            Action::Edit(edit) => edit.run(server, json).await,
        })
    }
}

impl Action {
    /// What is done to many jobs.
    fn act(&self) -> Option<&act::Act> {
        match self {
            Self::List(_) | Self::Show(_) | Self::Edit(_) => None,
            Self::Retry(act) | Self::Kill(act) | Self::Delete(act) => Some(act),
            Self::Discard(act) | Self::Restore(act) | Self::Release(act) => Some(act),
            Self::Move(act::Move { act, .. }) => Some(act),
        }
    }
}

/// Which jobs: those that are all of this at once.
#[derive(Clone, Debug, clap::Args)]
struct Which {
    /// Only these jobs
    #[arg(value_name = "JID")]
    jids: Vec<String>,
    /// Only those that are there
    #[arg(long, value_name = "SET")]
    set: Option<Set>,
    /// Only those of this queue
    #[arg(long, short, alias = "q", value_name = "NAME")]
    queue: Option<String>,
    /// Only those of this type
    #[arg(long = "type", short = 't', alias = "t", value_name = "JOBTYPE")]
    jobtype: Option<String>,
    /// Only these jobs, too
    #[arg(long = "jid", value_name = "JID")]
    more_jids: Vec<String>,
    /// Only those whose whole text, as compact JSON, matches: '*"customer":42*'
    #[arg(long = "match", value_name = "GLOB")]
    glob: Option<String>,
}

/// Those of the jids that no job has, wherever it may be. What was discarded is somewhere only for who asks for that set.
async fn missing<'j>(
    server: &mut Server,
    jids: &'j [String],
    is_discarded: bool,
) -> Result<Vec<&'j String>, Failure> {
    let mut missing: Vec<&String> = jids.iter().collect();
    let set = is_discarded.then_some(JobSet::Discarded);
    let mut filter = JobFilter { set, jids: Some(jids.to_vec()), count: Some(SLICE), ..JobFilter::default() };
    while !missing.is_empty() {
        let page = server.client.list_jobs(&filter).await?;
        let found: Result<HashSet<_>, _> =
            page.jobs.iter().map(|listed| Job::read(listed).map(|job| job.jid)).collect();
        let found = found?;
        missing.retain(|jid| !found.contains(jid.as_str()));
        filter.after = page.next;
        if filter.after.is_none() {
            break;
        }
    }
    Ok(missing)
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Set {
    Queued,
    Scheduled,
    Retries,
    Dead,
    Working,
    Discarded,
}

impl Which {
    fn filter(&self) -> JobFilter {
        let jids = [&self.jids[..], &self.more_jids].concat();
        JobFilter {
            set: self.set.map(Set::wire),
            queue: self.queue.clone(),
            jobtype: self.jobtype.clone(),
            jids: (!jids.is_empty()).then_some(jids),
            regexp: self.glob.clone(),
            after: None,
            count: Some(SLICE),
            to: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.filter() == JobFilter { count: Some(SLICE), ..JobFilter::default() }
    }

    /// Nothing chooses but the set, so that its length is the number of jobs.
    fn is_only_a_set(&self) -> bool {
        Self { set: None, ..self.clone() }.is_empty()
    }

    /// Nobody acts on all jobs by having forgotten to say which.
    fn check(&self, all: bool) -> Result<(), Failure> {
        if self.is_empty() == all {
            return Ok(());
        }
        let what = match all {
            true => "--all means every job there is, so nothing else can choose",
            false => {
                "say which jobs: by jid, --set, --queue, --type or --match; --all for every job there is"
            }
        };
        Err(Failure { exit: Exit::Usage, what: what.to_owned() })
    }
}

impl Set {
    fn wire(self) -> JobSet {
        match self {
            Self::Queued => JobSet::Queued,
            Self::Scheduled => JobSet::Scheduled,
            Self::Retries => JobSet::Retries,
            Self::Dead => JobSet::Dead,
            Self::Working => JobSet::Working,
            Self::Discarded => JobSet::Discarded,
        }
    }
}

/// A job as it travels, as far as it is shown. What is not as expected is left out rather than refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Job<'a> {
    jid: Cow<'a, str>,
    jobtype: Cow<'a, str>,
    queue: Cow<'a, str>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
    #[serde(borrow)]
    custom: Option<&'a RawValue>,
    retry: Option<i64>,
    reserve_for: Option<u64>,
    created_at: Option<Cow<'a, str>>,
    enqueued_at: Option<Cow<'a, str>>,
    failure: Option<Failed<'a>>,
}

/// Its last failure.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failed<'a> {
    retry_count: u64,
    remaining: i64,
    failed_at: Cow<'a, str>,
    errtype: Cow<'a, str>,
    message: Cow<'a, str>,
    backtrace: Vec<Cow<'a, str>>,
}

impl<'a> Job<'a> {
    fn read(listed: &'a ListedJob) -> Result<Self, Failure> {
        serde_json::from_str(listed.job.get()).map_err(|error| {
            let what = format!("unreadable job in the reply to JOBS LIST: {error}");
            Failure { exit: Exit::Refused, what }
        })
    }

    /// What went wrong, in one line.
    fn error(&self) -> Option<String> {
        self.failure.as_ref().map(|failed| match (&*failed.errtype, &*failed.message) {
            (errtype, "") => errtype.to_owned(),
            ("", message) => message.to_owned(),
            (errtype, message) => format!("{errtype}: {message}"),
        })
    }
}

/// How a state is called.
pub(super) fn word(state: JobState) -> &'static str {
    match state {
        JobState::Working => "working",
        JobState::Queued => "queued",
        JobState::Retrying => "retrying",
        JobState::Scheduled => "scheduled",
        JobState::Dead => "dead",
        JobState::Discarded => "discarded",
    }
}

/// The moment that matters for where a job is. Of the dead it is when they were enqueued last: since when they are dead
/// nobody says.
fn when(listed: &ListedJob, job: &Job<'_>, now: Wall) -> String {
    let moment = listed.at.as_deref().or(listed.since.as_deref()).or(job.enqueued_at.as_deref());
    moment.map_or_else(String::new, |moment| ago(now, moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Alone {
        #[command(flatten)]
        which: Which,
    }

    fn which(flags: &str) -> Which {
        let arguments = std::iter::once("jobs").chain(flags.split_whitespace());
        <Alone as clap::Parser>::try_parse_from(arguments).expect("flags").which
    }

    #[test]
    fn what_is_selected_goes_to_the_server_as_it_is() {
        let flags = "jid-00001 --set retries --queue q --type T --jid jid-00002 --match *x*";
        let json = serde_json::to_string(&which(flags).filter()).expect("JSON");
        let expected = r#"{"set":"retries","queue":"q","jobtype":"T","jids":["jid-00001","jid-00002"],"regexp":"*x*","count":1000}"#;
        assert_eq!(json, expected);
        assert_eq!(serde_json::to_string(&which("").filter()).expect("JSON"), r#"{"count":1000}"#);
    }

    #[test]
    fn all_jobs_are_meant_only_by_who_says_all() {
        assert_eq!(which("").check(true), Ok(()));
        assert_eq!(which("--set dead").check(false), Ok(()));
        assert!(which("").check(false).expect_err("nothing").what.starts_with("say which jobs"));
        assert!(which("--set dead").check(true).expect_err("both").what.starts_with("--all means"));
    }

    #[test]
    fn a_job_of_another_hand_is_read_as_far_as_it_goes() {
        let listed = |job: &str| ListedJob {
            state: JobState::Dead,
            since: Some("2026-01-02T03:04:05Z".into()),
            at: None,
            until: None,
            wid: None,
            expires_at: None,
            percent: None,
            desc: None,
            job: RawValue::from_string(job.to_owned()).expect("JSON"),
        };
        let of =
            listed(r#"{"jid":"a\u0007","args":[1.0],"priority":5,"failure":{"errtype":"E","message":"m"}}"#);
        let job = Job::read(&of).expect("a job");
        assert_eq!((&*job.jid, job.error().as_deref()), ("a\u{7}", Some("E: m")));
        assert_eq!(job.args.map(RawValue::get), Some("[1.0]"));
        let now = Wall::parse("2026-01-02T03:05:05Z").expect("a moment");
        assert_eq!(when(&of, &job, now), "1 m ago");
        let of = listed(r#"{"enqueued_at":"2026-01-02T03:04:59Z"}"#);
        let of = ListedJob { since: None, until: Some("2027-01-02T03:04:59Z".into()), ..of };
        assert_eq!(when(&of, &Job::read(&of).expect("a job"), now), "6 s ago");
        assert_eq!(Job::read(&listed(r#"{"jid":7}"#)).expect_err("no job").exit, Exit::Refused);
    }
}
