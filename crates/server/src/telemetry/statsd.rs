//! Figures for statsd and DogStatsD, under the names of the reference's paid edition (rule `E-70`).
//!
//! ```text
//!  every attempt ── Watch ──► Jobs ─┐
//!                                   ├─► queue of QUEUE_MAX lines ─► a thread of its own ─► packets
//!  every 30 s ── the state ─► run ──┘   full: the line is dropped, and counted
//! ```
//!
//! Nothing here is waited for by the engine or by a page. A daemon that is away costs lines, and nobody notices but the
//! count of them.

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bessemer_core::cron::Ran;
use bessemer_core::event::{self, Attempt};
use bessemer_core::query::{Info, QueueView, ServerFigures};
use bessemer_core::{Answer, Outcome, Query};
use bessemer_store::Reader;
use bessemer_web::Front;
use bessemer_web::watch::Listener;
use cadence::prelude::*;
use cadence::{BufferedUdpMetricSink, BufferedUnixMetricSink, MetricError, QueuingMetricSink, StatsdClient};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::config::{Location, StatsdConfig};
use crate::desk::Desk;

/// How often the state is sent.
const EVERY: Duration = Duration::from_secs(30);

/// How long a packet waits for more lines.
const LINGER: Duration = Duration::from_secs(1);

/// A name is looked up again so often: an agent in a cluster moves.
const LOOK_UP_EVERY: Duration = Duration::from_secs(60);

/// Lines that wait to be sent, some ten megabytes; what is above is dropped.
const QUEUE_MAX: usize = 65_536;

