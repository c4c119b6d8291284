//! `JOBS LIST|RETRY|KILL|DELETE|DISCARD|RESTORE|RELEASE|MOVE {filter}`, our own: finds jobs anywhere and acts on them, one piece at a time.

use bessemer_core::limits::{PAGE_MAX, SLICE_MAX};
use bessemer_core::query::{JobView, Mark, Place, Where};
use bessemer_core::{Action, Answer, JobId, Now, Query, Wall};
use bessemer_protocol::names::check_queue;
use bessemer_protocol::operate::{JobFilter, JobPage, JobSlice, JobState, ListedJob};
use bessemer_protocol::text::quote;
use serde_json::value::RawValue;

use super::select::Selection;
use super::{Outcome, edit};
use crate::node::inquiry::{Inquiry, Step};

pub(super) fn run(rest: &str) -> Outcome {
    let (subcommand, filter) = rest.split_once(' ').unwrap_or((rest, ""));
    let deed = match subcommand.to_ascii_uppercase().as_str() {
        "LIST" => None,
        "RETRY" => Some(Deed::Retry),
        "KILL" => Some(Deed::Kill),
        "DELETE" => Some(Deed::Delete),
        "DISCARD" => Some(Deed::Discard),
        "RESTORE" => Some(Deed::Restore),
        "RELEASE" => Some(Deed::Release),
        "MOVE" => Some(Deed::Move),
        "EDIT" => return edit::run(filter),
        other => return Outcome::Refused(format!("no such JOBS subcommand: {}", quote(other))),
    };
    // What changes jobs changes all of them only where somebody says so.
    if deed.is_some() && filter.trim_ascii().is_empty() {
        let verb = subcommand.to_ascii_uppercase();
        return Outcome::Refused(format!(
            "JOBS {verb} needs a filter, such as {{\"set\":\"dead\"}}; {{}} is every job"
        ));
    }
    let filter = match JobFilter::parse(filter) {
        Ok(filter) => filter,
        Err(e) => return Outcome::Refused(e),
    };
    let to = match (deed, &filter.to) {
        (Some(Deed::Move), Some(to)) => match check_queue(to) {
            Ok(()) => to.clone(),
            Err(e) => return Outcome::refused(e),
        },
        (Some(Deed::Move), None) => return Outcome::Refused("JOBS MOVE needs a queue in `to`".into()),
        (_, Some(_)) => return Outcome::Refused("invalid filter: `to` is for JOBS MOVE".into()),
        (_, None) => String::new(),
    };
    let count = filter.count;
    let mut selection = match selection(filter, deed) {
        Ok(selection) => selection,
        Err(e) => return Outcome::Refused(e),
    };
    match deed {
        None => {
            selection.whole(count.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX));
            Outcome::Asked(Box::new(List(selection)))
        }
        Some(deed) => {
            selection.count(count.unwrap_or(SLICE_MAX));
            Outcome::Asked(Box::new(Piece { deed, to, selection, done: JobSlice::default() }))
        }
    }
}

/// What a filter means. Jobs that are being worked on can be seen, and taken back on purpose, but not touched otherwise; those
/// that are killed go to the dead set, and a walk that came to it would meet them again. What was discarded is meant only
/// where somebody says so.
fn selection(filter: JobFilter, deed: Option<Deed>) -> Result<Selection, String> {
    let is_meant = |place: &Where| match (deed, place) {
        (None, _) => true,
        (Some(Deed::Release), place) => *place == Where::Working,
        (Some(Deed::Restore), place) => *place == Where::Discarded,
        (Some(_), Where::Working) => false,
        (Some(Deed::Kill), Where::Dead) => filter.set.is_some(),
        (Some(_), _) => true,
    };
    let places = match (filter.set, deed) {
        (Some(set), _) => vec![set.into()],
        (None, Some(Deed::Restore)) => vec![Where::Discarded],
        (None, _) => Where::ALL.to_vec(),
    };
    let mut selection = Selection::of(places.into_iter().filter(is_meant).collect());
    selection.jids(filter.jids);
    selection.queue(filter.queue);
    selection.jobtype(filter.jobtype);
    selection.glob(filter.regexp.as_deref()).map_err(|e| e.to_string())?;
    if let Some(after) = &filter.after {
        let mark = Mark::parse(after).ok_or("invalid filter: after is what a reply has called next")?;
        selection.go_on(Some(mark));
    }
    Ok(selection)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Retry,
    Kill,
    Delete,
    Discard,
    Restore,
    Release,
    Move,
}

