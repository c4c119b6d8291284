//! The pass of a search: pieces from the engine, texts in bulk, and what of them matches.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bessemer_core::fact::JobId;
use bessemer_core::limits::{PAGE_MAX, SLICE_MAX};
use bessemer_core::query::{Found, JobView, Sift, Where};
use bessemer_core::{Query, Span};
use tokio::time::Instant;

use super::query::Filter;
use super::texts::{Compared, compare};
use crate::Front;
use crate::problem::Problem;
use crate::web::Web;

/// Jobs whose texts are read together: the first few at once, so that the first rows are there soon, then more, up to
/// as many as lie in one piece of the log.
const WINDOW_MIN: usize = 512;
/// See [`WINDOW_MIN`].
const WINDOW_MAX: usize = 16_384;

/// Bytes of texts that are read together; a longer one is read alone.
const WINDOW_BYTES: usize = 8 << 20;

/// Where a search goes on. It stands in addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor(u32);

impl Cursor {
    /// Behind a job.
    pub(crate) fn behind(id: JobId) -> Self {
        // The low half of an id is the job's place in the table.
        Self((id.0 as u32).saturating_add(1))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// So many jobs had come by a moment: what was counted then is what is meant later. It stands in forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Came(pub(crate) u64);

impl Came {
    /// So many have come by now.
    pub(crate) async fn now<F: Front>(web: &Web<F>) -> Result<Self, Problem> {
        // A piece behind the end of the table costs nothing.
        let nothing = Sift { from: u32::MAX, ..Sift::default() };
        Ok(Self(web.sift(nothing).await?.came))
    }
}

/// What a part of a search has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// In the order of the table.
    pub(crate) found: Vec<Found>,
    /// Those that match, by place in the order of [`Where::ALL`]; `found` are among them.
    pub(crate) counts: [u64; 5],
    /// Where to go on; `None`: all jobs have been looked at.
    pub(crate) next: Option<Cursor>,
    /// How far the search is, in thousandths.
    pub(crate) permille: u64,
}

impl Part {
    /// All that match so far.
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Another part that follows this one.
    pub(crate) fn append(&mut self, mut later: Self) {
        self.found.append(&mut later.found);
        self.counts.iter_mut().zip(later.counts).for_each(|(sum, more)| *sum += more);
        (self.next, self.permille) = (later.next, later.permille);
    }
}

/// A search under way. It holds nothing but its filter and where it is.
pub(crate) struct Search<'w, F> {
    web: &'w Web<F>,
    filter: Arc<Filter>,
    from: Cursor,
    /// Jobs that came later are not meant.
    before: Option<u64>,
    window: usize,
}

impl<'w, F: Front> Search<'w, F> {
    pub(crate) fn new(web: &'w Web<F>, filter: &Filter, from: Cursor) -> Self {
        Self { web, filter: Arc::new(filter.clone()), from, before: None, window: WINDOW_MIN }
    }

    /// The same among jobs that had come by a moment, if one is named.
    pub(crate) fn by(self, came: Option<Came>) -> Self {
        Self { before: came.map(|came| came.0), ..self }
    }

    /// Goes on until so many are found (`most`; 0: until the end, and those that match are counted only), or until the
    /// time is up, or all jobs have been looked at.
    pub(crate) async fn find(&mut self, most: usize, time: Duration) -> Result<Part, Problem> {
        let until = Instant::now() + time;
        let _one_of_few = self.web.searches.acquire().await.map_err(|error| Problem::internal(&error))?;
        let mut part = Part { next: Some(self.from), ..Part::default() };
        while part.next.is_some() {
            part.append(self.step(most.saturating_sub(part.found.len()), most > 0).await?);
            if (most > 0 && part.found.len() >= most) || Instant::now() >= until {
                break;
            }
        }
        Ok(part)
    }

    /// The next few that match, or none, for acting on them. Jobs that come while the search goes on are not among them.
    pub(crate) async fn slice(&mut self) -> Result<Part, Problem> {
        self.step(usize::MAX, true).await
    }

    /// Jobs that were found, whole, as far as they still live.
    pub(crate) async fn jobs(web: &Web<F>, found: &[Found]) -> Result<Vec<JobView>, Problem> {
        let mut jobs = Vec::with_capacity(found.len());
        for found in found.chunks(PAGE_MAX) {
            let ids = found.iter().map(|found| found.id).collect();
            jobs.append(&mut web.jobs(Query::Named { ids }).await?.unwrap_or_default().jobs);
        }
        Ok(jobs)
    }

