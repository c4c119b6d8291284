//! Actions on many jobs: all that a search finds, in slices, in the background, a few at a time.
//!
//! Each slice is one command, so that workers and producers get their turns between two slices; a crash leaves a
//! prefix done (`G5`). The browser is answered after [`limits::BULK_WAIT`] at the latest, and every page shows how far
//! the rest has come, with a button that ends it, and afterwards what became of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use bessemer_core::fact::JobId;
use bessemer_core::limits::SLICE_MAX;
use bessemer_core::{Action, Wall};
use tokio::task::JoinHandle;

use crate::change::Change;
use crate::count::amount;
use crate::deed::{Deed, Way};
use crate::guard::visitor::Visitor;
use crate::problem::Problem;
use crate::search::{Came, Cursor, Filter, Scope, Search};
use crate::web::Web;
use crate::{Front, limits, text};

/// What goes on, and what has ended lately.
#[derive(Default)]
pub(crate) struct Bulk(Mutex<Works>);

#[derive(Default)]
struct Works {
    last: u64,
    /// Oldest first.
    all: Vec<Work>,
    /// What works have deleted, by their numbers: [`limits::UNDO_MAX`] jobs in all.
    deleted: BTreeMap<u64, Vec<JobId>>,
}

/// One action on many jobs, as pages tell of it.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) id: u64,
    pub(crate) deed: Deed,
    pub(crate) scope: Scope,
    /// The line of the search, empty for all of the place.
    pub(crate) line: String,
    /// Jobs it has reached.
    pub(crate) reached: u64,
    /// Jobs it is about, as far as somebody has counted them.
    pub(crate) of: Option<u64>,
    /// How much of all jobs it has looked at, in thousandths.
    pub(crate) permille: u64,
    pub(crate) state: State,
    /// Somebody wants it to end.
    cancelled: bool,
    ended: Option<Wall>,
    /// All that it has deleted can be brought back.
    pub(crate) undoable: bool,
    /// Jobs that were brought back.
    pub(crate) restored: Option<u64>,
}

/// How it stands with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Going,
    Done,
    Cancelled,
    Failed,
}

/// What an action is about.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) scope: Scope,
    pub(crate) filter: Filter,
    /// Jobs that match, if they were counted.
    pub(crate) of: Option<u64>,
    /// When they were: jobs that came later are not meant.
    pub(crate) came: Option<Came>,
}

impl Target {
    /// As the audit log names it.
    fn words(&self) -> String {
        let (scope, line) = (self.scope.text(), self.filter.line());
        let place = if scope.is_empty() { String::new() } else { format!("in {scope} ") };
        if line.is_empty() { format!("{place}all") } else { format!("{place}{line}") }
    }
}

/// The right to go on with a work; it ends when this is dropped.
struct Claim {
    bulk: Arc<Bulk>,
    id: u64,
    outcome: State,
    at: Box<dyn Fn() -> Wall + Send + Sync>,
}

impl Bulk {
    fn works(&self) -> std::sync::MutexGuard<'_, Works> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes on, and what has ended within [`limits::RESULT_TIME`]; oldest first.
    pub(crate) fn works_at(&self, now: Wall) -> Vec<Work> {
        let mut works = self.works();
        works.all.retain(|work| work.ended.is_none_or(|at| now.since(at) < limits::RESULT_TIME));
        let Works { all, deleted, .. } = &mut *works;
        deleted.retain(|id, _| all.iter().any(|work| work.id == *id));
        works.all.clone()
    }

    /// Ends what goes on after its next slice; `false`: there is no such work any more.
    pub(crate) fn cancel(&self, id: u64) -> bool {
        self.change(id, |work| work.cancelled = true)
    }

    /// Nobody wants to read of it any more.
    pub(crate) fn dismiss(&self, id: u64) {
        self.works().all.retain(|work| work.id != id || work.state == State::Going);
    }

    /// These jobs were deleted by a work. Where they are too many to be remembered, none of its are.
    fn deleted(&self, id: u64, jobs: &[JobId]) {
        let mut works = self.works();
        let held: usize = works.deleted.values().map(Vec::len).sum();
        let has_room = held + jobs.len() <= limits::UNDO_MAX;
        let Some(work) = works.all.iter_mut().find(|work| work.id == id && work.undoable) else { return };
        work.undoable = has_room;
        if has_room {
            works.deleted.entry(id).or_default().extend_from_slice(jobs);
        } else {
            works.deleted.remove(&id);
        }
    }

