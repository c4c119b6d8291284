//! The texts of jobs: read in bulk and compared, on a thread that is there for long work. The others let clients in, show
//! pages and do jobs, and come before it.

use std::sync::Arc;

use bessemer_core::Span;
use bessemer_core::fact::JobId;
use bessemer_core::query::Found;
use bessemer_store::Gone;
use bytes::Bytes;

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
    let failures = read(front, &found, |found| found.failure.filter(|_| filter.needs_failure()))?;
    let (mut failed, mut texts) = (Vec::new(), Vec::new());
    for (found, failure) in found.into_iter().zip(failures) {
        match failure {
            None => compared.missing.push(found.id),
            Some(failure) if filter.error_matches(&failure) => {
                failed.push(found);
                texts.push(failure);
            }
            Some(_) => {}
        }
    }
    let bodies = read(front, &failed, |found| filter.needs_body_of(found).then_some(found.body))?;
    let now = front.now();
    for ((found, failure), body) in failed.into_iter().zip(texts).zip(bodies) {
        match body {
            None => compared.missing.push(found.id),
            Some(body) if filter.matches(found.since, &failure, &body, now) => compared.matching.push(found),
            Some(_) => {}
        }
    }
    Ok(compared)
}

/// One text of each of these jobs, empty where none is wanted; `None`: it is not there any more.
fn read<F: Front>(
    front: &F,
    found: &[Found],
    text: impl Fn(&Found) -> Option<Span>,
) -> Result<Vec<Option<Bytes>>, Gone> {
    let places: Vec<Option<Span>> = found.iter().map(text).collect();
    let wanted: Vec<Span> = places.iter().flatten().copied().collect();
    let mut texts = if wanted.is_empty() { Vec::new() } else { front.read(&wanted)? }.into_iter();
    let one = |place: Option<Span>| place.map_or(Some(Bytes::new()), |_| texts.next().flatten());
    Ok(places.into_iter().map(one).collect())
}
