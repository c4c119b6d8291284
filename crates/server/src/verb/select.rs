//! Which jobs MUTATE and JOBS mean: what the engine's walk compares, and the glob over the text of a job, which is
//! compared here.

use std::borrow::Cow;

use bessemer_core::JobId;
use bessemer_core::fact::Order;
use bessemer_core::glob::{Glob, GlobError};
use bessemer_core::limits::SLICE_MAX;
use bessemer_core::query::{JobView, Mark, Scan, Scanned, Set, Where};
use bessemer_core::{Query, Wall};
use bessemer_protocol::operate::JobSet;
use bessemer_protocol::text::compact;

use super::fetch;

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
            let text = fetch::text(job);
            let matches = self.glob.as_ref().is_none_or(|glob| glob.matches(&compact(&text)));
            matches.then_some((job, Cow::Owned(text)))
        })
    }
}

/// The place that a set's name means.
pub(super) fn place(set: JobSet) -> Where {
    match set {
        JobSet::Working => Where::Working,
        JobSet::Queued => Where::Queued,
        JobSet::Retries => Where::Retries,
        JobSet::Scheduled => Where::Scheduled,
        JobSet::Dead => Where::Dead,
    }
}

/// Where a walk goes on, as clients carry it from one command to the next. They need not understand it.
pub(super) fn write_mark(mark: &Mark) -> String {
    match mark {
        Mark::Jid(at) => format!("jid:{at}"),
        Mark::Start(place) => match place {
            Where::Working => "start:working".into(),
            Where::Queued => "start:queued".into(),
            Where::Retries => "start:retries".into(),
            Where::Scheduled => "start:scheduled".into(),
            Where::Dead => "start:dead".into(),
        },
        Mark::Working(at) => format!("working:{at}"),
        Mark::Queued { queue, order, id } => format!("queued:{}:{}:{queue}", order.0, id.0),
        Mark::Sorted { set, time, order } => {
            let set = match set {
                Set::Scheduled => "scheduled",
                Set::Retries => "retries",
                Set::Dead => "dead",
            };
            format!("{set}:{}:{}", time.0, order.0)
        }
    }
}

/// Reads what [`write_mark`] wrote.
pub(super) fn read_mark(text: &str) -> Option<Mark> {
    let (kind, rest) = text.split_once(':')?;
    let sorted = |set| {
        let (time, order) = rest.split_once(':')?;
        Some(Mark::Sorted { set, time: Wall(time.parse().ok()?), order: Order(order.parse().ok()?) })
    };
    match kind {
        "jid" => rest.parse().ok().map(Mark::Jid),
        "start" => JobSet::ALL.into_iter().find(|set| set.as_str() == rest).map(place).map(Mark::Start),
        "working" => rest.parse().ok().map(Mark::Working),
        "queued" => {
            let mut parts = rest.splitn(3, ':');
            let order = Order(parts.next()?.parse().ok()?);
            let id = JobId(parts.next()?.parse().ok()?);
            Some(Mark::Queued { queue: parts.next()?.into(), order, id })
        }
        "scheduled" => sorted(Set::Scheduled),
        "retries" => sorted(Set::Retries),
        "dead" => sorted(Set::Dead),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_as_it_was_and_others_are_none() {
        let sorted = |set| Mark::Sorted { set, time: Wall(-5), order: Order(i64::MIN) };
        let marks = [
            Mark::Jid(7),
            Mark::Working(3),
            Mark::Queued { queue: "a.b-c_D".into(), order: Order(-9), id: JobId(u64::MAX) },
            sorted(Set::Scheduled),
            sorted(Set::Retries),
            sorted(Set::Dead),
        ];
        for mark in marks.into_iter().chain(Where::ALL.map(Mark::Start)) {
            assert_eq!(read_mark(&write_mark(&mark)), Some(mark));
        }
        for wrong in
            ["", "x", "jid:", "jid:-1", "start:busy", "queued:1:2", "dead:1", "dead:x:1", "dead:1:2:3"]
        {
            assert_eq!(read_mark(wrong), None, "{wrong}");
        }
    }
}
