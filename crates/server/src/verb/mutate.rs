//! `MUTATE {"cmd": …, "target": …, "filter": …}`: rules `M-01` to `M-14`, decisions `D25`, `D27`, `D28`.
//!
//! A whole set is emptied at one stroke. Everything else is a walk: each job is done for itself, a slice at a time, and
//! the reply comes after the last (`G5`).

use bessemer_core::fact::Cleared;
use bessemer_core::query::{Info, Scanned, Set, Where};
use bessemer_core::{Action, Answer, Command, Now, Query};
use bessemer_protocol::mutate::{Filter, Mutation, Operation, Target};
use bessemer_protocol::resp::put_ok;
use bessemer_store::Engine;

use super::select::Selection;
use super::{Call, Form, Outcome};
use crate::node::inquiry::{Inquiry, Step};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    if rest.trim_ascii().is_empty() {
        return Outcome::Refused("invalid format".into()); // rule `H-46`
    }
    let Mutation { operation, target, filter } = match Mutation::parse(rest) {
        Ok(mutation) => mutation,
        Err(e) => return Outcome::refused(e),
    };
    let (set, place) = match target {
        Target::Scheduled => (Set::Scheduled, Where::Scheduled),
        Target::Retries => (Set::Retries, Where::Retries),
        Target::Dead => (Set::Dead, Where::Dead),
    };
    let deed = match (operation, &filter) {
        (Operation::Clear, _) | (Operation::Discard, Filter::Everything) => {
            let progress = call.submit(Command::Clear { what: Cleared::Set(set) });
            return Outcome::Submitted(progress, Form::Ok);
        }
        (Operation::Discard, _) => Deed::Discard,
        (Operation::Kill, _) => Deed::Kill,
        (Operation::Requeue, _) => Deed::Requeue,
    };
    let mut selection = Selection::of(vec![place]);
    match filter {
        Filter::Everything => {}
        Filter::Jids { jids } => selection.jids(Some(jids)),
        Filter::Matching { jobtype, glob } => {
            selection.jobtype(jobtype);
            if let Err(e) = selection.glob(glob.as_deref()) {
                return Outcome::refused(e);
            }
        }
    }
    Outcome::Asked(Box::new(Sweep { deed, place, selection, left: None, room: None, is_last: false }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Kill,
    Discard,
    Requeue,
}

/// A walk that does something to all that match.
struct Sweep {
    deed: Deed,
    place: Where,
    selection: Selection,
    /// Jobs that were there when it began and have not been looked at: one that fails again meanwhile is back in its
    /// set, and could keep this busy for ever.
    left: Option<u64>,
    /// Jobs are only counted so far: so many more may be killed, of so many in all.
    room: Option<(u64, u64)>,
    is_last: bool,
}

impl Inquiry for Sweep {
    fn first(&mut self) -> Query {
        if self.deed == Deed::Kill && self.place != Where::Dead {
            Query::Info
        } else {
            self.selection.query()
        }
    }

    fn answered(&mut self, _: Now, answer: Answer) -> Step {
        match answer {
            Answer::Info(info) => {
                self.look_ahead(&info);
                Step::Ask(self.selection.query())
            }
            Answer::Scanned(scanned) => self.scanned(*scanned),
            _ => Step::unexpected(),
        }
    }

    fn acted(&mut self, _: u64) -> Step {
        self.go_on()
    }
}

impl Sweep {
    /// Where the dead set might overflow, jobs are counted before any of them is killed (`D28`).
    fn look_ahead(&mut self, info: &Info) {
        let there = if self.place == Where::Retries { info.retries } else { info.scheduled };
        let room = info.dead_max.saturating_sub(info.dead);
        self.room = (there > room).then_some((room, info.dead_max));
    }

    fn scanned(&mut self, scanned: Scanned) -> Step {
        let left = self.left.unwrap_or(scanned.total).saturating_sub(scanned.seen);
        self.left = Some(left);
        let jobs = self.selection.matching(&scanned);
        self.is_last = scanned.next.is_none() || left == 0;
        self.selection.go_on(scanned.next);
        if let Some((room, most)) = &mut self.room {
            let Some(less) = room.checked_sub(jobs.len() as u64) else {
                return Step::error(&format!(
                    "kill would push jobs out of the dead set, which holds {most}; nothing was killed"
                ));
            };
            *room = less;
            if self.is_last {
                (self.room, self.left) = (None, None);
                self.selection.go_on(None);
                return Step::Ask(self.selection.query());
            }
            return self.go_on();
        }
        if jobs.is_empty() {
            return self.go_on();
        }
        Step::Act(match self.deed {
            Deed::Kill => Action::Kill(jobs),
            Deed::Discard => Action::Delete(jobs),
            Deed::Requeue => Action::Requeue(jobs),
        })
    }

    fn go_on(&self) -> Step {
        if !self.is_last {
            return Step::Ask(self.selection.query());
        }
        let mut out = Vec::new();
        put_ok(&mut out);
        Step::Done(out)
    }
}
