//! Actions on a whole set: in slices, in the background, one per set at a time.
//!
//! Each slice is one command, so that workers and producers get their turns between two slices; a crash leaves a
//! prefix done (`G5`). The browser is answered after [`limits::BULK_WAIT`] at the latest, and every page shows how far
//! the rest has come.

use std::sync::{Arc, Mutex, PoisonError};

use bessemer_core::fact::JobId;
use bessemer_core::limits::SLICE_MAX;
use bessemer_core::query::Set;

use crate::count::{plural, thousands};
use crate::deed::Deed;
use crate::problem::Problem;
use crate::web::Web;
use crate::{Front, limits, link};

/// What goes on.
#[derive(Default)]
pub(crate) struct Bulk(Mutex<Vec<Work>>);

struct Work {
    set: Set,
    deed: Deed,
    reached: u64,
    of: u64,
}

/// The right to work on a set, until it is dropped.
struct Claim {
    bulk: Arc<Bulk>,
    set: Set,
}

impl Bulk {
    /// One line about each set that is being worked on.
    pub(crate) fn notices(&self) -> Vec<String> {
        let works = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |work: &Work| {
            let (reached, of) = (thousands(work.reached), plural(work.of, "job"));
            format!("{} all of {}: {reached} of {of} done", work.deed.ongoing(), link::path(work.set))
        };
        works.iter().map(line).collect()
    }

    fn claim(self: &Arc<Self>, set: Set, deed: Deed, of: u64) -> Option<Claim> {
        let mut works = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if works.iter().any(|work| work.set == set) {
            return None;
        }
        works.push(Work { set, deed, reached: 0, of });
        Some(Claim { bulk: Arc::clone(self), set })
    }
}

impl Claim {
    fn reached(&self, jobs: u64) {
        let mut works = self.bulk.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(work) = works.iter_mut().find(|work| work.set == self.set) {
            work.reached += jobs;
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut works = self.bulk.0.lock().unwrap_or_else(PoisonError::into_inner);
        works.retain(|work| work.set != self.set);
    }
}

/// Does it to all jobs that are in the set now.
pub(crate) async fn run<F: Front>(web: Web<F>, set: Set, deed: Deed) -> Result<(), Problem> {
    if (set, deed) == (Set::Dead, Deed::Kill) {
        return Err(Problem::bad("invalid action: these jobs are dead already"));
    }
    let info = web.info().await?;
    let size = match set {
        Set::Scheduled => info.scheduled,
        Set::Retries => info.retries,
        Set::Dead => info.dead,
    };
    let busy = || {
        Problem::new(
            axum::http::StatusCode::CONFLICT,
            "Another action on all of these jobs is still going on",
        )
    };
    let claim = web.bulk.claim(set, deed, size).ok_or_else(busy)?;
    let task = tokio::spawn(async move {
        let done = slices(&web, &claim, deed, size).await;
        if let Err(problem) = &done {
            tracing::error!(cause = problem.text, "an action on all {} stopped half-way", link::path(set));
        }
        done
    });
    match tokio::time::timeout(limits::BULK_WAIT, task).await {
        Ok(Ok(done)) => done,
        Ok(Err(panicked)) => Err(Problem::internal(&panicked)),
        Err(_goes_on) => Ok(()),
    }
}

/// `size` bounds the rounds: a job that fails again meanwhile is back in its set, and could keep this busy for ever.
async fn slices<F: Front>(web: &Web<F>, claim: &Claim, deed: Deed, size: u64) -> Result<(), Problem> {
    let mut below = JobId(u64::MAX);
    for round in 0..=size.div_ceil(SLICE_MAX as u64) {
        let (ids, next_id) = web.ids(claim.set, below, SLICE_MAX).await?;
        if round == 0 {
            below = next_id; // jobs that are pushed from now on are not meant
        }
        if ids.is_empty() {
            break;
        }
        claim.reached(web.act(deed.on(ids)).await?);
    }
    Ok(())
}