/// Sends figures for as long as it is polled; those of so many queues.
pub(crate) async fn run<R: Reader>(config: StatsdConfig, queues_max: usize, desk: Desk<R>) -> Infallible {
    let client = connect(&config, &desk.gauges.statsd_dropped).await;
    desk.gauges.watch.tell(Box::new(Jobs(client.clone())));
    let (mut state, mut rest) = (interval(EVERY), interval(LINGER));
    state.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rest.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = state.tick() => report(&config, &client, queues_max, &desk).await,
            _ = rest.tick() => {
                if client.flush().is_err() {
                    desk.gauges.statsd_dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

/// The client, as soon as its daemon has an address.
async fn connect(config: &StatsdConfig, dropped: &Arc<AtomicU64>) -> Arc<StatsdClient> {
    let mut told = false;
    loop {
        let (theirs, count) = (config.clone(), dropped.clone());
        // A name may take its time.
        let made = tokio::task::spawn_blocking(move || client(&theirs, &count)).await;
        match made {
            Ok(Ok(client)) => {
                tracing::info!("figures are sent to {}", config.location);
                return Arc::new(client);
            }
            Ok(Err(error)) if !told => {
                tracing::warn!("no figures are sent to {} until it is found: {error}", config.location);
                told = true;
            }
            Ok(Err(_)) => {}
            Err(error) => tracing::error!("the client of statsd did not start: {error}"),
        }
        sleep(EVERY).await;
    }
}

/// A client whose lines wait in a bounded queue.
fn client(config: &StatsdConfig, dropped: &Arc<AtomicU64>) -> Result<StatsdClient, MetricError> {
    let queue = |sink: Sink| {
        let failed = dropped.clone();
        let builder = QueuingMetricSink::builder().with_capacity(QUEUE_MAX).with_error_handler(move |_| {
            failed.fetch_add(1, Ordering::Relaxed);
        });
        match sink {
            Sink::Udp(sink) => builder.build(sink),
            Sink::Unix(sink) => builder.build(sink),
        }
    };
    let sink = queue(sink(config)?);
    let refused = dropped.clone();
    let count = move |_| _ = refused.fetch_add(1, Ordering::Relaxed);
    let mut builder = StatsdClient::builder(&config.namespace, sink).with_error_handler(count);
    for tag in &config.tags {
        builder = match tag.split_once(':') {
            Some((key, value)) => builder.with_tag(key, value),
            None => builder.with_tag_value(tag),
        };
    }
    Ok(builder.build())
}

enum Sink {
    Udp(BufferedUdpMetricSink),
    Unix(BufferedUnixMetricSink),
}

fn sink(config: &StatsdConfig) -> Result<Sink, MetricError> {
    match &config.location {
        Location::Unix(path) => {
            let socket = UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            Ok(Sink::Unix(BufferedUnixMetricSink::with_capacity(path, socket, config.packet)))
        }
        Location::Udp(binding) => {
            let daemon = (binding.reachable_host(), binding.port());
            let first = daemon.to_socket_addrs()?.next();
            let any: SocketAddr = match first {
                Some(SocketAddr::V6(_)) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                _ => (Ipv4Addr::UNSPECIFIED, 0).into(),
            };
            let socket = UdpSocket::bind(any)?;
            socket.set_nonblocking(true)?;
            let mut builder = BufferedUdpMetricSink::builder().with_capacity(config.packet);
            if binding.is_named() {
                builder = builder.with_resolver_period(LOOK_UP_EVERY);
            }
            Ok(Sink::Udp(builder.build(daemon, socket)?))
        }
    }
}

/// Sends what happens to each job.
#[derive(Debug)]
struct Jobs(Arc<StatsdClient>);

impl Listener for Jobs {
    fn attempt(&mut self, attempt: &Attempt, queue: &str, jobtype: &str) {
        // An attempt that was taken from its worker counts nowhere.
        if matches!(attempt.outcome, Outcome::Lost | Outcome::Released) {
            return;
        }
        let (queue, jobtype) = (plain(queue), plain(jobtype));
        let count = |name| {
            let line = self.0.count_with_tags(name, 1);
            line.with_tag("queue", &queue).with_tag("jobtype", &jobtype).send();
        };
        count("jobs.count");
        if attempt.outcome.is_failure() {
            count("jobs.failed");
        }
        let line = self.0.time_with_tags("jobs.perform", attempt.run());
        line.with_tag("queue", &queue).with_tag("jobtype", &jobtype).send();
    }

    fn counted(&mut self, what: event::Counted, queue: &str, jobtype: &str) {
        let name = match what {
            event::Counted::Expired => "jobs.expired",
            event::Counted::Locked => "uniq.lock",
            event::Counted::Denied => "uniq.denied",
        };
        let line = self.0.count_with_tags(name, 1);
        line.with_tag("queue", &plain(queue)).with_tag("jobtype", &plain(jobtype)).send();
    }

    fn ticked(&mut self, id: &str, ran: Ran, ticks: u32) {
        let name = match ran {
            Ran::Refused => "cron.refused",
            Ran::Skipped(_) => "cron.missed",
            _ => "cron.runs",
        };
        self.0.count_with_tags(name, i64::from(ticks)).with_tag("cron", id).send();
    }
}

/// Sends the state of things. An engine that answers no more has ended, and so does everything here.
async fn report<R: Reader>(config: &StatsdConfig, client: &StatsdClient, queues_max: usize, desk: &Desk<R>) {
    let (Ok(Answer::Info(info)), Ok(Answer::Queues(queues))) =
        (desk.ask(Query::Info).await, desk.ask(Query::Queues).await)
    else {
        return;
    };
    gauges(client, &info, &desk.figures());
    queues.iter().take(queues_max).for_each(|queue| gauges_of(client, config, queue));
}

fn gauges(client: &StatsdClient, info: &Info, figures: &ServerFigures) {
    for (name, value) in [
        ("processed", info.processed),
        ("failures", info.failures),
        ("enqueued", info.enqueued),
        ("working", info.working),
        ("scheduled", info.scheduled),
        ("retries", info.retries),
        ("dead", info.dead),
        ("workers", info.workers),
        ("ops.connections", figures.connections),
        ("ops.memory_mb", figures.used_memory_mb),
    ] {
        client.gauge_with_tags(name, value).send();
    }
}

fn gauges_of(client: &StatsdClient, config: &StatsdConfig, queue: &QueueView) {
    let name = plain(&queue.name);
    client.gauge_with_tags("queue.size", queue.size).with_tag("queue", &name).send();
    if config.latency_of.is_empty() || config.latency_of.contains(&queue.name) {
        let seconds = queue.latency.as_secs_f64();
        client.gauge_with_tags("queue.latency", seconds).with_tag("queue", &name).send();
    }
}

/// A name without what ends a tag or a line.
fn plain(name: &str) -> Cow<'_, str> {
    let odd = |c: char| c.is_control() || matches!(c, '|' | ',' | '#');
    if name.contains(odd) { name.replace(odd, "_").into() } else { name.into() }
}
