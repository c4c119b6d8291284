//! `JOBS EDIT {edit}`, our own: a job becomes another, found by its jid.

use bessemer_core::edit::Replacement;
use bessemer_core::query::{JobView, Where};
use bessemer_core::{Action, Answer, Now, Query};
use bessemer_protocol::operate::{JobEdit, Reached};
use bessemer_protocol::text::quote;

use super::Outcome;
use super::select::Selection;
use crate::node::inquiry::{Inquiry, Step};

pub(super) fn run(rest: &str) -> Outcome {
    if rest.trim_ascii().is_empty() {
        return Outcome::Refused(
            "JOBS EDIT needs a jid and what is to be different, such as {\"jid\":\"abcdefgh1\",\"retry\":3}"
                .into(),
        );
    }
    match JobEdit::parse(rest) {
        Ok(edit) => Outcome::Asked(Box::new(Editing(edit))),
        Err(e) => Outcome::Refused(e),
    }
}

struct Editing(JobEdit);

impl Inquiry for Editing {
    fn first(&mut self) -> Query {
        let mut selection = Selection::of(Where::ALL.to_vec());
        selection.jids(Some(vec![self.0.jid.clone()]));
        // A second one is enough to know that it is not the only one.
        selection.whole(2);
        selection.query()
    }

    fn answered(&mut self, now: Now, answer: Answer) -> Step {
        let Answer::Scanned(scanned) = answer else { return Step::unexpected() };
        match &scanned.jobs[..] {
            [] => Step::error(&format!("there is no job {}", quote(&self.0.jid))),
            [seen] => self.edit(now, seen),
            _ => Step::error(&format!("there are several jobs {}", quote(&self.0.jid))),
        }
    }

    fn acted(&mut self, reached: u64) -> Step {
        Step::json(&Reached { count: reached })
    }
}

impl Editing {
    fn edit(&self, now: Now, seen: &JobView) -> Step {
        let body = String::from_utf8_lossy(seen.body.bytes());
        // A body was checked when it was pushed.
        let Some(text) = self.0.of(&body) else { return Step::error("internal error") };
        match Replacement::new(seen, &text, now.wall, self.0.enqueue) {
            Ok(replacement) => Step::Act(Action::Replace(Box::new(replacement))),
            Err(error) => Step::error(&error.to_string()),
        }
    }
}
