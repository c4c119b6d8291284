//! Which jobs MUTATE and JOBS mean: what the engine's walk compares, and the glob over the text of a job, which is
//! compared here.

use std::borrow::Cow;

use bessemer_core::glob::{Glob, GlobError};
use bessemer_core::limits::SLICE_MAX;
use bessemer_core::query::{JobView, Mark, Scan, Scanned, Where};
use bessemer_core::{JobId, Query};
use bessemer_protocol::text::compact;

/// A walk over the jobs that are meant.
#[derive(Debug)]
pub(super) struct Selection {
    scan: Scan,
    glob: Option<Glob>,
}

impl Selection {
    /// All jobs of these places.
    pub(super) fn of(places: Vec<Where>) -> Self {
        let (count, most) = (SLICE_MAX, SLICE_MAX);
        let scan =
            Scan { places, jids: None, queue: None, jobtype: None, from: None, count, most, texts: false };
        Self { scan, glob: None }
    }

    pub(super) fn jids(&mut self, jids: Option<Vec<String>>) {
        self.scan.jids = jids;
    }

    pub(super) fn queue(&mut self, queue: Option<String>) {
        self.scan.queue = queue;
    }

    pub(super) fn jobtype(&mut self, jobtype: Option<String>) {
        self.scan.jobtype = jobtype;
    }

    pub(super) fn glob(&mut self, glob: Option<&str>) -> Result<(), GlobError> {
        self.glob = glob.map(Glob::new).transpose()?;
        self.scan.texts |= self.glob.is_some();
        Ok(())
    }

    /// Whole jobs are wanted, at most so many in a piece.
    pub(super) fn whole(&mut self, most: usize) {
        self.scan.texts = true;
        self.scan.most = most;
    }

    /// Jobs that are looked at in a piece, at most.
    pub(super) fn count(&mut self, count: usize) {
        self.scan.count = count;
    }

    /// The next piece begins there; `None`: at the beginning.
    pub(super) fn go_on(&mut self, from: Option<Mark>) {
        self.scan.from = from;
    }

    pub(super) fn query(&self) -> Query {
        Query::Scan(Box::new(self.scan.clone()))
    }

    /// Those of a piece that match.
    pub(super) fn matching(&self, scanned: &Scanned) -> Vec<JobId> {
        match &self.glob {
            None => scanned.ids.clone(),
            Some(_) => self.jobs(scanned).map(|(job, _)| job.id).collect(),
        }
    }

    /// The same whole, each with its text.
    pub(super) fn jobs<'s>(
        &'s self,
        scanned: &'s Scanned,
    ) -> impl Iterator<Item = (&'s JobView, Cow<'s, [u8]>)> {
        scanned.jobs.iter().filter_map(|job| {
            let text = job.text();
            let matches = self.glob.as_ref().is_none_or(|glob| glob.matches(&compact(&text)));
            matches.then_some((job, Cow::Owned(text)))
        })
    }
}
