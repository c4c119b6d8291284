//! A search among the jobs that had come by a moment: what was counted then is what is meant later.

use bessemer_core::JobId;
use bessemer_core::query::Sift;
use tokio::time::{Duration, Instant};

use super::{Cursor, Filter, Part, Search};
use crate::Front;
use crate::problem::Problem;
use crate::web::Web;

/// So many jobs had come by a moment. It stands in forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Came(pub(crate) u64);

impl Came {
    /// So many have come.
    pub(crate) async fn now<F: Front>(web: &Web<F>) -> Result<Self, Problem> {
        // A piece behind the end of the table costs nothing.
        let nothing = Sift { from: u32::MAX, ..Sift::default() };
        Ok(Self(web.sift(nothing).await?.came))
    }

    /// Whether a job came later, but before `until`. The high half of an id is the low half of the job's number.
    fn is_before(self, id: JobId, until: Self) -> bool {
        let later = u64::from(((id.0 >> 32) as u32).wrapping_sub(self.0 as u32));
        later < until.0.saturating_sub(self.0)
    }
}

/// A search under way that leaves alone what came later than a moment.
pub(crate) struct Bound<'w, F> {
    web: &'w Web<F>,
    search: Search<'w, F>,
    /// None: nothing is left alone.
    by: Option<Came>,
    /// No job that the search can find came later than this.
    until: Option<Came>,
}

impl<'w, F: Front> Bound<'w, F> {
    pub(crate) fn new(web: &'w Web<F>, filter: &'w Filter, by: Option<Came>) -> Self {
        Self { web, search: Search::new(web, filter, Cursor::default()), by, until: None }
    }

    /// As [`Search::slice`]; only what is found is bound, and not what is counted.
    pub(crate) async fn slice(&mut self) -> Result<Part, Problem> {
        let mut part = self.search.slice().await?;
        let Some(by) = self.by else { return Ok(part) };
        // A search takes nothing in that comes after its first piece.
        let until = match self.until {
            Some(until) => until,
            None => *self.until.insert(Came::now(self.web).await?),
        };
        part.found.retain(|found| !by.is_before(found.id, until));
        Ok(part)
    }

    /// How many jobs match, and whether they were all counted within this time.
    pub(crate) async fn count(mut self, time: Duration) -> Result<(u64, bool), Problem> {
        let until = Instant::now() + time;
        let _one_of_few = self.web.searches.acquire().await.map_err(|error| Problem::internal(&error))?;
        let mut count = 0;
        loop {
            let part = self.slice().await?;
            count += part.found.len() as u64;
            if part.next.is_none() || Instant::now() >= until {
                return Ok((count, part.next.is_none()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_came_later_whatever_the_low_half_of_its_number_says() {
        let id = |number: u64| JobId((number & 0xffff_ffff) << 32 | 7);
        let (by, until) = (Came((1 << 32) - 2), Came((1 << 32) + 2));
        for (number, later) in
            [(5, false), ((1 << 32) - 3, false), ((1 << 32) - 2, true), ((1 << 32) + 1, true)]
        {
            assert_eq!(by.is_before(id(number), until), later, "{number}");
        }
        // Of four thousand million jobs, the oldest looks like one that is to come.
        assert!(!by.is_before(id((1 << 32) + 2), until));
        assert!(!by.is_before(id((1 << 32) - 2), by));
    }
}