    /// What a work that has ended has deleted, for bringing it back; once.
    fn take_deleted(&self, id: u64) -> Option<Vec<JobId>> {
        let mut works = self.works();
        let work =
            works.all.iter_mut().find(|work| work.id == id && work.undoable && work.state != State::Going)?;
        (work.undoable, work.restored) = (false, Some(0));
        works.deleted.remove(&id)
    }

    /// A few jobs were deleted at once. Told of like a work, and taken back like one.
    fn deleted_at_once(&self, scope: Scope, jobs: Vec<JobId>, reached: u64, now: Wall) -> u64 {
        let mut works = self.works();
        works.last += 1;
        let id = works.last;
        works.all.push(Work {
            id,
            deed: Deed::Discard,
            scope,
            line: String::new(),
            reached,
            of: Some(reached),
            permille: 1_000,
            state: State::Done,
            cancelled: false,
            ended: Some(now),
            undoable: true,
            restored: None,
        });
        let ended = works.all.iter().filter(|work| work.state != State::Going).count();
        if ended > limits::RESULTS_MAX
            && let Some(oldest) = works.all.iter().position(|work| work.state != State::Going)
        {
            let forgotten = works.all.remove(oldest);
            works.deleted.remove(&forgotten.id);
        }
        drop(works);
        self.deleted(id, &jobs);
        id
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut Work)) -> bool {
        self.works().all.iter_mut().find(|work| work.id == id).map(change).is_some()
    }

    /// Two works on the same jobs would be in each other's way.
    fn claim(
        self: &Arc<Self>,
        target: &Target,
        deed: Deed,
        at: Box<dyn Fn() -> Wall + Send + Sync>,
    ) -> Option<Claim> {
        let mut works = self.works();
        let going = || works.all.iter().filter(|work| work.state == State::Going);
        let line = target.filter.line();
        if going().count() >= limits::WORKS_MAX || going().any(|w| w.scope == target.scope && w.line == line)
        {
            return None;
        }
        works.last += 1;
        let id = works.last;
        works.all.push(Work {
            id,
            undoable: deed == Deed::Discard,
            deed,
            scope: target.scope.clone(),
            line: line.to_owned(),
            reached: 0,
            of: target.of,
            permille: 0,
            state: State::Going,
            cancelled: false,
            ended: None,
            restored: None,
        });
        Some(Claim { bulk: Arc::clone(self), id, outcome: State::Failed, at })
    }
}

impl Claim {
    /// A slice is done; `false`: it was the last.
    fn goes_on(&self, jobs: u64, permille: u64) -> bool {
        let mut cancelled = false;
        self.bulk.change(self.id, |work| {
            work.reached += jobs;
            work.permille = permille;
            cancelled = work.cancelled;
        });
        !cancelled
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let (outcome, at) = (self.outcome, (self.at)());
        self.bulk.change(self.id, |work| {
            (work.state, work.ended) = (outcome, Some(at));
            if outcome == State::Done {
                work.permille = 1_000; // the last part may have held nothing
            }
        });
    }
}

/// Does it to a few jobs at once; says how many it reached. What is deleted can be taken back, by the number that it says
/// too. `named`: the jobs, as the audit log names them.
pub(crate) async fn at_once<F: Front>(
    web: &Web<F>,
    scope: Scope,
    jobs: Vec<JobId>,
    deed: Deed,
    named: Option<String>,
) -> Result<(u64, Option<u64>), Problem> {
    let deed = deed.undoable();
    deed.check()?;
    let named = match named {
        Some(named) => named,
        None => web.names_of(&jobs).await?,
    };
    let deleted = if deed.destroys() { jobs.clone() } else { Vec::new() };
    let reached = match deed.on(jobs) {
        Way::AtOnce(action) => web.act_on(action, Some(deed.object(named))).await?,
        Way::OneByOne(change, jobs) => change_at_once(web, change, &jobs, named).await?,
    };
    let work = (deed.destroys() && reached > 0)
        .then(|| web.bulk.deleted_at_once(scope, deleted, reached, web.front.now()));
    Ok((reached, work))
}

/// Changes a few jobs, and takes down that it was done.
async fn change_at_once<F: Front>(
    web: &Web<F>,
    change: &Change,
    jobs: &[JobId],
    named: String,
) -> Result<u64, Problem> {
    let (web, change, jobs) = (web.clone(), change.clone(), jobs.to_vec());
    let work = async move {
        let mut note = web.record("edit", format!("{named}: {}", change.words()), 0).await;
        let reached = change.make(&web, &jobs).await?;
        web.amend(&mut note, reached).await;
        Ok(reached)
    };
    Visitor::leave_behind(work).await.unwrap_or_else(|panic| Err(Problem::internal(&panic)))
}

