//! `BATCH NEW|OPEN|COMMIT|STATUS`: rules `E-01` to `E-05`. `BATCH CANCEL|LIST|SHOW|CHECK` are our own.

use bessemer_core::batch::{BatchDetail, BatchScan, BatchView, MembersSeen};
use bessemer_core::command::{BatchDeed, Plan, Refusal};
use bessemer_core::query::Where;
use bessemer_core::{Action, Answer, Command, Now, Query, Wall};
use bessemer_protocol::batch::{BatchFilter, BatchPage, BatchReport, MemberCounts, NewBatch};
use bessemer_protocol::text::quote;
use bessemer_store::Engine;

use super::{Call, Form, Outcome, jobs};
use crate::node::inquiry::{Inquiry, Step};

/// Batches of one reply to LIST, where its filter does not say.
const LISTED: usize = 25;

/// Members that CHECK shows.
const SHOWN: usize = 10;

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let (subcommand, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let (word, rest) = (subcommand.to_ascii_uppercase(), rest.trim_ascii());
    match &*word {
        "NEW" => return new(call, rest),
        "LIST" => return list(rest),
        "OPEN" | "COMMIT" | "STATUS" | "CANCEL" | "SHOW" | "CHECK" => {}
        _ => return Outcome::Refused(format!("no such BATCH subcommand: {}", quote(subcommand))),
    }
    if rest.is_empty() {
        return Outcome::Refused(format!("BATCH {word} needs a bid"));
    }
    let bid = rest;
    let deed = match &*word {
        "OPEN" => BatchDeed::Open { bid },
        "COMMIT" => BatchDeed::Commit { bid },
        "STATUS" => BatchDeed::Status { bid },
        "CANCEL" => BatchDeed::Cancel { bid },
        // To look at one changes nothing.
        _ => {
            let repaired = (word == "SHOW").then_some(0);
            return Outcome::Asked(Box::new(Check { bid: bid.to_owned(), repaired, ..Check::default() }));
        }
    };
    Outcome::Submitted(call.submit(Command::Batch(deed)), Form::Plain)
}

fn new<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let batch = match NewBatch::parse(rest) {
        Ok(batch) => batch,
        Err(e) => return Outcome::refused(e),
    };
    let plan =
        Plan { description: batch.description(), parent: batch.parent_bid(), callbacks: batch.callbacks() };
    Outcome::Submitted(call.submit(Command::Batch(BatchDeed::New(plan))), Form::Plain)
}

fn list(rest: &str) -> Outcome {
    let filter = match BatchFilter::parse(rest) {
        Ok(filter) => filter,
        Err(e) => return Outcome::Refused(e),
    };
    let from = match filter.after.as_deref().map(place) {
        Some(None) => {
            return Outcome::Refused("invalid filter: after is what a reply has called next".into());
        }
        from => from.flatten(),
    };
    let count = filter.count.unwrap_or(LISTED);
    Outcome::Asked(Box::new(List(BatchScan { state: filter.state, parent: filter.parent_bid, from, count })))
}

/// Where a list goes on: a time and a bid.
fn place(text: &str) -> Option<(Wall, String)> {
    let (created, bid) = text.split_once('.')?;
    Some((Wall(created.parse().ok()?), bid.to_owned()))
}

/// `BATCH LIST`
struct List(BatchScan);

impl Inquiry for List {
    fn first(&mut self) -> Query {
        Query::Batches(self.0.clone())
    }

    fn answered(&mut self, _: Now, answer: Answer) -> Step {
        let Answer::Batches(seen) = answer else { return Step::unexpected() };
        Step::json(&BatchPage {
            batches: seen.batches.iter().map(BatchView::listed).collect(),
            next: seen.next.map(|(created, bid)| format!("{}.{bid}", created.0)),
            total: seen.total,
        })
    }
}

/// `BATCH SHOW`, and `BATCH CHECK`: repairs first, and then tells what is left.
#[derive(Default)]
struct Check {
    bid: String,
    repaired: Option<u64>,
    detail: Option<Box<BatchDetail>>,
    members: MembersSeen,
}

impl Check {
    fn members(&self) -> Query {
        let most = SHOWN - self.members.ids.len();
        Query::Members { bid: self.bid.clone(), from: self.members.next.unwrap_or(0), most }
    }

    fn report(&self, detail: &BatchDetail) -> BatchReport {
        let of = |place: Where| self.members.counts.get(&place).copied().unwrap_or(0);
        BatchReport {
            batch: detail.view.listed(),
            waits: detail.waits.iter().map(ToString::to_string).collect(),
            members: MemberCounts {
                working: of(Where::Working),
                queued: of(Where::Queued),
                retrying: of(Where::Retries),
                scheduled: of(Where::Scheduled),
                dead: of(Where::Dead),
                discarded: of(Where::Discarded),
                gone: detail.view.gone,
                done: detail.view.total - detail.view.pending,
            },
            jobs: Vec::new(),
            repaired: self.repaired.unwrap_or(0),
        }
    }
}

impl Inquiry for Check {
    fn first(&mut self) -> Query {
        Query::Batch { bid: self.bid.clone() }
    }

    fn answered(&mut self, _: Now, answer: Answer) -> Step {
        match answer {
            Answer::Missing => Step::error(&Refusal::NoSuchBatch((*self.bid).into()).to_string()),
            Answer::Batch(_) if self.repaired.is_none() => Step::Act(Action::RepairBatch(self.bid.clone())),
            Answer::Batch(detail) => {
                self.detail = Some(detail);
                Step::Ask(self.members())
            }
            Answer::Members(seen) => {
                for (place, count) in seen.counts {
                    *self.members.counts.entry(place).or_default() += count;
                }
                self.members.ids.extend(seen.ids);
                self.members.next = seen.next;
                if seen.next.is_some() {
                    return Step::Ask(self.members());
                }
                Step::Ask(Query::Named { ids: self.members.ids.clone() })
            }
            Answer::Jobs(jobs) => {
                let Some(detail) = &self.detail else { return Step::unexpected() };
                let listed = jobs.jobs.iter().map(jobs::listed_whole).collect::<Option<_>>();
                let Some(jobs) = listed else { return Step::error("internal error") };
                Step::json(&BatchReport { jobs, ..self.report(detail) })
            }
            _ => Step::unexpected(),
        }
    }

    fn acted(&mut self, reached: u64) -> Step {
        self.repaired = Some(reached);
        Step::Ask(self.first())
    }
}
