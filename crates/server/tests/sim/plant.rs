//! Planted bugs of what jobs ask for beyond being run, as if the engine had made them; the others are in `watch.rs`.

use bessemer_core::command::{AskUnique, Asks, BatchDeed, CronDeed, Plan, Push, ThrottleDeed};
use bessemer_core::fact::Release;
use bessemer_core::throttle::{Rate, Throttle};
use bessemer_core::{Command, Now, Progress, Reply, Ticket};
use bessemer_store::Engine as _;
use bessemer_store::embedded::Embedded;

use super::bug::Bug;
use super::disk::SomeDisk;
use super::watch::{OWN, Witness};

/// Gives the engine a command, or what a bug makes of it.
pub(crate) fn submit(
    bug: Bug,
    witness: &mut Witness,
    engine: &mut Embedded<SomeDisk>,
    now: Now,
    ticket: Ticket,
    command: Command<'_>,
) -> Progress {
    match (bug, command) {
        (
            Bug::ForgetsKeys | Bug::FreesKeysEarly | Bug::ForgetsMembers | Bug::ForgetsEnds,
            Command::Push { job },
        ) => {
            let push = Push { asks: other_asks(bug, job.asks), ..job };
            engine.submit(now, ticket, Command::Push { job: push })
        }
        (Bug::OverrunsLimits | Bug::OverrunsRates, Command::Throttle(ThrottleDeed::Set { queue, limit })) => {
            let limit = other_limit(bug, limit);
            engine.submit(now, ticket, Command::Throttle(ThrottleDeed::Set { queue, limit }))
        }
        (Bug::LosesCommits, Command::Batch(BatchDeed::Commit { .. })) if witness.chance.one_in(4) => {
            witness.torn.push((ticket, Reply::Done));
            Progress::Decided
        }
        (Bug::ClosesWhatIsOpened, Command::Batch(BatchDeed::Open { bid })) => {
            let progress = engine.submit(now, ticket, command);
            engine.submit(now, OWN, Command::Batch(BatchDeed::Commit { bid }));
            progress
        }
        (Bug::ForgetsParents, Command::Batch(BatchDeed::New(plan))) => {
            let plan = Plan { parent: None, ..plan };
            engine.submit(now, ticket, Command::Batch(BatchDeed::New(plan)))
        }
        (Bug::TicksAgain, Command::Due) => {
            let progress = engine.submit(now, ticket, command);
            let entries = engine.machine().rules().cron.clone();
            for entry in entries.iter().filter(|_| witness.chance.one_in(8)) {
                engine.submit(now, OWN, Command::Cron { id: &entry.id, deed: CronDeed::Run });
            }
            progress
        }
        _ => engine.submit(now, ticket, command),
    }
}

fn other_asks(bug: Bug, asks: Asks<'_>) -> Asks<'_> {
    match bug {
        Bug::ForgetsKeys => Asks { unique: None, ..asks },
        Bug::FreesKeysEarly => {
            let unique = asks.unique.map(|ask| AskUnique { release: Release::Success, ..ask });
            Asks { unique, ..asks }
        }
        Bug::ForgetsMembers => Asks { batch: None, ..asks },
        _ => Asks { tracked: false, ..asks },
    }
}

fn other_limit(bug: Bug, limit: Throttle) -> Throttle {
    match bug {
        Bug::OverrunsLimits => Throttle { concurrency: limit.concurrency.map(|most| most + 1), ..limit },
        _ => Throttle { rate: limit.rate.map(|rate| Rate { burst: rate.burst + 1, ..rate }), ..limit },
    }
}
