//! The texts of jobs: read in bulk and compared, on a thread that is there for long work. The others let clients in, show
//! pages and do jobs, and come before it.

use std::sync::Arc;

use bessemer_core::Span;
use bessemer_core::fact::JobId;
use bessemer_core::query::Found;
use bessemer_store::Gone;

use super::query::Filter;
use crate::Front;
use crate::problem::Problem;

/// Jobs whose texts have been compared; the others do not match.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) matching: Vec<Found>,
    /// Their texts were not where they had been.
    pub(super) missing: Vec<JobId>,
}

/// Compares the texts of these jobs with a filter.
pub(super) async fn compare<F: Front>(
    front: &F,
    filter: &Arc<Filter>,
    found: Vec<Found>,
) -> Result<Compared, Problem> {
    let (front, filter) = (front.clone(), filter.clone());
    let compared = tokio::task::spawn_blocking(move || compare_here(&front, &filter, found));
    Ok(compared.await.map_err(|error| Problem::internal(&error))??)
}

/// The same, on this thread.
fn compare_here<F: Front>(front: &F, filter: &Filter, found: Vec<Found>) -> Result<Compared, Gone> {
    let mut compared = Compared::default();
    // Failures first: most bodies need not be read then.
    let mut failed: Vec<(Found, Box<[u8]>)> = Vec::new();
    let failure = |found: &Found| found.failure.filter(|_| filter.needs_failure());
    read(front, &found, failure, |found, failure| match failure {
        None => compared.missing.push(found.id),
        Some(failure) if !filter.error_matches(failure) => {}
        Some(failure) if filter.needs_body_of(found) => failed.push((*found, failure.into())),
        Some(_) => compared.matching.push(*found),
    })?;
    let now = front.now();
    let body = |(found, _): &(Found, _)| Some(found.body);
    read(front, &failed, body, |(found, failure), body| match body {
        None => compared.missing.push(found.id),
        Some(body) if filter.body_matches(found.since, failure, body, now) => compared.matching.push(*found),
        Some(_) => {}
    })?;
    compared.matching.sort_unstable_by_key(|found| found.id.0 as u32);
    Ok(compared)
}

/// Tells of each of these jobs one of its texts, empty where none is wanted, in any order; `None`: it is not there any
/// more.
fn read<F: Front, J>(
    front: &F,
    jobs: &[J],
    text: impl Fn(&J) -> Option<Span>,
    mut tell: impl FnMut(&J, Option<&[u8]>),
) -> Result<(), Gone> {
    let (mut wanted, mut spans) = (Vec::new(), Vec::new());
    for job in jobs {
        match text(job) {
            Some(span) => {
                wanted.push(job);
                spans.push(span);
            }
            None => tell(job, Some(b"")),
        }
    }
    front.read(&spans, &mut |at, text| tell(wanted[at], text))
}