/// `JOBS LIST`
struct List(Selection);

impl Inquiry for List {
    fn first(&mut self) -> Query {
        self.0.query()
    }

    fn answered(&mut self, _: Now, answer: Answer) -> Step {
        let Answer::Scanned(scanned) = answer else { return Step::unexpected() };
        let jobs: Option<Vec<ListedJob>> = self
            .0
            .jobs(&scanned)
            .map(|(job, text)| {
                let text = String::from_utf8(text.into_owned()).ok()?;
                Some(listed(job, RawValue::from_string(text).ok()?))
            })
            .collect();
        // A body was checked when it was pushed.
        let Some(jobs) = jobs else { return Step::error("internal error") };
        Step::json(&JobPage { jobs, next: scanned.next.as_ref().map(Mark::to_string), total: scanned.total })
    }
}

/// A job as it stands, its text as FETCH would give it.
pub(super) fn listed_whole(view: &JobView) -> Option<ListedJob> {
    let text = String::from_utf8(view.text()).ok()?;
    Some(listed(view, RawValue::from_string(text).ok()?))
}

fn listed(view: &JobView, job: Box<RawValue>) -> ListedJob {
    let time = |at: Wall| Some(at.rfc3339());
    let (state, since, at, until, wid) = match &view.place {
        Place::Queued { since } => (JobState::Queued, time(*since), None, None, None),
        Place::Scheduled { at } => (JobState::Scheduled, None, time(*at), None, None),
        Place::Retrying { at } => (JobState::Retrying, None, time(*at), None, None),
        Place::Dead { until } => (JobState::Dead, None, None, time(*until), None),
        Place::Discarded { until, .. } => (JobState::Discarded, None, None, time(*until), None),
        Place::Working { wid, since, until } => {
            (JobState::Working, time(*since), None, time(*until), Some(wid.clone()))
        }
    };
    let said = view.progress.as_ref();
    let desc = said.and_then(|said| said.desc.as_deref()).map(Into::into);
    let (percent, expires_at) = (said.and_then(|said| said.percent), view.expires.and_then(time));
    ListedJob { state, since, at, until, wid, expires_at, percent, desc, job }
}

/// `JOBS RETRY` and whatever else is done to jobs.
struct Piece {
    deed: Deed,
    /// The queue that they are moved to.
    to: String,
    selection: Selection,
    done: JobSlice,
}

impl Inquiry for Piece {
    fn first(&mut self) -> Query {
        self.selection.query()
    }

    fn answered(&mut self, _: Now, answer: Answer) -> Step {
        let Answer::Scanned(scanned) = answer else { return Step::unexpected() };
        let (seen, total) = (scanned.seen, scanned.total);
        self.done = JobSlice { count: 0, seen, next: scanned.next.as_ref().map(Mark::to_string), total };
        let jobs: Vec<JobId> = self.selection.matching(&scanned);
        if jobs.is_empty() {
            return Step::json(&self.done);
        }
        Step::Act(match self.deed {
            Deed::Retry => Action::Requeue(jobs),
            Deed::Kill => Action::Kill(jobs),
            Deed::Delete => Action::Delete(jobs),
            Deed::Discard => Action::Discard(jobs),
            Deed::Restore => Action::Restore(jobs),
            Deed::Release => Action::Release(jobs),
            Deed::Move => Action::Move { jobs, queue: self.to.clone() },
        })
    }

    fn acted(&mut self, reached: u64) -> Step {
        self.done.count = reached;
        Step::json(&self.done)
    }
}
