//! `bessemer bench`: drives any server that speaks Faktory's protocol and says what a job costs it, beside the least that
//! a server can do.
//!
//! ```text
//!  mod.rs (flags) ─► plan.rs (the steps of a round) ─► rounds.rs ─► load/ (a window: what the connections do)
//!                                                        │           └─► client.rs, socket.rs, line.rs
//!                     server.rs, child.rs, process.rs ◄──┤ who is measured, and the kernel's books
//!                                                        └─► sample.rs (figures) ─► report.rs, goals.rs
//! ```

mod child;
mod client;
mod error;
mod floor;
mod goals;
mod line;
mod load;
mod place;
mod plan;
mod process;
mod report;
mod rounds;
mod sample;
mod server;
mod socket;

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::RangedU64ValueParser;
use tokio::runtime::LocalOptions;

use self::child::Kind;
use self::error::{BenchError, Result};
use self::line::Mark;
use self::load::Run;
use self::place::Place;
use self::plan::{Crew, Load, Sizes};
use self::report::Report;
use self::rounds::Field;
use self::server::Server;
use super::address::Certificates;
use super::{Cli, output};
use crate::exit::Failure;
use crate::open_files;
use crate::signal::Signals;

pub(super) use self::floor::Floor;

/// Connections of one load.
const CONNECTIONS_MAX: u64 = 20_000;

/// Bytes of a job's argument: the largest job has 16 MiB in all.
const BYTES_MAX: u64 = 15 << 20;

/// Jobs that wait; more do not fit into their numbers on a usual disk.
const JOBS_MAX: u64 = 100_000_000;

/// Files that are no connection.
const FILES: usize = 64;

/// Measure servers that speak Faktory's protocol, side by side: jobs per second, latency, processor time, memory.
///
/// Beside them stands the floor, a server that only answers `+OK`. A million jobs are pushed and more: use a server
/// that holds nothing of value.
#[derive(Clone, Debug, clap::Args)]
pub struct Bench {
    /// tcp://[:PASSWORD@]HOST[:PORT] or tcp+tls://, or `strict` and `relaxed`: this program in its two modes, started
    /// for the run
    #[arg(value_name = "ADDRESS", default_values = ["strict", "relaxed"])]
    servers: Vec<String>,
    /// What to measure [default: all]
    #[arg(long, value_name = "LOADS", value_delimiter = ',')]
    loads: Vec<Load>,
    /// Connections of push and fetch
    #[arg(
        long,
        value_name = "NUMBERS",
        value_delimiter = ',',
        default_value = "1,10,50",
        value_parser = connections()
    )]
    connections: Vec<u64>,
    /// Bytes of a job's argument, such as 100 or 10k; all are pushed, the first goes through everything else
    #[arg(long, value_name = "SIZES", value_delimiter = ',', default_value = "100,10k", value_parser = size)]
    bytes: Vec<u64>,
    /// Producers and workers of mixed
    #[arg(long, value_name = "P+W", value_delimiter = ',', default_value = "5+10,16+33", value_parser = crew)]
    crews: Vec<Crew>,
    /// Jobs a second of rate
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = goals::RATE,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    rate: u32,
    /// Jobs that wait in another queue during rate, with a log to be cleaned behind them
    #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = jobs)]
    waiting: u64,
    /// Jobs of depth
    #[arg(long, value_name = "NUMBER", default_value = "1m", value_parser = jobs)]
    depth: u64,
    /// Connections of idle and blocked
    #[arg(long, value_name = "NUMBER", default_value = "1000", value_parser = connections())]
    crowd: u64,
    /// How often everything is measured
    #[arg(
        long,
        value_name = "NUMBER",
        default_value = "5",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000)
    )]
    rounds: usize,
    /// How long each load is measured, 0.05 to 10
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    seconds: Duration,
    /// The process behind an address, for its processor time; given as often as there are addresses, in their order
    #[arg(long = "pid", value_name = "PID")]
    pids: Vec<u32>,
    /// Where servers that are started keep their data: on a disk [default: here]
    #[arg(short, long, alias = "d", value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Measure what there are goals for, in the sizes that they were set for, and compare
    #[arg(
        long,
        conflicts_with_all = ["loads", "connections", "bytes", "crews", "rate", "waiting", "depth", "crowd"]
    )]
    goals: bool,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    certificates: Certificates,
}

impl Bench {
    pub(super) fn run(&self, cli: &Cli) -> std::result::Result<(), Failure> {
        if let Some(binding) = &cli.binding {
            let what = format!(
                "-b {binding} is for one server; here each is an address, such as tcp://localhost:7419"
            );
            return Err(BenchError::Usage(what).into());
        }
        let failed = |source| BenchError::System { what: "start a runtime", source };
        let options = LocalOptions::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build_local(options)
            .map_err(failed)?;
        let report = runtime.block_on(async {
            let mut signals = Signals::install().map_err(failed)?;
            // Whoever is interrupted drops the children, which ends them.
            tokio::select! {
                report = self.measure() => report,
                _ = signals.next() => Err(BenchError::Interrupted),
            }
        })?;
        if self.json { output::json(&report.json(self.goals)) } else { report.print(self.goals) }
    }

