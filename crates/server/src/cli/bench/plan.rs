//! What is measured in a round, and in which order: a load's floor right before it, so that a busy moment of the machine
//! meets both.

use std::time::Duration;

use clap::ValueEnum;

use super::child::Kind;
use super::floor::FETCH_WAIT;

/// Connections of the loads that are measured with one number of them only.
pub(super) const CREW: usize = 10;

/// What it takes to push one, roughly.
const MICROS_PER_WAITING_JOB: u64 = 5;

/// What servers are asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Load {
    /// PUSH, one by one
    Push,
    /// PUSHB of 100 jobs, by 10 connections
    Pushb,
    /// A hundred PUSHes at once, by 10 connections
    Pipelined,
    /// FETCH and ACK of jobs that wait
    Fetch,
    /// FETCH and FAIL of jobs that wait, by 10 connections
    Fail,
    /// PUSH, FETCH and ACK of one job after the other, by 10 connections
    Life,
    /// The same of unique jobs
    Unique,
    /// The same of members of a batch
    Batched,
    /// The same in a queue with limits
    Throttled,
    /// Producers and workers at once; each job is to be done exactly once
    Mixed,
    /// A steady rate, from the intended time of each PUSH to the end of its FETCH
    Rate,
    /// How late scheduled jobs are fetched
    Lateness,
    /// Connections that do nothing
    Idle,
    /// Workers that wait for a job
    Blocked,
    /// Jobs that wait: memory for each, and the time of a start
    Depth,
}

impl Load {
    /// As on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// One load in one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) load: Load,
    /// All connections, the producers of *mixed* among them.
    pub(super) connections: usize,
    pub(super) producers: usize,
    /// Bytes of a job's argument.
    pub(super) bytes: usize,
    /// Jobs that wait: meanwhile, or as all that is to be done.
    pub(super) waiting: u64,
}

/// Producers and workers of *mixed*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crew {
    pub(super) producers: usize,
    pub(super) workers: usize,
}

/// Which sizes.
pub(super) struct Sizes {
    pub(super) connections: Vec<usize>,
    pub(super) bytes: Vec<usize>,
    pub(super) crews: Vec<Crew>,
    /// Connections of *idle* and *blocked*.
    pub(super) crowd: usize,
    /// Jobs that wait beside *rate*.
    pub(super) waiting: u64,
    /// Jobs of *depth*.
    pub(super) depth: u64,
}

/// Who is measured in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// One of the servers, by its place on the command line.
    Server(usize),
    /// A floor, [`Kind::Floor`] or [`Kind::NullFloor`].
    Floor(Kind),
}

/// One window of each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) case: Case,
    pub(super) who: Who,
    /// The step of the floor that it is compared with.
    pub(super) floor: Option<usize>,
}

impl Case {
    /// What it is compared with: the floor's PUSH on as many connections, but 10 for PUSHB; a standing load with the
    /// same load.
    fn floor(self) -> Option<(Kind, Self)> {
        match self.load {
            Load::Push
            | Load::Pushb
            | Load::Pipelined
            | Load::Fetch
            | Load::Fail
            | Load::Life
            | Load::Unique
            | Load::Batched
            | Load::Throttled
            | Load::Mixed => Some((Kind::Floor, Self { load: Load::Push, producers: 0, ..self })),
            Load::Idle | Load::Blocked => Some((Kind::NullFloor, self)),
            Load::Rate | Load::Lateness | Load::Depth => None,
        }
    }

    /// About how long it takes, for whoever waits.
    pub(super) fn lasts(self, window: Duration) -> Duration {
        let laid_down = Duration::from_micros(self.waiting * MICROS_PER_WAITING_JOB);
        match self.load {
            Load::Lateness => window * 3 + Duration::from_millis(500),
            Load::Idle => window * 2,
            Load::Blocked => window * 2 + FETCH_WAIT,
            Load::Rate => window + laid_down * 4,
            Load::Depth => laid_down * 2,
            _ => window,
        }
    }

    /// Whether nothing is done in it: what counts is the share of a core.
    pub(super) fn is_standing(self) -> bool {
        matches!(self.load, Load::Idle | Load::Blocked)
    }

    /// For tables and progress.
    pub(super) fn name(self) -> String {
        let Self { connections, producers, bytes, waiting, .. } = self;
        let many =
            if connections == 1 { "1 connection".into() } else { format!("{connections} connections") };
        let size = if bytes % 1000 == 0 && bytes > 0 {
            format!("{} kB", bytes / 1000)
        } else {
            format!("{bytes} B")
        };
        match self.load {
            Load::Push => format!("push, {many}, {size}"),
            Load::Pushb => format!("PUSHB of 100, {many}, {size}"),
            Load::Pipelined => format!("push, pipelined by 100, {many}, {size}"),
            Load::Fetch => format!("fetch and ACK, {many}, {size}"),
            Load::Fail => format!("fetch and FAIL, {many}, {size}"),
            Load::Life => format!("push, fetch and ACK, {many}, {size}"),
            Load::Unique => format!("the same, unique, {many}, {size}"),
            Load::Batched => format!("the same, in a batch, {many}, {size}"),
            Load::Throttled => format!("the same, within limits, {many}, {size}"),
            Load::Mixed => format!("mixed, {producers} + {} connections, {size}", connections - producers),
            Load::Rate if waiting > 0 => format!("push to fetch at a steady rate, {size}, {waiting} waiting"),
            Load::Rate => format!("push to fetch at a steady rate, {size}"),
            Load::Lateness => format!("scheduled jobs, lateness, {size}"),
            Load::Idle => format!("{connections} idle connections"),
            Load::Blocked => format!("{connections} blocked workers"),
            Load::Depth => format!("{waiting} waiting jobs, {size}"),
        }
    }
}

