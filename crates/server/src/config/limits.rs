//! The limits of the server that an operator may set; the reason of each stands in `default.toml`.

use std::ops::RangeInclusive;
use std::time::Duration;

use bessemer_protocol::limits::{BULK_JOBS_MAX, BULK_MAX, JOB_MAX};

use super::keys::{Settings, written_size};
use super::{ConfigError, Environment, memory};

/// A FAIL with a long stack trace fits in the least, a MUTATE that names a million jobs in the most.
const LINE_RANGE: RangeInclusive<usize> = 64 << 10..=16 << 20;

/// What the server holds at most, and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Identified connections.
    pub connections_max: usize,
    /// Those of them that are kept for this machine (`G18`).
    pub loopback_reserved: usize,
    /// From accept to the end of HELLO (`D2`).
    pub handshake_timeout: Duration,
    /// Connections that have not said HELLO yet, and those of one address among them.
    pub handshakes_max: usize,
    /// See [`Limits::handshakes_max`].
    pub handshakes_per_address: usize,
    /// How long one of them keeps its place when others wait.
    pub handshake_patience: Duration,
    /// Bytes of the line of a HELLO.
    pub hello_max: usize,
    /// Wrong passwords of one address in a minute until its checks are slowed to one a second.
    pub wrong_passwords: usize,
    /// Passwords checked in a second, of all addresses together.
    pub password_checks: usize,
    /// A connection that is silent for this long is asked for a sign of life.
    pub keepalive_after: Duration,
    /// One whose other end cannot be reached ends within this time.
    pub unreachable_timeout: Duration,
    /// Bytes of a line after HELLO, other than PUSH and PUSHB.
    pub line_max: usize,
    /// Bytes of one job.
    pub job_max: usize,
    /// Bytes of one PUSHB, and jobs in it.
    pub bulk_max: usize,
    /// See [`Limits::bulk_max`].
    pub bulk_jobs_max: usize,
    /// Queues in one FETCH.
    pub fetch_queues_max: usize,
    /// Whether FLUSH does anything (`D7`); outside production it always does.
    pub allow_flush: bool,
    /// From the first byte of a line to its end.
    pub line_timeout: Duration,
    /// How long a client may read nothing while bytes wait for it.
    pub write_timeout: Duration,
    /// Bytes that wait for one client.
    pub unsent_max: usize,
    /// Bytes of lines that have begun, all connections together.
    pub buffered_max: usize,
    /// Bytes of memory from which on producers are refused (`G17`).
    pub memory_high_water: u64,
    /// How long FETCH waits for a job.
    pub fetch_wait: Duration,
    /// How long a graceful stop may take (`G21`).
    pub shutdown_timeout: Duration,
}

impl Limits {
    pub(super) fn read(settings: &Settings<'_>, environment: Environment) -> Result<Self, ConfigError> {
        let mut limits = Self {
            connections_max: settings.count("limits.connections_max", 1..=1_000_000)?,
            loopback_reserved: settings.count("limits.loopback_reserved", 0..=1_000)?,
            handshake_timeout: settings.duration("limits.handshake_timeout")?,
            handshakes_max: settings.count("limits.handshakes_max", 1..=100_000)?,
            handshakes_per_address: settings.count("limits.handshakes_per_address", 1..=100_000)?,
            handshake_patience: settings.duration("limits.handshake_patience")?,
            hello_max: settings.size("limits.hello_max", 1 << 10..=1 << 20)?,
            wrong_passwords: settings.count("limits.wrong_passwords", 1..=1_000_000)?,
            password_checks: settings.count("limits.password_checks", 1..=1_000_000)?,
            keepalive_after: settings.duration("limits.keepalive_after")?,
            unreachable_timeout: settings.duration("limits.unreachable_timeout")?,
            line_max: settings.size("limits.line_max", LINE_RANGE)?,
            // What the log and the tools are built for: a key can only ask for less.
            job_max: settings.size("limits.job_max", 1 << 10..=JOB_MAX)?,
            bulk_max: settings.size("limits.bulk_max", 1 << 10..=BULK_MAX)?,
            bulk_jobs_max: settings.count("limits.bulk_jobs_max", 1..=BULK_JOBS_MAX)?,
            fetch_queues_max: settings.count("limits.fetch_queues_max", 1..=1_000)?,
            allow_flush: settings.switch("faktory.allow_flush") || environment != Environment::Production,
            line_timeout: settings.duration("limits.line_timeout")?,
            write_timeout: settings.duration("limits.write_timeout")?,
            // A reply with the largest job must fit, and so must the largest line.
            unsent_max: settings.size("limits.unsent_max", 2 * JOB_MAX..=1 << 30)?,
            buffered_max: settings.size("limits.buffered_max", BULK_MAX..=1 << 40)?,
            memory_high_water: memory_high_water(settings)?,
            fetch_wait: settings.duration("limits.fetch_wait")?,
            shutdown_timeout: settings.duration("limits.shutdown_timeout")?,
        };
        // By itself it never keeps everybody else out.
        if settings.spot("limits.loopback_reserved").is_none() {
            limits.loopback_reserved = limits.loopback_reserved.min(limits.connections_max - 1);
        }
        limits.refuse_contradictions(settings)?;
        Ok(limits)
    }

