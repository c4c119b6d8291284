//! What happens in one seed: each turns a random half of the features and of the faults off, so that each gets its
//! seeds without the noise of the others.

use bessemer_core::Rules;
use bessemer_core::cron::{CronEntry, CronJob, Missed, Schedule};
use bessemer_store::embedded::Options;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::chance::{Chance, SECOND};

/// One seed's swarm.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// Microseconds until all faults stop and everything has to be worked off.
    pub(crate) length: u64,
    pub(crate) queues: Vec<String>,
    pub(crate) producers: usize,
    pub(crate) workers: usize,
    pub(crate) operators: usize,
    pub(crate) options: Options,
    // Features.
    pub(crate) bulk: bool,
    pub(crate) scheduled: bool,
    pub(crate) sends_failures: bool,
    pub(crate) pushes_again: bool,
    pub(crate) without_wid: bool,
    pub(crate) many_links: bool,
    pub(crate) pipelines: bool,
    pub(crate) on_lost: bool,
    pub(crate) fails: bool,
    pub(crate) beats: bool,
    pub(crate) long_reservations: bool,
    /// Jobs are unique, workers say how far they are and ask for more time, operators limit queues.
    pub(crate) unique: bool,
    pub(crate) tracks: bool,
    pub(crate) throttles: bool,
    /// Jobs belong to batches, which are opened, committed and cancelled.
    pub(crate) batches: bool,
    /// Somebody's script pauses, removes and flushes, and moves many jobs at once.
    pub(crate) scripts: bool,
    /// Mean microseconds between two acts of a client.
    pub(crate) pace: u64,
    /// The engine has room for little, and a connection for few replies that are not taken.
    pub(crate) tight: bool,
    // Faults.
    pub(crate) kills: bool,
    pub(crate) power: bool,
    pub(crate) stops_in_disk: bool,
    pub(crate) disk_errors: bool,
    pub(crate) bad_recoveries: bool,
    pub(crate) shutdowns: bool,
    pub(crate) wall_steps: bool,
    pub(crate) freezes: bool,
    pub(crate) cuts: bool,
    pub(crate) torn_lines: bool,
    pub(crate) slow_readers: bool,
    pub(crate) vanishing: bool,
    pub(crate) nonsense: bool,
    pub(crate) half_closes: bool,
    pub(crate) cheats: bool,
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let queues = ["low", "high", "mail", "default"];
        let count = chance.between(1, queues.len() as u64) as usize;
        let rules = Rules {
            dead_max: if chance.one_in(4) { 3 } else { 1_000 },
            discard_undo: Duration::from_secs(chance.pick(&[0, 3, 60, 60])),
            batch_keep: Duration::from_secs(if chance.one_in(2) { 86_400 } else { 20 }),
            cron: if chance.one_in(3) { crons(&mut chance, queues[0]) } else { [].into() },
            lost_worker_window: Duration::from_secs(if chance.one_in(4) { 180 } else { 259_200 }),
            ..Rules::default()
        };
        let options = Options {
            rules,
            segment_bytes: 4096 << chance.below(4),
            tail_bytes: if chance.one_in(2) { 1 << 20 } else { 1024 },
            ..Options::default()
        };
        let workers = chance.between(1, 4) as usize;
        let producers = chance.between(1, 3) as usize;
        let pace = chance.magnitude(SECOND / 100, 2 * SECOND);
        let mut on = || chance.one_in(2);
        Self {
            seed,
            length: 0,
            queues: queues[..count].iter().map(|q| (*q).into()).collect(),
            producers,
            workers,
            operators: usize::from(on()),
            options,
            bulk: on(),
            scheduled: on(),
            sends_failures: on(),
            pushes_again: on(),
            without_wid: on(),
            many_links: on(),
            pipelines: on(),
            on_lost: on(),
            fails: on(),
            beats: on(),
            long_reservations: on() && on() && on(),
            unique: on(),
            tracks: on(),
            throttles: on(),
            scripts: on() && on(),
            pace,
            kills: on(),
            power: on(),
            stops_in_disk: on(),
            disk_errors: on(),
            bad_recoveries: on(),
            shutdowns: on(),
            wall_steps: on(),
            freezes: on(),
            cuts: on(),
            torn_lines: on(),
            slow_readers: on(),
            vanishing: on(),
            nonsense: on(),
            half_closes: on(),
            cheats: on(),
            tight: on(),
            batches: on(),
        }
        .with_length(&mut chance)
    }

    fn with_length(mut self, chance: &mut Chance) -> Self {
        // About as many acts in each seed, some in a burst and some over half an hour.
        self.length = (self.pace * chance.between(50, 200)).clamp(5 * SECOND, 600 * SECOND);
        self
    }
}

/// Arguments of the jobs of cron entries.
pub(crate) const CRON_ARGS: &str = "\"args\":[\"cron\"]";

/// What the ids of cron entries, and so the jids of their jobs, begin with.
pub(crate) const CRON_ID: &str = "cron-";

/// One or two cron entries. What comes of a long absence is little, or as much as there may be.
fn crons(chance: &mut Chance, queue: &str) -> Arc<[CronEntry]> {
    let mut entry = |name: &str, schedules: &[&str]| CronEntry {
        id: format!("{CRON_ID}{name}").into(),
        schedule: Schedule::parse(chance.pick(schedules)).expect("a schedule"),
        zone: TimeZone::UTC,
        missed: chance.pick(&[Missed::Skip, Missed::Once, Missed::Once, Missed::All]),
        enabled: true,
        jitter: chance.pick(&[0, 7]),
        job: CronJob {
            queue: queue.into(),
            jobtype: "Sim".into(),
            retry: 25,
            reserve_for: 60,
            on_lost: None,
            unique: None,
            expires_in: None,
            expires_at: None,
            tracked: chance.one_in(2),
            text: [
                "{\"retry\":25,\"jid\":\"".into(),
                format!("\",\"queue\":\"{queue}\",\"jobtype\":\"Sim\",\"created_at\":\"").into(),
                format!("\",{CRON_ARGS},\"reserve_for\":60}}").into(),
            ],
        },
    };
    [entry("a", &["* * * * *", "@every 30s"]), entry("b", &["@every 45s", "@every 3600s"])].into()
}