    async fn measure(&self) -> Result<Report> {
        let (loads, sizes) = (self.loads(), self.sizes());
        self.make_room(&sizes)?;
        let place = Place::new(self.directory.as_deref().unwrap_or(Path::new(".")))?;
        let servers = self.servers(&place).await?;
        let names = servers.iter().map(|server| server.name.to_string()).collect();
        let (floor, null_floor) =
            (Server::start(Kind::Floor, &place).await?, Server::start(Kind::NullFloor, &place).await?);
        let mut field = Field { servers, floor, null_floor };
        let bits = getrandom::u32().map_err(|error| BenchError::System {
            what: "draw a number",
            source: io::Error::other(error.to_string()),
        })?;
        let run = Run {
            mark: Mark::new(bits),
            place,
            window: self.seconds,
            rate: self.rate,
            numbers: Cell::new(0),
        };
        let steps = plan::steps(&loads, &sizes, field.servers.len());
        let rows = field.measure(&Rc::new(run), &steps, self.rounds).await?;
        Ok(Report { servers: names, rows })
    }

    /// In their order, without repetition.
    fn loads(&self) -> Vec<Load> {
        let all = Load::value_variants().iter().copied();
        if self.goals {
            return all.filter(|load| goals::LOADS.contains(load)).collect();
        }
        all.filter(|load| self.loads.is_empty() || self.loads.contains(load)).collect()
    }

    fn sizes(&self) -> Sizes {
        if self.goals {
            return goals::sizes();
        }
        let numbers = |numbers: &[u64]| numbers.iter().map(|number| *number as usize).collect();
        Sizes {
            connections: numbers(&self.connections),
            bytes: numbers(&self.bytes),
            crews: self.crews.clone(),
            crowd: self.crowd as usize,
            waiting: self.waiting,
            depth: self.depth,
        }
    }

    /// Every connection is an open file, here and in the children, which inherit the limit.
    fn make_room(&self, sizes: &Sizes) -> Result<()> {
        let crews = sizes.crews.iter().map(|crew| crew.producers + crew.workers);
        let most = crews.chain(sizes.connections.iter().copied()).chain([sizes.crowd]).max().unwrap_or(0);
        let wanted = most + FILES;
        let fit = open_files::make_room(wanted);
        if fit < wanted {
            return Err(BenchError::Usage(format!(
                "the limit on open files allows {fit} connections, not {wanted}"
            )));
        }
        Ok(())
    }

    async fn servers(&self, place: &Place) -> Result<Vec<Server>> {
        let mut pids = self.pids.iter().copied();
        let mut servers = Vec::new();
        for name in &self.servers {
            servers.push(match name.as_str() {
                "strict" => Server::start(Kind::Strict, place).await?,
                "relaxed" => Server::start(Kind::Relaxed, place).await?,
                address => Server::at(address, pids.next(), &self.certificates).await?,
            });
        }
        if self.certificates != Certificates::default() && !servers.iter().any(Server::is_sealed) {
            let what = "files of TLS are named, and no address is one of TLS, which is tcp+tls://";
            return Err(BenchError::Usage(what.into()));
        }
        match pids.next() {
            Some(pid) => {
                Err(BenchError::Usage(format!("--pid {pid}: there is no address that it could belong to")))
            }
            None => Ok(servers),
        }
    }
}

/// A number of connections.
fn connections() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=CONNECTIONS_MAX)
}

/// Bytes of an argument.
fn size(text: &str) -> std::result::Result<u64, String> {
    at_most(text, BYTES_MAX)
}

/// A number of jobs.
fn jobs(text: &str) -> std::result::Result<u64, String> {
    at_most(text, JOBS_MAX)
}

/// A number, perhaps of thousands (`k`) or millions (`m`).
fn at_most(text: &str, max: u64) -> std::result::Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1_000),
        Some((at, 'm' | 'M')) => (&text[..at], 1_000_000),
        _ => (text, 1),
    };
    let number: Option<u64> =
        digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.and_then(|number| number.checked_mul(unit)).filter(|number| *number <= max);
    number.ok_or_else(|| format!("not a number from 0 to {max}, such as 100, 10k or 1m"))
}

/// Producers and workers, such as 5+10.
fn crew(text: &str) -> std::result::Result<Crew, String> {
    let number =
        |text: &str| text.parse().ok().filter(|number| (1..=CONNECTIONS_MAX as usize / 2).contains(number));
    let crew = text.split_once('+').and_then(|(producers, workers)| {
        Some(Crew { producers: number(producers)?, workers: number(workers)? })
    });
    crew.ok_or_else(|| "not a number of producers and of workers, such as 5+10".into())
}

fn seconds(text: &str) -> std::result::Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.05..=10.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "not a number from 0.05 to 10".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_their_units_up_to_the_limit() {
        assert_eq!([size("0"), size("100"), size("10k"), jobs("1m")], [0, 100, 10_000, 1_000_000].map(Ok));
        assert_eq!(size(&BYTES_MAX.to_string()), Ok(BYTES_MAX));
        let refused = "not a number from 0 to 15728640, such as 100, 10k or 1m";
        for text in
            ["", "k", "-1", "+1", "1.5k", "10kB", "x", "15728641", "16m", "99999999999999999999m", "1 k"]
        {
            assert_eq!(size(text), Err(refused.into()), "{text:?}");
        }
        assert_eq!(jobs("100m"), Ok(JOBS_MAX));
        assert!(jobs("100000001").is_err());
    }

    #[test]
    fn crews_and_seconds_are_read() {
        assert_eq!(crew("5+10"), Ok(Crew { producers: 5, workers: 10 }));
        for text in ["", "5", "5+0", "0+5", "5+x", "5+10+3", "10001+1"] {
            assert!(crew(text).is_err(), "{text}");
        }
        assert_eq!(seconds("0.05"), Ok(Duration::from_millis(50)));
        assert_eq!(seconds("10"), Ok(Duration::from_secs(10)));
        for text in ["0.04", "10.1", "NaN", "inf", "-1", "", "2s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