    fn refuse_contradictions(&self, settings: &Settings<'_>) -> Result<(), ConfigError> {
        let connections = [
            ("limits.handshakes_per_address", self.handshakes_per_address),
            ("limits.handshakes_max", self.handshakes_max),
            ("limits.connections_max", self.connections_max),
        ];
        ordered(settings, |count| count.to_string(), connections)?;
        let reserved = [
            ("limits.loopback_reserved", self.loopback_reserved),
            ("limits.connections_max", self.connections_max),
        ];
        ordered(settings, |count| count.to_string(), reserved)?;
        let jobs = [("limits.job_max", self.job_max), ("limits.bulk_max", self.bulk_max)];
        ordered(settings, written_size, jobs)?;
        let signs = [
            ("limits.keepalive_after", self.keepalive_after),
            ("limits.unreachable_timeout", self.unreachable_timeout),
        ];
        ordered(settings, |time| format!("{}ms", time.as_millis()), signs)
    }
}

/// What browsers may cost.
pub(super) fn of_dashboard(settings: &Settings<'_>) -> Result<bessemer_web::limits::Limits, ConfigError> {
    let limits = bessemer_web::limits::Limits {
        connections_max: settings.count("web.connections_max", 1..=100_000)?,
        requests_max: settings.count("web.requests_max", 1..=10_000)?,
        body_max: settings.size("web.body_max", 16 << 10..=64 << 20)?,
        job_max: settings.size("limits.job_max", 1 << 10..=JOB_MAX)?,
        headers_timeout: settings.duration("web.headers_timeout")?,
        request_timeout: settings.duration("web.request_timeout")?,
        write_timeout: settings.duration("web.write_timeout")?,
        events_max: settings.count("web.events_max", 0..=10_000)?,
        metrics_queues_max: settings.count("metrics.queues_max", 0..=100_000)?,
        metrics_pairs_max: settings.count("metrics.pairs_max", 0..=10_000)?,
    };
    let room = [("web.requests_max", limits.requests_max), ("web.connections_max", limits.connections_max)];
    ordered(settings, |count| count.to_string(), room)?;
    Ok(limits)
}

/// A share of the memory that there is, or so many bytes.
fn memory_high_water(settings: &Settings<'_>) -> Result<u64, ConfigError> {
    const KEY: &str = "limits.memory_high_water";
    let text = settings.text(KEY).unwrap_or_default();
    let given = memory::given();
    if let Some(share) = text.strip_suffix('%') {
        let share = share.trim_end().parse().ok().filter(|share| (1..=100).contains(share));
        let share: u64 =
            share.ok_or_else(|| settings.wrong(KEY, "must be from \"1%\" to \"100%\", or a size"))?;
        return Ok(given / 100 * share);
    }
    let mark = settings.size(KEY, 64 << 20..=1 << 50)? as u64;
    if mark > given {
        let (mark, given) = (mark >> 20, given >> 20);
        return Err(settings.wrong(KEY, format!("is {mark} MiB: more than the {given} MiB that there are")));
    }
    Ok(mark)
}

/// Limits that contradict each other are refused, and both are named (row 114).
fn ordered<T: Copy + PartialOrd, const N: usize>(
    settings: &Settings<'_>,
    written: fn(T) -> String,
    limits: [(&'static str, T); N],
) -> Result<(), ConfigError> {
    for pair in limits.windows(2) {
        let [(small, few), (large, many)] = [pair[0], pair[1]];
        if few <= many {
            continue;
        }
        let (few, many) = (written(few), written(many));
        return Err(match settings.spot(small) {
            Some(_) => settings.wrong(small, format!("is {few}: more than `{large}`, which is {many}")),
            None => settings.wrong(large, format!("is {many}: less than `{small}`, which is {few}")),
        });
    }
    Ok(())
}

impl Default for Limits {
    /// Those of `default.toml`.
    fn default() -> Self {
        Self::read(&Settings::default(), Environment::Development).expect("default.toml is read by the tests")
    }
}