/// The steps of each round. Cases that share a floor stand behind it.
pub(super) fn steps(loads: &[Load], sizes: &Sizes, servers: usize) -> Vec<Step> {
    let mut cases: Vec<Case> = loads.iter().flat_map(|load| cases(*load, sizes)).collect();
    let mut steps: Vec<Step> = Vec::new();
    while let Some(first) = cases.first().copied() {
        let (alike, rest): (Vec<Case>, _) = cases.into_iter().partition(|case| case.floor() == first.floor());
        cases = rest;
        let floor = first.floor().map(|(kind, case)| Step { case, who: Who::Floor(kind), floor: None });
        steps.extend(floor);
        let floor = floor.map(|_| steps.len() - 1);
        for case in alike {
            steps.extend((0..servers).map(|server| Step { case, who: Who::Server(server), floor }));
        }
    }
    steps
}

fn cases(load: Load, sizes: &Sizes) -> Vec<Case> {
    let bytes = sizes.bytes.first().copied().unwrap_or(0);
    let with = |connections| Case { load, connections, producers: 0, bytes, waiting: 0 };
    match load {
        Load::Push => {
            let each =
                |bytes| sizes.connections.iter().map(move |&connections| Case { bytes, ..with(connections) });
            sizes.bytes.iter().copied().flat_map(each).collect()
        }
        Load::Fetch => sizes.connections.iter().copied().map(with).collect(),
        Load::Mixed => {
            let case =
                |crew: &Crew| Case { producers: crew.producers, ..with(crew.producers + crew.workers) };
            sizes.crews.iter().map(case).collect()
        }
        Load::Idle | Load::Blocked => vec![with(sizes.crowd)],
        Load::Rate => vec![Case { waiting: sizes.waiting, ..with(CREW) }],
        Load::Depth => vec![Case { waiting: sizes.depth, ..with(CREW) }],
        Load::Pushb
        | Load::Pipelined
        | Load::Fail
        | Load::Life
        | Load::Unique
        | Load::Batched
        | Load::Throttled
        | Load::Lateness => vec![with(CREW)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes() -> Sizes {
        let crews = vec![Crew { producers: 5, workers: 10 }];
        Sizes { connections: vec![1, 10], bytes: vec![100, 10_000], crews, crowd: 1000, waiting: 0, depth: 5 }
    }

    #[test]
    fn a_floor_stands_right_before_what_is_compared_with_it() {
        let steps = steps(&[Load::Push, Load::Pushb, Load::Mixed], &sizes(), 2);
        let said: Vec<String> = steps
            .iter()
            .map(|step| match step.who {
                Who::Floor(kind) => format!("{}: {}", kind.name(), step.case.name()),
                Who::Server(number) => format!("{number} beside {:?}: {}", step.floor, step.case.name()),
            })
            .collect();
        assert_eq!(
            said,
            [
                "floor: push, 1 connection, 100 B",
                "0 beside Some(0): push, 1 connection, 100 B",
                "1 beside Some(0): push, 1 connection, 100 B",
                "floor: push, 10 connections, 100 B",
                "0 beside Some(3): push, 10 connections, 100 B",
                "1 beside Some(3): push, 10 connections, 100 B",
                "0 beside Some(3): PUSHB of 100, 10 connections, 100 B",
                "1 beside Some(3): PUSHB of 100, 10 connections, 100 B",
                "floor: push, 1 connection, 10 kB",
                "0 beside Some(8): push, 1 connection, 10 kB",
                "1 beside Some(8): push, 1 connection, 10 kB",
                "floor: push, 10 connections, 10 kB",
                "0 beside Some(11): push, 10 connections, 10 kB",
                "1 beside Some(11): push, 10 connections, 10 kB",
                "floor: push, 15 connections, 100 B",
                "0 beside Some(14): mixed, 5 + 10 connections, 100 B",
                "1 beside Some(14): mixed, 5 + 10 connections, 100 B",
            ]
        );
    }

    #[test]
    fn standing_loads_stand_beside_the_null_floor_and_some_loads_beside_none() {
        let steps = steps(&[Load::Blocked, Load::Depth, Load::Lateness], &sizes(), 1);
        let who: Vec<_> = steps.iter().map(|step| (step.who, step.floor)).collect();
        let server = Who::Server(0);
        let null = Who::Floor(Kind::NullFloor);
        assert_eq!(who, [(null, None), (server, Some(0)), (server, None), (server, None)]);
        assert_eq!(steps[0].case.connections, 1000);
    }
}
