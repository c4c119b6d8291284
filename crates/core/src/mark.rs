//! Where a walk goes on, as clients carry it from one request to the next. They need not understand it.

use std::fmt;

use bessemer_protocol::operate::JobSet;

use crate::fact::{JobId, Order};
use crate::query::{Mark, Set, Where};
use crate::time::Wall;

impl From<JobSet> for Where {
    fn from(set: JobSet) -> Self {
        match set {
            JobSet::Working => Self::Working,
            JobSet::Queued => Self::Queued,
            JobSet::Retries => Self::Retries,
            JobSet::Scheduled => Self::Scheduled,
            JobSet::Dead => Self::Dead,
            JobSet::Discarded => Self::Discarded,
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jid(at) => write!(f, "jid:{at}"),
            Self::Start(place) => f.write_str(match place {
                Where::Working => "start:working",
                Where::Queued => "start:queued",
                Where::Retries => "start:retries",
                Where::Scheduled => "start:scheduled",
                Where::Dead => "start:dead",
                Where::Discarded => "start:discarded",
            }),
            Self::Working(at) => write!(f, "working:{at}"),
            Self::Queued { queue, order, id } => write!(f, "queued:{}:{}:{queue}", order.0, id.0),
            Self::Sorted { set, time, order } => {
                let set = match set {
                    Set::Scheduled => "scheduled",
                    Set::Retries => "retries",
                    Set::Dead => "dead",
                    Set::Discarded => "discarded",
                };
                write!(f, "{set}:{}:{}", time.0, order.0)
            }
        }
    }
}

impl Mark {
    /// Reads what was written of a mark; `None`: it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let sorted = |set| {
            let (time, order) = rest.split_once(':')?;
            Some(Self::Sorted { set, time: Wall(time.parse().ok()?), order: Order(order.parse().ok()?) })
        };
        match kind {
            "jid" => rest.parse().ok().map(Self::Jid),
            "start" => {
                let set = JobSet::named(rest)?;
                Some(Self::Start(set.into()))
            }
            "working" => rest.parse().ok().map(Self::Working),
            "queued" => {
                let mut parts = rest.splitn(3, ':');
                let order = Order(parts.next()?.parse().ok()?);
                let id = JobId(parts.next()?.parse().ok()?);
                Some(Self::Queued { queue: parts.next()?.into(), order, id })
            }
            "scheduled" => sorted(Set::Scheduled),
            "retries" => sorted(Set::Retries),
            "dead" => sorted(Set::Dead),
            "discarded" => sorted(Set::Discarded),
            _ => None,
        }
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
            sorted(Set::Discarded),
        ];
        let places = Where::ALL.into_iter().chain([Where::Discarded]);
        for mark in marks.into_iter().chain(places.map(Mark::Start)) {
            assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        }
        for wrong in
            ["", "x", "jid:", "jid:-1", "start:busy", "queued:1:2", "dead:1", "dead:x:1", "dead:1:2:3"]
        {
            assert_eq!(Mark::parse(wrong), None, "{wrong}");
        }
    }
}
