//! Hostile clients change nothing for the others.
//!
//! Honest clients push, fetch and ACK at a steady rate: among themselves, beside an attack on a second server, which
//! nobody honest uses, and under the same attack on their own. What they suffer in the second state they suffer from the
//! machine, whose processors attackers and servers share. Each state has fresh servers, the states take turns within a
//! round, and what is compared is compared within a round: machines are noisy. Attackers have a low priority (`nice`): in
//! truth they would burn processors of their own.
//!
//! What is asserted is that all honest jobs come through, once each, that nobody honest is sent away, and that the
//! server lives and keeps within its memory. How long everything took is printed as tables, for `docs/performance.md`,
//! since it says as much about the machine as about the server:
//!
//! ```text
//! make hostile SECONDS=2 ROUNDS=5
//! ```

mod attack;
mod honest;
mod table;
mod visitor;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::attack::Attack;
use self::honest::Sample;
use self::table::Row;
use crate::client::Reply;
use crate::clock::{Watch, pause};
use crate::server::Server;

/// What every server here asks for.
const PASSWORD: &str = "correct-horse-battery-staple";

/// The most that a server may ever hold, in MiB: the lines of all connections (`limits.buffered_max`), the replies that
/// one client does not take (`limits.unsent_max`) and, above that, what a server holds that has a few hundred thousand
/// jobs.
const MEMORY_MAX: u64 = 256 + 32 + 160;

/// A number from the environment, or else this one.
fn wish(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Rung when an attack is to end.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn is_rung(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Rings when it is dropped, also by a panic: else others would be waited for for ever.
struct Ring(Stop);

impl Drop for Ring {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Does things at a rate, however long each takes.
pub(crate) struct Pace {
    watch: Watch,
    every: Duration,
    next: Duration,
}

impl Pace {
    pub(crate) fn per_second(rate: u32) -> Self {
        let every = Duration::from_secs(1) / rate;
        Self { watch: Watch::start(), every, next: every }
    }

    /// Waits for the next moment; how long it is past.
    pub(crate) fn wait(&mut self) -> Duration {
        while let Some(left) = self.next.checked_sub(self.watch.elapsed()).filter(|left| !left.is_zero()) {
            pause(left);
        }
        let late = self.watch.elapsed().saturating_sub(self.next);
        self.next += self.every;
        late
    }
}

#[test]
fn hostile_clients_change_nothing_for_the_others() {
    if std::env::var_os("BESSEMER_HOSTILE_SECONDS").is_none() {
        return println!("NOT RUN: it measures the machine as much as the server, by make hostile");
    }
    let window = Duration::from_secs(wish("BESSEMER_HOSTILE_SECONDS", 2).into());
    let rounds = wish("BESSEMER_HOSTILE_ROUNDS", 3);
    let only = std::env::var("BESSEMER_HOSTILE_ONLY").unwrap_or_default();
    let chosen = || attack::ALL.iter().filter(|attack| attack.name.contains(&only));
    let mut rows: Vec<Row> = chosen().map(|attack| Row::new(attack.name)).collect();
    assert!(!rows.is_empty(), "no attack is called {only:?}");
    for round in 0..rounds {
        for (attack, row) in chosen().zip(&mut rows) {
            eprintln!("round {} of {rounds}: {}", round + 1, attack.name);
            row.rounds.push(suffer(attack, round as usize, window, &mut row.refused));
        }
    }
    table::print(&rows, window);
}

/// Whom the attack is on.
#[derive(Clone, Copy)]
enum State {
    Alone,
    Elsewhere,
    Here,
}

/// One round of an attack: a sample of each state.
fn suffer(
    attack: &Attack,
    round: usize,
    window: Duration,
    refused: &mut BTreeMap<String, u64>,
) -> [Sample; 3] {
    let mut samples = [const { None }; 3];
    let mut order = [State::Alone, State::Elsewhere, State::Here];
    // Whatever is first in one round is not in the next.
    order.rotate_left(round % 3);
    for state in order {
        let (server, other) = (start(), start());
        let sample = match state {
            State::Alone => honest::work(&server, window),
            State::Elsewhere => beside(attack, &other, || honest::work(&server, window)),
            State::Here => beside(attack, &server, || honest::work(&server, window)),
        };
        // It lives, and tells whom it refused.
        let Reply::Bulk(info) = honest::client(&server, "").call("INFO").expect("INFO") else {
            panic!("INFO says nothing");
        };
        assert!(sample.memory <= MEMORY_MAX, "{}: {} MiB", attack.name, sample.memory);
        if matches!(state, State::Here) {
            let info: serde_json::Value = serde_json::from_slice(&info).expect("JSON");
            for (reason, times) in info["server"]["rejected"].as_object().expect("reasons") {
                *refused.entry(reason.clone()).or_default() += times.as_u64().expect("a number");
            }
        }
        samples[state as usize] = Some(sample);
    }
    samples.map(|sample| sample.expect("each state has had its turn"))
}

/// Does something while an attack on a server goes on.
fn beside<T>(attack: &Attack, target: &Server, act: impl FnOnce() -> T) -> T {
    let stop = Stop::default();
    std::thread::scope(|scope| {
        let _ring = Ring(stop.clone());
        for number in 0..attack.threads {
            let stop = stop.clone();
            scope.spawn(move || {
                lower_priority();
                (attack.run)(target, number, &stop);
            });
        }
        // Until it is in full swing.
        pause(Duration::from_millis(500));
        act()
    })
}

/// Of this thread alone.
fn lower_priority() {
    let thread = rustix::thread::gettid();
    rustix::process::setpriority_process(Some(thread), 10).expect("anybody may be nice");
}

fn start() -> Server {
    // Workers ask again soon, so that a window does not end with two seconds of waiting for them.
    let mut server = Server::configured("[limits]\nfetch_wait = '500ms'");
    server.ask_for(PASSWORD);
    server.spawn();
    server.await_ready();
    honest::settle(&server);
    server
}