    /// One step: a piece of the pass, or as many as a window of texts has room for.
    async fn step(&mut self, most: usize, named: bool) -> Result<Part, Problem> {
        let needs_texts = self.filter.needs_texts();
        let mut part = Part { next: Some(self.from), ..Part::default() };
        let (mut texts, room) = (Vec::new(), if needs_texts { self.window } else { most });
        let mut bytes = 0;
        loop {
            let left = if needs_texts || named { room.saturating_sub(texts.len()).min(SLICE_MAX) } else { 0 };
            let mut sifted = self.web.sift(self.sift(left)).await?;
            self.before = self.before.or(Some(sifted.came));
            part.permille = permille(sifted.next, sifted.end);
            part.next = sifted.next.map(Cursor);
            self.from = part.next.unwrap_or(Cursor(sifted.end));
            if !needs_texts {
                part.counts = sifted.counts;
                let asks_age = |found: &Found| self.filter.needs_body_of(found);
                let (unknown, mut known): (Vec<_>, Vec<_>) = sifted.found.into_iter().partition(asks_age);
                if !unknown.is_empty() {
                    unknown.iter().for_each(|found| part.counts[found.place as usize] -= 1);
                    let matching = self.matching(unknown).await?;
                    matching.iter().for_each(|found| part.counts[found.place as usize] += 1);
                    known.extend(matching);
                    known.sort_unstable_by_key(|found| found.id.0 as u32);
                }
                part.found = if named { known } else { Vec::new() };
                return Ok(part);
            }
            bytes += sifted.found.iter().map(|found| self.bytes_of(found)).sum::<usize>();
            texts.append(&mut sifted.found);
            if part.next.is_none() || texts.len() >= room || bytes >= WINDOW_BYTES {
                break;
            }
        }
        self.window = (self.window * 2).min(WINDOW_MAX);
        let matching = self.matching(texts).await?;
        self.take(part, matching, most, named)
    }

    fn sift(&self, most: usize) -> Sift {
        let filter = &self.filter;
        Sift {
            places: filter.places.clone(),
            jids: (!filter.jids.is_empty()).then(|| filter.jids.clone()),
            queues: filter.queues.clone(),
            jobtypes: filter.jobtypes.clone(),
            since: filter.since(self.web.front.now()),
            retries: filter.retries,
            before: self.before,
            from: self.from.0,
            most,
        }
    }

    fn bytes_of(&self, found: &Found) -> usize {
        let failure = found.failure.filter(|_| self.filter.needs_failure()).map_or(0, |text| text.len);
        let body = if self.filter.needs_body_of(found) { found.body.len } else { 0 };
        (failure + body) as usize
    }

    /// Puts what matches into the part. Where more match than are wanted, the search goes on behind the last of them.
    fn take(
        &mut self,
        mut part: Part,
        mut matching: Vec<Found>,
        most: usize,
        named: bool,
    ) -> Result<Part, Problem> {
        if named && matching.len() > most {
            matching.truncate(most);
            let last = matching.last().map_or(self.from, |found| Cursor::behind(found.id));
            (self.from, part.next) = (last, Some(last));
        }
        for found in &matching {
            part.counts[found.place as usize] += 1;
        }
        if named {
            part.found = matching;
        }
        Ok(part)
    }

    /// Those whose texts match.
    async fn matching(&self, found: Vec<Found>) -> Result<Vec<Found>, Problem> {
        let Compared { mut matching, missing } = compare(&self.web.front, &self.filter, found).await?;
        if !missing.is_empty() {
            self.ask_for(&missing, &mut matching).await?;
        }
        Ok(matching)
    }

    /// Jobs whose texts were not where they had been: the engine knows where they are, if they live.
    async fn ask_for(&self, missing: &[JobId], matching: &mut Vec<Found>) -> Result<(), Problem> {
        let now = self.web.front.now();
        for ids in missing.chunks(PAGE_MAX) {
            let jobs = self.web.jobs(Query::Named { ids: ids.to_vec() }).await?.unwrap_or_default().jobs;
            matching.extend(jobs.iter().filter_map(|view| {
                let failure = view.failure.as_ref().map_or(&b""[..], |failure| failure.text.bytes());
                let found = found(view);
                let matches = self.filter.places.contains(&found.place)
                    && self.filter.matches(found.since, failure, view.body.bytes(), now);
                matches.then_some(found)
            }));
        }
        matching.sort_unstable_by_key(|found| found.id.0 as u32);
        Ok(())
    }
}

/// A job that the engine has shown whole, as a pass would have found it.
fn found(view: &JobView) -> Found {
    let place = Where::from(&view.place);
    let since = match place {
        Where::Queued | Where::Working => view.enqueued_at,
        _ => view.failure.as_ref().map(|failure| failure.failed_at),
    };
    // Its texts have been read.
    Found { id: view.id, place, since, body: Span::default(), failure: None }
}

fn permille(next: Option<u32>, end: u32) -> u64 {
    next.map_or(1_000, |next| u64::from(next) * 1_000 / u64::from(end.max(1)))
}