/// Does it to a slice of jobs.
async fn reach<F: Front>(web: &Web<F>, deed: &Deed, slice: Vec<JobId>) -> Result<u64, Problem> {
    match deed.on(slice) {
        Way::AtOnce(action) => Ok(web.front.act(action).await?),
        Way::OneByOne(change, jobs) => change.make(web, &jobs).await,
    }
}

/// Does it to all jobs that match now; comes back when that is done, or after [`limits::BULK_WAIT`].
pub(crate) async fn run<F: Front>(web: Web<F>, target: Target, deed: Deed) -> Result<(), Problem> {
    let (_, task) = start(web, target, deed)?;
    match tokio::time::timeout(limits::BULK_WAIT, task).await {
        Ok(Ok(done)) => done,
        Ok(Err(panicked)) => Err(Problem::internal(&panicked)),
        Err(_goes_on) => Ok(()),
    }
}

/// Begins to do it to all jobs that match now, and says under which number that goes on.
pub(crate) fn start<F: Front>(
    web: Web<F>,
    target: Target,
    deed: Deed,
) -> Result<(u64, JoinHandle<Result<(), Problem>>), Problem> {
    let target = Target { filter: target.filter.reached_by(&deed), ..target };
    if target.filter.places().is_empty() {
        return Err(Problem::bad("invalid action: these jobs are past that already"));
    }
    let busy = || {
        let text = "Another action on these jobs is still going on, or too many on others";
        Problem::new(StatusCode::CONFLICT, text)
    };
    let front = web.front.clone();
    let claim = web.bulk.claim(&target, deed.clone(), Box::new(move || front.now())).ok_or_else(busy)?;
    let id = claim.id;
    let task = Visitor::leave_behind(async move {
        let mut claim = claim;
        let done = slices(&web, &claim, &target, &deed).await;
        match &done {
            Ok(state) => claim.outcome = *state,
            Err(problem) => {
                let (line, cause) = (text::visible(target.filter.line()), &problem.text);
                tracing::error!(cause, "an action on all jobs of {:?} {line} stopped half-way", target.scope);
            }
        }
        done.map(|_| ())
    });
    Ok((id, task))
}

/// A job never leaves its place in the table that is passed over, so each is met once: also one that fails again
/// meanwhile, and is back where it was.
async fn slices<F: Front>(
    web: &Web<F>,
    claim: &Claim,
    target: &Target,
    deed: &Deed,
) -> Result<State, Problem> {
    let mut search = Search::new(web, &target.filter, Cursor::default()).by(target.came);
    // Of the audit log: it grows with what is done.
    let mut note = web.record(deed.name(), deed.object(target.words()), 0).await;
    let mut ids: Vec<JobId> = Vec::new();
    loop {
        let part = search.slice().await?;
        ids.extend(part.found.iter().map(|found| found.id));
        let is_last = part.next.is_none();
        while ids.len() >= SLICE_MAX || (is_last && !ids.is_empty()) {
            let rest = ids.split_off(ids.len().min(SLICE_MAX));
            let slice = std::mem::replace(&mut ids, rest);
            if *deed == Deed::Discard {
                claim.bulk.deleted(claim.id, &slice);
            }
            let reached = reach(web, deed, slice).await?;
            web.amend(&mut note, reached).await;
            if !claim.goes_on(reached, part.permille) {
                return Ok(State::Cancelled);
            }
        }
        if is_last {
            return Ok(State::Done);
        }
        if !claim.goes_on(0, part.permille) {
            return Ok(State::Cancelled);
        }
    }
}

/// Brings back what a work has deleted, in slices; comes back when that is done, or after [`limits::BULK_WAIT`].
pub(crate) async fn undo<F: Front>(web: Web<F>, id: u64) -> Result<(), Problem> {
    let gone = || Problem::new(StatusCode::CONFLICT, "This can no longer be taken back");
    let jobs = web.bulk.take_deleted(id).ok_or_else(gone)?;
    let task = Visitor::leave_behind(async move {
        let object = format!("what a deletion took, {}", amount(jobs.len() as u64, "job"));
        let mut note = web.record("restore", object, 0).await;
        for slice in jobs.chunks(SLICE_MAX) {
            let back = web.front.act(Action::Restore(slice.to_vec())).await?;
            web.amend(&mut note, back).await;
            web.bulk.change(id, |work| work.restored = Some(work.restored.unwrap_or(0) + back));
        }
        Ok(())
    });
    match tokio::time::timeout(limits::BULK_WAIT, task).await {
        Ok(Ok(done)) => done,
        Ok(Err(panicked)) => Err(Problem::internal(&panicked)),
        Err(_goes_on) => Ok(()),
    }
}
